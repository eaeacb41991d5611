#include "report/xarf.h"

#include <math.h>
#include <string.h>

#include "base/codec.h"
#include "parse/ipaddr.h"
#include "parse/regtime.h"
#include "parse/url.h"
#include "report/address.h"
#include "report/template.h"
#include "report/xarf_int.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/hash.h"
#include "sys/jsonw.h"

/* What an item costs besides its bytes: names, hash, description. */
#define ITEM_COST 2600

/* Members of texts that others wrote; nothing is written for what is not known. */

static void
member(GString *out, const char *key, const char *text, size_t max_chars)
{
	g_autofree char *clean = hk_xarf_text(text, max_chars);

	if (clean) {
		hk_jsonw_member_str(out, key, clean);
	}
}

static void
member_time(GString *out, const char *key, int64_t ms)
{
	char text[HK_CLOCK_TEXT_SIZE];

	if (ms > 0 && ms < INT64_C(253402300800000)) {
		hk_jsonw_member_str(out, key, hk_clock_format(ms, text));
	}
}

static void
member_uri(GString *out, const char *key, const char *text)
{
	g_autofree char *uri = hk_xarf_uri(text);

	if (uri) {
		hk_jsonw_member_str(out, key, uri);
	}
}

/* A list of strings; nothing if it would be empty. map: makes what is written of an entry, or NULL to leave it out. */
static void
member_list(GString *out, const char *key, const GPtrArray *list, char *(*map)(const char *text))
{
	g_autoptr(GPtrArray) made = g_ptr_array_new_with_free_func(g_free);

	for (unsigned i = 0; i < list->len && made->len < 100; i++) {
		char *text = map(g_ptr_array_index(list, i));

		if (text && !g_ptr_array_find_with_equal_func(made, text, g_str_equal, NULL)) {
			g_ptr_array_add(made, text);
		} else {
			g_free(text);
		}
	}
	if (made->len > 0) {
		hk_jsonw_strs(out, key, (const char *const *)made->pdata, made->len);
	}
}

static char *
map_text(const char *text)
{
	return hk_xarf_text(text, 300);
}

static char *
map_address(const char *text, bool v4)
{
	hk_ipaddr addr;
	char form[HK_IPADDR_TEXT_SIZE];

	return hk_ipaddr_parse(hk_span_str(text), &addr) == HK_OK && addr.v4 == v4
		       ? g_strdup(hk_ipaddr_format(&addr, form))
		       : NULL;
}

static char *
map_v4(const char *text)
{
	return map_address(text, true);
}

static char *
map_v6(const char *text)
{
	return map_address(text, false);
}

static char *
map_field(const char *text)
{
	const char *known = hk_template_word_xarf("FIELD", text);

	return known ? g_strdup(known) : hk_xarf_text(text, 100);
}

static char *
map_dimension(const char *text)
{
	const char *known = hk_template_word_xarf("DIM", text);

	return g_strdup(known ? known : "other");
}

/* The core. */

static void
contact(GString *out, const char *key, const hk_xarf_base *base)
{
	hk_jsonw_key(out, key);
	hk_jsonw_open(out, '{');
	hk_jsonw_member_str(out, "org", base->org);
	hk_jsonw_member_str(out, "contact", base->contact);
	hk_jsonw_member_str(out, "domain", base->domain);
	hk_jsonw_close(out, '}');
}

/* ^[a-z0-9][a-z0-9_+-]*:[a-z0-9][a-z0-9_+-]*$ of any two texts; NULL: nothing is left of the value. */
static char *
tag(const char *space, const char *value)
{
	g_autoptr(GString) out = g_string_new(space);

	g_string_append_c(out, ':');
	size_t start = out->len;
	for (; value && *value && out->len < start + 60; value++) {
		char c = g_ascii_tolower(*value);

		if (g_ascii_isalnum(c) || (out->len > start && strchr("_+-", c))) {
			g_string_append_c(out, c);
		}
	}
	return out->len > start ? g_string_free(g_steal_pointer(&out), FALSE) : NULL;
}

