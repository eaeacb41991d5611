/* nocheck: tested in tests/scenario/takedown.t. Whether a report is there, at a channel that can be searched. */
#include "report/channel_conf.h"
#include "report/crew_int.h"
#include "sys/clock.h"
#include "sys/gerr.h"

/* Two reports of one host look the same in their list: what is known to be the other one is not this one. */
static bool
is_anothers(hk_flow *flow, const hk_report_row *row, const hk_told *told, bool *ret, GError **error)
{
	int64_t other = 0;

	if (told->remote_id && !hk_reports_by_remote(hk_flow_db(flow), row->channel,
				       told->remote_id, row->id, &other, error)) {
		return false;
	}
	*ret = other != 0;
	return true;
}

bool
hk_crew_find(hk_crew *crew, hk_flow *flow, const hk_report_row *row, const hk_channel_conf *conf,
	const char *url, int64_t at_ms, hk_told *ret, int64_t *ret_pause_ms, GError **error)
{
	const hk_channel_receipt receipt = {.remote_id = row->remote_id,
		.token = row->token,
		.url = url,
		.sent_ms = at_ms,
		.remote_state = row->remote_state};
	g_auto(hk_channel_ask) ask = {0};
	g_auto(hk_post_answer) posted = {0};
	bool anothers;

	hk_told_clear(ret);
	if (!conf->channel->find(conf, &receipt, &ask, error) ||
		!hk_post_send(crew->post, conf, &ask, NULL, NULL, &posted, error)) {
		return false;
	}
	conf->channel->found(conf, &receipt, &posted.answer, ret);
	*ret_pause_ms = MAX(posted.answer.retry_after_ms, 0);
	if (!is_anothers(flow, row, ret, &anothers, error)) {
		return false;
	}
	if (anothers) {
		hk_told_clear(ret);
		ret->how = HK_TOLD_ABSENT;
		ret->again_ms = -1;
		ret->why = g_strdup("what is there belongs to another report");
	}
	int64_t left_ms = at_ms + conf->channel->index_ms - hk_clock_wall_ms();
	if (ret->how == HK_TOLD_ABSENT && left_ms > 0) {
		ret->how = HK_TOLD_NOT_YET;
		ret->again_ms = MAX(ret->again_ms, left_ms);
	}
	return true;
}
