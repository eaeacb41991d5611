#include "score/variants.h"

#include <string.h>

#include "tap.h"

static const hk_variant *
find(GArray *list, const char *text)
{
	for (size_t i = 0; i < list->len; i++) {
		const hk_variant *v = &g_array_index(list, hk_variant, i);

		if (strcmp(v->text, text) == 0) {
			return v;
		}
	}
	return NULL;
}

static const struct {
	const char *text;
	int kind; /* -1: must not be there */
} rows[] = {
	{"mihon-bank", HK_VARIANT_TOKEN},
	{"mihonbank", HK_VARIANT_TOKEN},
	{"mihon", HK_VARIANT_TOKEN},
	{"mhn", -1},
	{"login", -1},
	{"mihon-bank.example.", HK_VARIANT_OFFICIAL},
	{"mihon-bank-example", HK_VARIANT_OFFICIAL},
	{"mihon-jobs.example.", -1},
	{"m1honbank", HK_VARIANT_FOLD},
	{"rnihonbank", HK_VARIANT_FOLD},
	{"mih0nb4nk", HK_VARIANT_FOLD},
	{"m1hon", -1},
	{"mihobank", HK_VARIANT_EDIT},
	{"mihnobank", HK_VARIANT_EDIT},
	{"mihombank", HK_VARIANT_EDIT},
	{"mihonxbank", HK_VARIANT_EDIT},
	{"mih-onbank", HK_VARIANT_EDIT},
	{"-ihonbank", -1},
	{"mihonbank-", -1},
	{"mihn", -1},
};

static void
check_rows(GArray *list)
{
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		const hk_variant *v = find(list, rows[i].text);

		is_int(v ? (int)v->kind : -1, rows[i].kind, "%s", rows[i].text);
	}
}

/* Every look-alike is seen as one, or the gate would pass what nobody recognises. */
static void
check_folds(GArray *list, const hk_brand_token *tokens)
{
	size_t wrong = 0, folds = 0;

	for (size_t i = 0; i < list->len; i++) {
		const hk_variant *v = &g_array_index(list, hk_variant, i);
		hk_brand_token t;

		if (v->kind == HK_VARIANT_FOLD) {
			folds++;
			wrong += hk_brand_token_init(hk_span_str(v->text), 0, HK_BRAND_TOKEN, false,
					 &t) != HK_OK ||
				 t.folded_len != tokens[v->token].folded_len ||
				 memcmp(t.folded, tokens[v->token].folded, t.folded_len) != 0;
		}
	}
	is_int(wrong, 0, "all of %zu look-alikes fold back", folds);
}

static void
check_japan(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(hk_targets) t = hk_targets_load(HK_SOURCE_DIR "/conf/targets/jp.conf", &error);
	GArray *a, *b;
	size_t dropped = 1, kinds[4] = {0}, different = 0, count;
	g_autoptr(GHashTable) texts = g_hash_table_new(g_str_hash, g_str_equal);

	if (!ok(t != NULL, "jp.conf loads")) {
		return;
	}
	a = hk_variants_new(t, &dropped);
	b = hk_variants_new(t, NULL);
	is_int(dropped, 0, "nothing is dropped");
	ok(a->len < 100000, "%u literals", a->len);
	is_int(a->len, b->len, "as many again");
	for (size_t i = 0; i < a->len && i < b->len; i++) {
		const hk_variant *v = &g_array_index(a, hk_variant, i);

		kinds[v->kind]++;
		different += strcmp(v->text, g_array_index(b, hk_variant, i).text) != 0;
		g_hash_table_add(texts, v->text);
	}
	is_int(different, 0, "and the same ones");
	is_int(g_hash_table_size(texts), a->len, "each once");
	tap_diag("%zu tokens, %zu domains, %zu look-alikes, %zu typing errors", kinds[0], kinds[1],
		kinds[2], kinds[3]);
	check_folds(a, hk_targets_tokens(t, &count));
	hk_variants_free(a);
	hk_variants_free(b);
}

int
main(void)
{
	hk_span pack =
		HK_SPAN_LIT("[*]\nkeyword = login\n[Mihon]\ntoken = mihon-bank, mihon?, mhn?\n"
			    "official = mihon-bank.example\nallow = mihon-jobs.example\n");
	g_autoptr(hk_targets) t = hk_targets_parse(pack, "pack", NULL);
	GArray *list;
	size_t count;

	if (ok(t != NULL, "the pack")) {
		list = hk_variants_new(t, NULL);
		check_rows(list);
		check_folds(list, hk_targets_tokens(t, &count));
		hk_variants_free(list);
	}
	check_japan();
	return tap_done();
}
