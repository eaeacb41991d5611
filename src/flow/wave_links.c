/* Where the links of waves lead: hk_wave_led_to. */
#include <string.h>

#include "flow/evidence.h"
#include "flow/flow_int.h"
#include "flow/notice.h"
#include "flow/wave_int.h"
#include "store/case_rows.h"
#include "store/merges.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"

enum { MERGES_DEEP = 64, URLS_OF_CASE = 1000 };

/* How soon a link is followed again, by how long ago a wave named it: a landing moves within hours, or not at all. */
static const struct {
	int64_t age_ms, turn_ms;
} turns[] = {
	{INT64_C(3600000), INT64_C(300000)},      /* an hour: every five minutes */
	{INT64_C(86400000), INT64_C(1800000)},    /* a day: every half hour */
	{INT64_C(1209600000), INT64_C(21600000)}, /* two weeks: every six hours */
};

static int64_t
next_turn(int64_t now_ms, int64_t named_ms)
{
	for (size_t i = 0; i < G_N_ELEMENTS(turns); i++) {
		if (now_ms - named_ms < turns[i].age_ms) {
			return now_ms + turns[i].turn_ms;
		}
	}
	return 0;
}

/* The case that stands for it now. */
static bool
follow(hk_flow *flow, int64_t *id, GError **error)
{
	for (int deep = 0; deep < MERGES_DEEP; deep++) {
		g_auto(hk_case_row) row = {0};
		if (!hk_cases_get(flow->db, *id, &row, error)) {
			return false;
		}
		if (strcmp(row.state, "duplicate") != 0 || row.merged_into == 0) {
			return true;
		}
		*id = row.merged_into;
	}
	return true;
}

bool
hk_wave_case_url(hk_flow *flow, int64_t case_id, const hk_wave_link *link, GError **error)
{
	g_auto(hk_case_row) row = {0};
	char hex[HK_HASH_HEX_SIZE];
	uint8_t hash[32];
	int64_t id = case_id;
	bool has;

	hk_url_hash(link->url, hash, hex);
	if (!follow(flow, &id, error) || !hk_cases_get(flow->db, id, &row, error) ||
		!hk_urls_has(flow->db, id, hash, &has, error)) {
		return false;
	}
	/* A server that sends a link of its own to everybody must not fill a case. */
	return has || row.deleted_ms != 0 || row.urls >= URLS_OF_CASE ||
	       hk_case_url_add(flow, id, link->url, link->host, error);
}

bool
hk_wave_siblings(hk_flow *flow, int64_t a, int64_t b, GError **error)
{
	g_auto(hk_case_row) first = {0};
	g_auto(hk_case_row) second = {0};

	if (a == 0 || b == 0) {
		return true;
	}
	if (!follow(flow, &a, error) || !follow(flow, &b, error) ||
		!hk_cases_get(flow->db, a, &first, error) ||
		!hk_cases_get(flow->db, b, &second, error)) {
		return false;
	}
	return a == b || first.deleted_ms != 0 || second.deleted_ms != 0 ||
	       hk_case_link(flow, a, b, "of one wave of messages", true, error);
}

