/* nocheck: tested in tests/unit/report/test_answer.c. report/answer: what a mail means. */
#include <string.h>

#include <glib.h>

#include "report/answer.h"
#include "report/answer_int.h"

/* A '*' of a phrase stands for at most so many bytes. */
enum { GAP_MAX = 40, POINTS_NEEDED = 3 };

/* The harmless ones first: of two that weigh the same the earlier one counts. None says that it was done: that is for answerrules.def. */
typedef enum meaning { MASK, AUTO, ACKNOWLEDGED, NEEDS_INFO, REFUSED, MEANINGS } meaning;

static const struct {
	meaning meaning;
	int weight;
	const char *text;
} phrases[] = {
#define PHRASE(meaning, weight, text) {meaning, weight, text},
#include "report/answerphrases.def"
#undef PHRASE
};

typedef enum bounce_where { FROM, SUBJECT, TEXT, LATE } bounce_where;

static const struct {
	bounce_where where;
	int points;
	const char *text;
} bounces[] = {
#define BOUNCE(where, points, text) {where, points, text},
#include "report/answerbounces.def"
#undef BOUNCE
};

const char *
hk_answer_class_name(hk_answer_class class)
{
	static const char *const names[HK_ANSWER_CLASSES] = {
		[HK_ANSWER_OTHER] = "other",
		[HK_ANSWER_ACKNOWLEDGED] = "acknowledged",
		[HK_ANSWER_NEEDS_INFO] = "needs_info",
		[HK_ANSWER_ACTIONED] = "actioned",
		[HK_ANSWER_REFUSED] = "refused",
		[HK_ANSWER_BOUNCED] = "bounced",
		[HK_ANSWER_AUTO] = "auto",
	};

	return names[class];
}

static bool
is_wide(gunichar c)
{
	return c >= 0x2e80;
}

char *
hk_answer_fold(const char *text)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);
	g_autofree char *same = g_utf8_normalize(valid, -1, G_NORMALIZE_ALL_COMPOSE);
	g_autofree char *lower = g_utf8_strdown(same ? same : valid, -1);
	GString *out = g_string_sized_new(strlen(lower));
	gunichar last = ' ';
	bool blank = false;

	for (const char *p = lower; *p; p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);

		/* Quotation marks that word processors bend. */
		c = c == 0x2019 ? '\'' : c;
		if (g_unichar_isspace(c)) {
			blank = true;
			continue;
		}
		if (blank && !is_wide(last) && !is_wide(c) && out->len > 0) {
			g_string_append_c(out, ' ');
		}
		blank = false;
		g_string_append_unichar(out, c);
		last = c;
	}
	g_string_append_c(out, ' ');
	return g_string_free(out, FALSE);
}

char *
hk_answer_find(char *text, const char *phrase, size_t *ret_len)
{
	const char *star = strchr(phrase, '*');

	if (!star) {
		*ret_len = strlen(phrase);
		return strstr(text, phrase);
	}
	g_autofree char *head = g_strndup(phrase, (size_t)(star - phrase));

	for (char *p = strstr(text, head); p; p = strstr(p + 1, head)) {
		char *end = strstr(p + strlen(head), star + 1);

		if (end && (size_t)(end - p) <= strlen(head) + GAP_MAX) {
			*ret_len = (size_t)(end - p) + strlen(star + 1);
			return p;
		}
	}
	return NULL;
}

static void
mask(char *text)
{
	for (size_t i = 0; i < G_N_ELEMENTS(phrases); i++) {
		size_t len;
		char *p;

		while (phrases[i].meaning == MASK &&
			(p = hk_answer_find(text, phrases[i].text, &len))) {
			memset(p, '\1', len);
		}
	}
}

static hk_answer_class
by_phrases(const hk_answer *reply, const char **ret_why)
{
	static const hk_answer_class classes[MEANINGS] = {HK_ANSWER_OTHER, HK_ANSWER_AUTO,
		HK_ANSWER_ACKNOWLEDGED, HK_ANSWER_NEEDS_INFO, HK_ANSWER_REFUSED};
	g_autofree char *both = g_strconcat(reply->subject, " \n", reply->text, NULL);
	g_autofree char *text = hk_answer_fold(both);
	meaning best = MASK;
	int weight = 0;
	size_t len;

	mask(text);
	for (size_t i = 0; i < G_N_ELEMENTS(phrases); i++) {
		bool heavier = phrases[i].weight > weight ||
			       (phrases[i].weight == weight && phrases[i].meaning < best);

		if (phrases[i].meaning != MASK && heavier &&
			hk_answer_find(text, phrases[i].text, &len)) {
			best = phrases[i].meaning;
			weight = phrases[i].weight;
			*ret_why = phrases[i].text;
		}
	}
	return classes[best];
}

