/* nocheck: tested in tests/scenario/monitor.t */
#include "role/monitor.h"

#include <string.h>
#include <sys/resource.h>

#include "parse/url.h"
#include "role/monitor_int.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"
#include "sys/log.h"
#include "sys/stop.h"
#include "sys/uts46.h"

enum { STEP_MS = 50, RENEW_MS = 20000, NAMERS = 8, FILES_MORE = 200, VISITS_AT_ONCE = 3 };

static const hk_who program = {.login = "auto", .via = "work", .address = ""};

/* ---- Making ---- */

static void
free_outing(gpointer outing)
{
	hk_outing_free(outing);
}

static void
free_watching(gpointer watching)
{
	hk_watching_free(watching);
}

/* A connection for each visit, and what the program has open besides. Less than wanted: fewer at once. */
static unsigned
room_for(unsigned wanted)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0) {
		return wanted;
	}
	rlim_t need = (rlim_t)wanted * 2 * VISITS_AT_ONCE + FILES_MORE;
	if (limit.rlim_cur < need) {
		limit.rlim_cur = MIN(need, limit.rlim_max);
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	rlim_t left = limit.rlim_cur > FILES_MORE ? limit.rlim_cur - FILES_MORE : 2;
	return (unsigned)CLAMP(left / 2 / VISITS_AT_ONCE, 1, wanted);
}

static bool
take_exits(hk_monitor *m, const char *const *exits, GError **error)
{
	static const char *const direct[] = {"direct", NULL};
	const char *const *list = exits && *exits ? exits : direct;

	m->exits = g_ptr_array_new_with_free_func(g_free);
	for (size_t i = 0; list[i] && i < HK_CHECK_EXITS_MAX; i++) {
		if (!hk_egress_has_exit(hk_egress_house(), list[i])) {
			return hk_error_set(error, HK_ECONFIG,
				"there is no way out called '%s': add it to `exits` of the file "
				"that --egress names",
				list[i]);
		}
		g_ptr_array_add(m->exits, g_strdup(list[i]));
	}
	m->exit_count = m->exits->len;
	g_ptr_array_add(m->exits, NULL);
	return true;
}

hk_monitor *
hk_monitor_new(const hk_monitor_config *config, GError **error)
{
	g_autoptr(hk_monitor) m = g_new0(hk_monitor, 1);

	m->ready = g_ptr_array_new_with_free_func(free_outing);
	m->over = g_ptr_array_new();
	m->runs = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, free_watching);
	m->names = g_async_queue_new();
	m->who = g_strdup(config->who ? config->who : "monitor");
	m->canary = g_strdup(config->canary);
	m->in_flight = room_for(config->in_flight);
	if (!take_exits(m, config->exits, error)) {
		return NULL;
	}
	m->places = config->places ? hk_places_load(config->places, error) : NULL;
	if (config->places && !m->places) {
		return NULL;
	}
	m->namers = g_thread_pool_new(hk_monitor_namer, m, NAMERS, FALSE, NULL);
	hk_form_warm();
	m->net = hk_visitnet_new(NULL, m->who, config->timeout_ms, hk_monitor_answered, m, error);
	return m->net ? g_steal_pointer(&m) : NULL;
}

static bool
yield_in(hk_flow *flow, void *user, GError **error)
{
	return hk_watches_yield(hk_flow_db(flow), user, error);
}

void
hk_monitor_free(hk_monitor *m)
{
	if (!m) {
		return;
	}
	if (m->namers) {
		g_thread_pool_free(m->namers, FALSE, TRUE);
	}
	while (m->asked > 0 && g_async_queue_length(m->names) > 0) {
		hk_monitor_named(m, NULL);
	}
	g_async_queue_unref(m->names);
	hk_visitnet_free(m->net);
	g_ptr_array_unref(m->ready);
	g_ptr_array_unref(m->over);
	g_hash_table_unref(m->runs);
	/* Failure: the leases run out by themselves. */
	if (m->owner) {
		hk_flow_do(m->flow, &program, yield_in, m->owner, NULL);
	}
	hk_places_free(m->places);
	g_clear_pointer(&m->exits, g_ptr_array_unref);
	g_free(m->canary);
	g_free(m->who);
	g_free(m->owner);
	g_free(m);
}

