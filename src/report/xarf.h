/* report/xarf: reports that programs read. Layer: stage (report). The brief's texts about the site are hostile; what is written is valid JSON or YAML.
 *
 * XARF v4 (xarf.org, schemas v4 of 2026-03): content/phishing; a case that is told as misuse of a trademark is content/brand_infringement (if the brand's
 * own site is known), one told as another kind content/fraud. XARF v3 (Abusix, schema 3): Content/Phishing. X-ARF 0.2: the YAML part of a mail.
 *
 * The exact URL stands here and nowhere else. `_internal` is never written. */
#ifndef HK_REPORT_XARF_H
#define HK_REPORT_XARF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

#include "report/brief.h"

#define HK_XARF_VERSION      "4.2.0"
#define HK_XARF_BYTES_MAX    (4u << 20) /* of a report, unless the caller says less */
#define HK_XARF_EVIDENCE_MAX 50         /* the schema's */
#define HK_XARF_ITEM_MAX     5242880    /* bytes of one item, the schema's */
#define HK_XARF_UUID_SIZE    37

typedef struct hk_xarf_options {
	int64_t now_ms;   /* stands for times that the brief does not know */
	size_t max_bytes; /* of the report; 0: HK_XARF_BYTES_MAX. Evidence that does not fit is left out, the rest of it is looked at */
	bool by_name; /* source_identifier is the host, not the address: for who is responsible for names */
	const char *registrar_abuse; /* abuse mailbox of the registrar, or NULL */
	const char *const *
		tags; /* more tags, "namespace:value", NULL at the end; or NULL. Those that are none are left out */
} hk_xarf_options;

/* hk_xarf_uuid(token, ret): the report_id of a token (32 hexadecimal digits): its digits, with the bits that make it a UUID of version 4. False: it is no
 * token. ret holds HK_XARF_UUID_SIZE bytes. */
bool hk_xarf_uuid(const char *token, char *ret);

/* hk_xarf4(brief, token, options, error): the report as JSON without line ends; caller frees. HK_EFORM: the brief does not say who reports (org, domain and
 * contact), or its first URL is none; HK_ELIMIT: larger than max_bytes without any evidence. */
GString *hk_xarf4(
	const hk_brief *brief, const char *token, const hk_xarf_options *options, GError **error);

/* hk_xarf3(...): the same as version 3. HK_EFORM also for a case that is told as misuse of a trademark: that version asks for the mark's registration. */
GString *hk_xarf3(
	const hk_brief *brief, const char *token, const hk_xarf_options *options, GError **error);

/* hk_xarf2(...): the second part of an X-ARF 0.2 mail, YAML, LF at line ends. */
GString *hk_xarf2(
	const hk_brief *brief, const char *token, const hk_xarf_options *options, GError **error);

/* hk_xarf_uri(text): text as a URI that RFC 3986 allows, if it is an http or https URL: what browsers leave as it is ("|", "[" in a query) percent-encoded,
 * names as A-labels, without user information and fragment. Caller frees; NULL: it is none. */
char *hk_xarf_uri(const char *text);

#endif
