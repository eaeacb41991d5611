#include "names.h"

#include <string.h>

rg_names *
rg_names_new(void)
{
	rg_names *names = g_new(rg_names, 1);

	names->text = g_string_new(NULL);
	names->ends = g_array_new(FALSE, FALSE, sizeof(size_t));
	return names;
}

void
rg_names_free(rg_names *names)
{
	if (!names) {
		return;
	}
	g_string_free(names->text, TRUE);
	g_array_unref(names->ends);
	g_free(names);
}

void
rg_names_clear(rg_names *names)
{
	g_string_truncate(names->text, 0);
	g_array_set_size(names->ends, 0);
}

static void
close_name(rg_names *names)
{
	size_t end = names->text->len;

	g_array_append_val(names->ends, end);
}

void
rg_names_add(rg_names *names, hk_span name)
{
	g_string_append_len(names->text, (const char *)name.data, (gssize)name.len);
	close_name(names);
}

void
rg_names_addf(rg_names *names, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	g_string_append_vprintf(names->text, format, args);
	va_end(args);
	close_name(names);
}

bool
rg_names_has(const rg_names *names, hk_span name)
{
	for (size_t i = 0; i < rg_names_count(names); i++) {
		if (hk_span_eq(rg_names_at(names, i), name)) {
			return true;
		}
	}
	return false;
}

size_t
rg_names_split(rg_names *names, const char *line)
{
	size_t count = 0;

	for (;;) {
		line += strspn(line, " \t\r\n,");
		size_t len = strcspn(line, " \t\r\n,");
		if (len == 0) {
			return count;
		}
		rg_names_add(names, hk_span_of(line, len));
		line += len;
		count++;
	}
}
