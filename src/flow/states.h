/* flow/states: states.def, casekinds.def and stages.def as tables. Layer: flow. Static storage; texts are compared byte by byte. */
#ifndef HK_FLOW_STATES_H
#define HK_FLOW_STATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum hk_machine {
	HK_MACHINE_CASE,
	HK_MACHINE_SIGHTING,
	HK_MACHINE_TASK,
	HK_MACHINE_INTAKE,
	HK_MACHINE_RUN,
	HK_MACHINE_REPORT,
	HK_MACHINE_LIVENESS,
	HK_MACHINE_DROP,
	HK_MACHINE_SESSION,
	HK_MACHINE_LINK,
	HK_MACHINE_JOB,
} hk_machine;
#define HK_MACHINE_COUNT (HK_MACHINE_JOB + 1)

typedef struct hk_state {
	hk_machine machine;
	const char *text, *en, *ja;
} hk_state;
typedef struct hk_move {
	hk_machine machine;
	const char *from, *act, *to;
	const char *clock; /* column that is stamped when it is still empty; "" none */
} hk_move;
typedef struct hk_casekind {
	const char *text, *en, *ja;
	bool managed;      /* in the management figure */
	const char *queue; /* own | notify | count */
} hk_casekind;
typedef struct hk_stage {
	const char *text;
	const char *pool; /* work | capture | look | monitor ...: which work processes do it */
	int64_t lease_ms, attempts, backoff_ms;
	const char *meaning;
} hk_stage;

extern const hk_state hk_states[];
extern const size_t hk_state_count;
extern const hk_move hk_moves[];
extern const size_t hk_move_count;
extern const hk_casekind hk_casekinds[];
extern const size_t hk_casekind_count;
extern const hk_stage hk_stages[];
extern const size_t hk_stage_count;

/* "case", "sighting" ... */
const char *hk_machine_text(hk_machine machine);

/* NULL: there is none. hk_move_find: the row that starts in from and is called act. */
const hk_state *hk_states_find(hk_machine machine, const char *text);
const hk_move *hk_move_find(hk_machine machine, const char *from, const char *act);
const hk_casekind *hk_casekind_find(const char *text);
const hk_stage *hk_stage_find(const char *text);

#endif
