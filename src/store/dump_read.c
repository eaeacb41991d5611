#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cur.h"
#include "base/utf8.h"
#include "store/db_int.h"
#include "store/dump.h"
#include "sys/gerr.h"
#include "sys/gz.h"
#include "sys/json.h"
#include "sys/progress.h"

typedef struct reader {
	const char *path;
	int fd;
	int64_t left; /* bytes of the file */
	hk_hasher *hasher;
	hk_gz *gz;
	uint8_t *stored; /* owned: a frame as stored */
	const hk_dump_sink *sink;
	void *user;
	hk_dump_info *info;
	GPtrArray *columns; /* owned; of the table that is open; NULL: none is */
	hk_table *table;    /* of info */
	hk_value *values;   /* owned */
	bool ended;
	hk_progress *bar;
	int64_t size;
} reader;

static bool
broken(const reader *r, hk_err code, const char *why, GError **error)
{
	return hk_error_set(error, code, "%s: %s", r->path, why);
}

static bool
torn(const reader *r, GError **error)
{
	return broken(r, HK_ETRUNC, "the backup is cut short: it cannot be used", error);
}

/* Exactly len bytes. */
static bool
take_raw(reader *r, void *to, size_t len, GError **error)
{
	uint8_t *at = to;

	if (r->left < 0 || len > (uint64_t)r->left) {
		return torn(r, error);
	}
	r->left -= (int64_t)len;
	while (len > 0) {
		ssize_t got = read(r->fd, at, len);
		if (got < 0 && errno == EINTR) {
			continue;
		}
		if (got < 0) {
			return hk_error_errno(error, errno, "%s", r->path);
		}
		if (got == 0) {
			return torn(r, error);
		}
		at += got;
		len -= (size_t)got;
	}
	return true;
}

static bool
take(reader *r, void *to, size_t len, GError **error)
{
	if (!take_raw(r, to, len, error)) {
		return false;
	}
	hk_hasher_add(r->hasher, hk_span_of(to, len));
	return true;
}

static bool
take_u32(reader *r, uint32_t *ret, GError **error)
{
	uint8_t bytes[4];

	if (!take(r, bytes, sizeof(bytes), error)) {
		return false;
	}
	*ret = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
	       bytes[3];
	return true;
}

static bool
read_head_json(reader *r, const hk_json *root, GError **error)
{
	uint64_t schema;
	const char *engine, *program;
	hk_json migrations;

	if (!hk_json_u64(root, "schema", &schema, error) ||
		!hk_json_str(root, "engine", &engine, error) ||
		!hk_json_str(root, "program", &program, error) ||
		!hk_json_i64(root, "made_ms", &r->info->made_ms, error) ||
		!hk_json_array(root, "migrations", &migrations, error)) {
		g_prefix_error(error, "%s: ", r->path);
		return false;
	}
	if (schema == 0 || schema != hk_json_len(&migrations)) {
		return broken(r, HK_EFORM, "its schema is none", error);
	}
	for (size_t i = 0; i < schema; i++) {
		hk_json one = hk_json_at(&migrations, i);
		const char *text = hk_json_text(&one);
		g_ptr_array_add(r->info->migrations, g_strdup(text ? text : ""));
	}
	r->info->schema = (unsigned)schema;
	r->info->engine = strcmp(engine, "sqlite") == 0 ? HK_DB_SQLITE : HK_DB_PGSQL;
	r->info->program = g_strdup(program);
	return true;
}

static bool
read_head(reader *r, GError **error)
{
	char magic[sizeof(HK_DUMP_MAGIC) - 1];
	uint32_t len;

	if ((size_t)r->left < sizeof(magic) || !take(r, magic, sizeof(magic), NULL) ||
		memcmp(magic, "hikeshi backup ", 15) != 0) {
		return broken(r, HK_EFORM, "this is no backup of hikeshi", error);
	}
	if (memcmp(magic, HK_DUMP_MAGIC, sizeof(magic)) != 0) {
		return broken(r, HK_EVERSION,
			"the backup is of another format: it was written by a newer hikeshi",
			error);
	}
	if (!take_u32(r, &len, error)) {
		return false;
	}
	if (len > HK_DUMP_HEAD_MAX) {
		return broken(r, HK_EFORM, "the backup's head is too long", error);
	}
	g_autofree char *json = g_malloc(len);
	if (!take(r, json, len, error)) {
		return false;
	}
	g_autoptr(hk_json_doc) doc = hk_json_load(hk_span_of(json, len), len, error);
	if (!doc) {
		g_prefix_error(error, "%s: ", r->path);
		return false;
	}
	hk_json root = hk_json_root(doc);
	return read_head_json(r, &root, error) &&
	       (!r->sink->head || r->sink->head(r->user, r->info, error));
}

