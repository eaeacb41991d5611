/* nocheck: tested in tests/scenario/init.t. hikeshi init: from questions to a house that can begin. */
#include <stdio.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/init_int.h"
#include "cmd/speech.h"
#include "cmd/user.h"

/* ---- the database and the first user, as the user that hikeshi will run as ---- */

/* The new configuration, as a command reads it, with more words behind it. */
static hk_opts *
new_options(const hk_init *init, const char *command, const GPtrArray *more, GError **error)
{
	g_autofree char *config = g_build_filename(init->into, "hikeshi.conf", NULL);
	g_autoptr(GPtrArray) args = g_ptr_array_new();
	static char flag[] = "--config";

	g_ptr_array_add(args, flag);
	g_ptr_array_add(args, config);
	for (unsigned i = 0; more && more->pdata[i]; i++) {
		g_ptr_array_add(args, more->pdata[i]);
	}
	return hk_opts_parse(command, (int)args->len, (char **)args->pdata, error);
}

GPtrArray *
hk_init_own(const hk_init *init)
{
	GPtrArray *own = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) brands = hk_init_brands(hk_init_answer(init, HK_ASK_BRANDS), NULL);

	g_ptr_array_add(own, g_strdup("--own"));
	g_ptr_array_add(own, g_strdup(hk_init_answer(init, HK_ASK_BANK)));
	for (unsigned i = 0; brands && i < brands->len; i++) {
		const hk_init_brand *brand = brands->pdata[i];
		g_ptr_array_add(own, g_strdup("--own"));
		g_ptr_array_add(own, g_strdup(brand->name));
	}
	g_ptr_array_add(own, NULL);
	return own;
}

static bool
make_database(const hk_init *init, GError **error)
{
	g_autoptr(GPtrArray) own = hk_init_own(init);
	g_autoptr(hk_opts) opts = new_options(init, "db init", own, error);

	return opts && hk_cmd_db_init(opts, error);
}

static bool
make_user(const hk_init *init, GError **error)
{
	g_autoptr(hk_opts) opts = new_options(init, "user add", NULL, error);
	const char *admin = hk_init_answer(init, HK_ASK_ADMIN);

	if (!opts || !hk_user_first(opts, admin, HK_INIT_FIRST_ROLES,
			     hk_init_answer(init, HK_ASK_ADMIN_PASSWORD), error)) {
		return false;
	}
	printf("made user %s (%s)\n", admin, HK_INIT_FIRST_ROLES);
	return true;
}

/* What is asked for of it, and then what is left to do: behind a failure, too, and that from there. */
static bool
make_house(const hk_init *init, GError **error)
{
	bool admin = *hk_init_answer(init, HK_ASK_ADMIN) != '\0';
	bool database = init->db && hk_init_as_user(init, make_database, error);
	bool user = database && admin && hk_init_as_user(init, make_user, error);

	hk_init_next(init, database, user);
	if (init->db && !database) {
		g_prefix_error(error, "the configuration is written, the database was not made "
				      "(mend it, then go on with the commands above): ");
		return false;
	}
	if (database && admin && !user) {
		g_prefix_error(error, "configuration and database are there, the first user was "
				      "not made (mend it, then go on with the commands above): ");
		return false;
	}
	return true;
}

/* ---- the command ---- */

static bool
ask(hk_init *init, const hk_opts *opts, GError **error)
{
	const char *answers = hk_opts_str(opts, HK_OPT_ANSWERS);

	if (answers) {
		return hk_init_read(init, answers, error);
	}
	if (!isatty(STDIN_FILENO)) {
		return hk_error_set(error, HK_EUSAGE,
			"a dialogue needs a terminal; without one give the answers in a file: "
			"`hikeshi init --print-answers` prints a template, `--answers FILE` reads "
			"it");
	}
	return hk_init_dialogue(init, error);
}

/* Before thirty questions, not behind them. */
static bool
is_new(const hk_init *init, GError **error)
{
	g_autofree char *config = g_build_filename(init->into, "hikeshi.conf", NULL);

	return init->dry || access(config, F_OK) != 0 ||
	       hk_error_set(error, HK_EPOLICY,
		       "%s is there already, and nothing is written over: move it away, or take "
		       "another folder: --into DIR",
		       config);
}

static bool
run(hk_init *init, const hk_opts *opts, GError **error)
{
	if (!is_new(init, error) || !ask(init, opts, error)) {
		return false;
	}
	g_autoptr(GPtrArray) plan = hk_init_plan(init, error);
	if (!plan) {
		return false;
	}
	bool dialogue = hk_opts_str(opts, HK_OPT_ANSWERS) == NULL;
	if (init->dry || dialogue) {
		hk_init_show(init, plan);
	}
	if (init->dry) {
		printf("\n%s\n", hk_init_say(init, HK_INIT_DRY));
		return true;
	}
	return (!dialogue || hk_init_sure(init, error)) && hk_init_write(init, plan, error) &&
	       make_house(init, error);
}

bool
hk_cmd_init(const hk_opts *opts, GError **error)
{
	hk_init init = {.db = hk_opts_bool(opts, HK_OPT_INIT_DB),
		.dry = hk_opts_bool(opts, HK_OPT_DRY_RUN)};

	if (!hk_speech_of(opts, &init.ja, error)) {
		return false;
	}
	if (hk_opts_bool(opts, HK_OPT_PRINT_ANSWERS)) {
		g_autofree char *text = hk_init_template(&init);
		fputs(text, stdout);
		return true;
	}
	init.into = g_canonicalize_filename(hk_opts_str(opts, HK_OPT_INTO), NULL);
	bool good = run(&init, opts, error);
	hk_init_clear(&init);
	return good;
}
