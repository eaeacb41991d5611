/* Training and judging on invented names: what is learnt is what is scored, the same input gives the
 * same bytes, and nothing of a judged month leaks into its model. */
#include "score/train.h"

#include <string.h>

#include "score/eval.h"
#include "sys/gerr.h"
#include "tap.h"

enum { MONTHS = 8, PER_MONTH = 60, BENIGN = 2400, BITS = 12 };

static hk_suffix_table table;

static uint32_t
next(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

static void
word(GString *text, uint32_t *random, size_t len, const char *letters)
{
	size_t n = strlen(letters);

	for (size_t i = 0; i < len; i++) {
		g_string_append_c(text, letters[next(random) % n]);
	}
}

/* Phishing: five consonants and digits under .cn, below a word; benign: pronounceable names under .com.
 * A third kind, which looks benign but for its letters, begins in the last month only. */
static hk_corpus *
made_up(bool last_month_is_new)
{
	g_autoptr(GString) phish = g_string_new("date,URL,description\n");
	g_autoptr(GString) benign = g_string_new("host\n");
	g_autoptr(GError) error = NULL;
	hk_corpus *c = hk_corpus_new(&table, 0);
	uint32_t random = 5, random_benign = 6;

	for (unsigned m = 0; m < MONTHS; m++) {
		for (unsigned i = 0; i < PER_MONTH; i++) {
			bool new_kind = last_month_is_new && m == MONTHS - 1;

			g_string_append_printf(phish, "2023/%02u/%02u 10:00:00,https://%s", m + 1,
				i % 28 + 1, new_kind ? "" : "login.");
			for (unsigned k = 0; k < 3 && new_kind; k++) {
				word(phish, &random, 1, "vwz");
				word(phish, &random, 1, "aeiou");
			}
			word(phish, &random, new_kind ? 0 : 5, "bcdfgxz0123456789");
			g_string_append_printf(phish, ".%s/,Mihon\n", new_kind ? "com" : "cn");
		}
	}
	for (unsigned i = 0; i < BENIGN; i++) {
		for (unsigned k = 0; k < 3 + i % 3; k++) {
			word(benign, &random_benign, 1, "bdfgklmnprst");
			word(benign, &random_benign, 1, "aeiou");
		}
		g_string_append(benign, i % 10 ? ".com\n" : ".cn\n");
	}
	ok(hk_corpus_parse(c, hk_span_str(phish->str), "phish", HK_CORPUS_PHISH, &error),
		"phishing is read");
	ok(hk_corpus_parse(c, hk_span_str(benign->str), "benign", HK_CORPUS_BENIGN, &error),
		"benign is read");
	return c;
}

static hk_train_options
small(void)
{
	hk_train_options o = hk_train_defaults();

	o.bits = BITS;
	return o;
}

static uint8_t *
trained(const hk_corpus *c, hk_train_options o, size_t *ret_len)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(hk_trainer) t = hk_trainer_new(c, &table, &o);
	hk_calibration flat;
	uint8_t *file;

	for (size_t i = 0; i < HK_CALIBRATION_RANKS; i++) {
		flat.log_ratio[i] = (float)i;
	}
	ok(hk_trainer_fit(t, NULL, NULL, &error), "training works");
	file = hk_trainer_export(t, &flat, ret_len, &error);
	ok(file != NULL, "and gives a file");
	return file;
}

static float
score(const uint8_t *file, size_t len, const char *text)
{
	g_autofree hk_model *m = g_new0(hk_model, 1);
	hk_name name = {.text = text, .len = (uint32_t)strlen(text)};
	float logit = 0;

	is_int(hk_model_open(hk_span_of(file, len), m), HK_OK, "the file opens");
	hk_model_score_batch(m, &table, &name, 1, &logit);
	return logit;
}

static void
check_training(void)
{
	hk_corpus *c = made_up(false);
	size_t len = 0, again_len = 0, other_len = 0;
	hk_train_options other = small();
	g_autofree uint8_t *file = trained(c, small(), &len);
	g_autofree uint8_t *again = trained(c, small(), &again_len);
	g_autofree uint8_t *different = NULL;
	float bad, good;

	other.seed = 2;
	different = trained(c, other, &other_len);
	ok(len == again_len && memcmp(file, again, len) == 0,
		"the same input and seed give the same bytes");
	ok(len != other_len || memcmp(file, different, len) != 0, "another seed gives others");
	bad = score(file, len, "login.x7c0z.cn");
	good = score(file, len, "badelo.com");
	ok(bad > good + 2, "phishing scores %.2f, benign %.2f", (double)bad, (double)good);
	hk_corpus_free(c);
}

