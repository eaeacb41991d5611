/* The network's events: requests, redirects, answers, headers as they went over the wire, bodies. */
#include <string.h>

#include "base/codec.h"
#include "evidence/page_int.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/hash.h"
#include "sys/jsonw.h"

/* Requests that may be under way and known of; raw headers that wait for their request. */
enum { FLOWS_MAX = 4000, EARLY_MAX = 40 };

void
hk_transfer_free(void *data)
{
	hk_transfer *flow = data;

	g_free(flow->id);
	g_free(flow->session);
	g_array_unref(flow->exchanges);
	g_ptr_array_unref(flow->early);
	g_byte_array_unref(flow->bytes);
	g_clear_pointer(&flow->head, g_bytes_unref);
	g_free(flow);
}

static void
message_free(void *data)
{
	hk_cdp_message_free(data);
}

hk_transfer *
hk_run_transfer(hk_run *run, const char *id, const char *session)
{
	hk_transfer *flow = g_hash_table_lookup(run->flows, id);

	if (flow || g_hash_table_size(run->flows) >= FLOWS_MAX || !session) {
		return flow;
	}
	flow = g_new0(hk_transfer, 1);
	flow->id = g_strdup(id);
	flow->session = g_strdup(session);
	flow->exchanges = g_array_new(FALSE, FALSE, sizeof(size_t));
	flow->early = g_ptr_array_new_with_free_func(message_free);
	flow->bytes = g_byte_array_new();
	g_hash_table_insert(run->flows, flow->id, flow);
	return flow;
}

/* The n-th exchange of a flow; NULL: not (yet) there. */
static hk_capture_exchange *
nth(const hk_run *run, const hk_transfer *flow, guint n)
{
	return n < flow->exchanges->len ? g_ptr_array_index(run->capture->exchanges,
						  g_array_index(flow->exchanges, size_t, n))
					: NULL;
}

static hk_capture_exchange *
last(const hk_run *run, const hk_transfer *flow)
{
	return flow->exchanges->len > 0 ? nth(run, flow, flow->exchanges->len - 1) : NULL;
}

static hk_transfer *
flow_of(hk_run *run, const hk_cdp_message *m)
{
	const char *id = "";

	(void)hk_json_str(&m->body, "requestId", &id, NULL);
	return hk_run_transfer(run, id, m->session);
}

static void
set_text(char **ret, const hk_json *obj, const char *key, size_t max)
{
	const char *text = NULL;

	if (hk_json_str(obj, key, &text, NULL)) {
		g_free(*ret);
		*ret = hk_capture_text(text, max);
	}
}

static void
close_flow(hk_run *run, hk_transfer *flow)
{
	run->working -= flow->open;
	flow->open = false;
}

/* {"Name": "value", ...}; several of a name stand in one value, parted by newlines. */
static void
headers_of_object(const hk_json *object, GPtrArray *list)
{
	void *pos = NULL;
	const char *name;
	hk_json value;

	while (hk_json_each(object, &pos, &name, &value)) {
		const char *text = hk_json_text(&value);

		while (text) {
			const char *end = strchr(text, '\n');
			g_autofree char *line =
				end ? g_strndup(text, (gsize)(end - text)) : g_strdup(text);

			hk_capture_add_header(list, name, line);
			text = end ? end + 1 : NULL;
		}
	}
}

/* A head as it was received: order, case and doubles as they were. */
static void
headers_of_text(const char *head, GPtrArray *list)
{
	const char *line = strchr(head, '\n');

	while (line && *++line && *line != '\r') {
		size_t len = strcspn(line, "\r\n");
		const char *colon = memchr(line, ':', len);

		if (colon) {
			g_autofree char *name = g_strndup(line, (gsize)(colon - line));
			size_t rest = len - (size_t)(colon + 1 - line);
			g_autofree char *value = g_strstrip(g_strndup(colon + 1, rest));

			hk_capture_add_header(list, name, value);
		}
		line = strchr(line, '\n');
	}
}

static void
raw_request(hk_capture_exchange *x, const hk_cdp_message *m)
{
	hk_json headers;

	if (hk_json_object(&m->body, "headers", &headers, NULL)) {
		g_ptr_array_set_size(x->request_headers, 0);
		headers_of_object(&headers, x->request_headers);
		x->raw_request = true;
	}
}

