/* range/playvalue: the types of a scenario's values (playtypes.def). Part of librange; for playread. The input is hostile. */
#ifndef RG_PLAYVALUE_H
#define RG_PLAYVALUE_H

#include "playread.h"

/* rg_playvalue_check(play, type, value, bad): whether value is one. False: bad says why and what to do; references (labels, banks, parties) are looked for in the lines
 * and groups that play has. */
bool rg_playvalue_check(const rg_play *play, rg_play_type type, const char *value, GString *bad);

/* rg_playvalue_choice(type, value, bad, ret_good): whether type is one of words from a table; *ret_good: whether value is one of them, else bad says so.
 * rg_playvalue_step(word): whether it is something that a party does. */
bool rg_playvalue_choice(rg_play_type type, const char *value, GString *bad, bool *ret_good);
bool rg_playvalue_step(const char *word);

/* rg_playvalue_ms(word, ret): "1.5m". False: no time. */
bool rg_playvalue_ms(const char *word, int64_t *ret);

/* rg_playvalue_host(play, text, len, bad): one host name or @LABEL.N. */
bool rg_playvalue_host(const rg_play *play, const char *text, size_t len, GString *bad);

/* rg_playvalue_label(play, text, ret_names, ret_at, ret_used): "@LABEL.N" or "@LABEL" at the beginning of text: its names, the index (-1: all), bytes used. False: none. */
bool rg_playvalue_label(const rg_play *play, const char *text, const GPtrArray **ret_names,
	int64_t *ret_at, size_t *ret_used);

#endif
