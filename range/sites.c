#include "sites.h"

#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "cttls.h"
#include "lives.h"
#include "registry.h"
#include "sitedress.h"
#include "sites_int.h"
#include "stranger.h"
#include "sys/gerr.h"

/* A thread each: the silent ones of a look at thousands of strangers sleep side by side. */
enum { CONNECTIONS_MAX = 4000, STACK_BYTES = 256 << 10 };

typedef struct site_row {
	const char *host;
	rg_gate gate;
	rg_page shown, other;
} site_row;

static const site_row sites_table[] = {
#define SITE(host, want, dimensions, gate, shown, other)                                           \
	{host, RG_GATE_##gate, RG_PAGE_##shown, RG_PAGE_##other},
#include "sites.def"
#undef SITE
};

typedef struct front {
	rg_sites *sites;
	struct MHD_Daemon *daemon;
	unsigned number, port;
} front;

struct rg_sites {
	front fronts[RG_FRONTS];
	rg_sites_config config;
	GMutex lock;
	GCond ending;
	rg_states *states;                    /* owned: what the control said */
	rg_dresses *dresses;                  /* owned: sites that it set up */
	gint lives_s, visits;                 /* atomic: the age of all lives; visits of them */
	bool end;                             /* under lock: whoever sleeps wakes up */
	bool used[G_N_ELEMENTS(sites_table)]; /* RG_GATE_ONCE: somebody was there */
};

static const site_row *
find_site(const char *host)
{
	for (size_t i = 0; i < G_N_ELEMENTS(sites_table); i++) {
		if (g_ascii_strcasecmp(sites_table[i].host, host) == 0) {
			return &sites_table[i];
		}
	}
	return NULL;
}

static bool
is_first_of_all(rg_sites *s, const site_row *site)
{
	g_mutex_lock(&s->lock);
	bool *used = &s->used[site - sites_table];
	bool first = !*used;
	*used = true;
	g_mutex_unlock(&s->lock);
	return first;
}

/* Whether the server lets the visitor in; gates that the browser decides do not. first: the first of all visitors; asked for where it counts only. */
static bool
lets_in(rg_gate gate, const rg_visitor *v, bool first)
{
	bool phone = strstr(v->agent, "Mobile") != NULL;

	switch (gate) {
	case RG_GATE_ALL:
		return true;
	case RG_GATE_PHONE:
		return phone;
	case RG_GATE_IPHONE:
		return strstr(v->agent, "iPhone") != NULL;
	case RG_GATE_SEARCH:
		return strstr(v->referrer, "google") != NULL;
	case RG_GATE_NO_REFERRER:
		return *v->referrer == '\0';
	case RG_GATE_HOME:
		return !v->abroad;
	case RG_GATE_FIRST:
		return !v->again;
	case RG_GATE_AGAIN:
		return v->again;
	case RG_GATE_ONCE:
		return first;
	case RG_GATE_PHONE_HOME:
		return phone && !v->abroad;
	case RG_GATE_PHONE_NO_REFERRER:
		return phone && *v->referrer == '\0';
	case RG_GATE_JS_AGENT:
	case RG_GATE_JS_TOUCH:
	case RG_GATE_JS_WIDTH:
	case RG_GATE_JS_PLATFORM:
	case RG_GATE_JS_REFERRER:
	case RG_GATE_JS_STORAGE:
	case RG_GATE_CLICK:
		break;
	}
	return false;
}

static bool
passes(rg_sites *s, const site_row *site, const rg_visitor *v)
{
	bool first = site->gate == RG_GATE_ONCE && is_first_of_all(s, site);

	return lets_in(site->gate, v, first);
}

/* What a script of the page tests; NULL: there is none. */
static const char *
script_test(rg_gate gate)
{
	static const struct {
		rg_gate gate;
		const char *test;
	} tests[] = {{RG_GATE_JS_AGENT, "/iPhone|Android/.test(navigator.userAgent)"},
		{RG_GATE_JS_TOUCH, "navigator.maxTouchPoints>0"},
		{RG_GATE_JS_WIDTH, "screen.width<500"},
		{RG_GATE_JS_PLATFORM, "!/Win|Mac/.test(navigator.platform)"},
		{RG_GATE_JS_REFERRER, "/google/.test(document.referrer)"},
		{RG_GATE_JS_STORAGE, "!localStorage.v&&(localStorage.v=1)"}};

	for (size_t i = 0; i < G_N_ELEMENTS(tests); i++) {
		if (tests[i].gate == gate) {
			return tests[i].test;
		}
	}
	return NULL;
}

static void
answer_small(const char *type, const char *body, rg_answer *ret)
{
	*ret = (rg_answer){
		.status = 200, .header = g_strdup(""), .type = type, .body = g_string_new(body)};
}

/* Goes into the head of a page. Newly allocated; "" where the browser decides nothing. */
static char *
script_of(rg_gate gate)
{
	const char *test = script_test(gate);

	return test ? g_strdup_printf("<script>if(%s)location.replace('/in')</script>", test)
		    : g_strdup("");
}

/* A site that the control has set up. */
static bool
answer_dress(rg_sites *s, const rg_visitor *v, rg_answer *ret)
{
	bool first = strcmp(v->path, "/") == 0;
	rg_dress dress;

	if (!rg_dresses_of(s->dresses, v->host, first, &dress)) {
		return false;
	}
	g_autofree char *script = script_of(dress.gate);
	/* Behind the first page stands who has passed it. */
	bool shown =
		(!first && (*script || dress.gate == RG_GATE_CLICK || dress.gate == RG_GATE_FIRST ||
				   dress.gate == RG_GATE_ONCE)) ||
		lets_in(dress.gate, v, !dress.used);
	rg_dress_answer(&dress, shown, v, script, ret);
	return true;
}

static void
answer_site(rg_sites *s, const site_row *site, const rg_visitor *v, rg_answer *ret)
{
	g_autofree char *script = script_of(site->gate);

	if (strcmp(v->path, "/in") == 0) {
		rg_sites_page(site->shown, v, "", ret);
	} else if (strcmp(v->path, "/consent") == 0) {
		rg_sites_page(RG_PAGE_CONSENT_PAGE, v, "", ret);
	} else if (strcmp(v->path, "/") != 0) {
		rg_sites_page(RG_PAGE_NOTFOUND, v, "", ret);
	} else {
		rg_sites_page(passes(s, site, v) ? site->shown : site->other, v, script, ret);
	}
}

/* "cp29.kit.range.test", "/3". */
static bool
answer_kit(const rg_visitor *v, rg_answer *ret)
{
	const char *dot = strchr(v->host, '.');

	if (!dot || strcmp(dot, ".kit.range.test") != 0) {
		return false;
	}
	g_autofree char *kit = g_strndup(v->host, (size_t)(dot - v->host));
	uint64_t number = strcmp(v->path, "/") == 0 ? 1 : g_ascii_strtoull(v->path + 1, NULL, 10);
	return rg_sites_kit(kit, (unsigned)MIN(number, 1000), ret);
}

/* A name that nobody wrote down: one of the groups made it. */
static bool
answer_other(const rg_visitor *v, rg_answer *ret)
{
	static const char *const kits[] = {"cp29", "ukn432", "bp1", "cp20", "a", "b"};
	uint64_t number = strcmp(v->path, "/") == 0 ? 1 : g_ascii_strtoull(v->path + 1, NULL, 10);

	return rg_sites_kit(kits[g_str_hash(v->host) % G_N_ELEMENTS(kits)],
		number == 0 ? 1 : (unsigned)MIN(number, 1000), ret);
}

/* What the log's imitations are called (range/namegen), more or less. */
static bool
speaks_of_bank(const char *host)
{
	return strstr(host, "bank") || strstr(host, "mihon") ||
	       g_str_has_suffix(host, ".duckdns.org");
}

static bool
is_stranger(const rg_sites *s, const char *host)
{
	return s->config.others == RG_OTHERS_STRANGERS ||
	       (s->config.others == RG_OTHERS_BOTH && !speaks_of_bank(host));
}

/* "plain-0.life.range.test" at the age that the control said. False: it is none; *ret_silent: one that does not answer. */
static bool
answer_life(front *f, const rg_visitor *v, rg_answer *ret, bool *ret_silent)
{
	rg_life life;
	const rg_life_visitor who = {.phone = strstr(v->agent, "Mobile") != NULL,
		.search = strstr(v->referrer, "google") != NULL,
		.home = !v->abroad,
		.page = strcmp(v->path, "/2") == 0,
		.visit = (uint64_t)g_atomic_int_add(&f->sites->visits, 1)};

	if (!rg_life_find(v->host, RG_LIVES_SEED, &life)) {
		return false;
	}
	*ret_silent = !rg_life_answer(
		&life, (int64_t)g_atomic_int_get(&f->sites->lives_s) * 1000, &who, ret);
	return true;
}

/* False: there is no answer; close after ret->wait_ms, which is 0 at first. */
static bool
answer(front *f, const rg_visitor *v, rg_answer *ret)
{
	static const char picture[] =
		"<svg xmlns='http://www.w3.org/2000/svg' width='32' height='32'><rect width='32' "
		"height='32' fill='#063'/><circle cx='16' cy='16' r='9' fill='#fff'/></svg>";
	const site_row *site = find_site(v->host);
	rg_site_means told = rg_site_state_means(rg_states_of(f->sites->states, v->host, v->path));

	if (told.silent) {
		return false;
	}
	bool silent = false;
	if (answer_life(f, v, ret, &silent)) {
		return !silent;
	}
	if (!told.own) {
		rg_sites_page(told.page, v, "", ret);
	} else if (strcmp(v->path, "/favicon.ico") == 0 || strcmp(v->path, "/pic.svg") == 0) {
		answer_small("image/svg+xml", picture, ret);
	} else if (answer_dress(f->sites, v, ret)) {
		return true;
	} else if (site) {
		answer_site(f->sites, site, v, ret);
	} else if (answer_kit(v, ret)) {
		return true;
	} else if (is_stranger(f->sites, v->host)) {
		return rg_stranger_answer(v, ret);
	} else if (f->sites->config.others == RG_OTHERS_NOTHING || !answer_other(v, ret)) {
		rg_sites_page(RG_PAGE_NOTFOUND, v, "", ret);
	}
	return true;
}

/* ---- HTTP ---- */

static const char *
header(struct MHD_Connection *c, const char *name)
{
	const char *text = MHD_lookup_connection_value(c, MHD_HEADER_KIND, name);

	return text ? text : "";
}

/* Sleeps, but not into the end of the program. */
static void
rest(rg_sites *s, unsigned ms)
{
	int64_t until = g_get_monotonic_time() + (int64_t)ms * 1000;

	g_mutex_lock(&s->lock);
	while (!s->end && g_cond_wait_until(&s->ending, &s->lock, until)) {
	}
	g_mutex_unlock(&s->lock);
}

static enum MHD_Result
send_answer(rg_sites *s, struct MHD_Connection *c, const rg_visitor *v, rg_answer *a)
{
	struct MHD_Response *r =
		MHD_create_response_from_buffer(a->body->len, a->body->str, MHD_RESPMEM_MUST_COPY);
	char *colon = strchr(a->header, ':');

	/* The browser ends the connection when it has waited enough. */
	if (a->wait_ms > 0) {
		rest(s, a->wait_ms);
	}
	MHD_add_response_header(r, "Content-Type", a->type);
	MHD_add_response_header(r, "Cache-Control", "no-store");
	if (strcmp(v->path, "/") == 0) {
		MHD_add_response_header(r, "Set-Cookie", "seen=1; Path=/");
	}
	if (colon) {
		*colon = '\0';
		MHD_add_response_header(r, a->header, colon + 2);
	}
	enum MHD_Result result = MHD_queue_response(c, (unsigned)a->status, r);
	MHD_destroy_response(r);
	return result;
}

/* A server of the registries; false: data has no row for it. */
static bool
answer_data(const rg_sites *s, struct MHD_Connection *c, const rg_visitor *v,
	enum MHD_Result *ret_result)
{
	const char *match = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "If-None-Match");
	json_t *data = s->config.data ? json_load_file(s->config.data, 0, NULL) : NULL;
	g_autofree char *key = g_strconcat(v->host, v->path, NULL);
	rg_registry_reply reply;
	bool found = data && rg_registry_http(data, key, match, &reply);

	if (found) {
		*ret_result = rg_registry_send(c, &reply);
		g_free(reply.body);
	}
	json_decref(data);
	return found;
}

