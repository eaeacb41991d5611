#include "ctserve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/num.h"
#include "ctserve_int.h"
#include "feeds.h"
#include "sys/clock.h"
#include "sys/gerr.h"

enum {
	BODY_MAX = 4 << 20, /* of a POST */
	CONNECTIONS_MAX = 1000,
	IDLE_S = 60,
	GROW_EVERY_US = 20000,
	IDLE_PUBLICATIONS = 10, /* an unchanged tree is signed again after so many periods */
};

typedef struct exchange {
	GByteArray *body; /* owned */
	bool too_long;
} exchange;

static const struct {
	const char *method;
	const char *path;
	bool exact;
	unsigned api;
	unsigned at;
	void (*handle)(rg_server *, const rg_request *, rg_reply *);
} routes[] = {
#define ROUTE(method, path, exact, api, at, handler)                                               \
	{method, path, exact, api, at, rg_serve_##handler},
#include "routes.def"
#undef ROUTE
};

const char *
rg_request_arg(const rg_request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);
}

bool
rg_request_u64(const rg_request *request, const char *name, uint64_t *ret)
{
	const char *text = rg_request_arg(request, name);

	return text && hk_parse_u64(hk_span_str(text), INT64_MAX, ret) == HK_OK;
}

bool
rg_request_accepts_gzip(const rg_request *request)
{
	const char *text = MHD_lookup_connection_value(
		request->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT_ENCODING);
	const char *at = text ? strstr(text, "gzip") : NULL;

	return at && !g_str_has_prefix(at, "gzip;q=0,") && strcmp(at, "gzip;q=0") != 0;
}

static void
answer(rg_server *server, rg_request *request, rg_reply *reply)
{
	bool known = false;

	for (size_t i = 0; i < G_N_ELEMENTS(routes); i++) {
		size_t len = strlen(routes[i].path);
		if (!(routes[i].api & server->config.api) ||
			strncmp(request->path, routes[i].path, len) != 0 ||
			(routes[i].exact && request->path[len] != '\0')) {
			continue;
		}
		known = true;
		if (strcmp(request->method, routes[i].method) != 0 &&
			!(strcmp(request->method, "HEAD") == 0 &&
				strcmp(routes[i].method, "GET") == 0)) {
			continue;
		}
		request->rest = request->path + len;
		request->at = routes[i].at;
		if (!request->at || !rg_server_spoil_before(server, request, reply)) {
			routes[i].handle(server, request, reply);
			if (request->at) {
				rg_server_spoil_after(server, request, reply);
			}
		}
		return;
	}
	if (known) {
		rg_reply_text(
			reply, MHD_HTTP_METHOD_NOT_ALLOWED, "another method is needed here\n");
	}
}

static enum MHD_Result
handle(void *cls, struct MHD_Connection *connection, const char *url, const char *method,
	const char *version, const char *upload, size_t *upload_size, void **con_cls)
{
	rg_server *server = cls;
	exchange *ex = *con_cls;

	(void)version;
	if (!ex) {
		*con_cls = ex = g_new0(exchange, 1);
		ex->body = g_byte_array_new();
		return MHD_YES;
	}
	if (*upload_size > 0) {
		ex->too_long = ex->too_long || ex->body->len + *upload_size > BODY_MAX;
		if (!ex->too_long) {
			g_byte_array_append(ex->body, (const uint8_t *)upload, (guint)*upload_size);
		}
		*upload_size = 0;
		return MHD_YES;
	}
	rg_request request = {
		.connection = connection, .method = method, .path = url, .body = ex->body};
	rg_reply reply = {0};
	if (ex->too_long) {
		rg_reply_text(&reply, MHD_HTTP_CONTENT_TOO_LARGE, "at most 4 MiB\n");
	} else {
		answer(server, &request, &reply);
	}
	return rg_server_send(server, &request, &reply);
}

static void
completed(void *cls, struct MHD_Connection *connection, void **con_cls,
	enum MHD_RequestTerminationCode code)
{
	exchange *ex = *con_cls;

	(void)cls;
	(void)connection;
	(void)code;
	if (ex) {
		g_byte_array_unref(ex->body);
		g_free(ex);
		*con_cls = NULL;
	}
}

