/* sys/sandbox: work on hostile input in a child process that can do nothing but compute. Layer: sys.
 *
 * The child is a fork of the caller: it sees the caller's memory as it was, and can neither open a file, nor a socket, nor start a
 * program (seccomp: a list of calls that only compute; Landlock beside it where the kernel has it), nor use more memory, processor
 * or time than it was given. All it can do is to hand back bytes. What it hands back is hostile, too: the work may have been taken
 * over by its input.
 *
 * Threads: fork takes only the calling one along, and a lock that another one held stays locked in the child. The child tries those of
 * GLib and iconv first; one that does not get through is replaced by another. Work must not need other locks that threads of the
 * caller hold (no logging, no database). Libraries that open files when first used have to be used once before (hk_charset_warm). */
#ifndef HK_SYS_SANDBOX_H
#define HK_SYS_SANDBOX_H

#include <stddef.h>

#include <glib.h>

typedef struct hk_sandbox_limits {
	size_t memory_bytes; /* on top of what the caller has; not kept by builds with sanitizers */
	unsigned cpu_s;      /* processor time, whole seconds, at least 1 */
	unsigned wall_ms;    /* time from start to the last byte of the answer */
	size_t answer_bytes; /* of the answer */
} hk_sandbox_limits;

/* Runs in the child. Appends the answer to out. Must not write elsewhere. */
typedef void (*hk_sandbox_work)(void *user, GString *out);

/* hk_sandbox_run(limits, work, user, error): the answer. NULL with
 *   HK_ELIMIT   it used up its time, processor time or memory, or the answer is over the cap
 *   HK_EFORM    it died of its input: the text names the signal
 *   HK_EPOLICY  the kernel gives no sandbox: nothing was done
 *   HK_EIO      no child could be made: not the input's fault, try later */
GBytes *hk_sandbox_run(
	const hk_sandbox_limits *limits, hk_sandbox_work work, void *user, GError **error);

#endif
