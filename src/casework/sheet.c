#include "casework/sheet.h"

#include <string.h>

#include "base/num.h"
#include "base/utf8.h"
#include "casework/charset.h"
#include "parse/csv.h"
#include "parse/url.h"
#include "sys/gerr.h"
#include "sys/json.h"
#include "sys/textfold.h"
#include "sys/uts46.h"

/* Rows that are looked at to find out what the columns hold. */
enum { SAMPLE_ROWS = 5, TEXT_CHARS_MAX = 500, LINE_BYTES_MAX = 65536, NONE = -1 };

typedef enum form { LINES, CSV, TSV, JSONL, FORMS } form;
static const char *const forms[FORMS] = {"lines", "csv", "tsv", "jsonl"};

typedef enum header { HEADER_AUTO, HEADER_YES, HEADER_NO } header;

struct hk_sheet {
	GString *text; /* owned; UTF-8 */
	const char *charset;
	form form;
	header header;
	const uint8_t *head;           /* where the head line begins; NULL: there is none */
	int column[HK_COLUMN_COUNT];   /* place in the row, or NONE */
	char *wanted[HK_COLUMN_COUNT]; /* option: name in the head line; owned */
	bool missing;                  /* a wanted column is not there, or none holds URLs */
	hk_csv csv;                    /* lines, too, are read with its position */
	int64_t items;                 /* read so far */
	hk_csv_row *row;               /* owned */
};

static const struct {
	const char *text;
	const char *names;
} columns[HK_COLUMN_COUNT] = {
#define COLUMN(id, text, names, meaning) {text, names},
#include "casework/columns.def"
#undef COLUMN
};

const char *
hk_column_text(hk_column column)
{
	return columns[column].text;
}

void
hk_item_clear(hk_item *item)
{
	g_free(item->text);
	for (size_t i = 0; i < HK_COLUMN_COUNT; i++) {
		g_free(item->field[i]);
	}
	*item = (hk_item){0};
}

void
hk_item_free(void *item)
{
	if (item) {
		hk_item_clear(item);
		g_free(item);
	}
}

/* As names of columns are compared. */
static char *
plain_name(hk_span name)
{
	g_autoptr(GString) folded = g_string_new(NULL);
	GString *out = g_string_new(NULL);

	hk_textfold(name, folded);
	for (size_t i = 0; i < folded->len; i++) {
		if (!strchr(" _-\t\n\"'", folded->str[i])) {
			g_string_append_c(out, folded->str[i]);
		}
	}
	return g_string_free(out, FALSE);
}

/* Name to column + 1; made once. */
static GHashTable *
column_names(void)
{
	static gsize made;

	if (g_once_init_enter(&made)) {
		GHashTable *table = g_hash_table_new(g_str_hash, g_str_equal);
		for (size_t i = 0; i < HK_COLUMN_COUNT; i++) {
			const char *name = columns[i].names;
			while (*name != '\0') {
				size_t len = strcspn(name, "|");
				g_hash_table_insert(table, plain_name(hk_span_of(name, len)),
					GSIZE_TO_POINTER(i + 1));
				name += len + (name[len] == '|');
			}
		}
		g_once_init_leave(&made, (gsize)table);
	}
	return (GHashTable *)made;
}

static hk_column
column_of(hk_span name)
{
	if (name.len == 0 || name.len > 100) {
		return HK_COLUMN_COUNT;
	}
	g_autofree char *plain = plain_name(name);
	size_t found = GPOINTER_TO_SIZE(g_hash_table_lookup(column_names(), plain));
	return found > 0 ? (hk_column)(found - 1) : HK_COLUMN_COUNT;
}

hk_column
hk_column_find(const char *name)
{
	return column_of(hk_span_str(name));
}

/* Dates ------------------------------------------------------------------------------------------------------------ */

/* The next number of text, at most four digits; *ret_stop is what stands behind it. */
static bool
number(const char **at, int *ret)
{
	int value = 0;
	int digits = 0;

	while (g_ascii_isdigit(**at) && digits < 5) {
		value = value * 10 + (**at - '0');
		(*at)++;
		digits++;
	}
	*ret = value;
	return digits > 0 && digits < 5;
}

