#include <stdio.h>
#include <string.h>

#include "parse/stixpattern.h"
#include "source/feed/read_int.h"
#include "source/feed/when.h"
#include "sys/gerr.h"

/* TLP markings by their fixed ids: STIX 2.1, section 7.2.1.4 (TLP 1.0), and OASIS's extension for TLP 2.0. */
static const struct {
	const char *id;
	const char *tlp;
} markings[] = {{"613f2e26-407d-48c7-9eca-b8e91df99dc9", "white"},
	{"34098fce-860f-48ae-8e50-ebd3cc5e41da", "green"},
	{"f88d31f6-486f-44da-b317-01333bde0b82", "amber"},
	{"5e57c739-391a-4eb3-b6be-7d15ca92d5ed", "red"},
	{"94868c89-83c2-464b-929b-a1a8aa3c8487", "clear"},
	{"bab4a63c-aed9-4cf5-a766-dfca5abac2bb", "green"},
	{"55d920b0-5e8b-4f79-9ee9-91f868d9b421", "amber"},
	{"939a9414-2ddd-4d32-a0cd-375ea402b003", "amber+strict"},
	{"e828b379-4e03-4974-9ac4-e53a884c97c1", "red"}};

static const struct {
	const char *name;
	hk_feed_type type;
} scos[] = {{"url", HK_FEED_URL}, {"domain-name", HK_FEED_DOMAIN}, {"ipv4-addr", HK_FEED_IP},
	{"ipv6-addr", HK_FEED_IP}};

static const hk_feed_type kinds[] = {
	[HK_STIX_URL] = HK_FEED_URL,
	[HK_STIX_DOMAIN] = HK_FEED_DOMAIN,
	[HK_STIX_IPV4] = HK_FEED_IP,
	[HK_STIX_IPV6] = HK_FEED_IP,
	[HK_STIX_OTHER] = HK_FEED_ANY,
};

static const hk_feed_odd uses[] = {
	[HK_STIX_TAKE] = HK_FEED_ODDS,
	[HK_STIX_NARROWED] = HK_FEED_ODD_NARROWED,
	[HK_STIX_NEGATED] = HK_FEED_ODD_NEGATED,
	[HK_STIX_WILDCARD] = HK_FEED_ODD_WILDCARD,
	[HK_STIX_UNEQUAL] = HK_FEED_ODD_UNEQUAL,
	[HK_STIX_UNKNOWN] = HK_FEED_ODD_UNKNOWN,
};

typedef struct reading {
	const hk_feed_config *config;
	const hk_feed_sink *sink;
	int64_t now_ms;
	GHashTable *observed; /* ids that observed-data names; borrowed */
	hk_stix_term *terms;  /* HK_STIXPATTERN_TERMS_MAX */
	char *text;           /* HK_STIXPATTERN_BYTES_MAX + 1 */
} reading;

static int64_t
when(const hk_json *obj, const char *key)
{
	const char *text = hk_feed_str(obj, key);
	int64_t ms = 0;

	return text && hk_feed_when(hk_span_str(text), &ms) ? ms : 0;
}

static bool
revoked(const hk_json *obj)
{
	bool value = false;

	return hk_json_has(obj, "revoked") && hk_json_bool(obj, "revoked", &value, NULL) && value;
}

/* Calls for each string of a list member. */
static void
each_text(
	const hk_json *obj, const char *key, void (*act)(void *user, const char *text), void *user)
{
	hk_json list;

	if (!hk_json_has(obj, key) || !hk_json_array(obj, key, &list, NULL)) {
		return;
	}
	for (size_t i = 0; i < hk_json_len(&list); i++) {
		hk_json element = hk_json_at(&list, i);
		const char *text = hk_json_text(&element);
		if (text) {
			act(user, text);
		}
	}
}

static void
on_tag(void *user, const char *text)
{
	hk_feed_tag(user, text);
}

static void
on_marking(void *user, const char *text)
{
	static const char prefix[] = "marking-definition--";

	for (size_t i = 0; i < G_N_ELEMENTS(markings); i++) {
		if (g_str_has_prefix(text, prefix) &&
			g_str_equal(text + sizeof prefix - 1, markings[i].id)) {
			hk_feed_tlp(user, markings[i].tlp);
		}
	}
}

static void
on_observed(void *user, const char *text)
{
	g_hash_table_add(user, (char *)(uintptr_t)text);
}

/* What every object may say about itself. */
static void
common(const hk_json *obj, const char *id, hk_feed_item *item)
{
	int64_t number;

	item->id = id;
	item->place = id;
	item->confidence = -1;
	if (hk_json_has(obj, "confidence") && hk_json_i64(obj, "confidence", &number, NULL) &&
		number >= 0 && number <= 100) {
		item->confidence = (int)number;
	}
	each_text(obj, "labels", on_tag, item);
	each_text(obj, "object_marking_refs", on_marking, item);
}

