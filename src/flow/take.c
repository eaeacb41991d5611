/* How something that somebody named becomes a case: hk_case_take and hk_case_look. */
#include <math.h>
#include <string.h>

#include "base/codec.h"
#include "flow/case_int.h"
#include "flow/check.h"
#include "flow/evidence.h"
#include "flow/monitor.h"
#include "flow/notice.h"
#include "flow/sighting.h"
#include "store/campaigns.h"
#include "store/case_rows.h"
#include "store/later.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"

enum { MERGES_DEEP = 64, REASONS_MAX = 65536, URL_MAX = 8192, HOST_MAX = 253 };
#define MS_PER_DAY INT64_C(86400000)

/* A lead, checked, with what was looked up for it. */
typedef struct plan {
	const hk_lead *lead;
	int64_t seen_ms;  /* when the site was first seen */
	int64_t named_ms; /* when it was named: what the dedupe period counts from */
	const char *name, *kind, *state;
	const hk_target_row *target; /* or NULL */
	int64_t actor_id, source_id, campaign_id;
	const hk_scope_rule *rule;
	char *route; /* owned: who deals with it when it is out of scope */
	char *wants; /* owned */
	uint8_t hash[32];
	char hash_hex[HK_HASH_HEX_SIZE];
	char certificate[HK_HASH_HEX_SIZE];
	hk_case_keys keys;
} plan;

