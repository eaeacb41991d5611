#include "match/suffix.h"

#include <string.h>

#include "match/punycode.h"

/* A slot: hash (32 bits) | flags (8 bits) | place of the text + 1 (24 bits); 0 is an empty slot.
 * The text of each node ends with a NUL, so a hash that matches is always confirmed by the bytes.
 */
enum {
	RULE_ICANN = 1 << 0,
	RULE_PRIVATE = 1 << 1,
	WILD_ICANN = 1 << 2, /* stored at the parent: "*.ck" is a flag of "ck" */
	WILD_PRIVATE = 1 << 3,
	EXCEPT_ICANN = 1 << 4,
	EXCEPT_PRIVATE = 1 << 5,
	HAS_CHILD = 1 << 6, /* a longer rule ends in this one: go on to the left */
};

#define HASH_START 0x9E3779B9u
#define HASH_PRIME 0x01000193u

static inline uint32_t
hash_step(uint32_t h, char c)
{
	return (h ^ (uint8_t)c) * HASH_PRIME;
}

/* The low bits of a multiplicative hash depend on few input bits: fold before use as an index. */
static inline uint32_t
hash_index(uint32_t h)
{
	return h ^ h >> 15;
}

static inline unsigned
slot_flags(uint64_t slot)
{
	return (unsigned)(slot >> 32) & 0xFFu;
}

static inline uint64_t
slot_make(uint32_t hash, unsigned flags, size_t place)
{
	return (uint64_t)hash | (uint64_t)flags << 32 | (uint64_t)(place + 1) << 40;
}

/* The slot whose text is name[0..len), or SIZE_MAX; *ret_free gets the empty slot that ended it. */
static size_t
slot_find(const uint64_t *slots, uint32_t mask, const char *text, uint32_t hash, const char *name,
	size_t len, size_t *ret_free)
{
	uint32_t i = hash_index(hash) & mask;

	for (;; i = (i + 1) & mask) {
		uint64_t slot = slots[i];
		const char *at;

		if (slot == 0) {
			*ret_free = i;
			return SIZE_MAX;
		}
		if ((uint32_t)slot != hash) {
			continue;
		}
		at = text + (slot >> 40) - 1;
		if (strncmp(at, name, len) == 0 && at[len] == '\0') {
			return i;
		}
	}
}

/* ---- building ---- */

typedef struct builder {
	uint64_t *slots;
	char *text;
	size_t text_len, text_cap, used;
	uint32_t mask;
} builder;

/* Lines that hold a rule: neither empty nor a comment. */
static size_t
count_rules(hk_span dat)
{
	bool at_start = true;
	size_t n = 0;

	for (size_t i = 0; i < dat.len; i++) {
		n += at_start && dat.data[i] != '\n' && dat.data[i] != '/';
		at_start = dat.data[i] == '\n';
	}
	return n;
}

/* Slots for about half load: each rule adds itself and, now and then, a parent that is no rule. */
static size_t
slots_for(hk_span dat)
{
	size_t want = count_rules(dat) * 2, slots = 64;

	while (slots < want && slots < 4 * (size_t)HK_SUFFIX_RULES_MAX) {
		slots *= 2;
	}
	return slots;
}

size_t
hk_suffix_table_need(hk_span dat)
{
	/* Rules are at most half of a real list, the rest is comments; that leaves room for
	 * A-labels, which are longer than their UTF-8, and for parents. A list without room fails:
	 * HK_ELIMIT. */
	return slots_for(dat) * sizeof(uint64_t) + 2 * dat.len + 1024;
}

static hk_err
node_add(builder *b, const char *name, size_t len, unsigned flags)
{
	uint32_t hash = HASH_START;
	size_t slot, free_slot = 0;

	for (size_t i = len; i-- > 0;) {
		hash = hash_step(hash, name[i]);
	}
	slot = slot_find(b->slots, b->mask, b->text, hash, name, len, &free_slot);
	if (slot != SIZE_MAX) {
		b->slots[slot] |= (uint64_t)flags << 32;
		return HK_OK;
	}
	if (b->text_cap - b->text_len < len + 1 || b->text_len + 1 >= 1u << 24 ||
		b->used + 1 > b->mask / 4 * 3) {
		return HK_ELIMIT;
	}
	memcpy(b->text + b->text_len, name, len);
	b->text[b->text_len + len] = '\0';
	b->slots[free_slot] = slot_make(hash, flags, b->text_len);
	b->text_len += len + 1;
	b->used++;
	return HK_OK;
}

