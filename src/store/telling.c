#include "store/telling.h"

#include <string.h>

#include "store/lookup.h"
#include "sys/gerr.h"
#include "sys/json.h"

enum { DOMAINS_BYTES_MAX = 1 << 20 };

/* The next row; false at the end, *ret_good says whether that was the end. */
static bool
next(hk_rows *rows, bool *ret_good, GError **error)
{
	GError *inner = NULL;

	*ret_good = rows != NULL;
	if (!rows || hk_rows_next(rows, &inner)) {
		return rows != NULL;
	}
	if (inner) {
		*ret_good = false;
		g_propagate_error(error, inner);
	}
	return false;
}

bool
hk_telling_facts(hk_db *db, int64_t case_id, hk_telling_fact_fn each, void *user, GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT subject, kind, value FROM facts WHERE case_id = $1 AND gone_ms IS "
		       "NULL ORDER "
		       "BY kind, id"),
		HK_ARGS(hk_v_int(case_id)), error);
	bool good;

	while (next(rows, &good, error)) {
		const hk_telling_fact fact = {
			hk_rows_str(rows, 0), hk_rows_str(rows, 1), hk_rows_str(rows, 2)};
		each(user, &fact);
	}
	return good;
}

void
hk_telling_run_clear(hk_telling_run *run)
{
	g_free(run->verdict);
	g_free(run->dimensions);
	*run = (hk_telling_run){0};
}

bool
hk_telling_run_of(hk_db *db, int64_t case_id, hk_telling_run *ret, GError **error)
{
	/* One that saw something before a later one that found nobody there. */
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT id, done_ms, CASE WHEN stamp IS NULL THEN 0 ELSE 1 END, verdict, "
		       "dimensions, manifest FROM runs WHERE "
		       "case_id = $1 AND state = 'done' ORDER BY CASE WHEN verdict = 'dead' THEN 1 "
		       "ELSE 0 "
		       "END, id DESC LIMIT 1"),
		HK_ARGS(hk_v_int(case_id)), error);
	bool found;

	*ret = (hk_telling_run){0};
	if (!hk_rows_one(rows, &found, error)) {
		return false;
	}
	if (found) {
		hk_span manifest = hk_rows_blob(rows, 5);
		*ret = (hk_telling_run){.id = hk_rows_int(rows, 0),
			.done_ms = hk_rows_int(rows, 1),
			.stamped = hk_rows_int(rows, 2),
			.verdict = g_strdup(hk_rows_str(rows, 3)),
			.dimensions = g_strdup(hk_rows_str(rows, 4)),
			.has_manifest = manifest.len == sizeof ret->manifest};
		if (ret->has_manifest) {
			memcpy(ret->manifest, manifest.data, sizeof ret->manifest);
		}
	}
	return true;
}

bool
hk_telling_pending(hk_db *db, int64_t case_id, int64_t since_ms, int64_t *ret, GError **error)
{
	return hk_db_int(db,
		HK_SQL("SELECT (SELECT COUNT(*) FROM runs WHERE case_id = $1 AND state = 'waiting' "
		       "AND "
		       "asked_ms >= $2) + (SELECT COUNT(*) FROM jobs WHERE stage = 'enrich' AND "
		       "case_id = "
		       "$1 AND state IN ('ready', 'leased') AND made_ms >= $2)"),
		HK_ARGS(hk_v_int(case_id), hk_v_int(since_ms)), ret, error);
}

bool
hk_telling_captures(
	hk_db *db, int64_t run_id, hk_telling_capture_fn each, void *user, GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT id, at_ms, status, profile, how, url, title, data FROM captures "
		       "WHERE run_id = "
		       "$1 AND how <> 'failed' ORDER BY position"),
		HK_ARGS(hk_v_int(run_id)), error);
	bool good;

	while (next(rows, &good, error)) {
		const hk_telling_capture capture = {.id = hk_rows_int(rows, 0),
			.at_ms = hk_rows_int(rows, 1),
			.status = hk_rows_int(rows, 2),
			.profile = hk_rows_str(rows, 3),
			.how = hk_rows_str(rows, 4),
			.url = hk_rows_str(rows, 5),
			.title = hk_rows_str(rows, 6),
			.data = hk_rows_str(rows, 7)};
		each(user, &capture);
	}
	return good;
}

