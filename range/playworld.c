/* What the DNS, the registries and WHOIS know of the world of a scenario: the file of `hikeshi-range registry` and `sites`. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "playstage.h"

/* The machine of the n-th hoster has the name edge.DOMAIN of its mailbox's domain, and an address of documentation. */
enum { FIRST_HOST = 101 };

static const char created[] = "2026-11-28T01:02:03Z", expires[] = "2027-11-28T01:02:03Z";
static const char rdap_host[] = "rdap.range-registry.test";

static const char *
domain_of(const char *mail)
{
	return strchr(mail, '@') + 1;
}

static json_t *
card(const char *name, const char *mail)
{
	return json_pack("[s,[[s,{},s,s],[s,{},s,s],[s,{},s,s]]]", "vcard", "version", "text",
		"4.0", "fn", "text", name, "email", "text", mail);
}

/* An answer of a registry: name "{*}" is whatever was asked for. */
static json_t *
domain_answer(const char *name, const char *registrar, const char *ns)
{
	json_t *desk = json_pack("{s:s,s:[s],s:o}", "objectClassName", "entity", "roles", "abuse",
		"vcardArray", card("Abuse desk", registrar));
	json_t *who = json_pack("{s:s,s:[s],s:o,s:[o]}", "objectClassName", "entity", "roles",
		"registrar", "vcardArray", card(domain_of(registrar), registrar), "entities", desk);
	json_t *body = json_pack(
		"{s:[s],s:s,s:s,s:[s],s:[{s:s,s:s},{s:s,s:s}],s:[{s:s,s:s}],s:[o]}",
		"rdapConformance", "rdap_level_0", "objectClassName", "domain", "ldhName", name,
		"status", "active", "events", "eventAction", "registration", "eventDate", created,
		"eventAction", "expiration", "eventDate", expires, "nameservers", "objectClassName",
		"nameserver", "ldhName", ns, "entities", who);

	return json_pack(
		"{s:{s:s},s:o}", "headers", "Content-Type", "application/rdap+json", "body", body);
}

static void
add_hosters(const rg_play *play, json_t *dns)
{
	int number = FIRST_HOST;

	for (unsigned i = 0; i < play->lines->len; i++) {
		const rg_play_line *line = play->lines->pdata[i];
		if (line->verb != RG_PLAY_PARTY) {
			continue;
		}
		const char *domain = domain_of(rg_play_arg(line, "address"));
		g_autofree char *edge = g_strconcat("edge.", domain, NULL);
		g_autofree char *address = g_strdup_printf("203.0.113.%d", number++);
		json_object_set_new(dns, edge, json_pack("{s:[s]}", "A", address));
	}
}

/* A site's own rows: whose machine, and by which registrar, if that is not the first one. */
static void
add_site(const rg_play *play, const rg_play_line *line, const char *host, json_t *dns, json_t *http,
	const char *ns)
{
	const char *hoster = rg_stage_party(play, line, "hoster");
	const char *registrar = rg_stage_party(play, line, "registrar");
	const char *first = rg_stage_party(play, NULL, "registrar");

	if (hoster) {
		g_autofree char *edge = g_strconcat("edge.", domain_of(hoster), NULL);
		json_object_set_new(dns, host, json_pack("{s:[s]}", "CNAME", edge));
	}
	if (registrar && g_strcmp0(registrar, first) != 0) {
		const char *dot = strrchr(host, '.');
		while (dot > host && dot[-1] != '.') {
			dot--;
		}
		g_autofree char *key = g_strconcat(rdap_host, "/domain/", dot, NULL);
		json_object_set_new(http, key, domain_answer(dot, registrar, ns));
	}
}

static void
add_sites(const rg_play *play, json_t *dns, json_t *http, const char *ns)
{
	for (unsigned i = 0; i < play->lines->len; i++) {
		const rg_play_line *line = play->lines->pdata[i];
		if (line->verb != RG_PLAY_SITE) {
			continue;
		}
		g_autoptr(GPtrArray) names = rg_play_names(play, rg_play_arg(line, "hosts"));
		/* Masses are what the row for every name says. */
		for (unsigned k = 0; k < names->len && names->len <= RG_PLAY_LIST_MAX; k++) {
			add_site(play, line, names->pdata[k], dns, http, ns);
		}
	}
}

char *
rg_world_json(const rg_play *play)
{
	static const char ns[] = "ns1.range-dns.example";
	const char *registrar = rg_stage_party(play, NULL, "registrar");
	const char *hoster = rg_stage_party(play, NULL, "hoster");
	g_autofree char *edge = hoster ? g_strconcat("edge.", domain_of(hoster), NULL) : NULL;
	g_autofree char *any = g_strconcat(rdap_host, "/domain/*", NULL);
	g_autofree char *base = g_strconcat("https://", rdap_host, "/", NULL);
	json_t *dns = json_pack("{s:{s:[s],s:[s]}}", "*", "A", "203.0.113.100", "NS", ns);
	json_t *http = json_pack("{s:{s:{s:s,s:[[[s,s,s],[s]]]}}}", "data.iana.org/rdap/dns.json",
		"body", "version", "1.0", "services", "example", "test", "org", base);

	if (edge) {
		/* Every name is on the first hoster's machine; name servers and mail are nowhere. */
		json_object_set_new(dns, "*", json_pack("{s:[s],s:[s]}", "CNAME", edge, "NS", ns));
	}
	json_object_set_new(http, any,
		domain_answer("{*}", registrar ? registrar : "abuse@range-names.example", ns));
	add_hosters(play, dns);
	add_sites(play, dns, http, ns);
	json_t *world = json_pack("{s:[s,s],s:o,s:o,s:{s:[{s:s}]}}", "tls", "data.iana.org",
		rdap_host, "dns", dns, "http", http, "whois", "*", "text",
		"Domain Name: RANGE.EXAMPLE\r\n");
	char *text = json_dumps(world, JSON_INDENT(1));
	char *copy = g_strdup(text);
	free(text);
	json_decref(world);
	return copy;
}
