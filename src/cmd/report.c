/* nocheck: tested in tests/scenario/report-cli.t. hikeshi report list, show, ask. Approvals are people's, on the board: there is no command for them. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "cmd/cmd.h"
#include "flow/report.h"
#include "flow/states.h"
#include "store/lookup.h"
#include "store/migrate.h"
#include "store/report_read.h"
#include "sys/blob.h"
#include "sys/clock.h"
#include "sys/defang.h"
#include "sys/gerr.h"
#include "sys/hash.h"
#include "sys/json.h"
#include "sys/jsonw.h"
#include "sys/log.h"

#define CONTENT_BYTES_MAX (64u << 20)
#define JSON_BYTES_MAX    (256u << 20)

static hk_db *
open_db(const hk_opts *opts, GError **error)
{
	g_autoptr(hk_db) db = hk_db_open(hk_opts_str(opts, HK_OPT_DATABASE), error);

	return db && hk_schema_check(db, error) ? g_steal_pointer(&db) : NULL;
}

static bool
read_number(const char *text, const char *what, int64_t *ret, GError **error)
{
	uint64_t id;

	if (hk_parse_u64(hk_span_str(text), INT64_MAX, &id) != HK_OK || id == 0) {
		return hk_error_set(error, HK_EUSAGE, "%s is no number of a %s", text, what);
	}
	*ret = (int64_t)id;
	return true;
}

static bool
one_number(const hk_opts *opts, const char *what, int64_t *ret, GError **error)
{
	if (hk_opts_arg_count(opts) != 1) {
		return hk_error_set(error, HK_EUSAGE, "the number of one %s is needed", what);
	}
	return read_number(hk_opts_args(opts)[0], what, ret, error);
}

/* What a stranger may have written, for people: printable, and no address that is one click away. Owned. */
static char *
shown(const hk_opts *opts, const char *text)
{
	return hk_opts_bool(opts, HK_OPT_CASE_EXACT) ? hk_log_printable(text) : hk_defang(text);
}

/* ---- list ---- */

static void
print_cell(const char *text, int width)
{
	g_autofree char *cell = hk_log_printable(text);
	glong chars = g_utf8_strlen(cell, -1);

	printf("%s%*s", cell, chars < width ? (int)(width - chars) : 1, "");
}

static void
print_item(const hk_opts *opts, const hk_json *item)
{
	static const struct {
		const char *key;
		int width;
	} columns[] = {{"state", 13}, {"step", 11}, {"channel", 12}, {"recipient", 36}};
	int64_t id = 0, of_case = 0;
	const char *text;
	hk_json lead;

	(void)hk_json_i64(item, "id", &id, NULL);
	if (hk_json_object(item, "case", &lead, NULL)) {
		(void)hk_json_i64(&lead, "id", &of_case, NULL);
	}
	printf("%-7" PRId64 " #%-7" PRId64 " ", id, of_case);
	for (size_t i = 0; i < G_N_ELEMENTS(columns); i++) {
		print_cell(hk_json_str(item, columns[i].key, &text, NULL) ? text : "-",
			columns[i].width);
	}
	g_autofree char *title = shown(opts, hk_json_str(item, "title", &text, NULL) ? text : "-");
	puts(title);
}

static bool
print_items(const hk_opts *opts, const GString *out, GError **error)
{
	g_autoptr(hk_json_doc) doc =
		hk_json_load(hk_span_of(out->str, out->len), JSON_BYTES_MAX, error);
	hk_json list;

	if (!doc) {
		return false;
	}
	hk_json root = hk_json_root(doc);
	if (!hk_json_array(&root, "reports", &list, error)) {
		return false;
	}
	for (size_t i = 0; i < hk_json_len(&list); i++) {
		hk_json item = hk_json_at(&list, i);
		print_item(opts, &item);
	}
	return true;
}

static bool
read_filter(const hk_opts *opts, hk_report_filter *filter, GError **error)
{
	const char *of_case = hk_opts_str(opts, HK_OPT_OF_CASE);
	const char *const *states = hk_opts_args(opts);

	*filter = (hk_report_filter){
		.limit = hk_opts_int(opts, HK_OPT_CASE_LIMIT), .now_ms = hk_clock_wall_ms()};
	for (size_t i = 0; i < hk_opts_arg_count(opts); i++) {
		if (!hk_states_find(HK_MACHINE_REPORT, states[i])) {
			return hk_error_set(error, HK_EUSAGE,
				"%s is no state of a report: drafted, approved, queued, sent, "
				"acknowledged, actioned, rejected, bounced, expired, unsure, "
				"dropped",
				states[i]);
		}
	}
	filter->states = hk_opts_arg_count(opts) > 0 ? states : NULL;
	return !of_case || read_number(of_case, "case", &filter->case_id, error);
}

