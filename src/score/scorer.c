#include "score/scorer.h"

#include <math.h>

#include "score/scorer_int.h"
#include "sys/gerr.h"
#include "sys/idn.h"
#include "sys/log.h"

#define SECONDS_PER_DAY 86400

void
hk_scorer_free(hk_scorer *scorer)
{
	if (!scorer) {
		return;
	}
	hk_scorer_set_free(scorer->set);
	g_array_unref(scorer->marks);
	g_array_unref(scorer->logits);
	g_array_unref(scorer->hashes);
	for (size_t i = 0; i < HK_VERDICT_RULES_MAX; i++) {
		g_free(scorer->watch_rule[i]);
	}
	g_free((char *)scorer->config.targets);
	g_free((char *)scorer->config.patterns);
	g_free((char *)scorer->config.cache);
	g_free((char *)scorer->config.rules);
	g_free((char *)scorer->config.model);
	g_free((char *)scorer->config.suffixes);
	g_free(scorer);
}

hk_scorer *
hk_scorer_new(const hk_scorer_config *config, GError **error)
{
	g_autoptr(hk_scorer_set) set = hk_scorer_set_load(config, error);

	if (!set) {
		return NULL;
	}
	hk_scorer *scorer = g_new0(hk_scorer, 1);
	scorer->config = (hk_scorer_config){
		.targets = g_strdup(config->targets),
		.patterns = g_strdup(config->patterns),
		.cache = g_strdup(config->cache),
		.rules = g_strdup(config->rules),
		.model = g_strdup(config->model),
		.suffixes = g_strdup(config->suffixes),
		.threshold = config->threshold,
	};
	scorer->set = g_steal_pointer(&set);
	scorer->marks = g_array_new(FALSE, FALSE, sizeof(hk_scorer_mark));
	scorer->logits = g_array_new(FALSE, FALSE, sizeof(float));
	scorer->hashes = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	return scorer;
}

bool
hk_scorer_reload(hk_scorer *scorer, GError **error)
{
	hk_scorer_set *set = hk_scorer_set_load(&scorer->config, error);

	if (!set) {
		return false;
	}
	hk_scorer_set_free(scorer->set);
	scorer->set = set;
	if (scorer->budget) {
		hk_budget_tune(
			scorer->budget, scorer->low_share, hk_scorer_logit(set, scorer->low_floor));
	}
	hk_log(HK_EVENT_RULES_LOADED,
		HK_F_INT("rules", set->rules ? hk_rules_count(set->rules) : 0),
		HK_F_STR("targets", scorer->config.targets), HK_F_INT("patterns", set->watch_count),
		HK_F_STR("model", scorer->config.model));
	return true;
}

void
hk_scorer_budget(hk_scorer *scorer, hk_budget *budget, double share, double floor)
{
	scorer->budget = budget;
	scorer->low_share = share;
	scorer->low_floor = floor;
	if (budget) {
		hk_budget_tune(budget, share, hk_scorer_logit(scorer->set, floor));
	}
}

bool
hk_scorer_is_hit(const hk_scorer *scorer, const hk_verdict *verdict)
{
	return !verdict->official &&
	       (verdict->rule_count > 0 || (double)verdict->score >= scorer->config.threshold);
}

/* --- a batch --- */

/* What the rules' gates look at; cheap, since it is made for every entry. */
static hk_gate_facts
gate_facts(const hk_scorer *scorer, const hk_batch *batch, const hk_batch_entry *entry, float logit,
	bool marked)
{
	const hk_scorer_set *set = scorer->set;
	const hk_x509 *x509 = &entry->x509;
	hk_gate_facts gate = {
		.pattern = marked,
		.san_count = x509->dns_count,
		.validity_days = -1,
	};

	if (x509->not_before != HK_X509_NO_TIME && x509->not_after != HK_X509_NO_TIME) {
		gate.validity_days = (x509->not_after - x509->not_before) / SECONDS_PER_DAY;
	}
	if (entry->name_count > 0) {
		const hk_name *first = &batch->names[entry->first_name];
		gate.name = hk_span_of(first->text, first->len);
	}
	if (set->model && entry->name_count > 0) {
		gate.score = (double)hk_model_probability(set->model, logit);
	}
	if (set->rules && entry->name_count > 0 && hk_rules_need_suffix(set->rules)) {
		const hk_name *name = &batch->names[entry->first_name];
		hk_suffix_split split;
		hk_suffix_split_name(set->table, name->text, name->len, &split);
		gate.private_suffix = split.is_private;
	}
	return gate;
}

static float
highest_logit(const hk_scorer *scorer, const hk_batch_entry *entry)
{
	const float *logits = (const float *)(const void *)scorer->logits->data;
	float best = -1e9F;

	for (uint32_t i = 0; scorer->set->model && i < entry->name_count; i++) {
		best = MAX(best, logits[entry->first_name + i]);
	}
	return best;
}

/* The marks of an entry's names; *at is where the entry before it stopped. */
static size_t
take_marks(const hk_scorer *scorer, const hk_batch_entry *entry, size_t *at)
{
	const hk_scorer_mark *marks = (const hk_scorer_mark *)(const void *)scorer->marks->data;
	size_t first = *at;

	while (*at < scorer->marks->len &&
		marks[*at].name < entry->first_name + entry->name_count) {
		(*at)++;
	}
	return first;
}

