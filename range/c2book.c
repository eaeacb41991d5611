#include "c2book.h"

#include <string.h>

#include "base/utf8.h"
#include "sys/clock.h"
#include "sys/jsonw.h"

static const char *const said_names[] = {
	"hello", "beat", "pong", "close", "text", "binary", "ping", "broken"};

typedef struct frame {
	rg_said said;
	unsigned count; /* the same one so often in a row */
	int64_t first_ms, last_ms;
	int code;
	size_t len;
	GBytes *bytes; /* at most RG_BOOK_TEXT_MAX of them */
} frame;

struct rg_book_session {
	unsigned number, port;
	int64_t opened_ms, ended_ms;
	const char *how; /* static, or NULL: it is open */
	GString *request;
	bool websocket;
	GPtrArray *frames;
	uint64_t more; /* frames that were not kept */
	unsigned strange;
};

typedef struct command {
	unsigned port;
	int64_t at_ms;
	char *text;
} command;

/* What became of a command with one client; session 0: nobody was there. */
typedef struct told {
	unsigned command, session;
	int64_t at_ms;
	bool whole, confirmed;
} told;

struct rg_book {
	GPtrArray *sessions; /* number n stands at n - 1 */
	GPtrArray *commands;
	unsigned commands_before;
	GArray *tolds;
	uint64_t strange;
};

static void
frame_free(gpointer data)
{
	frame *f = data;

	g_bytes_unref(f->bytes);
	g_free(f);
}

static void
session_free(gpointer data)
{
	rg_book_session *s = data;

	g_string_free(s->request, TRUE);
	g_ptr_array_unref(s->frames);
	g_free(s);
}

static void
command_free(gpointer data)
{
	command *c = data;

	g_free(c->text);
	g_free(c);
}

rg_book *
rg_book_new(void)
{
	rg_book *book = g_new0(rg_book, 1);

	book->sessions = g_ptr_array_new_with_free_func(session_free);
	book->commands = g_ptr_array_new_with_free_func(command_free);
	book->tolds = g_array_new(FALSE, FALSE, sizeof(told));
	return book;
}

void
rg_book_free(rg_book *book)
{
	if (book) {
		g_ptr_array_unref(book->sessions);
		g_ptr_array_unref(book->commands);
		g_array_unref(book->tolds);
		g_free(book);
	}
}

/* ---- What clients do ---- */

rg_book_session *
rg_book_open(rg_book *book, unsigned port)
{
	if (book->sessions->len >= RG_BOOK_SESSIONS_MAX) {
		return NULL;
	}
	rg_book_session *s = g_new0(rg_book_session, 1);

	g_ptr_array_add(book->sessions, s);
	s->number = book->sessions->len;
	s->port = port;
	s->opened_ms = hk_clock_wall_ms();
	s->request = g_string_new(NULL);
	s->frames = g_ptr_array_new_with_free_func(frame_free);
	return s;
}

unsigned
rg_book_number(const rg_book_session *session)
{
	return session ? session->number : 0;
}

void
rg_book_asked(rg_book_session *session, hk_span head, bool websocket)
{
	if (session) {
		session->websocket = websocket;
		g_string_append_len(session->request, (const char *)head.data, (gssize)head.len);
	}
}

/* Beats and pongs come by the thousand: the same one again, or another pong, is counted. */
static bool
is_again(const rg_book_session *s, rg_said said, int code, hk_span bytes)
{
	const frame *last = s->frames->len > 0 ? s->frames->pdata[s->frames->len - 1] : NULL;

	if (!last || last->said != said || last->code != code) {
		return false;
	}
	return said == RG_SAID_PONG ||
	       (last->len == bytes.len && bytes.len <= RG_BOOK_TEXT_MAX &&
		       (bytes.len == 0 || memcmp(g_bytes_get_data(last->bytes, NULL), bytes.data,
						  bytes.len) == 0));
}

