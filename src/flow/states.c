#include "flow/states.h"

#include <string.h>

/* The texts of the states by their names in the table, so that a MOVE row cannot name one that is not there. */
#define STATE(machine, id, text, en, ja)                                                           \
	static const char machine##_##id[] = text; /* nocheck: a name made of two */
#define MOVE(machine, from, act, to, clock)
#include "flow/states.def"
#undef STATE
#undef MOVE

const hk_state hk_states[] = {
#define STATE(machine, id, text, en, ja) {HK_MACHINE_##machine, machine##_##id, en, ja},
#define MOVE(machine, from, act, to, clock)
#include "flow/states.def"
#undef STATE
#undef MOVE
};
const size_t hk_state_count = sizeof hk_states / sizeof hk_states[0];

const hk_move hk_moves[] = {
#define STATE(machine, id, text, en, ja)
#define MOVE(machine, from, act, to, clock)                                                        \
	{HK_MACHINE_##machine, machine##_##from, act, machine##_##to, clock},
#include "flow/states.def"
#undef STATE
#undef MOVE
};
const size_t hk_move_count = sizeof hk_moves / sizeof hk_moves[0];

const hk_casekind hk_casekinds[] = {
#define KIND(id, text, en, ja, managed, queue) {text, en, ja, managed, queue},
#include "flow/casekinds.def"
#undef KIND
};
const size_t hk_casekind_count = sizeof hk_casekinds / sizeof hk_casekinds[0];

const hk_stage hk_stages[] = {
#define STAGE(id, text, pool, lease_ms, attempts, backoff_ms, meaning)                             \
	{text, pool, lease_ms, attempts, backoff_ms, meaning},
#include "flow/stages.def"
#undef STAGE
};
const size_t hk_stage_count = sizeof hk_stages / sizeof hk_stages[0];

const char *
hk_machine_text(hk_machine machine)
{
	static const char *const texts[HK_MACHINE_COUNT] = {
		[HK_MACHINE_CASE] = "case",
		[HK_MACHINE_SIGHTING] = "sighting",
		[HK_MACHINE_TASK] = "task",
		[HK_MACHINE_INTAKE] = "intake",
		[HK_MACHINE_RUN] = "run",
		[HK_MACHINE_REPORT] = "report",
		[HK_MACHINE_LIVENESS] = "liveness",
		[HK_MACHINE_DROP] = "drop",
		[HK_MACHINE_SESSION] = "session",
		[HK_MACHINE_LINK] = "link",
		[HK_MACHINE_JOB] = "job",
	};

	return texts[machine];
}

const hk_state *
hk_states_find(hk_machine machine, const char *text)
{
	for (size_t i = 0; i < hk_state_count; i++) {
		if (hk_states[i].machine == machine && strcmp(hk_states[i].text, text) == 0) {
			return &hk_states[i];
		}
	}
	return NULL;
}

const hk_move *
hk_move_find(hk_machine machine, const char *from, const char *act)
{
	for (size_t i = 0; i < hk_move_count; i++) {
		const hk_move *m = &hk_moves[i];
		if (m->machine == machine && strcmp(m->from, from) == 0 &&
			strcmp(m->act, act) == 0) {
			return m;
		}
	}
	return NULL;
}

const hk_casekind *
hk_casekind_find(const char *text)
{
	for (size_t i = 0; i < hk_casekind_count; i++) {
		if (strcmp(hk_casekinds[i].text, text) == 0) {
			return &hk_casekinds[i];
		}
	}
	return NULL;
}

const hk_stage *
hk_stage_find(const char *text)
{
	for (size_t i = 0; i < hk_stage_count; i++) {
		if (strcmp(hk_stages[i].text, text) == 0) {
			return &hk_stages[i];
		}
	}
	return NULL;
}
