#include "flow/wave.h"

#include <string.h>

#include "flow/case.h"
#include "flow/flow_int.h"
#include "flow/notice.h"
#include "flow/wave_int.h"
#include "store/c2.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"

bool
hk_wave_start(hk_flow *flow, GError **error)
{
	return hk_flow_job(flow, "hops", "hops", 0, NULL, flow->now_ms, error);
}

/* ---- The case ---- */

static char *
reasons_of(const hk_wave_seen *s)
{
	GString *out = g_string_new(NULL);
	g_autofree char *text =
		g_strdup_printf("SMS wave: the command channel of %s ordered it (port %u)",
			s->family, s->port);

	hk_jsonw_open(out, '[');
	hk_jsonw_str(out, text);
	if (s->target) {
		g_autofree char *brand = g_strdup_printf("the message names %s", s->target);
		hk_jsonw_str(out, brand);
	}
	hk_jsonw_close(out, ']');
	return g_string_free(out, FALSE);
}

bool
hk_wave_open_case(hk_flow *flow, const hk_wave_seen *s, const hk_wave_link *link,
	hk_taken *ret_taken, GError **error)
{
	static const char *const labels[] = {"sms", NULL};
	g_autofree char *source = g_strconcat("c2:", s->family, NULL);
	g_autofree char *reasons = reasons_of(s);
	const hk_lead lead = {.url = link->url,
		.host = link->host,
		.domain = *link->site.domain ? link->site.domain : NULL,
		.private_suffix = link->site.private_suffix,
		.shared_host = link->site.shared,
		.kind = s->target ? NULL : "phishing_other",
		.target = s->target,
		.actor = s->actor,
		.source = source,
		.first_seen_ms = MIN(s->at_ms, flow->now_ms),
		.score = s->target ? HK_WAVE_SCORE : 0.8,
		.reasons = reasons,
		.labels = labels};

	return hk_case_take(flow, &lead, ret_taken, error);
}

bool
hk_wave_confirm(hk_flow *flow, const hk_wave_row *wave, GError **error)
{
	const hk_policy *policy = hk_flow_policy(flow, error);
	g_auto(hk_case_row) row = {0};
	bool is_short;

	if (!policy) {
		return false;
	}
	if (!policy->waves_confirm || wave->case_id == 0 || wave->target_id == 0) {
		return true;
	}
	if (!hk_cases_get(flow->db, wave->case_id, &row, error)) {
		return false;
	}
	/* What is reported is where a link leads, not whose service shortened it. */
	if (strcmp(row.state, "new") != 0 || row.deleted_ms != 0) {
		return true;
	}
	if (!hk_link_is_short(flow->db, row.url, &is_short, error)) {
		return false;
	}
	g_autofree char *note = g_strdup_printf(
		"Ordered by the command channel of %s: wave %" G_GINT64_FORMAT, wave->family,
		wave->id);
	return is_short || hk_case_move(flow, row.id, 0, "confirm", note, error);
}

/* ---- The card ---- */

/* In the form of S21; where the links lead is looked up when the card is made. */
static bool
tell(hk_flow *flow, const hk_wave_seen *s, int64_t wave_id, int64_t case_id, bool wait,
	GError **error)
{
	g_autoptr(GString) data = g_string_new(NULL);
	g_autofree char *text = g_utf8_substring(s->text, 0, MIN(g_utf8_strlen(s->text, -1), 300));

	hk_jsonw_open(data, '{');
	hk_jsonw_member_int(data, "wave", wave_id);
	hk_jsonw_member_str(data, "text", text);
	hk_jsonw_member_int(data, "port", s->port);
	hk_jsonw_member_int(data, "numbers", (int64_t)s->to_count);
	hk_jsonw_member_str(data, "shown", s->shown);
	hk_jsonw_member_str(data, "short",
		s->link_count > 0 && s->links[0].site.shortener ? s->links[0].url : "");
	hk_jsonw_close(data, '}');
	return hk_notice_later(flow, "wave.seen", case_id, data->str,
		flow->now_ms + (wait ? HK_WAVE_CARD_MS : 0), error);
}

/* ---- The wave ---- */

