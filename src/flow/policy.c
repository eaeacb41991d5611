#include "flow/policy.h"

#include <string.h>

#include "base/err.h"
#include "flow/evidence.h"
#include "store/settings.h"
#include "sys/gerr.h"
#include "sys/json.h"

enum { MS_PER_MINUTE = 60000, DEDUPE_DAYS = 30, EVIDENCE_DAYS = 7, ROUTE_MAX = 200 };
#define MS_PER_DAY INT64_C(86400000)

typedef struct sla_row {
	const char *state, *clock;
	int64_t minutes;
} sla_row;
static const sla_row sla_rows[] = {
#define SLA(state, clock, minutes) {state, clock, minutes},
#include "flow/sla.def"
#undef SLA
};
static const char *const clock_texts[] = {"triage", "confirm", "report", "down"};

static hk_sla
clock_find(const char *text)
{
	unsigned i = 0;

	while (i < G_N_ELEMENTS(clock_texts) && strcmp(clock_texts[i], text) != 0) {
		i++;
	}
	return (hk_sla)i;
}

const char *
hk_sla_text(hk_sla clock)
{
	return clock < HK_SLA_NONE ? clock_texts[clock] : NULL;
}

hk_sla
hk_policy_clock(const char *state)
{
	for (size_t i = 0; i < G_N_ELEMENTS(sla_rows); i++) {
		if (strcmp(sla_rows[i].state, state) == 0) {
			return clock_find(sla_rows[i].clock);
		}
	}
	return HK_SLA_NONE;
}

static size_t
kind_index(const char *kind)
{
	const hk_casekind *row = hk_casekind_find(kind);

	return row ? (size_t)(row - hk_casekinds) : 0;
}

int64_t
hk_policy_due(const hk_policy *policy, hk_sla clock, const char *kind, int64_t from_ms)
{
	int64_t room = clock < HK_SLA_NONE ? policy->sla_ms[clock][kind_index(kind)] : -1;

	return room < 0 ? 0 : from_ms + room;
}

static void
rule_free(gpointer data)
{
	hk_scope_rule *rule = data;

	g_free(rule->target);
	g_free(rule->service);
	g_free(rule->kind);
	g_free(rule->route);
	g_free(rule);
}

static void
sla_default(hk_policy *policy)
{
	for (size_t i = 0; i < G_N_ELEMENTS(sla_rows); i++) {
		for (size_t k = 0; k < hk_casekind_count; k++) {
			policy->sla_ms[clock_find(sla_rows[i].clock)][k] =
				sla_rows[i].minutes * MS_PER_MINUTE;
		}
	}
}

void
hk_policy_init(hk_policy *policy)
{
	if (hk_casekind_count > G_N_ELEMENTS(policy->sla_ms[0])) {
		HK_BUG("more kinds of cases than hk_policy has room for");
	}
	*policy = (hk_policy){.dedupe_ms = DEDUPE_DAYS * MS_PER_DAY,
		.ct_threshold = 0.9,
		.evidence_capture = true,
		.evidence_enrich = true,
		.evidence_age_ms = EVIDENCE_DAYS * MS_PER_DAY,
		.evidence_plan = "standard",
		.looks_on = true,
		.looks_share = 0.01,
		.looks_floor = 0.001,
		.looks_threshold = 0.5,
		.looks_cap = 100000,
		.waves_confirm = true};
	policy->scope = g_ptr_array_new_with_free_func(rule_free);
	sla_default(policy);
	hk_takedown_init(&policy->takedown);
}

void
hk_policy_clear(hk_policy *policy)
{
	hk_takedown_clear(&policy->takedown);
	g_clear_pointer(&policy->scope, g_ptr_array_unref);
}

/* The members of an object are of this list only (NULL-terminated). */
static bool
members_known(const hk_json *obj, const char *const *known, GError **error)
{
	const char *key;
	void *pos = NULL;
	hk_json value;

	if (hk_json_kind_of(obj) != HK_JSON_OBJECT) {
		return hk_json_fail(obj, HK_EFORM, error, "must be an object");
	}
	while (hk_json_each(obj, &pos, &key, &value)) {
		if (!g_strv_contains(known, key)) {
			g_autofree char *list = g_strjoinv(", ", (char **)(void *)known);
			return hk_json_fail(
				&value, HK_EFORM, error, "is not known here; there are: %s", list);
		}
	}
	return true;
}

