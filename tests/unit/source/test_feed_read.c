/* source/feed/read_*: what the readers hand over and what they count as odd. */
#include <stdio.h>
#include <string.h>

#include "source/feed/read.h"
#include "sys/gerr.h"

#include "feed_conf.h"
#include "tap.h"

/* 2026-06-15 */
enum { NOW_S = 1781481600 };

static bool
on_item(void *user, const hk_feed_item *item, GError **error)
{
	static const char *const types[] = {"any", "url", "domain", "", "ip"};
	GString *out = user;

	(void)error;
	g_string_append_printf(out, "%s %s", types[item->type], item->value);
	if (item->target) {
		g_string_append_printf(out, " target=%s", item->target);
	}
	if (item->id) {
		g_string_append_printf(out, " id=%s", item->id);
	}
	if (item->title) {
		g_string_append_printf(out, " title=%s", item->title);
	}
	if (item->tlp) {
		g_string_append_printf(out, " tlp=%s", item->tlp);
	}
	for (size_t i = 0; i < item->tag_count; i++) {
		g_string_append_printf(out, " #%s", item->tags[i]);
	}
	if (item->confidence >= 0) {
		g_string_append_printf(out, " %d%%", item->confidence);
	}
	if (item->seen_ms) {
		g_string_append_printf(out, " @%" G_GINT64_FORMAT, item->seen_ms / 1000);
	}
	g_string_append_c(out, '\n');
	return true;
}

static void
on_odd(void *user, hk_feed_odd odd, const char *place)
{
	g_string_append_printf(user, "odd %s %s\n", hk_feed_odd_name(odd), place);
}

static char *
read_with(const char *conf, hk_span body, GError **error)
{
	GString *out = g_string_new(NULL);
	hk_feed_sink sink = {on_item, on_odd, out};
	g_autoptr(hk_feed_config) config = feed_conf(conf, error);

	/* An exact copy, so that the sanitizer sees a read one past the end. */
	g_autofree uint8_t *copy = g_memdup2(body.data, body.len);
	if (!config || !hk_feed_read(config, hk_span_of(copy, body.len), (int64_t)NOW_S * 1000,
			       &sink, error)) {
		g_string_free(out, TRUE);
		return NULL;
	}
	return g_string_free(out, FALSE);
}

static void
reads(const char *what, const char *conf, const char *body, const char *want)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *got = read_with(conf, hk_span_str(body), &error);

	is_str(got ? got : error->message, want, "%s", what);
}

static void
refuses(const char *what, const char *conf, const char *body, hk_err code)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *got = read_with(conf, hk_span_str(body), &error);

	ok(!got, "refused: %s", what);
	is_int(hk_error_code(error), code, "with code");
}

#define TEXT "format = text\nfile = x\n"
#define JSONL                                                                                      \
	"format = jsonl\nfile = x\nfield-url = url\nfield-host = info.host\nfield-time = at\n"     \
	"field-target = brand\nfield-tags = tags\nfield-confidence = sure\nfield-id = id\n"

static void
text(void)
{
	reads("text", TEXT,
		"\xEF\xBB\xBF# head\n\nhttp://a.example/x  # why\r\n  b.example\nc.example",
		"any http://a.example/x\nany b.example\nany c.example\n");
	reads("nothing", TEXT, "", "");
	reads("bytes that are no text", TEXT,
		"a.example\n\xFF\xFE.example\nb.\x01"
		"example\n",
		"any a.example\nodd not-text line 2\nodd not-text line 3\n");
	reads("another comment", "format = text\nfile = x\ncomment = \";\"\n", "; a\n#b\n",
		"any #b\n");
	refuses("a web page", TEXT, "\r\n <!DOCTYPE html><title>Maintenance</title>", HK_EFORM);
	g_autofree char *longest = g_strnfill(HK_FEED_LINE_MAX + 1, 'a');
	reads("a line over the cap", TEXT, longest, "odd too-long line 1\n");
}

