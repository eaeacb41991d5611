#include "base/utf8.h"

size_t
hk_utf8_next(const uint8_t *at, const uint8_t *end, uint32_t *ret)
{
	/* RFC 3629, section 4: first byte -> length, and the bounds of the second byte that exclude overlong forms,
         * surrogates and values over U+10FFFF. */
	uint8_t first = at[0];
	uint8_t low = 0x80;
	uint8_t high = 0xBF;
	size_t len;
	uint32_t value;

	if (first < 0x80) {
		*ret = first;
		return 1;
	}
	if (first >= 0xC2 && first <= 0xDF) {
		len = 2;
		value = first & 0x1F;
	} else if (first >= 0xE0 && first <= 0xEF) {
		len = 3;
		value = first & 0x0F;
		low = first == 0xE0 ? 0xA0 : 0x80;
		high = first == 0xED ? 0x9F : 0xBF;
	} else if (first >= 0xF0 && first <= 0xF4) {
		len = 4;
		value = first & 0x07;
		low = first == 0xF0 ? 0x90 : 0x80;
		high = first == 0xF4 ? 0x8F : 0xBF;
	} else {
		return 0;
	}
	if ((size_t)(end - at) < len || at[1] < low || at[1] > high) {
		return 0;
	}
	for (size_t i = 1; i < len; i++) {
		if ((at[i] & 0xC0) != 0x80) {
			return 0;
		}
		value = value << 6 | (at[i] & 0x3F);
	}
	*ret = value;
	return len;
}

bool
hk_utf8_valid(hk_span text)
{
	const uint8_t *at = text.data;
	const uint8_t *end = text.len > 0 ? at + text.len : at; /* NULL + 0 is undefined */
	uint32_t ignored;

	while (at < end) {
		size_t len = *at < 0x80 ? 1 : hk_utf8_next(at, end, &ignored);
		if (len == 0) {
			return false;
		}
		at += len;
	}
	return true;
}

/* What may follow first: as in hk_utf8_next(). False: it begins nothing. */
static bool
begin(hk_utf8_feed *feed, uint8_t first)
{
	feed->low = 0x80;
	feed->high = 0xBF;
	if (first >= 0xC2 && first <= 0xDF) {
		feed->need = 1;
	} else if (first >= 0xE0 && first <= 0xEF) {
		feed->need = 2;
		feed->low = first == 0xE0 ? 0xA0 : 0x80;
		feed->high = first == 0xED ? 0x9F : 0xBF;
	} else if (first >= 0xF0 && first <= 0xF4) {
		feed->need = 3;
		feed->low = first == 0xF0 ? 0x90 : 0x80;
		feed->high = first == 0xF4 ? 0x8F : 0xBF;
	} else {
		return false;
	}
	return true;
}

/* The number of bytes from data on that are ASCII, in steps of eight. */
static size_t
ascii_len(const uint8_t *data, size_t len)
{
	uint64_t word;
	size_t i = 0;

	for (; i + sizeof word <= len; i += sizeof word) {
		memcpy(&word, data + i, sizeof word);
		if (word & 0x8080808080808080) {
			break;
		}
	}
	return i;
}

bool
hk_utf8_more(hk_utf8_feed *feed, hk_span piece)
{
	for (size_t i = 0; i < piece.len; i++) {
		if (feed->need == 0) {
			i += ascii_len(piece.data + i, piece.len - i);
			if (i == piece.len) {
				break;
			}
		}
		uint8_t byte = piece.data[i];
		if (feed->need > 0) {
			if (byte < feed->low || byte > feed->high) {
				return false;
			}
			feed->need--;
			feed->low = 0x80;
			feed->high = 0xBF;
		} else if (byte >= 0x80 && !begin(feed, byte)) {
			return false;
		}
	}
	return true;
}
