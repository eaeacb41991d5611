#include "report/route.h"

#include <string.h>

#include "flow/states.h"
#include "report/channel_godaddy.h"

/* Mailboxes of one kind that are told of one case: those that are trusted most come first. What a registry's answer lists is a stranger's. */
enum { KIND_MAX = 5 };

typedef struct mailbox_row {
	const char *kind, *cases, *next;
} mailbox_row;
typedef enum by { ANY, PERSON } by;
typedef struct channel_row {
	const char *channel, *kind, *cases, *test, *value;
	by by;
	const char *instead;
} channel_row;

static const mailbox_row mailboxes[] = {
#define MAILBOX(kind, cases, next) {kind, cases, next},
#include "report/route.def"
};
static const channel_row channels[] = {
#define CHANNEL(channel, kind, cases, test, value, by, instead)                                    \
	{channel, kind, cases, test, value, by, instead},
#include "report/route.def"
};

static const char *const afters[] = {
#define AFTER(channel) channel,
#include "report/route.def"
	NULL};

void
hk_route_contact_free(void *contact)
{
	hk_route_contact *c = contact;

	g_free(c->kind);
	g_free(c->subject);
	g_free(c->name);
	g_free(c->address);
	g_free(c->lang);
	g_free(c);
}

/* ---- words ---- */

/* Calls each(word, len, user) for the alternatives of "a|b" until one is true. */
static bool
any_of(const char *list, bool (*each)(const char *word, size_t len, const void *user),
	const void *user)
{
	for (const char *at = list; *at;) {
		size_t len = strcspn(at, "|");
		if (each(at, len, user)) {
			return true;
		}
		at += len + (at[len] == '|');
	}
	return false;
}

static bool
is_word(const char *word, size_t len, const void *user)
{
	const char *text = user;

	return strlen(text) == len && g_ascii_strncasecmp(text, word, len) == 0;
}

static bool
is_under(const char *word, size_t len, const void *user)
{
	const char *name = user;
	size_t all = strlen(name);

	return all >= len && g_ascii_strncasecmp(name + all - len, word, len) == 0 &&
	       (all == len || name[all - len - 1] == '.');
}

static bool
is_part(const char *word, size_t len, const void *user)
{
	g_autofree char *low = g_ascii_strdown(user, -1);
	g_autofree char *part = g_strndup(word, len);

	return strstr(low, part) != NULL;
}

bool
hk_route_under(const char *name, const char *domains)
{
	return any_of(domains, is_under, name);
}

/* ---- which kind of case ---- */

static bool
case_fits(const char *cases, const char *kind, bool asked)
{
	const hk_casekind *row = hk_casekind_find(kind);

	if (strcmp(cases, "*") == 0) {
		return asked || !row || strcmp(row->queue, "count") != 0;
	}
	return any_of(cases, is_word, kind);
}

/* ---- tests of channels ---- */

static bool
test_any(const hk_brief *b, const char *value)
{
	(void)b;
	(void)value;
	return true;
}

static bool
test_own(const hk_brief *b, const char *value)
{
	(void)value;
	return b->own;
}

static bool
test_target(const hk_brief *b, const char *value)
{
	(void)value;
	return b->target_key != NULL;
}

static bool
test_tld(const hk_brief *b, const char *value)
{
	const hk_brief_site *lead = b->sites->pdata[0];
	const char *dot = strrchr(lead->host, '.');

	return dot && any_of(value, is_word, dot + 1);
}

static bool
test_cc(const hk_brief *b, const char *value)
{
	return b->country && any_of(value, is_word, b->country);
}

static bool
test_as(const hk_brief *b, const char *value)
{
	g_autofree char *asn = g_strdup_printf("%" G_GINT64_FORMAT, b->asn);

	return b->asn != 0 && any_of(value, is_word, asn);
}

static bool
test_ns(const hk_brief *b, const char *value)
{
	for (unsigned i = 0; i < b->nameservers->len; i++) {
		if (any_of(value, is_under, b->nameservers->pdata[i])) {
			return true;
		}
	}
	return false;
}

static bool
test_registrar(const hk_brief *b, const char *value)
{
	return b->registrar && any_of(value, is_part, b->registrar);
}

static bool
test_host(const hk_brief *b, const char *value)
{
	const hk_brief_site *lead = b->sites->pdata[0];

	return any_of(value, is_under, lead->host);
}

static const struct {
	const char *name;
	bool (*holds)(const hk_brief *b, const char *value);
} tests[] = {{"any", test_any}, {"own", test_own}, {"target", test_target}, {"tld", test_tld},
	{"cc", test_cc}, {"as", test_as}, {"ns", test_ns}, {"registrar", test_registrar},
	{"host", test_host}};

static bool
holds(const channel_row *row, const hk_brief *b)
{
	for (size_t i = 0; i < G_N_ELEMENTS(tests); i++) {
		if (strcmp(tests[i].name, row->test) == 0) {
			return tests[i].holds(b, row->value);
		}
	}
	return false;
}

/* ---- recipients ---- */

static const char *
domain_of(const char *address)
{
	const char *at = strrchr(address, '@');

	return at ? at + 1 : "";
}

