/* monitor/check, life, control: what visits say together, over time, and whether it is us. */
#include <string.h>

#include "monitor/control.h"
#include "monitor/life.h"

#include "tap.h"

#define MINUTE INT64_C(60000)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

static hk_memory memory;
static const hk_check_beside good;

/* A check in which the first so many visits saw this, and the others that. */
static hk_seen
checked(hk_visit_class first, size_t count, hk_visit_class others, const hk_check_beside *beside)
{
	static hk_check c;
	hk_seen seen;

	hk_check_begin(&c, 1, 1, 0, &memory);
	for (size_t i = 0; hk_check_more(&c) > 0;) {
		for (; i < c.count; i++) {
			c.visit[i].class = i < count ? first : others;
		}
	}
	hk_check_decide(&c, beside, 1000, &seen);
	return seen;
}

static void
plans(void)
{
	hk_check c;
	hk_memory seen = {0};
	hk_visit last = {.watcher = HK_WATCHER_DESKTOP_SEARCH,
		.exit = 1,
		.page = 1,
		.class = HK_VISIT_LIVE,
		.at_ms = 5};

	hk_check_begin(&c, 2, 2, 0, &memory);
	ok(hk_check_more(&c) >= 1 && c.visit[0].watcher == HK_WATCHER_IPHONE,
		"a telephone goes first");
	c.visit[0].class = HK_VISIT_LIVE;
	for (size_t i = 1; i < c.count; i++) {
		c.visit[i].class = HK_VISIT_GONE;
	}
	ok(hk_check_more(&c) == 0, "who sees it ends the check");
	hk_memory_put(&seen, &last);
	hk_check_begin(&c, 2, 2, 3, &seen);
	size_t first = hk_check_more(&c);
	ok(first == 2 && c.visit[0].watcher == last.watcher && c.visit[0].exit == 1 &&
			c.visit[0].page == 1,
		"who saw it last goes first, and one by turns");
	c.visit[0].class = c.visit[1].class = HK_VISIT_GONE;
	size_t rest = hk_check_more(&c);
	ok(rest == 2 * HK_WATCHERS + 2 * 2, "nobody saw it: all go, by every way, to every page");
	for (size_t i = 0; i < c.count; i++) {
		c.visit[i].class = HK_VISIT_GONE;
	}
	ok(hk_check_more(&c) == 0, "and that is all");
	hk_check_begin(&c, 1, 1, 0, &memory);
	hk_check_more(&c);
	c.nameless = true;
	c.visit[0].class = HK_VISIT_SILENT;
	ok(hk_check_more(&c) == 0, "where there is no name nobody need go");
}

static void
verdicts(void)
{
	hk_check_beside away = {.ways = {HK_CONTROL_AWAY}},
			unknown = {.ways = {HK_CONTROL_UNKNOWN}}, held = {.held = true};
	hk_seen s = checked(HK_VISIT_GONE, 5, HK_VISIT_LIVE, &good);

	ok(s.side == HK_SIDE_UP && s.cloaked,
		"any live visitor wins, and others were refused: cloaked");
	s = checked(HK_VISIT_SILENT, 5, HK_VISIT_LIVE, &good);
	ok(s.side == HK_SIDE_UP && !s.cloaked, "a silence is no cloaking");
	s = checked(HK_VISIT_GONE, 99, HK_VISIT_GONE, &good);
	ok(s.side == HK_SIDE_DARK && s.class == HK_VISIT_GONE && s.watchers == 3,
		"all agree: dark");
	s = checked(HK_VISIT_GONE, 1, HK_VISIT_OURS, &good);
	ok(s.side == HK_SIDE_UNSURE, "a 404 of one profile is not dark");
	s = checked(HK_VISIT_GONE, 1, HK_VISIT_CHALLENGE, &good);
	ok(s.side == HK_SIDE_UNSURE, "behind a question it may be there");
	s = checked(HK_VISIT_SILENT, 99, HK_VISIT_SILENT, &away);
	ok(s.side == HK_SIDE_NONE, "while our own network is away a silence is nothing");
	s = checked(HK_VISIT_SILENT, 99, HK_VISIT_SILENT, &unknown);
	ok(s.side == HK_SIDE_DARK && s.points == 1,
		"and little when there is nobody to compare with");
	s = checked(HK_VISIT_GONE, 2, HK_VISIT_SILENT, &good);
	ok(s.points == hk_visit_get(HK_VISIT_SILENT)->points,
		"a check counts what its least telling visit counts");
	s = checked(HK_VISIT_SILENT, 99, HK_VISIT_SILENT, &held);
	ok(s.class == HK_VISIT_HELD && s.points == hk_visit_get(HK_VISIT_HELD)->points,
		"on hold and gone: held");
	s = checked(HK_VISIT_OURS, 99, HK_VISIT_OURS, &good);
	ok(s.side == HK_SIDE_NONE, "nobody was let out: no check");
}

static hk_life
begun(void)
{
	return (hk_life){.state = "unchecked", .since_ms = 0};
}

/* So many checks, five minutes apart; the last step. */
static hk_life_step
go(hk_life *life, int64_t *now_ms, unsigned count, hk_visit_class class)
{
	hk_seen seen = checked(class, 99, class, &good);
	hk_life_step step = {0};

	for (unsigned i = 0; i < count; i++) {
		*now_ms += 5 * MINUTE;
		hk_life_next(life, &seen, *now_ms, &step);
	}
	return step;
}