/* From which logit on names are told that are no hit; INFINITY: none. The budget sees every name, whatever becomes of it. */
static float
low_cut(hk_scorer *scorer, const hk_batch *batch)
{
	const float *logits = (const float *)(const void *)scorer->logits->data;

	if (!scorer->budget) {
		return INFINITY;
	}
	hk_budget_saw(scorer->budget, scorer->set->model ? logits : NULL, batch->name_count);
	return hk_budget_cut(scorer->budget);
}

/* Who is told what. */
typedef struct telling {
	bool all;
	hk_scorer_fn fn;
	hk_scorer_low_fn low_fn; /* or NULL */
	void *user;
	float cut; /* INFINITY: no names that are no hit */
} telling;

static void
tell_low(
	hk_scorer *scorer, const hk_scorer_case *look, const hk_verdict *verdict, const telling *to)
{
	hk_scorer_low names[HK_SCORER_LOW_MAX];
	size_t count = hk_scorer_low_names(scorer, look, verdict, to->cut, names);

	if (count > 0) {
		to->low_fn(to->user, (size_t)(look->entry - look->batch->entries), names, count);
	}
}

/* One entry that the gate has seen. */
static void
judge(hk_scorer *scorer, const hk_scorer_case *look, float logit, const telling *to)
{
	const hk_scorer_set *set = scorer->set;
	hk_verdict verdict;

	if (!to->all && look->mark_count == 0 && logit < set->gate_logit &&
		!(set->rules && hk_rules_want(set->rules, &look->gate))) {
		if (logit >= to->cut) {
			tell_low(scorer, look, NULL, to);
		}
		return;
	}
	hk_scorer_look(scorer, look, &verdict);
	if (to->all || hk_scorer_is_hit(scorer, &verdict)) {
		to->fn(to->user, (size_t)(look->entry - look->batch->entries), &verdict);
	} else if (to->cut < INFINITY) {
		tell_low(scorer, look, &verdict, to);
	}
}

static void
run(hk_scorer *scorer, const hk_batch *batch, const telling *to)
{
	size_t at = 0;

	for (size_t i = 0; i < batch->entry_count; i++) {
		const hk_batch_entry *entry = &batch->entries[i];
		if (entry->err != HK_OK) {
			if (to->all) {
				to->fn(to->user, i, &(const hk_verdict){0});
			}
			continue;
		}
		size_t first = take_marks(scorer, entry, &at);
		float logit = highest_logit(scorer, entry);
		const hk_scorer_case look = {
			.batch = batch,
			.entry = entry,
			.marks = (const hk_scorer_mark *)(const void *)scorer->marks->data + first,
			.mark_count = at - first,
			.gate = gate_facts(scorer, batch, entry, logit, at > first),
			.whole = to->all,
		};
		judge(scorer, &look, logit, to);
	}
}

void
hk_scorer_batch(hk_scorer *scorer, const hk_batch *batch, bool all, hk_scorer_fn fn, void *user)
{
	const telling to = {.all = all, .fn = fn, .user = user, .cut = INFINITY};

	hk_scorer_gate(scorer, batch);
	run(scorer, batch, &to);
}

void
hk_scorer_batch_low(hk_scorer *scorer, const hk_batch *batch, hk_scorer_fn fn,
	hk_scorer_low_fn low_fn, void *user)
{
	telling to = {.fn = fn, .low_fn = low_fn, .user = user};

	hk_scorer_gate(scorer, batch);
	to.cut = low_cut(scorer, batch);
	run(scorer, batch, &to);
}

/* --- one name --- */

/* Lower case, A-labels, without a trailing dot; false: no host name. */
static bool
to_host_name(hk_span text, char *out, size_t *ret_len)
{
	bool ascii = true;
	size_t len = text.len;

	while (len > 1 && text.data[len - 1] == '.') {
		len--;
	}
	for (size_t i = 0; i < len; i++) {
		ascii = ascii && text.data[i] < 0x80;
	}
	if (!ascii) {
		return hk_idn_to_ascii(hk_span_of(text.data, len), out, HK_NAME_MAX, ret_len) ==
		       HK_OK;
	}
	if (len == 0 || len > HK_NAME_MAX) {
		return false;
	}
	for (size_t i = 0; i < len; i++) {
		char c = g_ascii_tolower((char)text.data[i]);
		if (!g_ascii_isalnum(c) && (c == '\0' || strchr(".-_*", c) == NULL)) {
			return false;
		}
		out[i] = c;
	}
	*ret_len = len;
	return out[0] != '.';
}

static void
keep_verdict(void *user, size_t entry, const hk_verdict *verdict)
{
	(void)entry;
	*(hk_verdict *)user = *verdict;
}

bool
hk_scorer_name(hk_scorer *scorer, hk_span name, hk_verdict *ret, GError **error)
{
	char text[HK_NAME_MAX + 3] = "\n";
	size_t len = 0;

	if (!to_host_name(name, text + 1, &len)) {
		return hk_error_set(error, HK_EFORM, "this is no host name");
	}
	text[len + 1] = '\n';
	hk_name one = {text + 1, (uint32_t)len, 0};
	hk_batch_entry entry = {
		.x509 = {.dns_count = 1,
			.not_before = HK_X509_NO_TIME,
			.not_after = HK_X509_NO_TIME},
		.name_count = 1,
	};
	hk_batch batch = {
		.entries = &entry,
		.entry_count = 1,
		.entry_max = 1,
		.names = &one,
		.name_count = 1,
		.name_max = 1,
		.text = text,
		.text_len = len + 2,
		.text_max = sizeof text,
	};
	hk_scorer_batch(scorer, &batch, true, keep_verdict, ret);
	return true;
}
