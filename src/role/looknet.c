/* nocheck: tested in tests/scenario/looks.t */
#include "role/looknet.h"

#include <string.h>

#include "evidence/plan.h"
#include "parse/url.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/uts46.h"

struct hk_looknet {
	hk_fetch *fetch;
	char *exit, *who;
	unsigned timeout_ms;
	hk_looknet_done done;
	void *user;
	GPtrArray *headers; /* NULL at the end */
	GHashTable *busy;   /* of hk_look, owned */
};

/* --- one look --- */

void
hk_look_free(hk_look *look)
{
	if (!look) {
		return;
	}
	if (look->call) {
		hk_fetch_cancel(look->call);
	}
	hk_look_row_free(look->row);
	g_free(look->host);
	g_free(look->url);
	g_free(look->asked);
	g_free(look->final_url);
	g_free(look->type);
	g_free(look->why);
	g_byte_array_unref(look->body);
	g_ptr_array_unref(look->hops);
	g_free(look);
}

hk_look *
hk_look_new(const char *host, const char *url, hk_look_row *row)
{
	hk_look *look = g_new0(hk_look, 1);

	look->row = row;
	look->host = g_strdup(host);
	look->url = url ? g_strdup(url) : g_strdup_printf("https://%s/", host);
	look->may_http = !url;
	look->steps = 1;
	look->body = g_byte_array_new();
	look->hops = g_ptr_array_new_with_free_func(g_free);
	return look;
}

void
hk_look_answer(const hk_look *look, hk_page_answer *ret)
{
	*ret = (hk_page_answer){.host = look->host,
		.url = look->asked ? look->asked : look->url,
		.final_url = look->final_url,
		.status = look->status,
		.type = look->type,
		.body = hk_span_of(look->body->data, look->body->len),
		.hops = (const char *const *)look->hops->pdata,
		.hop_count = look->hops->len,
		.target = look->row ? look->row->target : NULL,
		.name_score = look->row ? look->row->score : -1};
}

/* --- what came --- */

static void
keep_hops(hk_look *look, const hk_fetch_answer *answer)
{
	g_autofree hk_url *url = g_new(hk_url, 1);

	for (size_t i = 0; i < answer->count; i++) {
		if (hk_url_parse(hk_span_str(answer->hops[i].url), hk_uts46_to_ascii, NULL, url) !=
			HK_OK) {
			continue;
		}
		if (look->hops->len == 0 ||
			strcmp(g_ptr_array_index(look->hops, look->hops->len - 1), url->host) !=
				0) {
			g_ptr_array_add(look->hops, g_strdup(url->host));
		}
	}
}

/* Whether it is our own doing that there is no answer: the site has not been asked. */
static bool
is_ours(const hk_fetch_hop *last)
{
	return last && (last->refused == HK_EGRESS_KILLED || last->refused == HK_EGRESS_LIMIT);
}

static void
keep(hk_look *look, const hk_fetch_answer *answer)
{
	const hk_fetch_hop *last = answer->count > 0 ? &answer->hops[answer->count - 1] : NULL;

	/* A later step that fails leaves what the earlier ones brought, and is the last one. */
	if (look->steps > 1 && answer->status == 0) {
		look->steps = HK_LOOKNET_STEPS;
		return;
	}
	look->status = answer->status;
	look->ours = answer->error && answer->status == 0 && is_ours(last);
	g_free(look->why);
	look->why = answer->error ? g_strdup(answer->error->message) : NULL;
	keep_hops(look, answer);
	if (answer->status == 0) {
		return;
	}
	if (!look->asked) {
		look->asked = g_strdup(look->url);
	}
	g_free(look->final_url);
	look->final_url = g_strdup(last->url);
	g_free(look->type);
	look->type = hk_fetch_header(last->head, "Content-Type");
	g_byte_array_set_size(look->body, 0);
	g_byte_array_append(look->body, answer->body.data, (unsigned)answer->body.len);
}

bool
hk_looknet_wants_http(const hk_fetch_answer *answer)
{
	const hk_fetch_hop *last = answer->count > 0 ? &answer->hops[answer->count - 1] : NULL;

	return answer->status == 0 && answer->count == 1 && answer->error &&
	       hk_error_code(answer->error) == HK_EREMOTE && last->refused == HK_EGRESS_OK &&
	       !last->certs;
}

static bool ask(hk_looknet *net, hk_look *look, GError **error);