bool
hk_telling_pictures(
	hk_db *db, int64_t run_id, hk_telling_picture_fn each, void *user, GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT c.profile, a.name, a.type, a.bytes, c.at_ms, a.sha256 FROM captures "
		       "c JOIN "
		       "artefacts a ON a.capture_id = c.id AND a.kind = 'viewport' WHERE c.run_id "
		       "= $1 AND "
		       "c.how <> 'failed' ORDER BY c.position, a.position"),
		HK_ARGS(hk_v_int(run_id)), error);
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	bool good;

	while (next(rows, &good, error)) {
		hk_span hash = hk_rows_blob(rows, 5);
		const hk_telling_picture picture = {.profile = hk_rows_str(rows, 0),
			.name = hk_rows_str(rows, 1),
			.type = hk_rows_str(rows, 2),
			.bytes = hk_rows_int(rows, 3),
			.at_ms = hk_rows_int(rows, 4),
			.sha256 = hash.data};
		if (hash.len == 32 && g_hash_table_add(seen, g_strdup(picture.profile))) {
			each(user, &picture);
		}
	}
	return good;
}

static bool
contacts(hk_rows *rows, hk_telling_contact_fn each, void *user, GError **error)
{
	bool good;

	while (next(rows, &good, error)) {
		const hk_telling_contact contact = {.kind = hk_rows_str(rows, 0),
			.subject = hk_rows_str(rows, 1),
			.name = hk_rows_str(rows, 2),
			.address = hk_rows_str(rows, 3),
			.lang = hk_rows_str(rows, 4),
			.confidence = hk_rows_real(rows, 5)};
		each(user, &contact);
	}
	return good;
}

bool
hk_telling_contacts(
	hk_db *db, int64_t case_id, hk_telling_contact_fn each, void *user, GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT k.kind, k.subject, k.name, k.address, (SELECT MIN(c.lang) FROM "
		       "contacts c WHERE "
		       "LOWER(c.mail) = LOWER(k.address) AND c.state = 'active'), k.confidence "
		       "FROM "
		       "case_contacts k WHERE k.case_id = $1 ORDER BY k.confidence DESC, k.kind, "
		       "k.address"),
		HK_ARGS(hk_v_int(case_id)), error);

	return contacts(rows, each, user, error);
}

bool
hk_telling_meta_contacts(
	hk_db *db, const char *kind, hk_telling_contact_fn each, void *user, GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT kind, key, name, mail, lang, 1.0 FROM contacts WHERE kind = $1 AND "
		       "state = "
		       "'active' AND mail IS NOT NULL AND mail <> '' ORDER BY key"),
		HK_ARGS(hk_v_str(kind)), error);

	return contacts(rows, each, user, error);
}

bool
hk_telling_urls(hk_db *db, int64_t case_id, int64_t limit, hk_telling_url_fn each, void *user,
	GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT u.url, u.host, u.first_ms FROM case_urls u JOIN cases c ON c.id = "
		       "u.case_id WHERE u.case_id = $1 ORDER BY CASE WHEN u.url = c.url THEN 0 "
		       "ELSE 1 END, u.id LIMIT $2"),
		HK_ARGS(hk_v_int(case_id), hk_v_int(limit)), error);
	bool good;

	while (next(rows, &good, error)) {
		each(user, case_id, hk_rows_str(rows, 0), hk_rows_str(rows, 1),
			hk_rows_int(rows, 2));
	}
	return good;
}

bool
hk_telling_siblings(hk_db *db, int64_t case_id, const char *address, int64_t limit, GArray **ret,
	GError **error)
{
	g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(int64_t));
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT c.id FROM cases c JOIN campaigns g ON g.id = c.campaign_id AND "
		       "g.kind = "
		       "'certificate' WHERE c.campaign_id = (SELECT campaign_id FROM cases WHERE "
		       "id = $1) AND "
		       "c.id <> $1 AND c.state IN ('confirmed', 'resurrected') AND c.deleted_ms IS "
		       "NULL AND "
		       "c.evidence_ms IS NOT NULL AND (CAST($2 AS TEXT) IS NULL OR EXISTS (SELECT "
		       "1 FROM "
		       "case_contacts k WHERE k.case_id = c.id AND LOWER(k.address) = $2)) ORDER "
		       "BY c.id LIMIT "
		       "$3"),
		HK_ARGS(hk_v_int(case_id), hk_v_str(address), hk_v_int(limit)), error);
	bool good;

	while (next(rows, &good, error)) {
		int64_t id = hk_rows_int(rows, 0);
		g_array_append_val(list, id);
	}
	*ret = good ? g_steal_pointer(&list) : NULL;
	return good;
}

