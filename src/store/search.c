#include "store/search.h"

#include <string.h>

#include "base/err.h"
#include "base/utf8.h"
#include "store/rowset.h"
#include "sys/progress.h"
#include "sys/textfold.h"

/* A hash of FTS5: seven letters of five bits. */
enum { TOKEN_LEN = 7, GRAM_MAX = 3, MANY = 32 };

static const char tag_letters[] = "sktar";

/* Hashes ---------------------------------------------------------------------------------------- */

static uint32_t
mix(uint32_t h, uint32_t c)
{
	h ^= c * 0x9e3779b1u;
	h = (h << 13 | h >> 19) * 0x85ebca6bu;
	return h ^ h >> 15;
}

static uint32_t
hash_gram(const uint32_t *chars, size_t count)
{
	uint32_t h = 0x51ed270bu + (uint32_t)count;

	for (size_t i = 0; i < count; i++) {
		h = mix(h, chars[i]);
	}
	return mix(h, 0x2545f491u);
}

static uint32_t
hash_tag(hk_search_tag tag, const char *value)
{
	/* A control character stands in no text. */
	uint32_t h = mix(0x1b873593u, 0x01000000u | (uint32_t)tag_letters[tag]);

	for (; *value != '\0'; value++) {
		h = mix(h, (uint8_t)*value);
	}
	return mix(h, 0x2545f491u);
}

/* The characters of one line, or of a needle. */
static GArray *
chars_of(hk_span text)
{
	GArray *chars = g_array_sized_new(false, false, sizeof(uint32_t), (unsigned)text.len);
	const uint8_t *at = text.data, *end = at + text.len;

	while (at < end) {
		uint32_t c;
		size_t n = hk_utf8_next(at, end, &c);
		if (n == 0) {
			c = 0xfffd;
			n = 1;
		}
		g_array_append_val(chars, c);
		at += n;
	}
	return chars;
}

/* Sorts by one byte at a time, the lowest first: a text has some hundred hashes, and comparing them took longer than making them. */
static void
sort_hashes(GArray *set)
{
	g_autofree uint32_t *spare = g_new(uint32_t, set->len + 1);
	uint32_t *from = (uint32_t *)(void *)set->data, *to = spare;

	for (unsigned shift = 0; shift < 32; shift += 8) {
		unsigned place[256] = {0}, at = 0;
		for (unsigned i = 0; i < set->len; i++) {
			place[from[i] >> shift & 255]++;
		}
		for (unsigned i = 0; i < 256; i++) {
			unsigned n = place[i];
			place[i] = at;
			at += n;
		}
		for (unsigned i = 0; i < set->len; i++) {
			to[place[from[i] >> shift & 255]++] = from[i];
		}
		uint32_t *swap = from;
		from = to;
		to = swap;
	}
	/* Four times: it is all where it was. */
}

/* The set of hashes of a text and of tags ("s:new k:phishing ..."), sorted. */
static GArray *
grams_of(hk_span text, const char *tags)
{
	g_autoptr(GArray) chars = chars_of(text);
	const uint32_t *c = (const uint32_t *)(void *)chars->data;
	GArray *set = g_array_sized_new(false, false, sizeof(uint32_t), chars->len * GRAM_MAX + 8);
	size_t count = 0;

	for (size_t i = 0; i < chars->len; i++) {
		for (size_t n = 1; n <= GRAM_MAX && i + n <= chars->len && c[i + n - 1] != '\n';
			n++) {
			uint32_t h = hash_gram(c + i, n);
			g_array_append_val(set, h);
		}
	}
	while (*tags != '\0') {
		char value[64];
		size_t len = strcspn(tags + 2, " ");
		g_strlcpy(value, tags + 2, MIN(len + 1, sizeof value));
		uint32_t h = hash_tag(
			(hk_search_tag)(strchr(tag_letters, tags[0]) - tag_letters), value);
		g_array_append_val(set, h);
		tags += 2 + len;
		tags += *tags == ' ';
	}
	sort_hashes(set);
	uint32_t *h = (uint32_t *)(void *)set->data;
	for (size_t i = 0; i < set->len; i++) {
		if (i == 0 || h[i] != h[count - 1]) {
			h[count++] = h[i];
		}
	}
	g_array_set_size(set, (unsigned)count);
	return set;
}

