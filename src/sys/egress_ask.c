/* nocheck: tested in tests/unit/sys/test_egress.c */
#include "sys/egress_ask.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <ares.h>
#include <netdb.h>

#include "sys/clock.h"
#include "sys/egress_int.h"
#include "sys/gerr.h"

struct hk_egress_loop {
	hk_egress *egress;
	ares_channel dns;
	bool has_dns;
	int epoll;
	GPtrArray *asks;    /* under way, in no order */
	GPtrArray *pacing;  /* of asks, those that wait for their turn: the oldest first */
	GPtrArray *lookups; /* under way */
	int64_t pace_at_ms; /* when to look at pacing again */
};

/* What one name is to a session. */
typedef struct pin {
	char *key; /* the name; as the exit's proxy it is another pin than as somebody's site */
	char *host;
	bool found; /* the DNS has answered */
	hk_egress_reason reason;
	char *detail;
	char *answers;
	hk_ipaddr addresses[HK_EGRESS_ADDRESSES];
	unsigned count;
} pin;

typedef struct lookup {
	hk_egress_loop *loop;
	hk_egress_session *session; /* NULL: it went away */
	pin *pin;
	unsigned port; /* that was asked for first: rows of `local` have one */
	bool is_proxy; /* the name of an exit: what it is is the operator's business */
} lookup;

struct hk_egress_session {
	hk_egress_loop *loop;
	hk_egress_who who;
	GHashTable *pins; /* key -> pin */
	unsigned asks;
	hk_egress_recorder watcher; /* or NULL */
	void *watcher_user;
};

struct hk_egress_ask {
	hk_egress_loop *loop;
	hk_egress_session *session;
	const hk_egress_exit *exit;
	char scheme[8];
	char host[HK_EGRESS_HOST_SIZE];
	unsigned port;
	hk_ipaddr literal;
	bool is_literal;
	pin *waits_for;         /* or NULL */
	bool checked;           /* the host itself was resolved, or needs not be */
	hk_egress_grant *grant; /* while it waits for its turn */
	char *answers;
	int64_t until_ms;
	hk_egress_done done;
	void *user;
	bool *gone; /* set when it ends inside hk_egress_connect(), or NULL */
};

/* A grant and what is given back with it. */
typedef struct held {
	hk_egress_grant grant;
	char address[HK_IPADDR_TEXT_SIZE];
	bool taken;
} held;

/* ---- Life ---- */

static void
on_socket(void *user, ares_socket_t fd, int readable, int writable)
{
	hk_egress_loop *loop = user;
	struct epoll_event event = {
		.events = (readable ? EPOLLIN : 0) | (writable ? EPOLLOUT : 0), .data.fd = fd};

	if (!readable && !writable) {
		epoll_ctl(loop->epoll, EPOLL_CTL_DEL, fd, NULL);
	} else if (epoll_ctl(loop->epoll, EPOLL_CTL_MOD, fd, &event) != 0) {
		epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event);
	}
}

/* c-ares is told to ask the DNS only: no hosts file, no search list, nothing that this machine believes about a stranger's name. */
static bool
dns_init(hk_egress_loop *loop, GError **error)
{
	const hk_egress *egress = loop->egress;
	char lookups[] = "b";
	struct ares_options options = {
		.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES,
		.timeout = (int)MAX(egress->dns_timeout_ms / 3, 50),
		.tries = 2,
		.lookups = lookups,
		.sock_state_cb = on_socket,
		.sock_state_cb_data = loop,
	};
	int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS |
		   ARES_OPT_SOCK_STATE_CB;
	int rc = ares_library_init(ARES_LIB_INIT_ALL);

	if (rc == ARES_SUCCESS) {
		rc = ares_init_options(&loop->dns, &options, mask);
		loop->has_dns = rc == ARES_SUCCESS;
	}
	if (rc == ARES_SUCCESS && egress->resolvers) {
		rc = ares_set_servers_ports_csv(loop->dns, egress->resolvers);
	}
	return rc == ARES_SUCCESS ||
	       hk_error_set(error, HK_EINTERNAL, "c-ares: %s", ares_strerror(rc));
}

hk_egress_loop *
hk_egress_loop_new(hk_egress *egress, GError **error)
{
	hk_egress_loop *loop = g_new0(hk_egress_loop, 1);

	loop->egress = hk_egress_ref(egress);
	loop->asks = g_ptr_array_new();
	loop->pacing = g_ptr_array_new();
	loop->lookups = g_ptr_array_new();
	loop->pace_at_ms = INT64_MAX;
	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll < 0) {
		hk_error_errno(error, errno, "epoll_create1");
	} else if (dns_init(loop, error)) {
		return loop;
	}
	hk_egress_loop_free(loop);
	return NULL;
}

