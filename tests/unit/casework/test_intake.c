#include "casework/intake.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "flow/intake.h"
#include "flowlib.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "tap.h"

static hk_sites *sites;

static int64_t
hand_in(hk_flow *flow, const char *kind, hk_span body, const char *options, bool dry_run)
{
	int64_t id = 0;

	ok(fl_do(flow, hk_intake_new(flow, kind, "import", body, options, dry_run, &id, error)),
		"handed in: %s", fl_why());
	return id;
}

/* Does all the jobs there are. */
static void
work(hk_flow *flow)
{
	static const char *const stages[] = {"intake", NULL};

	for (;;) {
		hk_job job = {0};
		GError *error = NULL;
		if (!hk_job_claim(flow, "test", stages, &job, &error) || job.id == 0) {
			hk_job_clear(&job);
			break;
		}
		bool good = hk_intake_run(flow, &job, sites, &error);
		ok(good, "a job is done: %s", error ? error->message : "");
		g_clear_error(&error);
		hk_job_clear(&job);
	}
}

/* "done 3/1/0/2/1": state, opened, attached, routed, refused, skipped */
static char *
counts(hk_flow *flow, int64_t id)
{
	return fl_text_of(flow,
		HK_SQL("SELECT state || ' ' || opened || '/' || attached || '/' || routed || '/' "
		       "|| refused || '/' || skipped "
		       "|| ' of ' || line || '/' || lines FROM intakes WHERE id = $1"),
		id);
}

static char *
lines(hk_flow *flow, int64_t id)
{
	GString *out = g_string_new(NULL);
	GError *error = NULL;
	g_autoptr(hk_rows) rows = hk_db_query(hk_flow_db(flow),
		HK_SQL("SELECT line, how, why, case_id FROM intake_lines WHERE intake_id = $1 "
		       "ORDER BY line"),
		HK_ARGS(hk_v_int(id)), &error);

	while (hk_rows_next(rows, &error)) {
		const char *why = hk_rows_str(rows, 2);
		g_string_append_printf(out, "%s%d %s", out->len > 0 ? ", " : "",
			(int)hk_rows_int(rows, 0), hk_rows_str(rows, 1));
		if (why) {
			g_string_append_printf(out, " %s", why);
		}
	}
	return g_string_free(out, FALSE);
}

static void
is_intake(hk_flow *flow, int64_t id, const char *want_counts, const char *want_lines)
{
	g_autofree char *c = counts(flow, id);
	g_autofree char *l = lines(flow, id);

	is_str(c, want_counts, "the counts");
	is_str(l, want_lines, "the lines");
}

static const char paste[] = "hxxps://evil[.]example/login\n"
			    "\n"
			    "# seen today\n"
			    "https://evil.example/other みほん銀行を騙る\n"
			    "https://evil.example/login\n"
			    "http://b.example/,http://c.example/\n"
			    "hello\n"
			    "some words\n"
			    "user@evil.example\n"
			    "javascript:alert(1)\n"
			    "http://bit.ly/a\n"
			    "http://bit.ly/b\n"
			    "ｈｔｔｐ：／／ｗｉｄｅ．ｅｘａｍｐｌｅ／\n"
			    "詳細はhttp://kana.example/xをご覧\n"
			    "http://www.mihon.example/\n"
			    "http://0xc0.0.2.7/x\n"
			    "2024/11/29\n";
static const char paste_counts[] = "done 7/2/0/6/2 of 17/17";
static const char paste_lines[] = "1 opened, 4 attached host, 5 attached url, 6 refused several, 7 "
				  "refused no-dot, 8 refused words, "
				  "9 refused mail, 10 refused scheme, 11 opened, 12 opened, 13 "
				  "opened, 14 opened, 15 opened, 16 opened, "
				  "17 refused ip";

