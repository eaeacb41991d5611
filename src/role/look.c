/* nocheck: tested in tests/scenario/looks.t */
#include "role/look.h"

#include <string.h>
#include <sys/resource.h>

#include "casework/names.h"
#include "flow/look.h"
#include "flow/policy.h"
#include "parse/url.h"
#include "role/looknet.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/json.h"
#include "sys/jsonw.h"
#include "sys/log.h"
#include "sys/stop.h"
#include "sys/uts46.h"

enum { STEP_MS = 50, DATA_MAX = 64 << 10, FILES_MORE = 200, RENEW_MS = 20000 };

struct hk_looker {
	hk_looknet *net;
	hk_page_judge *judge;
	const hk_sites *sites; /* borrowed */
	unsigned in_flight;
	GPtrArray *ready; /* of hk_look, owned: answered, not judged yet */
	int64_t ready_ms; /* when the first of them was */
	hk_flow *flow;    /* of the last turn; borrowed */
	char *owner;      /* of the leases, owned; NULL: there are none */
	int64_t kits_ms;  /* when kits are read anew */
	double threshold; /* of this turn */
	hk_names *known;  /* owned: of this turn */
};

static const hk_who program = {.login = "auto", .via = "work", .address = ""};

static void
free_look(gpointer look)
{
	hk_look_free(look);
}

static void
on_done(void *user, hk_look *look)
{
	hk_looker *l = user;

	if (l->ready->len == 0) {
		l->ready_ms = hk_clock_mono_ms();
	}
	g_ptr_array_add(l->ready, look);
}

/* A connection each, and what the program has open besides. Less than wanted: fewer at once. */
static unsigned
room_for(unsigned wanted)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0) {
		return wanted;
	}
	rlim_t need = (rlim_t)wanted * 2 + FILES_MORE;
	if (limit.rlim_cur < need) {
		limit.rlim_cur = MIN(need, limit.rlim_max);
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	if (limit.rlim_cur >= need) {
		return wanted;
	}
	return (unsigned)MAX(
		(limit.rlim_cur > FILES_MORE ? limit.rlim_cur - FILES_MORE : 2) / 2, 1);
}

hk_looker *
hk_looker_new(const hk_looker_config *config, GError **error)
{
	const hk_page_judge_config judging = {
		.targets = config->targets, .cache = config->cache, .threshold = HK_PAGE_THRESHOLD};
	const hk_looknet_config asking = {.exit = config->exit,
		.who = config->who ? config->who : "look",
		.timeout_ms = config->timeout_ms};
	hk_looker *l = g_new0(hk_looker, 1);

	l->ready = g_ptr_array_new_with_free_func(free_look);
	l->sites = config->sites;
	l->in_flight = room_for(config->in_flight);
	l->judge = hk_page_judge_new(&judging, error);
	l->net = l->judge ? hk_looknet_new(&asking, on_done, l, error) : NULL;
	if (!l->net) {
		hk_looker_free(l);
		return NULL;
	}
	return l;
}

/* --- kits --- */

static void
on_kit(void *user, const char *kind, const char *key, int64_t case_id)
{
	hk_page_kits_add(user, kind, key, case_id);
}

static bool
renew_kits(hk_looker *l, int64_t now_ms, GError **error)
{
	if (now_ms < l->kits_ms) {
		return true;
	}
	hk_page_kits *kits = hk_page_kits_new();
	if (!hk_looks_kits(hk_flow_db(l->flow), on_kit, kits, error)) {
		hk_page_kits_free(kits);
		return false;
	}
	hk_page_judge_take_kits(l->judge, kits);
	l->kits_ms = now_ms + HK_LOOK_KITS_MS;
	return true;
}

/* --- judging --- */

/* A look and what is thought of it. */
typedef struct judged {
	hk_look *look; /* borrowed */
	const char *outcome, *kind;
	double score;
	const char *target; /* borrowed from the judge */
	int64_t kit_case;
	char *follow;     /* owned; where the page leads, if that may tell more */
	GString *reasons; /* owned; JSON */
} judged;

