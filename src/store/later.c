#include "store/later.h"

#include <stdio.h>
#include <string.h>

#include "base/codec.h"
#include "store/later_int.h"
#include "sys/gerr.h"

static void
held_free(void *data)
{
	held *h = data;

	hk_case_row_clear(&h->row);
	g_free(h);
}

static void
site_free(void *data)
{
	site *s = data;

	g_array_unref(s->holders);
	g_free(s);
}

static void
url_free(void *data)
{
	url *u = data;

	g_free(u->text);
	g_free(u->host);
	g_free(u);
}

static void
put_free(void *data)
{
	put *p = data;

	g_free(p->key);
	g_free(p);
}

static void
campaign_free(void *data)
{
	campaign *c = data;

	g_free(c->name);
	g_free(c->kind);
	g_free(c->key);
	g_free(c);
}

bool
hk_later_begin(hk_db *db, GError **error)
{
	if (db->engine == HK_DB_SQLITE || db->later) {
		return true;
	}
	if (!db->open || !db->write) {
		HK_BUG("hk_later_begin outside a write transaction");
	}
	/* A statement is planned once, perhaps while the tables are empty: a set of keys is looked up by index all the same. */
	g_autoptr(hk_rows) set = hk_db_query(
		db, HK_SQL("SELECT set_config('enable_seqscan', 'off', true)"), HK_NO_ARGS, error);
	if (!set) {
		return false;
	}
	hk_later *later = g_new0(hk_later, 1);
	later->db = db;
	later->locks = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	later->cases = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, held_free);
	later->changed = g_ptr_array_new();
	later->sites = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, site_free);
	later->urls = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, url_free);
	later->new_urls = g_ptr_array_new();
	later->puts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, put_free);
	later->new_puts = g_ptr_array_new();
	later->campaigns = g_ptr_array_new_with_free_func(campaign_free);
	later->counts = g_array_new(FALSE, FALSE, sizeof(change));
	later->comments = hk_rowset_new("iiit");
	later->lines = hk_rowset_new("iitttit");
	later->events = hk_rowset_new("iitttttiitb");
	db->later = later;
	return true;
}

void
hk_later_free(hk_later *later)
{
	if (!later) {
		return;
	}
	g_hash_table_unref(later->locks);
	g_ptr_array_unref(later->changed);
	g_ptr_array_unref(later->new_urls);
	g_ptr_array_unref(later->new_puts);
	g_hash_table_unref(later->cases);
	g_hash_table_unref(later->sites);
	g_hash_table_unref(later->urls);
	g_hash_table_unref(later->puts);
	g_ptr_array_unref(later->campaigns);
	g_array_unref(later->counts);
	hk_rowset_free(later->comments);
	hk_rowset_free(later->lines);
	hk_rowset_free(later->events);
	g_free(later);
}

hk_later *
hk_later_of(const hk_db *db)
{
	return db->later && !db->later->writing ? db->later : NULL;
}

/* Whether the statement changes what is known here. */
static bool
changes(const char *text)
{
	static const char *const tables[] = {
		" cases ", " case_keys ", " case_urls ", " campaigns ", NULL};

	if (strncmp(text, "SELECT", 6) == 0) {
		return false;
	}
	for (size_t i = 0; tables[i]; i++) {
		if (strstr(text, tables[i])) {
			return true;
		}
	}
	return false;
}

bool
hk_later_before(hk_later *later, const char *text, GError **error)
{
	if (later->writing) {
		return true;
	}
	if (!hk_later_write(later, error)) {
		return false;
	}
	if (changes(text)) {
		g_hash_table_remove_all(later->sites);
		g_hash_table_remove_all(later->urls);
		g_hash_table_remove_all(later->cases);
	}
	return true;
}

/* Cases ------------------------------------------------------------------------------------------ */

