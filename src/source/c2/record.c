#include "source/c2/record.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/codec.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/gerr.h"
#include "sys/hash.h"
#include "sys/json.h"
#include "sys/jsonw.h"

enum { SALT_BYTES = 16, ROW_MAX = 512 << 10 };

struct hk_record {
	char *path, *family, *host, *beat, *pong;
	unsigned port;
	uint8_t key[HK_SECRET_KEY_BYTES];
	int fd;
	size_t bytes;
	int64_t frames, begun_ms;
};

void
hk_record_piece_clear(hk_record_piece *piece)
{
	g_clear_pointer(&piece->lines, g_bytes_unref);
	g_clear_pointer(&piece->sealed, g_bytes_unref);
}

void
hk_record_close(hk_record *r)
{
	if (r) {
		if (r->fd >= 0) {
			close(r->fd);
		}
		hk_secret_wipe(r->key, sizeof r->key);
		g_free(r->path);
		g_free(r->family);
		g_free(r->host);
		g_free(r->beat);
		g_free(r->pong);
		g_free(r);
	}
}

/* ---- Lines as they are read again ---- */

/* Calls each for every line that is whole; false ends. */
static bool
each_line(hk_span text, bool (*each)(void *user, hk_span line, GError **error), void *user,
	GError **error)
{
	while (text.len > 0) {
		const uint8_t *end = memchr(text.data, '\n', text.len);
		if (!end) {
			return true;
		}
		size_t len = (size_t)(end - text.data);
		if (!each(user, hk_span_of(text.data, len), error)) {
			return false;
		}
		text = hk_span_of(end + 1, text.len - len - 1);
	}
	return true;
}

/* What "sealed" holds: salt and bytes; NULL: it is not there, or another key's. */
static GBytes *
open_sealed(const hk_json *root, const uint8_t *key)
{
	g_autofree uint8_t *sealed = g_malloc(ROW_MAX);
	size_t len;

	if (!hk_json_has(root, "sealed") ||
		!hk_json_base64(root, "sealed", sealed, ROW_MAX, &len, NULL)) {
		return NULL;
	}
	g_autoptr(GBytes) plain = hk_open(key, hk_span_of(sealed, len));
	return plain && g_bytes_get_size(plain) >= SALT_BYTES ? g_steal_pointer(&plain) : NULL;
}

static bool
is_str(const hk_json *root, const char *key, const char *value)
{
	const char *text;

	return hk_json_has(root, key) && hk_json_str(root, key, &text, NULL) &&
	       strcmp(text, value) == 0;
}

GBytes *
hk_record_line_read(
	hk_span line, const uint8_t *key, int64_t *ret_at_ms, unsigned *ret_port, GError **error)
{
	g_autoptr(hk_json_doc) doc = hk_json_load(line, ROW_MAX, error);
	const char *text;
	uint64_t port;

	if (!doc) {
		return NULL;
	}
	hk_json root = hk_json_root(doc);
	if (hk_json_kind_of(&root) != HK_JSON_OBJECT) {
		hk_error_set(error, HK_EFORM, "is no JSON object");
		return NULL;
	}
	if (hk_json_has(&root, "port") && hk_json_u64(&root, "port", &port, NULL) &&
		port <= 65535) {
		*ret_port = (unsigned)port;
	}
	if (hk_json_has(&root, "format") || hk_json_has(&root, "same") ||
		is_str(&root, "dir", "out") ||
		(hk_json_has(&root, "kind") && !is_str(&root, "kind", "text"))) {
		return NULL;
	}
	if (!hk_json_i64(&root, "at_ms", ret_at_ms, error)) {
		return NULL;
	}
	if (key && hk_json_has(&root, "sealed")) {
		g_autoptr(GBytes) plain = open_sealed(&root, key);
		if (!plain) {
			hk_error_set(error, HK_EFORM, "was sealed with another key");
			return NULL;
		}
		return g_bytes_new_from_bytes(
			plain, SALT_BYTES, g_bytes_get_size(plain) - SALT_BYTES);
	}
	if (!hk_json_has(&root, "text")) {
		return NULL;
	}
	return hk_json_str(&root, "text", &text, error) ? g_bytes_new(text, strlen(text)) : NULL;
}

