/* nocheck: tested in tests/unit/sys/test_options.c */
#include "sys/optvalue.h"

#include "base/num.h"
#include "base/utf8.h"
#include "sys/gerr.h"

enum { TEXT_MAX = 4096, FRACTION_DIGITS_MAX = 15 };

typedef struct unit_scale {
	const char *suffix;
	int64_t factor;
} unit_scale;

static const unit_scale duration_scales[] = {
	{"ms", 1}, {"s", 1000}, {"m", 60 * 1000}, {"h", 3600 * 1000}, {"d", 24 * 3600 * 1000}};

static const unit_scale size_scales[] = {
	{"", 1}, {"K", 1024}, {"M", 1024 * 1024}, {"G", INT64_C(1) << 30}, {"T", INT64_C(1) << 40}};

void
hk_optvalue_clear(hk_optvalue *value)
{
	g_free(value->text);
	if (value->list) {
		g_ptr_array_unref(value->list);
	}
	*value = (hk_optvalue){0};
}

static bool
read_bool(const char *text, int64_t *ret)
{
	static const char *const words[] = {"false", "true", "no", "yes", "off", "on", "0", "1"};

	for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
		if (g_strcmp0(text, words[i]) == 0) {
			*ret = (int64_t)(i % 2);
			return true;
		}
	}
	return false;
}

/* Digits, then one of the suffixes; no suffix means unit. */
static bool
read_scaled(
	const char *text, const unit_scale *scales, size_t count, const char *unit, int64_t *ret)
{
	size_t digits = strspn(text, "0123456789");
	const char *suffix = text[digits] ? text + digits : unit;
	uint64_t number;
	int64_t value;

	if (hk_parse_u64(hk_span_of(text, digits), INT64_MAX, &number) != HK_OK) {
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		if (g_strcmp0(suffix, scales[i].suffix) == 0 &&
			!__builtin_mul_overflow((int64_t)number, scales[i].factor, &value)) {
			*ret = value;
			return true;
		}
	}
	return false;
}

static bool
read_real(const char *text, double *ret)
{
	size_t whole_len = strspn(text, "0123456789");
	uint64_t whole;
	uint64_t fraction = 0;
	double scale = 1;

	if (hk_parse_u64(hk_span_of(text, whole_len), UINT32_MAX, &whole) != HK_OK) {
		return false;
	}
	if (text[whole_len] == '.') {
		const char *at = text + whole_len + 1;
		size_t len = strspn(at, "0123456789");

		if (len == 0 || len > FRACTION_DIGITS_MAX || at[len]) {
			return false;
		}
		for (size_t i = 0; i < len; i++) {
			fraction = fraction * 10 + (uint64_t)(at[i] - '0');
			scale *= 10;
		}
	} else if (text[whole_len]) {
		return false;
	}
	*ret = (double)whole + (double)fraction / scale;
	return true;
}

/* The number behind text, whatever the type; REAL in *ret_real, all others in *ret_number. */
static bool
read_number(const hk_opt_row *row, const char *text, int64_t *ret_number, double *ret_real)
{
	switch (row->type) {
	case HK_TYPE_BOOL:
		return read_bool(text, ret_number);
	case HK_TYPE_INT:
		return read_scaled(text, size_scales, 1, "", ret_number);
	case HK_TYPE_DURATION:
		return read_scaled(text, duration_scales, G_N_ELEMENTS(duration_scales), row->unit,
			ret_number);
	case HK_TYPE_SIZE:
		return read_scaled(text, size_scales, G_N_ELEMENTS(size_scales), "", ret_number);
	case HK_TYPE_REAL:
		return read_real(text, ret_real);
	case HK_TYPE_STRING:
	case HK_TYPE_PATH:
	case HK_TYPE_LIST:
		break;
	}
	return false;
}

static const char *
shape_of(hk_opt_type type)
{
	switch (type) {
	case HK_TYPE_BOOL:
		return "must be true or false";
	case HK_TYPE_INT:
		return "must be a whole number";
	case HK_TYPE_REAL:
		return "must be a number such as 0.5";
	case HK_TYPE_DURATION:
		return "must be a time such as 500ms, 2s, 5m, 1h or 1d";
	case HK_TYPE_SIZE:
		return "must be a size such as 4096, 64K, 16M or 1G";
	case HK_TYPE_STRING:
	case HK_TYPE_PATH:
	case HK_TYPE_LIST:
		break;
	}
	return "must be UTF-8 without control characters and at most 4096 bytes long";
}

/* -1, 0, 1: below min, within, above max. The limits are ours: text that does not parse there is a
 * defect. */
static int
outside(const hk_opt_row *row, int64_t number, double real)
{
	const char *limits[2] = {row->min, row->max};

	for (int i = 0; i < 2; i++) {
		int64_t limit = 0;
		double limit_real = 0;

		if (!limits[i]) {
			continue;
		}
		if (!read_number(row, limits[i], &limit, &limit_real)) {
			HK_BUG("options.def: a limit does not parse");
		}
		bool below = row->type == HK_TYPE_REAL ? real < limit_real : number < limit;
		bool above = row->type == HK_TYPE_REAL ? real > limit_real : number > limit;

		if (i == 0 ? below : above) {
			return i == 0 ? -1 : 1;
		}
	}
	return 0;
}

static bool
is_text(const char *text)
{
	size_t len = strlen(text);

	if (len > TEXT_MAX || !hk_utf8_valid(hk_span_of(text, len))) {
		return false;
	}
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f) {
			return false;
		}
	}
	return true;
}

static bool
set_number(const hk_opt_row *row, const char *text, hk_optvalue *value, GError **error)
{
	int64_t number = 0;
	double real = 0;
	bool bare = row->type == HK_TYPE_DURATION && row->unit;

	if (!read_number(row, text, &number, &real)) {
		g_autofree char *shown = g_strescape(text, NULL);

		return hk_error_set(error, HK_EUSAGE, "%s%s%s%s, not '%s'", shape_of(row->type),
			bare ? " (a bare number is in " : "", bare ? row->unit : "",
			bare ? ")" : "", shown);
	}
	int side = outside(row, number, real);

	if (side != 0) {
		return hk_error_set(error, HK_EUSAGE, "must be at %s %s, not '%s'",
			side < 0 ? "least" : "most", side < 0 ? row->min : row->max, text);
	}
	g_free(value->text);
	value->text = g_strdup(text);
	value->number = number;
	value->real = real;
	return true;
}

bool
hk_optvalue_set(const hk_opt_row *row, const char *text, hk_optvalue *value, GError **error)
{
	if (row->type != HK_TYPE_STRING && row->type != HK_TYPE_PATH && row->type != HK_TYPE_LIST) {
		return set_number(row, text, value, error);
	}
	if (!is_text(text)) {
		return hk_error_set(error, HK_EUSAGE, "%s", shape_of(row->type));
	}
	if (*text == '\0') {
		return hk_error_set(error, HK_EUSAGE, "must not be empty");
	}
	if (row->type == HK_TYPE_LIST) {
		if (!value->list) {
			value->list = g_ptr_array_new_with_free_func(g_free);
		}
		g_ptr_array_add(value->list, g_strdup(text));
		return true;
	}
	g_free(value->text);
	value->text = g_strdup(text);
	return true;
}
