/* sys/jsonw: writing JSON (RFC 8259) into a GString, in order and in one pass. Layer: sys.
 *
 * For what hikeshi prints by the million: sightings. (Reading, and small answers, are jansson's: sys/json.) Text that
 * comes from a certificate need not be UTF-8: a byte that belongs to no well-formed sequence is written as the four
 * characters \xNN (in JSON: "\\xNN"), so that the line is always valid JSON and the byte can still be read off it. */
#ifndef HK_SYS_JSONW_H
#define HK_SYS_JSONW_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "base/span.h"

/* hk_jsonw_open(out, bracket) / hk_jsonw_close(out, bracket): '{' '[' and '}' ']'. A comma is put where one is needed,
 * here and in all the calls below: after anything but '{', '[' and ':'. */
void hk_jsonw_open(GString *out, char bracket);
void hk_jsonw_close(GString *out, char bracket);

/* hk_jsonw_key(out, key): the name of a member; key is ours: plain ASCII without quotes. */
void hk_jsonw_key(GString *out, const char *key);

/* hk_jsonw_text(out, text): a string of any bytes; what drives a terminal or turns the direction of text is escaped. */
void hk_jsonw_text(GString *out, hk_span text);
void hk_jsonw_str(GString *out, const char *text);

/* hk_jsonw_strs(out, key, texts, count): a member that is a list of strings. */
void hk_jsonw_strs(GString *out, const char *key, const char *const *texts, size_t count);

void hk_jsonw_int(GString *out, int64_t value);
void hk_jsonw_bool(GString *out, bool value);
void hk_jsonw_null(GString *out);

/* A member in one call: hk_jsonw_key() and the value. text NULL: null. */
void hk_jsonw_member_str(GString *out, const char *key, const char *text);
void hk_jsonw_member_int(GString *out, const char *key, int64_t value);
void hk_jsonw_member_bool(GString *out, const char *key, bool value);

/* hk_jsonw_real(out, value, digits): a number with that many digits (0..9) after the point; null if it is not finite. */
void hk_jsonw_real(GString *out, double value, int digits);

/* hk_jsonw_hex(out, bytes), hk_jsonw_base64(out, bytes): as a string. */
void hk_jsonw_hex(GString *out, hk_span bytes);
void hk_jsonw_base64(GString *out, hk_span bytes);

/* hk_jsonw_time(out, seconds): UTC seconds since 1970 as an RFC 3339 string, "2024-07-31T20:24:50Z"; null for a year
 * outside 0..9999. */
void hk_jsonw_time(GString *out, int64_t seconds);

#endif
