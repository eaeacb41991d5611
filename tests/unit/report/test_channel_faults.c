/* Every HTTP channel times every way to fail, against the vendors of the range: never lost, never doubled, never too early, and said what it is. A channel that
 * has a vendor of its name on the range is here by itself. */
#include <stdio.h>
#include <string.h>

#include "channel_rig.h"

#include "tap.h"

/* What a submission meets, and what the first answer must mean to a channel without tokens; with tokens UNSURE is AGAIN. */
static const struct {
	const char *mode, *style;
	hk_told_how how;
	bool kept;  /* the vendor has it all the same */
	bool spare; /* it is a matter of time */
	bool reads; /* only whoever reads the answer sees it */
} modes[] = {
	{"none", NULL, HK_TOLD_TAKEN, true, false, false},
	{"401", NULL, HK_TOLD_CLOSED, false, false, false},
	{"403", NULL, HK_TOLD_CLOSED, false, false, false},
	{"404", NULL, HK_TOLD_CLOSED, false, false, false},
	{"409", NULL, HK_TOLD_TAKEN, true, false, false},
	{"413", NULL, HK_TOLD_REFUSED, false, false, false},
	{"422", NULL, HK_TOLD_REFUSED, false, false, false},
	{"429", "none", HK_TOLD_AGAIN, false, false, false},
	{"429", "seconds", HK_TOLD_AGAIN, false, false, false},
	{"429", "date", HK_TOLD_AGAIN, false, false, false},
	{"429", "reset-after", HK_TOLD_AGAIN, false, false, false},
	{"429", "reset", HK_TOLD_AGAIN, false, false, false},
	{"429", "unix", HK_TOLD_AGAIN, false, false, false},
	{"429", "ratelimit", HK_TOLD_AGAIN, false, false, false},
	{"429", "ratelimit-list", HK_TOLD_AGAIN, false, false, false},
	{"429", "interval", HK_TOLD_AGAIN, false, false, false},
	{"500", NULL, HK_TOLD_AGAIN, false, false, false},
	{"503", "seconds", HK_TOLD_AGAIN, false, false, false},
	{"504", NULL, HK_TOLD_UNSURE, true, false, false},
	{"timeout", NULL, HK_TOLD_UNSURE, true, true, false},
	{"reset", NULL, HK_TOLD_UNSURE, true, false, false},
	{"lost", NULL, HK_TOLD_UNSURE, false, false, false},
	{"truncated", NULL, HK_TOLD_UNSURE, true, false, false},
	{"cut-json", NULL, HK_TOLD_UNSURE, true, false, true},
	{"wrong-type", NULL, HK_TOLD_UNSURE, true, false, true},
	{"empty", NULL, HK_TOLD_UNSURE, true, false, true},
	{"slow-body", NULL, HK_TOLD_UNSURE, true, true, false},
};

enum { SECONDS = 7 };

static const char token[] = "0123456789abcdef0123456789abcdef";

/* Channels for which any 2xx is a yes. */
static bool
reads_answers(const hk_channel_conf *conf)
{
	return strcmp(conf->channel->name, "http") != 0 || hk_channel_conf_text(conf, "id");
}

/* A token that was fetched earlier is fetched anew after one 401: the second one counts. */
static int
times_of(const hk_channel_conf *conf, size_t m)
{
	return conf->token_url && strcmp(modes[m].mode, "401") == 0 ? 2 : 1;
}

static hk_told_how
expected(const hk_channel_conf *conf, size_t m)
{
	hk_told_how how = modes[m].how;

	if (modes[m].reads && !reads_answers(conf)) {
		return HK_TOLD_TAKEN;
	}
	return how == HK_TOLD_UNSURE && conf->can & HK_CAN_TOKEN ? HK_TOLD_AGAIN : how;
}

/* What stands in the vendor's book, and what became of it here, must be the same. */
static void
check_book(rig *r, const hk_channel_conf *conf, size_t m, const rig_fate *fate, const char *what)
{
	rg_counts counts = {0};

	rg_vendors_counts(r->vendors, conf->name, &counts);
	is_int(counts.doubles, 0, "%s: nothing is doubled", what);
	is_int(counts.early, 0, "%s: nobody came too early", what);
	is_int(counts.over, 0, "%s: nobody came too often", what);
	if (fate->end == RIG_UNSURE) {
		is_int(counts.whole, 1, "%s: what is unsure is not sent again", what);
		is_int(counts.distinct, modes[m].kept, "%s: the vendor has it or has it not", what);
	} else {
		is_int(counts.distinct, fate->end == RIG_TAKEN,
			"%s: the vendor has it once, or not if it refused", what);
	}
}

