/* The declarative channel, "http": a vendor of the bank's own, told in its file: what to send, where number and state stand in the answer, what their words
 * mean. docs/channels.md; examples in conf/channels. Everything that can be wrong in the file is found when it is read. */
#include <string.h>

#include "base/num.h"
#include "report/channel_conf.h"
#include "report/channel_http.h"
#include "report/channel_json.h"
#include "report/channel_template.h"
#include "report/channel_text.h"
#include "sys/file.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"

/* "POST /v1/reports" */
typedef struct call {
	char *method, *path; /* NULL: the file does not say it */
} call;

/* "our word = their path", "their word = ours" */
typedef struct pair {
	char *left, *right;
} pair;

typedef struct spec {
	call submit, poll, find;
	const char *type;
	char *body;
	GPtrArray *headers, *states, *facts; /* of char *, pair, pair */
	char *id, *state, *find_list, *find_id;
	pair match; /* path and variable; NULL: any report of the list */
	hk_channel_auth auth;
	char *auth_name, *auth_prefix;
} spec;

static void
call_clear(call *c)
{
	g_free(c->method);
	g_free(c->path);
}

static void
pair_free(void *data)
{
	pair *p = data;

	g_free(p->left);
	g_free(p->right);
	g_free(p);
}

static void
spec_free(void *data)
{
	spec *s = data;

	if (!s) {
		return;
	}
	call_clear(&s->submit);
	call_clear(&s->poll);
	call_clear(&s->find);
	g_free(s->body);
	g_clear_pointer(&s->headers, g_ptr_array_unref);
	g_clear_pointer(&s->states, g_ptr_array_unref);
	g_clear_pointer(&s->facts, g_ptr_array_unref);
	g_free(s->id);
	g_free(s->state);
	g_free(s->find_list);
	g_free(s->find_id);
	g_free(s->match.left);
	g_free(s->match.right);
	g_free(s->auth_name);
	g_free(s->auth_prefix);
	g_free(s);
}

/* ---- Reading the file ---- */

/* A file of ours has none; a line end in a header or a path would make two of it. */
static bool
has_control(const char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text < 0x20 || *text == 0x7f) {
			return true;
		}
	}
	return false;
}

static bool
read_call(const hk_channel_conf *conf, const char *key, bool later, call *ret, GError **error)
{
	static const char *const methods[] = {"GET", "POST", "PUT", "PATCH", "DELETE"};
	const char *text = hk_channel_conf_text(conf, key);
	size_t len = text ? strcspn(text, " ") : 0;
	bool known = false;

	if (!text) {
		return true;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(methods); i++) {
		known = known || (strlen(methods[i]) == len && memcmp(methods[i], text, len) == 0);
	}
	const char *path = text + len + strspn(text + len, " ");
	if (!known || *path != '/' || strpbrk(path, " #\"\\") || has_control(path)) {
		return hk_error_set(error, HK_ECONFIG,
			"%s is a method and a path, \"POST /v1/reports\", not '%s'", key, text);
	}
	if (!hk_channel_template_check(path, later, error)) {
		g_prefix_error(error, "%s: ", key);
		return false;
	}
	ret->method = g_strndup(text, len);
	ret->path = g_strdup(path);
	return true;
}

/* The next line of a list's text, or NULL; *at moves on. */
static char *
next_line(const char **at)
{
	size_t len = *at ? strcspn(*at, "\n") : 0;

	if (!*at || !**at) {
		return NULL;
	}
	char *line = g_strndup(*at, len);
	*at += len + ((*at)[len] == '\n');
	return line;
}

static bool
split_pair(const char *text, pair *ret)
{
	const char *equals = strchr(text, '=');

	if (!equals) {
		return false;
	}
	ret->left = g_strstrip(g_strndup(text, (size_t)(equals - text)));
	ret->right = g_strstrip(g_strdup(equals + 1));
	if (*ret->left && *ret->right) {
		return true;
	}
	g_clear_pointer(&ret->left, g_free);
	g_clear_pointer(&ret->right, g_free);
	return false;
}

