/* nocheck: tested in tests/scenario/hops.t */
#include "role/hops.h"

#include <string.h>

#include "casework/names.h"
#include "flow/wave.h"
#include "parse/url.h"
#include "role/looknet.h"
#include "score/page.h"
#include "sys/clock.h"
#include "sys/formtokens.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"
#include "sys/log.h"
#include "sys/stop.h"
#include "sys/uts46.h"

enum { STEP_MS = 50, LINK_MS = 3 * HK_HOPS_REQUEST_MS };

struct hk_hops {
	hk_egress *egress; /* borrowed */
	hk_fetch *fetch;
	GPtrArray *headers; /* NULL at the end */
	const hk_sites *sites;
	char *exit;
	unsigned in_flight;
	GHashTable *walks; /* number of the link (in the walk) -> walk, owned */
};

/* A link that is being followed. */
typedef struct walk {
	hk_hops *hops;
	int64_t id, started_ms, asked_ms; /* monotonic; wall */
	hk_url url;                       /* that is asked now, and then the landing */
	hk_site site;                     /* of the landing */
	hk_fetch_method method;
	GHashTable *seen; /* URLs, owned */
	GString *told;    /* JSON array of hops, not closed */
	unsigned steps;
	GBytes *page; /* of a shortener, to be read; else NULL */
	char *type;   /* its Content-Type line, or NULL */
	hk_fetch_call *call;
	const char *act; /* of LINK; NULL: not over */
	char *why;
	bool ours; /* over, but nobody was asked: our own doing */
} walk;

static const hk_who program = {.login = "auto", .via = "work", .address = ""};

static void
walk_free(void *data)
{
	walk *w = data;

	if (w->call) {
		hk_fetch_cancel(w->call);
	}
	g_hash_table_unref(w->seen);
	g_string_free(w->told, TRUE);
	g_clear_pointer(&w->page, g_bytes_unref);
	g_free(w->type);
	g_free(w->why);
	g_free(w);
}

hk_hops *
hk_hops_new(const hk_hops_config *config, GError **error)
{
	const hk_fetch_config fetching = {.egress = config->egress};
	hk_fetch *fetch = hk_fetch_new(&fetching, error);

	if (!fetch) {
		return NULL;
	}
	hk_form_warm();
	hk_hops *h = g_new0(hk_hops, 1);
	h->fetch = fetch;
	h->egress = config->egress ? config->egress : hk_egress_house();
	h->headers = hk_looknet_telephone();
	h->sites = config->sites;
	h->exit = g_strdup(config->exit);
	h->in_flight = config->in_flight;
	h->walks = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, walk_free);
	return h;
}

void
hk_hops_free(hk_hops *h)
{
	if (h) {
		g_hash_table_unref(h->walks);
		hk_fetch_free(h->fetch);
		g_ptr_array_unref(h->headers);
		g_free(h->exit);
		g_free(h);
	}
}

/* ---- One link ---- */

static void
over(walk *w, const char *act, const char *why)
{
	w->act = act;
	w->why = g_strdup(why);
}

static void
keep_hop(walk *w, int status)
{
	hk_jsonw_open(w->told, '{');
	hk_jsonw_member_str(w->told, "url", w->url.text);
	hk_jsonw_member_int(w->told, "status", status);
	hk_jsonw_member_int(w->told, "at", w->asked_ms);
	hk_jsonw_close(w->told, '}');
}

static void on_answer(void *user, hk_fetch_call *call, const hk_fetch_answer *answer);

static void
ask(walk *w, hk_fetch_method method)
{
	int64_t left = w->started_ms + LINK_MS - hk_clock_mono_ms();
	const hk_fetch_request request = {.method = method,
		.url = w->url.text,
		.who = {.purpose = "c2-link", .requester = "hops", .exit = w->hops->exit},
		.headers = (const char *const *)w->hops->headers->pdata,
		.max_bytes = HK_HOPS_BODY_MAX,
		.timeout_ms = (unsigned)CLAMP(left, 1, HK_HOPS_REQUEST_MS),
		.connect_ms = (unsigned)CLAMP(left, 1, HK_HOPS_REQUEST_MS)};
	g_autoptr(GError) error = NULL;

	w->method = method;
	w->asked_ms = hk_clock_wall_ms();
	if (left <= 0) {
		over(w, "lose", "no answer in time");
		return;
	}
	w->call = hk_fetch_start(w->hops->fetch, &request, on_answer, w, &error);
	if (!w->call) {
		over(w, "lose", error->message);
	}
}

