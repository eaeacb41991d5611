/* The queue, and what happens when several processes do the same at once. */
#include "flowlib.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "flow/jobs.h"
#include "store.h"
#include "store/jobs.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "tap.h"

static const int64_t start_ms = INT64_C(1732809600000);

static bool
claim(hk_flow *flow, const char *owner, hk_job *job)
{
	GError *local = NULL;
	bool good = hk_job_claim(flow, owner, NULL, job, &local);

	if (!good) {
		ok(false, "claim: %s", local->message);
	}
	return good && job->id != 0;
}

static void
test_life(void)
{
	hk_flow *flow = fl_open();
	GError *local = NULL;
	hk_job job, other;

	ok(!claim(flow, "a", &job), "nothing to do");
	ok(fl_do(flow, hk_flow_job(flow, "mail", "1", 0, "{\"x\":1}", start_ms + 5000, error)),
		"added");
	ok(!claim(flow, "a", &job), "not due yet");
	ok(fl_do(flow, hk_flow_job(flow, "mail", "1", 0, NULL, start_ms, error)),
		"asked for again, earlier");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM jobs")), 1, "is the same job");
	ok(claim(flow, "a", &job), "claimed");
	is_str(job.data, "{\"x\":1}", "with its data");
	ok(!claim(flow, "b", &other), "nobody else gets it");
	ok(fl_do(flow, hk_flow_job(flow, "mail", "1", 0, NULL, start_ms + 7, error)),
		"asked for while it runs");
	ok(fl_do(flow, hk_job_done(flow, &job, error)), "done: %s", fl_why());
	ok(!fl_do(flow, hk_job_done(flow, &job, error)), "not twice");
	is_int(fl_code(), HK_EINCONSISTENT, "said: %s", fl_why());
	hk_job_clear(&job);
	hk_clock_advance(10);
	ok(claim(flow, "a", &job), "it runs once more");
	ok(fl_do(flow, hk_job_again(flow, &job, start_ms + 1000, error)), "goes on later");
	hk_job_clear(&job);
	ok(!claim(flow, "a", &job), "not now");
	hk_clock_advance(1000);
	ok(claim(flow, "a", &job), "but later");
	is_int(job.attempts, 1, "no attempt was counted");
	hk_clock_advance(120001);
	ok(claim(flow, "b", &other), "when the lease runs out, another gets it");
	is_int(other.id, job.id, "the same job");
	ok(!fl_do(flow, hk_job_done(flow, &job, error)), "the first one may not finish it");
	ok(hk_job_renew(flow, &other, &local), "renewed");
	hk_clock_advance(119000);
	hk_job third;
	ok(!claim(flow, "c", &third), "it is still held");
	ok(fl_do(flow, hk_job_done(flow, &other, error)), "and done: %s", fl_why());
	hk_job_clear(&job);
	hk_job_clear(&other);
	fl_close(flow);
}

static void
test_failure(void)
{
	hk_flow *flow = fl_open();
	GError *local = NULL;
	int64_t count;
	hk_job job;

	ok(fl_do(flow, hk_flow_job(flow, "mail", "1", 0, NULL, start_ms, error)), "added");
	static const int64_t waits[] = {5000, 10000, 20000, 40000};
	for (size_t i = 0; i < G_N_ELEMENTS(waits); i++) {
		ok(claim(flow, "a", &job), "attempt %zu", i + 1);
		ok(hk_job_failed(flow, &job, "mail\nis broken", false, &local), "failed");
		hk_job_clear(&job);
		hk_clock_advance(waits[i] - 1);
		ok(!claim(flow, "a", &job), "not before its time");
		hk_clock_advance(1);
	}
	ok(claim(flow, "a", &job), "the last attempt");
	ok(hk_job_failed(flow, &job, "mail is broken", false, &local), "failed");
	hk_job_clear(&job);
	g_autofree char *state = fl_text(flow, HK_SQL("SELECT state FROM jobs"));
	is_str(state, "dead", "a dead letter");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM events WHERE act = 'job.dead'")), 1,
		"audited");
	ok(fl_do(flow, hk_job_retry(flow, 0, &count, error)) && count == 1, "revived");
	ok(claim(flow, "a", &job), "runs");
	ok(hk_job_failed(flow, &job, "never", true, &local), "failed for good");
	hk_job_clear(&job);
	ok(!fl_do(flow, hk_job_retry(flow, 99, &count, error)), "no such dead letter: %s",
		fl_why());
	ok(fl_do(flow, hk_job_retry(flow, 1, &count, error)), "revived");
	/* A job that ends its worker each time. */
	for (int i = 0; i < 5; i++) {
		ok(claim(flow, "a", &job), "taken");
		hk_job_clear(&job);
		hk_clock_advance(200000);
	}
	ok(!claim(flow, "a", &job), "not for ever");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM jobs WHERE state = 'dead'")), 1,
		"given up");
	fl_close(flow);
}

