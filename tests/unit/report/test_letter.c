#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "report/address.h"
#include "report/arf.h"
#include "report/letter.h"
#include "report/template.h"
#include "sys/gerr.h"
#include "sys/json.h"
#include "sys/mailw.h"
#include "sys/mime.h"
#include "tap.h"

#define NOW_MS 1793836800000 /* Thu, 05 Nov 2026 00:00 UTC */

static const char token[] = "0123456789abcdef0123456789abcdef";
static const char sender[] = "csirt+0123456789abcdef0123456789abcdef@mihon-bank.example";

static hk_recipient
to(const char *kind, const char *lang)
{
	return (hk_recipient){.kind = (char *)kind,
		.channel = (char *)"mail",
		.name = (char *)"Example Hosting B.V.",
		.address = (char *)"abuse@hosting.example",
		.subject = (char *)"192.0.2.44",
		.lang = (char *)lang,
		.step = (char *)"first"};
}

/* What a reader sees: headers of the outermost message, "Name: value" a line; parts, "type name length" a line. */
typedef struct seen {
	GString *headers, *parts;
	GString *text; /* of the first part */
	GString *json; /* of application/json */
} seen;

static void
on_header(void *user, unsigned message, const char *name, hk_span value)
{
	seen *s = user;

	if (message == 0) {
		g_string_append_printf(
			s->headers, "%s: %.*s\n", name, (int)value.len, (const char *)value.data);
	}
}

static void
on_part(void *user, const hk_mime_part *part)
{
	seen *s = user;

	if (s->parts->len == 0) {
		g_string_append_len(s->text, (const char *)part->body.data, (gssize)part->body.len);
	}
	if (strcmp(part->type, "application/json") == 0) {
		g_string_append_len(s->json, (const char *)part->body.data, (gssize)part->body.len);
	}
	g_string_append_printf(s->parts, "%s %s\n", part->type, part->name);
}

static seen
read_back(GBytes *bytes)
{
	static const hk_mime_limits limits = {100, 20, 64u << 20, 64u << 20};
	seen s = {g_string_new(NULL), g_string_new(NULL), g_string_new(NULL), g_string_new(NULL)};
	hk_mime_sink sink = {&s, on_header, on_part};
	gsize len;
	const void *data = g_bytes_get_data(bytes, &len);

	is_int(hk_mime_walk(hk_span_of(data, len), &limits, &sink), 0,
		"GMime reads it without complaint");
	ok(hk_mailw_lines(hk_span_of(data, len)), "7 bit, CR LF, no line over 998 bytes");
	return s;
}

static void
seen_clear(seen *s)
{
	GString *all[] = {s->headers, s->parts, s->text, s->json};

	for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
		g_string_free(all[i], TRUE);
	}
}

static bool
has(const GString *text, const char *what)
{
	return strstr(text->str, what) != NULL;
}

static void
check_plain_letter(void)
{
	g_autoptr(hk_brief) brief = hk_brief_sample();
	g_autoptr(GError) error = NULL;
	hk_recipient who = to("hosting", "en");
	hk_letter_options options = {.now_ms = NOW_MS};
	g_autoptr(hk_letter) letter = hk_letter_make(brief, &who, token, &options, &error);
	g_autoptr(hk_letter) again = hk_letter_make(brief, &who, token, &options, NULL);

	ok(letter != NULL, "a letter: %s", error ? error->message : "made");
	ok(g_bytes_equal(letter->bytes, again->bytes), "twice the same bytes");
	is_str(letter->title,
		"Phishing (Mihon Bank): www[.]mihon-bank-login[.]example, 2 URLs [HK-0123456789]",
		"its subject");
	is_str(letter->sender, sender, "envelope: from");
	is_str(letter->to, "abuse@hosting.example", "envelope: to");
	is_str(letter->message_id, "<0123456789abcdef0123456789abcdef@mihon-bank.example>",
		"Message-ID");
	ok(letter->files == 2 && letter->left_out == 0, "two pictures");
	seen s = read_back(letter->bytes);
	ok(has(s.headers, "From: \"Mihon Bank CSIRT\" <csirt@mihon-bank.example>\n"), "From: %s",
		s.headers->str);
	ok(has(s.headers, "To: \"Example Hosting B.V.\" <abuse@hosting.example>\n"), "To");
	g_autofree char *reply = g_strdup_printf("%s>", sender);
	ok(has(s.headers, "Reply-To: \"Mihon Bank CSIRT\"") && has(s.headers, reply),
		"Reply-To with the token");
	ok(has(s.headers, "Date: Thu, 05 Nov 2026 00:00:00 +0000\n"), "Date");
	ok(has(s.headers, "Subject: Phishing (Mihon Bank)"), "Subject");
	ok(!has(s.headers, "Bcc") && !has(s.headers, "In-Reply-To") &&
			!has(s.headers, "Auto-Submitted"),
		"and no more");
	is_str(s.parts->str,
		"text/plain \napplication/json xarf.json\nimage/png iphone-viewport.png\nimage/png "
		"desktop-viewport.png\n",
		"its parts");
	ok(has(s.text, "hxxps://www[.]mihon-bank-login[.]example/jp/login") &&
			!has(s.text, "https://www"),
		"the text has the URL defanged only");
	hk_json_doc *doc = hk_json_load(hk_span_of(s.json->str, s.json->len), 1 << 20, NULL);
	hk_json root = hk_json_root(doc);
	const char *url = NULL;
	ok(doc && hk_json_str(&root, "url", &url, NULL), "xarf.json is JSON");
	is_str(url, "https://www.mihon-bank-login.example/jp/login", "with the exact one");
	hk_json_doc_free(doc);
	seen_clear(&s);
}

