/* Layer: source/ct. The keeper in the database: see keep.h. */
#include <string.h>

#include "base/codec.h"
#include "flow/look.h"
#include "flow/sighting.h"
#include "source/ct/keep_int.h"
#include "source/ct/out.h"
#include "store/logs.h"
#include "store/workers.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/json.h"
#include "sys/jsonw.h"

/* What of a log is in the database as this process knows it; written again only when it differs. */
typedef struct written {
	hk_ct_place_status status;
	bool begun;
	uint64_t verified, read;
	int64_t head_ms;
} written;

/* What waits of one log for the next commit. */
typedef struct log_work {
	uint8_t id[32]; /* the key of the table: first */
	written last;
	uint64_t
		unpend_below; /* rows of ct_pending below this entry are covered: they become sightings */
	GPtrArray *released; /* of hk_keep_item, owned: covered, to become sightings */
	GPtrArray *pended;   /* of hk_keep_item, owned */
	char *health;        /* owned, or NULL: no news */
} log_work;

typedef struct keep_store {
	hk_keep base;
	hk_flow *flow;           /* borrowed */
	char *owner;             /* owned */
	GHashTable *work;        /* log id -> log_work, owned */
	uint64_t repeats, count; /* as of the last commit */
} keep_store;

static const hk_who who = {.login = "auto", .via = "watch", .address = ""};

static guint
id_hash(gconstpointer id)
{
	guint hash;

	memcpy(&hash, id, sizeof hash);
	return hash;
}

static gboolean
id_equal(gconstpointer a, gconstpointer b)
{
	return memcmp(a, b, 32) == 0;
}

static void
work_free(gpointer data)
{
	log_work *work = data;

	g_ptr_array_unref(work->released);
	g_ptr_array_unref(work->pended);
	g_free(work->health);
	g_free(work);
}

static log_work *
work_of(keep_store *keep, const uint8_t id[32])
{
	log_work *work = g_hash_table_lookup(keep->work, id);

	if (!work) {
		work = g_new0(log_work, 1);
		memcpy(work->id, id, 32);
		work->released = g_ptr_array_new_with_free_func(hk_keep_item_free);
		work->pended = g_ptr_array_new_with_free_func(hk_keep_item_free);
		g_hash_table_insert(keep->work, work->id, work);
	}
	return work;
}

static written
written_of(const hk_ct_place_log *log)
{
	return (written){log->status, log->begun, log->verified, log->read, log->head_ms};
}

static bool
is_same(const written *a, const written *b)
{
	return a->status == b->status && a->begun == b->begun && a->verified == b->verified &&
	       a->read == b->read && a->head_ms == b->head_ms;
}

/* --- sightings --- */

/* A string member, or NULL. */
static const char *
text_of(const hk_json *obj, const char *key)
{
	const char *text = NULL;

	return hk_json_str(obj, key, &text, NULL) ? text : NULL;
}

/* One line for people: the first name and how many more, by whom. */
static char *
title_of(const char *host, size_t names, const char *issuer)
{
	g_autoptr(GString) title = g_string_new(host ? host : "(no name)");

	if (names > 1) {
		g_string_append_printf(title, " +%zu", names - 1);
	}
	if (issuer) {
		g_string_append_printf(title, " · %s", issuer);
	}
	return g_string_free(g_steal_pointer(&title), FALSE);
}

/* JSON's NUL has no place in a C string or a text of PostgreSQL: it is shown as the bytes that are no UTF-8 are. Owned. */
static char *
without_nul(const char *line)
{
	GString *out = g_string_new(NULL);

	while (*line) {
		if (g_str_has_prefix(line, "\\u0000")) {
			g_string_append(out, "\\\\x00");
			line += strlen("\\u0000");
			continue;
		}
		/* An escaped character goes with its backslash. */
		size_t len = line[0] == '\\' && line[1] ? 2 : 1;
		g_string_append_len(out, line, (gssize)len);
		line += len;
	}
	return g_string_free(out, FALSE);
}

