/* nocheck: tested in tests/scenario/roles.t. hikeshi serve: the roles as child processes. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "role/role.h"
#include "store/migrate.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/log.h"
#include "sys/stop.h"

/* A child that ran this long was well: its next wait is the first again. */
#define WELL_MS       60000
#define FIRST_WAIT_MS 1000
#define LAST_WAIT_MS  60000
/* Children get this long to end before they are killed: a lost lease costs less than a hanging stop. */
#define GRACE_MS 20000

typedef struct child {
	const char *name;
	bool (*run)(const hk_opts *opts, GError **error);
	bool works; /* has leases of jobs */
	pid_t pid;  /* 0: not running */
	int64_t started_ms, not_before_ms;
	int64_t wait_ms;
} child;

typedef struct serving {
	const hk_opts *opts;
	GArray *children; /* of child */
	GArray *dead;    /* of pid_t: ended without a word, and the database does not know it yet */
	int64_t tell_ms; /* not before */
	int refused;     /* sysexits code of a child that cannot ever run; 0: none */
} serving;

/* In the child. Forked, not executed: it is the same program with the same options. */
static void
become(const serving *s, const child *c, pid_t parent)
{
	g_autoptr(GError) error = NULL;
	int status = EX_OK;

	hk_stop_end();
	prctl(PR_SET_NAME, c->name);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent) {
		_exit(EX_OK); /* the parent died before the line above */
	}
	if (!c->run(s->opts, &error)) {
		status = hk_err_exit(hk_error_code(error));
		fprintf(stderr, "hikeshi %s: %s\n", c->name, error->message);
	}
	exit(status);
}

static void
start(serving *s, child *c, int64_t now_ms)
{
	pid_t parent = getpid();

	c->started_ms = now_ms;
	c->pid = fork();
	if (c->pid == 0) {
		become(s, c, parent);
	}
	if (c->pid < 0) {
		c->pid = 0;
		c->not_before_ms = now_ms + FIRST_WAIT_MS;
		return;
	}
	hk_log(HK_EVENT_ROLE_STARTED, HK_F_STR("role", c->name), HK_F_INT("pid", c->pid));
}

static void
ended(serving *s, child *c, int status, int64_t now_ms)
{
	bool well = now_ms - c->started_ms >= WELL_MS;
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);

	c->wait_ms = well || c->wait_ms == 0 ? FIRST_WAIT_MS
					     : MIN(2 * c->wait_ms, (int64_t)LAST_WAIT_MS);
	c->not_before_ms = now_ms + c->wait_ms;
	if (code != EX_OK && c->works) {
		g_array_append_val(s->dead, c->pid);
	}
	c->pid = 0;
	if (hk_stop_asked()) {
		return;
	}
	hk_log(HK_EVENT_ROLE_ENDED, HK_F_STR("role", c->name), HK_F_INT("status", code),
		HK_F_INT("wait_ms", c->wait_ms));
	if (code == EX_USAGE || code == EX_CONFIG) {
		s->refused = code;
	}
}

/* What the dead had leased is anybody's, as soon as the database is there. */
static void
tell_dead(serving *s, int64_t now_ms)
{
	while (s->dead->len > 0 && now_ms >= s->tell_ms) {
		if (hk_role_died(s->opts, "work", g_array_index(s->dead, pid_t, 0))) {
			g_array_remove_index(s->dead, 0);
		} else {
			s->tell_ms = now_ms + FIRST_WAIT_MS;
		}
	}
}

static void
reap(serving *s)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (unsigned i = 0; i < s->children->len; i++) {
			child *c = &g_array_index(s->children, child, i);
			if (c->pid == pid) {
				ended(s, c, status, hk_clock_mono_ms());
			}
		}
	}
}

/* Whether any child is left. */
static bool
signal_all(const serving *s, int number)
{
	bool any = false;

	for (unsigned i = 0; i < s->children->len; i++) {
		const child *c = &g_array_index(s->children, child, i);
		if (c->pid > 0) {
			any = true;
			if (number > 0) {
				kill(c->pid, number);
			}
		}
	}
	return any;
}

