/* Sending a reply: from memory without a copy; or, for bodies that trickle, break off or swell,
 * through a reader. */
#include "ctserve_int.h"
#include "sys/clock.h"
#include "sys/jsonw.h"

enum { SLOW_CHUNK = 16 << 10 };

/* A body that is handed out piece by piece. */
typedef struct rg_body {
	rg_server *server; /* borrowed */
	struct MHD_Connection *connection;
	GBytes *bytes;
	size_t pad;
	bool truncate;
	unsigned slow_ms;
	int64_t due_us; /* when the next piece may go */
	bool asleep;
} rg_body;

void
rg_reply_text(rg_reply *reply, unsigned status, const char *text)
{
	reply->status = status;
	reply->type = "text/plain; charset=utf-8";
	reply->part[0] = hk_span_str(text);
}

void
rg_reply_take(rg_reply *reply, const char *type, GBytes *bytes)
{
	gsize len;
	const void *data = g_bytes_get_data(bytes, &len);

	reply->status = MHD_HTTP_OK;
	reply->type = type;
	reply->blob = rg_blob_new(bytes, NULL);
	reply->part[0] = hk_span_of(data, len);
}

void
rg_reply_clear(rg_reply *reply)
{
	rg_blob_unref(reply->blob);
	g_free(reply->retry_after);
	g_free(reply->etag);
	g_free(reply->last_modified);
	g_free(reply->added_first);
	g_free(reply->added_last);
	*reply = (rg_reply){0};
}

size_t
rg_reply_len(const rg_reply *reply)
{
	return reply->part[0].len + reply->part[1].len + reply->part[2].len;
}

GBytes *
rg_reply_flat(const rg_reply *reply)
{
	uint8_t *to = g_malloc(rg_reply_len(reply) + 1);
	size_t at = 0;

	for (int i = 0; i < 3; i++) {
		if (reply->part[i].len > 0) {
			memcpy(to + at, reply->part[i].data, reply->part[i].len);
			at += reply->part[i].len;
		}
	}
	return g_bytes_new_take(to, at);
}

static void
free_body(void *cls)
{
	rg_body *body = cls;

	if (body->asleep) {
		g_ptr_array_remove_fast(body->server->asleep, body);
	}
	g_bytes_unref(body->bytes);
	g_free(body);
}

static ssize_t
read_body(void *cls, uint64_t at, char *to, size_t room)
{
	rg_body *body = cls;
	gsize len;
	const char *data = g_bytes_get_data(body->bytes, &len);
	size_t total = body->pad + len;

	if (body->truncate && at >= total / 2) {
		return MHD_CONTENT_READER_END_WITH_ERROR;
	}
	if (body->slow_ms > 0) {
		int64_t now_us = hk_clock_mono_us();
		if (now_us < body->due_us) {
			body->asleep = true;
			g_ptr_array_add(body->server->asleep, body);
			MHD_suspend_connection(body->connection);
			return 0;
		}
		body->due_us = now_us + (int64_t)body->slow_ms * 1000;
		room = MIN(room, SLOW_CHUNK);
	}
	if (body->truncate) {
		room = MIN(room, total / 2 - at);
	}
	if (at < body->pad) {
		room = MIN(room, body->pad - at);
		memset(to, ' ', room);
		return (ssize_t)room;
	}
	room = MIN(room, total - at);
	memcpy(to, data + (at - body->pad), room);
	return (ssize_t)room;
}

int64_t
rg_server_wake(rg_server *server, bool all)
{
	int64_t now_us = hk_clock_mono_us();
	int64_t next_us = -1;

	for (guint i = 0; i < server->asleep->len;) {
		rg_body *body = server->asleep->pdata[i];
		if (all || body->due_us <= now_us) {
			body->asleep = false;
			g_ptr_array_remove_index_fast(server->asleep, i);
			MHD_resume_connection(body->connection);
			continue;
		}
		int64_t left = body->due_us - now_us;
		next_us = next_us < 0 ? left : MIN(next_us, left);
		i++;
	}
	return next_us;
}

static void
free_blob(void *cls)
{
	rg_blob_unref(cls);
}

