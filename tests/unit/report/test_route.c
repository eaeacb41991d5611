#include "report/route.h"

#include <string.h>

#include "report/channel_conf.h"
#include "tap.h"

static GPtrArray *contacts, *confs, *never;
static hk_brief *brief;

static void
contact(const char *kind, const char *address, double confidence)
{
	hk_route_contact *c = g_new0(hk_route_contact, 1);

	*c = (hk_route_contact){.kind = g_strdup(kind),
		.subject = g_strdup(""),
		.name = g_strdup("somebody"),
		.address = g_strdup(address),
		.confidence = confidence};
	g_ptr_array_add(contacts, c);
}

static void
channel(const char *name, bool enabled)
{
	hk_channel_conf *conf = g_new0(hk_channel_conf, 1);

	conf->channel = hk_channel_find(name);
	conf->name = g_strdup(name);
	conf->enabled = enabled;
	if (conf->channel) {
		g_ptr_array_add(confs, conf);
	} else {
		hk_channel_conf_free(conf);
	}
}

static void
fresh(const char *kind, bool own)
{
	hk_brief_free(brief);
	brief = hk_brief_sample();
	g_free(brief->kind);
	brief->kind = g_strdup(kind);
	brief->own = own;
	brief->asn = 64500;
	g_ptr_array_set_size(brief->nameservers, 0);
	g_ptr_array_set_size(contacts, 0);
	g_ptr_array_set_size(confs, 0);
	g_ptr_array_set_size(never, 0);
}

static hk_route_ask
ask_of(bool person)
{
	return (hk_route_ask){.brief = brief,
		.contacts = contacts,
		.confs = confs,
		.never = never,
		.person = person};
}

/* "channel:address:step ..." */
static char *
text_of(GPtrArray *list)
{
	GString *out = g_string_new(NULL);

	for (unsigned i = 0; i < list->len; i++) {
		const hk_recipient *r = list->pdata[i];
		g_string_append_printf(out, "%s%s:%s:%s:%s", i ? " " : "", r->channel, r->kind,
			r->address, r->step);
	}
	g_ptr_array_unref(list);
	return g_string_free(out, FALSE);
}

static void
is_route(const hk_route_ask *ask, const char *want, const char *name)
{
	g_autofree char *got = text_of(hk_route(ask));

	is_str(got, want, "%s", name);
}

static void
mailboxes(void)
{
	fresh("phishing", true);
	contact("registrar", "Abuse@Registrar.example", 0.9);
	contact("hosting", "abuse@hoster.example", 0.9);
	contact("as", "noc@upstream.example", 0.9);
	contact("registry", "abuse@registry.example", 0.9);
	hk_route_ask ask = ask_of(false);
	is_route(&ask,
		"mail:registrar:abuse@registrar.example:first "
		"mail:hosting:abuse@hoster.example:first",
		"registrar and hosting are told first; AS and registry only by escalation");

	contact("cdn", "ABUSE@hoster.example", 0.8);
	contact("hosting", "https://hoster.example/abuse", 0.9);
	contact("dns", "https://dns.example/form", 0.9);
	contact("suffix", "guess@weak.example", 0.1);
	is_route(&ask,
		"mail:registrar:abuse@registrar.example:first "
		"mail:hosting:abuse@hoster.example:first "
		"form:dns:https://dns.example/form:first",
		"each mailbox once; a form for who has no mailbox; nobody whom nobody knows");

	g_ptr_array_add(never, g_strdup("hoster.example"));
	is_route(&ask,
		"mail:registrar:abuse@registrar.example:first "
		"form:hosting:https://hoster.example/abuse:first "
		"form:dns:https://dns.example/form:first",
		"nobody at a brand's domain is written to");

	fresh("phishing", true);
	const hk_brief_site *site = brief->sites->pdata[0];
	g_autofree char *self = g_strdup_printf("abuse@%s", site->host);
	contact("registrar", self, 0.9);
	ask = ask_of(false);
	is_route(&ask, "", "nobody at the site's own name is written to");
}

