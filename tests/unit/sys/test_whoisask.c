/* WHOIS against servers of every temper on loopback, directly and through the two kinds of proxies. */
#include "sys/whoisask.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "egresslib.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/gerr.h"
#include "tap.h"

static const hk_egress_who direct = {.purpose = "whois", .requester = "test"};
static const hk_egress_who by_socks = {.purpose = "whois", .exit = "socks"};
static const hk_egress_who by_http = {.purpose = "whois", .exit = "http"};
static int server_fd;
static GMutex mutex;
static GString *asked; /* what proxies and servers were asked, a line each */

static void
note(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	g_mutex_lock(&mutex);
	g_string_append_vprintf(asked, format, args);
	g_mutex_unlock(&mutex);
	va_end(args);
}

static bool
was_asked(const char *what)
{
	g_mutex_lock(&mutex);
	bool found = strstr(asked->str, what) != NULL;
	g_mutex_unlock(&mutex);
	return found;
}

/* Exactly n bytes. */
static bool
take(int fd, void *ret, size_t n)
{
	for (size_t at = 0; at < n;) {
		ssize_t got = read(fd, (char *)ret + at, n - at);
		if (got <= 0) {
			return false;
		}
		at += (size_t)got;
	}
	return true;
}

static void
say(int fd, const void *bytes, size_t n)
{
	ssize_t sent = send(fd, bytes, n, MSG_NOSIGNAL);
	(void)sent; /* who asked may have hung up */
}

static void
say_text(int fd, const char *text)
{
	say(fd, text, strlen(text));
}

/* RFC 1928 without a password; first: its first byte. False: the connection was refused. */
static bool
be_socks(int fd)
{
	uint8_t d[300] = {0};
	bool good = take(fd, d, 1) && take(fd, d + 1, d[0]);

	say(fd, "\x05\x00", 2);
	good = good && take(fd, d, 5) && take(fd, d + 5, d[4] + 2u);
	note("socks %.*s:%u\n", d[4], (char *)d + 5, d[5 + d[4]] << 8 | d[6 + d[4]]);
	if (!good || memcmp(d + 5, "closed", 6) == 0) {
		say(fd, "\x05\x05\x00\x01\x00\x00\x00\x00\x00\x00", 10);
		return false;
	}
	say(fd, "\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00", 10);
	return true;
}

/* CONNECT, up to the empty line. */
static bool
be_proxy(int fd)
{
	char d[2000] = "C";
	size_t n = 1;

	while (n + 1 < sizeof d && !strstr(d, "\r\n\r\n") && take(fd, d + n, 1)) {
		n++;
	}
	note("proxy %.*s\n", (int)strcspn(d, "\r"), d);
	say_text(fd, strstr(d, "closed") ? "HTTP/1.1 403 No\r\n\r\n" : "HTTP/1.1 200 OK\r\n\r\n");
	return !strstr(d, "closed");
}

static void
answer(int fd, const char *name)
{
	static const char record[] = "Domain Name: slow.test\r\nRegistrar: Mihon\r\n";

	if (strcmp(name, "empty.test") == 0) {
		return;
	}
	if (strcmp(name, "slow.test") == 0) {
		for (const char *at = record; *at; at++) {
			say(fd, at, 1);
			g_usleep(2000);
		}
	} else if (strcmp(name, "long.test") == 0) {
		g_autofree char *text = g_strnfill(200000, 'x');
		say_text(fd, "Domain Name: long.test\r\nRegistrar: Mihon\r\n");
		say_text(fd, text);
	} else if (strcmp(name, "reset.test") == 0) {
		struct linger now = {1, 0};
		say_text(fd, "Domain Name: reset.test\r\nRegistrar: Mihon\r\n");
		g_usleep(100000);
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
	} else if (strcmp(name, "silent.test") == 0) {
		char more;
		bool never = take(fd, &more, 1); /* until who asked hangs up */
		(void)never;
	} else {
		g_autofree char *text =
			g_strdup_printf("Domain Name: %s\r\nRegistrar: Mihon\r\n", name);
		say_text(fd, text);
	}
}

