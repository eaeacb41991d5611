/* hikeshi ct logs: the logs of a list, or how those that a follower reads fare. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "source/ct/health.h"
#include "source/ct/loglist.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/gerr.h"
#include "sys/json.h"
#include "sys/jsonw.h"
#include "sys/log.h"

/* One row of the table; owned strings. */
static void
print_row(const char *const cells[], size_t count)
{
	static const int widths[] = {34, 18, 9, 10, 13, 11, 9, 8, 7};

	for (size_t i = 0; i < count; i++) {
		/* The first columns to the left, numbers to the right. */
		printf(i < 4 ? "%-*.*s" : "%*.*s", widths[i], widths[i], cells[i]);
		fputs(i + 1 < count ? " " : "\n", stdout);
	}
}

static char *
age_text(int64_t ms, int64_t now_ms)
{
	int64_t s = (now_ms - ms) / 1000;

	if (ms <= 0) {
		return g_strdup("-");
	}
	return s < 120         ? g_strdup_printf("%" PRId64 " s", MAX(s, 0))
	       : s < 7200      ? g_strdup_printf("%" PRId64 " min", s / 60)
	       : s < 48 * 3600 ? g_strdup_printf("%" PRId64 " h", s / 3600)
			       : g_strdup_printf("%" PRId64 " d", s / 86400);
}

static bool
print_health_row(const hk_json *log, int64_t at_ms, GError **error)
{
	const char *name, *operator_name, *kind, *status;
	int64_t size, backlog, head_ms, errors;

	if (!hk_json_str(log, "log", &name, error) ||
		!hk_json_str(log, "operator", &operator_name, error) ||
		!hk_json_str(log, "kind", &kind, error) ||
		!hk_json_str(log, "status", &status, error) ||
		!hk_json_i64(log, "size", &size, error) ||
		!hk_json_i64(log, "backlog", &backlog, error) ||
		!hk_json_i64(log, "head_ms", &head_ms, error) ||
		!hk_json_i64(log, "errors", &errors, error)) {
		return false;
	}
	g_autofree char *size_text = g_strdup_printf("%" PRId64, size);
	g_autofree char *backlog_text = g_strdup_printf("%" PRId64, backlog);
	g_autofree char *age = age_text(head_ms, at_ms);
	g_autofree char *errors_text = g_strdup_printf("%" PRId64, errors);
	print_row((const char *[]){name, operator_name, kind, status, size_text, backlog_text, age,
			  errors_text},
		8);
	const char *last = NULL;
	if (errors > 0 && hk_json_has(log, "last_error") &&
		hk_json_str(log, "last_error", &last, NULL)) {
		g_autoptr(GString) safe = g_string_new("    last error: ");
		hk_log_append_value(safe, hk_span_str(last));
		puts(safe->str);
	}
	if (hk_json_has(log, "why") && hk_json_str(log, "why", &last, NULL)) {
		g_autoptr(GString) safe = g_string_new("    STOPPED: ");
		hk_log_append_value(safe, hk_span_str(last));
		puts(safe->str);
	}
	return true;
}

static bool
show_health(const char *folder, bool json, GError **error)
{
	g_autoptr(GBytes) bytes = hk_health_text(folder, error);
	size_t len;
	hk_json logs;
	int64_t at_ms;

	if (!bytes) {
		g_prefix_error(error, "no follower has run with this state folder: ");
		return false;
	}
	const char *data = g_bytes_get_data(bytes, &len);
	if (json) {
		fwrite(data, 1, len, stdout);
		return true;
	}
	g_autoptr(hk_json_doc) doc = hk_json_load(hk_span_of(data, len), len, error);
	if (!doc) {
		return false;
	}
	hk_json root = hk_json_root(doc);
	if (!hk_json_i64(&root, "at_ms", &at_ms, error) ||
		!hk_json_array(&root, "logs", &logs, error)) {
		return false;
	}
	g_autofree char *age = age_text(at_ms, hk_clock_wall_ms());
	print_row((const char *[]){"LOG", "OPERATOR", "KIND", "STATUS", "SIZE", "BACKLOG",
			  "HEAD AGE", "ERRORS"},
		8);
	for (size_t i = 0; i < hk_json_len(&logs); i++) {
		hk_json log = hk_json_at(&logs, i);
		if (!print_health_row(&log, at_ms, error)) {
			return false;
		}
	}
	printf("%zu logs, as of %s ago\n", hk_json_len(&logs), age);
	return true;
}

