#include "monitor/check.h"

#include <string.h>

#include "base/codec.h"
#include "sys/json.h"
#include "sys/jsonw.h"

static const hk_watcher_row watchers[] = {
#define VARIANT(id, name, profile, referrer) {name, profile, referrer},
#include "monitor/variants.def"
#undef VARIANT
};

const hk_watcher_row *
hk_watcher_get(hk_watcher watcher)
{
	return &watchers[watcher];
}

/* ---- Memory ---- */

static bool
is_same(const hk_visit *a, const hk_visit *b)
{
	return a->watcher == b->watcher && a->exit == b->exit && a->page == b->page;
}

const hk_visit *
hk_memory_find(const hk_memory *m, const hk_visit *visit)
{
	for (size_t i = 0; i < m->count; i++) {
		if (is_same(&m->visit[i], visit)) {
			return &m->visit[i];
		}
	}
	return NULL;
}

static size_t
oldest(const hk_memory *m)
{
	size_t found = 0;

	for (size_t i = 1; i < m->count; i++) {
		found = m->visit[i].at_ms < m->visit[found].at_ms ? i : found;
	}
	return found;
}

void
hk_memory_put(hk_memory *m, const hk_visit *visit)
{
	for (size_t i = 0; i < m->count; i++) {
		if (is_same(&m->visit[i], visit)) {
			m->visit[i] = *visit;
			return;
		}
	}
	m->visit[m->count < HK_MEMORY_MAX ? m->count++ : oldest(m)] = *visit;
}

void
hk_memory_json(const hk_memory *m, const char *const *exits, GString *out)
{
	hk_jsonw_open(out, '[');
	for (size_t i = 0; i < m->count; i++) {
		const hk_visit *v = &m->visit[i];
		hk_jsonw_open(out, '{');
		hk_jsonw_member_str(out, "who", watchers[v->watcher].name);
		hk_jsonw_member_str(out, "exit", exits[v->exit]);
		hk_jsonw_member_int(out, "page", v->page);
		hk_jsonw_member_str(out, "what", hk_visit_get(v->class)->code);
		hk_jsonw_member_int(out, "status", v->status);
		if (v->body != 0) {
			char text[17];
			g_snprintf(text, sizeof text, "%016" G_GINT64_MODIFIER "x", v->body);
			hk_jsonw_member_str(out, "body", text);
		}
		hk_jsonw_member_int(out, "at_ms", v->at_ms);
		hk_jsonw_close(out, '}');
	}
	hk_jsonw_close(out, ']');
}

static bool
find_word(const char *word, const char *const *list, unsigned *ret)
{
	for (unsigned i = 0; list[i]; i++) {
		if (strcmp(word, list[i]) == 0) {
			*ret = i;
			return true;
		}
	}
	return false;
}

/* 16 hexadecimal digits; anything else is none. */
static uint64_t
body_of(const char *hex)
{
	uint8_t bytes[sizeof(uint64_t)];
	uint64_t ret = 0;

	if (strlen(hex) != 2 * sizeof bytes ||
		hk_hex_decode(hk_span_str(hex), bytes, sizeof bytes) != HK_OK) {
		return 0;
	}
	for (size_t i = 0; i < sizeof bytes; i++) {
		ret = ret << 8 | bytes[i];
	}
	return ret;
}

static bool
take_visit(const hk_json *at, const char *const *exits, hk_visit *ret)
{
	static const char *const names[] = {
#define VARIANT(id, name, profile, referrer) name,
#include "monitor/variants.def"
#undef VARIANT
		NULL};
	const char *who = NULL, *exit = NULL, *what = NULL, *body = NULL;
	int64_t page = 0, status = 0;
	unsigned watcher;

	*ret = (hk_visit){0};
	if (!hk_json_str(at, "who", &who, NULL) || !hk_json_str(at, "exit", &exit, NULL) ||
		!hk_json_str(at, "what", &what, NULL) || !find_word(who, names, &watcher) ||
		!find_word(exit, exits, &ret->exit) || !hk_visit_find(what, &ret->class) ||
		!hk_json_i64(at, "at_ms", &ret->at_ms, NULL) ||
		!hk_json_i64(at, "page", &page, NULL) || page < 0 || page >= HK_CHECK_PAGES_MAX) {
		return false;
	}
	hk_json_i64(at, "status", &status, NULL);
	if (hk_json_str(at, "body", &body, NULL)) {
		ret->body = body_of(body);
	}
	ret->watcher = (hk_watcher)watcher;
	ret->page = (unsigned)page;
	ret->status = (int)CLAMP(status, 0, 999);
	return true;
}

