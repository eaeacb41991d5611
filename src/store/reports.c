#include "store/reports.h"

#include <string.h>

#include "store/lookup.h"

void
hk_report_row_clear(hk_report_row *row)
{
	char **const owned[] = {&row->channel, &row->kind, &row->recipient, &row->name,
		&row->subject, &row->lang, &row->step, &row->state, &row->title, &row->request,
		&row->type, &row->token, &row->policy, &row->remote_id, &row->remote_state,
		&row->facts, &row->why};

	for (size_t i = 0; i < G_N_ELEMENTS(owned); i++) {
		g_clear_pointer(owned[i], g_free);
	}
	*row = (hk_report_row){0};
}

/* Of case $1, whoever the lead is. */
#define SPEAKS_OF                                                                                  \
	"id IN (SELECT id FROM reports WHERE case_id = $1 UNION ALL SELECT report_id FROM "        \
	"report_sites WHERE case_id = $1)"

bool
hk_reports_find(hk_db *db, int64_t case_id, const char *channel, const char *recipient,
	const char *step, int64_t round, int64_t *ret_id, GError **error)
{
	return hk_db_int(db,
		HK_SQL("SELECT COALESCE(MAX(id), 0) FROM reports WHERE " SPEAKS_OF
		       " AND channel = $2 AND recipient = $3 AND step = $4 AND round = $5 AND "
		       "state <> 'dropped'"),
		HK_ARGS(hk_v_int(case_id), hk_v_str(channel), hk_v_str(recipient), hk_v_str(step),
			hk_v_int(round)),
		ret_id, error);
}

bool
hk_reports_by_remote(hk_db *db, const char *channel, const char *remote_id, int64_t but,
	int64_t *ret_id, GError **error)
{
	return hk_db_int(db,
		HK_SQL("SELECT COALESCE(MAX(id), 0) FROM reports WHERE channel = $1 AND "
		       "remote_id = $2 AND id <> $3"),
		HK_ARGS(hk_v_str(channel), hk_v_str(remote_id), hk_v_int(but)), ret_id, error);
}

static hk_value
hash_of(bool has, const uint8_t *hash)
{
	return has ? hk_v_blob(hk_span_of(hash, 32)) : hk_v_null();
}

static bool
add_sites(hk_db *db, int64_t id, const hk_report_site *sites, size_t count, GError **error)
{
	for (size_t i = 0; i < count; i++) {
		if (!hk_db_exec(db,
			    HK_SQL("INSERT INTO report_sites (report_id, position, case_id, url) "
				   "VALUES ($1, $2, $3, $4)"),
			    HK_ARGS(hk_v_int(id), hk_v_int((int64_t)i), hk_v_int(sites[i].case_id),
				    hk_v_str(sites[i].url)),
			    NULL, error)) {
			return false;
		}
	}
	return true;
}

bool
hk_reports_add(
	hk_db *db, hk_report_row *row, const hk_report_site *sites, size_t count, GError **error)
{
	if (!hk_db_int(db,
		    HK_SQL("INSERT INTO reports (case_id, channel, kind, recipient, name, subject, "
			   "lang, "
			   "step, round, parent_id, state, title, request, content, type, bytes, "
			   "digest, "
			   "token, proposer_id, stops, drafted_ms, due_ms) VALUES ($1, $2, $3, $4, "
			   "$5, "
			   "$6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, "
			   "$21, "
			   "$22) RETURNING id"),
		    HK_ARGS(hk_v_int(row->case_id), hk_v_str(row->channel), hk_v_str(row->kind),
			    hk_v_str(row->recipient), hk_v_str(row->name ? row->name : ""),
			    hk_v_str(row->subject ? row->subject : ""), hk_v_str(row->lang),
			    hk_v_str(row->step), hk_v_int(row->round), hk_v_id(row->parent_id),
			    hk_v_str(row->state), hk_v_str(row->title), hk_v_str(row->request),
			    hash_of(row->has_content, row->content), hk_v_str(row->type),
			    hk_v_int(row->bytes), hash_of(true, row->digest), hk_v_str(row->token),
			    hk_v_id(row->proposer_id), hk_v_int(row->stops),
			    hk_v_int(row->drafted_ms), hk_v_id(row->due_ms)),
		    &row->id, error)) {
		return false;
	}
	row->version = 1;
	return add_sites(db, row->id, sites, count, error);
}

