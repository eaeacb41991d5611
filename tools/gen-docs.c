/* gen-docs: everything that is written from the tables cmd.def, options.def, events.def and
 * errors.def.
 *
 *   gen-docs reference DIR    cli.md configuration.md events.md errors.md odd.md states.md templates.md
 *   gen-docs man DIR          man1/hikeshi.1 man1/hikeshi-COMMAND.1 man5/hikeshi.conf.5
 *   gen-docs completion       the bash completion, on standard output
 *   gen-docs conf             hikeshi.conf.example, on standard output
 *   gen-docs install          man pages and completion, where `meson install` wants them
 *
 * A build-time program; its input is ours. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/help.h"
#include "flow/audit.h"
#include "flow/states.h"
#include "report/template.h"
#include "sys/conffile.h"
#include "sys/gerr.h"
#include "sys/log.h"

static void
save(const char *dir, const char *name, const GString *text)
{
	g_autofree char *path = g_build_filename(dir, name, NULL);
	g_autofree char *folder = g_path_get_dirname(path);
	g_autoptr(GError) error = NULL;

	if (g_mkdir_with_parents(folder, 0755) != 0 ||
		!g_file_set_contents(path, text->str, (gssize)text->len, &error)) {
		fprintf(stderr, "gen-docs: %s: %s\n", path,
			error ? error->message : g_strerror(errno));
		exit(1);
	}
}

/* "ct scan" -> "hikeshi-ct-scan" */
static char *
page_name(const hk_cmd *cmd)
{
	char *name = g_strconcat("hikeshi-", cmd->words, NULL);

	return g_strdelimit(name, " ", '-');
}

static char *
command_list(const char *commands, const char *between)
{
	g_auto(GStrv) words = g_strsplit(commands, "|", -1); /* nocheck: our own table */

	return strcmp(commands, "*") == 0 ? g_strdup("every command") : g_strjoinv(between, words);
}

/* sysexits.h */
static const char *
exit_name(int code)
{
	static const char *const names[] = {"EX_USAGE", "EX_DATAERR", "EX_NOINPUT", "EX_NOUSER",
		"EX_NOHOST", "EX_UNAVAILABLE", "EX_SOFTWARE", "EX_OSERR", "EX_OSFILE",
		"EX_CANTCREAT", "EX_IOERR", "EX_TEMPFAIL", "EX_PROTOCOL", "EX_NOPERM", "EX_CONFIG"};

	return code >= 64 && code <= 78 ? names[code - 64] : "EX_OK";
}

/* ---- Markdown ---- */

static const char generated[] =
	"<!-- Written by `make docs` from %s: change the table, not this file. -->\n\n";

/* Text for a table cell. */
static void
md_cell(GString *out, const char *text)
{
	for (; *text; text++) {
		g_string_append(out, *text == '|' ? "\\" : "");
		g_string_append_c(out, *text);
	}
}

static void
md_options(GString *out, const hk_cmd *cmd)
{
	bool any = false;

	for (int id = 0; id < HK_OPT_COUNT; id++) {
		const hk_opt_row *row = hk_opt_row_get((hk_opt)id);

		if (strcmp(row->commands, "*") == 0 || !hk_opt_takes((hk_opt)id, cmd->words)) {
			continue;
		}
		g_autofree char *limits = hk_help_limits(row);

		g_string_append(out, any ? "" : "| option | value | meaning |\n|---|---|---|\n");
		any = true;
		g_string_append_printf(out, "| `--%s", row->name);
		g_string_append(out, row->arg ? " " : "");
		md_cell(out, row->arg ? row->arg : "");
		g_string_append_printf(out, "` | %s | ", limits);
		md_cell(out, row->help);
		g_string_append(out, " |\n");
	}
	g_string_append(out, any ? "\n" : "");
}

