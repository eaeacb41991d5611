/* Tag paths as a browser's document has them, without building one: the same kit has the same paths whether it was captured or only read. */
#include <stdlib.h>
#include <string.h>

#include "score/page_int.h"

/* How far down an element is looked for: who nests deeper wants to cost us time. */
enum { REACH = 64, FNV_BASIS = 0x811c9dc5u, FNV_PRIME = 0x01000193u };

typedef struct element {
	const char *name;
	unsigned kind;
} element;

#define B HK_PAGE_EL_BLOCK
/* Sorted by name. */
static const element elements[] = {
	{"address", B},
	{"area", HK_PAGE_EL_VOID},
	{"article", B},
	{"aside", B},
	{"base", HK_PAGE_EL_VOID | HK_PAGE_EL_HEADY},
	{"blockquote", B},
	{"body", HK_PAGE_EL_BODY},
	{"br", HK_PAGE_EL_VOID},
	{"button", HK_PAGE_EL_SCOPE},
	{"caption", HK_PAGE_EL_SCOPE},
	{"center", B},
	{"col", HK_PAGE_EL_VOID},
	{"dd", B | HK_PAGE_EL_DD},
	{"details", B},
	{"dialog", B},
	{"dir", B},
	{"div", B},
	{"dl", B | HK_PAGE_EL_LIST},
	{"dt", B | HK_PAGE_EL_DD},
	{"embed", HK_PAGE_EL_VOID},
	{"fieldset", B},
	{"figcaption", B},
	{"figure", B},
	{"footer", B},
	{"form", B},
	{"h1", B | HK_PAGE_EL_HEADING},
	{"h2", B | HK_PAGE_EL_HEADING},
	{"h3", B | HK_PAGE_EL_HEADING},
	{"h4", B},
	{"h5", B},
	{"h6", B},
	{"head", HK_PAGE_EL_HEAD},
	{"header", B},
	{"hgroup", B},
	{"hr", B | HK_PAGE_EL_VOID},
	{"html", HK_PAGE_EL_HTML | HK_PAGE_EL_SCOPE},
	{"img", HK_PAGE_EL_VOID},
	{"input", HK_PAGE_EL_VOID},
	{"legend", HK_PAGE_EL_HEADING},
	{"li", B | HK_PAGE_EL_LI},
	{"link", HK_PAGE_EL_VOID | HK_PAGE_EL_HEADY},
	{"main", B},
	{"menu", B | HK_PAGE_EL_LIST},
	{"meta", HK_PAGE_EL_VOID | HK_PAGE_EL_HEADY},
	{"nav", B},
	{"object", HK_PAGE_EL_SCOPE},
	{"ol", B | HK_PAGE_EL_LIST},
	{"option", HK_PAGE_EL_OPTION},
	{"p", B | HK_PAGE_EL_P},
	{"param", HK_PAGE_EL_VOID},
	{"pre", B},
	{"script", HK_PAGE_EL_HEADY},
	{"section", B},
	{"source", HK_PAGE_EL_VOID},
	{"style", HK_PAGE_EL_HEADY},
	{"summary", B},
	{"table", B | HK_PAGE_EL_TABLE | HK_PAGE_EL_SCOPE},
	{"tbody", HK_PAGE_EL_ROWS},
	{"td", HK_PAGE_EL_CELL | HK_PAGE_EL_SCOPE},
	{"template", HK_PAGE_EL_SCOPE},
	{"tfoot", HK_PAGE_EL_ROWS},
	{"th", HK_PAGE_EL_CELL | HK_PAGE_EL_SCOPE},
	{"thead", HK_PAGE_EL_ROWS},
	{"title", HK_PAGE_EL_HEADY},
	{"tr", HK_PAGE_EL_TR},
	{"track", HK_PAGE_EL_VOID},
	{"ul", B | HK_PAGE_EL_LIST},
	{"wbr", HK_PAGE_EL_VOID},
};
#undef B

static int
by_name(const void *key, const void *row)
{
	return strcmp(key, ((const element *)row)->name);
}

unsigned
hk_page_element(const char *name)
{
	const element *found =
		bsearch(name, elements, G_N_ELEMENTS(elements), sizeof elements[0], by_name);

	return found ? found->kind : 0;
}

static uint32_t
hash_of(const char *text, size_t len)
{
	uint32_t hash = FNV_BASIS;

	for (size_t i = 0; i < len; i++) {
		hash = (hash ^ (uint8_t)text[i]) * FNV_PRIME;
	}
	return hash;
}

void
hk_page_tags_init(hk_page_tags *ret)
{
	ret->depth = 0;
	ret->body = false;
	ret->end[0] = 0;
	ret->seen = g_hash_table_new(NULL, NULL);
	hk_minhash_init(&ret->shingles);
}

void
hk_page_tags_clear(hk_page_tags *tags)
{
	g_hash_table_unref(tags->seen);
}

