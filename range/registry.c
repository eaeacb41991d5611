#include "registry.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cttls.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"

enum { LINE_MAX_BYTES = 512, WAIT_MS = 2000, SILENT_MAX = 64 };

struct rg_registry {
	rg_registry_config config;
	char *ca, *cert, *key;
	struct MHD_Daemon *http, *https;
	int dns, whois, stop;
	unsigned ports[4];      /* dns, http, https, whois */
	GHashTable *asked;      /* WHOIS question -> how often */
	int silent[SILENT_MAX]; /* connections that are never answered */
	unsigned silent_count;
	GMutex mutex; /* log */
	FILE *log;
};

static void
note(rg_registry *r, const char *protocol, const char *question, const char *detail)
{
	g_autoptr(GString) out = g_string_new("{");

	if (!r->log) {
		return;
	}
	hk_jsonw_key(out, "protocol");
	hk_jsonw_str(out, protocol);
	hk_jsonw_key(out, "question");
	hk_jsonw_str(out, question);
	hk_jsonw_key(out, "detail");
	hk_jsonw_str(out, detail);
	hk_jsonw_close(out, '}');
	g_mutex_lock(&r->mutex);
	fprintf(r->log, "%s\n", out->str);
	fflush(r->log);
	g_mutex_unlock(&r->mutex);
}

static json_t *
load(const rg_registry *r)
{
	return json_load_file(r->config.data, 0, NULL);
}

/* ---- HTTP ---- */

static enum MHD_Result
on_request(void *user, struct MHD_Connection *c, const char *url, const char *method,
	const char *version, const char *upload, size_t *upload_size, void **state)
{
	rg_registry *r = user;
	const char *host = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Host");
	const char *match = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "If-None-Match");
	g_autofree char *key = g_strconcat(host ? host : "", url, NULL);

	(void)method;
	(void)version;
	(void)upload;
	(void)upload_size;
	(void)state;
	note(r, "http", key, match ? match : "");
	json_t *data = load(r);
	rg_registry_reply reply = {.status = data ? 404 : 500};
	if (!rg_registry_http(data, key, match, &reply)) {
		reply.body = g_strdup("");
	}
	enum MHD_Result result = rg_registry_send(c, &reply);
	g_free(reply.body);
	json_decref(data);
	return result;
}

/* ---- WHOIS ---- */

/* The answer to a question that was asked count times before; NULL: none. */
static const json_t *
row_of(const json_t *data, const char *question, unsigned count)
{
	const json_t *whois = json_object_get(data, "whois");
	const json_t *list = json_object_get(whois, question);
	list = list ? list : json_object_get(whois, "*");
	size_t size = json_array_size(list);

	return size > 0 ? json_array_get(list, count % size) : NULL;
}

static void
send_row(int fd, const json_t *row)
{
	const char *text = json_string_value(json_object_get(row, "text"));
	const char *charset = json_string_value(json_object_get(row, "charset"));
	gsize len = 0;

	text = text ? text : "No match.\r\n";
	g_autofree char *bytes =
		charset ? g_convert(text, -1, charset, "UTF-8", NULL, &len, NULL) : g_strdup(text);
	len = charset ? len : strlen(text);
	for (gsize at = 0; bytes && at < len;) {
		ssize_t n = send(fd, bytes + at, len - at, MSG_NOSIGNAL);
		if (n <= 0) {
			return;
		}
		at += (gsize)n;
	}
}

static void
serve_whois(rg_registry *r)
{
	int fd = accept4(r->whois, NULL, NULL, SOCK_CLOEXEC);
	char line[LINE_MAX_BYTES];
	size_t len = 0;

	while (fd >= 0 && len + 1 < sizeof line && !memchr(line, '\n', len)) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		ssize_t n = poll(&p, 1, WAIT_MS) > 0
				    ? recv(fd, line + len, sizeof line - 1 - len, 0)
				    : 0;
		if (n <= 0) {
			break;
		}
		len += (size_t)n;
	}
	if (fd < 0) {
		return;
	}
	line[len] = '\0';
	g_strchomp(line);
	unsigned count = GPOINTER_TO_UINT(g_hash_table_lookup(r->asked, line));
	g_hash_table_replace(r->asked, g_strdup(line), GUINT_TO_POINTER(count + 1));
	note(r, "whois", line, "");
	json_t *data = load(r);
	const json_t *row = row_of(data, line, count);
	if (json_is_true(json_object_get(row, "silent")) && r->silent_count < SILENT_MAX) {
		r->silent[r->silent_count++] = fd;
	} else {
		send_row(fd, row);
		close(fd);
	}
	json_decref(data);
}

/* ---- DNS ---- */

static void
serve_dns(rg_registry *r)
{
	uint8_t question[1500], answer[4096];
	struct sockaddr_storage from;
	socklen_t from_len = sizeof from;
	g_autofree char *what = NULL;
	ssize_t n =
		recvfrom(r->dns, question, sizeof question, 0, (struct sockaddr *)&from, &from_len);

	if (n <= 0) {
		return;
	}
	json_t *data = load(r);
	size_t len = rg_registry_dns(data, question, (size_t)n, answer, sizeof answer, &what);
	json_decref(data);
	note(r, "dns", what ? what : "?", "");
	if (len > 0) {
		sendto(r->dns, answer, len, 0, (struct sockaddr *)&from, from_len);
	}
}

