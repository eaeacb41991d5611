#include "sys/idn.h"

#include <stdio.h>
#include <string.h>

#include "tap.h"

static void
both_ways(const char *unicode, const char *ascii)
{
	char out[HK_IDN_TEXT_MAX + 1];
	size_t len = 0;

	is_int(hk_idn_to_ascii(hk_span_str(unicode), out, 255, &len), HK_OK, "%s has A-labels",
		unicode);
	out[len] = '\0';
	is_str(out, ascii, "%s", ascii);
	is_int(hk_idn_to_unicode(hk_span_str(ascii), out, HK_IDN_TEXT_MAX, &len), HK_OK,
		"and back");
	out[len] = '\0';
	is_str(out, unicode, "%s", unicode);
}

int
main(void)
{
	char out[HK_IDN_TEXT_MAX + 1];
	size_t len = 7;

	both_ways("みほん銀行.example", "xn--79jh5d0301cexk.example");
	both_ways("www.bücher.example", "www.xn--bcher-kva.example");
	is_int(hk_idn_to_ascii(hk_span_str("ＢＡＮＫ。EXAMPLE"), out, 255, &len), HK_OK,
		"wide letters and stops are mapped");
	out[len] = '\0';
	is_str(out, "bank.example", "to plain ones");
	is_int(hk_idn_to_ascii(hk_span_str(""), out, 255, &len), HK_EFORM, "nothing is no name");
	is_int(hk_idn_to_ascii(hk_span_of("a\0b", 3), out, 255, &len), HK_EFORM, "nor a NUL");
	is_int(hk_idn_to_ascii(hk_span_of("\xff", 1), out, 255, &len), HK_EFORM,
		"nor what is not UTF-8");
	is_int(hk_idn_to_ascii(hk_span_str("みほん"), out, 5, &len), HK_ELIMIT, "no room");
	len = 7;
	is_int(hk_idn_to_unicode(hk_span_str("www.mihon.example"), out, 255, &len), HK_ENOENT,
		"nothing to decode");
	is_int(hk_idn_to_unicode(hk_span_str("xn--.xn--a-.xn--99999999.x"), out, 255, &len),
		HK_ENOENT, "nothing that can be decoded");
	is_int(len, 7, "the length is untouched");
	is_int(hk_idn_to_unicode(hk_span_str("xn--!!.xn--bcher-kva"), out, 255, &len), HK_OK,
		"one label that can");
	out[len] = '\0';
	is_str(out, "xn--!!.bücher", "the other stays");
	is_int(hk_idn_to_unicode(hk_span_str("a.xn--bcher-kva"), out, 5, &len), HK_ELIMIT,
		"no room");
	return tap_done();
}
