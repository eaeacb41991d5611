/* lives_rig: lives of sites (range/lives.def), one of each kind, over real requests to `hikeshi-range sites`: visits, pages and decisions as in the pool "monitor", the clock of the
 * range turned by its control. For tests/scenario/lives.t.
 *
 *   lives_rig EGRESS-FILE CONTROL-URL
 *
 * Each life is looked at when its phases begin and for as many checks as its darkness takes. Of the DNS and of the ways out there is only what loopback has: names are taken from the script, all
 * visitors come by one way, from home. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flow/states.h"
#include "lives.h"
#include "monitor/life.h"
#include "role/visit.h"
#include "sys/file.h"

#include "tap.h"

#define MINUTE INT64_C(60000)
enum { CHECKS_LIVE = 3, CHECKS_DARK = 14, TIMEOUT_MS = 15000, PHASES_MAX = 4 };

typedef struct rig {
	hk_visitnet *net;
	const char *control;
	rg_life script;
	hk_life life;
	hk_memory memory;
	hk_prints baseline;
	hk_check check;
	int64_t now_ms, number;
	size_t left;     /* visits under way */
	GPtrArray *came; /* of hk_outing, owned */
} rig;

static void
on_came(void *user, hk_outing *outing)
{
	rig *r = user;

	g_ptr_array_add(r->came, outing);
	r->left--;
}

static void
turn_clock(const rig *r)
{
	g_autofree char *command = g_strdup_printf(
		"curl -s -q --noproxy '*' -o /dev/null -X POST '%s/-/lives?at=%" G_GINT64_FORMAT
		"'",
		r->control, r->now_ms / 1000);

	if (system(command) != 0) { /* nocheck: a test's peer, words of ours */
		ok(false, "the clock of the range can be turned");
	}
}

static void
judge(rig *r, hk_outing *o)
{
	const char *const hosts[] = {r->script.host, NULL};
	const hk_visit_site site = {.baseline = &r->baseline,
		.hosts = hosts,
		.dark = hk_life_dark(r->life.state),
		.renewed = r->life.nameless_ms != 0};
	g_autoptr(GPtrArray) sketches = NULL;
	hk_visit_answer answer;
	hk_page_answer page;
	bool learn;

	if (o->met == HK_MET_ANSWER) {
		hk_outing_page(o, &page);
		sketches = hk_page_read(&page, 1, NULL);
	} else if (rg_life_name_at(&r->script, r->now_ms).nameless) {
		o->met = HK_MET_NAMELESS;
	}
	hk_outing_answer(o, sketches ? g_ptr_array_index(sketches, 0) : NULL, &answer);
	hk_visit *v = &r->check.visit[o->place];
	v->class = hk_visit_judge(&site, &answer, &learn);
	v->status = o->status;
	v->at_ms = r->now_ms;
	if (learn) {
		hk_prints_add(&r->baseline, &answer.page);
	}
}

static hk_life_step
look(rig *r)
{
	hk_check_beside beside = {.held = rg_life_name_at(&r->script, r->now_ms).held};
	hk_life_step step;
	hk_seen seen;

	turn_clock(r);
	hk_check_begin(&r->check, 2, 1, r->number++, &r->memory);
	for (size_t from = 0; hk_check_more(&r->check) > 0; from = r->check.count) {
		for (size_t i = from; i < r->check.count; i++) {
			const hk_visit *v = &r->check.visit[i];
			g_autofree char *url = g_strdup_printf(
				"http://%s/%s", r->script.host, v->page == 0 ? "" : "2");
			hk_outing *o = hk_outing_new(url, r->script.host, v->watcher, NULL);
			o->place = i;
			r->left++;
			hk_visitnet_start(r->net, o, NULL);
		}
		while (r->left > 0) {
			hk_visitnet_step(r->net, 100, -1);
		}
		for (guint i = 0; i < r->came->len; i++) {
			judge(r, g_ptr_array_index(r->came, i));
		}
		g_ptr_array_set_size(r->came, 0);
		r->check.nameless = rg_life_name_at(&r->script, r->now_ms).nameless;
	}
	hk_check_decide(&r->check, &beside, r->now_ms, &seen);
	hk_life_next(&r->life, &seen, r->now_ms, &step);
	for (size_t i = 0; i < r->check.count; i++) {
		hk_memory_put(&r->memory, &r->check.visit[i]);
	}
	return step;
}

/* One phase: as many checks as it has time for, or needs. */
static bool
live_phase(rig *r, size_t phase, bool *was_dark)
{
	const rg_life_phase *p = &r->script.phase[phase];
	int64_t end_ms =
		phase + 1 < r->script.count ? r->script.phase[phase + 1].from_ms : INT64_MAX;
	unsigned checks = p->up ? CHECKS_LIVE : CHECKS_DARK;
	bool good = true;

	r->now_ms = p->from_ms + MINUTE;
	for (unsigned i = 0; i < checks && r->now_ms < end_ms; i++, r->now_ms += 5 * MINUTE) {
		hk_life_step step = look(r);
		/* Back at the first check; a warning on the way is no return. */
		good = good && !(p->up && hk_life_dark(r->life.state)) && !(!p->up && step.back);
	}
	*was_dark = !p->up;
	return good && (p->up || hk_life_dark(r->life.state));
}

static void
live(rig *r, unsigned kind)
{
	bool good = true, dark = false;

	rg_life_new(kind, 0, RG_LIVES_SEED, &r->script);
	r->life = (hk_life){.state = hk_states_find(HK_MACHINE_LIVENESS, "unchecked")->text};
	memset(&r->memory, 0, sizeof r->memory);
	memset(&r->baseline, 0, sizeof r->baseline);
	if (r->script.count > PHASES_MAX) {
		return; /* flapping ones are about time, not about pages: test_lives has them */
	}
	for (size_t i = 0; i < r->script.count; i++) {
		good = live_phase(r, i, &dark) && good;
	}
	ok(good, "%s ends as %s", r->script.host, r->life.state);
}

int
main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(hk_egress) egress = argc == 3 ? hk_egress_new(argv[1], &error) : NULL;
	g_autofree rig *r = g_new0(rig, 1);

	if (!egress) {
		fprintf(stderr, "usage: lives_rig EGRESS-FILE CONTROL-URL\n");
		return 64;
	}
	hk_file_init();
	hk_egress_set_house(egress);
	hk_form_warm();
	r->control = argv[2];
	r->came = g_ptr_array_new_with_free_func((GDestroyNotify)hk_outing_free);
	r->net = hk_visitnet_new(NULL, "rig", TIMEOUT_MS, on_came, r, &error);
	for (unsigned i = 0; r->net && i < rg_life_kinds(); i++) {
		live(r, i);
	}
	hk_visitnet_free(r->net);
	g_ptr_array_unref(r->came);
	return tap_done();
}
