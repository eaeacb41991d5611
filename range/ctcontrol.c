/* /control/: what a test or a person at the console does to the running log. Guarded by the token
 * in DIR/token. */
#include <openssl/crypto.h>

#include "base/num.h"
#include "ctserve_int.h"
#include "feeds.h"
#include "sys/clock.h"
#include "sys/jsonw.h"

#define JSON "application/json; charset=utf-8"

static bool
allowed(rg_server *server, const rg_request *request, rg_reply *reply)
{
	const char *given = MHD_lookup_connection_value(
		request->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_AUTHORIZATION);
	const char *token = server->config.token;

	if (token && given && g_str_has_prefix(given, "Bearer ") &&
		strlen(given + 7) == strlen(token) &&
		CRYPTO_memcmp(given + 7, token, strlen(token)) == 0) {
		return true;
	}
	rg_reply_text(reply, MHD_HTTP_UNAUTHORIZED,
		"send 'Authorization: Bearer TOKEN' with the text of DIR/token\n");
	return false;
}

static void
take_json(rg_reply *reply, GString *out)
{
	g_string_append(out, "}\n");
	rg_reply_take(reply, JSON, g_string_free_to_bytes(out));
}

static void
failed(rg_reply *reply, GError *error)
{
	GString *text = g_string_new(error->message);

	g_string_append_c(text, '\n');
	g_error_free(error);
	rg_reply_take(reply, "text/plain; charset=utf-8", g_string_free_to_bytes(text));
	reply->status = MHD_HTTP_BAD_REQUEST;
}

static void
member(GString *out, const char *key, uint64_t value)
{
	hk_jsonw_key(out, key);
	hk_jsonw_int(out, (int64_t)value);
}

void
rg_serve_control_state(rg_server *server, const rg_request *request, rg_reply *reply)
{
	const rg_head *head = rg_log_head(server->log, 0);
	GString *out;

	if (!allowed(server, request, reply)) {
		return;
	}
	out = g_string_new("{");
	member(out, "size", head->size);
	member(out, "appended", rg_log_appended(server->log));
	member(out, "timestamp", head->timestamp_ms);
	hk_jsonw_key(out, "root");
	hk_jsonw_base64(out, hk_span_of(head->root, RG_HASH_SIZE));
	hk_jsonw_key(out, "rate");
	hk_jsonw_real(out, server->config.rate, 3);
	member(out, "publish_ms", server->config.publish_ms);
	member(out, "requests", server->requests);
	member(out, "bytes_sent", server->bytes_sent);
	member(out, "cache_bytes", rg_cache_bytes(server->cache));
	hk_jsonw_key(out, "faults");
	rg_faults_json(server->faults, out);
	take_json(reply, out);
}

/* The lines of a body that are neither empty nor comments. */
static char **
lines_of(const rg_request *request)
{
	/* An empty array has no data at all. */
	g_autofree char *text =
		request->body->len > 0
			? g_strndup((const char *)request->body->data, request->body->len)
			: g_strdup("");
	char **lines = g_strsplit(text, "\n", -1);
	size_t kept = 0;

	for (size_t i = 0; lines[i]; i++) {
		g_strstrip(lines[i]);
		if (*lines[i] == '\0' || *lines[i] == '#') {
			g_free(lines[i]);
		} else {
			lines[kept++] = lines[i];
		}
	}
	lines[kept] = NULL;
	return lines;
}

/* What the feeds hold. */
static void
give_feeds(rg_server *server, rg_reply *reply)
{
	GString *out = g_string_new("{");

	member(out, "first", server->config.feeds->first);
	member(out, "size", server->config.feeds->count);
	member(out, "requests", server->requests);
	hk_jsonw_key(out, "faults");
	rg_faults_json(server->faults, out);
	take_json(reply, out);
}

void
rg_serve_control_feeds(rg_server *server, const rg_request *request, rg_reply *reply)
{
	if (allowed(server, request, reply)) {
		give_feeds(server, reply);
	}
}

static bool
wanted_entries(const rg_request *request, rg_reply *reply, uint64_t *ret)
{
	if (rg_request_u64(request, "entries", ret) && *ret <= 10000000) {
		return true;
	}
	rg_reply_text(reply, MHD_HTTP_BAD_REQUEST, "entries=N is needed, at most 10000000\n");
	return false;
}

void
rg_serve_control_feeds_grow(rg_server *server, const rg_request *request, rg_reply *reply)
{
	uint64_t count;

	if (allowed(server, request, reply) && wanted_entries(request, reply, &count)) {
		rg_feeds_grow(server->config.feeds, count);
		give_feeds(server, reply);
	}
}

/* Items of somebody's own: a line each. */
void
rg_serve_control_feeds_append(rg_server *server, const rg_request *request, rg_reply *reply)
{
	if (!allowed(server, request, reply)) {
		return;
	}
	g_auto(GStrv) lines = lines_of(request);
	for (size_t i = 0; lines[i]; i++) {
		if (!rg_feeds_give(server->config.feeds, lines[i])) {
			rg_reply_text(reply, MHD_HTTP_BAD_REQUEST, "a line is URL [TARGET]\n");
			return;
		}
	}
	give_feeds(server, reply);
}

void
rg_serve_control_feeds_shrink(rg_server *server, const rg_request *request, rg_reply *reply)
{
	rg_feeds *feeds = server->config.feeds;
	uint64_t count;

	if (allowed(server, request, reply) && wanted_entries(request, reply, &count)) {
		feeds->first = MIN(feeds->first + count, feeds->count);
		give_feeds(server, reply);
	}
}

