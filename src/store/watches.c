#include "store/watches.h"

#include "store/lookup.h"
#include "sys/gerr.h"

void
hk_watch_row_free(hk_watch_row *row)
{
	if (row) {
		g_free(row->state);
		g_free(row->stopped);
		g_free(row->doubt);
		g_free(row->baseline);
		g_free(row->visits);
		g_free(row->signals);
		g_free(row->listings);
		g_free(row->case_state);
		g_free(row->host);
		g_free(row->domain);
		g_free(row->url);
		g_free(row);
	}
}

static void
row_free(gpointer row)
{
	hk_watch_row_free(row);
}

/* The error of a loop over rows, if there was one. */
static bool
ended_well(const hk_rows *rows, GError *inner, GError **error)
{
	if (inner) {
		g_propagate_error(error, inner);
	}
	return rows && !inner;
}

/* ---- Begin ---- */

bool
hk_watches_begin(hk_db *db, int64_t case_id, int64_t now_ms, bool *ret_new, GError **error)
{
	int64_t running = 0;

	if (!hk_db_int(db,
		    HK_SQL("SELECT COUNT(*) FROM watches WHERE case_id = $1 AND due_ms IS NOT "
			   "NULL"),
		    HK_ARGS(hk_v_int(case_id)), &running, error) ||
		!hk_db_exec(db,
			HK_SQL("INSERT INTO watches (case_id, state, since_ms, begun_ms, due_ms) "
			       "VALUES ($1, 'unchecked', $2, $2, $2) ON CONFLICT (case_id) DO "
			       "UPDATE SET due_ms = $2, stopped = NULL WHERE watches.stopped IS "
			       "NULL OR watches.stopped <> 'hand'"),
			HK_ARGS(hk_v_int(case_id), hk_v_int(now_ms)), NULL, error)) {
		return false;
	}
	*ret_new = running == 0;
	return true;
}

bool
hk_watches_missing(hk_db *db, int64_t now_ms, int64_t since_ms, GError **error)
{
	return hk_db_exec(db,
		HK_SQL("INSERT INTO watches (case_id, state, since_ms, begun_ms, due_ms) SELECT "
		       "id, 'unchecked', CAST($1 AS BIGINT), CAST($1 AS BIGINT), CAST($1 AS "
		       "BIGINT) + (id * 7919) % 300000 FROM cases WHERE deleted_ms IS NULL AND "
		       "host IS NOT NULL AND (state IN ('confirmed', 'reported', 'resurrected') OR "
		       "(state = 'down' AND down_ms >= $2)) ON CONFLICT DO NOTHING"),
		HK_ARGS(hk_v_int(now_ms), hk_v_int(since_ms)), NULL, error);
}

/* ---- Claim ---- */

#define COLUMNS                                                                                    \
	"w.case_id, w.since_ms, w.begun_ms, w.last_ms, w.live_ms, w.due_ms, w.checks, w.agree, "   \
	"w.agree_ms, w.points, w.gap_ms, w.gap_at_ms, w.nameless_ms, w.noted_ms, w.asked_ms, "     \
	"w.state, "                                                                                \
	"w.stopped, w.doubt, w.baseline, w.visits, w.signals, w.listings, c.state, c.host, "       \
	"c.domain, c.url, c.deleted_ms"

static hk_watch_row *
take_row(const hk_rows *rows)
{
	hk_watch_row *w = g_new0(hk_watch_row, 1);
	int64_t *const numbers[] = {&w->case_id, &w->since_ms, &w->begun_ms, &w->last_ms,
		&w->live_ms, &w->due_ms, &w->checks, &w->agree, &w->agree_ms, &w->points,
		&w->gap_ms, &w->gap_at_ms, &w->nameless_ms, &w->noted_ms, &w->asked_ms};
	char **const texts[] = {&w->state, &w->stopped, &w->doubt, &w->baseline, &w->visits,
		&w->signals, &w->listings, &w->case_state, &w->host, &w->domain, &w->url};
	unsigned column = 0;

	for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
		*numbers[i] = hk_rows_int(rows, column++);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		*texts[i] = g_strdup(hk_rows_str(rows, column++));
	}
	w->deleted = !hk_rows_is_null(rows, column);
	return w;
}

