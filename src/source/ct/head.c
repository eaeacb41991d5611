#include "source/ct/head.h"

#include "base/codec.h"
#include "parse/cttile.h"
#include "parse/note.h"
#include "sys/gerr.h"
#include "sys/hash.h"
#include "sys/json.h"
#include "sys/jsonw.h"

void
hk_ct_head_free(hk_ct_head *head)
{
	if (head) {
		g_free(head->sig);
		g_free(head->origin);
		g_free(head->raw);
		g_free(head);
	}
}

hk_ct_head *
hk_ct_head_new(uint64_t size, const uint8_t root[32], int64_t timestamp_ms)
{
	hk_ct_head *head = g_new0(hk_ct_head, 1);

	head->size = size;
	memcpy(head->root, root, sizeof head->root);
	head->timestamp_ms = timestamp_ms;
	return head;
}

static uint8_t *
copy(hk_span bytes)
{
	uint8_t *mine = g_malloc(bytes.len + 1);

	if (bytes.len > 0) {
		memcpy(mine, bytes.data, bytes.len);
	}
	mine[bytes.len] = '\0';
	return mine;
}

static void
set_sig(hk_ct_head *head, hk_span sig)
{
	g_free(head->sig);
	head->sig = copy(sig);
	head->sig_len = sig.len;
}

static void
set_raw(hk_ct_head *head, hk_span raw)
{
	head->raw = copy(raw);
	head->raw_len = raw.len;
}

hk_ct_head *
hk_ct_head_read_sth(hk_span body, GError **error)
{
	g_autoptr(hk_json_doc) doc = hk_json_load(body, HK_CT_HEAD_STH_MAX, error);
	g_autoptr(hk_ct_head) head = g_new0(hk_ct_head, 1);
	uint8_t sig[4 + HK_NOTE_TREE_HEAD_SIG_MAX];
	size_t sig_len;
	uint64_t timestamp_ms;
	hk_json root;

	if (!doc) {
		return NULL;
	}
	root = hk_json_root(doc);
	if (!hk_json_u64(&root, "tree_size", &head->size, error) ||
		!hk_json_u64(&root, "timestamp", &timestamp_ms, error) ||
		!hk_json_base64_exact(
			&root, "sha256_root_hash", head->root, sizeof head->root, error) ||
		!hk_json_base64(&root, "tree_head_signature", sig, sizeof sig, &sig_len, error)) {
		return NULL;
	}
	head->timestamp_ms = (int64_t)timestamp_ms;
	set_sig(head, hk_span_of(sig, sig_len));
	set_raw(head, body);
	return g_steal_pointer(&head);
}

uint32_t
hk_ct_head_key_id(hk_span name, const uint8_t log_id[32])
{
	static const uint8_t type[2] = {'\n', HK_NOTE_TYPE_RFC6962};
	uint8_t hash[HK_SHA256_SIZE];
	const hk_span pieces[] = {name, {type, sizeof type}, {log_id, 32}};

	hk_sha256_pieces(pieces, G_N_ELEMENTS(pieces), hash);
	return (uint32_t)hash[0] << 24 | (uint32_t)hash[1] << 16 | (uint32_t)hash[2] << 8 | hash[3];
}

/* The first signature line of this log that can be read as one. */
static hk_err
find_sig(const hk_note *note, hk_span origin, const uint8_t log_id[32], hk_note_tree_head_sig *ret)
{
	uint32_t key_id = hk_ct_head_key_id(origin, log_id);
	hk_err err = HK_ECHECK;

	for (size_t i = 0; i < note->sig_count; i++) {
		const hk_note_sig *sig = &note->sigs[i];
		if (sig->key_id != key_id || !hk_span_eq(sig->name, origin)) {
			continue;
		}
		err = hk_note_sig_tree_head(sig, ret);
		if (err == HK_OK) {
			break;
		}
	}
	return err;
}

hk_ct_head *
hk_ct_head_read_checkpoint(hk_span body, const uint8_t log_id[32], GError **error)
{
	g_autofree hk_note *note = g_new(hk_note, 1);
	g_autoptr(hk_ct_head) head = g_new0(hk_ct_head, 1);
	hk_note_tree_head_sig sig;
	hk_note_head lines;
	hk_err err = hk_note_parse(body, note);

	if (err != HK_OK) {
		hk_error_set(error, err, "not a signed note: %s", hk_err_meaning(err));
		return NULL;
	}
	err = hk_note_head_parse(note->text, &lines);
	if (err == HK_OK && lines.extensions.len > 0) {
		err = HK_EFORM; /* static-ct-api: the signature does not cover extension lines */
	}
	if (err != HK_OK) {
		hk_error_set(error, err, "not a checkpoint of a CT log: %s", hk_err_meaning(err));
		return NULL;
	}
	err = find_sig(note, lines.origin, log_id, &sig);
	if (err != HK_OK) {
		hk_error_set(error, err,
			"no signature line of the log's key: the checkpoint is another log's, or "
			"the key or the origin changed");
		return NULL;
	}
	if (sig.timestamp_ms > INT64_MAX) {
		hk_error_set(error, HK_ERANGE, "the timestamp is out of range");
		return NULL;
	}
	head->size = lines.size;
	memcpy(head->root, lines.root, sizeof head->root);
	head->timestamp_ms = (int64_t)sig.timestamp_ms;
	head->origin = (char *)copy(lines.origin);
	head->checkpoint = true;
	set_sig(head, hk_span_of(sig.sig, sig.sig_len));
	set_raw(head, body);
	return g_steal_pointer(&head);
}

