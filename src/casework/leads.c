#include "casework/leads.h"

#include <string.h>

#include "base/codec.h"
#include "base/num.h"
#include "casework/names.h"
#include "flow/case.h"
#include "flow/look.h"
#include "flow/policy.h"
#include "match/fold.h"
#include "parse/url.h"
#include "store/sightings_write.h"
#include "sys/gerr.h"
#include "sys/json.h"
#include "sys/jsonw.h"
#include "sys/uts46.h"

enum { DATA_MAX = 4 << 20, TOKEN_MIN = 5 };
#define MS_PER_DAY INT64_C(86400000)

typedef struct work {
	const hk_sites *sites;
	const hk_job *job;
	int64_t id;
} work;

/* A name of a certificate as a host; wildcards stand for what is below. False: it is none. */
static bool
host_of(const char *name, hk_url *ret)
{
	hk_span text = hk_span_str(g_str_has_prefix(name, "*.") ? name + 2 : name);

	return hk_url_parse(text, hk_uts46_to_ascii, NULL, ret) == HK_OK;
}

/* The lead of a host (and URL); strings are borrowed from site, url and s. */
typedef struct lead_text {
	hk_url url;
	hk_site site;
	char *reasons; /* owned */
} lead_text;

static bool
make_lead(const work *w, const hk_sighting_full *s, const char *text, lead_text *t, hk_lead *ret)
{
	if (!text || !host_of(text, &t->url)) {
		return false;
	}
	hk_sites_look(w->sites, t->url.host, t->url.is_ip, &t->site);
	*ret = (hk_lead){.url = s->url ? t->url.text : NULL,
		.host = t->url.host,
		.domain = *t->site.domain ? t->site.domain : NULL,
		.private_suffix = t->site.private_suffix,
		.shared_host = t->site.shared,
		.target = s->target,
		.source = s->source,
		.first_seen_ms = s->seen_ms,
		.score = CLAMP(s->score, 0, 1),
		.reasons = t->reasons};
	return true;
}

/* "reasons" as a JSON list of its own. */
static char *
reasons_of(const hk_json *root)
{
	hk_json list;

	if (!hk_json_has(root, "reasons") || !hk_json_array(root, "reasons", &list, NULL)) {
		return NULL;
	}
	g_autoptr(GString) out = g_string_new(NULL);
	hk_jsonw_open(out, '[');
	for (size_t i = 0; i < MIN(hk_json_len(&list), 50); i++) {
		hk_json at = hk_json_at(&list, i);
		if (hk_json_text(&at)) {
			hk_jsonw_str(out, hk_json_text(&at));
		}
	}
	hk_jsonw_close(out, ']');
	return g_strdup(out->str);
}

static bool
is_hit(const hk_json *root, const char *key)
{
	hk_json list;

	return hk_json_has(root, key) && hk_json_array(root, key, &list, NULL) &&
	       hk_json_len(&list) > 0;
}

/* What a name must hold to look like the target: its key, English name and the labels of its own domains, folded. */
static GPtrArray *
tokens_of(const hk_sighting_full *s)
{
	GPtrArray *tokens = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(hk_json_doc) doc =
		s->domains ? hk_json_load(hk_span_str(s->domains), DATA_MAX, NULL) : NULL;
	hk_json root = doc ? hk_json_root(doc) : (hk_json){0};
	g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);

	if (s->target) {
		g_ptr_array_add(words, g_strdup(s->target));
		g_ptr_array_add(words, g_strdup(s->name_en));
	}
	for (size_t i = 0; doc && i < hk_json_len(&root); i++) {
		hk_json at = hk_json_at(&root, i);
		const char *domain = hk_json_text(&at);
		if (domain) {
			g_ptr_array_add(words, g_strndup(domain, strcspn(domain, ".")));
		}
	}
	for (unsigned i = 0; i < words->len; i++) {
		g_autofree char *lower = g_ascii_strdown(words->pdata[i], -1);
		g_autoptr(GString) plain = g_string_new(NULL);
		for (const char *c = lower; *c; c++) {
			if (g_ascii_isalnum(*c)) {
				g_string_append_c(plain, *c);
			}
		}
		plain->len = hk_fold(plain->str, plain->len, plain->str);
		if (plain->len >= TOKEN_MIN) {
			g_ptr_array_add(tokens, g_strndup(plain->str, plain->len));
		}
	}
	return tokens;
}

