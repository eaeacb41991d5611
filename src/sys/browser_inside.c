/* nocheck: tested in tests/unit/sys/test_browser.c */
#include "sys/browser_inside.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/landlock.h>

/* Files of a browser's folder; open files and sockets. */
#define FILE_MAX_BYTES (256u << 20)
#define FILES_MAX      8192u

enum { EXIT_FAILED = 96, EXIT_NO_EXEC = 127 };

static void
report(const hk_inside *inside, hk_inside_step step, int number, const int *fds)
{
	hk_inside_report said = {step, number, inside->rules >= 0};
	struct iovec part = {&said, sizeof said};
	union {
		char bytes[CMSG_SPACE(sizeof(int) * HK_BROWSER_SOCKETS)];
		struct cmsghdr align;
	} space;
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

	memset(&space, 0, sizeof space);
	if (fds) {
		message.msg_control = space.bytes;
		message.msg_controllen = sizeof space.bytes;
		struct cmsghdr *head = CMSG_FIRSTHDR(&message);

		head->cmsg_level = SOL_SOCKET;
		head->cmsg_type = SCM_RIGHTS;
		head->cmsg_len = CMSG_LEN(sizeof(int) * HK_BROWSER_SOCKETS);
		memcpy(CMSG_DATA(head), fds, sizeof(int) * HK_BROWSER_SOCKETS);
	}
	(void)!sendmsg(inside->control, &message, MSG_NOSIGNAL);
}

static _Noreturn void
give_up(const hk_inside *inside, hk_inside_step step)
{
	report(inside, step, errno ? errno : EINVAL, NULL);
	_exit(EXIT_FAILED);
}

/* By system calls: the C library's functions would wait for threads that the fork has not. */
static bool
drop_user(const hk_inside *inside)
{
	return syscall(SYS_setgroups, 0, NULL) == 0 &&
	       syscall(SYS_setresgid, inside->gid, inside->gid, inside->gid) == 0 &&
	       syscall(SYS_setresuid, inside->uid, inside->uid, inside->uid) == 0;
}

static bool
write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	size_t len = strlen(text);
	bool fine = fd >= 0 && write(fd, text, len) == (ssize_t)len;
	int number = errno;

	if (fd >= 0) {
		close(fd);
	}
	errno = number;
	return fine;
}

static bool
loopback_up(void)
{
	/* nocheck: for the flags of the namespace's own loopback; nothing is sent */
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq lo = {.ifr_name = "lo"};
	bool fine = fd >= 0 && ioctl(fd, SIOCGIFFLAGS, &lo) == 0;

	lo.ifr_flags |= IFF_UP | IFF_RUNNING;
	fine = fine && ioctl(fd, SIOCSIFFLAGS, &lo) == 0;
	if (fd >= 0) {
		close(fd);
	}
	return fine;
}

static bool
make_sockets(int *ret)
{
	for (int i = 0; i < HK_BROWSER_SOCKETS; i++) {
		struct sockaddr_in at = {.sin_family = AF_INET,
			.sin_port = htons((uint16_t)(HK_BROWSER_PORT + i)),
			.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

		/* nocheck: it listens, for the gate */
		ret[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		if (ret[i] < 0 || bind(ret[i], (struct sockaddr *)&at, sizeof at) != 0 ||
			listen(ret[i], 128) != 0) {
			return false;
		}
	}
	return true;
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

/* The browser's own /proc: the one from outside shows other processes under the same numbers. */
static bool
mount_proc(void)
{
	return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) == 0;
}

/* Sockets with a name in the file system are in no network namespace, and Landlock lets them be connected to: the system's (D-Bus, the resolver, a
 * database) lie here. A folder of the browser's own that lies here, too, stays in sight with them. */
static bool
hide_run(const hk_inside *inside)
{
	return strncmp(inside->home, "/run/", 5) == 0 ||
	       strncmp(inside->home, "/var/run/", 9) == 0 ||
	       mount("tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY,
		       "size=4k,mode=0555") == 0 ||
	       errno == ENOENT;
}

static bool
enter_landlock(const hk_inside *inside)
{
	struct landlock_path_beneath_attr proc = {
		.allowed_access = inside->read_access | LANDLOCK_ACCESS_FS_WRITE_FILE};
	bool fine;

	if (inside->rules < 0) {
		return true;
	}
	proc.parent_fd = open("/proc", O_PATH | O_CLOEXEC);
	fine = proc.parent_fd >= 0 &&
	       syscall(SYS_landlock_add_rule, inside->rules, LANDLOCK_RULE_PATH_BENEATH, &proc,
		       0u) == 0 &&
	       syscall(SYS_landlock_restrict_self, inside->rules, 0u) == 0;
	if (proc.parent_fd >= 0) {
		close(proc.parent_fd);
	}
	return fine;
}

static _Noreturn void
exec_browser(const hk_inside *inside)
{
	static const char said[] = "the browser cannot be executed by this user\n";
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	bool fine = null >= 0 && dup2(null, 0) == 0 && dup2(null, 1) == 1 &&
		    dup2(inside->err, 2) == 2 && dup2(inside->in, 3) == 3 &&
		    dup2(inside->out, 4) == 4;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)!syscall(SYS_close_range, 5u, ~0u, 0u);
	if (fine) {
		execve(inside->argv[0], inside->argv, inside->envp);
	}
	(void)!write(2, said, sizeof said - 1);
	_exit(EXIT_NO_EXEC);
}

/* Process 1 of the namespace: whatever loses its parent becomes ours, and all ends when we do. */
static _Noreturn void
keep(const hk_inside *inside)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (inside->pid_namespace && (!mount_proc() || !hide_run(inside))) {
		give_up(inside, HK_INSIDE_PROC);
	}
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_FSIZE, FILE_MAX_BYTES);
	limit(RLIMIT_NOFILE, FILES_MAX);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || !enter_landlock(inside)) {
		give_up(inside, HK_INSIDE_LANDLOCK);
	}
	pid_t browser = fork();

	if (browser < 0) {
		give_up(inside, HK_INSIDE_FORK);
	}
	if (browser == 0) {
		exec_browser(inside);
	}
	report(inside, HK_INSIDE_STEPS, 0, NULL);
	(void)!syscall(SYS_close_range, 3u, ~0u, 0u);
	for (;;) {
		pid_t ended = waitpid(-1, NULL, 0);

		if (ended == browser || (ended < 0 && errno != EINTR)) {
			_exit(0);
		}
	}
}

