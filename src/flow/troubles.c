#include "flow/troubles.h"

#include <inttypes.h>
#include <string.h>

#include "flow/states.h"
#include "store/c2_read.h"
#include "store/reads.h"
#include "store/troubles.h"
#include "store/workers.h"
#include "sys/defang.h"
#include "sys/json.h"

typedef enum gravity { GRAVE, WARN, AGED, SEEN } gravity;

static const struct {
	const char *word;
	gravity how;
} kinds[HK_TROUBLE_COUNT] = {
#define TROUBLE(id, word, en, ja, how, do_en, do_ja) [HK_TROUBLE_##id] = {word, how},
#include "flow/troubles.def"
#undef TROUBLE
};

/* A log is behind when it would take so long to grow by what was not read; with fewer entries than these it is never. */
#define BEHIND_S       3600
#define BEHIND_ENTRIES 10000
/* One failure between two good tries is nothing. */
#define IN_A_ROW 2

typedef struct reading {
	hk_db *db;
	const hk_troubles_house *house;
	GPtrArray *all;
} reading;

void
hk_trouble_free(hk_trouble *trouble)
{
	if (trouble) {
		g_free(trouble->subject);
		g_free(trouble->error);
		g_free(trouble);
	}
}

static void
free_trouble(void *trouble)
{
	hk_trouble_free(trouble);
}

const char *
hk_trouble_word(hk_trouble_kind kind)
{
	return kinds[kind].word;
}

/* Defanged, at most so many characters; NULL stays NULL. */
static char *
harmless(const char *text, long max)
{
	if (!text) {
		return NULL;
	}
	g_autofree char *safe = hk_defang(text);
	g_autofree char *valid = g_utf8_make_valid(safe, -1);
	if (g_utf8_strlen(valid, -1) <= max) {
		return g_steal_pointer(&valid);
	}
	g_autofree char *cut = g_utf8_substring(valid, 0, max - 1);
	return g_strconcat(cut, "…", NULL);
}

static hk_trouble *
add(reading *r, hk_trouble_kind kind, const char *subject, int64_t count, int64_t since_ms,
	const char *error)
{
	hk_trouble *t = g_new0(hk_trouble, 1);

	t->kind = kind;
	t->grave = kinds[kind].how == GRAVE ||
		   (kinds[kind].how == AGED && since_ms > 0 &&
			   since_ms < r->house->now_ms - HK_TROUBLE_AGED_MS);
	t->subject = harmless(subject, HK_TROUBLE_SUBJECT);
	t->count = count;
	t->since_ms = since_ms;
	t->error = harmless(error, HK_TROUBLE_TEXT);
	g_ptr_array_add(r->all, t);
	return t;
}

/* Each row of a query. */
static bool
each(reading *r, hk_rows *taken, void (*one)(reading *r, const hk_rows *row), GError **error)
{
	g_autoptr(hk_rows) rows = taken;
	g_autoptr(GError) local = NULL;

	while (rows && hk_rows_next(rows, &local)) {
		one(r, rows);
	}
	if (local) {
		g_propagate_error(error, g_steal_pointer(&local));
		return false;
	}
	return rows != NULL;
}

/* ---- roles, and their clocks ---- */

static const char *const roles[] = {"watch", "work", "web"};

typedef struct beats {
	int64_t alive[G_N_ELEMENTS(roles)], last_ms[G_N_ELEMENTS(roles)];
	int64_t newest_ms;
	GPtrArray *late; /* of late_one */
} beats;

typedef struct late_one {
	char *name;
	size_t role;
	int64_t seen_ms;
} late_one;

static void
free_late(void *late)
{
	g_free(((late_one *)late)->name);
	g_free(late);
}

static void
one_worker(beats *b, const char *name, const char *role, int64_t seen_ms, int64_t late_ms)
{
	b->newest_ms = MAX(b->newest_ms, seen_ms);
	for (size_t i = 0; i < G_N_ELEMENTS(roles); i++) {
		if (strcmp(roles[i], role) != 0) {
			continue;
		}
		b->last_ms[i] = MAX(b->last_ms[i], seen_ms);
		if (seen_ms > late_ms) {
			b->alive[i]++;
			continue;
		}
		late_one *late = g_new(late_one, 1);
		*late = (late_one){g_strdup(name), i, seen_ms};
		g_ptr_array_add(b->late, late);
	}
}

