#include "score/corpus.h"

#include <string.h>

#include "match/features.h"
#include "score/corpus_host.h"
#include "sys/gerr.h"
#include "sys/xz.h"

enum { COLUMNS_MAX = 16, EPOCH_YEAR = 1970 };

struct hk_corpus {
	const hk_suffix_table *table; /* borrowed */
	uint64_t fold;
	GArray *rows;           /* of hk_corpus_row */
	GByteArray *text;       /* all names, one after the other */
	GHashTable *brands;     /* spelling -> number */
	GPtrArray *brand_names; /* number -> spelling, borrowed from brands' keys */
	size_t skipped;
	/* Open addressing over rows: the first row of each (host, phishing or benign), as row + 1.
	 */
	uint32_t *index;
	size_t index_mask, index_used;
};

hk_corpus *
hk_corpus_new(const hk_suffix_table *table, uint64_t fold)
{
	hk_corpus *c = g_new0(hk_corpus, 1);

	c->table = table;
	c->fold = fold;
	c->rows = g_array_new(FALSE, FALSE, sizeof(hk_corpus_row));
	c->text = g_byte_array_new();
	c->brands = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	c->brand_names = g_ptr_array_new();
	g_ptr_array_add(c->brand_names, (gpointer) "");
	c->index_mask = (1u << 16) - 1;
	c->index = g_new0(uint32_t, c->index_mask + 1);
	return c;
}

void
hk_corpus_free(hk_corpus *c)
{
	if (c == NULL) {
		return;
	}
	g_array_unref(c->rows);
	g_byte_array_unref(c->text);
	g_ptr_array_unref(c->brand_names);
	g_hash_table_unref(c->brands);
	g_free(c->index);
	g_free(c);
}

const hk_corpus_row *
hk_corpus_rows(const hk_corpus *c, size_t *ret_count)
{
	*ret_count = c->rows->len;
	return (const hk_corpus_row *)(const void *)c->rows->data;
}

hk_name
hk_corpus_name(const hk_corpus *c, const hk_corpus_row *row)
{
	return (hk_name){.text = (const char *)c->text->data + row->at, .len = row->len};
}

uint32_t *
hk_corpus_held_out(const hk_corpus *c, size_t *ret_count)
{
	uint32_t *out = g_new(uint32_t, c->rows->len + 1u);
	size_t kept = 0;

	for (uint32_t i = 0; i < c->rows->len; i++) {
		if (g_array_index(c->rows, hk_corpus_row, i).held_out) {
			out[kept++] = i;
		}
	}
	*ret_count = kept;
	return out;
}

const char *
hk_corpus_brand(const hk_corpus *c, uint32_t number)
{
	return number < c->brand_names->len ? g_ptr_array_index(c->brand_names, number) : "";
}

uint32_t
hk_corpus_brand_count(const hk_corpus *c)
{
	return c->brand_names->len;
}

size_t
hk_corpus_skipped(const hk_corpus *c)
{
	return c->skipped;
}

/* ---- dates ---- */

uint32_t
hk_corpus_yyyymm(int32_t month)
{
	return month < 0 ? 0 : (uint32_t)((EPOCH_YEAR + month / 12) * 100 + month % 12 + 1);
}

static bool
digits(hk_span s, size_t at, size_t n, int32_t *ret)
{
	int32_t v = 0;

	if (s.len < at + n) {
		return false;
	}
	for (size_t i = at; i < at + n; i++) {
		if (s.data[i] < '0' || s.data[i] > '9') {
			return false;
		}
		v = v * 10 + (s.data[i] - '0');
	}
	*ret = v;
	return true;
}

int32_t
hk_corpus_month_parse(const char *text)
{
	hk_span s = hk_span_str(text);
	int32_t y, m;

	if (s.len != 7 || text[4] != '-' || !digits(s, 0, 4, &y) || !digits(s, 5, 2, &m) || m < 1 ||
		m > 12 || y < EPOCH_YEAR) {
		return -1;
	}
	return (y - EPOCH_YEAR) * 12 + m - 1;
}

