/* Where a page leads, what it loads, and what stands in it as data. */
#include <string.h>

#include "base/codec.h"
#include "match/mmh3.h"
#include "score/page_int.h"
#include "sys/hash.h"
#include "sys/uts46.h"

typedef enum leads {
	LEADS_NOWHERE, /* "", "#top", "javascript:" */
	LEADS_OWN,
	LEADS_OUT,
	LEADS_ELSE, /* mail, telephone, data, nonsense */
} leads;

enum { DATA_MAX = 131072, PATH_MAX_LEN = 300, FNV_BASIS = 0x811c9dc5u, FNV_PRIME = 0x01000193u };

/* Blanks around an address do not count (URL Standard). */
static const char *
skip_blanks(const char *text)
{
	while (*text && (unsigned char)*text <= ' ') {
		text++;
	}
	return text;
}

static size_t
scheme_len(const char *url)
{
	size_t n = strspn(url, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-");

	return n > 0 && url[n] == ':' && g_ascii_isalpha(url[0]) ? n : 0;
}

static bool
is_slash(char c)
{
	return c == '/' || c == '\\';
}

/* The host that stands at `at`, lower case; its length in the address goes to *ret_len. False: there is none. */
static bool
host_at(const char *at, char ret[HK_HOST_MAX + 1], size_t *ret_len)
{
	size_t len = strcspn(at, "/\\?#"), from = 0, used = 0;

	*ret_len = len;
	for (size_t i = 0; i < len; i++) {
		from = at[i] == '@' ? i + 1 : from;
	}
	const char *colon = memchr(at + from, ':', len - from);
	hk_span text = hk_span_of(at + from, (colon ? (size_t)(colon - at) : len) - from);
	bool plain = text.len > 0 && text.len <= HK_HOST_MAX;

	for (size_t i = 0; plain && i < text.len; i++) {
		char c = g_ascii_tolower((char)text.data[i]);
		plain = g_ascii_isalnum(c) || c == '.' || c == '-' || c == '_';
		ret[used++] = c;
	}
	if (plain) {
		used -= ret[used - 1] == '.';
		ret[used] = '\0';
		return used > 0;
	}
	return text.len > 0 && text.len <= HK_HOST_MAX &&
	       hk_uts46_to_ascii(NULL, text, ret, HK_HOST_MAX + 1) == HK_OK;
}

/* *ret_path: what follows the host, or the whole of a relative address. */
static leads
classify(const hk_page_reader *r, const char *url, char ret_host[HK_HOST_MAX + 1],
	const char **ret_path)
{
	size_t scheme, len;

	url = skip_blanks(url);
	scheme = scheme_len(url);
	*ret_path = url;
	if (*url == '\0' || *url == '#' || g_ascii_strncasecmp(url, "javascript:", 11) == 0 ||
		g_ascii_strncasecmp(url, "about:", 6) == 0) {
		return LEADS_NOWHERE;
	}
	bool web = (scheme == 4 && g_ascii_strncasecmp(url, "http", 4) == 0) ||
		   (scheme == 5 && g_ascii_strncasecmp(url, "https", 5) == 0);

	if (scheme > 0 && !web) {
		return LEADS_ELSE;
	}
	if (web || (is_slash(url[0]) && is_slash(url[1]))) {
		const char *at = url + (web ? scheme + 1 : 0);

		at += strspn(at, "/\\");
		if (!host_at(at, ret_host, &len)) {
			return LEADS_ELSE;
		}
		*ret_path = at + len;
	} else {
		g_strlcpy(ret_host, r->host, HK_HOST_MAX + 1);
	}
	return strcmp(ret_host, r->own) == 0 ? LEADS_OWN : LEADS_OUT;
}

static void
add_line(GString *out, const char *text, size_t len)
{
	if (out->len + len + 1 <= HK_PAGE_AREA_MAX) {
		if (out->len > 0) {
			g_string_append_c(out, '\n');
		}
		g_string_append_len(out, text, (gssize)len);
	}
}

static void
add_host(hk_page_reader *r, hk_page_area area, const char *host)
{
	GHashTable *known = r->known[area];

	if (g_hash_table_contains(known, host)) {
		return;
	}
	if (g_hash_table_size(known) >= HK_PAGE_HOSTS_MAX) {
		r->has |= HK_PAGE_HAS_CUT;
		return;
	}
	g_hash_table_add(known, g_strdup(host));
	add_line(r->raw[area], host, strlen(host));
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
hk_page_link(hk_page_reader *r, const char *address)
{
	char host[HK_HOST_MAX + 1];
	const char *path;

	if (r->links_seen++ >= HK_PAGE_LINKS_MAX) {
		r->has |= HK_PAGE_HAS_CUT;
		return;
	}
	switch (classify(r, address ? address : "", host, &path)) {
	case LEADS_NOWHERE:
		r->links_void++;
		break;
	case LEADS_OWN:
		g_hash_table_add(
			r->own_links, GUINT_TO_POINTER(hash_of(path, strcspn(path, "#")) | 1u));
		break;
	case LEADS_OUT:
		r->links_out++;
		add_host(r, HK_PAGE_LINKS, host);
		break;
	case LEADS_ELSE:
		break;
	}
}

void
hk_page_send(hk_page_reader *r, const char *address)
{
	char host[HK_HOST_MAX + 1];
	const char *path;

	if (classify(r, address ? address : "", host, &path) == LEADS_OUT) {
		add_host(r, HK_PAGE_SENDS, host);
	}
}

void
hk_page_hash(hk_page_reader *r, hk_span bytes)
{
	if (bytes.len < HK_PAGE_RESOURCE_MIN) {
		return;
	}
	if (r->hash_count >= HK_PAGE_HASHES_MAX) {
		r->has |= HK_PAGE_HAS_CUT;
		return;
	}
	hk_sha256(bytes, r->hash[r->hash_count++]);
}

/* "data:image/png;base64,...". Blanks, which people wrap such texts with, do not count. */
static void
take_data(hk_page_reader *r, const char *url, bool icon)
{
	const char *comma = strchr(url, ',');
	g_autoptr(GString) text = g_string_new(NULL);
	size_t len = 0;

	if (!comma || comma - url < 7 || strncmp(comma - 7, ";base64", 7) != 0) {
		return;
	}
	for (const char *at = comma + 1; *at && text->len < DATA_MAX; at++) {
		if ((unsigned char)*at > ' ') {
			g_string_append_c(text, *at);
		}
	}
	while (text->len % 4 != 0) {
		g_string_append_c(text, '=');
	}
	if (hk_base64_decode(hk_span_of(text->str, text->len), (uint8_t *)text->str, &len) !=
		HK_OK) {
		return;
	}
	hk_page_hash(r, hk_span_of(text->str, len));
	if (icon && !r->has_icon) {
		r->has_icon = true;
		r->icon = hk_mmh3_icon(hk_span_of(text->str, len));
	}
}

void
hk_page_load(hk_page_reader *r, const char *address, bool icon)
{
	char host[HK_HOST_MAX + 1];
	const char *path;

	if (!address) {
		return;
	}
	if (r->loads_seen++ >= HK_PAGE_LOADS_MAX) {
		r->has |= HK_PAGE_HAS_CUT;
		return;
	}
	address = skip_blanks(address);
	if (g_ascii_strncasecmp(address, "data:", 5) == 0) {
		take_data(r, address, icon);
		return;
	}
	leads where = classify(r, address, host, &path);

	if (where != LEADS_OWN && where != LEADS_OUT) {
		return;
	}
	if (where == LEADS_OUT) {
		add_host(r, HK_PAGE_LOADS, host);
	}
	size_t len = strcspn(path, "?#\n\r");

	if (len > PATH_MAX_LEN) {
		for (len = PATH_MAX_LEN; len > 0 && ((unsigned char)path[len] & 0xc0) == 0x80;) {
			len--;
		}
	}
	g_autofree char *lower = g_ascii_strdown(path, (gssize)len);
	g_autofree char *rooted = g_strconcat(is_slash(*lower) ? "" : "/", lower, NULL);

	add_line(r->raw[HK_PAGE_PATHS], rooted, strlen(rooted));
}

/* The first <base> counts: relative addresses are of its host. */
void
hk_page_base(hk_page_reader *r, const char *address)
{
	char host[HK_HOST_MAX + 1];
	const char *path;
	leads where = classify(r, address ? address : "", host, &path);

	if ((where == LEADS_OUT || where == LEADS_OWN) && strcmp(r->host, r->own) == 0) {
		g_strlcpy(r->host, host, sizeof r->host);
	}
}

void
hk_page_leads(hk_page_reader *r, const char *address)
{
	g_autofree hk_url *to = g_new(hk_url, 1);

	if (!r->follow && r->base && address && *address && *address != '#' &&
		g_ascii_strncasecmp(address, "javascript:", 11) != 0 &&
		hk_url_join(r->base, hk_span_str(address), hk_uts46_to_ascii, NULL, to) == HK_OK &&
		to->len <= HK_PAGE_FOLLOW_MAX) {
		r->follow = g_strdup(to->text);
	}
}
