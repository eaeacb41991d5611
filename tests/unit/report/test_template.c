#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "report/template.h"
#include "sys/gerr.h"
#include "tap.h"

#define NOW_MS 1793836800000 /* 2026-11-05 00:00 UTC */

static const char token[] = "0123456789abcdef0123456789abcdef";

static hk_recipient *
recipient(const char *kind, const char *step, const char *lang)
{
	hk_recipient *to = g_new0(hk_recipient, 1);

	*to = (hk_recipient){.kind = g_strdup(kind),
		.channel = g_strdup("mail"),
		.name = g_strdup("Example Hosting B.V."),
		.address = g_strdup("abuse@hosting.example"),
		.subject = g_strdup("www.mihon-bank-login.example"),
		.lang = g_strdup(lang),
		.step = g_strdup(step)};
	return to;
}

/* The expansion of a piece from the sample, or "! message". */
static char *
expand(const hk_brief *brief, const char *text, const char *lang, hk_template_context context)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(hk_template) piece =
		hk_template_new_piece(hk_span_str(text), lang, context, NULL, &error);
	g_autoptr(GString) out = g_string_new(NULL);
	hk_recipient *to = recipient("hosting", "first", lang);
	hk_template_data data = {.brief = brief, .to = to, .token = token, .now_ms = NOW_MS};

	if (piece) {
		hk_template_expand(piece, &data, NULL, out, &error);
	}
	hk_recipient_free(to);
	return error ? g_strconcat("! ", error->message, NULL)
		     : g_string_free(g_steal_pointer(&out), FALSE);
}

/* \n and \t of a vector. */
static char *
unescape(const char *text)
{
	return g_strcompress(text);
}

static void
check_vectors(void)
{
	size_t len;
	char *text = (char *)tap_file("tests/vectors/template.tsv", &len);
	g_autoptr(hk_brief) brief = hk_brief_sample();
	char *save = NULL;
	unsigned rows = 0;

	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *tab = strchr(line, '\t');

		if (line[0] == '#' || !tab) {
			continue;
		}
		*tab = '\0';
		g_autofree char *source = unescape(line);
		g_autofree char *want = unescape(tab + 1);
		g_autofree char *got = expand(brief, source, "en", HK_TEMPLATE_TEXT);

		is_str(got, want, "%s", line);
		rows++;
	}
	ok(rows > 50, "%u vectors", rows);
	free(text);
}

static void
check_contexts(void)
{
	g_autoptr(hk_brief) brief = hk_brief_sample();

	g_free(brief->title);
	brief->title =
		g_strdup("a\r\nBcc: all@x.example\n\n<b>\"it's\" \\ &\x01\xff \u202egnp.exe\u200b");
	g_autofree char *text = expand(brief, "{{title}}", "en", HK_TEMPLATE_TEXT);
	is_str(text, "a Bcc: all@x[.]example <b>\"it's\" \\ & \ufffd gnp[.]exe",
		"one line, nothing hidden, nothing to press");
	g_autofree char *html = expand(brief, "<p>{{title|exact}}</p>", "en", HK_TEMPLATE_HTML);
	is_str(html,
		"<p>a Bcc: all@x.example &lt;b&gt;&quot;it&#39;s&quot; \\ &amp; \ufffd gnp.exe</p>",
		"HTML");
	g_autofree char *json =
		expand(brief, "{\"t\":\"{{title|exact}}\"}", "en", HK_TEMPLATE_JSON);
	is_str(json, "{\"t\":\"a Bcc: all@x.example <b>\\\"it's\\\" \\\\ & \ufffd gnp.exe\"}",
		"JSON");
	g_autofree char *header = expand(brief, "x\n{{title|exact}}\ny", "en", HK_TEMPLATE_HEADER);
	ok(!strchr(header, '\n') && !strchr(header, '\r'), "a header is one line: %s", header);
	g_free(brief->title);
	brief->title = g_strnfill(20000, 'a');
	g_autofree char *longer = expand(brief, "{{title}}", "en", HK_TEMPLATE_TEXT);
	ok(strlen(longer) <= HK_TEMPLATE_VALUE_MAX && g_str_has_suffix(longer, "\u2026"),
		"a long value is cut, and that is shown");
	g_autofree char *subject = expand(brief, "{{title}}", "en", HK_TEMPLATE_HEADER);
	ok(strlen(subject) <= HK_TEMPLATE_SUBJECT_MAX, "a subject, too");
}

typedef struct wrong {
	const char *text;
	unsigned line, column;
	const char *nearest, *says;
	hk_err code;
} wrong;

