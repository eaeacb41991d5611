/* flow/wave: what a command channel orders: one wave, one case, one alarm; where its links lead, and when that changes. */
#include <string.h>

#include "flow/wave.h"
#include "store/c2.h"
#include "store/cases.h"
#include "store/notices.h"
#include "store/telling.h"
#include "sys/clock.h"

#include "flow/c2.h"
#include "flowlib.h"
#include "tap.h"

#define T0 INT64_C(1733994914000) /* 2024-12-12 18:15:14 in Japan */

static hk_flow *flow;
static int64_t sessions[5];
static unsigned frames; /* each its own */

static void
is_count(hk_sql sql, int64_t want, const char *what)
{
	is_int(fl_int(flow, sql), want, "%s", what);
}

static void
is_text(hk_sql sql, const char *want, const char *what)
{
	g_autofree char *text = fl_text(flow, sql);

	is_str(text, want, "%s", what);
}

static hk_wave_link
link_of(const char *url, const char *host)
{
	hk_wave_link link = {.url = url, .host = host};

	g_strlcpy(link.site.domain, host, sizeof link.site.domain);
	link.site.shortener = strcmp(host, "t.co") == 0;
	link.site.shared = link.site.shortener || strcmp(host, "docs.google.com") == 0;
	return link;
}

/* A database of its own for each story, with a chat that is told. */
static void
begin(void)
{
	static const char *const chats[] = {"ops", NULL};

	hk_clock_freeze(T0);
	flow = fl_open();
	ok(fl_do(flow, hk_notices_chats(hk_flow_db(flow), chats, error)), "a chat");
	for (unsigned i = 0; i < G_N_ELEMENTS(sessions); i++) {
		ok(fl_do(flow, hk_c2_session(flow, "keepspy", "192.0.2.1", 7775 + i, &sessions[i],
				       error)),
			"port %u", 7775 + i);
	}
}

static void
end(void)
{
	fl_close(flow);
	hk_clock_thaw();
}

typedef struct order {
	const char *target, *url, *host, *actor, *text;
	unsigned number, key;
	bool official, nothing;
} order;

/* One command that came now, on port 7775 + port. */
static bool
send_on(unsigned port, const order *o, hk_wave_taken *ret)
{
	uint8_t frame[32] = {0}, key[32] = {(uint8_t)o->key};
	hk_wave_to to = {.region = "0905500"};
	hk_wave_link link = link_of(o->url ? o->url : "https://t.co/a", o->host ? o->host : "t.co");
	const hk_wave_seen seen = {.session_id = sessions[port],
		.family = "keepspy",
		.port = 7775 + port,
		.at_ms = hk_clock_wall_ms(),
		.frame = frame,
		.verb = "send",
		.word = "发信息",
		.text = o->text ? o->text : "【みほん銀行】お取引を規制しています",
		.send = true,
		.key = key,
		.brands = "[\"みほん銀行\"]",
		.target = o->target,
		.actor = o->actor,
		.shown = "090-5500-****",
		.to = &to,
		.to_count = o->number ? 1 : 0,
		.links = &link,
		.link_count = !o->nothing};

	link.official = o->official;
	frames++;
	memcpy(frame, &frames, sizeof frames);
	to.hash[0] = (uint8_t)o->number;
	return fl_do_as(flow, &fl_auto, hk_wave_take(flow, &seen, ret, error));
}

/* The link of that URL leads there. */
static bool
lead(const char *url, const char *act, const char *landing, const char *host, bool official)
{
	hk_wave_led led = {.act = act, .hops = "[{\"url\":\"x\",\"status\":301,\"at\":1}]"};
	GError *why = NULL;
	hk_rows *rows = hk_db_query(hk_flow_db(flow),
		HK_SQL("SELECT id FROM c2_links WHERE url = $1"), HK_ARGS(hk_v_str(url)), &why);

	if (!rows || !hk_rows_next(rows, &why)) {
		ok(false, "there is no link %s", url);
		return false;
	}
	led.link_id = hk_rows_int(rows, 0);
	hk_rows_free(rows);
	if (landing) {
		led.landing = link_of(landing, host);
		led.landing.official = official;
	}
	return fl_do_as(flow, &fl_auto, hk_wave_led_to(flow, &led, error));
}

