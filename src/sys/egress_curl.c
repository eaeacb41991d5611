/* nocheck: tested in tests/unit/sys/test_egress.c */
#include "sys/egress_curl.h"

#include <string.h>

#include "sys/egress_int.h"
#include "sys/gerr.h"

static void
note(hk_egress_curl *c, const char *address, hk_egress_reason reason, const char *detail)
{
	hk_egress_record record = {
		.who = c->who,
		.scheme = c->scheme,
		.host = c->host,
		.port = c->port,
		.answers = address,
		.address = reason == HK_EGRESS_OK ? address : "",
		.reason = reason,
		.detail = detail ? detail : "",
	};

	hk_egress_decided(c->egress, &record);
	if (reason != HK_EGRESS_OK) {
		c->refused = reason;
		g_free(c->detail);
		c->detail = g_strdup(detail);
	}
}

/* The last look, at the address itself, right before the socket. */
static hk_egress_reason
look_at(hk_egress_curl *c, const hk_ipaddr *addr, unsigned port, char **ret_detail)
{
	const hk_egress_grant *grant = c->grant;

	/* For a grant the stop-file was looked at when it was given, a moment ago. */
	if (grant ? g_atomic_int_get(&c->egress->killed) != 0 : hk_egress_killed(c->egress)) {
		*ret_detail = hk_egress_killed_why(c->egress);
		return HK_EGRESS_KILLED;
	}
	if (grant) {
		for (unsigned i = 0; i < grant->count; i++) {
			if (port == grant->to_port && hk_ipaddr_eq(addr, &grant->addresses[i])) {
				return HK_EGRESS_OK;
			}
		}
		*ret_detail = g_strdup("not an address that was pinned");
		return HK_EGRESS_UNPINNED;
	}
	if (c->connect_to && hk_ipaddr_eq(addr, &c->egress->range)) {
		return HK_EGRESS_OK;
	}
	return hk_egress_check_address(c->egress, &c->who, c->host, addr, port, ret_detail);
}

static curl_socket_t
on_open(void *user, curlsocktype purpose, struct curl_sockaddr *to)
{
	hk_egress_curl *c = user;
	g_autofree char *detail = NULL;
	char text[HK_EGRESS_ADDRESS_SIZE] = "";
	hk_ipaddr addr;
	unsigned port;
	hk_egress_reason reason = HK_EGRESS_ADDRESS;

	if (purpose == CURLSOCKTYPE_IPCXN && hk_egress_of_sockaddr(&to->addr, &addr, &port)) {
		hk_egress_address_text(&addr, port, text);
		reason = look_at(c, &addr, port, &detail);
	}
	/* What was granted was recorded when it was. */
	if (!c->grant || reason != HK_EGRESS_OK) {
		note(c, text, reason, detail);
	}
	return reason != HK_EGRESS_OK
		       ? CURL_SOCKET_BAD
		       : socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

static void
set_sockets(hk_egress_curl *c, CURL *easy, const char *url)
{
	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, c);
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_CONNECT_TO, c->connect_to);
}

/* What curl itself takes the URL for. */
static bool
split(hk_egress_curl *c, const char *url, GError **error)
{
	CURLU *parts = curl_url();
	char *scheme = NULL, *host = NULL, *port = NULL;
	bool good = curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
		    curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
		    curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
		    curl_url_get(parts, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK;

	if (good) {
		size_t len = strlen(host);
		bool bracket = host[0] == '[' && len > 2;
		g_strlcpy(c->scheme, scheme, sizeof c->scheme);
		g_snprintf(c->host, sizeof c->host, "%.*s", (int)(bracket ? len - 2 : len),
			host + bracket);
		c->port =
			(unsigned)g_ascii_strtoull(port, NULL, 10); /* nocheck: curl's own number */
	}
	curl_free(scheme);
	curl_free(host);
	curl_free(port);
	curl_url_cleanup(parts);
	return good || hk_error_set(error, HK_EPOLICY, "%s: not a URL", url);
}

bool
hk_egress_curl_own(hk_egress_curl *c, CURL *easy, hk_egress *egress, const hk_egress_who *who,
	const char *url, GError **error)
{
	g_autofree char *detail = NULL;
	hk_ipaddr addr;

	hk_egress_curl_clear(c);
	c->egress = hk_egress_ref(egress);
	c->who = *who;
	if (!split(c, url, error)) {
		return false;
	}
	hk_egress_reason reason =
		hk_egress_check_target(egress, who, c->scheme, c->host, c->port, &detail);
	if (reason != HK_EGRESS_OK) {
		note(c, "", reason, detail);
		hk_egress_curl_why(c, error);
		return false;
	}
	bool literal = hk_ipaddr_parse(hk_span_str(c->host), &addr) == HK_OK;
	bool here = literal ? hk_ipaddr_class_of(&addr) != NULL &&
				      !hk_egress_range_address(egress, &addr)
			    : g_ascii_strcasecmp(c->host, "localhost") == 0;
	if (hk_egress_on_range(egress) && !here) {
		char text[HK_EGRESS_ADDRESS_SIZE];
		hk_egress_address_text(
			&egress->range, hk_egress_range_port(egress, c->host, c->port), text);
		g_autofree char *row = g_strconcat("::", text, NULL);
		c->connect_to = curl_slist_append(NULL, row);
	}
	set_sockets(c, easy, url);
	return true;
}

void
hk_egress_curl_granted(
	hk_egress_curl *c, CURL *easy, const hk_egress_grant *grant, unsigned at, const char *url)
{
	char text[HK_EGRESS_ADDRESS_SIZE];

	hk_egress_curl_clear(c);
	c->egress = hk_egress_ref(grant->egress);
	c->grant = grant;
	hk_egress_address_text(&grant->addresses[at], grant->to_port, text);
	if (grant->kind == HK_EGRESS_DIRECT) {
		g_autofree char *row = g_strconcat("::", text, NULL);
		c->connect_to = curl_slist_append(NULL, row);
		set_sockets(c, easy, url);
		return;
	}
	set_sockets(c, easy, url);
	c->proxy =
		g_strconcat(grant->kind == HK_EGRESS_SOCKS5 ? "socks5h://" : "http://", text, NULL);
	curl_easy_setopt(easy, CURLOPT_PROXY, c->proxy);
	curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
	curl_easy_setopt(easy, CURLOPT_HTTPPROXYTUNNEL, (long)(grant->kind == HK_EGRESS_HTTP));
	if (grant->user) {
		curl_easy_setopt(easy, CURLOPT_PROXYUSERNAME, grant->user);
		curl_easy_setopt(easy, CURLOPT_PROXYPASSWORD, grant->password);
	}
}

bool
hk_egress_curl_why(const hk_egress_curl *c, GError **error)
{
	if (c->refused == HK_EGRESS_OK) {
		return false;
	}
	hk_error_set(error, HK_EPOLICY, "%s port %u is refused: %s", c->host, c->port,
		c->detail ? c->detail : hk_egress_reason_meaning(c->refused));
	return true;
}

void
hk_egress_curl_clear(hk_egress_curl *c)
{
	curl_slist_free_all(c->connect_to);
	hk_egress_unref(c->egress);
	g_free(c->detail);
	g_free(c->proxy);
	memset(c, 0, sizeof *c);
}