static void
print_list_json(const hk_ct_loglist *list)
{
	for (unsigned i = 0; i < list->logs->len; i++) {
		const hk_ct_log *log = g_ptr_array_index(list->logs, i);
		g_autoptr(GString) out = g_string_new(NULL);
		hk_jsonw_open(out, '{');
		hk_jsonw_key(out, "log");
		hk_jsonw_str(out, log->description);
		hk_jsonw_key(out, "operator");
		hk_jsonw_str(out, log->operator_name);
		hk_jsonw_key(out, "url");
		hk_jsonw_str(out, log->kind == HK_CT_STATIC ? log->tile_url : log->url);
		hk_jsonw_key(out, "kind");
		hk_jsonw_str(out, hk_ct_kind_text(log->kind));
		hk_jsonw_key(out, "state");
		hk_jsonw_str(out, hk_ct_state_text(log->state));
		hk_jsonw_key(out, "log_id");
		hk_jsonw_base64(out, hk_span_of(log->id, sizeof log->id));
		hk_jsonw_key(out, "key");
		hk_jsonw_base64(out, hk_span_of(log->spki, log->spki_len));
		hk_jsonw_close(out, '}');
		puts(out->str);
	}
}

static bool
show_list(const char *path, bool json, GError **error)
{
	if (strstr(path, "://")) {
		return hk_error_set(error, HK_EUSAGE,
			"`hikeshi ct logs` reads a log list from a file; fetch it first, or name "
			"the "
			"folder of a running follower with --state");
	}
	g_autoptr(GBytes) bytes = hk_file_read(path, HK_CT_LOGLIST_BYTES_MAX, error);
	size_t len;

	if (!bytes) {
		return false;
	}
	const void *data = g_bytes_get_data(bytes, &len);
	g_autoptr(hk_ct_loglist) list = hk_ct_loglist_parse(hk_span_of(data, len), error);
	if (!list) {
		g_prefix_error(error, "%s: ", path);
		return false;
	}
	if (json) {
		print_list_json(list);
	} else {
		print_row((const char *[]){"LOG", "OPERATOR", "KIND", "STATE"}, 4);
		for (unsigned i = 0; i < list->logs->len; i++) {
			const hk_ct_log *log = g_ptr_array_index(list->logs, i);
			print_row((const char *[]){log->description, log->operator_name,
					  hk_ct_kind_text(log->kind), hk_ct_state_text(log->state)},
				4);
		}
	}
	for (unsigned i = 0; i < list->problems->len; i++) {
		hk_log(HK_EVENT_CT_LOG_REFUSED, HK_F_STR("log", path),
			HK_F_STR("reason", g_ptr_array_index(list->problems, i)));
	}
	return true;
}

bool
hk_cmd_ct_logs(const hk_opts *opts, GError **error)
{
	const char *state = hk_opts_str(opts, HK_OPT_STATE);
	const char *list = hk_opts_str(opts, HK_OPT_LOGS);
	bool json = hk_opts_bool(opts, HK_OPT_JSON);

	if (state) {
		return show_health(state, json, error);
	}
	if (list) {
		return show_list(list, json, error);
	}
	return hk_error_set(error, HK_EUSAGE,
		"name the state folder of a follower with --state DIR, or a log list with --logs "
		"FILE");
}
