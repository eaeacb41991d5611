/* range/mailconn: one connection of the mail house: lines in and out, TLS from the first byte or later. Blocking, one thread each. */
#ifndef RG_MAILCONN_H
#define RG_MAILCONN_H

#include <glib.h>
#include <openssl/ssl.h>
#include <stdbool.h>

#define RG_MAIL_LINE_MAX 65536u

typedef struct rg_mailconn {
	int fd;
	SSL *ssl; /* NULL: plain */
	GByteArray *in;
	size_t used; /* bytes of in that were handed out */
} rg_mailconn;

/* rg_mailconn_tls(conn, ctx): from now on TLS. False: it failed. */
bool rg_mailconn_tls(rg_mailconn *conn, SSL_CTX *ctx);

/* rg_mailconn_line(conn): the next line without its end; NULL: the connection has ended, or the line is too long. Caller frees. */
char *rg_mailconn_line(rg_mailconn *conn);

/* rg_mailconn_some(conn, out): appends what comes next, at least a byte. False: the connection has ended. */
bool rg_mailconn_some(rg_mailconn *conn, GByteArray *out);

bool rg_mailconn_write(rg_mailconn *conn, const void *data, size_t len);
bool rg_mailconn_say(rg_mailconn *conn, const char *format, ...)
	__attribute__((format(printf, 2, 3))); /* CRLF is added */

#endif
