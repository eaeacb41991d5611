/* flow/wave: what a command channel orders becomes a wave, a case and an alarm. Layer: flow. Inside a transaction of flow/flow.h. Commands are hostile: kept and told,
 * never carried out.
 *
 * Commands to send the same text (the key: a hash of what is left of the text without links and numbers) that come at most HK_WAVE_GAP_MS apart, on any port, are one wave.
 * The first of its links that is nobody's official site opens the case, or finds it; short links that follow go into that case, sites that follow are cases of their own, linked to it. Evidence and enrichment
 * begin by the policy for new cases. A wave whose target is known is
 * confirmed by itself (setting "waves"): who orders the sending of a bank's name with a stranger's link is no customer's mistake. Where a link of a shortener leads must be known first. Reports still need a person (rail 2). Telephone numbers come
 * in as keyed hashes, texts masked (rail 4): nothing here could show them. */
#ifndef HK_FLOW_WAVE_H
#define HK_FLOW_WAVE_H

#include "flow/jobs.h"
#include "flow/sites.h"
#include "store/waves.h"

#define HK_WAVE_GAP_MS    INT64_C(300000)
#define HK_WAVE_CARD_MS   2000 /* a card waits so long for where the links lead */
#define HK_WAVE_TEXT_MAX  4000 /* bytes of a text that are kept */
#define HK_WAVE_CARD_TEXT 900  /* ... that a card can show */
#define HK_WAVE_CARD_URL  500  /* bytes of a URL, so, too */
#define HK_WAVE_LINKS_MAX 20   /* of one command; more are left out */
#define HK_WAVE_SCORE     0.95 /* of a case whose target is known; without one 0.8 */

/* One telephone number: its keyed hash and its first seven digits. */
typedef struct hk_wave_to {
	uint8_t hash[32];
	char region[8];
} hk_wave_to;

/* One link of a text. Strings borrowed. */
typedef struct hk_wave_link {
	const char *url, *host; /* canonical */
	hk_site site;
	bool official; /* of some brand: never a case */
} hk_wave_link;

/* One command. Strings borrowed. */
typedef struct hk_wave_seen {
	int64_t session_id;
	const char *family;
	unsigned port;
	int64_t at_ms; /* it was received */
	const uint8_t
		*frame; /* 32 bytes: keyed hash of session, time and bytes: a frame is taken once */
	const char *verb, *word; /* "send"; as written. verb "": unknown */
	const char *text;        /* masked; "" none */
	bool send;
	const uint8_t *key; /* 32 bytes, of a send */
	const char *brands; /* JSON array */
	const char *target; /* key, or NULL: none that we know */
	const char *actor;  /* key, or NULL */
	const char *shown;  /* some masked numbers, for people; "" none */
	const hk_wave_to *to;
	size_t to_count;
	unsigned masked, odd, doubles;
	const hk_wave_link *links;
	size_t link_count;
} hk_wave_seen;

typedef struct hk_wave_taken {
	int64_t command_id;       /* 0: that frame was taken before, nothing is written */
	int64_t wave_id, case_id; /* 0: none */
	bool opened;              /* the wave began with it */
} hk_wave_taken;

/* hk_wave_take(flow, seen, ret, error): all of it: the command, its wave, the case, links to follow (job "hops"), the card. */
bool hk_wave_take(hk_flow *flow, const hk_wave_seen *seen, hk_wave_taken *ret, GError **error);

/* Where a link led. Strings borrowed. */
typedef struct hk_wave_led {
	int64_t link_id;
	const char *act;      /* move of LINK: "lead", "die", "lose" */
	hk_wave_link landing; /* of "lead" */
	const char *hops;     /* JSON array */
	const char *why;      /* one line, or NULL */
} hk_wave_led;
/* hk_wave_led_to(flow, led, error): keeps it, with the time of the next look (by how long ago a wave named the link: docs/waves.md). A landing that is new: waves and cases that have the link get it: a case of a short
 * link becomes the landing's, or goes into the case that the landing has; evidence is taken; one of another site makes a case of its own, linked to the first. Told (wave.landing) unless the
 * first card still waits for it. An official site makes and changes no case. HK_EPOLICY: no move of LINK; HK_ENOENT. */
bool hk_wave_led_to(hk_flow *flow, const hk_wave_led *led, GError **error);

/* hk_wave_start(flow, error): sees to it that there is the one job of stage "hops". */
bool hk_wave_start(hk_flow *flow, GError **error);

/* hk_wave_cut(text, max): its first bytes, whole characters. Caller frees. */
char *hk_wave_cut(const char *text, size_t max);

#endif
