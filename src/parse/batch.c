#include "parse/batch.h"

/* How a byte of a certificate's name stands in the arena: lower case, and '?' for whatever is not printable ASCII (base/
 * name.h). A table, because every byte of every name of the world's certificates goes through it. */
#define M(c)   ((c) >= 'A' && (c) <= 'Z' ? (c) + 32 : (c) > 0x20 && (c) < 0x7F ? (c) : '?')
#define M4(c)  M(c), M((c) + 1), M((c) + 2), M((c) + 3)
#define M16(c) M4(c), M4((c) + 4), M4((c) + 8), M4((c) + 12)
#define M64(c) M16(c), M16((c) + 16), M16((c) + 32), M16((c) + 48)
static const char mapped[256] = {M64(0), M64(64), M64(128), M64(192)};

void
hk_batch_clear(hk_batch *batch)
{
	batch->entry_count = 0;
	batch->name_count = 0;
	batch->text_len = 0;
}

static void
append_name(hk_batch *batch, hk_span value)
{
	char *at = batch->text + batch->text_len;
	/* Longer names are odd (name-too-long) and surfaced as such; what fits is still matched. */
	size_t len = value.len < HK_NAME_MAX ? value.len : HK_NAME_MAX;

	for (size_t i = 0; i < len; i++) {
		at[i] = mapped[value.data[i]];
	}
	at[len] = '\n';
	batch->names[batch->name_count++] =
		(hk_name){at, (uint32_t)len, (uint32_t)batch->entry_count};
	batch->text_len += len + 1;
}

/* Whether what the entry needs surely fits; the exact need is known only after the walk, so this asks for the most that
 * its SAN bytes can hold: every name has at least two bytes of DER header, which pay for its line feed. */
static bool
fits(const hk_batch *batch, const hk_x509 *x509)
{
	size_t names = x509->dns_count < HK_BATCH_ENTRY_NAMES_MAX ? x509->dns_count
								  : HK_BATCH_ENTRY_NAMES_MAX;
	size_t text = x509->san.len + HK_NAME_MAX + 2;

	if (text > HK_BATCH_TEXT_MIN) {
		text = HK_BATCH_TEXT_MIN;
	}
	return batch->entry_count < batch->entry_max &&
	       batch->name_count + names + 1 <= batch->name_max &&
	       batch->text_len + text <= batch->text_max;
}

hk_err
hk_batch_add(hk_batch *batch, uint64_t index, const hk_ctleaf *leaf)
{
	hk_batch_entry *entry = &batch->entries[batch->entry_count];
	hk_x509_names walk;
	hk_x509_name name;

	if (batch->entry_count == batch->entry_max) {
		return HK_ENOMEM;
	}
	entry->err = leaf->precert ? hk_x509_parse_tbs(leaf->cert, &entry->x509)
				   : hk_x509_parse_cert(leaf->cert, &entry->x509);
	if (entry->err == HK_OK && !fits(batch, &entry->x509)) {
		return HK_ENOMEM;
	}
	entry->index = index;
	entry->leaf = *leaf;
	entry->first_name = (uint32_t)batch->name_count;
	if (batch->text_len == 0) {
		batch->text[batch->text_len++] = '\n';
	}
	if (entry->err == HK_OK && entry->x509.dns_count > 0) {
		size_t most = batch->name_count + HK_BATCH_ENTRY_NAMES_MAX;
		hk_x509_names_init(&entry->x509, &walk);
		while (batch->name_count < most && hk_x509_names_next(&walk, &name)) {
			if (name.kind == HK_X509_NAME_DNS && name.value.len > 0) {
				append_name(batch, name.value);
			}
		}
	} else if (entry->err == HK_OK && entry->x509.subject_cn.len > 0) {
		append_name(batch, entry->x509.subject_cn);
	}
	entry->name_count = (uint32_t)batch->name_count - entry->first_name;
	batch->entry_count++;
	return HK_OK;
}

bool
hk_batch_is_odd(const hk_batch_entry *entry)
{
	return entry->err != HK_OK || entry->leaf.odd != HK_OK ||
	       (entry->x509.odd & hk_x509_odd_malformed) != 0;
}
