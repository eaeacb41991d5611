/* c2_rig EGRESS HOST PORT [BEATS]: one session with stage B, the way hikeshi opens it: sys/ws, through the egress that the file EGRESS describes, as a stranger's address. Says
 * hello, then BEATS beats (1), and closes when nothing has come for QUIET_MS, or too much; prints what there was as a line of JSON. */
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/jsonw.h"
#include "sys/ws.h"

enum { QUIET_MS = 700, FRAMES_MAX = 2000, TEXTS_MAX = 5, LONG_MS = 60000 };

typedef struct session {
	GString *texts; /* elements of a JSON list */
	uint64_t frames, pings, pongs, binary, text_count, beats;
	bool opened, quiet, flood, over;
	hk_ws_end how;
	int code;
	int64_t last_ms;
} session;

static void
on_opened(void *user, hk_ws *ws, hk_span head)
{
	session *s = user;

	(void)head;
	s->opened = true;
	s->last_ms = hk_clock_mono_ms();
	hk_ws_send(ws, HK_WS_TEXT, HK_SPAN_LIT("{\"model\":\"rig\"}"));
	for (uint64_t i = 0; i < s->beats; i++) {
		hk_ws_send(ws, HK_WS_TEXT, HK_SPAN_LIT("心跳&ping"));
	}
}

static void
on_message(void *user, hk_ws *ws, hk_ws_kind kind, hk_span payload)
{
	session *s = user;

	s->last_ms = hk_clock_mono_ms();
	s->pings += kind == HK_WS_PING;
	s->pongs += kind == HK_WS_PONG;
	s->binary += kind == HK_WS_BINARY;
	if (kind == HK_WS_TEXT && s->text_count++ < TEXTS_MAX) {
		hk_jsonw_text(s->texts, payload);
	}
	if (++s->frames == FRAMES_MAX) {
		s->flood = true;
		hk_ws_close(ws, HK_WS_CODE_NORMAL);
	}
}

static void
on_ended(void *user, hk_ws *ws, hk_ws_end how, int code, const char *why)
{
	session *s = user;

	(void)ws;
	(void)why;
	s->over = true;
	s->how = how;
	s->code = code;
}

static void
print(session *s)
{
	g_autoptr(GString) out = g_string_new(NULL);

	hk_jsonw_open(out, '{');
	hk_jsonw_member_bool(out, "opened", s->opened);
	hk_jsonw_key(out, "texts");
	g_string_append(out, s->texts->str);
	g_string_append_c(out, ']');
	hk_jsonw_member_int(out, "pings", (int64_t)s->pings);
	hk_jsonw_member_int(out, "binary", (int64_t)s->binary);
	hk_jsonw_member_bool(out, "quiet", s->quiet);
	hk_jsonw_member_bool(out, "flood", s->flood);
	hk_jsonw_member_str(out, "end", hk_ws_end_name(s->how));
	hk_jsonw_member_int(out, "code", s->code);
	hk_jsonw_close(out, '}');
	puts(out->str);
}

int
main(int argc, char **argv)
{
	static const hk_ws_events events = {
		.opened = on_opened, .message = on_message, .ended = on_ended};
	g_autoptr(GError) error = NULL;
	uint64_t port = 0;
	session s = {.texts = g_string_new("["), .beats = 1, .last_ms = hk_clock_mono_ms()};

	hk_file_init();
	if (argc < 4 || hk_parse_u64(hk_span_str(argv[3]), UINT16_MAX, &port) != HK_OK ||
		(argc > 4 && hk_parse_u64(hk_span_str(argv[4]), 100, &s.beats) != HK_OK)) {
		fputs("c2_rig EGRESS HOST PORT [BEATS]\n", stderr);
		return 64;
	}
	g_autoptr(hk_egress) egress = hk_egress_new(argv[1], &error);
	g_autoptr(hk_ws_hub) hub = egress ? hk_ws_hub_new(egress, &error) : NULL;
	hk_ws_target target = {.host = argv[2],
		.port = (unsigned)port,
		.who = {.purpose = "c2", .requester = "rig"},
		.hand_ms = 5000};
	hk_ws *ws = hub ? hk_ws_open(hub, &target, &events, &s, &error) : NULL;
	if (!ws) {
		fprintf(stderr, "c2_rig: %s\n", error->message);
		return 70;
	}
	int64_t end_ms = hk_clock_mono_ms() + LONG_MS;
	while (!s.over && hk_clock_mono_ms() < end_ms) {
		hk_ws_hub_step(hub, 50, -1);
		if (!s.over && s.opened && !s.quiet && !s.flood &&
			hk_clock_mono_ms() > s.last_ms + QUIET_MS) {
			s.quiet = true;
			hk_ws_close(ws, HK_WS_CODE_NORMAL);
		}
	}
	print(&s);
	g_string_free(s.texts, TRUE);
	return s.over ? 0 : 75;
}
