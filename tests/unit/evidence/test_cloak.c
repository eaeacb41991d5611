#include <string.h>

#include "evidence/cloak.h"
#include "tap.h"

static const char shop[] = "本日限り、正規品の腕時計と財布をすべて最大九割引でご提供いたします。送"
			   "料は無料、在庫はわずかです。お早めにお求めください。";
static const char blog[] = "朝早く家を出て、紅葉の始まった尾根道をのんびりと歩いてきました。頂上で"
			   "飲む一杯の珈琲は格別です。次は冬に来たいと思います。また登ります。";

static hk_capture_page *
add_page(hk_capture *c, const char *url, const char *title, const char *text)
{
	hk_capture_page *page = hk_capture_page_new();

	page->url = g_strdup(url);
	page->title = g_strdup(title);
	page->text = g_strdup(text);
	g_ptr_array_add(page->paths, g_strdup(title));
	g_ptr_array_add(c->pages, page);
	return page;
}

static void
ask(hk_capture_page *page, const char *label, const char *type)
{
	hk_capture_field *f = hk_capture_add_field(page);

	f->tag = g_strdup("input");
	f->type = g_strdup(type);
	f->label = g_strdup(label);
	f->visible = true;
	f->maxlength = -1;
}

/* "iphone/sms/1/direct", status. */
static hk_capture *
visit(const char *who, int status)
{
	hk_capture *c = hk_capture_new();
	g_auto(GStrv) parts = g_strsplit(who, "/", 4);

	c->profile = g_strdup(parts[0]);
	c->referrer = g_strdup(parts[1]);
	c->visit = parts[2][0] - '0';
	c->exit = g_strdup(parts[3] ? parts[3] : "direct");
	c->end = HK_CAPTURE_COMPLETE;
	if (status) {
		hk_capture_hop *hop = hk_capture_add_hop(c);
		hop->status = status;
		hop->how = HK_CAPTURE_HOW_OPEN;
	}
	return c;
}

static hk_capture *
login(const char *who)
{
	hk_capture *c = visit(who, 200);
	hk_capture_page *page = add_page(
		c, "https://a.example/", "みほん銀行", "みほん銀行 ご本人確認をお願いいたします");

	ask(page, "お客さま番号", "tel");
	ask(page, "ログインパスワード", "password");
	return c;
}

static hk_capture *
nothing(const char *who)
{
	hk_capture *c = visit(who, 404);

	add_page(c, "https://a.example/", "404 Not Found", "404 Not Found nginx");
	return c;
}

static hk_capture *
gone(const char *who, hk_capture_end end)
{
	hk_capture *c = visit(who, 0);

	c->end = end;
	return c;
}

/* Judges and frees the captures; ends with NULL. */
static void
judge(hk_cloak *ret, const char *verdict, const char *dimensions, const char *what, ...)
{
	g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)hk_capture_free);
	va_list args;

	va_start(args, what);
	for (hk_capture *c = va_arg(args, hk_capture *); c; c = va_arg(args, hk_capture *)) {
		c->start_wall_ms = list->len;
		g_ptr_array_add(list, c);
	}
	va_end(args);
	hk_cloak_judge((const hk_capture *const *)list->pdata, list->len, ret);
	g_autofree char *dims = hk_cloak_dimensions_text(ret->dimensions);
	is_str(hk_cloak_verdict_code(ret->verdict), verdict, "%s", what);
	is_str(dims, dimensions, "%s: what decides", what);
}

static void
check_dimensions(void)
{
	hk_cloak c;

	judge(&c, "cloaked", "device", "a form for the phone only", login("iphone/sms/1"),
		login("iphone/search/1"), nothing("desktop/none/1"), NULL);
	ok(c.certain, "two visits differ in it alone");
	ok(c.diffs->len > 0, "there is something to show");
	const hk_cloak_diff *d = g_ptr_array_index(c.diffs, 0);
	is_int(d->what, HK_CLOAK_STATUS, "what differs");
	is_str(d->a.form, "CUSTNO LOGINPW", "what one was asked for");
	is_int(d->b.status, 404, "what the other was told");
	is_int(d->picture, -1, "there are no pictures");
	g_autoptr(GString) json = g_string_new(NULL);
	hk_cloak_json(&c, json);
	ok(strstr(json->str,
		   "\"verdict\":\"cloaked\",\"dimensions\":[\"device\"],\"certain\":true") != NULL,
		"as JSON");
	hk_cloak_clear(&c);
	judge(&c, "cloaked", "device,referrer", "two visits that differ in two dimensions",
		login("iphone/sms/1"), nothing("desktop/search/1"), NULL);
	ok(!c.certain, "it may be either");
	hk_cloak_clear(&c);
	judge(&c, "cloaked", "exit", "by the network", login("iphone/sms/1"),
		nothing("iphone/sms/1/abroad"), login("desktop/none/1"), NULL);
	hk_cloak_clear(&c);
	judge(&c, "cloaked", "visit", "a link that works once, for whoever comes first",
		login("iphone/sms/1"), nothing("android/sms/1"), nothing("iphone/search/1"),
		nothing("iphone/sms/2"), NULL);
	hk_cloak_clear(&c);
	judge(&c, "cloaked", "device", "a file for one, a form for the other",
		login("iphone/sms/1"), gone("android/sms/1", HK_CAPTURE_DOWNLOAD), NULL);
	hk_cloak_clear(&c);
}