static void
lives(void)
{
	hk_life l = begun();
	int64_t now = 0;
	hk_life_step s = go(&l, &now, 1, HK_VISIT_LIVE);

	ok(strcmp(l.state, "live") == 0 && s.act && !s.back, "seen: live");
	s = go(&l, &now, 3, HK_VISIT_GONE);
	ok(strcmp(l.state, "live") == 0 && !s.act, "three 404 in a row are not enough");
	s = go(&l, &now, 1, HK_VISIT_GONE);
	ok(strcmp(l.state, "error") == 0 && s.down && s.at_ms == now - 15 * MINUTE,
		"four are: dark since the first");
	s = go(&l, &now, 10, HK_VISIT_GONE);
	ok(!s.act && s.due_ms == now + 5 * MINUTE, "dark stays dark");
	s = go(&l, &now, 3, HK_VISIT_NAMELESS);
	ok(strcmp(l.state, "nxdomain") == 0 && !s.down && l.nameless_ms == now,
		"then the name goes, too");
	s = go(&l, &now, 1, HK_VISIT_LIVE);
	ok(strcmp(l.state, "resurrected") == 0 && s.back, "one visitor sees it: back");
	s = go(&l, &now, 11, HK_VISIT_SILENT);
	ok(!s.act, "eleven silences are not enough");
	s = go(&l, &now, 1, HK_VISIT_LIVE);
	ok(!s.act && l.gap_ms == 55 * MINUTE, "it was away for so long, and is not");
	s = go(&l, &now, 12, HK_VISIT_SILENT);
	ok(!s.act, "the next time twelve are not enough, either");
	s = go(&l, &now, 6, HK_VISIT_SILENT);
	ok(strcmp(l.state, "unreachable") == 0, "half as long again is");
}

static void
schedule(void)
{
	hk_life l = {.state = "live", .since_ms = 0};
	hk_life dark = {.state = "nxdomain", .since_ms = 0};

	ok(hk_life_due(&l, HOUR) == HOUR + 5 * MINUTE, "5 minutes on the first day");
	ok(hk_life_due(&l, DAY) == DAY + 30 * MINUTE, "30 minutes to day 7");
	ok(hk_life_due(&l, 7 * DAY) == 7 * DAY + 6 * HOUR, "6 hours to day 30");
	ok(hk_life_due(&l, 30 * DAY) == 31 * DAY, "then daily");
	ok(hk_life_due(&l, 200 * DAY) == 201 * DAY, "for as long as it is there");
	ok(hk_life_due(&dark, 89 * DAY) == 90 * DAY && hk_life_due(&dark, 90 * DAY) == 0,
		"for 90 days when it is dark");
	l.agree = 1;
	ok(hk_life_due(&l, 20 * DAY) == 20 * DAY + 5 * MINUTE, "while in doubt every 5 minutes");
}

static void
controls(void)
{
	hk_control c = {0};

	ok(hk_control_says_now(&c, 0) == HK_CONTROL_UNKNOWN, "nobody was asked");
	for (int64_t i = 1; i <= 20; i++) {
		hk_control_note(&c, i, i <= 18, MINUTE);
	}
	ok(hk_control_says_now(&c, MINUTE) == HK_CONTROL_GOOD, "most answer");
	for (int64_t i = 1; i <= 20; i++) {
		hk_control_note(&c, i, i <= 2, 2 * MINUTE);
	}
	ok(hk_control_says_now(&c, 2 * MINUTE) == HK_CONTROL_AWAY, "most do not: it is us");
	ok(c.count == 20, "each site has one word");
	for (int64_t m = 3; m < 70; m++) {
		for (int64_t i = 1; i <= 20; i++) {
			hk_control_note(&c, i, false, m * MINUTE);
		}
		(void)hk_control_says_now(&c, m * MINUTE);
	}
	ok(hk_control_says_now(&c, 70 * MINUTE) == HK_CONTROL_UNKNOWN, "but not for ever");
	hk_control_canary(&c, false, 70 * MINUTE);
	ok(hk_control_says_now(&c, 70 * MINUTE) == HK_CONTROL_AWAY, "unless our own page says so");
	hk_control_canary(&c, true, 71 * MINUTE);
	ok(hk_control_says_now(&c, 71 * MINUTE) == HK_CONTROL_GOOD, "which decides alone");
	ok(hk_control_says_now(&c, 90 * MINUTE) == HK_CONTROL_UNKNOWN, "for a few minutes");
}

static void
memories(void)
{
	static const char *const exits[] = {"direct", "jp", NULL}, *const one[] = {"direct", NULL};
	g_autoptr(GString) text = g_string_new(NULL);
	hk_memory m = {0}, back;
	hk_visit v = {.watcher = HK_WATCHER_ANDROID,
		.exit = 1,
		.page = 2,
		.class = HK_VISIT_SUSPENDED,
		.status = 200,
		.body = UINT64_C(0xfedcba9876543210),
		.at_ms = 7};

	hk_memory_put(&m, &v);
	v.status = 403;
	hk_memory_put(&m, &v);
	hk_memory_json(&m, exits, text);
	hk_memory_read(text->str, exits, &back);
	ok(m.count == 1 && back.count == 1 && back.visit[0].status == 403 &&
			back.visit[0].body == v.body && back.visit[0].class == v.class &&
			back.visit[0].exit == 1,
		"a visit comes back from JSON");
	hk_memory_read(text->str, one, &back);
	ok(back.count == 0, "one by a way that there is no more does not");
	hk_memory_read("{\"a\":[", exits, &back);
	ok(back.count == 0, "nor what is no JSON");
	for (unsigned i = 0; i < HK_MEMORY_MAX + 10; i++) {
		hk_visit many = {.exit = i, .class = HK_VISIT_GONE, .at_ms = i};
		hk_memory_put(&m, &many);
	}
	ok(m.count == HK_MEMORY_MAX, "the oldest make room");
}

int
main(void)
{
	plans();
	verdicts();
	lives();
	schedule();
	controls();
	memories();
	return tap_done();
}
