#include "certgen.h"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include "base/err.h"
#include "base/utf8.h"
#include "namegen.h"

enum { CERT_MEMORY = 4 << 20, CN_MAX = 64, TRAILING_BYTES = 3 };

struct rg_certgen {
	uint64_t seed;
	rg_issuers *issuers;
	rg_names *names; /* invented ones of the present order */
	uint8_t *cert;   /* CERT_MEMORY: where the certificate is written */
	uint8_t *tbs;    /* CERT_MEMORY: where the bare TBS is written */
};

/* The three shapes of one TBSCertificate. */
typedef enum form_kind {
	FORM_BARE,   /* in the leaf of a precertificate */
	FORM_POISON, /* in the precertificate */
	FORM_SCTS,   /* in the certificate */
} form_kind;

/* What the streams decided, the same for every form. */
typedef struct plan {
	const rg_issuer *issuer;
	const rg_key *key;
	const rg_names *names;
	int64_t not_before;
	int64_t not_after;
	uint8_t serial[18];
	size_t serial_len;
	char cn[CN_MAX + 1]; /* "": none */
	const char *subject_org;
	int odd; /* an rg_odd; -1: none */
	rg_rng sct_rng;
} plan;

static const rg_odd_row odd_rows[] = {
#define ODD(id, name, well_formed, what) {name, well_formed, what},
#include "odd.def"
#undef ODD
};

const rg_odd_row *
rg_odd_get(rg_odd odd)
{
	return &odd_rows[odd];
}

const char *
rg_kind_name(rg_kind kind)
{
	static const char *const names[] = {"benign", "phish", "odd"};

	return names[kind];
}

rg_certgen *
rg_certgen_new(uint64_t seed)
{
	rg_certgen *gen = g_new0(rg_certgen, 1);

	gen->seed = seed;
	gen->issuers = rg_issuers_new(seed);
	gen->names = rg_names_new();
	gen->cert = g_malloc(CERT_MEMORY);
	gen->tbs = g_malloc(CERT_MEMORY);
	return gen;
}

void
rg_certgen_free(rg_certgen *gen)
{
	if (!gen) {
		return;
	}
	rg_issuers_free(gen->issuers);
	rg_names_free(gen->names);
	g_free(gen->cert);
	g_free(gen->tbs);
	g_free(gen);
}

const rg_issuers *
rg_certgen_issuers(const rg_certgen *gen)
{
	return gen->issuers;
}

/* Extensions, each as content of the extnValue. OIDs are id-ce (2.5.29) unless said. */
#define OID(name, ...) static const uint8_t name[] = {__VA_ARGS__}
OID(oid_ski, 0x55, 0x1D, 0x0E);
OID(oid_key_usage, 0x55, 0x1D, 0x0F);
OID(oid_san, 0x55, 0x1D, 0x11);
OID(oid_basic_constraints, 0x55, 0x1D, 0x13);
OID(oid_crl, 0x55, 0x1D, 0x1F);
OID(oid_policies, 0x55, 0x1D, 0x20);
OID(oid_aki, 0x55, 0x1D, 0x23);
OID(oid_eku, 0x55, 0x1D, 0x25);
OID(oid_aia, 0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x01);
OID(oid_ocsp, 0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01);
OID(oid_ca_issuers, 0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x02);
OID(oid_scts, 0x2B, 0x06, 0x01, 0x04, 0x01, 0xD6, 0x79, 0x02, 0x04, 0x02);
OID(oid_poison, 0x2B, 0x06, 0x01, 0x04, 0x01, 0xD6, 0x79, 0x02, 0x04, 0x03);

enum { GN_DNS = 0x82, GN_URI = 0x86, GN_IP = 0x87, SCTS = 2 };

#define EXTENSION(w, oid, critical, mark)                                                          \
	rg_issuer_extension((w), (oid), sizeof(oid), (critical), (mark))

