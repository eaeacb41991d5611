#include "enrich/bootstrap.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/num.h"
#include "sys/gerr.h"
#include "sys/json.h"

/* A block of addresses or AS. Addresses are 16 bytes, IPv4 mapped. */
typedef struct block {
	uint8_t net[16];
	unsigned bits;
	uint64_t first; /* AS */
	uint64_t last;
	const char *url; /* of urls */
} block;

struct hk_bootstrap {
	hk_bootstrap_kind kind;
	GHashTable *names; /* suffix or tag -> URL */
	GArray *blocks;
	GPtrArray *urls; /* owned */
};

void
hk_bootstrap_free(hk_bootstrap *boot)
{
	if (boot) {
		g_hash_table_unref(boot->names);
		g_array_unref(boot->blocks);
		g_ptr_array_unref(boot->urls);
		g_free(boot);
	}
}

/* An address in numbers as 16 bytes; *ret_bits: how many of them it does not choose itself (96 for IPv4). */
static bool
address(const char *text, uint8_t ret[16], unsigned *ret_bits)
{
	static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

	if (inet_pton(AF_INET6, text, ret) == 1) {
		*ret_bits = 0;
		return true;
	}
	memcpy(ret, mapped, sizeof mapped);
	*ret_bits = 96;
	return inet_pton(AF_INET, text, ret + 12) == 1;
}

static bool
in_net(const uint8_t *at, const block *b)
{
	unsigned whole = b->bits / 8;
	unsigned rest = b->bits % 8;

	if (memcmp(at, b->net, whole) != 0) {
		return false;
	}
	return rest == 0 || ((at[whole] ^ b->net[whole]) >> (8 - rest)) == 0;
}

/* "2001:4200::/23" */
static bool
read_prefix(const char *text, block *ret)
{
	const char *slash = strchr(text, '/');
	uint64_t bits = 0;
	unsigned before = 0;

	if (!slash || slash - text > 64) {
		return false;
	}
	g_autofree char *net = g_strndup(text, (size_t)(slash - text));
	if (!address(net, ret->net, &before) ||
		hk_parse_u64(hk_span_str(slash + 1), 128 - before, &bits) != HK_OK) {
		return false;
	}
	ret->bits = before + (unsigned)bits;
	return true;
}

/* "64500", "64500-64511" */
static bool
read_as_range(const char *text, block *ret)
{
	const char *dash = strchr(text, '-');
	hk_span first = hk_span_of(text, dash ? (size_t)(dash - text) : strlen(text));

	if (hk_parse_u64(first, UINT32_MAX, &ret->first) != HK_OK) {
		return false;
	}
	ret->last = ret->first;
	return !dash || (hk_parse_u64(hk_span_str(dash + 1), UINT32_MAX, &ret->last) == HK_OK &&
				ret->last >= ret->first);
}

/* The URL of a service to use, with a final slash; NULL: none. */
static char *
choose_url(const hk_json *list)
{
	const char *chosen = NULL;

	for (size_t i = 0; i < MIN(hk_json_len(list), 16); i++) {
		hk_json one = hk_json_at(list, i);
		const char *url = hk_json_text(&one);
		bool https = url && g_ascii_strncasecmp(url, "https://", 8) == 0;
		bool http = url && g_ascii_strncasecmp(url, "http://", 7) == 0;
		bool plain = url && strlen(url) < 256;
		for (size_t k = 0; plain && url[k]; k++) {
			plain = url[k] > ' ' && url[k] < 0x7f && url[k] != '?' && url[k] != '#';
		}
		if (plain && https) {
			chosen = url;
			break;
		}
		if (plain && http && !chosen) {
			chosen = url;
		}
	}
	if (!chosen) {
		return NULL;
	}
	return g_str_has_suffix(chosen, "/") ? g_strdup(chosen) : g_strconcat(chosen, "/", NULL);
}

static void
add_key(hk_bootstrap *boot, const char *key, const char *url)
{
	block b = {.url = url};

	if (boot->kind == HK_BOOTSTRAP_DNS || boot->kind == HK_BOOTSTRAP_TAGS) {
		if (strlen(key) < 254) {
			g_hash_table_replace(boot->names, g_ascii_strdown(key, -1), (void *)url);
		}
		return;
	}
	bool fits = boot->kind == HK_BOOTSTRAP_IP ? read_prefix(key, &b) : read_as_range(key, &b);
	if (fits) {
		g_array_append_val(boot->blocks, b);
	}
}

