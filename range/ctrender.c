#include "ctrender.h"

#include <libdeflate.h>

#include "base/codec.h"
#include "sys/jsonw.h"

enum { TIMESTAMP_LAST = 7, PEM_LINE = 64 };

static void
leaf_at(hk_span bytes, rg_leaf *ret, size_t *ret_used)
{
	if (rg_leaf_of(bytes, ret, ret_used) != HK_OK) {
		HK_BUG("an entry of our own cannot be read");
	}
}

/* Spoils one entry in place; entry points into writable memory. */
static void
spoil(uint8_t *entry, size_t len, const rg_twist *twist)
{
	rg_leaf leaf;

	leaf_at(hk_span_of(entry, len), &leaf, NULL);
	if (twist->kind == RG_TWIST_TIMESTAMP) {
		entry[TIMESTAMP_LAST] ^= 1;
	} else if (twist->kind == RG_TWIST_LEAF_INDEX && leaf.extensions.len > 0) {
		entry[leaf.extensions.data + leaf.extensions.len - 1 - entry] ^= 1;
	}
}

static bool
hits(const rg_twist *twist, uint64_t start, uint64_t end)
{
	return twist && twist->kind != RG_TWIST_NONE && twist->index >= start && twist->index < end;
}

GBytes *
rg_render_tile(
	const rg_log *log, uint64_t start, unsigned width, const rg_twist *twist, hk_span *ret_span)
{
	hk_span raw = rg_log_entries(log, start, start + width);

	if (!hits(twist, start, start + width)) {
		*ret_span = raw;
		return NULL;
	}
	uint8_t *copy = g_memdup2(raw.data, raw.len);
	hk_span entry = rg_log_entry(log, twist->index);
	spoil(copy + (entry.data - raw.data), entry.len, twist);
	*ret_span = hk_span_of(copy, raw.len);
	return g_bytes_new_take(copy, raw.len);
}

GBytes *
rg_render_gzip(hk_span bytes, int level)
{
	struct libdeflate_compressor *c = libdeflate_alloc_compressor(level);
	size_t room = libdeflate_gzip_compress_bound(c, bytes.len);
	uint8_t *out = g_malloc(room);
	size_t len = libdeflate_gzip_compress(c, bytes.data, bytes.len, out, room);

	libdeflate_free_compressor(c);
	return g_bytes_new_take(g_realloc(out, len), len);
}

GBytes *
rg_render_hash_tile(
	const rg_log *log, const rg_fork *fork, unsigned level, uint64_t index, unsigned width)
{
	uint8_t *out = g_malloc((size_t)width * RG_HASH_SIZE);

	for (unsigned i = 0; i < width; i++) {
		rg_tree_node(rg_log_tree(log), fork, level * 8, index * RG_TILE + i,
			out + (size_t)i * RG_HASH_SIZE);
	}
	return g_bytes_new_take(out, (size_t)width * RG_HASH_SIZE);
}

static void
put_u24(GByteArray *to, size_t value)
{
	uint8_t bytes[3] = {(uint8_t)(value >> 16), (uint8_t)(value >> 8), (uint8_t)value};

	g_byte_array_append(to, bytes, 3);
}

static void
put_vector(GByteArray *to, hk_span bytes)
{
	put_u24(to, bytes.len);
	g_byte_array_append(to, bytes.data, (guint)bytes.len);
}

/* RFC 6962, section 4.6: the chain, and before it the precertificate if it is one. */
static void
extra_data(const rg_log *log, const rg_leaf *leaf, GByteArray *to)
{
	const rg_ca_cert *chain[8];
	size_t count = 0;
	size_t total = 0;

	for (size_t at = 0; at + 32 <= leaf->chain.len && count < 8; at += 32) {
		chain[count] = rg_issuers_cert(rg_log_issuers(log), leaf->chain.data + at);
		if (!chain[count]) {
			HK_BUG("a chain certificate is unknown");
		}
		total += 3 + chain[count++]->len;
	}
	if (leaf->precert) {
		put_vector(to, leaf->precert_der);
	}
	put_u24(to, total);
	for (size_t i = 0; i < count; i++) {
		put_vector(to, hk_span_of(chain[i]->der, chain[i]->len));
	}
}

