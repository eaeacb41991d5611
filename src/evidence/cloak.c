#include "evidence/cloak.h"

#include <string.h>

#include "evidence/cloak_int.h"
#include "match/dhash.h"
#include "sys/png.h"

/* Two visits that really differ. */
typedef struct pair {
	size_t a, b; /* of views */
	unsigned what, dimensions;
} pair;

typedef struct judging {
	hk_cloak_view *views;
	size_t count;
	GArray *pairs;    /* of pair */
	unsigned cleared; /* dimensions in which visits that differ in nothing else are the same */
	unsigned decided; /* dimensions in which such visits differ */
	hk_cloak *ret;
} judging;

/* "none" and "sms": nothing is sent. */
static const char *
referrer_of(const hk_capture *c)
{
	const char *r = c->referrer ? c->referrer : "";

	return strcmp(r, "sms") == 0 || strcmp(r, "none") == 0 ? "" : r;
}

static unsigned
dimensions_between(const hk_capture *a, const hk_capture *b)
{
	return (g_strcmp0(a->profile, b->profile) != 0 ? HK_CLOAK_DEVICE : 0u) |
	       (strcmp(referrer_of(a), referrer_of(b)) != 0 ? HK_CLOAK_REFERRER : 0u) |
	       (g_strcmp0(a->exit, b->exit) != 0 ? HK_CLOAK_EXIT : 0u) |
	       (a->visit != b->visit ? HK_CLOAK_VISIT : 0u);
}

static void
compare_all(judging *j)
{
	for (size_t a = 0; a < j->count; a++) {
		for (size_t b = a + 1; b < j->count; b++) {
			unsigned dims =
				dimensions_between(j->views[a].capture, j->views[b].capture);
			bool alone = dims != 0 && (dims & (dims - 1)) == 0;
			pair found = {a, b, 0, dims};

			/* The same visit twice: what differs there is chance. */
			if (dims == 0) {
				continue;
			}
			found.what = hk_cloak_compare(&j->views[a], &j->views[b]);
			if (found.what != 0) {
				g_array_append_val(j->pairs, found);
				j->decided |= alone ? dims : 0;
			} else {
				j->cleared |= alone ? dims : 0;
			}
		}
	}
}

static bool
differ(const judging *j, size_t a, size_t b)
{
	for (guint i = 0; i < j->pairs->len; i++) {
		const pair *p = &g_array_index(j->pairs, pair, i);

		if ((p->a == a && p->b == b) || (p->a == b && p->b == a)) {
			return true;
		}
	}
	return false;
}

/* A link that works once for whoever comes first: the earliest visit differs from all the others, and they from none of one another. */
static bool
is_one_time_link(const judging *j)
{
	size_t first = 0;

	for (size_t i = 1; i < j->count; i++) {
		if (j->views[i].capture->start_wall_ms < j->views[first].capture->start_wall_ms) {
			first = i;
		}
	}
	for (guint i = 0; i < j->pairs->len; i++) {
		const pair *p = &g_array_index(j->pairs, pair, i);

		if (p->a != first && p->b != first) {
			return false;
		}
	}
	for (size_t i = 0; i < j->count; i++) {
		if (i != first && !differ(j, first, i)) {
			return false;
		}
	}
	return j->count > 2 && (j->decided & HK_CLOAK_VISIT) != 0;
}

static void
attribute(judging *j)
{
	unsigned all = 0;

	for (guint i = 0; i < j->pairs->len; i++) {
		all |= g_array_index(j->pairs, pair, i).dimensions;
	}
	if (j->pairs->len == 0) {
		return;
	}
	j->ret->verdict = HK_CLOAK_CLOAKED;
	j->ret->certain = j->decided != 0;
	if (is_one_time_link(j)) {
		j->ret->dimensions = HK_CLOAK_VISIT;
	} else if (j->decided) {
		j->ret->dimensions = j->decided;
	} else {
		j->ret->dimensions = all & ~j->cleared ? all & ~j->cleared : all;
	}
}

/* ---- what to show ---- */

static void
free_diff(void *user)
{
	hk_cloak_diff *d = user;
	hk_cloak_side *sides[] = {&d->a, &d->b};

	for (size_t i = 0; i < G_N_ELEMENTS(sides); i++) {
		g_free(sides[i]->name);
		g_free(sides[i]->host);
		g_free(sides[i]->title);
		g_free(sides[i]->form);
	}
	g_free(d);
}

static char *
visit_name(const hk_capture *c)
{
	bool named = c->exit && *c->exit && strcmp(c->exit, "direct") != 0;

	return g_strdup_printf("%s-%s-%d%s%s", c->profile ? c->profile : "",
		c->referrer ? c->referrer : "", c->visit, named ? "-" : "", named ? c->exit : "");
}

static void
fill_side(const hk_cloak_view *view, const hk_cloak_page *page, hk_cloak_side *ret)
{
	ret->variant = view->index;
	ret->name = visit_name(view->capture);
	ret->status = page->status;
	ret->host = g_strdup(page->host ? page->host : "");
	ret->title = g_strdup(page->page && page->page->title ? page->page->title : "");
	ret->form = hk_form_tokens_text(&page->form);
}

