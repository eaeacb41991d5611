#include "parse/note.h"

#include "base/codec.h"
#include "base/cur.h"
#include "base/num.h"
#include "base/utf8.h"

/* U+2014 and a blank begin a signature line. */
#define DASH "\xE2\x80\x94 "

/* signed-note: UTF-8 without control characters other than LF. */
static bool
is_text(hk_span bytes)
{
	for (size_t i = 0; i < bytes.len; i++) {
		if (bytes.data[i] < 0x20 && bytes.data[i] != '\n') {
			return false;
		}
	}
	return hk_utf8_valid(bytes);
}

/* The Unicode white space that a key name must not hold (property White_Space, without the controls
 * below U+0020, which is_text has excluded). */
static bool
is_blank(uint32_t c)
{
	return c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) ||
	       c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

static bool
is_name(hk_span name)
{
	const uint8_t *at = name.data, *end = at + name.len;

	while (at < end) {
		uint32_t c;
		size_t n = hk_utf8_next(at, end, &c);
		if (n == 0 || is_blank(c) || c == '+') {
			return false;
		}
		at += n;
	}
	return name.len > 0;
}

/* Up to and without the next LF, which is taken too. */
static hk_err
line(hk_cur *cur, hk_span *ret)
{
	size_t left = hk_cur_left(cur);
	const uint8_t *end = left > 0 ? memchr(cur->at, '\n', left) : NULL;

	if (!end) {
		return HK_EFORM;
	}
	HK_TRY(hk_cur_bytes(cur, (size_t)(end - cur->at), ret));
	return hk_cur_skip(cur, 1);
}

/* Whether text is base64, and of how many bytes. Group by group through a small buffer: what it holds
 * is only wanted of the one signature that somebody verifies. */
static hk_err
base64_check(hk_span text, size_t *ret_len)
{
	uint8_t piece[192];
	size_t total = 0;

	for (size_t at = 0; at < text.len;) {
		size_t n = text.len - at < 256 ? text.len - at : 256, len;
		HK_TRY(hk_base64_decode(hk_span_of(text.data + at, n), piece, &len));
		at += n;
		total += len;
		if (len < 192 && at < text.len) {
			return HK_EFORM; /* padding before the end */
		}
	}
	*ret_len = total;
	return HK_OK;
}

static hk_err
parse_sig(hk_span text, hk_note_sig *ret)
{
	hk_cur cur = hk_cur_of(text);
	hk_note_sig sig;
	const uint8_t *blank;
	uint8_t id[6];
	size_t len;
	hk_span dash;

	HK_TRY(hk_cur_bytes(&cur, sizeof DASH - 1, &dash));
	if (!hk_span_eq(dash, HK_SPAN_LIT(DASH))) {
		return HK_EFORM;
	}
	blank = hk_cur_empty(&cur) ? NULL : memchr(cur.at, ' ', hk_cur_left(&cur));
	if (!blank) {
		return HK_EFORM;
	}
	HK_TRY(hk_cur_bytes(&cur, (size_t)(blank - cur.at), &sig.name));
	HK_TRY(hk_cur_skip(&cur, 1));
	sig.base64 = hk_cur_rest(&cur);
	HK_TRY(base64_check(sig.base64, &len));
	if (!is_name(sig.name) || len < 5) {
		return HK_EFORM;
	}
	/* 5 bytes are 8 characters; only the last group of them may be padded. */
	HK_TRY(hk_base64_decode(hk_span_of(sig.base64.data, 8), id, &len));
	sig.key_id = (uint32_t)id[0] << 24 | (uint32_t)id[1] << 16 | (uint32_t)id[2] << 8 | id[3];
	*ret = sig;
	return HK_OK;
}

hk_err
hk_note_parse(hk_span bytes, hk_note *ret)
{
	size_t cut;
	hk_cur cur;

	if (bytes.len > HK_NOTE_BYTES_MAX) {
		return HK_ELIMIT;
	}
	if (!is_text(bytes)) {
		return HK_EFORM;
	}
	/* The last empty line: cut stands behind the LF that ends the text. */
	for (cut = bytes.len; cut >= 2; cut--) {
		if (bytes.data[cut - 1] == '\n' && bytes.data[cut - 2] == '\n') {
			break;
		}
	}
	if (cut < 2) {
		return HK_EFORM;
	}
	cur = hk_cur_of(hk_span_of(bytes.data + cut, bytes.len - cut));
	ret->sig_count = 0;
	while (!hk_cur_empty(&cur)) {
		hk_span text;
		if (ret->sig_count == HK_NOTE_SIGS_MAX) {
			return HK_ELIMIT;
		}
		if (line(&cur, &text) != HK_OK ||
			parse_sig(text, &ret->sigs[ret->sig_count]) != HK_OK) {
			return HK_EFORM;
		}
		ret->sig_count++;
	}
	ret->text = hk_span_of(bytes.data, cut - 1);
	return ret->sig_count > 0 ? HK_OK : HK_EFORM;
}

