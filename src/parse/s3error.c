#include "parse/s3error.h"

#include "base/cur.h"

/* Moves behind the next occurrence of text. */
static hk_err
behind(hk_cur *cur, hk_span text)
{
	size_t left = hk_cur_left(cur);
	const uint8_t *at = left >= text.len ? memmem(cur->at, left, text.data, text.len) : NULL;

	return at ? hk_cur_skip(cur, (size_t)(at - cur->at) + text.len) : HK_EFORM;
}

static bool
in_word(uint8_t c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       c == '.' || c == '-' || c == '_';
}

/* The word between tag and the next "<". cur is where the search begins. */
static hk_err
word_of(hk_cur cur, hk_span tag, char ret[HK_S3ERROR_WORD_SIZE])
{
	size_t len = 0;

	HK_TRY(behind(&cur, tag));
	hk_span rest = hk_cur_rest(&cur);
	while (len < rest.len && in_word(rest.data[len])) {
		len++;
	}
	if (len == 0 || len == rest.len || rest.data[len] != '<' || len >= HK_S3ERROR_WORD_SIZE) {
		return HK_EFORM;
	}
	memcpy(ret, rest.data, len);
	ret[len] = '\0';
	return HK_OK;
}

hk_err
hk_s3error_parse(hk_span body, hk_s3error *ret)
{
	hk_cur cur = hk_cur_of(body);
	hk_s3error found = {.code = ""};

	if (body.len > HK_S3ERROR_BYTES_MAX) {
		cur = hk_cur_of(hk_span_of(body.data, HK_S3ERROR_BYTES_MAX));
	}
	HK_TRY(behind(&cur, HK_SPAN_LIT("<Error")));
	HK_TRY(word_of(cur, HK_SPAN_LIT("<Code>"), found.code));
	if (word_of(cur, HK_SPAN_LIT("<Region>"), found.region) != HK_OK) {
		found.region[0] = '\0';
	}
	*ret = found;
	return HK_OK;
}
