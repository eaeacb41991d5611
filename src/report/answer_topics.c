/* nocheck: tested in tests/unit/report/test_answer.c. report/answer: what the whole mail is about, by answertopics.def: what its sentences may not mean then. */
#include <string.h>

#include <glib.h>

#include "report/answer.h"
#include "report/answer_int.h"

typedef enum topic_name {
#define TOPIC(name, forbids, instead, why) name,
#define SIGN(of, place, text)
#include "report/answertopics.def"
#undef TOPIC
#undef SIGN
	TOPICS
} topic_name;

typedef enum place { SUBJECT, ANYWHERE } place;

static const struct {
	topic_name topic;
	place place;
	const char *text;
} signs[] = {
#define TOPIC(name, forbids, instead, why)
#define SIGN(of, place, text) {of, place, text},
#include "report/answertopics.def"
#undef TOPIC
#undef SIGN
};

typedef struct topic {
	unsigned forbids; /* 1 << class */
	hk_answer_class instead;
	const char *why;
} topic;

/* The classes of a topic's row. */
enum {
	NO_OTHER = 1 << HK_ANSWER_OTHER,
	NO_ACKNOWLEDGED = 1 << HK_ANSWER_ACKNOWLEDGED,
	NO_NEEDS_INFO = 1 << HK_ANSWER_NEEDS_INFO,
	NO_ACTIONED = 1 << HK_ANSWER_ACTIONED,
	NO_REFUSED = 1 << HK_ANSWER_REFUSED,
	NO_AUTO = 1 << HK_ANSWER_AUTO,
	NO_WORD = NO_ACKNOWLEDGED | NO_NEEDS_INFO | NO_ACTIONED | NO_REFUSED,
};

static const topic topics[TOPICS] = {
#define TOPIC(name, forbids, instead, why) [name] = {forbids, HK_ANSWER_##instead, why},
#define SIGN(of, place, text)
#include "report/answertopics.def"
#undef TOPIC
#undef SIGN
};

hk_answer_class
hk_answer_by_topic(const hk_answer *reply, hk_answer_class class, const char **ret_why)
{
	g_autofree char *both = g_strconcat(reply->subject, " \n", reply->text, NULL);
	g_autofree char *all = hk_answer_fold(both);
	g_autofree char *subject = hk_answer_fold(reply->subject);
	size_t len;

	for (size_t i = 0; i < G_N_ELEMENTS(signs); i++) {
		const topic *t = &topics[signs[i].topic];

		if ((t->forbids & 1u << class) &&
			hk_answer_find(
				signs[i].place == SUBJECT ? subject : all, signs[i].text, &len)) {
			*ret_why = t->why;
			return t->instead;
		}
	}
	return class;
}
