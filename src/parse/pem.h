/* parse/pem: finds certificates in PEM text (RFC 7468). Layer: parse. Libc only. Input is hostile.
 *
 * Text before, between and behind the blocks is passed over (`openssl x509 -text` puts a dump there), and so are blocks with
 * other labels. Lines end in LF, CRLF or CR. Nothing allocates: a block is decoded in place, over its own base64 text, so
 * the text can be read once only. */
#ifndef HK_PARSE_PEM_H
#define HK_PARSE_PEM_H

#include "base/err.h"
#include "base/span.h"

typedef struct hk_pem {
	uint8_t *at; /* begin of the next line to look at; borrowed, written to */
	uint8_t *end;
} hk_pem;

/* hk_pem_init(pem, text, len): start at the first line of text, which must stay and is overwritten block by block. */
void hk_pem_init(hk_pem *pem, uint8_t *text, size_t len);

/* hk_pem_next(pem, ret_der, ret_done): the next block labelled CERTIFICATE or X509 CERTIFICATE, decoded into *ret_der, which
 * lives as long as the text. *ret_done is true, and *ret_der empty, when there is none. Boundaries stand at the begin of a
 * line; blanks and line ends inside the base64 text do not matter. HK_ETRUNC: the block never ends, or another one begins
 * before it does. HK_EFORM: its base64 text is not strict (base/codec.h) or empty, or END has another label. After an error
 * the next call goes on behind the bad block, so errors are as finite as blocks. */
HK_MUST hk_err hk_pem_next(hk_pem *pem, hk_span *ret_der, bool *ret_done);

/* hk_pem_looks(text): whether some line of text begins with "-----BEGIN ": tells PEM from DER. */
bool hk_pem_looks(hk_span text);

#endif
