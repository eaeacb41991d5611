#include "sys/sighting.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "tap.h"

enum { ENTRIES = 256, NAMES = 16384 };

static hk_batch_entry entries[ENTRIES];
static hk_name names[NAMES];
static char text[HK_BATCH_TEXT_MIN];

static const char *
member(json_t *json, const char *key)
{
	return json_string_value(json_object_get(json, key));
}

static json_t *
line_of(const hk_batch_entry *entry, const hk_verdict *verdict, uint8_t key[32])
{
	g_autoptr(GString) out = g_string_new(NULL);

	hk_sighting_print(out, "https://log.example/", entry, verdict, key);
	ok(!strchr(out->str, '\n'), "one line");
	return json_loadb(out->str, out->len, JSON_REJECT_DUPLICATES, NULL);
}

/* Fills entries, which borrow from data. */
static void
tile(uint8_t *data, size_t len)
{
	hk_cur cur = hk_cur_of(hk_span_of(data, len));
	hk_batch batch = {.entries = entries,
		.entry_max = ENTRIES,
		.names = names,
		.name_max = NAMES,
		.text = text,
		.text_max = sizeof text};
	hk_ctleaf leaf;
	unsigned wrong = 0;

	hk_batch_clear(&batch);
	while (!hk_cur_empty(&cur) && hk_ctleaf_next_tile(&cur, &leaf) == HK_OK) {
		wrong += hk_batch_add(&batch, batch.entry_count, &leaf) != HK_OK;
	}
	for (size_t i = 0; i < batch.entry_count; i++) {
		g_autoptr(GString) out = g_string_new(NULL);
		char hex[65];

		g_autoptr(hk_sighting) sighting =
			hk_sighting_new("https://log.example/", &batch.entries[i], NULL);
		json_t *json = json_loads(sighting->line, JSON_REJECT_DUPLICATES, NULL);

		for (int j = 0; j < 32; j++) {
			g_snprintf(hex + 2 * j, 3, "%02x", sighting->key[j]);
		}
		wrong += !json || g_strcmp0(member(json, "tbs_sha256"), hex) != 0 ||
			 g_strcmp0(member(json, "log"), "https://log.example/") != 0 ||
			 json_integer_value(json_object_get(json, "index")) != (json_int_t)i ||
			 sighting->index != i ||
			 json_array_size(json_object_get(json, "names")) <
				 batch.entries[i].name_count ||
			 g_strcmp0(member(json, "type"),
				 batch.entries[i].leaf.precert ? "precert" : "x509") != 0 ||
			 json_object_get(json, "score");
		json_decref(json);
	}
	is_int(wrong, 0, "256 certificates, 256 sightings: key, log, index, names, type");
}

static void
verdict(void)
{
	hk_verdict say = {.score = 0.875F,
		.target = "みほん銀行",
		.rule_count = 1,
		.rules = {"many_sans"},
		.reason_count = 2,
		.reasons = {"label 1 edit from 'mihon'", "a \"quote\""}};
	uint8_t key[32];
	json_t *json = line_of(&entries[0], &say, key);

	ok(json_number_value(json_object_get(json, "score")) == 0.875, "the score");
	is_str(member(json, "target"), "みほん銀行", "the target");
	is_str(json_string_value(json_array_get(json_object_get(json, "reasons"), 1)),
		"a \"quote\"", "reasons");
	is_str(json_string_value(json_array_get(json_object_get(json, "rules"), 0)), "many_sans",
		"rules");
	ok(!json_object_get(json, "official"), "official is absent when it is not");
	json_decref(json);
	say = (hk_verdict){.official = true};
	json = line_of(&entries[0], &say, NULL);
	ok(json_is_null(json_object_get(json, "target")) &&
			json_is_true(json_object_get(json, "official")),
		"no target, official");
	json_decref(json);
}

static void
broken(void)
{
	static const uint8_t junk[] = {0x30, 0x82, 0xff, 0xff, 0x01};
	hk_batch_entry entry = {
		.index = 9, .err = HK_ETRUNC, .leaf.cert = hk_span_of(junk, sizeof junk)};
	uint8_t key[32];
	json_t *json = line_of(&entry, NULL, key);

	is_str(member(json, "kind"), "malformed", "a broken certificate");
	is_str(member(json, "error"), "truncated", "its error");
	is_str(member(json, "raw"), "MIL//wE=", "its bytes");
	ok(!json_object_get(json, "names"), "no names");
	json_decref(json);
}

int
main(void)
{
	size_t len;
	uint8_t *data = tap_file("tests/fixtures/ct/static-ct/navigli2025h2/tile/data/000", &len);

	tile(data, len);
	verdict();
	broken();
	free(data);
	return tap_done();
}