static void
check_wait(const hk_channel_conf *conf, size_t m, const rig_fate *fate, const char *what)
{
	const char *style = modes[m].style;

	(void)conf;
	if (!style) {
		return;
	}
	if (strcmp(style, "none") == 0) {
		is_int(fate->again_ms, -1, "%s: no time is said", what);
		return;
	}
	/* A date has whole seconds and a clock goes on. */
	bool date = strcmp(style, "date") == 0 || strcmp(style, "reset") == 0 ||
		    strcmp(style, "unix") == 0;
	ok(date ? fate->again_ms > 0 && fate->again_ms <= (SECONDS + 1) * 1000
		: fate->again_ms == SECONDS * 1000,
		"%s: it waits as long as the header says (%d ms)", what, (int)fate->again_ms);
}

static void
try_submit(rig *r, const hk_channel_conf *conf, size_t m)
{
	g_autoptr(hk_brief) brief = rig_brief(conf, 2);
	g_autofree char *what = g_strdup_printf("%s, submit, %s%s%s", conf->name, modes[m].mode,
		modes[m].style ? " " : "", modes[m].style ? modes[m].style : "");
	rig_fate fate;

	rg_vendors_reset(r->vendors);
	rg_vendors_fault(r->vendors, conf->name, "submit", modes[m].mode, modes[m].style, SECONDS,
		times_of(conf, m));
	r->spare = modes[m].spare;
	rig_deliver(r, conf, brief, token, &fate);
	is_str(hk_told_how_name(fate.first), hk_told_how_name(expected(conf, m)),
		"%s: what the answer means", what);
	ok(fate.first == HK_TOLD_TAKEN || (fate.why && *fate.why), "%s: why is said", what);
	is_int(fate.hooks, fate.sends + times_of(conf, m) - 1,
		"%s: each request is announced before it has left", what);
	bool lasts = expected(conf, m) == HK_TOLD_UNSURE && !(conf->can & HK_CAN_FIND);
	is_int(fate.end,
		expected(conf, m) == HK_TOLD_REFUSED ? RIG_REFUSED
		: lasts                              ? RIG_UNSURE
						     : RIG_TAKEN,
		"%s: how it ends", what);
	check_book(r, conf, m, &fate, what);
	check_wait(conf, m, &fate, what);
	rig_fate_clear(&fate);
}

/* ---- Polls ---- */

static hk_told_how
expected_poll(size_t m)
{
	const char *mode = modes[m].mode;

	return strcmp(mode, "none") == 0                              ? HK_TOLD_STATE
	       : strcmp(mode, "401") == 0 || strcmp(mode, "403") == 0 ? HK_TOLD_CLOSED
	       : strcmp(mode, "404") == 0                             ? HK_TOLD_NOT_YET
								      : HK_TOLD_AGAIN;
}

static void
try_poll(rig *r, const hk_channel_conf *conf, size_t m)
{
	g_autoptr(hk_brief) brief = rig_brief(conf, 2);
	const char *url = ((hk_brief_site *)brief->sites->pdata[0])->url;
	g_autofree char *what = g_strdup_printf("%s, poll, %s%s%s", conf->name, modes[m].mode,
		modes[m].style ? " " : "", modes[m].style ? modes[m].style : "");
	g_auto(hk_told) told = {0}, after = {0};
	rg_counts counts = {0};
	rig_fate fate;

	rg_vendors_reset(r->vendors);
	rig_deliver(r, conf, brief, token, &fate);
	rg_vendors_fault(r->vendors, conf->name, "poll", modes[m].mode, modes[m].style, SECONDS,
		times_of(conf, m));
	r->spare = modes[m].spare;
	if (rig_poll(r, conf, url, token, &fate, NULL, &told)) {
		is_str(hk_told_how_name(told.how), hk_told_how_name(expected_poll(m)),
			"%s: what the answer means", what);
	}
	rig_advance(r, told.again_ms > 0 ? told.again_ms : 0);
	if (rig_poll(r, conf, url, token, &fate, NULL, &after)) {
		is_str(hk_told_how_name(after.how), "state", "%s: afterwards there is a state",
			what);
		ok(after.state != NULL, "%s: that means something to us (%s)", what,
			after.remote_state);
	}
	rg_vendors_counts(r->vendors, conf->name, &counts);
	is_int(counts.early, 0, "%s: nobody came too early", what);
	is_int(counts.distinct + counts.doubles, 1, "%s: a poll reports nothing", what);
	rig_fate_clear(&fate);
}