static bool
pass(const char **at, const char *const *what)
{
	for (; *what; what++) {
		size_t len = strlen(*what);
		if (strncmp(*at, *what, len) == 0) {
			*at += len;
			return true;
		}
	}
	return false;
}

static void
pass_blanks(const char **at)
{
	static const char *const blanks[] = {" ", "\t", "　", "\xc2\xa0", NULL};

	while (pass(at, blanks)) {
	}
}

/* "12:34", "12:34:56.789", "12時34分56秒" */
static bool
clock_of(const char **at, int part[3])
{
	static const char *const colon[] = {":", "：", "時", NULL};
	static const char *const minute[] = {":", "：", "分", NULL};
	static const char *const second[] = {"秒", NULL};

	if (!number(at, &part[0]) || !pass(at, colon)) {
		return false;
	}
	if (!number(at, &part[1])) {
		return **at == '\0'; /* "12時" */
	}
	if (pass(at, minute) && g_ascii_isdigit(**at)) {
		if (!number(at, &part[2])) {
			return false;
		}
		pass(at, second);
		if (**at == '.') {
			for ((*at)++; g_ascii_isdigit(**at); (*at)++) {
			}
		}
	}
	return true;
}

/* Minutes east of Greenwich; Japan's time when nothing is said. */
static bool
zone_of(const char **at, int *ret)
{
	static const char *const utc[] = {"Z", "z", "UTC", "GMT", NULL};
	static const char *const jst[] = {"JST", "(JST)", NULL};

	*ret = 540;
	pass_blanks(at);
	if (pass(at, utc)) {
		*ret = 0;
	} else if (!pass(at, jst) && (**at == '+' || **at == '-')) {
		int sign = *(*at)++ == '-' ? -1 : 1;
		int hours, minutes = 0;
		if (!number(at, &hours)) {
			return false;
		}
		if (hours > 99) {
			minutes = hours % 100;
			hours /= 100;
		} else if (**at == ':') {
			(*at)++;
			if (!number(at, &minutes)) {
				return false;
			}
		}
		*ret = sign * (hours * 60 + minutes);
	}
	return true;
}

bool
hk_sheet_date(const char *text, int64_t *ret_ms)
{
	static const char *const first[] = {"/", "-", ".", "年", NULL};
	static const char *const second[] = {"/", "-", ".", "月", NULL};
	static const char *const behind[] = {"日", "T", "t", NULL};
	int year, month, day, zone = 540;
	int part[3] = {0, 0, 0};

	pass_blanks(&text);
	if (!number(&text, &year) || year < 1990 || year > 2999 || !pass(&text, first)) {
		return false;
	}
	pass_blanks(&text);
	if (!number(&text, &month) || !pass(&text, second)) {
		return false;
	}
	pass_blanks(&text);
	if (!number(&text, &day)) {
		return false;
	}
	pass(&text, behind);
	if (*text == '(') { /* 2024/11/29(金) */
		const char *close = strchr(text, ')');
		text = close && close - text < 12 ? close + 1 : text;
	}
	pass_blanks(&text);
	if (*text != '\0' && (!clock_of(&text, part) || !zone_of(&text, &zone))) {
		return false;
	}
	pass_blanks(&text);
	if (*text != '\0' || part[0] > 23 || part[1] > 59 || part[2] > 60 || zone > 14 * 60 ||
		zone < -12 * 60 ||
		!g_date_valid_dmy(
			(GDateDay)MIN(day, 99), (GDateMonth)MIN(month, 13), (GDateYear)year)) {
		return false;
	}
	g_autoptr(GDateTime) time =
		g_date_time_new_utc(year, month, day, part[0], part[1], MIN(part[2], 59));
	if (!time) {
		return false;
	}
	*ret_ms = (g_date_time_to_unix(time) - zone * 60) * 1000;
	return true;
}

/* Options ---------------------------------------------------------------------------------------------------------- */

