/* role/monitor_int: between monitor.c (turns, storing, the command) and monitor_check.c (one check). Layer: role. */
#ifndef HK_ROLE_MONITOR_INT_H
#define HK_ROLE_MONITOR_INT_H

#include "flow/monitor.h"
#include "monitor/control.h"
#include "monitor/life.h"
#include "role/monitor.h"
#include "role/visit.h"
#include "sys/dns.h"

/* One check on its way. */
typedef struct hk_watching {
	hk_monitor *monitor;
	hk_watch_row *row; /* owned */
	GPtrArray *urls;   /* owned texts; none: the front page of row->host */
	GPtrArray *hosts;  /* owned texts, NULL at the end */
	hk_watch_facts facts;
	hk_prints prints;
	hk_memory memory;
	hk_check check;
	hk_life life;
	bool renewed, learned;
	bool all;                              /* every visitor, whoever sees it (the command) */
	size_t pending;                        /* visits under way, or being read */
	bool named;                            /* the DNS was asked */
	bool lame;                             /* ... and gave no answer that can be believed */
	const char *dns;                       /* static: its word, or "" */
	char *final_host[HK_CHECK_VISITS_MAX]; /* owned: by visit */
	uint8_t leaf[32];                      /* of the last visit by TLS; zero: none */
	/* What came of it. */
	hk_seen seen;
	hk_life_step step;
} hk_watching;

struct hk_monitor {
	hk_visitnet *net;
	GPtrArray *exits; /* owned names, NULL at the end; "direct" is one, too */
	unsigned exit_count, in_flight;
	char *canary, *who;
	hk_places *places;
	hk_control ways[HK_CHECK_EXITS_MAX];
	int64_t canary_ms;         /* mono: when it was last asked for */
	GHashTable *runs;          /* int64_t case -> hk_watching, owned */
	GPtrArray *ready;          /* of hk_outing, owned: answered, not judged yet */
	GPtrArray *over;           /* of hk_watching, borrowed from runs: decided, not stored yet */
	int64_t ready_ms, over_ms; /* mono: when the first of them was */
	GThreadPool *namers;
	GAsyncQueue *names; /* of answers of the DNS */
	unsigned asked;     /* questions to it that are on their way */
	hk_flow *flow;      /* of the last turn; borrowed */
	char *owner;        /* of the leases; NULL: there are none */
};

/* hk_watching_new(monitor, row, db, error): row is taken. What is known of the case is read from db (NULL: nothing). */
hk_watching *hk_watching_new(hk_monitor *monitor, hk_watch_row *row, hk_db *db, GError **error);
void hk_watching_free(hk_watching *watching);

/* hk_watching_go(watching, error): starts the visits that are to be made next; when there are none left, decides, and puts it into monitor->over. */
bool hk_watching_go(hk_watching *watching, GError **error);

/* hk_monitor_answered(user, outing): what hk_visitnet calls. hk_monitor_flush(monitor, error): judges all that is ready. hk_monitor_named(monitor, error): takes what the DNS said. */
void hk_monitor_answered(void *user, hk_outing *outing);
bool hk_monitor_flush(hk_monitor *monitor, GError **error);
bool hk_monitor_named(hk_monitor *monitor, GError **error);
void hk_monitor_namer(gpointer question, gpointer user);

/* hk_watching_signals(watching, out): what observations compare, as JSON. hk_watching_why(watching): a sentence; caller frees. */
void hk_watching_signals(const hk_watching *watching, GString *out);
char *hk_watching_why(const hk_watching *watching);

#endif
