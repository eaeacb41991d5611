/* nocheck: tested in tests/scenario/init.t. hikeshi init: from questions to a house that can begin. */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/init_int.h"
#include "cmd/speech.h"
#include "cmd/user.h"

/* What the first person needs: to work on cases, and to let others in. What leaves is approved by somebody else. */
#define FIRST_ROLES "analyst,system_admin"

/* ---- the database and the first user, as the user that hikeshi will run as ---- */

/* The new configuration, as `hikeshi db init` reads it. */
static hk_opts *
new_options(const hk_init *init, const char *command, bool own, GError **error)
{
	g_autofree char *config = g_build_filename(init->into, "hikeshi.conf", NULL);
	g_autoptr(GPtrArray) args = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) brands = hk_init_brands(hk_init_answer(init, HK_ASK_BRANDS), error);

	if (!brands) {
		return NULL;
	}
	g_ptr_array_add(args, g_strdup("--config"));
	g_ptr_array_add(args, g_strdup(config));
	if (own) {
		g_ptr_array_add(args, g_strdup("--own"));
		g_ptr_array_add(args, g_strdup(hk_init_answer(init, HK_ASK_BANK)));
	}
	for (unsigned i = 0; own && i < brands->len; i++) {
		const hk_init_brand *brand = brands->pdata[i];
		g_ptr_array_add(args, g_strdup("--own"));
		g_ptr_array_add(args, g_strdup(brand->name));
	}
	return hk_opts_parse(command, (int)args->len, (char **)args->pdata, error);
}

static bool
make_database(const hk_init *init, GError **error)
{
	g_autoptr(hk_opts) opts = new_options(init, "db init", true, error);
	const char *admin = hk_init_answer(init, HK_ASK_ADMIN);

	if (!opts || !hk_cmd_db_init(opts, error)) {
		return false;
	}
	if (!*admin) {
		return true;
	}
	g_autoptr(hk_opts) adding = new_options(init, "user add", false, error);
	if (!adding || !hk_user_first(adding, admin, FIRST_ROLES,
			       hk_init_answer(init, HK_ASK_ADMIN_PASSWORD), error)) {
		return false;
	}
	printf("made user %s (%s)\n", admin, FIRST_ROLES);
	return true;
}

/* In a child that is that user from its first step on: no file of root's is left in their folders, and peer logins are theirs. */
static void
become(const hk_init *init, const struct passwd *user)
{
	g_autoptr(GError) error = NULL;
	bool good = initgroups(user->pw_name, user->pw_gid) == 0 && setgid(user->pw_gid) == 0 &&
		    setuid(user->pw_uid) == 0;

	g_setenv("HOME", user->pw_dir, TRUE);
	good = good ? make_database(init, &error)
		    : hk_error_errno(&error, errno, "to become %s", user->pw_name);
	if (!good) {
		fprintf(stderr, "hikeshi: %s\n", error->message);
	}
	fflush(stdout);
	_exit(good ? EX_OK : hk_err_exit(hk_error_code(error)));
}

static bool
make_database_as(const hk_init *init, const char *name, GError **error)
{
	const struct passwd *user = getpwnam(name);
	int status;

	if (!user) {
		return hk_error_set(error, HK_EUSAGE, "there is no user '%s'", name);
	}
	fflush(stdout);
	pid_t child = fork();
	if (child == 0) {
		become(init, user);
	}
	if (child < 0 || waitpid(child, &status, 0) < 0) {
		return hk_error_errno(error, errno, "fork");
	}
	return (WIFEXITED(status) && WEXITSTATUS(status) == EX_OK) ||
	       hk_error_set(error, HK_EIO, "as %s: its message is above", name);
}

static bool
database(const hk_init *init, GError **error)
{
	const char *user = hk_init_answer(init, HK_ASK_USER);
	bool good = *user && geteuid() == 0 ? make_database_as(init, user, error)
					    : make_database(init, error);

	if (!good) {
		g_prefix_error(error,
			"the configuration is written, the database was not made (mend it, then "
			"`hikeshi db init --config %s/hikeshi.conf`): ",
			init->into);
	}
	return good;
}

/* ---- what next ---- */

static void
step(const hk_init *init, hk_init_word word, const char *command)
{
	printf("\n# %s\n%s\n", hk_init_say(init, word), command);
}

static void
next(const hk_init *init)
{
	bool usual = strcmp(init->into, "/etc/hikeshi") == 0;
	g_autofree char *config =
		usual ? g_strdup("") : g_strdup_printf(" --config %s/hikeshi.conf", init->into);
	const char *user = hk_init_answer(init, HK_ASK_USER);
	g_autofree char *as = *user ? g_strdup_printf("runuser -u %s -- ", user) : g_strdup("");
	const char *base = hk_init_answer(init, HK_ASK_BASE_URL);
	const char *token = hk_init_answer(init, HK_ASK_TOKEN);
	const char *official = hk_init_answer(init, HK_ASK_OFFICIAL);
	g_autofree char *try = g_strdup_printf("hikeshi score%s www.%.*s %.*s-secure.duckdns.org",
		config, (int)strcspn(official, ", "), official, (int)strcspn(token, ",? "), token);
	g_autofree char *check = g_strdup_printf(
		"hikeshi config check %s/hikeshi.conf\n%shikeshi doctor%s", init->into, as, config);
	g_autofree char *make = g_strdup_printf("%shikeshi db init%s", as, config);
	g_autofree char *first = g_strdup_printf("%shikeshi user add LOGIN --roles " FIRST_ROLES
						 "%s\n%shikeshi user add LOGIN "
						 "--roles approver%s",
		as, config, as, config);
	g_autofree char *second =
		g_strdup_printf("%shikeshi user add LOGIN --roles approver%s", as, config);
	g_autofree char *serve = g_strdup_printf("%shikeshi serve%s", as, config);
	g_autofree char *url =
		*base ? g_strdup(base)
		      : g_strdup_printf("http://%s/", hk_init_answer(init, HK_ASK_LISTEN));

	printf("\n%s\n", hk_init_say(init, HK_INIT_NEXT));
	if (!init->db) {
		step(init, HK_INIT_NEXT_DB, make);
	}
	if (!*hk_init_answer(init, HK_ASK_ADMIN)) {
		step(init, HK_INIT_NEXT_USER, first);
	} else {
		step(init, HK_INIT_NEXT_APPROVER, second);
	}
	step(init, HK_INIT_NEXT_CHECK, check);
	step(init, HK_INIT_NEXT_TRY, try);
	printf("\n# %s %s\n%s\n", hk_init_say(init, HK_INIT_NEXT_SERVE), url, serve);
	printf("\n# %s %s/*.key\n", hk_init_say(init, HK_INIT_NEXT_KEY),
		hk_init_answer(init, HK_ASK_DATA));
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
	if ((dialogue && !hk_init_sure(init, error)) || !hk_init_write(init, plan, error) ||
		(init->db && !database(init, error))) {
		return false;
	}
	next(init);
	return true;
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
