#include "flow/moved.h"

#include <string.h>

#include "sys/json.h"
#include "sys/jsonw.h"

#define MOVED_BYTES_MAX (64u << 20)

static const char *const row_names[HK_MOVING_COUNT] = {
	[HK_MOVING_URLS] = "urls",
	[HK_MOVING_COMMENTS] = "comments",
	[HK_MOVING_TASKS] = "tasks",
	[HK_MOVING_ATTACHMENTS] = "attachments",
	[HK_MOVING_SIGHTINGS] = "sightings",
	[HK_MOVING_RUNS] = "runs",
	[HK_MOVING_REPORTS] = "reports",
};

void
hk_moved_init(hk_moved *moved)
{
	*moved = (hk_moved){0};
	for (unsigned i = 0; i < HK_MOVING_COUNT; i++) {
		moved->rows[i] = g_array_new(FALSE, FALSE, sizeof(int64_t));
	}
	moved->labels = g_ptr_array_new_with_free_func(g_free);
	moved->keys = g_ptr_array_new_with_free_func(g_free);
	moved->made = g_ptr_array_new_with_free_func(g_free);
	moved->sites = g_ptr_array_new_with_free_func(g_free);
}

static void
text_clear(hk_moved_text *text)
{
	g_clear_pointer(&text->was, g_free);
	g_clear_pointer(&text->is, g_free);
}

void
hk_moved_clear(hk_moved *moved)
{
	for (unsigned i = 0; i < HK_MOVING_COUNT; i++) {
		g_clear_pointer(&moved->rows[i], g_array_unref);
	}
	g_clear_pointer(&moved->labels, g_ptr_array_unref);
	g_clear_pointer(&moved->keys, g_ptr_array_unref);
	g_clear_pointer(&moved->made, g_ptr_array_unref);
	g_clear_pointer(&moved->sites, g_ptr_array_unref);
	g_clear_pointer(&moved->state, g_free);
	g_clear_pointer(&moved->due_clock, g_free);
	text_clear(&moved->url);
	text_clear(&moved->host);
	text_clear(&moved->domain);
}

void
hk_moved_set(hk_moved_text *text, const char *was, const char *is)
{
	g_free(text->was);
	g_free(text->is);
	text->was = g_strdup(was);
	text->is = g_strdup(is);
	text->changed = true;
}

static void
write_maybe(GString *out, const char *text)
{
	if (text) {
		hk_jsonw_str(out, text);
	} else {
		hk_jsonw_null(out);
	}
}

static void
write_text(GString *out, const char *key, const hk_moved_text *text)
{
	if (text->changed) {
		hk_jsonw_key(out, key);
		hk_jsonw_open(out, '[');
		write_maybe(out, text->was);
		write_maybe(out, text->is);
		hk_jsonw_close(out, ']');
	}
}

static void
write_int(GString *out, const char *key, int64_t value)
{
	hk_jsonw_key(out, key);
	hk_jsonw_int(out, value);
}

char *
hk_moved_write(const hk_moved *moved)
{
	GString *out = g_string_new(NULL);

	hk_jsonw_open(out, '{');
	for (unsigned i = 0; i < HK_MOVING_COUNT; i++) {
		hk_jsonw_key(out, row_names[i]);
		hk_jsonw_open(out, '[');
		for (unsigned k = 0; k < moved->rows[i]->len; k++) {
			hk_jsonw_int(out, g_array_index(moved->rows[i], int64_t, k));
		}
		hk_jsonw_close(out, ']');
	}
	hk_jsonw_strs(out, "labels", (const char *const *)moved->labels->pdata, moved->labels->len);
	hk_jsonw_strs(out, "keys", (const char *const *)moved->keys->pdata, moved->keys->len);
	hk_jsonw_strs(out, "made", (const char *const *)moved->made->pdata, moved->made->len);
	hk_jsonw_strs(out, "sites", (const char *const *)moved->sites->pdata, moved->sites->len);
	if (moved->state) {
		hk_jsonw_key(out, "state");
		hk_jsonw_str(out, moved->state);
		hk_jsonw_key(out, "due_clock");
		write_maybe(out, moved->due_clock);
		write_int(out, "due_ms", moved->due_ms);
	}
	write_int(out, "gave_first_ms", moved->gave_first_ms);
	write_int(out, "gave_last_ms", moved->gave_last_ms);
	write_int(out, "own_first_ms", moved->own_first_ms);
	write_int(out, "own_last_ms", moved->own_last_ms);
	write_text(out, "url", &moved->url);
	write_text(out, "host", &moved->host);
	write_text(out, "domain", &moved->domain);
	hk_jsonw_close(out, '}');
	return g_string_free(out, FALSE);
}

