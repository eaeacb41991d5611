#include <stdlib.h>
#include <string.h>

#include "evidence/cloak_int.h"
#include "evidence/pageform.h"
#include "match/mmh3.h"
#include "sys/textfold.h"

enum {
	GRAM = 5, /* letters in a row, of a text */
	GRAM_TITLE = 3,
	LETTERS_MAX = 8000,   /* of a text that are compared */
	LETTERS_SOME = 40,    /* fewer are no text to compare */
	LETTERS_FEW = 12,     /* fewer are nothing to read */
	LETTERS_SHORT = 200,  /* of a page that may say that there is nothing */
	LETTERS_CURTAIN = 80, /* of a page before a click that hides what it is */
	LETTERS_NAMED = 20,   /* of one that says where its login button leads to */
	NONCE = 12,           /* characters of a word of letters and digits that is no word */
	SERVER_ERROR = 500,
};

/* Shares. A page has this much in common with one that it has something to do with. */
#define RELATED_TEXT  0.2
#define ALIKE_TEXT    0.5
#define FOREIGN_TEXT  0.12
#define FOREIGN_TITLE 0.2
#define FOREIGN_LINKS 0.2
#define FOREIGN_PATHS 0.8
/* A translation keeps the structure of a page and nothing else. */
#define TRANSLATED_PATHS 0.5

static const struct {
	enum { DENIED, STOPPED, LOGIN } kind;
	const char *words;
} words_table[] = {
#define CLOAKWORDS(kind, words) {kind, words},
#include "evidence/cloakwords.def"
#undef CLOAKWORDS
};

/* Labels in front of a host that stand for a device, a language, or nothing. */
static const char *const side_labels[] = {"www", "m", "sp", "s", "smp", "mobile", "touch", "pc",
	"amp", "lite", "ja", "jp", "en", "us", "www2", NULL};

/* Where everybody is sent who has the wrong device for an app. */
static const char *const stores[] = {
	"apps.apple.com", "itunes.apple.com", "play.google.com", "apps.microsoft.com", NULL};

static bool
says_one_of(int kind, const char *folded)
{
	for (size_t i = 0; i < G_N_ELEMENTS(words_table); i++) {
		if ((int)words_table[i].kind == kind &&
			hk_form_words_in(folded, words_table[i].words)) {
			return true;
		}
	}
	return false;
}

/* ---- sets ---- */

static int
by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* Takes hashes. */
static hk_cloak_set
set_of(GArray *hashes)
{
	size_t kept = 0;
	uint32_t *h = (uint32_t *)(void *)hashes->data;

	if (hashes->len > 0) {
		qsort(h, hashes->len, sizeof *h, by_value);
	}
	for (size_t i = 0; i < hashes->len; i++) {
		if (kept == 0 || h[kept - 1] != h[i]) {
			h[kept++] = h[i];
		}
	}
	return (hk_cloak_set){(uint32_t *)(void *)g_array_free(hashes, FALSE), kept};
}

static size_t
shared(const hk_cloak_set *a, const hk_cloak_set *b)
{
	size_t n = 0;

	for (size_t i = 0, k = 0; i < a->count && k < b->count;) {
		uint32_t x = a->hash[i], y = b->hash[k];

		n += x == y;
		i += x <= y;
		k += y <= x;
	}
	return n;
}

double
hk_cloak_near(const hk_cloak_set *a, const hk_cloak_set *b)
{
	size_t least = MIN(a->count, b->count);

	return least == 0 ? a->count == b->count : (double)shared(a, b) / (double)least;
}

double
hk_cloak_jaccard(const hk_cloak_set *a, const hk_cloak_set *b)
{
	size_t both = shared(a, b), all = a->count + b->count - both;

	return all == 0 ? 1 : (double)both / (double)all;
}

static void
put(GArray *hashes, hk_span thing)
{
	uint32_t hash = hk_mmh3(thing, 0);

	g_array_append_val(hashes, hash);
}

/* ---- normal form ---- */

/* A run of letters and digits that no person reads: a nonce, a session, a tracking number. */
static bool
is_nonce(const char *word, size_t len)
{
	bool digit = false, letter = false;

	for (size_t i = 0; i < len; i++) {
		digit = digit || g_ascii_isdigit(word[i]);
		letter = letter || g_ascii_isalpha(word[i]);
	}
	return len >= NONCE && digit && letter;
}

