#include "sys/fetch.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/fetch_int.h"
#include "sys/gerr.h"
#include "sys/uts46.h"

enum {
	IDLE_MAX = 64,        /* handles that are kept */
	EVENTS = 128,         /* taken from the kernel at once */
	KILLED_EVERY_MS = 50, /* the kill switch is looked at, besides before each connection */
};

/* ---- curl's sockets and clock ---- */

static int
on_socket(CURL *easy, curl_socket_t fd, int what, void *user, void *known)
{
	hk_fetch *fetch = user;
	struct epoll_event event = {.data.fd = fd};

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		epoll_ctl(fetch->epoll, EPOLL_CTL_DEL, fd, NULL);
		curl_multi_assign(fetch->multi, fd, NULL);
		return 0;
	}
	event.events =
		(what & CURL_POLL_IN ? EPOLLIN : 0u) | (what & CURL_POLL_OUT ? EPOLLOUT : 0u);
	/* A descriptor may have been closed and be another one now. */
	int first = known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
	if (epoll_ctl(fetch->epoll, first, fd, &event) != 0) {
		epoll_ctl(fetch->epoll, known ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event);
	}
	curl_multi_assign(fetch->multi, fd, fetch);
	return 0;
}

static int
on_timer(CURLM *multi, long timeout_ms, void *user)
{
	hk_fetch *fetch = user;

	(void)multi;
	fetch->timer_at_ms = timeout_ms < 0 ? INT64_MAX : hk_clock_mono_ms() + timeout_ms;
	return 0;
}

/* ---- Life ---- */

hk_fetch *
hk_fetch_new(const hk_fetch_config *config, GError **error)
{
	g_autoptr(hk_fetch) fetch = g_new0(hk_fetch, 1);
	struct epoll_event event = {.events = EPOLLIN};

	fetch->egress = hk_egress_ref(config->egress ? config->egress : hk_egress_house());
	fetch->wake_fd = -1;
	fetch->timer_at_ms = INT64_MAX;
	fetch->calls = g_hash_table_new(NULL, NULL);
	fetch->fresh = g_ptr_array_new();
	fetch->idle = g_ptr_array_new_with_free_func(curl_easy_cleanup);
	fetch->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (fetch->epoll < 0) {
		hk_error_errno(error, errno, "epoll_create1");
		return NULL;
	}
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		hk_error_set(error, HK_EINTERNAL, "libcurl does not start");
		return NULL;
	}
	fetch->store = hk_fetch_store(config->ca_file, error);
	fetch->loop = fetch->store ? hk_egress_loop_new(fetch->egress, error) : NULL;
	if (!fetch->loop) {
		return NULL;
	}
	event.data.fd = hk_egress_loop_fd(fetch->loop);
	epoll_ctl(fetch->epoll, EPOLL_CTL_ADD, event.data.fd, &event);
	fetch->multi = curl_multi_init();
	curl_multi_setopt(fetch->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(fetch->multi, CURLMOPT_SOCKETDATA, fetch);
	curl_multi_setopt(fetch->multi, CURLMOPT_TIMERFUNCTION, on_timer);
	curl_multi_setopt(fetch->multi, CURLMOPT_TIMERDATA, fetch);
	return g_steal_pointer(&fetch);
}

static void
call_free(hk_fetch_call *call)
{
	hk_fetch *fetch = call->fetch;

	if (call->ended) {
		*call->ended = true;
	}
	g_hash_table_remove(fetch->calls, call);
	g_ptr_array_remove_fast(fetch->fresh, call);
	if (call->ask) {
		hk_egress_cancel(call->ask);
	}
	if (call->running) {
		curl_multi_remove_handle(fetch->multi, call->easy);
	}
	/* The next one that uses the handle is somebody else. */
	curl_easy_setopt(call->easy, CURLOPT_COOKIEFILE, NULL);
	curl_easy_reset(call->easy);
	if (fetch->idle->len < IDLE_MAX) {
		g_ptr_array_add(fetch->idle, call->easy);
	} else {
		curl_easy_cleanup(call->easy);
	}
	hk_egress_curl_clear(&call->egress);
	hk_egress_grant_end(call->grant);
	hk_egress_session_free(call->session);
	curl_slist_free_all(call->headers);
	g_clear_pointer(&call->post, g_bytes_unref);
	g_array_unref(call->hops);
	g_byte_array_unref(call->body);
	g_string_free(call->head, TRUE);
	g_clear_error(&call->error);
	g_free(call->asked);
	g_free(call);
}

