/* nocheck: tested in tests/scenario/monitor.t */
/* One check: visits, the DNS, the decision. */
#include <string.h>

#include "flow/states.h"
#include "parse/ipaddr.h"
#include "parse/url.h"
#include "role/monitor_int.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/json.h"
#include "sys/jsonw.h"
#include "sys/uts46.h"

static const uint8_t no_leaf[32];

enum { HOSTS_ASKED = 4, DNS_MS = 6000 };

/* ---- What is known ---- */

static bool
is_bad_page(const hk_print *p)
{
	hk_prints none = {0};
	const char *const hosts[] = {NULL};
	hk_visit_site site = {.baseline = &none, .hosts = hosts, .renewed = true};
	hk_visit_answer answer = {.met = HK_MET_ANSWER, .status = 200, .host = p->host, .page = *p};
	bool learn;

	return hk_visit_judge(&site, &answer, &learn) != HK_VISIT_REMOVED;
}

typedef struct captured {
	hk_prints asking, all;
} captured;

/* The first ones that ask for something show the kit; what shows an error or a suspended page is no baseline. */
static bool
on_capture(void *user, const char *data, const char *title, const char *url)
{
	captured *c = user;
	hk_prints one = {0};

	if (!hk_prints_capture(&one, data, title, url) || is_bad_page(&one.print[0])) {
		return true;
	}
	hk_prints_add(*one.print[0].form ? &c->asking : &c->all, &one.print[0]);
	return true;
}

static bool
read_baseline(hk_watching *w, hk_db *db, GError **error)
{
	captured c = {0};

	hk_prints_read(w->row->baseline, &w->prints);
	if (w->prints.count > 0) {
		return true;
	}
	if (!hk_watches_captures(db, w->row->case_id, on_capture, &c, error)) {
		return false;
	}
	/* Room is left for what visits see. */
	const hk_prints *from = c.asking.count > 0 ? &c.asking : &c.all;
	for (size_t i = 0; i < MIN(from->count, 2); i++) {
		w->learned = hk_prints_add(&w->prints, &from->print[i]) || w->learned;
	}
	return true;
}

static void
read_life(hk_watching *w)
{
	const hk_watch_row *r = w->row;
	const hk_state *state = hk_states_find(HK_MACHINE_LIVENESS, r->state);

	w->life = (hk_life){.state = state ? state->text : "unchecked",
		.since_ms = r->since_ms,
		.agree = r->agree,
		.agree_ms = r->agree_ms,
		.points = r->points,
		.gap_ms = r->gap_ms,
		.gap_at_ms = r->gap_at_ms,
		.live_ms = r->live_ms,
		.nameless_ms = r->nameless_ms};
	hk_visit_find(r->doubt, &w->life.doubt);
}

static void
add_host(hk_watching *w, const char *url)
{
	g_autofree hk_url *place = g_new(hk_url, 1);

	if (hk_url_parse(hk_span_str(url), hk_uts46_to_ascii, NULL, place) == HK_OK &&
		!g_ptr_array_find_with_equal_func(w->hosts, place->host, g_str_equal, NULL)) {
		g_ptr_array_add(w->hosts, g_strdup(place->host));
	}
}

/* "2026-11-01T..." as ms; 0: not known. */
static int64_t
created_ms(const char *text)
{
	g_autoptr(GDateTime) at = *text ? g_date_time_new_from_iso8601(text, NULL) : NULL;

	return at ? g_date_time_to_unix(at) * 1000 : 0;
}

static bool
read_case(hk_watching *w, hk_db *db, GError **error)
{
	g_clear_pointer(&w->urls, g_ptr_array_unref);
	if (!hk_watches_urls(db, w->row->case_id, HK_CHECK_PAGES_MAX, &w->urls, error) ||
		!hk_watches_facts(db, w->row->case_id, &w->facts, error)) {
		return false;
	}
	w->renewed = w->life.nameless_ms != 0 || created_ms(w->facts.created) > w->row->begun_ms;
	return read_baseline(w, db, error);
}

