/* nocheck: tested in tests/scenario/init.t. What is left to do, as commands that can be copied: with user, configuration and quotes. */
#include <stdio.h>
#include <string.h>

#include "cmd/init_int.h"

/* A word of a command; quotes only where the shell needs them. */
static void
add(GString *out, const char *word)
{
	static const char plain[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./:@+,-";
	g_autofree char *quoted = word[strspn(word, plain)] ? g_shell_quote(word) : g_strdup(word);

	g_string_append_printf(out, "%s%s", out->len > 0 ? " " : "", quoted);
}

static void
add_words(GString *out, const char *const *words)
{
	for (; *words; words++) {
		add(out, *words);
	}
}

static char *
config_of(const hk_init *init)
{
	return g_build_filename(init->into, "hikeshi.conf", NULL);
}

/* Not named where it is looked for anyway. */
static void
add_config(const hk_init *init, GString *out)
{
	g_autofree char *config = config_of(init);

	if (strcmp(config, HK_CONFIG_PATH) != 0) {
		add_words(out, (const char *const[]){"--config", config, NULL});
	}
}

/* A command of the user that hikeshi runs as: root's would leave files of root's. */
static GString *
begin(const hk_init *init, const char *const *words)
{
	GString *out = g_string_new(NULL);
	const char *user = hk_init_answer(init, HK_ASK_USER);

	if (*user) {
		add_words(out, (const char *const[]){"runuser", "-u", user, "--", NULL});
	}
	add(out, "hikeshi");
	add_words(out, words);
	add_config(init, out);
	return out;
}

/* A title, and a command, which is freed. */
static void
step(const hk_init *init, hk_init_word title, GString *taken)
{
	printf("\n# %s\n%s\n", hk_init_say(init, title), taken->str);
	g_string_free(taken, TRUE);
}

static GString *
add_user(const hk_init *init, const char *login, const char *roles)
{
	return begin(init, (const char *const[]){"user", "add", login, "--roles", roles, NULL});
}

static GString *
make_database(const hk_init *init)
{
	GString *out = begin(init, (const char *const[]){"db", "init", NULL});
	g_autoptr(GPtrArray) own = hk_init_own(init);

	add_words(out, (const char *const *)own->pdata);
	return out;
}

static GString *
check(const hk_init *init)
{
	g_autofree char *config = config_of(init);
	GString *out = g_string_new(NULL);
	GString *doctor = begin(init, (const char *const[]){"doctor", NULL});

	add_words(out, (const char *const[]){"hikeshi", "config", "check", config, NULL});
	g_string_append_printf(out, "\n%s", doctor->str);
	g_string_free(doctor, TRUE);
	return out;
}

/* Of an official name, and of one that would imitate it. */
static GString *
try_names(const hk_init *init)
{
	const char *token = hk_init_answer(init, HK_ASK_TOKEN);
	const char *official = hk_init_answer(init, HK_ASK_OFFICIAL);
	GString *out = g_string_new(NULL);
	g_autofree char *good = g_strdup_printf("www.%.*s", (int)strcspn(official, ", "), official);
	g_autofree char *bad =
		g_strdup_printf("%.*s-secure.duckdns.org", (int)strcspn(token, ",? "), token);

	add_words(out, (const char *const[]){"hikeshi", "score", NULL});
	add_config(init, out);
	add_words(out, (const char *const[]){good, bad, NULL});
	return out;
}

static void
people(const hk_init *init, bool user)
{
	const char *admin = hk_init_answer(init, HK_ASK_ADMIN);
	GString *approver = add_user(init, "LOGIN", "approver");

	if (user) {
		step(init, HK_INIT_NEXT_APPROVER, approver);
		return;
	}
	GString *first = add_user(init, *admin ? admin : "LOGIN", HK_INIT_FIRST_ROLES);
	g_string_append_printf(first, "\n%s", approver->str);
	g_string_free(approver, TRUE);
	step(init, HK_INIT_NEXT_USER, first);
}

void
hk_init_next(const hk_init *init, bool database, bool user)
{
	const char *base = hk_init_answer(init, HK_ASK_BASE_URL);
	GString *serve = begin(init, (const char *const[]){"serve", NULL});

	printf("\n%s\n", hk_init_say(init, HK_INIT_NEXT));
	if (!database) {
		step(init, HK_INIT_NEXT_DB, make_database(init));
	}
	people(init, user);
	step(init, HK_INIT_NEXT_CHECK, check(init));
	step(init, HK_INIT_NEXT_TRY, try_names(init));
	printf("\n# %s %s%s%s\n%s\n", hk_init_say(init, HK_INIT_NEXT_SERVE),
		*base ? base : "http://", *base ? "" : hk_init_answer(init, HK_ASK_LISTEN),
		*base ? "" : "/", serve->str);
	g_string_free(serve, TRUE);
	printf("\n# %s %s/*.key\n", hk_init_say(init, HK_INIT_NEXT_KEY),
		hk_init_answer(init, HK_ASK_DATA));
	fflush(stdout);
}
