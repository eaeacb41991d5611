#include <stdio.h>
#include <string.h>

#include "source/feed/read_int.h"
#include "source/feed/row.h"

enum { PATH_STEPS_MAX = 8 };

/* The member at the path "a.b.c": *ret_in is the object that should hold it and *ret_key its name. False: there is none. */
static bool
walk(const hk_json *root, char *path, hk_json *steps, const hk_json **ret_in, const char **ret_key)
{
	const hk_json *at = root;

	for (size_t i = 0; i < PATH_STEPS_MAX; i++) {
		char *dot = strchr(path, '.');
		/* A member may have a dot in its name. */
		if (!dot || hk_json_has(at, path)) {
			*ret_in = at;
			*ret_key = path;
			return hk_json_has(at, path);
		}
		*dot = '\0';
		if (!hk_json_has(at, path) || !hk_json_object(at, path, &steps[i], NULL)) {
			return false;
		}
		at = &steps[i];
		path = dot + 1;
	}
	return false;
}

/* A member as text: a string, or a whole number. Caller frees; NULL. */
static char *
text_of(const hk_json *in, const char *key)
{
	const char *text;
	int64_t number;

	if (hk_json_str(in, key, &text, NULL)) {
		return g_strdup(text);
	}
	return hk_json_i64(in, key, &number, NULL) ? g_strdup_printf("%" G_GINT64_FORMAT, number)
						   : NULL;
}

/* What one line holds, taken out of the document. */
typedef struct cells {
	char *text[HK_FEED_FIELDS];      /* owned */
	GPtrArray *list[HK_FEED_FIELDS]; /* borrowed strings of a list; NULL: it is none */
} cells;

static void
cells_clear(cells *c)
{
	for (int i = 0; i < HK_FEED_FIELDS; i++) {
		g_free(c->text[i]);
		g_clear_pointer(&c->list[i], g_ptr_array_unref);
	}
}

static void
take_cell(const hk_json *root, const char *wanted, char **ret_text, GPtrArray **ret_list)
{
	g_autofree char *path = g_strdup(wanted);
	hk_json steps[PATH_STEPS_MAX];
	hk_json list;
	const hk_json *in;
	const char *key;

	if (!walk(root, path, steps, &in, &key)) {
		return;
	}
	*ret_text = text_of(in, key);
	if (*ret_text || !hk_json_array(in, key, &list, NULL)) {
		return;
	}
	*ret_list = g_ptr_array_new();
	for (size_t i = 0; i < hk_json_len(&list) && i < HK_FEED_LINE_MAX; i++) {
		hk_json element = hk_json_at(&list, i);
		const char *text = hk_json_text(&element);
		if (text) {
			g_ptr_array_add(*ret_list, (char *)(uintptr_t)text);
		}
	}
}

/* A line; a list of URLs or hosts gives an item for each. */
static bool
give(const cells *c, const char *place, const hk_feed_sink *sink, GError **error)
{
	hk_feed_row row = {.place = place};
	const GPtrArray *tags = c->list[HK_FEED_FIELD_TAGS];
	hk_feed_field many = c->list[HK_FEED_FIELD_URL] ? HK_FEED_FIELD_URL : HK_FEED_FIELD_HOST;

	for (int i = 0; i < HK_FEED_FIELDS; i++) {
		row.cell[i] = c->text[i];
	}
	if (tags) {
		row.tags = (const char *const *)tags->pdata;
		row.tag_count = tags->len;
	}
	if (!c->list[many] || c->list[many]->len == 0 || c->text[HK_FEED_FIELD_URL]) {
		return hk_feed_row_give(&row, sink, error);
	}
	for (unsigned i = 0; i < c->list[many]->len; i++) {
		row.cell[many] = c->list[many]->pdata[i];
		if (!hk_feed_row_give(&row, sink, error)) {
			return false;
		}
	}
	return true;
}

static bool
read_object(const hk_feed_config *config, const hk_json *object, const char *place,
	const hk_feed_sink *sink, GError **error)
{
	const char *key;
	hk_json first;
	void *pos = NULL;
	cells c = {0};

	if (!hk_json_each(object, &pos, &key, &first)) {
		sink->odd(sink->user, HK_FEED_ODD_NOT_JSON, place);
		return true;
	}
	for (int i = 0; i < HK_FEED_FIELDS; i++) {
		if (config->field[i]) {
			take_cell(object, config->field[i], &c.text[i], &c.list[i]);
		}
	}
	bool good = give(&c, place, sink, error);
	cells_clear(&c);
	return good;
}

static bool
read_line(const hk_feed_config *config, hk_span line, const char *place, const hk_feed_sink *sink,
	GError **error)
{
	g_autoptr(hk_json_doc) doc = hk_json_load(line, HK_FEED_LINE_MAX, NULL);

	if (!doc) {
		sink->odd(sink->user,
			line.len > HK_FEED_LINE_MAX ? HK_FEED_ODD_TOO_LONG : HK_FEED_ODD_NOT_JSON,
			place);
		return true;
	}
	hk_json root = hk_json_root(doc);
	return read_object(config, &root, place, sink, error);
}

/* Some who say JSON lines send one list: [{..}, {..}]. */
static bool
read_list(const hk_feed_config *config, hk_span body, const hk_feed_sink *sink, GError **error)
{
	g_autoptr(hk_json_doc) doc = hk_json_load(body, HK_FEED_EVENT_MAX, error);

	if (!doc) {
		return false;
	}
	hk_json root = hk_json_root(doc);
	for (size_t i = 0; i < hk_json_len(&root); i++) {
		char place[HK_FEED_PLACE_SIZE];
		hk_json element = hk_json_at(&root, i);
		snprintf(place, sizeof place, "element %zu", i + 1);
		if (!read_object(config, &element, place, sink, error)) {
			return false;
		}
	}
	return true;
}

bool
hk_feed_read_jsonl(
	const hk_feed_config *config, hk_span body, const hk_feed_sink *sink, GError **error)
{
	hk_span line;
	size_t pos = 0;

	if (!hk_feed_body(body, &body, error)) {
		return false;
	}
	if (body.len > 0 && body.data[0] == '[') {
		return read_list(config, body, sink, error);
	}
	for (size_t number = 1; hk_feed_line(body, &pos, &line); number++) {
		char place[HK_FEED_PLACE_SIZE];
		snprintf(place, sizeof place, "line %zu", number);
		if (line.len > 0 && !read_line(config, line, place, sink, error)) {
			return false;
		}
	}
	return true;
}
