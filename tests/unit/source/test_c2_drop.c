/* Drops: the talk's vector and its misprints (threats.md, section 0), MoqHao's profiles, every step. */
#include "source/c2/drop.h"

#include "source/c2/family_int.h"
#include "sys/gerr.h"
#include "tap.h"

#define WRAPPED "HgWMMLus2GN0iV3+yu7TUc1CD8pteOyuIxxqVl2m0QA="
#define PLAIN   "104.255.152.61:7775"

static hk_family *
family_of(const char *const *chain)
{
	hk_family *family = hk_family_read(HK_SOURCE_DIR "/conf/c2/keepspy.conf", NULL);

	g_ptr_array_set_size(family->chain, 0);
	for (; *chain; chain++) {
		hk_step *step = hk_step_read(*chain, NULL);
		ok(step, "step %s", *chain);
		g_ptr_array_add(family->chain, step);
	}
	return family;
}

static void
gives(const hk_family *family, hk_span body, const char *want, const char *what)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) got = hk_drop_decode(family, body, NULL, &error);

	ok(got, "%s: decodes (%s)", what, error ? error->message : "");
	is_str(got ? got->pdata[0] : NULL, want, "%s: the address", what);
}

static void
fails(const hk_family *family, hk_span body, hk_err code, const char *why, const char *what)
{
	g_autoptr(GString) out = g_string_new(NULL);
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) got = hk_drop_decode(family, body, out, &error);

	ok(!got && error, "%s: fails", what);
	is_int(hk_error_code(error), code, "%s: the kind of failure", what);
	ok(error && strstr(error->message, why), "%s: says '%s' (%s)", what, why,
		error ? error->message : "");
	is_int(out->len, 0, "%s: nothing is handed on", what);
}

static void
keepspy(const hk_family *family)
{
	g_autoptr(GString) out = g_string_new(NULL);
	g_autoptr(GPtrArray) got = hk_drop_decode(family, HK_SPAN_LIT(WRAPPED), out, NULL);

	is_str(out->str, PLAIN, "the corrected vector of the talk: the plain text");
	is_int(got->len, 1, "one address");
	gives(family, HK_SPAN_LIT(" \r\n" WRAPPED "\n"), PLAIN, "blanks around it");
	gives(family, HK_SPAN_LIT("HgWMMLus2GN0iV3+yu7T\r\nUc1CD8pteOyuIxxqVl2m0QA="), PLAIN,
		"a line end inside");
	fails(family, HK_SPAN_LIT("HgwMMLus2GN0iV3+yu7TUc1CD8pte0yuIxxqV12m0QA="), HK_EFORM,
		"step 2 (aes-128-ecb): bad padding", "as the talk prints it");
	fails(family, HK_SPAN_LIT("HgWMMLus2GN0iV3+yu7TUc1CD8pteOyuIxxqVl2mm0QA="), HK_EFORM,
		"step 1 (base64): bad base64", "45 characters, as OCR reads it");
	fails(family, HK_SPAN_LIT("HgWMMLus2GN0iV3+yu7TUc1CD8pteOyuIxxqVl2m0QA"), HK_EFORM,
		"bad base64", "padding is missing");
	fails(family, HK_SPAN_LIT("HgWMMLus2GN0iV3-yu7TUc1CD8pteOyuIxxqVl2m0QA="), HK_EFORM,
		"bad base64", "the URL-safe alphabet in plain base64");
	fails(family, HK_SPAN_LIT(""), HK_EFORM, "bad base64", "an empty body");
	fails(family, HK_SPAN_LIT("QUJD"), HK_EFORM, "no whole blocks of 16", "three bytes");
	fails(family, HK_SPAN_LIT("<html>404 Not Found</html>"), HK_EFORM, "bad base64", "a page");
}

/* OCR: any one character of the vector for another one must not bring out an address. */
static void
misprints(const hk_family *family)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
	char text[] = WRAPPED;
	unsigned other = 0;

	for (size_t i = 0; i < sizeof text - 1; i++) {
		for (const char *c = alphabet; *c; c++) {
			char was = text[i];
			text[i] = *c;
			g_autoptr(GPtrArray) got =
				was == *c ? NULL
					  : hk_drop_decode(family, hk_span_str(text), NULL, NULL);
			/* Unused bits of the last character are refused, so every change changes a byte. */
			other += got != NULL;
			text[i] = was;
		}
	}
	is_int(other, 0, "no misprint of one character decodes to an address");
}

