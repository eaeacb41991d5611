#include "web/req.h"

#include <inttypes.h>
#include <string.h>

#include "base/num.h"
#include "store/sessions.h"
#include "sys/gerr.h"
#include "web/reply.h"
#include "web/req_int.h"

static void
clear_header(void *data)
{
	hk_req_header_pair *pair = data;

	g_free(pair->name);
	g_free(pair->value);
}

void
hk_req_init(hk_req *req)
{
	*req = (hk_req){.type = "", .agent = "", .parts = g_new0(struct hk_req_parts, 1)};
	req->parts->headers = g_array_new(FALSE, FALSE, sizeof(hk_req_header_pair));
	g_array_set_clear_func(req->parts->headers, clear_header);
}

void
hk_req_clear(hk_req *req)
{
	struct hk_req_parts *parts = req->parts;

	if (!parts) {
		return;
	}
	hk_target_clear(&parts->target);
	g_array_unref(parts->headers);
	if (parts->body) {
		g_byte_array_unref(parts->body);
	}
	g_free(parts->method);
	g_free(parts->type);
	g_free(parts->address);
	g_free(parts->agent);
	g_free(parts->login);
	hk_json_doc_free(parts->doc);
	hk_session_free(parts->session);
	g_free(parts->rotated_cookie);
	g_free(parts->login_cookie);
	g_free(parts);
	*req = (hk_req){0};
}

/* The parameter of the pattern with that name and mark, which the table surely has. */
static const char *
param(const hk_req *req, char mark, const char *name)
{
	const char *at = req->route->path;
	size_t len = strlen(name), n = 0;

	for (; *at; at++) {
		if ((*at == ':' || *at == '*') && at[-1] == '/') {
			if (*at == mark && strncmp(at + 1, name, len) == 0 &&
				(at[1 + len] == '/' || at[1 + len] == '\0')) {
				return req->parts->match.params[n];
			}
			n++;
		}
	}
	HK_BUG("a handler asks for a parameter that its route does not have");
}

int64_t
hk_req_id(const hk_req *req, const char *name)
{
	uint64_t number = 0;

	if (hk_parse_u64(hk_span_str(param(req, ':', name)), INT64_MAX, &number) != HK_OK) {
		HK_BUG("a route matched what is no number");
	}
	return (int64_t)number;
}

const char *
hk_req_word(const hk_req *req, const char *name)
{
	return param(req, '*', name);
}

const char *
hk_req_query(const hk_req *req, const char *name)
{
	return hk_target_param_of(&req->parts->target, name);
}

bool
hk_req_query_int(const hk_req *req, const char *name, int64_t min, int64_t max, int64_t def,
	int64_t *ret, GError **error)
{
	const char *text = hk_req_query(req, name);
	uint64_t number = 0;
	bool minus = text && *text == '-' && min < 0;

	if (!text) {
		*ret = def;
		return true;
	}
	if (hk_parse_u64(hk_span_str(text + minus), INT64_MAX, &number) != HK_OK ||
		(minus ? -(int64_t)number : (int64_t)number) < min ||
		(minus ? -(int64_t)number : (int64_t)number) > max) {
		return hk_error_set(error, HK_ERANGE,
			"%s: must be a whole number from %" PRId64 " to %" PRId64, name, min, max);
	}
	*ret = minus ? -(int64_t)number : (int64_t)number;
	return true;
}

bool
hk_req_query_bool(const hk_req *req, const char *name, bool *ret, GError **error)
{
	static const char *const yes[] = {"1", "true", "yes", "", NULL};
	static const char *const no[] = {"0", "false", "no", NULL};
	const char *text = hk_req_query(req, name);

	if (!text || g_strv_contains(no, text)) {
		*ret = false;
	} else if (g_strv_contains(yes, text)) {
		*ret = true;
	} else {
		return hk_error_set(error, HK_ERANGE, "%s: must be 1 or 0", name);
	}
	return true;
}

/* The names of a va_list that ends with NULL. */
static GPtrArray *
names_of(va_list args)
{
	GPtrArray *names = g_ptr_array_new();

	for (const char *name = va_arg(args, const char *); name;
		name = va_arg(args, const char *)) {
		g_ptr_array_add(names, (void *)(uintptr_t)name);
	}
	return names;
}