void
hk_egress_loop_free(hk_egress_loop *loop)
{
	if (!loop) {
		return;
	}
	while (loop->asks->len > 0) {
		hk_egress_cancel(loop->asks->pdata[0]);
	}
	if (loop->has_dns) {
		/* Calls back each look-up with ARES_EDESTRUCTION. */
		ares_destroy(loop->dns);
	}
	g_ptr_array_unref(loop->asks);
	g_ptr_array_unref(loop->pacing);
	g_ptr_array_unref(loop->lookups);
	if (loop->epoll >= 0) {
		close(loop->epoll);
	}
	hk_egress_unref(loop->egress);
	g_free(loop);
}

static void
pin_free(gpointer data)
{
	pin *p = data;

	g_free(p->key);
	g_free(p->host);
	g_free(p->detail);
	g_free(p->answers);
	g_free(p);
}

hk_egress_session *
hk_egress_session_new(hk_egress_loop *loop, const hk_egress_who *who)
{
	hk_egress_session *session = g_new0(hk_egress_session, 1);

	session->loop = loop;
	session->who = *who;
	session->who.purpose = g_strdup(who->purpose);
	session->who.case_id = g_strdup(who->case_id);
	session->who.requester = g_strdup(who->requester);
	session->who.exit = g_strdup(who->exit);
	session->pins = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, pin_free);
	return session;
}

void
hk_egress_session_watch(hk_egress_session *session, hk_egress_recorder recorder, void *user)
{
	session->watcher = recorder;
	session->watcher_user = user;
}

void
hk_egress_session_free(hk_egress_session *session)
{
	if (!session) {
		return;
	}
	if (session->asks > 0) {
		HK_BUG("a session ends before its asks");
	}
	for (unsigned i = 0; i < session->loop->lookups->len; i++) {
		lookup *l = session->loop->lookups->pdata[i];
		if (l->session == session) {
			l->session = NULL;
			l->pin = NULL;
		}
	}
	g_hash_table_unref(session->pins);
	g_free((char *)session->who.purpose);
	g_free((char *)session->who.case_id);
	g_free((char *)session->who.requester);
	g_free((char *)session->who.exit);
	g_free(session);
}

void
hk_egress_grant_end(hk_egress_grant *grant)
{
	held *h = (held *)grant;

	if (!grant) {
		return;
	}
	if (h->taken) {
		hk_egress_pace_give(grant->egress, grant->host, h->address);
	}
	hk_egress_unref(grant->egress);
	g_free(h);
}

static void
ask_free(hk_egress_ask *ask)
{
	if (ask->gone) {
		*ask->gone = true;
	}
	g_ptr_array_remove_fast(ask->loop->asks, ask);
	g_ptr_array_remove(ask->loop->pacing, ask);
	ask->session->asks--;
	hk_egress_grant_end(ask->grant);
	g_free(ask->answers);
	g_free(ask);
}

void
hk_egress_cancel(hk_egress_ask *ask)
{
	ask_free(ask);
}

/* ---- Ends ---- */

/* Records the decision and tells it; the ask is gone afterwards. */
static void
decide(hk_egress_ask *ask, hk_egress_reason reason, const char *detail)
{
	hk_egress_grant *grant = reason == HK_EGRESS_OK ? g_steal_pointer(&ask->grant) : NULL;
	char address[HK_EGRESS_ADDRESS_SIZE] = "";
	hk_egress_done done = ask->done;
	void *user = ask->user;

	if (grant) {
		hk_egress_address_text(&grant->addresses[0], grant->to_port, address);
	}
	hk_egress_record record = {
		.who = ask->session->who,
		.scheme = ask->scheme,
		.host = ask->host,
		.port = ask->port,
		.answers = ask->answers ? ask->answers : "",
		.address = address,
		.reason = reason,
		.detail = detail ? detail : "",
	};
	hk_egress_decided(ask->loop->egress, &record);
	if (ask->session->watcher) {
		ask->session->watcher(ask->session->watcher_user, &record);
	}
	g_autofree char *kept = g_strdup(detail ? detail : "");
	ask_free(ask);
	done(user, grant, reason, kept);
}

