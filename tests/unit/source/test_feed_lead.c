/* source/feed/lead and look: what an item becomes, what is kept out, local files, pauses. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "source/feed/poll.h"
#include "sys/gerr.h"
#include "sys/json.h"

#include "feed_conf.h"
#include "tap.h"

static const int64_t now_ms = INT64_C(1781481600000); /* 2026-06-15 */

#define TEXT "format = text\nfile = x\n"

static hk_feed_lead *
lead_of(const char *conf, hk_feed_item item, const char **ret_odd)
{
	g_autoptr(hk_feed_config) config = feed_conf(conf, NULL);
	hk_feed_tally tally;

	hk_feed_tally_init(&tally);
	item.place = "here";
	hk_feed_lead *lead = hk_feed_lead_new(config, &item, now_ms, &tally);
	*ret_odd = "";
	for (int i = 0; i < HK_FEED_ODDS; i++) {
		*ret_odd = tally.odd[i] ? hk_feed_odd_name((hk_feed_odd)i) : *ret_odd;
	}
	hk_feed_tally_clear(&tally);
	return lead;
}

/* want: URL, else host; or why it is none. */
static void
becomes(const char *value, const char *want)
{
	const char *odd;
	g_autoptr(hk_feed_lead) lead =
		lead_of(TEXT, (hk_feed_item){.value = value, .confidence = -1}, &odd);

	is_str(lead ? (lead->url ? lead->url : lead->host) : odd, want, "%s", value);
}

static void
values(void)
{
	becomes("http://A.example/x#frag", "http://a.example/x");
	becomes("hxxps://evil[.]example/login", "https://evil.example/login");
	becomes("http://a.example/x]", "http://a.example/x]");
	becomes("http://a.example/x.", "http://a.example/x.");
	becomes("evil.example", "evil.example");
	becomes("EVIL[.]example", "evil.example");
	becomes("evil.example/", "http://evil.example/");
	becomes("evil.example/login", "http://evil.example/login");
	becomes("みほん銀行.example", "xn--79jh5d0301cexk.example");
	becomes("192.0.2.7", "192.0.2.7");
	becomes("192.0.2.7/32", "192.0.2.7");
	becomes("192.0.2.0/24", "range");
	becomes("2001:db8::7", "2001:db8::7");
	becomes("2001:db8::/32", "range");
	becomes("http://192.0.2.7/a", "http://192.0.2.7/a");
	becomes("127.0.0.1", "private");
	becomes("http://10.1.2.3/", "private");
	becomes("0.0.0.0", "private");
	becomes("169.254.169.254", "private");
	becomes("100.64.0.1", "private");
	becomes("http://[::1]/", "private");
	becomes("fe80::1", "private");
	becomes("::ffff:192.168.0.1", "private");
	becomes("someone@mihon-bank.example", "no-url");
	becomes("word", "no-url");
	becomes("javascript:alert(1)", "no-url");
	becomes("", "no-url");
	becomes("http://a.example/\x01", "not-text");
	g_autofree char *path = g_strnfill(9000, 'a');
	g_autofree char *huge = g_strconcat("http://a.example/", path, NULL);
	becomes(huge, "too-long");
}

static void
keeps(const char *conf, hk_feed_item item, const char *want, const char *what)
{
	const char *odd;
	g_autofree char *all = g_strconcat(TEXT, conf, NULL);
	g_autoptr(hk_feed_lead) lead = lead_of(all, item, &odd);

	is_str(odd, want, "%s", what);
	ok(!lead == (*want != '\0'), "taken or not");
}

/* ITEM() sets what every item has; its arguments say what this one has instead. */
#pragma GCC diagnostic ignored "-Woverride-init"

#define ITEM(...) ((hk_feed_item){.value = "http://a.example/", .confidence = -1, ##__VA_ARGS__})

static void
filters(void)
{
	keeps("types = { domain, ip }\n", ITEM(), "filtered-type", "a URL where none is wanted");
	keeps("types = { url }\n", ITEM(), "", "a URL where one is wanted");
	keeps("tags = { phishing }\n", ITEM(), "filtered-tag", "no tag");
	keeps("tags = { phishing }\n", ITEM(.tags = {"x", "PHISHING"}, .tag_count = 2), "",
		"the tag");
	keeps("not-tags = { test }\n", ITEM(.tags = {"Test"}, .tag_count = 1), "filtered-tag",
		"an unwanted tag");
	keeps("confidence = 50\n", ITEM(.confidence = 49), "filtered-confidence",
		"not sure enough");
	keeps("confidence = 50\n", ITEM(.confidence = 50), "", "sure enough");
	keeps("confidence = 50\n", ITEM(), "", "nothing said about it");
	keeps("since = 2026-06-01\n", ITEM(.seen_ms = INT64_C(1780271999999)), "filtered-old",
		"before the day");
	keeps("since = 2026-06-01\n", ITEM(.seen_ms = INT64_C(1780272000000)), "", "on the day");
	keeps("max-age = 1d\n", ITEM(.seen_ms = now_ms - 86400001), "filtered-old", "too old");
	keeps("max-age = 1d\n", ITEM(), "", "no time");
}

