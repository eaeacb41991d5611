/* Pages read in the sandbox and judged: pages.def, charsets, hostile pages, kits. */
#include "score/page.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/codec.h"
#include "sys/gerr.h"
#include "sys/hash.h"
#include "tap.h"

/* 720 bytes "ABCABC...". */
#define Q4          "QUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJD"
#define Q24         Q4 Q4 Q4 Q4 Q4 Q4
#define LOGO_BASE64 Q24 Q24 Q24 Q24 Q24

static const struct {
	const char *name, *host;
	int status;
	const char *outcome, *target, *html;
} pages[] = {
#define PAGE(name, host, status, outcome, target, html) {name, host, status, outcome, target, html},
#include "pages.def"
#undef PAGE
};

enum { PAGES = G_N_ELEMENTS(pages), BATCH = 64 };

/* The pack with the hash of that logo. */
static char *
pack_text(void)
{
	static const char text[] =
		"[みほん銀行]\nkind = bank\nalias = Mihon Bank, ミホンギンコウ\n"
		"token = mihonbank, mihondirect, mihon?\nword = みほんダイレクト\n"
		"official = mihon-bank.example\nallow = mihon-recruit.example\n"
		"path = /direct/common/css/mihon_sp.css\nlogo = %s\nicon = 600172629\n"
		"[みほんカード]\nkind = card\ntoken = mihoncard\nofficial = mihon-card.example\n"
		"[みほん急便]\nkind = parcel\ntoken = mihonkyubin\nofficial = mihon-q.example\n"
		"[みほん]\nkind = other\ntoken = mihonmihon\nofficial = mihon.example\n"
		"[あおば銀行]\nkind = bank\ntoken = aobabank\nofficial = aoba-bank.example\n"
		"[つばめ信用金庫]\nkind = shinkin\ntoken = tsubame\nofficial = tsubame.example\n";
	uint8_t hash[HK_SHA256_SIZE];
	char hex[2 * HK_SHA256_SIZE + 1];
	g_autoptr(GString) logo = g_string_new(NULL);

	for (size_t i = 0; i < strlen(LOGO_BASE64) / 4; i++) {
		g_string_append(logo, "ABC");
	}
	hk_sha256(hk_span_of(logo->str, logo->len), hash);
	hk_hex_encode(hk_span_of(hash, sizeof hash), hex);
	return g_strdup_printf(text, hex);
}

static hk_page_judge *
new_judge(void)
{
	g_autofree char *dir = g_dir_make_tmp("hikeshi-page-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(dir, "pack.conf", NULL);
	g_autofree char *text = pack_text();
	g_autoptr(GError) error = NULL;

	g_file_set_contents(path, text, -1, NULL);
	hk_page_judge *judge = hk_page_judge_new(
		&(hk_page_judge_config){.targets = path, .threshold = HK_PAGE_THRESHOLD}, &error);
	if (!judge) {
		tap_diag("%s", error->message);
	}
	unlink(path);
	rmdir(dir);
	return judge;
}

static hk_page_answer
answer_of(const char *host, int status, hk_span body)
{
	return (hk_page_answer){.host = host,
		.status = status,
		.type = "text/html",
		.body = body,
		.name_score = -1};
}

static hk_page_sketch *
read_one(const hk_page_answer *answer)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) list = hk_page_read(answer, 1, &error);

	if (!ok(list && list->len == 1, "a page is read")) {
		tap_diag("%s", error ? error->message : "no list");
		return NULL;
	}
	hk_page_sketch *s = list->pdata[0];
	g_ptr_array_set_free_func(list, NULL);
	return s;
}

static void
show(const hk_page_verdict *v)
{
	tap_diag("score %.3f target %s", v->score, v->target ? v->target : "-");
	for (size_t i = 0; i < v->reason_count; i++) {
		tap_diag("  %+.1f %s", v->reasons[i].weight, v->reasons[i].text);
	}
}

