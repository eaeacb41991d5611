/* Sites that are about to be taken: locked, held and read, all at once. */
#include <string.h>

#include "base/codec.h"
#include "store/later_int.h"

static void
want_lock(hk_later *later, hk_rowset *set, const char *kind, const char *key)
{
	if (key) {
		g_autofree char *name = g_strconcat(kind, ":", key, NULL);
		int64_t number = hk_db_lock_key(name);
		if (g_hash_table_add(later->locks, g_memdup2(&number, sizeof number))) {
			hk_rowset_add(set, (const hk_value[]){hk_v_int(number)});
		}
	}
}

/* Kind by kind, as one that takes a single site does: nobody waits for who waits for him. */
static bool
lock_all(hk_later *later, const hk_case_keys *keys, size_t count, GError **error)
{
	g_autoptr(hk_rowset) set = hk_rowset_new("i");

	for (size_t i = 0; i < count; i++) {
		want_lock(later, set, "certificate", keys[i].certificate);
	}
	for (size_t i = 0; i < count; i++) {
		want_lock(later, set, "landing", keys[i].landing);
	}
	for (size_t i = 0; i < count; i++) {
		want_lock(later, set, "domain", keys[i].domain);
	}
	for (size_t i = 0; i < count; i++) {
		want_lock(later, set, "host", keys[i].host);
	}
	for (size_t i = 0; i < count; i++) {
		want_lock(later, set, "url", keys[i].host ? NULL : keys[i].url);
	}
	g_autoptr(hk_rows) rows = hk_rowset_query(set, later->db,
		HK_SQL("SELECT pg_advisory_xact_lock(v.k) FROM UNNEST($1) AS v(k)"), error);
	return rows != NULL;
}

static void
want_site(hk_later *later, hk_rowset *set, const char *kind, const char *key)
{
	g_autofree char *name = key ? g_strconcat(kind, ":", key, NULL) : NULL;

	if (name && !g_hash_table_contains(later->sites, name)) {
		site *s = g_new0(site, 1);
		s->holders = g_array_new(FALSE, FALSE, sizeof(holder));
		g_hash_table_insert(later->sites, g_steal_pointer(&name), s);
		hk_rowset_add(set, (const hk_value[]){hk_v_str(key)});
	}
}

/* Rows of kind, key, id, merged_into, campaign_id, last_ms, state; the cases among *ids are to be held. */
static bool
read_holders(hk_later *later, hk_rows *rows, hk_rowset *ids, GError **error)
{
	GError *inner = NULL;

	while (rows && hk_rows_next(rows, &inner)) {
		site *s = hk_later_site_of(later, hk_rows_str(rows, 0), hk_rows_str(rows, 1));
		holder h = {hk_rows_int(rows, 2), hk_rows_int(rows, 3), hk_rows_int(rows, 4),
			hk_rows_int(rows, 5), g_intern_string(hk_rows_str(rows, 6))};
		if (!s) {
			continue;
		}
		g_array_append_val(s->holders, h);
		if (strcmp(h.state, "duplicate") != 0 && !hk_later_case(later, h.id)) {
			hk_rowset_add(ids, (const hk_value[]){hk_v_int(h.id)});
		}
	}
	if (inner) {
		g_propagate_error(error, inner);
		return false;
	}
	return rows != NULL;
}

#define HOLDERS(kind)                                                                              \
	"SELECT k.kind, k.key, c.id, c.merged_into, c.campaign_id, k.last_ms, c.state "            \
	"FROM case_keys k JOIN cases c ON c.id = k.case_id AND c.deleted_ms IS NULL "              \
	"WHERE k.kind = '" kind "' AND k.key = ANY($1)"

static bool
read_campaigns(hk_later *later, const hk_rowset *domains, GError **error)
{
	GError *inner = NULL;
	g_autoptr(hk_rows) rows = hk_rowset_query(domains, later->db,
		HK_SQL("SELECT key, id FROM campaigns WHERE kind = 'domain' AND key = ANY($1)"),
		error);

	while (rows && hk_rows_next(rows, &inner)) {
		site *s = hk_later_site_of(later, "domain", hk_rows_str(rows, 0));
		if (s) {
			s->campaign_id = hk_rows_int(rows, 1);
		}
	}
	if (inner) {
		g_propagate_error(error, inner);
		return false;
	}
	return rows != NULL;
}

static bool
read_sites(hk_later *later, const hk_case_keys *keys, size_t count, hk_rowset *ids, GError **error)
{
	g_autoptr(hk_rowset) urls = hk_rowset_new("t"), hosts = hk_rowset_new("t"),
			     domains = hk_rowset_new("t");

	for (size_t i = 0; i < count; i++) {
		want_site(later, urls, "url", keys[i].url);
		want_site(later, hosts, "host", keys[i].host);
		want_site(later, domains, "domain", keys[i].domain);
	}
	g_autoptr(hk_rows) by_url = hk_rowset_query(urls, later->db, HK_SQL(HOLDERS("url")), error);
	if (!read_holders(later, by_url, ids, error)) {
		return false;
	}
	g_autoptr(hk_rows) by_host =
		hk_rowset_query(hosts, later->db, HK_SQL(HOLDERS("host")), error);
	if (!read_holders(later, by_host, ids, error) || !read_campaigns(later, domains, error)) {
		return false;
	}
	g_autoptr(hk_rows) by_domain = hk_rowset_query(domains, later->db,
		HK_SQL(HOLDERS("domain") " AND NOT EXISTS (SELECT 1 FROM campaigns m "
					 "WHERE m.kind = 'domain' AND m.key = k.key)"),
		error);
	return read_holders(later, by_domain, ids, error);
}

static bool
hold_cases(hk_later *later, const hk_rowset *ids, GError **error)
{
	GError *inner = NULL;
	g_autoptr(hk_rows) rows = hk_cases_lock_all(later->db, ids, error);

	while (rows && hk_rows_next(rows, &inner)) {
		g_auto(hk_case_row) row = {0};
		hk_cases_fill(rows, &row);
		hk_later_hold(later, &row, false);
	}
	if (inner) {
		g_propagate_error(error, inner);
		return false;
	}
	return rows != NULL;
}

/* Of the held cases, which have the expected URLs already. */
static bool
read_urls(hk_later *later, const hk_rowset *ids, GError **error)
{
	GError *inner = NULL;
	g_autoptr(hk_rows) rows = hk_rowset_query(ids, later->db,
		HK_SQL("SELECT case_id, hash FROM case_urls WHERE case_id = ANY($1)"), error);

	while (rows && hk_rows_next(rows, &inner)) {
		hk_span hash = hk_rows_blob(rows, 1);
		char hex[HK_HASH_HEX_SIZE];
		if (hash.len == 32) {
			hk_hex_encode(hash, hex);
			hk_later_url_of(later, hk_rows_int(rows, 0), hash.data, hex);
		}
	}
	if (inner) {
		g_propagate_error(error, inner);
		return false;
	}
	return rows != NULL;
}

bool
hk_later_expect(hk_db *db, const hk_case_keys *keys, size_t count, GError **error)
{
	hk_later *later = hk_later_of(db);
	g_autoptr(hk_rowset) ids = hk_rowset_new("i");

	if (!later || count == 0) {
		return true;
	}
	if (!hk_later_write(later, error)) {
		return false;
	}
	later->writing = true;
	bool good = lock_all(later, keys, count, error) &&
		    read_sites(later, keys, count, ids, error) && hold_cases(later, ids, error) &&
		    read_urls(later, ids, error);
	later->writing = false;
	return good;
}
