#include "flow/flow.h"

#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "flow/flow_int.h"
#include "flow/jobs.h"
#include "store/jobs.h"
#include "store/lookup.h"
#include "store/search.h"
#include "sys/clock.h"
#include "sys/gerr.h"

enum { TRIES_MAX = 10, PAUSE_MS = 40 };

typedef struct note {
	const char *act, *object, *data; /* in flow->texts, or static */
	int64_t object_id, case_id;
} note;

typedef struct touch {
	int64_t id;
	bool counted_was, counted_is, words;
	hk_case_facets was, is;
} touch;

hk_flow *
hk_flow_new(hk_db *db, const char *audit_key_file, GError **error)
{
	g_autoptr(hk_flow) flow = g_new0(hk_flow, 1);

	flow->db = db;
	flow->notes = g_array_new(FALSE, FALSE, sizeof(note));
	flow->texts = g_string_chunk_new(16384);
	flow->touched = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
	flow->sources = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	flow->targets = g_hash_table_new_full(
		g_str_hash, g_str_equal, g_free, (GDestroyNotify)hk_target_row_free);
	if (!hk_audit_key_read(audit_key_file, &flow->key, error) ||
		!hk_audit_key_bind(db, &flow->key, error)) {
		return NULL;
	}
	return g_steal_pointer(&flow);
}

/* What belongs to one transaction. */
static void
forget(hk_flow *flow)
{
	g_array_set_size(flow->notes, 0);
	g_string_chunk_clear(flow->texts);
	g_hash_table_remove_all(flow->touched);
	g_hash_table_remove_all(flow->targets);
	g_clear_pointer(&flow->templates, g_ptr_array_unref);
	if (flow->policy_read) {
		hk_policy_clear(&flow->policy);
		flow->policy_read = false;
	}
	flow->chats_read = flow->chats = false;
	flow->open = false;
}

void
hk_flow_free(hk_flow *flow)
{
	if (!flow) {
		return;
	}
	if (flow->open) {
		hk_flow_rollback(flow);
	}
	forget(flow);
	g_array_unref(flow->notes);
	g_string_chunk_free(flow->texts);
	g_hash_table_unref(flow->touched);
	g_hash_table_unref(flow->sources);
	g_hash_table_unref(flow->targets);
	explicit_bzero(&flow->key, sizeof flow->key);
	g_free(flow);
}

hk_db *
hk_flow_db(const hk_flow *flow)
{
	return flow->db;
}

int64_t
hk_flow_now(const hk_flow *flow)
{
	return flow->now_ms;
}

const hk_who *
hk_flow_who(const hk_flow *flow)
{
	return &flow->who;
}

bool
hk_flow_begin(hk_flow *flow, const hk_who *who, GError **error)
{
	if (flow->open) {
		HK_BUG("a transaction inside a transaction");
	}
	if (!hk_db_begin(flow->db, true, error)) {
		return false;
	}
	flow->open = true;
	flow->who = *who;
	flow->now_ms = hk_clock_wall_ms();
	return true;
}

void
hk_flow_rollback(hk_flow *flow)
{
	hk_db_rollback(flow->db);
	/* Some of these may have been made in what is now gone. */
	g_hash_table_remove_all(flow->sources);
	forget(flow);
}

void
hk_flow_note(hk_flow *flow, const char *act, const char *object, int64_t object_id, int64_t case_id,
	const char *data)
{
	const hk_act *row = hk_act_find(act);

	if (!row) {
		HK_BUG("an act that is no row of acts.def");
	}
	if (!flow->open) {
		HK_BUG("an act outside a transaction");
	}
	note n = {.act = row->text,
		.object = g_string_chunk_insert_const(flow->texts, object),
		.object_id = object_id,
		.case_id = case_id,
		.data = data ? g_string_chunk_insert(flow->texts, data) : "{}"};
	g_array_append_val(flow->notes, n);
}

void
hk_flow_touch(
	hk_flow *flow, int64_t id, const hk_case_facets *was, const hk_case_facets *is, bool words)
{
	touch *t = g_hash_table_lookup(flow->touched, &id);

	if (!t) {
		t = g_new0(touch, 1);
		t->id = id;
		t->counted_was = was != NULL;
		t->was = was ? *was : (hk_case_facets){0};
		g_hash_table_insert(flow->touched, &t->id, t);
	}
	t->counted_is = is != NULL;
	t->is = is ? *is : (hk_case_facets){0};
	t->words = t->words || words;
}

const hk_policy *
hk_flow_policy(hk_flow *flow, GError **error)
{
	if (!flow->policy_read) {
		if (!hk_policy_read(flow->db, &flow->policy, error)) {
			hk_policy_clear(&flow->policy);
			return NULL;
		}
		flow->policy_read = true;
	}
	return &flow->policy;
}

static int
compare_touches(const void *a, const void *b)
{
	const touch *const *x = a, *const *y = b;

	return ((*x)->id > (*y)->id) - ((*x)->id < (*y)->id);
}

static bool
same_facets(const touch *t)
{
	const hk_case_facets *a = &t->was, *b = &t->is;

	if (!t->counted_was || !t->counted_is) {
		return t->counted_was == t->counted_is;
	}
	return a->opened_ms == b->opened_ms && a->detected_ms == b->detected_ms &&
	       strcmp(a->state, b->state) == 0 && strcmp(a->kind, b->kind) == 0 &&
	       a->target_id == b->target_id && a->actor_id == b->actor_id &&
	       a->source_id == b->source_id;
}

