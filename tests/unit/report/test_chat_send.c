/* flow/notice, store/notices, report/chat_send: what is told reaches each chat once; a chat that is away delays nobody. On a loopback peer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../../../range/httpd.h"
#include "../flow/flowlib.h"
#include "flow/notice.h"
#include "report/chat_card.h"
#include "report/chat_send.h"
#include "store/waves.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "tap.h"

#define START INT64_C(1790000000000)

/* --- the chats: /teams, /slack, /hook on one peer --- */

static struct {
	GMutex lock;
	int status[3];
	const char *retry_after;
	GPtrArray *bodies[3];
	char *id, *stamp, *sign; /* of the last to /hook */
} peer;

static const char *const paths[] = {"/teams", "/slack", "/hook"};

static char *
header(struct MHD_Connection *c, const char *name)
{
	return g_strdup(MHD_lookup_connection_value(c, MHD_HEADER_KIND, name));
}

static enum MHD_Result
answer(void *user, struct MHD_Connection *c, const char *method, const char *url,
	const GString *body)
{
	struct MHD_Response *r =
		MHD_create_response_from_buffer(1, (void *)(uintptr_t) "1", MHD_RESPMEM_PERSISTENT);
	unsigned status = 404;

	(void)user;
	g_mutex_lock(&peer.lock);
	for (int i = 0; i < 3; i++) {
		if (strcmp(url, paths[i]) == 0 && strcmp(method, "POST") == 0) {
			status = (unsigned)peer.status[i];
			g_ptr_array_add(peer.bodies[i], g_strndup(body->str, body->len));
		}
	}
	if (strcmp(url, "/hook") == 0) {
		g_free(peer.id);
		g_free(peer.stamp);
		g_free(peer.sign);
		peer.id = header(c, "X-Hikeshi-Id");
		peer.stamp = header(c, "X-Hikeshi-Timestamp");
		peer.sign = header(c, "X-Hikeshi-Signature");
	}
	if (peer.retry_after) {
		MHD_add_response_header(r, "Retry-After", peer.retry_after);
	}
	g_mutex_unlock(&peer.lock);
	enum MHD_Result result = MHD_queue_response(c, status, r);
	MHD_destroy_response(r);
	return result;
}

static unsigned
got(int chat)
{
	return peer.bodies[chat]->len;
}

/* --- a house --- */

static char *folder;

static void
spew(const char *name, mode_t mode, const char *text)
{
	g_autofree char *path = g_build_filename(folder, name, NULL);

	if (!g_file_set_contents(path, text, -1, NULL) || chmod(path, mode) != 0) {
		printf("Bail out! %s\n", path);
		exit(1);
	}
}

static hk_chats *
open_chats(void)
{
	const hk_chats_config config = {.folder = folder, .base_url = "https://board.example"};
	g_autoptr(GError) error = NULL;
	hk_chats *chats = hk_chats_open(&config, &error);

	if (!chats) {
		printf("Bail out! %s\n", error->message);
		exit(1);
	}
	return chats;
}

static void
set_up(unsigned port)
{
	static const char *const kinds[] = {"teams", "slack", "webhook"};

	folder = g_strdup_printf("%s/hikeshi-chats-XXXXXX", g_get_tmp_dir());
	if (!g_mkdtemp(folder)) {
		exit(1);
	}
	spew("key", 0600, "0123456789abcdef0123\n");
	for (int i = 0; i < 3; i++) {
		g_autofree char *url = g_strdup_printf("http://127.0.0.1:%u%s\n", port, paths[i]);
		g_autofree char *conf = g_strdup_printf("kind = %s\nurl-file = %s\n%s", kinds[i],
			paths[i] + 1, i == 2 ? "key-file = key\nevents = { \"site.back\" }\n" : "");
		g_autofree char *name = g_strconcat(kinds[i], ".conf", NULL);
		spew(paths[i] + 1, 0600, url);
		spew(name, 0644, conf);
	}
}

/* What is due, as a worker does it; how many jobs. */
static int
work(hk_flow *flow, hk_chats *chats)
{
	static const char *const stages[] = {"notice", NULL};
	GError *error = NULL;
	int done = 0;

	for (; done < 500; done++) {
		hk_job job = {0};
		if (!hk_job_claim(flow, "work-1", stages, &job, &error) || job.id == 0) {
			break;
		}
		if (!hk_notice_run(flow, &job, chats, &error)) {
			hk_flow_rollback(flow);
			ok(false, "%s: %s", job.key, error->message);
			g_clear_error(&error);
			hk_job_failed(flow, &job, "test", false, NULL);
		}
		hk_job_clear(&job);
	}
	ok(!error, "jobs: %s", error ? error->message : "done");
	return done;
}