/* ---- The file ---- */

typedef struct tally {
	int64_t frames, begun_ms, ended_ms, commands;
} tally;

static bool
count_line(void *user, hk_span line, GError **error)
{
	tally *t = user;
	g_autoptr(hk_json_doc) doc = hk_json_load(line, ROW_MAX, error);
	hk_json root = doc ? hk_json_root(doc) : (hk_json){0};
	int64_t at_ms;

	if (!doc || !hk_json_i64(&root, "at_ms", &at_ms, error)) {
		return false;
	}
	t->begun_ms = t->frames++ == 0 ? at_ms : t->begun_ms;
	t->ended_ms = at_ms;
	t->commands += hk_json_has(&root, "command");
	return true;
}

/* A last line that a crash cut short is cut off. */
static bool
mend(hk_record *r, GError **error)
{
	g_autoptr(GBytes) bytes = hk_file_read(r->path, 2 * (size_t)HK_RECORD_PIECE_MAX, error);
	tally t = {0};

	if (!bytes) {
		return false;
	}
	gsize len;
	const uint8_t *data = g_bytes_get_data(bytes, &len);
	const uint8_t *end = data && len > 0 ? memrchr(data, '\n', len) : NULL;
	r->bytes = end ? (size_t)(end - data) + 1 : 0;
	if (r->bytes < len && ftruncate(r->fd, (off_t)r->bytes) < 0) {
		return hk_error_errno(error, errno, "%s: cannot be cut", r->path);
	}
	if (!each_line(hk_span_of(data, r->bytes), count_line, &t, error)) {
		g_prefix_error(error, "%s: ", r->path);
		return false;
	}
	r->frames = t.frames;
	r->begun_ms = t.begun_ms;
	return true;
}