/* The five lines of 2024-12-12: 88 s, five ports, three short links. */
static void
five_ports(void)
{
	static const struct {
		int64_t at_s;
		unsigned port;
		const char *url;
	} lines[] = {{0, 3, "https://t.co/a"}, {16, 4, "https://t.co/b"}, {47, 2, "https://t.co/b"},
		{62, 1, "https://t.co/b"}, {88, 0, "https://t.co/c"}};
	hk_wave_taken taken = {0}, first = {0};

	begin();
	for (unsigned i = 0; i < G_N_ELEMENTS(lines); i++) {
		hk_clock_freeze(T0 + lines[i].at_s * 1000);
		const order o = {.target = "mihon-bank", .url = lines[i].url, .number = i + 1};
		ok(send_on(lines[i].port, &o, &taken), "line %u: %s", i + 1, fl_why());
		first = i == 0 ? taken : first;
		is_int(taken.opened, i == 0, "the first one opens");
		is_int(taken.wave_id, first.wave_id, "one wave");
		is_int(taken.case_id, first.case_id, "one case");
	}
	is_count(HK_SQL("SELECT COUNT(*) FROM waves"), 1, "one wave");
	is_count(HK_SQL("SELECT last_ms - first_ms FROM waves"), 88000, "of 88 seconds");
	is_count(HK_SQL("SELECT commands FROM waves"), 5, "five commands");
	is_count(HK_SQL("SELECT numbers * 10 + repeated FROM waves"), 50,
		"five numbers, none twice");
	is_count(HK_SQL("SELECT COUNT(*) FROM c2_links WHERE short = 1"), 3, "three short links");
	is_count(HK_SQL("SELECT SUM(times) FROM wave_links"), 5, "named five times");
	is_count(HK_SQL("SELECT COUNT(*) FROM cases"), 1, "one case");
	is_count(HK_SQL("SELECT urls FROM cases"), 3, "that has the three");
	is_count(HK_SQL("SELECT COUNT(*) FROM notices WHERE event = 'wave.seen'"), 1, "one alarm");
	is_count(HK_SQL("SELECT COUNT(*) FROM events WHERE act = 'wave.open'"), 1, "one audit row");
	is_count(HK_SQL("SELECT COUNT(*) FROM jobs WHERE stage = 'hops'"), 1,
		"one job follows links");
	is_count(HK_SQL("SELECT COUNT(*) FROM jobs WHERE stage = 'capture'"), 1,
		"evidence is on its way");
	is_count(HK_SQL("SELECT SUM(commands) FROM c2_sessions"), 5, "counted at the ports");
	is_text(HK_SQL("SELECT state FROM cases"), "new",
		"not confirmed: nobody knows where the links lead");
	is_text(HK_SQL("SELECT kind FROM cases"), "phishing", "a case of our own brand");
	is_count(HK_SQL("SELECT COUNT(*) FROM labels WHERE label = 'sms'"), 1, "labelled");
	is_count(HK_SQL("SELECT due_ms - made_ms FROM jobs WHERE stage = 'notice' AND key IN "
			"(SELECT CAST(id AS VARCHAR(20)) FROM notices WHERE event = 'wave.seen')"),
		HK_WAVE_CARD_MS, "the card waits for the landing");
	is_text(HK_SQL("SELECT body FROM notices WHERE event = 'wave.seen'"),
		"{\"wave\":1,\"text\":\"【みほん銀行】お取引を規制しています\",\"port\":7778,"
		"\"numbers\":1,\"shown\":\"090-5500-****\",\"short\":\"https://t.co/a\"}",
		"what the card is made of");
}

/* Goes on with that wave. */
static void
add_url(void *user, int64_t case_id, const char *url, const char *host, int64_t first_ms)
{
	(void)case_id, (void)host, (void)first_ms;
	g_ptr_array_add(user, g_strdup(url));
}

/* What reports lead with is the site, not the short link that it was first known by. */
static void
leads_with(int64_t case_id, const char *want)
{
	g_autoptr(GPtrArray) urls = g_ptr_array_new_with_free_func(g_free);

	ok(hk_telling_urls(hk_flow_db(flow), case_id, 100, add_url, urls, NULL), "its URLs");
	ok(urls->len > 1, "several");
	is_str(urls->len > 0 ? urls->pdata[0] : "", want, "its site comes first");
}