/* The row locks of PostgreSQL keep two workers off the same rows; SQLite's writers stand in line. */
static bool
lease(hk_db *db, const char *owner, int64_t now_ms, int64_t lease_ms, int64_t limit, GError **error)
{
	g_autoptr(hk_sqlb) b = hk_sqlb_new(db);

	hk_sqlb_add(b, HK_SQL("UPDATE watches SET owner = "));
	hk_sqlb_value(b, hk_v_str(owner));
	hk_sqlb_add(b, HK_SQL(", lease_ms = "));
	hk_sqlb_value(b, hk_v_int(now_ms + lease_ms));
	hk_sqlb_add(b, HK_SQL(" WHERE case_id IN (SELECT case_id FROM watches WHERE due_ms IS NOT "
			      "NULL AND due_ms <= "));
	hk_sqlb_value(b, hk_v_int(now_ms));
	hk_sqlb_add(b, HK_SQL(" AND lease_ms < "));
	hk_sqlb_value(b, hk_v_int(now_ms));
	hk_sqlb_add(b, HK_SQL(" ORDER BY due_ms, case_id LIMIT "));
	hk_sqlb_value(b, hk_v_int(limit));
	hk_sqlb_both(b, HK_SQL(")"), HK_SQL(" FOR UPDATE SKIP LOCKED)"));
	hk_sqlb_add(b, HK_SQL(" RETURNING case_id"));
	g_autoptr(hk_rows) rows = hk_sqlb_query(b, db, error);
	GError *inner = NULL;
	while (rows && hk_rows_next(rows, &inner)) {
	}
	return ended_well(rows, inner, error);
}

bool
hk_watches_claim(hk_db *db, const char *owner, int64_t now_ms, int64_t lease_ms, int64_t limit,
	GPtrArray **ret, GError **error)
{
	g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(row_free);
	GError *inner = NULL;

	if (!lease(db, owner, now_ms, lease_ms, limit, error)) {
		return false;
	}
	/* Those that were leased just now: no others of this owner have this end of their lease. */
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT " COLUMNS " FROM watches w JOIN cases c ON c.id = w.case_id WHERE "
		       "w.due_ms IS NOT NULL AND w.due_ms <= $3 AND w.owner = $1 AND w.lease_ms = "
		       "$2 ORDER BY w.due_ms, w.case_id"),
		HK_ARGS(hk_v_str(owner), hk_v_int(now_ms + lease_ms), hk_v_int(now_ms)), error);
	while (rows && hk_rows_next(rows, &inner)) {
		g_ptr_array_add(list, take_row(rows));
	}
	if (!ended_well(rows, inner, error)) {
		return false;
	}
	*ret = g_steal_pointer(&list);
	return true;
}

bool
hk_watches_get(hk_db *db, int64_t case_id, hk_watch_row **ret, GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT " COLUMNS
		       " FROM watches w JOIN cases c ON c.id = w.case_id WHERE w.case_id = $1"),
		HK_ARGS(hk_v_int(case_id)), error);
	bool found;

	if (!hk_rows_one(rows, &found, error)) {
		return false;
	}
	if (!found) {
		return hk_error_set(error, HK_ENOENT,
			"case %" G_GINT64_FORMAT
			" is not watched: it was never confirmed or reported",
			case_id);
	}
	*ret = take_row(rows);
	return true;
}

/* ---- What is known of the case ---- */

bool
hk_watches_urls(hk_db *db, int64_t case_id, int64_t limit, GPtrArray **ret, GError **error)
{
	return hk_rows_texts(
		hk_db_query(db,
			HK_SQL("SELECT u.url FROM case_urls u JOIN cases c ON c.id = u.case_id "
			       "WHERE u.case_id = $1 ORDER BY CASE WHEN u.url = c.url THEN 0 ELSE "
			       "1 END, u.id DESC LIMIT $2"),
			HK_ARGS(hk_v_int(case_id), hk_v_int(limit)), error),
		ret, error);
}

