/* range/playnames: names in a group's habit (playhabits.def). Part of librange. The same seed, label and token give the same names. */
#ifndef RG_PLAYNAMES_H
#define RG_PLAYNAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

/* rg_habit_find(word, ret): its row; false: none. rg_habit_word(i, ret_what): NULL past the last one. rg_habit_per(habit): names of one certificate. */
bool rg_habit_find(const char *word, size_t *ret);
const char *rg_habit_word(size_t i, const char **ret_what);
unsigned rg_habit_per(size_t habit);

/* rg_habit_names(habit, seed, label, token, domain, count, to): adds count different names. token: a-z and 0-9; domain: its first label is the token with hyphens. */
void rg_habit_names(size_t habit, uint64_t seed, const char *label, const char *token,
	const char *domain, unsigned count, GPtrArray *to);

#endif