static void
put_token(GString *out, uint32_t hash)
{
	char token[TOKEN_LEN];

	for (int i = 0; i < TOKEN_LEN; i++) {
		token[i] = "abcdefghijklmnopqrstuvwxyz234567"[hash & 31];
		hash >>= 5;
	}
	g_string_append_len(out, token, TOKEN_LEN);
}

/* As FTS5 takes them, or PostgreSQL: "{1,-2}". */
static char *
print_grams(hk_db_engine engine, const GArray *grams)
{
	const uint32_t *h = (const uint32_t *)(const void *)grams->data;
	GString *out = g_string_sized_new(grams->len * 12 + 2);

	for (size_t i = 0; i < grams->len; i++) {
		if (engine == HK_DB_SQLITE) {
			if (i > 0) {
				g_string_append_c(out, ' ');
			}
			put_token(out, h[i]);
		} else {
			g_string_append_printf(out, "%c%d", i > 0 ? ',' : '{', (int32_t)h[i]);
		}
	}
	if (engine == HK_DB_PGSQL) {
		g_string_append(out, grams->len > 0 ? "}" : "{}");
	}
	return g_string_free(out, false);
}

/* Keeping --------------------------------------------------------------------------------------- */

/* One statement, in the order of what matters most: one round trip per case. The first row is the case itself; the last column is the case. */
#define WORDS(which)                                                                               \
	"SELECT 1 AS rank, c.id AS at, c.name AS text, COALESCE(c.host, '') AS host, "             \
	"COALESCE(t.name || ' ' || t.name_en, '') || ' ' || COALESCE(a.name, '') AS more, "        \
	"'s:' || c.state || ' k:' || c.kind || ' t:' || CAST(COALESCE(c.target_id, 0) AS TEXT) "   \
	"|| ' a:' || CAST(COALESCE(c.actor_id, 0) AS TEXT) || ' r:' || "                           \
	"CAST(c.source_id AS TEXT) AS tags, c.id "                                                 \
	"FROM cases c LEFT JOIN targets t ON t.id = c.target_id "                                  \
	"LEFT JOIN actors a ON a.id = c.actor_id WHERE c.id " which                                \
	" UNION ALL SELECT 2, 0, label, '', '', '', case_id FROM labels WHERE case_id " which      \
	" UNION ALL SELECT 3, id, url, '', '', '', case_id FROM case_urls WHERE case_id " which    \
	" UNION ALL SELECT 4, id, text, '', '', '', case_id FROM comments WHERE case_id " which    \
	" AND deleted_ms IS NULL"

static hk_rows *
words(hk_db *db, int64_t case_id, GError **error)
{
	return hk_db_query(
		db, HK_SQL(WORDS("= $1") " ORDER BY 1, 2"), HK_ARGS(hk_v_int(case_id)), error);
}

static void
put_line(GString *text, const char *line, bool first)
{
	if (text->len >= HK_SEARCH_TEXT_MAX) {
		return;
	}
	size_t from = text->len;
	hk_textfold(hk_span_str(line), text);
	if (first) { /* line 1 is the name and nothing else */
		for (char *c = text->str + from; *c != '\0'; c++) {
			*c = *c == '\n' ? ' ' : *c;
		}
	}
	if (text->len > HK_SEARCH_TEXT_MAX) {
		const char *end = g_utf8_find_prev_char(text->str, text->str + HK_SEARCH_TEXT_MAX);
		g_string_truncate(text, end ? (size_t)(end - text->str) : 0);
	}
	g_string_append_c(text, '\n');
}

static void
put_row(GString *text, const hk_rows *rows, bool first)
{
	put_line(text, hk_rows_str(rows, 2), first);
	if (first) {
		put_line(text, hk_rows_str(rows, 3), true);
		put_line(text, hk_rows_str(rows, 4), true);
	}
}

/* *ret_tags NULL: there is no such case. */
static bool
read_words(hk_db *db, int64_t case_id, GString *text, char **ret_tags, GError **error)
{
	g_autoptr(hk_rows) rows = words(db, case_id, error);
	GError *inner = NULL;

	*ret_tags = NULL;
	if (!rows) {
		return false;
	}
	while (hk_rows_next(rows, &inner)) {
		bool first = hk_rows_int(rows, 0) == 1;
		put_row(text, rows, first);
		if (first) {
			*ret_tags = g_strdup(hk_rows_str(rows, 5));
		}
	}
	if (inner) {
		g_clear_pointer(ret_tags, g_free);
		g_propagate_error(error, inner);
		return false;
	}
	return true;
}

