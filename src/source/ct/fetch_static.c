/* The static-ct read API (C2SP static-ct-api v1): data tiles. */
#include "parse/cttile.h"
#include "source/ct/reader.h"

char *
hk_ct_fetch_static_url(const hk_reader *reader, const hk_slot *slot)
{
	hk_cttile tile = {.level = HK_CTTILE_DATA, .index = slot->tile, .width = slot->width};
	char path[HK_CTTILE_PATH_MAX];

	if (hk_cttile_path(&tile, path) != HK_OK) {
		HK_BUG("a data tile out of range");
	}
	return g_strconcat(reader->log->tile_url, path, NULL);
}

/* When the oldest entry behind `from` was first seen in a head. */
static int64_t
oldest_ms(const hk_reader *reader, uint64_t from, int64_t now_ms)
{
	for (unsigned i = 0; i < reader->heads.length; i++) {
		const hk_waiting_head *waiting = g_queue_peek_nth((GQueue *)&reader->heads, i);
		if (waiting->size > from) {
			return waiting->seen_ms;
		}
	}
	return now_ms;
}

bool
hk_ct_fetch_static_plan(
	hk_reader *reader, uint64_t until, int64_t now_ms, hk_slot *ret, int64_t *ret_wait_ms)
{
	uint64_t from = reader->asked;

	*ret_wait_ms = -1;
	if (from >= until) {
		return false;
	}
	uint64_t tile = from / HK_CTTILE_WIDTH;
	uint64_t end = (tile + 1) * HK_CTTILE_WIDTH;
	unsigned width = end <= until ? HK_CTTILE_WIDTH : (unsigned)(until % HK_CTTILE_WIDTH);
	if (width < HK_CTTILE_WIDTH) {
		/* Nothing else will come: no reason to wait for the rest of the tile. */
		bool last = !reader->listed || reader->follow->config->once;
		int64_t wait = last ? 0
				    : hk_growth_wait_ms(&reader->growth, width,
					      oldest_ms(reader, from, now_ms), now_ms);
		if (wait > 0) {
			*ret_wait_ms = wait;
			return false;
		}
	}
	*ret = (hk_slot){
		.reader = reader,
		.from = from,
		.to = MIN(end, until),
		.is_tile = true,
		.tile = tile,
		.width = width,
	};
	return true;
}

bool
hk_ct_fetch_static_missing(hk_reader *reader, hk_slot *slot)
{
	uint64_t end = (slot->tile + 1) * HK_CTTILE_WIDTH;

	if (slot->width == HK_CTTILE_WIDTH) {
		if (reader->newest < end && reader->newest > slot->from) {
			/* Neither is there: a front end that lags behind. Next time the partial one again. */
			slot->width = (unsigned)(reader->newest % HK_CTTILE_WIDTH);
			slot->to = reader->newest;
			reader->asked = slot->to;
		}
		return false;
	}
	/* A partial tile may be deleted once the full one exists (static-ct-api, "Partial Tiles"). */
	slot->width = HK_CTTILE_WIDTH;
	slot->to = end;
	reader->asked = MAX(reader->asked, slot->to);
	return true;
}
