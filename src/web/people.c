#include "web/people.h"

#include <string.h>

#include "store/sessions.h"
#include "sys/gerr.h"
#include "sys/json.h"
#include "sys/jsonw.h"
#include "web/auth.h"

#define DAY_MS ((int64_t)24 * 60 * 60 * 1000)

static bool
check_line(const char *field, const char *text, size_t max_chars, GError **error)
{
	size_t chars = 0;

	for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
		if (*at < 0x20 || *at == 0x7f) {
			return hk_error_set(
				error, HK_EFORM, "%s: holds a control character", field);
		}
		chars += (*at & 0xc0) != 0x80;
	}
	if (chars > max_chars || !g_utf8_validate(text, -1, NULL)) {
		return hk_error_set(error, HK_EFORM, "%s: must be text of at most %zu characters",
			field, max_chars);
	}
	return true;
}

static bool
check_mail(const char *mail, GError **error)
{
	const char *at = strchr(mail, '@');

	if (*mail == '\0') {
		return true;
	}
	if (!check_line("mail", mail, HK_PERSON_MAIL_MAX, error)) {
		return false;
	}
	return (at && at > mail && at[1] && !strchr(at + 1, '@') && !strchr(mail, ' ')) ||
	       hk_error_set(error, HK_EFORM, "mail: is no mail address");
}

/* The members are ours: name, value, name, value ... NULL. */
static void
note(hk_flow *flow, const char *act, const char *object, int64_t id, ...)
{
	g_autoptr(GString) data = g_string_new(NULL);
	const char *name;
	va_list args;

	hk_jsonw_open(data, '{');
	va_start(args, id);
	while ((name = va_arg(args, const char *))) {
		const char *value = va_arg(args, const char *);
		hk_jsonw_key(data, name);
		if (value) {
			hk_jsonw_str(data, value);
		} else {
			hk_jsonw_null(data);
		}
	}
	va_end(args);
	hk_jsonw_close(data, '}');
	hk_flow_note(flow, act, object, id, 0, data->str);
}

bool
hk_person_add(hk_flow *flow, const char *login, const char *name, const char *mail, unsigned roles,
	const char *hash, int64_t *ret_id, GError **error)
{
	g_autofree char *folded = hk_login_fold(login);
	g_autofree char *role_text = hk_roles_text(roles);

	if (!folded) {
		return hk_error_set(error, HK_EFORM,
			"login: must have 1 to %d letters a-z, digits or . _ @ + -", HK_LOGIN_MAX);
	}
	if (strcmp(folded, "auto") == 0 || strcmp(folded, "nobody") == 0 ||
		strcmp(folded, "none") == 0 || strcmp(folded, "me") == 0) {
		return hk_error_set(
			error, HK_ERANGE, "login: \"%s\" is kept for the program", folded);
	}
	name = name && *name ? name : folded;
	if (!check_line("name", name, HK_PERSON_NAME_MAX, error) ||
		(mail && !check_mail(mail, error))) {
		return false;
	}
	hk_user user = {.login = folded,
		.name = (char *)(uintptr_t)name,
		.mail = mail && *mail ? (char *)(uintptr_t)mail : NULL,
		.password = (char *)(uintptr_t)hash,
		.created_ms = hk_flow_now(flow),
		.roles = role_text};
	if (!hk_user_insert(hk_flow_db(flow), &user, ret_id, error)) {
		return false;
	}
	note(flow, "user.new", "user", *ret_id, "login", folded, "roles", role_text, NULL);
	return true;
}

/* Somebody must be left who can give roles. */
static bool
check_last_admin(
	hk_flow *flow, const hk_user *user, const char *state, unsigned roles, GError **error)
{
	unsigned was = 0;
	int64_t admins = 0;
	bool is = strcmp(state, "active") == 0 && (roles >> HK_ROLE_SYSTEM_ADMIN & 1);

	if (!hk_roles_parse(user->roles, &was, error)) {
		return false;
	}
	if (is || strcmp(user->state, "active") != 0 || !(was >> HK_ROLE_SYSTEM_ADMIN & 1)) {
		return true;
	}
	if (!hk_users_with_role(
		    hk_flow_db(flow), hk_role_name(HK_ROLE_SYSTEM_ADMIN), &admins, error)) {
		return false;
	}
	return admins > 1 || hk_error_set(error, HK_EPOLICY,
				     "this is the last system_admin; make another one first");
}

static bool
put_field(char **field, const char *value)
{
	if (!value || g_strcmp0(*field, value) == 0) {
		return false;
	}
	g_free(*field);
	*field = g_strdup(*value ? value : NULL);
	return true;
}

static bool
check_fields(const char *name, const char *mail, const char *lang, const char *prefs,
	const char *state, GError **error)
{
	if (name && (*name == '\0' || !check_line("name", name, HK_PERSON_NAME_MAX, error))) {
		return *name || hk_error_set(error, HK_ERANGE, "name: must not be empty");
	}
	if (mail && !check_mail(mail, error)) {
		return false;
	}
	if (lang && strcmp(lang, "ja") != 0 && strcmp(lang, "en") != 0) {
		return hk_error_set(error, HK_ERANGE, "lang: must be ja or en");
	}
	if (state && strcmp(state, "active") != 0 && strcmp(state, "disabled") != 0) {
		return hk_error_set(error, HK_ERANGE, "state: must be active or disabled");
	}
	if (prefs && strlen(prefs) > HK_PERSON_PREFS_MAX) {
		return hk_error_set(
			error, HK_ELIMIT, "prefs: at most %d bytes", HK_PERSON_PREFS_MAX);
	}
	return true;
}