/* An address that nobody outside could go to: of this machine, of a local network, or none at all. */
static bool
is_nowhere(const walk *w)
{
	static const hk_egress_reason nowhere[] = {
		HK_EGRESS_HOST, HK_EGRESS_SPELLING, HK_EGRESS_LOCAL_NAME, HK_EGRESS_ADDRESS};
	const hk_egress_who who = {.purpose = "c2-link", .requester = "hops"};
	hk_egress_reason reason =
		hk_egress_check_target(w->hops->egress, &who, "https", w->url.host, 443, NULL);

	for (size_t i = 0; i < G_N_ELEMENTS(nowhere); i++) {
		if (reason == nowhere[i]) {
			return true;
		}
	}
	return false;
}

static const struct {
	const char *host, *path, *name;
} warnings[] = {
#define WARNING(host, path, name) {host, path, name},
#include "role/warnings.def"
#undef WARNING
};

/* The value of a parameter, decoded; NULL: there is none. Caller frees. */
static char *
value_of(const char *query, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = query; at; at = strchr(at, '&')) {
		at += *at == '&' || *at == '?';
		if (strncmp(at, name, len) != 0 || at[len] != '=') {
			continue;
		}
		GString *out = g_string_new(NULL);
		const char *p = at + len + 1;
		for (const char *end = p + strcspn(p, "&#"); p < end; p++) {
			bool coded = *p == '%' && g_ascii_isxdigit(p[1]) && g_ascii_isxdigit(p[2]);
			int code =
				coded ? g_ascii_xdigit_value(p[1]) * 16 + g_ascii_xdigit_value(p[2])
				      : 0;
			g_string_append_c(out, code > 0x20 ? (char)code : *p);
			p += code > 0x20 ? 2 : 0;
		}
		return g_string_free(out, FALSE);
	}
	return NULL;
}

/* Where the page leads that the shortener shows instead of its link; NULL: it is no such page. Caller frees. */
static char *
warned_of(const hk_url *url)
{
	const char *path = url->text + url->path;
	size_t len = strcspn(path, "?");

	for (size_t i = 0; i < G_N_ELEMENTS(warnings); i++) {
		if (strcmp(url->host, warnings[i].host) == 0 && path[len] == '?' &&
			len == strlen(warnings[i].path) &&
			memcmp(path, warnings[i].path, len) == 0) {
			return value_of(path + len, warnings[i].name);
		}
	}
	return NULL;
}

/* Where the shortener says that it leads. Another shortener is asked in its turn; whoever is none is not asked. */
static void
go_on(walk *w, const char *to)
{
	g_autofree hk_url *next = g_new(hk_url, 1);
	g_autofree char *warned = NULL;
	bool good = hk_url_join(&w->url, hk_span_str(to), hk_uts46_to_ascii, NULL, next) == HK_OK;

	warned = good ? warned_of(next) : NULL;
	if (!good || (warned && hk_url_parse(hk_span_str(warned), hk_uts46_to_ascii, NULL, next) !=
					HK_OK)) {
		over(w, "die", "it leads to what is no web address");
		return;
	}
	w->url = *next;
	hk_sites_look(w->hops->sites, w->url.host, w->url.is_ip, &w->site);
	if (!w->site.shortener) {
		bool nowhere = is_nowhere(w);
		over(w, nowhere ? "die" : "lead", nowhere ? "it leads to no public address" : NULL);
		return;
	}
	if (!g_hash_table_add(w->seen, g_strdup(w->url.text))) {
		over(w, "die", "its short links lead in a circle");
		return;
	}
	if (++w->steps > HK_HOPS_MAX) {
		over(w, "die", "too many short links one after the other");
		return;
	}
	ask(w, HK_FETCH_HEAD);
}

static bool
leads_on(const hk_fetch_hop *hop)
{
	return hop->status >= 300 && hop->status < 400 && hop->status != 304 && hop->location;
}

static bool
is_gone(int status)
{
	return status == 404 || status == 410;
}

static void
no_answer(walk *w, const hk_fetch_answer *answer, const hk_fetch_hop *hop)
{
	hk_egress_reason refused = hop ? hop->refused : HK_EGRESS_OK;

	w->ours = refused == HK_EGRESS_KILLED || refused == HK_EGRESS_LIMIT;
	/* Some hang up on a HEAD. */
	if (w->method == HK_FETCH_HEAD && refused == HK_EGRESS_OK) {
		ask(w, HK_FETCH_GET);
		return;
	}
	keep_hop(w, 0);
	over(w, "lose", answer->error ? answer->error->message : "no answer");
}

