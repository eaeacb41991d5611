/* Heads: queueing them, comparing roots, releasing what is verified, stopping a log that contradicts itself. */
#include <inttypes.h>
#include <string.h>

#include "base/codec.h"
#include "source/ct/evidence.h"
#include "source/ct/reader.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/log.h"

static void
waiting_free(hk_waiting_head *waiting)
{
	hk_ct_head_free(waiting->head);
	g_free(waiting);
}

uint64_t
hk_reader_next_head(const hk_reader *reader)
{
	const hk_waiting_head *waiting = g_queue_peek_head((GQueue *)&reader->heads);

	return waiting ? waiting->size : 0;
}

void
hk_reader_stop(hk_reader *reader, bool mismatch, const char *why, const hk_ct_head *older,
	const hk_ct_head *newer)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *folder = hk_evidence_keep(reader,
		mismatch ? "root-mismatch" : "inconsistent-head", why, older, newer, &error);

	if (mismatch) {
		hk_log(HK_EVENT_CT_ROOT_MISMATCH, HK_F_STR("log", reader->log->description),
			HK_F_STR("why", why),
			HK_F_INT("size", newer ? newer->size : reader->final_size),
			HK_F_STR("evidence", folder ? folder : error->message));
	} else {
		hk_log(HK_EVENT_CT_HEAD_INCONSISTENT, HK_F_STR("log", reader->log->description),
			HK_F_STR("why", why), HK_F_INT("old_size", older ? older->size : 0),
			HK_F_INT("new_size", newer ? newer->size : 0),
			HK_F_STR("evidence", folder ? folder : error->message));
	}
	reader->phase = HK_PHASE_STOPPED;
	reader->st->status = HK_CT_PLACE_STOPPED;
	reader->st->begun = true;
	g_free(reader->st->why);
	reader->st->why = g_strdup(why);
	reader->follow->dirty = reader->follow->urgent = true;
	/* Nothing of what was read since the last verified head is believed, nor read on from. */
	hk_reader_clear_slots(reader);
	g_ptr_array_set_size(reader->pending, 0);
	reader->pending_bytes = 0;
	if (reader->head_call) {
		hk_http_cancel(g_steal_pointer(&reader->head_call));
	}
	if (reader->anchor_call) {
		hk_http_cancel(g_steal_pointer(&reader->anchor_call));
	}
	hk_ct_fetch_drop_kept(reader);
}

static void
remember(hk_reader *reader, uint64_t size, const uint8_t *root)
{
	hk_anchor_head *slot = &reader->history[reader->history_at++ % HK_READER_HISTORY];

	slot->size = size;
	memcpy(slot->root, root, 32);
}

/* Everything up to the waiting head is read and hashes to its root. */
static void
release(hk_reader *reader, hk_waiting_head *waiting)
{
	hk_follow *follow = reader->follow;
	bool news = reader->pending->len > 0 || reader->st->pending > 0;

	hk_keep_release(follow->keep, reader->st, g_steal_pointer(&reader->pending));
	reader->pending = g_ptr_array_new_with_free_func(hk_keep_item_free);
	reader->pending_bytes = 0;
	reader->st->verified = waiting->size;
	memcpy(reader->st->root, waiting->root, 32);
	reader->st->head_ms = waiting->head ? waiting->head->timestamp_ms : reader->st->head_ms;
	hk_reader_position(reader);
	remember(reader, waiting->size, waiting->root);
	if (waiting->head) {
		hk_ct_head_free(reader->verified);
		reader->verified = g_steal_pointer(&waiting->head);
		hk_log(HK_EVENT_CT_HEAD, HK_F_STR("log", reader->log->description),
			HK_F_INT("size", waiting->size),
			HK_F_INT("timestamp", reader->verified->timestamp_ms));
	}
	hk_ct_fetch_drop_kept(reader);
	follow->dirty = true;
	follow->urgent = follow->urgent || news;
}

bool
hk_reader_check_heads(hk_reader *reader)
{
	hk_waiting_head *waiting = g_queue_peek_head(&reader->heads);
	uint8_t root[32];

	while (waiting && waiting->size == reader->range.size) {
		hk_range_root(&reader->range, root);
		if (memcmp(root, waiting->root, 32) != 0) {
			char have[65];
			hk_hex_encode(hk_span_of(root, 32), have);
			g_autofree char *why = g_strdup_printf(
				"the first %" PRIu64 " entries hash to %s, not to the root "
				"of the %s",
				waiting->size, have,
				waiting->head ? "signed head" : "final tree head in the log list");
			hk_reader_stop(reader, true, why, reader->verified, waiting->head);
			return false;
		}
		release(reader, waiting);
		waiting_free(g_queue_pop_head(&reader->heads));
		waiting = g_queue_peek_head(&reader->heads);
	}
	return true;
}