void
hk_watch_facts_clear(hk_watch_facts *f)
{
	g_clear_pointer(&f->status, g_free);
	g_clear_pointer(&f->created, g_free);
	g_clear_pointer(&f->registrar, g_free);
	g_clear_pointer(&f->certificate, g_free);
	g_clear_pointer(&f->ns, g_ptr_array_unref);
}

static void
take_fact(const char *kind, const char *value, hk_watch_facts *f)
{
	const struct {
		const char *kind;
		char **to;
	} texts[] = {{"reg.created", &f->created}, {"reg.registrar", &f->registrar},
		{"tls.certificate", &f->certificate}};

	if (g_strcmp0(kind, "reg.held") == 0) {
		f->held = true;
	} else if (g_strcmp0(kind, "dns.ns") == 0) {
		g_ptr_array_add(f->ns, g_strdup(value));
	} else if (g_strcmp0(kind, "reg.status") == 0) {
		char *both = g_strconcat(f->status, *f->status ? ", " : "", value, NULL);
		g_free(f->status);
		f->status = both;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		if (g_strcmp0(kind, texts[i].kind) == 0) {
			g_free(*texts[i].to);
			*texts[i].to = g_strdup(value);
		}
	}
}

bool
hk_watches_facts(hk_db *db, int64_t case_id, hk_watch_facts *ret, GError **error)
{
	hk_watch_facts f = {.status = g_strdup(""),
		.created = g_strdup(""),
		.registrar = g_strdup(""),
		.certificate = g_strdup(""),
		.ns = g_ptr_array_new_with_free_func(g_free)};
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT kind, value FROM facts WHERE case_id = $1 AND gone_ms IS NULL AND "
		       "kind IN ('reg.held', 'reg.status', 'reg.created', 'reg.registrar', "
		       "'dns.ns', 'tls.certificate') ORDER BY kind, value"),
		HK_ARGS(hk_v_int(case_id)), error);
	GError *inner = NULL;

	while (rows && hk_rows_next(rows, &inner)) {
		take_fact(hk_rows_str(rows, 0), hk_rows_str(rows, 1), &f);
	}
	if (!ended_well(rows, inner, error)) {
		hk_watch_facts_clear(&f);
		return false;
	}
	*ret = f;
	return true;
}

bool
hk_watches_captures(
	hk_db *db, int64_t case_id, hk_watches_capture_fn each, void *user, GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT p.data, p.title, p.url FROM captures p JOIN runs r ON r.id = "
		       "p.run_id WHERE r.case_id = $1 AND p.how = 'whole' AND p.status = 200 "
		       "ORDER BY p.id LIMIT 6"),
		HK_ARGS(hk_v_int(case_id)), error);
	GError *inner = NULL;

	while (rows && hk_rows_next(rows, &inner) &&
		each(user, hk_rows_str(rows, 0), hk_rows_str(rows, 1), hk_rows_str(rows, 2))) {
	}
	return ended_well(rows, inner, error);
}

/* ---- Done ---- */

bool
hk_watches_mine(hk_db *db, int64_t case_id, const char *owner, bool *ret, GError **error)
{
	g_autoptr(hk_sqlb) b = hk_sqlb_new(db);

	hk_sqlb_add(b, HK_SQL("SELECT case_id FROM watches WHERE case_id = "));
	hk_sqlb_value(b, hk_v_int(case_id));
	hk_sqlb_add(b, HK_SQL(" AND owner = "));
	hk_sqlb_value(b, hk_v_str(owner));
	hk_sqlb_both(b, HK_SQL(""), HK_SQL(" FOR UPDATE"));
	g_autoptr(hk_rows) rows = hk_sqlb_query(b, db, error);
	return hk_rows_one(rows, ret, error);
}

