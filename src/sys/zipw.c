/* nocheck: tested in tests/unit/sys/test_zip.c */
#include "sys/zipw.h"

#include <errno.h>
#include <fcntl.h>
#include <libdeflate.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/utf8.h"
#include "sys/file.h"
#include "sys/gerr.h"
#include "sys/hash.h"

enum { LEVEL = 6, STORED = 0, DEFLATED = 8, UTF8 = 0x800, VERSION = 20, UNIX = 3 << 8 };

struct hk_zipw {
	char *path, *part;
	int fd;
	bool closed;
	uint64_t at; /* bytes written */
	unsigned files;
	GByteArray *directory;
	GHashTable *names;
	hk_hasher *hasher;
	struct libdeflate_compressor *compressor;
};

hk_zipw *
hk_zipw_new(const char *path, GError **error)
{
	g_autoptr(hk_zipw) zip = g_new0(hk_zipw, 1);

	zip->path = g_strdup(path);
	zip->part = g_strconcat(path, ".tmp", NULL);
	zip->directory = g_byte_array_new();
	zip->names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	zip->hasher = hk_hasher_new();
	zip->compressor = libdeflate_alloc_compressor(LEVEL);
	zip->fd = open(zip->part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (zip->fd < 0) {
		int number = errno;
		g_clear_pointer(&zip->part, g_free);
		hk_error_errno(error, number, "%s.tmp", path);
		return NULL;
	}
	if (!zip->compressor) {
		hk_error_set(error, HK_ENOMEM, "%s: no memory to compress", path);
		return NULL;
	}
	return g_steal_pointer(&zip);
}

void
hk_zipw_free(hk_zipw *zip)
{
	if (!zip) {
		return;
	}
	if (zip->fd >= 0) {
		close(zip->fd);
	}
	if (zip->part) {
		unlink(zip->part);
	}
	g_free(zip->part);
	g_free(zip->path);
	g_byte_array_unref(zip->directory);
	g_hash_table_unref(zip->names);
	hk_hasher_free(zip->hasher);
	if (zip->compressor) {
		libdeflate_free_compressor(zip->compressor);
	}
	g_free(zip);
}

static void
put16(GByteArray *out, unsigned value)
{
	const uint8_t bytes[] = {(uint8_t)value, (uint8_t)(value >> 8)};

	g_byte_array_append(out, bytes, sizeof bytes);
}

static void
put32(GByteArray *out, uint64_t value)
{
	put16(out, (unsigned)(value & 0xffff));
	put16(out, (unsigned)(value >> 16 & 0xffff));
}

/* 4.4.6: MS-DOS time and date; from 1980 on, in steps of two seconds. */
static uint32_t
dos_time(int64_t at_ms)
{
	time_t at_s = (time_t)(at_ms / 1000);
	struct tm tm = {0};

	if (!gmtime_r(&at_s, &tm) || tm.tm_year < 80 || tm.tm_year > 207) {
		return 0x00210000; /* 1980-01-01 */
	}
	return (uint32_t)(tm.tm_year - 80) << 25 | (uint32_t)(tm.tm_mon + 1) << 21 |
	       (uint32_t)tm.tm_mday << 16 | (uint32_t)tm.tm_hour << 11 | (uint32_t)tm.tm_min << 5 |
	       (uint32_t)tm.tm_sec / 2;
}

static bool
write_out(hk_zipw *zip, hk_span bytes, GError **error)
{
	if (zip->at + bytes.len > HK_ZIPW_BYTES_MAX) {
		return hk_error_set(error, HK_ELIMIT, "%s: over 4 GiB", zip->path);
	}
	if (!hk_file_write_all(zip->fd, bytes, NULL, error)) {
		g_prefix_error(error, "%s: ", zip->path);
		return false;
	}
	hk_hasher_add(zip->hasher, bytes);
	zip->at += bytes.len;
	return true;
}

static bool
name_ok(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len > HK_ZIPW_NAME_MAX || *name == '/' || name[len - 1] == '/' ||
		strstr(name, "//") || !hk_utf8_valid(hk_span_str(name))) {
		return false;
	}
	for (const char *at = name; *at; at++) {
		if ((unsigned char)*at < ' ' || *at == 0x7f || *at == '\\') {
			return false;
		}
	}
	/* No part of it is ".." or ".". */
	for (const char *part = name; part;
		part = strchr(part, '/') ? strchr(part, '/') + 1 : NULL) {
		size_t size = strcspn(part, "/");
		if ((size == 1 && part[0] == '.') ||
			(size == 2 && part[0] == '.' && part[1] == '.')) {
			return false;
		}
	}
	return true;
}

