/* Merge, split, and undoing them. What was moved is written down row by row; what came in since stays where it is. */
#include <string.h>

#include "flow/case_int.h"
#include "flow/check.h"
#include "flow/moved.h"
#include "flow/report_int.h"
#include "store/campaigns.h"
#include "store/case_rows.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"

/* Locks in the order of the numbers, whichever way it goes. */
static bool
open_two(hk_flow *flow, int64_t a, hk_case_work *work_a, int64_t b, hk_case_work *work_b, bool any,
	GError **error)
{
	bool (*open)(hk_flow *, int64_t, int64_t, hk_case_work *, GError **) =
		any ? hk_case_open_any : hk_case_open;

	return a < b ? open(flow, a, 0, work_a, error) && open(flow, b, 0, work_b, error)
		     : open(flow, b, 0, work_b, error) && open(flow, a, 0, work_a, error);
}

static void
note_two(hk_flow *flow, const char *act, int64_t case_id, int64_t merge, const char *key,
	int64_t other)
{
	g_autofree char *data = g_strdup_printf(
		"{\"merge\":%" G_GINT64_FORMAT ",\"%s\":%" G_GINT64_FORMAT "}", merge, key, other);

	hk_case_note(flow, act, case_id, data);
}

static bool
move_rows(hk_flow *flow, int64_t from, int64_t into, hk_moved *moved, GError **error)
{
	for (unsigned i = 0; i < HK_MOVING_COUNT; i++) {
		g_clear_pointer(&moved->rows[i], g_array_unref);
		if (!hk_moving_all(flow->db, i, from, into, &moved->rows[i], error)) {
			return false;
		}
	}
	g_clear_pointer(&moved->labels, g_ptr_array_unref);
	g_clear_pointer(&moved->keys, g_ptr_array_unref);
	g_clear_pointer(&moved->sites, g_ptr_array_unref);
	return hk_moving_sites(flow->db, from, into, &moved->sites, error) &&
	       hk_moving_labels(flow->db, from, into, &moved->labels, error) &&
	       hk_moving_keys(flow->db, from, into, &moved->keys, error);
}

static bool
is_unsent(const GArray *unsent, int64_t id)
{
	for (unsigned i = 0; i < unsent->len; i++) {
		if (g_array_index(unsent, int64_t, i) == id) {
			return true;
		}
	}
	return false;
}

static bool
drop_report(hk_flow *flow, int64_t id, bool *ret_dropped, GError **error)
{
	g_auto(hk_report_row) row = {0};

	*ret_dropped = true;
	return hk_reports_lock(flow->db, id, &row, error) &&
	       /* A follow-up was in several pairs. */
	       (strcmp(row.state, "dropped") == 0 || hk_report_drop(flow, &row, "merge", error));
}

/* Two cases that told, or were about to tell, the same recipient are one now, and tell it once. What has left stays as it is: the second of
 * two that left stays with the duplicate, and is shown with the other by what it speaks of. What has not left is dropped: beside one that
 * has, for good; two drafts, so that one is made of all sites. */
static bool
join_reports(hk_flow *flow, int64_t from, int64_t into, bool *ret_dropped, GError **error)
{
	g_autoptr(GArray) clashes = NULL;
	g_autoptr(GArray) ours = NULL;
	g_autoptr(GArray) theirs = NULL;

	*ret_dropped = false;
	if (!hk_reports_clashes(flow->db, from, into, &clashes, error)) {
		return false;
	}
	if (clashes->len == 0) {
		return true;
	}
	if (!hk_reports_unsent(flow->db, from, &ours, error) ||
		!hk_reports_unsent(flow->db, into, &theirs, error)) {
		return false;
	}
	for (unsigned i = 0; i < clashes->len; i++) {
		const hk_report_clash *clash = &g_array_index(clashes, hk_report_clash, i);
		if ((is_unsent(ours, clash->from) &&
			    !drop_report(flow, clash->from, ret_dropped, error)) ||
			(is_unsent(theirs, clash->into) &&
				!drop_report(flow, clash->into, ret_dropped, error))) {
			return false;
		}
	}
	return true;
}

