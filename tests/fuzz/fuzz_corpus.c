/* fuzz_corpus: input is a list file; its first byte says of what kind. Properties: rows lie inside the
 * text, names are lower-case host names with a dot, and reading a name again gives the same name. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "score/corpus.h"
#include "score/corpus_host.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint64_t mem[1024];
	static hk_suffix_table table;
	g_autoptr(GError) error = NULL;
	hk_corpus *c;
	const hk_corpus_row *rows;
	size_t n;
	bool good;

	if (table.slots == NULL) {
		need(hk_suffix_table_build(HK_SPAN_LIT("com\nco.jp\n"), mem, sizeof(mem), &table) ==
			HK_OK);
	}
	if (size == 0) {
		return 0;
	}
	c = hk_corpus_new(&table, 0);
	good = hk_corpus_parse(
		c, hk_span_of(data + 1, size - 1), "fuzz", (hk_corpus_kind)(data[0] % 3), &error);
	need(good == (error == NULL));
	rows = hk_corpus_rows(c, &n);
	for (size_t i = 0; i < n; i++) {
		hk_name name = hk_corpus_name(c, &rows[i]);
		char again[HK_NAME_MAX];

		need(name.len > 0 && memchr(name.text, '.', name.len) != NULL);
		need(hk_corpus_host(hk_span_of(name.text, name.len), again) == name.len);
		need(memcmp(again, name.text, name.len) == 0);
		need(rows[i].brand < hk_corpus_brand_count(c) && rows[i].month >= -1);
	}
	hk_corpus_free(c);
	return 0;
}