static void
jsonl(void)
{
	reads("JSON lines", JSONL,
		"{\"url\":\"http://a.example/"
		"\",\"at\":\"2026-06-01T00:00:00Z\",\"brand\":\"Mihon\","
		"\"tags\":[\"x\",\"tlp:AMBER\"],\"sure\":70,\"id\":5}\n\n"
		"{\"info\":{\"host\":\"b.example\"},\"at\":1780272000,\"tags\":\"p, q;r\"}\n"
		"{\"info\":{\"host\":\"192.0.2.1\"},\"sure\":\"101\"}\n"
		"{\"url\":[\"http://c.example/\",3,\"http://d.example/\"]}\n",
		"url http://a.example/ target=Mihon id=5 tlp=amber #x #tlp:AMBER 70% @1780272000\n"
		"domain b.example #p #q #r @1780272000\n"
		"ip 192.0.2.1\n"
		"url http://c.example/\nurl http://d.example/\n");
	reads("one list", JSONL, "[{\"url\":\"http://a.example/\"},7]",
		"url http://a.example/\nodd not-json element 2\n");
	reads("what is no row", JSONL, "{\"url\":\nnull\n{}\n{\"url\":\"\"}\n{\"info\":7}\n[1]x\n",
		"odd not-json line 1\nodd not-json line 2\nodd not-json line 3\n"
		"odd no-value line 4\nodd no-value line 5\nodd not-json line 6\n");
	refuses("a cut list", JSONL, "[{\"url\":\"http://a.example/\"}", HK_EFORM);
	refuses("a web page", JSONL, "<html>", HK_EFORM);
}

#define CSV "format = csv\nfile = x\nfield-url = url\nfield-host = host\nfield-time = seen\n"

static void
csv(void)
{
	reads("a table", CSV "field-tags = tags\nfield-title = what\n",
		"\xEF\xBB\xBFid,URL,host,seen,tags,what\r\n"
		"1,http://a.example/?a=1,,2026-06-01,\"x, y\",\"say \"\"hi\"\"\"\r\n"
		"2,,b.example,1780272000,,\r\n\r\n3,,,,,\r\n4,http://c.example/\r\n"
		"5,http://d.example/,,whenever,,",
		"url http://a.example/?a=1 title=say \"hi\" #x #y @1780272000\n"
		"domain b.example title= @1780272000\n"
		"odd no-value line 5\nodd not-row line 6\n"
		"url http://d.example/ title=\n");
	reads("a table without a header",
		"format = csv\nfile = x\nheader = no\nfield-url = 2\n"
		"delimiter = tab\ncomment = \"#\"\n",
		"# a comment, \"\n1\thttp://a.example/\n2\n",
		"url http://a.example/\nodd no-value line 3\n");
	reads("a stray quote costs a line", CSV,
		"url,host,seen\n\"http://a.example/,,\nhttp://b.example/,,\n",
		"odd not-row line 2\nurl http://b.example/\n");
	reads("nothing", CSV, "", "");
	refuses("a header without the column", CSV, "link,host,seen\n", HK_EFORM);
	refuses("a web page", CSV, "<html>", HK_EFORM);
}

#define MISP "format = misp\nfile = x\n"
#define EVENT(attributes)                                                                          \
	"{\"Event\":{\"uuid\":\"e1\",\"info\":\"Wave\",\"Tag\":[{\"name\":\"tlp:green\"}],"        \
	"\"Attribute\":[" attributes "]}}"

