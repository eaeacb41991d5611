#include "score/scorer_int.h"

typedef struct marking {
	hk_scorer *scorer;
	const hk_batch *batch;
	uint32_t name; /* the one that the last occurrence was in */
} marking;

/* Occurrences come by rising end, so the name is the same as before or one further on: steps that double, then halve. */
static uint32_t
name_at(const marking *marks, size_t end)
{
	const hk_name *names = marks->batch->names;
	const char *last = marks->batch->text + end - 1;
	size_t count = marks->batch->name_count;
	size_t low = marks->name;
	size_t step = 1;

	while (low + step < count && names[low + step].text <= last) {
		low += step;
		step *= 2;
	}
	for (; step > 0; step /= 2) {
		if (low + step < count && names[low + step].text <= last) {
			low += step;
		}
	}
	return (uint32_t)low;
}

static bool
same_word(char a, char b)
{
	return (g_ascii_isalpha(a) && g_ascii_isalpha(b)) ||
	       (g_ascii_isdigit(a) && g_ascii_isdigit(b));
}

/* Whether a word as match/brand.h cuts them ends there. */
static bool
ends_word(const hk_name *name, size_t end)
{
	return end >= name->len || end == 0 || !same_word(name->text[end - 1], name->text[end]);
}

static void
on_pattern(void *user, uint32_t id, size_t end)
{
	marking *marks = user;
	const hk_scorer_set *set = marks->scorer->set;
	size_t watch_count;

	if (marks->batch->name_count == 0) {
		return;
	}
	marks->name = name_at(marks, end);
	const hk_name *name = &marks->batch->names[marks->name];
	/* A pattern that is anchored at the end of the name takes in the line feed behind it. */
	size_t at = (size_t)(marks->batch->text + end - name->text);
	hk_scorer_mark mark = {marks->name, id, (uint32_t)MIN(at, name->len)};
	if (id < set->watch_count &&
		!hk_watch_holds(&hk_watch_rows(set->watch, &watch_count)[id], *name, mark.end)) {
		return;
	}
	if (id & HK_SCORER_ID_WORD) {
		if (!ends_word(name, mark.end)) {
			return;
		}
		mark.id &= ~HK_SCORER_ID_WORD;
	}
	g_array_append_val(marks->scorer->marks, mark);
}

void
hk_scorer_gate(hk_scorer *scorer, const hk_batch *batch)
{
	marking marks = {scorer, batch, 0};

	g_array_set_size(scorer->marks, 0);
	hk_patterns_scan(scorer->set->patterns, batch->text, batch->text_len, on_pattern, &marks);
	if (scorer->set->model) {
		g_array_set_size(scorer->logits, (unsigned)batch->name_count);
		hk_model_score_batch(scorer->set->model, scorer->set->table, batch->names,
			batch->name_count, (float *)(void *)scorer->logits->data);
	}
}
