/* The read side of static-ct-api v1. */
#include "base/codec.h"
#include "ctserve_int.h"

enum { MAX_LEVEL = 5 };

void
rg_serve_checkpoint(rg_server *server, const rg_request *request, rg_reply *reply)
{
	rg_head head;

	rg_server_head(server, request, reply, &head);
	rg_reply_take(reply, "text/plain; charset=utf-8", rg_render_checkpoint(server->log, &head));
}

/* "x001/234/067" or "000", then perhaps ".p/17": the index, and the width of a partial tile
 * (RG_TILE: full). */
static bool
read_index(const char *text, uint64_t *ret_index, unsigned *ret_width)
{
	uint64_t index = 0;

	for (int group = 0;; group++) {
		bool more = *text == 'x';
		text += more;
		for (int i = 0; i < 3; i++, text++) {
			if (!g_ascii_isdigit(*text)) {
				return false;
			}
			index = index * 10 + (uint64_t)(*text - '0');
		}
		if (!more) {
			break;
		}
		if (*text++ != '/' || group > 4) {
			return false;
		}
	}
	*ret_index = index;
	*ret_width = RG_TILE;
	if (*text == '\0') {
		return true;
	}
	if (strncmp(text, ".p/", 3) != 0 || text[3] == '0') {
		return false;
	}
	unsigned width = 0;
	for (text += 3; g_ascii_isdigit(*text) && width < RG_TILE; text++) {
		width = width * 10 + (unsigned)(*text - '0');
	}
	*ret_width = width;
	return *text == '\0' && width >= 1 && width < RG_TILE;
}

/* Whether the tile may be seen: `available` hashes or entries of its level are published. */
static bool
visible(rg_server *server, rg_reply *reply, uint64_t available, uint64_t index, unsigned width)
{
	if (index > available / RG_TILE || index * RG_TILE + width > available) {
		return false;
	}
	if (width < RG_TILE && (index + 1) * RG_TILE <= available &&
		rg_faults_hit(server->faults, RG_FAULT_PARTIAL, RG_AT_TILES, NULL)) {
		reply->fault = "partial-404";
		return false;
	}
	return true;
}

rg_blob *
rg_server_tile_gzip(rg_server *server, uint64_t index)
{
	uint64_t key = rg_blob_key(RG_BLOB_TILE_GZIP, index);
	rg_blob *blob = rg_cache_get(server->cache, key);

	if (!blob) {
		hk_span raw = rg_log_entries(server->log, index * RG_TILE, (index + 1) * RG_TILE);
		blob = rg_blob_new(rg_render_gzip(raw, GZIP_LEVEL_KEPT), NULL);
		rg_cache_put(server->cache, key, blob);
	}
	return blob;
}

static rg_blob *
partial_gzip(rg_server *server, uint64_t index, unsigned width)
{
	uint64_t key = rg_blob_key(RG_BLOB_PART_GZIP, index * RG_TILE + width);
	rg_blob *blob = rg_cache_get(server->cache, key);

	if (!blob) {
		hk_span raw = rg_log_entries(server->log, index * RG_TILE, index * RG_TILE + width);
		blob = rg_blob_new(rg_render_gzip(raw, GZIP_LEVEL_ONCE), NULL);
		rg_cache_put(server->cache, key, blob);
	}
	return blob;
}

static void
take_blob(rg_reply *reply, rg_blob *blob)
{
	gsize len;
	const void *data = g_bytes_get_data(blob->bytes, &len);

	reply->blob = blob;
	reply->part[0] = hk_span_of(data, len);
}

void
rg_serve_data_tile(rg_server *server, const rg_request *request, rg_reply *reply)
{
	uint64_t size = rg_log_head(server->log, 0)->size;
	uint64_t index;
	unsigned width;
	rg_twist twist;

	if (!read_index(request->rest, &index, &width) ||
		!visible(server, reply, size, index, width)) {
		return;
	}
	uint64_t start = index * RG_TILE;
	bool lies = rg_server_lies(server, request, reply, start, start + width, &twist);
	reply->status = MHD_HTTP_OK;
	reply->type = "application/octet-stream";
	reply->immutable = true;
	reply->gzip = server->config.tile_gzip == RG_GZIP_ALWAYS ||
		      (server->config.tile_gzip == RG_GZIP_NEGOTIATED &&
			      rg_request_accepts_gzip(request));
	if (reply->gzip && !lies) {
		take_blob(reply, width == RG_TILE ? rg_server_tile_gzip(server, index)
						  : partial_gzip(server, index, width));
		return;
	}
	GBytes *copy =
		rg_render_tile(server->log, start, width, lies ? &twist : NULL, &reply->part[0]);
	if (reply->gzip) {
		GBytes *packed = rg_render_gzip(reply->part[0], GZIP_LEVEL_ONCE);
		g_clear_pointer(&copy, g_bytes_unref);
		take_blob(reply, rg_blob_new(packed, NULL));
	} else if (copy) {
		reply->blob = rg_blob_new(copy, NULL);
	}
}

void
rg_serve_hash_tile(rg_server *server, const rg_request *request, rg_reply *reply)
{
	const char *at = request->rest;
	uint64_t index;
	unsigned width;
	rg_fork fork;

	if (*at < '0' || *at > '0' + MAX_LEVEL || at[1] != '/' ||
		!read_index(at + 2, &index, &width)) {
		return;
	}
	unsigned level = (unsigned)(*at - '0');
	uint64_t available = rg_log_head(server->log, 0)->size >> (8 * level);
	if (!visible(server, reply, available, index, width)) {
		return;
	}
	bool forked = rg_server_forked(server, request, reply, &fork);
	rg_reply_take(reply, "application/octet-stream",
		rg_render_hash_tile(server->log, forked ? &fork : NULL, level, index, width));
	reply->immutable = true;
}

void
rg_serve_issuer(rg_server *server, const rg_request *request, rg_reply *reply)
{
	uint8_t hash[32];
	const rg_ca_cert *cert;

	if (hk_hex_decode(hk_span_str(request->rest), hash, sizeof hash) != HK_OK) {
		return;
	}
	cert = rg_issuers_cert(rg_log_issuers(server->log), hash);
	if (cert) {
		reply->status = MHD_HTTP_OK;
		reply->type = "application/pkix-cert";
		reply->part[0] = hk_span_of(cert->der, cert->len);
		reply->immutable = true;
	}
}
