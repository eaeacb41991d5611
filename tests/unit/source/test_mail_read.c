/* Reading mails in the sandbox: charsets, broken MIME, nested mails, attachments, QR codes, caps, readers that die. */
#include <glib.h>
#include <string.h>

#include "qrcode.h"
#include "source/mail/read.h"
#include "sys/gerr.h"
#include "tap.h"

static hk_mail *
fixture(const char *name)
{
	g_autofree char *path = g_strdup_printf("tests/fixtures/mail/%s.eml", name);
	g_autoptr(GError) error = NULL;
	size_t len;
	uint8_t *bytes = tap_file(path, &len);
	hk_mail *mail = hk_mail_read(hk_span_of(bytes, len), &error);

	if (!mail) {
		tap_diag("%s: %s", name, error->message);
	}
	free(bytes);
	return mail;
}

/* "message where how url [shown]|..." */
static void
links(const hk_mail *mail, const char *want, const char *what)
{
	g_autoptr(GString) got = g_string_new(NULL);

	for (unsigned i = 0; i < mail->links->len; i++) {
		const hk_mail_link *l = mail->links->pdata[i];

		g_string_append_printf(
			got, "%d %s %s %s", (int)l->message, l->where, l->how, l->url);
		if (*l->shown) {
			g_string_append_printf(got, " [%s]", l->shown);
		}
		g_string_append_c(got, '|');
	}
	is_str(got->str, want, "%s: links", what);
}

static const hk_mail_head *
head(const hk_mail *mail, unsigned i)
{
	return mail->heads->pdata[i];
}

static bool
has_odd(const hk_mail *mail, const char *what)
{
	for (unsigned i = 0; i < mail->odd->len; i++) {
		if (strstr(mail->odd->pdata[i], what)) {
			return true;
		}
	}
	return false;
}

static void
test_charsets(void)
{
	g_autoptr(hk_mail) jis = fixture("lure-jis-raw");
	is_str(head(jis, 0)->subject, "【重要】①お取引の確認", "raw ISO-2022-JP: subject");
	is_str(head(jis, 0)->from_name, "みほん銀行", "its sender's name");
	is_str(head(jis, 0)->from, "info@lure-sender.test", "its sender");
	ok(strstr(jis->text, "㈱みほん銀行"), "vendor characters of the body");
	links(jis, "0 text written http://mihon-bank-kakunin.test/login.php?id=123|",
		"raw ISO-2022-JP");
	ok(strstr(jis->first_hop, "203.0.113.77") != NULL, "the first hop");
	is_int(jis->received_ms, 1795569302000, "when we received it");
	is_int(head(jis, 0)->date_ms, 1795569298000, "its date");

	g_autoptr(hk_mail) sjis = fixture("lure-sjis-mislabelled");
	is_str(head(sjis, 0)->subject, "口座の一時停止について", "Shift_JIS: subject");
	links(sjis, "0 text written https://www.mihon-bank-teishi.test/a/?m=1|",
		"Shift_JIS called Latin-1");
	ok(has_odd(sjis, "charset"), "and that is told");

	g_autoptr(hk_mail) euc = fixture("lure-eucjp-html");
	is_str(head(euc, 0)->subject, "ワンタイムパスワード更新", "EUC-JP: subject of two words");
	is_str(head(euc, 0)->from_name, "みほんダイレクト", "EUC-JP: sender's name");
	links(euc,
		"0 html load http://www.w3.org/logo.png|"
		"0 html link https://mihon-direct.evil.test/auth?u=1&v=2 "
		"[https://www.mihon-direct.example/login]|"
		"0 html link https://www.mihon-bank.example/ [みほん銀行]|"
		"0 html form https://collect.evil.test/post|"
		"0 html load https://track.evil.test/open.gif|"
		"0 html written https://www.mihon-direct.example/login|",
		"EUC-JP, HTML");

	g_autoptr(hk_mail) gb = fixture("lure-gb18030");
	is_str(head(gb, 0)->subject, "账户安全通知", "GB18030: subject");
	links(gb, "0 html link http://xn--mihon-bank-8x4h.evil.test/verify [这里]|", "GB18030");
	ok(strstr(gb->html, "镕"), "a character that GB 2312 has not");
}

