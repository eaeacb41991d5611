/* nocheck: tested in tests/scenario/monitor.t and tests/unit/monitor/test_lives.c */
#include "role/visit.h"

#include <string.h>

#include "evidence/plan.h"
#include "parse/url.h"
#include "role/looknet.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/hash.h"
#include "sys/uts46.h"

enum { TITLE_MAX = 1000 };

/* The browser that Chrome's visitors say they are; every visitor of a day says the same. */
static const char product[] = "Chrome/156.0";

struct hk_visitnet {
	hk_fetch *fetch;
	char *who;
	unsigned timeout_ms;
	hk_visitnet_done done;
	void *user;
	GPtrArray *headers[HK_WATCHERS]; /* NULL at the end */
	GHashTable *busy;                /* of hk_outing, owned */
};

/* ---- One outing ---- */

hk_outing *
hk_outing_new(const char *url, const char *host, hk_watcher watcher, const char *exit)
{
	hk_outing *o = g_new0(hk_outing, 1);

	o->watcher = watcher;
	o->exit = g_strdup(exit);
	o->host = g_strdup(host);
	o->url = url ? g_strdup(url) : g_strdup_printf("https://%s/", host);
	o->may_http = !url;
	o->steps = 1;
	o->body = g_byte_array_new();
	return o;
}

void
hk_outing_free(hk_outing *o)
{
	if (!o) {
		return;
	}
	if (o->call) {
		hk_fetch_cancel(o->call);
	}
	char *const texts[] = {o->exit, o->host, o->url, o->final_url, o->final_host, o->final_path,
		o->address, o->type, o->why};
	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_free(texts[i]);
	}
	g_byte_array_unref(o->body);
	g_free(o);
}

void
hk_outing_page(const hk_outing *o, hk_page_answer *ret)
{
	*ret = (hk_page_answer){.host = o->host,
		.url = o->url,
		.final_url = o->final_url,
		.status = o->status,
		.type = o->type,
		.body = hk_span_of(o->body->data, o->body->len),
		.name_score = -1};
}

void
hk_visit_answer_fill(const hk_page_sketch *s, hk_visit_answer *ret)
{
	g_autofree char *form = hk_form_tokens_text(&s->form);
	const char *title = s->area[HK_PAGE_TITLE];
	g_autofree char *first = g_strndup(title, MIN(strcspn(title, "\n"), TITLE_MAX));

	ret->kind = hk_page_kind_code(hk_page_kind_find(s));
	ret->text = s->area[HK_PAGE_TEXT];
	ret->text_chars = s->text_chars;
	ret->asks = s->form.asks;
	ret->scripted = (s->has & (HK_PAGE_HAS_SCRIPTED | HK_PAGE_HAS_REFRESH)) != 0;
	hk_print_set(&ret->page, first, form, ret->final_host ? ret->final_host : ret->host,
		&s->shingles);
	ret->page.raw = true;
}

void
hk_outing_answer(const hk_outing *o, const hk_page_sketch *sketch, hk_visit_answer *ret)
{
	*ret = (hk_visit_answer){.met = o->met,
		.status = o->status,
		.host = o->host,
		.final_host = o->final_host,
		.final_path = o->final_path,
		.address = o->address};
	if (sketch) {
		hk_visit_answer_fill(sketch, ret);
	}
}

/* ---- What came ---- */

/* What egress's reason says about the site: only that it has no (public) address is its own doing. What is not named was our doing. */
static const struct {
	hk_egress_reason reason;
	hk_met met;
} reasons[] = {
	{HK_EGRESS_OK, HK_MET_SILENCE},
	{HK_EGRESS_CONNECT, HK_MET_SILENCE},
	{HK_EGRESS_UNRESOLVED, HK_MET_NAMELESS},
	{HK_EGRESS_ADDRESS, HK_MET_NAMELESS},
	{HK_EGRESS_MIXED, HK_MET_NAMELESS},
	{HK_EGRESS_DNS, HK_MET_LAME},
};

static hk_met
met_of(const hk_fetch_answer *answer)
{
	const hk_fetch_hop *last = answer->count > 0 ? &answer->hops[answer->count - 1] : NULL;

	if (answer->status != 0) {
		return HK_MET_ANSWER;
	}
	/* The site answered, and led to where nobody is, or may go. */
	if (answer->count > 1) {
		return last->refused == HK_EGRESS_KILLED || last->refused == HK_EGRESS_LIMIT
			       ? HK_MET_OURS
			       : HK_MET_SILENCE;
	}
	for (size_t i = 0; last && i < G_N_ELEMENTS(reasons); i++) {
		if (reasons[i].reason == last->refused) {
			return reasons[i].met;
		}
	}
	return HK_MET_OURS;
}

