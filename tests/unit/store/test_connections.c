/* store/db: several connections and processes at once, and what happens to those that die. */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/db.h"
#include "sys/gerr.h"

#include "store.h"
#include "tap.h"

static hk_db *db;

static hk_db *
another(void)
{
	g_autoptr(GError) error = NULL;
	hk_db *ret = hk_db_open(hk_test_db_url(), &error);

	if (!ret) {
		tap_diag("%s", error->message);
		exit(1);
	}
	return ret;
}

static bool
set(hk_db *to, const char *key, const char *value, GError **error)
{
	return hk_db_exec(to,
		HK_SQL("INSERT INTO settings (key, value, updated_ms) VALUES ($1, $2, 0) "
		       "ON CONFLICT (key) DO UPDATE SET value = excluded.value"),
		HK_ARGS(hk_v_str(key), hk_v_str(value)), NULL, error);
}

static int64_t
number(hk_db *from, const char *key)
{
	int64_t n = -1;

	hk_db_int(from, HK_SQL("SELECT CAST(value AS BIGINT) FROM settings WHERE key = $1"),
		HK_ARGS(hk_v_str(key)), &n, NULL);
	return n;
}

/* Reads and adds one; by several processes only right if they take turns. */
static bool
add_one(hk_db *to, const char *key, GError **error)
{
	for (int tries = 0; tries < 50; tries++) {
		g_autoptr(GError) failure = NULL;
		if (hk_db_begin(to, true, &failure) && hk_db_lock(to, key, &failure)) {
			char text[24];
			g_snprintf(text, sizeof(text), "%d", (int)number(to, key) + 1);
			if (set(to, key, text, &failure) && hk_db_commit(to, &failure)) {
				return true;
			}
		}
		hk_db_rollback(to);
		if (hk_error_code(failure) != HK_EAGAIN) {
			g_propagate_error(error, g_steal_pointer(&failure));
			return false;
		}
	}
	return hk_error_set(error, HK_EAGAIN, "50 times in vain");
}

static void
snapshots(void)
{
	hk_db *reader = another();

	set(db, "n", "1", NULL);
	ok(hk_db_begin(reader, false, NULL), "a reader begins");
	is_int(number(reader, "n"), 1, "it sees what was committed");
	ok(hk_db_begin(db, true, NULL) && set(db, "n", "2", NULL), "a writer beside it");
	is_int(number(reader, "n"), 1, "nothing of which is seen before the commit");
	ok(hk_db_commit(db, NULL), "commit");
	is_int(number(reader, "n"), 1, "nor after it, in the same snapshot");
	hk_db_rollback(reader);
	is_int(number(reader, "n"), 2, "but in the next");
	hk_db_close(reader);
}

static void
waiting(void)
{
	hk_db *waiter = another();
	int fds[2];

	/* What was before may be told once. */
	ok(hk_db_wait(waiter, 0, -1, NULL), "first wait");
	hk_db_wait(waiter, 0, -1, NULL);
	ok(hk_db_begin(db, true, NULL) && set(db, "n", "3", NULL) && hk_db_commit(db, NULL),
		"written");
	/* 30 s that never pass: the test would hang, and be killed, if nothing was told. */
	gint64 began = g_get_monotonic_time();
	ok(hk_db_wait(waiter, 30000, -1, NULL), "told");
	ok(g_get_monotonic_time() - began < 25000000, "before the time is over");
	is_int(number(waiter, "n"), 3, "and seen");

	set(db, "n", "4", NULL);
	began = g_get_monotonic_time();
	hk_db_wait(waiter, 30000, -1, NULL);
	ok(g_get_monotonic_time() - began < 25000000, "also of a write outside a transaction");

	/* A transaction that changes nothing wakes nobody, or idle workers would wake one another. */
	hk_db_wait(waiter, 100, -1, NULL);
	hk_db_begin(db, true, NULL);
	hk_db_exec(db, HK_SQL("UPDATE settings SET value = '1' WHERE key = 'none'"), HK_NO_ARGS,
		NULL, NULL);
	hk_db_commit(db, NULL);
	began = g_get_monotonic_time();
	ok(hk_db_wait(waiter, 300, -1, NULL), "the time is over");
	ok(g_get_monotonic_time() - began >= 290000, "because nothing was changed");

	ok(pipe(fds) == 0 && write(fds[1], "x", 1) == 1, "a pipe that is readable");
	began = g_get_monotonic_time();
	ok(hk_db_wait(waiter, 30000, fds[0], NULL), "cancelled");
	ok(g_get_monotonic_time() - began < 25000000, "at once");
	close(fds[0]);
	close(fds[1]);
	ok(!hk_db_begin(waiter, true, NULL) || !hk_db_wait(waiter, 0, -1, NULL),
		"not within a transaction");
	hk_db_rollback(waiter);
	hk_db_close(waiter);
}

