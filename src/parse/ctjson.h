/* parse/ctjson: a get-entries answer, entry by entry, in one pass. Layer: parse. Input is hostile.
 *
 * {"entries": [{"leaf_input": "BASE64", "extra_data": "BASE64"}, ...]} (RFC 6962, section 4.6), of
 * which leaf_input is decoded in place and extra_data only when asked for. Taken as JSON takes it:
 * members in any order, unknown ones (skipped), white space, escapes in names and in the base64
 * text. Works on a body that is still arriving: what has come is scanned once and HK_ETRUNC means
 * "need more". Nothing is allocated; the cost is linear in the body. */
#ifndef HK_PARSE_CTJSON_H
#define HK_PARSE_CTJSON_H

#include "base/err.h"
#include "base/span.h"

/* Nesting of the values that are skipped. */
#define HK_CTJSON_DEPTH_MAX 60

/* A string of the body that was found and not decoded yet. */
typedef struct hk_ctjson_text {
	size_t off; /* of its first byte within the body */
	size_t len; /* as it stands there, escapes included */
} hk_ctjson_text;

/* Private to ctjson.c; a value so that it can live on the stack. */
typedef struct hk_ctjson {
	uint8_t *body; /* caller's, written to */
	size_t len;
	size_t at;     /* next byte to look at; what is before is settled */
	size_t scan;   /* within a string that has not ended: where to look for its end */
	uint64_t nest; /* bit i: bracket i of the value being skipped is '[' */
	uint8_t depth; /* open brackets of the value being skipped */
	uint8_t state;
	uint8_t key;   /* member whose value comes next */
	uint8_t seen;  /* members that this entry, and the body, had */
	uint8_t after; /* state to go to behind a skipped value */
	hk_ctjson_text leaf;
	hk_ctjson_text extra;
} hk_ctjson;

/* hk_ctjson_init(json, body, len): start at the first of the len bytes at body, which are the
 * caller's, stay, and are overwritten as entries are decoded. len may be 0. */
void hk_ctjson_init(hk_ctjson *json, uint8_t *body, size_t len);

/* hk_ctjson_more(json, body, len): the body has grown to len bytes, and may have moved as a whole
 * to another address; spans handed out before then dangle. The bytes up to the old length must be
 * those of before, as json left them. */
void hk_ctjson_more(hk_ctjson *json, uint8_t *body, size_t len);

/* hk_ctjson_next(json, ret_leaf_input, ret_extra, ret_done): the next entry. *ret_leaf_input: its
 * decoded leaf_input. *ret_extra: the base64 text of its extra_data (empty when missing or null),
 * for hk_ctjson_extra(). Both point into the body. *ret_done is false then; it is true, and the
 * spans are untouched, once the body's closing brace was read. HK_ETRUNC: need more, or cut.
 * HK_EFORM: not JSON of this shape, a member twice, no leaf_input, bad base64. HK_ELIMIT: nested
 * deeper than HK_CTJSON_DEPTH_MAX. After an error other than HK_ETRUNC the same error comes again.
 */
HK_MUST hk_err hk_ctjson_next(
	hk_ctjson *json, hk_span *ret_leaf_input, hk_span *ret_extra, bool *ret_done);

/* hk_ctjson_extra(json, extra, ret): decode an extra_data that hk_ctjson_next gave out, in place:
 * at most once for each. HK_EFORM for bad base64; its bytes are then undefined, the other entries
 * are not touched. */
HK_MUST hk_err hk_ctjson_extra(hk_ctjson *json, hk_span extra, hk_span *ret);

/* hk_ctjson_end(json): what the whole body must pass at its end: HK_OK when it was read to its
 * closing brace and only white space follows; HK_ETRUNC when entries are still to come or the body
 * was cut, HK_ETRAIL for bytes behind it. */
HK_MUST hk_err hk_ctjson_end(const hk_ctjson *json);

#endif
