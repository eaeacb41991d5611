#include "match/suffix.h"

#include <stdlib.h>
#include <string.h>

#include "tap.h"

/* Invented rules with the shapes of the real list: both sections, wildcard, exception, a private
 * suffix under another, U-labels, CR line ends, text after a rule. */
static const char rules[] = "// ===BEGIN ICANN DOMAINS===\n"
			    "com\njp\nco.jp\r\n*.kobe.jp\n!city.kobe.jp\n*.ck\n!www.ck\n"
			    "\xe3\x81\xbf\xe3\x82\x93\xe3\x81\xaa the Japanese word for everyone\n"
			    "// ===END ICANN DOMAINS===\n\n// ===BEGIN PRIVATE DOMAINS===\n"
			    "dyn.test\nhost.com\n*.apps.host.com\ndeep.a.b.com\n"
			    "// ===END PRIVATE DOMAINS===\n";

static const struct {
	const char *name, *suffix, *registrable, *icann;
	bool is_private, is_known;
} rows[] = {
	{"example.com", "com", "example.com", "com", false, true},
	{"a.b.example.com", "com", "example.com", "com", false, true},
	{"com", "com", NULL, "com", false, true},
	{"example.com.", "com", "example.com", "com", false, true},
	{"*.example.com", "com", "example.com", "com", false, true},
	{"www.mihon.co.jp", "co.jp", "mihon.co.jp", "co.jp", false, true},
	{"co.jp", "co.jp", NULL, "co.jp", false, true},
	{"co.jp.evil.com", "com", "evil.com", "com", false, true},
	{"a.b.c.kobe.jp", "c.kobe.jp", "b.c.kobe.jp", "c.kobe.jp", false, true},
	{"city.kobe.jp", "kobe.jp", "city.kobe.jp", "kobe.jp", false, true},
	{"x.city.kobe.jp", "kobe.jp", "city.kobe.jp", "kobe.jp", false, true},
	{"kobe.jp", "jp", "kobe.jp", "jp", false, true},
	{"www.ck", "ck", "www.ck", "ck", false, true},
	{"a.b.ck", "b.ck", "a.b.ck", "b.ck", false, true},
	{"ck", "ck", NULL, "ck", false, false},
	{"a.host.com", "host.com", "a.host.com", "com", true, true},
	{"host.com", "host.com", NULL, "com", true, true},
	{"x.y.apps.host.com", "y.apps.host.com", "x.y.apps.host.com", "com", true, true},
	{"apps.host.com", "host.com", "apps.host.com", "com", true, true},
	{"b.com", "com", "b.com", "com", false, true},
	{"a.b.com", "com", "b.com", "com", false, true},
	{"x.deep.a.b.com", "deep.a.b.com", "x.deep.a.b.com", "com", true, true},
	{"x.dyn.test", "dyn.test", "x.dyn.test", "test", true, true},
	{"foo.unknown", "unknown", "foo.unknown", "unknown", false, false},
	{"mihon.xn--q9jyb4c", "xn--q9jyb4c", "mihon.xn--q9jyb4c", "xn--q9jyb4c", false, true},
	{"localhost", "localhost", NULL, "localhost", false, false},
	{"", "", NULL, "", false, false},
	{"xcom", "xcom", NULL, "xcom", false, false},
	{"a..com", "com", ".com", "com", false, true},
};

static hk_suffix_table
table_of(hk_span dat, void **ret_mem)
{
	size_t need = hk_suffix_table_need(dat);
	hk_suffix_table table = {0};

	*ret_mem = malloc(need);
	is_int(hk_suffix_table_build(dat, *ret_mem, need, &table), HK_OK, "the rules build");
	return table;
}

static void
check_rows(const hk_suffix_table *table)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		size_t len = strlen(rows[i].name);
		char *name = malloc(len + 1); /* without NUL, so that a read past the end shows */
		char text[64] = {0};
		hk_suffix_split split;

		name = realloc(name, len ? len : 1);
		memcpy(name, rows[i].name, len);
		hk_suffix_split_name(table, name, len, &split);
		memcpy(text, name + split.suffix_off, (size_t)(split.end - split.suffix_off));
		is_str(text, rows[i].suffix, "suffix of '%s'", rows[i].name);
		memset(text, 0, sizeof(text));
		memcpy(text, name + split.icann_suffix_off,
			(size_t)(split.end - split.icann_suffix_off));
		is_str(text, rows[i].icann, "ICANN suffix of '%s'", rows[i].name);
		memset(text, 0, sizeof(text));
		memcpy(text, name + split.registrable_off,
			(size_t)(split.end - split.registrable_off));
		is_str(split.registrable_off < split.suffix_off ? text : NULL, rows[i].registrable,
			"registrable part of '%s'", rows[i].name);
		is_int(split.is_private, rows[i].is_private, "private suffix of '%s'",
			rows[i].name);
		is_int(split.is_known, rows[i].is_known, "known suffix of '%s'", rows[i].name);
		free(name);
	}
}

static void
check_limits(const hk_suffix_table *table)
{
	size_t len = 100000;
	char *name = malloc(len);
	hk_suffix_split split;
	hk_suffix_table none = {0};
	uint64_t mem[64], big[256];
	static const char *const bad[] = {"a..b\n", "\xff\n", ".\n", "!\n", "!com\n"};

	memset(name, 'a', len);
	memcpy(name + len - 4, ".com", 4);
	hk_suffix_split_name(table, name, len, &split);
	is_int(split.end, UINT16_MAX, "of a very long name the last 65535 bytes count");
	is_int(split.suffix_off, UINT16_MAX - 3, "and its suffix is found");
	memset(name, '.', len);
	hk_suffix_split_name(table, name, len, &split);
	ok(split.suffix_off <= split.end, "a name of dots stays inside");
	free(name);

	is_int(hk_suffix_table_build(hk_span_str("com\n"), mem, 16, &none), HK_ELIMIT,
		"too little memory");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		void *own = malloc(hk_suffix_table_need(hk_span_str(bad[i])));

		is_int(hk_suffix_table_build(hk_span_str(bad[i]), own,
			       hk_suffix_table_need(hk_span_str(bad[i])), &none),
			HK_EFORM, "bad rule %zu is refused", i);
		free(own);
	}
	is_int(hk_suffix_table_build(hk_span_str("// nothing\n\n\n\n"), big, sizeof(big), &none),
		HK_EFORM, "a list without a rule is refused");
	ok(none.slots == NULL, "a failed build leaves the table alone");
}

int
main(void)
{
	void *mem;
	hk_suffix_table table = table_of(hk_span_of(rules, sizeof(rules) - 1), &mem);

	check_rows(&table);
	check_limits(&table);
	free(mem);
	return tap_done();
}