/* The rules first: they know a denial and a condition when they see one. Whole phrases only where the rules say nothing, and never that it was done: the rules would have seen it. */
static hk_answer_class
by_words(const hk_answer *reply, const char **ret_why)
{
	hk_answer_rules_verdict verdict = hk_answer_by_rules(reply);

	if (verdict.weight > 0) {
		*ret_why = verdict.why;
		return verdict.class;
	}
	return by_phrases(reply, ret_why);
}

/* ---- bounces ---- */

/* Points of one place; *ret_why: its first hit. */
static int
points_of(const char *folded, bounce_where where, const char **ret_why)
{
	for (size_t i = 0; i < G_N_ELEMENTS(bounces); i++) {
		if (bounces[i].where == where && strstr(folded, bounces[i].text)) {
			*ret_why = bounces[i].text;
			return bounces[i].points;
		}
	}
	return 0;
}

static bool
is_late(const char *subject, const char *text)
{
	for (size_t i = 0; i < G_N_ELEMENTS(bounces); i++) {
		if (bounces[i].where == LATE &&
			(strstr(subject, bounces[i].text) || strstr(text, bounces[i].text))) {
			return true;
		}
	}
	return false;
}

/* HK_ANSWER_OTHER: no bounce. */
static hk_answer_class
by_bounces(const hk_answer *reply, const char **ret_why)
{
	g_autofree char *who = g_strconcat(reply->from, " ", reply->from_name, NULL);
	g_autofree char *from = hk_answer_fold(who);
	g_autofree char *subject = hk_answer_fold(reply->subject);
	g_autofree char *text = hk_answer_fold(reply->text);
	const char *from_why = NULL, *why = NULL;
	int sender = points_of(from, FROM, &from_why);
	int said = points_of(text, TEXT, &why) + points_of(subject, SUBJECT, &why);
	int form =
		((reply->flags & HK_ANSWER_NULL) != 0) + ((reply->flags & HK_ANSWER_RETURNED) != 0);

	/* People say "does not exist" as well: a machine has to have written it. */
	if (said == 0 || sender + form == 0 || said + sender + form < POINTS_NEEDED) {
		return HK_ANSWER_OTHER;
	}
	if (is_late(subject, text)) {
		*ret_why = "it may still arrive";
		return HK_ANSWER_AUTO;
	}
	*ret_why = why;
	return HK_ANSWER_BOUNCED;
}

hk_answer_class
hk_answer_classify(const hk_answer *reply, const char **ret_why)
{
	const char *why = NULL;
	hk_answer_class class = HK_ANSWER_OTHER;

	if (reply->flags & HK_ANSWER_FAILED) {
		why = "Action: failed";
		class = HK_ANSWER_BOUNCED;
	} else if (reply->flags & HK_ANSWER_DELAYED) {
		why = "Action: delayed, relayed or delivered";
		class = HK_ANSWER_AUTO;
	} else {
		class = by_bounces(reply, &why);
		class = class == HK_ANSWER_OTHER ? by_words(reply, &why) : class;
	}
	if (class == HK_ANSWER_OTHER && (reply->flags & HK_ANSWER_AUTOMATIC)) {
		why = "Auto-Submitted";
		class = HK_ANSWER_AUTO;
	}
	/* Somebody's absence says what it says of the absent. */
	if ((reply->flags & HK_ANSWER_VACATION) &&
		(class == HK_ANSWER_ACTIONED || class == HK_ANSWER_REFUSED)) {
		why = "an absence";
		class = HK_ANSWER_AUTO;
	}
	class = hk_answer_by_topic(reply, class, &why);
	if (ret_why) {
		*ret_why = why ? why : "nothing that we know";
	}
	return class;
}
