/* Names that are no hit: which of an entry are worth a light look. */
#include <math.h>
#include <string.h>

#include "score/scorer_int.h"

/* The names of one entry that were picked. */
typedef struct picking {
	hk_scorer *scorer;
	hk_scorer_low *list; /* HK_SCORER_LOW_MAX */
	size_t count;
} picking;

/* A wildcard stands for what is below: its own name is what can be asked. */
static hk_name
bare(hk_name name)
{
	if (name.len > 2 && memcmp(name.text, "*.", 2) == 0) {
		name.text += 2;
		name.len -= 2;
	}
	return name;
}

static hk_span
without_www(hk_name name)
{
	return name.len > 4 && memcmp(name.text, "www.", 4) == 0
		       ? hk_span_of(name.text + 4, name.len - 4)
		       : hk_span_of(name.text, name.len);
}

static bool
is_host(const hk_scorer *scorer, hk_name name)
{
	hk_suffix_split split;

	hk_suffix_split_name(scorer->set->table, name.text, name.len, &split);
	return split.registrable_off < split.suffix_off && !memchr(name.text, '?', name.len) &&
	       !memchr(name.text, '*', name.len);
}

static void
pick(picking *p, hk_name raw, float score, const char *target)
{
	hk_name name = bare(raw);
	hk_scorer_brand brand;

	/* x, *.x and www.x are one site. */
	for (size_t i = 0; i < p->count; i++) {
		if (hk_span_eq(without_www(p->list[i].name), without_www(name))) {
			if (name.len < p->list[i].name.len) {
				p->list[i].name = name;
			}
			return;
		}
	}
	if (p->count == HK_SCORER_LOW_MAX || !is_host(p->scorer, name) ||
		hk_scorer_official(p->scorer, name, &brand) || !hk_budget_take(p->scorer->budget)) {
		return;
	}
	p->list[p->count++] = (hk_scorer_low){.name = name, .score = score, .target = target};
}

size_t
hk_scorer_low_names(hk_scorer *scorer, const hk_scorer_case *look, const hk_verdict *verdict,
	float cut, hk_scorer_low ret[HK_SCORER_LOW_MAX])
{
	const hk_batch_entry *entry = look->entry;
	const hk_model *model = scorer->set->model;
	const float *logits = (const float *)(const void *)scorer->logits->data;
	picking p = {.scorer = scorer, .list = ret};

	if (entry->name_count == 0 || (verdict && verdict->official)) {
		return 0;
	}
	if (verdict && hk_scorer_logit(scorer->set, (double)verdict->score) >= cut) {
		pick(&p, look->batch->names[verdict->name], verdict->score, verdict->target);
	}
	for (uint32_t i = 0; model && i < entry->name_count; i++) {
		uint32_t name = entry->first_name + i;
		if (logits[name] >= cut) {
			pick(&p, look->batch->names[name],
				hk_model_probability(model, logits[name]), NULL);
		}
	}
	return p.count;
}
