/* Visits whose browser hangs, or uses too much memory: each ends by itself and says so, and the next one gets a browser that works. The site is a
 * socket on loopback that takes connections and answers none, or one. */
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "evidence/page.h"
#include "evidence/plan.h"
#include "sys/browser.h"
#include "sys/clock.h"
#include "tap.h"
#include "way.h"

static const char *const shell = "/usr/lib/chromium/chromium-headless-shell";

/* Whom the visit finds stopped, from the moment on when the site is asked. */
typedef struct stopper {
	const char *type; /* "renderer": those; NULL: the browser itself */
	int site;
	unsigned stopped;
} stopper;

static int
open_site(unsigned *ret_port)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof at;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&at, len) != 0 || listen(fd, 64) != 0 ||
		getsockname(fd, (struct sockaddr *)&at, &len) != 0) {
		return -1;
	}
	*ret_port = ntohs(at.sin_port);
	return fd;
}

static pid_t
parent_of(pid_t pid)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/status", (int)pid);
	g_autofree char *text = NULL;
	const char *line =
		g_file_get_contents(path, &text, NULL, NULL) ? strstr(text, "\nPPid:\t") : NULL;

	return line ? (pid_t)g_ascii_strtoll(line + 7, NULL, 10) : 0;
}

/* Whether a process is one of our browser's that is meant. */
static bool
is_meant(const stopper *s, pid_t pid)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/cmdline", (int)pid);
	g_autofree char *line = NULL;
	gsize len = 0;

	if (!g_file_get_contents(path, &line, &len, NULL)) {
		return false;
	}
	/* Between the words are NULs, or blanks where the zygote has named its child. */
	for (gsize i = 0; i < len; i++) {
		line[i] = line[i] ? line[i] : ' ';
	}
	g_autofree char *type = g_strconcat(" --type=", s->type ? s->type : "", " ", NULL);
	bool wanted = s->type ? strstr(line, type) != NULL : strstr(line, " --type=") == NULL;
	for (pid = parent_of(pid); pid > 1 && pid != getpid();) {
		pid = parent_of(pid);
	}
	return wanted && strstr(line, "chromium") && pid == getpid();
}

static unsigned
stop_meant(const stopper *s)
{
	g_autoptr(GDir) dir = g_dir_open("/proc", 0, NULL);
	const char *name;
	unsigned count = 0;

	while (dir && (name = g_dir_read_name(dir))) {
		pid_t pid = (pid_t)g_ascii_strtoll(name, NULL, 10);
		if (pid > 1 && is_meant(s, pid)) {
			count += kill(pid, SIGSTOP) == 0;
		}
	}
	return count;
}

/* One page, whose picture is asked for in a connection of its own. */
static void
serve_page(int site)
{
	static const char page[] =
		"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n"
		"<!DOCTYPE html><title>bank</title><p>a page that waits for its picture</p>"
		"<img src=/picture.png>";
	char request[4096];
	int fd = accept(site, NULL, NULL);

	if (fd >= 0 && recv(fd, request, sizeof request, 0) > 0) {
		send(fd, page, strlen(page), MSG_NOSIGNAL);
	}
	close(fd);
}

static void *
stop_when_asked(void *user)
{
	stopper *s = user;
	struct pollfd asked = {.fd = s->site, .events = POLLIN};

	/* The process of a page that has not come yet is of no account. */
	if (s->type && poll(&asked, 1, 60000) > 0) {
		serve_page(s->site);
	}
	if (poll(&asked, 1, 60000) > 0) {
		s->stopped = stop_meant(s);
	}
	return NULL;
}

static hk_capture *
visit(hk_browser *b)
{
	static const hk_page_limits limits = {
		.load = 2000, .idle = 100, .content = 200, .total = 60000, .full_height = 900};
	hk_page_job job = {.url = "http://www.mihon-bank.example/", .limits = limits};
	g_autoptr(GError) error = NULL;

	if (!hk_plan_parse("iphone/sms/first", &job.variant, &error)) {
		return NULL;
	}
	hk_capture *c = hk_page_capture(b, &job, &error);
	ok(c != NULL, "the visit ends%s%s", error ? ": " : "", error ? error->message : "");
	return c;
}

static void
check_next(hk_browser *b, unsigned starts)
{
	g_autoptr(GError) error = NULL;
	hk_browser_tab *tab =
		hk_browser_tab_open(b, NULL, 390, 844, hk_clock_mono_ms() + 60000, &error);
	hk_browser_tally tally;

	ok(tab && hk_cdp_do(hk_browser_tab_page(tab), "Runtime.evaluate", "{\"expression\":\"1\"}",
			  hk_clock_mono_ms() + 20000, &error),
		"the next tab answers%s%s", error ? ": " : "", error ? error->message : "");
	hk_browser_tab_close(tab);
	hk_browser_count(b, &tally);
	is_int(tally.starts, starts, "starts of the browser");
}

/* One visit with those processes stopped in its middle. */
static void
check_stopped(const char *type, const char *want, unsigned killed)
{
	stopper s = {.type = type};
	unsigned port = 0;
	hk_browser_tally tally;
	g_autoptr(GError) error = NULL;

	s.site = open_site(&port);
	hk_browser_config config = {.way = test_way_get(test_way_new(port, 0))};
	g_autoptr(hk_browser) b = hk_browser_new(&config, &error);
	if (!ok(s.site >= 0 && b && hk_browser_start(b, &error), "a browser%s%s", error ? ": " : "",
		    error ? error->message : "")) {
		return;
	}
	GThread *thread = g_thread_new("stop", stop_when_asked, &s);
	hk_capture *c = visit(b);
	g_thread_join(thread);
	ok(s.stopped > 0, "%s was stopped", type ? type : "the browser");
	if (c) {
		is_str(hk_capture_end_code(c->end), want, "and this is how it is told: %s",
			c->reason ? c->reason : "");
		hk_capture_free(c);
	}
	hk_browser_count(b, &tally);
	is_int(tally.killed, killed, "browsers that were ended for it");
	check_next(b, killed + 1);
	close(s.site);
}

static void
check_memory(void)
{
	unsigned port = 0;
	int site = open_site(&port);
	hk_browser_tally tally;
	g_autoptr(GError) error = NULL;
	/* Every browser uses more than this. */
	hk_browser_config config = {
		.memory_stop = 1 << 20, .way = test_way_get(test_way_new(port, 0))};
	g_autoptr(hk_browser) b = hk_browser_new(&config, &error);

	/* Its memory is looked at every two seconds. */
	hk_page_limits longer = {.load = 20000, .idle = 100, .content = 200, .total = 60000};
	hk_page_job job = {.url = "http://www.mihon-bank.example/", .limits = longer};
	ok(b && hk_plan_parse("iphone/sms/first", &job.variant, &error), "a browser with little");
	hk_capture *c = hk_page_capture(b, &job, &error);
	ok(c && c->end == HK_CAPTURE_MEMORY, "too much memory ends the visit: %s",
		c ? hk_capture_end_code(c->end) : "no capture");
	if (c) {
		hk_capture_free(c);
	}
	hk_browser_count(b, &tally);
	is_int(tally.killed, 1, "with the browser");
	check_next(b, 2);
	close(site);
}

int
main(void)
{
	if (access(shell, X_OK) != 0) {
		skip("chromium-headless-shell is not installed", "a browser that hangs");
		return tap_done();
	}
	check_stopped(NULL, "browser-hang", 1);
	check_stopped("renderer", "script-loop", 0);
	check_memory();
	return tap_done();
}
