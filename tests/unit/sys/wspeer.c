#include "wspeer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <glib.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "sys/ws.h"

typedef struct server {
	const wp_script *scripts;
	size_t count;
	int fd;
	SSL_CTX *ctx; /* NULL: no TLS */
} server;

typedef struct client {
	server *server;
	int fd;
	SSL *ssl;
	GString *got;
	const wp_script *script;
} client;

static GMutex mutex;
static GCond cond;
static GHashTable *done; /* path -> what was got */
static GString *socks_asked;
static int socks_fd;
static unsigned socks_to;

static int
listening(unsigned *ret_port)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof at;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (bind(fd, (struct sockaddr *)&at, sizeof at) != 0 || listen(fd, 4096) != 0 ||
		getsockname(fd, (struct sockaddr *)&at, &len) != 0) {
		printf("Bail out! no loopback\n");
		exit(1);
	}
	*ret_port = ntohs(at.sin_port);
	return fd;
}

static void
begin(void *(*serve)(void *), void *user)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, serve, user) != 0) {
		printf("Bail out! no thread\n");
		exit(1);
	}
	pthread_detach(thread);
}

/* ---- Bytes ---- */

static ssize_t
take(client *c, void *ret, size_t max)
{
	return c->ssl ? SSL_read(c->ssl, ret, (int)max) : recv(c->fd, ret, max, 0);
}

static bool
say(client *c, const void *data, size_t len)
{
	size_t step = c->script && c->script->flags & WP_BYTES ? 1 : len;

	for (size_t at = 0; at < len;) {
		size_t n = MIN(step, len - at);
		ssize_t sent = c->ssl ? SSL_write(c->ssl, (const char *)data + at, (int)n)
				      : send(c->fd, (const char *)data + at, n, MSG_NOSIGNAL);
		if (sent <= 0) {
			return false;
		}
		at += (size_t)sent;
	}
	return true;
}

static GByteArray *
bytes_of(const char *hex)
{
	GByteArray *all = g_byte_array_new();

	while (hex && *hex) {
		unsigned byte, n = 1;
		int used = 0;
		if (*hex == ' ') {
			hex++;
			continue;
		}
		sscanf(hex, "%2x", &byte);
		hex += 2;
		if (*hex == '*') {
			sscanf(hex, "*%u%n", &n, &used);
			hex += used;
		}
		for (uint8_t b = (uint8_t)byte; n > 0; n--) {
			g_byte_array_append(all, &b, 1);
		}
	}
	return all;
}

/* ---- One client ---- */

static const wp_script *
script_of(const server *s, hk_span path)
{
	for (size_t i = 0; i < s->count; i++) {
		if (hk_span_eq(path, hk_span_str(s->scripts[i].path))) {
			return &s->scripts[i];
		}
	}
	return NULL;
}

/* Reads the request and answers it; false: that was all. */
static bool
shake_hands(client *c)
{
	char head[HK_WSHAND_HEAD_MAX], reply[1000];
	char accept[HK_WSHAND_ACCEPT_LEN + 1];
	size_t len = 0, size = 0;
	hk_wshand_asked asked;

	do {
		ssize_t n = take(c, head + len, sizeof head - len);
		if (n <= 0) {
			return false;
		}
		len += (size_t)n;
	} while (hk_wshand_head_len(hk_span_of(head, len), 0, &size) == HK_ETRUNC);
	if (hk_wshand_asked_read(hk_span_of(head, len), &asked) != HK_OK) {
		return false;
	}
	hk_ws_accept(asked.key, accept);
	c->script = script_of(c->server, asked.path);
	if (!c->script) {
		return false;
	}
	if (!c->script->head) {
		return hk_wshand_reply(accept, NULL, reply, sizeof reply, &size) == HK_OK &&
		       say(c, reply, size);
	}
	const char *mark = strstr(c->script->head, "%ACCEPT%");
	if (!mark) {
		return say(c, c->script->head, strlen(c->script->head));
	}
	return say(c, c->script->head, (size_t)(mark - c->script->head)) &&
	       say(c, accept, strlen(accept)) && say(c, mark + 8, strlen(mark + 8));
}

