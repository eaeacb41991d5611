#include "match/features.h"

#include <string.h>

#include "tap.h"

static const char rules[] = "com\njp\nco.jp\n// ===BEGIN PRIVATE DOMAINS===\ndyn.com\n";
static uint64_t mem[4096];
static hk_suffix_table table;

static const struct {
	const char *name, *sub, *label, *suffix;
	bool www, is_private;
} rows[] = {
	{"mihon.co.jp", "", "mihon", "co.jp", false, false},
	{"www.mihon.co.jp", "", "mihon", "co.jp", true, false},
	{"www.login.mihon.co.jp", "login", "mihon", "co.jp", true, false},
	{"www2.mihon.co.jp.", "www2", "mihon", "co.jp", false, false},
	{"*.a.b.mihon.com", "a.b", "mihon", "com", false, false},
	{"x.shop.dyn.com", "x", "shop", "dyn.com", false, true},
	{"dyn.com", "", "", "dyn.com", false, true},
	{"com", "", "", "com", false, false},
	{"", "", "", "", false, false},
	{"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeee.com", "",
		"aaaaaaaaaabbbbbbbbbbccccccccccdd", "com", false, false},
};

static void
is_part(const char *part, size_t len, const char *want, const char *what, const char *name)
{
	ok(len == strlen(want) && (len == 0 || memcmp(part, want, len) == 0), "%s of '%s' is '%s'",
		what, name, want);
}

static void
features_of(const char *name, hk_features *ret)
{
	hk_feature_parts p;

	hk_feature_parts_of(&table, name, strlen(name), &p);
	hk_features_explained(&p, ret);
}

static void
check_same(const char *name)
{
	hk_feature_parts p;
	hk_features plain, full;
	bool same = true;

	hk_feature_parts_of(&table, name, strlen(name), &p);
	hk_features_of(&p, &plain);
	hk_features_explained(&p, &full);
	for (size_t k = 0; k < HK_POOL_COUNT; k++) {
		same = same && plain.count[k] == full.count[k] &&
		       plain.count[k] <= HK_FEATURES_MAX &&
		       memcmp(plain.hash[k], full.hash[k], plain.count[k] * sizeof(uint32_t)) == 0;
		for (size_t i = 0; i < full.count[k]; i++) {
			same = same && full.group[k][i] < HK_GROUP_COUNT;
		}
	}
	ok(same, "with and without groups the features of '%s' are the same", name);
}

static void
check_shape(const char *text, const char *want)
{
	char out[16] = {0};
	size_t n = hk_feature_shape(text, strlen(text), out, sizeof(out) - 1);

	is_str(out, want, "shape of '%s'", text);
	is_int(n, strlen(want), "and its length");
}

int
main(void)
{
	hk_features a, b;

	is_int(hk_suffix_table_build(
		       hk_span_of(rules, sizeof(rules) - 1), mem, sizeof(mem), &table),
		HK_OK, "the suffixes build");
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		hk_feature_parts p;

		hk_feature_parts_of(&table, rows[i].name, strlen(rows[i].name), &p);
		is_part(p.sub, p.sub_len, rows[i].sub, "sub-domain", rows[i].name);
		is_part(p.label, p.label_len, rows[i].label, "label", rows[i].name);
		is_part(p.suffix, p.suffix_len, rows[i].suffix, "suffix", rows[i].name);
		is_int(p.had_www, rows[i].www, "www of '%s'", rows[i].name);
		is_int(p.is_private, rows[i].is_private, "private suffix of '%s'", rows[i].name);
		check_same(rows[i].name);
	}
	features_of("mihon.com", &a);
	features_of("*.mihon.com", &b);
	ok(memcmp(a.count, b.count, sizeof(a.count)) == 0 &&
			memcmp(a.hash[0], b.hash[0], a.count[0] * sizeof(uint32_t)) == 0,
		"a wildcard is scored as the name below it");
	is_int(a.count[HK_POOL_SUB], 0, "no sub-domain, no features of it");
	/* ^mihon$: 6 + 5 + 4 + 3 grams, of them 5 once more under the suffix */
	is_int(a.count[HK_POOL_LABEL], 23, "grams of 2 to 5, those of 3 twice");
	features_of("mihom.com", &b);
	ok(memcmp(a.hash[0], b.hash[0], a.count[0] * sizeof(uint32_t)) != 0,
		"another letter, other grams");
	check_shape("abc12-x", "a3d2-a1");
	check_shape("", "");
	check_shape("aaaaaaaaaaaa", "a12");
	check_shape("a.b_c--1", "a1.a1_a1--d1");
	check_shape("a1a1a1a1a1a1", "a1d1a1d1a1d1a1d"); /* cut at the cap */
	return tap_done();
}
