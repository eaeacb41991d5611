/* nocheck: tested in tests/unit/score/test_corpus.c */
#include "score/corpus_host.h"

#include <string.h>

#include "match/punycode.h"

enum { HOST_MAX = 253, RAW_MAX = 1024 };

/* Characters that lists carry around or inside an address without meaning them (UTF-8). */
static const char *const noise[] = {"\xE3\x80\x80" /* U+3000 */, "\xEF\xBB\xBF" /* U+FEFF */,
	"\xC2\xAD" /* U+00AD */, "\xE2\x80\x8B" /* U+200B */, "\xC2\xA0" /* U+00A0 */};

static size_t
noise_at(hk_span s, size_t at)
{
	for (size_t i = 0; i < sizeof(noise) / sizeof(*noise); i++) {
		size_t n = strlen(noise[i]);

		if (s.len - at >= n && memcmp(s.data + at, noise[i], n) == 0) {
			return n;
		}
	}
	return 0;
}

/* Where the authority begins: after "scheme:/" with any number of slashes, or at the start. */
static size_t
after_scheme(const char *raw, size_t len)
{
	for (size_t i = 0; i + 1 < len && i < 16; i++) {
		char c = raw[i];

		if (c == ':' && raw[i + 1] == '/') {
			for (i++; i < len && raw[i] == '/';) {
				i++;
			}
			return i;
		}
		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+')) {
			break;
		}
	}
	return 0;
}

/* Copies without noise and defanging, lower case, up to the end of the authority. */
static size_t
clean(hk_span value, char raw[RAW_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < value.len && n < RAW_MAX;) {
		size_t skip = noise_at(value, i);
		uint8_t c = value.data[i];

		if (skip > 0) {
			i += skip;
			continue;
		}
		i++;
		if (c == '[' || c == ']') {
			continue;
		}
		if (n == 0 && c <= ' ') {
			continue;
		}
		raw[n++] = (char)(c == '\\' ? '/' : c >= 'A' && c <= 'Z' ? c + 32 : c);
	}
	while (n > 0 && (uint8_t)raw[n - 1] <= ' ') {
		n--;
	}
	return n;
}

static bool
is_ipv4_like(const char *host, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (!((host[i] >= '0' && host[i] <= '9') || host[i] == '.')) {
			return false;
		}
	}
	return true;
}

static bool
is_name(const char *host, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char c = host[i];

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
			    c == '.')) {
			return false;
		}
		if (c == '.' && (i == 0 || host[i - 1] == '.')) {
			return false;
		}
		if (len - i >= 4 && memcmp(host + i, "xxxx", 4) == 0) {
			return false;
		}
	}
	return memchr(host, '.', len) != NULL && !is_ipv4_like(host, len);
}

size_t
hk_corpus_host(hk_span value, char ret[HK_NAME_MAX])
{
	char raw[RAW_MAX];
	size_t len = clean(value, raw), from = after_scheme(raw, len), end, out = 0;

	for (end = from; end < len && raw[end] != '/' && raw[end] != '?' && raw[end] != '#';) {
		if (raw[end++] == '@') {
			from = end;
		}
	}
	for (size_t i = from; i < end; i++) {
		if (raw[i] == ':') {
			end = i;
		}
	}
	while (end > from && raw[end - 1] == '.') {
		end--;
	}
	for (size_t i = from, j; i < end; i = j + 1) {
		size_t n = 0;

		for (j = i; j < end && raw[j] != '.';) {
			j++;
		}
		if (hk_punycode_label(hk_span_of(raw + i, j - i), ret + out, HOST_MAX - out, &n) !=
			HK_OK) {
			return 0;
		}
		out += n;
		if (j < end) {
			if (out >= HOST_MAX) {
				return 0;
			}
			ret[out++] = '.';
		}
	}
	return is_name(ret, out) ? out : 0;
}