void
hk_watching_free(hk_watching *w)
{
	if (w) {
		hk_watch_row_free(w->row);
		g_clear_pointer(&w->urls, g_ptr_array_unref);
		g_ptr_array_unref(w->hosts);
		hk_watch_facts_clear(&w->facts);
		for (size_t i = 0; i < G_N_ELEMENTS(w->final_host); i++) {
			g_free(w->final_host[i]);
		}
		g_free(w);
	}
}

hk_watching *
hk_watching_new(hk_monitor *m, hk_watch_row *row, hk_db *db, GError **error)
{
	hk_watching *w = g_new0(hk_watching, 1);

	w->monitor = m;
	w->row = row;
	w->dns = "";
	w->urls = g_ptr_array_new_with_free_func(g_free);
	w->hosts = g_ptr_array_new_with_free_func(g_free);
	read_life(w);
	if (db && !read_case(w, db, error)) {
		hk_watching_free(w);
		return NULL;
	}
	if (!db && row->url) {
		g_ptr_array_add(w->urls, g_strdup(row->url));
	}
	if (row->host) {
		g_ptr_array_add(w->hosts, g_strdup(row->host));
	}
	for (guint i = 0; i < w->urls->len; i++) {
		add_host(w, g_ptr_array_index(w->urls, i));
	}
	g_ptr_array_add(w->hosts, NULL);
	hk_memory_read(row->visits, (const char *const *)m->exits->pdata, &w->memory);
	hk_check_begin(&w->check, MAX(w->urls->len, 1), m->exit_count, row->checks, &w->memory);
	return w;
}

/* ---- The DNS ---- */

typedef struct question {
	int64_t case_id;
	char *who;
	GPtrArray *hosts; /* owned texts */
	/* The answer. */
	bool nameless, lame;
	const char *word; /* static */
} question;

static void
question_free(question *q)
{
	g_free(q->who);
	g_ptr_array_unref(q->hosts);
	g_free(q);
}

/* The better of all answers about addresses. */
static void
take_answers(question *q, const GPtrArray *answers)
{
	hk_dns_status best = HK_DNS_BROKEN;

	for (guint i = 0; i < answers->len; i++) {
		const hk_dns_answer *a = g_ptr_array_index(answers, i);
		best = a->status < best ? a->status : best;
	}
	q->nameless = best == HK_DNS_NXDOMAIN || best == HK_DNS_NODATA;
	q->lame = best > HK_DNS_NXDOMAIN;
	q->word = hk_dns_status_name(best);
}

void
hk_monitor_namer(gpointer data, gpointer user)
{
	question *q = data;
	hk_monitor *m = user;
	const hk_egress_who who = {.purpose = "monitor", .requester = q->who};
	hk_dns_question questions[2 * HOSTS_ASKED];
	size_t count = 0;

	for (guint i = 0; i < q->hosts->len && i < HOSTS_ASKED; i++) {
		const char *host = g_ptr_array_index(q->hosts, i);
		questions[count++] = (hk_dns_question){host, HK_DNSMSG_A};
		questions[count++] = (hk_dns_question){host, HK_DNSMSG_AAAA};
	}
	g_autoptr(GPtrArray) answers =
		count > 0 ? hk_dns_ask(NULL, &who, questions, count, DNS_MS, NULL) : NULL;
	q->word = "";
	if (answers) {
		take_answers(q, answers);
	}
	g_async_queue_push(m->names, q);
}

static void
ask_names(hk_watching *w)
{
	question *q = g_new0(question, 1);
	hk_ipaddr literal;

	q->case_id = w->row->case_id;
	q->who = g_strdup(w->monitor->who);
	q->hosts = g_ptr_array_new_with_free_func(g_free);
	for (guint i = 0; i + 1 < w->hosts->len; i++) {
		const char *host = g_ptr_array_index(w->hosts, i);
		if (hk_ipaddr_parse(hk_span_str(host), &literal) != HK_OK) {
			g_ptr_array_add(q->hosts, g_strdup(host));
		}
	}
	w->monitor->asked++;
	w->named = true;
	g_thread_pool_push(w->monitor->namers, q, NULL);
}

