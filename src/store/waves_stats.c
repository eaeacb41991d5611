/* Statistics of waves (threats.md S22, S23): by hour of the day, by port. */
#include "base/jpholiday.h"
#include "store/waves_read.h"
#include "sys/jsonw.h"

#define ZONE_MS INT64_C(32400000) /* Japan is ahead of UTC */
#define HOUR_MS INT64_C(3600000)
#define DAY_MS  INT64_C(86400000)
enum { HOURS = 24, PORTS_MAX = 64 };

typedef struct port {
	int64_t port, commands, numbers, waves, days, last_day;
	int64_t hours[HOURS];
} port;

/* Index 0: working days, 1: days off. */
typedef struct stats {
	int64_t hours[2][HOURS], days[2];
	port ports[PORTS_MAX]; /* more are counted in the hours alone */
	size_t port_count;
} stats;

/* Commands that sent something, of one family or of all, in a span. */
static hk_sqlb *
select_from(hk_db *db, hk_sql what, const char *family, int64_t from_ms, int64_t to_ms)
{
	hk_sqlb *b = hk_sqlb_new(db);

	hk_sqlb_add(b, what);
	hk_sqlb_add(b, HK_SQL(" FROM c2_commands c JOIN c2_sessions s ON s.id = c.session_id WHERE "
			      "c.wave_id IS NOT NULL AND c.at_ms >= "));
	hk_sqlb_value(b, hk_v_int(from_ms));
	hk_sqlb_add(b, HK_SQL(" AND c.at_ms < "));
	hk_sqlb_value(b, hk_v_int(to_ms));
	if (family) {
		hk_sqlb_add(b, HK_SQL(" AND s.family = "));
		hk_sqlb_value(b, hk_v_str(family));
	}
	return b;
}

static port *
port_of(stats *s, int64_t number)
{
	for (size_t i = 0; i < s->port_count; i++) {
		if (s->ports[i].port == number) {
			return &s->ports[i];
		}
	}
	if (s->port_count == PORTS_MAX) {
		return NULL;
	}
	port *p = &s->ports[s->port_count++];
	*p = (port){.port = number, .last_day = -1};
	return p;
}

/* Rows come in the order of the hours. */
static bool
read_hours(hk_db *db, const char *family, int64_t from_ms, int64_t to_ms, stats *s, GError **error)
{
	g_autoptr(hk_sqlb) b = select_from(db,
		HK_SQL("SELECT (c.at_ms + 32400000) / 3600000, s.port, count(*), "
		       "CAST(sum(c.numbers) AS BIGINT)"),
		family, from_ms, to_ms);
	GError *inner = NULL;

	hk_sqlb_add(b, HK_SQL(" GROUP BY 1, 2 ORDER BY 1, 2"));
	g_autoptr(hk_rows) rows = hk_sqlb_query(b, db, error);
	while (rows && hk_rows_next(rows, &inner)) {
		int64_t hour = hk_rows_int(rows, 0), day = hour / HOURS, n = hk_rows_int(rows, 2);
		port *p = port_of(s, hk_rows_int(rows, 1));
		s->hours[hk_jpholiday_off(day)][hour % HOURS] += n;
		if (p) {
			p->commands += n;
			p->hours[hour % HOURS] += n;
			p->numbers += hk_rows_int(rows, 3);
			p->days += p->last_day != day;
			p->last_day = day;
		}
	}
	if (inner) {
		g_propagate_error(error, inner);
	}
	return rows && !inner;
}

static bool
read_waves_of_ports(
	hk_db *db, const char *family, int64_t from_ms, int64_t to_ms, stats *s, GError **error)
{
	g_autoptr(hk_sqlb) b = select_from(
		db, HK_SQL("SELECT s.port, count(DISTINCT c.wave_id)"), family, from_ms, to_ms);
	GError *inner = NULL;

	hk_sqlb_add(b, HK_SQL(" GROUP BY s.port"));
	g_autoptr(hk_rows) rows = hk_sqlb_query(b, db, error);
	while (rows && hk_rows_next(rows, &inner)) {
		port *p = port_of(s, hk_rows_int(rows, 0));
		if (p) {
			p->waves = hk_rows_int(rows, 1);
		}
	}
	if (inner) {
		g_propagate_error(error, inner);
	}
	return rows && !inner;
}

/* How many waves came over how many ports. */
static bool
put_together(
	hk_db *db, const char *family, int64_t from_ms, int64_t to_ms, GString *out, GError **error)
{
	g_autoptr(hk_sqlb) b = select_from(db,
		HK_SQL("SELECT x.ports, count(*) FROM (SELECT c.wave_id, count(DISTINCT s.port) AS "
		       "ports"),
		family, from_ms, to_ms);
	GError *inner = NULL;

	hk_sqlb_add(b, HK_SQL(" GROUP BY c.wave_id) x GROUP BY x.ports ORDER BY 1"));
	g_autoptr(hk_rows) rows = hk_sqlb_query(b, db, error);
	hk_jsonw_key(out, "together");
	hk_jsonw_open(out, '[');
	while (rows && hk_rows_next(rows, &inner)) {
		hk_jsonw_open(out, '{');
		hk_jsonw_member_int(out, "ports", hk_rows_int(rows, 0));
		hk_jsonw_member_int(out, "waves", hk_rows_int(rows, 1));
		hk_jsonw_close(out, '}');
	}
	hk_jsonw_close(out, ']');
	if (inner) {
		g_propagate_error(error, inner);
	}
	return rows && !inner;
}