static void
put_scts(rg_derw *w, rg_rng rng, int64_t not_before)
{
	size_t mark = rg_derw_mark(w);

	for (int i = 0; i < SCTS; i++) {
		size_t sct = rg_derw_mark(w);
		uint8_t bytes[32];

		/* RFC 6962, section 3.2: version, log id, timestamp, extensions, hash, signature
		 * algorithm, signature. */
		rg_rng_fill(&rng, bytes, sizeof bytes);
		rg_derw_uint(w, bytes, 32);
		rg_rng_fill(&rng, bytes, sizeof bytes);
		rg_derw_uint(w, bytes, 32);
		rg_derw_wrap(w, RG_DER_SEQUENCE, sct);
		uint8_t len[2] = {0, (uint8_t)(rg_derw_mark(w) - sct)};
		rg_derw_raw(w, len, 2);
		rg_derw_raw(w, "\0\0\4\3", 4);
		uint64_t ms = (uint64_t)(not_before + 3600) * 1000 + rg_rng_below(&rng, 5000);
		for (int k = 0; k < 8; k++, ms >>= 8) {
			rg_derw_byte(w, (uint8_t)ms);
		}
		rg_rng_fill(&rng, bytes, sizeof bytes);
		rg_derw_raw(w, bytes, 32);
		rg_derw_byte(w, 0);
		len[1] = (uint8_t)(rg_derw_mark(w) - sct);
		rg_derw_raw(w, len, 2);
	}
	size_t all = rg_derw_mark(w) - mark;
	uint8_t len[2] = {(uint8_t)(all >> 8), (uint8_t)all};
	rg_derw_raw(w, len, 2);
	rg_derw_wrap(w, RG_DER_OCTETS, mark);
	EXTENSION(w, oid_scts, false, mark);
}

