/* Slots: several fetches under way, consumed in order; shared by both read APIs. */
#include <string.h>

#include "source/ct/reader.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/sighting.h"

/* Whether the next entries come by tile: of an RFC 6962 log with tiles only the full ones are fetched that way. */
static bool
by_tile(const hk_reader *reader, uint64_t until)
{
	if (reader->log->kind != HK_CT_HYBRID) {
		return reader->log->kind == HK_CT_STATIC;
	}
	return !reader->no_tiles && reader->asked % HK_CTTILE_WIDTH == 0 &&
	       reader->asked + HK_CTTILE_WIDTH <= until;
}

static void
slot_free(hk_slot *slot)
{
	hk_follow *follow = slot->reader->follow;

	if (slot->call) {
		hk_http_cancel(slot->call);
	}
	hk_http_give(follow->http, slot->body);
	follow->bodies -= slot->weight;
	g_free(slot);
}

void
hk_reader_clear_slots(hk_reader *reader)
{
	hk_slot *slot;

	while ((slot = g_queue_pop_head(&reader->slots))) {
		slot_free(slot);
	}
	reader->asked = reader->range.size;
}

static void
kept_free(hk_kept *kept)
{
	g_bytes_unref(kept->bytes);
	g_free(kept);
}

void
hk_ct_fetch_drop_kept(hk_reader *reader)
{
	hk_kept *kept;

	while ((kept = g_queue_pop_head(&reader->kept))) {
		kept_free(kept);
	}
	reader->kept_bytes = 0;
}

/* Keeps the bytes as they travelled until the next verified head; the oldest go when it gets too much. */
static void
keep(hk_reader *reader, const hk_slot *slot, uint64_t from, uint64_t to)
{
	size_t share = HK_FOLLOW_KEEP_BYTES / MAX(reader->follow->readers->len, 1);
	size_t room = MAX(share, 128u << 10);
	hk_kept *kept = g_new(hk_kept, 1);

	*kept = (hk_kept){
		.from = from,
		.to = to,
		.bytes = g_bytes_new(slot->body->data, slot->body->len),
		.suffix = slot->is_tile ? (slot->gzip ? "tile.gz" : "tile")
					: (slot->gzip ? "json.gz" : "json"),
	};
	g_queue_push_tail(&reader->kept, kept);
	reader->kept_bytes += slot->body->len;
	while (reader->kept_bytes > room && reader->kept.length > 1) {
		kept = g_queue_pop_head(&reader->kept);
		reader->kept_bytes -= g_bytes_get_size(kept->bytes);
		kept_free(kept);
	}
}

static bool
on_batch(void *user, const hk_batch *batch, GError **error)
{
	hk_reader *reader = user;
	const hk_follow_config *config = reader->follow->config;
	g_autoptr(GPtrArray) found =
		g_ptr_array_new_with_free_func((GDestroyNotify)hk_sighting_free);

	if (!config->sink || batch->entry_count == 0) {
		return true;
	}
	if (!config->sink(config->user, reader->log, batch, found, error)) {
		return false;
	}
	for (unsigned i = 0; i < found->len; i++) {
		hk_sighting *sighting = g_ptr_array_index(found, i);
		hk_keep_item *item = g_new0(hk_keep_item, 1);
		memcpy(item->key, sighting->key, sizeof item->key);
		/* Its own: in the database one row pends for each entry. */
		item->index = sighting->index;
		item->line = g_steal_pointer(&sighting->line);
		reader->pending_bytes += strlen(item->line) + sizeof *item;
		g_ptr_array_add(reader->pending, item);
	}
	return true;
}

/* Entries pos..upto of the slot's body into the range and the sink. *ret_count: how many there were. On failure nothing has
 * changed. */
