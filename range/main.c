/* main: argv[1] -> a row of cmd.def. Nothing else. */
#include <errno.h>
#include <libdeflate.h>
#include <microhttpd.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "c2b.h"
#include "c2drop.h"
#include "c2script.h"
#include "certgen.h"
#include "cmd.h"
#include "ctfault.h"
#include "playread.h"
#include "shortlinks.h"
#include "sys/gerr.h"

static const struct {
	const char *word;
	bool (*run)(const rg_opts *opts, GError **error);
	const char *summary;
	const char *description;
	const char *examples;
} commands[] = {
#define CMD(word, handler, summary, description, examples)                                         \
	{word, rg_cmd_##handler, summary, description, examples},
#include "cmd.def"
#undef CMD
};

static void
wrap(const char *text)
{
	g_auto(GStrv) words = g_strsplit(text, " ", -1);
	size_t at = 0;

	for (size_t i = 0; words[i]; i++) {
		size_t len = strlen(words[i]);
		printf("%s%s", i == 0 ? "" : at + 1 + len > 80 ? "\n" : " ", words[i]);
		at = at + 1 + len > 80 ? len : at + 1 + len;
	}
	puts("");
}

static void
help(FILE *to)
{
	fputs("usage: hikeshi-range COMMAND [OPTION ...]\n\n"
	      "hikeshi-range simulates the outside world on loopback.\n\ncommands:\n",
		to);
	for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
		fprintf(to, "  %-12s %s\n", commands[i].word, commands[i].summary);
	}
	fputs("\n`hikeshi-range COMMAND --help` explains one.\n", to);
}

static void
help_faults(void)
{
	puts("\nfaults (--fault NAME[@WHERE][:CHANCE][:PARAMETER]; WHERE is head, entries, tiles,\n"
	     "proofs or reads; CHANCE is a probability, every-N or first-N):");
	for (int i = 0; i < RG_FAULT_COUNT; i++) {
		const rg_fault_row *row = rg_fault_row_get((rg_fault)i);
		printf("  %-18s %s", row->name, row->what);
		if (row->parameter) {
			printf("; parameter: %s", row->parameter);
		}
		printf(row->def ? " (default %s)\n" : "\n", row->def);
	}
}

static void
help_odd(void)
{
	puts("\nodd certificates (--odd-every), in turn:");
	for (int i = 0; i < RG_ODD_COUNT; i++) {
		const rg_odd_row *row = rg_odd_get((rg_odd)i);
		printf("  %-18s %s\n", row->name, row->what);
	}
}

static void
help_c2(void)
{
	const char *what, *name;

	puts("\nfaults (--fault NAME[@PORT][:TIMES], POST /-/fault):");
	for (size_t i = 0; (name = rg_c2b_fault_name(i, &what)); i++) {
		printf("  %-18s %s\n", name, what);
	}
	puts("\ndead drops (POST /-/a):");
	for (int i = 0; i < RG_DROP_STATES; i++) {
		printf("  %-18s %s\n", rg_drop_name((rg_drop_state)i),
			rg_drop_what((rg_drop_state)i));
	}
	puts("\nverbs (--scenario, POST /-/send):");
	for (size_t i = 0; (name = rg_script_verb(i, &what)); i++) {
		printf("  %-18s %s\n", name, what);
	}
}

static void
help_shortlinks(void)
{
	const char *what, *name;

	puts("\nkinds (--links, POST /-/links):");
	for (size_t i = 0; (name = rg_shortlinks_kind(i, &what)); i++) {
		printf("  %-18s %s\n", name, what);
	}
}

static void
help_play(void)
{
	static const char *const heads[] = {
		"\nthe head of a scenario (docs/scenarios.md):", "\nevents, TIME in front:"};

	for (int where = RG_PLAY_HEAD; where <= RG_PLAY_EVENT; where++) {
		puts(heads[where]);
		for (int i = 0; i < RG_PLAY_VERBS; i++) {
			size_t count;
			const rg_play_arg_row *rows = rg_play_args((rg_play_verb)i, &count);
			bool here = (int)rg_play_verbs[i].where == where;
			if (here) {
				printf("  %-18s %s\n", rg_play_verbs[i].word,
					rg_play_verbs[i].what);
			}
			for (size_t k = 0; here && k < count; k++) {
				bool named = rows[k].place == RG_PLAY_NEED ||
					     rows[k].place == RG_PLAY_MAY;
				printf("    %s%-*s %s%s%s%s\n", rows[k].name,
					(int)(16 - strlen(rows[k].name)), named ? "=" : "",
					rows[k].what, rows[k].def ? " (default " : "",
					rows[k].def ? rows[k].def : "", rows[k].def ? ")" : "");
			}
		}
	}
}

/* What a command has besides its options. */
static const struct {
	const char *word;
	void (*print)(void);
} tables[] = {{"ct-log", help_faults}, {"ct-log", help_odd}, {"ct-tiles", help_odd},
	{"c2", help_c2}, {"play", help_play}, {"shortlinks", help_shortlinks}};

static void
help_command(size_t i)
{
	g_autoptr(GString) options = g_string_new(NULL);

	printf("usage: hikeshi-range %s [OPTION ...]\n\n", commands[i].word);
	wrap(commands[i].description);
	rg_opts_help(commands[i].word, options);
	printf("\noptions:\n%s", options->str);
	for (size_t k = 0; k < G_N_ELEMENTS(tables); k++) {
		if (strcmp(commands[i].word, tables[k].word) == 0) {
			tables[k].print();
		}
	}
	printf("\nexamples:\n%s", commands[i].examples);
}

static bool
asks_help(int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			return true;
		}
	}
	return false;
}

static int
run(size_t i, int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(rg_opts) opts = rg_opts_parse(commands[i].word, argc, argv, &error);

	if (opts && commands[i].run(opts, &error)) {
		return EX_OK;
	}
	fprintf(stderr, "hikeshi-range: %s\n", error->message);
	return hk_err_exit(hk_error_code(error));
}

int
main(int argc, char **argv)
{
	g_log_set_always_fatal((GLogLevelFlags)(G_LOG_LEVEL_CRITICAL | G_LOG_FATAL_MASK));
	if (argc < 2) {
		help(stderr);
		return EX_USAGE;
	}
	if (strcmp(argv[1], "--version") == 0) {
		printf("hikeshi-range " HK_VERSION
		       "\nlibmicrohttpd %s\nOpenSSL %s\nlibdeflate %s\n",
			MHD_get_version(), OpenSSL_version(OPENSSL_VERSION_STRING),
			LIBDEFLATE_VERSION_STRING);
		return EX_OK;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		help(stdout);
		return EX_OK;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
		if (strcmp(argv[1], commands[i].word) != 0) {
			continue;
		}
		if (asks_help(argc - 2, argv + 2)) {
			help_command(i);
			return EX_OK;
		}
		return run(i, argc - 2, argv + 2);
	}
	fprintf(stderr, "hikeshi-range: no command '%s'; `hikeshi-range --help` lists them\n",
		argv[1]);
	return EX_USAGE;
}
