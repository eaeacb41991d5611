#include "base/codec.h"

#include <stdlib.h>

#include "tap.h"

/* RFC 4648, section 10. */
static const char *const vectors[][2] = {
	{"", ""},
	{"f", "Zg=="},
	{"fo", "Zm8="},
	{"foo", "Zm9v"},
	{"foob", "Zm9vYg=="},
	{"fooba", "Zm9vYmE="},
	{"foobar", "Zm9vYmFy"},
};

static const char *const refused[] = {
	"Zg",
	"Zg=",
	"Zh==",
	"Zm9=",
	"Z===",
	"====",
	"Zg==Zg==",
	"Zm9v\n",
	"Zm9v Zm9v",
	"Zm-_",
	"=m9v",
	"Zm=v",
};

static void
base64(void)
{
	char text[64];
	uint8_t bytes[64];
	size_t len;

	for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
		hk_base64_encode(hk_span_str(vectors[i][0]), text);
		is_str(text, vectors[i][1], "encode vector %zu", i);
		is_int(hk_base64_decode(hk_span_str(text), (uint8_t *)text, &len), HK_OK,
			"decode in place");
		ok(hk_span_eq(hk_span_of(text, len), hk_span_str(vectors[i][0])),
			"back to vector %zu", i);
	}
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
		len = 77;
		is_int(hk_base64_decode(hk_span_str(refused[i]), bytes, &len), HK_EFORM,
			"'%s' is refused", refused[i]);
		is_int(len, 77, "the length is untouched");
	}
	for (int c = 0; c < 256; c++) {
		uint8_t quad[4] = {'A', 'A', 'A', (uint8_t)c};
		bool alphabet = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
				(c >= '0' && c <= '9') || c == '+' || c == '/' || c == '=';
		hk_err err = hk_base64_decode(hk_span_of(quad, 4), bytes, &len);
		if ((err == HK_OK) != alphabet) {
			ok(false, "character %02x", c);
		}
	}
	/* Lengths 0..60 of random bytes, there and back. */
	srand(1);
	bool same = true;
	for (size_t n = 0; n <= 45; n++) {
		for (size_t i = 0; i < n; i++) {
			bytes[i] = (uint8_t)rand();
		}
		hk_base64_encode(hk_span_of(bytes, n), text);
		uint8_t back[64];
		same = same && hk_base64_decode(hk_span_str(text), back, &len) == HK_OK &&
		       hk_span_eq(hk_span_of(back, len), hk_span_of(bytes, n));
	}
	ok(same, "random bytes of 0..45, there and back");
}

static void
hex(void)
{
	uint8_t bytes[3] = {1, 2, 3};
	char text[8];

	is_int(hk_hex_decode(HK_SPAN_LIT("00fFA5"), bytes, 3), HK_OK, "both cases");
	hk_hex_encode(hk_span_of(bytes, 3), text);
	is_str(text, "00ffa5", "lower case out");
	is_int(hk_hex_decode(HK_SPAN_LIT("00ff"), bytes, 3), HK_EFORM, "too short");
	is_int(hk_hex_decode(HK_SPAN_LIT("00ffg0"), bytes, 3), HK_EFORM, "not a digit");
	is_int(bytes[2], 0xA5, "the output is untouched");
}

int
main(void)
{
	base64();
	hex();
	return tap_done();
}
