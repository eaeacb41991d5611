/* range/c2script: scenarios of `hikeshi-range c2`: what the operator does when. Part of librange. Input is ours.
 *
 * A line is a step; '#' begins a comment line; words are parted by blanks. The first word is the time: seconds since the scenario began (decimals allowed), never less than
 * that of the line before. Then:
 *
 *   PORT VERB [NUMBERS [TEXT]]      a command to the clients of that port, '*': of all of them. VERB: c2verbs.def. NUMBERS: a list as it goes over the line, '@40': forty
 *                                   invented ones that no other line has, '-': none. TEXT: the rest of the line.
 *   a HOST STATE [ADDRESS:PORT]     a dead drop changes (c2drops.def)
 *   fault PORT|* NAME [TIMES]       as POST /-/fault
 *   drop PORT|* CHANCE [HOW]        as POST /-/drop, at once */
#ifndef RG_C2SCRIPT_H
#define RG_C2SCRIPT_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "base/span.h"

enum { RG_SCRIPT_BYTES_MAX = 4 << 20, RG_SCRIPT_STEPS_MAX = 20000, RG_SCRIPT_NUMBERS_MAX = 1000 };

typedef enum rg_step_kind { RG_STEP_COMMAND, RG_STEP_A, RG_STEP_FAULT, RG_STEP_DROP } rg_step_kind;

typedef struct rg_step {
	int64_t at_ms; /* since the beginning */
	rg_step_kind kind;
	unsigned port; /* the name of a port, 0: all */
	char *text; /* of a command: what goes over the line, UTF-8; of the others the second word: host, fault, chance */
	char *state;    /* RG_STEP_A: the state; RG_STEP_DROP: how, or NULL */
	char *address;  /* RG_STEP_A: or NULL */
	unsigned times; /* RG_STEP_FAULT; 0: until it is taken back */
} rg_step;

/* rg_script_read(text, next_number, error): the steps, by time; caller unrefs. *next_number counts the invented numbers and goes on. HK_EFORM with "line N: what";
 * whether states, faults and ports exist is seen when the step is taken. */
GPtrArray *rg_script_read(hk_span text, unsigned *next_number, GError **error);
void rg_step_free(gpointer step);

/* rg_script_command(verb, numbers, text, next_number): what goes over the line; numbers and text may be NULL. NULL: no such verb, or no such NUMBERS. Caller frees. */
char *rg_script_command(
	const char *verb, const char *numbers, const char *text, unsigned *next_number);

/* rg_script_number(n, ret): the n-th invented mobile number, "09055000000" ...: different for different n below 300,000,000. */
enum { RG_SCRIPT_NUMBER_SIZE = 12 };
void rg_script_number(unsigned n, char ret[RG_SCRIPT_NUMBER_SIZE]);

/* Row i of c2verbs.def: its word, what it is; NULL past the last one. */
const char *rg_script_verb(size_t i, const char **ret_what);

#endif