static void
landings(void)
{
	hk_wave_taken taken;

	hk_clock_freeze(T0 + 88500);
	ok(lead("https://t.co/b", "lead", "https://ysl88.test/", "ysl88.test", false), "led: %s",
		fl_why());
	is_text(HK_SQL("SELECT landing FROM waves"), "https://ysl88.test/", "the wave knows");
	leads_with(fl_int(flow, HK_SQL("SELECT case_id FROM waves")), "https://ysl88.test/");
	is_text(HK_SQL("SELECT name FROM cases"), "ysl88.test", "the case is named by its site");
	is_text(HK_SQL("SELECT url FROM cases"), "https://ysl88.test/", "its URL");
	is_count(HK_SQL("SELECT COUNT(*) FROM case_keys WHERE kind = 'host' AND key = "
			"'ysl88.test'"),
		1, "its host is a key");
	is_count(HK_SQL("SELECT COUNT(*) FROM case_keys WHERE key LIKE '%t.co%'"), 0,
		"the shortener is none");
	is_text(HK_SQL("SELECT state FROM cases"), "confirmed", "now it is confirmed");
	is_count(HK_SQL("SELECT COUNT(*) FROM watches"), 1, "and watched");
	is_count(HK_SQL("SELECT COUNT(*) FROM jobs WHERE stage = 'capture'"), 2,
		"evidence of the site");
	is_count(
		HK_SQL("SELECT COUNT(*) FROM runs WHERE url = 'https://ysl88.test/'"), 1, "by URL");
	is_count(HK_SQL("SELECT COUNT(*) FROM notices WHERE event = 'wave.landing'"), 1,
		"told: the first card is made already");
	is_count(HK_SQL("SELECT due_ms - last_ms FROM c2_links WHERE url = 'https://t.co/b'"),
		300000, "again in five minutes");
	ok(lead("https://t.co/a", "lead", "https://ysl88.test/", "ysl88.test", false), "another");
	is_count(HK_SQL("SELECT COUNT(*) FROM notices WHERE event = 'wave.landing'"), 1,
		"that leads to the same is no news");
	is_count(HK_SQL("SELECT COUNT(*) FROM cases"), 1, "still one case");
	/* What the card reads. */
	g_auto(hk_notice_facts) facts = {0};
	int64_t case_id = 0;
	ok(fl_do(flow, hk_notices_wave(hk_flow_db(flow), 1, &facts, &case_id, error)), "facts: %s",
		fl_why());
	ok(facts.wave_id == 1 && facts.wave_numbers == 5 && case_id != 0, "of the wave");
	is_str(facts.wave_landing, "https://ysl88.test/", "its landing");
	ok(fl_do(flow, hk_notices_wave(hk_flow_db(flow), 77, &facts, &case_id, error)) &&
			case_id == 0,
		"one that is gone is no error");
	/* The landing moves. */
	hk_clock_advance(300000);
	ok(lead("https://t.co/a", "lead", "https://next.test/x", "next.test", false), "moves");
	is_count(HK_SQL("SELECT COUNT(*) FROM cases"), 2, "a case of its own");
	is_text(HK_SQL("SELECT state FROM cases WHERE host = 'next.test'"), "confirmed",
		"confirmed");
	is_count(HK_SQL("SELECT COUNT(*) FROM links"), 1, "linked to the first");
	is_count(HK_SQL("SELECT COUNT(*) FROM notices WHERE event = 'wave.landing'"), 2, "told");
	is_count(HK_SQL("SELECT COUNT(*) FROM notices WHERE event = 'wave.landing' AND body LIKE "
			"'%\"was\":\"https://ysl88.test/\"%next.test%'"),
		1, "from where to where");
	is_count(HK_SQL("SELECT COUNT(*) FROM events WHERE act = 'wave.landing'"), 2, "audited");
	is_count(HK_SQL("SELECT COUNT(*) FROM c2_landings"), 3, "the history of both links");
	is_count(HK_SQL("SELECT w.case_id - c.id FROM waves w, cases c WHERE c.host = 'next.test'"),
		0, "the wave's case is where it leads now");
	/* The other link still leads to the first: nothing swings back and forth. */
	ok(lead("https://t.co/b", "lead", "https://ysl88.test/", "ysl88.test", false), "looked at");
	is_text(HK_SQL("SELECT landing FROM waves"), "https://next.test/x", "no swinging");
	is_count(HK_SQL("SELECT COUNT(*) FROM notices WHERE event = 'wave.landing'"), 2, "no news");
	is_count(HK_SQL("SELECT COUNT(*) FROM c2_landings"), 3, "no new row of history");
	is_count(
		HK_SQL("SELECT last_ms - first_ms FROM c2_landings WHERE link_id = (SELECT id FROM "
		       "c2_links WHERE url = 'https://t.co/b')"),
		300000, "it led there that long");
	/* And back. */
	ok(lead("https://t.co/a", "lead", "https://ysl88.test/", "ysl88.test", false), "back");
	is_count(HK_SQL("SELECT COUNT(*) FROM cases"), 2, "is the case that was");
	is_count(HK_SQL("SELECT COUNT(*) FROM c2_landings"), 4, "but a row of history");
	/* Dies, does not answer, lives. */
	ok(lead("https://t.co/a", "die", NULL, NULL, false), "dies");
	is_text(HK_SQL("SELECT state FROM c2_links WHERE url = 'https://t.co/a'"), "dead", "dead");
	is_text(HK_SQL("SELECT landing FROM c2_links WHERE url = 'https://t.co/a'"),
		"https://ysl88.test/", "where it led is kept");
	ok(lead("https://t.co/a", "lose", NULL, NULL, false), "does not answer");
	ok(lead("https://t.co/a", "lead", "https://ysl88.test/", "ysl88.test", false), "lives");
	is_count(HK_SQL("SELECT COUNT(*) FROM c2_landings"), 4, "as before");
	ok(!lead("https://t.co/a", "fly", NULL, NULL, false) && fl_code() == HK_EPOLICY,
		"no such move: %s", fl_why());
	/* Turns by age. */
	hk_clock_freeze(T0 + INT64_C(7200000));
	ok(lead("https://t.co/a", "lead", "https://ysl88.test/", "ysl88.test", false), "2 hours");
	is_count(HK_SQL("SELECT due_ms - last_ms FROM c2_links WHERE url = 'https://t.co/a'"),
		1800000, "again in half an hour");
	hk_clock_freeze(T0 + INT64_C(172800000));
	ok(lead("https://t.co/a", "lead", "https://ysl88.test/", "ysl88.test", false), "2 days");
	is_count(HK_SQL("SELECT due_ms - last_ms FROM c2_links WHERE url = 'https://t.co/a'"),
		21600000, "again in six hours");
	hk_clock_freeze(T0 + INT64_C(1728000000));
	ok(lead("https://t.co/a", "lead", "https://ysl88.test/", "ysl88.test", false), "20 days");
	is_count(HK_SQL("SELECT COALESCE(due_ms, 0) FROM c2_links WHERE url = 'https://t.co/a'"), 0,
		"no more");
	/* Until a wave names it anew. */
	const order o = {.target = "mihon-bank", .key = 9, .number = 1};
	ok(send_on(0, &o, &taken) && taken.opened, "another wave names it: %s", fl_why());
	is_count(HK_SQL("SELECT due_ms FROM c2_links WHERE url = 'https://t.co/a'"),
		T0 + INT64_C(1728000000), "it is due now");
	ok(lead("https://t.co/a", "lead", "https://ysl88.test/", "ysl88.test", false), "as ever");
	is_text(HK_SQL("SELECT landing FROM waves WHERE id = 2"), "https://ysl88.test/",
		"the new wave knows though the link is the old one's");
	is_count(HK_SQL("SELECT due_ms - last_ms FROM c2_links WHERE url = 'https://t.co/a'"),
		300000, "and its turns begin anew");
	end();
}

