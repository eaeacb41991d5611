#include "parse/iso2022.h"

enum { ESC = 0x1b, SO = 0x0e, SI = 0x0f };

typedef enum set { ASCII, KATAKANA, KANJI, KANJI_0212 } set;

static const struct {
	const char *escape;
	size_t len;
	set to;
	bool japanese; /* switches to Japanese, so tells what the text is */
} escapes[] = {
	{"\x1b$B", 3, KANJI, true},
	{"\x1b$@", 3, KANJI, true},
	{"\x1b$(B", 4, KANJI, true},
	{"\x1b$(@", 4, KANJI, true},
	{"\x1b$(D", 4, KANJI_0212, true},
	{"\x1b(B", 3, ASCII, false},
	{"\x1b(J", 3, ASCII, true},
	{"\x1b(H", 3, ASCII, false}, /* JUNET's mistake */
	{"\x1b(I", 3, KATAKANA, true},
};

/* The row of the escape that stands at at, or -1. */
static int
find_escape(const uint8_t *at, size_t left)
{
	for (size_t i = 0; i < sizeof escapes / sizeof escapes[0]; i++) {
		if (left >= escapes[i].len && memcmp(at, escapes[i].escape, escapes[i].len) == 0) {
			return (int)i;
		}
	}
	return -1;
}

bool
hk_iso2022jp_like(hk_span text)
{
	bool found = false;

	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] >= 0x80) {
			return false;
		}
		if (text.data[i] == ESC && !found) {
			int row = find_escape(text.data + i, text.len - i);

			found = row >= 0 && escapes[row].japanese;
		}
	}
	return found;
}

static bool
is_graphic(uint8_t byte)
{
	return byte >= 0x21 && byte <= 0x7e;
}

hk_err
hk_iso2022jp_to_euc(hk_span text, uint8_t *ret, size_t max, size_t *ret_len)
{
	size_t len = 0;
	set now = ASCII;
	bool shifted = false; /* SO: katakana until SI */

	for (size_t i = 0; i < text.len;) {
		uint8_t byte = text.data[i];
		size_t left = text.len - i;
		int row = byte == ESC ? find_escape(text.data + i, left) : -1;

		if (row >= 0) {
			now = escapes[row].to;
			i += escapes[row].len;
			continue;
		}
		if (byte == SO || byte == SI) {
			shifted = byte == SO;
			i++;
			continue;
		}
		if (max - len < 3) {
			return HK_ELIMIT;
		}
		if (byte == '\n' || byte == '\r') {
			now = ASCII;
			shifted = false;
		}
		if ((shifted || now == KATAKANA) && byte >= 0x21 && byte <= 0x5f) {
			ret[len++] = 0x8e;
			ret[len++] = byte | 0x80;
			i++;
		} else if ((now == KANJI || now == KANJI_0212) && left >= 2 && is_graphic(byte) &&
			   is_graphic(text.data[i + 1])) {
			if (now == KANJI_0212) {
				ret[len++] = 0x8f;
			}
			ret[len++] = byte | 0x80;
			ret[len++] = text.data[i + 1] | 0x80;
			i += 2;
		} else {
			ret[len++] = byte;
			i++;
		}
	}
	*ret_len = len;
	return HK_OK;
}
