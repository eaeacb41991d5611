#include "s3peer.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEAD_MAX = 16384 };

typedef struct request {
	char head[HEAD_MAX];
	char method[8], path[512];
	GByteArray *body;
} request;

static const char *
header(const request *r, const char *name)
{
	const char *at = strcasestr(r->head, name);

	return at ? at + strlen(name) : NULL;
}

static void
say(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, text, len, MSG_NOSIGNAL);
		if (n <= 0) {
			return;
		}
		text += n;
		len -= (size_t)n;
	}
}

static bool
read_request(int fd, request *r)
{
	size_t len = 0;
	char *end = NULL;
	ssize_t n;

	while (!end && len < sizeof r->head - 1 &&
		(n = read(fd, r->head + len, sizeof r->head - 1 - len)) > 0) {
		len += (size_t)n;
		r->head[len] = '\0';
		end = strstr(r->head, "\r\n\r\n");
	}
	if (!end) {
		return false;
	}
	size_t extra = len - (size_t)(end + 4 - r->head);
	g_byte_array_append(r->body, (const guint8 *)end + 4, (guint)extra);
	end[4] = '\0';
	const char *length = header(r, "\nContent-Length: ");
	size_t want = length ? strtoul(length, NULL, 10) : 0;
	if (header(r, "\nExpect: 100-continue")) {
		say(fd, "HTTP/1.1 100 Continue\r\n\r\n", 25);
	}
	while (r->body->len < want) {
		guint8 piece[65536];
		n = read(fd, piece, sizeof piece);
		if (n <= 0) {
			return false;
		}
		g_byte_array_append(r->body, piece, (guint)n);
	}
	const char *blank = strchr(r->head, ' ');
	g_strlcpy(r->method, r->head, MIN(sizeof r->method, (size_t)(blank - r->head) + 1));
	g_strlcpy(r->path, blank + 1, MIN(sizeof r->path, strcspn(blank + 1, " ") + 1));
	return true;
}

static char *
error_text(int status, const char *code)
{
	g_autofree char *body =
		g_strdup_printf("<?xml version=\"1.0\"?><Error><Code>%s</Code></Error>", code);

	return g_strdup_printf(
		"HTTP/1.1 %d X\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s", status,
		strlen(body), body);
}

static void
say_error(int fd, const request *r, int status, const char *code)
{
	g_autofree char *text = error_text(status, code);

	/* HEAD has no body. */
	say(fd, text,
		strcmp(r->method, "HEAD") == 0 ? (size_t)(strstr(text, "\r\n\r\n") + 4 - text)
					       : strlen(text));
}

static void
say_object(s3peer *peer, int fd, const request *r, GBytes *object)
{
	g_autoptr(GString) out = g_string_new("HTTP/1.1 200 OK\r\nConnection: close\r\n");
	gsize len;
	const char *data = g_bytes_get_data(object, &len);
	guint8 hash[32];
	gsize hash_len = sizeof hash;

	if (peer->checksums) {
		GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
		g_checksum_update(sum, (const guint8 *)data, (gssize)len);
		g_checksum_get_digest(sum, hash, &hash_len);
		g_checksum_free(sum);
		g_autofree char *text = g_base64_encode(hash, sizeof hash);
		g_string_append_printf(out, "x-amz-checksum-sha256: %s\r\n", text);
	}
	g_string_append_printf(out, "Content-Length: %zu\r\n\r\n", len);
	if (strcmp(r->method, "HEAD") != 0) {
		g_string_append_len(out, data, (gssize)len);
	}
	say(fd, out->str, out->len);
}

static void
answer(s3peer *peer, int fd, request *r)
{
	GBytes *object = g_hash_table_lookup(peer->objects, r->path);
	bool once = header(r, "\nIf-None-Match: *") != NULL;

	if (strcmp(r->method, "PUT") != 0) {
		if (object) {
			say_object(peer, fd, r, object);
		} else {
			say_error(fd, r, 404, "NoSuchKey");
		}
	} else if (once && peer->conditions == S3PEER_REFUSES) {
		say_error(fd, r, 501, "NotImplemented");
	} else if (once && object && peer->conditions == S3PEER_KNOWS) {
		say_error(fd, r, 412, "PreconditionFailed");
	} else {
		g_hash_table_replace(
			peer->objects, g_strdup(r->path), g_bytes_new(r->body->data, r->body->len));
		say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", 57);
	}
}

