#include "score/targets.h"

#include <string.h>

#include "base/codec.h"
#include "base/num.h"
#include "base/utf8.h"
#include "sys/file.h"
#include "sys/gerr.h"

struct hk_targets {
	GPtrArray *brands;   /* of hk_target */
	GArray *tokens;      /* of hk_brand_token; their text lies in texts */
	GPtrArray *texts;    /* of char * */
	GHashTable *names;   /* spelling -> "FILE:LINE", both owned */
	GHashTable *domains; /* text (owned by brands) -> hk_target; official */
	GHashTable *allowed; /* the same; allow-listed */
	GHashTable *icons;   /* number -> hk_target */
	GHashTable *logos;   /* SHA-256 in hexadecimal, owned -> hk_target */
};

/* Where the parser stands. */
typedef struct place {
	const char *file;
	int line, brand_line;
	hk_target *brand; /* NULL before the first section and in [*] */
	bool all;         /* in [*] */
} place;

static const char *const kinds[] = {"bank", "shinkin", "centralbank", "securities", "insurance",
	"card", "lender", "payment", "exchange", "carrier", "telecom", "isp", "post", "parcel",
	"shop", "portal", "platform", "messenger", "streaming", "game", "transport", "public",
	"government", "utility", "broadcaster", "school", "other"};

static void
target_free(void *data)
{
	hk_target *t = data;

	g_free(t->name);
	g_ptr_array_unref(t->aliases);
	g_ptr_array_unref(t->official);
	g_ptr_array_unref(t->allow);
	g_ptr_array_unref(t->words);
	g_ptr_array_unref(t->paths);
	g_free(t);
}

static hk_targets *
targets_new(void)
{
	hk_targets *t = g_new0(hk_targets, 1);

	t->brands = g_ptr_array_new_with_free_func(target_free);
	t->tokens = g_array_new(FALSE, FALSE, sizeof(hk_brand_token));
	t->texts = g_ptr_array_new_with_free_func(g_free);
	t->names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	t->domains = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, NULL);
	t->allowed = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, NULL);
	t->icons = g_hash_table_new(NULL, NULL);
	t->logos = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	return t;
}

void
hk_targets_free(hk_targets *t)
{
	if (t == NULL) {
		return;
	}
	g_hash_table_unref(t->domains);
	g_hash_table_unref(t->allowed);
	g_hash_table_unref(t->icons);
	g_hash_table_unref(t->logos);
	g_hash_table_unref(t->names);
	g_array_unref(t->tokens);
	g_ptr_array_unref(t->texts);
	g_ptr_array_unref(t->brands);
	g_free(t);
}

static bool fail(const place *at, GError **error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static bool
fail(const place *at, GError **error, const char *format, ...)
{
	g_autofree char *what = NULL;
	va_list args;

	va_start(args, format);
	what = g_strdup_vprintf(format, args);
	va_end(args);
	return hk_error_set(error, HK_ECONFIG, "%s:%d: %s", at->file, at->line, what);
}

/* ---- values; each takes lower-case or UTF-8 text of 1..HK_TARGETS_VALUE_MAX bytes ---- */

typedef bool (*value_fn)(hk_targets *t, const place *at, const char *value, GError **error);

static bool
take_kind(hk_targets *t, const place *at, const char *value, GError **error)
{
	(void)t;
	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
		if (strcmp(kinds[i], value) == 0) {
			at->brand->kind = kinds[i];
			return true;
		}
	}
	return fail(at, error,
		"'%s' is no kind of brand; write bank, card, shop, ... (docs/targets.md), or other",
		value);
}

/* Lower case, without dots. */
static const char *const forms[] = {"ltd", "limited", "inc", "incorporated", "co", "company",
	"corp", "corporation", "kk", "plc", "llc", "llp", "ag", "gmbh", "株式会社", "（株）",
	"(株)", "㈱", "有限会社", "合同会社", "相互会社", NULL};

bool
hk_targets_is_form(const char *text)
{
	g_autofree char *plain = g_ascii_strdown(text, -1);
	size_t len = 0;

	for (const char *c = plain; *c; c++) {
		if (*c != '.') {
			plain[len++] = *c;
		}
	}
	plain[len] = '\0';
	return g_strv_contains(forms, plain);
}