/* Letters of a folded text, without blanks, digits, marks and nonces; ends of the letters in ends. */
static GString *
letters_of(const char *folded, GArray *ends)
{
	GString *out = g_string_new(NULL);

	for (const char *at = folded; *at && ends->len < LETTERS_MAX;) {
		size_t run = 0;

		while (g_ascii_isalnum(at[run])) {
			run++;
		}
		if (is_nonce(at, run)) {
			at += run;
			continue;
		}
		const char *stop = at + MAX(run, 1);
		while (at < stop) {
			const char *next = g_utf8_next_char(at);
			if (g_unichar_isalpha(g_utf8_get_char(at))) {
				g_string_append_len(out, at, next - at);
				g_array_append_val(ends, out->len);
			}
			at = next;
		}
	}
	return out;
}

/* That many letters in a row, each. ret_letters: or NULL. */
static hk_cloak_set
grams_of(const char *folded, unsigned gram, size_t *ret_letters)
{
	g_autoptr(GArray) ends = g_array_new(FALSE, FALSE, sizeof(gsize));
	GString *text = letters_of(folded, ends);
	GArray *hashes = g_array_new(FALSE, FALSE, sizeof(uint32_t));

	for (guint i = 0; i + gram <= ends->len; i++) {
		gsize from = i ? g_array_index(ends, gsize, i - 1) : 0;
		put(hashes, hk_span_of(text->str + from,
				    g_array_index(ends, gsize, i + gram - 1) - from));
	}
	if (ends->len > 0 && ends->len < gram) {
		put(hashes, hk_span_of(text->str, text->len));
	}
	if (ret_letters) {
		*ret_letters = ends->len;
	}
	g_string_free(text, TRUE);
	return set_of(hashes);
}

static char *
fold(const char *text)
{
	GString *out = g_string_new(NULL);

	hk_textfold(hk_span_str(text), out);
	return g_string_free(out, FALSE);
}

/* "m.shop.example" and "www.shop.example" are one site. */
static char *
site_of(const char *host)
{
	for (const char *at = host;;) {
		const char *dot = strchr(at, '.');
		g_autofree char *label = dot ? g_strndup(at, (size_t)(dot - at)) : NULL;

		if (!dot || !strchr(dot + 1, '.') || !g_strv_contains(side_labels, label)) {
			return g_strdup(at);
		}
		at = dot + 1;
	}
}

/* Addresses without scheme, side of the site, query, digits and nonces: what the page leads to. */
static hk_cloak_set
links_of(const hk_capture_page *page)
{
	GArray *hashes = g_array_new(FALSE, FALSE, sizeof(uint32_t));

	for (guint i = 0; i < page->links->len; i++) {
		const hk_capture_link *link = g_ptr_array_index(page->links, i);
		g_autofree char *host = hk_traits_host(link->url), *site = site_of(host);
		const char *at = strstr(link->url ? link->url : "", "://");
		g_autoptr(GString) out = g_string_new(site);

		for (at = at ? at + 3 + strcspn(at + 3, "/?#") : ""; *at && !strchr("?#", *at);
			at++) {
			if (!g_ascii_isdigit(*at)) {
				g_string_append_c(out, *at);
			}
		}
		put(hashes, hk_span_of(out->str, out->len));
	}
	return set_of(hashes);
}

static hk_cloak_set
paths_of(const hk_capture_page *page)
{
	GArray *hashes = g_array_new(FALSE, FALSE, sizeof(uint32_t));

	for (guint i = 0; i < page->paths->len; i++) {
		put(hashes, hk_span_str(g_ptr_array_index(page->paths, i)));
	}
	return set_of(hashes);
}

/* ---- a page, a visit ---- */

static bool
leads_to_login(const hk_capture_page *page)
{
	for (guint i = 0; i < page->links->len; i++) {
		const hk_capture_link *link = g_ptr_array_index(page->links, i);
		g_autofree char *text = fold(link->text);

		if (says_one_of(LOGIN, text)) {
			return true;
		}
	}
	for (guint i = 0; i < page->fields->len; i++) {
		const hk_capture_field *f = g_ptr_array_index(page->fields, i);
		g_autofree char *text = fold(f->label);

		if (f->visible && g_strcmp0(f->tag, "button") == 0 && says_one_of(LOGIN, text)) {
			return true;
		}
	}
	return false;
}

static bool
has_type(const hk_capture *c, const char *type)
{
	for (guint i = 0; i < c->exchanges->len; i++) {
		const hk_capture_exchange *x = g_ptr_array_index(c->exchanges, i);

		if (g_strcmp0(x->type, type) == 0 && x->status == 200) {
			return true;
		}
	}
	return false;
}

static bool
shows_field(const hk_capture_page *page)
{
	for (guint i = 0; i < page->fields->len; i++) {
		if (((const hk_capture_field *)g_ptr_array_index(page->fields, i))->visible) {
			return true;
		}
	}
	return false;
}

