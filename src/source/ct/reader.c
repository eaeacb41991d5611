/* The life of one reader: polling heads, finding its beginning, back-off, ending. */
#include "source/ct/reader.h"

#include <inttypes.h>
#include <string.h>

#include "source/ct/evidence.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/log.h"

/* A head is some 300 bytes; witnesses add lines. */
#define HEAD_MAX (256u << 10)
/* Level tiles are 8 KiB; JSON proofs a little more. */
#define ANCHOR_MAX (8u << 20)
/* With a backlog of more than this, a look at the head can wait ... */
#define BACKLOG 4096
/* ... up to this. */
#define BACKLOG_POLL_MS 30000
/* Read but unverified entries are put to disk after that many, or that many bytes of sightings, or that time. */
#define SPILL_ENTRIES 65536
#define SPILL_BYTES   (256u << 10)
#define SPILL_MS      10000
/* With `once`: a log that fails this often in a row is given up. */
#define ONCE_FAILURES 8
/* Heads with a bad signature are kept this seldom: good and bad ones in turn must not fill the disk. */
#define BAD_SIGNATURE_MS (60 * 60 * 1000)

/* Whether one of the names is the log's operator or the host of its URL. */
static bool
is_named(const hk_reader *reader, const char *const *names)
{
	const char *host = strstr(reader->base, "://");
	size_t len = host ? strcspn(host + 3, ":/") : 0;

	for (size_t i = 0; names && names[i]; i++) {
		if (g_ascii_strcasecmp(names[i], reader->log->operator_name) == 0 ||
			(len > 0 && strlen(names[i]) == len &&
				g_ascii_strncasecmp(names[i], host + 3, len) == 0)) {
			return true;
		}
	}
	return false;
}

hk_reader *
hk_reader_new(hk_follow *follow, hk_ct_log *log, GError **error)
{
	g_autoptr(hk_reader) reader = g_new0(hk_reader, 1);
	uint8_t root[32];

	reader->follow = follow;
	reader->log = log;
	reader->listed = true;
	reader->base = g_strdup(log->kind == HK_CT_STATIC ? log->tile_url : log->url);
	reader->pending = g_ptr_array_new_with_free_func(hk_keep_item_free);
	hk_range_init(&reader->range);
	if (!hk_http_url_check(reader->base, error)) {
		return NULL;
	}
	reader->http1 = is_named(reader, follow->config->http1);
	reader->fresh = is_named(reader, follow->config->fresh);
	reader->pace = g_hash_table_lookup(follow->operators, log->operator_name);
	if (!reader->pace) {
		reader->pace = g_new0(hk_pace, 1);
		hk_pace_init(reader->pace, follow->config->rate_per_s);
		g_hash_table_insert(follow->operators, g_strdup(log->operator_name), reader->pace);
	}
	reader->st = hk_ct_place_find(hk_keep_state(follow->keep), log->id);
	if (!reader->st) {
		reader->st =
			hk_ct_place_add(hk_keep_state(follow->keep), log->id, log->description);
		return g_steal_pointer(&reader);
	}
	if (reader->st->status == HK_CT_PLACE_STOPPED) {
		reader->phase = HK_PHASE_STOPPED;
		return g_steal_pointer(&reader);
	}
	reader->st->status = HK_CT_PLACE_ACTIVE;
	if (reader->st->read > 0 || reader->st->begun) {
		if (hk_range_load(reader->st->read, reader->st->range, reader->st->range_count,
			    &reader->range) != HK_OK) {
			hk_error_set(
				error, HK_ECHECK, "its compact range in the state file is broken");
			return NULL;
		}
		hk_range_root(&reader->range, root);
		if (reader->st->read == reader->st->verified &&
			memcmp(root, reader->st->root, 32) != 0) {
			hk_error_set(error, HK_ECHECK,
				"its compact range in the state file does not lead to its root");
			return NULL;
		}
		reader->asked = reader->range.size;
		reader->newest = reader->range.size;
		reader->phase = HK_PHASE_RUN;
	}
	return g_steal_pointer(&reader);
}

