/* Entity tags: the one of the talk, other forms, and what does not agree. */
#include "parse/etag.h"

#include "tap.h"

static hk_err
reading(const char *text, hk_etag *etag)
{
	*etag = (hk_etag){.mtime_s = -7};
	return hk_etag_read(hk_span_str(text), etag);
}

static void
talk(void)
{
	hk_etag etag;

	/* threats.md S17: Last-Modified: Thu, 04 Apr 2024 05:17:21 GMT is 1712207841, Content-Length 44 */
	is_int(reading("\"660e37e1-2c\"", &etag), HK_OK, "the talk's tag reads");
	ok(etag.nginx && !etag.weak, "nginx's form, strong");
	is_int(etag.mtime_s, 1712207841, "its time");
	is_int(etag.size, 44, "its size");
	is_int(hk_etag_check(&etag, 1712207841, 44), 0, "all agrees");
	is_int(hk_etag_check(&etag, -1, -1), 0, "what is not known is not compared");
	is_int(hk_etag_check(&etag, 1712207842, 44), HK_ETAG_ODD_TIME, "a second later");
	is_int(hk_etag_check(&etag, 1712207841, 45), HK_ETAG_ODD_SIZE, "a byte more");
	is_int(hk_etag_check(&etag, 0, 0), HK_ETAG_ODD_TIME | HK_ETAG_ODD_SIZE, "neither");
}

static void
forms(void)
{
	hk_etag etag;

	is_int(reading(" W/\"660e37e1-2c\"\t", &etag), HK_OK, "a weak one, with blanks");
	ok(etag.weak && etag.nginx, "weak, and nginx's form");
	is_int(reading("\"33a64df551425fcc55e4d42a148795d9f25f89d4\"", &etag), HK_OK, "a hash");
	ok(!etag.nginx, "is not nginx's form");
	is_int(hk_etag_check(&etag, 1, 1), HK_ETAG_ODD_FORM, "and says nothing");
	static const char *const others[] = {"\"\"", "\"-\"", "\"660e37e1-\"", "\"-2c\"",
		"\"660E37E1-2C\"", "\"0660e37e1-2c\"", "\"660e37e1-2c-1\"",
		"\"11111111111111111-2c\"", "\"ffffffffffffffff-2c\""};
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		is_int(reading(others[i], &etag), HK_OK, "%s is a tag", others[i]);
		ok(!etag.nginx, "%s is not nginx's form", others[i]);
	}
	is_int(reading("\"0-0\"", &etag), HK_OK, "zeros");
	ok(etag.nginx && etag.mtime_s == 0 && etag.size == 0, "are numbers");
	static const char *const none[] = {"", "W/", "\"", "660e37e1-2c", "\"660e37e1-2c",
		"\"a b\"", "\"a\"b\"", "w/\"a\"", "\"a\x7f\""};
	for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
		is_int(reading(none[i], &etag), HK_EFORM, "'%s' is none", none[i]);
		is_int(etag.mtime_s, -7, "'%s': nothing is touched", none[i]);
	}
	char long_tag[HK_ETAG_MAX + 2];
	memset(long_tag, 'a', sizeof long_tag);
	long_tag[0] = long_tag[HK_ETAG_MAX] = '"';
	long_tag[HK_ETAG_MAX + 1] = '\0';
	is_int(reading(long_tag, &etag), HK_ELIMIT, "a byte too long");
}

int
main(void)
{
	talk();
	forms();
	return tap_done();
}
