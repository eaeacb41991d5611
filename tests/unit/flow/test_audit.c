/* The audit chain: every way of tampering is found, at the right row; and the record is what the header says, byte by byte. */
#include "flowlib.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "flow/audit.h"
#include "flow/sweep.h"
#include "store/events.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "tap.h"

static const int64_t start_ms = INT64_C(1732809600000);

/* Ten rows or more, an anchor after the fourth, the head after the sixth. */
static hk_flow *
trail(hk_event_head *kept)
{
	hk_flow *flow = fl_open();
	hk_event_head head;
	GError *local = NULL;

	fl_take(flow, "a.example", "1", NULL);
	fl_take(flow, "b.example", "1", NULL);
	ok(fl_do(flow, hk_events_head(hk_flow_db(flow), &head, error) &&
			       hk_anchors_insert(hk_flow_db(flow), &head, start_ms, error)),
		"anchor: %s", fl_why());
	ok(fl_move(flow, 1, "triage", &local) && fl_move(flow, 1, "dismiss", &local), "moves");
	ok(hk_events_head(hk_flow_db(flow), kept, &local), "head");
	ok(fl_move(flow, 1, "reopen", &local) && fl_move(flow, 1, "dismiss", &local) &&
			fl_move(flow, 2, "dismiss", &local),
		"more moves");
	return flow;
}

static void
verify(hk_flow *flow, const hk_event_head *heads, size_t count, hk_audit_report *ret)
{
	GError *error = NULL;
	hk_audit_key key;

	ok(hk_audit_key_read(fl_key_file(), &key, &error) &&
			hk_audit_verify(hk_flow_db(flow), &key, heads, count, ret, &error),
		"verify runs%s%s", error ? ": " : "", error ? error->message : "");
	g_clear_error(&error);
}

static void
test_good(void)
{
	hk_event_head kept;
	hk_flow *flow = trail(&kept);
	hk_audit_report report;

	verify(flow, &kept, 1, &report);
	is_int(report.bad_seq, 0, "good: %s", report.what ? report.what : "");
	is_int(report.rows, fl_int(flow, HK_SQL("SELECT COUNT(*) FROM events")), "all rows");
	is_int(report.anchors, 2, "an anchor and a head");
	is_int(report.rows, fl_int(flow, HK_SQL("SELECT seq FROM chain")), "up to the head");
	fl_close(flow);
	flow = fl_open();
	verify(flow, NULL, 0, &report);
	is_int(report.bad_seq, 0, "an empty trail is good");
	fl_close(flow);
}

#define COPY                                                                                       \
	"INSERT INTO events (seq, at_ms, who, via, address, act, object, object_id, case_id, "     \
	"data, mac) "