/* "2024/01/31 ..." or "2024-01-31 ...". Days by the proleptic Gregorian calendar. */
static bool
date_parse(hk_span s, int32_t *ret_day, int32_t *ret_month)
{
	int32_t y, m, d, era_year, year_day;

	if (s.len < 10 || (s.data[4] != '/' && s.data[4] != '-') || s.data[7] != s.data[4] ||
		!digits(s, 0, 4, &y) || !digits(s, 5, 2, &m) || !digits(s, 8, 2, &d) ||
		y < EPOCH_YEAR || m < 1 || m > 12 || d < 1 || d > 31) {
		return false;
	}
	era_year = m > 2 ? y : y - 1; /* a year that begins in March ends with the leap day */
	year_day = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	*ret_day =
		era_year * 365 + era_year / 4 - era_year / 100 + era_year / 400 + year_day - 719468;
	*ret_month = (y - EPOCH_YEAR) * 12 + m - 1;
	return true;
}

/* ---- rows ---- */

static uint32_t
row_hash(const char *name, size_t len, bool benign)
{
	uint32_t h = hk_feature_hash(name, len, benign ? 7 : 8);

	return h ^ h >> 15;
}

static void
index_grow(hk_corpus *c)
{
	size_t mask = c->index_mask * 2 + 1;
	uint32_t *grown = g_new0(uint32_t, mask + 1);

	for (size_t i = 0; i <= c->index_mask; i++) {
		if (c->index[i] != 0) {
			const hk_corpus_row *r =
				&g_array_index(c->rows, hk_corpus_row, c->index[i] - 1);
			hk_name n = hk_corpus_name(c, r);
			size_t at = row_hash(n.text, n.len, r->kind == HK_CORPUS_BENIGN) & mask;

			while (grown[at] != 0) {
				at = (at + 1) & mask;
			}
			grown[at] = c->index[i];
		}
	}
	g_free(c->index);
	c->index = grown;
	c->index_mask = mask;
}

/* The slot of a host's latest row, or the empty slot where it would stand. */
static uint32_t *
index_slot(hk_corpus *c, const char *name, size_t len, bool benign)
{
	size_t at;

	if (c->index_used * 2 > c->index_mask) {
		index_grow(c);
	}
	at = row_hash(name, len, benign) & c->index_mask;
	for (;; at = (at + 1) & c->index_mask) {
		const hk_corpus_row *r;

		if (c->index[at] == 0) {
			return &c->index[at];
		}
		r = &g_array_index(c->rows, hk_corpus_row, c->index[at] - 1);
		if (r->len == len && (r->kind == HK_CORPUS_BENIGN) == benign &&
			memcmp(c->text->data + r->at, name, len) == 0) {
			return &c->index[at];
		}
	}
}

static uint32_t
brand_number(hk_corpus *c, hk_span brand)
{
	char *key;
	gpointer number;

	while (brand.len >= 3 && memcmp(brand.data, "\xE3\x80\x80", 3) == 0) {
		brand = hk_span_of(brand.data + 3, brand.len - 3);
	}
	if (brand.len == 0 || brand.len > 200) {
		return 0;
	}
	key = g_strndup((const char *)brand.data, brand.len);
	number = g_hash_table_lookup(c->brands, key);
	if (number != NULL) {
		g_free(key);
		return GPOINTER_TO_UINT(number);
	}
	g_hash_table_insert(c->brands, key, GUINT_TO_POINTER(c->brand_names->len));
	g_ptr_array_add(c->brand_names, key);
	return c->brand_names->len - 1;
}

/* FNV-1a with a final mix: decides what is held out, so it must not change with the features. */
static uint32_t
owner_hash(const char *bytes, size_t len)
{
	uint32_t h = 0x811C9DC5u;

	for (size_t i = 0; i < len; i++) {
		h = (h ^ (uint8_t)bytes[i]) * 0x01000193u;
	}
	h ^= h >> 16;
	h *= 0x85EBCA6Bu;
	return h ^ h >> 13;
}