/* One rule without its marks, already as A-labels. */
static hk_err
rule_add(builder *b, const char *name, size_t len, unsigned flags)
{
	hk_err err = node_add(b, name, len, flags);

	for (size_t i = 0; i < len && err == HK_OK; i++) {
		if (name[i] == '.') {
			err = node_add(b, name + i + 1, len - i - 1, HAS_CHILD);
		}
	}
	return err;
}

/* Each label to lower-case A-label; labels must not be empty. */
static hk_err
rule_to_ascii(hk_span rule, char out[HK_SUFFIX_RULE_MAX], size_t *ret_len)
{
	size_t len = 0, from = 0;

	for (size_t i = 0; i <= rule.len; i++) {
		char label[HK_PUNYCODE_LABEL_MAX];
		size_t n = 0;
		hk_err err;

		if (i < rule.len && rule.data[i] != '.') {
			continue;
		}
		err = hk_punycode_label(
			(hk_span){rule.data + from, i - from}, label, sizeof(label), &n);
		if (err != HK_OK) {
			return err;
		}
		if (n == 0) {
			return HK_EFORM;
		}
		if (len + n + 1 > HK_SUFFIX_RULE_MAX) {
			return HK_ELIMIT;
		}
		if (len > 0) {
			out[len++] = '.';
		}
		for (size_t k = 0; k < n; k++) {
			out[len++] = (char)(label[k] >= 'A' && label[k] <= 'Z' ? label[k] + 32
									       : label[k]);
		}
		from = i + 1;
	}
	*ret_len = len;
	return HK_OK;
}

static hk_err
line_add(builder *b, hk_span line, bool is_private)
{
	unsigned flags = is_private ? RULE_PRIVATE : RULE_ICANN;
	char name[HK_SUFFIX_RULE_MAX];
	size_t len = 0;
	hk_err err;

	if (line.data[0] == '!') {
		flags = is_private ? EXCEPT_PRIVATE : EXCEPT_ICANN;
		line = (hk_span){line.data + 1, line.len - 1};
	} else if (line.len > 2 && line.data[0] == '*' && line.data[1] == '.') {
		flags = (is_private ? WILD_PRIVATE : WILD_ICANN) | HAS_CHILD;
		line = (hk_span){line.data + 2, line.len - 2};
	} else if (line.len == 1 && line.data[0] == '*') {
		return HK_OK; /* the default rule is built in */
	}
	err = rule_to_ascii(line, name, &len);
	if (err == HK_OK && (flags & (EXCEPT_ICANN | EXCEPT_PRIVATE)) &&
		memchr(name, '.', len) == NULL) {
		return HK_EFORM; /* an exception takes one label away: it needs two */
	}
	return err == HK_OK ? rule_add(b, name, len, flags) : err;
}

static bool
contains(hk_span line, const char *mark)
{
	size_t n = strlen(mark);

	for (size_t i = 0; i + n <= line.len; i++) {
		if (memcmp(line.data + i, mark, n) == 0) {
			return true;
		}
	}
	return false;
}

hk_err
hk_suffix_table_build(hk_span dat, void *mem, size_t mem_len, hk_suffix_table *ret)
{
	size_t slots = slots_for(dat), rules = 0;
	bool is_private = false;
	builder b;

	if (dat.len > HK_SUFFIX_FILE_MAX || mem_len < hk_suffix_table_need(dat)) {
		return HK_ELIMIT;
	}
	b = (builder){.slots = mem,
		.text = (char *)mem + slots * sizeof(uint64_t),
		.text_cap = mem_len - slots * sizeof(uint64_t),
		.mask = (uint32_t)slots - 1};
	memset(mem, 0, mem_len);
	for (size_t at = 0, end; at < dat.len; at = end + 1) {
		hk_span line;
		hk_err err;

		for (end = at; end < dat.len && dat.data[end] != '\n';) {
			end++;
		}
		line = (hk_span){dat.data + at, end - at};
		if (line.len >= 2 && line.data[0] == '/' && line.data[1] == '/') {
			if (contains(line, "===BEGIN PRIVATE DOMAINS===")) {
				is_private = true;
			} else if (contains(line, "===END PRIVATE DOMAINS===")) {
				is_private = false;
			}
			continue;
		}
		for (size_t i = 0; i < line.len; i++) {
			if (line.data[i] == ' ' || line.data[i] == '\t' || line.data[i] == '\r') {
				line.len = i;
			}
		}
		if (line.len == 0) {
			continue;
		}
		if (++rules > HK_SUFFIX_RULES_MAX) {
			return HK_ELIMIT;
		}
		err = line_add(&b, line, is_private);
		if (err != HK_OK) {
			return err;
		}
	}
	if (rules == 0) {
		return HK_EFORM;
	}
	*ret = (hk_suffix_table){b.slots, b.text, b.mask, (uint32_t)rules};
	return HK_OK;
}