void
hk_reader_free(hk_reader *reader)
{
	if (!reader) {
		return;
	}
	if (reader->head_call) {
		hk_http_cancel(reader->head_call);
	}
	if (reader->anchor_call) {
		hk_http_cancel(reader->anchor_call);
	}
	hk_reader_clear_slots(reader);
	hk_reader_drop_heads(reader);
	hk_ct_fetch_drop_kept(reader);
	hk_anchor_free(reader->anchor);
	hk_ct_head_free(reader->anchor_head);
	hk_ct_head_free(reader->verified);
	hk_ct_log_free(reader->log);
	g_ptr_array_unref(reader->pending);
	g_free(reader->base);
	g_free(reader->last_error);
	g_free(reader);
}

void
hk_reader_update(hk_reader *reader, hk_ct_log *log)
{
	reader->listed = log != NULL;
	if (!log) {
		return;
	}
	/* The key cannot differ: the id is its hash. */
	hk_ct_log_free(reader->log);
	reader->log = log;
	g_free(reader->base);
	reader->base = g_strdup(log->kind == HK_CT_STATIC ? log->tile_url : log->url);
	if (reader->phase == HK_PHASE_DRAINED) {
		/* One that went before its beginning was found has not begun. */
		reader->phase = reader->st->begun ? HK_PHASE_RUN : HK_PHASE_ANCHOR;
		reader->st->status = HK_CT_PLACE_ACTIVE;
	}
}

void
hk_reader_position(hk_reader *reader)
{
	reader->st->begun = true;
	reader->st->read = reader->range.size;
	reader->st->range_count = reader->range.count;
	memcpy(reader->st->range, reader->range.node, sizeof reader->range.node);
	reader->spilled_ms = hk_clock_mono_ms();
}

void
hk_reader_spill(hk_reader *reader, int64_t now_ms)
{
	if (reader->phase != HK_PHASE_RUN || reader->range.size <= reader->st->read) {
		return;
	}
	hk_keep_pend(reader->follow->keep, reader->st, g_steal_pointer(&reader->pending));
	reader->pending = g_ptr_array_new_with_free_func(hk_keep_item_free);
	reader->pending_bytes = 0;
	hk_reader_position(reader);
	reader->spilled_ms = now_ms;
	reader->follow->dirty = true;
}

void
hk_reader_good(hk_reader *reader)
{
	reader->failures = 0;
	reader->retry_ms = 0;
	hk_pace_good(reader->pace);
}

void
hk_reader_failed(hk_reader *reader, int64_t now_ms, const char *url, const hk_http_answer *answer,
	const char *why)
{
	GRand *rand = reader->follow->rand;
	g_autofree char *text = NULL;

	if (why) {
		text = g_strdup(why);
	} else if (answer && answer->error) {
		text = g_strdup(answer->error->message);
	} else {
		text = g_strdup_printf("HTTP %d", answer ? answer->status : 0);
	}
	bool refused = answer && !answer->error && (answer->status == 429 || answer->status == 503);
	reader->errors++;
	reader->failures++;
	if (refused) {
		hk_pace_refused(reader->pace, now_ms, answer->retry_after_ms, g_rand_double(rand));
	}
	if (!refused || answer->retry_after_ms < 0) {
		reader->retry_ms =
			now_ms + hk_pace_backoff_ms(reader->failures, g_rand_double(rand));
	}
	int64_t wait = MAX(reader->retry_ms - now_ms, hk_pace_wait(reader->pace, now_ms));
	/* Not a line for each of a thousand refusals. */
	if ((reader->failures & (reader->failures - 1)) == 0) {
		hk_log(HK_EVENT_CT_RETRY, HK_F_STR("log", reader->log->description),
			HK_F_STR("url", url), HK_F_STR("reason", text),
			HK_F_INT("failures", reader->failures), HK_F_INT("wait_ms", wait));
	}
	g_free(reader->last_error);
	reader->last_error = g_steal_pointer(&text);
	if (reader->follow->config->once && reader->failures >= ONCE_FAILURES && !refused) {
		reader->gave_up = true;
	}
}

bool
hk_reader_body(hk_reader *reader, const hk_http_answer *answer, hk_span *ret, GError **error)
{
	uint8_t *data;
	size_t len;

	if (answer->odd_encoding) {
		return hk_error_set(error, HK_EFORM, "an encoding that was not asked for");
	}
	if (!answer->gzip) {
		*ret = answer->body;
		return true;
	}
	hk_err err = hk_gz_inflate(reader->follow->gz, answer->body, ANCHOR_MAX, &data, &len);
	if (err != HK_OK) {
		return hk_error_set(error, err, "gzip: %s", hk_err_meaning(err));
	}
	*ret = hk_span_of(data, len);
	return true;
}

