/* source/c2/record: the record of one session: every frame, both ways, with its time, as JSON lines. Layer: stage (source/c2). Frames are hostile.
 *
 * Each frame is appended to a file of the state folder before anything else is done with it, so that a crash loses none. From time to time the file becomes a piece: its
 * lines, without what was received in clear, are evidence (blob store, hash, time stamp); what was received in clear is sealed and kept apart, to be deleted when its time is over (rail 4).
 *
 * A line: {"at": RFC 3339 with ms, "dir": "in"|"out", "kind": "text"|"binary"|"ping"|"pong"|"close"|"note", "bytes": number} and
 *   "same": "beat"|"pong"             its bytes are those that the first line gives under that name
 *   "text": what it says, masked; "commit": SHA-256 of a salt of 16 bytes and the frame's bytes: whoever is given both can check the line, and whoever has the line alone learns nothing
 *   "sealed": in the file of the state folder only: salt and bytes, sealed with a key of the house.
 * The first line of a piece: {"format": "hikeshi-c2/1", "family", "host", "port", "begun", "beat", "pong", "previous": SHA-256 of the session's piece before, or null}.
 * The sealed part of a piece, opened: JSON lines {"line": number from 1, "salt": base64, "raw": base64}. */
#ifndef HK_SOURCE_C2_RECORD_H
#define HK_SOURCE_C2_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "base/span.h"
#include "sys/seal.h"

/* A piece has at most so many bytes, and frames are kept whole up to this size; of a longer one the first bytes, with "cut": true. */
#define HK_RECORD_PIECE_MAX (8u << 20)
#define HK_RECORD_FRAME_MAX (64u << 10)

typedef struct hk_record hk_record;

/* Whose. Strings are copied. */
typedef struct hk_record_of {
	const char *family, *host;
	unsigned port;
	const char *beat, *pong; /* bytes of the family's heartbeat and its answer */
	int64_t session_id;      /* names the file */
	const uint8_t *key;      /* HK_SECRET_KEY_BYTES: seals; copied */
} hk_record_of;

/* hk_record_open(folder, of, error): FOLDER/SESSION.jsonl, made when it is missing. One that was left behind goes on: lines that a crash cut short are dropped. Errors of sys/file; HK_EIO. */
hk_record *hk_record_open(const char *folder, const hk_record_of *of, GError **error);
void hk_record_close(hk_record *record); /* accepts NULL; the file stays */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_record, hk_record_close)

/* One frame, or a note of ours. */
typedef struct hk_record_line {
	int64_t at_ms;
	bool out;
	const char *kind;
	hk_span bytes; /* as received or sent */
	const char
		*masked; /* what it says, without victims' data; NULL: nothing of it may be shown */
	bool command; /* counts as one; the line is on the disk (fdatasync) when hk_record_add returns */
} hk_record_line;
bool hk_record_add(hk_record *record, const hk_record_line *line, GError **error);

/* hk_record_frames(record), hk_record_begun(record): lines of the piece that is open (0: none), and the time of its first; hk_record_bytes: of its file. */
int64_t hk_record_frames(const hk_record *record);
int64_t hk_record_begun(const hk_record *record);
size_t hk_record_bytes(const hk_record *record);

/* A piece. */
typedef struct hk_record_piece {
	GBytes *lines, *sealed; /* sealed NULL: nothing was in clear */
	int64_t begun_ms, ended_ms, frames, commands;
} hk_record_piece;
void hk_record_piece_clear(hk_record_piece *piece);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(hk_record_piece, hk_record_piece_clear)

/* hk_record_cut(record, previous, ret, error): what is in the file as a piece; the file stays. previous: 32 bytes, or NULL. hk_record_drop(record, error): it is in the database: the file begins anew. */
bool hk_record_cut(
	hk_record *record, const uint8_t *previous, hk_record_piece *ret, GError **error);
bool hk_record_drop(hk_record *record, GError **error);

/* hk_record_each(record, each, user, error): what came in in clear, in order: of a file that was left behind, so that nothing is lost. each returns false to end. */
typedef bool (*hk_record_fn)(void *user, int64_t at_ms, hk_span frame, GError **error);
bool hk_record_each(hk_record *record, hk_record_fn each, void *user, GError **error);

/* hk_record_line_read(line, key, ret_at_ms, ret_port, error): the bytes of a text frame that came in, of one line of such a record, for people who replay one: opened, if it is sealed and key is not
 * NULL; else its "text". *ret_port: of member "port", if it has one; else as it was. NULL without an error: a line that is no such frame. HK_EFORM: no line of a record, or sealed with another key. */
GBytes *hk_record_line_read(
	hk_span line, const uint8_t *key, int64_t *ret_at_ms, unsigned *ret_port, GError **error);

#endif