static void
tell(hk_flow *flow, const char *event, int64_t case_id, const char *data)
{
	ok(fl_do(flow, hk_notice_tell(flow, event, case_id, 0, data, error)), "%s: %s", event,
		fl_why());
}

static int64_t
rows(hk_flow *flow, hk_sql sql)
{
	return fl_int(flow, sql);
}

#define COUNT(what) HK_SQL("SELECT COUNT(*) FROM notices WHERE " what)

/* Who has no chat writes nothing: what nobody takes would pile up. */
static void
test_nobody(hk_flow *flow, hk_chats *chats, int64_t case_id)
{
	const hk_chats_config none = {0};
	g_autoptr(hk_chats) nobody = hk_chats_open(&none, NULL);

	tell(flow, "site.back", case_id, NULL);
	is_int(rows(flow, COUNT("1 = 1")), 0, "no chat, no notice");
	is_int(rows(flow, HK_SQL("SELECT COUNT(*) FROM jobs WHERE stage = 'notice'")), 0,
		"and no job");
	ok(fl_do(flow, hk_chats_announce(flow, chats, error)), "a worker has chats: %s", fl_why());
	ok(fl_do(flow, hk_chats_announce(flow, nobody, error)), "another has none: %s", fl_why());
	is_int(rows(flow, HK_SQL("SELECT COUNT(*) FROM channels WHERE name IN ('chat:teams', "
				 "'chat:slack', 'chat:webhook')")),
		3, "there are three");
}

static void
test_tell(hk_flow *flow)
{
	ok(!fl_do(flow, hk_notice_tell(flow, "case.opend", 1, 0, NULL, error)) &&
			fl_code() == HK_EFORM,
		"no such event");
	ok(!fl_do(flow, hk_notice_tell(flow, "site.down", 1, 0, "[]", error)) &&
			fl_code() == HK_EFORM,
		"data that is no object");
	ok(!fl_do(flow, hk_notice_tell(flow, "site.down", 1, 0, "{", error)), "or no JSON");
	is_int(rows(flow, COUNT("1 = 1")), 0, "and nothing is written");
}

static void
test_once(hk_flow *flow, hk_chats *chats, int64_t case_id)
{
	tell(flow, "site.back", case_id, "{\"by\":\"mikan\"}");
	tell(flow, "case.opened", case_id, NULL);
	is_int(got(0) + got(1) + got(2), 0, "nothing is sent by who tells");
	work(flow, chats);
	is_int(got(0), 1, "Teams has the first");
	hk_clock_advance(250);
	work(flow, chats);
	is_int(got(0), 2, "and at its pace the second");
	is_int(got(1), 1, "Slack is slower");
	hk_clock_advance(750);
	work(flow, chats);
	is_int(got(1), 2, "a second later it has both");
	is_int(got(2), 1, "the webhook wants one of the two");
	is_int(rows(flow, COUNT("chat <> '' AND state = 'sent' AND sent_ms > 0")), 5,
		"five cards, all sent");
	hk_clock_advance(60000);
	work(flow, chats);
	is_int(got(0) + got(1) + got(2), 5, "once");
	ok(strstr(peer.bodies[0]->pdata[0], "The site is back (#1)") &&
			strstr(peer.bodies[0]->pdata[1], "New case (#1)"),
		"in the order in which it happened");
	ok(strstr(peer.bodies[0]->pdata[0], "hxxps://login[.]evil[.]example/in") &&
			strstr(peer.bodies[0]->pdata[0],
				"\"url\":\"https://board.example/#/case/1\""),
		"with address and link");
	g_autofree char *sign = hk_card_sign("0123456789abcdef0123",
		g_ascii_strtoll(peer.stamp ? peer.stamp : "0", NULL, 10),
		g_ascii_strtoll(peer.id ? peer.id : "0", NULL, 10), peer.bodies[2]->pdata[0]);
	is_str(peer.sign, sign, "the webhook's signature is that of its bytes");
	is_str(peer.stamp, "1790000000", "and of this time");
	is_int(rows(flow, HK_SQL("SELECT COUNT(*) FROM channels WHERE name LIKE 'chat:%' AND ok_ms "
				 "> 0 AND error IS NULL")),
		3, "the channels say that all is well");
}

