/* report/channel_json: what the channels need to write requests and to read answers in JSON. Layer: stage (report). Answers are hostile.
 *
 * Bodies are written with sys/jsonw into a GString; answers are read with sys/json, or by a path, as here. */
#ifndef HK_REPORT_CHANNEL_JSON_H
#define HK_REPORT_CHANNEL_JSON_H

#include "report/channel.h"
#include "sys/json.h"

#define HK_CHANNEL_PATH_STEPS 16 /* of a path; a longer one finds nothing */

/* hk_channel_url(base, path, ...): base and path, in which each "{}" becomes the next of the texts (NULL at the end), percent-encoded (RFC 3986), a "/" in it,
 * too. hk_channel_url(conf->url, "/submission/{}/urls", uuid, NULL). Caller frees. */
char *hk_channel_url(const char *base, const char *path, ...) __attribute__((sentinel));

/* hk_channel_ask_init(ret, method, url): takes url. hk_channel_ask_json(): the same with body, which it takes, as application/json. Both ask for an
 * answer in JSON. hk_channel_ask_header(): one more "Name: value", copied. hk_channel_ask_auth(): how it says who we are; name and prefix may be NULL. */
void hk_channel_ask_init(hk_channel_ask *ret, const char *method, char *url);
void hk_channel_ask_json(hk_channel_ask *ret, const char *method, char *url, GString *body);
void hk_channel_ask_header(hk_channel_ask *ask, const char *line);
void hk_channel_ask_auth(
	hk_channel_ask *ask, hk_channel_auth auth, const char *name, const char *prefix);

/* hk_channel_ask_fits(ask, error): HK_EFORM when its URL is longer than sys/http sends (a reported URL inside a query); ask is then cleared. */
bool hk_channel_ask_fits(hk_channel_ask *ask, GError **error);

/* hk_channel_json_at(root, path, ret): the value at a dotted path ("result.items[0].id", "items.0.id", "0.id") or a JSON pointer (RFC 6901: "/result/items/0/id");
 * "" is root itself. False when nothing is there. *ret may outlive root, not the document. */
bool hk_channel_json_at(const hk_json *root, const char *path, hk_json *ret);

/* hk_channel_json_text(root, path): a string, a whole number or a switch there as text; NULL: none of them. Caller frees. */
char *hk_channel_json_text(const hk_json *root, const char *path);

/* hk_channel_json_str(root, path): a string there that is not empty, borrowed from the document; or NULL. */
const char *hk_channel_json_str(const hk_json *root, const char *path);

/* hk_channel_id(root, path): their number for a report: a string or whole number there of 1 to HK_CHANNEL_ID_MAX printable ASCII characters without blanks;
 * NULL: none such. Caller frees. */
#define HK_CHANNEL_ID_MAX 256
char *hk_channel_id(const hk_json *root, const char *path);

/* Their word for a state and ours. A table ends with {0}. */
typedef struct hk_channel_state {
	const char *theirs,
		*ours; /* ours: sent | acknowledged | actioned | rejected, or NULL: no change */
	bool final;    /* nothing follows it: needs no further poll */
} hk_channel_state;

/* hk_channel_state_read(states, theirs, ret): sets remote_state and state; an unknown word changes nothing. Letter case, blanks, '_' and '-' do not count.
 * Returns the row or NULL. */
const hk_channel_state *hk_channel_state_read(
	const hk_channel_state *states, const char *theirs, hk_told *ret);

/* hk_channel_facts(doc, ...): a JSON object of those members of doc that are there: pairs of name and path, NULL at the end; NULL: none is there. Caller frees.
 * A value over HK_CHANNEL_FACT_MAX bytes is left out. */
#define HK_CHANNEL_FACT_MAX 4096
char *hk_channel_facts(const hk_json *root, ...) __attribute__((sentinel));

#endif
