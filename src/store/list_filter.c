#include "store/list_int.h"

#include <inttypes.h>
#include <string.h>

#include "sys/gerr.h"
#include "sys/textfold.h"

/* Bare dates are Japan's. */
enum { ZONE_MIN = 540, SHOWN_MAX = 80 };

static void
part_free(void *data)
{
	hk_part *part = data;

	g_ptr_array_unref(part->texts);
	g_array_unref(part->numbers);
	g_free(part);
}

void
hk_filter_free(hk_filter *filter)
{
	if (filter) {
		g_ptr_array_unref(filter->parts);
		g_free(filter->one_state);
		g_free(filter);
	}
}

/* Faults ---------------------------------------------------------------------------------------- */

static void
put_fields(GString *out, hk_list_of of)
{
	for (int i = 1; i < HK_QUERY_FIELD_COUNT; i++) {
		if (hk_list_field_find(of, (hk_query_field)i)) {
			g_string_append_printf(out, " %s", hk_query_field_name((hk_query_field)i));
		}
	}
}

static bool
fail_parse(hk_list_of of, hk_span text, const hk_query_fault *fault, hk_err err, GError **error)
{
	g_autoptr(GString) out = g_string_new(NULL);
	size_t len = MIN(fault->len, (size_t)SHOWN_MAX);

	g_string_append_printf(
		out, "q: at character %zu: %s", fault->column, hk_query_wrong_text(fault->wrong));
	if (len > 0 && fault->wrong != HK_QUERY_NOT_UTF8) {
		g_autofree char *shown =
			g_utf8_make_valid((const char *)text.data + fault->at, (gssize)len);
		g_string_append_printf(out, ": %s", shown);
	}
	switch ((int)fault->wrong) {
	case HK_QUERY_NO_FIELD:
		g_string_append(
			out, "; put it between quotation marks to search for it; fields are");
		put_fields(out, of);
		break;
	case HK_QUERY_NO_FLAG:
		g_string_append_printf(
			out, "; known with %s: are", hk_query_field_name(fault->field));
		for (int i = 0; i < HK_QUERY_FLAG_COUNT; i++) {
			if (hk_query_flag_field((hk_query_flag)i) == fault->field) {
				g_string_append_printf(
					out, " %s", hk_query_flag_name((hk_query_flag)i));
			}
		}
		break;
	case HK_QUERY_NO_TIME:
		g_string_append(out, "; write 2024, 2024-06, 2024-06-01, today, month or 7d, with "
				     "> < or .. between two");
		break;
	case HK_QUERY_NO_NUMBER:
		g_string_append(out, "; write a number, with > < or .. between two");
		break;
	default:
		break;
	}
	return hk_error_set(error, err, "%s", out->str);
}

/* A value that names nothing. */
static bool
fail_value(const hk_filter *f, const hk_part *part, hk_span value, const char *what,
	const char *const *known, GError **error)
{
	g_autoptr(GString) out = g_string_new(NULL);
	g_autofree char *shown = g_utf8_make_valid(
		(const char *)value.data, (gssize)MIN(value.len, (size_t)SHOWN_MAX));
	long column = 1;

	/* Term by term is near enough. */
	column += (long)part->term->at;
	(void)f;
	g_string_append_printf(
		out, "q: the term at byte %ld: there is no %s %s", column, what, shown);
	for (size_t i = 0; known && known[i]; i++) {
		g_string_append_printf(out, "%s%s", i == 0 ? "; known are " : " ", known[i]);
	}
	return hk_error_set(error, HK_EFORM, "%s", out->str);
}

/* Values ---------------------------------------------------------------------------------------- */

static char *
text_of(hk_span value)
{
	return g_strndup((const char *)value.data, value.len);
}

static char *
folded(hk_span value)
{
	GString *out = g_string_new(NULL);

	hk_textfold(value, out);
	return g_string_free(out, false);
}