enum { PROCESSES = 4, TURNS = 60 };

static void
worker(void)
{
	g_autoptr(GError) error = NULL;
	hk_db *own = another();

	for (int i = 0; i < TURNS; i++) {
		if (!add_one(own, "turns", &error)) {
			fprintf(stderr, "# %s\n", error->message);
			_exit(1);
		}
	}
	hk_db_close(own);
	_exit(0);
}

static void
turns(void)
{
	pid_t pids[PROCESSES];
	int bad = 0, status;

	set(db, "turns", "0", NULL);
	for (int i = 0; i < PROCESSES; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			worker();
		}
	}
	for (int i = 0; i < PROCESSES; i++) {
		waitpid(pids[i], &status, 0);
		bad += status != 0;
	}
	is_int(bad, 0, "%d processes wrote", PROCESSES);
	is_int(number(db, "turns"), (int64_t)PROCESSES * TURNS, "and none overwrote another");
}

/* Everybody writes as fast as he can until all have been told to stop; nobody starves. */
static void
fairness(void)
{
	int *counts = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	volatile int *stop = counts + PROCESSES;
	pid_t pids[PROCESSES];
	int sum = 0, least = INT32_MAX;

	for (int i = 0; i < PROCESSES; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			hk_db *own = another();
			while (!*stop) {
				counts[i] += add_one(own, "turns", NULL);
			}
			hk_db_close(own);
			_exit(0);
		}
	}
	/* Until a number of turns, not a time: machines differ. */
	while (sum < 800) {
		usleep(10000);
		sum = 0;
		for (int i = 0; i < PROCESSES; i++) {
			sum += counts[i];
		}
	}
	*stop = 1;
	for (int i = 0; i < PROCESSES; i++) {
		waitpid(pids[i], NULL, 0);
		least = MIN(least, counts[i]);
		tap_diag("writer %d: %d of %d turns", i, counts[i], sum);
	}
	ok(least > sum / PROCESSES / 10, "nobody starves");
	munmap(counts, 4096);
}

static void
killed(void)
{
	g_autoptr(GError) error = NULL;
	int fds[2];
	char c;

	set(db, "n", "5", NULL);
	ok(pipe(fds) == 0, "a pipe");
	pid_t pid = fork();
	if (pid == 0) {
		hk_db *own = another();
		if (hk_db_begin(own, true, NULL) && set(own, "n", "6", NULL) &&
			hk_db_lock(own, "n", NULL) && write(fds[1], "x", 1) == 1) {
			pause();
		}
		_exit(1);
	}
	is_int(read(fds[0], &c, 1), 1, "a process holds a transaction");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	ok(hk_db_begin(db, true, &error) && hk_db_lock(db, "n", &error) &&
			set(db, "m", "1", &error) && hk_db_commit(db, &error),
		"killed: another can write");
	if (error) {
		tap_diag("%s", error->message);
	}
	is_int(number(db, "n"), 5, "and nothing of it is left");
	close(fds[0]);
	close(fds[1]);
}

/* PostgreSQL only: the connection is cut by the server. */
static void
cut(hk_db *victim)
{
	hk_rows *rows = hk_db_query(db,
		HK_SQL("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE "
		       "datname = "
		       "current_database() AND pid <> pg_backend_pid() AND application_name = "
		       "'hikeshi'"),
		HK_NO_ARGS, NULL);
	hk_rows_free(rows);
	(void)victim;
	/* Until it is gone. */
	for (int64_t n = 1; n > 0;) {
		hk_db_int(db,
			HK_SQL("SELECT count(*) FROM pg_stat_activity WHERE datname = "
			       "current_database() AND "
			       "pid <> pg_backend_pid() AND application_name = 'hikeshi'"),
			HK_NO_ARGS, &n, NULL);
	}
}