static void
handle(s3peer *peer, int fd)
{
	request r = {.body = g_byte_array_new()};

	if (read_request(fd, &r)) {
		g_mutex_lock(&peer->lock);
		g_string_append_printf(peer->log, "%s %s\n", r.method, r.path);
		g_string_assign(peer->head, r.head);
		g_autofree char *next = g_queue_pop_head(&peer->next);
		if (next) {
			say(fd, next, strlen(next));
		} else {
			answer(peer, fd, &r);
		}
		g_mutex_unlock(&peer->lock);
	}
	g_byte_array_unref(r.body);
	close(fd);
}

static gpointer
serve(gpointer data)
{
	s3peer *peer = data;
	int fd;

	while ((fd = accept(peer->listener, NULL, NULL)) >= 0) {
		handle(peer, fd);
	}
	return NULL;
}

s3peer *
s3peer_start(void)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof addr;
	s3peer *peer = g_new0(s3peer, 1);

	g_mutex_init(&peer->lock);
	g_queue_init(&peer->next);
	peer->checksums = true;
	peer->objects = g_hash_table_new_full(
		g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_bytes_unref);
	peer->log = g_string_new(NULL);
	peer->head = g_string_new(NULL);
	peer->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(peer->listener, (struct sockaddr *)&addr, len) != 0 ||
		listen(peer->listener, 64) != 0 ||
		getsockname(peer->listener, (struct sockaddr *)&addr, &len) != 0) {
		abort();
	}
	peer->port = ntohs(addr.sin_port);
	peer->thread = g_thread_new("s3peer", serve, peer);
	return peer;
}

void
s3peer_stop(s3peer *peer)
{
	shutdown(peer->listener, SHUT_RDWR);
	g_thread_join(peer->thread);
	close(peer->listener);
	g_hash_table_unref(peer->objects);
	g_queue_clear_full(&peer->next, g_free);
	g_string_free(peer->log, TRUE);
	g_string_free(peer->head, TRUE);
	g_mutex_clear(&peer->lock);
	g_free(peer);
}

void
s3peer_next(s3peer *peer, const char *raw)
{
	g_mutex_lock(&peer->lock);
	g_queue_push_tail(&peer->next, g_strdup(raw));
	g_mutex_unlock(&peer->lock);
}

void
s3peer_fail(s3peer *peer, int status, const char *code)
{
	g_autofree char *text = error_text(status, code);

	s3peer_next(peer, text);
}

void
s3peer_set(s3peer *peer, const char *path, const char *text)
{
	g_mutex_lock(&peer->lock);
	if (text) {
		g_hash_table_replace(
			peer->objects, g_strdup(path), g_bytes_new(text, strlen(text)));
	} else {
		g_hash_table_remove(peer->objects, path);
	}
	g_mutex_unlock(&peer->lock);
}

char *
s3peer_text(s3peer *peer, const char *path)
{
	g_mutex_lock(&peer->lock);
	GBytes *object = g_hash_table_lookup(peer->objects, path);
	gsize len = 0;
	const char *data = object ? g_bytes_get_data(object, &len) : NULL;
	char *text = object ? g_strndup(data ? data : "", len) : NULL;
	g_mutex_unlock(&peer->lock);
	return text;
}

static char *
copy(s3peer *peer, GString *from, bool clear)
{
	g_mutex_lock(&peer->lock);
	char *text = g_strdup(from->str);
	if (clear) {
		g_string_truncate(from, 0);
	}
	g_mutex_unlock(&peer->lock);
	return text;
}

char *
s3peer_log(s3peer *peer)
{
	return copy(peer, peer->log, true);
}

char *
s3peer_head(s3peer *peer)
{
	return copy(peer, peer->head, false);
}