#define COLUMNS                                                                                    \
	"SELECT case_id, channel, kind, recipient, name, subject, lang, step, round, parent_id, "  \
	"state, title, request, content, digest, type, bytes, token, proposer_id, approver_id, "   \
	"policy, sample, stops, drafted_ms, approved_ms, send_ms, sent_ms, acknowledged_ms, "      \
	"ended_ms, due_ms, remote_id, remote_state, facts, polls, tries, why, version "            \
	"FROM reports WHERE id = $1"

static void
take_hash(const hk_rows *rows, unsigned column, uint8_t ret[32], bool *ret_has)
{
	hk_span hash = hk_rows_blob(rows, column);

	*ret_has = hash.len == 32;
	if (*ret_has) {
		memcpy(ret, hash.data, 32);
	}
}

static void
take_row(const hk_rows *rows, int64_t id, hk_report_row *ret)
{
	char **const texts[] = {NULL, &ret->channel, &ret->kind, &ret->recipient, &ret->name,
		&ret->subject, &ret->lang, &ret->step, NULL, NULL, &ret->state, &ret->title,
		&ret->request, NULL, NULL, &ret->type, NULL, &ret->token, NULL, NULL, &ret->policy,
		NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, &ret->remote_id,
		&ret->remote_state, &ret->facts, NULL, NULL, &ret->why, NULL};
	int64_t stops = 0;
	int64_t *const numbers[] = {&ret->case_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
		&ret->round, &ret->parent_id, NULL, NULL, NULL, NULL, NULL, NULL, &ret->bytes, NULL,
		&ret->proposer_id, &ret->approver_id, NULL, &ret->sample, &stops, &ret->drafted_ms,
		&ret->approved_ms, &ret->send_ms, &ret->sent_ms, &ret->acknowledged_ms,
		&ret->ended_ms, &ret->due_ms, NULL, NULL, NULL, &ret->polls, &ret->tries, NULL,
		&ret->version};
	bool has_digest;

	*ret = (hk_report_row){.id = id};
	for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++) {
		if (texts[i]) {
			*texts[i] = g_strdup(hk_rows_str(rows, i));
		}
		if (numbers[i]) {
			*numbers[i] = hk_rows_int(rows, i);
		}
	}
	ret->stops = (unsigned)stops;
	take_hash(rows, 13, ret->content, &ret->has_content);
	take_hash(rows, 14, ret->digest, &has_digest);
}

static bool
get(hk_db *db, hk_sql sql, int64_t id, hk_report_row *ret, GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_query(db, sql, HK_ARGS(hk_v_int(id)), error);

	if (!hk_rows_the(rows, "report", id, error)) {
		return false;
	}
	take_row(rows, id, ret);
	return true;
}

bool
hk_reports_get(hk_db *db, int64_t id, hk_report_row *ret, GError **error)
{
	return get(db, HK_SQL(COLUMNS), id, ret, error);
}

bool
hk_reports_lock(hk_db *db, int64_t id, hk_report_row *ret, GError **error)
{
	return get(db,
		hk_db_engine_of(db) == HK_DB_PGSQL ? HK_SQL(COLUMNS " FOR UPDATE")
						   : HK_SQL(COLUMNS),
		id, ret, error);
}