static void
lost(void)
{
	g_autoptr(GError) error = NULL;
	hk_db *own = another();

	ok(set(own, "n", "7", NULL), "a statement");
	cut(own);
	ok(hk_db_begin(own, true, &error) && set(own, "n", "8", &error) &&
			hk_db_commit(own, &error),
		"the server has cut an idle connection: begin makes a new one");
	is_int(number(db, "n"), 8, "and it works");

	ok(hk_db_begin(own, true, NULL) && set(own, "n", "9", NULL), "within a transaction");
	cut(own);
	ok(!set(own, "m", "9", &error), "the next statement fails");
	is_int(hk_error_code(error), HK_EAGAIN, "to be tried again");
	g_clear_error(&error);
	hk_db_rollback(own);
	is_int(number(db, "n"), 8, "nothing of it was done");
	ok(add_one(own, "n", NULL), "and done again");
	is_int(number(db, "n"), 9, "once");

	/* Within the commit: what became of it is asked. */
	ok(hk_db_begin(own, true, NULL) && set(own, "n", "10", NULL), "within a transaction");
	cut(own);
	ok(!hk_db_commit(own, &error), "the commit fails");
	is_int(hk_error_code(error), HK_EAGAIN, "it was undone, and may be tried again");
	g_clear_error(&error);
	is_int(number(db, "n"), 9, "nothing of it was done");

	cut(own);
	set(own, "n", "x", &error);
	ok(error == NULL || hk_error_code(error) == HK_EAGAIN, "outside a transaction, too");
	g_clear_error(&error);
	ok(set(own, "n", "11", NULL), "once more");
	hk_db_wait(own, 0, -1, NULL);
	cut(own);
	ok(hk_db_wait(own, 0, -1, NULL), "a wait whose connection was cut ends");
	hk_db_wait(own, 0, -1, NULL);
	set(db, "n", "12", NULL);
	ok(hk_db_wait(own, 30000, -1, NULL), "and listens again");
	hk_db_close(own);
}

/* Two that wait for each other: one of them is told to try again. */
static void *
other_way(void *data)
{
	hk_db *own = another();
	int *got = data;
	g_autoptr(GError) error = NULL;

	if (hk_db_begin(own, true, NULL) && hk_db_lock(own, "b", NULL)) {
		__atomic_store_n(&got[0], 1, __ATOMIC_SEQ_CST);
		while (!__atomic_load_n(&got[1], __ATOMIC_SEQ_CST)) {
			usleep(1000);
		}
		got[2] = hk_db_lock(own, "a", &error) ? HK_OK : (int)hk_error_code(error);
	}
	hk_db_rollback(own);
	hk_db_close(own);
	return NULL;
}

static void
deadlock(void)
{
	g_autoptr(GError) error = NULL;
	int got[3] = {0, 0, -1};
	pthread_t thread;

	hk_db_begin(db, true, NULL);
	hk_db_lock(db, "a", NULL);
	pthread_create(&thread, NULL, other_way, got);
	while (!__atomic_load_n(&got[0], __ATOMIC_SEQ_CST)) {
		usleep(1000);
	}
	__atomic_store_n(&got[1], 1, __ATOMIC_SEQ_CST);
	int mine = hk_db_lock(db, "b", &error) ? HK_OK : (int)hk_error_code(error);
	hk_db_rollback(db);
	pthread_join(thread, NULL);
	ok((mine == HK_OK && got[2] == HK_EAGAIN) || (mine == HK_EAGAIN && got[2] == HK_OK),
		"a deadlock: one goes on, the other tries again (%d, %d)", mine, got[2]);
}

/* The schema changes under a connection: at worst it is told to try again. */
static void
altered(void)
{
	g_autoptr(GError) error = NULL;
	hk_db *own = another();

	for (int i = 0; i < 2; i++) {
		g_autoptr(hk_rows) rows =
			hk_db_query(own, HK_SQL("SELECT * FROM settings"), HK_NO_ARGS, &error);
		ok(rows && hk_rows_next(rows, NULL), "a statement");
	}
	ok(hk_db_exec(db, HK_SQL("ALTER TABLE settings ADD COLUMN extra INTEGER"), HK_NO_ARGS, NULL,
		   &error),
		"another adds a column");
	hk_rows *rows = hk_db_query(own, HK_SQL("SELECT * FROM settings"), HK_NO_ARGS, &error);
	ok(rows || hk_error_code(error) == HK_EAGAIN,
		"the same statement: done, or to be tried again");
	g_clear_error(&error);
	hk_rows_free(rows);
	rows = hk_db_query(own, HK_SQL("SELECT * FROM settings"), HK_NO_ARGS, &error);
	ok(rows && hk_rows_next(rows, NULL) && hk_rows_is_null(rows, 4),
		"and then it has the column");
	hk_rows_free(rows);
	hk_db_close(own);
}

/* A relay between a connection and the server. While *armed it lets a COMMIT through, and the answer to it not: it hangs up. */
typedef struct relay {
	char *dir; /* where it listens, as a server would */
	char *to;  /* the server's socket */
	int fd;
	int armed;
} relay;

static int
socket_at(const char *dir, bool listening)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	g_snprintf(address.sun_path, sizeof(address.sun_path), "%s/.s.PGSQL.5432", dir);
	const struct sockaddr *at = (const struct sockaddr *)(const void *)&address;
	int rc = listening ? bind(fd, at, sizeof(address)) || listen(fd, 5)
			   : connect(fd, at, sizeof(address));
	if (rc != 0) {
		tap_diag("%s: %m", address.sun_path);
		exit(1);
	}
	return fd;
}