static void
append_base64(GString *out, hk_span bytes)
{
	size_t at = out->len;

	/* One more: the encoder ends with a NUL. */
	g_string_set_size(out, at + HK_BASE64_LEN(bytes.len) + 1);
	hk_base64_encode(bytes, out->str + at);
	g_string_truncate(out, out->len - 1);
}

static void
append_members(
	const rg_log *log, uint64_t index, const rg_twist *twist, GByteArray *scratch, GString *out)
{
	static const uint8_t merkle_leaf[] = {0, 0};
	hk_span entry = rg_log_entry(log, index);
	g_autofree uint8_t *spoilt = NULL;
	rg_leaf leaf;

	if (hits(twist, index, index + 1)) {
		spoilt = g_memdup2(entry.data, entry.len);
		spoil(spoilt, entry.len, twist);
		entry.data = spoilt;
	}
	leaf_at(entry, &leaf, NULL);
	g_byte_array_set_size(scratch, 0);
	g_byte_array_append(scratch, merkle_leaf, sizeof merkle_leaf);
	g_byte_array_append(scratch, leaf.timestamped.data, (guint)leaf.timestamped.len);
	g_string_append(out, "\"leaf_input\":\"");
	append_base64(out, hk_span_of(scratch->data, scratch->len));
	g_byte_array_set_size(scratch, 0);
	extra_data(log, &leaf, scratch);
	g_string_append(out, "\",\"extra_data\":\"");
	append_base64(out, hk_span_of(scratch->data, scratch->len));
	g_string_append_c(out, '"');
}

void
rg_render_entry_members(const rg_log *log, uint64_t index, GString *out)
{
	g_autoptr(GByteArray) scratch = g_byte_array_new();

	append_members(log, index, NULL, scratch, out);
}

void
rg_page_free(rg_page *page)
{
	if (page) {
		g_string_free(page->text, TRUE);
		g_array_unref(page->ends);
		g_free(page);
	}
}

rg_page *
rg_render_page(const rg_log *log, uint64_t start, uint64_t end, const rg_twist *twist)
{
	rg_page *page = g_new(rg_page, 1);
	g_autoptr(GByteArray) scratch = g_byte_array_new();

	page->start = start;
	page->text = g_string_sized_new((end - start) * 6144);
	page->ends = g_array_sized_new(FALSE, FALSE, sizeof(size_t), (guint)(end - start));
	for (uint64_t i = start; i < end; i++) {
		g_string_append_len(page->text, ",{", i == start ? 0 : 2);
		if (i == start) {
			g_string_append_c(page->text, '{');
		}
		append_members(log, i, twist, scratch, page->text);
		g_string_append_c(page->text, '}');
		g_array_append_val(page->ends, page->text->len);
	}
	return page;
}

hk_span
rg_page_slice(const rg_page *page, uint64_t start, uint64_t end)
{
	size_t first = start - page->start;
	size_t last = end - page->start;
	size_t from = first == 0 ? 0 : g_array_index(page->ends, size_t, first - 1) + 1;

	if (first >= last) {
		return hk_span_of(page->text->str, 0);
	}
	return hk_span_of(
		page->text->str + from, g_array_index(page->ends, size_t, last - 1) - from);
}

GBytes *
rg_render_entries(const rg_log *log, uint64_t start, uint64_t end)
{
	rg_page *page = rg_render_page(log, start, end, NULL);

	g_string_prepend(page->text, RG_ENTRIES_OPEN);
	g_string_append(page->text, RG_ENTRIES_CLOSE);
	GBytes *body = g_bytes_new(page->text->str, page->text->len);
	rg_page_free(page);
	return body;
}

static GBytes *
take(GString *text)
{
	return g_string_free_to_bytes(text);
}

