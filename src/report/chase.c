/* nocheck: tested in tests/scenario/takedown.t. Nobody answered, or they said no: a follow-up to the same, then the next party; and drafts whose words were changed. */
#include <string.h>

#include "flow/notice.h"
#include "flow/policy.h"
#include "parse/url.h"
#include "report/crew_int.h"
#include "store/jobs.h"
#include "store/telling.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/json.h"

enum { JOB_BYTES_MAX = 1 << 20 };

typedef struct chase {
	hk_crew *crew;
	const hk_job *job;
	hk_report_row report;
	hk_case_row row;
	hk_brief *brief;
	GPtrArray *routes; /* of hk_recipient: whom to tell next */
	GPtrArray *rows;   /* of hk_report_row: drafts for them, in the same order */
	int64_t next_ms;   /* from now: the next look; 0: none, it expires */
	bool over;         /* nothing to do: it was answered, or is not due yet */
} chase;

static void
row_free(void *data)
{
	hk_report_row_clear(data);
	g_free(data);
}

static void
chase_clear(chase *c)
{
	hk_report_row_clear(&c->report);
	hk_case_row_clear(&c->row);
	hk_brief_free(c->brief);
	g_clear_pointer(&c->routes, g_ptr_array_unref);
	g_clear_pointer(&c->rows, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(chase, chase_clear)

/* The brief of the report: its case, and the URLs that it speaks of. */
static bool
gather(chase *c, hk_db *db, GError **error)
{
	const hk_gather_config config = {
		c->crew->config.sites, c->crew->blobs, &c->crew->config.who};
	g_autoptr(GPtrArray) urls = NULL;
	g_autoptr(GArray) cases = NULL;

	c->brief = hk_gather(db, &config, &c->row, error);
	if (!c->brief || !hk_reports_sites(db, c->report.id, &urls, &cases, error)) {
		return false;
	}
	for (unsigned i = 1; i < cases->len; i++) {
		if (!hk_gather_more(
			    db, &config, c->brief, g_array_index(cases, int64_t, i), error)) {
			return false;
		}
	}
	return true;
}

static hk_recipient *
same_recipient(const hk_report_row *report, const char *step)
{
	hk_recipient *to = g_new0(hk_recipient, 1);

	*to = (hk_recipient){.kind = g_strdup(report->kind),
		.channel = g_strdup(report->channel),
		.name = g_strdup(report->name),
		.address = g_strdup(report->recipient),
		.subject = g_strdup(report->subject),
		.lang = g_strdup(report->lang),
		.step = g_strdup(step)};
	return to;
}

static bool
next_party(chase *c, hk_db *db, GError **error)
{
	g_autoptr(GPtrArray) contacts = hk_crew_contacts(db, c->row.id, false, error);
	g_autoptr(GPtrArray) never = contacts ? hk_crew_official(db, error) : NULL;
	g_autoptr(GPtrArray) told = g_ptr_array_new();
	const hk_route_ask ask = {.brief = c->brief,
		.contacts = contacts,
		.confs = c->crew->confs,
		.never = never,
		.asked = true};

	if (!never) {
		return false;
	}
	for (unsigned i = 0; i < c->brief->ledger->len; i++) {
		const hk_brief_told *t = c->brief->ledger->pdata[i];
		g_ptr_array_add(told, t->recipient);
	}
	g_ptr_array_unref(c->routes);
	c->routes = hk_route_next(&ask, c->report.kind, told);
	return true;
}

/* They may still answer. Of the others (they refused, cannot be reached, or say that they acted) the next party is told, if the site is up. */
static bool
is_open(const hk_report_row *report)
{
	return strcmp(report->state, "sent") == 0 || strcmp(report->state, "acknowledged") == 0;
}

/* What comes next for it: mail is followed up once; then the next party is told; then it counts as not answered. */
static bool
decide(chase *c, hk_flow *flow, GError **error)
{
	hk_policy policy;
	hk_db *db = hk_flow_db(flow);
	int64_t followups, escalations;
	bool mail = strcmp(c->report.channel, "mail") == 0;

	if (!hk_reports_children(db, c->report.id, "followup", &followups, error) ||
		!hk_reports_children(db, c->report.id, "escalation", &escalations, error) ||
		!hk_policy_read(db, &policy, error)) {
		return false;
	}
	c->next_ms = policy.takedown.escalate_ms;
	bool good = true;
	if (mail && followups == 0 && strcmp(c->report.state, "sent") == 0) {
		g_ptr_array_add(c->routes, same_recipient(&c->report, "followup"));
	} else if (escalations == 0) {
		c->next_ms = is_open(&c->report) ? policy.takedown.expire_ms : 0;
		good = next_party(c, db, error);
	} else {
		c->next_ms = 0;
	}
	hk_policy_clear(&policy);
	return good;
}

static bool
write_all(chase *c, hk_flow *flow, GError **error)
{
	for (unsigned i = 0; i < c->routes->len; i++) {
		g_autoptr(GError) local = NULL;
		hk_report_row *row = g_new0(hk_report_row, 1);
		const hk_recipient *to = c->routes->pdata[i];
		g_ptr_array_add(c->rows, row);
		if (!hk_draft_one(c->crew, flow, c->brief, to, NULL,
			    strcmp(to->step, "followup") == 0 ? c->report.token : NULL, NULL, row,
			    &local) &&
			hk_error_code(local) != HK_EFORM) {
			g_propagate_error(error, g_steal_pointer(&local));
			return false;
		}
		row->case_id = c->row.id;
		row->round = c->report.round;
		row->parent_id = c->report.id;
	}
	return true;
}

/* It is looked after at report->due_ms; 0: never. */
static bool
waits(const hk_report_row *report)
{
	static const char *const states[] = {
		"sent", "acknowledged", "actioned", "rejected", "bounced", NULL};

	return g_strv_contains(states, report->state) && report->due_ms != 0;
}

/* A site that is gone needs no reminder. Confirmed still: the very first one was refused. */
static bool
is_up(const hk_case_row *row)
{
	return row->deleted_ms == 0 &&
	       (strcmp(row->state, "reported") == 0 || strcmp(row->state, "confirmed") == 0);
}

static bool
prepare(chase *c, hk_flow *flow, int64_t id, GError **error)
{
	hk_db *db = hk_flow_db(flow);

	if (!hk_reports_get(db, id, &c->report, error) ||
		!hk_cases_get(db, c->report.case_id, &c->row, error)) {
		return false;
	}
	c->over = !waits(&c->report) || c->report.due_ms > hk_clock_wall_ms() || !is_up(&c->row);
	return c->over ||
	       (gather(c, db, error) && decide(c, flow, error) && write_all(c, flow, error));
}

/* Nothing to do now; but its time may be still to come: it was answered meanwhile, or a clock went back. */
static bool
rest(chase *c, hk_flow *flow, const hk_report_row *now, GError **error)
{
	return waits(now) && now->due_ms > hk_flow_now(flow)
		       ? hk_job_again(flow, c->job, now->due_ms, error)
		       : hk_job_done(flow, c->job, error);
}

static bool
save(hk_flow *flow, void *user, GError **error)
{
	chase *c = user;
	g_auto(hk_report_row) now = {0};
	int64_t id, fresh = 0, last = 0, next = 0;

	if (!hk_reports_lock(hk_flow_db(flow), c->report.id, &now, error)) {
		return false;
	}
	if (c->over || now.version != c->report.version) {
		/* Changed since it was read: it is read again. */
		return c->over ? rest(c, flow, &now, error)
			       : hk_job_again(flow, c->job, hk_flow_now(flow), error);
	}
	for (unsigned i = 0; i < c->rows->len; i++) {
		const hk_report_row *made = c->rows->pdata[i];
		hk_report_row row = *made;
		if (!made->token) {
			continue; /* it could not be told so */
		}
		bool good = hk_draft_save(
			c->crew, flow, c->brief, c->routes->pdata[i], &row, &id, error);
		g_free(row.state != made->state ? row.state : NULL);
		g_free(row.policy != made->policy ? row.policy : NULL);
		if (!good) {
			return false;
		}
		bool waits = row.id != 0 && row.approved_ms == 0;
		fresh += waits;
		last = waits ? id : last;
		next += row.id != 0 && strcmp(row.step, "escalation") == 0;
	}
	if (!hk_draft_tell(flow, c->row.id, fresh, last, error) ||
		(next > 0 && !hk_notice_tell(flow, "report.escalated", c->row.id, c->report.id,
				     NULL, error))) {
		return false;
	}
	bool good = c->next_ms > 0  ? hk_report_due(flow, c->report.id,
					      hk_flow_now(flow) + c->next_ms, error)
		    : is_open(&now) ? hk_report_expire(flow, c->report.id, error)
				    : hk_report_due(flow, c->report.id, 0, error);
	return good && hk_job_done(flow, c->job, error);
}

bool
hk_chase_run(hk_flow *flow, const hk_job *job, hk_crew *crew, int64_t id, GError **error)
{
	g_auto(chase) c = {.crew = crew,
		.job = job,
		.routes = g_ptr_array_new_with_free_func((GDestroyNotify)hk_recipient_free),
		.rows = g_ptr_array_new_with_free_func(row_free)};

	if (!hk_db_begin(hk_flow_db(flow), false, error)) {
		return false;
	}
	bool good = prepare(&c, flow, id, error);
	hk_db_rollback(hk_flow_db(flow));
	return good && hk_flow_do(flow, &hk_crew_who, save, &c, error);
}

/* ---- other words ---- */

typedef struct redraft {
	chase c;
	hk_report_row row;
} redraft;

static bool
keep(hk_flow *flow, void *user, GError **error)
{
	redraft *r = user;
	const hk_report_row *was = &r->c.report;
	g_autoptr(GPtrArray) urls = NULL;
	g_auto(hk_report_row) now = {0};
	g_autofree char *data = NULL;

	if (!hk_reports_lock(hk_flow_db(flow), was->id, &now, error)) {
		return false;
	}
	if (strcmp(now.state, "drafted") != 0) {
		return hk_job_done(flow, r->c.job, error);
	}
	/* Somebody has changed the words since: these would be one's words under the other's name, whom four eyes keep from approving only his own. */
	if (!hk_jobs_data_get(hk_flow_db(flow), "draft", r->c.job->key, &data, error)) {
		return false;
	}
	if (g_strcmp0(data, r->c.job->data) != 0) {
		return hk_job_again(flow, r->c.job, hk_flow_now(flow), error);
	}
	unsigned found;
	if (!hk_reports_sites(hk_flow_db(flow), was->id, &urls, NULL, error) ||
		!hk_crew_stops(r->c.crew, hk_flow_db(flow), urls, was->kind, was->recipient, &found,
			error)) {
		return false;
	}
	r->row.stops |= found;
	return hk_report_rewrite(flow, was->id, &r->row, error) &&
	       hk_job_done(flow, r->c.job, error);
}

static bool
add_site(chase *c, GPtrArray *sites, const char *text, GError **error)
{
	g_autofree hk_url *url = g_new0(hk_url, 1);
	hk_site site;

	for (unsigned i = 0; i < c->brief->sites->len; i++) {
		const hk_brief_site *s = c->brief->sites->pdata[i];
		if (strcmp(s->url, text) == 0) {
			g_ptr_array_add(sites, hk_brief_site_new(s->case_id, s->url, s->host,
						       s->domain, s->first_seen_ms));
			return true;
		}
	}
	if (hk_url_parse(hk_span_str(text), NULL, NULL, url) != HK_OK) {
		return hk_error_set(error, HK_EFORM, "a site whose URL cannot be read any more");
	}
	hk_sites_look(c->crew->config.sites, url->host, false, &site);
	g_ptr_array_add(sites, hk_brief_site_new(c->report.case_id, text, url->host,
				       *site.domain ? site.domain : NULL, c->brief->first_seen_ms));
	return true;
}

/* The sites that the report speaks of, and no others: what the case has got since is not what its stops are looked at for. */
static bool
only_its_sites(chase *c, hk_db *db, GError **error)
{
	g_autoptr(GPtrArray) urls = NULL;
	g_autoptr(GPtrArray) sites = g_ptr_array_new_with_free_func(hk_brief_site_free);

	if (!hk_reports_sites(db, c->report.id, &urls, NULL, error)) {
		return false;
	}
	for (unsigned i = 0; i < urls->len; i++) {
		if (!add_site(c, sites, urls->pdata[i], error)) {
			return false;
		}
	}
	g_ptr_array_unref(c->brief->sites);
	c->brief->sites = g_steal_pointer(&sites);
	return true;
}

static bool
rewrite(redraft *r, hk_flow *flow, int64_t id, GError **error)
{
	g_autoptr(hk_json_doc) doc =
		hk_json_load(hk_span_str(r->c.job->data), JOB_BYTES_MAX, error);
	hk_json root = doc ? hk_json_root(doc) : (hk_json){0};
	hk_db *db = hk_flow_db(flow);
	hk_draft_words words;

	if (!doc || !hk_json_str(&root, "subject", &words.subject, error) ||
		!hk_json_str(&root, "text", &words.text, error) ||
		!hk_reports_get(db, id, &r->c.report, error) ||
		!hk_cases_get(db, r->c.report.case_id, &r->c.row, error) ||
		!gather(&r->c, db, error) || !only_its_sites(&r->c, db, error)) {
		return false;
	}
	g_autofree char *parent = NULL;
	g_auto(hk_report_row) before = {0};
	if (r->c.report.parent_id != 0 && strcmp(r->c.report.step, "followup") == 0) {
		if (!hk_reports_get(db, r->c.report.parent_id, &before, error)) {
			return false;
		}
		parent = g_strdup(before.token);
	}
	hk_recipient *to = same_recipient(&r->c.report, r->c.report.step);
	bool good = hk_draft_one(
		r->c.crew, flow, r->c.brief, to, r->c.report.token, parent, &words, &r->row, error);
	hk_recipient_free(to);
	return good;
}

bool
hk_redraft_run(hk_flow *flow, const hk_job *job, hk_crew *crew, int64_t id, GError **error)
{
	redraft r = {.c = {.crew = crew, .job = job}};

	bool good = hk_db_begin(hk_flow_db(flow), false, error) && rewrite(&r, flow, id, error);
	hk_db_rollback(hk_flow_db(flow));
	good = good && hk_flow_do(flow, &hk_crew_who, keep, &r, error);
	chase_clear(&r.c);
	hk_report_row_clear(&r.row);
	return good;
}
