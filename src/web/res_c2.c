/* /c2: what the bell hears of command channels: drops, sessions, who named whom, records. /waves: what they ordered.
 *
 * All of it was written by criminals: shown, never followed. Telephone numbers are regions and counts (rail 4); what was received in clear is sealed and has
 * no route. */
#include <inttypes.h>
#include <string.h>

#include "flow/c2.h"
#include "parse/query.h"
#include "store/c2_read.h"
#include "store/waves_read.h"
#include "sys/blob.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/json.h"
#include "sys/jsonw.h"
#include "web/res.h"
#include "web/rows.h"
#include "web/web.h"

enum {
	RECORD_MAX =
		64 << 20, /* bytes of a record that are read; one has 8 MiB (source/c2/record) */
	LINE_BYTES_MAX = 1 << 20, /* of one of its lines */
	TEXT_SHOWN = 16 << 10,    /* of a line's text */
	ZONE_MIN = 540,           /* bare dates are Japan's */
	STATS_DAYS = 180,         /* span of the statistics when none is named */
};
#define DAY_MS INT64_C(86400000)
G_STATIC_ASSERT((int)HK_C2_READ_TRIES == HK_C2_ALARM_TRIES);

static GString *
begin_list(hk_reply *reply)
{
	GString *out = hk_reply_json(reply, 200);

	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, "items");
	hk_jsonw_open(out, '[');
	return out;
}

static void
end_list(GString *out, int64_t next)
{
	g_autofree char *cursor = next > 0 ? g_strdup_printf("%" PRId64, next) : NULL;

	hk_res_list_end(out, cursor, -1, false);
}

/* A date, a month or a time; *ret: where it begins, or ends. */
static bool
read_time(const hk_req *req, const char *name, bool end, int64_t def, int64_t *ret, GError **error)
{
	const char *text = hk_req_query(req, name);
	int64_t from, to;

	*ret = def;
	if (!text) {
		return true;
	}
	if (hk_query_time(hk_span_str(text), hk_clock_wall_ms(), ZONE_MIN, &from, &to) != HK_OK) {
		return hk_error_set(error, HK_EFORM,
			"%s: this is no time; write it like 2026-11-25 or "
			"2026-11-25T07:10Z",
			name);
	}
	*ret = end ? to : from;
	return true;
}

/* ---- The channel ---- */

bool
hk_web_c2(hk_req *req, hk_reply *reply, GError **error)
{
	return hk_req_query_only(req, error, NULL) &&
	       hk_c2_read(req->db, hk_clock_wall_ms(), hk_reply_json(reply, 200), error);
}

bool
hk_web_c2_history(hk_req *req, hk_reply *reply, GError **error)
{
	hk_c2_history_filter f = {.family = hk_req_query(req, "family")};
	int64_t next;

	if (!hk_req_query_only(
		    req, error, "family", "drop", "from", "to", "after", "limit", NULL) ||
		!hk_req_query_int(req, "drop", 1, INT64_MAX, 0, &f.drop_id, error) ||
		!read_time(req, "from", false, 0, &f.from_ms, error) ||
		!read_time(req, "to", true, 0, &f.to_ms, error) ||
		!hk_web_page(req, 100, &f.after, &f.limit, error)) {
		return false;
	}
	GString *out = begin_list(reply);
	if (!hk_c2_read_history(req->db, &f, out, &next, error)) {
		return false;
	}
	end_list(out, next);
	return true;
}

bool
hk_web_c2_transcripts(hk_req *req, hk_reply *reply, GError **error)
{
	int64_t id = hk_req_id(req, "id"), after, limit, next;

	if (!hk_req_query_only(req, error, "after", "limit", NULL) ||
		!hk_web_page(req, 50, &after, &limit, error)) {
		return false;
	}
	GString *out = hk_reply_json(reply, 200);
	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, "session");
	if (!hk_c2_read_session(req->db, id, out, error)) {
		return false;
	}
	hk_jsonw_key(out, "items");
	hk_jsonw_open(out, '[');
	if (!hk_c2_read_transcripts(req->db, id, after, limit, out, &next, error)) {
		return false;
	}
	end_list(out, next);
	return true;
}

/* ---- The lines of a record ---- */

static const char *
text_of(const hk_json *line, const char *key)
{
	hk_json value;

	return hk_json_any(line, key, &value) ? hk_json_text(&value) : NULL;
}

static void
put_text(const char *text, GString *out)
{
	if (!text) {
		hk_jsonw_null(out);
		return;
	}
	hk_span shown = hk_span_str(text);
	if (shown.len > TEXT_SHOWN) {
		shown.len = TEXT_SHOWN;
		while (shown.len > 0 && (shown.data[shown.len] & 0xc0) == 0x80) {
			shown.len--; /* no half of a character */
		}
	}
	hk_jsonw_text(out, shown);
}

