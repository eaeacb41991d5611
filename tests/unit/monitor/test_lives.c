/* Scripted lives of sites (range/lives.def), hours to days each on a virtual clock, through the real decisions: wrong "dark" and wrong "live" at most 1 %, a return is
 * seen by the first check that could see it. All of them together in one house, whose own network is away now and then. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flow/states.h"
#include "lives.h"
#include "monitor/control.h"
#include "monitor/life.h"
#include "role/visit.h"

#include "tap.h"

#define MINUTE INT64_C(60000)
#define HOUR   (60 * MINUTE)
enum { OF_A_KIND = 7, EXITS = 2, PAGES = 2, END_H = 96, BEGIN_H = 24 };

/* When our own network, or one way out, is away. */
static const struct {
	int64_t from_ms, to_ms;
	bool way[EXITS];
} outages[] = {
	{12 * HOUR, 12 * HOUR + 20 * MINUTE, {true, true}},
	{30 * HOUR, 33 * HOUR, {true, true}},
	{50 * HOUR, 52 * HOUR, {false, true}},
	{70 * HOUR, 71 * HOUR, {true, true}},
};

typedef struct watched {
	rg_life script;
	hk_life life;
	hk_memory memory;
	hk_prints baseline;
	int64_t begun_ms, due_ms, number, asked_ms, created_ms;
	bool held;
	/* What was right and wrong. */
	bool up_was, wrong_down, wrong_live, pending;
	int64_t dark_ms; /* since when it is really dark; 0: it is not */
} watched;

typedef struct sum {
	const char *kind;
	unsigned lives, down_lives, live_lives, returns, seen, late, ends;
	int64_t up_polls, dark_polls, down_polls, live_polls, lag_ms;
} sum;

static hk_control ways[EXITS];
static GHashTable *pages; /* what -> hk_page_sketch */
static uint64_t visits;

static bool
is_away(unsigned exit, int64_t now_ms)
{
	for (size_t i = 0; i < G_N_ELEMENTS(outages); i++) {
		if (outages[i].way[exit] && now_ms >= outages[i].from_ms &&
			now_ms < outages[i].to_ms) {
			return true;
		}
	}
	return false;
}

/* Read as the pool reads it, in the sandbox; pages that differ in what chance put into them once. */
static const hk_page_sketch *
read_page(const watched *s, unsigned page, const rg_answer *a, int64_t now_ms)
{
	rg_site_state state = rg_life_at(&s->script, now_ms - s->begun_ms)->state;
	g_autofree char *what =
		g_strdup_printf("%s %u %d %d", s->script.kit, page, a->status, (int)state);
	const hk_page_sketch *known = g_hash_table_lookup(pages, what);
	hk_page_answer answer = {.host = s->script.host,
		.status = a->status,
		.type = a->type,
		.body = hk_span_of(a->body->str, a->body->len),
		.name_score = -1};

	if (known) {
		return known;
	}
	GPtrArray *read = hk_page_read(&answer, 1, NULL);
	if (!read) {
		ok(false, "a page is read");
		exit(1);
	}
	hk_page_sketch *sketch = g_ptr_array_steal_index(read, 0);
	g_ptr_array_unref(read);
	g_hash_table_insert(pages, g_steal_pointer(&what), sketch);
	return sketch;
}

static void
free_sketch(gpointer sketch)
{
	hk_page_sketch_free(sketch);
}

static void
make_visit(watched *s, hk_visit *v, int64_t now_ms)
{
	const hk_watcher_row *w = hk_watcher_get(v->watcher);
	const rg_life_visitor who = {.phone = strcmp(w->profile, "desktop") != 0,
		.search = strcmp(w->referrer, "search") == 0,
		.home = v->exit == 1,
		.page = v->page,
		.visit = ++visits};
	const char *const hosts[] = {s->script.host, NULL};
	const hk_visit_site site = {.baseline = &s->baseline,
		.hosts = hosts,
		.dark = hk_life_dark(s->life.state),
		.renewed = s->life.nameless_ms != 0 || s->created_ms > 0};
	hk_visit_answer answer = {.met = HK_MET_SILENCE, .host = s->script.host};
	rg_answer a = {0};
	bool learn;

	if (is_away(v->exit, now_ms)) {
		answer.met = v->exit == 0 ? HK_MET_LAME : HK_MET_SILENCE;
	} else if (rg_life_name_at(&s->script, now_ms - s->begun_ms).nameless) {
		answer.met = HK_MET_NAMELESS;
	} else if (rg_life_answer(&s->script, now_ms - s->begun_ms, &who, &a)) {
		answer.met = HK_MET_ANSWER;
		answer.status = a.status;
		hk_visit_answer_fill(read_page(s, v->page, &a, now_ms), &answer);
		g_free(a.header);
		g_string_free(a.body, TRUE);
	}
	v->class = hk_visit_judge(&site, &answer, &learn);
	v->status = answer.status;
	v->at_ms = now_ms;
	if (learn) {
		hk_prints_add(&s->baseline, &answer.page);
	}
	if (!site.dark) {
		hk_control_note(&ways[v->exit], s->begun_ms + (int64_t)s->script.seed % 1000,
			answer.met == HK_MET_ANSWER || answer.met == HK_MET_NAMELESS, now_ms);
	}
}