const char *
hk_route_lang(const hk_brief *brief, const hk_route_contact *contact)
{
	static const struct {
		const char *ends, *lang;
	} by_name[] = {{"jp", "ja"}, {"cn|com.hk|tw", "zh"}};
	const char *at = strchr(contact->address, '@') ? domain_of(contact->address) : "";

	if (contact->lang && *contact->lang) {
		return g_intern_string(contact->lang);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(by_name); i++) {
		if (hk_route_under(at, by_name[i].ends)) {
			return by_name[i].lang;
		}
	}
	/* A network in Japan reads Japanese; what is known of China's and Taiwan's is by their mailboxes. */
	return strcmp(contact->kind, "hosting") == 0 && g_strcmp0(brief->country, "JP") == 0 ? "ja"
											     : "en";
}

static hk_recipient *
recipient(const char *kind, const char *channel, const char *name, const char *address,
	const char *subject, const char *lang, const char *step)
{
	hk_recipient *r = g_new0(hk_recipient, 1);

	*r = (hk_recipient){.kind = g_strdup(kind),
		.channel = g_strdup(channel),
		.name = g_strdup(name),
		.address = g_strdup(address),
		.subject = g_strdup(subject),
		.lang = g_strdup(lang),
		.step = g_strdup(step)};
	return r;
}

static bool
is_there(const GPtrArray *list, const char *channel, const char *address)
{
	for (unsigned i = 0; i < list->len; i++) {
		const hk_recipient *r = list->pdata[i];
		if (strcmp(r->channel, channel) == 0 && strcmp(r->address, address) == 0) {
			return true;
		}
	}
	return false;
}

/* Not at the brand, not at the site's own names: they would read it first. */
static bool
is_never(const hk_route_ask *ask, const char *domain)
{
	for (unsigned i = 0; ask->never && i < ask->never->len; i++) {
		if (hk_route_under(domain, ask->never->pdata[i])) {
			return true;
		}
	}
	for (unsigned i = 0; i < ask->brief->sites->len; i++) {
		const hk_brief_site *site = ask->brief->sites->pdata[i];
		if (hk_route_under(domain, site->host) ||
			(site->domain && hk_route_under(domain, site->domain))) {
			return true;
		}
	}
	return false;
}

/* Whoever uses GoDaddy's interface writes to its mailboxes no more, whatever the case: its terms. */
static bool
is_replaced(const hk_route_ask *ask, const char *mailbox)
{
	for (unsigned i = 0; ask->confs && i < ask->confs->len; i++) {
		const hk_channel_conf *conf = ask->confs->pdata[i];
		if (conf->enabled && strcmp(conf->channel->name, "godaddy") == 0) {
			return hk_godaddy_replaces(mailbox);
		}
	}
	return false;
}

/* Told only where a report has an effect. */
static bool
acts_here(const hk_route_ask *ask, const char *channel)
{
	const hk_brief_site *lead = ask->brief->sites->pdata[0];

	return strcmp(channel, "cleandns") != 0 || !ask->clients ||
	       hk_cleandns_covers(ask->clients, lead->host, ask->brief->registrar);
}

/* A mailbox is written to; the URL of a form is filled in by a person (channel "form"). */
static void
add_contact(const hk_route_ask *ask, GPtrArray *list, const hk_route_contact *c, const char *step)
{
	bool mail = strchr(c->address, '@') != NULL;
	g_autofree char *low = mail ? g_ascii_strdown(c->address, -1) : g_strdup(c->address);
	const char *channel = mail ? "mail" : "form";

	if (c->confidence < HK_ROUTE_TRUST || is_there(list, channel, low) ||
		(mail && (is_never(ask, domain_of(low)) || is_replaced(ask, low))) ||
		(!mail && !g_str_has_prefix(low, "https://"))) {
		return;
	}
	g_ptr_array_add(list, recipient(c->kind, channel, c->name, low, c->subject,
				      hk_route_lang(ask->brief, c), step));
}

/* A form is only for a party that has no mailbox. */
static void
add_kind(const hk_route_ask *ask, GPtrArray *list, const char *kind, const char *step)
{
	unsigned first = list->len;

	for (int pass = 0; pass < 2 && list->len == first; pass++) {
		for (unsigned i = 0; i < ask->contacts->len && list->len - first < KIND_MAX; i++) {
			const hk_route_contact *c = ask->contacts->pdata[i];
			bool mail = strchr(c->address, '@') != NULL;
			if (strcmp(c->kind, kind) == 0 && mail == (pass == 0)) {
				add_contact(ask, list, c, step);
			}
		}
	}
}

static bool
channel_fits(const hk_route_ask *ask, const channel_row *row, const char *name)
{
	return strcmp(row->channel, name) == 0 &&
	       case_fits(row->cases, ask->brief->kind, ask->asked) &&
	       (row->by == ANY || ask->person) && holds(row, ask->brief) && acts_here(ask, name);
}

