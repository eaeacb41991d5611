/* nocheck: tested in tests/unit/sys/test_zip.c */
#include "sys/zipr.h"

#include <libdeflate.h>

#include "base/cur.h"
#include "base/utf8.h"
#include "sys/gerr.h"

enum { END_SIZE = 22, STORED = 0, DEFLATED = 8 };

typedef struct entry {
	char *name;
	unsigned method;
	uint32_t crc;
	size_t size;
	hk_span packed;
} entry;

struct hk_zipr {
	GArray *entries;     /* of entry */
	GHashTable *by_name; /* -> index + 1 */
};

/* What both headers of a file say (4.3.7, 4.3.12), from the version on. */
typedef struct head {
	uint64_t version, flags, method, time, crc, packed, size, name_len, extra_len;
} head;

static hk_err
little(hk_cur *cur, size_t n, uint64_t *ret)
{
	hk_span bytes;
	uint64_t value = 0;

	HK_TRY(hk_cur_bytes(cur, n, &bytes));
	for (size_t i = n; i > 0; i--) {
		value = value << 8 | bytes.data[i - 1];
	}
	*ret = value;
	return HK_OK;
}

static hk_err
magic(hk_cur *cur, uint64_t want)
{
	uint64_t got;

	HK_TRY(little(cur, 4, &got));
	return got == want ? HK_OK : HK_EFORM;
}

static hk_err
read_head(hk_cur *cur, head *ret)
{
	HK_TRY(little(cur, 2, &ret->version));
	HK_TRY(little(cur, 2, &ret->flags));
	HK_TRY(little(cur, 2, &ret->method));
	HK_TRY(little(cur, 4, &ret->time));
	HK_TRY(little(cur, 4, &ret->crc));
	HK_TRY(little(cur, 4, &ret->packed));
	HK_TRY(little(cur, 4, &ret->size));
	HK_TRY(little(cur, 2, &ret->name_len));
	HK_TRY(little(cur, 2, &ret->extra_len));
	/* Bit 11 says that the name is UTF-8; bits 1 and 2 are the packer's. Anything else is what we do not read. */
	return (ret->flags & ~UINT64_C(0x806)) == 0 && ret->extra_len == 0 ? HK_OK : HK_EFORM;
}

/* The header in front of a file must say what the directory said. *at: where the file before ended. */
static hk_err
read_file(hk_span all, size_t limit, uint64_t offset, const head *want, hk_span name, size_t *at,
	hk_span *ret)
{
	hk_cur cur = hk_cur_of(hk_span_of(all.data, limit));
	hk_span local_name;
	head got;

	if (offset != *at) {
		return HK_EFORM;
	}
	HK_TRY(hk_cur_skip(&cur, offset));
	HK_TRY(magic(&cur, 0x04034b50));
	HK_TRY(read_head(&cur, &got));
	if (memcmp(&got, want, sizeof got) != 0) {
		return HK_EFORM;
	}
	HK_TRY(hk_cur_bytes(&cur, got.name_len, &local_name));
	if (!hk_span_eq(name, local_name)) {
		return HK_EFORM;
	}
	HK_TRY(hk_cur_bytes(&cur, got.packed, ret));
	*at = limit - hk_cur_left(&cur);
	return HK_OK;
}

static hk_err
read_entry(hk_span all, size_t limit, hk_cur *cur, size_t *at, hk_zipr *zip)
{
	uint64_t by, comment, disk, inner, outer, offset;
	hk_span name;
	entry e = {0};
	head h;

	HK_TRY(magic(cur, 0x02014b50));
	HK_TRY(little(cur, 2, &by));
	HK_TRY(read_head(cur, &h));
	HK_TRY(little(cur, 2, &comment));
	HK_TRY(little(cur, 2, &disk));
	HK_TRY(little(cur, 2, &inner));
	HK_TRY(little(cur, 4, &outer));
	HK_TRY(little(cur, 4, &offset));
	HK_TRY(hk_cur_bytes(cur, h.name_len, &name));
	if (comment != 0 || disk != 0 || name.len == 0 || memchr(name.data, 0, name.len) ||
		!hk_utf8_valid(name) || (h.method != STORED && h.method != DEFLATED) ||
		(h.method == STORED && h.packed != h.size)) {
		return HK_EFORM;
	}
	HK_TRY(read_file(all, limit, offset, &h, name, at, &e.packed));
	e.name = g_strndup((const char *)name.data, name.len);
	e.method = (unsigned)h.method;
	e.crc = (uint32_t)h.crc;
	e.size = h.size;
	g_array_append_val(zip->entries, e);
	return g_hash_table_insert(zip->by_name, e.name, GSIZE_TO_POINTER(zip->entries->len))
		       ? HK_OK
		       : HK_EFORM;
}

