/* fuzz_dump: a backup that is read. The first byte says what the rest is: 0 the file, 1 the file without its hash (which is made
 * right), else the content of one frame. Properties: rows are told only within a table, with as many values as it has columns; what is
 * accepted adds up. */
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "store/dump.h"

typedef struct seen {
	unsigned columns; /* of the table that is open; 0: none is */
	int64_t rows, tables, all;
} seen;

static bool
on_table(void *user, const char *name, const GPtrArray *columns, GError **error)
{
	seen *s = user;

	(void)error;
	need(s->columns == 0 && columns->len > 0 && columns->len <= HK_DUMP_COLUMNS_MAX && *name);
	s->columns = columns->len;
	s->rows = 0;
	s->tables++;
	return true;
}

static bool
on_row(void *user, const hk_value *values, GError **error)
{
	static volatile uint8_t sum;
	seen *s = user;

	(void)error;
	need(s->columns > 0);
	for (unsigned i = 0; i < s->columns; i++) {
		need(values[i].kind <= HK_VALUE_BLOB);
		for (size_t k = 0; k < values[i].s.len; k += 1 + values[i].s.len / 50) {
			sum = (uint8_t)(sum + values[i].s.data[k]);
		}
	}
	s->rows++;
	s->all++;
	return true;
}

static bool
on_end(void *user, const hk_table *table, int64_t last_id, GError **error)
{
	seen *s = user;

	(void)error;
	need(s->columns > 0 && table->rows == s->rows && last_id >= 0);
	s->columns = 0;
	return true;
}

static void
read_back(const GString *file)
{
	static const hk_dump_sink sink = {.table = on_table, .row = on_row, .end = on_end};
	g_autoptr(GError) error = NULL;
	seen s = {0};
	int fd = memfd_create("dump", MFD_CLOEXEC);
	g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fd);

	need(fd >= 0 && write(fd, file->str, file->len) == (ssize_t)file->len);
	g_autoptr(hk_dump_info) info = hk_dump_read(path, &sink, &s, &error);
	need((info == NULL) == (error != NULL));
	if (info) {
		need(s.columns == 0 && info->rows == s.all &&
			(int64_t)info->tables->len == s.tables &&
			info->schema == info->migrations->len && info->bytes == (int64_t)file->len);
	}
	close(fd);
}

static void
put_u32(GString *to, uint32_t v)
{
	for (int shift = 24; shift >= 0; shift -= 8) {
		g_string_append_c(to, (char)(v >> shift));
	}
}

static void
put_hash(GString *to)
{
	uint8_t hash[HK_SHA256_SIZE];

	hk_sha256(hk_span_of(to->str, to->len), hash);
	g_string_append_len(to, (const char *)hash, sizeof(hash));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char head[] =
		"{\"schema\":1,\"engine\":\"sqlite\",\"program\":\"0\",\"made_ms\":0,"
		"\"migrations\":[\"00\"]}";
	g_autoptr(GString) file = g_string_new(NULL);

	if (size == 0) {
		return 0;
	}
	if (data[0] > 1) {
		g_string_append(file, HK_DUMP_MAGIC);
		put_u32(file, sizeof(head) - 1);
		g_string_append(file, head);
		put_u32(file, (uint32_t)size - 1);
		put_u32(file, (uint32_t)size - 1);
	}
	g_string_append_len(file, (const char *)data + 1, (gssize)size - 1);
	if (data[0] > 1) {
		put_u32(file, 0);
	}
	if (data[0] > 0) {
		put_hash(file);
	}
	read_back(file);
	return 0;
}
