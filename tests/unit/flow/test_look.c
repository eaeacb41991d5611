/* flow/look, store/looks: candidates, leases, the schedule, and cases. */
#include "flow/look.h"

#include <string.h>

#include "flowlib.h"
#include "store/looks.h"
#include "store/runs.h"
#include "sys/gerr.h"
#include "tap.h"

#define MINUTE INT64_C(60000)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

static void
test_schedule(void)
{
	static const struct {
		const char *outcome, *before;
		int64_t tries, wait; /* 0: never */
	} rows[] = {
		{"dead", NULL, 0, 5 * MINUTE},
		{"dead", "dead", 1, HOUR},
		{"empty", "dead", 2, 6 * HOUR},
		{"dead", "empty", 3, DAY},
		{"empty", "empty", 4, 7 * DAY},
		{"empty", "empty", 5, 0},
		{"dead", "dead", 100, 0},
		{"plain", NULL, 0, DAY},
		{"plain", "dead", 3, DAY},
		{"plain", "plain", 1, 0},
		{"dead", "plain", 1, HOUR},
		{"suspect", NULL, 0, 0},
		{"case", "dead", 1, 0},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		int64_t due = hk_look_due(rows[i].outcome, rows[i].before, rows[i].tries, 1000);
		is_int(due, rows[i].wait ? 1000 + rows[i].wait : 0, "%s after %s, %d looks before",
			rows[i].outcome, rows[i].before ? rows[i].before : "nothing",
			(int)rows[i].tries);
	}
}

static bool
want(hk_flow *flow, const char *host, const char *data, double score)
{
	const hk_look_wish wish = {
		.source = "ct", .host = host, .target = "mihon-bank", .data = data, .score = score};
	bool fresh = false;

	ok(fl_do(flow, hk_look_want(flow, &wish, &fresh, error)), "%.40s: %s", host, fl_why());
	return fresh;
}

static void
test_want(hk_flow *flow)
{
	g_autofree char *over = g_strnfill(254, 'a');
	over[100] = '.';

	ok(want(flow, "k3x9.example", "{}", 0.2), "a name is a candidate");
	ok(!want(flow, "k3x9.example", "{}", 0.9), "once");
	ok(!want(flow, "word", "{}", 0.2), "a word is none");
	ok(!want(flow, over, "{}", 0.2), "what no host can be is none");
	hk_taken taken;
	fl_take(flow, "known.example", "/", &taken);
	ok(!want(flow, "known.example", "{}", 0.2), "a case is none");
	ok(want(flow, "l4y0.example", "{\"tbs_sha256\":\"\"}", 0.3), "another one");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM looks")), 2, "two rows");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM events WHERE object = 'look'")), 0,
		"nothing has been done to anybody");
}

static GPtrArray *
claim(hk_flow *flow, const char *owner, int64_t lease_ms, int64_t limit)
{
	GPtrArray *rows = NULL;

	ok(fl_do(flow, hk_looks_claim(hk_flow_db(flow), owner, hk_flow_now(flow), lease_ms, limit,
			       &rows, error)),
		"%s claims: %s", owner, fl_why());
	return rows;
}

static hk_look_sum
save(hk_flow *flow, const char *owner, const hk_look_seen *seen, size_t count)
{
	hk_look_sum sum = {0};

	ok(fl_do(flow, hk_look_save(flow, owner, seen, count, &sum, error)), "%s stores: %s", owner,
		fl_why());
	return sum;
}

