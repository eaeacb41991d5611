/* cmd/cmd: the table of commands. Layer: cmd. */
#ifndef HK_CMD_CMD_H
#define HK_CMD_CMD_H

#include "sys/options.h"

/* Runs a command; false and error ends the program with one line on stderr and the exit code of the
 * hk_err. A command prints its result on stdout; main flushes it and reports a failed write. */
typedef bool (*hk_cmd_fn)(const hk_opts *opts, GError **error);

#define CMD(id, words, handler, args, summary, description, examples)                              \
	bool hk_cmd_##handler(const hk_opts *opts, GError **error);
#include "cmd/cmd.def"
#undef CMD

/* A row of cmd.def; static storage. */
typedef struct hk_cmd {
	const char *words; /* "ct scan" */
	hk_cmd_fn run;
	const char *args;        /* "[FILE|DIR ...]"; NULL: none are taken */
	const char *summary;     /* one line */
	const char *description; /* paragraphs, parted by an empty line */
	const char *examples;    /* lines; '#' begins an explanation; NULL: none */
} hk_cmd;

/* The rows in order, and their number. */
extern const hk_cmd hk_cmd_table[];
extern const size_t hk_cmd_count;

/* hk_cmd_find(argc, argv, ret_words): the row whose words argv[0..] begins with, and how many words
 * that are; NULL when there is none. */
const hk_cmd *hk_cmd_find(int argc, char *const *argv, int *ret_words);

/* hk_cmd_is_group(word): whether word is the first of several words of some row ("ct"). */
bool hk_cmd_is_group(const char *word);

/* hk_cmd_unknown(argc, argv, error): sets HK_EUSAGE for words that are no command: what was meant,
 * or what may follow. Returns false. */
bool hk_cmd_unknown(int argc, char *const *argv, GError **error);

#endif