void
hk_fetch_cancel(hk_fetch_call *call)
{
	call_free(call);
}

void
hk_fetch_free(hk_fetch *fetch)
{
	GHashTableIter iter;
	gpointer call;

	if (!fetch) {
		return;
	}
	for (g_hash_table_iter_init(&iter, fetch->calls);
		g_hash_table_iter_next(&iter, &call, NULL);
		g_hash_table_iter_init(&iter, fetch->calls)) {
		call_free(call);
	}
	g_ptr_array_unref(fetch->idle);
	if (fetch->multi) {
		curl_multi_cleanup(fetch->multi);
	}
	hk_egress_loop_free(fetch->loop);
	g_hash_table_unref(fetch->calls);
	g_ptr_array_unref(fetch->fresh);
	X509_STORE_free(fetch->store);
	if (fetch->epoll >= 0) {
		close(fetch->epoll);
	}
	hk_egress_unref(fetch->egress);
	g_free(fetch);
}

size_t
hk_fetch_busy(const hk_fetch *fetch)
{
	return g_hash_table_size(fetch->calls);
}

/* ---- Starting ---- */

static bool
check(const hk_fetch_request *request, GError **error)
{
	if (request->who.own) {
		return hk_error_set(error, HK_EPOLICY, "sys/fetch is for strangers: who.own");
	}
	for (size_t i = 0; request->headers && request->headers[i]; i++) {
		const char *line = request->headers[i];
		if (strpbrk(line, "\r\n") || !strchr(line, ':') || *line == ':') {
			return hk_error_set(error, HK_EPOLICY, "a header that is no header line");
		}
	}
	return true;
}

static bool
has_header(const struct curl_slist *list, const char *name)
{
	size_t n = strlen(name);

	for (; list; list = list->next) {
		if (g_ascii_strncasecmp(list->data, name, n) == 0 && list->data[n] == ':') {
			return true;
		}
	}
	return false;
}

/* "Name:" takes curl's own line away. */
static void
take_headers(hk_fetch_call *call, const hk_fetch_request *request)
{
	static const char *const unwanted[] = {"Accept", "Expect"};

	for (size_t i = 0; request->headers && request->headers[i]; i++) {
		call->headers = curl_slist_append(call->headers, request->headers[i]);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(unwanted); i++) {
		if (!has_header(call->headers, unwanted[i])) {
			g_autofree char *line = g_strconcat(unwanted[i], ":", NULL);
			call->headers = curl_slist_append(call->headers, line);
		}
	}
}

