#include "store/waves_read.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/jpholiday.h"
#include "base/num.h"
#include "match/calendar.h"
#include "store/rowjson.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"

#define ZONE_MS INT64_C(32400000) /* Japan is ahead of UTC */
#define HOUR_MS INT64_C(3600000)
#define DAY_MS  INT64_C(86400000)

#define WAVE_SQL                                                                                   \
	"SELECT w.id, w.family, w.text, w.brands, t.id, t.key, t.name, t.name_en, t.own, k.id, "   \
	"k.name, k.host, k.domain, k.state, w.first_ms, w.last_ms, w.commands, w.numbers, "        \
	"w.repeated, w.landing FROM waves w LEFT JOIN targets t ON t.id = w.target_id LEFT JOIN "  \
	"cases k ON k.id = w.case_id WHERE "
enum { FIRST = 14, LAST = 15 };

static const hk_col wave_cols[] = {{HK_COL_INT, "id"}, {HK_COL_TEXT, "family"},
	{HK_COL_TEXT, "text"}, {HK_COL_RAW, "brands"}, {HK_COL_OPEN, "target"}, {HK_COL_INT, "id"},
	{HK_COL_TEXT, "key"}, {HK_COL_TEXT, "name"}, {HK_COL_TEXT, "name_en"}, {HK_COL_BOOL, "own"},
	{HK_COL_CLOSE, NULL}, {HK_COL_OPEN, "case"}, {HK_COL_INT, "id"}, {HK_COL_TEXT, "name"},
	{HK_COL_TEXT, "host"}, {HK_COL_TEXT, "domain"}, {HK_COL_TEXT, "state"},
	{HK_COL_CLOSE, NULL}, {HK_COL_TIME, "first"}, {HK_COL_TIME, "last"},
	{HK_COL_INT, "commands"}, {HK_COL_INT, "numbers"}, {HK_COL_INT, "repeated"},
	{HK_COL_TEXT, "landing"}, {HK_COL_END, NULL}};

/* ---- The list ---- */

/* "MS.ID", of the last row that was shown. */
static bool
cursor_of(const char *after, int64_t *ret_ms, int64_t *ret_id, GError **error)
{
	const char *dot = strchr(after, '.');
	uint64_t ms, id;

	if (!dot ||
		hk_parse_u64(hk_span_of(after, (size_t)(dot - after)), INT64_MAX, &ms) != HK_OK ||
		hk_parse_u64(hk_span_str(dot + 1), INT64_MAX, &id) != HK_OK) {
		return hk_error_set(error, HK_EFORM,
			"after: this is no cursor of this list; begin again without it");
	}
	*ret_ms = (int64_t)ms;
	*ret_id = (int64_t)id;
	return true;
}

static void
put_terms(hk_sqlb *b, const hk_waves_filter *f)
{
	const struct {
		hk_sql sql;
		bool on;
		hk_value value;
	} terms[] = {
		{HK_SQL(" AND w.family = "), f->family != NULL, hk_v_str(f->family)},
		{HK_SQL(" AND t.key = "), f->target != NULL, hk_v_str(f->target)},
		{HK_SQL(" AND w.case_id = "), f->case_id != 0, hk_v_int(f->case_id)},
		{HK_SQL(" AND w.last_ms >= "), f->from_ms != 0, hk_v_int(f->from_ms)},
		{HK_SQL(" AND w.first_ms < "), f->to_ms != 0, hk_v_int(f->to_ms)},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(terms); i++) {
		if (terms[i].on) {
			hk_sqlb_add(b, terms[i].sql);
			hk_sqlb_value(b, terms[i].value);
		}
	}
}

static void
free_string(void *data)
{
	g_string_free(data, true);
}

/* A page of waves: items as JSON without the closing bracket, and their numbers. */
typedef struct page {
	GPtrArray *items;          /* of GString */
	GArray *ids;               /* of int64_t */
	int64_t first_ms, last_ms; /* of the last one */
	bool more;
} page;

static bool
read_page(hk_rows *taken, size_t limit, page *ret, GError **error)
{
	g_autoptr(hk_rows) rows = taken;
	GError *inner = NULL;

	while (rows && hk_rows_next(rows, &inner)) {
		if (ret->ids->len == limit) {
			ret->more = true;
			break;
		}
		int64_t id = hk_rows_int(rows, 0);
		GString *item = g_string_new(NULL);
		hk_jsonw_open(item, '{');
		hk_row_json(rows, wave_cols, item);
		g_ptr_array_add(ret->items, item);
		g_array_append_val(ret->ids, id);
		ret->first_ms = hk_rows_int(rows, FIRST);
		ret->last_ms = hk_rows_int(rows, LAST);
	}
	if (inner) {
		g_propagate_error(error, inner);
	}
	return rows && !inner;
}

