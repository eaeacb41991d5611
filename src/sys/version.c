#include "sys/version.h"

#include <confuse.h>
#include <curl/curl.h>
#include <glib.h>
#include <hs/hs.h>
#include <idn2.h>
#include <jansson.h>
#include <libdeflate.h>
#include <lzma.h>
#include <openssl/crypto.h>
#include <unicode/uversion.h>
#include <yara.h>

char *
hk_version_text(void)
{
	GString *out = g_string_new("hikeshi " HK_VERSION "\n");
	const curl_version_info_data *curl = curl_version_info(CURLVERSION_NOW);
	UVersionInfo icu;
	char icu_text[U_MAX_VERSION_STRING_LENGTH];

	u_getVersion(icu);
	u_versionToString(icu, icu_text);
	g_string_append_printf(
		out, "GLib %u.%u.%u\n", glib_major_version, glib_minor_version, glib_micro_version);
	g_string_append_printf(out, "OpenSSL %s\n", OpenSSL_version(OPENSSL_VERSION_STRING));
	g_string_append_printf(out, "curl %s\n", curl->version);
	g_string_append_printf(out, "jansson %s\n", jansson_version_str());
	g_string_append_printf(out, "Hyperscan %s\n", hs_version());
	g_string_append_printf(out, "YARA %s\n", YR_VERSION);
	g_string_append_printf(out, "libidn2 %s\n", idn2_check_version(NULL));
	g_string_append_printf(out, "ICU %s\n", icu_text);
	g_string_append_printf(out, "libdeflate %s\n", LIBDEFLATE_VERSION_STRING);
	g_string_append_printf(out, "liblzma %s\n", lzma_version_string());
	g_string_append_printf(out, "libconfuse %s\n", confuse_version);
	return g_string_free(out, FALSE);
}