/* ---- Finding ---- */

/* The look for what may have been taken fails, too: nobody takes a failure for an answer. */
static void
try_find(rig *r, const hk_channel_conf *conf, size_t m)
{
	g_autoptr(hk_brief) brief = rig_brief(conf, 2);
	g_autofree char *what = g_strdup_printf("%s, find, %s%s%s", conf->name, modes[m].mode,
		modes[m].style ? " " : "", modes[m].style ? modes[m].style : "");
	g_auto(hk_channel_ask) ask = {0};
	g_auto(hk_post_answer) answer = {0};
	g_auto(hk_told) told = {0};
	rig_fate fate;

	rg_vendors_reset(r->vendors);
	rig_deliver(r, conf, brief, token, &fate);
	const hk_channel_receipt receipt = {.token = token,
		.url = ((hk_brief_site *)brief->sites->pdata[0])->url,
		.sent_ms = fate.sent_ms};
	rg_vendors_fault(r->vendors, conf->name, "find", modes[m].mode, modes[m].style, SECONDS,
		times_of(conf, m));
	r->spare = modes[m].spare;
	if (ok(conf->channel->find(conf, &receipt, &ask, NULL), "%s: it can be asked for", what) &&
		rig_ask(r, conf, &ask, &answer)) {
		conf->channel->found(conf, &receipt, &answer.answer, &told);
		bool none = strcmp(modes[m].mode, "none") == 0;
		ok((told.how == HK_TOLD_TAKEN) == none, "%s: found if they say so (%s)", what,
			hk_told_how_name(told.how));
		ok(told.how != HK_TOLD_ABSENT, "%s: no failure says that it is not there", what);
	}
	rig_fate_clear(&fate);
}

/* ---- Quotas ---- */

static void
try_pace(rig *r, const hk_channel_conf *conf)
{
	rg_counts counts = {0};

	rg_vendors_reset(r->vendors);
	for (int i = 0; i < 90; i++) {
		g_autoptr(hk_brief) brief = rig_brief(conf, 1);
		g_autofree char *name = g_strdup_printf("%032d", i + 1);
		hk_brief_site *site = brief->sites->pdata[0];
		rig_fate fate;
		g_free(site->url);
		site->url = g_strdup_printf("https://%s/%d", site->host, i);
		rig_deliver(r, conf, brief, name, &fate);
		rig_advance(r, 60000 / conf->per_minute);
		rig_fate_clear(&fate);
	}
	rg_vendors_counts(r->vendors, conf->name, &counts);
	is_int(counts.distinct, 90, "%s: 90 reports, paced as the channel says, arrive",
		conf->name);
	is_int(counts.whole, 90, "%s: each at the first try", conf->name);
	is_int(counts.over, 0, "%s: none over the vendor's quota", conf->name);
}

int
main(void)
{
	rig r;
	unsigned channels = 0;

	rig_open(&r);
	for (unsigned i = 0; i < r.confs->len; i++) {
		const hk_channel_conf *conf = r.confs->pdata[i];
		bool http = conf->channel->way == HK_WAY_HTTP;
		channels += http;
		for (size_t m = 0; http && m < G_N_ELEMENTS(modes); m++) {
			try_submit(&r, conf, m);
			if (conf->can & HK_CAN_POLL) {
				try_poll(&r, conf, m);
			}
			if (conf->can & HK_CAN_FIND) {
				try_find(&r, conf, m);
			}
		}
	}
	ok(channels > 0, "%u channels, %zu ways to fail", channels, G_N_ELEMENTS(modes));
	try_pace(&r, hk_channel_conf_of(r.confs, "urlscan"));
	rig_close(&r);
	return tap_done();
}