/* 4.3.7 and 4.3.12 have these fields in common. */
static void
put_common(GByteArray *out, unsigned method, uint32_t time, uint32_t crc, size_t packed,
	size_t size, size_t name_len)
{
	put16(out, VERSION);
	put16(out, UTF8);
	put16(out, method);
	put32(out, time);
	put32(out, crc);
	put32(out, packed);
	put32(out, size);
	put16(out, (unsigned)name_len);
	put16(out, 0);
}

bool
hk_zipw_add(hk_zipw *zip, const char *name, hk_span bytes, int64_t at_ms, GError **error)
{
	g_autoptr(GByteArray) head = g_byte_array_new();
	size_t name_len = strlen(name);

	if (!name_ok(name) || g_hash_table_contains(zip->names, name)) {
		return hk_error_set(error, HK_EFORM, "%s: no file in it may be called \"%.100s\"",
			zip->path, name);
	}
	if (zip->files >= HK_ZIPW_FILES_MAX || bytes.len > HK_ZIPW_BYTES_MAX) {
		return hk_error_set(
			error, HK_ELIMIT, "%s: too many files, or too large a one", zip->path);
	}
	g_autofree uint8_t *room = g_malloc(bytes.len + 1);
	size_t packed = bytes.len > 1 ? libdeflate_deflate_compress(zip->compressor, bytes.data,
						bytes.len, room, bytes.len - 1)
				      : 0;
	hk_span data = packed > 0 ? hk_span_of(room, packed) : bytes;
	unsigned method = packed > 0 ? DEFLATED : STORED;
	uint32_t crc = libdeflate_crc32(0, bytes.data, bytes.len), time = dos_time(at_ms);
	uint64_t offset = zip->at;

	put32(head, 0x04034b50);
	put_common(head, method, time, crc, data.len, bytes.len, name_len);
	g_byte_array_append(head, (const uint8_t *)name, (guint)name_len);
	if (!write_out(zip, hk_span_of(head->data, head->len), error) ||
		!write_out(zip, data, error)) {
		return false;
	}
	put32(zip->directory, 0x02014b50);
	put16(zip->directory, UNIX | VERSION);
	put_common(zip->directory, method, time, crc, data.len, bytes.len, name_len);
	put16(zip->directory, 0);                       /* comment */
	put16(zip->directory, 0);                       /* disk */
	put16(zip->directory, 0);                       /* internal attributes */
	put32(zip->directory, UINT64_C(0100600) << 16); /* a file, mode 0600 */
	put32(zip->directory, offset);
	g_byte_array_append(zip->directory, (const uint8_t *)name, (guint)name_len);
	g_hash_table_add(zip->names, g_strdup(name));
	zip->files++;
	return true;
}

bool
hk_zipw_close(hk_zipw *zip, uint64_t *ret_bytes, uint8_t ret_sha256[32], GError **error)
{
	g_autoptr(GByteArray) end = g_byte_array_new();
	uint8_t hash[HK_SHA256_SIZE];

	put32(end, 0x06054b50);
	put32(end, 0); /* disks */
	put16(end, zip->files);
	put16(end, zip->files);
	put32(end, zip->directory->len);
	put32(end, zip->at);
	put16(end, 0); /* comment */
	if (!write_out(zip, hk_span_of(zip->directory->data, zip->directory->len), error) ||
		!write_out(zip, hk_span_of(end->data, end->len), error)) {
		return false;
	}
	if (fsync(zip->fd) != 0) {
		return hk_error_errno(error, errno, "%s", zip->path);
	}
	zip->closed = true;
	hk_hasher_done(zip->hasher, hash);
	if (ret_bytes) {
		*ret_bytes = zip->at;
	}
	if (ret_sha256) {
		memcpy(ret_sha256, hash, sizeof hash);
	}
	return true;
}

bool
hk_zipw_keep(hk_zipw *zip, GError **error)
{
	if (!zip->closed) {
		HK_BUG("a zip file is kept that was not closed");
	}
	if (rename(zip->part, zip->path) != 0) {
		return hk_error_errno(error, errno, "%s", zip->path);
	}
	g_clear_pointer(&zip->part, g_free);
	return true;
}
