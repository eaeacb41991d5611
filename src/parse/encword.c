#include "parse/encword.h"

/* One word, found but not decoded. */
typedef struct word {
	char charset[HK_ENCWORD_CHARSET_MAX + 1];
	char encoding; /* B or Q */
	hk_span text;
	size_t end; /* offset behind "?=" */
} word;

static bool
is_blank(uint8_t byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static int
base64_value(uint8_t c)
{
	if (c >= 'A' && c <= 'Z') {
		return c - 'A';
	}
	if (c >= 'a' && c <= 'z') {
		return c - 'a' + 26;
	}
	if (c >= '0' && c <= '9') {
		return c - '0' + 52;
	}
	return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

/* "=?charset*lang?B?text?=" at pos. */
static bool
find_word(hk_span value, size_t pos, word *ret)
{
	const uint8_t *data = value.data;
	size_t i = pos + 2;
	size_t n = 0;
	bool lang = false;

	if (value.len - pos < 8 || data[pos] != '=' || data[pos + 1] != '?') {
		return false;
	}
	for (; i < value.len && data[i] != '?'; i++) {
		if (data[i] <= ' ' || data[i] >= 0x7f || n >= HK_ENCWORD_CHARSET_MAX) {
			return false;
		}
		lang = lang || data[i] == '*'; /* RFC 2231 adds a language: nobody needs it */
		if (!lang) {
			uint8_t c = data[i];

			ret->charset[n++] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
		}
	}
	ret->charset[n] = '\0';
	if (n == 0 || value.len - i < 5 || data[i + 2] != '?') {
		return false;
	}
	ret->encoding = (char)(data[i + 1] & ~0x20);
	if (ret->encoding != 'B' && ret->encoding != 'Q') {
		return false;
	}
	size_t begin = i + 3;

	for (i = begin; i + 1 < value.len; i++) {
		if (data[i] == '?' && data[i + 1] == '=') {
			ret->text = hk_span_of(data + begin, i - begin);
			ret->end = i + 2;
			return true;
		}
		/* A fold in base64 is a mailer's mistake, a '?' in Q text, too; a new word begins: this one never ended.
		 * But "=?=" is base64's padding and the end. */
		if (data[i] == '=' && data[i + 1] == '?' && i > begin &&
			(i + 2 >= value.len || data[i + 2] != '=')) {
			return false;
		}
	}
	/* Headers are cut at some length, in the middle of a word: what is there counts. */
	for (i = begin; i < value.len; i++) {
		if (ret->encoding != 'B' || (base64_value(data[i]) < 0 && data[i] != '=')) {
			return false;
		}
	}
	ret->text = hk_span_of(data + begin, value.len - begin);
	ret->end = value.len;
	return true;
}

static int
hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9') {
		return c - '0';
	}
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Writes at most text.len bytes. */
static size_t
decode(const word *w, uint8_t *ret)
{
	const uint8_t *data = w->text.data;
	uint32_t bits = 0;
	unsigned have = 0;
	size_t len = 0;

	for (size_t i = 0; i < w->text.len; i++) {
		if (w->encoding == 'B') {
			int v = base64_value(data[i]);

			if (data[i] == '=') {
				have = 0; /* padding in the middle: mailers join words so */
			}
			if (v < 0) {
				continue;
			}
			bits = bits << 6 | (uint32_t)v;
			have += 6;
			if (have >= 8) {
				have -= 8;
				ret[len++] = (uint8_t)(bits >> have);
			}
		} else if (data[i] == '=' && i + 2 < w->text.len && hex_value(data[i + 1]) >= 0 &&
			   hex_value(data[i + 2]) >= 0) {
			ret[len++] =
				(uint8_t)(hex_value(data[i + 1]) << 4 | hex_value(data[i + 2]));
			i += 2;
		} else if (data[i] == '\r' || data[i] == '\n') {
			continue;
		} else {
			ret[len++] = data[i] == '_' ? ' ' : data[i];
		}
	}
	return len;
}

/* The offset of the first byte from pos that is no blank. */
static size_t
skip_blanks(hk_span value, size_t pos)
{
	while (pos < value.len && is_blank(value.data[pos])) {
		pos++;
	}
	return pos;
}

/* Bytes up to the next word; a fold is one blank; blanks before a word stay only if this run holds more than blanks, which is
 * what RFC 2047 says of text beside words. */
static void
take_plain(hk_span value, size_t *pos, uint8_t *buf, size_t max, hk_encword *ret)
{
	word w;
	size_t i = *pos;
	size_t len = 0;

	while (i < value.len && len < max) {
		if (value.data[i] == '=' && find_word(value, i, &w)) {
			break;
		}
		if (value.data[i] == '\r' || value.data[i] == '\n') {
			while (len > 0 && is_blank(buf[len - 1])) {
				len--;
			}
			i = skip_blanks(value, i);
			buf[len++] = ' ';
			continue;
		}
		buf[len++] = value.data[i++];
	}
	ret->charset[0] = '\0';
	ret->len = len;
	*pos = i;
}

bool
hk_encword_next(hk_span value, size_t *pos, uint8_t *buf, size_t max, hk_encword *ret)
{
	word w;

	if (*pos >= value.len) {
		return false;
	}
	if (value.data[*pos] != '=' || !find_word(value, *pos, &w)) {
		take_plain(value, pos, buf, max, ret);
		return true;
	}
	memcpy(ret->charset, w.charset, sizeof ret->charset);
	ret->len = 0;
	for (;;) {
		if (w.text.len > max) { /* longer than any header may be: dropped */
			*pos = w.end;
		} else if (ret->len + w.text.len > max) {
			return true;
		} else {
			ret->len += decode(&w, buf + ret->len);
			*pos = w.end;
		}
		/* The blanks between two words belong to neither, whatever their charsets. */
		size_t next = skip_blanks(value, *pos);

		if (next >= value.len || !find_word(value, next, &w)) {
			return true;
		}
		*pos = next;
		if (memcmp(ret->charset, w.charset, strlen(w.charset) + 1) != 0) {
			return true;
		}
	}
}
