#include "store/cases.h"

#include <string.h>

#include "store/later.h"
#include "store/lookup.h"

static const struct {
	const char *name;
	bool by_hand;
} clocks[] = {
#define CLOCK(id, name, by_hand) {name, by_hand},
#include "store/clocks.def"
#undef CLOCK
};

/* The columns but id, in the order of hk_case_row; the clocks in the order of clocks.def. */
#define COLUMNS                                                                                    \
	"name, kind, state, host, domain, url, urls, score, reasons, target_id, "                  \
	"service, actor_id, campaign_id, source_id, reporter_id, assignee_id, "                    \
	"scope_rule, gsb_type, ticket_type, wants, capture, merged_into, first_seen_ms, "          \
	"detected_ms, opened_ms, triaged_ms, confirmed_ms, evidence_ms, approved_ms, "             \
	"reported_ms, acknowledged_ms, listed_ms, content_gone_ms, on_hold_ms, "                   \
	"dns_gone_ms, down_ms, closed_ms, last_seen_ms, due_ms, due_clock, breached, "             \
	"updated_ms, deleted_ms, version"
#define PLACES                                                                                     \
	"$2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, "            \
	"$19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, "              \
	"$34, $35, $36, $37, $38, $39, $40, $41, $42, $43, $44, $45"
/* The same places as columns of a set of rows, and the letters of store/rowset.h. */
#define PARTS                                                                                      \
	"p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12, p13, p14, p15, p16, "                      \
	"p17, p18, p19, p20, p21, p22, p23, p24, p25, p26, p27, p28, p29, p30, "                   \
	"p31, p32, p33, p34, p35, p36, p37, p38, p39, p40, p41, p42, p43, p44, "                   \
	"p45"
#define LETTERS "ittttttirtitiiiiittttbiiiiiiiiiiiiiiiiiitiiii"
enum { FIRST_CLOCK = 23, COLUMN_COUNT = 44, FOUND_MAX = 8 };

const char *
hk_clock_name(hk_clock clock)
{
	return clocks[clock].name;
}

bool
hk_clock_by_hand(hk_clock clock)
{
	return clocks[clock].by_hand;
}

void
hk_case_row_clear(hk_case_row *row)
{
	g_free(row->name);
	g_free(row->host);
	g_free(row->domain);
	g_free(row->url);
	g_free(row->reasons);
	g_free(row->service);
	g_free(row->scope_rule);
	g_free(row->gsb_type);
	g_free(row->ticket_type);
	g_free(row->wants);
	g_free(row->due_clock);
	*row = (hk_case_row){0};
}

void
hk_case_row_copy(const hk_case_row *row, hk_case_row *ret)
{
	*ret = *row;
	ret->name = g_strdup(row->name);
	ret->host = g_strdup(row->host);
	ret->domain = g_strdup(row->domain);
	ret->url = g_strdup(row->url);
	ret->reasons = g_strdup(row->reasons);
	ret->service = g_strdup(row->service);
	ret->scope_rule = g_strdup(row->scope_rule);
	ret->gsb_type = g_strdup(row->gsb_type);
	ret->ticket_type = g_strdup(row->ticket_type);
	ret->wants = g_strdup(row->wants);
	ret->due_clock = g_strdup(row->due_clock);
}

bool
hk_case_facets_of(const hk_case_row *row, hk_case_facets *ret)
{
	if (row->deleted_ms != 0 || strcmp(row->state, "duplicate") == 0) {
		return false;
	}
	*ret = (hk_case_facets){.opened_ms = row->clocks[HK_CLOCK_OPENED],
		.detected_ms = row->clocks[HK_CLOCK_DETECTED],
		.state = row->state,
		.kind = row->kind,
		.target_id = row->target_id,
		.actor_id = row->actor_id,
		.source_id = row->source_id};
	return true;
}