/* The head waits in its place. */
static void
enqueue(hk_reader *reader, hk_ct_head *head, uint64_t size, const uint8_t *root, int64_t now_ms)
{
	hk_waiting_head *waiting = g_new0(hk_waiting_head, 1);
	unsigned at = 0;

	waiting->head = head;
	waiting->size = size;
	memcpy(waiting->root, root, 32);
	waiting->seen_ms = now_ms;
	while (at < reader->heads.length &&
		((hk_waiting_head *)g_queue_peek_nth(&reader->heads, at))->size < size) {
		at++;
	}
	g_queue_push_nth(&reader->heads, waiting, (int)at);
}

/* A root that we know for that size: of a waiting head, or of a verified one. */
static const uint8_t *
known_root(const hk_reader *reader, uint64_t size, const hk_ct_head **ret_head)
{
	*ret_head = reader->verified;
	for (unsigned i = 0; i < reader->heads.length; i++) {
		const hk_waiting_head *waiting = g_queue_peek_nth((GQueue *)&reader->heads, i);
		if (waiting->size == size) {
			*ret_head = waiting->head;
			return waiting->root;
		}
	}
	for (unsigned i = 0; i < MIN(reader->history_at, HK_READER_HISTORY); i++) {
		if (reader->history[i].size == size) {
			return reader->history[i].root;
		}
	}
	if (reader->st->verified == size && size > 0) {
		return reader->st->root;
	}
	return NULL;
}

/* A head of a size that we have passed without ever having seen a head of that size: it must be proven to be a beginning of
 * ours. One such check at a time; while one is under way the next stale head is left alone. */
static void
check_older(hk_reader *reader, hk_ct_head *head)
{
	hk_anchor_head ours = {.size = reader->st->verified};

	if (reader->anchor || head->size == 0 || reader->st->verified <= head->size) {
		hk_ct_head_free(head);
		return;
	}
	memcpy(ours.root, reader->st->root, 32);
	reader->anchor = reader->log->kind == HK_CT_STATIC
				 ? hk_anchor_new_tiles(reader->base, head->size, &ours, head->root)
				 : hk_anchor_new_rfc(reader->base, head->size, &ours, head->root);
	reader->anchor_is_check = true;
	hk_ct_head_free(reader->anchor_head);
	reader->anchor_head = head;
}

void
hk_reader_take_head(hk_reader *reader, hk_ct_head *head, int64_t now_ms)
{
	const hk_ct_head *older = NULL;
	const uint8_t *known = known_root(reader, head->size, &older);
	uint64_t pos = reader->range.size;

	reader->head_seen_ms = hk_clock_wall_ms();
	if (known) {
		if (memcmp(known, head->root, 32) != 0) {
			g_autofree char *why =
				g_strdup_printf("two roots for the same size %" PRIu64, head->size);
			hk_reader_stop(reader, false, why, older, head);
		}
		/* The final tree head of the list waits since before we looked: until now nobody signed that size. */
		reader->newest = MAX(reader->newest, head->size);
		hk_growth_head(&reader->growth, reader->newest, now_ms);
		hk_ct_head_free(head);
		return;
	}
	if (head->size < reader->newest && reader->phase == HK_PHASE_RUN && head->size <= pos) {
		check_older(reader, head);
		return;
	}
	if (head->size > reader->newest || reader->newest == 0) {
		reader->newest = head->size;
	}
	hk_growth_head(&reader->growth, reader->newest, now_ms);
	enqueue(reader, head, head->size, head->root, now_ms);
	/* An empty log, or a beginning that ends where the head does. */
	if (reader->phase == HK_PHASE_RUN) {
		hk_reader_check_heads(reader);
	}
}

void
hk_reader_want_final(hk_reader *reader, uint64_t size, const uint8_t *root, int64_t now_ms)
{
	const hk_ct_head *older = NULL;
	const uint8_t *known = known_root(reader, size, &older);

	if (reader->want_final) {
		return;
	}
	reader->want_final = true;
	reader->final_size = size;
	if (known && memcmp(known, root, 32) != 0) {
		hk_reader_stop(reader, false,
			"the final tree head in the log list is not the log's own", older, NULL);
	} else if (!known && size > reader->range.size) {
		enqueue(reader, NULL, size, root, now_ms);
	}
}

void
hk_reader_drop_first_head(hk_reader *reader)
{
	waiting_free(g_queue_pop_head(&reader->heads));
}

void
hk_reader_drop_heads(hk_reader *reader)
{
	while (reader->heads.length > 0) {
		hk_reader_drop_first_head(reader);
	}
}
