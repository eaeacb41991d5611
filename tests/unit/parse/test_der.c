#include "parse/der.h"

#include <stdlib.h>

#include "tap.h"

/* tests/vectors/der_length.tsv: hexadecimal input, what hk_der_next says, content length, whether it is lax.
 * tests/vectors/der_time.tsv: tag, text, what hk_der_time says, seconds, whether it is lax. */

static char *
field(char **line)
{
	char *start = *line;
	char *tab = strchr(start, '\t');

	if (tab) {
		*tab = '\0';
		*line = tab + 1;
	} else {
		*line = start + strlen(start);
	}
	return start;
}

static void
each_row(const char *path, void (*fn)(char *line))
{
	size_t len;
	char *text = (char *)tap_file(path, &len);

	for (char *line = text, *next; *line; line = next) {
		char *end = strchr(line, '\n');
		next = end ? end + 1 : line + strlen(line);
		if (end) {
			*end = '\0';
		}
		if (*line && *line != '#') {
			fn(line);
		}
	}
	free(text);
}

static void
length_row(char *line)
{
	const char *hex = field(&line);
	const char *code = field(&line);
	size_t len = (size_t)strtoul(field(&line), NULL, 10);
	bool want_lax = strcmp(field(&line), "lax") == 0;
	size_t size = strlen(hex) / 2;
	/* An exact allocation, so that the sanitizer sees a read one past the end. */
	uint8_t *bytes = malloc(size ? size : 1);
	bool lax = false;
	hk_der der = {.tag = 0xEE};

	for (size_t i = 0; i < size; i++) {
		char pair[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
		bytes[i] = (uint8_t)strtoul(pair, NULL, 16);
	}
	hk_cur cur = hk_cur_of(hk_span_of(bytes, size));
	hk_err err = hk_der_next(&cur, &der, &lax);
	is_str(hk_err_code(err), code, "%s", hex);
	if (err == HK_OK) {
		is_int(der.content.len, len, "%s: content", hex);
		is_int(der.tag, bytes[0], "%s: tag", hex);
		ok(der.whole.data == bytes && der.whole.data + der.whole.len == cur.at, "%s: whole",
			hex);
		is_int(lax, want_lax, "%s: lax", hex);
	} else {
		ok(cur.at == bytes && der.tag == 0xEE, "%s: nothing moved", hex);
	}
	free(bytes);
}

static void
time_row(char *line)
{
	bool utc = strcmp(field(&line), "utc") == 0;
	const char *text = field(&line);
	const char *code = field(&line);
	int64_t want = strtoll(field(&line), NULL, 10);
	bool want_lax = strcmp(field(&line), "lax") == 0;
	hk_der time = {.tag = utc ? HK_DER_UTC_TIME : HK_DER_GENERALIZED_TIME,
		.content = hk_span_str(text)};
	bool lax = false;
	int64_t got = 42;
	hk_err err = hk_der_time(&time, &got, &lax);

	is_str(hk_err_code(err), code, "%s %s", utc ? "utc" : "gen", text);
	is_int(got, err == HK_OK ? want : 42, "%s: seconds", text);
	if (err == HK_OK) {
		is_int(lax, want_lax, "%s: lax", text);
	}
}

static void
expected_tags(void)
{
	static const uint8_t bytes[] = {0x30, 0x03, 0x02, 0x01, 0x05, 0x04, 0x00};
	hk_cur cur = hk_cur_of(hk_span_of(bytes, sizeof bytes));
	hk_der der;
	bool lax = false;

	ok(hk_der_at(&cur, HK_DER_SEQUENCE) && !hk_der_at(&cur, HK_DER_SET), "at");
	is_int(hk_der_get(&cur, HK_DER_SET, &der, &lax), HK_EFORM, "another tag");
	is_int(hk_cur_left(&cur), sizeof bytes, "nothing moved");
	is_int(hk_der_get(&cur, HK_DER_SEQUENCE, &der, &lax), HK_OK, "the tag");
	hk_cur inside = hk_cur_of(der.content);
	is_int(hk_der_get(&inside, HK_DER_INTEGER, &der, &lax), HK_OK, "the element inside");
	is_int(hk_der_get(&inside, HK_DER_INTEGER, &der, &lax), HK_ETRUNC, "no further one inside");
	is_int(hk_der_get(&cur, HK_DER_OCTET_STRING, &der, &lax), HK_OK, "an empty one outside");
	is_int(der.content.len, 0, "it is empty");
	ok(!hk_der_at(&cur, HK_DER_OCTET_STRING), "nothing is at the end");
	ok(!lax, "all of it is DER");
}

static void
integers(void)
{
	static const struct {
		const char *bytes;
		size_t len;
		hk_err err;
		uint64_t value;
		bool lax;
	} rows[] = {
		{"", 0, HK_EFORM, 0, false},
		{"\x00", 1, HK_OK, 0, false},
		{"\x7F", 1, HK_OK, 127, false},
		{"\x80", 1, HK_ERANGE, 0, false},
		{"\x00\x80", 2, HK_OK, 128, false},
		{"\x00\x7F", 2, HK_OK, 127, true},
		{"\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 8, HK_OK, INT64_MAX, false},
		{"\x00\x80\x00\x00\x00\x00\x00\x00\x00", 9, HK_ERANGE, 0, false},
		{"\x01\x00\x00\x00\x00\x00\x00\x00\x00", 9, HK_ERANGE, 0, false},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		uint64_t value = 7;
		bool lax = false;
		is_int(hk_der_uint(hk_span_of(rows[i].bytes, rows[i].len), &value, &lax),
			rows[i].err, "integer %zu", i);
		is_int(value, rows[i].err == HK_OK ? rows[i].value : 7, "integer %zu: value", i);
		is_int(lax, rows[i].lax, "integer %zu: lax", i);
	}
}

static void
booleans_and_bits(void)
{
	bool value = true;
	bool lax = false;
	hk_span octets = {0};
	uint8_t unused = 9;

	ok(hk_der_bool(HK_SPAN_LIT("\x00"), &value, &lax) == HK_OK && !value && !lax, "false");
	ok(hk_der_bool(HK_SPAN_LIT("\xFF"), &value, &lax) == HK_OK && value && !lax, "true");
	ok(hk_der_bool(HK_SPAN_LIT("\x01"), &value, &lax) == HK_OK && value && lax, "true in BER");
	is_int(hk_der_bool(HK_SPAN_LIT(""), &value, &lax), HK_EFORM, "no octet");
	is_int(hk_der_bool(HK_SPAN_LIT("\xFF\xFF"), &value, &lax), HK_EFORM, "two octets");
	lax = false;
	ok(hk_der_bits(HK_SPAN_LIT("\x00"), &octets, &unused, &lax) == HK_OK && octets.len == 0 &&
			unused == 0,
		"no bits");
	ok(hk_der_bits(HK_SPAN_LIT("\x03\xA8"), &octets, &unused, &lax) == HK_OK &&
			octets.len == 1 && unused == 3 && !lax,
		"five bits");
	ok(hk_der_bits(HK_SPAN_LIT("\x03\xA9"), &octets, &unused, &lax) == HK_OK && lax,
		"unused bits that are not zero");
	is_int(hk_der_bits(HK_SPAN_LIT(""), &octets, &unused, &lax), HK_EFORM, "no octet");
	is_int(hk_der_bits(HK_SPAN_LIT("\x08\x00"), &octets, &unused, &lax), HK_EFORM,
		"eight unused bits");
	is_int(hk_der_bits(HK_SPAN_LIT("\x01"), &octets, &unused, &lax), HK_EFORM,
		"unused bits of nothing");
}

static void
headers(void)
{
	static const size_t lens[] = {
		0, 1, 127, 128, 255, 256, 65535, 65536, 16777215, 16777216, 4294967295};
	static const size_t sizes[] = {2, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6};

	for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
		uint8_t head[HK_DER_HEADER_MAX];
		size_t head_len, len = lens[i];
		bool lax = false;
		size_t size = hk_der_header(HK_DER_SEQUENCE, lens[i], head);
		is_int(size, sizes[i], "header for %zu", lens[i]);
		if (head[1] >= 0x80) {
			ok(hk_der_length_(head, size, &head_len, &len, &lax) == HK_OK &&
					head_len == size && !lax,
				"it is read back as DER");
		} else {
			len = head[1];
		}
		is_int(len, lens[i], "it says %zu", lens[i]);
	}
}

int
main(void)
{
	each_row("tests/vectors/der_length.tsv", length_row);
	each_row("tests/vectors/der_time.tsv", time_row);
	expected_tags();
	integers();
	booleans_and_bits();
	headers();
	return tap_done();
}