/* Takes its turn, or waits for it. True when the ask is gone. */
static bool
take_turn(hk_egress_ask *ask)
{
	hk_egress_loop *loop = ask->loop;
	held *h = (held *)ask->grant;
	unsigned wait_ms;

	if (hk_egress_killed(loop->egress)) {
		g_autofree char *why = hk_egress_killed_why(loop->egress);
		decide(ask, HK_EGRESS_KILLED, why);
		return true;
	}
	wait_ms = hk_egress_pace_take(loop->egress, h->grant.host, h->address);
	if (wait_ms > 0) {
		loop->pace_at_ms = MIN(loop->pace_at_ms, hk_clock_mono_ms() + wait_ms);
		return false;
	}
	h->taken = true;
	decide(ask, HK_EGRESS_OK, NULL);
	return true;
}

static void
grant_to(hk_egress_ask *ask, const hk_ipaddr *addresses, unsigned count, unsigned port)
{
	const hk_egress_exit *exit = ask->exit;
	held *h = g_new0(held, 1);

	h->grant.egress = hk_egress_ref(ask->loop->egress);
	h->grant.kind = exit->kind;
	g_strlcpy(h->grant.host, ask->host, sizeof h->grant.host);
	h->grant.port = ask->port;
	memcpy(h->grant.addresses, addresses, count * sizeof *addresses);
	h->grant.count = count;
	h->grant.to_port = port;
	h->grant.user = exit->user;
	h->grant.password = exit->password;
	hk_ipaddr_format(&addresses[0], h->address);
	ask->grant = &h->grant;
	ask->waits_for = NULL;
	if (!take_turn(ask)) {
		g_ptr_array_add(ask->loop->pacing, ask);
	}
}

/* ---- Names ---- */

static int
v4_first(const void *a, const void *b)
{
	return (int)((const hk_ipaddr *)b)->v4 - (int)((const hk_ipaddr *)a)->v4;
}

/* Every address that the name has is looked at; the first ones are kept. */
static void
take_answers(lookup *l, const struct ares_addrinfo *info)
{
	const hk_egress *egress = l->loop->egress;
	pin *p = l->pin;
	g_autoptr(GString) answers = g_string_new(NULL);
	g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(hk_ipaddr));
	unsigned bad = 0;

	for (const struct ares_addrinfo_node *node = info->nodes; node; node = node->ai_next) {
		hk_ipaddr addr;
		unsigned port;
		char text[HK_IPADDR_TEXT_SIZE];
		g_autofree char *detail = NULL;
		if (!hk_egress_of_sockaddr(node->ai_addr, &addr, &port)) {
			continue;
		}
		g_array_append_val(all, addr);
		if (answers->len < 400) {
			g_string_append_printf(answers, "%s%s", answers->len > 0 ? " " : "",
				hk_ipaddr_format(&addr, text));
		}
		if (!l->is_proxy && hk_egress_check_address(egress, &l->session->who, p->host,
					    &addr, l->port, &detail) != HK_EGRESS_OK) {
			bad++;
			if (!p->detail) {
				p->detail = g_steal_pointer(&detail);
			}
		}
	}
	g_array_sort(all, v4_first);
	p->answers = g_strdup(answers->str);
	p->count = MIN(all->len, HK_EGRESS_ADDRESSES);
	p->reason = all->len == 0    ? HK_EGRESS_UNRESOLVED
		    : bad == 0       ? HK_EGRESS_OK
		    : bad < all->len ? HK_EGRESS_MIXED
				     : HK_EGRESS_ADDRESS;
	if (p->count > 0) {
		memcpy(p->addresses, all->data, p->count * sizeof(hk_ipaddr));
	}
}

static void proceed(hk_egress_ask *ask);

static hk_egress_ask *
waiting_for(const hk_egress_loop *loop, const pin *p)
{
	for (unsigned i = 0; i < loop->asks->len; i++) {
		hk_egress_ask *ask = loop->asks->pdata[i];
		if (ask->waits_for == p) {
			return ask;
		}
	}
	return NULL;
}