bool
hk_monitor_named(hk_monitor *m, GError **error)
{
	question *q;
	bool good = true;

	while ((q = g_async_queue_try_pop(m->names))) {
		hk_watching *w = g_hash_table_lookup(m->runs, &q->case_id);
		m->asked--;
		if (w) {
			/* Where another resolver sees the site, by the other ways out, its visitors say so. */
			w->check.nameless = q->nameless && m->exit_count == 1;
			w->lame = q->lame;
			w->dns = q->word;
		}
		question_free(q);
		good = good && (!w || hk_watching_go(w, error));
	}
	return good;
}

/* ---- Visits ---- */

static const char *
url_of(const hk_watching *w, unsigned page)
{
	return page < w->urls->len ? g_ptr_array_index(w->urls, page) : NULL;
}

static bool
start_visit(hk_watching *w, size_t place, GError **error)
{
	const hk_visit *v = &w->check.visit[place];
	const char *exit = g_ptr_array_index(w->monitor->exits, v->exit);
	const char *url = url_of(w, v->page);
	g_autofree hk_url *at = g_new(hk_url, 1);
	bool good = url && hk_url_parse(hk_span_str(url), hk_uts46_to_ascii, NULL, at) == HK_OK;
	const char *host = good ? at->host : g_ptr_array_index(w->hosts, 0);
	hk_outing *o = hk_outing_new(good ? url : NULL, host ? host : "", v->watcher,
		strcmp(exit, "direct") == 0 ? NULL : exit);

	o->user = w;
	o->place = place;
	w->pending++;
	return hk_visitnet_start(w->monitor->net, o, error);
}

static bool
is_seen(const hk_check *c)
{
	for (size_t i = 0; i < c->count; i++) {
		if (c->visit[i].class == HK_VISIT_LIVE) {
			return true;
		}
	}
	return false;
}

static void
decide(hk_watching *w)
{
	hk_monitor *m = w->monitor;
	hk_check_beside beside = {.held = w->facts.held};
	int64_t now_ms = hk_clock_wall_ms();

	for (unsigned i = 0; i < m->exit_count; i++) {
		beside.ways[i] = hk_control_says_now(&m->ways[i], now_ms);
	}
	for (guint i = 0; m->places && w->facts.ns && i < w->facts.ns->len; i++) {
		hk_place place = hk_places_of_ns(m->places, g_ptr_array_index(w->facts.ns, i));
		beside.sinkholed = beside.sinkholed || place == HK_PLACE_SINKHOLE;
		beside.parked = beside.parked || place == HK_PLACE_PARKING;
	}
	hk_check_decide(&w->check, &beside, now_ms, &w->seen);
	hk_life_next(&w->life, &w->seen, now_ms, &w->step);
	for (size_t i = 0; i < w->check.count; i++) {
		if (hk_visit_get(w->check.visit[i].class)->side != HK_SIDE_NONE) {
			hk_memory_put(&w->memory, &w->check.visit[i]);
		}
	}
	if (m->over->len == 0) {
		m->over_ms = hk_clock_mono_ms();
	}
	g_ptr_array_add(m->over, w);
}

bool
hk_watching_go(hk_watching *w, GError **error)
{
	size_t from = w->check.count;

	if (from > 0 && !is_seen(&w->check) && !w->named) {
		ask_names(w);
		return true;
	}
	size_t count = w->all && from > 0 ? hk_check_rest(&w->check) : hk_check_more(&w->check);
	for (size_t i = 0; i < count; i++) {
		if (!start_visit(w, from + i, error)) {
			return false;
		}
	}
	if (count == 0) {
		decide(w);
	}
	return true;
}

/* ---- What came ---- */

void
hk_monitor_answered(void *user, hk_outing *outing)
{
	hk_monitor *m = user;

	if (m->ready->len == 0) {
		m->ready_ms = hk_clock_mono_ms();
	}
	g_ptr_array_add(m->ready, outing);
}

static unsigned
way_of(const hk_monitor *m, const char *exit)
{
	for (unsigned i = 0; i < m->exit_count; i++) {
		if (g_strcmp0(exit, g_ptr_array_index(m->exits, i)) == 0) {
			return i;
		}
	}
	return 0;
}

