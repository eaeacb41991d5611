/* nocheck: tested in tests/scenario/enrich.t */
/* What was answered, as facts. */
#include <string.h>

#include "enrich/enrich_int.h"
#include "parse/x509.h"
#include "sys/clock.h"
#include "sys/hash.h"

enum { NAMES_MAX = 100, CONTACTS_MAX = 10, VALUE_MAX = 2560, CHAIN_BYTES_MAX = 1 << 20 };

void
hk_enriched_add(hk_enriched *out, const char *subject, const char *kind, const char *value,
	const char *source, GBytes *raw)
{
	hk_finding *f = g_new0(hk_finding, 1);
	g_autofree char *cut = g_strndup(value, VALUE_MAX);

	f->subject = g_strdup(subject);
	f->kind = g_strdup(kind);
	f->value = g_utf8_make_valid(cut, -1);
	f->source = g_strdup(source);
	f->raw = raw ? g_bytes_ref(raw) : NULL;
	g_ptr_array_add(out->facts, f);
}

void
hk_enriched_scope(hk_enriched *out, const char *subject, const char *kind)
{
	hk_finding *f = g_new0(hk_finding, 1);

	f->subject = g_strdup(subject);
	f->kind = g_strdup(kind);
	g_ptr_array_add(out->scopes, f);
}

void
hk_enriched_trouble(hk_enriched *out, const char *text)
{
	g_ptr_array_add(out->troubles, g_utf8_make_valid(text, -1));
}

/* ---- DNS ---- */

/* Whether the DNS gave a verdict, even if it is that there is nothing. */
static bool
is_verdict(hk_dns_status status)
{
	return status == HK_DNS_OK || status == HK_DNS_NODATA || status == HK_DNS_NXDOMAIN;
}

static void
one_answer(hk_enriched *out, const hk_dns_answer *answer)
{
	g_autofree char *kind = g_strconcat("dns.", hk_dns_type_name(answer->type), NULL);

	if (!is_verdict(answer->status)) {
		return;
	}
	hk_enriched_scope(out, answer->name, kind);
	for (unsigned i = 0; i < answer->values->len; i++) {
		hk_enriched_add(
			out, answer->name, kind, answer->values->pdata[i], "dns", answer->raw);
	}
	if (answer->type == HK_DNSMSG_A) {
		hk_enriched_scope(out, answer->name, "dns.cname");
		for (unsigned i = 0; i < answer->chain->len; i++) {
			hk_enriched_add(out, answer->name, "dns.cname", answer->chain->pdata[i],
				"dns", answer->raw);
		}
	}
}

/* The state of the host's own name: the better of its two answers about addresses. */
static void
status_of(hk_enriched *out, const GPtrArray *answers)
{
	const hk_dns_answer *best = NULL;

	for (unsigned i = 0; i < answers->len; i++) {
		const hk_dns_answer *a = answers->pdata[i];
		if ((a->type == HK_DNSMSG_A || a->type == HK_DNSMSG_AAAA) &&
			(!best || a->status < best->status)) {
			best = a;
		}
	}
	if (best) {
		hk_enriched_scope(out, best->name, "dns.status");
		hk_enriched_add(out, best->name, "dns.status", hk_dns_status_name(best->status),
			"dns", best->raw);
	}
}

void
hk_facts_of_dns(hk_enriched *out, const GPtrArray *answers)
{
	status_of(out, answers);
	for (unsigned i = 0; i < answers->len; i++) {
		const hk_dns_answer *a = answers->pdata[i];
		one_answer(out, a);
		if (!is_verdict(a->status)) {
			g_autofree char *text = g_strdup_printf("dns %s %s: %s", a->name,
				hk_dns_type_name(a->type), hk_dns_status_name(a->status));
			hk_enriched_trouble(out, text);
		}
	}
}

/* ---- Certificate, security.txt ---- */

static void
names_of(hk_enriched *out, const hk_x509 *x, GBytes *raw)
{
	hk_x509_names walk;
	hk_x509_name name;
	unsigned count = 0;

	hk_x509_names_init(x, &walk);
	while (count < NAMES_MAX && hk_x509_names_next(&walk, &name)) {
		char text[HK_IPADDR_TEXT_SIZE];
		hk_ipaddr addr = {{0}, name.value.len == 4};
		if (name.kind == HK_X509_NAME_DNS) {
			g_autofree char *dns =
				g_strndup((const char *)name.value.data, name.value.len);
			hk_enriched_add(out, out->host, "tls.names", dns, "tls", raw);
			count++;
		} else if (name.value.len == 4 || name.value.len == 16) {
			memcpy(addr.bytes, name.value.data, name.value.len);
			hk_enriched_add(out, out->host, "tls.names", hk_ipaddr_format(&addr, text),
				"tls", raw);
			count++;
		}
	}
}