static void
test_shapes(void)
{
	g_autoptr(hk_mail) broken = fixture("lure-broken-mime");
	ok(!broken->failure, "broken MIME is read");
	is_str(head(broken, 0)->from, "broken@lure-sender.test", "its sender");
	is_int(head(broken, 0)->date_ms, 0, "a date that is none");
	links(broken,
		"0 html link https://broken.evil.test/one [一]|"
		"0 text written https://broken.evil.test/two|"
		"0 text written hxxps://broken[.]evil[.]test/three|",
		"broken MIME");

	g_autoptr(hk_mail) fwd = fixture("forwarded");
	is_int(fwd->heads->len, 2, "forwarded: two headers");
	is_str(head(fwd, 1)->subject, "【みほん銀行】カード利用停止", "the inner subject");
	is_str(head(fwd, 1)->from, "security@mihon-bank-alert.test", "the inner sender");
	links(fwd, "1 html link https://mihon-card.evil.test/restore [ログイン]|", "forwarded");

	g_autoptr(hk_mail) att = fixture("html-attachment");
	links(att,
		"0 attachment form https://form.evil.test/save.php|"
		"0 attachment written https://kit.evil.test/|"
		"0 attachment written https://land.evil.test/next|",
		"HTML attachment: in the page and in its script");
	is_str(((hk_mail_part *)att->parts->pdata[1])->name, "請求書.html", "its name");

	g_autoptr(hk_mail) none = fixture("no-url");
	is_int(none->links->len, 0, "no URL");
	is_str(head(none, 0)->subject, "電話がかかってきました", "but a subject");
}

static hk_mail *
read_text(const char *text)
{
	return hk_mail_read(hk_span_str(text), NULL);
}

static void
test_pictures(void)
{
	size_t len;
	uint8_t *png = qr_png("https://qr.evil.test/p?x=1", 4, 4, &len);
	g_autofree char *png64 = g_base64_encode(png, len);
	free(png);
	uint8_t *jpeg = qr_jpeg("hxxps://qr.evil[.]test/j", 5, 4, &len);
	g_autofree char *jpeg64 = g_base64_encode(jpeg, len);
	free(jpeg);
	g_autofree char *text = g_strdup_printf(
		"From: a@b.test\nSubject: QR\nMessage-ID: <qr@b.test>\nMIME-Version: 1.0\n"
		"Content-Type: multipart/related; boundary=r\n\n"
		"--r\nContent-Type: text/html\n\n<p>scan <img src=cid:q></p>\n"
		"--r\nContent-Type: image/png; name=q.png\nContent-ID: "
		"<q>\nContent-Transfer-Encoding: base64\n\n%s\n"
		"--r\nContent-Type: application/octet-stream\nContent-Transfer-Encoding: "
		"base64\n\n%s\n"
		"--r\nContent-Type: image/gif\nContent-Transfer-Encoding: "
		"base64\n\nR0lGODlhAQABAAAAACw=\n--r--\n",
		png64, jpeg64);
	g_autoptr(hk_mail) mail = read_text(text);

	links(mail,
		"0 html load cid:q|0 qr code https://qr.evil.test/p?x=1|0 qr code "
		"hxxps://qr.evil[.]test/j|",
		"QR codes in PNG and JPEG");
	is_str(((hk_mail_part *)mail->parts->pdata[3])->note, "not read: of this type",
		"GIF is not read, and that is told");
}

/* 70 KB that look everywhere like the corner of a QR code: ZBar searches them for minutes. */
static char *
corners_png64(void)
{
	enum { SIDE = 5000, SCALE = 3 };
	static const char *const corner[] = {"#######.", "#.....#.", "#.###.#.", "#.###.#.",
		"#.###.#.", "#.....#.", "#######.", "........"};
	png_image image = {.version = PNG_IMAGE_VERSION,
		.format = PNG_FORMAT_GRAY,
		.width = SIDE,
		.height = SIDE};
	g_autofree uint8_t *pixels = g_malloc((size_t)SIDE * SIDE);
	g_autofree uint8_t *file = g_malloc(1 << 20);
	png_alloc_size_t len = 1 << 20;

	for (size_t y = 0; y < SIDE; y++) {
		for (size_t x = 0; x < SIDE; x++) {
			pixels[y * SIDE + x] =
				corner[y / SCALE % 8][x / SCALE % 8] == '#' ? 0 : 255;
		}
	}
	return png_image_write_to_memory(&image, file, &len, 0, pixels, 0, NULL)
		       ? g_base64_encode(file, len)
		       : NULL;
}

