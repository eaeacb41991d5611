/* hikeshi c2 replay: a recorded transcript through the whole chain: commands, waves, cases, alarms. */
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "parse/c2cmd.h"
#include "role/bell_line.h"
#include "store/migrate.h"
#include "sys/file.h"
#include "sys/gerr.h"
#include "sys/json.h"
#include "sys/jsonw.h"
#include "sys/progress.h"

enum { FILE_MAX = 1 << 30, JST_S = 9 * 3600 };

/* One line of the file. */
typedef struct one {
	int64_t at_ms;
	unsigned port;
	GBytes *frame; /* NULL: nothing that came in */
} one;

typedef struct replay {
	const hk_family *family;
	hk_bell_taker *taker;
	hk_flow *flow;
	const uint8_t *key;
	const char *host;
	unsigned port; /* of a record, until its lines say otherwise */
	int64_t lines, commands, fresh, waves, cases;
} replay;

/* A line of a log, "20241212-181514 7778 COMMAND", or of a record (source/c2/record). */
static bool
read_line(replay *r, hk_span line, one *ret, GError **error)
{
	hk_c2cmd_log log;

	*ret = (one){.port = r->port};
	if (line.len == 0) {
		return true;
	}
	if (line.data[0] != '{') {
		if (hk_c2cmd_log_read(line, &log) != HK_OK) {
			return hk_error_set(error, HK_EFORM,
				"neither a line of a record ({\"at_ms\" ...) nor of a log "
				"(YYYYMMDD-HHMMSS PORT COMMAND)");
		}
		/* The logs that are known are written in Japan. */
		ret->at_ms = (log.local_s - JST_S) * 1000;
		ret->port = log.port;
		ret->frame = g_bytes_new(log.command.data, log.command.len);
		return true;
	}
	GError *why = NULL;
	ret->frame = hk_record_line_read(line, r->key, &ret->at_ms, &ret->port, &why);
	if (why) {
		g_propagate_error(error, why);
		return false;
	}
	/* The first line of a piece says whose it is. */
	r->port = ret->port;
	return true;
}

typedef struct naming {
	const replay *r;
	unsigned port;
	int64_t id;
} naming;

static bool
find_session(hk_flow *flow, void *user, GError **error)
{
	naming *n = user;

	return hk_c2_session(flow, n->r->family->name, n->r->host, n->port, &n->id, error);
}

static bool
take(replay *r, const one *at, GError **error)
{
	naming n = {.r = r, .port = at->port};
	hk_wave_taken taken;
	gsize len;
	const void *data = g_bytes_get_data(at->frame, &len);

	if (at->port == 0) {
		return hk_error_set(
			error, HK_EFORM, "no port: neither this line nor one before it says which");
	}
	if (!hk_flow_do(r->flow, &hk_bell_who, find_session, &n, error)) {
		return false;
	}
	const hk_bell_from from = {
		.family = r->family, .session_id = n.id, .port = at->port, .at_ms = at->at_ms};
	if (!hk_bell_take(r->taker, r->flow, &from, hk_span_of(data, len), &taken, error)) {
		return false;
	}
	r->commands++;
	r->fresh += taken.command_id != 0;
	r->waves += taken.opened;
	r->cases += taken.opened && taken.case_id != 0;
	return true;
}

/* dry: only read. */
static bool
each_line(replay *r, hk_span text, bool dry, GError **error)
{
	for (int64_t number = 1; text.len > 0; number++) {
		const uint8_t *end = memchr(text.data, '\n', text.len);
		size_t len = end ? (size_t)(end - text.data) : text.len;
		one at;
		if (!read_line(r,
			    hk_span_of(text.data, len - (len > 0 && text.data[len - 1] == '\r')),
			    &at, error)) {
			g_prefix_error(error, "line %" G_GINT64_FORMAT ": ", number);
			return false;
		}
		g_autoptr(GBytes) frame = at.frame;
		r->lines = number;
		if (frame && !dry && !take(r, &at, error)) {
			g_prefix_error(error, "line %" G_GINT64_FORMAT ": ", number);
			return false;
		}
		len += end != NULL;
		text = hk_span_of(text.data + len, text.len - len);
	}
	return true;
}

static void
print(const replay *r, bool dry)
{
	g_autoptr(GString) out = g_string_new(NULL);

	hk_jsonw_open(out, '{');
	hk_jsonw_member_int(out, "lines", r->lines);
	hk_jsonw_member_bool(out, "dry_run", dry);
	if (!dry) {
		hk_jsonw_member_int(out, "commands", r->commands);
		hk_jsonw_member_int(out, "new", r->fresh);
		hk_jsonw_member_int(out, "waves", r->waves);
		hk_jsonw_member_int(out, "cases", r->cases);
	}
	hk_jsonw_close(out, '}');
	puts(out->str);
}

static bool
go(replay *r, const hk_opts *opts, hk_span text, bool dry, GError **error)
{
	/* All of it is read before anything is written: a wrong line changes nothing. */
	if (!each_line(r, text, true, error)) {
		return false;
	}
	if (dry) {
		return true;
	}
	g_autoptr(hk_db) db = hk_db_open(hk_opts_str(opts, HK_OPT_DATABASE), error);
	g_autoptr(hk_flow) flow =
		db && hk_schema_check(db, error)
			? hk_flow_new(db, hk_opts_str(opts, HK_OPT_AUDIT_KEY), error)
			: NULL;
	g_autoptr(hk_sites) sites = flow ? hk_sites_new(hk_opts_str(opts, HK_OPT_SUFFIXES),
						   hk_opts_str(opts, HK_OPT_SHARED_HOSTS), error)
					 : NULL;
	if (!sites) {
		return false;
	}
	g_autoptr(hk_bell_taker) taker = hk_bell_taker_new(sites, r->key);
	r->taker = taker;
	r->flow = flow;
	r->port = 0;
	return each_line(r, text, false, error);
}

bool
hk_cmd_c2_replay(const hk_opts *opts, GError **error)
{
	const char *name = hk_opts_str(opts, HK_OPT_FAMILY);
	bool dry = hk_opts_bool(opts, HK_OPT_DRY_RUN);

	if (hk_opts_arg_count(opts) != 1 || !name) {
		return hk_error_set(error, HK_EUSAGE,
			"`hikeshi c2 replay` takes one file and --family NAME: hikeshi c2 replay "
			"--family keepspy commands.log");
	}
	hk_file_init();
	g_autoptr(GPtrArray) families = hk_family_folder(hk_opts_str(opts, HK_OPT_FAMILIES), error);
	const hk_family *family = families ? hk_family_of(families, name) : NULL;
	if (families && !family) {
		hk_error_set(error, HK_EUSAGE, "%s: no family of that name in %s", name,
			hk_opts_str(opts, HK_OPT_FAMILIES));
	}
	g_autoptr(GBytes) bytes =
		family ? hk_file_read(hk_opts_args(opts)[0], FILE_MAX, error) : NULL;
	g_autofree uint8_t *key =
		bytes ? hk_key_load(hk_opts_str(opts, HK_OPT_C2_KEY), error) : NULL;
	if (!key) {
		return false;
	}
	replay r = {.family = family, .key = key, .host = "replay"};
	gsize len;
	const void *data = g_bytes_get_data(bytes, &len);
	bool good = go(&r, opts, hk_span_of(data, len), dry, error);
	hk_secret_wipe(key, HK_SECRET_KEY_BYTES);
	if (!good) {
		g_prefix_error(error, "%s: ", hk_opts_args(opts)[0]);
		return false;
	}
	print(&r, dry);
	return true;
}