/* What is kept of a line that is too long for the store: where the log has the rest. */
static char *
place_of(const hk_json *root)
{
	g_autoptr(GString) out = g_string_new(NULL);
	int64_t index = 0;

	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, "kind");
	hk_jsonw_str(out, text_of(root, "kind"));
	if (text_of(root, "log")) {
		hk_jsonw_key(out, "log");
		hk_jsonw_str(out, text_of(root, "log"));
	}
	if (hk_json_i64(root, "index", &index, NULL)) {
		hk_jsonw_key(out, "index");
		hk_jsonw_int(out, index);
	}
	hk_jsonw_key(out, "too_long");
	hk_jsonw_bool(out, true);
	hk_jsonw_close(out, '}');
	return g_string_free(g_steal_pointer(&out), FALSE);
}

/* What a candidate's row keeps of where it was seen. Owned. */
static char *
origin_of(const hk_json *root)
{
	static const char *const texts[] = {
		"log", "type", "logged", "issuer_o", "tbs_sha256", NULL};
	g_autoptr(GString) out = g_string_new(NULL);
	int64_t index = 0;

	hk_jsonw_open(out, '{');
	for (size_t i = 0; texts[i]; i++) {
		if (text_of(root, texts[i])) {
			hk_jsonw_key(out, texts[i]);
			hk_jsonw_str(out, text_of(root, texts[i]));
		}
	}
	if (hk_json_i64(root, "index", &index, NULL)) {
		hk_jsonw_key(out, "index");
		hk_jsonw_int(out, index);
	}
	hk_jsonw_close(out, '}');
	return g_string_free(g_steal_pointer(&out), FALSE);
}

/* The hosts of a line of kind "candidate": names that are worth a light look. */
static bool
take_candidate(keep_store *keep, const hk_json *root, GError **error)
{
	g_autofree char *data = origin_of(root);
	hk_json hosts = {0};

	if (!hk_json_array(root, "hosts", &hosts, error)) {
		return false;
	}
	for (size_t i = 0; i < hk_json_len(&hosts); i++) {
		hk_json at = hk_json_at(&hosts, i);
		hk_look_wish wish = {.source = "ct",
			.host = text_of(&at, "host"),
			.target = text_of(&at, "target"),
			.data = data};
		bool fresh;
		hk_json_real(&at, "score", &wish.score, NULL);
		if (wish.host && !hk_look_want(keep->flow, &wish, &fresh, error)) {
			return false;
		}
	}
	return true;
}

/* A line of sys/sighting into the store. */
static bool
take(keep_store *keep, const uint8_t key[32], const char *text, GError **error)
{
	g_autofree char *line = without_nul(text);
	g_autoptr(hk_json_doc) doc = hk_json_load(hk_span_str(line), HK_OUT_LINE_MAX, error);

	if (!doc) {
		g_prefix_error(error, "a sighting of our own: ");
		return false;
	}
	hk_json root = hk_json_root(doc);
	if (g_strcmp0(text_of(&root, "kind"), "candidate") == 0) {
		return take_candidate(keep, &root, error);
	}
	hk_json names = {0};
	size_t count = 0;
	const char *host = NULL;
	if (hk_json_array(&root, "names", &names, NULL)) {
		count = hk_json_len(&names);
		hk_json first = count > 0 ? hk_json_at(&names, 0) : (hk_json){0};
		host = count > 0 ? hk_json_text(&first) : NULL;
	}
	double score = 0;
	hk_json_real(&root, "score", &score, NULL);
	g_autofree char *title = title_of(host, count, text_of(&root, "issuer_o"));
	g_autofree char *place = strlen(line) > HK_SIGHTING_DATA_MAX ? place_of(&root) : NULL;
	hk_observation seen = {
		.source = "ct",
		.kind = text_of(&root, "kind"),
		.seen_ms = hk_flow_now(keep->flow),
		.host = host,
		.title = title,
		.score = score,
		.target = text_of(&root, "target"),
		.data = place ? place : line,
	};
	memcpy(seen.key, key, 32);
	int64_t id = 0;
	if (!hk_sighting_take(keep->flow, &seen, &id, error)) {
		return false;
	}
	if (id == 0) {
		keep->base.repeats++;
	} else {
		keep->base.count++;
	}
	return true;
}

