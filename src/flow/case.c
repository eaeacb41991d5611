#include "flow/case.h"

#include <string.h>

#include "flow/case_int.h"
#include "flow/check.h"
#include "flow/monitor.h"
#include "flow/notice.h"
#include "flow/report_int.h"
#include "store/campaigns.h"
#include "store/case_rows.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"

enum { URLS_MAX = 20000, TYPE_MAX = 100 };

bool
hk_case_open_any(hk_flow *flow, int64_t id, int64_t version, hk_case_work *work, GError **error)
{
	if (!hk_cases_lock(flow->db, id, &work->row, error)) {
		return false;
	}
	if (version != 0 && version != work->row.version) {
		return hk_error_set(error, HK_EINCONSISTENT,
			"case %" G_GINT64_FORMAT " was changed meanwhile (version %" G_GINT64_FORMAT
			", not %" G_GINT64_FORMAT ")",
			id, work->row.version, version);
	}
	work->counted_was = hk_case_facets_of(&work->row, &work->was);
	return true;
}

bool
hk_case_open(hk_flow *flow, int64_t id, int64_t version, hk_case_work *work, GError **error)
{
	if (!hk_case_open_any(flow, id, version, work, error)) {
		return false;
	}
	if (work->row.deleted_ms != 0) {
		return hk_error_set(error, HK_ENOENT, "case %" G_GINT64_FORMAT " is deleted", id);
	}
	if (strcmp(work->row.state, "duplicate") == 0) {
		return hk_error_set(error, HK_EPOLICY,
			"case %" G_GINT64_FORMAT " was merged into case %" G_GINT64_FORMAT
			": that one is changed instead",
			id, work->row.merged_into);
	}
	return true;
}

bool
hk_case_save(hk_flow *flow, hk_case_work *work, hk_case_part part, bool words, GError **error)
{
	hk_case_facets is;

	work->row.updated_ms = flow->now_ms;
	if (!hk_cases_update(flow->db, &work->row, part, error)) {
		return false;
	}
	bool counted = hk_case_facets_of(&work->row, &is);
	hk_flow_touch(flow, work->row.id, work->counted_was ? &work->was : NULL,
		counted ? &is : NULL, words);
	return true;
}

void
hk_case_note(hk_flow *flow, const char *act, int64_t case_id, const char *data)
{
	hk_flow_note(flow, act, "case", case_id, case_id, data);
}

/* {"KEY": VALUE}, as the data of a note. */
static char *
one_text(const char *key, const char *value)
{
	GString *out = g_string_new(NULL);

	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, key);
	hk_jsonw_str(out, value);
	hk_jsonw_close(out, '}');
	return g_string_free(out, FALSE);
}

bool
hk_case_clock(hk_flow *flow, hk_case_row *row, int64_t from_ms, GError **error)
{
	const hk_policy *policy = hk_flow_policy(flow, error);

	if (!policy) {
		return false;
	}
	hk_sla clock = hk_policy_clock(row->state);
	row->due_ms = hk_policy_due(policy, clock, row->kind, from_ms);
	g_free(row->due_clock);
	row->due_clock = row->due_ms ? g_strdup(hk_sla_text(clock)) : NULL;
	return true;
}

bool
hk_case_say(hk_flow *flow, int64_t case_id, int64_t user_id, const char *text, GError **error)
{
	return hk_comments_add(flow->db, case_id, user_id, flow->now_ms, text, NULL, error);
}

static void
stamp(hk_case_row *row, const char *column, int64_t now_ms)
{
	for (unsigned i = 0; i < HK_CLOCK_COUNT; i++) {
		const char *name = hk_clock_name(i);
		size_t len = strlen(name);
		if (strncmp(column, name, len) == 0 && strcmp(column + len, "_ms") == 0 &&
			row->clocks[i] == 0) {
			row->clocks[i] = now_ms;
		}
	}
}

static void
note_move(hk_flow *flow, const hk_move *move, int64_t id, const char *note)
{
	g_autofree char *act = g_strconcat("case.", move->act, NULL);
	g_autoptr(GString) data = g_string_new(NULL);

	hk_jsonw_open(data, '{');
	hk_jsonw_key(data, "from");
	hk_jsonw_str(data, move->from);
	hk_jsonw_key(data, "to");
	hk_jsonw_str(data, move->to);
	if (note) {
		hk_jsonw_key(data, "note");
		hk_jsonw_bool(data, true);
	}
	hk_jsonw_close(data, '}');
	hk_case_note(flow, act, id, data->str);
}

