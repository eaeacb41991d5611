/* fuzz_c2cmd: any bytes as a command, as a line of a log, as text with brackets. Properties: whatever is handed out lies in the frame; lists and searches go on and end. */
#include <stdlib.h>

#include "fuzz.h"
#include "parse/c2cmd.h"

static void
inside(hk_span part, hk_span all)
{
	need(part.len <= all.len);
	need(part.len == 0 ||
		(part.data >= all.data && part.data + part.len <= all.data + all.len));
}

static void
list(hk_span argument)
{
	hk_c2cmd_list l = hk_c2cmd_list_begin(argument, HK_SPAN_LIT("&|"));
	hk_telno telno;
	size_t before = 0;

	while (hk_c2cmd_number(&l, &telno)) {
		need(l.at > before && l.at <= argument.len);
		inside(telno.text, argument);
		before = l.at;
	}
	need(l.at <= argument.len);
	inside(hk_c2cmd_text(&l), argument);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const hk_span words[] = {HK_SPAN_LIT("发信息"), HK_SPAN_LIT("拦截短信&open"),
		HK_SPAN_LIT("通知栏"), HK_SPAN_LIT("send")};
	hk_span frame = hk_span_of(data, size), in;
	hk_c2cmd cmd;
	hk_c2cmd_log log;
	size_t pos = 0, before = 0;

	if (hk_c2cmd_split(frame, words, 4, '&', &cmd) == HK_OK) {
		need(cmd.known == SIZE_MAX || cmd.known < 4);
		need(cmd.word.len > 0);
		inside(cmd.word, frame);
		inside(cmd.argument, frame);
		list(cmd.argument);
	}
	list(frame);
	if (hk_c2cmd_log_read(frame, &log) == HK_OK) {
		need(log.port > 0 && log.port < 65536 && log.command.len > 0);
		inside(log.command, frame);
	}
	while (hk_c2cmd_bracket(frame, &pos, &in)) {
		need(pos > before && in.len > 0 && in.len <= HK_C2CMD_BRACKET_MAX);
		inside(in, frame);
		before = pos;
	}
	need(pos == size);
	return 0;
}
