#include "flow/monitor.h"

#include <string.h>

#include "flow/case_int.h"
#include "flow/check.h"
#include "flow/notice.h"
#include "flow/states.h"
#include "store/facts.h"
#include "sys/gerr.h"
#include "sys/json.h"
#include "sys/jsonw.h"

enum { VENDOR_MAX = 40, STATE_MAX = 100, LISTINGS_MAX = 16 << 10 };

bool
hk_monitor_start(hk_flow *flow, GError **error)
{
	return hk_watches_missing(
		       flow->db, flow->now_ms, flow->now_ms - HK_MONITOR_KEEP_MS, error) &&
	       hk_flow_job(flow, "monitor", "monitor", 0, NULL, flow->now_ms, error) &&
	       hk_flow_job(flow, "lookup", "lookup", 0, NULL, flow->now_ms, error);
}

static bool
begin(hk_flow *flow, const hk_case_row *row, GError **error)
{
	bool fresh;

	if (!row->host) {
		return true;
	}
	if (!hk_watches_begin(flow->db, row->id, flow->now_ms, &fresh, error)) {
		return false;
	}
	if (fresh) {
		hk_case_note(flow, "site.watch", row->id, NULL);
	}
	return true;
}

bool
hk_monitor_begin(hk_flow *flow, int64_t case_id, GError **error)
{
	g_auto(hk_case_row) row = {0};

	return hk_cases_get(flow->db, case_id, &row, error) && begin(flow, &row, error);
}

/* ---- What a check brought ---- */

static void
note_act(hk_flow *flow, const hk_monitor_seen *s, const char *to)
{
	const char *act = s->down ? "site.dark" : s->back ? "site.back" : "site.changed";
	g_autoptr(GString) data = g_string_new(NULL);

	hk_jsonw_open(data, '{');
	hk_jsonw_member_str(data, "from", s->was->state);
	hk_jsonw_member_str(data, "to", to);
	hk_jsonw_member_str(data, "saw", s->saw);
	hk_jsonw_member_int(data, "since_ms", s->at_ms);
	hk_jsonw_member_str(data, "why", s->why);
	hk_jsonw_close(data, '}');
	hk_case_note(flow, act, s->was->case_id, data->str);
}

/* The clocks that a state of darkness runs to; those that are stamped stay. */
static void
stamp(hk_case_row *row, const hk_monitor_seen *s, const char *state)
{
	bool name = strcmp(state, "nxdomain") == 0 || strcmp(state, "on_hold") == 0;
	const struct {
		hk_clock clock;
		bool on;
	} clocks[] = {{HK_CLOCK_CONTENT_GONE, !name},
		{HK_CLOCK_ON_HOLD, strcmp(state, "on_hold") == 0 || s->held},
		{HK_CLOCK_DNS_GONE, strcmp(state, "nxdomain") == 0 || s->nameless}};

	for (size_t i = 0; i < G_N_ELEMENTS(clocks); i++) {
		if (clocks[i].on && row->clocks[clocks[i].clock] == 0) {
			row->clocks[clocks[i].clock] = s->at_ms;
		}
	}
}

static bool
stamp_case(hk_flow *flow, const hk_monitor_seen *s, const char *state, GError **error)
{
	g_auto(hk_case_work) work = {0};
	int64_t before[HK_CLOCK_COUNT];

	if (!hk_case_open_any(flow, s->was->case_id, 0, &work, error)) {
		return false;
	}
	memcpy(before, work.row.clocks, sizeof before);
	stamp(&work.row, s, state);
	return memcmp(before, work.row.clocks, sizeof before) == 0 ||
	       hk_case_save(flow, &work, HK_CASE_ALL, false, error);
}

static bool
move_case(hk_flow *flow, const hk_monitor_seen *s, const char *act, int64_t *count, GError **error)
{
	g_auto(hk_case_row) row = {0};

	if (!hk_cases_lock(flow->db, s->was->case_id, &row, error)) {
		return false;
	}
	/* A person may have moved it already, or be still looking at it. */
	if (row.deleted_ms != 0 || !hk_move_find(HK_MACHINE_CASE, row.state, act)) {
		return true;
	}
	(*count)++;
	return hk_case_move(flow, row.id, 0, act, s->why, error);
}

