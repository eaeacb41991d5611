#include "report/brief.h"

#include <string.h>

#include "sys/hash.h"
#include "tap.h"

static void
check_empty(void)
{
	g_autoptr(hk_brief) brief = hk_brief_new();

	ok(brief->sites && brief->files && brief->ledger && brief->official && brief->reasons &&
			brief->addresses && brief->nameservers && brief->reg_status &&
			brief->redirects && brief->fields && brief->dimensions,
		"every list of a new brief is there");
	is_int(brief->sites->len + brief->files->len + brief->ledger->len, 0, "and empty");
	ok(!brief->kind && !brief->lure && !brief->who.org, "nothing is known");
	hk_brief_free(NULL);
	hk_recipient_free(NULL);
	hk_brief_site_free(NULL);
	hk_brief_file_free(NULL);
	hk_brief_told_free(NULL);
}

/* Rail 7: an invented brand, names that nobody can have. */
static bool
invented(const char *host)
{
	return g_str_has_suffix(host, ".example") || g_str_has_suffix(host, ".test");
}

static void
check_sample(void)
{
	g_autoptr(hk_brief) brief = hk_brief_sample();
	const char *strings[] = {brief->kind, brief->wording, brief->target, brief->target_en,
		brief->target_key, brief->registrar, brief->as_name, brief->country, brief->issuer,
		brief->reg_created, brief->certificate, brief->title, brief->landing,
		brief->submit_url, brief->agent, brief->manifest, brief->who.org, brief->who.domain,
		brief->who.contact, brief->who.tel, brief->who.person, brief->who.country};
	const GPtrArray *lists[] = {brief->sites, brief->official, brief->reasons, brief->addresses,
		brief->nameservers, brief->reg_status, brief->redirects, brief->fields,
		brief->dimensions, brief->files, brief->ledger};

	for (size_t i = 0; i < G_N_ELEMENTS(strings); i++) {
		ok(strings[i] && strings[i][0] && g_utf8_validate(strings[i], -1, NULL),
			"string %zu of the sample is filled", i);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
		ok(lists[i]->len > 0, "list %zu of the sample is filled", i);
	}
	ok(brief->lure && brief->stamped_ms && brief->asn && brief->score > 0, "so is the rest");
	for (unsigned i = 0; i < brief->sites->len; i++) {
		const hk_brief_site *site = g_ptr_array_index(brief->sites, i);

		ok(invented(site->host) && strstr(site->url, site->host), "%s is invented",
			site->host);
	}
	for (unsigned i = 0; i < brief->official->len; i++) {
		ok(invented(g_ptr_array_index(brief->official, i)), "so is the bank");
	}
	for (unsigned i = 0; i < brief->files->len; i++) {
		const hk_brief_file *file = g_ptr_array_index(brief->files, i);
		uint8_t hash[HK_SHA256_SIZE];
		gsize len;
		const void *data = g_bytes_get_data(file->bytes, &len);

		hk_sha256(hk_span_of(data, len), hash);
		is_mem(hash, file->sha256, sizeof hash, "%s has its hash", file->name);
		ok(len > 8 && memcmp(data, "\x89PNG\r\n\x1a\n", 8) == 0, "and is a picture");
	}
}

int
main(void)
{
	check_empty();
	check_sample();
	return tap_done();
}
