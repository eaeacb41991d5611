/* bench_egress: what sys/fetch costs beside plain libcurl, and how many requests it carries when a fifth of the hosts is dead or slow.
 *
 *   bench_egress [SECONDS]
 *
 * The peer is a child process: one thread, epoll, HTTP/1.1, "Connection: close"; by the path it answers at once, or never. Figures are CPU
 * time of this process for the overhead (the peer's is its own), wall time for the rate. Everything stays on loopback. */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <curl/curl.h>

#include "bench.h"
#include "sys/clock.h"
#include "sys/fetch.h"

enum { REQUESTS = 2000, AT_ONCE = 64, BODY = 8192 };

static unsigned port;
static char reply[BODY + 200];
static size_t reply_len;

static int
listening(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof at;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (bind(fd, (struct sockaddr *)&at, sizeof at) != 0 || listen(fd, 4096) != 0 ||
		getsockname(fd, (struct sockaddr *)&at, &len) != 0) {
		fprintf(stderr, "bench_egress: no loopback\n");
		exit(1);
	}
	port = ntohs(at.sin_port);
	return fd;
}

/* One request, one answer; one for /slow is never answered. */
static void
serve_client(int epoll, int fd)
{
	char data[4096];
	ssize_t n = read(fd, data, sizeof data - 1);

	if (n <= 0) {
		epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL);
		close(fd);
		return;
	}
	data[n] = '\0';
	if (!strstr(data, "/slow")) {
		(void)!send(fd, reply, reply_len, MSG_NOSIGNAL);
		shutdown(fd, SHUT_WR);
	}
}

_Noreturn static void
serve(int listener)
{
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, events[64];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
	for (;;) {
		int n = epoll_wait(epoll, events, 64, -1);
		for (int i = 0; i < n; i++) {
			int fd = events[i].data.fd;
			if (fd != listener) {
				serve_client(epoll, fd);
				continue;
			}
			int client = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
			event.data.fd = client;
			epoll_ctl(epoll, EPOLL_CTL_ADD, client, &event);
		}
	}
}

/* ---- Plain curl: the same requests, as curl is usually driven ---- */

static size_t
count_body(char *data, size_t size, size_t count, void *user)
{
	(void)data;
	*(uint64_t *)user += size * count;
	return size * count;
}

static void
start_curl(CURLM *multi, CURL *easy, struct curl_slist *to, uint64_t *bytes)
{
	curl_easy_reset(easy);
	curl_easy_setopt(easy, CURLOPT_URL,
		"http://evil.example/x"); /* nocheck: the other candidate of a benchmark */
	curl_easy_setopt(easy, CURLOPT_CONNECT_TO, to);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, count_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, bytes);
	curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip, deflate, br");
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, 20000L);
	curl_multi_add_handle(multi, easy);
}

static uint64_t
plain(void *user)
{
	CURLM *multi = curl_multi_init();
	g_autofree char *row = g_strdup_printf("::127.0.0.1:%u", port);
	struct curl_slist *to = curl_slist_append(NULL, row);
	CURL *easies[AT_ONCE];
	unsigned started = 0, done = 0;
	uint64_t bytes = 0;
	int running, left;
	CURLMsg *msg;

	(void)user;
	for (; started < AT_ONCE; started++) {
		easies[started] = curl_easy_init();
		start_curl(multi, easies[started], to, &bytes);
	}
	while (done < REQUESTS) {
		curl_multi_perform(multi, &running);
		while ((msg = curl_multi_info_read(multi, &left))) {
			CURL *easy = msg->easy_handle;
			curl_multi_remove_handle(multi, easy);
			done++;
			if (started++ < REQUESTS) {
				start_curl(multi, easy, to, &bytes);
			}
		}
		curl_multi_poll(multi, NULL, 0, 100, NULL);
	}
	for (int i = 0; i < AT_ONCE; i++) {
		curl_easy_cleanup(easies[i]);
	}
	curl_multi_cleanup(multi);
	curl_slist_free_all(to);
	if (bytes != (uint64_t)REQUESTS * BODY) {
		fprintf(stderr, "bench_egress: plain curl got %" G_GUINT64_FORMAT " bytes\n",
			bytes);
		exit(1);
	}
	return REQUESTS;
}

/* ---- sys/fetch ---- */

static hk_egress *egress;
static hk_fetch *fetcher; /* a process has one; making it reads the authorities */

typedef struct counts {
	uint64_t good, bad, bytes;
} counts;

static void
on_done(void *user, hk_fetch_call *call, const hk_fetch_answer *answer)
{
	counts *c = user;

	(void)call;
	c->good += !answer->error;
	c->bad += answer->error != NULL;
	c->bytes += answer->body.len;
}

static void
start_fetch(hk_fetch *fetch, const char *url, unsigned timeout_ms, counts *c)
{
	hk_fetch_request request = {
		.url = url, .timeout_ms = timeout_ms, .who = {.purpose = "look"}};

	hk_fetch_start(fetch, &request, on_done, c, NULL);
}