void
rg_book_said(rg_book *book, rg_book_session *session, rg_said said, int code, hk_span bytes)
{
	int64_t now_ms = hk_clock_wall_ms();

	book->strange += said >= RG_SAID_STRANGE;
	if (!session) {
		return;
	}
	session->strange += said >= RG_SAID_STRANGE;
	if (is_again(session, said, code, bytes)) {
		frame *last = session->frames->pdata[session->frames->len - 1];
		last->count++;
		last->last_ms = now_ms;
		return;
	}
	if (session->frames->len >= RG_BOOK_FRAMES_MAX) {
		session->more++;
		return;
	}
	frame *f = g_new0(frame, 1);
	*f = (frame){.said = said,
		.count = 1,
		.first_ms = now_ms,
		.last_ms = now_ms,
		.code = code,
		.len = bytes.len};
	f->bytes = g_bytes_new(bytes.data, MIN(bytes.len, (size_t)RG_BOOK_TEXT_MAX));
	g_ptr_array_add(session->frames, f);
}

void
rg_book_ended(rg_book_session *session, const char *how)
{
	if (session && !session->how) {
		session->how = how;
		session->ended_ms = hk_clock_wall_ms();
	}
}

/* ---- What they were told ---- */

unsigned
rg_book_command(rg_book *book, unsigned port, const char *text)
{
	command *c = g_new0(command, 1);

	c->port = port;
	c->at_ms = hk_clock_wall_ms();
	c->text = g_strdup(text);
	g_ptr_array_add(book->commands, c);
	return book->commands_before + book->commands->len;
}

static void
tell(rg_book *book, unsigned number, const rg_book_session *session, bool whole)
{
	told t = {.command = number,
		.session = rg_book_number(session),
		.at_ms = hk_clock_wall_ms(),
		.whole = whole};

	if (number > book->commands_before) {
		g_array_append_val(book->tolds, t);
	}
}

void
rg_book_delivered(rg_book *book, unsigned number, const rg_book_session *session)
{
	tell(book, number, session, true);
}

void
rg_book_cut(rg_book *book, unsigned number, const rg_book_session *session)
{
	tell(book, number, session, false);
}

void
rg_book_missed(rg_book *book, unsigned number)
{
	tell(book, number, NULL, false);
}

void
rg_book_confirmed(rg_book *book, unsigned number, const rg_book_session *session)
{
	for (unsigned i = book->tolds->len; i > 0; i--) {
		told *t = &g_array_index(book->tolds, told, i - 1);
		if (t->command == number && t->session == rg_book_number(session)) {
			t->confirmed = true;
			return;
		}
	}
}

/* ---- As JSON ---- */

static void
write_frame(const frame *f, GString *out)
{
	gsize len;
	const void *data = g_bytes_get_data(f->bytes, &len);
	hk_span bytes = hk_span_of(data, len);

	hk_jsonw_open(out, '{');
	hk_jsonw_member_str(out, "said", said_names[f->said]);
	hk_jsonw_member_int(out, "count", f->count);
	hk_jsonw_member_int(out, "first_ms", f->first_ms);
	hk_jsonw_member_int(out, "last_ms", f->last_ms);
	if (f->said == RG_SAID_CLOSE) {
		hk_jsonw_member_int(out, "code", f->code);
	}
	hk_jsonw_member_int(out, "bytes", (int64_t)f->len);
	hk_jsonw_key(out, "text");
	hk_jsonw_text(out, bytes);
	if (len > 0 && !hk_utf8_valid(bytes)) {
		hk_jsonw_key(out, "base64");
		hk_jsonw_base64(out, bytes);
	}
	hk_jsonw_close(out, '}');
}