static GString *
md_cli(void)
{
	GString *out = g_string_new("# The command line\n\n");

	g_string_append_printf(out, generated, "src/cmd/cmd.def and src/sys/options.def");
	g_string_append(out,
		"`hikeshi COMMAND [OPTION ...] [ARGUMENT ...]`. Every command also takes `--config "
		"FILE`, "
		"`--log-level LEVEL` and `--help`. Results go to\nstandard output as JSON lines, "
		"everything "
		"else to standard error; exit codes are in [errors.md](errors.md). Options that "
		"may stand in "
		"the\nconfiguration file are in [configuration.md](configuration.md).\n\n");
	for (size_t i = 0; i < hk_cmd_count; i++) {
		g_string_append_printf(out, "- [`hikeshi %s`](#hikeshi-", hk_cmd_table[i].words);
		for (const char *at = hk_cmd_table[i].words; *at; at++) {
			g_string_append_c(out, *at == ' ' ? '-' : *at);
		}
		g_string_append_printf(out, "): %s\n", hk_cmd_table[i].summary);
	}
	for (size_t i = 0; i < hk_cmd_count; i++) {
		const hk_cmd *cmd = &hk_cmd_table[i];

		g_string_append_printf(out,
			"\n## hikeshi %s\n\n`hikeshi %s [OPTION ...]%s%s`\n\n%s\n\n", cmd->words,
			cmd->words, cmd->args ? " " : "", cmd->args ? cmd->args : "",
			cmd->description);
		md_options(out, cmd);
		if (cmd->examples) {
			g_string_append_printf(out, "```\n%s```\n", cmd->examples);
		}
	}
	return out;
}

static GString *
md_configuration(void)
{
	GString *out = g_string_new("# The configuration file\n\n");

	g_string_append_printf(out, generated, "src/sys/options.def");
	g_string_append(out,
		"`" HK_CONFIG_PATH "`, or the file that `--config FILE` names. `key = value`, text "
		"with blanks in double\n"
		"quotes, lists as `{ \"a\", \"b\" }`, comments from `#` to the end of the line. A "
		"key is the flag of the same\n"
		"name; the command line has the last word. An unknown key, a key set twice or a "
		"value outside its limits\n"
		"is an error that names the line. `hikeshi config show` prints what holds and "
		"where it comes from,\n"
		"`hikeshi config check FILE` reads a file without doing anything. "
		"[conf/hikeshi.conf.example](../../conf/hikeshi.conf.example)\nhas every key.\n\n"
		"| key | value | for | meaning |\n|---|---|---|---|\n");
	for (int id = 0; id < HK_OPT_COUNT; id++) {
		const hk_opt_row *row = hk_opt_row_get((hk_opt)id);

		if (row->key) {
			g_autofree char *limits = hk_help_limits(row);
			g_autofree char *commands = command_list(row->commands, ", ");

			g_string_append_printf(
				out, "| `%s` | %s | %s | ", row->name, limits, commands);
			md_cell(out, row->help);
			g_string_append(out, " |\n");
		}
	}
	return out;
}

static GString *
md_events(void)
{
	GString *out = g_string_new("# Events\n\n");

	g_string_append_printf(out, generated, "src/sys/events.def");
	g_string_append(out, "What hikeshi logs on standard error: one line per event, `time level "
			     "event key=value ...`. Values with\n"
			     "other characters than letters, digits and `._:/@+-` stand in double "
			     "quotes; in them control characters and\n"
			     "bytes that are not UTF-8 are `\\xNN`, invisible and bidirectional "
			     "characters `\\u{NNNN}`. Event names are\n"
			     "stable: alarms may hang on them. `error` means that the operator "
			     "must act. Fields are in brackets.\n\n"
			     "| event | level | meaning |\n|---|---|---|\n");
	for (int i = 0; i < HK_EVENT_COUNT; i++) {
		const hk_event_row *row = hk_event_row_get((hk_event)i);

		g_string_append_printf(
			out, "| `%s` | %s | ", row->name, hk_log_level_name(row->level));
		md_cell(out, row->meaning);
		g_string_append(out, " |\n");
	}
	return out;
}

