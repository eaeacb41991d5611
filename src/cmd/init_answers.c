/* nocheck: tested in tests/scenario/init.t. The questions as a table, their defaults, and the file of answers. */
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/init_int.h"
#include "sys/conffile.h"
#include "sys/suffixes.h"

/* So short a word stands for more than one thing (docs/targets.md). */
enum { TOKEN_SHORT = 4 };

#define ASK(id, key, group, kind, when, def, en, ja, help_en, help_ja)                             \
	[HK_ASK_##id] = {key, HK_INIT_GRP_##group, HK_INIT_KIND_##kind, HK_WHEN_##when, def,       \
		{en, ja}, {help_en, help_ja}},
const hk_ask_row hk_asks[HK_ASK_COUNT] = {
#include "cmd/initask.def"
};
#undef ASK

static const bool secrets[HK_INIT_KINDS] = {
#define INITKIND(id, check, secret, en, ja) [HK_INIT_KIND_##id] = secret,
#include "cmd/initkinds.def"
#undef INITKIND
};

static const char *const words[HK_INIT_WORDS][2] = {
#define INITWORD(id, en, ja) [HK_INIT_##id] = {en, ja},
#include "cmd/initwords.def"
#undef INITWORD
};

static void
forget(char *text, bool secret)
{
	if (text && secret) {
		explicit_bzero(text, strlen(text));
	}
	g_free(text);
}

void
hk_init_clear(hk_init *init)
{
	for (int ask = 0; ask < HK_ASK_COUNT; ask++) {
		forget(init->answers[ask], hk_init_secret((hk_ask)ask));
		init->answers[ask] = NULL;
	}
	g_clear_pointer(&init->into, g_free);
}

const char *
hk_init_answer(const hk_init *init, hk_ask ask)
{
	return init->answers[ask] ? init->answers[ask] : "";
}

void
hk_init_set(hk_init *init, hk_ask ask, const char *text)
{
	char *copy = g_strdup(text);

	forget(init->answers[ask], hk_init_secret(ask));
	init->answers[ask] = copy;
}

const char *
hk_init_say(const hk_init *init, hk_init_word word)
{
	return words[word][init->ja];
}

bool
hk_init_secret(hk_ask ask)
{
	return secrets[hk_asks[ask].kind];
}

bool
hk_init_optional(hk_ask ask)
{
	return hk_asks[ask].def && *hk_asks[ask].def == '?';
}

/* ---- what is asked ---- */

static bool
has(const hk_init *init, hk_ask ask)
{
	return *hk_init_answer(init, ask) != '\0';
}

bool
hk_init_wanted(const hk_init *init, hk_ask ask)
{
	const char *chat = hk_init_answer(init, HK_ASK_CHAT);
	const bool wanted[] = {
		[HK_WHEN_ALWAYS] = true,
		[HK_WHEN_FILE] = true,
		[HK_WHEN_SMTP] = has(init, HK_ASK_SMTP),
		[HK_WHEN_SMTP_LOGIN] = has(init, HK_ASK_SMTP) && has(init, HK_ASK_SMTP_USER),
		[HK_WHEN_IMAP] = has(init, HK_ASK_IMAP),
		[HK_WHEN_CHAT] = *chat && strcmp(chat, "none") != 0,
		[HK_WHEN_DB] = init->db,
		[HK_WHEN_ADMIN] = init->db && has(init, HK_ASK_ADMIN),
		[HK_WHEN_ROOT] = geteuid() == 0,
	};

	return wanted[hk_asks[ask].when];
}

/* ---- defaults ---- */

/* What people call who has the domain: the label in front of the public suffix, of www.direct.a-bank.example "abank". "": none that a host name would imitate. */
static char *
word_of(const hk_suffixes *suffixes, const char *domain)
{
	g_autofree char *name = g_ascii_strdown(domain, -1);
	GString *word = g_string_new(NULL);
	hk_suffix_split split;
	const char *label = name;

	if (suffixes) {
		hk_suffix_split_name(hk_suffixes_table(suffixes), name, strlen(name), &split);
		label += split.registrable_off < split.suffix_off ? split.registrable_off : 0;
	} else if (hk_init_www(name)) {
		label = hk_init_www(name);
	}
	size_t len = g_str_has_prefix(label, "xn--") ? 0 : strcspn(label, ".");
	for (size_t i = 0; i < len; i++) {
		if (g_ascii_isalnum(label[i])) {
			g_string_append_c(word, label[i]);
		}
	}
	return g_string_free(word, FALSE);
}

