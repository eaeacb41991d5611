/* report/channel_http: what the answers of all HTTP channels have in common: status, quotas, errors in words, answers that cannot be read. Layer: stage
 * (report). Answers are hostile. Pure. */
#ifndef HK_REPORT_CHANNEL_HTTP_H
#define HK_REPORT_CHANNEL_HTTP_H

#include "report/channel.h"
#include "sys/json.h"

/* No answer makes us wait longer than this. */
#define HK_CHANNEL_WAIT_MAX_MS (24 * 60 * 60 * 1000)
/* Longest answer that is read. */
#define HK_CHANNEL_ANSWER_MAX (4u << 20)

/* What was asked. */
typedef enum hk_asked {
	HK_ASKED_SUBMIT, /* it has an effect: what cannot be read may have been taken */
	HK_ASKED_LOOKUP, /* `submit` of HK_WAY_LOOKUP: no effect */
	HK_ASKED_POLL,
	HK_ASKED_FIND,
	HK_ASKED_COUNT
} hk_asked;

/* hk_channel_http_status(conf, asked, answer, ret): true: a 2xx that came whole, *ret is AGAIN or whatever it was. False: *ret says what it means:
 *     no answer, or not whole   submit: UNSURE if the last byte may have left and the channel has no tokens; else AGAIN
 *     401 402 403 407           CLOSED
 *     404 410                   submit: CLOSED (the address is not theirs); poll: NOT_YET; find: UNSURE (a list that is not there is no empty list)
 *     405 501, 3xx              submit, lookup: CLOSED; poll: AGAIN; find: UNSURE
 *     408 423 425 429 509, 5xx  AGAIN, when they say so not before again_ms
 *     502 504                   the same; submit of a channel without tokens: UNSURE (who stands behind the gateway may have taken it)
 *     409                       submit: TAKEN; else AGAIN
 *     400 about an API key      CLOSED
 *     other 4xx                 submit, lookup: REFUSED with their text; poll: AGAIN; find: UNSURE
 * why is set in all these cases. *ret must be zeroed or cleared. */
bool hk_channel_http_status(
	const hk_channel_conf *conf, hk_asked asked, const hk_channel_answer *answer, hk_told *ret);

/* hk_channel_http_read(conf, asked, answer, ret): that, and the JSON of the answer, which must be an object or a list; NULL: *ret says what it means (a 2xx
 * that cannot be read: as hk_channel_http_odd()). Caller frees. */
hk_json_doc *hk_channel_http_read(
	const hk_channel_conf *conf, hk_asked asked, const hk_channel_answer *answer, hk_told *ret);

/* hk_channel_http_odd(conf, asked, why, ret): a 2xx without what must stand in it: submit: UNSURE, or AGAIN if the channel has tokens; else AGAIN. */
void hk_channel_http_odd(
	const hk_channel_conf *conf, hk_asked asked, const char *why, hk_told *ret);

/* hk_channel_http_taken(conf, answer, path, ret): what most submissions say: a 2xx whose JSON has their number at path (hk_channel_id): *ret is TAKEN, state "sent", with that
 * remote_id; a document (or NULL: *ret says what it means: hk_channel_http_read(), or hk_channel_http_odd() without a number) for what else it says. Caller frees. */
hk_json_doc *hk_channel_http_taken(const hk_channel_conf *conf, const hk_channel_answer *answer,
	const char *path, hk_told *ret);

/* hk_channel_http_says(answer): what an error says for people, one line of printable text, or NULL. Caller frees. */
char *hk_channel_http_says(const hk_channel_answer *answer);

/* hk_channel_http_wait(head, status, now_ms): how long the header lines (as they came, with CR LF) ask us to wait, or -1: Retry-After (seconds or date), and,
 * if status is 429, 503 or 509 or nothing remains of the quota: X-Rate-Limit-Reset-After, X-Rate-Limit-Reset, X-RateLimit-Reset(-After), RateLimit-Reset,
 * RateLimit (drafts 3 to 9 of the IETF), X-Request-Limit-Interval. The longest wins; at most HK_CHANNEL_WAIT_MAX_MS. now_ms: since 1970. */
int64_t hk_channel_http_wait(hk_span head, int status, int64_t now_ms);

/* hk_channel_http_is_png(answer): a whole 200 whose body begins like a PNG: for hk_channel.picture. */
bool hk_channel_http_is_png(const hk_channel_answer *answer);

#endif