static bool
take_dedupe(hk_policy *policy, const hk_json *root, GError **error)
{
	static const char *const known[] = {"days", NULL};
	int64_t days;

	if (!members_known(root, known, error) || !hk_json_i64(root, "days", &days, error)) {
		return false;
	}
	if (days < 1 || days > HK_DEDUPE_DAYS_MAX) {
		return hk_error_set(
			error, HK_ERANGE, "days: must be 1 to %d", (int)HK_DEDUPE_DAYS_MAX);
	}
	policy->dedupe_ms = days * MS_PER_DAY;
	return true;
}

static bool
take_ct(hk_policy *policy, const hk_json *root, GError **error)
{
	static const char *const known[] = {"threshold", NULL};
	double threshold;

	if (!members_known(root, known, error) ||
		!hk_json_real(root, "threshold", &threshold, error)) {
		return false;
	}
	if (!(threshold >= 0 && threshold <= 1)) {
		return hk_error_set(error, HK_ERANGE, "threshold: must be 0 to 1");
	}
	policy->ct_threshold = threshold;
	return true;
}

static bool
take_evidence(hk_policy *policy, const hk_json *root, GError **error)
{
	static const char *const known[] = {"capture", "enrich", "plan", "days", NULL};
	bool capture = policy->evidence_capture, enrich = policy->evidence_enrich;
	int64_t days = policy->evidence_age_ms / MS_PER_DAY;
	const char *plan = policy->evidence_plan;

	if (!members_known(root, known, error) ||
		(hk_json_has(root, "capture") && !hk_json_bool(root, "capture", &capture, error)) ||
		(hk_json_has(root, "enrich") && !hk_json_bool(root, "enrich", &enrich, error)) ||
		(hk_json_has(root, "plan") && !hk_json_str(root, "plan", &plan, error)) ||
		(hk_json_has(root, "days") && !hk_json_i64(root, "days", &days, error))) {
		return false;
	}
	if (!g_strv_contains(hk_plans, plan)) {
		return hk_error_set(error, HK_EFORM, "plan: must be quick, standard or full");
	}
	if (days < 1 || days > HK_DEDUPE_DAYS_MAX) {
		return hk_error_set(
			error, HK_ERANGE, "days: must be 1 to %d", (int)HK_DEDUPE_DAYS_MAX);
	}
	policy->evidence_capture = capture;
	policy->evidence_enrich = enrich;
	policy->evidence_age_ms = days * MS_PER_DAY;
	g_strlcpy(policy->evidence_plan, plan, sizeof policy->evidence_plan);
	return true;
}

/* A share of 0 to 1 that may be missing. */
static bool
take_share(const hk_json *root, const char *key, double *ret, GError **error)
{
	double value;

	if (!hk_json_has(root, key)) {
		return true;
	}
	if (!hk_json_real(root, key, &value, error)) {
		return false;
	}
	if (!(value >= 0 && value <= 1)) {
		return hk_error_set(error, HK_ERANGE, "%s: must be 0 to 1", key);
	}
	*ret = value;
	return true;
}

static bool
take_looks(hk_policy *policy, const hk_json *root, GError **error)
{
	static const char *const known[] = {"on", "share", "cap", "floor", "threshold", NULL};
	bool on = policy->looks_on;
	int64_t cap = policy->looks_cap;
	double share = policy->looks_share, floor = policy->looks_floor;
	double threshold = policy->looks_threshold;

	if (!members_known(root, known, error) ||
		(hk_json_has(root, "on") && !hk_json_bool(root, "on", &on, error)) ||
		(hk_json_has(root, "cap") && !hk_json_i64(root, "cap", &cap, error)) ||
		!take_share(root, "share", &share, error) ||
		!take_share(root, "floor", &floor, error) ||
		!take_share(root, "threshold", &threshold, error)) {
		return false;
	}
	if (cap < 0 || cap > HK_LOOKS_CAP_MAX) {
		return hk_error_set(
			error, HK_ERANGE, "cap: must be 0 to %d", (int)HK_LOOKS_CAP_MAX);
	}
	policy->looks_on = on;
	policy->looks_cap = cap;
	policy->looks_share = share;
	policy->looks_floor = floor;
	policy->looks_threshold = threshold;
	return true;
}

