/* nocheck: tested in tests/scenario/bell.t */
#include "role/bell_line.h"

#include <string.h>

#include "base/num.h"
#include "parse/ipaddr.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"
#include "sys/log.h"

enum { AGAIN_MS = 1000, BEATS_MS = 30000, MASKED_MAX = 8000, DAY_MS = 86400000 };

const hk_who hk_bell_who = {.login = "auto", .via = "watch", .address = ""};

/* A frame that waits for the database. */
typedef struct waiting {
	int64_t at_ms;
	GBytes *frame;
} waiting;

struct hk_bell_line {
	hk_bell_house *house;
	const hk_family *family;
	unsigned port;
	hk_ear_session *session; /* NULL: an orphan */
	int64_t id;
	hk_record *record;
	GQueue waits;    /* of waiting */
	bool behind;     /* more than HK_BELL_WAIT_MAX waited: the record is read again */
	int64_t last_ms; /* of the last line: no two have the same time */
	int64_t beats_ms, beats_told_ms;
	/* A state that is not written yet: the latest. */
	const char *act;
	char *why, *print;
};

static void
waiting_free(gpointer data)
{
	waiting *w = data;

	g_bytes_unref(w->frame);
	g_free(w);
}

/* ---- The house ---- */

bool
hk_bell_house_init(hk_bell_house *h, const hk_opts *opts, GError **error)
{
	const hk_blobs_config blobs = hk_blobs_config_of(opts);
	g_autofree uint8_t *key = hk_key_load(hk_opts_str(opts, HK_OPT_C2_KEY), error);

	*h = (hk_bell_house){.opts = opts,
		.lines = g_ptr_array_new(),
		.piece_ms = hk_opts_int(opts, HK_OPT_C2_PIECE),
		.keep_ms = hk_opts_int(opts, HK_OPT_C2_KEEP) * DAY_MS};
	if (!key) {
		return false;
	}
	memcpy(h->key, key, sizeof h->key);
	hk_secret_wipe(key, sizeof h->key);
	h->folder = g_build_filename(hk_opts_str(opts, HK_OPT_STATE), "c2", NULL);
	h->sites = hk_sites_new(
		hk_opts_str(opts, HK_OPT_SUFFIXES), hk_opts_str(opts, HK_OPT_SHARED_HOSTS), error);
	if (!h->sites || !(h->blobs = hk_blobs_open(&blobs, error))) {
		return false;
	}
	h->taker = hk_bell_taker_new(h->sites, h->key);
	/* Without the file nobody says where a server stands; that is no reason not to listen. */
	h->loc = hk_loc_open(NULL, NULL, NULL);
	return true;
}

void
hk_bell_house_clear(hk_bell_house *h)
{
	hk_bell_house_leave(h);
	g_clear_pointer(&h->lines, g_ptr_array_unref);
	g_clear_pointer(&h->taker, hk_bell_taker_free);
	g_clear_pointer(&h->sites, hk_sites_free);
	g_clear_pointer(&h->blobs, hk_blobs_free);
	g_clear_pointer(&h->loc, hk_loc_free);
	g_clear_pointer(&h->folder, g_free);
	hk_secret_wipe(h->key, sizeof h->key);
}

bool
hk_bell_house_enter(hk_bell_house *h, GError **error)
{
	if (h->flow) {
		return true;
	}
	h->db = hk_db_open(hk_opts_str(h->opts, HK_OPT_DATABASE), error);
	h->flow = h->db ? hk_flow_new(h->db, hk_opts_str(h->opts, HK_OPT_AUDIT_KEY), error) : NULL;
	if (!h->flow) {
		hk_bell_house_leave(h);
	}
	return h->flow != NULL;
}

void
hk_bell_house_leave(hk_bell_house *h)
{
	g_clear_pointer(&h->flow, hk_flow_free);
	g_clear_pointer(&h->db, hk_db_close);
}

/* ---- What is heard ---- */