static bool
take_column(hk_sheet *s, const char *key, const hk_json *value, const hk_json *all, GError **error)
{
	uint64_t place;

	for (size_t i = 0; i < HK_COLUMN_COUNT; i++) {
		if (strcmp(columns[i].text, key) != 0) {
			continue;
		}
		const char *name = hk_json_text(value);
		if (name) {
			g_free(s->wanted[i]);
			s->wanted[i] = plain_name(hk_span_str(name));
			/* "3" is the third column, too: the command line knows texts only. */
			if (hk_parse_u64(hk_span_str(name), HK_CSV_COLUMNS_MAX, &place) == HK_OK &&
				place > 0) {
				g_clear_pointer(&s->wanted[i], g_free);
				s->column[i] = (int)place - 1;
			}
			return true;
		}
		if (!hk_json_u64(all, key, &place, error)) {
			return false;
		}
		if (place < 1 || place > HK_CSV_COLUMNS_MAX) {
			return hk_json_fail(value, HK_ERANGE, error,
				"columns are counted from 1 to %d", HK_CSV_COLUMNS_MAX);
		}
		s->column[i] = (int)place - 1;
		return true;
	}
	return hk_json_fail(value, HK_EFORM, error, "there is no such column");
}

static bool
take_options(hk_sheet *s, const char *options, GError **error)
{
	g_autoptr(hk_json_doc) doc = hk_json_load(hk_span_str(options), 1 << 16, error);
	hk_json all, value;
	void *pos = NULL;
	const char *key;

	if (!doc) {
		g_prefix_error(error, "options: ");
		return false;
	}
	hk_json root = hk_json_root(doc);
	if (hk_json_has(&root, "columns")) {
		if (!hk_json_object(&root, "columns", &all, error)) {
			return false;
		}
		while (hk_json_each(&all, &pos, &key, &value)) {
			if (!take_column(s, key, &value, &all, error)) {
				return false;
			}
		}
	}
	if (hk_json_has(&root, "header")) {
		const char *text;
		bool yes;
		if (hk_json_str(&root, "header", &text, NULL)) {
			if (strcmp(text, "auto") != 0) {
				return hk_error_set(
					error, HK_EFORM, "header: true, false or \"auto\"");
			}
		} else if (!hk_json_bool(&root, "header", &yes, error)) {
			return false;
		} else {
			s->header = yes ? HEADER_YES : HEADER_NO;
		}
	}
	return true;
}

/* What it is ------------------------------------------------------------------------------------------------------- */

static bool
is_blank_text(hk_span text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] > ' ') {
			return false;
		}
	}
	return true;
}

static hk_span
body_of(const hk_sheet *s)
{
	return hk_span_of(s->text->str, s->text->len);
}

/* The first line that says something. */
static hk_span
first_line(const hk_sheet *s)
{
	hk_span body = body_of(s);

	for (size_t at = 0; at < body.len;) {
		hk_span line = hk_csv_line(body, at, &at);
		if (!is_blank_text(line) && line.data[0] != '#') {
			return line;
		}
	}
	return hk_span_of(body.data, 0);
}

static bool
is_url(hk_span text)
{
	static _Thread_local hk_url url;

	return hk_url_read(text, hk_uts46_to_ascii, NULL, &url, NULL) == HK_OK;
}

static bool
is_date(hk_span text)
{
	int64_t ms;

	if (text.len > 64) {
		return false;
	}
	g_autofree char *copy = g_strndup((const char *)text.data, text.len);
	return hk_sheet_date(copy, &ms);
}

static bool
is_head(const hk_csv_row *row)
{
	for (size_t i = 0; i < row->count; i++) {
		hk_column c = column_of(row->field[i]);
		if (c == HK_COLUMN_URL || c == HK_COLUMN_HOST) {
			return true;
		}
	}
	return false;
}