static void
raw_response(hk_capture_exchange *x, const hk_cdp_message *m)
{
	const char *text = NULL;
	hk_json headers;
	int64_t status;

	if (hk_json_i64(&m->body, "statusCode", &status, NULL) && x->status == 0) {
		x->status = (int)CLAMP(status, 0, 999);
	}
	g_ptr_array_set_size(x->response_headers, 0);
	if (hk_json_str(&m->body, "headersText", &text, NULL)) {
		g_free(x->response_head);
		x->response_head = hk_capture_text(text, 4 * HK_CAPTURE_TEXT_MAX);
		headers_of_text(x->response_head, x->response_headers);
	} else if (hk_json_object(&m->body, "headers", &headers, NULL)) {
		headers_of_object(&headers, x->response_headers);
	}
}

/* The n-th raw head belongs to the n-th exchange. */
static bool
apply_extra(hk_run *run, hk_transfer *flow, const hk_cdp_message *m)
{
	bool request = strcmp(m->method, "Network.requestWillBeSentExtraInfo") == 0;
	guint *count = request ? &flow->request_extra : &flow->response_extra;
	hk_capture_exchange *x = nth(run, flow, *count);

	if (!x) {
		return false;
	}
	(*count)++;
	if (request) {
		raw_request(x, m);
	} else {
		raw_response(x, m);
	}
	return true;
}

static void
apply_early(hk_run *run, hk_transfer *flow)
{
	while (flow->early->len > 0 && apply_extra(run, flow, g_ptr_array_index(flow->early, 0))) {
		g_ptr_array_remove_index(flow->early, 0);
	}
}

static void
on_extra(hk_run *run, const hk_cdp_message *m)
{
	hk_transfer *flow = flow_of(run, m);

	if (!flow || (flow->early->len == 0 && apply_extra(run, flow, m)) ||
		flow->early->len >= EARLY_MAX) {
		return;
	}
	/* Kept as text of its own: m is its owner's. */
	g_autofree char *text = hk_json_dump(&m->root);
	hk_cdp_message *copy = hk_cdp_parse(text, strlen(text), NULL);
	if (copy) {
		g_ptr_array_add(flow->early, copy);
	}
}

static void
read_response(hk_run *run, hk_capture_exchange *x, const hk_json *r, int64_t at_ms)
{
	int64_t number = 0;
	hk_json headers, details;

	x->response_ms = at_ms;
	if (hk_json_i64(r, "status", &number, NULL)) {
		x->status = (int)CLAMP(number, 0, 999);
	}
	set_text(&x->status_text, r, "statusText", 256);
	set_text(&x->protocol, r, "protocol", 32);
	set_text(&x->mime, r, "mimeType", 128);
	set_text(&x->security, r, "securityState", 32);
	set_text(&x->remote_ip, r, "remoteIPAddress", 64);
	if (hk_json_i64(r, "remotePort", &number, NULL)) {
		x->remote_port = (unsigned)CLAMP(number, 0, 65535);
	}
	/* Behind the proxy that is the proxy. */
	if (x->remote_ip && strcmp(x->remote_ip, "127.0.0.1") == 0) {
		g_clear_pointer(&x->remote_ip, g_free);
		x->remote_port = 0;
	}
	(void)hk_json_bool(r, "fromDiskCache", &x->from_cache, NULL);
	(void)hk_json_bool(r, "fromServiceWorker", &x->from_worker, NULL);
	if (x->response_headers->len == 0 && hk_json_object(r, "headers", &headers, NULL)) {
		headers_of_object(&headers, x->response_headers);
	}
	hk_capture_cert *cert = hk_json_object(r, "securityDetails", &details, NULL)
					? hk_run_cert(run, x->url)
					: NULL;
	if (cert) {
		set_text(&cert->protocol, &details, "protocol", 32);
		set_text(&cert->cipher, &details, "cipher", 64);
	}
	if (g_strcmp0(x->security, "insecure") == 0 && g_str_has_prefix(x->url, "https:")) {
		hk_capture_note(run->capture, HK_CAPTURE_TLS_ERROR);
	}
}

/* A new document takes the place of the last one: what that one still loads is not told to its end, and is not waited for. */
static void
leave_document(hk_run *run, const char *but)
{
	GHashTableIter iter;
	void *value;

	g_hash_table_iter_init(&iter, run->flows);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		hk_transfer *old = value;

		if (old->open && strcmp(old->id, but) != 0) {
			close_flow(run, old);
		}
	}
}

