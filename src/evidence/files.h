/* evidence/files: a capture as JSON, and as a folder of files. Layer: stage. Its contents are hostile: they are written, never shown. */
#ifndef HK_EVIDENCE_FILES_H
#define HK_EVIDENCE_FILES_H

#include "evidence/capture.h"

/* hk_capture_json(capture, out): one object, appended: everything but bodies, documents and pictures, which stand with length and SHA-256, under the
 * names that hk_capture_write gives them. */
void hk_capture_json(const hk_capture *capture, GString *out);

/* hk_capture_brief(capture, out): the members of such an object that a page of the board shows, without the braces: no header lines, texts, links and
 * tag paths; the first HK_CAPTURE_BRIEF_EXCHANGES requests (exchange_count says how many there are) and lines of the console. */
enum { HK_CAPTURE_BRIEF_EXCHANGES = 200, HK_CAPTURE_BRIEF_CONSOLE = 100 };
void hk_capture_brief(const hk_capture *capture, GString *out);

/* hk_capture_files(capture, each, user, error): every file but the bodies, in the order of a look at it: each gets kind (viewport, full, dom, text, favicon,
 * chain, egress, json, warc, har), name, media type and bytes (borrowed). Ends at the first false, which has set *error. */
typedef bool (*hk_capture_file)(void *user, const char *kind, const char *name, const char *type,
	hk_span bytes, GError **error);
bool hk_capture_files(const hk_capture *capture, hk_capture_file each, void *user, GError **error);

/* hk_capture_write(capture, dir, error): writes into dir, made if missing:
 *   capture.json                    see above
 *   viewport.png full.png dom.html text.txt favicon.bin   of the landing page; 2-viewport.png ... of the page after the first click
 *   body/0000.bin ...               response bodies, by the number of their exchange
 *   capture.warc.gz capture.har     evidence/warc, evidence/har
 *   egress.jsonl                    what egress decided for it, where the gate told
 *   chain.pem                       certificates of all origins, the origin in front of each chain
 * Pictures are re-encoded already. Nothing here has a name of the page's choice. Errors of sys/file. */
bool hk_capture_write(const hk_capture *capture, const char *dir, GError **error);

/* hk_capture_pem(out, der): a certificate as PEM (RFC 7468), appended. */
void hk_capture_pem(GString *out, hk_span der);

#endif
