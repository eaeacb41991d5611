#include "sys/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <iconv.h>
#include <seccomp.h>

#include "sys/file.h"
#include "sys/gerr.h"

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

/* Exit codes of the child. */
enum { EXIT_DONE = 0, EXIT_NO_SANDBOX = 97, EXIT_NO_WRITE = 98 };

/* What the child says when it is ready to work, how long we wait for that, and how often we try. */
enum { READY = 'R', READY_MS = 2000, READY_TRIES = 6 };

/* landlock.h of Debian 12 knows the files only. */
typedef struct landlock_rules {
	uint64_t handled_access_fs;
	uint64_t handled_access_net;
	uint64_t scoped;
} landlock_rules;

/* All that Landlock can forbid, forbidden. Seccomp already leaves no call to do any of it; this holds where a call was
 * overlooked. */
static void
enter_landlock(void)
{
	static const uint64_t fs[] = {
		0, (1u << 13) - 1, (1u << 14) - 1, (1u << 15) - 1, (1u << 15) - 1, (1u << 16) - 1};
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, 1u);
	landlock_rules rules = {0};
	size_t size = sizeof rules.handled_access_fs;

	if (abi < 1) {
		return;
	}
	rules.handled_access_fs = fs[MIN(abi, 5)];
	if (abi >= 4) {
		rules.handled_access_net = 3;
		size = 2 * sizeof(uint64_t);
	}
	if (abi >= 6) {
		rules.scoped = 3;
		size = sizeof rules;
	}
	int fd = (int)syscall(SYS_landlock_create_ruleset, &rules, size, 0u);

	if (fd >= 0) {
		(void)!syscall(SYS_landlock_restrict_self, fd, 0u);
		close(fd);
	}
}

/* What a computation needs. Anything else fails with EPERM, so that a library that asks for the time zone or the number of
 * processors lives on without the answer. */
static bool
enter_seccomp(void)
{
	static const int calls[] = {SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(close),
		SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(brk), SCMP_SYS(munmap),
		SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(futex), SCMP_SYS(rt_sigreturn),
		SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigaction), SCMP_SYS(sigaltstack),
		SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday), SCMP_SYS(time),
		SCMP_SYS(getrandom), SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(fstat),
		SCMP_SYS(lseek), SCMP_SYS(sched_yield), SCMP_SYS(restart_syscall)};
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	bool fine = filter != NULL;

	for (size_t i = 0; fine && i < G_N_ELEMENTS(calls); i++) {
		int failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0);

		fine = failed == 0 || failed == -EDOM; /* a call that this machine has not */
	}
	/* Memory, but none that can be run; abort(), but no signal to others. */
	fine = fine &&
	       seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
		       SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) == 0 &&
	       seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
		       SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) == 0 &&
	       seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
		       SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid())) == 0 &&
	       seccomp_load(filter) == 0;
	if (filter) {
		seccomp_release(filter);
	}
	return fine;
}

static void
limit(__rlimit_resource_t what, rlim_t value)
{
	struct rlimit now;

	if (getrlimit(what, &now) == 0 && (now.rlim_max == RLIM_INFINITY || value < now.rlim_max)) {
		now = (struct rlimit){value, value};
		(void)!setrlimit(what, &now);
	}
}

/* The caller's address space counts against RLIMIT_AS from the first moment on. */
static rlim_t
address_space(void)
{
	char text[64];
	int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
	rlim_t pages = 0;

	if (fd >= 0) {
		close(fd);
	}
	for (ssize_t i = 0; i < got && text[i] >= '0' && text[i] <= '9'; i++) {
		pages = pages * 10 + (rlim_t)(text[i] - '0');
	}
	return pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

/* A lock that another thread of the caller held when it forked stays locked here for ever. Malloc's are mended by the C library; these
 * are GLib's and iconv's. Whoever gets through has them to himself from now on; whoever does not is replaced (READY_MS). */
static void
touch_locks(void)
{
	static const size_t sizes[] = {16, 24, 40, 64, 104, 200, 504};
	void *blocks[64];
	g_autoptr(GDateTime) now = g_date_time_new_now_utc();
	iconv_t converter = iconv_open("UTF-8", "UTF-8");

	for (size_t s = 0; s < G_N_ELEMENTS(sizes); s++) {
		for (size_t i = 0; i < G_N_ELEMENTS(blocks); i++) {
			blocks[i] = g_slice_alloc(sizes[s]);
		}
		for (size_t i = 0; i < G_N_ELEMENTS(blocks); i++) {
			g_slice_free1(sizes[s], blocks[i]);
		}
	}
	g_quark_from_string("hikeshi sandbox");
	if (converter != (iconv_t)-1) {
		iconv_close(converter);
	}
}

static void
child(const hk_sandbox_limits *limits, hk_sandbox_work work, void *user, int out)
{
	static const int fatal[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM,
		SIGCHLD, SIGXCPU, SIGXFSZ, SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL};
	struct sigaction act = {.sa_handler = SIG_DFL};
	g_autoptr(GString) answer = g_string_new(NULL);
	sigset_t none;

	/* The caller's handlers write to the caller's descriptors. */
	for (size_t i = 0; !SANITIZED && i < G_N_ELEMENTS(fatal); i++) {
		sigaction(fatal[i], &act, NULL);
	}
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_DUMPABLE, 0);

	int null = open("/dev/null", O_RDWR);

	if (dup2(out, 3) < 0 || null < 0) {
		_exit(EXIT_NO_SANDBOX);
	}
	for (int fd = 0; fd <= 2; fd++) {
		if (!SANITIZED || fd != 2) {
			dup2(null, fd);
		}
	}
	(void)!syscall(SYS_close_range, 4u, ~0u, 0u);

	if (!SANITIZED && limits->memory_bytes > 0) {
		limit(RLIMIT_AS, address_space() + limits->memory_bytes);
	}
	limit(RLIMIT_CPU, MAX(limits->cpu_s, 1));
	limit(RLIMIT_FSIZE, 0);
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_NPROC, 0);
	limit(RLIMIT_NOFILE, 4);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
		_exit(EXIT_NO_SANDBOX);
	}
	enter_landlock();
	if (!enter_seccomp()) {
		_exit(EXIT_NO_SANDBOX);
	}
	const uint8_t ready = READY;

	touch_locks();
	if (!hk_file_write_all(3, hk_span_of(&ready, 1), NULL, NULL)) {
		_exit(EXIT_NO_WRITE);
	}
	work(user, answer);
	if (!hk_file_write_all(3, hk_span_of(answer->str, answer->len), NULL, NULL)) {
		_exit(EXIT_NO_WRITE);
	}
	_exit(EXIT_DONE); /* nothing of the caller's is flushed or freed */
}

