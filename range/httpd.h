/* range/httpd: a small HTTP server on loopback, a request at a time with its whole body: for the authorities of the range (time stamps, single sign-on). Input
 * is hostile, as far as a test's peer is. */
#ifndef HK_RANGE_HTTPD_H
#define HK_RANGE_HTTPD_H

#include <microhttpd.h>
#include <stdint.h>

#include <glib.h>

/* More of a body is not kept. */
#define RG_HTTPD_BODY_MAX (64 << 10)

typedef struct rg_httpd rg_httpd;

/* Answers one request, in the server's thread. body ends with a NUL that is not counted. */
typedef enum MHD_Result (*rg_httpd_answer)(void *user, struct MHD_Connection *c, const char *method,
	const char *url, const GString *body);

/* rg_httpd_start(port, answer, user, error): on 127.0.0.1; port 0: any. HK_EIO: it cannot listen. */
rg_httpd *rg_httpd_start(uint16_t port, rg_httpd_answer answer, void *user, GError **error);
uint16_t rg_httpd_port(const rg_httpd *h);
void rg_httpd_stop(rg_httpd *h); /* accepts NULL */

/* rg_httpd_start_with(port, body_max, answer, user, error): the same, keeping body_max bytes of a body, with a thread for each connection: answer may wait. */
rg_httpd *rg_httpd_start_with(
	uint16_t port, size_t body_max, rg_httpd_answer answer, void *user, GError **error);

/* rg_httpd_reply(c, status, type, data, len): copies data. */
enum MHD_Result rg_httpd_reply(
	struct MHD_Connection *c, unsigned status, const char *type, const void *data, size_t len);

#endif
