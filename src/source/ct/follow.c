#include "source/ct/follow.h"

#include <malloc.h>
#include <string.h>

#include "source/ct/health.h"
#include "source/ct/reader.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/gerr.h"
#include "sys/log.h"
#include "sys/stop.h"

/* Sightings are committed this soon after one another at the most, mere positions this seldom. */
#define COMMIT_URGENT_MS 50
#define COMMIT_CALM_MS   1000
/* The first wait after a log list that could not be read; doubles up to HK_FOLLOW_LIST_MS. */
#define LIST_RETRY_MS 5000

typedef struct run {
	hk_follow follow;
	bool list_is_url;
	char *list_etag;
	hk_http_call *list_call;
	int64_t list_at_ms;
	unsigned list_failures;
	bool listed;       /* the list was read at least once */
	GBytes *list_text; /* as last taken; owned. For logs that become free later */
	unsigned share;    /* logs that this process may follow at the most */
	unsigned wanted;   /* logs of the list that are worth a reader, by whomever */
	int64_t tick_ms;
	bool away; /* the database could not be written: nothing new is read until it can */
	int64_t committed_ms;
	int64_t health_ms;
	unsigned first; /* reader that is stepped first: nobody is always last */
} run;

/* --- the log list --- */

static hk_reader *
find_reader(const run *r, const uint8_t id[32])
{
	for (unsigned i = 0; i < r->follow.readers->len; i++) {
		hk_reader *reader = g_ptr_array_index(r->follow.readers, i);
		if (memcmp(reader->log->id, id, 32) == 0) {
			return reader;
		}
	}
	return NULL;
}

/* Whether the log is worth a reader: followed by its state, and something can still be added, or was left unread. */
static bool
is_wanted(const hk_ct_log *log)
{
	return hk_ct_log_is_followed(log) &&
	       (log->state == HK_CT_READONLY ||
		       hk_ct_log_expects_growth(log, hk_clock_wall_ms() / 1000));
}

static void
take_log(run *r, hk_ct_log *log, GHashTable *named)
{
	g_autoptr(GError) error = NULL;
	hk_reader *reader = find_reader(r, log->id);
	bool wanted = is_wanted(log);

	if (reader) {
		if (wanted) {
			g_hash_table_add(named, reader);
			hk_reader_update(reader, log);
		} else {
			hk_ct_log_free(log);
		}
		return;
	}
	const hk_ct_place_log *st = hk_ct_place_find(hk_keep_state(r->follow.keep), log->id);
	bool left_over = st && st->status == HK_CT_PLACE_ACTIVE && hk_ct_log_is_followed(log);
	if (!wanted && !left_over) {
		hk_ct_log_free(log);
		return;
	}
	g_autofree char *name = g_strdup(log->description);
	bool ours = r->follow.readers->len < r->share;
	if (ours && !hk_keep_claim(r->follow.keep, log->id, name, &ours, &error)) {
		hk_log(HK_EVENT_CT_LOG_REFUSED, HK_F_STR("log", name),
			HK_F_STR("reason", error->message));
		ours = false;
	}
	if (!ours) {
		hk_ct_log_free(log);
		return;
	}
	reader = hk_reader_new(&r->follow, log, &error);
	if (!reader) {
		hk_log(HK_EVENT_CT_LOG_REFUSED, HK_F_STR("log", name),
			HK_F_STR("reason", error->message));
		return;
	}
	g_ptr_array_add(r->follow.readers, reader);
	if (wanted) {
		g_hash_table_add(named, reader);
	}
}

static bool
take_list(run *r, hk_span text, GError **error)
{
	g_autoptr(hk_ct_loglist) list = hk_ct_loglist_parse(text, error);
	g_autoptr(GHashTable) named = g_hash_table_new(NULL, NULL);

	if (!list) {
		return false;
	}
	for (unsigned i = 0; i < list->problems->len; i++) {
		hk_log(HK_EVENT_CT_LOG_REFUSED, HK_F_STR("log", r->follow.config->list),
			HK_F_STR("reason", g_ptr_array_index(list->problems, i)));
	}
	/* Not even one: that is no list that lost its logs, but a mistake; believed, it would end every log. */
	if (list->logs->len == 0) {
		return hk_error_set(
			error, HK_EFORM, "it names no log that this program can follow");
	}
	if (hk_keep_is_shared(r->follow.keep)) {
		r->wanted = 0;
		for (unsigned i = 0; i < list->logs->len; i++) {
			r->wanted += is_wanted(g_ptr_array_index(list->logs, i));
		}
		if (!hk_keep_tick(r->follow.keep, r->wanted, &r->share, error)) {
			return false;
		}
		GBytes *copy = g_bytes_new(text.data, text.len);
		g_clear_pointer(&r->list_text, g_bytes_unref);
		r->list_text = copy;
	}
	while (list->logs->len > 0) {
		take_log(r, g_ptr_array_steal_index(list->logs, 0), named);
	}
	for (unsigned i = 0; i < r->follow.readers->len; i++) {
		hk_reader *reader = g_ptr_array_index(r->follow.readers, i);
		if (!g_hash_table_contains(named, reader)) {
			hk_reader_update(reader, NULL);
		}
	}
	r->listed = true;
	return true;
}

