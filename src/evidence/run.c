#include "evidence/run.h"

#include <string.h>

#include "base/num.h"
#include "evidence/cloak.h"
#include "evidence/files.h"
#include "evidence/manifest.h"
#include "evidence/page.h"
#include "evidence/traits.h"
#include "evidence/way.h"
#include "flow/evidence.h"
#include "flow/states.h"
#include "store/cases.h"
#include "sys/browser_gate.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/hash.h"
#include "sys/jsonw.h"

enum { RENEW_S = 30, VISIT_TIMES_LOAD = 3, RUN_VISITS_MAX = 60 };

struct hk_evidence_kit {
	hk_evidence_config config; /* strings owned */
	char **exits;              /* owned; NULL: direct */
	hk_blobs *blobs;
	hk_gate *gate;
	hk_browser *browser; /* NULL: not made yet */
};

hk_evidence_kit *
hk_evidence_kit_new(const hk_evidence_config *config, GError **error)
{
	g_autoptr(hk_evidence_kit) kit = g_new0(hk_evidence_kit, 1);

	kit->config = *config;
	kit->config.egress = hk_egress_ref(config->egress);
	kit->config.blobs = NULL;
	kit->config.browser = g_strdup(config->browser);
	kit->config.user = g_strdup(config->user);
	kit->exits = config->exits && config->exits[0]
			     ? g_strdupv((char **)(uintptr_t)config->exits)
			     : NULL;
	kit->blobs = hk_blobs_open(config->blobs, error);
	kit->gate = kit->blobs ? hk_gate_new(config->egress, error) : NULL;
	return kit->gate ? g_steal_pointer(&kit) : NULL;
}

void
hk_evidence_kit_free(hk_evidence_kit *kit)
{
	if (kit) {
		hk_browser_free(kit->browser);
		hk_gate_free(kit->gate);
		hk_blobs_free(kit->blobs);
		g_free((char *)(uintptr_t)kit->config.browser);
		g_free((char *)(uintptr_t)kit->config.user);
		g_strfreev(kit->exits);
		hk_egress_unref(kit->config.egress);
		g_free(kit);
	}
}

static bool
browser_of(hk_evidence_kit *kit, GError **error)
{
	const hk_browser_config config = {.program = kit->config.browser,
		.user = kit->config.user,
		.full = kit->config.full,
		.tabs = kit->config.tabs,
		.way = hk_browser_gate(kit->gate)};

	if (!kit->browser) {
		kit->browser = hk_browser_new(&config, error);
	}
	return kit->browser != NULL;
}

/* One file that is in the blob store, as the rows and the manifest want it. */
typedef struct kept {
	char *kind, *name, *type; /* owned */
	int64_t bytes;
	uint8_t sha256[HK_SHA256_SIZE];
} kept;

static void
kept_clear(void *data)
{
	kept *k = data;

	g_free(k->kind);
	g_free(k->name);
	g_free(k->type);
}

/* One visit: what it brought, and its files. */
typedef struct visit {
	hk_capture *capture; /* owned; NULL: not done yet, or error */
	GError *error;       /* owned */
	GError *lost;        /* owned; why its files could not be kept */
	GArray *files;       /* of kept; NULL: not done yet */
	GPtrArray *pivots;   /* of hk_traits_pivot; NULL: none */
	char *data;          /* owned; JSON for the row */
	uint8_t leaf[HK_SHA256_SIZE];
	bool has_leaf;
} visit;

static void
visit_clear(void *data)
{
	visit *v = data;

	hk_capture_free(v->capture);
	g_clear_error(&v->error);
	g_clear_error(&v->lost);
	g_clear_pointer(&v->files, g_array_unref);
	g_clear_pointer(&v->pivots, g_ptr_array_unref);
	g_free(v->data);
}

typedef struct running {
	hk_evidence_kit *kit;
	hk_run_row run;
	char *case_text; /* owned */
	GArray *plan;    /* of hk_variant */
	GArray *visits;  /* of visit, one for each of plan */
	int64_t started_ms;
	GMutex lock; /* of next, done */
	GCond ended;
	guint next, done;
	guint threads; /* that still work */
} running;

static void
running_clear(running *r)
{
	hk_run_row_clear(&r->run);
	g_free(r->case_text);
	g_clear_pointer(&r->plan, g_array_unref);
	g_clear_pointer(&r->visits, g_array_unref);
	g_mutex_clear(&r->lock);
	g_cond_clear(&r->ended);
}