static GString *
md_errors(void)
{
	GString *out = g_string_new("# Errors and exit codes\n\n");

	g_string_append_printf(out, generated, "src/base/errors.def");
	g_string_append(out,
		"A command that fails writes one line `hikeshi: what, and how to mend it` on "
		"standard error and "
		"exits with the\ncode of its error (sysexits.h). The text codes are stable; they "
		"also stand in "
		"sightings of kind `malformed`.\n\n| code | exit | meaning |\n|---|---|---|\n"
		"| | 0 (EX_OK) | it worked |\n");
	for (int i = 1; i < HK_ERR_COUNT; i++) {
		g_string_append_printf(out, "| `%s` | %d (%s) | %s |\n", hk_err_code((hk_err)i),
			hk_err_exit((hk_err)i), exit_name(hk_err_exit((hk_err)i)),
			hk_err_meaning((hk_err)i));
	}
	return out;
}

static GString *
md_odd(void)
{
	static const struct {
		const char *code;
		bool malformed;
		const char *meaning;
	} rows[] = {
#define MALFORMED                          true
#define NOTE                               false
#define ODD(name, code, severity, meaning) {code, severity, meaning},
#include "parse/odd.def"
#undef ODD
#undef MALFORMED
#undef NOTE
	};
	GString *out = g_string_new("# What can be odd about a certificate\n\n");

	g_string_append_printf(out, generated, "src/parse/odd.def");
	g_string_append(out, "The codes in the member `odd` of a [sighting](sighting.md). "
			     "*malformed*: no CA may issue this, and the "
			     "sighting is of kind `malformed`,\nwhatever its score. *note*: "
			     "frequent and harmless, only "
			     "mentioned.\n\n| code | | meaning |\n|---|---|---|\n");
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_string_append_printf(out, "| `%s` | %s | %s |\n", rows[i].code,
			rows[i].malformed ? "malformed" : "note", rows[i].meaning);
	}
	return out;
}

static void
states_of(GString *out, hk_machine machine)
{
	g_string_append_printf(
		out, "\n## %s\n\n| state | | |\n|---|---|---|\n", hk_machine_text(machine));
	for (size_t i = 0; i < hk_state_count; i++) {
		const hk_state *s = &hk_states[i];
		if (s->machine == machine) {
			g_string_append_printf(out, "| `%s` | %s | %s |\n", s->text, s->en, s->ja);
		}
	}
	g_string_append(out, "\n| from | act | to | stamps, if empty |\n|---|---|---|---|\n");
	for (size_t i = 0; i < hk_move_count; i++) {
		const hk_move *m = &hk_moves[i];
		if (m->machine == machine) {
			const char *tick = *m->clock ? "`" : "";
			g_string_append_printf(out, "| `%s` | `%s` | `%s` | %s%s%s |\n", m->from,
				m->act, m->to, tick, m->clock, tick);
		}
	}
}

static void
other_tables(GString *out)
{
	static const struct {
		const char *state, *clock;
		int minutes;
	} sla[] = {
#define SLA(state, clock, minutes) {state, clock, minutes},
#include "flow/sla.def"
#undef SLA
	};

	g_string_append(out,
		"\n## Kinds of cases\n\n*managed*: in the management figure. Queue: own = "
		"ours to take down, notify = tell the other bank,\ncount = only counted."
		"\n\n| kind | | | managed | queue |\n|---|---|---|---|---|\n");
	for (size_t i = 0; i < hk_casekind_count; i++) {
		const hk_casekind *k = &hk_casekinds[i];
		g_string_append_printf(out, "| `%s` | %s | %s | %s | %s |\n", k->text, k->en, k->ja,
			k->managed ? "yes" : "no", k->queue);
	}
	g_string_append(out, "\n## SLA clocks\n\nBy default; the setting `sla` changes them.\n\n"
			     "| in state | clock | minutes |\n|---|---|---|\n");
	for (size_t i = 0; i < G_N_ELEMENTS(sla); i++) {
		g_string_append_printf(
			out, "| `%s` | `%s` | %d |\n", sla[i].state, sla[i].clock, sla[i].minutes);
	}
	g_string_append(out,
		"\n## Stages of jobs\n\n| stage | pool | lease | attempts | first back-off | work "
		"|\n|---|---|---|---|---|---|\n");
	for (size_t i = 0; i < hk_stage_count; i++) {
		const hk_stage *s = &hk_stages[i];
		g_string_append_printf(out, "| `%s` | `%s` | %d s | %d | %d s | %s |\n", s->text,
			s->pool, (int)(s->lease_ms / 1000), (int)s->attempts,
			(int)(s->backoff_ms / 1000), s->meaning);
	}
}

