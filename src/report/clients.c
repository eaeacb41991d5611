/* nocheck: tested in tests/unit/report/test_route.c as far as it decides. Whom CleanDNS acts for, asked for once a day. */
#include <string.h>

#include "report/channel_cleandns.h"
#include "report/crew_int.h"
#include "sys/clock.h"

#define FRESH_MS INT64_C(86400000)
/* After a question that brought nothing: each of them may cost a minute, and no case needs the answer. */
#define AGAIN_MS INT64_C(3600000)

static const hk_channel_conf *
cleandns_of(const hk_crew *crew)
{
	for (unsigned i = 0; i < crew->confs->len; i++) {
		const hk_channel_conf *conf = crew->confs->pdata[i];
		if (conf->enabled && strcmp(conf->channel->name, "cleandns") == 0) {
			return conf;
		}
	}
	return NULL;
}

void
hk_crew_ask_clients(hk_crew *crew)
{
	const hk_channel_conf *conf = cleandns_of(crew);
	int64_t now_ms = hk_clock_mono_ms();
	g_auto(hk_channel_ask) ask = {0};
	g_auto(hk_post_answer) posted = {0};
	g_auto(hk_told) told = {0};
	hk_cleandns *fresh = NULL;

	if (!conf || (crew->clients_due_ms != 0 && now_ms < crew->clients_due_ms) ||
		hk_egress_killed(hk_egress_house())) {
		return;
	}
	hk_cleandns_ask(conf, &ask);
	if (hk_post_send(crew->post, conf, &ask, NULL, NULL, &posted, NULL)) {
		fresh = hk_cleandns_read(conf, &posted.answer, &told);
	}
	/* What was known yesterday is better than nothing. */
	if (fresh) {
		hk_cleandns_free(crew->clients);
		crew->clients = fresh;
	}
	crew->clients_due_ms = now_ms + (fresh ? FRESH_MS : AGAIN_MS);
}