static bool
read_pairs(const hk_channel_conf *conf, const char *key, GPtrArray **ret, GError **error)
{
	const char *at = hk_channel_conf_text(conf, key);

	*ret = g_ptr_array_new_with_free_func(pair_free);
	for (char *line = next_line(&at); line; line = next_line(&at)) {
		g_autofree char *text = line;
		pair *p = g_new0(pair, 1);
		g_ptr_array_add(*ret, p);
		if (!split_pair(text, p)) {
			return hk_error_set(
				error, HK_ECONFIG, "%s: \"word = word\", not '%s'", key, text);
		}
	}
	return true;
}

/* What a state can mean to us, as a static text. */
static const char *
our_state(const char *word)
{
	static const char *const ours[] = {"sent", "acknowledged", "actioned", "rejected"};

	for (size_t i = 0; i < G_N_ELEMENTS(ours); i++) {
		if (strcmp(ours[i], word) == 0) {
			return ours[i];
		}
	}
	return NULL;
}

static bool
read_states(const hk_channel_conf *conf, spec *s, GError **error)
{
	if (!read_pairs(conf, "states", &s->states, error)) {
		return false;
	}
	for (unsigned i = 0; i < s->states->len; i++) {
		const pair *p = s->states->pdata[i];
		if (!our_state(p->right)) {
			return hk_error_set(error, HK_ECONFIG,
				"states: '%s' means sent, acknowledged, actioned or rejected, not "
				"'%s'",
				p->left, p->right);
		}
	}
	return true;
}

static bool
header_is_ours(const char *line)
{
	static const char *const ours[] = {
		"host:", "content-length:", "authorization:", "transfer-encoding:", "connection:"};

	for (size_t i = 0; i < G_N_ELEMENTS(ours); i++) {
		if (g_ascii_strncasecmp(line, ours[i], strlen(ours[i])) == 0) {
			return true;
		}
	}
	return false;
}

static bool
read_headers(const hk_channel_conf *conf, spec *s, GError **error)
{
	const char *at = hk_channel_conf_text(conf, "submit-headers");

	s->headers = g_ptr_array_new_with_free_func(g_free);
	for (char *line = next_line(&at); line; line = next_line(&at)) {
		const char *colon = strchr(line, ':');
		g_ptr_array_add(s->headers, line);
		if (!colon || colon == line || header_is_ours(line) || has_control(line) ||
			strcspn(line, " {}\t") < (size_t)(colon - line)) {
			return hk_error_set(error, HK_ECONFIG,
				"submit-headers: \"Name: value\", none of those that are written "
				"anyway, not '%s'",
				line);
		}
		if (!hk_channel_template_check(line, false, error)) {
			g_prefix_error(error, "submit-headers: ");
			return false;
		}
	}
	return true;
}

static bool
body_text(const hk_channel_conf *conf, spec *s, GError **error)
{
	const char *text = hk_channel_conf_text(conf, "submit-body");
	const char *file = hk_channel_conf_text(conf, "submit-body-file");

	if (text && file) {
		return hk_error_set(error, HK_ECONFIG,
			"submit-body and submit-body-file say the same: take one");
	}
	if (!file) {
		s->body = g_strdup(text);
		return true;
	}
	g_autofree char *folder = g_path_get_dirname(conf->path);
	g_autofree char *path =
		g_path_is_absolute(file) ? g_strdup(file) : g_build_filename(folder, file, NULL);
	g_autoptr(GError) why = NULL;
	g_autoptr(GBytes) bytes = hk_file_read(path, HK_CHANNEL_TEMPLATE_MAX, &why);
	if (!bytes) {
		return hk_error_set(error, HK_ECONFIG, "submit-body-file: %s", why->message);
	}
	size_t len;
	const char *data = g_bytes_get_data(bytes, &len);
	s->body = g_strndup(data ? data : "", len);
	if (strlen(s->body) != len || !g_utf8_validate(s->body, -1, NULL)) {
		return hk_error_set(
			error, HK_ECONFIG, "submit-body-file: %s is no text in UTF-8", path);
	}
	return true;
}

