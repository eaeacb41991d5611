/* Setting "takedown": what it may say, which policy fits what, and what a policy does to drafts. */
#include "flowlib.h"

#include <string.h>

#include "flow/letter_template.h"
#include "flow/people.h"
#include "flow/policy.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "tap.h"

static const int64_t start_ms = INT64_C(1732809600000);

static void
test_values(void)
{
	static const struct {
		const char *value;
		hk_err code;
	} rows[] = {{"{}", HK_OK}, {"{\"draft\":false,\"undo_s\":0}", HK_OK},
		{"{\"undo_s\":3600,\"per_hour\":100000,\"per_recipient_day\":1}", HK_OK},
		{"{\"undo_s\":3601}", HK_ERANGE}, {"{\"undo_s\":-1}", HK_ERANGE},
		{"{\"per_hour\":0}", HK_ERANGE}, {"{\"per_recipient_day\":10001}", HK_ERANGE},
		{"{\"followup_h\":0}", HK_ERANGE}, {"{\"escalate_h\":8761}", HK_ERANGE},
		{"{\"expire_h\":0}", HK_ERANGE}, {"{\"draft\":1}", HK_EFORM},
		{"{\"undo\":1}", HK_EFORM}, {"[]", HK_EFORM}, {"{\"policies\":{}}", HK_EFORM},
		{"{\"policies\":[{}]}", HK_EFORM}, {"{\"policies\":[{\"name\":\"\"}]}", HK_EFORM},
		{"{\"policies\":[1]}", HK_EFORM},
		{"{\"policies\":[{\"name\":\"a\"},{\"name\":\"a\"}]}", HK_EFORM},
		{"{\"policies\":[{\"name\":\"a\",\"kinds\":[\"phish\"]}]}", HK_EFORM},
		{"{\"policies\":[{\"name\":\"a\",\"kinds\":[]}]}", HK_ERANGE},
		{"{\"policies\":[{\"name\":\"a\",\"recipients\":[\"friend\"]}]}", HK_EFORM},
		{"{\"policies\":[{\"name\":\"a\",\"channels\":[\"No such\"]}]}", HK_EFORM},
		{"{\"policies\":[{\"name\":\"a\",\"score\":1.1}]}", HK_ERANGE},
		{"{\"policies\":[{\"name\":\"a\",\"sample\":-0.1}]}", HK_ERANGE},
		{"{\"policies\":[{\"name\":\"a\",\"own\":\"yes\"}]}", HK_EFORM},
		{"{\"policies\":[{\"name\":\"a\",\"approve\":true}]}", HK_EFORM}};
	hk_policy policy;

	hk_policy_init(&policy);
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;
		hk_policy_take(&policy, "takedown", hk_span_str(rows[i].value), &error);
		is_int(error ? hk_error_code(error) : HK_OK, rows[i].code, "%s: %s", rows[i].value,
			error ? error->message : "taken");
	}
	is_int(policy.takedown.per_hour, 100000, "what was refused changed nothing");
	/* As many as there may be, and one more. */
	g_autoptr(GString) text = g_string_new("{\"policies\":[");
	for (int i = 0; i <= HK_TAKEDOWN_POLICIES_MAX; i++) {
		g_autoptr(GError) error = NULL;
		g_autofree char *all = g_strconcat(text->str, "]}", NULL);
		bool good = hk_policy_take(&policy, "takedown", hk_span_str(all), &error);
		if (!good) {
			ok(false, "%d policies: %s", i, error->message);
		}
		g_string_append_printf(text, "%s{\"name\":\"p%d\"}", i ? "," : "", i);
	}
	g_string_append(text, "]}");
	g_autoptr(GError) over = NULL;
	ok(!hk_policy_take(&policy, "takedown", hk_span_str(text->str), &over), "51 are refused");
	is_int(hk_error_code(over), HK_ERANGE, "said: %s", over->message);
	is_int(policy.takedown.rules->len, HK_TAKEDOWN_POLICIES_MAX, "50 stand");
	hk_policy_clear(&policy);
}

