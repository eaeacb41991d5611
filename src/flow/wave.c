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

char *
hk_wave_cut(const char *text, size_t max)
{
	size_t len = strlen(text);

	if (len > max) {
		/* Whole characters only. */
		for (len = max; len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80;) {
			len--;
		}
	}
	return g_strndup(text, len);
}

/* ---- The case ---- */

static char *
reasons_of(const hk_wave_seen *s)
{
	GString *out = g_string_new(NULL);
	g_autofree char *port =
		s->port != 0 ? g_strdup_printf(" (port %u)", s->port) : g_strdup("");
	g_autofree char *text = g_strdup_printf(
		"SMS wave: the command channel of %s ordered it%s", s->family, port);

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
	hk_lead lead = {.url = link->url,
		.host = link->host,
		.domain = *link->site.domain ? link->site.domain : NULL,
		.private_suffix = link->site.private_suffix,
		.shared_host = link->site.shared,
		.kind = s->target ? NULL : "phishing_other",
		.target = s->target,
		.source = source,
		.first_seen_ms = MIN(s->at_ms, flow->now_ms),
		.score = s->target ? HK_WAVE_SCORE : 0.8,
		.reasons = reasons,
		.urgent = true,
		.labels = labels};
	int64_t actor = 0;

	/* A family's file may name an actor that this house does not keep: the alarm is worth more. */
	if (s->actor && !hk_lookup_actor(flow->db, s->actor, &actor, error)) {
		return false;
	}
	lead.actor = actor != 0 ? s->actor : NULL;
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
	if (!hk_cases_lock(flow->db, wave->case_id, &row, error)) {
		return false;
	}
	/* What is reported is where a link leads, not whose service shortened it. */
	if (strcmp(row.state, "new") != 0 || row.deleted_ms != 0) {
		return true;
	}
	if (!hk_link_is_short(flow->db, row.url, &is_short, error)) {
		return false;
	}
	g_autofree char *note =
		g_strdup_printf("Ordered by the command channel of %s: wave %" G_GINT64_FORMAT,
			wave->family, wave->id);
	return is_short || hk_case_move(flow, row.id, 0, "confirm", note, error);
}

/* ---- The card ---- */