/* [[keys], [urls]], of object tags [[contacts], [tags], [urls]] */
static bool
read_service(hk_bootstrap *boot, const hk_json *service, size_t *keys, GError **error)
{
	size_t first = boot->kind == HK_BOOTSTRAP_TAGS ? 1 : 0;
	hk_json names = hk_json_at(service, first);
	hk_json list = hk_json_at(service, first + 1);
	char *url = choose_url(&list);

	if (!url) {
		return true;
	}
	g_ptr_array_add(boot->urls, url);
	for (size_t i = 0; i < hk_json_len(&names); i++) {
		hk_json one = hk_json_at(&names, i);
		if (++*keys > HK_BOOTSTRAP_KEYS_MAX) {
			return hk_json_fail(&one, HK_ELIMIT, error, "at most %d keys are read",
				HK_BOOTSTRAP_KEYS_MAX);
		}
		if (hk_json_text(&one)) {
			add_key(boot, hk_json_text(&one), url);
		}
	}
	return true;
}

hk_bootstrap *
hk_bootstrap_read(hk_span text, hk_bootstrap_kind kind, GError **error)
{
	g_autoptr(hk_json_doc) doc = hk_json_load(text, HK_BOOTSTRAP_BYTES_MAX, error);
	g_autoptr(hk_bootstrap) boot = NULL;
	hk_json services;
	size_t keys = 0;

	if (!doc) {
		g_prefix_error(error, "an RDAP bootstrap file: ");
		return NULL;
	}
	hk_json root = hk_json_root(doc);
	if (!hk_json_array(&root, "services", &services, error)) {
		g_prefix_error(error, "an RDAP bootstrap file: ");
		return NULL;
	}
	boot = g_new0(hk_bootstrap, 1);
	boot->kind = kind;
	boot->names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	boot->blocks = g_array_new(FALSE, FALSE, sizeof(block));
	boot->urls = g_ptr_array_new_with_free_func(g_free);
	for (size_t i = 0; i < hk_json_len(&services); i++) {
		hk_json service = hk_json_at(&services, i);
		if (!read_service(boot, &service, &keys, error)) {
			g_prefix_error(error, "an RDAP bootstrap file: ");
			return NULL;
		}
	}
	if (hk_bootstrap_count(boot) == 0) {
		hk_json_fail(&services, HK_EFORM, error,
			"an RDAP bootstrap file without an entry of its kind");
		return NULL;
	}
	return g_steal_pointer(&boot);
}

size_t
hk_bootstrap_count(const hk_bootstrap *boot)
{
	return g_hash_table_size(boot->names) + boot->blocks->len;
}

static const char *
find_name(const hk_bootstrap *boot, const char *host)
{
	g_autofree char *lower = g_ascii_strdown(host, -1);
	const char *at = lower;
	size_t len = strlen(lower);

	if (len > 0 && lower[len - 1] == '.') {
		lower[len - 1] = '\0';
	}
	for (;;) {
		const char *url = g_hash_table_lookup(boot->names, at);
		const char *dot = strchr(at, '.');
		if (url || *at == '\0') {
			return url;
		}
		at = dot ? dot + 1 : "";
	}
}

static const char *
find_address(const hk_bootstrap *boot, const char *text)
{
	const block *best = NULL;
	uint8_t at[16];
	unsigned before;

	if (!address(text, at, &before)) {
		return NULL;
	}
	for (unsigned i = 0; i < boot->blocks->len; i++) {
		const block *b = &g_array_index(boot->blocks, block, i);
		if (b->bits >= before && in_net(at, b) && (!best || b->bits > best->bits)) {
			best = b;
		}
	}
	return best ? best->url : NULL;
}

static const char *
find_as(const hk_bootstrap *boot, const char *text)
{
	const block *best = NULL;
	uint64_t number;

	text += g_ascii_strncasecmp(text, "as", 2) == 0 ? 2 : 0;
	if (hk_parse_u64(hk_span_str(text), UINT32_MAX, &number) != HK_OK) {
		return NULL;
	}
	for (unsigned i = 0; i < boot->blocks->len; i++) {
		const block *b = &g_array_index(boot->blocks, block, i);
		bool in = number >= b->first && number <= b->last;
		if (in && (!best || b->last - b->first < best->last - best->first)) {
			best = b;
		}
	}
	return best ? best->url : NULL;
}

const char *
hk_bootstrap_find(const hk_bootstrap *boot, const char *key)
{
	const char *dash;
	g_autofree char *tag = NULL;

	switch (boot->kind) {
	case HK_BOOTSTRAP_DNS:
		return find_name(boot, key);
	case HK_BOOTSTRAP_IP:
		return find_address(boot, key);
	case HK_BOOTSTRAP_ASN:
		return find_as(boot, key);
	case HK_BOOTSTRAP_TAGS:
		break;
	}
	dash = strrchr(key, '-');
	tag = g_ascii_strdown(dash ? dash + 1 : key, -1);
	return g_hash_table_lookup(boot->names, tag);
}