/* A picture that takes all the time there is does not hide what stands in the other parts. */
static void
test_slow_picture(void)
{
	static const char page[] = "<a href=https://behind.evil.test/>x</a>";
	g_autofree char *page64 = g_base64_encode((const uint8_t *)page, strlen(page));
	g_autofree char *picture64 = corners_png64();
	g_autofree char *text = g_strdup_printf(
		"From: a@b.test\nSubject: slow\nContent-Type: multipart/related; boundary=r\n\n"
		"--r\nContent-Type: image/png\nContent-Transfer-Encoding: base64\n\n%s\n"
		"--r\nContent-Type: text/html\nContent-Transfer-Encoding: base64\n\n%s\n--r--\n",
		picture64, page64);
	g_autoptr(hk_mail) mail = read_text(text);

	ok(mail->failure, "the picture takes too long: %s", mail->failure);
	links(mail, "0 html link https://behind.evil.test/ [x]|", "a page beside it");
	is_str(((hk_mail_part *)mail->parts->pdata[0])->note,
		"not read: the pictures took all time",
		"the picture was left out, and that is told");
}

/* Forbidden, and common: a forwarded lure in base64. */
static void
test_encoded_mail(void)
{
	static const char inner[] =
		"Subject: inner\nContent-Type: text/plain\n\nhttps://in.evil.test/a\n";
	g_autofree char *inner64 = g_base64_encode((const uint8_t *)inner, strlen(inner));
	g_autofree char *text = g_strdup_printf(
		"From: a@b.test\nSubject: outer\nContent-Type: multipart/mixed; boundary=r\n\n"
		"--r\nContent-Type: message/rfc822\nContent-Transfer-Encoding: "
		"base64\n\n%s\n--r--\n",
		inner64);
	g_autoptr(hk_mail) mail = read_text(text);

	links(mail, "1 text written https://in.evil.test/a|", "message/rfc822 in base64");
	is_str(mail->heads->len > 1 ? head(mail, 1)->subject : NULL, "inner", "its subject");
}

/* The same caps hold for mails in mails in attachments: each of these has a few parts only. */
static void
test_attached_mails(void)
{
	g_autoptr(GString) inner =
		g_string_new("Subject: inner\nContent-Type: multipart/mixed; boundary=i\n\n");
	g_autoptr(GString) outer = g_string_new(
		"From: a@b.test\nContent-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: "
		"text/html\nContent-Transfer-Encoding: base64\n\n"
		"PGEgaHJlZj1odHRwczovL3BhZ2UuZXZpbC50ZXN0Lz54PC9hPg==\n");

	for (int i = 0; i < 190; i++) {
		g_string_append(inner, "--i\n\nx\n");
	}
	g_autofree char *inner64 = g_base64_encode((const uint8_t *)inner->str, inner->len);

	for (int i = 0; i < 20; i++) {
		g_string_append_printf(outer,
			"--o\nContent-Type: application/octet-stream; name=%d.eml\n"
			"Content-Transfer-Encoding: base64\n\n%s\n",
			i, inner64);
	}
	g_autoptr(hk_mail) mail = read_text(outer->str);

	is_str(mail->failure, NULL, "3,800 parts in 20 attached mails");
	is_int(mail->parts->len, HK_MAIL_PARTS_MAX, "parts up to the cap");
	ok(has_odd(mail, "more parts"), "and it is told");
	links(mail, "0 html link https://page.evil.test/ [x]|", "the page in front of them");
}

/* What the single caps let through fits into the answer of the reader. */
static void
test_large_facts(void)
{
	g_autofree char *noise = g_strnfill(8000, 'n');
	g_autoptr(GString) text = g_string_new(
		"From: a@b.test\nContent-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: "
		"text/plain\n\n");

	for (size_t i = 0; i < HK_MAIL_TEXT_MAX + 100; i++) {
		g_string_append_c(text, i % 2 ? '\n' : '\x02');
	}
	for (int part = 0; part < 5; part++) {
		g_autoptr(GString) page = g_string_new(NULL);

		for (int i = 0; i < 120; i++) {
			g_string_append_printf(page,
				"<a href='https://l%d-%d.test/%s'>\x01\x02</a>\n", part, i, noise);
		}
		g_autofree char *page64 = g_base64_encode((const uint8_t *)page->str, page->len);

		g_string_append_printf(text,
			"\n--o\nContent-Type: text/html\nContent-Transfer-Encoding: base64\n\n%s\n",
			page64);
	}
	g_autoptr(hk_mail) mail = read_text(text->str);

	is_str(mail->failure, NULL, "long links, many control characters");
	ok(mail->links->len > 100 && has_odd(mail, "more links"), "links up to the cap");
	ok(!strpbrk(mail->text, "\x01\x02"), "text without control characters");
}