static void
on_answer(void *user, hk_fetch_call *call, const hk_fetch_answer *answer)
{
	walk *w = user;
	const hk_fetch_hop *hop = answer->count > 0 ? &answer->hops[answer->count - 1] : NULL;

	(void)call;
	w->call = NULL;
	if (!hop || hop->status == 0) {
		no_answer(w, answer, hop);
		return;
	}
	if (w->method == HK_FETCH_HEAD && !leads_on(hop) && !is_gone(hop->status)) {
		ask(w, HK_FETCH_GET);
		return;
	}
	keep_hop(w, hop->status);
	if (leads_on(hop)) {
		go_on(w, hop->location);
	} else if (is_gone(hop->status)) {
		over(w, "die", "the shortener does not know it (any more)");
	} else if (hop->status >= 200 && hop->status < 300) {
		w->page = g_bytes_new(answer->body.data, answer->body.len);
		w->type = hk_fetch_header(hop->head, "Content-Type");
	} else {
		g_autofree char *why = g_strdup_printf("the shortener answers %d", hop->status);
		over(w, "lose", why);
	}
}

static void
begin(hk_hops *h, int64_t id, const char *url)
{
	walk *w = g_new0(walk, 1);

	w->hops = h;
	w->id = id;
	w->started_ms = hk_clock_mono_ms();
	w->seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	w->told = g_string_new(NULL);
	hk_jsonw_open(w->told, '[');
	g_hash_table_insert(h->walks, &w->id, w);
	if (hk_url_parse(hk_span_str(url), hk_uts46_to_ascii, NULL, &w->url) != HK_OK) {
		over(w, "die", "it is no web address");
		return;
	}
	/* A host that was taken out of the list of shorteners meanwhile is not asked either. */
	hk_sites_look(h->sites, w->url.host, w->url.is_ip, &w->site);
	if (!w->site.shortener) {
		over(w, "lead", NULL);
		return;
	}
	g_hash_table_add(w->seen, g_strdup(w->url.text));
	w->steps = 1;
	ask(w, HK_FETCH_HEAD);
}

/* ---- Pages of shorteners ---- */

static void
take_page(walk *w, const hk_page_sketch *sketch)
{
	/* Of many links none is the one. */
	if (sketch->follow && sketch->has & (HK_PAGE_HAS_REFRESH | HK_PAGE_HAS_LONE)) {
		go_on(w, sketch->follow);
	} else {
		over(w, "die", "the shortener shows a page that leads nowhere");
	}
}

static void
read_pages(hk_hops *h)
{
	g_autoptr(GError) error = NULL;
	g_autofree hk_page_answer *answers = g_new0(hk_page_answer, HK_PAGE_BATCH_MAX);
	g_autoptr(GPtrArray) list = g_ptr_array_new();
	GHashTableIter iter;
	void *value;

	g_hash_table_iter_init(&iter, h->walks);
	while (list->len < HK_PAGE_BATCH_MAX && g_hash_table_iter_next(&iter, NULL, &value)) {
		walk *w = value;
		if (!w->page) {
			continue;
		}
		answers[list->len] = (hk_page_answer){.host = w->url.host,
			.url = w->url.text,
			.status = 200,
			.type = w->type,
			.body = hk_span_of(
				g_bytes_get_data(w->page, NULL), g_bytes_get_size(w->page)),
			.name_score = -1};
		g_ptr_array_add(list, w);
	}
	if (list->len == 0) {
		return;
	}
	g_autoptr(GPtrArray) sketches = hk_page_read(answers, list->len, &error);
	for (unsigned i = 0; i < list->len; i++) {
		walk *w = list->pdata[i];
		g_clear_pointer(&w->page, g_bytes_unref);
		if (sketches) {
			take_page(w, sketches->pdata[i]);
		} else {
			over(w, "lose", error->message);
		}
	}
}

/* ---- Storing ---- */

static bool
store_in(hk_flow *flow, void *user, GError **error)
{
	walk *w = user;
	hk_db *db = hk_flow_db(flow);
	g_autoptr(hk_names) names = NULL;

	if (w->ours) {
		return hk_link_later(db, w->id, hk_flow_now(flow) + HK_HOPS_LATER_MS, error);
	}
	bool leads = strcmp(w->act, "lead") == 0;
	names = leads ? hk_names_load(db, error) : NULL;
	if (leads && !names) {
		return false;
	}
	g_autoptr(GString) told = g_string_new(w->told->str);
	hk_jsonw_close(told, ']');
	hk_wave_led led = {.link_id = w->id, .act = w->act, .hops = told->str, .why = w->why};
	if (leads) {
		led.landing = (hk_wave_link){.url = w->url.text,
			.host = w->url.host,
			.site = w->site,
			.official = hk_names_is_official(names, w->url.host)};
	}
	return hk_wave_led_to(flow, &led, error);
}

