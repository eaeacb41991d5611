/* The HTTP server: libmicrohttpd's loop on one side, the pool on the other. */
#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/codec.h"
#include "base/num.h"
#include "base/utf8.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/gerr.h"
#include "sys/log.h"
#include "web/conns.h"
#include "web/handler.h"
#include "web/live.h"
#include "web/static.h"
#include "web/web_int.h"

enum {
	/* Of one connection: request line and headers must fit. */
	CONNECTION_MEMORY = 48 << 10,
	CONNECTION_GROWTH = 4 << 10,
	/* What is still read of a body that is refused anyway, so that the client sees the answer. */
	DISCARD_MAX = 256 << 10,
	FILES_BESIDES = 512,
	PEM_MAX = 1 << 20,
};

/* Of all bodies that are held at once. Who sends them is known only when they are there, so anybody may fill this: small ones (to log in
 * with, say) are taken even so. */
#define BODIES_MAX ((size_t)256 << 20)

typedef struct exchange {
	hk_job job; /* first: the pool hands it back */
	hk_web *web;
	struct MHD_Connection *connection;
	hk_conn *conn;
	hk_req req;
	hk_reply *reply;
	enum { FRESH, READING, WORKING, DONE } stage;
	size_t body_max;
	size_t discarded;
	size_t held;   /* bytes of web->bodies */
	bool plain;    /* the client takes no gzip */
	GError *early; /* why this is refused before the body, or NULL */
} exchange;

/* ---- taking a request in ---- */

static bool
refuse(exchange *ex, int status, hk_err code, const char *field, const char *text)
{
	return hk_reply_problem(ex->reply, &ex->early, status, code, field, NULL, "%s", text);
}

static void *
on_uri(void *cls, const char *uri, struct MHD_Connection *connection)
{
	exchange *ex = g_new0(exchange, 1);
	uint8_t id[(HK_REQ_ID_SIZE - 1) / 2];

	ex->web = cls;
	ex->connection = connection;
	ex->reply = hk_reply_new();
	hk_req_init(&ex->req);
	hk_secret_bytes(id, sizeof id);
	hk_hex_encode(hk_span_of(id, sizeof id), ex->req.parts->id);
	if (!hk_target_parse(hk_span_str(uri), &ex->req.parts->target, &ex->early)) {
		ex->reply->problem_status = hk_error_code(ex->early) == HK_ELIMIT ? 414 : 400;
	}
	return ex;
}

static enum MHD_Result
on_header(void *cls, enum MHD_ValueKind kind, const char *name, size_t name_len, const char *value,
	size_t value_len)
{
	exchange *ex = cls;
	hk_req_header_pair pair;

	(void)kind;
	if (ex->req.parts->headers->len >= HK_REQ_HEADERS_MAX) {
		refuse(ex, 431, HK_ELIMIT, NULL, "the request has too many headers");
		return MHD_NO;
	}
	if (!hk_utf8_valid(hk_span_of(name, name_len)) ||
		(value && !hk_utf8_valid(hk_span_of(value, value_len)))) {
		refuse(ex, 400, HK_EFORM, NULL, "a header is no UTF-8");
		return MHD_NO;
	}
	pair.name = g_strndup(name, name_len);
	pair.value = g_strndup(value ? value : "", value ? value_len : 0);
	g_array_append_val(ex->req.parts->headers, pair);
	return MHD_YES;
}

static unsigned
header_count(const exchange *ex, const char *name)
{
	unsigned n = 0;

	for (guint i = 0; i < ex->req.parts->headers->len; i++) {
		n += g_ascii_strcasecmp(
			     g_array_index(ex->req.parts->headers, hk_req_header_pair, i).name,
			     name) == 0;
	}
	return n;
}

/* The peer, or whom a proxy that we trust names: the last address of X-Forwarded-For that is no proxy of ours. */
static char *
address_of(exchange *ex)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(ex->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const struct sockaddr *any = info ? info->client_addr : NULL;
	char text[INET6_ADDRSTRLEN] = "?";
	uint8_t raw[16];

	if (any && any->sa_family == AF_INET) {
		inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)any)->sin_addr, text,
			sizeof text);
	} else if (any && any->sa_family == AF_INET6) {
		inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)any)->sin6_addr,
			text, sizeof text);
	}
	const char *named = hk_req_header(&ex->req, "X-Forwarded-For");
	if (!named || !hk_web_address_in(ex->web->config.proxies, text) ||
		header_count(ex, "X-Forwarded-For") != 1) {
		return g_strdup(text);
	}
	g_autofree char *list = g_strdup(named);
	for (;;) {
		char *comma = strrchr(list, ',');
		char *last = g_strstrip(comma ? comma + 1 : list);
		/* Only what is an address: it is shown, counted and logged. */
		if (inet_pton(AF_INET, last, raw) != 1 && inet_pton(AF_INET6, last, raw) != 1) {
			return g_strdup(text);
		}
		if (!comma || !hk_web_address_in(ex->web->config.proxies, last)) {
			return g_strdup(last);
		}
		*comma = '\0';
	}
}

