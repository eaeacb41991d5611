#include "parse/ipaddr.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tap.h"

static const char *
class_of(const char *text, size_t len)
{
	hk_ipaddr addr;
	uint8_t *copy = malloc(len > 0 ? len : 1);
	const char *shown = "!";

	memcpy(copy, text, len);
	if (hk_ipaddr_parse(hk_span_of(copy, len), &addr) == HK_OK) {
		const hk_ipaddr_class *class = hk_ipaddr_class_of(&addr);
		shown = class ? class->name : "public";
	} else if (hk_ipaddr_looks_odd(hk_span_of(copy, len))) {
		shown = "!odd";
	}
	free(copy);
	return shown;
}

/* libc reads what we read, and writes what we write. */
static void
as_libc(const char *text)
{
	uint8_t theirs[16] = {0};
	char shown[64];
	char want[64] = "";
	hk_ipaddr addr;
	int family = strchr(text, ':') ? AF_INET6 : AF_INET;
	bool ours = hk_ipaddr_parse(hk_span_str(text), &addr) == HK_OK;

	is_int(inet_pton(family, text, theirs) == 1, ours, "inet_pton agrees about %s", text);
	if (!ours) {
		return;
	}
	is_mem(addr.bytes, theirs, addr.v4 ? 4 : 16, "and reads the same");
	hk_ipaddr_format(&addr, shown);
	/* glibc writes ::/96 with dots, RFC 5952 asks for that with well-known prefixes only. */
	if (inet_ntop(family, theirs, want, sizeof want) &&
		!(strchr(want, '.') && !strstr(want, "ffff:") && family == AF_INET6)) {
		is_str(shown, want, "and is written the same");
	}
	hk_ipaddr again;
	ok(hk_ipaddr_parse(hk_span_str(shown), &again) == HK_OK && hk_ipaddr_eq(&addr, &again),
		"%s reads as what it was", shown);
}

static void
vectors(void)
{
	size_t len;
	char *text = (char *)tap_file("tests/vectors/ipaddr.tsv", &len);

	for (char *line = text, *feed; *line; line = feed + 1) {
		feed = strchr(line, '\n');
		*feed = '\0';
		char *tab = strchr(line, '\t');
		if (*line == '#' || !tab) {
			continue;
		}
		*tab = '\0';
		is_str(class_of(line, strlen(line)), tab + 1, "'%s'", line);
		as_libc(line);
	}
	free(text);
}

/* The text of each row is the row. */
static void
table(void)
{
	static const struct {
		const char *prefix, *name;
	} rows[] = {
#define V4(a, b, c, d, n, name, source)                   {#a "." #b "." #c "." #d "/" #n, name},
#define V6(text, a, b, c, d, e, f, g, h, n, name, source) {text "/" #n, name},
#include "parse/ipaddr.def"
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		hk_ipaddr net;
		unsigned bits;
		bool good = hk_ipaddr_parse_net(hk_span_str(rows[i].prefix), &net, &bits) == HK_OK;
		ok(good, "%s is a prefix", rows[i].prefix);
		const hk_ipaddr_class *class = good ? hk_ipaddr_class_of(&net) : NULL;
		ok(class != NULL, "and not public");
		/* The last address of a row may be in a narrower one of another name, the prefix itself is in one that is as wide. */
		for (unsigned at = bits; good && at < (net.v4 ? 32 : 128); at++) {
			net.bytes[at / 8] |= (uint8_t)(0x80 >> at % 8);
		}
		class = good ? hk_ipaddr_class_of(&net) : NULL;
		ok(class && (strcmp(class->name, rows[i].name) == 0 ||
				    strcmp(class->name, "broadcast") == 0),
			"its last address is %s", rows[i].name);
	}
}

static void
nets(void)
{
	hk_ipaddr net, addr;
	unsigned bits = 7;

	is_int(hk_ipaddr_parse_net(HK_SPAN_LIT("10.1.0.0/16"), &net, &bits), HK_OK, "a net");
	is_int(bits, 16, "of 16 bits");
	ok(hk_ipaddr_parse(HK_SPAN_LIT("10.1.255.1"), &addr) == HK_OK &&
			hk_ipaddr_in(&addr, &net, bits),
		"inside");
	ok(hk_ipaddr_parse(HK_SPAN_LIT("10.2.0.1"), &addr) == HK_OK &&
			!hk_ipaddr_in(&addr, &net, bits),
		"outside");
	ok(hk_ipaddr_parse(HK_SPAN_LIT("::"), &addr) == HK_OK && !hk_ipaddr_in(&addr, &net, 0),
		"another family");
	ok(!hk_ipaddr_in(&net, &net, 33), "more bits than there are");
	is_int(hk_ipaddr_parse_net(HK_SPAN_LIT("::1"), &net, &bits), HK_OK, "an address alone");
	is_int(bits, 128, "is all bits");
	is_int(hk_ipaddr_parse_net(HK_SPAN_LIT("10.1.0.1/16"), &net, &bits), HK_ERANGE,
		"bits behind the prefix");
	is_int(hk_ipaddr_parse_net(HK_SPAN_LIT("10.1.0.0/33"), &net, &bits), HK_ERANGE, "33 bits");
	is_int(hk_ipaddr_parse_net(HK_SPAN_LIT("10.1.0.0/"), &net, &bits), HK_EFORM, "no bits");
	is_int(bits, 128, "outputs are untouched on failure");
}

int
main(void)
{
	vectors();
	table();
	nets();
	return tap_done();
}
