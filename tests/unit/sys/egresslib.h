/* tests/unit/sys/egresslib: peers on loopback for the tests of egress: a DNS server with answers to order, an HTTP server, a canary. */
#ifndef HK_TESTS_EGRESSLIB_H
#define HK_TESTS_EGRESSLIB_H

#include <glib.h>

#include "base/span.h"

/* What the DNS says about a name: addresses, separated by blanks; ALTERNATE: "a b | c" gives a and b first, then c for ever. A name that is
 * not there does not exist; "silent" answers nothing. */
typedef struct el_name {
	const char *name;
	const char *answers;
} el_name;

/* Starts a server on 127.0.0.1; its port. Ends with the process. */
unsigned el_dns(const el_name *names, size_t count);
/* How often it was asked for that name (A records). */
unsigned el_dns_asked(const char *name);

/* What the HTTP server answers: the whole answer for a request head, newly allocated; NULL: it hangs up. Called in its threads. */
typedef char *(*el_answer)(const char *head, size_t *ret_len);
/* Starts a server on 127.0.0.1; its port. */
unsigned el_http(el_answer answer);

/* A listener that nobody may connect to; its port. el_canary_seen(): how many did. */
unsigned el_canary(void);
unsigned el_canary_seen(void);

/* A file of configuration with that text; its path, the caller's to unlink and free. */
char *el_conf(const char *format, ...) G_GNUC_PRINTF(1, 2);

/* The rows of tests/vectors/FILE: calls row(columns) for each. */
void el_rows(const char *file, void (*row)(char **columns));

#endif
