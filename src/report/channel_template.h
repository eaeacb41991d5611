/* report/channel_template: the templates of the declarative channel: text with {holes}. Layer: stage (report). Templates are ours; what fills the holes is
 * hostile and is written so that it stays what it is where it lands.
 *
 * A hole is "{" name "}" with a name of channel_holes.def; "{" before anything else is itself. In JSON, a hole inside a string is text (escaped), one outside
 * of strings is a value: a string, a list, a number, or null when nothing is known. In URLs and forms it is percent-encoded, in header lines line ends become blanks. */
#ifndef HK_REPORT_CHANNEL_TEMPLATE_H
#define HK_REPORT_CHANNEL_TEMPLATE_H

#include "report/channel.h"

#define HK_CHANNEL_TEMPLATE_MAX 65536

typedef enum hk_template_place {
	HK_PLACE_JSON,
	HK_PLACE_URL, /* a path with its query, or a form */
	HK_PLACE_HEADER,
	HK_PLACE_TEXT,
} hk_template_place;

/* What fills holes. brief NULL: only what receipt knows (url, host, token, id). */
typedef struct hk_template_data {
	const hk_channel_conf *conf;
	const hk_brief *brief;
	const hk_channel_receipt *receipt; /* or NULL */
	const char *token;
} hk_template_data;

/* hk_channel_template_check(text, poll, error): HK_ECONFIG: a hole of an unknown name, with the nearest; one that is not known when the answer to poll or find is
 * asked for (poll true); over HK_CHANNEL_TEMPLATE_MAX. */
bool hk_channel_template_check(const char *text, bool poll, GError **error);

/* hk_channel_template_fill(out, text, place, data): appends text with its holes filled. */
void hk_channel_template_fill(
	GString *out, const char *text, hk_template_place place, const hk_template_data *data);

/* hk_channel_hole_text(name, data): what fills a hole, as text; NULL: nothing, or no such hole. Caller frees. */
char *hk_channel_hole_text(const char *name, const hk_template_data *data);

#endif
