/* flow/monitor: watches begin, end, are saved by their owner alone, and move their case; a vendor's word. */
#include <string.h>

#include "flow/monitor.h"
#include "flow/states.h"
#include "store/cases.h"

#include "flowlib.h"
#include "tap.h"

static hk_flow *flow;
static int64_t id;

static void
is_text(hk_sql sql, const char *want, const char *what)
{
	g_autofree char *text = fl_text(flow, sql);

	is_str(text, want, "%s", what);
}

/* One check that says so; false: it was refused. */
static bool
save(const char *owner, const char *act, bool down, bool back, hk_monitor_sum *ret)
{
	g_autoptr(GPtrArray) rows = NULL;
	hk_monitor_seen seen = {.act = act,
		.down = down,
		.back = back,
		.at_ms = 1234,
		.saw = "gone",
		.why = "because"};

	fl_run(flow, HK_SQL("UPDATE watches SET owner = NULL, lease_ms = 0, due_ms = 1"));
	if (!fl_do(flow, hk_watches_claim(hk_flow_db(flow), "me", hk_flow_now(flow), 60000, 10,
				 &rows, error))) {
		return false;
	}
	seen.was = g_ptr_array_index(rows, 0);
	seen.now = (hk_watch_row){.due_ms = 99,
		.doubt = (char *)(uintptr_t) "",
		.baseline = (char *)(uintptr_t) "[]",
		.visits = (char *)(uintptr_t) "[]",
		.signals = (char *)(uintptr_t) "{\"saw\":\"gone\"}"};
	return fl_do(flow, hk_monitor_save(flow, owner, &seen, 1, ret, error));
}

static void
begins(void)
{
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM watches")), 0,
		"a new case is not watched");
	ok(fl_move(flow, id, "confirm", NULL), "confirmed");
	is_text(HK_SQL("SELECT state FROM watches"), "unchecked", "then it is, unchecked");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM events WHERE act = 'site.watch'")), 1,
		"audited");
	ok(fl_move(flow, id, "report", NULL), "reported");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM events WHERE act = 'site.watch'")), 1,
		"that is no second watch");
	ok(fl_do(flow, hk_monitor_start(flow, error) && hk_monitor_start(flow, error)),
		"the worker's start");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM jobs WHERE stage = 'monitor'")), 1,
		"one job");
	fl_run(flow, HK_SQL("DELETE FROM watches"));
	ok(fl_do(flow, hk_monitor_start(flow, error)), "cases that were there before");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM watches")), 1, "get their watch");
}

static void
moves(void)
{
	hk_monitor_sum sum = {0};

	ok(save("me", "live", false, false, &sum) && sum.saved == 1, "a check is saved");
	is_text(HK_SQL("SELECT state FROM watches"), "live", "live");
	ok(save("another", "error", true, false, &sum) && sum.lost == 1,
		"whose lease was another's changes nothing");
	is_text(HK_SQL("SELECT state FROM watches"), "live", "still live");
	ok(!save("me", "return", false, true, &sum), "what is no row of states.def is refused");
	is_int(fl_code(), HK_EPOLICY, "by policy: %s", fl_why());
	ok(save("me", "error", true, false, &sum) && sum.down == 1, "dark");
	is_text(HK_SQL("SELECT state FROM cases"), "down", "the case is down");
	is_int(fl_int(flow, HK_SQL("SELECT content_gone_ms FROM cases")), 1234,
		"content gone since");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM jobs WHERE stage = 'enrich'")), 1,
		"the registry is asked");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM observations")), 2,
		"an observation for each change");
	ok(save("me", NULL, false, false, &sum), "as before");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM observations")), 2,
		"is none within the hour");
	ok(save("me", "nxdomain", false, false, &sum), "then the name goes, too");
	is_int(fl_int(flow, HK_SQL("SELECT dns_gone_ms FROM cases")), 1234, "its clock");
	ok(save("me", "return", false, true, &sum) && sum.back == 1, "it is back");
	is_text(HK_SQL("SELECT state FROM cases"), "resurrected", "so is the case");
	is_int(fl_int(flow, HK_SQL("SELECT COALESCE(content_gone_ms, 0) + COALESCE(dns_gone_ms, 0) "
				   "+ COALESCE(down_ms, 0) FROM cases")),
		0, "it has not gone yet");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM events WHERE act IN ('site.dark', "
				   "'site.back')")),
		2, "audited");
}

