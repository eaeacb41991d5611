#include "web/target.h"

#include <string.h>

#include "base/utf8.h"
#include "sys/gerr.h"

static int
nibble(uint8_t c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

/* Appends what in decodes to, and a NUL, at *at. Newline and tab are allowed in values only. */
static bool
decode(hk_span in, bool query, char **at, char **ret, GError **error)
{
	char *out = *at;

	*ret = out;
	for (size_t i = 0; i < in.len; i++) {
		uint8_t c = in.data[i];
		if (c == '%') {
			bool whole = in.len - i > 2;
			int high = whole ? nibble(in.data[i + 1]) : -1;
			int low = whole ? nibble(in.data[i + 2]) : -1;
			if (high < 0 || low < 0) {
				return hk_error_set(error, HK_EFORM,
					"the URL has a percent sign without two hexadecimal "
					"digits");
			}
			c = (uint8_t)(high << 4 | low);
			i += 2;
		} else if (c == '+' && query) {
			c = ' ';
		}
		if ((c < 0x20 && !(query && (c == '\n' || c == '\t' || c == '\r'))) || c == 0x7f) {
			return hk_error_set(error, HK_EFORM, "the URL holds a control character");
		}
		*out++ = (char)c;
	}
	size_t len = (size_t)(out - *ret);
	if (query && len > HK_TARGET_VALUE_MAX) {
		return hk_error_set(error, HK_ELIMIT, "a query parameter is longer than %d bytes",
			HK_TARGET_VALUE_MAX);
	}
	*out++ = '\0';
	*at = out;
	if (!hk_utf8_valid(hk_span_of((const uint8_t *)*ret, len))) {
		return hk_error_set(error, HK_EFORM, "the URL is no UTF-8");
	}
	return true;
}

static hk_span
cut(hk_span *rest, char at)
{
	const uint8_t *end = rest->len > 0 ? memchr(rest->data, at, rest->len) : NULL;
	size_t len = end ? (size_t)(end - rest->data) : rest->len;
	hk_span head = hk_span_of(rest->data, len);
	size_t skip = end ? len + 1 : len;

	*rest = hk_span_of(rest->data + skip, rest->len - skip);
	return head;
}

static bool
parse_path(hk_span path, hk_target *t, char **at, GError **error)
{
	char *segment;

	path = hk_span_of(path.data + 1, path.len - 1);
	while (path.len > 0) {
		bool last = !memchr(path.data, '/', path.len);
		if (t->segment_count == HK_TARGET_SEGMENTS) {
			return hk_error_set(error, HK_ELIMIT, "the path has more than %d parts",
				HK_TARGET_SEGMENTS);
		}
		if (!decode(cut(&path, '/'), false, at, &segment, error)) {
			return false;
		}
		if (strcmp(segment, ".") == 0 || strcmp(segment, "..") == 0) {
			return hk_error_set(error, HK_EFORM, "the path holds \"%s\"", segment);
		}
		t->segments[t->segment_count++] = segment;
		t->folder = !last && path.len == 0;
	}
	t->folder = t->folder || t->segment_count == 0;
	return true;
}

static bool
parse_query(hk_span query, hk_target *t, char **at, GError **error)
{
	while (query.len > 0) {
		hk_span value = cut(&query, '&');
		if (value.len == 0) {
			continue;
		}
		hk_span name = cut(&value, '=');
		hk_target_param *param = &t->params[t->param_count];
		if (t->param_count == HK_TARGET_PARAMS) {
			return hk_error_set(error, HK_ELIMIT,
				"the query has more than %d parameters", HK_TARGET_PARAMS);
		}
		if (!decode(name, true, at, &param->name, error) ||
			!decode(value, true, at, &param->value, error)) {
			return false;
		}
		if (hk_target_param_of(t, param->name)) {
			return hk_error_set(error, HK_EFORM,
				"%.60s: is given twice; once is enough", param->name);
		}
		t->param_count++;
	}
	return true;
}

bool
hk_target_parse(hk_span raw, hk_target *ret, GError **error)
{
	hk_target t = {0};

	if (raw.len > HK_TARGET_MAX) {
		return hk_error_set(
			error, HK_ELIMIT, "the URL is longer than %d bytes", HK_TARGET_MAX);
	}
	if (raw.len == 0 || raw.data[0] != '/') {
		return hk_error_set(error, HK_EFORM, "the request names no path");
	}
	for (size_t i = 0; i < raw.len; i++) {
		if (raw.data[i] <= 0x20 || raw.data[i] == '#' || raw.data[i] == 0x7f) {
			return hk_error_set(
				error, HK_EFORM, "the URL holds a character that must be escaped");
		}
	}
	/* Decoding never makes longer; a NUL for each part. */
	char *at = t.text = g_malloc(raw.len + HK_TARGET_SEGMENTS + 2 * HK_TARGET_PARAMS + 2);
	hk_span rest = raw;
	hk_span path = cut(&rest, '?');
	if (!parse_path(path, &t, &at, error) || !parse_query(rest, &t, &at, error)) {
		g_free(t.text);
		return false;
	}
	*ret = t;
	return true;
}

void
hk_target_clear(hk_target *target)
{
	g_free(target->text);
	*target = (hk_target){0};
}

const char *
hk_target_param_of(const hk_target *target, const char *name)
{
	for (size_t i = 0; i < target->param_count; i++) {
		if (strcmp(target->params[i].name, name) == 0) {
			return target->params[i].value;
		}
	}
	return NULL;
}
