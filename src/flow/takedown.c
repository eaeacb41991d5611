#include "flow/takedown.h"

#include <string.h>

#include "flow/check.h"
#include "flow/states.h"
#include "sys/jsonw.h"

#define MS_PER_HOUR   INT64_C(3600000)
#define MS_PER_SECOND INT64_C(1000)

enum { WORDS_MAX = 50 };

static const char *const recipient_kinds[] = {"registrar", "registry", "hosting", "as", "dns",
	"cdn", "suffix", "shortener", "mail", "vendor", "body", "bank", NULL};

static void
rule_free(gpointer data)
{
	hk_takedown_rule *rule = data;

	g_free(rule->name);
	g_strfreev(rule->kinds);
	g_strfreev(rule->channels);
	g_strfreev(rule->recipients);
	g_free(rule);
}

void
hk_takedown_init(hk_takedown *t)
{
	*t = (hk_takedown){.draft = true,
		.undo_ms = 60 * MS_PER_SECOND,
		.per_hour = 300,
		.per_recipient_day = 50,
		.followup_ms = 24 * MS_PER_HOUR,
		.escalate_ms = 24 * MS_PER_HOUR,
		.expire_ms = 168 * MS_PER_HOUR,
		.rules = g_ptr_array_new_with_free_func(rule_free)};
}

void
hk_takedown_clear(hk_takedown *t)
{
	g_clear_pointer(&t->rules, g_ptr_array_unref);
}

static bool
known_kind(const char *word)
{
	return hk_casekind_find(word) != NULL;
}

static bool
known_recipient(const char *word)
{
	return g_strv_contains(recipient_kinds, word);
}

/* A member that is a list of words; check NULL: any that may be the name of a channel. */
static bool
read_words(const hk_json *obj, const char *key, bool (*check)(const char *), char ***ret,
	GError **error)
{
	g_autoptr(GStrvBuilder) list = g_strv_builder_new();
	hk_json words;

	if (!hk_json_has(obj, key)) {
		return true;
	}
	if (!hk_json_array(obj, key, &words, error)) {
		return false;
	}
	if (hk_json_len(&words) == 0 || hk_json_len(&words) > WORDS_MAX) {
		return hk_json_fail(&words, HK_ERANGE, error,
			"must have 1 to %d words; leave it out for any", (int)WORDS_MAX);
	}
	for (size_t i = 0; i < hk_json_len(&words); i++) {
		hk_json at = hk_json_at(&words, i);
		const char *word = hk_json_text(&at);
		if (!word || (check ? !check(word) : !hk_check_key(key, word, NULL))) {
			return hk_json_fail(&at, HK_EFORM, error, "there is no such word here");
		}
		g_strv_builder_add(list, word);
	}
	*ret = g_strv_builder_end(list);
	return true;
}

static bool
read_share(const hk_json *obj, const char *key, double *ret, GError **error)
{
	if (!hk_json_has(obj, key)) {
		return true;
	}
	if (!hk_json_real(obj, key, ret, error)) {
		return false;
	}
	return (*ret >= 0 && *ret <= 1) ||
	       hk_json_fail(obj, HK_ERANGE, error, "%s must be 0 to 1", key);
}

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
			return hk_json_fail(&value, HK_EFORM, error, "is not known here");
		}
	}
	return true;
}

static bool
read_rule(const hk_json *obj, GPtrArray *rules, GError **error)
{
	static const char *const known[] = {"name", "kinds", "channels", "recipients", "score",
		"own", "sample", "stopped", NULL};
	hk_takedown_rule *rule = g_new0(hk_takedown_rule, 1);
	const char *name;

	g_ptr_array_add(rules, rule);
	rule->score = 0.9;
	rule->sample = 0.1;
	rule->own = true;
	if (!members_known(obj, known, error) || !hk_json_str(obj, "name", &name, error) ||
		!hk_check_line("name", name, HK_NAME_MAX, error) ||
		!read_words(obj, "kinds", known_kind, &rule->kinds, error) ||
		!read_words(obj, "channels", NULL, &rule->channels, error) ||
		!read_words(obj, "recipients", known_recipient, &rule->recipients, error) ||
		!read_share(obj, "score", &rule->score, error) ||
		!read_share(obj, "sample", &rule->sample, error)) {
		return false;
	}
	rule->name = g_strdup(name);
	for (unsigned i = 0; i + 1 < rules->len; i++) {
		const hk_takedown_rule *other = rules->pdata[i];
		if (strcmp(other->name, name) == 0) {
			return hk_json_fail(
				obj, HK_EFORM, error, "two policies are called \"%s\"", name);
		}
	}
	return (!hk_json_has(obj, "own") || hk_json_bool(obj, "own", &rule->own, error)) &&
	       (!hk_json_has(obj, "stopped") ||
		       hk_json_bool(obj, "stopped", &rule->stopped, error));
}

static bool
read_rules(const hk_json *root, GPtrArray *rules, GError **error)
{
	hk_json list;

	if (!hk_json_has(root, "policies")) {
		return true;
	}
	if (!hk_json_array(root, "policies", &list, error)) {
		return false;
	}
	if (hk_json_len(&list) > HK_TAKEDOWN_POLICIES_MAX) {
		return hk_json_fail(
			&list, HK_ERANGE, error, "at most %d", (int)HK_TAKEDOWN_POLICIES_MAX);
	}
	for (size_t i = 0; i < hk_json_len(&list); i++) {
		hk_json at = hk_json_at(&list, i);
		if (!read_rule(&at, rules, error)) {
			return false;
		}
	}
	return true;
}

