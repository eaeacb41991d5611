#include "parse/dnsmsg.h"

#include <string.h>

#include "parse/ipaddr.h"

enum { HEADER = 12, LABELS_MAX = 128, CLASS_IN = 1 };

typedef struct text {
	char *at;
	size_t size, len;
	bool cut;
} text;

static void
put(text *t, char c)
{
	if (t->len + 1 < t->size) {
		t->at[t->len++] = c;
	} else {
		t->cut = true;
	}
}

static void
put_str(text *t, const char *s)
{
	while (*s != '\0') {
		put(t, *s++);
	}
}

static void
put_escaped(text *t, uint8_t c)
{
	put(t, '\\');
	put(t, (char)('0' + c / 100));
	put(t, (char)('0' + c / 10 % 10));
	put(t, (char)('0' + c % 10));
}

static void
put_number(text *t, uint64_t n)
{
	char digits[20];
	size_t count = 0;

	do {
		digits[count++] = (char)('0' + n % 10);
		n /= 10;
	} while (n > 0);
	while (count > 0) {
		put(t, digits[--count]);
	}
}

static void
put_label(text *t, const uint8_t *label, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		uint8_t c = label[i];
		if (c >= 'A' && c <= 'Z') {
			put(t, (char)(c + 32));
		} else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
			   c == '_' || c == '*') {
			put(t, (char)c);
		} else {
			put_escaped(t, c);
		}
	}
}

/* The name at *pos, appended; *pos moves behind what of it stands there. */
static hk_err
take_name(hk_span all, size_t *pos, text *t)
{
	size_t at = *pos, before = *pos;
	bool jumped = false;

	for (unsigned labels = 0; labels <= LABELS_MAX; labels++) {
		if (at >= all.len) {
			return HK_ETRUNC;
		}
		uint8_t len = all.data[at];
		if (len >= 0xc0) {
			if (at + 1 >= all.len) {
				return HK_ETRUNC;
			}
			size_t to = (size_t)(len & 0x3f) << 8 | all.data[at + 1];
			*pos = jumped ? *pos : at + 2;
			jumped = true;
			/* Backwards only, each time further: no circle. */
			if (to >= before || to < HEADER) {
				return HK_EFORM;
			}
			at = before = to;
			continue;
		}
		if (len > 63) {
			return HK_EFORM;
		}
		if (len == 0) {
			*pos = jumped ? *pos : at + 1;
			return HK_OK;
		}
		if (all.len - at - 1 < len) {
			return HK_ETRUNC;
		}
		if (labels > 0 && t->len > 0 && t->at[t->len - 1] != ' ') {
			put(t, '.');
		}
		put_label(t, all.data + at + 1, len);
		at += (size_t)len + 1;
	}
	return HK_EFORM;
}

static unsigned
u16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

static uint32_t
u32(const uint8_t *p)
{
	return (uint32_t)u16(p) << 16 | (uint32_t)u16(p + 2);
}

hk_err
hk_dnsmsg_open(hk_span message, hk_dnsmsg *ret)
{
	if (message.len < HEADER) {
		return HK_ETRUNC;
	}
	const uint8_t *d = message.data;
	if ((d[2] & 0x80) == 0) {
		return HK_EFORM; /* a question */
	}
	*ret = (hk_dnsmsg){.all = message,
		.pos = HEADER,
		.left = u16(d + 6),
		.rcode = d[3] & 0xf,
		.truncated = (d[2] & 2) != 0};
	for (unsigned i = u16(d + 4); i > 0; i--) {
		char none[1];
		text t = {none, sizeof none, 0, false};
		hk_err err = take_name(message, &ret->pos, &t);
		if (err != HK_OK) {
			return err;
		}
		if (message.len - ret->pos < 4) {
			return HK_ETRUNC;
		}
		ret->pos += 4;
	}
	return HK_OK;
}

