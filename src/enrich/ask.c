#include "enrich/ask.h"

#include <string.h>

#include "enrich/ask_int.h"
#include "enrich/get.h"
#include "enrich/rdap.h"
#include "parse/url.h"
#include "sys/clock.h"
#include "sys/gerr.h"

enum { LINKS_MAX = 2, REDIRECTS_MAX = 4, RETRY_MS = 5 * 60 * 1000 };

static void
reply_free(gpointer data)
{
	hk_ask_reply *reply = data;

	g_free(reply->source);
	g_clear_pointer(&reply->raw, g_bytes_unref);
	g_free(reply->reg);
	g_free(reply);
}

void
hk_ask_replies_free(hk_ask_replies *replies)
{
	if (replies) {
		g_ptr_array_unref(replies->list);
		g_free(replies->trouble);
		g_free(replies);
	}
}

static hk_ask_replies *
replies_new(void)
{
	hk_ask_replies *r = g_new0(hk_ask_replies, 1);

	r->list = g_ptr_array_new_with_free_func(reply_free);
	r->retry_ms = -1;
	return r;
}

static void
trouble(hk_ask_replies *r, const char *text)
{
	g_autofree char *before = r->trouble;

	r->trouble = before ? g_strconcat(before, "; ", text, NULL) : g_strdup(text);
}

const hk_ask_reply *
hk_ask_find(const hk_ask_replies *replies, hk_ask_by by)
{
	for (unsigned i = 0; replies && i < replies->list->len; i++) {
		const hk_ask_reply *reply = replies->list->pdata[i];
		if (reply->by == by && reply->reg->answer == HK_REG_FOUND) {
			return reply;
		}
	}
	return NULL;
}

/* ---- Servers that asked for patience ---- */

static char *
host_of(const char *url)
{
	const char *start = strstr(url, "://");

	start = start ? start + 3 : url;
	return g_ascii_strdown(start, (gssize)strcspn(start, "/"));
}

/* How long the URL's server is to be left alone; 0: it may be asked. */
static int64_t
away_ms(hk_ask *ask, const char *url)
{
	g_autofree char *host = host_of(url);

	g_mutex_lock(&ask->mutex);
	const int64_t *until_ms = g_hash_table_lookup(ask->away, host);
	int64_t left_ms = until_ms ? *until_ms - hk_clock_mono_ms() : 0;
	g_mutex_unlock(&ask->mutex);
	return MAX(left_ms, 0);
}

static void
leave_alone(hk_ask *ask, const char *url, int64_t for_ms)
{
	int64_t *until_ms = g_new(int64_t, 1);

	*until_ms = hk_clock_mono_ms() + for_ms;
	g_mutex_lock(&ask->mutex);
	g_hash_table_replace(ask->away, host_of(url), until_ms);
	g_mutex_unlock(&ask->mutex);
}

/* ---- RDAP ---- */

/* An answer without an RDAP body says something by its status alone (RFC 7480, section 5). */
static hk_reg_answer
answer_of(int status)
{
	return status == 404                    ? HK_REG_NOT_FOUND
	       : status == 429                  ? HK_REG_THROTTLED
	       : status == 401 || status == 403 ? HK_REG_REFUSED
	       : status >= 500                  ? HK_REG_UNAVAILABLE
	       : status >= 400                  ? HK_REG_BAD_QUERY
						: HK_REG_UNCLEAR;
}

static bool
read_body(const hk_got *got, hk_registration *reg, GError **error)
{
	gsize len;
	const void *data = g_bytes_get_data(got->body, &len);

	if (got->truncated) {
		return hk_error_set(error, HK_ETRUNC, "the answer is cut short");
	}
	return hk_rdap_read(hk_span_of(data, len), reg, error);
}

/* What came, as a reply; the status wins over an error page that says otherwise. */
static bool
take(hk_ask *ask, hk_ask_replies *r, hk_ask_by by, const char *url, const hk_got *got)
{
	g_autofree hk_registration *reg = g_new0(hk_registration, 1);
	g_autoptr(GError) error = NULL;
	bool read = read_body(got, reg, &error);

	if (got->status != 200) {
		hk_reg_begin(reg);
		reg->answer = answer_of(got->status);
		reg->error_code = (unsigned)got->status;
	} else if (!read) {
		g_autofree char *text = g_strdup_printf("%s: %s", url, error->message);
		trouble(r, text);
		return false;
	}
	if (reg->answer == HK_REG_THROTTLED) {
		int64_t retry_ms = got->retry_ms >= 0 ? got->retry_ms : RETRY_MS;
		leave_alone(ask, url, retry_ms);
		r->retry_ms = MAX(r->retry_ms, retry_ms);
	}
	hk_ask_reply *reply = g_new0(hk_ask_reply, 1);
	*reply = (hk_ask_reply){.by = by,
		.source = g_strconcat("rdap:", url, NULL),
		.raw = g_bytes_ref(got->body),
		.reg = g_steal_pointer(&reg)};
	g_ptr_array_add(r->list, reply);
	return true;
}

/* The reply is the last one of r->list then. */
static bool
ask_rdap(hk_ask *ask, const hk_egress_who *who, const char *url, hk_ask_by by, int64_t until_ms,
	hk_ask_replies *r)
{
	hk_get get = {.egress = ask->egress,
		.ca_file = ask->ca_file,
		.who = who,
		.url = url,
		.accept = "application/rdap+json, application/json;q=0.9",
		.max_bytes = HK_RDAP_BYTES_MAX,
		.max_hops = REDIRECTS_MAX,
		.verify = true,
		.until_ms = until_ms};
	g_autoptr(GError) error = NULL;
	int64_t left_ms = away_ms(ask, url);

	if (left_ms > 0) {
		r->retry_ms = MAX(r->retry_ms, left_ms);
		r->answer = HK_REG_THROTTLED;
		return false;
	}
	g_autoptr(hk_got) got = hk_get_do(&get, &error);
	if (!got) {
		trouble(r, error->message);
		return false;
	}
	return take(ask, r, by, url, got);
}