static bool
put_off(hk_flow *flow, void *user, GError **error)
{
	const walk *w = user;

	return hk_link_later(hk_flow_db(flow), w->id, hk_flow_now(flow) + HK_HOPS_LATER_MS, error);
}

/* What one link cannot do must not stop the others; that the database is away stops all. */
static bool
store(hk_hops *h, hk_flow *flow, walk *w, GError **error)
{
	static const hk_err away[] = {HK_EAGAIN, HK_EIO, HK_EFULL, HK_EREMOTE};
	g_autoptr(GError) why = NULL;

	(void)h;
	if (hk_flow_do(flow, &program, store_in, w, &why)) {
		hk_log(HK_EVENT_HOPS_LED, HK_F_INT("link", w->id), HK_F_STR("act", w->act),
			HK_F_INT("steps", w->steps),
			HK_F_INT("ms", hk_clock_mono_ms() - w->started_ms),
			HK_F_STR("reason", w->why ? w->why : ""));
		return true;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(away); i++) {
		if (hk_error_code(why) == away[i]) {
			g_propagate_error(error, g_steal_pointer(&why));
			return false;
		}
	}
	hk_log(HK_EVENT_HOPS_FAILED, HK_F_INT("link", w->id), HK_F_STR("reason", why->message));
	return hk_flow_do(flow, &program, put_off, w, error);
}

static bool
store_all(hk_hops *h, hk_flow *flow, GError **error)
{
	GHashTableIter iter;
	void *value;

	g_hash_table_iter_init(&iter, h->walks);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		walk *w = value;
		if (!w->act) {
			continue;
		}
		if (!store(h, flow, w, error)) {
			return false;
		}
		g_hash_table_iter_remove(&iter);
	}
	return true;
}

/* ---- A turn ---- */

/* Links that are due and not under way. */
static bool
join(hk_hops *h, hk_flow *flow, GError **error)
{
	g_autoptr(GArray) due = NULL;
	unsigned busy = g_hash_table_size(h->walks);

	if (!hk_links_due(hk_flow_db(flow), hk_clock_wall_ms(), h->in_flight + busy, &due, error)) {
		return false;
	}
	for (unsigned i = 0; i < due->len && g_hash_table_size(h->walks) < h->in_flight; i++) {
		int64_t id = g_array_index(due, int64_t, i);
		g_auto(hk_link_row) row = {0};
		if (g_hash_table_contains(h->walks, &id)) {
			continue;
		}
		if (!hk_link_get(hk_flow_db(flow), id, &row, error)) {
			return false;
		}
		begin(h, id, row.url);
	}
	return true;
}

static bool
turn(hk_hops *h, hk_flow *flow, GError **error)
{
	int64_t until = hk_clock_mono_ms() + HK_HOPS_TURN_MS, poll = 0;

	while (!hk_stop_asked()) {
		int64_t now = hk_clock_mono_ms();
		if (now >= poll && now < until) {
			poll = now + HK_HOPS_POLL_MS;
			if (!join(h, flow, error)) {
				return false;
			}
		}
		read_pages(h);
		if (!store_all(h, flow, error)) {
			return false;
		}
		if (g_hash_table_size(h->walks) == 0) {
			break;
		}
		hk_fetch_step(h->fetch, STEP_MS, hk_stop_fd());
	}
	return true;
}

static bool
end_in(hk_flow *flow, void *user, GError **error)
{
	int64_t now_ms = hk_flow_now(flow), next_ms;

	if (!hk_links_next(hk_flow_db(flow), &next_ms, error)) {
		return false;
	}
	return hk_job_again(flow, user,
		next_ms == 0 ? now_ms + HK_HOPS_IDLE_MS
			     : CLAMP(next_ms, now_ms, now_ms + HK_HOPS_IDLE_MS),
		error);
}

bool
hk_hops_run(hk_flow *flow, const hk_job *job, void *hops, GError **error)
{
	hk_hops *h = hops;
	hk_job mine = *job; /* borrowed */
	bool good = turn(h, flow, error);

	/* What is still under way is asked again in the next turn. */
	g_hash_table_remove_all(h->walks);
	return good && hk_flow_do(flow, &program, end_in, &mine, error);
}
