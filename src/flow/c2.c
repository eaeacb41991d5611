#include "flow/c2.h"

#include <string.h>

#include "base/codec.h"
#include "flow/flow_int.h"
#include "flow/notice.h"
#include "flow/states.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"

/* ---- Alarms ---- */

enum { WHAT_MAX = 400 };

static bool
tell(hk_flow *flow, const char *event, const char *what, GError **error)
{
	g_autofree char *line = g_utf8_substring(what, 0, MIN(g_utf8_strlen(what, -1), WHAT_MAX));

	return hk_notice_say(flow, event, 0, 0, "what", line, error);
}

/* ---- Dead drops ---- */

static const char *
drop_act(const hk_c2_drop_seen *s, const hk_c2_drop_row *row)
{
	static const struct {
		int from, to;
		const char *act;
	} rows[] = {{404, 404, "miss"}, {410, 410, "miss"}, {400, 499, "refuse"}};

	/* "As before" is a name only where there was one. */
	bool same = s->status == 304 && row->named_id != 0 && strcmp(row->state, "unreadable") != 0;
	if (same || (s->status == 200 && s->addresses)) {
		return "name";
	}
	if (s->status == 200 || s->status == 304) {
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
	       tell(flow, "c2.moved", what, error);
}

static void
set_text(char **at, const char *text)
{
	char *copy = g_strdup(text);

	g_free(*at);
	*at = copy;
}

/* What the next question will name. Of a text that cannot be read nothing is kept: it is asked for whole again, and not taken for a name when it is "as before". */
static void
take_marks(hk_flow *flow, const hk_c2_drop_seen *s, hk_c2_drop_row *row)
{
	if (s->status == 200 && s->etag && row->etag && strcmp(s->etag, row->etag) != 0) {
		note_drop(flow, "c2.etag", s, row->id, row->etag, s->etag);
	}
	if (s->status == 200) {
		set_text(&row->etag, s->addresses ? s->etag : NULL);
		set_text(&row->modified, s->addresses ? s->modified : NULL);
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
	const hk_move *move = hk_move_find(HK_MACHINE_DROP, row.state, drop_act(s, &row));
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
	take_marks(flow, s, &row);
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

/* What the host looks like now. The first print is no change, and what another port has shown already is no news. */
static bool
take_print(hk_flow *flow, hk_c2_session_row *row, const GPtrArray *peers, const char *print,
	GError **error)
{
	bool told = false;

	if (!print || strlen(print) > HK_C2_PRINT_MAX || g_strcmp0(print, row->print) == 0) {
		return true;
	}
	g_autofree char *was = g_steal_pointer(&row->print);
	row->print = g_strdup(print);
	if (!was) {
		return true;
	}
	for (unsigned i = 0; i < peers->len; i++) {
		const hk_c2_session_row *peer = g_ptr_array_index(peers, i);
		told = told || g_strcmp0(peer->print, print) == 0;
	}
	g_autofree char *what = name_of(row);
	g_autoptr(GString) data = g_string_new(NULL);
	hk_jsonw_open(data, '{');
	hk_jsonw_member_str(data, "from", was);
	hk_jsonw_member_str(data, "to", print);
	hk_jsonw_close(data, '}');
	hk_flow_note(flow, "c2.print", "c2", row->id, 0, data->str);
	return told || tell(flow, "c2.print", what, error);
}

/* When the host's last alarm was told, if that is so little time ago that another would say the same; else 0. */
static int64_t
told_ms(const hk_flow *flow, const hk_c2_session_row *row, const GPtrArray *peers, bool back)
{
	int64_t last = back ? row->back_ms : row->alarmed_ms;

	for (unsigned i = 0; i < peers->len; i++) {
		const hk_c2_session_row *peer = g_ptr_array_index(peers, i);
		last = MAX(last, back ? peer->back_ms : peer->alarmed_ms);
	}
	return last > flow->now_ms - HK_C2_QUIET_MS ? last : 0;
}

/* An alarm of one port stands for all of its host's that fail within HK_C2_QUIET_MS. One that comes and goes within that time is told if it stays. */
static bool
unheard(hk_flow *flow, hk_c2_session_row *row, const GPtrArray *peers, GError **error)
{
	int64_t told = told_ms(flow, row, peers, false);
	bool stands = false;

	for (unsigned i = 0; i < peers->len; i++) {
		const hk_c2_session_row *peer = g_ptr_array_index(peers, i);
		stands = stands || (peer->alarmed == 1 && peer->alarmed_ms == told);
	}
	if (told != 0) {
		row->alarmed = stands ? 1 : 2;
		row->alarmed_ms = stands ? told : row->alarmed_ms;
		return true;
	}
	g_autofree char *what = name_of(row);
	row->alarmed = 1;
	row->alarmed_ms = flow->now_ms;
	return tell(flow, "c2.silent", what, error);
}

static bool
heard(hk_flow *flow, hk_c2_session_row *row, const GPtrArray *peers, GError **error)
{
	bool alarmed = row->alarmed == 1;

	row->failed = 0;
	row->opened++;
	row->opened_ms = flow->now_ms;
	row->alarmed = 0;
	if (!alarmed) {
		return true;
	}
	int64_t told = told_ms(flow, row, peers, true);
	row->back_ms = told != 0 ? told : flow->now_ms;
	g_autofree char *what = name_of(row);
	return told != 0 || tell(flow, "c2.back", what, error);
}

/* One failed try is the weather; several are an alarm, and so is one who is connected and does not answer. */
static bool
take_act(hk_flow *flow, hk_c2_session_row *row, const GPtrArray *peers, const char *act,
	GError **error)
{
	if (strcmp(act, "open") == 0) {
		return heard(flow, row, peers, error);
	}
	if (strcmp(act, "end") == 0) {
		row->alarmed = 0;
		return true;
	}
	row->failed++;
	bool enough = row->failed >= HK_C2_ALARM_TRIES || strcmp(act, "silence") == 0;
	return row->alarmed == 1 || (row->alarmed == 0 && !enough) ||
	       unheard(flow, row, peers, error);
}

bool
hk_c2_session_saw(hk_flow *flow, int64_t id, const char *act, const char *print, const char *why,
	GError **error)
{
	g_auto(hk_c2_session_row) row = {0};
	g_autoptr(GPtrArray) peers = NULL;

	if (!hk_c2_session_find(flow->db, id, &row, error) ||
		!hk_c2_session_peers(flow->db, &row, &peers, error)) {
		return false;
	}
	const hk_move *move = hk_move_find(HK_MACHINE_SESSION, row.state, act);
	if (!move) {
		return hk_error_set(
			error, HK_EPOLICY, "a session that is %s cannot %s", row.state, act);
	}
	if (strcmp(row.state, move->to) != 0) {
		set_text(&row.state, move->to);
		row.since_ms = flow->now_ms;
	}
	g_free(row.why);
	row.why = g_strdup(why);
	return take_print(flow, &row, peers, print, error) &&
	       take_act(flow, &row, peers, act, error) && hk_c2_session_set(flow->db, &row, error);
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

bool
hk_c2_reveal(hk_flow *flow, int64_t piece, GBytes **ret, GError **error)
{
	hk_c2_piece_row row;
	bool stamped;

	if (!hk_c2_piece_get(flow->db, piece, &row, &stamped, error) ||
		!hk_c2_sealed_get(flow->db, piece, ret, error)) {
		return false;
	}
	if (!*ret) {
		return hk_error_set(error, HK_ENOENT,
			"nothing is sealed of piece %" G_GINT64_FORMAT
			": its time is over, or nothing came in clear",
			piece);
	}
	hk_flow_note(flow, "c2.reveal", "c2", piece, 0, NULL);
	return true;
}
