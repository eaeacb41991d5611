#include "parse/c2cmd.h"

#include "base/jpholiday.h"
#include "base/num.h"
#include "base/utf8.h"

/* So many times its bytes a word may take in a frame, blanks included. */
enum { INSIDE_MAX = 8 };

/* A character as it counts here: full-width ASCII as ASCII, capitals small, all blanks ' ', invisible ones 0. */
static uint32_t
char_at(hk_span text, size_t at, size_t *ret_len)
{
	uint32_t c = 0xfffd;
	size_t len = hk_utf8_next(text.data + at, text.data + text.len, &c);

	*ret_len = len > 0 ? len : 1;
	if (c >= 0xff01 && c <= 0xff5e) {
		c = c - 0xff01 + '!';
	}
	if (c >= 'A' && c <= 'Z') {
		c += 'a' - 'A';
	}
	if (c == 0x3000 || c == 0xa0 || c == 0x85 || c <= ' ' || c == 0x2028 || c == 0x2029 ||
		(c >= 0x2000 && c <= 0x200a) || c == 0x202f) {
		return ' ';
	}
	return c == 0xad || (c >= 0x200b && c <= 0x200f) || (c >= 0x2060 && c <= 0x2064) ||
			       c == 0xfeff || (c >= 0x202a && c <= 0x202e) ||
			       (c >= 0x2066 && c <= 0x2069)
		       ? 0
		       : c;
}

/* Behind blanks and invisible characters. */
static size_t
past_blanks(hk_span text, size_t at)
{
	while (at < text.len) {
		size_t len;
		uint32_t c = char_at(text, at, &len);
		if (c != ' ' && c != 0) {
			break;
		}
		at += len;
	}
	return at;
}

/* Without blanks and invisible characters at both ends. */
static hk_span
trimmed(hk_span text)
{
	size_t from = past_blanks(text, 0);
	size_t end = from;

	for (size_t at = from, len; at < text.len; at += len) {
		uint32_t c = char_at(text, at, &len);
		end = c == ' ' || c == 0 ? end : at + len;
	}
	return hk_span_of(text.data + from, end - from);
}

/* What continues a word: 1 an ideograph, 2 a letter of ASCII, 0 nothing does. */
static int
kind_of(uint32_t c)
{
	if ((c >= 0x3400 && c <= 0x9fff) || c == 0x3005 || (c >= 0xf900 && c <= 0xfaff) ||
		(c >= 0x20000 && c <= 0x3ffff)) {
		return 1;
	}
	return c >= 'a' && c <= 'z' ? 2 : 0;
}

/* Bytes of the frame from `at` that read as word; 0: they do not. Few blanks may stand inside: every word is tried, and time stays linear. */
static size_t
match(hk_span frame, size_t at, hk_span word)
{
	size_t from = at, w = 0;
	uint32_t last = 0;

	if (frame.len > at + word.len * INSIDE_MAX) {
		frame.len = at + word.len * INSIDE_MAX;
	}
	while (w < word.len) {
		size_t word_len, len;
		uint32_t want = char_at(word, w, &word_len);
		if (want == ' ' || want == 0) {
			w += word_len;
			continue;
		}
		at = past_blanks(frame, at);
		if (at >= frame.len || char_at(frame, at, &len) != want) {
			return 0;
		}
		last = want;
		at += len;
		w += word_len;
	}
	if (at < frame.len) {
		size_t len;
		uint32_t next = char_at(frame, at, &len);
		int kind = kind_of(last);
		if (kind != 0 && kind == kind_of(next)) {
			return 0;
		}
	}
	return at - from;
}

/* Bytes of a verb that nobody knows. */
static size_t
unknown_word(hk_span frame, size_t from, char mark)
{
	size_t at = from;

	while (at < frame.len) {
		size_t len;
		uint32_t c = char_at(frame, at, &len);
		if (c == ' ' || (mark != 0 && at > from && c == (uint32_t)mark) ||
			at + len - from > HK_C2CMD_WORD_MAX) {
			break;
		}
		at += len;
	}
	return at - from;
}

hk_err
hk_c2cmd_split(hk_span frame, const hk_span *words, size_t count, char mark, hk_c2cmd *ret)
{
	size_t best = 0, known = SIZE_MAX;

	if (frame.len > HK_C2CMD_MAX) {
		return HK_ELIMIT;
	}
	if (!hk_utf8_valid(frame)) {
		return HK_EFORM;
	}
	size_t from = past_blanks(frame, 0);
	if (from >= frame.len) {
		return HK_EFORM;
	}
	for (size_t i = 0; i < count; i++) {
		size_t len = match(frame, from, words[i]);
		if (len > best) {
			best = len;
			known = i;
		}
	}
	size_t len = best > 0 ? best : unknown_word(frame, from, mark);
	size_t at = past_blanks(frame, from + len);
	size_t mark_len;
	if (mark != 0 && at < frame.len && char_at(frame, at, &mark_len) == (uint32_t)mark) {
		at += mark_len;
	}
	*ret = (hk_c2cmd){.known = known,
		.word = hk_span_of(frame.data + from, len),
		.argument = trimmed(hk_span_of(frame.data + at, frame.len - at))};
	return HK_OK;
}

