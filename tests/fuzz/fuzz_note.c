/* fuzz_note: the input as a signed note. Properties: what is parsed prints to the same bytes, as a
 * note and as the lines of a checkpoint; spans lie inside; no cap is passed. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "parse/note.h"

static void
check_head(hk_span text)
{
	static uint8_t out[HK_NOTE_BYTES_MAX];
	hk_note_head head;
	size_t len;

	if (hk_note_head_parse(text, &head) != HK_OK) {
		return;
	}
	need(head.size <= INT64_MAX);
	need(hk_note_head_print(&head, out, sizeof out, &len) == HK_OK);
	need(hk_span_eq(text, hk_span_of(out, len)));
	need(hk_note_head_print(&head, out, len - 1, &len) == HK_ELIMIT);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t out[HK_NOTE_BYTES_MAX];
	static hk_note note, again;
	hk_note_tree_head_sig sig;
	size_t len;

	if (hk_note_parse(hk_span_of(data, size), &note) != HK_OK) {
		return 0;
	}
	need(note.sig_count >= 1 && note.sig_count <= HK_NOTE_SIGS_MAX);
	need(note.text.data == data && note.text.len < size);
	need(hk_note_print(&note, out, sizeof out, &len) == HK_OK);
	need(hk_span_eq(hk_span_of(data, size), hk_span_of(out, len)));
	need(hk_note_parse(hk_span_of(out, len), &again) == HK_OK);
	need(again.sig_count == note.sig_count);
	for (size_t i = 0; i < note.sig_count; i++) {
		need(note.sigs[i].name.data > data && note.sigs[i].key_id == again.sigs[i].key_id);
		if (hk_note_sig_tree_head(&note.sigs[i], &sig) == HK_OK) {
			need(sig.sig_len >= 4 && sig.sig_len <= sizeof sig.sig);
			need(sig.sig_len == 4u + (size_t)(sig.sig[2] << 8 | sig.sig[3]));
		}
	}
	check_head(note.text);
	return 0;
}