static void
check_japanese(void)
{
	g_autoptr(hk_brief) brief = hk_brief_sample();
	g_autoptr(GError) error = NULL;
	hk_recipient who = to("body", "ja");
	hk_letter_options options = {.now_ms = NOW_MS,
		.from_name = "みほん銀行 CSIRT",
		.from = "csirt@みほん.example",
		.in_reply_to = "<answer-1@hosting.example>",
		.references = (const char *const[]){
			"<first@mihon-bank.example>", "not an id", "<a b>", NULL}};

	who.name = (char *)"一般社団法人 みほん情報センター";
	g_autoptr(hk_letter) letter = hk_letter_make(brief, &who, token, &options, &error);
	ok(letter != NULL, "in Japanese: %s", error ? error->message : "made");
	ok(g_str_has_prefix(letter->title, "情報提供：フィッシングサイト（みほん銀行）"), "%s",
		letter->title);
	seen s = read_back(letter->bytes);
	ok(has(s.headers, "@xn--") && has(s.headers, "=?UTF-8?"), "IDN and RFC 2047: %s",
		s.headers->str);
	ok(has(s.headers, "In-Reply-To: <answer-1@hosting.example>\n"), "an answer");
	ok(has(s.headers, "References: <first@mihon-bank.example> <answer-1@hosting.example>\n") ||
			has(s.headers, "References: <first@mihon-bank.example>\n"),
		"to a thread, without what is no id");
	ok(has(s.text, "一般社団法人 みほん情報センター 御中"), "and the text");
	seen_clear(&s);
}