/* A site that is back has not gone yet: it is not over until it stays dark, and how long that takes is counted to then. */
static void
undark(hk_case_row *row)
{
	static const hk_clock clocks[] = {
		HK_CLOCK_CONTENT_GONE, HK_CLOCK_ON_HOLD, HK_CLOCK_DNS_GONE, HK_CLOCK_DOWN};

	for (size_t i = 0; i < G_N_ELEMENTS(clocks); i++) {
		row->clocks[clocks[i]] = 0;
	}
}

/* What the chat is told of moves. */
static bool
tell_move(hk_flow *flow, int64_t id, const char *act, GError **error)
{
	static const struct {
		const char *act, *event;
	} told[] = {
		{"confirm", "case.confirmed"}, {"down", "site.down"}, {"resurrect", "site.back"}};

	for (size_t i = 0; i < G_N_ELEMENTS(told); i++) {
		if (strcmp(told[i].act, act) == 0) {
			return hk_notice_say(flow, told[i].event, id, 0, "by",
				flow->who.user_id != 0 ? flow->who.login : NULL, error);
		}
	}
	return true;
}

bool
hk_case_move(hk_flow *flow, int64_t id, int64_t version, const char *act, const char *note,
	GError **error)
{
	g_auto(hk_case_work) work = {0};
	hk_case_row *row = &work.row;

	if (note && !hk_check_text("note", note, HK_TEXT_MAX, error)) {
		return false;
	}
	if (!hk_case_open(flow, id, version, &work, error)) {
		return false;
	}
	const hk_move *move = hk_move_find(HK_MACHINE_CASE, row->state, act);
	if (!move) {
		return hk_error_set(error, HK_EPOLICY,
			"case %" G_GINT64_FORMAT " is %s: there is no move \"%s\" from there", id,
			row->state, act);
	}
	row->breached = row->breached || (row->due_ms != 0 && flow->now_ms > row->due_ms);
	row->state = move->to;
	stamp(row, move->clock, flow->now_ms);
	bool back = strcmp(act, "resurrect") == 0;
	bool watched = back || strcmp(act, "confirm") == 0 || strcmp(act, "report") == 0;
	/* What is open again is not closed; when it was closed first, the timeline knows. */
	if (back || strcmp(act, "reopen") == 0) {
		row->clocks[HK_CLOCK_CLOSED] = 0;
	}
	if (back) {
		undark(row);
	}
	if (!hk_case_clock(flow, row, flow->now_ms, error) ||
		(watched && !hk_monitor_begin(flow, id, error))) {
		return false;
	}
	note_move(flow, move, id, note);
	if (note && !hk_case_say(flow, id, flow->who.user_id, note, error)) {
		return false;
	}
	/* Drafts of a site that is gone, or was no phishing, are not left for somebody to approve: if it comes back, they are made anew. */
	return hk_case_save(flow, &work, back ? HK_CASE_ALL : HK_CASE_STATE, note != NULL, error) &&
	       tell_move(flow, id, act, error) &&
	       (hk_report_able(row->state) || hk_report_drop_unsent(flow, id, act, error)) &&
	       ((strcmp(act, "confirm") != 0 && !back) ||
		       hk_report_want(flow, id, row->state, error));
}

bool
hk_case_follow(hk_flow *flow, const hk_case_row *row, GError **error)
{
	bool able = hk_report_able(row->state);

	/* The watch of a case that was none for a while has been stopped. */
	return row->deleted_ms != 0 || (((!able && strcmp(row->state, "down") != 0) ||
						hk_monitor_begin(flow, row->id, error)) &&
					       hk_report_want(flow, row->id, row->state, error));
}