static bool
tell_case(hk_flow *flow, const hk_monitor_seen *s, const char *to, hk_monitor_sum *sum,
	GError **error)
{
	bool dark = hk_move_find(HK_MACHINE_LIVENESS, to, "return") != NULL;

	if (s->back) {
		return move_case(flow, s, "resurrect", &sum->back, error);
	}
	/* What darkens a dark site further has its clock, too. */
	return (!dark || stamp_case(flow, s, to, error)) &&
	       (!s->down || move_case(flow, s, "down", &sum->down, error));
}

static bool
observe(hk_flow *flow, const hk_monitor_seen *s, hk_watch_row *now, GError **error)
{
	bool same = !s->act && strcmp(s->was->signals, now->signals) == 0;

	now->noted_ms = s->was->noted_ms;
	if (same && flow->now_ms - s->was->noted_ms < HK_MONITOR_NOTED_MS) {
		return true;
	}
	now->noted_ms = flow->now_ms;
	g_autoptr(GString) data = g_string_new("{}");
	if (!same) {
		g_string_truncate(data, 0);
		hk_jsonw_open(data, '{');
		hk_jsonw_key(data, "signals");
		g_string_append(data, now->signals);
		hk_jsonw_key(data, "visits");
		g_string_append(data, now->visits);
		hk_jsonw_close(data, '}');
	}
	return hk_observations_add(
		flow->db, now->case_id, flow->now_ms, now->state, s->saw, data->str, same, error);
}

static bool
ask_registry(hk_flow *flow, const hk_monitor_seen *s, hk_watch_row *now, GError **error)
{
	g_autofree char *key = g_strdup_printf("%" G_GINT64_FORMAT, now->case_id);

	now->asked_ms = s->was->asked_ms;
	if (!s->down && !s->back && flow->now_ms - s->was->asked_ms < HK_MONITOR_ASK_MS) {
		return true;
	}
	/* A case is enriched when it opens: the first check need not. */
	bool first = s->was->asked_ms == 0 && !s->down && !s->back;
	now->asked_ms = flow->now_ms;
	return first || !s->was->host ||
	       hk_flow_job(flow, "enrich", key, now->case_id, NULL, flow->now_ms, error);
}

/* Cases that are no longer ours to watch. */
static bool
is_over(const hk_watch_row *was)
{
	static const char *const states[] = {
		"new", "triaged", "dismissed", "out_of_scope", "duplicate", NULL};

	return was->deleted || g_strv_contains(states, was->case_state);
}

static bool
save_one(hk_flow *flow, const char *owner, const hk_monitor_seen *s, hk_monitor_sum *sum,
	GError **error)
{
	hk_watch_row now = s->now;
	bool mine = false;

	if (!hk_watches_mine(flow->db, s->was->case_id, owner, &mine, error)) {
		return false;
	}
	if (!mine) {
		sum->lost++;
		return true;
	}
	const hk_move *move =
		s->act ? hk_move_find(HK_MACHINE_LIVENESS, s->was->state, s->act) : NULL;
	if (s->act && !move) {
		return hk_error_set(error, HK_EPOLICY, "watch: there is no move \"%s\" from %s",
			s->act, s->was->state);
	}
	now.case_id = s->was->case_id;
	now.state = (char *)(uintptr_t)(move ? move->to : s->was->state);
	if (is_over(s->was)) {
		now.due_ms = 0;
		now.stopped = (char *)(uintptr_t) "case";
	} else if (now.due_ms == 0) {
		now.stopped = (char *)(uintptr_t) "over";
		hk_case_note(flow, "site.over", now.case_id, NULL);
	}
	if (move) {
		note_act(flow, s, move->to);
	}
	sum->saved++;
	return (!move || tell_case(flow, s, move->to, sum, error)) &&
	       observe(flow, s, &now, error) && ask_registry(flow, s, &now, error) &&
	       hk_watches_done(flow->db, owner, &now, error);
}

bool
hk_monitor_save(hk_flow *flow, const char *owner, const hk_monitor_seen *seen, size_t count,
	hk_monitor_sum *ret, GError **error)
{
	hk_monitor_sum sum = {0};

	for (size_t i = 0; i < count; i++) {
		if (!save_one(flow, owner, &seen[i], &sum, error)) {
			return false;
		}
	}
	*ret = sum;
	return true;
}