static void
test_paste(void)
{
	hk_flow *flow = fl_open();

	int64_t dry = hand_in(flow, "auto", hk_span_str(paste), "{}", true);
	work(flow);
	is_intake(flow, dry, paste_counts, paste_lines);
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM cases")), 0, "a dry run makes nothing");
	int64_t id = hand_in(flow, "auto", hk_span_str(paste), "{}", false);
	work(flow);
	is_intake(flow, id, paste_counts, paste_lines);
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM cases")), 7, "seven cases");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM jobs WHERE state <> 'done' AND stage = "
				   "'intake'")),
		0, "no job is left");
	g_autofree char *url = fl_text(flow, HK_SQL("SELECT url FROM cases ORDER BY id DESC"));
	is_str(url, "http://192.0.2.7/x", "canonical");
	g_autofree char *note = fl_text(flow, HK_SQL("SELECT text FROM comments ORDER BY id"));
	is_str(note, "みほん銀行を騙る", "the words of a line are its note");
	is_int(fl_int(flow, HK_SQL("SELECT reporter_id FROM cases WHERE id = 1")), 1,
		"who handed it in reports");
	id = hand_in(flow, "auto", hk_span_str(paste), "{}", false);
	work(flow);
	g_autofree char *again = counts(flow, id);
	is_str(again, "done 0/9/0/6/2 of 17/17", "a second time all are known");
	fl_close(flow);
}

static const char jpcert[] = "date,URL,description\n"
			     "2024/11/29 10:00:00,https://a.example/,みほん銀行\n"
			     "2024/11/29 10:00:00,https://a.example/,みほん銀行\n"
			     "2024/08/01 10:00:00,https://a.example/,みほん銀行\n"
			     ",https://b.example/x y,ほか銀行\n"
			     "2024/11/29 10:00:00,\"https://c.example/?a=1,2\",カード\n"
			     "2999/01/01,https://d.example/,みほん銀行\n"
			     "soon,https://e.example/,なにか\n"
			     "2024/11/29,,みほん銀行\n"
			     "\"2024/11/29,https://f.example/\n"
			     "2024/11/29,https://g..example/,\n"
			     "2024/11/29,https://h.example/bank.example (1)/bank.example/a.php,\n"
			     "2024/11/29,https://www.i.example.ip..club/d.php?w=*,\n"
			     "2024/11/29,https://j.example/?a=1 https://k.example/,\n";

static void
test_jpcert(void)
{
	static const char want[] =
		"2 opened, 3 attached url, 4 opened, 5 opened, 6 routed Mihon Card, 7 refused "
		"date, "
		"8 opened, 9 refused empty, 10 refused quote, 11 refused bad-host, 12 opened, "
		"13 refused bad-host, 14 refused several";
	hk_flow *flow = fl_open();
	gsize len;
	g_autofree char *sjis = g_convert(jpcert, -1, "CP932", "UTF-8", NULL, &len, NULL);

	int64_t dry = hand_in(flow, "auto", hk_span_of(sjis, len), "{}", true);
	int64_t id = hand_in(flow, "auto", hk_span_of(sjis, len), "{}", false);
	work(flow);
	is_intake(flow, dry, "done 5/1/1/6/1 of 14/14", want);
	is_intake(flow, id, "done 5/1/1/6/1 of 14/14", want);
	g_autofree char *first =
		fl_text(flow, HK_SQL("SELECT t.key || ' ' || c.kind || ' ' || c.first_seen_ms FROM "
				     "cases c JOIN targets t ON t.id = c.target_id ORDER BY c.id"));
	is_str(first, "mihon-bank phishing 1732842000000", "target, kind and date");
	g_autofree char *second = fl_text(
		flow, HK_SQL("SELECT url || ' ' || kind FROM cases WHERE host = 'b.example'"));
	is_str(second, "https://b.example/x%20y phishing_other",
		"a blank in a cell belongs to the URL");
	g_autofree char *third = fl_text(
		flow, HK_SQL("SELECT state || ' ' || service FROM cases WHERE host = 'c.example'"));
	is_str(third, "out_of_scope card", "routed by its service");
	g_autofree char *note =
		fl_text(flow, HK_SQL("SELECT m.text FROM comments m JOIN cases c ON c.id = "
				     "m.case_id WHERE c.host = 'e.example'"));
	is_str(note, "なにか\nDate: soon", "what is no name and no date stays in the note");
	g_autofree char *kind = fl_text(flow, HK_SQL("SELECT kind FROM intakes"));
	is_str(kind, "csv", "what it was is kept");
	fl_close(flow);
}

