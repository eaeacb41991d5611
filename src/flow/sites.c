#include "flow/sites.h"

#include <string.h>

#include "parse/csv.h"
#include "sys/file.h"
#include "sys/gerr.h"
#include "sys/suffixes.h"
#include "sys/uts46.h"

struct hk_sites {
	hk_suffixes *suffixes;
	GHashTable *shared; /* host, or "*.suffix" (owned) -> its kind (static) */
};

static const char shortener[] = "shortener";
static const struct {
	const char *host, *kind;
} built_in[] = {
#define SHARED(host, kind, meaning) {host, kind},
#include "flow/shared.def"
#undef SHARED
};

static bool
take_line(hk_sites *s, const char *path, unsigned number, hk_span line, GError **error)
{
	hk_url url;
	const uint8_t *hash = memchr(line.data, '#', line.len);

	line.len = hash ? (size_t)(hash - line.data) : line.len;
	g_autofree char *text = g_strstrip(g_strndup((const char *)line.data, line.len));
	if (*text == '\0') {
		return true;
	}
	bool out = *text == '!';
	char *name = text + out;
	bool below = g_str_has_prefix(name, "*.");
	char *kind = name + strcspn(name, " \t");
	if (*kind != '\0') {
		*kind++ = '\0';
		kind = g_strchug(kind);
	}
	if (hk_url_parse(hk_span_str(name + (below ? 2 : 0)), hk_uts46_to_ascii, NULL, &url) !=
			HK_OK ||
		url.is_ip || strchr(name, '/') ||
		(*kind != '\0' && (out || below || strcmp(kind, shortener) != 0))) {
		return hk_error_set(error, HK_ECONFIG,
			"%s:%u: HOST, HOST shortener, *.SUFFIX or !HOST is expected", path, number);
	}
	g_autofree char *key = g_strconcat(below ? "*." : "", url.host, NULL);
	if (out) {
		g_hash_table_remove(s->shared, key);
	} else {
		g_hash_table_insert(s->shared, g_steal_pointer(&key),
			(gpointer)(uintptr_t)(*kind ? shortener : "page"));
	}
	return true;
}

static bool
take_file(hk_sites *s, const char *path, GError **error)
{
	g_autofree char *text = NULL;
	gsize len;
	unsigned number = 1;
	size_t at = 0;

	if (!g_file_get_contents(path, &text, &len, NULL)) {
		return hk_error_errno(error, errno,
			"the file of shared hosts cannot be read (--shared-hosts %s)", path);
	}
	while (at < len) {
		hk_span line = hk_csv_line(hk_span_of(text, len), at, &at);
		if (!take_line(s, path, number++, line, error)) {
			return false;
		}
	}
	return true;
}

hk_sites *
hk_sites_new(const char *suffixes, const char *shared, GError **error)
{
	g_autoptr(hk_sites) s = g_new0(hk_sites, 1);

	s->shared = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(built_in); i++) {
		g_hash_table_insert(s->shared, g_strdup(built_in[i].host),
			(gpointer)(uintptr_t)built_in[i].kind);
	}
	s->suffixes = hk_suffixes_load(suffixes, error);
	if (!s->suffixes || (shared && !take_file(s, shared, error))) {
		return NULL;
	}
	return g_steal_pointer(&s);
}

void
hk_sites_free(hk_sites *s)
{
	if (s) {
		g_clear_pointer(&s->suffixes, hk_suffixes_free);
		g_hash_table_unref(s->shared);
		g_free(s);
	}
}

/* The part of host below the first "*.suffix" that is known, with one label; NULL: none. */
static const char *
customer(const hk_sites *s, const char *host)
{
	char key[HK_HOST_MAX + 3] = "*";
	const char *label = host;

	for (const char *dot = strchr(host, '.'); dot; dot = strchr(dot + 1, '.')) {
		g_strlcpy(key + 1, dot, sizeof key - 1);
		if (g_hash_table_contains(s->shared, key)) {
			return label;
		}
		label = dot + 1;
	}
	return NULL;
}

void
hk_sites_look(const hk_sites *s, const char *host, bool is_ip, hk_site *ret)
{
	hk_suffix_split split;

	const char *kind = g_hash_table_lookup(s->shared, host);
	*ret = (hk_site){.shared = kind != NULL, .shortener = kind && strcmp(kind, shortener) == 0};
	if (is_ip) {
		return;
	}
	const char *own = customer(s, host);
	if (own) {
		ret->private_suffix = true;
		g_strlcpy(ret->domain, own, sizeof ret->domain);
		return;
	}
	hk_suffix_split_name(hk_suffixes_table(s->suffixes), host, strlen(host), &split);
	ret->private_suffix = split.is_private;
	if (split.registrable_off < split.suffix_off) {
		g_strlcpy(ret->domain, host + split.registrable_off, sizeof ret->domain);
	}
}
