#include "store/waves.h"

#include "store/lookup.h"
#include "sys/gerr.h"

void
hk_wave_row_clear(hk_wave_row *row)
{
	g_free(row->family);
	g_free(row->text);
	g_free(row->brands);
	g_free(row->landing);
	*row = (hk_wave_row){0};
}

#define WAVE                                                                                       \
	"id, target_id, case_id, first_ms, last_ms, commands, numbers, repeated, card_ms, "        \
	"family, text, brands, landing"

static bool
take_wave(hk_rows *rows, hk_wave_row *ret, GError **error)
{
	int64_t *const numbers[] = {&ret->id, &ret->target_id, &ret->case_id, &ret->first_ms,
		&ret->last_ms, &ret->commands, &ret->numbers, &ret->repeated, &ret->card_ms};
	char **const texts[] = {&ret->family, &ret->text, &ret->brands, &ret->landing};
	unsigned column = 0;
	bool found;

	*ret = (hk_wave_row){0};
	if (!hk_rows_one(rows, &found, error)) {
		return false;
	}
	if (!found) {
		return true;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
		*numbers[i] = hk_rows_int(rows, column++);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		*texts[i] = g_strdup(hk_rows_str(rows, column++));
	}
	return true;
}

bool
hk_wave_near(hk_db *db, const char *family, const uint8_t key[32], int64_t at_ms, int64_t gap_ms,
	hk_wave_row *ret, GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT " WAVE " FROM waves WHERE family = $1 AND key = $2 AND last_ms >= "
		       "$3 AND first_ms <= $4 ORDER BY last_ms DESC LIMIT 1"),
		HK_ARGS(hk_v_str(family), hk_v_blob(hk_span_of(key, 32)), hk_v_int(at_ms - gap_ms),
			hk_v_int(at_ms + gap_ms)),
		error);

	return take_wave(rows, ret, error);
}

bool
hk_wave_add(
	hk_db *db, const hk_wave_row *row, const uint8_t key[32], int64_t *ret_id, GError **error)
{
	return hk_db_int(db,
		HK_SQL("INSERT INTO waves (family, key, text, brands, target_id, case_id, "
		       "first_ms, last_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id"),
		HK_ARGS(hk_v_str(row->family), hk_v_blob(hk_span_of(key, 32)), hk_v_str(row->text),
			hk_v_str(row->brands), hk_v_id(row->target_id), hk_v_id(row->case_id),
			hk_v_int(row->first_ms), hk_v_int(row->last_ms)),
		ret_id, error);
}

bool
hk_wave_get(hk_db *db, int64_t id, hk_wave_row *ret, GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT " WAVE " FROM waves WHERE id = $1"), HK_ARGS(hk_v_int(id)), error);

	return take_wave(rows, ret, error) && (ret->id != 0 || hk_rows_none("wave", id, error));
}

bool
hk_wave_grow(hk_db *db, int64_t id, int64_t at_ms, GError **error)
{
	return hk_db_exec(db,
		HK_SQL("UPDATE waves SET commands = commands + 1, first_ms = CASE WHEN first_ms < "
		       "$2 THEN first_ms ELSE $2 END, last_ms = CASE WHEN last_ms > $2 THEN "
		       "last_ms ELSE $2 END WHERE id = $1"),
		HK_ARGS(hk_v_int(id), hk_v_int(at_ms)), NULL, error);
}

/* In few statements: a command may name a hundred thousand, and its alarm does not wait for a statement each. */
bool
hk_wave_numbers(hk_db *db, int64_t id, hk_span hashes, const char *regions, GError **error)
{
	int64_t count = (int64_t)(hashes.len / HK_WAVE_HASH);

	return hk_db_exec(db,
		HK_SQL("WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n "
		       "WHERE i + 1 < $4) INSERT INTO wave_numbers (wave_id, hash, region) "
		       "SELECT $1, substr($2, i * 32 + 1, 32), MIN(substr($3, i * 7 + 1, 7)) "
		       "FROM n WHERE i < $4 GROUP BY substr($2, i * 32 + 1, 32) ON CONFLICT "
		       "(wave_id, hash) DO UPDATE SET times = wave_numbers.times + 1"),
		HK_ARGS(hk_v_int(id), hk_v_blob(hashes), hk_v_str(regions), hk_v_int(count)), NULL,
		error);
}