static void
check_batch(hk_page_judge *judge, size_t from, size_t count)
{
	hk_page_answer answers[BATCH];
	g_autofree char *urls[BATCH] = {NULL};
	g_autoptr(GError) error = NULL;

	for (size_t i = 0; i < count; i++) {
		urls[i] = g_strdup_printf("https://%s/", pages[from + i].host);
		answers[i] = answer_of(pages[from + i].host, pages[from + i].status,
			hk_span_str(pages[from + i].html));
		answers[i].url = urls[i];
	}
	g_autoptr(GPtrArray) list = hk_page_read(answers, count, &error);
	if (!ok(list && list->len == count, "%zu pages are read at once", count)) {
		tap_diag("%s", error ? error->message : "another number");
	}
	for (size_t i = 0; list && i < count; i++) {
		const hk_page_sketch *s = list->pdata[i];
		hk_page_verdict v;

		hk_page_judge_one(judge, &answers[i], s, &v);
		bool suspect = v.outcome == HK_PAGE_SUSPECT;
		bool fine = is_str(hk_page_outcome_code(v.outcome), pages[from + i].outcome, "%s",
			pages[from + i].name);
		fine = (!suspect || is_str(v.target ? v.target : "", pages[from + i].target,
					    "%s: the target", pages[from + i].name)) &&
		       fine;
		if (!fine) {
			show(&v);
		}
	}
	for (size_t i = 0; i < count; i++) {
		g_free(urls[i]);
		urls[i] = NULL;
	}
}

static void
check_pages(hk_page_judge *judge)
{
	for (size_t from = 0; from < PAGES; from += BATCH) {
		check_batch(judge, from, MIN(BATCH, PAGES - from));
	}
}

/* ---- what is seen ---- */

static void
check_sketch(void)
{
	static const char html[] =
		"<!DOCTYPE html><html><head><title> みほん\n 銀行 </title><base "
		"href=https://cdn.test/x/>"
		"<meta property='og:site_name' content='サイト'></head><body>"
		"<h1>ロゴ<img alt=絵 "
		"src=a/b.png?v=1></h1><p>本文&amp;&#12354;<noscript>見えない</noscript>"
		"<table><tr><td>お客さま番号<td><input name=a></table>"
		"<label for=p>暗証番号</label><input id=p type=password maxlength=4>"
		"<input type=hidden name=t><input style='display: none' name=h>"
		"<a href=https://B.Example:8443/x>b</a><a href=#>c</a><a href=/d>d</a><a "
		"href=javascript:x()>e</a>"
		"<form action=https://send.test/><button>送信</button></form>"
		"<p>Copyright 2024 だれか</p></body></html>";
	hk_page_answer a = answer_of("page.test", 200, hk_span_str(html));

	a.url = "https://page.test/in/";
	hk_page_sketch *s = read_one(&a);
	if (!s) {
		return;
	}
	is_str(s->area[HK_PAGE_TITLE], "ミホン 銀行", "title, folded");
	is_str(s->area[HK_PAGE_SITE], "サイト", "site");
	is_str(s->area[HK_PAGE_HEAD], "ロゴ絵", "heading with its picture");
	is_str(s->area[HK_PAGE_ALT], "絵", "picture");
	ok(strstr(s->area[HK_PAGE_TEXT], "本文&ア") != NULL, "text, decoded and folded");
	ok(strstr(s->area[HK_PAGE_TEXT], "見エナイ") == NULL, "not what browsers do not show");
	is_str(s->area[HK_PAGE_COPY], "copyright 2024 ダレカ\n", "copyright");
	is_str(s->area[HK_PAGE_PATHS], "/a/b.png", "path of a resource, without query");
	is_str(s->area[HK_PAGE_LOADS], "cdn.test", "its host is the base's");
	is_str(s->area[HK_PAGE_LINKS], "b.example\ncdn.test", "hosts of links");
	is_str(s->area[HK_PAGE_SENDS], "send.test", "host of the form");
	is_int(s->links_void, 2, "links that lead nowhere");
	is_int(s->fields, 2, "fields that can be typed into");
	g_autofree char *form = hk_form_tokens_text(&s->form);
	is_str(form, "CUSTNO PIN1_4", "what it asks for");
	ok(s->has & HK_PAGE_HAS_PASSWORD, "a password field");
	is_str(s->charset, "utf-8", "charset");
	hk_page_sketch_free(s);
}

