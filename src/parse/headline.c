/* nocheck: tested in tests/unit/parse/test_wshand.c */
#include "parse/headline.h"

bool
hk_headline_token(uint8_t c)
{
	return c > ' ' && c < 0x7f && !strchr("\"(),/:;<=>?@[\\]{}", c);
}

bool
hk_headline_is(hk_span text, const char *lower)
{
	size_t n = strlen(lower);

	if (text.len != n) {
		return false;
	}
	for (size_t i = 0; i < n; i++) {
		uint8_t c = text.data[i];
		if ((c >= 'A' && c <= 'Z' ? c + 32 : c) != (uint8_t)lower[i]) {
			return false;
		}
	}
	return true;
}

bool
hk_headline_same(hk_span a, hk_span b)
{
	if (a.len != b.len) {
		return false;
	}
	for (size_t i = 0; i < a.len; i++) {
		uint8_t x = a.data[i], y = b.data[i];
		if ((x >= 'A' && x <= 'Z' ? x + 32 : x) != (y >= 'A' && y <= 'Z' ? y + 32 : y)) {
			return false;
		}
	}
	return true;
}

hk_span
hk_headline_trim(hk_span text)
{
	while (text.len > 0 && (text.data[0] == ' ' || text.data[0] == '\t')) {
		text = hk_span_of(text.data + 1, text.len - 1);
	}
	while (text.len > 0 &&
		(text.data[text.len - 1] == ' ' || text.data[text.len - 1] == '\t')) {
		text.len--;
	}
	return text;
}

bool
hk_headline_element(hk_span *list, hk_span *ret)
{
	if (list->len == 0) {
		return false;
	}
	const uint8_t *comma = memchr(list->data, ',', list->len);
	size_t len = comma ? (size_t)(comma - list->data) : list->len;

	*ret = hk_headline_trim(hk_span_of(list->data, len));
	*list = comma ? hk_span_of(comma + 1, list->len - len - 1) : (hk_span){NULL, 0};
	return true;
}

bool
hk_headline_has(hk_span list, hk_span name)
{
	hk_span element;

	while (hk_headline_element(&list, &element)) {
		if (hk_headline_same(element, name)) {
			return true;
		}
	}
	return false;
}

bool
hk_headline_take(hk_span *rest, bool loose, hk_span *ret)
{
	const uint8_t *feed = rest->len > 0 ? memchr(rest->data, '\n', rest->len) : NULL;
	size_t len;

	if (!feed) {
		return false;
	}
	len = (size_t)(feed - rest->data);
	bool cr = len > 0 && feed[-1] == '\r';
	if (!cr && !loose) {
		return false;
	}
	*ret = hk_span_of(rest->data, len - cr);
	*rest = hk_span_of(feed + 1, rest->len - len - 1);
	return true;
}

hk_err
hk_headline_split(hk_span text, hk_headline *ret)
{
	size_t n = 0;

	while (n < text.len && hk_headline_token(text.data[n])) {
		n++;
	}
	if (n == 0 || n == text.len || text.data[n] != ':') {
		return HK_EFORM;
	}
	for (size_t i = n; i < text.len; i++) {
		if ((text.data[i] < ' ' && text.data[i] != '\t') || text.data[i] == 0x7f) {
			return HK_EFORM;
		}
	}
	ret->name = hk_span_of(text.data, n);
	ret->value = hk_headline_trim(hk_span_of(text.data + n + 1, text.len - n - 1));
	return HK_OK;
}
