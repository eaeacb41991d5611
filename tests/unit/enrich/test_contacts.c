#include <string.h>

#include "enrich/contacts.h"
#include "enrich/rdap.h"
#include "parse/whois.h"
#include "sys/gerr.h"
#include "sys/suffixes.h"
#include "tap.h"

static hk_operators *operators;
static hk_suffixes *suffixes;

static void
whois(const char *text, hk_registration *ret)
{
	is_int(hk_whois_parse(hk_span_str(text), 0, ret), HK_OK, "an answer");
}

/* "high registrar abuse@x\n..." */
static char *
found(const hk_contacts_ask *ask)
{
	g_autoptr(GPtrArray) list = hk_contacts_find(operators, ask);
	GString *out = g_string_new(NULL);

	for (unsigned i = 0; i < list->len; i++) {
		const hk_contact *c = g_ptr_array_index(list, i);
		g_string_append_printf(out, "%s %s %s\n", hk_contact_trust_name(c->trust),
			hk_contact_scope_name(c->scope), c->value);
	}
	return g_string_free(out, FALSE);
}

#define is_found(ask, want, ...)                                                                   \
	do {                                                                                       \
		g_autofree char *text_ = found(ask);                                               \
		is_str(text_, want, __VA_ARGS__);                                                  \
	} while (0)

static void
everybody(void)
{
	static hk_registration domain;
	static hk_registration network;
	static hk_registration as;
	const char *const names[] = {"d111111abcdef8.cloudfront.net", NULL};
	const char *const legit[] = {"mihon-bank.example", NULL};

	whois("Domain Name: evil-login.com\nRegistrar: R\nRegistrar IANA ID: 146\n"
	      "Registrar Abuse Contact Email: abuse@registrar.jp\nName Server: "
	      "ns1.domaincontrol.com\n",
		&domain);
	whois("inetnum: 192.0.2.0 - 192.0.2.255\norg-name: Host\n\n"
	      "role: r\nabuse-mailbox: abuse@host.jp\nabuse-mailbox: abuse@ripe.net\n"
	      "abuse-mailbox: csirt@mihon-bank.example\nabuse-mailbox: abuse@www.evil-login.com\n",
		&network);
	whois("aut-num: AS64500\n\nrole: noc\nabuse-mailbox: noc@carrier.jp\n", &as);
	hk_contacts_ask ask = {.host = "www.evil-login.com",
		.registration = &domain,
		.network = &network,
		.autnum = &as,
		.asn = 13335,
		.names = names,
		.legit = legit,
		.suffixes = hk_suffixes_table(suffixes),
		.guess = true};
	is_found(&ask,
		"high registrar abuse@registrar.jp\n"
		"high hosting abuse@host.jp\n"
		"high as noc@carrier.jp\n"
		"medium registrar https://supportcenter.godaddy.com/abusereport\n"
		"medium cdn https://abuse.cloudflare.com/\n"
		"medium cdn https://support.aws.amazon.com/#/contacts/report-abuse\n"
		"medium cdn trustandsafety@support.aws.com\n"
		"medium dns https://supportcenter.godaddy.com/abusereport\n",
		"everybody, but the RIR, the brand and the criminal");
}

static void
private_suffixes(void)
{
	hk_contacts_ask ask = {
		.host = "mihon-login.workers.dev", .suffixes = hk_suffixes_table(suffixes)};

	is_found(&ask, "medium suffix https://abuse.cloudflare.com/\n", "workers.dev");
	ask.host = "mihon.duckdns.org";
	is_found(&ask, "", "duckdns.org: nobody we know");
	ask.guess = true;
	is_found(&ask, "guess suffix abuse@duckdns.org\n", "so it is guessed, and said so");
	ask.host = "bit.ly";
	is_found(&ask, "medium shortener abuse@bitly.com\n", "a short link");
	ask.host = "notbit.ly";
	is_found(&ask, "", "another name that ends so");
}

static void
guesses(void)
{
	static hk_registration domain;

	whois("Domain Name: evil.com\nRegistrar: R\nRegistrar URL: https://www.regi-strar.jp/x\n"
	      "Name Server: ns1.dns-host.jp\nName Server: ns1.evil.com\n",
		&domain);
	hk_contacts_ask ask = {.host = "evil.com",
		.registration = &domain,
		.suffixes = hk_suffixes_table(suffixes)};
	is_found(&ask, "", "nobody is known");
	ask.guess = true;
	is_found(&ask, "guess registrar abuse@regi-strar.jp\nguess dns abuse@dns-host.jp\n",
		"guesses come last, never at the site itself");
	ask.suffixes = NULL;
	is_found(&ask, "", "none without the list of suffixes");
}

