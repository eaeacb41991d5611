/* nocheck: tested in tests/unit/sys/test_gate.c */
#include "sys/egress_up.h"

#include <string.h>

#include "base/cur.h"
#include "parse/proxyreq.h"

enum { GREETED, AUTHENTICATED, ASKED };

static void
put(GByteArray *out, const void *data, size_t len)
{
	g_byte_array_append(out, data, (unsigned)len);
}

static void
put_byte(GByteArray *out, unsigned byte)
{
	uint8_t b = (uint8_t)byte;

	put(out, &b, 1);
}

/* RFC 1928, section 4. */
static void
socks_request(const hk_egress_grant *grant, GByteArray *out)
{
	hk_ipaddr addr;
	size_t len = strlen(grant->host);

	put(out, "\x05\x01\x00", 3);
	if (hk_ipaddr_parse(hk_span_str(grant->host), &addr) == HK_OK) {
		put_byte(out, addr.v4 ? 1 : 4);
		put(out, addr.bytes, addr.v4 ? 4 : 16);
	} else {
		put_byte(out, 3);
		put_byte(out, (unsigned)len);
		put(out, grant->host, len);
	}
	put_byte(out, grant->port >> 8);
	put_byte(out, grant->port & 0xff);
}

/* RFC 1929, section 2. */
static void
socks_login(const hk_egress_grant *grant, GByteArray *out)
{
	size_t user = strlen(grant->user), password = strlen(grant->password);

	put_byte(out, 1);
	put_byte(out, (unsigned)user);
	put(out, grant->user, user);
	put_byte(out, (unsigned)password);
	put(out, grant->password, password);
}

static void
http_request(const hk_egress_grant *grant, GByteArray *out)
{
	bool v6 = strchr(grant->host, ':') != NULL;
	g_autofree char *to = g_strdup_printf(
		"%s%s%s:%u", v6 ? "[" : "", grant->host, v6 ? "]" : "", grant->port);
	g_autofree char *text = g_strdup_printf("CONNECT %s HTTP/1.1\r\nHost: %s\r\n", to, to);

	put(out, text, strlen(text));
	if (grant->user) {
		g_autofree char *login = g_strdup_printf("%s:%s", grant->user, grant->password);
		g_autofree char *code =
			g_base64_encode((const unsigned char *)login, strlen(login));
		g_autofree char *line = g_strdup_printf("Proxy-Authorization: Basic %s\r\n", code);
		put(out, line, strlen(line));
	}
	put(out, "\r\n", 2);
}

void
hk_egress_up_begin(hk_egress_up *up, const hk_egress_grant *grant, GByteArray *out)
{
	up->grant = grant;
	up->step = GREETED;
	if (grant->kind == HK_EGRESS_HTTP) {
		http_request(grant, out);
	} else if (grant->user) {
		put(out, "\x05\x02\x00\x02", 4);
	} else {
		put(out, "\x05\x01\x00", 3);
	}
}

static hk_egress_up_state
failed(char **ret_why, const char *format, unsigned number)
{
	*ret_why = g_strdup_printf("%s %u", format, number);
	return HK_EGRESS_UP_FAILED;
}

/* Two bytes: version, and the chosen method or the result of the login. */
static hk_egress_up_state
take_choice(hk_egress_up *up, hk_cur *cur, GByteArray *out, char **ret_why)
{
	unsigned version = up->step == GREETED ? 5 : 1;
	uint16_t word;

	if (hk_cur_u16(cur, &word) != HK_OK) {
		return HK_EGRESS_UP_MORE;
	}
	if (word >> 8 != version) {
		return failed(ret_why, "the exit's proxy speaks version", word >> 8);
	}
	if (up->step == GREETED && (word & 0xff) == 2 && up->grant->user) {
		socks_login(up->grant, out);
		up->step = AUTHENTICATED;
		return HK_EGRESS_UP_MORE;
	}
	if ((word & 0xff) != 0) {
		return failed(ret_why,
			up->step == GREETED ? "the exit's proxy wants the login method"
					    : "the exit's proxy refused the login:",
			word & 0xff);
	}
	socks_request(up->grant, out);
	up->step = ASKED;
	return HK_EGRESS_UP_MORE;
}

/* RFC 1928, section 6. */
static hk_egress_up_state
take_reply(hk_cur *cur, char **ret_why)
{
	uint8_t version, reply, reserved, type, len = 0;
	hk_cur at = *cur;

	if (hk_cur_u8(&at, &version) != HK_OK || hk_cur_u8(&at, &reply) != HK_OK ||
		hk_cur_u8(&at, &reserved) != HK_OK || hk_cur_u8(&at, &type) != HK_OK) {
		return HK_EGRESS_UP_MORE;
	}
	if (version != 5 || reply != 0) {
		return failed(ret_why, "the exit's proxy did not connect: SOCKS reply", reply);
	}
	if (type == 3 && hk_cur_u8(&at, &len) != HK_OK) {
		return HK_EGRESS_UP_MORE;
	}
	if (type != 1 && type != 3 && type != 4) {
		return failed(ret_why, "the exit's proxy answers with an address of type", type);
	}
	size_t rest = (type == 1 ? 4u : type == 4 ? 16u : len) + 2;
	if (hk_cur_skip(&at, rest) != HK_OK) {
		return HK_EGRESS_UP_MORE;
	}
	*cur = at;
	return HK_EGRESS_UP_READY;
}

static hk_egress_up_state
take_http(hk_cur *cur, char **ret_why)
{
	hk_span rest = hk_cur_rest(cur);
	g_autofree char *text = NULL;
	size_t len, n;
	unsigned status = 0;
	hk_err err = hk_proxyreq_answer_len(rest, &len);

	if (err == HK_ETRUNC) {
		return HK_EGRESS_UP_MORE;
	}
	text = err == HK_OK ? g_malloc(2 * HK_PROXYREQ_HEAD_MAX) : NULL;
	if (!text ||
		hk_proxyreq_answer(hk_span_of(rest.data, len), &status, text,
			2 * HK_PROXYREQ_HEAD_MAX, &n) != HK_OK ||
		hk_cur_skip(cur, len) != HK_OK) {
		*ret_why = g_strdup("the exit's proxy does not speak HTTP");
		return HK_EGRESS_UP_FAILED;
	}
	if (status < 200) {
		return HK_EGRESS_UP_MORE;
	}
	return status < 300
		       ? HK_EGRESS_UP_READY
		       : failed(ret_why, "the exit's proxy did not connect: HTTP status", status);
}

hk_egress_up_state
hk_egress_up_take(hk_egress_up *up, hk_span in, size_t *ret_used, GByteArray *out, char **ret_why)
{
	hk_cur cur = hk_cur_of(in);
	hk_egress_up_state state;
	size_t before;

	/* As long as something is used up. */
	do {
		before = hk_cur_left(&cur);
		state = up->grant->kind == HK_EGRESS_HTTP ? take_http(&cur, ret_why)
			: up->step == ASKED               ? take_reply(&cur, ret_why)
							  : take_choice(up, &cur, out, ret_why);
	} while (state == HK_EGRESS_UP_MORE && hk_cur_left(&cur) < before);
	*ret_used = in.len - hk_cur_left(&cur);
	return state;
}
