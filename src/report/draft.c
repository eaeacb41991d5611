/* nocheck: tested in tests/scenario/takedown.t. Stage "draft": who is told about a case, and the bytes that they would get. */
#include <string.h>

#include "flow/notice.h"
#include "report/channel_conf.h"
#include "report/crew_int.h"
#include "store/telling.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/json.h"
#include "sys/log.h"

/* How long the drafts wait for evidence and contacts that are on their way, and how often they look. */
#define PATIENCE_MS INT64_C(600000)
#define LOOK_MS     3000

enum { JOB_BYTES_MAX = 1 << 20 };

/* One report that is ready to be kept. */
typedef struct piece {
	hk_recipient *to; /* borrowed from the routes */
	hk_report_row row;
	GPtrArray *sites; /* of hk_brief_site, borrowed from the brief */
	unsigned count;
} piece;

static void
piece_free(void *data)
{
	piece *p = data;

	hk_report_row_clear(&p->row);
	g_ptr_array_unref(p->sites);
	g_free(p);
}

/* What one run of the stage works on. */
typedef struct work {
	hk_crew *crew;
	const hk_job *job;
	hk_case_row row;
	int64_t user; /* who asked, or confirmed the case: proposes them; 0: a rule did */
	bool asked;
	int64_t round;
	hk_brief *brief;
	GPtrArray *routes; /* of hk_recipient */
	GPtrArray *pieces; /* of piece */
	bool wait, crowded;
	int64_t fresh, fresh_id; /* drafts of this run that wait for a person; the last of them */
} work;

