#include "parse/stixpattern.h"

#include <stdio.h>
#include <stdlib.h>

#include "tap.h"

static hk_stix_term terms[HK_STIXPATTERN_TERMS_MAX];

/* The terms as the vectors write them. */
static void
print(const hk_stix_term *term, size_t count, char *to, size_t room)
{
	static const char *const kinds[] = {"url", "domain", "ipv4", "ipv6", "other"};
	size_t at = 0;

	to[0] = '\0';
	for (size_t i = 0; i < count && at < room; i++) {
		char value[512] = "";
		size_t len = 0;
		hk_err err = hk_stixpattern_text(term[i].value, value, sizeof value, &len);
		if (err != HK_OK) { /* not for escapes of MATCHES only: say so */
			snprintf(value, sizeof value, "(%s)", hk_err_code(err));
		}
		if (term[i].use == HK_STIX_UNEQUAL) {
			snprintf(value, sizeof value, "%.*s", (int)term[i].value.len,
				term[i].value.data ? (const char *)term[i].value.data : "");
		}
		at += (size_t)snprintf(to + at, room - at, "%s%s %s %s", i ? "; " : "",
			kinds[term[i].kind], hk_stix_use_name(term[i].use), value);
	}
}

static void
row(char *line)
{
	static char got[4096];
	size_t count = 0;
	char *tab = strchr(line, '\t');

	*tab = '\0';
	size_t len = strlen(line);
	/* An exact copy, so that the sanitizer sees a read one past the end. */
	uint8_t *copy = malloc(len ? len : 1);
	memcpy(copy, line, len);
	hk_err err =
		hk_stixpattern_read(hk_span_of(copy, len), terms, HK_STIXPATTERN_TERMS_MAX, &count);
	if (err == HK_OK) {
		print(terms, count, got, sizeof got);
	}
	is_str(err == HK_OK ? got : hk_err_code(err), tab + 1, "%s", line);
	free(copy);
}

static void
vectors(void)
{
	size_t len;
	char *text = (char *)tap_file("tests/vectors/stixpattern.tsv", &len);
	char *line = text;

	while (*line != '\0') {
		char *feed = strchr(line, '\n');
		*feed = '\0';
		if (*line != '#') {
			row(line);
		}
		line = feed + 1;
	}
	free(text);
}

/* open x n, [url:value='a'], close x n */
static hk_err
nested(size_t n, char open, char close)
{
	char text[256];
	size_t at = 0;
	size_t count;

	for (size_t i = 0; i < n; i++) {
		text[at++] = open;
	}
	at += (size_t)snprintf(text + at, sizeof text - at, "[url:value='a']");
	for (size_t i = 0; i < n; i++) {
		text[at++] = close;
	}
	return hk_stixpattern_read(hk_span_of(text, at), terms, HK_STIXPATTERN_TERMS_MAX, &count);
}

static void
caps(void)
{
	size_t count = 77;
	char small[4];
	size_t len = 77;
	uint8_t *big = calloc(1, HK_STIXPATTERN_BYTES_MAX + 1);

	is_int(nested(HK_STIXPATTERN_DEPTH_MAX - 1, '(', ')'), HK_OK, "as deep as allowed");
	is_int(nested(HK_STIXPATTERN_DEPTH_MAX, '(', ')'), HK_ELIMIT, "one deeper");
	is_int(hk_stixpattern_read(hk_span_of(big, HK_STIXPATTERN_BYTES_MAX + 1), terms, 1, &count),
		HK_ELIMIT, "longer than the cap");
	is_int(hk_stixpattern_read(HK_SPAN_LIT("[url:value IN ('a','b')]"), terms, 1, &count),
		HK_ELIMIT, "more terms than there is room for");
	is_int(count, 77, "outputs are untouched on failure");
	is_int(hk_stixpattern_text(HK_SPAN_LIT("abcd"), small, sizeof small, &len), HK_ELIMIT,
		"a value that does not fit");
	is_int(hk_stixpattern_text(HK_SPAN_LIT("abc"), small, sizeof small, &len), HK_OK, "fits");
	is_int(hk_stixpattern_text(hk_span_of("a\0b", 3), small, sizeof small, &len), HK_EFORM,
		"a NUL is no text");
	is_int(hk_stixpattern_text(HK_SPAN_LIT("a\\"), small, sizeof small, &len), HK_EFORM,
		"a lone backslash");
	free(big);
}

int
main(void)
{
	vectors();
	caps();
	return tap_done();
}