static void
judged_clear(gpointer data)
{
	judged *j = data;

	g_free(j->follow);
	if (j->reasons) {
		g_string_free(j->reasons, TRUE);
	}
}

static void
no_answer(judged *j)
{
	j->outcome = hk_page_outcome_code(HK_PAGE_DEAD);
	j->kind = "none";
	j->score = -1;
	j->reasons = g_string_new(NULL);
	hk_jsonw_open(j->reasons, '[');
	hk_jsonw_str(j->reasons, j->look->why ? j->look->why : "no answer");
	hk_jsonw_close(j->reasons, ']');
}

/* The threshold is the house's, which may not be the judge's. */
static const char *
outcome_of(const hk_page_verdict *v, double threshold)
{
	bool high = !v->official && v->score >= threshold && v->outcome != HK_PAGE_DEAD;

	return hk_page_outcome_code(high                            ? HK_PAGE_SUSPECT
				    : v->outcome == HK_PAGE_SUSPECT ? HK_PAGE_PLAIN
								    : v->outcome);
}

static void
take_verdict(judged *j, const hk_page_sketch *sketch, const hk_page_verdict *v, double threshold)
{
	j->outcome = outcome_of(v, threshold);
	j->kind = hk_page_kind_code(v->kind);
	j->score = v->score;
	j->target = v->target;
	j->kit_case = v->kit_case;
	j->follow = v->follow && v->outcome != HK_PAGE_SUSPECT ? g_strdup(sketch->follow) : NULL;
	j->reasons = g_string_new(NULL);
	hk_page_reasons_json(v, j->reasons);
}

/* Those that answered are read in one child. */
static bool
judge_all(hk_looker *l, GArray *list, GError **error)
{
	g_autofree hk_page_answer *answers = g_new0(hk_page_answer, list->len + 1);
	g_autofree unsigned *places = g_new0(unsigned, list->len + 1);
	size_t count = 0;

	for (unsigned i = 0; i < list->len; i++) {
		judged *j = &g_array_index(list, judged, i);
		if (j->look->status == 0) {
			no_answer(j);
			continue;
		}
		hk_look_answer(j->look, &answers[count]);
		places[count++] = i;
	}
	g_autoptr(GPtrArray) sketches = count > 0 ? hk_page_read(answers, count, error) : NULL;
	if (count > 0 && !sketches) {
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		hk_page_verdict verdict;
		const hk_page_sketch *sketch = g_ptr_array_index(sketches, i);
		hk_page_judge_one(l->judge, &answers[i], sketch, &verdict);
		take_verdict(
			&g_array_index(list, judged, places[i]), sketch, &verdict, l->threshold);
	}
	return true;
}

/* --- storing --- */

/* What the acts are handed; texts borrowed from the list and from places. */
typedef struct storing {
	hk_looker *looker;
	const hk_look_seen *seen;
	size_t count;
	GPtrArray *later; /* of hk_look, borrowed: to be asked again, uncounted */
	hk_look_sum sum;
} storing;

static bool
store_in(hk_flow *flow, void *user, GError **error)
{
	storing *s = user;
	int64_t due_ms = hk_flow_now(flow) + HK_LOOK_LATER_MS;

	for (unsigned i = 0; i < s->later->len; i++) {
		const hk_look *look = g_ptr_array_index(s->later, i);
		if (!hk_looks_later(
			    hk_flow_db(flow), s->looker->owner, look->row->id, due_ms, error)) {
			return false;
		}
	}
	return hk_look_save(flow, s->looker->owner, s->seen, s->count, &s->sum, error);
}

typedef struct place {
	hk_url url;
	hk_site site;
} place;

