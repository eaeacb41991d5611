#include "store/list_int.h"

#include <string.h>

/* What store must know of the layers above it: flow/states.def and flow/casekinds.def, compared by tests/unit/store/test_list.c. */
static const char *const case_states[] = {"new", "triaged", "confirmed", "reported", "down",
	"closed", "dismissed", "out_of_scope", "duplicate", "resurrected", NULL};
static const char *const open_states[] = {
	"new", "triaged", "confirmed", "reported", "resurrected", NULL};
static const char *const sighting_states[] = {"new", "attached", "ignored", NULL};
static const char *const case_kinds[] = {"phishing", "phishing_other", "trademark", "scam",
	"investment_scam", "malware", "c2", NULL};

static const hk_list_field case_fields[] = {
	{HK_QUERY_TEXT, HK_HOW_TEXT, {"x.text"}, HK_INDEX_NONE},
	{HK_QUERY_ID, HK_HOW_INT, {"c.id"}, HK_INDEX_ALL},
	{HK_QUERY_STATUS, HK_HOW_STATE, {"c.state"}, HK_INDEX_NONE},
	{HK_QUERY_KIND, HK_HOW_KIND, {"c.kind"}, HK_INDEX_NONE},
	{HK_QUERY_TARGET, HK_HOW_TARGET, {"c.target_id"}, HK_INDEX_NONE},
	{HK_QUERY_SERVICE, HK_HOW_WORD, {"c.service"}, HK_INDEX_VALUES},
	{HK_QUERY_OWN, HK_HOW_OWN, {"c.target_id"}, HK_INDEX_NONE},
	{HK_QUERY_ACTOR, HK_HOW_ACTOR, {"c.actor_id"}, HK_INDEX_NONE},
	{HK_QUERY_SOURCE, HK_HOW_SOURCE, {"c.source_id"}, HK_INDEX_NONE},
	{HK_QUERY_BY, HK_HOW_USER, {"c.reporter_id"}, HK_INDEX_ALL},
	{HK_QUERY_ASSIGNEE, HK_HOW_USER, {"c.assignee_id"}, HK_INDEX_ALL},
	{HK_QUERY_HOST, HK_HOW_WILD, {"c.host"}, HK_INDEX_ALL},
	{HK_QUERY_DOMAIN, HK_HOW_WILD, {"c.domain"}, HK_INDEX_ALL},
	{HK_QUERY_NAME, HK_HOW_NAME, {"c.name"}, HK_INDEX_NONE},
	{HK_QUERY_URL, HK_HOW_URL, {"c.url"}, HK_INDEX_NONE},
	{HK_QUERY_LABEL, HK_HOW_LABEL, {"c.id"}, HK_INDEX_VALUES},
	{HK_QUERY_KEY, HK_HOW_KEY, {"c.id"}, HK_INDEX_VALUES},
	{HK_QUERY_CAMPAIGN, HK_HOW_NUMBER, {"c.campaign_id"}, HK_INDEX_ALL},
	{HK_QUERY_SCORE, HK_HOW_REAL, {"c.score"}, HK_INDEX_ALL},
	{HK_QUERY_URLS, HK_HOW_INT, {"c.urls"}, HK_INDEX_ALL},
	{HK_QUERY_SEEN, HK_HOW_TIME, {"c.first_seen_ms"}, HK_INDEX_ALL},
	{HK_QUERY_DETECTED, HK_HOW_TIME, {"c.detected_ms"}, HK_INDEX_ALL},
	{HK_QUERY_OPENED, HK_HOW_TIME, {"c.opened_ms"}, HK_INDEX_ALL},
	{HK_QUERY_UPDATED, HK_HOW_TIME, {"c.updated_ms"}, HK_INDEX_ALL},
	{HK_QUERY_LAST, HK_HOW_TIME, {"c.last_seen_ms"}, HK_INDEX_ALL},
	{HK_QUERY_DOWN, HK_HOW_TIME, {"c.down_ms"}, HK_INDEX_VALUES},
	{HK_QUERY_CLOSED, HK_HOW_TIME, {"c.closed_ms"}, HK_INDEX_ALL},
	{HK_QUERY_DUE, HK_HOW_TIME, {"c.due_ms"}, HK_INDEX_ALL},
	{HK_QUERY_BREACHED, HK_HOW_FLAG, {"c.breached"}, HK_INDEX_ALL},
	{HK_QUERY_IS, HK_HOW_IS, {"c.id"}, HK_INDEX_NONE},
	{HK_QUERY_HAS, HK_HOW_HAS, {"c.id"}, HK_INDEX_NONE},
};