/* Our own page answered, or did not. Other outcomes are our own rules. */
static void
take_canary(hk_monitor *m, const hk_outing *o)
{
	if (o->met != HK_MET_OURS) {
		hk_control_canary(
			&m->ways[way_of(m, o->exit)], o->met == HK_MET_ANSWER, hk_clock_wall_ms());
	}
}

/* The same page by the same visitor as last time is what it was then; so nearly all pages of sites that are there are not read anew. */
static bool
is_known(hk_watching *w, const hk_outing *o, hk_visit *v)
{
	const hk_visit *was = hk_memory_find(&w->memory, v);

	if (!was || was->body == 0 || was->body != o->print || w->learned ||
		hk_visit_get(was->class)->side == HK_SIDE_NONE) {
		return false;
	}
	v->class = was->class;
	return true;
}

static void
judge(hk_watching *w, hk_outing *o, const hk_page_sketch *sketch)
{
	hk_visit *v = &w->check.visit[o->place];
	bool dark = hk_life_dark(w->life.state);
	const hk_visit_site site = {.baseline = &w->prints,
		.hosts = (const char *const *)w->hosts->pdata,
		.places = w->monitor->places,
		.dark = dark,
		.renewed = w->renewed};
	hk_visit_answer answer;
	bool learn = false;

	hk_outing_answer(o, sketch, &answer);
	if (v->class == HK_VISIT_CLASSES) {
		v->class = hk_visit_judge(&site, &answer, &learn);
	}
	if (learn) {
		w->learned = hk_prints_add(&w->prints, &answer.page) || w->learned;
	}
	v->status = o->status;
	v->body = o->print;
	v->at_ms = hk_clock_wall_ms();
	if (o->final_host && strcmp(o->final_host, o->host) != 0) {
		w->final_host[o->place] = g_strdup(o->final_host);
	}
	if (memcmp(o->leaf, no_leaf, sizeof no_leaf) != 0) {
		memcpy(w->leaf, o->leaf, sizeof w->leaf);
	}
	if (!dark && o->met != HK_MET_OURS) {
		hk_control_note(&w->monitor->ways[v->exit], w->row->case_id,
			o->met == HK_MET_ANSWER || o->met == HK_MET_NAMELESS, v->at_ms);
	}
}

/* The page leads on, and is not the site as it stands: where it leads to is looked at as one more step. */
static bool
follow(hk_monitor *m, hk_outing *o, const hk_page_sketch *sketch, const hk_visit *v)
{
	g_autofree hk_url *url = g_new(hk_url, 1);

	return sketch->follow && v->class != HK_VISIT_LIVE &&
	       hk_visit_get(v->class)->side == HK_SIDE_DARK && v->class == HK_VISIT_REMOVED &&
	       hk_url_parse(hk_span_str(sketch->follow), hk_uts46_to_ascii, NULL, url) == HK_OK &&
	       hk_visitnet_again(m->net, o, url->text);
}

static bool
ended(hk_watching *w, GError **error)
{
	w->pending--;
	return w->pending > 0 || hk_watching_go(w, error);
}

/* Reads those that have to be, in one child, and judges all. What goes on is taken out of the batch. */
static bool
judge_all(hk_monitor *m, GPtrArray *batch, GPtrArray *done, GError **error)
{
	g_autofree hk_page_answer *answers = g_new0(hk_page_answer, batch->len + 1);
	g_autoptr(GPtrArray) unread = g_ptr_array_new();

	for (guint i = 0; i < batch->len; i++) {
		hk_outing *o = g_ptr_array_index(batch, i);
		hk_watching *w = o->user;
		if (!w) {
			take_canary(m, o);
		} else if (o->met != HK_MET_ANSWER || is_known(w, o, &w->check.visit[o->place])) {
			judge(w, o, NULL);
			g_ptr_array_add(done, w);
		} else {
			hk_outing_page(o, &answers[unread->len]);
			g_ptr_array_add(unread, o);
		}
	}
	for (guint from = 0; from < unread->len; from += HK_MONITOR_BATCH) {
		guint count = MIN(unread->len - from, HK_MONITOR_BATCH);
		g_autoptr(GPtrArray) sketches = hk_page_read(&answers[from], count, error);
		if (!sketches) {
			return false;
		}
		for (guint i = 0; i < count; i++) {
			hk_outing *o = g_ptr_array_index(unread, from + i);
			hk_watching *w = o->user;
			const hk_page_sketch *sketch = g_ptr_array_index(sketches, i);
			judge(w, o, sketch);
			if (follow(m, o, sketch, &w->check.visit[o->place])) {
				guint place = 0;
				w->check.visit[o->place].class = HK_VISIT_CLASSES;
				/* It goes on: no longer the batch's to free. */
				g_ptr_array_find(batch, o, &place);
				g_ptr_array_steal_index_fast(batch, place);
				continue;
			}
			g_ptr_array_add(done, w);
		}
	}
	return true;
}

