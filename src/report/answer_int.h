/* report/answer_int: what the parts of report/answer share. Layer: stage (report). */
#ifndef HK_REPORT_ANSWER_INT_H
#define HK_REPORT_ANSWER_INT_H

#include "report/answer.h"

/* hk_answer_fold(text): NFKC, lower case; blanks and line ends as one blank, none beside characters of East Asia. text is UTF-8. Caller frees. */
char *hk_answer_fold(const char *text);

/* hk_answer_find(text, phrase, ret_len): where a phrase stands in a folded text, NULL: nowhere; a '*' in it stands for up to 40 bytes. *ret_len: bytes of it there. */
char *hk_answer_find(char *text, const char *phrase, size_t *ret_len);

/* hk_answer_by_topic(reply, class, ret_why): the class that a mail may have which was taken for class by its words: answertopics.def; *ret_why is set where it is another. Once. */
hk_answer_class hk_answer_by_topic(
	const hk_answer *reply, hk_answer_class class, const char **ret_why);

/* What the rules of answerrules.def say. weight: 0: nothing (class is OTHER). why: static storage, or NULL. */
typedef struct hk_answer_rules_verdict {
	hk_answer_class class;
	int weight;
	const char *why;
} hk_answer_rules_verdict;

/* hk_answer_by_rules(reply): what the heaviest rule that holds in a sentence of its subject or own text says. Time is linear in the text. Never BOUNCED. */
hk_answer_rules_verdict hk_answer_by_rules(const hk_answer *reply);

/* hk_answer_harm(class): how much is lost when a mail is wrongly taken for that class; the smaller one wins where two weigh the same. */
int hk_answer_harm(hk_answer_class class);

#endif