hk_err
hk_note_head_parse(hk_span text, hk_note_head *ret)
{
	hk_cur cur = hk_cur_of(text);
	hk_note_head head;
	uint8_t root[33]; /* what 44 characters can hold, padding or not */
	hk_span size, base64;
	size_t len;

	HK_TRY(line(&cur, &head.origin));
	HK_TRY(line(&cur, &size));
	HK_TRY(line(&cur, &base64));
	HK_TRY(hk_parse_u64(size, INT64_MAX, &head.size));
	if (head.origin.len == 0 || base64.len != HK_BASE64_LEN(32)) {
		return HK_EFORM;
	}
	HK_TRY(hk_base64_decode(base64, root, &len));
	if (len != sizeof head.root) {
		return HK_EFORM;
	}
	memcpy(head.root, root, sizeof head.root);
	head.extensions = hk_cur_rest(&cur);
	while (!hk_cur_empty(&cur)) {
		hk_span extension;
		HK_TRY(line(&cur, &extension));
		if (extension.len == 0) {
			return HK_EFORM; /* tlog-checkpoint: extension lines are not empty */
		}
	}
	*ret = head;
	return HK_OK;
}

hk_err
hk_note_sig_tree_head(const hk_note_sig *sig, hk_note_tree_head_sig *ret)
{
	uint8_t bytes[4 + 8 + sizeof ret->sig + 2];
	hk_note_tree_head_sig head;
	size_t len;
	hk_cur cur;
	hk_span signed_part, rest, inner;

	if (HK_BASE64_LEN(4 + 8 + sizeof ret->sig) < sig->base64.len) {
		return HK_ELIMIT;
	}
	HK_TRY(hk_base64_decode(sig->base64, bytes, &len));
	cur = hk_cur_of(hk_span_of(bytes, len));
	HK_TRY(hk_cur_skip(&cur, 4));
	HK_TRY(hk_cur_u64(&cur, &head.timestamp_ms));
	signed_part = hk_cur_rest(&cur);
	HK_TRY(hk_cur_bytes(&cur, 2, &rest)); /* hash, algorithm: sys/sig looks at them */
	HK_TRY(hk_cur_prefixed(&cur, 2, &inner));
	HK_TRY(hk_cur_end(&cur));
	if (signed_part.len > sizeof head.sig) {
		return HK_ELIMIT;
	}
	memcpy(head.sig, signed_part.data, signed_part.len);
	head.sig_len = signed_part.len;
	*ret = head;
	return HK_OK;
}

/* A bounded writer. */
typedef struct sink {
	uint8_t *at;
	size_t left;
} sink;

static hk_err
put(sink *out, hk_span text)
{
	if (text.len > out->left) {
		return HK_ELIMIT;
	}
	if (text.len > 0) {
		memcpy(out->at, text.data, text.len);
	}
	out->at += text.len;
	out->left -= text.len;
	return HK_OK;
}

hk_err
hk_note_head_print(const hk_note_head *head, uint8_t *ret, size_t max, size_t *ret_len)
{
	sink out = {ret, max};
	char root[HK_BASE64_LEN(32) + 1];
	uint8_t digits[20];
	size_t at = sizeof digits;

	if (head->origin.len == 0 || !is_text(head->origin) ||
		memchr(head->origin.data, '\n', head->origin.len)) {
		return HK_EFORM;
	}
	for (uint64_t n = head->size; n > 0 || at == sizeof digits; n /= 10) {
		digits[--at] = (uint8_t)('0' + n % 10);
	}
	hk_base64_encode(hk_span_of(head->root, sizeof head->root), root);
	HK_TRY(put(&out, head->origin));
	HK_TRY(put(&out, HK_SPAN_LIT("\n")));
	HK_TRY(put(&out, hk_span_of(digits + at, sizeof digits - at)));
	HK_TRY(put(&out, HK_SPAN_LIT("\n")));
	HK_TRY(put(&out, hk_span_str(root)));
	HK_TRY(put(&out, HK_SPAN_LIT("\n")));
	HK_TRY(put(&out, head->extensions));
	*ret_len = max - out.left;
	return HK_OK;
}

hk_err
hk_note_print(const hk_note *note, uint8_t *ret, size_t max, size_t *ret_len)
{
	sink out = {ret, max};

	HK_TRY(put(&out, note->text));
	HK_TRY(put(&out, HK_SPAN_LIT("\n")));
	for (size_t i = 0; i < note->sig_count; i++) {
		HK_TRY(put(&out, HK_SPAN_LIT(DASH)));
		HK_TRY(put(&out, note->sigs[i].name));
		HK_TRY(put(&out, HK_SPAN_LIT(" ")));
		HK_TRY(put(&out, note->sigs[i].base64));
		HK_TRY(put(&out, HK_SPAN_LIT("\n")));
	}
	*ret_len = max - out.left;
	return HK_OK;
}