/* Search and counters, once per case, in one order for all transactions: none waits for another that waits for it. */
static bool
settle(hk_flow *flow, GError **error)
{
	g_autoptr(GPtrArray) list = g_ptr_array_new();
	GHashTableIter iter;
	void *value;

	g_hash_table_iter_init(&iter, flow->touched);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		g_ptr_array_add(list, value);
	}
	g_ptr_array_sort(list, compare_touches);
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
	for (unsigned i = 0; i < list->len; i++) {
		const touch *t = list->pdata[i];
		if (t->words || !same_facets(t)) {
			g_array_append_val(ids, t->id);
		}
	}
	if (!hk_search_index_all(flow->db, (const int64_t *)(void *)ids->data, ids->len, error)) {
		return false;
	}
	g_autoptr(hk_tally_sum) sum = hk_tally_sum_new();
	for (unsigned i = 0; i < list->len; i++) {
		const touch *t = list->pdata[i];
		if (!same_facets(t)) {
			hk_tally_sum_move(sum, t->counted_was ? &t->was : NULL,
				t->counted_is ? &t->is : NULL);
		}
	}
	return hk_tally_sum_write(sum, flow->db, error);
}

/* The chain's row is locked last: from here to COMMIT writers stand in line. */
static bool
write_notes(hk_flow *flow, GError **error)
{
	g_autoptr(GByteArray) scratch = g_byte_array_new();
	hk_event_head head;

	if (flow->notes->len == 0) {
		return true;
	}
	if (!hk_events_lock(flow->db, flow->notes->len, &head, error)) {
		return false;
	}
	for (unsigned i = 0; i < flow->notes->len; i++) {
		const note *n = &g_array_index(flow->notes, note, i);
		hk_event_record r = {
			.seq = head.seq + 1 + i,
			.at_ms = flow->now_ms,
			.who = flow->who.login,
			.via = flow->who.via,
			.address = flow->who.address ? flow->who.address : "",
			.act = n->act,
			.object = n->object,
			.object_id = n->object_id,
			.case_id = n->case_id,
			.data = n->data,
		};
		hk_audit_mac(&flow->key, head.mac, &r, scratch, r.mac);
		memcpy(head.mac, r.mac, sizeof head.mac);
		if (!hk_events_insert(flow->db, &r, error)) {
			return false;
		}
	}
	return hk_events_seal(flow->db, head.mac, error);
}

bool
hk_flow_commit(hk_flow *flow, GError **error)
{
	if (!flow->open) {
		HK_BUG("COMMIT outside a transaction");
	}
	if (!settle(flow, error) || !write_notes(flow, error)) {
		g_prefix_error(error, "writing the audit trail: ");
		hk_flow_rollback(flow);
		return false;
	}
	if (!hk_db_commit(flow->db, error)) {
		hk_flow_rollback(flow);
		return false;
	}
	forget(flow);
	return true;
}

/* Two that got in each other's way must not meet again at once. */
static void
pause_before(unsigned tries)
{
	uint32_t random = 0;

	(void)!getrandom(&random, sizeof random, 0);
	uint32_t ms = 1 + random % (PAUSE_MS << (tries < 4 ? tries : 4));
	struct timespec nap = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
	nanosleep(&nap, NULL);
}

bool
hk_flow_do(hk_flow *flow, const hk_who *who, hk_flow_act act, void *user, GError **error)
{
	for (unsigned tries = 0;; tries++) {
		GError *inner = NULL;
		bool begun = hk_flow_begin(flow, who, &inner);
		if (begun && act(flow, user, &inner) && hk_flow_commit(flow, &inner)) {
			return true;
		}
		if (flow->open) {
			hk_flow_rollback(flow);
		}
		if (hk_error_code(inner) != HK_EAGAIN || tries + 1 >= TRIES_MAX) {
			g_propagate_error(error, inner);
			return false;
		}
		g_clear_error(&inner);
		pause_before(tries);
	}
}

bool
hk_flow_source(hk_flow *flow, const char *key, int64_t *ret_id, GError **error)
{
	static const char *const kinds[] = {
		"manual", "api", "import", "ct", "mail", "feed", "c2", NULL};
	const int64_t *known = g_hash_table_lookup(flow->sources, key);
	const char *colon = strchr(key, ':');
	g_autofree char *kind = colon ? g_strndup(key, (size_t)(colon - key)) : g_strdup(key);
	bool made = false;

	if (known) {
		*ret_id = *known;
		return true;
	}
	if (!g_strv_contains(kinds, kind) || strlen(key) > 100 || (colon && colon[1] == '\0')) {
		return hk_error_set(error, HK_EFORM,
			"source: a key is manual, api, import, ct, mail:NAME, feed:NAME or "
			"c2:FAMILY");
	}
	if (!hk_lookup_source(flow->db, key, kind, flow->now_ms, ret_id, &made, error)) {
		return false;
	}
	if (made) {
		hk_flow_note(flow, "source.new", "source", *ret_id, 0, NULL);
	}
	g_hash_table_insert(flow->sources, g_strdup(key), g_memdup2(ret_id, sizeof *ret_id));
	return true;
}

bool
hk_flow_job(hk_flow *flow, const char *stage, const char *key, int64_t case_id, const char *data,
	int64_t due_ms, GError **error)
{
	if (!hk_stage_find(stage)) {
		HK_BUG("a stage that is no row of stages.def");
	}
	return hk_jobs_add(
		flow->db, stage, key, case_id, data ? data : "{}", due_ms, flow->now_ms, error);
}
