/* nocheck: tested in tests/scenario/lookups.t. Stage "lookup": whether watched sites are listed, by the channels that are only asked (HK_WAY_LOOKUP).
 *
 * One job for all. It goes through the watches from the newest to the oldest, for each channel on its own, as fast as the channel's pace allows, and begins
 * anew when it is through; what nobody has asked about yet comes first. A question has no effect, so a crash costs a question. */
#include <string.h>

#include "flow/monitor.h"
#include "flow/victim.h"
#include "report/channel_conf.h"
#include "report/crew_int.h"
#include "store/watches.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/log.h"
#include "sys/stop.h"

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS   (60 * MINUTE_MS)
#define DAY_MS    (24 * HOUR_MS)
/* How often a site is asked about: for a day, for a week, later or when there is hardly news to come. */
#define EARLY_MS (30 * MINUTE_MS)
#define WEEK_MS  (6 * HOUR_MS)
#define LATE_MS  DAY_MS
/* A turn; the wait when nothing is due; when no channel is enabled; a pass that found nothing is not made again before. */
#define TURN_MS 2000
#define IDLE_MS 10000
#define NONE_MS (10 * MINUTE_MS)
#define REST_MS MINUTE_MS
/* So long a turn waits for a channel's pace itself. */
#define SHORT_MS 150
/* After an answer that is none. */
#define AGAIN_MS MINUTE_MS

enum { NEWEST = 50, PAGE = 500 };

/* How far a channel has come. */
typedef struct walk {
	int64_t below_id; /* cases under that number come next; 0: from the newest */
	int64_t rest_ms;  /* mono: no pass before that */
	bool found;       /* in this pass */
} walk;

typedef struct looking {
	hk_crew *crew;
	const hk_channel_conf *conf;
	walk *walk;
	int64_t case_id; /* 0: none is due */
	char *url;
	int64_t wait_ms; /* until the channel's pace allows it */
	hk_told told;
	int64_t pause_ms;
} looking;

