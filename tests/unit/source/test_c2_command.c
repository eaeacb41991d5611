/* Commands: the vectors of tests/vectors/c2-commands.tsv, waves, masking. */
#include "source/c2/command.h"

#include <stdio.h>
#include <stdlib.h>

#include "tap.h"

enum { COLUMNS = 7 };

/* \n LF, \t tab, \\ a backslash, \uXXXX the character. */
static char *
unescape(const char *text)
{
	GString *out = g_string_new(NULL);

	for (; *text; text++) {
		if (*text != '\\') {
			g_string_append_c(out, *text);
		} else if (text[1] == 'u' && strlen(text) >= 6) {
			char hex[5] = {text[2], text[3], text[4], text[5], '\0'};
			g_string_append_unichar(out, (gunichar)strtoul(hex, NULL, 16));
			text += 5;
		} else {
			text++;
			g_string_append_c(out, *text == 'n' ? '\n' : *text == 't' ? '\t' : *text);
		}
	}
	return g_string_free(out, FALSE);
}

static char *
joined(const GPtrArray *list, const char *between)
{
	GString *out = g_string_new(NULL);

	for (unsigned i = 0; i < list->len; i++) {
		g_string_append_printf(out, "%s%s", i ? between : "", (const char *)list->pdata[i]);
	}
	return g_string_free(out, FALSE);
}

/* As the vectors write them: domestic, "090...". */
static char *
numbers_of(const hk_command *command)
{
	GString *out = g_string_new(NULL);

	for (unsigned i = 0; i < command->numbers->len; i++) {
		const char *number = command->numbers->pdata[i];
		g_string_append_printf(out, "%s0%s", i ? "," : "", number + 3);
	}
	return g_string_free(out, FALSE);
}

static void
row(const hk_family *family, char **column, unsigned line)
{
	g_autofree char *input = unescape(column[0]);
	size_t len = strlen(input);
	/* An exact copy, so that the sanitizer sees a read one past the end. */
	char *copy = malloc(len > 0 ? len : 1);
	memcpy(copy, input, len);
	g_autoptr(hk_command) command = hk_command_read(family, hk_span_of(copy, len));
	free(copy);

	if (!ok(command, "line %u: %s", line, column[0])) {
		return;
	}
	g_autofree char *numbers = numbers_of(command);
	g_autofree char *counts = g_strdup_printf("%u/%u/%u%s", command->masked, command->odd,
		command->doubles, command->elided ? "+" : "");
	g_autofree char *urls = joined(command->urls, " ");
	g_autofree char *brands = joined(command->brands, "|");
	g_autofree char *text = unescape(column[4]);

	is_str(command->verb ? command->verb->name : "?", column[1], "line %u: the verb", line);
	is_str(numbers, column[2], "line %u: the numbers", line);
	is_str(counts, column[3], "line %u: blotted, odd, double", line);
	is_str(command->text ? command->text : "", text, "line %u: the text", line);
	is_str(urls, column[5], "line %u: the links", line);
	is_str(brands, column[6], "line %u: the brands", line);
}

static unsigned
vectors(const hk_family *family)
{
	size_t len;
	char *text = (char *)tap_file("tests/vectors/c2-commands.tsv", &len);
	char *line = text;
	unsigned n = 0, rows = 0;

	while (*line != '\0') {
		char *column[COLUMNS] = {line};
		char *feed = strchr(line, '\n');
		unsigned c = 1;
		*feed = '\0';
		n++;
		for (char *at = line; *at; at++) {
			if (*at == '\t' && c < COLUMNS) {
				*at = '\0';
				column[c++] = at + 1;
			}
		}
		if (*line != '#' && ok(c == COLUMNS, "line %u has %d columns", n, COLUMNS)) {
			row(family, column, n);
			rows++;
		}
		line = feed + 1;
	}
	free(text);
	return rows;
}

static hk_command *
send(const hk_family *family, const char *text)
{
	g_autofree char *frame = g_strconcat("发信息&09000000001 ", text, NULL);

	return hk_command_read(family, hk_span_str(frame));
}

