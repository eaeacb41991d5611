/* flow/intake: a paste, import or batch that waits to be taken line by line by casework. Layer: flow. */
#ifndef HK_FLOW_INTAKE_H
#define HK_FLOW_INTAKE_H

#include "flow/flow.h"

/* At most this much in one intake. */
#define HK_INTAKE_BYTES_MAX (64u << 20)

/* hk_intake_new(flow, kind, source, body, options, dry_run, ret_id, error): kind lines|csv|tsv|jsonl|auto; options: JSON object, checked
 * (members: casework/intake.h documents them: target, kind, service, actor, labels, note, gsb_type, ticket_type, wants, columns {"url":"URL",...}, header true|false|"auto", first_line_note). Queues the job. */
bool hk_intake_new(hk_flow *flow, const char *kind, const char *source, hk_span body,
	const char *options, bool dry_run, int64_t *ret_id, GError **error);
bool hk_intake_cancel(hk_flow *flow, int64_t id, GError **error);

/* hk_intake_move(flow, id, act, error): a MOVE row of states.def: start, finish (casework), cancel. The rows: store/intakes. */
bool hk_intake_move(hk_flow *flow, int64_t id, const char *act, GError **error);

#endif