static void
on_answer(void *user, int status, int timeouts, struct ares_addrinfo *info)
{
	lookup *l = user;
	hk_egress_loop *loop = l->loop;
	hk_egress_ask *ask;

	(void)timeouts;
	if (l->pin && status == ARES_SUCCESS) {
		take_answers(l, info);
	} else if (l->pin) {
		bool none = status == ARES_ENOTFOUND || status == ARES_ENODATA;
		l->pin->reason = none ? HK_EGRESS_UNRESOLVED : HK_EGRESS_DNS;
		l->pin->detail = g_strdup(ares_strerror(status));
	}
	if (info) {
		ares_freeaddrinfo(info);
	}
	if (l->pin) {
		l->pin->found = true;
	}
	/* Telling one may end the session, and the pin with it: l->pin is NULL then. */
	while (l->pin && (ask = waiting_for(loop, l->pin))) {
		ask->waits_for = NULL;
		proceed(ask);
	}
	g_ptr_array_remove_fast(loop->lookups, l);
	g_free(l);
}

/* The pin of host, looked up now if it is new. */
static pin *
pin_get(hk_egress_session *session, const char *name, unsigned port, bool is_proxy)
{
	g_autofree char *host = g_ascii_strdown(name, -1);
	size_t len = strlen(host);

	if (len > 0 && host[len - 1] == '.') {
		host[len - 1] = '\0';
	}
	g_autofree char *key = g_strconcat(is_proxy ? "proxy " : "", host, NULL);
	pin *p = g_hash_table_lookup(session->pins, key);
	if (p) {
		return p;
	}
	p = g_new0(pin, 1);
	p->key = g_steal_pointer(&key);
	p->host = g_steal_pointer(&host);
	g_hash_table_insert(session->pins, p->key, p);
	lookup *l = g_new0(lookup, 1);
	*l = (lookup){session->loop, session, p, port, is_proxy};
	g_ptr_array_add(session->loop->lookups, l);
	struct ares_addrinfo_hints hints = {
		.ai_family = AF_UNSPEC, .ai_flags = ARES_AI_NOSORT, .ai_socktype = SOCK_STREAM};
	/* May answer at once. */
	ares_getaddrinfo(session->loop->dns, p->host, NULL, &hints, on_answer, l);
	return p;
}

/* False: the ask waits, or is gone. */
static bool
settle(hk_egress_ask *ask, pin *p)
{
	if (!p->found) {
		ask->waits_for = p;
		return false;
	}
	if (p->answers && !ask->answers) {
		ask->answers = g_strdup(p->answers);
	}
	if (p->reason != HK_EGRESS_OK) {
		g_autofree char *detail = g_strdup(p->detail);
		decide(ask, p->reason, detail);
		return false;
	}
	return true;
}

/* From where it stands to the next thing that takes time. */
static void
proceed(hk_egress_ask *ask)
{
	const hk_egress *egress = ask->loop->egress;
	const hk_egress_exit *exit = ask->exit;
	bool is_here = ask->session->who.own &&
		       (ask->is_literal ? hk_ipaddr_class_of(&ask->literal) != NULL &&
						  !hk_egress_range_address(egress, &ask->literal)
					: g_ascii_strcasecmp(ask->host, "localhost") == 0);
	static const hk_ipaddr loopback = {{127, 0, 0, 1}, true};
	pin *p = NULL;

	if (egress->on_range && !is_here) {
		grant_to(
			ask, &egress->range, 1, hk_egress_range_port(egress, ask->host, ask->port));
		return;
	}
	if (!ask->is_literal && !is_here && (exit->kind == HK_EGRESS_DIRECT || exit->resolve)) {
		p = pin_get(ask->session, ask->host, ask->port, false);
		if (!settle(ask, p)) {
			return;
		}
	}
	if (exit->kind == HK_EGRESS_DIRECT || is_here) {
		const hk_ipaddr *one = ask->is_literal ? &ask->literal : &loopback;
		grant_to(ask, p ? p->addresses : one, p ? p->count : 1, ask->port);
		return;
	}
	hk_ipaddr proxy;
	if (hk_ipaddr_parse(hk_span_str(exit->host), &proxy) == HK_OK) {
		grant_to(ask, &proxy, 1, exit->port);
		return;
	}
	p = pin_get(ask->session, exit->host, exit->port, true);
	if (settle(ask, p)) {
		grant_to(ask, p->addresses, p->count, exit->port);
	}
}

