/* Drops: the talk's vector and its misprints (threats.md, section 0), MoqHao's profiles, every step. */
#include "source/c2/drop.h"

#include <libdeflate.h>

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

/* What came out is addresses, or nothing. */
static void
addresses(void)
{
	static const char *const good[][2] = {{"192.0.2.1:7775", "192.0.2.1:7775"},
		{" 192.0.2.1:1\r\n", "192.0.2.1:1"}, {"192.0.2.1:65535", "192.0.2.1:65535"},
		{"[2001:db8::1]:80", "[2001:db8::1]:80"}, {"C2.Example:80", "c2.example:80"},
		{"192.0.2.1:1,192.0.2.2:2;192.0.2.3:3|192.0.2.4:4",
			"192.0.2.1:1 192.0.2.2:2 192.0.2.3:3 192.0.2.4:4"},
		{"192.0.2.1:1 192.0.2.1:1", "192.0.2.1:1"},
		{"192.0.2.1", "192.0.2.1:7775 192.0.2.1:7776 192.0.2.1:7777 192.0.2.1:7778 "
			      "192.0.2.1:7779"},
		{"[2001:db8::1]", "[2001:db8::1]:7775 [2001:db8::1]:7776 [2001:db8::1]:7777 "
				  "[2001:db8::1]:7778 [2001:db8::1]:7779"}};
	static const char *const bad[] = {"", " ", ",", "192.0.2.1:0", "192.0.2.1:65536",
		"192.0.2.1:7775x", "192.0.2.1:", ":7775", "192.0.2.256:1", "192.0.2:1",
		"3221225985:1", "0xc0.0.2.1:1", "http://192.0.2.1:1", "192.0.2.1:1/",
		"192.0.2.1:1 and more", "user@192.0.2.1:1", "\xe3\x81\xbf.example:1", "localhost:1",
		".example:1", "192.0.2.1:+1", "[::1:1"};
	const char *const none[] = {NULL};
	g_autoptr(hk_family) family = family_of(none);

	for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
		g_autoptr(GPtrArray) got =
			hk_drop_decode(family, hk_span_str(good[i][0]), NULL, NULL);
		g_autoptr(GString) all = g_string_new(NULL);
		for (unsigned k = 0; got && k < got->len; k++) {
			g_string_append_printf(all, "%s%s", k ? " " : "", (char *)got->pdata[k]);
		}
		is_str(all->str, good[i][1], "good address %zu", i + 1);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
		fails(family, hk_span_str(bad[i]), HK_EFORM, "decoded, but no", bad[i]);
	}
	g_array_set_size(family->ports, 0);
	fails(family, HK_SPAN_LIT("192.0.2.1"), HK_EFORM, "decoded, but no address",
		"no port, and the family has none");
	g_autoptr(GString) many = g_string_new(NULL);
	for (int i = 1; i <= HK_DROP_ADDRESSES_MAX + 1; i++) {
		g_string_append_printf(many, "192.0.2.%d:1 ", i);
	}
	g_autoptr(GPtrArray) some =
		hk_drop_decode(family, hk_span_of(many->str, many->len), NULL, NULL);
	is_int(some->len, HK_DROP_ADDRESSES_MAX, "as many as are taken");
}

/* 8 MiB of zeros as a zlib stream. */
static size_t
bomb(uint8_t *out, size_t room)
{
	struct libdeflate_compressor *packer = libdeflate_alloc_compressor(9);
	g_autofree uint8_t *zeros = g_malloc0(8u << 20);
	size_t len = libdeflate_zlib_compress(packer, zeros, 8u << 20, out, room);

	libdeflate_free_compressor(packer);
	return len;
}

static void
limits(void)
{
	const char *const zlib[] = {"zlib", NULL}, *const none[] = {NULL};
	g_autoptr(hk_family) family = family_of(zlib), plain = family_of(none);
	g_autofree char *big = g_malloc0(HK_DROP_MAX + 1);
	g_autofree uint8_t *packed = g_malloc(65536);
	size_t len;

	fails(plain, hk_span_of(big, HK_DROP_MAX + 1), HK_ELIMIT, "at most",
		"a body that is too long");
	fails(family,
		HK_SPAN_LIT("x\x9c"
			    "garbage"),
		HK_EFORM, "no zlib stream", "no zlib stream");
	len = bomb(packed, 65536);
	ok(len > 0 && len < 65536, "8 MiB of zeros take %zu bytes", len);
	fails(family, hk_span_of(packed, len), HK_ELIMIT, "grows beyond its limit", "a bomb");
	fails(family, HK_SPAN_LIT("\x78\x9c\x33\xd4\x33\x04\x41\x2b\x4b\x00\x08\x8a\x01"), HK_EFORM,
		"no zlib stream", "a stream that was cut");
}

/* What was wrapped comes out. */
static void
round_trips(void)
{
	static const char *const chains[][5] = {{"base64", "aes-128-ecb apYya82az7rgeN3A"},
		{"cut ----", "base64url", "des-cbc Ab5d1Q32"}, {"unwrap 4 20", "hex", "xor secret"},
		{"skip 7", "base64", "xor-first", "aes-128-ecb k"}, {"xor hex:00ff10"}};

	for (size_t i = 0; i < G_N_ELEMENTS(chains); i++) {
		g_autoptr(hk_family) family = family_of(chains[i]);
		g_autoptr(GString) wrapped = g_string_new(NULL);
		ok(hk_drop_encode(family, "198.51.100.77:7775", wrapped, NULL), "chain %zu wraps",
			i + 1);
		gives(family, hk_span_of(wrapped->str, wrapped->len), "198.51.100.77:7775",
			chains[i][0]);
	}
	const char *const zlib[] = {"zlib", NULL};
	g_autoptr(hk_family) family = family_of(zlib);
	g_autoptr(GString) wrapped = g_string_new(NULL);
	g_autoptr(GError) error = NULL;
	ok(!hk_drop_encode(family, "198.51.100.77:7775", wrapped, &error), "zlib does not");
	is_int(hk_error_code(error), HK_EFORM, "and says so");
	is_int(wrapped->len, 0, "nothing is written");
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
	addresses();
	limits();
	round_trips();
	return tap_done();
}
