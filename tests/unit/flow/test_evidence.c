/* Runs of the browser, facts, and the policy that asks for them. */
#include "flowlib.h"

#include <string.h>

#include "flow/evidence.h"
#include "flow/meta.h"
#include "flow/policy.h"
#include "store/looks.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "tap.h"

static const int64_t start_ms = INT64_C(1732809600000);

/* A case that opened now is secured and enriched; one of last year is history; a tick of the form is done whatever the age. */
static void
test_wanted(void)
{
	hk_flow *flow = fl_open();
	hk_lead lead = {.url = "https://mihon.test/a", .host = "mihon.test", .source = "manual"};
	hk_taken taken;

	ok(fl_do(flow, hk_case_take(flow, &lead, &taken, error)), "a case: %s", fl_why());
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM runs WHERE plan = 'standard' AND asked = "
				   "'auto' AND url = 'https://mihon.test/a'")),
		1, "a run waits");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM jobs WHERE stage = 'capture'")), 1,
		"with its job");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM jobs WHERE stage = 'enrich'")), 1,
		"and one for enrichment");
	lead = (hk_lead){.host = "old.test",
		.source = "import",
		.first_seen_ms = start_ms - INT64_C(8) * 86400000};
	ok(fl_do(flow, hk_case_take(flow, &lead, &taken, error)), "a case of last week");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM runs")), 1, "no run for it");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM jobs WHERE stage = 'enrich'")), 1,
		"no enrichment");
	lead.host = "ticked.test";
	lead.wants = "[\"screenshot\",\"whois\"]";
	ok(fl_do(flow, hk_case_take(flow, &lead, &taken, error)), "one with ticks");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM runs WHERE url = 'https://ticked.test/'")),
		1, "a run for its front page");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM jobs WHERE stage = 'enrich'")), 2,
		"and enrichment");
	fl_run(flow, HK_SQL("INSERT INTO settings (key, value, updated_ms) VALUES ('evidence', "
			    "'{\"capture\":false,\"plan\":\"full\"}', 0)"));
	lead = (hk_lead){.host = "off.test", .source = "manual"};
	ok(fl_do(flow, hk_case_take(flow, &lead, &taken, error)), "with capture switched off");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM runs")), 2, "no run");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM jobs WHERE stage = 'enrich'")), 3,
		"enrichment is");
	fl_close(flow);
}

static void
test_policy(void)
{
	static const struct {
		const char *value;
		hk_err code;
	} rows[] = {{"{}", HK_OK}, {"{\"plan\":\"quick\"}", HK_OK}, {"{\"days\":1}", HK_OK},
		{"{\"plan\":\"slow\"}", HK_EFORM}, {"{\"days\":0}", HK_ERANGE},
		{"{\"capture\":1}", HK_EFORM}, {"{\"captures\":true}", HK_EFORM}, {"[]", HK_EFORM}};
	hk_policy policy;

	hk_policy_init(&policy);
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) local = NULL;
		hk_policy_take(&policy, "evidence", hk_span_str(rows[i].value), &local);
		is_int(local ? hk_error_code(local) : HK_OK, rows[i].code, "%s: %s", rows[i].value,
			local ? local->message : "taken");
	}
	is_str(policy.evidence_plan, "quick", "what was refused changed nothing");
	hk_policy_clear(&policy);
}

static void
test_asked(void)
{
	hk_flow *flow = fl_open();
	hk_taken taken;
	int64_t id = fl_take(flow, "mihon.test", "/", &taken), run = 0, again = 0;

	ok(fl_do(flow, hk_evidence_ask(flow, id, NULL, "full", &run, error)), "asked: %s",
		fl_why());
	ok(fl_do(flow, hk_evidence_ask(flow, id, NULL, "full", &again, error)), "asked again");
	is_int(again, run, "is the same run");
	/* The worker died each time: the run waits, and its key is taken by a dead letter. */
	fl_run(flow, HK_SQL("UPDATE jobs SET state = 'dead', attempts = 4, error = 'x'"));
	ok(fl_do(flow, hk_evidence_ask(flow, id, NULL, "full", &again, error)) && again == run,
		"asked for once more when its job is a dead letter");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM jobs WHERE stage = 'capture' AND state = "
				   "'ready' AND attempts = 0")),
		1, "it is done again");
	ok(fl_do(flow, hk_enrich_ask(flow, id, error)), "so is enrichment");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM jobs WHERE stage = 'enrich' AND state = "
				   "'ready' AND attempts = 0")),
		1, "its job is ready");
	ok(!fl_do(flow, hk_evidence_ask(flow, id, NULL, "slow", &run, error)), "no such plan");
	is_int(fl_code(), HK_EFORM, "said: %s", fl_why());
	ok(!fl_do(flow, hk_evidence_ask(flow, 99, NULL, "full", &run, error)), "no such case");
	is_int(fl_code(), HK_ENOENT, "said: %s", fl_why());
	fl_close(flow);
}

