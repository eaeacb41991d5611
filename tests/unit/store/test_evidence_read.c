/* What the API shows of runs, captures, facts and contacts: rows of two cases, looked at as JSON. */
#include <string.h>

#include "store/evidence_read.h"
#include "store/facts.h"
#include "store/runs.h"
#include "sys/gerr.h"
#include "sys/json.h"

#include "store.h"
#include "tap.h"

static hk_db *db;

static void
run(hk_sql sql)
{
	g_autoptr(GError) error = NULL;

	if (!hk_db_exec(db, sql, HK_NO_ARGS, NULL, &error)) {
		ok(false, "%s", error->message);
	}
}

static int64_t
add_run(int64_t case_id, const char *url)
{
	const hk_run_row row = {.case_id = case_id,
		.url = (char *)(uintptr_t)url,
		.plan = (char *)(uintptr_t) "quick",
		.asked = (char *)(uintptr_t) "mikan",
		.asked_ms = 1000};
	int64_t id = 0;
	g_autoptr(GError) error = NULL;

	ok(hk_runs_add(db, &row, &id, &error), "a run: %s", error ? error->message : url);
	return id;
}

static int64_t
add_capture(int64_t run_id, int64_t position, const char *title)
{
	const hk_capture_row row = {.run_id = run_id,
		.position = position,
		.visit = 1,
		.profile = "iphone",
		.referrer = "sms",
		.exit = "direct",
		.step = "page",
		.how = "whole",
		.url = "https://mihon.test/",
		.title = title,
		.data = "{\"redirects\":[]}",
		.at_ms = 2000};
	const hk_artefact_row files[] = {
		{"viewport", "v.png", "image/png", 7, {1}}, {"dom", "d.html", "text/html", 9, {2}}};
	int64_t id = 0;
	g_autoptr(GError) error = NULL;

	ok(hk_captures_add(db, &row, &id, &error), "a capture");
	for (int i = 0; i < 2; i++) {
		ok(hk_artefacts_add(db, id, i, &files[i], &error), "its file");
	}
	return id;
}

/* The list as text; not JSON: the test fails here. */
static GString *
list_of(bool (*read)(hk_db *db, int64_t id, GString *out, GError **error), int64_t id)
{
	g_autoptr(GError) error = NULL;
	GString *out = g_string_new("[");

	ok(read(db, id, out, &error), "read: %s", error ? error->message : "");
	g_string_append_c(out, ']');
	g_autoptr(hk_json_doc) doc = hk_json_load(hk_span_of(out->str, out->len), out->len, &error);
	ok(doc != NULL, "JSON: %s", error ? error->message : "");
	return out;
}

static unsigned
times(const GString *text, const char *piece)
{
	unsigned count = 0;

	for (const char *at = text->str; (at = strstr(at, piece)); at += strlen(piece)) {
		count++;
	}
	return count;
}

static void
test_runs(void)
{
	int64_t first = add_run(1, "https://mihon.test/1"), capture;

	add_capture(first, 1, "second \"<script>\"");
	capture = add_capture(first, 0, "first");
	add_run(1, "https://mihon.test/2");
	add_capture(add_run(2, "https://mihon.test/other"), 0, "of another case");
	GString *all = list_of(hk_evidence_read_runs, 1);
	is_int(times(all, "\"plan\":"), 2, "both runs of the case");
	is_int(times(all, "\"profile\":"), 2, "its captures");
	is_int(times(all, "\"n\":1,"), 2, "files are counted from 1");
	is_int(times(all, "of another case"), 0, "nothing of another case");
	is_int(times(all, "\"captures\":[]"), 1, "a run without captures has an empty list");
	is_int(times(all, "redirects"), 0, "what is large is not in the list");
	ok(strstr(all->str, "mihon.test/2") < strstr(all->str, "mihon.test/1"), "the newest first");
	ok(strstr(all->str, "\"first\"") < strstr(all->str, "second"), "captures as in the plan");
	g_string_free(all, true);
	GString *one = list_of(hk_evidence_read_run, first);
	is_int(times(one, "\"profile\":"), 2, "one run has its captures");
	g_string_free(one, true);
	one = list_of(hk_evidence_read_capture, capture);
	is_int(times(one, "\"data\":{\"redirects\":[]}"), 1, "one capture has all");
	is_int(times(one, "\"kind\":\"dom\""), 1, "and its files");
	g_string_free(one, true);
	GString *none = g_string_new(NULL);
	g_autoptr(GError) error = NULL;
	ok(!hk_evidence_read_run(db, 999, none, &error), "no such run");
	is_int(hk_error_code(error), HK_ENOENT, "said: %s", error->message);
	g_clear_error(&error);
	ok(!hk_evidence_read_capture(db, 999, none, &error), "no such capture");
	is_int(hk_error_code(error), HK_ENOENT, "said: %s", error->message);
	g_string_free(none, true);
}