static bool
draw(hk_later *later, numbers *n, hk_sql sql, int64_t *ret, GError **error)
{
	GError *inner = NULL;

	if (n->left == 0) {
		n->drawn = n->drawn == 0 ? 1 : MIN(2 * n->drawn, G_N_ELEMENTS(n->of));
		later->writing = true;
		g_autoptr(hk_rows) rows =
			hk_db_query(later->db, sql, HK_ARGS(hk_v_int((int64_t)n->drawn)), error);
		later->writing = false;
		if (!rows) {
			return false;
		}
		while (n->left < G_N_ELEMENTS(n->of) && hk_rows_next(rows, &inner)) {
			n->of[n->left++] = hk_rows_int(rows, 0);
		}
		if (inner || n->left == 0) {
			return inner ? (g_propagate_error(error, inner), false)
				     : hk_error_set(error, HK_EIO, "a sequence gave no number");
		}
	}
	*ret = n->of[--n->left];
	return true;
}

held *
hk_later_hold(hk_later *later, const hk_case_row *row, bool made)
{
	held *h = g_new0(held, 1);

	hk_case_row_copy(row, &h->row);
	h->made = made;
	h->written = !made;
	g_hash_table_replace(later->cases, &h->row.id, h);
	return h;
}

bool
hk_later_open(hk_later *later, hk_case_row *row, GError **error)
{
	/* The greatest first: they are taken from the end. */
	if (!draw(later, &later->case_ids,
		    HK_SQL("SELECT nextval(pg_get_serial_sequence('cases', 'id')) AS n "
			   "FROM generate_series(1, $1) ORDER BY n DESC"),
		    &row->id, error)) {
		return false;
	}
	row->version = 1;
	held *h = hk_later_hold(later, row, true);
	h->dirty = true;
	g_ptr_array_add(later->changed, h);
	return true;
}

const hk_case_row *
hk_later_case(const hk_later *later, int64_t id)
{
	const held *h = g_hash_table_lookup(later->cases, &id);

	return h ? &h->row : NULL;
}

bool
hk_later_change(hk_later *later, const hk_case_row *row)
{
	held *h = g_hash_table_lookup(later->cases, &row->id);
	hk_case_row copy;

	if (!h) {
		return false;
	}
	/* May be the held row itself. */
	hk_case_row_copy(row, &copy);
	hk_case_row_clear(&h->row);
	h->row = copy;
	if (!h->dirty) {
		h->dirty = true;
		g_ptr_array_add(later->changed, h);
	}
	return true;
}

/* Keys ------------------------------------------------------------------------------------------- */

site *
hk_later_site_of(const hk_later *later, const char *kind, const char *key)
{
	g_autofree char *name = g_strconcat(kind, ":", key, NULL);

	return g_hash_table_lookup(later->sites, name);
}

/* As it is now. */
static holder
now_of(const hk_later *later, const holder *h)
{
	const hk_case_row *row = hk_later_case(later, h->id);
	holder ret = *h;

	if (row) {
		ret.merged_into = row->merged_into;
		ret.campaign_id = row->campaign_id;
		ret.state = row->state;
	}
	return ret;
}

static void
add_found(const hk_later *later, const site *s, bool by_url, GArray *list)
{
	for (unsigned i = 0; s && i < s->holders->len; i++) {
		holder h = now_of(later, &g_array_index(s->holders, holder, i));
		hk_case_found found = {.id = h.id,
			.merged_into = h.merged_into,
			.campaign_id = h.campaign_id,
			.seen_ms = h.seen_ms,
			.state = h.state,
			.by_url = by_url};
		g_array_append_val(list, found);
	}
}

bool
hk_later_find(hk_later *later, const char *url_hash, const char *host, GArray *list)
{
	const site *by_url = url_hash ? hk_later_site_of(later, "url", url_hash) : NULL;
	const site *by_host = host ? hk_later_site_of(later, "host", host) : NULL;

	if ((url_hash && !by_url) || (host && !by_host)) {
		return false;
	}
	add_found(later, by_url, true, list);
	add_found(later, by_host, false, list);
	return true;
}