static void
stop_all(serving *s)
{
	int64_t until = hk_clock_mono_ms() + GRACE_MS;

	signal_all(s, SIGTERM);
	hk_stop_ask();
	while (signal_all(s, 0) && hk_clock_mono_ms() < until) {
		g_usleep(20 * 1000);
		reap(s);
	}
	if (signal_all(s, SIGKILL)) {
		g_usleep(100 * 1000);
		reap(s);
	}
}

static void
add(serving *s, const char *name, bool (*run)(const hk_opts *, GError **), bool works)
{
	child c = {.name = name, .run = run, .works = works};

	g_array_append_val(s->children, c);
}

static bool
run_work(const hk_opts *opts, GError **error)
{
	return hk_role_work_pools(opts, (const char *const[]){"work", NULL}, error);
}

static bool
run_capture(const hk_opts *opts, GError **error)
{
	return hk_role_work_pools(opts, (const char *const[]){"capture", NULL}, error);
}

static bool
run_look(const hk_opts *opts, GError **error)
{
	return hk_role_work_pools(opts, (const char *const[]){"look", NULL}, error);
}

static bool
run_hops(const hk_opts *opts, GError **error)
{
	return hk_role_work_pools(opts, (const char *const[]){"hops", NULL}, error);
}

static bool
run_send(const hk_opts *opts, GError **error)
{
	return hk_role_work_pools(opts, (const char *const[]){"send", NULL}, error);
}

static bool
run_monitor(const hk_opts *opts, GError **error)
{
	return hk_role_work_pools(opts, (const char *const[]){"monitor", NULL}, error);
}

static bool
run_chat(const hk_opts *opts, GError **error)
{
	return hk_role_work_pools(opts, (const char *const[]){"chat", NULL}, error);
}

bool
hk_role_serve(const hk_opts *opts, GError **error)
{
	serving s = {.opts = opts};
	/* What would end every child is said once, here. */
	g_autoptr(hk_db) db = hk_db_open(hk_opts_str(opts, HK_OPT_DATABASE), error);

	if (!db || !hk_schema_check(db, error)) {
		return false;
	}
	g_clear_pointer(&db, hk_db_close);
	if (!hk_stop_begin(error)) {
		return false;
	}
	s.children = g_array_new(FALSE, TRUE, sizeof(child));
	s.dead = g_array_new(FALSE, TRUE, sizeof(pid_t));
	add(&s, "web", hk_role_web, false);
	for (int64_t i = 0; i < hk_opts_int(opts, HK_OPT_WORKERS); i++) {
		add(&s, "work", run_work, true);
	}
	add(&s, "capture", run_capture, true);
	add(&s, "look", run_look, true);
	add(&s, "hops", run_hops, true);
	for (int64_t i = 0; i < hk_opts_int(opts, HK_OPT_SEND_WORKERS); i++) {
		add(&s, "send", run_send, true);
	}
	add(&s, "monitor", run_monitor, true);
	add(&s, "chat", run_chat, true);
	add(&s, "watch", hk_role_watch, false);
	while (!hk_stop_asked() && s.refused == 0) {
		int64_t now_ms = hk_clock_mono_ms();
		for (unsigned i = 0; i < s.children->len; i++) {
			child *c = &g_array_index(s.children, child, i);
			if (c->pid == 0 && now_ms >= c->not_before_ms) {
				start(&s, c, now_ms);
			}
		}
		/* A dead child is noticed within this; SIGCHLD would save nothing worth its races. */
		hk_stop_wait(200);
		hk_stop_clear();
		if (hk_stop_reload()) {
			signal_all(&s, SIGHUP);
		}
		reap(&s);
		tell_dead(&s, hk_clock_mono_ms());
	}
	stop_all(&s);
	tell_dead(&s, hk_clock_mono_ms());
	g_array_unref(s.children);
	g_array_unref(s.dead);
	hk_stop_end();
	if (s.refused != 0) {
		return hk_error_set(error, s.refused == EX_USAGE ? HK_EUSAGE : HK_ECONFIG,
			"a role cannot run with these options; its message is above");
	}
	return true;
}