static bool
take_alias(hk_targets *t, const place *at, const char *value, GError **error)
{
	(void)t;
	if (hk_targets_is_form(value)) {
		return fail(at, error,
			"'%s' is a legal form and no name: every page of a company has it; commas "
			"part spellings, write the name without it",
			value);
	}
	g_ptr_array_add(at->brand->aliases, g_strdup(value));
	return true;
}

static bool
add_token(hk_targets *t, const place *at, const char *value, hk_brand_role role, GError **error)
{
	char *text = g_ascii_strdown(value, -1);
	size_t len = strlen(text);
	bool needs_context = role == HK_BRAND_TOKEN && text[len - 1] == '?';
	uint32_t brand = at->all ? HK_BRAND_ALL : at->brand->number;
	hk_brand_token token;
	hk_err err;

	g_ptr_array_add(t->texts, text);
	if (needs_context) {
		text[--len] = 0;
	}
	if (t->tokens->len >= HK_TARGETS_TOKEN_MAX) {
		return fail(at, error, "more than %u tokens: split the packs, or leave some out",
			HK_TARGETS_TOKEN_MAX);
	}
	err = hk_brand_token_init(hk_span_of(text, len), brand, role, needs_context, &token);
	if (err == HK_ELIMIT) {
		return fail(at, error, "'%s' has to have 1 to %u characters", value,
			HK_BRAND_TOKEN_MAX);
	}
	if (err != HK_OK) {
		return fail(at, error,
			"'%s' may be made of a-z, 0-9 and hyphens only; other scripts belong into "
			"alias",
			value);
	}
	if (role == HK_BRAND_TOKEN && !needs_context) {
		if (token.word_len <= 4) {
			return fail(at, error,
				"'%s' is too short to stand alone; write '%s?' (counts beside "
				"another word of the brand)",
				value, text);
		}
		if (at->brand->main_token == UINT32_MAX) {
			at->brand->main_token = t->tokens->len;
		}
	}
	for (size_t i = t->tokens->len; i-- > 0;) {
		const hk_brand_token *old = &g_array_index(t->tokens, hk_brand_token, i);

		if (old->brand != brand) {
			break; /* tokens of one brand stand together */
		}
		if (t->tokens->len - i > HK_TARGETS_BRAND_MAX) {
			return fail(at, error, "more than %u tokens for one brand: leave some out",
				HK_TARGETS_BRAND_MAX);
		}
		if (old->role == role && old->len == len && memcmp(old->text, text, len) == 0) {
			return fail(at, error, "'%s' stands here twice; delete one", text);
		}
	}
	g_array_append_val(t->tokens, token);
	return true;
}

static bool
take_token(hk_targets *t, const place *at, const char *value, GError **error)
{
	return add_token(t, at, value, HK_BRAND_TOKEN, error);
}

static bool
take_keyword(hk_targets *t, const place *at, const char *value, GError **error)
{
	return add_token(t, at, value, HK_BRAND_KEYWORD, error);
}

static bool
check_domain(const place *at, const char *value, GError **error)
{
	if (strchr(value, '/') != NULL || strchr(value, ':') != NULL) {
		return fail(at, error, "'%s' is a URL; write the host name only", value);
	}
	if (!g_str_is_ascii(value)) {
		return fail(at, error, "'%s' has to be written with A-labels (xn--...)", value);
	}
	if (strchr(value, '.') == NULL || *value == '.' || strstr(value, "..") != NULL ||
		value[strlen(value) - 1] == '.' || *value == '*') {
		return fail(
			at, error, "'%s' is no domain; write it like mihon-bank.example", value);
	}
	return true;
}

static bool
take_official(hk_targets *t, const place *at, const char *value, GError **error)
{
	char *text;

	if (!check_domain(at, value, error) || !add_token(t, at, value, HK_BRAND_DOMAIN, error)) {
		return false;
	}
	text = g_ascii_strdown(value, -1);
	g_ptr_array_add(at->brand->official, text);
	if (!g_hash_table_contains(t->domains, text)) {
		g_hash_table_insert(t->domains, text, at->brand);
	}
	return true;
}