/* A separated text: a head line that we know; or rows with as many fields each, of which one is always a URL and the others never. */
static bool
is_separated(const hk_sheet *s, char separator)
{
	hk_csv csv;
	size_t rows = 0;
	size_t fields = 0;

	hk_csv_begin(&csv, body_of(s), separator);
	while (rows < SAMPLE_ROWS && hk_csv_next(&csv, s->row) == HK_OK) {
		size_t urls = 0;
		if (s->row->count == 1 &&
			(is_blank_text(s->row->field[0]) || s->row->raw.data[0] == '#')) {
			continue;
		}
		if (rows == 0 && s->row->count > 1 && is_head(s->row)) {
			return true;
		}
		for (size_t i = 0; i < s->row->count; i++) {
			urls += is_url(s->row->field[i]);
		}
		if (s->row->count < 2 || urls != 1 || (rows > 0 && fields != s->row->count)) {
			return false;
		}
		fields = s->row->count;
		rows++;
	}
	return rows > 0;
}

static form
guess_form(const hk_sheet *s)
{
	hk_span line = first_line(s);

	if (line.len > 1 && line.data[0] == '{') {
		g_autoptr(hk_json_doc) doc = hk_json_load(line, LINE_BYTES_MAX, NULL);
		if (doc) {
			return JSONL;
		}
	}
	if (memchr(line.data, '\t', line.len) && is_separated(s, '\t')) {
		return TSV;
	}
	return memchr(line.data, ',', line.len) && is_separated(s, ',') ? CSV : LINES;
}

/* Columns by the words of the head line. */
static void
take_head(hk_sheet *s, const hk_csv_row *head)
{
	for (size_t i = 0; i < head->count; i++) {
		hk_column c = column_of(head->field[i]);
		if (c < HK_COLUMN_COUNT && s->column[c] == NONE && !s->wanted[c]) {
			s->column[c] = (int)i;
		}
		g_autofree char *plain = plain_name(head->field[i]);
		for (size_t w = 0; w < HK_COLUMN_COUNT; w++) {
			if (s->wanted[w] && s->column[w] == NONE &&
				strcmp(s->wanted[w], plain) == 0) {
				s->column[w] = (int)i;
			}
		}
	}
}

/* Columns by what stands in the first row that has a URL: date, URL, and text behind it (the order of JPCERT/CC's list). */
static void
take_sample(hk_sheet *s, const hk_csv_row *row)
{
	for (size_t i = 0; i < row->count; i++) {
		if (s->column[HK_COLUMN_DATE] == NONE && is_date(row->field[i])) {
			s->column[HK_COLUMN_DATE] = (int)i;
		} else if (s->column[HK_COLUMN_URL] == NONE && is_url(row->field[i])) {
			s->column[HK_COLUMN_URL] = (int)i;
		} else if (s->column[HK_COLUMN_DESCRIPTION] == NONE &&
			   s->column[HK_COLUMN_URL] != NONE && s->column[HK_COLUMN_URL] != (int)i) {
			s->column[HK_COLUMN_DESCRIPTION] = (int)i;
		}
	}
}

static void
find_columns(hk_sheet *s, char separator)
{
	hk_csv csv;
	size_t rows = 0;
	hk_err err;

	hk_csv_begin(&csv, body_of(s), separator);
	while ((err = hk_csv_next(&csv, s->row)) != HK_ENOENT && rows < 100) {
		if (err != HK_OK || is_blank_text(s->row->raw) || s->row->raw.data[0] == '#') {
			continue;
		}
		if (rows == 0 && s->header != HEADER_NO &&
			(s->header == HEADER_YES || is_head(s->row))) {
			s->head = s->row->raw.data;
			take_head(s, s->row);
		} else if (s->column[HK_COLUMN_URL] == NONE && s->column[HK_COLUMN_HOST] == NONE &&
			   !s->wanted[HK_COLUMN_URL]) {
			take_sample(s, s->row);
		}
		rows++;
	}
	for (size_t i = 0; i < HK_COLUMN_COUNT; i++) {
		s->missing = s->missing || (s->wanted[i] && s->column[i] == NONE);
	}
	s->missing = s->missing ||
		     (s->column[HK_COLUMN_URL] == NONE && s->column[HK_COLUMN_HOST] == NONE);
}