static enum MHD_Result
on_request(void *user, struct MHD_Connection *c, const char *url, const char *method,
	const char *version, const char *body, size_t *body_len, void **state)
{
	static char begun;
	front *f = user;
	rg_answer a = {0};

	(void)body;
	(void)version;
	if (!*state) {
		*state = &begun;
		return MHD_YES;
	}
	if (*body_len > 0) {
		/* Whatever was typed: dropped. */
		*body_len = 0;
		return MHD_YES;
	}
	const char *name = header(c, "Host");
	g_autofree char *host = g_strndup(name, strcspn(name, ":"));
	rg_visitor v = {.host = host,
		.path = url,
		.agent = header(c, "User-Agent"),
		.referrer = header(c, "Referer"),
		.again = strstr(header(c, "Cookie"), "seen=1") != NULL,
		.abroad = f->number == RG_FRONT_ABROAD || f->number == RG_FRONT_ABROAD_TLS};
	enum MHD_Result result;
	bool ours = strcmp(host, "127.0.0.1") == 0 || strcmp(host, "localhost") == 0;
	if (ours && strcmp(url, RG_SITES_CONTROL) == 0) {
		return rg_sites_control(f->sites->states, f->sites->config.data, c, method);
	}
	if (ours && strcmp(url, RG_DRESS_CONTROL) == 0) {
		return rg_dress_control(f->sites->dresses, c, method);
	}
	if (ours && strcmp(url, RG_LIVES_CONTROL) == 0) {
		return rg_lives_control(&f->sites->lives_s, c, method);
	}
	if (rg_states_of(f->sites->states, host, url) == RG_SITE_LIVE &&
		answer_data(f->sites, c, &v, &result)) {
		return result;
	}
	if (!answer(f, &v, &a)) {
		rest(f->sites, a.wait_ms);
		return MHD_NO;
	}
	result = send_answer(f->sites, c, &v, &a);
	g_free(a.header);
	g_string_free(a.body, TRUE);
	return result;
}