static void
check_follow(const char *html, const char *want, unsigned has)
{
	hk_page_answer a = answer_of("page.test", 200, hk_span_str(html));

	a.url = "https://page.test/in/";
	hk_page_sketch *s = read_one(&a);
	if (s) {
		is_str(s->follow, want, "leads to: %s", html);
		is_int(s->has & has, has, "and how");
	}
	hk_page_sketch_free(s);
}

static void
check_follows(void)
{
	check_follow("<meta http-equiv=Refresh content=\"0; url='/next'\">",
		"https://page.test/next", HK_PAGE_HAS_REFRESH);
	check_follow("<script>window.location.href = 'b.php?x=1'</script>",
		"https://page.test/in/b.php?x=1", HK_PAGE_HAS_REFRESH);
	check_follow("<script>if(/iPhone/.test(navigator.userAgent))location.replace(\"//m.test/"
		     "\")</script>",
		"https://m.test/", HK_PAGE_HAS_REFRESH | HK_PAGE_HAS_TESTS);
	/* As link shorteners write it. */
	check_follow(
		"<script>window.opener = null; location.replace(\"https:\\/\\/m.test\\/a?b=1\")"
		"</script>",
		"https://m.test/a?b=1", HK_PAGE_HAS_REFRESH);
	check_follow("<script>location='\\x68ttps://m.test\\u002fx'</script>", "https://m.test/x",
		HK_PAGE_HAS_REFRESH);
	check_follow("<script>if (location == 'x') y()</script><p>x</p>", NULL, 0);
	check_follow("<p>!</p><a href=/go>続ける</a>", "https://page.test/go", HK_PAGE_HAS_LONE);
	check_follow("<iframe src=https://frame.test/></iframe>", "https://frame.test/",
		HK_PAGE_HAS_REFRESH);
	check_follow("<a href=/a>a</a><a href=/b>b</a>", NULL, 0);
	check_follow("<a href=mailto:a@b.test>a</a>", NULL, 0);
}

/* The paths of tags are those of a browser's document. */
static void
check_tags(void)
{
	static const char html[] = "<title>x</title><p>a<p>b<div>c</div><ul><li>a<li>b</ul>"
				   "<table><tr><td>x<td>y<tr><td>z</table><br>";
	static const char *const paths[] = {"html", "html>head", "html>head>title", "html>body",
		"html>body>p", "html>body>div", "html>body>ul", "html>body>ul>li",
		"html>body>table", "html>body>table>tbody", "html>body>table>tbody>tr",
		"html>body>table>tbody>tr>td", "html>body>br"};
	hk_page_answer a = answer_of("page.test", 200, hk_span_str(html));
	hk_page_sketch *s = read_one(&a);
	hk_minhash want;

	hk_minhash_init(&want);
	for (size_t i = 0; i < G_N_ELEMENTS(paths); i++) {
		hk_minhash_add(&want, hk_span_str(paths[i]));
	}
	if (s) {
		is_int(s->shingles.count, want.count, "as many paths");
		ok(hk_minhash_near(&s->shingles, &want) == 1, "the same ones");
	}
	hk_page_sketch_free(s);
}

/* ---- charsets ---- */

