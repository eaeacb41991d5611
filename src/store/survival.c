#include "store/survival.h"

#include <string.h>

#include "sys/gerr.h"

#define HOUR_MS INT64_C(3600000)

static const char *const bys[] = {
	"all", "registrar", "network", "tld", "target", "actor", "channel"};
static const char *const starts[] = {"first_seen", "detected", "confirmed", "reported"};
static const char *const ends[] = {"gone", "down", "listed"};

const char *
hk_survival_by_name(hk_survival_by by)
{
	return bys[by];
}

const char *
hk_survival_start_name(hk_survival_start start)
{
	return starts[start];
}

const char *
hk_survival_end_name(hk_survival_end end)
{
	return ends[end];
}

static bool
find(const char *word, const char *const *list, size_t count, int *ret)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(word, list[i]) == 0) {
			*ret = (int)i;
			return true;
		}
	}
	return false;
}

bool
hk_survival_by_find(const char *name, hk_survival_by *ret)
{
	int at = 0;
	bool found = find(name, bys, G_N_ELEMENTS(bys), &at);

	*ret = (hk_survival_by)at;
	return found;
}

bool
hk_survival_start_find(const char *name, hk_survival_start *ret)
{
	int at = 0;
	bool found = find(name, starts, G_N_ELEMENTS(starts), &at);

	*ret = (hk_survival_start)at;
	return found;
}

bool
hk_survival_end_find(const char *name, hk_survival_end *ret)
{
	int at = 0;
	bool found = find(name, ends, G_N_ELEMENTS(ends), &at);

	*ret = (hk_survival_end)at;
	return found;
}

/* ---- Asking ---- */

/* Which column begins, for which reason a case is in which group. */
static void
put_key(hk_sqlb *b, hk_survival_by by)
{
	switch (by) {
	case HK_SURVIVAL_REGISTRAR:
	case HK_SURVIVAL_NETWORK:
		hk_sqlb_add(b, HK_SQL("f.value"));
		return;
	case HK_SURVIVAL_TLD:
		hk_sqlb_add(b, HK_SQL("COALESCE(c.domain, c.host)"));
		return;
	case HK_SURVIVAL_TARGET:
	case HK_SURVIVAL_ACTOR:
		hk_sqlb_add(b, HK_SQL("t.key"));
		return;
	case HK_SURVIVAL_CHANNEL:
		hk_sqlb_add(b, HK_SQL("r.channel"));
		return;
	case HK_SURVIVAL_ALL:
	case HK_SURVIVAL_BYS:
		break;
	}
	hk_sqlb_add(b, HK_SQL("''"));
}

static void
put_from(hk_sqlb *b, hk_survival_by by)
{
	hk_sqlb_add(b, HK_SQL(" FROM cases c"));
	if (by == HK_SURVIVAL_REGISTRAR) {
		hk_sqlb_add(b, HK_SQL(" LEFT JOIN (SELECT case_id, MIN(value) AS value FROM facts "
				      "WHERE kind = 'reg.registrar' AND gone_ms IS NULL GROUP BY "
				      "case_id) f ON f.case_id = c.id"));
	} else if (by == HK_SURVIVAL_NETWORK) {
		hk_sqlb_add(b, HK_SQL(" LEFT JOIN (SELECT DISTINCT case_id, value FROM facts WHERE "
				      "kind = 'ip.as') f ON f.case_id = c.id"));
	} else if (by == HK_SURVIVAL_TARGET) {
		hk_sqlb_add(b, HK_SQL(" LEFT JOIN targets t ON t.id = c.target_id"));
	} else if (by == HK_SURVIVAL_ACTOR) {
		hk_sqlb_add(b, HK_SQL(" LEFT JOIN actors t ON t.id = c.actor_id"));
	} else if (by == HK_SURVIVAL_CHANNEL) {
		hk_sqlb_add(b, HK_SQL(" JOIN (SELECT s.case_id, p.channel, MIN(p.sent_ms) AS "
				      "sent_ms FROM reports p JOIN report_sites s ON s.report_id = "
				      "p.id WHERE p.sent_ms IS NOT NULL GROUP BY s.case_id, "
				      "p.channel) r ON r.case_id = c.id"));
	}
}

static void
put_start(hk_sqlb *b, const hk_survival_ask *ask)
{
	if (ask->by == HK_SURVIVAL_CHANNEL && ask->start == HK_START_REPORTED) {
		hk_sqlb_add(b, HK_SQL("r.sent_ms"));
		return;
	}
	switch (ask->start) {
	case HK_START_FIRST_SEEN:
		hk_sqlb_add(b, HK_SQL("c.first_seen_ms"));
		return;
	case HK_START_CONFIRMED:
		hk_sqlb_add(b, HK_SQL("c.confirmed_ms"));
		return;
	case HK_START_REPORTED:
		hk_sqlb_add(b, HK_SQL("c.reported_ms"));
		return;
	case HK_START_DETECTED:
	case HK_SURVIVAL_STARTS:
		break;
	}
	hk_sqlb_add(b, HK_SQL("c.detected_ms"));
}

static hk_rows *
ask_rows(hk_db *db, const hk_survival_ask *ask, GError **error)
{
	g_autoptr(hk_sqlb) b = hk_sqlb_new(db);

	hk_sqlb_add(b, HK_SQL("SELECT "));
	put_key(b, ask->by);
	hk_sqlb_add(b, HK_SQL(", "));
	put_start(b, ask);
	hk_sqlb_add(b, HK_SQL(", c.content_gone_ms, c.dns_gone_ms, c.on_hold_ms, c.down_ms, "
			      "c.listed_ms, c.closed_ms, c.kind"));
	put_from(b, ask->by);
	hk_sqlb_add(b, HK_SQL(" WHERE c.deleted_ms IS NULL AND c.state IN ('confirmed', "
			      "'reported', 'down', 'closed', 'resurrected') AND c.opened_ms >= "));
	hk_sqlb_value(b, hk_v_int(ask->from_ms));
	hk_sqlb_add(b, HK_SQL(" AND c.opened_ms < "));
	hk_sqlb_value(b, hk_v_int(ask->to_ms));
	return hk_sqlb_query(b, db, error);
}