/* ---- asking ---- */

/* What the walk has found so far for one of the two views (all rules, ICANN rules only). */
typedef struct view {
	size_t off;
	bool matched, excepted, is_private;
} view;

#define ANY_ICANN (RULE_ICANN | WILD_ICANN | EXCEPT_ICANN)
#define ANY_RULE  (ANY_ICANN | RULE_PRIVATE | WILD_PRIVATE | EXCEPT_PRIVATE)

/* First byte of the label that ends just before the dot at off - 1; off itself if there is none. */
static inline size_t
label_left(const char *name, size_t off)
{
	size_t i;

	if (off < 2) {
		return off == 1 ? 0 : off;
	}
	for (i = off - 1; i > 0 && name[i - 1] != '.';) {
		i--;
	}
	return i;
}

/* A node at name[at..) matched with these flags, already masked for this view; parent is where the
 * label right of it begins. Rules found later in the walk are longer and win; an exception wins for
 * good, and its suffix is one label shorter. */
static inline void
view_note(view *v, unsigned flags, const char *name, size_t at, size_t parent)
{
	if (v->excepted || (flags & ANY_RULE) == 0) {
		return;
	}
	if (flags & (EXCEPT_ICANN | EXCEPT_PRIVATE)) {
		*v = (view){parent, true, true, !(flags & EXCEPT_ICANN)};
		return;
	}
	if (flags & (RULE_ICANN | RULE_PRIVATE)) {
		*v = (view){at, true, false, !(flags & RULE_ICANN)};
	}
	if ((flags & (WILD_ICANN | WILD_PRIVATE)) && at > 0) {
		*v = (view){label_left(name, at), true, false, !(flags & WILD_ICANN)};
	}
}

void
hk_suffix_split_name(
	const hk_suffix_table *table, const char *name, size_t len, hk_suffix_split *ret)
{
	size_t end, at, parent;
	uint32_t hash = HASH_START;
	bool first = true;
	view all, icann;

	if (len > UINT16_MAX) {
		name += len - UINT16_MAX;
		len = UINT16_MAX;
	}
	end = len > 0 && name[len - 1] == '.' ? len - 1 : len;
	parent = end;
	all = icann = (view){end, false, false, false};
	for (at = end; at > 0;) {
		size_t slot, unused;
		unsigned flags;

		if (!first) {
			hash = hash_step(hash, name[--at]); /* the dot */
		}
		while (at > 0 && name[at - 1] != '.') {
			hash = hash_step(hash, name[--at]);
		}
		if (first) {
			all.off = icann.off = at; /* the default rule: the last label */
		}
		first = false;
		slot = slot_find(
			table->slots, table->mask, table->text, hash, name + at, end - at, &unused);
		if (slot == SIZE_MAX) {
			break;
		}
		flags = slot_flags(table->slots[slot]);
		view_note(&icann, flags & ANY_ICANN, name, at, parent);
		view_note(&all, flags, name, at, parent);
		if (!(flags & HAS_CHILD)) {
			break;
		}
		parent = at;
	}
	*ret = (hk_suffix_split){
		.suffix_off = (uint16_t)all.off,
		.registrable_off = (uint16_t)label_left(name, all.off),
		.icann_suffix_off = (uint16_t)icann.off,
		.icann_registrable_off = (uint16_t)label_left(name, icann.off),
		.end = (uint16_t)end,
		.is_private = all.is_private,
		.is_known = all.matched,
	};
}
