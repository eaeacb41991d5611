#include "playpart.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/gerr.h"

enum {
	READY_MS = 60000,
	END_US = 5000000,
	NAP_US = 5000,
	LINE_MAX_BYTES = 16384,
	PATH_BYTES = 4096
};

/* In the child. Only what may be called between fork and exec. */
static void
become(const char *program, const char *const *args, int out, int err, pid_t parent)
{
	sigset_t none;
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent && dup2(null, 0) == 0 &&
		dup2(out, 1) == 1 && dup2(err, 2) == 2) {
		execv(program, (char *const *)(uintptr_t)args);
	}
	_exit(127);
}

char *
rg_part_program(void)
{
	char path[PATH_BYTES];
	ssize_t len = readlink("/proc/self/exe", path, sizeof path - 1);

	return len > 0 ? g_strndup(path, (size_t)len) : g_strdup("/");
}

rg_part *
rg_part_start(const char *name, const char *log, const char *const *args, GError **error)
{
	g_autoptr(GPtrArray) all = g_ptr_array_new();
	g_autofree char *program = rg_part_program();
	pid_t parent = getpid();
	int ends[2];

	g_ptr_array_add(all, program);
	for (size_t i = 0; args[i]; i++) {
		g_ptr_array_add(all, (char *)(uintptr_t)args[i]);
	}
	g_ptr_array_add(all, NULL);
	int err = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (err < 0 || pipe2(ends, O_CLOEXEC) != 0) {
		hk_error_errno(error, errno, "%s", log);
		return NULL;
	}
	pid_t pid = fork();
	if (pid == 0) {
		become(program, (const char *const *)all->pdata, ends[1], err, parent);
	}
	close(err);
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		hk_error_errno(error, errno, "fork");
		return NULL;
	}
	rg_part *part = g_new0(rg_part, 1);
	part->name = g_strdup(name);
	part->pid = pid;
	part->from = ends[0];
	return part;
}

bool
rg_part_wait(rg_part *part, const char *log, GError **error)
{
	g_autoptr(GString) line = g_string_new(NULL);
	struct pollfd wait = {.fd = part->from, .events = POLLIN};
	char c;

	while (poll(&wait, 1, READY_MS) > 0 && read(part->from, &c, 1) == 1 &&
		line->len < LINE_MAX_BYTES) {
		if (c == '\n') {
			part->said = json_loads(line->str, 0, NULL);
			break;
		}
		g_string_append_c(line, c);
	}
	if (!json_is_object(part->said)) {
		return hk_error_set(
			error, HK_EIO, "%s did not start; what it said is in %s", part->name, log);
	}
	return true;
}

unsigned
rg_part_int(const rg_part *part, const char *key)
{
	return (unsigned)json_integer_value(json_object_get(part->said, key));
}

const char *
rg_part_str(const rg_part *part, const char *key)
{
	const char *text = json_string_value(json_object_get(part->said, key));

	return text ? text : "";
}

void
rg_part_freeze(rg_part *part, bool frozen)
{
	if (part->pid > 0 && part->stopped != frozen) {
		kill(part->pid, frozen ? SIGSTOP : SIGCONT);
		part->stopped = frozen;
	}
}

static void
tell(rg_part *part, int signal)
{
	if (part->pid > 0) {
		kill(part->pid, signal);
		kill(part->pid, SIGCONT);
	}
}

/* Whether it is gone by then. */
static bool
gone(rg_part *part, int64_t until_us)
{
	while (part->pid > 0) {
		int status;
		if (waitpid(part->pid, &status, WNOHANG) != 0) {
			part->pid = 0;
		} else if (g_get_monotonic_time() > until_us) {
			return false;
		} else {
			g_usleep(NAP_US);
		}
	}
	return true;
}

void
rg_part_end(GPtrArray *parts)
{
	for (unsigned i = 0; i < parts->len; i++) {
		tell(parts->pdata[i], SIGTERM);
	}
	int64_t until_us = g_get_monotonic_time() + END_US;
	for (unsigned i = 0; i < parts->len; i++) {
		if (!gone(parts->pdata[i], until_us)) {
			tell(parts->pdata[i], SIGKILL);
			gone(parts->pdata[i], INT64_MAX);
		}
	}
}

void
rg_part_free(rg_part *part)
{
	if (!part) {
		return;
	}
	tell(part, SIGTERM);
	if (!gone(part, g_get_monotonic_time() + END_US)) {
		tell(part, SIGKILL);
		gone(part, INT64_MAX);
	}
	close(part->from);
	json_decref(part->said);
	g_free(part->name);
	g_free(part);
}
