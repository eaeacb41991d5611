/* Names that are no hit: which of a certificate are told, and which never. */
#include <string.h>

#include "score/budget.h"
#include "score/scorer.h"
#include "tap.h"

#define TARGETS HK_SOURCE_DIR "/conf/targets/example.conf"
#define MODEL   HK_SOURCE_DIR "/conf/model/jp.hkmodel"

typedef struct made {
	hk_batch batch;
	hk_batch_entry entries[8];
	hk_name names[64];
	char text[4096];
} made;

/* A certificate with the names of line, divided by blanks. */
static void
add(made *m, const char *line)
{
	g_auto(GStrv) words = g_strsplit(line, " ", -1);
	hk_batch *b = &m->batch;
	hk_batch_entry *entry = &m->entries[b->entry_count];
	unsigned count = g_strv_length(words);

	if (b->entry_count == 0) {
		m->text[b->text_len++] = '\n';
	}
	*entry = (hk_batch_entry){.index = b->entry_count,
		.first_name = (uint32_t)b->name_count,
		.name_count = count};
	entry->x509.dns_count = count;
	entry->x509.not_before = entry->x509.not_after = HK_X509_NO_TIME;
	for (unsigned i = 0; i < count; i++) {
		size_t len = strlen(words[i]);
		memcpy(m->text + b->text_len, words[i], len);
		m->names[b->name_count++] =
			(hk_name){m->text + b->text_len, (uint32_t)len, (uint32_t)b->entry_count};
		b->text_len += len;
		m->text[b->text_len++] = '\n';
	}
	b->entry_count++;
	b->entries = m->entries;
	b->names = m->names;
	b->text = m->text;
}

static void
on_hit(void *user, size_t entry, const hk_verdict *verdict)
{
	(void)verdict;
	g_string_append_printf(user, "[%zu hit]", entry);
}

static void
on_low(void *user, size_t entry, const hk_scorer_low *names, size_t count)
{
	g_string_append_printf(user, "[%zu", entry);
	for (size_t i = 0; i < count; i++) {
		g_string_append_printf(user, " %.*s", (int)names[i].name.len, names[i].name.text);
	}
	g_string_append_c(user, ']');
}

static void
told(hk_scorer *scorer, const made *m, const char *want, const char *what)
{
	g_autoptr(GString) text = g_string_new(NULL);

	hk_scorer_batch_low(scorer, &m->batch, on_hit, on_low, text);
	is_str(text->str, want, "%s", what);
}

int
main(void)
{
	const hk_scorer_config config = {.targets = TARGETS, .model = MODEL, .threshold = 0.5};
	g_autoptr(GError) error = NULL;
	g_autoptr(hk_scorer) scorer = hk_scorer_new(&config, &error);
	g_autofree made *m = g_new0(made, 1);
	hk_budget budget;

	if (!ok(scorer != NULL, "a scorer: %s", error ? error->message : "")) {
		return tap_done();
	}
	add(m, "r8t2kw.com www.r8t2kw.com *.r8t2kw.com");
	add(m, "mihon-bank-login.top");
	add(m, "www.mihon-bank.example mihon-bank.example");
	add(m, "www.r8t2.xyz *.deep.r8t2.xyz q?z.xyz xyz co.jp");
	add(m, "a1.net a2.net a3.net a4.net a5.net a6.net a7.net a8.net a9.net");
	told(scorer, m, "[1 hit]", "without a budget hits alone");
	hk_budget_init(&budget, 0, 0);
	hk_scorer_budget(scorer, &budget, 1, 0);
	told(scorer, m, "[1 hit]", "without a rest of the day, too");
	hk_budget_left(&budget, 100);
	told(scorer, m,
		"[0 r8t2kw.com][1 hit][3 www.r8t2.xyz deep.r8t2.xyz][4 a1.net a2.net a3.net a4.net "
		"a5.net a6.net a7.net a8.net]",
		"each site once, no official one, no suffix, no odd name, eight of a certificate");
	is_int(budget.left, 100 - 11, "each is counted");
	hk_budget_left(&budget, 2);
	told(scorer, m, "[0 r8t2kw.com][1 hit][3 www.r8t2.xyz]", "and none when the day is over");
	hk_budget_left(&budget, 100);
	hk_scorer_budget(scorer, &budget, 1, 0.999);
	told(scorer, m, "[1 hit]", "a floor that none reaches");
	hk_scorer_budget(scorer, &budget, 1, 0);
	ok(hk_scorer_reload(scorer, NULL), "a reload");
	hk_budget_left(&budget, 1);
	told(scorer, m, "[0 r8t2kw.com][1 hit]", "changes nothing");
	hk_scorer_budget(scorer, NULL, 0, 0);
	told(scorer, m, "[1 hit]", "no budget, no names");
	return tap_done();
}
