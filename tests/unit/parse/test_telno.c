/* Telephone numbers in every notation that parse/telno.h promises; the answers were written down by hand. */
#include "parse/telno.h"

#include <stdlib.h>

#include "tap.h"

#define M HK_TELNO_MOBILE
#define O HK_TELNO_OTHER
#define B HK_TELNO_MASKED
#define D HK_TELNO_DIGITS

/* What stands there; how many bytes of it are read; what it is. */
static const struct {
	const char *text;
	size_t len; /* 0: all of it */
	hk_telno_kind kind;
	const char *e164;
} rows[] = {
	{"09055000000", 0, M, "+819055000000"},
	{"06012345678", 0, M, "+816012345678"},
	{"07012345678", 0, M, "+817012345678"},
	{"08012345678", 0, M, "+818012345678"},
	{"090-5500-0000", 0, M, "+819055000000"},
	{"090‐5500‐0000", 0, M, "+819055000000"},
	{"090–5500–0000", 0, M, "+819055000000"},
	{"090−5500−0000", 0, M, "+819055000000"},
	{"０９０－５５００－００００", 0, M, "+819055000000"},
	{"０９０５５００００００", 0, M, "+819055000000"},
	{"０９０ー５５００ー００００", 0, M, "+819055000000"},
	{"090ｰ5500ｰ0000", 0, M, "+819055000000"},
	{"090 5500 0000", 0, M, "+819055000000"},
	{"090　5500　0000", 0, M, "+819055000000"},
	{"０９０ 5500-0000", 0, M, "+819055000000"},
	{"(090)5500-0000", 0, M, "+819055000000"},
	{"（０９０）５５００－００００", 0, M, "+819055000000"},
	{"090(5500)0000", 0, M, "+819055000000"},
	{"090-(5500)-0000", 0, M, "+819055000000"},
	{"090\xe2\x80\x8b"
	 "5500\xe2\x80\x8b"
	 "0000",
		0, M, "+819055000000"},
	{"+819055000000", 0, M, "+819055000000"},
	{"＋８１９０５５００００００", 0, M, "+819055000000"},
	{"+81-90-5500-0000", 0, M, "+819055000000"},
	{"+81 90 5500 0000", 0, M, "+819055000000"},
	{"+81 90-5500-0000", 0, M, "+819055000000"},
	{"+81(0)90-5500-0000", 0, M, "+819055000000"},
	{"+81 (0) 90 5500 0000", 0, M, "+819055000000"},
	{"+81 090 5500 0000", 0, M, "+819055000000"},
	{"+8109055000000", 0, M, "+819055000000"},
	{"00819055000000", 0, M, "+819055000000"},
	{"0081-90-5500-0000", 0, M, "+819055000000"},
	{"0081 90 5500 0000", 0, M, "+819055000000"},
	{"008109055000000", 0, M, "+819055000000"},
	{"010819055000000", 0, M, "+819055000000"},
	{"819055000000", 0, M, "+819055000000"},
	{"9055000000", 0, M, "+819055000000"},
	{"90-5500-0000", 0, M, "+819055000000"},
	/* what follows is not read */
	{"09055000000【みほん銀行】", 11, M, "+819055000000"},
	{"09055000000https://t.co/a", 11, M, "+819055000000"},
	{"09055000000 24時間以内", 11, M, "+819055000000"},
	{"09055000000-", 11, M, "+819055000000"},
	{"09055000000 09000000001", 11, M, "+819055000000"},
	{"09055000000(1)", 11, M, "+819055000000"},
	{"09055000000x", 11, M, "+819055000000"},
	{"09055000000…", 11, M, "+819055000000"},
	{"09055000000...", 11, M, "+819055000000"},
	/* other kinds */
	{"0800-123-4567", 0, O, "+818001234567"},
	{"0120-000-000", 0, O, "+81120000000"},
	{"0312345678", 0, O, "+81312345678"},
	{"05012345678", 0, O, "+815012345678"},
	{"02012345678", 0, O, "+812012345678"},
	{"+81312345678", 0, O, "+81312345678"},
	{"+886912345678", 0, O, "+886912345678"},
	{"+12025550100", 0, O, "+12025550100"},
	/* blotted */
	{"090-****-0000", 0, B, ""},
	{"0905500XXXX", 0, B, ""},
	{"090 **** 0000", 0, B, ""},
	{"０９０－●●●●－００００", 0, B, ""},
	{"090…", 0, B, ""},
	{"0905500...", 0, B, ""},
	{"***-****-0000", 0, B, ""},
	{"090-5500-00??", 0, B, ""},
	/* digits */
	{"2024年", 4, D, ""},
	{"3,000円", 1, D, ""},
	{"24*", 0, D, ""},
	{"0905500000", 0, O, "+81905500000"}, /* a digit short: no mobile number */
	{"090550000000", 0, D, ""},           /* one too many */
	{"12345678901234567890123456789012", 0, D, ""},
	{"110", 0, D, ""},
	{"+0905500", 0, D, ""},
	{"+1234567", 0, D, ""},
};