const char *
hk_init_www(const char *domain)
{
	bool has = g_ascii_strncasecmp(domain, "www.", 4) == 0 && strchr(domain + 4, '.');

	return has ? domain + 4 : NULL;
}

char *
hk_init_token(const char *domains)
{
	/* A machine without the list takes the first labels. */
	g_autoptr(hk_suffixes) suffixes = hk_suffixes_load(NULL, NULL);
	g_auto(GStrv) list = g_strsplit(domains, ",", -1); /* nocheck: one answer, which is short */
	g_autoptr(GPtrArray) tokens = g_ptr_array_new_with_free_func(g_free);

	for (char **domain = list; *domain; domain++) {
		g_autofree char *word = word_of(suffixes, g_strstrip(*domain));
		char *token = g_strconcat(word, strlen(word) <= TOKEN_SHORT ? "?" : "", NULL);
		if (*word && !g_ptr_array_find_with_equal_func(tokens, token, g_str_equal, NULL)) {
			g_ptr_array_add(tokens, token);
		} else {
			g_free(token);
		}
	}
	g_ptr_array_add(tokens, NULL);
	return g_strjoinv(", ", (char **)tokens->pdata);
}

bool
hk_init_token_alone(const char *tokens)
{
	g_auto(GStrv) list = g_strsplit(tokens, ",", -1); /* nocheck: one answer, which is short */
	bool alone = false;

	for (char **token = list; *token; token++) {
		g_strstrip(*token);
		alone = alone || (**token && !g_str_has_suffix(*token, "?"));
	}
	return alone;
}

/* The words of the bank: of its domains, and when they are all short, of its name before them. */
static char *
bank_token(const hk_init *init)
{
	g_autofree char *tokens = hk_init_token(hk_init_answer(init, HK_ASK_OFFICIAL));
	g_autofree char *name = hk_init_short_name(hk_init_answer(init, HK_ASK_BANK_EN));
	g_autofree char *whole = g_strdelimit(g_ascii_strdown(name, -1), " .", '-');
	g_autofree char *word = word_of(NULL, whole);

	if (hk_init_token_alone(tokens) || strlen(word) <= TOKEN_SHORT) {
		return g_steal_pointer(&tokens);
	}
	return g_strconcat(word, *tokens ? ", " : "", tokens, NULL);
}

/* "{data}/hikeshi.db" */
static char *
expand(const hk_init *init, const char *text)
{
	GString *out = g_string_new(NULL);

	while (*text) {
		const char *end = *text == '{' ? strchr(text, '}') : NULL;
		if (!end) {
			g_string_append_c(out, *text++);
			continue;
		}
		g_autofree char *key = g_strndup(text + 1, (size_t)(end - text) - 1);
		int ask = 0;
		while (ask < HK_ASK_COUNT && strcmp(hk_asks[ask].key, key) != 0) {
			ask++;
		}
		if (ask == HK_ASK_COUNT) {
			HK_BUG("initask.def: a default names a key that there is not");
		}
		g_string_append(out, hk_init_answer(init, (hk_ask)ask));
		text = end + 1;
	}
	return g_string_free(out, FALSE);
}

char *
hk_init_default(const hk_init *init, hk_ask ask)
{
	const char *def = hk_asks[ask].def;
	const char *smtp_user = hk_init_answer(init, HK_ASK_SMTP_USER);

	if (!def) {
		return NULL;
	}
	def += *def == '?';
	if (strcmp(def, "@token") == 0) {
		return bank_token(init);
	}
	if (strcmp(def, "@imap-user") == 0) {
		return g_strdup(*smtp_user ? smtp_user : hk_init_answer(init, HK_ASK_CONTACT));
	}
	if (strcmp(def, "@user") == 0) {
		return g_strdup(getpwnam("hikeshi") ? "hikeshi" : "");
	}
	return expand(init, def);
}

/* ---- the file of answers ---- */

static void
rows_of(hk_opt_row rows[HK_ASK_COUNT])
{
	for (int ask = 0; ask < HK_ASK_COUNT; ask++) {
		rows[ask] = (hk_opt_row){.name = hk_asks[ask].key,
			.commands = "",
			.type = HK_TYPE_STRING,
			.help = hk_asks[ask].text[0],
			.key = true};
	}
}

