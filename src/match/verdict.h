/* match/verdict: what the name stage thinks of one certificate or name, and why. Layer: match. Libc only.
 *
 * Plain data, filled by score/ and printed by sys/sighting; all pointers are borrowed from the scorer and are valid until
 * its next call. */
#ifndef HK_MATCH_VERDICT_H
#define HK_MATCH_VERDICT_H

#include "base/span.h"

/* A verdict names at most this many rules and reasons; what is over the cap is counted in the last reason. */
#define HK_VERDICT_RULES_MAX   16
#define HK_VERDICT_REASONS_MAX 16

typedef struct hk_verdict {
	float score; /* 0..1, calibrated: the share of phishing among names with this score */
	const char *target; /* brand of the pack as it is spelt there (UTF-8), or NULL */
	bool official;      /* an official or allow-listed name of a target: never alarms */
	uint32_t name;      /* number of the name (within the batch) that gave the score */
	size_t rule_count;
	const char *rules[HK_VERDICT_RULES_MAX]; /* identifiers of the YARA rules that matched */
	size_t reason_count;
	const char *reasons
		[HK_VERDICT_REASONS_MAX]; /* one clause each, in words and numbers, most important first */
} hk_verdict;

#endif