static const hk_list_field sighting_fields[] = {
	{HK_QUERY_TEXT, HK_HOW_TEXT, {"c.title"}, HK_INDEX_NONE},
	{HK_QUERY_ID, HK_HOW_INT, {"c.id"}, HK_INDEX_ALL},
	{HK_QUERY_STATUS, HK_HOW_STATE, {"c.state"}, HK_INDEX_NONE},
	{HK_QUERY_KIND, HK_HOW_WORD, {"c.kind"}, HK_INDEX_NONE},
	{HK_QUERY_TARGET, HK_HOW_TARGET, {"c.target_id"}, HK_INDEX_NONE},
	{HK_QUERY_OWN, HK_HOW_OWN, {"c.target_id"}, HK_INDEX_NONE},
	{HK_QUERY_SOURCE, HK_HOW_SOURCE, {"c.source_id"}, HK_INDEX_NONE},
	{HK_QUERY_HOST, HK_HOW_WILD, {"c.host"}, HK_INDEX_ALL},
	{HK_QUERY_NAME, HK_HOW_HOLDS, {"c.title"}, HK_INDEX_NONE},
	{HK_QUERY_URL, HK_HOW_HOLDS, {"c.url"}, HK_INDEX_NONE},
	{HK_QUERY_CASE, HK_HOW_INT, {"c.case_id"}, HK_INDEX_ALL},
	{HK_QUERY_CAMPAIGN, HK_HOW_NUMBER, {"c.campaign_id"}, HK_INDEX_NONE},
	{HK_QUERY_SCORE, HK_HOW_REAL, {"c.score"}, HK_INDEX_NONE},
	{HK_QUERY_SEEN, HK_HOW_TIME, {"c.seen_ms"}, HK_INDEX_ALL},
	{HK_QUERY_HAS, HK_HOW_HAS, {"c.id"}, HK_INDEX_NONE},
};

#define CASES(index)                                                                               \
	{                                                                                          \
		"cases c INDEXED BY " index                                                        \
	}
#define NO_INDEX                                                                                   \
	{                                                                                          \
		NULL                                                                               \
	}

static const hk_list_sort case_sorts[] = {
	{"id", {"c.id"}, HK_SORT_INT, false, {"cases c NOT INDEXED"}, CASES("cases_open_id"),
		CASES("cases_sort_state")},
	{"score", {"c.score"}, HK_SORT_REAL, false, CASES("cases_sort_score"),
		CASES("cases_open_score"), CASES("cases_state_score")},
	{"first_seen", {"c.first_seen_ms"}, HK_SORT_INT, false, CASES("cases_sort_seen"),
		CASES("cases_open_seen"), CASES("cases_state_seen")},
	{"updated", {"c.updated_ms"}, HK_SORT_INT, false, CASES("cases_sort_updated"),
		CASES("cases_open_updated"), CASES("cases_state_updated")},
	{"opened", {"c.opened_ms"}, HK_SORT_INT, false, CASES("cases_sort_opened"),
		CASES("cases_open_opened"), CASES("cases_state_opened")},
	{"last_seen", {"c.last_seen_ms"}, HK_SORT_INT, false, CASES("cases_sort_last"),
		CASES("cases_open_last"), NO_INDEX},
	{"name", {"c.name"}, HK_SORT_TEXT, false, CASES("cases_sort_name"),
		CASES("cases_open_name"), NO_INDEX},
	{"host", {"c.host"}, HK_SORT_TEXT, true, CASES("cases_host"), CASES("cases_open_host"),
		NO_INDEX},
	{"target", {"c.target_id"}, HK_SORT_INT, true, CASES("cases_sort_target"),
		CASES("cases_open_target"), NO_INDEX},
	{"actor", {"c.actor_id"}, HK_SORT_INT, true, CASES("cases_sort_actor"),
		CASES("cases_open_actor"), NO_INDEX},
	{"by", {"c.reporter_id"}, HK_SORT_INT, true, CASES("cases_sort_by"), CASES("cases_open_by"),
		NO_INDEX},
	{"assignee", {"c.assignee_id"}, HK_SORT_INT, true, CASES("cases_sort_assignee"),
		CASES("cases_open_assignee"), NO_INDEX},
	{"source", {"c.source_id"}, HK_SORT_INT, false, CASES("cases_sort_source"),
		CASES("cases_open_source"), NO_INDEX},
	{"kind", {"c.kind"}, HK_SORT_TEXT, false, CASES("cases_sort_kind"),
		CASES("cases_open_kind"), NO_INDEX},
	{"state", {"c.state"}, HK_SORT_TEXT, false, CASES("cases_sort_state"),
		CASES("cases_open_state"), NO_INDEX},
	{"closed", {"c.closed_ms"}, HK_SORT_INT, true, CASES("cases_sort_closed"),
		CASES("cases_open_closed"), NO_INDEX},
	{"due", {"c.due_ms"}, HK_SORT_INT, true, CASES("cases_sort_due"), CASES("cases_open_due"),
		CASES("cases_state_due")},
};