/* Whether two texts are of one wave. */
static bool
same(const hk_family *family, const char *a, const char *b)
{
	g_autoptr(hk_command) x = send(family, a);
	g_autoptr(hk_command) y = send(family, b);
	bool equal = memcmp(x->key, y->key, sizeof x->key) == 0;

	ok(equal == g_str_equal(x->folded, y->folded), "the key is the folded text's: %s",
		x->folded);
	return equal;
}

static void
waves(const hk_family *family)
{
	/* the five of 2024-12-12 (threats.md S23): three short links, one text */
	static const char *const five[] = {
		"お客様の口座の取引を一時的に規制しています。詳細はこちら：https://t.co/1kgW8Huk6K",
		"お客様の口座の取引を一時的に規制しています。詳細はこちら：https://t.co/PkiFpTGzUR",
		"お客様の口座の取引を一時的に規制しています。詳細はこちら：https://t.co/PkiFpTGzUR",
		"お客様の口座の取引を一時的に規制しています。詳細はこちら：https://t.co/PkiFpTGzUR",
		"お客様の口座の取引を一時的に規制しています。詳細はこちら：https://t.co/"
		"KoJR0A9aAf"};
	static const char *const one[][2] = {
		{"【みほん銀行】お知らせ", "【 みほん 銀行 】 お知らせ"},
		{"ご確認 https://a.example/1", "ご確認\nhxxps://b[.]example/2 https://c.example/3"},
		{"詳細：https://a.example/1", "詳細: t.co/abc"},
		{"ＭＩＨＯＮ　ｂａｎｋ", "mihon bank"}, {"ﾐﾎﾝ銀行", "ミホン銀行"},
		{"みほん銀行", "ミホン銀行"}, {"確認\xe2\x80\x8b番号 1234", "確認番号987654"},
		{"ご利用額 12,345円", "ご利用額 99,800円"},
		{"電話090-0000-0001", "電話 070-0000-9999"}, {"お客様  の口座", "お客様の口座"},
		{"Mihon  Bank", "mihon bank"}};
	static const char *const two[][2] = {{"お客様の口座の取引を", "お客様のカードの取引を"},
		{"【みほん銀行】お知らせ", "【あさぎり銀行】お知らせ"}, {"mihon bank", "mihonbank"},
		{"確認番号1", "確認番号"}, {"お知らせ", ""}};

	for (size_t i = 1; i < G_N_ELEMENTS(five); i++) {
		ok(same(family, five[0], five[i]), "line %zu of 2024-12-12 is of the same wave",
			i + 1);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(one); i++) {
		ok(same(family, one[i][0], one[i][1]), "one wave: %s", one[i][0]);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(two); i++) {
		ok(!same(family, two[i][0], two[i][1]), "two waves: %s", two[i][0]);
	}
	g_autoptr(hk_command) none = hk_command_read(family, HK_SPAN_LIT("通讯录"));
	is_str(none->folded, "", "no text folds to nothing");
	uint8_t empty[HK_SHA256_SIZE];
	hk_sha256((hk_span){NULL, 0}, empty);
	is_mem(none->key, empty, sizeof empty, "and has the key of nothing");
}

static void
masking(void)
{
	static const char *const rows[][2] = {{"09000000001", "090-0000-****"},
		{"電話090-0000-0001まで", "電話090-0000-****まで"},
		{"０７０－００００－０００２、+81 90 0000 0001", "070-0000-****、090-0000-****"},
		{"tel:09000000001x", "tel:090-0000-****x"},
		{"https://t.co/09000000001", "https://t.co/090-0000-****"},
		{"090000000012、090-0000-00??、0900000", "****、****、0900000"},
		{"お急ぎは03-0000-0000", "お急ぎは030000-****"},
		{"2024年12月12日 3,000円 ID1234567890123456",
			"2024年12月12日 3,000円 ID1234567890123456"},
		{"", ""},
		{"\xff"
		 "09000000001",
			"\xff"
			"090-0000-****"}};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GString) out = g_string_new(NULL);
		hk_number_mask_text(hk_span_str(rows[i][0]), out);
		is_str(out->str, rows[i][1], "masked: %s", rows[i][0]);
	}
}