static bool
read_workers(reading *r, int64_t *ret_newest_ms, GError **error)
{
	g_autoptr(GPtrArray) late = g_ptr_array_new_with_free_func(free_late);
	beats b = {.late = late};
	g_autoptr(hk_rows) rows = hk_read_workers(r->db, error);
	g_autoptr(GError) local = NULL;

	while (rows && hk_rows_next(rows, &local)) {
		one_worker(&b, hk_rows_str(rows, 0), hk_rows_str(rows, 1), hk_rows_int(rows, 3),
			r->house->now_ms - HK_WORKER_GONE_MS);
	}
	if (local) {
		g_propagate_error(error, g_steal_pointer(&local));
		return false;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(roles); i++) {
		if (b.alive[i] == 0) {
			add(r, HK_TROUBLE_ROLE, roles[i], 0, b.last_ms[i], NULL);
		}
	}
	for (unsigned i = 0; i < late->len; i++) {
		const late_one *one = late->pdata[i];
		if (b.alive[one->role] > 0) {
			add(r, HK_TROUBLE_WORKER, one->name, 1, one->seen_ms, NULL);
		}
	}
	*ret_newest_ms = b.newest_ms;
	return rows != NULL;
}

static bool
read_clock(reading *r, int64_t seen_ms, GError **error)
{
	int64_t there, audit_ms, now_ms = r->house->now_ms;

	if (!hk_read_clock(r->db, &there, &audit_ms, error)) {
		return false;
	}
	int64_t newest = MAX(seen_ms, audit_ms);
	if (newest > now_ms + HK_TROUBLE_CLOCK_MS) {
		g_autofree char *text = g_strdup_printf("%s: %" PRId64 " s in the future",
			audit_ms == newest ? "the newest act" : "a process was seen",
			(newest - now_ms) / 1000);
		add(r, HK_TROUBLE_CLOCK_BACK, NULL, 1, 0, text);
	}
	if (ABS(now_ms - there) > HK_TROUBLE_CLOCK_MS) {
		g_autofree char *text = g_strdup_printf("%+" PRId64 " s", (now_ms - there) / 1000);
		add(r, HK_TROUBLE_CLOCK_SKEW, NULL, 1, 0, text);
	}
	return true;
}

/* ---- disks ---- */

static bool
is_known(const hk_troubles_place *places, size_t before)
{
	for (size_t i = 0; i < before; i++) {
		if (places[i].disk.id != 0 && places[i].disk.id == places[before].disk.id) {
			return true;
		}
	}
	return false;
}

static void
look_at_disks(reading *r)
{
	for (size_t i = 0; i < r->house->place_count; i++) {
		const hk_troubles_place *place = &r->house->places[i];
		const hk_disk *disk = &place->disk;
		hk_disk_how full = hk_disk_judge(disk);
		if (full == HK_DISK_ROOM || is_known(r->house->places, i)) {
			continue;
		}
		g_autofree char *text = g_strdup_printf("%" PRId64 " MiB, %" PRId64 " %%",
			disk->free_bytes >> 20,
			disk->total_bytes >= 100 ? disk->free_bytes / (disk->total_bytes / 100)
						 : 0);
		add(r, HK_TROUBLE_DISK, place->path, 1, 0, text)->grave = full == HK_DISK_FULL;
	}
}

/* ---- logs ---- */

static int64_t
number_of(const hk_json *object, const char *key)
{
	int64_t value = 0;

	return hk_json_has(object, key) && hk_json_i64(object, key, &value, NULL) ? value : 0;
}

static const char *
text_of(const hk_json *object, const char *key)
{
	const char *text = NULL;

	return hk_json_has(object, key) && hk_json_str(object, key, &text, NULL) ? text : NULL;
}