/* Numbers of the rows whose key or name (any of the text columns) is the value; several may be. */
static bool
look_up(hk_db *db, hk_sql sql, const char *wanted, GArray *numbers, bool *ret_found, GError **error)
{
	GError *inner = NULL;
	g_autoptr(hk_rows) rows = hk_db_query(db, sql, HK_NO_ARGS, error);

	*ret_found = false;
	if (!rows) {
		return false;
	}
	while (hk_rows_next(rows, &inner)) {
		for (unsigned i = 1; i <= 3; i++) {
			g_autofree char *name = folded(hk_span_str(hk_rows_str(rows, i)));
			if (strcmp(name, wanted) == 0) {
				int64_t id = hk_rows_int(rows, 0);
				g_array_append_val(numbers, id);
				*ret_found = true;
				break;
			}
		}
	}
	if (inner) {
		g_propagate_error(error, inner);
		return false;
	}
	return true;
}

static bool
row_number(hk_db *db, hk_filter *f, hk_part *part, hk_span value, GError **error)
{
	static const struct {
		hk_sql sql;
		const char *what;
	} tables[] = {
		[HK_HOW_TARGET] = {HK_SQL("SELECT id, key, name, name_en FROM targets"), "target"},
		[HK_HOW_ACTOR] = {HK_SQL("SELECT id, key, name, name FROM actors"), "actor"},
		[HK_HOW_SOURCE] = {HK_SQL("SELECT id, key, name, kind FROM sources"), "source"},
		[HK_HOW_USER] = {HK_SQL("SELECT id, login, name, login FROM users"), "user"},
	};
	g_autofree char *wanted = folded(value);
	bool found;

	if (part->field->how == HK_HOW_USER && strcmp(wanted, "me") == 0) {
		g_array_append_val(part->numbers, f->me);
		return true;
	}
	if (part->field->field == HK_QUERY_BY && strcmp(wanted, "auto") == 0) {
		part->none = true;
		return true;
	}
	if (!look_up(db, tables[part->field->how].sql, wanted, part->numbers, &found, error)) {
		return false;
	}
	return found || fail_value(f, part, value, tables[part->field->how].what, NULL, error);
}

static bool
one_of(const hk_filter *f, hk_part *part, hk_span value, const char *const *known, const char *what,
	GError **error)
{
	char *text = text_of(value);

	g_ptr_array_add(part->texts, text);
	return g_strv_contains(known, text) || fail_value(f, part, value, what, known, error);
}

static bool
number(const hk_filter *f, hk_part *part, hk_span value, GError **error)
{
	g_autofree char *text = text_of(value);
	int64_t id = 0;

	if (!g_ascii_string_to_signed(text, 10, 1, INT64_MAX, &id, NULL)) {
		return fail_value(
			f, part, value, hk_query_field_name(part->field->field), NULL, error);
	}
	g_array_append_val(part->numbers, id);
	return true;
}

/* Patterns come before plain texts. */
static void
wild(hk_part *part, const hk_query_value *v, bool fold, bool contains)
{
	g_autofree char *plain =
		fold ? folded(v->text)
		     : g_ascii_strdown((const char *)v->text.data, (gssize)v->text.len);
	bool stars = !v->quoted && strchr(plain, '*') != NULL;

	if (stars || contains) {
		g_ptr_array_insert(
			part->texts, (int)part->likes++, hk_list_pattern(plain, stars, stars));
	} else {
		g_ptr_array_add(part->texts, g_steal_pointer(&plain));
	}
}

/* States that count as handled (or not). */
static bool
handled_states(hk_db *db, hk_part *part, bool handled, GError **error)
{
	g_autoptr(GHashTable) set = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	GError *inner = NULL;
	g_autoptr(hk_rows) rows = hk_db_query(
		db, HK_SQL("SELECT key FROM statuses WHERE handled = 1"), HK_NO_ARGS, error);

	if (!rows) {
		return false;
	}
	while (hk_rows_next(rows, &inner)) {
		g_hash_table_add(set, g_strdup(hk_rows_str(rows, 0)));
	}
	if (inner) {
		g_propagate_error(error, inner);
		return false;
	}
	for (const char *const *s = hk_list_states(HK_LIST_CASES); *s; s++) {
		if (g_hash_table_contains(set, *s) == handled) {
			g_ptr_array_add(part->texts, g_strdup(*s));
		}
	}
	return true;
}

