#include "sys/loc.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include <libloc/as.h>
#include <libloc/database.h>
#include <libloc/libloc.h>
#include <libloc/network.h>
#ifdef HK_HAVE_MAXMINDDB
#include <maxminddb.h>
#endif

#include "sys/gerr.h"

struct hk_loc {
	struct loc_ctx *ctx;
	struct loc_database *database;
	FILE *file;
#ifdef HK_HAVE_MAXMINDDB
	MMDB_s mmdb;
	bool has_mmdb;
#endif
};

static const char *const places[] = {
	"/var/lib/location/database.db", "/usr/share/libloc-location/location.db"};

void
hk_loc_free(hk_loc *loc)
{
	if (!loc) {
		return;
	}
#ifdef HK_HAVE_MAXMINDDB
	if (loc->has_mmdb) {
		MMDB_close(&loc->mmdb);
	}
#endif
	if (loc->database) {
		loc_database_unref(loc->database);
	}
	if (loc->ctx) {
		loc_unref(loc->ctx);
	}
	if (loc->file) {
		fclose(loc->file);
	}
	g_free(loc);
}

static bool
open_mmdb(hk_loc *loc, const char *path, GError **error)
{
#ifdef HK_HAVE_MAXMINDDB
	int rc = MMDB_open(path, MMDB_MODE_MMAP, &loc->mmdb);

	loc->has_mmdb = rc == MMDB_SUCCESS;
	return loc->has_mmdb || hk_error_set(error, HK_EFORM, "%s: %s", path, MMDB_strerror(rc));
#else
	(void)loc;
	return hk_error_set(error, HK_EVERSION,
		"%s: this hikeshi was built without libmaxminddb (meson option maxminddb)", path);
#endif
}

hk_loc *
hk_loc_open(const char *path, const char *mmdb, GError **error)
{
	g_autoptr(hk_loc) loc = g_new0(hk_loc, 1);

	if (path) {
		loc->file = fopen(path, "re");
	}
	for (size_t i = 0; i < G_N_ELEMENTS(places) && !path && !loc->file; i++) {
		loc->file = fopen(places[i], "re");
	}
	if (!loc->file && path) {
		hk_error_errno(error, errno, "%s", path);
		return NULL;
	}
	if (!loc->file) {
		hk_error_set(error, HK_ENOENT, "%s: not there; install the package libloc-database",
			places[1]);
		return NULL;
	}
	if (loc_new(&loc->ctx) != 0 || loc_database_new(loc->ctx, &loc->database, loc->file) != 0) {
		hk_error_set(error, HK_EFORM, "%s is no database of libloc",
			path ? path : "what libloc-database installed");
		return NULL;
	}
	return !mmdb || open_mmdb(loc, mmdb, error) ? g_steal_pointer(&loc) : NULL;
}

static void
take_country(const char *code, hk_place *ret)
{
	if (code && g_ascii_isalpha(code[0]) && g_ascii_isalpha(code[1]) && code[2] == '\0') {
		ret->country[0] = g_ascii_toupper(code[0]);
		ret->country[1] = g_ascii_toupper(code[1]);
	}
}

static bool
find_libloc(hk_loc *loc, const hk_ipaddr *addr, hk_place *ret)
{
	struct loc_network *network = NULL;
	struct loc_as *as = NULL;
	struct in6_addr v6 = {0};

	memcpy(&v6, addr->bytes, 16);
	if (addr->v4) {
		memset(&v6, 0, sizeof v6);
		v6.s6_addr[10] = v6.s6_addr[11] = 0xff;
		memcpy(&v6.s6_addr[12], addr->bytes, 4);
	}
	if (loc_database_lookup(loc->database, &v6, &network) != 0 || !network) {
		return false;
	}
	ret->source = "libloc";
	ret->asn = loc_network_get_asn(network);
	take_country(loc_network_get_country_code(network), ret);
	const char *prefix = loc_network_str(network);
	g_strlcpy(ret->prefix, prefix ? prefix : "", sizeof ret->prefix);
	if (ret->asn != 0 && loc_database_get_as(loc->database, &as, ret->asn) == 0 && as) {
		const char *name = loc_as_get_name(as);
		g_strlcpy(ret->as_name, name ? name : "", sizeof ret->as_name);
		loc_as_unref(as);
	}
	loc_network_unref(network);
	return true;
}

#ifdef HK_HAVE_MAXMINDDB
/* Whose AS it is; what libloc says of it stays where the file does not say. */
static void
take_name(MMDB_entry_s *entry, hk_place *ret)
{
	MMDB_entry_data_s data;

	if (MMDB_get_value(entry, &data, "autonomous_system_organization", NULL) == MMDB_SUCCESS &&
		data.has_data && data.type == MMDB_DATA_TYPE_UTF8_STRING) {
		g_autofree char *name = g_strndup(data.utf8_string, data.data_size);
		g_strlcpy(ret->as_name, name, sizeof ret->as_name);
	}
}

static bool
find_mmdb(hk_loc *loc, const hk_ipaddr *addr, hk_place *ret)
{
	char text[HK_IPADDR_TEXT_SIZE];
	int gai = 0, rc = 0;
	MMDB_entry_data_s data;

	if (!loc->has_mmdb) {
		return false;
	}
	MMDB_lookup_result_s found =
		MMDB_lookup_string(&loc->mmdb, hk_ipaddr_format(addr, text), &gai, &rc);
	if (gai != 0 || rc != MMDB_SUCCESS || !found.found_entry) {
		return false;
	}
	if (MMDB_get_value(&found.entry, &data, "country", "iso_code", NULL) == MMDB_SUCCESS &&
		data.has_data && data.type == MMDB_DATA_TYPE_UTF8_STRING && data.data_size == 2) {
		char code[3] = {data.utf8_string[0], data.utf8_string[1], '\0'};
		take_country(code, ret);
		ret->source = "mmdb";
	}
	if (MMDB_get_value(&found.entry, &data, "autonomous_system_number", NULL) == MMDB_SUCCESS &&
		data.has_data && data.type == MMDB_DATA_TYPE_UINT32) {
		if (data.uint32 != ret->asn) {
			ret->as_name[0] = ret->prefix[0] = '\0';
		}
		ret->asn = data.uint32;
		ret->source = "mmdb";
		take_name(&found.entry, ret);
	}
	return true;
}
#endif

bool
hk_loc_find(hk_loc *loc, const hk_ipaddr *addr, hk_place *ret)
{
	bool found;

	*ret = (hk_place){.source = "libloc"};
	found = find_libloc(loc, addr, ret);
#ifdef HK_HAVE_MAXMINDDB
	found = find_mmdb(loc, addr, ret) || found;
#endif
	return found;
}