/* A time for each line, whatever the clock does: by it a frame is known again. */
static int64_t
stamp(hk_bell_line *line)
{
	line->last_ms = MAX(hk_clock_wall_ms(), line->last_ms + 1);
	return line->last_ms;
}

static char *
masked_of(const hk_bell_line *line, hk_span bytes, hk_command **ret)
{
	*ret = hk_command_read(line->family, bytes);
	if (!*ret) {
		return NULL;
	}
	g_autofree char *all = hk_bell_masked(*ret);
	g_autofree char *cut = g_strndup(all, MASKED_MAX);
	return g_utf8_make_valid(cut, -1);
}

static void
put_behind(hk_bell_line *line)
{
	g_queue_clear_full(&line->waits, waiting_free);
	line->behind = true;
}

static void
heard(void *user, hk_ear_session *session, bool out, const char *kind, hk_span bytes, bool pong)
{
	hk_bell_line *line = hk_ear_user(session);
	bool text = strcmp(kind, "text") == 0;
	bool command = !out && text && !pong;
	g_autoptr(hk_command) read = NULL;
	g_autoptr(GError) error = NULL;

	(void)user;
	if (!line) {
		return;
	}
	if (pong) {
		line->beats_ms = hk_clock_wall_ms();
	}
	/* What we say ourselves is synthetic; what they say may name people. */
	g_autofree char *masked = out && text ? g_strndup((const char *)bytes.data, bytes.len)
				  : command   ? masked_of(line, bytes, &read)
					      : NULL;
	const hk_record_line row = {.at_ms = stamp(line),
		.out = out,
		.kind = kind,
		.bytes = bytes,
		.masked = masked,
		.command = command};
	if (!hk_record_add(line->record, &row, &error)) {
		hk_log(HK_EVENT_C2_RECORD, HK_F_STR("reason", error->message));
	}
	if (!command) {
		return;
	}
	if (line->behind || g_queue_get_length(&line->waits) >= HK_BELL_WAIT_MAX) {
		put_behind(line);
		return;
	}
	waiting *w = g_new(waiting, 1);
	w->at_ms = row.at_ms;
	w->frame = g_bytes_new(bytes.data, bytes.len);
	g_queue_push_tail(&line->waits, w);
}

/* What the host looks like: what its answer to the opening request says of it, and where its address lies. Nobody is asked. */
static char *
print_of(const hk_bell_line *line, const char *head)
{
	g_autoptr(GString) out = g_string_new(NULL);
	hk_ipaddr addr;
	hk_place place = {0};

	if (line->house->loc &&
		hk_ipaddr_parse(hk_span_str(hk_ear_host(line->session)), &addr) == HK_OK) {
		(void)hk_loc_find(line->house->loc, &addr, &place);
	}
	hk_jsonw_open(out, '{');
	hk_jsonw_member_int(out, "as", place.asn);
	hk_jsonw_member_str(out, "as_name", place.as_name);
	hk_jsonw_member_str(out, "country", place.country);
	hk_jsonw_key(out, "answer");
	hk_jsonw_open(out, '[');
	for (const char *at = head; *at;) {
		size_t len = strcspn(at, "\r\n");
		/* These differ with each connection. */
		if (len > 0 && g_ascii_strncasecmp(at, "Sec-WebSocket-Accept:", 21) != 0 &&
			g_ascii_strncasecmp(at, "Date:", 5) != 0) {
			hk_jsonw_text(out, hk_span_of(at, len));
		}
		at += len + strspn(at + len, "\r\n");
	}
	hk_jsonw_close(out, ']');
	hk_jsonw_close(out, '}');
	return g_strdup(out->str);
}

