/* fuzz_whois: any bytes as an answer of a WHOIS server. Properties: every text is valid UTF-8 and ends within its array, names are names, addresses of
 * mail have an '@', a referral is a host; reading the same again gives the same. */
#include "base/utf8.h"
#include "fuzz.h"
#include "parse/whois.h"
#include "registered.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static hk_registration reg;
	static hk_registration again;
	/* The first byte is the zone: hours east or west. */
	int zone_min = size > 0 ? (data[0] % 27 - 12) * 60 : 0;
	hk_span text = hk_span_of(data + (size > 0), size - (size > 0));

	if (hk_whois_parse(text, zone_min, &reg) != HK_OK) {
		need(text.len > HK_WHOIS_BYTES_MAX);
		return 0;
	}
	registered(&reg);
	need(hk_whois_parse(text, zone_min, &again) == HK_OK);
	need(memcmp(&reg, &again, sizeof reg) == 0);
	return 0;
}
