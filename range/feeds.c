#include "feeds.h"

#include <string.h>

#include "rng.h"
#include "sys/clock.h"
#include "sys/jsonw.h"

static const char *const words[] = {"login", "secure", "verify", "support", "kaiin", "auth", "id"};
static const char *const brands[] = {"mihon-bank", "mihonbank", "mihon-id", "rei-card"};
static const char *const targets[] = {"みほん銀行", "Mihon Bank", "", "Rei Card"};
static const char *const paths[] = {"/", "/login", "/ib/auth.php?id=", "/jp/kaiin/?s="};
static const char *const types[] = {"url", "domain", "ip"};

const char *
rg_feeds_time(int64_t seconds, char *ret)
{
	return hk_clock_format(seconds * 1000, ret);
}

void
rg_feeds_uuid(const rg_feeds *feeds, const char *label, uint64_t n, char *ret)
{
	rg_rng rng = rg_rng_of(feeds->seed, label, n);
	uint64_t a = rg_rng_next(&rng);
	uint64_t b = rg_rng_next(&rng);

	/* RFC 9562: version 4, variant 10. */
	snprintf(ret, RG_FEED_UUID_SIZE, "%08x-%04x-4%03x-%04x-%012llx", (unsigned)(a >> 32),
		(unsigned)(a >> 16 & 0xFFFF), (unsigned)(a & 0xFFF),
		(unsigned)(0x8000 | (b >> 48 & 0x3FFF)), (unsigned long long)(b & 0xFFFFFFFFFFFFu));
}

void
rg_feeds_item(const rg_feeds *feeds, uint64_t n, rg_feed_item *ret)
{
	const rg_feed_item *given =
		feeds->given ? g_hash_table_lookup(feeds->given, GSIZE_TO_POINTER(n)) : NULL;
	rg_rng rng = rg_rng_of(feeds->seed, "feed", n);

	if (given) {
		*ret = *given;
		return;
	}
	unsigned brand = rg_rng_below(&rng, G_N_ELEMENTS(brands));
	const char *word = words[rg_rng_below(&rng, G_N_ELEMENTS(words))];
	unsigned path = rg_rng_below(&rng, G_N_ELEMENTS(paths));
	bool tls = rg_rng_chance(&rng, 0.7);
	unsigned number = (unsigned)n;

	*ret = (rg_feed_item){.target = targets[brand], .confidence = 50 + number % 51};
	ret->type = n % 10 < 7 ? RG_FEED_URL : n % 10 < 9 ? RG_FEED_DOMAIN : RG_FEED_IP;
	ret->seen_s = feeds->epoch_s + (int64_t)n * RG_FEED_ITEM_S;
	ret->odd = feeds->odd_every > 0 && n % feeds->odd_every == feeds->odd_every - 1;
	if (ret->type == RG_FEED_IP) {
		if (n / 10 < 254) {
			snprintf(ret->host, sizeof ret->host, "203.0.113.%u", number / 10 + 1);
		} else {
			snprintf(ret->host, sizeof ret->host, "2001:db8::%x:%x", (number >> 16) + 1,
				(number & 0xFFFF) | 1);
		}
	} else {
		snprintf(ret->host, sizeof ret->host, "%s-%s-%u.%s", word, brands[brand], number,
			n % 3 ? "example" : "test");
	}
	if (ret->type == RG_FEED_URL) {
		bool query = strchr(paths[path], '?') != NULL;
		char tail[16] = "";
		if (query) {
			snprintf(tail, sizeof tail, "%x", number * 2654435761u);
		}
		snprintf(ret->value, sizeof ret->value, "%s://%s%s%s", tls ? "https" : "http",
			ret->host, paths[path], tail);
	} else {
		snprintf(ret->value, sizeof ret->value, "%s", ret->host);
	}
}

static void
member(GString *out, const char *key, const char *text)
{
	hk_jsonw_key(out, key);
	hk_jsonw_str(out, text);
}

static void
number(GString *out, const char *key, int64_t value)
{
	hk_jsonw_key(out, key);
	hk_jsonw_int(out, value);
}

