/* parse/ctleaf: entries of a CT log, as the tree hashes them and as servers frame them. Layer:
 * parse. Input is hostile.
 *
 * Three frames hold the same TimestampedEntry (RFC 6962, section 3.4):
 *   TileLeaf (C2SP static-ct-api)     TimestampedEntry, [u24 precertificate], u16 chain of 32-byte
 * fingerprints MerkleTreeLeaf (get-entries)      u8 version 0, u8 leaf type 0, TimestampedEntry
 *   extra_data (get-entries)          [u24 precertificate], u24 { u24 certificate }*
 * The leaf hash is SHA256(00 00 00 TimestampedEntry) in all of them. The certificate itself is not
 * looked into here, so an entry with a certificate that nobody can read is still framed and hashed.
 * Nothing is copied or allocated. */
#ifndef HK_PARSE_CTLEAF_H
#define HK_PARSE_CTLEAF_H

#include "base/cur.h"

/* Size of a chain fingerprint (SHA-256 of the issuer's DER) and of an issuer key hash. */
#define HK_CTLEAF_HASH 32

/* leaf_index has 5 bytes (static-ct-api), so no static log is larger than this. */
#define HK_CTLEAF_INDEX_MAX ((INT64_C(1) << 40) - 1)

typedef struct hk_ctleaf {
	uint64_t timestamp_ms; /* when the log promised it, ms since 1970 */
	bool precert;          /* entry_type 1 */
	hk_span cert; /* Certificate DER; of a precert its TBSCertificate DER without poison */
	const uint8_t *issuer_key_hash; /* 32 bytes; NULL unless precert */
	hk_span extensions; /* CtExtensions without their length; mostly empty in RFC 6962 logs */
	int64_t leaf_index; /* of the leaf_index extension; -1 when there is none */
	hk_span timestamped_entry; /* hashed behind 00 00 00 */
	hk_span precert_der; /* the whole precertificate, as the frame gives it: NOT covered by the
				hash */
	hk_span chain; /* n * 32 bytes (tile) or u24 vectors (extra_data): NOT covered by the hash
			*/
	hk_err odd;    /* not HK_OK: the frame held, but extensions are no list of extensions, or a
			  tile's chain no multiple of 32 (HK_EFORM) */
} hk_ctleaf;

/* hk_ctleaf_next_tile(cur, ret): read the next TileLeaf of a data tile. On success cur stands
 * behind it; at the end of the tile the caller sees hk_cur_empty(). HK_ETRUNC when the tile ends
 * within the entry (a tile that is still arriving: come again with more), HK_EVERSION for an
 * entry_type other than 0 and 1, after which no entry of this tile can be found. Spans borrow from
 * cur's bytes. */
HK_MUST hk_err hk_ctleaf_next_tile(hk_cur *cur, hk_ctleaf *ret);

/* hk_ctleaf_parse_merkle(leaf_input, ret): read a whole MerkleTreeLeaf. precert_der and chain are
 * empty. HK_ETRUNC, HK_ETRAIL, or HK_EVERSION for a version, leaf_type or entry_type that is not
 * RFC 6962's. Spans borrow. */
HK_MUST hk_err hk_ctleaf_parse_merkle(hk_span leaf_input, hk_ctleaf *ret);

/* hk_ctleaf_parse_extra(extra_data, precert, ret): sets only precert_der (empty unless precert) and
 * chain of *ret, after checking that the chain is a sequence of u24 vectors to its end. HK_ETRUNC,
 * HK_ETRAIL. Spans borrow. */
HK_MUST hk_err hk_ctleaf_parse_extra(hk_span extra_data, bool precert, hk_ctleaf *ret);

/* hk_ctleaf_next_cert(chain, ret): walk the chain of extra_data: the next certificate's DER.
 * HK_ETRUNC at a vector that is cut; stop at hk_cur_empty(). */
HK_MUST hk_err hk_ctleaf_next_cert(hk_cur *chain, hk_span *ret);

#endif
