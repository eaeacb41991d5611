/* fuzz_x509: a certificate, or, when it is none, a TBSCertificate.
 * Properties: every span lies inside the input; the walk over the names ends within the SAN and gives dns_count + ip_count
 * names, odd ones only when the certificate is odd too; a plain name is never odd; the key pieces are one DER element
 * without the SCT list and poison that were seen first; and where OpenSSL accepts the certificate, all fields agree. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "parse/x509.h"
#include "x509_peer.h"

#define need(cond)                                                                                 \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			fprintf(stderr, "property broken: %s\n", #cond);                           \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

static void
inside(hk_span part, const uint8_t *data, size_t size)
{
	need(part.data != NULL || part.len == 0);
	need(part.data == NULL || (part.data >= data && part.data + part.len <= data + size));
}

static void
check_names(const hk_x509 *x509)
{
	hk_x509_names walk;
	hk_x509_name name;
	uint32_t counts[2] = {0, 0};
	size_t bytes = 0;
	uint32_t odd = 0;

	hk_x509_names_init(x509, &walk);
	while (hk_x509_names_next(&walk, &name)) {
		inside(name.value, x509->san.data, x509->san.len);
		bytes += name.value.len + 2;
		counts[name.kind]++;
		if (name.kind == HK_X509_NAME_DNS) {
			odd |= hk_x509_odd_name(name.value);
		} else {
			odd |= name.value.len == 4 || name.value.len == 16
				       ? 0
				       : (uint32_t)HK_X509_ODD_BAD_IP;
		}
	}
	need(bytes <= x509->san.len);
	need(counts[HK_X509_NAME_DNS] == x509->dns_count &&
		counts[HK_X509_NAME_IP] == x509->ip_count);
	/* The quick look of the parse must see what the full look sees. */
	need((odd & ~x509->odd) == 0);
}

static void
check_key(const hk_x509 *x509)
{
	hk_x509_key key;
	size_t len = 0;
	hk_x509 again;

	hk_x509_tbs_key_pieces(x509, &key);
	need(key.count >= 1 && key.count <= HK_X509_KEY_PIECES);
	for (size_t i = 0; i < key.count; i++) {
		need(key.piece[i].len > 0);
		len += key.piece[i].len;
	}
	need(len <= x509->tbs.len);
	uint8_t *tbs = malloc(len);
	uint8_t *at = tbs;
	for (size_t i = 0; i < key.count; i++) {
		memcpy(at, key.piece[i].data, key.piece[i].len);
		at += key.piece[i].len;
	}
	need(hk_x509_parse_tbs(hk_span_of(tbs, len), &again) == HK_OK);
	need(again.tbs.len == len);
	need(again.dns_count == x509->dns_count && again.ip_count == x509->ip_count);
	if (!(x509->odd & (uint32_t)HK_X509_ODD_DUPLICATE_EXTENSION)) {
		need(!again.has_poison && !again.has_sct_list);
	}
	free(tbs);
}

static void
check(const hk_x509 *x509, const uint8_t *data, size_t size)
{
	const hk_span parts[] = {x509->tbs, x509->serial, x509->issuer_o, x509->issuer_cn,
		x509->issuer_c, x509->subject_cn, x509->spki, x509->san, x509->extensions,
		x509->wrapper, x509->sct_list, x509->poison};

	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		inside(parts[i], data, size);
	}
	need(x509->odd >> HK_X509_ODD_COUNT == 0);
	need((x509->sct_list.len > 0) == x509->has_sct_list &&
		(x509->poison.len > 0) == x509->has_poison);
	check_names(x509);
	check_key(x509);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	hk_x509 x509;
	peer_report report;

	need((hk_x509_odd_name(hk_span_of(data, size)) == 0) <= (size > 0 && size <= 253));
	if (hk_x509_parse_cert(hk_span_of(data, size), &x509) == HK_OK) {
		check(&x509, data, size);
	} else if (hk_x509_parse_tbs(hk_span_of(data, size), &x509) == HK_OK) {
		check(&x509, data, size);
		return 0;
	}
	peer_compare(hk_span_of(data, size), &report);
	if (report.result == PEER_DIFFER) {
		fprintf(stderr, "differs from OpenSSL: %s (odd %08x)\n", report.what, report.odd);
		abort();
	}
	return 0;
}
