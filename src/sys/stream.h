/* sys/stream: a connection that carries bytes both ways, with TLS, over libcurl, checked by sys/egress. Layer: sys. What comes in is hostile.
 *
 * For protocols that curl speaks too loosely (IMAP: it marks mails as read, and a mail could speak for the server). Certificates are
 * verified; no TLS only to this machine. One thread; calls block, at most for the time that was given. */
#ifndef HK_SYS_STREAM_H
#define HK_SYS_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

#include "base/span.h"

typedef struct hk_stream hk_stream;

typedef struct hk_stream_config {
	const char *host;    /* name, or address (IPv6 without brackets) */
	unsigned port;       /* 1..65535 */
	bool tls;            /* false: only for localhost, 127.x.y.z and ::1, else HK_EPOLICY */
	const char *ca_file; /* PEM, or NULL: the system's */
	unsigned connect_ms; /* connecting, TLS included */
	unsigned idle_ms;    /* longest silence while reading or writing */
	int stop_fd;         /* readable: a call ends with HK_EAGAIN; -1: none */
} hk_stream_config;

/* hk_stream_is_here(host): whether host is this machine: the one with which no TLS may be spoken. */
bool hk_stream_is_here(const char *host);

/* hk_stream_open(config, error): HK_EREMOTE: no connection, or a certificate that is not trusted; HK_EPOLICY, also by
 * sys/egress: a server on a private address has to be listed as `local` there. */
hk_stream *hk_stream_open(const hk_stream_config *config, GError **error);

/* Login of a submission server. Borrowed. */
typedef struct hk_stream_login {
	const char *hello; /* who we say we are (EHLO): a name of letters, digits, '.', '-' */
	const char *user, *password; /* NULL: no login; AUTH PLAIN or LOGIN */
} hk_stream_login;

/* hk_stream_open_smtp(config, login, error): the same for a submission server (RFC 6409), greeted and logged in: what comes next is
 * the client's word. config->tls: TLS from the first byte; else STARTTLS, without which no machine is spoken to (HK_EPOLICY), but this one when no ca_file is given.
 * HK_ECONFIG: the login is refused for good, or the certificate is not trusted; HK_EREMOTE: no connection, the server is not in the mood. */
hk_stream *hk_stream_open_smtp(
	const hk_stream_config *config, const hk_stream_login *login, GError **error);

void hk_stream_close(hk_stream *stream); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_stream, hk_stream_close)

/* hk_stream_patience(stream, idle_ms): from now on silence may last so long. hk_stream_stoppable(stream, fd): from now on this is the stop_fd. */
void hk_stream_patience(hk_stream *stream, unsigned idle_ms);
void hk_stream_stoppable(hk_stream *stream, int fd);

/* hk_stream_write(stream, bytes, error): all of it. HK_EREMOTE, HK_EAGAIN. */
bool hk_stream_write(hk_stream *stream, hk_span bytes, GError **error);

/* hk_stream_read(stream, ret, max, error): at least one byte; the number of bytes read, 0 at the end of the connection, -1 with
 * HK_EREMOTE or HK_EAGAIN. */
ssize_t hk_stream_read(hk_stream *stream, void *ret, size_t max, GError **error);

#endif