/* A job that is done again (its worker was late) makes no second card. */
static void
test_again(hk_flow *flow, hk_chats *chats)
{
	hk_job job = {.id = 999999,
		.lease_ms = 1,
		.stage = (char *)(uintptr_t) "notice",
		.key = (char *)(uintptr_t) "1",
		.owner = (char *)(uintptr_t) "work-2"};
	g_autoptr(GError) error = NULL;

	ok(!hk_notice_run(flow, &job, chats, &error) && hk_error_code(error) == HK_EINCONSISTENT,
		"a job that another has done");
	hk_flow_rollback(flow);
	g_clear_error(&error);
	is_int(rows(flow, COUNT("chat <> ''")), 5, "no card more");
	job.key = (char *)(uintptr_t) "chat:";
	ok(!hk_notice_run(flow, &job, chats, &error), "nor for a chat without a name");
	hk_flow_rollback(flow);
	g_clear_error(&error);
	job.key = (char *)(uintptr_t) "x";
	ok(!hk_notice_run(flow, &job, chats, &error) && hk_error_code(error) == HK_EFORM,
		"a key that is none");
}

static int64_t
free_in(hk_flow *flow)
{
	return rows(flow, HK_SQL("SELECT free_ms FROM channels WHERE name = 'chat:teams'")) -
	       hk_clock_wall_ms();
}

static void
test_away(hk_flow *flow, hk_chats *chats, int64_t case_id)
{
	unsigned teams = got(0), slack = got(1);

	peer.status[0] = 503;
	tell(flow, "site.down", case_id, NULL);
	work(flow, chats);
	is_int(got(0), teams + 1, "Teams is away");
	is_int(got(1), slack + 1, "Slack is not");
	is_int(free_in(flow), 5000, "it is asked again in 5 s");
	g_autofree char *why = fl_text(
		flow, HK_SQL("SELECT why FROM notices WHERE chat = 'teams' AND state = 'waiting'"));
	is_str(why, "the chat answers 503", "the card waits, and says why");
	tell(flow, "site.back", case_id, NULL);
	hk_clock_advance(1000);
	work(flow, chats);
	is_int(got(0), teams + 1, "new cards do not make it ask sooner");
	hk_clock_advance(4000);
	peer.status[0] = 429;
	peer.retry_after = "120";
	work(flow, chats);
	is_int(got(0), teams + 2, "then it asks");
	is_int(free_in(flow), 120000, "and waits as long as it is told");
	peer.retry_after = NULL;
	hk_clock_advance(119000);
	work(flow, chats);
	is_int(got(0), teams + 2, "all of it");
	hk_clock_advance(1000);
	peer.status[0] = 401;
	work(flow, chats);
	is_int(got(0), teams + 3, "then again");
	is_int(free_in(flow), 62500, "half of what it has waited: 125 s");
	peer.status[0] = 202;
	hk_clock_advance(62500);
	work(flow, chats);
	hk_clock_advance(1000);
	work(flow, chats);
	is_int(got(0), teams + 5, "it is back: both cards");
	hk_clock_advance(600000);
	work(flow, chats);
	is_int(got(0), teams + 5, "once");
	ok(strstr(peer.bodies[0]->pdata[teams + 3], "The site is gone") &&
			strstr(peer.bodies[0]->pdata[teams + 4], "The site is back"),
		"in order");
	is_int(rows(flow, COUNT("state = 'waiting'")), 0, "nothing waits");
}

static void
test_refused(hk_flow *flow, hk_chats *chats, int64_t case_id)
{
	unsigned teams = got(0);

	peer.status[0] = 413;
	tell(flow, "site.down", case_id, NULL);
	work(flow, chats);
	peer.status[0] = 200;
	hk_clock_advance(1000);
	work(flow, chats);
	is_int(got(0), teams + 1, "a card that is refused is not sent again");
	g_autofree char *why =
		fl_text(flow, HK_SQL("SELECT why FROM notices WHERE state = 'failed'"));
	is_str(why, "the chat answers 413", "it has failed, and says why");
}