static void
repeated(void)
{
	hk_wave_taken a, b;
	const order o = {.target = "mihon-bank", .number = 1};

	begin();
	ok(send_on(0, &o, &a), "a frame");
	frames--;
	ok(send_on(0, &o, &b), "the same frame again");
	is_int(b.command_id, 0, "is none");
	is_count(HK_SQL("SELECT COUNT(*) FROM c2_commands"), 1, "one command");
	is_count(HK_SQL("SELECT commands * 10 + numbers FROM waves"), 11, "counted once");
	is_count(HK_SQL("SELECT SUM(commands) FROM c2_sessions"), 1, "at the port, too");
	/* Just as far apart as may be, and one more. */
	hk_clock_advance(HK_WAVE_GAP_MS);
	ok(send_on(1, &o, &b) && b.wave_id == a.wave_id, "five minutes later is the same wave");
	is_count(HK_SQL("SELECT numbers * 10 + repeated FROM waves"), 11, "the number came twice");
	ok(send_on(2, &o, &b), "and thrice");
	is_count(HK_SQL("SELECT numbers * 10 + repeated FROM waves"), 11, "that is one repeated");
	is_count(HK_SQL("SELECT times FROM wave_numbers"), 3, "three times");
	hk_clock_advance(HK_WAVE_GAP_MS + 1);
	ok(send_on(1, &o, &b) && b.wave_id != a.wave_id && b.opened, "a little later is another");
	is_int(b.case_id, a.case_id, "of the same case");
	is_count(HK_SQL("SELECT COUNT(*) FROM notices WHERE event = 'wave.seen'"), 2, "told");
	/* Another text at once is another wave. */
	const order other = {.target = "mihon-bank", .number = 1, .key = 2};
	ok(send_on(1, &other, &b) && b.opened, "another text, another wave");
	/* What came late (a piece was read in behind): before, but near enough. */
	hk_clock_freeze(T0 - 200000);
	ok(send_on(3, &o, &b) && b.wave_id == a.wave_id, "what comes late finds its wave");
	is_count(HK_SQL("SELECT first_ms FROM waves ORDER BY id LIMIT 1"), T0 - 200000,
		"which began earlier");
	end();
}

