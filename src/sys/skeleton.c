#include "sys/skeleton.h"

#include <unicode/uchar.h>
#include <unicode/uspoof.h>
#include <unicode/utf16.h>
#include <unicode/utf8.h>

#include "base/utf8.h"

/* ICU may make several letters of one (a ligature, a fraction). */
enum { SKELETON_ROOM = HK_SKELETON_TEXT_MAX * 8 };

/* Opened at the first use, for the life of the process. */
static USpoofChecker *
checker(void)
{
	static USpoofChecker *opened;
	UErrorCode status = U_ZERO_ERROR;

	if (!opened) {
		opened = uspoof_open(&status);
	}
	return opened;
}

hk_err
hk_skeleton_of(hk_span text, char *out, size_t cap, size_t *ret_len)
{
	char raw[SKELETON_ROOM];
	UErrorCode status = U_ZERO_ERROR;
	size_t len = 0;

	if (text.len > HK_SKELETON_TEXT_MAX) {
		return HK_ELIMIT;
	}
	if (text.len == 0) {
		*ret_len = 0;
		return HK_OK;
	}
	if (!hk_utf8_valid(text) || !checker()) {
		return HK_EFORM;
	}
	int32_t raw_len = uspoof_getSkeletonUTF8(checker(), 0, (const char *)text.data,
		(int32_t)text.len, raw, (int32_t)sizeof raw, &status);
	if (U_FAILURE(status) || raw_len < 0 || (size_t)raw_len > sizeof raw) {
		return HK_EFORM;
	}
	const uint8_t *at = (const uint8_t *)raw;
	const uint8_t *end = at + raw_len;
	while (at < end) {
		uint32_t c;
		size_t step = hk_utf8_next(at, end, &c);
		if (step == 0) {
			return HK_EFORM;
		}
		at += step;
		if (u_charType((UChar32)c) == U_NON_SPACING_MARK) {
			continue;
		}
		c = (uint32_t)u_tolower((UChar32)c);
		uint8_t bytes[U8_MAX_LENGTH];
		int32_t n = 0;
		U8_APPEND_UNSAFE(bytes, n, (UChar32)c);
		if ((size_t)n > cap - len) {
			return HK_ELIMIT;
		}
		memcpy(out + len, bytes, (size_t)n);
		len += (size_t)n;
	}
	*ret_len = len;
	return HK_OK;
}
