#include "sys/patterns.h"

#include <stdlib.h>
#include <string.h>

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
	g_autoptr(hk_patterns) patterns = hk_patterns_new(list, G_N_ELEMENTS(list), &error);
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
	g_autoptr(hk_patterns) none = hk_patterns_new(NULL, 0, &error);
	finds found = {NULL, 0};
	const hk_pattern empty = {{(const uint8_t *)"", 0}, 1};

	ok(none != NULL, "no pattern is a set too");
	hk_patterns_scan(none, "\na\n", 3, on_found, &found);
	is_int(found.count, 0, "which finds nothing");
	g_autoptr(hk_patterns) bad = hk_patterns_new(&empty, 1, &error);
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
	g_autoptr(hk_patterns) patterns = hk_patterns_new(list, PATTERNS, &error);
	hk_patterns_scan(patterns, text, TEXT, on_found, &found);
	is_int(found.count, expected, "as many occurrences as memmem finds");
}

int
main(void)
{
	few();
	none_and_bad();
	against_memmem();
	return tap_done();
}
