/* evidence/har: a capture as an HTTP archive. Layer: stage. What is in the capture is hostile; what is written is valid JSON.
 *
 * HAR 1.2 (http://www.softwareishard.com/blog/har-12-spec/): log, creator, browser, pages, entries with every required member. What is not known is -1
 * (sizes, timings) or "". Times are whole milliseconds. Bodies: as text when their type says text and they are UTF-8, base64 otherwise. Cookies of requests and responses are
 * the headers'; the lists `cookies` are empty: their values may be a victim's. Own members begin with "_", as the format wants it. */
#ifndef HK_EVIDENCE_HAR_H
#define HK_EVIDENCE_HAR_H

#include "evidence/capture.h"

/* hk_har_write(capture, error): the file, UTF-8. HK_ELIMIT: it would be over 1 GiB. Caller unrefs. */
GBytes *hk_har_write(const hk_capture *capture, GError **error);

#endif
