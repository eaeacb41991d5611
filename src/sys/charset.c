#include "sys/charset.h"

#include <errno.h>
#include <iconv.h>
#include <string.h>

#include "base/utf8.h"
#include "parse/encword.h"
#include "parse/iso2022.h"

/* Every charset that is read, once. */
typedef struct charset {
	const char *name;   /* as reported */
	const char *iconv;  /* the widest converter that reads it */
	const char *labels; /* blank before and after each; lower case, without '-' and '_' */
	bool strong;        /* a label that is believed when the bytes fit */
} charset;

static const charset charsets[] = {
	{"utf-8", "UTF-8", " utf8 unicode11utf8 cp65001 ", true},
	{"us-ascii", "ASCII", " usascii ascii ansix3.41968 iso646us ", false},
	{"iso-2022-jp", "EUC-JP-MS",
		" iso2022jp iso2022jpms iso2022jp1 iso2022jp2 iso2022jp3 csiso2022jp cp50220 "
		"cp50221 cp50222 jis ",
		true},
	{"cp932", "CP932",
		" shiftjis sjis xsjis cp932 ms932 windows31j csshiftjis cswindows31j mskanji ",
		true},
	{"euc-jp", "EUC-JP-MS", " eucjp xeucjp eucjpms cp51932 ujis cseucpkdfmtjapanese ", true},
	{"gb18030", "GB18030",
		" gb2312 gbk gb18030 cp936 windows936 euccn hzgb2312 chinese xgbk gb231280 ", true},
	{"big5", "BIG5-HKSCS", " big5 big5hkscs cnbig5 xbig5 cp950 ", true},
	{"uhc", "UHC", " euckr ksc56011987 ksc5601 uhc cp949 windows949 korean ", true},
	{"windows-1252", "CP1252", " iso88591 latin1 windows1252 cp1252 iso885915 ", false},
	{"windows-1251", "CP1251", " windows1251 cp1251 ", true},
	{"koi8-r", "KOI8-R", " koi8r koi8u ", true},
	{"windows-1250", "CP1250", " windows1250 cp1250 ", true},
	{"iso-8859-2", "ISO-8859-2", " iso88592 latin2 ", true},
	{"windows-1254", "CP1254", " windows1254 iso88599 latin5 ", true},
	{"windows-1256", "CP1256", " windows1256 iso88596 ", true},
	{"windows-874", "CP874", " windows874 tis620 iso885911 ", true},
	{"windows-1258", "CP1258", " windows1258 ", true},
	{"utf-16le", "UTF-16LE", " utf16le ", true},
	{"utf-16be", "UTF-16BE", " utf16 utf16be ", true},
	{"utf-7", "UTF-7", " utf7 unicode11utf7 ", true},
};
enum {
	UTF8 = 0,
	ASCII = 1,
	ISO2022 = 2,
	SJIS = 3,
	EUCJP = 4,
	GB = 5,
	BIG5 = 6,
	UHC = 7,
	LATIN = 8,
	UTF16LE = 17,
	UTF16BE = 18,
	UTF7 = 19
};

static iconv_t open_converters[G_N_ELEMENTS(charsets)];
static bool warm;

void
hk_charset_warm(void)
{
	for (size_t i = 0; !warm && i < G_N_ELEMENTS(charsets); i++) {
		open_converters[i] = iconv_open("UTF-8", charsets[i].iconv);
	}
	warm = true;
}

static const charset *
find_label(const char *label)
{
	char folded[48] = " ";
	size_t n = 1;

	for (; label && *label && n < sizeof folded - 2; label++) {
		char c = g_ascii_tolower(*label);

		if (c > ' ' && !strchr("-_\"'", c)) {
			folded[n++] = c;
		}
	}
	folded[n++] = ' ';
	folded[n] = '\0';
	for (size_t i = 0; n > 2 && i < G_N_ELEMENTS(charsets); i++) {
		if (strstr(charsets[i].labels, folded)) {
			return &charsets[i];
		}
	}
	return NULL;
}

