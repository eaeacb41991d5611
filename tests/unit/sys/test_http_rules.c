/* The pure rules of sys/http: Retry-After in all its forms, URLs, contacts. */
#include <stdlib.h>
#include <string.h>

#include "sys/gerr.h"
#include "sys/http.h"

#include "tap.h"

static void
retry_row(char *line)
{
	char *now = strchr(line, '\t');
	char *want = now ? strchr(now + 1, '\t') : NULL;
	int64_t got = -1;

	if (!want) {
		ok(false, "a row has three columns: %s", line);
		return;
	}
	*now++ = *want++ = '\0';
	bool good = hk_http_retry_after(hk_span_str(line), strtoll(now, NULL, 10), &got);
	is_int(good ? got : -1, *want == '-' ? -1 : strtoll(want, NULL, 10),
		"Retry-After '%s' at %s", line, now);
}

static void
retry_vectors(void)
{
	size_t len;
	char *text = (char *)tap_file("tests/vectors/retry.tsv", &len);
	char *save = NULL;

	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		/* An empty value makes a row that starts with the tab. */
		if (*line != '#') {
			retry_row(line);
		}
	}
	free(text);
}

static const struct {
	const char *url;
	bool good;
} urls[] = {
	{"https://log.test/2026h2/", true},
	{"https://log.test:8443/x?start=1", true},
	{"http://127.0.0.1:8080/checkpoint", true},
	{"http://127.8.9.10/", true},
	{"http://localhost:1/", true},
	{"http://[::1]:8080/x", true},
	{"http://log.test/", false},
	{"http://128.0.0.1/", false},
	{"http://127.0.0.1.evil.test/", false},
	{"http://localhost.evil.test/", false},
	{"http://127.0.0.1@evil.test/", false},
	{"https://user@log.test/", false},
	{"ftp://127.0.0.1/", false},
	{"file:///etc/passwd", false},
	{"log.test", false},
	{"https://", false},
	{"https:///x", false},
	{"https://log.test/a b", false},
	{"https://log.test/a#b", false},
	{"http://127.0.0.1\\@evil.test/", false},
	{"", false},
};

static const struct {
	const char *contact;
	bool good;
} contacts[] = {
	{"csirt@mihon-bank.example", true},
	{"https://csirt.mihon-bank.example/ct", true},
	{"you@bank.test", false},
	{"test@bank.test", false},
	{"soc@example.com", false},
	{"soc@EXAMPLE.org", false},
	{"https://example.com/contact", false},
	{"http://csirt.mihon-bank.example/", false},
	{"csirt", false},
	{"@mihon-bank.example", false},
	{"csirt@", false},
	{"csirt@a b.test", false},
	{"csirt@bank.test\r\nX: y", false},
	{"https://", false},
	{"", false},
};

int
main(void)
{
	retry_vectors();
	for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
		g_autoptr(GError) error = NULL;
		ok(hk_http_url_check(urls[i].url, &error) == urls[i].good, "URL '%s'", urls[i].url);
		is_int(hk_error_code(error), urls[i].good ? HK_OK : HK_EPOLICY, "its code");
		bool plain =
			g_str_has_prefix(urls[i].url, "http://") && !strpbrk(urls[i].url, "@\\");
		ok(hk_http_url_check_plain(urls[i].url, NULL) == (urls[i].good || plain),
			"plain URL '%s'", urls[i].url);
	}
	for (size_t i = 0; i < sizeof contacts / sizeof *contacts; i++) {
		g_autoptr(GError) error = NULL;
		ok(hk_http_contact_check(contacts[i].contact, &error) == contacts[i].good,
			"contact '%s'", contacts[i].contact);
		is_int(hk_error_code(error), contacts[i].good ? HK_OK : HK_EUSAGE, "its code");
	}
	return tap_done();
}