static void
on_answer(void *user, hk_fetch_call *call, const hk_fetch_answer *answer)
{
	hk_look *look = user;
	hk_looknet *net = look->net;

	(void)call;
	look->call = NULL;
	if (look->may_http && hk_looknet_wants_http(answer)) {
		g_free(look->url);
		look->url = g_strdup_printf("http://%s/", look->host);
		look->may_http = false;
		if (ask(net, look, NULL)) {
			return;
		}
	}
	keep(look, answer);
	look->ended_ms = hk_clock_mono_ms();
	g_hash_table_steal(net->busy, look);
	net->done(net->user, look);
}

static bool
ask(hk_looknet *net, hk_look *look, GError **error)
{
	const hk_fetch_request request = {.method = HK_FETCH_GET,
		.url = look->url,
		.who = {.purpose = "look", .requester = net->who, .exit = net->exit},
		.headers = (const char *const *)net->headers->pdata,
		.max_bytes = HK_PAGE_BODY_MAX,
		.max_hops = HK_LOOKNET_HOPS,
		.timeout_ms = net->timeout_ms,
		.connect_ms = MAX(net->timeout_ms / 2, 1)};

	look->call = hk_fetch_start(net->fetch, &request, on_answer, look, error);
	return look->call != NULL;
}

/* --- all of them --- */

/* What Safari on an iPhone sends with the address that somebody typed or pressed in a message. */
GPtrArray *
hk_looknet_telephone(void)
{
	GPtrArray *list = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *agent = hk_profile_agent(HK_PROFILE_IPHONE, "");

	g_ptr_array_add(list, g_strdup("Sec-Fetch-Dest: document"));
	g_ptr_array_add(list, g_strconcat("User-Agent: ", agent, NULL));
	g_ptr_array_add(list, g_strdup("Accept: text/html,application/xhtml+xml,application/xml;"
				       "q=0.9,*/*;q=0.8"));
	g_ptr_array_add(list, g_strdup("Sec-Fetch-Site: none"));
	g_ptr_array_add(list, g_strdup("Sec-Fetch-Mode: navigate"));
	g_ptr_array_add(list, g_strdup("Accept-Language: ja"));
	g_ptr_array_add(list, NULL);
	return list;
}

static void
free_look(gpointer look)
{
	hk_look_free(look);
}

hk_looknet *
hk_looknet_new(const hk_looknet_config *config, hk_looknet_done done, void *user, GError **error)
{
	const hk_fetch_config fetching = {.egress = config->egress};
	hk_fetch *fetch = hk_fetch_new(&fetching, error);

	if (!fetch) {
		return NULL;
	}
	hk_looknet *net = g_new0(hk_looknet, 1);
	net->fetch = fetch;
	net->exit = g_strdup(config->exit);
	net->who = g_strdup(config->who);
	net->timeout_ms = config->timeout_ms;
	net->done = done;
	net->user = user;
	net->headers = hk_looknet_telephone();
	net->busy = g_hash_table_new_full(NULL, NULL, free_look, NULL);
	return net;
}

void
hk_looknet_free(hk_looknet *net)
{
	if (net) {
		g_hash_table_unref(net->busy);
		hk_fetch_free(net->fetch);
		g_ptr_array_unref(net->headers);
		g_free(net->exit);
		g_free(net->who);
		g_free(net);
	}
}

bool
hk_looknet_start(hk_looknet *net, hk_look *look, GError **error)
{
	look->net = net;
	look->started_ms = hk_clock_mono_ms();
	g_hash_table_add(net->busy, look);
	if (!ask(net, look, error)) {
		g_hash_table_remove(net->busy, look);
		return false;
	}
	return true;
}

bool
hk_looknet_again(hk_looknet *net, hk_look *look, const char *url, GError **error)
{
	if (look->steps >= HK_LOOKNET_STEPS) {
		return false;
	}
	look->steps++;
	g_free(look->url);
	look->url = g_strdup(url);
	look->may_http = false;
	look->net = net;
	if (!ask(net, look, error)) {
		return false;
	}
	g_hash_table_add(net->busy, look);
	return true;
}

size_t
hk_looknet_busy(const hk_looknet *net)
{
	return g_hash_table_size(net->busy);
}

void
hk_looknet_step(hk_looknet *net, int timeout_ms, int wake_fd)
{
	hk_fetch_step(net->fetch, timeout_ms, wake_fd);
}
