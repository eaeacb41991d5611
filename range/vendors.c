#include "vendors.h"

#include <string.h>
#include <sys/stat.h>

#include "base/codec.h"
#include "sys/file.h"
#include "sys/gerr.h"
#include "sys/hash.h"
#include "sys/sigv4.h"
#include "vendors_int.h"

enum { BODY_MAX = 16 << 20 };

#define VENDOR(id) extern const rg_vendor rg_vendor_##id;
#include "vendors.def"
#undef VENDOR

const rg_vendor *const rg_vendor_rows[] = {
#define VENDOR(id) &rg_vendor_##id,
#include "vendors.def"
#undef VENDOR
};
const size_t rg_vendor_count = G_N_ELEMENTS(rg_vendor_rows);

/* ---- What the vendors answer ---- */

void
rg_call_text(rg_call *call, unsigned status, const char *type, const char *text)
{
	call->status = status;
	call->type = type;
	g_string_assign(call->reply, text);
}

void
rg_call_json(rg_call *call, unsigned status, json_t *value)
{
	char *text = value ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;

	rg_call_text(call, status, "application/json", text ? text : "null");
	free(text);
	json_decref(value);
}

void
rg_call_error(rg_call *call, unsigned status, const char *text)
{
	rg_call_json(call, status, json_pack("{s:s}", "message", text));
}

void
rg_call_header(rg_call *call, const char *name, const char *value)
{
	g_ptr_array_add(call->headers, g_strdup_printf("%s: %s", name, value));
}

const char *
rg_call_arg(const rg_call *call, const char *name)
{
	return MHD_lookup_connection_value(call->c, MHD_GET_ARGUMENT_KIND, name);
}

char *
rg_call_form(const rg_call *call, const char *name)
{
	g_auto(GStrv) fields = g_strsplit(call->body->str, "&", -1);

	for (unsigned k = 0; fields[k]; k++) {
		char *value = strchr(fields[k], '=');
		if (!value || strlen(name) != (size_t)(value - fields[k]) ||
			!g_str_has_prefix(fields[k], name)) {
			continue;
		}
		GString *out = g_string_new(NULL);
		while (*++value) {
			bool coded = *value == '%' && g_ascii_isxdigit(value[1]) &&
				     g_ascii_isxdigit(value[2]);
			g_string_append_c(out, coded ? (char)(g_ascii_xdigit_value(value[1]) * 16 +
							       g_ascii_xdigit_value(value[2]))
						     : *value);
			value += coded ? 2 : 0;
		}
		return g_string_free(out, FALSE);
	}
	return NULL;
}

const char *
rg_call_str(const rg_call *call, const char *name)
{
	return json_string_value(json_object_get(call->json, name));
}

/* ---- Who asks ---- */

static const char *
header_of(const rg_call *call, const char *name)
{
	return MHD_lookup_connection_value(call->c, MHD_HEADER_KIND, name);
}

/* One pair of the query, in the order in which they came. */
static enum MHD_Result
add_pair(void *cls, enum MHD_ValueKind kind, const char *name, const char *value)
{
	hk_sigv4_pair pair = {name, value ? value : ""};

	(void)kind;
	g_array_append_val((GArray *)cls, pair);
	return MHD_YES;
}

/* The same signature made again, over what arrived. */
static bool
signed_rightly(const rg_call *call, const char *service)
{
	const char *authorization = header_of(call, "Authorization");
	const char *date = header_of(call, "X-Amz-Date");
	const char *scope =
		authorization ? strstr(authorization, "Credential=" RG_VENDOR_USER "/") : NULL;
	const char *names = authorization ? strstr(authorization, "SignedHeaders=") : NULL;
	char hash[65];
	uint8_t sum[32];

	if (!scope || !names || !date || strlen(date) != HK_SIGV4_TIME_SIZE - 1) {
		return false;
	}
	g_auto(GStrv) parts = g_strsplit(scope + strlen("Credential="), "/", 5);
	names += strlen("SignedHeaders=");
	g_autofree char *list = g_strndup(names, strcspn(names, ", "));
	g_auto(GStrv) headers = g_strsplit(list, ";", -1);
	if (g_strv_length(parts) != 5 || strcmp(parts[3], service) != 0) {
		return false;
	}
	hk_sha256(hk_span_of(call->body->str, call->body->len), sum);
	hk_hex_encode(hk_span_of(sum, sizeof sum), hash);
	g_autoptr(GArray) query = g_array_new(FALSE, FALSE, sizeof(hk_sigv4_pair));
	g_autoptr(GArray) pairs = g_array_new(FALSE, FALSE, sizeof(hk_sigv4_pair));
	MHD_get_connection_values(call->c, MHD_GET_ARGUMENT_KIND, add_pair, query);
	for (char **name = headers; *name; name++) {
		const char *value = header_of(call, *name);
		hk_sigv4_pair pair = {*name, value ? value : ""};
		g_array_append_val(pairs, pair);
	}
	hk_sigv4_request request = {.method = call->method,
		.path = call->path,
		.query = (const hk_sigv4_pair *)query->data,
		.query_count = query->len,
		.headers = (const hk_sigv4_pair *)pairs->data,
		.header_count = pairs->len,
		.payload_sha256 = hash};
	hk_sigv4_signer signer = {RG_VENDOR_USER, RG_VENDOR_SECRET, parts[2], service, date};
	g_autofree char *want = hk_sigv4_authorization(&request, &signer);
	return strcmp(want, authorization) == 0;
}

