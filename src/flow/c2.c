#include "flow/c2.h"

#include <string.h>

#include "base/codec.h"
#include "flow/flow_int.h"
#include "flow/notice.h"
#include "flow/states.h"
#include "store/notices.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"

/* ---- Alarms ---- */

/* An alarm about "FAMILY HOST:PORT", unless the like was told just now: five ports that fall silent together are one alarm. */
static bool
tell(hk_flow *flow, const char *event, const char *what, GError **error)
{
	bool told;

	return hk_notices_since(flow->db, event, flow->now_ms - HK_C2_QUIET_MS, &told, error) &&
	       (told || hk_notice_say(flow, event, 0, 0, "what", what, error));
}

/* ---- Dead drops ---- */

static const char *
drop_act(const hk_c2_drop_seen *s)
{
	static const struct {
		int from, to;
		const char *act;
	} rows[] = {{404, 404, "miss"}, {410, 410, "miss"}, {400, 499, "refuse"}};

	if (s->status == 304 || (s->status == 200 && s->addresses)) {
		return "name";
	}
	if (s->status == 200) {
		return "garble";
	}
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		if (s->status >= rows[i].from && s->status <= rows[i].to) {
			return rows[i].act;
		}
	}
	return "lose";
}

static void
note_drop(hk_flow *flow, const char *act, const hk_c2_drop_seen *s, int64_t id, const char *was,
	const char *is)
{
	g_autoptr(GString) data = g_string_new(NULL);

	hk_jsonw_open(data, '{');
	hk_jsonw_member_str(data, "family", s->family);
	hk_jsonw_member_str(data, "url", s->url);
	hk_jsonw_member_str(data, "from", was);
	hk_jsonw_member_str(data, "to", is);
	hk_jsonw_close(data, '}');
	hk_flow_note(flow, act, "c2", id, 0, data->str);
}

static bool
take_name(hk_flow *flow, const hk_c2_drop_seen *s, const hk_c2_drop_row *row, bool *ret_moved,
	GError **error)
{
	if (!s->addresses || g_strcmp0(s->addresses, row->address) == 0) {
		return row->named_id == 0 ||
		       hk_c2_named_seen(flow->db, row->named_id, flow->now_ms, error);
	}
	*ret_moved = true;
	g_autofree char *body = g_strndup(s->body ? s->body : "", HK_C2_BODY_MAX);
	g_autofree char *valid = g_utf8_make_valid(body, -1);
	g_autofree char *what = g_strdup_printf("%s: %s%s%s", s->family,
		row->address ? row->address : "", row->address ? " -> " : "", s->addresses);
	note_drop(flow, "c2.named", s, row->id, row->address ? row->address : "", s->addresses);
	return hk_c2_named_add(flow->db, row->id, s->addresses, valid, flow->now_ms, error) &&
	       hk_notice_say(flow, "c2.moved", 0, 0, "what", what, error);
}

static void
set_text(char **at, const char *text)
{
	if (text) {
		g_free(*at);
		*at = g_strdup(text);
	}
}

bool
hk_c2_drop_saw(hk_flow *flow, const hk_c2_drop_seen *s, bool *ret_moved, GError **error)
{
	g_auto(hk_c2_drop_row) row = {0};

	*ret_moved = false;
	if (!hk_c2_drop_get(flow->db, s->family, s->url, flow->now_ms, &row, error)) {
		return false;
	}
	const hk_move *move = hk_move_find(HK_MACHINE_DROP, row.state, drop_act(s));
	if (!move) {
		return hk_error_set(error, HK_EINTERNAL, "a dead drop is %s", row.state);
	}
	if (strcmp(row.state, move->to) != 0) {
		note_drop(flow, "c2.drop", s, row.id, row.state, move->to);
		set_text(&row.state, move->to);
		row.since_ms = flow->now_ms;
	}
	row.last_ms = flow->now_ms;
	row.status = s->status;
	set_text(&row.etag, s->etag);
	set_text(&row.modified, s->modified);
	bool naming = strcmp(move->act, "name") == 0;
	return (!naming || take_name(flow, s, &row, ret_moved, error)) &&
	       hk_c2_drop_set(flow->db, &row, s->why, error);
}

/* ---- Sessions ---- */

bool
hk_c2_session(hk_flow *flow, const char *family, const char *host, unsigned port, int64_t *ret_id,
	GError **error)
{
	g_auto(hk_c2_session_row) row = {0};

	if (!hk_c2_session_get(flow->db, family, host, port, flow->now_ms, &row, error)) {
		return false;
	}
	*ret_id = row.id;
	return true;
}

static char *
name_of(const hk_c2_session_row *row)
{
	return g_strdup_printf("%s: %s:%" G_GINT64_FORMAT, row->family, row->host, row->port);
}

