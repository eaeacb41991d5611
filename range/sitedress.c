#include "sitedress.h"

#include <string.h>

static const struct {
	const char *word;
	rg_gate gate;
} gates[] = {
#define SITEGATE(word, gate, what) {word, RG_GATE_##gate},
#include "sitegates.def"
#undef SITEGATE
};

static const char *const page_names[RG_PAGES] = {
#define PAGE(id, ...) #id,
#include "sitepages.def"
#undef PAGE
};

struct rg_dresses {
	GMutex lock;
	GHashTable *of; /* host -> rg_dress */
};

rg_dresses *
rg_dresses_new(void)
{
	rg_dresses *d = g_new0(rg_dresses, 1);

	g_mutex_init(&d->lock);
	d->of = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	return d;
}

void
rg_dresses_free(rg_dresses *d)
{
	if (d) {
		g_hash_table_unref(d->of);
		g_mutex_clear(&d->lock);
		g_free(d);
	}
}

void
rg_dresses_set(rg_dresses *d, const char *host, const rg_dress *dress)
{
	g_mutex_lock(&d->lock);
	g_hash_table_replace(d->of, g_ascii_strdown(host, -1), g_memdup2(dress, sizeof *dress));
	g_mutex_unlock(&d->lock);
}

/* Under the lock. */
static rg_dress *
find(rg_dresses *d, const char *host)
{
	g_autofree char *low = g_ascii_strdown(host, -1);
	rg_dress *dress = g_hash_table_lookup(d->of, low);

	for (const char *dot = strchr(low, '.'); !dress && dot; dot = strchr(dot + 1, '.')) {
		g_autofree char *star = g_strconcat("*", dot, NULL);
		dress = g_hash_table_lookup(d->of, star);
	}
	return dress;
}

bool
rg_dresses_of(rg_dresses *d, const char *host, bool visit, rg_dress *ret)
{
	g_mutex_lock(&d->lock);
	rg_dress *dress = find(d, host);
	if (dress) {
		*ret = *dress;
		dress->used |= visit;
	}
	g_mutex_unlock(&d->lock);
	return dress != NULL;
}

/* ---- Words of the control ---- */

static bool
find_page(const char *word, rg_page *ret)
{
	for (int i = 0; i < RG_PAGES; i++) {
		g_autofree char *name = g_strdelimit(g_ascii_strdown(page_names[i], -1), "_", '-');
		if (strcmp(name, word) == 0) {
			*ret = (rg_page)i;
			return true;
		}
	}
	return false;
}

static bool
find_gate(const char *word, rg_gate *ret)
{
	for (size_t i = 0; i < G_N_ELEMENTS(gates); i++) {
		if (strcmp(gates[i].word, word) == 0) {
			*ret = gates[i].gate;
			return true;
		}
	}
	return false;
}

bool
rg_dress_read(const char *(*query)(void *user, const char *name), void *user, rg_dress *ret)
{
	const char *kit = query(user, "kit"), *page = query(user, "page");
	const char *gate = query(user, "gate"), *other = query(user, "else");

	*ret = (rg_dress){.page = RG_PAGE_LOGIN, .other = RG_PAGE_NOTFOUND, .gate = RG_GATE_ALL};
	g_strlcpy(ret->kit, kit, sizeof ret->kit);
	g_strlcpy(ret->ja, query(user, "ja"), sizeof ret->ja);
	g_strlcpy(ret->en, query(user, "en"), sizeof ret->en);
	return (!*kit || rg_sites_kit_count(kit) > 0) && (!*page || find_page(page, &ret->page)) &&
	       (!*other || find_page(other, &ret->other)) &&
	       (!*gate || find_gate(gate, &ret->gate));
}

/* ---- Its pages ---- */

/* The brand of the tables, as this site's. */
static void
rename_brand(const rg_dress *d, GString *text)
{
	if (*d->ja) {
		g_string_replace(text, "みほん", d->ja, 0);
	}
	if (*d->en) {
		g_string_replace(text, "Mihon", d->en, 0);
	}
}

static void
shown_page(const rg_dress *d, const rg_visitor *v, rg_answer *ret)
{
	bool front = strcmp(v->path, "/") == 0 || strcmp(v->path, "/in") == 0;
	uint64_t number = front ? 1 : g_ascii_strtoull(v->path + 1, NULL, 10);

	if (!*d->kit) {
		rg_sites_page(front ? d->page : RG_PAGE_NOTFOUND, v, "", ret);
	} else if (!rg_sites_kit(d->kit, (unsigned)CLAMP(number, 1, 1000), ret)) {
		rg_sites_page(RG_PAGE_NOTFOUND, v, "", ret);
	}
}

void
rg_dress_answer(
	const rg_dress *d, bool shown, const rg_visitor *v, const char *script, rg_answer *ret)
{
	if (shown) {
		shown_page(d, v, ret);
		rename_brand(d, ret->body);
	} else {
		rg_sites_page(d->other, v, script, ret);
	}
}