bool
hk_ct_head_verify(hk_ct_head *head, const hk_sig_key *key, GError **error)
{
	uint8_t empty[HK_SHA256_SIZE];
	hk_err err = hk_sig_check_tree_head(key, head->size, head->root,
		(uint64_t)head->timestamp_ms, hk_span_of(head->sig, head->sig_len));

	head->verified = false;
	if (err == HK_OK && head->size > HK_CTTILE_SIZE_MAX) {
		return hk_error_set(error, HK_ERANGE,
			"the tree head says that the log has more entries than any log can have");
	}
	if (err != HK_OK) {
		return hk_error_set(error, err,
			"the signature of the tree head does not verify with the log's key: %s",
			hk_err_meaning(err));
	}
	hk_sha256((hk_span){0}, empty);
	if (head->size == 0 && memcmp(head->root, empty, sizeof empty) != 0) {
		return hk_error_set(
			error, HK_ECHECK, "the tree head of an empty tree has the root of another");
	}
	head->verified = true;
	return true;
}

static hk_ct_head *
verified(hk_ct_head *read, const hk_sig_key *key, GError **error)
{
	g_autoptr(hk_ct_head) head = read;

	return head && hk_ct_head_verify(head, key, error) ? g_steal_pointer(&head) : NULL;
}

hk_ct_head *
hk_ct_head_from_sth(hk_span body, const hk_sig_key *key, GError **error)
{
	return verified(hk_ct_head_read_sth(body, error), key, error);
}

hk_ct_head *
hk_ct_head_from_checkpoint(hk_span body, const hk_sig_key *key, GError **error)
{
	return verified(hk_ct_head_read_checkpoint(body, hk_sig_key_id(key), error), key, error);
}

char *
hk_ct_head_to_sth(const hk_ct_head *head)
{
	GString *out = g_string_new(NULL);

	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, "tree_size");
	hk_jsonw_int(out, (int64_t)head->size);
	hk_jsonw_key(out, "timestamp");
	hk_jsonw_int(out, head->timestamp_ms);
	hk_jsonw_key(out, "sha256_root_hash");
	hk_jsonw_base64(out, hk_span_of(head->root, sizeof head->root));
	hk_jsonw_key(out, "tree_head_signature");
	hk_jsonw_base64(out, hk_span_of(head->sig, head->sig_len));
	hk_jsonw_close(out, '}');
	return g_string_free(out, FALSE);
}

static void
append_u32(GByteArray *bytes, uint32_t value)
{
	uint32_t big = GUINT32_TO_BE(value);

	g_byte_array_append(bytes, (const uint8_t *)&big, sizeof big);
}

char *
hk_ct_head_to_checkpoint(const hk_ct_head *head, const char *origin, const uint8_t log_id[32])
{
	g_autoptr(GByteArray) sig = g_byte_array_new();
	g_autofree hk_note *note = g_new(hk_note, 1);
	g_autofree char *base64 = NULL;
	g_autofree uint8_t *out = g_malloc(HK_NOTE_BYTES_MAX + 1);
	uint8_t text[4096];
	hk_note_head lines = {.origin = hk_span_str(origin), .size = head->size};
	hk_note check;
	size_t len;

	memcpy(lines.root, head->root, sizeof lines.root);
	if (hk_note_head_print(&lines, text, sizeof text, &len) != HK_OK) {
		return NULL;
	}
	append_u32(sig, hk_ct_head_key_id(lines.origin, log_id));
	append_u32(sig, (uint32_t)((uint64_t)head->timestamp_ms >> 32));
	append_u32(sig, (uint32_t)((uint64_t)head->timestamp_ms & UINT32_MAX));
	g_byte_array_append(sig, head->sig, (unsigned)head->sig_len);
	base64 = g_malloc(HK_BASE64_LEN((size_t)sig->len) + 1);
	hk_base64_encode(hk_span_of(sig->data, sig->len), base64);
	note->text = hk_span_of(text, len);
	note->sig_count = 1;
	note->sigs[0] = (hk_note_sig){.name = lines.origin, .base64 = hk_span_str(base64)};
	if (hk_note_print(note, out, HK_NOTE_BYTES_MAX, &len) != HK_OK ||
		hk_note_parse(hk_span_of(out, len), &check) != HK_OK) {
		return NULL; /* an origin that is no key name */
	}
	out[len] = '\0';
	return (char *)g_steal_pointer(&out);
}
