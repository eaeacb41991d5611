/* web/target: the target of a request ("/api/v1/cases/7?q=a%20b") taken apart. Layer: web. Input is hostile. Pure.
 *
 * Strict: only origin form; percent-escapes are whole; what they decode to is UTF-8 without control characters; no segment is "." or
 * ".."; an escaped slash never parts segments. A query parameter stands once. */
#ifndef HK_WEB_TARGET_H
#define HK_WEB_TARGET_H

#include <stdbool.h>

#include <glib.h>

#include "base/span.h"

enum {
	HK_TARGET_MAX = 8192,      /* bytes of the whole */
	HK_TARGET_SEGMENTS = 12,   /* of the path */
	HK_TARGET_PARAMS = 64,     /* of the query */
	HK_TARGET_VALUE_MAX = 4096 /* bytes of one decoded value */
};

typedef struct hk_target_param {
	char *name;
	char *value;
} hk_target_param;

typedef struct hk_target {
	char *text; /* decoded segments and parameters, NUL after each; owns the memory of all below */
	const char *segments[HK_TARGET_SEGMENTS];
	size_t segment_count;
	hk_target_param params[HK_TARGET_PARAMS];
	size_t param_count;
	bool folder; /* the path ends with '/'; the last, empty segment is not counted */
} hk_target;

/* hk_target_parse(raw, ret, error): HK_EFORM or HK_ELIMIT with one clause; "NAME: ..." when a parameter is wrong. Clear *ret after
 * success with hk_target_clear. */
bool hk_target_parse(hk_span raw, hk_target *ret, GError **error);
void hk_target_clear(hk_target *target);

/* hk_target_param_of(target, name): the value, or NULL. */
const char *hk_target_param_of(const hk_target *target, const char *name);

#endif