bool
hk_later_peers(hk_later *later, const char *domain, GArray *list)
{
	const site *s = hk_later_site_of(later, "domain", domain);
	hk_case_peer peer = {.kind = "domain"};

	if (!s) {
		return false;
	}
	peer.keyed_campaign = s->campaign_id;
	for (unsigned i = 0; i < s->holders->len; i++) {
		holder h = now_of(later, &g_array_index(s->holders, holder, i));
		if (strcmp(h.state, "duplicate") != 0 &&
			(peer.case_id == 0 || h.id < peer.case_id)) {
			peer.case_id = h.id;
			peer.campaign_id = h.campaign_id;
		}
	}
	if (peer.case_id != 0 || peer.keyed_campaign != 0) {
		g_array_append_val(list, peer);
	}
	return true;
}

bool
hk_later_loose(hk_later *later, const char *kind, const char *key, GArray *list)
{
	const site *s = strcmp(kind, "domain") == 0 ? hk_later_site_of(later, kind, key) : NULL;

	for (unsigned i = 0; s && i < s->holders->len; i++) {
		holder h = now_of(later, &g_array_index(s->holders, holder, i));
		if (strcmp(h.state, "duplicate") != 0 && h.campaign_id == 0) {
			g_array_append_val(list, h.id);
		}
	}
	return s != NULL;
}

static void
put_key(hk_later *later, int64_t case_id, const char *kind, const char *key, int64_t seen_ms)
{
	if (!key) {
		return;
	}
	g_autofree char *name = g_strdup_printf("%" G_GINT64_FORMAT ":%s:%s", case_id, kind, key);
	put *p = g_hash_table_lookup(later->puts, name);
	if (!p) {
		p = g_new0(put, 1);
		*p = (put){case_id, seen_ms, kind, g_strdup(key)};
		g_hash_table_insert(later->puts, g_steal_pointer(&name), p);
		g_ptr_array_add(later->new_puts, p);
	}
	p->seen_ms = MAX(p->seen_ms, seen_ms);
	site *s = hk_later_site_of(later, kind, key);
	/* A domain that is a campaign wants no list: it may be long. */
	if (!s || s->campaign_id != 0) {
		return;
	}
	for (unsigned i = 0; i < s->holders->len; i++) {
		holder *h = &g_array_index(s->holders, holder, i);
		if (h->id == case_id) {
			h->seen_ms = MAX(h->seen_ms, seen_ms);
			return;
		}
	}
	const hk_case_row *row = hk_later_case(later, case_id);
	holder h = {case_id, 0, row ? row->campaign_id : 0, seen_ms, row ? row->state : "new"};
	g_array_append_val(s->holders, h);
}

void
hk_later_keys(hk_later *later, int64_t case_id, const hk_case_keys *keys, int64_t seen_ms)
{
	put_key(later, case_id, "url", keys->url, seen_ms);
	put_key(later, case_id, "host", keys->host, seen_ms);
	put_key(later, case_id, "certificate", keys->certificate, seen_ms);
	put_key(later, case_id, "domain", keys->domain, seen_ms);
	put_key(later, case_id, "landing", keys->landing, seen_ms);
}

/* What hangs on a case --------------------------------------------------------------------------- */

url *
hk_later_url_of(hk_later *later, int64_t case_id, const uint8_t hash[32], const char *hex)
{
	g_autofree char *name = g_strdup_printf("%" G_GINT64_FORMAT ":%s", case_id, hex);
	url *u = g_hash_table_lookup(later->urls, name);

	if (!u && hash) {
		u = g_new0(url, 1);
		u->case_id = case_id;
		memcpy(u->hash, hash, sizeof u->hash);
		g_hash_table_insert(later->urls, g_steal_pointer(&name), u);
	}
	return u;
}

