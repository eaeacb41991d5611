/* web/pool: a few threads that do requests, fairly. Layer: web.
 *
 * Jobs are taken in the order in which they came, but: of one client at most threads - 1 run at a time, so that nobody has the whole
 * pool; of each class at most half of the threads. The queue is bounded: what does not fit is refused at once, not later. */
#ifndef HK_WEB_POOL_H
#define HK_WEB_POOL_H

#include <stdbool.h>
#include <stddef.h>

#include <glib.h>

enum {
	HK_POOL_QUEUE_MAX = 1024,       /* jobs that wait */
	HK_POOL_QUEUE_CLIENT_MAX = 128, /* of one client */
	HK_POOL_CLASSES = 2,            /* bits of hk_job.classes */
};

typedef struct hk_pool hk_pool;

/* A job, in the caller's memory until run has been called. */
typedef struct hk_job {
	void (*run)(struct hk_job *job, void *thread); /* thread: what start made */
	const char *client;                            /* whom it is for; borrowed */
	unsigned classes;                              /* 1: hashing, 2: long */
} hk_job;

/* hk_pool_new(threads, start, stop, user, error): starts the threads; each calls start(user, error) first and keeps what it returns; NULL there
 * is an error, which ends all and is returned. stop(thread state) ends it. */
typedef void *(*hk_pool_start)(void *user, GError **error);
typedef void (*hk_pool_stop)(void *thread);
hk_pool *hk_pool_new(
	unsigned threads, hk_pool_start start, hk_pool_stop stop, void *user, GError **error);

/* hk_pool_push(pool, job): false: the queue is full, or the pool is ending. Any thread. */
bool hk_pool_push(hk_pool *pool, hk_job *job);

/* hk_pool_busy(pool): jobs that wait or run. */
size_t hk_pool_busy(hk_pool *pool);

/* hk_pool_free(pool): takes no more, does all that wait, ends the threads. Accepts NULL. */
void hk_pool_free(hk_pool *pool);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_pool, hk_pool_free)

#endif