bool
hk_watches_done(hk_db *db, const char *owner, const hk_watch_row *w, GError **error)
{
	return hk_db_exec(db,
		HK_SQL("UPDATE watches SET state = $3, since_ms = $4, last_ms = $5, live_ms = $6, "
		       "due_ms = $7, stopped = $8, checks = checks + 1, agree = $9, agree_ms = "
		       "$10, points = $11, doubt = $12, gap_ms = $13, gap_at_ms = $14, baseline = "
		       "$15, visits = $16, signals = $17, noted_ms = $18, asked_ms = $19, "
		       "nameless_ms = $20, owner = "
		       "NULL, lease_ms = 0 WHERE case_id = $1 AND owner = $2"),
		HK_ARGS(hk_v_int(w->case_id), hk_v_str(owner), hk_v_str(w->state),
			hk_v_int(w->since_ms), hk_v_id(w->last_ms), hk_v_id(w->live_ms),
			hk_v_id(w->due_ms), hk_v_str(w->stopped), hk_v_int(w->agree),
			hk_v_int(w->agree_ms), hk_v_int(w->points), hk_v_str(w->doubt),
			hk_v_int(w->gap_ms), hk_v_int(w->gap_at_ms), hk_v_str(w->baseline),
			hk_v_str(w->visits), hk_v_str(w->signals), hk_v_int(w->noted_ms),
			hk_v_int(w->asked_ms), hk_v_int(w->nameless_ms)),
		NULL, error);
}

bool
hk_watches_later(hk_db *db, const char *owner, int64_t case_id, int64_t due_ms, GError **error)
{
	return hk_db_exec(db,
		HK_SQL("UPDATE watches SET due_ms = $3, owner = NULL, lease_ms = 0 WHERE case_id = "
		       "$1 AND owner = $2"),
		HK_ARGS(hk_v_int(case_id), hk_v_str(owner), hk_v_int(due_ms)), NULL, error);
}

bool
hk_watches_due(hk_db *db, int64_t case_id, int64_t due_ms, const char *stopped, bool *ret_changed,
	GError **error)
{
	int64_t changed = 0;

	/* Whoever checks it just now has lost its lease: what it says is from before. */
	if (!hk_db_exec(db,
		    HK_SQL("UPDATE watches SET due_ms = $2, stopped = $3, owner = NULL, lease_ms = "
			   "0 WHERE case_id = $1"),
		    HK_ARGS(hk_v_int(case_id), hk_v_id(due_ms), hk_v_str(stopped)), &changed,
		    error)) {
		return false;
	}
	*ret_changed = changed == 1;
	return true;
}

bool
hk_watches_listings(hk_db *db, int64_t case_id, const char *listings, GError **error)
{
	return hk_db_exec(db, HK_SQL("UPDATE watches SET listings = $2 WHERE case_id = $1"),
		HK_ARGS(hk_v_int(case_id), hk_v_str(listings)), NULL, error);
}

bool
hk_watches_yield(hk_db *db, const char *owner, GError **error)
{
	return hk_db_exec(db,
		HK_SQL("UPDATE watches SET owner = NULL, lease_ms = 0 WHERE due_ms IS NOT NULL AND "
		       "owner = $1"),
		HK_ARGS(hk_v_str(owner)), NULL, error);
}

bool
hk_watches_abandon(hk_db *db, const char *owners, GError **error)
{
	return hk_db_exec(db,
		HK_SQL("UPDATE watches SET owner = NULL, lease_ms = 0 WHERE due_ms IS NOT NULL AND "
		       "substr(owner, 1, length(CAST($1 AS TEXT))) = $1"),
		HK_ARGS(hk_v_str(owners)), NULL, error);
}

bool
hk_watches_next(hk_db *db, int64_t *ret_ms, GError **error)
{
	return hk_db_int(db,
		HK_SQL("SELECT COALESCE(MIN(due_ms), 0) FROM watches WHERE due_ms IS NOT NULL"),
		HK_NO_ARGS, ret_ms, error);
}