static void
test_options(void)
{
	hk_flow *flow = fl_open();

	int64_t a = hand_in(flow, "lines", HK_SPAN_LIT("a.example\nb.example\n"),
		"{\"target\":\"ｍｉｈｏｎ　ｂａｎｋ\",\"kind\":\"投資詐欺\",\"labels\":[\"SMS\","
		"\"urgent\"],\"note\":\"n\",\"actor\":\"mirage\"}",
		false);
	int64_t b = hand_in(
		flow, "lines", HK_SPAN_LIT("c.example\n"), "{\"target\":\"nobody\"}", false);
	int64_t c =
		hand_in(flow, "lines", HK_SPAN_LIT("d.example\n"), "{\"actor\":\"nobody\"}", false);
	int64_t d = hand_in(
		flow, "lines", HK_SPAN_LIT("e.example\n"), "{\"kind\":\"nonsense\"}", false);
	int64_t e = hand_in(flow, "csv",
		HK_SPAN_LIT("url,service,brand\nf.example,ローン,mihon-bank\ng.example,ダイレクト,"
			    "mihon-bank\n"),
		"{}", false);
	int64_t f = hand_in(flow, "lines", HK_SPAN_LIT("h.example\n"), "{\"labels\":7}", false);
	work(flow);
	is_intake(flow, a, "done 2/0/0/0/0 of 2/2", "1 opened, 2 opened");
	is_intake(flow, b, "done 0/0/0/1/0 of 1/1", "1 refused target");
	is_intake(flow, c, "done 0/0/0/1/0 of 1/1", "1 refused actor");
	is_intake(flow, d, "done 0/0/0/1/0 of 1/1", "1 refused kind");
	is_intake(flow, e, "done 1/0/0/1/1 of 3/3", "2 refused service, 3 opened");
	is_intake(flow, f, "done 0/0/0/1/0 of 1/1", "1 refused options");
	g_autofree char *labels = fl_text(flow, HK_SQL("SELECT (SELECT COUNT(*) FROM labels) || ' "
						       "' || kind FROM cases ORDER BY id"));
	is_str(labels, "4 investment_scam", "labels and kind");
	fl_close(flow);
}

static void
test_official(void)
{
	hk_flow *flow = fl_open();

	fl_run(flow, HK_SQL("UPDATE targets SET domains = '[\"mihon-bank.example\"]' WHERE key = "
			    "'mihon-bank'"));
	int64_t id = hand_in(flow, "lines",
		HK_SPAN_LIT("https://www.mihon-bank.example/\nhttps://"
			    "mihon-bank.example.evil.example/\n"),
		"{}", false);
	work(flow);
	is_intake(flow, id, "done 1/0/0/1/0 of 2/2", "1 refused official, 2 opened");
	fl_close(flow);
}

static void
test_cancel(void)
{
	hk_flow *flow = fl_open();
	int64_t id = hand_in(flow, "lines", HK_SPAN_LIT("a.example\n"), "{}", false);

	ok(fl_do(flow, hk_intake_cancel(flow, id, error)), "cancelled");
	work(flow);
	is_intake(flow, id, "cancelled 0/0/0/0/0 of 0/1", "");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM cases")), 0, "nothing was done");
	fl_close(flow);
}

/* A dry run says of any list what the real one does. */
static void
test_dry_run(void)
{
	hk_flow *flow = fl_open();
	g_autoptr(GRand) rand = g_rand_new_with_seed(7);

	for (int round = 0; round < 3; round++) {
		g_autoptr(GString) body = g_string_new("date,url,description\n");
		for (int i = 0; i < 600; i++) {
			g_string_append_printf(body, "2024/%02d/%02d,http://%s%d.example/%d,%s\n",
				g_rand_int_range(rand, 1, 9), g_rand_int_range(rand, 1, 29),
				g_rand_boolean(rand) ? "a" : "b..", g_rand_int_range(rand, 0, 40),
				g_rand_int_range(rand, 0, 4),
				g_rand_boolean(rand) ? "みほん銀行" : "カード");
		}
		hk_span text = hk_span_of(body->str, body->len);
		int64_t dry = hand_in(flow, "csv", text, "{}", true);
		work(flow);
		int64_t real = hand_in(flow, "csv", text, "{}", false);
		work(flow);
		g_autofree char *dry_counts = counts(flow, dry);
		g_autofree char *real_counts = counts(flow, real);
		g_autofree char *dry_lines = lines(flow, dry);
		g_autofree char *real_lines = lines(flow, real);
		is_str(dry_counts, real_counts, "round %d", round);
		/* Too long to be shown. */
		ok(strcmp(dry_lines, real_lines) == 0, "line by line");
	}
	fl_close(flow);
}

int
main(void)
{
	sites = hk_sites_new(NULL, NULL, NULL);
	ok(sites, "the suffix list is there");
	test_paste();
	test_jpcert();
	test_options();
	test_official();
	test_cancel();
	test_dry_run();
	hk_sites_free(sites);
	return tap_done();
}
