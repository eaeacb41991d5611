/* range/cttls: a certificate for loopback, and the authority that made it. Part of hikeshi-range.
 */
#ifndef RG_CTTLS_H
#define RG_CTTLS_H

#include <glib.h>
#include <stdbool.h>

/* rg_tls_self(ca_path, san, ret_cert, ret_key, error): a fresh P-256 authority, written to ca_path, and
 * a certificate by it for localhost, 127.0.0.1 and ::1, good for a year; san: more names, as "DNS:a.example,DNS:b.example", or NULL. PEM; caller frees both. */
bool rg_tls_self(
	const char *ca_path, const char *san, char **ret_cert, char **ret_key, GError **error);

#endif