static hk_template_place
place_of(const spec *s)
{
	return strcmp(s->type, "application/json") == 0 ? HK_PLACE_JSON
	       : strcmp(s->type, "text/plain") == 0     ? HK_PLACE_TEXT
							: HK_PLACE_URL;
}

static bool
read_body(const hk_channel_conf *conf, spec *s, GError **error)
{
	static const char *const types[] = {
		"application/json", "application/x-www-form-urlencoded", "text/plain"};
	const char *type = hk_channel_conf_text(conf, "submit-type");

	s->type = types[0];
	for (size_t i = 0; type && i < G_N_ELEMENTS(types); i++) {
		s->type = strcmp(types[i], type) == 0 ? types[i] : s->type;
	}
	if (type && strcmp(type, s->type) != 0) {
		return hk_error_set(error, HK_ECONFIG, "submit-type is %s, %s or %s, not '%s'",
			types[0], types[1], types[2], type);
	}
	if (!body_text(conf, s, error)) {
		return false;
	}
	if (s->body && !hk_channel_template_check(s->body, false, error)) {
		g_prefix_error(error, "submit-body: ");
		return false;
	}
	return true;
}

/* With a brief of an invented site filled in, it must be JSON. */
static bool
try_body(const hk_channel_conf *conf, const spec *s, GError **error)
{
	g_autoptr(hk_brief) brief = hk_brief_sample();
	g_autoptr(GString) out = g_string_new(NULL);
	g_autoptr(GError) why = NULL;
	const hk_template_data data = {conf, brief, NULL, "0123456789abcdef0123456789abcdef"};

	if (!s->body || place_of(s) != HK_PLACE_JSON) {
		return true;
	}
	hk_channel_template_fill(out, s->body, HK_PLACE_JSON, &data);
	g_autoptr(hk_json_doc) doc =
		hk_json_load(hk_span_of(out->str, out->len), HK_CHANNEL_ANSWER_MAX, &why);
	return doc ||
	       hk_error_set(error, HK_ECONFIG,
		       "submit-body is no JSON, filled in with an example: %s", why->message);
}

static const struct {
	const char *word;
	hk_channel_auth auth;
	bool name; /* a name is needed */
} auths[] = {
	{"none", HK_AUTH_NONE, false},
	{"bearer", HK_AUTH_BEARER, false},
	{"basic", HK_AUTH_BASIC, false},
	{"header", HK_AUTH_HEADER, true},
	{"query", HK_AUTH_QUERY, true},
	{"sigv4", HK_AUTH_SIGV4, true},
	{"oauth", HK_AUTH_OAUTH, false},
};

static bool
read_auth(const hk_channel_conf *conf, spec *s, GError **error)
{
	const char *text = hk_channel_conf_text(conf, "auth");
	size_t row = 0;

	text = text ? text : "none";
	size_t len = strcspn(text, " ");
	while (row < G_N_ELEMENTS(auths) &&
		(strlen(auths[row].word) != len || memcmp(auths[row].word, text, len) != 0)) {
		row++;
	}
	const char *name = text + len + strspn(text + len, " ");
	size_t name_len = strcspn(name, " ");
	const char *prefix = name + name_len + strspn(name + name_len, " ");
	if (row == G_N_ELEMENTS(auths) || (auths[row].name && name_len == 0)) {
		return hk_error_set(error, HK_ECONFIG,
			"auth is none, bearer, basic, \"header NAME [PREFIX]\", \"query NAME\", "
			"\"sigv4 SERVICE\" or \"oauth [SCOPE]\", not '%s'",
			text);
	}
	s->auth = auths[row].auth;
	/* A scope may be of several words. */
	bool scope = s->auth == HK_AUTH_OAUTH;
	s->auth_name = *name ? (scope ? g_strdup(name) : g_strndup(name, name_len)) : NULL;
	s->auth_prefix = *prefix && !scope ? g_strdup(prefix) : NULL;
	if (s->auth == HK_AUTH_NONE) {
		return true;
	}
	if (!conf->secret) {
		return hk_error_set(error, HK_ECONFIG, "auth = %s needs secret-file", text);
	}
	if (!conf->user && (s->auth == HK_AUTH_BASIC || s->auth == HK_AUTH_SIGV4 || scope)) {
		return hk_error_set(error, HK_ECONFIG, "auth = %s needs user", text);
	}
	if ((s->auth == HK_AUTH_SIGV4 && !conf->region) || (scope && !conf->token_url)) {
		return hk_error_set(error, HK_ECONFIG, "auth = %s needs %s", text,
			scope ? "token-url" : "region");
	}
	return true;
}

