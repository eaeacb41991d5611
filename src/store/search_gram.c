/* Grams: what the index of store/search holds instead of texts. */
#include "store/search_gram.h"

#include <string.h>

#include "base/utf8.h"

/* A hash of FTS5: seven letters of five bits. */
enum { TOKEN_LEN = 7 };

static const char tag_letters[] = "sktar";

static uint32_t
mix(uint32_t h, uint32_t c)
{
	h ^= c * 0x9e3779b1u;
	h = (h << 13 | h >> 19) * 0x85ebca6bu;
	return h ^ h >> 15;
}

uint32_t
hk_gram_hash(const uint32_t *chars, size_t count)
{
	uint32_t h = 0x51ed270bu + (uint32_t)count;

	for (size_t i = 0; i < count; i++) {
		h = mix(h, chars[i]);
	}
	return mix(h, 0x2545f491u);
}

uint32_t
hk_gram_hash_tag(hk_search_tag tag, const char *value)
{
	/* A control character stands in no text. */
	uint32_t h = mix(0x1b873593u, 0x01000000u | (uint32_t)tag_letters[tag]);

	for (; *value != '\0'; value++) {
		h = mix(h, (uint8_t)*value);
	}
	return mix(h, 0x2545f491u);
}

GArray *
hk_gram_chars(hk_span text)
{
	GArray *chars = g_array_sized_new(false, false, sizeof(uint32_t), (unsigned)text.len);
	const uint8_t *at = text.data, *end = at + text.len;

	while (at < end) {
		uint32_t c;
		size_t n = hk_utf8_next(at, end, &c);
		if (n == 0) {
			c = 0xfffd;
			n = 1;
		}
		g_array_append_val(chars, c);
		at += n;
	}
	return chars;
}

/* Sorts by one byte at a time, the lowest first: a text has some hundred hashes, and comparing them took longer than making them. */
static void
sort_hashes(GArray *set)
{
	g_autofree uint32_t *spare = g_new(uint32_t, set->len + 1);
	uint32_t *from = (uint32_t *)(void *)set->data, *to = spare;

	for (unsigned shift = 0; shift < 32; shift += 8) {
		unsigned place[256] = {0}, at = 0;
		for (unsigned i = 0; i < set->len; i++) {
			place[from[i] >> shift & 255]++;
		}
		for (unsigned i = 0; i < 256; i++) {
			unsigned n = place[i];
			place[i] = at;
			at += n;
		}
		for (unsigned i = 0; i < set->len; i++) {
			to[place[from[i] >> shift & 255]++] = from[i];
		}
		uint32_t *swap = from;
		from = to;
		to = swap;
	}
	/* Four times: it is all where it was. */
}

GArray *
hk_grams_of(hk_span text, const char *tags)
{
	g_autoptr(GArray) chars = hk_gram_chars(text);
	const uint32_t *c = (const uint32_t *)(void *)chars->data;
	GArray *set =
		g_array_sized_new(false, false, sizeof(uint32_t), chars->len * HK_GRAM_MAX + 8);
	size_t count = 0;

	for (size_t i = 0; i < chars->len; i++) {
		for (size_t n = 1; n <= HK_GRAM_MAX && i + n <= chars->len && c[i + n - 1] != '\n';
			n++) {
			uint32_t h = hk_gram_hash(c + i, n);
			g_array_append_val(set, h);
		}
	}
	while (*tags != '\0') {
		char value[64];
		size_t len = strcspn(tags + 2, " ");
		g_strlcpy(value, tags + 2, MIN(len + 1, sizeof value));
		uint32_t h = hk_gram_hash_tag(
			(hk_search_tag)(strchr(tag_letters, tags[0]) - tag_letters), value);
		g_array_append_val(set, h);
		tags += 2 + len;
		tags += *tags == ' ';
	}
	sort_hashes(set);
	uint32_t *h = (uint32_t *)(void *)set->data;
	for (size_t i = 0; i < set->len; i++) {
		if (i == 0 || h[i] != h[count - 1]) {
			h[count++] = h[i];
		}
	}
	g_array_set_size(set, (unsigned)count);
	return set;
}

void
hk_gram_put_token(GString *out, uint32_t hash)
{
	char token[TOKEN_LEN];

	for (int i = 0; i < TOKEN_LEN; i++) {
		token[i] = "abcdefghijklmnopqrstuvwxyz234567"[hash & 31];
		hash >>= 5;
	}
	g_string_append_len(out, token, TOKEN_LEN);
}

char *
hk_grams_print(hk_db_engine engine, const GArray *grams)
{
	const uint32_t *h = (const uint32_t *)(const void *)grams->data;
	GString *out = g_string_sized_new(grams->len * 12 + 2);

	for (size_t i = 0; i < grams->len; i++) {
		if (engine == HK_DB_SQLITE) {
			if (i > 0) {
				g_string_append_c(out, ' ');
			}
			hk_gram_put_token(out, h[i]);
		} else {
			g_string_append_printf(out, "%c%d", i > 0 ? ',' : '{', (int32_t)h[i]);
		}
	}
	if (engine == HK_DB_PGSQL) {
		g_string_append(out, grams->len > 0 ? "}" : "{}");
	}
	return g_string_free(out, false);
}