static void
add_hop(hk_run *run, const hk_capture_exchange *x, size_t index, bool redirect)
{
	hk_capture_how how = redirect          ? HK_CAPTURE_HOW_REDIRECT
			     : !run->opened    ? HK_CAPTURE_HOW_OPEN
			     : run->clicked_ms ? HK_CAPTURE_HOW_CLICK
					       : HK_CAPTURE_HOW_CLIENT;

	run->opened = true;
	run->moves += how == HK_CAPTURE_HOW_CLIENT;
	if (!redirect) {
		run->clicked_ms = 0;
		run->loaded = run->parsed = false;
		leave_document(run, x->id);
	}
	hk_capture_hop *hop = hk_capture_add_hop(run->capture);
	if (hop) {
		hop->url = g_strdup(x->url);
		hop->at_ms = x->start_ms;
		hop->how = how;
		hop->exchange = index;
	}
	if (!hop || run->moves > HK_RUN_MOVES) {
		hk_run_stop_scripts(run, HK_CAPTURE_NAVIGATION_LOOP);
	}
}

static bool
is_main_document(const hk_run *run, const hk_cdp_message *m)
{
	const char *type = "", *loader = NULL, *id = "", *frame = "";

	(void)hk_json_str(&m->body, "type", &type, NULL);
	(void)hk_json_str(&m->body, "loaderId", &loader, NULL);
	(void)hk_json_str(&m->body, "requestId", &id, NULL);
	(void)hk_json_str(&m->body, "frameId", &frame, NULL);
	return strcmp(type, "Document") == 0 && g_strcmp0(loader, id) == 0 &&
	       strcmp(frame, hk_browser_tab_target(run->tab)) == 0;
}

static void
read_request(hk_capture_exchange *x, const hk_cdp_message *m, const hk_json *request)
{
	hk_json headers, initiator;
	const char *post = NULL;

	set_text(&x->url, request, "url", HK_CAPTURE_URL_MAX);
	set_text(&x->method, request, "method", 32);
	set_text(&x->type, &m->body, "type", 32);
	set_text(&x->document, &m->body, "documentURL", HK_CAPTURE_URL_MAX);
	set_text(&x->frame, &m->body, "frameId", 64);
	if (hk_json_object(&m->body, "initiator", &initiator, NULL)) {
		set_text(&x->initiator, &initiator, "type", 32);
	}
	if (hk_json_object(request, "headers", &headers, NULL)) {
		headers_of_object(&headers, x->request_headers);
	}
	if (hk_json_str(request, "postData", &post, NULL)) {
		x->post = g_bytes_new(post, MIN(strlen(post), HK_CAPTURE_TEXT_MAX));
	}
}

/* What the page is not waited for: it is open as long as the page likes. */
static bool
is_endless(const char *type)
{
	return strcmp(type, "WebSocket") == 0 || strcmp(type, "EventSource") == 0 ||
	       strcmp(type, "Ping") == 0 || strcmp(type, "Media") == 0;
}

static void
on_request(hk_run *run, const hk_cdp_message *m)
{
	hk_transfer *flow = flow_of(run, m);
	const char *url = "";
	hk_json request, redirect;
	size_t from = SIZE_MAX;

	if (!flow || !hk_json_object(&m->body, "request", &request, NULL) ||
		!hk_json_str(&request, "url", &url, NULL) || g_str_has_prefix(url, "data:")) {
		return;
	}
	int64_t at_ms = hk_run_ms(run, m->came_ms);
	hk_capture_exchange *before = last(run, flow);

	if (before && hk_json_object(&m->body, "redirectResponse", &redirect, NULL)) {
		from = g_array_index(flow->exchanges, size_t, flow->exchanges->len - 1);
		read_response(run, before, &redirect, at_ms);
		before->end_ms = at_ms;
		before->body_why = "none";
	}
	hk_capture_exchange *x = hk_capture_add_exchange(run->capture);
	if (!x) {
		hk_capture_note(run->capture, HK_CAPTURE_REQUESTS_CUT);
		return;
	}
	size_t index = run->capture->exchanges->len - 1;

	x->id = g_strdup(flow->id);
	x->start_ms = at_ms;
	x->redirected_from = from;
	read_request(x, m, &request);
	g_array_append_val(flow->exchanges, index);
	apply_early(run, flow);
	if (!flow->open && !is_endless(x->type ? x->type : "")) {
		flow->open = true;
		run->working++;
	}
	if (is_main_document(run, m)) {
		add_hop(run, x, index, from != SIZE_MAX);
	}
}