/* What one of several observers takes: a frame of its own, and one that all of them have. */
typedef struct racer {
	hk_flow *flow;
	unsigned port;
	bool good;
	int64_t mine, shared; /* commands */
} racer;

static bool
race_act(hk_flow *on, void *user, GError **error)
{
	racer *r = user;
	uint8_t frame[32] = {0xaa, (uint8_t)r->port}, key[32] = {3};
	const hk_wave_link link = link_of("https://t.co/race", "t.co");
	hk_wave_seen seen = {.session_id = sessions[r->port],
		.family = "keepspy",
		.port = 7775 + r->port,
		.at_ms = T0,
		.frame = frame,
		.verb = "send",
		.word = "send",
		.text = "x",
		.send = true,
		.key = key,
		.brands = "[]",
		.target = "mihon-bank",
		.shown = "",
		.links = &link,
		.link_count = 1};
	hk_wave_taken taken;

	if (!hk_wave_take(on, &seen, &taken, error)) {
		return false;
	}
	r->mine = taken.command_id;
	frame[0] = 0xbb;
	frame[1] = 0;
	if (!hk_wave_take(on, &seen, &taken, error)) {
		return false;
	}
	r->shared = taken.command_id;
	return true;
}

static void *
race_run(void *user)
{
	racer *r = user;

	r->good = hk_flow_do(r->flow, &fl_auto, race_act, r, NULL);
	return NULL;
}

static void
races(void)
{
	racer racers[5] = {0};
	GThread *threads[5];
	unsigned good = 0, shared = 0;

	begin();
	for (unsigned i = 0; i < G_N_ELEMENTS(racers); i++) {
		racers[i] = (racer){.flow = fl_again(), .port = i};
	}
	for (unsigned i = 0; i < G_N_ELEMENTS(racers); i++) {
		threads[i] = g_thread_new("racer", race_run, &racers[i]);
	}
	for (unsigned i = 0; i < G_N_ELEMENTS(racers); i++) {
		g_thread_join(threads[i]);
		good += racers[i].good && racers[i].mine != 0;
		shared += racers[i].shared != 0;
		fl_close(racers[i].flow);
	}
	is_int(good, 5, "five at once: each has its command");
	is_int(shared, 1, "the frame that all have is one's");
	is_count(HK_SQL("SELECT COUNT(*) FROM waves"), 1, "one wave");
	is_count(HK_SQL("SELECT commands FROM waves"), 6, "of six commands");
	is_count(HK_SQL("SELECT COUNT(*) FROM cases"), 1, "one case");
	is_count(HK_SQL("SELECT COUNT(*) FROM notices WHERE event = 'wave.seen'"), 1, "one card");
	end();
}