static void
row_add(hk_corpus *c, const char *name, size_t len, hk_corpus_kind kind, int32_t day, int32_t month,
	hk_span brand)
{
	uint32_t *slot = index_slot(c, name, len, kind == HK_CORPUS_BENIGN);
	hk_corpus_row row = {
		.len = (uint8_t)len, .kind = (uint8_t)kind, .day = day, .month = month};
	hk_suffix_split split;

	if (*slot != 0) {
		const hk_corpus_row *before = &g_array_index(c->rows, hk_corpus_row, *slot - 1);

		/* A host once per month; benign hosts and feeds once at all. */
		if (kind != HK_CORPUS_PHISH ||
			(before->kind == HK_CORPUS_PHISH && before->month == month)) {
			return;
		}
		row.seen = before->kind == HK_CORPUS_PHISH && before->month < month;
		row.at = before->at;
	} else {
		row.at = c->text->len;
		g_byte_array_append(c->text, (const uint8_t *)name, (unsigned)len);
		c->index_used++;
	}
	hk_suffix_split_name(c->table, name, len, &split);
	row.owner = owner_hash(name + split.icann_registrable_off,
		(size_t)(split.end - split.icann_registrable_off));
	row.held_out = kind == HK_CORPUS_BENIGN &&
		       row.owner % HK_CORPUS_HELD_OUT == c->fold % HK_CORPUS_HELD_OUT;
	row.brand = brand_number(c, brand);
	g_array_append_val(c->rows, row);
	*slot = c->rows->len;
}

/* ---- files ---- */

typedef enum role { ROLE_NONE, ROLE_HOST, ROLE_DATE, ROLE_BRAND } role;

static const struct {
	const char *name;
	role role;
} header_names[] = {
	{"date", ROLE_DATE},
	{"time", ROLE_DATE},
	{"submission_time", ROLE_DATE},
	{"url", ROLE_HOST},
	{"host", ROLE_HOST},
	{"hostname", ROLE_HOST},
	{"domain", ROLE_HOST},
	{"value", ROLE_HOST},
	{"description", ROLE_BRAND},
	{"brand", ROLE_BRAND},
	{"target", ROLE_BRAND},
};

typedef struct reader {
	char separator;                       /* 0: one address per line */
	size_t host_col, date_col, brand_col; /* COLUMNS_MAX: none */
	char unquoted[COLUMNS_MAX][2048];     /* a quoted field without its quotes */
	hk_span field[COLUMNS_MAX];
	size_t fields;
} reader;

/* One row, which may span lines inside quotes. Fields over the cap are dropped, over-long quoted
 * ones are cut. Returns where the next row begins. */
static size_t
row_split(reader *r, hk_span text, size_t at)
{
	r->fields = 0;
	for (;;) {
		size_t from = at, len = 0, slot = MIN(r->fields, COLUMNS_MAX - 1u);
		bool quoted = r->separator && at < text.len && text.data[at] == '"';

		if (quoted) {
			for (at++; at < text.len; at++) {
				if (text.data[at] == '"' &&
					!(at + 1 < text.len && text.data[++at] == '"')) {
					break;
				}
				if (len < sizeof(r->unquoted[slot])) {
					r->unquoted[slot][len++] = (char)text.data[at];
				}
			}
		}
		while (at < text.len && text.data[at] != '\n' &&
			!(r->separator && text.data[at] == (uint8_t)r->separator)) {
			at++;
		}
		if (r->fields < COLUMNS_MAX) {
			r->field[r->fields++] = quoted ? hk_span_of(r->unquoted[slot], len)
						       : hk_span_of(text.data + from, at - from);
		}
		if (at >= text.len || text.data[at] == '\n') {
			break;
		}
		at++;
	}
	if (r->fields > 0 && r->field[r->fields - 1].len > 0 &&
		r->field[r->fields - 1].data[r->field[r->fields - 1].len - 1] == '\r') {
		r->field[r->fields - 1].len--;
	}
	return at + 1;
}

static bool
field_is(hk_span f, const char *name)
{
	return f.len == strlen(name) && g_ascii_strncasecmp((const char *)f.data, name, f.len) == 0;
}