static void
changed(void *user, hk_ear_session *session, hk_ear_what what, const char *text)
{
	static const char *const acts[] = {[HK_EAR_OPEN] = "open",
		[HK_EAR_SILENT] = "silence",
		[HK_EAR_REFUSED] = "refuse",
		[HK_EAR_LOST] = "lose"};
	hk_bell_line *line = hk_ear_user(session);
	g_autoptr(GError) error = NULL;
	bool open = what == HK_EAR_OPEN;

	(void)user;
	if (!line) {
		return;
	}
	g_autofree char *note =
		g_strdup_printf("%s%s%s", acts[what], open ? "" : ": ", open ? "" : text);
	const hk_record_line row = {.at_ms = stamp(line), .kind = "note", .masked = note};
	if (!hk_record_add(line->record, &row, &error)) {
		hk_log(HK_EVENT_C2_RECORD, HK_F_STR("reason", error->message));
	}
	line->act = acts[what];
	g_free(line->why);
	line->why = open ? NULL : g_strdup(text);
	if (open) {
		g_free(line->print);
		line->print = print_of(line, text);
	}
}

const hk_ear_sink hk_bell_sink = {changed, heard};

/* ---- Into the database ---- */

static bool
put_state(hk_flow *flow, void *user, GError **error)
{
	const hk_bell_line *line = user;

	return hk_c2_session_saw(flow, line->id, line->act, line->print, line->why, error);
}

static bool
take(hk_bell_line *line, int64_t at_ms, hk_span frame, GError **error)
{
	const hk_bell_from from = {
		.family = line->family, .session_id = line->id, .port = line->port, .at_ms = at_ms};
	hk_wave_taken taken;

	if (!hk_bell_take(line->house->taker, line->house->flow, &from, frame, &taken, error)) {
		return false;
	}
	if (taken.opened) {
		hk_log(HK_EVENT_C2_WAVE, HK_F_STR("family", line->family->name),
			HK_F_INT("wave", taken.wave_id), HK_F_INT("case", taken.case_id));
	}
	return true;
}

static bool
take_again(void *user, int64_t at_ms, hk_span frame, GError **error)
{
	return take(user, at_ms, frame, error);
}

static bool
flush_line(hk_bell_line *line, GError **error)
{
	hk_flow *flow = line->house->flow;

	if (line->act) {
		if (!hk_flow_do(flow, &hk_bell_who, put_state, line, error)) {
			return false;
		}
		line->act = NULL;
	}
	if (line->behind) {
		if (!hk_record_each(line->record, take_again, line, error)) {
			return false;
		}
		line->behind = false;
	}
	for (const waiting *w; (w = g_queue_peek_head(&line->waits));) {
		gsize len;
		const void *data = g_bytes_get_data(w->frame, &len);
		if (!take(line, w->at_ms, hk_span_of(data, len), error)) {
			return false;
		}
		waiting_free(g_queue_pop_head(&line->waits));
	}
	return true;
}

static bool
flush(hk_bell_house *h, GError **error)
{
	if (!hk_bell_house_enter(h, error)) {
		return false;
	}
	for (unsigned i = 0; i < h->lines->len; i++) {
		if (!flush_line(h->lines->pdata[i], error)) {
			return false;
		}
	}
	return true;
}

void
hk_bell_house_flush(hk_bell_house *h)
{
	g_autoptr(GError) error = NULL;
	int64_t now = hk_clock_mono_ms();

	if (now < h->again_ms || flush(h, &error)) {
		return;
	}
	hk_log(HK_EVENT_STORE_AWAY, HK_F_STR("reason", error->message));
	if (h->flow) {
		hk_flow_rollback(h->flow);
	}
	hk_bell_house_leave(h);
	h->again_ms = now + AGAIN_MS;
}

/* ---- Pieces ---- */

typedef struct closing {
	hk_bell_line *line;
	hk_record_piece piece;
	hk_c2_piece_row row;
} closing;

static bool
put_piece(hk_flow *flow, void *user, GError **error)
{
	const closing *c = user;
	gsize len = 0;
	const void *sealed = c->piece.sealed ? g_bytes_get_data(c->piece.sealed, &len) : NULL;

	return hk_c2_piece(flow, &c->row, hk_span_of(sealed, len),
		hk_flow_now(flow) + c->line->house->keep_ms, error);
}