hk_egress_ask *
hk_egress_connect(hk_egress_session *session, const char *scheme, const char *host, unsigned port,
	unsigned timeout_ms, hk_egress_done done, void *user)
{
	hk_egress_loop *loop = session->loop;
	hk_egress_ask *ask = g_new0(hk_egress_ask, 1);
	bool gone = false;
	g_autofree char *detail = NULL;
	hk_egress_reason reason =
		hk_egress_check_target(loop->egress, &session->who, scheme, host, port, &detail);

	ask->loop = loop;
	ask->session = session;
	ask->exit = hk_egress_exit_get(loop->egress, session->who.exit);
	g_strlcpy(ask->scheme, scheme, sizeof ask->scheme);
	g_strlcpy(ask->host, host, sizeof ask->host);
	ask->port = port;
	ask->is_literal = hk_ipaddr_parse(hk_span_str(host), &ask->literal) == HK_OK;
	ask->until_ms = hk_clock_mono_ms() + timeout_ms;
	ask->done = done;
	ask->user = user;
	session->asks++;
	ask->gone = &gone;
	g_ptr_array_add(loop->asks, ask);
	if (reason != HK_EGRESS_OK) {
		decide(ask, reason, detail);
		return NULL;
	}
	proceed(ask);
	if (gone) {
		return NULL;
	}
	ask->gone = NULL;
	return ask;
}

/* ---- The loop ---- */

int
hk_egress_loop_fd(const hk_egress_loop *loop)
{
	return loop->epoll;
}

int
hk_egress_loop_wait_ms(const hk_egress_loop *loop)
{
	int64_t now_ms = hk_clock_mono_ms();
	int64_t at_ms = loop->pacing->len > 0 ? loop->pace_at_ms : INT64_MAX;
	struct timeval tv;

	for (unsigned i = 0; i < loop->asks->len; i++) {
		const hk_egress_ask *ask = loop->asks->pdata[i];
		at_ms = MIN(at_ms, ask->until_ms);
	}
	if (loop->lookups->len > 0 && ares_timeout(loop->dns, NULL, &tv)) {
		at_ms = MIN(at_ms, now_ms + tv.tv_sec * 1000 + tv.tv_usec / 1000 + 1);
	}
	return at_ms == INT64_MAX ? -1 : (int)CLAMP(at_ms - now_ms, 0, 60000);
}

static void
step_dns(hk_egress_loop *loop)
{
	struct epoll_event events[16];
	int n = epoll_wait(loop->epoll, events, G_N_ELEMENTS(events), 0);

	for (int i = 0; i < n; i++) {
		unsigned what = events[i].events;
		int fd = events[i].data.fd;
		ares_process_fd(loop->dns, what & ~(unsigned)EPOLLOUT ? fd : ARES_SOCKET_BAD,
			what & EPOLLOUT ? fd : ARES_SOCKET_BAD);
	}
	/* Its time-outs. */
	if (loop->lookups->len > 0) {
		ares_process_fd(loop->dns, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	}
}

static void
step_pace(hk_egress_loop *loop)
{
	if (loop->pacing->len == 0 || hk_clock_mono_ms() < loop->pace_at_ms) {
		return;
	}
	loop->pace_at_ms = INT64_MAX;
	/* done may add and cancel: go by what is in the list. */
	for (unsigned i = 0; i < loop->pacing->len;) {
		hk_egress_ask *ask = loop->pacing->pdata[i];
		if (!take_turn(ask)) {
			i++;
		}
	}
}

static void
step_late(hk_egress_loop *loop)
{
	int64_t now_ms = hk_clock_mono_ms();

	for (unsigned i = 0; i < loop->asks->len;) {
		hk_egress_ask *ask = loop->asks->pdata[i];
		if (ask->until_ms > now_ms) {
			i++;
		} else if (ask->grant) {
			decide(ask, HK_EGRESS_LIMIT, "it waited too long for its turn");
			i = 0;
		} else {
			decide(ask, HK_EGRESS_DNS, "the resolver did not answer in time");
			i = 0;
		}
	}
}

void
hk_egress_loop_step(hk_egress_loop *loop)
{
	step_dns(loop);
	step_pace(loop);
	step_late(loop);
}

int
hk_egress_socket(const hk_egress_grant *grant, unsigned at, GError **error)
{
	struct sockaddr_storage to;
	socklen_t len = hk_egress_sockaddr(&grant->addresses[at], grant->to_port, &to);

	if (hk_egress_killed(grant->egress)) {
		g_autofree char *why = hk_egress_killed_why(grant->egress);
		hk_error_set(error, HK_EPOLICY, "%s", why);
		return -1;
	}
	int fd = socket(to.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&to, len) != 0 && errno != EINPROGRESS) {
		int number = errno;
		close(fd);
		fd = -1;
		errno = number;
	}
	if (fd < 0) {
		hk_error_set(error, HK_EREMOTE, "no connection: %s", g_strerror(errno));
	}
	return fd;
}