static hk_err
read_directory(hk_span all, hk_zipr *zip)
{
	hk_cur cur = hk_cur_of(all);
	uint64_t disks, here, count, size, offset, comment;
	size_t at = 0;

	HK_TRY(all.len >= END_SIZE ? hk_cur_skip(&cur, all.len - END_SIZE) : HK_ETRUNC);
	HK_TRY(magic(&cur, 0x06054b50));
	HK_TRY(little(&cur, 4, &disks));
	HK_TRY(little(&cur, 2, &here));
	HK_TRY(little(&cur, 2, &count));
	HK_TRY(little(&cur, 4, &size));
	HK_TRY(little(&cur, 4, &offset));
	HK_TRY(little(&cur, 2, &comment));
	if (disks != 0 || here != count || comment != 0 || offset + size + END_SIZE != all.len) {
		return HK_EFORM;
	}
	if (count > HK_ZIPR_FILES_MAX) {
		return HK_ELIMIT;
	}
	cur = hk_cur_of(hk_span_of(all.data + offset, size));
	for (uint64_t i = 0; i < count; i++) {
		HK_TRY(read_entry(all, offset, &cur, &at, zip));
	}
	return hk_cur_empty(&cur) && at == offset ? HK_OK : HK_EFORM;
}

static void
entry_clear(void *data)
{
	g_free(((entry *)data)->name);
}

hk_zipr *
hk_zipr_new(hk_span bytes, GError **error)
{
	g_autoptr(hk_zipr) zip = g_new0(hk_zipr, 1);

	zip->entries = g_array_new(FALSE, TRUE, sizeof(entry));
	g_array_set_clear_func(zip->entries, entry_clear);
	zip->by_name = g_hash_table_new(g_str_hash, g_str_equal);
	hk_err err = read_directory(bytes, zip);
	if (err != HK_OK) {
		hk_error_set(error, err == HK_ELIMIT ? err : HK_EFORM,
			"not a zip file of the kind that hikeshi writes");
		return NULL;
	}
	return g_steal_pointer(&zip);
}

void
hk_zipr_free(hk_zipr *zip)
{
	if (zip) {
		g_hash_table_unref(zip->by_name);
		g_array_unref(zip->entries);
		g_free(zip);
	}
}

size_t
hk_zipr_count(const hk_zipr *zip)
{
	return zip->entries->len;
}

const char *
hk_zipr_name(const hk_zipr *zip, size_t i)
{
	return g_array_index(zip->entries, entry, i).name;
}

/* Nobody's word for a length is believed before it is there: what cannot come out of so few bytes is refused first. */
static uint8_t *
unpack(const entry *e, GError **error)
{
	if (e->size > HK_ZIPR_FILE_MAX || e->size / 1100 > e->packed.len) {
		hk_error_set(error, HK_ELIMIT, "%zu bytes of %zu", e->size, e->packed.len);
		return NULL;
	}
	g_autofree uint8_t *room = g_malloc(e->size + 1);
	if (e->method == STORED) {
		if (e->size > 0) {
			memcpy(room, e->packed.data, e->size);
		}
		return g_steal_pointer(&room);
	}
	struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
	size_t eaten, made;
	enum libdeflate_result result = d ? libdeflate_deflate_decompress_ex(d, e->packed.data,
						    e->packed.len, room, e->size, &eaten, &made)
					  : LIBDEFLATE_BAD_DATA;
	if (d) {
		libdeflate_free_decompressor(d);
	}
	if (result != LIBDEFLATE_SUCCESS || eaten != e->packed.len || made != e->size) {
		hk_error_set(error, HK_EFORM, "it cannot be unpacked");
		return NULL;
	}
	return g_steal_pointer(&room);
}

GBytes *
hk_zipr_get(const hk_zipr *zip, const char *name, GError **error)
{
	size_t number = GPOINTER_TO_SIZE(g_hash_table_lookup(zip->by_name, name));

	if (number == 0) {
		hk_error_set(error, HK_ENOENT, "missing");
		return NULL;
	}
	const entry *e = &g_array_index(zip->entries, entry, number - 1);
	uint8_t *room = unpack(e, error);
	if (!room) {
		return NULL;
	}
	if (libdeflate_crc32(0, room, e->size) != e->crc) {
		g_free(room);
		hk_error_set(error, HK_ECHECK, "its checksum is another");
		return NULL;
	}
	return g_bytes_new_take(room, e->size);
}
