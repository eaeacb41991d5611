/* The browser itself, without pages from outside: its user, its namespaces, its sandbox, tabs, recycling, ends. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "sys/browser.h"
#include "sys/browser_launch.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "tap.h"
#include "way.h"

static const char *const shell = "/usr/lib/chromium/chromium-headless-shell";

static hk_browser_tab *
open_tab(hk_browser *b)
{
	g_autoptr(GError) error = NULL;
	hk_browser_tab *tab =
		hk_browser_tab_open(b, NULL, 390, 844, hk_clock_mono_ms() + 60000, &error);

	ok(tab != NULL, "a tab%s%s", error ? ": " : "", error ? error->message : "");
	return tab;
}

/* A string that an expression is in the page; NULL: it failed. */
static char *
evaluate(hk_browser_tab *tab, const char *expression)
{
	g_autofree char *params = g_strdup_printf(
		"{\"expression\":\"%s\",\"returnByValue\":true,\"awaitPromise\":true}", expression);
	hk_cdp_message *m = hk_cdp_call(hk_browser_tab_page(tab), "Runtime.evaluate", params,
		hk_clock_mono_ms() + 20000, NULL);
	hk_json result;
	const char *text = NULL;

	if (m && hk_json_object(&m->body, "result", &result, NULL)) {
		(void)hk_json_str(&result, "value", &text, NULL);
	}
	char *copy = g_strdup(text);
	hk_cdp_message_free(m);
	return copy;
}

/* The processes below pid whose /proc/PID/status has the line. */
static unsigned
count_below(uint64_t pid, const char *line)
{
	g_autofree char *list = g_strdup_printf(
		"/proc/%llu/task/%llu/children", (unsigned long long)pid, (unsigned long long)pid);
	g_autofree char *status = g_strdup_printf("/proc/%llu/status", (unsigned long long)pid);
	g_autofree char *children = NULL, *text = NULL;
	unsigned count = 0;

	if (g_file_get_contents(status, &text, NULL, NULL)) {
		count += strstr(text, line) != NULL;
	}
	if (g_file_get_contents(list, &children, NULL, NULL)) {
		g_auto(GStrv) pids = g_strsplit(children, " ", 1000);

		for (size_t i = 0; pids[i] && *pids[i]; i++) {
			count += count_below(g_ascii_strtoull(pids[i], NULL, 10), line);
		}
	}
	return count;
}

/* A page that has run a script: its process has shut itself in by then. */
static bool
open_page(hk_cdp_session *root)
{
	int64_t end_ms = hk_clock_mono_ms() + 60000;
	hk_cdp_message *made =
		hk_cdp_call(root, "Target.createTarget", "{\"url\":\"about:blank\"}", end_ms, NULL);
	const char *target = "", *session = "";
	(void)(made && hk_json_str(&made->body, "targetId", &target, NULL));
	g_autofree char *params = g_strdup_printf("{\"targetId\":\"%s\",\"flatten\":true}", target);
	hk_cdp_message *attached = hk_cdp_call(root, "Target.attachToTarget", params, end_ms, NULL);
	(void)(attached && hk_json_str(&attached->body, "sessionId", &session, NULL));
	hk_cdp_session *page = hk_cdp_session_new(hk_cdp_session_connection(root), session);
	bool fine = hk_cdp_do(page, "Runtime.evaluate", "{\"expression\":\"1\"}", end_ms, NULL);

	hk_cdp_session_free(page);
	hk_cdp_message_free(made);
	hk_cdp_message_free(attached);
	return fine;
}