static bool
on_pending(void *user, int64_t entry, hk_span key, const char *data, GError **error)
{
	if (key.len != 32) {
		return hk_error_set(error, HK_EFORM, "ct_pending: a key of %zu bytes", key.len);
	}
	hk_keep_item *item = g_new0(hk_keep_item, 1);
	memcpy(item->key, key.data, 32);
	item->index = (uint64_t)entry;
	item->line = g_strdup(data);
	g_ptr_array_add(user, item);
	return true;
}

static bool
take_all(keep_store *keep, const GPtrArray *items, GError **error)
{
	for (unsigned i = 0; i < items->len; i++) {
		const hk_keep_item *item = g_ptr_array_index(items, i);
		if (!take(keep, item->key, item->line, error)) {
			return false;
		}
	}
	return true;
}

typedef struct releasing {
	keep_store *keep;
	hk_span id;
	uint64_t below;
	bool more;
} releasing;

/* The next of what pends becomes sightings. One transaction; may be done again from its beginning. */
static bool
release_some(hk_flow *flow, void *user, GError **error)
{
	releasing *r = user;
	keep_store *keep = r->keep;
	hk_db *db = hk_flow_db(flow);
	g_autoptr(GPtrArray) items = g_ptr_array_new_with_free_func(hk_keep_item_free);

	keep->base.repeats = keep->repeats;
	keep->base.count = keep->count;
	if (!hk_logs_hold(db, r->id, keep->owner, hk_flow_now(flow), HK_KEEP_LEASE_MS, error) ||
		!hk_logs_pending(db, r->id, (int64_t)r->below, HK_KEEP_RELEASE_MAX, on_pending,
			items, error) ||
		!take_all(keep, items, error)) {
		return false;
	}
	r->more = items->len == HK_KEEP_RELEASE_MAX;
	if (items->len == 0) {
		return true;
	}
	const hk_keep_item *last = g_ptr_array_index(items, items->len - 1);
	return hk_logs_unpend(db, r->id, (int64_t)last->index + 1, error);
}

/* All that pends below `below`, piece by piece: there may be very many, and other writers wait for each transaction. A head covers them, whether
 * that is written yet or not: what dies in between finds the rest pending, and the next head covers it again. */
static bool
release_pending(keep_store *keep, log_work *work, GError **error)
{
	releasing r = {.keep = keep,
		.id = hk_span_of(work->id, 32),
		.below = work->unpend_below,
		.more = work->unpend_below > 0};

	while (r.more) {
		if (!hk_flow_do(keep->flow, &who, release_some, &r, error)) {
			return false;
		}
		keep->repeats = keep->base.repeats;
		keep->count = keep->base.count;
	}
	work->unpend_below = 0;
	return true;
}

/* --- the commit --- */

static bool
write_log(keep_store *keep, const hk_ct_place_log *log, log_work *work, GError **error)
{
	hk_db *db = hk_flow_db(keep->flow);
	hk_span id = hk_span_of(log->id, 32);
	const hk_log_row row = {
		.id = id,
		.name = log->name,
		.status = hk_ct_place_status_text(log->status),
		.why = log->why,
		.begun = log->begun,
		.verified = (int64_t)log->verified,
		.root = hk_span_of(log->root, 32),
		.head_ms = log->head_ms,
		.read = (int64_t)log->read,
		.range = hk_span_of(log->range, 32 * log->range_count),
		.health = work->health,
	};

	/* First: it also proves that the lease is ours and, on PostgreSQL, holds the row. */
	if (!hk_logs_put(db, &row, keep->owner, error)) {
		return false;
	}
	if (!take_all(keep, work->released, error)) {
		return false;
	}
	for (unsigned i = 0; i < work->pended->len; i++) {
		const hk_keep_item *item = g_ptr_array_index(work->pended, i);
		if (!hk_logs_pend(db, id, (int64_t)item->index, hk_span_of(item->key, 32),
			    item->line, error)) {
			return false;
		}
	}
	return true;
}

