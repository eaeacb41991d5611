/* What store/later keeps, written: a few statements, in the order of the references among the rows. */
#include "store/later_int.h"
#include "sys/gerr.h"

static bool
write_campaigns(hk_later *later, GError **error)
{
	g_autoptr(hk_rowset) set = hk_rowset_new("itttiii");
	int64_t made = 0, wanted = later->campaigns->len;

	for (unsigned i = 0; i < later->campaigns->len; i++) {
		const campaign *c = later->campaigns->pdata[i];
		hk_rowset_add(set, (const hk_value[]){hk_v_int(c->id), hk_v_str(c->name),
					   hk_v_str(c->kind), hk_v_str(c->key), hk_v_int(c->cases),
					   hk_v_int(c->opened_ms), hk_v_int(c->updated_ms)});
	}
	g_ptr_array_set_size(later->campaigns, 0);
	if (!hk_rowset_exec(set, later->db,
		    HK_SQL("INSERT INTO campaigns (id, name, kind, key, cases, opened_ms, "
			   "updated_ms) "
			   "SELECT * FROM UNNEST($1, $2, $3, $4, $5, $6, $7) "
			   "ON CONFLICT (kind, key) DO NOTHING"),
		    &made, error)) {
		return false;
	}
	return made == wanted || hk_error_set(error, HK_EAGAIN,
					 "another process has made the same campaign just now");
}

static bool
write_counts(hk_later *later, GError **error)
{
	g_autoptr(hk_rowset) set = hk_rowset_new("iii");

	for (unsigned i = 0; i < later->counts->len; i++) {
		const change *c = &g_array_index(later->counts, change, i);
		hk_rowset_add(set,
			(const hk_value[]){hk_v_int(c->id), hk_v_int(c->by), hk_v_int(c->now_ms)});
	}
	g_array_set_size(later->counts, 0);
	return hk_rowset_exec(set, later->db,
		HK_SQL("UPDATE campaigns SET cases = campaigns.cases + v.by, updated_ms = v.at "
		       "FROM (SELECT id, SUM(by) AS by, MAX(at) AS at "
		       "FROM UNNEST($1, $2, $3) AS u(id, by, at) GROUP BY id ORDER BY id) v "
		       "WHERE campaigns.id = v.id"),
		NULL, error);
}

/* New ones first: what is changed may be merged into one. */
static bool
write_cases(hk_later *later, GError **error)
{
	g_autoptr(GPtrArray) fresh = g_ptr_array_new(), others = g_ptr_array_new();

	for (unsigned i = 0; i < later->changed->len; i++) {
		held *h = later->changed->pdata[i];
		g_ptr_array_add(h->written ? others : fresh, &h->row);
		h->written = true;
		h->dirty = false;
	}
	g_ptr_array_set_size(later->changed, 0);
	return hk_cases_write(later->db, fresh, true, error) &&
	       hk_cases_write(later->db, others, false, error);
}

static bool
write_urls(hk_later *later, GError **error)
{
	g_autoptr(hk_rowset) set = hk_rowset_new("itbtiii");

	for (unsigned i = 0; i < later->new_urls->len; i++) {
		url *u = later->new_urls->pdata[i];
		hk_rowset_add(set,
			(const hk_value[]){hk_v_int(u->case_id), hk_v_str(u->text),
				hk_v_blob(hk_span_of(u->hash, sizeof u->hash)), hk_v_str(u->host),
				hk_v_int(u->times), hk_v_int(u->first_ms), hk_v_int(u->last_ms)});
		u->times = 0;
		g_clear_pointer(&u->text, g_free);
		g_clear_pointer(&u->host, g_free);
	}
	g_ptr_array_set_size(later->new_urls, 0);
	return hk_rowset_exec(set, later->db,
		HK_SQL("INSERT INTO case_urls (case_id, url, hash, host, times, first_ms, last_ms) "
		       "SELECT * FROM UNNEST($1, $2, $3, $4, $5, $6, $7) "
		       "ON CONFLICT (case_id, hash) DO UPDATE SET "
		       "times = case_urls.times + excluded.times, "
		       "first_ms = LEAST(case_urls.first_ms, excluded.first_ms), "
		       "last_ms = GREATEST(case_urls.last_ms, excluded.last_ms)"),
		NULL, error);
}

static bool
write_puts(hk_later *later, GError **error)
{
	g_autoptr(hk_rowset) set = hk_rowset_new("ttii");

	for (unsigned i = 0; i < later->new_puts->len; i++) {
		const put *p = later->new_puts->pdata[i];
		hk_rowset_add(set, (const hk_value[]){hk_v_str(p->kind), hk_v_str(p->key),
					   hk_v_int(p->case_id), hk_v_int(p->seen_ms)});
	}
	g_ptr_array_set_size(later->new_puts, 0);
	g_hash_table_remove_all(later->puts);
	return hk_rowset_exec(set, later->db,
		HK_SQL("INSERT INTO case_keys (kind, key, case_id, last_ms) "
		       "SELECT * FROM UNNEST($1, $2, $3, $4) "
		       "ON CONFLICT (kind, key, case_id) DO UPDATE SET "
		       "last_ms = GREATEST(case_keys.last_ms, excluded.last_ms)"),
		NULL, error);
}

static bool
write_rest(hk_later *later, GError **error)
{
	return hk_rowset_exec(later->comments, later->db,
		       HK_SQL("INSERT INTO comments (case_id, user_id, at_ms, text) "
			      "SELECT * FROM UNNEST($1, $2, $3, $4)"),
		       NULL, error) &&
	       hk_rowset_exec(later->lines, later->db,
		       HK_SQL("INSERT INTO intake_lines (intake_id, line, text, url, how, case_id, "
			      "why) "
			      "SELECT * FROM UNNEST($1, $2, $3, $4, $5, $6, $7) "
			      "ON CONFLICT (intake_id, line) DO UPDATE SET text = excluded.text, "
			      "url = excluded.url, how = excluded.how, case_id = excluded.case_id, "
			      "why = excluded.why"),
		       NULL, error) &&
	       hk_rowset_exec(later->events, later->db,
		       HK_SQL("INSERT INTO events (seq, at_ms, who, via, address, act, object, "
			      "object_id, case_id, data, mac) "
			      "SELECT * FROM UNNEST($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"),
		       NULL, error);
}

bool
hk_later_write(hk_later *later, GError **error)
{
	if (later->writing) {
		return true;
	}
	later->writing = true;
	bool good = write_campaigns(later, error) && write_counts(later, error) &&
		    write_cases(later, error) && write_urls(later, error) &&
		    write_puts(later, error) && write_rest(later, error);
	later->writing = false;
	if (!good) {
		later->db->failed = true;
	}
	return good;
}
