#include "mailconn.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

bool
rg_mailconn_tls(rg_mailconn *c, SSL_CTX *ctx)
{
	c->ssl = SSL_new(ctx);
	SSL_set_fd(c->ssl, c->fd);
	return SSL_accept(c->ssl) == 1;
}

static bool
fill(rg_mailconn *c)
{
	uint8_t piece[16384];
	ssize_t n;

	if (c->used > 0) {
		g_byte_array_remove_range(c->in, 0, (unsigned)c->used);
		c->used = 0;
	}
	do {
		n = c->ssl ? SSL_read(c->ssl, piece, sizeof piece)
			   : recv(c->fd, piece, sizeof piece, 0);
	} while (n < 0 && !c->ssl && errno == EINTR);
	if (n <= 0) {
		return false;
	}
	g_byte_array_append(c->in, piece, (unsigned)n);
	return true;
}

char *
rg_mailconn_line(rg_mailconn *c)
{
	for (;;) {
		size_t left = c->in->len - c->used;
		const uint8_t *at = c->in->data + c->used;
		const uint8_t *end = left > 0 ? memchr(at, '\n', left) : NULL;

		if (end) {
			size_t len = (size_t)(end - at);

			c->used += len + 1;
			return g_strndup(
				(const char *)at, len > 0 && at[len - 1] == '\r' ? len - 1 : len);
		}
		if (left > RG_MAIL_LINE_MAX || !fill(c)) {
			return NULL;
		}
	}
}

bool
rg_mailconn_some(rg_mailconn *c, GByteArray *out)
{
	if (c->used == c->in->len && !fill(c)) {
		return false;
	}
	g_byte_array_append(out, c->in->data + c->used, (unsigned)(c->in->len - c->used));
	c->used = c->in->len;
	return true;
}

bool
rg_mailconn_write(rg_mailconn *c, const void *data, size_t len)
{
	const uint8_t *at = data;

	while (len > 0) {
		ssize_t n = c->ssl ? SSL_write(c->ssl, at, (int)MIN(len, 1u << 20))
				   : send(c->fd, at, len, MSG_NOSIGNAL);

		if (n <= 0 && (c->ssl || errno != EINTR)) {
			return false;
		}
		at += MAX(n, 0);
		len -= (size_t)MAX(n, 0);
	}
	return true;
}

bool
rg_mailconn_say(rg_mailconn *c, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	g_autofree char *text = g_strdup_vprintf(format, args);
	va_end(args);
	g_autofree char *line = g_strconcat(text, "\r\n", NULL);

	return rg_mailconn_write(c, line, strlen(line));
}
