/* source/ct/pace: how often a log may be asked. Layer: source/ct. Pure: time and chance come from
 * the caller.
 *
 * Two things: the pace of an operator (all logs of one operator share its servers and its patience)
 * and the back-off of one log (its own failures). Times are int64_t milliseconds of any monotonic
 * clock. */
#ifndef HK_SOURCE_CT_PACE_H
#define HK_SOURCE_CT_PACE_H

#include <stdbool.h>
#include <stdint.h>

/* Back-off of a log: 100 ms doubling to 30 s (certspotter's), each with jitter. */
#define HK_PACE_BACKOFF_MIN_MS 100
#define HK_PACE_BACKOFF_MAX_MS 30000
/* Requests that may go out at once after a quiet time. */
#define HK_PACE_BURST 5
/* An operator that keeps saying "too many" is asked at most this seldom, and no seldomer. */
#define HK_PACE_GAP_MAX_US 30000000
/* "Too many" without Retry-After, or with 0, is a pause of at least this. */
#define HK_PACE_PAUSE_MIN_MS 250

typedef struct hk_pace {
	int64_t base_gap_us;    /* between two requests when all is well; 0: no limit of ours */
	int64_t gap_us;         /* now: wider after a 429, narrowing again with each success */
	int64_t next_us;        /* the next free place; may lie in the past by the burst */
	int64_t pause_until_ms; /* nothing before this (Retry-After) */
	unsigned refusals;      /* 429 or 503 in a row */
	uint64_t limited;       /* 429 and 503 in all */
	uint64_t sent;          /* requests in all */
} hk_pace;

/* hk_pace_init(pace, rate_per_s): rate_per_s requests a second; 0: no limit of our own. */
void hk_pace_init(hk_pace *pace, double rate_per_s);

/* hk_pace_wait(pace, now_ms): milliseconds until a request may go out; 0: now. */
int64_t hk_pace_wait(const hk_pace *pace, int64_t now_ms);

/* hk_pace_sent(pace, now_ms): a request went out. */
void hk_pace_sent(hk_pace *pace, int64_t now_ms);

/* hk_pace_good(pace): an answer that was not a refusal: the gap narrows by a fifth, not below the
 * base. */
void hk_pace_good(hk_pace *pace);

/* hk_pace_refused(pace, now_ms, retry_after_ms, chance): 429 or 503. The operator is left alone for
 * retry_after_ms, or, where that is -1 (none), for a back-off of its own; the gap
 * grows by a quarter, or doubles where there was no Retry-After. chance:
 * 0..1, for the jitter. */
void hk_pace_refused(hk_pace *pace, int64_t now_ms, int64_t retry_after_ms, double chance);

/* hk_pace_backoff_ms(failures, chance): how long to wait after that many failures in a row (>= 1):
 * half of the doubled time is fixed, half is chance, so that many followers do not come back
 * together. In HK_PACE_BACKOFF_MIN_MS/2 .. HK_PACE_BACKOFF_MAX_MS. */
int64_t hk_pace_backoff_ms(unsigned failures, double chance);

/* Growth of a log, smoothed: entries per second. */
typedef struct hk_growth {
	double rate;   /* entries/s; 0 before the second head */
	uint64_t size; /* of the last head */
	int64_t at_ms; /* when it was seen */
	bool known;
} hk_growth;

/* hk_growth_head(growth, size, now_ms): a head was seen. */
void hk_growth_head(hk_growth *growth, uint64_t size, int64_t now_ms);

/* The longest that an entry waits for the rest of its data tile to be published. With heads each
 * second and a poll of 2 s an entry is then read at most 4.5 s after its publication. */
#define HK_GROWTH_WAIT_MAX_MS 1500

/* hk_growth_wait_ms(growth, width, oldest_ms, now_ms): how long to wait before the partial data
 * tile of that width (1..255) is fetched; its oldest unread entry was first seen in a head at
 * oldest_ms. 0: fetch it now. A tile that will be full within the limit is waited for, so that it
 * is fetched once and whole; so is one that gains several entries within it; of a slow log an entry
 * is fetched at once, for nothing would be saved. */
int64_t hk_growth_wait_ms(
	const hk_growth *growth, unsigned width, int64_t oldest_ms, int64_t now_ms);

#endif
