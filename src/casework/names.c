#include "casework/names.h"

#include <string.h>

#include "store/reads.h"
#include "sys/json.h"
#include "sys/textfold.h"

enum { OWN = 2, OTHER = 1, WITHIN_MIN = 5 /* bytes: two kanji have six */ };

struct hk_names {
	GStringChunk *texts;
	GHashTable *names;    /* folded -> hk_named; NULL value: two have it */
	GHashTable *domains;  /* -> OWN or OTHER */
	GHashTable *services; /* "target\nfolded name" -> key; "target" -> "" when it has any */
};

void
hk_names_free(hk_names *n)
{
	if (n) {
		g_hash_table_unref(n->names);
		g_hash_table_unref(n->domains);
		g_hash_table_unref(n->services);
		g_string_chunk_free(n->texts);
		g_free(n);
	}
}

static char *
folded(const char *text)
{
	g_autoptr(GString) plain = g_string_new(NULL);
	GString *out = g_string_new(NULL);

	hk_textfold(hk_span_str(text), plain);
	for (size_t i = 0; i < plain->len; i++) {
		if (!strchr(" -_\n", plain->str[i])) {
			g_string_append_c(out, plain->str[i]);
		}
	}
	return g_string_free(out, FALSE);
}

static void
add(hk_names *n, const char *text, const char *target, const char *service)
{
	g_autofree char *key = text ? folded(text) : NULL;
	void *old;

	if (!key || *key == '\0') {
		return;
	}
	if (g_hash_table_lookup_extended(n->names, key, NULL, &old)) {
		const hk_named *known = old;
		/* A target's own name is stronger than a service's, and a service may be called like its target. */
		if (known && service == NULL && known->service == NULL &&
			strcmp(known->target, target) != 0) {
			g_hash_table_insert(n->names, g_string_chunk_insert(n->texts, key), NULL);
		} else if (known && service && known->service &&
			   strcmp(known->target, target) != 0) {
			g_hash_table_insert(n->names, g_string_chunk_insert(n->texts, key), NULL);
		}
		return;
	}
	hk_named *named = g_new(hk_named, 1);
	named->target = target;
	named->service = service ? g_string_chunk_insert_const(n->texts, service) : NULL;
	g_hash_table_insert(n->names, g_string_chunk_insert(n->texts, key), named);
}

static bool
add_domains(hk_names *n, const char *text, bool own, GError **error)
{
	g_autoptr(hk_json_doc) doc = hk_json_load(hk_span_str(text), 1 << 20, error);

	if (!doc) {
		return false;
	}
	hk_json root = hk_json_root(doc);
	for (size_t i = 0; i < hk_json_len(&root); i++) {
		hk_json at = hk_json_at(&root, i);
		if (hk_json_text(&at)) {
			g_hash_table_insert(n->domains,
				g_string_chunk_insert_const(n->texts, hk_json_text(&at)),
				GINT_TO_POINTER(own ? OWN : OTHER));
		}
	}
	return true;
}

static void
add_service(hk_names *n, const char *target, const char *name, const char *key)
{
	g_autofree char *plain = folded(name);
	g_autofree char *both = g_strconcat(target, "\n", plain, NULL);

	add(n, name, target, key);
	g_hash_table_insert(n->services, g_string_chunk_insert_const(n->texts, both),
		g_string_chunk_insert_const(n->texts, key));
	g_hash_table_insert(n->services, g_string_chunk_insert_const(n->texts, target),
		g_string_chunk_insert_const(n->texts, ""));
}

static bool
add_services(hk_names *n, const char *text, const char *target, GError **error)
{
	g_autoptr(hk_json_doc) doc = hk_json_load(hk_span_str(text), 1 << 20, error);

	if (!doc) {
		return false;
	}
	hk_json root = hk_json_root(doc);
	for (size_t i = 0; i < hk_json_len(&root); i++) {
		hk_json at = hk_json_at(&root, i);
		const char *key = NULL, *name = NULL;
		if (hk_json_str(&at, "key", &key, NULL)) {
			add_service(n, target, key, key);
			add_service(
				n, target, hk_json_str(&at, "name", &name, NULL) ? name : key, key);
		}
	}
	return true;
}

/* Targets first, all of them; then the services, which are weaker. */
static bool
load(hk_names *n, hk_db *db, bool services, GError **error)
{
	GError *inner = NULL;
	g_autoptr(hk_rows) rows = hk_read_targets(db, error);

	while (rows && hk_rows_next(rows, &inner)) {
		const char *key = g_string_chunk_insert_const(n->texts, hk_rows_str(rows, 0));
		if (services) {
			if (!add_services(n, hk_rows_str(rows, 4), key, error)) {
				return false;
			}
			continue;
		}
		add(n, key, key, NULL);
		add(n, hk_rows_str(rows, 1), key, NULL);
		add(n, hk_rows_str(rows, 2), key, NULL);
		if (!add_domains(n, hk_rows_str(rows, 5), hk_rows_int(rows, 3) != 0, error)) {
			return false;
		}
	}
	if (inner) {
		g_propagate_error(error, inner);
	}
	return rows && !inner;
}

hk_names *
hk_names_load(hk_db *db, GError **error)
{
	g_autoptr(hk_names) n = g_new0(hk_names, 1);

	n->texts = g_string_chunk_new(4096);
	n->names = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
	n->domains = g_hash_table_new(g_str_hash, g_str_equal);
	n->services = g_hash_table_new(g_str_hash, g_str_equal);
	if (!load(n, db, false, error) || !load(n, db, true, error)) {
		g_prefix_error(error, "targets: ");
		return NULL;
	}
	return g_steal_pointer(&n);
}

bool
hk_names_find(const hk_names *n, const char *text, hk_named *ret)
{
	if (!text || strlen(text) > 400) {
		return false;
	}
	g_autofree char *key = folded(text);
	const hk_named *found = g_hash_table_lookup(n->names, key);
	if (found) {
		*ret = *found;
	}
	return found != NULL;
}

const char *
hk_names_within(const hk_names *n, const char *text)
{
	g_autofree char *all = folded(text);
	GHashTableIter iter;
	void *name, *value;
	const char *best = NULL;
	size_t longest = 0;

	g_hash_table_iter_init(&iter, n->names);
	while (g_hash_table_iter_next(&iter, &name, &value)) {
		size_t len = strlen(name);
		const hk_named *named = value;
		if (!named || len < WITHIN_MIN || len < longest || !strstr(all, name)) {
			continue;
		}
		/* Of two that are as long, always the same one. */
		if (len > longest || strcmp(named->target, best) < 0) {
			longest = len;
			best = named->target;
		}
	}
	return best;
}

bool
hk_names_service(const hk_names *n, const char *target, const char *text, const char **ret)
{
	if (!g_hash_table_contains(n->services, target)) {
		*ret = text;
		return true;
	}
	g_autofree char *plain = folded(text);
	g_autofree char *both = g_strconcat(target, "\n", plain, NULL);
	const char *key = g_hash_table_lookup(n->services, both);
	if (key) {
		*ret = key;
	}
	return key != NULL;
}

static int
whose(const hk_names *n, const char *host)
{
	while (host) {
		int found = GPOINTER_TO_INT(g_hash_table_lookup(n->domains, host));
		if (found != 0) {
			return found;
		}
		host = strchr(host, '.');
		host = host ? host + 1 : NULL;
	}
	return 0;
}

bool
hk_names_is_own_site(const hk_names *n, const char *host)
{
	return whose(n, host) == OWN;
}

bool
hk_names_is_official(const hk_names *n, const char *host)
{
	return whose(n, host) != 0;
}
