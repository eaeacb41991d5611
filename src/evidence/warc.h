/* evidence/warc: a capture as a WARC file. Layer: stage. What is in the capture is hostile; what is written is well-formed whatever it holds.
 *
 * WARC 1.1 (ISO 28500:2017), each record a gzip member of its own (Annex D), so that indexes can point into the file. A capture is written the same
 * way each time: record identifiers are hashes of what the record is about (UUID version 8, RFC 9562), dates those of the capture.
 *
 *   warcinfo    software, browser, profile, referrer, exit, visit, user agent, ISO 28500
 *   per exchange that had an answer: response, request (WARC-Concurrent-To each other), and metadata with what the browser told of it
 *   per exchange without one: request and metadata, "error" among its fields
 *   per page: resource records urn:hikeshi:page:N:viewport.png, :full.png, :dom.html, :text.txt, :favicon.bin
 *   per origin: resource urn:hikeshi:certificates:ORIGIN, PEM
 *   last: resource urn:hikeshi:capture.json, everything else that is known (evidence/files)
 *
 * Bodies are as decoded: Content-Encoding and Transfer-Encoding are gone from the bytes, so these headers are named X-Archive-Orig-..., as is the old
 * Content-Length when it is another one; WARC-Payload-Digest is of the decoded body. A body that is not whole says WARC-Truncated (ISO 28500, 5.13):
 * "length" for a cap, "disconnect" for one that did not end, "unspecified" else. Heads of HTTP/1 are as received but for this; heads of h2 and h3 are
 * written from the list as HTTP/1.1, and WARC-Protocol says what was spoken. Bytes that no line may hold (CR, LF, NUL) become blanks. */
#ifndef HK_EVIDENCE_WARC_H
#define HK_EVIDENCE_WARC_H

#include "evidence/capture.h"

/* hk_warc_write(capture, error): the file. HK_ELIMIT: it would be over 1 GiB. Caller unrefs. */
GBytes *hk_warc_write(const hk_capture *capture, GError **error);

#endif
