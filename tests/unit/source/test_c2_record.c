/* source/c2/record: what is written down is there after a crash, a piece says nothing of victims, and whoever has salt and bytes can check it. */
#include "source/c2/record.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/codec.h"
#include "sys/file.h"
#include "sys/gerr.h"
#include "sys/hash.h"
#include "sys/json.h"
#include "tap.h"

#define COMMAND "发信息 &09000001111,09000002222 【みほん銀行】至急 https://t.example/a"
#define MASKED  "发信息 [2] 【みほん銀行】至急 https://t.example/a"
enum { T0 = 1733994914 };

static const uint8_t key[HK_SECRET_KEY_BYTES] = {1, 2, 3};
static const uint8_t other_key[HK_SECRET_KEY_BYTES] = {9};

static hk_record *
open_record(const char *folder, const uint8_t *with)
{
	const hk_record_of of = {.family = "keepspy",
		.host = "203.0.113.77",
		.port = 7775,
		.beat = "心跳&ping",
		.pong = "pong",
		.session_id = 7,
		.key = with};
	g_autoptr(GError) error = NULL;
	hk_record *r = hk_record_open(folder, &of, &error);

	ok(r, "opens (%s)", error ? error->message : "");
	return r;
}

static void
add(hk_record *r, int64_t at, bool out, const char *kind, const char *text, const char *masked,
	bool command)
{
	g_autoptr(GError) error = NULL;
	const hk_record_line line = {.at_ms = at,
		.out = out,
		.kind = kind,
		.bytes = hk_span_str(text),
		.masked = masked,
		.command = command};

	ok(hk_record_add(r, &line, &error), "a line (%s)", error ? error->message : "");
}

static void
fill(hk_record *r)
{
	int64_t t = (int64_t)T0 * 1000;

	add(r, t, false, "note", "", "open", false);
	add(r, t + 1, true, "text", "{\"id\":\"x\"}", "{\"id\":\"x\"}", false);
	add(r, t + 2, true, "text", "心跳&ping", "心跳&ping", false);
	add(r, t + 3, false, "text", "pong", NULL, false);
	add(r, t + 4, false, "text", COMMAND, MASKED, true);
	add(r, t + 5, false, "binary", "\x01\x02", NULL, false);
	add(r, t + 6, false, "text", "通讯录", "通讯录", true);
}

typedef struct seen {
	GString *text;
	unsigned count;
} seen;

static bool
see(void *user, int64_t at_ms, hk_span frame, GError **error)
{
	seen *s = user;

	(void)error;
	g_string_append_printf(s->text, "%" G_GINT64_FORMAT ":%.*s;", at_ms - (int64_t)T0 * 1000,
		(int)frame.len, (const char *)frame.data);
	s->count++;
	return true;
}

static void
is_seen(hk_record *r, const char *want, const char *what)
{
	g_autoptr(GString) text = g_string_new(NULL);
	g_autoptr(GError) error = NULL;
	seen s = {text, 0};

	ok(hk_record_each(r, see, &s, &error), "%s: read again (%s)", what,
		error ? error->message : "");
	is_str(text->str, want, "%s", what);
}

#define ALL "4:" COMMAND ";6:通讯录;"

/* The commitment of a line is that of the sealed salt and bytes. */
static void
check_commits(GBytes *lines, GBytes *sealed)
{
	gsize len;
	const void *data = g_bytes_get_data(sealed, &len);
	g_autoptr(GBytes) clear = hk_open(key, hk_span_of(data, len));
	g_autofree char *clear_text =
		g_strndup(g_bytes_get_data(clear, NULL), g_bytes_get_size(clear));
	g_autofree char *text = g_strndup(g_bytes_get_data(lines, NULL), g_bytes_get_size(lines));
	g_auto(GStrv) rows = g_strsplit(text, "\n", -1);
	g_auto(GStrv) clears = g_strsplit(clear_text, "\n", -1);
	unsigned checked = 0;

	for (unsigned i = 0; clears[i] && *clears[i]; i++) {
		g_autoptr(hk_json_doc) doc = hk_json_load(hk_span_str(clears[i]), 1 << 20, NULL);
		hk_json root = hk_json_root(doc);
		uint8_t plain[4096], hash[32];
		size_t salt, raw;
		uint64_t number;
		char hex[65];
		ok(hk_json_u64(&root, "line", &number, NULL) &&
				hk_json_base64(&root, "salt", plain, 16, &salt, NULL) &&
				hk_json_base64(
					&root, "raw", plain + 16, sizeof plain - 16, &raw, NULL),
			"a sealed line");
		hk_sha256(hk_span_of(plain, salt + raw), hash);
		hk_hex_encode(hk_span_of(hash, 32), hex);
		g_autofree char *want = g_strdup_printf("\"commit\":\"%s\"", hex);
		/* rows[0] is the head. */
		ok(strstr(rows[number], want), "line %d has its commitment", (int)number);
		checked++;
	}
	is_int(checked, 5, "all that was not everyday is sealed");
}

static bool
says(GBytes *lines, const char *text)
{
	gsize len;
	const void *data = g_bytes_get_data(lines, &len);

	return memmem(data, len, text, strlen(text)) != NULL;
}