static void
by_hand(void)
{
	ok(fl_do(flow, hk_monitor_act(flow, id, "stop", error)), "stopped by hand");
	ok(!fl_do(flow, hk_monitor_act(flow, id, "check", error)), "then nobody checks");
	is_int(fl_code(), HK_EPOLICY, "said: %s", fl_why());
	ok(fl_move(flow, id, "confirm", NULL), "confirmed again");
	is_text(HK_SQL("SELECT stopped FROM watches"), "hand", "what a person stopped stays so");
	ok(fl_do(flow, hk_monitor_act(flow, id, "resume", error)), "resumed");
	is_text(HK_SQL("SELECT stopped FROM watches"), "", "it goes on");
	ok(!fl_do(flow, hk_monitor_act(flow, id, "fly", error)) && fl_code() == HK_EFORM,
		"another word");
	ok(!fl_do(flow, hk_monitor_act(flow, 777, "check", error)) && fl_code() == HK_ENOENT,
		"another case");
}

static void
listed(void)
{
	ok(fl_do(flow, hk_monitor_listed(flow, id, "safebrowsing", "listed", true, error)),
		"a vendor lists it");
	ok(fl_int(flow, HK_SQL("SELECT COALESCE(listed_ms, 0) FROM cases")) > 0, "its clock");
	ok(fl_do(flow, hk_monitor_listed(flow, id, "safebrowsing", "listed", true, error)),
		"once more");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM events WHERE act = 'site.listed'")), 1,
		"is no news");
	ok(fl_do(flow, hk_monitor_listed(flow, id, "netcraft", "reviewing", false, error)),
		"another one is not sure");
	g_autofree char *all = fl_text(flow, HK_SQL("SELECT listings FROM watches"));
	ok(strstr(all, "\"safebrowsing\":{\"state\":\"listed\"") &&
			strstr(all, "\"netcraft\":{\"state\":\"reviewing\""),
		"both are kept: %s", all);
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM facts WHERE kind = 'list.state' AND "
				   "gone_ms IS NULL")),
		2, "as facts of the case, too");
	hk_monitor_listing said;
	ok(hk_monitor_listing_of(all, "safebrowsing", &said) && said.listed && said.since_ms > 0 &&
			said.asked_ms >= said.since_ms,
		"with since when, and when it was asked");
	ok(!hk_monitor_listing_of(all, "phishtank", &said) &&
			!hk_monitor_listing_of("[1", "netcraft", &said),
		"nobody else was asked");
	fl_run(flow, HK_SQL("UPDATE facts SET last_ms = last_ms - 1000"));
	ok(fl_do(flow, hk_monitor_listed(flow, id, "safebrowsing", "not listed", false, error)),
		"it is listed no longer");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM events WHERE act = 'site.unlisted'")), 1,
		"that is audited");
	ok(fl_int(flow, HK_SQL("SELECT COALESCE(listed_ms, 0) FROM cases")) > 0,
		"the clock is the first time");
	is_text(HK_SQL("SELECT value FROM facts WHERE kind = 'list.state' AND subject = "
		       "'safebrowsing' AND gone_ms IS NULL"),
		"not listed", "the fact that holds");
	ok(!fl_do(flow, hk_monitor_listed(flow, id, "A B", "x", true, error)) &&
			fl_code() == HK_EFORM,
		"no name of a vendor");
}

int
main(void)
{
	hk_taken taken;
	hk_monitor_sum sum;

	flow = fl_open();
	id = fl_take(flow, "mihon-login.test", "/", &taken);
	begins();
	moves();
	by_hand();
	listed();
	fl_run(flow, HK_SQL("UPDATE cases SET state = 'dismissed'"));
	ok(save("me", NULL, false, false, &sum), "a check of a case that was dismissed meanwhile");
	is_text(HK_SQL("SELECT stopped FROM watches"), "case", "is its last");
	fl_close(flow);
	return tap_done();
}