/* t.co's registrar is not asked to take t.co away because of one short link. */
static void
shared_hosts(void)
{
	static hk_registration domain, network;

	whois("Domain Name: t.co\nRegistrar: R\nRegistrar Abuse Contact Email: abuse@registrar.jp\n"
	      "Name Server: ns1.dns-host.jp\n",
		&domain);
	whois("NetRange: 192.0.2.0 - 192.0.2.255\nNetName: X\n\nOrgAbuseEmail: abuse@host.jp\n",
		&network);
	hk_contacts_ask ask = {.host = "t.co",
		.registration = &domain,
		.network = &network,
		.guess = true,
		.suffixes = hk_suffixes_table(suffixes)};
	is_found(&ask,
		"high registrar abuse@registrar.jp\nhigh hosting abuse@host.jp\n"
		"guess dns abuse@dns-host.jp\n",
		"a host of its own: whoever registered it, too");
	ask.shared = true;
	is_found(&ask, "high hosting abuse@host.jp\n",
		"one that many people share: who runs the machine, and nobody else");
	ask.host = "bit.ly";
	is_found(&ask, "high hosting abuse@host.jp\nmedium shortener abuse@bitly.com\n",
		"and the service, where it is known");
}

static void
fallbacks(void)
{
	static hk_registration network;
	static hk_registration domain;

	whois("NetRange: 192.0.2.0 - 192.0.2.255\nNetName: X\n\nOrgTechEmail: "
	      "tech@host.jp\nOrgTechPhone: 1\n",
		&network);
	hk_contacts_ask ask = {.host = "a.com", .network = &network};
	is_found(&ask, "low hosting tech@host.jp\n",
		"a technical contact where there is none for abuse");
	whois("[ JPRS ]\n[Domain Name] X.JP\n[Name Server] ns.x.jp\nContact Information:\n[Name] "
	      "Agent\n[Email] info@agent.jp\n",
		&domain);
	ask = (hk_contacts_ask){.host = "x.jp", .registration = &domain};
	is_found(&ask, "low registrar info@agent.jp\n", "the public contact point of a .jp name");
	whois("inetnum: 200.0.0.0 - 200.255.255.255\n\nrole: r\nabuse-mailbox: abuse@lacnic.net\n",
		&network);
	ask = (hk_contacts_ask){.host = "x.jp", .network = &network};
	is_found(&ask, "", "LACNIC's placeholder is dropped");
}

static void
files(void)
{
	static const struct {
		const char *text;
		const char *message;
	} bad[] = {
		{"# x\ncdns a b c d\n", "line 2: no such kind of operator: cdns"},
		{"cdn a.example abuse@a.example page\n", "line 1: five columns are wanted"},
		{"cdn a.example nowhere page A\n",
			"line 1: nowhere is neither a mailbox nor a form"},
		{"never a.example - rule A\n", "line 1: - is neither a mailbox nor a form"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(hk_operators) none = hk_operators_read(hk_span_str(bad[i].text), &error);
		ok(!none, "a bad file");
		is_str(error ? error->message : NULL, bad[i].message, "and what is wrong with it");
		is_int(hk_error_code(error), HK_ECONFIG, "configuration");
	}
	for (size_t i = 0; i < hk_operators_count(operators); i++) {
		const hk_operator *op = hk_operators_at(operators, i);
		bool known = strcmp(op->source, "page") == 0 ||
			     strcmp(op->source, "seedbuster") == 0 ||
			     strcmp(op->source, "registry") == 0 || strcmp(op->source, "rule") == 0;
		if (!known || (op->kind != HK_OPERATOR_NEVER && strchr(op->where, '@') &&
				      !strchr(op->where, '/') &&
				      hk_operators_never(operators, op->where))) {
			ok(false, "%s %s: its source, or it is never written to", op->match,
				op->where);
		}
	}
	ok(hk_operators_count(operators) > 100, "the list has its lines");
}

int
main(void)
{
	g_autoptr(GError) error = NULL;
	size_t len;
	uint8_t *bytes = tap_file("conf/operators.conf", &len);

	operators = hk_operators_read(hk_span_of(bytes, len), &error);
	free(bytes);
	suffixes = hk_suffixes_load(NULL, NULL);
	if (!ok(operators, "conf/operators.conf: %s", error ? error->message : "read") ||
		!ok(suffixes, "the list of public suffixes")) {
		return tap_done();
	}
	files();
	everybody();
	private_suffixes();
	guesses();
	shared_hosts();
	fallbacks();
	hk_suffixes_free(suffixes);
	hk_operators_free(operators);
	return tap_done();
}
