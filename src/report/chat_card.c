#include "report/chat_card.h"

#include <string.h>

#include "base/codec.h"
#include "sys/defang.h"
#include "sys/hmac.h"
#include "sys/json.h"
#include "sys/mask.h"

static const struct {
	const char *word, *en, *ja;
} words[] = {
#define CHAT_WORD(word, en, ja) {word, en, ja},
#include "report/chatwords.def"
#undef CHAT_WORD
};

const char *
hk_card_word(const char *word, const char *lang)
{
	for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
		if (strcmp(words[i].word, word) == 0) {
			return strcmp(lang, "ja") == 0 ? words[i].ja : words[i].en;
		}
	}
	return word;
}

static void
line_free(void *data)
{
	hk_card_line *line = data;

	g_free(line->text);
	g_free(line->link);
	g_free(line);
}

void
hk_card_free(hk_card *card)
{
	if (!card) {
		return;
	}
	g_free(card->title);
	g_ptr_array_unref(card->lines);
	g_ptr_array_unref(card->reasons);
	g_ptr_array_unref(card->links);
	g_clear_pointer(&card->picture, g_bytes_unref);
	g_free(card);
}

/* text, at most so many bytes of whole characters; takes it. */
static char *
cut(char *text, size_t max)
{
	if (strlen(text) > max) {
		const char *end = g_utf8_find_prev_char(text, text + max - 2);
		text[end ? end - text : 0] = '\0';
		char *shorter = g_strconcat(text, "…", NULL);
		g_free(text);
		return shorter;
	}
	return text;
}

char *
hk_card_address(const char *url)
{
	size_t len = strcspn(url, "?#");
	g_autofree char *plain = g_strndup(url, len);
	const char *host = strstr(plain, "://");
	char *path = host ? strchr(host + 3, '/') : NULL;
	bool hidden = url[len] != '\0';

	/* An address of mail in the path is most likely the victim's. */
	if (path && (strchr(path, '@') || strstr(path, "%40"))) {
		path[1] = '\0';
		hidden = true;
	}
	g_autofree char *safe = hk_defang(plain);
	char *shown = cut(g_steal_pointer(&safe), HK_CARD_TEXT_MAX);

	if (hidden) {
		char *more = g_strconcat(shown, "…", NULL);
		g_free(shown);
		return more;
	}
	return shown;
}

static void
add(GPtrArray *list, const char *word, char *text, char *link)
{
	hk_card_line *line = g_new(hk_card_line, 1);

	*line = (hk_card_line){word, text, link};
	g_ptr_array_add(list, line);
}

/* A line of hostile text; none when there is none. */
static void
say(hk_card *card, const char *word, const char *text)
{
	if (text && *text) {
		add(card->lines, word, cut(hk_defang(text), HK_CARD_TEXT_MAX), NULL);
	}
}

static hk_card *
empty(const char *event, const char *lang, int64_t at_ms)
{
	hk_card *card = g_new0(hk_card, 1);

	card->event = hk_chat_event_find(event);
	card->event = card->event ? card->event : hk_chat_event_find("digest");
	card->lang = strcmp(lang, "ja") == 0 ? "ja" : "en";
	card->at_ms = at_ms;
	card->score = -1;
	card->lines = g_ptr_array_new_with_free_func(line_free);
	card->reasons = g_ptr_array_new_with_free_func(g_free);
	card->links = g_ptr_array_new_with_free_func(line_free);
	return card;
}

static const char *
title_of(const hk_card *card)
{
	return strcmp(card->lang, "ja") == 0 ? card->event->ja : card->event->en;
}

static void
add_link(hk_card *card, const char *base_url, const char *word, const char *screen, int64_t id)
{
	if (!base_url) {
		return;
	}
	bool slash = g_str_has_suffix(base_url, "/");
	g_autofree char *number = id ? g_strdup_printf("/%" G_GINT64_FORMAT, id) : g_strdup("");

	add(card->links, word, g_strdup(hk_card_word(word, card->lang)),
		g_strconcat(base_url, slash ? "" : "/", "#/", screen, number, NULL));
}

