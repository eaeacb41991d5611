/* The RFC 6962 read API: get-entries, with pages of a size that the log teaches us. */
#include <inttypes.h>

#include "source/ct/reader.h"

/* What is asked for first, and at most. Logs cut at 32 to 1,000. */
#define PAGE_FIRST 256
#define PAGE_MAX   1024
/* This many whole pages in a row, and we ask for more; so many at the log's cap, and we look whether it was one. */
#define PAGE_HITS  4
#define PAGE_PROBE 64

char *
hk_ct_fetch_rfc_url(const hk_reader *reader, const hk_slot *slot)
{
	return g_strdup_printf("%sct/v1/get-entries?start=%" PRIu64 "&end=%" PRIu64, reader->base,
		slot->from, slot->to - 1);
}

bool
hk_ct_fetch_rfc_plan(hk_reader *reader, uint64_t until, hk_slot *ret)
{
	uint64_t from = reader->asked;

	if (from >= until) {
		return false;
	}
	if (reader->page == 0) {
		reader->page = PAGE_FIRST;
	}
	/* Up to the next multiple: front ends cut answers at aligned places, and cache aligned ones. `until` is at most the
         * size of a head that we have: `end` never reaches past the tree. */
	uint64_t to = (from / reader->page + 1) * reader->page;
	*ret = (hk_slot){.reader = reader, .from = from, .to = MIN(to, until)};
	return true;
}

void
hk_ct_fetch_rfc_learn(hk_reader *reader, uint64_t asked, uint64_t got, uint64_t end)
{
	static const unsigned sizes[] = {
		1000, 1024, 512, 500, 256, 250, 128, 100, 64, 32, 25, 16, 10, 8, 4, 2, 1};

	if (got >= asked) {
		/* More came than the cap that was suspected, or believed: it is none. */
		if (asked > reader->short_size) {
			reader->short_size = 0;
		}
		if (asked > reader->page_cap) {
			reader->page_cap = 0;
		}
		if (asked != reader->page) {
			/* The rest of a page says nothing about whole ones. */
			return;
		}
		reader->short_size = 0;
		reader->page_hits++;
		unsigned most = reader->page_cap && reader->page_hits < PAGE_PROBE
					? reader->page_cap
					: PAGE_MAX;
		if (reader->page_hits >= PAGE_HITS && reader->page * 2 <= most) {
			reader->page *= 2;
			reader->page_hits = 0;
		}
		return;
	}
	reader->page_hits = 0;
	/* Once may be chance; twice the same length is the log's cap. */
	if (reader->short_size != got) {
		reader->short_size = (unsigned)got;
		return;
	}
	reader->short_size = 0;
	for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
		if (sizes[i] < reader->page && got <= sizes[i] && end % sizes[i] == 0 &&
			sizes[i] < 2 * got) {
			reader->page = reader->page_cap = sizes[i];
			return;
		}
	}
	reader->page = reader->page_cap = (unsigned)MAX(MIN(got, reader->page), 1);
}