/* A listening socket on a loopback address and nowhere else. */
static int
listen_on(const char *address, uint16_t port, GError **error)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	bool is_v4 = inet_pton(AF_INET, address, &v4.sin_addr) == 1;
	bool is_v6 = inet_pton(AF_INET6, address, &v6.sin6_addr) == 1;
	int on = 1;

	if (!(is_v4 && ntohl(v4.sin_addr.s_addr) >> 24 == 127) &&
		!(is_v6 && IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr))) {
		hk_error_set(error, HK_EPOLICY,
			"%s is not a loopback address; the range listens on 127.0.0.0/8 or ::1 "
			"only",
			address);
		return -1;
	}
	int fd = socket(is_v4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
		bind(fd, is_v4 ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6,
			is_v4 ? sizeof v4 : sizeof v6) < 0 ||
		listen(fd, 511) < 0) {
		hk_error_errno(error, errno, "cannot listen on %s port %u", address, port);
		if (fd >= 0) {
			close(fd);
		}
		return -1;
	}
	return fd;
}

static uint16_t
port_of(int fd)
{
	struct sockaddr_storage any;
	socklen_t len = sizeof any;

	if (getsockname(fd, (struct sockaddr *)&any, &len) < 0) {
		return 0;
	}
	return ntohs(any.ss_family == AF_INET ? ((struct sockaddr_in *)&any)->sin_port
					      : ((struct sockaddr_in6 *)&any)->sin6_port);
}

static bool
start(rg_server *server, int fd, GError **error)
{
	const rg_serve_config *config = &server->config;
	unsigned flags = MHD_USE_EPOLL | MHD_USE_TURBO | MHD_ALLOW_SUSPEND_RESUME |
			 (config->tls_cert ? MHD_USE_TLS : 0);
	struct MHD_OptionItem tls[] = {
		{config->tls_cert ? MHD_OPTION_HTTPS_MEM_CERT : MHD_OPTION_END, 0,
			(void *)(uintptr_t)config->tls_cert},
		{MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)config->tls_key},
		{MHD_OPTION_END, 0, NULL}};

	server->daemon = MHD_start_daemon(flags, 0, NULL, NULL, handle, server,
		MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_NOTIFY_COMPLETED, completed, NULL,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)128 << 10, MHD_OPTION_ARRAY, tls, MHD_OPTION_END);
	if (!server->daemon) {
		close(fd);
		return hk_error_set(error, HK_EIO, "the HTTP server does not start%s",
			config->tls_cert ? "; is the certificate for that key?" : "");
	}
	return true;
}

rg_server *
rg_server_new(const rg_serve_config *config, GError **error)
{
	g_autoptr(rg_server) server = g_new0(rg_server, 1);
	const char *address = config->listen ? config->listen : "127.0.0.1";

	server->config = *config;
	server->log = config->log;
	server->faults = config->faults;
	server->cache = rg_cache_new(config->cache_bytes);
	server->asleep = g_ptr_array_new();
	if (config->request_log) {
		server->request_log = fopen(config->request_log, "ae");
		if (!server->request_log) {
			hk_error_errno(error, errno, "%s: cannot open", config->request_log);
			return NULL;
		}
	}
	int fd = listen_on(address, config->port, error);
	if (fd < 0) {
		return NULL;
	}
	server->port = port_of(fd);
	server->url = g_strdup_printf(strchr(address, ':') ? "%s://[%s]:%u/" : "%s://%s:%u/",
		config->tls_cert ? "https" : "http", address, server->port);
	return start(server, fd, error) ? g_steal_pointer(&server) : NULL;
}

void
rg_server_free(rg_server *server)
{
	if (!server) {
		return;
	}
	if (server->daemon) {
		rg_server_wake(server, true);
		MHD_stop_daemon(server->daemon);
	}
	if (server->request_log) {
		fclose(server->request_log);
	}
	g_ptr_array_unref(server->asleep);
	rg_cache_free(server->cache);
	g_free(server->url);
	g_free(server);
}

const char *
rg_server_url(const rg_server *server)
{
	return server->url;
}

uint16_t
rg_server_port(const rg_server *server)
{
	return server->port;
}

