/* flow/case_int: what the acts on a case share. Layer: flow; only src/flow includes it. */
#ifndef HK_FLOW_CASE_INT_H
#define HK_FLOW_CASE_INT_H

#include "flow/case.h"
#include "flow/flow_int.h"
#include "store/cases.h"

/* A case that is being changed. */
typedef struct hk_case_work {
	hk_case_row row;
	bool counted_was;
	hk_case_facets was;
} hk_case_work;
static inline void
hk_case_work_clear(hk_case_work *work)
{
	hk_case_row_clear(&work->row);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(hk_case_work, hk_case_work_clear)

/* hk_case_open(flow, id, version, work, error): the case, locked. HK_ENOENT when it is deleted, HK_EPOLICY when it is a duplicate (the text says of which),
 * HK_EINCONSISTENT when version is not 0 and not its own. hk_case_open_any: deleted ones and duplicates, too. */
bool hk_case_open(hk_flow *flow, int64_t id, int64_t version, hk_case_work *work, GError **error);
bool hk_case_open_any(
	hk_flow *flow, int64_t id, int64_t version, hk_case_work *work, GError **error);

/* hk_case_save(flow, work, part, words, error): writes that part of work->row, one version up, and has it counted; words: search has
 * to look again. */
bool hk_case_save(hk_flow *flow, hk_case_work *work, hk_case_part part, bool words, GError **error);

/* hk_case_note(flow, act, case_id, data): an audit row of a case. */
void hk_case_note(hk_flow *flow, const char *act, int64_t case_id, const char *data);

/* hk_case_clock(flow, row, from_ms, error): the SLA clock of the row's state starts at from_ms. */
bool hk_case_clock(hk_flow *flow, hk_case_row *row, int64_t from_ms, GError **error);

/* hk_case_say(flow, case_id, user_id, text, error): an entry of the survey log; user_id 0: the program. */
bool hk_case_say(hk_flow *flow, int64_t case_id, int64_t user_id, const char *text, GError **error);

/* hk_flow_target(flow, word, ret, error): by key or name; HK_ENOENT with "target: ...". Borrowed until the transaction ends. */
bool hk_flow_target(hk_flow *flow, const char *word, const hk_target_row **ret, GError **error);

/* hk_case_join(flow, case_id, campaign_id, error): the case goes into a campaign that it is not in (one version up, audited). */
bool hk_case_join(hk_flow *flow, int64_t case_id, int64_t campaign_id, GError **error);

/* hk_case_tasks(flow, case_id, kind, error): the tasks of the templates that come with this kind. */
bool hk_case_tasks(hk_flow *flow, int64_t case_id, const char *kind, GError **error);

/* hk_url_hash(url, ret, hex): SHA-256 of a canonical URL, and as a key. hex: HK_HASH_HEX_SIZE bytes. */
void hk_url_hash(const char *url, uint8_t ret[32], char *hex);

#endif