static const wrong wrongs[] = {
	{"", 1, 1, NULL, "Subject", HK_EFORM},
	{"Hello", 1, 1, NULL, "Subject", HK_EFORM},
	{"Subject:  \n\nx", 1, 11, NULL, "empty", HK_EFORM},
	{"Subject: a\nb", 2, 1, NULL, "empty line", HK_EFORM},
	{"Subject: a\n\nx {{urll}}", 3, 5, "url", "did you mean \"url\"?", HK_EFORM},
	{"Subject: {{hsot}}\n\nx", 1, 12, "host", "\"hsot\" is no name", HK_EFORM},
	{"Subject: a\n\nみ {{xyzzyplugh}}", 3, 5, NULL, "is no name", HK_EFORM},
	{"Subject: a\n\n{{url|defnag}}", 3, 7, "defang", "did you mean \"defang\"?", HK_EFORM},
	{"Subject: a\n\n{{url|jst}}", 3, 7, NULL, "kind of value", HK_EFORM},
	{"Subject: a\n\n{{sites}}", 3, 1, NULL, "is a list", HK_EFORM},
	{"Subject: a\n\n{{sites|join}}", 3, 1, NULL, "is a list", HK_EFORM},
	{"Subject: a\n\n{{cloaked}}", 3, 1, NULL, "yes or no", HK_EFORM},
	{"Subject: a\n\n{{#sites}}\n{{url}}", 3, 4, NULL, "never closed", HK_EFORM},
	{"Subject: a\n\n{{/sites}}", 3, 1, NULL, "not open", HK_EFORM},
	{"Subject: a\n\n{{#sites}}{{/site}}", 3, 14, "sites", "another section", HK_EFORM},
	{"Subject: {{#own}}a\n\n{{/own}}", 1, 13, NULL, "never closed", HK_EFORM},
	{"Subject: a\n\n{{url", 3, 1, NULL, "without }}", HK_EFORM},
	{"Subject: a\n\n{{{url}}}", 3, 1, NULL, "a tag is", HK_EFORM},
	{"Subject: a\n\n{{&url}}", 3, 1, NULL, "a tag is", HK_EFORM},
	{"Subject: a\n\n{{=<% %>=}}", 3, 1, NULL, "a tag is", HK_EFORM},
	{"Subject: a\n\n{{}}", 3, 1, NULL, "missing", HK_EFORM},
	{"Subject: a\n\n{{a b}}", 3, 4, NULL, "letters, digits", HK_EFORM},
	{"Subject: a\n\n{{>fatcs}}", 3, 4, "facts", "is no part", HK_EFORM},
	{"Subject: a\n\n{{>/etc/passwd}}", 3, 4, NULL, "letters, digits", HK_EFORM},
	{"Subject: {{>sign}}\n\na", 1, 10, NULL, "no parts", HK_EFORM},
	{"Subject: a\n\n{{sha256}}", 3, 3, NULL, "is no name", HK_EFORM},
	{"Subject: a\n\n{{.}}", 3, 3, NULL, "is no name", HK_EFORM},
	{"Subject: a\n\n{{#url|defang}}{{/url}}", 3, 8, NULL, "on a section", HK_EFORM},
	{"Subject: a\n\nb\x01", 3, 2, NULL, "control", HK_EFORM},
	{"Subject: a\n\nb\u202ec", 3, 2, NULL, "cannot be seen", HK_EFORM},
	{"Subject: a\n\nb\xff", 3, 2, NULL, "UTF-8", HK_EFORM},
	{"Subject: a\n\n{{#own}}{{#own}}{{#own}}{{#own}}{{#own}}{{#own}}{{#own}}{{#own}}{{#own}}",
		3, 65, NULL, "too deep", HK_ELIMIT},
};

static void
check_wrongs(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(wrongs); i++) {
		const wrong *w = &wrongs[i];
		g_autoptr(GError) error = NULL;
		hk_template_fault fault;
		g_autofree char *shown = g_strescape(w->text, NULL);
		g_autoptr(hk_template) none =
			hk_template_new(hk_span_str(w->text), "en", &fault, &error);

		ok(!none && error, "refused: %s", shown);
		if (!error) {
			continue;
		}
		ok(strstr(error->message, w->says) != NULL, "it says \"%s\": %s", w->says,
			error->message);
		is_int(hk_error_code(error), w->code, "its code");
		ok(fault.line == w->line && fault.column == w->column, "at %u:%u (%u:%u)", w->line,
			w->column, fault.line, fault.column);
		is_str(fault.nearest, w->nearest, "the name that was meant");
	}
	g_autoptr(GError) error = NULL;
	g_autofree char *longer = g_strnfill(HK_TEMPLATE_BYTES_MAX + 1, 'a');
	ok(!hk_template_new(hk_span_str(longer), "en", NULL, &error) &&
			hk_error_code(error) == HK_ELIMIT,
		"too long");
	g_clear_error(&error);
	g_autoptr(GString) tags = g_string_new("Subject: a\n\n");
	for (int i = 0; i < HK_TEMPLATE_NODES_MAX; i++) {
		g_string_append(tags, "{{url}} ");
	}
	ok(!hk_template_new(hk_span_of(tags->str, tags->len), "en", NULL, &error) &&
			hk_error_code(error) == HK_ELIMIT,
		"too many tags");
}