/* ---- Life ---- */

static int
listen_on(int type, uint16_t port, unsigned *ret_port, GError **error)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof at;
	int one = 1;
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) != 0 ||
		(type == SOCK_STREAM && listen(fd, 64) != 0) ||
		getsockname(fd, (struct sockaddr *)&at, &len) != 0) {
		hk_error_errno(error, errno, "port %u", port);
		return -1;
	}
	*ret_port = ntohs(at.sin_port);
	return fd;
}

static struct MHD_Daemon *
serve_http(rg_registry *r, bool tls, uint16_t port, unsigned *ret_port, GError **error)
{
	unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | (tls ? MHD_USE_TLS : 0);
	int fd = listen_on(SOCK_STREAM, port, ret_port, error);
	struct MHD_Daemon *d = NULL;

	if (fd < 0) {
		return NULL;
	}
	if (tls) {
		d = MHD_start_daemon(flags, 0, NULL, NULL, on_request, r, MHD_OPTION_LISTEN_SOCKET,
			fd, MHD_OPTION_HTTPS_MEM_CERT, r->cert, MHD_OPTION_HTTPS_MEM_KEY, r->key,
			MHD_OPTION_END);
	} else {
		d = MHD_start_daemon(flags, 0, NULL, NULL, on_request, r, MHD_OPTION_LISTEN_SOCKET,
			fd, MHD_OPTION_END);
	}
	if (!d) {
		hk_error_set(error, HK_EIO, "the HTTP server does not start");
	}
	return d;
}

static bool
start(rg_registry *r, GError **error)
{
	const rg_registry_config *c = &r->config;
	sigset_t signals;

	r->dns = listen_on(SOCK_DGRAM, c->port_dns, &r->ports[0], error);
	r->whois = r->dns >= 0 ? listen_on(SOCK_STREAM, c->port_whois, &r->ports[3], error) : -1;
	if (r->whois < 0) {
		return false;
	}
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL); /* before the threads of the HTTP servers */
	r->stop = signalfd(-1, &signals, SFD_CLOEXEC);
	r->http = serve_http(r, false, c->port_http, &r->ports[1], error);
	r->https = r->http ? serve_http(r, true, c->port_https, &r->ports[2], error) : NULL;
	return r->https != NULL;
}

rg_registry *
rg_registry_new(const rg_registry_config *config, GError **error)
{
	g_autoptr(rg_registry) r = g_new0(rg_registry, 1);

	r->config = *config;
	r->dns = r->whois = r->stop = -1;
	g_mutex_init(&r->mutex);
	r->asked = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	r->ca = g_build_filename(config->dir, "ca.pem", NULL);
	json_t *data = load(r);
	if (!data) {
		hk_error_set(error, HK_EFORM, "%s: not there, or not JSON", config->data);
		return NULL;
	}
	g_autofree char *names = rg_registry_names(data);
	json_decref(data);
	if (config->request_log && !(r->log = fopen(config->request_log, "we"))) {
		hk_error_errno(error, errno, "%s", config->request_log);
		return NULL;
	}
	if (!rg_tls_self(r->ca, names, &r->cert, &r->key, error) || !start(r, error)) {
		return NULL;
	}
	return g_steal_pointer(&r);
}

void
rg_registry_free(rg_registry *r)
{
	if (!r) {
		return;
	}
	if (r->http) {
		MHD_stop_daemon(r->http);
	}
	if (r->https) {
		MHD_stop_daemon(r->https);
	}
	for (unsigned i = 0; i < r->silent_count; i++) {
		close(r->silent[i]);
	}
	int fds[] = {r->dns, r->whois, r->stop};
	for (size_t i = 0; i < G_N_ELEMENTS(fds); i++) {
		if (fds[i] >= 0) {
			close(fds[i]);
		}
	}
	if (r->log) {
		fclose(r->log);
	}
	g_hash_table_unref(r->asked);
	g_mutex_clear(&r->mutex);
	g_free(r->ca);
	g_free(r->cert);
	g_free(r->key);
	g_free(r);
}

char *
rg_registry_ready(const rg_registry *r)
{
	static const char *const names[] = {"dns", "http", "https", "whois"};
	GString *out = g_string_new("{");

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		hk_jsonw_key(out, names[i]);
		hk_jsonw_int(out, r->ports[i]);
	}
	hk_jsonw_key(out, "ca");
	hk_jsonw_str(out, r->ca);
	hk_jsonw_close(out, '}');
	return g_string_free(out, FALSE);
}

void
rg_registry_run(rg_registry *r)
{
	struct pollfd fds[] = {{.fd = r->stop, .events = POLLIN}, {.fd = r->dns, .events = POLLIN},
		{.fd = r->whois, .events = POLLIN}};

	while (!(fds[0].revents & POLLIN)) {
		if (poll(fds, G_N_ELEMENTS(fds), -1) <= 0) {
			continue;
		}
		if (fds[1].revents) {
			serve_dns(r);
		}
		if (fds[2].revents) {
			serve_whois(r);
		}
	}
}