static char *
list_copy_path(const run *r)
{
	return g_build_filename(hk_keep_folder(r->follow.keep), "loglist.json", NULL);
}

/* The list could not be read. The last good one stays; at the start the copy of the last run serves. */
static void
list_failed(run *r, const char *why, int64_t now_ms)
{
	g_autofree char *path = list_copy_path(r);
	unsigned doublings = MIN(r->list_failures++, 9);

	r->list_at_ms =
		now_ms + MIN((int64_t)LIST_RETRY_MS << doublings, (int64_t)HK_FOLLOW_LIST_MS);
	hk_log(HK_EVENT_CT_LIST_FAILED, HK_F_STR("url", r->follow.config->list),
		HK_F_STR("reason", why), HK_F_INT("wait_ms", r->list_at_ms - now_ms));
	if (r->listed) {
		return;
	}
	g_autoptr(GBytes) copy = hk_file_read(path, HK_CT_LOGLIST_BYTES_MAX, NULL);
	size_t len = 0;
	const void *data = copy ? g_bytes_get_data(copy, &len) : NULL;
	if (!copy || !take_list(r, hk_span_of(data, len), NULL)) {
		if (r->follow.config->once || r->list_failures >= 3) {
			hk_error_set(&r->follow.fatal, HK_EREMOTE,
				"%s: the log list cannot be read: %s", r->follow.config->list, why);
		}
	}
}

static void
on_list(void *user, hk_http_call *call, const hk_http_answer *answer)
{
	run *r = user;
	g_autoptr(GError) error = NULL;
	g_autofree char *path = list_copy_path(r);
	int64_t now_ms = hk_clock_mono_ms();
	hk_span body = answer->body;
	uint8_t *data;
	size_t len;

	(void)call;
	r->list_call = NULL;
	if (!answer->error && answer->status == 304 && r->listed) {
		r->list_failures = 0;
		r->list_at_ms = now_ms + HK_FOLLOW_LIST_MS;
		return;
	}
	if (answer->error || answer->status != 200) {
		g_autofree char *why = answer->error ? g_strdup(answer->error->message)
						     : g_strdup_printf("HTTP %d", answer->status);
		list_failed(r, why, now_ms);
		return;
	}
	if (answer->gzip &&
		hk_gz_inflate(r->follow.gz, body, HK_CT_LOGLIST_BYTES_MAX, &data, &len) == HK_OK) {
		body = hk_span_of(data, len);
	}
	if (!take_list(r, body, &error)) {
		list_failed(r, error->message, now_ms);
		return;
	}
	r->list_failures = 0;
	r->list_at_ms = now_ms + HK_FOLLOW_LIST_MS;
	g_free(r->list_etag);
	r->list_etag = g_strdup(answer->etag);
	hk_file_replace_fast(path, body, NULL);
}

/* Begins to read the list again. A list file that is broken at the start ends the run; later the old list stays. */
static void
refresh_list(run *r, int64_t now_ms)
{
	const hk_follow_config *config = r->follow.config;
	g_autoptr(GError) error = NULL;

	if (r->list_call) {
		return;
	}
	if (r->list_is_url) {
		hk_http_request request = {
			.url = config->list,
			.etag = r->listed ? r->list_etag : NULL,
			.max_bytes = HK_CT_LOGLIST_BYTES_MAX,
		};
		r->list_call = hk_http_get(r->follow.http, &request, on_list, r, &error);
		if (!r->list_call) {
			g_propagate_error(&r->follow.fatal, g_steal_pointer(&error));
		}
		return;
	}
	g_autoptr(GBytes) bytes = hk_file_read(config->list, HK_CT_LOGLIST_BYTES_MAX, &error);
	size_t len = 0;
	const void *data = bytes ? g_bytes_get_data(bytes, &len) : NULL;
	r->list_at_ms = now_ms + HK_FOLLOW_LIST_MS;
	if (bytes && take_list(r, hk_span_of(data, len), &error)) {
		return;
	}
	if (r->listed) {
		list_failed(r, error->message, now_ms);
	} else {
		g_prefix_error(&error, "log list: ");
		g_propagate_error(&r->follow.fatal, g_steal_pointer(&error));
	}
}

