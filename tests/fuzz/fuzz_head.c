/* fuzz_head: the input as a get-sth answer and as a checkpoint of the log with the fixed id below
 * (the one of the seed). Properties: what is read survives a conversion into the other form and
 * back; the raw bytes are kept; nothing is verified without a key. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "source/ct/head.h"

static const uint8_t log_id[32] = {0x08, 0xa2, 0x03, 0x5c, 0x89, 0x7e, 0xce, 0x72, 0x5a, 0x1d, 0x4c,
	0xa1, 0xce, 0x13, 0x55, 0x69, 0x2c, 0x48, 0x52, 0x8b, 0xf9, 0xf5, 0x10, 0x97, 0x2e, 0x1d,
	0xdf, 0x25, 0x72, 0x44, 0xc6, 0x79};

static void
need_same(const hk_ct_head *a, const hk_ct_head *b)
{
	need(a->size == b->size && a->timestamp_ms == b->timestamp_ms);
	need(memcmp(a->root, b->root, sizeof a->root) == 0);
	need(hk_span_eq(hk_span_of(a->sig, a->sig_len), hk_span_of(b->sig, b->sig_len)));
}

/* DigitallySigned holds together; only then can a checkpoint carry it. */
static bool
is_whole(const hk_ct_head *head)
{
	return head->sig_len >= 4 &&
	       head->sig_len == 4u + (size_t)(head->sig[2] << 8 | head->sig[3]);
}

static void
check(const hk_ct_head *head, const uint8_t *data, size_t size)
{
	g_autofree char *sth = hk_ct_head_to_sth(head);
	g_autoptr(hk_ct_head) again = hk_ct_head_read_sth(hk_span_str(sth), NULL);
	const char *origin = head->origin ? head->origin : "log.example";
	g_autofree char *note = hk_ct_head_to_checkpoint(head, origin, log_id);
	g_autoptr(hk_ct_head) third = NULL;

	need(!head->verified && head->timestamp_ms >= 0);
	need(hk_span_eq(hk_span_of(head->raw, head->raw_len), hk_span_of(data, size)));
	need(again != NULL);
	need_same(head, again);
	need(note != NULL || head->sig_len == 0);
	if (note && is_whole(head)) {
		third = hk_ct_head_read_checkpoint(hk_span_str(note), log_id, NULL);
		need(third != NULL);
		need_same(head, third);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GError) error2 = NULL;
	g_autoptr(hk_ct_head) sth = hk_ct_head_read_sth(hk_span_of(data, size), &error);
	g_autoptr(hk_ct_head) note =
		hk_ct_head_read_checkpoint(hk_span_of(data, size), log_id, &error2);

	need((sth == NULL) == (error != NULL) && (note == NULL) == (error2 != NULL));
	if (sth) {
		check(sth, data, size);
	}
	if (note) {
		check(note, data, size);
	}
	return 0;
}