/* One connection, until either side hangs up. */
static void
pass_on(relay *r, int client, int server)
{
	char bytes[65536];
	bool cut_next = false;

	for (;;) {
		struct pollfd fds[] = {
			{.fd = client, .events = POLLIN}, {.fd = server, .events = POLLIN}};
		poll(fds, 2, -1);
		for (int i = 0; i < 2; i++) {
			if (!fds[i].revents) {
				continue;
			}
			ssize_t len = read(fds[i].fd, bytes, sizeof(bytes));
			if (len <= 0 || (i == 1 && cut_next)) {
				return;
			}
			cut_next = cut_next ||
				   (i == 0 && __atomic_load_n(&r->armed, __ATOMIC_SEQ_CST) &&
					   memmem(bytes, (size_t)len, "COMMIT", 6));
			if (write(i == 0 ? server : client, bytes, (size_t)len) != len) {
				return;
			}
		}
	}
}

static void *
relay_run(void *data)
{
	relay *r = data;

	for (;;) {
		int client = accept(r->fd, NULL, NULL);
		if (client < 0) {
			return NULL;
		}
		int server = socket_at(r->to, false);
		pass_on(r, client, server);
		close(client);
		close(server);
	}
}

/* The answer to a commit is lost: it was done, and is not done again. */
static void
commit_unheard(void)
{
	g_autoptr(GError) error = NULL;
	const char *url = hk_test_db_url();
	const char *host = strstr(url, "host=/");

	if (!host) {
		skip("the server is not on a local socket", "the answer to a commit is lost");
		return;
	}
	relay r = {.dir = g_dir_make_tmp("hk-relay-XXXXXX", NULL)};
	r.to = g_strndup(host + 5, strcspn(host + 5, "&"));
	r.fd = socket_at(r.dir, true);
	pthread_t thread;
	pthread_create(&thread, NULL, relay_run, &r);

	g_autofree char *through = g_strdup_printf(
		"%.*s%s%s", (int)(host + 5 - url), url, r.dir, host + 5 + strlen(r.to));
	hk_db *own = hk_db_open(through, &error);
	if (!ok(own != NULL, "a connection through a relay")) {
		tap_diag("%s", error->message);
		exit(1);
	}
	set(db, "n", "20", NULL);
	ok(hk_db_begin(own, true, NULL) && set(own, "n", "21", NULL), "a transaction");
	__atomic_store_n(&r.armed, 1, __ATOMIC_SEQ_CST);
	/* Disarmed by itself: only the first COMMIT is unheard; a new connection sends none. */
	ok(hk_db_commit(own, &error), "its commit was done, though the answer is lost");
	if (error) {
		tap_diag("%s", error->message);
	}
	__atomic_store_n(&r.armed, 0, __ATOMIC_SEQ_CST);
	is_int(number(db, "n"), 21, "as can be seen");
	ok(add_one(own, "n", NULL), "and it goes on");
	is_int(number(db, "n"), 22, "from there");
	hk_db_close(own);

	shutdown(r.fd, SHUT_RDWR);
	pthread_join(thread, NULL);
	close(r.fd);
	g_autofree char *path = g_build_filename(r.dir, ".s.PGSQL.5432", NULL);
	unlink(path);
	rmdir(r.dir);
	g_free(r.dir);
	g_free(r.to);
}

/* Who is refused because others hold all connections waits; it is no wrong setting, which would end the house. */
static void
full(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GString) url = g_string_new(hk_test_db_url());

	if (g_string_replace(url, "user=postgres", "user=hikeshi_full", 1) == 0) {
		return; /* not the server of tests/pgsql.sh */
	}
	bool good = hk_db_exec(db, HK_SQL("CREATE ROLE hikeshi_full LOGIN CONNECTION LIMIT 0"),
		HK_NO_ARGS, NULL, &error);
	ok(good, "a role without connections: %s", error ? error->message : "");
	g_clear_error(&error);
	hk_db *none = hk_db_open(url->str, &error);
	ok(!none, "is not let in");
	is_int(hk_error_code(error), HK_EAGAIN, "it may come again");
	hk_db_close(none);
	hk_db_exec(db, HK_SQL("DROP ROLE hikeshi_full"), HK_NO_ARGS, NULL, NULL);
}

int
main(void)
{
	db = hk_test_db();
	snapshots();
	waiting();
	hk_db_close(db); /* a connection is not taken through fork */
	db = NULL;
	db = another();
	set(db, "turns", "0", NULL);
	turns();
	fairness();
	killed();
	altered();
	if (hk_test_db_pgsql()) {
		lost();
		deadlock();
		commit_unheard();
		full();
	}
	hk_db_close(db);
	return tap_done();
}