static bool
is_over(const hk_run_row *run)
{
	return strcmp(run->state, "waiting") != 0;
}

/* ---- visiting ---- */

static void
make_visit(running *r, guint n)
{
	const hk_variant *variant = &g_array_index(r->plan, hk_variant, n);
	visit *v = &g_array_index(r->visits, visit, n);
	hk_egress_who who = {.purpose = "capture",
		.case_id = r->case_text,
		.requester = r->run.asked,
		.exit = variant->exit};
	hk_page_job job = {.url = r->run.url,
		.variant = *variant,
		.limits = hk_page_defaults,
		.who = &who,
		.addresses = hk_way_addresses,
		.user = r->kit->gate};

	job.limits.load = r->kit->config.load_ms;
	job.limits.total = VISIT_TIMES_LOAD * r->kit->config.load_ms;
	job.limits.clicks = HK_CAPTURE_PAGES_MAX - 1;
	v->capture = hk_page_capture(r->kit->browser, &job, &v->error);
}

/* ---- keeping ---- */

typedef struct keeping {
	running *r;
	visit *v;
} keeping;

static bool
keep(void *user, const char *kind, const char *name, const char *type, hk_span bytes,
	GError **error)
{
	const keeping *k = user;
	kept file = {.bytes = (int64_t)bytes.len};

	if (!hk_blobs_put(k->r->kit->blobs, bytes, file.sha256, error)) {
		return false;
	}
	file.kind = g_strdup(kind);
	file.name = g_strdup(name);
	file.type = g_strdup(type);
	g_array_append_val(k->v->files, file);
	return true;
}

static void
take_leaf(visit *v)
{
	const hk_capture_cert *cert =
		v->capture->certs->len > 0 ? v->capture->certs->pdata[0] : NULL;

	if (cert && cert->chain->len > 0) {
		gsize len;
		const void *der = g_bytes_get_data(cert->chain->pdata[0], &len);
		hk_sha256(hk_span_of(der, len), v->leaf);
		v->has_leaf = true;
	}
}

static void
take_traits(visit *v)
{
	g_autoptr(GString) data = g_string_new(NULL);
	hk_traits traits;

	hk_traits_of(v->capture, &traits);
	hk_jsonw_open(data, '{');
	hk_capture_brief(v->capture, data);
	hk_jsonw_key(data, "traits");
	hk_traits_json(&traits, data);
	hk_jsonw_close(data, '}');
	v->data = g_strdup(data->str);
	v->pivots = hk_traits_pivots(&traits);
	hk_traits_clear(&traits);
}

/* What lies in the blob store now need not lie here: a run has up to 60 visits of 64 MB and more. What visits are compared by stays. */
static void
drop_bytes(hk_capture *c)
{
	for (guint i = 0; i < c->exchanges->len; i++) {
		hk_capture_exchange *x = c->exchanges->pdata[i];
		g_clear_pointer(&x->body, g_bytes_unref);
	}
	for (guint i = 0; i < c->pages->len; i++) {
		hk_capture_page *page = c->pages->pdata[i];
		g_clear_pointer(&page->dom, g_bytes_unref);
		g_clear_pointer(&page->full_png, g_bytes_unref);
	}
}

static bool
keep_visit(running *r, visit *v, GError **error)
{
	keeping k = {r, v};

	v->files = g_array_new(FALSE, FALSE, sizeof(kept));
	g_array_set_clear_func(v->files, kept_clear);
	if (!v->capture) {
		return true;
	}
	if (!hk_capture_files(v->capture, keep, &k, error)) {
		return false;
	}
	take_leaf(v);
	take_traits(v);
	drop_bytes(v->capture);
	return true;
}

static void *
visit_some(void *user)
{
	running *r = user;

	g_mutex_lock(&r->lock);
	while (r->next < r->plan->len) {
		guint n = r->next++;
		g_mutex_unlock(&r->lock);
		make_visit(r, n);
		visit *v = &g_array_index(r->visits, visit, n);
		bool good = keep_visit(r, v, &v->lost);
		g_mutex_lock(&r->lock);
		r->done++;
		r->next = good ? r->next : r->plan->len;
	}
	r->threads--;
	g_cond_signal(&r->ended);
	g_mutex_unlock(&r->lock);
	return NULL;
}

