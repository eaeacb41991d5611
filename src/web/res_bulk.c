/* /cases/bulk: one act on many cases. */
#include <inttypes.h>
#include <string.h>

#include "flow/case.h"
#include "flow/states.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"
#include "web/res.h"

/* So many cases in one request; so many in one transaction: other writers wait no longer than that takes. */
enum { BULK_MAX = 5000, CHUNK = 50 };

typedef enum what { MOVE, LABEL, UNLABEL, ASSIGN, DELETE, RESTORE, MERGE, EDIT } what;

typedef struct bulk {
	hk_req *req;
	GArray *ids; /* int64_t */
	what what;
	const char *act, *note, *text;
	int64_t into;
	char *fields; /* owned */
	bool dry;
	size_t first, count; /* of the chunk that is being done */
	GArray *done;        /* int64_t */
	GPtrArray *whys;     /* owned texts, beside refused */
	GArray *refused;     /* int64_t */
} bulk;

static bool
do_one(hk_flow *flow, const bulk *b, int64_t id, GError **error)
{
	int64_t merge;

	switch (b->what) {
	case MOVE:
		return hk_case_move(
			flow, id, 0, b->act, b->note && *b->note ? b->note : NULL, error);
	case LABEL:
	case UNLABEL:
		return hk_case_label(flow, id, b->text, b->what == LABEL, error);
	case ASSIGN:
	case EDIT:
		return hk_case_edit(flow, id, 0, b->fields, error);
	case DELETE:
		return hk_case_delete(flow, id, 0, error);
	case RESTORE:
		return hk_case_restore(flow, id, error);
	case MERGE:
		return id == b->into || hk_case_merge(flow, id, b->into, &merge, error);
	}
	HK_BUG("no such act");
}

static bool
do_chunk(hk_flow *flow, void *data, GError **error)
{
	bulk *b = data;

	for (size_t i = 0; i < b->count; i++) {
		if (!do_one(flow, b, g_array_index(b->ids, int64_t, b->first + i), error)) {
			return false;
		}
	}
	return true;
}

/* What one case is refused for; anything else ends the whole request. */
static bool
is_refusal(const GError *why)
{
	hk_err code = hk_error_code(why);

	return code == HK_EPOLICY || code == HK_ENOENT || code == HK_ERANGE || code == HK_EFORM ||
	       code == HK_EINCONSISTENT || code == HK_ELIMIT;
}

static bool
run_chunk(bulk *b, GError **error)
{
	if (!b->dry) {
		return hk_flow_do(b->req->flow, &b->req->who, do_chunk, b, error);
	}
	if (!hk_flow_begin(b->req->flow, &b->req->who, error)) {
		return false;
	}
	bool good = do_chunk(b->req->flow, b, error);
	hk_flow_rollback(b->req->flow);
	return good;
}

/* A chunk in one transaction; when one of its cases is refused, one by one. */
static bool
run_range(bulk *b, size_t first, size_t count, GError **error)
{
	GError *why = NULL;

	b->first = first;
	b->count = count;
	if (run_chunk(b, &why)) {
		g_array_append_vals(
			b->done, &g_array_index(b->ids, int64_t, first), (unsigned)count);
		return true;
	}
	if (!is_refusal(why)) {
		g_propagate_error(error, why);
		return false;
	}
	if (count == 1) {
		g_array_append_val(b->refused, g_array_index(b->ids, int64_t, first));
		g_ptr_array_add(b->whys, g_strdup(why->message));
		g_error_free(why);
		return true;
	}
	g_error_free(why);
	for (size_t i = 0; i < count; i++) {
		if (!run_range(b, first + i, 1, error)) {
			return false;
		}
	}
	return true;
}