/* The registrar's own answer, by the links of the registry's. */
static void
ask_registrar(hk_ask *ask, const hk_egress_who *who, const hk_registration *reg, const char *asked,
	int64_t until_ms, hk_ask_replies *r)
{
	for (size_t i = 0; i < MIN(reg->link_count, LINKS_MAX); i++) {
		if (strcmp(reg->link[i], asked) == 0) {
			continue;
		}
		if (ask_rdap(ask, who, reg->link[i], HK_ASK_REGISTRAR, until_ms, r)) {
			const hk_ask_reply *last = r->list->pdata[r->list->len - 1];
			if (last->reg->answer == HK_REG_FOUND) {
				return;
			}
		}
	}
}

/* Whether the registry gave a verdict, so that WHOIS need not be asked. */
static bool
by_rdap(hk_ask *ask, const hk_egress_who *who, hk_bootstrap_kind kind, const char *word,
	const char *key, int64_t until_ms, hk_ask_replies *r)
{
	g_autofree char *base = hk_ask_base(ask, who, kind, key, until_ms);

	if (!base) {
		return false;
	}
	g_autofree char *url = hk_rdap_url(base, word, key);
	if (!ask_rdap(ask, who, url, HK_ASK_REGISTRY, until_ms, r)) {
		return false;
	}
	const hk_ask_reply *reply = r->list->pdata[r->list->len - 1];
	r->answer = reply->reg->answer;
	if (r->answer == HK_REG_FOUND && kind == HK_BOOTSTRAP_DNS) {
		ask_registrar(ask, who, reply->reg, url, until_ms, r);
	}
	return r->answer == HK_REG_FOUND || r->answer == HK_REG_NOT_FOUND ||
	       r->answer == HK_REG_RESERVED;
}

/* ---- WHOIS ---- */

/* Whose answer one of the chain is: for a domain the first record about it is the registry's, the next the registrar's; IANA's is about the
 * top-level domain. For addresses the last record is the narrowest. */
static void
take_whois(hk_ask_replies *r, GPtrArray *chain, const char *domain)
{
	hk_ask_by next = HK_ASK_REGISTRY;
	hk_reg_answer last = HK_REG_UNCLEAR;

	for (unsigned i = 0; i < chain->len; i++) {
		hk_whois_reply *w = chain->pdata[i];
		hk_ask_reply *reply = g_new0(hk_ask_reply, 1);
		bool fits = w->reg->answer == HK_REG_FOUND &&
			    (domain ? strcmp(w->reg->name, domain) == 0 : i + 1 == chain->len);
		*reply = (hk_ask_reply){.by = fits ? next : HK_ASK_OTHER,
			.source = g_strconcat("whois:", w->server, NULL),
			.raw = g_bytes_ref(w->raw),
			.reg = g_steal_pointer(&w->reg)};
		next = !fits ? next : next == HK_ASK_REGISTRY ? HK_ASK_REGISTRAR : HK_ASK_OTHER;
		last = reply->reg->answer != HK_REG_FOUND ? reply->reg->answer : last;
		if (reply->reg->answer == HK_REG_THROTTLED) {
			r->retry_ms = MAX(r->retry_ms, RETRY_MS);
		}
		g_ptr_array_add(r->list, reply);
	}
	r->answer = hk_ask_find(r, HK_ASK_REGISTRY) ? HK_REG_FOUND : last;
}

static void
by_whois(hk_ask *ask, const hk_egress_who *who, const char *name, const char *domain,
	int64_t until_ms, hk_ask_replies *r)
{
	g_autoptr(GError) error = NULL;
	hk_egress_who asker = *who;

	asker.purpose = "whois";
	g_autoptr(GPtrArray) chain =
		hk_whois_follow(ask->egress, ask->pace, &asker, name, until_ms, &error);
	if (error) {
		trouble(r, error->message);
	}
	if (chain) {
		take_whois(r, chain, domain);
	} else if (hk_error_code(error) == HK_EAGAIN) {
		r->retry_ms = MAX(r->retry_ms, RETRY_MS);
	}
}

hk_ask_replies *
hk_ask_domain(hk_ask *ask, const hk_egress_who *who, const char *domain, int64_t until_ms)
{
	hk_ask_replies *r = replies_new();

	if (!by_rdap(ask, who, HK_BOOTSTRAP_DNS, "domain", domain, until_ms, r)) {
		by_whois(ask, who, domain, domain, until_ms, r);
	}
	if (r->answer == HK_REG_FOUND) {
		r->retry_ms = -1; /* somebody else knew */
	}
	return r;
}

hk_ask_replies *
hk_ask_address(hk_ask *ask, const hk_egress_who *who, const char *address, int64_t until_ms)
{
	hk_ask_replies *r = replies_new();

	if (!by_rdap(ask, who, HK_BOOTSTRAP_IP, "ip", address, until_ms, r)) {
		by_whois(ask, who, address, NULL, until_ms, r);
	}
	if (r->answer == HK_REG_FOUND) {
		r->retry_ms = -1;
	}
	return r;
}

hk_ask_replies *
hk_ask_autnum(hk_ask *ask, const hk_egress_who *who, uint32_t asn, int64_t until_ms)
{
	hk_ask_replies *r = replies_new();
	g_autofree char *key = g_strdup_printf("%u", asn);

	/* RDAP only: every RIR serves it. */
	by_rdap(ask, who, HK_BOOTSTRAP_ASN, "autnum", key, until_ms, r);
	return r;
}