static void
misp(void)
{
	reads("a MISP event", MISP,
		EVENT("{\"type\":\"url\",\"value\":\"http://a.example/"
		      "\",\"to_ids\":true,\"uuid\":\"a1\","
		      "\"timestamp\":\"1780272000\",\"Tag\":[{\"name\":\"tlp:red\"}]},"
		      "{\"type\":\"domain|ip\",\"value\":\"b.example|192.0.2.1\",\"to_ids\":\"1\"},"
		      "{\"type\":\"ip-dst|port\",\"value\":\"192.0.2.2|443\",\"to_ids\":true,"
		      "\"comment\":\"C2\"},"
		      "{\"type\":\"domain\",\"value\":\"c.example\",\"to_ids\":false,\"uuid\":"
		      "\"a4\"},"
		      "{\"type\":\"domain\",\"value\":\"d.example\",\"to_ids\":true,\"deleted\":"
		      "true},"
		      "{\"type\":\"link\",\"value\":\"https://report.example/\",\"to_ids\":true},"
		      "{\"type\":\"md5\",\"value\":\"00\",\"to_ids\":true}"),
		"url http://a.example/ id=a1 title=Wave tlp=red #tlp:red #tlp:green @1780272000\n"
		"domain b.example title=Wave tlp=green #tlp:green\n"
		"ip 192.0.2.2 title=C2 tlp=green #tlp:green\n"
		"odd not-to-ids event e1, attribute a4\n"
		"odd deleted event e1, attribute ?\n"
		"odd unknown event e1, attribute ?\n"
		"odd unknown event e1, attribute ?\n");
	reads("objects", MISP,
		"{\"Event\":{\"uuid\":\"e2\",\"Object\":[{\"name\":\"url\",\"Attribute\":[{"
		"\"type\":"
		"\"hostname\",\"value\":\"h.example\",\"to_ids\":true}]},{\"deleted\":true,"
		"\"Attribute\":[]}]}}",
		"domain h.example\nodd deleted e2\n");
	reads("attributes that are not for detection, wanted", MISP "to-ids = no\n",
		EVENT("{\"type\":\"domain\",\"value\":\"c.example\",\"to_ids\":false}"),
		"domain c.example title=Wave tlp=green #tlp:green\n");
	reads("an export", MISP, "{\"response\":[" EVENT("") "]}", "");
	reads("attributes alone", MISP,
		"{\"response\":{\"Attribute\":[{\"type\":\"url\",\"value\":\"http://a.example/\","
		"\"to_ids\":true}]}}",
		"url http://a.example/\n");
	refuses("a manifest", MISP, "{\"e1\":{\"info\":\"x\"}}", HK_EFORM);
	refuses("a cut event", MISP, "{\"Event\":{", HK_EFORM);
	refuses("a list of other things", MISP, "[1]", HK_EFORM);
}

#define STIX        "format = stix\nfile = x\n"
#define BUNDLE(...) "{\"type\":\"bundle\",\"id\":\"bundle--1\",\"objects\":[" __VA_ARGS__ "]}"
#define INDICATOR(id, rest)                                                                        \
	"{\"type\":\"indicator\",\"id\":\"indicator--" id "\",\"pattern_type\":\"stix\"," rest "}"