static void
set_text(char **place, const char *text)
{
	char *copy = g_strdup(text);

	g_free(*place);
	*place = copy;
}

/* A case that nobody knew a URL of gets the other's. */
static void
fill_place(hk_case_row *into, const hk_case_row *from, hk_moved *moved)
{
	if (into->url || into->host || (!from->url && !from->host)) {
		return;
	}
	hk_moved_set(&moved->url, into->url, from->url);
	hk_moved_set(&moved->host, into->host, from->host);
	hk_moved_set(&moved->domain, into->domain, from->domain);
	set_text(&into->url, from->url);
	set_text(&into->host, from->host);
	set_text(&into->domain, from->domain);
}

static bool
keep_merge(hk_flow *flow, const char *act, int64_t from, int64_t into, const hk_moved *moved,
	int64_t *ret_id, GError **error)
{
	g_autofree char *text = hk_moved_write(moved);
	hk_merge_row row = {
		.from_case = from, .into_case = into, .act = (char *)(uintptr_t)act, .moved = text};

	return hk_merges_add(flow->db, &row, flow->now_ms, ret_id, error);
}

static void
become_duplicate(hk_case_row *from, const hk_case_row *into, hk_moved *moved)
{
	moved->state = g_strdup(from->state);
	moved->due_clock = g_strdup(from->due_clock);
	moved->due_ms = from->due_ms;
	moved->gave_first_ms = from->clocks[HK_CLOCK_FIRST_SEEN];
	moved->gave_last_ms = from->last_seen_ms;
	moved->own_first_ms = into->clocks[HK_CLOCK_FIRST_SEEN];
	moved->own_last_ms = into->last_seen_ms;
	from->state = "duplicate";
	from->merged_into = into->id;
	from->due_ms = 0;
	set_text(&from->due_clock, NULL);
}

bool
hk_case_merge(hk_flow *flow, int64_t from, int64_t into, int64_t *ret_merge, GError **error)
{
	g_auto(hk_case_work) source = {0};
	g_auto(hk_case_work) target = {0};
	g_auto(hk_moved) moved = {0};
	hk_case_row *a = &source.row, *b = &target.row;
	int64_t merge;
	bool dropped;

	if (from == into) {
		return hk_error_set(error, HK_ERANGE, "into: a case is not merged into itself");
	}
	if (!open_two(flow, from, &source, into, &target, false, error)) {
		return false;
	}
	hk_moved_init(&moved);
	become_duplicate(a, b, &moved);
	fill_place(b, a, &moved);
	int64_t *first = &b->clocks[HK_CLOCK_FIRST_SEEN];
	*first = MIN(*first, moved.gave_first_ms);
	b->last_seen_ms = MAX(b->last_seen_ms, moved.gave_last_ms);
	if (!join_reports(flow, from, into, &dropped, error) ||
		!move_rows(flow, from, into, &moved, error) ||
		!hk_urls_count(flow->db, from, &a->urls, error) ||
		!hk_urls_count(flow->db, into, &b->urls, error) ||
		!keep_merge(flow, "merge", from, into, &moved, &merge, error) ||
		!hk_campaigns_count(flow->db, a->campaign_id, -1, flow->now_ms, error)) {
		return false;
	}
	note_two(flow, "case.merge", from, merge, "into", into);
	note_two(flow, "case.merged", into, merge, "from", from);
	if (!hk_case_save(flow, &source, HK_CASE_ALL, true, error) ||
		!hk_case_save(flow, &target, HK_CASE_ALL, true, error) ||
		/* Only a case that is reported has drafts: another gets them when it is confirmed. */
		(!hk_report_able(b->state) && !hk_report_drop_unsent(flow, into, "merge", error)) ||
		(dropped && !hk_report_again(flow, into, b->state, error)) ||
		(moved.host.changed && !hk_case_follow(flow, b, error))) {
		return false;
	}
	if (ret_merge) {
		*ret_merge = merge;
	}
	return true;
}