/* Writes down what came; true: it was a close frame. */
static bool
note(client *c, const hk_ws_part *part)
{
	static const char *const names[] = {[HK_WS_TEXT] = "text",
		[HK_WS_BINARY] = "binary",
		[HK_WS_CLOSE] = "close",
		[HK_WS_PING] = "ping",
		[HK_WS_PONG] = "pong"};

	if (part->first) {
		g_string_append_printf(
			c->got, "%s%s", c->got->len > 0 ? "; " : "", names[part->kind]);
	}
	if (part->kind == HK_WS_CLOSE) {
		g_string_append_printf(c->got, " %d", part->code);
	} else if (part->bytes.len > 0) {
		g_string_append_c(c->got, ' ');
		g_string_append_len(
			c->got, (const char *)part->bytes.data, (gssize)part->bytes.len);
	}
	return part->kind == HK_WS_CLOSE;
}

static void
listen_to(client *c)
{
	uint8_t data[4096], payload[HK_WS_CONTROL_MAX], frame[HK_WS_CONTROL_MAX + 20];
	hk_ws_reader reader;
	hk_ws_part part;
	ssize_t n;
	size_t used;

	hk_ws_reader_init(&reader, HK_WS_SERVER, 0, 0, 0);
	while ((n = take(c, data, sizeof data)) > 0) {
		uint8_t *at = data;
		size_t left = (size_t)n;
		hk_err err = HK_OK;
		while (left > 0 && (err = hk_ws_read(&reader, at, left, &used, &part)) == HK_OK) {
			at += used;
			left -= used;
			if (note(c, &part) && !(c->script->flags & WP_MUTE)) {
				size_t len =
					hk_ws_close_payload(part.code, HK_SPAN_LIT(""), payload);
				hk_ws_frame(HK_WS_SERVER, HK_WS_CLOSE, true,
					hk_span_of(payload, len), NULL, frame);
				say(c, frame, hk_ws_frame_size(HK_WS_SERVER, len));
				if (!c->ssl) {
					shutdown(c->fd, SHUT_WR);
				}
			}
		}
		if (err != HK_OK && err != HK_ETRUNC) {
			g_string_append_printf(c->got, "; %s", hk_ws_fault_code(reader.fault));
			return;
		}
	}
	g_string_append(c->got, c->got->len > 0 ? "; end" : "end");
}

static void
play(client *c)
{
	unsigned flags = c->script->flags;
	g_autoptr(GByteArray) frames = bytes_of(c->script->frames);
	g_autoptr(GByteArray) again = bytes_of(c->script->again);
	bool there = frames->len == 0 || say(c, frames->data, frames->len);

	while (there && flags & WP_ENDLESS) {
		there = say(c, again->data, again->len);
	}
	while (there && flags & WP_DRIP) {
		g_usleep(5000);
		there = say(c, "x", 1);
	}
	if (flags & WP_HANG_UP) {
		return;
	}
	while (there && flags & WP_DEAF) {
		/* Sees the client go without reading what it sent. */
		struct pollfd p = {.fd = c->fd, .events = POLLRDHUP};
		poll(&p, 1, -1);
		there = !(p.revents & (POLLRDHUP | POLLERR | POLLHUP));
	}
	if (!(flags & WP_DEAF)) {
		listen_to(c);
	}
}

static void
client_free(client *c)
{
	SSL_free(c->ssl);
	close(c->fd);
	if (c->got) {
		g_string_free(c->got, TRUE);
	}
	g_free(c);
}

static void *
serve_client(void *user)
{
	client *c = user;
	int one = 1;

	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	if (c->server->ctx) {
		c->ssl = SSL_new(c->server->ctx);
		SSL_set_fd(c->ssl, c->fd);
		if (SSL_accept(c->ssl) != 1) {
			client_free(c);
			return NULL;
		}
	}
	bool hands = shake_hands(c);
	if (c->script && (hands || c->script->head)) {
		play(c);
	}
	if (c->ssl) {
		SSL_shutdown(c->ssl);
		SSL_free(c->ssl);
	}
	close(c->fd);
	if (c->script) {
		g_mutex_lock(&mutex);
		g_hash_table_replace(done, g_strdup(c->script->path), g_string_free(c->got, FALSE));
		g_cond_broadcast(&cond);
		g_mutex_unlock(&mutex);
	}
	g_free(c);
	return NULL;
}

static void *
serve(void *user)
{
	server *s = user;
	int fd;

	while ((fd = accept(s->fd, NULL, NULL)) >= 0) {
		client *c = g_new0(client, 1);
		c->server = s;
		c->fd = fd;
		c->got = g_string_new(NULL);
		begin(serve_client, c);
	}
	return NULL;
}

