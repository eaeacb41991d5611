/* enrich/get: one HTTP question to a stranger, waited for. Layer: stage (enrich). What comes back is hostile. Blocking; any thread. */
#ifndef HK_ENRICH_GET_H
#define HK_ENRICH_GET_H

#include <glib.h>

#include "sys/egress.h"

typedef struct hk_got {
	int status;       /* of the last answer; 0: none */
	GBytes *body;     /* never NULL */
	bool truncated;   /* the body was cut at max_bytes, or the connection broke in it */
	char *url;        /* of the last answer */
	char *etag;       /* or NULL */
	int64_t retry_ms; /* of Retry-After; -1: none */
	GPtrArray *certs; /* of the first server, as hk_fetch_hop; or NULL */
	int verify_error; /* of the first server; -1: no TLS */
	const char *verify_text;
} hk_got;
void hk_got_free(hk_got *got); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_got, hk_got_free)

typedef struct hk_get {
	hk_egress *egress;   /* NULL: the house's */
	const char *ca_file; /* or NULL: the system's */
	const hk_egress_who *who;
	const char *url;
	const char *accept;   /* or NULL */
	const char *if_match; /* value of If-None-Match, or NULL */
	size_t max_bytes;
	unsigned max_hops; /* redirects */
	bool verify;       /* a bad certificate is an error */
	int64_t until_ms;  /* hk_clock_mono_ms() at which it ends */
} hk_get;

/* hk_get_do(get, error): an answer of any status is one, and so are the certificates of a server that said nothing behind them. NULL: HK_EREMOTE,
 * HK_EPOLICY, HK_ELIMIT, HK_EFORM as sys/fetch tells them. */
hk_got *hk_get_do(const hk_get *get, GError **error);

#endif