static bool
write_all(hk_flow *flow, void *user, GError **error)
{
	keep_store *keep = user;

	(void)flow;
	/* The second time, if this is one, counts anew. */
	keep->base.repeats = keep->repeats;
	keep->base.count = keep->count;
	for (unsigned i = 0; i < keep->base.state->logs->len; i++) {
		const hk_ct_place_log *log = g_ptr_array_index(keep->base.state->logs, i);
		log_work *work = work_of(keep, log->id);
		written now = written_of(log);
		bool news = !is_same(&work->last, &now) || work->released->len > 0 ||
			    work->pended->len > 0 || work->health;
		if (news && !write_log(keep, log, work, error)) {
			return false;
		}
	}
	return true;
}

static bool
commit(hk_keep *base, GError **error)
{
	keep_store *keep = (keep_store *)base;

	bool good = true;

	for (unsigned i = 0; good && i < base->state->logs->len; i++) {
		const hk_ct_place_log *log = g_ptr_array_index(base->state->logs, i);
		good = release_pending(keep, work_of(keep, log->id), error);
	}
	if (!good || !hk_flow_do(keep->flow, &who, write_all, keep, error)) {
		base->repeats = keep->repeats;
		base->count = keep->count;
		return false;
	}
	keep->repeats = base->repeats;
	keep->count = base->count;
	for (unsigned i = 0; i < base->state->logs->len; i++) {
		const hk_ct_place_log *log = g_ptr_array_index(base->state->logs, i);
		log_work *work = work_of(keep, log->id);
		work->last = written_of(log);
		g_ptr_array_set_size(work->released, 0);
		g_ptr_array_set_size(work->pended, 0);
		g_clear_pointer(&work->health, g_free);
	}
	return true;
}

static void
move_items(GPtrArray *to, GPtrArray *items)
{
	g_ptr_array_extend_and_steal(to, items);
}

static void
release_items(hk_keep *base, hk_ct_place_log *log, GPtrArray *items)
{
	keep_store *keep = (keep_store *)base;
	log_work *work = work_of(keep, log->id);

	if (log->pending > 0) {
		/* All that pends stands before these items; what of it is not yet written needs no detour. */
		move_items(work->released, g_steal_pointer(&work->pended));
		work->pended = g_ptr_array_new_with_free_func(hk_keep_item_free);
		work->unpend_below = log->read;
		log->pending = 0;
	}
	if (items) {
		move_items(work->released, items);
	}
}

static void
pend_items(hk_keep *base, hk_ct_place_log *log, GPtrArray *items)
{
	keep_store *keep = (keep_store *)base;

	log->pending += items->len;
	move_items(work_of(keep, log->id)->pended, items);
}

static void
health(hk_keep *base, hk_ct_place_log *log, const char *json)
{
	log_work *work = work_of((keep_store *)base, log->id);

	g_free(work->health);
	work->health = g_strdup(json);
}

/* --- leases --- */

typedef struct claiming {
	keep_store *keep;
	const uint8_t *id;
	const char *name;
	bool ours;
	GError *broken;
} claiming;

static void
on_row(void *user, const hk_log_row *row)
{
	claiming *c = user;
	hk_ct_place *state = c->keep->base.state;

	if (!row->begun || hk_ct_place_find(state, c->id)) {
		return;
	}
	if (row->root.len != 32 || row->range.len % 32 != 0 ||
		row->range.len > 32 * HK_CT_PLACE_RANGE_MAX || row->read < row->verified ||
		row->verified < 0) {
		hk_error_set(&c->broken, HK_ECHECK,
			"%s: its row in ct_logs is damaged; restore a backup", row->name);
		return;
	}
	hk_ct_place_log *log = hk_ct_place_add(state, c->id, row->name);
	log->begun = true;
	log->status = hk_ct_place_status_parse(row->status);
	log->why = g_strdup(row->why);
	log->verified = (uint64_t)row->verified;
	log->read = (uint64_t)row->read;
	log->head_ms = row->head_ms;
	memcpy(log->root, row->root.data, 32);
	log->range_count = row->range.len / 32;
	if (row->range.len > 0) {
		memcpy(log->range, row->range.data, row->range.len);
	}
	/* There may be some: the first release looks. */
	log->pending = 1;
	work_of(c->keep, c->id)->last = written_of(log);
}