static void
test_fold(hk_flow *flow, hk_chats *chats, int64_t case_id)
{
	unsigned teams = got(0), slack = got(1);

	hk_clock_advance(60000);
	peer.status[0] = 500;
	for (int i = 0; i < 25; i++) {
		tell(flow, i % 5 == 0 ? "site.down" : "case.opened", case_id, NULL);
	}
	work(flow, chats);
	is_int(rows(flow, COUNT("chat = 'teams' AND state = 'waiting'")), 1,
		"many cards become one");
	is_int(rows(flow, COUNT("chat = 'teams' AND state = 'folded' AND sent_ms IS NULL")), 25,
		"which stands for the others");
	hk_clock_advance(3000);
	work(flow, chats);
	is_int(got(1), slack + 1, "Slack got one instead of 25");
	ok(strstr(peer.bodies[1]->pdata[slack], "20 × New case") &&
			strstr(peer.bodies[1]->pdata[slack], "5 × The site is gone"),
		"it counts them");
	for (int i = 0; i < 15; i++) {
		tell(flow, "site.back", case_id, NULL);
	}
	work(flow, chats);
	peer.status[0] = 200;
	unsigned tries = got(0);
	hk_clock_advance(600000);
	work(flow, chats);
	is_int(got(0), tries + 1, "Teams is back: one card");
	ok(strstr(peer.bodies[0]->pdata[tries], "Much has happened (40)") &&
			strstr(peer.bodies[0]->pdata[tries], "15 × The site is back"),
		"for what was folded before, too");
	is_int(rows(flow, COUNT("chat = 'teams' AND state = 'folded' AND sent_ms IS NULL")), 0,
		"all of it is told");
	ok(tries > teams, "it was tried meanwhile");
	hk_clock_advance(600000);
	work(flow, chats);
	is_int(got(0), tries + 1, "once");
	is_int(rows(flow, COUNT("state = 'waiting'")), 0, "nothing waits");
}

static void
test_keep(hk_flow *flow, hk_chats *chats, int64_t case_id)
{
	unsigned slack;

	peer.status[1] = 500;
	tell(flow, "site.down", case_id, NULL);
	work(flow, chats);
	slack = got(1);
	hk_clock_advance(INT64_C(25) * 3600 * 1000);
	peer.status[1] = 200;
	tell(flow, "site.back", case_id, NULL);
	work(flow, chats);
	hk_clock_advance(2000);
	work(flow, chats);
	is_int(got(1), slack + 1, "what is a day old is given up, the new one is told");
	ok(strstr(peer.bodies[1]->pdata[slack], "The site is back"), "that one");
	is_int(rows(flow, COUNT("chat = 'slack' AND state = 'failed' AND why LIKE 'it waited%'")),
		1, "and says so");
}

/* Nobody to tell, and somebody who has gone. */
static void
test_none(hk_flow *flow, int64_t case_id)
{
	unsigned sent = got(0) + got(1) + got(2);
	g_autofree char *file = g_build_filename(folder, "teams.conf", NULL);
	g_autoptr(GError) said = NULL;

	peer.status[0] = 500;
	g_autoptr(hk_chats) chats = open_chats();
	tell(flow, "site.down", case_id, NULL);
	work(flow, chats);
	spew("teams.conf", 0644, "enabled = no\nkind = teams\nurl-file = teams\n");
	g_autoptr(hk_chats) fewer = open_chats();
	ok(fl_do(flow, hk_chats_announce(flow, fewer, error)), "one is switched off: %s", fl_why());
	is_int(rows(flow, HK_SQL("SELECT COUNT(*) FROM channels WHERE name LIKE 'chat:%'")), 2,
		"there are two");
	hk_clock_advance(3600000);
	work(flow, fewer);
	is_int(rows(flow, COUNT("chat = 'teams' AND state = 'failed' AND why LIKE 'there is no%'")),
		1, "a chat that is gone: its cards have failed");
	const hk_chats_config config = {0};
	g_autoptr(hk_chats) nobody = hk_chats_open(&config, &said);
	ok(nobody != NULL, "no folder, no chats");
	sent = got(0) + got(1) + got(2);
	tell(flow, "site.back", case_id, NULL);
	work(flow, nobody);
	is_int(got(0) + got(1) + got(2), sent, "nobody is told");
	is_int(rows(flow, COUNT("state = 'waiting' OR chat = ''")), 0, "and nothing is left of it");
	is_int(rows(flow, HK_SQL("SELECT COUNT(*) FROM jobs WHERE stage = 'notice' AND state <> "
				 "'done'")),
		0, "no job is left");
}

