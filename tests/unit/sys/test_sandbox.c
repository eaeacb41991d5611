/* The sandbox: what the child may not do, and what the caller hears of each end. Named for mail, too: test_sandbox. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/gerr.h"
#include "sys/sandbox.h"
#include "tap.h"

static const hk_sandbox_limits limits = {
	.memory_bytes = 64u << 20, .cpu_s = 1, .wall_ms = 3000, .answer_bytes = 200000};

static void
echo(void *user, GString *out)
{
	g_string_append(out, user);
}

static void
big(void *user, GString *out)
{
	(void)user;
	g_string_set_size(out, 150000);
	memset(out->str, 'x', out->len);
}

static void
too_big(void *user, GString *out)
{
	(void)user;
	g_string_set_size(out, 200001);
	memset(out->str, 'x', out->len);
}

static void
tries(void *user, GString *out)
{
	int fd = *(int *)user;
	char byte;

	g_string_append_printf(out, "open %d", open("/etc/passwd", O_RDONLY) < 0);
	g_string_append_printf(
		out, " make %d", open("/tmp/hk-sandbox-x", O_WRONLY | O_CREAT, 0600) < 0);
	g_string_append_printf(out, " socket %d", socket(AF_INET, SOCK_STREAM, 0) < 0);
	g_string_append_printf(out, " fork %d", fork() < 0);
	g_string_append_printf(out, " exec %d", execl("/bin/true", "true", (char *)NULL) < 0);
	g_string_append_printf(out, " kill %d", kill(getppid(), 0) < 0);
	g_string_append_printf(out, " inherited %d", read(fd, &byte, 1) < 0 && errno == EBADF);
	g_string_append_printf(out, " code %d",
		mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
			MAP_FAILED);
}

static void
spins(void *user, GString *out)
{
	(void)user;
	for (volatile int i = 0;; i++) {
		out->str[0] = 0;
	}
}

static void
sleeps(void *user, GString *out)
{
	(void)out;
	/* The pipe to ourselves never speaks; poll and sleep are not allowed anyway. */
	while (*(volatile int *)user >= 0) {
		sched_yield();
	}
}

static void
dies(void *user, GString *out)
{
	(void)user;
	(void)out;
	abort();
}

#if !defined(__SANITIZE_ADDRESS__)
static void
eats(void *user, GString *out)
{
	(void)user;
	for (int i = 0; i < 100; i++) {
		char *piece = g_malloc(4u << 20);
		memset(piece, 1, 4u << 20);
		g_string_append_c(out, piece[5]);
	}
}
#endif

static bool
ends(hk_sandbox_work work, void *user, const hk_sandbox_limits *under, hk_err code,
	const char *what)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) got = hk_sandbox_run(under, work, user, &error);

	tap_diag("%s: %s", what, error ? error->message : "fine");
	return is_int(hk_error_code(error), code, "%s", what);
}

int
main(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) got = hk_sandbox_run(&limits, echo, "hello", &error);

	ok(got && g_bytes_get_size(got) == 5, "an answer");
	g_autoptr(GBytes) more = hk_sandbox_run(&limits, big, NULL, &error);
	ok(more && g_bytes_get_size(more) == 150000, "an answer longer than a pipe");

	int fd = open("/dev/zero", O_RDONLY);
	g_autoptr(GBytes) tried = hk_sandbox_run(&limits, tries, &fd, &error);
	g_autofree char *text =
		tried ? g_strndup(g_bytes_get_data(tried, NULL), g_bytes_get_size(tried)) : NULL;
	is_str(text, "open 1 make 1 socket 1 fork 1 exec 1 kill 1 inherited 1 code 1",
		"nothing but computing is allowed");
	close(fd);

	int zero = 0;
	hk_sandbox_limits brief = limits;
	brief.cpu_s = 5;
	brief.wall_ms = 200;
	ends(too_big, NULL, &limits, HK_ELIMIT, "an answer over the cap");
	ends(spins, NULL, &limits, HK_ELIMIT, "no end: processor time");
	ends(sleeps, &zero, &brief, HK_ELIMIT, "no end: time");
	ends(dies, NULL, &limits, HK_EFORM, "a crash");
#if defined(__SANITIZE_ADDRESS__)
	skip("sanitizers need the address space", "memory");
#else
	ends(eats, NULL, &limits, HK_ELIMIT, "memory");
#endif
	is_int(waitpid(-1, NULL, WNOHANG), -1, "no child is left");
	return tap_done();
}
