#include "parse/ws.h"

#include "base/cur.h"

static const struct {
	int close;
	const char *code, *meaning;
} faults[] = {
	{HK_WS_CODE_NORMAL, "fine", "nothing is wrong"},
#define FAULT(id, close, code, meaning) {close, code, meaning},
#include "parse/ws.def"
#undef FAULT
};

static const struct {
	int number;
	bool may_be_sent;
	const char *meaning;
} codes[] = {
#define CODE(number, may_be_sent, meaning) {number, may_be_sent, meaning},
#include "parse/ws.def"
#undef CODE
};

enum { CODES = sizeof codes / sizeof codes[0] };

const char *
hk_ws_fault_code(hk_ws_fault fault)
{
	return faults[fault].code;
}

const char *
hk_ws_fault_meaning(hk_ws_fault fault)
{
	return faults[fault].meaning;
}

int
hk_ws_fault_close(hk_ws_fault fault)
{
	return faults[fault].close;
}

bool
hk_ws_code_valid(int code)
{
	for (size_t i = 0; i < CODES; i++) {
		if (codes[i].number == code) {
			return codes[i].may_be_sent;
		}
	}
	return code >= 3000 && code <= 4999;
}

const char *
hk_ws_code_meaning(int code)
{
	for (size_t i = 0; i < CODES; i++) {
		if (codes[i].number == code) {
			return codes[i].meaning;
		}
	}
	return code >= 3000 && code <= 3999   ? "of a library"
	       : code >= 4000 && code <= 4999 ? "private use"
					      : "unknown";
}

/* ---- Reading ---- */

void
hk_ws_reader_init(hk_ws_reader *reader, hk_ws_role role, uint64_t frame_max, uint64_t message_max,
	unsigned frames_max)
{
	*reader = (hk_ws_reader){
		.role = role,
		.frame_max = frame_max > 0 ? frame_max : HK_WS_FRAME_MAX,
		.message_max = message_max > 0 ? message_max : HK_WS_MESSAGE_MAX,
		.frames_max = frames_max > 0 ? frames_max : HK_WS_FRAMES_MAX,
	};
}

static bool
is_control(hk_ws_kind kind)
{
	return kind >= HK_WS_CLOSE;
}

static hk_err
fail(hk_ws_reader *r, hk_ws_fault fault)
{
	r->fault = fault;
	return hk_ws_fault_close(fault) == 1009 ? HK_ELIMIT : HK_EFORM;
}

/* The first two bytes: what can be wrong with them alone. */
static hk_err
check_start(hk_ws_reader *r)
{
	unsigned opcode = r->head[0] & 0x0f;
	bool masked = (r->head[1] & 0x80) != 0;

	r->fin = (r->head[0] & 0x80) != 0;
	r->kind = (hk_ws_kind)opcode;
	if (r->head[0] & 0x70) {
		return fail(r, HK_WS_FAULT_RESERVED);
	}
	if ((opcode > HK_WS_BINARY && opcode < HK_WS_CLOSE) || opcode > HK_WS_PONG) {
		return fail(r, HK_WS_FAULT_OPCODE);
	}
	if (masked != (r->role == HK_WS_SERVER)) {
		return fail(r, masked ? HK_WS_FAULT_MASKED : HK_WS_FAULT_UNMASKED);
	}
	if (is_control(r->kind)) {
		return (r->head[1] & 0x7f) > HK_WS_CONTROL_MAX ? fail(r, HK_WS_FAULT_CONTROL_LONG)
		       : !r->fin                               ? fail(r, HK_WS_FAULT_CONTROL_SPLIT)
							       : HK_OK;
	}
	if ((r->kind == HK_WS_CONTINUATION) != r->open) {
		return fail(r, r->open ? HK_WS_FAULT_STILL_OPEN : HK_WS_FAULT_NOTHING_OPEN);
	}
	return HK_OK;
}

/* How many bytes the head has, as its first two say. */
static unsigned
head_size(const hk_ws_reader *r)
{
	unsigned seven = r->head[1] & 0x7f;
	unsigned more = seven == 127 ? 8 : seven == 126 ? 2 : 0;

	return 2 + more + (r->role == HK_WS_SERVER ? 4 : 0);
}