/* Blob, then the row, then the file: whichever comes last, nothing is lost, and the same piece again is the same row. */
static bool
close_piece(hk_bell_line *line, GError **error)
{
	hk_bell_house *h = line->house;
	closing c = {.line = line};
	uint8_t previous[32];
	bool any;

	if (!hk_c2_piece_last(h->db, line->id, &any, previous, error) ||
		!hk_record_cut(line->record, any ? previous : NULL, &c.piece, error)) {
		return false;
	}
	gsize len;
	const void *lines = g_bytes_get_data(c.piece.lines, &len);
	c.row = (hk_c2_piece_row){.session_id = line->id,
		.begun_ms = c.piece.begun_ms,
		.ended_ms = c.piece.ended_ms,
		.frames = c.piece.frames,
		.commands = c.piece.commands,
		.bytes = (int64_t)len};
	bool good = hk_blobs_put(h->blobs, hk_span_of(lines, len), c.row.sha256, error) &&
		    hk_flow_do(h->flow, &hk_bell_who, put_piece, &c, error) &&
		    hk_record_drop(line->record, error);
	hk_record_piece_clear(&c.piece);
	return good;
}

static bool
put_beats(hk_flow *flow, void *user, GError **error)
{
	hk_bell_house *h = user;

	for (unsigned i = 0; i < h->lines->len; i++) {
		hk_bell_line *line = h->lines->pdata[i];
		if (line->beats_ms > line->beats_told_ms + BEATS_MS ||
			(line->beats_ms > 0 && line->beats_told_ms == 0)) {
			if (!hk_c2_session_beats(flow, line->id, line->beats_ms, error)) {
				return false;
			}
			line->beats_told_ms = line->beats_ms;
		}
	}
	return true;
}

static bool
tidy(hk_bell_house *h, bool all, GError **error)
{
	int64_t now = hk_clock_wall_ms();

	if (!hk_flow_do(h->flow, &hk_bell_who, put_beats, h, error)) {
		return false;
	}
	for (unsigned i = 0; i < h->lines->len; i++) {
		hk_bell_line *line = h->lines->pdata[i];
		bool due = hk_record_frames(line->record) > 0 &&
			   (all || now - hk_record_begun(line->record) >= h->piece_ms ||
				   hk_record_bytes(line->record) >= HK_RECORD_PIECE_MAX);
		if (due && !line->behind && g_queue_is_empty(&line->waits) &&
			!close_piece(line, error)) {
			return false;
		}
	}
	return true;
}

bool
hk_bell_house_tidy(hk_bell_house *h, GError **error)
{
	return tidy(h, false, error);
}

void
hk_bell_house_finish(hk_bell_house *h)
{
	g_autoptr(GError) error = NULL;

	if (!flush(h, &error) || !tidy(h, true, &error)) {
		hk_log(HK_EVENT_STORE_AWAY, HK_F_STR("reason", error->message));
	}
}

/* ---- Lines ---- */

static void
line_free(gpointer data)
{
	hk_bell_line *line = data;

	g_ptr_array_remove(line->house->lines, line);
	g_queue_clear_full(&line->waits, waiting_free);
	hk_record_close(line->record);
	g_free(line->why);
	g_free(line->print);
	g_free(line);
}

static bool
find_session(hk_flow *flow, void *user, GError **error)
{
	hk_bell_line *line = user;

	return hk_c2_session(flow, line->family->name, hk_ear_host(line->session),
		hk_ear_port(line->session), &line->id, error);
}