static void
check_charset(const char *to, const char *type, bool meta)
{
	g_autofree char *html = g_strdup_printf(
		"<html><head>%s%s%s<title>みほん銀行 ログイン</title></head>"
		"<body><h1>みほん銀行</h1><p>お客さま番号とログインパスワードを入力してください</p>"
		"<input type=password></body>",
		meta ? "<meta http-equiv=Content-Type content='text/html; charset=" : "",
		meta ? to : "", meta ? "'>" : "");
	size_t len = 0;
	g_autofree char *bytes = g_convert(html, -1, to, "UTF-8", NULL, &len, NULL);
	hk_page_answer a = answer_of("page.test", 200, hk_span_of(bytes, len));

	a.type = type;
	hk_page_sketch *s = read_one(&a);
	is_str(s ? s->area[HK_PAGE_TITLE] : NULL, "ミホン銀行 ログイン", "%s, said to be %s%s", to,
		type ? type : "nothing", meta ? ", and by the page" : "");
	hk_page_sketch_free(s);
}

static void
check_charsets(void)
{
	check_charset("SHIFT_JIS", "text/html; charset=Shift_JIS", false);
	check_charset("SHIFT_JIS", "text/html", true);
	check_charset("SHIFT_JIS", "text/html", false);
	check_charset("SHIFT_JIS", "text/html; charset=ISO-8859-1", false);
	check_charset("EUC-JP", "text/html; charset=\"euc-jp\"", false);
	check_charset("EUC-JP", NULL, true);
	check_charset("ISO-2022-JP", "text/html", false);
	check_charset("UTF-16", "text/html", false);
	check_charset("UTF-8", "text/html; charset=utf-7", false);
	check_charset("GB18030", "text/html; charset=gb2312", false);
}

/* ---- hostile pages ---- */

static void
check_hostile(const char *what, const char *unit, size_t times, const char *tail)
{
	g_autoptr(GString) html = g_string_new("<title>x</title>");

	for (size_t i = 0; i < times && html->len < HK_PAGE_BODY_MAX; i++) {
		g_string_append(html, unit);
	}
	g_string_append(html, tail);

	hk_page_answer a = answer_of("page.test", 200, hk_span_of(html->str, html->len));
	hk_page_sketch *s = read_one(&a);
	ok(s && s->kind != HK_PAGE_UNREAD, "%s is read", what);
	for (size_t i = 0; s && i < HK_PAGE_AREAS; i++) {
		if (s->len[i] > HK_PAGE_AREA_MAX) {
			ok(false, "%s: area %zu has %zu bytes", what, i, s->len[i]);
		}
	}
	hk_page_sketch_free(s);
}

static void
check_hostiles(void)
{
	enum { MANY = 1000000 };
	static const struct {
		const char *what, *unit, *tail;
	} rows[] = {
		{"a deep page", "<div>", ""},
		{"a deep page of the same paragraphs", "<p><table>", ""},
		{"many end tags", "</b>", ""},
		{"one tag of attributes", " a=b", ">"},
		{"a tag that is never closed", "<a href=", ""},
		{"references that are none", "&aaaaaa", ""},
		{"references with semicolons", "&zzzzzzzzzz;", ""},
		{"characters that grow", "\xef\xb7\xba", ""},
		{"comments", "<!--", ""},
		{"comments that close", "<!---->", ""},
		{"quotes", "<a b='\"", ""},
		{"fields", "<input name=a placeholder=お客さま番号 type=password>", ""},
		{"labels", "<label for=a>", ""},
		{"links", "<a href=https://a.example/>x</a>", ""},
		{"scripts", "<script>location=''</script>", ""},
		{"packed scripts",
			"<script>unescape('%3Cinput%3E%3Cinput%3E%3Cinput%3E%3Cinput%3E%3Cinput%3E'"
			")</script>",
			""},
		{"packed calls", "atob(\"unescape('", ""},
		{"headings", "<h1>みほん銀行", ""},
		{"templates", "<template>", ""},
		{"pictures in it", "<img src='data:image/png;base64,AAAA'>", ""},
		{"styles", "<style>", ""},
		{"copyright lines", "<p>© みほん銀行みほん銀行", ""},
		{"long paths",
			"<img "
			"src=/"
			"みほんあおばつばめみほんあおばつばめみほんあおばつばめみほんあおばつばめみ"
			"ほんあおばつばめみほんあおばつばめみほんあおばつばめ>",
			""},
		{"one line of copyright", "あいう© えおか", ""},
		{"zeros", "<p>\x01", ""},
	};
	static const uint8_t raw[] = {0xff, 0xfe, 0x00, 0xd8, 0x00, 0xd8, 0x1b, 0x24, 0x42, 0x80};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		check_hostile(rows[i].what, rows[i].unit, MANY, rows[i].tail);
	}
	hk_page_answer a = answer_of("page.test", 200, hk_span_of(raw, sizeof raw));
	hk_page_sketch *s = read_one(&a);
	ok(s != NULL, "bytes of no charset");
	hk_page_sketch_free(s);
	a = answer_of("page.test", 200, HK_SPAN_LIT("PK\3\4"));
	a.type = "application/zip";
	s = read_one(&a);
	is_int(s ? s->kind : 0, HK_PAGE_OTHER, "a file is no page");
	hk_page_sketch_free(s);
}

