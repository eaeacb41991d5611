#include "way.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct test_way {
	unsigned http, https;
};

typedef struct client {
	const test_way *way;
	int fd;
} client;

static bool
put_all(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t put = send(fd, bytes, len, MSG_NOSIGNAL);

		if (put <= 0) {
			return false;
		}
		bytes += put;
		len -= (size_t)put;
	}
	return true;
}

static void
pass_bytes(int a, int b)
{
	char bytes[65536];
	struct pollfd on[2] = {{.fd = a, .events = POLLIN}, {.fd = b, .events = POLLIN}};

	while (poll(on, 2, -1) > 0) {
		for (int i = 0; i < 2; i++) {
			ssize_t got = on[i].revents ? recv(on[i].fd, bytes, sizeof bytes, 0) : -2;

			if (got == 0 || got == -1 ||
				(got > 0 && !put_all(on[!i].fd, bytes, (size_t)got))) {
				return;
			}
		}
	}
}

static int
reach(const test_way *way, unsigned port)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	port = port == 80 ? way->http : port == 443 ? way->https : port;
	at.sin_port = htons((uint16_t)port);
	if (connect(fd, (struct sockaddr *)&at, sizeof at) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* The head of the request, with its empty line; "" when there is none. */
static void
read_head(int fd, char *head, size_t size)
{
	size_t len = 0;

	while (len + 1 < size) {
		ssize_t got = recv(fd, head + len, 1, 0);

		if (got <= 0) {
			len = 0;
			break;
		}
		len++;
		if (len >= 4 && memcmp(head + len - 4, "\r\n\r\n", 4) == 0) {
			break;
		}
	}
	head[len] = '\0';
}

static void *
serve(void *user)
{
	client *c = user;
	static const char yes[] = "HTTP/1.1 200 OK\r\n\r\n";
	static const char no[] = "HTTP/1.1 502 No\r\nConnection: close\r\n\r\n";
	char head[16384];
	int to = -1;

	read_head(c->fd, head, sizeof head);
	bool tunnel = strncmp(head, "CONNECT ", 8) == 0;
	char *host = tunnel ? head + 8 : strstr(head, "http://");
	host += host && !tunnel ? 7 : 0;
	char *end = host ? host + strcspn(host, "/ ?") : NULL;
	char *colon = host ? strchr(host, ':') : NULL;
	if (host) {
		to = reach(
			c->way, colon && colon < end ? (unsigned)strtoul(colon + 1, NULL, 10) : 80);
	}
	if (to < 0) {
		put_all(c->fd, no, sizeof no - 1);
	} else if (tunnel ? put_all(c->fd, yes, sizeof yes - 1)
			  : put_all(to, head, (size_t)(strchr(head, ' ') + 1 - head)) &&
				    put_all(to, end, strlen(end))) {
		pass_bytes(c->fd, to);
	}
	if (to >= 0) {
		close(to);
	}
	close(c->fd);
	free(c);
	return NULL;
}

typedef struct door {
	const test_way *way;
	int fd;
} door;

static void *
accept_all(void *user)
{
	door *d = user;
	struct pollfd on = {.fd = d->fd, .events = POLLIN};

	while (poll(&on, 1, -1) > 0) {
		int fd = accept4(d->fd, NULL, NULL, SOCK_CLOEXEC);

		if (fd >= 0) {
			client *c = calloc(1, sizeof *c);

			*c = (client){d->way, fd};
			g_thread_unref(g_thread_new("client", serve, c));
		} else if (errno != EAGAIN && errno != EINTR) {
			break;
		}
	}
	return NULL;
}

static bool
on_listen(void *user, int fd, unsigned slot, GError **error)
{
	door *d = g_new0(door, 1);

	(void)slot;
	(void)error;
	*d = (door){user, fd};
	g_thread_unref(g_thread_new("door", accept_all, d));
	return true;
}

static void
on_assign(void *user, unsigned slot, const struct hk_egress_who *who)
{
	(void)user;
	(void)slot;
	(void)who;
}

static void
on_release(void *user, unsigned slot)
{
	(void)user;
	(void)slot;
}

test_way *
test_way_new(unsigned http, unsigned https)
{
	test_way *way = g_new0(test_way, 1);

	*way = (test_way){http, https};
	return way;
}

hk_browser_way
test_way_get(test_way *way)
{
	return (hk_browser_way){on_listen, on_assign, on_release, way};
}