static void
work_clear(work *w)
{
	hk_case_row_clear(&w->row);
	hk_brief_free(w->brief);
	g_clear_pointer(&w->routes, g_ptr_array_unref);
	g_clear_pointer(&w->pieces, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(work, work_clear)

static void
read_job(work *w)
{
	g_autoptr(hk_json_doc) doc = hk_json_load(hk_span_str(w->job->data), JOB_BYTES_MAX, NULL);
	hk_json root = doc ? hk_json_root(doc) : (hk_json){0};

	if (doc) {
		(void)(hk_json_has(&root, "user") && hk_json_i64(&root, "user", &w->user, NULL));
		w->asked = w->user != 0;
	}
}

static bool
is_reportable(const hk_case_row *row)
{
	return row->deleted_ms == 0 &&
	       (strcmp(row->state, "confirmed") == 0 || strcmp(row->state, "reported") == 0 ||
		       strcmp(row->state, "resurrected") == 0);
}

static bool
is_notice(const work *w)
{
	return strcmp(w->row.kind, "phishing_other") == 0 && !w->brief->own;
}

static bool
route(work *w, hk_db *db, GError **error)
{
	g_autoptr(GPtrArray) contacts = hk_crew_contacts(db, w->row.id, is_notice(w), error);
	g_autoptr(GPtrArray) never = contacts ? hk_crew_official(db, error) : NULL;
	const hk_route_ask ask = {.brief = w->brief,
		.contacts = contacts,
		.confs = w->crew->confs,
		.person = w->user != 0,
		.asked = w->asked,
		.clients = w->crew->clients,
		.never = never};

	if (!never) {
		return false;
	}
	w->routes = hk_route(&ask);
	return true;
}

/* ---- one recipient ---- */

/* So many URLs fit into one report of that channel. */
static unsigned
batch_of(const work *w, const hk_recipient *to)
{
	const hk_channel_conf *conf = hk_channel_conf_of(w->crew->confs, to->channel);

	return conf ? (unsigned)CLAMP(conf->batch, 1, HK_BRIEF_SITES_MAX) : HK_BRIEF_SITES_MAX;
}

/* Siblings by certificate that the same recipient has not been told of: one report for all of them. */
static bool
add_siblings(
	work *w, hk_db *db, const hk_gather_config *gather, const hk_recipient *to, GError **error)
{
	g_autoptr(GArray) siblings = NULL;
	unsigned batch = batch_of(w, to);
	bool mailbox = strcmp(to->channel, "mail") == 0 || strcmp(to->channel, "form") == 0;

	if (w->row.campaign_id == 0 || batch <= w->brief->sites->len) {
		return true;
	}
	if (!hk_telling_siblings(db, w->row.id,
		    mailbox && strcmp(to->step, "notice") != 0 ? to->address : NULL,
		    HK_BRIEF_SITES_MAX, &siblings, error)) {
		return false;
	}
	for (unsigned i = 0; i < siblings->len && w->brief->sites->len < batch; i++) {
		int64_t id = g_array_index(siblings, int64_t, i), told, last;
		if (!hk_telling_round(db, id, &last, error) ||
			!hk_telling_told(
				db, id, to->channel, to->address, to->step, last, &told, error) ||
			(told == 0 && !hk_gather_more(db, gather, w->brief, id, error))) {
			return false;
		}
	}
	return true;
}

static bool
is_one_host(const work *w, const hk_recipient *to)
{
	const hk_channel_conf *conf = hk_channel_conf_of(w->crew->confs, to->channel);

	return conf && (conf->can & HK_ONE_HOST);
}

/* Some take several URLs, but of one host: a sibling on another host has its own report, when its own case is drafted. */
static void
keep_host(hk_brief *brief)
{
	const hk_brief_site *lead = brief->sites->pdata[0];

	for (unsigned i = brief->sites->len; i > 1; i--) {
		const hk_brief_site *s = brief->sites->pdata[i - 1];
		if (g_strcmp0(s->host, lead->host) != 0) {
			g_ptr_array_remove_index(brief->sites, i - 1);
		}
	}
}

static void
keep_piece(work *w, hk_recipient *to, hk_report_row *row)
{
	piece *p = g_new0(piece, 1);

	p->to = to;
	p->row = *row;
	*row = (hk_report_row){0};
	p->sites = g_ptr_array_new_with_free_func(hk_brief_site_free);
	for (unsigned i = 0; i < w->brief->sites->len; i++) {
		const hk_brief_site *s = w->brief->sites->pdata[i];
		g_ptr_array_add(p->sites, hk_brief_site_new(s->case_id, s->url, s->host, s->domain,
						  s->first_seen_ms));
	}
	g_ptr_array_add(w->pieces, p);
}

/* The sites of this case, as many as fit. */
static void
take_own(work *w, const GPtrArray *mine, const hk_recipient *to)
{
	unsigned batch = batch_of(w, to);
	bool one_host = is_one_host(w, to);

	for (unsigned i = 0; i < mine->len && w->brief->sites->len < batch; i++) {
		const hk_brief_site *lead = mine->pdata[0], *s = mine->pdata[i];
		if (!one_host || g_strcmp0(s->host, lead->host) == 0) {
			g_ptr_array_add(
				w->brief->sites, hk_brief_site_new(s->case_id, s->url, s->host,
							 s->domain, s->first_seen_ms));
		}
	}
}

static bool
write_one(work *w, hk_flow *flow, const hk_gather_config *gather, hk_recipient *to, GError **error)
{
	g_autoptr(GError) local = NULL;
	g_auto(hk_report_row) row = {0};
	hk_db *db = hk_flow_db(flow);
	int64_t told;

	if (!hk_telling_told(
		    db, w->row.id, to->channel, to->address, to->step, w->round, &told, error)) {
		return false;
	}
	if (told != 0) {
		return true;
	}
	/* All of this case, or as many as fit; then those of its siblings. */
	g_autoptr(GPtrArray) mine = g_steal_pointer(&w->brief->sites);
	w->brief->sites = g_ptr_array_new_with_free_func(hk_brief_site_free);
	take_own(w, mine, to);
	bool good = add_siblings(w, db, gather, to, error);
	if (good && is_one_host(w, to)) {
		keep_host(w->brief);
	}
	if (good && hk_draft_one(w->crew, flow, w->brief, to, NULL, NULL, NULL, &row, &local)) {
		keep_piece(w, to, &row);
	}
	g_ptr_array_unref(w->brief->sites);
	w->brief->sites = g_steal_pointer(&mine);
	if (local && hk_error_code(local) != HK_EFORM) {
		g_propagate_error(error, g_steal_pointer(&local));
		return false;
	}
	if (local) {
		hk_log(HK_EVENT_REPORT_SKIPPED, HK_F_INT("case", w->row.id),
			HK_F_STR("channel", to->channel), HK_F_STR("reason", local->message));
	}
	return good;
}

/* Everything that is read, and every byte that is written, before the transaction that keeps it. */
static bool
prepare(work *w, hk_flow *flow, GError **error)
{
	hk_db *db = hk_flow_db(flow);
	const hk_gather_config gather = {
		w->crew->config.sites, w->crew->blobs, &w->crew->config.who};
	int64_t pending;

	w->pieces = g_ptr_array_new_with_free_func(piece_free);
	if (!hk_cases_get(db, w->row.id, &w->row, error)) {
		return false;
	}
	if (!is_reportable(&w->row)) {
		return true;
	}
	int64_t now = hk_clock_wall_ms();
	if (!hk_telling_pending(db, w->row.id, now - PATIENCE_MS, &pending, error)) {
		return false;
	}
	if (pending > 0) {
		w->wait = true;
		return true;
	}
	if (w->user == 0 && !hk_telling_confirmer(db, w->row.id, &w->user, error)) {
		return false;
	}
	w->brief = hk_gather(db, &gather, &w->row, error);
	if (!w->brief || !hk_telling_round(db, w->row.id, &w->round, error) ||
		!route(w, db, error)) {
		return false;
	}
	for (unsigned i = 0; i < w->routes->len; i++) {
		if (!write_one(w, flow, &gather, w->routes->pdata[i], error)) {
			return false;
		}
	}
	return true;
}

/* ---- keeping them ---- */

bool
hk_draft_save(hk_crew *crew, hk_flow *flow, const hk_brief *brief, const hk_recipient *to,
	hk_report_row *row, int64_t *ret_id, GError **error)
{
	g_autofree hk_report_site *sites = g_new0(hk_report_site, brief->sites->len);
	g_autoptr(GPtrArray) urls = g_ptr_array_new();

	for (unsigned i = 0; i < brief->sites->len; i++) {
		const hk_brief_site *s = brief->sites->pdata[i];
		sites[i] = (hk_report_site){s->case_id, s->url};
		g_ptr_array_add(urls, s->url);
	}
	unsigned found;
	if (!hk_crew_stops(crew, hk_flow_db(flow), urls, to->kind, to->address, &found, error)) {
		return false;
	}
	row->stops |= found;
	return hk_report_draft(flow, row, sites, brief->sites->len, ret_id, error);
}

/* Somebody else may have told this recipient of one of them since they were read. */
static bool
told_meanwhile(const piece *p, hk_db *db, bool *ret, GError **error)
{
	*ret = false;
	for (unsigned i = 0; i < p->sites->len && !*ret; i++) {
		const hk_brief_site *s = p->sites->pdata[i];
		int64_t told, last = p->row.round;
		if (s->case_id != p->row.case_id &&
			(!hk_telling_round(db, s->case_id, &last, error))) {
			return false;
		}
		if (!hk_telling_told(db, s->case_id, p->row.channel, p->row.recipient, p->row.step,
			    last, &told, error)) {
			return false;
		}
		*ret = told != 0;
	}
	return true;
}

static bool
save_piece(work *w, hk_flow *flow, piece *p, GError **error)
{
	int64_t id;
	bool told;

	p->row.case_id = w->row.id;
	p->row.round = w->round;
	p->row.proposer_id = w->user;
	if (!told_meanwhile(p, hk_flow_db(flow), &told, error)) {
		return false;
	}
	if (told) {
		w->crowded = true;
		return true;
	}
	hk_brief brief = {.sites = p->sites};
	/* A copy: the act fills in what it changes, and may be done twice. */
	hk_report_row row = p->row;
	bool good = hk_draft_save(w->crew, flow, &brief, p->to, &row, &id, error);
	g_free(row.state != p->row.state ? row.state : NULL);
	g_free(row.policy != p->row.policy ? row.policy : NULL);
	if (good && row.id != 0 && row.approved_ms == 0) {
		w->fresh++;
		w->fresh_id = id;
	}
	return good;
}

bool
hk_draft_tell(hk_flow *flow, int64_t case_id, int64_t count, int64_t last_id, GError **error)
{
	return count == 0 || hk_notice_many(flow, "report.drafted", case_id,
				     count == 1 ? last_id : 0, count, error);
}

static bool
save(hk_flow *flow, void *user, GError **error)
{
	work *w = user;

	if (w->wait) {
		return hk_job_again(flow, w->job, hk_flow_now(flow) + LOOK_MS, error);
	}
	w->crowded = false;
	w->fresh = w->fresh_id = 0; /* it may be done twice */
	/* One at a time: siblings that are drafted side by side would each tell of the other. */
	if (!hk_db_lock(hk_flow_db(flow), "drafts", error)) {
		return false;
	}
	for (unsigned i = 0; i < w->pieces->len; i++) {
		if (!save_piece(w, flow, w->pieces->pdata[i], error)) {
			return false;
		}
	}
	if (!hk_draft_tell(flow, w->row.id, w->fresh, w->fresh_id, error)) {
		return false;
	}
	return w->crowded ? hk_job_again(flow, w->job, hk_flow_now(flow), error)
			  : hk_job_done(flow, w->job, error);
}

static bool
run_case(hk_flow *flow, const hk_job *job, hk_crew *crew, int64_t case_id, GError **error)
{
	g_auto(work) w = {.crew = crew, .job = job, .row = {.id = case_id}};

	read_job(&w);
	hk_crew_ask_clients(crew);
	if (!hk_db_begin(hk_flow_db(flow), false, error)) {
		return false;
	}
	bool good = prepare(&w, flow, error);
	hk_db_rollback(hk_flow_db(flow));
	return good && hk_flow_do(flow, &hk_crew_who, save, &w, error);
}

/* ---- the stage ---- */

static bool
not_ours(hk_flow *flow, void *user, GError **error)
{
	return hk_job_done(flow, user, error);
}

bool
hk_draft_run(hk_flow *flow, const hk_job *job, void *user, GError **error)
{
	static const struct {
		const char *prefix;
		bool (*run)(hk_flow *flow, const hk_job *job, hk_crew *crew, int64_t id,
			GError **error);
	} kinds[] = {{"chase:", hk_chase_run}, {"report:", hk_redraft_run}, {"", run_case}};
	hk_crew *crew = user;

	if (!crew->config.who.org || !crew->config.who.contact) {
		hk_log(HK_EVENT_REPORT_NOBODY, HK_F_INT("case", job->case_id));
		return hk_flow_do(flow, &hk_crew_who, not_ours, (void *)(uintptr_t)job, error);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
		size_t len = strlen(kinds[i].prefix);
		if (strncmp(job->key, kinds[i].prefix, len) == 0) {
			int64_t id = hk_crew_number(job->key + len);
			return kinds[i].run(flow, job, crew, id, error);
		}
	}
	return hk_error_set(error, HK_EFORM, "draft: there is no job \"%s\"", job->key);
}
