#include "store/dump.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "store/db_int.h"
#include "sys/file.h"
#include "sys/gerr.h"
#include "sys/gz.h"
#include "sys/jsonw.h"

struct hk_dump {
	char *path, *tmp; /* owned */
	int fd;           /* -1 when it is finished */
	hk_dump_info *info;
	hk_hasher *hasher;
	hk_gz *gz;
	GString *frame;
	hk_table *table; /* the one that is open; of info */
};

hk_dump_info *
hk_dump_info_new(void)
{
	hk_dump_info *info = g_new0(hk_dump_info, 1);

	info->migrations = g_ptr_array_new_with_free_func(g_free);
	info->tables = g_ptr_array_new_with_free_func(hk_table_free);
	return info;
}

void
hk_dump_info_free(hk_dump_info *info)
{
	if (info) {
		g_free(info->program);
		g_ptr_array_unref(info->migrations);
		g_ptr_array_unref(info->tables);
		g_free(info);
	}
}

static void
put_uint(GString *to, uint64_t v, int bytes)
{
	for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
		g_string_append_c(to, (char)(v >> shift));
	}
}

static void
put_name(GString *to, const char *name)
{
	put_uint(to, strlen(name), 2);
	g_string_append(to, name);
}

static bool
put_out(hk_dump *dump, hk_span bytes, GError **error)
{
	hk_hasher_add(dump->hasher, bytes);
	dump->info->bytes += (int64_t)bytes.len;
	if (!hk_file_write_all(dump->fd, bytes, NULL, error)) {
		g_prefix_error(error, "%s: ", dump->tmp);
		return false;
	}
	return true;
}

static bool
put_head(hk_dump *dump, GError **error)
{
	g_autoptr(GString) json = g_string_new(NULL);
	g_autoptr(GString) head = g_string_new(HK_DUMP_MAGIC);
	const hk_dump_info *info = dump->info;

	hk_jsonw_open(json, '{');
	hk_jsonw_key(json, "schema");
	hk_jsonw_int(json, info->schema);
	hk_jsonw_key(json, "engine");
	hk_jsonw_str(json, info->engine == HK_DB_SQLITE ? "sqlite" : "postgresql");
	hk_jsonw_key(json, "program");
	hk_jsonw_str(json, info->program);
	hk_jsonw_key(json, "made_ms");
	hk_jsonw_int(json, info->made_ms);
	hk_jsonw_strs(json, "migrations", (const char *const *)info->migrations->pdata,
		info->migrations->len);
	hk_jsonw_close(json, '}');
	put_uint(head, json->len, 4);
	g_string_append_len(head, json->str, (gssize)json->len);
	return put_out(dump, hk_span_of(head->str, head->len), error);
}

