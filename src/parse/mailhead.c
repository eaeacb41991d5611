#include "parse/mailhead.h"

bool
hk_mailhead_is(hk_span text, const char *word)
{
	size_t i = 0;

	for (; i < text.len && word[i]; i++) {
		int a = text.data[i];
		int b = (unsigned char)word[i];

		a += a >= 'A' && a <= 'Z' ? 32 : 0;
		b += b >= 'A' && b <= 'Z' ? 32 : 0;
		if (a != b) {
			return false;
		}
	}
	return i == text.len && !word[i];
}

/* The line at pos without its end; *next: where the following one begins. */
static hk_span
line_at(hk_span mail, size_t pos, size_t *next)
{
	const uint8_t *begin = mail.data + pos;
	const uint8_t *end = memchr(begin, '\n', mail.len - pos);
	size_t len = end ? (size_t)(end - begin) : mail.len - pos;

	*next = pos + len + (end ? 1 : 0);
	if (len > 0 && begin[len - 1] == '\r') {
		len--;
	}
	return hk_span_of(begin, len);
}

/* The length of a field's name at the beginning of line, 0 if it is no field. */
static size_t
name_len(hk_span line)
{
	size_t n = 0;

	while (n < line.len && line.data[n] > ' ' && line.data[n] < 0x7f && line.data[n] != ':') {
		n++;
	}
	size_t colon = n;

	while (colon < line.len && (line.data[colon] == ' ' || line.data[colon] == '\t')) {
		colon++; /* RFC 5322, section 4.5 */
	}
	return colon < line.len && line.data[colon] == ':' ? n : 0;
}

bool
hk_mailhead_next(hk_span mail, size_t *pos, hk_span *name, hk_span *value)
{
	while (*pos < mail.len) {
		size_t next;
		hk_span line = line_at(mail, *pos, &next);
		size_t n = name_len(line);

		*pos = next;
		if (line.len == 0) {
			return false;
		}
		if (n == 0) {
			continue;
		}
		const uint8_t *colon = memchr(line.data, ':', line.len);
		const uint8_t *end = line.data + line.len;

		*name = hk_span_of(line.data, n);
		while (*pos < mail.len && (mail.data[*pos] == ' ' || mail.data[*pos] == '\t')) {
			line = line_at(mail, *pos, pos);
			end = line.data + line.len;
		}
		*value = hk_span_of(colon + 1, (size_t)(end - colon - 1));
		return true;
	}
	return false;
}

bool
hk_mailhead_find(hk_span mail, const char *name, hk_span *value)
{
	size_t pos = 0;
	hk_span found, text;

	while (hk_mailhead_next(mail, &pos, &found, &text)) {
		if (hk_mailhead_is(found, name)) {
			*value = text;
			return true;
		}
	}
	return false;
}

hk_span
hk_mailhead_body(hk_span mail)
{
	size_t pos = 0;
	hk_span name, value;

	while (hk_mailhead_next(mail, &pos, &name, &value)) {
	}
	return hk_span_of(mail.data + pos, mail.len - pos);
}