hk_sheet *
hk_sheet_new(const char *kind, hk_span body, const char *options, GError **error)
{
	g_autoptr(hk_sheet) s = g_new0(hk_sheet, 1);

	s->form = FORMS;
	s->row = g_new(hk_csv_row, 1);
	for (size_t i = 0; i < HK_COLUMN_COUNT; i++) {
		s->column[i] = NONE;
	}
	if (!take_options(s, options, error)) {
		return NULL;
	}
	s->text = hk_charset_utf8(body, &s->charset);
	for (size_t i = 0; i < FORMS; i++) {
		s->form = strcmp(kind, forms[i]) == 0 ? (form)i : s->form;
	}
	if (s->form == FORMS && strcmp(kind, "auto") != 0) {
		hk_error_set(error, HK_EVERSION, "kind: lines, csv, tsv, jsonl or auto");
		return NULL;
	}
	s->form = s->form == FORMS ? guess_form(s) : s->form;
	if (s->form == CSV || s->form == TSV) {
		find_columns(s, s->form == TSV ? '\t' : ',');
	}
	hk_csv_begin(&s->csv, body_of(s), s->form == TSV ? '\t' : ',');
	return g_steal_pointer(&s);
}

void
hk_sheet_free(hk_sheet *s)
{
	if (s) {
		if (s->text) {
			g_string_free(s->text, TRUE);
		}
		for (size_t i = 0; i < HK_COLUMN_COUNT; i++) {
			g_free(s->wanted[i]);
		}
		g_free(s->row);
		g_free(s);
	}
}

const char *
hk_sheet_kind(const hk_sheet *s)
{
	return forms[s->form];
}

const char *
hk_sheet_charset(const hk_sheet *s)
{
	return s->charset;
}

int64_t
hk_sheet_position(const hk_sheet *s)
{
	return (int64_t)s->csv.at;
}

/* Items ------------------------------------------------------------------------------------------------------------ */

/* For people and for the database: no control characters, not too long. */
static char *
shown(hk_span text)
{
	GString *out = g_string_new(NULL);
	const uint8_t *at = text.data;
	const uint8_t *end = at + text.len;
	uint32_t c;

	for (size_t chars = 0; at < end && chars < TEXT_CHARS_MAX; chars++) {
		size_t len = hk_utf8_next(at, end, &c);
		if (len == 0 || c < ' ' || c == 0x7f) {
			g_string_append_c(out, ' ');
		} else {
			g_string_append_len(out, (const char *)at, (gssize)len);
		}
		at += len > 0 ? len : 1;
	}
	return g_string_free(out, FALSE);
}

/* Without blanks and the apostrophe that our own export puts in front; NULL when nothing is left, or when it holds a NUL. */
static char *
field_text(hk_span text)
{
	while (text.len > 0 && (text.data[0] <= ' ')) {
		text = hk_span_of(text.data + 1, text.len - 1);
	}
	while (text.len > 0 && text.data[text.len - 1] <= ' ') {
		text.len--;
	}
	if (text.len > 1 && text.data[0] == '\'') {
		text = hk_span_of(text.data + 1, text.len - 1);
	}
	if (text.len == 0 || memchr(text.data, '\0', text.len)) {
		return NULL;
	}
	return g_strndup((const char *)text.data, text.len);
}

static void
row_item(const hk_sheet *s, const hk_csv_row *row, hk_item *item)
{
	if (s->missing) {
		item->why = "no-column";
		return;
	}
	for (size_t i = 0; i < HK_COLUMN_COUNT; i++) {
		if (s->column[i] != NONE && (size_t)s->column[i] < row->count) {
			item->field[i] = field_text(row->field[s->column[i]]);
		}
	}
	if (!item->field[HK_COLUMN_URL] && !item->field[HK_COLUMN_HOST]) {
		item->why = "empty";
	}
}