static bool
put_totals(
	hk_db *db, const char *family, int64_t from_ms, int64_t to_ms, GString *out, GError **error)
{
	static const char *const names[] = {"waves", "numbers", "repeated"};
	g_autoptr(hk_sqlb) b = hk_sqlb_new(db);
	GError *inner = NULL;

	hk_sqlb_add(b, HK_SQL("SELECT count(*), CAST(COALESCE(sum(numbers), 0) AS BIGINT), "
			      "CAST(COALESCE(sum(repeated), 0) AS BIGINT) FROM waves WHERE last_ms "
			      ">= "));
	hk_sqlb_value(b, hk_v_int(from_ms));
	hk_sqlb_add(b, HK_SQL(" AND first_ms < "));
	hk_sqlb_value(b, hk_v_int(to_ms));
	if (family) {
		hk_sqlb_add(b, HK_SQL(" AND family = "));
		hk_sqlb_value(b, hk_v_str(family));
	}
	g_autoptr(hk_rows) rows = hk_sqlb_query(b, db, error);
	if (!rows || !hk_rows_next(rows, &inner)) {
		if (inner) {
			g_propagate_error(error, inner);
		}
		return false;
	}
	for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
		hk_jsonw_member_int(out, names[i], hk_rows_int(rows, i));
	}
	return true;
}

static void
count_days(int64_t from_ms, int64_t to_ms, stats *s)
{
	for (int64_t day = (from_ms + ZONE_MS) / DAY_MS; day * DAY_MS < to_ms + ZONE_MS; day++) {
		s->days[hk_jpholiday_off(day)]++;
	}
}

static void
put_hours(const stats *s, GString *out)
{
	hk_jsonw_key(out, "days");
	hk_jsonw_open(out, '{');
	hk_jsonw_member_int(out, "work", s->days[0]);
	hk_jsonw_member_int(out, "off", s->days[1]);
	hk_jsonw_close(out, '}');
	hk_jsonw_key(out, "hours");
	hk_jsonw_open(out, '[');
	for (int hour = 0; hour < HOURS; hour++) {
		hk_jsonw_open(out, '{');
		hk_jsonw_member_int(out, "hour", hour);
		hk_jsonw_member_int(out, "work", s->hours[0][hour]);
		hk_jsonw_member_int(out, "off", s->hours[1][hour]);
		hk_jsonw_close(out, '}');
	}
	hk_jsonw_close(out, ']');
}

static int
by_number(const void *a, const void *b)
{
	const port *left = a, *right = b;

	return (left->port > right->port) - (left->port < right->port);
}

static void
put_ports(stats *s, GString *out)
{
	qsort(s->ports, s->port_count, sizeof s->ports[0], by_number);
	hk_jsonw_key(out, "ports");
	hk_jsonw_open(out, '[');
	for (size_t i = 0; i < s->port_count; i++) {
		const port *p = &s->ports[i];
		hk_jsonw_open(out, '{');
		hk_jsonw_member_int(out, "port", p->port);
		hk_jsonw_member_int(out, "commands", p->commands);
		hk_jsonw_member_int(out, "waves", p->waves);
		hk_jsonw_member_int(out, "numbers", p->numbers);
		hk_jsonw_member_int(out, "days", p->days);
		hk_jsonw_key(out, "hours");
		hk_jsonw_open(out, '[');
		for (int hour = 0; hour < HOURS; hour++) {
			hk_jsonw_int(out, p->hours[hour]);
		}
		hk_jsonw_close(out, ']');
		hk_jsonw_close(out, '}');
	}
	hk_jsonw_close(out, ']');
}

bool
hk_waves_read_stats(
	hk_db *db, const char *family, int64_t from_ms, int64_t to_ms, GString *out, GError **error)
{
	stats s = {0};

	if (!read_hours(db, family, from_ms, to_ms, &s, error) ||
		!read_waves_of_ports(db, family, from_ms, to_ms, &s, error)) {
		return false;
	}
	count_days(from_ms, to_ms, &s);
	hk_jsonw_open(out, '{');
	put_hours(&s, out);
	put_ports(&s, out);
	if (!put_together(db, family, from_ms, to_ms, out, error) ||
		!put_totals(db, family, from_ms, to_ms, out, error)) {
		return false;
	}
	hk_jsonw_close(out, '}');
	return true;
}