static bool
take_waves(hk_policy *policy, const hk_json *root, GError **error)
{
	static const char *const known[] = {"confirm", NULL};
	bool confirm = policy->waves_confirm;

	if (!members_known(root, known, error) ||
		(hk_json_has(root, "confirm") && !hk_json_bool(root, "confirm", &confirm, error))) {
		return false;
	}
	policy->waves_confirm = confirm;
	return true;
}

/* A text that may be missing. */
static bool
optional(const hk_json *obj, const char *key, char **ret, GError **error)
{
	const char *text;

	if (!hk_json_has(obj, key)) {
		return true;
	}
	if (!hk_json_str(obj, key, &text, error)) {
		return false;
	}
	if (*text == '\0' || g_utf8_strlen(text, -1) > ROUTE_MAX) {
		hk_json at = {.up = obj, .key = key};
		return hk_json_fail(
			&at, HK_ERANGE, error, "must have 1 to %d characters", (int)ROUTE_MAX);
	}
	*ret = g_strdup(text);
	return true;
}

static bool
read_rule(const hk_json *obj, hk_scope_rule *rule, GError **error)
{
	static const char *const known[] = {"target", "service", "kind", "route", NULL};

	if (!members_known(obj, known, error) || !optional(obj, "target", &rule->target, error) ||
		!optional(obj, "service", &rule->service, error) ||
		!optional(obj, "kind", &rule->kind, error) ||
		!optional(obj, "route", &rule->route, error)) {
		return false;
	}
	if (!rule->route) {
		return hk_json_fail(obj, HK_EFORM, error, "route is missing: who deals with it");
	}
	if (!rule->target && !rule->service && !rule->kind) {
		return hk_json_fail(obj, HK_EFORM, error,
			"names no target, service or kind: it would route every case");
	}
	if (rule->kind && !hk_casekind_find(rule->kind)) {
		hk_json at = {.up = obj, .key = "kind"};
		return hk_json_fail(&at, HK_EFORM, error, "there is no such kind of case");
	}
	return true;
}

static bool
take_scope(hk_policy *policy, const hk_json *root, GError **error)
{
	g_autoptr(GPtrArray) rules = g_ptr_array_new_with_free_func(rule_free);

	if (hk_json_kind_of(root) != HK_JSON_ARRAY) {
		return hk_json_fail(root, HK_EFORM, error, "must be a list of rules");
	}
	if (hk_json_len(root) > HK_SCOPE_RULES_MAX) {
		return hk_json_fail(
			root, HK_ERANGE, error, "at most %d rules", (int)HK_SCOPE_RULES_MAX);
	}
	for (size_t i = 0; i < hk_json_len(root); i++) {
		hk_json at = hk_json_at(root, i);
		hk_scope_rule *rule = g_new0(hk_scope_rule, 1);
		g_ptr_array_add(rules, rule);
		if (!read_rule(&at, rule, error)) {
			return false;
		}
	}
	g_ptr_array_unref(policy->scope);
	policy->scope = g_steal_pointer(&rules);
	return true;
}

/* Minutes, or null for "no clock". */
static bool
read_minutes(
	const hk_json *obj, const char *key, const hk_json *value, int64_t *ret, GError **error)
{
	int64_t minutes;

	if (hk_json_kind_of(value) == HK_JSON_NULL) {
		*ret = -1;
		return true;
	}
	if (!hk_json_i64(obj, key, &minutes, error)) {
		return false;
	}
	if (minutes < 1 || minutes > HK_SLA_MINUTES_MAX) {
		return hk_json_fail(value, HK_ERANGE, error, "must be 1 to %d minutes, or null",
			(int)HK_SLA_MINUTES_MAX);
	}
	*ret = minutes * MS_PER_MINUTE;
	return true;
}