static bool
is_secure(exchange *ex)
{
	const char *proto = hk_req_header(&ex->req, "X-Forwarded-Proto");

	if (ex->web->tls) {
		return true;
	}
	return ex->web->config.behind_proxy && (!proto || g_ascii_strcasecmp(proto, "https") == 0);
}

/* What makes two programs disagree about where a request ends is refused, whatever it was meant to be. */
static bool
check_framing(exchange *ex, bool refused, bool *ret_body)
{
	const char *length = hk_req_header(&ex->req, "Content-Length");
	const char *coding = hk_req_header(&ex->req, "Transfer-Encoding");
	uint64_t bytes = 0;

	*ret_body = coding != NULL;
	if (header_count(ex, "Content-Length") > 1 || header_count(ex, "Transfer-Encoding") > 1 ||
		(length && coding)) {
		return refuse(ex, 400, HK_EFORM, "Content-Length",
			"the length of the body is given more than once");
	}
	if (length && hk_parse_u64(hk_span_str(length), INT64_MAX, &bytes) != HK_OK) {
		return refuse(ex, 400, HK_EFORM, "Content-Length", "the length is no number");
	}
	if (coding && g_ascii_strcasecmp(coding, "chunked") != 0) {
		return refuse(ex, 400, HK_EFORM, "Transfer-Encoding", "only chunked is understood");
	}
	*ret_body = *ret_body || bytes > 0;
	if (!refused && bytes > ex->body_max) {
		return refuse(ex, 413, HK_ELIMIT, NULL,
			ex->body_max == 0 ? "this request takes no body" : "the body is too long");
	}
	return true;
}

static bool
check_host(exchange *ex)
{
	const char *host = hk_req_header(&ex->req, "Host");
	unsigned count = header_count(ex, "Host");

	if (count > 1 || (count == 0 && ex->web->host)) {
		return refuse(ex, 400, HK_EFORM, "Host", "the request must have one header Host");
	}
	if (ex->web->host && g_ascii_strcasecmp(host, ex->web->host) != 0 &&
		!(ex->req.route && strcmp(ex->req.route->id, "HEALTHZ") == 0)) {
		return refuse(ex, 421, HK_EPOLICY, "Host", "this server answers for another name");
	}
	return true;
}

static void
read_type(exchange *ex)
{
	const char *type = hk_req_header(&ex->req, "Content-Type");

	if (type) {
		g_autofree char *bare = g_strndup(type, strcspn(type, "; \t"));
		ex->req.parts->type = g_ascii_strdown(bare, -1);
		ex->req.type = ex->req.parts->type;
	}
}

static bool
find_route(exchange *ex, const char *method)
{
	const hk_target *t = &ex->req.parts->target;
	hk_method known;
	bool api = t->segment_count >= 2 && strcmp(t->segments[0], "api") == 0 &&
		   strcmp(t->segments[1], "v1") == 0;
	bool health = t->segment_count == 1 && strcmp(t->segments[0], "healthz") == 0;

	if (!hk_method_find(method, &known)) {
		return refuse(ex, 405, HK_EUSAGE, NULL, "this method is not used here");
	}
	ex->req.method = known;
	ex->req.head = strcmp(method, "HEAD") == 0;
	if (!api && !health) {
		if (known != HK_METHOD_GET) {
			return refuse(ex, 405, HK_EUSAGE, NULL, "files can only be read");
		}
		ex->body_max = 0;
		return hk_ui_serve(ex->web->ui, t, ex->plain, ex->reply) ||
		       refuse(ex, 404, HK_ENOENT, NULL, "there is no such file");
	}
	size_t skip = api ? 2 : 0;
	hk_route_match match = hk_route_find(t->segments + skip, t->segment_count - skip, known);
	if (!match.route || t->folder) {
		if (match.methods == 0 || t->folder) {
			return refuse(
				ex, 404, HK_ENOENT, NULL, "there is no such path in this API");
		}
		GString *allow = g_string_new(NULL);
		for (unsigned m = 0; m < HK_METHOD_COUNT; m++) {
			if (match.methods >> m & 1) {
				g_string_append_printf(allow, "%s%s%s", allow->len ? ", " : "",
					hk_method_name((hk_method)m),
					m == HK_METHOD_GET ? ", HEAD" : "");
			}
		}
		hk_reply_header(ex->reply, "Allow", allow->str);
		g_string_free(allow, TRUE);
		return refuse(ex, 405, HK_EUSAGE, NULL, "this path does not know this method");
	}
	ex->req.route = match.route;
	ex->req.parts->match = match;
	ex->body_max = match.route->body == HK_BODY_NONE   ? 0
		       : match.route->body == HK_BODY_JSON ? HK_REQ_JSON_MAX
							   : HK_REQ_BULK_MAX;
	return true;
}

