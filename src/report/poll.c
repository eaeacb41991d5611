/* nocheck: tested in tests/scenario/takedown.t. Stage "poll": what became of a report at a channel that can be asked. */
#include <string.h>

#include "base/codec.h"
#include "report/channel_conf.h"
#include "report/channel_http.h"
#include "report/crew_int.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/png.h"

/* It is asked for so long after it was sent, at longer and longer intervals. */
#define POLL_DAYS_MS INT64_C(2592000000)
#define POLL_MAX_MS  INT64_C(21600000)
#define POLL_MIN_MS  INT64_C(10000)
/* A channel that is disabled, or whose file is wrong, may be mended. */
#define AWAY_MS INT64_C(3600000)

typedef struct polling {
	hk_crew *crew;
	const hk_job *job;
	hk_report_row row;
	const hk_channel_conf *conf;
	hk_told told;
	int64_t receipt_at_ms;
	int64_t pause_ms;
	uint8_t picture[32];
	bool has_picture, over, away;
} polling;

static bool
ends(const hk_report_row *row, int64_t now)
{
	return (strcmp(row->state, "sent") != 0 && strcmp(row->state, "acknowledged") != 0 &&
		       strcmp(row->state, "expired") != 0) ||
	       now - row->sent_ms > POLL_DAYS_MS;
}

/* Their picture of the site is kept as a fact (S35): the site may be gone tomorrow. */
static void
take_picture(polling *p, const hk_channel_receipt *receipt)
{
	g_auto(hk_channel_ask) ask = {0};
	g_auto(hk_post_answer) posted = {0};
	g_autoptr(GError) local = NULL;

	if (!p->conf->channel->picture || p->told.how != HK_TOLD_STATE ||
		strstr(p->row.facts ? p->row.facts : "", "\"picture\"") ||
		!p->conf->channel->picture(p->conf, receipt, &ask, &local)) {
		return;
	}
	if (!hk_post_send(p->crew->post, p->conf, &ask, NULL, NULL, &posted, &local) ||
		!hk_channel_http_is_png(&posted.answer)) {
		return;
	}
	/* Theirs is a stranger's file: it is written anew, and only so shown. */
	g_autoptr(GBytes) again = hk_png_again(posted.answer.body, &local);
	gsize len = 0;
	const void *data = again ? g_bytes_get_data(again, &len) : NULL;
	p->has_picture =
		again && hk_blobs_put(p->crew->blobs, hk_span_of(data, len), p->picture, &local);
}

/* Some tell their number only in the list of what they have. *ret_over: it cannot be asked at all. */
static bool
find_number(polling *p, hk_flow *flow, const char *url, bool *ret_over)
{
	g_autoptr(GError) local = NULL;

	*ret_over = !(p->conf->can & HK_CAN_FIND) ||
		    !hk_crew_find(p->crew, flow, &p->row, p->conf, url, p->row.sent_ms, &p->told,
			    &p->pause_ms, &local);
	if (*ret_over || p->told.how != HK_TOLD_TAKEN || !p->told.remote_id) {
		return false;
	}
	p->row.remote_id = g_strdup(p->told.remote_id);
	hk_told_clear(&p->told);
	p->told.again_ms = -1;
	return true;
}

static void
ask_them(polling *p, hk_flow *flow, const char *url)
{
	hk_channel_receipt receipt = {.remote_id = p->row.remote_id,
		.token = p->row.token,
		.url = url,
		.sent_ms = p->row.sent_ms,
		.remote_state = p->row.remote_state};
	g_auto(hk_channel_ask) ask = {0};
	g_auto(hk_post_answer) posted = {0};
	g_autoptr(GError) local = NULL;
	bool asked = p->conf->channel->poll(p->conf, &receipt, &ask, &local);

	if (!asked && !receipt.remote_id) {
		g_clear_error(&local);
		if (!find_number(p, flow, url, &p->over)) {
			return; /* it is not in their list yet: later */
		}
		receipt.remote_id = p->row.remote_id;
		hk_channel_ask_clear(&ask);
		asked = p->conf->channel->poll(p->conf, &receipt, &ask, &local);
	}
	if (!asked) {
		p->over = true; /* it cannot be asked: no number of theirs */
		return;
	}
	if (!hk_post_send(p->crew->post, p->conf, &ask, NULL, NULL, &posted, &local)) {
		p->away = true;
		return;
	}
	p->conf->channel->polled(p->conf, &posted.answer, &p->told);
	p->pause_ms = MAX(p->pause_ms, posted.answer.retry_after_ms);
	take_picture(p, &receipt);
}