bool
hk_case_delete(hk_flow *flow, int64_t id, int64_t version, GError **error)
{
	g_auto(hk_case_work) work = {0};

	if (!hk_case_open(flow, id, version, &work, error)) {
		return false;
	}
	work.row.deleted_ms = flow->now_ms;
	hk_case_note(flow, "case.delete", id, NULL);
	return hk_report_drop_unsent(flow, id, "delete", error) &&
	       hk_campaigns_count(flow->db, work.row.campaign_id, -1, flow->now_ms, error) &&
	       hk_case_save(flow, &work, HK_CASE_ALL, true, error);
}

bool
hk_case_restore(hk_flow *flow, int64_t id, GError **error)
{
	g_auto(hk_case_work) work = {0};

	if (!hk_case_open_any(flow, id, 0, &work, error)) {
		return false;
	}
	if (work.row.deleted_ms == 0) {
		return hk_error_set(
			error, HK_EPOLICY, "case %" G_GINT64_FORMAT " is not deleted", id);
	}
	work.row.deleted_ms = 0;
	hk_case_note(flow, "case.restore", id, NULL);
	return hk_campaigns_count(flow->db, work.row.campaign_id, 1, flow->now_ms, error) &&
	       hk_case_save(flow, &work, HK_CASE_ALL, true, error) &&
	       hk_case_follow(flow, &work.row, error);
}

/* An audit row that names a row of the case by its number. */
static void
note_row(hk_flow *flow, const char *act, int64_t case_id, const char *key, int64_t id)
{
	g_autofree char *data = g_strdup_printf("{\"%s\":%" G_GINT64_FORMAT "}", key, id);

	hk_case_note(flow, act, case_id, data);
}

bool
hk_case_comment(hk_flow *flow, int64_t id, const char *text, int64_t *ret_id, GError **error)
{
	g_auto(hk_case_work) work = {0};
	int64_t comment;

	if (!hk_check_text("text", text, HK_TEXT_MAX, error) ||
		!hk_case_open(flow, id, 0, &work, error) ||
		!hk_comments_add(
			flow->db, id, flow->who.user_id, flow->now_ms, text, &comment, error)) {
		return false;
	}
	note_row(flow, "case.comment", id, "comment", comment);
	if (!hk_case_save(flow, &work, HK_CASE_SEEN, true, error)) {
		return false;
	}
	if (ret_id) {
		*ret_id = comment;
	}
	return true;
}

/* What was said stays in the audit row: a survey log is evidence. */
static void
note_said(hk_flow *flow, const char *act, int64_t case_id, int64_t comment, const char *was)
{
	g_autoptr(GString) data = g_string_new(NULL);

	hk_jsonw_open(data, '{');
	hk_jsonw_key(data, "comment");
	hk_jsonw_int(data, comment);
	hk_jsonw_key(data, "was");
	hk_jsonw_str(data, was);
	hk_jsonw_close(data, '}');
	hk_case_note(flow, act, case_id, data->str);
}

bool
hk_case_comment_edit(hk_flow *flow, int64_t comment_id, const char *text, GError **error)
{
	g_auto(hk_case_work) work = {0};
	hk_comment_row comment = {0};

	if ((text && !hk_check_text("text", text, HK_TEXT_MAX, error)) ||
		!hk_comments_get(flow->db, comment_id, &comment, error)) {
		return false;
	}
	g_autofree char *was = comment.text;
	if (comment.deleted) {
		return hk_error_set(
			error, HK_ENOENT, "comment %" G_GINT64_FORMAT " is deleted", comment_id);
	}
	if (!hk_case_open(flow, comment.case_id, 0, &work, error)) {
		return false;
	}
	note_said(flow, text ? "case.comment_edit" : "case.comment_delete", comment.case_id,
		comment_id, was);
	return (text ? hk_comments_set(flow->db, comment_id, text, flow->now_ms, error)
		     : hk_comments_delete(flow->db, comment_id, flow->now_ms, error)) &&
	       hk_case_save(flow, &work, HK_CASE_SEEN, true, error);
}