/* The path of a child of what stands open; returns its length. Below the last depth that counts a path does not grow. */
static size_t
path_with(hk_page_tags *t, const char *name)
{
	size_t level = MIN(t->depth, HK_PAGE_DEPTH);
	size_t at = t->end[level], len = strlen(name);

	if (level == HK_PAGE_DEPTH) {
		return at;
	}
	if (at > 0) {
		t->path[at++] = '>';
	}
	memcpy(t->path + at, name, len);
	return at + len;
}

static void
note(hk_page_tags *t, const char *name, unsigned kind, bool open)
{
	size_t len = path_with(t, name);
	void *hash = GUINT_TO_POINTER(hash_of(t->path, len));

	if (g_hash_table_size(t->seen) < HK_PAGE_PATHS_MAX_TAGS &&
		g_hash_table_add(t->seen, hash)) {
		hk_minhash_add(&t->shingles, hk_span_of(t->path, len));
	}
	if (open && t->depth < HK_PAGE_DEEP) {
		t->name[t->depth] = hash_of(name, strlen(name));
		t->kind[t->depth] = kind;
		t->depth++;
		if (t->depth <= HK_PAGE_DEPTH) {
			t->end[t->depth] = len;
		}
	}
}

/* Closes the nearest element of that kind, unless a barrier stands in between. */
static void
close_kind(hk_page_tags *t, unsigned kind, unsigned barrier)
{
	for (size_t i = t->depth; i > 0 && t->depth - i < REACH; i--) {
		if (t->kind[i - 1] & kind) {
			t->depth = i - 1;
			return;
		}
		if (t->kind[i - 1] & barrier) {
			return;
		}
	}
}

static unsigned
top(const hk_page_tags *t)
{
	return t->depth > 0 ? t->kind[t->depth - 1] : 0;
}

static void
open_new(hk_page_tags *t, const char *name)
{
	note(t, name, hk_page_element(name), true);
}

/* What nobody writes, and every document has. */
static void
open_around(hk_page_tags *t, unsigned kind)
{
	if (t->depth == 0) {
		open_new(t, "html");
	}
	if (kind & HK_PAGE_EL_HEADY && !t->body) {
		if (t->depth == 1) {
			open_new(t, "head");
		}
	} else if (!t->body) {
		t->depth = 1;
		t->body = true;
		open_new(t, "body");
	}
}

static void
open_rows(hk_page_tags *t, unsigned kind)
{
	if (kind & (HK_PAGE_EL_TR | HK_PAGE_EL_CELL) && top(t) & HK_PAGE_EL_TABLE) {
		open_new(t, "tbody");
	}
	if (kind & HK_PAGE_EL_CELL && top(t) & HK_PAGE_EL_ROWS) {
		open_new(t, "tr");
	}
}

static void
close_before(hk_page_tags *t, unsigned kind)
{
	static const struct {
		unsigned when, close, barrier;
	} rows[] = {
		{HK_PAGE_EL_BLOCK, HK_PAGE_EL_P, HK_PAGE_EL_SCOPE},
		{HK_PAGE_EL_LI, HK_PAGE_EL_LI, HK_PAGE_EL_LIST | HK_PAGE_EL_SCOPE},
		{HK_PAGE_EL_DD, HK_PAGE_EL_DD, HK_PAGE_EL_LIST | HK_PAGE_EL_SCOPE},
		{HK_PAGE_EL_CELL, HK_PAGE_EL_CELL, HK_PAGE_EL_TR | HK_PAGE_EL_TABLE},
		{HK_PAGE_EL_TR, HK_PAGE_EL_TR, HK_PAGE_EL_TABLE},
		{HK_PAGE_EL_ROWS, HK_PAGE_EL_ROWS, HK_PAGE_EL_TABLE},
	};

	if (kind & HK_PAGE_EL_OPTION && top(t) & HK_PAGE_EL_OPTION) {
		t->depth--;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		if (kind & rows[i].when) {
			close_kind(t, rows[i].close, rows[i].barrier);
		}
	}
}

void
hk_page_tags_start(hk_page_tags *t, const char *name, unsigned kind)
{
	if (kind & HK_PAGE_EL_HTML) {
		if (t->depth == 0) {
			open_new(t, "html");
		}
		return;
	}
	if (kind & HK_PAGE_EL_HEAD) {
		open_around(t, HK_PAGE_EL_HEADY);
		return;
	}
	open_around(t, kind);
	if (kind & HK_PAGE_EL_BODY) {
		return;
	}
	close_before(t, kind);
	open_rows(t, kind);
	note(t, name, kind, !(kind & HK_PAGE_EL_VOID));
}

void
hk_page_tags_end(hk_page_tags *t, const char *name, unsigned kind)
{
	uint32_t hash = hash_of(name, strlen(name));

	if (kind & (HK_PAGE_EL_HTML | HK_PAGE_EL_BODY)) {
		return; /* what follows lies in the body all the same */
	}
	for (size_t i = t->depth; i > 1 && t->depth - i < REACH; i--) {
		if (t->name[i - 1] == hash) {
			t->depth = i - 1;
			return;
		}
	}
}
