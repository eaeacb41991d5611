/* hikeshi mail read: what would be taken of mails, without taking it. hikeshi mail poll: one look into the mail sources. */
#include <errno.h>
#include <stdio.h>

#include "cmd/cmd.h"
#include "role/mailboxes.h"
#include "score/targets.h"
#include "source/mail/take.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"

typedef struct reading {
	hk_mail_rules *rules;
	hk_targets *targets;
	hk_mail_taking config;
	GString *out;
	size_t wrong;
} reading;

static bool
official(void *user, hk_span host)
{
	return hk_targets_official(user, host, NULL) != NULL;
}

static void
print_sighting(GString *out, const hk_mail_sighting *s)
{
	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, "kind");
	hk_jsonw_str(out, s->kind);
	if (s->url) {
		hk_jsonw_key(out, "url");
		hk_jsonw_str(out, s->url);
		hk_jsonw_key(out, "host");
		hk_jsonw_str(out, s->host);
	}
	hk_jsonw_key(out, "title");
	hk_jsonw_str(out, s->title);
	hk_jsonw_key(out, "target");
	if (s->target) {
		hk_jsonw_str(out, s->target);
	} else {
		hk_jsonw_null(out);
	}
	hk_jsonw_key(out, "score");
	hk_jsonw_real(out, s->score, 2);
	hk_jsonw_key(out, "seen");
	hk_jsonw_time(out, s->seen_ms / 1000);
	hk_jsonw_key(out, "data");
	g_string_append(out, s->data);
	hk_jsonw_close(out, '}');
}

static bool
print_mail(reading *run, const char *path, hk_span raw, GError **error)
{
	g_autoptr(hk_mail) mail = hk_mail_read(raw, error);
	const hk_mail_rule *rule = NULL;
	GString *out = run->out;

	if (!mail) {
		return false;
	}
	run->wrong += mail->failure != NULL;
	g_autoptr(GPtrArray) sightings = hk_mail_take(mail, &run->config, &rule);

	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, "file");
	hk_jsonw_str(out, path);
	hk_jsonw_key(out, "rule");
	if (rule) {
		hk_jsonw_str(out, rule->file);
	} else {
		hk_jsonw_null(out);
	}
	hk_jsonw_key(out, "sightings");
	hk_jsonw_open(out, '[');
	for (unsigned i = 0; i < sightings->len; i++) {
		print_sighting(out, sightings->pdata[i]);
	}
	hk_jsonw_close(out, ']');
	hk_jsonw_close(out, '}');
	g_string_append_c(out, '\n');
	if (fwrite(out->str, 1, out->len, stdout) != out->len) {
		return hk_error_errno(error, errno, "cannot write to standard output");
	}
	g_string_truncate(out, 0);
	return true;
}

/* Standard input up to one byte more than is read of a mail. */
static GByteArray *
read_stdin(GError **error)
{
	g_autoptr(GByteArray) bytes = g_byte_array_new();
	uint8_t piece[65536];
	size_t n;

	while (bytes->len <= HK_MAIL_BYTES_MAX && (n = fread(piece, 1, sizeof piece, stdin)) > 0) {
		g_byte_array_append(bytes, piece, (unsigned)n);
	}
	if (ferror(stdin)) {
		hk_error_errno(error, errno, "cannot read standard input");
		return NULL;
	}
	return g_steal_pointer(&bytes);
}

static bool
read_file(reading *run, const char *path, GError **error)
{
	g_autoptr(GBytes) bytes = hk_file_read(path, 2 * (size_t)HK_MAIL_BYTES_MAX, error);

	return bytes &&
	       print_mail(run, path,
		       hk_span_of(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes)), error);
}