static bool
is_value(hk_db *db, hk_part *part, hk_query_flag flag, GError **error)
{
	if (flag == HK_QUERY_IS_HANDLED || flag == HK_QUERY_IS_UNSUPPORTED) {
		return handled_states(db, part, flag == HK_QUERY_IS_HANDLED, error);
	}
	for (const char *const *s = hk_list_states(HK_LIST_CASES); *s; s++) {
		if ((flag == HK_QUERY_IS_OPEN || flag == HK_QUERY_IS_CLOSED) &&
			g_strv_contains(hk_list_open(), *s) == (flag == HK_QUERY_IS_OPEN)) {
			g_ptr_array_add(part->texts, g_strdup(*s));
		}
	}
	return true;
}

static bool
own_targets(hk_db *db, hk_part *part, GError **error)
{
	GError *inner = NULL;
	g_autoptr(hk_rows) rows =
		hk_db_query(db, HK_SQL("SELECT id FROM targets WHERE own = 1"), HK_NO_ARGS, error);

	if (!rows) {
		return false;
	}
	while (hk_rows_next(rows, &inner)) {
		int64_t id = hk_rows_int(rows, 0);
		g_array_append_val(part->numbers, id);
	}
	if (inner) {
		g_propagate_error(error, inner);
		return false;
	}
	return true;
}

/* "favicon=ab12": by what cases are found again, and its value. */
static bool
key_value(const hk_filter *f, hk_part *part, hk_span value, GError **error)
{
	g_autofree char *text = text_of(value);
	char *sign = strchr(text, '=');

	if (!sign || sign == text || sign[1] == '\0') {
		return fail_value(f, part, value,
			"key (write key:KIND=VALUE, as in key:favicon=ab12):", NULL, error);
	}
	g_ptr_array_add(part->texts, g_strndup(text, (size_t)(sign - text)));
	g_ptr_array_add(part->texts, g_strdup(sign + 1));
	return true;
}

static bool
take_value(hk_db *db, hk_filter *f, hk_part *part, const hk_query_value *v, GError **error)
{
	if (v->none && part->field->how != HK_HOW_STATE && part->field->how != HK_HOW_KIND) {
		part->none = true;
		return true;
	}
	switch (part->field->how) {
	case HK_HOW_TEXT:
		g_ptr_array_add(part->texts, folded(v->text));
		return true;
	case HK_HOW_WORD:
		g_ptr_array_add(part->texts, text_of(v->text));
		return true;
	case HK_HOW_LABEL: {
		g_autofree char *text = text_of(v->text);
		g_ptr_array_add(part->texts, g_utf8_strdown(text, -1));
		return true;
	}
	case HK_HOW_KEY:
		return key_value(f, part, v->text, error);
	case HK_HOW_STATE:
		part->states = true;
		return one_of(f, part, v->text, hk_list_states(f->of), "status", error);
	case HK_HOW_KIND:
		return one_of(f, part, v->text, hk_list_kinds(), "kind", error);
	case HK_HOW_TARGET:
	case HK_HOW_ACTOR:
	case HK_HOW_SOURCE:
	case HK_HOW_USER:
		return row_number(db, f, part, v->text, error);
	case HK_HOW_NUMBER:
		return number(f, part, v->text, error);
	case HK_HOW_OWN:
		return own_targets(db, part, error);
	case HK_HOW_WILD:
		wild(part, v, false, false);
		return true;
	case HK_HOW_NAME:
		wild(part, v, true, true);
		return true;
	case HK_HOW_URL:
	case HK_HOW_HOLDS:
		wild(part, v, false, true);
		return true;
	case HK_HOW_IS:
		part->states = part->term->count == 1 &&
			       (v->flag == HK_QUERY_IS_OPEN || v->flag == HK_QUERY_IS_CLOSED ||
				       v->flag == HK_QUERY_IS_HANDLED ||
				       v->flag == HK_QUERY_IS_UNSUPPORTED);
		return is_value(db, part, v->flag, error);
	case HK_HOW_INT:
	case HK_HOW_REAL:
	case HK_HOW_TIME:
	case HK_HOW_FLAG:
	case HK_HOW_HAS:
		break;
	}
	return true;
}