static bool
open_front(front *f, unsigned port, const char *cert, const char *key, GError **error)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct MHD_OptionItem tls[] = {{MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)cert},
		{MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)key}, {MHD_OPTION_END, 0, NULL}};
	struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
	unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION |
			 MHD_USE_POLL | (cert ? MHD_USE_TLS : 0u);

	f->daemon = MHD_start_daemon(flags, 0, NULL, NULL, on_request, f, MHD_OPTION_SOCK_ADDR,
		(struct sockaddr *)&at, MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX,
		MHD_OPTION_THREAD_STACK_SIZE, (size_t)STACK_BYTES, MHD_OPTION_ARRAY,
		cert ? tls : none, MHD_OPTION_END);
	if (!f->daemon) {
		return hk_error_set(error, HK_EIO, "127.0.0.1:%u cannot be listened on", port);
	}
	f->port = MHD_get_daemon_info(f->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
	return true;
}

/* The names of data's "tls"; false: no JSON. */
static bool
read_names(const rg_sites *s, char **ret_names, GError **error)
{
	json_t *data = s->config.data ? json_load_file(s->config.data, 0, NULL) : NULL;

	if (s->config.data && !data) {
		return hk_error_set(error, HK_EFORM, "%s: not there, or not JSON", s->config.data);
	}
	*ret_names = data ? rg_registry_names(data) : NULL;
	json_decref(data);
	return true;
}

