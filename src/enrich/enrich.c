/* nocheck: tested in tests/scenario/enrich.t */
#include "enrich/enrich.h"

#include <string.h>

#include "base/num.h"
#include "enrich/enrich_int.h"
#include "flow/evidence.h"
#include "store/cases.h"
#include "store/facts.h"
#include "store/meta_rows.h"
#include "sys/file.h"
#include "sys/gerr.h"
#include "sys/json.h"
#include "sys/log.h"

enum { DOMAINS_MAX = 1 << 20, AGAIN_MIN_MS = 60 * 1000, AGAIN_MAX_MS = 60 * 60 * 1000 };

static const hk_who auto_who = {.login = "auto", .via = "work", .address = ""};

void
hk_enrich_free(hk_enrich *e)
{
	if (e) {
		hk_ask_free(e->ask);
		hk_loc_free(e->loc);
		hk_operators_free(e->operators);
		hk_suffixes_free(e->suffixes);
		hk_blobs_free(e->blobs);
		hk_egress_unref(e->egress);
		g_free(e->ca_file);
		g_free(e->exit);
		g_free(e);
	}
}

static hk_operators *
read_operators(const char *path, GError **error)
{
	g_autoptr(GBytes) bytes =
		path ? hk_file_read(path, HK_OPERATORS_BYTES_MAX, error) : g_bytes_new(NULL, 0);
	gsize len = 0;

	if (!bytes) {
		return NULL;
	}
	const void *data = g_bytes_get_data(bytes, &len);
	hk_operators *operators = hk_operators_read(hk_span_of(data, len), error);
	if (!operators) {
		g_prefix_error(error, "%s: ", path ? path : "operators");
	}
	return operators;
}

/* Without the database of places the rest is still worth having; a file that was named must be right. */
static bool
open_loc(hk_enrich *e, const char *geo, GError **error)
{
	g_autoptr(GError) local = NULL;

	e->loc = hk_loc_open(NULL, geo, &local);
	if (!e->loc && geo) {
		g_propagate_error(error, g_steal_pointer(&local));
		return false;
	}
	if (!e->loc) {
		hk_log(HK_EVENT_ENRICH_NOWHERE, HK_F_STR("reason", local->message));
	}
	return true;
}

hk_enrich_config
hk_enrich_config_of(const hk_opts *opts)
{
	return (hk_enrich_config){.ca_file = hk_opts_str(opts, HK_OPT_CA_FILE),
		.operators = hk_opts_str(opts, HK_OPT_OPERATORS),
		.suffixes = hk_opts_str(opts, HK_OPT_SUFFIXES),
		.rdap_state = hk_opts_str(opts, HK_OPT_RDAP_STATE),
		.rdap_copies = hk_opts_str(opts, HK_OPT_RDAP_COPIES),
		.geo = hk_opts_str(opts, HK_OPT_GEO),
		.exit = hk_opts_str(opts, HK_OPT_ENRICH_EXIT),
		.look_ms = (unsigned)hk_opts_int(opts, HK_OPT_ENRICH_TIME)};
}

hk_enrich *
hk_enrich_new(const hk_enrich_config *config, GError **error)
{
	g_autoptr(hk_enrich) e = g_new0(hk_enrich, 1);
	hk_ask_config ask = {.egress = config->egress,
		.ca_file = config->ca_file,
		.state = config->rdap_state,
		.copies = config->rdap_copies};

	e->egress = hk_egress_ref(config->egress ? config->egress : hk_egress_house());
	e->ca_file = g_strdup(config->ca_file);
	e->exit = g_strdup(config->exit);
	e->sites = config->sites;
	e->look_ms = config->look_ms > 0 ? config->look_ms : HK_ENRICH_LOOK_MS;
	e->ask = hk_ask_new(&ask);
	e->operators = read_operators(config->operators, error);
	e->suffixes = e->operators ? hk_suffixes_load(config->suffixes, error) : NULL;
	if (!e->suffixes || !open_loc(e, config->geo, error)) {
		return NULL;
	}
	if (config->blobs && !(e->blobs = hk_blobs_open(config->blobs, error))) {
		return NULL;
	}
	return g_steal_pointer(&e);
}

/* ---- The stage ---- */

typedef struct saving {
	const hk_job *job;
	int64_t case_id;
	const hk_enriched *found; /* NULL: there is nothing to do */
	hk_fact *facts;
	uint8_t (*raws)[32];
} saving;

static char *
domains_text(const hk_meta_row *row)
{
	const char *const *columns = hk_meta_columns(HK_META_TARGET);

	for (size_t i = 0; columns[i]; i++) {
		if (strcmp(columns[i], "domains") == 0) {
			return row->values[i].s;
		}
	}
	return NULL;
}

/* The official domains of the imitated brand, NULL at the end. */
static bool
legit_of(hk_db *db, int64_t target, GPtrArray **ret, GError **error)
{
	g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(g_free);
	g_auto(hk_meta_row) row = {0};
	bool found = false;

	if (target != 0 &&
		!hk_meta_rows_get(db, HK_META_TARGET, target, NULL, &row, &found, error)) {
		return false;
	}
	const char *text = found ? domains_text(&row) : NULL;
	g_autoptr(hk_json_doc) doc =
		text ? hk_json_load(hk_span_str(text), DOMAINS_MAX, NULL) : NULL;
	hk_json all = doc ? hk_json_root(doc) : (hk_json){0};
	for (size_t i = 0; doc && i < hk_json_len(&all); i++) {
		hk_json one = hk_json_at(&all, i);
		const char *domain = hk_json_text(&one);
		if (domain) {
			g_ptr_array_add(list, g_strdup(domain));
		}
	}
	g_ptr_array_add(list, NULL);
	*ret = g_steal_pointer(&list);
	return true;
}