/* ---- Storing ---- */

/* What the act is handed; texts owned here until it is over. */
typedef struct storing {
	hk_monitor *monitor;
	hk_monitor_seen *seen;
	size_t count;
	GPtrArray *later; /* of hk_watching, borrowed: checks that were none */
	GPtrArray *texts; /* owned */
	hk_monitor_sum sum;
} storing;

static char *
own(storing *s, char *text)
{
	g_ptr_array_add(s->texts, text);
	return text;
}

static char *
memory_of(const hk_watching *w)
{
	GString *out = g_string_new(NULL);

	hk_memory_json(&w->memory, (const char *const *)w->monitor->exits->pdata, out);
	return g_string_free(out, FALSE);
}

static char *
prints_of(const hk_watching *w)
{
	GString *out = g_string_new(NULL);

	if (!w->learned) {
		g_string_assign(out, w->row->baseline);
	} else {
		hk_prints_json(&w->prints, out);
	}
	return g_string_free(out, FALSE);
}

static char *
signals_of(const hk_watching *w)
{
	GString *out = g_string_new(NULL);

	hk_watching_signals(w, out);
	return g_string_free(out, FALSE);
}

static void
make_seen(storing *s, const hk_watching *w, hk_monitor_seen *ret)
{
	const hk_life *l = &w->life;

	*ret = (hk_monitor_seen){.was = w->row,
		.act = w->step.act,
		.down = w->step.down,
		.back = w->step.back,
		.at_ms = w->step.at_ms,
		.saw = hk_visit_get(w->seen.class)->code,
		.nameless = w->check.nameless,
		.held = w->facts.held,
		.why = own(s, hk_watching_why(w))};
	ret->now = (hk_watch_row){.since_ms = l->since_ms,
		.last_ms = hk_clock_wall_ms(),
		.live_ms = l->live_ms,
		.due_ms = w->step.due_ms,
		.agree = l->agree,
		.agree_ms = l->agree_ms,
		.points = l->points,
		.doubt = own(s, g_strdup(l->agree > 0 ? hk_visit_get(l->doubt)->code : "")),
		.gap_ms = l->gap_ms,
		.gap_at_ms = l->gap_at_ms,
		.nameless_ms = l->nameless_ms,
		.baseline = own(s, prints_of(w)),
		.visits = own(s, memory_of(w)),
		.signals = own(s, signals_of(w))};
}

static bool
store_in(hk_flow *flow, void *user, GError **error)
{
	storing *s = user;
	const char *owner = s->monitor->owner;
	int64_t due_ms = hk_flow_now(flow) + HK_LIFE_AGAIN_MS;

	for (guint i = 0; i < s->later->len; i++) {
		const hk_watching *w = g_ptr_array_index(s->later, i);
		if (!hk_watches_later(hk_flow_db(flow), owner, w->row->case_id, due_ms, error)) {
			return false;
		}
	}
	return hk_monitor_save(flow, owner, s->seen, s->count, &s->sum, error);
}

static bool
store(hk_monitor *m, GError **error)
{
	g_autofree hk_monitor_seen *seen = g_new0(hk_monitor_seen, m->over->len + 1);
	g_autoptr(GPtrArray) later = g_ptr_array_new();
	g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
	storing s = {.monitor = m, .seen = seen, .later = later, .texts = texts};
	int64_t began_ms = hk_clock_mono_ms();

	for (guint i = 0; i < m->over->len; i++) {
		const hk_watching *w = g_ptr_array_index(m->over, i);
		if (w->seen.side == HK_SIDE_NONE) {
			g_ptr_array_add(later, (void *)(uintptr_t)w);
		} else {
			make_seen(&s, w, &seen[s.count++]);
		}
	}
	if (!hk_flow_do(m->flow, &program, store_in, &s, error)) {
		return false;
	}
	hk_log(HK_EVENT_MONITOR_ROUND, HK_F_INT("checked", (int64_t)s.count),
		HK_F_INT("none", later->len), HK_F_INT("lost", s.sum.lost),
		HK_F_INT("down", s.sum.down), HK_F_INT("back", s.sum.back),
		HK_F_INT("ms", hk_clock_mono_ms() - began_ms));
	for (guint i = 0; i < m->over->len; i++) {
		const hk_watching *w = g_ptr_array_index(m->over, i);
		g_hash_table_remove(m->runs, &w->row->case_id);
	}
	g_ptr_array_set_size(m->over, 0);
	return true;
}

