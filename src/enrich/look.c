/* nocheck: tested in tests/scenario/enrich.t */
/* One look: everybody is asked at once, in threads that end by the deadline. */
#include <string.h>

#include "enrich/enrich_int.h"
#include "sys/clock.h"
#include "sys/gerr.h"

enum {
	DNS_MS = 9000, /* leaves time for the addresses */
	SECURITY_MAX = 64 << 10,
	SECURITY_HOPS = 3,
	PER_FAMILY = HK_ENRICH_ADDRESSES / 2,
};

typedef struct look {
	hk_enrich *enrich;
	const char *host;
	char *domain; /* registrable; "" none */
	hk_ipaddr literal;
	bool is_ip;
	hk_egress_who who;
	int64_t until_ms;

	/* Each belongs to one thread until it has ended. */
	GPtrArray *answers; /* hk_dns_answer, or NULL */
	GError *dns_error;
	hk_enrich_address addresses[HK_ENRICH_ADDRESSES];
	unsigned address_count;
	hk_got *web;
	GError *web_error;
	hk_ask_replies *registration; /* NULL for an address */
} look;

typedef struct place_job {
	look *look;
	unsigned at;
} place_job;

static void
finding_free(gpointer data)
{
	hk_finding *f = data;

	g_free(f->subject);
	g_free(f->kind);
	g_free(f->value);
	g_free(f->source);
	g_clear_pointer(&f->raw, g_bytes_unref);
	g_free(f);
}

static void
reach_free(gpointer data)
{
	hk_reach *r = data;

	g_free(r->subject);
	g_free(r->name);
	g_free(r->address);
	g_free(r->source);
	g_free(r);
}

void
hk_enriched_free(hk_enriched *out)
{
	if (out) {
		g_free(out->host);
		g_free(out->domain);
		g_ptr_array_unref(out->facts);
		g_ptr_array_unref(out->scopes);
		g_ptr_array_unref(out->reaches);
		g_ptr_array_unref(out->keeps);
		g_ptr_array_unref(out->troubles);
		g_free(out);
	}
}

/* ---- Addresses ---- */

static void
add_address(look *l, const hk_ipaddr *addr)
{
	hk_enrich_address *a;

	if (l->address_count >= HK_ENRICH_ADDRESSES) {
		return;
	}
	a = &l->addresses[l->address_count++];
	a->addr = *addr;
	hk_ipaddr_format(addr, a->text);
	a->class = hk_ipaddr_class_of(addr);
	a->placed = l->enrich->loc && !a->class && hk_loc_find(l->enrich->loc, addr, &a->place);
}

static void
add_answers(look *l, hk_dnsmsg_type type)
{
	unsigned count = 0;

	for (unsigned i = 0; i < l->answers->len; i++) {
		const hk_dns_answer *answer = l->answers->pdata[i];
		for (unsigned k = 0; answer->type == type && k < answer->values->len; k++) {
			hk_ipaddr addr;
			if (count < PER_FAMILY &&
				hk_ipaddr_parse(hk_span_str(answer->values->pdata[k]), &addr) ==
					HK_OK) {
				add_address(l, &addr);
				count++;
			}
		}
	}
}

/* Whether an earlier address lies in the same AS: its AS is asked about once. */
static bool
is_known_as(const look *l, unsigned at)
{
	for (unsigned i = 0; i < at; i++) {
		if (l->addresses[i].placed &&
			l->addresses[i].place.asn == l->addresses[at].place.asn) {
			return true;
		}
	}
	return false;
}

static void *
ask_address(void *user)
{
	place_job *job = user;
	look *l = job->look;
	hk_enrich_address *a = &l->addresses[job->at];

	a->network = hk_ask_address(l->enrich->ask, &l->who, a->text, l->until_ms);
	if (a->placed && a->place.asn != 0 && !is_known_as(l, job->at)) {
		a->autnum = hk_ask_autnum(l->enrich->ask, &l->who, a->place.asn, l->until_ms);
	}
	return NULL;
}

static void
ask_addresses(look *l)
{
	GThread *threads[HK_ENRICH_ADDRESSES] = {NULL};
	place_job jobs[HK_ENRICH_ADDRESSES];

	for (unsigned i = 0; i < l->address_count; i++) {
		jobs[i] = (place_job){l, i};
		if (!l->addresses[i].class) {
			threads[i] = g_thread_new("network", ask_address, &jobs[i]);
		}
	}
	for (unsigned i = 0; i < l->address_count; i++) {
		if (threads[i]) {
			g_thread_join(threads[i]);
		}
	}
}

