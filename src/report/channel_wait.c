/* nocheck: tested in tests/unit/report/test_channel_http.c */
#include <string.h>

#include "base/num.h"
#include "parse/regtime.h"
#include "report/channel_http.h"
#include "sys/http.h"

/* How a header says it. */
typedef enum how {
	SECONDS, /* from now */
	WHEN,    /* a date, a Unix time, or seconds from now */
	LEFT,    /* what remains of the quota */
	LIMIT,   /* the quota */
	COUNT,   /* what was used of it */
	IETF, /* RateLimit: limit=100, remaining=0, reset=5 (draft 7); "default";r=0;t=5 (drafts 8, 9) */
} how;

static const struct {
	const char *name;
	how how;
	bool always; /* it is a request to wait, whatever the status is */
} rows[] = {
	{"retry-after", WHEN, true},
	{"x-rate-limit-reset-after", SECONDS, false},
	{"x-rate-limit-reset", WHEN, false},
	{"x-ratelimit-reset-after", SECONDS, false},
	{"x-ratelimit-reset", WHEN, false},
	{"ratelimit-reset", WHEN, false},
	{"ratelimit", IETF, false},
	{"x-request-limit-interval", SECONDS, false},
	{"x-rate-limit-remaining", LEFT, false},
	{"x-ratelimit-remaining", LEFT, false},
	{"ratelimit-remaining", LEFT, false},
	{"x-request-limit", LIMIT, false},
	{"x-request-count", COUNT, false},
};

/* Unix times are larger than any number of seconds that one waits. */
enum { UNIX_FROM_S = 1000000000 };

typedef struct reading {
	int64_t now_ms;
	int64_t asked_ms, maybe_ms; /* -1: none; maybe: counts if the quota is used up */
	bool used_up;
	uint64_t limit, count;
} reading;

static int64_t
clamp(int64_t ms)
{
	return CLAMP(ms, 0, HK_CHANNEL_WAIT_MAX_MS);
}

/* Whole seconds; what follows the point is rounded up. "300 Seconds" is 300, too (PhishTank). */
static bool
seconds_of(hk_span text, uint64_t *ret)
{
	static const char unit[] = " seconds";
	size_t unit_len = sizeof unit - 1;

	if (text.len > unit_len &&
		g_ascii_strncasecmp(
			(const char *)text.data + text.len - unit_len, unit, unit_len) == 0) {
		text.len -= unit_len;
	}
	const uint8_t *dot = text.len > 0 ? memchr(text.data, '.', text.len) : NULL;
	size_t len = dot ? (size_t)(dot - text.data) : text.len;

	if (hk_parse_u64(hk_span_of(text.data, len), INT64_MAX / 4000, ret) != HK_OK) {
		return false;
	}
	for (size_t i = len + 1; i < text.len; i++) {
		if (text.data[i] < '0' || text.data[i] > '9') {
			return false;
		}
	}
	*ret += dot != NULL;
	return true;
}

static bool
when_of(const reading *r, hk_span text, bool may_be_date, int64_t *ret_ms)
{
	uint64_t n;
	int64_t at;

	if (seconds_of(text, &n)) {
		bool unix_time = may_be_date && n >= UNIX_FROM_S;
		*ret_ms = clamp((int64_t)n * 1000 - (unix_time ? r->now_ms : 0));
		return true;
	}
	if (may_be_date && hk_http_date(text, &at)) {
		*ret_ms = clamp(at * 1000 - r->now_ms);
		return true;
	}
	if (may_be_date && hk_regtime_read(text, 0, &at) == HK_OK) {
		*ret_ms = clamp(at - r->now_ms);
		return true;
	}
	return false;
}

/* The number behind "name=" in a list whose members are parted by ',' or ';'. */
static bool
member_of(hk_span text, const char *name, uint64_t *ret)
{
	size_t n = strlen(name);

	for (size_t at = 0; at < text.len;) {
		size_t end = at;
		while (end < text.len && text.data[end] != ',' && text.data[end] != ';') {
			end++;
		}
		hk_span part = hk_span_trim(hk_span_of(text.data + at, end - at));
		if (part.len > n + 1 && part.data[n] == '=' && memcmp(part.data, name, n) == 0) {
			return seconds_of(hk_span_of(part.data + n + 1, part.len - n - 1), ret);
		}
		at = end + 1;
	}
	return false;
}

static void
take_ietf(reading *r, hk_span value)
{
	uint64_t left, reset;

	if (member_of(value, "reset", &reset) || member_of(value, "t", &reset)) {
		r->maybe_ms = MAX(r->maybe_ms, clamp((int64_t)reset * 1000));
	}
	if (member_of(value, "remaining", &left) || member_of(value, "r", &left)) {
		r->used_up |= left == 0;
	}
}

static void
take(reading *r, size_t row, hk_span value)
{
	uint64_t n = 0;
	int64_t ms;

	switch (rows[row].how) {
	case SECONDS:
	case WHEN:
		if (when_of(r, value, rows[row].how == WHEN, &ms)) {
			int64_t *to = rows[row].always ? &r->asked_ms : &r->maybe_ms;
			*to = MAX(*to, ms);
		}
		break;
	case LEFT:
		r->used_up |= seconds_of(value, &n) && n == 0;
		break;
	case LIMIT:
		r->limit = seconds_of(value, &n) ? n : 0;
		break;
	case COUNT:
		r->count = seconds_of(value, &n) ? n : 0;
		break;
	case IETF:
		take_ietf(r, value);
		break;
	}
}

static void
take_line(reading *r, hk_span line)
{
	const uint8_t *colon = line.len > 0 ? memchr(line.data, ':', line.len) : NULL;
	size_t len = colon ? (size_t)(colon - line.data) : 0;

	for (size_t i = 0; colon && i < G_N_ELEMENTS(rows); i++) {
		if (strlen(rows[i].name) == len &&
			g_ascii_strncasecmp(rows[i].name, (const char *)line.data, len) == 0) {
			take(r, i, hk_span_trim(hk_span_of(colon + 1, line.len - len - 1)));
		}
	}
}

int64_t
hk_channel_http_wait(hk_span head, int status, int64_t now_ms)
{
	reading r = {.now_ms = now_ms, .asked_ms = -1, .maybe_ms = -1};

	for (size_t at = 0; at < head.len;) {
		size_t end = at;
		while (end < head.len && head.data[end] != '\n') {
			end++;
		}
		take_line(&r, hk_span_of(head.data + at, end - at));
		at = end + 1;
	}
	bool full = status == 429 || status == 503 || status == 509 || r.used_up ||
		    (r.limit > 0 && r.count >= r.limit);
	return MAX(r.asked_ms, full ? r.maybe_ms : -1);
}