static void
check_processes(void)
{
	static const char *const flags[] = {"--disable-gpu", "about:blank", NULL};
	hk_launch_config config = {.program = shell, .flags = flags};
	g_autoptr(GError) error = NULL;
	hk_launched *l = hk_launch(&config, &error);

	if (!ok(l != NULL, "launched%s%s", error ? ": " : "", error ? error->message : "")) {
		return;
	}
	hk_cdp *cdp = hk_cdp_new(l->read_fd, l->write_fd);
	l->read_fd = l->write_fd = -1;
	hk_cdp_session *root = hk_cdp_session_new(cdp, NULL);
	ok(open_page(root), "a page of it answers");
	is_int(count_below((uint64_t)l->pid, "\nUid:\t0\t"), 0, "nothing of it is root");
	ok(count_below((uint64_t)l->pid, "\nSeccomp:\t2") > 0, "its own sandbox is on");
	ok(count_below((uint64_t)l->pid, "\nNoNewPrivs:\t1") > 2,
		"no process of it can gain privileges");
	ok(hk_launched_pss(l) > 20u << 20, "its memory is counted: %llu MB",
		(unsigned long long)(hk_launched_pss(l) >> 20));
	ok(l->sockets[0] >= 0 && l->sockets[HK_BROWSER_SOCKETS - 1] >= 0, "sockets came out");
	tap_diag("landlock %d, pid namespace %d", l->landlock, l->pid_namespace);
	hk_cdp_session_free(root);
	g_autofree char *home = g_strdup(l->home);
	pid_t pid = l->pid;
	hk_launched_end(l);
	ok(kill(pid, 0) != 0, "its processes are gone");
	ok(access(home, F_OK) != 0, "its folder is gone");
	hk_cdp_free(cdp);
}

/* A program in the browser's place that tries to reach a socket of the system's, which anybody may connect to. */
static void
check_sockets(void)
{
	g_autofree char *dir = g_dir_make_tmp("hikeshi-browser-test.XXXXXX", NULL);
	g_autofree char *program = g_build_filename(dir, "browser", NULL);
	g_autofree char *path = g_strdup_printf("/run/hikeshi-test-%d", (int)getpid());
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	g_strlcpy(at.sun_path, path, sizeof at.sun_path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) != 0) {
		skip("nothing can be made in /run", "sockets of the system");
		close(fd);
		rmdir(dir);
		return;
	}
	g_autofree char *script = g_strdup_printf(
		"#!/usr/bin/perl\nuse Socket;\nsocket(my $s, AF_UNIX, SOCK_STREAM, 0) or die;\n"
		"print STDERR connect($s, pack_sockaddr_un('%s')) ? 'reached' : \"away: $!\", "
		"\"\\n\";\n",
		path);
	ok(listen(fd, 1) == 0 && chmod(path, 0777) == 0 && chmod(dir, 0755) == 0 &&
			g_file_set_contents(program, script, -1, NULL) && chmod(program, 0755) == 0,
		"a socket in /run, and a program that asks for it");
	hk_launch_config config = {.program = program};
	g_autoptr(GError) error = NULL;
	hk_launched *l = hk_launch(&config, &error);
	char end;

	/* It has said all when its protocol ends. */
	if (ok(l && read(l->read_fd, &end, 1) == 0, "launched%s%s", error ? ": " : "",
		    error ? error->message : "") &&
		l->pid_namespace) {
		g_autofree char *said = hk_launched_said(l);
		is_str(said, "away: No such file or directory", "it cannot be reached");
	}
	hk_launched_end(l);
	close(fd);
	unlink(path);
	unlink(program);
	rmdir(dir);
}

static void
check_errors(void)
{
	g_autoptr(GError) error = NULL;
	hk_launch_config none = {.program = "/nonexistent/browser"};
	hk_launch_config nobody = {.program = shell, .user = "hikeshi-no-such-user"};
	hk_launch_config no_browser = {.program = "/bin/true"};

	ok(!hk_launch(&none, &error) && hk_error_code(error) == HK_ENOENT, "no program");
	g_clear_error(&error);
	if (geteuid() == 0) {
		ok(!hk_launch(&nobody, &error) && hk_error_code(error) == HK_ENOENT, "no user");
		g_clear_error(&error);
	}
	hk_browser_config config = {
		.program = no_browser.program, .way = test_way_get(test_way_new(0, 0))};
	g_autoptr(hk_browser) b = hk_browser_new(&config, &error);
	ok(!hk_browser_start(b, &error) && hk_error_code(error) == HK_EREMOTE,
		"a program that is no browser");
	tap_diag("%s", error ? error->message : "no error");
}

