#include "cmd/help.h"

#include <string.h>

enum { WIDTH = 80, INDENT = 2, OPTION_COLUMN = 26 };

/* Appends text, broken at blanks so that no line is longer than WIDTH; the cursor stands in column
 * at. */
static void
append_wrapped(GString *out, const char *text, size_t indent, size_t at)
{
	while (*text) {
		size_t word = strcspn(text, " \n");

		if (at > indent && at + 1 + word > WIDTH) {
			g_string_append_printf(out, "\n%*s", (int)indent, "");
			at = indent;
		} else if (at > indent) {
			g_string_append_c(out, ' ');
			at++;
		}
		g_string_append_len(out, text, (gssize)word);
		at += word;
		text += word;
		if (strncmp(text, "\n\n", 2) == 0) {
			g_string_append_printf(out, "\n\n%*s", (int)indent, "");
			at = indent;
		}
		text += strspn(text, " \n");
	}
	g_string_append_c(out, '\n');
}

static const char *
type_name(const hk_opt_row *row)
{
	switch (row->type) {
	case HK_TYPE_BOOL:
		return "true or false";
	case HK_TYPE_INT:
		return "whole number";
	case HK_TYPE_REAL:
		return "number";
	case HK_TYPE_STRING:
		return "text";
	case HK_TYPE_PATH:
		return "path";
	case HK_TYPE_LIST:
		return "list: may be given again";
	case HK_TYPE_DURATION:
		return "time";
	case HK_TYPE_SIZE:
		return "size";
	}
	return "";
}

char *
hk_help_limits(const hk_opt_row *row)
{
	GString *out = g_string_new(type_name(row));

	if (row->type == HK_TYPE_DURATION) {
		g_string_append_printf(out, ", a bare number is in %s", row->unit);
	} else if (row->unit) {
		g_string_append_printf(out, ", in %s", row->unit);
	}
	if (row->min && row->max) {
		g_string_append_printf(out, ", %s to %s", row->min, row->max);
	} else if (row->min) {
		g_string_append_printf(out, ", at least %s", row->min);
	} else if (row->max) {
		g_string_append_printf(out, ", at most %s", row->max);
	}
	if (row->def) {
		g_string_append_printf(out, ", default %s", row->def);
	}
	return g_string_free(out, FALSE);
}

char *
hk_help_program(const char *group)
{
	GString *out = g_string_new(NULL);

	g_string_append(out, "usage: hikeshi COMMAND [OPTION ...] [ARGUMENT ...]\n\n");
	append_wrapped(out,
		"hikeshi sees phishing sites as they are set up (Certificate Transparency, mails, "
		"feeds, what "
		"people report), says why it thinks so, and keeps a case of each on one board.",
		0, 0);
	g_string_append(out, "\ncommands:\n");
	for (size_t i = 0; i < hk_cmd_count; i++) {
		const hk_cmd *cmd = &hk_cmd_table[i];
		size_t len = group ? strlen(group) : 0;

		if (group && (strncmp(cmd->words, group, len) != 0 || cmd->words[len] != ' ')) {
			continue;
		}
		g_string_append_printf(out, "  %-16s ", cmd->words);
		append_wrapped(out, cmd->summary, INDENT + 17, INDENT + 17);
	}
	g_string_append_c(out, '\n');
	append_wrapped(out,
		"`hikeshi COMMAND --help` explains one; `hikeshi --version` names the libraries "
		"in use. Results go to "
		"standard output as JSON lines, everything else to standard error. Exit codes are "
		"those of sysexits.h.",
		0, 0);
	return g_string_free(out, FALSE);
}

/* Text without a default: its type says nothing that the placeholder does not. */
static bool
plain_text(const hk_opt_row *row)
{
	return row->type == HK_TYPE_BOOL ||
	       (!row->def && (row->type == HK_TYPE_STRING || row->type == HK_TYPE_PATH));
}

static void
append_option(GString *out, const hk_opt_row *row)
{
	g_autofree char *limits = hk_help_limits(row);
	g_autofree char *left = g_strdup_printf(
		"  --%s%s%s", row->name, row->arg ? " " : "", row->arg ? row->arg : "");
	g_autofree char *text = plain_text(row) ? g_strdup(row->help)
						: g_strdup_printf("%s (%s)", row->help, limits);
	size_t len = strlen(left);

	if (len + 2 > OPTION_COLUMN) {
		g_string_append_printf(out, "%s\n%*s", left, OPTION_COLUMN, "");
	} else {
		g_string_append_printf(out, "%-*s", OPTION_COLUMN, left);
	}
	append_wrapped(out, text, OPTION_COLUMN, OPTION_COLUMN);
}

char *
hk_help_command(const hk_cmd *cmd)
{
	GString *out = g_string_new(NULL);

	g_string_append_printf(out, "usage: hikeshi %s [OPTION ...]%s%s\n\n", cmd->words,
		cmd->args ? " " : "", cmd->args ? cmd->args : "");
	append_wrapped(out, cmd->description, 0, 0);
	g_string_append(out, "\noptions:\n");
	for (int pass = 0; pass < 2; pass++) {
		for (int id = 0; id < HK_OPT_COUNT; id++) {
			const hk_opt_row *row = hk_opt_row_get((hk_opt)id);
			bool common = strcmp(row->commands, "*") == 0;

			if (common == (pass == 1) && hk_opt_takes((hk_opt)id, cmd->words)) {
				append_option(out, row);
			}
		}
	}
	g_string_append_printf(out, "%-*sshow this text\n", OPTION_COLUMN, "  --help");
	if (cmd->examples) {
		g_auto(GStrv) lines =
			g_strsplit(cmd->examples, "\n", -1); /* nocheck: our own table */

		g_string_append(out, "\nexamples:\n");
		for (char **line = lines; *line; line++) {
			if (**line) {
				g_string_append_printf(out, "  %s\n", *line);
			}
		}
	}
	return g_string_free(out, FALSE);
}