/* ---- The three threads ---- */

static void *
ask_names(void *user)
{
	look *l = user;
	hk_dns_question questions[] = {{l->host, HK_DNSMSG_A}, {l->host, HK_DNSMSG_AAAA},
		{l->host, HK_DNSMSG_MX}, {l->host, HK_DNSMSG_TXT}, {l->domain, HK_DNSMSG_NS},
		{l->domain, HK_DNSMSG_SOA}, {l->domain, HK_DNSMSG_MX}, {l->domain, HK_DNSMSG_TXT}};
	size_t count = G_N_ELEMENTS(questions);
	int64_t left_ms = l->until_ms - hk_clock_mono_ms();

	if (l->is_ip) {
		add_address(l, &l->literal);
		ask_addresses(l);
		return NULL;
	}
	if (*l->domain == '\0') {
		count = 4;
	} else if (strcmp(l->host, l->domain) == 0) {
		count = 6; /* MX and TXT are asked about already */
	}
	l->answers = hk_dns_ask(l->enrich->egress, &l->who, questions, count,
		(unsigned)MIN(DNS_MS, MAX(left_ms, 1)), &l->dns_error);
	if (l->answers) {
		add_answers(l, HK_DNSMSG_A);
		add_answers(l, HK_DNSMSG_AAAA);
		ask_addresses(l);
	}
	return NULL;
}

static void *
ask_web(void *user)
{
	look *l = user;
	bool v6 = l->is_ip && !l->literal.v4;
	g_autofree char *url = g_strdup_printf(
		"https://%s%s%s/.well-known/security.txt", v6 ? "[" : "", l->host, v6 ? "]" : "");
	hk_get get = {.egress = l->enrich->egress,
		.ca_file = l->enrich->ca_file,
		.who = &l->who,
		.url = url,
		.accept = "text/plain",
		.max_bytes = SECURITY_MAX,
		.max_hops = SECURITY_HOPS,
		.until_ms = l->until_ms};

	l->web = hk_get_do(&get, &l->web_error);
	return NULL;
}

static void *
ask_registry(void *user)
{
	look *l = user;

	if (*l->domain) {
		l->registration = hk_ask_domain(l->enrich->ask, &l->who, l->domain, l->until_ms);
	}
	return NULL;
}

/* ---- Contacts ---- */

static const char *
subject_of(const look *l, const hk_contact *c, const hk_enrich_address *a, const char *as)
{
	switch (c->scope) {
	case HK_SCOPE_HOSTING:
		return a ? a->text : l->host;
	case HK_SCOPE_AS:
		return as;
	case HK_SCOPE_CDN:
	case HK_SCOPE_SHORTENER:
		return l->host;
	case HK_SCOPE_REGISTRAR:
	case HK_SCOPE_REGISTRY:
	case HK_SCOPE_SUFFIX:
	case HK_SCOPE_DNS:
	default:
		return *l->domain ? l->domain : l->host;
	}
}

static bool
is_there(const hk_enriched *out, const char *kind, const char *address)
{
	for (unsigned i = 0; i < out->reaches->len; i++) {
		const hk_reach *r = out->reaches->pdata[i];
		if (strcmp(r->kind, kind) == 0 && strcmp(r->address, address) == 0) {
			return true;
		}
	}
	return false;
}

static void
add_reach(hk_enriched *out, const look *l, const hk_contact *c, const hk_enrich_address *a)
{
	static const double confidence[] = {0.2, 0.4, 0.7, 0.95};
	const char *kind = hk_contact_scope_name(c->scope);
	char as[16];

	/* A telephone number is no place to send a report to. */
	if (c->kind == HK_REG_PHONE || is_there(out, kind, c->value)) {
		return;
	}
	g_snprintf(as, sizeof as, "AS%u", a ? a->place.asn : 0);
	hk_reach *r = g_new0(hk_reach, 1);
	r->kind = kind;
	r->subject = g_strdup(subject_of(l, c, a, as));
	r->name = g_utf8_make_valid(c->who, -1);
	r->address = g_utf8_make_valid(c->value, -1);
	r->source = g_strdup(c->source);
	r->confidence = confidence[c->trust];
	g_ptr_array_add(out->reaches, r);
}

