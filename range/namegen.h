/* range/namegen: inventing host names. Part of librange. Deterministic: the same stream gives the
 * same names.
 *
 * Benign names are made of words and invented companies; phishing names imitate the one invented
 * bank, みほん銀行 (mihon-bank.example), and no one else. The public suffixes are real (com, co.jp,
 * duckdns.org ...), because a matcher that splits at the public suffix must be tried on real ones;
 * nothing here is ever resolved or connected to, and the registrable parts are two or three words
 * or syllables that are unlikely to be anyone's. */
#ifndef RG_NAMEGEN_H
#define RG_NAMEGEN_H

#include "names.h"
#include "rng.h"

/* The shapes of phishing names; the row order is the order in which rg_namegen_phish cycles. */
typedef enum rg_phish {
	RG_PHISH_TYPO,      /* mihom-bank.com, one edit */
	RG_PHISH_CONFUSE,   /* m1hon-bank, rnihon-bank, xn-- with a look-alike letter */
	RG_PHISH_COMBO,     /* mihon-bank-login.com */
	RG_PHISH_CHAIN,     /* login.mihon-bank.co.jp.<random>.cn */
	RG_PHISH_DYNDNS,    /* 100 labels of BP1's shape below duckdns.org in one certificate */
	RG_PHISH_SUBDOMAIN, /* mihonbank.<random>.top */
	RG_PHISH_SHAPES
} rg_phish;

/* rg_namegen_benign(rng, count, ret): adds count (>= 1) different names of one certificate: mostly
 * one registrable domain and its sub-domains, for many names several domains. */
void rg_namegen_benign(rg_rng *rng, size_t count, rg_names *ret);

/* rg_namegen_phish(rng, shape, ret): adds the names of one phishing certificate: 1-4, but 100 for
 * RG_PHISH_DYNDNS. */
void rg_namegen_phish(rg_rng *rng, rg_phish shape, rg_names *ret);

/* rg_namegen_san_count(rng): how many names a benign certificate has: 1..100, mean about 3.4. */
size_t rg_namegen_san_count(rg_rng *rng);

#endif
