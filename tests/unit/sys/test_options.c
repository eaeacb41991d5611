#include "sys/options.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "sys/conffile.h"
#include "sys/gerr.h"
#include "sys/nearest.h"
#include "tap.h"

static char folder[] = "/tmp/hikeshi-options.XXXXXX";
static char *path;

static void
write_config(const char *text)
{
	FILE *file = fopen(path, "w");

	fputs(text, file);
	fclose(file);
}

static hk_opts *
parse(const char *command, GError **error, const char *line)
{
	g_auto(GStrv) words = g_strsplit(line, "|", -1);

	return hk_opts_parse(command, (int)g_strv_length(words), words, error);
}

static void
refused(const char *command, const char *line, hk_err code, const char *part)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(hk_opts) opts = parse(command, &error, line);

	ok(!opts && hk_error_code(error) == code && strstr(error->message, part), "%s %s: %s",
		command, line, part);
	if (error && !strstr(error->message, part)) {
		tap_diag("  %s", error->message);
	}
}

static void
table(void)
{
	for (int id = 0; id < HK_OPT_COUNT; id++) {
		const hk_opt_row *row = hk_opt_row_get((hk_opt)id);
		hk_optvalue value = {0};
		const char *texts[] = {row->min, row->max, row->def};

		for (int i = 0; i < 3; i++) {
			ok(!texts[i] || hk_optvalue_set(row, texts[i], &value, NULL),
				"%s: '%s' is valid", row->name, texts[i] ? texts[i] : "none");
		}
		hk_optvalue_clear(&value);
		ok(row->arg || row->type == HK_TYPE_BOOL, "%s has a placeholder", row->name);
		ok(row->type != HK_TYPE_DURATION || row->unit, "%s: a time has a unit", row->name);
		ok(row->help[0] && row->help[strlen(row->help) - 1] != '.',
			"%s: help without full stop", row->name);
		for (int other = 0; other < id; other++) {
			if (strcmp(row->name, hk_opt_row_get((hk_opt)other)->name) == 0) {
				ok(false, "%s stands twice", row->name);
			}
		}
	}
}

/* Every command that a row names exists. */
static void
commands(void)
{
	for (int id = 0; id < HK_OPT_COUNT; id++) {
		const hk_opt_row *row = hk_opt_row_get((hk_opt)id);
		g_auto(GStrv) names = g_strsplit(row->commands, "|", -1);

		for (char **name = names; *name && strcmp(*name, "*") != 0; name++) {
			g_auto(GStrv) words = g_strsplit(*name, " ", -1);
			int count = 0;
			const hk_cmd *cmd = hk_cmd_find((int)g_strv_length(words), words, &count);

			ok(cmd && strcmp(cmd->words, *name) == 0, "--%s: `hikeshi %s` exists",
				row->name, *name);
		}
	}
}

static void
flags(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(hk_opts) opts = parse("ct scan", &error,
		"--config|/dev/null|a|--start=7|--all|b|--no-summary|--threshold|0.25|-|--|--all");

	if (!ok(opts != NULL, "a command line is read")) {
		tap_diag("  %s", error->message);
		return;
	}
	is_int(hk_opts_int(opts, HK_OPT_START), 7, "--start=7");
	ok(hk_opts_bool(opts, HK_OPT_ALL), "--all");
	ok(!hk_opts_bool(opts, HK_OPT_SUMMARY) && hk_opts_given(opts, HK_OPT_SUMMARY),
		"--no-summary");
	ok(hk_opts_real(opts, HK_OPT_THRESHOLD) == 0.25, "--threshold 0.25");
	is_int(hk_opts_arg_count(opts), 4, "four arguments");
	is_str(hk_opts_args(opts)[2], "-", "a lone dash is an argument");
	is_str(hk_opts_args(opts)[3], "--all", "after -- nothing is an option");
	ok(hk_opts_args(opts)[4] == NULL, "NULL at the end");
	ok(!hk_opts_given(opts, HK_OPT_END) && hk_opts_int(opts, HK_OPT_END) == 0,
		"--end is not given");
	ok(!hk_opts_str(opts, HK_OPT_LOG), "no --log");
	ok(!hk_opts_require(opts, HK_OPT_LOG, &error) &&
			strstr(error->message, "--log URL is needed"),
		"a missing option is named");
}

static void
wrong_flags(void)
{
	refused("ct scan", "--al", HK_EUSAGE, "did you mean --all?");
	refused("ct scan", "--sumary", HK_EUSAGE, "did you mean --summary?");
	refused("ct scan", "--poll|1s", HK_EUSAGE, "only these do: ct follow");
	refused("ct scan", "--qqqqqqqq", HK_EUSAGE, "`hikeshi ct scan --help` lists all");
	refused("ct scan", "-a", HK_EUSAGE, "options are whole words");
	refused("ct scan", "--start", HK_EUSAGE, "--start needs its N");
	refused("ct scan", "--start|x", HK_EUSAGE, "must be a whole number, not 'x'");
	refused("ct scan", "--start|-1", HK_EUSAGE, "must be a whole number");
	refused("ct scan", "--start|99999999999999999999", HK_EUSAGE, "must be a whole number");
	refused("ct scan", "--all=maybe", HK_EUSAGE, "must be true or false");
	refused("ct scan", "--no-start", HK_EUSAGE, "unknown option --no-start");
	refused("ct scan", "--threshold|1.5", HK_EUSAGE, "must be at most 1, not '1.5'");
	refused("ct scan", "--threshold|1e3", HK_EUSAGE, "must be a number");
	refused("ct scan", "--log|a\nb", HK_EUSAGE, "control characters");
	refused("ct scan", "--log|\xff", HK_EUSAGE, "UTF-8");
	refused("ct scan", "--log=", HK_EUSAGE, "must not be empty");
	refused("ct follow", "--poll|50", HK_EUSAGE, "must be at least 100ms, not '50'");
	refused("ct follow", "--poll|2h", HK_EUSAGE, "must be at most 1h");
	refused("ct follow", "--poll|2 s", HK_EUSAGE, "a bare number is in ms");
	refused("ct scan", "--config|/nonexistent/x", HK_ENOENT, "/nonexistent/x");
}