/* A case that was known by a short link is known by its site from now on. */
static bool
name_site(hk_flow *flow, int64_t id, const hk_wave_link *landing, GError **error)
{
	g_auto(hk_case_work) work = {0};
	uint8_t hash[32];
	char hex[HK_HASH_HEX_SIZE];
	bool fresh;

	if (!hk_case_open(flow, id, 0, &work, error)) {
		return false;
	}
	hk_case_row *row = &work.row;
	bool unnamed = g_strcmp0(row->name, row->host) == 0;
	const char *domain = *landing->site.domain ? landing->site.domain : NULL;
	hk_url_hash(landing->url, hash, hex);
	const hk_case_keys keys = {.url = hex,
		.host = landing->site.shared ? NULL : landing->host,
		.domain = landing->site.shared || landing->site.private_suffix ? NULL : domain};
	if (!hk_case_urls_add(
		    flow->db, id, landing->url, hash, landing->host, flow->now_ms, &fresh, error) ||
		!hk_case_keys_put(flow->db, id, &keys, flow->now_ms, error)) {
		return false;
	}
	g_autoptr(GString) note = g_string_new(NULL);
	hk_jsonw_open(note, '{');
	hk_jsonw_member_str(note, "url", landing->url);
	hk_jsonw_member_str(note, "was", row->url ? row->url : "");
	hk_jsonw_close(note, '}');
	hk_case_note(flow, "case.url", id, note->str);
	row->urls += fresh;
	g_free(row->url);
	row->url = g_strdup(landing->url);
	g_free(row->host);
	row->host = g_strdup(landing->host);
	g_free(row->domain);
	row->domain = g_strdup(domain);
	if (unnamed) {
		g_free(row->name);
		row->name = g_strdup(landing->host);
	}
	return hk_case_save(flow, &work, HK_CASE_ALL, true, error) &&
	       hk_evidence_want(flow, row, true, error);
}

/* A landing that has moved is another site: a case of its own, linked to the first. */
static bool
open_next(hk_flow *flow, const hk_case_row *was, const hk_wave_link *landing, hk_wave_row *wave,
	GError **error)
{
	g_autoptr(hk_target_row) target = NULL;
	hk_taken taken;

	if (wave->target_id != 0 &&
		!hk_lookup_target_id(flow->db, wave->target_id, &target, error)) {
		return false;
	}
	const hk_wave_seen seen = {.family = wave->family,
		.at_ms = flow->now_ms,
		.target = target ? target->key : NULL};
	if (!hk_wave_open_case(flow, &seen, landing, &taken, error)) {
		return false;
	}
	wave->case_id = taken.case_id;
	return hk_wave_case(flow->db, wave->id, wave->case_id, error) &&
	       hk_wave_siblings(flow, was->id, taken.case_id, error);
}

/* Into the case of the landing, if there is one. */
static bool
join(hk_flow *flow, int64_t id, const hk_wave_link *landing, bool *ret, GError **error)
{
	const hk_lead lead = {.url = landing->url,
		.host = landing->host,
		.domain = *landing->site.domain ? landing->site.domain : NULL,
		.private_suffix = landing->site.private_suffix,
		.shared_host = landing->site.shared,
		.source = "c2"};
	g_autofree char *key = g_strconcat("host:", landing->host, NULL);
	hk_taken there;
	int64_t merge;

	/* As hk_case_take: nobody else makes a case of it meanwhile. */
	if (!hk_db_lock(flow->db, key, error) || !hk_case_look(flow->db, &lead, &there, error)) {
		return false;
	}
	*ret = there.case_id != 0 && there.case_id != id;
	return !*ret || hk_case_merge(flow, id, there.case_id, &merge, error);
}

/* Is it the site of that case? On a host of many people's pages the URL says. */
static bool
is_same(const hk_case_row *row, const hk_wave_link *landing)
{
	return g_strcmp0(row->host, landing->host) == 0 &&
	       (!landing->site.shared || g_strcmp0(row->url, landing->url) == 0);
}

/* What the landing means for the case of a wave. */
static bool
take_case(hk_flow *flow, const hk_wave_link *landing, hk_wave_row *wave, GError **error)
{
	g_auto(hk_case_row) row = {0};
	bool is_short, joined;

	if (!follow(flow, &wave->case_id, error) ||
		!hk_cases_get(flow->db, wave->case_id, &row, error)) {
		return false;
	}
	if (row.deleted_ms != 0) {
		return true;
	}
	if (is_same(&row, landing)) {
		return hk_wave_case_url(flow, row.id, landing, error) &&
		       hk_wave_confirm(flow, wave, error);
	}
	if (!hk_link_is_short(flow->db, row.url, &is_short, error)) {
		return false;
	}
	if (!is_short) {
		return open_next(flow, &row, landing, wave, error) &&
		       hk_wave_confirm(flow, wave, error);
	}
	if (!join(flow, row.id, landing, &joined, error) ||
		(!joined && !name_site(flow, row.id, landing, error)) ||
		!follow(flow, &wave->case_id, error)) {
		return false;
	}
	return hk_wave_case(flow->db, wave->id, wave->case_id, error) &&
	       hk_wave_confirm(flow, wave, error);
}

