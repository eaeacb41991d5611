#include "report/channel_json.h"

#include <stdarg.h>
#include <string.h>

#include "base/num.h"
#include "sys/gerr.h"
#include "sys/http.h"
#include "sys/jsonw.h"
#include "sys/sigv4.h"

enum { STEP_MAX = 128 };

char *
hk_channel_url(const char *base, const char *path, ...)
{
	GString *out = g_string_new(base);
	const char *hole;
	va_list args;

	va_start(args, path);
	while ((hole = strstr(path, "{}"))) {
		const char *text = va_arg(args, const char *);
		g_string_append_len(out, path, hole - path);
		hk_sigv4_encode(out, text ? text : "", false);
		path = hole + 2;
	}
	va_end(args);
	g_string_append(out, path);
	return g_string_free(out, FALSE);
}

void
hk_channel_ask_init(hk_channel_ask *ret, const char *method, char *url)
{
	*ret = (hk_channel_ask){
		.method = g_strdup(method),
		.url = url,
		.headers = g_ptr_array_new_with_free_func(g_free),
	};
	hk_channel_ask_header(ret, "Accept: application/json");
}

void
hk_channel_ask_json(hk_channel_ask *ret, const char *method, char *url, GString *body)
{
	hk_channel_ask_init(ret, method, url);
	hk_channel_ask_header(ret, "Content-Type: application/json");
	ret->body = g_string_free_to_bytes(body);
}

void
hk_channel_ask_header(hk_channel_ask *ask, const char *line)
{
	g_ptr_array_add(ask->headers, g_strdup(line));
}

void
hk_channel_ask_auth(hk_channel_ask *ask, hk_channel_auth auth, const char *name, const char *prefix)
{
	ask->auth = auth;
	ask->auth_name = g_strdup(name);
	ask->auth_prefix = g_strdup(prefix);
}

bool
hk_channel_ask_fits(hk_channel_ask *ask, GError **error)
{
	g_autoptr(GError) why = NULL;

	if (hk_http_url_check_plain(ask->url, &why)) {
		return true;
	}
	hk_channel_ask_clear(ask);
	return hk_error_set(error, HK_EFORM, "it cannot be asked about that URL: %s", why->message);
}

/* The next step of a path into step[STEP_MAX]; *path moves behind it. False: it is longer than any that is looked for. */
static bool
next_step(const char **path, bool pointer, char *step)
{
	const char *at = *path;
	const char *ends = pointer ? "/" : ".[";
	size_t len, n = 0;

	if (pointer || *at == '.') {
		at += *at == '/' || *at == '.';
	}
	if (!pointer && *at == '[') {
		at++;
		ends = "]";
	}
	len = strcspn(at, ends);
	for (size_t i = 0; i < len; i++, n++) {
		if (n + 1 >= STEP_MAX) {
			return false;
		}
		/* RFC 6901: ~1 is "/", ~0 is "~". */
		bool escaped = pointer && at[i] == '~' && (at[i + 1] == '0' || at[i + 1] == '1');
		step[n] = escaped ? (at[i + 1] == '1' ? '/' : '~') : at[i];
		i += escaped;
	}
	step[n] = '\0';
	*path = at + len + (*ends == ']' && at[len] == ']');
	return true;
}

static bool
step_into(const hk_json *from, const char *step, hk_json *ret)
{
	uint64_t index;

	if (hk_json_kind_of(from) == HK_JSON_ARRAY) {
		if (hk_parse_u64(hk_span_str(step), UINT32_MAX, &index) != HK_OK ||
			index >= hk_json_len(from)) {
			return false;
		}
		*ret = hk_json_at(from, (size_t)index);
		return true;
	}
	return hk_json_kind_of(from) == HK_JSON_OBJECT && hk_json_any(from, step, ret);
}

bool
hk_channel_json_at(const hk_json *root, const char *path, hk_json *ret)
{
	hk_json at = *root;
	bool pointer = *path == '/';
	char step[STEP_MAX];

	for (unsigned i = 0; *path; i++) {
		hk_json next;
		if (i >= HK_CHANNEL_PATH_STEPS || !next_step(&path, pointer, step) ||
			!step_into(&at, step, &next)) {
			return false;
		}
		/* Only the node: how it was reached would point to variables of this loop. */
		at = (hk_json){.node = next.node};
	}
	*ret = (hk_json){.node = at.node};
	return true;
}

char *
hk_channel_json_text(const hk_json *root, const char *path)
{
	hk_json at;

	if (!hk_channel_json_at(root, path, &at)) {
		return NULL;
	}
	hk_json_kind kind = hk_json_kind_of(&at);
	if (kind == HK_JSON_STR) {
		return g_strdup(hk_json_text(&at));
	}
	return kind == HK_JSON_INT || kind == HK_JSON_BOOL ? hk_json_dump(&at) : NULL;
}

const char *
hk_channel_json_str(const hk_json *root, const char *path)
{
	hk_json at;
	const char *text =
		hk_channel_json_at(root, path, &at) && hk_json_kind_of(&at) == HK_JSON_STR
			? hk_json_text(&at)
			: NULL;

	return text && *text ? text : NULL;
}

char *
hk_channel_id(const hk_json *root, const char *path)
{
	g_autofree char *text = hk_channel_json_text(root, path);
	size_t len = text ? strlen(text) : 0;

	for (size_t i = 0; i < len; i++) {
		if (text[i] <= ' ' || text[i] > '~') {
			return NULL;
		}
	}
	return len > 0 && len <= HK_CHANNEL_ID_MAX ? g_steal_pointer(&text) : NULL;
}

/* "In progress", "in_progress" and "IN-PROGRESS" are one word. */
static bool
same_word(const char *a, const char *b)
{
	for (;;) {
		a += strspn(a, " _-");
		b += strspn(b, " _-");
		if (g_ascii_tolower(*a) != g_ascii_tolower(*b)) {
			return false;
		}
		if (!*a) {
			return true;
		}
		a++;
		b++;
	}
}

const hk_channel_state *
hk_channel_state_read(const hk_channel_state *states, const char *theirs, hk_told *ret)
{
	g_free(ret->remote_state);
	ret->remote_state = g_strndup(theirs, HK_CHANNEL_FACT_MAX);
	for (; states->theirs; states++) {
		if (same_word(states->theirs, theirs)) {
			ret->state = states->ours;
			return states;
		}
	}
	return NULL;
}

char *
hk_channel_facts(const hk_json *root, ...)
{
	g_autoptr(GString) out = g_string_new(NULL);
	const char *name;
	bool any = false;
	va_list args;

	hk_jsonw_open(out, '{');
	va_start(args, root);
	while ((name = va_arg(args, const char *))) {
		const char *path = va_arg(args, const char *);
		hk_json at;
		bool there =
			hk_channel_json_at(root, path, &at) && hk_json_kind_of(&at) != HK_JSON_NULL;
		g_autofree char *text = there ? hk_json_dump(&at) : NULL;
		if (text && strlen(text) <= HK_CHANNEL_FACT_MAX) {
			hk_jsonw_key(out, name);
			g_string_append(out, text);
			any = true;
		}
	}
	va_end(args);
	hk_jsonw_close(out, '}');
	return any ? g_strdup(out->str) : NULL;
}
