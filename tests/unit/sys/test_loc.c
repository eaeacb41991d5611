#include "sys/loc.h"

#include <string.h>

#include "sys/gerr.h"
#include "tap.h"

static bool
find(hk_loc *loc, const char *text, hk_place *ret)
{
	hk_ipaddr addr;

	if (hk_ipaddr_parse(hk_span_str(text), &addr) != HK_OK) {
		return false;
	}
	return hk_loc_find(loc, &addr, ret);
}

int
main(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(hk_loc) loc = hk_loc_open(NULL, NULL, &error);
	hk_place place;

	ok(loc != NULL, "the package's database opens: %s", error ? error->message : "");
	if (!loc) {
		return tap_done();
	}
	/* Addresses that have been in one AS for decades; which network around them the file has may change. */
	ok(find(loc, "1.1.1.1", &place), "an IPv4 address is found");
	is_int(place.asn, 13335, "its AS");
	ok(strstr(place.as_name, "CLOUDFLARE") != NULL, "whose it is: %s", place.as_name);
	ok(g_str_has_prefix(place.prefix, "1."), "its prefix: %s", place.prefix);
	is_str(place.source, "libloc", "who said so");
	ok(find(loc, "2001:4860:4860::8888", &place), "an IPv6 address is found");
	is_int(place.asn, 15169, "its AS");
	is_int((int)strlen(place.country), 2, "its country has two letters: %s", place.country);
	ok(!find(loc, "10.0.0.1", &place) || place.asn == 0, "a private address is nobody's");
	hk_loc *none = hk_loc_open("/dev/null", NULL, &error);
	ok(!none && hk_error_code(error) == HK_EFORM, "another file is refused");
	g_clear_error(&error);
	none = hk_loc_open("/nowhere/loc.db", NULL, &error);
	ok(!none && hk_error_code(error) == HK_ENOENT, "and one that is not there");
	g_clear_error(&error);
	none = hk_loc_open(NULL, "/dev/null", &error);
	ok(!none && error, "no file in MaxMind's format: %s", error ? error->message : "");
	return tap_done();
}
