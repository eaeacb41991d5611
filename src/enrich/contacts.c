#include "enrich/contacts.h"

#include <string.h>

typedef struct finder {
	const hk_operators *operators;
	const hk_contacts_ask *ask;
	GPtrArray *found;
	char *own; /* domain of whoever set the site up, or NULL: then it lies on somebody else's */
	char *giver; /* domain of the owner of its private suffix, or NULL */
} finder;

static void
free_contact(void *data)
{
	hk_contact *contact = data;

	g_free(contact->value);
	g_free(contact->who);
	g_free(contact);
}

/* The registrable domain of a name by the rules for registries only (x.duckdns.org is below duckdns.org); NULL: none. */
static char *
registrable(const finder *f, const char *name)
{
	hk_suffix_split split;
	size_t len = name ? strlen(name) : 0;

	if (!f->ask->suffixes || len == 0) {
		return NULL;
	}
	hk_suffix_split_name(f->ask->suffixes, name, len, &split);
	return split.icann_registrable_off < split.icann_suffix_off
		       ? g_strndup(name + split.icann_registrable_off,
				 split.end - split.icann_registrable_off)
		       : NULL;
}

/* Whether a mailbox may be written to. The site's own domain belongs to whoever set it up. */
static bool
allowed(const finder *f, hk_reg_kind kind, const char *value)
{
	const char *at = strrchr(value, '@');

	if (kind != HK_REG_MAIL) {
		return true;
	}
	if (!at || hk_operators_never(f->operators, value)) {
		return false;
	}
	if (f->own && hk_operators_name_is_under(at + 1, f->own)) {
		return false;
	}
	for (const char *const *legit = f->ask->legit; legit && *legit; legit++) {
		if (hk_operators_name_is_under(at + 1, *legit)) {
			return false;
		}
	}
	return true;
}

static void
add(finder *f, hk_contact_scope scope, hk_contact_trust trust, hk_reg_kind kind, const char *value,
	const char *who, const char *source)
{
	if (!allowed(f, kind, value)) {
		return;
	}
	for (unsigned i = 0; i < f->found->len; i++) {
		hk_contact *known = g_ptr_array_index(f->found, i);
		if (known->scope == scope && g_ascii_strcasecmp(known->value, value) == 0) {
			if (trust > known->trust) {
				known->trust = trust;
				known->source = source;
			}
			return;
		}
	}
	hk_contact *contact = g_new0(hk_contact, 1);
	*contact = (hk_contact){.scope = scope,
		.trust = trust,
		.kind = kind,
		.value = g_strdup(value),
		.who = g_strdup(who),
		.source = source};
	g_ptr_array_add(f->found, contact);
}

static bool
has_mail(const finder *f, hk_contact_scope scope, hk_contact_trust least)
{
	for (unsigned i = 0; i < f->found->len; i++) {
		const hk_contact *known = g_ptr_array_index(f->found, i);
		if (known->scope == scope && known->kind != HK_REG_PHONE && known->trust >= least) {
			return true;
		}
	}
	return false;
}

/* What an answer about the domain says. */
static void
from_registration(finder *f, const hk_registration *reg, const char *source)
{
	for (size_t i = 0; reg && i < reg->contact_count; i++) {
		const hk_reg_contact *c = &reg->contact[i];
		bool abuse = c->roles & HK_REG_ROLE_ABUSE;
		bool text = c->roles & HK_REG_ROLE_TEXT;
		bool registry = abuse && !(c->roles & HK_REG_ROLE_REGISTRAR);
		const char *who = c->name[0] ? c->name : reg->registrar;
		add(f, registry ? HK_SCOPE_REGISTRY : HK_SCOPE_REGISTRAR,
			abuse && !text ? HK_TRUST_HIGH : HK_TRUST_LOW, c->kind, c->value, who,
			source);
	}
}

/* What an answer about a network or an AS says: its technical contacts only where there is none for abuse. */
static void
from_network(finder *f, const hk_registration *reg, hk_contact_scope scope, const char *source)
{
	for (int pass = 0; reg && pass < 2; pass++) {
		for (size_t i = 0; i < reg->contact_count; i++) {
			const hk_reg_contact *c = &reg->contact[i];
			bool abuse = c->roles & HK_REG_ROLE_ABUSE;
			bool text = c->roles & HK_REG_ROLE_TEXT;
			if (abuse == (pass == 0)) {
				add(f, scope, abuse && !text ? HK_TRUST_HIGH : HK_TRUST_LOW,
					c->kind, c->value, c->name[0] ? c->name : reg->org, source);
			}
		}
		if (has_mail(f, scope, HK_TRUST_LOW)) {
			return;
		}
	}
}

static void
from_operators(finder *f, hk_operator_kind kind, hk_contact_scope scope, const char *what)
{
	for (size_t i = 0; what && i < hk_operators_count(f->operators); i++) {
		const hk_operator *op = hk_operators_at(f->operators, i);
		if (op->kind == kind && hk_operator_fits(op, what)) {
			add(f, scope, HK_TRUST_MEDIUM,
				strchr(op->where, '/') ? HK_REG_WEB : HK_REG_MAIL, op->where,
				op->name, "operators");
		}
	}
}

static void
from_as(finder *f)
{
	g_autofree char *as = g_strdup_printf("as%u", f->ask->asn);

	if (f->ask->asn != 0) {
		from_operators(f, HK_OPERATOR_CDN, HK_SCOPE_CDN, as);
		from_operators(f, HK_OPERATOR_HOSTING, HK_SCOPE_HOSTING, as);
	}
}