/* What the browser showed when the case was opened; of every other site. */
static void
secure(watched *s)
{
	const rg_life_visitor who = {.phone = true, .search = true, .home = true};
	hk_visit_answer answer = {.host = s->script.host};
	rg_answer a = {0};

	if (s->script.seed % 2 || !rg_life_answer(&s->script, 0, &who, &a)) {
		return;
	}
	hk_visit_answer_fill(read_page(s, 0, &a, s->begun_ms), &answer);
	answer.page.raw = false;
	hk_prints_add(&s->baseline, &answer.page);
	g_free(a.header);
	g_string_free(a.body, TRUE);
}

/* The registry is asked every six hours, and when the site goes dark. */
static void
ask_registry(watched *s, int64_t now_ms, bool now)
{
	if (!now && now_ms - s->asked_ms < 6 * HOUR) {
		return;
	}
	rg_life_name name = rg_life_name_at(&s->script, now_ms - s->begun_ms);
	s->asked_ms = now_ms;
	s->held = name.held;
	s->created_ms = name.created_ms;
}

static void
check(watched *s, int64_t now_ms, hk_life_step *ret)
{
	g_autofree hk_check *c = g_new0(hk_check, 1);
	hk_check_beside beside = {.held = s->held};
	size_t done = 0;
	hk_seen seen;

	hk_check_begin(c, PAGES, EXITS, s->number++, &s->memory);
	while (hk_check_more(c) > 0) {
		for (; done < c->count; done++) {
			make_visit(s, &c->visit[done], now_ms);
		}
		/* Asked when nobody saw it; our own resolver has nobody to ask while we are away. */
		c->nameless = !is_away(0, now_ms) &&
			      rg_life_name_at(&s->script, now_ms - s->begun_ms).nameless;
	}
	for (unsigned i = 0; i < EXITS; i++) {
		beside.ways[i] = hk_control_says_now(&ways[i], now_ms);
	}
	hk_check_decide(c, &beside, now_ms, &seen);
	hk_life_next(&s->life, &seen, now_ms, ret);
	for (size_t i = 0; i < c->count; i++) {
		if (hk_visit_get(c->visit[i].class)->side != HK_SIDE_NONE) {
			hk_memory_put(&s->memory, &c->visit[i]);
		}
	}
	ask_registry(s, now_ms, ret->down);
}

/* How long after it went nobody need know: the checks that its kind of darkness takes, one interval of half an hour, what was learned of its absences, and the
 * hours of our own absence. */
static int64_t
patience_of(const watched *s, int64_t now_ms)
{
	int64_t ms = 100 * MINUTE + s->life.gap_ms * 3 / 2;

	for (size_t i = 0; i < G_N_ELEMENTS(outages); i++) {
		if (outages[i].to_ms > s->dark_ms && outages[i].from_ms < now_ms) {
			ms += outages[i].to_ms - outages[i].from_ms + 20 * MINUTE;
		}
	}
	return ms;
}

static void
judge(watched *s, const hk_life_step *step, int64_t now_ms, sum *of)
{
	bool up = rg_life_at(&s->script, now_ms - s->begun_ms)->up;
	bool dark = hk_life_dark(s->life.state);
	bool away = is_away(0, now_ms) || is_away(1, now_ms);

	if (up && !s->up_was && s->pending && !away) {
		of->returns++;
		of->seen += step->back;
		s->pending = dark && !step->back;
		of->late += s->pending;
	}
	if (up) {
		s->dark_ms = 0;
		of->up_polls++;
		of->down_polls += dark && !away;
		s->wrong_down = s->wrong_down || (dark && !away);
	} else {
		s->dark_ms = s->dark_ms ? s->dark_ms : now_ms;
		of->dark_polls++;
		bool wrong = !dark && now_ms - s->dark_ms > patience_of(s, now_ms);
		of->live_polls += wrong;
		s->wrong_live = s->wrong_live || wrong;
	}
	if (step->down) {
		s->pending = !up;
		of->ends++;
		of->lag_ms += up ? 0 : now_ms - s->dark_ms;
	}
	s->up_was = up;
}

