/* Answers to reports, any bytes: read, proven, matched, classified. What comes out keeps its caps, and a report is never invented. */
#include <string.h>

#include "base/utf8.h"
#include "fuzz.h"
#include "report/answer.h"

static bool
by_token(void *user, const char *token, GArray *ret, GError **error)
{
	hk_answer_hit hit = {1, g_strdup("abuse@host.example")};

	(void)user;
	(void)error;
	need(strlen(token) == 32);
	g_array_append_val(ret, hit);
	return true;
}

static bool
by_nothing(void *user, const char *text, GArray *ret, GError **error)
{
	(void)user;
	(void)error;
	need(*text && ret->len == 0);
	return true;
}

static void
good(const char *text, size_t max)
{
	size_t len = strlen(text);

	need(len <= max && hk_utf8_valid(hk_span_of(text, len)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool ready;
	static const hk_answer_lookup lookup = {
		.token = by_token, .number = by_nothing, .url = by_nothing};
	hk_span raw = hk_span_of(data, size);
	g_autoptr(GString) facts = g_string_new(NULL);
	g_auto(hk_answer_match) match = {0};
	const char *why = NULL;

	if (!ready) {
		hk_answer_init();
		ready = true;
	}
	hk_answer_facts(raw, facts);
	g_autoptr(hk_answer) answer = hk_answer_of_facts(hk_span_of(facts->str, facts->len), NULL);

	/* Our own facts can always be read. */
	need(answer != NULL);
	good(answer->text, HK_ANSWER_TEXT_MAX);
	good(answer->quoted, HK_ANSWER_TEXT_MAX);
	answer->proof = hk_answer_prove(answer, "mx.bank.example", NULL);
	need(answer->proof != HK_ANSWER_UNASKED && hk_answer_proof_name(answer->proof));
	need(hk_answer_match_to(answer, &lookup, &match, NULL));
	need((match.report_id == 0) == (match.matched == NULL));
	need(match.report_id == 0 || match.stranger || answer->proof != HK_ANSWER_UNPROVEN);
	need(match.report_id == 0 || !match.stranger || answer->proof == HK_ANSWER_UNPROVEN ||
		!hk_answer_same_house(NULL, answer->from, "abuse@host.example"));
	need(hk_answer_classify(answer, &why) < HK_ANSWER_CLASSES && why);
	/* What somebody else calls facts. */
	hk_answer_free(hk_answer_of_facts(raw, NULL));
	return 0;
}
