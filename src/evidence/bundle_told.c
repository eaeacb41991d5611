/* nocheck: tested in tests/scenario/evidence.t */
#include "evidence/bundle_told.h"

#include <string.h>

#include "base/codec.h"
#include "sys/json.h"

enum { LINE_MAX_BYTES = 1 << 20 };

struct hk_told {
	GHashTable *runs; /* number -> hk_told_run */
};

hk_told *
hk_told_new(void)
{
	hk_told *told = g_new0(hk_told, 1);

	told->runs = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
	return told;
}

void
hk_told_free(hk_told *told)
{
	if (told) {
		g_hash_table_unref(told->runs);
		g_free(told);
	}
}

hk_told_run *
hk_told_run_get(const hk_told *told, int64_t run_id)
{
	return g_hash_table_lookup(told->runs, &run_id);
}

static hk_told_run *
run_of(hk_told *told, int64_t run_id)
{
	hk_told_run *run = hk_told_run_get(told, run_id);

	if (!run && g_hash_table_size(told->runs) < HK_TOLD_RUNS_MAX) {
		run = g_new0(hk_told_run, 1);
		run->id = run_id;
		g_hash_table_insert(told->runs, &run->id, run);
	}
	return run;
}

void
hk_told_add(hk_told *told, const char *act, int64_t run_id, const char *data)
{
	bool finish = strcmp(act, "run.finish") == 0, stamp = strcmp(act, "run.stamp") == 0;
	hk_told_run *run = finish || stamp ? run_of(told, run_id) : NULL;
	const char *hex = "";

	if (!run) {
		return;
	}
	run->stamped = run->stamped || stamp;
	g_autoptr(hk_json_doc) doc =
		finish ? hk_json_load(hk_span_str(data), LINE_MAX_BYTES, NULL) : NULL;
	hk_json root = doc ? hk_json_root(doc) : (hk_json){0};
	if (doc && hk_json_kind_of(&root) == HK_JSON_OBJECT &&
		hk_json_str(&root, "manifest", &hex, NULL)) {
		run->finished = hk_hex_decode(hk_span_str(hex), run->manifest,
					sizeof run->manifest) == HK_OK;
	}
}

static bool
take_line(hk_told *told, hk_span line)
{
	g_autoptr(hk_json_doc) doc = hk_json_load(line, LINE_MAX_BYTES, NULL);
	hk_json root = doc ? hk_json_root(doc) : (hk_json){0};
	const char *act, *object, *data;
	int64_t id;

	if (!doc || hk_json_kind_of(&root) != HK_JSON_OBJECT ||
		!hk_json_str(&root, "act", &act, NULL) ||
		!hk_json_str(&root, "object", &object, NULL)) {
		return false;
	}
	if (strcmp(object, "run") != 0) {
		return true;
	}
	if (!hk_json_i64(&root, "object_id", &id, NULL) ||
		!hk_json_str(&root, "data", &data, NULL)) {
		return false;
	}
	hk_told_add(told, act, id, data);
	return true;
}

bool
hk_told_lines(hk_told *told, hk_span text)
{
	while (text.len > 0) {
		const uint8_t *end = memchr(text.data, '\n', text.len);
		size_t len = end ? (size_t)(end - text.data) : text.len;
		size_t used = len + (end != NULL);
		if (!take_line(told, hk_span_of(text.data, len))) {
			return false;
		}
		text = hk_span_of(text.data + used, text.len - used);
	}
	return true;
}

static int
by_number(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

GArray *
hk_told_missed(const hk_told *told)
{
	GArray *missed = g_array_new(FALSE, FALSE, sizeof(int64_t));
	GHashTableIter each;
	void *value;

	g_hash_table_iter_init(&each, told->runs);
	while (g_hash_table_iter_next(&each, NULL, &value)) {
		const hk_told_run *run = value;
		if (run->finished && !run->seen) {
			g_array_append_val(missed, run->id);
		}
	}
	g_array_sort(missed, by_number);
	return missed;
}
