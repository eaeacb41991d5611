/* parse/query: the query language of lists, taken apart. Layer: parse. Libc only. Input is hostile.
 *
 *     query  = { blank | term }
 *     term   = [ "-" ] ( text | field ":" value { "," value } )       "-": not; terms are joined by and, values by or
 *     text   = bare | quoted
 *     value  = bare | quoted | ( ">" | ">=" | "<" | "<=" ) bare | [ bare ] ".." [ bare ]       order and ranges: numbers and times
 *     quoted = '"' { character | '\"' | '\\' } '"'
 *
 * A blank is a space, a tab, a line end or U+3000. A bare word ends at a blank, as a value also at a comma. A word that begins like
 * a field ("https://x", "12:30") is a text when "//" follows the colon, or when what stands before it is no word of small letters
 * and "_". Otherwise an unknown field is an error: a mistyped one must not silently find nothing.
 *
 * Times: 2024, 2024-06, 2024-06-01, 2024-06-01T10:30[:00][Z|+09:00], today, yesterday, month (the running one), year, 90m, 12h, 7d,
 * 4w (the time since so long ago). Each is a span; ":2024-06" is all of June, ":>2024-06" begins on 1 July. A day begins at midnight
 * of the zone that is given. Spans are half open: from_ms <= x < to_ms. */
#ifndef HK_PARSE_QUERY_H
#define HK_PARSE_QUERY_H

#include <stdbool.h>

#include "base/err.h"
#include "base/span.h"

#define HK_QUERY_BYTES_MAX  2000
#define HK_QUERY_TERMS_MAX  24
#define HK_QUERY_VALUES_MAX 240 /* of all terms together */

typedef enum hk_query_field {
#define FIELD(id, name, kind) HK_QUERY_##id,
#define ALIAS(name, id)
#define FLAG(field, id, name)
#include "parse/query.def"
#undef FIELD
#undef ALIAS
#undef FLAG
	HK_QUERY_FIELD_COUNT
} hk_query_field;

typedef enum hk_query_kind {
	HK_QUERY_KIND_TEXT,
	HK_QUERY_KIND_WORD,
	HK_QUERY_KIND_WILD,
	HK_QUERY_KIND_INT,
	HK_QUERY_KIND_REAL,
	HK_QUERY_KIND_TIME,
	HK_QUERY_KIND_YESNO,
	HK_QUERY_KIND_IS,
	HK_QUERY_KIND_HAS
} hk_query_kind;

typedef enum hk_query_flag {
#define FIELD(id, name, kind)
#define ALIAS(name, id)
#define FLAG(field, id, name) HK_QUERY_##field##_##id,
#include "parse/query.def"
#undef FIELD
#undef ALIAS
#undef FLAG
	HK_QUERY_FLAG_COUNT
} hk_query_flag;

/* One value. What is set depends on the field's kind. */
typedef struct hk_query_value {
	hk_span text; /* TEXT, WORD, WILD: UTF-8 without quotes and escapes, not empty; borrowed from the hk_query */
	bool quoted; /* WILD: * is a star */
	int64_t from,
		to; /* INT: both included; TIME: [from, to) in ms. Open ends: INT64_MIN, INT64_MAX */
	double low, high;   /* REAL: -HUGE_VAL, HUGE_VAL: open */
	bool above, below;  /* REAL: low, high themselves do not count */
	bool yes;           /* YESNO */
	hk_query_flag flag; /* IS, HAS */
	bool none;          /* WORD, TIME and WILD: the bare word "none": the field is empty */
} hk_query_value;

typedef struct hk_query_term {
	hk_query_field field;
	bool negated;
	size_t at;           /* byte offset in the query, of the term */
	size_t first, count; /* in hk_query.values */
} hk_query_term;

typedef struct hk_query {
	size_t term_count, value_count;
	hk_query_term terms[HK_QUERY_TERMS_MAX];
	hk_query_value values[HK_QUERY_VALUES_MAX];
	char text[HK_QUERY_BYTES_MAX]; /* what the values' texts point into */
} hk_query;

typedef enum hk_query_wrong {
	HK_QUERY_NOTHING_WRONG,
	HK_QUERY_TOO_LONG, /* HK_ELIMIT: bytes */
	HK_QUERY_TOO_MANY, /* HK_ELIMIT: terms or values */
	HK_QUERY_NOT_UTF8, /* HK_EFORM; also U+0000 and other control characters */
	HK_QUERY_NO_END,   /* a quote that does not close */
	HK_QUERY_NO_FIELD, /* the word before ':' is no field */
	HK_QUERY_NO_VALUE, /* nothing follows ':' or ',' */
	HK_QUERY_NO_NUMBER,
	HK_QUERY_NO_TIME,
	HK_QUERY_NO_YESNO,
	HK_QUERY_NO_FLAG,     /* is: or has: with a word that it does not know */
	HK_QUERY_EMPTY_RANGE, /* ends before it begins, or has no end at all */
} hk_query_wrong;

/* Where it went wrong. */
typedef struct hk_query_fault {
	hk_query_wrong wrong;
	size_t at, len;       /* bytes of the query */
	size_t column;        /* the same place in characters, from 1 */
	hk_query_field field; /* whose value it was */
} hk_query_fault;

/* hk_query_parse(text, now_ms, zone_min, ret, ret_fault): zone_min: minutes that the zone of bare dates is ahead of UTC (Japan: 540).
 * An empty query has no terms. HK_ELIMIT, HK_EFORM with *ret_fault set; *ret is then in no state to be read. */
HK_MUST hk_err hk_query_parse(
	hk_span text, int64_t now_ms, int zone_min, hk_query *ret, hk_query_fault *ret_fault);

/* hk_query_time(text, now_ms, zone_min, ret_from, ret_to): one time as above (no order signs, no range). HK_EFORM. */
HK_MUST hk_err hk_query_time(
	hk_span text, int64_t now_ms, int zone_min, int64_t *ret_from, int64_t *ret_to);

/* hk_query_field_name(field), hk_query_field_kind(field), hk_query_flag_name(flag): from query.def. Static. hk_query_flag_field: IS or
 * HAS. */
const char *hk_query_field_name(hk_query_field field);
hk_query_kind hk_query_field_kind(hk_query_field field);
const char *hk_query_flag_name(hk_query_flag flag);
hk_query_field hk_query_flag_field(hk_query_flag flag);

/* hk_query_wrong_text(wrong): one clause for people: "a number is missing". Static. */
const char *hk_query_wrong_text(hk_query_wrong wrong);

#endif