/* Waits for the visits and for their files to be kept; the lease is this thread's to renew. A lease that is lost ends the run after the visits that are under way. */
static bool
visit_all(running *r, hk_flow *flow, hk_job *job, GError **error)
{
	GThread *threads[HK_BROWSER_TABS_MAX];
	guint count = MIN(MIN(MAX(r->kit->config.tabs, 1), HK_BROWSER_TABS_MAX), r->plan->len);
	bool held = true;

	r->threads = count;
	for (guint i = 0; i < count; i++) {
		threads[i] = g_thread_new("visit", visit_some, r);
	}
	g_mutex_lock(&r->lock);
	while (r->threads > 0) {
		int64_t until = g_get_monotonic_time() + RENEW_S * G_TIME_SPAN_SECOND;
		if (!g_cond_wait_until(&r->ended, &r->lock, until) && held) {
			g_mutex_unlock(&r->lock);
			held = hk_job_renew(flow, job, error);
			g_mutex_lock(&r->lock);
			r->next = held ? r->next : r->plan->len;
		}
	}
	g_mutex_unlock(&r->lock);
	for (guint i = 0; i < count; i++) {
		g_thread_join(threads[i]);
	}
	return held;
}

/* ---- writing down ---- */

/* The row's words for how it went: whole, cut short, or nothing at all. */
static const char *
how_of(const visit *v)
{
	return !v->capture || v->capture->pages->len == 0 ? "failed"
	       : v->capture->end == HK_CAPTURE_COMPLETE   ? "whole"
							  : "cut";
}

static const char *
why_of(const visit *v)
{
	return v->error ? v->error->message : v->capture ? v->capture->reason : NULL;
}

static void
fill_row(const running *r, guint n, hk_capture_row *row)
{
	const hk_variant *variant = &g_array_index(r->plan, hk_variant, n);
	const visit *v = &g_array_index(r->visits, visit, n);
	const hk_capture *c = v->capture;
	const hk_capture_page *page = c && c->pages->len > 0 ? c->pages->pdata[0] : NULL;
	const hk_capture_hop *hop = c && c->hops->len > 0 ? c->hops->pdata[c->hops->len - 1] : NULL;
	const hk_capture_exchange *x =
		hop && hop->exchange != SIZE_MAX ? c->exchanges->pdata[hop->exchange] : NULL;

	*row = (hk_capture_row){.profile = hk_profile_get(variant->profile)->name,
		.referrer = hk_referrer_get(variant->referrer)->name,
		.exit = variant->exit ? variant->exit : "direct",
		.visit = variant->visit,
		.step = c && c->pages->len > 1 ? "click" : "page",
		.how = how_of(v),
		.why = why_of(v),
		.status = hop ? hop->status : 0,
		.url = c && c->final_url ? c->final_url : r->run.url,
		.title = page ? page->title : NULL,
		.address = x ? x->remote_ip : NULL,
		.certificate = v->has_leaf ? v->leaf : NULL,
		.data = v->data,
		.at_ms = c ? c->start_wall_ms : r->started_ms,
		.took_ms = c ? c->duration_ms : 0};
}

/* The picture that stands for the case: of the first visit that has one. */
static const uint8_t *
picture_of(const running *r)
{
	for (guint n = 0; n < r->visits->len; n++) {
		const visit *v = &g_array_index(r->visits, visit, n);
		for (guint i = 0; i < v->files->len; i++) {
			const kept *file = &g_array_index(v->files, kept, i);
			if (strcmp(file->kind, "viewport") == 0) {
				return file->sha256;
			}
		}
	}
	return NULL;
}

static char *
manifest_of(const running *r)
{
	guint count = r->visits->len;
	g_autofree hk_manifest_variant *variants = g_new0(hk_manifest_variant, count);
	g_autoptr(GPtrArray) lists = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *product = r->kit->browser ? hk_browser_product(r->kit->browser) : NULL;

	for (guint n = 0; n < count; n++) {
		const visit *v = &g_array_index(r->visits, visit, n);
		hk_manifest_artefact *list = g_new0(hk_manifest_artefact, v->files->len + 1);
		hk_capture_row row;
		g_ptr_array_add(lists, list);
		for (guint i = 0; i < v->files->len; i++) {
			const kept *file = &g_array_index(v->files, kept, i);
			list[i] = (hk_manifest_artefact){.kind = file->kind,
				.name = file->name,
				.type = file->type,
				.bytes = file->bytes};
			memcpy(list[i].sha256, file->sha256, sizeof list[i].sha256);
		}
		fill_row(r, n, &row);
		variants[n] = (hk_manifest_variant){.profile = row.profile,
			.referrer = row.referrer,
			.exit = row.exit,
			.visit = (int)row.visit,
			.end = v->capture ? hk_capture_end_code(v->capture->end) : "none",
			.final_url = row.url,
			.address = row.address,
			.start_ms = row.at_ms,
			.took_ms = row.took_ms,
			.artefacts = list,
			.artefact_count = v->files->len};
	}
	const hk_manifest m = {.case_id = r->run.case_id,
		.run_id = r->run.id,
		.url = r->run.url,
		.plan = r->run.plan,
		.operator_name = r->run.asked,
		.browser = product,
		.started_ms = r->started_ms,
		.done_ms = hk_clock_wall_ms(),
		.variants = variants,
		.variant_count = count};
	return hk_manifest_write(&m);
}

