#include "egresslib.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tap.h"

static const el_name *names;
static size_t name_count;
static unsigned asked[64];
static int dns_fd, http_fd, canary_fd;
static el_answer answer_fn;
static int canary_seen;
static GMutex mutex;

static int
open_socket(int type, unsigned *ret_port)
{
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof addr;
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof addr) != 0 ||
		(type == SOCK_STREAM && listen(fd, 1024) != 0) ||
		getsockname(fd, (struct sockaddr *)&addr, &len) != 0) {
		printf("Bail out! no loopback\n");
		exit(1);
	}
	*ret_port = ntohs(addr.sin_port);
	return fd;
}

/* The name in a question, with dots; the length of the question in *ret. */
static bool
question(const uint8_t *packet, size_t len, char *name, size_t *ret)
{
	size_t at = 12, out = 0;

	while (at < len && packet[at] != 0) {
		size_t n = packet[at++];
		if (n > 63 || at + n > len || out + n + 2 > 256) {
			return false;
		}
		memcpy(name + out, packet + at, n);
		out += n;
		name[out++] = '.';
		at += n;
	}
	name[out > 0 ? out - 1 : 0] = '\0';
	*ret = at + 5 - 12;
	return at + 5 <= len;
}

static size_t
answers(const char *text, unsigned type, uint8_t *out, unsigned *ret_count)
{
	g_auto(GStrv) words = g_strsplit(text, " ", -1);
	size_t len = 0;

	for (size_t i = 0; words[i]; i++) {
		uint8_t addr[16];
		bool v6 = strchr(words[i], ':') != NULL;
		if (!*words[i] || v6 != (type == 28) ||
			inet_pton(v6 ? AF_INET6 : AF_INET, words[i], addr) != 1) {
			continue;
		}
		uint8_t head[12] = {0xc0, 12, 0, (uint8_t)type, 0, 1, 0, 0, 0, 0, 0, v6 ? 16 : 4};
		memcpy(out + len, head, 12);
		memcpy(out + len + 12, addr, v6 ? 16 : 4);
		len += 12u + (v6 ? 16 : 4);
		(*ret_count)++;
	}
	return len;
}

static void *
serve_dns(void *unused)
{
	uint8_t packet[4096];
	struct sockaddr_storage from;
	socklen_t from_len = sizeof from;
	ssize_t n;

	(void)unused;
	while ((n = recvfrom(dns_fd, packet, 512, 0, (struct sockaddr *)&from, &from_len)) >= 0) {
		char name[256];
		size_t q;
		if (n < 12 || !question(packet, (size_t)n, name, &q)) {
			continue;
		}
		unsigned type = (unsigned)packet[12 + q - 4] << 8 | packet[12 + q - 3], count = 0;
		size_t len = 12 + q;
		const char *text = NULL;
		g_mutex_lock(&mutex);
		for (size_t i = 0; i < name_count; i++) {
			if (g_ascii_strcasecmp(names[i].name, name) == 0) {
				text = names[i].answers;
				const char *bar = strchr(text, '|');
				if (bar && asked[i] > 0) {
					text = bar + 1;
				}
				asked[i] += type == 1;
			}
		}
		g_mutex_unlock(&mutex);
		if (text && strcmp(text, "silent") == 0) {
			continue;
		}
		if (text) {
			g_autofree char *part = g_strndup(text, strcspn(text, "|"));
			len += answers(part, type, packet + len, &count);
		}
		packet[2] = 0x85;
		packet[3] = text ? 0x80 : 0x83;
		packet[7] = (uint8_t)count;
		packet[8] = packet[9] = packet[10] = packet[11] = 0;
		sendto(dns_fd, packet, len, 0, (struct sockaddr *)&from, from_len);
		from_len = sizeof from;
	}
	return NULL;
}

static void *
serve_one(void *user)
{
	int fd = GPOINTER_TO_INT(user);
	char head[16384];
	size_t len = 0;
	ssize_t n;

	while (len < sizeof head - 1 && (n = read(fd, head + len, sizeof head - 1 - len)) > 0) {
		len += (size_t)n;
		head[len] = '\0';
		if (strstr(head, "\r\n\r\n")) {
			break;
		}
	}
	head[len] = '\0';
	size_t size = 0;
	g_autofree char *text = answer_fn(head, &size);
	for (size_t at = 0; text && at < size;) {
		n = send(fd, text + at, size - at, MSG_NOSIGNAL);
		if (n <= 0) {
			break;
		}
		at += (size_t)n;
	}
	shutdown(fd, SHUT_WR);
	while (read(fd, head, sizeof head) > 0) {
	}
	close(fd);
	return NULL;
}

static void *
serve_http(void *unused)
{
	int fd;

	(void)unused;
	while ((fd = accept(http_fd, NULL, NULL)) >= 0) {
		pthread_t thread;
		pthread_create(&thread, NULL, serve_one, GINT_TO_POINTER(fd));
		pthread_detach(thread);
	}
	return NULL;
}

static void *
serve_canary(void *unused)
{
	int fd;

	(void)unused;
	while ((fd = accept(canary_fd, NULL, NULL)) >= 0) {
		g_atomic_int_inc(&canary_seen);
		close(fd);
	}
	return NULL;
}

static void
begin(void *(*serve)(void *))
{
	pthread_t thread;

	pthread_create(&thread, NULL, serve, NULL);
	pthread_detach(thread);
}

unsigned
el_dns(const el_name *table, size_t count)
{
	unsigned port;

	names = table;
	name_count = count;
	dns_fd = open_socket(SOCK_DGRAM, &port);
	begin(serve_dns);
	return port;
}

unsigned
el_dns_asked(const char *name)
{
	unsigned n = 0;

	g_mutex_lock(&mutex);
	for (size_t i = 0; i < name_count; i++) {
		n = strcmp(names[i].name, name) == 0 ? asked[i] : n;
	}
	g_mutex_unlock(&mutex);
	return n;
}

unsigned
el_http(el_answer answer)
{
	unsigned port;

	answer_fn = answer;
	http_fd = open_socket(SOCK_STREAM, &port);
	begin(serve_http);
	return port;
}

unsigned
el_canary(void)
{
	unsigned port;

	canary_fd = open_socket(SOCK_STREAM, &port);
	begin(serve_canary);
	return port;
}

unsigned
el_canary_seen(void)
{
	return (unsigned)g_atomic_int_get(&canary_seen);
}

char *
el_conf(const char *format, ...)
{
	va_list args;
	char *path = g_build_filename(g_get_tmp_dir(), "egress-XXXXXX", NULL);
	int fd = g_mkstemp(path);

	va_start(args, format);
	g_autofree char *text = g_strdup_vprintf(format, args);
	va_end(args);
	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text)) {
		printf("Bail out! no temporary file\n");
		exit(1);
	}
	close(fd);
	return path;
}

void
el_rows(const char *file, void (*row)(char **columns))
{
	size_t len;
	g_autofree char *path = g_strconcat("tests/vectors/", file, NULL);
	char *text = (char *)tap_file(path, &len);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (size_t i = 0; lines[i]; i++) {
		if (*lines[i] && *lines[i] != '#') {
			g_auto(GStrv) columns = g_strsplit(lines[i], "\t", -1);
			row(columns);
		}
	}
	free(text);
}
