/* cmd/help: --help and --version as text, from the tables. Layer: cmd. */
#ifndef HK_CMD_HELP_H
#define HK_CMD_HELP_H

#include "cmd/cmd.h"

/* hk_help_program(group): the help of the program; with group ("ct") only that group's commands.
 * Caller frees. */
char *hk_help_program(const char *group);

/* hk_help_command(cmd): the help of one command. Caller frees. */
char *hk_help_command(const hk_cmd *cmd);

/* hk_help_limits(row): "time, a bare number is in ms, 100ms to 1h, default 2s": what a value of the option may be. Caller
 * frees. */
char *hk_help_limits(const hk_opt_row *row);

#endif