/* Whoever is told by an interface is not told by mail as well, where they ask for that. */
static void
drop_instead(GPtrArray *list, const char *instead)
{
	for (unsigned i = list->len; *instead && i > 0; i--) {
		const hk_recipient *r = list->pdata[i - 1];
		const char *host = strstr(r->address, "://");
		g_autofree char *form = host ? g_strndup(host + 3, strcspn(host + 3, "/:")) : NULL;
		const char *where = strcmp(r->channel, "mail") == 0   ? domain_of(r->address)
				    : strcmp(r->channel, "form") == 0 ? form
								      : NULL;
		if (where && hk_route_under(where, instead)) {
			g_ptr_array_remove_index(list, i - 1);
		}
	}
}

static bool
has_rows(const char *name)
{
	for (size_t i = 0; i < G_N_ELEMENTS(channels); i++) {
		if (strcmp(channels[i].channel, name) == 0) {
			return true;
		}
	}
	return false;
}

static void
add_channel(const hk_route_ask *ask, GPtrArray *list, const hk_channel_conf *conf)
{
	const char *name = conf->channel->name;
	const char *lang =
		strcmp(name, "jpcert") == 0 || strcmp(name, "antiphishing") == 0 ? "ja" : "en";

	if (!conf->enabled || conf->channel->way == HK_WAY_LOOKUP ||
		is_there(list, conf->name, conf->name)) {
		return;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(channels); i++) {
		if (channel_fits(ask, &channels[i], name)) {
			drop_instead(list, channels[i].instead);
			for (int after = 0; after <= g_strv_contains(afters, name); after++) {
				g_ptr_array_add(list,
					recipient(channels[i].kind, conf->name, conf->channel->en,
						conf->name, "", lang, after ? "after" : "first"));
			}
			return;
		}
	}
	/* A channel of the declarative kind has no row: its file is its policy. */
	if (!has_rows(name) && case_fits("*", ask->brief->kind, ask->asked)) {
		g_ptr_array_add(list,
			recipient("vendor", conf->name, conf->name, conf->name, "", lang, "first"));
	}
}

/* Another bank's: that bank is told; who it is stands in our own table. */
static GPtrArray *
notices(const hk_route_ask *ask)
{
	GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)hk_recipient_free);

	for (unsigned i = 0; i < ask->contacts->len; i++) {
		const hk_route_contact *c = ask->contacts->pdata[i];
		/* Its own domain is where it is told. */
		if (strcmp(c->kind, "bank") == 0 &&
			g_strcmp0(c->subject, ask->brief->target_key) == 0) {
			g_autofree char *low = g_ascii_strdown(c->address, -1);
			g_ptr_array_add(list, recipient("bank", "mail", c->name, low, c->subject,
						      hk_route_lang(ask->brief, c), "notice"));
		}
	}
	if (list->len == 0) {
		add_kind(ask, list, "body", "notice");
	}
	return list;
}

GPtrArray *
hk_route(const hk_route_ask *ask)
{
	const hk_casekind *kind = hk_casekind_find(ask->brief->kind);

	if (kind && strcmp(kind->queue, "notify") == 0 && !ask->brief->own) {
		return notices(ask);
	}
	GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)hk_recipient_free);
	for (size_t i = 0; i < G_N_ELEMENTS(mailboxes); i++) {
		if (*mailboxes[i].cases &&
			case_fits(mailboxes[i].cases, ask->brief->kind, ask->asked)) {
			add_kind(ask, list, mailboxes[i].kind, "first");
		}
	}
	for (unsigned i = 0; ask->confs && i < ask->confs->len; i++) {
		add_channel(ask, list, ask->confs->pdata[i]);
	}
	return list;
}

static bool
told_already(const GPtrArray *told, const char *address)
{
	return g_ptr_array_find_with_equal_func(
		(GPtrArray *)(uintptr_t)told, address, g_str_equal, NULL);
}

static void
add_next(const hk_route_ask *ask, GPtrArray *list, const char *kind, const GPtrArray *told)
{
	if (strcmp(kind, "icann") == 0) {
		g_ptr_array_add(
			list, recipient("body", "icann", "ICANN Contractual Compliance", "icann",
				      ask->brief->registrar ? ask->brief->registrar : "", "en",
				      "escalation"));
		return;
	}
	add_kind(ask, list, kind, "escalation");
	for (unsigned i = list->len; i > 0; i--) {
		const hk_recipient *r = list->pdata[i - 1];
		if (told_already(told, r->address)) {
			g_ptr_array_remove_index(list, i - 1);
		}
	}
}

GPtrArray *
hk_route_next(const hk_route_ask *ask, const char *kind, const GPtrArray *told)
{
	GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)hk_recipient_free);

	for (size_t i = 0; i < G_N_ELEMENTS(mailboxes); i++) {
		if (strcmp(mailboxes[i].kind, kind) != 0) {
			continue;
		}
		for (const char *at = mailboxes[i].next; *at && list->len == 0;) {
			size_t len = strcspn(at, "|");
			g_autofree char *one = g_strndup(at, len);
			if (!told_already(told, one)) {
				add_next(ask, list, one, told);
			}
			at += len + (at[len] == '|');
		}
	}
	return list;
}