static void
stix(void)
{
	reads("indicators", STIX,
		BUNDLE(INDICATOR("1",
			"\"pattern\":\"[url:value = 'http://a.example/' OR domain-name:value = "
			"'b.example']\",\"name\":\"Kit\",\"labels\":[\"phishing\"],\"confidence\":"
			"85,"
			"\"valid_from\":\"2026-06-01T00:00:00Z\",\"object_marking_refs\":["
			"\"marking-"
			"definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421\"]") "," INDICATOR("2",
			"\"pattern\":\"[ipv4-addr:value = '192.0.2.1']\","
			"\"indicator_types\":[\"malicious-activity\"]")),
		"url http://a.example/ id=indicator--1 title=Kit tlp=amber #phishing 85% "
		"@1780272000\n"
		"domain b.example id=indicator--1 title=Kit tlp=amber #phishing 85% @1780272000\n"
		"ip 192.0.2.1 id=indicator--2 #malicious-activity\n");
	reads("a URL together with another condition is a URL, a name is not", STIX,
		BUNDLE(INDICATOR("1", "\"pattern\":\"[url:value = 'http://a.example/' AND "
				      "domain-name:value = 'a.example']\"")),
		"url http://a.example/ id=indicator--1\nodd narrowed indicator--1\n");
	reads("what is not taken", STIX,
		BUNDLE(INDICATOR("1", "\"pattern\":\"[url:value\"") "," INDICATOR("2",
			"\"revoked\":true,\"pattern\":\"[url:value='http://a.example/"
			"']\"") "," INDICATOR("3",
			"\"valid_until\":\"2026-06-14T23:59:59Z\",\"pattern\":\"["
			"url:value='http://a.example/']\"") "," INDICATOR("4",
			"\"indicator_types\":[\"benign\"],\"pattern\":\"["
			"url:value='http://a.example/']\"") "," INDICATOR("5",
			"\"pattern\":\"[url:value LIKE 'http://%']\"") "," INDICATOR("6",
			"\"pattern\":\"[file:hashes.MD5 = '00']\"") "," INDICATOR("7",
			"\"name\":\"no pattern\"") ","
						   "{\"type\":\"indicator\",\"id\":"
						   "\"indicator--8\",\"pattern_type\":"
						   "\"snort\","
						   "\"pattern\":\"alert\"},{\"type\":\"x-"
						   "new\",\"id\":\"x-new--1\"},7,"
						   "{\"type\":\"identity\",\"id\":"
						   "\"identity--1\"}"),
		"odd no-pattern indicator--1\nodd revoked indicator--2\nodd expired indicator--3\n"
		"odd benign indicator--4\nodd wildcard indicator--5\nodd unknown indicator--6\n"
		"odd no-value indicator--7\nodd pattern-type indicator--8\nodd unknown x-new--1\n"
		"odd unknown object 10\n");
#define SCOS                                                                                       \
	"{\"type\":\"url\",\"id\":\"url--1\",\"value\":\"http://a.example/\"},"                    \
	"{\"type\":\"domain-name\",\"id\":\"domain-name--2\",\"value\":\"b.example\"},"            \
	"{\"type\":\"observed-data\",\"id\":\"observed-data--3\",\"object_refs\":[\"url--1\"]}"
	reads("objects that were observed", STIX, BUNDLE(SCOS),
		"url http://a.example/ id=url--1\nodd unknown domain-name--2\n");
	reads("all objects", STIX "objects = all\n", BUNDLE(SCOS),
		"url http://a.example/ id=url--1\ndomain b.example id=domain-name--2\n");
	reads("no objects", STIX "objects = none\n", BUNDLE(SCOS),
		"odd unknown url--1\nodd unknown domain-name--2\n");
	reads("observed-data of STIX 2.0", STIX,
		BUNDLE("{\"type\":\"observed-data\",\"id\":\"observed-data--1\",\"first_observed\":"
		       "\"2026-06-01T00:00:00Z\",\"objects\":{\"0\":{\"type\":\"ipv4-addr\","
		       "\"value\":\"192.0.2.1\"},\"1\":{\"type\":\"file\"}}}"),
		"ip 192.0.2.1 id=observed-data--1 @1780272000\nodd unknown observed-data--1\n");
	reads("an empty envelope", STIX, "{}", "");
	reads("an empty page", STIX, "{\"more\":false}", "");
	reads("an empty bundle", STIX, "{\"type\":\"bundle\",\"id\":\"bundle--1\"}", "");
	refuses("a list", STIX, "[]", HK_EFORM);
	refuses("another object", STIX, "{\"a\":1}", HK_EFORM);
	refuses("objects that are no list", STIX, "{\"objects\":{}}", HK_EFORM);
	refuses("a cut bundle", STIX, "{\"objects\":[", HK_EFORM);
}

int
main(void)
{
	text();
	jsonl();
	csv();
	misp();
	stix();
	return tap_done();
}
