/* The HTTP port of `hikeshi-range c2`: dead drops by the Host line, and control. */
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/utf8.h"
#include "c2_int.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"

/* A request of control, and what becomes of it. */
typedef struct request {
	rg_c2 *c2;
	struct MHD_Connection *c;
	const GString *body;
	GString *out;
	unsigned status;
} request;

/* ---- Words ---- */

static bool
find(const char *const *names, int count, const char *name, int *ret)
{
	for (int i = 0; i < count; i++) {
		if (strcmp(names[i], name) == 0) {
			*ret = i;
			return true;
		}
	}
	return false;
}

bool
rg_c2_how_find(const char *name, rg_c2_how *ret)
{
	static const char *const names[RG_HOWS] = {"close", "fin", "rst"};
	int i = 0;
	bool found = find(names, RG_HOWS, name, &i);

	*ret = (rg_c2_how)i;
	return found;
}

bool
rg_c2_on_find(const char *name, rg_c2_on *ret)
{
	static const char *const names[RG_ONS] = {"now", "beat", "command"};
	int i = 0;
	bool found = find(names, RG_ONS, name, &i);

	*ret = (rg_c2_on)i;
	return found;
}

static const char *
arg(const request *call, const char *name)
{
	return MHD_lookup_connection_value(call->c, MHD_GET_ARGUMENT_KIND, name);
}

static const char *
header(struct MHD_Connection *c, const char *name)
{
	return MHD_lookup_connection_value(c, MHD_HEADER_KIND, name);
}

static void
wrong(request *call, const char *text)
{
	call->status = 400;
	g_string_assign(call->out, "");
	hk_jsonw_open(call->out, '{');
	hk_jsonw_member_str(call->out, "error", text);
	hk_jsonw_close(call->out, '}');
}

/* A number of the query; absent: otherwise. False: the answer is written. */
static bool
number(request *call, const char *name, uint64_t max, uint64_t otherwise, uint64_t *ret)
{
	const char *text = arg(call, name);

	*ret = otherwise;
	if (text && hk_parse_u64(hk_span_str(text), max, ret) != HK_OK) {
		g_autofree char *what = g_strdup_printf("%s=NUMBER", name);
		wrong(call, what);
		return false;
	}
	return true;
}

/* A number with a point. */
static bool
real(request *call, const char *name, double max, double otherwise, double *ret)
{
	const char *text = arg(call, name);
	char *end = NULL;

	*ret = text ? g_ascii_strtod(text, &end) : otherwise;
	if (text && (end == text || *end || !(*ret >= 0 && *ret <= max))) {
		g_autofree char *what = g_strdup_printf("%s=0 to %g", name, max);
		wrong(call, what);
		return false;
	}
	return true;
}

/* port=NAME; absent: all. */
static bool
port(request *call, unsigned *ret)
{
	uint64_t name;

	if (!number(call, "port", UINT16_MAX, 0, &name)) {
		return false;
	}
	*ret = (unsigned)name;
	if (!rg_c2b_is_port(call->c2->b, *ret)) {
		wrong(call, "port=NAME of a port, as the first line of output says");
		return false;
	}
	return true;
}

/* ---- Control ---- */

/* What goes over the line, newly allocated; NULL: the answer is written. */
static char *
command_of(request *call)
{
	const char *verb = arg(call, "verb"), *text = arg(call, "text");
	char *line = NULL;

	if (verb) {
		line = rg_script_command(verb, arg(call, "numbers"), text, &call->c2->next_number);
	} else {
		line = g_strdup(text ? text : call->body->str);
	}
	if (!line || !*line || !hk_utf8_valid(hk_span_str(line))) {
		wrong(call, "port=NAME&text=TEXT, the text as a body, or "
			    "verb=VERB[&numbers=LIST|@N][&text=TEXT] of range/c2verbs.def");
		g_clear_pointer(&line, g_free);
	}
	return line;
}

static void
do_send(request *call)
{
	unsigned name;
	g_autofree char *line = NULL;

	if (port(call, &name) && (line = command_of(call))) {
		rg_c2b_send(call->c2->b, name, line, call->out);
	}
}