static void
ask(hk_run *run, hk_transfer *flow, hk_ask_kind kind, const char *method)
{
	g_autofree char *params = hk_run_param("requestId", flow->id);
	int64_t id = hk_cdp_send(run->page, flow->session, method, params);
	hk_ask *a = g_new0(hk_ask, 1);

	a->kind = kind;
	a->flow = g_strdup(flow->id);
	g_hash_table_insert(run->asks, g_memdup2(&id, sizeof id), a);
	hk_cdp_expect(run->page, id);
}

/* A body of its own is streamed from its beginning: so it is had byte for byte, and of an endless one what came. */
static void
on_response(hk_run *run, const hk_cdp_message *m)
{
	hk_transfer *flow = flow_of(run, m);
	hk_capture_exchange *x = flow ? last(run, flow) : NULL;
	hk_json response;

	if (!x || !hk_json_object(&m->body, "response", &response, NULL)) {
		return;
	}
	read_response(run, x, &response, hk_run_ms(run, m->came_ms));
	apply_early(run, flow);
	if (!flow->asked && !flow->finished && run->capture->body_bytes < HK_CAPTURE_BODIES_MAX) {
		flow->asked = true;
		ask(run, flow, HK_ASK_STREAM, "Network.streamResourceContent");
	}
}

/* The bytes of a base64 member; empty for none. Caller frees. */
static GBytes *
base64_of(const hk_json *obj, const char *key)
{
	const char *text = "";
	size_t len = 0;

	(void)hk_json_str(obj, key, &text, NULL);
	uint8_t *bytes = g_malloc(strlen(text) / 4 * 3 + 1);

	if (hk_base64_decode(hk_span_str(text), bytes, &len) != HK_OK) {
		len = 0;
	}
	return g_bytes_new_take(bytes, len);
}

static void
cut_body(hk_run *run, hk_transfer *flow)
{
	const hk_capture_exchange *x = last(run, flow);

	hk_capture_note(run->capture, HK_CAPTURE_BODY_CUT);
	if (!flow->cut && x && x->type && strcmp(x->type, "Document") == 0) {
		hk_run_quiet(run, "Page.stopLoading", NULL);
	}
	flow->cut = true;
	close_flow(run, flow);
}

/* Bytes of bodies that may still be taken. Those in flows count, too: a page may have any number of them under way. */
static size_t
room_of(const hk_run *run)
{
	size_t held = run->capture->body_bytes + run->streamed;

	return HK_CAPTURE_BODIES_MAX - MIN(held, HK_CAPTURE_BODIES_MAX);
}

/* What a flow has of its body is kept elsewhere, or nowhere. */
static void
let_go(hk_run *run, hk_transfer *flow)
{
	run->streamed -= flow->bytes->len + (flow->head ? g_bytes_get_size(flow->head) : 0);
	g_clear_pointer(&flow->head, g_bytes_unref);
	g_byte_array_unref(flow->bytes);
	flow->bytes = g_byte_array_new();
}

static void
on_data(hk_run *run, const hk_cdp_message *m)
{
	hk_transfer *flow = flow_of(run, m);
	int64_t len = 0;

	if (!flow || !hk_json_i64(&m->body, "dataLength", &len, NULL)) {
		return;
	}
	flow->received += CLAMP(len, 0, INT32_MAX);
	if (flow->received > HK_CAPTURE_BODY_MAX) {
		cut_body(run, flow);
	}
	if (!flow->asked || !hk_json_has(&m->body, "data")) {
		return;
	}
	g_autoptr(GBytes) data = base64_of(&m->body, "data");
	size_t own = HK_CAPTURE_BODY_MAX - MIN(flow->bytes->len, HK_CAPTURE_BODY_MAX);
	size_t take = MIN(g_bytes_get_size(data), MIN(own, room_of(run)));

	if (take < g_bytes_get_size(data) && !flow->cut) {
		cut_body(run, flow);
	}
	g_byte_array_append(flow->bytes, g_bytes_get_data(data, NULL), (guint)take);
	run->streamed += take;
}