static void
put_san(rg_derw *w, const plan *p)
{
	static const uint8_t ip4[] = {192, 0, 2, 7};
	static const uint8_t ip6[] = {0x20, 1, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
	size_t mark = rg_derw_mark(w);

	if (rg_names_count(p->names) == 0) {
		return;
	}
	if (p->odd == RG_ODD_IP_NAME) {
		rg_derw_tlv(w, GN_IP, ip6, sizeof ip6);
		rg_derw_tlv(w, GN_IP, ip4, sizeof ip4);
	}
	if (p->odd == RG_ODD_BAD_LENGTH) {
		static const uint8_t liar[] = {GN_DNS, 0x7F, 'l', 'i', 'a', 'r'};
		rg_derw_raw(w, liar, sizeof liar);
	}
	for (size_t i = rg_names_count(p->names); i-- > 0;) {
		hk_span name = rg_names_at(p->names, i);
		rg_derw_tlv(w, GN_DNS, name.data, name.len);
	}
	rg_derw_wrap(w, RG_DER_SEQUENCE, mark);
	/* RFC 5280, 4.2.1.6: critical when the subject is empty. */
	EXTENSION(w, oid_san, !*p->cn && !p->subject_org, mark);
}

static void
put_uri(rg_derw *w, const plan *p, const char *service, const char *file)
{
	char uri[96];
	int len = g_snprintf(
		uri, sizeof uri, "http://%.12s.%s.range.example/%s", p->issuer->cn, service, file);

	for (int i = 7; i < len; i++) {
		uri[i] = uri[i] == ' ' ? '-' : g_ascii_tolower(uri[i]);
	}
	rg_derw_tlv(w, GN_URI, uri, (size_t)len);
}

static void
put_aia(rg_derw *w, const plan *p)
{
	size_t mark = rg_derw_mark(w);

	put_uri(w, p, "i", "");
	rg_derw_tlv(w, RG_DER_OID, oid_ca_issuers, sizeof oid_ca_issuers);
	rg_derw_wrap(w, RG_DER_SEQUENCE, mark);
	if (p->issuer->days > 90) {
		size_t second = rg_derw_mark(w);
		put_uri(w, p, "o", "");
		rg_derw_tlv(w, RG_DER_OID, oid_ocsp, sizeof oid_ocsp);
		rg_derw_wrap(w, RG_DER_SEQUENCE, second);
	}
	rg_derw_wrap(w, RG_DER_SEQUENCE, mark);
	EXTENSION(w, oid_aia, false, mark);
}

static void
put_crl(rg_derw *w, const plan *p)
{
	char file[16];
	size_t mark = rg_derw_mark(w);

	g_snprintf(file, sizeof file, "%u.crl", p->serial[1] % 128u);
	put_uri(w, p, "c", file);
	rg_derw_wrap(w, 0xA0, mark);
	rg_derw_wrap(w, 0xA0, mark);
	rg_derw_wrap(w, RG_DER_SEQUENCE, mark);
	rg_derw_wrap(w, RG_DER_SEQUENCE, mark);
	EXTENSION(w, oid_crl, false, mark);
}

static void
put_extensions(rg_derw *w, const plan *p, form_kind form)
{
	static const uint8_t dv[] = {0x30, 0x0A, 0x30, 0x08, 0x06, 0x06, 0x67, 0x81, 0x0C, 1, 2, 1};
	static const uint8_t server_auth[] = {0x30, 0x0A, 0x06, 8, 0x2B, 6, 1, 5, 5, 7, 3, 1};
	static const uint8_t usage_rsa[] = {0x03, 0x02, 0x05, 0xA0};
	static const uint8_t usage_ec[] = {0x03, 0x02, 0x07, 0x80};
	static const uint8_t not_ca[] = {0x30, 0x00};
	size_t all = rg_derw_mark(w);
	size_t mark = all;

	if (form == FORM_SCTS) {
		put_scts(w, p->sct_rng, p->not_before);
	} else if (form == FORM_POISON) {
		rg_derw_tlv(w, RG_DER_NULL, NULL, 0);
		EXTENSION(w, oid_poison, true, mark);
	}
	put_crl(w, p);
	mark = rg_derw_mark(w);
	rg_derw_raw(w, dv, sizeof dv);
	EXTENSION(w, oid_policies, false, mark);
	put_san(w, p);
	put_aia(w, p);
	mark = rg_derw_mark(w);
	rg_derw_tlv(w, 0x80, p->issuer->key.id, RG_KEY_ID_SIZE);
	rg_derw_wrap(w, RG_DER_SEQUENCE, mark);
	EXTENSION(w, oid_aki, false, mark);
	mark = rg_derw_mark(w);
	rg_derw_tlv(w, RG_DER_OCTETS, p->key->id, RG_KEY_ID_SIZE);
	EXTENSION(w, oid_ski, false, mark);
	mark = rg_derw_mark(w);
	rg_derw_raw(w, not_ca, sizeof not_ca);
	EXTENSION(w, oid_basic_constraints, true, mark);
	mark = rg_derw_mark(w);
	rg_derw_raw(w, server_auth, sizeof server_auth);
	EXTENSION(w, oid_eku, false, mark);
	mark = rg_derw_mark(w);
	rg_derw_raw(w, p->key->rsa ? usage_rsa : usage_ec, sizeof usage_rsa);
	EXTENSION(w, oid_key_usage, true, mark);
	rg_derw_wrap(w, RG_DER_SEQUENCE, all);
	rg_derw_wrap(w, 0xA3, all);
}

static void
put_tbs(rg_derw *w, const plan *p, form_kind form)
{
	static const uint8_t v3[] = {0xA0, 0x03, 0x02, 0x01, 0x02};
	size_t all = rg_derw_mark(w);
	size_t mark;

	put_extensions(w, p, form);
	rg_derw_raw(w, p->key->spki, p->key->spki_len);
	rg_issuer_dn(w, p->subject_org ? "JP" : NULL, p->subject_org, *p->cn ? p->cn : NULL);
	mark = rg_derw_mark(w);
	rg_derw_time(w, p->not_after);
	if (p->odd == RG_ODD_BAD_TIME) {
		rg_derw_tlv(w, RG_DER_UTC_TIME, "261399256161Z", 13);
	} else {
		rg_derw_time(w, p->not_before);
	}
	rg_derw_wrap(w, RG_DER_SEQUENCE, mark);
	rg_issuer_dn(w, p->issuer->country, p->issuer->org, p->issuer->cn);
	rg_issuer_algorithm(w, p->issuer->rsa);
	rg_derw_uint(w, p->serial, p->serial_len);
	rg_derw_raw(w, v3, sizeof v3);
	rg_derw_wrap(w, RG_DER_SEQUENCE, all);
}

/* Each odd certificate also has ordinary names, so that its other facts can be seen to survive. */
static void
odd_names(rg_rng *rng, rg_odd odd, rg_names *names)
{
	static const uint8_t nul[] = "www.mihon-bank.example\0.ev1l-hikeshi.com";
	static const uint8_t raw[] = "caf\xE9-\xFF\xFE.hikeshi-range.com";
	char text[320];

	if (odd == RG_ODD_NO_NAMES) {
		return;
	}
	rg_namegen_benign(rng, 1 + rg_rng_below(rng, 3), names);
	switch (odd) {
	case RG_ODD_NUL:
		rg_names_add(names, hk_span_of(nul, sizeof nul - 1));
		break;
	case RG_ODD_NON_UTF8:
		rg_names_add(names, hk_span_of(raw, sizeof raw - 1));
		break;
	case RG_ODD_SPACE:
		rg_names_addf(names, "my shop.hikeshi-range.com");
		rg_names_addf(names, "two\nlines.hikeshi-range.com");
		break;
	case RG_ODD_MANY:
		while (rg_names_count(names) < 10000) {
			rg_names_addf(names, "h%04zu.hikeshi-range.com", rg_names_count(names));
		}
		break;
	case RG_ODD_U_LABEL:
		rg_names_addf(names, "みほん銀行.com");
		break;
	case RG_ODD_IP_IN_NAME:
		rg_names_addf(names, "192.0.2.77");
		rg_names_addf(names, "2001:db8::77");
		break;
	case RG_ODD_LONG_NAME:
		memset(text, 'a', 300);
		for (size_t i = 50; i < 290; i += 50) {
			text[i] = '.';
		}
		memcpy(text + 296, ".com", 4);
		rg_names_add(names, hk_span_of(text, 300));
		break;
	case RG_ODD_LONG_LABEL:
		memset(text, 'b', 80);
		memcpy(text + 80, ".com", 4);
		rg_names_add(names, hk_span_of(text, 84));
		break;
	case RG_ODD_EMPTY_NAME:
		rg_names_add(names, hk_span_of("", 0));
		break;
	case RG_ODD_WILDCARD:
		rg_names_addf(names, "www.*.hikeshi-range.com");
		rg_names_addf(names, "w*w.hikeshi-range.com");
		rg_names_addf(names, "*");
		break;
	case RG_ODD_UPPER:
		rg_names_addf(names, "WWW.Hikeshi-Range.COM.");
		break;
	case RG_ODD_IP_NAME:
	case RG_ODD_NO_NAMES:
	case RG_ODD_BAD_LENGTH:
	case RG_ODD_TRAILING:
	case RG_ODD_BAD_TIME:
	case RG_ODD_COUNT:
		break;
	}
}

static void
choose_names(rg_certgen *gen, const rg_order *order, rg_rng *rng, plan *p)
{
	p->names = order->names;
	if (order->names) {
		return;
	}
	p->names = gen->names;
	rg_names_clear(gen->names);
	switch (order->kind) {
	case RG_PHISH:
		rg_namegen_phish(rng, (rg_phish)(order->variant % RG_PHISH_SHAPES), gen->names);
		break;
	case RG_ODD:
		odd_names(rng, (rg_odd)p->odd, gen->names);
		break;
	case RG_BENIGN:
	case RG_KIND_COUNT:
		rg_namegen_benign(rng, rg_namegen_san_count(rng), gen->names);
		break;
	}
}

static void
choose_cn(plan *p)
{
	hk_span first;

	p->cn[0] = '\0';
	if (!p->issuer->subject_cn || rg_names_count(p->names) == 0) {
		return;
	}
	first = rg_names_at(p->names, 0);
	if (first.len > CN_MAX || !hk_utf8_valid(first) || memchr(first.data, 0, first.len)) {
		return;
	}
	memcpy(p->cn, first.data, first.len);
	p->cn[first.len] = '\0';
}

static void
make_plan(rg_certgen *gen, const rg_order *order, plan *p)
{
	static const char *const orgs[] = {"Hinode Denki Co., Ltd.", "株式会社川辺食品",
		"Midorino Unyu K.K.", "Yamabuki Kogyo Co., Ltd.", "一般社団法人こもれび会"};
	rg_rng rng = rg_rng_of(gen->seed, "issuance", order->number);
	bool dyndns =
		order->kind == RG_PHISH && order->variant % RG_PHISH_SHAPES == RG_PHISH_DYNDNS;

	p->odd = order->kind == RG_ODD ? (int)(order->variant % RG_ODD_COUNT) : -1;
	/* BP1 is told by its issuer too: always R11 (threats.md S29, S30). */
	p->issuer = dyndns ? rg_issuers_named(gen->issuers, "R11")
			   : rg_issuers_pick(gen->issuers, &rng);
	p->key = rg_issuers_key(gen->issuers, &rng);
	choose_names(gen, order, &rng, p);
	choose_cn(p);
	p->subject_org = NULL;
	if (p->issuer->days > 90 && *p->cn && rg_rng_chance(&rng, 0.3)) {
		p->subject_org = orgs[rg_rng_below(&rng, G_N_ELEMENTS(orgs))];
	}
	p->not_before = order->when_s - 3600;
	p->not_after = p->not_before + (int64_t)p->issuer->days * 86400 - 1;
	p->serial_len = strcmp(p->issuer->org, "Let's Encrypt") == 0 ? 18 : 16;
	rg_rng_fill(&rng, p->serial, sizeof p->serial);
	p->serial[0] = p->serial_len == 18 ? 0x03 + (p->serial[0] & 3) : p->serial[0] | 1;
	p->sct_rng = rg_rng_of(gen->seed, "sct", order->number);
}

static hk_span
finish(const rg_derw *w, bool trailing)
{
	if (w->full) {
		HK_BUG("a certificate of the range is larger than CERT_MEMORY");
	}
	hk_span der = rg_derw_since(w, 0);

	der.len += trailing ? TRAILING_BYTES : 0;
	return der;
}

void
rg_certgen_make(rg_certgen *gen, const rg_order *order, bool precert, rg_cert *ret)
{
	plan p;
	rg_derw w;

	make_plan(gen, order, &p);
	bool trailing = p.odd == RG_ODD_TRAILING;

	memset(gen->tbs + CERT_MEMORY - TRAILING_BYTES, 'x', TRAILING_BYTES);
	rg_derw_init(&w, gen->tbs, CERT_MEMORY - TRAILING_BYTES);
	put_tbs(&w, &p, FORM_BARE);
	*ret = (rg_cert){.precert = precert,
		.tbs = finish(&w, trailing),
		.issuer = p.issuer,
		.names = p.names};
	SHA256(ret->tbs.data, ret->tbs.len - (trailing ? TRAILING_BYTES : 0), ret->tbs_sha256);

	rg_rng signature = rg_rng_of(gen->seed, precert ? "precert" : "cert", order->number);
	memset(gen->cert + CERT_MEMORY - TRAILING_BYTES, 'x', TRAILING_BYTES);
	rg_derw_init(&w, gen->cert, CERT_MEMORY - TRAILING_BYTES);
	rg_issuer_signature(&w, &signature, p.issuer->rsa);
	rg_issuer_algorithm(&w, p.issuer->rsa);
	put_tbs(&w, &p, precert ? FORM_POISON : FORM_SCTS);
	rg_derw_wrap(&w, RG_DER_SEQUENCE, 0);
	ret->der = finish(&w, trailing);
}
