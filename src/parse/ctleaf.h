/* parse/ctleaf: the entries of a Certificate Transparency log, in all their framings. Layer: parse.
 * Input is hostile.
 *
 *   TimestampedEntry (RFC 6962, section 3.4): u64 timestamp in ms; u16 type; for x509_entry (0) a
 *     u24-length Certificate, for precert_entry (1) the 32-byte issuer_key_hash and a u24-length
 *     TBSCertificate; u16-length extensions.
 *   TileLeaf (C2SP static-ct-api): TimestampedEntry; for a precert the u24-length precertificate;
 *     u16-length list of 32-byte fingerprints of the chain.
 *   MerkleTreeLeaf (RFC 6962, section 3.4), the leaf_input of get-entries: u8 version 0, u8 leaf
 *     type 0, TimestampedEntry.
 *   extra_data of get-entries (RFC 6962, section 4.6): for x509 the u24-length list of u24-length
 *     certificates; for a precert the u24-length precertificate, then that list.
 *
 * The leaf hash is SHA-256(00 || 00 00 || TimestampedEntry) in every framing. extra_data and the
 * chain are not covered by it: nobody vouches for them. Certificates are not looked into here, so
 * that one nobody can read is framed and hashed all the same. Nothing allocates; all spans borrow
 * from the input. */
#ifndef HK_PARSE_CTLEAF_H
#define HK_PARSE_CTLEAF_H

#include "base/cur.h"

#define HK_CTLEAF_FINGERPRINT 32

typedef struct hk_ctleaf {
	uint64_t timestamp_ms;          /* when the log took it, Unix time */
	bool precert;                   /* entry type 1 */
	hk_err odd;                     /* not HK_OK: see below */
	hk_span cert;                   /* x509: Certificate; precert: TBSCertificate; DER */
	const uint8_t *issuer_key_hash; /* 32 bytes, precert only; else NULL */
	hk_span extensions;             /* content of the CtExtensions */
	int64_t leaf_index;             /* of that extension (static-ct-api); -1 without one */
	hk_span timestamped_entry;      /* what is hashed after 00 00 00 */
	hk_span precert_der;            /* as submitted, precert only: not covered by the hash */
	hk_span chain; /* TileLeaf: n * 32 bytes; extra_data: u24-length certificates */
} hk_ctleaf;

/* odd: the framing held, and the entries behind this one are found and hashed, but a part of this
 * one is broken: HK_EFORM or HK_ETRUNC for extensions that are no list of extensions (leaf_index is
 * then -1), HK_EFORM for a tile's chain that is no multiple of 32 or an empty certificate. */

/* hk_ctleaf_next_tile(cur, ret): the next TileLeaf of a data tile; at its end the caller sees
 * hk_cur_empty(). HK_ETRUNC when the tile ends within the entry (of a tile that is still arriving:
 * come again with more), HK_EVERSION for an unknown entry type, whose length nobody knows. */
HK_MUST hk_err hk_ctleaf_next_tile(hk_cur *cur, hk_ctleaf *ret);

/* hk_ctleaf_parse_merkle(leaf_input, ret): one MerkleTreeLeaf. The same errors; HK_EVERSION also
 * for version or leaf type, HK_ETRAIL for bytes after it. precert_der and chain stay empty. */
HK_MUST hk_err hk_ctleaf_parse_merkle(hk_span leaf_input, hk_ctleaf *ret);

/* hk_ctleaf_parse_extra(extra_data, precert, ret): sets precert_der (empty unless precert) and
 * chain of *ret and nothing else, when the chain is a sequence of certificates to its end.
 * HK_ETRUNC, HK_ETRAIL. */
HK_MUST hk_err hk_ctleaf_parse_extra(hk_span extra_data, bool precert, hk_ctleaf *ret);

/* hk_ctleaf_next_chain(cur, ret): the next certificate of an extra_data chain; cur begins at chain.
 * HK_ETRUNC. */
HK_MUST static inline hk_err
hk_ctleaf_next_chain(hk_cur *cur, hk_span *ret)
{
	return hk_cur_prefixed(cur, 3, ret);
}

#endif