static bool
read_texts(const hk_json *root, const char *key, GPtrArray *ret, GError **error)
{
	hk_json list;

	if (!hk_json_array(root, key, &list, error)) {
		return false;
	}
	for (size_t i = 0; i < hk_json_len(&list); i++) {
		hk_json at = hk_json_at(&list, i);
		g_ptr_array_add(ret, g_strdup(hk_json_text(&at)));
	}
	return true;
}

static bool
read_rows(const hk_json *root, const char *key, GArray *ret, GError **error)
{
	hk_json list;

	if (!hk_json_array(root, key, &list, error)) {
		return false;
	}
	for (size_t i = 0; i < hk_json_len(&list); i++) {
		hk_json at = hk_json_at(&list, i);
		int64_t id = hk_json_int(&at);
		g_array_append_val(ret, id);
	}
	return true;
}

static bool
read_change(const hk_json *root, const char *key, hk_moved_text *ret, GError **error)
{
	hk_json pair;

	if (!hk_json_has(root, key)) {
		return true;
	}
	if (!hk_json_array(root, key, &pair, error)) {
		return false;
	}
	hk_json was = hk_json_at(&pair, 0), is = hk_json_at(&pair, 1);
	hk_moved_set(ret, hk_json_text(&was), hk_json_text(&is));
	return true;
}

static bool
read_all(const hk_json *root, hk_moved *ret, GError **error)
{
	const char *text;

	for (unsigned i = 0; i < HK_MOVING_COUNT; i++) {
		/* What was moved before there were such rows. */
		if (hk_json_has(root, row_names[i]) &&
			!read_rows(root, row_names[i], ret->rows[i], error)) {
			return false;
		}
	}
	if (hk_json_has(root, "state")) {
		if (!hk_json_str(root, "state", &text, error) ||
			!hk_json_i64(root, "due_ms", &ret->due_ms, error)) {
			return false;
		}
		ret->state = g_strdup(text);
		if (hk_json_has(root, "due_clock") &&
			hk_json_str(root, "due_clock", &text, error)) {
			ret->due_clock = g_strdup(text);
		}
	}
	return (!hk_json_has(root, "sites") || read_texts(root, "sites", ret->sites, error)) &&
	       read_texts(root, "labels", ret->labels, error) &&
	       read_texts(root, "keys", ret->keys, error) &&
	       read_texts(root, "made", ret->made, error) &&
	       hk_json_i64(root, "gave_first_ms", &ret->gave_first_ms, error) &&
	       hk_json_i64(root, "gave_last_ms", &ret->gave_last_ms, error) &&
	       hk_json_i64(root, "own_first_ms", &ret->own_first_ms, error) &&
	       hk_json_i64(root, "own_last_ms", &ret->own_last_ms, error) &&
	       read_change(root, "url", &ret->url, error) &&
	       read_change(root, "host", &ret->host, error) &&
	       read_change(root, "domain", &ret->domain, error);
}

bool
hk_moved_read(const char *text, hk_moved *ret, GError **error)
{
	g_autoptr(hk_json_doc) doc = hk_json_load(hk_span_str(text), MOVED_BYTES_MAX, error);

	hk_moved_init(ret);
	if (!doc) {
		return false;
	}
	hk_json root = hk_json_root(doc);
	return read_all(&root, ret, error);
}

/* Both are in order. */
static bool
meet_ids(const GArray *a, const GArray *b)
{
	for (unsigned i = 0, k = 0; i < a->len && k < b->len;) {
		int64_t x = g_array_index(a, int64_t, i), y = g_array_index(b, int64_t, k);
		if (x == y) {
			return true;
		}
		i += x < y;
		k += y < x;
	}
	return false;
}

static bool
meet_texts(const GPtrArray *a, const GPtrArray *b)
{
	for (unsigned i = 0; i < a->len; i++) {
		for (unsigned k = 0; k < b->len; k++) {
			if (strcmp(a->pdata[i], b->pdata[k]) == 0) {
				return true;
			}
		}
	}
	return false;
}

bool
hk_moved_meet(const hk_moved *a, const hk_moved *b)
{
	for (unsigned i = 0; i < HK_MOVING_COUNT; i++) {
		if (meet_ids(a->rows[i], b->rows[i])) {
			return true;
		}
	}
	return meet_texts(a->labels, b->labels) || meet_texts(a->keys, b->keys) ||
	       meet_texts(a->sites, b->sites);
}