/* Appends bytes converted, U+FFFD for what does not fit; returns how often. Stops early at more than max_bad. */
static size_t
convert(const charset *from, hk_span bytes, GString *out, size_t max_bad)
{
	char piece[4096];
	char *in = (char *)bytes.data;
	size_t in_left = bytes.len;
	size_t bad = 0;

	hk_charset_warm();

	iconv_t converter = open_converters[from - charsets];

	if (converter == (iconv_t)-1) {
		return SIZE_MAX;
	}
	iconv(converter, NULL, NULL, NULL, NULL);
	while (in_left > 0 && bad <= max_bad) {
		char *at = piece;
		size_t room = sizeof piece;
		size_t got = iconv(converter, &in, &in_left, &at, &room);
		int why = errno;

		g_string_append_len(out, piece, at - piece);
		if (got == (size_t)-1 && why != E2BIG) {
			g_string_append(out, "\xef\xbf\xbd");
			bad++;
			in++;
			in_left--;
			iconv(converter, NULL, NULL, NULL, NULL);
		}
	}
	char *at = piece;
	size_t room = sizeof piece;

	iconv(converter, NULL, NULL, &at, &room);
	g_string_append_len(out, piece, at - piece);
	return bad;
}

/* UTF-8 with each byte that breaks it replaced. */
static size_t
copy_utf8(hk_span bytes, GString *out)
{
	const uint8_t *at = bytes.data;
	const uint8_t *end = at + bytes.len;
	const uint8_t *from = at;
	size_t bad = 0;

	while (at < end) {
		uint32_t c;
		size_t n = hk_utf8_next(at, end, &c);

		if (n > 0) {
			at += n;
			continue;
		}
		g_string_append_len(out, (const char *)from, at - from);
		g_string_append(out, "\xef\xbf\xbd");
		from = ++at;
		bad++;
	}
	if (at > from) {
		g_string_append_len(out, (const char *)from, at - from);
	}
	return bad;
}

/* How much a text looks like what people write in it: kana and common kanji speak for Japanese, half-width katakana, private-use
 * and rare characters against it. */
static long
plausibility(const GString *text, size_t bad)
{
	const uint8_t *at = (const uint8_t *)text->str;
	const uint8_t *end = at + text->len;
	long sum = -20 * (long)bad;

	while (at < end) {
		uint32_t c;
		size_t n = hk_utf8_next(at, end, &c);

		at += n > 0 ? n : 1;
		if (n == 0 || c < 0x80) {
			continue;
		}
		if ((c >= 0x3041 && c <= 0x3096) || (c >= 0x30a1 && c <= 0x30fc)) {
			sum += 3;
		} else if (c == 0x3001 || c == 0x3002 || c == 0xff0c || c == 0x300c ||
			   c == 0x300d) {
			sum += 3;
		} else if (c >= 0x4e00 && c <= 0x9fff) {
			sum += 1;
		} else if (c >= 0xac00 && c <= 0xd7a3) {
			sum += 1;
		} else if ((c >= 0xff61 && c <= 0xff9f) || (c >= 0xe000 && c <= 0xf8ff) ||
			   c >= 0x20000) {
			sum -= 2;
		}
	}
	return sum;
}

static const charset *
guess(hk_span bytes)
{
	static const size_t candidates[] = {EUCJP, SJIS, GB, BIG5, UHC};
	hk_span sample = hk_span_of(bytes.data, MIN(bytes.len, 16384));
	const charset *best = &charsets[LATIN];
	long best_sum = 0;

	for (size_t i = 0; i < G_N_ELEMENTS(candidates); i++) {
		g_autoptr(GString) text = g_string_new(NULL);
		const charset *c = &charsets[candidates[i]];
		size_t bad = convert(c, sample, text, sample.len / 8 + 1);
		long sum = bad > sample.len / 8 + 1 ? -1 : plausibility(text, bad);

		/* A sample may end inside a character. */
		if (sum > best_sum) {
			best = c;
			best_sum = sum;
		}
	}
	return best;
}

static bool
is_ascii(hk_span bytes)
{
	for (size_t i = 0; i < bytes.len; i++) {
		if (bytes.data[i] >= 0x80 || bytes.data[i] == 0x1b || bytes.data[i] == 0x0e) {
			return false;
		}
	}
	return true;
}