bool
hk_takedown_take(hk_takedown *t, const hk_json *root, GError **error)
{
	static const char *const known[] = {"draft", "undo_s", "per_hour", "per_recipient_day",
		"followup_h", "escalate_h", "expire_h", "policies", NULL};
	hk_takedown draft;
	const struct {
		const char *key;
		int64_t min, max, unit, *ret;
	} numbers[] = {{"undo_s", 0, 3600, MS_PER_SECOND, &draft.undo_ms},
		{"per_hour", 1, 100000, 1, &draft.per_hour},
		{"per_recipient_day", 1, 10000, 1, &draft.per_recipient_day},
		{"followup_h", 1, 8760, MS_PER_HOUR, &draft.followup_ms},
		{"escalate_h", 1, 8760, MS_PER_HOUR, &draft.escalate_ms},
		{"expire_h", 1, 8760, MS_PER_HOUR, &draft.expire_ms}};
	bool good = members_known(root, known, error);

	hk_takedown_init(&draft);
	for (size_t i = 0; good && i < G_N_ELEMENTS(numbers); i++) {
		int64_t value;
		if (!hk_json_has(root, numbers[i].key)) {
			continue;
		}
		good = hk_json_i64(root, numbers[i].key, &value, error);
		if (good && (value < numbers[i].min || value > numbers[i].max)) {
			good = hk_json_fail(root, HK_ERANGE, error,
				"%s must be %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT,
				numbers[i].key, numbers[i].min, numbers[i].max);
		}
		*numbers[i].ret = good ? value * numbers[i].unit : 0;
	}
	good = good &&
	       (!hk_json_has(root, "draft") || hk_json_bool(root, "draft", &draft.draft, error)) &&
	       read_rules(root, draft.rules, error);
	if (!good) {
		hk_takedown_clear(&draft);
		return false;
	}
	hk_takedown_clear(t);
	*t = draft;
	return true;
}

static void
put_words(GString *out, const char *key, char **words)
{
	if (words) {
		hk_jsonw_strs(out, key, (const char *const *)words, g_strv_length(words));
	}
}

static void
put_rule(const hk_takedown_rule *rule, GString *out)
{
	hk_jsonw_open(out, '{');
	hk_jsonw_member_str(out, "name", rule->name);
	put_words(out, "kinds", rule->kinds);
	put_words(out, "channels", rule->channels);
	put_words(out, "recipients", rule->recipients);
	hk_jsonw_key(out, "score");
	hk_jsonw_real(out, rule->score, 4);
	hk_jsonw_member_bool(out, "own", rule->own);
	hk_jsonw_key(out, "sample");
	hk_jsonw_real(out, rule->sample, 4);
	hk_jsonw_member_bool(out, "stopped", rule->stopped);
	hk_jsonw_close(out, '}');
}

void
hk_takedown_json(const hk_takedown *t, GString *out)
{
	hk_jsonw_open(out, '{');
	hk_jsonw_member_bool(out, "draft", t->draft);
	hk_jsonw_member_int(out, "undo_s", t->undo_ms / MS_PER_SECOND);
	hk_jsonw_member_int(out, "per_hour", t->per_hour);
	hk_jsonw_member_int(out, "per_recipient_day", t->per_recipient_day);
	hk_jsonw_member_int(out, "followup_h", t->followup_ms / MS_PER_HOUR);
	hk_jsonw_member_int(out, "escalate_h", t->escalate_ms / MS_PER_HOUR);
	hk_jsonw_member_int(out, "expire_h", t->expire_ms / MS_PER_HOUR);
	hk_jsonw_key(out, "policies");
	hk_jsonw_open(out, '[');
	for (unsigned i = 0; i < t->rules->len; i++) {
		put_rule(t->rules->pdata[i], out);
	}
	hk_jsonw_close(out, ']');
	hk_jsonw_close(out, '}');
}

bool
hk_takedown_stop(hk_takedown *t, const char *name)
{
	for (unsigned i = 0; i < t->rules->len; i++) {
		hk_takedown_rule *rule = t->rules->pdata[i];
		if (strcmp(rule->name, name) == 0) {
			rule->stopped = true;
			return true;
		}
	}
	return false;
}

bool
hk_takedown_allows(const hk_takedown *t, const char *name)
{
	for (unsigned i = 0; i < t->rules->len; i++) {
		const hk_takedown_rule *rule = t->rules->pdata[i];
		if (strcmp(rule->name, name) == 0) {
			return !rule->stopped;
		}
	}
	return false;
}

static bool
among(char **words, const char *word)
{
	return !words || g_strv_contains((const char *const *)words, word);
}

const hk_takedown_rule *
hk_takedown_rule_for(const hk_takedown *t, const hk_takedown_ask *ask)
{
	for (unsigned i = 0; i < t->rules->len; i++) {
		const hk_takedown_rule *rule = t->rules->pdata[i];
		if (!rule->stopped && ask->score >= rule->score && ask->own == rule->own &&
			among(rule->kinds, ask->kind) && among(rule->channels, ask->channel) &&
			among(rule->recipients, ask->recipient)) {
			return rule;
		}
	}
	return NULL;
}
