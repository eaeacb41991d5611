#include "score/page_brand.h"

#include <string.h>

#include "base/utf8.h"
#include "sys/patterns.h"
#include "sys/textfold.h"

enum {
	HITS_MAX = 4096,      /* of one area; who has more repeats himself */
	LINE_BYTES_MAX = 240, /* bytes of a line that may be nothing but a brand */
	LINES_MAX = 40,       /* of an area */
	BARES_MAX = 200,      /* lines of a page that are compared with a brand so closely */
	BARE_MAX = 3,         /* characters beside brand and usual words: particles */
	LATIN_MIN = 4,        /* letters of a Latin word; shorter ones stand in everything */
	TOKEN_MIN = 5,
	KANA_MIN = 3,
	KANJI_MIN = 2,
};

/* One word of one brand. */
typedef struct word {
	uint32_t target;
	char *folded;      /* owned */
	const char *spelt; /* borrowed from the pack */
	size_t len;        /* of folded */
	bool latin_left,
		latin_right; /* begins, ends with a letter or digit of ASCII: ends at a word's border */
	bool kana;           /* nothing else, and short: not in the middle of a longer word */
	bool path;
} word;

typedef struct hit {
	uint32_t word;
	size_t from, to;
} hit;

struct hk_page_brands {
	const hk_targets *targets;
	GPtrArray *words; /* of word */
	hk_patterns *patterns;
	GArray *hits;    /* of hit */
	GArray *found;   /* of hk_page_brand */
	uint32_t *place; /* by target: place in found, plus 1; 0: none */
	unsigned bares;  /* that were made of this page */
};

/* Words that the title of any login page may have. Folded before use; the longest first is seen to by trying all. */
static const char usual_words[] =
	"インターネットバンキング|インターネット・バンキング|ネットバンキング|オンラインバンキング|"
	"オンラインサービス|モバイルバンキング|インターネットサービス|"
	"会員専用|会員サービス|会員サイト|会員ページ|会員|公式サイト|公式ホームページ|公式|"
	"ホームページ|トップページ|トップ|ホーム|サイト|マイページ|"
	"ログイン画面|ログインページ|ログイン|ログオン|サインイン|認証画面|ご本人様確認|本人確認|"
	"ご本人確認|本人認証|認証|確認|画面|ダイレクト|"
	"お客さま情報|お客様情報|お客さま|お客様|個人のお客さま|個人のお客様|個人|法人|情報|変更|"
	"更新|再登録|登録|入力|お手続き|手続き|ご案内|"
	"ようこそ|カード|アカウント|アプリ|web|スマートフォン|モバイル|重要なお知らせ|お知らせ|"
	"株式会社|グループ|セキュリティ|サービス|お取引|"
	"internet banking|online banking|mobile banking|ebanking|e-banking|online service|"
	"welcome to|welcome|login|log in|log-in|logon|log on|sign in|signin|sign on|official "
	"site|official|home page|homepage|home|"
	"my "
	"page|mypage|account|accounts|verification|verify|secure|security|personal|business|card|"
	"member|members|customer|page|top|site|app|"
	"online|mobile|service|services|inc.|inc|ltd.|ltd|co.|corporation|group|"
	"copyright|(c)|all rights reserved.|all rights reserved|rights "
	"reserved|&|the|of|to|your|for|in|to|の|へ|に|と|で|を";

static char *
fold(const char *text)
{
	GString *out = g_string_new(NULL);

	hk_textfold(hk_span_str(text), out);
	return g_string_free(out, FALSE);
}

static void
word_free(void *user)
{
	word *w = user;

	g_free(w->folded);
	g_free(w);
}

static bool
is_ascii_word(char c)
{
	return g_ascii_isalnum(c);
}

static bool
is_katakana(uint32_t c)
{
	return c >= 0x30a1 && c <= 0x30fc;
}

/* Characters of a folded word, and whether all are kana. */
static size_t
measure(const char *text, bool *ret_kana, bool *ret_latin)
{
	const uint8_t *at = (const uint8_t *)text, *end = at + strlen(text);
	size_t count = 0, kana = 0, latin = 0;
	uint32_t c;

	for (size_t n; at < end && (n = hk_utf8_next(at, end, &c)) > 0; at += n, count++) {
		kana += is_katakana(c);
		latin += c < 0x80;
	}
	*ret_kana = kana == count;
	*ret_latin = latin == count;
	return count;
}