static bool
read_block(hk_reader *reader, hk_slot *slot, uint64_t pos, uint64_t upto, size_t *ret_count,
	GError **error)
{
	hk_follow *follow = reader->follow;
	unsigned pending = reader->pending->len;
	size_t pending_bytes = reader->pending_bytes;
	hk_range before = reader->range;
	bool good;

	if (slot->is_tile) {
		uint64_t first = slot->tile * HK_CTTILE_WIDTH;
		hk_ct_want want = {
			.first = first,
			.skip = (size_t)(pos - first),
			.count = (size_t)(upto - pos),
			/* Tiles of an RFC 6962 log carry its entries, which have no leaf_index. */
			.index_must = reader->log->kind == HK_CT_STATIC,
		};
		good = hk_ct_block_tile(follow->block,
			hk_span_of(slot->body->data, slot->body->len), &want, &reader->range,
			on_batch, reader, ret_count, error);
	} else {
		/* Reading overwrites the body; it is read twice only where a head lies inside it. */
		bool whole = upto == slot->to;
		g_autofree uint8_t *copy =
			whole ? NULL : g_memdup2(slot->body->data, slot->body->len);
		hk_ct_want want = {
			.first = slot->from,
			.skip = (size_t)(pos - slot->from),
			/* One more than asked for would show that the log sends too much. */
			.count = (size_t)(upto - pos) + (whole ? 1 : 0),
			.short_ok = true,
		};
		good = hk_ct_block_entries(follow->block, copy ? copy : slot->body->data,
			slot->body->len, &want, &reader->range, on_batch, reader, ret_count, error);
		/* Behind what was read of it before, a short answer may well hold nothing. */
		if (good && *ret_count == 0 && pos == slot->from) {
			good = hk_error_set(error, HK_EFORM, "no entries in the answer");
		} else if (good && *ret_count > upto - pos) {
			good = hk_error_set(error, HK_EFORM, "more entries than were asked for");
		}
	}
	if (!good) {
		reader->range = before;
		g_ptr_array_set_size(reader->pending, (int)pending);
		reader->pending_bytes = pending_bytes;
	}
	return good;
}

/* The slot's body is not what it should be: fetch it again, later. */
static void
refetch(hk_reader *reader, hk_slot *slot, int64_t now_ms, const char *why)
{
	g_autofree char *url = slot->is_tile ? hk_ct_fetch_static_url(reader, slot)
					     : hk_ct_fetch_rfc_url(reader, slot);

	hk_http_give(reader->follow->http, g_steal_pointer(&slot->body));
	slot->state = HK_SLOT_WAIT;
	if (!slot->is_tile) {
		/* A part may have been read up to a head: the log need not send as much a second time. */
		slot->from = MAX(slot->from, reader->range.size);
	}
	/* The request itself went well and has ended the back-off; bodies that are never right must not be asked for at full
	 * speed, and with `once` not for ever. */
	reader->failures = MAX(reader->failures, reader->spoiled++ / 2);
	hk_reader_failed(reader, now_ms, url, NULL, why);
}

/* Reads what the first slot holds, up to each head in turn. True when the slot is used up. */
static bool
consume(hk_reader *reader, hk_slot *slot, int64_t now_ms)
{
	uint64_t pos = reader->range.size;
	uint64_t first = pos;

	while (pos < slot->to) {
		g_autoptr(GError) error = NULL;
		size_t count = 0;
		uint64_t head = hk_reader_next_head(reader);
		if (head <= pos) {
			/* No head covers the rest of this tile yet: keep it. */
			return false;
		}
		uint64_t upto = MIN(slot->to, head);
		if (pos == first && slot->body->data) {
			keep(reader, slot, pos, slot->to);
		}
		if (!read_block(reader, slot, pos, upto, &count, &error)) {
			if (hk_error_code(error) == HK_EFULL ||
				hk_error_code(error) == HK_EINTERNAL) {
				g_propagate_error(&reader->follow->fatal, g_steal_pointer(&error));
				return false;
			}
			refetch(reader, slot, now_ms, error->message);
			return false;
		}
		bool is_short = count < upto - pos;
		reader->spoiled = 0;
		pos += count;
		if (!hk_reader_check_heads(reader)) {
			return false; /* stopped; the slots are gone */
		}
		if (is_short) {
			break;
		}
	}
	if (!slot->is_tile) {
		hk_ct_fetch_rfc_learn(reader, slot->to - slot->from, pos - slot->from, pos);
	}
	if (pos < slot->to) {
		/* A short answer: go on from what came (RFC 6962, section 4.6). */
		hk_http_give(reader->follow->http, g_steal_pointer(&slot->body));
		slot->from = pos;
		slot->state = HK_SLOT_WAIT;
		return false;
	}
	return true;
}