/* All certificates one after another; DER says where each ends. */
static GBytes *
chain_of(const GPtrArray *certs)
{
	GByteArray *all = g_byte_array_new();

	for (unsigned i = 0; i < certs->len; i++) {
		gsize len;
		const void *data = g_bytes_get_data(certs->pdata[i], &len);
		if (all->len + len > CHAIN_BYTES_MAX) {
			break;
		}
		g_byte_array_append(all, data, (guint)len);
	}
	return g_byte_array_free_to_bytes(all);
}

static void
time_text(int64_t seconds, char *ret)
{
	hk_clock_format(CLAMP(seconds, -62167219200, 253402300799) * 1000, ret);
}

static void
certificate(hk_enriched *out, const hk_got *got)
{
	static const char *const kinds[] = {
		"tls.certificate", "tls.issuer", "tls.validity", "tls.names", "tls.trust"};
	g_autoptr(GBytes) raw = chain_of(got->certs);
	gsize len;
	const void *leaf = g_bytes_get_data(got->certs->pdata[0], &len);
	uint8_t hash[32];
	char from[HK_CLOCK_TEXT_SIZE], to[HK_CLOCK_TEXT_SIZE];
	GString *hex = g_string_new(NULL);
	hk_x509 x;

	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
		hk_enriched_scope(out, out->host, kinds[i]);
	}
	hk_sha256(hk_span_of(leaf, len), hash);
	for (size_t i = 0; i < sizeof hash; i++) {
		g_string_append_printf(hex, "%02x", hash[i]);
	}
	g_autofree char *text = g_string_free(hex, FALSE);
	hk_enriched_add(out, out->host, "tls.certificate", text, "tls", raw);
	hk_enriched_add(out, out->host, "tls.trust",
		got->verify_text ? got->verify_text : "unknown", "tls", raw);
	if (hk_x509_parse_cert(hk_span_of(leaf, len), &x) != HK_OK) {
		return;
	}
	g_autofree char *issuer =
		g_strdup_printf("%.*s%s%.*s", (int)x.issuer_o.len, (const char *)x.issuer_o.data,
			x.issuer_o.len > 0 && x.issuer_cn.len > 0 ? ", " : "", (int)x.issuer_cn.len,
			(const char *)x.issuer_cn.data);
	hk_enriched_add(out, out->host, "tls.issuer", issuer, "tls", raw);
	if (x.not_before != HK_X509_NO_TIME && x.not_after != HK_X509_NO_TIME) {
		time_text(x.not_before, from);
		time_text(x.not_after, to);
		g_autofree char *both = g_strdup_printf("%s/%s", from, to);
		hk_enriched_add(out, out->host, "tls.validity", both, "tls", raw);
	}
	names_of(out, &x, raw);
}

/* RFC 9116, section 2.5.3: a URI. */
static bool
is_contact(const char *text)
{
	return g_ascii_strncasecmp(text, "mailto:", 7) == 0 ||
	       g_ascii_strncasecmp(text, "https://", 8) == 0 ||
	       g_ascii_strncasecmp(text, "tel:", 4) == 0;
}

static void
security_txt(hk_enriched *out, const hk_got *got)
{
	gsize len;
	const char *data = g_bytes_get_data(got->body, &len);
	g_autofree char *text = g_strndup(data ? data : "", len);
	g_autofree char *source = g_strconcat("https:", got->url, NULL);
	unsigned count = 0;

	if (got->status != 200 && got->status != 404 && got->status != 410) {
		return;
	}
	hk_enriched_scope(out, out->host, "security.txt");
	for (char *line = text; got->status == 200 && line && *line && count < CONTACTS_MAX;) {
		char *end = strpbrk(line, "\r\n");
		if (end) {
			*end = '\0';
		}
		if (g_ascii_strncasecmp(line, "contact:", 8) == 0) {
			const char *value = g_strstrip(line + 8);
			if (is_contact(value)) {
				hk_enriched_add(
					out, out->host, "security.txt", value, source, got->body);
				count++;
			}
		}
		line = end ? end + 1 : NULL;
	}
}

void
hk_facts_of_web(hk_enriched *out, const hk_got *got)
{
	if (got->certs && got->certs->len > 0) {
		certificate(out, got);
	}
	security_txt(out, got);
}

/* ---- Registration ---- */

static void
time_fact(hk_enriched *out, const char *kind, int64_t at_ms, const hk_ask_reply *reply)
{
	char text[HK_CLOCK_TEXT_SIZE];

	if (at_ms != HK_REG_NO_TIME) {
		hk_enriched_add(out, out->domain, kind, hk_clock_format(at_ms, text), reply->source,
			reply->raw);
	}
}

