/* web/reply: what a handler answers. Layer: web. What goes in may be hostile text; sys/jsonw keeps JSON well formed.
 *
 *     GString *out = hk_reply_json(reply, 200);
 *     hk_jsonw_open(out, '{');
 *     ...
 *     hk_reply_version(reply, version);      // ETag: "7"
 *
 * Status of an error that a handler returns (rows in problem.def): malformed, out-of-range, usage, truncated, trailing-bytes 400; not-found 404;
 * refused 409; inconsistent 412; over-limit 413; unknown-version 415; try-later 503; remote 502; no-space 507; others 500 (the text of
 * those goes to the log, not to the client). An error text "field: what is wrong; what to do" becomes field, detail and remedy. */
#ifndef HK_WEB_REPLY_H
#define HK_WEB_REPLY_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "base/err.h"
#include "base/span.h"
#include "web/route.h"

/* A JSON answer is at most this long; what can be longer is written with hk_reply_write. */
#define HK_REPLY_JSON_MAX  ((size_t)16 << 20)
#define HK_REPLY_SPOOL_MAX ((int64_t)4 << 30)

/* hk_reply_json(reply, status): the text to write JSON into; borrowed. Called again: begins anew. */
GString *hk_reply_json(hk_reply *reply, int status);

/* hk_reply_text(reply, status, type): the same for another media type (ours: "text/csv; charset=utf-8"). */
GString *hk_reply_text(hk_reply *reply, int status, const char *type);

/* hk_reply_empty(reply, status): 204 and the like. */
void hk_reply_empty(hk_reply *reply, int status);

/* hk_reply_version(reply, version): ETag "version"; a GET with the same If-None-Match is answered 304. */
void hk_reply_version(hk_reply *reply, int64_t version);

/* hk_reply_header(reply, name, value): another header; refused (a bug) with control characters. hk_reply_location(reply, format...):
 * Location below /api/v1: hk_reply_location(reply, "/cases/%" PRId64, id). hk_reply_redirect(reply, url): 302 to a URL of ours. */
void hk_reply_header(hk_reply *reply, const char *name, const char *value);
void hk_reply_location(hk_reply *reply, const char *format, ...) G_GNUC_PRINTF(2, 3);
void hk_reply_redirect(hk_reply *reply, const char *url);

/* hk_reply_download(reply, type, file_name): the answer is a file to be saved: Content-Disposition: attachment with the name (RFC 6266, any
 * text), nosniff and a CSP that sandboxes. Type must be ours. Follow with hk_reply_write or hk_reply_bytes. */
void hk_reply_download(hk_reply *reply, const char *type, const char *file_name);

/* hk_reply_show(reply, type): the answer is what strangers made, and may be looked at: nosniff and a CSP that sandboxes, as above, but the browser
 * shows it. Only for types that no browser runs: image/png written by us, text/plain. hk_reply_constant(reply): the answer will never be another one; the browser
 * of who asked may keep it for a day. */
void hk_reply_show(hk_reply *reply, const char *type);
void hk_reply_constant(hk_reply *reply);

/* hk_reply_write(reply, bytes, error): appends to a long answer, which is kept in memory up to 1 MiB and then in an unlinked temporary
 * file, so that a slow reader holds neither a thread nor a database snapshot, and a failure half-way is still a proper problem. Takes
 * what it needs of bytes: the caller may truncate the GString and use it again. HK_EFULL, HK_EIO, HK_ELIMIT over HK_REPLY_SPOOL_MAX. */
bool hk_reply_write(hk_reply *reply, hk_span bytes, GError **error);

/* hk_reply_bytes(reply, bytes): the whole of a long answer; takes a reference. */
void hk_reply_bytes(hk_reply *reply, GBytes *bytes);

/* hk_reply_problem(reply, error, status, code, field, remedy, format...): an answer with a status of its own: sets *error and the problem. field, remedy: or NULL.
 * Returns false: `return hk_reply_problem(reply, error, 422, HK_ERANGE, "count", "look again", "the query finds %d cases now", n);` */
bool hk_reply_problem(hk_reply *reply, GError **error, int status, hk_err code, const char *field,
	const char *remedy, const char *format, ...) G_GNUC_PRINTF(7, 8);

#endif