static bool
open_tls(rg_sites *s, GError **error)
{
	const char *kept = s->config.dir;
	g_autofree char *dir =
		kept ? g_strdup(kept) : g_dir_make_tmp("hikeshi-sites-XXXXXX", error);
	g_autofree char *ca = dir ? g_build_filename(dir, "ca.pem", NULL) : NULL;
	g_autofree char *names = NULL, *cert = NULL, *key = NULL;

	/* Where its authority is nobody's, visitors take the page all the same, or do not. */
	bool fine =
		ca && read_names(s, &names, error) && rg_tls_self(ca, names, &cert, &key, error);
	for (unsigned i = RG_FRONT_TLS; i < RG_FRONTS && fine; i++) {
		fine = open_front(&s->fronts[i], s->config.ports[i], cert, key, error);
	}
	if (ca && !kept) {
		remove(ca);
		remove(dir);
	}
	return fine;
}

rg_sites *
rg_sites_new(const rg_sites_config *config, GError **error)
{
	rg_sites *s = g_new0(rg_sites, 1);
	bool fine = true;

	s->config = *config;
	g_mutex_init(&s->lock);
	g_cond_init(&s->ending);
	s->states = rg_states_new();
	s->dresses = rg_dresses_new();
	for (unsigned i = 0; i < RG_FRONTS; i++) {
		s->fronts[i] = (front){.sites = s, .number = i};
	}
	for (unsigned i = 0; i < RG_FRONT_TLS && fine; i++) {
		fine = open_front(&s->fronts[i], config->ports[i], NULL, NULL, error);
	}
	if (!fine || (config->tls && !open_tls(s, error))) {
		rg_sites_free(s);
		return NULL;
	}
	return s;
}

unsigned
rg_sites_port(const rg_sites *s, rg_front which)
{
	return s->fronts[which].port;
}

void
rg_sites_free(rg_sites *s)
{
	if (s) {
		g_mutex_lock(&s->lock);
		s->end = true;
		g_cond_broadcast(&s->ending);
		g_mutex_unlock(&s->lock);
	}
	for (unsigned i = 0; s && i < RG_FRONTS; i++) {
		if (s->fronts[i].daemon) {
			MHD_stop_daemon(s->fronts[i].daemon);
		}
	}
	if (s) {
		g_mutex_clear(&s->lock);
		g_cond_clear(&s->ending);
		rg_states_free(s->states);
		rg_dresses_free(s->dresses);
	}
	g_free(s);
}
