#include "web/pool.h"

#include <string.h>

#include "sys/gerr.h"

struct hk_pool {
	GMutex mutex;
	GCond work;         /* a job may have become runnable, or the end has come */
	GCond begun;        /* a thread has started, or failed to */
	GPtrArray *waiting; /* hk_job *, oldest first */
	GPtrArray *running; /* hk_job * */
	GPtrArray *threads;
	unsigned wanted;
	unsigned ready;
	unsigned class_running[HK_POOL_CLASSES];
	bool ending;
	hk_pool_start start;
	hk_pool_stop stop;
	void *user;
	GError *error; /* the first thread's that could not start */
};

static unsigned
count_of(const GPtrArray *jobs, const char *client)
{
	unsigned n = 0;

	for (guint i = 0; i < jobs->len; i++) {
		n += strcmp(((const hk_job *)jobs->pdata[i])->client, client) == 0;
	}
	return n;
}

static bool
may_run(hk_pool *pool, const hk_job *job)
{
	for (unsigned c = 0; c < HK_POOL_CLASSES; c++) {
		if ((job->classes >> c & 1) && pool->class_running[c] >= MAX(1, pool->wanted / 2)) {
			return false;
		}
	}
	return pool->wanted == 1 || count_of(pool->running, job->client) < pool->wanted - 1;
}

static hk_job *
take(hk_pool *pool)
{
	for (guint i = 0; i < pool->waiting->len; i++) {
		if (may_run(pool, pool->waiting->pdata[i])) {
			return g_ptr_array_remove_index(pool->waiting, i);
		}
	}
	return NULL;
}

static void
mark(hk_pool *pool, hk_job *job, unsigned classes, bool running)
{
	for (unsigned c = 0; c < HK_POOL_CLASSES; c++) {
		if (classes >> c & 1) {
			pool->class_running[c] += running ? 1 : -1u;
		}
	}
	if (running) {
		g_ptr_array_add(pool->running, job);
	} else {
		g_ptr_array_remove_fast(pool->running, job);
	}
}

static void *
work(void *data)
{
	hk_pool *pool = data;
	GError *error = NULL;
	void *thread = pool->start(pool->user, &error);

	g_mutex_lock(&pool->mutex);
	pool->ready++;
	if (!thread) {
		if (pool->error) {
			g_clear_error(&error);
		} else {
			pool->error = error;
		}
		pool->ending = true;
		g_cond_broadcast(&pool->work);
	}
	g_cond_signal(&pool->begun);
	while (thread && (!pool->ending || pool->waiting->len > 0)) {
		hk_job *job = take(pool);
		if (!job) {
			g_cond_wait(&pool->work, &pool->mutex);
			continue;
		}
		/* The job's memory, its client too, is gone once it has run: keep what is needed until then. */
		hk_job copy = *job;
		g_autofree char *client = g_strdup(job->client);
		copy.client = client;
		mark(pool, &copy, copy.classes, true);
		g_mutex_unlock(&pool->mutex);
		copy.run(job, thread);
		g_mutex_lock(&pool->mutex);
		mark(pool, &copy, copy.classes, false);
		g_cond_broadcast(&pool->work);
	}
	g_mutex_unlock(&pool->mutex);
	if (thread) {
		pool->stop(thread);
	}
	return NULL;
}

hk_pool *
hk_pool_new(unsigned threads, hk_pool_start start, hk_pool_stop stop, void *user, GError **error)
{
	g_autoptr(hk_pool) pool = g_new0(hk_pool, 1);

	g_mutex_init(&pool->mutex);
	g_cond_init(&pool->work);
	g_cond_init(&pool->begun);
	pool->waiting = g_ptr_array_new();
	pool->running = g_ptr_array_new();
	pool->threads = g_ptr_array_new();
	pool->wanted = threads;
	pool->start = start;
	pool->stop = stop;
	pool->user = user;
	for (unsigned i = 0; i < threads; i++) {
		g_ptr_array_add(pool->threads, g_thread_new("web-pool", work, pool));
	}
	g_mutex_lock(&pool->mutex);
	while (pool->ready < threads) {
		g_cond_wait(&pool->begun, &pool->mutex);
	}
	GError *why = g_steal_pointer(&pool->error);
	g_mutex_unlock(&pool->mutex);
	if (why) {
		g_propagate_error(error, why);
		return NULL;
	}
	return g_steal_pointer(&pool);
}

bool
hk_pool_push(hk_pool *pool, hk_job *job)
{
	bool taken;

	g_mutex_lock(&pool->mutex);
	taken = !pool->ending && pool->waiting->len < HK_POOL_QUEUE_MAX &&
		count_of(pool->waiting, job->client) < HK_POOL_QUEUE_CLIENT_MAX;
	if (taken) {
		g_ptr_array_add(pool->waiting, job);
		g_cond_signal(&pool->work);
	}
	g_mutex_unlock(&pool->mutex);
	return taken;
}

size_t
hk_pool_busy(hk_pool *pool)
{
	g_mutex_lock(&pool->mutex);
	size_t busy = pool->waiting->len + pool->running->len;
	g_mutex_unlock(&pool->mutex);
	return busy;
}

void
hk_pool_free(hk_pool *pool)
{
	if (!pool) {
		return;
	}
	g_mutex_lock(&pool->mutex);
	pool->ending = true;
	g_cond_broadcast(&pool->work);
	g_mutex_unlock(&pool->mutex);
	for (guint i = 0; i < pool->threads->len; i++) {
		g_thread_join(pool->threads->pdata[i]);
	}
	g_ptr_array_unref(pool->threads);
	g_ptr_array_unref(pool->waiting);
	g_ptr_array_unref(pool->running);
	g_clear_error(&pool->error);
	g_mutex_clear(&pool->mutex);
	g_cond_clear(&pool->work);
	g_cond_clear(&pool->begun);
	g_free(pool);
}