static void
test_fairness(void)
{
	hk_flow *flow = fl_open();
	hk_job job;
	int turns = 0;

	for (int i = 0; i < 50; i++) {
		g_autofree char *key = g_strdup_printf("%d", i);
		fl_do(flow,
			hk_flow_job(flow, "sighting", key, 0, NULL, start_ms - 1000 + i, error));
	}
	ok(fl_do(flow, hk_flow_job(flow, "intake", "1", 0, NULL, start_ms, error)),
		"a late intake");
	do {
		ok(claim(flow, "a", &job), "turn");
		turns++;
	} while (strcmp(job.stage, "intake") != 0 && turns < 50 && (hk_job_clear(&job), true));
	ok(turns <= 4, "does not wait for the flood: turn %d", turns);
	hk_job_clear(&job);
	ok(claim(flow, "a", &job) && strcmp(job.key, "50") != 0,
		"the oldest of a stage comes first");
	hk_job_clear(&job);
	fl_close(flow);
}

enum { PROCESSES = 4, URLS = 60, JOBS = 400 };

/* In a child: all the URLs, in an order of its own. */
static int
take_all(int number)
{
	hk_flow *flow = fl_again();

	for (int i = 0; i < URLS; i++) {
		int at = (i * 7 + number * 13) % URLS;
		g_autofree char *host = g_strdup_printf("h%d.same.example", at);
		g_autofree char *url = g_strdup_printf("https://%s/", host);
		hk_lead lead = {.url = url, .host = host, .domain = "same.example"};
		bool done = false;
		for (int tries = 0; tries < 50 && !done; tries++) {
			g_autoptr(GError) error = NULL;
			hk_taken taken;
			done = fl_take_lead(flow, &lead, &taken, &error);
			if (!done && hk_error_code(error) != HK_EAGAIN) {
				fprintf(stderr, "# %s\n", error->message);
				return 1;
			}
		}
		if (!done) {
			return 2;
		}
	}
	fl_close(flow);
	return 0;
}

/* The same in batches, as an intake does it: several domains, orders that get in each other's way. */
static bool
take_batch(hk_flow *flow, void *user, GError **error)
{
	const int *number = user;

	if (!hk_case_many(flow, NULL, 0, error)) {
		return false;
	}
	for (int i = 0; i < URLS; i++) {
		int at = (i * (7 + 4 * *number) + *number * 13) % URLS;
		g_autofree char *domain = g_strdup_printf("d%d.example", at % 5);
		g_autofree char *host = g_strdup_printf("b%d.%s", at, domain);
		g_autofree char *url = g_strdup_printf("https://%s/", host);
		hk_lead lead = {.url = url, .host = host, .domain = domain};
		hk_taken taken;
		if (!hk_case_take(flow, &lead, &taken, error)) {
			return false;
		}
	}
	return true;
}

static int
take_batches(int number)
{
	hk_flow *flow = fl_again();

	for (int i = 0; i < 3; i++) {
		g_autoptr(GError) error = NULL;
		if (!hk_flow_do(flow, &fl_auto, take_batch, &number, &error)) {
			fprintf(stderr, "# %s\n", error->message);
			return 1;
		}
	}
	fl_close(flow);
	return 0;
}

static bool
finish(hk_flow *flow, void *user, GError **error)
{
	return hk_job_done(flow, user, error) &&
	       hk_db_exec(hk_flow_db(flow),
		       HK_SQL("UPDATE settings SET version = version + 1 WHERE key = 'count'"),
		       HK_NO_ARGS, NULL, error);
}

static int
work(int number)
{
	hk_flow *flow = fl_again();
	g_autofree char *owner = g_strdup_printf("w%d", number);

	for (;;) {
		g_autoptr(GError) error = NULL;
		hk_job job;
		if (!hk_job_claim(flow, owner, (const char *const[]){"mail", NULL}, &job, &error)) {
			fprintf(stderr, "# %s\n", error->message);
			return 1;
		}
		if (job.id == 0) {
			break;
		}
		if (!hk_flow_do(flow, &fl_auto, finish, &job, &error)) {
			fprintf(stderr, "# %s\n", error->message);
			return 2;
		}
		hk_job_clear(&job);
	}
	fl_close(flow);
	return 0;
}