/* Nobody listens: the reason is told, the URL (which is the secret) is not. */
static void
test_silent(hk_flow *flow, int64_t case_id)
{
	spew("slack", 0600, "http://127.0.0.1:1/s3cret\n");
	g_autoptr(hk_chats) chats = open_chats();
	tell(flow, "site.down", case_id, NULL);
	work(flow, chats);
	g_autofree char *why = fl_text(flow,
		HK_SQL("SELECT n.why || '/' || c.error FROM notices n JOIN channels c ON c.name = "
		       "'chat:slack' WHERE n.chat = 'slack' AND n.state = 'waiting'"));
	is_str(why, "no answer/no answer", "a chat that is not there");
}

/* The card of a wave waits for where its links lead; its case has been merged since. A house of its own. */
static void
test_wave(void)
{
	spew("teams.conf", 0644, "kind = teams\nurl-file = teams\n");
	peer.status[0] = 200;
	hk_flow *flow = fl_open();
	hk_chats *chats = open_chats();
	unsigned sent = got(0);
	hk_taken taken;
	int64_t gone = fl_take(flow, "t.co.example", "a", &taken);
	int64_t stands = fl_take(flow, "ysl88.example", "", &taken);

	ok(fl_do(flow, hk_chats_announce(flow, chats, error)), "a house with chats: %s", fl_why());
	const hk_wave_row wave = {.case_id = gone,
		.family = (char *)(uintptr_t) "keepspy",
		.text = (char *)(uintptr_t) "x",
		.brands = (char *)(uintptr_t) "[]"};
	int64_t id = 0;
	ok(fl_do(flow, hk_wave_add(hk_flow_db(flow), &wave, (const uint8_t[32]){1}, &id, error)),
		"a wave: %s", fl_why());
	ok(fl_do(flow,
		   hk_notice_later(flow, "wave.seen", gone,
			   "{\"wave\":1,\"text\":\"x\",\"port\":7775,\"numbers\":12,\"shown\":\"\","
			   "\"short\":\"https://t.co.example/a\"}",
			   hk_flow_now(flow) + 2000, error)),
		"told: %s", fl_why());
	hk_clock_advance(1999);
	work(flow, chats);
	is_int(got(0), sent, "the card waits");
	ok(fl_do(flow, hk_case_merge(flow, gone, stands, NULL, error)), "merged: %s", fl_why());
	fl_run(flow, HK_SQL("UPDATE waves SET numbers = 40, landing = 'https://ysl88.example/', "
			    "case_id = (SELECT "
			    "MAX(id) FROM cases)"));
	hk_clock_advance(1);
	work(flow, chats);
	if (is_int(got(0), sent + 1, "then it is made")) {
		const char *body = g_ptr_array_index(peer.bodies[0], sent);
		ok(strstr(body, "hxxps://ysl88[.]example/"), "with the landing");
		ok(strstr(body, "hxxps://t[.]co[.]example/a"), "the short URL");
		ok(strstr(body, "#/case/2"), "the case that stands");
		ok(strstr(body, "#/wave/1"), "and the wave");
		ok(strstr(body, "\"40\""), "of forty numbers by now");
	}
	hk_chats_free(chats);
	fl_close(flow);
}

int
main(void)
{
	g_autoptr(GError) error = NULL;
	hk_taken taken;

	for (int i = 0; i < 3; i++) {
		peer.status[i] = 200;
		peer.bodies[i] = g_ptr_array_new_with_free_func(g_free);
	}
	rg_httpd *server = rg_httpd_start(0, answer, NULL, &error);
	if (!server) {
		printf("Bail out! %s\n", error->message);
		return 1;
	}
	set_up(rg_httpd_port(server));
	hk_clock_freeze(START);
	hk_flow *flow = fl_open();
	int64_t id = fl_take(flow, "login.evil.example", "in?m=taro", &taken);
	hk_chats *chats = open_chats();

	test_nobody(flow, chats, id);
	test_tell(flow);
	test_once(flow, chats, id);
	test_again(flow, chats);
	test_away(flow, chats, id);
	test_refused(flow, chats, id);
	test_fold(flow, chats, id);
	test_keep(flow, chats, id);
	test_none(flow, id);
	test_silent(flow, id);
	hk_chats_free(chats);
	fl_close(flow);
	test_wave();
	rg_httpd_stop(server);
	g_autofree char *command = g_strdup_printf("rm -rf '%s'", folder);
	ok(system(command) == 0, "cleaned up");
	return tap_done();
}
