#include "parse/etag.h"

/* 1 to 16 hexadecimal digits in lower case, as nginx prints them: no zero in front. */
static bool
hex(hk_span text, uint64_t *ret)
{
	uint64_t value = 0;

	if (text.len == 0 || text.len > 16 || (text.len > 1 && text.data[0] == '0')) {
		return false;
	}
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.data[i];
		bool digit = c >= '0' && c <= '9';
		if (!digit && !(c >= 'a' && c <= 'f')) {
			return false;
		}
		value = value << 4 | (uint64_t)(digit ? c - '0' : c - 'a' + 10);
	}
	*ret = value;
	return true;
}

static void
read_nginx(hk_etag *etag)
{
	const uint8_t *dash =
		etag->opaque.len > 0 ? memchr(etag->opaque.data, '-', etag->opaque.len) : NULL;
	uint64_t mtime, size;

	if (!dash) {
		return;
	}
	size_t at = (size_t)(dash - etag->opaque.data);
	if (hex(hk_span_of(etag->opaque.data, at), &mtime) &&
		hex(hk_span_of(dash + 1, etag->opaque.len - at - 1), &size) && mtime <= INT64_MAX) {
		etag->nginx = true;
		etag->mtime_s = (int64_t)mtime;
		etag->size = size;
	}
}

hk_err
hk_etag_read(hk_span value, hk_etag *ret)
{
	hk_etag etag = {0};

	value = hk_span_trim(value);
	if (value.len > HK_ETAG_MAX) {
		return HK_ELIMIT;
	}
	if (value.len >= 2 && value.data[0] == 'W' && value.data[1] == '/') {
		etag.weak = true;
		value = hk_span_of(value.data + 2, value.len - 2);
	}
	if (value.len < 2 || value.data[0] != '"' || value.data[value.len - 1] != '"') {
		return HK_EFORM;
	}
	etag.opaque = hk_span_of(value.data + 1, value.len - 2);
	for (size_t i = 0; i < etag.opaque.len; i++) {
		uint8_t c = etag.opaque.data[i];
		if (c <= ' ' || c == '"' || c == 0x7f) {
			return HK_EFORM;
		}
	}
	read_nginx(&etag);
	*ret = etag;
	return HK_OK;
}

unsigned
hk_etag_check(const hk_etag *etag, int64_t modified_s, int64_t length)
{
	if (!etag->nginx) {
		return HK_ETAG_ODD_FORM;
	}
	return (modified_s >= 0 && modified_s != etag->mtime_s ? HK_ETAG_ODD_TIME : 0u) |
	       (length >= 0 && (uint64_t)length != etag->size ? HK_ETAG_ODD_SIZE : 0u);
}
