#include "report/post.h"

#include <string.h>

#include "report/channel_http.h"
#include "report/post_int.h"
#include "sys/clock.h"
#include "sys/gerr.h"

enum { STEP_MS = 1000 };

static void
client_free(void *data)
{
	hk_http_free(data);
}

hk_post *
hk_post_new(const hk_post_config *config)
{
	hk_post *post = g_new0(hk_post, 1);

	post->contact = g_strdup(config->contact);
	post->egress = config->egress ? hk_egress_ref(config->egress) : NULL;
	post->timeout_ms = config->timeout_ms;
	post->connect_ms = config->connect_ms;
	post->clients = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, client_free);
	post->tokens = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, hk_post_token_free);
	return post;
}

void
hk_post_free(hk_post *post)
{
	if (post) {
		g_hash_table_unref(post->clients);
		g_hash_table_unref(post->tokens);
		hk_egress_unref(post->egress);
		g_free(post->contact);
		g_free(post);
	}
}

void
hk_post_answer_clear(hk_post_answer *answer)
{
	g_clear_pointer(&answer->body, g_byte_array_unref);
	g_free(answer->type);
	g_free(answer->error);
	*answer = (hk_post_answer){0};
}

static hk_http *
client_of(hk_post *post, const char *ca_file, GError **error)
{
	hk_http *http = g_hash_table_lookup(post->clients, ca_file ? ca_file : "");

	if (!http) {
		hk_http_config config = {.contact = post->contact,
			.ca_file = ca_file,
			.egress = post->egress,
			.purpose = "report"};
		http = hk_http_new(&config, error);
		if (http) {
			g_hash_table_insert(post->clients, g_strdup(ca_file ? ca_file : ""), http);
		}
	}
	return http;
}

/* One exchange under way. */
typedef struct exchange {
	hk_post_answer *ret;
	bool done;
	hk_http_last last;
	void *user;
	bool left;
} exchange;

static bool
on_last(void *user)
{
	exchange *e = user;

	/* From now on nobody knows, unless last says no. */
	e->left = !e->last || e->last(e->user);
	return e->left;
}

static void
on_done(void *user, hk_http_call *call, const hk_http_answer *answer)
{
	exchange *e = user;
	hk_post_answer *ret = e->ret;

	(void)call;
	ret->body = g_byte_array_sized_new((unsigned)answer->body.len);
	g_byte_array_append(ret->body, answer->body.data, (unsigned)answer->body.len);
	ret->type = g_strdup(answer->type);
	/* Nobody asked for a packed answer: it cannot be read. */
	bool packed = answer->gzip || answer->odd_encoding;
	ret->error = answer->error ? g_strdup(answer->error->message)
		     : packed      ? g_strdup("the answer is packed, though nobody asked for it")
				   : NULL;
	ret->answer = (hk_channel_answer){
		.status = answer->status,
		.body = hk_span_of(ret->body->data, ret->body->len),
		.type = ret->type,
		.retry_after_ms =
			hk_channel_http_wait(answer->head, answer->status, hk_clock_wall_ms()),
		.broken = ret->error != NULL,
		.left = e->left,
	};
	e->done = true;
}

bool
hk_post_exchange(hk_post *post, const char *ca_file, const hk_http_request *request,
	hk_post_answer *ret, GError **error)
{
	exchange e = {.ret = ret, .last = request->last, .user = request->last_user};
	hk_http *http = client_of(post, ca_file, error);
	hk_http_request asked = *request;

	if (!http) {
		return false;
	}
	asked.identity = true;
	asked.max_bytes = HK_CHANNEL_ANSWER_MAX;
	asked.timeout_ms = post->timeout_ms;
	asked.connect_ms = post->connect_ms;
	asked.last = on_last;
	asked.last_user = &e;
	hk_post_answer_clear(ret);
	if (!hk_http_get(http, &asked, on_done, &e, error)) {
		return false;
	}
	while (!e.done) {
		hk_http_step(http, STEP_MS, -1);
	}
	return true;
}

static bool
method_of(const char *text, hk_http_method *ret, GError **error)
{
	static const struct {
		const char *name;
		hk_http_method method;
	} methods[] = {
		{"GET", HK_HTTP_GET},
		{"POST", HK_HTTP_POST},
		{"PUT", HK_HTTP_PUT},
		{"PATCH", HK_HTTP_PATCH},
		{"DELETE", HK_HTTP_DELETE},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(methods); i++) {
		if (strcmp(methods[i].name, text) == 0) {
			*ret = methods[i].method;
			return true;
		}
	}
	return hk_error_set(error, HK_EPOLICY, "%s is no method that is sent", text);
}

static void
wipe_line(void *data)
{
	char *line = data;

	explicit_bzero(line, strlen(line));
	g_free(line);
}

/* Once, with this token if it wants one. */
static bool
send_once(hk_post *post, const hk_channel_conf *conf, const hk_channel_ask *ask, const char *token,
	hk_http_request *request, hk_post_answer *ret, GError **error)
{
	g_autoptr(GPtrArray) headers = g_ptr_array_new_with_free_func(wipe_line);
	char *url = NULL;

	for (unsigned i = 0; ask->headers && i < ask->headers->len; i++) {
		g_ptr_array_add(headers, g_strdup(ask->headers->pdata[i]));
	}
	if (!hk_post_auth(conf, ask, token, hk_clock_wall_ms() / 1000, headers, &url, error)) {
		return false;
	}
	g_ptr_array_add(headers, g_strdup(""));
	const char **lines = g_new0(const char *, headers->len);
	for (unsigned i = 0; i + 1 < headers->len; i++) {
		lines[i] = headers->pdata[i];
	}
	request->url = url;
	request->headers = lines;
	bool good = hk_post_exchange(post, conf->ca_file, request, ret, error);
	g_free(lines);
	wipe_line(url);
	return good;
}

bool
hk_post_send(hk_post *post, const hk_channel_conf *conf, const hk_channel_ask *ask,
	hk_http_last last, void *user, hk_post_answer *ret, GError **error)
{
	hk_http_request request = {.last = last, .last_user = user};
	bool wants_token = ask->auth == HK_AUTH_OAUTH || ask->auth == HK_AUTH_JWT;
	const char *token = NULL;
	bool old = false;
	size_t len = 0;
	const void *data = ask->body ? g_bytes_get_data(ask->body, &len) : NULL;

	hk_post_answer_clear(ret);
	if (len > HK_POST_BODY_MAX) {
		return hk_error_set(error, HK_ELIMIT, "a request of %zu bytes: at most %u are sent",
			len, HK_POST_BODY_MAX);
	}
	if (!method_of(ask->method, &request.method, error)) {
		return false;
	}
	request.upload = hk_span_of(data, len);
	for (int tries = 0; tries < 2; tries++) {
		g_autoptr(GError) why = NULL;
		token = wants_token ? hk_post_token_get(post, conf, ask, ret, &old, &why) : NULL;
		if (why) {
			g_propagate_error(error, g_steal_pointer(&why));
			return false;
		}
		if (wants_token && !token) {
			return true;
		}
		if (!send_once(post, conf, ask, token, &request, ret, error)) {
			return false;
		}
		if (!wants_token || ret->answer.status != 401) {
			return true;
		}
		hk_post_token_drop(post, conf, ask);
		if (!old) {
			return true;
		}
	}
	return true;
}