void
hk_cases_fill(const hk_rows *rows, hk_case_row *ret)
{
	*ret = (hk_case_row){.id = hk_rows_int(rows, 0)};
	ret->name = g_strdup(hk_rows_str(rows, 1));
	ret->kind = g_intern_string(hk_rows_str(rows, 2));
	ret->state = g_intern_string(hk_rows_str(rows, 3));
	ret->host = g_strdup(hk_rows_str(rows, 4));
	ret->domain = g_strdup(hk_rows_str(rows, 5));
	ret->url = g_strdup(hk_rows_str(rows, 6));
	ret->urls = hk_rows_int(rows, 7);
	ret->score = hk_rows_real(rows, 8);
	ret->reasons = g_strdup(hk_rows_str(rows, 9));
	ret->target_id = hk_rows_int(rows, 10);
	ret->service = g_strdup(hk_rows_str(rows, 11));
	ret->actor_id = hk_rows_int(rows, 12);
	ret->campaign_id = hk_rows_int(rows, 13);
	ret->source_id = hk_rows_int(rows, 14);
	ret->reporter_id = hk_rows_int(rows, 15);
	ret->assignee_id = hk_rows_int(rows, 16);
	ret->scope_rule = g_strdup(hk_rows_str(rows, 17));
	ret->gsb_type = g_strdup(hk_rows_str(rows, 18));
	ret->ticket_type = g_strdup(hk_rows_str(rows, 19));
	ret->wants = g_strdup(hk_rows_str(rows, 20));
	hk_span capture = hk_rows_blob(rows, 21);
	ret->has_capture = capture.len == sizeof ret->capture;
	if (ret->has_capture) {
		memcpy(ret->capture, capture.data, capture.len);
	}
	ret->merged_into = hk_rows_int(rows, 22);
	for (unsigned i = 0; i < HK_CLOCK_COUNT; i++) {
		ret->clocks[i] = hk_rows_int(rows, FIRST_CLOCK + i);
	}
	unsigned at = FIRST_CLOCK + HK_CLOCK_COUNT;
	ret->last_seen_ms = hk_rows_int(rows, at++);
	ret->due_ms = hk_rows_int(rows, at++);
	ret->due_clock = g_strdup(hk_rows_str(rows, at++));
	ret->breached = hk_rows_int(rows, at++) != 0;
	ret->updated_ms = hk_rows_int(rows, at++);
	ret->deleted_ms = hk_rows_int(rows, at++);
	ret->version = hk_rows_int(rows, at++);
}

static bool
one_case(hk_rows *rows, int64_t id, hk_case_row *ret, GError **error)
{
	if (!hk_rows_the(rows, "case", id, error)) {
		return false;
	}
	hk_cases_fill(rows, ret);
	return true;
}

bool
hk_cases_get(hk_db *db, int64_t id, hk_case_row *ret, GError **error)
{
	g_autoptr(hk_rows) rows =
		hk_db_query(db, HK_SQL("SELECT id, " COLUMNS " FROM cases WHERE id = $1"),
			HK_ARGS(hk_v_int(id)), error);

	return one_case(rows, id, ret, error);
}

bool
hk_cases_lock(hk_db *db, int64_t id, hk_case_row *ret, GError **error)
{
	hk_sql sql = hk_db_engine_of(db) == HK_DB_PGSQL
			     ? HK_SQL("SELECT id, " COLUMNS " FROM cases WHERE id = $1 FOR UPDATE")
			     : HK_SQL("SELECT id, " COLUMNS " FROM cases WHERE id = $1");
	const hk_later *later = hk_later_of(db);
	const hk_case_row *held = later ? hk_later_case(later, id) : NULL;
	if (held) {
		hk_case_row_copy(held, ret);
		return true;
	}
	g_autoptr(hk_rows) rows = hk_db_query(db, sql, HK_ARGS(hk_v_int(id)), error);

	return one_case(rows, id, ret, error);
}

hk_rows *
hk_cases_lock_all(hk_db *db, const hk_rowset *ids, GError **error)
{
	return hk_rowset_query(ids, db,
		HK_SQL("SELECT id, " COLUMNS
		       " FROM cases WHERE id = ANY($1) ORDER BY id FOR UPDATE"),
		error);
}