/* --- shared logs --- */

/* More than our share: the last one goes to somebody else, from where it stands. */
static void
give_up_one(run *r)
{
	hk_follow *f = &r->follow;
	hk_reader *reader = g_ptr_array_index(f->readers, f->readers->len - 1);
	hk_ct_place_log *st = reader->st;

	hk_reader_spill(reader, hk_clock_mono_ms());
	if (!hk_keep_commit(f->keep, NULL)) {
		return; /* the next commit says why */
	}
	hk_log(HK_EVENT_CT_LOG_YIELDED, HK_F_STR("log", reader->log->description),
		HK_F_INT("share", r->share));
	g_ptr_array_remove_index(f->readers, f->readers->len - 1);
	hk_keep_give_up(f->keep, st, NULL);
}

/* Renews the leases; takes logs that have become free, gives back what is over the share. */
static void
balance(run *r)
{
	hk_follow *f = &r->follow;
	g_autoptr(GError) error = NULL;
	gsize len;

	if (!hk_keep_tick(f->keep, r->wanted, &r->share, &error)) {
		/* The database is away: commits say so. Leases outlast some missed ticks. */
		return;
	}
	if (f->readers->len > r->share) {
		give_up_one(r);
	} else if (f->readers->len < MIN(r->share, r->wanted) && r->list_text) {
		g_autoptr(GBytes) text = g_bytes_ref(r->list_text);
		const void *data = g_bytes_get_data(text, &len);
		take_list(r, hk_span_of(data, len), NULL);
	}
}

/* --- the loop --- */

static void
commit(run *r, int64_t now_ms)
{
	hk_follow *f = &r->follow;

	g_autoptr(GError) error = NULL;
	if (!hk_keep_commit(f->keep, &error)) {
		if (hk_error_code(error) == HK_EAGAIN) {
			hk_log(HK_EVENT_STORE_AWAY, HK_F_STR("reason", error->message));
			r->away = true;
			r->committed_ms = now_ms;
			return;
		}
		g_propagate_prefixed_error(&f->fatal, g_steal_pointer(&error),
			"nothing is lost, start again when this is mended: ");
		return;
	}
	r->away = false;
	f->dirty = f->urgent = false;
	r->committed_ms = now_ms;
	hk_keep_print(f->keep, f->config->out_fd, &f->fatal);
}

/* When to commit; now_ms or earlier: now. */
static int64_t
commit_due_ms(const run *r)
{
	if (!r->follow.dirty) {
		return INT64_MAX;
	}
	return r->committed_ms + (r->follow.urgent && !r->away ? COMMIT_URGENT_MS : COMMIT_CALM_MS);
}

static bool
all_done(const run *r)
{
	for (unsigned i = 0; i < r->follow.readers->len; i++) {
		if (!hk_reader_done(g_ptr_array_index(r->follow.readers, i))) {
			return false;
		}
	}
	return r->listed;
}

/* One turn; returns how long the network may be waited for. */
static int64_t
turn(run *r, int64_t now_ms)
{
	hk_follow *f = &r->follow;
	int64_t wake = now_ms + 1000;

	if (hk_stop_reload()) {
		if (f->config->reload) {
			f->config->reload(f->config->user);
		}
		r->list_at_ms = f->config->list ? now_ms : INT64_MAX;
	}
	if (now_ms >= r->list_at_ms) {
		refresh_list(r, now_ms);
	}
	unsigned count = f->readers->len;
	if (hk_keep_is_shared(f->keep) && r->listed && now_ms - r->tick_ms >= HK_KEEP_TICK_MS) {
		r->tick_ms = now_ms;
		balance(r);
		count = f->readers->len;
	}
	for (unsigned i = 0; i < count && !r->away && !f->fatal; i++) {
		wake = MIN(
			wake, hk_reader_step(g_ptr_array_index(f->readers, (r->first + i) % count),
				      now_ms));
	}
	r->first++;
	if (f->fatal) {
		return 0;
	}
	if (f->config->progress && count > 0) {
		const hk_reader *reader = g_ptr_array_index(f->readers, 0);
		f->config->progress(f->config->user, reader->range.size, reader->newest);
	}
	if (commit_due_ms(r) <= now_ms) {
		commit(r, now_ms);
	}
	wake = MIN(wake, commit_due_ms(r));
	if (now_ms - r->health_ms >= HK_HEALTH_EVERY_MS) {
		/* Only looked at; a full disk shows at the next commit. */
		hk_health_write(f, NULL);
		f->dirty = f->dirty || hk_keep_is_shared(f->keep);
		/* What a burst of back-fill took goes back to the system. */
		malloc_trim(0);
		r->health_ms = now_ms;
	}
	return MAX(wake - now_ms, 0);
}