/* What the host looks like now. The first print is no change. */
static bool
take_print(hk_flow *flow, hk_c2_session_row *row, const char *print, GError **error)
{
	if (!print || strlen(print) > HK_C2_PRINT_MAX || g_strcmp0(print, row->print) == 0) {
		return true;
	}
	g_autofree char *was = g_steal_pointer(&row->print);
	row->print = g_strdup(print);
	if (!was) {
		return true;
	}
	g_autofree char *what = name_of(row);
	g_autoptr(GString) data = g_string_new(NULL);
	hk_jsonw_open(data, '{');
	hk_jsonw_member_str(data, "from", was);
	hk_jsonw_member_str(data, "to", print);
	hk_jsonw_close(data, '}');
	hk_flow_note(flow, "c2.print", "c2", row->id, 0, data->str);
	return tell(flow, "c2.print", what, error);
}

/* One failed try is the weather; several are an alarm, and so is one who is connected and does not answer. */
static bool
take_trouble(hk_flow *flow, hk_c2_session_row *row, const char *act, bool was_alarmed,
	GError **error)
{
	g_autofree char *what = name_of(row);

	if (strcmp(act, "open") == 0) {
		row->failed = 0;
		row->opened++;
		row->opened_ms = flow->now_ms;
		return !was_alarmed || tell(flow, "c2.back", what, error);
	}
	if (strcmp(act, "end") == 0) {
		return true;
	}
	row->failed++;
	bool silent = strcmp(act, "silence") == 0;
	return was_alarmed || (!silent && row->failed < HK_C2_ALARM_TRIES) ||
	       tell(flow, "c2.silent", what, error);
}

bool
hk_c2_session_saw(hk_flow *flow, int64_t id, const char *act, const char *print, const char *why,
	GError **error)
{
	g_auto(hk_c2_session_row) row = {0};

	if (!hk_c2_session_find(flow->db, id, &row, error)) {
		return false;
	}
	const hk_move *move = hk_move_find(HK_MACHINE_SESSION, row.state, act);
	if (!move) {
		return hk_error_set(
			error, HK_EPOLICY, "a session that is %s cannot %s", row.state, act);
	}
	bool alarmed = row.failed >= HK_C2_ALARM_TRIES || strcmp(row.state, "silent") == 0;
	if (strcmp(row.state, move->to) != 0) {
		set_text(&row.state, move->to);
		row.since_ms = flow->now_ms;
	}
	g_free(row.why);
	row.why = g_strdup(why);
	return take_print(flow, &row, print, error) &&
	       take_trouble(flow, &row, act, alarmed, error) &&
	       hk_c2_session_set(flow->db, &row, error);
}

bool
hk_c2_session_beats(hk_flow *flow, int64_t id, int64_t at_ms, GError **error)
{
	return hk_c2_session_beat(flow->db, id, at_ms, error);
}

bool
hk_c2_end_others(
	hk_flow *flow, const char *family, const int64_t *kept, size_t count, GError **error)
{
	g_autoptr(GArray) running = NULL;

	if (!hk_c2_sessions_running(flow->db, family, &running, error)) {
		return false;
	}
	for (unsigned i = 0; i < running->len; i++) {
		int64_t id = g_array_index(running, int64_t, i);
		bool mine = false;
		for (size_t j = 0; j < count; j++) {
			mine = mine || kept[j] == id;
		}
		if (!mine && !hk_c2_session_saw(flow, id, "end", NULL, NULL, error)) {
			return false;
		}
	}
	return true;
}

/* ---- Records ---- */

bool
hk_c2_piece(hk_flow *flow, const hk_c2_piece_row *piece, hk_span sealed, int64_t until_ms,
	GError **error)
{
	char hex[65], key[32];
	int64_t id;

	if (!hk_c2_piece_add(flow->db, piece, sealed, until_ms, &id, error)) {
		return false;
	}
	if (id == 0) {
		return true;
	}
	hk_hex_encode(hk_span_of(piece->sha256, sizeof piece->sha256), hex);
	g_autoptr(GString) data = g_string_new(NULL);
	hk_jsonw_open(data, '{');
	hk_jsonw_member_int(data, "session", piece->session_id);
	hk_jsonw_member_int(data, "frames", piece->frames);
	hk_jsonw_member_str(data, "sha256", hex);
	hk_jsonw_close(data, '}');
	hk_flow_note(flow, "c2.piece", "c2", id, 0, data->str);
	g_snprintf(key, sizeof key, "c2:%" G_GINT64_FORMAT, id);
	return hk_flow_job(flow, "stamp", key, 0, NULL, flow->now_ms, error);
}