/* What a registry's answer lists is a stranger's. */
static void
many(void)
{
	fresh("phishing", true);
	for (int i = 0; i < 3000; i++) {
		g_autofree char *to = g_strdup_printf("abuse%d@registrar.example", i);
		contact("registrar", to, 0.9);
	}
	contact("hosting", "abuse@hosting.example", 0.9);
	hk_route_ask ask = ask_of(false);
	GPtrArray *all = hk_route(&ask);
	is_int(all->len, 6, "five of thousands, and those of another kind");
	g_ptr_array_unref(all);
}

static void
other_banks(void)
{
	fresh("phishing_other", false);
	contact("registrar", "abuse@registrar.example", 0.9);
	contact("bank", "csirt@other-bank.example", 1);
	hk_route_ask ask = ask_of(false);
	is_route(&ask, "",
		"another bank's case is no takedown of ours; a bank of another key is not told");
	hk_route_contact *bank = contacts->pdata[1];
	g_free(bank->subject);
	bank->subject = g_strdup(brief->target_key);
	is_route(&ask, "mail:bank:csirt@other-bank.example:notice", "that bank is told (S24)");
	g_ptr_array_set_size(contacts, 0);
	contact("body", "share@body.example", 1);
	is_route(&ask, "mail:body:share@body.example:notice", "else those whom it is shared by");
}

static void
counted(void)
{
	fresh("investment_scam", false);
	contact("registrar", "abuse@registrar.example", 0.9);
	hk_route_ask ask = ask_of(false);
	is_route(&ask, "", "what is only counted is not reported by itself (S34)");
	ask.asked = true;
	is_route(&ask, "mail:registrar:abuse@registrar.example:first",
		"a person who asks is not held back");
}

static void
vendors(void)
{
	fresh("phishing", true);
	channel("netcraft", true);
	hk_route_ask ask = ask_of(false);
	is_route(&ask, "netcraft:vendor:netcraft:first", "a channel that has a file");
	((hk_channel_conf *)confs->pdata[0])->enabled = false;
	is_route(&ask, "", "not one that is disabled");

	fresh("trademark", true);
	channel("netcraft", true);
	ask = ask_of(true);
	is_route(&ask, "", "not for a kind of case that it does not take");
}

/* Once the channels that a row names are there, each of its tests is seen to hold and not to hold. */
static void
rows(void)
{
	static const struct {
		const char *channel;
		int64_t asn;
		const char *ns, *registrar;
		bool person;
		const char *dropped; /* a mailbox that is not written to then */
	} all[] = {{"cloudflare", 13335, NULL, NULL, true, "abuse@cloudflare.com"},
		{"cloudflare", 0, "amy.ns.cloudflare.com", NULL, true, "abuse@cloudflare.com"},
		{"aws", 16509, NULL, NULL, false, "abuse@amazonaws.com"},
		{"godaddy", 0, NULL, "GoDaddy.com, LLC", true, "abuse@godaddy.com"},
		{"msrc", 8075, NULL, NULL, false, "abuse@microsoft.com"}};

	for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
		if (!hk_channel_find(all[i].channel)) {
			tap_diag("channel %s is not built in", all[i].channel);
			continue;
		}
		fresh("phishing", true);
		channel(all[i].channel, true);
		contact("hosting", all[i].dropped, 0.9);
		hk_route_ask ask = ask_of(all[i].person);
		g_autofree char *without = text_of(hk_route(&ask));
		ok(!strstr(without, all[i].channel) || strstr(without, all[i].dropped),
			"%s: not elsewhere", all[i].channel);
		brief->asn = all[i].asn;
		if (all[i].ns) {
			g_ptr_array_add(brief->nameservers, g_strdup(all[i].ns));
		}
		if (all[i].registrar) {
			g_free(brief->registrar);
			brief->registrar = g_strdup(all[i].registrar);
		}
		g_autofree char *with = text_of(hk_route(&ask));
		g_autofree char *begins = g_strconcat(all[i].channel, ":", NULL);
		ok(g_str_has_prefix(with, begins) && !strstr(with, all[i].dropped),
			"%s: told by its interface, and not by mail as well", all[i].channel);
		ask.person = false;
		g_autofree char *by_rule = text_of(hk_route(&ask));
		ok(g_str_has_prefix(by_rule, begins) == !all[i].person,
			"%s: a case that a rule confirmed", all[i].channel);
	}
}