/* Whether a word is long enough to say something. */
static bool
tells(const char *folded, bool chosen)
{
	bool kana, latin;
	size_t count = measure(folded, &kana, &latin);

	return chosen  ? count >= 2
	       : latin ? count >= LATIN_MIN
		       : count >= (kana ? KANA_MIN : KANJI_MIN);
}

static void
add_word(hk_page_brands *b, uint32_t target, const char *spelt, bool chosen, bool path)
{
	g_autofree char *folded = path ? g_strdup(spelt) : fold(spelt);
	size_t len = strlen(folded);
	bool kana, latin;

	if (len == 0 || len > HK_PATTERN_LEN_MAX || (!path && !tells(folded, chosen))) {
		return;
	}
	size_t count = measure(folded, &kana, &latin);
	word *w = g_new0(word, 1);

	*w = (word){.target = target,
		.spelt = spelt,
		.len = len,
		.latin_left = !path && is_ascii_word(folded[0]),
		.latin_right = !path && is_ascii_word(folded[len - 1]),
		.kana = !path && kana && count <= 4,
		.path = path};
	w->folded = g_steal_pointer(&folded);
	g_ptr_array_add(b->words, w);
}

static void
add_target(hk_page_brands *b, const hk_target *t)
{
	add_word(b, t->number, t->name, false, false);
	for (guint i = 0; i < t->aliases->len; i++) {
		add_word(b, t->number, t->aliases->pdata[i], false, false);
	}
	for (guint i = 0; i < t->words->len; i++) {
		add_word(b, t->number, t->words->pdata[i], true, false);
	}
	for (guint i = 0; i < t->paths->len; i++) {
		add_word(b, t->number, t->paths->pdata[i], true, true);
	}
}

static void
add_tokens(hk_page_brands *b)
{
	size_t count;
	const hk_brand_token *tokens = hk_targets_tokens(b->targets, &count);

	for (size_t i = 0; i < count; i++) {
		if (tokens[i].role == HK_BRAND_TOKEN && !tokens[i].needs_context &&
			tokens[i].len >= TOKEN_MIN) {
			add_word(b, tokens[i].brand, tokens[i].text, false, false);
		}
	}
}

hk_page_brands *
hk_page_brands_new(const hk_targets *targets, const char *cache, GError **error)
{
	g_autoptr(hk_page_brands) b = g_new0(hk_page_brands, 1);
	size_t count = hk_targets_count(targets);

	b->targets = targets;
	b->words = g_ptr_array_new_with_free_func(word_free);
	b->hits = g_array_new(FALSE, FALSE, sizeof(hit));
	b->found = g_array_new(FALSE, TRUE, sizeof(hk_page_brand));
	b->place = g_new0(uint32_t, MAX(count, 1));
	for (size_t i = 0; i < count; i++) {
		add_target(b, hk_targets_get(targets, i));
	}
	add_tokens(b);

	g_autofree hk_pattern *list = g_new0(hk_pattern, MAX(b->words->len, 1));

	for (guint i = 0; i < b->words->len; i++) {
		const word *w = b->words->pdata[i];
		list[i] = (hk_pattern){.text = hk_span_of(w->folded, w->len), .id = i};
	}
	b->patterns = hk_patterns_new(list, b->words->len, cache, error);
	return b->patterns ? g_steal_pointer(&b) : NULL;
}

void
hk_page_brands_free(hk_page_brands *b)
{
	if (b) {
		hk_patterns_free(b->patterns);
		g_ptr_array_unref(b->words);
		g_array_unref(b->hits);
		g_array_unref(b->found);
		g_free(b->place);
		g_free(b);
	}
}

static hk_page_brand *
brand_of(hk_page_brands *b, uint32_t target)
{
	if (b->place[target] == 0) {
		hk_page_brand fresh = {.target = target};

		g_array_append_val(b->found, fresh);
		b->place[target] = b->found->len;
	}
	return &g_array_index(b->found, hk_page_brand, b->place[target] - 1);
}

/* ---- words ---- */

typedef struct scan {
	hk_page_brands *brands;
	const char *text;
	size_t len;
	bool paths;
} scan;

/* The character that ends before text[at], or begins there. 0: none. */
static uint32_t
char_before(const char *text, size_t at)
{
	size_t from = at;
	uint32_t c = 0;

	while (from > 0 && at - from < 4) {
		from--;
		if (((unsigned char)text[from] & 0xc0) != 0x80) {
			return hk_utf8_next((const uint8_t *)text + from,
				       (const uint8_t *)text + at, &c) > 0
				       ? c
				       : 0;
		}
	}
	return 0;
}

