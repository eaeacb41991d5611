/* hikeshi user add, list, passwd, roles, disable, enable, unlock, token. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/askline.h"
#include "cmd/cmd.h"
#include "cmd/user.h"
#include "store/migrate.h"
#include "sys/gerr.h"
#include "web/auth.h"
#include "web/login.h"
#include "web/people.h"
#include "web/secret.h"

/* One act on the command line: who it is about, and what was given. */
typedef struct task {
	const hk_opts *opts;
	hk_user *user; /* NULL for add */
	const char *login;
	char *hash;
	unsigned roles; /* or scopes */
	int64_t id;
	char *token;
} task;

static bool
args(const hk_opts *opts, size_t count, const char *what, GError **error)
{
	return hk_opts_arg_count(opts) == count ||
	       hk_error_set(error, HK_EUSAGE, "%s is needed, and nothing else", what);
}

static char *
ask(const char *prompt, GError **error)
{
	g_autoptr(GError) local = NULL;
	char *line = hk_askline(prompt, false, HK_PASSWORD_MAX_BYTES, &local);

	if (line && *line) {
		return line;
	}
	hk_askline_forget(line);
	if (local && hk_error_code(local) != HK_ENOENT) {
		g_propagate_error(error, g_steal_pointer(&local));
	} else {
		hk_error_set(error, HK_EUSAGE, "no password was given");
	}
	return NULL;
}

static void
forget(char *secret)
{
	if (secret) {
		hk_secret_wipe(secret, strlen(secret));
		g_free(secret);
	}
}

/* Asked twice on a terminal: nobody sees what they type. */
static char *
ask_hash(const char *login, GError **error)
{
	char *first = ask("password: ", error);
	char *again = NULL, *hash = NULL;
	bool good = first && hk_password_check(first, login, error);

	if (good && isatty(STDIN_FILENO)) {
		again = ask("once more: ", error);
		good = again != NULL;
		if (good && strcmp(first, again) != 0) {
			good = hk_error_set(error, HK_EUSAGE, "the two are not the same");
		}
	}
	if (good) {
		hash = hk_password_hash(first, error);
	}
	forget(first);
	forget(again);
	return hash;
}

/* Opens the database, finds the user unless find is NULL, does act in a transaction. */
static bool
run(task *t, const char *find, hk_flow_act act, GError **error)
{
	g_autofree char *login = find ? hk_login_fold(find) : NULL;
	hk_who who = {.login = "auto", .via = "cli", .address = ""};

	if (!hk_secret_init(error)) {
		return false;
	}
	g_autoptr(hk_db) db = hk_db_open(hk_opts_str(t->opts, HK_OPT_DATABASE), error);
	if (!db || !hk_schema_check(db, error)) {
		return false;
	}
	g_autoptr(hk_flow) flow = hk_flow_new(db, hk_opts_str(t->opts, HK_OPT_AUDIT_KEY), error);
	if (!flow) {
		return false;
	}
	if (find && !login) {
		return hk_error_set(error, HK_ENOENT, "there is no such login");
	}
	if (find && !(t->user = hk_user_by_login(db, login, error))) {
		return false;
	}
	bool good = hk_flow_do(flow, &who, act, t, error);
	hk_user_free(t->user);
	return good;
}

static bool
act_add(hk_flow *flow, void *data, GError **error)
{
	task *t = data;

	return hk_person_add(flow, t->login, hk_opts_str(t->opts, HK_OPT_USER_NAME),
		       hk_opts_str(t->opts, HK_OPT_USER_MAIL), t->roles, t->hash, &t->id, error) &&
	       (!hk_opts_bool(t->opts, HK_OPT_USER_SSO) ||
		       hk_person_sso(flow, t->id, t->login, error));
}

bool
hk_user_first(const hk_opts *opts, const char *login, const char *roles, const char *password,
	GError **error)
{
	task t = {.opts = opts, .login = login};

	if (!hk_roles_parse(roles, &t.roles, error) || !hk_secret_init(error)) {
		return false;
	}
	t.hash = hk_password_hash(password, error);
	bool good = t.hash && run(&t, NULL, act_add, error);
	forget(t.hash);
	return good;
}

bool
hk_cmd_user_add(const hk_opts *opts, GError **error)
{
	const char *roles = hk_opts_str(opts, HK_OPT_USER_ROLES);
	task t = {.opts = opts};

	if (!args(opts, 1, "a login", error) ||
		!hk_roles_parse(roles ? roles : "", &t.roles, error) || !hk_secret_init(error)) {
		return false;
	}
	t.login = hk_opts_args(opts)[0];
	if (!hk_opts_bool(opts, HK_OPT_USER_NO_PASSWORD) && !hk_opts_bool(opts, HK_OPT_USER_SSO)) {
		t.hash = ask_hash(t.login, error);
		if (!t.hash) {
			return false;
		}
	}
	bool good = run(&t, NULL, act_add, error);
	forget(t.hash);
	if (good) {
		printf("made user %ld\n", (long)t.id);
	}
	return good;
}

