/* range/cmd: the commands of hikeshi-range. */
#ifndef RG_CMD_H
#define RG_CMD_H

#include "ctlog.h"
#include "opts.h"

#define CMD(word, handler, summary, description, examples)                                         \
	bool rg_cmd_##handler(const rg_opts *opts, GError **error);
#include "cmd.def"
#undef CMD

/* rg_fill(log, opts, error): what --size, --names, --issue and --epoch ask for, appended and
 * published. A log that has entries already is only filled up to --size. */
bool rg_fill(rg_log *log, const rg_opts *opts, uint64_t now_ms, GError **error);

/* rg_token_of(path, error): the control token: made once, kept beside the log, readable by its owner
 * only. Caller frees. */
char *rg_token_of(const char *path, GError **error);

#endif