static void
from_names(finder *f)
{
	for (const char *const *name = f->ask->names; name && *name; name++) {
		from_operators(f, HK_OPERATOR_CDN, HK_SCOPE_CDN, *name);
		from_operators(f, HK_OPERATOR_HOSTING, HK_SCOPE_HOSTING, *name);
	}
}

static void
guess(finder *f, hk_contact_scope scope, const char *domain, const char *who)
{
	g_autofree char *mail = domain ? g_strconcat("abuse@", domain, NULL) : NULL;

	if (mail) {
		add(f, scope, HK_TRUST_GUESS, HK_REG_MAIL, mail, who, "rfc2142");
	}
}

/* The registrar's own domain, by its URL. */
static void
guess_registrar(finder *f)
{
	const hk_registration *reg = f->ask->registration;
	char host[HK_REG_NAME_SIZE];

	if (!reg || reg->registrar_url[0] == '\0' ||
		has_mail(f, HK_SCOPE_REGISTRAR, HK_TRUST_LOW)) {
		return;
	}
	const char *url = strstr(reg->registrar_url, "://");
	url = url ? url + 3 : reg->registrar_url;
	if (hk_reg_host(hk_span_of(url, strcspn(url, "/:?#")), host) == HK_OK) {
		g_autofree char *domain = registrable(f, host);
		guess(f, HK_SCOPE_REGISTRAR, domain, reg->registrar);
	}
}

static void
from_name_server(finder *f, const char *ns)
{
	from_operators(f, HK_OPERATOR_DNS, HK_SCOPE_DNS, ns);
	if (f->ask->guess && !has_mail(f, HK_SCOPE_DNS, HK_TRUST_LOW)) {
		g_autofree char *domain = registrable(f, ns);
		guess(f, HK_SCOPE_DNS, domain, domain ? domain : "");
	}
}

static void
from_name_servers(finder *f)
{
	const hk_registration *reg = f->ask->registration;

	for (const char *const *ns = f->ask->ns; ns && *ns; ns++) {
		from_name_server(f, *ns);
	}
	for (size_t i = 0; reg && !f->ask->ns && i < reg->ns_count; i++) {
		from_name_server(f, reg->ns[i]);
	}
}

/* Below a private suffix or on a shortener the registrable domain is the service's: a mailbox there is the right one. */
static void
whose_domain(finder *f)
{
	hk_suffix_split split = {.is_private = false};
	const char *host = f->ask->host;
	char *domain = registrable(f, host);
	bool shared = f->ask->shared;

	if (domain) {
		hk_suffix_split_name(f->ask->suffixes, host, strlen(host), &split);
	}
	for (size_t i = 0; host && i < hk_operators_count(f->operators); i++) {
		const hk_operator *op = hk_operators_at(f->operators, i);
		shared |= (op->kind == HK_OPERATOR_SUFFIX || op->kind == HK_OPERATOR_SHORTENER) &&
			  hk_operator_fits(op, host);
	}
	if (split.is_private) {
		f->giver = domain;
	} else if (shared) {
		g_free(domain);
	} else {
		f->own = domain;
	}
}

static int
by_trust(const void *a, const void *b)
{
	const hk_contact *one = *(const hk_contact *const *)a;
	const hk_contact *two = *(const hk_contact *const *)b;

	if (one->trust != two->trust) {
		return one->trust > two->trust ? -1 : 1;
	}
	if (one->scope != two->scope) {
		return one->scope < two->scope ? -1 : 1;
	}
	return strcmp(one->value, two->value);
}

GPtrArray *
hk_contacts_find(const hk_operators *operators, const hk_contacts_ask *ask)
{
	finder f = {.operators = operators,
		.ask = ask,
		.found = g_ptr_array_new_with_free_func(free_contact)};
	const char *id = ask->registration ? ask->registration->registrar_id : "";
	g_autofree char *iana = *id ? g_strconcat("iana:", id, NULL) : NULL;

	whose_domain(&f);
	if (!ask->shared) {
		from_registration(&f, ask->registration, "registration");
		from_registration(&f, ask->registrar, "registrar");
		from_operators(&f, HK_OPERATOR_REGISTRAR, HK_SCOPE_REGISTRAR, iana);
	}
	from_network(&f, ask->network, HK_SCOPE_HOSTING, "network");
	from_network(&f, ask->autnum, HK_SCOPE_AS, "autnum");
	from_as(&f);
	from_names(&f);
	from_operators(&f, HK_OPERATOR_SUFFIX, HK_SCOPE_SUFFIX, ask->host);
	from_operators(&f, HK_OPERATOR_SHORTENER, HK_SCOPE_SHORTENER, ask->host);
	if (!ask->shared) {
		from_name_servers(&f);
	}
	if (ask->guess && !ask->shared) {
		guess_registrar(&f);
	}
	if (ask->guess && !has_mail(&f, HK_SCOPE_SUFFIX, HK_TRUST_LOW)) {
		guess(&f, HK_SCOPE_SUFFIX, f.giver, f.giver ? f.giver : "");
	}
	g_ptr_array_sort(f.found, by_trust);
	g_free(f.own);
	g_free(f.giver);
	return f.found;
}

const char *
hk_contact_scope_name(hk_contact_scope scope)
{
	static const char *const names[] = {
		"registrar", "registry", "hosting", "as", "cdn", "suffix", "shortener", "dns"};

	return names[scope];
}

const char *
hk_contact_trust_name(hk_contact_trust trust)
{
	static const char *const names[] = {"guess", "low", "medium", "high"};

	return names[trust];
}