bool
hk_case_label(hk_flow *flow, int64_t id, const char *text, bool on, GError **error)
{
	g_autofree char *label = hk_check_label(text, error);
	g_auto(hk_case_work) work = {0};
	int64_t count = 0;
	bool changed;

	if (!label || !hk_case_open(flow, id, 0, &work, error) ||
		(on && !hk_labels_count(flow->db, id, &count, error))) {
		return false;
	}
	if (count >= HK_CASE_LABELS_MAX) {
		return hk_error_set(
			error, HK_ERANGE, "label: a case has at most %d", (int)HK_CASE_LABELS_MAX);
	}
	if (!(on ? hk_labels_put : hk_labels_take)(flow->db, id, label, &changed, error)) {
		return false;
	}
	if (!changed) {
		return true;
	}
	g_autofree char *data = one_text("label", label);
	hk_case_note(flow, on ? "case.label" : "case.unlabel", id, data);
	return hk_case_save(flow, &work, HK_CASE_SEEN, true, error);
}

bool
hk_case_url_add(
	hk_flow *flow, int64_t id, const char *canonical_url, const char *host, GError **error)
{
	g_auto(hk_case_work) work = {0};
	char hex[HK_HASH_HEX_SIZE];
	uint8_t hash[32];
	bool fresh;

	if (!hk_check_line("url", canonical_url, 8192, error) ||
		!hk_check_line("host", host, 253, error) ||
		!hk_case_open(flow, id, 0, &work, error)) {
		return false;
	}
	if (work.row.urls >= URLS_MAX) {
		return hk_error_set(error, HK_ERANGE, "url: a case has at most %d", (int)URLS_MAX);
	}
	hk_url_hash(canonical_url, hash, hex);
	hk_case_keys keys = {.url = hex};
	/* A host that is shared is not known to be one here: only the case's own is a key. */
	keys.host = work.row.host ? NULL : host;
	if (!hk_case_urls_add(
		    flow->db, id, canonical_url, hash, host, flow->now_ms, &fresh, error) ||
		!hk_case_keys_put(flow->db, id, &keys, flow->now_ms, error)) {
		return false;
	}
	work.row.urls += fresh;
	if (!work.row.url) {
		work.row.url = g_strdup(canonical_url);
	}
	if (!work.row.host) {
		work.row.host = g_strdup(host);
	}
	g_autofree char *data = one_text("url", canonical_url);
	hk_case_note(flow, "case.url", id, data);
	return hk_case_save(flow, &work, HK_CASE_ALL, true, error);
}

bool
hk_case_attach(hk_flow *flow, int64_t id, const char *name, const char *type, int64_t bytes,
	const uint8_t sha256[32], int64_t *ret_id, GError **error)
{
	g_auto(hk_case_work) work = {0};
	int64_t attachment;

	if (!hk_check_line("name", name, HK_NAME_MAX, error) ||
		!hk_check_line("type", type, TYPE_MAX, error) ||
		!hk_case_open(flow, id, 0, &work, error) ||
		!hk_attachments_add(flow->db, id, name, type, bytes, sha256, flow->who.user_id,
			flow->now_ms, &attachment, error)) {
		return false;
	}
	note_row(flow, "case.attachment", id, "attachment", attachment);
	if (!hk_case_save(flow, &work, HK_CASE_SEEN, false, error)) {
		return false;
	}
	if (ret_id) {
		*ret_id = attachment;
	}
	return true;
}

bool
hk_case_link(hk_flow *flow, int64_t a, int64_t b, const char *note, bool on, GError **error)
{
	g_auto(hk_case_work) first = {0};
	g_auto(hk_case_work) second = {0};
	bool changed;

	if (a == b) {
		return hk_error_set(error, HK_ERANGE, "other: a case is not linked to itself");
	}
	if ((note && *note && !hk_check_text("note", note, HK_NAME_MAX, error)) ||
		/* In one order, whoever asks. */
		!hk_case_open(flow, MIN(a, b), 0, &first, error) ||
		!hk_case_open(flow, MAX(a, b), 0, &second, error)) {
		return false;
	}
	if (!(on ? hk_links_put(flow->db, a, b, note ? note : "", flow->now_ms, &changed, error)
		 : hk_links_take(flow->db, a, b, &changed, error))) {
		return false;
	}
	if (!changed) {
		return true;
	}
	note_row(flow, on ? "case.link" : "case.unlink", a, "other", b);
	note_row(flow, on ? "case.link" : "case.unlink", b, "other", a);
	return hk_case_save(flow, &first, HK_CASE_SEEN, false, error) &&
	       hk_case_save(flow, &second, HK_CASE_SEEN, false, error);
}