static void
check_bounds(void)
{
	g_autoptr(hk_brief) brief = hk_brief_sample();

	for (int i = 0; i < 998; i++) {
		g_ptr_array_add(brief->sites,
			hk_brief_site_new(1, "https://a.test/", "a.test", "a.test", 0));
	}
	g_autofree char *out = expand(
		brief, "{{#sites}}{{#sites}}{{host}}{{/sites}}{{/sites}}", "en", HK_TEMPLATE_TEXT);
	ok(g_str_has_prefix(out, "! the letter becomes too long"), "a list in itself ends: %.60s",
		out);
	g_autofree char *idle = expand(brief,
		"{{#sites}}{{#sites}}{{#sites}}{{#lure}}{{/lure}}{{/sites}}{{/sites}}{{/sites}}",
		"en", HK_TEMPLATE_TEXT);
	ok(g_str_has_prefix(idle, "! the letter becomes too long"),
		"so does one that writes nothing: %.60s", idle);
	g_autofree char *joined = expand(brief, "{{hosts|join}}", "en", HK_TEMPLATE_TEXT);
	is_str(joined,
		"www[.]mihon-bank-login[.]example, mihon-bank[.]secure-check[.]test, a[.]test",
		"each host once");
}

/* Every letter that hikeshi brings, in each step and wording, with much and with little known. */
static void
check_letter(const hk_template_file *file, const hk_brief *brief, bool full)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(hk_template) letter =
		hk_template_new(hk_span_str(file->text), file->lang, NULL, &error);
	g_autoptr(GString) subject = g_string_new(NULL), body = g_string_new(NULL);
	hk_recipient *to = recipient("hosting", "first", file->lang);
	hk_template_data data = {.brief = brief, .to = to, .token = token, .now_ms = NOW_MS};

	ok(letter && hk_template_expand(letter, &data, subject, body, &error),
		"%s.%s is filled: %s", file->kind, file->lang, error ? error->message : "no error");
	ok(subject->len > 0 && subject->len <= HK_TEMPLATE_SUBJECT_MAX &&
			!strpbrk(subject->str, "\r\n"),
		"subject: %s", subject->str);
	ok(strstr(subject->str, "[HK-0123456789]"), "with our reference");
	ok(!strstr(body->str, "://www.mihon-bank-login") && !strstr(body->str, "{{") &&
			!strstr(subject->str, "mihon-bank-login.example"),
		"nothing to press, no tag left");
	ok(strstr(body->str, "hxxps://www[.]mihon-bank-login[.]example/jp/login") != NULL ||
			strcmp(file->kind, "") == 0,
		"the URL, defanged");
	ok(hk_utf8_valid(hk_span_of(body->str, body->len)), "UTF-8");
	ok(!full || strstr(body->str, "csirt@mihon-bank.example"), "who we are");
	ok(!strstr(body->str, "\n\n\n") && !strstr(body->str, "()") && !strstr(body->str, "  ,"),
		"no holes");
	hk_recipient_free(to);
}

static hk_brief *
bare(void)
{
	hk_brief *brief = hk_brief_new();

	g_ptr_array_add(
		brief->sites, hk_brief_site_new(1, "https://www.mihon-bank-login.example/jp/login",
				      "www.mihon-bank-login.example", NULL, 0));
	brief->target_en = g_strdup("Mihon Bank");
	brief->who.org = g_strdup("Mihon Bank CSIRT");
	brief->who.contact = g_strdup("csirt@mihon-bank.example");
	return brief;
}

static void
check_letters(void)
{
	static const char *const wordings[] = {"phishing", "trademark", "other"};
	g_autoptr(hk_brief) full = hk_brief_sample();
	g_autoptr(hk_brief) little = bare();

	for (size_t i = 0; i < hk_template_file_count; i++) {
		for (size_t j = 0; j < G_N_ELEMENTS(wordings); j++) {
			g_free(full->wording);
			full->wording = g_strdup(wordings[j]);
			check_letter(&hk_template_files[i], full, true);
		}
		check_letter(&hk_template_files[i], little, false);
	}
	for (size_t i = 0; i < hk_template_kind_count; i++) {
		const hk_template_file *file = hk_template_find(hk_template_kinds[i].name, "ja");

		is_str(file->kind, hk_template_kinds[i].name, "%s has a letter", file->kind);
		is_str(file->lang, strcmp(file->kind, "isnic") == 0 ? "en" : "ja", "in Japanese");
	}
	ok(hk_template_file_count == 3 * hk_template_kind_count - 2,
		"all but ISNIC's in three languages");
}