static void
make_seen(const hk_looker *l, const judged *j, place *at, hk_look_seen *ret)
{
	*ret = (hk_look_seen){.row = j->look->row,
		.outcome = j->outcome,
		.score = j->score,
		.reasons = j->reasons->str,
		.target = j->target};
	if (strcmp(j->outcome, "suspect") != 0) {
		return;
	}
	/* Asked so, and answered: it is a URL. */
	if (hk_url_parse(hk_span_str(j->look->asked), hk_uts46_to_ascii, NULL, &at->url) != HK_OK) {
		HK_BUG("a URL that was asked is none");
	}
	hk_sites_look(l->sites, at->url.host, at->url.is_ip, &at->site);
	ret->url = at->url.text;
	ret->domain = *at->site.domain ? at->site.domain : NULL;
	ret->private_suffix = at->site.private_suffix;
	ret->shared_host = at->site.shared;
}

static void
tell(const storing *s, const GArray *list, int64_t began_ms)
{
	static const char *const words[] = {"dead", "empty", "plain", "suspect"};
	int64_t n[G_N_ELEMENTS(words)] = {0};

	for (unsigned i = 0; i < list->len; i++) {
		for (size_t k = 0; k < G_N_ELEMENTS(words); k++) {
			n[k] += strcmp(g_array_index(list, judged, i).outcome, words[k]) == 0;
		}
	}
	hk_log(HK_EVENT_LOOK_ROUND, HK_F_INT("looked", list->len), HK_F_INT("dead", n[0]),
		HK_F_INT("empty", n[1]), HK_F_INT("plain", n[2]), HK_F_INT("suspect", n[3]),
		HK_F_INT("lost", s->sum.lost), HK_F_INT("ms", hk_clock_mono_ms() - began_ms));
	if (s->sum.cases + s->sum.linked > 0) {
		hk_log(HK_EVENT_LOOK_CASE, HK_F_INT("cases", s->sum.cases),
			HK_F_INT("linked", s->sum.linked));
	}
}

static bool
store(hk_looker *l, GArray *list, GPtrArray *later, GError **error)
{
	g_autofree hk_look_seen *seen = g_new0(hk_look_seen, list->len + 1);
	g_autofree place *places = g_new0(place, list->len + 1);
	storing s = {.looker = l, .seen = seen, .count = list->len, .later = later};
	int64_t began_ms = hk_clock_mono_ms();

	for (unsigned i = 0; i < list->len; i++) {
		make_seen(l, &g_array_index(list, judged, i), &places[i], &seen[i]);
	}
	if (!hk_flow_do(l->flow, &program, store_in, &s, error)) {
		return false;
	}
	tell(&s, list, began_ms);
	return true;
}

/* What leads on and may tell more there is asked once more; it comes back into ready. */
static void
follow(hk_looker *l, GArray *list)
{
	for (unsigned i = list->len; i-- > 0;) {
		judged *j = &g_array_index(list, judged, i);
		hk_url *url = j->follow ? g_new(hk_url, 1) : NULL;
		if (url &&
			hk_url_parse(hk_span_str(j->follow), hk_uts46_to_ascii, NULL, url) ==
				HK_OK &&
			hk_looknet_again(l->net, j->look, url->text, NULL)) {
			g_array_remove_index(list, i);
		}
		g_free(url);
	}
}

/* All that is ready: judged, stored, gone. What cannot be stored is asked again when its lease has run out. */
static bool
flush(hk_looker *l, GError **error)
{
	g_autoptr(GArray) list = g_array_new(FALSE, TRUE, sizeof(judged));
	g_autoptr(GPtrArray) later = g_ptr_array_new();
	g_autoptr(GPtrArray) batch = l->ready;

	g_array_set_clear_func(list, judged_clear);
	l->ready = g_ptr_array_new_with_free_func(free_look);
	for (unsigned i = 0; i < batch->len; i++) {
		judged j = {.look = g_ptr_array_index(batch, i)};
		if (j.look->ours) {
			g_ptr_array_add(later, j.look);
		} else {
			g_array_append_val(list, j);
		}
	}
	if (!judge_all(l, list, error)) {
		return false;
	}
	follow(l, list);
	/* Those that go on are no longer the batch's to free. */
	for (unsigned i = batch->len; i-- > 0;) {
		if (((hk_look *)g_ptr_array_index(batch, i))->call) {
			g_ptr_array_steal_index_fast(batch, i);
		}
	}
	return (list->len == 0 && later->len == 0) || store(l, list, later, error);
}

