#include "sys/patterns.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/gerr.h"
#include "tap.h"

typedef struct finds {
	GString *text;
	unsigned count;
} finds;

static void
on_found(void *user, uint32_t id, size_t end)
{
	finds *found = user;

	g_string_append_printf(found->text, "%u@%zu ", id, end);
	found->count++;
}

static void
few(void)
{
	const hk_pattern list[] = {
		{HK_SPAN_LIT("mihon"), 1},
		{HK_SPAN_LIT("mihon-bank"), 2},
		{HK_SPAN_LIT("\nmihon"), 3},
		{HK_SPAN_LIT(".test\n"), 4},
		{HK_SPAN_LIT("mihon"), 5},
	};
	g_autoptr(GError) error = NULL;
	g_autoptr(hk_patterns) patterns = hk_patterns_new(list, G_N_ELEMENTS(list), NULL, &error);
	g_autoptr(GString) text = g_string_new(NULL);
	finds found = {text, 0};
	const char *names = "\nmihon-bank.test\nwww.mihon.test\nxmihon.testing\n";

	if (!ok(patterns != NULL, "five patterns compile")) {
		tap_diag("%s", error->message);
		return;
	}
	hk_patterns_scan(patterns, names, strlen(names), on_found, &found);
	is_int(found.count, 10, "every occurrence: anchored, overlapping and doubled ones");
	ok(strstr(text->str, "2@11 ") != NULL, "the longer one of two that begin alike");
	ok(strstr(text->str, "3@6 ") != NULL && strstr(text->str, "4@17 ") != NULL,
		"both ends of a name");
	tap_diag("%s", text->str);
	g_string_truncate(text, 0);
	hk_patterns_scan(patterns, "", 0, on_found, &found);
	is_int(text->len, 0, "nothing in nothing");
	ok(hk_patterns_bytes(patterns) > 0, "it tells its size");
}

static void
none_and_bad(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(hk_patterns) none = hk_patterns_new(NULL, 0, NULL, &error);
	finds found = {NULL, 0};
	const hk_pattern empty = {{(const uint8_t *)"", 0}, 1};

	ok(none != NULL, "no pattern is a set too");
	hk_patterns_scan(none, "\na\n", 3, on_found, &found);
	is_int(found.count, 0, "which finds nothing");
	g_autoptr(hk_patterns) bad = hk_patterns_new(&empty, 1, NULL, &error);
	ok(!bad && hk_error_code(error) == HK_ERANGE, "an empty pattern is refused");
}

/* Against memmem on random text over a small alphabet. */
static void
against_memmem(void)
{
	enum { PATTERNS = 300, TEXT = 20000 };
	char words[PATTERNS][8];
	hk_pattern list[PATTERNS];
	g_autofree char *text = g_malloc(TEXT);
	g_autoptr(GError) error = NULL;
	g_autoptr(GString) ignored = g_string_new(NULL);
	finds found = {ignored, 0};
	unsigned expected = 0;

	srand(7);
	for (size_t i = 0; i < PATTERNS; i++) {
		size_t len = 3 + (size_t)rand() % 5;
		for (size_t k = 0; k < len; k++) {
			words[i][k] = "abc-"[rand() % 4];
		}
		list[i] = (hk_pattern){hk_span_of(words[i], len), (uint32_t)i};
	}
	for (size_t i = 0; i < TEXT; i++) {
		text[i] = "abc-\n"[rand() % 5];
	}
	for (size_t i = 0; i < PATTERNS; i++) {
		const char *at = text;
		while ((at = memmem(at, (size_t)(text + TEXT - at), words[i], list[i].text.len)) !=
			NULL) {
			expected++;
			at++;
		}
	}
	g_autoptr(hk_patterns) patterns = hk_patterns_new(list, PATTERNS, NULL, &error);
	hk_patterns_scan(patterns, text, TEXT, on_found, &found);
	is_int(found.count, expected, "as many occurrences as memmem finds");
}

/* A set of 3,000: compiled once, then taken from the folder; a file that is damaged or that others could write is not. */
static void
cached(void)
{
	enum { MANY = 3000 };
	g_autofree char *folder = g_dir_make_tmp("hikeshi-test-XXXXXX", NULL);
	g_autofree char *cache = g_build_filename(folder, "cache", NULL);
	g_autofree hk_pattern *list = g_new(hk_pattern, MANY);
	g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GError) error = NULL;

	for (uint32_t i = 0; i < MANY; i++) {
		char *text = g_strdup_printf("mihon%u", i + 1000);
		g_ptr_array_add(texts, text);
		list[i] = (hk_pattern){hk_span_str(text), i};
	}
	g_autoptr(hk_patterns) first = hk_patterns_new(list, MANY, cache, &error);
	g_autoptr(GDir) dir = g_dir_open(cache, 0, NULL);
	const char *name = dir ? g_dir_read_name(dir) : NULL;
	if (!ok(first && name, "a set of 3,000 is kept")) {
		return;
	}
	g_autofree char *path = g_build_filename(cache, name, NULL);
	g_autofree char *bytes = NULL;
	gsize len = 0;
	g_file_get_contents(path, &bytes, &len, NULL);
	for (int round = 0; round < 3; round++) {
		static const char *const what[] = {"from the cache", "with a damaged file",
			"with a file that others may write"};
		if (round == 1) {
			bytes[len / 2] = (char)~bytes[len / 2];
			g_file_set_contents(path, bytes, (gssize)len, NULL);
		} else if (round == 2) {
			chmod(path, 0666);
		}
		g_autoptr(GString) text = g_string_new(NULL);
		finds found = {text, 0};
		g_autoptr(hk_patterns) again = hk_patterns_new(list, MANY, cache, &error);
		if (ok(again != NULL, "%s", what[round])) {
			hk_patterns_scan(again, "\nmihon1234.test\n", 16, on_found, &found);
			is_str(text->str, "234@10 ", "it finds what it should");
		}
	}
	unlink(path);
	rmdir(cache);
	rmdir(folder);
}

int
main(void)
{
	few();
	none_and_bad();
	against_memmem();
	cached();
	return tap_done();
}
