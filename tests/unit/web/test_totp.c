/* RFC 6238, appendix B (SHA-1), RFC 4226, appendix D, RFC 4648, section 10, and what is no code. */
#include "tap.h"
#include "web/totp.h"

int
main(void)
{
	static const struct {
		int64_t time;
		uint32_t code;
	} vectors[] = {{59, 94287082}, {1111111109, 7081804}, {1111111111, 14050471},
		{1234567890, 89005924}, {2000000000, 69279037}, {20000000000, 65353130}};
	static const uint32_t hotp[] = {
		755224, 287082, 359152, 969429, 338314, 254676, 287922, 162583, 399871, 520489};
	static const char *const bad[] = {"", "12345", "1234567", "12345a", "-12345", "+12345",
		"123 45",
		"\xd9\xa1"
		"12345"};
	hk_span secret = HK_SPAN_LIT("12345678901234567890");
	int64_t step = 0;

	for (size_t i = 0; i < G_N_ELEMENTS(vectors); i++) {
		is_int(hk_totp_code(secret, vectors[i].time / 30, 8), vectors[i].code,
			"RFC 6238 at %lld", (long long)vectors[i].time);
	}
	for (int i = 0; i < 10; i++) {
		is_int(hk_totp_code(secret, i, 6), hotp[i], "RFC 4226, counter %d", i);
	}
	ok(hk_totp_find(secret, "287082", 59000, &step), "the code of now");
	is_int(step, 1, "its step");
	ok(hk_totp_find(secret, "287 082", 89999, &step),
		"a code with a blank, half a minute later");
	ok(hk_totp_find(secret, "287082", 1000, &step), "and half a minute before");
	ok(!hk_totp_find(secret, "287082", 90000, &step), "not a whole minute later");
	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
		ok(!hk_totp_find(secret, bad[i], 59000, &step), "no code: \"%s\"", bad[i]);
	}
	g_autofree char *one = hk_totp_base32(HK_SPAN_LIT("foobar"));
	is_str(one, "MZXW6YTBOI", "base32 of foobar");
	g_autofree char *two = hk_totp_base32(HK_SPAN_LIT("foob"));
	is_str(two, "MZXW6YQ", "base32 of foob");
	g_autofree char *uri = hk_totp_uri(HK_SPAN_LIT("foobar"), "hike shi", "a@b");
	is_str(uri,
		"otpauth://totp/"
		"hike%20shi:a%40b?secret=MZXW6YTBOI&issuer=hike%20shi&algorithm=SHA1&"
		"digits=6&period=30",
		"the URI");
	return tap_done();
}
