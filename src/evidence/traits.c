#include "evidence/traits.h"

#include <string.h>

#include "base/codec.h"
#include "evidence/pageform.h"
#include "match/mmh3.h"
#include "sys/fuzzyhash.h"
#include "sys/hash.h"
#include "sys/jsonw.h"
#include "sys/png.h"

static const struct {
	enum { BY_HOST, BY_FILE } where;
	const char *words;
} libraries[] = {
#define COMMONLIB(where, words) {BY_##where, words},
#include "evidence/commonlibs.def"
#undef COMMONLIB
};

char *
hk_traits_host(const char *url)
{
	const char *at = url ? strstr(url, "://") : NULL;

	if (!at) {
		return g_strdup("");
	}
	at += 3;
	const char *end = at + strcspn(at, "/?#");
	const char *user = memchr(at, '@', (size_t)(end - at));
	at = user ? user + 1 : at;
	const char *from = *at == '[' ? at + strcspn(at, "]") : at;
	const char *port = from < end ? memchr(from, ':', (size_t)(end - from)) : NULL;
	return g_strndup(at, (size_t)((port ? port : end) - at));
}

/* Without query and fragment: "/a/b.js". */
static char *
path_of(const char *url)
{
	const char *at = url ? strstr(url, "://") : NULL;

	at = at ? at + 3 + strcspn(at + 3, "/?#") : NULL;
	return at && *at == '/' ? g_strndup(at, strcspn(at, "?#")) : g_strdup("/");
}

static bool
is_below(const char *host, const char *word, size_t len)
{
	size_t own = strlen(host);

	return own >= len && memcmp(host + own - len, word, len) == 0 &&
	       (own == len || host[own - len - 1] == '.');
}

static bool
is_common(const char *url)
{
	g_autofree char *host = hk_traits_host(url), *path = path_of(url);
	g_autofree char *file = g_ascii_strdown(strrchr(path, '/') + 1, -1);

	for (size_t i = 0; i < G_N_ELEMENTS(libraries); i++) {
		for (const char *w = libraries[i].words; *w; w += *w == '|') {
			size_t len = strcspn(w, "|");

			if (libraries[i].where == BY_HOST ? is_below(host, w, len)
							  : strncmp(file, w, len) == 0) {
				return true;
			}
			w += len;
		}
	}
	return false;
}

static void
free_resource(void *user)
{
	hk_traits_resource *r = user;

	g_free(r->url);
	g_free(r->type);
	g_free(r);
}