static GString *
md_states(void)
{
	GString *out = g_string_new("# States, moves, kinds and acts\n\n");

	g_string_append_printf(out, generated, "src/flow/*.def");
	g_string_append(out,
		"A move that is not a row here is refused (`refused`). What an act guarantees: "
		"[flow.md](../flow.md).\n");
	for (unsigned m = 0; m < HK_MACHINE_COUNT; m++) {
		states_of(out, (hk_machine)m);
	}
	other_tables(out);
	g_string_append(out,
		"\n## Acts\n\nWhat stands in the audit trail, and on a case's timeline.\n\n"
		"| act | object | | |\n|---|---|---|---|\n");
	for (size_t i = 0; i < hk_act_count; i++) {
		const hk_act *a = &hk_acts[i];
		g_string_append_printf(
			out, "| `%s` | %s | %s | %s |\n", a->text, a->object, a->en, a->ja);
	}
	return out;
}

/* ---- roff ---- */

/* text with what roff would take for itself escaped; `words` in bold. */
static void
roff(GString *out, const char *text)
{
	bool bold = false;
	bool line_start = true;

	for (; *text; text++) {
		if (strncmp(text, "\n\n", 2) == 0) {
			g_string_append(out, "\n.PP\n");
			text++;
			line_start = true;
			continue;
		}
		switch (*text) {
		case '`':
			bold = !bold;
			g_string_append(out, bold ? "\\fB" : "\\fR");
			break;
		case '\\':
			g_string_append(out, "\\e");
			break;
		case '-':
			g_string_append(out, "\\-");
			break;
		case '.':
		case '\'':
			g_string_append(out, line_start ? "\\&" : "");
			g_string_append_c(out, *text);
			break;
		default:
			g_string_append_c(out, *text);
		}
		line_start = *text == '\n';
	}
}

static GString *
roff_page(const char *title, int section, const char *summary)
{
	GString *out = g_string_new(".\\\" Written by gen-docs from the tables of hikeshi.\n");
	g_autofree char *upper = g_ascii_strup(title, -1);

	g_string_append_printf(out,
		".TH \"%s\" %d \"\" \"hikeshi " HK_VERSION "\" \"hikeshi\"\n.SH NAME\n", upper,
		section);
	roff(out, title);
	g_string_append(out, " \\- ");
	roff(out, summary);
	g_string_append_c(out, '\n');
	return out;
}

static void
roff_option(GString *out, const hk_opt_row *row, const char *prefix)
{
	g_autofree char *limits = hk_help_limits(row);

	g_string_append(out, ".TP\n\\fB");
	roff(out, prefix);
	roff(out, row->name);
	g_string_append(out, "\\fR");
	if (row->arg) {
		g_string_append_printf(out, "%s\\fI", *prefix ? " " : " = ");
		roff(out, row->arg);
		g_string_append(out, "\\fR");
	}
	g_string_append_c(out, '\n');
	roff(out, row->help);
	if (row->type != HK_TYPE_BOOL && (row->def || !strstr("path text", limits))) {
		g_string_append(out, " (");
		roff(out, limits);
		g_string_append_c(out, ')');
	}
	g_string_append(out, ".\n");
}

static void
roff_exit_codes(GString *out)
{
	g_string_append(out, ".SH EXIT STATUS\n0 when it worked, else a code of sysexits.h:\n");
	for (int code = 64; code <= 78; code++) {
		bool first = true;

		for (int i = 1; i < HK_ERR_COUNT; i++) {
			if (hk_err_exit((hk_err)i) == code) {
				g_string_append_printf(out, first ? ".TP\n%d (%s)\n" : "; ", code,
					exit_name(code));
				roff(out, hk_err_meaning((hk_err)i));
				first = false;
			}
		}
		g_string_append(out, first ? "" : ".\n");
	}
}

