/* nocheck: tested in tests/scenario/init.t. Each answer looked at by the part that will read it. */
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/init_int.h"
#include "source/ct/loglist.h"
#include "store/migrate.h"
#include "sys/file.h"
#include "sys/http.h"
#include "sys/mailbox_config.h"
#include "sys/smtp.h"
#include "web/auth.h"
#include "web/web.h"

enum { SECRET_MAX = 1000, MAILBOX_MAX = 254 };

/* ---- brands: a pack of one brand, read by the reader of packs ---- */

static bool
pack_key(const char *key, const char *value, GError **error)
{
	g_autofree char *line = g_strdup_printf("%s = %s", key, value);

	return hk_init_pack_takes("x", line, error);
}

static bool
hk_init_check_name(const hk_init *init, const char *text, GError **error)
{
	(void)init;
	return hk_init_pack_takes(text, "", error);
}

static bool
hk_init_check_latin(const hk_init *init, const char *text, GError **error)
{
	bool letter = false;

	for (const char *at = text; *at; at++) {
		letter = letter || g_ascii_isalpha(*at);
		if (!g_ascii_isprint(*at)) {
			return hk_error_set(error, HK_EUSAGE, "'%s'", text);
		}
	}
	g_autofree char *name = hk_init_short_name(text);
	if (strchr(name, ',')) {
		return hk_error_set(error, HK_EUSAGE,
			init->ja ? "カンマは別表記の区切りになるため使えません"
				 : "no comma: it would part two spellings");
	}
	/* As an alias, too: a legal form alone is none. */
	return letter ? hk_init_check_name(init, text, error) && pack_key("alias", name, error)
		      : hk_error_set(error, HK_EUSAGE, "'%s'", text);
}

static bool
hk_init_check_alias(const hk_init *init, const char *text, GError **error)
{
	(void)init;
	return pack_key("alias", text, error);
}

static bool
hk_init_check_kind(const hk_init *init, const char *text, GError **error)
{
	(void)init;
	return pack_key("kind", text, error);
}

/* As official ones, whatever they are for: the same form. */
static bool
hk_init_check_domains(const hk_init *init, const char *text, GError **error)
{
	g_auto(GStrv) list = g_strsplit(text, ",", -1); /* nocheck: one answer, which is short */

	for (char **domain = list; *domain; domain++) {
		const char *rest = hk_init_www(g_strstrip(*domain));
		if (rest) {
			return hk_error_set(error, HK_EUSAGE,
				init->ja ? "%s ではなく %s と書いてください。その配下の名前もす"
					   "べて含みます"
					 : "not %s but %s: it covers all names below",
				*domain, rest);
		}
	}
	return pack_key("official", text, error);
}

static bool
hk_init_check_tokens(const hk_init *init, const char *text, GError **error)
{
	return pack_key("token", text, error) &&
	       (hk_init_token_alone(text) ||
		       hk_error_set(error, HK_EUSAGE,
			       init->ja ? "「%s」だけでは検知できません。mihonbank のように ? "
					  "の付かない5文字以上の語も書いてください"
					: "'%s' alone finds nothing: add a word of five letters or "
					  "more without a question mark, like mihonbank",
			       text));
}

/* The words of a further brand are made, not asked. */
static bool
check_made_tokens(const hk_init *init, const hk_init_brand *brand, GError **error)
{
	return (hk_init_token_alone(brand->tokens) ||
		       hk_error_set(error, HK_EUSAGE,
			       init->ja ? "%s: ドメインの語が短すぎて検知に使えません。ここでは"
					  "省き、あとでターゲットパックに token を書いてください"
					: "%s: the words of its domains are too short "
					  "to find it by; leave it out here, and write "
					  "it into the target pack with longer ones",
			       brand->name)) &&
	       hk_init_check_tokens(init, brand->tokens, error);
}

static bool
hk_init_check_words(const hk_init *init, const char *text, GError **error)
{
	(void)init;
	return pack_key("word", text, error);
}

static bool
hk_init_check_brands(const hk_init *init, const char *text, GError **error)
{
	g_autoptr(GPtrArray) brands = hk_init_brands(text, error);

	for (unsigned i = 0; brands && i < brands->len; i++) {
		const hk_init_brand *brand = brands->pdata[i];
		if (!hk_init_check_name(init, brand->name, error) ||
			!hk_init_check_domains(init, brand->official, error) ||
			!check_made_tokens(init, brand, error)) {
			return false;
		}
	}
	return brands != NULL;
}

/* ---- the house ---- */

static bool
hk_init_check_text(const hk_init *init, const char *text, GError **error)
{
	(void)init;
	return (*text && g_utf8_validate(text, -1, NULL) && !strpbrk(text, "\n\r\t")) ||
	       hk_error_set(error, HK_EUSAGE, "'%s'", text);
}

/* Two or more, and none is empty. */
static bool
has_labels(const char *domain)
{
	return strchr(domain, '.') && *domain != '.' && !g_str_has_suffix(domain, ".") &&
	       !strstr(domain, "..");
}

