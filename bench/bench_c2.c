/* bench_c2: commands of a command channel read per second on one core, beside reading their bytes once and beside checking their UTF-8.
 *
 *   bench_c2 [NUMBERS]     numbers in each list (default 20)
 *
 * 5,000 commands of its own making, as KeepSpy's server sends them: a list of numbers in mixed notations, a text in Japanese with a brand and a short link. */
#include <stdio.h>
#include <stdlib.h>

#include <glib.h>

#include "base/utf8.h"
#include "bench.h"
#include "parse/c2cmd.h"
#include "source/c2/show.h"

enum { COMMANDS = 5000, ROUNDS = 7 };

typedef struct bench {
	hk_family *family;
	GPtrArray *frames; /* GString * */
	uint64_t sum;
	GString *out;
} bench;

static hk_span
frame_at(const bench *b, unsigned i)
{
	const GString *frame = b->frames->pdata[i];

	return hk_span_of(frame->str, frame->len);
}

static void
free_frame(void *frame)
{
	g_string_free(frame, TRUE);
}

static void
fill(bench *b, unsigned numbers)
{
	static const char *const texts[] = {"【みほん銀行】お客様の口座の取引を一時的に規制していま"
					    "す。詳細はこちら：https://tco.example/",
		"「あさぎり銀行」口座の利用に関する重要な確認のお願い。ご確認ください "
		"hxxps://tco[.]example/",
		"【やまびこカード】ご利用金額12,345円の確認が必要です。tco.example/"};

	b->frames = g_ptr_array_new_with_free_func(free_frame);
	for (unsigned i = 0; i < COMMANDS; i++) {
		GString *frame = g_string_new("发信息 &");
		for (unsigned k = 0; k < numbers; k++) {
			unsigned n = (i * numbers + k) * 7919 % 10000000;
			g_string_append_printf(frame,
				k % 16 == 7    ? "%s090-0%03u-%04u"
				: k % 16 == 13 ? "%s+81900%03u%04u"
					       : "%s0900%03u%04u",
				k ? "," : "", n / 10000, n % 10000);
		}
		g_string_append_printf(frame, " %sAb%05u", texts[i % G_N_ELEMENTS(texts)], i);
		g_ptr_array_add(b->frames, frame);
	}
}

static uint64_t
read_bytes(void *user)
{
	bench *b = user;

	for (unsigned i = 0; i < b->frames->len; i++) {
		hk_span frame = frame_at(b, i);
		for (size_t k = 0; k < frame.len; k++) {
			b->sum = b->sum * 31 + frame.data[k];
		}
	}
	return b->frames->len;
}

static uint64_t
check_utf8(void *user)
{
	bench *b = user;

	for (unsigned i = 0; i < b->frames->len; i++) {
		b->sum += hk_utf8_valid(frame_at(b, i));
	}
	return b->frames->len;
}

static uint64_t
take_apart(void *user)
{
	bench *b = user;
	hk_c2cmd cmd;
	hk_telno telno;

	for (unsigned i = 0; i < b->frames->len; i++) {
		if (hk_c2cmd_split(frame_at(b, i), b->family->words, b->family->verbs->len,
			    b->family->mark, &cmd) != HK_OK) {
			abort();
		}
		hk_c2cmd_list list =
			hk_c2cmd_list_begin(cmd.argument, hk_span_str(b->family->separators));
		while (hk_c2cmd_number(&list, &telno)) {
			b->sum += telno.digits;
		}
		b->sum += hk_c2cmd_text(&list).len;
	}
	return b->frames->len;
}

static uint64_t
read_commands(void *user)
{
	bench *b = user;

	for (unsigned i = 0; i < b->frames->len; i++) {
		g_autoptr(hk_command) command = hk_command_read(b->family, frame_at(b, i));
		if (!command->send || command->urls->len != 1) {
			abort(); /* a figure for something else than reading them */
		}
		b->sum += command->numbers->len;
	}
	return b->frames->len;
}

static uint64_t
show_commands(void *user)
{
	bench *b = user;

	for (unsigned i = 0; i < b->frames->len; i++) {
		g_autoptr(hk_command) command = hk_command_read(b->family, frame_at(b, i));
		g_string_truncate(b->out, 0);
		hk_command_json(command, NULL, b->out);
		b->sum += b->out->len;
	}
	return b->frames->len;
}

int
main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	unsigned numbers = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 20;
	bench b = {.out = g_string_new(NULL)};
	bench_row rows[] = {{"floor: read each byte once", read_bytes, &b, 0},
		{"check its UTF-8", check_utf8, &b, 0},
		{"verb, numbers and text told apart", take_apart, &b, 0},
		{"the whole command: links, brands, wave key", read_commands, &b, 0},
		{"and printed as JSON, numbers masked", show_commands, &b, 0}};

	b.family = hk_family_read(HK_SOURCE_DIR "/conf/c2/keepspy.conf", &error);
	if (!b.family) {
		fprintf(stderr, "bench_c2: %s\n", error->message);
		return 1;
	}
	fill(&b, numbers);
	bench_run(rows, G_N_ELEMENTS(rows), ROUNDS);
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		bench_figure("c2", rows[i].name, 1e9 / rows[i].ns, "commands/s",
			i > 0 ? "of the floor's time" : NULL, rows[i].ns / rows[0].ns,
			i == 3 ? ">= 10,000" : NULL);
	}
	printf("%u commands of %u numbers each\n", COMMANDS, numbers);
	g_ptr_array_unref(b.frames);
	g_string_free(b.out, TRUE);
	hk_family_free(b.family);
	return b.sum == 0;
}