/* --- heads --- */

/* A head that the log's key did not sign: someone else answers, or the log is broken. Not believed, one an hour is kept, tried again. */
static void
bad_signature(hk_reader *reader, const hk_http_answer *answer, const char *why, int64_t now_ms)
{
	g_autoptr(GError) error = NULL;

	if (reader->bad_signature_ms && now_ms - reader->bad_signature_ms < BAD_SIGNATURE_MS) {
		return;
	}
	g_autofree char *folder =
		hk_evidence_bytes(reader, "bad-signature", "head", answer->body, &error);
	hk_log(HK_EVENT_CT_BAD_SIGNATURE, HK_F_STR("log", reader->log->description),
		HK_F_STR("reason", why), HK_F_STR("evidence", folder ? folder : error->message));
	reader->bad_signature_ms = now_ms;
}

static void
on_head(void *user, hk_http_call *call, const hk_http_answer *answer)
{
	hk_reader *reader = user;
	g_autoptr(GError) error = NULL;
	int64_t now_ms = hk_clock_mono_ms();
	hk_span body;

	(void)call;
	reader->head_call = NULL;
	reader->next_poll_ms = now_ms + reader->follow->config->poll_ms;
	if (answer->error || answer->status != 200) {
		hk_reader_failed(reader, now_ms, answer->url, answer, NULL);
		return;
	}
	if (!hk_reader_body(reader, answer, &body, &error)) {
		hk_reader_failed(reader, now_ms, answer->url, NULL, error->message);
		return;
	}
	hk_ct_head *head = reader->log->kind == HK_CT_STATIC
				   ? hk_ct_head_from_checkpoint(body, reader->log->key, &error)
				   : hk_ct_head_from_sth(body, reader->log->key, &error);
	if (!head) {
		if (hk_error_code(error) == HK_ECHECK) {
			bad_signature(reader, answer, error->message, now_ms);
		}
		hk_reader_failed(reader, now_ms, answer->url, NULL, error->message);
		return;
	}
	reader->head_looks++;
	hk_reader_good(reader);
	hk_reader_take_head(reader, head, now_ms);
}

static bool
wants_head(const hk_reader *reader, int64_t now_ms)
{
	const hk_follow_config *config = reader->follow->config;

	if (reader->head_call || reader->anchor || now_ms < reader->next_poll_ms) {
		return false;
	}
	if (reader->phase == HK_PHASE_ANCHOR) {
		return reader->newest == 0 && reader->heads.length == 0;
	}
	if (reader->heads.length >= HK_READER_HEADS_MAX) {
		return false;
	}
	if (reader->head_looks > 0 && (config->once || !reader->listed)) {
		return false;
	}
	if (reader->want_final && reader->newest >= reader->final_size) {
		return false;
	}
	uint64_t backlog =
		reader->newest > reader->range.size ? reader->newest - reader->range.size : 0;
	return backlog < BACKLOG || now_ms >= reader->next_poll_ms + BACKLOG_POLL_MS;
}

static void
ask_head(hk_reader *reader, int64_t now_ms)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *url = g_strconcat(reader->base,
		reader->log->kind == HK_CT_STATIC ? "checkpoint" : "ct/v1/get-sth", NULL);
	hk_http_request request = {.http1 = reader->http1,
		.fresh = reader->fresh,
		.url = url,
		.max_bytes = HEAD_MAX,
		.timeout_ms = 20000};

	reader->head_call = hk_http_get(reader->follow->http, &request, on_head, reader, &error);
	if (!reader->head_call) {
		hk_reader_failed(reader, now_ms, url, NULL, error->message);
		reader->next_poll_ms = now_ms + reader->follow->config->poll_ms;
		return;
	}
	hk_pace_sent(reader->pace, now_ms);
}

/* --- the beginning --- */

