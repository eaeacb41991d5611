/* fuzz_feed: the readers of feeds, and what becomes of their items. The first byte chooses the format, the rest is the body.
 * Properties: a reader fails with an error or not at all; every lead has a host, a title that is one line of UTF-8, data that is a
 * JSON object, a score from 0 to 1, and reads again as itself. */
#include <string.h>

#include "base/utf8.h"
#include "fuzz.h"
#include "source/feed/lead.h"
#include "sys/json.h"

static const int64_t now_ms = INT64_C(1781481600000);

typedef struct state {
	hk_feed_config config;
	hk_feed_tally tally;
} state;

static void
check_again(const state *s, const hk_feed_lead *lead)
{
	hk_feed_tally tally;
	hk_feed_item item = {
		.value = lead->url ? lead->url : lead->host, .place = "again", .confidence = -1};

	hk_feed_tally_init(&tally);
	hk_feed_lead *again = hk_feed_lead_new(&s->config, &item, now_ms, &tally);
	need(again != NULL && memcmp(again->key, lead->key, sizeof lead->key) == 0);
	hk_feed_lead_free(again);
	hk_feed_tally_clear(&tally);
}

static bool
on_item(void *user, const hk_feed_item *item, GError **error)
{
	state *s = user;
	hk_feed_lead *lead = hk_feed_lead_new(&s->config, item, now_ms, &s->tally);

	(void)error;
	need(item->value != NULL && item->place != NULL && item->tag_count <= HK_FEED_TAGS_MAX);
	if (!lead) {
		return true;
	}
	hk_json_doc *doc = hk_json_load(hk_span_str(lead->data), 4u << 20, NULL);
	need(doc != NULL);
	hk_json_doc_free(doc);
	need(*lead->host && lead->score >= 0 && lead->score <= 1);
	need(hk_utf8_valid(hk_span_str(lead->title)) && !strpbrk(lead->title, "\r\n\t\x1b"));
	check_again(s, lead);
	hk_feed_lead_free(lead);
	return true;
}

static void
on_odd(void *user, hk_feed_odd odd, const char *place)
{
	state *s = user;

	hk_feed_tally_odd(&s->tally, odd, place);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const fields[HK_FEED_FIELDS] = {
		"url", "a.host", "time", "target", "tags", "sure", "id", "title"};
	state s = {.config = {.name = (char *)(uintptr_t) "fuzz",
			   .trust = 0.5,
			   .confidence = -1,
			   .max_items = 1000,
			   .delimiter = ',',
			   .header = true,
			   .objects = HK_FEED_OBJECTS_ALL}};
	hk_feed_sink sink = {on_item, on_odd, &s};
	GError *error = NULL;

	if (size == 0) {
		return 0;
	}
	s.config.format = (hk_feed_format)(data[0] % HK_FEED_FORMATS);
	s.config.targets = g_hash_table_new(g_str_hash, g_str_equal);
	for (int i = 0; i < HK_FEED_FIELDS; i++) {
		s.config.field[i] = (char *)(uintptr_t)fields[i];
	}
	if (s.config.format == HK_FEED_CSV) {
		s.config.field[HK_FEED_FIELD_HOST] = (char *)(uintptr_t) "host";
	}
	hk_feed_tally_init(&s.tally);
	bool good = hk_feed_read(&s.config, hk_span_of(data + 1, size - 1), now_ms, &sink, &error);
	need(good == (error == NULL));
	g_clear_error(&error);
	hk_feed_tally_clear(&s.tally);
	g_hash_table_unref(s.config.targets);
	return 0;
}