/* Ends with the caller (its end of the control socket is closed then) or with the keeper. */
static _Noreturn void
watch(const hk_inside *inside, pid_t keeper)
{
	struct pollfd on[2] = {{.fd = inside->control, .events = POLLIN},
		{.fd = (int)syscall(SYS_pidfd_open, keeper, 0u), .events = POLLIN}};

	while (poll(on, 2, -1) < 0 && errno == EINTR) {
	}
	kill(keeper, SIGKILL);
	while (waitpid(keeper, NULL, 0) < 0 && errno == EINTR) {
	}
	/* The caller may have been killed. Another program removes the folder: here no memory can be had. */
	char *const remove[] = {(char *)"rm", (char *)"-rf", (char *)"--", inside->home, NULL};

	execve("/bin/rm", remove, inside->envp);
	_exit(0);
}

static void
default_signals(void)
{
	struct sigaction act = {.sa_handler = SIG_DFL};
	sigset_t none;

	for (int number = 1; number < 32; number++) {
		sigaction(number, &act, NULL);
	}
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Five descriptors, at 5 to 9, and nothing else: a descriptor of the house's would otherwise outlive it in here. */
static bool
own_descriptors(hk_inside *inside)
{
	int *const ours[] = {
		&inside->control, &inside->in, &inside->out, &inside->err, &inside->rules};

	for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++) {
		if (*ours[i] >= 0) {
			*ours[i] = fcntl(*ours[i], F_DUPFD_CLOEXEC, 10);
		}
	}
	for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++) {
		if (*ours[i] >= 0) {
			*ours[i] = dup3(*ours[i], (int)i + 5, O_CLOEXEC);
		}
	}
	return syscall(SYS_close_range, 0u, 4u, 0u) == 0 &&
	       syscall(SYS_close_range, 10u, ~0u, 0u) == 0;
}

void
hk_inside_run(const hk_inside *given)
{
	hk_inside own = *given;
	const hk_inside *inside = &own;
	int sockets[HK_BROWSER_SOCKETS];
	int spaces = CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWIPC;

	default_signals();
	if (!own_descriptors(&own)) {
		_exit(EXIT_FAILED);
	}
	if (inside->drop && !drop_user(inside)) {
		give_up(inside, HK_INSIDE_USER);
	}
	/* A change of user takes /proc/self away from us; the maps are written there. */
	prctl(PR_SET_DUMPABLE, 1);
	if (unshare(spaces | (inside->pid_namespace ? CLONE_NEWPID | CLONE_NEWNS : 0)) != 0) {
		give_up(inside, HK_INSIDE_NAMESPACE);
	}
	if (!write_file("/proc/self/setgroups", "deny") ||
		!write_file("/proc/self/uid_map", inside->uid_map) ||
		!write_file("/proc/self/gid_map", inside->gid_map)) {
		give_up(inside, HK_INSIDE_MAP);
	}
	if (!loopback_up()) {
		give_up(inside, HK_INSIDE_LOOPBACK);
	}
	if (!make_sockets(sockets)) {
		give_up(inside, HK_INSIDE_LISTEN);
	}
	report(inside, HK_INSIDE_STEPS, 0, sockets);
	for (int i = 0; i < HK_BROWSER_SOCKETS; i++) {
		close(sockets[i]);
	}
	setsid();
	pid_t keeper = fork();

	if (keeper < 0) {
		give_up(inside, HK_INSIDE_FORK);
	}
	if (keeper == 0) {
		keep(inside);
	}
	close(inside->in);
	close(inside->out);
	close(inside->err);
	watch(inside, keeper);
}