/* ---- Claiming ---- */

typedef struct claiming {
	hk_monitor *monitor;
	int64_t limit;
	GPtrArray *rows;  /* owned */
	GPtrArray *fresh; /* of hk_watching, owned until they are taken */
} claiming;

static bool
claim_in(hk_flow *flow, void *user, GError **error)
{
	claiming *c = user;

	g_clear_pointer(&c->rows, g_ptr_array_unref);
	g_ptr_array_set_size(c->fresh, 0);
	if (!hk_watches_claim(hk_flow_db(flow), c->monitor->owner, hk_flow_now(flow),
		    HK_MONITOR_LEASE_MS, c->limit, &c->rows, error)) {
		return false;
	}
	while (c->rows->len > 0) {
		hk_watch_row *row = g_ptr_array_steal_index(c->rows, c->rows->len - 1);
		/* Two turns in one millisecond: it is under way. */
		if (g_hash_table_contains(c->monitor->runs, &row->case_id)) {
			hk_watch_row_free(row);
			continue;
		}
		hk_watching *w = hk_watching_new(c->monitor, row, hk_flow_db(flow), error);
		if (!w) {
			return false;
		}
		g_ptr_array_add(c->fresh, w);
	}
	return true;
}

static bool
claim(hk_monitor *m, int64_t *ret_count, GError **error)
{
	claiming c = {.monitor = m,
		.limit = (int64_t)m->in_flight - (int64_t)g_hash_table_size(m->runs),
		.fresh = g_ptr_array_new_with_free_func(free_watching)};

	*ret_count = 0;
	bool good = c.limit <= 0 || hk_flow_do(m->flow, &program, claim_in, &c, error);
	while (good && c.fresh->len > 0) {
		hk_watching *w = g_ptr_array_steal_index(c.fresh, c.fresh->len - 1);
		g_hash_table_insert(m->runs, &w->row->case_id, w);
		good = hk_watching_go(w, error);
		(*ret_count)++;
	}
	g_ptr_array_unref(c.fresh);
	g_clear_pointer(&c.rows, g_ptr_array_unref);
	return good;
}

/* ---- Our own page ---- */

static bool
ask_canary(hk_monitor *m, int64_t now_ms, GError **error)
{
	if (!m->canary || g_hash_table_size(m->runs) == 0 ||
		(m->canary_ms != 0 && now_ms - m->canary_ms < HK_MONITOR_CANARY_MS)) {
		return true;
	}
	m->canary_ms = now_ms;
	for (unsigned i = 0; i < m->exit_count; i++) {
		const char *exit = g_ptr_array_index(m->exits, i);
		hk_outing *o = hk_outing_new(m->canary, "", HK_WATCHER_DESKTOP,
			strcmp(exit, "direct") == 0 ? NULL : exit);
		if (!hk_visitnet_start(m->net, o, error)) {
			return false;
		}
	}
	return true;
}

/* ---- A turn ---- */

typedef struct turn {
	hk_monitor *monitor;
	hk_job job; /* lease_ms changes with each renewal; texts borrowed */
	int64_t renew_ms;
	bool dry;         /* nothing more was due a moment ago */
	bool on;          /* egress is not stopped */
	int64_t asked_ms; /* when the database was last asked for more */
} turn;

static bool
wants_more(const turn *t, int64_t now_ms)
{
	const hk_monitor *m = t->monitor;
	size_t busy = g_hash_table_size(m->runs);
	size_t room = m->in_flight > busy ? m->in_flight - busy : 0;

	if (!t->on || room == 0) {
		return false;
	}
	return t->dry ? now_ms - t->asked_ms >= 1000
		      : room >= MIN(m->in_flight, 2 * HK_MONITOR_BATCH) || busy == 0;
}

static bool
is_busy(const hk_monitor *m)
{
	return hk_visitnet_busy(m->net) > 0 || m->asked > 0 || m->ready->len > 0 ||
	       m->over->len > 0;
}