static bool
read_by_kind(const hk_json *by_kind, int64_t *row, GError **error)
{
	const char *key;
	void *pos = NULL;
	hk_json value;

	/* The default first, whatever the order of the text: the kinds stand above it. */
	for (int pass = 0; pass < 2; pass++) {
		pos = NULL;
		while (hk_json_each(by_kind, &pos, &key, &value)) {
			bool is_default = strcmp(key, "default") == 0;
			int64_t ms = -1;
			if (!is_default && !hk_casekind_find(key)) {
				return hk_json_fail(
					&value, HK_EFORM, error, "there is no such kind of case");
			}
			if (!read_minutes(by_kind, key, &value, &ms, error)) {
				return false;
			}
			for (size_t k = 0; is_default && pass == 0 && k < hk_casekind_count; k++) {
				row[k] = ms;
			}
			if (!is_default && pass == 1) {
				row[kind_index(key)] = ms;
			}
		}
	}
	return true;
}

static bool
take_sla(hk_policy *policy, const hk_json *root, GError **error)
{
	static const char *const known[] = {"triage", "confirm", "report", "down", NULL};
	hk_policy draft;
	const char *key;
	void *pos = NULL;
	hk_json value;

	if (!members_known(root, known, error)) {
		return false;
	}
	sla_default(&draft);
	while (hk_json_each(root, &pos, &key, &value)) {
		int64_t *row = draft.sla_ms[clock_find(key)];
		int64_t ms = -1;
		if (hk_json_kind_of(&value) == HK_JSON_OBJECT) {
			if (!read_by_kind(&value, row, error)) {
				return false;
			}
			continue;
		}
		if (!read_minutes(root, key, &value, &ms, error)) {
			return false;
		}
		for (size_t k = 0; k < hk_casekind_count; k++) {
			row[k] = ms;
		}
	}
	memcpy(policy->sla_ms, draft.sla_ms, sizeof policy->sla_ms);
	return true;
}

static bool
take_takedown(hk_policy *policy, const hk_json *root, GError **error)
{
	return hk_takedown_take(&policy->takedown, root, error);
}

static const struct {
	const char *key;
	bool (*take)(hk_policy *policy, const hk_json *root, GError **error);
} settings[] = {
	{"dedupe", take_dedupe},
	{"scope", take_scope},
	{"sla", take_sla},
	{"ct", take_ct},
	{"evidence", take_evidence},
	{"looks", take_looks},
	{"waves", take_waves},
	{"takedown", take_takedown},
};

bool
hk_policy_take(hk_policy *policy, const char *key, hk_span value, GError **error)
{
	for (size_t i = 0; i < G_N_ELEMENTS(settings); i++) {
		if (strcmp(settings[i].key, key) == 0) {
			g_autoptr(hk_json_doc) doc =
				hk_json_load(value, HK_SETTING_BYTES_MAX, error);
			hk_json root = doc ? hk_json_root(doc) : (hk_json){0};
			return doc && settings[i].take(policy, &root, error);
		}
	}
	return hk_error_set(error, HK_ENOENT,
		"there is no setting of that name; there are dedupe, "
		"scope, sla, ct, evidence, looks, waves and takedown");
}

bool
hk_policy_read(hk_db *db, hk_policy *policy, GError **error)
{
	hk_policy_init(policy);
	for (size_t i = 0; i < G_N_ELEMENTS(settings); i++) {
		g_autofree char *value = NULL;
		if (!hk_settings_get(db, settings[i].key, &value, NULL, error)) {
			return false;
		}
		if (value && !hk_policy_take(policy, settings[i].key, hk_span_str(value), error)) {
			g_prefix_error(error, "setting %s: ", settings[i].key);
			return false;
		}
	}
	return true;
}

static bool
fits(const char *rule, const char *value)
{
	return !rule || (value && strcmp(rule, value) == 0);
}

const hk_scope_rule *
hk_policy_scope(const hk_policy *policy, const char *target, const char *service, const char *kind)
{
	for (unsigned i = 0; i < policy->scope->len; i++) {
		const hk_scope_rule *rule = policy->scope->pdata[i];
		if (fits(rule->target, target) && fits(rule->service, service) &&
			fits(rule->kind, kind)) {
			return rule;
		}
	}
	return NULL;
}