static void
do_fault(request *call)
{
	const char *fault = arg(call, "fault");
	unsigned name;
	uint64_t times;

	if (!port(call, &name) || !number(call, "times", 1000000, 0, &times)) {
		return;
	}
	if (!fault || !rg_c2b_fault(call->c2->b, name, fault, (unsigned)times)) {
		const char *what;
		g_autoptr(GString) list = g_string_new("fault=NAME of");
		for (size_t i = 0; (fault = rg_c2b_fault_name(i, &what)); i++) {
			g_string_append_printf(list, " %s", fault);
		}
		wrong(call, list->str);
		return;
	}
	rg_c2b_state(call->c2->b, call->out);
}

static void
do_drop(request *call)
{
	const char *how_text = arg(call, "how"), *on_text = arg(call, "on");
	unsigned name;
	double chance;
	rg_c2_how how = RG_HOW_CLOSE;
	rg_c2_on on = RG_ON_NOW;

	if (!port(call, &name) || !real(call, "chance", 1, 1, &chance)) {
		return;
	}
	if ((how_text && !rg_c2_how_find(how_text, &how)) ||
		(on_text && !rg_c2_on_find(on_text, &on))) {
		wrong(call, "how=close, fin or rst; on=now, beat or command");
		return;
	}
	hk_jsonw_open(call->out, '{');
	hk_jsonw_member_int(call->out, "dropped", rg_c2b_drop(call->c2->b, name, chance, how, on));
	hk_jsonw_close(call->out, '}');
}

static void
do_a(request *call)
{
	const char *host = arg(call, "host"), *state_text = arg(call, "state"),
		   *address = arg(call, "address");
	rg_drop_state state = RG_DROP_OK;
	uint64_t at_s;

	if (!number(call, "at", INT32_MAX, 0, &at_s)) {
		return;
	}
	if (!host || !*host || !hk_utf8_valid(hk_span_str(host)) ||
		(state_text && !rg_drop_find(state_text, &state)) ||
		(address && !rg_c2_is_address(address)) ||
		!rg_drops_set(call->c2->drops, host, state, address, (int64_t)at_s)) {
		g_autoptr(GString) list =
			g_string_new("host=HOST[/PATH]&address=ADDRESS:PORT&at=SECONDS&state=");
		for (int i = 0; i < RG_DROP_STATES; i++) {
			g_string_append_printf(
				list, "%s%s", i > 0 ? "|" : "", rg_drop_name((rg_drop_state)i));
		}
		wrong(call, list->str);
		return;
	}
	rg_drops_json(call->c2->drops, call->out);
}

static void
write_play(const rg_c2 *c2, GString *out)
{
	hk_jsonw_open(out, '{');
	hk_jsonw_member_int(out, "steps", c2->steps ? c2->steps->len : 0);
	hk_jsonw_member_int(out, "played", c2->played);
	hk_jsonw_member_int(out, "failed", c2->failed);
	hk_jsonw_member_str(out, "failure", c2->failure);
	hk_jsonw_member_bool(out, "waits", c2->waits);
	hk_jsonw_close(out, '}');
}

static void
do_play(request *call)
{
	rg_c2 *c2 = call->c2;
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) steps = NULL;
	double speed;
	uint64_t now;

	if (!real(call, "speed", 1e6, c2->default_speed, &speed) ||
		!number(call, "now", 1, 1, &now)) {
		return;
	}
	if (call->body->len > 0) {
		steps = rg_script_read(
			hk_span_of(call->body->str, call->body->len), &c2->next_number, &error);
	} else if (c2->scenario) {
		steps = g_ptr_array_ref(c2->scenario);
	}
	if (!steps || speed <= 0) {
		wrong(call, error ? error->message
				  : "a scenario as a body, or --scenario; speed above 0");
		return;
	}
	rg_c2_play(c2, g_steal_pointer(&steps), speed, now == 1);
	write_play(c2, call->out);
}

static void
do_reset(request *call)
{
	g_clear_pointer(&call->c2->steps, g_ptr_array_unref);
	rg_c2b_reset(call->c2->b);
	rg_c2b_state(call->c2->b, call->out);
}

