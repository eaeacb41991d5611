/* nocheck: tested in tests/unit/sys/test_browser.c */
#include "sys/browser_launch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/landlock.h>

#include "base/num.h"
#include "sys/browser_inside.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/log.h"

/* How long the child may take to say that it is about to execute the browser; how deep a folder is removed; how many processes a browser
 * has at most when its memory is counted. */
enum { START_MS = 15000, TREE_DEPTH_MAX = 32, PROCESSES_MAX = 512 };

#define READ_ACCESS                                                                                \
	(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define FIRST_ABI_ACCESS ((UINT64_C(1) << 13) - 1)
#define REFER_ACCESS     (UINT64_C(1) << 13)
#define TRUNCATE_ACCESS  (UINT64_C(1) << 14)

/* What a browser reads of the system. Nothing of the house's is below these. */
static const char *const readable[] = {"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/opt",
	"/etc/fonts", "/etc/ssl", "/etc/ld.so.cache", "/etc/chromium", "/etc/chromium.d",
	"/etc/localtime", "/etc/timezone", "/etc/passwd", "/etc/group", "/etc/nsswitch.conf",
	"/etc/host.conf", "/etc/hosts", "/etc/resolv.conf", "/etc/mime.types", "/etc/alternatives",
	"/etc/nssdb", "/etc/os-release", "/etc/machine-id", "/sys", "/var/cache/fontconfig"};

static void
allow(int rules, const char *path, uint64_t access)
{
	struct stat st;
	struct landlock_path_beneath_attr rule = {.allowed_access = access};

	rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd < 0) {
		return; /* what is not there need not be allowed */
	}
	if (fstat(rule.parent_fd, &st) == 0 && !S_ISDIR(st.st_mode)) {
		rule.allowed_access &= LANDLOCK_ACCESS_FS_READ_FILE |
				       LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_EXECUTE;
	}
	(void)!syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0u);
	close(rule.parent_fd);
}

/* -1: the kernel has no Landlock. */
static int
make_rules(const char *program, const char *home)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, 1u);
	uint64_t handled = FIRST_ABI_ACCESS;
	g_autofree char *folder = g_path_get_dirname(program);

	if (abi < 1) {
		return -1;
	}
	handled |= abi >= 2 ? REFER_ACCESS : 0;
	handled |= abi >= 3 ? TRUNCATE_ACCESS : 0;
	struct landlock_ruleset_attr attr = {.handled_access_fs = handled};
	int rules =
		(int)syscall(SYS_landlock_create_ruleset, &attr, sizeof attr.handled_access_fs, 0u);

	if (rules < 0) {
		return -1;
	}
	fcntl(rules, F_SETFD, FD_CLOEXEC);
	for (size_t i = 0; i < G_N_ELEMENTS(readable); i++) {
		allow(rules, readable[i], READ_ACCESS);
	}
	allow(rules, folder, READ_ACCESS);
	allow(rules, "/dev", READ_ACCESS | LANDLOCK_ACCESS_FS_WRITE_FILE);
	allow(rules, "/dev/shm", handled & ~(uint64_t)LANDLOCK_ACCESS_FS_EXECUTE);
	allow(rules, home, handled & ~(uint64_t)LANDLOCK_ACCESS_FS_EXECUTE);
	return rules;
}

static bool
look_up_user(const char *name, uid_t *ret_uid, gid_t *ret_gid)
{
	struct passwd entry, *found = NULL;
	char space[4096];

	if (getpwnam_r(name, &entry, space, sizeof space, &found) != 0 || !found) {
		return false;
	}
	*ret_uid = found->pw_uid;
	*ret_gid = found->pw_gid;
	return true;
}

static bool
choose_user(const hk_launch_config *config, hk_inside *inside, GError **error)
{
	inside->uid = geteuid();
	inside->gid = getegid();
	inside->drop = inside->uid == 0;
	if (inside->drop) {
		const char *name = config->user ? config->user : "hikeshi-browser";

		if (!look_up_user(name, &inside->uid, &inside->gid) &&
			(config->user || !look_up_user("nobody", &inside->uid, &inside->gid))) {
			return hk_error_set(error, HK_ENOENT,
				"there is no user %s on this machine: useradd --system %s", name,
				name);
		}
		if (inside->uid == 0) {
			return hk_error_set(error, HK_EPOLICY,
				"the browser never runs as root: name another user");
		}
	}
	snprintf(inside->uid_map, sizeof inside->uid_map, "%u %u 1\n", (unsigned)inside->uid,
		(unsigned)inside->uid);
	snprintf(inside->gid_map, sizeof inside->gid_map, "%u %u 1\n", (unsigned)inside->gid,
		(unsigned)inside->gid);
	return true;
}