static bool
is_tag(const char *text)
{
	static const char first[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	static const char rest[] = "abcdefghijklmnopqrstuvwxyz0123456789_+-";
	size_t space = strspn(text, rest);

	return space > 0 && strchr(first, text[0]) && text[space] == ':' && text[space + 1] &&
	       strchr(first, text[space + 1]) &&
	       text[space + 1 + strspn(text + space + 1, rest)] == '\0';
}

static void
tags(GString *out, const hk_brief *brief, const char *token, const hk_xarf_options *options)
{
	g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(g_free);
	char reference[16];
	char *made[] = {tag("kind", brief->kind), tag("brand", brief->target_key),
		tag("reference", hk_template_reference_of(token, reference))};

	for (size_t i = 0; i < G_N_ELEMENTS(made); i++) {
		if (made[i]) {
			g_ptr_array_add(list, made[i]);
		}
	}
	for (size_t i = 0; options->tags && options->tags[i] && list->len < 20; i++) {
		if (is_tag(options->tags[i])) {
			g_ptr_array_add(list, g_strdup(options->tags[i]));
		}
	}
	if (list->len > 0) {
		hk_jsonw_strs(out, "tags", (const char *const *)list->pdata, list->len);
	}
}

static void
description(GString *out, const hk_brief *brief)
{
	g_autoptr(GString) text = g_string_new(
		hk_template_word("WHAT", brief->wording ? brief->wording : "phishing", "en"));
	const char *brand = brief->target_en ? brief->target_en : brief->target;

	if (brand) {
		g_string_append_printf(text, " (%s)", brand);
	}
	for (unsigned i = 0; i < brief->reasons->len; i++) {
		g_string_append_printf(text, "%s %s", i == 0 ? ":" : ";",
			(char *)g_ptr_array_index(brief->reasons, i));
	}
	if (brief->agent && brief->cloaked) {
		g_string_append_printf(
			text, ". Not shown to everybody; seen with User-Agent: %s", brief->agent);
	}
	member(out, "description", text->str, 1000);
}

/* The category content. */

static bool
is_domain(const char *text)
{
	/* ^([a-z0-9]+(-[a-z0-9]+)*\.)+[a-z]{2,}$: no A-labels, no underscores. */
	const char *last = text ? strrchr(text, '.') : NULL;

	if (!last || strspn(last + 1, "abcdefghijklmnopqrstuvwxyz") != strlen(last + 1) ||
		strlen(last + 1) < 2 ||
		strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-.") != strlen(text) ||
		strstr(text, "--")) {
		return false;
	}
	for (const char *at = text; at < last; at++) {
		bool edge = at == text || at[-1] == '.' || at[1] == '.';

		if ((*at == '-' && edge) || (*at == '.' && edge && (at == text || at[-1] == '.'))) {
			return false;
		}
	}
	return last > text && last[-1] != '-';
}

static void
registration(GString *out, const hk_brief *brief, const hk_xarf_options *options)
{
	int64_t created_ms = 0;
	g_autofree char *abuse =
		options->registrar_abuse
			? hk_address_read(options->registrar_abuse, "registrar", NULL)
			: NULL;
	bool dated = brief->reg_created &&
		     hk_regtime_read(hk_span_str(brief->reg_created), 0, &created_ms) == HK_OK;

	member(out, "registrar", brief->registrar, 300);
	if (dated || abuse) {
		hk_jsonw_key(out, "whois");
		hk_jsonw_open(out, '{');
		member_time(out, "created_date", created_ms);
		if (abuse) {
			hk_jsonw_member_str(out, "registrar_abuse_contact", abuse);
		}
		hk_jsonw_close(out, '}');
	}
}

static void
network(GString *out, const hk_brief *brief)
{
	g_autoptr(GString) records = g_string_new("{");
	const char *country = brief->country;

	member_list(records, "a", brief->addresses, map_v4);
	member_list(records, "aaaa", brief->addresses, map_v6);
	if (records->len > 1) {
		hk_jsonw_key(out, "dns_records");
		g_string_append_len(out, records->str, (gssize)records->len);
		g_string_append_c(out, '}');
	}
	member_list(out, "nameservers", brief->nameservers, map_text);
	member(out, "hosting_provider", brief->as_name, 300);
	if (brief->asn >= 1 && brief->asn <= UINT32_MAX) {
		hk_jsonw_member_int(out, "asn", brief->asn);
	}
	if (country && strlen(country) == 2 && g_ascii_isupper(country[0]) &&
		g_ascii_isupper(country[1])) {
		hk_jsonw_member_str(out, "country_code", country);
	}
	if ((brief->issuer && brief->issuer[0]) || (brief->certificate && brief->certificate[0])) {
		hk_jsonw_key(out, "ssl_certificate");
		hk_jsonw_open(out, '{');
		member(out, "issuer", brief->issuer, 300);
		member(out, "fingerprint", brief->certificate, 200);
		hk_jsonw_close(out, '}');
	}
}

static void
content(GString *out, const hk_brief *brief, const hk_xarf_base *base,
	const hk_xarf_options *options)
{
	const hk_brief_site *lead = g_ptr_array_index(brief->sites, 0);

	hk_jsonw_member_str(out, "url", base->url);
	if (is_domain(lead->host)) {
		hk_jsonw_member_str(out, "domain", lead->host);
	}
	registration(out, brief, options);
	network(out, brief);
	member_time(out, "verified_at",
		base->confirmed_ms > 0 ? base->confirmed_ms : brief->evidence_ms);
	hk_jsonw_member_str(out, "verification_method",
		base->confirmed_ms > 0 ? "manual" : "automated_crawler");
	member(out, "target_brand", brief->target_en ? brief->target_en : brief->target, 300);
}

/* The types. */

static char *
official_url(const hk_brief *brief)
{
	for (unsigned i = 0; i < brief->official->len; i++) {
		g_autofree char *url = g_strdup_printf(
			"https://%s/", (char *)g_ptr_array_index(brief->official, i));
		char *uri = hk_xarf_uri(url);

		if (uri) {
			return uri;
		}
	}
	return NULL;
}

static void
phishing(GString *out, const hk_brief *brief)
{
	g_autofree char *cloned = official_url(brief);

	member_list(out, "credential_fields", brief->fields, map_field);
	member_list(out, "redirect_chain", brief->redirects, hk_xarf_uri);
	member_uri(out, "submission_url", brief->submit_url);
	member_uri(out, "cloned_site", cloned);
	if (brief->cloaked) {
		member_list(out, "detection_evasion", brief->dimensions, map_dimension);
	}
	if (brief->lure) {
		hk_jsonw_member_str(out, "lure_type", "other");
	}
}

static void
infringement(GString *out, const hk_brief *brief)
{
	g_autofree char *genuine = official_url(brief);
	static const char *const elements[] = {"brand_name", "logo"};

	hk_jsonw_member_str(out, "infringement_type", "trademark_violation");
	hk_jsonw_member_str(out, "legitimate_site", genuine);
	hk_jsonw_strs(out, "infringing_elements", elements, G_N_ELEMENTS(elements));
}

static void
fraud(GString *out, const hk_brief *brief)
{
	bool invest = g_strcmp0(brief->kind, "investment_scam") == 0;

	hk_jsonw_member_str(out, "fraud_type", invest ? "investment" : "other");
	member(out, "claimed_entity", brief->target_en ? brief->target_en : brief->target, 300);
}

typedef struct type {
	const char *wording, *name;
	bool official; /* needs the brand's own site */
	void (*write)(GString *out, const hk_brief *brief);
} type;

static const type types[] = {
	{"phishing", "phishing", false, phishing},
	{"trademark", "brand_infringement", true, infringement},
	{NULL, "fraud", false, fraud},
};

static const type *
type_of(const hk_brief *brief)
{
	g_autofree char *genuine = official_url(brief);
	const type *found = types;

	while (found->wording &&
		(strcmp(found->wording, brief->wording ? brief->wording : "phishing") != 0 ||
			(found->official && !genuine))) {
		found++;
	}
	return found;
}

/* Evidence that fits. */

static void
item(GString *out, const hk_xarf_item *it)
{
	uint8_t hash[HK_SHA256_SIZE];
	char text[7 + 2 * HK_SHA256_SIZE + 1] = "sha256:";

	hk_sha256(it->bytes, hash);
	hk_hex_encode(hk_span_of(hash, sizeof hash), text + 7);
	hk_jsonw_open(out, '{');
	hk_jsonw_member_str(out, "content_type", it->type);
	if (it->description) {
		hk_jsonw_member_str(out, "description", it->description);
	}
	hk_jsonw_member_str(out, "hash", text);
	hk_jsonw_member_int(out, "size", (int64_t)it->bytes.len);
	hk_jsonw_key(out, "payload");
	hk_jsonw_base64(out, it->bytes);
	hk_jsonw_close(out, '}');
}

static void
evidence(GString *out, const hk_brief *brief, size_t max_bytes)
{
	g_autoptr(GString) urls = g_string_new(NULL);
	g_autoptr(GArray) items = hk_xarf_items(brief, urls);
	unsigned count = 0;

	for (unsigned i = 0; i < items->len && count < HK_XARF_EVIDENCE_MAX; i++) {
		const hk_xarf_item *it = &g_array_index(items, hk_xarf_item, i);
		size_t cost = HK_BASE64_LEN(it->bytes.len) + ITEM_COST;

		if (it->bytes.len > HK_XARF_ITEM_MAX || out->len + cost > max_bytes) {
			continue;
		}
		if (count++ == 0) {
			hk_jsonw_key(out, "evidence");
			hk_jsonw_open(out, '[');
		}
		item(out, it);
	}
	if (count > 0) {
		hk_jsonw_close(out, ']');
	}
}

GString *
hk_xarf4(const hk_brief *brief, const char *token, const hk_xarf_options *options, GError **error)
{
	g_auto(hk_xarf_base) base = {0};
	g_autoptr(GString) out = g_string_new(NULL);
	const hk_brief_site *lead = g_ptr_array_index(brief->sites, 0);
	const type *what = type_of(brief);
	g_autofree hk_url *url = g_new(hk_url, 1);

	if (!hk_xarf_base_make(brief, token, options, &base, error)) {
		return NULL;
	}
	hk_jsonw_open(out, '{');
	hk_jsonw_member_str(out, "xarf_version", HK_XARF_VERSION);
	hk_jsonw_member_str(out, "report_id", base.uuid);
	member_time(out, "timestamp", base.at_ms);
	contact(out, "reporter", &base);
	contact(out, "sender", &base);
	hk_jsonw_member_str(out, "source_identifier",
		options->by_name || !base.address ? lead->host : base.address);
	if (hk_url_parse(hk_span_str(base.url), NULL, NULL, url) == HK_OK && url->port > 0) {
		hk_jsonw_member_int(out, "source_port", url->port);
	}
	hk_jsonw_member_str(out, "category", "content");
	hk_jsonw_member_str(out, "type", what->name);
	hk_jsonw_member_str(out, "evidence_source",
		base.confirmed_ms > 0 ? "researcher_analysis" : "automated_scan");
	if (isfinite(brief->score)) {
		hk_jsonw_key(out, "confidence");
		hk_jsonw_real(out, CLAMP(brief->score, 0, 1), 2);
	}
	tags(out, brief, token, options);
	description(out, brief);
	content(out, brief, &base, options);
	what->write(out, brief);
	if (out->len + 1 > base.max_bytes) {
		hk_error_set(error, HK_ELIMIT,
			"the report has more than %zu bytes without any evidence", base.max_bytes);
		return NULL;
	}
	evidence(out, brief, base.max_bytes - 1);
	hk_jsonw_close(out, '}');
	return g_steal_pointer(&out);
}
