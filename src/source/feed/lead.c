#include "source/feed/lead.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/utf8.h"
#include "parse/url.h"
#include "source/feed/read_int.h"
#include "sys/clock.h"
#include "sys/hash.h"
#include "sys/idn.h"
#include "sys/jsonw.h"

enum { TITLE_BYTES_MAX = 240 };

static const char *
type_name(hk_feed_type type)
{
	return type == HK_FEED_URL ? "url" : type == HK_FEED_IP ? "ip" : "domain";
}

void
hk_feed_lead_free(hk_feed_lead *lead)
{
	if (lead) {
		g_free(lead->host);
		g_free(lead->url);
		g_free(lead->title);
		g_free(lead->target);
		g_free(lead->data);
		g_free(lead);
	}
}

void
hk_feed_tally_init(hk_feed_tally *tally)
{
	*tally = (hk_feed_tally){0};
	tally->unmapped = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

void
hk_feed_tally_clear(hk_feed_tally *tally)
{
	for (int i = 0; i < HK_FEED_ODDS; i++) {
		g_free(tally->first[i]);
	}
	g_clear_pointer(&tally->unmapped, g_hash_table_unref);
	*tally = (hk_feed_tally){0};
}

void
hk_feed_tally_odd(hk_feed_tally *tally, hk_feed_odd odd, const char *place)
{
	if (tally->odd[odd]++ == 0) {
		tally->first[odd] = g_strdup(place);
	}
}

static void
count(GString *out, const char *key, uint64_t value)
{
	hk_jsonw_key(out, key);
	hk_jsonw_int(out, (int64_t)value);
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void
hk_feed_tally_print(const hk_feed_tally *tally, GString *out)
{
	unsigned words = 0;
	g_autofree char **word = (char **)g_hash_table_get_keys_as_array(tally->unmapped, &words);

	count(out, "items", tally->items);
	count(out, "leads", tally->leads);
	count(out, "fresh", tally->fresh);
	count(out, "bytes", tally->bytes);
	count(out, "answers", tally->answers);
	hk_jsonw_key(out, "odd");
	hk_jsonw_open(out, '{');
	for (int i = 0; i < HK_FEED_ODDS; i++) {
		if (tally->odd[i] > 0) {
			hk_jsonw_key(out, hk_feed_odd_name((hk_feed_odd)i));
			hk_jsonw_open(out, '{');
			count(out, "count", tally->odd[i]);
			hk_jsonw_key(out, "first");
			hk_jsonw_str(out, tally->first[i]);
			hk_jsonw_close(out, '}');
		}
	}
	hk_jsonw_close(out, '}');
	hk_jsonw_key(out, "unmapped");
	hk_jsonw_open(out, '[');
	qsort(word, words, sizeof *word, by_text);
	for (unsigned i = 0; i < words; i++) {
		hk_jsonw_str(out, word[i]);
	}
	hk_jsonw_close(out, ']');
}

static hk_err
to_ascii(void *user, hk_span host, char *ret, size_t max)
{
	size_t len = 0;

	(void)user;
	if (max == 0) {
		return HK_ELIMIT;
	}
	HK_TRY(hk_idn_to_ascii(host, ret, max - 1, &len));
	ret[len] = '\0';
	return HK_OK;
}

/* Addresses that no phishing site has: this network, private, carrier's, loopback, link-local, multicast, reserved. Those of
 * documentation are left: they do no harm, and the range uses them. */
static bool
is_private4(const uint8_t *a)
{
	return a[0] == 0 || a[0] == 10 || a[0] == 127 || a[0] >= 224 ||
	       (a[0] == 100 && (a[1] & 0xC0) == 64) || (a[0] == 169 && a[1] == 254) ||
	       (a[0] == 172 && (a[1] & 0xF0) == 16) || (a[0] == 192 && a[1] == 168);
}

static bool
is_private(const char *host)
{
	static const uint8_t zero[15];
	static const uint8_t mapped[12] = {[10] = 0xFF, [11] = 0xFF};
	uint8_t a[16];

	if (inet_pton(AF_INET, host, a) == 1) {
		return is_private4(a);
	}
	if (inet_pton(AF_INET6, host, a) != 1) {
		return false;
	}
	return (memcmp(a, zero, 15) == 0 && a[15] <= 1) || a[0] == 0xFF || (a[0] & 0xFE) == 0xFC ||
	       (a[0] == 0xFE && (a[1] & 0xC0) == 0x80) ||
	       (memcmp(a, mapped, 12) == 0 && is_private4(a + 12));
}

/* "192.0.2.0/24", "192.0.2.7/32": *ret_one: it is one address, and text is cut to it. False: no network. */
static bool
is_network(char *text, bool *ret_one)
{
	char *slash = strchr(text, '/');
	uint64_t bits;

	if (!slash || hk_parse_u64(hk_span_str(slash + 1), 128, &bits) != HK_OK) {
		return false;
	}
	*slash = '\0';
	bool network = hk_feed_is_ip(text);
	*ret_one = bits == (strchr(text, ':') ? 128 : 32);
	if (!network || !*ret_one) {
		*slash = '/';
	}
	return network;
}

/* A URL that is written as a URL is taken to the letter: what people put around a pasted one, and hk_url_refang() takes away, may
 * be a part of it here. */
static bool
is_exact(const char *value, hk_url *ret)
{
	return strstr(value, "://") &&
	       hk_url_parse(hk_span_str(value), to_ascii, NULL, ret) == HK_OK &&
	       !(ret->odd & HK_URL_ODD_NO_SCHEME);
}

/* A bare name, a network, or what people write so that nobody clicks on it. */
static hk_err
read_written(const char *value, char *plain, bool *ret_range, bool *ret_host, hk_url *ret)
{
	bool one = true;
	size_t len = 0;

	HK_TRY(hk_url_refang(hk_span_str(value), plain, HK_URL_MAX, &len));
	plain[len] = '\0';
	bool network = is_network(plain, &one);
	*ret_range = network && !one;
	if (*ret_range) {
		return HK_OK;
	}
	bool bare6 = strchr(plain, ':') && hk_feed_is_ip(plain);
	g_autofree char *text = bare6 ? g_strdup_printf("http://[%s]/", plain) : NULL;
	HK_TRY(hk_url_read(hk_span_str(bare6     ? text
				       : network ? plain
						 : value),
		to_ascii, NULL, ret, NULL));
	/* Who writes a bare name means the name: http://name/ would be our invention. */
	*ret_host = bare6 || ((ret->odd & HK_URL_ODD_NO_SCHEME) && !strpbrk(plain, "/?#\\"));
	return HK_OK;
}

/* The value as URL or host. HK_FEED_ODDS: it is one. */
static hk_feed_odd
canonical(const char *value, hk_url *ret, hk_feed_type *ret_type)
{
	char plain[HK_URL_MAX + 1];
	bool range = false;
	bool host = false;

	if (!hk_feed_plain(hk_span_str(value))) {
		return HK_FEED_ODD_NOT_TEXT;
	}
	if (!is_exact(value, ret)) {
		hk_err err = read_written(value, plain, &range, &host, ret);
		if (err != HK_OK) {
			return err == HK_ELIMIT ? HK_FEED_ODD_TOO_LONG : HK_FEED_ODD_NO_URL;
		}
		if (range) {
			return HK_FEED_ODD_RANGE;
		}
	}
	*ret_type = !host ? HK_FEED_URL : ret->is_ip ? HK_FEED_IP : HK_FEED_DOMAIN;
	return ret->is_ip && is_private(ret->host) ? HK_FEED_ODD_PRIVATE : HK_FEED_ODDS;
}

static bool
has_tag(const hk_feed_item *item, GHashTable *wanted)
{
	for (size_t i = 0; i < item->tag_count; i++) {
		g_autofree char *folded = hk_feed_fold(item->tags[i]);
		if (folded && g_hash_table_contains(wanted, folded)) {
			return true;
		}
	}
	return false;
}

/* What the feed's file keeps out. HK_FEED_ODDS: nothing. */
static hk_feed_odd
filter(const hk_feed_config *config, const hk_feed_item *item, hk_feed_type type, int64_t now_ms)
{
	if (config->types && !(config->types & type)) {
		return HK_FEED_ODD_TYPE;
	}
	if ((config->tags && !has_tag(item, config->tags)) ||
		(config->not_tags && has_tag(item, config->not_tags))) {
		return HK_FEED_ODD_TAG;
	}
	if (item->confidence >= 0 && item->confidence < config->confidence) {
		return HK_FEED_ODD_CONFIDENCE;
	}
	if (item->seen_ms > 0 &&
		(item->seen_ms < config->since_ms ||
			(config->max_age_ms > 0 && item->seen_ms < now_ms - config->max_age_ms))) {
		return HK_FEED_ODD_OLD;
	}
	return HK_FEED_ODDS;
}

static const char *
look_up(const hk_feed_config *config, const char *word)
{
	g_autofree char *folded = hk_feed_fold(word);

	return folded ? g_hash_table_lookup(config->targets, folded) : NULL;
}

/* Our key for the feed's word: its target first, then its tags, then what holds for the whole feed. */
static const char *
target_of(const hk_feed_config *config, const hk_feed_item *item, hk_feed_tally *tally)
{
	const char *ours = item->target ? look_up(config, item->target) : NULL;

	for (size_t i = 0; !ours && i < item->tag_count; i++) {
		ours = look_up(config, item->tags[i]);
	}
	if (!ours && item->target && *item->target) {
		unsigned seen =
			GPOINTER_TO_UINT(g_hash_table_lookup(tally->unmapped, item->target));
		if (seen > 0 || g_hash_table_size(tally->unmapped) < HK_FEED_UNMAPPED_MAX) {
			g_hash_table_insert(tally->unmapped,
				g_strndup(item->target, strnlen(item->target, HK_FEED_TEXT_MAX)),
				GUINT_TO_POINTER(seen + 1));
		}
	}
	return ours ? ours : config->target;
}

/* Text of the feed in one line of at most max bytes: control characters become blanks; cut between characters. */
static char *
one_line(const char *text, size_t max)
{
	const uint8_t *at = (const uint8_t *)text;
	const uint8_t *end = at + strlen(text);
	GString *out = g_string_new(NULL);

	while (at < end) {
		uint32_t c;
		size_t len = hk_utf8_next(at, end, &c);
		if (len == 0 || c < ' ' || (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029) {
			g_string_append_c(out, ' ');
			at += MAX(len, 1);
			continue;
		}
		if (out->len + len > max) {
			break;
		}
		g_string_append_len(out, (const char *)at, (gssize)len);
		at += len;
	}
	return g_strstrip(g_string_free(out, FALSE));
}

static void
text_member(GString *out, const char *key, const char *text, size_t max)
{
	if (text && *text) {
		g_autofree char *line = one_line(text, max);
		hk_jsonw_key(out, key);
		hk_jsonw_str(out, line);
	}
}

static void
time_member(GString *out, const char *key, int64_t ms)
{
	char text[HK_CLOCK_TEXT_SIZE];

	if (ms > 0) {
		hk_jsonw_key(out, key);
		hk_jsonw_str(out, hk_clock_format(ms, text));
	}
}

static void
print_odd(GString *out, unsigned odd)
{
	static const struct {
		unsigned bit;
		const char *name;
	} names[] = {{HK_URL_ODD_DEFANGED, "defanged"}, {HK_URL_ODD_IP_FORM, "ip-form"},
		{HK_URL_ODD_USERINFO, "user-info"}, {HK_URL_ODD_PORT, "port"},
		{HK_URL_ODD_IDN, "idn"}, {HK_URL_ODD_BACKSLASH, "backslash"},
		{HK_URL_ODD_CONTROL, "control"}};
	const char *list[G_N_ELEMENTS(names)];
	size_t n = 0;

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		if (odd & names[i].bit) {
			list[n++] = names[i].name;
		}
	}
	if (n > 0) {
		hk_jsonw_strs(out, "odd", list, n);
	}
}

static char *
data_of(const hk_feed_config *config, const hk_feed_item *item, const hk_feed_lead *lead,
	unsigned odd)
{
	GString *out = g_string_new("{");

	text_member(out, "feed", config->name, HK_FEED_TEXT_MAX);
	text_member(out, "format", hk_feed_format_name(config->format), HK_FEED_TEXT_MAX);
	text_member(out, "type", type_name(lead->type), HK_FEED_TEXT_MAX);
	text_member(out, "value", item->value, HK_URL_MAX);
	text_member(out, "url", lead->url, HK_URL_MAX);
	text_member(out, "host", lead->host, HK_HOST_MAX);
	time_member(out, "seen", item->seen_ms);
	time_member(out, "until", item->until_ms);
	text_member(out, "place", item->place, HK_FEED_TEXT_MAX);
	text_member(out, "id", item->id, HK_FEED_TEXT_MAX);
	text_member(out, "title", item->title, HK_FEED_TEXT_MAX);
	text_member(out, "their_target", item->target, HK_FEED_TEXT_MAX);
	text_member(out, "target", lead->target, HK_FEED_TEXT_MAX);
	text_member(out, "case_kind", config->kind, HK_FEED_TEXT_MAX);
	text_member(out, "tlp", item->tlp, HK_FEED_TEXT_MAX);
	if (item->confidence >= 0) {
		hk_jsonw_key(out, "confidence");
		hk_jsonw_int(out, item->confidence);
	}
	hk_jsonw_key(out, "trust");
	hk_jsonw_real(out, config->trust, 2);
	if (item->tag_count > 0) {
		hk_jsonw_key(out, "tags");
		hk_jsonw_open(out, '[');
		for (size_t i = 0; i < item->tag_count; i++) {
			g_autofree char *tag = one_line(item->tags[i], HK_FEED_TEXT_MAX);
			hk_jsonw_str(out, tag);
		}
		hk_jsonw_close(out, ']');
	}
	print_odd(out, odd);
	hk_jsonw_close(out, '}');
	return g_string_free(out, FALSE);
}

static void
set_key(hk_feed_lead *lead, const char *feed)
{
	const char *what = lead->url ? lead->url : lead->host;
	const hk_span pieces[] = {HK_SPAN_LIT("hikeshi feed\0"), hk_span_of(feed, strlen(feed) + 1),
		lead->url ? HK_SPAN_LIT("url\0") : HK_SPAN_LIT("host\0"), hk_span_str(what)};

	hk_sha256_pieces(pieces, G_N_ELEMENTS(pieces), lead->key);
}

hk_feed_lead *
hk_feed_lead_new(const hk_feed_config *config, const hk_feed_item *item, int64_t now_ms,
	hk_feed_tally *tally)
{
	hk_feed_type type = HK_FEED_ANY;
	hk_url url;

	tally->items++;
	hk_feed_odd odd = canonical(item->value, &url, &type);
	if (odd == HK_FEED_ODDS) {
		odd = filter(config, item, type, now_ms);
	}
	if (odd == HK_FEED_ODDS && tally->leads >= config->max_items) {
		odd = HK_FEED_ODD_OVER;
	}
	if (odd != HK_FEED_ODDS) {
		hk_feed_tally_odd(tally, odd, item->place);
		return NULL;
	}
	hk_feed_lead *lead = g_new0(hk_feed_lead, 1);
	lead->type = type;
	lead->host = g_strdup(url.host);
	lead->url = type == HK_FEED_URL ? g_strndup(url.text, url.len) : NULL;
	lead->seen_ms = item->seen_ms > 0 ? MIN(item->seen_ms, now_ms) : now_ms;
	lead->score = config->trust * (item->confidence >= 0 ? item->confidence / 100.0 : 1);
	lead->target = g_strdup(target_of(config, item, tally));
	lead->title =
		one_line(item->title && *item->title ? item->title : lead->host, TITLE_BYTES_MAX);
	lead->data = data_of(config, item, lead, url.odd);
	set_key(lead, config->name);
	tally->leads++;
	return lead;
}
