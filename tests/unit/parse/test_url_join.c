#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parse/url.h"
#include "sys/uts46.h"
#include "tap.h"

/* A byte is written as \xNN, a backslash twice. */
static size_t
unescape(char *text)
{
	size_t out = 0;

	for (size_t i = 0; text[i]; i++) {
		if (text[i] == '\\' && text[i + 1] == 'x') {
			char digits[3] = {text[i + 2], text[i + 3], '\0'};
			text[out++] = (char)strtol(digits, NULL, 16);
			i += 3;
		} else {
			text[out++] = text[i];
			i += text[i] == '\\';
		}
	}
	text[out] = '\0';
	return out;
}

static void
row(char *base_text, char *ref, const char *want)
{
	static hk_url base, got;
	char name[300];

	snprintf(name, sizeof name, "%.100s + '%.150s'", base_text, ref);
	size_t len = unescape(ref);
	uint8_t *copy = malloc(len ? len : 1);
	memcpy(copy, ref, len);
	if (!ok(hk_url_parse(hk_span_str(base_text), NULL, NULL, &base) == HK_OK, "base")) {
		free(copy);
		return;
	}
	hk_err err = hk_url_join(&base, hk_span_of(copy, len), hk_uts46_to_ascii, NULL, &got);
	is_str(err == HK_OK ? got.text : "!", want, "%s", name);
	free(copy);
}

static void
limits(void)
{
	static hk_url base, got;
	static char text[HK_URL_TEXT_MAX + 2];

	memset(text, 'a', sizeof text);
	ok(hk_url_parse(HK_SPAN_LIT("http://evil.example/"), NULL, NULL, &base) == HK_OK, "base");
	is_int(hk_url_join(&base, hk_span_of(text, HK_URL_TEXT_MAX), NULL, NULL, &got), HK_ELIMIT,
		"a reference that is too long");
	is_int(hk_url_join(&base, hk_span_of(text, HK_URL_MAX - 30), NULL, NULL, &got), HK_OK,
		"one that fits");
	is_int(hk_url_join(&base, hk_span_of(text, HK_URL_MAX - 10), NULL, NULL, &got), HK_ELIMIT,
		"one that fits, but not together");
}

int
main(void)
{
	size_t len;
	char *text = (char *)tap_file("tests/vectors/urljoin.tsv", &len);

	for (char *line = text, *feed; *line; line = feed + 1) {
		feed = strchr(line, '\n');
		*feed = '\0';
		if (*line != '#') {
			char *ref = strchr(line, '\t');
			*ref++ = '\0';
			char *want = strrchr(ref, '\t');
			*want++ = '\0';
			row(line, ref, want);
		}
	}
	free(text);
	limits();
	return tap_done();
}
