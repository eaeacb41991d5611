/* web/web: the web role: API, board and live events on one port. Layer: web.
 *
 *     hk_web_config config = {.database = ..., .audit_key = ..., .web_key = ..., .listen = "127.0.0.1:8080"};
 *     hk_web_run(&config, &error);       // until SIGTERM or SIGINT
 *
 * One thread speaks HTTP (libmicrohttpd, epoll), a small pool does the requests, each of its threads with its own database connection,
 * one thread follows the events. */
#ifndef HK_WEB_WEB_H
#define HK_WEB_WEB_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "sys/blob.h"
#include "web/outbound.h"

typedef struct hk_web hk_web;

/* All strings are borrowed for as long as the server runs. NULL or 0: the default in brackets. */
typedef struct hk_web_config {
	const char *database;  /* store/db.h */
	const char *audit_key; /* file; flow/flow.h */
	const char *web_key;   /* file of 32 bytes that seals second factors; made when missing */
	hk_blobs *blobs;       /* where attachments and evidence lie; NULL: none can be stored */
	const char *const *
		places; /* files and folders whose disks the page System watches; NULL-terminated, at most 8 [the audit key] */
	const hk_web_outbound *outbound; /* channels and templates; NULL: none are known */

	const char *listen;   /* "127.0.0.1:8080", "[::1]:8080"; port 0: any */
	const char *tls_cert; /* PEM files; both or none */
	const char *tls_key;
	bool behind_proxy; /* a reverse proxy speaks TLS in front */
	const char *const *
		proxies; /* addresses whose X-Forwarded-For is believed [127.0.0.1, ::1 when behind_proxy] */
	const char *
		base_url; /* as people see it: "https://board.mihon-bank.example"; then no other Host is answered */
	const char *ui_dir;   /* serves the board from there instead of from the program */
	unsigned threads;     /* of the pool [2 for each processor, at least 4, at most 16] */
	unsigned connections; /* at once [12,000] */
	unsigned per_address; /* of one address, but not of a proxy [256] */
	unsigned
		header_ms; /* for the first request, or the next one, to be there whole [30,000 and 75,000] */
	unsigned idle_ms;

	int64_t session_idle_ms;     /* [30 min] */
	int64_t session_absolute_ms; /* [12 h] */
	bool totp_required; /* whoever can log in by password, without a second factor may only set one up */

	const char *oidc_issuer; /* NULL: no single sign-on */
	const char *oidc_name;   /* as the board shows it ["SSO"] */
	const char *oidc_client;
	const char *oidc_secret_file;  /* or NULL: a public client */
	const char *oidc_groups_claim; /* ["groups"] */
	const char *const *oidc_roles; /* "group=role,role" */
	bool oidc_create;              /* a first login makes the user */
	const char *ca_file;           /* authorities to trust for the provider */

	void (*ready)(void *user, const char *url); /* it listens; or NULL */
	void *ready_user;
} hk_web_config;

/* hk_web_run(config, error): serves until sys/stop says so (SIGTERM, SIGINT), then lets what runs finish (at most 10 s). HK_ECONFIG: the listening address is not a
 * loopback one and neither TLS nor behind_proxy is set, certificate and key do not fit, ...; HK_EIO: the address is taken. Raises the limit of open
 * files. Call it once in a process. */
bool hk_web_run(const hk_web_config *config, GError **error);

/* hk_web_listen_check(text, ret_loopback, error): whether text is an address to listen on, and whether it is one of this machine's own. HK_ECONFIG. */
bool hk_web_listen_check(const char *text, bool *ret_loopback, GError **error);

/* hk_web_base_check(url, error): whether url can be base_url: http or https, a host, its port perhaps, and nothing behind it but one "/". HK_ECONFIG. */
bool hk_web_base_check(const char *url, GError **error);

#endif
