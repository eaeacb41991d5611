#include "sys/progress.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "sys/clock.h"
#include "tap.h"

static size_t
read_pipe(int fd, char *buffer, size_t size)
{
	ssize_t n = read(fd, buffer, size - 1);
	size_t len = n > 0 ? (size_t)n : 0;

	buffer[len] = '\0';
	return len;
}

int
main(void)
{
	char seen[1024];
	int fds[2];

	if (pipe2(fds, O_NONBLOCK) != 0) {
		return 1;
	}
	hk_clock_freeze(0);
	hk_clock_advance(1000);
	hk_progress_set_fd(fds[1], false);
	hk_progress *silent = hk_progress_new("scanning", "entries", 10);

	hk_progress_update(silent, 5);
	is_int(read_pipe(fds[0], seen, sizeof seen), 0, "silent when it is no terminal");
	hk_progress_free(silent);

	hk_progress_set_fd(fds[1], true);
	hk_progress *bar = hk_progress_new("scanning", "entries", 2000000);

	hk_clock_advance(1000);
	hk_progress_update(bar, 500000);
	read_pipe(fds[0], seen, sizeof seen);
	ok(strstr(seen, "scanning  [#####               ]  25 %  500,000 of 2,000,000 entries  "
			"500,000/s  00:03 left"),
		"a bar with count, rate and time left");
	hk_clock_advance(50);
	hk_progress_update(bar, 600000);
	is_int(read_pipe(fds[0], seen, sizeof seen), 0, "not drawn again within 100 ms");
	hk_clock_advance(60);
	hk_progress_update(bar, 600000);
	ok(read_pipe(fds[0], seen, sizeof seen) > 0, "but after them");
	hk_progress_hide();
	read_pipe(fds[0], seen, sizeof seen);
	is_str(seen, "\r\033[K", "it is wiped before another line is written");
	hk_progress_hide();
	is_int(read_pipe(fds[0], seen, sizeof seen), 0, "once");
	hk_progress_free(bar);

	g_autoptr(hk_progress) open_end = hk_progress_new("following", "entries", -1);
	g_autofree char *line = hk_progress_line(open_end, 1234, 0);
	is_str(line, "following  1,234 entries  0/s", "without a total");
	hk_progress_set_total(open_end, 10000000);
	g_autofree char *slow = hk_progress_line(open_end, 1000, 1000);
	ok(strstr(slow, "2:46:39 left"), "hours left");
	return tap_done();
}
