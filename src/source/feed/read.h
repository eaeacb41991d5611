/* source/feed/read: readers of feeds: bytes in, items out. Layer: stage. Input is hostile. Pure: no network, no clock, no
 * database.
 *
 * A reader hands each item to a sink as soon as it is read, and counts what is no item as odd; it fails only when the whole
 * cannot be trusted to be the feed (no JSON, a web page, over a cap). Nothing is guessed: a value is taken where the feed's
 * file, or the standard, says that one stands. */
#ifndef HK_SOURCE_FEED_READ_H
#define HK_SOURCE_FEED_READ_H

#include "base/span.h"
#include "source/feed/config.h"

#define HK_FEED_LINE_MAX  (64u << 10) /* bytes of a line or row */
#define HK_FEED_TAGS_MAX  64          /* of one item; the rest is dropped */
#define HK_FEED_TEXT_MAX  1024        /* bytes of a tag, a title, an id; longer ones are cut */
#define HK_FEED_EVENT_MAX (32u << 20) /* bytes of a MISP event or STIX bundle */

typedef enum hk_feed_odd {
#define ODD(id, text, meaning) HK_FEED_ODD_##id,
#include "source/feed/odd.def"
#undef ODD
	HK_FEED_ODDS
} hk_feed_odd;

/* One thing that a feed reports. All borrowed from the reader until the sink returns. */
typedef struct hk_feed_item {
	hk_feed_type type;
	const char *value;  /* as the feed writes it */
	const char *place;  /* for people: "line 17", "event 5f.., attribute 60.." */
	const char *target; /* the feed's word, or NULL */
	const char *id;     /* the feed's own, or NULL */
	const char *title;  /* or NULL */
	const char *tlp;    /* "amber" ..., or NULL */
	const char *tags[HK_FEED_TAGS_MAX];
	size_t tag_count;
	int confidence;   /* 0..100; -1: not said */
	int64_t seen_ms;  /* 0: not said */
	int64_t until_ms; /* 0: not said */
} hk_feed_item;

/* Where items go. item: false with error set ends the reading. odd: place as above. */
typedef struct hk_feed_sink {
	bool (*item)(void *user, const hk_feed_item *item, GError **error);
	void (*odd)(void *user, hk_feed_odd odd, const char *place);
	void *user;
} hk_feed_sink;

/* hk_feed_read_text: one URL or host a line (blanks around it dropped, a CR too); lines that begin with config->comment, and
 * empty ones, are passed over. What stands behind a blank is not looked at: "URL  # comment".
 * hk_feed_read_csv: config says which columns. hk_feed_read_jsonl: one JSON object a line, or one list of them; a member may lie deeper ("a.b").
 * HK_EFORM: a web page, or a header without the columns; HK_ELIMIT. */
bool hk_feed_read_text(
	const hk_feed_config *config, hk_span body, const hk_feed_sink *sink, GError **error);
bool hk_feed_read_csv(
	const hk_feed_config *config, hk_span body, const hk_feed_sink *sink, GError **error);
bool hk_feed_read_jsonl(
	const hk_feed_config *config, hk_span body, const hk_feed_sink *sink, GError **error);

/* hk_feed_read_misp: one event ({"Event":{..}}), a list of them, or an export ({"response":[..]}): attributes of type url,
 * uri, domain, hostname, domain|ip, hostname|port, ip-src, ip-dst, ip-src|port, ip-dst|port, of objects too. */
bool hk_feed_read_misp(
	const hk_feed_config *config, hk_span body, const hk_feed_sink *sink, GError **error);

/* hk_feed_read_stix: a bundle, or a TAXII envelope: the objects of both. Indicators by their patterns; url, domain-name,
 * ipv4-addr and ipv6-addr objects only when an indicator is based on them or observed-data names them (a bare SCO says
 * nothing about good or bad: in a report of malware it may be a victim). now_ms: for valid_until. */
bool hk_feed_read_stix(const hk_feed_config *config, hk_span body, int64_t now_ms,
	const hk_feed_sink *sink, GError **error);

/* hk_feed_read(config, body, now_ms, sink, error): the one of config->format; taxii: an envelope. */
bool hk_feed_read(const hk_feed_config *config, hk_span body, int64_t now_ms,
	const hk_feed_sink *sink, GError **error);

/* hk_feed_odd_name(odd), hk_feed_odd_meaning(odd): of odd.def; static storage. */
const char *hk_feed_odd_name(hk_feed_odd odd);
const char *hk_feed_odd_meaning(hk_feed_odd odd);

#endif