static uint32_t
char_at(const char *text, size_t len, size_t at)
{
	uint32_t c = 0;

	return at < len && hk_utf8_next(
				   (const uint8_t *)text + at, (const uint8_t *)text + len, &c) > 0
		       ? c
		       : 0;
}

static bool
stands_alone(const scan *s, const word *w, size_t from, size_t to)
{
	if ((w->latin_left && from > 0 && is_ascii_word(s->text[from - 1])) ||
		(w->latin_right && to < s->len && is_ascii_word(s->text[to]))) {
		return false;
	}
	return !w->kana || !is_katakana(char_before(s->text, from)) ||
	       !is_katakana(char_at(s->text, s->len, to));
}

static void
on_hit(void *user, uint32_t id, size_t end)
{
	const scan *s = user;
	const word *w = s->brands->words->pdata[id];
	hit h = {.word = id, .from = end - w->len, .to = end};

	if (w->path == s->paths && s->brands->hits->len < HITS_MAX &&
		stands_alone(s, w, h.from, h.to)) {
		g_array_append_val(s->brands->hits, h);
	}
}

static int
by_place(const void *a, const void *b)
{
	const hit *left = a, *right = b;

	return left->from != right->from ? (left->from > right->from) - (left->from < right->from)
					 : (left->to < right->to) - (left->to > right->to);
}

/* Hits of an area, in order; what lies within a longer one of another brand is that one's. */
static void
find_hits(hk_page_brands *b, const char *text, size_t len, bool paths)
{
	scan s = {b, text, len, paths};
	size_t kept = 0, covered = 0;

	g_array_set_size(b->hits, 0);
	hk_patterns_scan(b->patterns, text, len, on_hit, &s);
	g_array_sort(b->hits, by_place);
	for (guint i = 0; i < b->hits->len; i++) {
		hit h = g_array_index(b->hits, hit, i);
		const hit *last = kept > 0 ? &g_array_index(b->hits, hit, kept - 1) : NULL;
		bool same = last && last->from == h.from && last->to == h.to;

		if (h.to > covered || same) {
			g_array_index(b->hits, hit, kept++) = h;
			covered = MAX(covered, h.to);
		}
	}
	g_array_set_size(b->hits, (guint)kept);
}

/* usual_words, folded, by their first byte. */
static GPtrArray *const *
usual(void)
{
	static GPtrArray *by_byte[256];
	static gsize done;

	if (g_once_init_enter(&done)) {
		for (size_t i = 0; i < G_N_ELEMENTS(by_byte); i++) {
			by_byte[i] = g_ptr_array_new();
		}
		for (const char *at = usual_words; *at; at += *at == '|') {
			size_t len = strcspn(at, "|");
			g_autofree char *one = g_strndup(at, len);
			char *folded = fold(one);

			g_ptr_array_add(by_byte[(uint8_t)folded[0]], folded);
			at += len;
		}
		g_once_init_leave(&done, 1);
	}
	return by_byte;
}

/* The longest usual word at `at`; 0: none. A Latin one ends at a word's border. */
static size_t
usual_at(const char *text, size_t at, size_t len)
{
	const GPtrArray *list = usual()[(uint8_t)text[at]];
	size_t best = 0;
	bool inside = at > 0 && is_ascii_word(text[at - 1]);

	for (guint i = 0; i < list->len; i++) {
		const char *w = list->pdata[i];
		size_t n = strlen(w);
		bool cut = is_ascii_word(w[0]) &&
			   (inside || (n < len - at && is_ascii_word(w[n - 1]) &&
					      is_ascii_word(text[at + n])));

		if (n > best && n <= len - at && !cut && memcmp(text + at, w, n) == 0) {
			best = n;
		}
	}
	return best;
}

/* Letters beside what is taken and usual. taken: 1 for bytes that are a brand's; may be NULL. */
static size_t
bare(const char *text, size_t len, const uint8_t *taken)
{
	size_t count = 0;

	for (size_t at = 0; at < len;) {
		uint32_t c = 0;
		size_t n = taken && taken[at] ? 0 : usual_at(text, at, len);

		if (n == 0) {
			n = hk_utf8_next(
				(const uint8_t *)text + at, (const uint8_t *)text + len, &c);
			n = MAX(n, 1);
			bool letter = g_unichar_isalpha(c) || g_unichar_isdigit(c) || c > 0xffff;
			bool year = g_unichar_isdigit(c);

			count += letter && !year && !(taken && taken[at]);
		}
		at += n;
	}
	return count;
}

