/* hikeshi ct verify: every entry of a log against its signed head. */
#include <inttypes.h>
#include <stdio.h>

#include "cmd/cmd.h"
#include "cmd/ct_log.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/progress.h"

typedef struct bar {
	hk_progress *progress;
	uint64_t position;
	uint64_t size;
} bar;

static void
on_progress(void *user, uint64_t position, uint64_t size)
{
	bar *b = user;

	b->position = position;
	b->size = size;
	hk_progress_set_total(b->progress, (int64_t)size);
	hk_progress_update(b->progress, (int64_t)position);
}

bool
hk_cmd_ct_verify(const hk_opts *opts, GError **error)
{
	g_autoptr(hk_progress) progress = hk_progress_new("verifying", "entries", -1);
	bar b = {.progress = progress};
	hk_follow_config config = {
		.from = HK_FROM_START,
		.out_fd = -1,
		.progress = on_progress,
		.user = &b,
	};
	int64_t start_ms = hk_clock_mono_ms();

	if (!hk_ct_log_once(opts, &config, error)) {
		return false;
	}
	double seconds = (double)(hk_clock_mono_ms() - start_ms) / 1000;
	hk_progress_hide();
	if (b.position < b.size) {
		return hk_error_set(error, HK_EAGAIN, "stopped at entry %" PRIu64 " of %" PRIu64,
			b.position, b.size);
	}
	printf("%s: %" PRIu64
	       " entries hash to the root of its signed head (%.1f s, %.0f entries/s)\n",
		hk_opts_str(opts, HK_OPT_LOG), b.position, seconds,
		seconds > 0 ? (double)b.position / seconds : 0);
	return true;
}