bool
hk_cmd_mail_read(const hk_opts *opts, GError **error)
{
	const char *rules = hk_opts_str(opts, HK_OPT_MAIL_RULES);
	const char *targets = hk_opts_str(opts, HK_OPT_TARGETS);
	g_autoptr(GString) out = g_string_new(NULL);
	reading run = {.out = out};

	run.rules = rules ? hk_mail_rules_load(rules, error) : NULL;
	run.targets = targets && (!rules || run.rules) ? hk_targets_load(targets, error) : NULL;
	bool good = (!rules || run.rules) && (!targets || run.targets);

	run.config = (hk_mail_taking){.rules = run.rules,
		.servers = hk_opts_list(opts, HK_OPT_MAIL_SERVERS),
		.trust = 0.5,
		.official = run.targets ? official : NULL,
		.user = run.targets,
		.now_ms = hk_clock_wall_ms()};
	hk_mail_init();
	for (size_t i = 0; good && i < hk_opts_arg_count(opts); i++) {
		good = read_file(&run, hk_opts_args(opts)[i], error);
	}
	if (good && hk_opts_arg_count(opts) == 0) {
		g_autoptr(GByteArray) bytes = read_stdin(error);

		good = bytes && print_mail(&run, "-", hk_span_of(bytes->data, bytes->len), error);
	}
	hk_mail_rules_free(run.rules);
	hk_targets_free(run.targets);
	if (good && run.wrong > 0) {
		return hk_error_set(
			error, HK_EFORM, "%zu of the mails could not be read wholly", run.wrong);
	}
	return good;
}

/* ---- mail poll ---- */

static bool
is_named(const hk_opts *opts, const char *name)
{
	for (size_t i = 0; i < hk_opts_arg_count(opts); i++) {
		if (g_strcmp0(hk_opts_args(opts)[i], name) == 0) {
			return true;
		}
	}
	return hk_opts_arg_count(opts) == 0;
}

/* One source until nothing waits there; what it came to is a line. */
static bool
poll_one(hk_mailbox *box, hk_flow *flow, GError **error)
{
	g_autoptr(GString) out = g_string_new(NULL);
	g_autoptr(GError) why = NULL;
	uint64_t fresh = 0, sum = 0;
	bool good;

	do {
		good = hk_mailbox_poll(box, flow, &fresh, &why);
		sum += fresh;
	} while (good && hk_mailbox_next_ms(box) == 0);
	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, "source");
	hk_jsonw_str(out, hk_mailbox_config_of(box)->source);
	hk_jsonw_key(out, "new");
	hk_jsonw_int(out, (int64_t)sum);
	hk_jsonw_key(out, "error");
	if (why) {
		hk_jsonw_str(out, why->message);
	} else {
		hk_jsonw_null(out);
	}
	hk_jsonw_close(out, '}');
	printf("%s\n", out->str);
	if (why && error && !*error) {
		g_propagate_error(error, g_steal_pointer(&why));
	}
	return good;
}

bool
hk_cmd_mail_poll(const hk_opts *opts, GError **error)
{
	hk_mailbox *box;
	size_t count = 0;
	bool good = true;

	hk_file_init();
	if (!hk_opts_require(opts, HK_OPT_MAIL_SOURCES, error)) {
		return false;
	}
	g_autoptr(hk_mailboxes) all = hk_mailboxes_open(opts, -1, error);
	g_autoptr(hk_db) db = all ? hk_db_open(hk_opts_str(opts, HK_OPT_DATABASE), error) : NULL;
	g_autoptr(hk_flow) flow =
		db ? hk_flow_new(db, hk_opts_str(opts, HK_OPT_AUDIT_KEY), error) : NULL;

	while (flow && (box = hk_mailboxes_take(all))) {
		if (is_named(opts, hk_mailbox_config_of(box)->name)) {
			good = poll_one(box, flow, good ? error : NULL) && good;
			count++;
		}
		hk_mailbox_close(box);
	}
	if (flow && count < hk_opts_arg_count(opts) && good) {
		return hk_error_set(error, HK_ENOENT,
			"%s: not every source that was named is there and enabled",
			hk_opts_str(opts, HK_OPT_MAIL_SOURCES));
	}
	return flow && good;
}