static void
read_page(const hk_capture *c, const hk_capture_page *page, int status, hk_cloak_page *ret)
{
	g_autofree char *text = fold(page->text), *title = fold(page->title);

	ret->page = page;
	ret->status = status;
	ret->host = hk_traits_host(page->url);
	ret->site = site_of(ret->host);
	ret->text = grams_of(text, GRAM, &ret->letters);
	ret->titles = grams_of(title, GRAM_TITLE, NULL);
	ret->links = links_of(page);
	ret->paths = paths_of(page);
	ret->leads_login = leads_to_login(page);
	hk_pageform_tokens(page, &ret->form);
	bool small = ret->letters < LETTERS_SHORT && !ret->form.asks;
	ret->denied = (status >= 400 && status < SERVER_ERROR) ||
		      (small && (says_one_of(DENIED, text) || says_one_of(DENIED, title)));
	ret->empty = ret->letters < LETTERS_FEW && !shows_field(page) && !has_type(c, "Image") &&
		     page->links->len == 0;
	ret->title = g_steal_pointer(&title);
}

static void
clear_page(hk_cloak_page *page)
{
	g_free(page->host);
	g_free(page->site);
	g_free(page->title);
	g_free(page->text.hash);
	g_free(page->titles.hash);
	g_free(page->links.hash);
	g_free(page->paths.hash);
}

/* Of the last step that has one: before the first click, or of all. */
static int
status_of(const hk_capture *c, bool before_click)
{
	int status = 0;

	for (guint i = 0; i < c->hops->len; i++) {
		const hk_capture_hop *hop = g_ptr_array_index(c->hops, i);

		if (before_click && hop->how == HK_CAPTURE_HOW_CLICK) {
			break;
		}
		status = hop->status ? hop->status : status;
	}
	return status;
}

static bool
is_stopped(const hk_capture *c, const hk_cloak_page *page)
{
	g_autofree char *text = fold(page->page->text);

	for (guint i = 0; i < c->exchanges->len; i++) {
		const hk_capture_exchange *x = g_ptr_array_index(c->exchanges, i);

		if (g_strcmp0(x->type, "Document") == 0 &&
			hk_capture_header_get(x->response_headers, "cf-mitigated")) {
			return true;
		}
	}
	return page->letters < 3 * LETTERS_SHORT && !page->form.asks && says_one_of(STOPPED, text);
}

/* Whether the visit came to an end that can be spoken of. */
static bool
ended_well(const hk_capture *c)
{
	static const hk_capture_end failures[] = {HK_CAPTURE_UNREACHABLE, HK_CAPTURE_REFUSED,
		HK_CAPTURE_CRASH, HK_CAPTURE_BROWSER_GONE, HK_CAPTURE_BROWSER_HANG,
		HK_CAPTURE_MEMORY};

	for (size_t i = 0; i < G_N_ELEMENTS(failures); i++) {
		if (c->end == failures[i]) {
			return false;
		}
	}
	return true;
}

static bool
is_failed_status(int status)
{
	return status >= SERVER_ERROR || status == 408 || status == 425 || status == 429;
}

static bool
says(const hk_capture *c, const hk_cloak_page *page)
{
	/* A page that did not come in time may have been about to show anything. */
	bool late = c->end != HK_CAPTURE_COMPLETE && c->end != HK_CAPTURE_DOWNLOAD &&
		    page->letters < LETTERS_SOME && !page->form.asks;

	return !late && !is_failed_status(page->status) && !is_stopped(c, page);
}

void
hk_cloak_view_of(const hk_capture *c, size_t index, hk_cloak_view *ret)
{
	*ret = (hk_cloak_view){.capture = c, .index = index};
	ret->gone = c->end == HK_CAPTURE_UNREACHABLE;
	if (!ended_well(c)) {
		return;
	}
	if (c->pages->len == 0) {
		ret->file = ret->says = c->end == HK_CAPTURE_DOWNLOAD;
		return;
	}
	ret->clicked = c->pages->len > 1;
	read_page(
		c, g_ptr_array_index(c->pages, c->pages->len - 1), status_of(c, false), &ret->last);
	if (ret->clicked) {
		read_page(c, g_ptr_array_index(c->pages, 0), status_of(c, true), &ret->first);
	}
	/* What a press led to failed: what was shown before it says enough. */
	if (ret->clicked && !says(c, &ret->last)) {
		clear_page(&ret->last);
		ret->last = ret->first;
		ret->first = (hk_cloak_page){0};
		ret->clicked = false;
	}
	ret->says = says(c, &ret->last);
}

