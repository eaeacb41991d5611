#include "casework/intake.h"

#include <string.h>

#include "base/num.h"
#include "casework/offer.h"
#include "casework/overlay.h"
#include "flow/intake.h"
#include "flow/states.h"
#include "store/intakes.h"
#include "store/lookup.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/stop.h"

/* A lease is renewed when so much of it is gone. */
#define RENEW_MS 15000

/* What became of a line. */
typedef struct result {
	const char *how;
	int64_t case_id;
	char why[48];
} result;

typedef struct work {
	hk_flow *flow;
	hk_job job; /* borrowed, but for the lease */
	const hk_sites *sites;
	int64_t id;
	bool dry_run;
	char *source; /* owned; the same below */
	char *login;
	hk_who who;
	hk_sheet *sheet;
	hk_names *names;
	hk_defaults defaults;
	GHashTable *actors; /* key -> whether it is there */
	bool wrong_options;
	hk_overlay *overlay; /* of a dry run */
	int64_t renewed_ms;
	unsigned chunk; /* lines of the next one */
	/* the chunk */
	GPtrArray *offers; /* of hk_offer */
	GArray *results;   /* of result, one for each offer */
	int64_t first;     /* items before this chunk */
	int64_t count;     /* items of the whole list */
	bool end;          /* of the list */
	bool turn;         /* others next */
	bool stopped;      /* the list was cancelled */
	size_t at;         /* the offer that is being taken */
} work;