static void
record_of(hk_enriched *out, const hk_ask_reply *reply, const hk_ask_reply *registrar)
{
	const hk_registration *reg = reply->reg;
	const char *domain = out->domain;

	if (*reg->registrar) {
		hk_enriched_add(
			out, domain, "reg.registrar", reg->registrar, reply->source, reply->raw);
	} else if (registrar && *registrar->reg->registrar) {
		hk_enriched_add(out, domain, "reg.registrar", registrar->reg->registrar,
			registrar->source, registrar->raw);
	}
	for (size_t i = 0; i < reg->status_count; i++) {
		const char *name = hk_epp_name(reg->status[i].code);
		hk_enriched_add(out, domain, "reg.status", name ? name : reg->status[i].raw,
			reply->source, reply->raw);
	}
	time_fact(out, "reg.created", reg->created_ms, reply);
	time_fact(out, "reg.updated", reg->updated_ms, reply);
	time_fact(out, "reg.expires", reg->expires_ms, reply);
	for (size_t i = 0; i < reg->ns_count; i++) {
		hk_enriched_add(out, domain, "reg.ns", reg->ns[i], reply->source, reply->raw);
	}
}

/* The last reply with that verdict; NULL: none. */
static const hk_ask_reply *
who_said(const hk_ask_replies *replies, hk_reg_answer answer)
{
	const hk_ask_reply *found = NULL;

	for (unsigned i = 0; i < replies->list->len; i++) {
		const hk_ask_reply *reply = replies->list->pdata[i];
		found = reply->reg->answer == answer ? reply : found;
	}
	return found;
}

void
hk_facts_of_domain(hk_enriched *out, const hk_ask_replies *replies)
{
	static const char *const kinds[] = {"reg.found", "reg.registrar", "reg.status", "reg.held",
		"reg.created", "reg.updated", "reg.expires", "reg.ns"};
	bool verdict = replies->answer == HK_REG_FOUND || replies->answer == HK_REG_NOT_FOUND ||
		       replies->answer == HK_REG_RESERVED;
	const hk_ask_reply *registry = hk_ask_find(replies, HK_ASK_REGISTRY);
	const hk_ask_reply *reply = registry ? registry : who_said(replies, replies->answer);

	if (replies->trouble) {
		hk_enriched_trouble(out, replies->trouble);
	}
	if (!verdict || !reply) {
		g_autofree char *text = g_strdup_printf(
			"registration of %s: %s", out->domain, hk_reg_answer_name(replies->answer));
		hk_enriched_trouble(out, text);
		return;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
		hk_enriched_scope(out, out->domain, kinds[i]);
	}
	hk_enriched_add(out, out->domain, "reg.found", hk_reg_answer_name(replies->answer),
		reply->source, reply->raw);
	hk_reg_hold held =
		replies->answer == HK_REG_NOT_FOUND ? HK_REG_HOLD_GONE : hk_reg_held(reply->reg);
	if (held != HK_REG_HOLD_NONE) {
		hk_enriched_add(out, out->domain, "reg.held", hk_reg_hold_name(held), reply->source,
			reply->raw);
	}
	if (registry) {
		record_of(out, registry, hk_ask_find(replies, HK_ASK_REGISTRAR));
	}
}

/* ---- Address ---- */

static void
place_of(hk_enriched *out, const hk_enrich_address *a)
{
	static const char *const kinds[] = {"ip.as", "ip.as_name", "ip.prefix", "ip.country"};
	const hk_place *p = &a->place;
	g_autofree char *as = g_strdup_printf("AS%u", p->asn);
	const char *const values[] = {p->asn != 0 ? as : "", p->as_name, p->prefix, p->country};

	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
		hk_enriched_scope(out, a->text, kinds[i]);
		if (*values[i]) {
			hk_enriched_add(out, a->text, kinds[i], values[i], p->source, NULL);
		}
	}
}

static void
network_of(hk_enriched *out, const hk_enrich_address *a, const hk_ask_reply *reply)
{
	const hk_registration *reg = reply->reg;
	GString *text = g_string_new(*reg->name ? reg->name : reg->handle);

	if (*reg->first && *reg->last) {
		g_string_append_printf(
			text, "%s%s - %s", text->len > 0 ? ", " : "", reg->first, reg->last);
	}
	if (*reg->org) {
		g_string_append_printf(text, "%s%s", text->len > 0 ? ", " : "", reg->org);
	}
	hk_enriched_scope(out, a->text, "ip.network");
	if (text->len > 0) {
		hk_enriched_add(out, a->text, "ip.network", text->str, reply->source, reply->raw);
	}
	g_string_free(text, TRUE);
}

void
hk_facts_of_address(hk_enriched *out, const hk_enrich_address *a)
{
	const hk_ask_reply *network = hk_ask_find(a->network, HK_ASK_REGISTRY);

	if (a->placed) {
		place_of(out, a);
	}
	if (a->class) {
		g_autofree char *text =
			g_strdup_printf("%s (%s)", a->class->name, a->class->source);
		hk_enriched_scope(out, a->text, "ip.network");
		hk_enriched_add(out, a->text, "ip.network", text, "ipaddr", NULL);
	} else if (network) {
		network_of(out, a, network);
	} else if (a->network && a->network->trouble) {
		hk_enriched_trouble(out, a->network->trouble);
	}
}