static bool
take_allow(hk_targets *t, const place *at, const char *value, GError **error)
{
	char *text;

	if (!check_domain(at, value, error)) {
		return false;
	}
	text = g_ascii_strdown(value, -1);
	g_ptr_array_add(at->brand->allow, text);
	if (!g_hash_table_contains(t->allowed, text)) {
		g_hash_table_insert(t->allowed, text, at->brand);
	}
	return true;
}

/* ---- what pages are known by ---- */

static bool
has_room(const place *at, const GPtrArray *list, GError **error)
{
	return list->len < HK_TARGETS_BRAND_MAX ||
	       fail(at, error, "more than %u of these for one brand: leave some out",
		       HK_TARGETS_BRAND_MAX);
}

static bool
take_word(hk_targets *t, const place *at, const char *value, GError **error)
{
	(void)t;
	if (g_utf8_strlen(value, -1) < 2) {
		return fail(at, error, "'%s' is too short: every page has it", value);
	}
	if (!has_room(at, at->brand->words, error)) {
		return false;
	}
	g_ptr_array_add(at->brand->words, g_strdup(value));
	return true;
}

static bool
take_path(hk_targets *t, const place *at, const char *value, GError **error)
{
	(void)t;
	if (*value != '/' || strpbrk(value, "?*# ") || strlen(value) < HK_TARGETS_PATH_MIN) {
		return fail(at, error,
			"'%s' is no path of a resource; write a distinctive one without host and "
			"query, at least %u bytes: /direct/common/style.css",
			value, HK_TARGETS_PATH_MIN);
	}
	if (!has_room(at, at->brand->paths, error)) {
		return false;
	}
	g_ptr_array_add(at->brand->paths, g_ascii_strdown(value, -1));
	return true;
}

static bool
take_icon(hk_targets *t, const place *at, const char *value, GError **error)
{
	bool minus = *value == '-';
	uint64_t number = 0;

	if (hk_parse_u64(hk_span_str(value + minus), (uint64_t)INT32_MAX + minus, &number) !=
		HK_OK) {
		return fail(at, error,
			"'%s' is no hash of an icon; write the number that `hikeshi evidence` and "
			"scanners of the Internet show, like -1234567890",
			value);
	}
	int64_t signed_number = minus ? -(int64_t)number : (int64_t)number;
	void *key = GINT_TO_POINTER((int)signed_number);

	if (!g_hash_table_contains(t->icons, key)) {
		g_hash_table_insert(t->icons, key, at->brand);
	}
	return true;
}

static bool
take_logo(hk_targets *t, const place *at, const char *value, GError **error)
{
	uint8_t hash[32];

	if (hk_hex_decode(hk_span_str(value), hash, sizeof hash) != HK_OK) {
		return fail(at, error,
			"'%s' is no hash of a logo; write what `sha256sum FILE` prints: 64 "
			"hexadecimal digits",
			value);
	}
	char *key = g_ascii_strdown(value, -1);

	if (g_hash_table_contains(t->logos, key)) {
		g_free(key);
	} else {
		g_hash_table_insert(t->logos, key, at->brand);
	}
	return true;
}

static const struct {
	const char *key;
	bool in_all; /* also in [*] */
	value_fn take;
} keys[] = {
	{"kind", false, take_kind},
	{"alias", false, take_alias},
	{"token", false, take_token},
	{"official", false, take_official},
	{"allow", false, take_allow},
	{"keyword", true, take_keyword},
	{"word", false, take_word},
	{"path", false, take_path},
	{"icon", false, take_icon},
	{"logo", false, take_logo},
};

/* ---- lines ---- */

static bool
end_brand(place *at, GError **error)
{
	if (at->brand != NULL && at->brand->official->len == 0) {
		at->line = at->brand_line;
		return fail(at, error,
			"[%s] has no official domain; without one its own site would alarm: add "
			"`official = ...`",
			at->brand->name);
	}
	return true;
}