/* What is written is read again as the same. */
static void
test_written(void)
{
	static const char text[] = "{\"draft\":false,\"undo_s\":90,\"per_hour\":7,\"per_recipient_"
				   "day\":8,\"followup_h\":9,"
				   "\"escalate_h\":10,\"expire_h\":11,\"policies\":[{\"name\":"
				   "\"大\",\"kinds\":[\"phishing\"],"
				   "\"channels\":[\"mail\",\"netcraft\"],\"recipients\":["
				   "\"hosting\"],\"score\":0.5000,"
				   "\"own\":false,\"sample\":0.2500,\"stopped\":true}]}";
	hk_policy policy;
	g_autoptr(GError) error = NULL;
	g_autoptr(GString) out = g_string_new(NULL);

	hk_policy_init(&policy);
	ok(hk_policy_take(&policy, "takedown", hk_span_str(text), &error), "read: %s",
		error ? error->message : "");
	hk_takedown_json(&policy.takedown, out);
	is_str(out->str, text, "written");
	ok(!hk_takedown_allows(&policy.takedown, "大"), "a stopped one allows nothing");
	ok(!hk_takedown_allows(&policy.takedown, "小"), "nor does none");
	ok(!hk_takedown_stop(&policy.takedown, "小"), "none is not stopped");
	hk_policy_clear(&policy);
}

static void
test_fits(void)
{
	static const char text[] =
		"{\"policies\":["
		"{\"name\":\"narrow\",\"kinds\":[\"phishing\"],\"channels\":[\"mail\"],"
		"\"recipients\":"
		"[\"hosting\",\"cdn\"],\"score\":0.95},"
		"{\"name\":\"off\",\"score\":0,\"stopped\":true},"
		"{\"name\":\"others\",\"own\":false,\"score\":0},"
		"{\"name\":\"wide\",\"channels\":[\"netcraft\"],\"score\":0.5}]}";
	static const struct {
		hk_takedown_ask ask;
		const char *want;
	} rows[] = {{{"phishing", "mail", "hosting", 0.95, true}, "narrow"},
		{{"phishing", "mail", "cdn", 1, true}, "narrow"},
		{{"phishing", "mail", "registrar", 1, true}, NULL},
		{{"phishing", "mail", "hosting", 0.94, true}, NULL},
		{{"brand_abuse", "mail", "hosting", 1, true}, NULL},
		{{"phishing", "mail", "hosting", 1, false}, "others"},
		{{"phishing", "netcraft", "vendor", 0.5, true}, "wide"},
		{{"phishing", "netcraft", "vendor", 0.49, true}, NULL}};
	hk_policy policy;
	g_autoptr(GError) error = NULL;

	hk_policy_init(&policy);
	ok(hk_policy_take(&policy, "takedown", hk_span_str(text), &error), "read: %s",
		error ? error->message : "");
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		const hk_takedown_rule *rule = hk_takedown_rule_for(&policy.takedown, &rows[i].ask);
		is_str(rule ? rule->name : NULL, rows[i].want, "%s, %s, %s, %.2f", rows[i].ask.kind,
			rows[i].ask.channel, rows[i].ask.recipient, rows[i].ask.score);
	}
	hk_policy_clear(&policy);
}

/* A case of our own brand, with that score. */
static int64_t
scored(hk_flow *flow, const char *host)
{
	int64_t id = fl_confirmed(flow, host);

	fl_run(flow, HK_SQL("UPDATE cases SET target_id = 1, score = 0.97"));
	return id;
}

