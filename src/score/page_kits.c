#include "score/page_kits.h"

#include <string.h>

#include "base/codec.h"
#include "base/num.h"

enum {
	FORM_KEY_LEN = 16,
	TAGS_MIN = 15, /* fewer different tag paths are everybody's */
	SOME_SLOTS = 32,
	SOME_NEAR = 20,     /* of them; of pages that are TAGS_NEAR it is 29 on the average */
	TELLING_TOKENS = 6, /* as many in the same order are no accident */
};
/* Two pages with so much in common are made from one. The sketch's standard error is 0.04. */
#define TAGS_NEAR 0.90

typedef struct tags {
	hk_minhash sketch;
	int64_t case_id;
} tags;

struct hk_page_kits {
	GHashTable *forms, *resources, *icons; /* key as text, owned -> case, owned int64_t */
	GArray *tags;                          /* of tags */
	size_t count;
};

hk_page_kits *
hk_page_kits_new(void)
{
	hk_page_kits *k = g_new0(hk_page_kits, 1);

	k->forms = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	k->resources = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	k->icons = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	k->tags = g_array_new(FALSE, FALSE, sizeof(tags));
	return k;
}

void
hk_page_kits_free(hk_page_kits *k)
{
	if (k) {
		g_hash_table_unref(k->forms);
		g_hash_table_unref(k->resources);
		g_hash_table_unref(k->icons);
		g_array_unref(k->tags);
		g_free(k);
	}
}

static bool
is_hex(const char *key, size_t len)
{
	return strlen(key) == len && strspn(key, "0123456789abcdef") == len;
}

static bool
is_icon(const char *key)
{
	uint64_t value;

	return hk_parse_u64(hk_span_str(key + (*key == '-')), 1u << 31, &value) == HK_OK;
}

static bool
put(GHashTable *table, const char *key, int64_t case_id)
{
	if (g_hash_table_contains(table, key)) {
		return false;
	}
	int64_t *value = g_new(int64_t, 1);

	*value = case_id;
	g_hash_table_insert(table, g_strdup(key), value);
	return true;
}

static bool
put_tags(hk_page_kits *k, const char *key, int64_t case_id)
{
	uint8_t bytes[HK_MINHASH_SLOTS * 4];
	tags t = {.case_id = case_id};

	if (k->tags->len >= HK_PAGE_LOOKS_MAX ||
		hk_hex_decode(hk_span_str(key), bytes, sizeof bytes) != HK_OK) {
		return false;
	}
	hk_minhash_init(&t.sketch);
	for (size_t i = 0; i < HK_MINHASH_SLOTS; i++) {
		uint32_t slot;

		memcpy(&slot, bytes + i * 4, 4);
		t.sketch.slot[i] = GUINT32_FROM_BE(slot);
	}
	t.sketch.count = TAGS_MIN; /* not kept; the page's own is looked at */
	g_array_append_val(k->tags, t);
	return true;
}

bool
hk_page_kits_add(hk_page_kits *k, const char *kind, const char *key, int64_t case_id)
{
	bool added = false;

	if (k->count >= HK_PAGE_KITS_MAX) {
		return false;
	}
	if (strcmp(kind, "form") == 0) {
		added = is_hex(key, FORM_KEY_LEN) && put(k->forms, key, case_id);
	} else if (strcmp(kind, "resource") == 0) {
		added = is_hex(key, 64) && put(k->resources, key, case_id);
	} else if (strcmp(kind, "favicon") == 0) {
		added = is_icon(key) && put(k->icons, key, case_id);
	} else if (strcmp(kind, "tag_paths") == 0) {
		added = put_tags(k, key, case_id);
	}
	k->count += added;
	return added;
}

size_t
hk_page_kits_count(const hk_page_kits *k)
{
	return k->count;
}

static int64_t
get(GHashTable *table, const char *key)
{
	const int64_t *found = g_hash_table_lookup(table, key);

	return found ? *found : 0;
}

/* Honest shops ask for names and cards, too; nobody else asks for these. */
static bool
tells(const hk_form_tokens *form)
{
	static const hk_form_token rare[] = {HK_FORM_PIN1_4, HK_FORM_PIN2_6, HK_FORM_SECRETQ,
		HK_FORM_HWOTP8_TXSIGN, HK_FORM_ACCT7, HK_FORM_WARN_SCAM, HK_FORM_CARDMGMT};
	bool found = form->count >= TELLING_TOKENS && form->asks;

	for (size_t i = 0; i < G_N_ELEMENTS(rare); i++) {
		found = found || hk_form_tokens_has(form, rare[i]);
	}
	return found;
}

/* Whether the first slots leave any hope: nearly all kits are nothing like the page. */
static bool
may_be_near(const hk_minhash *a, const hk_minhash *b)
{
	unsigned same = 0;

	for (size_t i = 0; i < SOME_SLOTS; i++) {
		same += a->slot[i] == b->slot[i];
	}
	return same >= SOME_NEAR;
}

static void
find_tags(const hk_page_kits *k, const hk_page_sketch *s, hk_page_kit_match *ret)
{
	for (guint i = 0; s->shingles.count >= TAGS_MIN && i < k->tags->len; i++) {
		const tags *t = &g_array_index(k->tags, tags, i);
		double near = may_be_near(&s->shingles, &t->sketch)
				      ? hk_minhash_near(&s->shingles, &t->sketch)
				      : 0;

		if (near >= TAGS_NEAR && near > ret->near) {
			ret->near = near;
			ret->tags = t->case_id;
		}
	}
}

void
hk_page_kits_find(const hk_page_kits *k, const hk_page_sketch *s, hk_page_kit_match *ret)
{
	char text[65];

	*ret = (hk_page_kit_match){0};
	if (!k || k->count == 0) {
		return;
	}
	g_autofree char *form = hk_form_tokens_key(&s->form);

	if (form) {
		ret->form = get(k->forms, form);
		ret->telling = tells(&s->form);
	}
	for (size_t i = 0; i < s->hash_count && ret->resource == 0; i++) {
		hk_hex_encode(hk_span_of(s->hash[i], sizeof s->hash[i]), text);
		ret->resource = get(k->resources, text);
	}
	if (s->has_icon) {
		g_snprintf(text, sizeof text, "%d", s->icon);
		ret->icon = get(k->icons, text);
	}
	find_tags(k, s, ret);
}