static void
test_saved(void)
{
	hk_flow *flow = fl_open();
	hk_taken taken;
	int64_t id = fl_take(flow, "mihon.test", "/", &taken);
	uint8_t manifest[32] = {1}, picture[32] = {2}, sha[32] = {3};
	hk_artefact_row files[] = {
		{.kind = "viewport", .name = "viewport.png", .type = "image/png", .bytes = 10},
		{.kind = "dom", .name = "dom.html", .type = "text/html", .bytes = 20}};
	hk_evidence_variant variants[] = {{.capture = {.profile = "iphone",
						   .referrer = "sms",
						   .exit = "direct",
						   .visit = 1,
						   .step = "page",
						   .how = "whole",
						   .status = 200,
						   .url = "https://mihon.test/",
						   .title = "みほん銀行",
						   .certificate = sha,
						   .at_ms = start_ms,
						   .took_ms = 5},
						  .artefacts = files,
						  .artefact_count = 2},
		{.capture = {.profile = "desktop",
			 .referrer = "none",
			 .exit = "direct",
			 .visit = 1,
			 .step = "page",
			 .how = "failed",
			 .why = "no answer",
			 .url = "https://mihon.test/",
			 .at_ms = start_ms}}};
	hk_evidence_pivot pivots[] = {{"favicon", "-123"}};
	hk_evidence e = {.run_id = fl_int(flow, HK_SQL("SELECT id FROM runs")),
		.verdict = "cloaked",
		.dimensions = "[\"device\"]",
		.diff = "[]",
		.manifest = manifest,
		.picture = picture,
		.variants = variants,
		.variant_count = 2,
		.pivots = pivots,
		.pivot_count = 1};

	ok(fl_do(flow, hk_evidence_save(flow, &e, error)), "saved: %s", fl_why());
	ok(!fl_do(flow, hk_evidence_save(flow, &e, error)), "not twice");
	is_int(fl_code(), HK_EINCONSISTENT, "said: %s", fl_why());
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM captures")), 2, "both variants");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM artefacts")), 2, "both files");
	is_int(fl_int(flow, HK_SQL("SELECT evidence_ms FROM cases")), start_ms, "the clock");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM cases WHERE capture IS NOT NULL")), 1,
		"the picture");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM case_keys WHERE kind = 'favicon'")), 1,
		"the pivot");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM jobs WHERE stage = 'stamp'")), 1,
		"a stamp is asked for");
	g_autofree char *data =
		fl_text(flow, HK_SQL("SELECT data FROM events WHERE act = 'run.finish'"));
	ok(strstr(data, "\"manifest\":\"0100") != NULL, "the manifest is in the audit chain");
	int64_t found_case;
	g_autofree char *type = NULL, *kind = NULL, *name = NULL;
	uint8_t found[32];
	ok(fl_do(flow, hk_artefacts_find(flow ? hk_flow_db(flow) : NULL, 1, 1, &found_case, &type,
			       &kind, &name, found, error)),
		"a file is found: %s", fl_why());
	is_int(found_case, id, "of its case");
	is_str(name, "dom.html", "by its place");

	/* A merge takes the runs along, and gives them back. */
	int64_t other = fl_take(flow, "other.test", "/", &taken), merge = 0;
	ok(fl_do(flow, hk_case_merge(flow, id, other, &merge, error)), "merged: %s", fl_why());
	is_int(fl_int(flow, HK_SQL("SELECT case_id FROM runs WHERE verdict = 'cloaked'")), other,
		"the run went along");
	ok(fl_do(flow, hk_merge_undo(flow, merge, error)), "undone: %s", fl_why());
	is_int(fl_int(flow, HK_SQL("SELECT case_id FROM runs WHERE verdict = 'cloaked'")), id,
		"and came back");
	fl_close(flow);
}

