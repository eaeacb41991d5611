/* sys/log: one line per event on standard error. Layer: sys. Values may be hostile.
 *
 *   2026-11-24T02:07:54.123Z warning ct.retry log="Mihon 2026h1" reason="HTTP 503" wait_ms=2000
 *
 * Events are rows of events.def. A line is written with one write(2), so lines of several processes
 * do not mix. Log or return an error, never both. A value is written bare when it is made of
 * letters, digits and ._:/@+- only, else in double quotes; every byte that could move a cursor,
 * hide text or break the line is escaped. Never log secrets. */
#ifndef HK_SYS_LOG_H
#define HK_SYS_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

#include "base/span.h"

typedef enum hk_log_level {
	HK_LOG_ERROR,   /* the operator must act */
	HK_LOG_WARNING, /* went wrong, coped with */
	HK_LOG_NOTICE,  /* a fact, a change of state; the default */
	HK_LOG_DEBUG,
} hk_log_level;

typedef enum hk_event {
#define EVENT(id, name, level, meaning) HK_EVENT_##id,
#include "sys/events.def"
#undef EVENT
	HK_EVENT_COUNT
} hk_event;

/* A row of events.def; static storage. */
typedef struct hk_event_row {
	const char *name;
	hk_log_level level;
	const char *meaning;
} hk_event_row;

const hk_event_row *hk_event_row_get(hk_event event);

/* hk_log_level_name(level), hk_log_level_find(name, ret): "error", "warning", "notice", "debug".
 * False: no such name. */
const char *hk_log_level_name(hk_log_level level);
bool hk_log_level_find(const char *name, hk_log_level *ret);

/* hk_log_set_level(level): events of a lesser importance are dropped from now on. */
void hk_log_set_level(hk_log_level level);

/* hk_log_set_fd(fd): write there instead of to standard error (tests). */
void hk_log_set_fd(int fd);

/* One field. Made by the macros below; key is a literal of [a-z0-9_]. */
typedef struct hk_log_field {
	const char *key;
	enum { HK_FIELD_STR, HK_FIELD_SPAN, HK_FIELD_INT, HK_FIELD_REAL } kind;
	const char *str; /* borrowed; NULL is written as "-" */
	hk_span span;
	int64_t integer;
	double real; /* written with 3 decimals */
} hk_log_field;

#define HK_F_STR(k, v)  ((hk_log_field){.key = "" k, .kind = HK_FIELD_STR, .str = (v)})
#define HK_F_SPAN(k, v) ((hk_log_field){.key = "" k, .kind = HK_FIELD_SPAN, .span = (v)})
#define HK_F_INT(k, v)  ((hk_log_field){.key = "" k, .kind = HK_FIELD_INT, .integer = (int64_t)(v)})
#define HK_F_REAL(k, v) ((hk_log_field){.key = "" k, .kind = HK_FIELD_REAL, .real = (v)})

/* hk_log(event, field...): writes the line if the event's level is on; the fields are not even
 * computed if it is off.
 *
 *   hk_log(HK_EVENT_CT_RETRY, HK_F_STR("log", name), HK_F_INT("wait_ms", wait_ms)); */
#define hk_log(event, ...)                                                                         \
	do {                                                                                       \
		if (hk_log_wants(event)) {                                                         \
			const hk_log_field hk_log_fields_[] = {{0}, ##__VA_ARGS__};                \
			hk_log_write((event), hk_log_fields_ + 1,                                  \
				sizeof hk_log_fields_ / sizeof hk_log_fields_[0] - 1);             \
		}                                                                                  \
	} while (0)

bool hk_log_wants(hk_event event);
void hk_log_write(hk_event event, const hk_log_field *fields, size_t count);

/* hk_log_line(out, event, fields, count): appends the line to out, with its newline; what
 * hk_log_write writes. */
void hk_log_line(GString *out, hk_event event, const hk_log_field *fields, size_t count);

/* A longer value is cut there and ends with "...". */
enum { HK_LOG_VALUE_MAX_BYTES = 1024 };

/* hk_log_append_value(out, value): appends value bare or quoted, as said above. The one escaper for
 * remote text that goes to a terminal: control characters, quotes, backslashes and bytes that are
 * not UTF-8 become \xNN, bidirectional and invisible characters \u{NNNN}. */
void hk_log_append_value(GString *out, hk_span value);

/* hk_log_printable(text): a message of ours that may hold outside text (a file name, a log's
 * description), for a terminal: as above, but quotes and backslashes stay. Caller frees. */
char *hk_log_printable(const char *text);

#endif