/* An escape of ISO-2022-JP in what is labelled otherwise turns no address into kanji. */
static void
test_false_escapes(void)
{
	g_autoptr(hk_mail) text =
		read_text("From: a@b.test\nContent-Type: text/plain; charset=utf-8\n\n"
			  "\x1b$B https://text.evil.test/a\n");
	g_autoptr(hk_mail) html =
		read_text("From: a@b.test\nContent-Type: text/html; charset=utf-8\n\n"
			  "\x1b$B<p><a href=https://html.evil.test/>x</a>\n");

	links(text, "0 text written https://text.evil.test/a|", "an escape in UTF-8");
	links(html, "0 html link https://html.evil.test/|", "an escape in UTF-8, HTML");
}

static void
test_caps(void)
{
	g_autoptr(GString) deep = g_string_new("From: a@b.test\nSubject: deep\n");
	for (int i = 0; i < 2000; i++) {
		g_string_append_printf(
			deep, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i);
	}
	g_string_append(deep, "Content-Type: text/plain\n\nhttps://deep.evil.test/x\n");
	g_autoptr(hk_mail) nested = read_text(deep->str);
	is_str(head(nested, 0)->subject, "deep", "2,000 multiparts in each other");
	ok(nested->failure || nested->odd->len > 0, "something is told: %s",
		nested->failure ? nested->failure : (char *)nested->odd->pdata[0]);

	g_autoptr(GString) wide =
		g_string_new("From: a@b.test\nContent-Type: multipart/mixed; boundary=w\n\n");
	for (int i = 0; i < 1000; i++) {
		g_string_append_printf(wide, "--w\n\nhttps://wide.evil.test/%d\n", i);
	}
	g_autoptr(hk_mail) parts = read_text(wide->str);
	is_int(parts->parts->len, HK_MAIL_PARTS_MAX, "parts up to the cap");
	ok(has_odd(parts, "more parts"), "and it is told");

	g_autoptr(GString) many = g_string_new("From: a@b.test\n\n");
	for (int i = 0; i < 1000; i++) {
		g_string_append_printf(many, "https://many.evil.test/%d\n", i);
	}
	g_autoptr(hk_mail) lots = read_text(many->str);
	is_int(lots->links->len, HK_MAIL_LINKS_MAX, "links up to the cap");
	ok(has_odd(lots, "more links"), "and it is told");

	g_autoptr(hk_mail) empty = read_text("");
	ok(empty && empty->heads->len == 1, "an empty mail");
	g_autoptr(hk_mail) noise =
		hk_mail_read(hk_span_of("\xff\xfe\x00\x01\x02\xff\xff", 7), NULL);
	ok(noise && !noise->failure, "seven bytes of noise");

	/* Larger than any mail: read as it stands, header first. */
	size_t len = HK_MAIL_BYTES_MAX + 10;
	g_autofree char *big = g_malloc(len);
	memset(big, 'x', len);
	memcpy(big, "Subject: big\n\nhttps://big.evil.test/\n", 37);
	g_autoptr(hk_mail) large = hk_mail_read(hk_span_of(big, len), NULL);
	ok(large && large->failure, "over the cap: %s", large->failure);
	is_str(head(large, 0)->subject, "big", "but its subject");
	links(large, "0 text written https://big.evil.test/|", "over the cap");
	is_int(large->bytes, len, "its size");
}

static void
test_key(void)
{
	g_autoptr(hk_mail) a = read_text("Message-ID: <1>\nX: 1\n\nbody\n");
	g_autoptr(hk_mail) b = read_text("X: 2\r\nMessage-Id:  <1> \r\n\r\nbody\r\n");
	g_autoptr(hk_mail) c = read_text("Message-ID: <2>\n\nbody\n");
	g_autoptr(hk_mail) d = read_text("Message-ID: <1>\n\nbody2\n");

	is_mem(a->key, b->key, 32, "another way, the same mail");
	ok(memcmp(a->key, c->key, 32) != 0, "another Message-ID");
	ok(memcmp(a->key, d->key, 32) != 0, "another body");
	ok(memcmp(a->sha256, b->sha256, 32) != 0, "but not the same bytes");
}

static void
test_facts(void)
{
	static const char *const bad[] = {"", "[]", "{}",
		"{\"heads\":[],\"links\":[],\"parts\":[],\"auths\":[],\"odd\":[],"
		"\"text\":\"\",\"html\":\"\",\"first_hop\":\"\",\"received_ms\":0}",
		"{\"heads\":[{}]}", "{\"heads\":[1]}"};

	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
		ok(!hk_mail_of_facts(hk_span_str(bad[i]), NULL), "facts that no reader writes: %zu",
			i);
	}
}

int
main(void)
{
	hk_mail_init();
	test_charsets();
	test_shapes();
	test_pictures();
	test_slow_picture();
	test_encoded_mail();
	test_attached_mails();
	test_large_facts();
	test_false_escapes();
	test_caps();
	test_key();
	test_facts();
	return tap_done();
}