static hk_err
take_address(hk_span data, bool v4, text *t)
{
	hk_ipaddr addr = {{0}, v4};
	char out[HK_IPADDR_TEXT_SIZE];

	if (data.len != (v4 ? 4 : 16)) {
		return HK_EFORM;
	}
	memcpy(addr.bytes, data.data, data.len);
	put_str(t, hk_ipaddr_format(&addr, out));
	return HK_OK;
}

static hk_err
take_txt(hk_span data, text *t)
{
	for (size_t at = 0; at < data.len;) {
		size_t len = data.data[at++];
		if (data.len - at < len) {
			return HK_EFORM;
		}
		for (size_t i = 0; i < len; i++) {
			uint8_t c = data.data[at + i];
			if (c < 0x20 || c > 0x7e) {
				put_escaped(t, c);
			} else {
				put(t, (char)c);
			}
		}
		at += len;
	}
	return HK_OK;
}

static hk_err
take_soa(hk_span all, size_t pos, size_t end, text *t)
{
	hk_err err = take_name(all, &pos, t);

	put(t, ' ');
	if (err == HK_OK) {
		err = take_name(all, &pos, t);
	}
	if (err != HK_OK || pos > end || end - pos != 20) {
		return HK_EFORM;
	}
	for (unsigned i = 0; i < 5; i++) {
		put(t, ' ');
		put_number(t, u32(all.data + pos + 4 * (size_t)i));
	}
	return HK_OK;
}

static hk_err
take_data(const hk_dnsmsg *msg, unsigned type, size_t pos, size_t end, text *t)
{
	hk_span data = hk_span_of(msg->all.data + pos, end - pos);
	hk_err err;

	switch (type) {
	case HK_DNSMSG_A:
	case HK_DNSMSG_AAAA:
		return take_address(data, type == HK_DNSMSG_A, t);
	case HK_DNSMSG_TXT:
		return take_txt(data, t);
	case HK_DNSMSG_SOA:
		return take_soa(msg->all, pos, end, t);
	case HK_DNSMSG_MX:
		if (data.len < 3) {
			return HK_EFORM;
		}
		put_number(t, u16(data.data));
		put(t, ' ');
		pos += 2;
		break;
	case HK_DNSMSG_NS:
	case HK_DNSMSG_CNAME:
		break;
	default:
		return HK_OK;
	}
	err = take_name(msg->all, &pos, t);
	return err == HK_OK && pos != end ? HK_EFORM : err;
}

/* HK_ENOENT: of another class than IN; passed over. */
static hk_err
take_record(hk_dnsmsg *msg, hk_dnsmsg_record *ret)
{
	text owner = {ret->owner, sizeof ret->owner, 0, false};
	text value = {ret->text, sizeof ret->text, 0, false};
	hk_err err = take_name(msg->all, &msg->pos, &owner);

	if (err != HK_OK) {
		return err;
	}
	ret->owner[owner.len] = '\0';
	if (msg->all.len - msg->pos < 10) {
		return HK_ETRUNC;
	}
	const uint8_t *d = msg->all.data + msg->pos;
	size_t len = u16(d + 8);
	msg->pos += 10;
	if (msg->all.len - msg->pos < len) {
		return HK_ETRUNC;
	}
	ret->type = u16(d);
	ret->ttl = u32(d + 4);
	if (u16(d + 2) == CLASS_IN) {
		err = take_data(msg, ret->type, msg->pos, msg->pos + len, &value);
	} else {
		err = HK_ENOENT;
	}
	ret->text[value.len] = '\0';
	ret->cut = owner.cut || value.cut;
	msg->pos += len;
	return err;
}

hk_err
hk_dnsmsg_next(hk_dnsmsg *msg, hk_dnsmsg_record *ret)
{
	while (msg->left > 0) {
		msg->left--;
		hk_err err = take_record(msg, ret);
		if (err != HK_ENOENT) {
			if (err != HK_OK) {
				msg->left = 0;
			}
			return err;
		}
	}
	return HK_ENOENT;
}
