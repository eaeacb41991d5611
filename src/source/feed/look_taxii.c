#include <string.h>

#include "source/feed/look_int.h"
#include "source/feed/read_int.h"
#include "source/feed/when.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"

/* TAXII 2.1 (OASIS, 2021-06-10), as a client: discovery (4.1), API root (4.2), collections (5.1), objects (5.4). */

#define ACCEPT "application/taxii+json;version=2.1"

enum { ROOTS_MAX = 32, COLLECTIONS_MAX = 1000, ID_MAX = 128, NEXT_MAX = 1000, PAGE_LIMIT = 1000 };

typedef struct collection {
	char *id;
	char *url;   /* ends in a slash */
	char *after; /* added_after; NULL: from the beginning */
} collection;

static void
collection_free(gpointer data)
{
	collection *c = data;

	g_free(c->id);
	g_free(c->url);
	g_free(c->after);
	g_free(c);
}

static char *
with_slash(const char *url)
{
	return g_strconcat(url, g_str_has_suffix(url, "/") ? "" : "/", NULL);
}

/* scheme://host:port of a URL: its length. */
static size_t
origin_len(const char *url)
{
	const char *at = strstr(url, "://");

	return at ? (size_t)(at + 3 - url) + strcspn(at + 3, "/?#") : 0;
}

/* A URL of an answer, absolute or from the root. Only the server that the feed's file names is ever asked: NULL for another. */
static char *
same_origin(const char *base, const char *text)
{
	size_t len = origin_len(base);

	if (*text == '/' && text[1] != '/') {
		g_autofree char *origin = g_strndup(base, len);
		return g_strconcat(origin, text, g_str_has_suffix(text, "/") ? "" : "/", NULL);
	}
	if (origin_len(text) != len || g_ascii_strncasecmp(base, text, len) != 0) {
		return NULL;
	}
	return with_slash(text);
}

static void
escape(GString *out, const char *text)
{
	for (; *text; text++) {
		if (g_ascii_isalnum(*text) || strchr("-._~", *text)) {
			g_string_append_c(out, *text);
		} else {
			g_string_append_printf(out, "%%%02X", (unsigned char)*text);
		}
	}
}

/* A JSON resource. */
static hk_json_doc *
get(hk_look *look, const char *url, GError **error)
{
	const hk_feed_answer *answer = hk_feed_get(look->net, url, ACCEPT, NULL, NULL, error);
	hk_span body;

	if (!answer) {
		return NULL;
	}
	look->tally->answers++;
	look->tally->bytes += answer->bytes;
	hk_json_doc *doc = hk_feed_body(answer->body, &body, error)
				   ? hk_json_load(body, look->config->max_bytes, error)
				   : NULL;
	if (!doc) {
		g_prefix_error(error, "%s: ", url);
	}
	return doc;
}

static bool
is_wanted(const hk_look *look, const char *id, const char *title, const char *alias,
	GHashTable *found)
{
	const GPtrArray *wanted = look->config->collections;

	for (unsigned i = 0; i < wanted->len; i++) {
		if (g_strcmp0(wanted->pdata[i], id) == 0 ||
			g_strcmp0(wanted->pdata[i], title) == 0 ||
			g_strcmp0(wanted->pdata[i], alias) == 0) {
			g_hash_table_add(found, wanted->pdata[i]);
			return true;
		}
	}
	return wanted->len == 0;
}

/* Where a collection stood. */
static char *
after_of(const hk_look *look, const char *id)
{
	hk_json collections;
	int64_t ms;

	if (!look->known || !hk_json_has(&look->was, "collections") ||
		!hk_json_object(&look->was, "collections", &collections, NULL)) {
		return NULL;
	}
	const char *text = hk_feed_str(&collections, id);
	return text && hk_feed_when(hk_span_str(text), &ms) ? g_strdup(text) : NULL;
}

static bool
id_fits(const char *id)
{
	size_t len = strlen(id);

	return len > 0 && len <= ID_MAX && *id != '.' &&
	       strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") ==
		       len;
}

/* One element of collections, or the resource of a collection itself (url then is its own). */
static void
add_collection(hk_look *look, const hk_json *json, const char *root, const char *own,
	GPtrArray *all, GHashTable *found)
{
	const char *id = hk_feed_str(json, "id");
	bool readable = false;

	if (!id || !id_fits(id) || all->len >= COLLECTIONS_MAX ||
		(hk_json_has(json, "can_read") &&
			(!hk_json_bool(json, "can_read", &readable, NULL) || !readable))) {
		return;
	}
	if (!own && !is_wanted(look, id, hk_feed_str(json, "title"), hk_feed_str(json, "alias"),
			    found)) {
		return;
	}
	collection *c = g_new0(collection, 1);
	c->id = g_strdup(id);
	c->url = own ? g_strdup(own) : g_strconcat(root, "collections/", id, "/", NULL);
	c->after = after_of(look, id);
	g_ptr_array_add(all, c);
}