bool
hk_telling_told(hk_db *db, int64_t case_id, const char *channel, const char *recipient,
	const char *step, int64_t round, int64_t *ret, GError **error)
{
	return hk_db_int(db,
		HK_SQL("SELECT COALESCE(MAX(r.id), 0) FROM report_sites s JOIN reports r ON r.id = "
		       "s.report_id "
		       "WHERE s.case_id = $1 AND r.channel = $2 AND r.recipient = $3 AND r.step = "
		       "$4 AND "
		       "r.round = $5 AND r.state <> 'dropped'"),
		HK_ARGS(hk_v_int(case_id), hk_v_str(channel), hk_v_str(recipient), hk_v_str(step),
			hk_v_int(round)),
		ret, error);
}

bool
hk_telling_round(hk_db *db, int64_t case_id, int64_t *ret, GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT r.round, MAX(r.drafted_ms), (SELECT MAX(e.at_ms) FROM events e "
		       "WHERE e.case_id = $1 "
		       "AND e.act = 'case.resurrect') FROM report_sites s JOIN reports r ON r.id = "
		       "s.report_id "
		       "WHERE s.case_id = $1 AND r.state <> 'dropped' GROUP BY r.round ORDER BY "
		       "r.round DESC "
		       "LIMIT 1"),
		HK_ARGS(hk_v_int(case_id)), error);
	bool found;

	if (!hk_rows_one(rows, &found, error)) {
		return false;
	}
	*ret = !found ? 1 : hk_rows_int(rows, 0) + (hk_rows_int(rows, 2) > hk_rows_int(rows, 1));
	return true;
}

bool
hk_telling_confirmer(hk_db *db, int64_t case_id, int64_t *ret, GError **error)
{
	return hk_db_int(db,
		HK_SQL("SELECT COALESCE((SELECT u.id FROM events e JOIN users u ON u.login = e.who "
		       "WHERE e.case_id = "
		       "$1 AND e.act = 'case.confirm' ORDER BY e.seq DESC LIMIT 1), 0)"),
		HK_ARGS(hk_v_int(case_id)), ret, error);
}

bool
hk_telling_ledger(hk_db *db, int64_t case_id, hk_telling_sent_fn each, void *user, GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT DISTINCT r.id, r.sent_ms, COALESCE(r.acknowledged_ms, r.ended_ms), "
		       "r.channel, "
		       "r.name, r.recipient, r.state, COALESCE(r.remote_id, r.token) FROM "
		       "report_sites s JOIN "
		       "reports r ON r.id = s.report_id WHERE s.case_id = $1 AND r.sent_ms IS NOT "
		       "NULL ORDER BY "
		       "r.sent_ms, r.id"),
		HK_ARGS(hk_v_int(case_id)), error);
	bool good;

	while (next(rows, &good, error)) {
		const hk_telling_sent sent = {.id = hk_rows_int(rows, 0),
			.sent_ms = hk_rows_int(rows, 1),
			.answered_ms = hk_rows_int(rows, 2),
			.channel = hk_rows_str(rows, 3),
			.name = hk_rows_str(rows, 4),
			.recipient = hk_rows_str(rows, 5),
			.state = hk_rows_str(rows, 6),
			.reference = hk_rows_str(rows, 7)};
		each(user, &sent);
	}
	return good;
}

bool
hk_telling_official(hk_db *db, hk_telling_domain_fn each, void *user, GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT domains, own FROM targets WHERE state = 'active' ORDER BY id"),
		HK_NO_ARGS, error);
	bool good;

	while (next(rows, &good, error)) {
		g_autoptr(hk_json_doc) doc =
			hk_json_load(hk_span_str(hk_rows_str(rows, 0)), DOMAINS_BYTES_MAX, NULL);
		hk_json all = doc ? hk_json_root(doc) : (hk_json){0};
		for (size_t i = 0; doc && i < hk_json_len(&all); i++) {
			hk_json one = hk_json_at(&all, i);
			const char *domain = hk_json_text(&one);
			if (domain) {
				each(user, domain, hk_rows_int(rows, 1) != 0);
			}
		}
	}
	return good;
}