static int
by_number(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static bool
take_ids(bulk *b, const hk_json *list, GError **error)
{
	size_t n = hk_json_len(list), kept = 0;

	if (n == 0 || n > BULK_MAX) {
		return hk_error_set(error, n == 0 ? HK_ERANGE : HK_ELIMIT,
			"select.ids: name 1 to %d cases", BULK_MAX);
	}
	for (size_t i = 0; i < n; i++) {
		hk_json item = hk_json_at(list, i);
		int64_t id = hk_json_int(&item);
		if (id <= 0) {
			return hk_json_fail(
				&item, HK_EFORM, error, "the number of a case is expected");
		}
		g_array_append_val(b->ids, id);
	}
	/* In the order of their numbers: two that do the same at once do not wait for each other. Each once. */
	g_array_sort(b->ids, by_number);
	int64_t *ids = &g_array_index(b->ids, int64_t, 0);
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || ids[i] != ids[kept - 1]) {
			ids[kept++] = ids[i];
		}
	}
	g_array_set_size(b->ids, (unsigned)kept);
	return true;
}

/* All that a query finds, if they are as many as the person saw. */
static bool
take_query(bulk *b, const hk_json *select, hk_reply *reply, GError **error)
{
	const char *q;
	int64_t expected, now_ms = hk_clock_wall_ms();

	if (!hk_json_str(select, "q", &q, error) ||
		!hk_json_i64(select, "count", &expected, error)) {
		return false;
	}
	g_autoptr(hk_filter) filter =
		hk_filter_new(b->req->db, HK_LIST_CASES, q, b->req->who.user_id, now_ms, error);
	if (!filter) {
		return false;
	}
	GArray *found = NULL;
	if (!hk_list_ids(b->req->db, filter, BULK_MAX + 1, &found, error)) {
		return false;
	}
	g_array_unref(b->ids);
	b->ids = found;
	if (found->len > BULK_MAX) {
		return hk_error_set(error, HK_ELIMIT,
			"select.q: it finds more than %d cases; narrow it", BULK_MAX);
	}
	if (found->len != (uint64_t)expected) {
		return hk_reply_problem(reply, error, 409, HK_EINCONSISTENT, "select.count",
			"look at the list again and repeat",
			"the query finds %u cases now, not %" PRId64, found->len, expected);
	}
	return true;
}

static bool
take_select(bulk *b, hk_reply *reply, GError **error)
{
	hk_json select, list;

	if (!hk_json_object(b->req->json, "select", &select, error)) {
		return false;
	}
	if (hk_json_has(&select, "ids")) {
		return hk_json_array(&select, "ids", &list, error) && take_ids(b, &list, error);
	}
	return take_query(b, &select, reply, error);
}

static bool
is_move(const char *act)
{
	for (size_t i = 0; i < hk_move_count; i++) {
		if (hk_moves[i].machine == HK_MACHINE_CASE && strcmp(hk_moves[i].act, act) == 0) {
			return true;
		}
	}
	return false;
}

static bool
take_act(bulk *b, GError **error)
{
	static const struct {
		const char *name;
		what what;
	} acts[] = {{"label", LABEL}, {"unlabel", UNLABEL}, {"assign", ASSIGN}, {"delete", DELETE},
		{"restore", RESTORE}, {"merge", MERGE}, {"edit", EDIT}};

	b->what = MOVE;
	for (size_t i = 0; i < G_N_ELEMENTS(acts); i++) {
		if (strcmp(acts[i].name, b->act) == 0) {
			b->what = acts[i].what;
			return true;
		}
	}
	return is_move(b->act) || hk_error_set(error, HK_ERANGE,
					  "act: there is no such act; known are the moves of a "
					  "case, label, unlabel, assign, delete, "
					  "restore, merge, edit");
}

