/* hk_case_take: what is opened, attached, routed; hk_case_look says the same before. */
#include "flowlib.h"

#include "base/err.h"
#include "flow/sighting.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "tap.h"

static const int64_t start_ms = INT64_C(1732809600000);
static const int64_t day_ms = INT64_C(86400000);

static void
test_dedupe(void)
{
	hk_flow *flow = fl_open();
	hk_taken taken;

	int64_t a = fl_take(flow, "www-uc-co.99kwz.example", "login", &taken);
	ok(taken.how == HK_TAKEN_OPENED, "a new site is opened");
	is_int(fl_take(flow, "www-uc-co.99kwz.example", "login", &taken), a, "the same URL again");
	ok(taken.how == HK_TAKEN_ATTACHED, "it is attached");
	is_str(taken.why, "url", "because of the URL");
	is_int(fl_take(flow, "www-uc-co.99kwz.example", "other", &taken), a, "the same host");
	is_str(taken.why, "host", "because of the host");
	is_int(fl_int(flow, HK_SQL("SELECT urls FROM cases WHERE id = 1")), 2, "two URLs");
	is_int(fl_int(flow, HK_SQL("SELECT times FROM case_urls WHERE id = 1")), 2, "named twice");
	hk_clock_advance(31 * day_ms);
	int64_t b = fl_take(flow, "www-uc-co.99kwz.example", "login", &taken);
	ok(b != a && taken.how == HK_TAKEN_OPENED, "after the dedupe period it is a new case");
	is_int(fl_take(flow, "www-uc-co.99kwz.example", "login", &taken), b,
		"the newer one counts");
	hk_clock_advance(20 * day_ms);
	is_int(fl_take(flow, "www-uc-co.99kwz.example", "login", &taken), b, "20 days later");
	hk_clock_advance(20 * day_ms);
	is_int(fl_take(flow, "www-uc-co.99kwz.example", "login", &taken), b,
		"40 days later: it was seen in between");
	fl_close(flow);
}

/* An import is history; a person who says that a site is old says it now. */
static void
test_history(void)
{
	hk_flow *flow = fl_open();
	hk_lead lead = {.url = "https://old.example/",
		.host = "old.example",
		.source = "manual",
		.first_seen_ms = hk_clock_wall_ms() - 40 * day_ms};
	hk_taken first, second;
	GError *error = NULL;

	ok(fl_take_lead(flow, &lead, &first, &error), "seen 40 days ago, says a person");
	lead.source = "feed:x";
	lead.first_seen_ms = 0;
	ok(fl_take_lead(flow, &lead, &second, &error) && second.case_id == first.case_id,
		"named again: the same case");
	lead.source = "import";
	lead.first_seen_ms = hk_clock_wall_ms() - 365 * day_ms;
	ok(fl_take_lead(flow, &lead, &second, &error) && second.how == HK_TAKEN_OPENED,
		"an import of a year ago: another case");
	lead.first_seen_ms -= 10 * day_ms;
	ok(fl_take_lead(flow, &lead, &first, &error) && first.case_id == second.case_id,
		"ten days before that: the same as that one");
	fl_close(flow);
}

static void
test_shared_host(void)
{
	hk_flow *flow = fl_open();
	hk_lead a = {
		.url = "https://forms.example/a", .host = "forms.example", .shared_host = true};
	hk_lead b = {
		.url = "https://forms.example/b", .host = "forms.example", .shared_host = true};
	hk_taken first, second, again;
	GError *error = NULL;

	ok(fl_take_lead(flow, &a, &first, &error), "a page on a shared host");
	ok(fl_take_lead(flow, &b, &second, &error), "another one");
	ok(first.case_id != second.case_id, "are two cases");
	ok(fl_take_lead(flow, &a, &again, &error) && again.case_id == first.case_id,
		"the same page is the same case");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM case_keys WHERE kind <> 'url'")), 0,
		"only URLs are keys");
	fl_close(flow);
}

static void
test_scope(void)
{
	hk_flow *flow = fl_open();
	hk_lead lead = {.url = "https://a.example/", .host = "a.example", .target = "ほか銀行"};
	hk_taken taken, looked;
	GError *error = NULL;

	fl_run(flow,
		HK_SQL("INSERT INTO settings (key, value, updated_ms) VALUES ('scope', "
		       "'[{\"target\":\"other-bank\",\"route\":\"Other Bank の CSIRT\"}]', 0)"));
	ok(hk_case_look(hk_flow_db(flow), &lead, &looked, &error), "look");
	ok(looked.how == HK_TAKEN_ROUTED && looked.case_id == 0, "would be routed");
	ok(fl_take_lead(flow, &lead, &taken, &error) && taken.how == HK_TAKEN_ROUTED, "is routed");
	is_str(taken.why, "Other Bank の CSIRT", "to whom");
	g_autofree char *state = fl_text(flow, HK_SQL("SELECT state FROM cases"));
	is_str(state, "out_of_scope", "its state");
	g_autofree char *kind = fl_text(flow, HK_SQL("SELECT kind FROM cases"));
	is_str(kind, "phishing_other", "its kind comes from the target");
	ok(hk_case_look(hk_flow_db(flow), &lead, &looked, &error) &&
			looked.how == HK_TAKEN_ATTACHED && looked.case_id == taken.case_id,
		"look finds it");
	hk_lead card = {.url = "https://b.example/",
		.host = "b.example",
		.target = "mihon-bank",
		.service = "card"};
	ok(fl_take_lead(flow, &card, &taken, &error) && taken.how == HK_TAKEN_ROUTED,
		"a service that the target puts out of scope");
	is_str(taken.why, "Mihon Card", "goes to the service's own");
	card.service = "direct";
	card.url = "https://c.example/";
	card.host = "c.example";
	ok(fl_take_lead(flow, &card, &taken, &error) && taken.how == HK_TAKEN_OPENED,
		"another service is opened");
	fl_close(flow);
}