typedef struct saving {
	const hk_evidence *evidence;
	const hk_job *job;
} saving;

static bool
save(hk_flow *flow, void *user, GError **error)
{
	const saving *s = user;

	return hk_evidence_save(flow, s->evidence, error) && hk_job_done(flow, s->job, error);
}

static const hk_who program = {.login = "auto", .via = "work", .address = ""};

static bool
finish(running *r, hk_flow *flow, const hk_job *job, hk_evidence *e, GError **error)
{
	guint count = r->visits->len;
	g_autofree hk_evidence_variant *variants = g_new0(hk_evidence_variant, count);
	g_autoptr(GArray) pivots = g_array_new(FALSE, FALSE, sizeof(hk_evidence_pivot));
	g_autoptr(GPtrArray) lists = g_ptr_array_new_with_free_func(g_free);
	saving s = {e, job};

	for (guint n = 0; n < count; n++) {
		const visit *v = &g_array_index(r->visits, visit, n);
		hk_artefact_row *list = g_new0(hk_artefact_row, v->files->len + 1);
		g_ptr_array_add(lists, list);
		for (guint i = 0; i < v->files->len; i++) {
			const kept *file = &g_array_index(v->files, kept, i);
			list[i] = (hk_artefact_row){.kind = file->kind,
				.name = file->name,
				.type = file->type,
				.bytes = file->bytes};
			memcpy(list[i].sha256, file->sha256, sizeof list[i].sha256);
		}
		fill_row(r, n, &variants[n].capture);
		variants[n].artefacts = list;
		variants[n].artefact_count = v->files->len;
	}
	for (guint n = 0; n < count; n++) {
		const GPtrArray *list = g_array_index(r->visits, visit, n).pivots;
		for (guint k = 0; list && k < list->len; k++) {
			const hk_traits_pivot *found = list->pdata[k];
			hk_evidence_pivot pivot = {found->kind, found->key};
			g_array_append_val(pivots, pivot);
		}
	}
	e->variants = variants;
	e->variant_count = count;
	e->pivots = (const hk_evidence_pivot *)(const void *)pivots->data;
	e->pivot_count = pivots->len;
	e->picture = picture_of(r);
	return hk_flow_do(flow, &program, save, &s, error);
}

/* "device,referrer" as a JSON list. */
static void
write_dimensions(unsigned dimensions, GString *out)
{
	g_autofree char *text = hk_cloak_dimensions_text(dimensions);

	hk_jsonw_open(out, '[');
	for (char *at = text, *end; *at; at = end) {
		end = at + strcspn(at, ",");
		hk_jsonw_text(out, hk_span_of(at, (size_t)(end - at)));
		end += *end == ',';
	}
	hk_jsonw_close(out, ']');
}

static bool
compare_and_finish(running *r, hk_flow *flow, const hk_job *job, GError **error)
{
	g_autofree const hk_capture **captures = g_new0(const hk_capture *, r->visits->len + 1);
	g_autoptr(GString) dimensions = g_string_new(NULL);
	g_autoptr(GString) diff = g_string_new(NULL);
	g_autofree char *manifest = manifest_of(r);
	uint8_t hash[HK_SHA256_SIZE];
	size_t count = 0;
	hk_cloak cloak;

	for (guint n = 0; n < r->visits->len; n++) {
		const visit *v = &g_array_index(r->visits, visit, n);
		if (v->capture) {
			captures[count++] = v->capture;
		}
	}
	if (!hk_blobs_put(r->kit->blobs, hk_span_str(manifest), hash, error)) {
		return false;
	}
	hk_cloak_judge(captures, count, &cloak);
	write_dimensions(cloak.dimensions, dimensions);
	hk_cloak_json(&cloak, diff);
	hk_evidence e = {.run_id = r->run.id,
		.verdict = hk_cloak_verdict_code(cloak.verdict),
		.dimensions = dimensions->str,
		.diff = diff->str,
		.manifest = hash};
	bool good = finish(r, flow, job, &e, error);
	hk_cloak_clear(&cloak);
	return good;
}