static void
one_log(reading *r, const hk_rows *row)
{
	const char *name = hk_rows_str(row, 0);
	hk_span text = hk_span_str(hk_rows_str(row, 5));
	double rate = 0;

	if (strcmp(hk_rows_str(row, 1), "stopped") == 0) {
		add(r, HK_TROUBLE_LOG_STOPPED, name, 1, hk_rows_int(row, 3), hk_rows_str(row, 4));
		return;
	}
	g_autoptr(hk_json_doc) doc = hk_json_load(text, text.len, NULL);
	if (strcmp(hk_rows_str(row, 1), "active") != 0 || !doc) {
		return;
	}
	hk_json health = hk_json_root(doc);
	int64_t failures = number_of(&health, "failures_in_a_row"),
		refusals = number_of(&health, "refusals_in_a_row"),
		backlog = number_of(&health, "backlog"), good_ms = number_of(&health, "looked_ms");
	if (failures >= IN_A_ROW) {
		add(r, HK_TROUBLE_LOG_FAILING, name, failures, good_ms,
			text_of(&health, "last_error"));
	}
	if (refusals >= IN_A_ROW) {
		add(r, HK_TROUBLE_LOG_REFUSED, name, refusals, good_ms,
			text_of(&health, "last_error"));
	}
	if (hk_json_has(&health, "entries_per_s") &&
		!hk_json_real(&health, "entries_per_s", &rate, NULL)) {
		rate = 0;
	}
	if (backlog >= BEHIND_ENTRIES && (double)backlog > rate * BEHIND_S) {
		add(r, HK_TROUBLE_LOG_BEHIND, name, backlog, hk_rows_int(row, 3), NULL);
	}
}

/* ---- sources ---- */

char *
hk_trouble_source(const char *state, const char *health, int64_t *ret_failures, int64_t *ret_ok_ms)
{
	hk_span text = hk_span_str(health ? health : "");
	g_autoptr(hk_json_doc) doc = hk_json_load(text, text.len, NULL);

	if (!doc || strcmp(state, "active") != 0) {
		return NULL;
	}
	hk_json root = hk_json_root(doc);
	*ret_failures = number_of(&root, "failures");
	*ret_ok_ms = number_of(&root, "last_ok_ms");
	if (*ret_failures <= 0) {
		return NULL;
	}
	const char *why = text_of(&root, "last_error");
	return g_strdup(why ? why : "?");
}

static void
one_source(reading *r, const hk_rows *row)
{
	int64_t failures, ok_ms;
	g_autofree char *why =
		hk_trouble_source(hk_rows_str(row, 3), hk_rows_str(row, 5), &failures, &ok_ms);

	if (why) {
		add(r, HK_TROUBLE_SOURCE, hk_rows_str(row, 0), failures, ok_ms, why);
	}
}

static void
one_session(reading *r, const hk_rows *row)
{
	g_autofree char *subject = g_strdup_printf(
		"%s %s:%" PRId64, hk_rows_str(row, 0), hk_rows_str(row, 1), hk_rows_int(row, 2));
	const char *why = hk_rows_str(row, 6);

	add(r, HK_TROUBLE_BELL, subject, hk_rows_int(row, 5), hk_rows_int(row, 4),
		why ? why : hk_rows_str(row, 3));
}

/* ---- jobs, channels, chats ---- */

static void
one_stage(reading *r, const hk_rows *row)
{
	add(r, hk_rows_int(row, 1) != 0 ? HK_TROUBLE_DEAD : HK_TROUBLE_JOBS, hk_rows_str(row, 0),
		hk_rows_int(row, 2), hk_rows_int(row, 3), hk_rows_str(row, 4));
}

/* With what would do them, as it is typed. */
static void
one_overdue(reading *r, const hk_rows *row)
{
	const char *text = hk_rows_str(row, 0);
	const hk_stage *stage = hk_stage_find(text);
	hk_trouble *t =
		add(r, HK_TROUBLE_OVERDUE, text, hk_rows_int(row, 1), hk_rows_int(row, 2), NULL);

	t->error = stage ? g_strdup_printf("hikeshi work --pools %s", stage->pool) : NULL;
}

/* While the kill switch is on here, what goes out is not even asked for: that is one trouble, and is told. */
static bool
read_overdue(reading *r, GError **error)
{
	return r->house->killed ||
	       each(r, hk_troubles_overdue(r->db, r->house->now_ms - HK_TROUBLE_OVERDUE_MS, error),
		       one_overdue, error);
}

