#include "sys/log.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/utf8.h"
#include "sys/clock.h"
#include "sys/progress.h"

static const hk_event_row rows[] = {
#define EVENT(id, name, level, meaning) {name, HK_LOG_##level, meaning},
#include "sys/events.def"
#undef EVENT
};

static const char *const level_names[] = {"error", "warning", "notice", "debug"};

static hk_log_level level_now = HK_LOG_NOTICE;
static int fd_now = STDERR_FILENO;

const hk_event_row *
hk_event_row_get(hk_event event)
{
	return &rows[event];
}

const char *
hk_log_level_name(hk_log_level level)
{
	return level_names[level];
}

bool
hk_log_level_find(const char *name, hk_log_level *ret)
{
	for (size_t i = 0; i < G_N_ELEMENTS(level_names); i++) {
		if (strcmp(level_names[i], name) == 0) {
			*ret = (hk_log_level)i;
			return true;
		}
	}
	return false;
}

void
hk_log_set_level(hk_log_level level)
{
	level_now = level;
}

void
hk_log_set_fd(int fd)
{
	fd_now = fd;
}

bool
hk_log_wants(hk_event event)
{
	return rows[event].level <= level_now;
}

/* Characters that change the direction of text or cannot be seen. */
static bool
is_hidden(uint32_t c)
{
	return (c >= 0x80 && c <= 0x9f) || c == 0xad || c == 0x61c || c == 0x180e ||
	       (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2060 && c <= 0x206f) || (c >= 0xfe00 && c <= 0xfe0f) || c == 0xfeff ||
	       (c >= 0xfff0 && c <= 0xfffb) || c >= 0xe0000;
}

static bool
is_bare(hk_span value)
{
	for (size_t i = 0; i < value.len; i++) {
		if (!g_ascii_isalnum(value.data[i]) && !memchr("._:/@+-", value.data[i], 7)) {
			return false;
		}
	}
	return value.len > 0;
}

/* One code point, made harmless; also_quotes: quotes and backslashes as well. Returns its bytes. */
static size_t
append_shown(GString *out, const uint8_t *at, const uint8_t *end, bool also_quotes)
{
	uint32_t c = 0;
	size_t len = hk_utf8_next(at, end, &c);

	if (len == 0 || c < 0x20 || c == 0x7f || (also_quotes && (c == '"' || c == '\\'))) {
		g_string_append_printf(out, "\\x%02x", *at);
		return 1;
	}
	if (is_hidden(c)) {
		g_string_append_printf(out, "\\u{%x}", c);
	} else {
		g_string_append_len(out, (const char *)at, (gssize)len);
	}
	return len;
}

char *
hk_log_printable(const char *text)
{
	GString *out = g_string_new(NULL);
	const uint8_t *at = (const uint8_t *)text;
	const uint8_t *end = at + strlen(text);

	while (at < end) {
		at += append_shown(out, at, end, false);
	}
	return g_string_free(out, FALSE);
}

void
hk_log_append_value(GString *out, hk_span value)
{
	hk_span shown = hk_span_of(value.data, MIN(value.len, HK_LOG_VALUE_MAX_BYTES));
	const uint8_t *at = shown.data;
	const uint8_t *end = at + shown.len;

	if (is_bare(shown) && shown.len == value.len) {
		g_string_append_len(out, (const char *)shown.data, (gssize)shown.len);
		return;
	}
	g_string_append_c(out, '"');
	while (at < end) {
		at += append_shown(out, at, end, true);
	}
	g_string_append(out, shown.len < value.len ? "...\"" : "\"");
}

static void
append_field(GString *out, const hk_log_field *field)
{
	g_string_append_printf(out, " %s=", field->key);
	switch (field->kind) {
	case HK_FIELD_STR:
		hk_log_append_value(out, hk_span_str(field->str ? field->str : "-"));
		break;
	case HK_FIELD_SPAN:
		hk_log_append_value(out, field->span);
		break;
	case HK_FIELD_INT:
		g_string_append_printf(out, "%" G_GINT64_FORMAT, field->integer);
		break;
	case HK_FIELD_REAL:
		g_string_append_printf(out, "%.3f", field->real);
		break;
	}
}

void
hk_log_line(GString *out, hk_event event, const hk_log_field *fields, size_t count)
{
	char now[HK_CLOCK_TEXT_SIZE];

	g_string_append_printf(out, "%s %s %s", hk_clock_format(hk_clock_wall_ms(), now),
		level_names[rows[event].level], rows[event].name);
	for (size_t i = 0; i < count; i++) {
		append_field(out, &fields[i]);
	}
	g_string_append_c(out, '\n');
}

void
hk_log_write(hk_event event, const hk_log_field *fields, size_t count)
{
	g_autoptr(GString) line = g_string_sized_new(256);
	size_t done = 0;

	hk_log_line(line, event, fields, count);
	hk_progress_hide();
	while (done < line->len) {
		ssize_t n = write(fd_now, line->str + done, line->len - done);

		if (n < 0 && errno != EINTR) {
			return; /* nowhere to complain to */
		}
		done += n > 0 ? (size_t)n : 0;
	}
}
