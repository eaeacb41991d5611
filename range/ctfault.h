/* range/ctfault: which requests go wrong, and how. Part of librange. Seeded: the same requests fail
 * in the same way.
 *
 * A fault is given as NAME[@WHERE][:CHANCE][:PARAMETER]. NAME is a row of fault.def; WHERE is head,
 * entries, tiles, proofs or reads (all of them); CHANCE is a probability (0.25), every-N, or
 * first-N (the first N requests only); without it every request is hit. "429:0.1:date",
 * "fork:1:1000", "5xx@head:every-3:500". */
#ifndef RG_CTFAULT_H
#define RG_CTFAULT_H

#include <glib.h>

#include "base/err.h"
#include "rng.h"

enum {
	RG_AT_HEAD = 1,    /* checkpoint, get-sth */
	RG_AT_ENTRIES = 2, /* data tiles, get-entries */
	RG_AT_TILES = 4,   /* level tiles, partial data tiles, issuers */
	RG_AT_PROOFS = 8,  /* proofs, roots */
	RG_AT_READS = 15,
};

typedef enum rg_fault {
#define FAULT(id, name, at, parameter, def, what) RG_FAULT_##id,
#include "fault.def"
#undef FAULT
	RG_FAULT_COUNT
} rg_fault;

/* A row of fault.def; static storage. */
typedef struct rg_fault_row {
	const char *name;
	unsigned at;
	const char *parameter; /* what it means; NULL: takes none */
	const char *def;       /* NULL: none */
	const char *what;
} rg_fault_row;

const rg_fault_row *rg_fault_row_get(rg_fault fault);

typedef struct rg_faults rg_faults;

void rg_faults_free(rg_faults *faults);
rg_faults *rg_faults_new(uint64_t seed) HK_FREED_BY(rg_faults_free);

/* rg_faults_set(faults, spec, error): switches one on, or changes it; HK_EUSAGE says what is wrong
 * with spec. */
bool rg_faults_set(rg_faults *faults, const char *spec, GError **error);

/* rg_faults_clear(faults, name): switches one off, all for NULL. False: no such name. */
bool rg_faults_clear(rg_faults *faults, const char *name);

/* rg_faults_hit(faults, fault, at, ret_param): whether this request, of kind `at`, is hit; counts
 * it. *ret_param (may be NULL) is the parameter or its default, borrowed, NULL when there is none.
 */
bool rg_faults_hit(rg_faults *faults, rg_fault fault, unsigned at, const char **ret_param);

/* rg_faults_json(faults, out): an array of those that are on, with how often they struck. */
void rg_faults_json(const rg_faults *faults, GString *out);

#endif
