/* sys/options: the command line and the configuration file, both from options.def. Layer: sys.
 * Input is ours.
 *
 * An option has one name, one type and one meaning everywhere: the flag --name and the
 * configuration key `name` are the same thing. What holds is, in this order: the command line, the
 * configuration file, the default of the table. A value is checked when it is read (type, unit,
 * smallest, largest), so that the getters cannot fail. */
#ifndef HK_SYS_OPTIONS_H
#define HK_SYS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

#include "base/err.h"

/* The configuration that is read when --config names no other and the file exists. */
#define HK_CONFIG_PATH "/etc/hikeshi/hikeshi.conf"

typedef enum hk_opt_type {
	HK_TYPE_BOOL,     /* --name, --no-name, --name=true|false|yes|no|on|off */
	HK_TYPE_INT,      /* decimal, not negative */
	HK_TYPE_REAL,     /* decimal with an optional fraction, not negative, no exponent */
	HK_TYPE_STRING,   /* UTF-8 without control characters */
	HK_TYPE_PATH,     /* the same; names a file or folder */
	HK_TYPE_LIST,     /* strings: the flag again for each; { "a", "b" } in the configuration */
	HK_TYPE_DURATION, /* number with ms, s, m, h or d; a bare number is in the row's unit; kept
			     in ms */
	HK_TYPE_SIZE,     /* number with K, M, G or T (powers of 1024); kept in bytes */
} hk_opt_type;

typedef enum hk_opt {
#define OPT(id, name, commands, type, unit, min, max, def, arg, help)  HK_OPT_##id,
#define FLAG(id, name, commands, type, unit, min, max, def, arg, help) HK_OPT_##id,
#include "sys/options.def"
#undef OPT
#undef FLAG
	HK_OPT_COUNT
} hk_opt;

/* A row of options.def; static storage. */
typedef struct hk_opt_row {
	const char *name;     /* "poll" */
	const char *commands; /* "ct scan|ct follow"; "*" for every command */
	hk_opt_type type;
	const char *unit; /* "ms", "MiB", ... for readers, and of a bare number of a duration; NULL:
			     none */
	const char *min;  /* smallest and largest value as text in the notation of the option; NULL:
			     no limit */
	const char *max;
	const char *def;  /* default as text; NULL: none */
	const char *arg;  /* placeholder in help; NULL: BOOL takes no argument */
	const char *help; /* one sentence, no full stop */
	bool key; /* may stand in the configuration (OPT); false: command line only (FLAG) */
} hk_opt_row;

/* Where a value comes from. */
typedef enum hk_opt_origin {
	HK_ORIGIN_DEFAULT,
	HK_ORIGIN_CONFIG,
	HK_ORIGIN_FLAG,
} hk_opt_origin;

typedef struct hk_opts hk_opts;

/* hk_opt_row_get(id): the row; id below HK_OPT_COUNT. */
const hk_opt_row *hk_opt_row_get(hk_opt id);

/* hk_opt_takes(id, command): whether the command ("ct scan") takes the option. */
bool hk_opt_takes(hk_opt id, const char *command);

/* hk_opts_parse(command, argc, argv, error): reads argv[0..argc-1] (what follows the command's
 * words), then the configuration. `--` ends the options; `-` alone is an argument. NULL and error:
 * HK_EUSAGE for the command line (with the nearest flag), HK_ECONFIG for the configuration
 * ("FILE:LINE: ..."), HK_ENOENT when --config names no file. The strings of argv are copied. Free
 * with hk_opts_free. */
void hk_opts_free(hk_opts *opts);
hk_opts *hk_opts_parse(const char *command, int argc, char **argv, GError **error)
	HK_FREED_BY(hk_opts_free);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_opts, hk_opts_free)

/* The value. The type must be that of the row: str for STRING and PATH; int for INT, DURATION (ms)
 * and SIZE (bytes); anything else is a bug and aborts. str is borrowed until hk_opts_free and NULL
 * when there is neither value nor default; int and real are then 0, bool is false, list is empty
 * (never NULL, ends with NULL). */
const char *hk_opts_str(const hk_opts *opts, hk_opt id);
int64_t hk_opts_int(const hk_opts *opts, hk_opt id);
double hk_opts_real(const hk_opts *opts, hk_opt id);
bool hk_opts_bool(const hk_opts *opts, hk_opt id);
const char *const *hk_opts_list(const hk_opts *opts, hk_opt id);

/* hk_opts_text(opts, id): the value as text in the notation of the configuration, without quotes
 * ("2s", "a, b"); newly allocated, caller frees; NULL: no value. */
char *hk_opts_text(const hk_opts *opts, hk_opt id);

/* hk_opts_given(opts, id): whether the command line or the configuration sets it. */
bool hk_opts_given(const hk_opts *opts, hk_opt id);
hk_opt_origin hk_opts_origin(const hk_opts *opts, hk_opt id);

/* hk_opts_line(opts, id): the line of the configuration that sets it; 0 when none does. */
int hk_opts_line(const hk_opts *opts, hk_opt id);

/* hk_opts_require(opts, id, error): true when the option has a value; else HK_EUSAGE "--contact
 * MAIL is needed (or `contact = ...` in the configuration): HELP". */
bool hk_opts_require(const hk_opts *opts, hk_opt id, GError **error);

/* hk_opts_args(opts): the arguments that are no options, NULL at the end; borrowed.
 * hk_opts_arg_count: their number. */
const char *const *hk_opts_args(const hk_opts *opts);
size_t hk_opts_arg_count(const hk_opts *opts);

/* hk_opts_config_path(opts): the configuration file that was read; NULL when none was. */
const char *hk_opts_config_path(const hk_opts *opts);

#endif
