/* sys/progress: a progress bar on standard error. Layer: sys.
 *
 *   scanning  [#########           ]  45 %  1,204,224 of 2,676,096 entries  812,000/s  00:02 left
 *
 * Drawn only when standard error is a terminal, at most 10 times a second, in one line that is
 * wiped before anything else is written; otherwise silent. One bar at a time. */
#ifndef HK_SYS_PROGRESS_H
#define HK_SYS_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "base/err.h"

typedef struct hk_progress hk_progress;

/* hk_progress_new(label, unit, total): label "scanning", unit "entries" (both copied); total below
 * 0: not known, the bar then shows count and rate only. Starts the clock. Never NULL. */
void hk_progress_free(hk_progress *progress); /* wipes the line */
hk_progress *hk_progress_new(const char *label, const char *unit, int64_t total)
	HK_FREED_BY(hk_progress_free);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_progress, hk_progress_free)

/* hk_progress_update(progress, done): done units are done so far. Cheap (a clock read) when it is
 * not time to redraw. */
void hk_progress_update(hk_progress *progress, int64_t done);

/* hk_progress_set_total(progress, total): the total has become known or has grown. */
void hk_progress_set_total(hk_progress *progress, int64_t total);

/* hk_progress_hide(): wipes the bar if one is drawn, before a line is written to the terminal; the
 * next update draws it again. */
void hk_progress_hide(void);

/* hk_progress_line(progress, done, elapsed_ms): the text of the bar, at most 100 characters; caller
 * frees. */
char *hk_progress_line(const hk_progress *progress, int64_t done, int64_t elapsed_ms);

/* hk_progress_set_fd(fd, force): draw there instead of on standard error; force: terminal or not
 * (tests). */
void hk_progress_set_fd(int fd, bool force);

#endif