/* The list of numbers ------------------------------------------------------------------------------------------------ */

typedef enum sep { NOT, GAP, COMMA } sep;

static sep
separator_at(const hk_c2cmd_list *list, size_t at, size_t *ret_len)
{
	uint32_t c = char_at(list->text, at, ret_len);

	if (c == ' ' || c == 0) {
		return GAP;
	}
	if (c == ',' || c == ';' || c == 0x3001 || c == 0xff64) {
		return COMMA;
	}
	return c < 0x80 && memchr(list->separators.data, (int)c, list->separators.len) ? COMMA
										       : NOT;
}

/* Behind the separators at `at`; whether a comma was among them. */
static size_t
past_separators(const hk_c2cmd_list *list, size_t at, bool *ret_comma)
{
	*ret_comma = false;
	while (at < list->text.len) {
		size_t len;
		sep what = separator_at(list, at, &len);
		if (what == NOT) {
			break;
		}
		*ret_comma = *ret_comma || what == COMMA;
		at += len;
	}
	return at;
}

/* "…", "...", "・・・" alone: more numbers that somebody left out. */
static size_t
elision(hk_span text, size_t at)
{
	size_t from = at;
	unsigned dots = 0;

	while (at < text.len) {
		size_t len;
		uint32_t c = char_at(text, at, &len);
		bool two = c == 0x2026 || c == 0x2025 || c == 0x22ef;
		if (!two && c != '.' && c != 0x30fb && c != 0xff65) {
			break;
		}
		dots += two ? 2 : 1;
		at += len;
	}
	return dots >= 2 ? at - from : 0;
}

/* Brackets that open a text in Japan; what a text may begin with right behind a number. */
static bool
opens(uint32_t c)
{
	return (c >= 0x3008 && c <= 0x3016) || c == '[' || c == 0xff62 || c == 0x226a ||
	       c == 0x300c;
}

typedef enum follower { END, BY_GAP, BY_COMMA, BY_BRACKET, BY_OTHER } follower;

static follower
follows(const hk_c2cmd_list *list, size_t at)
{
	size_t len;

	if (at >= list->text.len) {
		return END;
	}
	switch (separator_at(list, at, &len)) {
	case GAP: {
		bool comma;
		at = past_separators(list, at, &comma);
		return comma ? BY_COMMA : BY_GAP;
	}
	case COMMA:
		return BY_COMMA;
	case NOT:
		break;
	}
	return opens(char_at(list->text, at, &len)) ? BY_BRACKET : BY_OTHER;
}

/* Whether the list goes on behind the comma at `at`: with something that is a number by itself. */
static bool
goes_on(const hk_c2cmd_list *list, size_t at)
{
	bool comma;
	hk_telno next;

	at = past_separators(list, at, &comma);
	return comma && hk_telno_read(list->text, at, &next) > 0 && next.kind != HK_TELNO_DIGITS;
}

/* Whether what was read at the cursor belongs to the list; end: behind it. */
static bool
belongs(const hk_c2cmd_list *list, const hk_telno *telno, size_t end)
{
	size_t len;

	if (telno->kind == HK_TELNO_MOBILE) {
		return true;
	}
	follower behind = follows(list, end);
	switch (telno->kind) {
	case HK_TELNO_MASKED:
		/* "24xyz" begins a text, "090…お客様" does not go on with the number */
		return behind != BY_OTHER || kind_of(char_at(list->text, end, &len)) != 2;
	case HK_TELNO_OTHER:
		return behind != BY_OTHER;
	case HK_TELNO_MOBILE:
	case HK_TELNO_DIGITS:
		break;
	}
	if (behind == BY_OTHER || telno->digits >= 9) {
		return behind != BY_OTHER;
	}
	return behind == BY_COMMA ? goes_on(list, end) : list->comma;
}

hk_c2cmd_list
hk_c2cmd_list_begin(hk_span argument, hk_span separators)
{
	static const uint8_t none[1];

	separators = separators.data ? separators : hk_span_of(none, 0);
	argument = argument.data ? argument : hk_span_of(none, 0);
	return (hk_c2cmd_list){.text = argument, .separators = separators};
}

bool
hk_c2cmd_number(hk_c2cmd_list *list, hk_telno *ret)
{
	bool comma;
	hk_telno telno;
	size_t before = list->at, at = past_separators(list, before, &comma);

	list->comma = comma;
	list->at = at;
	size_t len = hk_telno_read(list->text, at, &telno);
	if (len > 0 && belongs(list, &telno, at + len)) {
		list->at = at + len;
		*ret = telno;
		return true;
	}
	/* "…" behind a comma or a number; behind a blank it begins a text */
	len = comma || (at == before && at > 0) ? elision(list->text, at) : 0;
	if (len > 0) {
		list->elided = true;
		list->at = past_separators(list, at + len, &comma);
	}
	return false;
}