static void
plan_clear(plan *p)
{
	g_free(p->route);
	g_free(p->wants);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(plan, plan_clear)

void
hk_url_hash(const char *url, uint8_t ret[32], char *hex)
{
	hk_sha256(hk_span_str(url), ret);
	hk_hex_encode(hk_span_of(ret, 32), hex);
}

static bool
check_place(const hk_lead *lead, GError **error)
{
	if (lead->url && !hk_check_line("url", lead->url, URL_MAX, error)) {
		return false;
	}
	if (lead->url && !lead->host) {
		return hk_error_set(error, HK_EFORM, "host: is missing for the URL");
	}
	if (lead->host && !hk_check_line("host", lead->host, HOST_MAX, error)) {
		return false;
	}
	if (lead->domain && !hk_check_line("domain", lead->domain, HOST_MAX, error)) {
		return false;
	}
	if (lead->landing && !hk_check_line("landing", lead->landing, HK_NAME_MAX, error)) {
		return false;
	}
	if (!lead->name && !lead->host) {
		return hk_error_set(error, HK_EFORM, "name: is missing, and there is no host");
	}
	return !lead->name || hk_check_line("name", lead->name, HK_NAME_MAX, error);
}

static bool
check_wants(plan *p, const char *text, GError **error)
{
	if (!text) {
		p->wants = g_strdup("[]");
		return true;
	}
	g_autoptr(hk_json_doc) doc = hk_check_doc("wants", text, 1000, HK_JSON_ARRAY, error);
	if (!doc) {
		return false;
	}
	hk_json root = hk_json_root(doc);
	return hk_check_wants("wants", &root, &p->wants, error);
}

static bool
check_reasons(const char *text, GError **error)
{
	if (!text) {
		return true;
	}
	g_autoptr(hk_json_doc) doc =
		hk_check_doc("reasons", text, REASONS_MAX, HK_JSON_ARRAY, error);
	return doc != NULL;
}

static bool
check_labels(const char *const *labels, GError **error)
{
	for (size_t i = 0; labels && labels[i]; i++) {
		g_autofree char *label = hk_check_label(labels[i], error);
		if (!label) {
			return false;
		}
		if (i >= HK_CASE_LABELS_MAX) {
			return hk_error_set(error, HK_ERANGE, "label: a case has at most %d",
				(int)HK_CASE_LABELS_MAX);
		}
	}
	return true;
}

static bool
check_rest(plan *p, int64_t now_ms, GError **error)
{
	const hk_lead *lead = p->lead;

	if (lead->kind && !hk_casekind_find(lead->kind)) {
		return hk_error_set(error, HK_EFORM, "kind: there is no such kind of case");
	}
	if (!(lead->score >= 0 && lead->score <= 1)) {
		return hk_error_set(error, HK_ERANGE, "score: must be 0 to 1");
	}
	if (lead->first_seen_ms != 0 && (!hk_check_ms("first_seen", lead->first_seen_ms, error))) {
		return false;
	}
	if (lead->first_seen_ms > now_ms + MS_PER_DAY) {
		return hk_error_set(error, HK_ERANGE, "first_seen: lies in the future");
	}
	if ((lead->gsb_type && !hk_check_word("gsb_type", lead->gsb_type, hk_gsb_types, error)) ||
		(lead->ticket_type &&
			!hk_check_word("ticket_type", lead->ticket_type, hk_ticket_types, error)) ||
		(lead->service && !hk_check_line("service", lead->service, HK_NAME_MAX, error)) ||
		(lead->note && !hk_check_text("note", lead->note, HK_TEXT_MAX, error))) {
		return false;
	}
	return check_labels(lead->labels, error) && check_reasons(lead->reasons, error) &&
	       check_wants(p, lead->wants, error);
}

/* Which keys the site has. What many people share says nothing about the one who phishes. */
static void
make_keys(plan *p)
{
	static const uint8_t unknown[32];
	const hk_lead *lead = p->lead;

	if (lead->url) {
		hk_url_hash(lead->url, p->hash, p->hash_hex);
		p->keys.url = p->hash_hex;
	}
	if (!lead->shared_host) {
		p->keys.host = lead->host;
		p->keys.domain = lead->private_suffix ? NULL : lead->domain;
	}
	if (memcmp(lead->certificate, unknown, sizeof unknown) != 0 && !lead->shared_host) {
		hk_hex_encode(hk_span_of(lead->certificate, 32), p->certificate);
		p->keys.certificate = p->certificate;
	}
	p->keys.landing = lead->landing;
}

static bool
make_plan(plan *p, const hk_lead *lead, int64_t now_ms, GError **error)
{
	*p = (plan){.lead = lead};
	if (!check_place(lead, error) || !check_rest(p, now_ms, error)) {
		return false;
	}
	p->seen_ms = lead->first_seen_ms ? MIN(lead->first_seen_ms, now_ms) : now_ms;
	/* An import is history: the same host a year apart were two cases. Whoever else says that a site has been up for long
	 * says it now. */
	p->named_ms = g_strcmp0(lead->source, "import") == 0 ? p->seen_ms : now_ms;
	p->name = lead->name ? lead->name : lead->host;
	make_keys(p);
	return true;
}

/* A case that was merged stands for the one it was merged into. *ret_id 0: the chain leads to a deleted one. */
static bool
follow(hk_db *db, const hk_case_found *found, int64_t *ret_id, GError **error)
{
	int64_t id = found->id, next = found->merged_into;
	bool gone = false;

	if (strcmp(found->state, "duplicate") != 0) {
		next = 0;
	}
	for (int deep = 0; next != 0 && deep < MERGES_DEEP; deep++) {
		g_auto(hk_case_row) row = {0};
		if (!hk_cases_get(db, next, &row, error)) {
			return false;
		}
		id = next;
		gone = row.deleted_ms != 0;
		next = strcmp(row.state, "duplicate") == 0 ? row.merged_into : 0;
	}
	*ret_id = gone ? 0 : id;
	return true;
}

/* The case that this site is in already; ret->case_id 0: none. */
static bool
find(hk_db *db, const plan *p, const hk_policy *policy, hk_taken *ret, GError **error)
{
	g_autoptr(GArray) list = NULL;

	*ret = (hk_taken){.how = HK_TAKEN_OPENED};
	if (!p->keys.url && !p->keys.host) {
		return true;
	}
	if (!hk_cases_find(db, p->keys.url, p->keys.host, &list, error)) {
		return false;
	}
	for (unsigned i = 0; i < list->len && ret->case_id == 0; i++) {
		const hk_case_found *found = &g_array_index(list, hk_case_found, i);
		if (ABS(p->named_ms - found->seen_ms) > policy->dedupe_ms) {
			continue;
		}
		if (!follow(db, found, &ret->case_id, error)) {
			return false;
		}
		ret->how = HK_TAKEN_ATTACHED;
		g_strlcpy(ret->why, found->by_url ? "url" : "host", sizeof ret->why);
	}
	if (ret->case_id == 0) {
		*ret = (hk_taken){.how = HK_TAKEN_OPENED};
	}
	return true;
}

/* What the target says about the service: *ret_route (owned) when it is out of scope. */
static bool
look_up_service(plan *p, GError **error)
{
	const char *want = p->lead->service;

	if (!want || !p->target || strcmp(p->target->services, "[]") == 0) {
		return true;
	}
	g_autoptr(hk_json_doc) doc = hk_json_load(hk_span_str(p->target->services), 1 << 20, error);
	if (!doc) {
		return false;
	}
	hk_json root = hk_json_root(doc);
	for (size_t i = 0; i < hk_json_len(&root); i++) {
		hk_json at = hk_json_at(&root, i);
		const char *key = NULL, *scope = NULL, *route = NULL;
		if (!hk_json_str(&at, "key", &key, NULL) || strcmp(key, want) != 0) {
			continue;
		}
		if (hk_json_str(&at, "scope", &scope, NULL) && strcmp(scope, "out") == 0) {
			p->route = g_strdup(hk_json_str(&at, "route", &route, NULL) ? route : key);
		}
		return true;
	}
	return hk_error_set(
		error, HK_ENOENT, "service: target %s has no service of that key", p->target->key);
}

/* Target, kind and scope of a new case. */
static bool
decide(plan *p, const hk_policy *policy, GError **error)
{
	p->kind = p->lead->kind    ? p->lead->kind
		  : !p->target     ? "phishing"
		  : p->target->own ? "phishing"
				   : "phishing_other";
	if (!look_up_service(p, error)) {
		return false;
	}
	p->rule = hk_policy_scope(
		policy, p->target ? p->target->key : NULL, p->lead->service, p->kind);
	if (p->rule) {
		g_free(p->route);
		p->route = g_strdup(p->rule->route);
	}
	p->state = p->route ? "out_of_scope" : "new";
	return true;
}

static void
say_route(const plan *p, hk_taken *ret)
{
	if (p->route) {
		ret->how = HK_TAKEN_ROUTED;
		/* Whole characters only. */
		g_strlcpy(ret->why, p->route, sizeof ret->why);
		const char *end;
		if (!g_utf8_validate(ret->why, -1, &end)) {
			ret->why[end - ret->why] = '\0';
		}
	}
}

bool
hk_case_look(hk_db *db, const hk_lead *lead, hk_taken *ret, GError **error)
{
	g_auto(plan) p = {0};
	g_autoptr(hk_target_row) target = NULL;
	hk_policy policy;
	bool good = hk_policy_read(db, &policy, error) &&
		    make_plan(&p, lead, hk_clock_wall_ms(), error);

	if (good && lead->target) {
		good = hk_lookup_target(db, lead->target, &target, error);
		if (good && !target) {
			good = hk_error_set(
				error, HK_ENOENT, "target: there is none of that key or name");
		}
		p.target = target;
	}
	if (good && lead->actor) {
		good = hk_lookup_actor(db, lead->actor, &p.actor_id, error);
		if (good && p.actor_id == 0) {
			good = hk_error_set(error, HK_ENOENT, "actor: there is none of that key");
		}
	}
	hk_taken taken;
	good = good && find(db, &p, &policy, &taken, error);
	if (good && taken.case_id == 0) {
		good = decide(&p, &policy, error);
		say_route(&p, &taken);
	}
	hk_policy_clear(&policy);
	if (good) {
		*ret = taken;
	}
	return good;
}

bool
hk_flow_target(hk_flow *flow, const char *word, const hk_target_row **ret, GError **error)
{
	hk_target_row *row = g_hash_table_lookup(flow->targets, word);

	if (!row) {
		if (!hk_lookup_target(flow->db, word, &row, error)) {
			return false;
		}
		if (!row) {
			return hk_error_set(
				error, HK_ENOENT, "target: there is none of that key or name");
		}
		g_hash_table_insert(flow->targets, g_strdup(word), row);
	}
	*ret = row;
	return true;
}

static bool
lock(hk_flow *flow, const char *kind, const char *key, GError **error)
{
	if (!key) {
		return true;
	}
	g_autofree char *name = g_strconcat(kind, ":", key, NULL);
	return hk_db_lock(flow->db, name, error);
}

/* What many share is locked first: who waits for it then holds nothing that its holder may still want. The same host has the same
 * lock, whatever the URL: one is enough where the host is the site. */
static bool
lock_keys(hk_flow *flow, const plan *p, GError **error)
{
	return hk_db_engine_of(flow->db) == HK_DB_SQLITE ||
	       (lock(flow, "certificate", p->keys.certificate, error) &&
		       lock(flow, "landing", p->keys.landing, error) &&
		       lock(flow, "domain", p->keys.domain, error) &&
		       lock(flow, "host", p->keys.host, error) &&
		       (p->keys.host || lock(flow, "url", p->keys.url, error)));
}

bool
hk_case_many(hk_flow *flow, const hk_lead *const *leads, size_t count, GError **error)
{
	g_autofree plan *plans = g_new0(plan, count + 1);
	g_autofree hk_case_keys *keys = g_new0(hk_case_keys, count + 1);
	size_t good = 0;

	if (!hk_db_lock(flow->db, "many", error)) {
		return false;
	}
	if (hk_db_engine_of(flow->db) == HK_DB_SQLITE) {
		return true;
	}
	if (!hk_later_begin(flow->db, error)) {
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		plans[good].lead = leads[i];
		/* What is wrong with it hk_case_take will say. */
		if (check_place(leads[i], NULL)) {
			make_keys(&plans[good]);
			keys[good] = plans[good].keys;
			good++;
		}
	}
	return hk_later_expect(flow->db, keys, good, error);
}

static const char *
key_of(const plan *p, const char *kind)
{
	return strcmp(kind, "certificate") == 0 ? p->keys.certificate
	       : strcmp(kind, "landing") == 0   ? p->keys.landing
						: p->keys.domain;
}

/* The first other cases with that key: they and the new one are a campaign from now on. */
static bool
found_campaign(hk_flow *flow, plan *p, const hk_case_peer *peer, GError **error)
{
	const char *key = key_of(p, peer->kind);
	g_autoptr(GArray) loose = NULL;
	bool fresh;

	if (!hk_campaigns_found(flow->db, strcmp(peer->kind, "certificate") == 0 ? p->name : key,
		    peer->kind, key, flow->now_ms, &p->campaign_id, &fresh, error) ||
		!hk_case_keys_loose(flow->db, peer->kind, key, &loose, error)) {
		return false;
	}
	if (fresh) {
		hk_flow_note(flow, "campaign.new", "campaign", p->campaign_id, 0, NULL);
	}
	for (unsigned i = 0; i < loose->len; i++) {
		if (!hk_case_join(flow, g_array_index(loose, int64_t, i), p->campaign_id, error)) {
			return false;
		}
	}
	return true;
}

/* A campaign of one of the keys; else the campaign of a case that has one of them; else a new one. */
static bool
choose_campaign(hk_flow *flow, plan *p, GError **error)
{
	g_autoptr(GArray) peers = NULL;

	if (!p->keys.certificate && !p->keys.landing && !p->keys.domain) {
		return true;
	}
	if (!hk_cases_peers(flow->db, p->keys.certificate, p->keys.landing, p->keys.domain, &peers,
		    error)) {
		return false;
	}
	for (unsigned i = 0; i < peers->len && p->campaign_id == 0; i++) {
		p->campaign_id = g_array_index(peers, hk_case_peer, i).keyed_campaign;
	}
	for (unsigned i = 0; i < peers->len && p->campaign_id == 0; i++) {
		p->campaign_id = g_array_index(peers, hk_case_peer, i).campaign_id;
	}
	if (p->campaign_id == 0 && peers->len > 0) {
		return found_campaign(flow, p, &g_array_index(peers, hk_case_peer, 0), error);
	}
	return true;
}

static void
note_open(hk_flow *flow, const plan *p, int64_t case_id)
{
	g_autoptr(GString) data = g_string_new(NULL);
	const struct {
		const char *key, *value;
	} texts[] = {
		{"name", p->name},
		{"kind", p->kind},
		{"url", p->lead->url},
		{"host", p->lead->host},
		{"target", p->target ? p->target->key : NULL},
		{"source", p->lead->source},
		{"route", p->route},
	};

	hk_jsonw_open(data, '{');
	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		if (texts[i].value) {
			hk_jsonw_key(data, texts[i].key);
			hk_jsonw_str(data, texts[i].value);
		}
	}
	if (p->campaign_id != 0) {
		hk_jsonw_key(data, "campaign");
		hk_jsonw_int(data, p->campaign_id);
	}
	hk_jsonw_close(data, '}');
	hk_case_note(flow, p->route ? "case.route" : "case.open", case_id, data->str);
}