static bool
take_term(hk_db *db, hk_filter *f, const hk_query_term *term, GError **error)
{
	hk_part *part = g_new0(hk_part, 1);

	part->term = term;
	part->texts = g_ptr_array_new_with_free_func(g_free);
	part->numbers = g_array_new(false, false, sizeof(int64_t));
	g_ptr_array_add(f->parts, part);
	part->field = hk_list_field_find(f->of, term->field);
	if (!part->field) {
		g_autoptr(GString) known = g_string_new(NULL);
		put_fields(known, f->of);
		return hk_error_set(error, HK_EFORM, "q: %s is no field of this list; fields are%s",
			hk_query_field_name(term->field), known->str);
	}
	for (size_t i = 0; i < term->count; i++) {
		if (!take_value(db, f, part, &f->query.values[term->first + i], error)) {
			return false;
		}
	}
	return true;
}

/* What the terms together say about states. */
static void
sum_up(hk_filter *f)
{
	for (size_t i = 0; i < f->parts->len; i++) {
		const hk_part *part = g_ptr_array_index(f->parts, i);
		const hk_query_value *v = &f->query.values[part->term->first];
		f->duplicates = f->duplicates || part->field->field == HK_QUERY_ID ||
				(part->field->how == HK_HOW_STATE && !part->term->negated);
		for (size_t k = 0; k < part->term->count; k++) {
			f->deleted = f->deleted || (part->field->how == HK_HOW_IS &&
							   v[k].flag == HK_QUERY_IS_DELETED &&
							   !part->term->negated);
		}
		f->open_only = f->open_only ||
			       (part->field->how == HK_HOW_IS && part->term->count == 1 &&
				       v->flag == HK_QUERY_IS_OVERDUE && !part->term->negated);
		if (!part->states || part->term->negated || part->texts->len == 0) {
			continue;
		}
		bool open = f->of == HK_LIST_CASES;
		for (size_t k = 0; k < part->texts->len; k++) {
			open = open &&
			       g_strv_contains(hk_list_open(), g_ptr_array_index(part->texts, k));
		}
		f->open_only = f->open_only || open;
		if (part->texts->len == 1 && !f->one_state) {
			f->one_state = g_strdup(g_ptr_array_index(part->texts, 0));
		}
	}
}

hk_filter *
hk_filter_new(hk_db *db, hk_list_of of, const char *q, int64_t me, int64_t now_ms, GError **error)
{
	hk_filter *f = g_new0(hk_filter, 1);
	hk_span text = hk_span_str(q);
	hk_query_fault fault;

	f->of = of;
	f->engine = hk_db_engine_of(db);
	f->me = me;
	f->now_ms = now_ms;
	f->hash = g_str_hash(q ? q : "");
	f->parts = g_ptr_array_new_with_free_func(part_free);
	hk_err err = hk_query_parse(text, now_ms, ZONE_MIN, &f->query, &fault);
	if (err != HK_OK) {
		fail_parse(of, text, &fault, err, error);
		hk_filter_free(f);
		return NULL;
	}
	for (size_t i = 0; i < f->query.term_count; i++) {
		if (!take_term(db, f, &f->query.terms[i], error)) {
			hk_filter_free(f);
			return NULL;
		}
	}
	sum_up(f);
	return f;
}
