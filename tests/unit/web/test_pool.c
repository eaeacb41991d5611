/* The pool: all is done, one client does not have all threads, classes have their half, the queue ends somewhere. */
#include <stdio.h>
#include <string.h>

#include "sys/gerr.h"
#include "tap.h"
#include "web/pool.h"

typedef struct work {
	hk_job job;
	char client[16];
} work;

static GMutex mutex;
static GCond cond;
static unsigned running, most, done;
static bool gate;

static void *
start(void *user, GError **error)
{
	(void)error;
	return user;
}

static void
stop(void *thread)
{
	(void)thread;
}

static void
run(hk_job *job, void *thread)
{
	(void)thread;
	g_mutex_lock(&mutex);
	running++;
	most = MAX(most, running);
	while (!gate) {
		g_cond_wait(&cond, &mutex);
	}
	running--;
	done++;
	g_cond_broadcast(&cond);
	g_mutex_unlock(&mutex);
	g_free(job);
}

static work *
new_work(const char *client, unsigned classes)
{
	work *w = g_new0(work, 1);

	g_snprintf(w->client, sizeof w->client, "%s", client);
	w->job = (hk_job){.run = run, .client = w->client, .classes = classes};
	return w;
}

/* Waits until so many run, or not a second more. */
static unsigned
settle(unsigned wanted)
{
	gint64 end = g_get_monotonic_time() + 5000000;

	g_mutex_lock(&mutex);
	while (running < wanted && g_get_monotonic_time() < end) {
		g_mutex_unlock(&mutex);
		g_usleep(2000);
		g_mutex_lock(&mutex);
	}
	g_mutex_unlock(&mutex);
	g_usleep(50000); /* whoever runs beyond that would run by now */
	g_mutex_lock(&mutex);
	unsigned now = running;
	g_mutex_unlock(&mutex);
	return now;
}

static void
let_go(hk_pool *pool)
{
	g_mutex_lock(&mutex);
	gate = true;
	g_cond_broadcast(&cond);
	g_mutex_unlock(&mutex);
	while (hk_pool_busy(pool) > 0) {
		g_usleep(1000);
	}
	gate = false;
}

static void *
never(void *user, GError **error)
{
	(void)user;
	hk_error_set(error, HK_ECONFIG, "no database");
	return NULL;
}

int
main(void)
{
	static int something;
	g_autoptr(GError) error = NULL;
	unsigned taken = 0;

	g_autoptr(hk_pool) pool = hk_pool_new(4, start, stop, &something, &error);
	ok(pool != NULL, "a pool of four");
	for (int i = 0; i < 10; i++) {
		hk_pool_push(pool, &new_work("one", 0)->job);
	}
	is_int(settle(3), 3, "of one client three run at a time");
	hk_pool_push(pool, &new_work("two", 0)->job);
	is_int(settle(4), 4, "the fourth thread is for another");
	let_go(pool);
	is_int(done, 11, "all were done");

	done = 0;
	for (int i = 0; i < 4; i++) {
		hk_pool_push(pool, &new_work(i % 2 ? "a" : "b", 1)->job);
	}
	is_int(settle(2), 2, "of one class two run at a time");
	hk_pool_push(pool, &new_work("c", 0)->job);
	is_int(settle(3), 3, "others overtake them");
	let_go(pool);
	is_int(done, 5, "all were done");

	for (int i = 0; i < 2 * HK_POOL_QUEUE_CLIENT_MAX; i++) {
		work *w = new_work("flood", 0);
		if (hk_pool_push(pool, &w->job)) {
			taken++;
		} else {
			g_free(w);
		}
	}
	ok(taken >= HK_POOL_QUEUE_CLIENT_MAX && taken <= HK_POOL_QUEUE_CLIENT_MAX + 3,
		"a client's queue ends: %u", taken);
	ok(hk_pool_push(pool, &new_work("calm", 0)->job), "another's does not");
	let_go(pool);

	ok(!hk_pool_new(3, never, stop, NULL, &error), "a thread that cannot start ends all");
	is_int(hk_error_code(error), HK_ECONFIG, "with its error");
	return tap_done();
}