static void
test_tampering(void)
{
	/* Rows: 1 source.new, 2 and 3 case.open, 4 and 5 moves (head kept at 5), 6 7 8 moves. */
	static const struct {
		const char *what;
		hk_sql sql[4];
		int64_t seq;
		const char *says;
	} kinds[] = {
		{"data changed", {{"UPDATE events SET data = '{}' WHERE seq = 2"}}, 2,
			"does not fit"},
		{"who changed", {{"UPDATE events SET who = 'yuzu' WHERE seq = 4"}}, 4,
			"does not fit"},
		{"via changed", {{"UPDATE events SET via = 'web' WHERE seq = 4"}}, 4,
			"does not fit"},
		{"address changed", {{"UPDATE events SET address = 'x' WHERE seq = 4"}}, 4,
			"does not fit"},
		{"act changed", {{"UPDATE events SET act = 'case.edit' WHERE seq = 8"}}, 8,
			"does not fit"},
		{"object changed", {{"UPDATE events SET object = 'x' WHERE seq = 3"}}, 3,
			"does not fit"},
		{"object's number changed", {{"UPDATE events SET object_id = 9 WHERE seq = 3"}}, 3,
			"does not fit"},
		{"case's number changed", {{"UPDATE events SET case_id = NULL WHERE seq = 3"}}, 3,
			"does not fit"},
		{"time changed", {{"UPDATE events SET at_ms = at_ms + 1 WHERE seq = 1"}}, 1,
			"does not fit"},
		{"text moved from one field to the next",
			{{"UPDATE events SET via = 'clix', address = 'y' WHERE seq = 4"}}, 4,
			"does not fit"},
		{"MAC changed", {{"UPDATE events SET mac = (SELECT mac FROM chain) WHERE seq = 5"}},
			5, "does not fit"},
		{"a row deleted", {{"DELETE FROM events WHERE seq = 3"}}, 3, "is missing"},
		{"rows deleted", {{"DELETE FROM events WHERE seq IN (3, 4)"}}, 3,
			"3 to 4 are missing"},
		{"the first row deleted", {{"DELETE FROM events WHERE seq = 1"}}, 1, "is missing"},
		{"a row deleted, the others moved up",
			{{"DELETE FROM events WHERE seq = 3"},
				{"UPDATE events SET seq = -seq WHERE seq > 3"},
				{"UPDATE events SET seq = -seq - 1 WHERE seq < 0"},
				{"UPDATE chain SET seq = seq - 1"}},
			3, "does not fit"},
		{"a row put in between",
			{{"UPDATE events SET seq = -seq WHERE seq > 3"},
				{"UPDATE events SET seq = -seq + 1 WHERE seq < 0"},
				{COPY "SELECT 4, at_ms, who, via, address, act, object, object_id, "
				      "case_id, data, mac FROM events WHERE seq = 3"},
				{"UPDATE chain SET seq = seq + 1"}},
			4, "does not fit"},
		{"a row put before the first",
			{{COPY "SELECT 0, at_ms, who, via, address, act, object, object_id, "
			       "case_id, data, mac FROM events WHERE seq = 3"}},
			0, "before the first"},
		{"a row put behind the end",
			{{COPY "SELECT 9, at_ms, who, via, address, act, object, object_id, "
			       "case_id, data, mac FROM events WHERE seq = 8"}},
			9, "does not fit"},
		{"two rows swapped",
			{{"UPDATE events SET seq = -6 WHERE seq = 6"},
				{"UPDATE events SET seq = 6 WHERE seq = 7"},
				{"UPDATE events SET seq = 7 WHERE seq = -6"}},
			6, "does not fit"},
		{"the end cut off", {{"DELETE FROM events WHERE seq > 6"}}, 7, "cut off"},
		{"the end cut off, the head set back",
			{{"DELETE FROM events WHERE seq > 2"},
				{"UPDATE chain SET seq = 2, mac = (SELECT mac FROM events WHERE "
				 "seq = 2)"}},
			3, "cut off"},
		{"the end cut off, head and anchors set back",
			{{"DELETE FROM events WHERE seq > 4"}, {"DELETE FROM anchors"},
				{"UPDATE chain SET seq = 4, mac = (SELECT mac FROM events WHERE "
				 "seq = 4)"}},
			5, "kept elsewhere"},
		{"the head changed",
			{{"UPDATE chain SET mac = (SELECT mac FROM events WHERE seq = 2)"}}, 8,
			"head was changed"},
		{"the head gone", {{"DELETE FROM chain"}}, 8, "head is gone"},
		{"the head set back", {{"UPDATE chain SET seq = 7"}}, 8, "behind its end"},
		{"everything deleted", {{"DELETE FROM events"}}, 1, "cut off"},
		{"an anchor changed",
			{{"UPDATE anchors SET mac = (SELECT mac FROM events WHERE seq = 1) WHERE "
			  "seq = 3"}},
			3, "an anchor"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
		hk_event_head kept;
		hk_flow *flow = trail(&kept);
		hk_audit_report report;
		for (size_t k = 0; k < 4 && kinds[i].sql[k].text; k++) {
			fl_run(flow, kinds[i].sql[k]);
		}
		verify(flow, &kept, 1, &report);
		ok(report.what != NULL, "%s: found", kinds[i].what);
		is_int(report.bad_seq, kinds[i].seq, "%s: at the row", kinds[i].what);
		ok(report.what && strstr(report.what, kinds[i].says), "%s: %s", kinds[i].what,
			report.what ? report.what : "-");
		hk_audit_report_clear(&report);
		fl_close(flow);
	}
}

/* Whoever has the key writes the chain anew: only the head off the machine knows. */
static void
test_rewritten(void)
{
	hk_event_head kept;
	hk_flow *flow = trail(&kept);
	hk_audit_report report;

	kept.mac[0] ^= 1;
	verify(flow, &kept, 1, &report);
	is_int(report.bad_seq, kept.seq, "another row than was kept");
	ok(report.what && strstr(report.what, "written anew"), "said: %s", report.what);
	hk_audit_report_clear(&report);
	fl_close(flow);
}

/* The record as an auditor would build it from the header's words alone. */
static void
test_record(void)
{
	static const uint8_t want[] = {0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 1,
		'a', 0, 0, 0, 2, 'b', 'c', 0, 0, 0, 0, 0, 0, 0, 1, 'd', 0, 0, 0, 1, 'e', 0, 0, 0, 0,
		0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, '{', '}'};
	hk_event_record r = {.seq = 7,
		.at_ms = 258,
		.who = "a",
		.via = "bc",
		.address = "",
		.act = "d",
		.object = "e",
		.object_id = 9,
		.data = "{}"};
	g_autoptr(GByteArray) out = g_byte_array_new();

	hk_audit_record(&r, out);
	is_int(out->len, sizeof want, "length");
	is_mem(out->data, want, sizeof want, "bytes");
}

static void
test_key(void)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *path = g_strdup_printf("%s.other", fl_key_file());
	hk_flow *flow = fl_open();

	ok(hk_audit_key_make(path, &error), "another key");
	ok(!hk_flow_new(hk_flow_db(flow), path, &error), "is not this chain's");
	is_int(hk_error_code(error), HK_ECONFIG, "%s", error->message);
	g_clear_error(&error);
	ok(!hk_audit_key_make(path, &error), "a key is never written over");
	g_clear_error(&error);
	chmod(path, 0644);
	ok(!hk_flow_new(hk_flow_db(flow), path, &error), "readable by others");
	ok(error && strstr(error->message, "chmod 600"), "advice: %s", error->message);
	g_clear_error(&error);
	unlink(path);
	ok(!hk_flow_new(hk_flow_db(flow), path, &error), "missing");
	ok(error && strstr(error->message, "db init"), "advice: %s", error->message);
	fl_close(flow);
}

int
main(void)
{
	hk_clock_freeze(start_ms);
	test_good();
	test_tampering();
	test_rewritten();
	test_record();
	test_key();
	return tap_done();
}
