/* Official and allow-listed names never alarm, whatever stands beside them in their certificate; what stands beside them does. */
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>

#include "score/scorer.h"
#include "tap.h"

static const char pack[] = "[みほん銀行]\n"
			   "token = mihonbank\n"
			   "official = mihon-bank.example, mhb.example\n"
			   "allow = saiyo.example\n";
static const char rule[] =
	"rule bank_word { meta: gate = \"always\" strings: $a = \"bank\" condition: $a }\n";

/* One certificate of these names (separated by blanks), as parse/batch makes it. */
typedef struct answer {
	size_t hits;
	size_t rules;
	bool official;
	char first_rule[64];
} answer;

static void
on_hit(void *user, size_t entry, const hk_verdict *verdict)
{
	answer *a = user;

	(void)entry;
	a->hits++;
	a->rules = verdict->rule_count;
	a->official = verdict->official;
	g_strlcpy(a->first_rule, verdict->rule_count > 0 ? verdict->rules[0] : "",
		sizeof a->first_rule);
}

static answer
ask(hk_scorer *scorer, const char *names, bool all)
{
	char text[4096] = "\n";
	hk_name list[64];
	hk_batch_entry entry = {
		.x509 = {.not_before = HK_X509_NO_TIME, .not_after = HK_X509_NO_TIME}};
	size_t len = 1;
	size_t count = 0;
	answer ret = {0};

	for (const char *at = names; *at; at += strcspn(at, " ") + (at[strcspn(at, " ")] != 0)) {
		size_t n = strcspn(at, " ");
		memcpy(text + len, at, n);
		list[count++] = (hk_name){text + len, (uint32_t)n, 0};
		len += n;
		text[len++] = '\n';
	}
	entry.x509.dns_count = entry.name_count = (uint32_t)count;
	hk_batch batch = {.entries = &entry,
		.entry_count = 1,
		.entry_max = 1,
		.names = list,
		.name_count = count,
		.name_max = 64,
		.text = text,
		.text_len = len,
		.text_max = sizeof text};
	hk_scorer_batch(scorer, &batch, all, on_hit, &ret);
	return ret;
}

int
main(void)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *folder = g_dir_make_tmp("hikeshi-official-XXXXXX", &error);
	g_autofree char *targets = g_build_filename(folder, "pack.conf", NULL);
	g_autofree char *watch = g_build_filename(folder, "watch.txt", NULL);
	g_autofree char *yar = g_build_filename(folder, "a.yar", NULL);
	ok(g_file_set_contents(targets, pack, -1, &error) &&
			g_file_set_contents(watch, "mhb\nmihon\nsaiyo\n", -1, &error) &&
			g_file_set_contents(yar, rule, -1, &error),
		"files");
	hk_scorer_config config = {.targets = targets, .patterns = watch, .threshold = 0.5};
	hk_scorer *scorer = hk_scorer_new(&config, &error);
	if (!ok(scorer != NULL, "a scorer with a watch list")) {
		return tap_done();
	}
	static const char *const quiet[] = {
		"mihon-bank.example",
		"*.mihon-bank.example",
		"www.mihon-bank.example.",
		"mhb.example www.mhb.example",        /* no token of the brand in them */
		"www.saiyo.example",                  /* allow-listed */
		"www.mihon-bank.example cdn.example", /* beside a stranger's name */
		"cdn.example *.mhb.example",
	};
	for (size_t i = 0; i < G_N_ELEMENTS(quiet); i++) {
		is_int(ask(scorer, quiet[i], false).hits, 0, "%s", quiet[i]);
	}
	ok(ask(scorer, "mhb.example www.mhb.example", true).official, "asked, it says so");
	ok(!ask(scorer, "mhb.example cdn.example", true).official, "but not for a stranger");
	answer mixed = ask(scorer, "www.mihon-bank.example mhb.example mhb-login.example", false);
	is_int(mixed.hits, 1, "a foreign name beside official ones alarms");
	is_int(mixed.rules, 1, "for its own pattern only");
	is_str(mixed.first_rule, "watch:mhb", "which is named");
	hk_scorer_free(scorer);

	config.patterns = NULL;
	config.rules = folder;
	scorer = hk_scorer_new(&config, &error);
	if (!ok(scorer != NULL, "a scorer with a rule")) {
		return tap_done();
	}
	is_int(ask(scorer, "www.mihon-bank.example", false).hits, 0, "an official name and a rule");
	is_int(ask(scorer, "www.mihon-bank.example cdn.example", false).hits, 0,
		"the rule does not see it beside a stranger's either");
	is_int(ask(scorer, "www.mihon-bank.example another-bank.example", false).hits, 1,
		"it sees the stranger's");
	hk_scorer_free(scorer);
	g_unlink(targets);
	g_unlink(watch);
	g_unlink(yar);
	g_rmdir(folder);
	return tap_done();
}