/* A text may be cut at its cap, inside a character: one bad spot at the end is nobody's lie. */
static bool
fits(const charset *c, hk_span bytes)
{
	g_autoptr(GString) text = g_string_new(NULL);
	size_t bad = convert(c, bytes, text, 1);

	return bad == 0 || (bad == 1 && g_str_has_suffix(text->str, "\xef\xbf\xbd"));
}

static const charset *
choose(hk_span bytes, const charset *label)
{
	bool wide = label == &charsets[UTF16LE] || label == &charsets[UTF16BE];

	if (wide || label == &charsets[UTF7]) {
		return label; /* UTF-16, UTF-7: nothing else looks like them */
	}
	if (bytes.len >= 2 && (memcmp(bytes.data, "\xff\xfe", 2) == 0)) {
		return &charsets[UTF16LE];
	}
	if (bytes.len >= 2 && (memcmp(bytes.data, "\xfe\xff", 2) == 0)) {
		return &charsets[UTF16BE];
	}
	if (is_ascii(bytes)) {
		return &charsets[ASCII];
	}
	if (hk_iso2022jp_like(bytes)) {
		return &charsets[ISO2022];
	}
	/* Eight-bit text that is UTF-8 by chance does not exist, whatever it is called. */
	if (hk_utf8_valid(bytes)) {
		return &charsets[UTF8];
	}
	if (label && label->strong && label != &charsets[ISO2022] && label != &charsets[UTF8] &&
		fits(label, bytes)) {
		return label;
	}
	if (label == &charsets[UTF8]) {
		g_autoptr(GString) text = g_string_new(NULL);

		if (copy_utf8(bytes, text) <= 1 + bytes.len / 200) {
			return label; /* a few broken bytes, or cut inside a character */
		}
	}
	return guess(bytes);
}

/* Appends text without U+0000 and without a byte order mark. */
static void
append_clean(GString *out, const char *text, size_t len)
{
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		text += 3;
		len -= 3;
	}
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\0') {
			g_string_append(out, "\xef\xbf\xbd");
		} else {
			g_string_append_c(out, text[i]);
		}
	}
}

const char *
hk_charset_text(hk_span bytes, const char *label, GString *out, bool *ret_mended)
{
	const charset *said = find_label(label);
	const charset *taken = bytes.len > 0 ? choose(bytes, said) : said;
	g_autoptr(GString) text = g_string_new(NULL);
	size_t bad = 0;

	if (bytes.len == 0) { /* data may be NULL */
		if (ret_mended) {
			*ret_mended = false;
		}
		return charsets[ASCII].name;
	}

	if (taken == &charsets[UTF8] || taken == &charsets[ASCII]) {
		bad = copy_utf8(bytes, text);
	} else if (taken == &charsets[ISO2022]) {
		g_autofree uint8_t *euc = g_malloc(2 * bytes.len + 4);
		size_t len = 0;

		if (hk_iso2022jp_to_euc(bytes, euc, 2 * bytes.len + 4, &len) == HK_OK) {
			bad = convert(taken, hk_span_of(euc, len), text, SIZE_MAX - 1);
		}
	} else {
		bad = convert(taken, bytes, text, SIZE_MAX - 1);
	}
	append_clean(out, text->str, text->len);
	if (ret_mended) {
		*ret_mended = bad > 0 || (taken != said && taken != &charsets[ASCII]);
	}
	return taken->name;
}

void
hk_charset_header(hk_span value, GString *out)
{
	uint8_t buf[8192];
	hk_encword run;
	size_t pos = 0;
	size_t from = out->len;

	/* A header that is raw ISO-2022-JP may hold what looks like an encoded word, never a real one. */
	if (hk_iso2022jp_like(value)) {
		hk_charset_text(value, NULL, out, NULL);
		pos = value.len;
	}
	while (hk_encword_next(value, &pos, buf, sizeof buf, &run)) {
		hk_charset_text(hk_span_of(buf, run.len), run.charset, out, NULL);
	}
	for (size_t i = from; i < out->len; i++) {
		if ((unsigned char)out->str[i] < ' ' || out->str[i] == 0x7f) {
			out->str[i] = ' ';
		}
	}
	while (out->len > from && out->str[out->len - 1] == ' ') {
		g_string_truncate(out, out->len - 1);
	}
	while (out->len > from && out->str[from] == ' ') {
		g_string_erase(out, (gssize)from, 1);
	}
}
