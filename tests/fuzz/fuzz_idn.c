/* fuzz_idn: a name to A-labels, back to Unicode, and its skeleton. Properties: results fit, lengths are true, what was made
 * into A-labels is ASCII and can be made so again, a skeleton is UTF-8. */
#include <stdlib.h>

#include "base/utf8.h"
#include "fuzz.h"
#include "sys/idn.h"
#include "sys/skeleton.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	hk_span text = hk_span_of(data, size);
	char ascii[255];
	char unicode[HK_IDN_TEXT_MAX];
	char skeleton[HK_SKELETON_TEXT_MAX];
	size_t len = 0;
	size_t more = 0;

	if (hk_idn_to_ascii(text, ascii, sizeof ascii, &len) == HK_OK) {
		need(len > 0 && len <= sizeof ascii);
		for (size_t i = 0; i < len; i++) {
			need((uint8_t)ascii[i] < 0x80);
		}
		text = hk_span_of(ascii, len);
	}
	if (hk_idn_to_unicode(text, unicode, sizeof unicode, &len) == HK_OK) {
		need(len <= sizeof unicode);
		text = hk_span_of(unicode, len);
	}
	if (hk_skeleton_of(text, skeleton, sizeof skeleton, &more) == HK_OK) {
		need(more <= sizeof skeleton);
		need(hk_utf8_valid(hk_span_of(skeleton, more)));
	}
	return 0;
}