static void
do_state(request *call)
{
	hk_jsonw_open(call->out, '{');
	hk_jsonw_key(call->out, "b");
	rg_c2b_state(call->c2->b, call->out);
	hk_jsonw_key(call->out, "a");
	rg_drops_json(call->c2->drops, call->out);
	hk_jsonw_key(call->out, "play");
	write_play(call->c2, call->out);
	hk_jsonw_close(call->out, '}');
}

static void
do_log(request *call)
{
	uint64_t after;

	if (number(call, "after", UINT32_MAX, 0, &after)) {
		rg_c2b_log(call->c2->b, (unsigned)after, call->out);
	}
}

static void
do_sent(request *call)
{
	uint64_t after;

	if (number(call, "after", UINT32_MAX, 0, &after)) {
		rg_c2b_sent(call->c2->b, (unsigned)after, call->out);
	}
}

static const struct {
	const char *method, *path;
	void (*does)(request *call);
} controls[] = {
	{"POST", "send", do_send},
	{"POST", "fault", do_fault},
	{"POST", "drop", do_drop},
	{"POST", "a", do_a},
	{"POST", "play", do_play},
	{"POST", "reset", do_reset},
	{"GET", "state", do_state},
	{"GET", "log", do_log},
	{"GET", "sent", do_sent},
};

static enum MHD_Result
control(rg_c2 *c2, struct MHD_Connection *c, const char *method, const char *path,
	const GString *body)
{
	g_autoptr(GString) out = g_string_new(NULL);
	request call = {.c2 = c2, .c = c, .body = body, .out = out, .status = 404};

	for (size_t i = 0; i < G_N_ELEMENTS(controls); i++) {
		if (strcmp(controls[i].method, method) == 0 &&
			strcmp(controls[i].path, path) == 0) {
			call.status = 200;
			g_mutex_lock(&c2->lock);
			controls[i].does(&call);
			g_mutex_unlock(&c2->lock);
		}
	}
	if (call.status == 404) {
		wrong(&call, "docs/range.md lists the requests");
		call.status = 404;
	}
	g_string_append_c(out, '\n');
	return rg_httpd_reply(c, call.status, "application/json", out->str, out->len);
}

/* ---- Stage A ---- */

static enum MHD_Result
answer_drop(rg_c2 *c2, struct MHD_Connection *c, const char *host, const char *url)
{
	rg_drop_ask ask = {.host = host,
		.path = url,
		.if_none_match = header(c, "If-None-Match"),
		.if_modified_since = header(c, "If-Modified-Since")};
	rg_drop_answer answer;
	enum MHD_Result result = MHD_NO;

	g_mutex_lock(&c2->lock);
	rg_drops_answer(c2->drops, &ask, &answer);
	g_mutex_unlock(&c2->lock);
	if (answer.status != 0) {
		struct MHD_Response *r = MHD_create_response_from_buffer(
			answer.body->len, answer.body->str, MHD_RESPMEM_MUST_COPY);
		MHD_add_response_header(r, "Server", "nginx");
		if (answer.status != 304) {
			MHD_add_response_header(r, "Content-Type", "text/html");
		}
		if (answer.etag) {
			MHD_add_response_header(r, "Last-Modified", answer.last_modified);
			MHD_add_response_header(r, "ETag", answer.etag);
		}
		if (answer.status == 200) {
			MHD_add_response_header(r, "Accept-Ranges", "bytes");
		}
		result = MHD_queue_response(c, answer.status, r);
		MHD_destroy_response(r);
	}
	rg_drop_answer_clear(&answer);
	return result;
}

static bool
is_here(const char *host)
{
	size_t len = strcspn(host, ":");

	return (len == 9 &&
		(strncmp(host, "127.0.0.1", len) == 0 || strncmp(host, "localhost", len) == 0));
}

enum MHD_Result
rg_c2_answer(void *user, struct MHD_Connection *c, const char *method, const char *url,
	const GString *body)
{
	rg_c2 *c2 = user;
	const char *host = header(c, "Host");

	if (!host) {
		host = "";
	}
	if (is_here(host) && g_str_has_prefix(url, "/-/")) {
		return control(c2, c, method, url + 3, body);
	}
	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
		return rg_httpd_reply(c, 405, "text/html", "", 0);
	}
	return answer_drop(c2, c, host, url);
}