/* FTS5 without content forgets a row only when it is told what was in it. */
static bool
forget(hk_db *db, int64_t case_id, const char *text, const char *tags, GError **error)
{
	g_autoptr(GArray) grams = grams_of(hk_span_str(text), tags);
	g_autofree char *tokens = print_grams(HK_DB_SQLITE, grams);

	return hk_db_exec(db,
		HK_SQL("INSERT INTO case_grams (case_grams, rowid, grams) VALUES ('delete', $1, "
		       "$2)"),
		HK_ARGS(hk_v_int(case_id), hk_v_str(tokens)), NULL, error);
}

static bool
keep(hk_db *db, int64_t case_id, const char *text, const char *tags, GError **error)
{
	g_autoptr(GArray) grams = grams_of(hk_span_str(text), tags);
	g_autofree char *tokens = print_grams(hk_db_engine_of(db), grams);

	if (!hk_db_exec(db,
		    HK_SQL("INSERT INTO case_texts (case_id, text, tags) VALUES ($1, $2, $3) "
			   "ON CONFLICT (case_id) DO UPDATE SET text = excluded.text, tags = "
			   "excluded.tags"),
		    HK_ARGS(hk_v_int(case_id), hk_v_str(text), hk_v_str(tags)), NULL, error)) {
		return false;
	}
	if (hk_db_engine_of(db) == HK_DB_SQLITE) {
		return hk_db_exec(db,
			HK_SQL("INSERT INTO case_grams (rowid, grams) VALUES ($1, $2)"),
			HK_ARGS(hk_v_int(case_id), hk_v_str(tokens)), NULL, error);
	}
	return hk_db_exec(db,
		HK_SQL("INSERT INTO case_grams (case_id, grams) VALUES ($1, CAST($2 AS INTEGER[])) "
		       "ON CONFLICT (case_id) DO UPDATE SET grams = excluded.grams"),
		HK_ARGS(hk_v_int(case_id), hk_v_str(tokens)), NULL, error);
}

bool
hk_search_index(hk_db *db, int64_t case_id, GError **error)
{
	g_autoptr(GString) text = g_string_new(NULL);
	g_autofree char *tags = NULL;
	g_autofree char *old_text = NULL;
	g_autofree char *old_tags = NULL;
	GError *inner = NULL;

	if (!read_words(db, case_id, text, &tags, error)) {
		return false;
	}
	hk_rows *rows =
		hk_db_query(db, HK_SQL("SELECT text, tags FROM case_texts WHERE case_id = $1"),
			HK_ARGS(hk_v_int(case_id)), error);
	if (!rows) {
		return false;
	}
	if (hk_rows_next(rows, &inner)) {
		old_text = g_strdup(hk_rows_str(rows, 0));
		old_tags = g_strdup(hk_rows_str(rows, 1));
	}
	hk_rows_free(rows);
	if (inner) {
		g_propagate_error(error, inner);
		return false;
	}
	if (!tags ||
		(old_text && strcmp(old_text, text->str) == 0 && strcmp(old_tags, tags) == 0)) {
		return true;
	}
	if (old_text && hk_db_engine_of(db) == HK_DB_SQLITE &&
		!forget(db, case_id, old_text, old_tags, error)) {
		return false;
	}
	return keep(db, case_id, text->str, tags, error);
}

/* Many at once, on PostgreSQL ------------------------------------------------------------------- */

/* What of a case is in the index. */
typedef struct indexed {
	char *text, *tags; /* owned */
} indexed;

static void
indexed_free(void *data)
{
	indexed *old = data;

	g_free(old->text);
	g_free(old->tags);
	g_free(old);
}

/* *ret (owned): case id -> indexed. */
static bool
read_indexed(hk_db *db, const hk_rowset *ids, GHashTable **ret, GError **error)
{
	g_autoptr(GHashTable) all =
		g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, indexed_free);
	GError *inner = NULL;
	g_autoptr(hk_rows) rows = hk_rowset_query(ids, db,
		HK_SQL("SELECT case_id, text, tags FROM case_texts WHERE case_id = ANY($1)"),
		error);

	if (!rows) {
		return false;
	}
	while (hk_rows_next(rows, &inner)) {
		int64_t id = hk_rows_int(rows, 0);
		indexed *old = g_new0(indexed, 1);
		old->text = g_strdup(hk_rows_str(rows, 1));
		old->tags = g_strdup(hk_rows_str(rows, 2));
		g_hash_table_insert(all, g_memdup2(&id, sizeof id), old);
	}
	if (inner) {
		g_propagate_error(error, inner);
		return false;
	}
	*ret = g_steal_pointer(&all);
	return true;
}

