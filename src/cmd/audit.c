/* hikeshi audit verify, export, anchor. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/codec.h"
#include "cmd/cmd.h"
#include "flow/audit.h"
#include "store/migrate.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/gerr.h"
#include "sys/json.h"
#include "sys/jsonw.h"

enum { HEADS_BYTES_MAX = 16 << 20, HEAD_BYTES_MAX = 4096, PIECE = 5000 };

static hk_db *
open_db(const hk_opts *opts, GError **error)
{
	g_autoptr(hk_db) db = hk_db_open(hk_opts_str(opts, HK_OPT_DATABASE), error);

	return db && hk_schema_check(db, error) ? g_steal_pointer(&db) : NULL;
}

/* {"seq":12,"at":"...","mac":"..."}: what `audit anchor` prints. */
static void
print_head(const hk_event_head *head, int64_t at_ms)
{
	char at[HK_CLOCK_TEXT_SIZE];
	char mac[2 * HK_EVENT_MAC_SIZE + 1];

	hk_hex_encode(hk_span_of(head->mac, sizeof head->mac), mac);
	printf("{\"seq\":%" PRId64 ",\"at\":\"%s\",\"mac\":\"%s\"}\n", head->seq,
		hk_clock_format(at_ms, at), mac);
}

static bool
read_head(hk_span line, GArray *heads, GError **error)
{
	g_autoptr(hk_json_doc) doc = hk_json_load(line, HEAD_BYTES_MAX, error);
	hk_event_head head;
	const char *mac;

	if (!doc) {
		return false;
	}
	hk_json root = hk_json_root(doc);
	if (!hk_json_i64(&root, "seq", &head.seq, error) ||
		!hk_json_str(&root, "mac", &mac, error)) {
		return false;
	}
	if (hk_hex_decode(hk_span_str(mac), head.mac, sizeof head.mac) != HK_OK) {
		return hk_error_set(error, HK_EFORM, "mac: must be %d hexadecimal digits",
			2 * HK_EVENT_MAC_SIZE);
	}
	g_array_append_val(heads, head);
	return true;
}

/* A file of the lines that `audit anchor` printed, one or many. */
static bool
read_heads(const char *path, GArray *heads, GError **error)
{
	g_autoptr(GBytes) bytes = hk_file_read(path, HEADS_BYTES_MAX, error);
	size_t len = 0;

	if (!bytes) {
		return false;
	}
	const uint8_t *at = g_bytes_get_data(bytes, &len);
	for (unsigned number = 1; len > 0; number++) {
		const uint8_t *end = memchr(at, '\n', len);
		size_t size = end ? (size_t)(end - at) : len;
		if (size > 0 && !read_head(hk_span_of(at, size), heads, error)) {
			g_prefix_error(error, "%s:%u: ", path, number);
			return false;
		}
		len -= end ? size + 1 : size;
		at += end ? size + 1 : size;
	}
	return heads->len > 0 ||
	       hk_error_set(error, HK_EFORM, "%s: holds no head: `hikeshi audit anchor` prints one",
		       path);
}

bool
hk_cmd_audit_verify(const hk_opts *opts, GError **error)
{
	const char *file = hk_opts_str(opts, HK_OPT_AUDIT_HEAD);
	g_autoptr(GArray) heads = g_array_new(FALSE, FALSE, sizeof(hk_event_head));
	g_autoptr(hk_db) db = open_db(opts, error);
	hk_audit_report report = {0};
	hk_audit_key key;

	if (!db || !hk_audit_key_read(hk_opts_str(opts, HK_OPT_AUDIT_KEY), &key, error)) {
		return false;
	}
	bool good = hk_audit_key_check(db, &key, error) &&
		    (!file || read_heads(file, heads, error)) &&
		    hk_audit_verify(db, &key, (const hk_event_head *)(const void *)heads->data,
			    heads->len, &report, error);
	explicit_bzero(&key, sizeof key);
	if (!good) {
		return false;
	}
	if (report.bad_seq != 0) {
		hk_error_set(error, HK_ECHECK,
			"the audit trail is broken at row %" PRId64 ": %s (%" PRId64
			" rows before it are good)",
			report.bad_seq, report.what, report.rows);
		hk_audit_report_clear(&report);
		return false;
	}
	printf("good: %" PRId64 " rows, %" PRId64 " anchors\n", report.rows, report.anchors);
	return true;
}

static bool
print_record(const hk_event_record *r, GString *out, GError **error)
{
	g_string_truncate(out, 0);
	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, "seq");
	hk_jsonw_int(out, r->seq);
	hk_jsonw_key(out, "at_ms");
	hk_jsonw_int(out, r->at_ms);
	const struct {
		const char *key, *value;
	} texts[] = {{"who", r->who}, {"via", r->via}, {"address", r->address}, {"act", r->act},
		{"object", r->object}};
	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		hk_jsonw_key(out, texts[i].key);
		hk_jsonw_str(out, texts[i].value);
	}
	hk_jsonw_key(out, "object_id");
	hk_jsonw_int(out, r->object_id);
	hk_jsonw_key(out, "case_id");
	hk_jsonw_int(out, r->case_id);
	/* As text: its bytes are what the MAC covers. */
	hk_jsonw_key(out, "data");
	hk_jsonw_str(out, r->data);
	hk_jsonw_key(out, "mac");
	hk_jsonw_hex(out, hk_span_of(r->mac, sizeof r->mac));
	hk_jsonw_close(out, '}');
	g_string_append_c(out, '\n');
	return fwrite(out->str, 1, out->len, stdout) == out->len ||
	       hk_error_set(error, HK_EIO, "cannot write to standard output");
}

static bool
print_piece(hk_db *db, int64_t *after, int64_t *ret_count, GError **error)
{
	g_autoptr(hk_rows) rows = hk_events_read(db, *after, PIECE, error);
	g_autoptr(GString) out = g_string_new(NULL);
	GError *inner = NULL;
	hk_event_record r;

	*ret_count = 0;
	if (!rows) {
		return false;
	}
	while (hk_events_next(rows, &r, &inner)) {
		*after = r.seq;
		++*ret_count;
		if (!print_record(&r, out, error)) {
			return false;
		}
	}
	if (inner) {
		g_propagate_error(error, inner);
		return false;
	}
	return true;
}

bool
hk_cmd_audit_export(const hk_opts *opts, GError **error)
{
	g_autoptr(hk_db) db = open_db(opts, error);
	int64_t after = hk_opts_int(opts, HK_OPT_AUDIT_AFTER);
	int64_t count = PIECE;

	if (!db || !hk_db_begin(db, false, error)) {
		return false;
	}
	bool good = true;
	while (good && count == PIECE) {
		good = print_piece(db, &after, &count, error);
	}
	hk_db_rollback(db);
	return good;
}

static bool
put_anchor(hk_db *db, hk_event_head *ret, int64_t now_ms, GError **error)
{
	return hk_events_head(db, ret, error) &&
	       (ret->seq == 0 || hk_anchors_insert(db, ret, now_ms, error));
}

bool
hk_cmd_audit_anchor(const hk_opts *opts, GError **error)
{
	g_autoptr(hk_db) db = open_db(opts, error);
	int64_t now_ms = hk_clock_wall_ms();
	hk_event_head head;

	if (!db || !hk_db_begin(db, true, error)) {
		return false;
	}
	if (!put_anchor(db, &head, now_ms, error)) {
		hk_db_rollback(db);
		return false;
	}
	if (!hk_db_commit(db, error)) {
		return false;
	}
	print_head(&head, now_ms);
	return true;
}