/* Records --------------------------------------------------------------------------------------- */

static bool
malformed(const reader *r, GError **error)
{
	return broken(r, HK_EFORM, "the backup is malformed: it cannot be used", error);
}

static hk_err
cur_name(hk_cur *cur, char **ret)
{
	hk_span name;

	HK_TRY(hk_cur_prefixed(cur, 2, &name));
	if (name.len == 0 || memchr(name.data, 0, name.len) || !hk_utf8_valid(name)) {
		return HK_EFORM;
	}
	*ret = g_strndup((const char *)name.data, name.len);
	return HK_OK;
}

static hk_err
cur_columns(hk_cur *cur, GPtrArray *to)
{
	uint16_t count;

	HK_TRY(hk_cur_u16(cur, &count));
	if (count == 0 || count > HK_DUMP_COLUMNS_MAX) {
		return HK_EFORM;
	}
	for (unsigned i = 0; i < count; i++) {
		char *name;
		HK_TRY(cur_name(cur, &name));
		g_ptr_array_add(to, name);
	}
	return HK_OK;
}

static bool
read_table(reader *r, hk_cur *cur, GError **error)
{
	g_autofree char *name = NULL;

	r->columns = g_ptr_array_new_with_free_func(g_free);
	if (cur_name(cur, &name) != HK_OK || cur_columns(cur, r->columns) != HK_OK) {
		return malformed(r, error);
	}
	r->table = hk_table_new(name, 0);
	g_ptr_array_add(r->info->tables, r->table);
	g_free(r->values);
	r->values = g_new0(hk_value, r->columns->len);
	return !r->sink->table || r->sink->table(r->user, name, r->columns, error);
}

static hk_err
cur_value(hk_cur *cur, hk_value *ret)
{
	uint8_t kind;
	uint64_t bits;

	HK_TRY(hk_cur_u8(cur, &kind));
	switch (kind) {
	case 'n':
		*ret = hk_v_null();
		return HK_OK;
	case 'i':
		HK_TRY(hk_cur_u64(cur, &bits));
		*ret = hk_v_int((int64_t)bits);
		return HK_OK;
	case 'r':
		HK_TRY(hk_cur_u64(cur, &bits));
		*ret = hk_v_real(0);
		memcpy(&ret->d, &bits, sizeof(bits));
		return HK_OK;
	case 't':
	case 'b': {
		hk_span s;
		HK_TRY(hk_cur_prefixed(cur, 4, &s));
		*ret = kind == 't' ? hk_v_text(s) : hk_v_blob(s);
		return HK_OK;
	}
	default:
		return HK_EFORM;
	}
}

static bool
read_row(reader *r, hk_cur *cur, GError **error)
{
	for (unsigned i = 0; i < r->columns->len; i++) {
		if (cur_value(cur, &r->values[i]) != HK_OK) {
			return malformed(r, error);
		}
	}
	r->table->rows++;
	r->info->rows++;
	return !r->sink->row || r->sink->row(r->user, r->values, error);
}

static bool
read_table_end(reader *r, hk_cur *cur, GError **error)
{
	uint64_t rows, last_id;

	if (hk_cur_u64(cur, &rows) != HK_OK || hk_cur_u64(cur, &last_id) != HK_OK ||
		rows != (uint64_t)r->table->rows || last_id > INT64_MAX) {
		return malformed(r, error);
	}
	g_clear_pointer(&r->columns, g_ptr_array_unref);
	return !r->sink->end || r->sink->end(r->user, r->table, (int64_t)last_id, error);
}

static bool
read_end(reader *r, hk_cur *cur, GError **error)
{
	uint64_t rows;

	r->ended = true;
	return (hk_cur_u64(cur, &rows) == HK_OK && rows == (uint64_t)r->info->rows) ||
	       malformed(r, error);
}

static bool
read_record(reader *r, hk_cur *cur, GError **error)
{
	uint8_t kind;

	if (hk_cur_u8(cur, &kind) != HK_OK || r->ended) {
		return malformed(r, error);
	}
	if (r->columns) {
		return kind == 'R'   ? read_row(r, cur, error)
		       : kind == 'E' ? read_table_end(r, cur, error)
				     : malformed(r, error);
	}
	return kind == 'T'   ? read_table(r, cur, error)
	       : kind == 'Z' ? read_end(r, cur, error)
			     : malformed(r, error);
}

/* Frames ---------------------------------------------------------------------------------------- */