/* --- claiming --- */

typedef struct claiming {
	hk_looker *looker;
	int64_t limit;
	GPtrArray *rows; /* owned */
	GPtrArray *
		over; /* of hk_look_row, borrowed from rows: cases and official names, done without a look */
	GArray *case_ids; /* of int64_t, for over */
} claiming;

/* What has become a case meanwhile, or is somebody's own site, is not asked. */
static bool
sort_out(claiming *c, hk_db *db, GError **error)
{
	for (unsigned i = 0; i < c->rows->len; i++) {
		hk_look_row *row = g_ptr_array_index(c->rows, i);
		int64_t case_id = 0;
		if (!hk_looks_case_of(db, row->host, &case_id, error)) {
			return false;
		}
		if (case_id != 0 || hk_names_is_official(c->looker->known, row->host)) {
			g_ptr_array_add(c->over, row);
			g_array_append_val(c->case_ids, case_id);
		}
	}
	return true;
}

static bool
claim_in(hk_flow *flow, void *user, GError **error)
{
	claiming *c = user;
	g_autofree hk_look_seen *seen = NULL;
	hk_look_sum sum;

	g_clear_pointer(&c->rows, g_ptr_array_unref);
	g_ptr_array_set_size(c->over, 0);
	g_array_set_size(c->case_ids, 0);
	if (!hk_looks_claim(hk_flow_db(flow), c->looker->owner, hk_flow_now(flow), HK_LOOK_LEASE_MS,
		    c->limit, &c->rows, error) ||
		!sort_out(c, hk_flow_db(flow), error)) {
		return false;
	}
	seen = g_new0(hk_look_seen, c->over->len + 1);
	for (unsigned i = 0; i < c->over->len; i++) {
		int64_t case_id = g_array_index(c->case_ids, int64_t, i);
		seen[i] = (hk_look_seen){.row = g_ptr_array_index(c->over, i),
			.outcome = case_id != 0 ? "case" : "plain",
			.score = -1,
			.reasons = case_id != 0 ? "[]" : "[\"an official name\"]",
			.case_id = case_id,
			.over = true};
	}
	return hk_look_save(flow, c->looker->owner, seen, c->over->len, &sum, error);
}

/* data.url of a row, canonical; NULL: its front page. Caller frees. */
static char *
url_of(const hk_look_row *row)
{
	g_autoptr(hk_json_doc) doc = hk_json_load(hk_span_str(row->data), DATA_MAX, NULL);
	const char *url = NULL;

	if (!doc) {
		return NULL;
	}
	hk_json root = hk_json_root(doc);
	return hk_json_str(&root, "url", &url, NULL) ? g_strdup(url) : NULL;
}

static bool
start_all(hk_looker *l, claiming *c, GError **error)
{
	while (c->rows->len > 0) {
		hk_look_row *row = g_ptr_array_steal_index(c->rows, c->rows->len - 1);
		if (g_ptr_array_find(c->over, row, NULL)) {
			hk_look_row_free(row);
			continue;
		}
		g_autofree char *url = url_of(row);
		if (!hk_looknet_start(l->net, hk_look_new(row->host, url, row), error)) {
			return false;
		}
	}
	return true;
}

/* Takes what is due, as far as there is room. */
static bool
claim(hk_looker *l, int64_t *ret_count, GError **error)
{
	size_t busy = hk_looknet_busy(l->net) + l->ready->len;
	claiming c = {.looker = l, .limit = (int64_t)l->in_flight - (int64_t)busy};

	*ret_count = 0;
	if (c.limit <= 0) {
		return true;
	}
	c.over = g_ptr_array_new();
	c.case_ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
	bool good = hk_flow_do(l->flow, &program, claim_in, &c, error);
	if (good) {
		*ret_count = c.rows->len;
		good = start_all(l, &c, error);
	}
	g_ptr_array_unref(c.over);
	g_array_unref(c.case_ids);
	if (c.rows) {
		g_ptr_array_unref(c.rows);
	}
	return good;
}

