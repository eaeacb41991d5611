#include "flow/intake.h"

#include "flow/check.h"
#include "flow/flow_int.h"
#include "store/intakes.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"

enum { OPTIONS_BYTES_MAX = 256 << 10 };

static const char *const kinds[] = {"auto", "lines", "csv", "tsv", "jsonl", NULL};
static const char *const options_known[] = {"target", "kind", "service", "actor", "labels", "note",
	"gsb_type", "ticket_type", "wants", "columns", "header", "first_line_note", NULL};

/* The values are casework's to check, line by line; a member that nobody reads is a slip that would go unseen. */
static bool
check_options(const char *options, GError **error)
{
	g_autoptr(hk_json_doc) doc =
		hk_check_doc("options", options, OPTIONS_BYTES_MAX, HK_JSON_OBJECT, error);
	const char *key;
	void *pos = NULL;
	hk_json value;

	if (!doc) {
		return false;
	}
	hk_json root = hk_json_root(doc);
	while (hk_json_each(&root, &pos, &key, &value)) {
		if (!g_strv_contains(options_known, key)) {
			return hk_error_set(error, HK_EFORM, "options.%s: is not known", key);
		}
	}
	return true;
}

static int64_t
count_lines(hk_span body)
{
	int64_t lines = 0;

	for (size_t at = 0; at < body.len; lines++) {
		const uint8_t *end = memchr(body.data + at, '\n', body.len - at);
		at = end ? (size_t)(end - body.data) + 1 : body.len;
	}
	return lines;
}

bool
hk_intake_new(hk_flow *flow, const char *kind, const char *source, hk_span body,
	const char *options, bool dry_run, int64_t *ret_id, GError **error)
{
	hk_intake_row row = {.kind = (char *)(uintptr_t)kind,
		.dry_run = dry_run,
		.options = (char *)(uintptr_t)(options ? options : "{}"),
		.user_id = flow->who.user_id,
		.lines = count_lines(body)};
	int64_t id;

	if (!hk_check_word("kind", kind, kinds, error) || !check_options(row.options, error)) {
		return false;
	}
	if (body.len == 0 || body.len > HK_INTAKE_BYTES_MAX) {
		return hk_error_set(
			error, HK_ERANGE, "body: must have 1 to %u bytes", HK_INTAKE_BYTES_MAX);
	}
	if (!hk_flow_source(flow, source, &row.source_id, error) ||
		!hk_intakes_add(flow->db, &row, body, flow->now_ms, &id, error)) {
		return false;
	}
	g_autoptr(GString) data = g_string_new(NULL);
	hk_jsonw_open(data, '{');
	hk_jsonw_key(data, "kind");
	hk_jsonw_str(data, kind);
	hk_jsonw_key(data, "lines");
	hk_jsonw_int(data, row.lines);
	hk_jsonw_key(data, "dry_run");
	hk_jsonw_bool(data, dry_run);
	hk_jsonw_close(data, '}');
	hk_flow_note(flow, "intake.new", "intake", id, 0, data->str);
	g_autofree char *key = g_strdup_printf("%" G_GINT64_FORMAT, id);
	*ret_id = id;
	return hk_flow_job(flow, "intake", key, 0, NULL, flow->now_ms, error);
}

static void
note_move(hk_flow *flow, const char *act, const hk_intake_row *row)
{
	g_autofree char *name = g_strconcat("intake.", act, NULL);
	g_autoptr(GString) data = g_string_new(NULL);
	const struct {
		const char *key;
		int64_t value;
	} counts[] = {{"line", row->line}, {"lines", row->lines}, {"opened", row->opened},
		{"attached", row->attached}, {"routed", row->routed}, {"refused", row->refused}};

	hk_jsonw_open(data, '{');
	for (size_t i = 0; i < G_N_ELEMENTS(counts); i++) {
		hk_jsonw_key(data, counts[i].key);
		hk_jsonw_int(data, counts[i].value);
	}
	hk_jsonw_close(data, '}');
	hk_flow_note(flow, name, "intake", row->id, 0, data->str);
}

bool
hk_intake_move(hk_flow *flow, int64_t id, const char *act, GError **error)
{
	g_auto(hk_intake_row) row = {0};

	if (!hk_intakes_get(flow->db, id, &row, error)) {
		return false;
	}
	const hk_move *move = hk_move_find(HK_MACHINE_INTAKE, row.state, act);
	if (!move) {
		return hk_error_set(error, HK_EPOLICY,
			"intake %" G_GINT64_FORMAT " is %s: there is no move \"%s\" from there", id,
			row.state, act);
	}
	note_move(flow, move->act, &row);
	return hk_intakes_state(flow->db, id, move->to, *move->clock ? flow->now_ms : 0, error);
}

bool
hk_intake_cancel(hk_flow *flow, int64_t id, GError **error)
{
	return hk_intake_move(flow, id, "cancel", error);
}
