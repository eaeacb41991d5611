#include <string.h>

#include "base/codec.h"
#include "source/feed/look_int.h"
#include "source/feed/read_int.h"
#include "sys/gerr.h"
#include "sys/hash.h"
#include "sys/jsonw.h"

/* Events between two writes of the position, which grows with the number of events. */
enum { TAG_BYTES = 6, EVENTS_PER_WRITE = 25, UUID_LEN = 36 };

/* An event of the manifest. The tag stands for the event and its timestamp: 48 bits, among 50,000 events a wrong "seen" has a
 * chance of 1 to 5,000,000,000 for each change. */
typedef struct event {
	const char *uuid; /* borrowed from the manifest */
	uint8_t tag[TAG_BYTES];
	bool seen;
} event;

static bool
is_uuid(const char *text)
{
	return strlen(text) == UUID_LEN && strspn(text, "0123456789abcdefABCDEF-") == UUID_LEN;
}

static int
by_tag(const void *a, const void *b)
{
	return memcmp(a, b, TAG_BYTES);
}

/* The tags of the position, sorted; as many as *ret_count. Caller frees. */
static uint8_t *
tags_of(const hk_look *look, size_t *ret_count)
{
	const char *text = hk_look_was(look, "events");
	size_t len = text ? strlen(text) : 0;
	g_autofree uint8_t *tags = g_malloc(len / 4 * 3 + 1);

	*ret_count = 0;
	if (text && hk_base64_decode(hk_span_of(text, len), tags, &len) == HK_OK) {
		*ret_count = len / TAG_BYTES;
		qsort(tags, *ret_count, TAG_BYTES, by_tag);
	}
	return g_steal_pointer(&tags);
}

/* The manifest's events; those that the position knows are marked as seen. */
static bool
read_manifest(hk_look *look, const hk_json *manifest, GArray *events, GError **error)
{
	size_t count;
	g_autofree uint8_t *tags = tags_of(look, &count);
	const char *uuid;
	hk_json entry;
	void *pos = NULL;

	while (hk_json_each(manifest, &pos, &uuid, &entry)) {
		const char *text = hk_feed_str(&entry, "timestamp");
		int64_t number = 0;
		if (!is_uuid(uuid) || (!text && !hk_json_i64(&entry, "timestamp", &number, NULL))) {
			hk_feed_tally_odd(look->tally, HK_FEED_ODD_NOT_ROW, "manifest.json");
			continue;
		}
		if (events->len >= HK_FEED_EVENTS_MAX) {
			return hk_error_set(error, HK_ELIMIT,
				"the manifest has more than %d events", HK_FEED_EVENTS_MAX);
		}
		event e = {.uuid = uuid};
		uint8_t hash[HK_SHA256_SIZE];
		g_autofree char *what =
			text ? g_strdup_printf("%s|%s", uuid, text)
			     : g_strdup_printf("%s|%" G_GINT64_FORMAT, uuid, number);
		hk_sha256(hk_span_str(what), hash);
		memcpy(e.tag, hash, TAG_BYTES);
		e.seen = count > 0 && bsearch(e.tag, tags, count, TAG_BYTES, by_tag) != NULL;
		g_array_append_val(events, e);
	}
	return true;
}

/* etag, modified: NULL until every event has been read. */
static char *
position_of(const hk_look *look, const GArray *events, const char *etag, const char *modified)
{
	GString *out = hk_look_position(look);
	g_autoptr(GByteArray) tags = g_byte_array_new();

	for (unsigned i = 0; i < events->len; i++) {
		const event *e = &g_array_index(events, event, i);
		if (e->seen) {
			g_byte_array_append(tags, e->tag, TAG_BYTES);
		}
	}
	hk_look_member(out, "etag", etag);
	hk_look_member(out, "modified", modified);
	hk_jsonw_key(out, "events");
	hk_jsonw_base64(out, hk_span_of(tags->data, tags->len));
	hk_jsonw_close(out, '}');
	return g_string_free(out, FALSE);
}

/* NAME beside the manifest: a URL or a path. */
static char *
beside(const hk_look *look, const char *name)
{
	const hk_feed_config *config = look->config;

	if (config->file) {
		return g_build_filename(config->file, name, NULL);
	}
	const char *end = strrchr(config->url, '/');
	size_t len = g_str_has_suffix(config->url, "/manifest.json")
			     ? (size_t)(end + 1 - config->url)
			     : strlen(config->url);
	bool slash = config->url[len - 1] == '/';
	g_autofree char *base = g_strndup(config->url, len);
	return g_strconcat(base, slash ? "" : "/", name, NULL);
}