static void
check_tabs(void)
{
	g_autoptr(GError) error = NULL;
	hk_browser_config config = {.recycle_after = 3, .way = test_way_get(test_way_new(0, 0))};
	g_autoptr(hk_browser) b = hk_browser_new(&config, &error);
	hk_browser_tally tally;

	ok(b && hk_browser_start(b, &error), "started%s%s", error ? ": " : "",
		error ? error->message : "");
	g_autofree char *product = hk_browser_product(b);
	ok(strstr(product, "Chrome/") != NULL, "%s", product);
	hk_browser_tab *one = open_tab(b), *two = open_tab(b);
	ok(!hk_browser_tab_open(b, NULL, 1, 1, hk_clock_mono_ms() + 50, &error) &&
			hk_error_code(error) == HK_EAGAIN,
		"no third one at once");
	g_clear_error(&error);
	g_autofree char *says = evaluate(one, "String(navigator.webdriver)+innerWidth");
	is_str(says, "false390", "webdriver is false, the window has its width");
	g_autofree char *file =
		evaluate(one, "fetch('file:///etc/passwd').then(()=>'read',()=>'no')");
	is_str(file, "no", "no file from a page");
	hk_browser_tab_close(one);
	hk_browser_tab_close(two);
	hk_browser_tab_close(open_tab(b));
	hk_browser_tab_close(open_tab(b));
	hk_browser_count(b, &tally);
	is_int(tally.starts, 2, "recycled after three tabs");
	is_int(tally.killed, 0, "not killed");

	/* A browser that is ended fails its tabs, and the next one gets a new browser. */
	one = open_tab(b);
	hk_browser_tab_fail(one);
	ok(!hk_cdp_do(hk_browser_tab_page(one), "Page.enable", NULL, hk_clock_mono_ms() + 20000,
		   &error),
		"an ended browser");
	hk_browser_tab_close(one);
	hk_browser_tab_close(open_tab(b));
	hk_browser_count(b, &tally);
	is_int(tally.killed, 1, "killed once");
	is_int(tally.starts, 3, "and started again");
	ok(tally.memory > 0 && tally.memory < 400u << 20, "memory %llu MB",
		(unsigned long long)(tally.memory >> 20));
}

/* Its memory is over what it may have: replaced when no tab is open, ended when one is. */
static void
check_memory(void)
{
	g_autoptr(GError) error = NULL;
	hk_browser_config small = {.memory_max = 1 << 20, .way = test_way_get(test_way_new(0, 0))};
	g_autoptr(hk_browser) b = hk_browser_new(&small, &error);
	hk_browser_tally tally;

	hk_browser_tab *one = open_tab(b), *two = open_tab(b);
	ok(hk_browser_tab_memory(one) > 1 << 20, "more than it may keep");
	hk_browser_tab_close(one);
	g_autofree char *says = evaluate(two, "String(6*7)");
	is_str(says, "42", "the other tab goes on");
	hk_browser_tab_close(two);
	hk_browser_tab_close(open_tab(b));
	hk_browser_count(b, &tally);
	is_int(tally.recycled, 1, "recycled when no tab was open");
	is_int(tally.killed, 0, "not killed");

	hk_browser_config stop = {.memory_stop = 1 << 20, .way = test_way_get(test_way_new(0, 0))};
	g_autoptr(hk_browser) c = hk_browser_new(&stop, &error);
	one = open_tab(c);
	ok(hk_browser_tab_memory(one) == UINT64_MAX, "more than it may use at all");
	ok(!hk_cdp_do(hk_browser_tab_page(one), "Page.enable", NULL, hk_clock_mono_ms() + 20000,
		   &error),
		"it is ended");
	hk_browser_tab_close(one);
	hk_browser_tab_close(open_tab(c));
	hk_browser_count(c, &tally);
	is_int(tally.killed, 1, "once");
	is_int(tally.starts, 2, "and another one is started");
}

int
main(void)
{
	if (access(shell, X_OK) != 0) {
		skip("chromium-headless-shell is not installed", "the browser");
		return tap_done();
	}
	check_processes();
	check_sockets();
	check_errors();
	check_tabs();
	check_memory();
	return tap_done();
}