/* ---- By hand ---- */

static bool
find_watch(hk_flow *flow, int64_t case_id, hk_watch_row **ret, GError **error)
{
	g_autoptr(GError) why = NULL;

	*ret = NULL;
	if (!hk_watches_get(flow->db, case_id, ret, &why) && hk_error_code(why) != HK_ENOENT) {
		g_propagate_error(error, g_steal_pointer(&why));
		return false;
	}
	return true;
}

static bool
put_due(hk_flow *flow, int64_t case_id, const char *act, int64_t due_ms, const char *stopped,
	GError **error)
{
	g_autofree char *text = g_strconcat("site.", act, NULL);
	bool changed;

	hk_case_note(flow, text, case_id, NULL);
	return hk_watches_due(flow->db, case_id, due_ms, stopped, &changed, error) &&
	       (due_ms == 0 || hk_flow_job(flow, "monitor", "monitor", 0, NULL, due_ms, error));
}

bool
hk_monitor_act(hk_flow *flow, int64_t case_id, const char *act, GError **error)
{
	static const char *const acts[] = {"check", "stop", "resume", NULL};
	g_auto(hk_case_work) work = {0};
	g_autoptr(hk_watch_row) watch = NULL;

	if (!hk_check_word("act", act, acts, error) ||
		!hk_case_open(flow, case_id, 0, &work, error) ||
		!find_watch(flow, case_id, &watch, error)) {
		return false;
	}
	bool stop = strcmp(act, "stop") == 0, resume = strcmp(act, "resume") == 0;
	if (!watch && !resume) {
		return hk_error_set(
			error, HK_ENOENT, "case %" G_GINT64_FORMAT " is not watched", case_id);
	}
	if (!watch) {
		return work.row.host ? begin(flow, &work.row, error)
				     : hk_error_set(error, HK_EFORM,
					       "host: the case has none to look at");
	}
	if (watch->due_ms == 0 && !resume) {
		return hk_error_set(error, HK_EPOLICY,
			"the watch of case %" G_GINT64_FORMAT " is stopped (%s): resume it first",
			case_id, watch->stopped ? watch->stopped : "over");
	}
	return put_due(flow, case_id, act, stop ? 0 : flow->now_ms, stop ? "hand" : NULL, error);
}

/* ---- Lists and vendors ---- */

/* What a vendor said last. */
typedef struct listing {
	const char *vendor, *state;
	bool listed, was_listed;
	bool fresh; /* another word than before, or the first */
	int64_t since_ms;
} listing;

static void
put_listing(GString *out, const hk_monitor_listing *l, const char *vendor)
{
	hk_jsonw_key(out, vendor);
	hk_jsonw_open(out, '{');
	hk_jsonw_member_str(out, "state", l->state);
	hk_jsonw_member_bool(out, "listed", l->listed);
	hk_jsonw_member_int(out, "at_ms", l->since_ms);
	hk_jsonw_member_int(out, "asked_ms", l->asked_ms);
	hk_jsonw_close(out, '}');
}

/* An entry of watches.listings; those of before there was `listed` have neither it nor asked_ms. */
static bool
read_listing(const hk_json *one, hk_monitor_listing *ret)
{
	*ret = (hk_monitor_listing){0};
	if (!hk_json_str(one, "state", &ret->state, NULL) ||
		!hk_json_i64(one, "at_ms", &ret->since_ms, NULL)) {
		return false;
	}
	(void)(hk_json_has(one, "listed") && hk_json_bool(one, "listed", &ret->listed, NULL));
	(void)(hk_json_has(one, "asked_ms") && hk_json_i64(one, "asked_ms", &ret->asked_ms, NULL));
	return true;
}

bool
hk_monitor_listing_of(const char *listings, const char *vendor, hk_monitor_listing *ret)
{
	g_autoptr(hk_json_doc) doc = hk_json_load(hk_span_str(listings), LISTINGS_MAX, NULL);
	hk_json root = doc ? hk_json_root(doc) : (hk_json){0}, one;

	*ret = (hk_monitor_listing){0};
	bool there = doc && hk_json_has(&root, vendor) &&
		     hk_json_object(&root, vendor, &one, NULL) && read_listing(&one, ret);
	ret->state = NULL; /* it is the document's */
	return there;
}