hk_record *
hk_record_open(const char *folder, const hk_record_of *of, GError **error)
{
	g_autoptr(hk_record) r = g_new0(hk_record, 1);

	r->fd = -1;
	if (!hk_file_mkdirs(folder, error)) {
		return NULL;
	}
	r->path = g_strdup_printf("%s/%" G_GINT64_FORMAT ".jsonl", folder, of->session_id);
	r->family = g_strdup(of->family);
	r->host = g_strdup(of->host);
	r->beat = g_strdup(of->beat);
	r->pong = g_strdup(of->pong);
	r->port = of->port;
	memcpy(r->key, of->key, sizeof r->key);
	r->fd = open(r->path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (r->fd < 0) {
		hk_error_errno(error, errno, "%s: cannot be opened", r->path);
		return NULL;
	}
	return mend(r, error) ? g_steal_pointer(&r) : NULL;
}

int64_t
hk_record_frames(const hk_record *r)
{
	return r->frames;
}

int64_t
hk_record_begun(const hk_record *r)
{
	return r->begun_ms;
}

size_t
hk_record_bytes(const hk_record *r)
{
	return r->bytes;
}

/* ---- Writing ---- */

/* Which of the family's two everyday messages it is, or NULL. */
static const char *
everyday(const hk_record *r, const hk_record_line *line)
{
	if (strcmp(line->kind, "text") != 0) {
		return NULL;
	}
	return r->beat && line->out && hk_span_eq(line->bytes, hk_span_str(r->beat))    ? "beat"
	       : r->pong && !line->out && hk_span_eq(line->bytes, hk_span_str(r->pong)) ? "pong"
											: NULL;
}

/* Salt and bytes, their hash for everybody, themselves for whoever has the key. */
static void
put_raw(const hk_record *r, const hk_record_line *line, GString *out)
{
	hk_span raw = hk_span_of(line->bytes.data, MIN(line->bytes.len, HK_RECORD_FRAME_MAX));
	g_autofree uint8_t *plain = g_malloc(SALT_BYTES + raw.len);
	uint8_t hash[32];

	hk_secret_bytes(plain, SALT_BYTES);
	if (raw.len > 0) {
		memcpy(plain + SALT_BYTES, raw.data, raw.len);
	}
	hk_sha256(hk_span_of(plain, SALT_BYTES + raw.len), hash);
	hk_jsonw_key(out, "commit");
	hk_jsonw_hex(out, hk_span_of(hash, sizeof hash));
	g_autoptr(GBytes) sealed = hk_seal(r->key, hk_span_of(plain, SALT_BYTES + raw.len));
	gsize len;
	const void *data = g_bytes_get_data(sealed, &len);
	hk_jsonw_key(out, "sealed");
	hk_jsonw_base64(out, hk_span_of(data, len));
	if (raw.len < line->bytes.len) {
		hk_jsonw_member_bool(out, "cut", true);
	}
}

bool
hk_record_add(hk_record *r, const hk_record_line *line, GError **error)
{
	g_autoptr(GString) out = g_string_new(NULL);
	char at[HK_CLOCK_TEXT_SIZE];
	const char *same = everyday(r, line);

	hk_jsonw_open(out, '{');
	hk_jsonw_member_int(out, "at_ms", line->at_ms);
	hk_jsonw_member_str(out, "at", hk_clock_format(line->at_ms, at));
	hk_jsonw_member_str(out, "dir", line->out ? "out" : "in");
	hk_jsonw_member_str(out, "kind", line->kind);
	hk_jsonw_member_int(out, "bytes", (int64_t)line->bytes.len);
	if (line->command) {
		hk_jsonw_member_bool(out, "command", true);
	}
	if (same) {
		hk_jsonw_member_str(out, "same", same);
	} else {
		if (line->masked) {
			hk_jsonw_member_str(out, "text", line->masked);
		}
		put_raw(r, line, out);
	}
	hk_jsonw_close(out, '}');
	g_string_append_c(out, '\n');
	hk_span text = hk_span_of(out->str, out->len);
	if (!(line->command ? hk_file_append(r->fd, text, r->path, error)
			    : hk_file_write_all(r->fd, text, NULL, error))) {
		return false;
	}
	r->begun_ms = r->frames++ == 0 ? line->at_ms : r->begun_ms;
	r->bytes += out->len;
	return true;
}

/* ---- Pieces ---- */

typedef struct cutting {
	const hk_record *r;
	GString *lines, *clear;
	tally t;
} cutting;

static void
put_header(const hk_record *r, int64_t begun_ms, const uint8_t *previous, GString *out)
{
	char at[HK_CLOCK_TEXT_SIZE];

	hk_jsonw_open(out, '{');
	hk_jsonw_member_str(out, "format", "hikeshi-c2/1");
	hk_jsonw_member_str(out, "family", r->family);
	hk_jsonw_member_str(out, "host", r->host);
	hk_jsonw_member_int(out, "port", r->port);
	hk_jsonw_member_str(out, "begun", hk_clock_format(begun_ms, at));
	hk_jsonw_member_str(out, "beat", r->beat);
	hk_jsonw_member_str(out, "pong", r->pong);
	hk_jsonw_key(out, "previous");
	if (previous) {
		hk_jsonw_hex(out, hk_span_of(previous, 32));
	} else {
		hk_jsonw_null(out);
	}
	hk_jsonw_close(out, '}');
	g_string_append_c(out, '\n');
}

/* A line of the sealed part. */
static void
put_clear(GString *out, int64_t number, GBytes *plain)
{
	gsize len;
	const uint8_t *data = g_bytes_get_data(plain, &len);

	hk_jsonw_open(out, '{');
	hk_jsonw_member_int(out, "line", number);
	hk_jsonw_key(out, "salt");
	hk_jsonw_base64(out, hk_span_of(data, SALT_BYTES));
	hk_jsonw_key(out, "raw");
	hk_jsonw_base64(out, hk_span_of(data + SALT_BYTES, len - SALT_BYTES));
	hk_jsonw_close(out, '}');
	g_string_append_c(out, '\n');
}

/* The line without "sealed", byte by byte as it is kept from now on. */
static bool
cut_line(void *user, hk_span line, GError **error)
{
	cutting *c = user;
	g_autoptr(hk_json_doc) doc = hk_json_load(line, ROW_MAX, error);
	hk_json root = doc ? hk_json_root(doc) : (hk_json){0};
	void *pos = NULL;
	const char *key;
	hk_json value;

	if (!doc || !count_line(&c->t, line, error)) {
		return false;
	}
	hk_jsonw_open(c->lines, '{');
	while (hk_json_each(&root, &pos, &key, &value)) {
		if (strcmp(key, "sealed") == 0) {
			g_autoptr(GBytes) plain = open_sealed(&root, c->r->key);
			if (!plain) {
				return hk_error_set(error, HK_ECHECK,
					"%s: a line was sealed with another key", c->r->path);
			}
			put_clear(c->clear, c->t.frames, plain);
			continue;
		}
		g_autofree char *text = hk_json_dump(&value);
		hk_jsonw_key(c->lines, key);
		g_string_append(c->lines, text);
	}
	hk_jsonw_close(c->lines, '}');
	g_string_append_c(c->lines, '\n');
	return true;
}

bool
hk_record_cut(hk_record *r, const uint8_t *previous, hk_record_piece *ret, GError **error)
{
	g_autoptr(GBytes) bytes = hk_file_read(r->path, 2 * (size_t)HK_RECORD_PIECE_MAX, error);
	g_autoptr(GString) lines = g_string_new(NULL);
	g_autoptr(GString) clear = g_string_new(NULL);
	cutting c = {.r = r, .lines = lines, .clear = clear};

	*ret = (hk_record_piece){0};
	if (!bytes) {
		return false;
	}
	put_header(r, r->begun_ms, previous, lines);
	gsize len;
	const void *data = g_bytes_get_data(bytes, &len);
	if (!each_line(hk_span_of(data, len), cut_line, &c, error)) {
		return false;
	}
	ret->lines = g_bytes_new(lines->str, lines->len);
	if (clear->len > 0) {
		ret->sealed = hk_seal(r->key, hk_span_of(clear->str, clear->len));
		hk_secret_wipe(clear->str, clear->len);
	}
	ret->begun_ms = c.t.begun_ms;
	ret->ended_ms = c.t.ended_ms;
	ret->frames = c.t.frames;
	ret->commands = c.t.commands;
	return true;
}

bool
hk_record_drop(hk_record *r, GError **error)
{
	if (ftruncate(r->fd, 0) < 0 || fdatasync(r->fd) < 0) {
		return hk_error_errno(error, errno, "%s: cannot be emptied", r->path);
	}
	r->bytes = 0;
	r->frames = 0;
	r->begun_ms = 0;
	return true;
}

typedef struct going {
	const hk_record *r;
	hk_record_fn each;
	void *user;
} going;

static bool
go_line(void *user, hk_span line, GError **error)
{
	going *g = user;
	GError *why = NULL;
	int64_t at_ms = 0;
	unsigned port = 0;
	g_autoptr(GBytes) frame = hk_record_line_read(line, g->r->key, &at_ms, &port, &why);

	if (!frame) {
		if (why) {
			g_propagate_prefixed_error(error, why, "%s: ", g->r->path);
		}
		return !why;
	}
	gsize len;
	const void *data = g_bytes_get_data(frame, &len);
	return g->each(g->user, at_ms, hk_span_of(data, len), error);
}

bool
hk_record_each(hk_record *r, hk_record_fn each, void *user, GError **error)
{
	g_autoptr(GBytes) bytes = hk_file_read(r->path, 2 * (size_t)HK_RECORD_PIECE_MAX, error);
	going g = {r, each, user};

	if (!bytes) {
		return false;
	}
	gsize len;
	const void *data = g_bytes_get_data(bytes, &len);
	return each_line(hk_span_of(data, len), go_line, &g, error);
}