static bool
read_frame(reader *r, uint32_t len, GError **error)
{
	uint32_t stored_len;
	uint8_t *content;
	size_t content_len = len;

	if (!take_u32(r, &stored_len, error)) {
		return false;
	}
	if (len > HK_DUMP_FRAME_MAX || stored_len > len) {
		return malformed(r, error);
	}
	if (stored_len > r->left) {
		return torn(r, error); /* before memory is taken for it */
	}
	r->stored = g_realloc(r->stored, stored_len);
	if (!take(r, r->stored, stored_len, error)) {
		return false;
	}
	content = r->stored;
	if (stored_len < len && (hk_gz_inflate(r->gz, hk_span_of(r->stored, stored_len), len,
					 &content, &content_len) != HK_OK ||
					content_len != len)) {
		return malformed(r, error);
	}
	hk_cur cur = hk_cur_of(hk_span_of(content, content_len));
	while (!hk_cur_empty(&cur)) {
		if (!read_record(r, &cur, error)) {
			return false;
		}
	}
	hk_progress_update(r->bar, r->size - r->left);
	return true;
}

static bool
read_frames(reader *r, GError **error)
{
	uint32_t len;
	uint8_t hash[HK_SHA256_SIZE];

	for (;;) {
		if (!take_u32(r, &len, error)) {
			return false;
		}
		if (len == 0) {
			break;
		}
		if (!read_frame(r, len, error)) {
			return false;
		}
	}
	hk_hasher_done(r->hasher, r->info->hash);
	if (!take_raw(r, hash, sizeof(hash), error)) {
		return false;
	}
	if (memcmp(hash, r->info->hash, sizeof(hash)) != 0) {
		return broken(r, HK_ECHECK,
			"the backup's SHA-256 does not fit: it was damaged or edited", error);
	}
	if (r->left > 0) {
		return broken(r, HK_EFORM, "something follows the end of the backup", error);
	}
	return r->ended || malformed(r, error);
}

static bool
read_file(reader *r, GError **error)
{
	struct stat st;

	r->fd = open(r->path, O_RDONLY | O_CLOEXEC);
	if (r->fd < 0 || fstat(r->fd, &st) < 0) {
		return hk_error_errno(error, errno, "%s", r->path);
	}
	if (!S_ISREG(st.st_mode)) {
		return broken(r, HK_EFORM, "this is no file", error);
	}
	r->left = r->size = r->info->bytes = st.st_size;
	r->bar = hk_progress_new(r->sink->row ? "restoring" : "verifying", "bytes", r->size);
	return read_head(r, error) && read_frames(r, error);
}

/* A damaged frame is noticed before the hash is: say which of the two it is. The hash of the rest of the file decides. */
static void
explain(reader *r, GError **error)
{
	uint8_t bytes[65536], hash[HK_SHA256_SIZE];

	if (error && hk_error_code(*error) == HK_EFORM && r->info->schema > 0 &&
		r->left > (int64_t)sizeof(hash)) {
		while (r->left > (int64_t)sizeof(hash)) {
			int64_t len = MIN((int64_t)sizeof(bytes), r->left - (int64_t)sizeof(hash));
			if (!take(r, bytes, (size_t)len, NULL)) {
				return;
			}
		}
		hk_hasher_done(r->hasher, r->info->hash);
		if (take_raw(r, hash, sizeof(hash), NULL) &&
			memcmp(hash, r->info->hash, sizeof(hash)) != 0) {
			g_clear_error(error);
			broken(r, HK_ECHECK,
				"the backup's SHA-256 does not fit: it was damaged or edited",
				error);
		}
	}
}

hk_dump_info *
hk_dump_read(const char *path, const hk_dump_sink *sink, void *user, GError **error)
{
	static const hk_dump_sink nowhere;
	g_autoptr(hk_dump_info) info = hk_dump_info_new();
	g_autoptr(GError) failure = NULL;
	reader r = {.path = path,
		.fd = -1,
		.hasher = hk_hasher_new(),
		.gz = hk_gz_new(),
		.sink = sink ? sink : &nowhere,
		.user = user,
		.info = info};
	bool good = read_file(&r, &failure);

	if (!good) {
		explain(&r, &failure);
		g_propagate_error(error, g_steal_pointer(&failure));
	}
	if (r.fd >= 0) {
		close(r.fd);
	}
	hk_progress_free(r.bar);
	hk_hasher_free(r.hasher);
	hk_gz_free(r.gz);
	g_free(r.stored);
	g_free(r.values);
	g_clear_pointer(&r.columns, g_ptr_array_unref);
	return good ? g_steal_pointer(&info) : NULL;
}