/* In the form of S21; where the links lead is looked up when the card is made. */
static bool
tell(hk_flow *flow, const hk_wave_seen *s, const hk_wave_row *wave, bool wait, GError **error)
{
	int64_t card_ms = flow->now_ms + (wait ? HK_WAVE_CARD_MS : 0);
	g_autoptr(GString) data = g_string_new(NULL);
	g_autofree char *text = hk_wave_cut(s->text, HK_WAVE_CARD_TEXT);
	g_autofree char *shown = hk_wave_cut(s->shown, HK_WAVE_CARD_TEXT);
	g_autofree char *link =
		hk_wave_cut(s->link_count > 0 && s->links[0].site.shortener ? s->links[0].url : "",
			HK_WAVE_CARD_URL);

	hk_jsonw_open(data, '{');
	hk_jsonw_member_int(data, "wave", wave->id);
	hk_jsonw_member_str(data, "text", text);
	hk_jsonw_member_int(data, "port", s->port);
	hk_jsonw_member_int(data, "numbers", (int64_t)s->to_count);
	hk_jsonw_member_str(data, "shown", shown);
	hk_jsonw_member_str(data, "short", link);
	hk_jsonw_close(data, '}');
	return hk_wave_card(flow->db, wave->id, card_ms, error) &&
	       hk_notice_later(flow, "wave.seen", wave->case_id, data->str, card_ms, error);
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
		.text = hk_wave_cut(s->text, HK_WAVE_TEXT_MAX),
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

static bool
add_numbers(hk_flow *flow, const hk_wave_seen *s, int64_t wave_id, GError **error)
{
	enum { CHUNK = 1000 };
	g_autoptr(GByteArray) hashes = g_byte_array_new();
	g_autoptr(GString) regions = g_string_new(NULL);

	for (size_t i = 0; i < s->to_count; i++) {
		g_byte_array_append(hashes, s->to[i].hash, HK_WAVE_HASH);
		g_string_append_printf(
			regions, "%-*.*s", HK_WAVE_REGION, HK_WAVE_REGION, s->to[i].region);
		if (hashes->len < CHUNK * HK_WAVE_HASH && i + 1 < s->to_count) {
			continue;
		}
		if (!hk_wave_numbers(flow->db, wave_id, hk_span_of(hashes->data, hashes->len),
			    regions->str, error)) {
			return false;
		}
		g_byte_array_set_size(hashes, 0);
		g_string_truncate(regions, 0);
	}
	return s->to_count == 0 || hk_wave_count(flow->db, wave_id, error);
}

/* The numbers and links of one command. *ret_wait: there is a link to follow. */
static bool
add_rest(hk_flow *flow, const hk_wave_seen *s, int64_t wave_id, bool *ret_wait, GError **error)
{
	*ret_wait = false;
	if (!add_numbers(flow, s, wave_id, error)) {
		return false;
	}
	for (size_t i = 0; i < MIN(s->link_count, HK_WAVE_LINKS_MAX); i++) {
		int64_t id;
		bool due;
		if (!hk_link_put(flow->db, wave_id, s->links[i].url, s->links[i].site.shortener,
			    flow->now_ms, &id, &due, error)) {
			return false;
		}
		*ret_wait = *ret_wait || due;
	}
	return !*ret_wait || hk_wave_start(flow, error);
}

/* A link that leads on goes into the wave's case; one that is a site itself is a case of its own, if it is not the same. */
static bool
add_to_case(hk_flow *flow, const hk_wave_seen *s, const hk_wave_link *link, hk_wave_row *wave,
	GError **error)
{
	hk_taken taken;

	if (wave->case_id != 0 && link->site.shortener) {
		return hk_wave_case_url(flow, wave->case_id, link, error);
	}
	if (!hk_wave_open_case(flow, s, link, &taken, error)) {
		return false;
	}
	int64_t first = wave->case_id;
	if (first == 0 || !link->site.shortener) {
		wave->case_id = taken.case_id;
	}
	if (!hk_wave_case(flow->db, wave->id, wave->case_id, error) ||
		!hk_wave_siblings(flow, first, wave->case_id, error)) {
		return false;
	}
	if (link->site.shortener) {
		return true;
	}
	g_free(wave->landing);
	wave->landing = g_strdup(link->url);
	return hk_wave_landing(flow->db, wave->id, link->url, error) &&
	       hk_wave_confirm(flow, wave, error);
}

/* The first link that is a case's to be makes or finds it. */
static bool
add_cases(hk_flow *flow, const hk_wave_seen *s, hk_wave_row *wave, GError **error)
{
	for (size_t i = 0; i < MIN(s->link_count, HK_WAVE_LINKS_MAX); i++) {
		const hk_wave_link *link = &s->links[i];
		if (!link->official && !add_to_case(flow, s, link, wave, error)) {
			return false;
		}
	}
	return hk_wave_confirm(flow, wave, error);
}

static bool
put_command(
	hk_flow *flow, const hk_wave_seen *s, int64_t wave_id, hk_wave_taken *ret, GError **error)
{
	g_autofree char *text = hk_wave_cut(s->text, HK_WAVE_TEXT_MAX);
	hk_c2_command_row row = {.session_id = s->session_id,
		.wave_id = wave_id,
		.at_ms = s->at_ms,
		.numbers = (int64_t)s->to_count,
		.masked = s->masked,
		.odd = s->odd,
		.doubles = s->doubles,
		.verb = s->verb,
		.word = s->word,
		.text = text};

	memcpy(row.frame, s->frame, sizeof row.frame);
	return hk_c2_command_add(flow->db, &row, &ret->command_id, error);
}

static bool
take_send(hk_flow *flow, const hk_wave_seen *s, hk_wave_taken *ret, GError **error)
{
	g_auto(hk_wave_row) wave = {0};
	bool wait;

	if (!hk_wave_near(flow->db, s->family, s->key, s->at_ms, HK_WAVE_GAP_MS, &wave, error)) {
		return false;
	}
	ret->opened = wave.id == 0;
	bool bare = wave.case_id == 0;
	if ((ret->opened && !add_wave(flow, s, &wave, error)) ||
		!put_command(flow, s, wave.id, ret, error) ||
		!hk_wave_grow(flow->db, wave.id, s->at_ms, error) ||
		!add_rest(flow, s, wave.id, &wait, error) || !add_cases(flow, s, &wave, error)) {
		return false;
	}
	ret->wave_id = wave.id;
	ret->case_id = wave.case_id;
	/* One that began without a link is told again when it has one. */
	bool news = ret->opened || (bare && wave.case_id != 0);
	return !news || tell(flow, s, &wave, wait, error);
}

bool
hk_wave_take(hk_flow *flow, const hk_wave_seen *s, hk_wave_taken *ret, GError **error)
{
	bool known;

	*ret = (hk_wave_taken){0};
	/* First: who waits for it sees what the other has taken. */
	if (!hk_db_lock(flow->db, "waves", error) ||
		!hk_c2_command_known(flow->db, s->frame, &known, error)) {
		return false;
	}
	if (known) {
		return true;
	}
	return s->send ? take_send(flow, s, ret, error) : put_command(flow, s, 0, ret, error);
}