static void
test_campaigns(void)
{
	hk_flow *flow = fl_open();
	hk_lead lead = {.url = "https://a.evil.example/", .host = "a.evil.example"};
	hk_taken taken;
	GError *error = NULL;

	lead.domain = "evil.example";
	ok(fl_take_lead(flow, &lead, &taken, &error), "first of a domain");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM campaigns")), 0, "is alone");
	lead.url = "https://b.evil.example/";
	lead.host = "b.evil.example";
	ok(fl_take_lead(flow, &lead, &taken, &error), "second of the domain");
	is_int(fl_int(flow, HK_SQL("SELECT cases FROM campaigns")), 2, "found a campaign of two");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM cases WHERE campaign_id = 1")), 2,
		"both are in it");
	lead.url = "https://c.evil.example/";
	lead.host = "c.evil.example";
	memset(lead.certificate, 7, 32);
	ok(fl_take_lead(flow, &lead, &taken, &error), "a third, with a certificate");
	is_int(fl_int(flow, HK_SQL("SELECT cases FROM campaigns")), 3, "joins");
	lead.url = "https://d.bad.example/";
	lead.host = "d.bad.example";
	lead.domain = "bad.example";
	ok(fl_take_lead(flow, &lead, &taken, &error), "another domain, the same certificate");
	is_int(fl_int(flow, HK_SQL("SELECT campaign_id FROM cases WHERE id = 4")), 1,
		"joins the campaign of its fellow");
	lead = (hk_lead){.url = "https://x.duckdns.example/",
		.host = "x.duckdns.example",
		.domain = "x.duckdns.example",
		.private_suffix = true};
	ok(fl_take_lead(flow, &lead, &taken, &error), "below a private suffix");
	lead.url = "https://x.duckdns.example/2";
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM case_keys WHERE kind = 'domain' AND "
				   "case_id = 5")),
		0, "the domain is no key there");
	fl_close(flow);
}

static void
test_wrong(void)
{
	hk_flow *flow = fl_open();
	static const char *const bad_labels[] = {"a,b", NULL};
	const struct {
		hk_lead lead;
		hk_err code;
		const char *field;
	} wrong[] = {
		{{0}, HK_EFORM, "name:"},
		{{.name = " "}, HK_EFORM, "name:"},
		{{.name = "a\nb"}, HK_EFORM, "name:"},
		{{.name = "a", .url = "https://a.example/"}, HK_EFORM, "host:"},
		{{.name = "a", .kind = "nothing"}, HK_EFORM, "kind:"},
		{{.name = "a", .target = "nobody"}, HK_ENOENT, "target:"},
		{{.name = "a", .actor = "nobody"}, HK_ENOENT, "actor:"},
		{{.name = "a", .target = "mihon-bank", .service = "loan"}, HK_ENOENT, "service:"},
		{{.name = "a", .source = "nothing"}, HK_EFORM, "source:"},
		{{.name = "a", .score = 1.5}, HK_ERANGE, "score:"},
		{{.name = "a", .first_seen_ms = 5}, HK_ERANGE, "first_seen:"},
		{{.name = "a", .gsb_type = "x"}, HK_EFORM, "gsb_type:"},
		{{.name = "a", .ticket_type = "other"}, HK_EFORM, "ticket_type:"},
		{{.name = "a", .wants = "[\"x\"]"}, HK_EFORM, "wants:"},
		{{.name = "a", .wants = "{}"}, HK_EFORM, "wants:"},
		{{.name = "a", .reasons = "x"}, HK_EFORM, "reasons:"},
		{{.name = "a", .note = ""}, HK_EFORM, "note:"},
		{{.name = "a", .labels = bad_labels}, HK_EFORM, "label:"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
		g_autoptr(GError) error = NULL;
		hk_taken taken;
		ok(!fl_take_lead(flow, &wrong[i].lead, &taken, &error), "%s refused",
			wrong[i].field);
		is_int(hk_error_code(error), wrong[i].code, "%s code", wrong[i].field);
		ok(error && g_str_has_prefix(error->message, wrong[i].field), "%s named: %s",
			wrong[i].field, error ? error->message : "");
	}
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM cases")), 0, "no case was made");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM events")), 0, "no audit row either");
	fl_close(flow);
}

int
main(void)
{
	hk_clock_freeze(start_ms);
	test_dedupe();
	test_history();
	test_shared_host();
	test_scope();
	test_campaigns();
	test_wrong();
	return tap_done();
}