static bool
hk_init_check_mailbox(const hk_init *init, const char *text, GError **error)
{
	const char *at = strrchr(text, '@');

	(void)init;
	return (at && at > text && has_labels(at + 1) && strlen(text) <= MAILBOX_MAX &&
		       !strpbrk(text, " \t<>,;\"")) ||
	       hk_error_set(error, HK_EUSAGE, "'%s'", text);
}

static bool
hk_init_check_contact(const hk_init *init, const char *text, GError **error)
{
	return hk_init_check_mailbox(init, text, error) && hk_http_contact_check(text, error);
}

/* The nearest folder above path that is there. */
static char *
there(const char *path)
{
	g_autofree char *folder = g_strdup(path);

	while (access(folder, F_OK) != 0 && strcmp(folder, "/") != 0) {
		char *above = g_path_get_dirname(folder);
		g_free(folder);
		folder = above;
	}
	return g_steal_pointer(&folder);
}

/* Whether the user that hikeshi runs as may write into a folder that is there. */
static bool
may_write(const hk_init *init, const char *folder, GError **error)
{
	const char *user = hk_init_answer(init, HK_ASK_USER);

	if (!g_file_test(folder, G_FILE_TEST_IS_DIR)) {
		return hk_error_set(error, HK_EUSAGE, "%s is not a folder", folder);
	}
	return hk_init_may(user, folder, W_OK | X_OK) ||
	       hk_error_set(error, HK_EPOLICY, "%s may not be written to%s%s", folder,
		       *user ? " by " : "", user);
}

/* The folder of the data is made by us, who are root perhaps, and given to the user. */
static bool
hk_init_check_folder(const hk_init *init, const char *text, GError **error)
{
	const char *user = hk_init_answer(init, HK_ASK_USER);

	if (!g_path_is_absolute(text)) {
		return hk_error_set(error, HK_EUSAGE, "'%s'", text);
	}
	if (access(text, F_OK) == 0) {
		return may_write(init, text, error);
	}
	g_autofree char *above = there(text);
	if (!g_file_test(above, G_FILE_TEST_IS_DIR)) {
		return hk_error_set(error, HK_EUSAGE, "%s is not a folder", above);
	}
	if (access(above, W_OK) != 0) {
		return hk_error_set(error, HK_EPOLICY, "%s may not be written to", above);
	}
	return hk_init_may(user, above, X_OK) ||
	       hk_error_set(error, HK_EPOLICY, "%s may not be entered%s%s", above,
		       *user ? " by " : "", user);
}

/* postgresql://user:password@host */
static bool
has_password(const char *url)
{
	const char *rest = strstr(url, "://");
	size_t len = rest ? strcspn(rest + 3, "/?") : 0;
	g_autofree char *authority = g_strndup(rest ? rest + 3 : "", len);
	const char *at = strrchr(authority, '@');
	const char *colon = strchr(authority, ':');

	return (at && colon && colon < at) || strstr(url, "password=");
}

/* By a socket of this machine, where PostgreSQL may know people by who they are: root is not who will ask. */
static bool
by_peer(const char *url)
{
	return geteuid() == 0 && (strstr(url, ":///") || strstr(url, "host=/") ||
					 strstr(url, "host=%2F") || strstr(url, "//%2F"));
}

static bool
check_server(const hk_init *init, const char *text, GError **error)
{
	bool empty;

	if (has_password(text)) {
		return hk_error_set(error, HK_EUSAGE,
			"a password does not belong into it: passfile=FILE, ~/.pgpass or peer");
	}
	if (!init->db || init->dry) {
		return true;
	}
	g_autoptr(hk_db) db = hk_db_open(text, by_peer(text) ? NULL : error);
	if (!db && by_peer(text)) {
		return true; /* asked again by that user, when the database is made */
	}
	return db && hk_db_is_empty(db, &empty, error) &&
	       (empty || hk_error_set(error, HK_EPOLICY,
				 "there are tables in it: name an empty one, or take --no-db"));
}

static bool
in_data(const hk_init *init, const char *folder)
{
	g_autofree char *data = g_canonicalize_filename(hk_init_answer(init, HK_ASK_DATA), NULL);
	g_autofree char *whole = g_canonicalize_filename(folder, NULL);
	size_t len = strlen(data);

	return g_str_has_prefix(whole, data) && (whole[len] == '\0' || whole[len] == '/');
}

static bool
hk_init_check_database(const hk_init *init, const char *text, GError **error)
{
	if (g_str_has_prefix(text, "postgresql://") || g_str_has_prefix(text, "postgres://")) {
		return check_server(init, text, error);
	}
	if (!g_path_is_absolute(text) || strstr(text, "://")) {
		return hk_error_set(error, HK_EUSAGE, "'%s'", text);
	}
	if (g_str_has_suffix(text, "/") || g_file_test(text, G_FILE_TEST_IS_DIR)) {
		return hk_error_set(error, HK_EUSAGE, "%s is a folder", text);
	}
	if (init->db && access(text, F_OK) == 0) {
		return hk_error_set(error, HK_EPOLICY,
			"%s is there already: name another one, or take --no-db", text);
	}
	/* Its folder is made with it, by the user; that of the data is theirs, and was looked at. */
	g_autofree char *folder = g_path_get_dirname(text);
	g_autofree char *first = there(folder);
	return (access(folder, F_OK) != 0 && in_data(init, folder)) ||
	       may_write(init, first, error);
}

