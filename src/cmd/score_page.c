#include "cmd/score_page.h"

#include <errno.h>
#include <stdio.h>

#include "parse/url.h"
#include "score/page.h"
#include "sys/file.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"
#include "sys/uts46.h"

enum { FILE_MAX = 64 << 20, STATUS_OK = 200 };

static void
print_facts(const hk_page_sketch *s, const hk_page_verdict *v, GString *out)
{
	g_autofree char *form = hk_form_tokens_text(&s->form);

	hk_jsonw_key(out, "kind");
	hk_jsonw_str(out, hk_page_kind_code(v->kind));
	hk_jsonw_key(out, "charset");
	hk_jsonw_str(out, s->charset);
	hk_jsonw_key(out, "form");
	hk_jsonw_str(out, form);
	hk_jsonw_key(out, "leads_to");
	if (s->follow) {
		hk_jsonw_str(out, s->follow);
	} else {
		hk_jsonw_null(out);
	}
}

static void
print_verdict(const char *url, const hk_page_sketch *s, const hk_page_verdict *v, GString *out)
{
	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, "url");
	hk_jsonw_str(out, url);
	hk_jsonw_key(out, "outcome");
	hk_jsonw_str(out, hk_page_outcome_code(v->outcome));
	hk_jsonw_key(out, "score");
	hk_jsonw_real(out, v->score, 4);
	hk_jsonw_key(out, "target");
	if (v->target) {
		hk_jsonw_str(out, v->target);
	} else {
		hk_jsonw_null(out);
	}
	hk_jsonw_key(out, "official");
	hk_jsonw_bool(out, v->official);
	hk_jsonw_key(out, "look_closer");
	hk_jsonw_bool(out, v->follow);
	print_facts(s, v, out);
	hk_jsonw_key(out, "reasons");
	hk_page_reasons_json(v, out);
	hk_jsonw_key(out, "weights");
	hk_jsonw_open(out, '[');
	for (size_t i = 0; i < v->reason_count; i++) {
		hk_jsonw_real(out, v->reasons[i].weight, 1);
	}
	hk_jsonw_close(out, ']');
	hk_jsonw_close(out, '}');
	g_string_append_c(out, '\n');
}

static bool
judge_file(const hk_opts *opts, const hk_url *url, GString *out, GError **error)
{
	const hk_page_judge_config config = {.targets = hk_opts_str(opts, HK_OPT_TARGETS),
		.cache = hk_opts_str(opts, HK_OPT_CACHE),
		.threshold = hk_opts_real(opts, HK_OPT_THRESHOLD)};
	g_autoptr(GBytes) body = hk_file_read(hk_opts_str(opts, HK_OPT_PAGE), FILE_MAX, error);
	g_autoptr(hk_page_judge) judge = body ? hk_page_judge_new(&config, error) : NULL;
	hk_page_verdict verdict;
	size_t len = 0;

	if (!judge) {
		return false;
	}
	const void *data = g_bytes_get_data(body, &len);
	const hk_page_answer answer = {.host = url->host,
		.url = url->text,
		.status = STATUS_OK,
		.type = "text/html",
		.body = hk_span_of(data, len),
		.name_score = -1};
	g_autoptr(GPtrArray) list = hk_page_read(&answer, 1, error);

	if (!list) {
		return false;
	}
	hk_page_judge_one(judge, &answer, list->pdata[0], &verdict);
	print_verdict(url->text, list->pdata[0], &verdict, out);
	return true;
}

bool
hk_score_page(const hk_opts *opts, GError **error)
{
	g_autofree hk_url *url = g_new(hk_url, 1);
	g_autoptr(GString) out = g_string_new(NULL);

	if (hk_opts_arg_count(opts) != 1) {
		return hk_error_set(
			error, HK_EUSAGE, "--page takes one NAME or URL: where the page was");
	}
	if (hk_url_read(hk_span_str(hk_opts_args(opts)[0]), hk_uts46_to_ascii, NULL, url, NULL) !=
		HK_OK) {
		return hk_error_set(error, HK_EFORM, "the argument is no host name or URL");
	}
	if (!judge_file(opts, url, out, error)) {
		return false;
	}
	if (fwrite(out->str, 1, out->len, stdout) != out->len) {
		return hk_error_errno(error, errno, "cannot write to standard output");
	}
	return true;
}