/* Reads, decides and stores what there is enough of, or what has waited. */
static bool
work_off(hk_monitor *m, GError **error)
{
	int64_t now_ms = hk_clock_mono_ms();
	bool idle = hk_visitnet_busy(m->net) == 0 && m->asked == 0;

	if (!hk_monitor_named(m, error)) {
		return false;
	}
	if (m->ready->len >= HK_MONITOR_BATCH ||
		(m->ready->len > 0 && (idle || now_ms - m->ready_ms >= HK_MONITOR_GATHER_MS))) {
		if (!hk_monitor_flush(m, error)) {
			return false;
		}
	}
	idle = hk_visitnet_busy(m->net) == 0 && m->asked == 0 && m->ready->len == 0;
	if (m->over->len >= HK_MONITOR_BATCH ||
		(m->over->len > 0 && (idle || now_ms - m->over_ms >= HK_MONITOR_GATHER_MS))) {
		return store(m, error);
	}
	return true;
}

static bool
step(turn *t, GError **error)
{
	hk_monitor *m = t->monitor;
	int64_t now_ms = hk_clock_mono_ms();
	int64_t count = 0;

	t->on = t->on && !hk_egress_killed(hk_egress_house());
	if (now_ms >= t->renew_ms) {
		if (!hk_job_renew(m->flow, &t->job, error)) {
			return false;
		}
		t->renew_ms = now_ms + RENEW_MS;
	}
	if (wants_more(t, now_ms)) {
		if (!claim(m, &count, error)) {
			return false;
		}
		t->dry = count == 0;
		t->asked_ms = now_ms;
	}
	if (!ask_canary(m, now_ms, error)) {
		return false;
	}
	if (hk_visitnet_busy(m->net) > 0) {
		hk_visitnet_step(m->net, STEP_MS, hk_stop_fd());
	} else if (m->asked > 0 && g_async_queue_length(m->names) == 0) {
		hk_stop_wait(STEP_MS);
	}
	return work_off(m, error);
}

static bool
end_in(hk_flow *flow, void *user, GError **error)
{
	const turn *t = user;
	int64_t now_ms = hk_flow_now(flow);
	int64_t next_ms = 0;

	if (!hk_watches_next(hk_flow_db(flow), &next_ms, error)) {
		return false;
	}
	int64_t due_ms = next_ms == 0 ? now_ms + HK_MONITOR_IDLE_MS
				      : CLAMP(next_ms, now_ms + 100, now_ms + HK_MONITOR_IDLE_MS);
	if (!t->on) {
		due_ms = now_ms + HK_MONITOR_IDLE_MS;
	} else if (!t->dry || is_busy(t->monitor)) {
		due_ms = now_ms;
	}
	return hk_job_again(flow, &t->job, due_ms, error);
}

/* After a failure what is under way is nobody's any more: its leases run out, and it is checked again. */
static bool
drop_all(hk_monitor *m)
{
	hk_visitnet_drop(m->net);
	g_ptr_array_set_size(m->ready, 0);
	g_ptr_array_set_size(m->over, 0);
	g_hash_table_remove_all(m->runs);
	return false;
}

bool
hk_monitor_run(hk_flow *flow, const hk_job *job, void *user, GError **error)
{
	hk_monitor *m = user;
	int64_t now_ms = hk_clock_mono_ms();
	int64_t until = now_ms + HK_MONITOR_TURN_MS;
	turn t = {.monitor = m,
		.job = *job,
		.renew_ms = now_ms + RENEW_MS,
		.on = !hk_egress_killed(hk_egress_house())};

	m->flow = flow;
	g_free(m->owner);
	m->owner = g_strdup(job->owner);
	do {
		if (!step(&t, error)) {
			return drop_all(m);
		}
	} while (
		!hk_stop_asked() && hk_clock_mono_ms() < until && (is_busy(m) || (t.on && !t.dry)));
	if (m->over->len > 0 && !store(m, error)) {
		return drop_all(m);
	}
	return hk_flow_do(flow, &program, end_in, &t, error);
}

/* ---- One check, by hand ---- */

