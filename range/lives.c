#include "lives.h"

#include <stdlib.h>
#include <string.h>

#include "rng.h"

#define MINUTE_MS INT64_C(60000)

typedef enum what { A_LIFE, A_PHASE, A_BACK } what;

static const struct {
	what what;
	const char *code;
	rg_site_state state;
	rg_life_who who;
	bool up;
	unsigned least, most, silent;
	unsigned rows, times;
} rows[] = {
#define UP                true
#define DARK              false
#define LIFE(code)        {A_LIFE, code, RG_SITE_LIVE, RG_LIFE_ALL, false, 0, 0, 0, 0, 0},
#define BACK(rows, times) {A_BACK, "", RG_SITE_LIVE, RG_LIFE_ALL, false, 0, 0, 0, rows, times},
#define PHASE(state, who, truth, least, most, silent, meaning)                                     \
	{A_PHASE, "", RG_SITE_##state, RG_LIFE_##who, truth, least, most, silent, 0, 0},
#include "lives.def"
#undef LIFE
#undef PHASE
#undef BACK
#undef UP
#undef DARK
};

unsigned
rg_life_kinds(void)
{
	unsigned count = 0;

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		count += rows[i].what == A_LIFE;
	}
	return count;
}

static size_t
row_of(unsigned kind)
{
	size_t at = 0;

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		if (rows[i].what == A_LIFE && kind-- == 0) {
			at = i;
		}
	}
	return at;
}

static void
add_phase(rg_life *life, size_t row, rg_rng *rng, int64_t *at_ms)
{
	unsigned span = rows[row].most - rows[row].least + 1;
	int64_t minutes = rows[row].least + (int64_t)(rg_rng_next(rng) % span);

	if (life->count < RG_LIFE_PHASES_MAX) {
		life->phase[life->count++] = (rg_life_phase){.from_ms = *at_ms,
			.state = rows[row].state,
			.who = rows[row].who,
			.up = rows[row].up,
			.silent = rows[row].silent};
	}
	/* Not on the minute: checks are. */
	*at_ms += minutes * MINUTE_MS + (int64_t)(rg_rng_next(rng) % 59000);
}

void
rg_life_new(unsigned kind, unsigned number, uint64_t seed, rg_life *ret)
{
	static const char *const kits[] = {"cp29", "ukn432", "cp20", "a", "b", "bp1"};
	size_t first = row_of(kind) + 1;
	rg_rng rng = {.state = seed + kind * UINT64_C(1000003) + number * UINT64_C(7919)};
	unsigned again = 0;
	int64_t at_ms = 0;

	*ret = (rg_life){.kind = rows[first - 1].code,
		.kit = kits[number % G_N_ELEMENTS(kits)],
		.seed = rg_rng_next(&rng)};
	g_snprintf(ret->host, sizeof ret->host, "%s-%u.life.range.test", ret->kind, number);
	for (size_t i = first; i < G_N_ELEMENTS(rows) && rows[i].what != A_LIFE; i++) {
		if (rows[i].what == A_PHASE) {
			add_phase(ret, i, &rng, &at_ms);
		} else if (again++ < rows[i].times) {
			i -= rows[i].rows + 1;
		}
	}
}

bool
rg_life_find(const char *host, uint64_t seed, rg_life *ret)
{
	const char *dot = strchr(host, '.');
	const char *dash = dot ? g_strrstr_len(host, dot - host, "-") : NULL;

	if (!dash || strcmp(dot, ".life.range.test") != 0) {
		return false;
	}
	g_autofree char *kind = g_strndup(host, (gsize)(dash - host));
	for (unsigned i = 0; i < rg_life_kinds(); i++) {
		if (strcmp(rows[row_of(i)].code, kind) == 0) {
			rg_life_new(i, (unsigned)g_ascii_strtoull(dash + 1, NULL, 10), seed, ret);
			return strcmp(ret->host, host) == 0;
		}
	}
	return false;
}

const rg_life_phase *
rg_life_at(const rg_life *life, int64_t ms)
{
	const rg_life_phase *at = &life->phase[0];

	for (size_t i = 1; i < life->count && life->phase[i].from_ms <= ms; i++) {
		at = &life->phase[i];
	}
	return at;
}

rg_life_name
rg_life_name_at(const rg_life *life, int64_t ms)
{
	rg_site_means means = rg_site_state_means(rg_life_at(life, ms)->state);
	rg_life_name name = {
		.nameless = means.nameless, .held = means.held, .created_ms = -86400000};

	for (size_t i = 0; i < life->count && life->phase[i].from_ms <= ms; i++) {
		if (life->phase[i].who == RG_LIFE_ANEW) {
			name.created_ms = life->phase[i].from_ms;
		}
	}
	return name;
}

/* ---- Answers ---- */

static bool
is_let_in(const rg_life_phase *p, const rg_life_visitor *v)
{
	switch (p->who) {
	case RG_LIFE_PHONE:
		return v->phone;
	case RG_LIFE_SEARCH:
		return v->search;
	case RG_LIFE_HOME:
		return v->home;
	case RG_LIFE_HOME_PHONE:
		return v->home && v->phone;
	case RG_LIFE_ALL:
	case RG_LIFE_SECOND:
	case RG_LIFE_FIRST:
	case RG_LIFE_LIES:
	case RG_LIFE_ANEW:
		break;
	}
	return true;
}

/* Half of the site is there though the state says otherwise. */
static bool
is_spared(const rg_life_phase *p, const rg_life_visitor *v)
{
	return (p->who == RG_LIFE_SECOND && v->page == 1) ||
	       (p->who == RG_LIFE_FIRST && v->page == 0);
}

static bool
by_chance(const rg_life *life, unsigned chance, uint64_t visit)
{
	rg_rng rng = {.state = life->seed ^ visit * UINT64_C(0x9E3779B97F4A7C15)};

	return rg_rng_next(&rng) % 1000 < chance;
}

bool
rg_life_answer(const rg_life *life, int64_t ms, const rg_life_visitor *v, rg_answer *ret)
{
	const rg_life_phase *p = rg_life_at(life, ms);
	rg_site_means means = rg_site_state_means(p->state);
	rg_visitor who = {.host = life->host,
		.path = "/",
		.agent = v->phone ? "Mobile" : "",
		.referrer = v->search ? "google" : ""};

	if (by_chance(life, p->silent, v->visit)) {
		return false;
	}
	if (means.own || is_spared(p, v)) {
		if (!is_let_in(p, v)) {
			rg_sites_page(RG_PAGE_NOTFOUND, &who, "", ret);
			return true;
		}
		bool fine = rg_sites_kit(life->kit, v->page + 1, ret);
		ret->status = p->who == RG_LIFE_LIES ? 404 : ret->status;
		return fine;
	}
	if (means.silent) {
		return false;
	}
	rg_sites_page(means.page, &who, "", ret);
	return true;
}