bool
rg_call_may(const rg_call *call)
{
	const char *auth = call->vendor->auth;
	const char *authorization = header_of(call, "Authorization");

	if (strcmp(auth, "none") == 0) {
		return true;
	}
	if (strcmp(auth, "bearer") == 0) {
		return authorization && strcmp(authorization, "Bearer " RG_VENDOR_SECRET) == 0;
	}
	if (strcmp(auth, "basic") == 0) {
		static const char pair[] = RG_VENDOR_USER ":" RG_VENDOR_SECRET;
		char text[HK_BASE64_LEN(sizeof pair) + 1];
		hk_base64_encode(hk_span_str(pair), text);
		return authorization && g_str_has_prefix(authorization, "Basic ") &&
		       strcmp(authorization + 6, text) == 0;
	}
	if (g_str_has_prefix(auth, "sigv4 ")) {
		return signed_rightly(call, auth + 6);
	}
	const char *value = g_str_has_prefix(auth, "header ")  ? header_of(call, auth + 7)
			    : g_str_has_prefix(auth, "query ") ? rg_call_arg(call, auth + 6)
							       : NULL;
	/* A word before the secret ("token ...") is the vendor's way. */
	return value && g_str_has_suffix(value, RG_VENDOR_SECRET);
}

/* ---- Whom it is for ---- */

/* Whether path is the route's; its variables into args. */
static bool
fits(const char *pattern, const char *path, char **args)
{
	unsigned n = 0;

	while (*pattern) {
		size_t len = strcspn(path, "/");
		if (pattern[0] == '{' && pattern[1] == '}') {
			/* What stands behind "{}" in the same segment (".png", ":submit"). */
			size_t tail = strcspn(pattern + 2, "/");
			if (len <= tail || n >= 4 ||
				memcmp(path + len - tail, pattern + 2, tail) != 0) {
				return false;
			}
			args[n++] = g_strndup(path, len - tail);
			pattern += 2 + tail;
			path += len;
		} else if (*pattern++ != *path++) {
			return false;
		}
	}
	return !*path;
}

static void
clear_args(rg_call *call)
{
	for (size_t i = 0; i < G_N_ELEMENTS(call->args); i++) {
		g_clear_pointer(&call->args[i], g_free);
	}
}

static bool
find_route(rg_call *call)
{
	for (size_t i = 0; i < rg_vendor_count; i++) {
		const rg_vendor *vendor = rg_vendor_rows[i];
		size_t len = strlen(vendor->name);
		if (strncmp(call->path + 1, vendor->name, len) != 0 || call->path[len + 1] != '/') {
			continue;
		}
		for (const rg_route *r = vendor->routes; r->op; r++) {
			if (strcmp(r->method, call->method) == 0 &&
				(!r->has || strstr(call->body->str, r->has)) &&
				fits(r->path, call->path + len + 1, call->args)) {
				call->vendor = vendor;
				call->route = r;
				return true;
			}
			clear_args(call);
		}
	}
	return false;
}

static void
count_call(rg_desk *desk, const rg_call *call)
{
	bool submission = strcmp(call->route->op, "submit") == 0;

	desk->counts.requests++;
	desk->counts.whole += submission;
	desk->counts.polls += !submission;
}

static enum MHD_Result
serve(rg_vendors *v, rg_call *call)
{
	rg_mode mode = RG_MODE_NONE;

	if (!find_route(call)) {
		rg_call_error(call, 404, "no vendor of the range has that");
		return rg_fault_after(call, mode);
	}
	g_mutex_lock(&v->lock);
	rg_desk *desk = rg_vendors_desk(v, call->vendor->name);
	bool token = strcmp(call->route->op, "token") == 0;
	count_call(desk, call);
	if (!token && !rg_call_may(call)) {
		desk->counts.denied++;
		rg_call_error(call, 401, "who asks?");
	} else if (!rg_fault_before(v, desk, call, &mode)) {
		call->route->answer(call);
	}
	g_mutex_unlock(&v->lock);
	return rg_fault_after(call, mode);
}

/* ---- Control ---- */

static int
number(const rg_call *call, const char *name)
{
	const char *text = rg_call_arg(call, name);

	return text ? (int)g_ascii_strtoll(text, NULL, 10) : 0;
}

