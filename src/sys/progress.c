#include "sys/progress.h"

#include <string.h>
#include <unistd.h>

#include "sys/clock.h"

enum { REDRAW_MS = 100, BAR_WIDTH = 20 };

struct hk_progress {
	char *label;
	char *unit;
	int64_t total; /* below 0: not known */
	int64_t started_ms;
	int64_t drawn_ms; /* 0: not yet */
	bool silent;
};

static int fd_now = STDERR_FILENO;
static bool forced;
static bool shown; /* a bar stands in the last line of the terminal */

void
hk_progress_set_fd(int fd, bool force)
{
	fd_now = fd;
	forced = force;
}

static void
put(const char *text)
{
	size_t len = strlen(text);

	/* A bar that cannot be drawn is no error. */
	while (len > 0) {
		ssize_t n = write(fd_now, text, len);

		if (n <= 0) {
			return;
		}
		text += n;
		len -= (size_t)n;
	}
}

void
hk_progress_hide(void)
{
	if (shown) {
		put("\r\033[K");
		shown = false;
	}
}

hk_progress *
hk_progress_new(const char *label, const char *unit, int64_t total)
{
	hk_progress *progress = g_new0(hk_progress, 1);

	progress->label = g_strdup(label);
	progress->unit = g_strdup(unit);
	progress->total = total;
	progress->started_ms = hk_clock_mono_ms();
	progress->silent = !forced && isatty(fd_now) != 1;
	return progress;
}

void
hk_progress_free(hk_progress *progress)
{
	if (!progress) {
		return;
	}
	hk_progress_hide();
	g_free(progress->label);
	g_free(progress->unit);
	g_free(progress);
}

void
hk_progress_set_total(hk_progress *progress, int64_t total)
{
	progress->total = total;
}

/* 1234567 -> 1,234,567 */
static void
append_grouped(GString *out, int64_t number)
{
	char digits[24];
	size_t len = (size_t)g_snprintf(digits, sizeof digits, "%" G_GINT64_FORMAT, MAX(number, 0));

	for (size_t i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0) {
			g_string_append_c(out, ',');
		}
		g_string_append_c(out, digits[i]);
	}
}

static void
append_time(GString *out, int64_t seconds)
{
	if (seconds >= 3600) {
		g_string_append_printf(out, "%" G_GINT64_FORMAT ":", seconds / 3600);
	}
	g_string_append_printf(out, "%02d:%02d", (int)(seconds / 60 % 60), (int)(seconds % 60));
}

char *
hk_progress_line(const hk_progress *progress, int64_t done, int64_t elapsed_ms)
{
	GString *out = g_string_new(progress->label);
	int64_t total = progress->total;
	double rate = elapsed_ms > 0 ? (double)done * 1000 / (double)elapsed_ms : 0;

	g_string_append(out, "  ");
	if (total > 0) {
		double part = CLAMP((double)done / (double)total, 0, 1);
		int full = (int)(part * BAR_WIDTH);

		g_string_append_c(out, '[');
		for (int i = 0; i < BAR_WIDTH; i++) {
			g_string_append_c(out, i < full ? '#' : ' ');
		}
		g_string_append_printf(out, "] %3d %%  ", (int)(part * 100));
	}
	append_grouped(out, done);
	if (total > 0) {
		g_string_append(out, " of ");
		append_grouped(out, total);
	}
	g_string_append_printf(out, " %s  ", progress->unit);
	append_grouped(out, (int64_t)rate);
	g_string_append(out, "/s");
	if (total > done && rate > 0) {
		g_string_append(out, "  ");
		append_time(out, (int64_t)((double)(total - done) / rate));
		g_string_append(out, " left");
	}
	return g_string_free(out, FALSE);
}

void
hk_progress_update(hk_progress *progress, int64_t done)
{
	if (progress->silent) {
		return;
	}
	int64_t now = hk_clock_mono_ms();

	if (progress->drawn_ms > 0 && now - progress->drawn_ms < REDRAW_MS) {
		return;
	}
	g_autofree char *line = hk_progress_line(progress, done, now - progress->started_ms);
	g_autofree char *text = g_strdup_printf("\r%s\033[K", line);

	put(text);
	shown = true;
	progress->drawn_ms = MAX(now, 1);
}
