/* nocheck: tested in tests/unit/parse/test_url.c */
#include "sys/uts46.h"

#include <unicode/uidna.h>

#include <glib.h>

#include "base/utf8.h"

/* What the URL Standard does not look at (CheckHyphens, VerifyDnsLength false). */
enum {
	PASSED = UIDNA_ERROR_EMPTY_LABEL | UIDNA_ERROR_LABEL_TOO_LONG |
		 UIDNA_ERROR_DOMAIN_NAME_TOO_LONG | UIDNA_ERROR_LEADING_HYPHEN |
		 UIDNA_ERROR_TRAILING_HYPHEN | UIDNA_ERROR_HYPHEN_3_4
};

/* Opened at the first use, for the life of the process; it is never written to. */
static const UIDNA *
mapper(void)
{
	static gsize opened;

	if (g_once_init_enter(&opened)) {
		UErrorCode status = U_ZERO_ERROR;
		UIDNA *made = uidna_openUTS46(UIDNA_CHECK_BIDI | UIDNA_CHECK_CONTEXTJ |
						      UIDNA_NONTRANSITIONAL_TO_ASCII |
						      UIDNA_NONTRANSITIONAL_TO_UNICODE,
			&status);
		if (U_FAILURE(status)) {
			HK_BUG("ICU has no IDNA data");
		}
		g_once_init_leave(&opened, (gsize)made);
	}
	return (const UIDNA *)opened;
}

hk_err
hk_uts46_to_ascii(void *user, hk_span host, char *ret, size_t max)
{
	UIDNAInfo info = UIDNA_INFO_INITIALIZER;
	UErrorCode status = U_ZERO_ERROR;

	(void)user;
	if (host.len == 0 || !hk_utf8_valid(host)) {
		return HK_EFORM;
	}
	int32_t len = uidna_nameToASCII_UTF8(mapper(), (const char *)host.data, (int32_t)host.len,
		ret, (int32_t)max, &info, &status);
	if (status == U_BUFFER_OVERFLOW_ERROR || status == U_STRING_NOT_TERMINATED_WARNING) {
		return HK_ELIMIT;
	}
	if (U_FAILURE(status) || len <= 0 || (info.errors & ~(uint32_t)PASSED) != 0) {
		return HK_EFORM;
	}
	return HK_OK;
}