/* One page whose reader dies: the others are read all the same. */
static void
check_deadly(void)
{
	enum { COUNT = 9, BAD = 5 };
	static const char html[] = "<title>gut</title><p>x</p>";
	void *hole = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	hk_page_answer answers[COUNT];
	g_autoptr(GError) error = NULL;
	size_t good = 0;

	for (size_t i = 0; i < COUNT; i++) {
		answers[i] = answer_of("page.test", 200, hk_span_str(html));
	}
	answers[BAD].body = hk_span_of(hole, 4096);
	g_autoptr(GPtrArray) list = hk_page_read(answers, COUNT, &error);
	is_int(list ? list->len : 0, COUNT, "a batch with a deadly page is read");
	for (guint i = 0; list && i < list->len; i++) {
		const hk_page_sketch *s = list->pdata[i];
		good += s->kind == HK_PAGE_CONTENT && strcmp(s->area[HK_PAGE_TITLE], "gut") == 0;
		if (i == BAD) {
			is_int(s->kind, HK_PAGE_UNREAD, "the deadly one is told");
		}
	}
	is_int(good, COUNT - 1, "all others are there, in order");
	munmap(hole, 4096);

	hk_page_answer *many = g_new0(hk_page_answer, HK_PAGE_BATCH_MAX + 1);
	g_clear_error(&error);
	ok(hk_page_read(many, HK_PAGE_BATCH_MAX + 1, &error) == NULL, "too many are refused");
	is_int(hk_error_code(error), HK_ERANGE, "and told so");
	g_free(many);
	g_autoptr(GPtrArray) none = hk_page_read(NULL, 0, NULL);
	is_int(none ? none->len : 1, 0, "none are none");
}

/* ---- kits ---- */

static double
score_of(hk_page_judge *judge, const hk_page_answer *a, const hk_page_sketch *s, hk_page_verdict *v)
{
	hk_page_judge_one(judge, a, s, v);
	return v->score;
}

