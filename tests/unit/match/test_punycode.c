#include "match/punycode.h"

#include <string.h>

#include "tap.h"

/* Samples of RFC 3492 section 7.1 (their lower-case forms) and labels of the public suffix list. */
static const struct {
	const char *label, *ascii;
} good[] = {
	{"example", "example"},
	{"", ""},
	{"a-b_c*", "a-b_c*"},
	{"b\xc3\xbc"
	 "cher",
		"xn--bcher-kva"},
	{"\xe3\x81\xbf\xe3\x82\x93\xe3\x81\xaa", "xn--q9jyb4c"},
	{"\xd1\x80\xd1\x84", "xn--p1ai"},
	{"\xe9\xa6\x99\xe6\xb8\xaf", "xn--j6w193g"},
	{"\xe4\xbb\x96\xe4\xbb\xac\xe4\xb8\xba\xe4\xbb\x80\xe4\xb9\x88\xe4\xb8\x8d\xe8\xaf\xb4\xe4"
	 "\xb8\xad\xe6\x96\x87",
		"xn--ihqwcrb4cv8a8dqg056pqjye"},
	{"maji\xe3\x81\xa7koi\xe3\x81\x99\xe3\x82\x8b"
	 "5\xe7\xa7\x92\xe5\x89\x8d",
		"xn--majikoi5-783gue6qz075azm5e"},
	{"-> $1.00 <-", "-> $1.00 <-"},
};

static const struct {
	const char *label;
	hk_err err;
} bad[] = {
	{"\xff", HK_EFORM},
	{"a\xc3", HK_EFORM},
	{"\xed\xa0\x80", HK_EFORM},
	{"\xc0\x80", HK_EFORM},
	{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", HK_ELIMIT},
	{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\xc3\xbc", HK_ELIMIT},
};

int
main(void)
{
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		char out[HK_PUNYCODE_LABEL_MAX + 1] = {0};
		size_t len = 99;
		hk_err err = hk_punycode_label(
			hk_span_str(good[i].label), out, HK_PUNYCODE_LABEL_MAX, &len);

		is_int(err, HK_OK, "%s encodes", good[i].ascii);
		is_int(len, strlen(good[i].ascii), "%s has its length", good[i].ascii);
		is_str(out, good[i].ascii, "%s is right", good[i].ascii);
		if (len > 0) {
			size_t kept = 99;

			err = hk_punycode_label(hk_span_str(good[i].label), out, len - 1, &kept);
			is_int(err, HK_ELIMIT, "%s needs all its bytes", good[i].ascii);
			is_int(kept, 99, "%s leaves the length alone on failure", good[i].ascii);
		}
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		char out[HK_PUNYCODE_LABEL_MAX];
		size_t len = 0;

		is_int(hk_punycode_label(hk_span_str(bad[i].label), out, sizeof(out), &len),
			bad[i].err, "bad label %zu is refused", i);
	}
	return tap_done();
}