static bool
read_root(hk_look *look, const char *root, GPtrArray *all, GHashTable *found, GError **error)
{
	g_autofree char *url = g_strconcat(root, "collections/", NULL);
	g_autoptr(hk_json_doc) doc = get(look, url, error);
	hk_json list;

	if (!doc) {
		return false;
	}
	hk_json top = hk_json_root(doc);
	if (!hk_json_has(&top, "collections")) {
		return true; /* 5.1: none that we may see */
	}
	if (!hk_json_array(&top, "collections", &list, error)) {
		g_prefix_error(error, "%s: ", url);
		return false;
	}
	for (size_t i = 0; i < hk_json_len(&list); i++) {
		hk_json element = hk_json_at(&list, i);
		add_collection(look, &element, root, NULL, all, found);
	}
	return true;
}

/* Every API root of the discovery resource that is on the same server. */
static bool
read_roots(hk_look *look, const hk_json *top, const char *base, GPtrArray *all, GHashTable *found,
	GError **error)
{
	unsigned foreign = 0, read = 0;
	hk_json list;

	if (!hk_json_array(top, "api_roots", &list, error)) {
		return false;
	}
	for (size_t i = 0; i < hk_json_len(&list) && i < ROOTS_MAX; i++) {
		hk_json element = hk_json_at(&list, i);
		const char *text = hk_json_text(&element);
		g_autofree char *root = text ? same_origin(base, text) : NULL;
		if (!root) {
			foreign++;
		} else if (!read_root(look, root, all, found, error)) {
			return false;
		} else {
			read++;
		}
	}
	return read > 0 || foreign == 0 ||
	       hk_error_set(error, HK_EPOLICY,
		       "%s: its API roots are on other servers, which are not asked; name one in "
		       "'url'",
		       base);
}

/* The collections to read: what stands behind the URL is seen from the answer. */
static bool
find_collections(hk_look *look, GPtrArray *all, GError **error)
{
	g_autofree char *base = with_slash(look->config->url);
	g_autoptr(GHashTable) found = g_hash_table_new(g_str_hash, g_str_equal);
	g_autoptr(hk_json_doc) doc = get(look, base, error);
	bool good = true;

	if (!doc) {
		return false;
	}
	hk_json top = hk_json_root(doc);
	if (hk_json_has(&top, "api_roots")) {
		good = read_roots(look, &top, base, all, found, error);
	} else if (hk_json_has(&top, "versions")) {
		good = read_root(look, base, all, found, error);
	} else if (hk_json_has(&top, "id") && hk_json_has(&top, "can_read")) {
		add_collection(look, &top, NULL, base, all, found);
	} else {
		return hk_error_set(error, HK_EFORM,
			"%s: neither a TAXII discovery, nor an API root, nor a collection", base);
	}
	for (unsigned i = 0; good && i < look->config->collections->len; i++) {
		const char *name = look->config->collections->pdata[i];
		if (all->len > 0 && hk_json_has(&top, "can_read")) {
			break;
		}
		if (!g_hash_table_contains(found, name)) {
			return hk_error_set(error, HK_ENOENT,
				"%s: there is no collection '%s', or it is not ours to read", base,
				name);
		}
	}
	return good &&
	       (all->len > 0 || hk_error_set(error, HK_ENOENT,
					"%s: there is no collection that may be read", base));
}

static char *
position_of(const hk_look *look, const GPtrArray *all)
{
	GString *out = hk_look_position(look);

	hk_jsonw_key(out, "collections");
	hk_jsonw_open(out, '{');
	for (unsigned i = 0; i < all->len; i++) {
		const collection *c = all->pdata[i];
		hk_look_member(out, c->id, c->after);
	}
	hk_jsonw_close(out, '}');
	hk_jsonw_close(out, '}');
	return g_string_free(out, FALSE);
}

/* What an envelope says about the next one, and the last time of this one. */
typedef struct page {
	bool more;
	char *next; /* owned */
	char *last; /* owned; checked; NULL: not said */
} page;

static void
page_clear(page *p)
{
	g_free(p->next);
	g_free(p->last);
	*p = (page){0};
}