static void
members(void)
{
	const char *odd;
	g_autoptr(GError) error = NULL;
	const char *conf =
		TEXT "trust = 0.8\nkind = phishing\ntargets = { \"Mihon Bank = mihon-bank\", "
		     "\"brand:rei = rei-card\" }\ntarget = other\n";
	g_autoptr(hk_feed_lead) lead = lead_of(conf,
		ITEM(.target = "ＭＩＨＯＮ bank", .id = "7", .title = "a\nb\xFF\x1b[31m",
			.tlp = "amber", .tags = {"kit"}, .tag_count = 1, .confidence = 50,
			.seen_ms = now_ms + 5),
		&odd);
	g_autoptr(hk_json_doc) doc = hk_json_load(hk_span_str(lead->data), 1 << 20, &error);
	hk_json top = doc ? hk_json_root(doc) : (hk_json){0};
	const char *text = NULL;

	is_str(lead->target, "mihon-bank", "the feed's word in another spelling");
	is_int(lead->score * 100 + 0.5, 40, "trust times confidence");
	is_int(lead->seen_ms, now_ms, "a time in the future is now");
	is_str(lead->title, "a b  [31m", "the title is one line of text");
	ok(doc != NULL, "data is JSON");
	ok(hk_json_str(&top, "their_target", &text, NULL) && strstr(text, "bank"),
		"and has the feed's own words");
	ok(hk_json_str(&top, "case_kind", &text, NULL) && g_str_equal(text, "phishing"), "kind");
	g_autoptr(hk_feed_lead) tagged = lead_of(
		conf, ITEM(.target = "unheard of", .tags = {"Brand:Rei"}, .tag_count = 1), &odd);
	is_str(tagged->target, "rei-card", "a tag may name the target");
	is_int(tagged->score * 100 + 0.5, 80, "no confidence: trust alone");
	g_autoptr(hk_feed_lead) none = lead_of(conf, ITEM(), &odd);
	is_str(none->target, "other", "else the feed's");
	ok(memcmp(none->key, lead->key, 32) == 0, "the same URL is the same observation");
	g_autoptr(hk_feed_lead) host =
		lead_of(conf, (hk_feed_item){.value = "a.example", .confidence = -1}, &odd);
	ok(memcmp(none->key, host->key, 32) != 0, "its host is another one");
	g_autofree char *named = g_strconcat("name = b\n", conf, NULL);
	g_autoptr(hk_feed_lead) other = lead_of(named, ITEM(), &odd);
	ok(memcmp(none->key, other->key, 32) != 0, "and so is another feed's");
}

/* Where a look's leads go. */
typedef struct sink {
	uint64_t leads;
	unsigned writes;
	unsigned fail_at; /* this write fails; 0: none */
	char *position;
} sink;

static bool
on_write(void *user, GPtrArray *leads, const char *position, uint64_t *ret_fresh, GError **error)
{
	sink *s = user;

	s->writes++;
	if (s->writes == s->fail_at) {
		return hk_error_set(error, HK_EAGAIN, "no");
	}
	s->leads += leads->len;
	if (position) {
		g_free(s->position);
		s->position = g_strdup(position);
	}
	*ret_fresh = leads->len;
	return true;
}

/* A look at a folder's feed; position before, and after in s->position. */
static hk_err
look_at(const hk_feed_config *config, const char *position, sink *s)
{
	g_autoptr(GError) error = NULL;
	hk_feed_out out = {on_write, s};
	hk_feed_tally tally;

	hk_feed_tally_init(&tally);
	bool good = hk_feed_look(config, NULL, position, now_ms, &out, &tally, &error);
	hk_feed_tally_clear(&tally);
	return good ? HK_OK : hk_error_code(error);
}

static hk_feed_config *
config_at(const char *folder, const char *text)
{
	g_autofree char *path = g_build_filename(folder, "feed.conf", NULL);

	g_file_set_contents(path, text, -1, NULL);
	return hk_feed_config_read(path, NULL);
}

static void
put(const char *folder, const char *name, const char *text)
{
	g_autofree char *path = g_build_filename(folder, name, NULL);

	g_file_set_contents(path, text, -1, NULL);
}