void
hk_cloak_view_clear(hk_cloak_view *view)
{
	clear_page(&view->first);
	clear_page(&view->last);
}

/* ---- two pages ---- */

static bool
is_related(const hk_cloak_page *a, const hk_cloak_page *b)
{
	bool titles = a->titles.count > 0 && hk_cloak_near(&a->titles, &b->titles) >= ALIKE_TEXT;

	return titles || hk_cloak_near(&a->text, &b->text) >= RELATED_TEXT;
}

static bool
differs_in_form(const hk_cloak_page *a, const hk_cloak_page *b)
{
	const hk_cloak_page *without = a->form.asks ? b : a;

	if (a->form.asks == b->form.asks) {
		return false;
	}
	/* A bank's start page has the login box on it or behind a link, as the screen has room. */
	return !(without->leads_login && is_related(a, b));
}

static bool
differs_in_host(const hk_cloak_page *a, const hk_cloak_page *b)
{
	bool store = g_strv_contains(stores, a->host) || g_strv_contains(stores, b->host);
	bool titles = a->titles.count > 0 && hk_cloak_near(&a->titles, &b->titles) >= ALIKE_TEXT;

	if (strcmp(a->site, b->site) == 0 || (store && !a->form.asks && !b->form.asks)) {
		return false;
	}
	/* The same site under another name: for phones, for a country. */
	return !(a->form.asks == b->form.asks &&
		 (titles || hk_cloak_near(&a->text, &b->text) >= ALIKE_TEXT));
}

static bool
differs_in_text(const hk_cloak_page *a, const hk_cloak_page *b)
{
	bool translated = g_ascii_strncasecmp(a->page->lang ? a->page->lang : "",
				  b->page->lang ? b->page->lang : "", 2) != 0;

	/* Two pages without a link have nothing in common by that. */
	bool links = a->links.count + b->links.count > 0 &&
		     hk_cloak_jaccard(&a->links, &b->links) >= FOREIGN_LINKS;

	return !links && a->letters >= LETTERS_SOME && b->letters >= LETTERS_SOME &&
	       hk_cloak_near(&a->text, &b->text) < FOREIGN_TEXT &&
	       hk_cloak_near(&a->titles, &b->titles) < FOREIGN_TITLE &&
	       hk_cloak_jaccard(&a->paths, &b->paths) <
		       (translated ? TRANSLATED_PATHS : FOREIGN_PATHS);
}

static unsigned
compare_pages(const hk_cloak_page *a, const hk_cloak_page *b)
{
	unsigned what = 0;

	if (a->denied && b->denied) {
		return 0;
	}
	if (a->denied != b->denied) {
		const hk_cloak_page *other = a->denied ? b : a;
		return other->empty ? 0 : HK_CLOAK_STATUS;
	}
	if (a->empty != b->empty) {
		const hk_cloak_page *other = a->empty ? b : a;
		what |= other->letters >= LETTERS_SOME || other->form.asks ? HK_CLOAK_EMPTY : 0;
	}
	what |= differs_in_form(a, b) ? HK_CLOAK_FORM : 0;
	what |= differs_in_host(a, b) ? HK_CLOAK_HOST : 0;
	what |= differs_in_text(a, b) ? HK_CLOAK_TEXT : 0;
	return what;
}

unsigned
hk_cloak_compare(const hk_cloak_view *a, const hk_cloak_view *b)
{
	if (a->file || b->file) {
		return a->file == b->file ? 0 : HK_CLOAK_FILE;
	}
	/* Where only one of them pressed, what both saw before is compared, too: that a click was missed is no difference. */
	if (a->clicked != b->clicked) {
		const hk_cloak_page *pressed = a->clicked ? &a->first : &b->first;
		const hk_cloak_page *other = a->clicked ? &b->last : &a->last;
		if (compare_pages(pressed, other) == 0) {
			return 0;
		}
	}
	/* Both pressed a dead link: what is in front of it is the site. */
	bool nowhere = a->clicked && b->clicked && a->last.denied && b->last.denied;
	return nowhere ? compare_pages(&a->first, &b->first) : compare_pages(&a->last, &b->last);
}

bool
hk_cloak_curtain(const hk_cloak_view *view)
{
	if (!view->says || !view->clicked || view->first.form.asks || !view->last.form.asks) {
		return false;
	}
	/* "Mihon Bank, members' pages [log in]" hides nothing. */
	bool mark = hk_form_tokens_has(&view->first.form, HK_FORM_WARN_MARK);
	bool open = !mark && view->first.leads_login && view->first.letters >= LETTERS_NAMED;
	return !open && view->first.letters < LETTERS_CURTAIN;
}
