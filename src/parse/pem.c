#include "parse/pem.h"

#include "base/codec.h"

static const hk_span dashes = HK_SPAN_LIT("-----");
static const hk_span begin_mark = HK_SPAN_LIT("-----BEGIN ");
static const hk_span end_mark = HK_SPAN_LIT("-----END ");

static bool
is_line_end(uint8_t c)
{
	return c == '\n' || c == '\r';
}

/* RFC 7468, section 3: WSP and what else may stand between characters of base64 text. */
static bool
is_blank(uint8_t c)
{
	return is_line_end(c) || c == ' ' || c == '\t' || c == '\v' || c == '\f';
}

/* The line at *at without its end; *at moves to the begin of the next. An empty line stands between CR and LF, which does
 * no harm. */
static hk_span
take_line(const uint8_t **at, const uint8_t *end)
{
	const uint8_t *start = *at;
	const uint8_t *stop = start;

	while (stop < end && !is_line_end(*stop)) {
		stop++;
	}
	*at = stop < end ? stop + 1 : stop;
	return hk_span_of(start, (size_t)(stop - start));
}

static bool
starts_with(hk_span line, hk_span mark)
{
	return line.len >= mark.len && memcmp(line.data, mark.data, mark.len) == 0;
}

/* The label of a boundary line: what stands between mark and the five dashes. False for any other line. */
static bool
label_of(hk_span line, hk_span mark, hk_span *ret)
{
	while (line.len > 0 && is_blank(line.data[line.len - 1])) {
		line.len--;
	}
	if (!starts_with(line, mark) || line.len < mark.len + dashes.len) {
		return false;
	}
	hk_span rest = hk_span_of(line.data + mark.len, line.len - mark.len);
	if (memcmp(rest.data + rest.len - dashes.len, dashes.data, dashes.len) != 0) {
		return false;
	}
	*ret = hk_span_of(rest.data, rest.len - dashes.len);
	return true;
}

static bool
is_certificate(hk_span label)
{
	/* RFC 7468, section 5.3: the second is an old spelling. */
	return hk_span_eq(label, HK_SPAN_LIT("CERTIFICATE")) ||
	       hk_span_eq(label, HK_SPAN_LIT("X509 CERTIFICATE"));
}

void
hk_pem_init(hk_pem *pem, uint8_t *text, size_t len)
{
	static uint8_t nothing[1];

	pem->at = text ? text : nothing;
	pem->end = pem->at + (text ? len : 0);
}

/* Squeezes the blanks out of from..to and decodes what is left, in place. */
static hk_err
decode(uint8_t *from, const uint8_t *to, hk_span *ret_der)
{
	uint8_t *out = from;
	size_t len;

	for (const uint8_t *at = from; at < to; at++) {
		if (!is_blank(*at)) {
			*out++ = *at;
		}
	}
	if (out == from) {
		return HK_EFORM;
	}
	HK_TRY(hk_base64_decode(hk_span_of(from, (size_t)(out - from)), from, &len));
	*ret_der = hk_span_of(from, len);
	return HK_OK;
}

/* The block whose text begins at from, after its BEGIN line; pem moves behind it in any case. */
static hk_err
read_block(hk_pem *pem, uint8_t *from, hk_span label, hk_span *ret_der)
{
	const uint8_t *at = from;
	hk_span other;

	while (at < pem->end) {
		const uint8_t *start = at;
		hk_span line = take_line(&at, pem->end);
		if (label_of(line, begin_mark, &other)) {
			pem->at += start - pem->at;
			return HK_ETRUNC;
		}
		if (label_of(line, end_mark, &other)) {
			bool same = hk_span_eq(label, other);
			pem->at += at - pem->at;
			return same ? decode(from, start, ret_der) : HK_EFORM;
		}
	}
	pem->at = pem->end;
	return HK_ETRUNC;
}

hk_err
hk_pem_next(hk_pem *pem, hk_span *ret_der, bool *ret_done)
{
	while (pem->at < pem->end) {
		const uint8_t *next = pem->at;
		hk_span label;
		hk_span line = take_line(&next, pem->end);
		pem->at += next - pem->at;
		if (label_of(line, begin_mark, &label) && is_certificate(label)) {
			HK_TRY(read_block(pem, pem->at, label, ret_der));
			*ret_done = false;
			return HK_OK;
		}
	}
	*ret_der = hk_span_of(NULL, 0);
	*ret_done = true;
	return HK_OK;
}

bool
hk_pem_looks(hk_span text)
{
	const uint8_t *at = text.data;
	const uint8_t *end = text.len > 0 ? at + text.len : at;

	while (at < end) {
		if (starts_with(take_line(&at, end), begin_mark)) {
			return true;
		}
	}
	return false;
}