/* ---- Groups ---- */

typedef struct group {
	GArray *list; /* of hk_lasting */
	size_t before;
} group;

static void
group_free(gpointer data)
{
	group *g = data;

	g_array_unref(g->list);
	g_free(g);
}

static group *
group_of(GHashTable *groups, const char *key)
{
	group *g = g_hash_table_lookup(groups, key);

	if (!g) {
		g = g_new0(group, 1);
		g->list = g_array_new(FALSE, FALSE, sizeof(hk_lasting));
		g_hash_table_insert(groups, g_strdup(key), g);
	}
	return g;
}

static int64_t
least(int64_t a, int64_t b)
{
	return a == 0 ? b : b == 0 ? a : MIN(a, b);
}

/* Column 2 on: the clocks. 0: not yet. */
static int64_t
end_of(const hk_rows *rows, hk_survival_end end)
{
	int64_t down = hk_rows_int(rows, 5);

	if (end == HK_END_LISTED) {
		return hk_rows_int(rows, 6);
	}
	if (end == HK_END_DOWN) {
		return down;
	}
	return least(least(hk_rows_int(rows, 2), hk_rows_int(rows, 3)),
		least(hk_rows_int(rows, 4), down));
}

static void
take_row(const hk_rows *rows, const hk_survival_ask *ask, GHashTable *groups)
{
	const char *word = hk_rows_str(rows, 0);
	int64_t start = hk_rows_int(rows, 1), end = end_of(rows, ask->end);
	int64_t closed = hk_rows_int(rows, 7);

	/* ".example" of a name; addresses have none. */
	if (ask->by == HK_SURVIVAL_TLD && word) {
		const char *dot = strrchr(word, '.');
		word = dot && !g_ascii_isdigit(dot[1]) ? dot : "";
	}
	if (start == 0) {
		return;
	}
	group *g = group_of(groups, word ? word : "");
	int64_t seen = end ? end : closed ? MIN(closed, ask->now_ms) : ask->now_ms;
	if (end && end < start) {
		g->before++;
		return;
	}
	hk_lasting one = {.time = MAX(seen - start, 0), .ended = end != 0};
	g_array_append_val(g->list, one);
}

static void
survival_free(gpointer data)
{
	hk_survival *s = data;

	g_free(s->key);
	g_array_unref(s->steps);
	g_free(s);
}

static hk_survival *
estimate(const char *key, const group *g)
{
	hk_survival *s = g_new0(hk_survival, 1);
	const hk_lasting *list = (const hk_lasting *)(void *)g->list->data;

	g_array_sort(g->list, hk_lasting_compare);
	s->key = g_strdup(key);
	s->cases = g->list->len;
	s->before = g->before;
	s->steps = g_array_sized_new(FALSE, TRUE, sizeof(hk_kaplan_step), g->list->len + 1);
	g_array_set_size(s->steps, g->list->len);
	hk_kaplan_step *steps = (hk_kaplan_step *)(void *)s->steps->data;
	size_t count = s->cases ? hk_kaplan(list, s->cases, steps) : 0;
	g_array_set_size(s->steps, (guint)count);
	for (size_t i = 0; i < count; i++) {
		s->ended += steps[i].ended;
	}
	s->censored = s->cases - s->ended;
	s->median_ms = s->p90_ms = -1;
	(void)hk_kaplan_quantile(steps, count, 0.5, &s->median_ms);
	(void)hk_kaplan_quantile(steps, count, 0.1, &s->p90_ms);
	s->share_1h = 1 - hk_kaplan_share(steps, count, HOUR_MS);
	s->share_4h = 1 - hk_kaplan_share(steps, count, 4 * HOUR_MS);
	s->share_24h = 1 - hk_kaplan_share(steps, count, 24 * HOUR_MS);
	return s;
}

static int
by_cases(gconstpointer a, gconstpointer b)
{
	const hk_survival *x = *(hk_survival *const *)a, *y = *(hk_survival *const *)b;

	return x->cases != y->cases ? (x->cases < y->cases ? 1 : -1) : strcmp(x->key, y->key);
}

bool
hk_survival_read(hk_db *db, const hk_survival_ask *ask, GPtrArray **ret, GError **error)
{
	g_autoptr(GHashTable) groups =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, group_free);
	g_autoptr(hk_rows) rows = ask_rows(db, ask, error);
	GPtrArray *list;
	GHashTableIter at;
	GError *inner = NULL;
	void *key, *value;

	while (rows && hk_rows_next(rows, &inner)) {
		if (!g_strv_contains(ask->counted, hk_rows_str(rows, 8))) {
			take_row(rows, ask, groups);
		}
	}
	if (!rows || inner) {
		if (inner) {
			g_propagate_error(error, inner);
		}
		return false;
	}
	if (ask->by == HK_SURVIVAL_ALL) {
		group_of(groups, "");
	}
	list = g_ptr_array_new_with_free_func(survival_free);
	g_hash_table_iter_init(&at, groups);
	while (g_hash_table_iter_next(&at, &key, &value)) {
		g_ptr_array_add(list, estimate(key, value));
	}
	g_ptr_array_sort(list, by_cases);
	*ret = list;
	return true;
}
