#include "source/feed/read.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/cur.h"
#include "base/num.h"
#include "base/utf8.h"
#include "source/feed/read_int.h"
#include "sys/gerr.h"

static const struct {
	const char *name;
	const char *meaning;
} odds[] = {
#define ODD(id, text, meaning) {text, meaning},
#include "source/feed/odd.def"
#undef ODD
};

/* From the mildest to the strictest, as TLP 2.0 and 1.0 write them. */
static const char *const tlps[] = {"clear", "white", "green", "amber", "amber+strict", "red"};

const char *
hk_feed_odd_name(hk_feed_odd odd)
{
	return odds[odd].name;
}

const char *
hk_feed_odd_meaning(hk_feed_odd odd)
{
	return odds[odd].meaning;
}

bool
hk_feed_body(hk_span body, hk_span *ret, GError **error)
{
	hk_cur cur = hk_cur_of(body);
	hk_span mark;

	if (hk_cur_bytes(&cur, 3, &mark) != HK_OK ||
		!hk_span_eq(mark, HK_SPAN_LIT("\xEF\xBB\xBF"))) {
		cur = hk_cur_of(body);
	}
	*ret = hk_cur_rest(&cur);
	while (!hk_cur_empty(&cur) && strchr(" \t\r\n", *cur.at) && *cur.at) {
		if (hk_cur_skip(&cur, 1) != HK_OK) {
			break;
		}
	}
	if (!hk_cur_empty(&cur) && *cur.at == '<') {
		return hk_error_set(error, HK_EFORM, "a web page or XML, not a feed");
	}
	return true;
}

bool
hk_feed_line(hk_span body, size_t *pos, hk_span *ret)
{
	if (*pos >= body.len) {
		return false;
	}
	const uint8_t *start = body.data + *pos;
	const uint8_t *end = memchr(start, '\n', body.len - *pos);
	size_t len = end ? (size_t)(end - start) : body.len - *pos;
	*pos += len + 1;
	if (len > 0 && start[len - 1] == '\r') {
		len--;
	}
	*ret = hk_span_of(start, len);
	return true;
}

bool
hk_feed_plain(hk_span text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] < ' ' || text.data[i] == 0x7F) {
			return false;
		}
	}
	return hk_utf8_valid(text);
}

void
hk_feed_tlp(hk_feed_item *item, const char *tlp)
{
	size_t now = 0;
	size_t then = 0;

	for (size_t i = 0; i < G_N_ELEMENTS(tlps); i++) {
		now = g_str_equal(tlps[i], tlp) ? i : now;
		then = item->tlp && g_str_equal(tlps[i], item->tlp) ? i : then;
	}
	if (!item->tlp || now > then) {
		item->tlp = tlps[now];
	}
}

void
hk_feed_tag(hk_feed_item *item, const char *tag)
{
	for (size_t i = 0; g_ascii_strncasecmp(tag, "tlp:", 4) == 0 && i < G_N_ELEMENTS(tlps);
		i++) {
		if (g_ascii_strcasecmp(tag + 4, tlps[i]) == 0) {
			hk_feed_tlp(item, tlps[i]);
		}
	}
	if (*tag && item->tag_count < HK_FEED_TAGS_MAX) {
		item->tags[item->tag_count++] = tag;
	}
}

bool
hk_feed_is_ip(const char *text)
{
	uint8_t bytes[16];

	return inet_pton(AF_INET, text, bytes) == 1 || inet_pton(AF_INET6, text, bytes) == 1;
}

int
hk_feed_confidence(const char *text)
{
	uint64_t number;

	return text && hk_parse_u64(hk_span_str(text), 100, &number) == HK_OK ? (int)number : -1;
}

const char *
hk_feed_str(const hk_json *obj, const char *key)
{
	const char *text = NULL;

	return hk_json_has(obj, key) && hk_json_str(obj, key, &text, NULL) ? text : NULL;
}

/* The first word of a line. */
static hk_span
word_of(hk_span line)
{
	size_t from = 0;
	size_t to;

	while (from < line.len && (line.data[from] == ' ' || line.data[from] == '\t')) {
		from++;
	}
	for (to = from; to < line.len && line.data[to] != ' ' && line.data[to] != '\t';) {
		to++;
	}
	return hk_span_of(line.data + from, to - from);
}

bool
hk_feed_read_text(
	const hk_feed_config *config, hk_span body, const hk_feed_sink *sink, GError **error)
{
	hk_span comment = hk_span_str(config->comment);
	hk_span line;
	size_t pos = 0;

	if (!hk_feed_body(body, &body, error)) {
		return false;
	}
	for (size_t number = 1; hk_feed_line(body, &pos, &line); number++) {
		char place[HK_FEED_PLACE_SIZE];
		hk_span word = word_of(line);
		bool passed =
			word.len == 0 || (comment.len > 0 && word.len >= comment.len &&
						 memcmp(word.data, comment.data, comment.len) == 0);
		if (passed) {
			continue;
		}
		snprintf(place, sizeof place, "line %zu", number);
		if (word.len > HK_FEED_LINE_MAX || !hk_feed_plain(word)) {
			sink->odd(sink->user,
				word.len > HK_FEED_LINE_MAX ? HK_FEED_ODD_TOO_LONG
							    : HK_FEED_ODD_NOT_TEXT,
				place);
			continue;
		}
		g_autofree char *value = g_strndup((const char *)word.data, word.len);
		hk_feed_item item = {.value = value, .place = place, .confidence = -1};
		if (!sink->item(sink->user, &item, error)) {
			return false;
		}
	}
	return true;
}

bool
hk_feed_read(const hk_feed_config *config, hk_span body, int64_t now_ms, const hk_feed_sink *sink,
	GError **error)
{
	switch (config->format) {
	case HK_FEED_CSV:
		return hk_feed_read_csv(config, body, sink, error);
	case HK_FEED_JSONL:
		return hk_feed_read_jsonl(config, body, sink, error);
	case HK_FEED_TEXT:
		return hk_feed_read_text(config, body, sink, error);
	case HK_FEED_MISP:
		return hk_feed_read_misp(config, body, sink, error);
	case HK_FEED_STIX:
	case HK_FEED_TAXII:
	case HK_FEED_FORMATS:
		break;
	}
	return hk_feed_read_stix(config, body, now_ms, sink, error);
}