bool
hk_reports_update(hk_db *db, hk_report_row *row, GError **error)
{
	row->version++;
	return hk_db_exec(db,
		HK_SQL("UPDATE reports SET state = $2, title = $3, request = $4, content = $5, "
		       "type = $6, "
		       "bytes = $7, digest = $8, proposer_id = $9, approver_id = $10, policy = "
		       "$11, "
		       "sample = $12, stops = $13, approved_ms = $14, send_ms = $15, sent_ms = "
		       "$16, "
		       "acknowledged_ms = $17, ended_ms = $18, due_ms = $19, remote_id = $20, "
		       "remote_state = $21, facts = $22, polls = $23, tries = $24, why = $25, "
		       "version = $26 WHERE id = $1"),
		HK_ARGS(hk_v_int(row->id), hk_v_str(row->state), hk_v_str(row->title),
			hk_v_str(row->request), hash_of(row->has_content, row->content),
			hk_v_str(row->type), hk_v_int(row->bytes), hash_of(true, row->digest),
			hk_v_id(row->proposer_id), hk_v_id(row->approver_id), hk_v_str(row->policy),
			hk_v_int(row->sample), hk_v_int(row->stops), hk_v_id(row->approved_ms),
			hk_v_id(row->send_ms), hk_v_id(row->sent_ms), hk_v_id(row->acknowledged_ms),
			hk_v_id(row->ended_ms), hk_v_id(row->due_ms), hk_v_str(row->remote_id),
			hk_v_str(row->remote_state), hk_v_str(row->facts ? row->facts : "{}"),
			hk_v_int(row->polls), hk_v_int(row->tries), hk_v_str(row->why),
			hk_v_int(row->version)),
		NULL, error);
}

bool
hk_reports_by_token(hk_db *db, const char *token, int64_t *ret_id, GError **error)
{
	return hk_db_int(db, HK_SQL("SELECT COALESCE(MAX(id), 0) FROM reports WHERE token = $1"),
		HK_ARGS(hk_v_str(token)), ret_id, error);
}

bool
hk_reports_sites(hk_db *db, int64_t id, GPtrArray **ret, GArray **ret_cases, GError **error)
{
	g_autoptr(GPtrArray) urls = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GArray) cases = g_array_new(FALSE, FALSE, sizeof(int64_t));
	g_autoptr(GHashTable) seen =
		g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	GError *inner = NULL;
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT case_id, url FROM report_sites WHERE report_id = $1 ORDER BY "
		       "position"),
		HK_ARGS(hk_v_int(id)), error);

	while (rows && hk_rows_next(rows, &inner)) {
		int64_t case_id = hk_rows_int(rows, 0);
		g_ptr_array_add(urls, g_strdup(hk_rows_str(rows, 1)));
		if (g_hash_table_add(seen, g_memdup2(&case_id, sizeof case_id))) {
			g_array_append_val(cases, case_id);
		}
	}
	if (!rows || inner) {
		if (inner) {
			g_propagate_error(error, inner);
		}
		return false;
	}
	*ret = g_steal_pointer(&urls);
	if (ret_cases) {
		*ret_cases = g_steal_pointer(&cases);
	}
	return true;
}

/* A column of numbers. */
static bool
numbers_of(hk_rows *rows, GArray **ret, GError **error)
{
	g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(int64_t));
	GError *inner = NULL;

	while (rows && hk_rows_next(rows, &inner)) {
		int64_t id = hk_rows_int(rows, 0);
		g_array_append_val(list, id);
	}
	if (inner) {
		g_propagate_error(error, inner);
	}
	if (!rows || inner) {
		return false;
	}
	*ret = g_steal_pointer(&list);
	return true;
}

bool
hk_reports_unfit(hk_db *db, int64_t id, int64_t *ret, GError **error)
{
	return hk_db_int(db,
		HK_SQL("SELECT COUNT(*) FROM cases WHERE id IN (SELECT case_id FROM report_sites "
		       "WHERE report_id = $1) AND (deleted_ms IS NOT NULL OR state IN ('new', "
		       "'triaged', 'dismissed', 'out_of_scope', 'duplicate'))"),
		HK_ARGS(hk_v_int(id)), ret, error);
}

bool
hk_reports_unsent(hk_db *db, int64_t case_id, GArray **ret, GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT id FROM reports WHERE case_id = $1 AND state IN ('drafted', "
		       "'approved', 'queued') AND NOT EXISTS (SELECT 1 FROM receipts r WHERE "
		       "r.report_id = reports.id AND r.act = 'submit' AND r.phase <> 'ended') "
		       "ORDER BY id"),
		HK_ARGS(hk_v_int(case_id)), error);

	return numbers_of(rows, ret, error);
}

