#include "channel_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys/clock.h"

#include "tap.h"

enum { SENDS_MAX = 12, PACE_MS = 60000, PATIENCE_MS = 30000, IMPATIENCE_MS = 700 };

static void
bail(const char *what, const GError *error)
{
	printf("Bail out! %s: %s\n", what, error ? error->message : "?");
	exit(1);
}

void
rig_open(rig *r)
{
	g_autoptr(GError) error = NULL;
	char *dir = g_dir_make_tmp("hk-channels-XXXXXX", &error);

	*r = (rig){.dir = dir};
	r->vendors = dir ? rg_vendors_new(0, &error) : NULL;
	if (!r->vendors || !rg_vendors_conf(r->vendors, dir, &error)) {
		bail("the range", error);
	}
	r->confs = hk_channel_conf_folder(dir, &error);
	if (!r->confs) {
		bail("the channels", error);
	}
	r->post = hk_post_new(&(hk_post_config){
		.contact = "csirt@mihon-bank.example", .timeout_ms = PATIENCE_MS});
}

void
rig_close(rig *r)
{
	GDir *dir = g_dir_open(r->dir, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(r->dir, name, NULL);
		unlink(path);
	}
	g_dir_close(dir);
	rmdir(r->dir);
	g_ptr_array_unref(r->confs);
	hk_post_free(r->post);
	rg_vendors_free(r->vendors);
	g_free(r->dir);
}

void
rig_fate_clear(rig_fate *fate)
{
	g_free(fate->why);
	g_free(fate->remote_id);
	*fate = (rig_fate){0};
}

hk_brief *
rig_brief(const hk_channel_conf *conf, unsigned n)
{
	hk_brief *brief = hk_brief_sample();
	unsigned max = conf->can & HK_ONE_HOST ? 1 : (unsigned)MIN(conf->batch, n);

	while (brief->sites->len > max) {
		g_ptr_array_remove_index(brief->sites, brief->sites->len - 1);
	}
	return brief;
}

void
rig_advance(rig *r, int64_t ms)
{
	rg_vendors_advance(r->vendors, ms);
	r->ahead_ms += ms;
}

static bool
count_hook(void *user)
{
	++*(int *)user;
	return true;
}

/* Once, with a given patience. */
static bool
ask_with(hk_post *post, const hk_channel_conf *conf, const hk_channel_ask *ask, int *hooks,
	hk_post_answer *ret)
{
	g_autoptr(GError) error = NULL;

	if (!hk_post_send(post, conf, ask, count_hook, hooks, ret, &error)) {
		ok(false, "%s: %s", conf->name, error->message);
		return false;
	}
	return true;
}

/* Who does not answer is not waited for long, but long enough for the request to leave: on a busy machine that is tried again with more patience. */
static bool
ask_spare(const hk_channel_conf *conf, const hk_channel_ask *ask, int *hooks, hk_post_answer *ret)
{
	for (unsigned ms = IMPATIENCE_MS;; ms *= 2) {
		g_autoptr(hk_post) post = hk_post_new(
			&(hk_post_config){.contact = "csirt@mihon-bank.example", .timeout_ms = ms});
		if (!ask_with(post, conf, ask, hooks, ret)) {
			return false;
		}
		if (ret->answer.left || ret->answer.status > 0 || ms > PATIENCE_MS) {
			return true;
		}
	}
}

static bool
ask_counted(rig *r, const hk_channel_conf *conf, const hk_channel_ask *ask, int *hooks,
	hk_post_answer *ret)
{
	bool spare = r->spare;

	r->spare = false;
	return spare ? ask_spare(conf, ask, hooks, ret) : ask_with(r->post, conf, ask, hooks, ret);
}

bool
rig_ask(rig *r, const hk_channel_conf *conf, const hk_channel_ask *ask, hk_post_answer *ret)
{
	int hooks = 0;

	return ask_counted(r, conf, ask, &hooks, ret);
}

/* Looks for what may have been taken. HK_TOLD_TAKEN, HK_TOLD_ABSENT, or HK_TOLD_UNSURE: nobody knows. */
static hk_told_how
look_for(rig *r, const hk_channel_conf *conf, const char *url, const char *token, rig_fate *fate,
	int64_t ahead_then_ms)
{
	for (int i = 0; i < SENDS_MAX; i++) {
		g_auto(hk_channel_ask) ask = {0};
		g_auto(hk_post_answer) answer = {0};
		g_auto(hk_told) told = {0};
		const hk_channel_receipt receipt = {.token = token,
			.url = url,
			.sent_ms = fate->sent_ms - (r->ahead_ms - ahead_then_ms)};
		if (!conf->channel->find(conf, &receipt, &ask, NULL) ||
			!rig_ask(r, conf, &ask, &answer)) {
			return HK_TOLD_UNSURE;
		}
		fate->finds++;
		conf->channel->found(conf, &receipt, &answer.answer, &told);
		if (told.how != HK_TOLD_NOT_YET && told.how != HK_TOLD_AGAIN) {
			fate->remote_id = g_strdup(told.remote_id);
			return told.how;
		}
		rig_advance(r, told.again_ms >= 0 ? told.again_ms : PACE_MS);
	}
	return HK_TOLD_UNSURE;
}