static void
on_slot(void *user, hk_http_call *call, const hk_http_answer *answer)
{
	hk_slot *slot = user;
	hk_reader *reader = slot->reader;
	int64_t now_ms = hk_clock_mono_ms();

	slot->call = NULL;
	slot->state = HK_SLOT_WAIT;
	if (!answer->error && answer->status == 200 && !answer->odd_encoding) {
		slot->body = hk_http_take(call);
		slot->gzip = answer->gzip;
		slot->state = HK_SLOT_READY;
		hk_reader_good(reader);
		return;
	}
	if (!answer->error && answer->status == 404 && slot->is_tile) {
		if (reader->log->kind == HK_CT_HYBRID) {
			/* The side door need not be complete: these by get-entries. */
			reader->no_tiles = ++reader->tile_misses >= 3;
			slot->is_tile = false;
			return;
		}
		if (hk_ct_fetch_static_missing(reader, slot)) {
			hk_pace_good(reader->pace);
			return;
		}
	}
	hk_reader_failed(reader, now_ms, answer->url, answer,
		answer->odd_encoding ? "an encoding we did not ask for" : NULL);
}

static void
send_request(hk_reader *reader, hk_slot *slot, int64_t now_ms)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *url = slot->is_tile ? hk_ct_fetch_static_url(reader, slot)
					     : hk_ct_fetch_rfc_url(reader, slot);
	hk_http_request request = {.http1 = reader->http1, .fresh = reader->fresh, .url = url};

	slot->call = hk_http_get(reader->follow->http, &request, on_slot, slot, &error);
	if (!slot->call) {
		hk_reader_failed(reader, now_ms, url, NULL, error->message);
		return;
	}
	slot->state = HK_SLOT_FLIGHT;
	slot->sent_ms = now_ms;
	hk_pace_sent(reader->pace, now_ms);
}

/* How far may be read now. */
static uint64_t
until(const hk_reader *reader)
{
	return reader->want_final ? MIN(reader->newest, reader->final_size) : reader->newest;
}

static bool
plan(hk_reader *reader, int64_t now_ms, int64_t *ret_wait_ms)
{
	hk_follow *follow = reader->follow;
	unsigned most = follow->config->in_flight ? follow->config->in_flight : 4;
	hk_slot next;

	*ret_wait_ms = -1;
	/* The first slot of a log is always granted: no log can starve the others. */
	if (reader->slots.length >= most ||
		(follow->bodies >= HK_FOLLOW_BODIES_MAX && reader->slots.length > 0)) {
		return false;
	}
	uint64_t end = until(reader);
	bool some = by_tile(reader, end)
			    ? hk_ct_fetch_static_plan(reader, end, now_ms, &next, ret_wait_ms)
			    : hk_ct_fetch_rfc_plan(reader, end, &next);
	if (!some) {
		return false;
	}
	reader->asked = next.to;
	/* A page of JSON is several times a tile. */
	next.weight = next.is_tile ? 1 : 4;
	follow->bodies += next.weight;
	g_queue_push_tail(&reader->slots, g_memdup2(&next, sizeof next));
	return true;
}

int64_t
hk_ct_fetch_step(hk_reader *reader, int64_t now_ms)
{
	int64_t wake = now_ms + 3600000;
	int64_t wait;
	hk_slot *slot;

	while ((slot = g_queue_peek_head(&reader->slots)) && slot->state == HK_SLOT_READY) {
		if (!consume(reader, slot, now_ms)) {
			break;
		}
		slot_free(g_queue_pop_head(&reader->slots));
	}
	if (reader->phase != HK_PHASE_RUN || reader->follow->fatal) {
		return wake;
	}
	if (reader->slots.length == 0) {
		/* A tile that came whole may have been asked beyond what is read. */
		reader->asked = reader->range.size;
	}
	while (plan(reader, now_ms, &wait)) {
	}
	if (wait > 0) {
		wake = MIN(wake, now_ms + wait);
	}
	for (unsigned i = 0; i < reader->slots.length; i++) {
		slot = g_queue_peek_nth(&reader->slots, i);
		if (slot->state != HK_SLOT_WAIT) {
			continue;
		}
		wait = MAX(hk_pace_wait(reader->pace, now_ms), reader->retry_ms - now_ms);
		if (wait > 0) {
			wake = MIN(wake, now_ms + wait);
			break;
		}
		send_request(reader, slot, now_ms);
	}
	return wake;
}