/* What is to be written. */
typedef struct words_set {
	GHashTable *old; /* case id -> indexed */
	hk_rowset *texts, *grams;
} words_set;

static void
words_set_clear(words_set *w)
{
	g_clear_pointer(&w->old, g_hash_table_unref);
	hk_rowset_free(w->texts);
	hk_rowset_free(w->grams);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(words_set, words_set_clear)

/* The words of one case are together. */
static void
add_words(words_set *w, int64_t id, const GString *text, const char *tags)
{
	const indexed *old = g_hash_table_lookup(w->old, &id);

	if (id == 0 || (old && strcmp(old->text, text->str) == 0 && strcmp(old->tags, tags) == 0)) {
		return;
	}
	g_autoptr(GArray) grams = grams_of(hk_span_str(text->str), tags);
	g_autofree char *tokens = print_grams(HK_DB_PGSQL, grams);
	hk_rowset_add(
		w->texts, (const hk_value[]){hk_v_int(id), hk_v_str(text->str), hk_v_str(tags)});
	hk_rowset_add(w->grams, (const hk_value[]){hk_v_int(id), hk_v_str(tokens)});
}

static bool
collect_words(hk_db *db, const hk_rowset *ids, words_set *w, GError **error)
{
	g_autoptr(GString) text = g_string_new(NULL);
	g_autofree char *tags = NULL;
	GError *inner = NULL;
	int64_t at = 0;
	g_autoptr(hk_rows) rows =
		hk_rowset_query(ids, db, HK_SQL(WORDS("= ANY($1)") " ORDER BY 7, 1, 2"), error);

	if (!rows) {
		return false;
	}
	while (hk_rows_next(rows, &inner)) {
		bool first = hk_rows_int(rows, 0) == 1;
		if (first) {
			add_words(w, at, text, tags);
			at = hk_rows_int(rows, 6);
			g_string_truncate(text, 0);
			g_free(tags);
			tags = g_strdup(hk_rows_str(rows, 5));
		}
		put_row(text, rows, first);
	}
	if (inner) {
		g_propagate_error(error, inner);
		return false;
	}
	add_words(w, at, text, tags);
	return true;
}

/* A statement is planned once, perhaps while the tables are empty: cases are looked up by index all the same. */
#define BEGIN_MANY                                                                                 \
	"SELECT set_config('enable_seqscan', 'off', true), "                                       \
	"set_config('gin_pending_list_limit', '65536', true)"
#define END_MANY                                                                                   \
	"SELECT set_config('enable_seqscan', 'on', true), "                                        \
	"set_config('gin_pending_list_limit', '256', true), "                                      \
	"(SELECT gin_clean_pending_list(c.oid) FROM pg_class c "                                   \
	"WHERE c.oid = to_regclass('case_grams_grams') AND pg_has_role(c.relowner, 'USAGE'))"

static bool
ask(hk_db *db, hk_sql sql, GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_query(db, sql, HK_NO_ARGS, error);

	return rows != NULL;
}

/* Cases share most of their hashes: the more of them are sorted into the index together, the less each costs. The list of those that are not sorted in may
 * be long while this runs, and is empty behind it, if the index is ours to sort; else who writes next does it. */
static bool
index_many(hk_db *db, const int64_t *ids, size_t count, GError **error)
{
	g_auto(words_set) w = {.texts = hk_rowset_new("itt"), .grams = hk_rowset_new("it")};
	g_autoptr(hk_rowset) set = hk_rowset_new("i");

	for (size_t i = 0; i < count; i++) {
		hk_rowset_add(set, (const hk_value[]){hk_v_int(ids[i])});
	}
	return ask(db, HK_SQL(BEGIN_MANY), error) && read_indexed(db, set, &w.old, error) &&
	       collect_words(db, set, &w, error) &&
	       hk_rowset_exec(w.texts, db,
		       HK_SQL("INSERT INTO case_texts (case_id, text, tags) "
			      "SELECT * FROM UNNEST($1, $2, $3) ON CONFLICT (case_id) DO UPDATE "
			      "SET text = excluded.text, tags = excluded.tags"),
		       NULL, error) &&
	       hk_rowset_exec(w.grams, db,
		       HK_SQL("INSERT INTO case_grams (case_id, grams) "
			      "SELECT v.id, CAST(v.grams AS INTEGER[]) FROM UNNEST($1, $2) AS "
			      "v(id, grams) ON CONFLICT (case_id) DO UPDATE SET grams = "
			      "excluded.grams"),
		       NULL, error) &&
	       ask(db, HK_SQL(END_MANY), error);
}

bool
hk_search_index_all(hk_db *db, const int64_t *ids, size_t count, GError **error)
{
	if (hk_db_engine_of(db) == HK_DB_PGSQL && count >= MANY) {
		return index_many(db, ids, count, error);
	}
	for (size_t i = 0; i < count; i++) {
		if (!hk_search_index(db, ids[i], error)) {
			return false;
		}
	}
	return true;
}

enum { REBUILD_AT_ONCE = 2000 };

/* The next cases behind *at; *at 0 at the end. */
static bool
rebuild_some(hk_db *db, int64_t *at, GError **error)
{
	g_autoptr(GArray) ids = g_array_new(false, false, sizeof(int64_t));
	GError *inner = NULL;
	hk_rows *rows =
		hk_db_query(db, HK_SQL("SELECT id FROM cases WHERE id > $1 ORDER BY id LIMIT $2"),
			HK_ARGS(hk_v_int(*at), hk_v_int(REBUILD_AT_ONCE)), error);

	if (!rows) {
		return false;
	}
	while (hk_rows_next(rows, &inner)) {
		int64_t id = hk_rows_int(rows, 0);
		g_array_append_val(ids, id);
	}
	hk_rows_free(rows);
	if (inner) {
		g_propagate_error(error, inner);
		return false;
	}
	if (!hk_search_index_all(db, (const int64_t *)(void *)ids->data, ids->len, error)) {
		return false;
	}
	*at = ids->len > 0 ? g_array_index(ids, int64_t, ids->len - 1) : 0;
	return true;
}

static bool
empty_index(hk_db *db, GError **error)
{
	bool lite = hk_db_engine_of(db) == HK_DB_SQLITE;

	return (lite ? hk_db_exec(db,
			       HK_SQL("INSERT INTO case_grams (case_grams) VALUES ('delete-all')"),
			       HK_NO_ARGS, NULL, error)
		     : hk_db_exec(db, HK_SQL("DELETE FROM case_grams"), HK_NO_ARGS, NULL, error)) &&
	       hk_db_exec(db, HK_SQL("DELETE FROM case_texts"), HK_NO_ARGS, NULL, error);
}

bool
hk_search_rebuild_within(hk_db *db, GError **error)
{
	int64_t at = 0, last;

	if (!empty_index(db, error) ||
		!hk_db_int(db, HK_SQL("SELECT coalesce(max(id), 0) FROM cases"), HK_NO_ARGS, &last,
			error)) {
		return false;
	}
	g_autoptr(hk_progress) bar = hk_progress_new("indexing", "cases", last);
	do {
		if (!rebuild_some(db, &at, error)) {
			return false;
		}
		hk_progress_update(bar, at > 0 ? at : last);
	} while (at > 0);
	return true;
}

bool
hk_search_rebuild(hk_db *db, GError **error)
{
	int64_t at = 0;

	if (!hk_db_begin(db, true, error)) {
		return false;
	}
	if (!empty_index(db, error)) {
		hk_db_rollback(db);
		return false;
	}
	if (!hk_db_commit(db, error)) {
		return false;
	}
	do {
		if (!hk_db_begin(db, true, error)) {
			return false;
		}
		if (!rebuild_some(db, &at, error)) {
			hk_db_rollback(db);
			return false;
		}
		if (!hk_db_commit(db, error)) {
			return false;
		}
	} while (at > 0);
	return true;
}

/* Asking ---------------------------------------------------------------------------------------- */

struct hk_search_ask {
	hk_db_engine engine;
	GArray *all;     /* hashes that all must be there */
	GPtrArray *some; /* of GArray: of each, one must be there */
	size_t parts, texts;
};

hk_search_ask *
hk_search_ask_new(const hk_db *db)
{
	hk_search_ask *ask = g_new0(hk_search_ask, 1);

	ask->engine = hk_db_engine_of(db);
	ask->all = g_array_new(false, false, sizeof(uint32_t));
	ask->some = g_ptr_array_new_with_free_func((GDestroyNotify)g_array_unref);
	return ask;
}

void
hk_search_ask_free(hk_search_ask *ask)
{
	if (ask) {
		g_array_unref(ask->all);
		g_ptr_array_unref(ask->some);
		g_free(ask);
	}
}

void
hk_search_ask_text(hk_search_ask *ask, hk_span folded)
{
	g_autoptr(GArray) chars = chars_of(folded);
	const uint32_t *c = (const uint32_t *)(void *)chars->data;
	size_t n = MIN(chars->len, (size_t)GRAM_MAX);

	/* Side by side, the last one moved back to end with the text: each letter is asked for once, and the lists are few. */
	for (size_t i = 0; n > 0 && i < chars->len; i += n) {
		uint32_t h = hash_gram(c + MIN(i, chars->len - n), n);
		g_array_append_val(ask->all, h);
	}
	ask->parts++;
	ask->texts++;
}

void
hk_search_ask_any(hk_search_ask *ask, const char *const *folded, size_t count)
{
	GArray *some = g_array_new(false, false, sizeof(uint32_t));

	for (size_t i = 0; i < count; i++) {
		g_autoptr(GArray) chars = chars_of(hk_span_str(folded[i]));
		uint32_t h = hash_gram(
			(const uint32_t *)(void *)chars->data, MIN(chars->len, (size_t)GRAM_MAX));
		g_array_append_val(some, h);
	}
	g_ptr_array_add(ask->some, some);
	ask->parts++;
	ask->texts++;
}

void
hk_search_ask_tag(hk_search_ask *ask, hk_search_tag tag, const char *const *values, size_t count)
{
	GArray *some = g_array_new(false, false, sizeof(uint32_t));

	for (size_t i = 0; i < count; i++) {
		uint32_t h = hash_tag(tag, values[i]);
		g_array_append_val(some, h);
	}
	g_ptr_array_add(ask->some, some);
	ask->parts++;
}

size_t
hk_search_ask_parts(const hk_search_ask *ask)
{
	return ask->parts;
}

size_t
hk_search_ask_texts(const hk_search_ask *ask)
{
	return ask->texts;
}

static void
ask_sqlite(const hk_search_ask *ask, hk_sqlb *b)
{
	g_autoptr(GString) match = g_string_new(NULL);

	for (size_t i = 0; i < ask->all->len; i++) {
		g_string_append(match, match->len > 0 ? " AND " : "");
		put_token(match, g_array_index(ask->all, uint32_t, i));
	}
	for (size_t i = 0; i < ask->some->len; i++) {
		const GArray *some = g_ptr_array_index(ask->some, i);
		g_string_append(match, match->len > 0 ? " AND (" : "(");
		for (size_t k = 0; k < some->len; k++) {
			g_string_append(match, k > 0 ? " OR " : "");
			put_token(match, g_array_index(some, uint32_t, k));
		}
		g_string_append_c(match, ')');
	}
	hk_sqlb_add(b, HK_SQL("SELECT rowid AS case_id FROM case_grams WHERE case_grams MATCH "));
	hk_sqlb_value(b, hk_v_str(match->str));
}

static void
ask_pgsql(const hk_search_ask *ask, hk_sqlb *b)
{
	g_autofree char *all = print_grams(HK_DB_PGSQL, ask->all);
	bool more = ask->all->len > 0;

	hk_sqlb_add(b, HK_SQL("SELECT case_id FROM case_grams WHERE "));
	if (more) {
		hk_sqlb_add(b, HK_SQL("grams @> CAST("));
		hk_sqlb_value(b, hk_v_str(all));
		hk_sqlb_add(b, HK_SQL(" AS INTEGER[])"));
	}
	for (size_t i = 0; i < ask->some->len; i++) {
		g_autofree char *some = print_grams(HK_DB_PGSQL, g_ptr_array_index(ask->some, i));
		hk_sqlb_add(b,
			more || i > 0 ? HK_SQL(" AND grams && CAST(") : HK_SQL("grams && CAST("));
		hk_sqlb_value(b, hk_v_str(some));
		hk_sqlb_add(b, HK_SQL(" AS INTEGER[])"));
	}
}

void
hk_search_ask_sql(const hk_search_ask *ask, hk_sqlb *b)
{
	if (ask->parts == 0) {
		HK_BUG("a question without parts");
	}
	if (ask->engine == HK_DB_SQLITE) {
		ask_sqlite(ask, b);
	} else {
		ask_pgsql(ask, b);
	}
}