static bool
put_labels(hk_flow *flow, int64_t case_id, const char *const *labels, GError **error)
{
	for (size_t i = 0; labels && labels[i]; i++) {
		g_autofree char *label = hk_check_label(labels[i], error);
		bool changed;
		if (!label || !hk_labels_put(flow->db, case_id, label, &changed, error)) {
			return false;
		}
	}
	return true;
}

/* What hangs on the case, new or known. */
static bool
put_rows(hk_flow *flow, const plan *p, int64_t case_id, GError **error)
{
	const hk_lead *lead = p->lead;

	if (!hk_case_keys_put(flow->db, case_id, &p->keys, p->named_ms, error) ||
		!put_labels(flow, case_id, lead->labels, error)) {
		return false;
	}
	if (lead->note && !hk_case_say(flow, case_id, lead->reporter_id, lead->note, error)) {
		return false;
	}
	return lead->sighting_id == 0 ||
	       hk_sighting_attach(flow, lead->sighting_id, case_id, error);
}

static bool
open_case(hk_flow *flow, plan *p, hk_taken *ret, GError **error)
{
	const hk_lead *lead = p->lead;
	const hk_policy *policy = hk_flow_policy(flow, error);
	hk_case_row row = {
		/* Borrowed texts: this row is not cleared. */
		.name = (char *)(uintptr_t)p->name,
		.kind = p->kind,
		.state = p->state,
		.host = (char *)(uintptr_t)lead->host,
		.domain = (char *)(uintptr_t)lead->domain,
		.url = (char *)(uintptr_t)lead->url,
		.urls = lead->url != NULL,
		.score = lead->score,
		.reasons = lead->reasons ? (char *)(uintptr_t)lead->reasons : (char[]){"[]"},
		.target_id = p->target ? p->target->id : 0,
		.service = (char *)(uintptr_t)lead->service,
		.actor_id = p->actor_id,
		.campaign_id = p->campaign_id,
		.source_id = p->source_id,
		.reporter_id = lead->reporter_id,
		.scope_rule = p->route,
		.gsb_type = (char *)(uintptr_t)lead->gsb_type,
		.ticket_type = (char *)(uintptr_t)lead->ticket_type,
		.wants = p->wants,
		.last_seen_ms = p->named_ms,
		.updated_ms = flow->now_ms,
	};
	hk_case_facets facets;

	row.clocks[HK_CLOCK_FIRST_SEEN] = p->seen_ms;
	row.clocks[HK_CLOCK_DETECTED] = flow->now_ms;
	row.clocks[HK_CLOCK_OPENED] = flow->now_ms;
	row.clocks[HK_CLOCK_CLOSED] = p->route ? flow->now_ms : 0;
	hk_sla clock = hk_policy_clock(p->state);
	row.due_ms = hk_policy_due(policy, clock, p->kind, flow->now_ms);
	row.due_clock = row.due_ms ? (char *)(uintptr_t)hk_sla_text(clock) : NULL;
	if (!hk_cases_insert(flow->db, &row, error) ||
		!hk_campaigns_count(flow->db, p->campaign_id, 1, flow->now_ms, error)) {
		return false;
	}
	note_open(flow, p, row.id);
	hk_case_facets_of(&row, &facets);
	facets.kind = hk_casekind_find(p->kind)->text;
	hk_flow_touch(flow, row.id, NULL, &facets, true);
	ret->case_id = row.id;
	say_route(p, ret);
	return (!lead->url || hk_case_urls_first(flow->db, row.id, lead->url, p->hash, lead->host,
				      p->named_ms, error)) &&
	       put_rows(flow, p, row.id, error) &&
	       hk_evidence_want(flow, &row, lead->urgent, error) &&
	       (p->route || (hk_case_tasks(flow, row.id, p->kind, error) &&
				    hk_notice_tell(flow, "case.opened", row.id, 0, NULL, error)));
}