/* What the first line of a record says of the others. */
typedef struct head {
	hk_json_doc *doc; /* owned; NULL: it has none */
	const char *beat, *pong, *previous;
} head;

/* Takes the first line off, if it is the head. */
static void
read_head(hk_span *all, head *ret)
{
	const uint8_t *end = memchr(all->data, '\n', all->len);
	hk_json value;

	*ret = (head){0};
	if (!end) {
		return;
	}
	size_t len = (size_t)(end - all->data);
	hk_json_doc *doc = hk_json_load(hk_span_of(all->data, len), LINE_BYTES_MAX, NULL);
	hk_json root = doc ? hk_json_root(doc) : (hk_json){0};
	if (!doc || !hk_json_any(&root, "format", &value)) {
		hk_json_doc_free(doc);
		return;
	}
	*ret = (head){.doc = doc,
		.beat = text_of(&root, "beat"),
		.pong = text_of(&root, "pong"),
		.previous = text_of(&root, "previous")};
	*all = hk_span_of(end + 1, all->len - len - 1);
}

/* A line has these members; what else stands in it stays in the record. A heartbeat and its answer are named by the head. */
static void
put_members(const head *h, const hk_json *line, size_t len, GString *out)
{
	static const char *const texts[] = {"at", "dir", "kind", "same", "commit"};
	const char *same = text_of(line, "same"), *text = text_of(line, "text");
	hk_json value;

	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		hk_jsonw_key(out, texts[i]);
		put_text(text_of(line, texts[i]), out);
	}
	if (same) {
		text = strcmp(same, "beat") == 0 ? h->beat : h->pong;
	}
	hk_jsonw_key(out, "text");
	put_text(text, out);
	hk_jsonw_member_bool(out, "command", hk_json_any(line, "command", &value));
	hk_jsonw_member_bool(out, "cut", hk_json_any(line, "cut", &value));
	bool counted = hk_json_any(line, "bytes", &value) && hk_json_kind_of(&value) == HK_JSON_INT;
	hk_jsonw_member_int(out, "bytes", counted ? hk_json_int(&value) : (int64_t)len);
}

/* A line, or several heartbeats and their answers that follow one another. */
typedef struct run {
	int64_t n, frames, bytes; /* number of the first; 0 frames: none */
	char at[HK_CLOCK_TEXT_SIZE], until[HK_CLOCK_TEXT_SIZE];
} run;

static void
put_run(run *r, GString *out)
{
	static const char *const nulls[] = {"dir", "kind", "commit", "text"};

	if (r->frames == 0) {
		return;
	}
	hk_jsonw_open(out, '{');
	hk_jsonw_member_int(out, "n", r->n);
	hk_jsonw_member_bool(out, "readable", true);
	hk_jsonw_member_int(out, "frames", r->frames);
	hk_jsonw_member_str(out, "at", r->at);
	hk_jsonw_member_str(out, "until", r->until);
	hk_jsonw_member_str(out, "same", "run");
	for (size_t i = 0; i < G_N_ELEMENTS(nulls); i++) {
		hk_jsonw_member_str(out, nulls[i], NULL);
	}
	hk_jsonw_member_bool(out, "command", false);
	hk_jsonw_member_bool(out, "cut", false);
	hk_jsonw_member_int(out, "bytes", r->bytes);
	hk_jsonw_close(out, '}');
	r->frames = 0;
}

static void
add_to_run(run *r, int64_t n, const hk_json *line)
{
	const char *at = text_of(line, "at");
	hk_json bytes;

	if (r->frames++ == 0) {
		r->n = n;
		r->bytes = 0;
		g_strlcpy(r->at, at ? at : "", sizeof r->at);
	}
	g_strlcpy(r->until, at ? at : "", sizeof r->until);
	r->bytes += hk_json_any(line, "bytes", &bytes) ? hk_json_int(&bytes) : 0;
}

static void
put_line(const head *h, int64_t n, bool readable, const hk_json *line, size_t len, GString *out)
{
	hk_jsonw_open(out, '{');
	hk_jsonw_member_int(out, "n", n);
	hk_jsonw_member_bool(out, "readable", readable);
	hk_jsonw_member_int(out, "frames", 1);
	hk_jsonw_member_str(out, "until", NULL);
	put_members(h, line, len, out);
	hk_jsonw_close(out, '}');
}

static hk_span
take_line(hk_span *all)
{
	const uint8_t *end = memchr(all->data, '\n', all->len);
	size_t len = end ? (size_t)(end - all->data) : all->len, taken = len + (end != NULL);
	hk_span line = hk_span_of(all->data, len);

	*all = hk_span_of(all->data + taken, all->len - taken);
	return line;
}

