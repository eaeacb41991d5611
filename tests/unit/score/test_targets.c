#include "score/targets.h"

#include <string.h>

#include "sys/gerr.h"
#include "tap.h"

/* Each wrong pack and the whole of what is said about it. */
static const struct {
	const char *text, *error;
} wrong[] = {
	{"kind = bank\n", "x.conf:1: `kind` stands before the first [brand]; move it below one"},
	{"\n# c\nnonsense\n", "x.conf:3: neither [brand] nor `key = value`; comments begin with #"},
	{"[a\n", "x.conf:1: a brand begins with [its name] on a line of its own"},
	{"[]\n", "x.conf:1: a brand begins with [its name] on a line of its own"},
	{"[a]\n", "x.conf:1: [a] has no official domain; without one its own site would alarm: add "
		  "`official = ...`"},
	{"[a]\nofficial=a.example\n[b]\n[c]\nofficial=c.example\n",
		"x.conf:3: [b] has no official domain; without one its own site would alarm: add "
		"`official = ...`"},
	{"[a]\nofficial=a.example\n[a]\n",
		"x.conf:3: [a] stands in x.conf:1 already; put both together"},
	{"[a]\nkind = bnak\n", "x.conf:2: 'bnak' is no kind of brand; write bank, card, shop, ... "
			       "(docs/targets.md), or other"},
	{"[a]\ntokens = b\n", "x.conf:2: unknown key 'tokens'; there are kind, alias, token, "
			      "official, allow, keyword, word, path, icon and logo"},
	{"[a]\nalias = A Bank, Ltd.\n",
		"x.conf:2: 'Ltd.' is a legal form and no name: every page of a company has it; "
		"commas part spellings, write the name without it"},
	{"[a]\nalias = 株式会社\n",
		"x.conf:2: '株式会社' is a legal form and no name: every page of a company has it; "
		"commas part spellings, write the name without it"},
	{"[a]\nword = x\n", "x.conf:2: 'x' is too short: every page has it"},
	{"[a]\npath = /a.css\n",
		"x.conf:2: '/a.css' is no path of a resource; write a distinctive one without host "
		"and query, at least 8 bytes: /direct/common/style.css"},
	{"[a]\npath = https://a.example/direct/a.css\n",
		"x.conf:2: 'https://a.example/direct/a.css' is no path of a resource; write a "
		"distinctive one without host and query, at least 8 bytes: "
		"/direct/common/style.css"},
	{"[a]\nicon = 2147483648\n",
		"x.conf:2: '2147483648' is no hash of an icon; write the number that `hikeshi "
		"evidence` and scanners of the Internet show, like -1234567890"},
	{"[a]\nlogo = abcd\n",
		"x.conf:2: 'abcd' is no hash of a logo; write what `sha256sum FILE` prints: 64 "
		"hexadecimal digits"},
	{"[*]\nword = みほん\n", "x.conf:2: [*] takes `keyword` only; give `word` to a brand"},
	{"[a]\ntoken = mihonbank,,x\n", "x.conf:2: a value is missing; write `key = value, value`"},
	{"[a]\ntoken =\n", "x.conf:2: a value is missing; write `key = value, value`"},
	{"[a]\ntoken = みほん\n",
		"x.conf:2: 'みほん' may be made of a-z, 0-9 and hyphens only; other "
		"scripts belong into alias"},
	{"[a]\ntoken = mhn\n", "x.conf:2: 'mhn' is too short to stand alone; write 'mhn?' (counts "
			       "beside another word of the brand)"},
	{"[a]\ntoken = ?\n", "x.conf:2: '?' has to have 1 to 64 characters"},
	{"[a]\ntoken = mihonbank, mihonbank\n",
		"x.conf:2: 'mihonbank' stands here twice; delete one"},
	{"[a]\nofficial = https://a.example\n",
		"x.conf:2: 'https://a.example' is a URL; write the host name only"},
	{"[a]\nofficial = みほん.example\n",
		"x.conf:2: 'みほん.example' has to be written with A-labels (xn--...)"},
	{"[a]\nofficial = example\n",
		"x.conf:2: 'example' is no domain; write it like mihon-bank.example"},
	{"[a]\nallow = *.a.example\n",
		"x.conf:2: '*.a.example' is no domain; write it like mihon-bank.example"},
	{"[*]\ntoken = mihonbank\n", "x.conf:2: [*] takes `keyword` only; give `token` to a brand"},
	{"[a]\n# \xff\n", "x.conf:2: not UTF-8 text; save the file as UTF-8"},
};