static struct MHD_Response *
make_response(rg_server *server, const rg_request *request, rg_reply *reply)
{
	if (reply->pad > 0 || reply->truncate || reply->slow_ms > 0) {
		rg_body *body = g_new0(rg_body, 1);
		body->server = server;
		body->connection = request->connection;
		body->bytes = rg_reply_flat(reply);
		body->pad = reply->pad;
		body->truncate = reply->truncate;
		body->slow_ms = reply->slow_ms;
		size_t total = body->pad + g_bytes_get_size(body->bytes);
		return MHD_create_response_from_callback(
			total, SLOW_CHUNK * 4, read_body, body, free_body);
	}
	if (reply->part[1].len == 0) {
		/* libmicrohttpd asks for writable memory, but only reads it. */
		void *data = (void *)(uintptr_t)reply->part[0].data;
		return MHD_create_response_from_buffer_with_free_callback_cls(reply->part[0].len,
			data ? data : "", free_blob, g_steal_pointer(&reply->blob));
	}
	struct MHD_IoVec iov[3];
	for (int i = 0; i < 3; i++) {
		iov[i] = (struct MHD_IoVec){reply->part[i].data, reply->part[i].len};
	}
	return MHD_create_response_from_iovec(iov, 3, free_blob, g_steal_pointer(&reply->blob));
}

static void
log_request(rg_server *server, const rg_request *request, const rg_reply *reply, size_t bytes)
{
	static const char *const wanted[] = {
		"User-Agent", "Accept-Encoding", "If-None-Match", "If-Modified-Since"};
	static const char *const keys[] = {
		"user_agent", "accept_encoding", "if_none_match", "if_modified_since"};
	static const char *const texts[] = {"added_after", "next"};
	static const char *const arguments[] = {
		"start", "end", "first", "second", "tree_size", "leaf_index"};
	g_autoptr(GString) out = g_string_new("{");

	hk_jsonw_key(out, "ms");
	hk_jsonw_int(out, hk_clock_wall_ms());
	hk_jsonw_key(out, "method");
	hk_jsonw_str(out, request->method);
	hk_jsonw_key(out, "path");
	hk_jsonw_str(out, request->path);
	for (size_t i = 0; i < G_N_ELEMENTS(arguments); i++) {
		uint64_t value;
		if (rg_request_u64(request, arguments[i], &value)) {
			hk_jsonw_key(out, arguments[i]);
			hk_jsonw_int(out, (int64_t)value);
		}
	}
	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		const char *value = rg_request_arg(request, texts[i]);
		if (value) {
			hk_jsonw_key(out, texts[i]);
			hk_jsonw_str(out, value);
		}
	}
	for (size_t i = 0; i < G_N_ELEMENTS(wanted); i++) {
		const char *value = MHD_lookup_connection_value(
			request->connection, MHD_HEADER_KIND, wanted[i]);
		if (value) {
			hk_jsonw_key(out, keys[i]);
			hk_jsonw_str(out, value);
		}
	}
	hk_jsonw_key(out, "status");
	hk_jsonw_int(out, reply->close ? 0 : reply->status);
	hk_jsonw_key(out, "bytes");
	hk_jsonw_int(out, (int64_t)bytes);
	if (reply->fault) {
		hk_jsonw_key(out, "fault");
		hk_jsonw_str(out, reply->fault);
	}
	g_string_append(out, "}\n");
	fputs(out->str, server->request_log);
	fflush(server->request_log);
}

static void
add_headers(struct MHD_Response *response, const rg_reply *reply)
{
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
		reply->type ? reply->type : "text/plain; charset=utf-8");
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL,
		reply->immutable ? "public, max-age=604800, immutable" : "no-store");
	if (reply->gzip) {
		MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
	}
	if (reply->retry_after) {
		MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, reply->retry_after);
	}
	if (reply->etag) {
		MHD_add_response_header(response, MHD_HTTP_HEADER_ETAG, reply->etag);
	}
	if (reply->last_modified) {
		MHD_add_response_header(
			response, MHD_HTTP_HEADER_LAST_MODIFIED, reply->last_modified);
	}
	if (reply->added_last) {
		MHD_add_response_header(response, "X-TAXII-Date-Added-First", reply->added_first);
		MHD_add_response_header(response, "X-TAXII-Date-Added-Last", reply->added_last);
	}
}

enum MHD_Result
rg_server_send(rg_server *server, const rg_request *request, rg_reply *reply)
{
	size_t bytes = reply->pad + rg_reply_len(reply);

	server->requests++;
	if (reply->status == 0 && !reply->close) {
		rg_reply_text(reply, MHD_HTTP_NOT_FOUND, "not found\n");
		bytes = rg_reply_len(reply);
	}
	if (server->request_log) {
		log_request(server, request, reply, bytes);
	}
	if (reply->close) {
		rg_reply_clear(reply);
		return MHD_NO;
	}
	server->bytes_sent += bytes;
	struct MHD_Response *response = make_response(server, request, reply);
	if (!response) {
		rg_reply_clear(reply);
		return MHD_NO;
	}
	add_headers(response, reply);
	enum MHD_Result result = MHD_queue_response(request->connection, reply->status, response);
	MHD_destroy_response(response);
	rg_reply_clear(reply);
	return result;
}
