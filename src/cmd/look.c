/* hikeshi look: one light look at a site, and what it is taken for. */
#include <stdio.h>

#include "cmd/cmd.h"
#include "parse/url.h"
#include "role/look.h"
#include "sys/file.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"
#include "sys/log.h"
#include "sys/uts46.h"

static void
print_json(const hk_looked *l)
{
	g_autoptr(GString) out = g_string_new(NULL);

	hk_jsonw_open(out, '{');
	hk_jsonw_member_str(out, "host", l->host);
	hk_jsonw_member_str(out, "url", l->url);
	hk_jsonw_member_str(out, "final_url", l->final_url);
	hk_jsonw_key(out, "status");
	hk_jsonw_int(out, l->status);
	hk_jsonw_member_str(out, "type", l->type);
	hk_jsonw_key(out, "bytes");
	hk_jsonw_int(out, (int64_t)l->bytes);
	hk_jsonw_key(out, "requests");
	hk_jsonw_int(out, l->steps);
	hk_jsonw_key(out, "ms");
	hk_jsonw_int(out, l->ms);
	hk_jsonw_member_str(out, "outcome", l->outcome);
	hk_jsonw_member_str(out, "kind", l->kind);
	hk_jsonw_key(out, "score");
	if (l->score < 0) {
		hk_jsonw_null(out);
	} else {
		hk_jsonw_real(out, l->score, 4);
	}
	hk_jsonw_member_str(out, "target", l->target);
	hk_jsonw_strs(out, "reasons", (const char *const *)l->reasons->pdata, l->reasons->len);
	hk_jsonw_close(out, '}');
	puts(out->str);
}

/* What a stranger wrote does not drive the terminal. */
static void
line(const char *what, const char *text)
{
	g_autofree char *shown = hk_log_printable(text);

	printf("%-10s %s\n", what, shown);
}

static void
print_text(const hk_looked *l)
{
	g_autofree char *verdict =
		l->score < 0 ? g_strdup(l->outcome)
			     : g_strdup_printf("%s, score %.2f", l->outcome, l->score);
	g_autofree char *answer =
		l->status == 0 ? g_strdup_printf("none: %s", l->why ? l->why : "no answer")
			       : g_strdup_printf(
					 "status %d, %zu bytes, %u ms", l->status, l->bytes, l->ms);

	line("site", l->host);
	line("verdict", verdict);
	if (l->target) {
		line("target", l->target);
	}
	line("answer", answer);
	if (l->final_url) {
		line("page", l->final_url);
	}
	line("kind", l->kind);
	for (unsigned i = 0; l->status != 0 && i < l->reasons->len; i++) {
		line(i == 0 ? "because" : "", l->reasons->pdata[i]);
	}
}

/* A name or a URL, defanged or not. *ret_url: what was asked for, NULL for a bare name. */
static bool
read_place(const char *text, hk_url *ret, const char **ret_url, GError **error)
{
	if (hk_url_read(hk_span_str(text), hk_uts46_to_ascii, NULL, ret, NULL) != HK_OK) {
		g_autofree char *shown = hk_log_printable(text);
		return hk_error_set(error, HK_EFORM,
			"%s: neither a host name nor a URL; name one, for example "
			"www.mihon-bank.example",
			shown);
	}
	bool bare = (ret->odd & HK_URL_ODD_NO_SCHEME) != 0 &&
		    g_strcmp0(ret->text + ret->path, "/") == 0 && ret->port == 80;
	*ret_url = bare ? NULL : ret->text;
	return true;
}

bool
hk_cmd_look(const hk_opts *opts, GError **error)
{
	const char *cache = hk_opts_str(opts, HK_OPT_CACHE);
	g_autofree char *own = g_build_filename(g_get_user_cache_dir(), "hikeshi", NULL);
	const hk_looker_config config = {.targets = hk_opts_str(opts, HK_OPT_TARGETS),
		.cache = cache ? cache : own,
		.exit = hk_opts_str(opts, HK_OPT_LOOK_EXIT),
		.who = "hikeshi look",
		.in_flight = 1,
		.timeout_ms = (unsigned)hk_opts_int(opts, HK_OPT_LOOK_TIME)};
	g_autofree hk_url *url = g_new0(hk_url, 1);
	const char *page;

	if (hk_opts_arg_count(opts) != 1) {
		return hk_error_set(error, HK_EUSAGE,
			"`hikeshi look` takes one site: hikeshi look www.mihon-bank.example");
	}
	if (!read_place(hk_opts_args(opts)[0], url, &page, error)) {
		return false;
	}
	if (!hk_egress_has_exit(hk_egress_house(), config.exit)) {
		return hk_error_set(error, HK_ECONFIG,
			"there is no way out called '%s': add it to `exits` of the file that "
			"--egress names",
			config.exit);
	}
	hk_file_init();
	g_autoptr(hk_looker) looker = hk_looker_new(&config, error);
	g_autoptr(hk_looked) looked =
		looker ? hk_looker_one(looker, url->host, page, HK_PAGE_THRESHOLD, error) : NULL;
	if (!looked) {
		return false;
	}
	if (hk_opts_bool(opts, HK_OPT_JSON)) {
		print_json(looked);
	} else {
		print_text(looked);
	}
	return true;
}
