#include "parse/paste.h"

#include <stdio.h>
#include <stdlib.h>

#include "tap.h"

/* In the vectors a backslash is written twice. */
static size_t
unescape(char *text, size_t len)
{
	size_t out = 0;

	for (size_t i = 0; i < len; i++) {
		text[out++] = text[i];
		i += text[i] == '\\' && i + 1 < len && text[i + 1] == '\\';
	}
	return out;
}

static void
row(char *line)
{
	char host[256];
	char shown[300];
	size_t len = 0;
	char *tab = strchr(line, '\t');

	*tab = '\0';
	size_t text_len = unescape(line, strlen(line));
	/* An exact copy, so that the sanitizer sees a read one past the end. */
	uint8_t *copy = malloc(text_len);
	memcpy(copy, line, text_len);
	hk_err err = hk_paste_host(hk_span_of(copy, text_len), host, sizeof host, &len);
	free(copy);
	snprintf(shown, sizeof shown, "%.*s", (int)len, err == HK_OK ? host : "");
	is_str(err == HK_OK ? shown : hk_err_code(err), tab + 1, "%s", line);
}

static void
vectors(void)
{
	size_t len;
	char *text = (char *)tap_file("tests/vectors/paste.tsv", &len);
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

int
main(void)
{
	char host[8];
	size_t len = 77;
	uint8_t *big = malloc(HK_PASTE_MAX + 1);

	vectors();
	memset(big, 'a', HK_PASTE_MAX + 1);
	is_int(hk_paste_host(hk_span_of(big, HK_PASTE_MAX + 1), host, sizeof host, &len), HK_ELIMIT,
		"a text over the cap");
	is_int(hk_paste_host(HK_SPAN_LIT("evil.example"), host, sizeof host, &len), HK_ELIMIT,
		"a host that does not fit");
	is_int(hk_paste_host(
		       HK_SPAN_LIT("http://a-very-long-user@evil.io"), host, sizeof host, &len),
		HK_OK, "user information may be longer than the host");
	is_int(len, 7, "of which only the host is kept");
	is_int(hk_paste_host(hk_span_of(NULL, 0), host, sizeof host, &len), HK_EFORM, "nothing");
	free(big);
	return tap_done();
}
