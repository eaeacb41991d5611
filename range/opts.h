/* range/opts: the command line of hikeshi-range, from opts.def. Input is ours. */
#ifndef RG_OPTS_H
#define RG_OPTS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

typedef enum rg_opt_type {
	RG_TYPE_BOOL,
	RG_TYPE_INT,
	RG_TYPE_REAL,
	RG_TYPE_TEXT,
	RG_TYPE_LIST, /* the flag again for each */
	RG_TYPE_TLS,  /* "self", or two arguments */
} rg_opt_type;

typedef enum rg_opt {
#define OPT(id, name, commands, type, def, arg, help) RG_OPT_##id,
#include "opts.def"
#undef OPT
	RG_OPT_COUNT
} rg_opt;

typedef struct rg_opts rg_opts;

/* rg_opts_parse(command, argc, argv, error): reads argv[0..argc-1]; HK_EUSAGE names what is wrong.
 */
void rg_opts_free(rg_opts *opts);
rg_opts *rg_opts_parse(const char *command, int argc, char **argv, GError **error)
	HK_FREED_BY(rg_opts_free);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(rg_opts, rg_opts_free)

/* The value, or the default of the table. text: NULL when there is neither. list: ends with NULL,
 * never NULL. */
const char *rg_opts_text(const rg_opts *opts, rg_opt id);
uint64_t rg_opts_int(const rg_opts *opts, rg_opt id);
double rg_opts_real(const rg_opts *opts, rg_opt id);
bool rg_opts_bool(const rg_opts *opts, rg_opt id);
char **rg_opts_list(const rg_opts *opts, rg_opt id);

/* rg_opts_help(command, out): appends a line or more per option of the command. */
void rg_opts_help(const char *command, GString *out);

#endif
