#include "flow/meta_field.h"

#include <string.h>

#include "flow/check.h"
#include "flow/states.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"

enum { LIST_MAX = 500, DUE_MAX = 525600 };

typedef struct field field;
typedef bool (*take_fn)(const field *f, const hk_json *value, hk_meta_value *ret, GError **error);

/* How a value is written as JSON. */
typedef enum form { FORM_TEXT, FORM_JSON, FORM_BOOL, FORM_INT } form;

struct field {
	const char *name;
	take_fn take;
	const char *const *words; /* of take_word */
	const char *missing;      /* default; NULL: needed; "-": none (NULL in the row) */
	form form;
};

static bool
fail(const field *f, GError **error, const char *text)
{
	return hk_error_set(error, HK_EFORM, "%s: %s", f->name, text);
}

static bool
take_key(const field *f, const hk_json *value, hk_meta_value *ret, GError **error)
{
	const char *text = hk_json_text(value);

	if (!hk_check_key(f->name, text, error)) {
		return false;
	}
	ret->s = g_strdup(text);
	return true;
}

static bool
take_line(const field *f, const hk_json *value, hk_meta_value *ret, GError **error)
{
	const char *text = hk_json_text(value);

	if (!hk_check_line(f->name, text, HK_NAME_MAX, error)) {
		return false;
	}
	ret->s = g_strdup(text);
	return true;
}

/* May be null or empty: then there is none. */
static bool
take_maybe(const field *f, const hk_json *value, hk_meta_value *ret, GError **error)
{
	const char *text = hk_json_text(value);

	if (hk_json_kind_of(value) == HK_JSON_NULL || (text && !*text)) {
		ret->s = NULL;
		return true;
	}
	return take_line(f, value, ret, error);
}

static bool
take_mail(const field *f, const hk_json *value, hk_meta_value *ret, GError **error)
{
	if (!take_maybe(f, value, ret, error)) {
		return false;
	}
	const char *at = ret->s ? strchr(ret->s, '@') : NULL;
	if (ret->s && (!at || at == ret->s || !at[1] || strpbrk(ret->s, " <>,;\""))) {
		g_clear_pointer(&ret->s, g_free);
		return fail(f, error, "is no mail address");
	}
	return true;
}

static bool
take_web(const field *f, const hk_json *value, hk_meta_value *ret, GError **error)
{
	if (!take_maybe(f, value, ret, error)) {
		return false;
	}
	if (ret->s && !g_str_has_prefix(ret->s, "https://") &&
		!g_str_has_prefix(ret->s, "http://")) {
		g_clear_pointer(&ret->s, g_free);
		return fail(f, error, "must begin with https:// or http://");
	}
	return true;
}

static bool
take_note(const field *f, const hk_json *value, hk_meta_value *ret, GError **error)
{
	const char *text = hk_json_text(value);

	if (!text || (*text && !hk_check_text(f->name, text, HK_TEXT_MAX, error))) {
		return text ? false : fail(f, error, "must be a text");
	}
	ret->s = g_strdup(text);
	return true;
}

static bool
take_word(const field *f, const hk_json *value, hk_meta_value *ret, GError **error)
{
	const char *text = hk_json_text(value);

	if (!hk_check_word(f->name, text, f->words, error)) {
		return false;
	}
	ret->s = g_strdup(text);
	return true;
}

static bool
take_status(const field *f, const hk_json *value, hk_meta_value *ret, GError **error)
{
	const char *text = hk_json_text(value);

	if (!text || !hk_states_find(HK_MACHINE_CASE, text)) {
		return fail(f, error, "must be a state of a case");
	}
	ret->s = g_strdup(text);
	return true;
}

static bool
take_bool(const field *f, const hk_json *value, hk_meta_value *ret, GError **error)
{
	if (hk_json_kind_of(value) != HK_JSON_BOOL) {
		return fail(f, error, "must be true or false");
	}
	g_autofree char *text = hk_json_dump(value);
	*ret = (hk_meta_value){.is_int = true, .i = strcmp(text, "true") == 0};
	return true;
}

static bool
take_int(const field *f, const hk_json *value, hk_meta_value *ret, GError **error)
{
	if (hk_json_kind_of(value) != HK_JSON_INT) {
		return fail(f, error, "must be a whole number");
	}
	*ret = (hk_meta_value){.is_int = true, .i = hk_json_int(value)};
	return true;
}