hk_fetch_call *
hk_fetch_start(hk_fetch *fetch, const hk_fetch_request *request, hk_fetch_done done, void *user,
	GError **error)
{
	if (!check(request, error)) {
		return NULL;
	}
	hk_fetch_call *call = g_new0(hk_fetch_call, 1);
	unsigned timeout_ms = request->timeout_ms ? request->timeout_ms : 20000;

	call->fetch = fetch;
	call->done = done;
	call->user = user;
	call->session = hk_egress_session_new(fetch->loop, &request->who);
	call->asked = g_strdup(request->url ? request->url : "");
	call->method = request->method;
	take_headers(call, request);
	if (request->method == HK_FETCH_POST) {
		call->post = g_bytes_new(request->body.data, request->body.len);
	}
	call->max_bytes =
		MIN(request->max_bytes ? request->max_bytes : 2u << 20, HK_FETCH_BODY_MAX);
	call->max_hops = MIN(request->max_hops, HK_FETCH_HOPS_MAX - 1);
	call->timeout_ms = timeout_ms;
	call->connect_ms = request->connect_ms ? request->connect_ms : 5000;
	call->verify = request->verify;
	call->http1 = request->http1;
	call->start_ms = hk_clock_mono_ms();
	call->until_ms = call->start_ms + timeout_ms;
	call->hops = g_array_new(FALSE, TRUE, sizeof(hk_fetch_hop));
	g_array_set_clear_func(call->hops, hk_fetch_hop_clear);
	call->body = g_byte_array_new();
	call->head = g_string_new(NULL);
	call->easy = fetch->idle->len > 0
			     ? g_ptr_array_steal_index_fast(fetch->idle, fetch->idle->len - 1)
			     : curl_easy_init();
	g_hash_table_add(fetch->calls, call);
	g_ptr_array_add(fetch->fresh, call);
	return call;
}

static void
begin(hk_fetch_call *call)
{
	GError *error = NULL;
	hk_span text = hk_span_str(call->asked);

	if (hk_url_parse(text, hk_uts46_to_ascii, NULL, &call->url) != HK_OK ||
		!g_str_has_prefix(call->url.text, "http")) {
		hk_error_set(&error, HK_EFORM, "%.200s: not an http or https URL", call->asked);
	} else if (call->url.odd & HK_URL_ODD_IP_FORM) {
		hk_error_set(
			&error, HK_EPOLICY, "%.200s: an address in an odd spelling", call->asked);
	}
	if (error) {
		hk_fetch_finish(call, error);
	} else {
		hk_fetch_hop_begin(call);
	}
}

void
hk_fetch_finish(hk_fetch_call *call, GError *error)
{
	const hk_fetch_hop *last = call->hops->len > 0 ? hk_fetch_hop_now(call) : NULL;
	hk_fetch_answer answer = {
		.url = call->asked,
		.error = error,
		.hops = (const hk_fetch_hop *)call->hops->data,
		.count = call->hops->len,
		.status = last ? last->status : 0,
		.body = hk_span_of(call->body->data, call->body->len),
		.truncated = call->truncated,
		.ms = (unsigned)(hk_clock_mono_ms() - call->start_ms),
	};

	call->error = error;
	call->fetch->told++;
	call->done(call->user, call, &answer);
	call_free(call);
}

/* ---- The loop ---- */

static void
finish_all(hk_fetch *fetch)
{
	g_autofree gpointer *all = g_hash_table_get_keys_as_array(fetch->calls, NULL);
	g_autofree char *why = hk_egress_killed_why(fetch->egress);

	for (size_t i = 0; all[i]; i++) {
		GError *error = NULL;
		/* done may have cancelled others. */
		if (g_hash_table_contains(fetch->calls, all[i])) {
			hk_fetch_call *call = all[i];
			if (call->hops->len > 0) {
				hk_fetch_hop_now(call)->refused = HK_EGRESS_KILLED;
			}
			hk_error_set(&error, HK_EPOLICY, "%s", why);
			hk_fetch_finish(call, error);
		}
	}
}

static void
look_at_switch(hk_fetch *fetch)
{
	int64_t now_ms = hk_clock_mono_ms();

	if (now_ms - fetch->killed_at_ms >= KILLED_EVERY_MS) {
		fetch->killed_at_ms = now_ms;
		if (g_hash_table_size(fetch->calls) > 0 && hk_egress_killed(fetch->egress)) {
			finish_all(fetch);
		}
	}
}