static void
pieces(hk_record *r)
{
	g_auto(hk_record_piece) piece = {0};
	g_auto(hk_record_piece) again = {0};
	g_autoptr(GError) error = NULL;
	uint8_t previous[32] = {0xab};

	ok(hk_record_cut(r, NULL, &piece, &error), "a piece (%s)", error ? error->message : "");
	g_autofree char *text =
		g_strndup(g_bytes_get_data(piece.lines, NULL), g_bytes_get_size(piece.lines));
	is_int(piece.frames, 7, "seven lines");
	is_int(piece.commands, 2, "two commands");
	is_int(piece.begun_ms, (int64_t)T0 * 1000, "begins");
	is_int(piece.ended_ms, (int64_t)T0 * 1000 + 6, "ends");
	ok(strstr(text, "\"format\":\"hikeshi-c2/1\"") && strstr(text, "\"previous\":null"),
		"its head");
	ok(strstr(text, "【みほん銀行】") && !strstr(text, "0900000") && !strstr(text, "sealed"),
		"it says what was ordered, and names nobody");
	ok(strstr(text, "\"same\":\"beat\"") && strstr(text, "\"same\":\"pong\""),
		"beats and answers are short");
	check_commits(piece.lines, piece.sealed);
	/* The same file is the same piece: what comes again after a crash is no other evidence. */
	ok(hk_record_cut(r, NULL, &again, NULL) && g_bytes_equal(piece.lines, again.lines),
		"cut again it is the same");
	hk_record_piece_clear(&again);
	ok(hk_record_cut(r, previous, &again, NULL) && says(again.lines, "\"previous\":\"ab0000"),
		"it names the piece before");
	ok(hk_record_drop(r, &error), "the file begins anew");
	is_int(hk_record_frames(r), 0, "no lines");
	is_seen(r, "", "and nothing is left");
}

/* A crash cuts the last line short. */
static void
torn(const char *folder)
{
	g_autofree char *path = g_build_filename(folder, "7.jsonl", NULL);
	hk_record *r = open_record(folder, key);

	fill(r);
	size_t good = hk_record_bytes(r);
	hk_record_close(r);
	int fd = open(path, O_WRONLY | O_APPEND);
	ok(write(fd, "{\"at_ms\":17", 11) == 11, "a torn line");
	close(fd);
	r = open_record(folder, key);
	is_int((int64_t)hk_record_bytes(r), (int64_t)good, "is cut off");
	is_int(hk_record_frames(r), 7, "the others are there");
	is_seen(r, ALL, "and say what they said");
	hk_record_close(r);
}

static void
wrong_key(const char *folder)
{
	hk_record *r = open_record(folder, other_key);
	g_auto(hk_record_piece) piece = {0};
	g_autoptr(GError) error = NULL;

	ok(!hk_record_cut(r, NULL, &piece, &error) && hk_error_code(error) == HK_ECHECK,
		"another key opens nothing: %s", error ? error->message : "");
	hk_record_close(r);
}

static void
lines(void)
{
	static const struct {
		const char *line, *frame;
		int64_t at_ms;
		unsigned port;
		bool error;
	} rows[] = {
		{"{\"at_ms\":5,\"dir\":\"in\",\"kind\":\"text\",\"text\":\"更新&x\"}", "更新&x", 5,
			0, false},
		{"{\"at_ms\":5,\"port\":7778,\"text\":\"更新&x\"}", "更新&x", 5, 7778, false},
		{"{\"at_ms\":5,\"dir\":\"out\",\"kind\":\"text\",\"text\":\"x\"}", NULL, 0, 0,
			false},
		{"{\"at_ms\":5,\"dir\":\"in\",\"kind\":\"text\",\"same\":\"pong\"}", NULL, 0, 0,
			false},
		{"{\"at_ms\":5,\"dir\":\"in\",\"kind\":\"binary\",\"text\":\"x\"}", NULL, 0, 0,
			false},
		{"{\"format\":\"hikeshi-c2/1\",\"port\":7776}", NULL, 0, 7776, false},
		{"{\"text\":\"x\"}", NULL, 0, 0, true},
		{"[1]", NULL, 0, 0, true},
		{"{\"at_ms\":5,\"text\":\"x\"", NULL, 0, 0, true},
		{"{\"at_ms\":\"five\",\"text\":\"x\"}", NULL, 0, 0, true},
		{"{\"at_ms\":5,\"port\":99999,\"text\":\"x\"}", "x", 5, 0, false},
		{"{\"at_ms\":5,\"sealed\":\"AAAA\",\"text\":\"x\"}", NULL, 0, 0, true},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;
		int64_t at_ms = 0;
		unsigned port = 0;
		g_autoptr(GBytes) got =
			hk_record_line_read(hk_span_str(rows[i].line), key, &at_ms, &port, &error);
		ok(rows[i].error == (error != NULL), "%s: %s", rows[i].line,
			error ? error->message : "no error");
		g_autofree char *text =
			got ? g_strndup(g_bytes_get_data(got, NULL), g_bytes_get_size(got)) : NULL;
		is_str(text, rows[i].frame, "its frame");
		ok(!got || at_ms == rows[i].at_ms, "its time");
		ok(error || port == rows[i].port, "its port");
	}
}

/* Of a frame that is longer than any command the beginning is kept. */
static void
long_frame(hk_record *r)
{
	g_autofree char *text = g_strnfill(HK_RECORD_FRAME_MAX + 1000, 'x');
	g_auto(hk_record_piece) piece = {0};

	add(r, (int64_t)T0 * 1000, false, "text", text, NULL, true);
	ok(hk_record_cut(r, NULL, &piece, NULL) && says(piece.lines, "\"cut\":true") &&
			says(piece.lines, "\"bytes\":66536"),
		"it says so");
	ok(hk_record_drop(r, NULL), "gone");
}

int
main(void)
{
	g_autofree char *folder = g_dir_make_tmp("hk-record-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(folder, "7.jsonl", NULL);
	hk_record *r = open_record(folder, key);

	fill(r);
	is_seen(r, ALL, "what came in in clear");
	pieces(r);
	long_frame(r);
	hk_record_close(r);
	torn(folder);
	wrong_key(folder);
	lines();
	unlink(path);
	rmdir(folder);
	return tap_done();
}