hk_dump *
hk_dump_new(const char *path, hk_dump_info *info, GError **error)
{
	g_autoptr(hk_dump) dump = g_new0(hk_dump, 1);

	dump->path = g_strdup(path);
	dump->tmp = g_strconcat(path, ".tmp", NULL);
	dump->info = info;
	dump->hasher = hk_hasher_new();
	dump->gz = hk_gz_new();
	dump->frame = g_string_sized_new(HK_DUMP_FRAME + 4096);
	g_free(info->program);
	info->program = g_strdup(HK_VERSION);
	dump->fd = open(dump->tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (dump->fd < 0) {
		hk_error_errno(error, errno, "%s", dump->tmp);
		return NULL;
	}
	return put_head(dump, error) ? g_steal_pointer(&dump) : NULL;
}

void
hk_dump_free(hk_dump *dump)
{
	if (dump) {
		if (dump->fd >= 0) {
			close(dump->fd);
			g_unlink(dump->tmp);
		}
		hk_hasher_free(dump->hasher);
		hk_gz_free(dump->gz);
		g_string_free(dump->frame, true);
		g_free(dump->path);
		g_free(dump->tmp);
		g_free(dump);
	}
}

static bool
put_frame(hk_dump *dump, GError **error)
{
	hk_span content = hk_span_of(dump->frame->str, dump->frame->len);
	size_t packed_len;
	g_autofree uint8_t *packed = NULL;
	g_autoptr(GString) head = g_string_new(NULL);

	if (content.len == 0) {
		return true;
	}
	if (content.len > HK_DUMP_FRAME_MAX) {
		return hk_error_set(error, HK_ELIMIT, "a row of table %s has %zu bytes",
			dump->table->name, content.len);
	}
	packed = hk_gz_pack(dump->gz, content, &packed_len);
	/* What packs better than a reader believes of an honest body is stored as it is. */
	bool pays = packed_len < content.len && packed_len >= content.len / (HK_GZ_RATIO_MAX / 2);
	hk_span stored = pays ? hk_span_of(packed, packed_len) : content;
	put_uint(head, content.len, 4);
	put_uint(head, stored.len, 4);
	bool good = put_out(dump, hk_span_of(head->str, head->len), error) &&
		    put_out(dump, stored, error);
	g_string_truncate(dump->frame, 0);
	return good;
}

bool
hk_dump_table(hk_dump *dump, const char *name, const GPtrArray *columns, GError **error)
{
	if (columns->len > HK_DUMP_COLUMNS_MAX) {
		return hk_error_set(
			error, HK_ELIMIT, "table %s has %u columns", name, columns->len);
	}
	dump->table = hk_table_new(name, 0);
	g_ptr_array_add(dump->info->tables, dump->table);
	g_string_append_c(dump->frame, 'T');
	put_name(dump->frame, name);
	put_uint(dump->frame, columns->len, 2);
	for (unsigned i = 0; i < columns->len; i++) {
		put_name(dump->frame, columns->pdata[i]);
	}
	return true;
}

void
hk_dump_row(hk_dump *dump)
{
	g_string_append_c(dump->frame, 'R');
}

void
hk_dump_value(hk_dump *dump, const hk_value *value)
{
	uint64_t bits = (uint64_t)value->i;

	g_string_append_c(dump->frame, "nirtb"[value->kind]);
	switch (value->kind) {
	case HK_VALUE_REAL:
		memcpy(&bits, &value->d, sizeof(bits));
		/* fall through */
	case HK_VALUE_INT:
		put_uint(dump->frame, bits, 8);
		break;
	case HK_VALUE_TEXT:
	case HK_VALUE_BLOB:
		put_uint(dump->frame, value->s.len, 4);
		g_string_append_len(dump->frame, (const char *)value->s.data, (gssize)value->s.len);
		break;
	case HK_VALUE_NULL:
	default:
		break;
	}
}

bool
hk_dump_row_end(hk_dump *dump, GError **error)
{
	dump->table->rows++;
	dump->info->rows++;
	return dump->frame->len < HK_DUMP_FRAME || put_frame(dump, error);
}

bool
hk_dump_table_end(hk_dump *dump, int64_t last_id, GError **error)
{
	g_string_append_c(dump->frame, 'E');
	put_uint(dump->frame, (uint64_t)dump->table->rows, 8);
	put_uint(dump->frame, (uint64_t)last_id, 8);
	return dump->frame->len < HK_DUMP_FRAME || put_frame(dump, error);
}

/* After this the name stands for the whole file, whatever happens. */
static bool
put_in_place(hk_dump *dump, GError **error)
{
	g_autofree char *folder = g_path_get_dirname(dump->path);

	if (fsync(dump->fd) < 0 || g_rename(dump->tmp, dump->path) < 0) {
		return hk_error_errno(error, errno, "%s", dump->path);
	}
	close(dump->fd);
	dump->fd = -1;
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool good = fd >= 0 && fsync(fd) == 0;
	int number = errno;
	if (fd >= 0) {
		close(fd);
	}
	return good || hk_error_errno(error, number, "%s", folder);
}

bool
hk_dump_finish(hk_dump *dump, GError **error)
{
	static const uint8_t none[4];

	g_string_append_c(dump->frame, 'Z');
	put_uint(dump->frame, (uint64_t)dump->info->rows, 8);
	if (!put_frame(dump, error) || !put_out(dump, hk_span_of(none, 4), error)) {
		return false;
	}
	hk_hasher_done(dump->hasher, dump->info->hash);
	dump->info->bytes += HK_SHA256_SIZE;
	if (!hk_file_write_all(
		    dump->fd, hk_span_of(dump->info->hash, HK_SHA256_SIZE), NULL, error)) {
		g_prefix_error(error, "%s: ", dump->tmp);
		return false;
	}
	return put_in_place(dump, error);
}
