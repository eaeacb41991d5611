#include "store/sightings_write.h"

#include <string.h>

#include "store/lookup.h"
#include "sys/gerr.h"

bool
hk_sightings_add(hk_db *db, const hk_sighting_row *row, int64_t *ret_id, GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("INSERT INTO sightings (source_id, key, kind, state, seen_ms, host, url, "
		       "title, "
		       "score, target_id, data) VALUES ($1, $2, $3, 'new', $4, $5, $6, $7, $8, $9, "
		       "$10) "
		       "ON CONFLICT (source_id, key) DO NOTHING RETURNING id"),
		HK_ARGS(hk_v_int(row->source_id), hk_v_blob(row->key), hk_v_str(row->kind),
			hk_v_int(row->seen_ms), hk_v_str(row->host), hk_v_str(row->url),
			hk_v_str(row->title), hk_v_real(row->score), hk_v_id(row->target_id),
			hk_v_str(row->data)),
		error);
	bool found;

	if (!hk_rows_one(rows, &found, error)) {
		return false;
	}
	*ret_id = found ? hk_rows_int(rows, 0) : 0;
	return true;
}

bool
hk_sightings_state(hk_db *db, int64_t id, const char **ret_state, int64_t *ret_case_id,
	int64_t *ret_version, GError **error)
{
	hk_sql sql =
		hk_db_engine_of(db) == HK_DB_PGSQL
			? HK_SQL("SELECT state, case_id, version FROM sightings WHERE id = $1 "
				 "FOR UPDATE")
			: HK_SQL("SELECT state, case_id, version FROM sightings WHERE id = $1");
	g_autoptr(hk_rows) rows = hk_db_query(db, sql, HK_ARGS(hk_v_int(id)), error);

	if (!hk_rows_the(rows, "sighting", id, error)) {
		return false;
	}
	*ret_state = g_intern_string(hk_rows_str(rows, 0));
	*ret_case_id = hk_rows_int(rows, 1);
	*ret_version = hk_rows_int(rows, 2);
	return true;
}

bool
hk_sightings_set(hk_db *db, int64_t id, const char *state, int64_t case_id, GError **error)
{
	return hk_db_exec(db,
		HK_SQL("UPDATE sightings SET state = $2, case_id = $3, version = version + 1 "
		       "WHERE id = $1"),
		HK_ARGS(hk_v_int(id), hk_v_str(state), hk_v_id(case_id)), NULL, error);
}

bool
hk_sightings_join(hk_db *db, int64_t id, int64_t case_id, GError **error)
{
	return hk_db_exec(db,
		HK_SQL("UPDATE sightings SET campaign_id = (SELECT campaign_id FROM cases WHERE id "
		       "= $2) WHERE id = $1"),
		HK_ARGS(hk_v_int(id), hk_v_int(case_id)), NULL, error);
}

void
hk_sighting_full_clear(hk_sighting_full *s)
{
	g_free(s->source);
	g_free(s->kind);
	g_free(s->state);
	g_free(s->host);
	g_free(s->url);
	g_free(s->data);
	g_free(s->target);
	g_free(s->name_en);
	g_free(s->domains);
}

bool
hk_sightings_get(hk_db *db, int64_t id, hk_sighting_full *ret, GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT s.seen_ms, o.key, s.kind, s.state, s.host, s.url, s.data, s.score, "
		       "o.trust, t.key, COALESCE(t.name_en, ''), COALESCE(t.domains, '[]') "
		       "FROM sightings s JOIN sources o ON o.id = s.source_id LEFT JOIN targets t "
		       "ON t.id = s.target_id AND t.state = 'active' WHERE s.id = $1"),
		HK_ARGS(hk_v_int(id)), error);

	if (!hk_rows_the(rows, "sighting", id, error)) {
		return false;
	}
	*ret = (hk_sighting_full){.id = id,
		.seen_ms = hk_rows_int(rows, 0),
		.source = g_strdup(hk_rows_str(rows, 1)),
		.kind = g_strdup(hk_rows_str(rows, 2)),
		.state = g_strdup(hk_rows_str(rows, 3)),
		.host = g_strdup(hk_rows_str(rows, 4)),
		.url = g_strdup(hk_rows_str(rows, 5)),
		.data = g_strdup(hk_rows_str(rows, 6)),
		.score = hk_rows_real(rows, 7),
		.trust = hk_rows_real(rows, 8),
		.target = g_strdup(hk_rows_str(rows, 9)),
		.name_en = g_strdup(hk_rows_str(rows, 10)),
		.domains = g_strdup(hk_rows_str(rows, 11))};
	return true;
}

/* Keys are hashes: any four of their bytes do. */
static unsigned
key_hash(const void *key)
{
	const uint8_t *bytes = key;

	return (unsigned)bytes[0] << 24 | (unsigned)bytes[1] << 16 | (unsigned)bytes[2] << 8 |
	       bytes[3];
}

static int
key_equal(const void *a, const void *b)
{
	return memcmp(a, b, 32) == 0;
}

bool
hk_sightings_known(hk_db *db, const char *source, const uint8_t *const *keys, size_t count,
	GHashTable **ret, GError **error)
{
	g_autoptr(hk_sqlb) sql = hk_sqlb_new(db);
	g_autoptr(GHashTable) asked = g_hash_table_new(key_hash, key_equal);
	g_autoptr(GHashTable) known = g_hash_table_new(key_hash, key_equal);
	GError *inner = NULL;

	if (count > HK_SIGHTINGS_KNOWN_MAX) {
		HK_BUG("hk_sightings_known: too many keys");
	}
	if (count == 0) {
		*ret = g_steal_pointer(&known);
		return true;
	}
	hk_sqlb_add(
		sql, HK_SQL("SELECT s.key FROM sightings s JOIN sources o ON o.id = s.source_id "
			    "WHERE o.key = "));
	hk_sqlb_value(sql, hk_v_str(source));
	hk_sqlb_add(sql, HK_SQL(" AND s.key IN ("));
	for (size_t i = 0; i < count; i++) {
		g_hash_table_add(asked, (uint8_t *)(uintptr_t)keys[i]);
		if (i > 0) {
			hk_sqlb_add(sql, HK_SQL(", "));
		}
		hk_sqlb_value(sql, hk_v_blob(hk_span_of(keys[i], 32)));
	}
	hk_sqlb_add(sql, HK_SQL(")"));
	g_autoptr(hk_rows) rows = hk_sqlb_query(sql, db, error);
	while (rows && hk_rows_next(rows, &inner)) {
		hk_span key = hk_rows_blob(rows, 0);
		void *ours = key.len == 32 ? g_hash_table_lookup(asked, key.data) : NULL;
		if (ours) {
			g_hash_table_add(known, ours);
		}
	}
	if (inner) {
		g_propagate_error(error, inner);
	}
	if (!rows || inner) {
		return false;
	}
	*ret = g_steal_pointer(&known);
	return true;
}