/* Whether gzip is welcome: named, and not with q=0. */
static bool
takes_gzip(const exchange *ex)
{
	const char *text = hk_req_header(&ex->req, "Accept-Encoding");
	const char *at = text ? strstr(text, "gzip") : NULL;

	if (!at) {
		return false;
	}
	at += strlen("gzip");
	at += strspn(at, " \t");
	return !(g_str_has_prefix(at, ";q=0") && strspn(at + 4, ".0") == strcspn(at + 4, ", "));
}

static void
begin(exchange *ex, const char *method, bool *ret_body)
{
	struct hk_req_parts *parts = ex->req.parts;

	MHD_get_connection_values_n(ex->connection, MHD_HEADER_KIND, on_header, ex);
	ex->req.web = ex->web;
	ex->req.config = &ex->web->config;
	parts->method = g_strdup(method);
	parts->address = address_of(ex);
	parts->secure = is_secure(ex);
	const char *agent = hk_req_header(&ex->req, "User-Agent");
	parts->agent =
		g_utf8_make_valid(agent ? agent : "", agent ? (gssize)MIN(strlen(agent), 200) : 0);
	ex->req.agent = parts->agent;
	ex->plain = !takes_gzip(ex);
	read_type(ex);
	if (!ex->early) {
		find_route(ex, method);
	}
	/* What is wrong with the framing outweighs all else. */
	GError *before = g_steal_pointer(&ex->early);
	if (!check_framing(ex, before != NULL, ret_body)) {
		g_clear_error(&before);
		ex->reply->close = true;
		return;
	}
	ex->early = before;
	if (!ex->early) {
		check_host(ex);
	}
	/* A body that nobody will read: the next request cannot be found behind it. */
	ex->reply->close = ex->early && *ret_body;
}

/* ---- the pool's side ---- */

static void
finish(exchange *ex)
{
	ex->stage = DONE;
	MHD_resume_connection(ex->connection);
}

static void
run(hk_job *job, void *thread)
{
	exchange *ex = (exchange *)job;

	hk_web_dispatch(thread, &ex->req, ex->reply);
	finish(ex);
}

static void
hand_over(exchange *ex)
{
	unsigned options = ex->req.route->options;

	ex->stage = WORKING;
	ex->job = (hk_job){.run = run,
		.client = ex->req.parts->address,
		.classes =
			(options & HK_ROUTE_HASHING ? 1u : 0) | (options & HK_ROUTE_LONG ? 2u : 0)};
	hk_conn_set(ex->conn, HK_CONN_WORK, 0);
	MHD_suspend_connection(ex->connection);
	if (g_atomic_int_get(&ex->web->stopping) || !hk_pool_push(ex->web->pool, &ex->job)) {
		refuse(ex, 503, HK_EAGAIN, NULL,
			"too many requests are waiting; try again in a second");
		finish(ex);
	}
}

/* ---- sending ---- */

static void
unref_bytes(void *bytes)
{
	g_bytes_unref(bytes);
}

static void
free_text(void *text)
{
	g_free(text);
}

