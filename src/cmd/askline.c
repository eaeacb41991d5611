/* nocheck: tested in tests/scenario/init.t */
#include "cmd/askline.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "sys/gerr.h"

static const int enders[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

/* The terminal as it was, for the handler. */
static struct termios before;

static void
show_again(int number)
{
	tcsetattr(STDIN_FILENO, TCSANOW, &before);
	/* SA_RESETHAND: this time it ends the program. */
	raise(number);
}

static void
hide(struct sigaction old[G_N_ELEMENTS(enders)])
{
	struct termios quiet = before;
	struct sigaction action = {.sa_handler = show_again, .sa_flags = (int)SA_RESETHAND};

	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < G_N_ELEMENTS(enders); i++) {
		sigaction(enders[i], &action, &old[i]);
	}
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
}

static void
show(const struct sigaction old[G_N_ELEMENTS(enders)])
{
	tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
	for (size_t i = 0; i < G_N_ELEMENTS(enders); i++) {
		sigaction(enders[i], &old[i], NULL);
	}
	fputs("\n", stderr);
}

static char *
read_line(size_t max, GError **error)
{
	char *line = g_malloc(max + 1);
	size_t len = 0;
	int c;

	while ((c = getchar()) != EOF && c != '\n' && c != '\0' && len < max) {
		line[len++] = (char)c;
	}
	line[len] = '\0';
	if (c == EOF && len == 0) {
		hk_error_set(error, HK_ENOENT, "there is no more input");
	} else if (c != EOF && c != '\n') {
		/* Its rest is no answer to the next question. */
		while (c != EOF && c != '\n') {
			c = getchar();
		}
		hk_error_set(error, HK_EUSAGE, "the line is longer than %zu bytes", max);
	} else {
		line[len] = '\0';
		if (len > 0 && line[len - 1] == '\r') {
			line[len - 1] = '\0';
		}
		return line;
	}
	explicit_bzero(line, len);
	g_free(line);
	return NULL;
}

char *
hk_askline(const char *prompt, bool echo, size_t max, GError **error)
{
	struct sigaction old[G_N_ELEMENTS(enders)];
	bool terminal = tcgetattr(STDIN_FILENO, &before) == 0;
	bool hidden = terminal && !echo;

	/* Before the question stands there: what is typed as soon as it does must be neither shown nor thrown away. */
	if (hidden) {
		hide(old);
	}
	if (terminal) {
		fputs(prompt, stderr);
		fflush(stderr);
	}
	char *line = read_line(max, error);
	if (hidden) {
		show(old);
	}
	return line;
}

void
hk_askline_forget(char *line)
{
	if (line) {
		explicit_bzero(line, strlen(line));
		g_free(line);
	}
}
