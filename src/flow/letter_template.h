/* flow/letter_template: people change the templates of letters. Layer: flow. Inside a transaction of flow/flow.h; audited (template.edit). Whether a template is well
 * formed is the stage's to say (report/), before it comes here; who may, the web's (roles.def). */
#ifndef HK_FLOW_LETTER_TEMPLATE_H
#define HK_FLOW_LETTER_TEMPLATE_H

#include "flow/flow.h"

enum { HK_LETTER_SUBJECT_MAX = 500, HK_LETTER_BODY_MAX = 65536 }; /* characters, bytes */

/* hk_letter_template_put(flow, kind, lang, version, subject, body, error): this text from now on; drafts that are there stay as they are. version: what the caller read (0:
 * hikeshi's own), -1: whatever it is; HK_EINCONSISTENT when it is another one. hk_letter_template_drop(flow, kind, lang, error): back to hikeshi's own; HK_ENOENT: it
 * was not changed. */
bool hk_letter_template_put(hk_flow *flow, const char *kind, const char *lang, int64_t version,
	const char *subject, const char *body, GError **error);
bool hk_letter_template_drop(hk_flow *flow, const char *kind, const char *lang, GError **error);

#endif
