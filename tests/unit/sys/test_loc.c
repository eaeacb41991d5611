#include "sys/loc.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sys/file.h"
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

#ifdef HK_HAVE_MAXMINDDB
/* A file in MaxMind's format (its specification, version 2.0): one network, 1.1.1.0/24, in a tree with a node for each of its bits. */
enum { BITS = 24, RECORD = 3, SEPARATOR = 16, LONG = 29 };

static void
put_head(GByteArray *out, unsigned type, unsigned size)
{
	unsigned kept = MIN(size, LONG);
	uint8_t head[3] = {(uint8_t)((type > 7 ? 0 : type) << 5 | kept)};
	guint len = 1;

	if (type > 7) {
		head[len++] = (uint8_t)(type - 7);
	}
	if (size >= LONG) {
		head[len++] = (uint8_t)(size - LONG);
	}
	g_byte_array_append(out, head, len);
}

static void
put_text(GByteArray *out, const char *text)
{
	put_head(out, 2, (unsigned)strlen(text));
	g_byte_array_append(out, (const uint8_t *)text, (guint)strlen(text));
}

/* A number of that many bytes: 2 (type 5), 4 (type 6), 8 (type 9). */
static void
put_number(GByteArray *out, unsigned bytes, uint64_t number)
{
	put_head(out, bytes == 2 ? 5 : bytes == 4 ? 6 : 9, bytes);
	while (bytes-- > 0) {
		uint8_t byte = (uint8_t)(number >> 8 * bytes);
		g_byte_array_append(out, &byte, 1);
	}
}

static void
put_record(GByteArray *out, unsigned number)
{
	const uint8_t bytes[RECORD] = {
		(uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number};

	g_byte_array_append(out, bytes, RECORD);
}

static void
put_tree(GByteArray *out, uint32_t network)
{
	for (unsigned i = 0; i < BITS; i++) {
		bool right = network >> (31 - i) & 1;
		unsigned next = i + 1 < BITS ? i + 1 : BITS + SEPARATOR; /* the data's first byte */
		put_record(out, right ? BITS : next); /* BITS: there is nothing */
		put_record(out, right ? next : BITS);
	}
	g_byte_array_append(out, (const uint8_t[SEPARATOR]){0}, SEPARATOR);
}

static void
put_metadata(GByteArray *out)
{
	static const char marker[] = "\xab\xcd\xefMaxMind.com";

	g_byte_array_append(out, (const uint8_t *)marker, sizeof marker - 1);
	put_head(out, 7, 9);
	put_text(out, "node_count");
	put_number(out, 4, BITS);
	put_text(out, "record_size");
	put_number(out, 2, 8 * RECORD);
	put_text(out, "ip_version");
	put_number(out, 2, 4);
	put_text(out, "database_type");
	put_text(out, "hikeshi-test");
	put_text(out, "languages");
	put_head(out, 11, 0);
	put_text(out, "binary_format_major_version");
	put_number(out, 2, 2);
	put_text(out, "binary_format_minor_version");
	put_number(out, 2, 0);
	put_text(out, "build_epoch");
	put_number(out, 8, 1764547200);
	put_text(out, "description");
	put_head(out, 7, 0);
}

static void
check_mmdb(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GByteArray) out = g_byte_array_new();
	g_autofree char *path =
		g_strdup_printf("%s/hikeshi-%d.mmdb", g_get_tmp_dir(), (int)getpid());
	hk_place place;

	put_tree(out, 0x01010100);
	put_head(out, 7, 3);
	put_text(out, "country");
	put_head(out, 7, 1);
	put_text(out, "iso_code");
	put_text(out, "jp");
	put_text(out, "autonomous_system_number");
	put_number(out, 4, 64500);
	put_text(out, "autonomous_system_organization");
	put_text(out, "Mihon Net");
	put_metadata(out);
	ok(hk_file_replace(path, hk_span_of(out->data, out->len), &error), "a file is written");
	g_autoptr(hk_loc) loc = hk_loc_open(NULL, path, &error);
	ok(loc != NULL, "it opens: %s", error ? error->message : "");
	if (!loc) {
		return;
	}
	ok(find(loc, "1.1.1.1", &place), "an address of its network");
	is_int(place.asn, 64500, "its AS wins");
	is_str(place.as_name, "Mihon Net", "with whose it is, not whose libloc's AS is");
	is_str(place.prefix, "", "libloc's prefix is another AS's");
	is_str(place.country, "JP", "its country, in capitals");
	is_str(place.source, "mmdb", "who said so");
	ok(find(loc, "8.8.8.8", &place), "an address that is not in it");
	is_int(place.asn, 15169, "is libloc's");
	is_str(place.source, "libloc", "and said to be");
	ok(find(loc, "2001:4860:4860::8888", &place), "IPv6, which it has not");
	is_str(place.source, "libloc", "is libloc's, too");
	g_byte_array_set_size(out, out->len / 2);
	ok(hk_file_replace(path, hk_span_of(out->data, out->len), &error), "half of it");
	hk_loc *none = hk_loc_open(NULL, path, &error);
	ok(!none && hk_error_code(error) == HK_EFORM, "is no file");
	remove(path);
}
#endif

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
#ifdef HK_HAVE_MAXMINDDB
	check_mmdb();
#endif
	return tap_done();
}
