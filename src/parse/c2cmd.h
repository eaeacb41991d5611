/* parse/c2cmd: commands of a bot's command channel, as text. Layer: parse. Libc only. Input is hostile.
 *
 * A command is a verb, a mark ("&") when an argument follows, and the argument: "发信息 &09055000000,090… 【みほん銀行】…". The
 * argument of a command that sends messages is a list of telephone numbers and a text; the text begins where nothing more can belong
 * to the list. Nothing is executed: these functions only say what stands there.
 *
 * Two forms are read: what comes over the wire, and the line of a log: "YYYYMMDD-HHMMSS PORT COMMAND". */
#ifndef HK_PARSE_C2CMD_H
#define HK_PARSE_C2CMD_H

#include <stdint.h>

#include "base/err.h"
#include "parse/telno.h"

/* Bytes of a verb that is not known; the rest is argument. */
#define HK_C2CMD_WORD_MAX 64
/* Bytes of a command; a longer one is HK_ELIMIT. */
#define HK_C2CMD_MAX (4u << 20)

/* A command taken apart. Spans borrow from the frame. */
typedef struct hk_c2cmd {
	size_t known;     /* index among the words that are known; SIZE_MAX: none of them */
	hk_span word;     /* the verb as it was written */
	hk_span argument; /* what follows, without the mark and the blanks at both ends */
} hk_c2cmd;

/* hk_c2cmd_split(frame, words, count, mark, ret): the longest of the words that the frame begins with wins. Compared are characters:
 * full-width ASCII is ASCII, ASCII has no case, blanks and zero-width characters inside are passed over. Behind a word must not stand
 * what continues it (an ideograph behind an ideograph, a letter behind a letter). Otherwise the verb is what stands before the first
 * blank or mark, at most HK_C2CMD_WORD_MAX bytes of it. mark: one character of ASCII, or 0 for none.
 * HK_EFORM: not UTF-8, or nothing but blanks; HK_ELIMIT. */
HK_MUST hk_err hk_c2cmd_split(
	hk_span frame, const hk_span *words, size_t count, char mark, hk_c2cmd *ret);

/* The list of numbers at the beginning of an argument. */
typedef struct hk_c2cmd_list {
	hk_span text; /* the argument */
	size_t at;    /* where the next number is looked for; at the end, where the text begins */
	hk_span separators; /* of ASCII, besides those that always are: blanks , ， 、 ､ ; ； */
	bool elided;        /* the list ends with "…" for more numbers */
	bool comma;         /* for hk_c2cmd_number only */
} hk_c2cmd_list;

/* hk_c2cmd_list_begin(argument, separators): separators: more characters of ASCII that part numbers ("&|"); may be empty. */
hk_c2cmd_list hk_c2cmd_list_begin(hk_span argument, hk_span separators);

/* hk_c2cmd_number(list, ret): the next entry of the list, mobile or not; false: the list has ended, hk_c2cmd_text(list) is the text.
 * A run of digits that is no telephone number belongs to the list only where the list goes on behind it or a comma stands before it,
 * so that "【", "24時間以内", "3,000円", "2024年" begin the text. */
bool hk_c2cmd_number(hk_c2cmd_list *list, hk_telno *ret);

/* hk_c2cmd_text(list): what stands behind the list, without blanks at both ends and the colon or bar that parts the two. */
hk_span hk_c2cmd_text(const hk_c2cmd_list *list);

/* A line of a log. */
typedef struct hk_c2cmd_log {
	int64_t local_s; /* its time as if it were UTC; whose time it is, the log does not say (Japan's, in the known ones) */
	unsigned port;
	hk_span command; /* borrowed, without blanks at both ends */
} hk_c2cmd_log;

/* hk_c2cmd_log_read(line, ret): "20241212-181514 7778 发信息 ...". HK_EFORM: another form, a time or port that does not exist; HK_ELIMIT. */
HK_MUST hk_err hk_c2cmd_log_read(hk_span line, hk_c2cmd_log *ret);

/* hk_c2cmd_bracket(text, pos, ret): the next text that stands in brackets of Japan (【】『』「」〔〕［］《》〈〉〖〗≪≫｢｣), from *pos, which moves
 * to behind its closing bracket; blanks at its ends are dropped; the innermost counts, an empty one and one over HK_C2CMD_BRACKET_MAX
 * bytes do not. False: none, *pos is the end. Time is linear in text. */
#define HK_C2CMD_BRACKET_MAX 192
bool hk_c2cmd_bracket(hk_span text, size_t *pos, hk_span *ret);

#endif