static bool
read_find(const hk_channel_conf *conf, spec *s, GError **error)
{
	const char *match = hk_channel_conf_text(conf, "find-match");
	const char *list = hk_channel_conf_text(conf, "find-list");
	const char *id = hk_channel_conf_text(conf, "find-id");

	s->find_list = g_strdup(list ? list : "");
	s->find_id = g_strdup(id ? id : s->id);
	if (!s->find.path) {
		return match || list || id ? hk_error_set(error, HK_ECONFIG,
						     "find-list, find-match and find-id need find")
					   : true;
	}
	if (match &&
		(!split_pair(match, &s->match) || (strcmp(s->match.right, "url") != 0 &&
							  strcmp(s->match.right, "host") != 0 &&
							  strcmp(s->match.right, "token") != 0))) {
		return hk_error_set(error, HK_ECONFIG,
			"find-match is \"path = url\", \"path = host\" or \"path = token\", not "
			"'%s'",
			match);
	}
	return s->find_id || hk_error_set(error, HK_ECONFIG, "find needs id or find-id");
}

/* Where {urls} is named nowhere, a report speaks of one URL. */
static bool
read_batch(hk_channel_conf *conf, const spec *s, GError **error)
{
	bool lists = strstr(s->submit.path, "{urls}") || (s->body && strstr(s->body, "{urls}"));

	if (!lists && hk_channel_conf_text(conf, "batch") && conf->batch > 1) {
		return hk_error_set(error, HK_ECONFIG, "batch over 1 needs {urls} in submit-body");
	}
	conf->batch = lists ? conf->batch : 1;
	return true;
}

static bool
read_spec(hk_channel_conf *conf, spec *s, GError **error)
{
	s->id = g_strdup(hk_channel_conf_text(conf, "id"));
	s->state = g_strdup(hk_channel_conf_text(conf, "state"));
	if (!read_call(conf, "submit", false, &s->submit, error) ||
		!read_call(conf, "poll", true, &s->poll, error) ||
		!read_call(conf, "find", true, &s->find, error) || !read_headers(conf, s, error) ||
		!read_body(conf, s, error) || !try_body(conf, s, error) ||
		!read_states(conf, s, error) || !read_pairs(conf, "facts", &s->facts, error) ||
		!read_auth(conf, s, error) || !read_find(conf, s, error)) {
		return false;
	}
	if (!read_batch(conf, s, error)) {
		return false;
	}
	if (s->poll.path && !s->state) {
		return hk_error_set(
			error, HK_ECONFIG, "poll needs state: where it stands in the answer");
	}
	if (s->body && strcmp(s->submit.method, "GET") == 0) {
		return hk_error_set(error, HK_ECONFIG, "submit: a GET has no body");
	}
	return true;
}

static bool
check(hk_channel_conf *conf, GError **error)
{
	spec *s = g_new0(spec, 1);
	const char *tokens = hk_channel_conf_text(conf, "tokens");

	conf->spec = s;
	conf->spec_free = spec_free;
	if (!read_spec(conf, s, error)) {
		return false;
	}
	conf->can = (s->poll.path ? HK_CAN_POLL : 0) | (s->find.path ? HK_CAN_FIND : 0) |
		    (tokens && strcmp(tokens, "true") == 0 ? HK_CAN_TOKEN : 0) |
		    (conf->batch > 1 ? HK_CAN_BATCH : 0);
	return true;
}