static bool
read_page(hk_look *look, const char *url, page *ret, GError **error)
{
	const hk_feed_answer *answer = hk_feed_get(look->net, url, ACCEPT, NULL, NULL, error);
	int64_t ms;

	if (!answer) {
		return false;
	}
	look->tally->answers++;
	look->tally->bytes += answer->bytes;
	g_autoptr(hk_json_doc) doc = hk_json_load(answer->body, look->config->max_bytes, error);
	if (!doc || !hk_look_read(look, answer->body, error)) {
		g_prefix_error(error, "%s: ", url);
		return false;
	}
	hk_json top = hk_json_root(doc);
	const char *next = hk_feed_str(&top, "next");
	ret->more = hk_json_has(&top, "more") && hk_json_bool(&top, "more", &ret->more, NULL) &&
		    ret->more;
	ret->next = next && *next && strlen(next) <= NEXT_MAX ? g_strdup(next) : NULL;
	ret->last = answer->kept && hk_feed_when(hk_span_str(answer->kept), &ms)
			    ? g_strdup(answer->kept)
			    : NULL;
	return true;
}

static char *
page_url(const collection *c, const char *after, const char *next)
{
	GString *out = g_string_new(c->url);

	g_string_append_printf(out, "objects/?limit=%d", PAGE_LIMIT);
	if (after) {
		g_string_append(out, "&added_after=");
		escape(out, after);
	}
	if (next) {
		g_string_append(out, "&next=");
		escape(out, next);
	}
	return g_string_free(out, FALSE);
}

/* Between pages the position stays a second behind the last object: others of the same moment may be on the next page. At the end
 * it is that object's time, as the standard wants it. */
static void
advance(collection *c, const page *p)
{
	char text[HK_CLOCK_TEXT_SIZE];
	int64_t ms, now;

	if (!p->last || !hk_feed_when(hk_span_str(p->last), &ms)) {
		return;
	}
	/* Never backwards: a server whose clock jumps would have us read in circles. */
	if (c->after && hk_feed_when(hk_span_str(c->after), &now) &&
		now > ms - (p->more ? 1000 : 0)) {
		return;
	}
	g_free(c->after);
	c->after = p->more ? g_strdup(hk_clock_format(MAX(ms - 1000, 0), text)) : g_strdup(p->last);
}

/* Without a `next` the client goes on by time (3.4.1): from just before the last object, for others of the same moment may not
 * have been on its page. NULL when the server does not say the time. */
static char *
just_before(const char *last)
{
	char text[HK_CLOCK_TEXT_SIZE];
	int64_t ms;

	return last && hk_feed_when(hk_span_str(last), &ms)
		       ? g_strdup(hk_clock_format(MAX(ms - 1, 0), text))
		       : NULL;
}

static bool
read_collection(hk_look *look, const GPtrArray *all, collection *c, GError **error)
{
	g_autofree char *after = g_strdup(c->after);
	g_autofree char *next = NULL;

	for (unsigned n = 0; n < HK_FEED_PAGES_MAX; n++) {
		g_autofree char *url = page_url(c, after, next);
		page p = {0};
		if (!read_page(look, url, &p, error)) {
			return false;
		}
		advance(c, &p);
		g_autofree char *position = position_of(look, all);
		g_autofree char *by_time = p.more && !p.next ? just_before(p.last) : NULL;
		bool stuck = p.more && (p.next ? g_strcmp0(p.next, next) == 0
					       : !by_time || g_strcmp0(by_time, after) == 0);
		bool more = p.more;
		g_free(next);
		next = g_strdup(p.next);
		if (by_time) {
			g_free(after);
			after = g_steal_pointer(&by_time);
		}
		page_clear(&p);
		if (!hk_look_write(look, position, error)) {
			return false;
		}
		if (!more) {
			return true;
		}
		if (stuck) {
			return hk_error_set(error, HK_EREMOTE,
				"collection %s: the server promises more pages and sends the same "
				"one again",
				c->id);
		}
	}
	return hk_error_set(
		error, HK_ELIMIT, "collection %s: more than %d pages", c->id, HK_FEED_PAGES_MAX);
}

bool
hk_look_taxii(hk_look *look, GError **error)
{
	g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(collection_free);

	if (!find_collections(look, all, error)) {
		return false;
	}
	for (unsigned i = 0; i < all->len; i++) {
		if (!read_collection(look, all, all->pdata[i], error)) {
			return false;
		}
	}
	return true;
}