/* The range of the beginning is known. */
static void
begin(hk_reader *reader, const hk_range *range)
{
	const hk_follow_config *config = reader->follow->config;

	reader->range = *range;
	reader->asked = range->size;
	reader->phase = HK_PHASE_RUN;
	/* What lies before is not read, but it is proven to be the beginning of a signed head. */
	reader->st->verified = range->size;
	hk_range_root(range, reader->st->root);
	hk_reader_position(reader);
	reader->follow->dirty = true;
	hk_log(HK_EVENT_CT_LOG_ADDED, HK_F_STR("log", reader->log->description),
		HK_F_STR("operator", reader->log->operator_name), HK_F_INT("from", range->size),
		HK_F_STR("kind", hk_ct_kind_text(reader->log->kind)),
		HK_F_STR("asked_for", config->from == HK_FROM_START ? "start"
				      : config->from == HK_FROM_END ? "end"
								    : "index"));
	while (reader->phase == HK_PHASE_RUN && hk_reader_next_head(reader) &&
		hk_reader_next_head(reader) < reader->range.size) {
		hk_reader_drop_first_head(reader);
	}
	hk_reader_check_heads(reader);
}

static void
drop_anchor(hk_reader *reader)
{
	g_clear_pointer(&reader->anchor, hk_anchor_free);
	g_clear_pointer(&reader->anchor_head, hk_ct_head_free);
	reader->anchor_is_check = false;
	reader->anchor_is_until = false;
}

static void
finish_anchor(hk_reader *reader)
{
	hk_range range;
	bool got = hk_anchor_range(reader->anchor, &range);
	bool check = reader->anchor_is_check;
	bool until = reader->anchor_is_until;

	drop_anchor(reader);
	if (until && got) {
		uint8_t root[32];
		hk_range_root(&range, root);
		reader->until_known = true;
		hk_reader_want_final(reader, range.size, root, hk_clock_mono_ms());
	} else if (!check && got) {
		begin(reader, &range);
	}
}

/* After many failures: a stale head is left alone (it is not believed either way), a beginning is looked for anew from a
 * fresh head. */
static void
give_up_anchor(hk_reader *reader)
{
	if (reader->failures < 6) {
		return;
	}
	if (!reader->anchor_is_check) {
		hk_reader_drop_heads(reader);
		reader->newest = 0;
	}
	drop_anchor(reader);
}

static void
on_anchor(void *user, hk_http_call *call, const hk_http_answer *answer)
{
	hk_reader *reader = user;
	g_autoptr(GError) error = NULL;
	int64_t now_ms = hk_clock_mono_ms();
	hk_span body;

	(void)call;
	reader->anchor_call = NULL;
	if (!answer->error && (answer->status == 404 || answer->status == 400) &&
		hk_anchor_missing(reader->anchor)) {
		return;
	}
	if (answer->error || answer->status != 200) {
		hk_reader_failed(reader, now_ms, answer->url, answer, NULL);
		give_up_anchor(reader);
		return;
	}
	if (!hk_reader_body(reader, answer, &body, &error) ||
		!hk_anchor_answer(reader->anchor, body, &error)) {
		if (hk_error_code(error) == HK_EINCONSISTENT) {
			const hk_waiting_head *waiting = g_queue_peek_head(&reader->heads);
			hk_reader_stop(reader, false, error->message,
				reader->anchor_is_check ? reader->anchor_head : reader->verified,
				reader->anchor_is_check ? reader->verified
				: waiting               ? waiting->head
							: NULL);
			return;
		}
		hk_reader_failed(reader, now_ms, answer->url, NULL, error->message);
		give_up_anchor(reader);
		return;
	}
	hk_reader_good(reader);
	if (!hk_anchor_url(reader->anchor)) {
		finish_anchor(reader);
	}
}

static void
ask_anchor(hk_reader *reader, int64_t now_ms)
{
	g_autoptr(GError) error = NULL;
	hk_http_request request = {.http1 = reader->http1,
		.fresh = reader->fresh,
		.url = hk_anchor_url(reader->anchor),
		.max_bytes = ANCHOR_MAX};

	reader->anchor_call =
		hk_http_get(reader->follow->http, &request, on_anchor, reader, &error);
	if (!reader->anchor_call) {
		hk_reader_failed(reader, now_ms, request.url, NULL, error->message);
		return;
	}
	hk_pace_sent(reader->pace, now_ms);
}

