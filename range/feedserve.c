/* The feeds over HTTP: tables, MISP, STIX, TAXII 2.1. */
#include <string.h>
#include <time.h>

#include "ctserve_int.h"
#include "feeds.h"
#include "sys/clock.h"
#include "sys/jsonw.h"

#define TAXII "application/taxii+json;version=2.1"

enum { PAGE_MAX = 1000, DATE_SIZE = 40 };

/* Of the OASIS examples; the second one may not be read. */
static const char open_id[] = "91a7b528-80eb-42ed-a74d-c6fbd5a26116";
static const char closed_id[] = "52892447-4d7e-4f70-b94d-d7f22742ff63";

static const char *
header(const rg_request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

/* Whether the request carries what --login asks for; else *reply is 401. */
static bool
allowed(const rg_server *server, const rg_request *request, rg_reply *reply)
{
	const char *wanted = server->config.login;

	if (!wanted || g_strcmp0(header(request, MHD_HTTP_HEADER_AUTHORIZATION), wanted) == 0) {
		return true;
	}
	rg_reply_text(reply, MHD_HTTP_UNAUTHORIZED, "who are you?\n");
	return false;
}

static void
http_date(int64_t seconds, char *ret)
{
	static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char *const months[] = {
		"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	time_t when = (time_t)seconds;
	struct tm tm;

	gmtime_r(&when, &tm);
	snprintf(ret, DATE_SIZE, "%s, %02d %s %d %02d:%02d:%02d GMT", days[tm.tm_wday], tm.tm_mday,
		months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

/* Takes body; packed when the client likes it. */
static void
give_packed(const rg_server *server, const rg_request *request, rg_reply *reply, const char *type,
	GBytes *body)
{
	bool pack = server->config.json_gzip == RG_GZIP_ALWAYS ||
		    (server->config.json_gzip == RG_GZIP_NEGOTIATED &&
			    rg_request_accepts_gzip(request));

	if (pack) {
		g_autoptr(GBytes) plain = body;
		gsize len;
		const void *data = g_bytes_get_data(plain, &len);
		body = rg_render_gzip(hk_span_of(data, len), GZIP_LEVEL_ONCE);
	}
	rg_reply_take(reply, type, body);
	reply->gzip = pack;
}

/* A body with validators. Nothing is rendered for a 304. */
static void
give(rg_server *server, const rg_request *request, rg_reply *reply, const char *type,
	GBytes *(*render)(const rg_feeds *))
{
	const rg_feeds *feeds = server->config.feeds;
	g_autofree char *etag = g_strdup_printf("\"%llu-%llu\"", (unsigned long long)feeds->first,
		(unsigned long long)feeds->count);
	char date[DATE_SIZE];

	if (!allowed(server, request, reply)) {
		return;
	}
	http_date(feeds->epoch_s + (int64_t)(feeds->count + feeds->first) * RG_FEED_ITEM_S, date);
	const char *match = header(request, MHD_HTTP_HEADER_IF_NONE_MATCH);
	const char *since = header(request, MHD_HTTP_HEADER_IF_MODIFIED_SINCE);
	bool same = match ? strcmp(match, etag) == 0 : since && strcmp(since, date) == 0;
	if (same) {
		rg_reply_text(reply, MHD_HTTP_NOT_MODIFIED, "");
	} else {
		give_packed(server, request, reply, type, render(feeds));
	}
	if (server->config.validators) {
		reply->etag = g_steal_pointer(&etag);
		reply->last_modified = g_strdup(date);
	}
}

void
rg_serve_feed_csv(rg_server *server, const rg_request *request, rg_reply *reply)
{
	give(server, request, reply, "text/csv; charset=utf-8", rg_feeds_csv);
}

void
rg_serve_feed_jsonl(rg_server *server, const rg_request *request, rg_reply *reply)
{
	give(server, request, reply, "application/x-ndjson", rg_feeds_jsonl);
}

void
rg_serve_feed_text(rg_server *server, const rg_request *request, rg_reply *reply)
{
	give(server, request, reply, "text/plain; charset=utf-8", rg_feeds_text);
}

void
rg_serve_feed_stix(rg_server *server, const rg_request *request, rg_reply *reply)
{
	give(server, request, reply, "application/stix+json;version=2.1", rg_feeds_bundle);
}

void
rg_serve_misp_manifest(rg_server *server, const rg_request *request, rg_reply *reply)
{
	give(server, request, reply, "application/json", rg_feeds_manifest);
}

void
rg_serve_misp_event(rg_server *server, const rg_request *request, rg_reply *reply)
{
	size_t len = strlen(request->rest);

	if (!allowed(server, request, reply) || !g_str_has_suffix(request->rest, ".json")) {
		return;
	}
	g_autofree char *uuid = g_strndup(request->rest, len - 5);
	GBytes *body = rg_feeds_event(server->config.feeds, uuid);
	if (body) {
		rg_reply_take(reply, "application/json", body);
	}
}

static void
member(GString *out, const char *key, const char *text)
{
	hk_jsonw_key(out, key);
	hk_jsonw_str(out, text);
}

static void
flag(GString *out, const char *key, bool value)
{
	hk_jsonw_key(out, key);
	hk_jsonw_bool(out, value);
}

/* TAXII 2.1, section 1.6.8: who does not accept the media type gets 406. */
static bool
taxii(const rg_server *server, const rg_request *request, rg_reply *reply)
{
	const char *accept = header(request, MHD_HTTP_HEADER_ACCEPT);

	if (!allowed(server, request, reply)) {
		return false;
	}
	if (!accept || !strstr(accept, "application/taxii+json")) {
		rg_reply_text(reply, MHD_HTTP_NOT_ACCEPTABLE, "Accept: " TAXII "\n");
		return false;
	}
	return true;
}

static void
give_taxii(const rg_server *server, const rg_request *request, rg_reply *reply, GString *out)
{
	give_packed(server, request, reply, TAXII, g_string_free_to_bytes(out));
}

void
rg_serve_taxii_discovery(rg_server *server, const rg_request *request, rg_reply *reply)
{
	if (!taxii(server, request, reply)) {
		return;
	}
	GString *out = g_string_new("{");
	g_autofree char *root = g_strconcat(server->url, "api1/", NULL);
	member(out, "title", "Range TAXII server");
	member(out, "default", root);
	hk_jsonw_strs(out, "api_roots",
		(const char *const[]){root, "https://taxii.other.example/api/"}, 2);
	hk_jsonw_close(out, '}');
	give_taxii(server, request, reply, out);
}

void
rg_serve_taxii_root(rg_server *server, const rg_request *request, rg_reply *reply)
{
	if (!taxii(server, request, reply)) {
		return;
	}
	GString *out = g_string_new("{");
	member(out, "title", "Range");
	hk_jsonw_strs(out, "versions", (const char *const[]){TAXII}, 1);
	hk_jsonw_key(out, "max_content_length");
	hk_jsonw_int(out, 10485760);
	hk_jsonw_close(out, '}');
	give_taxii(server, request, reply, out);
}

static void
collection(GString *out, const char *id, const char *title, bool readable)
{
	hk_jsonw_open(out, '{');
	member(out, "id", id);
	member(out, "title", title);
	flag(out, "can_read", readable);
	flag(out, "can_write", false);
	hk_jsonw_strs(
		out, "media_types", (const char *const[]){"application/stix+json;version=2.1"}, 1);
	hk_jsonw_close(out, '}');
}

/* 20 objects share a moment, so that pages end between objects of the same time. */
static int64_t
added_ms(const rg_feeds *feeds, uint64_t n)
{
	return feeds->epoch_s * 1000 + (int64_t)(n / 20) * 20 * RG_FEED_ITEM_S * 1000 + 500;
}

/* objects/?added_after=..&limit=..&next=.. */
static void
objects(rg_server *server, const rg_request *request, rg_reply *reply)
{
	const rg_feeds *feeds = server->config.feeds;
	const char *after = rg_request_arg(request, "added_after");
	const char *next = rg_request_arg(request, "next");
	uint64_t limit = PAGE_MAX;
	uint64_t n = feeds->first;
	char first[HK_CLOCK_TEXT_SIZE], text[HK_CLOCK_TEXT_SIZE];

	if (rg_request_u64(request, "limit", &limit) && limit == 0) {
		rg_reply_text(reply, MHD_HTTP_BAD_REQUEST, "limit\n");
		return;
	}
	limit = MIN(limit, server->config.page);
	/* Times of one form compare as texts do. */
	while (after && n < feeds->count &&
		strcmp(hk_clock_format(added_ms(feeds, n), text), after) <= 0) {
		n++;
	}
	if (next) {
		n = MAX(n, g_ascii_strtoull(next, NULL, 10));
	}
	uint64_t end = MIN(n + limit, feeds->count);
	GString *out = g_string_new("{");
	flag(out, "more", end < feeds->count);
	if (end < feeds->count && !server->config.no_next) {
		snprintf(text, sizeof text, "%llu", (unsigned long long)end);
		member(out, "next", text);
	}
	if (n < end && server->config.validators) {
		reply->added_first = g_strdup(hk_clock_format(added_ms(feeds, n), first));
		reply->added_last = g_strdup(hk_clock_format(added_ms(feeds, end - 1), text));
	}
	if (n < end) {
		hk_jsonw_key(out, "objects");
		hk_jsonw_open(out, '[');
		for (; n < end; n++) {
			rg_feeds_indicator(feeds, n, out);
		}
		hk_jsonw_close(out, ']');
	}
	hk_jsonw_close(out, '}');
	give_taxii(server, request, reply, out);
}

void
rg_serve_taxii_collections(rg_server *server, const rg_request *request, rg_reply *reply)
{
	g_autofree char *one = g_strconcat(open_id, "/", NULL);
	g_autofree char *all = g_strconcat(open_id, "/objects/", NULL);
	GString *out = NULL;

	if (!taxii(server, request, reply)) {
		return;
	}
	if (strcmp(request->rest, "") == 0) {
		out = g_string_new("{\"collections\":[");
		collection(out, open_id, "Phishing", true);
		collection(out, closed_id, "Closed", false);
		g_string_append(out, "]}");
	} else if (strcmp(request->rest, one) == 0) {
		out = g_string_new(NULL);
		collection(out, open_id, "Phishing", true);
	} else if (strcmp(request->rest, all) == 0) {
		objects(server, request, reply);
	} else if (g_str_has_prefix(request->rest, closed_id)) {
		rg_reply_text(reply, MHD_HTTP_FORBIDDEN, "not yours\n");
	}
	if (out) {
		give_taxii(server, request, reply, out);
	}
}
