#include "match/model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tap.h"

enum { BITS = 8 };

static const char rules[] = "com\njp\nco.jp\ncn\n"
			    "// ===BEGIN PRIVATE DOMAINS===\ndyn.test\n";

static hk_suffix_table table;

static uint32_t
random_next(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

static float
random_float(uint32_t *state)
{
	return (float)random_next(state) / (float)(1 << 23) - 1.0f;
}

/* A model of random numbers: what matters here is the arithmetic. */
static uint8_t *
made_up(hk_model *m, uint32_t seed, size_t *ret_len)
{
	static uint8_t rows[HK_MODEL_DIM << BITS], facts[2 * 12];
	uint32_t a = hk_model_fact_key(HK_FACT_SUFFIX, "cn", 2);
	uint32_t b = hk_model_fact_key(HK_FACT_SUB_WORD, "login", 5);
	hk_model_fact two[2] = {{a < b ? a : b, 310, 40}, {a < b ? b : a, 310, 40}};
	uint8_t *file;

	memset(m, 0, sizeof(*m));
	for (size_t i = 0; i < sizeof(rows); i++) {
		rows[i] = (uint8_t)random_next(&seed);
	}
	for (size_t i = 0; i < 2; i++) {
		uint32_t v[3] = {two[i].key, two[i].phish, two[i].benign};

		for (size_t k = 0; k < 12; k++) {
			facts[i * 12 + k] = (uint8_t)(v[k / 4] >> (8 * (k % 4)));
		}
	}
	m->rows = rows;
	m->facts = facts;
	m->bits = BITS;
	m->fact_count = 2;
	m->bias = 0.25f;
	for (size_t i = 0; i < HK_MODEL_DIM; i++) {
		m->scale[i] = 0.01f;
	}
	for (size_t i = 0; i < HK_MODEL_WIDTH; i++) {
		for (size_t j = 0; j < HK_MODEL_HIDDEN; j++) {
			m->hidden[i][j] = random_float(&seed);
		}
	}
	for (size_t j = 0; j < HK_MODEL_HIDDEN; j++) {
		m->hidden_bias[j] = random_float(&seed);
		m->out[j] = random_float(&seed);
	}
	m->knot_count = 3;
	m->knots[0] = (hk_model_knot){-2, -3};
	m->knots[1] = (hk_model_knot){0, 1};
	m->knots[2] = (hk_model_knot){4, 8};
	m->info = (hk_model_info){.first_month = 201901,
		.last_month = 202406,
		.phish = 1000,
		.benign = 2000,
		.held_out = 500,
		.seed = 42,
		.threshold = {1, 2, 3, 4},
		.base_rate = 0.001f};
	*ret_len = hk_model_encoded_size(BITS, 2);
	file = malloc(*ret_len);
	is_int(hk_model_encode(m, file, *ret_len), HK_OK, "a model is written");
	return file;
}

/* The network written down once more, plainly, in double. */
static double
plain_logit(const hk_model *m, const char *text, size_t len)
{
	hk_feature_parts parts;
	hk_features f;
	double logit = m->bias, z[HK_MODEL_WIDTH] = {0};

	hk_feature_parts_of(&table, text, len, &parts);
	hk_features_of(&parts, &f);
	for (size_t p = 0; p < HK_POOL_COUNT; p++) {
		for (size_t i = 0; i < f.count[p]; i++) {
			for (size_t d = 0; d < HK_MODEL_DIM; d++) {
				z[p * HK_MODEL_DIM + d] +=
					(int8_t)m->rows[(f.hash[p][i] >> (32 - m->bits)) *
								HK_MODEL_DIM +
							d] *
					(double)m->scale[d];
			}
		}
		logit += z[p * HK_MODEL_DIM];
		for (size_t d = 0; d < HK_MODEL_DIM; d++) {
			z[p * HK_MODEL_DIM + d] *=
				d == 0 || f.count[p] == 0 ? 0 : 1 / sqrt(f.count[p]);
		}
	}
	for (size_t j = 0; j < HK_MODEL_HIDDEN; j++) {
		double h = m->hidden_bias[j];

		for (size_t k = 0; k < HK_MODEL_WIDTH; k++) {
			h += z[k] * m->hidden[k][j];
		}
		logit += h > 0 ? h * m->out[j] : 0;
	}
	return logit;
}

static const char *const some[] = {"mihon-bank.example.com", "www.mihon.co.jp", "a.cn",
	"login.mihon.xk3f.cn", "*.wild.mihon.cn", "x1.dyn.test", "dyn.test", "", ".", "..", "com",
	"no-dots", "web.ib.mihon.co.jp.evil-example.com", "trailing.dot.com.", "?\x01?.cn"};
enum { SOME = sizeof(some) / sizeof(*some) };

static void
check_scores(const hk_model *model)
{
	hk_name names[SOME];
	float batch[SOME], one, plain[SOME];
	hk_model narrow = *model;

	for (size_t i = 0; i < SOME; i++) {
		names[i] = (hk_name){.text = some[i], .len = (uint32_t)strlen(some[i])};
	}
	hk_model_score_batch(model, &table, names, SOME, batch);
	narrow.wide = false;
	hk_model_score_batch(&narrow, &table, names, SOME, plain);
	ok(memcmp(batch, plain, sizeof(batch)) == 0,
		"vector width does not change a bit of the scores");
	for (size_t i = 0; i < SOME; i++) {
		hk_model_reason reasons[HK_GROUP_COUNT];
		size_t n = hk_model_explain(model, &table, names[i], &one, reasons, HK_GROUP_COUNT);
		double want = plain_logit(model, some[i], strlen(some[i]));

		ok(fabs(batch[i] - want) < 1e-3 * (1 + fabs(want)), "'%s' scores %.4f, wanted %.4f",
			some[i], (double)batch[i], want);
		ok(memcmp(&one, &batch[i], sizeof(one)) == 0,
			"'%s' is explained with its own score", some[i]);
		for (size_t k = 1; k < n; k++) {
			ok(reasons[k].weight <= reasons[k - 1].weight, "reason %zu is not stronger",
				k);
		}
		for (size_t k = 0; k < n; k++) {
			ok(strlen(reasons[k].text) > 5, "reason: %+.2f %s",
				(double)reasons[k].weight, reasons[k].text);
		}
	}
	for (size_t i = 0; i < SOME; i++) {
		hk_model_score_batch(model, &table, &names[i], 1, &one);
		ok(memcmp(&one, &batch[i], sizeof(one)) == 0, "alone as in a batch: '%s'", some[i]);
	}
}

static void
check_long(const hk_model *model)
{
	size_t len = 70000;
	char *text = malloc(len);
	hk_name name = {.text = text, .len = (uint32_t)len};
	float logit = NAN;
	static const char fill[] = {'a', '.', '-', '\0', (char)0xFF};

	for (size_t i = 0; i < sizeof(fill); i++) {
		memset(text, fill[i], len);
		hk_model_score_batch(model, &table, &name, 1, &logit);
		ok(isfinite(logit), "70000 bytes of 0x%02X have a score",
			(unsigned)(uint8_t)fill[i]);
	}
	free(text);
}

static void
check_probability(const hk_model *m)
{
	float before = 0;

	for (float x = -5; x < 8; x += 0.25f) {
		float p = hk_model_probability(m, x);

		ok(p >= before && p > 0 && p < 1, "probability %.5f at logit %.2f does not fall",
			(double)p, (double)x);
		before = p;
	}
	/* at a knot: odds = base odds * exp(ratio) */
	ok(fabs((double)hk_model_probability_at(m, 0, 0.5f) - 1 / (1 + exp(-1))) < 1e-6,
		"at even odds the ratio alone decides");
	ok(isfinite(hk_model_probability(m, INFINITY)) &&
			isfinite(hk_model_probability(m, -INFINITY)),
		"infinite logits have a probability");
}

/* A damaged file, in an allocation of its exact size. */
static hk_err
open_changed(const uint8_t *file, size_t len, size_t at, uint8_t flip, size_t keep)
{
	uint8_t *copy = malloc(keep ? keep : 1);
	hk_model *m = calloc(1, sizeof(*m));
	hk_err err;

	memcpy(copy, file, keep < len ? keep : len);
	if (at < keep) {
		copy[at] ^= flip;
	}
	err = hk_model_open(hk_span_of(copy, keep), m);
	if (err != HK_OK) {
		ok(m->rows == NULL, "a refused file leaves the model alone");
	}
	free(m);
	free(copy);
	return err;
}

static void
check_damage(const uint8_t *file, size_t len)
{
	size_t opened = 0;

	is_int(open_changed(file, len, len, 0, len), HK_OK, "the file as it is opens");
	is_int(open_changed(file, len, 0, 1, len), HK_EFORM, "another magic");
	is_int(open_changed(file, len, 8, 3, len), HK_EVERSION, "another version");
	is_int(open_changed(file, len, 12, 0x40, len), HK_EVERSION, "another recipe of features");
	is_int(open_changed(file, len, len - 1, 1, len), HK_ECHECK, "a flipped bit in the facts");
	is_int(open_changed(file, len, len / 2, 0x80, len), HK_ECHECK, "a flipped bit in the rows");
	is_int(open_changed(file, len, 16, 1, len), HK_ECHECK, "a flipped bit in the checksum");
	is_int(open_changed(file, len, len, 0, len - 1), HK_ETRUNC, "one byte short");
	is_int(open_changed(file, len, len, 0, 100), HK_ETRUNC, "half a header");
	is_int(open_changed(file, len, len, 0, 3), HK_EFORM, "three bytes");
	is_int(open_changed(file, len, len, 0, 0), HK_EFORM, "nothing");
	for (size_t at = 0; at < 512; at++) {
		opened += open_changed(file, len, at, 0xFF, len) == HK_OK;
	}
	is_int(opened, 0, "no changed byte of the header is accepted");
}

static void
check_encode(const hk_model *m, uint8_t *out, size_t len)
{
	hk_model bad = *m;

	is_int(hk_model_encode(&bad, out, len - 1), HK_ERANGE, "a wrong length is refused");
	bad.bias = NAN;
	is_int(hk_model_encode(&bad, out, len), HK_ERANGE, "a weight that is no number is refused");
	bad = *m;
	bad.knot_count = 0;
	is_int(hk_model_encode(&bad, out, len), HK_ERANGE, "no calibration is refused");
	is_int(hk_model_encoded_size(HK_MODEL_BITS_MAX + 1, 0), 0, "too many rows have no size");
	ok(hk_model_encoded_size(HK_MODEL_BITS_MAX, HK_MODEL_FACTS_MAX) <= HK_MODEL_FILE_MAX,
		"the largest model fits in the cap");
	is_int(hk_model_encode(m, out, len), HK_OK, "the model is written again");
	bad = *m;
	bad.knots[1].logit = -9; /* falls */
	is_int(hk_model_encode(&bad, out, len), HK_OK, "falling knots are written");
	is_int(hk_model_open(hk_span_of(out, len), &bad), HK_EFORM, "and refused when read");
}

int
main(void)
{
	size_t need = hk_suffix_table_need(hk_span_of(rules, sizeof(rules) - 1)), len;
	void *mem = malloc(need);
	hk_model *made = calloc(1, sizeof(*made)), *model = calloc(1, sizeof(*model));
	uint8_t *file, *again;
	hk_model_fact fact;

	is_int(hk_suffix_table_build(hk_span_of(rules, sizeof(rules) - 1), mem, need, &table),
		HK_OK, "the suffixes build");
	file = made_up(made, 7, &len);
	again = made_up(made, 7, &len);
	is_mem(file, again, len, "the same model makes the same bytes");
	is_int(hk_model_open(hk_span_of(file, len), model), HK_OK, "the file opens");
	is_int(model->info.last_month, 202406, "the window is kept");
	is_int(model->info.seed, 42, "the seed is kept");
	ok(hk_model_fact_find(model, hk_model_fact_key(HK_FACT_SUFFIX, "cn", 2), &fact) &&
			fact.phish == 310,
		"a fact is found");
	ok(!hk_model_fact_find(model, hk_model_fact_key(HK_FACT_SUFFIX, "jp", 2), &fact) &&
			fact.phish == 0,
		"another is not");
	check_scores(model);
	check_long(model);
	check_probability(model);
	check_damage(file, len);
	check_encode(made, again, len);
	free(file);
	free(again);
	free(made);
	free(model);
	free(mem);
	return tap_done();
}