static const hk_registration *
reg_of(const hk_ask_replies *replies, hk_ask_by by)
{
	const hk_ask_reply *reply = hk_ask_find(replies, by);

	return reply ? reply->reg : NULL;
}

/* The lists that end with NULL; borrowed texts. */
static GPtrArray *
list_of(const look *l, bool chain)
{
	GPtrArray *list = g_ptr_array_new();

	for (unsigned i = 0; l->answers && i < l->answers->len; i++) {
		const hk_dns_answer *answer = l->answers->pdata[i];
		const GPtrArray *from = chain && answer->type == HK_DNSMSG_A     ? answer->chain
					: !chain && answer->type == HK_DNSMSG_NS ? answer->values
										 : NULL;
		for (unsigned k = 0; from && k < from->len; k++) {
			g_ptr_array_add(list, from->pdata[k]);
		}
	}
	g_ptr_array_add(list, NULL);
	return list;
}

static int
by_confidence(const void *a, const void *b)
{
	const hk_reach *x = *(hk_reach *const *)a, *y = *(hk_reach *const *)b;

	return x->confidence != y->confidence ? (x->confidence < y->confidence ? 1 : -1)
	       : strcmp(x->kind, y->kind)     ? strcmp(x->kind, y->kind)
					      : strcmp(x->address, y->address);
}

static void
contacts_of(hk_enriched *out, const look *l, const char *const *legit)
{
	g_autoptr(GPtrArray) names = list_of(l, true);
	g_autoptr(GPtrArray) ns = list_of(l, false);
	hk_contacts_ask ask = {.host = l->host,
		.registration = reg_of(l->registration, HK_ASK_REGISTRY),
		.registrar = reg_of(l->registration, HK_ASK_REGISTRAR),
		.names = (const char *const *)names->pdata,
		.ns = ns->len > 1 ? (const char *const *)ns->pdata : NULL,
		.legit = legit,
		.suffixes = hk_suffixes_table(l->enrich->suffixes),
		.guess = true};
	hk_site site = {.shared = false};

	if (l->enrich->sites) {
		hk_sites_look(l->enrich->sites, l->host, l->is_ip, &site);
	}
	ask.shared = site.shared;

	for (unsigned i = 0; i < MAX(l->address_count, 1); i++) {
		const hk_enrich_address *a = i < l->address_count ? &l->addresses[i] : NULL;
		ask.network = a ? reg_of(a->network, HK_ASK_REGISTRY) : NULL;
		ask.autnum = a ? reg_of(a->autnum, HK_ASK_REGISTRY) : NULL;
		ask.asn = a && a->placed ? a->place.asn : 0;
		g_autoptr(GPtrArray) found = hk_contacts_find(l->enrich->operators, &ask);
		for (unsigned k = 0; k < found->len; k++) {
			add_reach(out, l, found->pdata[k], a);
		}
	}
	g_ptr_array_sort(out->reaches, by_confidence);
}

/* ---- Who did not answer ---- */

static void
keep(hk_enriched *out, hk_contact_scope scope, const char *subject)
{
	hk_finding *f = g_new0(hk_finding, 1);

	f->kind = g_strdup(hk_contact_scope_name(scope));
	f->subject = g_strdup(subject);
	g_ptr_array_add(out->keeps, f);
}

static bool
is_verdict(const hk_ask_replies *replies)
{
	return replies->answer == HK_REG_FOUND || replies->answer == HK_REG_NOT_FOUND ||
	       replies->answer == HK_REG_RESERVED;
}

/* Whether the DNS said where the site is, even if it is nowhere. */
static bool
is_placed(const look *l)
{
	bool placed = l->is_ip || l->answers;

	for (unsigned i = 0; l->answers && i < l->answers->len; i++) {
		const hk_dns_answer *a = l->answers->pdata[i];
		bool address = a->type == HK_DNSMSG_A || a->type == HK_DNSMSG_AAAA;
		placed = placed &&
			 (!address || a->status == HK_DNS_OK || a->status == HK_DNS_NODATA ||
				 a->status == HK_DNS_NXDOMAIN);
	}
	return placed;
}