static void
drain(hk_fetch *fetch)
{
	CURLMsg *msg;
	int left;

	while ((msg = curl_multi_info_read(fetch->multi, &left))) {
		if (msg->msg == CURLMSG_DONE) {
			hk_fetch_call *call = NULL;
			CURLcode result = msg->data.result;
			curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, (char **)&call);
			hk_fetch_hop_done(call, result);
		}
	}
}

static void
begin_fresh(hk_fetch *fetch)
{
	/* Only those that are there now: done may start others. */
	for (unsigned n = fetch->fresh->len; n > 0 && fetch->fresh->len > 0; n--) {
		begin(g_ptr_array_steal_index(fetch->fresh, 0));
	}
}

static void
set_wake(hk_fetch *fetch, int fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	if (fd == fetch->wake_fd) {
		return;
	}
	if (fetch->wake_fd >= 0) {
		epoll_ctl(fetch->epoll, EPOLL_CTL_DEL, fetch->wake_fd, NULL);
	}
	fetch->wake_fd =
		fd >= 0 && epoll_ctl(fetch->epoll, EPOLL_CTL_ADD, fd, &event) == 0 ? fd : -1;
}

static int
wait_of(const hk_fetch *fetch, int timeout_ms)
{
	int64_t now_ms = hk_clock_mono_ms();
	int loop_ms = hk_egress_loop_wait_ms(fetch->loop);
	int64_t wait_ms = MAX(timeout_ms, 0);

	if (fetch->fresh->len > 0) {
		return 0;
	}
	if (fetch->timer_at_ms != INT64_MAX) {
		wait_ms = MIN(wait_ms, MAX(fetch->timer_at_ms - now_ms, 0));
	}
	if (loop_ms >= 0) {
		wait_ms = MIN(wait_ms, loop_ms);
	}
	return (int)wait_ms;
}

static void
take_events(hk_fetch *fetch, int wait_ms)
{
	struct epoll_event events[EVENTS];
	int n = epoll_wait(fetch->epoll, events, EVENTS, wait_ms);
	int running;

	for (int i = 0; i < n; i++) {
		unsigned what = events[i].events;
		int fd = events[i].data.fd;
		if (fd != fetch->wake_fd && fd != hk_egress_loop_fd(fetch->loop)) {
			int mask = (what & EPOLLIN ? CURL_CSELECT_IN : 0) |
				   (what & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
				   (what & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
			curl_multi_socket_action(fetch->multi, fd, mask, &running);
		}
	}
	if (fetch->timer_at_ms <= hk_clock_mono_ms()) {
		fetch->timer_at_ms = INT64_MAX;
		curl_multi_socket_action(fetch->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	}
}

void
hk_fetch_step(hk_fetch *fetch, int timeout_ms, int wake_fd)
{
	int64_t until_ms = hk_clock_mono_ms() + MAX(timeout_ms, 0);
	uint64_t told = fetch->told;

	set_wake(fetch, wake_fd);
	/* What was just started must begin before we wait. */
	begin_fresh(fetch);
	drain(fetch);
	int wait_ms = wait_of(fetch, (int)(until_ms - hk_clock_mono_ms()));
	/* With something under way the kill switch is looked at in time. */
	if (fetch->told != told) {
		wait_ms = 0;
	} else if (hk_fetch_busy(fetch) > 0) {
		wait_ms = MIN(wait_ms, KILLED_EVERY_MS * 4);
	}
	take_events(fetch, wait_ms);
	hk_egress_loop_step(fetch->loop);
	drain(fetch);
	look_at_switch(fetch);
}

char *
hk_fetch_header(const char *head, const char *name)
{
	size_t len = strlen(name);
	const char *found = NULL;

	for (const char *line = head; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (g_ascii_strncasecmp(line, name, len) == 0 && line[len] == ':') {
			found = line + len + 1;
		}
	}
	char *value =
		found ? g_strndup(found, MIN(strcspn(found, "\r\n"), HK_FETCH_VALUE_MAX)) : NULL;
	return value ? g_strstrip(value) : NULL;
}