static void
work_clear(work *w)
{
	g_free(w->source);
	g_free(w->login);
	hk_sheet_free(w->sheet);
	hk_names_free(w->names);
	hk_defaults_clear(&w->defaults);
	g_clear_pointer(&w->actors, g_hash_table_unref);
	hk_overlay_free(w->overlay);
	g_clear_pointer(&w->offers, g_ptr_array_unref);
	g_clear_pointer(&w->results, g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(work, work_clear)

bool
hk_intake_check(const char *options, GError **error)
{
	g_auto(hk_defaults) defaults = {0};
	g_autoptr(hk_sheet) sheet = hk_sheet_new("lines", HK_SPAN_LIT(""), options, error);

	return sheet && hk_defaults_read(options, &defaults, error);
}

/* Reads the list, and finds its place in it. */
static bool
open_list(work *w, const hk_intake_row *row, GError **error)
{
	g_autoptr(GByteArray) body = g_byte_array_new();

	if (!hk_intakes_read(hk_flow_db(w->flow), w->id, 0, HK_INTAKE_BYTES_MAX, body, error)) {
		return false;
	}
	hk_span text = hk_span_of(body->data, body->len);
	w->wrong_options = !hk_intake_check(row->options, NULL);
	const char *options = w->wrong_options ? "{}" : row->options;
	w->sheet = hk_sheet_new(row->kind, text, options, error);
	if (!w->sheet || !hk_defaults_read(options, &w->defaults, error)) {
		return false;
	}
	w->count = hk_sheet_count(w->sheet);
	w->first = w->dry_run ? 0 : row->line;
	hk_sheet_skip(w->sheet, w->first);
	return true;
}

static bool
begin(work *w, const hk_intake_row *row, GError **error)
{
	hk_db *db = hk_flow_db(w->flow);

	w->dry_run = row->dry_run;
	w->source = g_strdup(row->source);
	if (row->user_id != 0 && !hk_lookup_login(db, row->user_id, &w->login, error)) {
		return false;
	}
	w->who = (hk_who){.user_id = row->user_id,
		.login = w->login ? w->login : "auto",
		.via = "work",
		.address = ""};
	w->names = hk_names_load(db, error);
	w->actors = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	w->offers = g_ptr_array_new_with_free_func(hk_offer_free);
	w->results = g_array_new(FALSE, TRUE, sizeof(result));
	w->renewed_ms = hk_clock_mono_ms();
	w->chunk = HK_INTAKE_CHUNK;
	if (!w->names || !open_list(w, row, error)) {
		return false;
	}
	w->overlay = w->dry_run ? hk_overlay_new(db, error) : NULL;
	return !w->dry_run || w->overlay;
}

/* Asked once for each key: a wrong one in every line must not cost a transaction each. */
static bool
check_actor(work *w, hk_offer *offer, GError **error)
{
	const char *key = offer->why ? NULL : offer->lead.actor;
	void *known;

	if (!key) {
		return true;
	}
	if (!g_hash_table_lookup_extended(w->actors, key, NULL, &known)) {
		int64_t id = 0;
		if (!hk_lookup_actor(hk_flow_db(w->flow), key, &id, error)) {
			return false;
		}
		known = GINT_TO_POINTER(id != 0);
		g_hash_table_insert(w->actors, g_strdup(key), known);
	}
	offer->why = known ? NULL : "actor";
	return true;
}

/* The next lines, read but not taken. */
static bool
read_chunk(work *w, GError **error)
{
	int64_t now_ms = hk_clock_wall_ms();
	hk_item item = {0};

	g_ptr_array_set_size(w->offers, 0);
	w->end = false;
	while (w->offers->len < w->chunk) {
		if (!hk_sheet_next(w->sheet, &item)) {
			w->end = true;
			break;
		}
		hk_offer *offer = hk_offer_new(w->sites, w->names, &w->defaults, &item, now_ms);
		g_ptr_array_add(w->offers, offer);
		if (w->wrong_options && !offer->item.skip) {
			offer->why = "options";
		}
		offer->lead.source = w->source;
		offer->lead.reporter_id = w->who.user_id;
		if (!check_actor(w, offer, error)) {
			return false;
		}
	}
	g_array_set_size(w->results, 0);
	g_array_set_size(w->results, w->offers->len);
	return true;
}

static void
set_result(result *r, const hk_taken *taken)
{
	static const char *const hows[] = {[HK_TAKEN_OPENED] = "opened",
		[HK_TAKEN_ATTACHED] = "attached",
		[HK_TAKEN_ROUTED] = "routed"};

	r->how = hows[taken->how];
	r->case_id = taken->case_id;
	g_strlcpy(r->why, taken->why, sizeof r->why);
}

/* Dry run: looks, outside of any transaction. */
static bool
look_at_chunk(work *w, GError **error)
{
	for (unsigned i = 0; i < w->offers->len; i++) {
		hk_offer *offer = w->offers->pdata[i];
		hk_taken taken;
		GError *inner = NULL;
		if (offer->item.skip || offer->why) {
			continue;
		}
		if (hk_overlay_look(w->overlay, &offer->lead, hk_clock_wall_ms(), &taken, &inner)) {
			set_result(&g_array_index(w->results, result, i), &taken);
			continue;
		}
		offer->why = hk_offer_why(inner);
		if (!offer->why) {
			g_propagate_error(error, inner);
			return false;
		}
		g_error_free(inner);
	}
	return true;
}

static void
tally(const work *w, hk_intake_row *row)
{
	for (unsigned i = 0; i < w->offers->len; i++) {
		const hk_offer *offer = w->offers->pdata[i];
		const result *r = &g_array_index(w->results, result, i);
		int64_t *count = offer->item.skip ? &row->skipped
				 : offer->why     ? &row->refused
				 : *r->how == 'o' ? &row->opened
				 : *r->how == 'a' ? &row->attached
						  : &row->routed;
		(*count)++;
	}
}

static bool
put_line(work *w, unsigned i, GError **error)
{
	const hk_offer *offer = w->offers->pdata[i];
	const result *r = &g_array_index(w->results, result, i);
	hk_intake_line line = {.intake_id = w->id,
		.line = offer->item.line,
		.text = offer->item.text,
		.url = offer->url,
		.how = offer->why ? "refused" : r->how,
		.why = offer->why ? offer->why
		       : *r->why  ? r->why
				  : NULL,
		.case_id = offer->why ? 0 : r->case_id};

	return hk_intakes_put_line(hk_flow_db(w->flow), &line, error);
}

static bool
expect_all(work *w, GError **error)
{
	g_autoptr(GPtrArray) leads = g_ptr_array_new();

	for (unsigned i = 0; i < w->offers->len; i++) {
		hk_offer *offer = w->offers->pdata[i];
		if (!offer->item.skip && !offer->why) {
			g_ptr_array_add(leads, &offer->lead);
		}
	}
	return hk_case_many(w->flow, (const hk_lead *const *)leads->pdata, leads->len, error);
}

static bool
take_all(work *w, GError **error)
{
	for (unsigned i = 0; i < w->offers->len; i++) {
		hk_offer *offer = w->offers->pdata[i];
		hk_taken taken;
		if (offer->item.skip) {
			continue;
		}
		w->at = i;
		if (!w->dry_run && !offer->why) {
			if (!hk_case_take(w->flow, &offer->lead, &taken, error)) {
				return false;
			}
			set_result(&g_array_index(w->results, result, i), &taken);
		}
		w->at = SIZE_MAX;
		if (!put_line(w, i, error)) {
			return false;
		}
	}
	return true;
}

static bool
finish(work *w, GError **error)
{
	if (w->end) {
		return hk_intake_move(w->flow, w->id, "finish", error) &&
		       hk_job_done(w->flow, &w->job, error);
	}
	return !w->turn || hk_job_again(w->flow, &w->job, hk_flow_now(w->flow), error);
}

/* One transaction. May be called again. */
static bool
chunk_act(hk_flow *flow, void *user, GError **error)
{
	work *w = user;
	g_auto(hk_intake_row) row = {0};

	w->at = SIZE_MAX;
	w->stopped = false;
	if (!hk_intakes_get(hk_flow_db(flow), w->id, &row, error)) {
		return false;
	}
	if (!hk_move_find(HK_MACHINE_INTAKE, row.state, "cancel")) {
		w->stopped = true;
		return hk_job_done(flow, &w->job, error);
	}
	if (w->dry_run && w->first == 0) {
		row.line = row.opened = row.attached = row.routed = row.refused = row.skipped = 0;
	}
	if (row.line != w->first) {
		return hk_error_set(error, HK_EINCONSISTENT,
			"another process has done line %" G_GINT64_FORMAT " already", w->first + 1);
	}
	if (strcmp(row.state, "waiting") == 0 && !hk_intake_move(flow, w->id, "start", error)) {
		return false;
	}
	if ((!w->dry_run && !expect_all(w, error)) || !take_all(w, error)) {
		return false;
	}
	tally(w, &row);
	g_free(row.kind);
	row.kind = g_strdup(hk_sheet_kind(w->sheet));
	row.line = w->first + w->offers->len;
	row.lines = w->count;
	row.position = hk_sheet_position(w->sheet);
	return hk_intakes_progress(hk_flow_db(flow), &row, error) && finish(w, error);
}

/* A line that flow refuses (somebody has deleted the target just now) must not hold up the others. */
static bool
do_chunk(work *w, GError **error)
{
	for (;;) {
		GError *inner = NULL;
		if (hk_flow_do(w->flow, &w->who, chunk_act, w, &inner)) {
			return true;
		}
		const char *why = w->at != SIZE_MAX ? hk_offer_why(inner) : NULL;
		if (!why) {
			g_propagate_error(error, inner);
			return false;
		}
		hk_offer *offer = w->offers->pdata[w->at];
		offer->why = why;
		g_error_free(inner);
	}
}

/* A job that is renewed has a new lease; the copy knows it, the caller's need not. */
static bool
keep_lease(work *w, GError **error)
{
	if (hk_clock_mono_ms() - w->renewed_ms < RENEW_MS) {
		return true;
	}
	w->renewed_ms = hk_clock_mono_ms();
	return hk_job_renew(w->flow, &w->job, error);
}

/* Twice as many lines, or half, by what the last ones took. */
static void
size_chunk(work *w, int64_t took_ms)
{
	/* On PostgreSQL others write meanwhile, but to the same sites. */
	bool alone = hk_db_engine_of(hk_flow_db(w->flow)) == HK_DB_SQLITE;
	int64_t room_ms = alone ? HK_INTAKE_CHUNK_MS : HK_INTAKE_CHUNK_SHARED_MS;

	if (took_ms > room_ms) {
		w->chunk = MAX(w->chunk / 2, HK_INTAKE_CHUNK / 4);
	} else if (took_ms < room_ms / 2) {
		w->chunk = MIN(w->chunk * 2, HK_INTAKE_CHUNK_MAX);
	}
}

static bool
do_slice(work *w, GError **error)
{
	int64_t until_ms = hk_clock_mono_ms() + HK_INTAKE_SLICE_MS;

	do {
		if (!keep_lease(w, error) || !read_chunk(w, error) ||
			(w->dry_run && !look_at_chunk(w, error))) {
			return false;
		}
		int64_t begun_ms = hk_clock_mono_ms();
		/* A dry run has no place to go on from: it gives the job back only when the process is to end, and begins anew elsewhere. */
		w->turn = !w->end && (hk_stop_asked() || (!w->dry_run && begun_ms >= until_ms));
		if (!do_chunk(w, error)) {
			return false;
		}
		size_chunk(w, hk_clock_mono_ms() - begun_ms);
		w->first += w->offers->len;
	} while (!w->end && !w->turn && !w->stopped);
	return true;
}

static bool
only_done(hk_flow *flow, void *user, GError **error)
{
	return hk_job_done(flow, user, error);
}

bool
hk_intake_run(hk_flow *flow, const hk_job *job, void *user, GError **error)
{
	g_auto(hk_intake_row) row = {0};
	g_auto(work) w = {.flow = flow, .job = *job, .sites = user};
	uint64_t id;

	if (hk_parse_u64(hk_span_str(job->key), INT64_MAX, &id) != HK_OK) {
		return hk_error_set(
			error, HK_EFORM, "the job's key is no number of an intake: %s", job->key);
	}
	w.id = (int64_t)id;
	if (!hk_intakes_get(hk_flow_db(flow), w.id, &row, error)) {
		return false;
	}
	if (!hk_move_find(HK_MACHINE_INTAKE, row.state, "cancel")) {
		static const hk_who program = {0, "auto", "work", ""};
		return hk_flow_do(flow, &program, only_done, &w.job, error);
	}
	return begin(&w, &row, error) && do_slice(&w, error);
}
