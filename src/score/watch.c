#include "score/watch.h"

#include <string.h>

#include "sys/file.h"
#include "sys/gerr.h"
#include "sys/idn.h"

struct hk_watch {
	GArray *rows;        /* of hk_watch_row */
	GStringChunk *texts; /* what their text points into */
};

void
hk_watch_free(hk_watch *watch)
{
	if (watch) {
		g_array_unref(watch->rows);
		g_string_chunk_free(watch->texts);
		g_free(watch);
	}
}

static hk_span
without_comment(hk_span line)
{
	for (size_t i = 0; i < line.len; i++) {
		if (line.data[i] == '#' && (i == 0 || g_ascii_isspace(line.data[i - 1]))) {
			line.len = i;
		}
	}
	return hk_span_trim(line);
}

static bool
take(hk_span *text, size_t at, char mark)
{
	if (text->len == 0 || text->data[at] != mark) {
		return false;
	}
	*text = hk_span_of(text->data + (at == 0 ? 1 : 0), text->len - 1);
	return true;
}

static bool
is_ascii(hk_span text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] >= 0x80) {
			return false;
		}
	}
	return true;
}

/* Writes the text of a pattern as it stands in names. NULL, or what is wrong. */
static const char *
in_names(hk_span text, bool whole_labels, char *out, size_t *ret_len)
{
	if (!is_ascii(text)) {
		if (!whole_labels) {
			return "letters outside ASCII can be looked for as a whole label only: "
			       "write ^...$";
		}
		return hk_idn_to_ascii(text, out, HK_NAME_MAX, ret_len) == HK_OK
			       ? NULL
			       : "this is no label of an internationalised name";
	}
	if (text.len > HK_NAME_MAX) {
		return "longer than any name: at most 255 characters";
	}
	for (size_t i = 0; i < text.len; i++) {
		char c = g_ascii_tolower((char)text.data[i]);
		if (!g_ascii_isalnum(c) && (c == '\0' || strchr(".-_*", c) == NULL)) {
			return "a character that no host name holds: letters, digits, '-', '_', "
			       "'.' and '*' are possible";
		}
		out[i] = c;
	}
	*ret_len = text.len;
	return NULL;
}

/* One line that holds a pattern. NULL, or what is wrong with it. */
static const char *
add_row(hk_watch *watch, hk_span text, uint32_t line)
{
	char out[HK_NAME_MAX + 1];
	size_t len = 0;
	hk_watch_row row = {.line = line};

	row.name_end = row.label_start = take(&text, 0, '.');
	if (!row.name_end) {
		row.label_start = take(&text, 0, '^');
		row.label_end = text.len > 0 && take(&text, text.len - 1, '$');
	}
	if (text.len == 0) {
		return "nothing is left to look for";
	}
	const char *wrong =
		in_names(text, row.name_end || (row.label_start && row.label_end), out, &len);
	if (wrong) {
		return wrong;
	}
	if (len < HK_WATCH_TEXT_MIN && !row.name_end && !(row.label_start && row.label_end)) {
		return "fewer than 3 characters stand in too many names: write ^ab$ for a whole "
		       "label";
	}
	if (watch->rows->len >= HK_WATCH_ROWS_MAX) {
		return "more patterns than the 500000 that can be used";
	}
	row.text = g_string_chunk_insert_len(watch->texts, out, (gssize)len);
	row.len = (uint8_t)len;
	g_array_append_val(watch->rows, row);
	return NULL;
}

hk_watch *
hk_watch_parse(const char *path, hk_span text, GError **error)
{
	g_autoptr(hk_watch) watch = g_new0(hk_watch, 1);
	uint32_t line = 0;
	uint32_t bad_line = 0;
	uint32_t bad_count = 0;
	const char *bad_why = NULL;

	watch->rows = g_array_new(FALSE, FALSE, sizeof(hk_watch_row));
	watch->texts = g_string_chunk_new(1 << 16);
	while (text.len > 0) {
		const uint8_t *feed = memchr(text.data, '\n', text.len);
		size_t len = feed ? (size_t)(feed - text.data) : text.len;
		hk_span row = without_comment(hk_span_of(text.data, len));
		line++;
		text = hk_span_of(
			text.data + len + (feed ? 1 : 0), text.len - len - (feed ? 1 : 0));
		if (row.len == 0) {
			continue;
		}
		const char *why = add_row(watch, row, line);
		if (why && bad_count++ == 0) {
			bad_line = line;
			bad_why = why;
		}
	}
	if (bad_count > 1) {
		hk_error_set(error, HK_ECONFIG, "%s:%u: %s (and %u more lines are wrong)", path,
			bad_line, bad_why, bad_count - 1);
		return NULL;
	}
	if (bad_count == 1) {
		hk_error_set(error, HK_ECONFIG, "%s:%u: %s", path, bad_line, bad_why);
		return NULL;
	}
	return g_steal_pointer(&watch);
}

hk_watch *
hk_watch_load(const char *path, GError **error)
{
	g_autoptr(GBytes) bytes = hk_file_read(path, HK_WATCH_FILE_MAX, error);
	size_t len = 0;

	if (!bytes) {
		return NULL;
	}
	const void *data = g_bytes_get_data(bytes, &len);
	return hk_watch_parse(path, hk_span_of(data, len), error);
}

const hk_watch_row *
hk_watch_rows(const hk_watch *watch, size_t *ret_count)
{
	*ret_count = watch->rows->len;
	return (const hk_watch_row *)(const void *)watch->rows->data;
}

bool
hk_watch_holds(const hk_watch_row *row, hk_name name, size_t end)
{
	if (end > name.len || end < row->len) {
		return false;
	}
	size_t start = end - row->len;
	return (!row->label_start || start == 0 || name.text[start - 1] == '.') &&
	       (!row->label_end || end == name.len || name.text[end] == '.') &&
	       (!row->name_end || end == name.len);
}
