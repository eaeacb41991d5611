#include "sys/rules.h"

#include <string.h>

#include "sys/gerr.h"
#include "tap.h"

/* A certificate as the rule of the talk wants it; each test changes one thing. */
static hk_facts
burst(void)
{
	return (hk_facts){
		.san_count = 20,
		.san_registrable_count = 20,
		.san_private_count = 20,
		.validity_days = 90,
		.suffix_private = true,
		.cn = "307abc.duckdns.org",
		.issuer_o = "Let's Encrypt",
		.issuer_cn = "R11",
		.issuer_c = "US",
		.first_name = "00qabc.duckdns.org",
		.cn_or_first = "307abc.duckdns.org",
		.name = "00qabc.duckdns.org",
		.suffix = "duckdns.org",
		.target = "",
	};
}

static bool
matches(hk_rules *rules, const hk_facts *facts, const char *names, const char *rule)
{
	const hk_gate_facts gate = {
		.private_suffix = facts->suffix_private,
		.san_count = facts->san_count,
		.validity_days = facts->validity_days,
		.score = facts->model_score,
		.name = hk_span_str(facts->first_name),
	};
	const char *found[16];
	size_t count = hk_rules_scan(rules, &gate, facts, hk_span_str(names), found, 16);

	for (size_t i = 0; i < count; i++) {
		if (strcmp(found[i], rule) == 0) {
			return true;
		}
	}
	return false;
}

static hk_rules *
load(const char *folder, hk_rules_bad_fn bad, void *user)
{
	g_autofree char *path = g_build_filename(HK_SOURCE_DIR, folder, NULL);
	g_autoptr(GError) error = NULL;
	hk_rules *rules = hk_rules_load(path, bad, user, &error);

	if (!rules) {
		tap_diag("%s", error->message);
	}
	return rules;
}

static void
the_talks_rule(hk_rules *rules)
{
	static const char *const rule = "bp1_san_burst";
	hk_facts facts = burst();

	ok(matches(rules, &facts, "00qabc.duckdns.org\n", rule),
		"20 names, Let's Encrypt, CN under duckdns.org");
	facts.san_count = 19;
	ok(!matches(rules, &facts, "", rule), "19 names are too few");
	facts = burst();
	facts.san_count = 100;
	ok(matches(rules, &facts, "", rule), "100 names");
	facts.issuer_o = "Mihon CA";
	ok(!matches(rules, &facts, "", rule), "another issuer");
	facts = burst();
	facts.cn = "";
	facts.cn_or_first = facts.first_name;
	ok(matches(rules, &facts, "", rule), "no CN: the first name stands in");
	facts.cn = facts.cn_or_first = "www.mihon.test";
	ok(!matches(rules, &facts, "", rule),
		"a CN elsewhere, though the names are under duckdns.org");
	facts.cn = facts.cn_or_first = "notduckdns.org";
	ok(!matches(rules, &facts, "", rule), "a suffix counts at a label's border only");
	facts.cn = facts.cn_or_first = "ABC123.DuckDNS.org";
	ok(matches(rules, &facts, "", rule), "whatever the case");
}

static const struct {
	const char *name;
	bool match;
} labels[] = {
	{"00qfez.duckdns.org", true},
	{"a1b2c3d4e.duckdns.org", true},
	{"abcde1.duckdns.org", true},
	{"1abcde.duckdns.org", true},
	{"abcdef.duckdns.org", false},
	{"123456.duckdns.org", false},
	{"ab1de.duckdns.org", false},
	{"ab1defghij.duckdns.org", false},
	{"ab-1def.duckdns.org", false},
	{"x.ab1def.duckdns.org", false},
};

static void
the_groups_labels(hk_rules *rules)
{
	for (size_t i = 0; i < G_N_ELEMENTS(labels); i++) {
		g_autofree char *text = g_strconcat(labels[i].name, "\n", NULL);
		hk_facts facts = burst();
		facts.san_count = 1;
		facts.name = facts.first_name = labels[i].name;
		is_int(matches(rules, &facts, text, "bp1_label"), labels[i].match, "%s",
			labels[i].name);
	}
}

static void
on_bad(void *user, const char *message)
{
	g_ptr_array_add(user, g_strdup(message));
}

static void
bad_files(void)
{
	g_autoptr(GPtrArray) bad = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(hk_rules) rules = load("tests/fixtures/rules", on_bad, bad);
	g_autoptr(GError) error = NULL;
	hk_facts facts = burst();

	if (!ok(rules != NULL, "a folder with bad files loads")) {
		return;
	}
	is_int(hk_rules_bad(rules), 3, "three files are left out");
	is_int(bad->len, 3, "and named");
	ok(strstr(g_ptr_array_index(bad, 0), "bad-gate.yar: rule has_bad_gate: its gate") != NULL,
		"a bad gate: %s", (char *)g_ptr_array_index(bad, 0));
	ok(strstr(g_ptr_array_index(bad, 1), "bad-include.yar:") != NULL, "an include: %s",
		(char *)g_ptr_array_index(bad, 1));
	ok(strstr(g_ptr_array_index(bad, 2), "bad-syntax.yar:3: ") != NULL,
		"file, line and reason: %s", (char *)g_ptr_array_index(bad, 2));
	is_int(hk_rules_count(rules), 3, "the good ones are in force");
	ok(matches(rules, &facts, "a\n", "good_always"), "and match");
	ok(hk_rules_need_suffix(rules), "that a rule asks for the suffix is told");
	ok(matches(rules, &facts, "a\n", "good_suffix"), "a private suffix opens it");
	facts.suffix_private = false;
	ok(!matches(rules, &facts, "a\n", "good_suffix"), "and without one it is shut");
	facts.san_count = 1;
	ok(!matches(rules, &facts, "a\n", "good_gated"), "behind their gates");
	ok(!hk_rules_load("/nonexistent", NULL, NULL, &error) && hk_error_code(error) == HK_ENOENT,
		"no such folder: %s", error ? error->message : "");
}

static void
gates(hk_rules *rules)
{
	hk_gate_facts gate = {.san_count = 19, .validity_days = 90};

	ok(!hk_rules_want(rules, &gate), "19 names open nothing");
	gate.san_count = 20;
	ok(hk_rules_want(rules, &gate), "20 names open a rule");
	gate = (hk_gate_facts){.name = HK_SPAN_LIT("ab1.duckdns.org")};
	ok(hk_rules_want(rules, &gate), "a name under the domain of a gate opens its rule");
	gate.name = HK_SPAN_LIT("notduckdns.org");
	ok(!hk_rules_want(rules, &gate), "at a label's border only");
	gate.name = HK_SPAN_LIT("duckdns.org");
	ok(!hk_rules_want(rules, &gate), "and not the domain itself");
	ok(!hk_rules_need_suffix(rules),
		"the shipped rules do not ask for the suffix of every name");
}

int
main(void)
{
	g_autoptr(hk_rules) rules = load("rules", NULL, NULL);

	if (ok(rules != NULL, "the shipped rules load")) {
		is_int(hk_rules_bad(rules), 0, "all of them");
		the_talks_rule(rules);
		the_groups_labels(rules);
		gates(rules);
	}
	bad_files();
	return tap_done();
}