/* Takes body. */
static void
keep_body(hk_run *run, hk_transfer *flow, GBytes *body, bool raw)
{
	hk_capture_exchange *x = last(run, flow);
	size_t len = g_bytes_get_size(body);

	if (!x || x->body || run->capture->body_bytes + len > HK_CAPTURE_BODIES_MAX) {
		if (x && !x->body) {
			x->body_why = "cap";
			hk_capture_note(run->capture, HK_CAPTURE_BODY_CUT);
		}
		g_bytes_unref(body);
		return;
	}
	x->body = body;
	x->body_exact = (raw || (int64_t)len == flow->received) && !flow->cut;
	x->body_why = flow->cut ? "cut" : flow->failed || !flow->finished ? "unfinished" : NULL;
	run->capture->body_bytes += len;
	hk_sha256(hk_span_of(g_bytes_get_data(body, NULL), len), x->sha256);
}

static void ask(hk_run *run, hk_transfer *flow, hk_ask_kind kind, const char *method);

/* A stream that was asked for late misses what was read before: the browser is asked for the whole then. */
static void
keep_stream(hk_run *run, hk_transfer *flow)
{
	size_t have = (flow->head ? g_bytes_get_size(flow->head) : 0) + flow->bytes->len;

	if (flow->finished && !flow->failed && !flow->cut && (int64_t)have < flow->received) {
		flow->streaming = false;
		let_go(run, flow);
		ask(run, flow, HK_ASK_BODY, "Network.getResponseBody");
		return;
	}
	g_autoptr(GByteArray) all = g_byte_array_new();

	if (flow->head) {
		g_byte_array_append(all, g_bytes_get_data(flow->head, NULL),
			(guint)g_bytes_get_size(flow->head));
	}
	g_byte_array_append(all, flow->bytes->data, flow->bytes->len);
	let_go(run, flow);
	keep_body(run, flow, g_byte_array_free_to_bytes(g_steal_pointer(&all)), true);
}

static void
end_flow(hk_run *run, hk_transfer *flow)
{
	hk_capture_exchange *x = last(run, flow);

	close_flow(run, flow);
	if (!x) {
		return;
	}
	if (flow->streaming) {
		keep_stream(run, flow);
	} else if (flow->failed) {
		x->body_why = x->body_why ? x->body_why : "none";
	} else if (flow->cut) {
		x->body_why = "cap";
	} else if (!flow->asked) {
		ask(run, flow, HK_ASK_BODY, "Network.getResponseBody");
	} /* else: the answer to the call for the stream decides */
}

static void
on_finished(hk_run *run, const hk_cdp_message *m)
{
	hk_transfer *flow = flow_of(run, m);
	hk_capture_exchange *x = flow ? last(run, flow) : NULL;
	double encoded = 0;

	if (!x || flow->finished) {
		return;
	}
	(void)hk_json_real(&m->body, "encodedDataLength", &encoded, NULL);
	x->encoded_bytes = (int64_t)CLAMP(encoded, 0, 1e12);
	x->end_ms = hk_run_ms(run, m->came_ms);
	flow->finished = true;
	end_flow(run, flow);
}

static void
on_failed(hk_run *run, const hk_cdp_message *m)
{
	hk_transfer *flow = flow_of(run, m);
	hk_capture_exchange *x = flow ? last(run, flow) : NULL;

	if (!x || flow->finished) {
		return;
	}
	x->end_ms = hk_run_ms(run, m->came_ms);
	set_text(&x->error, &m->body, "errorText", 128);
	flow->failed = flow->finished = true;
	end_flow(run, flow);
}

static void
on_socket(hk_run *run, const hk_cdp_message *m)
{
	hk_capture_event *event = hk_capture_add_event(run->capture, HK_CAPTURE_EVENT_SOCKET);

	if (event) {
		event->at_ms = hk_run_ms(run, m->came_ms);
		set_text(&event->url, &m->body, "url", HK_CAPTURE_URL_MAX);
	}
}

bool
hk_run_net_event(hk_run *run, const hk_cdp_message *m)
{
	static const struct {
		const char *method;
		void (*handle)(hk_run *run, const hk_cdp_message *m);
	} handlers[] = {{"Network.requestWillBeSent", on_request},
		{"Network.requestWillBeSentExtraInfo", on_extra},
		{"Network.responseReceived", on_response},
		{"Network.responseReceivedExtraInfo", on_extra}, {"Network.dataReceived", on_data},
		{"Network.loadingFinished", on_finished}, {"Network.loadingFailed", on_failed},
		{"Network.webSocketCreated", on_socket}};

	for (size_t i = 0; i < G_N_ELEMENTS(handlers); i++) {
		if (strcmp(m->method, handlers[i].method) == 0) {
			run->active_ms = m->came_ms;
			handlers[i].handle(run, m);
			return true;
		}
	}
	return false;
}