static char *
make_home(const hk_launch_config *config, const hk_inside *inside, GError **error)
{
	const char *dir = config->dir ? config->dir : "/tmp";
	char *home = g_strconcat(dir, "/hikeshi-browser.XXXXXX", NULL);

	if (!g_mkdtemp(home)) {
		hk_error_errno(error, errno, "cannot make a folder for the browser in %s", dir);
		g_free(home);
		return NULL;
	}
	if (inside->drop && chown(home, inside->uid, inside->gid) != 0) {
		hk_error_errno(error, errno, "cannot give %s/ to the browser's user", dir);
		rmdir(home);
		g_free(home);
		return NULL;
	}
	return home;
}

static char **
make_argv(const hk_launch_config *config, const char *home)
{
	GPtrArray *argv = g_ptr_array_new();

	g_ptr_array_add(argv, g_strdup(config->program));
	g_ptr_array_add(argv, g_strconcat("--user-data-dir=", home, "/data", NULL));
	g_ptr_array_add(argv, g_strdup("--remote-debugging-pipe"));
	for (size_t i = 0; config->flags && config->flags[i]; i++) {
		g_ptr_array_add(argv, g_strdup(config->flags[i]));
	}
	g_ptr_array_add(argv, NULL);
	return (char **)g_ptr_array_free(argv, FALSE);
}

/* Nothing of ours: neither proxies nor passwords that stand in variables. */
static char **
make_envp(const char *home)
{
	GPtrArray *envp = g_ptr_array_new();

	g_ptr_array_add(envp, g_strdup("PATH=/usr/local/bin:/usr/bin:/bin"));
	g_ptr_array_add(envp, g_strdup("LANG=C.UTF-8"));
	g_ptr_array_add(envp, g_strdup("LANGUAGE=ja"));
	g_ptr_array_add(envp, g_strdup("TZ=Asia/Tokyo"));
	g_ptr_array_add(envp, g_strdup("DBUS_SESSION_BUS_ADDRESS=disabled:"));
	g_ptr_array_add(envp, g_strconcat("HOME=", home, NULL));
	g_ptr_array_add(envp, g_strconcat("TMPDIR=", home, NULL));
	g_ptr_array_add(envp, g_strconcat("XDG_CONFIG_HOME=", home, "/config", NULL));
	g_ptr_array_add(envp, g_strconcat("XDG_CACHE_HOME=", home, "/cache", NULL));
	g_ptr_array_add(envp, NULL);
	return (char **)g_ptr_array_free(envp, FALSE);
}

/* What a sysctl file says; -1: there is none. */
static int64_t
sysctl_value(const char *path)
{
	g_autofree char *text = NULL;
	uint64_t value;

	if (!g_file_get_contents(path, &text, NULL, NULL)) {
		return -1;
	}
	g_strstrip(text);
	return hk_parse_u64(hk_span_str(text), INT64_MAX, &value) == HK_OK ? (int64_t)value : -1;
}

static bool
no_namespaces(int number, GError **error)
{
	const char *mend =
		sysctl_value("/proc/sys/kernel/unprivileged_userns_clone") == 0
			? "sysctl -w kernel.unprivileged_userns_clone=1"
		: sysctl_value("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") > 0
			? "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"
		: sysctl_value("/proc/sys/user/max_user_namespaces") == 0
			? "sysctl -w user.max_user_namespaces=10000"
			: "sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone "
			  "(Debian), kernel.apparmor_restrict_unprivileged_userns (Ubuntu); in a "
			  "container its seccomp profile, too";

	return hk_error_set(error, HK_EPOLICY,
		"the kernel gives unprivileged users no namespaces (%s), and without them the "
		"browser has no sandbox: it is not started. See: %s",
		g_strerror(number), mend);
}

static bool
explain(const hk_inside_report *report, GError **error)
{
	static const char *const what[HK_INSIDE_STEPS] = {"become the browser's user",
		"make namespaces", "write the namespace's maps", "bring the loopback up",
		"listen in the namespace", "fork", "mount /proc and /run in the namespace",
		"restrict the file system"};

	if (report->step == HK_INSIDE_NAMESPACE || report->step == HK_INSIDE_MAP) {
		return no_namespaces(report->number, error);
	}
	return hk_error_errno(error, report->number, "the browser's launcher cannot %s",
		report->step >= 0 && report->step < HK_INSIDE_STEPS ? what[report->step] : "start");
}