static void
reading(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		size_t len = strlen(rows[i].text);
		hk_telno telno = {.kind = (hk_telno_kind)99};
		uint8_t *copy = malloc(len);
		memcpy(copy, rows[i].text, len);
		size_t got = hk_telno_read(hk_span_of(copy, len), 0, &telno);
		free(copy);
		is_int(got, rows[i].len ? rows[i].len : len, "%s: bytes", rows[i].text);
		is_int(telno.kind, rows[i].kind, "%s: kind", rows[i].text);
		is_str(telno.e164, rows[i].e164, "%s: E.164", rows[i].text);
	}
}

static void
none(void)
{
	static const char *const texts[] = {
		"", "-", "+", "(", "****", "…", "abc", "【", "(a)", "\xff\xfe", "xxxx"};
	hk_telno telno;

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		is_int(hk_telno_read(hk_span_str(texts[i]), 0, &telno), 0, "'%s' is none",
			texts[i]);
	}
}

static void
finding(void)
{
	static const char text[] =
		"お電話は0120-000-000、携帯は090-0000-0001か０７００００００００２。番号ID "
		"1234567890123456、"
		"口座1234567、tel09000000003x、sha0120000000ab、03-0000-0000まで。";
	static const char *const want[] = {
		"+81120000000", "+819000000001", "+817000000002", "+819000000003", "+81300000000"};
	size_t pos = 0, n = 0;
	hk_telno telno;

	while (hk_telno_find(hk_span_str(text), &pos, &telno)) {
		is_str(telno.e164, n < 5 ? want[n] : NULL, "number %zu of a sentence", n + 1);
		n++;
	}
	is_int(n, 5, "five, and no others");
	is_int(pos, strlen(text), "the end is reached");
}

static void
showing(void)
{
	char mask[HK_TELNO_MASK_SIZE], region[8];

	is_str(hk_telno_mask("+819055000000", mask), "090-5500-****", "a mobile number");
	is_str(hk_telno_mask("+81312345678", mask), "031234-****", "a landline");
	is_str(hk_telno_mask("+123456789012345", mask), "+12345678901-****", "abroad");
	static const char *const bad[] = {
		"", "+", "09055000000", "+81905500x000", "+1234567890123456"};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		is_str(hk_telno_mask(bad[i], mask), "****", "'%s' shows nothing", bad[i]);
		is_str(hk_telno_region(bad[i], region), "", "'%s' has no region", bad[i]);
	}
	is_str(hk_telno_mask(NULL, mask), "****", "NULL shows nothing");
	is_str(hk_telno_region("+819055000000", region), "0905500", "the block of a mobile number");
	is_str(hk_telno_region("+886912345678", region), "+886912", "abroad");
}

int
main(void)
{
	reading();
	none();
	finding();
	showing();
	return tap_done();
}