static void
frames(const hk_family *family)
{
	ok(!hk_command_read(family, HK_SPAN_LIT("发信息&\xff")), "no UTF-8: nothing");
	ok(!hk_command_read(family, (hk_span){NULL, 0}), "no bytes: nothing");
	ok(!hk_command_read(family, HK_SPAN_LIT(" \xe3\x80\x80\n")), "blanks: nothing");
	g_autoptr(hk_command) nul = hk_command_read(
		family, HK_SPAN_LIT("发信息&09000000001\0【みほん銀行】\0https://t.co/a1B"));
	is_str(nul->text, "【みほん銀行】 https://t.co/a1B", "a NUL hides nothing");
	is_int(nul->urls->len, 1, "nor the link");
}

/* A list as long as a bot may get: each number once, in order. */
static void
many(const hk_family *family)
{
	g_autoptr(GString) frame = g_string_new("发信息&");

	for (unsigned i = 0; i < HK_COMMAND_NUMBERS_MAX + 5; i++) {
		g_string_append_printf(frame, "%s0900%07u", i ? "," : "", i);
	}
	g_string_append(frame, ",09000000000 お知らせ");
	g_autoptr(hk_command) command = hk_command_read(family, hk_span_of(frame->str, frame->len));
	is_int(command->numbers->len, HK_COMMAND_NUMBERS_MAX, "as many as are kept");
	is_int(command->beyond, 5, "and five that are counted");
	is_int(command->doubles, 1, "and the first one again");
	is_str(command->numbers->pdata[99999], "+819000099999", "the last one kept");
	is_str(command->text, "お知らせ", "the text behind them");
}

/* Families of other grammars. */
static void
others(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(hk_family) fakespy =
		hk_family_read(HK_SOURCE_DIR "/conf/c2/fakespy.conf", &error);
	if (!ok(fakespy, "fakespy.conf reads (%s)", error ? error->message : "")) {
		return;
	}
	g_autoptr(hk_command) a =
		hk_command_read(fakespy, HK_SPAN_LIT("GetMessage2 09000000001,07000000002 お届け"));
	is_str(a->verb ? a->verb->name : NULL, "send-sms", "a verb without a mark");
	is_int(a->numbers->len, 2, "its numbers");
	g_autoptr(hk_command) b = hk_command_read(fakespy, HK_SPAN_LIT("getmessage"));
	is_str(b->verb ? b->verb->name : NULL, "poll", "small letters");
	fakespy->split = '|';
	fakespy->order = HK_ORDER_TEXT_NUMBERS;
	g_autoptr(hk_command) c = hk_command_read(
		fakespy, HK_SPAN_LIT("GetMessage2 3,000円|のお届け https://t.co/a1B | "
				     "09000000001;070-0000-0002"));
	is_str(c->text, "3,000円|のお届け https://t.co/a1B", "the text stands first");
	is_int(c->numbers->len, 2, "the numbers behind the last sign");
	is_int(c->urls->len, 1, "the link");
	fakespy->order = HK_ORDER_NUMBERS_TEXT;
	g_autoptr(hk_command) d = hk_command_read(
		fakespy, HK_SPAN_LIT("GetMessage2 09000000001 | 09000000002 でお届け"));
	is_int(d->numbers->len, 1, "the numbers before the first sign");
	is_str(d->text, "09000000002 でお届け", "all that follows is text");
}

int
main(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(hk_family) family = hk_family_read(HK_SOURCE_DIR "/conf/c2/keepspy.conf", &error);

	if (!ok(family, "the family's file reads: %s", error ? error->message : "")) {
		return tap_done();
	}
	ok(vectors(family) >= 300, "there are 300 vectors and more");
	waves(family);
	masking();
	frames(family);
	many(family);
	others();
	return tap_done();
}
