/* fuzz_watch: a watch list. Properties: an error names a line; each row's text is lower case and holds in itself where it may. */
#include <stdlib.h>

#include "fuzz.h"
#include "score/watch.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(hk_watch) watch = hk_watch_parse("w", hk_span_of(data, size), &error);
	size_t count;

	need((watch == NULL) == (error != NULL));
	if (!watch) {
		need(g_str_has_prefix(error->message, "w:"));
		return 0;
	}
	const hk_watch_row *rows = hk_watch_rows(watch, &count);
	for (size_t i = 0; i < count; i++) {
		need(strlen(rows[i].text) == rows[i].len && rows[i].len > 0 && rows[i].line > 0);
		for (size_t k = 0; k < rows[i].len; k++) {
			need((uint8_t)rows[i].text[k] < 0x80 && !g_ascii_isupper(rows[i].text[k]));
		}
		need(hk_watch_holds(
			&rows[i], (hk_name){rows[i].text, rows[i].len, 0}, rows[i].len));
		need(!hk_watch_holds(&rows[i], (hk_name){rows[i].text, rows[i].len, 0},
			(size_t)rows[i].len + 1));
	}
	return 0;
}