static void
looking_clear(looking *l)
{
	g_free(l->url);
	hk_told_clear(&l->told);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(looking, looking_clear)

/* ---- which one is next ---- */

static bool
is_due(const hk_watch_row *w, const char *vendor, int64_t now_ms, bool *ret_first)
{
	hk_monitor_listing said;

	*ret_first = !hk_monitor_listing_of(w->listings, vendor, &said);
	int64_t age_ms = now_ms - w->begun_ms;
	int64_t room_ms = said.listed || strcmp(w->case_state, "down") == 0 ? LATE_MS
			  : age_ms < DAY_MS                                 ? EARLY_MS
			  : age_ms < 7 * DAY_MS                             ? WEEK_MS
									    : LATE_MS;
	return *ret_first || now_ms - said.asked_ms >= room_ms;
}

static void
choose(looking *l, const hk_watch_row *w)
{
	g_autofree char *front = g_strdup_printf("https://%s/", w->host);

	l->case_id = w->case_id;
	/* Whoever is asked learns the URL. */
	l->url = hk_victim_without(w->url ? w->url : front);
}

/* Those that are new and were never asked about. */
static bool
find_new(looking *l, hk_db *db, int64_t now_ms, GError **error)
{
	g_autoptr(GPtrArray) rows = NULL;
	bool first;

	if (!hk_watches_below(db, 0, NEWEST, &rows, error)) {
		return false;
	}
	for (unsigned i = 0; i < rows->len && l->case_id == 0; i++) {
		const hk_watch_row *w = rows->pdata[i];
		if (is_due(w, l->conf->name, now_ms, &first) && first) {
			choose(l, w);
		}
	}
	return true;
}

/* One page of the pass; *ret_more: there may be others. */
static bool
find_page(looking *l, hk_db *db, int64_t now_ms, bool *ret_more, GError **error)
{
	g_autoptr(GPtrArray) rows = NULL;
	bool first;

	if (!hk_watches_below(db, l->walk->below_id, PAGE, &rows, error)) {
		return false;
	}
	for (unsigned i = 0; i < rows->len; i++) {
		const hk_watch_row *w = rows->pdata[i];
		l->walk->below_id = w->case_id;
		if (is_due(w, l->conf->name, now_ms, &first)) {
			l->walk->found = true;
			choose(l, w);
			return true;
		}
	}
	*ret_more = rows->len == PAGE;
	return true;
}

static bool
find_next(looking *l, hk_db *db, GError **error)
{
	int64_t now_ms = hk_clock_wall_ms(), mono_ms = hk_clock_mono_ms();
	bool more = true;

	if (!find_new(l, db, now_ms, error)) {
		return false;
	}
	while (l->case_id == 0 && more && mono_ms >= l->walk->rest_ms) {
		if (!find_page(l, db, now_ms, &more, error)) {
			return false;
		}
	}
	if (l->case_id == 0 && !more) {
		l->walk->rest_ms = l->walk->found ? 0 : mono_ms + REST_MS;
		l->walk->below_id = 0;
		l->walk->found = false;
	}
	return true;
}

/* ---- asking ---- */

static bool
take_turn(hk_flow *flow, void *user, GError **error)
{
	looking *l = user;
	g_auto(hk_channel_row) row = {0};
	int64_t gap_ms, day;

	hk_crew_gap(l->conf, &gap_ms, &day);
	if (!hk_channels_get(hk_flow_db(flow), l->conf->name, &row, error)) {
		return false;
	}
	if (strcmp(row.state, "open") != 0) {
		l->wait_ms = NONE_MS;
		return true;
	}
	return hk_channels_take(hk_flow_db(flow), l->conf->name, hk_flow_now(flow), gap_ms, day,
		&l->wait_ms, error);
}

static void
ask(looking *l)
{
	g_autoptr(hk_brief) brief = hk_brief_new();
	g_auto(hk_channel_ask) request = {0};
	g_auto(hk_post_answer) posted = {0};
	g_autoptr(GError) local = NULL;

	g_ptr_array_add(brief->sites, hk_brief_site_new(l->case_id, l->url, "", NULL, 0));
	if (!l->conf->channel->submit(l->conf, brief, "", &request, &local)) {
		l->told.how = HK_TOLD_REFUSED;
		l->told.why = g_strdup(local->message);
	} else if (hk_post_send(l->crew->asker, l->conf, &request, NULL, NULL, &posted, &local)) {
		l->conf->channel->submitted(l->conf, &posted.answer, &l->told);
		l->pause_ms = MAX(posted.answer.retry_after_ms, 0);
	} else {
		l->told.how = HK_TOLD_CLOSED; /* our own file is wrong */
		l->told.why = g_strdup(local->message);
	}
}

static bool
save(hk_flow *flow, void *user, GError **error)
{
	looking *l = user;
	const hk_told *t = &l->told;
	const char *name = l->conf->name;
	const char *why = t->why ? t->why : hk_told_how_name(t->how);
	/* What cannot be asked about is asked about again when the others are. */
	bool said = t->how == HK_TOLD_STATE, never = t->how == HK_TOLD_REFUSED;
	int64_t pause_ms = said || never || t->how == HK_TOLD_CLOSED
				   ? l->pause_ms
				   : MAX(MAX(l->pause_ms, t->again_ms), AGAIN_MS);

	return hk_channels_note(
		       hk_flow_db(flow), name, hk_flow_now(flow), said ? NULL : why, error) &&
	       (t->how != HK_TOLD_CLOSED || hk_channel_close(flow, name, why, error)) &&
	       (pause_ms <= 0 || hk_channels_pause(hk_flow_db(flow), name,
					 hk_flow_now(flow) + pause_ms, error)) &&
	       ((!said && !never) ||
		       hk_monitor_listed(flow, l->case_id, name, said ? t->remote_state : "refused",
			       said && g_strcmp0(t->state, "actioned") == 0, error));
}

/* One question by one channel. *ret_wait_ms: when it may be asked again: 0: at once. */
static bool
look_once(hk_crew *crew, hk_flow *flow, const hk_channel_conf *conf, int64_t *ret_wait_ms,
	GError **error)
{
	g_auto(looking) l = {.crew = crew, .conf = conf, .told = {.again_ms = -1}};

	l.walk = g_hash_table_lookup(crew->lookups, conf->name);
	if (!l.walk) {
		l.walk = g_new0(walk, 1);
		g_hash_table_insert(crew->lookups, g_strdup(conf->name), l.walk);
	}
	*ret_wait_ms = IDLE_MS;
	walk before = *l.walk;
	bool good = hk_db_begin(hk_flow_db(flow), false, error) &&
		    find_next(&l, hk_flow_db(flow), error);
	hk_db_rollback(hk_flow_db(flow));
	if (!good || l.case_id == 0 || !hk_flow_do(flow, &hk_crew_who, take_turn, &l, error)) {
		return good && l.case_id == 0;
	}
	if (l.wait_ms > 0) {
		*l.walk = before; /* it is the next one still */
		*ret_wait_ms = l.wait_ms;
		return true;
	}
	ask(&l);
	*ret_wait_ms = 0;
	if (l.told.how != HK_TOLD_STATE) {
		hk_log(HK_EVENT_LOOKUP_FAILED, HK_F_STR("channel", conf->name),
			HK_F_INT("case", l.case_id), HK_F_STR("how", hk_told_how_name(l.told.how)),
			HK_F_STR("reason", l.told.why ? l.told.why : ""));
	}
	return hk_flow_do(flow, &hk_crew_who, save, &l, error);
}

/* ---- the stage ---- */

/* A question by each channel. *ret_wait_ms: until the first of them may be asked again; NONE_MS: there is none. */
static bool
look_round(hk_crew *crew, hk_flow *flow, int64_t *ret_wait_ms, GError **error)
{
	*ret_wait_ms = NONE_MS;
	for (unsigned i = 0; i < crew->confs->len; i++) {
		const hk_channel_conf *conf = crew->confs->pdata[i];
		int64_t wait_ms;
		if (!conf->enabled || conf->channel->way != HK_WAY_LOOKUP) {
			continue;
		}
		if (!look_once(crew, flow, conf, &wait_ms, error)) {
			return false;
		}
		*ret_wait_ms = MIN(*ret_wait_ms, wait_ms);
	}
	return true;
}

typedef struct ending {
	const hk_job *job;
	int64_t wait_ms;
} ending;

static bool
again(hk_flow *flow, void *user, GError **error)
{
	const ending *e = user;

	return hk_job_again(flow, e->job, hk_flow_now(flow) + e->wait_ms, error);
}

bool
hk_lookup_run(hk_flow *flow, const hk_job *job, void *user, GError **error)
{
	int64_t until_ms = hk_clock_mono_ms() + TURN_MS;
	ending e = {.job = job};

	do {
		if (e.wait_ms > 0) {
			hk_stop_wait((unsigned)e.wait_ms);
		}
		if (!look_round(user, flow, &e.wait_ms, error)) {
			return false;
		}
	} while (e.wait_ms <= SHORT_MS && hk_clock_mono_ms() < until_ms && !hk_stop_asked() &&
		 !hk_egress_killed(hk_egress_house()));
	return hk_flow_do(flow, &hk_crew_who, again, &e, error);
}