static void
note_attach(hk_flow *flow, const plan *p, const hk_taken *taken)
{
	g_autoptr(GString) data = g_string_new(NULL);

	hk_jsonw_open(data, '{');
	hk_jsonw_key(data, "by");
	hk_jsonw_str(data, taken->why);
	hk_jsonw_key(data, "source");
	hk_jsonw_str(data, p->lead->source);
	hk_jsonw_key(data, p->lead->url ? "url" : "host");
	hk_jsonw_str(data, p->lead->url ? p->lead->url : p->lead->host);
	hk_jsonw_close(data, '}');
	hk_case_note(flow, "case.attach", taken->case_id, data->str);
}

/* The site counts as seen again; its state is for the monitor and for people. */
static bool
attach(hk_flow *flow, const plan *p, const hk_taken *taken, GError **error)
{
	const hk_lead *lead = p->lead;
	g_auto(hk_case_work) work = {0};
	hk_case_row *row = &work.row;
	hk_case_part part = HK_CASE_SEEN;
	bool fresh = false;

	if (!hk_case_open_any(flow, taken->case_id, 0, &work, error)) {
		return false;
	}
	if (row->deleted_ms != 0 || strcmp(row->state, "duplicate") == 0) {
		return hk_error_set(error, HK_EAGAIN, "the case was merged or deleted just now");
	}
	if ((lead->url && !hk_case_urls_add(flow->db, row->id, lead->url, p->hash, lead->host,
				  p->named_ms, &fresh, error)) ||
		!put_rows(flow, p, row->id, error)) {
		return false;
	}
	if (strcmp(row->state, "down") == 0 || strcmp(row->state, "closed") == 0) {
		g_autofree char *said = g_strdup_printf("Named again by %s while %s: %s",
			lead->source, row->state, lead->url ? lead->url : lead->host);
		/* Whether it is back is looked at now; what an import tells is history. */
		if (!hk_case_say(flow, row->id, 0, said, error) ||
			(strcmp(lead->source, "import") != 0 &&
				!hk_monitor_begin(flow, row->id, error))) {
			return false;
		}
	}
	row->urls += fresh;
	if (fresh && !row->url) {
		row->url = g_strdup(lead->url);
		part = HK_CASE_ALL;
	}
	if (!row->host && lead->host) {
		part = HK_CASE_ALL;
		row->host = g_strdup(lead->host);
		g_free(row->domain);
		row->domain = g_strdup(lead->domain);
	}
	row->last_seen_ms = MAX(row->last_seen_ms, p->named_ms);
	int64_t *first = &row->clocks[HK_CLOCK_FIRST_SEEN];
	if (p->seen_ms < *first) {
		*first = p->seen_ms;
		part = HK_CASE_ALL;
	}
	if (lead->score > row->score) {
		part = HK_CASE_ALL;
		row->score = lead->score;
		g_free(row->reasons);
		row->reasons = g_strdup(lead->reasons ? lead->reasons : "[]");
	}
	note_attach(flow, p, taken);
	return hk_case_save(flow, &work, part,
		fresh || lead->note != NULL || (lead->labels && lead->labels[0]), error);
}

