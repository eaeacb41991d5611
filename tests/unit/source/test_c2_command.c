/* Commands: the vectors of tests/vectors/c2-commands.tsv, waves, masking. */
#include "source/c2/command.h"

#include <stdio.h>
#include <stdlib.h>

#include "tap.h"

enum { COLUMNS = 7 };

/* \n LF, \t tab, \\ a backslash, \uXXXX the character. */
static char *
unescape(const char *text)
{
	GString *out = g_string_new(NULL);

	for (; *text; text++) {
		if (*text != '\\') {
			g_string_append_c(out, *text);
		} else if (text[1] == 'u' && strlen(text) >= 6) {
			char hex[5] = {text[2], text[3], text[4], text[5], '\0'};
			g_string_append_unichar(out, (gunichar)strtoul(hex, NULL, 16));
			text += 5;
		} else {
			text++;
			g_string_append_c(out, *text == 'n' ? '\n' : *text == 't' ? '\t' : *text);
		}
	}
	return g_string_free(out, FALSE);
}

static char *
joined(const GPtrArray *list, const char *between)
{
	GString *out = g_string_new(NULL);

	for (unsigned i = 0; i < list->len; i++) {
		g_string_append_printf(out, "%s%s", i ? between : "", (const char *)list->pdata[i]);
	}
	return g_string_free(out, FALSE);
}

/* As the vectors write them: domestic, "090...". */
static char *
numbers_of(const hk_command *command)
{
	GString *out = g_string_new(NULL);

	for (unsigned i = 0; i < command->numbers->len; i++) {
		const char *number = command->numbers->pdata[i];
		g_string_append_printf(out, "%s0%s", i ? "," : "", number + 3);
	}
	return g_string_free(out, FALSE);
}

static void
row(const hk_family *family, char **column, unsigned line)
{
	g_autofree char *input = unescape(column[0]);
	size_t len = strlen(input);
	/* An exact copy, so that the sanitizer sees a read one past the end. */
	char *copy = malloc(len > 0 ? len : 1);
	memcpy(copy, input, len);
	g_autoptr(hk_command) command = hk_command_read(family, hk_span_of(copy, len));
	free(copy);

	if (!ok(command, "line %u: %s", line, column[0])) {
		return;
	}
	g_autofree char *numbers = numbers_of(command);
	g_autofree char *counts = g_strdup_printf("%u/%u/%u%s", command->masked, command->odd,
		command->doubles, command->elided ? "+" : "");
	g_autofree char *urls = joined(command->urls, " ");
	g_autofree char *brands = joined(command->brands, "|");
	g_autofree char *text = unescape(column[4]);

	is_str(command->verb ? command->verb->name : "?", column[1], "line %u: the verb", line);
	is_str(numbers, column[2], "line %u: the numbers", line);
	is_str(counts, column[3], "line %u: blotted, odd, double", line);
	is_str(command->text ? command->text : "", text, "line %u: the text", line);
	is_str(urls, column[5], "line %u: the links", line);
	is_str(brands, column[6], "line %u: the brands", line);
}

static unsigned
vectors(const hk_family *family)
{
	size_t len;
	char *text = (char *)tap_file("tests/vectors/c2-commands.tsv", &len);
	char *line = text;
	unsigned n = 0, rows = 0;

	while (*line != '\0') {
		char *column[COLUMNS] = {line};
		char *feed = strchr(line, '\n');
		unsigned c = 1;
		*feed = '\0';
		n++;
		for (char *at = line; *at; at++) {
			if (*at == '\t' && c < COLUMNS) {
				*at = '\0';
				column[c++] = at + 1;
			}
		}
		if (*line != '#' && ok(c == COLUMNS, "line %u has %d columns", n, COLUMNS)) {
			row(family, column, n);
			rows++;
		}
		line = feed + 1;
	}
	free(text);
	return rows;
}

int
main(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(hk_family) family = hk_family_read(HK_SOURCE_DIR "/conf/c2/keepspy.conf", &error);

	if (!ok(family, "the family's file reads: %s", error ? error->message : "")) {
		return tap_done();
	}
	ok(vectors(family) > 0, "there are vectors");
	return tap_done();
}