/* The listings with one more, or another word; what it says about the one before stands in l. */
static char *
with_listing(const char *text, listing *l, int64_t now_ms)
{
	g_autoptr(hk_json_doc) doc = hk_json_load(hk_span_str(text), LISTINGS_MAX, NULL);
	GString *out = g_string_new(NULL);
	const char *key;
	void *pos = NULL;
	hk_json one;

	hk_json root = doc ? hk_json_root(doc) : (hk_json){0};
	hk_jsonw_open(out, '{');
	while (doc && hk_json_each(&root, &pos, &key, &one)) {
		hk_monitor_listing was;
		if (!read_listing(&one, &was)) {
			continue;
		}
		if (strcmp(key, l->vendor) != 0) {
			put_listing(out, &was, key);
			continue;
		}
		l->was_listed = was.listed;
		l->fresh = strcmp(was.state, l->state) != 0 || was.listed != l->listed;
		l->since_ms = l->fresh ? now_ms : was.since_ms;
	}
	const hk_monitor_listing now = {.state = l->state,
		.listed = l->listed,
		.since_ms = l->since_ms,
		.asked_ms = now_ms};
	put_listing(out, &now, l->vendor);
	hk_jsonw_close(out, '}');
	return g_string_free(out, FALSE);
}

static bool
stamp_listed(hk_flow *flow, int64_t case_id, GError **error)
{
	g_auto(hk_case_work) work = {0};

	if (!hk_case_open_any(flow, case_id, 0, &work, error)) {
		return false;
	}
	if (work.row.clocks[HK_CLOCK_LISTED] != 0) {
		return true;
	}
	work.row.clocks[HK_CLOCK_LISTED] = flow->now_ms;
	return hk_case_save(flow, &work, HK_CASE_ALL, false, error);
}

/* The facts of a case say what holds now, and keep what was. */
static bool
put_fact(hk_flow *flow, int64_t case_id, const listing *l, GError **error)
{
	const hk_fact fact = {
		.subject = l->vendor, .kind = "list.state", .value = l->state, .source = l->vendor};
	g_autoptr(GPtrArray) gone = NULL;
	hk_fact_how how;

	return hk_facts_put(flow->db, case_id, &fact, flow->now_ms, &how, error) &&
	       hk_facts_gone(
		       flow->db, case_id, l->vendor, "list.state", flow->now_ms, &gone, error);
}

/* Audited and told when it is listed, and when it is so no longer; other words change only the panel. */
static bool
tell_listing(hk_flow *flow, int64_t case_id, const listing *l, GError **error)
{
	g_autoptr(GString) data = g_string_new(NULL);

	if (!l->listed && !l->was_listed) {
		return true;
	}
	hk_jsonw_open(data, '{');
	hk_jsonw_member_str(data, "vendor", l->vendor);
	hk_jsonw_member_str(data, "state", l->state);
	hk_jsonw_close(data, '}');
	hk_case_note(flow, l->listed ? "site.listed" : "site.unlisted", case_id, data->str);
	return !l->listed || l->was_listed ||
	       hk_notice_say(flow, "site.listed", case_id, 0, "channel", l->vendor, error);
}

bool
hk_monitor_listed(hk_flow *flow, int64_t case_id, const char *vendor, const char *state,
	bool listed, GError **error)
{
	g_autoptr(hk_watch_row) watch = NULL;
	listing l = {.vendor = vendor,
		.state = state,
		.listed = listed,
		.fresh = true,
		.since_ms = flow->now_ms};

	if (strlen(vendor) > VENDOR_MAX ||
		strspn(vendor, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(vendor)) {
		return hk_error_set(
			error, HK_EFORM, "vendor: lower case letters, digits and hyphens only");
	}
	if (!hk_check_line("state", state, STATE_MAX, error) ||
		!find_watch(flow, case_id, &watch, error)) {
		return false;
	}
	g_autofree char *listings = watch ? with_listing(watch->listings, &l, flow->now_ms) : NULL;
	if ((listings && !hk_watches_listings(flow->db, case_id, listings, error)) ||
		(listed && !stamp_listed(flow, case_id, error))) {
		return false;
	}
	return !l.fresh ||
	       (put_fact(flow, case_id, &l, error) && tell_listing(flow, case_id, &l, error));
}