static void
keep_place(hk_outing *o, const char *url)
{
	g_autofree hk_url *place = g_new(hk_url, 1);

	g_free(o->final_url);
	o->final_url = g_strdup(url);
	g_clear_pointer(&o->final_host, g_free);
	g_clear_pointer(&o->final_path, g_free);
	if (hk_url_parse(hk_span_str(url), hk_uts46_to_ascii, NULL, place) == HK_OK) {
		o->final_host = g_strdup(place->host);
		o->final_path = g_ascii_strdown(place->text + place->path, -1);
	}
}

static uint64_t
print_of(const hk_outing *o)
{
	g_autofree char *head = g_strdup_printf("%d %s\n", o->status, o->final_url);
	g_autoptr(GByteArray) all = g_byte_array_new();
	uint8_t hash[32];
	uint64_t ret = 0;

	g_byte_array_append(all, (const uint8_t *)head, (unsigned)strlen(head));
	g_byte_array_append(all, o->body->data, o->body->len);
	hk_sha256(hk_span_of(all->data, all->len), hash);
	for (size_t i = 0; i < sizeof ret; i++) {
		ret = ret << 8 | hash[i];
	}
	return ret;
}

static void
keep_leaf(hk_outing *o, const hk_fetch_hop *hop)
{
	gsize len;

	memset(o->leaf, 0, sizeof o->leaf);
	if (hop->certs && hop->certs->len > 0) {
		const void *data = g_bytes_get_data(hop->certs->pdata[0], &len);
		hk_sha256(hk_span_of(data, len), o->leaf);
	}
}

static void
keep(hk_outing *o, const hk_fetch_answer *answer)
{
	const hk_fetch_hop *last = answer->count > 0 ? &answer->hops[answer->count - 1] : NULL;

	o->ms += answer->ms;
	/* A later step that fails leaves what the earlier ones brought, and is the last one. */
	if (o->steps > 1 && answer->status == 0) {
		o->steps = HK_OUTING_STEPS;
		return;
	}
	o->met = met_of(answer);
	o->status = answer->status;
	g_free(o->why);
	o->why = answer->error ? g_strdup(answer->error->message) : NULL;
	if (answer->status == 0 || !last) {
		return;
	}
	keep_place(o, last->url);
	keep_leaf(o, last);
	g_free(o->address);
	o->address = g_strdup(last->address);
	g_free(o->type);
	o->type = hk_fetch_header(last->head, "Content-Type");
	g_byte_array_set_size(o->body, 0);
	g_byte_array_append(o->body, answer->body.data, (unsigned)answer->body.len);
	o->print = print_of(o);
}

static bool ask(hk_visitnet *net, hk_outing *outing, GError **error);

static void
on_answer(void *user, hk_fetch_call *call, const hk_fetch_answer *answer)
{
	hk_outing *o = user;
	hk_visitnet *net = o->net;

	(void)call;
	o->call = NULL;
	if (o->may_http && hk_looknet_wants_http(answer)) {
		g_free(o->url);
		o->url = g_strdup_printf("http://%s/", o->host);
		o->may_http = false;
		if (ask(net, o, NULL)) {
			return;
		}
	}
	keep(o, answer);
	g_hash_table_steal(net->busy, o);
	net->done(net->user, o);
}

static bool
ask(hk_visitnet *net, hk_outing *o, GError **error)
{
	const hk_fetch_request request = {.method = HK_FETCH_GET,
		.url = o->url,
		.who = {.purpose = "monitor", .requester = net->who, .exit = o->exit},
		.headers = (const char *const *)net->headers[o->watcher]->pdata,
		.max_bytes = HK_PAGE_BODY_MAX,
		.max_hops = HK_OUTING_HOPS,
		.timeout_ms = net->timeout_ms,
		.connect_ms = MAX(net->timeout_ms / 2, 1)};

	o->call = hk_fetch_start(net->fetch, &request, on_answer, o, error);
	return o->call != NULL;
}

/* ---- All of them ---- */