static void
man_command(const char *dir, const hk_cmd *cmd)
{
	g_autofree char *title = page_name(cmd);
	g_autofree char *name = g_strdup_printf("man1/%s.1", title);
	g_autoptr(GString) out = roff_page(title, 1, cmd->summary);

	g_string_append_printf(
		out, ".SH SYNOPSIS\n\\fBhikeshi %s\\fR [\\fIOPTION\\fR ...] ", cmd->words);
	roff(out, cmd->args ? cmd->args : "");
	g_string_append(out, "\n.SH DESCRIPTION\n");
	roff(out, cmd->description);
	g_string_append(out, "\n.SH OPTIONS\n");
	for (int id = 0; id < HK_OPT_COUNT; id++) {
		if (hk_opt_takes((hk_opt)id, cmd->words)) {
			roff_option(out, hk_opt_row_get((hk_opt)id), "--");
		}
	}
	g_string_append(out, ".TP\n\\fB\\-\\-help\\fR\nshow all options and exit.\n");
	if (cmd->examples) {
		g_string_append(out, ".SH EXAMPLES\n.nf\n");
		roff(out, cmd->examples);
		g_string_append(out, ".fi\n");
	}
	g_string_append(out, ".SH SEE ALSO\n\\fBhikeshi\\fR(1), \\fBhikeshi.conf\\fR(5)\n");
	save(dir, name, out);
}

static void
man_program(const char *dir)
{
	g_autoptr(GString) out =
		roff_page("hikeshi", 1, "watch Certificate Transparency for phishing sites");

	g_string_append(out, ".SH SYNOPSIS\n\\fBhikeshi\\fR \\fICOMMAND\\fR [\\fIOPTION\\fR ...] "
			     "[\\fIARGUMENT\\fR ...]\n"
			     ".SH DESCRIPTION\n");
	roff(out, "hikeshi reads every certificate that Certificate Transparency logs publish, "
		  "verifies that it missed none, "
		  "and says within seconds which ones look like a phishing site against one of its "
		  "targets, and why. Results "
		  "go to standard output as JSON lines, everything else to standard error.");
	g_string_append(out, "\n.SH COMMANDS\n");
	for (size_t i = 0; i < hk_cmd_count; i++) {
		g_autofree char *page = page_name(&hk_cmd_table[i]);

		g_string_append_printf(out, ".TP\n\\fB%s\\fR\n", hk_cmd_table[i].words);
		roff(out, hk_cmd_table[i].summary);
		g_string_append(out, "; see \\fB");
		roff(out, page);
		g_string_append(out, "\\fR(1).\n");
	}
	roff_exit_codes(out);
	g_string_append(out, ".SH FILES\n.TP\n\\fI" HK_CONFIG_PATH
			     "\\fR\nthe configuration, see \\fBhikeshi.conf\\fR(5).\n");
	save(dir, "man1/hikeshi.1", out);
}

static void
man_configuration(const char *dir)
{
	g_autoptr(GString) out = roff_page("hikeshi.conf", 5, "configuration of hikeshi");

	g_string_append(out, ".SH DESCRIPTION\n");
	roff(out, "A text file in UTF-8: `key = value`, text with blanks in double quotes, lists "
		  "as { \"a\", \"b\" }, comments "
		  "from # to the end of the line. A key is the flag of the same name; the command "
		  "line has the last word.");
	g_string_append(out, "\n.SH KEYS\n");
	for (int id = 0; id < HK_OPT_COUNT; id++) {
		const hk_opt_row *row = hk_opt_row_get((hk_opt)id);

		if (row->key) {
			roff_option(out, row, "");
		}
	}
	g_string_append(
		out, ".SH SEE ALSO\n\\fBhikeshi\\fR(1), \\fBhikeshi\\-config\\-check\\fR(1)\n");
	save(dir, "man5/hikeshi.conf.5", out);
}

static void
man(const char *dir)
{
	for (size_t i = 0; i < hk_cmd_count; i++) {
		man_command(dir, &hk_cmd_table[i]);
	}
	man_program(dir);
	man_configuration(dir);
}