static hk_capture *
article(const char *who, const char *title, const char *text)
{
	hk_capture *c = visit(who, 200);

	add_page(c, "https://a.example/", title, text);
	return c;
}

static void
check_same(void)
{
	hk_cloak c;

	judge(&c, "cloaked", "referrer", "a shop for who searches",
		article("iphone/sms/1", "山の日記", blog),
		article("iphone/search/1", "激安市場", shop), NULL);
	hk_cloak_clear(&c);
	judge(&c, "same", "", "other articles under one title",
		article("iphone/sms/1", "かわら版 朝", blog),
		article("desktop/none/1", "かわら版 夜", shop), NULL);
	hk_cloak_clear(&c);
	judge(&c, "same", "", "a visit that failed says nothing", login("iphone/sms/1"),
		login("android/sms/1"), gone("desktop/none/1", HK_CAPTURE_UNREACHABLE), NULL);
	is_int(c.compared, 2, "two were compared");
	hk_cloak_clear(&c);
	judge(&c, "unknown", "", "one that says something is not enough", login("iphone/sms/1"),
		gone("desktop/none/1", HK_CAPTURE_UNREACHABLE), NULL);
	hk_cloak_clear(&c);
	judge(&c, "dead", "", "nobody answers", gone("iphone/sms/1", HK_CAPTURE_UNREACHABLE),
		nothing("desktop/none/1"), NULL);
	hk_cloak_clear(&c);
	judge(&c, "unknown", "", "our own way out was shut",
		gone("iphone/sms/1", HK_CAPTURE_REFUSED),
		gone("desktop/none/1", HK_CAPTURE_REFUSED), NULL);
	hk_cloak_clear(&c);
	judge(&c, "unknown", "", "no visits", NULL);
	hk_cloak_clear(&c);
}

/* An article whose only link was pressed, and what that led to. */
static hk_capture *
pressed(const char *who, const char *title, const char *text, int status)
{
	hk_capture *c = article(who, title, text);
	hk_capture_hop *hop = hk_capture_add_hop(c);

	hop->how = HK_CAPTURE_HOW_CLICK;
	hop->status = status;
	add_page(c, "https://a.example/more", "Error", "Error nginx");
	return c;
}

static void
check_dead_link(void)
{
	hk_cloak c;

	judge(&c, "same", "", "a live page whose link is dead",
		pressed("iphone/sms/1", "山の日記", blog, 404),
		pressed("desktop/none/1", "山の日記", blog, 404), NULL);
	hk_cloak_clear(&c);
	judge(&c, "cloaked", "referrer", "two pages whose links are dead",
		pressed("iphone/sms/1", "山の日記", blog, 404),
		pressed("iphone/search/1", "激安市場", shop, 410), NULL);
	hk_cloak_clear(&c);
	judge(&c, "cloaked", "referrer", "one of them leads to a broken server",
		pressed("iphone/sms/1", "山の日記", blog, 502),
		article("iphone/search/1", "激安市場", shop), NULL);
	is_int(c.compared, 2, "the page before it says enough");
	hk_cloak_clear(&c);
}

static void
check_click(void)
{
	hk_cloak c;
	hk_capture *v = visit("iphone/sms/1", 200);
	hk_capture_hop *hop = hk_capture_add_hop(v);

	hop->how = HK_CAPTURE_HOW_CLICK;
	hop->status = 200;
	add_page(v, "https://a.example/", "", "！");
	ask(add_page(v, "https://a.example/in", "みほん", "みほん銀行"), "お客さま番号", "tel");
	judge(&c, "cloaked", "interaction", "a form behind a mark", v, NULL);
	ok(c.certain && c.diffs->len == 1, "with the two pages to show");
	hk_cloak_clear(&c);
}

int
main(void)
{
	check_dimensions();
	check_same();
	check_dead_link();
	check_click();
	return tap_done();
}