/* What was told of one URL that goes was told of the new case. */
static bool
split_sites(
	hk_flow *flow, int64_t from, int64_t into, int64_t url_id, hk_moved *moved, GError **error)
{
	g_autoptr(GPtrArray) places = NULL;
	g_autofree char *url = NULL;
	g_autofree char *host = NULL;

	if (!hk_urls_text(flow->db, url_id, &url, &host, error) ||
		!hk_moving_sites_of(flow->db, url, from, into, &places, error)) {
		return false;
	}
	for (unsigned i = 0; i < places->len; i++) {
		g_ptr_array_add(moved->sites, g_strdup(places->pdata[i]));
	}
	return true;
}

/* The keys of one URL that goes: its own goes along; that of its host if no other URL is there any more, else both have one. */
static bool
split_keys(hk_flow *flow, int64_t from, int64_t into, const char *host, const char *hash,
	hk_moved *moved, GError **error)
{
	int64_t left;
	bool was;

	if (!hk_moving_key(flow->db, "url", hash, from, into, &was, error) ||
		!hk_urls_hosts(flow->db, from, host, &left, error)) {
		return false;
	}
	if (was) {
		g_ptr_array_add(moved->keys, g_strconcat("url ", hash, NULL));
	}
	g_autofree char *key = g_strconcat("host ", host, NULL);
	if (g_ptr_array_find_with_equal_func(moved->keys, key, g_str_equal, NULL) ||
		g_ptr_array_find_with_equal_func(moved->made, key, g_str_equal, NULL)) {
		return true;
	}
	if (left == 0) {
		if (!hk_moving_key(flow->db, "host", host, from, into, &was, error)) {
			return false;
		}
		if (was) {
			g_ptr_array_add(moved->keys, g_steal_pointer(&key));
		}
		return true;
	}
	bool has;
	if (!hk_case_keys_has(flow->db, from, "host", host, &has, error)) {
		return false;
	}
	if (has) {
		hk_case_keys made = {.host = host};
		g_ptr_array_add(moved->made, g_steal_pointer(&key));
		return hk_case_keys_put(flow->db, into, &made, flow->now_ms, error);
	}
	return true;
}