/* "ports" of each; rows come in the order of wave and port. */
static bool
read_ports(hk_db *db, const GArray *ids, GHashTable *ret, GError **error)
{
	g_autoptr(hk_sqlb) b = hk_sqlb_new(db);
	GError *inner = NULL;

	hk_sqlb_add(b, HK_SQL("SELECT DISTINCT c.wave_id, s.port FROM c2_commands c JOIN "
			      "c2_sessions s ON s.id = c.session_id WHERE c.wave_id IN ("));
	for (size_t i = 0; i < ids->len; i++) {
		hk_sqlb_add(b, i > 0 ? HK_SQL(", ") : HK_SQL(""));
		hk_sqlb_value(b, hk_v_int(g_array_index(ids, int64_t, i)));
	}
	hk_sqlb_add(b, HK_SQL(") ORDER BY 1, 2"));
	g_autoptr(hk_rows) rows = hk_sqlb_query(b, db, error);
	while (rows && hk_rows_next(rows, &inner)) {
		int64_t id = hk_rows_int(rows, 0);
		GString *list = g_hash_table_lookup(ret, &id);
		if (!list) {
			list = g_string_new("[");
			g_hash_table_insert(ret, g_memdup2(&id, sizeof id), list);
		}
		hk_jsonw_int(list, hk_rows_int(rows, 1));
	}
	if (inner) {
		g_propagate_error(error, inner);
	}
	return rows && !inner;
}

static void
put_list(GHashTable *lists, const char *key, int64_t id, GString *out)
{
	const GString *list = g_hash_table_lookup(lists, &id);

	hk_jsonw_key(out, key);
	hk_jsonw_open(out, '[');
	if (list) {
		g_string_append(out, list->str + 1);
	}
	hk_jsonw_close(out, ']');
}

static bool
put_page(hk_db *db, const page *p, GString *out, GError **error)
{
	g_autoptr(GHashTable) ports =
		g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, free_string);

	if (p->ids->len > 0 && !read_ports(db, p->ids, ports, error)) {
		return false;
	}
	for (unsigned i = 0; i < p->ids->len; i++) {
		GString *item = g_ptr_array_index(p->items, i);
		put_list(ports, "ports", g_array_index(p->ids, int64_t, i), item);
		hk_jsonw_close(item, '}');
		hk_json_raw(out, item->str);
	}
	return true;
}

bool
hk_waves_read(hk_db *db, const hk_waves_filter *f, GString *out, char **ret_next, GError **error)
{
	g_autoptr(GPtrArray) items = g_ptr_array_new_with_free_func(free_string);
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
	g_autoptr(hk_sqlb) b = hk_sqlb_new(db);
	page p = {.items = items, .ids = ids};
	int64_t ms = 0, id = 0;

	hk_sqlb_add(b, HK_SQL(WAVE_SQL "w.id > 0"));
	put_terms(b, f);
	if (f->after) {
		if (!cursor_of(f->after, &ms, &id, error)) {
			return false;
		}
		hk_sqlb_add(b, HK_SQL(" AND (w.last_ms, w.id) < ("));
		hk_sqlb_value(b, hk_v_int(ms));
		hk_sqlb_add(b, HK_SQL(", "));
		hk_sqlb_value(b, hk_v_int(id));
		hk_sqlb_add(b, HK_SQL(")"));
	}
	hk_sqlb_add(b, HK_SQL(" ORDER BY w.last_ms DESC, w.id DESC LIMIT "));
	hk_sqlb_value(b, hk_v_int(f->limit + 1));
	if (!read_page(hk_sqlb_query(b, db, error), (size_t)f->limit, &p, error) ||
		!put_page(db, &p, out, error)) {
		return false;
	}
	*ret_next = p.more ? g_strdup_printf("%" PRId64 ".%" PRId64, p.last_ms,
				     g_array_index(ids, int64_t, ids->len - 1))
			   : NULL;
	return true;
}

/* ---- One wave ---- */

static const hk_col command_cols[] = {{HK_COL_INT, "id"}, {HK_COL_TIME, "at"},
	{HK_COL_INT, "session_id"}, {HK_COL_TEXT, "host"}, {HK_COL_INT, "port"},
	{HK_COL_TEXT, "verb"}, {HK_COL_TEXT, "word"}, {HK_COL_TEXT, "text"},
	{HK_COL_INT, "numbers"}, {HK_COL_INT, "masked"}, {HK_COL_INT, "odd"},
	{HK_COL_INT, "doubles"}, {HK_COL_END, NULL}};
static const hk_col region_cols[] = {{HK_COL_TEXT, "region"}, {HK_COL_INT, "numbers"},
	{HK_COL_INT, "times"}, {HK_COL_END, NULL}};
