/* report/channel: the ways in which a report leaves the house, one row of channels.def each. Layer: stage (report). Answers are hostile.
 *
 * A channel is pure: it writes requests and reads answers. Who sends them (report/post for HTTP, report/letter over sys/smtp for mail), how
 * often, and what becomes of the report is the same for all: report/send. So each channel is tested by bytes, and the ways to fail are tested once
 * for all of them, on the range.
 *
 * "The bytes previewed are the bytes sent": what `submit` wrote is kept (method, URL, headers without secrets, body), its SHA-256 is approved, and
 * exactly that is sent; only `auth` is added when it leaves. */
#ifndef HK_REPORT_CHANNEL_H
#define HK_REPORT_CHANNEL_H

#include "base/span.h"
#include "report/brief.h"

/* How a channel carries a report. */
typedef enum hk_channel_way {
	HK_WAY_HTTP,
	HK_WAY_MAIL, /* an RFC 5322 message to recipient->address, or to the channel's own mailbox */
	HK_WAY_ASSISTED, /* a person hands it in by a form of the other side: text to copy, link to open, one click to log it */
	HK_WAY_LOOKUP,   /* nothing is reported: only asked whether it is listed */
} hk_channel_way;

/* What a channel can do; bits. */
typedef enum hk_channel_can {
	HK_CAN_POLL = 1, /* its state can be asked for */
	HK_CAN_FIND =
		2, /* what was handed in can be found again by URL or token: after a crash nothing is doubled */
	HK_CAN_TOKEN = 4,  /* the same token twice is one report there */
	HK_CAN_TEST = 8,   /* has a test mode of its own */
	HK_CAN_BATCH = 16, /* several URLs in one report */
	HK_ONE_HOST = 32,  /* but all of one host: submit refuses others (HK_EFORM) */
} hk_channel_can;

/* How a request says who we are; the secret is the channel's `secret` (its file's first line). */
typedef enum hk_channel_auth {
	HK_AUTH_NONE,
	HK_AUTH_BEARER, /* Authorization: Bearer SECRET */
	HK_AUTH_HEADER, /* auth_name: auth_prefix SECRET */
	HK_AUTH_BASIC,  /* user and SECRET */
	HK_AUTH_SIGV4,  /* user is the key's id; the file's region; auth_name is the service */
	HK_AUTH_QUERY,  /* auth_name=SECRET behind the URL */
	HK_AUTH_OAUTH, /* client credentials (RFC 6749, 4.4) at the file's token-url, user and SECRET; auth_name is the scope; then Bearer */
	HK_AUTH_JWT, /* a service account (RFC 7523): SECRET is its key file (JSON), auth_name is the scope; then Bearer */
	HK_AUTH_COUNT
} hk_channel_auth;

typedef struct hk_channel hk_channel;

/* A channel as its file (NAME.conf in the folder of option `channels`) says. Strings owned; NULL where the file says nothing. */
typedef struct hk_channel_conf {
	const hk_channel *channel;
	char *path,
		*name; /* the file; its name without .conf: what reports.channel says ("netcraft", "mihon-soc") */
	bool enabled, test;
	unsigned
		can; /* hk_channel_can: the channel's, or what the file of the declarative one says */
	char *url;   /* base, without the last "/" */
	char *secret; /* its secret-file: the first line, or the whole of a JSON object; wiped when freed */
	char *user;    /* user name, key id, client id */
	char *account; /* Cloudflare account, Google project, Graph tenant ... */
	char *email;   /* reporter's address there; NULL: hk_brief_reporter.contact */
	char *region, *token_url, *visibility, *ca_file;
	int64_t per_minute, per_day, batch; /* the channel's own, unless the file asks for less */
	GHashTable *
		more; /* every key that the file sets: name -> its text; lists joined by LF. See hk_channel_conf_text() */
	void *spec; /* of the declarative channel, or NULL */
	void (*spec_free)(void *spec);
} hk_channel_conf;

/* One request. Strings owned. */
typedef struct hk_channel_ask {
	char *method; /* "POST" ... */
	char *url;
	GPtrArray *headers; /* "Name: value", owned; no secrets */
	GBytes *body;       /* or NULL */
	hk_channel_auth auth;
	char *auth_name, *auth_prefix; /* or NULL; see hk_channel_auth */
} hk_channel_ask;
void hk_channel_ask_clear(hk_channel_ask *ask); /* zeroed again */
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(hk_channel_ask, hk_channel_ask_clear)

/* hk_channel_ask_keep(ask): all but the body as a JSON object on one line, always the same for the same request: {"method","url","headers":[...],"auth",
 * "auth_name","auth_prefix"}. Caller frees. hk_channel_ask_kept(json, body, ret, error): back again; body (or NULL) gets a reference. HK_EFORM. */
char *hk_channel_ask_keep(const hk_channel_ask *ask);
bool hk_channel_ask_kept(const char *json, GBytes *body, hk_channel_ask *ret, GError **error);

/* What came back. Borrowed. */
typedef struct hk_channel_answer {
	int status; /* 0: none */
	hk_span body;
	const char *type;       /* Content-Type, or NULL */
	int64_t retry_after_ms; /* by any of the headers that say so, or because their quota is used up; -1: none does. Holds for the whole channel */
	bool broken;            /* it is not whole: cut off, too long, too slow */
	bool left; /* the last byte of the request may have left: also without an answer it may have been taken */
} hk_channel_answer;