void
rg_server_warm(rg_server *server)
{
	uint64_t size = rg_log_head(server->log, 0)->size;
	size_t room = server->config.cache_bytes;

	if (server->config.tile_gzip != RG_GZIP_NEVER &&
		server->config.api & (RG_API_STATIC | RG_API_HYBRID)) {
		for (uint64_t i = 0; i < size / RG_TILE && rg_cache_bytes(server->cache) < room;
			i++) {
			rg_blob_unref(rg_server_tile_gzip(server, i));
		}
	}
	if (server->config.api & (RG_API_RFC | RG_API_HYBRID)) {
		for (uint64_t at = 0;
			at + server->config.page <= size && rg_cache_bytes(server->cache) < room;
			at += server->config.page) {
			rg_blob_unref(rg_server_page(server, at));
		}
	}
}

static bool
grow(rg_server *server, GError **error)
{
	int64_t now_us = hk_clock_mono_us();

	server->owed += server->config.rate * (double)(now_us - server->grown_at_us) / 1e6;
	server->grown_at_us = now_us;
	uint64_t count = (uint64_t)server->owed;
	server->owed -= (double)count;
	if (server->config.feeds) {
		rg_feeds_grow(server->config.feeds, count);
		return true;
	}
	return count == 0 || rg_log_grow(server->log, count, (uint64_t)hk_clock_wall_ms(), error);
}

bool
rg_server_publish(rg_server *server, GError **error)
{
	server->idle_publications = 0;
	return rg_log_publish(server->log, (uint64_t)hk_clock_wall_ms(), error);
}

/* Lets the log grow and publishes when it is time. *ret_us: to the next time. */
static bool
tick(rg_server *server, int64_t *ret_us, GError **error)
{
	int64_t now_us = hk_clock_mono_us();
	bool growing = server->config.rate > 0;
	bool is_log = server->log != NULL;

	if (growing && now_us - server->grown_at_us >= GROW_EVERY_US && !grow(server, error)) {
		return false;
	}
	if (is_log && now_us >= server->publish_at_us) {
		bool changed = rg_log_appended(server->log) != rg_log_head(server->log, 0)->size;
		server->publish_at_us = now_us + (int64_t)server->config.publish_ms * 1000;
		server->idle_publications++;
		if ((changed || server->idle_publications >= IDLE_PUBLICATIONS) &&
			!rg_server_publish(server, error)) {
			return false;
		}
	}
	*ret_us = is_log ? server->publish_at_us - now_us : G_USEC_PER_SEC;
	if (growing) {
		*ret_us = MIN(*ret_us, GROW_EVERY_US);
	}
	return true;
}

static int
wait_ms(rg_server *server, int64_t us)
{
	MHD_UNSIGNED_LONG_LONG mhd_ms;
	int64_t wake_us = rg_server_wake(server, false);

	if (wake_us >= 0) {
		us = MIN(us, wake_us);
	}
	us = MIN(us, 1000000);
	if (MHD_get_timeout(server->daemon, &mhd_ms) == MHD_YES) {
		us = MIN(us, (int64_t)MIN(mhd_ms, 1000) * 1000);
	}
	return (int)((MAX(us, 0) + 999) / 1000);
}

static bool
loop(rg_server *server, int epoll_fd, int signal_fd, GError **error)
{
	struct epoll_event events[2];
	int64_t next_us = 0;

	while (!server->stop) {
		if (!tick(server, &next_us, error)) {
			return false;
		}
		int n = epoll_wait(epoll_fd, events, 2, wait_ms(server, next_us));
		for (int i = 0; i < n; i++) {
			if (events[i].data.fd == signal_fd) {
				return true;
			}
		}
		MHD_run(server->daemon);
	}
	/* Whoever asked us to stop gets the answer. */
	for (int i = 0; i < 20; i++) {
		MHD_run(server->daemon);
		g_usleep(1000);
	}
	return true;
}

bool
rg_server_run(rg_server *server, GError **error)
{
	const union MHD_DaemonInfo *info =
		MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	int signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event event = {.events = EPOLLIN, .data.fd = info->epoll_fd};
	epoll_ctl(epoll_fd, EPOLL_CTL_ADD, info->epoll_fd, &event);
	event.data.fd = signal_fd;
	epoll_ctl(epoll_fd, EPOLL_CTL_ADD, signal_fd, &event);
	server->grown_at_us = hk_clock_mono_us();
	server->publish_at_us = server->grown_at_us + (int64_t)server->config.publish_ms * 1000;
	bool good = loop(server, epoll_fd, signal_fd, error);
	close(epoll_fd);
	close(signal_fd);
	return good;
}
