/* hikeshi score: names or URLs, from the command line or from standard input, each with its verdict as a line of JSON. */
#include <errno.h>
#include <stdio.h>

#include "cmd/cmd.h"
#include "cmd/score_page.h"
#include "parse/paste.h"
#include "role/judge.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"
#include "sys/log.h"

/* A host in UTF-8 before it is mapped; anything longer is no name. */
enum { HOST_MAX = 1020 };

typedef struct scoring {
	hk_scorer *scorer;
	GString *out;
	uint64_t count;
	uint64_t wrong;
} scoring;

static void
print_verdict(scoring *run, hk_span name, const hk_verdict *verdict)
{
	GString *out = run->out;

	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, "name");
	hk_jsonw_text(out, name);
	hk_jsonw_key(out, "score");
	hk_jsonw_real(out, (double)verdict->score, 4);
	hk_jsonw_key(out, "hit");
	hk_jsonw_bool(out, hk_scorer_is_hit(run->scorer, verdict));
	hk_jsonw_key(out, "target");
	if (verdict->target) {
		hk_jsonw_str(out, verdict->target);
	} else {
		hk_jsonw_null(out);
	}
	hk_jsonw_key(out, "official");
	hk_jsonw_bool(out, verdict->official);
	hk_jsonw_strs(out, "rules", verdict->rules, verdict->rule_count);
	hk_jsonw_strs(out, "reasons", verdict->reasons, verdict->reason_count);
	hk_jsonw_close(out, '}');
	g_string_append_c(out, '\n');
}

/* One name or URL; what is wrong with it is told on standard error, where: "line 3" or "argument 3". */
static void
score_text(scoring *run, const char *where, uint64_t number, hk_span text)
{
	char host[HOST_MAX];
	size_t len = 0;
	hk_verdict verdict;
	g_autoptr(GError) why = NULL;
	hk_err err = hk_paste_host(text, host, sizeof host, &len);

	run->count++;
	if (err == HK_OK && hk_scorer_name(run->scorer, hk_span_of(host, len), &verdict, &why)) {
		print_verdict(run, hk_span_of(host, len), &verdict);
		return;
	}
	g_autoptr(GString) shown = g_string_new(NULL);
	run->wrong++;
	hk_log_append_value(shown, hk_span_of(text.data, MIN(text.len, 200)));
	fprintf(stderr, "hikeshi: %s %" G_GUINT64_FORMAT ": %s: %s\n", where, number, shown->str,
		why                ? why->message
		: err == HK_ELIMIT ? "longer than any host name"
				   : "this is no host name");
}

static bool
flush(scoring *run, GError **error)
{
	if (fwrite(run->out->str, 1, run->out->len, stdout) != run->out->len) {
		return hk_error_errno(error, errno, "cannot write to standard output");
	}
	g_string_truncate(run->out, 0);
	return true;
}

static bool
is_blank(const char *line, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (!g_ascii_isspace(line[i])) {
			return false;
		}
	}
	return true;
}

/* The next line of standard input without its end, into line[HK_PASTE_MAX]. Of a longer one *ret_len is HK_PASTE_MAX + 1, and
 * the rest is passed over: memory does not grow with the input. False at the end. */
static bool
read_line(char *line, size_t *ret_len)
{
	size_t len = 0;
	int c = getc_unlocked(stdin);

	if (c == EOF) {
		return false;
	}
	for (; c != EOF && c != '\n'; c = getc_unlocked(stdin)) {
		if (len < HK_PASTE_MAX) {
			line[len] = (char)c;
		}
		len += len <= HK_PASTE_MAX;
	}
	if (len > 0 && len <= HK_PASTE_MAX && line[len - 1] == '\r') {
		len--;
	}
	*ret_len = len;
	return true;
}

static bool
score_stdin(scoring *run, GError **error)
{
	g_autofree char *line = g_malloc0(HK_PASTE_MAX + 1);
	bool fine = true;
	size_t len;

	for (uint64_t number = 1; fine && read_line(line, &len); number++) {
		if (!is_blank(line, MIN(len, HK_PASTE_MAX))) {
			score_text(run, "line", number, hk_span_of(line, len));
			fine = flush(run, error);
		}
	}
	if (fine && ferror(stdin)) {
		return hk_error_errno(error, errno, "cannot read standard input");
	}
	return fine;
}

bool
hk_cmd_score(const hk_opts *opts, GError **error)
{
	if (hk_opts_str(opts, HK_OPT_PAGE)) {
		return hk_score_page(opts, error);
	}
	g_autoptr(hk_scorer) scorer = hk_judge_scorer(opts, true, error);
	g_autoptr(GString) out = g_string_new(NULL);
	scoring run = {.scorer = scorer, .out = out};
	const char *const *args = hk_opts_args(opts);

	if (!scorer) {
		return false;
	}
	for (size_t i = 0; i < hk_opts_arg_count(opts); i++) {
		score_text(&run, "argument", i + 1, hk_span_str(args[i]));
		if (!flush(&run, error)) {
			return false;
		}
	}
	if (hk_opts_arg_count(opts) == 0 && !score_stdin(&run, error)) {
		return false;
	}
	return run.wrong == 0 ||
	       hk_error_set(error, HK_EFORM,
		       "%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
		       " inputs were no host names or URLs; the others are scored",
		       run.wrong, run.count);
}
