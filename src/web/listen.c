/* The listening socket, and who may be heard on it. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/num.h"
#include "sys/gerr.h"
#include "web/web_int.h"

typedef union any_address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
} any_address;

/* "127.0.0.1:8080" or "[::1]:8080". Names are not looked up: what a name means may change. */
static bool
parse(const char *text, any_address *ret, bool *ret_loopback, GError **error)
{
	const char *colon = strrchr(text, ':');
	uint64_t port;

	*ret = (any_address){0};
	if (!colon || hk_parse_u64(hk_span_str(colon + 1), 65535, &port) != HK_OK) {
		return hk_error_set(error, HK_ECONFIG,
			"listen: \"%s\" is no address with a port, like 127.0.0.1:8080 or "
			"[::1]:8080",
			text);
	}
	g_autofree char *host = g_strndup(text, (gsize)(colon - text));
	size_t len = strlen(host);
	if (len > 2 && host[0] == '[' && host[len - 1] == ']') {
		host[len - 1] = '\0';
		ret->v6.sin6_family = AF_INET6;
		ret->v6.sin6_port = htons((uint16_t)port);
		if (inet_pton(AF_INET6, host + 1, &ret->v6.sin6_addr) == 1) {
			*ret_loopback = IN6_IS_ADDR_LOOPBACK(&ret->v6.sin6_addr);
			return true;
		}
	} else if (inet_pton(AF_INET, host, &ret->v4.sin_addr) == 1) {
		ret->v4.sin_family = AF_INET;
		ret->v4.sin_port = htons((uint16_t)port);
		*ret_loopback = ntohl(ret->v4.sin_addr.s_addr) >> 24 == 127;
		return true;
	}
	return hk_error_set(error, HK_ECONFIG,
		"listen: \"%s\" is no IP address; a host name is not enough", host);
}

static char *
url_of(int fd, bool tls)
{
	any_address a;
	socklen_t len = sizeof a;
	char text[INET6_ADDRSTRLEN] = "";

	if (getsockname(fd, &a.any, &len) < 0) {
		return g_strdup("?");
	}
	bool v6 = a.any.sa_family == AF_INET6;
	inet_ntop(a.any.sa_family, v6 ? (void *)&a.v6.sin6_addr : (void *)&a.v4.sin_addr, text,
		sizeof text);
	return g_strdup_printf(v6 ? "%s://[%s]:%u/" : "%s://%s:%u/", tls ? "https" : "http", text,
		ntohs(v6 ? a.v6.sin6_port : a.v4.sin_port));
}

bool
hk_web_listen_check(const char *text, bool *ret_loopback, GError **error)
{
	any_address a;

	return parse(text, &a, ret_loopback, error);
}

int
hk_web_listen(const hk_web_config *config, char **ret_url, GError **error)
{
	any_address a;
	bool loopback = false;
	int on = 1;

	if (!parse(config->listen, &a, &loopback, error)) {
		return -1;
	}
	if (!loopback && !config->tls_cert && !config->behind_proxy) {
		hk_error_set(error, HK_ECONFIG,
			"listen: passwords would cross the network in clear on %s; give --tls-cert "
			"and "
			"--tls-key, or --behind-proxy when a reverse proxy speaks TLS in front",
			config->listen);
		return -1;
	}
	int fd = socket(a.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
		bind(fd, &a.any, a.any.sa_family == AF_INET ? sizeof a.v4 : sizeof a.v6) < 0 ||
		listen(fd, 4096) < 0) {
		hk_error_errno(error, errno, "cannot listen on %s", config->listen);
		if (fd >= 0) {
			close(fd);
		}
		return -1;
	}
	*ret_url = url_of(fd, config->tls_cert != NULL);
	return fd;
}

bool
hk_web_address_in(const char *const *list, const char *address)
{
	for (; list && *list; list++) {
		if (strcmp(*list, address) == 0) {
			return true;
		}
	}
	return false;
}