static bool
begin_brand(hk_targets *t, place *at, const char *name, GError **error)
{
	const char *before = g_hash_table_lookup(t->names, name);
	hk_target *brand;

	at->brand_line = at->line;
	at->brand = NULL;
	at->all = strcmp(name, "*") == 0;
	if (at->all) {
		return true;
	}
	if (before != NULL) {
		return fail(
			at, error, "[%s] stands in %s already; put both together", name, before);
	}
	if (t->brands->len >= HK_TARGETS_MAX) {
		return fail(at, error, "more than %u brands: split the packs", HK_TARGETS_MAX);
	}
	g_hash_table_insert(t->names, g_strdup(name), g_strdup_printf("%s:%d", at->file, at->line));
	brand = g_new0(hk_target, 1);
	brand->name = g_strdup(name);
	brand->kind = "other";
	brand->aliases = g_ptr_array_new_with_free_func(g_free);
	brand->official = g_ptr_array_new_with_free_func(g_free);
	brand->allow = g_ptr_array_new_with_free_func(g_free);
	brand->words = g_ptr_array_new_with_free_func(g_free);
	brand->paths = g_ptr_array_new_with_free_func(g_free);
	brand->number = t->brands->len;
	brand->main_token = UINT32_MAX;
	g_ptr_array_add(t->brands, brand);
	at->brand = brand;
	return true;
}

static bool
take_values(hk_targets *t, const place *at, char *values, value_fn take, GError **error)
{
	for (char *value = values, *next; value != NULL; value = next) {
		next = strchr(value, ',');
		if (next != NULL) {
			*next++ = 0;
		}
		value = g_strstrip(value);
		if (*value == 0) {
			return fail(at, error, "a value is missing; write `key = value, value`");
		}
		if (strlen(value) > HK_TARGETS_VALUE_MAX) {
			return fail(
				at, error, "a value is longer than %u bytes", HK_TARGETS_VALUE_MAX);
		}
		if (!take(t, at, value, error)) {
			return false;
		}
	}
	return true;
}

static bool
take_line(hk_targets *t, place *at, char *line, GError **error)
{
	char *equals, *end;

	line[strcspn(line, "#")] = 0;
	line = g_strstrip(line);
	if (*line == 0) {
		return true;
	}
	if (*line == '[') {
		end = line + strlen(line) - 1;
		if (*end != ']' || end == line + 1 || end - line > (long)HK_TARGETS_VALUE_MAX) {
			return fail(
				at, error, "a brand begins with [its name] on a line of its own");
		}
		*end = 0;
		return end_brand(at, error) && begin_brand(t, at, g_strstrip(line + 1), error);
	}
	equals = strchr(line, '=');
	if (equals == NULL) {
		return fail(at, error, "neither [brand] nor `key = value`; comments begin with #");
	}
	*equals = 0;
	line = g_strstrip(line);
	for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
		if (strcmp(line, keys[i].key) != 0) {
			continue;
		}
		if (at->brand == NULL && !at->all) {
			return fail(at, error,
				"`%s` stands before the first [brand]; move it below one", line);
		}
		if (at->all && !keys[i].in_all) {
			return fail(
				at, error, "[*] takes `keyword` only; give `%s` to a brand", line);
		}
		return take_values(t, at, equals + 1, keys[i].take, error);
	}
	return fail(at, error,
		"unknown key '%s'; there are kind, alias, token, official, allow, keyword, word, "
		"path, icon and logo",
		line);
}

static bool
add_text(hk_targets *t, hk_span text, const char *file, GError **error)
{
	place at = {.file = file, .line = 1};
	g_autofree char *copy = g_strndup((const char *)text.data, text.len);
	char *line = copy;

	if (text.len > HK_TARGETS_FILE_MAX) {
		return hk_error_set(error, HK_ECONFIG, "%s: larger than %u bytes: split it", file,
			HK_TARGETS_FILE_MAX);
	}
	for (size_t i = 0; i < text.len; at.line++) {
		const uint8_t *end = memchr(text.data + i, '\n', text.len - i);
		size_t len = end != NULL ? (size_t)(end - text.data) - i : text.len - i;

		if (memchr(text.data + i, 0, len) != NULL ||
			!hk_utf8_valid(hk_span_of(text.data + i, len))) {
			return fail(&at, error, "not UTF-8 text; save the file as UTF-8");
		}
		line = copy + i;
		line[len] = 0;
		if (i == 0 && g_str_has_prefix(line, "\xef\xbb\xbf")) {
			line += 3; /* editors on Windows put it there */
		}
		if (!take_line(t, &at, line, error)) {
			return false;
		}
		i += len + 1;
	}
	return end_brand(&at, error);
}