static SSL_CTX *
tls_context(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	X509_NAME *name = X509_get_subject_name(cert);
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
	X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
	X509_set_pubkey(cert, key);
	X509_NAME_add_entry_by_txt(
		name, "CN", MBSTRING_ASC, (const unsigned char *)"c2.example", -1, -1, 0);
	X509_set_issuer_name(cert, name);
	X509_sign(cert, key, EVP_sha256());
	SSL_CTX_use_certificate(ctx, cert);
	SSL_CTX_use_PrivateKey(ctx, key);
	X509_free(cert);
	EVP_PKEY_free(key);
	return ctx;
}

unsigned
wp_start(const wp_script *scripts, size_t count, bool tls)
{
	static server servers[4];
	static unsigned next;
	server *s = &servers[next++];
	unsigned port;

	if (!done) {
		done = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	}
	*s = (server){scripts, count, listening(&port), tls ? tls_context() : NULL};
	begin(serve, s);
	return port;
}

char *
wp_got(const char *path)
{
	char *got;

	g_mutex_lock(&mutex);
	while (!(got = g_hash_table_lookup(done, path))) {
		g_cond_wait(&cond, &mutex);
	}
	got = g_strdup(got);
	g_mutex_unlock(&mutex);
	return got;
}

/* ---- SOCKS5 (RFC 1928) ---- */

static bool
pass(int from, int to)
{
	char data[4096];
	ssize_t n = recv(from, data, sizeof data, 0);

	for (ssize_t at = 0; at < n;) {
		ssize_t sent = send(to, data + at, (size_t)(n - at), MSG_NOSIGNAL);
		if (sent <= 0) {
			return false;
		}
		at += sent;
	}
	return n > 0;
}

static void
relay(int fd)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
		.sin_port = htons((uint16_t)socks_to),
		.sin_addr = {htonl(INADDR_LOOPBACK)}};
	int to = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct pollfd p[2] = {{.fd = fd, .events = POLLIN}, {.fd = to, .events = POLLIN}};
	bool good = connect(to, (struct sockaddr *)&at, sizeof at) == 0;

	while (good && poll(p, 2, -1) > 0) {
		good = (!p[0].revents || pass(fd, to)) && (!p[1].revents || pass(to, fd));
	}
	close(to);
}

static void *
serve_socks_client(void *user)
{
	int fd = GPOINTER_TO_INT(user);
	uint8_t d[300] = {0};
	unsigned port = 0;
	bool good = recv(fd, d, 3, MSG_WAITALL) == 3 &&
		    send(fd, "\x05\x00", 2, MSG_NOSIGNAL) == 2 && recv(fd, d, 5, MSG_WAITALL) == 5;
	size_t rest = d[3] == 1 ? 5 : d[3] == 4 ? 17 : d[4] + 2u;

	good = good && recv(fd, d + 5, rest, MSG_WAITALL) == (ssize_t)rest;
	if (good) {
		char host[256] = "?";
		port = (unsigned)d[4 + rest - 1] << 8 | d[4 + rest];
		if (d[3] == 3) {
			snprintf(host, sizeof host, "%.*s", d[4], (char *)d + 5);
		} else {
			inet_ntop(d[3] == 1 ? AF_INET : AF_INET6, d + 4, host, sizeof host);
		}
		g_mutex_lock(&mutex);
		g_string_append_printf(socks_asked, "%s:%u; ", host, port);
		g_mutex_unlock(&mutex);
	}
	if (good && port != 7779) {
		send(fd, "\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00", 10, MSG_NOSIGNAL);
		relay(fd);
	} else {
		send(fd, "\x05\x05\x00\x01\x00\x00\x00\x00\x00\x00", 10, MSG_NOSIGNAL);
	}
	close(fd);
	return NULL;
}

static void *
serve_socks(void *unused)
{
	int fd;

	(void)unused;
	while ((fd = accept(socks_fd, NULL, NULL)) >= 0) {
		begin(serve_socks_client, GINT_TO_POINTER(fd));
	}
	return NULL;
}

unsigned
wp_socks(unsigned to_port)
{
	unsigned port;

	socks_asked = g_string_new(NULL);
	socks_to = to_port;
	socks_fd = listening(&port);
	begin(serve_socks, NULL);
	return port;
}

char *
wp_socks_asked(void)
{
	g_mutex_lock(&mutex);
	char *text = g_strdup(socks_asked->str);
	g_mutex_unlock(&mutex);
	return text;
}