/* $1 is the number; the others stand as in COLUMNS. */
static void
values_of(const hk_case_row *row, hk_value *ret)
{
	unsigned at = 0;

	ret[at++] = hk_v_id(row->id);
	ret[at++] = hk_v_str(row->name);
	ret[at++] = hk_v_str(row->kind);
	ret[at++] = hk_v_str(row->state);
	ret[at++] = hk_v_str(row->host);
	ret[at++] = hk_v_str(row->domain);
	ret[at++] = hk_v_str(row->url);
	ret[at++] = hk_v_int(row->urls);
	ret[at++] = hk_v_real(row->score);
	ret[at++] = hk_v_str(row->reasons);
	ret[at++] = hk_v_id(row->target_id);
	ret[at++] = hk_v_str(row->service);
	ret[at++] = hk_v_id(row->actor_id);
	ret[at++] = hk_v_id(row->campaign_id);
	ret[at++] = hk_v_int(row->source_id);
	ret[at++] = hk_v_id(row->reporter_id);
	ret[at++] = hk_v_id(row->assignee_id);
	ret[at++] = hk_v_str(row->scope_rule);
	ret[at++] = hk_v_str(row->gsb_type);
	ret[at++] = hk_v_str(row->ticket_type);
	ret[at++] = hk_v_str(row->wants);
	ret[at++] = row->has_capture ? hk_v_blob(hk_span_of(row->capture, sizeof row->capture))
				     : hk_v_null();
	ret[at++] = hk_v_id(row->merged_into);
	for (unsigned i = 0; i < HK_CLOCK_COUNT; i++) {
		ret[at++] =
			i <= HK_CLOCK_OPENED ? hk_v_int(row->clocks[i]) : hk_v_id(row->clocks[i]);
	}
	ret[at++] = hk_v_int(row->last_seen_ms);
	ret[at++] = hk_v_id(row->due_ms);
	ret[at++] = hk_v_str(row->due_clock);
	ret[at++] = hk_v_int(row->breached);
	ret[at++] = hk_v_int(row->updated_ms);
	ret[at++] = hk_v_id(row->deleted_ms);
	ret[at++] = hk_v_int(row->version);
}

bool
hk_cases_insert(hk_db *db, hk_case_row *row, GError **error)
{
	hk_value values[1 + COLUMN_COUNT];
	hk_later *later = hk_later_of(db);
	int64_t id;

	if (later) {
		return hk_later_open(later, row, error);
	}
	row->version = 1;
	values_of(row, values);
	/* The number is the database's to give. SQLite makes a table of its own for each RETURNING, and another for INSERT ... SELECT:
	 * together they cost as much as the row and all its indexes. */
	if (hk_db_engine_of(db) == HK_DB_SQLITE) {
		if (!hk_db_exec(db,
			    HK_SQL("INSERT INTO cases (id, " COLUMNS ") VALUES ($1, " PLACES ")"),
			    values, G_N_ELEMENTS(values), NULL, error) ||
			!hk_db_int(
				db, HK_SQL("SELECT last_insert_rowid()"), HK_NO_ARGS, &id, error)) {
			return false;
		}
	} else if (!hk_db_int(db,
			   HK_SQL("INSERT INTO cases (" COLUMNS ") SELECT " PLACES
				  " WHERE CAST($1 AS BIGINT) IS NULL RETURNING id"),
			   values, G_N_ELEMENTS(values), &id, error)) {
		return false;
	}
	row->id = id;
	return true;
}

bool
hk_cases_write(hk_db *db, const GPtrArray *list, bool fresh, GError **error)
{
	g_autoptr(hk_rowset) set = hk_rowset_new(LETTERS);
	hk_value values[1 + COLUMN_COUNT];

	for (unsigned i = 0; i < list->len; i++) {
		values_of(list->pdata[i], values);
		hk_rowset_add(set, values);
	}
	return hk_rowset_exec(set, db,
		fresh ? HK_SQL("INSERT INTO cases (id, " COLUMNS
			       ") SELECT * FROM UNNEST($1, " PLACES ")")
		      : HK_SQL("UPDATE cases SET (" COLUMNS ") = ROW(" PARTS
			       ") FROM UNNEST($1, " PLACES ") AS v(p1, " PARTS
			       ") WHERE cases.id = v.p1"),
		NULL, error);
}