/* More runs than are shown: the newest of them, and no captures of the others. */
static void
test_many(void)
{
	for (int i = 0; i < HK_EVIDENCE_READ_RUNS; i++) {
		add_run(3, "https://mihon.test/more");
	}
	add_capture(add_run(3, "https://mihon.test/last"), 0, "newest");
	GString *all = list_of(hk_evidence_read_runs, 3);
	is_int(times(all, "\"plan\":"), HK_EVIDENCE_READ_RUNS, "the cap");
	is_int(times(all, "newest"), 1, "the newest is there");
	g_string_free(all, true);
}

static void
test_facts(void)
{
	const hk_fact facts[] = {{"mihon.test", "dns.a", "203.0.113.7", "dns", NULL},
		{"mihon.test", "dns.a", "203.0.113.8", "dns", NULL}};
	const hk_case_contact contacts[] = {{"dns", "mihon.test", "", "b@test", "rdap", 0.25},
		{"registrar", "mihon.test", "R", "a@test", "rdap", 0.75}};
	g_autoptr(GPtrArray) gone = NULL;
	g_autoptr(GError) error = NULL;
	hk_fact_how how;

	ok(hk_facts_put(db, 1, &facts[0], 1000, &how, &error), "a fact");
	ok(hk_facts_put(db, 1, &facts[1], 2000, &how, &error), "another");
	ok(hk_facts_gone(db, 1, "mihon.test", "dns.a", 2000, &gone, &error), "the first is gone");
	GString *all = list_of(hk_evidence_read_facts, 1);
	ok(strstr(all->str, "203.0.113.8") < strstr(all->str, "203.0.113.7"), "what holds first");
	is_int(times(all, "\"gone\":null"), 1, "one holds");
	g_string_free(all, true);
	ok(hk_case_contacts_set(db, 1, contacts, 2, NULL, 0, 1000, &error), "contacts");
	all = list_of(hk_evidence_read_contacts, 1);
	ok(strstr(all->str, "a@test") < strstr(all->str, "b@test"), "the surest first");
	is_int(times(all, "\"confidence\":0.750"), 1, "how sure");
	g_string_free(all, true);
}

static void
test_picture(void)
{
	g_autoptr(GError) error = NULL;
	uint8_t sha256[32];

	ok(!hk_evidence_read_picture(db, 1, sha256, &error), "no picture yet");
	is_int(hk_error_code(error), HK_ENOENT, "said: %s", error->message);
	g_clear_error(&error);
	ok(!hk_evidence_read_picture(db, 999, sha256, &error), "no such case");
	is_int(hk_error_code(error), HK_ENOENT, "said: %s", error->message);
	g_clear_error(&error);
	uint8_t picture[32] = {9};
	ok(hk_db_exec(db, HK_SQL("UPDATE cases SET capture = $1 WHERE id = 1"),
		   HK_ARGS(hk_v_blob(hk_span_of(picture, 32))), NULL, &error),
		"a picture");
	ok(hk_evidence_read_picture(db, 1, sha256, &error), "is found");
	is_int(sha256[0], 9, "it is");
}

int
main(void)
{
	db = hk_test_db();
	hk_db_begin(db, true, NULL);
	run(HK_SQL("INSERT INTO sources (id, key, kind, name, updated_ms) VALUES (77, 's77', 'x', "
		   "'s', 0)"));
	run(HK_SQL("INSERT INTO cases (id, name, kind, state, source_id, first_seen_ms, "
		   "detected_ms, opened_ms, updated_ms, last_seen_ms) VALUES "
		   "(1, 'a', 'phishing', 'new', 77, 1, 1, 1, 1, 1), "
		   "(2, 'b', 'phishing', 'new', 77, 1, 1, 1, 1, 1), "
		   "(3, 'c', 'phishing', 'new', 77, 1, 1, 1, 1, 1)"));
	test_runs();
	test_many();
	test_facts();
	test_picture();
	hk_db_rollback(db);
	hk_db_close(db);
	return tap_done();
}