bool
hk_cmd_report_list(const hk_opts *opts, GError **error)
{
	g_autoptr(GString) out = g_string_new(NULL);
	hk_report_filter filter;
	int64_t next = 0;

	if (!read_filter(opts, &filter, error)) {
		return false;
	}
	g_autoptr(hk_db) db = open_db(opts, error);
	if (!db || !hk_db_begin(db, false, error)) {
		return false;
	}
	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, "reports");
	hk_jsonw_open(out, '[');
	bool good = hk_report_read_list(db, &filter, hk_stops_json, out, &next, error);
	hk_db_rollback(db);
	if (!good) {
		return false;
	}
	hk_jsonw_close(out, ']');
	hk_jsonw_member_bool(out, "more", next != 0);
	hk_jsonw_close(out, '}');
	if (!hk_opts_bool(opts, HK_OPT_JSON)) {
		return print_items(opts, out, error);
	}
	puts(out->str);
	return true;
}

/* ---- show ---- */

/* What was approved, and is sent, to the byte; checked against the digest that stands in the audit trail. */
static bool
print_raw(const hk_opts *opts, hk_db *db, int64_t id, GError **error)
{
	g_auto(hk_report_row) row = {0};
	uint8_t digest[32];

	if (!hk_reports_get(db, id, &row, error)) {
		return false;
	}
	if (!row.has_content) {
		return hk_error_set(error, HK_ENOENT, "report %" PRId64 " has no bytes yet", id);
	}
	const hk_blobs_config config = hk_blobs_config_of(opts);
	g_autoptr(hk_blobs) blobs = hk_blobs_open(&config, error);
	g_autoptr(GBytes) bytes =
		blobs ? hk_blobs_get(blobs, row.content, CONTENT_BYTES_MAX, error) : NULL;
	if (!bytes) {
		return false;
	}
	gsize len;
	const void *data = g_bytes_get_data(bytes, &len);
	const hk_span pieces[] = {
		hk_span_str(row.request), HK_SPAN_LIT("\n"), hk_span_of(data, len)};
	hk_sha256_pieces(pieces, G_N_ELEMENTS(pieces), digest);
	if (memcmp(digest, row.digest, sizeof digest) != 0) {
		return hk_error_set(error, HK_ECHECK,
			"report %" PRId64 ": request and bytes are not those of its digest", id);
	}
	fwrite(data, 1, len, stdout);
	return true;
}

static bool
print_members(const hk_opts *opts, const GString *out, GError **error)
{
	g_autoptr(hk_json_doc) doc =
		hk_json_load(hk_span_of(out->str, out->len), JSON_BYTES_MAX, error);
	const char *key;
	void *pos = NULL;
	hk_json value;

	if (!doc) {
		return false;
	}
	hk_json root = hk_json_root(doc);
	while (hk_json_each(&root, &pos, &key, &value)) {
		g_autofree char *text = NULL;
		if (hk_json_text(&value)) {
			/* A time has a dot and is no address. */
			bool is_time = hk_json_text(&value)[0] == '2' &&
				       g_str_has_suffix(hk_json_text(&value), "Z");
			text = is_time ? g_strdup(hk_json_text(&value))
				       : shown(opts, hk_json_text(&value));
		} else if (hk_json_kind_of(&value) == HK_JSON_INT) {
			text = g_strdup_printf("%" PRId64, hk_json_int(&value));
		}
		if (text && *text) {
			print_cell(key, 16);
			puts(text);
		}
	}
	return true;
}

bool
hk_cmd_report_show(const hk_opts *opts, GError **error)
{
	g_autoptr(GString) out = g_string_new(NULL);
	int64_t id, version;

	if (!one_number(opts, "report", &id, error)) {
		return false;
	}
	g_autoptr(hk_db) db = open_db(opts, error);
	if (!db) {
		return false;
	}
	if (hk_opts_bool(opts, HK_OPT_REPORT_RAW)) {
		return print_raw(opts, db, id, error);
	}
	if (!hk_db_begin(db, false, error)) {
		return false;
	}
	hk_jsonw_open(out, '{');
	bool good = hk_report_read_members(db, id, hk_stops_json, out, &version, error);
	hk_db_rollback(db);
	if (!good) {
		return false;
	}
	hk_jsonw_close(out, '}');
	if (!hk_opts_bool(opts, HK_OPT_JSON)) {
		return print_members(opts, out, error);
	}
	puts(out->str);
	return true;
}

/* ---- ask ---- */

static bool
act_ask(hk_flow *flow, void *user, GError **error)
{
	const int64_t *case_id = user;

	return hk_report_ask(flow, *case_id, error);
}

bool
hk_cmd_report_ask(const hk_opts *opts, GError **error)
{
	const char *login = hk_opts_str(opts, HK_OPT_CASE_AS);
	hk_who who = {.login = login ? login : "auto", .via = "cli", .address = ""};
	int64_t case_id;

	if (!one_number(opts, "case", &case_id, error)) {
		return false;
	}
	g_autoptr(hk_db) db = open_db(opts, error);
	if (!db || (login && !hk_lookup_user(db, login, &who.user_id, error))) {
		return false;
	}
	if (login && who.user_id == 0) {
		return hk_error_set(
			error, HK_ENOENT, "--as %s: there is no such active user", login);
	}
	g_autoptr(hk_flow) flow = hk_flow_new(db, hk_opts_str(opts, HK_OPT_AUDIT_KEY), error);
	if (!flow || !hk_flow_do(flow, &who, act_ask, &case_id, error)) {
		return false;
	}
	printf("case #%" PRId64 ": a worker drafts its reports; a second person approves them on "
	       "the board\n",
		case_id);
	return true;
}