static void
check_wrong(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(hk_targets) t =
			hk_targets_parse(hk_span_str(wrong[i].text), "x.conf", &error);

		ok(t == NULL, "pack %zu is refused", i);
		is_int(hk_error_code(error), HK_ECONFIG, "pack %zu: the code", i);
		is_str(error ? error->message : NULL, wrong[i].error, "pack %zu: the message", i);
	}
}

static hk_targets *
load(const char *path)
{
	g_autofree char *full = g_build_filename(HK_SOURCE_DIR, path, NULL);
	g_autoptr(GError) error = NULL;
	hk_targets *t = hk_targets_load(full, &error);

	ok(t != NULL, "%s loads: %s", path, error ? error->message : "yes");
	return t;
}

static const char *
official(const hk_targets *t, const char *name, bool *allowed)
{
	const hk_target *target = hk_targets_official(t, hk_span_str(name), allowed);

	return target ? target->name : NULL;
}

static void
check_example(void)
{
	g_autoptr(hk_targets) t = load("conf/targets/example.conf");
	const hk_target *brand = t ? hk_targets_get(t, 0) : NULL;
	const hk_brand_token *tokens;
	size_t count, lone = 0;
	bool allowed = true;

	if (brand == NULL) {
		return;
	}
	is_int(hk_targets_count(t), 1, "one brand");
	ok(hk_targets_get(t, 1) == NULL, "and no second");
	is_str(brand->name, "みほん銀行", "its name");
	is_str(brand->kind, "bank", "its kind");
	is_int(brand->aliases->len, 4, "its aliases");
	tokens = hk_targets_tokens(t, &count);
	is_int(tokens[brand->main_token].len, 9, "its main token");
	for (size_t i = 0; i < count; i++) {
		lone += tokens[i].needs_context;
	}
	is_int(lone, 1, "one token needs context");
	is_str(official(t, "mihon-bank.example", &allowed), brand->name, "official");
	ok(!allowed, "not allow-listed");
	is_str(official(t, "*.www.mihon-bank.example.", &allowed), brand->name, "below it");
	is_str(official(t, "a.mihon-recruit.example", &allowed), brand->name, "allow-listed");
	ok(allowed, "and says so");
	is_str(official(t, "xmihon-bank.example", NULL), NULL, "not at a label border");
	is_str(official(t, "mihon-bank.example.test", NULL), NULL, "not at the end");
	is_str(official(t, "example", NULL), NULL, "only a part");
	is_str(official(t, "", NULL), NULL, "nothing");
}

/* The pack for Japan: every official domain is no evidence, also one level below. */
static void
check_japan(void)
{
	g_autoptr(hk_targets) t = load("conf/targets/jp.conf");
	size_t evidence = 0, unknown = 0, without_token = 0, count;
	const hk_brand_token *tokens;

	if (t == NULL) {
		return;
	}
	ok(hk_targets_count(t) >= 120, "%zu brands", hk_targets_count(t));
	tokens = hk_targets_tokens(t, &count);
	for (size_t i = 0; i < hk_targets_count(t); i++) {
		const hk_target *brand = hk_targets_get(t, i);

		without_token += brand->main_token == UINT32_MAX;
		for (size_t j = 0; j < brand->official->len; j++) {
			g_autofree char *name =
				g_strconcat("www.", brand->official->pdata[j], NULL);
			hk_suffix_split split = {.end = (uint16_t)strlen(name)};
			hk_brand_evidence e;

			split.suffix_off = (uint16_t)(strrchr(name, '.') + 1 - name);
			evidence += hk_brand_find(name, strlen(name), &split, tokens, count, &e);
			unknown += official(t, name, NULL) == NULL;
		}
	}
	is_int(evidence, 0, "official domains are no evidence");
	is_int(unknown, 0, "and are known");
	tap_diag("%zu tokens, domains and keywords; %zu brands have tokens with ? only", count,
		without_token);
}

static void
check_folder(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(hk_targets) all = load("conf/targets"), none = NULL;

	ok(all != NULL && hk_targets_count(all) >= 121, "both packs of the folder");
	none = hk_targets_load("/nonexistent/pack.conf", &error);
	is_int(hk_error_code(error), HK_ENOENT, "a pack that is not there");
}

int
main(void)
{
	check_wrong();
	check_example();
	check_japan();
	check_folder();
	return tap_done();
}