void
hk_memory_read(const char *text, const char *const *exits, hk_memory *ret)
{
	g_autoptr(hk_json_doc) doc =
		text ? hk_json_load(hk_span_str(text), HK_MEMORY_BYTES_MAX, NULL) : NULL;

	ret->count = 0;
	if (!doc) {
		return;
	}
	hk_json root = hk_json_root(doc);
	for (size_t i = 0; i < hk_json_len(&root); i++) {
		hk_json at = hk_json_at(&root, i);
		hk_visit visit;
		if (take_visit(&at, exits, &visit)) {
			hk_memory_put(ret, &visit);
		}
	}
}

/* ---- Which visits ---- */

void
hk_check_begin(hk_check *c, unsigned pages, unsigned exits, int64_t number, const hk_memory *memory)
{
	c->pages = CLAMP(pages, 1, HK_CHECK_PAGES_MAX);
	c->exits = CLAMP(exits, 1, HK_CHECK_EXITS_MAX);
	c->number = number;
	c->memory = memory;
	c->count = 0;
	c->nameless = false;
}

static void
add(hk_check *c, unsigned watcher, unsigned exit, unsigned page)
{
	hk_visit visit = {.watcher = (hk_watcher)watcher,
		.exit = exit,
		.page = page,
		.class = HK_VISIT_CLASSES};

	for (size_t i = 0; i < c->count; i++) {
		if (is_same(&c->visit[i], &visit)) {
			return;
		}
	}
	if (c->count < HK_CHECK_VISITS_MAX) {
		c->visit[c->count++] = visit;
	}
}

/* Who saw the site last; the first of those whose eyes it met at the same time. */
static const hk_visit *
lead_of(const hk_check *c)
{
	const hk_visit *lead = NULL;

	for (size_t i = 0; i < c->memory->count; i++) {
		const hk_visit *v = &c->memory->visit[i];
		bool there = v->exit < c->exits && v->page < c->pages;
		if (there && v->class == HK_VISIT_LIVE && (!lead || v->at_ms > lead->at_ms)) {
			lead = v;
		}
	}
	return lead;
}

static void
add_first(hk_check *c)
{
	const hk_visit *lead = lead_of(c);
	uint64_t turn = (uint64_t)c->number;

	add(c, lead ? lead->watcher : 0, lead ? lead->exit : 0, lead ? lead->page : 0);
	add(c, (unsigned)(turn % HK_WATCHERS), (unsigned)(turn / HK_WATCHERS % c->exits),
		(unsigned)(turn % c->pages));
}