static void
durations(void)
{
	static const struct {
		const char *text;
		int64_t ms;
	} rows[] = {{"100", 100}, {"150ms", 150}, {"2s", 2000}, {"3m", 180000}, {"1h", 3600000}};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *line =
			g_strdup_printf("--config|/dev/null|--poll|%s", rows[i].text);
		g_autoptr(hk_opts) opts = parse("ct follow", NULL, line);

		is_int(opts ? hk_opts_int(opts, HK_OPT_POLL) : -1, rows[i].ms, "%s", rows[i].text);
	}
	static const hk_opt_row size = {.name = "x", .type = HK_TYPE_SIZE, .max = "1T"};
	hk_optvalue value = {0};

	ok(hk_optvalue_set(&size, "16M", &value, NULL) && value.number == 16 << 20, "16M");
	ok(!hk_optvalue_set(&size, "9999999999T", &value, NULL), "a size that overflows");
	ok(!hk_optvalue_set(&size, "2T", &value, NULL), "a size over its limit");
	hk_optvalue_clear(&value);
}

static void
configuration(void)
{
	g_autoptr(GError) error = NULL;

	write_config("# comment\npoll = 5s\n/* two\nlines */ contact = \"火消し "
		     "<csirt@mihon-bank.example>\"\n"
		     "logs = \"https://a/#b//c\" # more\n");
	g_autofree char *line = g_strdup_printf("--config|%s|--poll|7s", path);
	g_autoptr(hk_opts) opts = parse("ct follow", &error, line);

	if (!ok(opts != NULL, "a configuration is read")) {
		tap_diag("  %s", error->message);
		return;
	}
	is_int(hk_opts_int(opts, HK_OPT_POLL), 7000, "the command line wins");
	ok(hk_opts_origin(opts, HK_OPT_POLL) == HK_ORIGIN_FLAG, "and is the origin");
	is_str(hk_opts_str(opts, HK_OPT_CONTACT), "火消し <csirt@mihon-bank.example>",
		"text in quotes");
	is_str(hk_opts_str(opts, HK_OPT_LOGS), "https://a/#b//c", "no comment within quotes");
	is_int(hk_opts_line(opts, HK_OPT_CONTACT), 4, "the line is right after comments");
	is_str(hk_opts_str(opts, HK_OPT_FROM), "end", "what nobody sets has its default");
	is_str(hk_opts_config_path(opts), path, "the file is known");
}

static void
wrong_configuration(const char *text, int line, const char *part)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *args = g_strdup_printf("--config|%s", path);
	g_autofree char *place = g_strdup_printf("%s:%d: ", path, line);

	write_config(text);
	g_autoptr(hk_opts) opts = parse("ct follow", &error, args);

	ok(!opts && hk_error_code(error) == HK_ECONFIG && strstr(error->message, part),
		"refused: %s", part);
	ok(error && (line == 0 || g_str_has_prefix(error->message, place)), "in line %d", line);
	if (error) {
		tap_diag("%s", error->message);
	}
}

static void
quoting(void)
{
	static const char *const texts[] = {
		"plain", "with blank", "a\"b", "a\\b", "a$b${HOME}", "みほん", "#", "a'b", "//x"};

	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_autofree char *quoted = hk_conffile_quote(texts[i]);
		g_autofree char *config = g_strdup_printf("contact = %s\n", quoted);
		g_autofree char *args = g_strdup_printf("--config|%s", path);

		write_config(config);
		g_autoptr(hk_opts) opts = parse("ct follow", NULL, args);

		is_str(opts ? hk_opts_str(opts, HK_OPT_CONTACT) : NULL, texts[i], "%s reads back",
			quoted);
	}
}

int
main(void)
{
	if (!mkdtemp(folder)) {
		return 1;
	}
	path = g_strdup_printf("%s/hikeshi.conf", folder);
	table();
	commands();
	flags();
	wrong_flags();
	durations();
	configuration();
	wrong_configuration("\n\npol = 5s\n", 3, "unknown key 'pol'; did you mean 'poll'?");
	wrong_configuration("# a\n# b\npoll = 5\n", 3, "'poll' must be at least 100ms, not '5'");
	wrong_configuration("poll = 5s\npoll = 6s\n", 2, "set twice, first in line 1");
	wrong_configuration("start = 5\n", 1, "command line only");
	wrong_configuration("poll 5s\n", 1, "missing equal sign");
	wrong_configuration("contact = \"x\n", 0, "end of file");
	wrong_configuration("contact = \xff\n", 0, "not a text file");
	quoting();
	unlink(path);
	rmdir(folder);
	g_free(path);
	return tap_done();
}