/* Frames after that number, at most so many lines. *ret_next: the last one that was shown when there are more; 0: that was all. */
static void
put_lines(const head *h, hk_span all, int64_t after, int64_t limit, bool fold, GString *out,
	int64_t *ret_next)
{
	run r = {0};

	*ret_next = 0;
	for (int64_t n = 1, shown = 0; all.len > 0; n++) {
		hk_span line = take_line(&all);
		if (n <= after) {
			continue;
		}
		g_autoptr(hk_json_doc) doc = hk_json_load(line, LINE_BYTES_MAX, NULL);
		hk_json root = doc ? hk_json_root(doc) : (hk_json){0};
		bool everyday = fold && text_of(&root, "same");
		if (everyday && r.frames > 0) {
			add_to_run(&r, n, &root);
			continue;
		}
		put_run(&r, out);
		if (shown++ == limit) {
			*ret_next = n - 1;
			return;
		}
		if (everyday) {
			add_to_run(&r, n, &root);
		} else {
			put_line(h, n, doc && hk_json_kind_of(&root) == HK_JSON_OBJECT, &root,
				line.len, out);
		}
	}
	put_run(&r, out);
}

static void
put_record(hk_span all, int64_t after, int64_t limit, bool fold, GString *out)
{
	int64_t next;
	head h;

	read_head(&all, &h);
	hk_jsonw_key(out, "previous");
	put_text(h.previous, out);
	hk_jsonw_key(out, "items");
	hk_jsonw_open(out, '[');
	put_lines(&h, all, after, limit, fold, out, &next);
	end_list(out, next);
	hk_json_doc_free(h.doc);
}

bool
hk_web_c2_transcript(hk_req *req, hk_reply *reply, GError **error)
{
	int64_t after, limit;
	uint8_t sha256[32];
	bool fold;

	if (!hk_req_query_only(req, error, "fold", "after", "limit", NULL) ||
		!hk_req_query_bool(req, "fold", &fold, error) ||
		!hk_web_page(req, 200, &after, &limit, error)) {
		return false;
	}
	GString *out = hk_reply_json(reply, 200);
	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, "transcript");
	if (!hk_c2_read_transcript(req->db, hk_req_id(req, "id"), out, sha256, error)) {
		return false;
	}
	if (!req->config || !req->config->blobs) {
		return hk_error_set(error, HK_ECONFIG, "no place for evidence is configured");
	}
	g_autoptr(GBytes) content = hk_blobs_get(req->config->blobs, sha256, RECORD_MAX, error);
	if (!content) {
		return false;
	}
	gsize len;
	const void *data = g_bytes_get_data(content, &len);
	put_record(hk_span_of(data, len), after, limit, fold, out);
	return true;
}

/* ---- Waves ---- */

bool
hk_web_waves_list(hk_req *req, hk_reply *reply, GError **error)
{
	hk_waves_filter f = {.family = hk_req_query(req, "family"),
		.target = hk_req_query(req, "target"),
		.after = hk_req_query(req, "after")};
	g_autofree char *next = NULL;

	if (!hk_req_query_only(
		    req, error, "family", "target", "case", "from", "to", "after", "limit", NULL) ||
		!hk_req_query_int(req, "case", 1, INT64_MAX, 0, &f.case_id, error) ||
		!hk_req_query_int(req, "limit", 1, 200, 50, &f.limit, error) ||
		!read_time(req, "from", false, 0, &f.from_ms, error) ||
		!read_time(req, "to", true, 0, &f.to_ms, error)) {
		return false;
	}
	GString *out = begin_list(reply);
	if (!hk_waves_read(req->db, &f, out, &next, error)) {
		return false;
	}
	hk_res_list_end(out, next, -1, false);
	return true;
}

bool
hk_web_waves_get(hk_req *req, hk_reply *reply, GError **error)
{
	return hk_req_query_only(req, error, NULL) &&
	       hk_waves_read_one(req->db, hk_req_id(req, "id"), hk_reply_json(reply, 200), error);
}

bool
hk_web_waves_stats(hk_req *req, hk_reply *reply, GError **error)
{
	int64_t now = hk_clock_wall_ms(), from, to;

	if (!hk_req_query_only(req, error, "family", "from", "to", NULL) ||
		!read_time(req, "to", true, now, &to, error) ||
		!read_time(req, "from", false, to - STATS_DAYS * DAY_MS, &from, error)) {
		return false;
	}
	if (from < 0 || from >= to || to - from > HK_WAVES_STATS_DAYS * DAY_MS) {
		return hk_error_set(error, HK_ERANGE,
			"from: it must lie before to, not more than %d days", HK_WAVES_STATS_DAYS);
	}
	return hk_waves_read_stats(req->db, hk_req_query(req, "family"), from,
		MIN(to, now + DAY_MS), hk_reply_json(reply, 200), error);
}