static void
check_facts(void)
{
	hk_corpus *c = made_up(false);
	size_t len = 0;
	g_autofree uint8_t *file = trained(c, small(), &len);
	g_autofree hk_model *m = g_new0(hk_model, 1);
	hk_model_fact fact;

	is_int(hk_model_open(hk_span_of(file, len), m), HK_OK, "the file opens");
	is_int(m->info.phish, MONTHS * PER_MONTH, "it knows how many names it learnt from");
	is_int(m->info.first_month, 202301, "from");
	is_int(m->info.last_month, 202308, "and to");
	ok(hk_model_fact_find(m, hk_model_fact_key(HK_FACT_SUFFIX, "cn", 2), &fact),
		".cn is counted");
	is_int(fact.phish, MONTHS * PER_MONTH, "in all confirmed names");
	ok(fact.benign > BENIGN / 20 && fact.benign < BENIGN / 10,
		"and in the benign ones not held out: %u", fact.benign);
	hk_corpus_free(c);
}

/* A kind that begins in the judged month must be found by no model that could not know it, and by the
 * daily one from its second day on. */
static void
check_no_leak(void)
{
	hk_corpus *c = made_up(true);
	int32_t last = hk_corpus_month_parse("2023-08");
	hk_eval_options o = {
		.from = last, .to = last, .retrain = HK_EVAL_MONTHLY, .train = small()};
	g_autoptr(GError) error = NULL;
	g_autoptr(hk_eval) monthly = hk_eval_run(c, &table, &o, NULL, NULL, &error);
	g_autoptr(hk_eval) daily = NULL;
	hk_train_options until = small();
	g_autofree uint8_t *file = NULL;
	g_autofree uint8_t *cut = NULL;
	size_t len = 0, cut_len = 0;
	hk_corpus *without = made_up(false);

	o.retrain = HK_EVAL_DAILY;
	daily = hk_eval_run(c, &table, &o, NULL, NULL, &error);
	if (ok(monthly && daily, "both are judged")) {
		ok(monthly->fresh.names > PER_MONTH - 5, "the names of the month are judged");
		ok(hk_eval_share(&daily->fresh, 0) > hk_eval_share(&monthly->fresh, 0),
			"daily finds %.0f %%, monthly %.0f %%", hk_eval_share(&daily->fresh, 0),
			hk_eval_share(&monthly->fresh, 0));
		ok(daily->fresh.found[0] + 2 <= daily->fresh.names,
			"but not those of the first day");
	}
	/* the months before are the same in both corpora: so must be the models */
	until.until = last;
	file = trained(c, until, &len);
	cut = trained(without, until, &cut_len);
	ok(len == cut_len && memcmp(file, cut, len) == 0,
		"names of the judged month change nothing");
	o.to = last + 1;
	ok(hk_eval_run(c, &table, &o, NULL, NULL, &error) == NULL &&
			hk_error_code(error) == HK_EFORM,
		"a month without names is an error");
	hk_corpus_free(c);
	hk_corpus_free(without);
}

static void
check_calibration(void)
{
	float phish[1000], benign[10000];
	hk_calibration c;

	for (int i = 0; i < 1000; i++) {
		phish[i] = (float)i / 100; /* 0..10 */
	}
	for (int i = 0; i < 10000; i++) {
		benign[i] = (float)(i % 500) / 100; /* 0..5 */
	}
	c = hk_calibration_of(phish, 1000, benign, 10000);
	for (int i = 1; i < HK_CALIBRATION_RANKS; i++) {
		ok(c.log_ratio[i] >= c.log_ratio[i - 1], "odds do not fall at rank %d: %.2f", i,
			(double)c.log_ratio[i]);
	}
	ok(c.log_ratio[0] < 0 && c.log_ratio[HK_CALIBRATION_RANKS - 1] > 3,
		"from below even to far above");
	hk_scores_sort(benign, 10000);
	ok(hk_scores_threshold(benign, 10000, 0.01) >= 4.93f,
		"one in a hundred lies above the threshold");
}

static void
check_too_few(void)
{
	hk_corpus *c = made_up(false);
	hk_train_options o = small();
	g_autoptr(GError) error = NULL;
	hk_trainer *t;
	bool good;

	o.until = hk_corpus_month_parse("2023-02");
	t = hk_trainer_new(c, &table, &o);
	good = hk_trainer_fit(t, NULL, NULL, &error);
	ok(!good && hk_error_code(error) == HK_EFORM, "too few names are an error");
	hk_trainer_free(t);
	hk_corpus_free(c);
}

int
main(void)
{
	static uint64_t mem[1024];

	is_int(hk_suffix_table_build(HK_SPAN_LIT("com\ncn\ntop\n"), mem, sizeof(mem), &table),
		HK_OK, "suffixes");
	check_training();
	check_facts();
	check_no_leak();
	check_calibration();
	check_too_few();
	return tap_done();
}