/* Many numbers in one command, one of them twice; another command names some of them. */
static void
many_numbers(void)
{
	enum { MANY = 2345 };
	g_autofree hk_wave_to *to = g_new0(hk_wave_to, MANY + 1);
	uint8_t frame[32] = {7}, key[32] = {7};
	hk_wave_taken taken;
	hk_wave_seen seen = {.family = "keepspy",
		.port = 7775,
		.at_ms = T0,
		.frame = frame,
		.verb = "send",
		.word = "发信息",
		.text = "x",
		.send = true,
		.key = key,
		.brands = "[]",
		.shown = "",
		.to = to,
		.to_count = MANY + 1};

	begin();
	seen.session_id = sessions[0];
	for (unsigned i = 0; i <= MANY; i++) {
		unsigned number = i % MANY;
		memcpy(to[i].hash, &number, sizeof number);
		g_strlcpy(to[i].region, i == 5 ? "090" : "0905500", sizeof to[i].region);
	}
	ok(fl_do_as(flow, &fl_auto, hk_wave_take(flow, &seen, &taken, error)), "many numbers: %s",
		fl_why());
	is_count(HK_SQL("SELECT numbers FROM waves"), MANY, "are counted");
	is_count(HK_SQL("SELECT COUNT(*) FROM wave_numbers WHERE region = '0905500'"), MANY - 1,
		"with their regions");
	frame[0] = 8;
	seen.to_count = 10;
	ok(fl_do_as(flow, &fl_auto, hk_wave_take(flow, &seen, &taken, error)), "some again: %s",
		fl_why());
	is_count(HK_SQL("SELECT numbers - repeated FROM waves"), MANY - 10,
		"ten of them were named again");
	end();
}

/* A command that is no order to send, and one that is unknown. */
static void
others(void)
{
	uint8_t frame[32] = {1};
	hk_wave_seen seen = {.session_id = 0,
		.family = "keepspy",
		.port = 7775,
		.at_ms = T0,
		.frame = frame,
		.verb = "",
		.word = "飞翔",
		.text = "x"};
	hk_wave_taken taken;

	begin();
	seen.session_id = sessions[0];
	ok(fl_do_as(flow, &fl_auto, hk_wave_take(flow, &seen, &taken, error)), "unknown: %s",
		fl_why());
	ok(taken.command_id != 0 && taken.wave_id == 0 && taken.case_id == 0, "kept, no wave");
	is_text(HK_SQL("SELECT word FROM c2_commands"), "飞翔", "as written");
	ok(fl_do_as(flow, &fl_auto, hk_wave_take(flow, &seen, &taken, error)) &&
			taken.command_id == 0,
		"once");
	is_count(HK_SQL("SELECT COUNT(*) FROM notices"), 0, "nobody is told");
	/* A text that is too long is cut between characters. */
	g_autofree char *text = g_strnfill(HK_WAVE_TEXT_MAX - 1, 'x');
	g_autofree char *longer = g_strconcat(text, "銀行", NULL);
	const order o = {.text = longer};
	ok(send_on(0, &o, &taken), "a long text: %s", fl_why());
	is_count(HK_SQL("SELECT LENGTH(text) FROM waves"), HK_WAVE_TEXT_MAX - 1, "is cut");
	end();
}

