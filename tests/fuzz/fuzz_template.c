/* fuzz_template: the input as a letter's template, in each language. Properties: it is refused with a place inside of it, or filled within the caps; the
 * subject is one line; what the site says writes no line end, and its URL is nowhere as it is unless |exact asks for it; twice the same is the same. */
#include <string.h>

#include "base/utf8.h"
#include "fuzz.h"
#include "report/template.h"
#include "sys/gerr.h"

static hk_brief *brief;

static void
once(void)
{
	if (!brief) {
		brief = hk_brief_sample();
		g_free(brief->title);
		brief->title = g_strdup("\r\nEVIL\nBcc: x\u202e\x01\x80");
	}
}

static void
check_fault(hk_span text, const hk_template_fault *fault, const GError *error)
{
	unsigned lines = 1;

	for (size_t i = 0; i < text.len; i++) {
		lines += text.data[i] == '\n';
	}
	need(hk_error_code(error) == HK_EFORM || hk_error_code(error) == HK_ELIMIT);
	need(fault->line <= lines && fault->column <= text.len + 1);
	need(error->message[0] != '\0');
}

static void
fill(const hk_template *letter, const hk_recipient *to, hk_span text, GString *ret)
{
	hk_template_data data = {
		brief, to, "0123456789abcdef0123456789abcdef", 1793836800000, "xarf.json"};
	g_autoptr(GString) subject = g_string_new(NULL);
	g_autoptr(GError) error = NULL;
	bool exact = g_strstr_len((const char *)text.data, (gssize)text.len, "exact") ||
		     g_strstr_len((const char *)text.data, (gssize)text.len, "login.example");

	if (!hk_template_expand(letter, &data, subject, ret, &error)) {
		need(hk_error_code(error) == HK_ELIMIT);
		return;
	}
	need(subject->len <= HK_TEMPLATE_SUBJECT_MAX);
	need(!strpbrk(subject->str, "\r\n") &&
		hk_utf8_valid(hk_span_of(subject->str, subject->len)));
	need(hk_utf8_valid(hk_span_of(ret->str, ret->len)));
	need(ret->len <= HK_TEMPLATE_OUT_MAX + 4 * HK_TEMPLATE_VALUE_MAX + HK_TEMPLATE_BYTES_MAX);
	need(strlen(ret->str) == ret->len && !strchr(ret->str, '\x01') &&
		!strstr(ret->str, "\u202e"));
	need(exact || !strstr(ret->str, "www.mihon-bank-login.example"));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const langs[] = {"en", "ja", "zh"};
	hk_span text = hk_span_of(data, size);
	const char *lang = langs[size % 3];
	hk_recipient to = {.kind = (char *)"hosting",
		.address = (char *)"abuse@hosting.example",
		.name = (char *)"",
		.subject = (char *)"",
		.lang = (char *)lang,
		.step = (char *)"first"};
	hk_template_fault fault;
	g_autoptr(GError) error = NULL;

	if (size == 0) {
		return 0;
	}
	once();
	g_autoptr(hk_template) letter = hk_template_new(text, lang, &fault, &error);
	need((letter == NULL) == (error != NULL));
	if (!letter) {
		check_fault(text, &fault, error);
		return 0;
	}
	g_autoptr(GString) first = g_string_new(NULL), second = g_string_new(NULL);
	fill(letter, &to, text, first);
	fill(letter, &to, text, second);
	need(g_string_equal(first, second));
	return 0;
}
