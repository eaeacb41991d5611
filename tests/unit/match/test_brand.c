#include "match/brand.h"

#include <stdlib.h>
#include <string.h>

#include "tap.h"

static const struct {
	const char *text;
	uint32_t brand;
	hk_brand_role role;
	bool needs_context;
} list[] = {
	{"mihonbank", 0, HK_BRAND_TOKEN, false},
	{"mihon", 0, HK_BRAND_TOKEN, true},
	{"net", 0, HK_BRAND_TOKEN, true},
	{"login", HK_BRAND_ALL, HK_BRAND_KEYWORD, false},
	{"card", 0, HK_BRAND_KEYWORD, false},
	{"mihon-bank.example", 0, HK_BRAND_DOMAIN, false},
	{"mhn.me", 0, HK_BRAND_DOMAIN, false},
	{"shop", 1, HK_BRAND_KEYWORD, false},
};
enum { COUNT = sizeof(list) / sizeof(*list) };

static hk_brand_token tokens[COUNT];

/* Suffixes are the last label. */
static bool
find(const char *name, hk_brand_evidence *ret)
{
	static hk_suffix_table table;
	static uint64_t mem[4096];
	hk_span dat = HK_SPAN_LIT("test\nexample\ncom\n");
	hk_suffix_split split;

	if (table.slots == NULL) {
		is_int(hk_suffix_table_build(dat, mem, sizeof(mem), &table), HK_OK, "suffixes");
	}
	hk_suffix_split_name(&table, name, strlen(name), &split);
	return hk_brand_find(name, strlen(name), &split, tokens, COUNT, ret);
}

static void
check_row(char *line)
{
	/* nocheck: our own vectors, empty fields matter */
	const char *name = strsep(&line, "\t"), *kind = strsep(&line, "\t");
	/* nocheck: our own vectors, empty fields matter */
	const char *token = strsep(&line, "\t"), *where = line;
	hk_brand_evidence got = {.kind = HK_BRAND_NONE};
	bool found = find(name, &got);

	is_str(hk_brand_kind_code(got.kind), kind, "%s", name);
	ok(found == (got.kind != HK_BRAND_NONE), "%s: returns so", name);
	if (found && where != NULL) {
		is_str(tokens[got.token].text, token, "%s: the token", name);
		is_int(got.where, *where == 'r' ? HK_BRAND_REGISTRABLE : HK_BRAND_SUB, "%s: where",
			name);
		ok(got.len > 0 && (size_t)got.off + got.len <= strlen(name), "%s: inside", name);
	}
}

static void
check_vectors(void)
{
	size_t len;
	char *file = (char *)tap_file("tests/vectors/brand.tsv", &len), *rest = file, *line;

	/* nocheck: our own vectors, empty fields matter */
	while ((line = strsep(&rest, "\n")) != NULL) {
		if (*line != '#' && *line != 0) {
			check_row(line);
		}
	}
	free(file);
}

static void
check_tokens(void)
{
	hk_brand_token t;
	char longest[70];

	memset(longest, 'a', sizeof(longest));
	is_int(hk_brand_token_init(hk_span_of(longest, 64), 0, HK_BRAND_TOKEN, false, &t), HK_OK,
		"64");
	is_int(hk_brand_token_init(hk_span_of(longest, 65), 0, HK_BRAND_TOKEN, false, &t),
		HK_ELIMIT, "65 letters");
	is_int(hk_brand_token_init(hk_span_str(""), 0, HK_BRAND_TOKEN, false, &t), HK_ELIMIT,
		"empty");
	is_int(hk_brand_token_init(hk_span_str("--"), 0, HK_BRAND_TOKEN, false, &t), HK_EFORM,
		"hyphens only");
	is_int(hk_brand_token_init(hk_span_str("a.b"), 0, HK_BRAND_TOKEN, false, &t), HK_EFORM,
		"a dot in a token");
	is_int(hk_brand_token_init(hk_span_str("Mihon"), 0, HK_BRAND_TOKEN, false, &t), HK_EFORM,
		"a capital");
	is_int(hk_brand_token_init(hk_span_str("m-1"), 7, HK_BRAND_TOKEN, true, &t), HK_OK, "m-1");
	ok(t.len == 3 && t.word_len == 2 && t.folded_len == 2 && memcmp(t.folded, "mi", 2) == 0,
		"made ready");
}

int
main(void)
{
	hk_brand_evidence e;
	char longest[300];

	for (size_t i = 0; i < COUNT; i++) {
		is_int(hk_brand_token_init(hk_span_str(list[i].text), list[i].brand, list[i].role,
			       list[i].needs_context, &tokens[i]),
			HK_OK, "token %s", list[i].text);
	}
	check_tokens();
	check_vectors();
	memset(longest, 'a', sizeof(longest));
	memcpy(longest + sizeof(longest) - 16, ".mihonbank.test", 16);
	ok(find(longest, &e) && e.kind == HK_BRAND_EXACT, "the end of an over-long name");
	is_str(hk_brand_kind_words(HK_BRAND_EDIT2), "2 edits from", "in words");
	is_str(hk_brand_kind_code(HK_BRAND_KIND_COUNT), "none", "outside the table");
	return tap_done();
}
