/* parse/ws: frames of the WebSocket protocol (RFC 6455, section 5), read and written, for a client and for a server. Layer: parse. Libc
 * only. Input is hostile.
 *
 * The reader is incremental: bytes go in as they come from the socket, in pieces of any size; what comes out are pieces of messages, in
 * the caller's own memory, and whole control frames. Nothing is allocated and no message is collected: the state is below 300 bytes
 * whatever the peer announces. No extensions: a reserved bit is an error. The opening handshake is parse/wshand. */
#ifndef HK_PARSE_WS_H
#define HK_PARSE_WS_H

#include "base/err.h"
#include "base/span.h"
#include "base/utf8.h"

#define HK_WS_HEAD_MAX    14u  /* bytes before the payload: section 5.2 */
#define HK_WS_CONTROL_MAX 125u /* payload of a control frame: section 5.5 */
#define HK_WS_REASON_MAX  123u /* of them, behind the code of a close frame */

/* What hk_ws_reader_init() takes where it is given 0. */
#define HK_WS_FRAME_MAX   (1u << 20) /* bytes of one frame's payload */
#define HK_WS_MESSAGE_MAX (1u << 20) /* bytes of one message, all its frames together */
#define HK_WS_FRAMES_MAX  1024u      /* frames of one message: empty ones count, too */

/* Codes that are never sent (section 7.4.1), and those that programs of ours send. */
#define HK_WS_CODE_NORMAL   1000
#define HK_WS_CODE_AWAY     1001
#define HK_WS_CODE_PROTOCOL 1002
#define HK_WS_CODE_NONE     1005 /* a close frame without a code */
#define HK_WS_CODE_LOST     1006 /* no close frame at all */

/* Which side we are: it decides who masks. */
typedef enum hk_ws_role {
	HK_WS_CLIENT, /* writes masked frames, reads unmasked ones */
	HK_WS_SERVER, /* the other way round */
} hk_ws_role;

/* The values are the opcodes of section 5.2. */
typedef enum hk_ws_kind {
	HK_WS_CONTINUATION =
		0, /* for hk_ws_frame() only: the reader tells the message's own kind */
	HK_WS_TEXT = 1,
	HK_WS_BINARY = 2,
	HK_WS_CLOSE = 8,
	HK_WS_PING = 9,
	HK_WS_PONG = 10,
} hk_ws_kind;

/* What was wrong: the rows of ws.def. */
typedef enum hk_ws_fault {
	HK_WS_FINE,
#define FAULT(id, close, code, meaning) HK_WS_FAULT_##id,
#include "parse/ws.def"
#undef FAULT
	HK_WS_FAULT_COUNT
} hk_ws_fault;

/* hk_ws_fault_code(fault): the stable text code; hk_ws_fault_meaning(): a clause; hk_ws_fault_close(): the code for a close frame.
 * "fine", "nothing is wrong", 1000 for HK_WS_FINE. Static storage. */
const char *hk_ws_fault_code(hk_ws_fault fault);
const char *hk_ws_fault_meaning(hk_ws_fault fault);
int hk_ws_fault_close(hk_ws_fault fault);

/* hk_ws_code_valid(code): whether a close frame may carry it. hk_ws_code_meaning(code): a clause for any code, "unknown" for one
 * without a row; static storage. */
bool hk_ws_code_valid(int code);
const char *hk_ws_code_meaning(int code);

/* One way of one connection. The fields are the reader's own but for those of init, and fault, which may be read. */
typedef struct hk_ws_reader {
	hk_ws_role role;
	uint64_t frame_max, message_max;
	unsigned frames_max;
	hk_ws_fault fault; /* why reading failed, for good */
	bool closed;       /* a close frame was read: what follows is thrown away (section 5.5.1) */

	uint8_t head[HK_WS_HEAD_MAX]; /* of the frame, as far as it has come */
	unsigned head_len;
	bool in_payload;
	hk_ws_kind kind; /* of the frame; a continuation's is that of its message */
	bool fin;
	uint64_t left; /* bytes of the payload that are still to come */
	uint64_t at;   /* and those that came */

	bool open; /* between the first frame of a message and its last one */
	bool told; /* a piece of it was handed out */
	hk_ws_kind message;
	uint64_t message_len; /* announced so far */
	unsigned frames;
	hk_utf8_feed utf8;
	uint8_t control[HK_WS_CONTROL_MAX];
} hk_ws_reader;

