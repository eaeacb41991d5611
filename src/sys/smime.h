/* sys/smime: signing a mail (S/MIME, RFC 8551, multipart/signed with a detached CMS signature, RFC 5652), over OpenSSL. Layer: sys. Input is ours. */
#ifndef HK_SYS_SMIME_H
#define HK_SYS_SMIME_H

#include <stdint.h>

#include <glib.h>

#include "base/err.h"
#include "base/span.h"

typedef struct hk_smime hk_smime;
void hk_smime_free(hk_smime *signer); /* accepts NULL */

/* hk_smime_new(certificate_path, key_path, error): PEM files: the certificate, with those between it and a root behind it (they go along), and its
 * private key, without a passphrase, which group and others may not read (HK_EPOLICY). HK_EFORM: no certificate, no key, or they do not belong together. */
hk_smime *hk_smime_new(const char *certificate_path, const char *key_path, GError **error)
	HK_FREED_BY(hk_smime_free);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_smime, hk_smime_free)

/* hk_smime_sign(signer, message, time_ms, boundary, error): the message with its body signed (SHA-256); caller unrefs. message: RFC 5322, CR LF at line
 * ends, as hk_mailw_build() writes it; its Content-* fields move into the signed part. time_ms is the time the signature says. With an RSA key the same
 * input makes the same bytes. HK_EFORM: message has no header; HK_EINTERNAL: OpenSSL refused. */
GBytes *hk_smime_sign(const hk_smime *signer, hk_span message, int64_t time_ms,
	const char *boundary, GError **error);

#endif