static bool
check_known(GPtrArray *names, const char *name, const char *what, GError **error)
{
	GString *known = NULL;

	for (guint i = 0; i < names->len; i++) {
		if (strcmp(names->pdata[i], name) == 0) {
			return true;
		}
	}
	known = g_string_new(NULL);
	for (guint i = 0; i < names->len; i++) {
		g_string_append_printf(
			known, "%s%s", i > 0 ? ", " : "", (const char *)names->pdata[i]);
	}
	hk_error_set(error, HK_EFORM, "%.60s: no such %s; known are: %s", name, what,
		known->len > 0 ? known->str : "none");
	g_string_free(known, TRUE);
	return false;
}

bool
hk_req_query_only(const hk_req *req, GError **error, ...)
{
	va_list args;
	bool good = true;

	va_start(args, error);
	g_autoptr(GPtrArray) names = names_of(args);
	va_end(args);
	for (size_t i = 0; good && i < req->parts->target.param_count; i++) {
		good = check_known(names, req->parts->target.params[i].name, "parameter", error);
	}
	return good;
}

const char *
hk_req_header(const hk_req *req, const char *name)
{
	for (guint i = 0; i < req->parts->headers->len; i++) {
		const hk_req_header_pair *pair =
			&g_array_index(req->parts->headers, hk_req_header_pair, i);
		if (g_ascii_strcasecmp(pair->name, name) == 0) {
			return pair->value;
		}
	}
	return NULL;
}

bool
hk_req_json_only(const hk_req *req, GError **error, ...)
{
	va_list args;
	bool good = true;

	va_start(args, error);
	g_autoptr(GPtrArray) names = names_of(args);
	va_end(args);
	if (!req->json) {
		return true;
	}
	const char *name;
	hk_json value;
	void *at = NULL;
	while (good && hk_json_each(req->json, &at, &name, &value)) {
		good = check_known(names, name, "member", error);
	}
	return good;
}

bool
hk_req_need(const hk_req *req, GError **error, ...)
{
	va_list args;
	bool good = true;

	va_start(args, error);
	g_autoptr(GPtrArray) names = names_of(args);
	va_end(args);
	for (guint i = 0; good && i < names->len; i++) {
		const char *name = names->pdata[i];
		if (!req->json || !hk_json_has(req->json, name)) {
			good = hk_error_set(error, HK_EFORM, "%s: is needed", name);
		}
	}
	return good;
}

/* Longest text is counted in characters, and none of them may move a cursor. */
static bool
check_text(const char *name, const char *text, size_t max_chars, GError **error)
{
	size_t chars = 0;

	for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
		if ((*at < 0x20 && *at != '\n' && *at != '\t' && *at != '\r') || *at == 0x7f) {
			return hk_error_set(error, HK_EFORM, "%s: holds a control character", name);
		}
		chars += (*at & 0xc0) != 0x80;
	}
	if (chars > max_chars) {
		return hk_error_set(error, HK_ELIMIT, "%s: at most %zu characters; it has %zu",
			name, max_chars, chars);
	}
	return true;
}

bool
hk_req_json_text(
	const hk_req *req, const char *name, size_t max_chars, const char **ret, GError **error)
{
	const char *text;

	if (!req->json || !hk_json_has(req->json, name)) {
		return true;
	}
	if (!hk_json_str(req->json, name, &text, error) ||
		!check_text(name, text, max_chars, error)) {
		return false;
	}
	*ret = text;
	return true;
}

bool
hk_req_json_int(
	const hk_req *req, const char *name, int64_t min, int64_t max, int64_t *ret, GError **error)
{
	int64_t number;

	if (!req->json || !hk_json_has(req->json, name)) {
		return true;
	}
	if (!hk_json_i64(req->json, name, &number, error)) {
		return false;
	}
	if (number < min || number > max) {
		return hk_error_set(error, HK_ERANGE, "%s: must be from %" PRId64 " to %" PRId64,
			name, min, max);
	}
	*ret = number;
	return true;
}

bool
hk_req_json_flag(const hk_req *req, const char *name, bool *ret, GError **error)
{
	return !req->json || !hk_json_has(req->json, name) ||
	       hk_json_bool(req->json, name, ret, error);
}

bool
hk_req_json_time(const hk_req *req, const char *name, int64_t *ret_ms, GError **error)
{
	const char *text;

	if (!req->json || !hk_json_has(req->json, name)) {
		return true;
	}
	if (!hk_json_str(req->json, name, &text, error)) {
		return false;
	}
	/* A time without an offset is refused: whose midnight would it be? */
	g_autoptr(GDateTime) when =
		strlen(text) <= 40 ? g_date_time_new_from_iso8601(text, NULL) : NULL;
	if (!when) {
		return hk_error_set(error, HK_EFORM,
			"%s: is no time; write it like 2026-11-25T02:04:46Z or "
			"2026-11-25T11:04:46+09:00",
			name);
	}
	*ret_ms = g_date_time_to_unix(when) * 1000 + g_date_time_get_microsecond(when) / 1000;
	return true;
}