static void
test_leases(hk_flow *flow)
{
	g_autoptr(GPtrArray) a = claim(flow, "work-a", HOUR, 1);
	g_autoptr(GPtrArray) b = claim(flow, "work-b", HOUR, 10);

	is_int(a->len, 1, "one row for the first");
	is_int(b->len, 1, "what is left for the second");
	const hk_look_row *row = a->pdata[0];
	is_str(row->host, "k3x9.example", "those due longest first");
	is_str(row->source, "ct", "with its source");
	is_str(row->target, "みほん銀行", "and its target");
	ok(!row->outcome && row->tries == 0, "not looked at yet");
	const hk_look_seen dead = {
		.row = a->pdata[0], .outcome = "dead", .score = -1, .reasons = "[]"};
	hk_look_sum sum = save(flow, "work-c", &dead, 1);
	is_int(sum.lost, 1, "who does not hold it has done nothing");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM looks WHERE tries > 0")), 0, "at all");
	sum = save(flow, "work-a", &dead, 1);
	is_int(sum.saved, 1, "its holder has");
	is_int(fl_int(flow,
		       HK_SQL("SELECT due_ms - last_ms FROM looks WHERE host = 'k3x9.example'")),
		5 * MINUTE, "it is due again in 5 minutes");
	sum = save(flow, "work-a", &dead, 1);
	is_int(sum.lost, 1, "once");
	ok(fl_do(flow, hk_looks_later(hk_flow_db(flow), "work-b", ((hk_look_row *)b->pdata[0])->id,
			       hk_flow_now(flow) - 1, error)),
		"one is given back");
	g_autoptr(GPtrArray) c = claim(flow, "work-c-1", HOUR, 10);
	is_int(c->len, 1, "and free at once, the one that waits is not");
	is_int(((hk_look_row *)c->pdata[0])->tries, 0, "uncounted");
	ok(fl_do(flow, hk_looks_abandon(hk_flow_db(flow), "work-c-", error)), "its holder is dead");
	g_autoptr(GPtrArray) d = claim(flow, "work-d", -1, 10);
	is_int(d->len, 1, "and it is free again");
	g_autoptr(GPtrArray) e = claim(flow, "work-e", HOUR, 10);
	is_int(e->len, 1, "a lease runs out by itself");
	ok(fl_do(flow, hk_looks_yield(hk_flow_db(flow), "work-e", error)), "and is given back");
}

static void
test_case(hk_flow *flow)
{
	g_autoptr(GPtrArray) rows = claim(flow, "work-a", HOUR, 10);
	hk_look_row *row = rows->pdata[0];
	const hk_look_seen suspect = {.row = row,
		.outcome = "suspect",
		.score = 0.93,
		.reasons = "[\"asks for a password\"]",
		.target = "みほん銀行",
		.url = "https://l4y0.example/",
		.domain = "l4y0.example"};

	g_free(row->data);
	row->data =
		g_strdup("{\"log\":\"https://ct.example/\",\"index\":7,\"tbs_sha256\":"
			 "\"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\"}");
	hk_look_sum sum = save(flow, "work-a", &suspect, 1);
	is_int(sum.cases, 1, "what imitates is a case");
	g_autofree char *what = fl_text(flow,
		HK_SQL("SELECT c.host || ' ' || c.kind || ' ' || c.reasons || ' ' || s.key || ' ' "
		       "|| "
		       "t.key FROM cases c JOIN sources s ON s.id = c.source_id JOIN targets t ON "
		       "t.id = c.target_id WHERE c.host = 'l4y0.example'"));
	is_str(what, "l4y0.example phishing [\"asks for a password\"] ct mihon-bank",
		"with source, reasons, kind and target");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM looks l JOIN cases c ON c.id = l.case_id "
				   "WHERE c.host = 'l4y0.example' AND l.due_ms IS NULL")),
		1, "the row says which, and is done");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM sightings s JOIN cases c ON c.id = "
				   "s.case_id WHERE s.state = 'attached' AND s.data LIKE "
				   "'%\"index\":7%' AND c.host = 'l4y0.example'")),
		1, "the certificate that it was seen in is there");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM case_keys WHERE kind = 'certificate'")), 1,
		"and a key of the case");
	is_int(fl_int(flow,
		       HK_SQL("SELECT COUNT(*) FROM events WHERE act = 'case.open' AND case_id "
			      "= (SELECT id FROM cases WHERE host = 'l4y0.example')")),
		1, "audited");
	is_int(fl_int(flow,
		       HK_SQL("SELECT COUNT(*) FROM jobs WHERE stage = 'capture' AND case_id = "
			      "(SELECT id FROM cases WHERE host = 'l4y0.example')")),
		1, "and evidence is asked for, as of any new case");
	sum = save(flow, "work-a", &suspect, 1);
	is_int(sum.lost, 1, "not twice");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM cases")), 2, "two cases in all");
}