static bool
add_file(hk_targets *t, const char *path, GError **error)
{
	g_autoptr(GBytes) bytes = hk_file_read(path, HK_TARGETS_FILE_MAX, error);
	size_t len = 0;
	const void *data;

	if (bytes == NULL) {
		return false;
	}
	data = g_bytes_get_data(bytes, &len);
	return add_text(t, hk_span_of(data, len), path, error);
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool
add_folder(hk_targets *t, const char *path, GError **error)
{
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(g_free);
	const char *name;

	if (dir == NULL) {
		return hk_error_set(error, HK_EPOLICY, "%s: this folder cannot be read", path);
	}
	while ((name = g_dir_read_name(dir)) != NULL) {
		if (g_str_has_suffix(name, ".conf")) {
			g_ptr_array_add(files, g_build_filename(path, name, NULL));
		}
	}
	if (files->len == 0) {
		return hk_error_set(
			error, HK_ENOENT, "%s: no target pack (*.conf) in this folder", path);
	}
	g_ptr_array_sort(files, by_text);
	for (size_t i = 0; i < files->len; i++) {
		if (!add_file(t, files->pdata[i], error)) {
			return false;
		}
	}
	return true;
}

hk_targets *
hk_targets_parse(hk_span text, const char *file, GError **error)
{
	g_autoptr(hk_targets) t = targets_new();

	return add_text(t, text, file, error) ? g_steal_pointer(&t) : NULL;
}

hk_targets *
hk_targets_load(const char *path, GError **error)
{
	g_autoptr(hk_targets) t = targets_new();
	bool good = g_file_test(path, G_FILE_TEST_IS_DIR) ? add_folder(t, path, error)
							  : add_file(t, path, error);

	return good ? g_steal_pointer(&t) : NULL;
}

/* ---- questions ---- */

size_t
hk_targets_count(const hk_targets *t)
{
	return t->brands->len;
}

const hk_target *
hk_targets_get(const hk_targets *t, size_t number)
{
	return number < t->brands->len ? t->brands->pdata[number] : NULL;
}

const hk_brand_token *
hk_targets_tokens(const hk_targets *t, size_t *ret_count)
{
	*ret_count = t->tokens->len;
	return (const hk_brand_token *)(const void *)t->tokens->data;
}

const hk_target *
hk_targets_official(const hk_targets *t, hk_span name, bool *ret_allowed)
{
	char text[HK_TARGETS_VALUE_MAX + 1];
	size_t cut;

	if (name.len > 0 && name.data[name.len - 1] == '.') {
		name.len--;
	}
	cut = name.len > HK_TARGETS_VALUE_MAX ? name.len - HK_TARGETS_VALUE_MAX : 0;
	name.len -= cut;
	if (name.len == 0 || memchr(name.data + cut, 0, name.len) != NULL) {
		return NULL;
	}
	memcpy(text, name.data + cut, name.len);
	text[name.len] = 0;
	/* What was cut in the middle of a label is no border; no domain of a pack is that long. */
	for (const char *at = text; at != NULL;
		at = strchr(at, '.') != NULL ? strchr(at, '.') + 1 : NULL) {
		const hk_target *official = g_hash_table_lookup(t->domains, at);
		const hk_target *allowed = official ? NULL : g_hash_table_lookup(t->allowed, at);

		if (official != NULL || allowed != NULL) {
			if (ret_allowed != NULL) {
				*ret_allowed = official == NULL;
			}
			return official != NULL ? official : allowed;
		}
	}
	return NULL;
}

const hk_target *
hk_targets_icon(const hk_targets *t, int32_t number)
{
	return g_hash_table_lookup(t->icons, GINT_TO_POINTER((int)number));
}

const hk_target *
hk_targets_logo(const hk_targets *t, const uint8_t sha256[32])
{
	char hex[65];

	hk_hex_encode(hk_span_of(sha256, 32), hex);
	return g_hash_table_lookup(t->logos, hex);
}
