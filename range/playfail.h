/* range/playfail: events of a scenario in which something fails, or a vendor says something; and what ends them. Part of hikeshi-range; for playact. */
#ifndef RG_PLAYFAIL_H
#define RG_PLAYFAIL_H

#include "playstage.h"

/* An event's step; HK_EREMOTE: a part refused. */
typedef bool (*rg_act_fn)(rg_stage *stage, const rg_play_line *line, unsigned i, GError **error);

bool rg_act_c2(rg_stage *stage, const rg_play_line *line, unsigned i, GError **error);
bool rg_act_ct(rg_stage *stage, const rg_play_line *line, unsigned i, GError **error);
bool rg_act_vendor(rg_stage *stage, const rg_play_line *line, unsigned i, GError **error);
bool rg_act_chat(rg_stage *stage, const rg_play_line *line, unsigned i, GError **error);
bool rg_act_listed(rg_stage *stage, const rg_play_line *line, unsigned i, GError **error);
bool rg_act_smtp(rg_stage *stage, const rg_play_line *line, unsigned i, GError **error);
bool rg_act_tsa(rg_stage *stage, const rg_play_line *line, unsigned i, GError **error);
bool rg_act_dns(rg_stage *stage, const rg_play_line *line, unsigned i, GError **error);

/* rg_act_post(stage, url, body, error): a request to a part's control; eats url. */
bool rg_act_post(rg_stage *stage, char *url, const char *body, GError **error);

#endif
