/* flow/policy: the settings that people change at run time. Layer: flow. Values come from people: checked.
 *
 *     dedupe  {"days": 1..3650}                  a site named again within so many days is the same case (S34)
 *     scope   [{"target"?, "service"?, "kind"?, "route"}, ...]  the first rule whose members all fit a new case puts it out of
 *             scope; route says who deals with it. target is a target's key. At least one of the three; at most 200 rules
 *     sla     {CLOCK: MINUTES | null | {KIND or "default": MINUTES | null, ...}, ...}  clocks: sla.def; null: no clock runs
 *     ct      {"threshold": 0..1}                from which score on a sighting opens a case by itself; 0.9
 *     evidence {"capture"?: bool, "enrich"?: bool, "plan"?: "quick|standard|full", "days"?: 1..3650}  what is done by itself when a case
 *             opens that was named within so many days (7): capture by that plan ("standard"), enrichment. Both are on
 *     looks   {"on"?: bool, "share"?: 0..1, "cap"?: 0..10000000, "floor"?: 0..1, "threshold"?: 0..1}  light looks at names that are no case
 *             (docs/looks.md): on; of the names read 0.01, the likeliest, at most 100000 in 24 hours, none that scores below 0.001; a page that scores
 *             0.5 or more makes a case
 *     waves   {"confirm"?: bool}                 the case of a wave of messages whose target is known is confirmed by itself (flow/wave); true
 *     takedown how reports are drafted, approved and followed up: flow/takedown.h
 *
 * A member that is missing has its default. */
#ifndef HK_FLOW_POLICY_H
#define HK_FLOW_POLICY_H

#include "flow/states.h"
#include "flow/takedown.h"
#include "store/db.h"

enum {
	HK_SCOPE_RULES_MAX = 200,
	HK_SLA_MINUTES_MAX = 525600,
	HK_DEDUPE_DAYS_MAX = 3650,
	HK_LOOKS_CAP_MAX = 10000000
};
#define HK_SETTING_BYTES_MAX (256u << 10)

typedef enum hk_sla {
	HK_SLA_TRIAGE,
	HK_SLA_CONFIRM,
	HK_SLA_REPORT,
	HK_SLA_DOWN,
	HK_SLA_NONE,
} hk_sla;

typedef struct hk_scope_rule {
	char *target, *service, *kind, *route; /* owned; NULL: fits anything (route: never NULL) */
} hk_scope_rule;

typedef struct hk_policy {
	int64_t dedupe_ms;
	GPtrArray *scope;                /* of hk_scope_rule */
	int64_t sla_ms[HK_SLA_NONE][16]; /* by the kind's place in casekinds.def; -1: no clock */
	double ct_threshold;
	bool evidence_capture, evidence_enrich;
	int64_t evidence_age_ms;
	char evidence_plan[16];
	bool looks_on;
	double looks_share, looks_floor, looks_threshold;
	int64_t looks_cap;
	bool waves_confirm;
	hk_takedown takedown;
} hk_policy;

/* hk_policy_init(policy): the defaults. */
void hk_policy_init(hk_policy *policy);
void hk_policy_clear(hk_policy *policy);

/* hk_policy_take(policy, key, value, error): the setting key becomes what value (JSON) says. HK_EFORM, HK_ERANGE: the text begins with the path in
 * value; the policy is as before. HK_ENOENT: there is no such setting (audit_key and the like are nobody's to change). */
bool hk_policy_take(hk_policy *policy, const char *key, hk_span value, GError **error);

/* hk_policy_read(db, policy, error): what the database says over the defaults. A policy is initialised here. */
bool hk_policy_read(hk_db *db, hk_policy *policy, GError **error);

/* hk_policy_clock(state): which clock runs in a state; HK_SLA_NONE. hk_sla_text: its name, NULL for HK_SLA_NONE. hk_policy_due(policy,
 * clock, kind, from_ms): when it breaks; 0 never. */
hk_sla hk_policy_clock(const char *state);
const char *hk_sla_text(hk_sla clock);
int64_t hk_policy_due(const hk_policy *policy, hk_sla clock, const char *kind, int64_t from_ms);

/* hk_policy_scope(policy, target, service, kind): the first rule that fits, or NULL. Arguments may be NULL. */
const hk_scope_rule *hk_policy_scope(
	const hk_policy *policy, const char *target, const char *service, const char *kind);

#endif