static void
files(const char *folder)
{
	g_autoptr(GString) text = g_string_new(NULL);
	sink s = {0};

	for (int i = 0; i < 1200; i++) {
		g_string_append_printf(text, "http://a.example/%d\n", i);
	}
	put(folder, "list", text->str);
	g_autoptr(hk_feed_config) config = config_at(folder, "format = text\nfile = list\n");
	is_int(look_at(config, "{}", &s), HK_OK, "a file");
	is_int(s.leads, 1200, "all of it");
	is_int(s.writes, 5, "in chunks");
	g_autofree char *position = g_strdup(s.position);
	s = (sink){.position = s.position};
	is_int(look_at(config, position, &s), HK_OK, "again");
	is_int(s.writes, 0, "nothing to do");
	is_int(look_at(config, "{broken", &s), HK_OK, "a position that is damaged");
	is_int(s.leads, 1200, "is none");
	config = (hk_feed_config_free(config),
		config_at(folder, "format = text\nfile = list\n# x\n"));
	s = (sink){.position = s.position};
	is_int(look_at(config, position, &s), HK_OK, "another configuration");
	is_int(s.leads, 1200, "reads from the beginning");
	g_clear_pointer(&s.position, g_free);
	s = (sink){.fail_at = 2};
	is_int(look_at(config, "{}", &s), HK_EAGAIN, "a database that fails in the middle");
	ok(!s.position, "the position does not move");
	config = (hk_feed_config_free(config), config_at(folder, "format = text\nfile = none\n"));
	is_int(look_at(config, "{}", &s), HK_ENOENT, "no file");
}

#define UUID_1 "5f6d1c2a-0000-4000-8000-000000000001"
#define UUID_2 "5f6d1c2a-0000-4000-8000-000000000002"
#define EVENT(value)                                                                               \
	"{\"Event\":{\"Attribute\":[{\"type\":\"url\",\"to_ids\":true,\"value\":\"" value "\"}]}}"

static void
misp(const char *folder)
{
	sink s = {0};
	g_autoptr(hk_feed_config) config = config_at(folder, "format = misp\nfile = .\n");

	put(folder, "manifest.json",
		"{\"" UUID_1 "\":{\"timestamp\":\"1\"},\"" UUID_2
		"\":{\"timestamp\":2},\"../../etc/passwd\":{\"timestamp\":\"1\"}}");
	put(folder, UUID_1 ".json", EVENT("http://a.example/1"));
	is_int(look_at(config, "{}", &s), HK_ENOENT, "an event is missing");
	is_int(s.leads, 1, "the other one is read");
	put(folder, UUID_2 ".json", EVENT("http://a.example/2"));
	g_autofree char *position = g_strdup(s.position);
	s = (sink){.position = s.position};
	is_int(look_at(config, position, &s), HK_OK, "it comes later");
	is_int(s.leads, 1, "and alone is read");
	put(folder, "manifest.json", "{\"" UUID_1 "\":{\"timestamp\":\"3\"}}");
	g_free(position);
	position = g_strdup(s.position);
	s = (sink){.position = s.position};
	is_int(look_at(config, position, &s), HK_OK, "one changed, one gone");
	is_int(s.leads, 1, "what changed is read again");
	put(folder, "manifest.json", "[");
	is_int(look_at(config, position, &s), HK_EFORM, "no manifest");
	g_free(s.position);
	static const char *const names[] = {UUID_1 ".json", UUID_2 ".json", "manifest.json"};
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *path = g_build_filename(folder, names[i], NULL);
		unlink(path);
	}
}

static void
pauses(void)
{
	is_int(hk_feed_pause_ms(1000000, 0, -1, 0), 900000, "all is well: a tenth sooner");
	is_int(hk_feed_pause_ms(1000000, 0, -1, 1), 1100000, "to a tenth later");
	is_int(hk_feed_pause_ms(900000, 1, -1, 0), 30000, "one failure");
	is_int(hk_feed_pause_ms(900000, 1, -1, 1), 60000, "with a random half");
	is_int(hk_feed_pause_ms(900000, 4, -1, 1), 480000, "it doubles");
	is_int(hk_feed_pause_ms(900000, 1000, -1, 1), HK_FEED_PAUSE_MAX_MS, "up to a limit");
	is_int(hk_feed_pause_ms(INT64_C(604800000), 1000, -1, 1), INT64_C(604800000),
		"or the feed's own pace");
	is_int(hk_feed_pause_ms(900000, 1, 600000, 0), 600000, "Retry-After");
	is_int(hk_feed_pause_ms(900000, 1, 600000, 1), 660000, "and a little later");
	is_int(hk_feed_pause_ms(900000, 4, 1000, 1), 480000, "but not sooner than our own pause");
}

int
main(void)
{
	g_autofree char *folder = g_dir_make_tmp("hikeshi-feed.XXXXXX", NULL);

	values();
	filters();
	members();
	files(folder);
	misp(folder);
	pauses();
	static const char *const names[] = {"feed.conf", "list"};
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *path = g_build_filename(folder, names[i], NULL);
		unlink(path);
	}
	rmdir(folder);
	return tap_done();
}