static void
add_reasons(hk_card *card, const char *reasons)
{
	g_autoptr(hk_json_doc) doc = hk_json_load(hk_span_str(reasons), 64 << 10, NULL);

	if (!doc) {
		return;
	}
	hk_json root = hk_json_root(doc);
	for (size_t i = 0; i < hk_json_len(&root) && i < HK_CARD_REASONS_MAX; i++) {
		hk_json one = hk_json_at(&root, i);
		const char *text = hk_json_text(&one);
		if (text && *text) {
			g_ptr_array_add(card->reasons, cut(hk_defang(text), HK_CARD_TEXT_MAX));
		}
	}
}

/* What the event says besides: the members that are named here, no others. */
static void
add_data(hk_card *card, const char *data, bool with_channel)
{
	enum { DATA_WHAT, DATA_CLOCK, DATA_BY, DATA_CHANNEL };
	static const char *const texts[] = {[DATA_WHAT] = "what",
		[DATA_CLOCK] = "clock",
		[DATA_BY] = "by",
		[DATA_CHANNEL] = "channel"};
	g_autoptr(hk_json_doc) doc = hk_json_load(hk_span_str(data), HK_NOTICE_DATA_MAX, NULL);
	int64_t count = 0;

	if (!doc) {
		return;
	}
	hk_json root = hk_json_root(doc);
	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		const char *text = NULL;
		if ((with_channel || i != DATA_CHANNEL) &&
			hk_json_str(&root, texts[i], &text, NULL)) {
			say(card, texts[i],
				i <= DATA_CLOCK ? hk_card_word(text, card->lang) : text);
		}
	}
	if (hk_json_i64(&root, "count", &count, NULL)) {
		add(card->lines, "count", g_strdup_printf("%" G_GINT64_FORMAT, count), NULL);
	}
}

int64_t
hk_card_wave(const char *body)
{
	g_autoptr(hk_json_doc) doc = hk_json_load(hk_span_str(body), HK_NOTICE_DATA_MAX, NULL);
	int64_t wave = 0;

	if (!doc) {
		return 0;
	}
	hk_json root = hk_json_root(doc);
	return hk_json_i64(&root, "wave", &wave, NULL) ? wave : 0;
}

/* A text of a message. */
static void
say_masked(hk_card *card, const char *word, const char *text)
{
	g_autofree char *masked = hk_mask_all(text);

	say(card, word, masked);
}

static void
say_address(hk_card *card, const char *word, const char *url)
{
	if (url && *url) {
		g_autofree char *address = hk_card_address(url);
		g_autofree char *masked = hk_mask_all(address);
		add(card->lines, word, cut(g_steal_pointer(&masked), HK_CARD_TEXT_MAX), NULL);
	}
}

/* How many numbers, and a few of them as the channel's observer masked them. */
static void
say_numbers(hk_card *card, int64_t count, const char *shown)
{
	g_autofree char *masked = hk_mask_all(shown);
	g_autofree char *text =
		*masked ? g_strdup_printf("%" G_GINT64_FORMAT " (%s)", count, masked)
			: g_strdup_printf("%" G_GINT64_FORMAT, count);

	if (count > 0) {
		say(card, "numbers", text);
	}
}

/* In the order of S21. The landing that an event is about; else where the wave leads by now. */
static void
add_wave(hk_card *card, const char *data, const hk_notice_facts *facts)
{
	g_autoptr(hk_json_doc) doc = hk_json_load(hk_span_str(data), HK_NOTICE_DATA_MAX, NULL);
	const char *text = "", *shown = "", *link = "", *landing = facts->wave_landing, *was = "";
	int64_t port = 0, numbers = 0;

	if (!doc) {
		return;
	}
	hk_json root = hk_json_root(doc);
	(void)hk_json_str(&root, "text", &text, NULL);
	(void)hk_json_str(&root, "shown", &shown, NULL);
	(void)hk_json_str(&root, "short", &link, NULL);
	(void)hk_json_str(&root, "landing", &landing, NULL);
	(void)hk_json_str(&root, "was", &was, NULL);
	(void)hk_json_i64(&root, "port", &port, NULL);
	(void)hk_json_i64(&root, "numbers", &numbers, NULL);
	say_masked(card, "text", text);
	if (port > 0) {
		add(card->lines, "port", g_strdup_printf("%" G_GINT64_FORMAT, port), NULL);
	}
	say_numbers(card, MAX(numbers, facts->wave_numbers), shown);
	say_address(card, "short", link);
	say_address(card, "landing", landing);
	say_address(card, "was", was);
}

