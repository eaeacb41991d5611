/* tests/channel_rig: every HTTP channel against the vendors of the range, on loopback: what report/send does, without its database. */
#ifndef HK_TESTS_CHANNEL_RIG_H
#define HK_TESTS_CHANNEL_RIG_H

#include "report/channel_conf.h"
#include "report/post.h"
#include "vendors.h"

typedef struct rig {
	rg_vendors *vendors;
	char *dir;        /* of the channels' files */
	GPtrArray *confs; /* hk_channel_conf, of all vendors of the range */
	hk_post *post;
	int64_t ahead_ms; /* how far the vendors' clock is ahead */
	bool spare;       /* the next request is not waited for long */
} rig;

/* How a report fared. */
typedef enum rig_end { RIG_TAKEN, RIG_REFUSED, RIG_UNSURE, RIG_STUCK } rig_end;

typedef struct rig_fate {
	rig_end end;
	int sends, finds;  /* requests */
	hk_told_how first; /* what the first answer meant */
	int64_t again_ms;  /* and when it said to come back; -1: it did not */
	char *why;         /* of the first answer */
	char *remote_id;
	int64_t sent_ms; /* as if the clock had gone on here, too */
	int hooks;       /* times that the last byte was about to leave */
} rig_fate;
void rig_fate_clear(rig_fate *fate);

/* rig_open(r): ends the program when it cannot. */
void rig_open(rig *r);
void rig_close(rig *r);

/* rig_brief(conf): a brief that the channel takes: of as many sites as it may speak of at once, n at most. */
hk_brief *rig_brief(const hk_channel_conf *conf, unsigned n);

/* rig_advance(r, ms): the vendors' clock goes on: nobody sleeps. */
void rig_advance(rig *r, int64_t ms);

/* rig_deliver(r, conf, brief, token, ret): until it is taken, refused, or nobody knows. What is closed is mended (the vendor's fault taken back) and sent again. */
void rig_deliver(rig *r, const hk_channel_conf *conf, const hk_brief *brief, const char *token,
	rig_fate *ret);

/* rig_ask(r, conf, ask, answer): sends any request. */
bool rig_ask(rig *r, const hk_channel_conf *conf, const hk_channel_ask *ask, hk_post_answer *ret);

/* rig_poll(r, conf, url, token, fate, ret): asks once how it is; finds its number first, if that is not known. */
bool rig_poll(rig *r, const hk_channel_conf *conf, const char *url, const char *token,
	const rig_fate *fate, const char *remote_state, hk_told *ret);

#endif
