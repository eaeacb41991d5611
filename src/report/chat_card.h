/* report/chat_card: one event as a card: what it says, in two languages, and its JSON for each kind of chat. Layer: stage (report). Pure. What comes from the site
 * and from recipients is hostile: it is defanged, cut, and put only where a chat shows plain text.
 *
 * On a card: number, address (defanged, without its query, which may name a victim), target, score, reasons, a small picture, recipient, and links to
 * the board. Of a wave of messages, in the form of Mizuho's (S21): text, port, numbers (how many, and a few masked), short URL, landing. Never: names of cases, texts of letters, anything of victims: what looks
 * like a telephone number or a mail address in the text of a message is masked here once more (sys/mask). */
#ifndef HK_REPORT_CHAT_CARD_H
#define HK_REPORT_CHAT_CARD_H

#include "flow/notice.h"
#include "report/chat_conf.h"
#include "store/notices.h"

/* Longest text of a line, in bytes; reasons on a card; the largest picture, in bytes (PNG). */
#define HK_CARD_TEXT_MAX    400
#define HK_CARD_REASONS_MAX 6
#define HK_CARD_PICTURE_MAX 16000

/* A line of a card: word: "url" (a row of chatwords.def); text, owned; link: what is behind it (ours), or NULL. */
typedef struct hk_card_line {
	const char *word;
	char *text, *link;
} hk_card_line;

typedef struct hk_card {
	const hk_chat_event *event;
	const char *lang; /* static: "en" or "ja" */
	int64_t case_id, report_id, at_ms;
	char *title;        /* ours: "New case #12" */
	double score;       /* below 0: of no case */
	GPtrArray *lines;   /* of hk_card_line: url, target, score ... */
	GPtrArray *reasons; /* of owned strings */
	GPtrArray *links;   /* of hk_card_line */
	GBytes *picture;    /* PNG, or NULL */
} hk_card;
void hk_card_free(hk_card *card); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_card, hk_card_free)

/* hk_card_new(notice, facts, lang, base_url): base_url: of the board, with or without the last "/"; NULL: no links. notice->event that is no row counts as
 * "digest"; notice->body: what hk_notice_tell got. picture is left NULL. */
hk_card *hk_card_new(const hk_notice_row *notice, const hk_notice_facts *facts, const char *lang,
	const char *base_url);

/* hk_card_wave(body): the number of the wave that an event is about; 0: none. */
int64_t hk_card_wave(const char *body);

/* hk_card_digest(counts, at_ms, lang, base_url): one card for many: counts: array of hk_notice_count. */
hk_card *hk_card_digest(
	const GArray *counts, int64_t at_ms, const char *lang, const char *base_url);

/* hk_card_write(card, kind): the JSON as it is sent, at most hk_chat_ways[kind].max_bytes: first the picture is left out, then the reasons. Caller frees. */
char *hk_card_write(const hk_card *card, hk_chat_kind kind);

/* hk_card_address(url): an address for a card: defanged, without query and fragment, and without what has an "@" in its path. Caller frees. */
char *hk_card_address(const char *url);

/* hk_card_word(word, lang): of chatwords.def; the word itself when it is no row. */
const char *hk_card_word(const char *word, const char *lang);

/* hk_card_sign(key, stamp_s, id, body): what a receiver of a webhook checks: "v1=" and the hexadecimal HMAC-SHA-256, under the key, of "v1", the
 * time (Unix seconds), the card's number, and the body, with a "." between them. Caller frees. */
char *hk_card_sign(const char *key, int64_t stamp_s, int64_t id, const char *body);

#endif