static bool
take_value(bulk *b, GError **error)
{
	const hk_req *req = b->req;
	const char *text = NULL;

	switch (b->what) {
	case LABEL:
	case UNLABEL:
		return hk_req_need(req, error, "value", NULL) &&
		       hk_req_json_text(req, "value", 100, &b->text, error);
	case ASSIGN: {
		if (!hk_req_json_text(req, "value", 300, &text, error)) {
			return false;
		}
		g_autoptr(GString) fields = g_string_new(NULL);
		hk_jsonw_open(fields, '{');
		hk_jsonw_key(fields, "assignee");
		if (text) {
			hk_jsonw_str(fields, text);
		} else {
			hk_jsonw_null(fields);
		}
		hk_jsonw_close(fields, '}');
		b->fields = g_strdup(fields->str);
		return true;
	}
	case EDIT:
		b->fields = hk_req_json_raw(req, "value");
		return b->fields ||
		       hk_error_set(error, HK_EFORM, "value: the fields to change are needed");
	case MERGE:
		return hk_req_need(req, error, "value", NULL) &&
		       hk_req_json_int(req, "value", 1, INT64_MAX, &b->into, error);
	case MOVE:
	case DELETE:
	case RESTORE:
		break;
	}
	return true;
}

static void
answer(const bulk *b, hk_reply *reply)
{
	GString *out = hk_reply_json(reply, 200);

	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, "done");
	hk_jsonw_int(out, b->done->len);
	hk_jsonw_key(out, "ids");
	hk_jsonw_open(out, '[');
	for (size_t i = 0; i < b->done->len; i++) {
		hk_jsonw_int(out, g_array_index(b->done, int64_t, i));
	}
	hk_jsonw_close(out, ']');
	hk_jsonw_key(out, "refused");
	hk_jsonw_open(out, '[');
	for (size_t i = 0; i < b->refused->len; i++) {
		hk_jsonw_open(out, '{');
		hk_jsonw_key(out, "id");
		hk_jsonw_int(out, g_array_index(b->refused, int64_t, i));
		hk_jsonw_key(out, "why");
		hk_jsonw_str(out, g_ptr_array_index(b->whys, i));
		hk_jsonw_close(out, '}');
	}
	hk_jsonw_close(out, ']');
	hk_jsonw_key(out, "dry_run");
	hk_jsonw_bool(out, b->dry);
	hk_jsonw_close(out, '}');
}

static bool
work(bulk *b, hk_reply *reply, GError **error)
{
	hk_req *req = b->req;

	if (!hk_req_json_only(req, error, "select", "act", "value", "note", "dry_run", NULL) ||
		!hk_req_need(req, error, "select", "act", NULL) ||
		!hk_req_json_text(req, "act", 60, &b->act, error) ||
		!hk_req_json_text(req, "note", 100000, &b->note, error) ||
		!hk_req_json_flag(req, "dry_run", &b->dry, error) || !take_act(b, error) ||
		!take_value(b, error)) {
		return false;
	}
	if (b->what == UNLABEL && !hk_req_may(req, HK_PERM_CASE_TAKE)) {
		return hk_reply_problem(reply, error, 403, HK_EPOLICY, "act",
			"use a token that has the scope, or log in", "the token may not: %s",
			hk_perm_get(HK_PERM_CASE_TAKE)->summary);
	}
	if ((b->what == DELETE || b->what == RESTORE) && !hk_req_may(req, HK_PERM_CASE_DELETE)) {
		return hk_reply_problem(reply, error, 403, HK_EPOLICY, "act", NULL,
			"deleting and restoring is not allowed to this login");
	}
	if (!take_select(b, reply, error)) {
		return false;
	}
	/* One by one on a dry run: each is tried against what is there, not against what the others would do. */
	size_t step = b->dry ? 1 : CHUNK;
	for (size_t i = 0; i < b->ids->len; i += step) {
		if (!run_range(b, i, MIN(step, b->ids->len - i), error)) {
			return false;
		}
	}
	answer(b, reply);
	return true;
}

bool
hk_web_cases_bulk(hk_req *req, hk_reply *reply, GError **error)
{
	bulk b = {.req = req,
		.ids = g_array_new(false, false, sizeof(int64_t)),
		.done = g_array_new(false, false, sizeof(int64_t)),
		.refused = g_array_new(false, false, sizeof(int64_t)),
		.whys = g_ptr_array_new_with_free_func(g_free)};
	bool good = work(&b, reply, error);

	g_array_unref(b.ids);
	g_array_unref(b.done);
	g_array_unref(b.refused);
	g_ptr_array_unref(b.whys);
	g_free(b.fields);
	return good;
}
