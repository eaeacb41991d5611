/* fuzz_ws: what a peer sends, read by a client and by a server. The first byte chooses role, limits and where the bytes are cut.
 *
 * Properties: pieces of any size give the same messages and the same end as the whole; text is UTF-8 as a whole; no message, frame or
 * control frame is over its limit; what was read, written again and read again, is the same. */
#include <string.h>

#include "fuzz.h"
#include "parse/ws.h"

enum { TOLD_MAX = 4096, LIMIT = 1000 };

/* What was told: kinds, lengths and bytes in one hash, and how it ended. */
typedef struct told {
	uint64_t hash;
	uint64_t message_len;
	unsigned parts, frames;
	bool open;
	hk_ws_kind kind;
	hk_utf8_feed utf8;
	hk_err end;
	hk_ws_fault fault;
} told;

static void
mix(told *t, const void *data, size_t len)
{
	const uint8_t *at = data;

	for (size_t i = 0; i < len; i++) {
		t->hash = (t->hash ^ at[i]) * 1099511628211u;
	}
}

/* A part is written as a frame of the other side, and comes back. */
static void
again(hk_ws_role role, const hk_ws_part *part)
{
	static const uint8_t mask[4] = {0xde, 0xad, 0x00, 0x01};
	static uint8_t frame[LIMIT * 2 + HK_WS_HEAD_MAX];
	hk_ws_role other = role == HK_WS_CLIENT ? HK_WS_SERVER : HK_WS_CLIENT;
	size_t size = hk_ws_frame_size(other, part->bytes.len), used;
	hk_ws_reader reader;
	hk_ws_part back;

	/* A piece of text need not be text. */
	hk_ws_kind kind = part->kind == HK_WS_TEXT ? HK_WS_BINARY : part->kind;
	need(size <= sizeof frame);
	hk_ws_frame(other, kind, true, part->bytes, mask, frame);
	hk_ws_reader_init(&reader, role, 0, 0, 0);
	need(hk_ws_read(&reader, frame, size, &used, &back) == HK_OK && used == size);
	need(back.kind == kind && back.first && back.last && back.code == part->code &&
		hk_span_eq(back.bytes, part->bytes));
}

static void
take(told *t, hk_ws_role role, const hk_ws_part *part, const hk_ws_reader *reader)
{
	t->parts++;
	again(role, part);
	if (part->kind >= HK_WS_CLOSE) {
		need(part->first && part->last && part->bytes.len <= HK_WS_CONTROL_MAX);
		mix(t, &part->kind, sizeof part->kind);
		mix(t, &part->bytes.len, sizeof part->bytes.len);
		mix(t, part->bytes.data, part->bytes.len);
		if (part->kind == HK_WS_CLOSE) {
			need(part->code == HK_WS_CODE_NONE ? part->bytes.len == 0
							   : hk_ws_code_valid(part->code));
			need(hk_utf8_valid(part->reason) && reader->closed);
		}
		return;
	}
	need(part->first != t->open && (part->first || part->kind == t->kind));
	if (part->first) {
		t->message_len = 0;
		t->utf8 = (hk_utf8_feed){0};
		t->kind = part->kind;
		mix(t, &part->kind, sizeof part->kind);
	}
	t->message_len += part->bytes.len;
	need(t->message_len <= reader->message_max);
	mix(t, part->bytes.data, part->bytes.len);
	if (part->kind == HK_WS_TEXT) {
		need(hk_utf8_more(&t->utf8, part->bytes));
		need(!part->last || t->utf8.need == 0);
	}
	t->open = !part->last;
	if (part->last) {
		mix(t, &t->message_len, sizeof t->message_len);
	}
}

static void
read_in(told *t, hk_ws_role role, const uint8_t *data, size_t size, size_t step, bool small)
{
	hk_ws_reader reader;
	hk_err err = HK_ETRUNC;

	memset(t, 0, sizeof *t);
	hk_ws_reader_init(&reader, role, small ? LIMIT / 2 : LIMIT, LIMIT, small ? 4 : 100);
	for (size_t at = 0; at < size && err == HK_ETRUNC; at += step) {
		size_t n = size - at < step ? size - at : step, done = 0, used = 0;
		uint8_t *piece = malloc(n);
		hk_ws_part part;
		memcpy(piece, data + at, n);
		while (done < n && (err = hk_ws_read(&reader, piece + done, n - done, &used,
					    &part)) == HK_OK) {
			need(used > 0 && used <= n - done);
			done += used;
			take(t, role, &part, &reader);
		}
		err = err == HK_OK ? HK_ETRUNC : err;
		free(piece);
	}
	need(err == HK_ETRUNC || err == HK_EFORM || err == HK_ELIMIT);
	need((err == HK_ETRUNC) == (reader.fault == HK_WS_FINE));
	t->end = err;
	t->fault = reader.fault;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	told whole, pieces;

	if (size < 2) {
		return 0;
	}
	hk_ws_role role = data[0] & 1 ? HK_WS_SERVER : HK_WS_CLIENT;
	size_t step = 1 + (data[0] >> 2 & 31);
	read_in(&whole, role, data + 1, size - 1, size, (data[0] & 2) != 0);
	read_in(&pieces, role, data + 1, size - 1, step, (data[0] & 2) != 0);
	need(whole.end == pieces.end && whole.fault == pieces.fault);
	/* Bytes of a message that failed later are handed out sooner in small pieces. */
	need(whole.end != HK_ETRUNC || (whole.hash == pieces.hash && whole.open == pieces.open &&
					       pieces.parts >= whole.parts));
	return 0;
}