/* Section 5.2: the shortest form, and the top bit of 64 is 0. */
static hk_err
read_length(hk_ws_reader *r)
{
	unsigned seven = r->head[1] & 0x7f;
	hk_cur cur = hk_cur_of(hk_span_of(r->head + 2, sizeof r->head - 2));
	uint64_t len = seven;

	if (seven >= 126) {
		HK_TRY(hk_cur_uint(&cur, seven == 126 ? 2 : 8, &len));
		if (len < (seven == 126 ? 126u : 65536u) || len > INT64_MAX) {
			return fail(r, HK_WS_FAULT_LENGTH);
		}
	}
	r->left = len;
	r->at = 0;
	return HK_OK;
}

/* A data frame opens a message, or goes on with it. */
static hk_err
open_message(hk_ws_reader *r)
{
	if (!r->open) {
		r->open = true;
		r->told = false;
		r->message = r->kind;
		r->message_len = 0;
		r->frames = 0;
		r->utf8 = (hk_utf8_feed){0};
	}
	r->kind = r->message;
	if (r->left > r->frame_max) {
		return fail(r, HK_WS_FAULT_FRAME_LIMIT);
	}
	/* message_len is at most message_max here: no overflow. */
	if (r->left > r->message_max - r->message_len) {
		return fail(r, HK_WS_FAULT_MESSAGE_LIMIT);
	}
	if (++r->frames > r->frames_max) {
		return fail(r, HK_WS_FAULT_FRAMES_LIMIT);
	}
	r->message_len += r->left;
	return HK_OK;
}

/* Takes bytes into the head until it is whole: HK_OK. HK_ETRUNC: it is not. */
static hk_err
read_head(hk_ws_reader *r, hk_cur *in)
{
	uint8_t byte;

	while (r->head_len < 2 || r->head_len < head_size(r)) {
		HK_TRY(hk_cur_u8(in, &byte));
		r->head[r->head_len++] = byte;
		if (r->head_len == 2) {
			HK_TRY(check_start(r));
		}
	}
	HK_TRY(read_length(r));
	if (!is_control(r->kind)) {
		HK_TRY(open_message(r));
	}
	r->in_payload = true;
	return HK_OK;
}

static void
unmask(const hk_ws_reader *r, uint8_t *data, size_t len)
{
	if (r->role == HK_WS_SERVER) {
		hk_ws_mask(data, len, r->head + head_size(r) - 4, r->at);
	}
}

static void
end_frame(hk_ws_reader *r)
{
	r->in_payload = false;
	r->head_len = 0;
}

/* Section 5.5.1 and 7.4. */
static hk_err
read_close(hk_ws_reader *r, hk_ws_part *part)
{
	hk_cur cur = hk_cur_of(part->bytes);
	uint16_t code;

	part->code = HK_WS_CODE_NONE;
	part->reason = hk_span_of(part->bytes.data, 0);
	if (part->bytes.len > 0) {
		if (hk_cur_u16(&cur, &code) != HK_OK) {
			return fail(r, HK_WS_FAULT_CLOSE_SHORT);
		}
		part->code = code;
		part->reason = hk_cur_rest(&cur);
		if (!hk_ws_code_valid(code)) {
			return fail(r, HK_WS_FAULT_CLOSE_CODE);
		}
		if (!hk_utf8_valid(part->reason)) {
			return fail(r, HK_WS_FAULT_UTF8);
		}
	}
	r->closed = true;
	return HK_OK;
}

/* Collects a control frame; HK_OK when it is whole. */
static hk_err
read_control(hk_ws_reader *r, hk_cur *in, hk_ws_part *part)
{
	size_t n = hk_cur_left(in) < r->left ? hk_cur_left(in) : (size_t)r->left;
	hk_span piece;

	HK_TRY(hk_cur_bytes(in, n, &piece));
	/* check_start() has seen to it that at + n <= HK_WS_CONTROL_MAX. */
	memcpy(r->control + r->at, piece.data, n);
	unmask(r, r->control + r->at, n);
	r->at += n;
	r->left -= n;
	if (r->left > 0) {
		return HK_ETRUNC;
	}
	part->kind = r->kind;
	part->bytes = hk_span_of(r->control, (size_t)r->at);
	part->first = part->last = true;
	end_frame(r);
	return r->kind == HK_WS_CLOSE ? read_close(r, part) : HK_OK;
}

