/* sys/mask: numbers and mail addresses of people in texts of strangers. */
#include <string.h>

#include <glib.h>

#include "sys/mask.h"
#include "tap.h"

static void
phones(void)
{
	static const struct {
		const char *text, *masked;
	} rows[] = {
		{"", ""},
		{"09055000000", "0905500****"},
		{"090-5500-0000", "090-5500-****"},
		{"090 5500 0000まで", "090 5500 ****まで"},
		{"(03) 5500-0000", "(03) 5500-0***"},
		{"+819055000000", "+8190550*****"},
		{"+81 90-5500-0000", "+81 90-550*-****"},
		{"００８１９０５５００００００", "００８１９０５*******"},
		{"０９０－５５００－００００", "０９０－５５００－****"},
		{"090\xe2\x80\x8b"
		 "5500\xe2\x80\x8b"
		 "0000",
			"090\xe2\x80\x8b"
			"5500\xe2\x80\x8b****"},
		{"09055000000,09055000001", "0905500****,0905500****"},
		{"09055000000 09055000001", "0905500**** ***********"},
		{"0 9 0 5 5 0 0 0 0 0 0", "0 9 0 5 5 0 0 * * * *"},
		{"8190 5500 0000", "8190 550* ****"},
		{"090-5500-****", "090-5500-****"},
		{"090-5500-****-1234", "090-5500-****-1234"},
		{"2024-12-12 18:15:14", "2024-12-12 18:15:14"},
		{"合計 1,234,567,890 円", "合計 1,234,567,890 円"},
		{"番号123456789", "番号123456789"},
		{"\xff"
		 "09055000000",
			"\xef\xbf\xbd"
			"0905500****"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *got = hk_mask_phone(rows[i].text);
		is_str(got, rows[i].masked, "%s", rows[i].text);
		g_autofree char *again = hk_mask_phone(got);
		is_str(again, got, "what is masked stays as it is");
	}
}

static void
mails(void)
{
	static const struct {
		const char *text, *masked;
	} rows[] = {
		{"taro@bank.example", "t***@bank.example"},
		{"to: taro.yamada@bank.example,x@y", "to: t***@bank.example,x***@y"},
		{"山田@bank.example", "山***@bank.example"},
		{"taro＠bank.example 090-5500-0000", "t***@bank.example 090-5500-****"},
		{"a @ b", "a @ b"},
		{"@", "@"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *got = hk_mask_all(rows[i].text);
		is_str(got, rows[i].masked, "%s", rows[i].text);
	}
}

/* Whatever stands around it and between its digits: the last four are never there. */
static void
never(void)
{
	static const char *const between[] = {"", "-", " ", "－", "　", ") ", ".", "ー", "--"};
	static const char *const around[] = {"", "電話", "&", "「", "https://t.test/", "x", "+"};
	unsigned shown = 0;

	for (size_t i = 0; i < G_N_ELEMENTS(between); i++) {
		for (size_t k = 0; k < G_N_ELEMENTS(around); k++) {
			g_autofree char *text = g_strconcat(around[k], "090", between[i], "5512",
				between[i], "9876", around[k], NULL);
			g_autofree char *got = hk_mask_all(text);
			shown += strstr(got, "9876") != NULL;
		}
	}
	is_int(shown, 0, "no form shows the end of a number");
}

int
main(void)
{
	phones();
	mails();
	never();
	return tap_done();
}
