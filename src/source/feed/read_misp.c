#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "source/feed/read_int.h"
#include "source/feed/when.h"
#include "sys/gerr.h"

/* MISP core format (misp-rfc): attribute types that we know. Of a pair "a|b" the first is what is reported: domain|ip says
 * where a name pointed. `link` is no indicator, it refers to reports. */
static const struct {
	const char *name;
	hk_feed_type type;
} types[] = {{"url", HK_FEED_URL}, {"uri", HK_FEED_URL}, {"domain", HK_FEED_DOMAIN},
	{"hostname", HK_FEED_DOMAIN}, {"domain|ip", HK_FEED_DOMAIN},
	{"hostname|port", HK_FEED_DOMAIN}, {"ip-src", HK_FEED_IP}, {"ip-dst", HK_FEED_IP},
	{"ip-src|port", HK_FEED_IP}, {"ip-dst|port", HK_FEED_IP}};

/* What holds for all attributes of an event. */
typedef struct event {
	const hk_feed_config *config;
	const hk_feed_sink *sink;
	const hk_json *json; /* NULL: attributes without an event */
	const char *uuid;
} event;

static hk_feed_type
type_of(const char *name)
{
	for (size_t i = 0; name && i < G_N_ELEMENTS(types); i++) {
		if (g_str_equal(types[i].name, name)) {
			return types[i].type;
		}
	}
	return HK_FEED_ANY;
}

static bool
flag(const hk_json *obj, const char *key)
{
	bool value = false;
	const char *text = hk_feed_str(obj, key);

	if (text) {
		return g_str_equal(text, "1") || g_str_equal(text, "true");
	}
	return hk_json_has(obj, key) && hk_json_bool(obj, key, &value, NULL) && value;
}

/* A time as text or number; 0: none. */
static int64_t
when(const hk_json *obj, const char *key)
{
	const char *text = hk_feed_str(obj, key);
	int64_t number = 0;

	if (text) {
		return hk_feed_when(hk_span_str(text), &number) ? number : 0;
	}
	if (!hk_json_has(obj, key) || !hk_json_i64(obj, key, &number, NULL) || number <= 0 ||
		number > INT64_C(99999999999)) {
		return 0;
	}
	return number * 1000;
}

static void
add_tags(const hk_json *obj, hk_feed_item *item)
{
	hk_json list;

	if (!obj || !hk_json_has(obj, "Tag") || !hk_json_array(obj, "Tag", &list, NULL)) {
		return;
	}
	for (size_t i = 0; i < hk_json_len(&list); i++) {
		hk_json tag = hk_json_at(&list, i);
		const char *name = hk_feed_str(&tag, "name");
		if (name) {
			hk_feed_tag(item, name);
		}
	}
}

static bool
give(const event *e, const hk_json *attribute, const char *value, hk_feed_type type,
	const char *place, GError **error)
{
	hk_feed_item item = {.type = type, .value = value, .place = place, .confidence = -1};

	item.id = hk_feed_str(attribute, "uuid");
	item.title = hk_feed_str(attribute, "comment");
	if ((!item.title || !*item.title) && e->json) {
		item.title = hk_feed_str(e->json, "info");
	}
	item.seen_ms = when(attribute, "first_seen");
	if (item.seen_ms == 0) {
		item.seen_ms = when(attribute, "timestamp");
	}
	add_tags(attribute, &item);
	add_tags(e->json, &item);
	return e->sink->item(e->sink->user, &item, error);
}

