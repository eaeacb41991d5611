/* source/c2/drop: what a dead drop says: the chain of its family undone, step by step. Layer: stage. Input is hostile. Pure; any thread.
 *
 * What does not come out as addresses fails; garbage is never handed on. */
#ifndef HK_SOURCE_C2_DROP_H
#define HK_SOURCE_C2_DROP_H

#include "source/c2/family.h"

#define HK_DROP_MAX           (4u << 20) /* bytes of an answer; also of what a step makes of it */
#define HK_DROP_PIECES_MAX    64         /* of a page */
#define HK_DROP_ADDRESSES_MAX 32

/* hk_drop_decode(family, body, out, error): the addresses that body names, "host:port" or "[v6]:port" each, without doubles: an array that frees its elements, never empty.
 * Several stand there parted by blanks, commas, semicolons or bars. A host without a port is taken with each of the family's ports, if it has some. out (or NULL) gets what
 * came out of the last step, as it was. NULL with an error that says which step failed and how:
 * HK_EFORM  "bad padding", "bad base64", no whole blocks, no delimiter, a zlib stream that is none, "decoded, but no address"
 * HK_ENOENT drop-kind profile: there is no piece between delimiters; the page is there and says nothing
 * HK_ELIMIT over a cap. */
GPtrArray *hk_drop_decode(const hk_family *family, hk_span body, GString *out, GError **error);

/* hk_drop_encode(family, address, out, error): the other way, for the range and for tests. HK_EFORM: a step that cannot be turned round (zlib). */
bool hk_drop_encode(const hk_family *family, const char *address, GString *out, GError **error);

#endif