static void
loop(run *r)
{
	hk_follow *f = &r->follow;

	while (!hk_stop_asked() && !f->fatal) {
		int64_t wait_ms = turn(r, hk_clock_mono_ms());
		if (f->fatal || (f->config->once && all_done(r))) {
			break;
		}
		hk_http_step(f->http, (int)wait_ms, hk_stop_fd());
		hk_stop_clear();
	}
	if (f->fatal) {
		return;
	}
	for (unsigned i = 0; i < f->readers->len; i++) {
		hk_reader_spill(g_ptr_array_index(f->readers, i), hk_clock_mono_ms());
	}
	commit(r, hk_clock_mono_ms());
	hk_health_write(f, NULL);
}

/* With `once`: a log that was not read is an error of the run. */
static bool
judge(const run *r, GError **error)
{
	for (unsigned i = 0;
		r->follow.config->once && !hk_stop_asked() && i < r->follow.readers->len; i++) {
		const hk_reader *reader = g_ptr_array_index(r->follow.readers, i);
		if (reader->phase == HK_PHASE_STOPPED) {
			return hk_error_set(error, HK_EINCONSISTENT,
				"%s is stopped: %s; see %s/evidence", reader->log->description,
				reader->st->why ? reader->st->why : "it contradicts itself",
				hk_keep_folder(r->follow.keep));
		}
		if (reader->gave_up) {
			return hk_error_set(error, HK_EREMOTE, "%s could not be read: %s",
				reader->log->description,
				reader->last_error ? reader->last_error : "no answer");
		}
	}
	return true;
}

static bool
set_up(run *r, GError **error)
{
	hk_follow *f = &r->follow;
	const hk_follow_config *config = f->config;
	hk_http_config http = {
		.contact = config->contact, .ca_file = config->ca_file, .purpose = "ct"};

	if (!hk_http_contact_check(config->contact, error)) {
		return false;
	}
	r->list_is_url = config->list && strstr(config->list, "://");
	if (r->list_is_url && !hk_http_url_check(config->list, error)) {
		return false;
	}
	f->http = hk_http_new(&http, error);
	if (!f->http) {
		return false;
	}
	r->share = UINT_MAX;
	f->keep = config->keep ? config->keep : hk_keep_folder_open(config->state_dir, error);
	if (!f->keep) {
		return false;
	}
	f->block = hk_ct_block_new();
	f->gz = hk_gz_new();
	f->rand = g_rand_new();
	f->readers = g_ptr_array_new_with_free_func((GDestroyNotify)hk_reader_free);
	f->operators = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	if (config->log) {
		g_autoptr(GHashTable) named = g_hash_table_new(NULL, NULL);
		take_log(r, config->log, named);
		r->listed = true;
		r->list_at_ms = INT64_MAX;
	}
	/* What a crash kept from standard output goes out first. */
	return hk_keep_print(f->keep, config->out_fd, error);
}

static void
tear_down(run *r)
{
	hk_follow *f = &r->follow;

	if (r->list_call) {
		hk_http_cancel(r->list_call);
	}
	if (f->readers) {
		g_ptr_array_unref(f->readers);
	}
	if (f->operators) {
		g_hash_table_unref(f->operators);
	}
	if (f->rand) {
		g_rand_free(f->rand);
	}
	hk_gz_free(f->gz);
	hk_ct_block_free(f->block);
	if (!f->config->keep) {
		hk_keep_free(f->keep);
	}
	hk_http_free(f->http);
	g_clear_error(&f->fatal);
	g_free(r->list_etag);
	g_clear_pointer(&r->list_text, g_bytes_unref);
}

bool
hk_follow_run(const hk_follow_config *config, GError **error)
{
	run r = {.follow = {.config = config}};

	hk_file_init();
	if (!hk_stop_begin(error)) {
		return false;
	}
	bool good = set_up(&r, error);
	if (good) {
		loop(&r);
		if (r.follow.fatal) {
			g_propagate_error(error, g_steal_pointer(&r.follow.fatal));
			good = false;
		} else {
			good = judge(&r, error);
		}
	}
	tear_down(&r);
	hk_stop_end();
	return good;
}
