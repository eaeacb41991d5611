/* The read side of RFC 6962, section 4. */
#include "base/codec.h"
#include "ctserve_int.h"
#include "sys/jsonw.h"

#define JSON "application/json; charset=utf-8"

void
rg_serve_get_sth(rg_server *server, const rg_request *request, rg_reply *reply)
{
	rg_head head;

	rg_server_head(server, request, reply, &head);
	rg_reply_take(reply, JSON, rg_render_sth(&head));
}

rg_blob *
rg_server_page(rg_server *server, uint64_t start)
{
	uint64_t key = rg_blob_key(RG_BLOB_PAGE, start);
	rg_blob *blob = rg_cache_get(server->cache, key);

	if (!blob) {
		blob = rg_blob_new(NULL,
			rg_render_page(server->log, start, start + server->config.page, NULL));
		rg_cache_put(server->cache, key, blob);
	}
	return blob;
}

/* A body made of a page's members start..end-1; takes blob. */
static void
take_slice(rg_reply *reply, rg_blob *blob, uint64_t start, uint64_t end)
{
	reply->status = MHD_HTTP_OK;
	reply->type = JSON;
	reply->blob = blob;
	reply->part[0] = HK_SPAN_LIT(RG_ENTRIES_OPEN);
	reply->part[1] = rg_page_slice(blob->page, start, end);
	reply->part[2] = HK_SPAN_LIT(RG_ENTRIES_CLOSE);
}

/* Turns the body into gzip; a whole page's is kept. */
static void
pack(rg_server *server, rg_reply *reply, uint64_t start, uint64_t end)
{
	bool whole = start % server->config.page == 0 && end - start == server->config.page &&
		     !reply->fault;
	uint64_t key = rg_blob_key(RG_BLOB_PAGE_GZIP, start);
	rg_blob *blob = whole ? rg_cache_get(server->cache, key) : NULL;
	gsize len;

	if (!blob) {
		g_autoptr(GBytes) flat = rg_reply_flat(reply);
		const void *data = g_bytes_get_data(flat, &len);
		blob = rg_blob_new(rg_render_gzip(hk_span_of(data, len),
					   whole ? GZIP_LEVEL_KEPT : GZIP_LEVEL_ONCE),
			NULL);
		if (whole) {
			rg_cache_put(server->cache, key, blob);
		}
	}
	rg_blob_unref(reply->blob);
	reply->blob = blob;
	const void *data = g_bytes_get_data(blob->bytes, &len);
	reply->part[0] = hk_span_of(data, len);
	reply->part[1] = reply->part[2] = (hk_span){NULL, 0};
	reply->gzip = true;
}

static bool
refused(rg_server *server, const rg_request *request, rg_reply *reply, uint64_t start, uint64_t end,
	uint64_t size)
{
	const char *param;

	if (start > end) {
		rg_reply_text(reply, MHD_HTTP_BAD_REQUEST, "start is after end\n");
	} else if (start >= size) {
		rg_reply_text(
			reply, MHD_HTTP_BAD_REQUEST, "need tree size: start is past the tree\n");
	} else if (end >= size &&
		   rg_faults_hit(server->faults, RG_FAULT_STRICT, request->at, NULL)) {
		rg_reply_text(
			reply, MHD_HTTP_BAD_REQUEST, "need tree size: end is past the tree\n");
		reply->fault = "strict-end";
	} else if (rg_faults_hit(server->faults, RG_FAULT_FRESH, request->at, &param) &&
		   end + g_ascii_strtoull(param, NULL, 10) >= size) {
		rg_reply_text(
			reply, MHD_HTTP_BAD_REQUEST, "need tree size: not sequenced here yet\n");
		reply->fault = "fresh-400";
	} else {
		return false;
	}
	return true;
}

/* How many entries to give: to the end of the page; faults make it fewer, none, or one more. */
static uint64_t
last_of(rg_server *server, const rg_request *request, rg_reply *reply, uint64_t start, uint64_t end,
	uint64_t size)
{
	uint64_t page = server->config.page;
	uint64_t stop = MIN(MIN(end, size - 1) + 1, (start / page + 1) * page);
	const char *param;

	if (rg_faults_hit(server->faults, RG_FAULT_SHORT, request->at, &param)) {
		uint64_t most = MAX(g_ascii_strtoull(param, NULL, 10), 1);
		reply->fault = "short";
		return MIN(stop, start + most);
	}
	if (rg_faults_hit(server->faults, RG_FAULT_EMPTY, request->at, NULL)) {
		reply->fault = "empty";
		return start;
	}
	if (end + 1 < size && rg_faults_hit(server->faults, RG_FAULT_MANY, request->at, NULL)) {
		reply->fault = "too-many";
		return end + 2 <= start + page ? end + 2 : stop;
	}
	return stop;
}

