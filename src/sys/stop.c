/* nocheck: tested in tests/scenario/ct-follow.t */
#include "sys/stop.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "sys/gerr.h"

static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};
static struct sigaction old[G_N_ELEMENTS(numbers)];
static volatile sig_atomic_t stop_signal;
static volatile sig_atomic_t reload_signal;
static int wake_fd = -1;
static unsigned depth;

static void
wake(void)
{
	uint64_t one = 1;

	if (write(wake_fd, &one, sizeof one) < 0) {
		/* The counter is full: it wakes anyway. */
	}
}

static void
on_signal(int number)
{
	int saved = errno;

	if (number == SIGHUP) {
		reload_signal = 1;
	} else {
		stop_signal = 1;
	}
	wake();
	errno = saved;
}

bool
hk_stop_begin(GError **error)
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};

	if (depth++ > 0) {
		return true;
	}
	stop_signal = reload_signal = 0;
	wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (wake_fd < 0) {
		depth--;
		return hk_error_errno(error, errno, "eventfd");
	}
	for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
		sigaction(numbers[i], &action, &old[i]);
	}
	return true;
}

void
hk_stop_end(void)
{
	if (--depth > 0) {
		return;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
		sigaction(numbers[i], &old[i], NULL);
	}
	close(wake_fd);
	wake_fd = -1;
}

int
hk_stop_fd(void)
{
	return wake_fd;
}

void
hk_stop_clear(void)
{
	uint64_t count;

	if (read(wake_fd, &count, sizeof count) < 0) {
		/* Nothing had come. */
	}
}

bool
hk_stop_asked(void)
{
	return stop_signal;
}

bool
hk_stop_reload(void)
{
	bool asked = reload_signal;

	reload_signal = 0;
	return asked;
}

void
hk_stop_ask(void)
{
	stop_signal = 1;
	wake();
}

bool
hk_stop_wait(unsigned ms)
{
	struct pollfd fd = {.fd = wake_fd, .events = POLLIN};

	if (!stop_signal) {
		poll(&fd, 1, (int)ms);
	}
	return stop_signal;
}