static void
targets(void)
{
	hk_wave_taken taken;
	const order official = {.target = "mihon-bank",
		.url = "https://mihon-bank.test/",
		.host = "mihon-bank.test",
		.official = true,
		.key = 1};
	const order unknown = {.url = "https://shop.test/", .host = "shop.test", .key = 2};
	const order direct = {.target = "mihon-bank",
		.url = "https://evil.test/",
		.host = "evil.test",
		.key = 3,
		.actor = "mirage"};
	const order theirs = {.target = "other-bank",
		.url = "https://evil2.test/",
		.host = "evil2.test",
		.key = 4,
		.actor = "nobody-knows"};
	const order nothing = {.target = "mihon-bank", .nothing = true, .key = 5};

	begin();
	ok(send_on(0, &official, &taken), "an official link: %s", fl_why());
	is_int(taken.case_id, 0, "makes no case");
	is_count(HK_SQL("SELECT COUNT(*) FROM cases"), 0, "none at all");
	is_count(
		HK_SQL("SELECT COUNT(*) FROM notices WHERE event = 'wave.seen'"), 1, "but is told");
	ok(send_on(0, &unknown, &taken), "nobody that we know: %s", fl_why());
	is_text(HK_SQL("SELECT kind FROM cases WHERE host = 'shop.test'"), "phishing_other",
		"kind");
	is_text(HK_SQL("SELECT state FROM cases WHERE host = 'shop.test'"), "new", "not confirmed");
	ok(send_on(0, &direct, &taken), "a link that is the site: %s", fl_why());
	is_text(HK_SQL("SELECT state FROM cases WHERE host = 'evil.test'"), "confirmed",
		"is confirmed at once");
	is_text(HK_SQL("SELECT landing FROM waves WHERE id = 3"), "https://evil.test/",
		"its landing");
	is_count(HK_SQL("SELECT COUNT(*) FROM cases WHERE actor_id IS NOT NULL"), 1, "actor");
	is_count(HK_SQL("SELECT COUNT(*) FROM c2_links WHERE short = 0 AND due_ms IS NULL AND "
			"landing = url"),
		3, "what is no short link is not followed");
	is_count(HK_SQL("SELECT COUNT(*) FROM jobs WHERE stage = 'hops'"), 0, "by nobody");
	ok(send_on(0, &theirs, &taken), "another bank's, an actor that we do not keep: %s",
		fl_why());
	is_text(HK_SQL("SELECT kind FROM cases WHERE host = 'evil2.test'"), "phishing_other",
		"for the other bank");
	is_text(HK_SQL("SELECT state FROM cases WHERE host = 'evil2.test'"), "confirmed",
		"confirmed: that is what it is told for");
	is_count(HK_SQL("SELECT COUNT(*) FROM jobs WHERE stage = 'draft'"), 2,
		"drafts are made for both");
	is_count(HK_SQL("SELECT COUNT(*) FROM reports WHERE state <> 'drafted'"), 0,
		"nothing is sent without a person");
	/* A text without a link, and then with one. */
	ok(send_on(0, &nothing, &taken) && taken.case_id == 0, "no link, no case: %s", fl_why());
	const order then = {
		.target = "mihon-bank", .url = "https://late.test/", .host = "late.test", .key = 5};
	ok(send_on(1, &then, &taken) && !taken.opened && taken.case_id != 0, "then one: %s",
		fl_why());
	is_count(HK_SQL("SELECT COUNT(*) FROM notices WHERE event = 'wave.seen'"), 6, "told again");
	/* A second site in the same wave is a case of its own. */
	const order second = {.target = "mihon-bank",
		.url = "https://late2.test/",
		.host = "late2.test",
		.key = 5};
	ok(send_on(2, &second, &taken), "a second site: %s", fl_why());
	is_text(HK_SQL("SELECT state FROM cases WHERE host = 'late2.test'"), "confirmed",
		"confirmed");
	is_count(HK_SQL("SELECT COUNT(*) FROM links"), 1, "linked to the first");
	ok(send_on(3, &second, &taken), "once more");
	is_count(HK_SQL("SELECT COUNT(*) FROM cases WHERE host = 'late2.test'"), 1, "is the same");
	is_count(HK_SQL("SELECT COUNT(*) FROM notices WHERE event = 'wave.seen'"), 6, "no news");
	end();
}

static void
settings(void)
{
	hk_wave_taken taken;
	const order direct = {
		.target = "mihon-bank", .url = "https://evil.test/", .host = "evil.test"};

	begin();
	fl_run(flow, HK_SQL("INSERT INTO settings (key, value, updated_ms) VALUES ('waves', "
			    "'{\"confirm\":false}', 0)"));
	ok(send_on(0, &direct, &taken), "a wave: %s", fl_why());
	is_text(HK_SQL("SELECT state FROM cases"), "new",
		"a person confirms, if that is the policy");
	end();
}