static void
put_visit(const hk_watching *w, size_t at, GString *out)
{
	const hk_visit *v = &w->check.visit[at];
	const hk_visit_row *row = hk_visit_get(v->class);

	hk_jsonw_open(out, '{');
	hk_jsonw_member_str(out, "who", hk_watcher_get(v->watcher)->name);
	hk_jsonw_member_str(out, "exit", g_ptr_array_index(w->monitor->exits, v->exit));
	hk_jsonw_member_str(
		out, "url", v->page < w->urls->len ? g_ptr_array_index(w->urls, v->page) : NULL);
	hk_jsonw_member_str(out, "what", row->code);
	hk_jsonw_member_str(out, "meaning", row->en);
	hk_jsonw_member_int(out, "status", v->status);
	hk_jsonw_member_str(out, "final", w->final_host[at]);
	hk_jsonw_close(out, '}');
}

static void
explain(const hk_watching *w, GString *out)
{
	static const char *const sides[] = {"up", "warned", "dark", "unsure", "none"};
	g_autofree char *why = hk_watching_why(w);

	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, "case");
	if (w->row->case_id > 0) {
		hk_jsonw_int(out, w->row->case_id);
	} else {
		hk_jsonw_null(out);
	}
	hk_jsonw_member_str(out, "host", w->row->host);
	hk_jsonw_member_str(out, "verdict", sides[w->seen.side]);
	hk_jsonw_member_str(out, "saw", hk_visit_get(w->seen.class)->code);
	hk_jsonw_member_bool(out, "cloaked", w->seen.cloaked);
	hk_jsonw_member_int(out, "points", w->seen.points);
	hk_jsonw_member_int(out, "needed", HK_LIFE_POINTS);
	hk_jsonw_member_str(out, "why", why);
	hk_jsonw_member_str(out, "state", w->row->state);
	hk_jsonw_member_str(out, "would_be", w->step.to);
	hk_jsonw_key(out, "signals");
	hk_watching_signals(w, out);
	hk_jsonw_key(out, "visits");
	hk_jsonw_open(out, '[');
	for (size_t i = 0; i < w->check.count; i++) {
		put_visit(w, i, out);
	}
	hk_jsonw_close(out, ']');
	hk_jsonw_close(out, '}');
}

static hk_watch_row *
stranger_row(const char *url, const char *host)
{
	hk_watch_row *row = g_new0(hk_watch_row, 1);
	char **const texts[] = {&row->doubt, &row->baseline, &row->visits, &row->signals};

	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		*texts[i] = g_strdup("");
	}
	row->state = g_strdup("unchecked");
	row->url = g_strdup(url);
	row->host = g_strdup(host);
	row->begun_ms = row->since_ms = hk_clock_wall_ms();
	return row;
}

bool
hk_monitor_one(hk_monitor *m, hk_db *db, int64_t case_id, const char *url, const char *host,
	GString *ret, GError **error)
{
	hk_watch_row *row = case_id ? NULL : stranger_row(url, host);

	if (case_id && !hk_watches_get(db, case_id, &row, error)) {
		return false;
	}
	hk_watching *w = hk_watching_new(m, row, case_id ? db : NULL, error);
	if (!w) {
		return false;
	}
	w->all = true;
	g_hash_table_insert(m->runs, &w->row->case_id, w);
	if (!hk_watching_go(w, error)) {
		return false;
	}
	while (m->over->len == 0) {
		if (hk_visitnet_busy(m->net) > 0) {
			hk_visitnet_step(m->net, STEP_MS, -1);
		} else if (m->asked > 0) {
			hk_stop_wait(STEP_MS);
		}
		if (!hk_monitor_named(m, error) ||
			(m->ready->len > 0 && hk_visitnet_busy(m->net) == 0 &&
				!hk_monitor_flush(m, error))) {
			return false;
		}
	}
	if (w->seen.side == HK_SIDE_NONE) {
		return hk_error_set(error, HK_EPOLICY,
			"egress let nobody out: the kill switch is on, its pace is used up, or "
			"its rules forbid this site");
	}
	explain(w, ret);
	g_ptr_array_set_size(m->over, 0);
	g_hash_table_remove_all(m->runs);
	return true;
}