static struct MHD_Response *
body_of(exchange *ex, int64_t *ret_bytes)
{
	hk_reply *reply = ex->reply;
	GError *error = NULL;

	*ret_bytes = 0;
	if (reply->stream) {
		return hk_live_attach(g_steal_pointer(&reply->stream), ex->connection, ex->conn);
	}
	if (reply->fd >= 0) {
		/* The tail joins the rest in the file. */
		if (reply->text->len > 0 &&
			!hk_file_write_all(reply->fd,
				hk_span_of(reply->text->str, reply->text->len), NULL, &error)) {
			hk_reply_fail(reply, error, ex->req.parts->id);
			g_error_free(error);
			return body_of(ex, ret_bytes);
		}
		*ret_bytes = reply->spooled;
		int fd = reply->fd;
		reply->fd = -1;
		return MHD_create_response_from_fd64((uint64_t)reply->spooled, fd);
	}
	if (reply->bytes) {
		gsize len;
		const void *data = g_bytes_get_data(reply->bytes, &len);
		*ret_bytes = (int64_t)len;
		return MHD_create_response_from_buffer_with_free_callback_cls(
			len, (void *)(uintptr_t)data, unref_bytes, g_steal_pointer(&reply->bytes));
	}
	if (reply->text) {
		size_t len = reply->text->len;
		char *text = g_string_free(g_steal_pointer(&reply->text), FALSE);
		*ret_bytes = (int64_t)len;
		return MHD_create_response_from_buffer_with_free_callback_cls(
			len, text, free_text, text);
	}
	return MHD_create_response_from_buffer(0, (void *)(uintptr_t) "", MHD_RESPMEM_PERSISTENT);
}

static void
add_headers(exchange *ex, struct MHD_Response *response, const char *etag)
{
	static const char *const always[] = {
		"X-Content-Type-Options",
		"nosniff",
		"X-Frame-Options",
		"DENY",
		"Referrer-Policy",
		"no-referrer",
		"Cross-Origin-Opener-Policy",
		"same-origin",
		"Cross-Origin-Resource-Policy",
		"same-origin",
		"Permissions-Policy",
		"camera=(), geolocation=(), microphone=(), payment=(), usb=()",
	};
	hk_reply *reply = ex->reply;

	for (size_t i = 0; i < G_N_ELEMENTS(always); i += 2) {
		MHD_add_response_header(response, always[i], always[i + 1]);
	}
	MHD_add_response_header(response, "Content-Security-Policy",
		reply->download    ? "default-src 'none'; frame-ancestors 'none'; sandbox"
		: reply->is_static ? HK_UI_CSP
				   : "default-src 'none'; frame-ancestors 'none'; base-uri 'none'");
	MHD_add_response_header(response, "X-Request-Id", ex->req.parts->id);
	if (!reply->cacheable) {
		MHD_add_response_header(response, "Cache-Control", "no-store");
	}
	if (ex->req.parts->secure) {
		MHD_add_response_header(response, "Strict-Transport-Security", "max-age=31536000");
	}
	if (reply->type) {
		MHD_add_response_header(response, "Content-Type", reply->type);
	}
	if (etag) {
		MHD_add_response_header(response, "ETag", etag);
	}
	for (guint i = 0; reply->headers && i + 1 < reply->headers->len; i += 2) {
		MHD_add_response_header(
			response, reply->headers->pdata[i], reply->headers->pdata[i + 1]);
	}
	if (reply->close || g_atomic_int_get(&ex->web->stopping)) {
		MHD_add_response_header(response, "Connection", "close");
	}
}

static enum MHD_Result
answer(exchange *ex)
{
	hk_reply *reply = ex->reply;
	int64_t bytes = 0;

	if (ex->early) {
		bool close_it = reply->close;
		hk_reply_fail(reply, ex->early, ex->req.parts->id);
		g_clear_error(&ex->early);
		reply->close = close_it;
	}
	g_autofree char *etag = hk_reply_etag(reply);
	const char *known = etag && reply->status == 200 && ex->req.method == HK_METHOD_GET
				    ? hk_req_header(&ex->req, "If-None-Match")
				    : NULL;
	if (known && (strcmp(known, "*") == 0 || strstr(known, etag))) {
		hk_reply_empty(reply, 304);
		g_clear_pointer(&reply->bytes, g_bytes_unref);
		if (reply->text) {
			g_string_free(g_steal_pointer(&reply->text), TRUE);
		}
	}
	bool stream = reply->stream != NULL;
	struct MHD_Response *response = body_of(ex, &bytes);
	if (!response) {
		return MHD_NO;
	}
	add_headers(ex, response, etag);
	if (!stream) {
		hk_conn_set(ex->conn, HK_CONN_ANSWER, bytes);
	}
	enum MHD_Result sent =
		MHD_queue_response(ex->connection, (unsigned)reply->status, response);
	MHD_destroy_response(response);
	return sent;
}