static void
test_drafts(void)
{
	hk_flow *flow = fl_open();
	int64_t of_case = scored(flow, "policy.example"), id;

	fl_setting(
		flow, "{\"policies\":[{\"name\":\"fast\",\"kinds\":[\"phishing\"],\"sample\":1}]}");
	id = fl_draft(flow, of_case, "mail", "abuse@new.example", 1);
	is_str(fl_state(flow, id), "drafted", "a policy passes no new recipient");
	ok(fl_approve(flow, &fl_yuzu, id, 1u << HK_STOPS_FIRST), "a person does: %s", fl_why());
	hk_clock_advance(60000);
	ok(fl_sent(flow, id), "sent");
	int64_t again = scored(flow, "again.example");
	id = fl_draft(flow, again, "mail", "abuse@new.example", 0);
	is_str(fl_state(flow, id), "approved", "then it does");
	g_autofree char *name =
		fl_text_of(flow, HK_SQL("SELECT policy FROM reports WHERE id = $1"), id);
	is_str(name, "fast", "by its name");
	is_int(fl_int_of(flow,
		       HK_SQL("SELECT COUNT(*) FROM reports WHERE id = $1 AND approver_id IS NULL "
			      "AND sample = 1 AND send_ms = approved_ms + 60000"),
		       id),
		1, "nobody approved it, it is drawn for review, the window runs");
	is_int(fl_int_of(flow, HK_SQL("SELECT approved_ms FROM cases WHERE id = $1"), again),
		hk_clock_wall_ms(), "the case's clock runs");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM events WHERE act = 'report.approve' AND "
				   "data LIKE '%\"policy\":\"fast\"%'")),
		1, "audited with the policy");
	/* Nothing of kind ASK is passed, now or later. */
	fl_run(flow, HK_SQL("UPDATE recipients SET bounced_ms = 5"));
	int64_t third = scored(flow, "third.example");
	int64_t held = fl_draft(flow, third, "mail", "abuse@new.example", 0);
	is_str(fl_state(flow, held), "drafted", "not where mail comes back");
	hk_clock_advance(60000);
	is_int(fl_go(flow, id, 0, NULL), HK_GO_NOTHING, "what it had allowed does not go there");
	is_str(fl_state(flow, id), "drafted", "but waits for a person");
	is_int(fl_int_of(flow, HK_SQL("SELECT sample FROM reports WHERE id = $1"), id), 0,
		"and is no sample any more");
	/* Does not fit. */
	fl_run(flow, HK_SQL("UPDATE cases SET score = 0.5"));
	id = fl_draft(flow, third, "netcraft", "netcraft", 0);
	is_str(fl_state(flow, id), "drafted", "not below its score");
	fl_run(flow, HK_SQL("UPDATE cases SET score = 1, target_id = 2"));
	id = fl_draft(flow, third, "urlscan", "urlscan", 0);
	is_str(fl_state(flow, id), "drafted", "not for another bank");
	fl_run(flow, HK_SQL("UPDATE cases SET target_id = NULL"));
	id = fl_draft(flow, third, "msrc", "msrc", 0);
	is_str(fl_state(flow, id), "drafted", "not for nobody");
	fl_run(flow, HK_SQL("UPDATE cases SET target_id = 1, evidence_ms = NULL"));
	id = fl_draft(flow, third, "apwg", "apwg", 0);
	is_str(fl_state(flow, id), "drafted", "not without evidence");
	fl_close(flow);
}

