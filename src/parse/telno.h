/* parse/telno: telephone numbers of Japan as people, spreadsheets and bots write them. Layer: parse. Libc only. Input is hostile.
 *
 * A mobile number is 060, 070, 080 or 090 and eight digits (0800 is a toll-free prefix, not a mobile one). It is read with full-width
 * digits, hyphens of every kind (- ‐ – − － ー ｰ), brackets around a group, zero-width characters inside, "+81", "+81(0)", "0081",
 * "01081" or a bare "81" in front, without the zero that a spreadsheet drops ("9055000000"), and with blanks between its groups
 * ("090 5500 0000"). Digits that somebody has blotted out (* ＊ x X ● ○ ■ □ ? #, or "…" for all that follows) make a masked one. */
#ifndef HK_PARSE_TELNO_H
#define HK_PARSE_TELNO_H

#include <stdbool.h>

#include "base/span.h"

/* The digits of a longer run are no number (E.164 allows 15, "0081" and a zero come in front). */
#define HK_TELNO_DIGITS_MAX 20
/* Bytes of hk_telno.e164 with its NUL: "+", 15 digits. */
#define HK_TELNO_SIZE 17
/* Bytes of a masked number with its NUL: "090-5500-****", "+123456789-****". */
#define HK_TELNO_MASK_SIZE 20

typedef enum hk_telno_kind {
	HK_TELNO_MOBILE, /* of Japan; e164 is set */
	HK_TELNO_OTHER, /* a number of another kind: a landline, toll-free, M2M, abroad; e164 is set */
	HK_TELNO_MASKED, /* one with digits that are blotted out */
	HK_TELNO_DIGITS, /* digits, but no telephone number */
} hk_telno_kind;

typedef struct hk_telno {
	hk_telno_kind kind;
	bool near; /* masked or digits, but close to a mobile number: nine of its digits stand there, or a few too many */
	unsigned digits;          /* that were read, blotted ones included */
	char e164[HK_TELNO_SIZE]; /* "+819055000000"; "" for the last two kinds */
	hk_span text;             /* as it was written; borrowed */
} hk_telno;

/* hk_telno_read(text, at, ret): the number that begins at byte at (a digit, "+", a blot or a bracket). Returns its bytes, 0 when
 * nothing there is one; *ret is then untouched. The digits of *ret are all that stand there: a run of 30 is HK_TELNO_DIGITS, never
 * cut. */
size_t hk_telno_read(hk_span text, size_t at, hk_telno *ret);

/* hk_telno_find(text, pos, ret): the next mobile or other number, or what is near to one, in running text at or behind *pos, which moves behind it; false: none,
 * *pos is the end. Time is linear in text. A number that is a part of a longer run of digits is none; one of another kind that touches
 * an ASCII letter is none either. */
bool hk_telno_find(hk_span text, size_t *pos, hk_telno *ret);

/* hk_telno_mask(e164, ret): what may be shown: the last four digits are stars; a number of Japan in its domestic form,
 * "090-5500-****"; "****" for what is none. Returns ret. */
const char *hk_telno_mask(const char *e164, char ret[HK_TELNO_MASK_SIZE]);

/* hk_telno_region(e164, ret): the first 7 digits of a number of Japan in its domestic form ("0905500": the block that an operator
 * was given); of another one "+" and 6 digits; "" for what is none. Returns ret. */
const char *hk_telno_region(const char *e164, char ret[8]);

#endif
