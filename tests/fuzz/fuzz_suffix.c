/* fuzz_suffix: the first line that is "--" ends the rules; what follows are names, one a line.
 * Properties: offsets are ordered and inside, each part begins after a dot, and the split of the
 * registrable part alone finds the same suffix (when it came from a rule). */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "match/suffix.h"

static void
check(const hk_suffix_table *table, const char *name, size_t len)
{
	hk_suffix_split s, again;

	hk_suffix_split_name(table, name, len, &s);
	need(s.end <= len && s.suffix_off <= s.end && s.icann_suffix_off <= s.end);
	need(s.registrable_off <= s.suffix_off && s.icann_registrable_off <= s.icann_suffix_off);
	need(s.registrable_off == 0 || name[s.registrable_off - 1] == '.');
	need(s.suffix_off == 0 || name[s.suffix_off - 1] == '.');
	need(s.is_known || !s.is_private);
	hk_suffix_split_name(table, name + s.registrable_off, len - s.registrable_off, &again);
	need(again.suffix_off + s.registrable_off == s.suffix_off && again.is_known == s.is_known);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	hk_suffix_table table;
	size_t cut = 0, mem_len;
	void *mem;
	hk_span dat;

	while (cut < size && !(size - cut >= 3 && memcmp(data + cut, "--\n", 3) == 0)) {
		cut++;
	}
	dat = hk_span_of(data, cut);
	mem_len = hk_suffix_table_need(dat);
	mem = malloc(mem_len);
	if (hk_suffix_table_build(dat, mem, mem_len, &table) == HK_OK) {
		for (size_t at = cut < size ? cut + 3 : size, end; at < size; at = end + 1) {
			for (end = at; end < size && data[end] != '\n';) {
				end++;
			}
			if (end - at <= UINT16_MAX) {
				check(&table, (const char *)data + at, end - at);
			}
		}
	}
	free(mem);
	return 0;
}
