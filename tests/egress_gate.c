/* tests/egress_gate: runs a command in a network namespace of its own whose only way out is a gate.
 *
 *   egress_gate CONF COMMAND [ARGUMENT...]
 *
 * In the namespace 127.0.0.1:3128 is the gate; the gate itself runs outside, with the policy of CONF. When the command has ended, one line
 * for each connection goes to standard output: scheme host port reason address. Exit code: the command's; 77 when the kernel gives no
 * namespace. Decisions do not go to the log. */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/gate.h"

enum { PORT = 3128 };

static int
lo_up(void)
{
	struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int rc = ioctl(fd, SIOCSIFFLAGS, &lo);

	close(fd);
	return rc;
}

static int
listening(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
		.sin_port = htons(PORT),
		.sin_addr = {htonl(INADDR_LOOPBACK)}};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return bind(fd, (struct sockaddr *)&at, sizeof at) == 0 && listen(fd, 256) == 0 ? fd : -1;
}

static void
send_fd(int via, int fd)
{
	char byte = 0;
	struct iovec iov = {&byte, 1};
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {{0}};
	struct msghdr msg = {.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof control.bytes};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof fd);
	if (sendmsg(via, &msg, 0) < 0) {
		exit(77);
	}
}

static int
take_fd(int via)
{
	char byte;
	struct iovec iov = {&byte, 1};
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {{0}};
	struct msghdr msg = {.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof control.bytes};
	int fd = -1;

	if (recvmsg(via, &msg, MSG_CMSG_CLOEXEC) > 0 && CMSG_FIRSTHDR(&msg)) {
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof fd);
	}
	return fd;
}

static void
write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	if (file) {
		fputs(text, file);
		fclose(file);
	}
}

_Noreturn static void
inside(int via, char **argv)
{
	unsigned uid = getuid(), gid = getgid();
	char map[64];

	if (unshare(uid == 0 ? CLONE_NEWNET : CLONE_NEWUSER | CLONE_NEWNET) != 0) {
		perror("unshare");
		exit(77);
	}
	if (uid != 0) {
		write_file("/proc/self/setgroups", "deny");
		snprintf(map, sizeof map, "%u %u 1", uid, uid);
		write_file("/proc/self/uid_map", map);
		snprintf(map, sizeof map, "%u %u 1", gid, gid);
		write_file("/proc/self/gid_map", map);
	}
	if (lo_up() != 0) {
		perror("lo");
		exit(77);
	}
	int fd = listening();
	if (fd < 0) {
		perror("listen");
		exit(77);
	}
	send_fd(via, fd);
	execvp(argv[0], argv);
	perror(argv[0]);
	exit(127);
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
	g_autoptr(GError) error = NULL;
	int pair[2], status = 0;

	if (argc < 3) {
		fprintf(stderr, "usage: egress_gate CONF COMMAND [ARGUMENT...]\n");
		return 64;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
		return 77;
	}
	pid_t pid = fork();
	if (pid == 0) {
		inside(pair[1], argv + 2);
	}
	close(pair[1]);
	int fd = take_fd(pair[0]);
	g_autoptr(hk_egress) egress = hk_egress_new(argv[1], &error);
	g_autoptr(hk_gate) gate = egress ? hk_gate_new(egress, &error) : NULL;
	if (fd < 0 || !gate || !hk_gate_listen(gate, fd, 0, &error)) {
		fprintf(stderr, "egress_gate: %s\n", error ? error->message : "no namespace");
		waitpid(pid, &status, 0);
		return 77;
	}
	hk_egress_record_to(egress, quiet, NULL);
	hk_egress_who who = {.purpose = "capture", .case_id = "C-1", .requester = "test"};
	hk_gate_caps caps = {.ms = 900000, .connections = 100000};
	hk_gate_assign(gate, 0, &who, &caps);
	waitpid(pid, &status, 0);
	hk_gate_report report;
	hk_gate_report_get(gate, 0, &report);
	for (unsigned i = 0; i < report.rows->len; i++) {
		const hk_gate_row *row = report.rows->pdata[i];
		printf("%s %s %u %s %s\n", row->scheme, row->host, row->port,
			hk_egress_reason_code(row->refused), *row->address ? row->address : "-");
	}
	hk_gate_report_clear(&report);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