/* The labels of a JSON line may be a list. */
static char *
json_field(const hk_json *value)
{
	const char *text = hk_json_text(value);
	size_t len = hk_json_len(value);

	if (text) {
		return field_text(hk_span_str(text));
	}
	if (len == 0) {
		return NULL;
	}
	GString *out = g_string_new(NULL);
	for (size_t i = 0; i < len; i++) {
		hk_json at = hk_json_at(value, i);
		const char *one = hk_json_text(&at);
		g_string_append_printf(out, "%s%s", out->len > 0 ? "," : "", one ? one : "");
	}
	return g_string_free(out, FALSE);
}

static void
json_item(const hk_sheet *s, hk_span line, hk_item *item)
{
	g_autoptr(hk_json_doc) doc = hk_json_load(line, LINE_BYTES_MAX, NULL);
	void *pos = NULL;
	const char *key;
	hk_json value;

	if (!doc) {
		item->why = "json";
		return;
	}
	hk_json root = hk_json_root(doc);
	if (hk_json_text(&root)) {
		item->field[HK_COLUMN_URL] = field_text(hk_span_str(hk_json_text(&root)));
	}
	while (hk_json_each(&root, &pos, &key, &value)) {
		hk_column c = hk_column_find(key);
		g_autofree char *plain = plain_name(hk_span_str(key));
		for (size_t i = 0; i < HK_COLUMN_COUNT; i++) {
			c = s->wanted[i] && strcmp(s->wanted[i], plain) == 0 ? (hk_column)i : c;
		}
		if (c < HK_COLUMN_COUNT && !item->field[c]) {
			item->field[c] = json_field(&value);
		}
	}
	if (!item->field[HK_COLUMN_URL] && !item->field[HK_COLUMN_HOST]) {
		item->why = "empty";
	}
}

static void
line_item(hk_span line, hk_item *item)
{
	item->free_text = true;
	if (line.len > LINE_BYTES_MAX) {
		item->why = "long";
		return;
	}
	item->field[HK_COLUMN_URL] = field_text(line);
	if (!item->field[HK_COLUMN_URL]) {
		item->why = "bad-host"; /* it holds a NUL */
	}
}

/* The next line or row without a look at what it says. */
static hk_err
step(hk_sheet *s, hk_span *ret_raw, int64_t *ret_line)
{
	if (s->form == CSV || s->form == TSV) {
		hk_err err = hk_csv_next(&s->csv, s->row);
		*ret_raw = s->row->raw;
		*ret_line = (int64_t)s->row->line;
		return err;
	}
	if (s->csv.at >= s->csv.text.len) {
		return HK_ENOENT;
	}
	*ret_line = (int64_t)s->csv.line++;
	*ret_raw = hk_csv_line(s->csv.text, s->csv.at, &s->csv.at);
	return HK_OK;
}

static bool
is_comment(hk_span raw)
{
	return is_blank_text(raw) || raw.data[0] == '#';
}

bool
hk_sheet_next(hk_sheet *s, hk_item *item)
{
	hk_span raw;
	int64_t line = 0;
	hk_err err = step(s, &raw, &line);

	if (err == HK_ENOENT) {
		return false;
	}
	*item = (hk_item){.line = line};
	s->items++;
	if (is_comment(raw)) {
		item->skip = true;
		return true;
	}
	if (err == HK_OK && s->head && raw.data == s->head) {
		item->skip = true;
		return true;
	}
	item->text = shown(raw);
	if (err != HK_OK) {
		item->why = err == HK_EFORM ? "quote" : "long";
	} else if (s->form == JSONL) {
		json_item(s, raw, item);
	} else if (s->form == LINES) {
		line_item(raw, item);
	} else {
		row_item(s, s->row, item);
	}
	return true;
}

void
hk_sheet_skip(hk_sheet *s, int64_t n)
{
	hk_span raw;
	int64_t line;

	while (n-- > 0 && step(s, &raw, &line) != HK_ENOENT) {
		s->items++;
	}
}

int64_t
hk_sheet_count(const hk_sheet *s)
{
	hk_sheet copy = *s;
	hk_span raw;
	int64_t line;
	int64_t count = 0;

	hk_csv_begin(&copy.csv, copy.csv.text, copy.csv.separator);
	while (step(&copy, &raw, &line) != HK_ENOENT) {
		count++;
	}
	return count;
}
