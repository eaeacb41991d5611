#include "role/judge.h"

hk_scorer *
hk_judge_scorer(const hk_opts *opts, bool names_only, GError **error)
{
	const char *cache = hk_opts_str(opts, HK_OPT_CACHE);
	g_autofree char *own = g_build_filename(g_get_user_cache_dir(), "hikeshi", NULL);
	const hk_scorer_config config = {
		.cache = cache ? cache : own,
		.names_only = names_only,
		.targets = hk_opts_str(opts, HK_OPT_TARGETS),
		.patterns = hk_opts_str(opts, HK_OPT_PATTERNS),
		.rules = hk_opts_str(opts, HK_OPT_RULES),
		.model = hk_opts_str(opts, HK_OPT_MODEL),
		.suffixes = hk_opts_str(opts, HK_OPT_SUFFIXES),
		.threshold = hk_opts_real(opts, HK_OPT_THRESHOLD),
	};

	return hk_scorer_new(&config, error);
}

/* Hits come by rising entry number; the odd entries between two hits are put in where they stand. */
typedef struct judgement {
	const hk_batch *batch;
	size_t next; /* first entry that was not passed on or over yet */
	hk_judge_fn fn;
	hk_judge_low_fn low_fn; /* or NULL */
	void *user;
} judgement;

static void
pass_odd(judgement *judging, size_t end)
{
	for (; judging->next < end; judging->next++) {
		const hk_batch_entry *entry = &judging->batch->entries[judging->next];
		if (hk_batch_is_odd(entry)) {
			judging->fn(judging->user, entry, NULL);
		}
	}
}

static void
on_hit(void *user, size_t entry, const hk_verdict *verdict)
{
	judgement *judging = user;

	pass_odd(judging, entry);
	judging->fn(judging->user, &judging->batch->entries[entry], verdict);
	judging->next = entry + 1;
}

void
hk_judge_batch(hk_scorer *scorer, const hk_batch *batch, bool all, hk_judge_fn fn, void *user)
{
	judgement judging = {.batch = batch, .fn = fn, .user = user};

	hk_scorer_batch(scorer, batch, all, on_hit, &judging);
	pass_odd(&judging, batch->entry_count);
}

static void
on_low(void *user, size_t entry, const hk_scorer_low *names, size_t count)
{
	judgement *judging = user;

	pass_odd(judging, entry);
	/* An odd one is told as that. */
	if (!hk_batch_is_odd(&judging->batch->entries[entry])) {
		judging->low_fn(judging->user, &judging->batch->entries[entry], names, count);
	}
}

void
hk_judge_batch_low(hk_scorer *scorer, const hk_batch *batch, hk_judge_fn fn, hk_judge_low_fn low_fn,
	void *user)
{
	judgement judging = {.batch = batch, .fn = fn, .low_fn = low_fn, .user = user};

	hk_scorer_batch_low(scorer, batch, on_hit, on_low, &judging);
	pass_odd(&judging, batch->entry_count);
}