static bool
claim_in(hk_flow *flow, void *user, GError **error)
{
	claiming *c = user;

	if (!hk_logs_claim(hk_flow_db(flow), hk_span_of(c->id, 32), c->name, c->keep->owner,
		    hk_flow_now(flow), HK_KEEP_LEASE_MS, &c->ours, error)) {
		return false;
	}
	return !c->ours || hk_logs_get(hk_flow_db(flow), hk_span_of(c->id, 32), on_row, c, error);
}

static bool
claim(hk_keep *base, const uint8_t id[32], const char *name, bool *ret, GError **error)
{
	claiming c = {.keep = (keep_store *)base, .id = id, .name = name};

	if (!hk_flow_do(c.keep->flow, &who, claim_in, &c, error)) {
		return false;
	}
	if (c.broken) {
		g_propagate_error(error, c.broken);
		return false;
	}
	*ret = c.ours;
	return true;
}

typedef struct ticking {
	keep_store *keep;
	int64_t alive;
} ticking;

static bool
tick_in(hk_flow *flow, void *user, GError **error)
{
	ticking *t = user;

	return hk_logs_renew(hk_flow_db(flow), t->keep->owner, hk_flow_now(flow), HK_KEEP_LEASE_MS,
		       error) &&
	       hk_workers_alive(hk_flow_db(flow), "watch", hk_flow_now(flow), &t->alive, error);
}

static bool
tick(hk_keep *base, unsigned logs, unsigned *ret_share, GError **error)
{
	ticking t = {.keep = (keep_store *)base};

	if (!hk_flow_do(t.keep->flow, &who, tick_in, &t, error)) {
		return false;
	}
	unsigned alive = (unsigned)MAX(t.alive, 1);
	*ret_share = (logs + alive - 1) / alive;
	return true;
}

typedef struct yielding {
	keep_store *keep;
	hk_span id; /* empty: all */
} yielding;

static bool
yield_in(hk_flow *flow, void *user, GError **error)
{
	const yielding *y = user;

	return hk_logs_yield(hk_flow_db(flow), y->id, y->keep->owner, error);
}

static bool
give_up(hk_keep *base, hk_ct_place_log *log, GError **error)
{
	yielding y = {(keep_store *)base, hk_span_of(log->id, 32)};

	if (!hk_flow_do(y.keep->flow, &who, yield_in, &y, error)) {
		return false;
	}
	g_hash_table_remove(y.keep->work, log->id);
	hk_ct_place_remove(base->state, log);
	return true;
}

static void
keep_store_free(hk_keep *base)
{
	keep_store *keep = (keep_store *)base;
	yielding y = {.keep = keep};

	/* So that a restart need not wait for the leases to run out. Failure: it waits. */
	if (keep->owner && base->state) {
		hk_flow_do(keep->flow, &who, yield_in, &y, NULL);
	}
	g_hash_table_unref(keep->work);
	g_free(keep->owner);
	hk_keep_clear(base);
	g_free(keep);
}

static const hk_keep_ops ops = {
	.free = keep_store_free,
	.claim = claim,
	.tick = tick,
	.give_up = give_up,
	.release = release_items,
	.pend = pend_items,
	.commit = commit,
	.health = health,
};

hk_keep *
hk_keep_store_open(hk_flow *flow, const char *owner, const char *folder, GError **error)
{
	keep_store *keep = g_new0(keep_store, 1);
	g_autoptr(hk_keep) base = &keep->base;

	keep->flow = flow;
	keep->work = g_hash_table_new_full(id_hash, id_equal, NULL, work_free);
	base->shared = true;
	if (!hk_keep_init(base, &ops, folder, error)) {
		return NULL;
	}
	keep->owner = g_strdup(owner);
	base->state = hk_ct_place_new();
	return g_steal_pointer(&base);
}