static bool
has_type(const hk_feed_item *item, const char *tag)
{
	for (size_t i = 0; i < item->tag_count; i++) {
		if (g_str_equal(item->tags[i], tag)) {
			return true;
		}
	}
	return false;
}

/* A term of a pattern; a URL that is narrowed stays what it is, a name or address does not (cdn.example AND ...). */
static bool
give_term(reading *r, const hk_stix_term *term, hk_feed_item *item, GError **error)
{
	bool exact = term->kind == HK_STIX_URL && term->use == HK_STIX_NARROWED;
	size_t len;

	if (term->use != HK_STIX_TAKE && !exact) {
		r->sink->odd(r->sink->user, uses[term->use], item->place);
		return true;
	}
	if (hk_stixpattern_text(term->value, r->text, HK_STIXPATTERN_BYTES_MAX + 1, &len) !=
		HK_OK) {
		r->sink->odd(r->sink->user, HK_FEED_ODD_NOT_TEXT, item->place);
		return true;
	}
	item->type = kinds[term->kind];
	item->value = r->text;
	return r->sink->item(r->sink->user, item, error);
}

static bool
read_pattern(reading *r, const char *pattern, hk_feed_item *item, GError **error)
{
	size_t count = 0;
	hk_err err = hk_stixpattern_read(
		hk_span_str(pattern), r->terms, HK_STIXPATTERN_TERMS_MAX, &count);

	if (err != HK_OK) {
		r->sink->odd(r->sink->user,
			err == HK_ELIMIT ? HK_FEED_ODD_TOO_LONG : HK_FEED_ODD_NO_PATTERN,
			item->place);
		return true;
	}
	for (size_t i = 0; i < count; i++) {
		if (!give_term(r, &r->terms[i], item, error)) {
			return false;
		}
	}
	return true;
}

static bool
read_indicator(reading *r, const hk_json *obj, const char *id, GError **error)
{
	const char *pattern = hk_feed_str(obj, "pattern");
	const char *type = hk_feed_str(obj, "pattern_type");
	hk_feed_item item = {0};

	common(obj, id, &item);
	each_text(obj, "indicator_types", on_tag, &item);
	item.title = hk_feed_str(obj, "name");
	item.seen_ms = when(obj, "valid_from");
	if (item.seen_ms == 0) {
		item.seen_ms = when(obj, "created");
	}
	item.until_ms = when(obj, "valid_until");
	hk_feed_odd odd = !pattern                                      ? HK_FEED_ODD_NO_VALUE
			  : type && !g_str_equal(type, "stix")          ? HK_FEED_ODD_PATTERN_TYPE
			  : has_type(&item, "benign")                   ? HK_FEED_ODD_BENIGN
			  : item.until_ms && item.until_ms <= r->now_ms ? HK_FEED_ODD_EXPIRED
									: HK_FEED_ODDS;
	if (odd != HK_FEED_ODDS) {
		r->sink->odd(r->sink->user, odd, id);
		return true;
	}
	return read_pattern(r, pattern, &item, error);
}

static bool
read_sco(reading *r, const hk_json *obj, const char *id, hk_feed_type type, GError **error)
{
	const char *value = hk_feed_str(obj, "value");
	bool wanted = r->config->objects == HK_FEED_OBJECTS_ALL ||
		      (r->config->objects == HK_FEED_OBJECTS_OBSERVED &&
			      g_hash_table_contains(r->observed, id));
	hk_feed_item item = {.type = type, .value = value};

	if (!wanted || !value) {
		r->sink->odd(
			r->sink->user, wanted ? HK_FEED_ODD_NO_VALUE : HK_FEED_ODD_UNKNOWN, id);
		return true;
	}
	common(obj, id, &item);
	return r->sink->item(r->sink->user, &item, error);
}

static hk_feed_type
sco_of(const char *type)
{
	for (size_t i = 0; i < G_N_ELEMENTS(scos); i++) {
		if (g_str_equal(scos[i].name, type)) {
			return scos[i].type;
		}
	}
	return HK_FEED_ANY;
}

/* Observed-data of STIX 2.0 carries its objects: {"objects": {"0": {"type": "url", ..}}}. */
static bool
read_observed(reading *r, const hk_json *obj, const char *id, GError **error)
{
	hk_json objects, inner;
	const char *key;
	void *pos = NULL;

	if (r->config->objects == HK_FEED_OBJECTS_NONE || !hk_json_has(obj, "objects") ||
		!hk_json_object(obj, "objects", &objects, NULL)) {
		return true;
	}
	while (hk_json_each(&objects, &pos, &key, &inner)) {
		const char *type = hk_feed_str(&inner, "type");
		const char *value = hk_feed_str(&inner, "value");
		hk_feed_item item = {.type = type ? sco_of(type) : HK_FEED_ANY, .value = value};
		if (!item.type || !value) {
			r->sink->odd(r->sink->user, HK_FEED_ODD_UNKNOWN, id);
			continue;
		}
		common(obj, id, &item);
		item.seen_ms = when(obj, "first_observed");
		if (!r->sink->item(r->sink->user, &item, error)) {
			return false;
		}
	}
	return true;
}

