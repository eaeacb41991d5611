#include "flow/victim.h"

#include <glib.h>
#include <string.h>

#include "base/codec.h"

enum { URL_MAX = 8192, WORD_MIN = 8, WORD_MAX = 1024, PHONE_MIN = 10, PHONE_MAX = 15 };

/* Parameters that say whose they are. */
static const char *const names[] = {"account", "email", "e-mail", "login", "mail", "mobile",
	"msisdn", "phone", "tel", "token", "uid", "user", "userid", "username"};

static bool
is_local(char c)
{
	return g_ascii_isalnum(c) || (c && strchr("._+-", c));
}

/* At '@': something before it, behind it a name with a dot whose last label is letters. */
static bool
is_mail(const char *text, const char *at)
{
	const char *end = at + 1, *dot = NULL;

	if (at == text || !is_local(at[-1])) {
		return false;
	}
	for (; g_ascii_isalnum(*end) || *end == '-' || *end == '.'; end++) {
		dot = *end == '.' && g_ascii_isalpha(end[1]) && g_ascii_isalpha(end[2]) ? end : dot;
	}
	return dot && dot > at + 1;
}

static bool
has_mail(const char *text)
{
	for (const char *at = strchr(text, '@'); at; at = strchr(at + 1, '@')) {
		if (is_mail(text, at)) {
			return true;
		}
	}
	return false;
}

/* A run of digits and hyphens: a mobile number of Japan (070, 080, 090 ..., or with 81), or any with a plus sign. A time since 1970 is none. */
static bool
is_phone(const char *run, size_t len, bool plus)
{
	char digits[PHONE_MAX + 1];
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (run[i] != '-' && n < sizeof digits) {
			digits[n++] = run[i];
		}
	}
	if (n < PHONE_MIN || n > PHONE_MAX) {
		return false;
	}
	return plus || (n == 11 && digits[0] == '0' && digits[1] >= '5' && digits[2] == '0') ||
	       (n == 12 && memcmp(digits, "81", 2) == 0 && digits[2] >= '5' && digits[3] == '0');
}

static bool
has_phone(const char *text)
{
	for (const char *at = text; *at;) {
		size_t len = strspn(at, "0123456789-");
		bool apart = at == text || !g_ascii_isalnum(at[-1]);
		if (len >= PHONE_MIN && apart && !g_ascii_isalpha(at[len]) &&
			is_phone(at, len, at > text && at[-1] == '+')) {
			return true;
		}
		at += len > 0 ? len : 1;
	}
	return false;
}

static bool
is_word(char c)
{
	return g_ascii_isalnum(c) || (c && strchr("+/_-", c));
}

/* A mail address in base64, of either alphabet, padded or not. */
static bool
hides_mail(const char *word, size_t len)
{
	char padded[WORD_MAX + 4];
	uint8_t plain[WORD_MAX + 1];
	size_t n = 0, got = 0;

	if (len < WORD_MIN || len > WORD_MAX || len % 4 == 1) {
		return false;
	}
	for (; n < len; n++) {
		padded[n] = word[n] == '-' ? '+' : word[n] == '_' ? '/' : word[n];
	}
	while (n % 4 != 0) {
		padded[n++] = '=';
	}
	if (hk_base64_decode((hk_span){(const uint8_t *)padded, n}, plain, &got) != HK_OK) {
		return false;
	}
	plain[got] = '\0';
	return strlen((const char *)plain) == got && has_mail((const char *)plain);
}

static bool
has_hidden(const char *text)
{
	for (const char *at = text; *at;) {
		size_t len = 0;
		while (is_word(at[len])) {
			len++;
		}
		/* A path's words are between slashes, which are digits of base64 as well: the whole, and what is behind the last one. */
		size_t last = len;
		while (last > 0 && at[last - 1] != '/') {
			last--;
		}
		if (hides_mail(at, len) || hides_mail(at + last, len - last)) {
			return true;
		}
		at += len > 0 ? len : 1;
	}
	return false;
}

static bool
is_name(const char *name, size_t len)
{
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		if (strlen(names[i]) == len && g_ascii_strncasecmp(names[i], name, len) == 0) {
			return true;
		}
	}
	return false;
}

/* "?name=value" with a value. */
static bool
has_name(const char *text)
{
	for (const char *at = strpbrk(text, "?&#;"); at; at = strpbrk(at + 1, "?&#;")) {
		size_t len = strcspn(at + 1, "=&#;");
		const char *value = at + 1 + len;
		if (*value == '=' && value[1] && !strchr("&#;", value[1]) && is_name(at + 1, len)) {
			return true;
		}
	}
	return false;
}

/* Percent signs taken out, as often as they are in there twice; a NUL ends it. */
static void
decode(char *text)
{
	char *to = text;

	for (const char *at = text; *at; at++) {
		uint8_t byte;
		bool is = *at == '%' && at[1] && at[2] &&
			  hk_hex_decode((hk_span){(const uint8_t *)at + 1, 2}, &byte, 1) == HK_OK;
		*to++ = is ? (char)byte : *at;
		at += is ? 2 : 0;
	}
	*to = '\0';
}

bool
hk_victim_in_url(const char *url)
{
	const char *at = strstr(url, "://");
	const char *behind = at ? at + 3 : url;
	g_autofree char *text = g_strndup(
		behind + strcspn(behind, "/?#"), strnlen(behind + strcspn(behind, "/?#"), URL_MAX));

	if (has_name(text)) {
		return true;
	}
	for (int times = 0; times < 2; times++) {
		decode(text);
		if (has_mail(text) || has_phone(text) || has_hidden(text)) {
			return true;
		}
	}
	return false;
}

char *
hk_victim_without(const char *url)
{
	const char *at = strstr(url, "://");
	size_t host = at ? (size_t)(at + 3 - url) : 0;

	if (!hk_victim_in_url(url)) {
		return g_strdup(url);
	}
	g_autofree char *path = g_strndup(url, strcspn(url, "?#"));
	return hk_victim_in_url(path)
		       ? g_strdup_printf("%.*s/", (int)(host + strcspn(url + host, "/?#")), url)
		       : g_steal_pointer(&path);
}