static bool
read_attribute(const event *e, const hk_json *attribute, GError **error)
{
	const char *name = hk_feed_str(attribute, "type");
	const char *value = hk_feed_str(attribute, "value");
	const char *uuid = hk_feed_str(attribute, "uuid");
	hk_feed_type type = type_of(name);
	char place[HK_FEED_PLACE_SIZE];

	snprintf(place, sizeof place, "event %.40s, attribute %.40s", e->uuid, uuid ? uuid : "?");
	hk_feed_odd odd = flag(attribute, "deleted")                        ? HK_FEED_ODD_DELETED
			  : type == HK_FEED_ANY                             ? HK_FEED_ODD_UNKNOWN
			  : e->config->to_ids && !flag(attribute, "to_ids") ? HK_FEED_ODD_NOT_TO_IDS
			  : !value                                          ? HK_FEED_ODD_NO_VALUE
									    : HK_FEED_ODDS;
	if (odd != HK_FEED_ODDS) {
		e->sink->odd(e->sink->user, odd, place);
		return true;
	}
	g_autofree char *first =
		g_strndup(value, strchr(name, '|') ? strcspn(value, "|") : strlen(value));
	return give(e, attribute, first, type, place, error);
}

static bool
read_attributes(const event *e, const hk_json *in, GError **error)
{
	hk_json list;

	if (!hk_json_has(in, "Attribute") || !hk_json_array(in, "Attribute", &list, NULL)) {
		return true;
	}
	for (size_t i = 0; i < hk_json_len(&list); i++) {
		hk_json attribute = hk_json_at(&list, i);
		if (!read_attribute(e, &attribute, error)) {
			return false;
		}
	}
	return true;
}

static bool
read_event(
	const hk_feed_config *config, const hk_json *json, const hk_feed_sink *sink, GError **error)
{
	const char *uuid = hk_feed_str(json, "uuid");
	event e = {.config = config, .sink = sink, .json = json, .uuid = uuid ? uuid : "?"};
	hk_json objects;

	if (!read_attributes(&e, json, error)) {
		return false;
	}
	if (!hk_json_has(json, "Object") || !hk_json_array(json, "Object", &objects, NULL)) {
		return true;
	}
	for (size_t i = 0; i < hk_json_len(&objects); i++) {
		hk_json object = hk_json_at(&objects, i);
		if (flag(&object, "deleted")) {
			sink->odd(sink->user, HK_FEED_ODD_DELETED, e.uuid);
		} else if (!read_attributes(&e, &object, error)) {
			return false;
		}
	}
	return true;
}

/* {"Event": {..}} */
static bool
read_wrapped(
	const hk_feed_config *config, const hk_json *json, const hk_feed_sink *sink, GError **error)
{
	hk_json inner;

	return hk_json_object(json, "Event", &inner, error) &&
	       read_event(config, &inner, sink, error);
}

static bool
read_list(
	const hk_feed_config *config, const hk_json *list, const hk_feed_sink *sink, GError **error)
{
	for (size_t i = 0; i < hk_json_len(list); i++) {
		hk_json element = hk_json_at(list, i);
		if (!read_wrapped(config, &element, sink, error)) {
			return false;
		}
	}
	return true;
}

bool
hk_feed_read_misp(
	const hk_feed_config *config, hk_span body, const hk_feed_sink *sink, GError **error)
{
	hk_json inner;

	if (!hk_feed_body(body, &body, error)) {
		return false;
	}
	g_autoptr(hk_json_doc) doc = hk_json_load(body, HK_FEED_EVENT_MAX, error);
	if (!doc) {
		return false;
	}
	hk_json root = hk_json_root(doc);
	if (hk_json_has(&root, "Event")) {
		return read_wrapped(config, &root, sink, error);
	}
	if (!hk_json_has(&root, "response")) {
		return hk_json_len(&root) > 0
			       ? read_list(config, &root, sink, error)
			       : hk_error_set(error, HK_EFORM,
					 "no MISP event: neither Event nor response");
	}
	if (hk_json_array(&root, "response", &inner, NULL)) {
		return read_list(config, &inner, sink, error);
	}
	event e = {.config = config, .sink = sink, .uuid = "-"};
	return hk_json_object(&root, "response", &inner, error) &&
	       read_attributes(&e, &inner, error);
}