static bool
hk_init_check_listen(const hk_init *init, const char *text, GError **error)
{
	bool loopback;

	(void)init;
	return hk_web_listen_check(text, &loopback, error);
}

static bool
hk_init_check_base_url(const hk_init *init, const char *text, GError **error)
{
	bool loopback = false;
	const char *listen = hk_init_answer(init, HK_ASK_LISTEN);

	if (!*text) {
		/* Asked behind `listen`: who listens for others needs TLS in front. */
		return !hk_web_listen_check(listen, &loopback, NULL) || loopback ||
		       hk_error_set(error, HK_EUSAGE,
			       "passwords would cross the network in clear on %s", listen);
	}
	return hk_web_base_check(text, error) && hk_http_url_check(text, error);
}

static bool
hk_init_check_logs(const hk_init *init, const char *text, GError **error)
{
	(void)init;
	if (strstr(text, "://")) {
		return hk_http_url_check(text, error);
	}
	if (!g_path_is_absolute(text)) {
		return hk_error_set(error, HK_EUSAGE, "'%s'", text);
	}
	g_autoptr(GBytes) bytes = hk_file_read(text, HK_CT_LOGLIST_BYTES_MAX, error);
	if (!bytes) {
		return false;
	}
	size_t len;
	const char *data = g_bytes_get_data(bytes, &len);
	g_autoptr(hk_ct_loglist) list = hk_ct_loglist_parse(hk_span_of(data, len), error);
	return list != NULL;
}

static bool
hk_init_check_smtp(const hk_init *init, const char *text, GError **error)
{
	(void)init;
	g_autoptr(hk_smtp_config) config = hk_smtp_config_new(text, error);
	return config != NULL;
}

static bool
hk_init_check_imap(const hk_init *init, const char *text, GError **error)
{
	g_autofree char *host = NULL;
	unsigned port;

	(void)init;
	return hk_mailbox_server(text, &host, &port, error);
}

static bool
hk_init_check_chat(const hk_init *init, const char *text, GError **error)
{
	static const char *const kinds[] = {"teams", "slack", "webhook", "none", NULL};

	(void)init;
	return g_strv_contains(kinds, text) || hk_error_set(error, HK_EUSAGE, "'%s'", text);
}

/* ---- what is not repeated ---- */

static bool
hk_init_check_secret(const hk_init *init, const char *text, GError **error)
{
	(void)init;
	return (*text && strlen(text) <= SECRET_MAX && !strpbrk(text, "\n\r")) ||
	       hk_error_set(error, HK_EUSAGE, "%s", *text ? "it is too long" : "it is empty");
}

static bool
hk_init_check_chat_url(const hk_init *init, const char *text, GError **error)
{
	return hk_init_check_secret(init, text, error) &&
	       (hk_http_url_check(text, NULL) ||
		       hk_error_set(error, HK_EUSAGE, "what was pasted is none"));
}

static bool
hk_init_check_admin(const hk_init *init, const char *text, GError **error)
{
	g_autofree char *login = hk_login_fold(text);

	(void)init;
	return login != NULL || hk_error_set(error, HK_EUSAGE, "'%s'", text);
}

static bool
hk_init_check_password(const hk_init *init, const char *text, GError **error)
{
	return hk_password_check(text, hk_init_answer(init, HK_ASK_ADMIN), error);
}

static bool
hk_init_check_user(const hk_init *init, const char *text, GError **error)
{
	if (!getpwnam(text)) {
		return hk_error_set(error, HK_EUSAGE, "there is no user '%s'", text);
	}
	g_autofree char *above = there(init->into);
	return hk_init_may(text, above, X_OK) ||
	       hk_error_set(error, HK_EPOLICY, "%s, of the configuration, may not be entered by %s",
		       above, text);
}

/* ---- the table ---- */

static const struct {
	bool (*check)(const hk_init *init, const char *text, GError **error);
	const char *advice[2];
} kinds[HK_INIT_KINDS] = {
#define INITKIND(id, check, secret, en, ja) [HK_INIT_KIND_##id] = {hk_init_check_##check, {en, ja}},
#include "cmd/initkinds.def"
#undef INITKIND
};

bool
hk_init_check(const hk_init *init, hk_ask ask, const char *text, GError **error)
{
	hk_init_kind kind = hk_asks[ask].kind;
	bool none = !*text && hk_init_optional(ask) && kind != HK_INIT_KIND_BASE_URL;
	g_autoptr(GError) why = NULL;

	if (!none && !*text && !hk_init_optional(ask)) {
		return hk_error_set(error, HK_EUSAGE, "%s", kinds[kind].advice[init->ja]);
	}
	if (none || kinds[kind].check(init, text, &why)) {
		return true;
	}
	return hk_error_set(error, HK_EUSAGE, init->ja ? "%s（%s）" : "%s (%s)",
		kinds[kind].advice[init->ja], why->message);
}