/* Users of its interface mail to it no more, whoever confirmed the case, and whatever step it is. */
static void
replaced(void)
{
	fresh("phishing", true);
	contact("hosting", "abuse@godaddy.com", 0.9);
	hk_route_ask ask = ask_of(false);
	g_autofree char *before = text_of(hk_route(&ask));
	ok(strstr(before, "abuse@godaddy.com") != NULL, "without its interface: by mail");
	channel("godaddy", true);
	g_autofree char *after = text_of(hk_route(&ask));
	ok(!strstr(after, "godaddy"), "with it: not by mail, where the interface is not for this");
}

static void
where_it_acts(void)
{
	const hk_channel_answer answer = {.status = 200,
		.body = HK_SPAN_LIT("{\"registrars\":[\"Acme Names Inc.\"]}"),
		.type = "application/json",
		.retry_after_ms = -1};
	g_auto(hk_told) told = {0};

	fresh("phishing", true);
	channel("cleandns", true);
	hk_route_ask ask = ask_of(false);
	g_autofree char *unknown = text_of(hk_route(&ask));
	ok(strstr(unknown, "cleandns") != NULL, "whom it acts for is not known: told");
	g_autoptr(hk_cleandns) clients = hk_cleandns_read(confs->pdata[0], &answer, &told);
	ok(clients != NULL, "a list: %s", told.why ? told.why : "read");
	ask.clients = clients;
	g_autofree char *without = text_of(hk_route(&ask));
	ok(!strstr(without, "cleandns"), "not for this one: not told");
	g_free(brief->registrar);
	brief->registrar = g_strdup("ACME Names, Inc");
	g_autofree char *with = text_of(hk_route(&ask));
	ok(strstr(with, "cleandns") != NULL, "for its registrar: told");
}

static void
silence(void)
{
	g_autoptr(GPtrArray) told = g_ptr_array_new();

	fresh("phishing", true);
	contact("registry", "abuse@registry.example", 0.9);
	contact("as", "noc@upstream.example", 0.9);
	hk_route_ask ask = ask_of(false);
	g_autofree char *first = text_of(hk_route_next(&ask, "registrar", told));
	is_str(first, "mail:registry:abuse@registry.example:escalation",
		"behind a registrar stands its registry");
	g_ptr_array_add(told, (void *)(uintptr_t) "abuse@registry.example");
	g_autofree char *second = text_of(hk_route_next(&ask, "registrar", told));
	is_str(second, "icann:body:icann:escalation", "then ICANN");
	g_ptr_array_add(told, (void *)(uintptr_t) "icann");
	g_autofree char *third = text_of(hk_route_next(&ask, "registrar", told));
	is_str(third, "", "then nobody");
	g_autofree char *host = text_of(hk_route_next(&ask, "hosting", told));
	is_str(host, "mail:as:noc@upstream.example:escalation",
		"behind a hoster stands its network");
	g_autofree char *vendor = text_of(hk_route_next(&ask, "vendor", told));
	is_str(vendor, "", "behind a vendor nobody");
}

static void
languages(void)
{
	hk_route_contact c = {
		.kind = (char *)"registrar", .address = (char *)"abuse@registrar.co.jp"};

	fresh("phishing", true);
	is_str(hk_route_lang(brief, &c), "ja", "a mailbox in Japan");
	c.address = (char *)"abuse@registrar.com.tw";
	is_str(hk_route_lang(brief, &c), "zh", "in Taiwan");
	c.address = (char *)"abuse@registrar.example";
	is_str(hk_route_lang(brief, &c), "en", "anywhere");
	c.lang = (char *)"ja";
	is_str(hk_route_lang(brief, &c), "ja", "as our own table says");
	ok(hk_route_under("a.evil.example", "evil.example|x"), "below");
	ok(!hk_route_under("notevil.example", "evil.example"), "not what only ends so");
}

int
main(void)
{
	contacts = g_ptr_array_new_with_free_func(hk_route_contact_free);
	confs = g_ptr_array_new_with_free_func((GDestroyNotify)hk_channel_conf_free);
	never = g_ptr_array_new_with_free_func(g_free);
	mailboxes();
	many();
	other_banks();
	counted();
	vendors();
	rows();
	replaced();
	where_it_acts();
	silence();
	languages();
	hk_brief_free(brief);
	g_ptr_array_unref(contacts);
	g_ptr_array_unref(confs);
	g_ptr_array_unref(never);
	return tap_done();
}