/* One report; false: none came. Sockets that come along go to ret. */
static bool
receive(int control, hk_inside_report *ret, int *ret_sockets)
{
	struct iovec part = {ret, sizeof *ret};
	union {
		char bytes[CMSG_SPACE(sizeof(int) * HK_BROWSER_SOCKETS)];
		struct cmsghdr align;
	} space;
	struct msghdr message = {.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = space.bytes,
		.msg_controllen = sizeof space.bytes};
	struct pollfd on = {.fd = control, .events = POLLIN};
	int64_t end_ms = hk_clock_mono_ms() + START_MS;
	int left, ready;

	do {
		left = (int)(end_ms - hk_clock_mono_ms());
		ready = left > 0 ? poll(&on, 1, left) : 0;
	} while (ready < 0 && errno == EINTR);
	if (ready <= 0 || recvmsg(control, &message, MSG_CMSG_CLOEXEC) != (ssize_t)sizeof *ret) {
		return false;
	}
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);

	if (head && head->cmsg_type == SCM_RIGHTS &&
		head->cmsg_len == CMSG_LEN(sizeof(int) * HK_BROWSER_SOCKETS)) {
		memcpy(ret_sockets, CMSG_DATA(head), sizeof(int) * HK_BROWSER_SOCKETS);
	}
	return true;
}

/* *ret_again: without a process namespace it may work. */
static bool
await_start(hk_launched *launched, bool *ret_again, GError **error)
{
	for (int i = 0; i < 2; i++) {
		hk_inside_report report = {0};

		if (!receive(launched->control, &report, launched->sockets)) {
			return hk_error_set(error, HK_EIO,
				"the browser's launcher did not say that it is ready");
		}
		if (report.number != 0) {
			*ret_again = report.step == HK_INSIDE_PROC;
			return explain(&report, error);
		}
		launched->landlock = report.landlock != 0;
	}
	return true;
}

static void
close_all(const int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (fds[i] >= 0) {
			close(fds[i]);
		}
	}
}

static bool
spawn(hk_inside *inside, hk_launched *launched, GError **error)
{
	int to[2] = {-1, -1}, from[2] = {-1, -1}, err[2] = {-1, -1}, control[2] = {-1, -1};

	if (pipe2(to, O_CLOEXEC) != 0 || pipe2(from, O_CLOEXEC) != 0 ||
		pipe2(err, O_CLOEXEC | O_NONBLOCK) != 0 ||
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control) != 0) {
		hk_error_errno(error, errno, "cannot make the browser's pipes");
		close_all((int[]){to[0], to[1], from[0], from[1], err[0], err[1]}, 6);
		return false;
	}
	inside->control = control[1];
	inside->in = to[0];
	inside->out = from[1];
	inside->err = err[1];
	pid_t pid = fork();

	if (pid == 0) {
		hk_inside_run(inside);
	}
	int number = errno;
	close_all((int[]){control[1], to[0], from[1], err[1]}, 4);
	launched->control = control[0];
	launched->write_fd = to[1];
	launched->read_fd = from[0];
	launched->stderr_fd = err[0];
	launched->pid = pid;
	return pid > 0 || hk_error_errno(error, number, "cannot fork");
}

static hk_launched *
launch(const hk_launch_config *config, bool pid_namespace, bool *ret_again, GError **error)
{
	hk_inside inside = {
		.pid_namespace = pid_namespace, .read_access = READ_ACCESS, .rules = -1};
	bool fine;

	if (!choose_user(config, &inside, error)) {
		return NULL;
	}
	hk_launched *launched = g_new0(hk_launched, 1);

	launched->pid = -1;
	launched->control = launched->read_fd = launched->write_fd = launched->stderr_fd = -1;
	memset(launched->sockets, -1, sizeof launched->sockets);
	launched->pid_namespace = pid_namespace;
	launched->home = make_home(config, &inside, error);
	if (!launched->home) {
		hk_launched_end(launched);
		return NULL;
	}
	inside.rules = make_rules(config->program, launched->home);
	inside.argv = make_argv(config, launched->home);
	inside.envp = make_envp(launched->home);
	inside.home = launched->home;
	fine = spawn(&inside, launched, error) && await_start(launched, ret_again, error);
	if (inside.rules >= 0) {
		close(inside.rules);
	}
	g_strfreev(inside.argv);
	g_strfreev(inside.envp);
	if (!fine) {
		g_clear_pointer(&launched, hk_launched_end);
	}
	return launched;
}

hk_launched *
hk_launch(const hk_launch_config *config, GError **error)
{
	g_autoptr(GError) why = NULL;
	bool again = false;

	if (access(config->program, X_OK) != 0) {
		hk_error_errno(error, errno, "no browser at %s", config->program);
		return NULL;
	}
	hk_launched *launched = launch(config, true, &again, &why);

	if (!launched && again) {
		/* A container that hides parts of /proc lets nobody mount another one. */
		g_clear_error(&why);
		launched = launch(config, false, &again, &why);
	}
	if (!launched) {
		g_propagate_error(error, g_steal_pointer(&why));
	}
	return launched;
}

