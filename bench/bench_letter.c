/* bench_letter: what it costs to make one letter with two pictures of 300 kB (XARF v4 with both inside, both attached), beside the least that must be done
 * for it: its bytes encoded in base64 once, and copied once. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "bench.h"
#include "report/letter.h"
#include "sys/mime.h"

enum { PICTURE = 300000, BATCH = 10, ROUNDS = 9 };

static const char token[] = "0123456789abcdef0123456789abcdef";
static size_t sent_as;

/* A picture does not compress: chance bytes. */
static GBytes *
picture(uint32_t seed)
{
	uint8_t *data = g_malloc(PICTURE);

	for (size_t i = 0; i < PICTURE; i++) {
		seed = seed * 1664525u + 1013904223u;
		data[i] = (uint8_t)(seed >> 24);
	}
	return g_bytes_new_take(data, PICTURE);
}

static uint64_t
letters(void *user)
{
	hk_recipient to = {.kind = (char *)"hosting",
		.name = (char *)"Example Hosting B.V.",
		.address = (char *)"abuse@hosting.example",
		.subject = (char *)"192.0.2.44",
		.lang = (char *)"ja",
		.step = (char *)"first"};
	hk_letter_options options = {.now_ms = 1793836800000};

	for (int n = 0; n < BATCH; n++) {
		g_autoptr(hk_letter) letter = hk_letter_make(user, &to, token, &options, NULL);

		if (!letter || letter->files != 2) {
			fputs("bench_letter: no letter\n", stderr);
			exit(1);
		}
		sent_as = g_bytes_get_size(letter->bytes);
	}
	return BATCH;
}

/* As many bytes as the letter has, from three quarters of them. */
static uint64_t
least(void *user)
{
	g_autofree uint8_t *in = g_malloc0(sent_as);
	g_autofree char *text = g_malloc(HK_BASE64_LEN(sent_as) + 1), *copy = g_malloc(sent_as);

	(void)user;
	for (int n = 0; n < BATCH; n++) {
		in[n] = (uint8_t)n;
		hk_base64_encode(hk_span_of(in, sent_as / 4 * 3), text);
		memcpy(copy, text, sent_as / 4 * 4);
		in[0] ^= (uint8_t)copy[sent_as / 2];
	}
	return BATCH;
}

int
main(void)
{
	g_autoptr(hk_brief) brief = hk_brief_sample();

	hk_mime_init();
	for (unsigned i = 0; i < brief->files->len; i++) {
		hk_brief_file *file = g_ptr_array_index(brief->files, i);

		g_bytes_unref(file->bytes);
		file->bytes = picture(i + 1);
	}
	bench_row rows[] = {{"letter", letters, brief, 0}, {"least", least, NULL, 0}};
	letters(brief);
	bench_run(rows, G_N_ELEMENTS(rows), ROUNDS);
	bench_figure("letter", "a letter with 2 pictures of 300 kB", rows[0].ns / 1e6, "ms",
		"base64 and copy of its bytes", rows[0].ns / rows[1].ns, NULL);
	bench_figure("letter", "its size as sent", (double)sent_as / 1000, "kB", NULL, 0, NULL);
	return 0;
}