static bool
look_at(const hk_cloak_page *page, hk_png_look *ret)
{
	size_t len;
	const void *data = page->page && page->page->viewport_png
				   ? g_bytes_get_data(page->page->viewport_png, &len)
				   : NULL;

	return data && hk_png_look_at(hk_span_of(data, len), ret, NULL);
}

static void
show(judging *j, const hk_cloak_view *a, const hk_cloak_page *page_a, const hk_cloak_view *b,
	const hk_cloak_page *page_b, unsigned dimensions, unsigned what)
{
	hk_cloak_diff *d = g_new0(hk_cloak_diff, 1);
	hk_png_look look_a, look_b;

	d->dimensions = dimensions;
	d->what = what;
	fill_side(a, page_a, &d->a);
	fill_side(b, page_b, &d->b);
	d->text = hk_cloak_jaccard(&page_a->text, &page_b->text);
	d->structure = hk_cloak_jaccard(&page_a->paths, &page_b->paths);
	d->picture = look_at(page_a, &look_a) && look_at(page_b, &look_b)
			     ? (int)hk_hash_distance(look_a.dhash, look_b.dhash)
			     : -1;
	g_ptr_array_add(j->ret->diffs, d);
}

/* The rows of one dimension: pairs that differ in it alone first; if there are none, any that do. */
static void
show_dimension(judging *j, unsigned dimension)
{
	for (int alone = 1; alone >= 0; alone--) {
		unsigned rows = 0;

		for (guint i = 0; i < j->pairs->len && rows < HK_CLOAK_DIFFS_EACH &&
				  j->ret->diffs->len < HK_CLOAK_DIFFS_MAX;
			i++) {
			const pair *p = &g_array_index(j->pairs, pair, i);

			if (alone ? p->dimensions == dimension : (p->dimensions & dimension) != 0) {
				const hk_cloak_view *a = &j->views[p->a], *b = &j->views[p->b];
				show(j, a, &a->last, b, &b->last, p->dimensions, p->what);
				rows++;
			}
		}
		if (rows > 0) {
			return;
		}
	}
}

static void
judge_clicks(judging *j)
{
	for (size_t i = 0; i < j->count; i++) {
		const hk_cloak_view *v = &j->views[i];

		if (!hk_cloak_curtain(v)) {
			continue;
		}
		if (!(j->ret->dimensions & HK_CLOAK_INTERACTION)) {
			/* No comparison is needed to be sure of it. */
			j->ret->certain = j->ret->verdict != HK_CLOAK_CLOAKED || j->ret->certain;
			j->ret->verdict = HK_CLOAK_CLOAKED;
			j->ret->dimensions |= HK_CLOAK_INTERACTION;
			show(j, v, &v->first, v, &v->last, HK_CLOAK_INTERACTION, HK_CLOAK_FORM);
		}
	}
}

/* Nobody answered at all, or everybody was told that there is nothing. What a press led to does not count: a live page may have a dead link. */
static bool
is_dead(const judging *j, size_t gone, size_t n)
{
	for (size_t i = 0; i < j->count; i++) {
		const hk_cloak_view *view = &j->views[i];
		bool alive = view->clicked && !view->first.denied;
		bool refused = view->last.status == 401 || view->last.status == 403;

		if (view->file || alive || !view->last.denied || refused) {
			return false;
		}
	}
	return n > 0 && j->count + gone == n;
}

void
hk_cloak_judge(const hk_capture *const *variants, size_t n, hk_cloak *ret)
{
	judging j = {.ret = ret};
	size_t gone = 0;

	n = MIN(n, HK_CLOAK_VARIANTS_MAX);
	*ret = (hk_cloak){.diffs = g_ptr_array_new_with_free_func(free_diff)};
	j.views = g_new0(hk_cloak_view, n + 1);
	j.pairs = g_array_new(FALSE, FALSE, sizeof(pair));
	for (size_t i = 0; i < n; i++) {
		hk_cloak_view *view = &j.views[j.count];

		hk_cloak_view_of(variants[i], i, view);
		gone += view->gone;
		if (view->says) {
			j.count++;
		} else {
			hk_cloak_view_clear(view);
		}
	}
	ret->compared = j.count;
	ret->verdict = is_dead(&j, gone, n) ? HK_CLOAK_DEAD
		       : j.count > 1        ? HK_CLOAK_SAME
					    : HK_CLOAK_UNKNOWN;
	compare_all(&j);
	attribute(&j);
	for (unsigned bit = 1; bit < HK_CLOAK_INTERACTION; bit <<= 1) {
		if (ret->dimensions & bit) {
			show_dimension(&j, bit);
		}
	}
	judge_clicks(&j);
	for (size_t i = 0; i < j.count; i++) {
		hk_cloak_view_clear(&j.views[i]);
	}
	g_array_unref(j.pairs);
	g_free(j.views);
}

void
hk_cloak_clear(hk_cloak *cloak)
{
	g_ptr_array_unref(cloak->diffs);
	*cloak = (hk_cloak){0};
}