/* Passwords in a file that everybody may read are told to everybody. A pipe has no name. */
static bool
check_mode(const char *path, const hk_confentry *entries, GError **error)
{
	struct stat st;
	bool secret = false;

	for (int ask = 0; ask < HK_ASK_COUNT; ask++) {
		secret = secret || (entries[ask].line > 0 && hk_init_secret((hk_ask)ask));
	}
	if (!secret || stat(path, &st) < 0 || !S_ISREG(st.st_mode) || (st.st_mode & 077) == 0) {
		return true;
	}
	return hk_error_set(error, HK_EPOLICY,
		"%s holds a password and others may read it: chmod 600 %s", path, path);
}

/* One answer: of the file, or its default. */
static bool
take(hk_init *init, const char *path, hk_ask ask, const hk_confentry *entry, GError **error)
{
	const char *text = entry->line > 0 ? entry->value.text : NULL;
	g_autofree char *def = text ? NULL : hk_init_default(init, ask);

	if (!text && !def) {
		return hk_error_set(error, HK_ECONFIG, "%s: '%s' is missing: %s", path,
			hk_asks[ask].key, hk_asks[ask].text[init->ja]);
	}
	text = text ? text : def;
	text = strcmp(text, "-") == 0 && hk_init_optional(ask) ? "" : text;
	if (!hk_init_check(init, ask, text, error)) {
		g_autofree char *at = entry->line > 0 ? g_strdup_printf("%s:%d", path, entry->line)
						      : g_strdup(path);
		g_prefix_error(error, "%s: '%s': ", at, hk_asks[ask].key);
		return false;
	}
	hk_init_set(init, ask, text);
	return true;
}

/* What is told for nothing is a misunderstanding: a login without a server, say. */
static bool
take_all(hk_init *init, const char *path, const hk_confentry *entries, GError **error)
{
	for (int ask = 0; ask < HK_ASK_COUNT; ask++) {
		const hk_confentry *entry = &entries[ask];
		bool set = entry->line > 0 && *entry->value.text &&
			   strcmp(entry->value.text, "-") != 0;
		hk_init_when when = hk_asks[ask].when;
		if (hk_init_wanted(init, (hk_ask)ask)) {
			if (!take(init, path, (hk_ask)ask, entry, error)) {
				return false;
			}
		} else if (set && when != HK_WHEN_DB && when != HK_WHEN_ADMIN &&
			   when != HK_WHEN_ROOT) {
			return hk_error_set(error, HK_ECONFIG,
				"%s:%d: '%s' means nothing beside the other answers", path,
				entry->line, hk_asks[ask].key);
		}
	}
	return true;
}

bool
hk_init_read(hk_init *init, const char *path, GError **error)
{
	hk_opt_row rows[HK_ASK_COUNT];
	hk_confentry entries[HK_ASK_COUNT] = {0};

	path = strcmp(path, "-") == 0 ? "/dev/stdin" : path;
	rows_of(rows);
	bool good = hk_conffile_read_rows(path, rows, HK_ASK_COUNT, "hikeshi init --print-answers",
			    entries, error) &&
		    check_mode(path, entries, error) && take_all(init, path, entries, error);
	for (int ask = 0; ask < HK_ASK_COUNT; ask++) {
		char *text = entries[ask].value.text;
		if (text && hk_init_secret((hk_ask)ask)) {
			explicit_bzero(text, strlen(text));
		}
		hk_optvalue_clear(&entries[ask].value);
	}
	return good;
}

static void
comment(GString *out, const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1); /* nocheck: our own table */

	for (char **line = lines; *line; line++) {
		g_string_append_printf(out, "# %s\n", *line);
	}
}

char *
hk_init_template(const hk_init *init)
{
	GString *out = g_string_new(NULL);
	int group = -1;

	comment(out, hk_init_say(init, HK_INIT_TEMPLATE));
	for (int ask = 0; ask < HK_ASK_COUNT; ask++) {
		const hk_ask_row *row = &hk_asks[ask];
		const char *def = row->def ? row->def + (*row->def == '?') : "";
		if ((int)row->group != group) {
			group = (int)row->group;
			g_string_append_printf(out, "\n## %s\n", hk_init_say(init, row->group));
		}
		g_string_append_printf(out, "\n# %s%s%s%s\n", row->text[init->ja],
			init->ja ? "（" : " (",
			!row->def     ? hk_init_say(init, HK_INIT_NO_DEFAULT)
			: *def == '@' ? hk_init_say(init, HK_INIT_DERIVED)
			: *def        ? def
				      : hk_init_say(init, HK_INIT_OPTIONAL),
			init->ja ? "）" : ")");
		if (row->help[init->ja]) {
			comment(out, row->help[init->ja]);
		}
		g_string_append_printf(out, "#%s = \n", row->key);
	}
	return g_string_free(out, FALSE);
}