static void
add_case(hk_card *card, const hk_notice_facts *facts, bool with_url)
{
	bool ja = strcmp(card->lang, "ja") == 0;
	const char *target = ja ? facts->target : facts->target_en;

	card->score = facts->score;
	if (!with_url) {
		/* The wave's lines say where it lies. */
	} else if (facts->url) {
		add(card->lines, "url", hk_card_address(facts->url), NULL);
	} else {
		say(card, "url", facts->host);
	}
	say(card, "target", target && *target ? target : facts->target);
	if (facts->score > 0) {
		add(card->lines, "score", g_strdup_printf("%.2f", facts->score), NULL);
	}
	if (facts->reasons) {
		add_reasons(card, facts->reasons);
	}
}

static void
add_report(hk_card *card, const hk_notice_facts *facts)
{
	g_autofree char *who = g_strdup_printf("%s (%s)",
		facts->party && *facts->party ? facts->party : facts->recipient,
		hk_card_word(facts->kind, card->lang));

	say(card, "party", who);
	say(card, "channel", facts->channel);
}

hk_card *
hk_card_new(const hk_notice_row *notice, const hk_notice_facts *facts, const char *lang,
	const char *base_url)
{
	hk_card *card = empty(notice->event, lang, notice->at_ms);
	bool ask = strcmp(card->event->tone, "ask") == 0;

	card->case_id = facts->case_id;
	card->report_id = facts->channel ? notice->report_id : 0;
	card->title = card->case_id ? g_strdup_printf("%s (#%" G_GINT64_FORMAT ")", title_of(card),
					      card->case_id)
				    : g_strdup(title_of(card));
	int64_t wave = hk_card_wave(notice->body);
	if (wave != 0) {
		add_wave(card, notice->body, facts);
	}
	if (card->case_id) {
		add_case(card, facts, wave == 0);
	}
	if (facts->channel) {
		add_report(card, facts);
	}
	add_data(card, notice->body, !facts->channel);
	if (card->case_id) {
		add_link(card, base_url, ask ? "decide" : "open", "case", card->case_id);
	} else if (wave == 0) {
		add_link(card, base_url, "board", "cases", 0);
	}
	if (wave != 0) {
		add_link(card, base_url, "wave", "wave", wave);
	}
	return card;
}

hk_card *
hk_card_digest(const GArray *counts, int64_t at_ms, const char *lang, const char *base_url)
{
	hk_card *card = empty("digest", lang, at_ms);
	int64_t sum = 0;

	for (unsigned i = 0; i < counts->len; i++) {
		const hk_notice_count *one = &g_array_index(counts, hk_notice_count, i);
		const hk_chat_event *event = hk_chat_event_find(one->event);
		const char *text = !event                          ? one->event
				   : strcmp(card->lang, "ja") == 0 ? event->ja
								   : event->en;
		add(card->lines, "count",
			g_strdup_printf("%" G_GINT64_FORMAT " × %s", one->count, text), NULL);
		sum += one->count;
	}
	card->title = g_strdup_printf("%s (%" G_GINT64_FORMAT ")", title_of(card), sum);
	add_link(card, base_url, "board", "cases", 0);
	return card;
}

char *
hk_card_sign(const char *key, int64_t stamp_s, int64_t id, const char *body)
{
	uint8_t mac[HK_SHA256_SIZE];
	char hex[2 * HK_SHA256_SIZE + 1];
	g_autofree char *text = g_strdup_printf(
		"v1.%" G_GINT64_FORMAT ".%" G_GINT64_FORMAT ".%s", stamp_s, id, body);

	hk_hmac_sha256_any(hk_span_str(key), hk_span_str(text), mac);
	hk_hex_encode(hk_span_of(mac, sizeof mac), hex);
	return g_strconcat("v1=", hex, NULL);
}