static void
check_hostile(void)
{
	static const char *const evils[] = {"abuse@hosting.example\r\nBcc: all@x.example",
		"a@b.example, c@d.example", "\"a b\"@x.example", "a@localhost", "a@[192.0.2.1]", "",
		"@x.example", "a@", "a@-x.example", "a..b@x.example", "<a@x.example>",
		"a@x.example\0b", "みほん@x.example", NULL};
	g_autoptr(hk_brief) brief = hk_brief_sample();
	hk_letter_options options = {.now_ms = NOW_MS};
	hk_recipient who = to("hosting", "en");

	for (size_t i = 0; i < G_N_ELEMENTS(evils); i++) {
		g_autoptr(GError) error = NULL;
		who.address = (char *)evils[i];
		g_autoptr(hk_letter) none = hk_letter_make(brief, &who, token, &options, &error);
		bool cut = i == 11; /* a string ends at its NUL */
		ok(cut ? none != NULL : !none && hk_error_code(error) == HK_EFORM,
			"address %zu: %s", i, error ? error->message : "taken");
	}
	who = to("hosting", "en");
	who.name = (char *)"X\r\nBcc: all@x.example\r\n\r\nbody \"\\\" <q@x.example>\x01";
	g_free(brief->who.org);
	brief->who.org = g_strdup("Org\nX-Evil: 1");
	g_free(brief->target_en);
	brief->target_en =
		g_strdup("Bank\r\nX-Evil: 1\r\n\r\n--hk-0123456789abcdef0123456789abcdef-1\r\n");
	g_free(brief->title);
	brief->title = g_strnfill(3000, 'x');
	g_autoptr(GError) error = NULL;
	g_autoptr(hk_letter) letter = hk_letter_make(brief, &who, token, &options, &error);
	ok(!letter && hk_error_code(error) == HK_EFORM, "what guesses the boundary is refused: %s",
		error ? error->message : "made");
	g_clear_error(&error);
	g_free(brief->target_en);
	brief->target_en = g_strdup("Bank\r\nX-Evil: 1\r\n\r\n");
	g_autoptr(hk_letter) good = hk_letter_make(brief, &who, token, &options, &error);
	ok(good != NULL, "line ends are blanks: %s", error ? error->message : "made");
	seen s = read_back(good->bytes);
	ok(!has(s.headers, "\nX-Evil") && !has(s.headers, "\nBcc") && has(s.headers, "Subject: "),
		"no header came in: %s", s.headers->str);
	is_str(s.parts->str,
		"text/plain \napplication/json xarf.json\nimage/png iphone-viewport.png\nimage/png "
		"desktop-viewport.png\n",
		"no part either");
	seen_clear(&s);
	ok(!hk_letter_make(brief, &who, "no token", &options, &error) &&
			hk_error_code(error) == HK_EFORM,
		"a token is needed");
	g_clear_error(&error);
	options.template_text = "Subject: x\n\n{{nope";
	ok(!hk_letter_make(brief, &who, token, &options, &error) && error &&
			strstr(error->message, "template hosting: line 3"),
		"a wrong template is told");
}

static void
check_forms(void)
{
	g_autoptr(hk_brief) brief = hk_brief_sample();
	static const struct {
		const char *kind;
		hk_letter_form form;
		const char *parts, *header;
	} forms[] = {
		{"mail", HK_LETTER_AUTO,
			"text/plain \nmessage/feedback-report \nmessage/rfc822 \ntext/plain \n",
			NULL},
		{"bank", HK_LETTER_AUTO,
			"text/plain \nimage/png iphone-viewport.png\nimage/png "
			"desktop-viewport.png\n",
			NULL},
		{"hosting", HK_LETTER_XARF2,
			"text/plain \ntext/plain report.txt\nimage/png "
			"iphone-viewport.png\nimage/png desktop-viewport.png\n",
			"X-XARF: PLAIN\n"},
		{"hosting", HK_LETTER_XARF3,
			"text/plain \napplication/json xarf.json\nimage/png "
			"iphone-viewport.png\nimage/png desktop-viewport.png\n",
			NULL},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(forms); i++) {
		hk_recipient who = to(forms[i].kind, "en");
		hk_letter_options options = {.now_ms = NOW_MS, .form = forms[i].form};
		g_autoptr(GError) error = NULL;
		g_autoptr(hk_letter) letter = hk_letter_make(brief, &who, token, &options, &error);

		ok(letter != NULL, "form %zu: %s", i, error ? error->message : "made");
		seen s = read_back(letter->bytes);
		/* A message inside is walked through, too: its text is a part of its own. */
		g_autofree char *want = g_strdup(forms[i].parts);
		if (i == 0) {
			ok(has(s.parts, "message/feedback-report \n"), "parts: %s", s.parts->str);
		} else {
			is_str(s.parts->str, want, "its parts");
		}
		ok(!forms[i].header || has(s.headers, forms[i].header), "its header");
		seen_clear(&s);
	}
}