void
rg_serve_get_entries(rg_server *server, const rg_request *request, rg_reply *reply)
{
	uint64_t size = rg_log_head(server->log, 0)->size;
	uint64_t page = server->config.page;
	uint64_t start;
	uint64_t end;
	rg_twist twist;

	if (!rg_request_u64(request, "start", &start) || !rg_request_u64(request, "end", &end)) {
		rg_reply_text(reply, MHD_HTTP_BAD_REQUEST, "start and end are needed\n");
		return;
	}
	if (refused(server, request, reply, start, end, size)) {
		return;
	}
	uint64_t stop = last_of(server, request, reply, start, end, size);
	bool lies = rg_server_lies(server, request, reply, start, stop, &twist);
	uint64_t page_start = start / page * page;
	if (!lies && page_start + page <= size && stop <= page_start + page) {
		take_slice(reply, rg_server_page(server, page_start), start, stop);
	} else {
		rg_page *fresh = rg_render_page(server->log, start, stop, lies ? &twist : NULL);
		take_slice(reply, rg_blob_new(NULL, fresh), start, stop);
	}
	if (server->config.json_gzip == RG_GZIP_ALWAYS ||
		(server->config.json_gzip == RG_GZIP_NEGOTIATED &&
			rg_request_accepts_gzip(request))) {
		pack(server, reply, start, stop);
	}
}

static void
append_path(GString *out, const char *key, uint8_t path[][RG_HASH_SIZE], size_t count)
{
	hk_jsonw_key(out, key);
	hk_jsonw_open(out, '[');
	for (size_t i = 0; i < count; i++) {
		hk_jsonw_base64(out, hk_span_of(path[i], RG_HASH_SIZE));
	}
	hk_jsonw_close(out, ']');
}

static void
take_json(rg_reply *reply, GString *out)
{
	rg_reply_take(reply, JSON, g_string_free_to_bytes(out));
}

void
rg_serve_get_consistency(rg_server *server, const rg_request *request, rg_reply *reply)
{
	uint8_t path[RG_PROOF_MAX][RG_HASH_SIZE];
	uint64_t size = rg_log_head(server->log, 0)->size;
	uint64_t first;
	uint64_t second;
	rg_fork fork;

	if (!rg_request_u64(request, "first", &first) ||
		!rg_request_u64(request, "second", &second) || first == 0 || first > second ||
		second > size) {
		rg_reply_text(reply, MHD_HTTP_BAD_REQUEST, "0 < first <= second <= tree size\n");
		return;
	}
	bool forked = rg_server_forked(server, request, reply, &fork);
	size_t count = rg_tree_consistency(
		rg_log_tree(server->log), forked ? &fork : NULL, first, second, path);
	GString *out = g_string_new("{");
	append_path(out, "consistency", path, count);
	hk_jsonw_close(out, '}');
	take_json(reply, out);
}

void
rg_serve_get_proof(rg_server *server, const rg_request *request, rg_reply *reply)
{
	uint8_t path[RG_PROOF_MAX][RG_HASH_SIZE];
	uint8_t hash[48];
	uint64_t size = rg_log_head(server->log, 0)->size;
	const char *text = rg_request_arg(request, "hash");
	uint64_t tree_size;
	uint64_t index;
	size_t len = 0;
	rg_fork fork;

	if (!rg_request_u64(request, "tree_size", &tree_size) || tree_size > size || !text ||
		strlen(text) != HK_BASE64_LEN(RG_HASH_SIZE) ||
		hk_base64_decode(hk_span_str(text), hash, &len) != HK_OK) {
		rg_reply_text(reply, MHD_HTTP_BAD_REQUEST,
			"hash (base64 of 32 bytes) and tree_size (not past the tree) are needed\n");
		return;
	}
	bool forked = rg_server_forked(server, request, reply, &fork);
	if (forked && memcmp(hash, fork.hash, RG_HASH_SIZE) == 0) {
		index = fork.index;
	} else if (!rg_tree_find(rg_log_tree(server->log), hash, tree_size, &index)) {
		rg_reply_text(reply, MHD_HTTP_NOT_FOUND, "no entry has that hash\n");
		return;
	}
	size_t count = rg_tree_inclusion(
		rg_log_tree(server->log), forked ? &fork : NULL, index, tree_size, path);
	GString *out = g_string_new("{");
	hk_jsonw_key(out, "leaf_index");
	hk_jsonw_int(out, (int64_t)index);
	append_path(out, "audit_path", path, count);
	hk_jsonw_close(out, '}');
	take_json(reply, out);
}

void
rg_serve_get_entry_and_proof(rg_server *server, const rg_request *request, rg_reply *reply)
{
	uint8_t path[RG_PROOF_MAX][RG_HASH_SIZE];
	uint64_t size = rg_log_head(server->log, 0)->size;
	uint64_t tree_size;
	uint64_t index;
	rg_fork fork;

	if (!rg_request_u64(request, "leaf_index", &index) ||
		!rg_request_u64(request, "tree_size", &tree_size) || tree_size > size ||
		index >= tree_size) {
		rg_reply_text(reply, MHD_HTTP_BAD_REQUEST, "leaf_index < tree_size <= tree size\n");
		return;
	}
	bool forked = rg_server_forked(server, request, reply, &fork);
	size_t count = rg_tree_inclusion(
		rg_log_tree(server->log), forked ? &fork : NULL, index, tree_size, path);
	GString *out = g_string_new("{");
	rg_render_entry_members(server->log, index, out);
	append_path(out, "audit_path", path, count);
	hk_jsonw_close(out, '}');
	take_json(reply, out);
}

void
rg_serve_get_roots(rg_server *server, const rg_request *request, rg_reply *reply)
{
	(void)request;
	rg_reply_take(reply, JSON, rg_render_roots(server->log));
}