static void
on_stream_answer(hk_run *run, hk_transfer *flow, const hk_cdp_message *m)
{
	if (!m->failed) {
		g_autoptr(GBytes) head = base64_of(&m->body, "bufferedData");
		size_t take = MIN(g_bytes_get_size(head), room_of(run));
		if (take < g_bytes_get_size(head) && !flow->cut) {
			cut_body(run, flow);
		}
		flow->head = g_bytes_new(g_bytes_get_data(head, NULL), take);
		run->streamed += take;
		flow->streaming = true;
		if (flow->finished) {
			keep_stream(run, flow);
		}
		return;
	}
	flow->asked = false;
	if (flow->finished && !flow->failed && !flow->cut) {
		ask(run, flow, HK_ASK_BODY, "Network.getResponseBody");
	}
}

static void
on_body_answer(hk_run *run, hk_transfer *flow, const hk_cdp_message *m)
{
	hk_capture_exchange *x = last(run, flow);
	const char *text = NULL;
	bool coded = false;

	if (m->failed || !hk_json_str(&m->body, "body", &text, NULL)) {
		if (x && !x->body) {
			x->body_why = "gone";
		}
		return;
	}
	(void)hk_json_bool(&m->body, "base64Encoded", &coded, NULL);
	keep_body(run, flow, coded ? base64_of(&m->body, "body") : g_bytes_new(text, strlen(text)),
		coded);
}

void
hk_run_answer(hk_run *run, hk_cdp_message *m)
{
	const hk_ask *a = g_hash_table_lookup(run->asks, &m->id);
	hk_transfer *flow = a && a->flow ? g_hash_table_lookup(run->flows, a->flow) : NULL;

	if (!a) {
		return;
	}
	if (a->kind == HK_ASK_NAVIGATE) {
		run->navigated = true;
		set_text(&run->failed, &m->body, "errorText", 128);
		(void)hk_json_bool(&m->body, "isDownload", &run->download, NULL);
	} else if (flow && a->kind == HK_ASK_STREAM) {
		on_stream_answer(run, flow, m);
	} else if (flow) {
		on_body_answer(run, flow, m);
	}
	g_hash_table_remove(run->asks, &m->id);
}

unsigned
hk_run_ask_bodies(hk_run *run)
{
	GHashTableIter iter;
	void *value;
	unsigned asked = 0;

	g_hash_table_iter_init(&iter, run->flows);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		hk_transfer *flow = value;
		const hk_capture_exchange *x = last(run, flow);

		/* Its document was left before the end was told. */
		if (x && !x->body && !x->body_why && x->status > 0 && !flow->streaming &&
			!flow->finished && !flow->cut && !is_endless(x->type ? x->type : "")) {
			flow->finished = true;
			ask(run, flow, HK_ASK_BODY, "Network.getResponseBody");
			asked++;
		}
	}
	return asked + g_hash_table_size(run->asks);
}

void
hk_run_finish_bodies(hk_run *run)
{
	GHashTableIter iter;
	void *value;

	g_hash_table_iter_init(&iter, run->flows);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		hk_transfer *flow = value;
		hk_capture_exchange *x = last(run, flow);

		if (x && !x->body && flow->streaming) {
			keep_stream(run, flow);
		} else if (x && !x->body && !x->body_why) {
			x->body_why = flow->finished ? "gone" : "unfinished";
		}
	}
}

void
hk_run_forget(hk_run *run)
{
	hk_capture *c = run->capture;
	GPtrArray *const lists[] = {c->exchanges, c->hops, c->events, c->console};

	for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
		g_ptr_array_set_size(lists[i], 0);
	}
	g_hash_table_remove_all(run->asks);
	g_hash_table_remove_all(run->flows);
	g_array_set_size(c->notes, 0);
	c->body_bytes = 0;
	run->streamed = 0;
	run->working = 0;
	run->opened = false;
	run->dialogs = run->windows = run->moves = 0;
}