static bool
update_state(hk_db *db, const hk_case_row *row, GError **error)
{
	const int64_t *clocks_of = row->clocks;

	return hk_db_exec(db,
		HK_SQL("UPDATE cases SET urls = $2, last_seen_ms = $3, updated_ms = $4, version = "
		       "$5, "
		       "state = $6, triaged_ms = $7, confirmed_ms = $8, reported_ms = $9, down_ms "
		       "= $10, "
		       "closed_ms = $11, due_ms = $12, due_clock = $13, breached = $14 WHERE id = "
		       "$1"),
		HK_ARGS(hk_v_int(row->id), hk_v_int(row->urls), hk_v_int(row->last_seen_ms),
			hk_v_int(row->updated_ms), hk_v_int(row->version), hk_v_str(row->state),
			hk_v_id(clocks_of[HK_CLOCK_TRIAGED]),
			hk_v_id(clocks_of[HK_CLOCK_CONFIRMED]),
			hk_v_id(clocks_of[HK_CLOCK_REPORTED]), hk_v_id(clocks_of[HK_CLOCK_DOWN]),
			hk_v_id(clocks_of[HK_CLOCK_CLOSED]), hk_v_id(row->due_ms),
			hk_v_str(row->due_clock), hk_v_int(row->breached)),
		NULL, error);
}

static bool
update_campaign(hk_db *db, const hk_case_row *row, GError **error)
{
	return hk_db_exec(db,
		HK_SQL("UPDATE cases SET campaign_id = $2, updated_ms = $3, version = $4 WHERE id "
		       "= $1"),
		HK_ARGS(hk_v_int(row->id), hk_v_id(row->campaign_id), hk_v_int(row->updated_ms),
			hk_v_int(row->version)),
		NULL, error);
}

static bool
update_all(hk_db *db, const hk_case_row *row, GError **error)
{
	hk_value values[1 + COLUMN_COUNT];

	values_of(row, values);
	return hk_db_exec(db, HK_SQL("UPDATE cases SET (" COLUMNS ") = (" PLACES ") WHERE id = $1"),
		values, G_N_ELEMENTS(values), NULL, error);
}

bool
hk_cases_update(hk_db *db, hk_case_row *row, hk_case_part part, GError **error)
{
	hk_later *later = hk_later_of(db);

	row->version++;
	if (later && hk_later_change(later, row)) {
		return true;
	}
	switch (part) {
	case HK_CASE_ALL:
		return update_all(db, row, error);
	case HK_CASE_STATE:
		return update_state(db, row, error);
	case HK_CASE_CAMPAIGN:
		return update_campaign(db, row, error);
	case HK_CASE_SEEN:
		break;
	}
	return hk_db_exec(db,
		HK_SQL("UPDATE cases SET urls = $2, last_seen_ms = $3, updated_ms = $4, version = "
		       "$5 "
		       "WHERE id = $1"),
		HK_ARGS(hk_v_int(row->id), hk_v_int(row->urls), hk_v_int(row->last_seen_ms),
			hk_v_int(row->updated_ms), hk_v_int(row->version)),
		NULL, error);
}

/* By URL first, then what was seen last. */
static int
by_latest(const void *a, const void *b)
{
	const hk_case_found *x = a, *y = b;

	if (x->by_url != y->by_url) {
		return x->by_url ? -1 : 1;
	}
	if (x->seen_ms != y->seen_ms) {
		return x->seen_ms > y->seen_ms ? -1 : 1;
	}
	return (x->id < y->id) - (x->id > y->id);
}

static void
sort_found(GArray *list)
{
	g_array_sort(list, by_latest);
	g_array_set_size(list, MIN(list->len, FOUND_MAX));
}