static bool
looks_like(const GPtrArray *tokens, const char *host)
{
	g_autoptr(GString) plain = g_string_new(NULL);

	for (const char *c = host; *c; c++) {
		if (*c != '.') {
			g_string_append_c(plain, *c);
		}
	}
	plain->len = hk_fold(plain->str, plain->len, plain->str);
	for (unsigned i = 0; i < tokens->len; i++) {
		if (memmem(plain->str, plain->len, tokens->pdata[i], strlen(tokens->pdata[i]))) {
			return true;
		}
	}
	return false;
}

typedef struct names_work {
	hk_flow *flow;
	const work *w;
	const hk_sighting_full *s;
	const hk_names *known;
	const hk_lead *first;
	GHashTable *domains; /* owned texts: of cases of this certificate */
	GPtrArray *tokens;
	GString *others;
	unsigned cases, named;
} names_work;

/* One more name of the certificate. */
static bool
take_name(names_work *n, const char *name, GError **error)
{
	static _Thread_local lead_text t;
	hk_lead lead;
	hk_taken taken;

	t.reasons = NULL;
	if (!make_lead(n->w, n->s, name, &t, &lead)) {
		return true;
	}
	lead.url = NULL;
	memcpy(lead.certificate, n->first->certificate, sizeof lead.certificate);
	const char *domain = lead.domain ? lead.domain : lead.host;
	bool fresh = !g_hash_table_contains(n->domains, domain);
	if (fresh && n->cases < HK_LEADS_CASES_MAX && looks_like(n->tokens, lead.host) &&
		!hk_names_is_official(n->known, lead.host)) {
		n->cases++;
		g_hash_table_add(n->domains, g_strdup(domain));
		return hk_case_take(n->flow, &lead, &taken, error);
	}
	if (strcmp(lead.host, n->first->host) != 0 && n->named < HK_LEADS_NAMED_MAX) {
		n->named++;
		g_string_append_printf(n->others, "%s%s", n->others->len > 0 ? "\n" : "", name);
	}
	return true;
}

static bool
take_names(hk_flow *flow, const work *w, const hk_sighting_full *s, const hk_names *known,
	const hk_lead *first, int64_t case_id, const hk_json *root, GError **error)
{
	hk_json list;
	g_autoptr(GHashTable) domains =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GPtrArray) tokens = tokens_of(s);
	g_autoptr(GString) others = g_string_new(NULL);
	names_work n = {flow, w, s, known, first, domains, tokens, others, 1, 0};

	if (!hk_json_has(root, "names") || !hk_json_array(root, "names", &list, NULL)) {
		return true;
	}
	g_hash_table_add(domains, g_strdup(first->domain ? first->domain : first->host));
	for (size_t i = 0; i < hk_json_len(&list); i++) {
		hk_json at = hk_json_at(&list, i);
		if (hk_json_text(&at) && !take_name(&n, hk_json_text(&at), error)) {
			return false;
		}
	}
	if (others->len == 0) {
		return true;
	}
	g_autofree char *text = g_strdup_printf("Other names of the certificate (%zu in all):\n%s",
		hk_json_len(&list), others->str);
	int64_t comment;
	return hk_case_comment(flow, case_id, text, &comment, error);
}

/* A sighting that opens no case by itself is worth a light look: what its site shows may. */
static bool
want_look(hk_flow *flow, const hk_sighting_full *s, const hk_lead *lead, GError **error)
{
	g_autoptr(GString) data = g_string_new(NULL);
	hk_look_wish wish = {
		.source = s->source, .host = lead->host, .target = s->target, .score = lead->score};
	hk_policy policy;
	int64_t taken = 0;
	bool fresh;
	bool good = hk_policy_read(hk_flow_db(flow), &policy, error) &&
		    (!policy.looks_on || hk_looks_since(hk_flow_db(flow),
						 hk_flow_now(flow) - MS_PER_DAY, &taken, error));
	bool wanted = good && policy.looks_on && taken < policy.looks_cap;

	hk_policy_clear(&policy);
	if (!wanted) {
		return good;
	}
	hk_jsonw_open(data, '{');
	hk_jsonw_key(data, "sighting");
	hk_jsonw_int(data, s->id);
	if (lead->url) {
		hk_jsonw_key(data, "url");
		hk_jsonw_str(data, lead->url);
	}
	hk_jsonw_close(data, '}');
	wish.data = data->str;
	return hk_look_want(flow, &wish, &fresh, error);
}

