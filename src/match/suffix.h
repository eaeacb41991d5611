/* suffix.h: where does the public suffix of a host name begin? Layer match (core); names are
 * hostile, the rule file is ours but checked all the same.
 *
 * A hash table of the Public Suffix List (https://publicsuffix.org/list/), built from its text into
 * the caller's memory and asked from right to left: about 40 ns per name, because most names are
 * settled by two or three probes. Both sections are kept apart: a suffix of the PRIVATE section
 * (duckdns.org, workers.dev) is a hosting service, and the label left of it is its customer. */
#ifndef HK_MATCH_SUFFIX_H
#define HK_MATCH_SUFFIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"

/* Caps on the rule file: bytes of text, rules kept, bytes of one rule as A-labels. */
#define HK_SUFFIX_FILE_MAX  (4u << 20)
#define HK_SUFFIX_RULES_MAX 65536u
#define HK_SUFFIX_RULE_MAX  253u

/* A table. Read-only after the build, so threads may share it. Fields are private to suffix.c;
 * pointers borrow from the memory that was given to hk_suffix_table_build. */
typedef struct hk_suffix_table {
	const uint64_t *slots; /* low half: hash; high half: place of the text and flags */
	const char *text;
	uint32_t mask;
	uint32_t rules;
} hk_suffix_table;

/* A name cut up. Offsets count bytes from the start of the name. */
typedef struct hk_suffix_split {
	uint16_t suffix_off;      /* first byte of the public suffix */
	uint16_t registrable_off; /* first byte of suffix plus one label; suffix_off if none */
	uint16_t
		icann_suffix_off; /* the same two by the rules of the ICANN section only, so that */
	uint16_t icann_registrable_off; /* x.duckdns.org gives "org" and "duckdns.org" */
	uint16_t end;                   /* length without a trailing dot */
	bool is_private; /* the suffix stands in the PRIVATE section: it is a hosting service */
	bool is_known;   /* a rule matched; false: the last label was taken (the list's rule "*") */
} hk_suffix_split;

/* Bytes of memory that hk_suffix_table_build needs for this file. Never 0. */
size_t hk_suffix_table_need(hk_span dat);

/* hk_suffix_table_build(dat, mem, mem_len, ret): read the text of public_suffix_list.dat (UTF-8,
 * one rule a line up to the first white space, comments with "//", section marks of the official
 * file) into mem, which must be 8-byte aligned, hold hk_suffix_table_need(dat) bytes and outlive
 * *ret. dat may go afterwards. Rules with letters outside ASCII are stored as A-labels. HK_OK;
 * HK_ELIMIT (a cap above, or mem too small); HK_EFORM (a rule that is no name, or no rule at all).
 * *ret is untouched unless HK_OK. */
HK_MUST hk_err hk_suffix_table_build(hk_span dat, void *mem, size_t mem_len, hk_suffix_table *ret);

/* hk_suffix_split_name(table, name, len, ret): cut name (lower case, A-labels; a leading "*." is
 * just a label; one trailing dot is ignored). Never fails: any bytes and any length are taken, of
 * more than 65535 bytes only the last 65535 are looked at and offsets are then from that point.
 * Empty labels are labels. A name that is itself a suffix has no registrable part. */
void hk_suffix_split_name(
	const hk_suffix_table *table, const char *name, size_t len, hk_suffix_split *ret);

#endif
