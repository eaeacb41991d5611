#include "derw.h"

#include <time.h>

void
rg_derw_init(rg_derw *w, uint8_t *memory, size_t size)
{
	*w = (rg_derw){memory, memory + size, memory + size, false};
}

void
rg_derw_raw(rg_derw *w, const void *data, size_t len)
{
	if (w->full || len > (size_t)(w->at - w->start)) {
		w->full = true;
		return;
	}
	w->at -= len;
	if (len > 0) {
		memcpy(w->at, data, len);
	}
}

void
rg_derw_byte(rg_derw *w, uint8_t byte)
{
	rg_derw_raw(w, &byte, 1);
}

static void
put_length(rg_derw *w, size_t len)
{
	if (len < 0x80) {
		rg_derw_byte(w, (uint8_t)len);
		return;
	}
	uint8_t count = 0;

	for (; len > 0; len >>= 8, count++) {
		rg_derw_byte(w, (uint8_t)len);
	}
	rg_derw_byte(w, 0x80 | count);
}

void
rg_derw_wrap(rg_derw *w, uint8_t tag, size_t mark)
{
	put_length(w, rg_derw_mark(w) - mark);
	rg_derw_byte(w, tag);
}

void
rg_derw_tlv(rg_derw *w, uint8_t tag, const void *data, size_t len)
{
	rg_derw_raw(w, data, len);
	put_length(w, len);
	rg_derw_byte(w, tag);
}

void
rg_derw_uint(rg_derw *w, const uint8_t *bytes, size_t len)
{
	size_t mark = rg_derw_mark(w);

	while (len > 1 && bytes[0] == 0) {
		bytes++;
		len--;
	}
	rg_derw_raw(w, bytes, len);
	if (len == 0 || bytes[0] & 0x80) {
		rg_derw_byte(w, 0);
	}
	rg_derw_wrap(w, RG_DER_INTEGER, mark);
}

void
rg_derw_bits(rg_derw *w, size_t mark)
{
	rg_derw_byte(w, 0);
	rg_derw_wrap(w, RG_DER_BITS, mark);
}

void
rg_derw_time(rg_derw *w, int64_t seconds)
{
	time_t when = (time_t)seconds;
	struct tm tm;
	char text[24];

	gmtime_r(&when, &tm);
	bool utc = tm.tm_year >= 50 && tm.tm_year < 150;
	size_t len = strftime(text, sizeof text, "%Y%m%d%H%M%SZ", &tm);
	size_t skip = utc ? 2 : 0; /* UTCTime has two digits of the year */
	rg_derw_tlv(w, utc ? RG_DER_UTC_TIME : RG_DER_GENERALIZED_TIME, text + skip, len - skip);
}