bool
hk_later_url(hk_later *later, int64_t case_id, const char *text, const uint8_t hash[32],
	const char *host, int64_t seen_ms, bool *ret_new)
{
	const held *h = g_hash_table_lookup(later->cases, &case_id);
	char hex[HK_HASH_HEX_SIZE];

	hk_hex_encode(hk_span_of(hash, 32), hex);
	if (!h || (!h->made && !hk_later_site_of(later, "url", hex))) {
		return false;
	}
	url *u = hk_later_url_of(later, case_id, NULL, hex);
	*ret_new = u == NULL;
	if (!u) {
		u = hk_later_url_of(later, case_id, hash, hex);
	}
	if (u->times == 0) {
		u->text = g_strdup(text);
		u->host = g_strdup(host);
		u->first_ms = u->last_ms = seen_ms;
		g_ptr_array_add(later->new_urls, u);
	}
	u->times++;
	u->first_ms = MIN(u->first_ms, seen_ms);
	u->last_ms = MAX(u->last_ms, seen_ms);
	return true;
}

bool
hk_later_campaign(hk_later *later, const char *name, const char *kind, const char *key,
	int64_t now_ms, int64_t *ret_id, bool *ret_known, GError **error)
{
	site *s = key && strcmp(kind, "domain") == 0 ? hk_later_site_of(later, kind, key) : NULL;
	int64_t id = 0;

	*ret_known = s && s->campaign_id == 0;
	if (!*ret_known) {
		return true;
	}
	if (!draw(later, &later->campaign_ids,
		    HK_SQL("SELECT nextval(pg_get_serial_sequence('campaigns', 'id')) AS n "
			   "FROM generate_series(1, $1) ORDER BY n DESC"),
		    &id, error)) {
		return false;
	}
	campaign *c = g_new0(campaign, 1);
	*c = (campaign){id, 0, now_ms, now_ms, g_strdup(name), g_strdup(kind), g_strdup(key)};
	g_ptr_array_add(later->campaigns, c);
	s->campaign_id = *ret_id = id;
	return true;
}

void
hk_later_count(hk_later *later, int64_t campaign_id, int64_t by, int64_t now_ms)
{
	change c = {campaign_id, by, now_ms};

	/* One that is not written yet is among the last. */
	for (unsigned i = later->campaigns->len; i > 0; i--) {
		campaign *at = later->campaigns->pdata[i - 1];
		if (at->id == campaign_id) {
			at->cases += by;
			return;
		}
	}
	g_array_append_val(later->counts, c);
}

void
hk_later_comment(hk_later *later, int64_t case_id, int64_t user_id, int64_t at_ms, const char *text)
{
	hk_rowset_add(later->comments, (const hk_value[]){hk_v_int(case_id), hk_v_id(user_id),
					       hk_v_int(at_ms), hk_v_str(text)});
}

void
hk_later_line(hk_later *later, const hk_intake_line *line)
{
	hk_rowset_add(later->lines,
		(const hk_value[]){hk_v_int(line->intake_id), hk_v_int(line->line),
			hk_v_str(line->text), hk_v_str(line->url), hk_v_str(line->how),
			hk_v_id(line->case_id), hk_v_str(line->why)});
}

void
hk_later_event(hk_later *later, const hk_event_record *r)
{
	hk_rowset_add(later->events,
		(const hk_value[]){hk_v_int(r->seq), hk_v_int(r->at_ms), hk_v_str(r->who),
			hk_v_str(r->via), hk_v_str(r->address), hk_v_str(r->act),
			hk_v_str(r->object), hk_v_int(r->object_id), hk_v_id(r->case_id),
			hk_v_str(r->data), hk_v_blob(hk_span_of(r->mac, HK_EVENT_MAC_SIZE))});
}

/* Locks ------------------------------------------------------------------------------------------ */

bool
hk_later_locked(const hk_later *later, const char *name)
{
	int64_t key = hk_db_lock_key(name);

	return g_hash_table_contains(later->locks, &key);
}
