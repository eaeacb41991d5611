#include "score/scorer.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "sys/gerr.h"
#include "tap.h"

#define TARGETS HK_SOURCE_DIR "/conf/targets/example.conf"
#define RULES   HK_SOURCE_DIR "/rules"

static hk_scorer *
scorer_of(const char *targets, const char *patterns, const char *rules)
{
	const hk_scorer_config config = {
		.targets = targets, .patterns = patterns, .rules = rules, .threshold = 0.5};
	g_autoptr(GError) error = NULL;
	hk_scorer *scorer = hk_scorer_new(&config, &error);

	if (!scorer) {
		tap_diag("%s", error->message);
	}
	return scorer;
}

/* --- one name --- */

static const char *
word_of(const hk_scorer *scorer, const hk_verdict *verdict)
{
	return verdict->official ? "official" : hk_scorer_is_hit(scorer, verdict) ? "hit" : "quiet";
}

static void
row(hk_scorer *scorer, char *line)
{
	hk_verdict verdict;
	g_autoptr(GError) error = NULL;
	char *want = strchr(line, '\t');
	char *why = strchr(want + 1, '\t');

	*want++ = '\0';
	*why++ = '\0';
	if (!ok(hk_scorer_name(scorer, hk_span_str(line), &verdict, &error), "%s", line)) {
		return;
	}
	const char *first = verdict.reason_count > 0 ? verdict.reasons[0] : "-";
	is_str(word_of(scorer, &verdict), want, "%s: %.3f, %s", line, (double)verdict.score, first);
	ok(strstr(first, why) != NULL, "because %s", why);
	ok(!verdict.official || !hk_scorer_is_hit(scorer, &verdict), "official never alarms");
}

static void
vectors(hk_scorer *scorer)
{
	size_t len;
	char *text = (char *)tap_file("tests/vectors/score.tsv", &len);

	for (char *line = text; *line != '\0';) {
		char *feed = strchr(line, '\n');
		*feed = '\0';
		if (*line != '#') {
			row(scorer, line);
		}
		line = feed + 1;
	}
	free(text);
}

static void
no_names(hk_scorer *scorer)
{
	static const char *const wrong[] = {"", ".", "a b", "ex\xff", "a/b", "a:1", "a..\x01"};
	char big[300];

	for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
		hk_verdict verdict;
		g_autoptr(GError) error = NULL;
		ok(!hk_scorer_name(scorer, hk_span_str(wrong[i]), &verdict, &error) &&
				hk_error_code(error) == HK_EFORM,
			"no host name: %zu", i);
	}
	memset(big, 'a', sizeof big);
	hk_verdict verdict;
	ok(!hk_scorer_name(scorer, hk_span_of(big, 256), &verdict, NULL), "256 bytes");
	ok(hk_scorer_name(scorer, hk_span_of(big, 255), &verdict, NULL), "255 bytes");
}

/* --- batches --- */

/* A batch of certificates; each list ends with NULL. */
typedef struct made {
	hk_batch batch;
	hk_batch_entry entries[4];
	hk_name names[400];
	char text[20000];
} made;