/* ---- Requests ---- */

static bool
ask_for(const call *c, const hk_template_data *data, hk_channel_ask *ret, GError **error)
{
	const spec *s = data->conf->spec;
	GString *url = g_string_new(data->conf->url);

	hk_channel_template_fill(url, c->path, HK_PLACE_URL, data);
	hk_channel_ask_init(ret, c->method, g_string_free(url, FALSE));
	hk_channel_ask_auth(ret, s->auth, s->auth_name, s->auth_prefix);
	return hk_channel_ask_fits(ret, error);
}

static bool
submit(const hk_channel_conf *conf, const hk_brief *brief, const char *token, hk_channel_ask *ret,
	GError **error)
{
	const spec *s = conf->spec;
	const hk_template_data data = {conf, brief, NULL, token};

	if (hk_channel_sites(brief, conf->batch, error) == 0 ||
		!ask_for(&s->submit, &data, ret, error)) {
		return false;
	}
	for (unsigned i = 0; i < s->headers->len; i++) {
		g_autoptr(GString) line = g_string_new(NULL);
		hk_channel_template_fill(line, s->headers->pdata[i], HK_PLACE_HEADER, &data);
		hk_channel_ask_header(ret, line->str);
	}
	if (s->body) {
		g_autofree char *type = g_strconcat("Content-Type: ", s->type, NULL);
		GString *body = g_string_new(NULL);
		hk_channel_ask_header(ret, type);
		hk_channel_template_fill(body, s->body, place_of(s), &data);
		ret->body = g_string_free_to_bytes(body);
	}
	return true;
}

static bool
poll(const hk_channel_conf *conf, const hk_channel_receipt *receipt, hk_channel_ask *ret,
	GError **error)
{
	const spec *s = conf->spec;
	const hk_template_data data = {conf, NULL, receipt, NULL};

	if (!receipt->remote_id && strstr(s->poll.path, "{id}")) {
		return hk_error_set(error, HK_EFORM, "their number for it is not known");
	}
	return ask_for(&s->poll, &data, ret, error);
}

static bool
find(const hk_channel_conf *conf, const hk_channel_receipt *receipt, hk_channel_ask *ret,
	GError **error)
{
	const spec *s = conf->spec;
	const hk_template_data data = {conf, NULL, receipt, NULL};

	return ask_for(&s->find, &data, ret, error);
}

/* ---- Answers ---- */

static void
submitted(const hk_channel_conf *conf, const hk_channel_answer *answer, hk_told *ret)
{
	const spec *s = conf->spec;

	if (!s->id) {
		if (hk_channel_http_status(conf, HK_ASKED_SUBMIT, answer, ret)) {
			ret->how = HK_TOLD_TAKEN;
			ret->state = "sent";
		}
		return;
	}
	g_autoptr(hk_json_doc) doc = hk_channel_http_read(conf, HK_ASKED_SUBMIT, answer, ret);
	if (!doc) {
		return;
	}
	hk_json root = hk_json_root(doc);
	g_autofree char *id = hk_channel_id(&root, s->id);
	if (!id) {
		g_autofree char *why = g_strconcat(s->id, " is missing", NULL);
		hk_channel_http_odd(conf, HK_ASKED_SUBMIT, why, ret);
		return;
	}
	ret->how = HK_TOLD_TAKEN;
	ret->state = "sent";
	ret->remote_id = g_steal_pointer(&id);
}

/* Letter case, blanks, '_' and '-' do not count, as with every other channel. */
static void
take_state(const spec *s, const char *state, hk_told *ret)
{
	ret->remote_state = g_strndup(state, HK_CHANNEL_FACT_MAX);
	for (unsigned i = 0; i < s->states->len; i++) {
		const pair *p = s->states->pdata[i];
		const hk_channel_state row[] = {{p->left, our_state(p->right), false}, {0}};
		if (hk_channel_state_read(row, state, ret)) {
			return;
		}
	}
}