/* ---- the others ---- */

static GString *
completion(void)
{
	GString *out = g_string_new(
		"# bash completion of hikeshi, written by gen-docs from cmd.def and options.def\n"
		"_hikeshi() {\n"
		"\tlocal word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
		"\tCOMPREPLY=()\n"
		"\tcase $before in\n\t");
	bool first = true;

	for (int id = 0; id < HK_OPT_COUNT; id++) {
		const hk_opt_row *row = hk_opt_row_get((hk_opt)id);

		if (row->arg && (row->type == HK_TYPE_PATH || strstr(row->arg, "FILE"))) {
			g_string_append_printf(out, "%s--%s", first ? "" : "|", row->name);
			first = false;
		}
	}
	g_string_append(out,
		")\n\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n\t\treturn ;;\n\tesac\n"
		"\tlocal words=\n\tcase \"${COMP_WORDS[1]} ${COMP_WORDS[2]}\" in\n");
	for (size_t i = 0; i < hk_cmd_count; i++) {
		const hk_cmd *cmd = &hk_cmd_table[i];

		g_string_append_printf(out, "\t\"%s%s\"*) words=\"", cmd->words,
			strchr(cmd->words, ' ') ? "" : " ");
		for (int id = 0; id < HK_OPT_COUNT; id++) {
			if (hk_opt_takes((hk_opt)id, cmd->words)) {
				g_string_append_printf(
					out, "--%s ", hk_opt_row_get((hk_opt)id)->name);
			}
		}
		g_string_append(out, "--help\" ;;\n");
	}
	g_string_append(out, "\tesac\n\tif [[ $COMP_CWORD -eq 1 ]]; then\n\t\twords=\"");
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GString) seconds = g_string_new(NULL);

	for (size_t i = 0; i < hk_cmd_count; i++) {
		const char *words = hk_cmd_table[i].words;
		size_t len = strcspn(words, " ");
		char *head = g_strndup(words, len);

		if (g_hash_table_add(seen, head)) {
			g_string_append_printf(out, "%.*s ", (int)len, words);
		}
		if (words[len]) {
			g_string_append_printf(seconds, "\t\t%.*s) words+=\"%s \" ;;&\n", (int)len,
				words, words + len + 1);
		}
	}
	g_string_append_printf(out,
		"--help --version\"\n\telif [[ $COMP_CWORD -eq 2 ]]; then\n\t\tcase "
		"${COMP_WORDS[1]} "
		"in\n%s\t\tesac\n\tfi\n",
		seconds->str);
	g_string_append(out,
		"\tif [[ $word == -* || $COMP_CWORD -le 2 && -n $words ]]; then\n"
		"\t\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
		"\telse\n\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n\tfi\n}\n"
		"complete -o filenames -F _hikeshi hikeshi\n");
	return out;
}

static GString *
conf(void)
{
	GString *out = g_string_new(
		"# hikeshi.conf: every key with its default, commented out where that is "
		"\"none\".\n"
		"# Written by `make docs` from src/sys/options.def. Copy it to " HK_CONFIG_PATH "\n"
		"# and change what you need; `hikeshi config check FILE` says whether it is "
		"right.\n");

	for (int id = 0; id < HK_OPT_COUNT; id++) {
		const hk_opt_row *row = hk_opt_row_get((hk_opt)id);

		if (row->key) {
			g_autofree char *limits = hk_help_limits(row);
			g_autofree char *commands = command_list(row->commands, ", ");
			g_autofree char *value = row->def ? hk_conffile_quote(row->def) : NULL;

			g_string_append_printf(out, "\n# %s\n# %s; for %s\n%s%s = %s\n", row->help,
				limits, commands, value ? "" : "#", row->name,
				value ? value : row->arg);
		}
	}
	return out;
}

/* A cell of a table: "|" divides cells. */
static void
append_cell(GString *out, const char *text)
{
	g_string_append(out, "| ");
	for (; *text; text++) {
		if (*text == '|') {
			g_string_append_c(out, '\\');
		}
		g_string_append_c(out, *text);
	}
	g_string_append_c(out, ' ');
}

