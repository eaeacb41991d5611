/* nocheck: tested in tests/scenario/init.t. The dialogue: questions on a terminal, each answer checked at once. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/askline.h"
#include "cmd/init_int.h"

/* Bytes of an answer. */
enum { ANSWER_MAX = 4000 };

/* What a line means. */
typedef enum answer {
	ANSWER_FINE, /* taken */
	ANSWER_WRONG,
	ANSWER_BACK,
	ANSWER_END, /* of input: given up */
} answer;

static bool
give_up(const hk_init *init, GError **error)
{
	return hk_error_set(error, HK_EAGAIN, "%s", hk_init_say(init, HK_INIT_GIVEN_UP));
}

static void
explain(const hk_init *init, const hk_ask_row *row)
{
	const char *help = row->help[init->ja];

	fprintf(stderr, "  %s\n", help ? help : hk_init_say(init, HK_INIT_NO_HELP));
}

/* Typed without being seen: typed twice. */
static bool
same_twice(const hk_init *init, const char *first)
{
	g_autofree char *prompt = g_strdup_printf("%s: ", hk_init_say(init, HK_INIT_AGAIN));
	char *again = hk_askline(prompt, false, ANSWER_MAX, NULL);
	bool same = again && strcmp(first, again) == 0;

	hk_askline_forget(again);
	if (!same) {
		fprintf(stderr, "  ! %s\n", hk_init_say(init, HK_INIT_DIFFER));
	}
	return same;
}

/* A line that is neither help nor the way back. */
static answer
take(hk_init *init, hk_ask ask, const char *line, const char *def)
{
	g_autoptr(GError) why = NULL;
	const char *text = line;

	if (!*line && !def) {
		fprintf(stderr, "  ! %s\n", hk_init_say(init, HK_INIT_NEEDED));
		return ANSWER_WRONG;
	}
	if (!*line) {
		text = def;
	} else if (strcmp(line, "-") == 0 && hk_init_optional(ask)) {
		text = "";
	}
	if (!hk_init_check(init, ask, text, &why)) {
		fprintf(stderr, "  ! %s\n", why->message);
		return ANSWER_WRONG;
	}
	if (hk_asks[ask].kind == HK_INIT_KIND_PASSWORD && !same_twice(init, text)) {
		return ANSWER_WRONG;
	}
	hk_init_set(init, ask, text);
	return ANSWER_FINE;
}

/* What cannot be read is wrong like any other answer; only the end of input is the end. */
static answer
no_line(const GError *why)
{
	if (hk_error_code(why) == HK_ENOENT) {
		return ANSWER_END;
	}
	fprintf(stderr, "  ! %s\n", why->message);
	return ANSWER_WRONG;
}

static answer
ask_once(hk_init *init, hk_ask ask)
{
	const hk_ask_row *row = &hk_asks[ask];
	bool secret = hk_init_secret(ask);
	/* On the way back the answer that was given is what Enter takes. */
	g_autofree char *def = init->answers[ask] && !secret ? g_strdup(init->answers[ask])
							     : hk_init_default(init, ask);
	g_autofree char *shown = !def   ? g_strdup("")
				 : *def ? g_strdup_printf(" [%s]", def)
					: g_strdup(" [-]");
	g_autofree char *prompt = g_strdup_printf("%s%s: ", row->text[init->ja], shown);
	g_autoptr(GError) why = NULL;
	char *line = hk_askline(prompt, !secret, ANSWER_MAX, &why);
	answer how = ANSWER_WRONG;

	if (!line) {
		return no_line(why);
	}
	g_strstrip(line);
	if (strcmp(line, "?") == 0) {
		explain(init, row);
	} else if (strcmp(line, "<") == 0) {
		how = ANSWER_BACK;
	} else {
		how = take(init, ask, line, def);
	}
	hk_askline_forget(line);
	return how;
}

/* The question before ask that is asked; ask itself when it is the first. */
static int
before(const hk_init *init, int ask)
{
	for (int i = ask - 1; i >= 0; i--) {
		if (hk_init_wanted(init, (hk_ask)i) && hk_asks[i].when != HK_WHEN_FILE) {
			return i;
		}
	}
	return ask;
}

static void
heading(const hk_init *init, int ask, int *group)
{
	if (*group != (int)hk_asks[ask].group) {
		*group = (int)hk_asks[ask].group;
		fprintf(stderr, "\n%s\n", hk_init_say(init, hk_asks[ask].group));
	}
}

/* What is not asked has its default. */
static void
pass_over(hk_init *init, hk_ask ask)
{
	g_autofree char *def =
		hk_init_wanted(init, ask) ? hk_init_default(init, ask) : g_strdup("");

	hk_init_set(init, ask, def);
}

bool
hk_init_dialogue(hk_init *init, GError **error)
{
	int group = -1;

	fprintf(stderr, "%s\n", hk_init_say(init, HK_INIT_HELLO));
	for (int ask = 0; ask < HK_ASK_COUNT;) {
		if (!hk_init_wanted(init, (hk_ask)ask) || hk_asks[ask].when == HK_WHEN_FILE) {
			pass_over(init, (hk_ask)ask++);
			continue;
		}
		heading(init, ask, &group);
		switch (ask_once(init, (hk_ask)ask)) {
		case ANSWER_FINE:
			ask++;
			break;
		case ANSWER_BACK:
			ask = before(init, ask);
			break;
		case ANSWER_END:
			return give_up(init, error);
		case ANSWER_WRONG:
			break;
		}
	}
	return true;
}

bool
hk_init_sure(const hk_init *init, GError **error)
{
	g_autofree char *prompt = g_strdup_printf("%s: ", hk_init_say(init, HK_INIT_SURE));

	for (;;) {
		g_autoptr(GError) why = NULL;
		g_autofree char *line = hk_askline(prompt, true, ANSWER_MAX, &why);
		if (!line && no_line(why) == ANSWER_WRONG) {
			continue;
		}
		if (line) {
			g_strstrip(line);
		}
		if (line && (g_ascii_strcasecmp(line, "yes") == 0 || strcmp(line, "はい") == 0)) {
			return true;
		}
		if (!line || g_ascii_strcasecmp(line, "no") == 0 || strcmp(line, "いいえ") == 0) {
			return give_up(init, error);
		}
	}
}
