/* fuzz_target: the input as the target of a request. Properties: counts and lengths stay below their caps; what was decoded is UTF-8
 * without control characters that move a cursor; no segment leads upwards; no parameter stands twice; the same input reads the same. */
#include <string.h>

#include "base/utf8.h"
#include "fuzz.h"
#include "web/target.h"

static void
check_text(const char *text, bool query)
{
	need(hk_utf8_valid(hk_span_str(text)));
	for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
		need(*at != 0x7f && (*at >= 0x20 || (query && strchr("\n\r\t", *at))));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	hk_target t = {0}, again = {0};

	if (!hk_target_parse(hk_span_of(data, size), &t, NULL)) {
		return 0;
	}
	need(size <= HK_TARGET_MAX && data[0] == '/');
	need(t.segment_count <= HK_TARGET_SEGMENTS && t.param_count <= HK_TARGET_PARAMS);
	for (size_t i = 0; i < t.segment_count; i++) {
		check_text(t.segments[i], false);
		need(strcmp(t.segments[i], ".") != 0 && strcmp(t.segments[i], "..") != 0);
	}
	for (size_t i = 0; i < t.param_count; i++) {
		check_text(t.params[i].name, true);
		check_text(t.params[i].value, true);
		need(strlen(t.params[i].value) <= HK_TARGET_VALUE_MAX);
		need(hk_target_param_of(&t, t.params[i].name) == t.params[i].value);
	}
	need(hk_target_parse(hk_span_of(data, size), &again, NULL));
	need(again.segment_count == t.segment_count && again.param_count == t.param_count);
	hk_target_clear(&again);
	hk_target_clear(&t);
	return 0;
}