/* What it means. */
typedef enum hk_told_how {
	HK_TOLD_TAKEN,   /* accepted, or known there already: it counts as sent */
	HK_TOLD_STATE,   /* (poll) it has this state */
	HK_TOLD_NOT_YET, /* (poll, find) nothing to say yet: ask again */
	HK_TOLD_ABSENT,  /* (find) it is not there: may be sent */
	HK_TOLD_AGAIN, /* not accepted now, later maybe: 429, 5xx, broken answers to what has no effect */
	HK_TOLD_REFUSED, /* never: 400, 413, 422; why says it */
	HK_TOLD_CLOSED, /* our access is not right (401, 403): the channel stops until somebody mends it; the report waits */
	HK_TOLD_UNSURE, /* it may have been taken: an answer that cannot be read, to something that has an effect */
	HK_TOLD_COUNT
} hk_told_how;
const char *hk_told_how_name(hk_told_how how); /* "taken", "state", "not-yet" ...; static */

/* Strings owned. */
typedef struct hk_told {
	hk_told_how how;
	char *remote_id, *remote_state; /* as they call it */
	const char *
		state; /* static: what it is for us: sent | acknowledged | actioned | rejected; NULL: no change */
	char *why; /* one line for people, or NULL */
	int64_t again_ms; /* ask, or send, not before so many ms from now; -1: as the channel's pace says */
	char *facts; /* JSON object of what they say besides (verdict, screenshot ...), or NULL */
} hk_told;
void hk_told_clear(hk_told *told);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(hk_told, hk_told_clear)

/* What was handed in, for poll and find. Borrowed. */
typedef struct hk_channel_receipt {
	const char *remote_id, *token,
		*url;    /* remote_id NULL: not known; url: the report's first; NULL: not known */
	int64_t sent_ms; /* 0: not known */
	const char *remote_state; /* as they last called it, or NULL */
} hk_channel_receipt;

struct hk_channel {
	const char *name;    /* "netcraft" */
	const char *en, *ja; /* as shown */
	hk_channel_way way;
	unsigned can; /* hk_channel_can; ask the conf's */
	const char *
		url; /* default base, or form of an assisted one, or mailbox of a mail one; NULL: the file must say */
	int64_t per_minute, per_day,
		batch;    /* 0: no limit known; batch: URLs in one report, at least 1 */
	int64_t poll_ms;  /* first poll after that time; doubles up to 6 hours */
	int64_t index_ms; /* (HK_CAN_FIND) what was taken is in their list after so long: that it is not there says nothing before; 0: at once, or `found` knows */
	int64_t token_ms; /* (HK_CAN_TOKEN) the same token is the same report for so long; 0: for ever */
	const char *
		keys; /* keys of its file besides the common ones, separated by blanks: "account email"; rows of channel_keys.def */
	const char *needs; /* those of them that it cannot do without */
	/* check(conf, error): what else can be wrong in its file, once it is read; may make conf->spec. HK_ECONFIG without path and line: the text begins with the key, the caller
	 * puts them before. NULL: nothing. */
	bool (*check)(hk_channel_conf *conf, GError **error);
	/* submit(conf, brief, token, ret, error): HK_EFORM: this site cannot be reported so, and why. For HK_WAY_ASSISTED ret->url is the form, ret->body
	 * the text; for HK_WAY_MAIL ret->url is the mailbox, ret->body the text of the letter or NULL (then it is written from its template).
	 * For HK_WAY_LOOKUP it asks whether it is listed, has no effect, and is asked again by the same; `submitted` answers HK_TOLD_STATE. */
	bool (*submit)(const hk_channel_conf *conf, const hk_brief *brief, const char *token,
		hk_channel_ask *ret, GError **error);
	void (*submitted)(
		const hk_channel_conf *conf, const hk_channel_answer *answer, hk_told *ret);
	/* NULL without HK_CAN_POLL. Where `submitted` tells no remote_id, `find` brings it, and poll is HK_EFORM until then. Neither has an effect. HK_EFORM: it
	 * cannot be asked. */
	bool (*poll)(const hk_channel_conf *conf, const hk_channel_receipt *receipt,
		hk_channel_ask *ret, GError **error);
	void (*polled)(const hk_channel_conf *conf, const hk_channel_answer *answer, hk_told *ret);
	/* NULL without HK_CAN_FIND. */
	bool (*find)(const hk_channel_conf *conf, const hk_channel_receipt *receipt,
		hk_channel_ask *ret, GError **error);
	void (*found)(const hk_channel_conf *conf, const hk_channel_receipt *receipt,
		const hk_channel_answer *answer, hk_told *ret);
	/* Their picture of the site (PNG), asked for once its state is known; a 200 with a PNG is kept as a fact, anything else is nothing. NULL: none. */
	bool (*picture)(const hk_channel_conf *conf, const hk_channel_receipt *receipt,
		hk_channel_ask *ret, GError **error);
};

/* hk_channel_find(name): NULL: there is none. hk_channels: all, in the order of channels.def. */
const hk_channel *hk_channel_find(const char *name);
extern const hk_channel *const hk_channels[];
extern const size_t hk_channel_count;

#endif