/* Decide the columns from the first row. Returns whether that row was a header. */
static bool
columns_of(reader *r)
{
	char host[HK_NAME_MAX];
	int32_t day, month;
	bool header = false;

	r->host_col = r->date_col = r->brand_col = COLUMNS_MAX;
	for (size_t i = 0; i < r->fields; i++) {
		for (size_t k = 0; k < G_N_ELEMENTS(header_names); k++) {
			if (field_is(r->field[i], header_names[k].name)) {
				size_t *col = header_names[k].role == ROLE_HOST   ? &r->host_col
					      : header_names[k].role == ROLE_DATE ? &r->date_col
										  : &r->brand_col;

				*col = *col == COLUMNS_MAX ? i : *col;
				header = true;
			}
		}
	}
	if (header && r->host_col < COLUMNS_MAX) {
		return true;
	}
	if (r->fields > 1 && date_parse(r->field[0], &day, &month)) {
		r->date_col = 0;
	}
	if (r->fields > 3 && (field_is(r->field[2], "url") || field_is(r->field[2], "domain") ||
				     field_is(r->field[2], "ip"))) {
		r->host_col = 3;
		return false;
	}
	for (size_t i = 0; i < r->fields && r->host_col == COLUMNS_MAX; i++) {
		if (i != r->date_col && hk_corpus_host(r->field[i], host) > 0) {
			r->host_col = i;
		}
	}
	return false;
}

static char
separator_of(hk_span text)
{
	size_t tabs = 0, commas = 0;

	for (size_t i = 0; i < text.len && text.data[i] != '\n'; i++) {
		tabs += text.data[i] == '\t';
		commas += text.data[i] == ',';
	}
	return tabs > 0 ? '\t' : commas > 0 ? ',' : '\0';
}

bool
hk_corpus_parse(hk_corpus *c, hk_span text, const char *name, hk_corpus_kind kind, GError **error)
{
	g_autofree reader *r = g_new0(reader, 1);
	size_t rows = 0, hosts = 0, dated = 0;
	int32_t day = -1, month = -1;

	if (text.len >= 3 && memcmp(text.data, "\xEF\xBB\xBF", 3) == 0) {
		text = hk_span_of(text.data + 3, text.len - 3);
	}
	r->host_col = COLUMNS_MAX;
	for (size_t at = 0; at < text.len;) {
		char host[HK_NAME_MAX];
		size_t len;

		if (text.data[at] == '#' || text.data[at] == '\n') {
			const uint8_t *nl = memchr(text.data + at, '\n', text.len - at);

			at = nl ? (size_t)(nl - text.data) + 1 : text.len;
			continue;
		}
		if (rows == 0) {
			r->separator = separator_of(hk_span_of(text.data + at, text.len - at));
		}
		at = row_split(r, text, at);
		rows++;
		if (r->host_col == COLUMNS_MAX && columns_of(r)) {
			continue;
		}
		len = r->host_col < r->fields ? hk_corpus_host(r->field[r->host_col], host) : 0;
		/* A blank date (JPCERT has 13) stands for that of the row before. */
		if (r->date_col < r->fields && date_parse(r->field[r->date_col], &day, &month)) {
			dated++;
		}
		if (len == 0) {
			c->skipped++;
			continue;
		}
		hosts++;
		row_add(c, host, len, kind, day, month,
			r->brand_col < r->fields ? r->field[r->brand_col] : (hk_span){0});
	}
	if (hosts == 0) {
		return hk_error_set(error, HK_EFORM,
			"%s: no host names found; a list of addresses, one per line, or CSV/TSV is "
			"needed",
			name);
	}
	if (kind == HK_CORPUS_PHISH && dated == 0) {
		return hk_error_set(error, HK_EFORM,
			"%s: no dates found; rows must be date,URL,description (use --feed for a "
			"list "
			"without dates)",
			name);
	}
	return true;
}

bool
hk_corpus_read(hk_corpus *c, const char *path, hk_corpus_kind kind, GError **error)
{
	g_autofree char *bytes = NULL;
	size_t len = 0;

	return hk_xz_read(path, HK_CORPUS_FILE_MAX, &bytes, &len, error) &&
	       hk_corpus_parse(c, hk_span_of(bytes, len), path, kind, error);
}