/* A piece of a message, or a control frame. */
typedef struct hk_ws_part {
	hk_ws_kind kind; /* not HK_WS_CONTINUATION */
	hk_span bytes; /* unmasked; of a message a piece of any length, maybe 0, in the memory that was given to hk_ws_read(); of a
			  * control frame the whole payload, in the reader, until the next hk_ws_read() */
	bool first;    /* the message begins here; true for control frames */
	bool last; /* it ends here: text has been found to be UTF-8 as a whole; true for control frames */
	int code;       /* HK_WS_CLOSE: HK_WS_CODE_NONE if there was none; else 0 */
	hk_span reason; /* HK_WS_CLOSE: UTF-8, maybe empty */
} hk_ws_part;

/* hk_ws_reader_init(reader, role, frame_max, message_max, frames_max): what we are, and the limits in bytes, and in frames of one
 * message; 0: the defaults above. */
void hk_ws_reader_init(hk_ws_reader *reader, hk_ws_role role, uint64_t frame_max,
	uint64_t message_max, unsigned frames_max);

/* hk_ws_read(reader, data, len, ret_used, ret): reads on. data is unmasked where it stands, so it is overwritten.
 *
 * HK_OK: a part is in *ret and *ret_used (>= 1) bytes are done with: call again with the rest. HK_ETRUNC: all bytes are done with,
 * nothing is to be told, more are needed (after a close frame: for ever). HK_EFORM, HK_ELIMIT: the peer broke the protocol, or went over a limit: reader->fault
 * says how, and every further call says the same. A limit is found when a frame's length is read, not when its bytes have come; bad
 * text at its first impossible byte, before any byte of its piece is handed out. */
HK_MUST hk_err hk_ws_read(
	hk_ws_reader *reader, uint8_t *data, size_t len, size_t *ret_used, hk_ws_part *ret);

/* ---- Writing ---- */

/* hk_ws_frame_size(role, len): bytes of a frame with a payload of len bytes. */
size_t hk_ws_frame_size(hk_ws_role role, uint64_t len);

/* hk_ws_frame_head(role, kind, fin, len, mask, ret): what stands before the payload, into ret (HK_WS_HEAD_MAX bytes); its length. mask:
 * four bytes that nobody can foretell (section 5.3), of a client; not looked at for a server. */
size_t hk_ws_frame_head(hk_ws_role role, hk_ws_kind kind, bool fin, uint64_t len,
	const uint8_t mask[4], uint8_t *ret);

/* hk_ws_frame(role, kind, fin, payload, mask, ret): a whole frame: hk_ws_frame_size() bytes into ret, masked if we are a client.
 * payload must not overlap ret. What it says is the caller's business: wrong kinds, lengths and codes are written, too (tests and the range need them). */
void hk_ws_frame(hk_ws_role role, hk_ws_kind kind, bool fin, hk_span payload, const uint8_t mask[4],
	uint8_t *ret);

/* hk_ws_mask(data, len, mask, at): section 5.3, where it stands; the first byte is number at of its payload. Its own inverse. */
void hk_ws_mask(uint8_t *data, size_t len, const uint8_t mask[4], uint64_t at);

/* hk_ws_close_payload(code, reason, ret): what a close frame says, into ret (HK_WS_CONTROL_MAX bytes); its length. Nothing for
 * HK_WS_CODE_NONE; a reason that is too long is cut between two characters. */
size_t hk_ws_close_payload(int code, hk_span reason, uint8_t *ret);

#endif
