#include "httpd.h"

#include <arpa/inet.h>

#include "sys/gerr.h"

struct rg_httpd {
	struct MHD_Daemon *daemon;
	rg_httpd_answer answer;
	void *user;
	size_t body_max;
};

enum MHD_Result
rg_httpd_reply(
	struct MHD_Connection *c, unsigned status, const char *type, const void *data, size_t len)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(
		len, (void *)(uintptr_t)data, MHD_RESPMEM_MUST_COPY);

	MHD_add_response_header(r, "Content-Type", type);
	enum MHD_Result result = MHD_queue_response(c, status, r);
	MHD_destroy_response(r);
	return result;
}

static enum MHD_Result
handle(void *cls, struct MHD_Connection *c, const char *url, const char *method,
	const char *version, const char *upload, size_t *upload_size, void **con_cls)
{
	rg_httpd *h = cls;
	GString *body = *con_cls;

	(void)version;
	if (!body) {
		*con_cls = g_string_new(NULL);
		return MHD_YES;
	}
	if (*upload_size > 0) {
		if (body->len + *upload_size <= h->body_max) {
			g_string_append_len(body, upload, (gssize)*upload_size);
		}
		*upload_size = 0;
		return MHD_YES;
	}
	return h->answer(h->user, c, method, url, body);
}

static void
completed(void *cls, struct MHD_Connection *c, void **con_cls, enum MHD_RequestTerminationCode code)
{
	(void)cls;
	(void)c;
	(void)code;
	if (*con_cls) {
		g_string_free(*con_cls, TRUE);
	}
}

static rg_httpd *
start(uint16_t port, size_t body_max, unsigned flags, rg_httpd_answer answer, void *user,
	GError **error)
{
	rg_httpd *h = g_new0(rg_httpd, 1);
	struct sockaddr_in address = {.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	h->answer = answer;
	h->user = user;
	h->body_max = body_max;
	h->daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | flags, port, NULL, NULL,
		handle, h, MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_NOTIFY_COMPLETED, completed,
		NULL, MHD_OPTION_END);
	if (!h->daemon) {
		hk_error_set(error, HK_EIO, "cannot listen on 127.0.0.1 port %u", port);
		g_free(h);
		return NULL;
	}
	return h;
}

rg_httpd *
rg_httpd_start(uint16_t port, rg_httpd_answer answer, void *user, GError **error)
{
	return start(port, RG_HTTPD_BODY_MAX, MHD_USE_AUTO, answer, user, error);
}

rg_httpd *
rg_httpd_start_with(
	uint16_t port, size_t body_max, rg_httpd_answer answer, void *user, GError **error)
{
	return start(port, body_max, MHD_USE_THREAD_PER_CONNECTION, answer, user, error);
}

uint16_t
rg_httpd_port(const rg_httpd *h)
{
	return MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
}

void
rg_httpd_stop(rg_httpd *h)
{
	if (h) {
		MHD_stop_daemon(h->daemon);
		g_free(h);
	}
}