char *
hk_req_json_raw(const hk_req *req, const char *name)
{
	hk_json value;

	if (!req->json) {
		return NULL;
	}
	/* Any kind: reached by its name in the list of members. */
	if (!hk_json_any(req->json, name, &value)) {
		return NULL;
	}
	return hk_json_dump(&value);
}

bool
hk_req_may(const hk_req *req, hk_perm perm)
{
	const hk_perm_row *row = hk_perm_get(perm);

	if (row->public) {
		return true;
	}
	if (req->who.user_id == 0 || (row->roles != 0 && !(row->roles & req->roles))) {
		return false;
	}
	return !req->by_token || (row->scope >= 0 && (req->scopes >> row->scope & 1));
}

static bool
is_json_type(const char *type)
{
	return strcmp(type, "application/json") == 0;
}

bool
hk_req_read_body(hk_req *req, hk_reply *reply, GError **error)
{
	struct hk_req_parts *parts = req->parts;
	size_t len = parts->body ? parts->body->len : 0;
	bool json;

	req->body = hk_span_of(len > 0 ? parts->body->data : NULL, len);
	if (req->route->body == HK_BODY_NONE) {
		return len == 0 || hk_error_set(error, HK_EFORM, "this request takes no body");
	}
	json = is_json_type(req->type);
	if (len == 0 && !json) {
		return true;
	}
	if (!json && req->route->body == HK_BODY_JSON) {
		return hk_reply_problem(reply, error, 415, HK_EVERSION, NULL,
			"send Content-Type: application/json", "the body must be JSON");
	}
	if (!json || len == 0) {
		return true;
	}
	/* JSON within a bulk body is as large as the bulk may be. */
	parts->doc = hk_json_load(req->body,
		req->route->body == HK_BODY_JSON ? HK_REQ_JSON_MAX : HK_REQ_BULK_MAX, error);
	if (!parts->doc) {
		return false;
	}
	parts->root = hk_json_root(parts->doc);
	if (hk_json_kind_of(&parts->root) != HK_JSON_OBJECT) {
		/* A file, or a setting, may be a list. */
		return req->route->body == HK_BODY_BULK ||
		       hk_error_set(error, HK_EFORM, "the body must be a JSON object");
	}
	req->json = &parts->root;
	return true;
}

bool
hk_req_read_if_match(hk_req *req, hk_reply *reply, GError **error)
{
	const char *text = hk_req_header(req, "If-Match");
	uint64_t version = 0;

	if (!text) {
		return !(req->route->options & HK_ROUTE_IF_MATCH) ||
		       hk_reply_problem(reply, error, 428, HK_EUSAGE, "If-Match",
			       "read the object first and send its ETag in If-Match",
			       "this change needs the version that it is based on");
	}
	size_t len = strlen(text);
	if (strcmp(text, "*") == 0) {
		return true;
	}
	if (len < 3 || text[0] != '"' || text[len - 1] != '"' ||
		hk_parse_u64(hk_span_of(text + 1, len - 2), INT64_MAX, &version) != HK_OK ||
		version == 0) {
		return hk_reply_problem(reply, error, 412, HK_EINCONSISTENT, "If-Match",
			"send the ETag as it came: \"7\"", "this is no version of ours");
	}
	req->if_match = (int64_t)version;
	return true;
}

char *
hk_req_cookie(const hk_req *req, const char *name)
{
	size_t len = strlen(name);
	char *found = NULL;

	for (guint i = 0; i < req->parts->headers->len; i++) {
		const hk_req_header_pair *pair =
			&g_array_index(req->parts->headers, hk_req_header_pair, i);
		if (g_ascii_strcasecmp(pair->name, "Cookie") != 0) {
			continue;
		}
		for (const char *at = pair->value; *at;) {
			at += strspn(at, "; \t");
			size_t part = strcspn(at, ";");
			if (part > len && at[len] == '=' && memcmp(at, name, len) == 0) {
				/* Two of one name: somebody set one for a wider domain. Trust none. */
				if (found) {
					g_free(found);
					return NULL;
				}
				found = g_strndup(at + len + 1, part - len - 1);
			}
			at += part;
		}
	}
	return found;
}
