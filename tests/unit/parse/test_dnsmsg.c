#include "parse/dnsmsg.h"

#include <string.h>

#include "tap.h"

/* Header: one question, n answers; then mihon.test IN type. */
static size_t
begin(uint8_t *to, unsigned answers, unsigned rcode)
{
	const uint8_t head[] = {0, 1, 0x81, (uint8_t)(0x80 | rcode), 0, 1, 0, (uint8_t)answers, 0,
		0, 0, 0, 5, 'M', 'i', 'h', 'o', 'n', 4, 't', 'e', 's', 't', 0, 0, 1, 0, 1};

	memcpy(to, head, sizeof head);
	return sizeof head;
}

/* A record of the question's name. */
static size_t
add(uint8_t *to, unsigned type, unsigned class, const void *data, size_t len)
{
	const uint8_t head[] = {
		0xc0, 12, 0, (uint8_t)type, 0, (uint8_t) class, 0, 0, 1, 44, 0, (uint8_t)len};

	memcpy(to, head, sizeof head);
	memcpy(to + sizeof head, data, len);
	return sizeof head + len;
}

static hk_dnsmsg_record record;

static void
one(unsigned type, const void *data, size_t len, hk_err want, const char *text, const char *what)
{
	uint8_t bytes[600];
	hk_dnsmsg msg;
	size_t n = begin(bytes, 1, 0);

	n += add(bytes + n, type, 1, data, len);
	is_int(hk_dnsmsg_open(hk_span_of(bytes, n), &msg), HK_OK, "%s: opens", what);
	is_int(hk_dnsmsg_next(&msg, &record), want, "%s", what);
	if (want == HK_OK) {
		is_str(record.text, text, "%s: its text", what);
		is_str(record.owner, "mihon.test", "%s: whose", what);
		is_int(record.ttl, 300, "%s: how long", what);
	}
	is_int(hk_dnsmsg_next(&msg, &record), HK_ENOENT, "%s: the end", what);
	/* Cut anywhere: an error, or the record is not there; never a read outside (ASan). */
	for (size_t cut = 0; cut < n; cut++) {
		uint8_t copy[600];
		memcpy(copy, bytes, cut);
		if (hk_dnsmsg_open(hk_span_of(copy, cut), &msg) == HK_OK &&
			hk_dnsmsg_next(&msg, &record) == HK_OK) {
			ok(false, "%s: cut to %zu bytes is still a record", what, cut);
		}
	}
}

static void
kinds(void)
{
	one(HK_DNSMSG_A, "\xcb\x00\x71\x05", 4, HK_OK, "203.0.113.5", "A");
	one(HK_DNSMSG_A, "\xcb\x00\x71", 3, HK_EFORM, "", "A of three bytes");
	one(HK_DNSMSG_AAAA, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16, HK_OK, "2001:db8::1",
		"AAAA");
	one(HK_DNSMSG_CNAME, "\3WWW\xc0\x0c", 6, HK_OK, "www.mihon.test", "CNAME");
	one(HK_DNSMSG_NS, "\4a.b\"\xc0\x12", 7, HK_OK, "a\\046b\\034.test", "a label with a dot");
	one(HK_DNSMSG_MX, "\0\x0a\4mail\xc0\x0c", 9, HK_OK, "10 mail.mihon.test", "MX");
	one(HK_DNSMSG_SOA, "\xc0\x0c\1h\xc0\x0c\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\xff\xff\xff\xff",
		26, HK_OK, "mihon.test h.mihon.test 1 2 3 4 4294967295", "SOA");
	one(HK_DNSMSG_TXT, "\3a\0b\2\"\xff", 7, HK_OK, "a\\000b\"\\255", "TXT");
	one(HK_DNSMSG_TXT, "\5ab", 3, HK_EFORM, "", "TXT past its end");
	one(HK_DNSMSG_CNAME, "\xc0\x28", 2, HK_EFORM, "", "a pointer to itself");
	one(HK_DNSMSG_CNAME, "\xc0\xff", 2, HK_EFORM, "", "a pointer forwards");
	one(HK_DNSMSG_CNAME, "\xc0\x02", 2, HK_EFORM, "", "a pointer into the header");
	one(99, "x", 1, HK_OK, "", "another type");
}

int
main(void)
{
	uint8_t bytes[200];
	hk_dnsmsg msg;

	kinds();
	size_t n = begin(bytes, 2, 3);
	n += add(bytes + n, HK_DNSMSG_TXT, 3, "\1x", 2);
	n += add(bytes + n, HK_DNSMSG_TXT, 1, "\1y", 2);
	is_int(hk_dnsmsg_open(hk_span_of(bytes, n), &msg), HK_OK, "opens");
	is_int(msg.rcode, 3, "NXDOMAIN");
	is_int(hk_dnsmsg_next(&msg, &record), HK_OK, "a record");
	is_str(record.text, "y", "CHAOS is passed over");
	bytes[2] = 1;
	is_int(hk_dnsmsg_open(hk_span_of(bytes, n), &msg), HK_EFORM, "a question is no answer");
	is_int(hk_dnsmsg_open(hk_span_of(bytes, 11), &msg), HK_ETRUNC, "too short");
	return tap_done();
}