bool
hk_cmd_user_list(const hk_opts *opts, GError **error)
{
	int64_t after = 0;

	if (!args(opts, 0, "no argument", error)) {
		return false;
	}
	g_autoptr(hk_db) db = hk_db_open(hk_opts_str(opts, HK_OPT_DATABASE), error);
	if (!db || !hk_schema_check(db, error)) {
		return false;
	}
	for (;;) {
		g_autoptr(GPtrArray) users = hk_users_list(db, after, 200, error);
		if (!users) {
			return false;
		}
		for (guint i = 0; i < users->len; i++) {
			g_autoptr(GString) out = g_string_new(NULL);
			hk_user_json(users->pdata[i], true, out);
			puts(out->str);
			after = ((const hk_user *)users->pdata[i])->id;
		}
		if (users->len == 0) {
			return true;
		}
	}
}

static bool
act_passwd(hk_flow *flow, void *data, GError **error)
{
	task *t = data;

	return hk_person_password(flow, t->user, t->hash, NULL, error) &&
	       hk_person_unlock(flow, t->user, error) &&
	       (!hk_opts_bool(t->opts, HK_OPT_USER_DROP_TOTP) ||
		       hk_person_totp(
			       flow, t->user, NULL, "taken away by an administrator", error));
}

bool
hk_cmd_user_passwd(const hk_opts *opts, GError **error)
{
	task t = {.opts = opts};

	if (!args(opts, 1, "a login", error) || !hk_secret_init(error)) {
		return false;
	}
	t.hash = ask_hash(hk_opts_args(opts)[0], error);
	bool good = t.hash && run(&t, hk_opts_args(opts)[0], act_passwd, error);
	forget(t.hash);
	return good;
}

static bool
act_roles(hk_flow *flow, void *data, GError **error)
{
	task *t = data;

	return hk_person_edit(flow, t->user, NULL, NULL, NULL, NULL, NULL, t->roles, error);
}

bool
hk_cmd_user_roles(const hk_opts *opts, GError **error)
{
	task t = {.opts = opts};

	if (!args(opts, 2, "a login and its roles (\"-\" for none)", error)) {
		return false;
	}
	const char *roles = hk_opts_args(opts)[1];
	return hk_roles_parse(strcmp(roles, "-") == 0 ? "" : roles, &t.roles, error) &&
	       run(&t, hk_opts_args(opts)[0], act_roles, error);
}

static bool
act_disable(hk_flow *flow, void *data, GError **error)
{
	task *t = data;

	return hk_person_edit(flow, t->user, NULL, NULL, NULL, NULL, "disabled", -1, error);
}

static bool
act_enable(hk_flow *flow, void *data, GError **error)
{
	task *t = data;

	return hk_person_edit(flow, t->user, NULL, NULL, NULL, NULL, "active", -1, error);
}

static bool
act_unlock(hk_flow *flow, void *data, GError **error)
{
	task *t = data;

	return hk_person_unlock(flow, t->user, error);
}

static bool
with_login(const hk_opts *opts, hk_flow_act act, GError **error)
{
	task t = {.opts = opts};

	return args(opts, 1, "a login", error) && run(&t, hk_opts_args(opts)[0], act, error);
}

bool
hk_cmd_user_disable(const hk_opts *opts, GError **error)
{
	return with_login(opts, act_disable, error);
}

bool
hk_cmd_user_enable(const hk_opts *opts, GError **error)
{
	return with_login(opts, act_enable, error);
}

bool
hk_cmd_user_unlock(const hk_opts *opts, GError **error)
{
	return with_login(opts, act_unlock, error);
}

static bool
act_sso(hk_flow *flow, void *data, GError **error)
{
	const task *t = data;

	return hk_person_sso(flow, t->user->id, t->user->login, error);
}

bool
hk_cmd_user_sso(const hk_opts *opts, GError **error)
{
	return with_login(opts, act_sso, error);
}

static bool
act_token(hk_flow *flow, void *data, GError **error)
{
	task *t = data;

	g_clear_pointer(&t->token, g_free);
	t->token = hk_person_token(flow, t->user, hk_opts_args(t->opts)[1], t->roles,
		hk_opts_int(t->opts, HK_OPT_USER_DAYS), &t->id, error);
	return t->token != NULL;
}

bool
hk_cmd_user_token(const hk_opts *opts, GError **error)
{
	task t = {.opts = opts};

	if (!args(opts, 2, "a login and a name for the token", error) ||
		!hk_scopes_parse(hk_opts_str(opts, HK_OPT_USER_SCOPES), &t.roles, error) ||
		!run(&t, hk_opts_args(opts)[0], act_token, error)) {
		return false;
	}
	puts(t.token);
	forget(t.token);
	return true;
}