static void
append_names(GString *out, const char *scope, const char *title)
{
	g_string_append_printf(
		out, "\n## %s\n\n| name | kind | meaning | 意味 |\n|---|---|---|---|\n", title);
	for (size_t i = 0; i < hk_template_var_count; i++) {
		const hk_template_var_row *row = &hk_template_vars[i];

		if (strcmp(row->scope, scope) == 0) {
			g_autofree char *kind = g_ascii_strdown(row->kind, -1);

			g_string_append_printf(out, "| `%s` ", row->name);
			append_cell(out, kind);
			append_cell(out, row->en);
			append_cell(out, row->ja);
			g_string_append(out, "|\n");
		}
	}
}

static void
append_rows(GString *out, const char *title, const hk_template_row *rows, size_t count)
{
	g_string_append_printf(out, "\n## %s\n\n| name | meaning | 意味 |\n|---|---|---|\n", title);
	for (size_t i = 0; i < count; i++) {
		g_string_append_printf(out, "| `%s` ", rows[i].name);
		append_cell(out, rows[i].en);
		append_cell(out, rows[i].ja);
		g_string_append(out, "|\n");
	}
}

static GString *
md_templates(void)
{
	static const char *const scopes[][2] = {{"LETTER", "Everywhere"},
		{"SITE", "In a list of site"}, {"FILE", "In a list of file"},
		{"TOLD", "In a list of told"}, {"NAME", "In a list of name"},
		{"PLAIN", "In a list of plain"}, {"WORD", "In a list of word"},
		{"LOOP", "In any list"}};
	GString *out = g_string_new(
		"# What a template may say\n\n"
		"<!-- Written by `make docs` from src/report/template*.def: change the tables, not "
		"this file. -->\n\n"
		"The language and the letters are explained in [reports.md](../reports.md).\n");

	append_rows(out, "Letters", hk_template_kinds, hk_template_kind_count);
	append_rows(out, "Filters", hk_template_filters, hk_template_filter_count);
	for (size_t i = 0; i < G_N_ELEMENTS(scopes); i++) {
		append_names(out, scopes[i][0], scopes[i][1]);
	}
	return out;
}

static int
install(void)
{
	const char *prefix = getenv("MESON_INSTALL_DESTDIR_PREFIX");

	if (!prefix) {
		fputs("gen-docs: run by `meson install` only\n", stderr);
		return 1;
	}
	g_autofree char *man_dir = g_build_filename(prefix, "share/man", NULL);
	g_autoptr(GString) text = completion();

	man(man_dir);
	save(prefix, "share/bash-completion/completions/hikeshi", text);
	return 0;
}

int
main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (strcmp(what, "reference") == 0 && argc == 3) {
		g_autoptr(GString) cli = md_cli();
		g_autoptr(GString) configuration = md_configuration();
		g_autoptr(GString) events = md_events();
		g_autoptr(GString) errors = md_errors();
		g_autoptr(GString) odd = md_odd();
		g_autoptr(GString) states = md_states();
		g_autoptr(GString) templates = md_templates();

		save(argv[2], "cli.md", cli);
		save(argv[2], "configuration.md", configuration);
		save(argv[2], "events.md", events);
		save(argv[2], "errors.md", errors);
		save(argv[2], "odd.md", odd);
		save(argv[2], "states.md", states);
		save(argv[2], "templates.md", templates);
		return 0;
	}
	if (strcmp(what, "man") == 0 && argc == 3) {
		man(argv[2]);
		return 0;
	}
	if (strcmp(what, "install") == 0) {
		return install();
	}
	if (strcmp(what, "completion") == 0 || strcmp(what, "conf") == 0) {
		g_autoptr(GString) out = strcmp(what, "conf") == 0 ? conf() : completion();

		return fputs(out->str, stdout) < 0 || fflush(stdout) != 0;
	}
	fputs("usage: gen-docs reference DIR | man DIR | completion | conf | install\n", stderr);
	return 64;
}