static int
compare_ids(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static bool
split_urls(hk_flow *flow, int64_t from, int64_t into, const int64_t *ids, size_t count,
	hk_moved *moved, GError **error)
{
	GArray *rows = moved->rows[HK_MOVING_URLS];

	g_array_append_vals(rows, ids, (unsigned)count);
	g_array_sort(rows, compare_ids);
	/* All go first: then what is left can be counted. */
	for (unsigned i = 0; i < rows->len; i++) {
		bool done;
		if (!hk_moving_one(flow->db, HK_MOVING_URLS, g_array_index(rows, int64_t, i), from,
			    into, &done, error)) {
			return false;
		}
	}
	for (unsigned i = 0; i < rows->len; i++) {
		g_autofree char *host = NULL;
		g_autofree char *hash = NULL;
		if (!hk_urls_get(
			    flow->db, g_array_index(rows, int64_t, i), into, &host, &hash, error) ||
			!split_keys(flow, from, into, host, hash, moved, error) ||
			!split_sites(
				flow, from, into, g_array_index(rows, int64_t, i), moved, error)) {
			return false;
		}
	}
	return true;
}

static bool
check_split(
	hk_flow *flow, int64_t id, const int64_t *ids, size_t count, int64_t urls, GError **error)
{
	if (count == 0 || (int64_t)count >= urls) {
		return hk_error_set(error, HK_ERANGE,
			"urls: at least one, and not all %" G_GINT64_FORMAT " of the case", urls);
	}
	for (size_t i = 0; i < count; i++) {
		g_autofree char *host = NULL;
		g_autofree char *hash = NULL;
		if (!hk_urls_get(flow->db, ids[i], id, &host, &hash, error)) {
			return false;
		}
		for (size_t k = 0; k < i; k++) {
			if (ids[k] == ids[i]) {
				return hk_error_set(error, HK_ERANGE, "urls: one is named twice");
			}
		}
	}
	return true;
}

/* The new case stands where the old one stands: what was done was done for this site, too. */
static bool
open_split(hk_flow *flow, const hk_case_row *old, const char *name, const char *host,
	const char *url, size_t urls, hk_case_row *ret, GError **error)
{
	hk_case_row row = *old; /* borrowed texts */
	hk_case_facets facets;

	row.id = 0;
	row.name = (char *)(uintptr_t)(name ? name : host);
	row.host = (char *)(uintptr_t)host;
	row.url = (char *)(uintptr_t)url;
	row.domain = g_strcmp0(old->host, host) == 0 ? old->domain : NULL;
	row.urls = (int64_t)urls;
	row.updated_ms = flow->now_ms;
	if (!hk_cases_insert(flow->db, &row, error) ||
		!hk_campaigns_count(flow->db, row.campaign_id, 1, flow->now_ms, error)) {
		return false;
	}
	if (hk_case_facets_of(&row, &facets)) {
		hk_flow_touch(flow, row.id, NULL, &facets, true);
	}
	*ret = row;
	return true;
}

/* The old case may have lost the URL that stood for it. */
static bool
replace_place(hk_flow *flow, hk_case_row *old, hk_moved *moved, GError **error)
{
	g_autofree char *url = NULL;
	g_autofree char *host = NULL;
	char hex[HK_HASH_HEX_SIZE];
	uint8_t hash[32];
	bool has;

	if (!old->url) {
		return true;
	}
	hk_url_hash(old->url, hash, hex);
	if (!hk_urls_has(flow->db, old->id, hash, &has, error)) {
		return false;
	}
	if (has || !hk_urls_first(flow->db, old->id, &url, &host, error)) {
		return has;
	}
	hk_moved_set(&moved->url, old->url, url);
	set_text(&old->url, url);
	if (g_strcmp0(old->host, host) != 0) {
		hk_moved_set(&moved->host, old->host, host);
		hk_moved_set(&moved->domain, old->domain, NULL);
		set_text(&old->host, host);
		set_text(&old->domain, NULL);
	}
	return true;
}

bool
hk_case_split(hk_flow *flow, int64_t id, const int64_t *url_ids, size_t count, const char *name,
	int64_t *ret_case, int64_t *ret_merge, GError **error)
{
	g_auto(hk_case_work) work = {0};
	g_auto(hk_moved) moved = {0};
	g_autofree char *url = NULL;
	g_autofree char *host = NULL;
	hk_case_row fresh;
	int64_t merge;

	if ((name && !hk_check_line("name", name, HK_NAME_MAX, error)) ||
		!hk_case_open(flow, id, 0, &work, error) ||
		!check_split(flow, id, url_ids, count, work.row.urls, error) ||
		!hk_urls_text(flow->db, url_ids[0], &url, &host, error) ||
		!open_split(flow, &work.row, name, host, url, count, &fresh, error)) {
		return false;
	}
	hk_moved_init(&moved);
	if (!split_urls(flow, id, fresh.id, url_ids, count, &moved, error) ||
		!replace_place(flow, &work.row, &moved, error) ||
		!hk_urls_count(flow->db, id, &work.row.urls, error) ||
		!keep_merge(flow, "split", id, fresh.id, &moved, &merge, error)) {
		return false;
	}
	note_two(flow, "case.split", id, merge, "into", fresh.id);
	note_two(flow, "case.open", fresh.id, merge, "from", id);
	if (!hk_case_save(flow, &work, HK_CASE_ALL, true, error) ||
		!hk_case_follow(flow, &fresh, error)) {
		return false;
	}
	*ret_case = fresh.id;
	if (ret_merge) {
		*ret_merge = merge;
	}
	return true;
}