static bool
is_list(const field *f, const hk_json *value, GError **error)
{
	if (hk_json_kind_of(value) != HK_JSON_ARRAY) {
		return fail(f, error, "must be a list");
	}
	return hk_json_len(value) <= LIST_MAX ||
	       hk_error_set(error, HK_ERANGE, "%s: at most %d", f->name, (int)LIST_MAX);
}

/* A list of texts. */
static bool
take_lines(const field *f, const hk_json *value, hk_meta_value *ret, GError **error)
{
	if (!is_list(f, value, error)) {
		return false;
	}
	for (size_t i = 0; i < hk_json_len(value); i++) {
		hk_json at = hk_json_at(value, i);
		if (!hk_check_line(f->name, hk_json_text(&at), HK_NAME_MAX, error)) {
			return false;
		}
	}
	ret->s = hk_json_dump(value);
	return true;
}

static bool
take_kinds(const field *f, const hk_json *value, hk_meta_value *ret, GError **error)
{
	if (!is_list(f, value, error)) {
		return false;
	}
	for (size_t i = 0; i < hk_json_len(value); i++) {
		hk_json at = hk_json_at(value, i);
		const char *text = hk_json_text(&at);
		if (!text || !hk_casekind_find(text)) {
			return fail(f, error, "holds what is no kind of case");
		}
	}
	ret->s = hk_json_dump(value);
	return true;
}

/* Every member of an object is one of the words. */
static bool
members(const field *f, const hk_json *obj, const char *const *words, GError **error)
{
	const char *key;
	void *pos = NULL;
	hk_json value;

	if (hk_json_kind_of(obj) != HK_JSON_OBJECT) {
		return fail(f, error, "must hold objects");
	}
	while (hk_json_each(obj, &pos, &key, &value)) {
		if (!g_strv_contains(words, key)) {
			return hk_error_set(error, HK_EFORM, "%s: %s is not known", f->name, key);
		}
	}
	return true;
}

static bool
check_step(const field *f, const hk_json *step, GError **error)
{
	static const char *const known[] = {"title", "due_min", NULL};
	const char *title;
	int64_t due_min = 1;

	if (!members(f, step, known, error)) {
		return false;
	}
	if (!hk_json_str(step, "title", &title, NULL) ||
		!hk_check_line(f->name, title, HK_NAME_MAX, NULL)) {
		return fail(f, error, "each step needs a title of one line");
	}
	if (hk_json_has(step, "due_min") && (!hk_json_i64(step, "due_min", &due_min, NULL) ||
						    due_min < 1 || due_min > DUE_MAX)) {
		return fail(f, error, "due_min must be 1 to 525600 minutes");
	}
	return true;
}

static bool
take_steps(const field *f, const hk_json *value, hk_meta_value *ret, GError **error)
{
	if (!is_list(f, value, error)) {
		return false;
	}
	for (size_t i = 0; i < hk_json_len(value); i++) {
		hk_json at = hk_json_at(value, i);
		if (!check_step(f, &at, error)) {
			return false;
		}
	}
	ret->s = hk_json_dump(value);
	return true;
}

static bool
check_service(const field *f, const hk_json *service, GError **error)
{
	static const char *const known[] = {"key", "name", "scope", "route", NULL};
	const char *key, *name, *scope, *route = NULL;

	if (!members(f, service, known, error)) {
		return false;
	}
	if (!hk_json_str(service, "key", &key, NULL) || !hk_check_key(f->name, key, NULL) ||
		!hk_json_str(service, "name", &name, NULL) ||
		!hk_check_line(f->name, name, HK_NAME_MAX, NULL)) {
		return fail(f, error, "each service needs a key and a name");
	}
	if (!hk_json_str(service, "scope", &scope, NULL) ||
		(strcmp(scope, "in") != 0 && strcmp(scope, "out") != 0)) {
		return fail(f, error, "each service needs a scope: in or out");
	}
	if (hk_json_has(service, "route") && (!hk_json_str(service, "route", &route, NULL) ||
						     !hk_check_line(f->name, route, 200, NULL))) {
		return fail(f, error, "a route is one line: who deals with it");
	}
	return strcmp(scope, "in") == 0 || route ||
	       fail(f, error, "a service that is out of scope needs a route: who deals with it");
}

