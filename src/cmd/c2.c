/* hikeshi c2 decode, parse, stats: texts of a command channel, without any network. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/codec.h"
#include "cmd/cmd.h"
#include "parse/c2cmd.h"
#include "parse/etag.h"
#include "source/c2/drop.h"
#include "source/c2/show.h"
#include "source/c2/stats.h"
#include "sys/defang.h"
#include "sys/file.h"
#include "sys/gerr.h"
#include "sys/http.h"
#include "sys/jsonw.h"

enum { TEXT_MAX = 64 << 20, LOG_MAX = 512 << 20 };

static bool
print(const GString *out, GError **error)
{
	return fwrite(out->str, 1, out->len, stdout) == out->len ||
	       hk_error_errno(error, errno, "cannot write to standard output");
}

/* The families of --families, and the one of --family among them. */
static const hk_family *
open_family(const hk_opts *opts, GPtrArray **ret_all, GError **error)
{
	const char *folder = hk_opts_str(opts, HK_OPT_FAMILIES);
	const char *name = hk_opts_str(opts, HK_OPT_FAMILY);
	g_autoptr(GString) names = g_string_new(NULL);

	*ret_all = hk_family_folder(folder, error);
	if (!*ret_all) {
		return NULL;
	}
	const hk_family *family = hk_family_of(*ret_all, name);
	if (family) {
		return family;
	}
	for (unsigned i = 0; i < (*ret_all)->len; i++) {
		const hk_family *one = (*ret_all)->pdata[i];
		g_string_append_printf(names, "%s%s", i ? ", " : "", one->name);
	}
	hk_error_set(error, HK_ENOENT, "there is no family '%s' in %s: %s", name, folder,
		names->len ? names->str : "no file NAME.conf stands there");
	return NULL;
}

static GBytes *
read_stdin(GError **error)
{
	g_autoptr(GByteArray) bytes = g_byte_array_new();
	uint8_t piece[65536];
	size_t n;

	while (bytes->len <= TEXT_MAX && (n = fread(piece, 1, sizeof piece, stdin)) > 0) {
		g_byte_array_append(bytes, piece, (unsigned)n);
	}
	if (ferror(stdin)) {
		hk_error_errno(error, errno, "cannot read standard input");
		return NULL;
	}
	if (bytes->len > TEXT_MAX) {
		hk_error_set(error, HK_ELIMIT, "standard input has more than %d bytes", TEXT_MAX);
		return NULL;
	}
	return g_byte_array_free_to_bytes(g_steal_pointer(&bytes));
}

static const char *
one_argument(const hk_opts *opts, const char *what, GError **error)
{
	if (hk_opts_arg_count(opts) != 1) {
		hk_error_set(error, HK_EUSAGE, "one argument is needed: %s", what);
		return NULL;
	}
	return hk_opts_args(opts)[0];
}

/* TEXT, FILE or "-": a file of that name wins. */
static GBytes *
read_argument(const hk_opts *opts, GError **error)
{
	const char *what = one_argument(opts, "a text, a file, or - for standard input", error);

	if (!what || g_str_equal(what, "-")) {
		return what ? read_stdin(error) : NULL;
	}
	if (strlen(what) < PATH_MAX && g_file_test(what, G_FILE_TEST_IS_REGULAR)) {
		return hk_file_read(what, TEXT_MAX, error);
	}
	return g_bytes_new(what, strlen(what));
}

/* FILE or "-". */
static GBytes *
read_log(const hk_opts *opts, GError **error)
{
	const char *what = one_argument(opts, "a file, or - for standard input", error);

	if (!what || g_str_equal(what, "-")) {
		return what ? read_stdin(error) : NULL;
	}
	return hk_file_read(what, LOG_MAX, error);
}

static hk_span
span_of(GBytes *bytes)
{
	size_t len;
	const void *data = g_bytes_get_data(bytes, &len);

	return hk_span_of(data, len);
}

/* c2 decode ---------------------------------------------------------------------------------------------------------- */

