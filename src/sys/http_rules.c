/* The pure rules of sys/http: which URL, which contact, how long to wait. */
#include <string.h>

#include <arpa/inet.h>

#include "sys/gerr.h"
#include "sys/http.h"

/* Next decimal number of exactly n digits at *at. */
static bool
digits(hk_span text, size_t at, size_t n, int *ret)
{
	int value = 0;

	if (at + n > text.len) {
		return false;
	}
	for (size_t i = at; i < at + n; i++) {
		if (!g_ascii_isdigit(text.data[i])) {
			return false;
		}
		value = value * 10 + (text.data[i] - '0');
	}
	*ret = value;
	return true;
}

static bool
month_of(const uint8_t *text, int *ret)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for (int i = 0; i < 12; i++) {
		if (memcmp(text, names + 3 * i, 3) == 0) {
			*ret = i + 1;
			return true;
		}
	}
	return false;
}

/* Days since 1970-01-01 of a Gregorian date (Howard Hinnant's days_from_civil). */
static int64_t
days_of(int year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t yoe = y - era * 400;
	int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;

	return era * 146097 + doe - 719468;
}

/* "hh:mm:ss" at offset at; a leap second (60) is accepted. */
static bool
clock_of(hk_span text, size_t at, int *ret)
{
	int h, m, s;

	if (at + 8 > text.len || !digits(text, at, 2, &h) || text.data[at + 2] != ':' ||
		!digits(text, at + 3, 2, &m) || text.data[at + 5] != ':' ||
		!digits(text, at + 6, 2, &s) || h > 23 || m > 59 || s > 60) {
		return false;
	}
	*ret = h * 3600 + m * 60 + s;
	return true;
}

static bool
ends_in_gmt(hk_span text, size_t at)
{
	return text.len == at + 4 && memcmp(text.data + at, " GMT", 4) == 0;
}

static bool
is_char(hk_span text, size_t at, char c)
{
	return at < text.len && text.data[at] == (uint8_t)c;
}

