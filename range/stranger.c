#include "stranger.h"

#include <string.h>

/* ---- what lies behind a name ---- */

typedef struct row {
	unsigned weight;
	rg_stranger_how how;
	rg_page page;
} row;

static const row rows[] = {
#define STRANGER(weight, how, page) {weight, RG_STRANGER_##how, RG_PAGE_##page},
#include "stranger.def"
#undef STRANGER
};

static const char *const kits[] = {"cp29", "ukn432", "bp1", "cp20", "a", "b"};
static const char *const words[] = {"page", "kit", "closed", "silent", "late"};

enum { WEIGHTS = 1000, LATE_LEAST_MS = 1000, LATE_MORE_MS = 2000, SILENT_MS = 15000 };

static uint64_t
hash_of(const char *host)
{
	size_t len = strcspn(host, ":");
	uint64_t hash = 0xCBF29CE484222325u; /* FNV-1a */

	if (g_str_has_prefix(host, "www.")) {
		host += 4;
		len -= 4;
	}
	for (size_t i = 0; i < len; i++) {
		hash = (hash ^ (uint8_t)g_ascii_tolower(host[i])) * 0x100000001B3u;
	}
	/* The low bits of FNV hang on the last letters too much: stirred once more. */
	rg_rng stirred = {hash};
	return rg_rng_next(&stirred);
}

void
rg_stranger_of(const char *host, rg_stranger *ret)
{
	uint64_t hash = hash_of(host);
	unsigned at = (unsigned)(hash % WEIGHTS);
	size_t i = 0;

	for (; i + 1 < G_N_ELEMENTS(rows) && at >= rows[i].weight; i++) {
		at -= rows[i].weight;
	}
	*ret = (rg_stranger){.how = rows[i].how,
		.page = rows[i].page,
		.word = words[rows[i].how],
		.hash = hash / WEIGHTS};
	if (ret->how == RG_STRANGER_KIT) {
		ret->kit = kits[ret->hash % G_N_ELEMENTS(kits)];
		ret->word = ret->kit;
	}
}

/* ---- what it shows ---- */

/* No two sites are alike to the letter: what is put in is the name's own. */
static const char *const families[] = {"青木", "石川", "上田", "遠藤", "岡本", "片山", "木下",
	"黒田", "小松", "坂井", "清水", "須藤", "高野", "千葉", "土屋", "中島", "西村", "野口",
	"原田", "平井", "福島", "松尾", "宮本", "森田", "山口", "吉村", "渡部", "早川"};
static const char *const trades[] = {"商店", "工業", "製作所", "建設", "農園", "印刷", "運輸",
	"設計", "電機", "食品", "不動産", "整骨院", "美容室", "写真館", "塾", "旅館"};
static const char *const places[] = {"札幌市北区", "仙台市青葉区", "新潟市中央区", "長野市",
	"金沢市", "静岡市葵区", "名古屋市中区", "京都市左京区", "神戸市灘区", "岡山市北区",
	"広島市南区", "高松市", "松山市", "福岡市早良区", "熊本市東区", "那覇市"};
static const char *const lines[] = {"営業時間は十時から十八時まで、水曜日はお休みです。",
	"駐車場は店の裏に三台分ございます。", "お問い合わせは電話でお願いいたします。",
	"創業は昭和四十二年、親子三代で続けております。", "新しい仲間を募集しています。",
	"年末年始は十二月三十日から一月三日までお休みです。",
	"初めての方もお気軽にお越しください。", "地域の皆さまに支えられて三十周年を迎えました。",
	"雨の日は割引があります。", "作業の様子を写真でご紹介しています。",
	"出張でのご相談も承ります。", "予約は前日までにお願いいたします。",
	"材料はすべて国産です。", "見学は随時受け付けています。", "小さなお子さま連れも歓迎です。",
	"次の催しは来月の第二日曜日です。"};
