/* fuzz_page: a page, and the record that its reader hands back. The first byte says which: 0 to 127: the rest is a page (the lowest bits choose its
 * Content-Type); else a record. Properties: a page gives a record that is read, whose areas are UTF-8 within their caps and survive being written and
 * read again; any verdict of it is within its bounds; a record is refused, or within the same caps. */
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "fuzz.h"
#include "score/page_int.h"

static const char pack[] =
	"[みほん銀行]\ntoken = mihonbank\nword = みほんダイレクト\nofficial = mihon-bank.example\n"
	"path = /direct/style.css\n[あおば銀行]\ntoken = aobabank\nofficial = aoba.example\n";

static void
check_sketch(const hk_page_sketch *s)
{
	need(s->kind < HK_PAGE_KINDS && s->hash_count <= HK_PAGE_HASHES_MAX);
	for (size_t i = 0; i < HK_PAGE_AREAS; i++) {
		need(s->len[i] <= HK_PAGE_AREA_MAX && strlen(s->area[i]) == s->len[i]);
		need(hk_utf8_valid(hk_span_of(s->area[i], s->len[i])));
	}
	need(!s->follow || strlen(s->follow) <= HK_PAGE_FOLLOW_MAX);
	for (size_t i = 0; i < s->form.count; i++) {
		need(s->form.token[i] < HK_FORM_TOKENS);
	}
}

static hk_page_judge *
judge(void)
{
	static hk_page_judge *made;

	if (!made) {
		g_autofree char *dir = g_dir_make_tmp("hikeshi-fuzz-XXXXXX", NULL);
		g_autofree char *path = g_build_filename(dir, "p.conf", NULL);

		need(g_file_set_contents(path, pack, -1, NULL));
		made = hk_page_judge_new(
			&(hk_page_judge_config){.targets = path, .threshold = 0.5}, NULL);
		need(made != NULL);
		remove(path);
		remove(dir);
	}
	return made;
}

static void
check_verdict(const hk_page_answer *a, const hk_page_sketch *s)
{
	hk_page_verdict v;

	hk_page_judge_one(judge(), a, s, &v);
	need(v.score >= 0 && v.score <= 1 && v.reason_count <= HK_PAGE_REASONS_MAX);
	need((v.outcome == HK_PAGE_SUSPECT) == (v.score >= 0.5));
	for (size_t i = 0; i < v.reason_count; i++) {
		need(hk_utf8_valid(hk_span_str(v.reasons[i].text)));
	}
}

static void
on_page(unsigned choice, hk_span body)
{
	static const char *const types[] = {"text/html", NULL, "text/html; charset=shift_jis",
		"application/xhtml+xml", "text/html; charset=euc-jp",
		"text/html; charset=iso-2022-jp", "text/html; charset=gbk", "image/png"};
	const hk_page_answer a = {.host = "page.test",
		.url = "https://page.test/in/?x",
		.status = 200,
		.type = types[choice % G_N_ELEMENTS(types)],
		.body = body,
		.name_score = -1};
	g_autoptr(GString) record = g_string_new(NULL);

	hk_page_describe(&a, record);
	need(record->len <= HK_PAGE_RECORD_MAX);
	hk_page_sketch *s = hk_page_sketch_parse(hk_span_of(record->str, record->len));
	need(s != NULL);
	check_sketch(s);
	check_verdict(&a, s);
	hk_page_sketch_free(s);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	hk_page_warm();
	if (size == 0) {
		return 0;
	}
	if (data[0] < 0x80) {
		on_page(data[0], hk_span_of(data + 1, size - 1));
		return 0;
	}
	hk_page_sketch *s = hk_page_sketch_parse(hk_span_of(data + 1, size - 1));
	const hk_page_answer a = {.host = "page.test", .status = 200};

	if (s) {
		check_sketch(s);
		check_verdict(&a, s);
	}
	hk_page_sketch_free(s);
	return 0;
}
