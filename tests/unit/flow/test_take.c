/* hk_case_take: what is opened, attached, routed; hk_case_look says the same before. */
#include "flowlib.h"

#include <string.h>

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

/* What a list of leads has become, as text: numbers of rows that nobody sees are left out. */
static char *
picture(hk_flow *flow)
{
#define T(column) "COALESCE(CAST(" column " AS TEXT), '-') || ' ' || "
	static const hk_sql queries[] = {
		HK_SQL("SELECT " T("id") T("name") T("state") T("host") T("domain") T("url") T(
			"urls") T("(SELECT kind || key FROM campaigns g WHERE g.id = campaign_id)")
				T("first_seen_ms") T("last_seen_ms") T("updated_ms") T("score")
					T("reasons") T("reporter_id") T("source_id")
						T("target_id") "version FROM cases ORDER BY id"),
		HK_SQL("SELECT " T("kind") T("key")
				T("case_id") "last_ms FROM case_keys ORDER BY kind, key, case_id"),
		HK_SQL("SELECT " T("case_id") T("url") T("host") T("times")
				T("first_ms") "last_ms FROM case_urls ORDER BY case_id, url"),
		HK_SQL("SELECT " T("name") T("kind") T("key") T("cases")
				T("updated_ms") "version FROM campaigns ORDER BY kind, key"),
		HK_SQL("SELECT " T("case_id") T("user_id")
				T("at_ms") "text FROM comments ORDER BY case_id, id"),
		HK_SQL("SELECT " T("case_id") "label FROM labels ORDER BY case_id, label"),
		HK_SQL("SELECT " T("case_id") T("text") "tags FROM case_texts ORDER BY case_id"),
		HK_SQL("SELECT " T("dim") T("month") T("key")
				T("kind") "cases FROM tallies WHERE cases <> 0 ORDER BY dim, "
					  "month, key, kind"),
		HK_SQL("SELECT " T("seq") T("act") T("object")
				T("CASE object WHEN 'campaign' THEN 0 ELSE object_id END")
					T("case_id") "data FROM events ORDER BY seq"),
		HK_SQL("SELECT " T("stage") T("key") "case_id FROM jobs ORDER BY stage, key"),
	};
#undef T
	GString *out = g_string_new(NULL);

	for (size_t i = 0; i < G_N_ELEMENTS(queries); i++) {
		GError *error = NULL;
		g_autoptr(hk_rows) rows =
			hk_db_query(hk_flow_db(flow), queries[i], HK_NO_ARGS, &error);
		while (rows && hk_rows_next(rows, &error)) {
			const char *line = hk_rows_str(rows, 0);
			g_string_append_printf(out, "%zu %s\n", i, line ? line : "NULL");
		}
		ok(!error, "query %zu of the picture: %s", i, error ? error->message : "");
		g_clear_error(&error);
	}
	/* Where numbers of campaigns are drawn some at a time, there are gaps. */
	static const char campaign[] = "\"campaign\":";
	GString *plain = g_string_new(NULL);
	const char *at = out->str;
	for (const char *found; (found = strstr(at, campaign)); at = found) {
		found += sizeof campaign - 1;
		g_string_append_len(plain, at, found - at);
		found += strspn(found, "0123456789");
	}
	g_string_append(plain, at);
	g_string_free(out, TRUE);
	return g_string_free(plain, FALSE);
}

/* Sites that know one another in every way, some of an earlier day. */
static const char *const some_labels[] = {"sms", "card", NULL};
static const hk_lead list[] = {
	{.url = "https://a.one.example/1", .host = "a.one.example", .domain = "one.example"},
	{.url = "https://a.one.example/1", .host = "a.one.example", .domain = "one.example"},
	{.url = "https://a.one.example/2",
		.host = "a.one.example",
		.domain = "one.example",
		.note = "a note",
		.score = 0.5,
		.reasons = "[\"x\"]"},
	{.url = "https://old.example/9", .host = "old.example", .domain = "old.example"},
	{.url = "https://old.example/known", .host = "old.example", .domain = "old.example"},
	{.url = "https://b.one.example/",
		.host = "b.one.example",
		.domain = "one.example",
		.target = "mihon-bank"},
	{.url = "https://c.one.example/",
		.host = "c.one.example",
		.domain = "one.example",
		.labels = some_labels},
	{.url = "https://d.old.example/", .host = "d.old.example", .domain = "old.example"},
	{.url = "https://e.two.example/",
		.host = "e.two.example",
		.domain = "two.example",
		.certificate = {1}},
	{.url = "https://f.three.example/",
		.host = "f.three.example",
		.domain = "three.example",
		.certificate = {1}},
	{.url = "https://g.three.example/", .host = "g.three.example", .domain = "three.example"},
	{.url = "https://shut.example/x", .host = "shut.example", .domain = "shut.example"},
	{.url = "https://forms.example/a", .host = "forms.example", .shared_host = true},
	{.url = "https://forms.example/a", .host = "forms.example", .shared_host = true},
	{.name = "a name only"},
	{.host = "h.two.example", .domain = "two.example"},
	{.url = "https://h.two.example/now", .host = "h.two.example", .domain = "two.example"},
};

typedef struct batch {
	bool many;
	size_t expected; /* of the list; the others come as a surprise */
	hk_taken taken[G_N_ELEMENTS(list)];
} batch;

static bool
take_batch(hk_flow *flow, void *user, GError **error)
{
	batch *b = user;
	const hk_lead *leads[G_N_ELEMENTS(list)];

	for (size_t i = 0; i < G_N_ELEMENTS(list); i++) {
		leads[i] = &list[i];
	}
	if (b->many && !hk_case_many(flow, leads, b->expected, error)) {
		return false;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(list); i++) {
		if (!hk_case_take(flow, &list[i], &b->taken[i], error)) {
			return false;
		}
	}
	return true;
}

static char *
taken_as(batch *b)
{
	hk_clock_freeze(start_ms);
	hk_flow *flow = fl_open();
	hk_taken taken;
	GError *error = NULL;

	int64_t shut = fl_take(flow, "shut.example", "x", &taken);
	ok(fl_move(flow, shut, "confirm", &error) && fl_move(flow, shut, "down", &error),
		"a case that is down: %s", error ? error->message : "");
	fl_take(flow, "old.example", "known", &taken);
	hk_clock_advance(day_ms);
	ok(hk_flow_do(flow, &fl_mikan, take_batch, b, &error), "the list is taken: %s",
		error ? error->message : "");
	g_clear_error(&error);
	char *ret = picture(flow);
	fl_close(flow);
	return ret;
}

/* Whether the database is asked line by line, or once for all: the same comes of it. */
static void
test_many(void)
{
	static batch single = {.many = false}, many = {true, G_N_ELEMENTS(list), {{0}}},
		     half = {true, G_N_ELEMENTS(list) / 2, {{0}}};
	g_autofree char *a = taken_as(&single);
	g_autofree char *b = taken_as(&many);
	g_autofree char *c = taken_as(&half);

	is_str(b, a, "all expected: the same rows as one by one");
	is_str(c, a, "half of them expected: the same rows");
	ok(strlen(a) > 2000, "there are rows");
	for (size_t i = 0; i < G_N_ELEMENTS(list); i++) {
		ok(single.taken[i].how == many.taken[i].how &&
				single.taken[i].case_id == many.taken[i].case_id &&
				strcmp(single.taken[i].why, many.taken[i].why) == 0,
			"lead %zu: the same answer", i);
	}
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
	test_many();
	return tap_done();
}