bool
hk_wave_count(hk_db *db, int64_t id, GError **error)
{
	return hk_db_exec(db,
		HK_SQL("UPDATE waves SET numbers = (SELECT COUNT(*) FROM wave_numbers WHERE "
		       "wave_id "
		       "= $1), repeated = (SELECT COUNT(*) FROM wave_numbers WHERE wave_id = $1 "
		       "AND times > 1) WHERE id = $1"),
		HK_ARGS(hk_v_int(id)), NULL, error);
}

bool
hk_wave_case(hk_db *db, int64_t id, int64_t case_id, GError **error)
{
	return hk_db_exec(db, HK_SQL("UPDATE waves SET case_id = $2 WHERE id = $1"),
		HK_ARGS(hk_v_int(id), hk_v_id(case_id)), NULL, error);
}

bool
hk_wave_card(hk_db *db, int64_t id, int64_t card_ms, GError **error)
{
	return hk_db_exec(db, HK_SQL("UPDATE waves SET card_ms = $2 WHERE id = $1"),
		HK_ARGS(hk_v_int(id), hk_v_int(card_ms)), NULL, error);
}

bool
hk_wave_landing(hk_db *db, int64_t id, const char *landing, GError **error)
{
	return hk_db_exec(db, HK_SQL("UPDATE waves SET landing = $2 WHERE id = $1"),
		HK_ARGS(hk_v_int(id), hk_v_str(landing)), NULL, error);
}

/* ---- Links ---- */

void
hk_link_row_clear(hk_link_row *row)
{
	g_free(row->url);
	g_free(row->landing);
	g_free(row->state);
	g_free(row->hops);
	*row = (hk_link_row){0};
}

/* Whose link it is; *ret_new: not yet this wave's. */
static bool
put_pair(hk_db *db, int64_t wave_id, int64_t link_id, bool *ret_new, GError **error)
{
	int64_t times;

	if (!hk_db_int(db,
		    HK_SQL("INSERT INTO wave_links (wave_id, link_id) VALUES ($1, $2) ON CONFLICT "
			   "(wave_id, link_id) DO UPDATE SET times = wave_links.times + 1 "
			   "RETURNING times"),
		    HK_ARGS(hk_v_int(wave_id), hk_v_int(link_id)), &times, error)) {
		return false;
	}
	*ret_new = times == 1;
	return true;
}

bool
hk_link_put(hk_db *db, int64_t wave_id, const char *url, bool is_short, int64_t now_ms,
	int64_t *ret_id, bool *ret_due, GError **error)
{
	bool fresh;

	if (!hk_db_exec(db,
		    HK_SQL("INSERT INTO c2_links (url, short, landing, state, first_ms, named_ms) "
			   "VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT DO NOTHING"),
		    HK_ARGS(hk_v_str(url), hk_v_int(is_short), hk_v_str(is_short ? NULL : url),
			    hk_v_str(is_short ? "unseen" : "leads"), hk_v_int(now_ms)),
		    NULL, error) ||
		!hk_db_int(db, HK_SQL("SELECT id FROM c2_links WHERE url = $1"),
			HK_ARGS(hk_v_str(url)), ret_id, error) ||
		!put_pair(db, wave_id, *ret_id, &fresh, error)) {
		return false;
	}
	*ret_due = fresh && is_short;
	return hk_db_exec(db,
		HK_SQL("UPDATE c2_links SET named_ms = $2, due_ms = CASE WHEN $3 = 0 OR (due_ms < "
		       "$2) THEN due_ms ELSE $2 END WHERE id = $1"),
		HK_ARGS(hk_v_int(*ret_id), hk_v_int(now_ms), hk_v_int(*ret_due)), NULL, error);
}

