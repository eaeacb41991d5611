/* flow/takedown: setting "takedown": how reports are drafted, approved and followed up. Layer: flow. Values come from people: checked.
 *
 *     {"draft"?: bool                   reports are drafted by themselves when a case is confirmed or comes back; true
 *      "undo_s"?: 0..3600               after an approval nothing is sent for so long; 60
 *      "per_hour"?: 1..100000           volume breaker: reports in one hour; 300
 *      "per_recipient_day"?: 1..10000   reports to one recipient in 24 hours; 50
 *      "followup_h"?: 1..8760           no answer for so long: a follow-up is drafted; 24
 *      "escalate_h"?: 1..8760           no answer to that, or nothing was done: the next party is told; 24
 *      "expire_h"?: 1..8760             an unanswered escalation counts as not answered; 168
 *      "policies"?: [{"name", "kinds"?, "channels"?, "recipients"?, "score"?: 0..1, "own"?: bool, "sample"?: 0..1, "stopped"?: bool}, ...]}
 *
 * A policy approves a draft whose members all fit: kinds (casekinds.def), channels, recipients (kinds of recipients) are lists, missing: any;
 * score: at least (0.9); own: the brand is our own (true); sample: so many of them are drawn for a person's review afterwards (0.1). A
 * stopped one approves nothing. Stops of kind ASK are never passed by a policy (flow/stops.def). At most 50. */
#ifndef HK_FLOW_TAKEDOWN_H
#define HK_FLOW_TAKEDOWN_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "sys/json.h"

enum { HK_TAKEDOWN_POLICIES_MAX = 50 };

typedef struct hk_takedown_rule {
	char *name;
	char **kinds, **channels, **recipients; /* NULL: any */
	double score, sample;
	bool own, stopped;
} hk_takedown_rule;

typedef struct hk_takedown {
	bool draft;
	int64_t undo_ms, per_hour, per_recipient_day, followup_ms, escalate_ms, expire_ms;
	GPtrArray *rules; /* of hk_takedown_rule */
} hk_takedown;

/* hk_takedown_init(t): the defaults. */
void hk_takedown_init(hk_takedown *t);
void hk_takedown_clear(hk_takedown *t);

/* hk_takedown_take(t, root, error): what the setting says. HK_EFORM, HK_ERANGE with the path; t is as before. */
bool hk_takedown_take(hk_takedown *t, const hk_json *root, GError **error);

/* hk_takedown_json(t, out): as hk_takedown_take reads it. hk_takedown_stop(t, name): that policy approves nothing from now on; false: there is none. */
void hk_takedown_json(const hk_takedown *t, GString *out);
bool hk_takedown_stop(hk_takedown *t, const char *name);
/* hk_takedown_allows(t, name): there is such a policy, and it is not stopped. */
bool hk_takedown_allows(const hk_takedown *t, const char *name);

/* What a rule looks at. */
typedef struct hk_takedown_ask {
	const char *kind, *channel, *recipient; /* of the case; of the report; kind of recipient */
	double score;
	bool own;
} hk_takedown_ask;
/* hk_takedown_rule_for(t, ask): the first that fits; NULL: a person has to approve. */
const hk_takedown_rule *hk_takedown_rule_for(const hk_takedown *t, const hk_takedown_ask *ask);

#endif