static void *
serve_one(void *user)
{
	int fd = GPOINTER_TO_INT(user);
	char line[300] = {0};
	size_t n = 0;
	bool good = take(fd, line, 1);

	if (good && (line[0] == 5 || line[0] == 'C')) {
		good = (line[0] == 5 ? be_socks(fd) : be_proxy(fd)) && take(fd, line, 1);
	}
	while (good && line[n] != '\n' && n + 2 < sizeof line) {
		good = take(fd, line + ++n, 1);
	}
	if (good) {
		g_strchomp(line);
		note("whois %s\n", line);
		answer(fd, line);
	}
	close(fd);
	return NULL;
}

static void *
serve(void *unused)
{
	int fd;

	(void)unused;
	while ((fd = accept(server_fd, NULL, NULL)) >= 0) {
		pthread_t thread;
		pthread_create(&thread, NULL, serve_one, GINT_TO_POINTER(fd));
		pthread_detach(thread);
	}
	return NULL;
}

static unsigned
start_server(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof at;
	pthread_t thread;

	server_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (server_fd < 0 || bind(server_fd, (struct sockaddr *)&at, len) != 0 ||
		listen(server_fd, 64) != 0 ||
		getsockname(server_fd, (struct sockaddr *)&at, &len) != 0) {
		printf("Bail out! no loopback\n");
		exit(1);
	}
	pthread_create(&thread, NULL, serve, NULL);
	pthread_detach(thread);
	return ntohs(at.sin_port);
}

static void
quiet(void *user, const hk_egress_record *r)
{
	(void)user;
	(void)r;
}

static hk_egress *
policy(const char *text)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *path = el_conf("%s", text);
	hk_egress *egress = hk_egress_new(path, &error);

	if (egress) {
		hk_egress_record_to(egress, quiet, NULL);
	}
	ok(egress != NULL, "rules%s%s", error ? ": " : "", error ? error->message : "");
	unlink(path);
	return egress;
}

/* One question to a server that nobody waits for; NULL: *error. */
static hk_whois_reply *
ask(hk_egress *egress, const hk_egress_who *who, const char *name, int ms, GError **error)
{
	hk_whois_pace *pace = hk_whois_pace_new(NULL);
	hk_whois_reply *reply = hk_whois_ask(
		egress, pace, who, "whois.mihon.example", name, hk_clock_mono_ms() + ms, error);

	hk_whois_pace_free(pace);
	return reply;
}

static void
check_answer(hk_egress *egress, const hk_egress_who *who, const char *name, bool cut)
{
	g_autoptr(GError) error = NULL;
	hk_whois_reply *reply = ask(egress, who, name, 60000, &error);

	ok(reply && strcmp(reply->reg->name, name) == 0, "%s: answered%s%s", name,
		error ? ": " : "", error ? error->message : "");
	ok(reply && reply->cut == cut, "%s: %s", name, cut ? "cut" : "whole");
	if (reply && cut) {
		is_int((int)g_bytes_get_size(reply->raw), HK_WHOISASK_BYTES_MAX,
			"what is kept of it");
	}
	hk_whois_reply_free(reply);
}

static void
check_refusal(hk_egress *egress, const hk_egress_who *who, const char *server, const char *name,
	int ms, hk_err want, const char *text)
{
	g_autoptr(GError) error = NULL;
	hk_whois_pace *pace = hk_whois_pace_new(NULL);
	hk_whois_reply *reply =
		hk_whois_ask(egress, pace, who, server, name, hk_clock_mono_ms() + ms, &error);

	ok(!reply && hk_error_code(error) == want && strstr(error->message, text), "%s of %s: %s",
		text, server, hk_err_code(want));
	hk_whois_reply_free(reply);
	hk_whois_pace_free(pace);
}

/* A question to a server that is left in peace for a second or more; whether it was sent. */
static bool
ask_slowly(hk_egress *egress, hk_whois_pace *pace, const char *name, int ms)
{
	g_autoptr(GError) error = NULL;
	hk_whois_reply *reply = hk_whois_ask(
		egress, pace, &direct, "whois.jprs.jp", name, hk_clock_mono_ms() + ms, &error);
	bool sent = reply != NULL;

	if (!reply && hk_error_code(error) != HK_EAGAIN) {
		tap_diag("%s", error->message);
	}
	hk_whois_reply_free(reply);
	return sent;
}