static void
write_session(const rg_book_session *s, GString *out)
{
	hk_jsonw_open(out, '{');
	hk_jsonw_member_int(out, "session", s->number);
	hk_jsonw_member_int(out, "port", s->port);
	hk_jsonw_member_int(out, "opened_ms", s->opened_ms);
	if (s->how) {
		hk_jsonw_member_int(out, "ended_ms", s->ended_ms);
		hk_jsonw_member_str(out, "end", s->how);
	}
	hk_jsonw_key(out, "request");
	hk_jsonw_text(out, hk_span_of(s->request->str, s->request->len));
	hk_jsonw_member_bool(out, "websocket", s->websocket);
	hk_jsonw_member_int(out, "strange", s->strange);
	hk_jsonw_member_int(out, "more", (int64_t)s->more);
	hk_jsonw_key(out, "frames");
	hk_jsonw_open(out, '[');
	for (unsigned i = 0; i < s->frames->len; i++) {
		write_frame(s->frames->pdata[i], out);
	}
	hk_jsonw_close(out, ']');
	hk_jsonw_close(out, '}');
}

void
rg_book_log(const rg_book *book, unsigned after, GString *out)
{
	hk_jsonw_open(out, '{');
	hk_jsonw_member_int(out, "strange", (int64_t)book->strange);
	hk_jsonw_key(out, "sessions");
	hk_jsonw_open(out, '[');
	for (unsigned i = 0; i < book->sessions->len; i++) {
		const rg_book_session *s = book->sessions->pdata[i];
		if (s->number > after) {
			write_session(s, out);
		}
	}
	hk_jsonw_close(out, ']');
	hk_jsonw_close(out, '}');
}

static void
write_commands(const rg_book *book, unsigned after, GString *out)
{
	hk_jsonw_key(out, "commands");
	hk_jsonw_open(out, '[');
	for (unsigned i = 0; i < book->commands->len; i++) {
		const command *c = book->commands->pdata[i];
		unsigned seq = book->commands_before + i + 1;
		if (seq <= after) {
			continue;
		}
		hk_jsonw_open(out, '{');
		hk_jsonw_member_int(out, "seq", seq);
		hk_jsonw_member_int(out, "port", c->port);
		hk_jsonw_member_int(out, "at_ms", c->at_ms);
		hk_jsonw_member_str(out, "text", c->text);
		hk_jsonw_close(out, '}');
	}
	hk_jsonw_close(out, ']');
}

typedef enum fate_of { DELIVERED, CUT, MISSED } fate_of;

static void
write_tolds(const rg_book *book, unsigned after, fate_of fate, const char *key, GString *out)
{
	hk_jsonw_key(out, key);
	hk_jsonw_open(out, '[');
	for (unsigned i = 0; i < book->tolds->len; i++) {
		const told *t = &g_array_index(book->tolds, told, i);
		if (t->command <= after || fate != (t->whole                ? DELIVERED
							   : t->session > 0 ? CUT
									    : MISSED)) {
			continue;
		}
		const command *c = book->commands->pdata[t->command - book->commands_before - 1];
		hk_jsonw_open(out, '{');
		hk_jsonw_member_int(out, "seq", t->command);
		hk_jsonw_member_int(out, "port", c->port);
		hk_jsonw_member_int(out, "at_ms", t->at_ms);
		if (t->session > 0) {
			hk_jsonw_member_int(out, "session", t->session);
		}
		if (fate == DELIVERED) {
			hk_jsonw_member_bool(out, "confirmed", t->confirmed);
		}
		hk_jsonw_close(out, '}');
	}
	hk_jsonw_close(out, ']');
}

void
rg_book_sent(const rg_book *book, unsigned after, GString *out)
{
	hk_jsonw_open(out, '{');
	hk_jsonw_member_int(out, "last", book->commands_before + book->commands->len);
	write_commands(book, after, out);
	write_tolds(book, after, DELIVERED, "delivered", out);
	write_tolds(book, after, CUT, "cut", out);
	write_tolds(book, after, MISSED, "missed", out);
	hk_jsonw_close(out, '}');
}

void
rg_book_reset(rg_book *book)
{
	book->commands_before += book->commands->len;
	g_ptr_array_set_size(book->commands, 0);
	g_array_set_size(book->tolds, 0);
	book->strange = 0;
	for (unsigned i = 0; i < book->sessions->len; i++) {
		rg_book_session *s = book->sessions->pdata[i];
		g_ptr_array_set_size(s->frames, 0);
		s->more = 0;
		s->strange = 0;
	}
}
