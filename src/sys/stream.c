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
	bool smtp;
	char why[CURL_ERROR_SIZE];
};

bool
hk_stream_is_here(const char *host)
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

/* A host that may be spoken to. plain: it may be that no TLS is spoken at all. */
static bool
check_host(const hk_stream_config *config, bool plain, GError **error)
{
	if (!is_host(config->host) || config->port < 1 || config->port > 65535) {
		return hk_error_set(error, HK_EPOLICY, "'%s' is no name of a server", config->host);
	}
	if (plain && !hk_stream_is_here(config->host)) {
		return hk_error_set(error, HK_EPOLICY,
			"%s: a password goes to another machine through TLS only", config->host);
	}
	return true;
}

static hk_stream *
new_stream(const hk_stream_config *config)
{
	hk_stream *s = g_new0(hk_stream, 1);

	s->config = *config;
	s->curl = curl_easy_init();
	if (!s->curl) {
		HK_BUG("curl_easy_init");
	}
	set_options(s);
	return s;
}

/* What a failed connection means: a refusal of ours, theirs, or bad luck. */
static void
explain(const hk_stream *s, CURLcode code, GError **error)
{
	long said = 0;

	if (hk_egress_curl_why(&s->egress, error)) {
		return;
	}
	curl_easy_getinfo(s->curl, CURLINFO_RESPONSE_CODE, &said);
	hk_err err = HK_EREMOTE;

	if (code == CURLE_USE_SSL_FAILED && said < 400) {
		hk_error_set(error, HK_EPOLICY,
			"%s port %u offers no STARTTLS, and mail goes to another machine through "
			"TLS only",
			s->config.host, s->config.port);
		return;
	}
	if ((code == CURLE_LOGIN_DENIED && said / 100 != 4) ||
		(code == CURLE_PEER_FAILED_VERIFICATION && s->smtp)) {
		err = HK_ECONFIG;
	}
	hk_error_set(error, err, "%s port %u: %s%s", s->config.host, s->config.port,
		code == CURLE_LOGIN_DENIED ? "the login is refused: " : "",
		*s->why ? s->why : curl_easy_strerror(code));
}

static bool
connect_to(hk_stream *s, const char *url, GError **error)
{
	static const hk_egress_who who = {.purpose = "mail", .own = true};

	if (!hk_egress_curl_own(&s->egress, s->curl, hk_egress_house(), &who, url, error)) {
		return false;
	}
	CURLcode code = curl_easy_perform(s->curl);

	if (code == CURLE_OK) {
		code = curl_easy_getinfo(s->curl, CURLINFO_ACTIVESOCKET, &s->fd);
	}
	if (code == CURLE_OK && s->fd != CURL_SOCKET_BAD) {
		/* The caller's strings may go. */
		s->config.host = s->config.ca_file = NULL;
		return true;
	}
	explain(s, code == CURLE_OK ? CURLE_COULDNT_CONNECT : code, error);
	return false;
}

static char *
url_of(const hk_stream_config *config, const char *scheme, const char *path)
{
	bool v6 = strchr(config->host, ':') != NULL;

	return g_strdup_printf("%s://%s%s%s:%u/%s", scheme, v6 ? "[" : "", config->host,
		v6 ? "]" : "", config->port, path);
}

hk_stream *
hk_stream_open(const hk_stream_config *config, GError **error)
{
	if (!check_host(config, !config->tls, error)) {
		return NULL;
	}
	g_autofree char *url = url_of(config, config->tls ? "https" : "http", "");
	g_autoptr(hk_stream) s = new_stream(config);

	return connect_to(s, url, error) ? g_steal_pointer(&s) : NULL;
}

hk_stream *
hk_stream_open_smtp(const hk_stream_config *config, const hk_stream_login *login, GError **error)
{
	if (!check_host(config, false, error)) {
		return NULL;
	}
	if (!is_host(login->hello)) {
		hk_error_set(error, HK_EPOLICY, "'%s' is no name to greet with", login->hello);
		return NULL;
	}
	g_autofree char *url = url_of(config, config->tls ? "smtps" : "smtp", login->hello);
	g_autoptr(hk_stream) s = new_stream(config);
	/* This machine's own server may have a certificate of nobody's: it is asked for one when somebody vouches. */
	long starttls = hk_stream_is_here(config->host) && !config->ca_file ? CURLUSESSL_NONE
									    : CURLUSESSL_ALL;

	s->smtp = true;
	curl_easy_setopt(s->curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	curl_easy_setopt(s->curl, CURLOPT_USE_SSL, starttls);
	curl_easy_setopt(
		s->curl, CURLOPT_SERVER_RESPONSE_TIMEOUT, (long)MAX(config->connect_ms / 1000, 1));
	if (login->user) {
		curl_easy_setopt(s->curl, CURLOPT_USERNAME, login->user);
		curl_easy_setopt(s->curl, CURLOPT_PASSWORD, login->password);
		curl_easy_setopt(s->curl, CURLOPT_LOGIN_OPTIONS, "AUTH=PLAIN;AUTH=LOGIN");
	}
	return connect_to(s, url, error) ? g_steal_pointer(&s) : NULL;
}

void
hk_stream_patience(hk_stream *s, unsigned idle_ms)
{
	s->config.idle_ms = idle_ms;
}

void
hk_stream_stoppable(hk_stream *s, int fd)
{
	s->config.stop_fd = fd;
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
		g_autofree char *why = hk_egress_killed_why(s->egress.egress);
		return hk_error_set(error, HK_EPOLICY, "%s", why);
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

/* Also when bytes are there: who is asked to stop does not read on because the other side is quick. */
static bool
is_stopped(const hk_stream *s, GError **error)
{
	struct pollfd fd = {.fd = s->config.stop_fd, .events = POLLIN};

	if (s->config.stop_fd < 0 || poll(&fd, 1, 0) != 1) {
		return false;
	}
	hk_error_set(error, HK_EAGAIN, "asked to stop");
	return true;
}

ssize_t
hk_stream_read(hk_stream *s, void *ret, size_t max, GError **error)
{
	if (is_stopped(s, error)) {
		return -1;
	}
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