static void
test_sample(void)
{
	hk_flow *flow = fl_open();
	int64_t of_case = scored(flow, "sample.example");

	fl_setting(flow, "{\"policies\":[{\"name\":\"fast\",\"sample\":1},{\"name\":\"no "
			 "samples\",\"score\":0,\"sample\":0}]}");
	int64_t set_ms =
		fl_int(flow, HK_SQL("SELECT updated_ms FROM settings WHERE key = 'takedown'"));
	int64_t good = fl_draft(flow, of_case, "netcraft", "netcraft", 0);
	int64_t bad = fl_draft(flow, of_case, "urlscan", "urlscan", 0);
	int64_t waits = fl_draft(flow, of_case, "apwg", "apwg", 0);
	hk_clock_advance(60000);
	ok(fl_sent(flow, good) && fl_sent(flow, bad), "sent: %s", fl_why());
	ok(fl_do(flow, hk_report_sample(flow, good, true, "as it should be", error)),
		"a good one: %s", fl_why());
	ok(!fl_do(flow, hk_report_sample(flow, good, false, NULL, error)), "reviewed once");
	is_int(fl_code(), HK_EPOLICY, "said: %s", fl_why());
	is_int(fl_int_of(flow, HK_SQL("SELECT sample FROM reports WHERE id = $1"), good), 2,
		"good");
	ok(fl_do_as(flow, &fl_yuzu, hk_report_sample(flow, bad, false, "wrong host", error)),
		"a bad one: %s", fl_why());
	is_int(fl_int_of(flow, HK_SQL("SELECT sample FROM reports WHERE id = $1"), bad), 3, "bad");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM settings WHERE key = 'takedown' AND value "
				   "LIKE '%\"name\":\"fast\",%\"stopped\":true},{%'")),
		1, "the policy is stopped");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM events WHERE act = 'setting.edit' AND who "
				   "= 'yuzu'")),
		1, "audited");
	is_int(fl_go(flow, waits, 0, NULL), HK_GO_NOTHING, "what it allowed is not sent any more");
	is_str(fl_state(flow, waits), "drafted", "but a draft");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM events WHERE act = 'report.stop' AND data "
				   "LIKE '%\"policy\":\"fast\",\"why\":\"policy\"%'")),
		1, "and the trail says why");
	is_int(fl_int(flow, HK_SQL("SELECT updated_ms FROM settings WHERE key = 'takedown'")),
		set_ms,
		"who stopped it has not looked at templates that changed since the setting was "
		"saved");
	int64_t next = fl_draft(flow, of_case, "msrc", "msrc", 0);
	g_autofree char *name =
		fl_text_of(flow, HK_SQL("SELECT policy FROM reports WHERE id = $1"), next);
	is_str(name, "no samples", "the next policy that fits");
	is_int(fl_int_of(flow, HK_SQL("SELECT sample FROM reports WHERE id = $1"), next), 0,
		"draws none");
	ok(fl_do(flow, hk_report_act(flow, next, 0, "undo", NULL, error)), "taken back: %s",
		fl_why());
	is_str(fl_state(flow, next), "drafted", "a policy does not approve it twice");
	fl_close(flow);
}

/* Who may change the words of letters, or has a token, does not approve reports by that. */
static void
test_who(void)
{
	static const hk_who token = {.user_id = 1, .login = "mikan", .via = "api", .address = ""};
	static const char setting[] = "{\"policies\":[{\"name\":\"fast\"}]}";
	hk_flow *flow = fl_open();
	int64_t of_case = scored(flow, "who.example"), id;

	ok(!fl_do_as(flow, &token, hk_setting_put(flow, "takedown", -1, setting, error)),
		"not by token");
	is_int(fl_code(), HK_EPOLICY, "by policy: %s", fl_why());
	ok(fl_do_as(flow, &token, hk_setting_put(flow, "dedupe", -1, "{\"days\":9}", error)),
		"another setting is: %s", fl_why());
	fl_setting(flow, setting);
	fl_run(flow, HK_SQL("INSERT INTO recipients (channel, recipient, at_ms) VALUES ('mail', "
			    "'a@one.example', 1), ('mail', 'a@two.example', 1), ('mail', "
			    "'a@three.example', 1)"));
	id = fl_draft(flow, of_case, "mail", "a@one.example", 0);
	is_str(fl_state(flow, id), "approved", "a policy passes a letter");
	hk_clock_advance(1000);
	ok(fl_do(flow, hk_letter_template_put(
			       flow, "hosting", "en", -1, "Subject", "Other words\n", error)),
		"other words: %s", fl_why());
	id = fl_draft(flow, of_case, "mail", "a@two.example", 0);
	is_str(fl_state(flow, id), "drafted", "not in other words");
	id = fl_draft(flow, of_case, "netcraft", "netcraft", 0);
	is_str(fl_state(flow, id), "approved", "what has no words is passed");
	hk_clock_advance(1000);
	fl_setting(flow, setting);
	id = fl_draft(flow, of_case, "mail", "a@three.example", 0);
	is_str(fl_state(flow, id), "approved", "the policy is for those words now");
	fl_close(flow);
}

int
main(void)
{
	hk_clock_freeze(start_ms);
	test_values();
	test_written();
	test_fits();
	test_drafts();
	test_sample();
	test_who();
	return tap_done();
}
