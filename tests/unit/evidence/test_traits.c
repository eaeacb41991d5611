#include <string.h>

#include "evidence/pageform.h"
#include "evidence/traits.h"
#include "sys/hash.h"
#include "tap.h"

static void
field(hk_capture_page *page, const char *label, const char *name, const char *type, int64_t max)
{
	hk_capture_field *f = hk_capture_add_field(page);

	f->tag = g_strdup("input");
	f->type = g_strdup(type);
	f->label = g_strdup(label);
	f->name = g_strdup(name);
	f->maxlength = max;
	f->visible = true;
}

static void
check_field(const char *label, const char *name, const char *type, int64_t max, const char *text,
	const char *want)
{
	hk_capture_page *page = hk_capture_page_new();
	hk_form_tokens tokens;

	page->text = g_strdup(text);
	field(page, label, name, type, max);
	hk_pageform_tokens(page, &tokens);
	g_autofree char *got = hk_form_tokens_text(&tokens);
	is_str(got, want, "'%s' '%s' %s %d on a page '%s'", label, name, type, (int)max, text);
	hk_capture_page_free(page);
}

static void
check_fields(void)
{
	check_field("お客様番号", "", "text", -1, "", "CUSTNO");
	check_field("", "user_id", "text", -1, "", "CUSTNO");
	check_field("Customer Number", "", "text", -1, "", "CUSTNO");
	check_field("", "x", "password", -1, "", "LOGINPW");
	check_field("暗証番号", "", "password", 4, "", "PIN1_4");
	check_field("暗証番号（半角数字６桁）", "", "password", -1, "", "PIN2_6");
	check_field("認証コード", "", "tel", -1, "SMSに送信しました", "SMSOTP");
	check_field("認証コード", "", "tel", -1, "メール認証", "MAILOTP");
	check_field("Verification code", "", "tel", -1, "", "OTP");
	check_field("ふりがな", "", "text", -1, "", "FURIGANA");
	check_field("お名前（カナ）", "", "text", -1, "", "NAME_KANA");
	check_field("さがす言葉", "q", "text", -1, "", "");
	check_field("", "csrf", "hidden", -1, "", "");
}

static void
check_page(void)
{
	hk_capture_page *page = hk_capture_page_new();
	hk_form_tokens tokens;

	page->text = g_strdup("！");
	hk_pageform_tokens(page, &tokens);
	ok(hk_form_tokens_has(&tokens, HK_FORM_WARN_MARK) && !tokens.asks, "nothing but a mark");
	g_free(page->text);
	page->text = g_strdup("");
	field(page, "生年月日", "y", "text", 4);
	field(page, "月", "m", "text", 2);
	field(page, "日", "d", "text", 2);
	field(page, "郵便番号", "z1", "text", 3);
	field(page, "郵便番号", "z2", "text", 4);
	hk_pageform_tokens(page, &tokens);
	g_autofree char *text = hk_form_tokens_text(&tokens);
	is_str(text, "DOB3 ZIP", "fields of a kind in a row are one");
	for (int i = 0; i < 500; i++) {
		field(page, i % 2 ? "お名前" : "電話番号", "", "text", -1);
	}
	hk_pageform_tokens(page, &tokens);
	is_int(tokens.count, HK_FORM_TOKENS_MAX, "the cap holds");
	hk_capture_page_free(page);
}

static void
load(hk_capture *c, const char *url, const char *type, size_t bytes)
{
	hk_capture_exchange *x = hk_capture_add_exchange(c);
	g_autofree char *body = g_strnfill(bytes, 'x');

	x->url = g_strdup(url);
	x->type = g_strdup(type);
	x->status = 200;
	x->body = g_bytes_new(body, bytes);
	hk_sha256(hk_span_of(body, bytes), x->sha256);
}

static bool
has_pivot(GPtrArray *list, const char *kind, const char *key)
{
	for (guint i = 0; i < list->len; i++) {
		const hk_traits_pivot *p = g_ptr_array_index(list, i);

		if (strcmp(p->kind, kind) == 0 && (!key || strcmp(p->key, key) == 0)) {
			return true;
		}
	}
	return false;
}

static void
check_pivots(void)
{
	g_autoptr(hk_capture) c = hk_capture_new();
	hk_capture_page *page = hk_capture_page_new();
	hk_traits traits;

	page->url = g_strdup("https://a.example:8443/login?x=1");
	page->favicon_bytes = g_bytes_new("\3", 1);
	page->dom = g_bytes_new("<!DOCTYPE html><html>", 21);
	field(page, "お客さま番号", "", "text", -1);
	field(page, "ログインパスワード", "", "password", -1);
	field(page, "第1暗証番号", "", "password", 4);
	g_ptr_array_add(page->paths, g_strdup("html>body"));
	g_ptr_array_add(page->years, g_strdup("2022"));
	g_ptr_array_add(c->pages, page);
	load(c, "https://a.example:8443/kit/main.js?v=3", "Script", 600);
	load(c, "https://a.example:8443/kit/jquery-3.7.1.min.js", "Script", 700);
	load(c, "https://cdn.jsdelivr.net/npm/x.js", "Script", 800);
	load(c, "https://a.example:8443/dot.gif", "Image", 43);
	load(c, "https://a.example:8443/data", "XHR", 900);
	hk_traits_of(c, &traits);
	g_autoptr(GPtrArray) pivots = hk_traits_pivots(&traits);
	ok(has_pivot(pivots, "favicon", "600172629"), "the icon's published number");
	ok(has_pivot(pivots, "form", NULL), "three tokens are a form");
	ok(!has_pivot(pivots, "picture", NULL), "no picture, no pivot");
	is_int(pivots->len, 3, "one resource: not the library, not the pixel, not the data");
	is_str(traits.flow, "CUSTNO LOGINPW PIN1_4", "tokens of all pages");
	is_int(traits.paths->len, 4, "paths of its own host");
	is_str(g_ptr_array_index(traits.paths, 0), "/data", "sorted, without query");
	g_autoptr(GString) json = g_string_new(NULL);
	hk_traits_json(&traits, json);
	ok(strstr(json->str, "\"favicon\":{\"mmh3\":600172629,") != NULL &&
			strstr(json->str, "\"years\":[\"2022\"]") != NULL &&
			strstr(json->str, "\"picture\":null") != NULL,
		"as JSON");
	hk_traits_clear(&traits);
	g_autofree char *host = hk_traits_host("https://[::1]:8443/x"),
			*none = hk_traits_host("about:blank");
	is_str(host, "[::1]", "host of an address");
	is_str(none, "", "of one without");
}

int
main(void)
{
	check_fields();
	check_page();
	check_pivots();
	return tap_done();
}