/* What was known of parties that did not answer this time stays: a registry that is busy takes nobody's abuse desk away. */
static void
keeps_of(hk_enriched *out, const look *l)
{
	static const hk_contact_scope by_name[] = {
		HK_SCOPE_HOSTING, HK_SCOPE_AS, HK_SCOPE_CDN, HK_SCOPE_DNS};
	char as[16];

	if (l->registration && !is_verdict(l->registration)) {
		keep(out, HK_SCOPE_REGISTRAR, NULL);
		keep(out, HK_SCOPE_REGISTRY, NULL);
	}
	if (!is_placed(l)) {
		for (size_t i = 0; i < G_N_ELEMENTS(by_name); i++) {
			keep(out, by_name[i], NULL);
		}
		return;
	}
	for (unsigned i = 0; i < l->address_count; i++) {
		const hk_enrich_address *a = &l->addresses[i];
		if (a->network && !is_verdict(a->network)) {
			keep(out, HK_SCOPE_HOSTING, a->text);
		}
		if (a->autnum && !is_verdict(a->autnum)) {
			g_snprintf(as, sizeof as, "AS%u", a->place.asn);
			keep(out, HK_SCOPE_AS, as);
		}
	}
}

/* ---- All of it ---- */

static void
collect(hk_enriched *out, const look *l, const char *const *legit)
{
	if (l->answers) {
		hk_facts_of_dns(out, l->answers);
	}
	if (l->dns_error) {
		hk_enriched_trouble(out, l->dns_error->message);
	}
	for (unsigned i = 0; i < l->address_count; i++) {
		hk_facts_of_address(out, &l->addresses[i]);
		if (l->addresses[i].network) {
			out->retry_ms = MAX(out->retry_ms, l->addresses[i].network->retry_ms);
		}
	}
	if (l->web) {
		hk_facts_of_web(out, l->web);
	} else if (l->web_error) {
		hk_enriched_trouble(out, l->web_error->message);
	}
	if (l->registration) {
		hk_facts_of_domain(out, l->registration);
		out->retry_ms = MAX(out->retry_ms, l->registration->retry_ms);
	}
	contacts_of(out, l, legit);
	keeps_of(out, l);
}

static void
look_clear(look *l)
{
	if (l->answers) {
		g_ptr_array_unref(l->answers);
	}
	for (unsigned i = 0; i < l->address_count; i++) {
		hk_ask_replies_free(l->addresses[i].network);
		hk_ask_replies_free(l->addresses[i].autnum);
	}
	g_clear_error(&l->dns_error);
	g_clear_error(&l->web_error);
	hk_got_free(l->web);
	hk_ask_replies_free(l->registration);
	g_free(l->domain);
}

/* The name that is registered at a registry; below a private suffix (duckdns.org) that is the service's. */
static char *
domain_of(const hk_enrich *enrich, const char *host)
{
	hk_suffix_split split;

	hk_suffix_split_name(hk_suffixes_table(enrich->suffixes), host, strlen(host), &split);
	return split.icann_registrable_off < split.icann_suffix_off
		       ? g_strndup(host + split.icann_registrable_off,
				 (gsize)(split.end - split.icann_registrable_off))
		       : g_strdup("");
}

hk_enriched *
hk_enrich_look(
	hk_enrich *enrich, const char *host, const hk_egress_who *who, const char *const *legit)
{
	look l = {.enrich = enrich,
		.host = host,
		.who = *who,
		.until_ms = hk_clock_mono_ms() + enrich->look_ms};
	hk_enriched *out = g_new0(hk_enriched, 1);

	l.is_ip = hk_ipaddr_parse(hk_span_str(host), &l.literal) == HK_OK;
	l.domain = l.is_ip ? g_strdup("") : domain_of(enrich, host);
	l.who.exit = enrich->exit;
	l.who.own = false;
	out->host = g_strdup(host);
	out->domain = g_strdup(l.domain);
	out->facts = g_ptr_array_new_with_free_func(finding_free);
	out->scopes = g_ptr_array_new_with_free_func(finding_free);
	out->reaches = g_ptr_array_new_with_free_func(reach_free);
	out->troubles = g_ptr_array_new_with_free_func(g_free);
	out->keeps = g_ptr_array_new_with_free_func(finding_free);
	out->retry_ms = -1;
	GThread *threads[] = {g_thread_new("names", ask_names, &l),
		g_thread_new("web", ask_web, &l), g_thread_new("registry", ask_registry, &l)};
	for (size_t i = 0; i < G_N_ELEMENTS(threads); i++) {
		g_thread_join(threads[i]);
	}
	collect(out, &l, legit);
	look_clear(&l);
	return out;
}
