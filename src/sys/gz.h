/* sys/gz: gunzip and gzip of whole bodies over libdeflate. Layer: sys. Input is hostile.
 *
 * One hk_gz for each thread: it keeps the decompressor and the output buffer, so that a stream of
 * tiles allocates nothing. */
#ifndef HK_SYS_GZ_H
#define HK_SYS_GZ_H

#include <glib.h>

#include "base/err.h"
#include "base/span.h"

/* Output that no honest body reaches per byte of input (data tiles 4-20, get-entries 6-30). Small
 * bodies may exceed it: the first HK_GZ_RATIO_FREE bytes of output are always allowed. */
#define HK_GZ_RATIO_MAX  200
#define HK_GZ_RATIO_FREE (1u << 20)
/* A buffer larger than this is not kept for the next body. */
#define HK_GZ_KEEP_BYTES (8u << 20)

typedef struct hk_gz hk_gz;

hk_gz *hk_gz_new(void);
void hk_gz_free(hk_gz *gz); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_gz, hk_gz_free)

/* hk_gz_looks(body): whether body begins as gzip does (1f 8b 08). No data tile does: its first byte
 * is a timestamp's. */
bool hk_gz_looks(hk_span body);

/* hk_gz_inflate(gz, body, max_bytes, ret): all members of body (RFC 1952, section 2.2), at most
 * max_bytes of output. *ret: writable memory of gz, valid until the next call or hk_gz_free.
 * HK_ELIMIT over max_bytes or the ratio; HK_EFORM for anything else, a cut body and a bad checksum
 * included; HK_ETRAIL when what follows a member is no member. */
HK_MUST hk_err hk_gz_inflate(
	hk_gz *gz, hk_span body, size_t max_bytes, uint8_t **ret, size_t *ret_len);

/* hk_gz_unzlib(gz, body, max_bytes, ret): one zlib stream (RFC 1950) that is the whole of body; limits, memory and errors as above. */
HK_MUST hk_err hk_gz_unzlib(
	hk_gz *gz, hk_span body, size_t max_bytes, uint8_t **ret, size_t *ret_len);

/* hk_gz_pack(gz, body, ret_len): body as one member, quickly rather than small; caller frees. */
uint8_t *hk_gz_pack(hk_gz *gz, hk_span body, size_t *ret_len);

#endif