/* What such a browser sends with an address that somebody pressed in a message, or found. */
static GPtrArray *
headers_of(hk_watcher watcher)
{
	const hk_watcher_row *w = hk_watcher_get(watcher);
	g_autofree char *spec = g_strconcat(w->profile, "/", w->referrer, NULL);
	GPtrArray *list = g_ptr_array_new_with_free_func(g_free);
	hk_variant v;

	if (!hk_plan_parse(spec, &v, NULL)) {
		HK_BUG("variants.def names a profile or referrer that there is not");
	}
	const hk_profile_row *profile = hk_profile_get(v.profile);
	const char *from = hk_referrer_get(v.referrer)->url;
	g_autofree char *agent = hk_profile_agent(v.profile, product);
	if (profile->hints) {
		unsigned major = hk_profile_major(product);
		g_ptr_array_add(list, g_strdup_printf("sec-ch-ua: \"Chromium\";v=\"%u\", "
						      "\"Google Chrome\";v=\"%u\", "
						      "\"Not.A/Brand\";v=\"24\"",
					      major, major));
		g_ptr_array_add(list, g_strdup_printf("sec-ch-ua-mobile: ?%d", profile->mobile));
		g_ptr_array_add(list,
			g_strdup_printf("sec-ch-ua-platform: \"%s\"", profile->hint_platform));
		g_ptr_array_add(list, g_strdup("Upgrade-Insecure-Requests: 1"));
	}
	g_ptr_array_add(list, g_strconcat("User-Agent: ", agent, NULL));
	g_ptr_array_add(list, g_strdup("Accept: text/html,application/xhtml+xml,application/xml;"
				       "q=0.9,*/*;q=0.8"));
	g_ptr_array_add(list, g_strconcat("Sec-Fetch-Site: ", *from ? "cross-site" : "none", NULL));
	g_ptr_array_add(list, g_strdup("Sec-Fetch-Mode: navigate"));
	g_ptr_array_add(list, g_strdup("Sec-Fetch-Dest: document"));
	if (*from) {
		g_ptr_array_add(list, g_strconcat("Referer: ", from, NULL));
	}
	g_ptr_array_add(list,
		g_strdup(profile->hints ? "Accept-Language: ja-JP,ja;q=0.9,en-US;q=0.8,en;q=0.7"
					: "Accept-Language: ja"));
	g_ptr_array_add(list, NULL);
	return list;
}

static void
free_outing(gpointer outing)
{
	hk_outing_free(outing);
}

hk_visitnet *
hk_visitnet_new(hk_egress *egress, const char *who, unsigned timeout_ms, hk_visitnet_done done,
	void *user, GError **error)
{
	const hk_fetch_config fetching = {.egress = egress};
	hk_fetch *fetch = hk_fetch_new(&fetching, error);

	if (!fetch) {
		return NULL;
	}
	hk_visitnet *net = g_new0(hk_visitnet, 1);
	net->fetch = fetch;
	net->who = g_strdup(who);
	net->timeout_ms = timeout_ms;
	net->done = done;
	net->user = user;
	for (int i = 0; i < HK_WATCHERS; i++) {
		net->headers[i] = headers_of((hk_watcher)i);
	}
	net->busy = g_hash_table_new_full(NULL, NULL, free_outing, NULL);
	return net;
}

void
hk_visitnet_free(hk_visitnet *net)
{
	if (net) {
		g_hash_table_unref(net->busy);
		hk_fetch_free(net->fetch);
		for (int i = 0; i < HK_WATCHERS; i++) {
			g_ptr_array_unref(net->headers[i]);
		}
		g_free(net->who);
		g_free(net);
	}
}

bool
hk_visitnet_start(hk_visitnet *net, hk_outing *outing, GError **error)
{
	outing->net = net;
	g_hash_table_add(net->busy, outing);
	if (!ask(net, outing, error)) {
		g_hash_table_remove(net->busy, outing);
		return false;
	}
	return true;
}

bool
hk_visitnet_again(hk_visitnet *net, hk_outing *outing, const char *url)
{
	if (outing->steps >= HK_OUTING_STEPS) {
		return false;
	}
	outing->steps++;
	g_free(outing->url);
	outing->url = g_strdup(url);
	outing->may_http = false;
	outing->net = net;
	if (!ask(net, outing, NULL)) {
		return false;
	}
	g_hash_table_add(net->busy, outing);
	return true;
}

void
hk_visitnet_drop(hk_visitnet *net)
{
	g_hash_table_remove_all(net->busy);
}

size_t
hk_visitnet_busy(const hk_visitnet *net)
{
	return g_hash_table_size(net->busy);
}

void
hk_visitnet_step(hk_visitnet *net, int timeout_ms, int wake_fd)
{
	hk_fetch_step(net->fetch, timeout_ms, wake_fd);
}