/* Objects that carry no indicator of ours and are no surprise either. */
static bool
is_context(const char *type)
{
	static const char *const known[] = {"identity", "relationship", "marking-definition",
		"sighting", "report", "campaign", "threat-actor", "intrusion-set", "malware",
		"tool", "attack-pattern", "infrastructure", "note", "opinion", "grouping",
		"location", "vulnerability", "course-of-action", "extension-definition",
		"language-content", "malware-analysis", "incident"};

	for (size_t i = 0; i < G_N_ELEMENTS(known); i++) {
		if (g_str_equal(known[i], type)) {
			return true;
		}
	}
	return false;
}

static bool
read_object(reading *r, const hk_json *obj, size_t index, GError **error)
{
	char place[HK_FEED_PLACE_SIZE];
	const char *type = hk_feed_str(obj, "type");
	const char *id = hk_feed_str(obj, "id");

	if (!type || !id || strlen(id) >= sizeof place) {
		snprintf(place, sizeof place, "object %zu", index + 1);
		r->sink->odd(r->sink->user, HK_FEED_ODD_UNKNOWN, place);
		return true;
	}
	if (is_context(type)) {
		return true;
	}
	if (revoked(obj)) {
		r->sink->odd(r->sink->user, HK_FEED_ODD_REVOKED, id);
		return true;
	}
	if (g_str_equal(type, "indicator")) {
		return read_indicator(r, obj, id, error);
	}
	if (g_str_equal(type, "observed-data")) {
		return read_observed(r, obj, id, error);
	}
	if (sco_of(type) != HK_FEED_ANY) {
		return read_sco(r, obj, id, sco_of(type), error);
	}
	r->sink->odd(r->sink->user, HK_FEED_ODD_UNKNOWN, id);
	return true;
}

/* The ids that observed-data stands for: SCOs of the same answer. */
static void
find_observed(reading *r, const hk_json *objects)
{
	for (size_t i = 0; i < hk_json_len(objects); i++) {
		hk_json obj = hk_json_at(objects, i);
		const char *type = hk_feed_str(&obj, "type");
		if (type && g_str_equal(type, "observed-data") && !revoked(&obj)) {
			each_text(&obj, "object_refs", on_observed, r->observed);
		}
	}
}

/* An answer without objects: an envelope or bundle that has nothing to say, or something else altogether. */
static bool
read_empty(const hk_json *root, hk_span body, GError **error)
{
	const char *type = hk_feed_str(root, "type");
	hk_json first;
	const char *key;
	void *pos = NULL;
	size_t at = 0;

	if (hk_json_has(root, "more") || (type && g_str_equal(type, "bundle"))) {
		return true;
	}
	while (at < body.len && body.data[at] <= ' ') {
		at++;
	}
	if (at < body.len && body.data[at] == '{' && !hk_json_each(root, &pos, &key, &first)) {
		return true;
	}
	return hk_error_set(error, HK_EFORM, "neither a STIX bundle nor a TAXII envelope");
}

bool
hk_feed_read_stix(const hk_feed_config *config, hk_span body, int64_t now_ms,
	const hk_feed_sink *sink, GError **error)
{
	hk_json objects;

	if (!hk_feed_body(body, &body, error)) {
		return false;
	}
	g_autoptr(hk_json_doc) doc = hk_json_load(body, HK_FEED_EVENT_MAX, error);
	if (!doc) {
		return false;
	}
	hk_json root = hk_json_root(doc);
	if (!hk_json_has(&root, "objects")) {
		return read_empty(&root, body, error);
	}
	if (!hk_json_array(&root, "objects", &objects, error)) {
		return false;
	}
	g_autoptr(GHashTable) observed = g_hash_table_new(g_str_hash, g_str_equal);
	g_autofree hk_stix_term *terms = g_new(hk_stix_term, HK_STIXPATTERN_TERMS_MAX);
	g_autofree char *text = g_malloc(HK_STIXPATTERN_BYTES_MAX + 1);
	reading r = {.config = config,
		.sink = sink,
		.now_ms = now_ms,
		.observed = observed,
		.terms = terms,
		.text = text};
	find_observed(&r, &objects);
	for (size_t i = 0; i < hk_json_len(&objects); i++) {
		hk_json obj = hk_json_at(&objects, i);
		if (!read_object(&r, &obj, i, error)) {
			return false;
		}
	}
	return true;
}