/* What the tag says, beside what it should agree with. */
static bool
check_etag(const hk_opts *opts, size_t length, GString *json, GString *text, GError **error)
{
	const char *value = hk_opts_str(opts, HK_OPT_ETAG),
		   *date = hk_opts_str(opts, HK_OPT_LAST_MODIFIED);
	int64_t modified_s = -1;
	hk_etag etag;
	char when[HK_COMMAND_WHEN_SIZE];

	if (!value) {
		return !date || hk_error_set(error, HK_EUSAGE,
					"--last-modified means nothing without --etag");
	}
	if (hk_etag_read(hk_span_str(value), &etag) != HK_OK) {
		return hk_error_set(error, HK_EFORM,
			"--etag is no entity tag: \"660e37e1-2c\", with its quotes");
	}
	if (date && !hk_http_date(hk_span_str(date), &modified_s)) {
		return hk_error_set(error, HK_EFORM,
			"--last-modified is no date of HTTP: 'Thu, 04 Apr 2024 05:17:21 GMT'");
	}
	unsigned odd = hk_etag_check(&etag, modified_s, (int64_t)length);
	bool nginx = !(odd & HK_ETAG_ODD_FORM);
	hk_jsonw_key(json, "etag");
	hk_jsonw_open(json, '{');
	hk_jsonw_member_bool(json, "nginx", nginx);
	if (nginx) {
		hk_command_when(etag.mtime_s, when);
		hk_jsonw_member_str(json, "written", when);
		hk_jsonw_member_int(json, "size", (int64_t)MIN(etag.size, (uint64_t)INT64_MAX));
		hk_jsonw_member_bool(json, "time_agrees", !(odd & HK_ETAG_ODD_TIME));
		hk_jsonw_member_bool(json, "size_agrees", !(odd & HK_ETAG_ODD_SIZE));
		g_string_append_printf(text, "written %s UTC%s, %" G_GUINT64_FORMAT " bytes%s\n",
			when, odd & HK_ETAG_ODD_TIME ? " (Last-Modified says otherwise)" : "",
			etag.size, odd & HK_ETAG_ODD_SIZE ? " (the body has another length)" : "");
	} else {
		g_string_append(text, "the entity tag is not nginx's: it tells nothing\n");
	}
	hk_jsonw_close(json, '}');
	return true;
}

static bool
decode(const hk_opts *opts, const hk_family *family, hk_span body, GError **error)
{
	g_autoptr(GString) json = g_string_new(NULL);
	g_autoptr(GString) text = g_string_new(NULL);
	g_autoptr(GPtrArray) addresses = hk_drop_decode(family, body, NULL, error);

	if (!addresses) {
		g_prefix_error(error, "family %s: ", family->name);
		return false;
	}
	hk_jsonw_open(json, '{');
	hk_jsonw_member_str(json, "family", family->name);
	hk_jsonw_key(json, "addresses");
	hk_jsonw_open(json, '[');
	for (unsigned i = 0; i < addresses->len; i++) {
		g_autofree char *shown = hk_defang(addresses->pdata[i]);
		hk_jsonw_str(json, addresses->pdata[i]);
		g_string_append_printf(text, "%s\n",
			hk_opts_bool(opts, HK_OPT_CASE_EXACT) ? (char *)addresses->pdata[i]
							      : shown);
	}
	hk_jsonw_close(json, ']');
	if (!check_etag(opts, body.len, json, text, error)) {
		return false;
	}
	hk_jsonw_close(json, '}');
	g_string_append_c(json, '\n');
	return print(hk_opts_bool(opts, HK_OPT_JSON) ? json : text, error);
}

bool
hk_cmd_c2_decode(const hk_opts *opts, GError **error)
{
	g_autoptr(GPtrArray) all = NULL;
	const hk_family *family = open_family(opts, &all, error);
	g_autoptr(GBytes) bytes = family ? read_argument(opts, error) : NULL;

	if (bytes && family->chain->len == 0) {
		return hk_error_set(error, HK_EUSAGE,
			"family %s has no chain: it has no drops that could be decoded",
			family->name);
	}
	return bytes && decode(opts, family, span_of(bytes), error);
}

/* Commands of a text ------------------------------------------------------------------------------------------------- */

typedef bool (*command_fn)(
	void *user, const hk_command_seen *seen, const hk_command *command, GError **error);

/* A text while it is read. */
typedef struct reading {
	const hk_family *family;
	command_fn fn;
	void *user;
	size_t bad, first_bad; /* lines that are no command; the first one's number */
	size_t commands;
} reading;

static bool
take(reading *r, hk_span frame, const hk_command_seen *seen, size_t line, GError **error)
{
	g_autoptr(hk_command) command = hk_command_read(r->family, frame);

	if (!command) {
		r->first_bad = r->bad ? r->first_bad : line;
		r->bad++;
		return true;
	}
	r->commands++;
	return r->fn(r->user, seen, command, error);
}

/* The next line of text, without its end. */
static hk_span
next_line(hk_span *text)
{
	const uint8_t *feed = memchr(text->data, '\n', text->len);
	size_t len = feed ? (size_t)(feed - text->data) : text->len;
	hk_span line = hk_span_of(text->data, len);

	*text = hk_span_of(text->data + len + (feed != NULL), text->len - len - (feed != NULL));
	return line;
}

static bool
is_log(hk_span text)
{
	hk_c2cmd_log log;

	while (text.len > 0) {
		hk_span line = next_line(&text);
		if (hk_span_trim(line).len > 0) {
			return hk_c2cmd_log_read(line, &log) == HK_OK;
		}
	}
	return false;
}