size_t
hk_page_brands_bare(const char *text)
{
	return bare(text, MIN(strlen(text), LINE_BYTES_MAX), NULL);
}

/* Whether the line text[from..to] is nothing but this brand. */
static bool
line_is(hk_page_brands *b, const char *text, size_t from, size_t to, uint32_t target)
{
	uint8_t taken[LINE_BYTES_MAX] = {0};
	bool any = false;

	if (to - from > LINE_BYTES_MAX || b->bares++ >= BARES_MAX) {
		return false;
	}
	for (guint i = 0; i < b->hits->len; i++) {
		const hit *h = &g_array_index(b->hits, hit, i);
		const word *w = b->words->pdata[h->word];

		if (w->target == target && h->from >= from && h->to <= to) {
			memset(taken + (h->from - from), 1, h->to - h->from);
			any = true;
		}
	}
	return any && bare(text + from, to - from, taken) <= BARE_MAX;
}

/* Lines of an area that are nothing but a brand. */
static bool
area_is(hk_page_brands *b, const hk_page_sketch *s, hk_page_area area, uint32_t target)
{
	const char *text = s->area[area];
	size_t from = 0;

	for (unsigned lines = 0; from < s->len[area] && lines < LINES_MAX; lines++) {
		size_t len = strcspn(text + from, "\n");

		if (line_is(b, text, from, from + len, target)) {
			return true;
		}
		from += len + 1;
	}
	return false;
}

static void
mark_words(hk_page_brands *b, const hk_page_sketch *s, hk_page_area area)
{
	for (guint i = 0; i < b->hits->len; i++) {
		const hit *h = &g_array_index(b->hits, hit, i);
		const word *w = b->words->pdata[h->word];
		hk_page_brand *brand = brand_of(b, w->target);
		bool first = !(brand->areas & 1u << area);

		brand->areas |= 1u << area;
		brand->paths += area == HK_PAGE_PATHS;
		if (!first) {
			continue;
		}
		brand->word[area] = w->spelt;
		if (area == HK_PAGE_TITLE) {
			brand->title_is = area_is(b, s, area, w->target);
		} else if (area == HK_PAGE_HEAD) {
			brand->head_is = area_is(b, s, area, w->target);
		} else if (area == HK_PAGE_SITE) {
			brand->site_is = area_is(b, s, area, w->target);
		}
	}
}

/* ---- hosts and hashes ---- */

static void
mark_hosts(hk_page_brands *b, const hk_page_sketch *s, hk_page_area area)
{
	const char *text = s->area[area];

	for (size_t from = 0; from < s->len[area];) {
		size_t len = strcspn(text + from, "\n");
		bool allowed = false;
		const hk_target *t =
			hk_targets_official(b->targets, hk_span_of(text + from, len), &allowed);

		if (t && !allowed) {
			hk_page_brand *brand = brand_of(b, t->number);
			const char **place = area == HK_PAGE_LOADS   ? &brand->loads
					     : area == HK_PAGE_LINKS ? &brand->links
								     : &brand->sends;
			*place = *place ? *place : text + from;
		}
		from += len + 1;
	}
}

static void
mark_hashes(hk_page_brands *b, const hk_page_sketch *s)
{
	const hk_target *icon = s->has_icon ? hk_targets_icon(b->targets, s->icon) : NULL;

	if (icon) {
		brand_of(b, icon->number)->icon = true;
	}
	for (size_t i = 0; i < s->hash_count; i++) {
		const hk_target *t = hk_targets_logo(b->targets, s->hash[i]);

		if (t) {
			brand_of(b, t->number)->logo = true;
		}
	}
}

const GArray *
hk_page_brands_find(hk_page_brands *b, const hk_page_sketch *s)
{
	for (guint i = 0; i < b->found->len; i++) {
		b->place[g_array_index(b->found, hk_page_brand, i).target] = 0;
	}
	g_array_set_size(b->found, 0);
	b->bares = 0;
	for (hk_page_area area = 0; area <= HK_PAGE_PATHS; area++) {
		find_hits(b, s->area[area], s->len[area], area == HK_PAGE_PATHS);
		mark_words(b, s, area);
	}
	for (hk_page_area area = HK_PAGE_LOADS; area <= HK_PAGE_SENDS; area++) {
		mark_hosts(b, s, area);
	}
	mark_hashes(b, s);
	return b->found;
}