/* No more attempts, or one would not help: the run says why, and people see it on the case. */
static bool
give_up(hk_flow *flow, const hk_run_row *run, const hk_job *job, const char *why, GError **error)
{
	hk_evidence e = {.run_id = run->id, .why = why};
	saving s = {&e, job};

	return hk_flow_do(flow, &program, save, &s, error);
}

static bool
only_done(hk_flow *flow, void *user, GError **error)
{
	return hk_job_done(flow, user, error);
}

static bool
prepare(running *r, hk_flow *flow, GError **error)
{
	g_auto(hk_case_row) row = {0};
	hk_plan_size size;

	if (!hk_cases_get(hk_flow_db(flow), r->run.case_id, &row, error) ||
		!hk_plan_size_find(r->run.plan, &size, error)) {
		return false;
	}
	r->case_text = g_strdup_printf("%" G_GINT64_FORMAT, r->run.case_id);
	r->plan = hk_plan_new(row.kind, size, (const char *const *)r->kit->exits, RUN_VISITS_MAX);
	r->visits = g_array_new(FALSE, TRUE, sizeof(visit));
	g_array_set_clear_func(r->visits, visit_clear);
	g_array_set_size(r->visits, r->plan->len);
	r->started_ms = hk_clock_wall_ms();
	return true;
}

/* Every visit had no browser to be done with: nothing was seen of the site. */
static const GError *
no_browser(const running *r)
{
	const GError *first = NULL;

	for (guint n = 0; n < r->visits->len; n++) {
		const visit *v = &g_array_index(r->visits, visit, n);
		if (!v->error) {
			return NULL;
		}
		first = first ? first : v->error;
	}
	return first;
}

static bool
do_run(running *r, hk_flow *flow, hk_job *job, GError **error)
{
	if (!prepare(r, flow, error) || !browser_of(r->kit, error) ||
		!visit_all(r, flow, job, error)) {
		return false;
	}
	if (hk_egress_killed(r->kit->config.egress)) {
		g_autofree char *why = hk_egress_killed_why(r->kit->config.egress);
		return hk_error_set(error, HK_EAGAIN, "%s", why);
	}
	const GError *none = no_browser(r);
	if (none) {
		g_propagate_error(error, g_error_copy(none));
		return false;
	}
	for (guint n = 0; n < r->visits->len; n++) {
		const visit *v = &g_array_index(r->visits, visit, n);
		if (v->lost) {
			g_propagate_error(error, g_error_copy(v->lost));
			return false;
		}
	}
	return compare_and_finish(r, flow, job, error);
}

/* Errors after which the same run may work: as in role/work. Everything else is said at once. */
static bool
may_pass(hk_err code)
{
	return code == HK_EAGAIN || code == HK_EIO || code == HK_EFULL || code == HK_EREMOTE ||
	       code == HK_ENOMEM || code == HK_EINTERNAL;
}

bool
hk_capture_run(hk_flow *flow, const hk_job *job, void *user, GError **error)
{
	/* The worker's own: its lease is renewed here. */
	hk_job *mine = (hk_job *)(uintptr_t)job;
	const hk_stage *stage = hk_stage_find(job->stage);
	g_autoptr(GError) why = NULL;
	running r = {.kit = user};
	uint64_t id;

	if (hk_parse_u64(hk_span_str(job->key), INT64_MAX, &id) != HK_OK) {
		return hk_error_set(
			error, HK_EFORM, "the job's key is no number of a run: %s", job->key);
	}
	g_mutex_init(&r.lock);
	g_cond_init(&r.ended);
	bool good = hk_runs_get(hk_flow_db(flow), (int64_t)id, &r.run, error);
	if (good && is_over(&r.run)) {
		good = hk_flow_do(flow, &program, only_done, mine, error);
	} else if (good && !do_run(&r, flow, mine, &why)) {
		hk_err code = hk_error_code(why);
		hk_flow_rollback(flow);
		/* What the kill switch cut says nothing of the site: it is done when the switch is off again. */
		if (code == HK_EINCONSISTENT || hk_egress_killed(r.kit->config.egress) ||
			(may_pass(code) && stage && job->attempts < stage->attempts)) {
			g_propagate_error(error, g_steal_pointer(&why));
			good = false;
		} else {
			good = give_up(flow, &r.run, mine, why->message, error);
		}
	}
	running_clear(&r);
	return good;
}
