#include <string.h>

#include "base/codec.h"
#include "report/xarf_int.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"

/* XARF v3 and X-ARF 0.2, for who reads nothing newer. */

#define ITEM_COST 1600

static void
member(GString *out, const char *key, const char *text, size_t least)
{
	g_autofree char *clean = hk_xarf_text(text, 300);

	if (clean && (size_t)g_utf8_strlen(clean, -1) >= least) {
		hk_jsonw_member_str(out, key, clean);
	}
}

static void
samples(GString *out, const hk_brief *brief, size_t max_bytes)
{
	g_autoptr(GString) urls = g_string_new(NULL);
	g_autoptr(GArray) items = hk_xarf_items(brief, urls);
	unsigned count = 0;

	for (unsigned i = 0; i < items->len && count < HK_XARF_EVIDENCE_MAX; i++) {
		const hk_xarf_item *it = &g_array_index(items, hk_xarf_item, i);

		if (it->bytes.len > HK_XARF_ITEM_MAX ||
			out->len + HK_BASE64_LEN(it->bytes.len) + ITEM_COST > max_bytes) {
			continue;
		}
		if (count++ == 0) {
			hk_jsonw_key(out, "Samples");
			hk_jsonw_open(out, '[');
		}
		hk_jsonw_open(out, '{');
		hk_jsonw_member_str(out, "ContentType", it->type);
		hk_jsonw_member_bool(out, "Base64Encoded", true);
		if (it->description) {
			hk_jsonw_member_str(out, "Description", it->description);
		}
		hk_jsonw_key(out, "Payload");
		hk_jsonw_base64(out, it->bytes);
		hk_jsonw_close(out, '}');
	}
	if (count > 0) {
		hk_jsonw_close(out, ']');
	}
}

static void
reporter(GString *out, const hk_brief *brief, const hk_xarf_base *base)
{
	hk_jsonw_key(out, "ReporterInfo");
	hk_jsonw_open(out, '{');
	hk_jsonw_member_str(out, "ReporterOrg", base->org);
	hk_jsonw_member_str(out, "ReporterOrgDomain", base->domain);
	hk_jsonw_member_str(out, "ReporterOrgEmail", base->contact);
	hk_jsonw_member_str(out, "ReporterContactEmail", base->contact);
	member(out, "ReporterContactName", brief->who.person, 3);
	member(out, "ReporterContactPhone", brief->who.tel, 3);
	hk_jsonw_close(out, '}');
}

static void
report(GString *out, const hk_brief *brief, const char *token, const hk_xarf_base *base)
{
	char at[HK_CLOCK_TEXT_SIZE];
	bool seen = base->confirmed_ms > base->at_ms;

	hk_jsonw_key(out, "Report");
	hk_jsonw_open(out, '{');
	hk_jsonw_member_str(out, "ReportClass", "Content");
	hk_jsonw_member_str(out, "ReportType", "Phishing");
	hk_jsonw_member_str(out, "ReporterCaseID", token);
	hk_jsonw_member_str(
		out, "Date", hk_clock_format(seen ? base->confirmed_ms : base->at_ms, at));
	if (seen) {
		hk_jsonw_member_str(out, "FirstSeen", hk_clock_format(base->at_ms, at));
	}
	hk_jsonw_member_str(out, "SourceUrl", base->url);
	if (base->address) {
		hk_jsonw_member_str(out, "SourceIp", base->address);
		if (brief->asn >= 1 && brief->asn <= INT64_C(4199999999)) {
			hk_jsonw_member_int(out, "ASN", brief->asn);
		}
	}
	hk_jsonw_member_bool(out, "Ongoing", true);
	samples(out, brief, base->max_bytes - 2);
	hk_jsonw_close(out, '}');
}

GString *
hk_xarf3(const hk_brief *brief, const char *token, const hk_xarf_options *options, GError **error)
{
	g_auto(hk_xarf_base) base = {0};
	g_autoptr(GString) out = g_string_new(NULL);

	if (g_strcmp0(brief->wording, "trademark") == 0) {
		hk_error_set(error, HK_EFORM,
			"XARF v3 asks for the registration of a trademark, which is not known");
		return NULL;
	}
	if (!hk_xarf_base_make(brief, token, options, &base, error)) {
		return NULL;
	}
	if (g_utf8_strlen(base.org, -1) < 3) {
		hk_error_set(error, HK_EFORM,
			"XARF v3 wants three characters or more as the name of the organisation");
		return NULL;
	}
	hk_jsonw_open(out, '{');
	hk_jsonw_member_str(out, "Version", "3");
	reporter(out, brief, &base);
	hk_jsonw_member_bool(out, "Disclosure", true);
	report(out, brief, token, &base);
	hk_jsonw_close(out, '}');
	if (out->len > base.max_bytes) {
		hk_error_set(error, HK_ELIMIT,
			"the report has more than %zu bytes without any evidence", base.max_bytes);
		return NULL;
	}
	return g_steal_pointer(&out);
}

/* A YAML scalar in double quotes: JSON's strings are YAML's. */
static void
line(GString *out, const char *key, const char *value)
{
	g_string_append_printf(out, "%s:", key);
	g_string_append_c(out, ' ');
	g_autoptr(GString) quoted = g_string_new(NULL);
	hk_jsonw_str(quoted, value);
	g_string_append_len(out, quoted->str, (gssize)quoted->len);
	g_string_append_c(out, '\n');
}

GString *
hk_xarf2(const hk_brief *brief, const char *token, const hk_xarf_options *options, GError **error)
{
	g_auto(hk_xarf_base) base = {0};
	g_autoptr(GString) out = g_string_new("---\n");
	char at[HK_CLOCK_TEXT_SIZE];

	if (!hk_xarf_base_make(brief, token, options, &base, error)) {
		return NULL;
	}
	g_autofree char *id = g_strdup_printf("%s@%s", token, base.domain);
	line(out, "Reported-From", base.contact);
	line(out, "Category", "fraud");
	line(out, "Report-Type", "phishing");
	line(out, "Service", g_str_has_prefix(base.url, "https") ? "https" : "http");
	line(out, "Version", "0.2");
	line(out, "User-Agent", "hikeshi/" HK_VERSION);
	line(out, "Date", hk_clock_format(base.at_ms, at));
	line(out, "Source-Type", "uri");
	line(out, "Source", base.url);
	if (base.address) {
		line(out, "Ip", base.address);
	}
	line(out, "Report-ID", id);
	line(out, "Schema-URL", "http://www.x-arf.org/schema/fraud_0.1.4.json");
	line(out, "Attachment", brief->files->len > 0 ? "image/png" : "none");
	return g_steal_pointer(&out);
}