static void
check_arf(void)
{
	g_autoptr(hk_brief) brief = hk_brief_sample();
	GString *feedback = hk_arf_feedback(brief);

	is_str(feedback->str,
		"Feedback-Type: fraud\nUser-Agent: hikeshi/" HK_VERSION "\nVersion: 1\n"
		"Original-Mail-From: <info@mail.mihon-bank-login.example>\n"
		"Arrival-Date: Mon, 02 Nov 2026 23:55:10 +0000\n"
		"Reporting-MTA: dns; mihon-bank.example\n"
		"Reported-URI: https://www.mihon-bank-login.example/jp/login\n"
		"Reported-URI: https://mihon-bank.secure-check.test/a?id=1&lang=ja\n"
		"Incidents: 1\n",
		"a feedback report");
	g_string_free(feedback, TRUE);
	GString *mail = hk_arf_mail(HK_SPAN_LIT("A: b\n\nx\ry\r\nz"));
	is_str(mail ? mail->str : NULL, "A: b\r\n\r\nx\r\ny\r\nz\r\n", "line ends of a lure");
	g_string_free(mail, TRUE);
	ok(!hk_arf_mail(HK_SPAN_LIT("A: \xe3\x81\xbf\n\nx")), "8 bit cannot go as a message");
	ok(!hk_arf_mail(HK_SPAN_LIT("A: b\n\nx\0y")), "nor NUL");
	GString *headers =
		hk_arf_headers(HK_SPAN_LIT("A: \xe3\x81\xbf\n fold\nBroken\nC: d\n\nbody\n"));
	is_str(headers->str, "A: ??? fold\nC: d\n", "its header can");
	g_string_free(headers, TRUE);

	/* A lure of 8 bits in a letter. */
	g_bytes_unref(brief->lure);
	brief->lure = g_bytes_new_static("Subject: \xe3\x81\xbf\r\n\r\n\xe3\x81\xbf", 18);
	hk_recipient who = to("mail", "ja");
	hk_letter_options options = {.now_ms = NOW_MS};
	g_autoptr(hk_letter) letter = hk_letter_make(brief, &who, token, &options, NULL);
	seen s = read_back(letter->bytes);
	is_str(s.parts->str, "text/plain \nmessage/feedback-report \ntext/rfc822-headers \n",
		"then its header goes along");
	seen_clear(&s);
}

static void
check_size(void)
{
	g_autoptr(hk_brief) brief = hk_brief_sample();
	hk_recipient who = to("hosting", "en");
	hk_letter_options options = {.now_ms = NOW_MS, .max_bytes = 1000000};
	static uint8_t big[400000];
	g_autoptr(GError) error = NULL;

	for (unsigned i = 0; i < brief->files->len; i++) {
		hk_brief_file *file = g_ptr_array_index(brief->files, i);
		g_bytes_unref(file->bytes);
		file->bytes = g_bytes_new_static(big, sizeof big);
	}
	g_autoptr(hk_letter) letter = hk_letter_make(brief, &who, token, &options, &error);
	ok(letter && letter->files == 1 && letter->left_out == 1, "what does not fit is left out");
	ok(g_bytes_get_size(letter->bytes) <= options.max_bytes, "%zu bytes",
		(size_t)g_bytes_get_size(letter->bytes));
	seen s = read_back(letter->bytes);
	ok(has(s.text, "Attached: iphone-viewport.png") && !has(s.text, "desktop-viewport.png"),
		"and not spoken of as if it were there");
	seen_clear(&s);
	options.max_bytes = 2000;
	ok(!hk_letter_make(brief, &who, token, &options, &error) &&
			hk_error_code(error) == HK_ELIMIT,
		"too small for anything");
}

static void
check_addresses(void)
{
	static const struct {
		const char *text, *want;
	} rows[] = {{" abuse@Hosting.EXAMPLE ", "abuse@hosting.example"},
		{"a.b+c=d@x.example", "a.b+c=d@x.example"},
		{"a@日本.example", "a@xn--wgv71a.example"}, {"a@b@c.example", NULL},
		{"a b@c.example", NULL}, {NULL, NULL}};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *got = hk_address_read(rows[i].text, "To", NULL);
		is_str(got, rows[i].want, "%s", rows[i].text ? rows[i].text : "NULL");
	}
	g_autofree char *plus = hk_address_plus("a+b@c.example", "t", NULL);
	is_str(plus, "a+t@c.example", "a tag replaces another");
	g_autofree char *name = g_strnfill(60, 'a');
	g_autofree char *address = g_strconcat(name, "@c.example", NULL);
	ok(!hk_address_plus(address, "tttttt", NULL), "an address that would be too long");
	ok(hk_address_host("a.example") && !hk_address_host("a") && !hk_address_host("a..b") &&
			!hk_address_host("") && !hk_address_host("-a.b") && !hk_address_host(NULL),
		"host names");
}

int
main(void)
{
	hk_mime_init();
	check_addresses();
	check_plain_letter();
	check_japanese();
	check_hostile();
	check_forms();
	check_arf();
	check_size();
	return tap_done();
}
