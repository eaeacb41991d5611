/* nocheck: tested in tests/scenario/init.t. Brands, and the target pack that is made of them. */
#include <string.h>

#include "cmd/init_int.h"
#include "score/targets.h"

/* "x:3: what" of the reader: what. */
static void
without_place(GError *why, GError **error)
{
	const char *text = why->message;
	const char *colon = strchr(text, ':');
	const char *second = colon ? strchr(colon + 1, ':') : NULL;

	hk_error_set(error, hk_error_code(why), "%s", second ? second + 2 : text);
}

bool
hk_init_pack_takes(const char *name, const char *line, GError **error)
{
	g_autofree char *text =
		g_strdup_printf("[%s]\nofficial = a.example\ntoken = abcdef\n%s\n", name, line);
	g_autoptr(GError) why = NULL;
	g_autoptr(hk_targets) pack = hk_targets_parse(hk_span_str(text), "x", &why);

	if (!pack) {
		without_place(why, error);
	}
	return pack != NULL;
}

/* Where the last word of name begins. */
static size_t
last_word(const GString *name)
{
	size_t at = name->len;

	while (at > 0 && name->str[at - 1] != ' ' && name->str[at - 1] != ',') {
		at--;
	}
	return at;
}

char *
hk_init_short_name(const char *name)
{
	g_autoptr(GString) out = g_string_new(name);

	for (;;) {
		size_t at = last_word(out), end = at;
		while (end > 0 && strchr(" ,", out->str[end - 1])) {
			end--;
		}
		/* "Mihon & Co." is one name, and "Limited" alone is left to be refused. */
		if (end == 0 || out->str[end - 1] == '&' || !hk_targets_is_form(out->str + at)) {
			return g_strdup(out->str);
		}
		g_string_truncate(out, end);
	}
}

static void
brand_free(gpointer data)
{
	hk_init_brand *brand = data;

	g_free(brand->name);
	g_free(brand->official);
	g_free(brand->tokens);
	g_free(brand);
}

/* "NAME = DOMAIN, DOMAIN" */
static hk_init_brand *
brand_of(const char *text, GError **error)
{
	const char *equals = strchr(text, '=');

	if (!equals) {
		hk_error_set(error, HK_EFORM, "'%s' has no =", text);
		return NULL;
	}
	hk_init_brand *brand = g_new0(hk_init_brand, 1);
	brand->name = g_strstrip(g_strndup(text, (size_t)(equals - text)));
	brand->official = g_strstrip(g_strdup(equals + 1));
	brand->tokens = hk_init_token(brand->official);
	return brand;
}

GPtrArray *
hk_init_brands(const char *text, GError **error)
{
	g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(brand_free);

	while (*text) {
		size_t len = strcspn(text, ";");
		g_autofree char *one = g_strstrip(g_strndup(text, len));
		text += len + (text[len] == ';');
		if (!*one) {
			continue;
		}
		hk_init_brand *brand = brand_of(one, error);
		if (!brand) {
			return NULL;
		}
		g_ptr_array_add(all, brand);
	}
	return g_steal_pointer(&all);
}

static void
line(GString *out, const char *key, const char *value)
{
	if (*value) {
		g_string_append_printf(out, "%s = %s\n", key, value);
	}
}

char *
hk_init_pack(const hk_init *init)
{
	GString *out = g_string_new(NULL);
	const char *kana = hk_init_answer(init, HK_ASK_KANA);
	/* Pages seldom have the whole of it, and its comma would part two spellings. */
	g_autofree char *english = hk_init_short_name(hk_init_answer(init, HK_ASK_BANK_EN));
	const char *kind = hk_init_answer(init, HK_ASK_KIND);
	g_autoptr(GPtrArray) more = hk_init_brands(hk_init_answer(init, HK_ASK_BRANDS), NULL);

	g_string_append_printf(out, "# %s\n\n", hk_init_say(init, HK_INIT_PACK_HEAD));
	g_string_append_printf(out, "# %s\n", hk_init_say(init, HK_INIT_PACK_ALL));
	g_string_append(out, "[*]\n"
			     "keyword = login, logon, signin, secure, security, account, verify, "
			     "update, support, service, info\n"
			     "keyword = bank, card, pay, web, mail, app, id, member, my, direct, "
			     "net, online, co, jp, japan\n");
	g_string_append_printf(out, "\n[%s]\n", hk_init_answer(init, HK_ASK_BANK));
	line(out, "kind", kind);
	/* A name that is its own spelling is no other one. */
	if (strcmp(english, hk_init_answer(init, HK_ASK_BANK)) != 0) {
		line(out, "alias", english);
	}
	line(out, "alias", kana);
	line(out, "token", hk_init_answer(init, HK_ASK_TOKEN));
	line(out, "official", hk_init_answer(init, HK_ASK_OFFICIAL));
	line(out, "allow", hk_init_answer(init, HK_ASK_ALLOW));
	line(out, "word", hk_init_answer(init, HK_ASK_WORDS));
	for (unsigned i = 0; more && i < more->len; i++) {
		const hk_init_brand *brand = more->pdata[i];
		g_string_append_printf(out, "\n[%s]\n", brand->name);
		line(out, "kind", kind);
		line(out, "token", brand->tokens);
		line(out, "official", brand->official);
	}
	return g_string_free(out, FALSE);
}