static const hk_col other_cols[] = {{HK_COL_INT, "id"}, {HK_COL_TEXT, "text"},
	{HK_COL_TIME, "first"}, {HK_COL_INT, "numbers"}, {HK_COL_END, NULL}};

/* What hangs on a wave: member, statement with the wave as $1 and the limit as $2, columns. */
static const struct {
	const char *member;
	hk_sql sql;
	const hk_col *cols;
	int64_t limit;
} hanging[] = {
	{"command_list",
		HK_SQL("SELECT c.id, c.at_ms, s.id, s.host, s.port, c.verb, c.word, c.text, "
		       "c.numbers, c.masked, c.odd, c.doubles FROM c2_commands c JOIN c2_sessions "
		       "s ON s.id = c.session_id WHERE c.wave_id = $1 ORDER BY c.at_ms, c.id LIMIT "
		       "$2"),
		command_cols, HK_WAVES_READ_COMMANDS},
	{"regions",
		HK_SQL("SELECT region, count(*), CAST(sum(times) AS BIGINT) FROM wave_numbers "
		       "WHERE wave_id = $1 GROUP BY region ORDER BY 2 DESC, 1 LIMIT $2"),
		region_cols, HK_WAVES_READ_REGIONS},
	{"others",
		HK_SQL("SELECT w.id, w.text, w.first_ms, x.shared FROM (SELECT o.wave_id, "
		       "count(*) AS shared FROM wave_numbers n JOIN wave_numbers o ON o.hash = "
		       "n.hash AND o.wave_id <> n.wave_id WHERE n.wave_id = $1 GROUP BY o.wave_id "
		       "ORDER BY 2 DESC, 1 LIMIT $2) x JOIN waves w ON w.id = x.wave_id ORDER BY "
		       "x.shared DESC, w.id"),
		other_cols, HK_WAVES_READ_OTHERS},
};

static bool
put_hanging(hk_db *db, int64_t id, GString *out, GError **error)
{
	for (size_t i = 0; i < G_N_ELEMENTS(hanging); i++) {
		hk_jsonw_key(out, hanging[i].member);
		hk_jsonw_open(out, '[');
		if (!hk_rows_json(hk_db_query(db, hanging[i].sql,
					  HK_ARGS(hk_v_int(id), hk_v_int(hanging[i].limit)), error),
			    hanging[i].cols, out, (size_t)hanging[i].limit, NULL, NULL, error)) {
			return false;
		}
		hk_jsonw_close(out, ']');
	}
	return true;
}

static bool
put_count(hk_db *db, hk_sql sql, int64_t id, const char *key, GString *out, GError **error)
{
	int64_t n;

	if (!hk_db_int(db, sql, HK_ARGS(hk_v_int(id)), &n, error)) {
		return false;
	}
	hk_jsonw_member_int(out, key, n);
	return true;
}

/* Where each link of the wave led: link -> list. */
static bool
read_landings(hk_db *db, int64_t id, GHashTable *ret, GError **error)
{
	static const hk_col cols[] = {{HK_COL_SKIP, NULL}, {HK_COL_TEXT, "landing"},
		{HK_COL_RAW, "hops"}, {HK_COL_TIME, "first"}, {HK_COL_TIME, "last"},
		{HK_COL_END, NULL}};
	GError *inner = NULL;
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT l.link_id, l.landing, l.hops, l.first_ms, l.last_ms FROM wave_links "
		       "w JOIN c2_landings l ON l.link_id = w.link_id WHERE w.wave_id = $1 ORDER "
		       "BY l.link_id, l.id DESC LIMIT $2"),
		HK_ARGS(hk_v_int(id), hk_v_int(HK_WAVES_READ_LANDINGS)), error);

	while (rows && hk_rows_next(rows, &inner)) {
		int64_t link = hk_rows_int(rows, 0);
		GString *list = g_hash_table_lookup(ret, &link);
		if (!list) {
			list = g_string_new("[");
			g_hash_table_insert(ret, g_memdup2(&link, sizeof link), list);
		}
		hk_jsonw_open(list, '{');
		hk_row_json(rows, cols, list);
		hk_jsonw_close(list, '}');
	}
	if (inner) {
		g_propagate_error(error, inner);
	}
	return rows && !inner;
}