/* Hands out what there is of a message. */
static hk_err
read_data(hk_ws_reader *r, hk_cur *in, uint8_t *data, hk_ws_part *part)
{
	size_t n = hk_cur_left(in) < r->left ? hk_cur_left(in) : (size_t)r->left;
	hk_span piece;

	if (n == 0 && r->left > 0) {
		return HK_ETRUNC;
	}
	HK_TRY(hk_cur_bytes(in, n, &piece));
	unmask(r, data, n);
	r->at += n;
	r->left -= n;
	bool ends = r->left == 0 && r->fin;
	if (r->kind == HK_WS_TEXT &&
		(!hk_utf8_more(&r->utf8, hk_span_of(data, n)) || (ends && r->utf8.need > 0))) {
		return fail(r, HK_WS_FAULT_UTF8);
	}
	part->kind = r->kind;
	part->bytes = hk_span_of(data, n);
	part->first = !r->told;
	part->last = ends;
	r->told = true;
	r->open = !ends;
	if (r->left == 0) {
		end_frame(r);
	}
	return HK_OK;
}

hk_err
hk_ws_read(hk_ws_reader *r, uint8_t *data, size_t len, size_t *ret_used, hk_ws_part *ret)
{
	hk_cur in = hk_cur_of(hk_span_of(data, len));
	hk_ws_part part = {0};

	if (r->fault != HK_WS_FINE) {
		return fail(r, r->fault);
	}
	if (r->closed) {
		return HK_ETRUNC;
	}
	if (!r->in_payload) {
		HK_TRY(read_head(r, &in));
	}
	if (is_control(r->kind)) {
		HK_TRY(read_control(r, &in, &part));
	} else {
		HK_TRY(read_data(r, &in, data + (len - hk_cur_left(&in)), &part));
	}
	*ret_used = len - hk_cur_left(&in);
	*ret = part;
	return HK_OK;
}

/* ---- Writing ---- */

size_t
hk_ws_frame_size(hk_ws_role role, uint64_t len)
{
	return (size_t)(len + 2 +
			(len > 65535        ? 8
				: len > 125 ? 2
					    : 0) +
			(role == HK_WS_CLIENT ? 4 : 0));
}

size_t
hk_ws_frame_head(hk_ws_role role, hk_ws_kind kind, bool fin, uint64_t len, const uint8_t mask[4],
	uint8_t *ret)
{
	unsigned more = len > 65535 ? 8 : len > 125 ? 2 : 0;
	size_t n = 0;

	ret[n++] = (uint8_t)((fin ? 0x80u : 0u) | ((unsigned)kind & 0x0fu));
	ret[n++] = (uint8_t)((role == HK_WS_CLIENT ? 0x80u : 0u) |
			     (more == 8          ? 127u
				     : more == 2 ? 126u
						 : (unsigned)len));
	for (unsigned i = more; i > 0; i--) {
		ret[n++] = (uint8_t)(len >> (8 * (i - 1)));
	}
	if (role == HK_WS_CLIENT) {
		memcpy(ret + n, mask, 4);
		n += 4;
	}
	return n;
}

void
hk_ws_mask(uint8_t *data, size_t len, const uint8_t mask[4], uint64_t at)
{
	uint8_t turned[8];
	uint64_t word, key;
	size_t i = 0;

	for (unsigned k = 0; k < 8; k++) {
		turned[k] = mask[(at + k) & 3];
	}
	memcpy(&key, turned, 8);
	for (; i + 8 <= len; i += 8) {
		memcpy(&word, data + i, 8);
		word ^= key;
		memcpy(data + i, &word, 8);
	}
	for (; i < len; i++) {
		data[i] ^= turned[i & 7];
	}
}

void
hk_ws_frame(hk_ws_role role, hk_ws_kind kind, bool fin, hk_span payload, const uint8_t mask[4],
	uint8_t *ret)
{
	size_t n = hk_ws_frame_head(role, kind, fin, payload.len, mask, ret);

	if (payload.len > 0) {
		memcpy(ret + n, payload.data, payload.len);
	}
	if (role == HK_WS_CLIENT) {
		hk_ws_mask(ret + n, payload.len, mask, 0);
	}
}

size_t
hk_ws_close_payload(int code, hk_span reason, uint8_t *ret)
{
	size_t n = reason.len < HK_WS_REASON_MAX ? reason.len : HK_WS_REASON_MAX;

	if (code == HK_WS_CODE_NONE) {
		return 0;
	}
	while (n > 0 && n < reason.len && (reason.data[n] & 0xC0) == 0x80) {
		n--;
	}
	ret[0] = (uint8_t)((unsigned)code >> 8);
	ret[1] = (uint8_t)((unsigned)code & 0xff);
	if (n > 0) {
		memcpy(ret + 2, reason.data, n);
	}
	return n + 2;
}