static void
control(rg_vendors *v, rg_call *call)
{
	const char *what = call->path + strlen("/-/");
	const char *vendor = rg_call_arg(call, "vendor");
	bool get = strcmp(call->method, "GET") == 0;
	bool good = true;

	if (get && strcmp(what, "reports") == 0) {
		g_autofree char *book = rg_vendors_book(v, vendor);
		rg_call_text(call, 200, "application/json", book);
		return;
	}
	if (!get && strcmp(what, "reset") == 0) {
		rg_vendors_reset(v);
	} else if (!get && strcmp(what, "advance") == 0) {
		rg_vendors_advance(v, number(call, "ms"));
	} else if (!get && strcmp(what, "state") == 0) {
		good = rg_vendors_state(
			v, vendor, rg_call_arg(call, "id"), rg_call_arg(call, "state"));
	} else if (!get && strcmp(what, "fault") == 0 && rg_call_arg(call, "mode")) {
		good = rg_vendors_fault(v, vendor, rg_call_arg(call, "op"),
			rg_call_arg(call, "mode"), rg_call_arg(call, "style"),
			number(call, "seconds"), number(call, "times"));
	} else {
		good = false;
	}
	rg_call_error(call, good ? 200 : 400, good ? "done" : "range/vendors.h says what there is");
}

static enum MHD_Result
handle(void *user, struct MHD_Connection *c, const char *method, const char *url,
	const GString *body)
{
	rg_vendors *v = user;
	rg_call call = {.vendors = v,
		.c = c,
		.method = method,
		.path = url,
		.body = body,
		.status = 500,
		.type = "text/plain",
		.reply = g_string_new(NULL),
		.headers = g_ptr_array_new_with_free_func(g_free)};
	enum MHD_Result result;

	call.json = json_loadb(body->str, body->len, 0, NULL);
	if (g_str_has_prefix(url, "/-/")) {
		control(v, &call);
		result = rg_fault_after(&call, RG_MODE_NONE);
	} else {
		result = serve(v, &call);
	}
	clear_args(&call);
	json_decref(call.json);
	g_string_free(call.reply, TRUE);
	g_ptr_array_unref(call.headers);
	return result;
}

/* ---- The server ---- */

rg_vendors *
rg_vendors_new(uint16_t port, GError **error)
{
	rg_vendors *v = g_new0(rg_vendors, 1);

	g_mutex_init(&v->lock);
	g_cond_init(&v->stop_or_reset);
	v->desks = g_new0(rg_desk, rg_vendor_count);
	for (size_t i = 0; i < rg_vendor_count; i++) {
		v->desks[i].vendor = rg_vendor_rows[i];
		rg_desk_reset(&v->desks[i]);
	}
	v->http = rg_httpd_start_with(port, BODY_MAX, handle, v, error);
	if (!v->http) {
		rg_vendors_free(v);
		return NULL;
	}
	return v;
}

uint16_t
rg_vendors_port(const rg_vendors *v)
{
	return rg_httpd_port(v->http);
}

void
rg_vendors_free(rg_vendors *v)
{
	if (!v) {
		return;
	}
	g_mutex_lock(&v->lock);
	v->stopping = true;
	g_cond_broadcast(&v->stop_or_reset);
	g_mutex_unlock(&v->lock);
	rg_httpd_stop(v->http);
	for (size_t i = 0; i < rg_vendor_count; i++) {
		rg_desk_reset(&v->desks[i]);
		g_ptr_array_unref(v->desks[i].reports);
	}
	g_free(v->desks);
	g_mutex_clear(&v->lock);
	g_cond_clear(&v->stop_or_reset);
	g_free(v);
}

static bool
write_text(const char *dir, const char *name, const char *ending, const char *text, mode_t mode,
	GError **error)
{
	g_autofree char *file = g_strconcat(name, ending, NULL);
	g_autofree char *path = g_build_filename(dir, file, NULL);

	return hk_file_replace_fast(path, hk_span_str(text), error) &&
	       (chmod(path, mode) == 0 || hk_error_set(error, HK_EIO, "%s: chmod", path));
}

bool
rg_vendors_conf(const rg_vendors *v, const char *dir, GError **error)
{
	if (!hk_file_mkdirs(dir, error)) {
		return false;
	}
	for (size_t i = 0; i < rg_vendor_count; i++) {
		const rg_vendor *vendor = rg_vendor_rows[i];
		g_autofree char *url =
			g_strdup_printf("http://127.0.0.1:%u/%s", rg_vendors_port(v), vendor->name);
		bool secret = strcmp(vendor->auth, "none") != 0;
		g_autoptr(GString) text = g_string_new("# Written by hikeshi-range vendors.\n");
		g_string_append_printf(text, "url = \"%s\"\n", url);
		if (secret) {
			g_string_append_printf(text, "secret-file = \"%s.secret\"\n", vendor->name);
		}
		if (vendor->conf) {
			g_auto(GStrv) parts = g_strsplit(vendor->conf, "@URL@", -1);
			g_autofree char *lines = g_strjoinv(url, parts);
			g_string_append(text, lines);
		}
		if (!write_text(dir, vendor->name, ".conf", text->str, 0644, error) ||
			(secret && !write_text(dir, vendor->name, ".secret", RG_VENDOR_SECRET "\n",
					   0600, error))) {
			return false;
		}
	}
	return true;
}
