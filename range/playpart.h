/* range/playpart: the parts of the outside world as children of `hikeshi-range play`: the same program, another command. Part of hikeshi-range. One thread only.
 *
 * A child is killed when this program dies, however it dies, even one that is frozen. */
#ifndef RG_PLAYPART_H
#define RG_PLAYPART_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <glib.h>

typedef struct rg_part {
	char *name;   /* "sites", "vendors-mihon-bank" */
	pid_t pid;    /* 0: it is gone */
	int from;     /* its standard output */
	json_t *said; /* its ready line */
	bool stopped; /* by rg_part_freeze() */
} rg_part;

/* rg_part_program(): the path of this program. Caller frees. */
char *rg_part_program(void);

/* rg_part_start(name, log, args, error): runs this program with args (NULL at the end); its standard error is appended to the file log. HK_EIO. */
void rg_part_free(
	rg_part *part); /* ends it: SIGTERM, then SIGKILL after five seconds. Accepts NULL */
rg_part *rg_part_start(const char *name, const char *log, const char *const *args, GError **error);

/* rg_part_wait(part, error): until its ready line is there. HK_EIO: it ended, or said nothing for a minute; the text names its log. */
bool rg_part_wait(rg_part *part, const char *log, GError **error);

/* rg_part_int, rg_part_str(part, key): of the ready line; 0 and "" where there is none. */
unsigned rg_part_int(const rg_part *part, const char *key);
const char *rg_part_str(const rg_part *part, const char *key);

/* rg_part_freeze(part, frozen): it answers nothing, or again. */
void rg_part_freeze(rg_part *part, bool frozen);

/* rg_part_end(parts): all of them are told to end, then waited for. */
void rg_part_end(GPtrArray *parts);

#endif