static bool
put_links(hk_db *db, int64_t id, GString *out, GError **error)
{
	static const hk_col cols[] = {{HK_COL_INT, "id"}, {HK_COL_TEXT, "url"},
		{HK_COL_BOOL, "short"}, {HK_COL_TEXT, "landing"}, {HK_COL_TEXT, "state"},
		{HK_COL_INT, "times"}, {HK_COL_RAW, "hops"}, {HK_COL_TIME, "first"},
		{HK_COL_TIME, "last"}, {HK_COL_TIME, "changed"}, {HK_COL_INT, "checks"},
		{HK_COL_TIME, "due"}, {HK_COL_TEXT, "why"}, {HK_COL_END, NULL}};
	g_autoptr(GHashTable) landings =
		g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, free_string);
	GError *inner = NULL;

	if (!read_landings(db, id, landings, error)) {
		return false;
	}
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT l.id, l.url, l.short, l.landing, l.state, w.times, l.hops, "
		       "l.first_ms, l.last_ms, l.changed_ms, l.checks, l.due_ms, l.why FROM "
		       "wave_links w JOIN c2_links l ON l.id = w.link_id WHERE w.wave_id = $1 "
		       "ORDER BY l.id LIMIT $2"),
		HK_ARGS(hk_v_int(id), hk_v_int(HK_WAVES_READ_LINKS)), error);
	hk_jsonw_key(out, "links");
	hk_jsonw_open(out, '[');
	while (rows && hk_rows_next(rows, &inner)) {
		hk_jsonw_open(out, '{');
		hk_row_json(rows, cols, out);
		put_list(landings, "landings", hk_rows_int(rows, 0), out);
		hk_jsonw_close(out, '}');
	}
	hk_jsonw_close(out, ']');
	if (inner) {
		g_propagate_error(error, inner);
	}
	return rows && !inner;
}

/* The day of a wave: where the victims live, and where the senders do. */
static void
put_day(int64_t ms, GString *out)
{
	int64_t days = (ms + ZONE_MS) / DAY_MS;
	hk_calendar_day at = hk_calendar_of(days);
	int year, month, day;
	char date[48];

	hk_date_of(days, &year, &month, &day);
	snprintf(date, sizeof date, "%04d-%02d-%02d", year, month, day);
	hk_jsonw_key(out, "day");
	hk_jsonw_open(out, '{');
	hk_jsonw_member_str(out, "date", date);
	hk_jsonw_member_int(out, "weekday", at.weekday);
	hk_jsonw_member_int(out, "hour", (ms + ZONE_MS) / HOUR_MS % 24);
	hk_jsonw_member_bool(out, "holiday", at.jp_holiday);
	hk_jsonw_member_bool(out, "off", at.jp_off);
	hk_jsonw_key(out, "china");
	hk_jsonw_open(out, '{');
	hk_jsonw_member_bool(out, "known", at.cn_known);
	hk_jsonw_member_bool(out, "off", at.cn_off);
	hk_jsonw_member_bool(out, "worked", at.cn_worked);
	hk_jsonw_member_str(out, "name", at.cn);
	hk_jsonw_member_str(out, "name_zh", at.cn_zh);
	hk_jsonw_close(out, '}');
	hk_jsonw_close(out, '}');
}

static bool
put_wave(hk_db *db, int64_t id, GString *out, int64_t *ret_first_ms, GError **error)
{
	g_autoptr(hk_sqlb) b = hk_sqlb_new(db);
	g_autoptr(GPtrArray) items = g_ptr_array_new_with_free_func(free_string);
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
	g_autoptr(GHashTable) ports =
		g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, free_string);
	page p = {.items = items, .ids = ids};

	hk_sqlb_add(b, HK_SQL(WAVE_SQL "w.id = "));
	hk_sqlb_value(b, hk_v_int(id));
	if (!read_page(hk_sqlb_query(b, db, error), 1, &p, error)) {
		return false;
	}
	if (ids->len == 0) {
		return hk_rows_none("wave", id, error);
	}
	if (!read_ports(db, ids, ports, error)) {
		return false;
	}
	*ret_first_ms = p.first_ms;
	hk_json_raw(out, ((const GString *)g_ptr_array_index(items, 0))->str);
	put_list(ports, "ports", id, out);
	return true;
}

bool
hk_waves_read_one(hk_db *db, int64_t id, GString *out, GError **error)
{
	int64_t first_ms;

	if (!put_wave(db, id, out, &first_ms, error) || !put_links(db, id, out, error) ||
		!put_hanging(db, id, out, error) ||
		!put_count(db,
			HK_SQL("SELECT count(DISTINCT region) FROM wave_numbers WHERE wave_id = "
			       "$1"),
			id, "region_count", out, error) ||
		!put_count(db,
			HK_SQL("SELECT count(*) FROM wave_numbers n WHERE n.wave_id = $1 AND "
			       "EXISTS (SELECT 1 FROM wave_numbers o WHERE o.hash = n.hash AND "
			       "o.wave_id <> n.wave_id)"),
			id, "shared", out, error)) {
		return false;
	}
	put_day(first_ms, out);
	hk_jsonw_close(out, '}');
	return true;
}
