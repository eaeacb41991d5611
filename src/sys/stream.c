/* nocheck: tested in tests/scenario/mail-imap.t against a real server */
#include "sys/stream.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include <curl/curl.h>

#include "sys/egress_curl.h"
#include "sys/gerr.h"

struct hk_stream {
	CURL *curl;
	hk_egress_curl egress;
	curl_socket_t fd;
	hk_stream_config config;
	char why[CURL_ERROR_SIZE];
};

static bool
is_here(const char *host)
{
	return strcmp(host, "localhost") == 0 || strcmp(host, "::1") == 0 ||
	       (g_str_has_prefix(host, "127.") && host[strspn(host, "0123456789.")] == '\0');
}

/* Nothing but what a host may hold goes into the URL. */
static bool
is_host(const char *host)
{
	size_t n = strlen(host);

	return n > 0 && n <= 253 &&
	       host[strspn(host,
		       "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:")] ==
		       '\0';
}

static void
set_options(hk_stream *s)
{
	CURL *c = s->curl;

	curl_easy_setopt(c, CURLOPT_CONNECT_ONLY, 1L);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, s->why);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)s->config.connect_ms);
	curl_easy_setopt(c, CURLOPT_SSL_ENABLE_ALPN, 0L);
	curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(c, CURLOPT_TCP_KEEPALIVE, 1L);
	if (s->config.ca_file) {
		curl_easy_setopt(c, CURLOPT_CAINFO, s->config.ca_file);
		curl_easy_setopt(c, CURLOPT_CAPATH, NULL);
	}
}

hk_stream *
hk_stream_open(const hk_stream_config *config, GError **error)
{
	if (!is_host(config->host) || config->port < 1 || config->port > 65535) {
		hk_error_set(error, HK_EPOLICY, "'%s' is no name of a server", config->host);
		return NULL;
	}
	if (!config->tls && !is_here(config->host)) {
		hk_error_set(error, HK_EPOLICY,
			"%s: a password goes to another machine through TLS only", config->host);
		return NULL;
	}
	static const hk_egress_who who = {.purpose = "mail", .own = true};
	bool v6 = strchr(config->host, ':') != NULL;
	g_autofree char *url = g_strdup_printf("%s://%s%s%s:%u/", config->tls ? "https" : "http",
		v6 ? "[" : "", config->host, v6 ? "]" : "", config->port);
	g_autoptr(hk_stream) s = g_new0(hk_stream, 1);

	s->config = *config;
	s->curl = curl_easy_init();
	if (!s->curl) {
		HK_BUG("curl_easy_init");
	}
	set_options(s);
	if (!hk_egress_curl_own(&s->egress, s->curl, hk_egress_house(), &who, url, error)) {
		return NULL;
	}

	CURLcode code = curl_easy_perform(s->curl);

	if (code == CURLE_OK) {
		code = curl_easy_getinfo(s->curl, CURLINFO_ACTIVESOCKET, &s->fd);
	}
	if (code != CURLE_OK && hk_egress_curl_why(&s->egress, error)) {
		return NULL;
	}
	if (code != CURLE_OK || s->fd == CURL_SOCKET_BAD) {
		hk_error_set(error, HK_EREMOTE, "%s port %u: %s", config->host, config->port,
			*s->why ? s->why : curl_easy_strerror(code));
		return NULL;
	}
	/* The caller's strings may go. */
	s->config.host = s->config.ca_file = NULL;
	return g_steal_pointer(&s);
}

void
hk_stream_close(hk_stream *s)
{
	if (s) {
		if (s->curl) {
			curl_easy_cleanup(s->curl);
		}
		hk_egress_curl_clear(&s->egress);
		g_free(s);
	}
}

static bool
await(const hk_stream *s, short events, GError **error)
{
	struct pollfd fds[2] = {
		{.fd = s->fd, .events = events}, {.fd = s->config.stop_fd, .events = POLLIN}};
	int ready;

	if (hk_egress_killed(s->egress.egress)) {
		return hk_error_set(error, HK_EPOLICY, "the kill switch is on");
	}
	while ((ready = poll(fds, s->config.stop_fd >= 0 ? 2 : 1, (int)s->config.idle_ms)) < 0 &&
		errno == EINTR) {
	}
	if (ready < 0) {
		return hk_error_errno(error, errno, "cannot wait for the server");
	}
	if (ready == 0) {
		return hk_error_set(
			error, HK_EREMOTE, "the server was silent for %u ms", s->config.idle_ms);
	}
	if (s->config.stop_fd >= 0 && fds[1].revents != 0) {
		return hk_error_set(error, HK_EAGAIN, "asked to stop");
	}
	return true;
}

bool
hk_stream_write(hk_stream *s, hk_span bytes, GError **error)
{
	while (bytes.len > 0) {
		size_t sent = 0;
		CURLcode code = curl_easy_send(s->curl, bytes.data, bytes.len, &sent);

		if (code == CURLE_OK) {
			bytes = hk_span_of(bytes.data + sent, bytes.len - sent);
		} else if (code != CURLE_AGAIN) {
			return hk_error_set(
				error, HK_EREMOTE, "cannot send: %s", curl_easy_strerror(code));
		} else if (!await(s, POLLOUT, error)) {
			return false;
		}
	}
	return true;
}

ssize_t
hk_stream_read(hk_stream *s, void *ret, size_t max, GError **error)
{
	for (;;) {
		size_t got = 0;
		CURLcode code = curl_easy_recv(s->curl, ret, max, &got);

		if (code == CURLE_OK) {
			return (ssize_t)got;
		}
		if (code != CURLE_AGAIN) {
			hk_error_set(error, HK_EREMOTE, "the connection broke: %s",
				curl_easy_strerror(code));
			return -1;
		}
		if (!await(s, POLLIN, error)) {
			return -1;
		}
	}
}
