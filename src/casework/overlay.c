#include "casework/overlay.h"

#include <string.h>

#include "base/codec.h"
#include "flow/policy.h"
#include "store/case_rows.h"
#include "store/cases.h"
#include "sys/hash.h"

/* As hk_case_take: no more than these are looked at, a chain of merges is no longer than that. */
enum { LOOKED_AT = 8, MERGES_DEEP = 64 };

/* Cases that are not there yet are numbered from here on: behind all others, as they will be. */
#define VIRTUAL (INT64_MAX / 2)

/* A key of a case as it would be by now. */
typedef struct mark {
	int64_t case_id;
	int64_t stands_for; /* where it was merged into; 0: into a deleted one */
	int64_t seen_ms;
	bool by_url;
} mark;

struct hk_overlay {
	hk_db *db;
	int64_t dedupe_ms;
	int64_t made; /* cases so far */
	GHashTable *
		marks; /* "url:..." or "host:..." -> GArray of mark: those of the database, and what this list changes */
};

hk_overlay *
hk_overlay_new(hk_db *db, GError **error)
{
	hk_policy policy;

	if (!hk_policy_read(db, &policy, error)) {
		hk_policy_clear(&policy);
		return NULL;
	}
	hk_overlay *o = g_new0(hk_overlay, 1);
	o->db = db;
	o->dedupe_ms = policy.dedupe_ms;
	o->marks = g_hash_table_new_full(
		g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_array_unref);
	hk_policy_clear(&policy);
	return o;
}

void
hk_overlay_free(hk_overlay *o)
{
	if (o) {
		g_hash_table_unref(o->marks);
		g_free(o);
	}
}

/* The case that a found one stands for. */
static bool
follow(hk_db *db, const hk_case_found *found, int64_t *ret_id, GError **error)
{
	int64_t id = found->id;
	int64_t next = strcmp(found->state, "duplicate") == 0 ? found->merged_into : 0;
	bool gone = false;

	for (int deep = 0; next != 0 && deep < MERGES_DEEP; deep++) {
		g_auto(hk_case_row) row = {0};
		if (!hk_cases_get(db, next, &row, error)) {
			return false;
		}
		id = next;
		gone = row.deleted_ms != 0;
		next = strcmp(row.state, "duplicate") == 0 ? row.merged_into : 0;
	}
	*ret_id = gone ? 0 : id;
	return true;
}

/* What the database knows of a key. */
static bool
load(hk_overlay *o, const char *url, const char *host, GArray *marks, GError **error)
{
	g_autoptr(GArray) list = NULL;
	uint8_t hash[32];
	char hex[HK_HASH_HEX_SIZE];

	if (url) {
		hk_sha256(hk_span_str(url), hash);
		hk_hex_encode(hk_span_of(hash, 32), hex);
	}
	if (!hk_cases_find(o->db, url ? hex : NULL, host, &list, error)) {
		return false;
	}
	for (unsigned i = 0; i < list->len; i++) {
		const hk_case_found *found = &g_array_index(list, hk_case_found, i);
		mark m = {.case_id = found->id, .seen_ms = found->seen_ms, .by_url = found->by_url};
		if (!follow(o->db, found, &m.stands_for, error)) {
			return false;
		}
		g_array_append_val(marks, m);
	}
	return true;
}

/* *ret NULL: the lead has no such key. */
static bool
marks_of(hk_overlay *o, const hk_lead *lead, bool url, GArray **ret, GError **error)
{
	const char *value = url ? lead->url : lead->shared_host ? NULL : lead->host;

	*ret = NULL;
	if (!value) {
		return true;
	}
	g_autofree char *key = g_strconcat(url ? "url:" : "host:", value, NULL);
	*ret = g_hash_table_lookup(o->marks, key);
	if (!*ret) {
		g_autoptr(GArray) marks = g_array_new(FALSE, FALSE, sizeof(mark));
		if (!load(o, url ? value : NULL, url ? NULL : value, marks, error)) {
			return false;
		}
		*ret = marks;
		g_hash_table_insert(o->marks, g_steal_pointer(&key), g_steal_pointer(&marks));
	}
	return true;
}

/* The order in which hk_case_take looks. */
static int
compare(const void *x, const void *y)
{
	const mark *a = x;
	const mark *b = y;

	if (a->by_url != b->by_url) {
		return a->by_url ? -1 : 1;
	}
	return a->seen_ms != b->seen_ms   ? (a->seen_ms > b->seen_ms ? -1 : 1)
	       : a->case_id != b->case_id ? (a->case_id > b->case_id ? -1 : 1)
					  : 0;
}

static bool
find(const hk_overlay *o, GArray *const keys[2], int64_t seen_ms, mark *ret)
{
	g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(mark));

	for (int i = 0; i < 2; i++) {
		if (keys[i] && keys[i]->len > 0) {
			g_array_append_vals(all, keys[i]->data, keys[i]->len);
		}
	}
	g_array_sort(all, compare);
	for (unsigned i = 0; i < MIN(all->len, LOOKED_AT); i++) {
		*ret = g_array_index(all, mark, i);
		if (ABS(seen_ms - ret->seen_ms) <= o->dedupe_ms && ret->stands_for != 0) {
			return true;
		}
	}
	return false;
}

static void
remember(GArray *marks, bool by_url, int64_t case_id, int64_t seen_ms)
{
	mark fresh = {case_id, case_id, seen_ms, by_url};

	for (unsigned i = 0; marks && i < marks->len; i++) {
		mark *m = &g_array_index(marks, mark, i);
		if (m->case_id == case_id) {
			m->seen_ms = MAX(m->seen_ms, seen_ms);
			return;
		}
	}
	if (marks) {
		g_array_append_val(marks, fresh);
	}
}

/* A new case: opened or routed, or refused for what else it says. */
static bool
look_new(hk_overlay *o, const hk_lead *lead, hk_taken *ret, GError **error)
{
	hk_lead alone = *lead;

	/* Without what it could be found by. */
	alone.url = NULL;
	alone.host = NULL;
	alone.name = lead->name ? lead->name : lead->host;
	return hk_case_look(o->db, &alone, ret, error);
}

bool
hk_overlay_look(hk_overlay *o, const hk_lead *lead, int64_t now_ms, hk_taken *ret, GError **error)
{
	int64_t seen_ms = lead->first_seen_ms ? MIN(lead->first_seen_ms, now_ms) : now_ms;
	GArray *keys[2];
	hk_taken taken = {.how = HK_TAKEN_ATTACHED};
	mark found;

	if (!marks_of(o, lead, true, &keys[0], error) ||
		!marks_of(o, lead, false, &keys[1], error)) {
		return false;
	}
	if (find(o, keys, seen_ms, &found)) {
		taken.case_id = found.stands_for;
		g_strlcpy(taken.why, found.by_url ? "url" : "host", sizeof taken.why);
	} else if (look_new(o, lead, &taken, error)) {
		taken.case_id = VIRTUAL + o->made++;
	} else {
		return false;
	}
	remember(keys[0], true, taken.case_id, seen_ms);
	remember(keys[1], false, taken.case_id, seen_ms);
	taken.case_id = taken.case_id >= VIRTUAL ? 0 : taken.case_id;
	*ret = taken;
	return true;
}
