/* range/playread: reads a scenario of `hikeshi-range play` (docs/scenarios.md). Part of librange. The input is hostile: banks exchange such files.
 *
 * A line is a verb of play.def with its values; an event has its time in front. '#' begins a comment line. "en TEXT" and "ja TEXT" are the narration of the event above.
 * Nothing in a file names a path, and every host is below .example or .test, or invented by a `certs` line. */
#ifndef RG_PLAYREAD_H
#define RG_PLAYREAD_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "base/err.h"
#include "base/span.h"

enum {
	RG_PLAY_BYTES_MAX = 1 << 20,
	RG_PLAY_LINE_MAX = 4096, /* bytes */
	RG_PLAY_LINES_MAX = 5000,
	RG_PLAY_NAMES_MAX = 20000, /* that all `certs` lines invent */
	RG_PLAY_BANKS_MAX = 4,
	RG_PLAY_ARGS_MAX = 12,
	RG_PLAY_LIST_MAX = 200, /* names or URLs of one value */
};

typedef enum rg_play_verb {
#define VERB(id, ...) RG_PLAY_##id,
#define ARG(...)
#include "play.def"
#undef VERB
#undef ARG
	RG_PLAY_VERBS
} rg_play_verb;

typedef enum rg_play_type {
#define PLAYTYPE(id, what) RG_PLAYTYPE_##id,
#include "playtypes.def"
#undef PLAYTYPE
	RG_PLAYTYPES
} rg_play_type;

typedef enum rg_play_where { RG_PLAY_HEAD, RG_PLAY_EVENT } rg_play_where;
typedef enum rg_play_place { RG_PLAY_POS, RG_PLAY_NEED, RG_PLAY_MAY, RG_PLAY_REST } rg_play_place;

/* A row of play.def. */
typedef struct rg_play_arg_row {
	rg_play_verb verb;
	const char *name;
	rg_play_type type;
	rg_play_place place;
	const char *def, *what;
} rg_play_arg_row;
typedef struct rg_play_verb_row {
	const char *word;
	rg_play_where where;
	const char *what, *example;
} rg_play_verb_row;

extern const rg_play_verb_row rg_play_verbs[RG_PLAY_VERBS];

/* rg_play_args(verb, ret_count): its rows. rg_playtype_what(type): how it is written; static. */
const rg_play_arg_row *rg_play_args(rg_play_verb verb, size_t *ret_count);
const char *rg_playtype_what(rg_play_type type);

/* When an event happens: so long after the beginning, or after something became of a site. */
typedef enum rg_play_moment {
	RG_PLAY_AT,
	RG_PLAY_REPORTED, /* somebody was told of it */
	RG_PLAY_DARK,     /* it is not there any more */
	RG_PLAY_BACK,     /* it is there again */
	RG_PLAY_MOMENTS
} rg_play_moment;

typedef struct rg_play_line {
	unsigned number; /* in the file */
	rg_play_verb verb;
	rg_play_moment moment;
	char *of;                     /* the host of the moment, expanded; NULL: RG_PLAY_AT */
	int64_t at_ms;                /* after the moment, in the scenario's time */
	char *args[RG_PLAY_ARGS_MAX]; /* by the rows of the verb; NULL: not given, and no default */
	char *say_en, *say_ja;        /* or NULL */
} rg_play_line;

typedef struct rg_play {
	GPtrArray *lines;     /* of rg_play_line, as in the file */
	GHashTable *groups;   /* label -> GPtrArray of names, owned */
	const char *title_en; /* of a line */
	const char *title_ja;
	const char *about_en; /* or NULL */
	const char *about_ja;
	int64_t ends_ms;
	uint64_t seed;
	unsigned names; /* that were invented */
} rg_play;

/* rg_play_read(text, error): HK_EFORM with "LINE: what is wrong and what to do"; LINE 0 is the file as a whole. */
void rg_play_free(rg_play *play); /* accepts NULL */
rg_play *rg_play_read(hk_span text, GError **error) HK_FREED_BY(rg_play_free);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(rg_play, rg_play_free)

/* rg_play_arg(line, name): the value or its default; NULL: neither. Borrowed. rg_play_ms, rg_play_count, rg_play_real: the same as a time (-1: neither) or number. */
const char *rg_play_arg(const rg_play_line *line, const char *name);
int64_t rg_play_ms(const rg_play_line *line, const char *name);
uint64_t rg_play_count(const rg_play_line *line, const char *name);
double rg_play_real(const rg_play_line *line, const char *name);

/* rg_play_names(play, value): the hosts of a value of type HOST or HOSTS. rg_play_list(play, value): the URLs, links or words of a list, each with its @LABEL.N made a
 * name. New arrays of owned strings. rg_play_expand(play, text): @LABEL.N in any text. Caller frees. */
GPtrArray *rg_play_names(const rg_play *play, const char *value);
GPtrArray *rg_play_list(const rg_play *play, const char *value);
char *rg_play_expand(const rg_play *play, const char *text);

/* rg_play_first(play, verb, arg, value): the first line of that verb whose arg is value (arg NULL: the first); NULL: none. */
const rg_play_line *rg_play_first(
	const rg_play *play, rg_play_verb verb, const char *arg, const char *value);

/* rg_play_ports(text, ret, max): "7775,7777-7779"; how many, 0: not so. */
size_t rg_play_ports(const char *text, unsigned *ret, size_t max);

#endif