bool
hk_monitor_flush(hk_monitor *m, GError **error)
{
	g_autoptr(GPtrArray) batch = m->ready;
	g_autoptr(GPtrArray) done = g_ptr_array_new(); /* once for each visit */

	m->ready = g_ptr_array_new_with_free_func((GDestroyNotify)hk_outing_free);
	if (!judge_all(m, batch, done, error)) {
		return false;
	}
	for (guint i = 0; i < done->len; i++) {
		if (!ended(g_ptr_array_index(done, i), error)) {
			return false;
		}
	}
	return true;
}

/* ---- For observations and people ---- */

void
hk_watching_signals(const hk_watching *w, GString *out)
{
	const hk_visit *by = w->seen.by;
	size_t place = by ? (size_t)(by - w->check.visit) : 0;
	static const char *const ways[] = {"good", "unknown", "away"};
	const char *const texts[][2] = {{"registry", w->facts.status},
		{"registrar", w->facts.registrar}, {"created", w->facts.created},
		{"certificate", w->facts.certificate}};

	hk_jsonw_open(out, '{');
	hk_jsonw_member_str(out, "saw", hk_visit_get(w->seen.class)->code);
	hk_jsonw_member_bool(out, "cloaked", w->seen.cloaked);
	hk_jsonw_member_int(out, "status", by ? by->status : 0);
	hk_jsonw_member_str(out, "final", by ? w->final_host[place] : NULL);
	hk_jsonw_member_str(out, "dns", w->dns);
	hk_jsonw_member_bool(out, "held", w->facts.held);
	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		hk_jsonw_member_str(out, texts[i][0], texts[i][1]);
	}
	if (w->facts.ns) {
		hk_jsonw_strs(out, "ns", (const char *const *)w->facts.ns->pdata, w->facts.ns->len);
	}
	if (memcmp(w->leaf, no_leaf, sizeof no_leaf) != 0) {
		hk_jsonw_key(out, "leaf");
		hk_jsonw_hex(out, hk_span_of(w->leaf, sizeof w->leaf));
	}
	hk_jsonw_member_str(out, "way",
		ways[hk_control_says_now(
			&w->monitor->ways[by ? by->exit : 0], hk_clock_wall_ms())]);
	hk_jsonw_close(out, '}');
}

char *
hk_watching_why(const hk_watching *w)
{
	const hk_visit *by = w->seen.by;
	const char *what = hk_visit_get(w->seen.class)->en;
	const char *exit = by ? g_ptr_array_index(w->monitor->exits, by->exit) : "";
	g_autofree char *status =
		by && by->status ? g_strdup_printf(", status %d", by->status) : g_strdup("");

	if (w->step.back) {
		return g_strdup_printf("The site is back: %s shows the page again (%s%s).",
			hk_watcher_get(by->watcher)->name, exit, status);
	}
	if (w->step.down) {
		char since[HK_CLOCK_TEXT_SIZE];
		return g_strdup_printf("Nobody sees the site any more since %s: %s%s. %u kinds of "
				       "visitors agree.",
			hk_clock_format(w->step.at_ms, since), what, status,
			MAX(w->seen.watchers, w->check.nameless ? 3 : 2));
	}
	return g_strdup_printf("%s%s%s%s", what, status, *w->dns ? "; name system: " : "", w->dns);
}
