#include "parse/smtpreply.h"

#include "base/cur.h"

static bool
is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* Length of "d.d{1,3}.d{1,3}" with class 2, 4 or 5 at the beginning of text, when a blank or the end follows; 0: none. */
static size_t
enhanced_len(hk_span text)
{
	size_t i = 1;

	if (text.len < 5 || (text.data[0] != '2' && text.data[0] != '4' && text.data[0] != '5')) {
		return 0;
	}
	for (int part = 0; part < 2; part++) {
		size_t digits = 0;

		if (i >= text.len || text.data[i] != '.') {
			return 0;
		}
		i++;
		while (i < text.len && digits < 3 && is_digit(text.data[i])) {
			i++;
			digits++;
		}
		if (digits == 0) {
			return 0;
		}
	}
	return i == text.len || text.data[i] == ' ' || text.data[i] == '\r' || text.data[i] == '\n'
		       ? i
		       : 0;
}

/* One line: its code, whether more follow, what stands behind. */
static hk_err
read_line(hk_span line, int *ret_code, bool *ret_more, hk_span *ret_text)
{
	if (line.len < 3 || !is_digit(line.data[0]) || !is_digit(line.data[1]) ||
		!is_digit(line.data[2]) || line.data[0] < '2' || line.data[0] > '5') {
		return HK_EFORM;
	}
	*ret_code = (line.data[0] - '0') * 100 + (line.data[1] - '0') * 10 + (line.data[2] - '0');
	hk_span rest = hk_span_of(line.data + 3, line.len - 3);

	*ret_more = rest.len > 0 && rest.data[0] == '-';
	if (rest.len > 0 && !*ret_more && rest.data[0] != ' ' && rest.data[0] != '\r') {
		return HK_EFORM;
	}
	if (rest.len > 0 && rest.data[0] != '\r') {
		rest = hk_span_of(rest.data + 1, rest.len - 1);
	}
	*ret_text = hk_span_trim(rest);
	return HK_OK;
}

/* The next line of *at without its line end. */
static hk_err
next_line(hk_cur *at, hk_span *ret)
{
	hk_span left = hk_cur_rest(at);
	size_t scan = left.len < HK_SMTPREPLY_LINE_MAX ? left.len : HK_SMTPREPLY_LINE_MAX;
	const uint8_t *end = scan > 0 ? memchr(left.data, '\n', scan) : NULL;

	if (!end) {
		return left.len >= HK_SMTPREPLY_LINE_MAX ? HK_ELIMIT : HK_ETRUNC;
	}
	hk_err err = hk_cur_bytes(at, (size_t)(end - left.data) + 1, ret);

	if (err == HK_OK) {
		ret->len--;
		ret->len -= ret->len > 0 && ret->data[ret->len - 1] == '\r';
	}
	return err;
}

hk_err
hk_smtpreply_read(hk_span buffer, hk_smtpreply *ret, size_t *ret_len)
{
	hk_cur at = hk_cur_of(buffer);
	hk_smtpreply reply = {0};
	bool more = true;

	while (more) {
		hk_span line, text;
		int code;
		hk_err err = next_line(&at, &line);

		if (err == HK_OK) {
			err = read_line(line, &code, &more, &text);
		}
		if (err != HK_OK) {
			return err;
		}
		if (reply.count == 0) {
			reply.code = code;
			reply.enhanced = hk_span_of(text.data, enhanced_len(text));
		} else if (code != reply.code) {
			return HK_EFORM;
		}
		if (++reply.count > HK_SMTPREPLY_LINES_MAX) {
			return HK_ELIMIT;
		}
	}
	*ret_len = buffer.len - hk_cur_left(&at);
	reply.lines = hk_span_of(buffer.data, *ret_len);
	*ret = reply;
	return HK_OK;
}

bool
hk_smtpreply_line(const hk_smtpreply *reply, unsigned n, hk_span *ret)
{
	hk_cur at = hk_cur_of(reply->lines);
	hk_span line, text;
	int code;
	bool more;

	for (unsigned i = 0; i <= n; i++) {
		if (next_line(&at, &line) != HK_OK) {
			return false;
		}
	}
	if (read_line(line, &code, &more, &text) != HK_OK) {
		return false;
	}
	size_t skip = enhanced_len(text);

	*ret = hk_span_trim(hk_span_of(text.data + skip, text.len - skip));
	return true;
}

static uint8_t
upper(uint8_t c)
{
	return c >= 'a' && c <= 'z' ? (uint8_t)(c - 'a' + 'A') : c;
}

bool
hk_smtpreply_offers(const hk_smtpreply *reply, const char *word, hk_span *ret_value)
{
	size_t n = strlen(word);
	hk_span line;

	for (unsigned i = 1; hk_smtpreply_line(reply, i, &line); i++) {
		size_t k = 0;

		while (k < n && k < line.len && upper(line.data[k]) == upper((uint8_t)word[k])) {
			k++;
		}
		/* "AUTH=PLAIN" is how some old servers write "AUTH PLAIN". */
		if (k == n && (line.len == n || line.data[n] == ' ' || line.data[n] == '=')) {
			if (ret_value) {
				*ret_value = hk_span_trim(hk_span_of(line.data + n + (line.len > n),
					line.len - n - (line.len > n)));
			}
			return true;
		}
	}
	return false;
}