bool
hk_reports_ahead(hk_db *db, int64_t case_id, int64_t round, int64_t *ret, GError **error)
{
	return hk_db_int(db,
		HK_SQL("SELECT COUNT(*) FROM reports WHERE case_id = $1 AND round = $2 AND step IN "
		       "('first', 'notice') AND state IN ('drafted', 'approved', 'queued') AND "
		       "request NOT LIKE '%\"way\":\"assisted\"%'"),
		HK_ARGS(hk_v_int(case_id), hk_v_int(round)), ret, error);
}

bool
hk_reports_missing(hk_db *db, int64_t limit, GArray **ret, GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT c.id FROM cases c WHERE c.state IN ('confirmed', 'resurrected') AND "
		       "c.deleted_ms IS NULL AND NOT EXISTS (SELECT 1 FROM report_sites s WHERE "
		       "s.case_id = c.id) ORDER BY c.id DESC LIMIT $1"),
		HK_ARGS(hk_v_int(limit)), error);

	return numbers_of(rows, ret, error);
}

bool
hk_reports_after(hk_db *db, int64_t case_id, GArray **ret, GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT id FROM reports WHERE case_id = $1 AND step = 'after' AND state = "
		       "'approved' ORDER BY id"),
		HK_ARGS(hk_v_int(case_id)), error);

	return numbers_of(rows, ret, error);
}

#define NARROWED                                                                                   \
	" AND (CAST($2 AS TEXT) IS NULL OR state = $2) AND (CAST($3 AS TEXT) IS NULL OR channel "  \
	"= $3) ORDER BY id DESC LIMIT $4"

bool
hk_reports_list(hk_db *db, const hk_reports_ask *ask, GArray **ret, GError **error)
{
	static const hk_sql any = {"SELECT id FROM reports WHERE $1 = 0" NARROWED};
	static const hk_sql in_state = {
		"SELECT id FROM reports WHERE state = $2 AND $1 = 0" NARROWED};
	static const hk_sql of_case = {"SELECT id FROM reports WHERE " SPEAKS_OF NARROWED};
	g_autoptr(hk_rows) rows = hk_db_query(db,
		ask->case_id != 0 ? of_case
		: ask->state      ? in_state
				  : any,
		HK_ARGS(hk_v_int(ask->case_id), hk_v_str(ask->state), hk_v_str(ask->channel),
			hk_v_int(ask->limit)),
		error);

	return numbers_of(rows, ret, error);
}

/* Two counts, each with an index of its own: one with OR reads every report that was ever sent. */
bool
hk_reports_volume(hk_db *db, int64_t since_ms, const char *channel, const char *recipient,
	int64_t *ret, GError **error)
{
	static const hk_sql all = {
		"SELECT (SELECT COUNT(*) FROM reports WHERE sent_ms > $1) + (SELECT COUNT(*) FROM "
		"reports WHERE state = 'queued' AND COALESCE(sent_ms, 0) <= $1)"};
	static const hk_sql one = {
		"SELECT (SELECT COUNT(*) FROM reports WHERE recipient = $2 AND sent_ms > $1 AND "
		"channel = $3) + (SELECT COUNT(*) FROM reports WHERE state = 'queued' AND "
		"COALESCE(sent_ms, 0) <= $1 AND recipient = $2 AND channel = $3)"};

	return recipient ? hk_db_int(db, one,
				   HK_ARGS(hk_v_int(since_ms), hk_v_str(recipient),
					   hk_v_str(channel)),
				   ret, error)
			 : hk_db_int(db, all, HK_ARGS(hk_v_int(since_ms)), ret, error);
}

bool
hk_reports_children(hk_db *db, int64_t id, const char *step, int64_t *ret, GError **error)
{
	return hk_db_int(db,
		HK_SQL("SELECT COUNT(*) FROM reports WHERE parent_id = $1 AND step = $2 AND state "
		       "<> "
		       "'dropped'"),
		HK_ARGS(hk_v_int(id), hk_v_str(step)), ret, error);
}