static void
add(made *m, size_t count, const char *format)
{
	hk_batch *b = &m->batch;
	hk_batch_entry *entry = &m->entries[b->entry_count];

	if (b->entry_count == 0) {
		m->text[b->text_len++] = '\n';
	}
	*entry = (hk_batch_entry){.index = b->entry_count,
		.first_name = (uint32_t)b->name_count,
		.name_count = (uint32_t)count};
	entry->x509.dns_count = (uint32_t)count;
	entry->x509.issuer_o = HK_SPAN_LIT("Let's Encrypt");
	for (size_t i = 0; i < count; i++) {
		char name[64];
		snprintf(name, sizeof name, "n%zu%s", i, format);
		size_t len = strlen(name);
		memcpy(m->text + b->text_len, name, len);
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

typedef struct heard {
	GString *text;
	size_t calls;
} heard;

static void
on_hit(void *user, size_t entry, const hk_verdict *verdict)
{
	heard *said = user;

	said->calls++;
	g_string_append_printf(
		said->text, "[%zu %s", entry, verdict->target ? verdict->target : "-");
	for (size_t i = 0; i < verdict->rule_count; i++) {
		g_string_append_printf(said->text, " %s", verdict->rules[i]);
	}
	for (size_t i = 0; i < verdict->reason_count; i++) {
		g_string_append_printf(said->text, "; %s", verdict->reasons[i]);
	}
	g_string_append_c(said->text, ']');
}

static void
batches(hk_scorer *scorer)
{
	made *m = g_new0(made, 1);
	g_autoptr(GString) text = g_string_new(NULL);
	heard said = {text, 0};

	add(m, 3, ".nothing.test");
	add(m, 100, "abcdef.duckdns.org");
	add(m, 2, ".mihonbank.test");
	add(m, 1, ".mihon-bank.example");
	hk_scorer_batch(scorer, &m->batch, false, on_hit, &said);
	tap_diag("%s", text->str);
	is_int(said.calls, 2, "two of four are hits");
	ok(strstr(text->str, "[1 - bp1_san_burst") != NULL, "the burst, by the rule of the talk");
	ok(strstr(text->str, "100 names under duckdns.org in one certificate") != NULL,
		"with the number of names");
	ok(strstr(text->str, "[2 みほん銀行") != NULL, "the brand");
	said.calls = 0;
	hk_scorer_batch(scorer, &m->batch, true, on_hit, &said);
	is_int(said.calls, 4, "all of them when all are asked for");
	m->entries[0].err = HK_EFORM;
	said.calls = 0;
	hk_scorer_batch(scorer, &m->batch, true, on_hit, &said);
	is_int(said.calls, 4, "one that could not be read, too");
	g_free(m);
}

/* --- watch list, reload --- */

static void
put(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	ok(file && fputs(text, file) >= 0 && fclose(file) == 0, "a list is written");
}

static void
watch_and_reload(void)
{
	char path[] = "/tmp/hikeshi-watch-XXXXXX";
	int fd = mkstemp(path);
	hk_verdict verdict;
	g_autoptr(GError) error = NULL;

	put(path, "^sakura$\n.kaede.test\nmomiji\n");
	g_autoptr(hk_scorer) scorer = scorer_of(NULL, path, NULL);
	if (!ok(scorer != NULL, "a scorer with nothing but a watch list")) {
		return;
	}
	ok(hk_scorer_name(scorer, HK_SPAN_LIT("www.sakura.test"), &verdict, NULL) &&
			verdict.rule_count == 1,
		"a whole label");
	is_str(verdict.rules[0], "watch:^sakura$", "is told");
	ok(strstr(verdict.reasons[0], "line 1 of the watch list") != NULL, "with its line");
	ok(hk_scorer_name(scorer, HK_SPAN_LIT("xsakura.test"), &verdict, NULL) &&
			verdict.rule_count == 0,
		"but not a part of one");
	ok(hk_scorer_name(scorer, HK_SPAN_LIT("a.kaede.test"), &verdict, NULL) &&
			verdict.rule_count == 1,
		"a subtree");
	ok(hk_scorer_name(scorer, HK_SPAN_LIT("kaede.test.test"), &verdict, NULL) &&
			verdict.rule_count == 0,
		"ends where the name ends");
	ok(hk_scorer_name(scorer, HK_SPAN_LIT("momijimomiji.momiji.test"), &verdict, NULL) &&
			verdict.rule_count == 1,
		"what matches three times is told once");
	put(path, "kaki\nx\n");
	ok(!hk_scorer_reload(scorer, &error), "a broken list: %s", error ? error->message : "");
	ok(error && strstr(error->message, ":2: ") != NULL, "names its line");
	ok(hk_scorer_name(scorer, HK_SPAN_LIT("momiji.test"), &verdict, NULL) &&
			verdict.rule_count == 1,
		"and the old one stays in force");
	put(path, "kaki\n");
	ok(hk_scorer_reload(scorer, NULL), "mended");
	ok(hk_scorer_name(scorer, HK_SPAN_LIT("momiji.test"), &verdict, NULL) &&
			verdict.rule_count == 0,
		"the new one is");
	close(fd);
	unlink(path);
}

int
main(void)
{
	g_autoptr(hk_scorer) scorer = scorer_of(TARGETS, NULL, RULES);
	const hk_scorer_config broken = {.targets = "/nonexistent"};
	g_autoptr(GError) error = NULL;

	if (ok(scorer != NULL, "the example pack and the rules load")) {
		vectors(scorer);
		no_names(scorer);
		batches(scorer);
		ok(hk_scorer_reload(scorer, NULL), "and load again");
		batches(scorer);
	}
	watch_and_reload();
	g_autoptr(hk_scorer) none = hk_scorer_new(&broken, &error);
	ok(!none && hk_error_code(error) == HK_ENOENT, "no pack, no scorer");
	return tap_done();
}
