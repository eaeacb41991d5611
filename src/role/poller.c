/* nocheck: tested in tests/scenario/roles.t */
#include "role/poller.h"

#include "store/workers.h"
#include "sys/gerr.h"
#include "sys/log.h"
#include "sys/stop.h"

/* How often a process that is not the first looks whether it has become so; and after the database was away. */
#define AGAIN_MS 10000

struct hk_poller {
	const hk_opts *opts; /* borrowed */
	char *owner;
	hk_polled polled;
	GThread *thread;
};

typedef struct house {
	hk_db *db;
	hk_flow *flow;
} house;

static void
leave(house *h)
{
	g_clear_pointer(&h->flow, hk_flow_free);
	g_clear_pointer(&h->db, hk_db_close);
}

static bool
enter(const hk_poller *p, house *h, GError **error)
{
	if (h->flow) {
		return true;
	}
	h->db = hk_db_open(hk_opts_str(p->opts, HK_OPT_DATABASE), error);
	h->flow = h->db ? hk_flow_new(h->db, hk_opts_str(p->opts, HK_OPT_AUDIT_KEY), error) : NULL;
	if (!h->flow) {
		leave(h);
	}
	return h->flow != NULL;
}

/* One look, if it is ours to do; returns how long to wait. */
static int64_t
turn(const hk_poller *p, house *h)
{
	const hk_polled *polled = &p->polled;
	g_autoptr(GError) error = NULL;
	uint64_t fresh = 0;
	bool first = false;

	if (!enter(p, h, &error) ||
		!hk_workers_is_first(h->db, "watch", p->owner, &first, &error)) {
		hk_log(HK_EVENT_STORE_AWAY, HK_F_STR("reason", error->message));
		leave(h);
		return AGAIN_MS;
	}
	if (!first) {
		return AGAIN_MS;
	}
	if (!polled->poll(polled->source, h->flow, &fresh, &error)) {
		hk_flow_rollback(h->flow);
		hk_log(HK_EVENT_SOURCE_FAILED, HK_F_STR("source", polled->name),
			HK_F_STR("reason", error->message));
		leave(h);
	}
	if (fresh > 0) {
		hk_log(HK_EVENT_SOURCE_NEW, HK_F_STR("source", polled->name),
			HK_F_INT("sightings", fresh));
	}
	return MAX(polled->next_ms(polled->source), 100);
}

static gpointer
run(gpointer data)
{
	const hk_poller *p = data;
	house h = {0};

	while (!hk_stop_asked()) {
		int64_t left = turn(p, &h);
		/* In pieces: the wake-up of one thread must not be another's. */
		for (; left > 0 && !hk_stop_asked(); left -= 200) {
			g_usleep((gulong)MIN(left, 200) * 1000);
		}
	}
	leave(&h);
	return NULL;
}

hk_poller *
hk_poller_start(const hk_opts *opts, const char *owner, const hk_polled *polled)
{
	hk_poller *p = g_new0(hk_poller, 1);

	p->opts = opts;
	p->owner = g_strdup(owner);
	p->polled = *polled;
	p->thread = g_thread_new("poller", run, p);
	return p;
}

void
hk_poller_join(hk_poller *p)
{
	g_thread_join(p->thread);
	p->polled.free(p->polled.source);
	g_free(p->owner);
	g_free(p);
}