/* A line of the log that begins no command goes on with the one before it: messages have several lines. */
static bool
take_log(reading *r, hk_span text, GError **error)
{
	g_autoptr(GString) frame = g_string_new(NULL);
	hk_command_seen seen = {0};
	size_t n = 0, begun = 0;

	while (text.len > 0) {
		hk_span line = next_line(&text);
		hk_c2cmd_log log;
		bool fresh = hk_c2cmd_log_read(line, &log) == HK_OK;
		n++;
		if (!fresh) {
			g_string_append_c(frame, '\n');
			g_string_append_len(frame, (const char *)line.data, (gssize)line.len);
			continue;
		}
		if (begun && !take(r, hk_span_of(frame->str, frame->len), &seen, begun, error)) {
			return false;
		}
		g_string_truncate(frame, 0);
		g_string_append_len(frame, (const char *)log.command.data, (gssize)log.command.len);
		seen = (hk_command_seen){log.local_s, log.port};
		begun = n;
	}
	return !begun || take(r, hk_span_of(frame->str, frame->len), &seen, begun, error);
}

static bool
take_lines(reading *r, hk_span text, GError **error)
{
	size_t n = 0;

	while (text.len > 0) {
		hk_span line = next_line(&text);
		n++;
		if (hk_span_trim(line).len > 0 && !take(r, line, NULL, n, error)) {
			return false;
		}
	}
	return true;
}

static bool
told_bad(const reading *r, GError **error)
{
	return r->bad == 0 || hk_error_set(error, HK_EFORM,
				      "%zu of %zu commands do not read, the first in line %zu: not "
				      "UTF-8, or nothing is there",
				      r->bad, r->bad + r->commands, r->first_bad);
}

/* c2 parse ----------------------------------------------------------------------------------------------------------- */

typedef struct printing {
	const hk_opts *opts;
	size_t count;
} printing;

static bool
print_command(void *user, const hk_command_seen *seen, const hk_command *command, GError **error)
{
	printing *p = user;
	g_autoptr(GString) out = g_string_new(NULL);

	if (hk_opts_bool(p->opts, HK_OPT_JSON)) {
		hk_command_json(command, seen, out);
		g_string_append_c(out, '\n');
	} else {
		g_string_append(out, p->count ? "\n" : "");
		hk_command_show(command, seen, hk_opts_bool(p->opts, HK_OPT_CASE_EXACT), out);
	}
	p->count++;
	return print(out, error);
}

bool
hk_cmd_c2_parse(const hk_opts *opts, GError **error)
{
	g_autoptr(GPtrArray) all = NULL;
	printing p = {.opts = opts};
	reading r = {.family = open_family(opts, &all, error), .fn = print_command, .user = &p};
	g_autoptr(GBytes) bytes = r.family ? read_argument(opts, error) : NULL;

	if (!bytes) {
		return false;
	}
	hk_span text = span_of(bytes);
	bool good = is_log(text)                          ? take_log(&r, text, error)
		    : hk_opts_bool(opts, HK_OPT_C2_LINES) ? take_lines(&r, text, error)
							  : take(&r, text, NULL, 1, error);
	return good && told_bad(&r, error);
}

/* c2 stats ----------------------------------------------------------------------------------------------------------- */

static bool
count_command(void *user, const hk_command_seen *seen, const hk_command *command, GError **error)
{
	return hk_c2_stats_add(user, seen, command, error);
}

bool
hk_cmd_c2_stats(const hk_opts *opts, GError **error)
{
	g_autoptr(GPtrArray) all = NULL;
	g_autoptr(hk_c2_stats) stats = hk_c2_stats_new();
	g_autoptr(GString) out = g_string_new(NULL);
	reading r = {.family = open_family(opts, &all, error), .fn = count_command, .user = stats};
	bool json = hk_opts_bool(opts, HK_OPT_JSON), csv = hk_opts_bool(opts, HK_OPT_CASE_CSV);

	if (r.family && json && csv) {
		return hk_error_set(error, HK_EUSAGE, "--json or --csv, not both");
	}
	g_autoptr(GBytes) bytes = r.family ? read_log(opts, error) : NULL;
	if (!bytes) {
		return false;
	}
	hk_span text = span_of(bytes);
	if (!is_log(text)) {
		return hk_error_set(error, HK_EFORM,
			"no log of commands: its lines are \"YYYYMMDD-HHMMSS PORT COMMAND\"");
	}
	if (!take_log(&r, text, error)) {
		return false;
	}
	for (size_t i = 0; i < r.bad; i++) {
		hk_c2_stats_bad(stats);
	}
	const hk_c2_summary *summary = hk_c2_stats_done(stats);
	if (json) {
		hk_c2_stats_json(summary, out);
	} else if (csv) {
		hk_c2_stats_csv(summary, out);
	} else {
		hk_c2_stats_text(summary, hk_opts_bool(opts, HK_OPT_CASE_EXACT), out);
	}
	return print(out, error) && told_bad(&r, error);
}
