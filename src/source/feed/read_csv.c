#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "parse/csv.h"
#include "source/feed/read_int.h"
#include "source/feed/row.h"
#include "sys/gerr.h"

enum { NO_COLUMN = -1, HEADER_SHOWN_MAX = 300 };

/* Where the columns are that the feed's file names. */
typedef struct columns {
	int at[HK_FEED_FIELDS]; /* from 0; NO_COLUMN: not wanted */
	size_t count;           /* of the header; 0: there is none */
} columns;

static hk_span
trim(hk_span text)
{
	while (text.len > 0 && (text.data[0] == ' ' || text.data[0] == '\t')) {
		text = hk_span_of(text.data + 1, text.len - 1);
	}
	while (text.len > 0 &&
		(text.data[text.len - 1] == ' ' || text.data[text.len - 1] == '\t')) {
		text.len--;
	}
	return text;
}

static bool
begins(hk_span text, const char *with)
{
	size_t len = with ? strlen(with) : 0;

	return len > 0 && text.len >= len && memcmp(text.data, with, len) == 0;
}

/* The next row that is no comment and not empty. False at the end. A row that cannot be read is odd. */
static bool
next_row(hk_csv *csv, const hk_feed_config *config, const hk_feed_sink *sink, hk_csv_row *row)
{
	for (;;) {
		char place[HK_FEED_PLACE_SIZE];
		hk_err err = hk_csv_next(csv, row);
		if (err == HK_ENOENT) {
			return false;
		}
		if (begins(row->raw, config->comment) || trim(row->raw).len == 0) {
			continue;
		}
		if (err == HK_OK) {
			return true;
		}
		snprintf(place, sizeof place, "line %" G_GUINT64_FORMAT, row->line);
		sink->odd(sink->user, err == HK_ELIMIT ? HK_FEED_ODD_TOO_LONG : HK_FEED_ODD_NOT_ROW,
			place);
	}
}

static int
find_column(const hk_csv_row *header, const char *name)
{
	hk_span wanted = hk_span_str(name);

	for (size_t i = 0; i < header->count; i++) {
		if (hk_span_eq(trim(header->field[i]), wanted)) {
			return (int)i;
		}
	}
	for (size_t i = 0; i < header->count; i++) {
		hk_span field = trim(header->field[i]);
		if (field.len == wanted.len &&
			g_ascii_strncasecmp((const char *)field.data, name, field.len) == 0) {
			return (int)i;
		}
	}
	return NO_COLUMN;
}

static bool
by_header(const hk_feed_config *config, const hk_csv_row *header, columns *ret, GError **error)
{
	ret->count = header->count;
	for (int i = 0; i < HK_FEED_FIELDS; i++) {
		ret->at[i] = config->field[i] ? find_column(header, config->field[i]) : NO_COLUMN;
		if (config->field[i] && ret->at[i] == NO_COLUMN) {
			g_autofree char *seen = g_strndup((const char *)header->raw.data,
				MIN(header->raw.len, HEADER_SHOWN_MAX));
			g_autofree char *shown = g_utf8_make_valid(seen, -1);
			return hk_error_set(error, HK_EFORM,
				"the header has no column '%s'; it is: %s", config->field[i],
				shown);
		}
	}
	return true;
}

static void
by_number(const hk_feed_config *config, columns *ret)
{
	for (int i = 0; i < HK_FEED_FIELDS; i++) {
		uint64_t number = 0;
		hk_err err = hk_parse_u64(hk_span_str(config->field[i]), 999, &number);
		ret->at[i] = err == HK_OK ? (int)number - 1 : NO_COLUMN;
	}
}

static bool
give(const columns *where, const hk_csv_row *row, const hk_feed_sink *sink, GError **error)
{
	char place[HK_FEED_PLACE_SIZE];
	hk_feed_row out = {.place = place};
	char *cell[HK_FEED_FIELDS] = {NULL};
	bool good = where->count == 0 || row->count == where->count;

	snprintf(place, sizeof place, "line %" G_GUINT64_FORMAT, row->line);
	for (int i = 0; i < HK_FEED_FIELDS; i++) {
		if (where->at[i] >= 0 && (size_t)where->at[i] < row->count) {
			hk_span field = trim(row->field[where->at[i]]);
			out.cell[i] = cell[i] = g_strndup((const char *)field.data, field.len);
		}
	}
	if (!good) {
		sink->odd(sink->user, HK_FEED_ODD_NOT_ROW, place);
		good = true;
	} else {
		good = hk_feed_row_give(&out, sink, error);
	}
	for (int i = 0; i < HK_FEED_FIELDS; i++) {
		g_free(cell[i]);
	}
	return good;
}

bool
hk_feed_read_csv(
	const hk_feed_config *config, hk_span body, const hk_feed_sink *sink, GError **error)
{
	g_autofree hk_csv_row *row = g_new(hk_csv_row, 1);
	columns where = {.count = 0};
	hk_csv csv;

	if (!hk_feed_body(body, &body, error)) {
		return false;
	}
	hk_csv_begin(&csv, body, config->delimiter);
	if (!config->header) {
		by_number(config, &where);
	} else if (!next_row(&csv, config, sink, row)) {
		return true; /* an empty file has no header either */
	} else if (!by_header(config, row, &where, error)) {
		return false;
	}
	while (next_row(&csv, config, sink, row)) {
		if (!give(&where, row, sink, error)) {
			return false;
		}
	}
	return true;
}
