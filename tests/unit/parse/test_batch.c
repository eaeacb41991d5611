#include "parse/batch.h"

#include <stdlib.h>

#include "tap.h"

enum { ENTRIES = 512, NAMES = 16384 };

static hk_batch_entry entries[ENTRIES];
static hk_name names[NAMES];
static char text[HK_BATCH_TEXT_MIN];

static hk_batch
new_batch(size_t entry_max)
{
	hk_batch batch = {.entries = entries,
		.entry_max = entry_max,
		.names = names,
		.name_max = NAMES,
		.text = text,
		.text_max = sizeof text};

	hk_batch_clear(&batch);
	return batch;
}

/* Every name stands between two line feeds, is lower case, and belongs to the entry that says so. */
static void
check_arena(const hk_batch *batch)
{
	size_t wrong = 0;
	size_t counted = 0;

	for (size_t i = 0; i < batch->name_count; i++) {
		const hk_name *name = &batch->names[i];

		wrong += name->text[-1] != '\n' || name->text[name->len] != '\n' || name->len == 0;
		for (uint32_t j = 0; j < name->len; j++) {
			wrong += name->text[j] <= ' ' || name->text[j] > '~' ||
				 (name->text[j] >= 'A' && name->text[j] <= 'Z');
		}
		const hk_batch_entry *entry = &batch->entries[name->entry];

		wrong += i < entry->first_name || i >= entry->first_name + entry->name_count;
	}
	for (size_t i = 0; i < batch->entry_count; i++) {
		counted += batch->entries[i].name_count;
	}
	is_int(wrong, 0, "every name stands well in the arena");
	is_int(counted, batch->name_count, "every name belongs to one entry");
	is_int(batch->text[0], '\n', "the arena begins with a line feed");
	is_int(batch->text[batch->text_len - 1], '\n', "and ends with one");
}

static void
tile(void)
{
	size_t len;
	uint8_t *data = tap_file("tests/fixtures/ct/static-ct/navigli2025h2/tile/data/000", &len);
	hk_cur cur = hk_cur_of(hk_span_of(data, len));
	hk_batch batch = new_batch(ENTRIES);
	hk_batch small = new_batch(1);
	hk_ctleaf leaf;
	size_t bad = 0;

	while (!hk_cur_empty(&cur) && hk_ctleaf_next_tile(&cur, &leaf) == HK_OK) {
		bad += hk_batch_add(&batch, batch.entry_count, &leaf) != HK_OK;
	}
	ok(hk_cur_empty(&cur), "the whole tile is framed");
	is_int(batch.entry_count, 256, "a tile has 256 entries");
	is_int(bad, 0, "all were taken");
	is_int(batch.entries[255].index, 255, "numbered as given");
	ok(batch.name_count >= 256, "%zu names", batch.name_count);
	check_arena(&batch);

	is_int(hk_batch_add(&small, 7, &leaf), HK_OK, "a batch of one takes one");
	is_int(hk_batch_add(&small, 8, &leaf), HK_ENOMEM, "and is then full");
	is_int(small.entry_count, 1, "nothing was appended");
	hk_batch_clear(&small);
	is_int(hk_batch_add(&small, 8, &leaf), HK_OK, "cleared, it takes the entry");
	is_int(small.entries[0].index, 8, "with its number");

	batch = new_batch(ENTRIES);
	batch.text_max = 300;
	size_t taken = 0;

	while (hk_batch_add(&batch, taken, &leaf) == HK_OK && taken < 1000) {
		taken++;
	}
	ok(taken < 10 && batch.text_len <= 300, "a full arena takes no more");
	free(data);
}

static void
broken(void)
{
	static const uint8_t junk[] = {0x30, 0x82, 0xff, 0xff, 0x01};
	hk_batch batch = new_batch(2);
	hk_ctleaf leaf = {.cert = hk_span_of(junk, sizeof junk)};

	is_int(hk_batch_add(&batch, 0, &leaf), HK_OK, "a broken certificate is taken, too");
	ok(batch.entries[0].err != HK_OK && batch.entries[0].name_count == 0,
		"with its error and no names");
	ok(hk_batch_is_odd(&batch.entries[0]), "and is odd");
	leaf.precert = true;
	is_int(hk_batch_add(&batch, 1, &leaf), HK_OK, "a broken precertificate as well");
	ok(hk_batch_is_odd(&batch.entries[1]), "it is odd");
}

int
main(void)
{
	tile();
	broken();
	return tap_done();
}