static void
padded_key(void)
{
	/* openssl enc -aes-128-ecb -K $(printf 'short00000000000' | xxd -p) of "192.0.2.7:7775" */
	const char *const chain[] = {"base64", "aes-128-ecb short", NULL};
	const char *const whole[] = {"base64", "aes-128-ecb short00000000000", NULL};
	g_autoptr(hk_family) family = family_of(chain);
	g_autoptr(hk_family) same = family_of(whole);

	gives(family, HK_SPAN_LIT("+M+ymgBZhCmrIthwFgzO+A=="), "192.0.2.7:7775",
		"a short key, filled up with '0'");
	gives(same, HK_SPAN_LIT("+M+ymgBZhCmrIthwFgzO+A=="), "192.0.2.7:7775",
		"the same key in full");
}

static void
moqhao(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(hk_family) family = hk_family_read(HK_SOURCE_DIR "/conf/c2/moqhao.conf", &error);

	if (!ok(family, "moqhao.conf reads")) {
		return;
	}
	/* openssl enc -des-cbc -K 4162356431513332 -iv the same (legacy provider), '+/' as '-_', no '=' */
	gives(family, HK_SPAN_LIT("<p>bio ----Bzof6g_YCMW-scGDW91EkzZMdkfkFJfD---- more</p>"),
		"198.51.100.9:28877", "a profile");
	gives(family, HK_SPAN_LIT("----no such thing----Bzof6g_YCMW-scGDW91EkzZMdkfkFJfD----"),
		"198.51.100.9:28877", "the second piece of a page");
	fails(family, HK_SPAN_LIT("<p>bio</p>"), HK_ENOENT, "nothing between delimiters",
		"a page that says nothing");
	fails(family, HK_SPAN_LIT("----AAAAAAAAAAA----"), HK_EFORM, "bad padding",
		"a piece of another key");
}

static void
step(const char *name, const char *const *chain, hk_span body, const char *want)
{
	g_autoptr(hk_family) family = family_of(chain);

	gives(family, body, want, name);
}

static void
steps(void)
{
	const char *const hex[] = {"hex", NULL}, *const skip[] = {"skip 3", NULL};
	const char *const xor [] = {"xor hex:0102", NULL}, *const first[] = {"xor-first", NULL};
	const char *const unwrap[] = {"unwrap 4 20", NULL}, *const cut[] = {"cut ##", NULL};
	const char *const url[] = {"base64url", NULL}, *const zlib[] = {"hex", "zlib", NULL};
	static const uint8_t by_first[] = {0x20, '1' ^ 0x20, '.' ^ 0x20, '1' ^ 0x20, '.' ^ 0x20,
		'1' ^ 0x20, '.' ^ 0x20, '1' ^ 0x20, ':' ^ 0x20, '9' ^ 0x20};

	step("hex", hex, HK_SPAN_LIT("312e312e312e313a39"), "1.1.1.1:9");
	step("skip", skip,
		HK_SPAN_LIT("\xef\xbb\xbf"
			    "1.1.1.1:9"),
		"1.1.1.1:9");
	step("xor", xor, HK_SPAN_LIT("0,0,0,0\x38\x38"), "1.1.1.1:9");
	step("xor-first", first, hk_span_of(by_first, sizeof by_first), "1.1.1.1:9");
	step("unwrap", unwrap, HK_SPAN_LIT(" ab12 1.1.1.1:9ab12 "), "1.1.1.1:9");
	step("cut", cut, HK_SPAN_LIT("a##1.1.1.1:9##b"), "1.1.1.1:9");
	step("base64url", url, HK_SPAN_LIT("MS4xLjEuMTo5"), "1.1.1.1:9");
	step("zlib", zlib, HK_SPAN_LIT("789c33d43304412b4b00088a01c2"), "1.1.1.1:9");
}

int
main(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(hk_family) family = hk_family_read(HK_SOURCE_DIR "/conf/c2/keepspy.conf", &error);

	if (!ok(family, "keepspy.conf reads (%s)", error ? error->message : "")) {
		return tap_done();
	}
	keepspy(family);
	misprints(family);
	padded_key();
	moqhao();
	steps();
	return tap_done();
}