static char *
facts_of(const spec *s, const hk_json *root)
{
	g_autoptr(GString) out = g_string_new(NULL);
	bool any = false;

	hk_jsonw_open(out, '{');
	for (unsigned i = 0; i < s->facts->len; i++) {
		const pair *p = s->facts->pdata[i];
		hk_json at;
		bool there = hk_channel_json_at(root, p->right, &at) &&
			     hk_json_kind_of(&at) != HK_JSON_NULL;
		g_autofree char *text = there ? hk_json_dump(&at) : NULL;
		if (text && strlen(text) <= HK_CHANNEL_FACT_MAX) {
			hk_jsonw_str(out, p->left);
			g_string_append_c(out, ':');
			g_string_append(out, text);
			any = true;
		}
	}
	hk_jsonw_close(out, '}');
	return any ? g_strdup(out->str) : NULL;
}

static void
polled(const hk_channel_conf *conf, const hk_channel_answer *answer, hk_told *ret)
{
	const spec *s = conf->spec;
	g_autoptr(hk_json_doc) doc = hk_channel_http_read(conf, HK_ASKED_POLL, answer, ret);

	if (!doc) {
		return;
	}
	hk_json root = hk_json_root(doc);
	g_autofree char *state = hk_channel_json_text(&root, s->state);
	if (!state || !*state) {
		g_autofree char *why = g_strconcat(s->state, " is missing", NULL);
		hk_channel_http_odd(conf, HK_ASKED_POLL, why, ret);
		return;
	}
	ret->how = HK_TOLD_STATE;
	take_state(s, state, ret);
	ret->facts = facts_of(s, &root);
}

static bool
is_ours(const spec *s, const hk_json *item, const char *wanted)
{
	if (!s->match.left) {
		return true;
	}
	g_autofree char *text = hk_channel_json_text(item, s->match.left);
	return text && wanted && strcmp(text, wanted) == 0;
}

static void
found(const hk_channel_conf *conf, const hk_channel_receipt *receipt,
	const hk_channel_answer *answer, hk_told *ret)
{
	const spec *s = conf->spec;
	g_autoptr(hk_json_doc) doc = hk_channel_http_read(conf, HK_ASKED_FIND, answer, ret);
	const hk_template_data data = {conf, NULL, receipt, NULL};
	hk_json list;

	if (!doc) {
		return;
	}
	hk_json root = hk_json_root(doc);
	if (!hk_channel_json_at(&root, s->find_list, &list) ||
		hk_json_kind_of(&list) != HK_JSON_ARRAY) {
		hk_channel_http_odd(conf, HK_ASKED_FIND, "find-list is no list there", ret);
		return;
	}
	g_autofree char *wanted =
		s->match.right ? hk_channel_hole_text(s->match.right, &data) : NULL;
	ret->how = HK_TOLD_ABSENT;
	for (size_t i = 0; i < hk_json_len(&list); i++) {
		hk_json item = hk_json_at(&list, i);
		g_autofree char *id =
			is_ours(s, &item, wanted) ? hk_channel_id(&item, s->find_id) : NULL;
		if (id) {
			ret->how = HK_TOLD_TAKEN;
			ret->state = "sent";
			ret->remote_id = g_steal_pointer(&id);
			return;
		}
	}
}

const hk_channel hk_channel_custom = {
	.name = "http",
	.en = "HTTP (by its file)",
	.ja = "HTTP（設定ファイルで定義）",
	.way = HK_WAY_HTTP,
	.can = HK_CAN_POLL | HK_CAN_FIND | HK_CAN_TOKEN | HK_CAN_BATCH,
	.batch = HK_BRIEF_SITES_MAX,
	.poll_ms = 15 * 60 * 1000,
	.keys = "user account email region token-url auth submit submit-type submit-body "
		"submit-body-file submit-headers id poll state states facts find find-list "
		"find-match find-id tokens",
	.needs = "submit",
	.check = check,
	.submit = submit,
	.submitted = submitted,
	.poll = poll,
	.polled = polled,
	.find = find,
	.found = found,
};