#define OF(list, rng) list[rg_rng_below((rng), (uint32_t)G_N_ELEMENTS(list))]

static void
put_before_end(GString *body, const char *text)
{
	const char *end = g_strrstr(body->str, "</body>");

	g_string_insert(body, end ? (gssize)(end - body->str) : -1, text);
}

static void
vary(const rg_stranger *s, rg_answer *ret)
{
	rg_rng rng = {s->hash};
	g_autoptr(GString) text = g_string_new("<section>");
	unsigned count = 1 + rg_rng_below(&rng, 3);

	for (unsigned i = 0; i < count; i++) {
		g_string_append_printf(text, "<p>%s</p>", OF(lines, &rng));
	}
	g_string_append_printf(text, "</section><footer>%s%s %s%u-%u</footer>", OF(families, &rng),
		OF(trades, &rng), OF(places, &rng), 1 + rg_rng_below(&rng, 40),
		1 + rg_rng_below(&rng, 30));
	put_before_end(ret->body, text->str);
}

/* A kit is the same everywhere but for what its server puts in. */
static bool
answer_kit(const rg_stranger *s, const rg_visitor *v, rg_answer *ret)
{
	uint64_t number = strcmp(v->path, "/") == 0 ? 1 : g_ascii_strtoull(v->path + 1, NULL, 10);
	g_autofree char *mark = g_strdup_printf("<!-- %016" G_GINT64_MODIFIER "x -->", s->hash);

	if (!rg_sites_kit(s->kit, (unsigned)CLAMP(number, 1, 1000), ret)) {
		rg_sites_page(RG_PAGE_NOTFOUND, v, "", ret);
		return true;
	}
	put_before_end(ret->body, mark);
	return true;
}

bool
rg_stranger_answer(const rg_visitor *v, rg_answer *ret)
{
	rg_stranger s;

	rg_stranger_of(v->host, &s);
	if (s.how == RG_STRANGER_KIT) {
		return answer_kit(&s, v, ret);
	}
	if (s.how == RG_STRANGER_CLOSED || s.how == RG_STRANGER_SILENT) {
		*ret = (rg_answer){.wait_ms = s.how == RG_STRANGER_SILENT ? SILENT_MS : 0};
		return false;
	}
	rg_sites_page(strcmp(v->path, "/") == 0 ? s.page : RG_PAGE_NOTFOUND, v, "", ret);
	if (ret->status == 200 && ret->body->len > 0 && s.page != RG_PAGE_BLANK &&
		s.page != RG_PAGE_SERVER_FIRST) {
		vary(&s, ret);
	}
	if (s.how == RG_STRANGER_LATE) {
		ret->wait_ms = LATE_LEAST_MS + (unsigned)(s.hash % LATE_MORE_MS);
	}
	return true;
}

/* ---- names ---- */

void
rg_stranger_name(rg_rng *rng, GString *ret)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	static const char *const beats[] = {"ba", "da", "fi", "go", "ka", "ki", "la", "mo", "ne",
		"po", "ra", "ri", "sa", "tu", "ve", "xi", "yo", "za"};
	static const char *const suffixes[] = {"com", "com", "com", "net", "top", "xyz", "cn",
		"shop", "cfd", "icu", "online", "site", "store", "info", "vip", "cc", "jp", "org",
		"click", "sbs"};
	bool spoken = rg_rng_chance(rng, 0.35);
	unsigned count = spoken ? 3 + rg_rng_below(rng, 3) : 6 + rg_rng_below(rng, 7);

	g_string_truncate(ret, 0);
	for (unsigned i = 0; i < count; i++) {
		if (spoken) {
			g_string_append(ret, OF(beats, rng));
		} else {
			g_string_append_c(ret, letters[rg_rng_below(rng, i == 0 ? 26 : 36)]);
		}
	}
	g_string_append_printf(ret, ".%s", OF(suffixes, rng));
}