/* Sorted here: most keys are in no case or in one, and SQLite would set up three sorters for that. */
bool
hk_cases_find(hk_db *db, const char *url_hash, const char *host, GArray **ret, GError **error)
{
	g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(hk_case_found));
	hk_later *later = hk_later_of(db);
	GError *inner = NULL;

	if (later && hk_later_find(later, url_hash, host, list)) {
		sort_found(list);
		*ret = g_steal_pointer(&list);
		return true;
	}
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT c.id, c.merged_into, c.campaign_id, k.last_ms, c.state, k.kind "
		       "FROM case_keys k JOIN cases c ON c.id = k.case_id AND c.deleted_ms IS NULL "
		       "WHERE k.kind = 'url' AND k.key = $1 "
		       "UNION ALL "
		       "SELECT c.id, c.merged_into, c.campaign_id, k.last_ms, c.state, k.kind "
		       "FROM case_keys k JOIN cases c ON c.id = k.case_id AND c.deleted_ms IS NULL "
		       "WHERE k.kind = 'host' AND k.key = $2"),
		HK_ARGS(hk_v_str(url_hash), hk_v_str(host)), error);

	if (!rows) {
		return false;
	}
	while (hk_rows_next(rows, &inner)) {
		hk_case_found found = {.id = hk_rows_int(rows, 0),
			.merged_into = hk_rows_int(rows, 1),
			.campaign_id = hk_rows_int(rows, 2),
			.seen_ms = hk_rows_int(rows, 3),
			.state = g_intern_string(hk_rows_str(rows, 4)),
			.by_url = hk_rows_str(rows, 5)[0] == 'u'};
		g_array_append_val(list, found);
	}
	if (inner) {
		g_propagate_error(error, inner);
		return false;
	}
	sort_found(list);
	*ret = g_steal_pointer(&list);
	return true;
}

/* One kind of key: its campaign, and the oldest case that has it. The first column orders the kinds. */
#define PEER(rank, kind, place)                                                                    \
	"SELECT " rank ", '" kind "', (SELECT c.id FROM case_keys k JOIN cases c "                 \
	"ON c.id = k.case_id AND c.deleted_ms IS NULL AND c.state <> 'duplicate' "                 \
	"WHERE k.kind = '" kind "' AND k.key = " place " ORDER BY k.case_id LIMIT 1), "            \
	"(SELECT id FROM campaigns WHERE kind = '" kind "' AND key = " place ")"

bool
hk_cases_peers(hk_db *db, const char *certificate, const char *landing, const char *domain,
	GArray **ret, GError **error)
{
	g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(hk_case_peer));
	hk_later *later = certificate || landing ? NULL : hk_later_of(db);
	GError *inner = NULL;

	if (later && domain && hk_later_peers(later, domain, list)) {
		*ret = g_steal_pointer(&list);
		return true;
	}
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT p.kind, p.case_id, c.campaign_id, p.campaign FROM ("
		       "SELECT 0 AS rank, '' AS kind, 0 AS case_id, 0 AS campaign WHERE 1 = 0 "
		       "UNION ALL " PEER("1", "certificate",
			       "CAST($1 AS TEXT)") " "
						   "UNION ALL " PEER("2", "landing",
							   "CAST($2 AS TEXT)") " "
									       "UNION ALL " PEER(
										       "3",
										       "domain",
										       "CAST($3 AS "
										       "TEXT)") ") "
												"p "
												"LE"
												"FT"
												" J"
												"OI"
												"N "
												"ca"
												"se"
												"s "
												"c "
												"ON"
												" c"
												".i"
												"d "
												"= "
												"p."
												"ca"
												"se"
												"_i"
												"d "
												"WH"
												"ER"
												"E "
												"p."
												"ca"
												"se"
												"_i"
												"d "
												"IS"
												" N"
												"OT"
												" N"
												"UL"
												"L "
												"OR"
												" p"
												".c"
												"am"
												"pa"
												"ig"
												"n "
												"IS"
												" N"
												"OT"
												" N"
												"UL"
												"L "
												"OR"
												"DE"
												"R "
												"BY"
												" p"
												".r"
												"an"
												"k"),
		HK_ARGS(hk_v_str(certificate), hk_v_str(landing), hk_v_str(domain)), error);

	if (!rows) {
		return false;
	}
	while (hk_rows_next(rows, &inner)) {
		hk_case_peer peer = {.case_id = hk_rows_int(rows, 1),
			.campaign_id = hk_rows_int(rows, 2),
			.keyed_campaign = hk_rows_int(rows, 3)};
		g_strlcpy(peer.kind, hk_rows_str(rows, 0), sizeof peer.kind);
		g_array_append_val(list, peer);
	}
	if (inner) {
		g_propagate_error(error, inner);
		return false;
	}
	*ret = g_steal_pointer(&list);
	return true;
}
