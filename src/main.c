/* main: argv[1..] -> a row of cmd.def, its options, its exit code. Nothing else. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "cmd/cmd.h"
#include "cmd/help.h"
#include "sys/egress.h"
#include "sys/gerr.h"
#include "sys/log.h"
#include "sys/version.h"

static int
fail(const GError *error)
{
	g_autofree char *shown = hk_log_printable(error->message);

	fprintf(stderr, "hikeshi: %s\n", shown);
	return hk_err_exit(hk_error_code(error));
}

static bool
flush(GError **error)
{
	if (fflush(stdout) != 0 || ferror(stdout)) {
		return hk_error_errno(error, errno, "cannot write to standard output");
	}
	return true;
}

static int
print(char *text)
{
	g_autoptr(GError) error = NULL;

	fputs(text, stdout);
	g_free(text);
	return flush(&error) ? EX_OK : fail(error);
}

static bool
asks_help(int argc, char **argv)
{
	for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			return true;
		}
	}
	return false;
}

/* The rules of every connection outward, before anything may want one. */
static bool
set_egress(const hk_opts *opts, GError **error)
{
	const char *path = hk_opts_str(opts, HK_OPT_EGRESS);

	if (!path) {
		return true;
	}
	g_autoptr(hk_egress) egress = hk_egress_new(path, error);
	if (egress) {
		hk_egress_set_house(egress);
	}
	return egress != NULL;
}

static bool
run(const hk_cmd *cmd, int argc, char **argv, GError **error)
{
	g_autoptr(hk_opts) opts = hk_opts_parse(cmd->words, argc, argv, error);
	hk_log_level level = HK_LOG_NOTICE;

	if (!opts) {
		return false;
	}
	if (!cmd->args && hk_opts_arg_count(opts) > 0) {
		return hk_error_set(error, HK_EUSAGE,
			"`hikeshi %s` takes no argument, not even '%s'", cmd->words,
			hk_opts_args(opts)[0]);
	}
	if (!hk_log_level_find(hk_opts_str(opts, HK_OPT_LOG_LEVEL), &level)) {
		return hk_error_set(error, HK_EUSAGE,
			"log-level must be error, warning, notice or debug, not '%s'",
			hk_opts_str(opts, HK_OPT_LOG_LEVEL));
	}
	hk_log_set_level(level);
	if (hk_opt_takes(HK_OPT_EGRESS, cmd->words) && !set_egress(opts, error)) {
		return false;
	}
	return cmd->run(opts, error) && flush(error);
}

int
main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	int words = 0;

	g_log_set_always_fatal((GLogLevelFlags)(G_LOG_LEVEL_CRITICAL | G_LOG_FATAL_MASK));
	if (argc < 2) {
		g_autofree char *text = hk_help_program(NULL);

		fputs(text, stderr);
		return EX_USAGE;
	}
	if (strcmp(argv[1], "--version") == 0) {
		return print(hk_version_text());
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
		strcmp(argv[1], "help") == 0) {
		return print(hk_help_program(NULL));
	}
	const hk_cmd *cmd = hk_cmd_find(argc - 1, argv + 1, &words);

	if (!cmd) {
		if (hk_cmd_is_group(argv[1]) && asks_help(argc - 2, argv + 2)) {
			return print(hk_help_program(argv[1]));
		}
		hk_cmd_unknown(argc - 1, argv + 1, &error);
		return fail(error);
	}
	if (asks_help(argc - 1 - words, argv + 1 + words)) {
		return print(hk_help_command(cmd));
	}
	return run(cmd, argc - 1 - words, argv + 1 + words, &error) ? EX_OK : fail(error);
}
