/* flow/wave_int: what flow/wave.c and flow/wave_links.c share. Layer: flow; only they include it. */
#ifndef HK_FLOW_WAVE_INT_H
#define HK_FLOW_WAVE_INT_H

#include "flow/case.h"
#include "flow/case_int.h"
#include "flow/wave.h"

/* hk_wave_open_case(flow, seen, link, ret_taken, error): the case of a link, opened or found. */
bool hk_wave_open_case(hk_flow *flow, const hk_wave_seen *seen, const hk_wave_link *link,
	hk_taken *ret_taken, GError **error);

/* hk_wave_confirm(flow, wave, error): the policy's word about its case, once it is known where its links lead. */
bool hk_wave_confirm(hk_flow *flow, const hk_wave_row *wave, GError **error);

/* hk_wave_siblings(flow, a, b, error): these two cases are linked; 0, the same, deleted or merged ones are not. */
bool hk_wave_siblings(hk_flow *flow, int64_t a, int64_t b, GError **error);

/* hk_wave_case_url(flow, case_id, link, error): one URL more of the case (of the one that it was merged into). */
bool hk_wave_case_url(hk_flow *flow, int64_t case_id, const hk_wave_link *link, GError **error);

#endif
