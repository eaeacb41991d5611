/* fuzz_brand: the first line is a list of tokens (blanks between; '?' behind one that needs context, '!' behind a keyword, a
 * token with a dot is an official domain), each further line a name. Suffixes are the last label.
 * Properties: evidence lies inside the name, its token may give it, an official domain gives none, and the answer does not
 * depend on what stands behind the name in memory. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "match/brand.h"

enum { TOKENS = 32, NAME_CAP = 400 };

static size_t
read_tokens(const char *line, size_t len, hk_brand_token *ret)
{
	size_t count = 0;

	for (size_t at = 0, end; at < len && count < TOKENS; at = end + 1) {
		hk_brand_role role = HK_BRAND_TOKEN;
		size_t cut;

		for (end = at; end < len && line[end] != ' '; end++) {
		}
		cut = end > at && (line[end - 1] == '?' || line[end - 1] == '!') ? 1 : 0;
		if (cut && line[end - 1] == '!') {
			role = HK_BRAND_KEYWORD;
		} else if (memchr(line + at, '.', end - at) != NULL) {
			role = HK_BRAND_DOMAIN;
		}
		count += hk_brand_token_init(hk_span_of(line + at, end - at - cut),
				 (uint32_t)count / 4, role, cut != 0 && role == HK_BRAND_TOKEN,
				 &ret[count]) == HK_OK;
	}
	return count;
}

static void
check(const char *name, size_t len, const hk_suffix_table *table, const hk_brand_token *tokens,
	size_t count)
{
	char *copy = malloc(len ? len : 1);
	hk_suffix_split split;
	hk_brand_evidence e, again;
	bool found;

	memcpy(copy, name, len);
	hk_suffix_split_name(table, copy, len, &split);
	found = hk_brand_find(copy, len, &split, tokens, count, &e);
	if (found) {
		const hk_brand_token *t = &tokens[e.token];

		need(e.token < count && e.kind > HK_BRAND_NONE && e.kind < HK_BRAND_KIND_COUNT);
		need(e.len > 0 && (size_t)e.off + e.len <= (len > 255 ? 255 : len));
		need((t->role == HK_BRAND_DOMAIN) == (e.kind == HK_BRAND_OFFICIAL));
		need(t->role != HK_BRAND_KEYWORD && e.distance <= 2);
		need(!t->needs_context || e.kind == HK_BRAND_EXACT || e.kind == HK_BRAND_WORD);
	}
	need(hk_brand_find(name, len, &split, tokens, count, &again) == found);
	need(!found || (again.kind == e.kind && again.token == e.token && again.off == e.off));
	free(copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint64_t mem[1024];
	hk_suffix_table table;
	hk_brand_token tokens[TOKENS];
	const char *text = (const char *)data;
	size_t count = 0, end;
	hk_span dat = HK_SPAN_LIT("test\nexample\ncom\nco.test\n");

	if (hk_suffix_table_build(dat, mem, sizeof(mem), &table) != HK_OK) {
		abort();
	}
	for (size_t at = 0; at < size; at = end + 1) {
		for (end = at; end < size && text[end] != '\n'; end++) {
		}
		if (at == 0) {
			count = read_tokens(text, end, tokens);
		} else if (end - at <= NAME_CAP) {
			check(text + at, end - at, &table, tokens, count);
		}
	}
	return 0;
}