static void
drop_body(exchange *ex)
{
	g_clear_pointer(&ex->req.parts->body, g_byte_array_unref);
	ex->web->bodies -= ex->held;
	ex->held = 0;
}

/* Whether a body of that length is one too many. */
static bool
is_crowded(const exchange *ex, size_t len, size_t more)
{
	return len > HK_REQ_JSON_MAX && ex->web->bodies + more > BODIES_MAX;
}

static enum MHD_Result
on_request(void *cls, struct MHD_Connection *connection, const char *url, const char *method,
	const char *version, const char *upload, size_t *upload_size, void **con_cls)
{
	exchange *ex = *con_cls;
	bool body = false;

	(void)cls;
	(void)url;
	(void)version;
	if (ex->stage == FRESH) {
		const union MHD_ConnectionInfo *info =
			MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
		ex->conn = info->socket_context;
		ex->stage = READING;
		begin(ex, method, &body);
		hk_conn_set(ex->conn, HK_CONN_BODY, 0);
		/* A body that nobody wants is not waited for. */
		return ex->early && body ? answer(ex) : MHD_YES;
	}
	if (ex->stage == READING && *upload_size > 0) {
		struct hk_req_parts *parts = ex->req.parts;
		size_t have = parts->body ? parts->body->len : 0;
		bool crowded = is_crowded(ex, have + *upload_size, *upload_size);
		if (ex->discarded > 0 || crowded || have + *upload_size > ex->body_max) {
			if (!ex->early && crowded) {
				refuse(ex, 503, HK_EAGAIN, NULL,
					"too many long requests are on their way; try again in a "
					"minute");
			} else if (!ex->early) {
				refuse(ex, 413, HK_ELIMIT, NULL, "the body is too long");
			}
			ex->reply->close = true;
			drop_body(ex);
			ex->discarded += have + *upload_size;
			if (ex->discarded > ex->body_max + DISCARD_MAX) {
				return MHD_NO;
			}
		} else {
			if (!parts->body) {
				parts->body = g_byte_array_new();
			}
			g_byte_array_append(
				parts->body, (const uint8_t *)upload, (guint)*upload_size);
			ex->held += *upload_size;
			ex->web->bodies += *upload_size;
		}
		hk_conn_set(ex->conn, HK_CONN_BODY, (int64_t)(have + *upload_size));
		*upload_size = 0;
		return MHD_YES;
	}
	if (ex->stage == READING && !ex->early && ex->req.route) {
		hand_over(ex);
		return MHD_YES;
	}
	if (ex->stage == WORKING) {
		return MHD_YES;
	}
	return answer(ex);
}

static void
on_completed(void *cls, struct MHD_Connection *connection, void **con_cls,
	enum MHD_RequestTerminationCode code)
{
	exchange *ex = *con_cls;

	(void)cls;
	(void)connection;
	(void)code;
	if (!ex) {
		return;
	}
	*con_cls = NULL;
	if (ex->conn) {
		hk_conn_set(ex->conn, HK_CONN_IDLE, 0);
	}
	g_clear_error(&ex->early);
	drop_body(ex);
	hk_reply_free(ex->reply);
	hk_req_clear(&ex->req);
	g_free(ex);
}

static void
on_connection(void *cls, struct MHD_Connection *connection, void **socket_context,
	enum MHD_ConnectionNotificationCode code)
{
	hk_web *web = cls;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		const union MHD_ConnectionInfo *info =
			MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
		*socket_context = hk_conn_open(web->conns, info->connect_fd);
	} else if (*socket_context) {
		hk_conn_close(*socket_context);
		*socket_context = NULL;
	}
}

/* The query was parsed from the raw target; the library shall leave it alone. */
static size_t
no_unescape(void *cls, struct MHD_Connection *connection, char *text)
{
	(void)cls;
	(void)connection;
	return strlen(text);
}

static void
on_library_log(void *cls, const char *format, va_list args)
{
	(void)cls;
	g_autofree char *text = g_strdup_vprintf(format, args);

	hk_log(HK_EVENT_WEB_LIBRARY, HK_F_STR("text", g_strchomp(text)));
}