static void
check_pace(hk_egress *egress)
{
	hk_whois_pace *pace = hk_whois_pace_new(NULL);

	ok(ask_slowly(egress, pace, "one.jp", 60000), "the first question");
	ok(!ask_slowly(egress, pace, "two.jp", 20), "the second one has to wait");
	ok(!was_asked("two.jp"), "and is not sent");
	hk_whois_pace_free(pace);
	pace = hk_whois_pace_new("/nonexistent/pace");
	ok(ask_slowly(egress, pace, "three.jp", 60000), "a file that cannot be had costs nothing");
	ok(!ask_slowly(egress, pace, "four.jp", 20), "the process keeps its own pace");
	hk_whois_pace_free(pace);
}

/* Two of a machine, as two processes have them. */
static void
check_shared_pace(hk_egress *egress)
{
	g_autofree char *path =
		g_strdup_printf("%s/hikeshi-pace-%d", g_get_tmp_dir(), (int)getpid());
	hk_whois_pace *one = hk_whois_pace_new(path), *two = hk_whois_pace_new(path);

	ok(ask_slowly(egress, one, "five.jp", 60000), "one process asks");
	ok(!ask_slowly(egress, two, "six.jp", 20), "another one has to wait for it");
	ok(!was_asked("six.jp"), "and does not ask");
	hk_whois_reply *other = ask(egress, &direct, "seven.test", 60000, NULL);
	ok(other != NULL, "another server can be asked");
	hk_whois_reply_free(other);
	ok(ask_slowly(egress, two, "eight.jp", 60000), "it asks when it is its turn");
	hk_whois_pace_free(one);
	hk_whois_pace_free(two);

	/* Times of before a restart of the machine. */
	int64_t far = hk_clock_mono_ms() + 10 * HK_WHOISASK_LINE_MS;
	g_autofree int64_t *slots = g_new(int64_t, HK_WHOISASK_SLOTS);
	for (size_t i = 0; i < HK_WHOISASK_SLOTS; i++) {
		slots[i] = far;
	}
	ok(hk_file_replace(path, hk_span_of(slots, HK_WHOISASK_SLOTS * sizeof *slots), NULL),
		"a file of another boot");
	one = hk_whois_pace_new(path);
	ok(ask_slowly(egress, one, "nine.jp", 60000), "does not count");
	hk_whois_pace_free(one);
	unlink(path);
}

int
main(void)
{
	asked = g_string_new(NULL);
	unsigned port = start_server();
	g_autofree char *range =
		g_strdup_printf("range = \"127.0.0.1\"\nrange-ports = {\"43=%u\"}\n", port);
	g_autofree char *exits = g_strdup_printf("exits = {\"socks socks5h://127.0.0.1:%u\", "
						 "\"http http://127.0.0.1:%u\"}\n",
		port, port);
	g_autoptr(hk_egress) near = policy(range);
	g_autoptr(hk_egress) far = policy(exits);
	const char *server = "whois.mihon.example";

	check_answer(near, &direct, "plain.test", false);
	check_answer(near, &direct, "slow.test", false);
	check_answer(near, &direct, "long.test", true);
	check_answer(near, &direct, "reset.test", false);
	check_refusal(near, &direct, server, "empty.test", 60000, HK_EREMOTE, "an empty answer");
	check_refusal(near, &direct, server, "silent.test", 2000, HK_EREMOTE, "no answer in time");
	check_refusal(near, &direct, server, "two\r\nlines", 60000, HK_EFORM, "cannot be asked");
	check_pace(near);
	check_shared_pace(near);

	check_answer(far, &by_socks, "socks.test", false);
	ok(was_asked("socks whois.mihon.example:43\nwhois socks.test\n"),
		"SOCKS: the proxy is told the name");
	check_refusal(far, &by_socks, "closed.example", "a.test", 60000, HK_EREMOTE, "proxy");
	check_answer(far, &by_http, "http.test", false);
	ok(was_asked("proxy CONNECT whois.mihon.example:43 HTTP/1.1\nwhois http.test\n"),
		"HTTP: by CONNECT");
	check_refusal(far, &by_http, "closed.example", "b.test", 60000, HK_EREMOTE, "proxy");
	hk_egress_kill(near);
	check_refusal(near, &direct, server, "killed.test", 60000, HK_EPOLICY, "kill");
	ok(!was_asked("killed.test"), "which is not asked");
	g_string_free(asked, TRUE);
	return tap_done();
}