static bool
wants_case(hk_db *db, const hk_sighting_full *s, const hk_json *root, bool *ret, GError **error)
{
	hk_policy policy;
	bool good = hk_policy_read(db, &policy, error);

	*ret = good && (s->score >= policy.ct_threshold || s->trust >= HK_LEADS_TRUST ||
			       is_hit(root, "rules") || is_hit(root, "patterns"));
	hk_policy_clear(&policy);
	return good;
}

static bool
take(hk_flow *flow, const work *w, hk_sighting_full *s, const hk_json *root, GError **error)
{
	static _Thread_local lead_text t;
	g_autoptr(hk_names) known = hk_names_load(hk_flow_db(flow), error);
	const char *tbs;
	hk_taken taken;
	hk_lead lead;
	bool official = false;
	bool wanted;

	t.reasons = NULL;
	if (!known) {
		return false;
	}
	hk_json_bool(root, "official", &official, NULL);
	if (official || !make_lead(w, s, s->url ? s->url : s->host, &t, &lead) ||
		hk_names_is_official(known, lead.host)) {
		return true;
	}
	if (hk_json_str(root, "tbs_sha256", &tbs, NULL) && strlen(tbs) == 64 &&
		hk_hex_decode(hk_span_str(tbs), lead.certificate, sizeof lead.certificate) !=
			HK_OK) {
		memset(lead.certificate, 0, sizeof lead.certificate);
	}
	g_autofree char *reasons = reasons_of(root);
	lead.reasons = reasons;
	lead.sighting_id = s->id;
	if (!hk_case_look(hk_flow_db(flow), &lead, &taken, error) ||
		!wants_case(hk_flow_db(flow), s, root, &wanted, error)) {
		return false;
	}
	if (!wanted && taken.how != HK_TAKEN_ATTACHED) {
		return want_look(flow, s, &lead, error);
	}
	if (!hk_case_take(flow, &lead, &taken, error)) {
		return false;
	}
	if (taken.how == HK_TAKEN_OPENED && strcmp(s->kind, "certificate") == 0 &&
		!take_names(flow, w, s, known, &lead, taken.case_id, root, error)) {
		return false;
	}
	return hk_sightings_join(hk_flow_db(flow), s->id, taken.case_id, error);
}

static bool
act(hk_flow *flow, void *user, GError **error)
{
	const work *w = user;
	g_auto(hk_sighting_full) s = {0};
	const char *state;
	int64_t case_id, version;

	/* First its lock: a person may be attaching it at this moment. */
	if (!hk_sightings_state(hk_flow_db(flow), w->id, &state, &case_id, &version, error) ||
		!hk_sightings_get(hk_flow_db(flow), w->id, &s, error)) {
		return false;
	}
	if (strcmp(s.state, "new") == 0 && strcmp(s.kind, "malformed") != 0 && (s.host || s.url)) {
		g_autoptr(hk_json_doc) doc = hk_json_load(hk_span_str(s.data), DATA_MAX, error);
		if (!doc) {
			return false;
		}
		hk_json root = hk_json_root(doc);
		if (!take(flow, w, &s, &root, error)) {
			return false;
		}
	}
	return hk_job_done(flow, w->job, error);
}

bool
hk_leads_run(hk_flow *flow, const hk_job *job, void *user, GError **error)
{
	static const hk_who program = {0, "auto", "work", ""};
	work w = {.sites = user, .job = job};
	uint64_t id;

	if (hk_parse_u64(hk_span_str(job->key), INT64_MAX, &id) != HK_OK) {
		return hk_error_set(
			error, HK_EFORM, "the job's key is no number of a sighting: %s", job->key);
	}
	w.id = (int64_t)id;
	return hk_flow_do(flow, &program, act, &w, error);
}
