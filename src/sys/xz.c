#include "sys/xz.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <lzma.h>

#include "sys/gerr.h"

#define XZ_MEMORY_MAX ((uint64_t)256 << 20)
#define READ_SIZE     ((size_t)1 << 16)

static const uint8_t xz_magic[6] = {0xFD, '7', 'z', 'X', 'Z', 0x00};

/* Where the bytes collect; grows by doubling up to max. */
typedef struct sink {
	char *bytes; /* owned */
	size_t len, cap, max;
} sink;

static bool
sink_room(sink *s, const char *path, GError **error)
{
	if (s->len < s->cap) {
		return true;
	}
	if (s->cap >= s->max) {
		return hk_error_set(error, HK_ELIMIT, "%s: more than %zu bytes", path, s->max);
	}
	s->cap = s->cap * 2 < s->max ? s->cap * 2 : s->max;
	s->bytes = g_realloc(s->bytes, s->cap + 1);
	return true;
}

static bool
read_plain(FILE *f, const char *path, sink *s, GError **error)
{
	for (;;) {
		size_t got;

		if (s->len == s->max) {
			/* full to the brim: right only if the file ends here */
			return fgetc(f) == EOF || hk_error_set(error, HK_ELIMIT,
							  "%s: more than %zu bytes", path, s->max);
		}
		if (!sink_room(s, path, error)) {
			return false;
		}
		got = fread(s->bytes + s->len, 1, s->cap - s->len, f);
		s->len += got;
		if (got == 0) {
			return !ferror(f) || hk_error_errno(error, errno, "%s: cannot read", path);
		}
	}
}

static bool
read_packed(FILE *f, const char *path, lzma_stream *z, sink *s, GError **error)
{
	uint8_t in[READ_SIZE];

	for (lzma_ret r = LZMA_OK; r != LZMA_STREAM_END;) {
		lzma_action action = LZMA_RUN;

		if (z->avail_in == 0) {
			z->next_in = in;
			z->avail_in = fread(in, 1, sizeof(in), f);
			if (ferror(f)) {
				return hk_error_errno(error, errno, "%s: cannot read", path);
			}
		}
		if (z->avail_in == 0 || feof(f)) {
			action = LZMA_FINISH;
		}
		if (!sink_room(s, path, error)) {
			return false;
		}
		z->next_out = (uint8_t *)s->bytes + s->len;
		z->avail_out = s->cap - s->len;
		r = lzma_code(z, action);
		s->len = s->cap - z->avail_out;
		if (r == LZMA_BUF_ERROR) {
			return hk_error_set(
				error, HK_ETRUNC, "%s: the xz data end too early", path);
		}
		if (r != LZMA_OK && r != LZMA_STREAM_END) {
			return hk_error_set(error, HK_EFORM, "%s: the xz data are damaged", path);
		}
	}
	return true;
}

bool
hk_xz_read(const char *path, size_t max_bytes, char **ret, size_t *ret_len, GError **error)
{
	FILE *f = fopen(path, "rbe");
	uint8_t head[sizeof(xz_magic)];
	sink s = {.max = max_bytes};
	bool good;

	if (f == NULL) {
		return hk_error_errno(error, errno, "%s: cannot open", path);
	}
	s.cap = READ_SIZE < max_bytes ? READ_SIZE : max_bytes;
	s.bytes = g_malloc(s.cap + 1);
	errno = 0;
	if (fread(head, 1, sizeof(head), f) == sizeof(head) &&
		memcmp(head, xz_magic, sizeof(head)) == 0) {
		lzma_stream z = LZMA_STREAM_INIT;

		rewind(f);
		good = lzma_stream_decoder(&z, XZ_MEMORY_MAX, LZMA_CONCATENATED) == LZMA_OK
			       ? read_packed(f, path, &z, &s, error)
			       : hk_error_set(error, HK_ENOMEM, "%s: no memory for the xz decoder",
					 path);
		lzma_end(&z);
	} else {
		good = !ferror(f) || hk_error_errno(error, errno, "%s: cannot read", path);
		rewind(f);
		good = good && read_plain(f, path, &s, error);
	}
	fclose(f);
	if (!good) {
		g_free(s.bytes);
		return false;
	}
	s.bytes[s.len] = '\0';
	*ret = s.bytes;
	*ret_len = s.len;
	return true;
}