void
hk_launched_kill(hk_launched *launched)
{
	/* As if we had ended: the launcher waits for that. */
	(void)!shutdown(launched->control, SHUT_RDWR);
}

static void remove_inside(int folder, int depth);

static void
remove_entry(int folder, const char *name, int depth)
{
	if (unlinkat(folder, name, 0) == 0 || depth >= TREE_DEPTH_MAX) {
		return;
	}
	int sub = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (sub >= 0) {
		remove_inside(sub, depth + 1);
	}
	(void)!unlinkat(folder, name, AT_REMOVEDIR);
}

/* Closes folder. No link is followed: what lies in there is the browser's. */
static void
remove_inside(int folder, int depth)
{
	DIR *dir = fdopendir(folder);

	if (!dir) {
		close(folder);
		return;
	}
	for (struct dirent *entry; (entry = readdir(dir));) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
			remove_entry(folder, entry->d_name, depth);
		}
	}
	closedir(dir);
}

void
hk_launched_end(hk_launched *launched)
{
	if (!launched) {
		return;
	}
	close_all((int[]){launched->control, launched->read_fd, launched->write_fd,
			  launched->stderr_fd},
		4);
	close_all(launched->sockets, HK_BROWSER_SOCKETS);
	if (launched->pid > 0) {
		/* The closed control socket already tells the launcher to end all; it waits for them. */
		while (waitpid(launched->pid, NULL, 0) < 0 && errno == EINTR) {
		}
	}
	if (launched->home) {
		remove_entry(AT_FDCWD, launched->home, 0);
	}
	g_free(launched->home);
	g_free(launched);
}

/* The number behind a key in a file of /proc ("Pss:      123 kB"); 0: it is not there. */
static uint64_t
proc_value(const char *path, const char *key)
{
	g_autofree char *text = NULL;
	uint64_t value = 0;
	char *at;

	if (!g_file_get_contents(path, &text, NULL, NULL) || !(at = strstr(text, key))) {
		return 0;
	}
	at += strlen(key);
	at += strspn(at, " \t");
	return hk_parse_u64(hk_span_of(at, strspn(at, "0123456789")), UINT32_MAX, &value) == HK_OK
		       ? value
		       : 0;
}

static uint64_t
memory_of(uint64_t pid)
{
	g_autofree char *rollup = g_strdup_printf("/proc/%" G_GUINT64_FORMAT "/smaps_rollup", pid);
	g_autofree char *status = g_strdup_printf("/proc/%" G_GUINT64_FORMAT "/status", pid);
	uint64_t kb = proc_value(rollup, "\nPss:");

	return 1024 * (kb > 0 ? kb : proc_value(status, "\nVmRSS:"));
}

/* Appends the children of pid to list. */
static void
add_children(uint64_t pid, GArray *list)
{
	g_autofree char *path = g_strdup_printf(
		"/proc/%" G_GUINT64_FORMAT "/task/%" G_GUINT64_FORMAT "/children", pid, pid);
	g_autofree char *text = NULL;

	if (!g_file_get_contents(path, &text, NULL, NULL)) {
		return;
	}
	for (const char *at = text; *at && list->len < PROCESSES_MAX;) {
		size_t digits = strspn(at, "0123456789");
		uint64_t child;

		if (digits > 0 &&
			hk_parse_u64(hk_span_of(at, digits), INT32_MAX, &child) == HK_OK) {
			g_array_append_val(list, child);
		}
		at += digits > 0 ? digits : 1;
	}
}

uint64_t
hk_launched_pss(const hk_launched *launched)
{
	g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	uint64_t sum = 0;

	add_children((uint64_t)launched->pid, list);
	for (guint i = 0; i < list->len; i++) {
		uint64_t pid = g_array_index(list, uint64_t, i);

		sum += memory_of(pid);
		add_children(pid, list);
	}
	return sum;
}

char *
hk_launched_said(hk_launched *launched)
{
	char text[4096];
	g_autoptr(GString) last = g_string_new(NULL);
	ssize_t got;

	while ((got = read(launched->stderr_fd, text, sizeof text)) > 0) {
		g_string_append_len(last, text, got);
		if (last->len > sizeof text) {
			g_string_erase(last, 0, (gssize)(last->len - sizeof text));
		}
	}
	g_strchomp(last->str);
	const char *line = strrchr(last->str, '\n');
	return hk_log_printable(line ? line + 1 : last->str);
}