void
rg_feeds_grow(rg_feeds *feeds, uint64_t n)
{
	g_autoptr(GString) out = g_string_new(NULL);
	rg_feed_item item;

	for (uint64_t i = feeds->count; feeds->truth && i < feeds->count + n; i++) {
		rg_feeds_item(feeds, i, &item);
		g_string_assign(out, "{");
		number(out, "n", (int64_t)i);
		member(out, "type", types[item.type]);
		member(out, "value", item.value);
		member(out, "host", item.host);
		member(out, "target", item.target);
		number(out, "confidence", item.confidence);
		number(out, "seen", item.seen_s);
		hk_jsonw_key(out, "odd");
		hk_jsonw_bool(out, item.odd);
		g_string_append(out, "}\n");
		fputs(out->str, feeds->truth);
	}
	if (feeds->truth) {
		fflush(feeds->truth);
	}
	feeds->count += n;
}

bool
rg_feeds_give(rg_feeds *feeds, const char *line)
{
	size_t len = strcspn(line, " \t");
	const char *target = line + len + strspn(line + len, " \t");
	const char *host = strstr(line, "://");
	size_t host_len = host ? strcspn(host + 3, "/:?# \t") : 0;
	g_autofree rg_feed_item *item = g_new0(rg_feed_item, 1);

	if (host_len == 0 || host_len >= sizeof item->host || len >= sizeof item->value ||
		host > line + len) {
		return false;
	}
	*item = (rg_feed_item){.type = RG_FEED_URL,
		.target = g_intern_string(target),
		.confidence = 90,
		.seen_s = feeds->epoch_s + (int64_t)feeds->count * RG_FEED_ITEM_S};
	memcpy(item->value, line, len);
	memcpy(item->host, host + 3, host_len);
	if (!feeds->given) {
		feeds->given = g_hash_table_new_full(NULL, NULL, NULL, g_free);
	}
	g_hash_table_insert(feeds->given, GSIZE_TO_POINTER(feeds->count), g_steal_pointer(&item));
	rg_feeds_grow(feeds, 1);
	return true;
}

/* As people write it: every seventh is defanged; an odd one is no URL. */
static void
written(const rg_feed_item *item, uint64_t n, char *ret, size_t room)
{
	const char *dot = strrchr(item->host, '.');

	if (item->odd) {
		snprintf(ret, room, "%s", n % 2 ? "no_dot" : "mailto:someone@mihon-bank.example");
	} else if (n % 7 == 3 && item->type == RG_FEED_URL) {
		const char *rest = strstr(item->value, item->host) + strlen(item->host);
		snprintf(ret, room, "hxxp%s://%.*s[.]%s%s", item->value[4] == 's' ? "s" : "",
			(int)(dot - item->host), item->host, dot + 1, rest);
	} else {
		snprintf(ret, room, "%s", item->value);
	}
}

GBytes *
rg_feeds_csv(const rg_feeds *feeds)
{
	GString *out = g_string_new("id,first_seen,kind,url,host,target,tags,confidence\r\n");
	char when[HK_CLOCK_TEXT_SIZE];
	char value[200];
	rg_feed_item item;

	for (uint64_t n = feeds->first; n < feeds->count; n++) {
		rg_feeds_item(feeds, n, &item);
		written(&item, n, value, sizeof value);
		g_string_append_printf(out,
			"%llu,%s,%s,%s,%s,\"%s\",\"phishing, \"\"kit\"\" a\",%u\r\n",
			(unsigned long long)n, rg_feeds_time(item.seen_s, when), types[item.type],
			item.type == RG_FEED_URL ? value : "",
			item.type == RG_FEED_URL ? "" : value, item.target, item.confidence);
	}
	return g_string_free_to_bytes(out);
}