static void
put_big_endian(uint8_t *to, uint64_t value)
{
	for (int i = 7; i >= 0; i--, value >>= 8) {
		to[i] = (uint8_t)value;
	}
}

GBytes *
rg_render_checkpoint(const rg_log *log, const rg_head *head)
{
	GString *out = g_string_new(NULL);
	uint8_t signature[4 + 8 + RG_SIGNED_MAX];

	g_string_printf(out, "%s\n%" G_GUINT64_FORMAT "\n", rg_log_origin(log), head->size);
	append_base64(out, hk_span_of(head->root, RG_HASH_SIZE));
	g_string_append_printf(out, "\n\n\xE2\x80\x94 %s ", rg_log_origin(log));
	rg_ctkey_note_id(rg_log_key(log), rg_log_origin(log), signature);
	put_big_endian(signature + 4, head->timestamp_ms);
	memcpy(signature + 12, head->signed_head, head->signed_len);
	append_base64(out, hk_span_of(signature, 12 + head->signed_len));
	g_string_append_c(out, '\n');
	return take(out);
}

GBytes *
rg_render_sth(const rg_head *head)
{
	GString *out = g_string_new(NULL);

	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, "tree_size");
	hk_jsonw_int(out, (int64_t)head->size);
	hk_jsonw_key(out, "timestamp");
	hk_jsonw_int(out, (int64_t)head->timestamp_ms);
	hk_jsonw_key(out, "sha256_root_hash");
	hk_jsonw_base64(out, hk_span_of(head->root, RG_HASH_SIZE));
	hk_jsonw_key(out, "tree_head_signature");
	hk_jsonw_base64(out, hk_span_of(head->signed_head, head->signed_len));
	hk_jsonw_close(out, '}');
	return take(out);
}

GBytes *
rg_render_roots(const rg_log *log)
{
	const rg_issuers *issuers = rg_log_issuers(log);
	GString *out = g_string_new(NULL);

	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, "certificates");
	hk_jsonw_open(out, '[');
	for (size_t i = 0; i < rg_issuers_count(issuers); i++) {
		const rg_ca_cert *root = &rg_issuers_at(issuers, i)->chain[1];
		hk_jsonw_base64(out, hk_span_of(root->der, root->len));
	}
	hk_jsonw_close(out, ']');
	hk_jsonw_close(out, '}');
	return take(out);
}

static hk_span
der_of(const rg_log *log, uint64_t index)
{
	rg_leaf leaf;

	leaf_at(rg_log_entry(log, index), &leaf, NULL);
	return leaf.precert ? leaf.precert_der : leaf.cert;
}

GBytes *
rg_render_der(const rg_log *log, uint64_t index)
{
	hk_span der = der_of(log, index);

	return g_bytes_new(der.data, der.len);
}

GBytes *
rg_render_pem(const rg_log *log, uint64_t index)
{
	GString *text = g_string_new(NULL);
	GString *out = g_string_new("-----BEGIN CERTIFICATE-----\n");

	append_base64(text, der_of(log, index));
	for (size_t at = 0; at < text->len; at += PEM_LINE) {
		g_string_append_len(out, text->str + at, (gssize)MIN(PEM_LINE, text->len - at));
		g_string_append_c(out, '\n');
	}
	g_string_free(text, TRUE);
	g_string_append(out, "-----END CERTIFICATE-----\n");
	return take(out);
}

void
rg_render_fork(const rg_log *log, uint64_t index, rg_fork *ret)
{
	static const uint8_t merkle_leaf[] = {0, 0};
	hk_span entry = rg_log_entry(log, index);
	g_autofree uint8_t *copy = g_memdup2(entry.data, entry.len);
	rg_twist twist = {RG_TWIST_TIMESTAMP, index};
	rg_leaf leaf;

	spoil(copy, entry.len, &twist);
	leaf_at(hk_span_of(copy, entry.len), &leaf, NULL);
	ret->index = index;
	rg_tree_leaf_hash(rg_log_tree(log), hk_span_of(merkle_leaf, sizeof merkle_leaf),
		leaf.timestamped, ret->hash);
}
