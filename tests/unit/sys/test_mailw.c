#include "sys/mailw.h"

#include <stdlib.h>
#include <string.h>

#include "sys/gerr.h"
#include "tap.h"

static const char japanese[] = "フィッシングサイト閉鎖のお願い（みほん銀行）：とても長い件名がここ"
			       "に続きます、まだ続きます、もう少しだけ続きます";

static hk_mailw
mail(const hk_mailw_part *parts, size_t count)
{
	return (hk_mailw){.date_ms = 1793836800000,
		.from = {"Mihon \"Bank\" CSIRT", "csirt@mihon-bank.example"},
		.to = {NULL, "abuse@hosting.example"},
		.subject = "plain",
		.message_id = "1@mihon-bank.example",
		.multipart = "mixed",
		.boundary = "b-1",
		.parts = parts,
		.part_count = count};
}

/* The message as text, or the error's; caller frees. */
static char *
build(const hk_mailw *m)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) bytes = hk_mailw_build(m, &error);
	gsize len = 0;
	const char *data = bytes ? g_bytes_get_data(bytes, &len) : NULL;

	return bytes ? g_strndup(data, len) : g_strconcat("! ", error->message, NULL);
}

static void
check_bytes(void)
{
	hk_mailw_part parts[] = {{"text/plain", NULL, HK_SPAN_LIT("one\n.\nFrom two\n")},
		{"image/png", "a.png", HK_SPAN_LIT("\0\1\2")}};
	hk_mailw m = mail(parts, 2);
	g_autofree char *text = build(&m);

	is_str(text,
		"Date: Thu, 05 Nov 2026 00:00:00 +0000\r\n"
		"From: \"Mihon \\\"Bank\\\" CSIRT\" <csirt@mihon-bank.example>\r\n"
		"Subject: plain\r\n"
		"To: <abuse@hosting.example>\r\n"
		"Message-Id: <1@mihon-bank.example>\r\n"
		"MIME-Version: 1.0\r\n"
		"Content-Type: multipart/mixed; boundary=b-1\r\n"
		"\r\n"
		"--b-1\r\n"
		"Content-Type: text/plain; charset=utf-8\r\n"
		"Content-Transfer-Encoding: 7bit\r\n"
		"\r\n"
		"one\r\n.\r\nFrom two\r\n"
		"\r\n--b-1\r\n"
		"Content-Type: image/png; name=a.png\r\n"
		"Content-Transfer-Encoding: base64\r\n"
		"Content-Disposition: attachment; filename=a.png\r\n"
		"\r\n"
		"AAEC\r\n"
		"\r\n--b-1--\r\n",
		"a mail, byte by byte");
}

static void
check_words(void)
{
	hk_mailw_part parts[] = {{"text/plain", NULL, HK_SPAN_LIT("x\n")}};
	hk_mailw m = mail(parts, 1);

	m.subject = japanese;
	g_autofree char *text = build(&m);
	const char *subject = strstr(text, "Subject: ");
	const char *end = subject ? strstr(subject, "\r\nTo: ") : NULL;
	ok(end != NULL, "a subject in Japanese");
	unsigned words = 0;
	size_t longest = 0;
	for (const char *at = subject; at && at < end;) {
		const char *feed = strstr(at, "\r\n");

		longest = MAX(longest, (size_t)(feed - at));
		words++;
		at = feed + 2;
	}
	ok(words > 3 && longest <= 78, "%u encoded words, no line longer than %zu bytes", words,
		longest);
	m.subject = "a =?UTF-8?B?YQ==?= b";
	g_autofree char *fake = build(&m);
	ok(!strstr(fake, "YQ=="), "what looks like an encoded word is not taken for one");
}

static void
check_texts(void)
{
	static const struct {
		const char *text, *encoding;
	} rows[] = {{"ascii\n", "7bit"},
		{"caf\u00e9 and a lot of plain English behind it\n", "quoted-printable"},
		{"みほん銀行です。\n", "base64"}, {"a\rb\n", "quoted-printable"}};
	g_autofree char *longer = g_strnfill(2000, 'a');

	for (size_t i = 0; i <= G_N_ELEMENTS(rows); i++) {
		const char *body = i < G_N_ELEMENTS(rows) ? rows[i].text : longer;
		const char *want = i < G_N_ELEMENTS(rows) ? rows[i].encoding : "quoted-printable";
		hk_mailw_part parts[] = {{"text/plain", NULL, hk_span_str(body)}};
		hk_mailw m = mail(parts, 1);
		g_autofree char *text = build(&m);
		g_autofree char *field = g_strdup_printf("Content-Transfer-Encoding: %s\r\n", want);

		ok(strstr(text, field) != NULL, "a text of kind %zu goes as %s", i, want);
		ok(hk_mailw_lines(hk_span_str(text)), "in good lines");
	}
}

static void
check_refused(void)
{
	hk_mailw_part parts[] = {{"text/plain", NULL, HK_SPAN_LIT("x b-1 y\n")}};
	hk_mailw m = mail(parts, 1);
	g_autofree char *boundary = build(&m);

	ok(boundary[0] == '!', "a boundary inside of a part: %s", boundary);
	parts[0].body = HK_SPAN_LIT("x");
	m.subject = "a\r\nBcc: x";
	g_autofree char *subject = build(&m);
	ok(subject[0] == '!', "a line end in a subject: %s", subject);
	m.subject = "a";
	m.from.name = "a\nb";
	g_autofree char *name = build(&m);
	ok(name[0] == '!', "in a name");
	m.from.name = NULL;
	parts[0] = (hk_mailw_part){"message/rfc822", NULL, HK_SPAN_LIT("A: \xff\r\n\r\nx")};
	g_autofree char *high = build(&m);
	ok(high[0] == '!', "8 bit inside of a message: %s", high);
}

static void
check_lines(void)
{
	g_autofree char *longer = g_strnfill(999, 'a');
	g_autofree char *line = g_strconcat(longer, "\r\n", NULL);

	ok(hk_mailw_lines(HK_SPAN_LIT("a\r\n\r\nb\r\n")) && hk_mailw_lines(HK_SPAN_LIT("")),
		"good lines");
	ok(!hk_mailw_lines(HK_SPAN_LIT("a\nb\r\n")) && !hk_mailw_lines(HK_SPAN_LIT("a\rb\r\n")) &&
			!hk_mailw_lines(HK_SPAN_LIT("a\0\r\n")) &&
			!hk_mailw_lines(HK_SPAN_LIT("a\x80\r\n")) &&
			!hk_mailw_lines(HK_SPAN_LIT("a")) && !hk_mailw_lines(HK_SPAN_LIT("a\r")) &&
			!hk_mailw_lines(hk_span_str(line)) && hk_mailw_lines(hk_span_str(line + 1)),
		"bad ones");
}

int
main(void)
{
	check_bytes();
	check_words();
	check_texts();
	check_refused();
	check_lines();
	return tap_done();
}