static bool
add_wave(hk_flow *flow, const hk_wave_seen *s, hk_wave_row *wave, GError **error)
{
	const hk_target_row *target = NULL;

	if (s->target && !hk_flow_target(flow, s->target, &target, error)) {
		return false;
	}
	*wave = (hk_wave_row){.target_id = target ? target->id : 0,
		.first_ms = s->at_ms,
		.last_ms = s->at_ms,
		.family = g_strdup(s->family),
		.text = g_strdup(s->text),
		.brands = g_strdup(s->brands)};
	if (!hk_wave_add(flow->db, wave, s->key, &wave->id, error)) {
		return false;
	}
	g_autoptr(GString) data = g_string_new(NULL);
	hk_jsonw_open(data, '{');
	hk_jsonw_member_str(data, "family", s->family);
	hk_jsonw_member_int(data, "port", s->port);
	if (s->target) {
		hk_jsonw_member_str(data, "target", s->target);
	}
	hk_jsonw_close(data, '}');
	hk_flow_note(flow, "wave.open", "wave", wave->id, 0, data->str);
	return true;
}

/* The numbers and links of one command. *ret_fresh: there is a link to follow. */
static bool
add_rest(hk_flow *flow, const hk_wave_seen *s, int64_t wave_id, bool *ret_fresh, GError **error)
{
	*ret_fresh = false;
	for (size_t i = 0; i < s->to_count; i++) {
		if (!hk_wave_number(flow->db, wave_id, s->to[i].hash, s->to[i].region, error)) {
			return false;
		}
	}
	for (size_t i = 0; i < s->link_count; i++) {
		int64_t id;
		bool fresh;
		if (!hk_link_put(flow->db, wave_id, s->links[i].url, s->links[i].site.shortener,
			    flow->now_ms, &id, &fresh, error)) {
			return false;
		}
		*ret_fresh = *ret_fresh || (fresh && s->links[i].site.shortener);
	}
	return !*ret_fresh || hk_wave_start(flow, error);
}

/* The first link that is a case's to be makes or finds it; those of later commands go into the same case. */
static bool
add_case(hk_flow *flow, const hk_wave_seen *s, hk_wave_row *wave, GError **error)
{
	for (size_t i = 0; i < s->link_count; i++) {
		const hk_wave_link *link = &s->links[i];
		if (link->official) {
			continue;
		}
		if (wave->case_id != 0) {
			if (!hk_wave_case_url(flow, wave->case_id, link, error)) {
				return false;
			}
			continue;
		}
		hk_taken taken;
		if (!hk_wave_open_case(flow, s, link, &taken, error) ||
			!hk_wave_case(flow->db, wave->id, taken.case_id, error)) {
			return false;
		}
		wave->case_id = taken.case_id;
		if (!link->site.shortener &&
			!hk_wave_landing(flow->db, wave->id, link->url, error)) {
			return false;
		}
	}
	return hk_wave_confirm(flow, wave, error);
}

static bool
put_command(hk_flow *flow, const hk_wave_seen *s, int64_t wave_id, hk_wave_taken *ret,
	GError **error)
{
	hk_c2_command_row row = {.session_id = s->session_id,
		.wave_id = wave_id,
		.at_ms = s->at_ms,
		.numbers = (int64_t)s->to_count,
		.masked = s->masked,
		.odd = s->odd,
		.doubles = s->doubles,
		.verb = s->verb,
		.word = s->word,
		.text = s->text};

	memcpy(row.frame, s->frame, sizeof row.frame);
	return hk_c2_command_add(flow->db, &row, &ret->command_id, error);
}

static bool
take_send(hk_flow *flow, const hk_wave_seen *s, hk_wave_taken *ret, GError **error)
{
	g_auto(hk_wave_row) wave = {0};
	bool fresh;

	if (!hk_db_lock(flow->db, "waves", error) ||
		!hk_wave_near(flow->db, s->family, s->key, s->at_ms, HK_WAVE_GAP_MS, &wave,
			error)) {
		return false;
	}
	ret->opened = wave.id == 0;
	if ((ret->opened && !add_wave(flow, s, &wave, error)) ||
		!put_command(flow, s, wave.id, ret, error)) {
		return false;
	}
	if (!hk_wave_grow(flow->db, wave.id, s->at_ms, error) ||
		!add_rest(flow, s, wave.id, &fresh, error) || !add_case(flow, s, &wave, error)) {
		return false;
	}
	ret->wave_id = wave.id;
	ret->case_id = wave.case_id;
	return !ret->opened || tell(flow, s, wave.id, wave.case_id, fresh, error);
}

bool
hk_wave_take(hk_flow *flow, const hk_wave_seen *s, hk_wave_taken *ret, GError **error)
{
	bool known;

	*ret = (hk_wave_taken){0};
	if (!hk_c2_command_known(flow->db, s->frame, &known, error)) {
		return false;
	}
	if (known) {
		return true;
	}
	return s->send ? take_send(flow, s, ret, error) : put_command(flow, s, 0, ret, error);
}