/* --- a turn --- */

typedef struct turn {
	hk_looker *looker;
	hk_job job; /* lease_ms changes with each renewal; texts borrowed */
	int64_t renew_ms;
	bool dry;         /* nothing more was due a moment ago */
	bool on;          /* setting "looks" says so, and egress is not stopped */
	int64_t asked_ms; /* when the database was last asked for more */
} turn;

static bool
begin_turn(hk_looker *l, hk_flow *flow, const hk_job *job, bool *ret_on, GError **error)
{
	hk_policy policy;
	bool good;

	l->flow = flow;
	g_free(l->owner);
	l->owner = g_strdup(job->owner);
	good = hk_policy_read(hk_flow_db(flow), &policy, error);
	*ret_on = good && policy.looks_on && !hk_egress_killed(hk_egress_house());
	l->threshold = good ? policy.looks_threshold : 1;
	hk_policy_clear(&policy);
	if (!good) {
		return false;
	}
	hk_names_free(l->known);
	l->known = hk_names_load(hk_flow_db(flow), error);
	return l->known && renew_kits(l, hk_clock_mono_ms(), error);
}

/* Room for a good number, or nothing to lose. */
static bool
wants_more(const turn *t, int64_t now_ms)
{
	const hk_looker *l = t->looker;
	size_t busy = hk_looknet_busy(l->net) + l->ready->len;
	size_t room = l->in_flight > busy ? l->in_flight - busy : 0;

	if (!t->on || room == 0) {
		return false;
	}
	return t->dry ? now_ms - t->asked_ms >= 1000
		      : room >= MIN(l->in_flight, 2 * HK_LOOK_BATCH) || busy == 0;
}

static bool
step(turn *t, GError **error)
{
	hk_looker *l = t->looker;
	int64_t now_ms = hk_clock_mono_ms();
	int64_t count = 0;

	t->on = t->on && !hk_egress_killed(hk_egress_house());
	if (now_ms >= t->renew_ms) {
		if (!hk_job_renew(l->flow, &t->job, error)) {
			return false;
		}
		t->renew_ms = now_ms + RENEW_MS;
	}
	if (wants_more(t, now_ms)) {
		if (!claim(l, &count, error)) {
			return false;
		}
		t->dry = count == 0;
		t->asked_ms = now_ms;
	}
	if (hk_looknet_busy(l->net) > 0) {
		hk_looknet_step(l->net, STEP_MS, hk_stop_fd());
	}
	now_ms = hk_clock_mono_ms();
	bool full = l->ready->len >= HK_LOOK_BATCH;
	bool old = l->ready->len > 0 && now_ms - l->ready_ms >= HK_LOOK_GATHER_MS;
	return (!full && !old && !(l->ready->len > 0 && hk_looknet_busy(l->net) == 0)) ||
	       flush(l, error);
}

static bool
end_in(hk_flow *flow, void *user, GError **error)
{
	const turn *t = user;
	int64_t now_ms = hk_flow_now(flow);
	int64_t next_ms = 0;
	bool more = !t->dry || hk_looknet_busy(t->looker->net) > 0;

	if (!hk_looks_next(hk_flow_db(flow), &next_ms, error)) {
		return false;
	}
	int64_t due_ms = next_ms == 0 ? now_ms + HK_LOOK_IDLE_MS
				      : CLAMP(next_ms, now_ms + 100, now_ms + HK_LOOK_IDLE_MS);
	if (!t->on) {
		due_ms = now_ms + HK_LOOK_IDLE_MS;
	} else if (more) {
		due_ms = now_ms;
	}
	return hk_job_again(flow, &t->job, due_ms, error);
}

