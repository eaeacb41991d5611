/* /stats/survival: how long sites last. docs/monitor.md has the method. */
#include <math.h>
#include <string.h>

#include "base/jpholiday.h"
#include "flow/states.h"
#include "parse/query.h"
#include "store/survival.h"
#include "store/tally.h"
#include "sys/clock.h"
#include "sys/csvw.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"
#include "web/handler.h"

/* Groups in an answer, those of them with a curve, and points of a curve: a picture has no room for more. */
enum { KINDS_MAX = 32, MONTHS_MAX = 240, GROUPS_MAX = 200, CURVES_MAX = 6, POINTS_MAX = 400 };

static void
counted_kinds(const char *ret[KINDS_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < hk_casekind_count && n + 1 < KINDS_MAX; i++) {
		if (strcmp(hk_casekinds[i].queue, "count") == 0) {
			ret[n++] = hk_casekinds[i].text;
		}
	}
	ret[n] = NULL;
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

/* Japan's midnight. */
static int64_t
month_ms(int64_t month)
{
	return hk_date_days(month / 12, month % 12 + 1, 1) * INT64_C(86400000) - INT64_C(32400000);
}

static bool
no_such(const char *name, const char *words, GError **error)
{
	return hk_error_set(error, HK_EFORM, "%s: one of %s", name, words);
}

static bool
read_words(const hk_req *req, hk_survival_ask *ask, GError **error)
{
	const char *by = hk_req_query(req, "by"), *start = hk_req_query(req, "start"),
		   *end = hk_req_query(req, "end");

	ask->start = HK_START_CONFIRMED;
	if (by && !hk_survival_by_find(by, &ask->by)) {
		return no_such("by", "all, registrar, network, tld, target, actor, channel", error);
	}
	if (start && !hk_survival_start_find(start, &ask->start)) {
		return no_such("start", "first_seen, detected, confirmed, reported", error);
	}
	return !end || hk_survival_end_find(end, &ask->end) ||
	       no_such("end", "gone, down, listed", error);
}

static bool
read_ask(const hk_req *req, hk_survival_ask *ask, GError **error)
{
	int64_t now = hk_tally_month(hk_clock_wall_ms()), from, to;

	if (!hk_req_query_only(
		    req, error, "from", "to", "by", "start", "end", "format", "bom", NULL) ||
		!read_month(req, "to", now, &to, error) ||
		!read_month(req, "from", to - 11, &from, error) || !read_words(req, ask, error)) {
		return false;
	}
	if (from > to || to - from >= MONTHS_MAX) {
		return hk_error_set(error, HK_ERANGE,
			"from: it must not lie behind to, nor more than %d months before it",
			MONTHS_MAX);
	}
	ask->from_ms = month_ms(from);
	ask->to_ms = month_ms(to + 1);
	ask->now_ms = hk_clock_wall_ms();
	return true;
}

/* ---- JSON ---- */

static void
put_seconds(GString *out, const char *key, int64_t ms)
{
	hk_jsonw_key(out, key);
	if (ms < 0) {
		hk_jsonw_null(out);
	} else {
		hk_jsonw_real(out, (double)ms / 1000, 0);
	}
}

static void
put_share(GString *out, const char *key, const hk_survival *s, double share)
{
	hk_jsonw_key(out, key);
	hk_jsonw_real(out, s->cases ? share : (double)NAN, 4);
}

/* [seconds, share that lasts longer, low, high, at risk]: of many steps every n-th, and the last. */
static void
put_curve(const hk_survival *s, GString *out)
{
	guint every = s->steps->len / POINTS_MAX + 1;

	hk_jsonw_key(out, "curve");
	hk_jsonw_open(out, '[');
	for (guint i = 0; i < s->steps->len; i++) {
		const hk_kaplan_step *k = &g_array_index(s->steps, hk_kaplan_step, i);
		if (i % every != 0 && i + 1 < s->steps->len) {
			continue;
		}
		hk_jsonw_open(out, '[');
		hk_jsonw_real(out, (double)k->time / 1000, 3);
		hk_jsonw_real(out, k->share, 6);
		hk_jsonw_real(out, k->low, 6);
		hk_jsonw_real(out, k->high, 6);
		hk_jsonw_int(out, (int64_t)k->at_risk);
		hk_jsonw_close(out, ']');
	}
	hk_jsonw_close(out, ']');
}

static void
put_group(const hk_survival *s, bool curve, GString *out)
{
	hk_jsonw_open(out, '{');
	hk_jsonw_member_str(out, "key", s->key);
	hk_jsonw_member_int(out, "cases", (int64_t)s->cases);
	hk_jsonw_member_int(out, "events", (int64_t)s->ended);
	hk_jsonw_member_int(out, "censored", (int64_t)s->censored);
	hk_jsonw_member_int(out, "before", (int64_t)s->before);
	put_seconds(out, "median", s->median_ms);
	put_seconds(out, "p90", s->p90_ms);
	put_share(out, "within_1h", s, s->share_1h);
	put_share(out, "within_4h", s, s->share_4h);
	put_share(out, "within_24h", s, s->share_24h);
	if (curve) {
		put_curve(s, out);
	}
	hk_jsonw_close(out, '}');
}

static void
put_json(const hk_survival_ask *ask, const hk_survival *all, const GPtrArray *groups, GString *out)
{
	hk_jsonw_open(out, '{');
	hk_jsonw_member_str(out, "by", hk_survival_by_name(ask->by));
	hk_jsonw_member_str(out, "start", hk_survival_start_name(ask->start));
	hk_jsonw_member_str(out, "end", hk_survival_end_name(ask->end));
	hk_jsonw_key(out, "all");
	put_group(all, true, out);
	hk_jsonw_key(out, "groups");
	hk_jsonw_open(out, '[');
	for (guint i = 0; i < MIN(groups->len, GROUPS_MAX); i++) {
		put_group(g_ptr_array_index(groups, i), i < CURVES_MAX, out);
	}
	hk_jsonw_close(out, ']');
	hk_jsonw_close(out, '}');
}

/* ---- CSV ---- */

static void
put_number(hk_csvw *w, double value)
{
	if (isnan(value)) {
		hk_csvw_str(w, NULL);
	} else {
		hk_csvw_real(w, value);
	}
}

static void
put_csv(const GPtrArray *groups, bool bom, GString *out)
{
	static const char *const columns[] = {"key", "cases", "events", "censored", "before",
		"median_s", "p90_s", "within_1h", "within_4h", "within_24h"};
	hk_csvw w;

	hk_csvw_begin(&w, out, bom);
	for (size_t i = 0; i < G_N_ELEMENTS(columns); i++) {
		hk_csvw_str(&w, columns[i]);
	}
	hk_csvw_end_row(&w);
	for (guint i = 0; i < groups->len; i++) {
		const hk_survival *s = g_ptr_array_index(groups, i);
		double none = (double)NAN;
		hk_csvw_str(&w, s->key);
		hk_csvw_int(&w, (int64_t)s->cases);
		hk_csvw_int(&w, (int64_t)s->ended);
		hk_csvw_int(&w, (int64_t)s->censored);
		hk_csvw_int(&w, (int64_t)s->before);
		put_number(&w, s->median_ms < 0 ? none : (double)s->median_ms / 1000);
		put_number(&w, s->p90_ms < 0 ? none : (double)s->p90_ms / 1000);
		put_number(&w, s->cases ? s->share_1h : none);
		put_number(&w, s->cases ? s->share_4h : none);
		put_number(&w, s->cases ? s->share_24h : none);
		hk_csvw_end_row(&w);
	}
}

bool
hk_web_survival(hk_req *req, hk_reply *reply, GError **error)
{
	const char *format = hk_req_query(req, "format"), *counted[KINDS_MAX];
	hk_survival_ask ask = {.counted = counted}, whole;
	g_autoptr(GPtrArray) groups = NULL, all = NULL;
	bool bom = false;

	counted_kinds(counted);
	if (!read_ask(req, &ask, error) || !hk_req_query_bool(req, "bom", &bom, error)) {
		return false;
	}
	if (format && strcmp(format, "json") != 0 && strcmp(format, "csv") != 0) {
		return hk_error_set(error, HK_EFORM, "format: json or csv");
	}
	whole = ask;
	whole.by = HK_SURVIVAL_ALL;
	if (!hk_survival_read(req->db, &ask, &groups, error) ||
		!hk_survival_read(req->db, &whole, &all, error)) {
		return false;
	}
	if (format && strcmp(format, "csv") == 0) {
		g_autoptr(GString) out = g_string_new(NULL);
		g_autofree char *name =
			g_strdup_printf("hikeshi-survival-%s.csv", hk_survival_by_name(ask.by));
		put_csv(groups, bom, out);
		hk_reply_download(reply, "text/csv; charset=utf-8", name);
		return hk_reply_write(reply, hk_span_of(out->str, out->len), error);
	}
	put_json(&ask, g_ptr_array_index(all, 0), groups, hk_reply_json(reply, 200));
	return true;
}