/* Blobs before the rows that name them. */
static bool
keep_raws(hk_enrich *e, saving *s, GError **error)
{
	const GPtrArray *facts = s->found->facts;

	for (unsigned i = 0; i < facts->len; i++) {
		const hk_finding *f = facts->pdata[i];
		s->facts[i] = (hk_fact){.subject = f->subject,
			.kind = f->kind,
			.value = f->value,
			.source = f->source};
		if (!f->raw || !e->blobs) {
			continue;
		}
		/* Facts of one answer stand together. */
		if (i > 0 && ((hk_finding *)facts->pdata[i - 1])->raw == f->raw) {
			memcpy(s->raws[i], s->raws[i - 1], 32);
		} else {
			gsize len;
			const void *data = g_bytes_get_data(f->raw, &len);
			if (!hk_blobs_put(e->blobs, hk_span_of(data, len), s->raws[i], error)) {
				return false;
			}
		}
		s->facts[i].raw = s->raws[i];
	}
	return true;
}

static bool
save_contacts(hk_flow *flow, const saving *s, GError **error)
{
	const GPtrArray *reaches = s->found->reaches, *keeps = s->found->keeps;
	g_autofree hk_case_contact *contacts = g_new0(hk_case_contact, reaches->len + 1);

	for (unsigned i = 0; i < reaches->len; i++) {
		const hk_reach *r = reaches->pdata[i];
		contacts[i] = (hk_case_contact){.kind = r->kind,
			.subject = r->subject,
			.name = r->name,
			.address = r->address,
			.source = r->source,
			.confidence = r->confidence};
	}
	g_autofree hk_contact_part *keep = g_new0(hk_contact_part, keeps->len + 1);
	for (unsigned i = 0; i < keeps->len; i++) {
		const hk_finding *f = keeps->pdata[i];
		keep[i] = (hk_contact_part){f->kind, f->subject};
	}
	return hk_case_contacts_set(hk_flow_db(flow), s->case_id, contacts, reaches->len, keep,
		keeps->len, hk_flow_now(flow), error);
}

static bool
save(hk_flow *flow, void *user, GError **error)
{
	const saving *s = user;
	const hk_enriched *found = s->found;

	if (!found) {
		return hk_job_done(flow, s->job, error);
	}
	g_autofree hk_fact_scope *scopes = g_new0(hk_fact_scope, found->scopes->len + 1);
	for (unsigned i = 0; i < found->scopes->len; i++) {
		const hk_finding *f = found->scopes->pdata[i];
		scopes[i] = (hk_fact_scope){f->subject, f->kind};
	}
	if (!hk_facts_save(flow, s->case_id, s->facts, found->facts->len, scopes,
		    found->scopes->len, error) ||
		!save_contacts(flow, s, error)) {
		return false;
	}
	if (found->retry_ms < 0) {
		return hk_job_done(flow, s->job, error);
	}
	return hk_job_again(flow, s->job,
		hk_flow_now(flow) + CLAMP(found->retry_ms, AGAIN_MIN_MS, AGAIN_MAX_MS), error);
}

static bool
look_and_save(hk_enrich *e, hk_flow *flow, saving *s, const hk_case_row *row, GError **error)
{
	hk_egress_who who = {.purpose = "enrich", .case_id = s->job->key, .requester = "work"};
	g_autoptr(GPtrArray) legit = NULL;

	if (!legit_of(hk_flow_db(flow), row->target_id, &legit, error)) {
		return false;
	}
	g_autoptr(hk_enriched) found =
		hk_enrich_look(e, row->host, &who, (const char *const *)legit->pdata);
	if (hk_egress_killed(e->egress)) {
		g_autofree char *why = hk_egress_killed_why(e->egress);
		return hk_error_set(error, HK_EAGAIN, "%s", why);
	}
	for (unsigned i = 0; i < found->troubles->len; i++) {
		hk_log(HK_EVENT_ENRICH_UNANSWERED, HK_F_STR("case", s->job->key),
			HK_F_STR("host", row->host), HK_F_STR("reason", found->troubles->pdata[i]));
	}
	g_autofree hk_fact *facts = g_new0(hk_fact, found->facts->len + 1);
	g_autofree void *raws = g_malloc0((gsize)(found->facts->len + 1) * 32);
	s->found = found;
	s->facts = facts;
	s->raws = raws;
	return keep_raws(e, s, error) && hk_flow_do(flow, &auto_who, save, s, error);
}

bool
hk_enrich_run(hk_flow *flow, const hk_job *job, void *user, GError **error)
{
	g_auto(hk_case_row) row = {0};
	g_autoptr(GError) local = NULL;
	saving s = {.job = job};
	uint64_t id = 0;

	if (hk_parse_u64(hk_span_str(job->key), INT64_MAX, &id) != HK_OK || id == 0) {
		return hk_error_set(error, HK_EFORM, "key %s: no number of a case", job->key);
	}
	s.case_id = (int64_t)id;
	if (!hk_cases_get(hk_flow_db(flow), s.case_id, &row, &local)) {
		if (hk_error_code(local) != HK_ENOENT) {
			g_propagate_error(error, g_steal_pointer(&local));
			return false;
		}
		return hk_flow_do(flow, &auto_who, save, &s, error);
	}
	if (!row.host || row.deleted_ms != 0) {
		return hk_flow_do(flow, &auto_who, save, &s, error);
	}
	return look_and_save(user, flow, &s, &row, error);
}
