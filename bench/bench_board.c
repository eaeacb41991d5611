/* bench_board: lists, searches and counters of a board that board_fill has filled, at the store's calls: p50, p99, largest.
 *
 *   bench_board URL [ROUNDS]
 *   bench_board URL pairs [EVERY]       each field of docs/query.md alone and with each other one, in every EVERYth order (default 3):  the slowest, by CPU time
 *   bench_board URL floors              LIKE over all texts, cases by state: ms
 *   bench_board URL each MS             the queries of standard input in every order: those that take more CPU time
 *   bench_board URL page QUERY SORT     the first page, five times: CPU time
 *   bench_board URL write RATE SECONDS  sightings
 *
 * Each question is asked with other words, sorts and pages in every round. "floor" is what a board without this store's plans would
 * do: LIKE '%...%' and OFFSET, for the ratio. bench/board.mjs measures the same through HTTP. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "store/list.h"
#include "store/tally.h"
#include "sys/clock.h"

#define NOW_MS INT64_C(1764036000000)

static hk_db *db;
static char *
	server_stat; /* PostgreSQL: what the system says of the server's process; NULL: not on this machine */

/* CPU time so far, of this process and of the server's: on a busy machine the only time that says anything. */
static int64_t
cpu_us(void)
{
	struct timespec t;
	g_autofree char *text = NULL;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	int64_t us = (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
	if (server_stat && g_file_get_contents(server_stat, &text, NULL, NULL)) {
		us += strtoll(text, NULL, 10) / 1000; /* ns on a CPU, then others */
	}
	return us;
}

static void
find_server(void)
{
	int64_t pid = 0;

	if (hk_db_engine_of(db) == HK_DB_PGSQL &&
		hk_db_int(db, HK_SQL("SELECT pg_backend_pid()"), HK_NO_ARGS, &pid, NULL)) {
		server_stat = g_strdup_printf("/proc/%" PRId64 "/schedstat", pid);
	}
}

static const char *const questions[] = {"", "status:new", "status:closed", "is:open",
	"is:unsupported", "status:new target:target-1",
	"target:target-1 actor:actor-1 status:closed", "target:target-30",
	"kind:investment_scam target:target-2", "by:user1", "assignee:user1 is:open", "label:rare",
	"label:sms", "seen:30d", "seen:2023 status:closed score:>0.9", "breached:yes",
	"has:actor -status:closed", "is:overdue", "host:*.duckdns.org", "name:login", "銀行",
	"みずほ", "みずほ target:target-4", "銀", "on hold", "二段階認証", "login", "duckdns",
	"duckdns status:new", "スクリーンショット actor:none is:open", "rare", "label:rare 銀行",
	"zzzz", "鑾", "q", "mizuho-login", "com", "三菱 -status:closed score:>0.5", "moc.",
	"UFJ 投資", "-has:target みずほ", "status:triaged 楽天", "id:500000..500100",
	"campaign:none own:yes score:>0.99", "target:none status:dismissed kind:malware"};
static const char *const sorts[] = {"-id", "id", "-score", "score", "-first_seen", "first_seen",
	"-updated", "updated", "name", "-name", "target", "-target", "actor", "state", "-state",
	"by", "-closed", "due", "host", "kind", "source", "-last_seen"};

static int
by_double(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void
report(const char *what, double *ms, size_t count, const char *more)
{
	qsort(ms, count, sizeof *ms, by_double);
	printf("%-52s p50 %8.2f  p99 %8.2f  max %8.2f ms  %s\n", what, ms[count / 2],
		ms[(count - 1) * 99 / 100], ms[count - 1], more);
	fflush(stdout);
}

/* One page, or a walk of some. */
static double
page(const char *q, const char *sort, unsigned limit, int pages, bool cpu, char *said, size_t cap)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *after = NULL;
	double most = 0;

	for (int i = 0; i < pages; i++) {
		int64_t start = (cpu ? cpu_us() : hk_clock_mono_us());
		hk_page p = {0};
		hk_db_begin(db, false, NULL);
		g_autoptr(hk_filter) f = hk_filter_new(db, HK_LIST_CASES, q, 1, NOW_MS, &error);
		if (!f || !hk_list_page(db, f, sort, limit, after, &p, &error)) {
			fprintf(stderr, "%s: %s\n", q, error->message);
			exit(70);
		}
		hk_db_rollback(db);
		double ms = (double)((cpu ? cpu_us() : hk_clock_mono_us()) - start) / 1000;
		most = ms > most ? ms : most;
		snprintf(said, cap, "%s%" PRId64, p.exact ? "" : ">=", p.count);
		g_free(after);
		after = g_steal_pointer(&p.next);
		hk_page_clear(&p);
		if (!after) {
			break;
		}
	}
	return most;
}

static void
lists(int rounds)
{
	size_t count = G_N_ELEMENTS(sorts) * (size_t)rounds, all = 0;
	double *ms = g_new(double, count), *every = g_new(double, count *G_N_ELEMENTS(questions));

	for (size_t i = 0; i < G_N_ELEMENTS(questions); i++) {
		char said[40], worst[80] = "";
		double most = 0;
		for (size_t k = 0; k < count; k++) {
			ms[k] = page(questions[i], sorts[k % G_N_ELEMENTS(sorts)], 20, 4, false,
				said, sizeof said);
			if (ms[k] > most) {
				most = ms[k];
				snprintf(worst, sizeof worst, "%s rows, worst by %s", said,
					sorts[k % G_N_ELEMENTS(sorts)]);
			}
			every[all++] = ms[k];
		}
		report(questions[i], ms, count, worst);
	}
	report("all lists", every, all, "");
	g_free(ms);
	g_free(every);
}

/* Each field and value of docs/query.md that may find its rows in its own way: many, some, few or none. */
static const char *const fields[] = {"login", "銀", "二段階認証", "zzzz", "id:400000..700000",
	"status:closed", "status:triaged", "status:new,down", "-status:closed", "kind:malware",
	"kind:phishing", "target:target-1", "target:target-30", "target:none", "own:yes", "own:no",
	"service:x", "service:none", "actor:actor-1", "actor:none", "source:ct-bench", "by:user1",
	"by:auto", "assignee:user1", "assignee:none", "host:*.icu", "host:none", "domain:none",
	"name:verify", "name:card,bank", "url:index", "url:none", "label:rare", "label:sms",
	"label:none", "campaign:1", "campaign:none", "score:>0.99", "score:<0.5", "urls:1",
	"urls:>1", "seen:2023-05", "seen:<2021", "detected:1d", "detected:2022",
	"opened:2024-02-03", "updated:<2020-06", "last:30d", "down:2024-07-01", "down:none",
	"closed:2023", "closed:none", "due:none", "due:<2025-11-20", "breached:yes", "breached:no",
	"is:open", "is:closed", "is:handled", "is:unsupported", "is:deleted", "is:mine",
	"is:overdue", "has:actor", "-has:actor", "has:capture", "-has:capture", "has:campaign",
	"has:target", "-has:target", "has:url", "-has:url", "has:label", "has:comment",
	"-has:comment", "has:attachment"};

typedef struct slow {
	double ms;
	char what[120];
} slow;

static int
by_slow(const void *a, const void *b)
{
	return -by_double(&((const slow *)a)->ms, &((const slow *)b)->ms);
}

static void
pairs(int every)
{
	size_t n = G_N_ELEMENTS(fields), turn = 0, over = 0;
	g_autoptr(GArray) all = g_array_new(false, false, sizeof(slow));

	for (size_t i = 0; i < n; i++) {
		for (size_t j = i; j < n; j++) {
			g_autofree char *q =
				i == j ? g_strdup(fields[i])
				       : g_strdup_printf("%s %s", fields[i], fields[j]);
			for (size_t k = turn++ % (size_t)every; k < G_N_ELEMENTS(sorts);
				k += (size_t)every) {
				char said[40];
				slow s = {.ms = page(q, sorts[k], 20, 1, true, said, sizeof said)};
				/* Once more: what counts is the way, not another program's turn. */
				double again = s.ms > 25 ? page(q, sorts[k], 20, 1, true, said,
								   sizeof said)
							 : s.ms;
				s.ms = MIN(s.ms, again);
				snprintf(s.what, sizeof s.what, "%s, by %s: %s", q, sorts[k], said);
				g_array_append_val(all, s);
				over += s.ms > 50;
			}
		}
	}
	g_array_sort(all, by_slow);
	printf("%u lists, CPU, better of two: p50 %.2f ms, p99 %.2f ms, p99.9 %.2f ms, largest "
	       "%.2f ms; "
	       "over 50 ms: %zu\n",
		all->len, g_array_index(all, slow, all->len / 2).ms,
		g_array_index(all, slow, all->len / 100).ms,
		g_array_index(all, slow, all->len / 1000).ms, g_array_index(all, slow, 0).ms, over);
	for (unsigned i = 0; i < 60 && i < all->len; i++) {
		printf("  %8.2f ms  %s\n", g_array_index(all, slow, i).ms,
			g_array_index(all, slow, i).what);
	}
}

/* The queries of standard input, each in every order. */
static void
each(double more_than_ms)
{
	char line[400], said[40];

	while (fgets(line, sizeof line, stdin)) {
		line[strcspn(line, "\n")] = '\0';
		for (size_t k = 0; k < G_N_ELEMENTS(sorts); k++) {
			double ms = page(line, sorts[k], 20, 1, true, said, sizeof said);
			ms = MIN(ms, page(line, sorts[k], 20, 1, true, said, sizeof said));
			if (ms > more_than_ms) {
				printf("%8.2f ms CPU  %s, by %s: %s\n", ms, line, sorts[k], said);
				fflush(stdout);
			}
		}
	}
}

static void
counters(int rounds)
{
	static const char *const counted[] = {"investment_scam", NULL}, *const notify[] = {
										"phishing_other",
										NULL};
	size_t count = (size_t)rounds * 20;
	double *ms = g_new(double, count);

	for (size_t i = 0; i < count; i++) {
		hk_counters c;
		int64_t start = hk_clock_mono_us();
		if (!hk_counters_read(db, NOW_MS, counted, notify, &c, NULL)) {
			exit(70);
		}
		ms[i] = (double)(hk_clock_mono_us() - start) / 1000;
		hk_counters_clear(&c);
	}
	report("counters", ms, count, "");
	g_free(ms);
}

static void
plain(const char *what, hk_sql sql, int rounds)
{
	double *ms = g_new(double, (size_t)rounds);
	int64_t n = 0;

	for (int i = 0; i < rounds; i++) {
		int64_t start = hk_clock_mono_us();
		g_autoptr(hk_rows) rows = hk_db_query(db, sql, HK_NO_ARGS, NULL);
		while (rows && hk_rows_next(rows, NULL)) {
			n++;
		}
		ms[i] = (double)(hk_clock_mono_us() - start) / 1000;
	}
	report(what, ms, (size_t)rounds, "");
	g_free(ms);
}

/* The quicker of three, in ms. */
static void
floor_ms(const char *name, hk_sql sql)
{
	double best = 1e9;

	for (int i = 0; i < 3; i++) {
		int64_t start = hk_clock_mono_us();
		g_autoptr(hk_rows) rows = hk_db_query(db, sql, HK_NO_ARGS, NULL);
		while (rows && hk_rows_next(rows, NULL)) {
		}
		best = MIN(best, (double)(hk_clock_mono_us() - start) / 1000);
	}
	printf("%s %.3f\n", name, best);
}

/* Sightings at a rate, one transaction each, as a source hands them over; beside what is measured. */
static void
write_sightings(int per_second, int seconds)
{
	int64_t source = 0, begin_us = hk_clock_mono_us(), n = 0;

	hk_db_int(db, HK_SQL("SELECT min(id) FROM sources"), HK_NO_ARGS, &source, NULL);
	for (; n < (int64_t)per_second * seconds; n++) {
		int64_t due_us = begin_us + n * 1000000 / per_second,
			late = due_us - hk_clock_mono_us();
		uint64_t key[4] = {(uint64_t)begin_us, (uint64_t)n, g_random_int(), g_random_int()};
		if (late > 0) {
			g_usleep((unsigned long)late);
		}
		if (!hk_db_begin(db, true, NULL) ||
			!hk_db_exec(db,
				HK_SQL("INSERT INTO sightings (source_id, key, kind, state, "
				       "seen_ms, host, title, score, data) VALUES ($1, $2, "
				       "'certificate', 'new', $3, 'a.duckdns.example', '100 "
				       "names', 0.5, '{}')"),
				HK_ARGS(hk_v_int(source), hk_v_blob(hk_span_of(key, sizeof key)),
					hk_v_int(NOW_MS + n)),
				NULL, NULL) ||
			!hk_db_commit(db, NULL)) {
			hk_db_rollback(db);
		}
	}
	printf("%" PRId64 " sightings in %.1f s\n", n,
		(double)(hk_clock_mono_us() - begin_us) / 1e6);
}

int
main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	int rounds = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 2;

	if (argc < 2 || !(db = hk_db_open(argv[1], &error))) {
		fprintf(stderr, "%s\n", error ? error->message : "usage: bench_board URL [ROUNDS]");
		return 64;
	}
	find_server();
	if (argc == 5 && strcmp(argv[2], "write") == 0) {
		write_sightings((int)strtol(argv[3], NULL, 10), (int)strtol(argv[4], NULL, 10));
		hk_db_close(db);
		return 0;
	}
	if (argc == 6 && strcmp(argv[2], "page") == 0) {
		unsigned limit = (unsigned)strtoul(argv[5], NULL, 10);
		for (int i = 0; i < 5; i++) {
			char said[40];
			double ms = page(argv[3], argv[4], limit, 1, true, said, sizeof said);
			printf("%8.2f ms CPU: %s\n", ms, said);
		}
		hk_db_close(db);
		return 0;
	}
	if (argc == 3 && strcmp(argv[2], "floors") == 0) {
		floor_ms("like", HK_SQL("SELECT count(*) FROM case_texts WHERE text LIKE "
					"'%銀行 login%'"));
		floor_ms("count", HK_SQL("SELECT state, count(*) FROM cases WHERE deleted_ms IS "
					 "NULL GROUP BY state"));
		hk_db_close(db);
		return 0;
	}
	if (argc == 4 && strcmp(argv[2], "each") == 0) {
		each(g_ascii_strtod(argv[3], NULL));
		hk_db_close(db);
		return 0;
	}
	if (argc > 2 && strcmp(argv[2], "pairs") == 0) {
		pairs(argc > 3 ? MAX((int)strtol(argv[3], NULL, 10), 1) : 3);
		hk_db_close(db);
		return 0;
	}
	lists(rounds);
	counters(rounds);
	plain("floor: LIKE '%login%' by score, 20",
		HK_SQL("SELECT id FROM cases WHERE lower(name || ' ' || url) LIKE '%zzlogin%' "
		       "ORDER BY score DESC LIMIT 20"),
		3);
	plain("floor: OFFSET 200000",
		HK_SQL("SELECT id FROM cases ORDER BY score DESC, id DESC LIMIT 20 OFFSET 200000"),
		3);
	plain("floor: count by state",
		HK_SQL("SELECT state, count(*) FROM cases WHERE deleted_ms IS NULL GROUP BY state"),
		3);
	hk_db_close(db);
	return 0;
}