/* All visitors to the first page; to the others one of each device. */
static void
add_rest(hk_check *c)
{
	for (unsigned exit = 0; exit < c->exits; exit++) {
		for (unsigned w = 0; w < HK_WATCHERS; w++) {
			add(c, w, exit, 0);
		}
	}
	for (unsigned page = 1; page < c->pages; page++) {
		for (unsigned exit = 0; exit < c->exits; exit++) {
			add(c, HK_WATCHER_IPHONE, exit, page);
			add(c, HK_WATCHER_DESKTOP, exit, page);
		}
	}
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

size_t
hk_check_more(hk_check *c)
{
	size_t before = c->count;

	if (before == 0) {
		add_first(c);
	} else if (!is_seen(c) && !c->nameless) {
		add_rest(c);
	}
	return c->count - before;
}

size_t
hk_check_rest(hk_check *c)
{
	size_t before = c->count;

	add_rest(c);
	return c->count - before;
}

/* ---- What they say ---- */

/* Whether a visitor who does not see it says that it hides: a silence or an error may be chance. */
static bool
is_refusal(hk_visit_class class)
{
	const hk_visit_row *row = hk_visit_get(class);

	return row->side == HK_SIDE_DARK && class != HK_VISIT_SILENT && class != HK_VISIT_LAME &&
	       class != HK_VISIT_FAILING;
}

static bool
is_cloaked(const hk_check *c, unsigned page, int64_t now_ms)
{
	for (size_t i = 0; i < c->count; i++) {
		if (c->visit[i].page == page && is_refusal(c->visit[i].class)) {
			return true;
		}
	}
	for (size_t i = 0; i < c->memory->count; i++) {
		const hk_visit *v = &c->memory->visit[i];
		bool again = false;
		for (size_t k = 0; k < c->count; k++) {
			again = again || is_same(&c->visit[k], v);
		}
		if (!again && v->page == page && is_refusal(v->class) &&
			now_ms - v->at_ms < HK_MEMORY_FRESH_MS) {
			return true;
		}
	}
	return false;
}

static bool
is_soft(hk_visit_class class)
{
	return class == HK_VISIT_SILENT || class == HK_VISIT_LAME;
}

/* The class as it counts: what a way that is away does not bring was not asked. */
static hk_visit_class
class_of(const hk_visit *v, const hk_check_beside *beside)
{
	return is_soft(v->class) && beside->ways[v->exit] == HK_CONTROL_AWAY ? HK_VISIT_OURS
									     : v->class;
}

/* The visit that says most of one side; NULL: there is none. */
static const hk_visit *
best_of(const hk_check *c, const hk_check_beside *beside, hk_side side)
{
	const hk_visit *best = NULL;
	int rank = -1;

	for (size_t i = 0; i < c->count; i++) {
		const hk_visit_row *row = hk_visit_get(class_of(&c->visit[i], beside));
		if (row->side == side && row->rank > rank) {
			best = &c->visit[i];
			rank = row->rank;
		}
	}
	return best;
}

static unsigned
profiles_of(const hk_check *c, const hk_check_beside *beside)
{
	const char *seen[HK_WATCHERS];
	unsigned count = 0;

	for (size_t i = 0; i < c->count; i++) {
		const char *profile = watchers[c->visit[i].watcher].profile;
		bool known = hk_visit_get(class_of(&c->visit[i], beside))->side != HK_SIDE_DARK;
		for (unsigned k = 0; k < count; k++) {
			known = known || strcmp(seen[k], profile) == 0;
		}
		if (!known) {
			seen[count++] = profile;
		}
	}
	return count;
}

/* What else is known makes the class more exact, never lighter. */
static hk_visit_class
with_beside(hk_visit_class class, const hk_check_beside *beside)
{
	if (beside->held) {
		return HK_VISIT_HELD;
	}
	if (beside->sinkholed) {
		return HK_VISIT_SINKHOLE;
	}
	return beside->parked && class == HK_VISIT_REMOVED ? HK_VISIT_PARKED : class;
}

static void
decide_dark(const hk_check *c, const hk_check_beside *beside, const hk_visit *worst, hk_seen *ret)
{
	bool soft = worst && is_soft(worst->class);
	int weakest = G_MAXINT;

	ret->side = HK_SIDE_DARK;
	ret->by = worst;
	ret->class = with_beside(worst ? worst->class : HK_VISIT_NAMELESS, beside);
	/* A check counts what its least telling visit counts: one 404 among silences is a silence. */
	for (size_t i = 0; i < c->count; i++) {
		const hk_visit_row *row = hk_visit_get(class_of(&c->visit[i], beside));
		if (row->side == HK_SIDE_DARK) {
			weakest = MIN(weakest, row->points);
		}
	}
	ret->points = worst ? weakest : hk_visit_get(HK_VISIT_NAMELESS)->points;
	if (beside->held || beside->sinkholed) {
		ret->points = MAX(ret->points, hk_visit_get(ret->class)->points);
	}
	if (soft && beside->ways[worst->exit] == HK_CONTROL_UNKNOWN && !beside->held) {
		ret->points = 1;
	}
}

void
hk_check_decide(const hk_check *c, const hk_check_beside *beside, int64_t now_ms, hk_seen *ret)
{
	const hk_visit *up = best_of(c, beside, HK_SIDE_UP);
	const hk_visit *warned = best_of(c, beside, HK_SIDE_WARN);
	const hk_visit *dark = best_of(c, beside, HK_SIDE_DARK);
	const hk_visit *unsure = best_of(c, beside, HK_SIDE_UNSURE);

	*ret = (hk_seen){.side = HK_SIDE_NONE, .class = HK_VISIT_OURS};
	ret->watchers = profiles_of(c, beside);
	if (up) {
		*ret = (hk_seen){.side = HK_SIDE_UP,
			.class = HK_VISIT_LIVE,
			.by = up,
			.cloaked = is_cloaked(c, up->page, now_ms)};
	} else if (warned || unsure) {
		/* Behind a question or a warning it may be there. */
		ret->side = warned ? HK_SIDE_WARN : HK_SIDE_UNSURE;
		ret->by = warned ? warned : unsure;
		ret->class = ret->by->class;
	} else if (c->nameless || (dark && ret->watchers >= 2)) {
		decide_dark(c, beside, c->nameless ? NULL : dark, ret);
	} else if (dark) {
		ret->side = HK_SIDE_UNSURE;
		ret->class = dark->class;
		ret->by = dark;
	}
}