static void
take_resource(const hk_capture_exchange *x, hk_traits *ret)
{
	static const char *const telling[] = {"Script", "Image", "Stylesheet", "Font", NULL};
	const char *type = x->type ? x->type : "";

	if (!x->body || x->status != 200 || ret->resources->len >= HK_TRAITS_RESOURCES_MAX) {
		return;
	}
	hk_traits_resource *r = g_new0(hk_traits_resource, 1);
	r->url = g_strdup(x->url ? x->url : "");
	r->type = g_strdup(type);
	r->bytes = g_bytes_get_size(x->body);
	memcpy(r->sha256, x->sha256, sizeof r->sha256);
	r->pivot = !x->body_why && r->bytes >= HK_TRAITS_PIVOT_BYTES_MIN &&
		   g_strv_contains(telling, type) && !is_common(r->url);
	g_ptr_array_add(ret->resources, r);
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
take_exchanges(const hk_capture *c, const hk_capture_page *page, hk_traits *ret)
{
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
	g_autofree char *own = hk_traits_host(page->url);

	for (guint i = 0; i < c->exchanges->len; i++) {
		const hk_capture_exchange *x = g_ptr_array_index(c->exchanges, i);
		g_autofree char *host = hk_traits_host(x->url), *path = path_of(x->url);

		take_resource(x, ret);
		if (strcmp(host, own) == 0 && ret->paths->len < HK_TRAITS_PATHS_MAX &&
			!g_hash_table_contains(seen, path)) {
			g_ptr_array_add(ret->paths, path);
			g_hash_table_add(seen, g_steal_pointer(&path));
		}
	}
	g_ptr_array_sort(ret->paths, by_text);
}

static void
take_bytes(const hk_capture_page *page, hk_traits *ret)
{
	size_t len;

	if (page->favicon_bytes && g_bytes_get_size(page->favicon_bytes) > 0) {
		const void *data = g_bytes_get_data(page->favicon_bytes, &len);
		ret->has_favicon = true;
		ret->favicon = hk_mmh3_icon(hk_span_of(data, len));
		hk_sha256(hk_span_of(data, len), ret->favicon_sha256);
	}
	if (page->dom) {
		const void *data = g_bytes_get_data(page->dom, &len);
		ret->fuzzy = hk_fuzzyhash(hk_span_of(data, len));
	}
	if (page->viewport_png) {
		hk_png_look look;
		const void *data = g_bytes_get_data(page->viewport_png, &len);
		if (hk_png_look_at(hk_span_of(data, len), &look, NULL)) {
			ret->has_picture = true;
			ret->plain = look.plain;
			ret->dhash = look.dhash;
			ret->phash = look.phash;
		}
	}
}

static char *
flow_of(const hk_capture *c)
{
	GString *out = g_string_new(NULL);

	for (guint i = 0; i < c->pages->len; i++) {
		hk_form_tokens tokens;
		hk_pageform_tokens(g_ptr_array_index(c->pages, i), &tokens);
		g_autofree char *text = hk_form_tokens_text(&tokens);
		g_string_append_printf(out, "%s%s", *text && out->len ? " | " : "", text);
	}
	return g_string_free(out, FALSE);
}

void
hk_traits_of(const hk_capture *c, hk_traits *ret)
{
	*ret = (hk_traits){.resources = g_ptr_array_new_with_free_func(free_resource),
		.paths = g_ptr_array_new_with_free_func(g_free),
		.years = g_ptr_array_new_with_free_func(g_free),
		.flow = flow_of(c)};
	hk_minhash_init(&ret->shingles);
	if (c->pages->len == 0) {
		return;
	}
	const hk_capture_page *page = g_ptr_array_index(c->pages, c->pages->len - 1);
	ret->has_page = true;
	take_bytes(page, ret);
	take_exchanges(c, page, ret);
	hk_pageform_tokens(page, &ret->form);
	for (guint i = 0; i < page->paths->len; i++) {
		hk_minhash_add(&ret->shingles, hk_span_str(g_ptr_array_index(page->paths, i)));
	}
	for (guint i = 0; i < page->years->len; i++) {
		g_ptr_array_add(ret->years, g_strdup(g_ptr_array_index(page->years, i)));
	}
}

void
hk_traits_clear(hk_traits *traits)
{
	g_ptr_array_unref(traits->resources);
	g_ptr_array_unref(traits->paths);
	g_ptr_array_unref(traits->years);
	g_free(traits->flow);
	g_free(traits->fuzzy);
	*traits = (hk_traits){0};
}

static void
write_hash(GString *out, const char *key, uint64_t hash)
{
	char text[17];

	g_snprintf(text, sizeof text, "%016" G_GINT64_MODIFIER "x", hash);
	hk_jsonw_key(out, key);
	hk_jsonw_str(out, text);
}

static void
write_pictures(const hk_traits *t, GString *out)
{
	hk_jsonw_key(out, "favicon");
	if (t->has_favicon) {
		hk_jsonw_open(out, '{');
		hk_jsonw_key(out, "mmh3");
		hk_jsonw_int(out, t->favicon);
		hk_jsonw_key(out, "sha256");
		hk_jsonw_hex(out, hk_span_of(t->favicon_sha256, sizeof t->favicon_sha256));
		hk_jsonw_close(out, '}');
	} else {
		hk_jsonw_null(out);
	}
	hk_jsonw_key(out, "picture");
	if (t->has_picture) {
		hk_jsonw_open(out, '{');
		write_hash(out, "dhash", t->dhash);
		write_hash(out, "phash", t->phash);
		hk_jsonw_key(out, "plain");
		hk_jsonw_bool(out, t->plain);
		hk_jsonw_close(out, '}');
	} else {
		hk_jsonw_null(out);
	}
}

static void
write_resources(const hk_traits *t, GString *out)
{
	hk_jsonw_key(out, "resources");
	hk_jsonw_open(out, '[');
	for (guint i = 0; i < t->resources->len; i++) {
		const hk_traits_resource *r = g_ptr_array_index(t->resources, i);

		hk_jsonw_open(out, '{');
		hk_jsonw_key(out, "url");
		hk_jsonw_str(out, r->url);
		hk_jsonw_key(out, "type");
		hk_jsonw_str(out, r->type);
		hk_jsonw_key(out, "sha256");
		hk_jsonw_hex(out, hk_span_of(r->sha256, sizeof r->sha256));
		hk_jsonw_key(out, "bytes");
		hk_jsonw_int(out, (int64_t)r->bytes);
		hk_jsonw_key(out, "pivot");
		hk_jsonw_bool(out, r->pivot);
		hk_jsonw_close(out, '}');
	}
	hk_jsonw_close(out, ']');
}

static void
write_sketch(const hk_traits *t, GString *out)
{
	uint8_t bytes[HK_MINHASH_SLOTS * 4];

	for (size_t i = 0; i < HK_MINHASH_SLOTS; i++) {
		uint32_t slot = GUINT32_TO_BE(t->shingles.slot[i]);
		memcpy(bytes + i * 4, &slot, 4);
	}
	hk_jsonw_key(out, "tag_paths");
	if (t->shingles.count > 0) {
		hk_jsonw_hex(out, hk_span_of(bytes, sizeof bytes));
	} else {
		hk_jsonw_null(out);
	}
}

void
hk_traits_json(const hk_traits *t, GString *out)
{
	g_autofree char *form = hk_form_tokens_text(&t->form);

	hk_jsonw_open(out, '{');
	write_pictures(t, out);
	write_sketch(t, out);
	hk_jsonw_key(out, "ssdeep");
	if (t->fuzzy) {
		hk_jsonw_str(out, t->fuzzy);
	} else {
		hk_jsonw_null(out);
	}
	hk_jsonw_key(out, "form");
	hk_jsonw_str(out, form);
	hk_jsonw_key(out, "flow");
	hk_jsonw_str(out, t->flow);
	hk_jsonw_strs(out, "years", (const char *const *)t->years->pdata, t->years->len);
	hk_jsonw_strs(out, "paths", (const char *const *)t->paths->pdata, t->paths->len);
	write_resources(t, out);
	hk_jsonw_close(out, '}');
}

static void
free_pivot(void *user)
{
	hk_traits_pivot *p = user;

	g_free(p->key);
	g_free(p);
}

/* Takes key. */
static void
add_pivot(GPtrArray *list, const char *kind, char *key)
{
	for (guint i = 0; i < list->len; i++) {
		const hk_traits_pivot *other = g_ptr_array_index(list, i);

		if (strcmp(other->kind, kind) == 0 && strcmp(other->key, key) == 0) {
			g_free(key);
			return;
		}
	}
	if (list->len >= HK_TRAITS_PIVOTS_MAX) {
		g_free(key);
		return;
	}
	hk_traits_pivot *p = g_new0(hk_traits_pivot, 1);
	*p = (hk_traits_pivot){kind, key};
	g_ptr_array_add(list, p);
}

static char *
hex_of(const uint8_t *bytes, size_t len)
{
	char *text = g_malloc(2 * len + 1);

	hk_hex_encode(hk_span_of(bytes, len), text);
	return text;
}

GPtrArray *
hk_traits_pivots(const hk_traits *t)
{
	GPtrArray *list = g_ptr_array_new_with_free_func(free_pivot);

	if (t->has_favicon) {
		add_pivot(list, "favicon", g_strdup_printf("%d", t->favicon));
	}
	char *form = hk_form_tokens_key(&t->form);
	if (form) {
		add_pivot(list, "form", form);
	}
	if (t->has_picture && !t->plain) {
		add_pivot(list, "picture", g_strdup_printf("%016" G_GINT64_MODIFIER "x", t->dhash));
	}
	for (guint i = 0; i < t->resources->len; i++) {
		const hk_traits_resource *r = g_ptr_array_index(t->resources, i);

		if (r->pivot) {
			add_pivot(list, "resource", hex_of(r->sha256, sizeof r->sha256));
		}
	}
	return list;
}