static bool
tell(hk_flow *flow, const hk_wave_row *wave, const char *was, const char *landing, GError **error)
{
	g_autoptr(GString) data = g_string_new(NULL);
	g_autofree char *from = was ? hk_wave_cut(was, HK_WAVE_CARD_URL) : NULL;
	g_autofree char *to = hk_wave_cut(landing, HK_WAVE_CARD_URL);

	hk_jsonw_open(data, '{');
	hk_jsonw_member_int(data, "wave", wave->id);
	if (from) {
		hk_jsonw_member_str(data, "was", from);
	}
	hk_jsonw_member_str(data, "landing", to);
	hk_jsonw_close(data, '}');
	hk_flow_note(flow, "wave.landing", "wave", wave->id, wave->case_id, data->str);
	/* The first card has it, if it came in time. */
	return flow->now_ms < wave->card_ms ||
	       hk_notice_tell(flow, "wave.landing", wave->case_id, 0, data->str, error);
}

/* moved: the link leads elsewhere than before, or nobody knew. Who has another landing by another link keeps it. */
static bool
take_wave(hk_flow *flow, int64_t id, const hk_wave_led *led, bool moved, const char *was,
	GError **error)
{
	g_auto(hk_wave_row) wave = {0};
	const hk_wave_link *landing = &led->landing;

	if (!hk_wave_get(flow->db, id, &wave, error)) {
		return false;
	}
	if (g_strcmp0(wave.landing, landing->url) == 0 || (!moved && wave.landing)) {
		return true;
	}
	return hk_wave_landing(flow->db, id, landing->url, error) &&
	       (landing->official || wave.case_id == 0 || take_case(flow, landing, &wave, error)) &&
	       tell(flow, &wave, was, landing->url, error);
}

bool
hk_wave_led_to(hk_flow *flow, const hk_wave_led *led, GError **error)
{
	g_auto(hk_link_row) row = {0};
	g_autoptr(GArray) waves = NULL;
	g_autofree char *was = NULL;

	if (!hk_db_lock(flow->db, "waves", error) ||
		!hk_link_get(flow->db, led->link_id, &row, error) ||
		!hk_link_waves(flow->db, row.id, &waves, error)) {
		return false;
	}
	const hk_move *move = hk_move_find(HK_MACHINE_LINK, row.state, led->act);
	if (!move) {
		return hk_error_set(
			error, HK_EPOLICY, "a link that is %s cannot %s", row.state, led->act);
	}
	bool leads = strcmp(move->to, "leads") == 0;
	bool changed = leads && g_strcmp0(row.landing, led->landing.url) != 0;
	g_free(row.state);
	row.state = g_strdup(move->to);
	row.last_ms = flow->now_ms;
	row.due_ms = next_turn(flow->now_ms, row.named_ms);
	if (leads) {
		g_free(row.hops);
		row.hops = g_strdup(led->hops);
	}
	if (changed) {
		row.changed_ms = flow->now_ms;
		was = g_steal_pointer(&row.landing);
		row.landing = g_strdup(led->landing.url);
	}
	if (!hk_link_set(flow->db, &row, led->why, error) ||
		(leads && !hk_landing_put(flow->db, row.id, led->landing.url, led->hops,
				  flow->now_ms, error))) {
		return false;
	}
	for (unsigned i = 0; leads && i < waves->len; i++) {
		if (!take_wave(flow, g_array_index(waves, int64_t, i), led, changed, was, error)) {
			return false;
		}
	}
	return true;
}
