/* parse/note: signed notes and checkpoints (C2SP signed-note, tlog-checkpoint, static-ct-api).
 * Layer: parse. Input is hostile.
 *
 *   origin LF, tree size LF, base64 root LF
 *   LF
 *   U+2014 blank key name blank base64(4-byte key ID, signature) LF          once or more
 *
 * The text that plain signatures cover ends with its last LF, before the empty line. A note is
 * split at its LAST empty line. No signature is verified here: who believes a note asks sys/sig
 * (source/ct/head does). No allocation. */
#ifndef HK_PARSE_NOTE_H
#define HK_PARSE_NOTE_H

#include "base/err.h"
#include "base/span.h"

/* A note is at most this long (static-ct logs serve some 300 bytes, witnesses add some 150 each,
 * ML-DSA ones 3,400). */
#define HK_NOTE_BYTES_MAX 65536
/* Signature lines; the specification asks for at least 16. */
#define HK_NOTE_SIGS_MAX 128
/* Signature type of a log's RFC 6962 tree head (static-ct-api). */
#define HK_NOTE_TYPE_RFC6962 0x05
/* Longest TreeHeadSignature that is read: RSA-8192 takes 1,024 bytes. */
#define HK_NOTE_TREE_HEAD_SIG_MAX 1024

typedef struct hk_note_sig {
	hk_span name;    /* UTF-8, not empty, no blank, no '+' */
	hk_span base64;  /* key ID and signature, valid base64 of at least 5 bytes */
	uint32_t key_id; /* its first 4 bytes, big-endian */
} hk_note_sig;

typedef struct hk_note {
	hk_span text; /* with its final LF */
	size_t sig_count;
	hk_note_sig sigs[HK_NOTE_SIGS_MAX];
} hk_note;

/* What a checkpoint says. */
typedef struct hk_note_head {
	hk_span origin;
	uint64_t size;
	uint8_t root[32];
	hk_span extensions; /* further lines, each with its LF; static-ct-api allows none */
} hk_note_head;

/* What a signature of type 0x05 holds behind its key ID. */
typedef struct hk_note_tree_head_sig {
	uint64_t timestamp_ms;
	uint8_t sig[4 + HK_NOTE_TREE_HEAD_SIG_MAX]; /* DigitallySigned: u8 hash, u8 algorithm, u16
						       length, signature */
	size_t sig_len;
} hk_note_tree_head_sig;

/* hk_note_parse(bytes, ret): split and check the form. HK_ELIMIT over a cap; HK_EFORM: no empty
 * line, not UTF-8, a control character other than LF, no signature line, or one that is none. Spans
 * borrow from bytes. */
HK_MUST hk_err hk_note_parse(hk_span bytes, hk_note *ret);

/* hk_note_head_parse(text, ret): the lines of a checkpoint: text is hk_note.text. HK_EFORM,
 * HK_ERANGE (size over 2^63 - 1). Spans borrow. */
HK_MUST hk_err hk_note_head_parse(hk_span text, hk_note_head *ret);

/* hk_note_sig_tree_head(sig, ret): read sig as type 0x05. That it is one, its key ID says: the
 * caller has compared it. HK_ETRUNC, HK_ETRAIL, HK_ELIMIT. */
HK_MUST hk_err hk_note_sig_tree_head(const hk_note_sig *sig, hk_note_tree_head_sig *ret);

/* hk_note_head_print(head, ret, max, ret_len): the text of a checkpoint, with its final LF and no
 * NUL. HK_ELIMIT when it takes more than max bytes, HK_EFORM when origin is empty or holds a
 * control character. */
HK_MUST hk_err hk_note_head_print(
	const hk_note_head *head, uint8_t *ret, size_t max, size_t *ret_len);

/* hk_note_print(note, ret, max, ret_len): the whole note, byte for byte as it was parsed.
 * HK_ELIMIT. */
HK_MUST hk_err hk_note_print(const hk_note *note, uint8_t *ret, size_t max, size_t *ret_len);

#endif