static bool
facts(hk_flow *flow, int64_t id, const char *address)
{
	const hk_fact fact = {"mihon.test", "dns.a", address, "dns", NULL};
	const hk_fact_scope asked[] = {{"mihon.test", "dns.a"}};

	hk_clock_advance(1000);
	return fl_do(flow, hk_facts_save(flow, id, &fact, address ? 1 : 0, asked, 1, error));
}

static void
test_facts(void)
{
	hk_flow *flow = fl_open();
	hk_taken taken;
	int64_t id = fl_take(flow, "mihon.test", "/", &taken);

	ok(facts(flow, id, "203.0.113.7"), "an address: %s", fl_why());
	ok(facts(flow, id, "203.0.113.7"), "the same again");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM events WHERE act = 'case.fact'")), 1,
		"is told once");
	ok(facts(flow, id, "203.0.113.8"), "another one");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM events WHERE act = 'case.fact_changed'")),
		1, "that the first is gone is told");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM facts WHERE gone_ms IS NOT NULL")), 1,
		"it is kept as history");
	ok(facts(flow, id, "203.0.113.7"), "back");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM facts")), 2, "is the same row");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM facts WHERE gone_ms IS NULL")), 1,
		"one holds");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM case_keys WHERE kind = 'address'")), 2,
		"both lead to the case");
	const hk_fact wrong = {"mihon.test", "dns.x", "1", "dns", NULL};
	ok(!fl_do(flow, hk_facts_save(flow, id, &wrong, 1, NULL, 0, error)), "no such kind");
	is_int(fl_code(), HK_EFORM, "said: %s", fl_why());
	fl_close(flow);
}

static GPtrArray *
claim(hk_flow *flow, const char *owner, int64_t now_ms)
{
	GPtrArray *list = NULL;

	ok(fl_do(flow, hk_looks_claim(hk_flow_db(flow), owner, now_ms, 1000, 2, &list, error)),
		"%s claims: %s", owner, fl_why());
	return list;
}

static void
test_looks(void)
{
	hk_flow *flow = fl_open();
	hk_db *db = hk_flow_db(flow);
	bool fresh = false, mine = false;
	int64_t count = 0, id = 0;
	hk_taken taken;

	fl_take(flow, "mihon.test", "/", &taken); /* makes a source */
	int64_t source = fl_int(flow, HK_SQL("SELECT MIN(id) FROM sources"));
	for (int i = 0; i < 3; i++) {
		g_autofree char *host = g_strdup_printf("x%d.test", i);
		hk_look_seed seed = {.host = host,
			.source_id = source,
			.seen_ms = 5,
			.due_ms = 10 + i,
			.score = 0.1};
		ok(fl_do(flow, hk_looks_add(db, &seed, &fresh, error)) && fresh, "%s", host);
		ok(fl_do(flow, hk_looks_add(db, &seed, &fresh, error)) && !fresh, "once");
	}
	g_autoptr(GPtrArray) a = claim(flow, "a", 100);
	g_autoptr(GPtrArray) b = claim(flow, "b", 100);
	is_int(a->len, 2, "two are leased");
	is_int(b->len, 1, "the other has the third");
	id = ((hk_look_row *)a->pdata[0])->id;
	hk_look_result result = {.id = id, .outcome = "plain", .page_score = 0.2};
	ok(fl_do(flow, hk_looks_done(db, "b", &result, 100, &mine, error)) && !mine,
		"who has no lease changes nothing");
	ok(fl_do(flow, hk_looks_done(db, "a", &result, 100, &mine, error)) && mine, "done");
	ok(fl_do(flow, hk_looks_next(db, &count, error)), "next");
	is_int(count, 11, "the next is due then");
	g_autoptr(GPtrArray) c = claim(flow, "c", 1200);
	is_int(c->len, 2, "a lease that ran out is taken over");
	ok(fl_do(flow, hk_looks_forget(db, 200, &count, error)), "forget");
	is_int(count, 1, "the done one");
	fl_close(flow);
}

int
main(void)
{
	hk_clock_freeze(start_ms);
	test_wanted();
	test_policy();
	test_asked();
	test_saved();
	test_facts();
	test_looks();
	return tap_done();
}