/* What a single answer makes of it; true: it goes on. */
static bool
go_on(rig *r, const hk_channel_conf *conf, const char *url, const char *token, const hk_told *told,
	rig_fate *ret)
{
	hk_told_how how = told->how;

	if (how == HK_TOLD_UNSURE && conf->can & HK_CAN_FIND) {
		how = look_for(r, conf, url, token, ret, r->ahead_ms);
	}
	switch (how) {
	case HK_TOLD_TAKEN:
		ret->end = RIG_TAKEN;
		return false;
	case HK_TOLD_REFUSED:
		ret->end = RIG_REFUSED;
		return false;
	case HK_TOLD_UNSURE:
		ret->end = RIG_UNSURE;
		return false;
	case HK_TOLD_CLOSED: /* somebody mends it */
		rg_vendors_fault(r->vendors, conf->name, NULL, "none", NULL, 0, 0);
		return true;
	case HK_TOLD_ABSENT:
		return true;
	case HK_TOLD_AGAIN:
	case HK_TOLD_STATE:
	case HK_TOLD_NOT_YET:
	case HK_TOLD_COUNT:
	default:
		rig_advance(r, told->again_ms >= 0 ? told->again_ms : PACE_MS);
		return true;
	}
}

void
rig_deliver(rig *r, const hk_channel_conf *conf, const hk_brief *brief, const char *token,
	rig_fate *ret)
{
	g_autoptr(GError) error = NULL;
	g_auto(hk_channel_ask) ask = {0};
	const char *url = ((hk_brief_site *)brief->sites->pdata[0])->url;
	bool on = true;

	*ret = (rig_fate){.end = RIG_STUCK};
	if (!conf->channel->submit(conf, brief, token, &ask, &error)) {
		ok(false, "%s writes its request: %s", conf->name, error->message);
		return;
	}
	/* What was approved is what is sent, each time. */
	g_autofree char *kept = hk_channel_ask_keep(&ask);
	while (on && ret->sends < SENDS_MAX) {
		g_auto(hk_channel_ask) again = {0};
		g_auto(hk_post_answer) answer = {0};
		g_auto(hk_told) told = {0};
		ret->sent_ms = hk_clock_wall_ms();
		if (!hk_channel_ask_kept(kept, ask.body, &again, &error) ||
			!ask_counted(r, conf, &again, &ret->hooks, &answer)) {
			ok(false, "%s: it is sent", conf->name);
			return;
		}
		conf->channel->submitted(conf, &answer.answer, &told);
		if (ret->sends++ == 0) {
			ret->first = told.how;
			ret->again_ms = told.again_ms;
			ret->why = g_strdup(told.why);
		}
		g_free(ret->remote_id);
		ret->remote_id = g_strdup(told.remote_id);
		on = go_on(r, conf, url, token, &told, ret);
	}
}

bool
rig_poll(rig *r, const hk_channel_conf *conf, const char *url, const char *token,
	const rig_fate *fate, const char *remote_state, hk_told *ret)
{
	g_auto(hk_channel_ask) ask = {0};
	g_auto(hk_post_answer) answer = {0};
	g_autoptr(GError) error = NULL;
	rig_fate found = {.sent_ms = fate->sent_ms};
	const char *id = fate->remote_id;

	if (!id && conf->can & HK_CAN_FIND) {
		bool spare = r->spare;
		r->spare = false;
		look_for(r, conf, url, token, &found, r->ahead_ms);
		r->spare = spare;
		id = found.remote_id;
	}
	const hk_channel_receipt receipt = {.remote_id = id,
		.token = token,
		.url = url,
		.sent_ms = fate->sent_ms,
		.remote_state = remote_state};
	bool good = conf->channel->poll(conf, &receipt, &ask, &error);
	rig_fate_clear(&found);
	if (!good) {
		ok(false, "%s can be polled: %s", conf->name, error->message);
		return false;
	}
	if (!rig_ask(r, conf, &ask, &answer)) {
		return false;
	}
	conf->channel->polled(conf, &answer.answer, ret);
	return true;
}