/* The answer to whatever changed the log; ?publish=1 shows it at once. */
static void
changed(rg_server *server, const rg_request *request, rg_reply *reply, uint64_t first)
{
	g_autoptr(GError) error = NULL;
	const char *publish = rg_request_arg(request, "publish");

	if (!server->log) {
		give_feeds(server, reply);
		return;
	}
	if (publish && strcmp(publish, "1") == 0 && !rg_server_publish(server, &error)) {
		failed(reply, g_steal_pointer(&error));
		return;
	}
	GString *out = g_string_new("{");
	member(out, "first", first);
	member(out, "appended", rg_log_appended(server->log));
	member(out, "size", rg_log_head(server->log, 0)->size);
	member(out, "timestamp", rg_log_head(server->log, 0)->timestamp_ms);
	take_json(reply, out);
}

void
rg_serve_control_append(rg_server *server, const rg_request *request, rg_reply *reply)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(rg_names) names = rg_names_new();
	const char *what = rg_request_arg(request, "issue");
	rg_issue issue = RG_ISSUE_BOTH;
	uint64_t first = rg_log_appended(server->log);

	if (!allowed(server, request, reply)) {
		return;
	}
	if (what && strcmp(what, "both") != 0) {
		issue = strcmp(what, "cert") == 0 ? RG_ISSUE_CERT : RG_ISSUE_PRECERT;
		if (issue == RG_ISSUE_PRECERT && strcmp(what, "precert") != 0) {
			rg_reply_text(
				reply, MHD_HTTP_BAD_REQUEST, "issue is both, precert or cert\n");
			return;
		}
	}
	g_auto(GStrv) lines = lines_of(request);
	for (size_t i = 0; lines[i]; i++) {
		rg_names_clear(names);
		if (rg_names_split(names, lines[i]) > 0 &&
			!rg_log_issue(server->log, names, issue, (uint64_t)hk_clock_wall_ms(), NULL,
				&error)) {
			failed(reply, g_steal_pointer(&error));
			return;
		}
	}
	changed(server, request, reply, first);
}

void
rg_serve_control_grow(rg_server *server, const rg_request *request, rg_reply *reply)
{
	g_autoptr(GError) error = NULL;
	uint64_t first = rg_log_appended(server->log);
	uint64_t count;

	if (!allowed(server, request, reply)) {
		return;
	}
	if (!rg_request_u64(request, "entries", &count) || count > 10000000) {
		rg_reply_text(
			reply, MHD_HTTP_BAD_REQUEST, "entries=N is needed, at most 10000000\n");
		return;
	}
	if (!rg_log_grow(server->log, count, (uint64_t)hk_clock_wall_ms(), &error)) {
		failed(reply, g_steal_pointer(&error));
		return;
	}
	changed(server, request, reply, first);
}

void
rg_serve_control_rate(rg_server *server, const rg_request *request, rg_reply *reply)
{
	const char *text = rg_request_arg(request, "per_second");
	char *end = NULL;

	if (!allowed(server, request, reply)) {
		return;
	}
	double rate = text ? g_ascii_strtod(text, &end) : -1;
	if (!text || end == text || *end || !(rate >= 0 && rate <= 1e6)) {
		rg_reply_text(
			reply, MHD_HTTP_BAD_REQUEST, "per_second=N is needed, 0 to 1000000\n");
		return;
	}
	server->config.rate = rate;
	server->owed = 0;
	server->grown_at_us = hk_clock_mono_us();
	changed(server, request, reply, rg_log_appended(server->log));
}

void
rg_serve_control_publish(rg_server *server, const rg_request *request, rg_reply *reply)
{
	g_autoptr(GError) error = NULL;

	if (!allowed(server, request, reply)) {
		return;
	}
	if (!rg_server_publish(server, &error)) {
		failed(reply, g_steal_pointer(&error));
		return;
	}
	changed(server, request, reply, rg_log_appended(server->log));
}

void
rg_serve_control_fault(rg_server *server, const rg_request *request, rg_reply *reply)
{
	g_autoptr(GError) error = NULL;

	if (!allowed(server, request, reply)) {
		return;
	}
	g_auto(GStrv) lines = lines_of(request);
	for (size_t i = 0; lines[i]; i++) {
		if (!rg_faults_set(server->faults, lines[i], &error)) {
			failed(reply, g_steal_pointer(&error));
			return;
		}
	}
	changed(server, request, reply, server->log ? rg_log_appended(server->log) : 0);
}

void
rg_serve_control_clear(rg_server *server, const rg_request *request, rg_reply *reply)
{
	if (!allowed(server, request, reply)) {
		return;
	}
	g_auto(GStrv) lines = lines_of(request);
	if (!lines[0]) {
		rg_faults_clear(server->faults, NULL);
	}
	for (size_t i = 0; lines[i]; i++) {
		if (!rg_faults_clear(server->faults, lines[i])) {
			rg_reply_text(reply, MHD_HTTP_BAD_REQUEST, "no such fault\n");
			return;
		}
	}
	changed(server, request, reply, server->log ? rg_log_appended(server->log) : 0);
}

void
rg_serve_control_stop(rg_server *server, const rg_request *request, rg_reply *reply)
{
	if (!allowed(server, request, reply)) {
		return;
	}
	server->stop = true;
	rg_reply_text(reply, MHD_HTTP_OK, "stopping\n");
}
