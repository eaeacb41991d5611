#include "sys/idn.h"

#include <stdbool.h>
#include <string.h>

#include <idn2.h>

enum { LABEL_MAX = 63 };

hk_err
hk_idn_to_ascii(hk_span text, char *out, size_t cap, size_t *ret_len)
{
	char copy[HK_IDN_TEXT_MAX + 1];
	char *ascii = NULL;

	if (text.len > HK_IDN_TEXT_MAX) {
		return HK_ELIMIT;
	}
	if (text.len == 0 || memchr(text.data, '\0', text.len)) {
		return HK_EFORM;
	}
	memcpy(copy, text.data, text.len);
	copy[text.len] = '\0';
	if (idn2_to_ascii_8z(copy, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) != IDN2_OK) {
		return HK_EFORM;
	}
	size_t len = strlen(ascii);
	bool fits = len <= cap;
	if (fits) {
		memcpy(out, ascii, len);
		*ret_len = len;
	}
	idn2_free(ascii);
	return !fits ? HK_ELIMIT : len == 0 ? HK_EFORM : HK_OK;
}

static bool
append(char *out, size_t cap, size_t *len, const char *text, size_t text_len)
{
	if (text_len > cap - *len) {
		return false;
	}
	memcpy(out + *len, text, text_len);
	*len += text_len;
	return true;
}

/* Appends one label; *ret_decoded is set when it was an A-label. False: no room. */
static bool
append_label(
	const char *label, size_t label_len, char *out, size_t cap, size_t *len, bool *ret_decoded)
{
	char copy[LABEL_MAX + 1];
	char *text = NULL;

	if (label_len < 5 || label_len > LABEL_MAX || memcmp(label, "xn--", 4) != 0 ||
		memchr(label, '\0', label_len)) {
		return append(out, cap, len, label, label_len);
	}
	memcpy(copy, label, label_len);
	copy[label_len] = '\0';
	if (idn2_to_unicode_8z8z(copy, &text, 0) != IDN2_OK) {
		return append(out, cap, len, label, label_len);
	}
	bool fits = append(out, cap, len, text, strlen(text));
	*ret_decoded = *ret_decoded || strcmp(text, copy) != 0;
	idn2_free(text);
	return fits;
}

hk_err
hk_idn_to_unicode(hk_span name, char *out, size_t cap, size_t *ret_len)
{
	const char *at = (const char *)name.data;
	const char *end = at + name.len;
	size_t len = 0;
	bool decoded = false;

	if (!memmem(name.data, name.len, "xn--", 4)) {
		return HK_ENOENT;
	}
	for (;;) {
		const char *dot = memchr(at, '.', (size_t)(end - at));
		size_t label_len = (size_t)((dot ? dot : end) - at);
		if (!append_label(at, label_len, out, cap, &len, &decoded)) {
			return HK_ELIMIT;
		}
		if (!dot) {
			break;
		}
		if (!append(out, cap, &len, ".", 1)) {
			return HK_ELIMIT;
		}
		at = dot + 1;
	}
	if (!decoded) {
		return HK_ENOENT;
	}
	*ret_len = len;
	return HK_OK;
}
