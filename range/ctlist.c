/* The log list (version 3) with this one log. */
#include <openssl/sha.h>

#include "base/codec.h"
#include "ctserve_int.h"
#include "sys/jsonw.h"

static void
text_member(GString *out, const char *key, const char *text)
{
	hk_jsonw_key(out, key);
	hk_jsonw_str(out, text);
}

static void
append_log(const rg_server *server, GString *out)
{
	const rg_ctkey *key = rg_log_key(server->log);
	bool tiled = (server->config.api & RG_API_STATIC) != 0;

	hk_jsonw_open(out, '{');
	text_member(out, "description", "Range log 'Mihon 2026'");
	hk_jsonw_key(out, "log_id");
	hk_jsonw_base64(out, hk_span_of(rg_ctkey_log_id(key), 32));
	hk_jsonw_key(out, "key");
	hk_jsonw_base64(out, rg_ctkey_spki(key));
	if (tiled) {
		g_autofree char *submission =
			g_strdup_printf("https://%s/", rg_log_origin(server->log));
		text_member(out, "submission_url", submission);
		text_member(out, "monitoring_url", server->url);
	} else {
		text_member(out, "url", server->url);
		if (server->config.api & RG_API_HYBRID) {
			/* Not in the schema: an RFC 6962 log that also serves data tiles. */
			text_member(out, "tile_url", server->url);
		}
	}
	hk_jsonw_key(out, "mmd");
	hk_jsonw_int(out, tiled ? 60 : 86400);
	hk_jsonw_key(out, "state");
	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, "usable");
	hk_jsonw_open(out, '{');
	text_member(out, "timestamp", "2026-01-01T00:00:00Z");
	hk_jsonw_close(out, '}');
	hk_jsonw_close(out, '}');
	hk_jsonw_close(out, '}');
}

char *
rg_server_list(const rg_server *server)
{
	GString *out = g_string_new("{");
	bool tiled = (server->config.api & RG_API_STATIC) != 0;

	text_member(out, "version", "1.0");
	text_member(out, "log_list_timestamp", "2026-01-01T00:00:00Z");
	hk_jsonw_key(out, "operators");
	hk_jsonw_open(out, '[');
	hk_jsonw_open(out, '{');
	text_member(out, "name", "hikeshi range");
	hk_jsonw_key(out, "email");
	hk_jsonw_open(out, '[');
	hk_jsonw_str(out, "range@mihon-bank.example");
	hk_jsonw_close(out, ']');
	for (int part = 0; part < 2; part++) {
		hk_jsonw_key(out, part == 0 ? "logs" : "tiled_logs");
		hk_jsonw_open(out, '[');
		if (tiled == (part == 1)) {
			append_log(server, out);
		}
		hk_jsonw_close(out, ']');
	}
	g_string_append(out, "}]}\n");
	return g_string_free(out, FALSE);
}

void
rg_serve_log_list(rg_server *server, const rg_request *request, rg_reply *reply)
{
	char *text = rg_server_list(server);
	size_t len = strlen(text);
	uint8_t hash[32];
	char hex[17];
	const char *known = MHD_lookup_connection_value(
		request->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_IF_NONE_MATCH);

	SHA256((const uint8_t *)text, len, hash);
	hk_hex_encode(hk_span_of(hash, 8), hex);
	rg_reply_take(reply, "application/json", g_bytes_new_take(text, len));
	reply->etag = g_strdup_printf("\"%s\"", hex);
	if (known && strcmp(known, reply->etag) == 0) {
		reply->status = MHD_HTTP_NOT_MODIFIED;
		reply->part[0] = (hk_span){NULL, 0};
	}
}