bool
hk_bell_line_new(hk_bell_house *h, const hk_family *family, hk_ear_session *session, GError **error)
{
	hk_bell_line *line = g_new0(hk_bell_line, 1);

	line->house = h;
	line->family = family;
	line->session = session;
	line->port = hk_ear_port(session);
	g_queue_init(&line->waits);
	if (!hk_flow_do(h->flow, &hk_bell_who, find_session, line, error)) {
		g_free(line);
		return false;
	}
	const hk_record_of of = {.family = family->name,
		.host = hk_ear_host(session),
		.port = hk_ear_port(session),
		.beat = family->beat,
		.pong = family->pong,
		.session_id = line->id,
		.key = h->key};
	line->record = hk_record_open(h->folder, &of, error);
	if (!line->record) {
		g_free(line);
		return false;
	}
	/* What a process that died had written down, and perhaps not handed over. */
	line->behind = hk_record_frames(line->record) > 0;
	g_ptr_array_add(h->lines, line);
	hk_ear_set_user(session, line, line_free);
	return true;
}

bool
hk_bell_line_end(hk_bell_line *line, GError **error)
{
	return flush_line(line, error) &&
	       (hk_record_frames(line->record) == 0 || close_piece(line, error));
}

/* ---- Records that nobody goes on with ---- */

/* The number in "12.jsonl"; 0: another file. */
static int64_t
number_of(const char *name)
{
	uint64_t id = 0;

	if (!g_str_has_suffix(name, ".jsonl") ||
		hk_parse_u64(hk_span_of(name, strlen(name) - strlen(".jsonl")), INT64_MAX, &id) !=
			HK_OK) {
		return 0;
	}
	return (int64_t)id;
}

static bool
is_listened_to(const hk_bell_house *h, int64_t id)
{
	for (unsigned i = 0; i < h->lines->len; i++) {
		if (((const hk_bell_line *)h->lines->pdata[i])->id == id) {
			return true;
		}
	}
	return false;
}

/* A family whose file is gone leaves its record where it is: nobody can read it. */
static bool
end_orphan(hk_bell_house *h, const GPtrArray *families, int64_t id, GError **error)
{
	g_auto(hk_c2_session_row) row = {0};

	if (!hk_c2_session_find(h->db, id, &row, error)) {
		return false;
	}
	const hk_family *family = hk_family_of(families, row.family);
	if (!family) {
		return true;
	}
	const hk_record_of of = {.family = row.family,
		.host = row.host,
		.port = (unsigned)row.port,
		.beat = family->beat,
		.pong = family->pong,
		.session_id = id,
		.key = h->key};
	hk_bell_line line = {.house = h, .family = family, .port = (unsigned)row.port, .id = id};
	g_queue_init(&line.waits);
	line.record = hk_record_open(h->folder, &of, error);
	line.behind = line.record && hk_record_frames(line.record) > 0;
	bool good = line.record && hk_bell_line_end(&line, error);
	hk_record_close(line.record);
	return good;
}

bool
hk_bell_house_orphans(hk_bell_house *h, const GPtrArray *families, GError **error)
{
	g_autoptr(GDir) dir = g_dir_open(h->folder, 0, NULL);
	const char *name;

	/* Without a folder there is no record yet. */
	while (dir && (name = g_dir_read_name(dir))) {
		int64_t id = number_of(name);
		if (id != 0 && !is_listened_to(h, id) && !end_orphan(h, families, id, error)) {
			return false;
		}
	}
	return true;
}

int64_t
hk_bell_line_id(const hk_bell_line *line)
{
	return line ? line->id : 0;
}

char *
hk_bell_address(const char **at)
{
	const char *begin = *at + strspn(*at, " ");
	size_t len = strcspn(begin, " ");

	*at = begin + len;
	return len > 0 ? g_strndup(begin, len) : NULL;
}

char *
hk_bell_host(const char *address, unsigned *ret_port)
{
	const char *colon = strrchr(address, ':');
	uint64_t port;

	if (!colon || colon == address ||
		hk_parse_u64(hk_span_str(colon + 1), 65535, &port) != HK_OK || port == 0) {
		return NULL;
	}
	if (ret_port) {
		*ret_port = (unsigned)port;
	}
	return *address == '[' && colon[-1] == ']'
		       ? g_strndup(address + 1, (gsize)(colon - address - 2))
		       : g_strndup(address, (gsize)(colon - address));
}
