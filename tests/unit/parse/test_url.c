#include "parse/url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sys/uts46.h"
#include "tap.h"

static const char *const faults[] = {
	"none", "empty", "long", "scheme", "mail", "no-dot", "host", "idn", "ip", "port"};

static int
hex(char c)
{
	return c >= 'a' ? c - 'a' + 10 : c - '0';
}

/* In the vectors a backslash is written twice, a byte as \xNN. */
static size_t
unescape(char *text)
{
	size_t out = 0;

	for (size_t i = 0; text[i] != '\0'; i++) {
		if (text[i] == '\\' && text[i + 1] == 'x') {
			text[out++] = (char)(hex(text[i + 2]) << 4 | hex(text[i + 3]));
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
parse(hk_span text, char *shown, size_t max)
{
	static hk_url url;
	static hk_url again;

	snprintf(shown, max, "!");
	if (hk_url_parse(text, hk_uts46_to_ascii, NULL, &url) != HK_OK) {
		return;
	}
	snprintf(shown, max, "%s", url.text);
	if (hk_url_parse(hk_span_of(url.text, url.len), hk_uts46_to_ascii, NULL, &again) != HK_OK ||
		strcmp(again.text, url.text) != 0 || strcmp(again.host, url.host) != 0) {
		snprintf(shown, max, "parsed again it is %s", again.text);
	}
}

static void
refang(hk_span text, char *shown, size_t max)
{
	size_t len = 0;

	if (hk_url_refang(text, shown, max - 1, &len) != HK_OK) {
		len = 1;
		shown[0] = '!';
	}
	shown[len] = '\0';
}

static void
both(hk_span text, char *shown, size_t max)
{
	static hk_url url;
	hk_url_fault fault;

	if (hk_url_read(text, hk_uts46_to_ascii, NULL, &url, &fault) == HK_OK) {
		snprintf(shown, max, "%s %u", url.text, url.odd);
	} else {
		snprintf(shown, max, "!%s", faults[fault]);
	}
}

static void
find(hk_span text, bool bare, char *shown, size_t max)
{
	hk_span found;
	size_t pos = 0;
	size_t len = 0;

	shown[0] = '\0';
	while (hk_url_find(text, bare, &pos, &found)) {
		len += (size_t)snprintf(shown + len, max - len, "%s%.*s", len > 0 ? " | " : "",
			(int)found.len, (const char *)found.data);
	}
}

static void
row(char *line)
{
	static char shown[HK_URL_TEXT_MAX];
	char name[400];
	char *text = strchr(line, '\t') + 1;
	char *want = strchr(text, '\t') + 1;

	want[-1] = '\0';
	snprintf(name, sizeof name, "%.390s", line);
	text[-1] = '\0';
	size_t len = unescape(text);
	unescape(want);
	/* An exact copy, so that the sanitizer sees a read one past the end. */
	uint8_t *copy = malloc(len > 0 ? len : 1);
	memcpy(copy, text, len);
	hk_span span = hk_span_of(copy, len);
	if (strcmp(line, "parse") == 0) {
		parse(span, shown, sizeof shown);
	} else if (strcmp(line, "refang") == 0) {
		refang(span, shown, sizeof shown);
	} else if (strcmp(line, "read") == 0) {
		both(span, shown, sizeof shown);
	} else {
		find(span, strcmp(line, "bare") == 0, shown, sizeof shown);
	}
	free(copy);
	is_str(shown, want, "%s", name);
}

static void
vectors(void)
{
	size_t len;
	char *text = (char *)tap_file("tests/vectors/url.tsv", &len);
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

static void
limits(void)
{
	static hk_url url;
	static char text[HK_URL_TEXT_MAX + 2];
	hk_url_fault fault;
	size_t len = 5;
	char small[8];

	memset(text, 'a', sizeof text);
	memcpy(text, "http://evil.example/", 20);
	is_int(hk_url_parse(hk_span_of(text, HK_URL_MAX), NULL, NULL, &url), HK_OK,
		"as long as may be");
	is_int(url.len, HK_URL_MAX, "all of it");
	is_int(hk_url_parse(hk_span_of(text, HK_URL_MAX + 1), NULL, NULL, &url), HK_ELIMIT,
		"one more is too long");
	is_int(url.len, HK_URL_MAX, "and nothing was written");
	is_int(hk_url_read(hk_span_of(text, HK_URL_TEXT_MAX + 1), NULL, NULL, &url, &fault),
		HK_ELIMIT, "a text over the cap");
	is_int(fault, HK_URL_FAULT_LONG, "is too long");
	memset(text + 20, ' ', 3000);
	is_int(hk_url_parse(hk_span_of(text, 20 + 3000), NULL, NULL, &url), HK_OK,
		"blanks at the end do not count");
	text[20 + 3000] = 'b';
	is_int(hk_url_parse(hk_span_of(text, 20 + 3001), NULL, NULL, &url), HK_ELIMIT,
		"blanks that are encoded do");
	is_int(hk_url_refang(HK_SPAN_LIT("hxxp://evil.example"), small, sizeof small, &len),
		HK_ELIMIT, "no room");
	is_int(len, 5, "the length is untouched");
	is_int(hk_url_parse(HK_SPAN_LIT("http://みほん.example"), NULL, NULL, &url), HK_EFORM,
		"without a mapper only ASCII passes");
	is_int(hk_url_parse(HK_SPAN_LIT("http://xn--a.example"), NULL, NULL, &url), HK_OK,
		"and A-labels are believed");
	is_int(hk_url_read(hk_span_of(NULL, 0), NULL, NULL, &url, NULL), HK_EFORM, "nothing");
	is_int(hk_url_parse(HK_SPAN_LIT("https://evil.example:444/a"), NULL, NULL, &url), HK_OK,
		"the parts");
	ok(url.https && url.port == 444 && !url.is_ip, "scheme and port");
	is_str(url.host, "evil.example", "host");
	is_str(url.text + url.path, "/a", "path");
	is_int(hk_url_parse(HK_SPAN_LIT("http://[::1]"), NULL, NULL, &url), HK_OK, "IPv6");
	is_str(url.host, "::1", "without brackets");
}

/* Mails and lists bring such texts by the hundred: were each blank to look at all that follow, this would take minutes. */
static void
blanks(void)
{
	static char text[HK_URL_TEXT_MAX];
	static hk_url url;
	unsigned refused = 0;

	memset(text, ' ', sizeof text);
	memcpy(text, "http://a", 8);
	text[sizeof text - 1] = 'b';
	for (unsigned i = 0; i < 400; i++) {
		refused += hk_url_read(hk_span_of(text, sizeof text), NULL, NULL, &url, NULL) ==
			   HK_ELIMIT;
	}
	is_int(refused, 400, "400 times 16,000 blanks inside a host");
	memcpy(text + 8, "   [.]   ", 9);
	memcpy(text + 17, "evil   .   example", 18);
	is_int(hk_url_read(hk_span_of(text, 35), NULL, NULL, &url, NULL), HK_OK,
		"blanks around dots");
	is_str(url.host, "a.evil.example", "belong to them");
}

int
main(void)
{
	vectors();
	limits();
	blanks();
	return tap_done();
}