static bool
date_from(int year, int month, int day, int seconds, int64_t *ret_s)
{
	static const int longest[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	if (day < 1 || day > longest[month - 1]) {
		return false;
	}
	*ret_s = days_of(year, month, day) * 86400 + seconds;
	return true;
}

bool
hk_http_date(hk_span v, int64_t *ret_s)
{
	int day, month, year, seconds;

	/* Sun, 06 Nov 1994 08:49:37 GMT: the name of the day is not checked, it says nothing new.
	 */
	if (v.len == 29 && is_char(v, 3, ',') && is_char(v, 4, ' ') && is_char(v, 7, ' ') &&
		is_char(v, 11, ' ') && is_char(v, 16, ' ')) {
		return digits(v, 5, 2, &day) && month_of(v.data + 8, &month) &&
		       digits(v, 12, 4, &year) && clock_of(v, 17, &seconds) && ends_in_gmt(v, 25) &&
		       date_from(year, month, day, seconds, ret_s);
	}
	/* Sun Nov  6 08:49:37 1994 (asctime) */
	if (v.len == 24 && is_char(v, 3, ' ') && is_char(v, 7, ' ') && is_char(v, 10, ' ') &&
		is_char(v, 19, ' ')) {
		if (!(is_char(v, 8, ' ') ? digits(v, 9, 1, &day) : digits(v, 8, 2, &day))) {
			return false;
		}
		return month_of(v.data + 4, &month) && digits(v, 20, 4, &year) &&
		       clock_of(v, 11, &seconds) && date_from(year, month, day, seconds, ret_s);
	}
	/* Sunday, 06-Nov-94 08:49:37 GMT (RFC 850): two digits; no server that counts lives before
	 * 1970. */
	const uint8_t *comma = v.len > 0 ? memchr(v.data, ',', v.len) : NULL;
	if (!comma) {
		return false;
	}
	hk_span rest = hk_span_of(comma + 1, v.len - (size_t)(comma + 1 - v.data));
	if (rest.len != 23 || !is_char(rest, 0, ' ') || !is_char(rest, 3, '-') ||
		!is_char(rest, 7, '-') || !is_char(rest, 10, ' ') || !digits(rest, 1, 2, &day) ||
		!month_of(rest.data + 4, &month) || !digits(rest, 8, 2, &year) ||
		!clock_of(rest, 11, &seconds) || !ends_in_gmt(rest, 19)) {
		return false;
	}
	return date_from(year + (year < 70 ? 2000 : 1900), month, day, seconds, ret_s);
}

bool
hk_http_retry_after(hk_span value, int64_t now_s, int64_t *ret_ms)
{
	int64_t ms = 0;
	int64_t at;
	size_t i = 0;

	while (i < value.len && g_ascii_isdigit(value.data[i])) {
		ms = MIN(ms * 10 + (value.data[i] - '0') * 1000, (int64_t)HK_HTTP_RETRY_MAX_MS);
		i++;
	}
	if (i == 0 || i < value.len) {
		if (!hk_http_date(value, &at)) {
			return false;
		}
		/* Compared before it is multiplied: the year 9999 must not overflow. */
		ms = at <= now_s                                 ? 0
		     : at - now_s >= HK_HTTP_RETRY_MAX_MS / 1000 ? HK_HTTP_RETRY_MAX_MS
								 : (at - now_s) * 1000;
	}
	*ret_ms = ms;
	return true;
}

static bool
is_loopback(const char *host)
{
	struct in_addr addr;

	if (g_ascii_strcasecmp(host, "localhost") == 0 || g_str_equal(host, "[::1]")) {
		return true;
	}
	return inet_pton(AF_INET, host, &addr) == 1 && (ntohl(addr.s_addr) >> 24) == 127;
}

static bool
url_check(const char *url, bool plain, GError **error)
{
	size_t len = url ? strlen(url) : 0;

	if (len == 0 || len > 2000) {
		return hk_error_set(error, HK_EPOLICY, "the URL is %s", len ? "too long" : "empty");
	}
	for (size_t i = 0; i < len; i++) {
		if (url[i] <= ' ' || url[i] > '~' || url[i] == '\\' || url[i] == '#') {
			return hk_error_set(error, HK_EPOLICY,
				"the URL holds a character that does not belong there");
		}
	}
	bool secure = g_ascii_strncasecmp(url, "https://", 8) == 0;
	if (!secure && g_ascii_strncasecmp(url, "http://", 7) != 0) {
		return hk_error_set(error, HK_EPOLICY, "%s: not an https:// URL", url);
	}
	const char *start = url + (secure ? 8 : 7);
	size_t host_len = strcspn(start, "/?");
	g_autofree char *authority = g_strndup(start, host_len);
	if (strchr(authority, '@')) {
		return hk_error_set(
			error, HK_EPOLICY, "%s: a user name does not belong in the URL", url);
	}
	char *colon = strrchr(authority, ':');
	if (colon && !strchr(colon, ']')) {
		*colon = '\0';
	}
	if (!*authority) {
		return hk_error_set(error, HK_EPOLICY, "%s: the URL names no host", url);
	}
	if (!secure && !plain && !is_loopback(authority)) {
		return hk_error_set(error, HK_EPOLICY,
			"%s: plain http is for loopback addresses only; write https://", url);
	}
	return true;
}

bool
hk_http_url_check(const char *url, GError **error)
{
	return url_check(url, false, error);
}

bool
hk_http_url_check_plain(const char *url, GError **error)
{
	return url_check(url, true, error);
}

bool
hk_http_contact_check(const char *contact, GError **error)
{
	static const char *const hosts[] = {"example.com", "example.org", "example.net",
		"example.jp", "localhost", "yourdomain", "your-domain"};
	static const char *const users[] = {"you@", "test@", "your@", "yourname@", "your-name@",
		"user@", "name@", "me@", "foo@", "someone@", "nobody@", "noreply@", "no-reply@",
		"email@", "contact@example"};
	static const char how[] = "write a mail address or https:// page at which a log's operator "
				  "reaches you, such as "
				  "--contact csirt@your-bank's-domain";

	if (!contact || !*contact) {
		return hk_error_set(error, HK_EUSAGE, "a contact is needed: %s", how);
	}
	for (const char *at = contact; *at; at++) {
		if (*at <= ' ' || *at > '~' || strchr("()<>\\\"", *at)) {
			return hk_error_set(error, HK_EUSAGE,
				"contact: blanks, brackets and non-ASCII do not belong in "
				"it; %s",
				how);
		}
	}
	g_autofree char *low = g_ascii_strdown(contact, -1);
	const char *at = strchr(low, '@');
	bool page = g_str_has_prefix(low, "https://") && strchr(low + 8, '.');
	bool mail = at && at > low && at[1] && strchr(at, '.') && !strchr(at + 1, '@') &&
		    !strstr(low, "://");
	if (!page && !mail) {
		return hk_error_set(error, HK_EUSAGE,
			"contact '%s' is neither a mail address nor an https:// page; %s", contact,
			how);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(hosts); i++) {
		if (strstr(low, hosts[i])) {
			return hk_error_set(error, HK_EUSAGE, "contact '%s' is a placeholder; %s",
				contact, how);
		}
	}
	for (size_t i = 0; i < G_N_ELEMENTS(users); i++) {
		if (g_str_has_prefix(low, users[i])) {
			return hk_error_set(error, HK_EUSAGE, "contact '%s' is a placeholder; %s",
				contact, how);
		}
	}
	return true;
}
