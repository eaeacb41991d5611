/* sys/browser_launch: a browser as an unprivileged process in namespaces of its own. Layer: sys. Input is ours.
 *
 *   caller --- launcher (unprivileged user; new user, network, mount and process namespaces; lo up; listening sockets passed out)
 *                 `--- keeper (process 1 in there; ends with the caller) --- browser (its own sandbox inside)
 *
 * The network namespace has nothing but its loopback. The listening sockets on 127.0.0.1:HK_BROWSER_PORT.. in it are served by the
 * caller (sys/gate): the only way out. The file system is read-only but for a folder of its own that is removed in the end, and what
 * is not needed (the house's data, homes) cannot be read (Landlock, where the kernel has it). Nothing of this needs root, and
 * nothing needs --no-sandbox: as root the launcher becomes another user first. */
#ifndef HK_SYS_BROWSER_LAUNCH_H
#define HK_SYS_BROWSER_LAUNCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <glib.h>

#define HK_BROWSER_SOCKETS 16
#define HK_BROWSER_PORT    3128

typedef struct hk_launch_config {
	const char *program; /* absolute path of the browser */
	const char *const
		*flags; /* its arguments but the data folder and the pipe; NULL at the end */
	const char *
		user; /* whom to become when we are root; NULL: "hikeshi-browser" if there is one, else "nobody" */
	const char *dir; /* where the browser's folder is made; NULL: /tmp */
} hk_launch_config;

typedef struct hk_launched {
	pid_t pid; /* the launcher; whatever it started ends with it */
	int read_fd,
		write_fd; /* the browser's protocol; the caller may take them and set them to -1 */
	int sockets[HK_BROWSER_SOCKETS]; /* listening; the same */
	int control;                     /* closed: everything ends */
	int stderr_fd;                   /* what the browser says there, not blocking */
	char *home;                      /* its folder */
	bool landlock, pid_namespace;    /* what the kernel gave */
} hk_launched;

/* hk_launch(config, error): NULL with HK_ENOENT (no such program or user), HK_EPOLICY (the kernel gives no user namespaces: the text names
 * the sysctl), HK_EIO. The browser is only begun: whether it lives is seen from its protocol. Any thread. */
hk_launched *hk_launch(const hk_launch_config *config, GError **error);

/* hk_launched_end(launched): ends all its processes, closes what is left open, removes the folder, frees. Accepts NULL. */
void hk_launched_end(hk_launched *launched);

/* hk_launched_kill(launched): ends all its processes soon; nothing is freed. Any thread. */
void hk_launched_kill(hk_launched *launched);

/* hk_launched_pss(launched): bytes of memory of all its processes, shared pages counted by share (resident ones where the kernel does not tell);
 * 0: no process is left. */
uint64_t hk_launched_pss(const hk_launched *launched);

/* hk_launched_said(launched): what the browser wrote to standard error last, one line, printable; "" for nothing. Caller frees. */
char *hk_launched_said(hk_launched *launched);

#endif