/* S39: a trademark case does not speak of phishing. */
static void
check_wording(void)
{
	g_autoptr(hk_brief) brief = hk_brief_sample();
	static const struct {
		const char *lang, *phishing, *trademark;
	} langs[] = {{"en", "phishing", "trademark"}, {"ja", "フィッシング", "商標"},
		{"zh", "钓鱼", "商标"}};

	for (size_t i = 0; i < G_N_ELEMENTS(langs); i++) {
		const hk_template_file *file = hk_template_find("hosting", langs[i].lang);
		const char *body = strstr(file->text, "\n\n") + 2;

		g_free(brief->wording);
		brief->wording = g_strdup("phishing");
		g_autofree char *one = expand(brief, body, langs[i].lang, HK_TEMPLATE_TEXT);
		g_free(brief->wording);
		brief->wording = g_strdup("trademark");
		g_autofree char *two = expand(brief, body, langs[i].lang, HK_TEMPLATE_TEXT);
		ok(strstr(one, langs[i].phishing) && !strstr(one, langs[i].trademark),
			"%s: phishing is called so", langs[i].lang);
		ok(strstr(two, langs[i].trademark), "%s: trademark", langs[i].lang);
	}
}

static void
check_find(void)
{
	g_autoptr(hk_brief) brief = hk_brief_sample();
	static const struct {
		const char *kind, *lang, *want, *want_lang;
	} finds[] = {{"registrar", "ja", "registrar", "ja"},
		{"registrar", "ja-JP", "registrar", "ja"}, {"registrar", "ko", "registrar", "en"},
		{"registrar", NULL, "registrar", "en"}, {"isnic", "zh", "isnic", "en"},
		{"nobody", "zh", "general", "zh"}, {NULL, "xx", "general", "en"}};
	static const struct {
		const char *kind, *step, *name, *subject, *want;
	} kinds[] = {{"hosting", "first", "X", "a.test", "hosting"},
		{"hosting", "followup", "X", "a.test", "followup"},
		{"registrar", "escalation", "X", "a.test", "escalation"},
		{"body", "escalation", "ICANN", "a.test", "icann"},
		{"body", "first", "JPCERT/CC", "a.test", "body"},
		{"registry", "first", "ISNIC", "mihon.is", "isnic"},
		{"registry", "escalation", "ISNIC", "is", "isnic"},
		{"registry", "first", "X", "a.test", "registry"},
		{"bank", "notice", "Y", "a.test", "bank"}, {"as", "first", NULL, NULL, "as"},
		{"what", "first", NULL, NULL, "general"}};

	for (size_t i = 0; i < G_N_ELEMENTS(finds); i++) {
		const hk_template_file *file = hk_template_find(finds[i].kind, finds[i].lang);

		is_str(file->kind, finds[i].want, "find %s %s",
			finds[i].kind ? finds[i].kind : "NULL",
			finds[i].lang ? finds[i].lang : "NULL");
		is_str(file->lang, finds[i].want_lang, "its language");
	}
	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
		hk_recipient to = {.kind = (char *)kinds[i].kind,
			.step = (char *)kinds[i].step,
			.name = (char *)kinds[i].name,
			.subject = (char *)kinds[i].subject};

		is_str(hk_template_kind(brief, &to), kinds[i].want, "%s %s gets %s", kinds[i].kind,
			kinds[i].step, kinds[i].want);
	}
}

static void
check_steps(void)
{
	g_autoptr(hk_brief) brief = hk_brief_sample();
	const char *text = strstr(hk_template_find("icann", "en")->text, "\n\n") + 2;
	g_autofree char *icann = expand(brief, text, "en", HK_TEMPLATE_TEXT);

	ok(strstr(icann, "3.18.2") && strstr(icann, "Example Registrar, Inc."),
		"ICANN: what was broken");
	ok(strstr(icann, "1. 2026-11-03 00:20 UTC  Example Hosting B.V. <abuse@hosting.example>: "
			 "sent, no answer"),
		"and each report");
	ok(strstr(icann, "ABUSE-20261103-117"), "with the ticket");
	text = strstr(hk_template_find("followup", "ja")->text, "\n\n") + 2;
	g_autofree char *again = expand(brief, text, "ja", HK_TEMPLATE_TEXT);
	ok(strstr(again, "2026-11-03 09:20 JST にご連絡した"), "a reminder says when we wrote: %s",
		again);
	ok(!strstr(again, "ABUSE-20261103-117"), "and not what others were told");
}

int
main(void)
{
	check_vectors();
	check_contexts();
	check_wrongs();
	check_bounds();
	check_letters();
	check_wording();
	check_find();
	check_steps();
	return tap_done();
}