static void
live(GArray *sites, sum *sums)
{
	for (int64_t now_ms = 0; now_ms < END_H * HOUR; now_ms += MINUTE) {
		for (guint i = 0; i < sites->len; i++) {
			watched *s = &g_array_index(sites, watched, i);
			hk_life_step step;
			if (s->due_ms == 0 || s->due_ms > now_ms) {
				continue;
			}
			check(s, now_ms, &step);
			s->due_ms = step.due_ms;
			judge(s, &step, now_ms, &sums[i / OF_A_KIND]);
		}
	}
}

static void
tell(sum *sums, unsigned kinds, sum *all)
{
	tap_diag("%-18s %5s %8s %8s %6s %6s %7s %7s %8s %6s", "kind", "lives", "up", "dark",
		"!down", "!live", "!down/l", "!live/l", "returns", "lag");
	for (unsigned i = 0; i < kinds; i++) {
		const sum *s = &sums[i];
		tap_diag("%-18s %5u %8lld %8lld %6lld %6lld %7u %7u %4u/%-3u %4lldm", s->kind,
			s->lives, (long long)s->up_polls, (long long)s->dark_polls,
			(long long)s->down_polls, (long long)s->live_polls, s->down_lives,
			s->live_lives, s->seen, s->returns,
			(long long)(s->ends ? s->lag_ms / s->ends / MINUTE : 0));
		all->lives += s->lives;
		all->up_polls += s->up_polls;
		all->dark_polls += s->dark_polls;
		all->down_polls += s->down_polls;
		all->live_polls += s->live_polls;
		all->down_lives += s->down_lives;
		all->live_lives += s->live_lives;
		all->returns += s->returns;
		all->seen += s->seen;
		all->late += s->late;
	}
}

int
main(void)
{
	unsigned kinds = rg_life_kinds();
	g_autoptr(GArray) sites = g_array_new(FALSE, TRUE, sizeof(watched));
	g_autofree sum *sums = g_new0(sum, kinds);
	sum all = {0};

	hk_form_warm();
	pages = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_sketch);
	for (unsigned i = 0; i < kinds * OF_A_KIND; i++) {
		watched s = {
			.life = {.state = hk_states_find(HK_MACHINE_LIVENESS, "unchecked")->text}};
		rg_life_new(i / OF_A_KIND, i % OF_A_KIND, RG_LIVES_SEED, &s.script);
		s.begun_ms = (int64_t)(s.script.seed % (BEGIN_H * 3600)) * 1000;
		s.life.since_ms = s.begun_ms;
		s.due_ms = s.begun_ms + 1;
		secure(&s);
		g_array_append_val(sites, s);
		sums[i / OF_A_KIND].kind = s.script.kind;
		sums[i / OF_A_KIND].lives++;
	}
	live(sites, sums);
	for (guint i = 0; i < sites->len; i++) {
		const watched *s = &g_array_index(sites, watched, i);
		sums[i / OF_A_KIND].down_lives += s->wrong_down;
		sums[i / OF_A_KIND].live_lives += s->wrong_live;
	}
	tell(sums, kinds, &all);
	tap_diag(
		"%u lives, %lld checks: wrong down %.3f %% of checks, %.2f %% of lives; wrong live "
		"%.3f %%, %.2f %%; %u of %u returns seen by the first check",
		all.lives, (long long)(all.up_polls + all.dark_polls),
		100.0 * (double)all.down_polls / (double)all.up_polls,
		100.0 * all.down_lives / all.lives,
		100.0 * (double)all.live_polls / (double)all.dark_polls,
		100.0 * all.live_lives / all.lives, all.seen, all.returns);
	ok(all.lives >= 200, "at least 200 lives");
	ok(all.down_polls * 100 <= all.up_polls, "wrong down: at most 1 %% of checks");
	ok(all.down_lives * 100 <= all.lives, "and of lives");
	ok(all.live_polls * 100 <= all.dark_polls, "wrong live: at most 1 %% of checks");
	ok(all.live_lives * 100 <= all.lives, "and of lives");
	ok(all.returns > 20 && all.seen == all.returns, "a return is seen by the first check");
	g_hash_table_unref(pages);
	return tap_done();
}