static void
merging(void)
{
	hk_wave_taken taken;
	hk_taken known;

	begin();
	int64_t there = fl_take(flow, "ysl88.test", "login", &known);
	const order o = {.target = "mihon-bank"};
	ok(send_on(0, &o, &taken) && taken.case_id != there, "a short link, a case: %s", fl_why());
	int64_t own = taken.case_id;
	hk_clock_advance(1000);
	ok(lead("https://t.co/a", "lead", "https://ysl88.test/m", "ysl88.test", false), "led: %s",
		fl_why());
	is_int(fl_int_of(flow, HK_SQL("SELECT merged_into FROM cases WHERE id = $1"), own), there,
		"it goes into the case of the site");
	is_int(fl_int(flow, HK_SQL("SELECT case_id FROM waves")), there, "so does the wave");
	is_count(HK_SQL("SELECT COUNT(*) FROM cases WHERE state <> 'duplicate'"), 1, "one is left");
	is_count(HK_SQL("SELECT COUNT(*) FROM notices WHERE event = 'wave.landing'"), 0,
		"the first card still waits, and will say where");
	/* Further commands of the wave go where it stands now. */
	const order b = {.target = "mihon-bank", .url = "https://t.co/b"};
	ok(send_on(1, &b, &taken), "another short link: %s", fl_why());
	is_int(taken.case_id, there, "goes there, too");
	ok(lead("https://t.co/b", "lead", "https://ysl88.test/m", "ysl88.test", false), "led");
	is_count(HK_SQL("SELECT COUNT(*) FROM cases"), 2, "no third case");
	/* Somebody merges the case by hand; the wave follows. */
	int64_t by_hand = fl_take(flow, "hand.test", "x", &known);
	ok(fl_do(flow, hk_case_merge(flow, there, by_hand, NULL, error)), "merged by hand");
	const order c = {.target = "mihon-bank", .url = "https://t.co/c"};
	ok(send_on(2, &c, &taken), "a third: %s", fl_why());
	is_int(fl_int_of(flow,
		       HK_SQL("SELECT COUNT(*) FROM case_urls WHERE url = 'https://t.co/c' AND "
			      "case_id = $1"),
		       by_hand),
		1, "its link is in the case that stands");
	ok(lead("https://t.co/c", "lead", "https://third.test/", "third.test", false),
		"elsewhere: %s", fl_why());
	is_count(HK_SQL("SELECT COUNT(*) FROM cases WHERE host = 'third.test'"), 1, "its own case");
	/* A case that was deleted stays so, and the command is kept. */
	fl_run(flow, HK_SQL("UPDATE cases SET deleted_ms = 1"));
	const order d = {.target = "mihon-bank", .url = "https://t.co/d"};
	ok(send_on(3, &d, &taken) && taken.command_id != 0, "deleted: %s", fl_why());
	ok(lead("https://t.co/d", "lead", "https://fourth.test/", "fourth.test", false), "led: %s",
		fl_why());
	is_count(HK_SQL("SELECT COUNT(*) FROM cases WHERE deleted_ms IS NULL"), 0,
		"none comes back");
	end();
}

/* A short link that first leads to the real site (it is switched on later), and one to a page of a shared host. */
static void
odd_landings(void)
{
	hk_wave_taken taken;
	const order o = {.target = "mihon-bank"};

	begin();
	ok(send_on(0, &o, &taken), "a wave: %s", fl_why());
	ok(lead("https://t.co/a", "lead", "https://mihon-bank.test/", "mihon-bank.test", true),
		"led");
	is_text(HK_SQL("SELECT landing FROM waves"), "https://mihon-bank.test/", "known");
	is_text(HK_SQL("SELECT state FROM cases"), "new", "no case of the bank's own site");
	is_text(HK_SQL("SELECT host FROM cases"), "t.co", "it stays what it was");
	is_count(HK_SQL("SELECT COUNT(*) FROM case_keys WHERE key = 'mihon-bank.test'"), 0,
		"no key");
	hk_clock_advance(5000);
	ok(lead("https://t.co/a", "lead", "https://docs.google.com/forms/1", "docs.google.com",
		   false),
		"then to a form: %s", fl_why());
	is_text(HK_SQL("SELECT url FROM cases"), "https://docs.google.com/forms/1",
		"now it is a case");
	is_count(HK_SQL("SELECT COUNT(*) FROM case_keys WHERE kind IN ('host', 'domain')"), 0,
		"whose host is everybody's");
	is_text(HK_SQL("SELECT state FROM cases"), "confirmed", "confirmed");
	ok(lead("https://t.co/a", "lead", "https://docs.google.com/forms/2", "docs.google.com",
		   false),
		"another form: %s", fl_why());
	is_count(HK_SQL("SELECT COUNT(*) FROM cases"), 2, "is another case");
	end();
}

int
main(void)
{
	five_ports();
	landings();
	repeated();
	many_numbers();
	races();
	others();
	targets();
	settings();
	merging();
	odd_landings();
	return tap_done();
}
