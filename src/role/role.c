/* nocheck: tested in tests/scenario/roles.t */
#include "role/role.h"

#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "store/jobs.h"
#include "store/looks.h"
#include "store/migrate.h"
#include "store/watches.h"
#include "store/workers.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/jsonw.h"
#include "sys/log.h"
#include "sys/stop.h"

#define BEAT_MS 10000

struct hk_role_beat {
	char *name, *database;
	const char *kind;
	int64_t started_ms;
	GMutex lock;
	GCond cond;
	bool end; /* under lock */
	GThread *thread;
};

/* Resident memory in bytes, from /proc/self/statm (proc(5): second number, pages). */
static int64_t
memory(void)
{
	g_autoptr(GBytes) bytes = hk_file_read("/proc/self/statm", 4096, NULL);
	gsize len = 0;
	const char *text = bytes ? g_bytes_get_data(bytes, &len) : NULL;
	const char *blank = text ? memchr(text, ' ', len) : NULL;

	const char *end = blank ? memchr(blank + 1, ' ', len - (size_t)(blank + 1 - text)) : NULL;
	uint64_t pages;

	return end && hk_parse_u64(hk_span_of(blank + 1, (size_t)(end - blank - 1)), INT32_MAX,
			      &pages) == HK_OK
		       ? (int64_t)pages * sysconf(_SC_PAGESIZE)
		       : 0;
}

static void
beat(hk_role_beat *b, hk_db *db)
{
	g_autoptr(GString) data = g_string_new(NULL);
	g_autoptr(GError) error = NULL;

	hk_jsonw_open(data, '{');
	hk_jsonw_key(data, "host");
	hk_jsonw_str(data, g_get_host_name());
	hk_jsonw_key(data, "pid");
	hk_jsonw_int(data, getpid());
	hk_jsonw_key(data, "version");
	hk_jsonw_str(data, HK_VERSION);
	hk_jsonw_key(data, "rss");
	hk_jsonw_int(data, memory());
	hk_jsonw_close(data, '}');
	if (!hk_db_begin(db, true, &error) ||
		!hk_workers_seen(db, b->name, b->kind, b->started_ms, hk_clock_wall_ms(), data->str,
			&error) ||
		!hk_db_commit(db, &error)) {
		hk_db_rollback(db);
		hk_log(HK_EVENT_STORE_AWAY, HK_F_STR("reason", error->message));
	}
}

static void
leave(hk_role_beat *b, hk_db *db)
{
	if (!hk_db_begin(db, true, NULL) || !hk_workers_left(db, b->name, NULL) ||
		!hk_db_commit(db, NULL)) {
		hk_db_rollback(db); /* it is swept when it is old */
	}
}

static gpointer
beat_run(gpointer data)
{
	hk_role_beat *b = data;
	g_autoptr(hk_db) db = NULL;

	g_mutex_lock(&b->lock);
	while (!b->end) {
		int64_t until = g_get_monotonic_time() + BEAT_MS * G_TIME_SPAN_MILLISECOND;
		g_mutex_unlock(&b->lock);
		if (!db) {
			db = hk_db_open(b->database, NULL);
		}
		if (db) {
			beat(b, db);
		}
		g_mutex_lock(&b->lock);
		while (!b->end && g_cond_wait_until(&b->cond, &b->lock, until)) {
		}
	}
	g_mutex_unlock(&b->lock);
	if (db) {
		leave(b, db);
	}
	return NULL;
}

hk_role_beat *
hk_role_beat_start(const hk_opts *opts, const char *kind, const char *id, GError **error)
{
	hk_role_beat *b = g_new0(hk_role_beat, 1);
	g_autoptr(hk_db) db = hk_db_open(hk_opts_str(opts, HK_OPT_DATABASE), error);

	if (!db || !hk_schema_check(db, error)) {
		g_free(b);
		return NULL;
	}
	g_autofree char *random = g_strdup_printf("%d-%08x", (int)getpid(), g_random_int());
	b->name = g_strdup_printf("%s-%s-%s", kind, g_get_host_name(), id ? id : random);
	b->database = g_strdup(hk_opts_str(opts, HK_OPT_DATABASE));
	b->kind = kind;
	b->started_ms = hk_clock_wall_ms();
	g_mutex_init(&b->lock);
	g_cond_init(&b->cond);
	/* The first time here, so that others count this process from the start. */
	beat(b, db);
	b->thread = g_thread_new("beat", beat_run, b);
	return b;
}

void
hk_role_beat_stop(hk_role_beat *b)
{
	if (!b) {
		return;
	}
	g_mutex_lock(&b->lock);
	b->end = true;
	g_cond_signal(&b->cond);
	g_mutex_unlock(&b->lock);
	g_thread_join(b->thread);
	g_mutex_clear(&b->lock);
	g_cond_clear(&b->cond);
	g_free(b->name);
	g_free(b->database);
	g_free(b);
}

const char *
hk_role_beat_name(const hk_role_beat *b)
{
	return b->name;
}

bool
hk_role_open(const hk_opts *opts, const char *kind, const char *id, hk_role *ret, GError **error)
{
	hk_role role = {0};

	hk_file_init();
	if (!hk_stop_begin(error)) {
		return false;
	}
	role.db = hk_db_open(hk_opts_str(opts, HK_OPT_DATABASE), error);
	if (role.db && hk_schema_check(role.db, error)) {
		role.flow = hk_flow_new(role.db, hk_opts_str(opts, HK_OPT_AUDIT_KEY), error);
	}
	role.beat = role.flow ? hk_role_beat_start(opts, kind, id, error) : NULL;
	if (!role.beat) {
		hk_role_close(&role);
		return false;
	}
	role.name = role.beat->name;
	*ret = role;
	return true;
}

void
hk_role_close(hk_role *role)
{
	hk_flow_free(role->flow);
	hk_role_beat_stop(role->beat);
	hk_db_close(role->db);
	hk_stop_end();
}

bool
hk_role_died(const hk_opts *opts, const char *kind, pid_t pid)
{
	/* As hk_role_beat_start() makes it, but for the random part. */
	g_autofree char *names = g_strdup_printf("%s-%s-%d-", kind, g_get_host_name(), (int)pid);
	g_autoptr(GError) error = NULL;
	g_autoptr(hk_db) db = hk_db_open(hk_opts_str(opts, HK_OPT_DATABASE), &error);

	if (!db || !hk_db_begin(db, true, &error) || !hk_jobs_abandon(db, names, NULL, &error) ||
		!hk_looks_abandon(db, names, &error) || !hk_watches_abandon(db, names, &error) ||
		!hk_workers_died(db, names, &error) || !hk_db_commit(db, &error)) {
		hk_log(HK_EVENT_STORE_AWAY, HK_F_STR("reason", error->message));
		return false;
	}
	return true;
}
