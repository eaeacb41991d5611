/* parse/ctleaf: the entries of a Certificate Transparency log, in all their framings. Layer: parse. Input is hostile.
 *
 *   TimestampedEntry (RFC 6962, section 3.4): u64 timestamp in ms; u16 type; for x509_entry (0) a u24-length Certificate, for
 *     precert_entry (1) the 32-byte issuer_key_hash and a u24-length TBSCertificate; u16-length extensions.
 *   TileLeaf (C2SP static-ct-api): TimestampedEntry; for a precert the u24-length precertificate; u16-length list of 32-byte
 *     fingerprints of the chain.
 *   MerkleTreeLeaf (RFC 6962, section 3.4), the leaf_input of get-entries: u8 version 0, u8 leaf type 0, TimestampedEntry.
 *   extra_data of get-entries (RFC 6962, section 4.6): for x509 the u24-length list of u24-length certificates; for a precert
 *     the u24-length precertificate, then that list.
 *
 * The leaf hash is SHA-256(00 || 00 00 || TimestampedEntry) in every framing. extra_data and the chain are not covered by it:
 * nobody vouches for them. Nothing allocates; all spans borrow from the input. */
#ifndef HK_PARSE_CTLEAF_H
#define HK_PARSE_CTLEAF_H

#include "base/cur.h"

#define HK_CTLEAF_FINGERPRINT 32

typedef struct hk_ctleaf {
        uint64_t timestamp_ms;          /* when the log took it, Unix time */
        bool precert;
        hk_span cert;                   /* x509: Certificate; precert: TBSCertificate; DER, not looked at */
        const uint8_t *issuer_key_hash; /* 32 bytes, precert only; else NULL */
        hk_span extensions;             /* content of the CtExtensions */
        int64_t leaf_index;             /* of the leaf_index extension (static-ct-api); -1 without one */
        hk_span timestamped_entry;      /* what is hashed after 00 00 00 */
        hk_span precert_der;            /* the precertificate as submitted, precert only: not covered by the hash */
        hk_span chain;                  /* TileLeaf: n * 32 bytes of fingerprints; extra_data: u24-length certificates */
} hk_ctleaf;

/* hk_ctleaf_next_tile(cur, ret): the next TileLeaf of a data tile. HK_ETRUNC, HK_EFORM (a fingerprint list that is no multiple
 * of 32; a broken extension list), HK_EVERSION (entry type). */
HK_MUST hk_err hk_ctleaf_next_tile(hk_cur *cur, hk_ctleaf *ret);

/* hk_ctleaf_parse_merkle(leaf_input, ret): one MerkleTreeLeaf. The same errors; HK_EVERSION also for version or leaf type,
 * HK_ETRAIL for bytes after it. precert_der and chain stay empty. */
HK_MUST hk_err hk_ctleaf_parse_merkle(hk_span leaf_input, hk_ctleaf *ret);

/* hk_ctleaf_parse_extra(extra_data, precert, ret): sets precert_der and chain of *ret and nothing else. HK_ETRUNC, HK_ETRAIL. */
HK_MUST hk_err hk_ctleaf_parse_extra(hk_span extra_data, bool precert, hk_ctleaf *ret);

/* hk_ctleaf_next_chain(cur, ret): the next certificate of an extra_data chain; cur begins at chain. HK_ETRUNC. */
HK_MUST static inline hk_err
hk_ctleaf_next_chain(hk_cur *cur, hk_span *ret)
{
        return hk_cur_prefixed(cur, 3, ret);
}

#endif
