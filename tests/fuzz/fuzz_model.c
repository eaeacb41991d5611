/* fuzz_model: input is a model file, or, after the byte 'n', a name. A file that opens must score
 * and explain; its checksum is mended first, so that the fuzzer gets past it. A name is scored by a
 * model of our own. Properties: no score but a number, batch and explanation agree, probability in
 * 0..1. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "match/model.h"

static const char rules[] = "com\njp\nco.jp\n*.kobe.jp\n// ===BEGIN PRIVATE DOMAINS===\ndyn.com\n";
static uint64_t suffix_mem[2048];
static hk_suffix_table table;

static void
check(const hk_model *m, const char *text, size_t len)
{
	hk_name name = {.text = text, .len = (uint32_t)len};
	hk_model_reason reasons[HK_GROUP_COUNT];
	float batch, one, p;
	size_t n;

	hk_model_score_batch(m, &table, &name, 1, &batch);
	n = hk_model_explain(m, &table, name, &one, reasons, HK_GROUP_COUNT);
	need(isfinite(batch) && memcmp(&batch, &one, sizeof(one)) == 0 && n <= HK_GROUP_COUNT);
	for (size_t i = 0; i < n; i++) {
		need(memchr(reasons[i].text, '\0', HK_MODEL_REASON_MAX) != NULL &&
			reasons[i].text[0] != '\0');
	}
	p = hk_model_probability(m, batch);
	need(p >= 0 && p <= 1);
}

static void
check_file(const uint8_t *data, size_t size)
{
	static hk_model m, again;
	uint8_t *copy = malloc(size ? size : 1);

	memcpy(copy, data, size);
	hk_model_seal(copy, size);
	if (hk_model_open(hk_span_of(copy, size), &m) == HK_OK) {
		uint8_t *out = malloc(size);

		check(&m, "login.mihon-bank.example.com", 28);
		need(hk_model_encode(&m, out, size) == HK_OK);
		need(hk_model_open(hk_span_of(out, size), &again) == HK_OK);
		free(out);
	}
	free(copy);
}

static const hk_model *
own_model(void)
{
	static hk_model made, opened;
	static uint8_t rows[HK_MODEL_DIM << HK_MODEL_BITS_MIN];
	static uint8_t file[16384];

	if (opened.rows == NULL) {
		size_t len = hk_model_encoded_size(HK_MODEL_BITS_MIN, 0);

		for (size_t i = 0; i < sizeof(rows); i++) {
			rows[i] = (uint8_t)(i * 37 + (i >> 4) * 11);
		}
		made.rows = rows;
		made.bits = HK_MODEL_BITS_MIN;
		made.knot_count = 1;
		made.info.base_rate = 0.5f;
		for (size_t i = 0; i < HK_MODEL_WIDTH; i++) {
			made.scale[i % HK_MODEL_DIM] = 0.01f;
			for (size_t j = 0; j < HK_MODEL_HIDDEN; j++) {
				made.hidden[i][j] = (float)((i * 7 + j * 13) % 19) - 9;
				made.out[j] = (float)(j % 5) - 2;
			}
		}
		need(len <= sizeof(file) && hk_model_encode(&made, file, len) == HK_OK);
		need(hk_model_open(hk_span_of(file, len), &opened) == HK_OK);
	}
	return &opened;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (table.slots == NULL) {
		need(hk_suffix_table_build(hk_span_of(rules, sizeof(rules) - 1), suffix_mem,
			     sizeof(suffix_mem), &table) == HK_OK);
	}
	if (size > 0 && data[0] == 'n') {
		check(own_model(), (const char *)data + 1, size - 1);
	} else {
		check_file(data, size);
	}
	return 0;
}
