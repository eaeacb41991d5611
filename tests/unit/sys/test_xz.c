#include "sys/xz.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <lzma.h>

#include "sys/gerr.h"
#include "tap.h"

static char path[] = "/tmp/hikeshi-xz-XXXXXX";

static void
put(const void *bytes, size_t len)
{
	FILE *f = fopen(path, "wb");

	ok(f && fwrite(bytes, 1, len, f) == len && fclose(f) == 0, "%zu bytes are written", len);
}

static void
reads(size_t max, hk_err want, const char *text, size_t len)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *got = NULL;
	size_t got_len = 0;
	bool good = hk_xz_read(path, max, &got, &got_len, &error);

	is_int(good ? HK_OK : hk_error_code(error), want, "at most %zu: %s", max,
		error ? error->message : "read");
	if (good) {
		is_int(got_len, len, "its length");
		ok(memcmp(got, text, len) == 0 && got[len] == '\0', "its bytes, and a NUL");
	} else {
		ok(got == NULL, "nothing is handed out");
	}
}

int
main(void)
{
	static char text[200000];
	static uint8_t packed[sizeof(text)];
	size_t packed_len = 0;
	int fd = mkstemp(path);

	for (size_t i = 0; i < sizeof(text); i++) {
		text[i] = (char)('a' + i * i / 7 % 26);
	}
	put(text, sizeof(text));
	reads(1 << 20, HK_OK, text, sizeof(text));
	reads(sizeof(text), HK_OK, text, sizeof(text));
	reads(sizeof(text) - 1, HK_ELIMIT, NULL, 0);
	put("", 0);
	reads(1 << 20, HK_OK, "", 0);
	is_int(lzma_easy_buffer_encode(6, LZMA_CHECK_CRC64, NULL, (const uint8_t *)text,
		       sizeof(text), packed, &packed_len, sizeof(packed)),
		LZMA_OK, "the text is packed");
	put(packed, packed_len);
	reads(1 << 20, HK_OK, text, sizeof(text));
	reads(sizeof(text) - 1, HK_ELIMIT, NULL, 0);
	put(packed, packed_len - 5);
	reads(1 << 20, HK_ETRUNC, NULL, 0);
	packed[packed_len / 2] ^= 0x55;
	put(packed, packed_len);
	reads(1 << 20, HK_EFORM, NULL, 0);
	close(fd);
	unlink(path);
	reads(1 << 20, HK_ENOENT, NULL, 0);
	return tap_done();
}