/* Each connection is a file; returns how many there can be. */
static unsigned
raise_files(unsigned wanted)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0) {
		return wanted;
	}
	rlim_t need = (rlim_t)wanted + FILES_BESIDES;
	if (limit.rlim_cur < need) {
		limit.rlim_cur = MIN(need, limit.rlim_max);
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	if (limit.rlim_cur >= need) {
		return wanted;
	}
	unsigned possible = limit.rlim_cur > 2 * FILES_BESIDES
				    ? (unsigned)(limit.rlim_cur - FILES_BESIDES)
				    : (unsigned)(limit.rlim_cur / 2);
	hk_log(HK_EVENT_WEB_FEW_FILES, HK_F_INT("wanted", wanted), HK_F_INT("possible", possible));
	return possible;
}

static char *
read_pem(const char *path, GError **error)
{
	g_autoptr(GBytes) bytes = hk_file_read(path, PEM_MAX, error);

	return bytes ? g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes)) : NULL;
}

bool
hk_server_start(hk_web *web, GError **error)
{
	const hk_web_config *config = &web->config;
	g_autofree char *cert = NULL, *key = NULL;

	if (!config->tls_cert != !config->tls_key) {
		return hk_error_set(error, HK_ECONFIG, "--tls-cert and --tls-key belong together");
	}
	if (config->tls_cert) {
		cert = read_pem(config->tls_cert, error);
		key = cert ? read_pem(config->tls_key, error) : NULL;
		if (!key) {
			return false;
		}
		web->tls = true;
	}
	web->listen_fd = hk_web_listen(config, &web->url, error);
	if (web->listen_fd < 0) {
		return false;
	}
	web->config.connections = raise_files(config->connections);
	web->conns = hk_conns_new(web->config.connections, config->header_ms, config->idle_ms);
	unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC |
			 MHD_USE_ERROR_LOG | (web->tls ? MHD_USE_TLS : 0);
	struct MHD_OptionItem tls[] = {
		{web->tls ? MHD_OPTION_HTTPS_MEM_CERT : MHD_OPTION_END, 0, cert},
		{MHD_OPTION_HTTPS_MEM_KEY, 0, key},
		{MHD_OPTION_HTTPS_PRIORITIES, 0,
			(void *)(uintptr_t) "NORMAL:-VERS-ALL:+VERS-TLS1.2:+VERS-TLS1.3:%SERVER_"
					    "PRECEDENCE"},
		{MHD_OPTION_END, 0, NULL}};
	web->daemon = MHD_start_daemon(flags, 0, NULL, NULL, on_request, web,
		MHD_OPTION_EXTERNAL_LOGGER, on_library_log, NULL, MHD_OPTION_LISTEN_SOCKET,
		web->listen_fd, MHD_OPTION_URI_LOG_CALLBACK, on_uri, web,
		MHD_OPTION_NOTIFY_COMPLETED, on_completed, web, MHD_OPTION_NOTIFY_CONNECTION,
		on_connection, web, MHD_OPTION_UNESCAPE_CALLBACK, no_unescape, NULL,
		MHD_OPTION_CONNECTION_LIMIT, web->config.connections,
		MHD_OPTION_PER_IP_CONNECTION_LIMIT, config->behind_proxy ? 0 : config->per_address,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
		MHD_OPTION_CONNECTION_MEMORY_INCREMENT, (size_t)CONNECTION_GROWTH,
		MHD_OPTION_CONNECTION_TIMEOUT, 0u, MHD_OPTION_STRICT_FOR_CLIENT, 1,
		MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_ARRAY, tls, MHD_OPTION_END);
	if (!web->daemon) {
		return hk_error_set(error, web->tls ? HK_ECONFIG : HK_EIO,
			"the HTTP server does not start%s",
			web->tls ? "; is the certificate for that key?" : "");
	}
	return true;
}

void
hk_server_stop(hk_web *web, unsigned wait_ms)
{
	size_t active = 1;

	if (!web->daemon) {
		if (web->listen_fd >= 0) {
			close(web->listen_fd);
		}
		return;
	}
	g_atomic_int_set(&web->stopping, 1);
	MHD_socket fd = MHD_quiesce_daemon(web->daemon);
	if (fd >= 0) {
		close(fd);
	}
	hk_live_stop(web->live);
	for (unsigned waited = 0; active > 0 && waited < wait_ms; waited += 20) {
		hk_conns_count(web->conns, &active);
		active += hk_pool_busy(web->pool);
		if (active > 0) {
			g_usleep(20000);
		}
	}
	/* What still runs must end before the loop does: it is resumed by its thread. */
	hk_pool_free(g_steal_pointer(&web->pool));
	MHD_stop_daemon(web->daemon);
	web->daemon = NULL;
	hk_conns_free(g_steal_pointer(&web->conns));
}