/* The real clock: the limit holds in tests that stop ours, too. */
static int64_t
mono_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Everything up to the end of the pipe. False: time or cap. */
static bool
collect(const hk_sandbox_limits *limits, int fd, GByteArray *got, GError **error)
{
	int64_t end_ms = mono_ms() + limits->wall_ms;
	uint8_t piece[65536];

	for (;;) {
		int64_t left = end_ms - mono_ms();
		struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

		if (left <= 0) {
			return hk_error_set(error, HK_ELIMIT, "the reader took more than %u ms",
				limits->wall_ms);
		}
		int ready = poll(&poll_fd, 1, (int)MIN(left, 1000));

		if (ready <= 0) {
			continue; /* time is looked at above */
		}
		ssize_t n = read(fd, piece, sizeof piece);

		if (n == 0) {
			return true;
		}
		if (n < 0 && errno != EINTR) {
			return hk_error_errno(error, errno, "cannot hear the reader");
		}
		if (n > 0 && got->len + (size_t)n > limits->answer_bytes) {
			return hk_error_set(error, HK_ELIMIT,
				"the reader's answer has more than %zu bytes",
				limits->answer_bytes);
		}
		g_byte_array_append(got, piece, n > 0 ? (guint)n : 0);
	}
}

/* What the child's end means. */
static bool
judge(int status, GError **error)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_DONE) {
		return true;
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_NO_SANDBOX) {
		return hk_error_set(error, HK_EPOLICY,
			"this kernel gives no sandbox (seccomp is needed): hostile input is not "
			"read");
	}
	if (WIFSIGNALED(status) && (WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGKILL)) {
		return hk_error_set(error, HK_ELIMIT, "the reader used up its processor time");
	}
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGTRAP) {
		/* g_malloc ends the program when there is no memory. */
		return hk_error_set(error, HK_ELIMIT, "the reader used up its memory");
	}
	return hk_error_set(error, HK_EFORM, "the input killed its reader (%s %d)",
		WIFSIGNALED(status) ? "signal" : "exit",
		WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

/* Waits for the child's first byte. False: it did not come in time; an end of the pipe is seen later. */
static bool
await_ready(int fd, bool *ret_ready)
{
	int64_t end_ms = mono_ms() + READY_MS;
	int64_t left;
	uint8_t byte = 0;

	*ret_ready = false;
	while ((left = end_ms - mono_ms()) > 0) {
		struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

		if (poll(&poll_fd, 1, (int)left) > 0) {
			*ret_ready = read(fd, &byte, 1) == 1 && byte == READY;
			return true;
		}
	}
	return false;
}

static int
reap(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR) {
			return 0; /* SIGCHLD is ignored: the kernel has reaped it */
		}
	}
	return status;
}

/* One child. *ret_late: it never became ready. */
static GBytes *
run_once(const hk_sandbox_limits *limits, hk_sandbox_work work, void *user, bool *ret_late,
	GError **error)
{
	int ends[2];
	bool ready = false;

	if (pipe2(ends, O_CLOEXEC) != 0) {
		hk_error_errno(error, errno, "cannot make a pipe to a reader");
		return NULL;
	}
	pid_t pid = fork();

	if (pid < 0) {
		hk_error_errno(error, errno, "cannot start a reader");
		close(ends[0]);
		close(ends[1]);
		return NULL;
	}
	if (pid == 0) {
		child(limits, work, user, ends[1]);
		_exit(EXIT_NO_SANDBOX);
	}
	close(ends[1]);

	g_autoptr(GByteArray) got = g_byte_array_new();

	*ret_late = !await_ready(ends[0], &ready);

	bool fine = !*ret_late && (!ready || collect(limits, ends[0], got, error));

	close(ends[0]);
	if (!fine) {
		kill(pid, SIGKILL);
	}
	int status = reap(pid);

	if (!fine || !judge(status, error)) {
		return NULL;
	}
	return g_byte_array_free_to_bytes(g_steal_pointer(&got));
}

GBytes *
hk_sandbox_run(const hk_sandbox_limits *limits, hk_sandbox_work work, void *user, GError **error)
{
	for (int i = 0; i < READY_TRIES; i++) {
		bool late = false;
		GBytes *bytes = run_once(limits, work, user, &late, error);

		if (!late) {
			return bytes;
		}
	}
	hk_error_set(error, HK_EIO, "a reader did not start within %d ms, %d times", READY_MS,
		READY_TRIES);
	return NULL;
}