bool
hk_link_get(hk_db *db, int64_t id, hk_link_row *ret, GError **error)
{
	bool found;
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT id, first_ms, named_ms, last_ms, changed_ms, checks, due_ms, short, "
		       "url, "
		       "landing, state, hops FROM c2_links WHERE id = $1"),
		HK_ARGS(hk_v_int(id)), error);
	int64_t *const numbers[] = {&ret->id, &ret->first_ms, &ret->named_ms, &ret->last_ms,
		&ret->changed_ms, &ret->checks, &ret->due_ms};
	char **const texts[] = {&ret->url, &ret->landing, &ret->state, &ret->hops};

	*ret = (hk_link_row){0};
	if (!hk_rows_one(rows, &found, error)) {
		return false;
	}
	if (!found) {
		return hk_error_set(
			error, HK_ENOENT, "there is no link %" G_GINT64_FORMAT " of a wave", id);
	}
	for (unsigned i = 0; i < G_N_ELEMENTS(numbers); i++) {
		*numbers[i] = hk_rows_int(rows, i);
	}
	ret->is_short = hk_rows_int(rows, G_N_ELEMENTS(numbers)) != 0;
	for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++) {
		*texts[i] = g_strdup(hk_rows_str(rows, G_N_ELEMENTS(numbers) + 1 + i));
	}
	return true;
}

bool
hk_links_due(hk_db *db, int64_t now_ms, int64_t limit, GArray **ret, GError **error)
{
	return hk_rows_ids(hk_db_query(db,
				   HK_SQL("SELECT id FROM c2_links WHERE due_ms IS NOT NULL AND "
					  "due_ms <= $1 ORDER BY due_ms, id LIMIT $2"),
				   HK_ARGS(hk_v_int(now_ms), hk_v_int(limit)), error),
		ret, error);
}

bool
hk_links_next(hk_db *db, int64_t *ret_ms, GError **error)
{
	return hk_db_int(db,
		HK_SQL("SELECT COALESCE(MIN(due_ms), 0) FROM c2_links WHERE due_ms IS NOT NULL"),
		HK_NO_ARGS, ret_ms, error);
}

bool
hk_link_set(hk_db *db, const hk_link_row *row, const char *why, GError **error)
{
	return hk_db_exec(db,
		HK_SQL("UPDATE c2_links SET landing = $2, state = $3, hops = $4, last_ms = $5, "
		       "changed_ms = $6, checks = checks + 1, due_ms = $7, why = $8 WHERE id = "
		       "$1"),
		HK_ARGS(hk_v_int(row->id), hk_v_str(row->landing), hk_v_str(row->state),
			hk_v_str(row->hops), hk_v_id(row->last_ms), hk_v_id(row->changed_ms),
			hk_v_id(row->due_ms), hk_v_str(why)),
		NULL, error);
}

bool
hk_link_later(hk_db *db, int64_t id, int64_t due_ms, GError **error)
{
	return hk_db_exec(db, HK_SQL("UPDATE c2_links SET due_ms = $2 WHERE id = $1"),
		HK_ARGS(hk_v_int(id), hk_v_int(due_ms)), NULL, error);
}

bool
hk_landing_put(hk_db *db, int64_t link_id, const char *landing, const char *hops, int64_t now_ms,
	GError **error)
{
	int64_t same = 0;

	if (!hk_db_exec(db,
		    HK_SQL("UPDATE c2_landings SET last_ms = $3 WHERE landing = $2 AND id = "
			   "(SELECT MAX(id) FROM c2_landings WHERE link_id = $1)"),
		    HK_ARGS(hk_v_int(link_id), hk_v_str(landing), hk_v_int(now_ms)), &same,
		    error)) {
		return false;
	}
	return same > 0 ||
	       hk_db_exec(db,
		       HK_SQL("INSERT INTO c2_landings (link_id, landing, hops, first_ms, "
			      "last_ms) VALUES ($1, $2, $3, $4, $4)"),
		       HK_ARGS(hk_v_int(link_id), hk_v_str(landing), hk_v_str(hops),
			       hk_v_int(now_ms)),
		       NULL, error);
}

bool
hk_link_waves(hk_db *db, int64_t link_id, GArray **ret, GError **error)
{
	return hk_rows_ids(hk_db_query(db,
				   HK_SQL("SELECT wave_id FROM wave_links WHERE link_id = $1 ORDER "
					  "BY wave_id DESC LIMIT 50"),
				   HK_ARGS(hk_v_int(link_id)), error),
		ret, error);
}

bool
hk_link_is_short(hk_db *db, const char *url, bool *ret, GError **error)
{
	int64_t count = 0;

	if (!hk_db_int(db, HK_SQL("SELECT COUNT(*) FROM c2_links WHERE url = $1 AND short = 1"),
		    HK_ARGS(hk_v_str(url)), &count, error)) {
		return false;
	}
	*ret = count > 0;
	return true;
}