/* Facts of the answer, and the hash of the picture beside them. Caller frees. */
static char *
facts_of(const polling *p)
{
	char hex[65];

	if (!p->has_picture) {
		return g_strdup(p->told.facts);
	}
	hk_hex_encode(hk_span_of(p->picture, sizeof p->picture), hex);
	const char *facts = p->told.facts ? p->told.facts : "{}";
	size_t len = strlen(facts);
	/* An object, ours: what stands before its last brace, and one member more. */
	return g_strdup_printf(
		"%.*s%s\"picture\":\"%s\"}", (int)(len - 1), facts, len > 2 ? "," : "", hex);
}

static int64_t
wait_of(const polling *p)
{
	int64_t first = MAX(p->conf->channel->poll_ms, POLL_MIN_MS);
	int64_t wait = first << MIN(p->row.polls, 12);

	return p->told.again_ms > 0 ? p->told.again_ms : MIN(wait, POLL_MAX_MS);
}

static bool
save(hk_flow *flow, void *user, GError **error)
{
	polling *p = user;
	g_autofree char *facts = facts_of(p);
	const hk_report_end end = {
		.remote_id = p->told.remote_id ? p->told.remote_id : p->row.remote_id,
		.pause_ms = p->pause_ms,
		.remote_state = p->told.remote_state,
		.why = p->told.why,
		.facts = facts};
	bool state = p->told.how == HK_TOLD_STATE;

	if (p->over) {
		return hk_job_done(flow, p->job, error);
	}
	if (p->away) {
		return hk_job_again(flow, p->job, hk_flow_now(flow) + AWAY_MS, error);
	}
	if (p->told.how == HK_TOLD_CLOSED &&
		!hk_channel_close(
			flow, p->row.channel, p->told.why ? p->told.why : "refused", error)) {
		return false;
	}
	if (!hk_report_polled(flow, p->row.id, &end, state ? p->told.state : NULL, error)) {
		return false;
	}
	bool finished =
		state && p->told.state &&
		(strcmp(p->told.state, "actioned") == 0 || strcmp(p->told.state, "rejected") == 0);
	return finished ? hk_job_done(flow, p->job, error)
			: hk_job_again(flow, p->job, hk_flow_now(flow) + wait_of(p), error);
}

static bool
prepare(polling *p, hk_db *db, char **ret_url, GError **error)
{
	g_autoptr(GPtrArray) urls = NULL;
	int64_t id = hk_crew_number(p->job->key);

	if (!hk_reports_get(db, id, &p->row, error) ||
		!hk_reports_sites(db, id, &urls, NULL, error)) {
		return false;
	}
	p->conf = hk_channel_conf_of(p->crew->confs, p->row.channel);
	p->over = ends(&p->row, hk_clock_wall_ms()) || (p->conf && !(p->conf->can & HK_CAN_POLL));
	p->away = !p->conf || !p->conf->enabled;
	*ret_url = g_strdup(urls->len > 0 ? urls->pdata[0] : NULL);
	return true;
}

bool
hk_poll_run(hk_flow *flow, const hk_job *job, void *user, GError **error)
{
	polling p = {.crew = user, .job = job, .told = {.again_ms = -1}};
	g_autofree char *url = NULL;

	bool good = hk_db_begin(hk_flow_db(flow), false, error) &&
		    prepare(&p, hk_flow_db(flow), &url, error);
	hk_db_rollback(hk_flow_db(flow));
	if (good && !p.over && !p.away) {
		ask_them(&p, flow, url);
	}
	good = good && hk_flow_do(flow, &hk_crew_who, save, &p, error);
	hk_told_clear(&p.told);
	hk_report_row_clear(&p.row);
	return good;
}
