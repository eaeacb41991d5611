/* hikeshi enrich: what can be found out about a site, and whom one could tell. */
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "enrich/enrich.h"
#include "parse/url.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"
#include "sys/log.h"
#include "sys/uts46.h"

static void
member(GString *out, const char *key, const char *text)
{
	hk_jsonw_key(out, key);
	hk_jsonw_str(out, text);
}

static void
print_json(const hk_enriched *found)
{
	g_autoptr(GString) out = g_string_new("{");

	member(out, "host", found->host);
	member(out, "domain", found->domain);
	hk_jsonw_key(out, "facts");
	hk_jsonw_open(out, '[');
	for (unsigned i = 0; i < found->facts->len; i++) {
		const hk_finding *f = found->facts->pdata[i];
		hk_jsonw_open(out, '{');
		member(out, "subject", f->subject);
		member(out, "kind", f->kind);
		member(out, "value", f->value);
		member(out, "source", f->source);
		hk_jsonw_close(out, '}');
	}
	hk_jsonw_close(out, ']');
	hk_jsonw_key(out, "contacts");
	hk_jsonw_open(out, '[');
	for (unsigned i = 0; i < found->reaches->len; i++) {
		const hk_reach *r = found->reaches->pdata[i];
		hk_jsonw_open(out, '{');
		member(out, "kind", r->kind);
		member(out, "subject", r->subject);
		member(out, "name", r->name);
		member(out, "address", r->address);
		member(out, "source", r->source);
		hk_jsonw_key(out, "confidence");
		hk_jsonw_real(out, r->confidence, 2);
		hk_jsonw_close(out, '}');
	}
	hk_jsonw_close(out, ']');
	hk_jsonw_strs(out, "unanswered", (const char *const *)found->troubles->pdata,
		found->troubles->len);
	hk_jsonw_close(out, '}');
	puts(out->str);
}

/* What a stranger wrote does not drive the terminal. */
static void
cell(const char *text, int width)
{
	g_autofree char *shown = hk_log_printable(text);

	printf("%-*s  ", width, shown);
}

static void
print_table(const hk_enriched *found)
{
	for (unsigned i = 0; i < found->facts->len; i++) {
		const hk_finding *f = found->facts->pdata[i];
		g_autofree char *source = hk_log_printable(f->source);
		cell(f->kind, 16);
		cell(f->subject, 28);
		cell(f->value, 44);
		printf("%s\n", source);
	}
	printf("\n%s\n", found->reaches->len > 0 ? "whom one could tell:"
						 : "nobody is known whom one could tell");
	for (unsigned i = 0; i < found->reaches->len; i++) {
		const hk_reach *r = found->reaches->pdata[i];
		g_autofree char *name = hk_log_printable(r->name);
		printf("%3.0f %%  ", r->confidence * 100);
		cell(r->kind, 10);
		cell(r->address, 40);
		cell(r->subject, 28);
		printf("%s (%s)\n", name, r->source);
	}
}

/* A name, an address, or a URL, defanged or not. */
static bool
read_host(const char *text, hk_url *ret, GError **error)
{
	if (hk_url_parse(hk_span_str(text), hk_uts46_to_ascii, NULL, ret) != HK_OK) {
		g_autofree char *shown = hk_log_printable(text);
		return hk_error_set(error, HK_EFORM,
			"%s: neither a host name, nor an address, nor a URL; name one, for example "
			"www.mihon-bank.example",
			shown);
	}
	return true;
}

bool
hk_cmd_enrich(const hk_opts *opts, GError **error)
{
	hk_enrich_config config = hk_enrich_config_of(opts);
	hk_egress_who who = {.purpose = "enrich", .requester = "hikeshi enrich"};
	g_autofree hk_url *url = g_new0(hk_url, 1);

	if (hk_opts_arg_count(opts) != 1) {
		return hk_error_set(error, HK_EUSAGE,
			"`hikeshi enrich` takes one site: hikeshi enrich www.mihon-bank.example");
	}
	if (!read_host(hk_opts_args(opts)[0], url, error)) {
		return false;
	}
	if (!hk_egress_has_exit(hk_egress_house(), config.exit)) {
		return hk_error_set(error, HK_ECONFIG,
			"there is no way out called '%s': add it to `exits` of the file that "
			"--egress "
			"names",
			config.exit);
	}
	g_autoptr(hk_sites) sites = hk_sites_new(config.suffixes, NULL, error);
	config.sites = sites;
	g_autoptr(hk_enrich) enrich = sites ? hk_enrich_new(&config, error) : NULL;
	if (!enrich) {
		return false;
	}
	fprintf(stderr, "asking about %s, %u s at most\n", url->host, config.look_ms / 1000);
	g_autoptr(hk_enriched) found = hk_enrich_look(enrich, url->host, &who, NULL);
	for (unsigned i = 0; i < found->troubles->len; i++) {
		g_autofree char *text = hk_log_printable(found->troubles->pdata[i]);
		fprintf(stderr, "not answered: %s\n", text);
	}
	if (hk_opts_bool(opts, HK_OPT_JSON)) {
		print_json(found);
	} else {
		print_table(found);
	}
	return found->facts->len > 0 || hk_error_set(error, HK_EREMOTE,
						"nobody answered about %s; see above, and "
						"docs/egress.md for what is refused",
						url->host);
}