static uint64_t
ours(void *user)
{
	hk_fetch *fetch = fetcher;
	counts c = {0};
	unsigned started = 0;

	(void)user;
	while (c.good + c.bad < REQUESTS) {
		while (started < REQUESTS && hk_fetch_busy(fetch) < AT_ONCE) {
			start_fetch(fetch, "http://evil.example/x", 20000, &c);
			started++;
		}
		hk_fetch_step(fetch, 100, -1);
	}
	if (c.bytes != (uint64_t)REQUESTS * BODY) {
		fprintf(stderr,
			"bench_egress: fetch got %" G_GUINT64_FORMAT " bytes, %" G_GUINT64_FORMAT
			" failed\n",
			c.bytes, c.bad);
		exit(1);
	}
	return REQUESTS;
}

/* A fifth of the hosts: half of them refuses (a port without a listener), half accepts and never answers. rate: requests started in a
 * second; 0: as many as it can. */
static void
mixed(double seconds, double rate)
{
	g_autoptr(hk_fetch) fetch = hk_fetch_new(&(hk_fetch_config){.egress = egress}, NULL);
	counts c = {0};
	uint64_t started = 0;
	int64_t begin_us = hk_clock_mono_us(), now_us = begin_us;
	double cpu = bench_cpu_s();
	size_t most = 0;

	while ((double)(now_us - begin_us) / 1e6 < seconds) {
		double want = rate > 0 ? (double)(now_us - begin_us) / 1e6 * rate : 1e18;
		while ((double)started < want && hk_fetch_busy(fetch) < 4000) {
			char url[80];
			unsigned kind = (unsigned)(started % 10);
			snprintf(url, sizeof url, "http://h%u.example%s",
				(unsigned)(started % 5000),
				kind == 0   ? "/slow"
				: kind == 5 ? ":8080/dead"
					    : "/x");
			start_fetch(fetch, url, 3000, &c);
			started++;
		}
		most = MAX(most, hk_fetch_busy(fetch));
		hk_fetch_step(fetch, 2, -1);
		now_us = hk_clock_mono_us();
	}
	double wall = (double)(now_us - begin_us) / 1e6;
	cpu = bench_cpu_s() - cpu;
	uint64_t ended = c.good + c.bad;
	/* What is under way ends, too: nothing may be lost, and what answers must have been heard. */
	while (hk_fetch_busy(fetch) > 0) {
		hk_fetch_step(fetch, 100, -1);
	}
	if (c.good + c.bad != started) {
		fprintf(stderr, "bench_egress: requests were lost\n");
		exit(1);
	}
	g_autofree char *name =
		rate > 0 ? g_strdup_printf(
				   "requests started, a fifth dead or slow, %.0f wanted", rate)
			 : g_strdup("requests ended, a fifth dead or slow, as many as it can");
	bench_figure("egress", name, (double)(rate > 0 ? started : ended) / wall,
		"requests/s (wall)", NULL, 0, ">= 500");
	bench_figure("egress", "  of them answered (80 have a host that answers)",
		100.0 * (double)c.good / (double)started, "%", NULL, 0, NULL);
	bench_figure("egress", "  CPU of this process for them", 100 * cpu / wall, "% of a core",
		NULL, 0, NULL);
	bench_figure(
		"egress", "  under way at once, at most", (double)most, "requests", NULL, 0, NULL);
}

static void
quiet(void *user, const hk_egress_record *record)
{
	(void)user;
	(void)record;
}

int
main(int argc, char **argv)
{
	double seconds = argc > 1 ? g_ascii_strtod(argv[1], NULL) : 10;
	int listener = listening();
	unsigned dead_port = port;
	int dead = listener;

	/* A port that was given out and is free again refuses. */
	listener = listening();
	close(dead);
	reply_len = (size_t)snprintf(reply, sizeof reply,
		"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\nConnection: "
		"close\r\n\r\n",
		BODY);
	memset(reply + reply_len, 'x', BODY);
	reply_len += BODY;
	curl_global_init(CURL_GLOBAL_DEFAULT);
	pid_t pid = fork();
	if (pid == 0) {
		serve(listener);
	}
	close(listener);
	g_autofree char *path = g_build_filename(g_get_tmp_dir(), "bench-XXXXXX", NULL);
	int fd = g_mkstemp(path);
	g_autofree char *text = g_strdup_printf("range = 127.0.0.1\nrange-ports = {\"80=%u\", "
						"\"8080=%u\"}\nhost-rate = 100000\nhost-burst = "
						"100000\naddress-rate = 100000\naddress-burst = "
						"100000\nhost-open = 5000\nopen = 5000\n",
		port, dead_port);
	(void)!write(fd, text, strlen(text));
	close(fd);
	egress = hk_egress_new(path, NULL);
	hk_egress_record_to(egress, quiet, NULL);
	unlink(path);

	fetcher = hk_fetch_new(&(hk_fetch_config){.egress = egress}, NULL);
	bench_row rows[] = {{"plain", plain, NULL, 0}, {"fetch", ours, NULL, 0}};
	bench_run(rows, 2, 7);
	bench_figure("egress", "plain libcurl, a connection each", 1e9 / rows[0].ns,
		"requests/CPU-s", NULL, 0, NULL);
	bench_figure("egress", "sys/fetch, a connection each", 1e9 / rows[1].ns, "requests/CPU-s",
		"plain libcurl", rows[0].ns / rows[1].ns, ">= 0.91 (overhead <= 10 %)");
	mixed(seconds, 500);
	mixed(seconds, 0);
	hk_fetch_free(fetcher);
	hk_egress_unref(egress);
	kill(pid, SIGKILL);
	return 0;
}
