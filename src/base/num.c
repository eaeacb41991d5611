#include "base/num.h"

hk_err
hk_parse_u64(hk_span text, uint64_t max, uint64_t *ret)
{
	uint64_t value = 0;

	if (text.len == 0 || (text.len > 1 && text.data[0] == '0')) {
		return HK_EFORM;
	}
	for (size_t i = 0; i < text.len; i++) {
		uint8_t digit = (uint8_t)(text.data[i] - '0');
		if (digit > 9) {
			return HK_EFORM;
		}
		if (__builtin_mul_overflow(value, 10, &value) ||
			__builtin_add_overflow(value, digit, &value)) {
			return HK_ERANGE;
		}
	}
	if (value > max) {
		return HK_ERANGE;
	}
	*ret = value;
	return HK_OK;
}
