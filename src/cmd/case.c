/* nocheck: tested in tests/scenario/case.t. hikeshi case add, import, list, show, act. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "casework/intake.h"
#include "casework/offer.h"
#include "cmd/cmd.h"
#include "flow/case.h"
#include "flow/intake.h"
#include "store/case_read.h"
#include "store/export.h"
#include "store/intakes.h"
#include "store/list.h"
#include "store/lookup.h"
#include "store/migrate.h"
#include "store/reads.h"
#include "sys/clock.h"
#include "sys/defang.h"
#include "sys/gerr.h"
#include "sys/json.h"
#include "sys/jsonw.h"
#include "sys/log.h"
#include "sys/progress.h"

enum { PAGE = 500, POLL_MS = 500 };

/* The database, opened as the options say. */
typedef struct house {
	hk_db *db;
	hk_flow *flow; /* NULL: for reading only */
	hk_who who;
} house;

static void
house_clear(house *h)
{
	hk_flow_free(h->flow);
	hk_db_close(h->db);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(house, house_clear)

static bool
open_house(const hk_opts *opts, bool write, house *h, GError **error)
{
	h->who = (hk_who){.login = "auto", .via = "cli", .address = ""};
	h->db = hk_db_open(hk_opts_str(opts, HK_OPT_DATABASE), error);
	if (!h->db || !hk_schema_check(h->db, error)) {
		return false;
	}
	if (!write) {
		return true;
	}
	const char *login = hk_opts_str(opts, HK_OPT_CASE_AS);
	if (login) {
		if (!hk_lookup_user(h->db, login, &h->who.user_id, error)) {
			return false;
		}
		if (h->who.user_id == 0) {
			return hk_error_set(
				error, HK_ENOENT, "--as %s: there is no such active user", login);
		}
		h->who.login = login;
	}
	h->flow = hk_flow_new(h->db, hk_opts_str(opts, HK_OPT_AUDIT_KEY), error);
	return h->flow != NULL;
}

/* Handing in -------------------------------------------------------------------------------------------------------- */

typedef struct list_in {
	const hk_opts *opts;
	const char *kind, *source;
	GString *body;
	char *options; /* owned */
	int64_t id;
} list_in;

static void
add_member(GString *out, const char *key, const char *value)
{
	if (value) {
		hk_jsonw_key(out, key);
		hk_jsonw_str(out, value);
	}
}

/* --columns "url=リンク,date=3" */
static bool
add_columns(GString *out, const char *const *pairs, GError **error)
{
	if (!pairs || !pairs[0]) {
		return true;
	}
	hk_jsonw_key(out, "columns");
	hk_jsonw_open(out, '{');
	for (size_t i = 0; pairs[i]; i++) {
		const char *equals = strchr(pairs[i], '=');
		if (!equals || equals == pairs[i] || equals[1] == '\0') {
			return hk_error_set(error, HK_EUSAGE,
				"--columns %s: COLUMN=NAME or COLUMN=NUMBER is needed, like "
				"url=リンク",
				pairs[i]);
		}
		g_autofree char *key = g_strndup(pairs[i], (gsize)(equals - pairs[i]));
		for (const char *c = key; *c; c++) {
			if (!g_ascii_islower(*c)) {
				return hk_error_set(error, HK_EUSAGE,
					"--columns %s: there is no column '%s'", pairs[i], key);
			}
		}
		add_member(out, key, equals + 1);
	}
	hk_jsonw_close(out, '}');
	return true;
}

static bool
read_options(list_in *in, GError **error)
{
	const hk_opts *opts = in->opts;
	g_autoptr(GString) out = g_string_new(NULL);
	const char *const *labels = hk_opts_list(opts, HK_OPT_CASE_LABELS);

	hk_jsonw_open(out, '{');
	add_member(out, "target", hk_opts_str(opts, HK_OPT_CASE_TARGET));
	add_member(out, "kind", hk_opts_str(opts, HK_OPT_CASE_KIND));
	add_member(out, "service", hk_opts_str(opts, HK_OPT_CASE_SERVICE));
	add_member(out, "actor", hk_opts_str(opts, HK_OPT_CASE_ACTOR));
	add_member(out, "note", hk_opts_str(opts, HK_OPT_CASE_NOTE));
	if (labels && labels[0]) {
		hk_jsonw_strs(out, "labels", labels, g_strv_length((char **)(uintptr_t)labels));
	}
	if (!add_columns(out, hk_opts_list(opts, HK_OPT_CASE_COLUMNS), error)) {
		return false;
	}
	hk_jsonw_close(out, '}');
	in->options = g_strdup(out->str);
	if (!hk_intake_check(in->options, error)) {
		g_prefix_error(error, "the options of the list: ");
		return false;
	}
	return true;
}

static bool
read_stream(FILE *from, GString *body, const char *name, GError **error)
{
	char piece[65536];
	size_t len;

	while ((len = fread(piece, 1, sizeof piece, from)) > 0) {
		g_string_append_len(body, piece, (gssize)len);
		if (body->len > HK_INTAKE_BYTES_MAX) {
			return hk_error_set(error, HK_ELIMIT,
				"%s: over %u bytes: hand it in in pieces", name,
				HK_INTAKE_BYTES_MAX);
		}
	}
	return ferror(from) ? hk_error_errno(error, errno, "%s cannot be read", name) : true;
}

static bool
act_new(hk_flow *flow, void *user, GError **error)
{
	list_in *in = user;

	return hk_intake_new(flow, in->kind, in->source, hk_span_of(in->body->str, in->body->len),
		in->options, hk_opts_bool(in->opts, HK_OPT_DRY_RUN), &in->id, error);
}

/* One list of the queue, ours or one that waited before it. False: there was none. */
static bool
work_once(house *h, hk_sites *sites, bool *ret_any, GError **error)
{
	static const char *const stages[] = {"intake", NULL};
	hk_job job = {0};
	GError *why = NULL;
	char owner[64];

	g_snprintf(owner, sizeof owner, "cli-%d", getpid());
	if (!hk_job_claim(h->flow, owner, stages, &job, error)) {
		return false;
	}
	*ret_any = job.id != 0;
	bool good = job.id == 0 || hk_intake_run(h->flow, &job, sites, &why);
	if (!good) {
		hk_err code = hk_error_code(why);
		hk_flow_rollback(h->flow);
		/* The lease ran out: somebody else does it. */
		good = code == HK_EINCONSISTENT;
		if (!good) {
			hk_job_failed(h->flow, &job, why->message, false, NULL);
			g_propagate_error(error, g_steal_pointer(&why));
		}
		g_clear_error(&why);
	}
	hk_job_clear(&job);
	return good;
}

static bool
work_until_done(house *h, hk_sites *sites, int64_t id, GError **error)
{
	g_autoptr(hk_progress) bar = hk_progress_new("reading", "lines", -1);

	for (;;) {
		g_auto(hk_intake_row) row = {0};
		bool any = false;
		if (!work_once(h, sites, &any, error) || !hk_intakes_get(h->db, id, &row, error)) {
			return false;
		}
		hk_progress_set_total(bar, row.lines);
		hk_progress_update(bar, row.line);
		if (strcmp(row.state, "done") == 0 || strcmp(row.state, "cancelled") == 0) {
			return true;
		}
		/* A worker has it. */
		if (!any && !hk_db_wait(h->db, POLL_MS, -1, error)) {
			return false;
		}
	}
}

/* Telling ----------------------------------------------------------------------------------------------------------- */

/* An address, or a text that may hold one, for people: defanged unless it is wanted exact; printable in any case. Owned. */
static char *
shown(const hk_opts *opts, const char *text)
{
	return hk_opts_bool(opts, HK_OPT_CASE_EXACT) ? hk_log_printable(text) : hk_defang(text);
}

static void
print_line(const hk_opts *opts, const hk_rows *rows)
{
	bool json = hk_opts_bool(opts, HK_OPT_JSON);
	g_autoptr(GString) out = g_string_new(NULL);
	const char *text = hk_rows_str(rows, 1);
	const char *url = hk_rows_str(rows, 2);
	const char *how = hk_rows_str(rows, 3);
	int64_t case_id = hk_rows_int(rows, 4);
	const char *why = hk_rows_str(rows, 5);

	if (json) {
		hk_jsonw_open(out, '{');
		hk_jsonw_key(out, "line");
		hk_jsonw_int(out, hk_rows_int(rows, 0));
		add_member(out, "how", how);
		hk_jsonw_key(out, "case");
		if (case_id != 0) {
			hk_jsonw_int(out, case_id);
		} else {
			hk_jsonw_null(out);
		}
		add_member(out, "why", why);
		add_member(out, "url", url);
		add_member(out, "text", text);
		hk_jsonw_close(out, '}');
		puts(out->str);
		return;
	}
	if (strcmp(how, "refused") == 0) {
		g_autofree char *safe = shown(opts, text);
		printf("refused   line %" PRId64 ": %s: %s\n", hk_rows_int(rows, 0),
			hk_why_text(why ? why : ""), safe);
		return;
	}
	g_autofree char *number = case_id ? g_strdup_printf("#%" PRId64, case_id) : g_strdup("new");
	g_autofree char *safe = shown(opts, url);
	printf("%-8s  %-7s %s", how, number, safe);
	if (why) {
		/* Words of ours, or a route that people have written. */
		const char *words = hk_why_text(why);
		if (words == why) {
			hk_log_append_value(out, hk_span_str(why));
		}
		printf("  (%s)", words == why ? out->str : words);
	}
	putchar('\n');
}

static bool
print_lines(house *h, const list_in *in, const char *how, GError **error)
{
	int64_t after = 0;
	bool more = true;

	while (more) {
		GError *inner = NULL;
		g_autoptr(hk_rows) rows =
			hk_read_intake_lines(h->db, in->id, how, after, PAGE, error);
		if (!rows) {
			return false;
		}
		more = false;
		while (hk_rows_next(rows, &inner)) {
			print_line(in->opts, rows);
			after = hk_rows_int(rows, 0);
			more = true;
		}
		if (inner) {
			g_propagate_error(error, inner);
			return false;
		}
	}
	return true;
}

static bool
tell(house *h, const list_in *in, bool all, GError **error)
{
	g_auto(hk_intake_row) row = {0};
	bool json = hk_opts_bool(in->opts, HK_OPT_JSON);

	if (!print_lines(h, in, all || json ? NULL : "refused", error) ||
		!hk_intakes_get(h->db, in->id, &row, error)) {
		return false;
	}
	if (!json && (!all || row.lines > 1)) {
		printf("%s%" PRId64 " opened, %" PRId64 " attached, %" PRId64 " routed, %" PRId64
		       " refused\n",
			row.dry_run ? "dry run: " : "", row.opened, row.attached, row.routed,
			row.refused);
	}
	if (row.refused > 0) {
		return hk_error_set(error, HK_EFORM, "%" PRId64 " of %" PRId64 " lines %s refused",
			row.refused, row.opened + row.attached + row.routed + row.refused,
			row.refused == 1 ? "was" : "were");
	}
	return true;
}

static bool
take_in(list_in *in, bool all, GError **error)
{
	g_auto(house) h = {0};

	if (!read_options(in, error) || !open_house(in->opts, true, &h, error)) {
		return false;
	}
	g_autoptr(hk_sites) sites = hk_sites_new(hk_opts_str(in->opts, HK_OPT_SUFFIXES),
		hk_opts_str(in->opts, HK_OPT_SHARED_HOSTS), error);
	if (!sites || !hk_flow_do(h.flow, &h.who, act_new, in, error)) {
		return false;
	}
	if (hk_opts_bool(in->opts, HK_OPT_CASE_QUEUE)) {
		printf("queued intake %" PRId64 "\n", in->id);
		return true;
	}
	if (!work_until_done(&h, sites, in->id, error)) {
		g_prefix_error(error,
			"intake %" PRId64 " is not finished (a worker will go on with it): ",
			in->id);
		return false;
	}
	return tell(&h, in, all, error);
}

bool
hk_cmd_case_add(const hk_opts *opts, GError **error)
{
	const char *const *args = hk_opts_args(opts);
	g_autoptr(GString) body = g_string_new(NULL);
	const char *format = hk_opts_str(opts, HK_OPT_CASE_FORMAT);
	bool from_stdin = hk_opts_arg_count(opts) == 1 && strcmp(args[0], "-") == 0;
	list_in in = {.opts = opts,
		.kind = from_stdin ? format : "lines",
		.source = "manual",
		.body = body};

	if (hk_opts_arg_count(opts) == 0) {
		return hk_error_set(
			error, HK_EUSAGE, "a URL is needed, or - to read them from standard input");
	}
	if (from_stdin && !read_stream(stdin, body, "standard input", error)) {
		return false;
	}
	for (size_t i = 0; !from_stdin && args[i]; i++) {
		g_string_append_printf(body, "%s\n", args[i]);
	}
	if (body->len == 0) {
		return hk_error_set(error, HK_EFORM, "standard input is empty");
	}
	bool good = take_in(&in, true, error);
	g_free(in.options);
	return good;
}

bool
hk_cmd_case_import(const hk_opts *opts, GError **error)
{
	g_autoptr(GString) body = g_string_new(NULL);
	list_in in = {.opts = opts,
		.kind = hk_opts_str(opts, HK_OPT_CASE_FORMAT),
		.source = "import",
		.body = body};

	if (hk_opts_arg_count(opts) != 1) {
		return hk_error_set(error, HK_EUSAGE, "one file is needed");
	}
	const char *path = hk_opts_args(opts)[0];
	FILE *from = strcmp(path, "-") == 0 ? stdin : fopen(path, "rbe");
	if (!from) {
		return hk_error_errno(error, errno, "%s cannot be opened", path);
	}
	bool good = read_stream(from, body, path, error);
	if (from != stdin) {
		fclose(from);
	}
	if (good && body->len == 0) {
		good = hk_error_set(error, HK_EFORM, "%s is empty", path);
	}
	good = good && take_in(&in, false, error);
	g_free(in.options);
	return good;
}

/* Reading ----------------------------------------------------------------------------------------------------------- */

typedef struct output {
	const hk_opts *opts;
	hk_export_columns columns;
	GString *out;
	hk_csvw csv;
} output;

/* A cell of the table for people: printable, cut to width. */
static void
print_cell(const char *text, int width)
{
	g_autofree char *cell = hk_log_printable(text ? text : "-");
	glong chars = g_utf8_strlen(cell, -1);

	if (width > 0 && chars > width) {
		*g_utf8_offset_to_pointer(cell, width - 1) = '\0';
		printf("%s~ ", cell);
	} else {
		printf("%s%*s", cell, width > 0 ? (int)(width - chars) + 1 : 0, "");
	}
}

static void
print_table_row(const hk_opts *opts, const hk_json *item)
{
	uint64_t id = 0;
	hk_json target;
	const char *text = NULL;
	char number[24];

	(void)hk_json_u64(item, "id", &id, NULL);
	g_snprintf(number, sizeof number, "%" PRIu64, id);
	print_cell(number, 7);
	print_cell(hk_json_str(item, "state", &text, NULL) ? text : NULL, 12);
	print_cell(hk_json_str(item, "kind", &text, NULL) ? text : NULL, 15);
	print_cell(hk_json_str(item, "first_seen", &text, NULL) ? text : NULL, 24);
	bool has = hk_json_has(item, "target") && hk_json_object(item, "target", &target, NULL);
	print_cell(has && hk_json_str(&target, "key", &text, NULL) ? text : NULL, 20);
	g_autofree char *name = shown(opts, hk_json_str(item, "name", &text, NULL) ? text : "-");
	print_cell(name, 0);
	putchar('\n');
}

static bool
print_page(hk_db *db, const GArray *ids, output *o, GError **error)
{
	g_string_truncate(o->out, 0);
	if (hk_opts_bool(o->opts, HK_OPT_CASE_CSV)) {
		if (!hk_export_csv(db, ids, &o->columns, &o->csv, error)) {
			return false;
		}
		fwrite(o->out->str, 1, o->out->len, stdout);
		return true;
	}
	if (!hk_case_lines(db, ids, o->out, error)) {
		return false;
	}
	if (hk_opts_bool(o->opts, HK_OPT_JSON)) {
		fwrite(o->out->str, 1, o->out->len, stdout);
		return true;
	}
	for (char *line = o->out->str; *line != '\0';) {
		char *end = strchr(line, '\n');
		size_t len = end ? (size_t)(end - line) : strlen(line);
		g_autoptr(hk_json_doc) doc = hk_json_load(hk_span_of(line, len), 1 << 20, error);
		if (!doc) {
			return false;
		}
		hk_json root = hk_json_root(doc);
		print_table_row(o->opts, &root);
		line += len + (end != NULL);
	}
	return true;
}

static bool
print_list(hk_db *db, const hk_filter *filter, output *o, GError **error)
{
	int64_t left = hk_opts_int(o->opts, HK_OPT_CASE_LIMIT);
	g_autofree char *after = NULL;

	do {
		hk_page page = {0};
		bool good = hk_list_page(db, filter, hk_opts_str(o->opts, HK_OPT_CASE_SORT),
				    (unsigned)MIN(left, PAGE), after, &page, error) &&
			    print_page(db, page.ids, o, error);
		g_free(after);
		after = good ? g_strdup(page.next) : NULL;
		left -= page.ids ? page.ids->len : 0;
		hk_page_clear(&page);
		if (!good) {
			return false;
		}
	} while (after && left > 0);
	return true;
}

bool
hk_cmd_case_list(const hk_opts *opts, GError **error)
{
	g_auto(house) h = {0};
	g_autofree char *query = g_strjoinv(" ", (char **)(uintptr_t)hk_opts_args(opts));
	g_autoptr(GString) text = g_string_new(NULL);
	output o = {.opts = opts, .out = text};

	if (!hk_export_columns_read(NULL, &o.columns, error) ||
		!open_house(opts, false, &h, error)) {
		return false;
	}
	g_autoptr(hk_filter) filter =
		hk_filter_new(h.db, HK_LIST_CASES, query, 0, hk_clock_wall_ms(), error);
	if (!filter || !hk_db_begin(h.db, false, error)) {
		return false;
	}
	if (hk_opts_bool(opts, HK_OPT_CASE_CSV)) {
		hk_csvw_begin(&o.csv, text, hk_opts_bool(opts, HK_OPT_CASE_BOM));
		hk_export_csv_head(&o.columns, &o.csv);
		fwrite(text->str, 1, text->len, stdout);
	}
	bool good = print_list(h.db, filter, &o, error);
	hk_db_rollback(h.db);
	return good;
}

static bool
case_number(const hk_opts *opts, int64_t *ret, GError **error)
{
	uint64_t id;
	const char *text = hk_opts_args(opts)[0];

	if (!text || hk_parse_u64(hk_span_str(*text == '#' ? text + 1 : text), INT64_MAX, &id) !=
			     HK_OK) {
		return hk_error_set(error, HK_EUSAGE, "the number of a case is needed");
	}
	*ret = (int64_t)id;
	return true;
}

/* As hk_clock_format() writes it: no address, in spite of its dot. */
static bool
is_time(const char *text)
{
	static const char form[] = "0000-00-00T00:00:00.000Z";
	size_t i = 0;

	while (text[i] && (form[i] == '0' ? g_ascii_isdigit(text[i]) : text[i] == form[i])) {
		i++;
	}
	return i == sizeof form - 1 && text[i] == '\0';
}

/* "member  value" for what is no list and no object. */
static void
print_members(const hk_opts *opts, const hk_json *root)
{
	void *pos = NULL;
	const char *key;
	hk_json value;
	int64_t number;
	double real;
	bool yes;

	while (hk_json_each(root, &pos, &key, &value)) {
		g_autofree char *text = NULL;
		if (!hk_json_has(root, key)) {
			continue;
		}
		if (hk_json_text(&value)) {
			text = is_time(hk_json_text(&value)) ? g_strdup(hk_json_text(&value))
							     : shown(opts, hk_json_text(&value));
		} else if (hk_json_i64(root, key, &number, NULL)) {
			text = g_strdup_printf("%" PRId64, number);
		} else if (hk_json_real(root, key, &real, NULL)) {
			text = g_strdup_printf("%.3f", real);
		} else if (hk_json_bool(root, key, &yes, NULL)) {
			text = g_strdup(yes ? "yes" : "no");
		}
		if (text && *text) {
			print_cell(key, 16);
			print_cell(text, 0);
			putchar('\n');
		}
	}
}

bool
hk_cmd_case_show(const hk_opts *opts, GError **error)
{
	g_auto(house) h = {0};
	g_autoptr(GString) out = g_string_new(NULL);
	g_autofree char *state = NULL;
	int64_t id, version;

	if (!case_number(opts, &id, error) || !open_house(opts, false, &h, error) ||
		!hk_db_begin(h.db, false, error)) {
		return false;
	}
	bool good = hk_case_whole(h.db, id, out, &version, &state, error);
	hk_db_rollback(h.db);
	if (!good) {
		return false;
	}
	hk_jsonw_close(out, '}');
	if (hk_opts_bool(opts, HK_OPT_JSON)) {
		puts(out->str);
		return true;
	}
	g_autoptr(hk_json_doc) doc = hk_json_load(hk_span_of(out->str, out->len), 64 << 20, error);
	if (!doc) {
		return false;
	}
	hk_json root = hk_json_root(doc);
	print_members(opts, &root);
	return true;
}

typedef struct move {
	int64_t id;
	const char *act, *note;
} move;

static bool
act_move(hk_flow *flow, void *user, GError **error)
{
	const move *m = user;

	return hk_case_move(flow, m->id, 0, m->act, m->note, error);
}

bool
hk_cmd_case_act(const hk_opts *opts, GError **error)
{
	g_auto(house) h = {0};
	move m = {.note = hk_opts_str(opts, HK_OPT_CASE_NOTE)};

	if (hk_opts_arg_count(opts) != 2) {
		return hk_error_set(error, HK_EUSAGE,
			"the number of a case and an act are needed, like 12 confirm");
	}
	m.act = hk_opts_args(opts)[1];
	return case_number(opts, &m.id, error) && open_house(opts, true, &h, error) &&
	       hk_flow_do(h.flow, &h.who, act_move, &m, error);
}
