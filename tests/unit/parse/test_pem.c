#include "parse/pem.h"

#include <stdio.h>
#include <stdlib.h>

#include "tap.h"

/* What hk_pem_next says of a text, as one string: decoded blocks in hexadecimal, error codes, "." at the end. */
static const char *
said(const char *text)
{
	static char ret[512];
	size_t size = strlen(text);
	/* An exact allocation, so that the sanitizer sees a read one past the end. */
	uint8_t *copy = malloc(size ? size : 1);
	size_t at = 0;
	bool done = false;
	hk_pem pem;

	memcpy(copy, text, size);
	hk_pem_init(&pem, copy, size);
	while (!done && at < sizeof ret - 64) {
		hk_span der = {0};
		hk_err err = hk_pem_next(&pem, &der, &done);
		for (size_t i = 0; err == HK_OK && i < der.len; i++) {
			at += (size_t)snprintf(ret + at, sizeof ret - at, "%02x", der.data[i]);
		}
		at += (size_t)snprintf(ret + at, sizeof ret - at, "%s",
			err != HK_OK ? hk_err_code(err)
			: done       ? "."
				     : "");
		at += (size_t)snprintf(ret + at, sizeof ret - at, "%s", done ? "" : " ");
	}
	free(copy);
	return ret;
}

#define B "-----BEGIN CERTIFICATE-----\n"
#define E "-----END CERTIFICATE-----\n"

static void
rows(void)
{
	static const struct {
		const char *text, *want, *what;
	} table[] = {
		{"", ".", "nothing"},
		{"no PEM here\n", ".", "text only"},
		{B "MAMCAQA=\n" E, "3003020100 .", "one block"},
		{B "MAMCAQA=\n-----END CERTIFICATE-----", "3003020100 .", "no line end at the end"},
		{"Certificate:\n  Data: -----BEGIN CERTIFICATE-----\n" B "MAMCAQA=\n" E,
			"3003020100 .", "a text dump in front"},
		{B "MAMC\nAQA=\n" E "between\n" B "MAMCAQE=\n" E "behind",
			"3003020100 3003020101 .", "two blocks"},
		{"-----BEGIN X509 CERTIFICATE-----\r\nMAMC\r\nAQA=\r\n-----END X509 "
		 "CERTIFICATE-----\r\n",
			"3003020100 .", "old label, CRLF"},
		{"-----BEGIN CERTIFICATE-----\rMAMCAQA=\r-----END CERTIFICATE-----\r",
			"3003020100 .", "CR"},
		{"-----BEGIN CERTIFICATE----- \n MA MC\tAQ\n\n A=\n-----END CERTIFICATE-----\t\n",
			"3003020100 .", "blanks"},
		{"-----BEGIN PUBLIC KEY-----\nMAMCAQA=\n-----END PUBLIC KEY-----\n" B
		 "MAMCAQA=\n" E,
			"3003020100 .", "another label"},
		{"-----BEGIN TRUSTED CERTIFICATE-----\nMAMCAQA=\n-----END TRUSTED "
		 "CERTIFICATE-----\n",
			".", "OpenSSL's own label"},
		{B "MAMCAQA=\n", "truncated .", "no END"},
		{B, "truncated .", "BEGIN only"},
		{B "MAMC\n" B "MAMCAQA=\n" E, "truncated 3003020100 .", "BEGIN inside a block"},
		{B "MAMCAQA=\n-----END X509 CERTIFICATE-----\n" B "MAMCAQE=\n" E,
			"malformed 3003020101 .", "END of another label"},
		{B E, "malformed .", "empty block"},
		{B "\n\n" E, "malformed .", "block of blanks"},
		{B "MAMCAQA\n" E, "malformed .", "no padding"},
		{B "MAMC*QA=\n" E B "MAMCAQA=\n" E, "malformed 3003020100 .", "not base64"},
		{B "Proc-Type: 4,ENCRYPTED\n\nMAMCAQA=\n" E, "malformed .", "a header inside"},
		{" " B "MAMCAQA=\n" E, ".", "BEGIN not at the begin of a line"},
		{"-----BEGIN CERTIFICATE----\nMAMCAQA=\n" E, ".", "BEGIN without all its dashes"},
		{E B "MAMCAQA=\n" E, "3003020100 .", "a stray END"},
	};

	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		is_str(said(table[i].text), table[i].want, "%s", table[i].what);
	}
}

static void
looks(void)
{
	ok(hk_pem_looks(HK_SPAN_LIT("x\n-----BEGIN ")), "looks like PEM");
	ok(!hk_pem_looks(HK_SPAN_LIT("x-----BEGIN ")), "not at the begin of a line");
	ok(!hk_pem_looks(HK_SPAN_LIT("-----BEGIN")), "cut short");
	ok(!hk_pem_looks((hk_span){NULL, 0}), "nothing");
}

static void
no_text(void)
{
	hk_pem pem;
	hk_span der;
	bool done = false;

	hk_pem_init(&pem, NULL, 0);
	ok(hk_pem_next(&pem, &der, &done) == HK_OK && done, "no text at all");
	ok(hk_pem_next(&pem, &der, &done) == HK_OK && done, "and again");
}

/* Every prefix of a real file: at most the one block, and no read over the end. */
static void
prefixes(void)
{
	size_t len;
	uint8_t *text = tap_file("tests/fixtures/x509/ct-go-leaf03.chain.pem", &len);
	unsigned blocks = 0;
	bool ends = true;

	for (size_t n = 0; n <= len; n++) {
		uint8_t *copy = malloc(n ? n : 1);
		unsigned calls = 0;
		bool done = false;
		hk_pem pem;
		hk_span der;
		memcpy(copy, text, n);
		hk_pem_init(&pem, copy, n);
		blocks = 0;
		while (!done && calls++ < 8) {
			blocks += hk_pem_next(&pem, &der, &done) == HK_OK && !done;
		}
		ends = ends && done;
		free(copy);
	}
	ok(ends, "every prefix comes to an end");
	is_int(blocks, 2, "the whole has two blocks");
	free(text);
}

int
main(void)
{
	rows();
	looks();
	no_text();
	prefixes();
	return tap_done();
}