/* The tree of the first `at` entries is to be proven a beginning of the head. */
static void
prove(hk_reader *reader, uint64_t at, const hk_waiting_head *waiting)
{
	hk_anchor_head head = {.size = waiting->size};

	memcpy(head.root, waiting->root, 32);
	reader->anchor = reader->log->kind == HK_CT_STATIC
				 ? hk_anchor_new_tiles(reader->base, at, &head, NULL)
				 : hk_anchor_new_rfc(reader->base, at, &head, NULL);
	if (!hk_anchor_url(reader->anchor)) {
		finish_anchor(reader);
	}
}

/* The first head is there: where does this log begin (and, with until_index, end), and must anything be fetched to know? */
static void
start_anchor(hk_reader *reader)
{
	const hk_follow_config *config = reader->follow->config;
	const hk_waiting_head *waiting = g_queue_peek_head(&reader->heads);
	uint64_t at = config->from == HK_FROM_START ? 0
		      : config->from == HK_FROM_END ? UINT64_MAX
						    : config->from_index;
	hk_range none;

	if (config->until_index > 0 && config->until_index < waiting->size &&
		!reader->until_known) {
		reader->anchor_is_until = true;
		prove(reader, config->until_index, waiting);
		return;
	}
	at = MIN(at, waiting->size);
	if (at == 0) {
		hk_range_init(&none);
		begin(reader, &none);
		return;
	}
	prove(reader, at, waiting);
}

/* --- the end --- */

static void
check_end(hk_reader *reader)
{
	bool read_all = reader->range.size >= reader->newest && reader->heads.length == 0;

	if (reader->want_final && reader->range.size >= reader->final_size) {
		reader->phase = HK_PHASE_FINISHED;
		reader->st->status = HK_CT_PLACE_FINISHED;
	} else if (!reader->listed && (read_all || reader->phase == HK_PHASE_ANCHOR) &&
		   !reader->head_call) {
		reader->phase = HK_PHASE_DRAINED;
		reader->st->status = HK_CT_PLACE_DRAINED;
	} else {
		return;
	}
	hk_reader_clear_slots(reader);
	reader->follow->dirty = true;
	hk_log(HK_EVENT_CT_LOG_DRAINED, HK_F_STR("log", reader->log->description),
		HK_F_INT("size", reader->range.size));
}

int64_t
hk_reader_step(hk_reader *reader, int64_t now_ms)
{
	int64_t wake = now_ms + 3600000;

	if (reader->phase > HK_PHASE_RUN) {
		return wake;
	}
	if (reader->log->has_final && reader->log->state == HK_CT_READONLY) {
		hk_reader_want_final(
			reader, reader->log->final_size, reader->log->final_root, now_ms);
	}
	if (reader->phase == HK_PHASE_ANCHOR && !reader->anchor && reader->heads.length > 0) {
		start_anchor(reader);
	}
	int64_t wait = MAX(hk_pace_wait(reader->pace, now_ms), reader->retry_ms - now_ms);
	if (reader->phase <= HK_PHASE_RUN && wait <= 0) {
		if (wants_head(reader, now_ms)) {
			ask_head(reader, now_ms);
		} else if (reader->anchor && !reader->anchor_call) {
			ask_anchor(reader, now_ms);
		}
	}
	if (reader->phase == HK_PHASE_RUN) {
		wake = MIN(wake, hk_ct_fetch_step(reader, now_ms));
	}
	if (reader->phase <= HK_PHASE_RUN) {
		check_end(reader);
	}
	if (reader->range.size - MIN(reader->st->read, reader->range.size) >= SPILL_ENTRIES ||
		reader->pending_bytes >= SPILL_BYTES ||
		(reader->range.size > reader->st->read && now_ms - reader->spilled_ms > SPILL_MS)) {
		hk_reader_spill(reader, now_ms);
	}
	if (!reader->head_call && reader->next_poll_ms > now_ms) {
		wake = MIN(wake, reader->next_poll_ms);
	}
	if (wait > 0) {
		wake = MIN(wake, now_ms + wait);
	}
	return wake;
}

bool
hk_reader_done(const hk_reader *reader)
{
	if (reader->phase > HK_PHASE_RUN || reader->gave_up) {
		return true;
	}
	return reader->phase == HK_PHASE_RUN && reader->head_looks > 0 && !reader->head_call &&
	       !reader->anchor && reader->heads.length == 0 && reader->range.size >= reader->newest;
}