GBytes *
rg_feeds_jsonl(const rg_feeds *feeds)
{
	GString *out = g_string_new(NULL);
	char value[200];
	rg_feed_item item;

	for (uint64_t n = feeds->first; n < feeds->count; n++) {
		rg_feeds_item(feeds, n, &item);
		written(&item, n, value, sizeof value);
		hk_jsonw_open(out, '{');
		number(out, "id", (int64_t)n);
		hk_jsonw_key(out, "indicator");
		hk_jsonw_open(out, '{');
		member(out, item.type == RG_FEED_URL ? "url" : "host", value);
		hk_jsonw_close(out, '}');
		number(out, "seen", item.seen_s);
		member(out, "brand", item.target);
		number(out, "confidence", item.confidence);
		hk_jsonw_key(out, "tags");
		hk_jsonw_open(out, '[');
		hk_jsonw_str(out, "phishing");
		hk_jsonw_close(out, ']');
		hk_jsonw_close(out, '}');
		g_string_append_c(out, '\n');
	}
	return g_string_free_to_bytes(out);
}

GBytes *
rg_feeds_text(const rg_feeds *feeds)
{
	GString *out = g_string_new("# invented, from hikeshi-range\n");
	char value[200];
	rg_feed_item item;

	for (uint64_t n = feeds->first; n < feeds->count; n++) {
		rg_feeds_item(feeds, n, &item);
		written(&item, n, value, sizeof value);
		g_string_append_printf(out, "%s\n", value);
	}
	return g_string_free_to_bytes(out);
}

/* An event's timestamp is that of its last item: it changes as long as the event grows. */
static int64_t
event_time(const rg_feeds *feeds, uint64_t event)
{
	uint64_t last = MIN((event + 1) * RG_FEED_EVENT_ITEMS, feeds->count) - 1;

	return feeds->epoch_s + (int64_t)last * RG_FEED_ITEM_S;
}

static void
event_head(const rg_feeds *feeds, uint64_t event, GString *out)
{
	char text[32];

	snprintf(text, sizeof text, "Wave %llu", (unsigned long long)event);
	member(out, "info", text);
	snprintf(text, sizeof text, "%lld", (long long)event_time(feeds, event));
	member(out, "timestamp", text);
	hk_jsonw_key(out, "Orgc");
	hk_jsonw_open(out, '{');
	member(out, "name", "Range CERT");
	hk_jsonw_close(out, '}');
	hk_jsonw_key(out, "Tag");
	hk_jsonw_open(out, '[');
	hk_jsonw_open(out, '{');
	member(out, "name", event % 2 ? "tlp:amber" : "tlp:green");
	hk_jsonw_close(out, '}');
	hk_jsonw_close(out, ']');
}

GBytes *
rg_feeds_manifest(const rg_feeds *feeds)
{
	GString *out = g_string_new("{");
	char uuid[RG_FEED_UUID_SIZE];

	for (uint64_t event = feeds->first / RG_FEED_EVENT_ITEMS;
		event * RG_FEED_EVENT_ITEMS < feeds->count; event++) {
		rg_feeds_uuid(feeds, "event", event, uuid);
		hk_jsonw_key(out, uuid);
		hk_jsonw_open(out, '{');
		event_head(feeds, event, out);
		hk_jsonw_close(out, '}');
	}
	hk_jsonw_close(out, '}');
	return g_string_free_to_bytes(out);
}

static void
attribute(const rg_feeds *feeds, uint64_t n, GString *out)
{
	static const char *const names[] = {"url", "hostname", "ip-dst"};
	char text[RG_FEED_UUID_SIZE];
	rg_feed_item item;

	rg_feeds_item(feeds, n, &item);
	hk_jsonw_open(out, '{');
	rg_feeds_uuid(feeds, "attribute", n, text);
	member(out, "uuid", text);
	member(out, "type", names[item.type]);
	member(out, "value", item.value);
	hk_jsonw_key(out, "to_ids");
	hk_jsonw_bool(out, !item.odd || n % 2);
	hk_jsonw_key(out, "deleted");
	hk_jsonw_bool(out, item.odd && n % 2);
	snprintf(text, sizeof text, "%lld", (long long)item.seen_s);
	member(out, "timestamp", text);
	hk_jsonw_key(out, "Tag");
	hk_jsonw_open(out, '[');
	if (*item.target) {
		hk_jsonw_open(out, '{');
		member(out, "name", item.target);
		hk_jsonw_close(out, '}');
	}
	hk_jsonw_close(out, ']');
	hk_jsonw_close(out, '}');
}

