/* Commands taken apart, log lines, brackets. The many notations stand in tests/vectors/c2-commands.tsv. */
#include "parse/c2cmd.h"

#include <stdio.h>
#include <stdlib.h>

#include "tap.h"

static const char *const names[] = {
	"发信息", "拦截短信&open", "拦截短信&close", "通知栏", "普通通知栏", "通讯录", "update"};
enum { NAMES = sizeof names / sizeof names[0] };

static hk_err
split(const char *text, hk_c2cmd *ret)
{
	hk_span words[NAMES];

	for (size_t i = 0; i < NAMES; i++) {
		words[i] = hk_span_str(names[i]);
	}
	*ret = (hk_c2cmd){.known = 4711};
	return hk_c2cmd_split(hk_span_str(text), words, NAMES, '&', ret);
}

static const char *
text_of(hk_span span)
{
	static char out[4][256];
	static unsigned next;
	char *to = out[next++ % 4];

	snprintf(to, sizeof out[0], "%.*s", (int)span.len, (const char *)span.data);
	return to;
}

static void
verbs(void)
{
	static const struct {
		const char *text;
		long known; /* -1: none */
		const char *word, *argument;
	} rows[] = {
		{"发信息&a", 0, "发信息", "a"},
		{"发信息 & a", 0, "发信息", "a"},
		{"发信息　＆　a", 0, "发信息", "a"},
		{"  发信息", 0, "发信息", ""},
		{"\xef\xbb\xbf发信息&a", 0, "发信息", "a"},
		{"发\xe2\x80\x8b信息&a", 0, "发\xe2\x80\x8b信息", "a"},
		{"发 信 息&a", 0, "发 信 息", "a"},
		{"发信息09000000001", 0, "发信息", "09000000001"},
		{"发信息【みほん】", 0, "发信息", "【みほん】"},
		{"发          信息&a", 0, "发          信息", "a"},
		{"发                                                                        信息&a",
			-1, "发", "信息&a"},
		{"发信息機&a", -1, "发信息機", "a"},
		{"发信", -1, "发信", ""},
		{"拦截短信&open", 1, "拦截短信&open", ""},
		{"拦截短信&OPEN", 1, "拦截短信&OPEN", ""},
		{"拦截短信＆ｃｌｏｓｅ", 2, "拦截短信＆ｃｌｏｓｅ", ""},
		{"拦截短信&opened", -1, "拦截短信", "opened"},
		{"拦截短信", -1, "拦截短信", ""},
		{"通知栏&a", 3, "通知栏", "a"},
		{"普通通知栏&a", 4, "普通通知栏", "a"},
		{"通讯录\n", 5, "通讯录", ""},
		{"UPDATE&x&y", 6, "UPDATE", "x&y"},
		{"updates&x", -1, "updates", "x"},
		{"&a", -1, "&a", ""},
		{"定位&1,2", -1, "定位", "1,2"},
		{"{\"cmd\":1} x", -1, "{\"cmd\":1}", "x"},
		{"01234567890123456789012345678901234567890123456789012345678901234567", -1,
			"0123456789012345678901234567890123456789012345678901234567890123", "4567"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		hk_c2cmd cmd;
		is_int(split(rows[i].text, &cmd), HK_OK, "row %zu is a command: %s", i + 1,
			rows[i].word);
		is_int(cmd.known == SIZE_MAX ? -1 : (long)cmd.known, rows[i].known, "which one");
		is_str(text_of(cmd.word), rows[i].word, "its verb");
		is_str(text_of(cmd.argument), rows[i].argument, "its argument");
	}
}

static void
none(void)
{
	static const char *const texts[] = {
		"", " ", "\xe3\x80\x80\n", "\xff", "a\xc3", "\xef\xbb\xbf"};
	hk_c2cmd cmd;

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		is_int(split(texts[i], &cmd), HK_EFORM, "text %zu is none", i + 1);
		is_int(cmd.known, 4711, "and nothing is touched");
	}
	char *big = calloc(1, HK_C2CMD_MAX + 1);
	memset(big, 'a', HK_C2CMD_MAX + 1);
	is_int(hk_c2cmd_split(hk_span_of(big, HK_C2CMD_MAX + 1), NULL, 0, '&', &cmd), HK_ELIMIT,
		"a byte too long");
	is_int(hk_c2cmd_split(hk_span_of(big, HK_C2CMD_MAX), NULL, 0, '&', &cmd), HK_OK,
		"as long as may be");
	free(big);
}

static void
logs(void)
{
	hk_c2cmd_log log = {.port = 1};

	is_int(hk_c2cmd_log_read(HK_SPAN_LIT("20241212-181514 7778 发信息 a b\r\n"), &log), HK_OK,
		"a line of a log");
	/* date -u -d '2024-12-12 18:15:14' +%s */
	is_int(log.local_s, 1734027314, "its time");
	is_int(log.port, 7778, "its port");
	is_str(text_of(log.command), "发信息 a b", "its command");
	is_int(hk_c2cmd_log_read(HK_SPAN_LIT("20240229-000000\t1\t x"), &log), HK_OK,
		"a leap day, tabs");
	is_int(log.local_s, 1709164800, "its time");
	static const char *const bad[] = {"", "发信息 a", "20241212-181514", "20241212-181514 7778",
		"20241212-181514 7778 ", "20241212-181514 0 a", "20241212-181514 65536 a",
		"20241212-181514 77x8 a", "20230229-000000 1 a", "20241301-000000 1 a",
		"20240001-000000 1 a", "20241212-240000 1 a", "20241212-006000 1 a",
		"20241212-000060 1 a", "20241212 181514 7778 a", "2024121-181514 7778 a",
		"20241200-181514 7778 a", "20241212-1815140 7778 a"};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		log.port = 4711;
		is_int(hk_c2cmd_log_read(hk_span_str(bad[i]), &log), HK_EFORM, "'%s' is none",
			bad[i]);
		is_int(log.port, 4711, "and nothing is touched");
	}
}

static void
brackets(void)
{
	static const char text[] =
		"【みほん銀行】と『 Mihon Bank "
		"』、「【内】側」「」【開いた「次」［全角］｢半角｣≪囲み≫〔甲〕〈乙〉《丙》[ascii]";
	static const char *const want[] = {
		"みほん銀行", "Mihon Bank", "内", "次", "全角", "半角", "囲み", "甲", "乙", "丙"};
	size_t pos = 0, n = 0;
	hk_span inside;

	while (hk_c2cmd_bracket(hk_span_str(text), &pos, &inside)) {
		is_str(text_of(inside), n < 10 ? want[n] : NULL, "bracket %zu", n + 1);
		n++;
	}
	is_int(n, 10, "ten, and no others");
	char big[HK_C2CMD_BRACKET_MAX + 8] = "「";
	memset(big + 3, 'a', HK_C2CMD_BRACKET_MAX);
	memcpy(big + 3 + HK_C2CMD_BRACKET_MAX, "」", 4);
	pos = 0;
	ok(hk_c2cmd_bracket(hk_span_str(big), &pos, &inside), "as long as may be");
	memcpy(big + 3 + HK_C2CMD_BRACKET_MAX, "a」", 5);
	pos = 0;
	ok(!hk_c2cmd_bracket(hk_span_str(big), &pos, &inside), "a byte longer is none");
}

int
main(void)
{
	verbs();
	none();
	logs();
	brackets();
	return tap_done();
}