static bool
take_services(const field *f, const hk_json *value, hk_meta_value *ret, GError **error)
{
	if (!is_list(f, value, error)) {
		return false;
	}
	for (size_t i = 0; i < hk_json_len(value); i++) {
		hk_json at = hk_json_at(value, i);
		if (!check_service(f, &at, error)) {
			return false;
		}
	}
	ret->s = hk_json_dump(value);
	return true;
}

static const char *const states[] = {"active", "retired", NULL};
static const char *const langs[] = {"en", "ja", NULL};
static const char *const contact_kinds[] = {"registrar", "registry", "hosting", "as", "dns", "cdn",
	"suffix", "shortener", "mail", "vendor", "body", "bank", NULL};

#define STATE_FIELD                                                                                \
	{                                                                                          \
		"state", take_word, states, "active", FORM_TEXT                                    \
	}
#define NOTE_FIELD                                                                                 \
	{                                                                                          \
		"note", take_note, NULL, "", FORM_TEXT                                             \
	}

/* In the order of hk_meta_columns. */
static const field fields[HK_META_COUNT][HK_META_COLUMNS_MAX] = {
	[HK_META_TARGET] = {{"key", take_key, NULL, NULL, FORM_TEXT},
		{"name", take_line, NULL, NULL, FORM_TEXT},
		{"name_en", take_line, NULL, NULL, FORM_TEXT},
		{"own", take_bool, NULL, "0", FORM_BOOL},
		{"services", take_services, NULL, "[]", FORM_JSON},
		{"domains", take_lines, NULL, "[]", FORM_JSON}, NOTE_FIELD, STATE_FIELD},
	[HK_META_ACTOR] = {{"key", take_key, NULL, NULL, FORM_TEXT},
		{"name", take_line, NULL, NULL, FORM_TEXT},
		{"aliases", take_lines, NULL, "[]", FORM_JSON}, NOTE_FIELD, STATE_FIELD},
	[HK_META_CONTACT] = {{"key", take_key, NULL, NULL, FORM_TEXT},
		{"kind", take_word, contact_kinds, NULL, FORM_TEXT},
		{"name", take_line, NULL, NULL, FORM_TEXT},
		{"mail", take_mail, NULL, "-", FORM_TEXT}, {"url", take_web, NULL, "-", FORM_TEXT},
		{"lang", take_word, langs, "en", FORM_TEXT}, NOTE_FIELD, STATE_FIELD},
	[HK_META_TASK_TEMPLATE] = {{"key", take_key, NULL, NULL, FORM_TEXT},
		{"name", take_line, NULL, NULL, FORM_TEXT},
		{"steps", take_steps, NULL, "[]", FORM_JSON},
		{"kinds", take_kinds, NULL, "[]", FORM_JSON}, STATE_FIELD},
	[HK_META_STATUS] = {{"key", take_status, NULL, NULL, FORM_TEXT},
		{"name", take_line, NULL, NULL, FORM_TEXT},
		{"name_en", take_line, NULL, NULL, FORM_TEXT},
		{"handled", take_bool, NULL, "0", FORM_BOOL},
		{"position", take_int, NULL, "0", FORM_INT}},
};

bool
hk_meta_field_take(
	hk_meta meta, unsigned column, const hk_json *value, hk_meta_value *ret, GError **error)
{
	hk_meta_value taken = {0};
	const field *f = &fields[meta][column];

	if (!f->take(f, value, &taken, error)) {
		return false;
	}
	g_free(ret->s);
	*ret = taken;
	return true;
}

bool
hk_meta_field_default(hk_meta meta, unsigned column, hk_meta_value *ret)
{
	const field *f = &fields[meta][column];

	if (!f->missing) {
		return false;
	}
	*ret = (hk_meta_value){.is_int = f->form == FORM_BOOL || f->form == FORM_INT};
	if (!ret->is_int && strcmp(f->missing, "-") != 0) {
		ret->s = g_strdup(f->missing);
	}
	return true;
}

void
hk_meta_field_write(hk_meta meta, unsigned column, const hk_meta_value *value, GString *out)
{
	switch (fields[meta][column].form) {
	case FORM_BOOL:
		hk_jsonw_bool(out, value->i != 0);
		return;
	case FORM_INT:
		hk_jsonw_int(out, value->i);
		return;
	case FORM_JSON:
		/* Checked when it was taken; ours, and on one line. */
		g_string_append(out, value->s ? value->s : "[]");
		return;
	case FORM_TEXT:
		break;
	}
	if (value->s) {
		hk_jsonw_str(out, value->s);
	} else {
		hk_jsonw_null(out);
	}
}
