/* hk_merge_undo: puts back what a merge or split moved, row by row. */
#include <string.h>

#include "base/num.h"
#include "flow/case_int.h"
#include "flow/moved.h"
#include "flow/report_int.h"
#include "store/campaigns.h"
#include "sys/gerr.h"

/* A merge that is being undone: from `into` back to `from`. */
typedef struct undoing {
	hk_flow *flow;
	hk_merge_row row;
	hk_moved moved;
	hk_case_work from, into;
} undoing;

static void
undoing_clear(undoing *u)
{
	hk_merge_row_clear(&u->row);
	hk_moved_clear(&u->moved);
	hk_case_work_clear(&u->from);
	hk_case_work_clear(&u->into);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(undoing, undoing_clear)

/* Nobody else may have moved the same rows on. */
static bool
check_later(const undoing *u, GError **error)
{
	g_autoptr(GPtrArray) later = NULL;

	if (!hk_merges_later(u->flow->db, u->row.id, u->row.into_case, &later, error)) {
		return false;
	}
	for (unsigned i = 0; i < later->len; i++) {
		const hk_merge_row *row = later->pdata[i];
		g_auto(hk_moved) moved = {0};
		if (!hk_moved_read(row->moved, &moved, error)) {
			return false;
		}
		if (hk_moved_meet(&u->moved, &moved)) {
			return hk_error_set(error, HK_EPOLICY,
				"%s %" G_GINT64_FORMAT " (case %" G_GINT64_FORMAT
				" to case %" G_GINT64_FORMAT
				") moved the same rows on: undo that one first",
				row->act, row->id, row->from_case, row->into_case);
		}
	}
	return true;
}

static bool
move_key(const undoing *u, const char *text, GError **error)
{
	const char *blank = strchr(text, ' ');
	g_autofree char *kind = blank ? g_strndup(text, (size_t)(blank - text)) : NULL;
	bool was;

	return !kind || hk_moving_key(u->flow->db, kind, blank + 1, u->row.into_case,
				u->row.from_case, &was, error);
}

static bool
drop_key(const undoing *u, const char *text, GError **error)
{
	const char *blank = strchr(text, ' ');
	g_autofree char *kind = blank ? g_strndup(text, (size_t)(blank - text)) : NULL;

	return !kind || hk_moving_key_drop(u->flow->db, kind, blank + 1, u->row.into_case, error);
}

static bool
move_site(const undoing *u, const char *text, GError **error)
{
	const char *blank = strchr(text, ' ');
	uint64_t report, position;

	if (!blank ||
		hk_parse_u64(hk_span_of(text, (size_t)(blank - text)), INT64_MAX, &report) !=
			HK_OK ||
		hk_parse_u64(hk_span_str(blank + 1), INT64_MAX, &position) != HK_OK) {
		return hk_error_set(error, HK_ECHECK, "merge: a site of a report is \"%s\"", text);
	}
	return hk_moving_site(u->flow->db, (int64_t)report, (int64_t)position, u->row.into_case,
		u->row.from_case, error);
}

static bool
move_back(const undoing *u, GError **error)
{
	hk_db *db = u->flow->db;

	for (unsigned i = 0; i < HK_MOVING_COUNT; i++) {
		for (unsigned k = 0; k < u->moved.rows[i]->len; k++) {
			bool done; /* not: it was moved by hand, and stays */
			if (!hk_moving_one(db, i, g_array_index(u->moved.rows[i], int64_t, k),
				    u->row.into_case, u->row.from_case, &done, error)) {
				return false;
			}
		}
	}
	for (unsigned i = 0; i < u->moved.sites->len; i++) {
		if (!move_site(u, u->moved.sites->pdata[i], error)) {
			return false;
		}
	}
	for (unsigned i = 0; i < u->moved.labels->len; i++) {
		if (!hk_moving_label(db, u->moved.labels->pdata[i], u->row.into_case,
			    u->row.from_case, error)) {
			return false;
		}
	}
	for (unsigned i = 0; i < u->moved.keys->len; i++) {
		if (!move_key(u, u->moved.keys->pdata[i], error)) {
			return false;
		}
	}
	return true;
}

/* First and last time are the earliest and latest of all that stands merged: taken anew without this one. What was changed by
 * hand, or seen since, stays. */
static bool
restore_times(undoing *u, GError **error)
{
	hk_case_row *row = &u->into.row;
	g_autoptr(GPtrArray) all = NULL;
	int64_t with[2] = {0}, without[2] = {0};

	if (!hk_merges_into(u->flow->db, row->id, &all, error)) {
		return false;
	}
	for (unsigned i = 0; i < all->len; i++) {
		const hk_merge_row *m = all->pdata[i];
		g_auto(hk_moved) moved = {0};
		if (!hk_moved_read(m->moved, &moved, error)) {
			return false;
		}
		if (i == 0) {
			with[0] = without[0] = moved.own_first_ms;
			with[1] = without[1] = moved.own_last_ms;
		}
		with[0] = MIN(with[0], moved.gave_first_ms);
		with[1] = MAX(with[1], moved.gave_last_ms);
		if (m->id != u->row.id) {
			without[0] = MIN(without[0], moved.gave_first_ms);
			without[1] = MAX(without[1], moved.gave_last_ms);
		}
		/* The next one is the oldest from now on: what was the case's own stands in it. */
		if (i == 1 && ((const hk_merge_row *)all->pdata[0])->id == u->row.id) {
			moved.own_first_ms = u->moved.own_first_ms;
			moved.own_last_ms = u->moved.own_last_ms;
			g_autofree char *text = hk_moved_write(&moved);
			if (!hk_merges_remember(u->flow->db, m->id, text, error)) {
				return false;
			}
		}
	}
	if (row->clocks[HK_CLOCK_FIRST_SEEN] == with[0]) {
		row->clocks[HK_CLOCK_FIRST_SEEN] = without[0];
	}
	if (row->last_seen_ms == with[1]) {
		row->last_seen_ms = without[1];
	}
	return true;
}

static void
restore_text(char **place, const hk_moved_text *text)
{
	if (text->changed && g_strcmp0(*place, text->is) == 0) {
		g_free(*place);
		*place = g_strdup(text->was);
	}
}

static bool
undo_merge(undoing *u, GError **error)
{
	hk_case_row *from = &u->from.row, *into = &u->into.row;
	const hk_state *state =
		u->moved.state ? hk_states_find(HK_MACHINE_CASE, u->moved.state) : NULL;

	if (!state || strcmp(from->state, "duplicate") != 0 || from->merged_into != into->id) {
		return hk_error_set(error, HK_EPOLICY,
			"case %" G_GINT64_FORMAT " is no longer merged into case %" G_GINT64_FORMAT,
			from->id, into->id);
	}
	if (!move_back(u, error) || !restore_times(u, error)) {
		return false;
	}
	from->state = state->text;
	from->merged_into = 0;
	from->due_ms = u->moved.due_ms;
	g_free(from->due_clock);
	from->due_clock = g_strdup(u->moved.due_clock);
	restore_text(&into->url, &u->moved.url);
	restore_text(&into->host, &u->moved.host);
	restore_text(&into->domain, &u->moved.domain);
	return hk_campaigns_count(u->flow->db, from->campaign_id, 1, u->flow->now_ms, error);
}

/* A later split may have changed the case's URL on: then it remembers what this one knew. */
static bool
hand_on(const undoing *u, GError **error)
{
	g_autoptr(GPtrArray) later = NULL;

	if (!u->moved.url.changed || g_strcmp0(u->from.row.url, u->moved.url.is) == 0) {
		return true;
	}
	if (!hk_merges_later(u->flow->db, u->row.id, u->row.from_case, &later, error)) {
		return false;
	}
	for (unsigned i = 0; i < later->len; i++) {
		const hk_merge_row *row = later->pdata[i];
		g_auto(hk_moved) moved = {0};
		if (!hk_moved_read(row->moved, &moved, error)) {
			return false;
		}
		if (!moved.url.changed || g_strcmp0(moved.url.was, u->moved.url.is) != 0) {
			continue;
		}
		hk_moved_text *const pairs[] = {&moved.url, &moved.host, &moved.domain};
		const hk_moved_text *const ours[] = {
			&u->moved.url, &u->moved.host, &u->moved.domain};
		for (size_t p = 0; p < G_N_ELEMENTS(pairs); p++) {
			const char *now = p == 0   ? u->from.row.url
					  : p == 1 ? u->from.row.host
						   : u->from.row.domain;
			if (ours[p]->changed) {
				g_autofree char *is =
					g_strdup(pairs[p]->changed ? pairs[p]->is : now);
				hk_moved_set(pairs[p], ours[p]->was, is);
			}
		}
		g_autofree char *text = hk_moved_write(&moved);
		return hk_merges_remember(u->flow->db, row->id, text, error);
	}
	return true;
}

static bool
undo_split(undoing *u, GError **error)
{
	hk_case_row *old = &u->from.row, *fresh = &u->into.row;
	bool bare;

	if (old->deleted_ms != 0 || strcmp(old->state, "duplicate") == 0) {
		return hk_error_set(error, HK_EPOLICY,
			"case %" G_GINT64_FORMAT " is %s: its URLs cannot go back", old->id,
			old->deleted_ms ? "deleted" : "a duplicate");
	}
	if (!move_back(u, error) || !hk_case_bare(u->flow->db, fresh->id, &bare, error) ||
		!hand_on(u, error)) {
		return false;
	}
	restore_text(&old->url, &u->moved.url);
	restore_text(&old->host, &u->moved.host);
	restore_text(&old->domain, &u->moved.domain);
	for (unsigned i = 0; bare && i < u->moved.made->len; i++) {
		if (!drop_key(u, u->moved.made->pdata[i], error)) {
			return false;
		}
	}
	/* What came in since keeps the case alive. */
	if (!bare || fresh->deleted_ms != 0 || strcmp(fresh->state, "duplicate") == 0) {
		return true;
	}
	fresh->deleted_ms = u->flow->now_ms;
	return hk_campaigns_count(u->flow->db, fresh->campaign_id, -1, u->flow->now_ms, error);
}

static bool
open_merge(undoing *u, int64_t merge, GError **error)
{
	if (!hk_merges_get(u->flow->db, merge, &u->row, error)) {
		return false;
	}
	if (u->row.undone) {
		return hk_error_set(error, HK_EPOLICY, "%s %" G_GINT64_FORMAT " is undone already",
			u->row.act, merge);
	}
	int64_t from = u->row.from_case, into = u->row.into_case;
	/* In the order of the numbers. */
	if (!hk_case_open_any(
		    u->flow, MIN(from, into), 0, from < into ? &u->from : &u->into, error) ||
		!hk_case_open_any(
			u->flow, MAX(from, into), 0, from < into ? &u->into : &u->from, error)) {
		return false;
	}
	/* Again, now that nobody else can be at it. */
	hk_merge_row_clear(&u->row);
	if (!hk_merges_get(u->flow->db, merge, &u->row, error)) {
		return false;
	}
	return u->row.undone ? hk_error_set(error, HK_EAGAIN, "undone just now")
			     : hk_moved_read(u->row.moved, &u->moved, error);
}

bool
hk_merge_undo(hk_flow *flow, int64_t merge, GError **error)
{
	g_auto(undoing) u = {.flow = flow};

	if (!open_merge(&u, merge, error) || !check_later(&u, error)) {
		return false;
	}
	bool is_merge = strcmp(u.row.act, "merge") == 0;
	if (!(is_merge ? undo_merge : undo_split)(&u, error) ||
		!hk_urls_count(flow->db, u.from.row.id, &u.from.row.urls, error) ||
		!hk_urls_count(flow->db, u.into.row.id, &u.into.row.urls, error) ||
		!hk_merges_undone(flow->db, merge, flow->now_ms, error)) {
		return false;
	}
	g_autofree char *data = g_strdup_printf("{\"merge\":%" G_GINT64_FORMAT "}", merge);
	hk_case_note(flow, "case.unmerge", u.from.row.id, data);
	hk_case_note(flow, "case.unmerge", u.into.row.id, data);
	/* Each tells for itself again: drafts that were dropped because they were one are made anew. */
	return hk_case_save(flow, &u.from, HK_CASE_ALL, true, error) &&
	       hk_case_save(flow, &u.into, HK_CASE_ALL, true, error) &&
	       (!is_merge || (hk_case_follow(flow, &u.from.row, error) &&
				     hk_case_follow(flow, &u.into.row, error)));
}