hk_span
hk_c2cmd_text(const hk_c2cmd_list *list)
{
	size_t at = past_blanks(list->text, list->at);
	size_t len;

	if (list->at > 0 && at < list->text.len) {
		uint32_t c = char_at(list->text, at, &len);
		at += c == ':' || c == '|' ? len : 0;
	}
	return trimmed(hk_span_of(list->text.data + at, list->text.len - at));
}

/* Lines of logs ------------------------------------------------------------------------------------------------------ */

static bool
field(hk_span text, size_t at, size_t len, uint64_t *ret)
{
	*ret = 0;
	for (size_t i = 0; i < len; i++) {
		if (text.data[at + i] < '0' || text.data[at + i] > '9') {
			return false;
		}
		*ret = *ret * 10 + (uint64_t)(text.data[at + i] - '0');
	}
	return true;
}

static hk_err
read_time(hk_span text, int64_t *ret)
{
	static const uint8_t widths[] = {4, 2, 2, 0, 2, 2, 2};
	uint64_t v[7];
	size_t at = 0;
	int year, month, day;

	if (text.len != 15 || text.data[8] != '-') {
		return HK_EFORM;
	}
	for (size_t i = 0; i < sizeof widths; i++) {
		at += widths[i] == 0;
		if (!field(text, at, widths[i], &v[i])) {
			return HK_EFORM;
		}
		at += widths[i];
	}
	int64_t days = hk_date_days((int64_t)v[0], (int64_t)v[1], (int64_t)v[2]);
	hk_date_of(days, &year, &month, &day);
	if (v[1] < 1 || v[1] > 12 || day != (int)v[2] || month != (int)v[1] || v[4] > 23 ||
		v[5] > 59 || v[6] > 59) {
		return HK_EFORM;
	}
	*ret = days * 86400 + (int64_t)(v[4] * 3600 + v[5] * 60 + v[6]);
	return HK_OK;
}

/* The word at the beginning of text, which then begins behind it and its blanks. */
static hk_span
next_word(hk_span *text)
{
	size_t end = 0;

	while (end < text->len && text->data[end] != ' ' && text->data[end] != '\t') {
		end++;
	}
	hk_span word = hk_span_of(text->data, end);
	size_t next = past_blanks(*text, end);
	*text = hk_span_of(text->data + next, text->len - next);
	return word;
}

hk_err
hk_c2cmd_log_read(hk_span line, hk_c2cmd_log *ret)
{
	uint64_t port;
	int64_t local_s;

	if (line.len > HK_C2CMD_MAX) {
		return HK_ELIMIT;
	}
	hk_span text = trimmed(line);
	HK_TRY(read_time(next_word(&text), &local_s));
	if (hk_parse_u64(next_word(&text), 65535, &port) != HK_OK || port == 0 || text.len == 0) {
		return HK_EFORM;
	}
	*ret = (hk_c2cmd_log){.local_s = local_s, .port = (unsigned)port, .command = text};
	return HK_OK;
}

/* Brackets ----------------------------------------------------------------------------------------------------------- */

static const struct {
	uint32_t open, close;
} brackets[] = {
	{0x3010, 0x3011},
	{0x300e, 0x300f},
	{0x300c, 0x300d},
	{0x3014, 0x3015},
	{'[' + 0xfee0, ']' + 0xfee0},
	{0x300a, 0x300b},
	{0x3008, 0x3009},
	{0x3016, 0x3017},
	{0x226a, 0x226b},
	{0xff62, 0xff63},
};

/* 1 + index of the pair that c opens, minus that for one it closes, 0. */
static int
bracket_of(uint32_t c)
{
	for (int i = 0; i < (int)(sizeof brackets / sizeof brackets[0]); i++) {
		if (c == brackets[i].open || c == brackets[i].close) {
			return c == brackets[i].open ? i + 1 : -(i + 1);
		}
	}
	return 0;
}

bool
hk_c2cmd_bracket(hk_span text, size_t *pos, hk_span *ret)
{
	size_t at = *pos, from = 0;
	int open = 0;

	while (at < text.len) {
		uint32_t c = 0;
		size_t len = hk_utf8_next(text.data + at, text.data + text.len, &c);
		len = len > 0 ? len : 1;
		int bracket = bracket_of(c);
		at += len;
		if (bracket > 0) {
			open = bracket;
			from = at;
		} else if (bracket < 0 && bracket == -open) {
			hk_span inside = trimmed(hk_span_of(text.data + from, at - len - from));
			open = 0;
			if (inside.len > 0 && inside.len <= HK_C2CMD_BRACKET_MAX) {
				*ret = inside;
				*pos = at;
				return true;
			}
		}
	}
	*pos = text.len;
	return false;
}