static void
check_kits(hk_page_judge *judge)
{
	/* No brand that the pack knows. */
	static const char html[] =
		"<title>本人確認</title><div><h1>ご本人確認</h1></div><form><p><label>口座番号 "
		"<input name=a></label></p>"
		"<p><label>第1暗証番号 <input type=password "
		"name=b></label></p><p><label>第2暗証番号 <input type=password name=c></label></p>"
		"<ul><li><b>1</b><li><i>2</i><li><u>3</u><li><em>4</em><li><small>5</small></"
		"ul><dl><dt>a<dd>b</dl><hr></form>";
	hk_page_answer a = answer_of("kit.test", 200, hk_span_str(html));
	hk_page_sketch *s = read_one(&a);
	hk_page_kits *kits = hk_page_kits_new();
	hk_page_verdict v;

	if (!s) {
		return;
	}
	ok(score_of(judge, &a, s, &v) < HK_PAGE_THRESHOLD, "without a kit it is plain");
	g_autofree char *key = hk_form_tokens_key(&s->form);
	ok(key && hk_page_kits_add(kits, "form", key, 77), "a form's key");
	ok(!hk_page_kits_add(kits, "form", key, 78), "once");
	ok(!hk_page_kits_add(kits, "form", "xyz", 78), "no key");
	ok(!hk_page_kits_add(kits, "picture", "0000000000000000", 78),
		"no kind that a page is compared by");
	ok(hk_page_kits_add(kits, "favicon", "-12", 79), "an icon");
	hk_page_judge_take_kits(judge, kits);
	ok(score_of(judge, &a, s, &v) >= HK_PAGE_THRESHOLD, "the form of a kit");
	is_int(v.kit_case, 77, "and of which case");

	GString *hex = g_string_new(NULL);
	for (size_t i = 0; i < HK_MINHASH_SLOTS; i++) {
		g_string_append_printf(hex, "%08x", s->shingles.slot[i]);
	}
	kits = hk_page_kits_new();
	ok(hk_page_kits_add(kits, "tag_paths", hex->str, 80), "a page's build");
	ok(!hk_page_kits_add(kits, "tag_paths", "00", 80), "not a shorter one");
	is_int(hk_page_kits_count(kits), 1, "one key");
	hk_page_judge_take_kits(judge, kits);
	ok(score_of(judge, &a, s, &v) >= HK_PAGE_THRESHOLD, "built like a kit's page");
	is_int(v.kit_case, 80, "and of which case");
	hk_page_judge_take_kits(judge, NULL);
	ok(score_of(judge, &a, s, &v) < HK_PAGE_THRESHOLD, "kits can be taken away");
	g_string_free(hex, TRUE);
	hk_page_sketch_free(s);
}

static void
check_rest(hk_page_judge *judge)
{
	static const char html[] = "<title>ログイン</title><form><input type=password></form>";
	hk_page_answer a = answer_of("icon.test", 200, hk_span_str(html));
	hk_page_verdict v;

	a.icon = HK_SPAN_LIT("\3");
	hk_page_sketch *s = read_one(&a);
	if (s) {
		ok(s->has_icon && s->icon == 600172629, "the caller's icon");
		hk_page_judge_one(judge, &a, s, &v);
		is_str(v.target, "みほん銀行", "the icon is the bank's");
		is_int(v.outcome, HK_PAGE_SUSPECT, "on a page that asks for a password");
		a.final_url = "https://www.mihon-bank.example/";
		hk_page_judge_one(judge, &a, s, &v);
		ok(v.official && v.outcome == HK_PAGE_PLAIN && v.follow,
			"who is led to the bank is plain, and looked at again");
		g_autoptr(GString) json = g_string_new(NULL);
		hk_page_reasons_json(&v, json);
		is_str(json->str, "[\"leads on to the official site of 'みほん銀行'\"]",
			"reasons as JSON");
	}
	hk_page_sketch_free(s);
	g_autoptr(hk_page_judge) bare =
		hk_page_judge_new(&(hk_page_judge_config){.threshold = 0.5}, NULL);
	a = answer_of("x.test", 200, hk_span_str(html));
	s = read_one(&a);
	if (ok(bare != NULL, "a judge without targets") && s) {
		hk_page_judge_one(bare, &a, s, &v);
		is_int(v.outcome, HK_PAGE_PLAIN, "knows no brand");
	}
	hk_page_sketch_free(s);
	g_autoptr(GError) error = NULL;
	ok(!hk_page_judge_new(&(hk_page_judge_config){.targets = "/nonexistent/x.conf"}, &error),
		"a pack that is not there");
	is_int(hk_error_code(error), HK_ENOENT, "is told");
}

int
main(void)
{
	g_autoptr(hk_page_judge) judge = new_judge();

	if (!ok(judge != NULL, "a judge with a pack")) {
		return tap_done();
	}
	check_pages(judge);
	check_sketch();
	check_follows();
	check_tags();
	check_charsets();
	check_hostiles();
	check_deadly();
	check_kits(judge);
	check_rest(judge);
	return tap_done();
}