bool
hk_person_edit(hk_flow *flow, hk_user *user, const char *name, const char *mail, const char *lang,
	const char *prefs, const char *state, int64_t roles, GError **error)
{
	hk_db *db = hk_flow_db(flow);
	g_autofree char *before = g_strdup(user->roles);
	g_autofree char *after = roles >= 0 ? hk_roles_text((unsigned)roles) : g_strdup(before);
	unsigned wanted = 0;

	if (!check_fields(name, mail, lang, prefs, state, error) ||
		!hk_roles_parse(after, &wanted, error) || !hk_db_lock(db, "users", error) ||
		!check_last_admin(flow, user, state ? state : user->state, wanted, error)) {
		return false;
	}
	/* The table's order and the row's are not the same: compare as sets. */
	unsigned had = 0;
	hk_roles_parse(before, &had, NULL);
	bool new_roles = had != wanted;
	bool new_state = put_field(&user->state, state);
	bool more = put_field(&user->name, name);
	more = put_field(&user->mail, mail) || more;
	more = put_field(&user->lang, lang) || more;
	more = put_field(&user->prefs, prefs) || more;
	g_free(user->roles);
	user->roles = g_strdup(after);
	if (!hk_user_save(db, user, error)) {
		return false;
	}
	if (new_roles) {
		note(flow, "user.roles", "user", user->id, "before", before, "after", after, NULL);
	}
	if (new_state || more) {
		note(flow, "user.edit", "user", user->id, "name", user->name, "mail", user->mail,
			"state", user->state, NULL);
	}
	return !(new_roles || new_state) || hk_session_end_user(db, user->id, NULL, error);
}

bool
hk_person_unlock(hk_flow *flow, const hk_user *user, GError **error)
{
	g_autofree char *key = g_strconcat("login:", user->login, NULL);
	g_autofree char *code = g_strdup_printf("totp:%ld", (long)user->id);
	hk_db *db = hk_flow_db(flow);

	if (!hk_user_set_failures(db, user->id, 0, 0, error) || !hk_attempt_clear(db, key, error) ||
		!hk_attempt_clear(db, code, error)) {
		return false;
	}
	note(flow, "user.unlock", "user", user->id, NULL);
	return true;
}

bool
hk_person_password(
	hk_flow *flow, const hk_user *user, const char *hash, const char *but, GError **error)
{
	hk_db *db = hk_flow_db(flow);

	if (!hk_user_set_password(db, user->id, hash, error) ||
		!hk_user_set_failures(db, user->id, 0, 0, error) ||
		!hk_session_end_user(db, user->id, but, error)) {
		return false;
	}
	note(flow, "user.password", "user", user->id, NULL);
	return true;
}

bool
hk_person_totp(hk_flow *flow, const hk_user *user, GBytes *sealed, const char *what, GError **error)
{
	if (!hk_user_set_totp(hk_flow_db(flow), user->id, sealed, error)) {
		return false;
	}
	note(flow, "user.totp", "user", user->id, "what", what, NULL);
	return true;
}

bool
hk_person_sessions(hk_flow *flow, const hk_user *user, const char *but, GError **error)
{
	if (!hk_session_end_user(hk_flow_db(flow), user->id, but, error)) {
		return false;
	}
	note(flow, "user.sessions", "user", user->id, "but", but ? "this one" : NULL, NULL);
	return true;
}

bool
hk_person_sso(hk_flow *flow, int64_t id, const char *login, GError **error)
{
	note(flow, "user.edit", "user", id, "login", login, "sso", "awaited", NULL);
	return hk_user_await_oidc(hk_flow_db(flow), id, error) &&
	       hk_session_end_user(hk_flow_db(flow), id, NULL, error);
}

char *
hk_person_token(hk_flow *flow, const hk_user *user, const char *name, unsigned scopes, int64_t days,
	int64_t *ret_id, GError **error)
{
	uint8_t hash[32];
	g_autofree char *text = NULL;
	g_autofree char *words = hk_scopes_text(scopes);
	hk_token token = {.user_id = user->id,
		.name = (char *)(uintptr_t)name,
		.scopes = words,
		.created_ms = hk_flow_now(flow),
		.expires_ms = hk_flow_now(flow) + days * DAY_MS};

	if (*name == '\0') {
		hk_error_set(error, HK_ERANGE, "name: must not be empty; say what it is for");
		return NULL;
	}
	if (scopes == 0) {
		hk_error_set(error, HK_ERANGE, "scopes: at least one is needed");
		return NULL;
	}
	if (days < 1 || days > HK_TOKEN_DAYS_MAX) {
		hk_error_set(error, HK_ERANGE, "days: must be from 1 to %d", HK_TOKEN_DAYS_MAX);
		return NULL;
	}
	text = hk_auth_token_new(hash);
	if (!check_line("name", name, HK_TOKEN_NAME_MAX, error) ||
		!hk_token_insert(hk_flow_db(flow), &token, hash, ret_id, error)) {
		return NULL;
	}
	note(flow, "token.new", "token", *ret_id, "login", user->login, "name", name, "scopes",
		words, NULL);
	return g_steal_pointer(&text);
}

bool
hk_person_token_revoke(hk_flow *flow, const hk_user *user, int64_t id, GError **error)
{
	if (!hk_token_revoke(hk_flow_db(flow), user->id, id, hk_flow_now(flow), error)) {
		return false;
	}
	note(flow, "token.revoke", "token", id, "login", user->login, NULL);
	return true;
}
