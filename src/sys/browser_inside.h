/* sys/browser_inside: what the launcher's child does, from fork to exec. Layer: sys; for sys/browser_launch only. Input is ours.
 *
 * Runs in a fork of a program that may have threads: system calls only, no memory is allocated, no lock taken. */
#ifndef HK_SYS_BROWSER_INSIDE_H
#define HK_SYS_BROWSER_INSIDE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "sys/browser_launch.h"

/* What failed, if something did. */
typedef enum hk_inside_step {
	HK_INSIDE_USER,
	HK_INSIDE_NAMESPACE,
	HK_INSIDE_MAP,
	HK_INSIDE_LOOPBACK,
	HK_INSIDE_LISTEN,
	HK_INSIDE_FORK,
	HK_INSIDE_PROC,
	HK_INSIDE_LANDLOCK,
	HK_INSIDE_STEPS,
} hk_inside_step;

/* A report over the control socket; the first good one carries the listening sockets (SCM_RIGHTS), the second one says that the browser
 * is about to be executed. */
typedef struct hk_inside_report {
	int32_t step;
	int32_t number; /* errno; 0: all is well */
	int32_t landlock;
} hk_inside_report;

/* All made before the fork. */
typedef struct hk_inside {
	char **argv, **envp;
	char *home; /* the browser's folder: removed when the caller cannot do it any more */
	uid_t uid;
	gid_t gid;
	bool drop;          /* become uid and gid first */
	bool pid_namespace; /* and a mount namespace with its own /proc */
	char uid_map[48], gid_map[48];
	int control, in, out, err;
	int rules; /* of Landlock, complete but for /proc; -1: none */
	uint64_t read_access;
} hk_inside;

/* hk_inside_run(given): never returns. */
_Noreturn void hk_inside_run(const hk_inside *given);

#endif