static bool
read_event(hk_look *look, const char *uuid, GError **error)
{
	g_autofree char *name = g_strconcat(uuid, ".json", NULL);
	g_autofree char *place = beside(look, name);
	g_autoptr(GBytes) bytes = NULL;
	hk_span body;

	if (look->config->file) {
		gsize len = 0;
		bytes = hk_look_file(look, place, error);
		const void *data = bytes ? g_bytes_get_data(bytes, &len) : NULL;
		body = hk_span_of(data, len);
		if (!bytes) {
			return false;
		}
	} else {
		const hk_feed_answer *answer =
			hk_feed_get(look->net, place, "application/json", NULL, NULL, error);
		if (!answer) {
			return false;
		}
		look->tally->answers++;
		look->tally->bytes += answer->bytes;
		body = answer->body;
	}
	if (!hk_look_read(look, body, error)) {
		g_prefix_error(error, "%s: ", place);
		return false;
	}
	return true;
}

/* An event that is missing or broken must not keep the others away; anything else ends the look. */
static bool
is_of_one_event(const GError *error)
{
	hk_err code = hk_error_code(error);

	return code == HK_ENOENT || code == HK_EFORM || code == HK_ELIMIT;
}

/* Reads what is new; *ret_first: the first failure of a single event. */
static bool
read_events(hk_look *look, GArray *events, GError **ret_first, GError **error)
{
	unsigned unwritten = 0;

	for (unsigned i = 0; i < events->len; i++) {
		event *e = &g_array_index(events, event, i);
		g_autoptr(GError) why = NULL;
		if (e->seen) {
			continue;
		}
		if (read_event(look, e->uuid, &why)) {
			e->seen = true;
			unwritten++;
		} else if (!is_of_one_event(why)) {
			g_propagate_error(error, g_steal_pointer(&why));
			return false;
		} else if (!*ret_first) {
			*ret_first = g_steal_pointer(&why);
		}
		if (unwritten >= EVENTS_PER_WRITE) {
			g_autofree char *position = position_of(look, events, NULL, NULL);
			if (!hk_look_write(look, position, error)) {
				return false;
			}
			unwritten = 0;
		}
	}
	return true;
}

/* The manifest's text, and the validators to keep; *ret_same: 304. */
static GBytes *
get_manifest(hk_look *look, char **ret_etag, char **ret_modified, bool *ret_same, GError **error)
{
	g_autofree char *place = beside(look, "manifest.json");

	if (look->config->file) {
		return hk_look_file(look, place, error);
	}
	const hk_feed_answer *answer = hk_feed_get(look->net, place, "application/json",
		hk_look_was(look, "etag"), hk_look_was(look, "modified"), error);
	if (!answer) {
		return NULL;
	}
	*ret_same = answer->status == 304;
	*ret_etag = g_strdup(answer->etag);
	*ret_modified = g_strdup(answer->modified);
	look->tally->answers += *ret_same ? 0 : 1;
	look->tally->bytes += answer->bytes;
	return g_bytes_new(answer->body.data, answer->body.len);
}

bool
hk_look_misp(hk_look *look, GError **error)
{
	g_autofree char *etag = NULL;
	g_autofree char *modified = NULL;
	g_autoptr(GArray) events = g_array_new(FALSE, FALSE, sizeof(event));
	g_autoptr(GError) first = NULL;
	bool same = false;
	gsize len = 0;
	hk_span body;

	g_autoptr(GBytes) bytes = get_manifest(look, &etag, &modified, &same, error);
	if (!bytes || same) {
		return bytes != NULL;
	}
	const void *data = g_bytes_get_data(bytes, &len);
	g_autoptr(hk_json_doc) doc = NULL;
	if (hk_feed_body(hk_span_of(data, len), &body, error)) {
		doc = hk_json_load(body, look->config->max_bytes, error);
	}
	if (!doc) {
		g_prefix_error(error, "manifest.json: ");
		return false;
	}
	hk_json manifest = hk_json_root(doc);
	if (!read_manifest(look, &manifest, events, error) ||
		!read_events(look, events, &first, error)) {
		return false;
	}
	g_autofree char *position =
		position_of(look, events, first ? NULL : etag, first ? NULL : modified);
	if (!hk_look_write(look, position, error)) {
		return false;
	}
	if (first) {
		g_propagate_error(error, g_steal_pointer(&first));
		return false;
	}
	return true;
}