static void
one_channel(reading *r, const hk_rows *row)
{
	const char *state = hk_rows_str(row, 1), *why = hk_rows_str(row, 2);
	hk_trouble_kind kind = strcmp(state, "closed") == 0 ? HK_TROUBLE_CHANNEL_CLOSED
			       : strcmp(state, "off") == 0  ? HK_TROUBLE_CHANNEL_OFF
							    : HK_TROUBLE_CHANNEL_FAILING;

	/* Why a person stopped it is not what failed last. */
	add(r, kind, hk_rows_str(row, 0), 1,
		kind == HK_TROUBLE_CHANNEL_OFF ? 0 : hk_rows_int(row, 4),
		why || kind == HK_TROUBLE_CHANNEL_OFF ? why : hk_rows_str(row, 3));
}

static void
one_chat(reading *r, const hk_rows *row)
{
	int64_t oldest = hk_rows_int(row, 2);

	add(r, HK_TROUBLE_CHAT, hk_rows_str(row, 0), hk_rows_int(row, 1),
		oldest > 0 ? oldest : hk_rows_int(row, 4), hk_rows_str(row, 3));
}

/* ---- all ---- */

/* When the network is gone, forty logs fail at once: that is one trouble, and its details stand in their own table. The first one found stands for all. */
static void
fold(GPtrArray *all)
{
	unsigned counts[HK_TROUBLE_COUNT] = {0};
	hk_trouble *firsts[HK_TROUBLE_COUNT] = {NULL};

	for (unsigned i = 0; i < all->len; i++) {
		counts[((const hk_trouble *)all->pdata[i])->kind]++;
	}
	for (unsigned i = 0; i < all->len;) {
		hk_trouble *t = all->pdata[i];
		hk_trouble *first = firsts[t->kind];
		if (counts[t->kind] <= HK_TROUBLE_EACH) {
			i++;
		} else if (!first) {
			firsts[t->kind] = t;
			g_clear_pointer(&t->subject, g_free);
			t->count = counts[t->kind];
			i++;
		} else {
			first->grave = first->grave || t->grave;
			if (first->since_ms == 0 ||
				(t->since_ms > 0 && t->since_ms < first->since_ms)) {
				first->since_ms = t->since_ms;
			}
			g_ptr_array_remove_index(all, i);
		}
	}
}

/* Grave ones first, then those that began last; then as in the table. */
static int
by_weight(const void *left, const void *right)
{
	const hk_trouble *a = *(hk_trouble *const *)left, *b = *(hk_trouble *const *)right;

	if (a->grave != b->grave) {
		return a->grave ? -1 : 1;
	}
	if (a->since_ms != b->since_ms) {
		return a->since_ms > b->since_ms ? -1 : 1;
	}
	return a->kind != b->kind ? (int)a->kind - (int)b->kind : g_strcmp0(a->subject, b->subject);
}

bool
hk_troubles_read(hk_db *db, const hk_troubles_house *house, GPtrArray **ret, GError **error)
{
	g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(free_trouble);
	reading r = {.db = db, .house = house, .all = all};
	int64_t seen_ms = 0;

	look_at_disks(&r);
	if (house->killed) {
		/* Our own words: a path is to be typed as it is read. */
		add(&r, HK_TROUBLE_EGRESS, NULL, 1, 0, NULL)->error = g_strdup(house->killed);
	}
	if (!read_workers(&r, &seen_ms, error) || !read_clock(&r, seen_ms, error) ||
		!each(&r, hk_read_logs(db, error), one_log, error) ||
		!each(&r, hk_read_sources(db, error), one_source, error) ||
		!each(&r, hk_c2_read_troubles(db, house->now_ms, error), one_session, error) ||
		!each(&r, hk_troubles_jobs(db, error), one_stage, error) ||
		!read_overdue(&r, error) ||
		!each(&r, hk_troubles_channels(db, error), one_channel, error) ||
		!each(&r, hk_troubles_chats(db, error), one_chat, error)) {
		return false;
	}
	fold(all);
	g_ptr_array_sort(all, by_weight);
	*ret = g_steal_pointer(&all);
	return true;
}