#define SIGHTINGS(index)                                                                           \
	{                                                                                          \
		"sightings c INDEXED BY " index                                                    \
	}

static const hk_list_sort sighting_sorts[] = {
	{"id", {"c.id"}, HK_SORT_INT, false, {"sightings c NOT INDEXED"}, NO_INDEX,
		SIGHTINGS("sightings_state")},
	{"score", {"c.score"}, HK_SORT_REAL, false, SIGHTINGS("sightings_score"), NO_INDEX,
		SIGHTINGS("sightings_inbox")},
	{"first_seen", {"c.seen_ms"}, HK_SORT_INT, false, SIGHTINGS("sightings_seen"), NO_INDEX,
		SIGHTINGS("sightings_state_seen")},
};

const hk_list_sort *
hk_list_sort_find(hk_list_of of, const char *key)
{
	const hk_list_sort *sorts = of == HK_LIST_CASES ? case_sorts : sighting_sorts;
	size_t count =
		of == HK_LIST_CASES ? G_N_ELEMENTS(case_sorts) : G_N_ELEMENTS(sighting_sorts);

	if (strcmp(key, "status") == 0) {
		key = "state";
	} else if (strcmp(key, "seen") == 0) {
		key = "first_seen";
	} else if (strcmp(key, "reported_by") == 0 || strcmp(key, "reporter") == 0) {
		key = "by";
	}
	for (size_t i = 0; i < count; i++) {
		if (strcmp(sorts[i].key, key) == 0) {
			return &sorts[i];
		}
	}
	return NULL;
}

const hk_list_field *
hk_list_field_find(hk_list_of of, hk_query_field field)
{
	const hk_list_field *fields = of == HK_LIST_CASES ? case_fields : sighting_fields;
	size_t count =
		of == HK_LIST_CASES ? G_N_ELEMENTS(case_fields) : G_N_ELEMENTS(sighting_fields);

	for (size_t i = 0; i < count; i++) {
		if (fields[i].field == field) {
			return &fields[i];
		}
	}
	return NULL;
}

const char *const *
hk_list_sorts(hk_list_of of)
{
	static const char *names[2][G_N_ELEMENTS(case_sorts) + 1];
	const hk_list_sort *sorts = of == HK_LIST_CASES ? case_sorts : sighting_sorts;
	size_t count =
		of == HK_LIST_CASES ? G_N_ELEMENTS(case_sorts) : G_N_ELEMENTS(sighting_sorts);

	/* Always the same pointers: threads may do it at once. */
	for (size_t i = 0; i < count; i++) {
		names[of][i] = sorts[i].key;
	}
	return names[of];
}

const char *const *
hk_list_states(hk_list_of of)
{
	return of == HK_LIST_CASES ? case_states : sighting_states;
}

const char *const *
hk_list_kinds(void)
{
	return case_kinds;
}

const char *const *
hk_list_open(void)
{
	return open_states;
}