GBytes *
rg_feeds_event(const rg_feeds *feeds, const char *uuid)
{
	uint64_t event = feeds->first / RG_FEED_EVENT_ITEMS;
	char own[RG_FEED_UUID_SIZE];

	for (; event * RG_FEED_EVENT_ITEMS < feeds->count; event++) {
		rg_feeds_uuid(feeds, "event", event, own);
		if (strcmp(own, uuid) == 0) {
			break;
		}
	}
	if (event * RG_FEED_EVENT_ITEMS >= feeds->count) {
		return NULL;
	}
	GString *out = g_string_new("{\"Event\":{");
	member(out, "uuid", own);
	event_head(feeds, event, out);
	hk_jsonw_key(out, "Attribute");
	hk_jsonw_open(out, '[');
	for (uint64_t n = MAX(event * RG_FEED_EVENT_ITEMS, feeds->first);
		n < MIN((event + 1) * RG_FEED_EVENT_ITEMS, feeds->count); n++) {
		attribute(feeds, n, out);
	}
	g_string_append(out, "]}}");
	return g_string_free_to_bytes(out);
}

/* An odd item is revoked, or a pattern of which nothing may be taken. */
void
rg_feeds_indicator(const rg_feeds *feeds, uint64_t n, GString *out)
{
	static const char *const stix[] = {"url", "domain-name", "ipv4-addr"};
	char uuid[RG_FEED_UUID_SIZE];
	char when[HK_CLOCK_TEXT_SIZE];
	rg_feed_item item;

	rg_feeds_item(feeds, n, &item);
	bool six = item.type == RG_FEED_IP && strchr(item.value, ':');
	const char *type = six ? "ipv6-addr" : stix[item.type];
	rg_feeds_uuid(feeds, "indicator", n, uuid);
	g_autofree char *id = g_strconcat("indicator--", uuid, NULL);
	g_autofree char *plain = g_strdup_printf("[%s:value = '%s']", type, item.value);
	g_autofree char *narrow =
		g_strdup_printf("[domain-name:value = '%s' AND file:name = 'kit.zip']", item.host);
	rg_feeds_time(item.seen_s, when);
	hk_jsonw_open(out, '{');
	member(out, "type", "indicator");
	member(out, "spec_version", "2.1");
	member(out, "id", id);
	member(out, "created", when);
	member(out, "modified", when);
	member(out, "valid_from", when);
	member(out, "name", "Invented phishing");
	member(out, "pattern_type", "stix");
	member(out, "pattern", item.odd && n % 2 ? narrow : plain);
	hk_jsonw_key(out, "revoked");
	hk_jsonw_bool(out, item.odd && n % 2 == 0);
	number(out, "confidence", item.confidence);
	hk_jsonw_key(out, "indicator_types");
	hk_jsonw_open(out, '[');
	hk_jsonw_str(out, "malicious-activity");
	hk_jsonw_close(out, ']');
	hk_jsonw_key(out, "labels");
	hk_jsonw_open(out, '[');
	if (*item.target) {
		hk_jsonw_str(out, item.target);
	}
	hk_jsonw_close(out, ']');
	hk_jsonw_key(out, "object_marking_refs");
	hk_jsonw_open(out, '[');
	hk_jsonw_str(out, "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb");
	hk_jsonw_close(out, ']');
	hk_jsonw_close(out, '}');
}

GBytes *
rg_feeds_bundle(const rg_feeds *feeds)
{
	GString *out = g_string_new("{");
	char uuid[RG_FEED_UUID_SIZE];

	rg_feeds_uuid(feeds, "bundle", 0, uuid);
	g_autofree char *id = g_strconcat("bundle--", uuid, NULL);
	member(out, "type", "bundle");
	member(out, "id", id);
	hk_jsonw_key(out, "objects");
	hk_jsonw_open(out, '[');
	for (uint64_t n = feeds->first; n < feeds->count; n++) {
		rg_feeds_indicator(feeds, n, out);
	}
	g_string_append(out, "]}");
	return g_string_free_to_bytes(out);
}