static bool
look_up(hk_flow *flow, plan *p, GError **error)
{
	const hk_lead *lead = p->lead;

	if (lead->target && !hk_flow_target(flow, lead->target, &p->target, error)) {
		return false;
	}
	if (lead->actor && !hk_lookup_actor(flow->db, lead->actor, &p->actor_id, error)) {
		return false;
	}
	if (lead->actor && p->actor_id == 0) {
		return hk_error_set(error, HK_ENOENT, "actor: there is none of that key");
	}
	return hk_flow_source(flow, lead->source ? lead->source : "manual", &p->source_id, error);
}

bool
hk_case_take(hk_flow *flow, const hk_lead *lead, hk_taken *ret, GError **error)
{
	const hk_policy *policy = hk_flow_policy(flow, error);
	hk_lead sourced = *lead;
	g_auto(plan) p = {0};
	hk_taken taken;

	if (!sourced.source) {
		sourced.source = "manual";
	}
	if (!policy || !make_plan(&p, &sourced, flow->now_ms, error) || !look_up(flow, &p, error) ||
		!lock_keys(flow, &p, error) || !find(flow->db, &p, policy, &taken, error)) {
		return false;
	}
	bool good = taken.case_id != 0
			    ? attach(flow, &p, &taken, error)
			    : decide(&p, policy, error) && choose_campaign(flow, &p, error) &&
				      open_case(flow, &p, &taken, error);
	if (good) {
		*ret = taken;
	}
	return good;
}
