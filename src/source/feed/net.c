#include "source/feed/net.h"

#include <poll.h>
#include <string.h>

#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/gz.h"
#include "sys/http.h"

struct hk_feed_net {
	const hk_feed_config *config;
	hk_http *http;
	hk_gz *gz;
	int cancel_fd;
	int64_t retry_ms;
	hk_http_body *body; /* of the last answer; NULL: none */
	GError *failed;     /* of the last call */
	bool gzip;
	bool odd_encoding;
	bool done;
	hk_feed_answer answer;
};

static void
clear(hk_feed_net *net)
{
	hk_http_give(net->http, g_steal_pointer(&net->body));
	g_clear_error(&net->failed);
	g_free(net->answer.etag);
	g_free(net->answer.modified);
	g_free(net->answer.type);
	g_free(net->answer.kept);
	net->answer = (hk_feed_answer){0};
	net->done = false;
	net->retry_ms = -1;
}

void
hk_feed_net_free(hk_feed_net *net)
{
	if (net) {
		if (net->http) {
			clear(net);
		}
		hk_http_free(net->http);
		hk_gz_free(net->gz);
		g_free(net);
	}
}

hk_feed_net *
hk_feed_net_new(const hk_feed_config *config, const char *contact, int cancel_fd, GError **error)
{
	g_autoptr(hk_feed_net) net = g_new0(hk_feed_net, 1);
	hk_http_config http = {.contact = contact,
		.ca_file = config->ca_file,
		.max_connects = 2,
		.purpose = "feed"};

	net->config = config;
	net->cancel_fd = cancel_fd;
	net->retry_ms = -1;
	net->http = hk_http_new(&http, error);
	net->gz = hk_gz_new();
	return net->http ? g_steal_pointer(&net) : NULL;
}

int64_t
hk_feed_net_retry_ms(const hk_feed_net *net)
{
	return net->retry_ms;
}

int
hk_feed_net_status(const hk_feed_net *net)
{
	return net->answer.status;
}

bool
hk_feed_net_cancelled(const hk_feed_net *net)
{
	struct pollfd fd = {.fd = net->cancel_fd, .events = POLLIN};

	return net->cancel_fd >= 0 && poll(&fd, 1, 0) == 1;
}

static void
on_done(void *user, hk_http_call *call, const hk_http_answer *answer)
{
	hk_feed_net *net = user;

	net->done = true;
	net->retry_ms = answer->retry_after_ms;
	net->failed = answer->error ? g_error_copy(answer->error) : NULL;
	net->gzip = answer->gzip;
	net->odd_encoding = answer->odd_encoding;
	net->answer = (hk_feed_answer){
		.status = answer->status,
		.body = answer->body,
		.bytes = answer->body.len,
		.etag = g_strdup(answer->etag),
		.modified = g_strdup(answer->modified),
		.type = g_strdup(answer->type),
		.kept = g_strdup(answer->kept),
	};
	net->body = hk_http_take(call);
	net->answer.body = hk_span_of(net->body->data, net->body->len);
}

/* What an answer that is no content means. */
static bool
refuse(int status, GError **error)
{
	switch (status) {
	case 401:
	case 403:
		return hk_error_set(error, HK_EPOLICY,
			"the server answers %d: the credentials (login-file) are missing or wrong",
			status);
	case 404:
	case 410:
		return hk_error_set(
			error, HK_ENOENT, "the server answers %d: there is nothing there", status);
	case 429:
	case 503:
		return hk_error_set(
			error, HK_EAGAIN, "the server answers %d: it asks for patience", status);
	case 406:
		return hk_error_set(error, HK_EREMOTE,
			"the server answers 406: it does not speak this format or version");
	default:
		return hk_error_set(error, HK_EREMOTE, "the server answers %d%s", status,
			status >= 300 && status < 400 ? "; redirects are not followed" : "");
	}
}

static bool
unpack(hk_feed_net *net, GError **error)
{
	uint8_t *data;
	size_t len;

	if (net->odd_encoding) {
		return hk_error_set(error, HK_EREMOTE, "an encoding that nobody asked for");
	}
	if (!net->gzip) {
		return true;
	}
	hk_err err = hk_gz_inflate(net->gz, net->answer.body, net->config->max_bytes, &data, &len);
	if (err != HK_OK) {
		return hk_error_set(error, err == HK_ELIMIT ? HK_ELIMIT : HK_EREMOTE,
			"gzip that does not unpack: %s", hk_err_meaning(err));
	}
	net->answer.body = hk_span_of(data, len);
	return true;
}

/* Waits for the call; false: cancelled. */
static bool
wait_for(hk_feed_net *net, hk_http_call *call, GError **error)
{
	while (!net->done) {
		hk_http_step(net->http, 1000, net->cancel_fd);
		if (!net->done && hk_feed_net_cancelled(net)) {
			hk_http_cancel(call);
			return hk_error_set(error, HK_EAGAIN, "stopped");
		}
	}
	return true;
}

static bool
ask(hk_feed_net *net, const hk_http_request *request, GError **error)
{
	hk_http_call *call = hk_http_get(net->http, request, on_done, net, error);

	if (!call || !wait_for(net, call, error)) {
		return false;
	}
	if (net->failed) {
		g_propagate_error(error, g_steal_pointer(&net->failed));
		return false;
	}
	if (net->answer.status == 304) {
		return request->etag || request->modified ||
		       hk_error_set(error, HK_EREMOTE,
			       "the server answers 304 to a question without conditions");
	}
	return net->answer.status == 200 ? unpack(net, error) : refuse(net->answer.status, error);
}

const hk_feed_answer *
hk_feed_get(hk_feed_net *net, const char *url, const char *accept, const char *etag,
	const char *modified, GError **error)
{
	g_autofree char *login = NULL;
	g_autofree char *type = accept ? g_strconcat("Accept: ", accept, NULL) : NULL;
	const char *headers[3] = {NULL};
	size_t n = 0;

	clear(net);
	if (net->config->login_file) {
		login = hk_feed_login(net->config->login_file, error);
		if (!login) {
			return NULL;
		}
		headers[n++] = login;
	}
	if (type) {
		headers[n++] = type;
	}
	hk_http_request request = {.url = url,
		.etag = etag,
		.modified = modified,
		.headers = headers,
		.keep = "X-TAXII-Date-Added-Last",
		.max_bytes = net->config->max_bytes,
		.timeout_ms = HK_FEED_TIMEOUT_MS};
	if (!ask(net, &request, error)) {
		g_prefix_error(error, "%s: ", url);
		return NULL;
	}
	return &net->answer;
}