bool
hk_looker_run(hk_flow *flow, const hk_job *job, void *user, GError **error)
{
	hk_looker *l = user;
	int64_t now_ms = hk_clock_mono_ms();
	int64_t until = now_ms + HK_LOOK_TURN_MS;
	turn t = {.looker = l, .job = *job, .renew_ms = now_ms + RENEW_MS};

	if (!begin_turn(l, flow, job, &t.on, error)) {
		return false;
	}
	do {
		if (!step(&t, error)) {
			return false;
		}
	} while (!hk_stop_asked() && hk_clock_mono_ms() < until &&
		 (hk_looknet_busy(l->net) > 0 || l->ready->len > 0 || (t.on && !t.dry)));
	if (l->ready->len > 0 && !flush(l, error)) {
		return false;
	}
	return hk_flow_do(flow, &program, end_in, &t, error);
}

static bool
yield_in(hk_flow *flow, void *user, GError **error)
{
	return hk_looks_yield(hk_flow_db(flow), user, error);
}

void
hk_looker_free(hk_looker *l)
{
	if (!l) {
		return;
	}
	hk_looknet_free(l->net);
	g_ptr_array_unref(l->ready);
	/* Failure: the leases run out by themselves. */
	if (l->owner) {
		hk_flow_do(l->flow, &program, yield_in, l->owner, NULL);
	}
	hk_page_judge_free(l->judge);
	hk_names_free(l->known);
	g_free(l->owner);
	g_free(l);
}

/* --- one look --- */

void
hk_looked_free(hk_looked *looked)
{
	if (looked) {
		g_free(looked->host);
		g_free(looked->url);
		g_free(looked->final_url);
		g_free(looked->type);
		g_free(looked->why);
		g_free(looked->target);
		g_ptr_array_unref(looked->reasons);
		g_free(looked);
	}
}

static hk_looked *
looked_of(const judged *j)
{
	const hk_look *look = j->look;
	hk_looked *ret = g_new0(hk_looked, 1);
	g_autoptr(hk_json_doc) doc =
		hk_json_load(hk_span_of(j->reasons->str, j->reasons->len), DATA_MAX, NULL);

	ret->host = g_strdup(look->host);
	ret->url = g_strdup(look->asked ? look->asked : look->url);
	ret->final_url = g_strdup(look->final_url);
	ret->type = g_strdup(look->type);
	ret->why = g_strdup(look->why);
	ret->target = g_strdup(j->target);
	ret->status = look->status;
	ret->steps = look->steps;
	ret->ms = (unsigned)(look->ended_ms - look->started_ms);
	ret->bytes = look->body->len;
	ret->outcome = j->outcome;
	ret->kind = j->kind;
	ret->score = j->score;
	ret->kit_case = j->kit_case;
	ret->reasons = g_ptr_array_new_with_free_func(g_free);
	hk_json root = doc ? hk_json_root(doc) : (hk_json){0};
	for (size_t i = 0; doc && i < hk_json_len(&root); i++) {
		hk_json at = hk_json_at(&root, i);
		g_ptr_array_add(ret->reasons, g_strdup(hk_json_text(&at)));
	}
	return ret;
}

static void
wait_for_all(hk_looker *l)
{
	while (hk_looknet_busy(l->net) > 0) {
		hk_looknet_step(l->net, STEP_MS, -1);
	}
}

hk_looked *
hk_looker_one(hk_looker *l, const char *host, const char *url, double threshold, GError **error)
{
	l->threshold = threshold;
	if (!hk_looknet_start(l->net, hk_look_new(host, url, NULL), error)) {
		return NULL;
	}
	for (;;) {
		g_autoptr(GArray) list = g_array_new(FALSE, TRUE, sizeof(judged));
		wait_for_all(l);
		hk_look *look = g_ptr_array_steal_index(l->ready, 0);
		judged j = {.look = look};
		g_array_set_clear_func(list, judged_clear);
		g_array_append_val(list, j);
		if (look->ours || !judge_all(l, list, error)) {
			if (look->ours) {
				hk_error_set(error, HK_EPOLICY, "%s", look->why);
			}
			hk_look_free(look);
			return NULL;
		}
		follow(l, list);
		if (list->len > 0) {
			hk_looked *ret = looked_of(&g_array_index(list, judged, 0));
			hk_look_free(look);
			return ret;
		}
	}
}
