/* /counters and /stats. */
#include <math.h>
#include <string.h>

#include "flow/states.h"
#include "parse/query.h"
#include "store/c2_read.h"
#include "store/stats.h"
#include "store/tally.h"
#include "sys/clock.h"
#include "sys/csvw.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"
#include "web/handler.h"

enum { KINDS_MAX = 32, MONTHS_MAX = 240 };

/* The kinds of one queue. */
static void
kinds_of(const char *queue, const char *ret[KINDS_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < hk_casekind_count && n + 1 < KINDS_MAX; i++) {
		if (strcmp(hk_casekinds[i].queue, queue) == 0) {
			ret[n++] = hk_casekinds[i].text;
		}
	}
	ret[n] = NULL;
}

bool
hk_web_counters(hk_req *req, hk_reply *reply, GError **error)
{
	const char *counted[KINDS_MAX], *notify[KINDS_MAX];
	int64_t now = hk_clock_wall_ms();
	hk_c2_pulse bell;
	hk_counters c;

	kinds_of("count", counted);
	kinds_of("notify", notify);
	if (!hk_c2_read_pulse(req->db, now, &bell, error) ||
		!hk_counters_read(req->db, now, counted, notify, &c, error)) {
		return false;
	}
	const struct {
		const char *name;
		int64_t value;
	} members[] = {{"total", c.total}, {"unsupported", c.unsupported}, {"handled", c.handled},
		{"this_month", c.this_month}, {"unsupported_this_month", c.unsupported_this_month},
		{"handled_this_month", c.handled_this_month},
		{"investment_scam", c.investment_scam}, {"notify", c.notify},
		{"breached", c.breached}, {"deleted", c.deleted},
		{"sightings_new", c.sightings_new}, {"c2_trouble", bell.trouble}};
	GString *out = hk_reply_json(reply, 200);
	hk_jsonw_open(out, '{');
	for (size_t i = 0; i < G_N_ELEMENTS(members); i++) {
		hk_jsonw_key(out, members[i].name);
		hk_jsonw_int(out, members[i].value);
	}
	hk_jsonw_key(out, "by_state");
	hk_jsonw_open(out, '{');
	for (size_t i = 0; i < hk_state_count; i++) {
		const int64_t *n = hk_states[i].machine == HK_MACHINE_CASE
					   ? g_hash_table_lookup(c.by_state, hk_states[i].text)
					   : NULL;
		if (hk_states[i].machine == HK_MACHINE_CASE) {
			hk_jsonw_key(out, hk_states[i].text);
			hk_jsonw_int(out, n ? *n : 0);
		}
	}
	hk_jsonw_close(out, '}');
	hk_jsonw_close(out, '}');
	hk_counters_clear(&c);
	return true;
}

/* "2026-11" as the tallies count. */
static bool
read_month(const hk_req *req, const char *name, int64_t def, int64_t *ret, GError **error)
{
	const char *text = hk_req_query(req, name);
	int64_t from, to;

	*ret = def;
	if (!text) {
		return true;
	}
	if (strlen(text) != 7 || hk_query_time(hk_span_str(text), 0, 0, &from, &to) != HK_OK) {
		return hk_error_set(
			error, HK_EFORM, "%s: this is no month; write it like 2026-11", name);
	}
	*ret = hk_tally_month(from);
	return true;
}

static void
put_json(const hk_stats *s, GString *out)
{
	hk_jsonw_open(out, '{');
	hk_jsonw_strs(out, "columns", s->columns, s->width);
	hk_jsonw_key(out, "rows");
	hk_jsonw_open(out, '[');
	for (size_t i = 0; i < s->rows->len; i++) {
		const GArray *row = g_ptr_array_index(s->rows, i);
		hk_jsonw_open(out, '[');
		for (size_t k = 0; k < row->len; k++) {
			const hk_stats_cell *cell = &g_array_index(row, hk_stats_cell, k);
			if (cell->number) {
				hk_jsonw_real(out, cell->value,
					cell->value == floor(cell->value) ? 0 : 3);
			} else if (cell->text) {
				hk_jsonw_str(out, cell->text);
			} else {
				hk_jsonw_null(out);
			}
		}
		hk_jsonw_close(out, ']');
	}
	hk_jsonw_close(out, ']');
	hk_jsonw_close(out, '}');
}

static void
put_csv(const hk_stats *s, bool bom, GString *out)
{
	hk_csvw w;

	hk_csvw_begin(&w, out, bom);
	for (size_t i = 0; i < s->width; i++) {
		hk_csvw_str(&w, s->columns[i]);
	}
	hk_csvw_end_row(&w);
	for (size_t i = 0; i < s->rows->len; i++) {
		const GArray *row = g_ptr_array_index(s->rows, i);
		for (size_t k = 0; k < row->len; k++) {
			const hk_stats_cell *cell = &g_array_index(row, hk_stats_cell, k);
			if (!cell->number || isnan(cell->value)) {
				hk_csvw_str(&w, cell->text);
			} else if (cell->value == floor(cell->value)) {
				hk_csvw_int(&w, (int64_t)cell->value);
			} else {
				hk_csvw_real(&w, cell->value);
			}
		}
		hk_csvw_end_row(&w);
	}
}

bool
hk_web_stats(hk_req *req, hk_reply *reply, GError **error)
{
	const char *by_text = hk_req_query(req, "by"), *format = hk_req_query(req, "format");
	const char *counted[KINDS_MAX];
	int64_t now = hk_tally_month(hk_clock_wall_ms()), from, to;
	hk_stats_by by = HK_STATS_MONTH;
	bool bom = false;
	hk_stats s;

	if (!hk_req_query_only(req, error, "from", "to", "by", "format", "bom", NULL) ||
		!read_month(req, "to", now, &to, error) ||
		!read_month(req, "from", to - 11, &from, error) ||
		!hk_req_query_bool(req, "bom", &bom, error)) {
		return false;
	}
	if (from > to || to - from >= MONTHS_MAX) {
		return hk_error_set(error, HK_ERANGE,
			"from: it must not lie behind to, nor more than %d months before it",
			MONTHS_MAX);
	}
	if (by_text && !hk_stats_find(by_text, &by)) {
		g_autoptr(GString) known = g_string_new(NULL);
		for (int i = 0; i < HK_STATS_COUNT; i++) {
			g_string_append_printf(known, " %s", hk_stats_name((hk_stats_by)i));
		}
		return hk_error_set(error, HK_EFORM,
			"by: there are no such statistics; known are%s", known->str);
	}
	if (format && strcmp(format, "json") != 0 && strcmp(format, "csv") != 0) {
		return hk_error_set(error, HK_EFORM, "format: json or csv");
	}
	kinds_of("count", counted);
	if (!hk_stats_read(req->db, by, from, to, counted, &s, error)) {
		return false;
	}
	if (format && strcmp(format, "csv") == 0) {
		g_autoptr(GString) out = g_string_new(NULL);
		g_autofree char *name = g_strdup_printf("hikeshi-%s.csv", hk_stats_name(by));
		put_csv(&s, bom, out);
		hk_reply_download(reply, "text/csv; charset=utf-8", name);
		hk_stats_clear(&s);
		return hk_reply_write(reply, hk_span_of(out->str, out->len), error);
	}
	put_json(&s, hk_reply_json(reply, 200));
	hk_stats_clear(&s);
	return true;
}
