#include "casework/leads.h"

#include <string.h>

#include "base/err.h"
#include "flow/sighting.h"
#include "flowlib.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "tap.h"

static hk_sites *sites;

static int64_t
see(hk_flow *flow, const char *source, uint8_t key, const char *kind, const char *host,
	const char *url, double score, const char *target, const char *data)
{
	hk_observation o = {.source = source,
		.kind = kind,
		.seen_ms = hk_clock_wall_ms(),
		.host = host,
		.url = url,
		.title = "seen",
		.score = score,
		.target = target,
		.data = data};
	int64_t id = 0;

	o.key[0] = key;
	bool good = fl_do(flow, hk_sighting_take(flow, &o, &id, error));
	ok(good, "seen: %s", fl_why());
	return id;
}

static void
work(hk_flow *flow)
{
	static const char *const stages[] = {"sighting", NULL};

	for (;;) {
		hk_job job = {0};
		GError *error = NULL;
		if (!hk_job_claim(flow, "test", stages, &job, &error) || job.id == 0) {
			hk_job_clear(&job);
			break;
		}
		bool good = hk_leads_run(flow, &job, sites, &error);
		ok(good, "a job is done: %s", error ? error->message : "");
		g_clear_error(&error);
		hk_job_clear(&job);
	}
}

static void
is_state(hk_flow *flow, int64_t id, const char *want)
{
	g_autofree char *state = fl_text_of(flow,
		HK_SQL("SELECT state || ' ' || COALESCE(case_id, 0) FROM sightings WHERE id = $1"),
		id);

	is_str(state, want, "sighting %d", (int)id);
}

static void
test_threshold(void)
{
	hk_flow *flow = fl_open();
	int64_t low = see(flow, "ct", 1, "certificate", "a.example", NULL, 0.89, "mihon-bank",
		"{\"names\":[\"a.example\"]}");
	int64_t high = see(flow, "ct", 2, "certificate", "b.example", NULL, 0.91, "mihon-bank",
		"{\"names\":[\"b.example\"],\"reasons\":[\"looks like it\"]}");
	int64_t rule = see(flow, "ct", 3, "certificate", "c.example", NULL, 0.1, NULL,
		"{\"rules\":[\"burst\"]}");
	int64_t official = see(
		flow, "ct", 4, "certificate", "d.example", NULL, 1, NULL, "{\"official\":true}");
	int64_t odd = see(flow, "ct", 5, "malformed", "e.example", NULL, 1, NULL, "{}");
	int64_t mail = see(flow, "mail:a", 6, "mail", NULL, NULL, 1, NULL, "{}");
	int64_t known =
		see(flow, "mail:a", 7, "url", "b.example", "https://b.example/x", 0, NULL, "{}");
	int64_t twice = see(flow, "ct", 2, "certificate", "b.example", NULL, 0.91, NULL, "{}");
	work(flow);
	is_int(twice, 0, "the same again is no sighting");
	is_state(flow, low, "new 0");
	is_state(flow, high, "attached 1");
	is_state(flow, rule, "attached 2");
	is_state(flow, official, "new 0");
	is_state(flow, odd, "new 0");
	is_state(flow, mail, "new 0");
	is_state(flow, known, "attached 1");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM cases")), 2, "two cases");
	g_autofree char *one = fl_text(flow, HK_SQL("SELECT kind || ' ' || host || ' ' || reasons "
						    "|| ' ' || score FROM cases ORDER BY id"));
	is_str(one, "phishing b.example [\"looks like it\"] 0.91", "with its reasons");
	fl_run(flow, HK_SQL("UPDATE sources SET trust = 0.95 WHERE key = 'mail:a'"));
	fl_run(flow, HK_SQL("INSERT INTO settings (key, value, updated_ms) VALUES ('ct', "
			    "'{\"threshold\":0.5}', 0)"));
	int64_t trusted =
		see(flow, "mail:a", 8, "url", "f.example", "https://f.example/x", 0, NULL, "{}");
	int64_t half = see(flow, "ct", 9, "certificate", "g.example", NULL, 0.6, NULL, "{}");
	work(flow);
	is_state(flow, trusted, "attached 3");
	is_state(flow, half, "attached 4");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM jobs WHERE state <> 'done' AND stage = "
				   "'sighting'")),
		0, "no job is left");
	fl_close(flow);
}

static const char many[] =
	"{\"tbs_sha256\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\","
	"\"names\":["
	"\"mihon-bank.a.example\",\"www.mihon-bank.a.example\",\"m1hon-bank.b.test\",\"*.mihonbank."
	"b.test\","
	"\"login.mihonbank.c.invalid\",\"shop.d.example\",\"www.mihon-bank.example\",\"not a "
	"name\"]}";

static void
test_names(void)
{
	hk_flow *flow = fl_open();

	fl_run(flow, HK_SQL("UPDATE targets SET domains = '[\"mihon-bank.example\"]' WHERE key = "
			    "'mihon-bank'"));
	int64_t id = see(flow, "ct", 1, "certificate", "mihon-bank.a.example", NULL, 0.99,
		"mihon-bank", many);
	work(flow);
	is_state(flow, id, "attached 1");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM cases")), 3, "three domains look like it");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM campaigns")), 1, "one campaign");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM cases WHERE campaign_id = 1")), 3,
		"with all three");
	is_int(fl_int(flow, HK_SQL("SELECT campaign_id FROM sightings")), 1, "and the sighting");
	g_autofree char *said = fl_text(flow, HK_SQL("SELECT text FROM comments"));
	is_str(said,
		"Other names of the certificate (8 in "
		"all):\nwww.mihon-bank.a.example\n*.mihonbank.b.test\nshop.d.example\n"
		"www.mihon-bank.example",
		"the others are named");
	is_int(fl_int(flow,
		       HK_SQL("SELECT COUNT(*) FROM cases WHERE host = 'www.mihon-bank.example'")),
		0, "an official name is no case");
	/* Done again, as after a crash before the answer: nothing changes. */
	fl_run(flow,
		HK_SQL("UPDATE jobs SET state = 'ready', done_ms = NULL WHERE stage = 'sighting'"));
	work(flow);
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM cases")), 3, "no case more");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM comments")), 1, "no comment more");
	fl_close(flow);
}

int
main(void)
{
	sites = hk_sites_new(NULL, NULL, NULL);
	ok(sites, "the suffix list is there");
	test_threshold();
	test_names();
	hk_sites_free(sites);
	return tap_done();
}
