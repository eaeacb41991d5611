#include "cmd/cmd.h"

#include <string.h>

#include "sys/gerr.h"
#include "sys/nearest.h"

const hk_cmd hk_cmd_table[] = {
#define CMD(id, words, handler, args, summary, description, examples)                              \
	{words, hk_cmd_##handler, args, summary, description, examples},
#include "cmd/cmd.def"
#undef CMD
};

const size_t hk_cmd_count = G_N_ELEMENTS(hk_cmd_table);

/* The number of words of a row if argv begins with them, else 0. */
static int
match_words(const char *words, int argc, char *const *argv)
{
	int count = 0;

	for (const char *at = words; *at; count++) {
		size_t len = strcspn(at, " ");

		if (count >= argc || strlen(argv[count]) != len ||
			memcmp(argv[count], at, len) != 0) {
			return 0;
		}
		at += len;
		at += *at == ' ';
	}
	return count;
}

const hk_cmd *
hk_cmd_find(int argc, char *const *argv, int *ret_words)
{
	for (size_t i = 0; i < hk_cmd_count; i++) {
		int words = match_words(hk_cmd_table[i].words, argc, argv);

		if (words > 0) {
			*ret_words = words;
			return &hk_cmd_table[i];
		}
	}
	return NULL;
}

/* The second word of a row whose first is word; NULL: another first word, or only one. */
static const char *
second_word(const hk_cmd *cmd, const char *word)
{
	size_t len = strlen(word);

	return strncmp(cmd->words, word, len) == 0 && cmd->words[len] == ' ' ? cmd->words + len + 1
									     : NULL;
}

bool
hk_cmd_is_group(const char *word)
{
	for (size_t i = 0; i < hk_cmd_count; i++) {
		if (second_word(&hk_cmd_table[i], word)) {
			return true;
		}
	}
	return false;
}

static bool
unknown_in_group(const char *group, const char *word, GError **error)
{
	g_autofree const char **seconds = g_new0(const char *, hk_cmd_count);
	g_autoptr(GString) list = g_string_new(NULL);

	for (size_t i = 0; i < hk_cmd_count; i++) {
		seconds[i] = second_word(&hk_cmd_table[i], group);
		if (seconds[i]) {
			g_string_append_printf(list, "%s%s", list->len ? ", " : "", seconds[i]);
		}
	}
	if (!word) {
		return hk_error_set(
			error, HK_EUSAGE, "`hikeshi %s` needs one of: %s", group, list->str);
	}
	const char *near = hk_nearest(word, seconds, hk_cmd_count);

	if (near) {
		return hk_error_set(error, HK_EUSAGE,
			"unknown command '%s %s', did you mean `hikeshi %s %s`?", group, word,
			group, near);
	}
	return hk_error_set(error, HK_EUSAGE, "unknown command '%s %s'; `hikeshi %s` has: %s",
		group, word, group, list->str);
}

bool
hk_cmd_unknown(int argc, char *const *argv, GError **error)
{
	g_auto(GStrv) firsts = g_new0(char *, hk_cmd_count + 1);

	if (hk_cmd_is_group(argv[0])) {
		return unknown_in_group(
			argv[0], argc > 1 && argv[1][0] != '-' ? argv[1] : NULL, error);
	}
	if (argv[0][0] == '-') {
		return hk_error_set(error, HK_EUSAGE,
			"a command comes first, options follow it: `hikeshi --help` lists the "
			"commands");
	}
	for (size_t i = 0; i < hk_cmd_count; i++) {
		const char *words = hk_cmd_table[i].words;

		firsts[i] = g_strndup(words, strcspn(words, " "));
	}
	const char *near = hk_nearest(argv[0], (const char *const *)firsts, hk_cmd_count);

	if (near) {
		return hk_error_set(error, HK_EUSAGE,
			"unknown command '%s', did you mean `hikeshi %s`?", argv[0], near);
	}
	return hk_error_set(
		error, HK_EUSAGE, "unknown command '%s'; `hikeshi --help` lists all", argv[0]);
}