static void
together(int (*run)(int), const char *what)
{
	pid_t pids[PROCESSES];

	fflush(stdout);
	for (int i = 0; i < PROCESSES; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			_exit(run(i));
		}
	}
	for (int i = 0; i < PROCESSES; i++) {
		int status = -1;
		waitpid(pids[i], &status, 0);
		is_int(status, 0, "%s: process %d", what, i);
	}
}

static void
test_together(void)
{
	hk_flow *flow = fl_open();

	hk_clock_thaw();
	together(take_all, "the same URLs at once");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM cases")), URLS, "one case for each");
	is_int(fl_int(flow, HK_SQL("SELECT SUM(times) FROM case_urls")), PROCESSES * URLS,
		"none is lost");
	is_int(fl_int(flow, HK_SQL("SELECT cases FROM campaigns")), URLS,
		"all are in one campaign");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM campaigns")), 1, "there is one");
	together(take_batches, "the same batches at once");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM cases WHERE host LIKE 'b%'")), URLS,
		"one case for each");
	is_int(fl_int(flow, HK_SQL("SELECT SUM(times) FROM case_urls WHERE host LIKE 'b%'")),
		PROCESSES * URLS * 3, "none is lost");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM campaigns")), 6,
		"a campaign for each domain");
	for (int i = 0; i < JOBS; i += 100) {
		ok(hk_flow_begin(flow, &fl_mikan, NULL), "begin");
		for (int k = i; k < i + 100; k++) {
			g_autofree char *key = g_strdup_printf("%d", k);
			hk_flow_job(flow, "mail", key, 0, NULL, 0, NULL);
		}
		ok(hk_flow_commit(flow, NULL), "commit");
	}
	fl_run(flow, HK_SQL("INSERT INTO settings (key, value, updated_ms, version) VALUES "
			    "('count', '0', 0, 0)"));
	together(work, "four workers");
	is_int(fl_int(flow, HK_SQL("SELECT version FROM settings WHERE key = 'count'")), JOBS,
		"every job was done once");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM jobs WHERE state = 'done'")), JOBS,
		"all are done");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM events")),
		fl_int(flow, HK_SQL("SELECT seq FROM chain")), "the chain has no gap");
	fl_close(flow);
	hk_clock_freeze(start_ms);
}

static void
test_upkeep(void)
{
	hk_flow *flow = fl_open();
	hk_job job;

	ok(fl_do(flow, hk_flow_job(flow, "sweep", "sweep", 0, NULL, 0, error)), "upkeep");
	for (int i = 0; i < 20 && claim(flow, "a", &job); i++) {
		hk_job_failed(flow, &job, "no room", i % 2 == 0, NULL);
		hk_job_clear(&job);
		hk_clock_advance(3600000);
	}
	for (int i = 0; i < 20 && claim(flow, "a", &job); i++) {
		hk_job_clear(&job); /* killed */
		hk_clock_advance(3600000);
	}
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM jobs WHERE state <> 'dead'")), 1,
		"upkeep is never a dead letter");
	fl_close(flow);
}

/* A worker that is known to be dead loses its leases at once; a neighbour whose number begins alike does not. */
static void
test_dead_worker(void)
{
	hk_flow *flow = fl_open();
	hk_job dead, alive, next;
	int64_t count = 0;

	ok(fl_do(flow, hk_flow_job(flow, "mail", "1", 0, NULL, start_ms, error) &&
			       hk_flow_job(flow, "mail", "2", 0, NULL, start_ms, error)),
		"two jobs");
	ok(claim(flow, "work-host-12-00aa", &dead) && claim(flow, "work-host-123-00bb", &alive),
		"two workers");
	ok(!claim(flow, "c", &next), "a third has nothing to do");
	ok(fl_do(flow, hk_jobs_abandon(hk_flow_db(flow), "work-host-12-", &count, error)),
		"one of them is dead: %s", fl_why());
	is_int(count, 1, "it had one job");
	ok(claim(flow, "c", &next), "which is anybody's now");
	is_int(next.id, dead.id, "that one");
	is_int(next.attempts, 2, "the attempt counts: it may be what killed the worker");
	ok(!fl_do(flow, hk_job_done(flow, &dead, error)), "the dead one cannot end it");
	ok(fl_do(flow, hk_job_done(flow, &alive, error)), "the living one can end its own: %s",
		fl_why());
	hk_job_clear(&dead);
	hk_job_clear(&alive);
	hk_job_clear(&next);
	fl_close(flow);
}

int
main(void)
{
	hk_clock_freeze(start_ms);
	test_life();
	test_dead_worker();
	test_failure();
	test_fairness();
	test_together();
	test_upkeep();
	return tap_done();
}