/* The host became a case between the claim and the answer. */
static void
test_linked(hk_flow *flow)
{
	hk_taken taken;

	want(flow, "m5z1.example", "{\"sighting\":999999}", 0.2);
	want(flow, "broken.example", "{}", 0.2);
	g_autoptr(GPtrArray) rows = claim(flow, "work-a", HOUR, 10);
	fl_take(flow, "m5z1.example", "/login", &taken);
	g_autofree hk_look_seen *seen = g_new0(hk_look_seen, rows->len);
	for (unsigned i = 0; i < rows->len; i++) {
		hk_look_row *row = rows->pdata[i];
		bool bad = strcmp(row->host, "broken.example") == 0;
		seen[i] = (hk_look_seen){.row = row,
			.outcome = "suspect",
			.score = 0.8,
			/* No list of texts: the case is refused, the row is not. */
			.reasons = bad ? "{}" : "[]",
			.url = bad ? "https://broken.example/" : "https://m5z1.example/",
			.domain = row->host};
	}
	hk_look_sum sum = save(flow, "work-a", seen, rows->len);
	is_int(sum.linked, 1, "it is linked");
	is_int(sum.saved, rows->len, "and a refusal does not hold up the batch");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM cases WHERE host = 'm5z1.example'")), 1,
		"no second case");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM looks WHERE host = 'broken.example' AND "
				   "case_id IS NULL AND due_ms IS NULL")),
		1, "the refused one is done, without a case");
	hk_looks_counts counts = {0};
	ok(fl_do(flow, hk_looks_count(hk_flow_db(flow), 0, &counts, error)), "numbers for people");
	is_int(counts.taken, 4, "taken");
	is_int(counts.waiting, 1, "waiting: the dead one");
	is_int(counts.looked, 4, "looked at");
	is_int(counts.cases, 2, "cases");
	int64_t gone = 0;
	ok(fl_do(flow, hk_looks_forget(hk_flow_db(flow), hk_flow_now(flow) + 1, &gone, error)),
		"what is over is forgotten");
	is_int(gone, 3, "the three");
}

static void
on_kit(void *user, const char *kind, const char *key, int64_t case_id)
{
	g_string_append_printf(user, "%s %s %d\n", kind, key, case_id > 0);
}

static void
test_kits(hk_flow *flow)
{
	g_autoptr(GString) text = g_string_new(NULL);
	hk_taken taken;
	int64_t id = fl_take(flow, "kit.example", "/", &taken);

	ok(fl_do(flow,
		   hk_pivots_put(hk_flow_db(flow), id, "form", "abc", hk_flow_now(flow), error)),
		"a case with a form");
	ok(fl_do(flow, hk_looks_kits(hk_flow_db(flow), on_kit, text, error)), "kits are read");
	is_str(text->str, "", "a new case has none to go by");
	fl_move(flow, id, "confirm", NULL);
	ok(fl_do(flow, hk_looks_kits(hk_flow_db(flow), on_kit, text, error)), "again");
	is_str(text->str, "form abc 1\n", "a confirmed one has");
}

int
main(void)
{
	hk_flow *flow = fl_open();

	test_schedule();
	test_want(flow);
	test_leases(flow);
	test_case(flow);
	test_linked(flow);
	test_kits(flow);
	fl_close(flow);
	return tap_done();
}
