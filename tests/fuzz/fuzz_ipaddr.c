/* fuzz_ipaddr: addresses. Properties: what is read is written so that it reads the same; nothing odd is read; no form of IPv6 that holds
 * an IPv4 address is public; a net holds its own address. */
#include <string.h>

#include "fuzz.h"
#include "parse/ipaddr.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	hk_span text = hk_span_of(data, size);
	hk_ipaddr addr, again;
	char shown[HK_IPADDR_TEXT_SIZE];
	unsigned bits;

	bool odd = hk_ipaddr_looks_odd(text);
	if (hk_ipaddr_parse(text, &addr) == HK_OK) {
		need(!odd);
		hk_ipaddr_format(&addr, shown);
		need(strlen(shown) < sizeof shown);
		need(hk_ipaddr_parse(hk_span_str(shown), &again) == HK_OK &&
			hk_ipaddr_eq(&addr, &again));
		const hk_ipaddr_class *class = hk_ipaddr_class_of(&addr);
		need(class || addr.v4 || (addr.bytes[0] & 0xe0) == 0x20);
		need(addr.v4 || memcmp(addr.bytes, mapped, 12) != 0 || class);
		need(!hk_ipaddr_is_loopback(&addr) ||
			(class && strcmp(class->name, "loopback") == 0));
	}
	if (hk_ipaddr_parse_net(text, &addr, &bits) == HK_OK) {
		need(hk_ipaddr_in(&addr, &addr, bits));
	}
	if (size == 16) {
		addr.v4 = false;
		memcpy(addr.bytes, data, 16);
		hk_ipaddr_format(&addr, shown);
		need(hk_ipaddr_parse(hk_span_str(shown), &again) == HK_OK &&
			hk_ipaddr_eq(&addr, &again));
	}
	return 0;
}
