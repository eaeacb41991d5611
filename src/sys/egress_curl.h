/* sys/egress_curl: libcurl behind sys/egress: every URL and every socket of a CURL handle is checked. Layer: sys; for http.c, stream.c and
 * fetch.c only. What the URL names may be hostile. */
#ifndef HK_SYS_EGRESS_CURL_H
#define HK_SYS_EGRESS_CURL_H

#include <curl/curl.h>

#include "sys/egress_ask.h"

/* One use of a handle. Zeroed before the first use; must live as long as the transfer. */
typedef struct hk_egress_curl {
	hk_egress *egress; /* a reference */
	hk_egress_who who; /* borrowed strings: static, or living as long */
	const hk_egress_grant *grant;
	char scheme[8];
	char host[HK_EGRESS_HOST_SIZE];
	unsigned port;
	struct curl_slist *connect_to;
	hk_egress_reason refused;
	char *detail; /* of the refusal */
	char *proxy;
} hk_egress_curl;

/* hk_egress_curl_own(c, easy, egress, who, url, error): sets URL, proxy (none) and sockets of a handle that asks one of our own services:
 * curl looks the name up, each address that it wants to connect to is checked and recorded. On the range the name is not looked up.
 * HK_EPOLICY: refused already. */
bool hk_egress_curl_own(hk_egress_curl *c, CURL *easy, hk_egress *egress, const hk_egress_who *who,
	const char *url, GError **error);

/* hk_egress_curl_granted(c, easy, grant, at, url): the same for a grant that was asked for: curl connects to addresses[at] or not at
 * all; through the exit's proxy if it has one. grant is borrowed until hk_egress_curl_clear(). */
void hk_egress_curl_granted(
	hk_egress_curl *c, CURL *easy, const hk_egress_grant *grant, unsigned at, const char *url);

/* hk_egress_curl_why(c, error): when the transfer failed because a socket was refused: sets HK_EPOLICY and returns true. */
bool hk_egress_curl_why(const hk_egress_curl *c, GError **error);

/* hk_egress_curl_clear(c): frees; zeroed again. */
void hk_egress_curl_clear(hk_egress_curl *c);

#endif
