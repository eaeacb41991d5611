/* tests/report_fixture: puts reports and letters into a house, by the flow that stages go through (flow/report): for tests of API and board.
 *
 *   report_fixture DATABASE AUDIT-KEY BLOBS CASE WHAT [APPROVER [PROPOSER]]
 *
 * WHAT: drafts (three mails, one of them to a fourth party by PROPOSER, a request, one that is handed in), states (one report in each state that can follow, approved by APPROVER), sample (one that a
 * policy has allowed), letters (two that belong to nothing). The case is confirmed and has evidence. All that is said in it is hostile: markup, marks that turn text round. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flow/people.h"
#include "flow/report.h"
#include "store/db.h"
#include "store/users.h"
#include "sys/blob.h"
#include "sys/hash.h"

typedef struct work {
	int64_t case_id, approver, proposer;
	const char *what;
	hk_blobs *blobs;
	unsigned count;
} work;

#define REQUEST_MAIL "{\"way\":\"mail\",\"from\":\"takedown@mihon-bank.example\",\"to\":\"%s\"}"
#define REQUEST_HTTP                                                                               \
	"{\"way\":\"http\",\"method\":\"POST\",\"url\":\"https://report.example/v3/urls\","        \
	"\"headers\":[\"Content-Type: application/json\"]}"
#define REQUEST_HAND                                                                               \
	"{\"way\":\"assisted\",\"method\":\"GET\",\"url\":\"https://form.example/report\"}"

/* What a letter looks like: a subject in Japanese, text in base64, a picture. */
static const char letter[] =
	"From: =?UTF-8?B?6KaL5pys6YqA6KGMIENTSVJU?= <takedown@mihon-bank.example>\r\n"
	"To: %s\r\n"
	"Subject: =?UTF-8?B?44OV44Kj44OD44K344Oz44Kw44K144Kk44OI44Gu5YGc5q2i44Gu44GK6aGY44GE?=\r\n"
	"Message-ID: <%s@mihon-bank.example>\r\n"
	"MIME-Version: 1.0\r\n"
	"X-Evil: <script>alert(5)</script>\r\n"
	"Content-Type: multipart/mixed; boundary=\"cut\"\r\n"
	"\r\n--cut\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: "
	"base64\r\n\r\n%s\r\n--cut\r\nContent-Type: image/png; name=\"iphone-viewport.png\"\r\n"
	"Content-Disposition: attachment; filename=\"iphone-viewport.png\"\r\n"
	"Content-Transfer-Encoding: base64\r\n\r\niVBORw0KGgoAAAANSUhEUg==\r\n--cut\r\n"
	"Content-Type: application/json; name=\"xarf.json\"\r\nContent-Disposition: attachment; "
	"filename=\"xarf.json\"\r\n\r\n{\"Version\":\"4.0.0\",\"Source\":"
	"\"https://www.evil.example/login\"}\r\n--cut--\r\n";
static const char said[] =
	"ご担当者様\n\n次のサイトは当行をかたるフィッシングサイトです。停止をお願いいたします。\n\n"
	"  hxxps://www[.]evil[.]example/login\n\n"
	"https://www.evil.example/login <img src=x onerror=alert(6)>\n\xe2\x80\xaegnp.exe\n";
static const char asked[] =
	"{\"email\":\"takedown@mihon-bank.example\",\"reason\":\"</pre><script>alert(7)</script>\","
	"\"urls\":[{\"url\":\"https://www.evil.example/login\"}]}";
static const char listed[] = "https://www.evil.example/login\nhttps://www.evil.example/a\n";

/* ---- drafts ---- */

typedef struct kind_of {
	const char *channel, *kind, *recipient, *name;
} kind_of;

static bool
content_of(const work *w, const kind_of *k, const char *token, hk_report_row *row, GError **error)
{
	g_autofree char *base64 = g_base64_encode((const unsigned char *)said, sizeof said - 1);
	g_autofree char *bytes = NULL;

	if (strcmp(k->channel, "mail") == 0) {
		bytes = g_strdup_printf(letter, k->recipient, token, base64);
		row->request = g_strdup_printf(REQUEST_MAIL, k->recipient);
		row->type = g_strdup("message/rfc822");
		row->title =
			g_strdup("フィッシングサイトの停止のお願い https://www.evil.example/login");
	} else if (strcmp(k->channel, "smartform") == 0) {
		bytes = g_strdup(listed);
		row->request = g_strdup(REQUEST_HAND);
		row->type = g_strdup("text/plain");
		row->title = g_strdup("Form <b>of</b> the browser's list");
	} else {
		bytes = g_strdup(asked);
		row->request = g_strdup(REQUEST_HTTP);
		row->type = g_strdup("application/json");
		row->title = g_strdup("POST https://report.example/v3/urls");
	}
	const hk_span pieces[] = {hk_span_str(row->request), HK_SPAN_LIT("\n"), hk_span_str(bytes)};
	row->bytes = (int64_t)strlen(bytes);
	row->has_content = true;
	hk_sha256_pieces(pieces, G_N_ELEMENTS(pieces), row->digest);
	return hk_blobs_put(w->blobs, hk_span_str(bytes), row->content, error);
}

static bool
draft(hk_flow *flow, work *w, const kind_of *k, const char *step, int64_t *ret, GError **error)
{
	g_auto(hk_report_row) row = {.case_id = w->case_id, .round = 1};
	const hk_report_site sites[] = {{w->case_id, "https://www.evil.example/login"},
		{w->case_id, "https://www.evil.example/a?x=<b>"}};

	row.token =
		g_strdup_printf("%016x%08x%08x", (unsigned)w->case_id, g_random_int(), ++w->count);
	row.channel = g_strdup(k->channel);
	row.kind = g_strdup(k->kind);
	row.recipient = g_strdup(k->recipient);
	row.name = g_strdup(k->name);
	row.subject = g_strdup("evil.example");
	row.lang = g_strdup("ja");
	row.step = g_strdup(step);
	row.facts = g_strdup("{}");
	row.proposer_id = w->proposer;
	return content_of(w, k, row.token, &row, error) &&
	       hk_report_draft(flow, &row, sites, G_N_ELEMENTS(sites), ret, error);
}

static bool
drafts(hk_flow *flow, work *w, GError **error)
{
	static const kind_of kinds[] = {
		{"mail", "registrar", "abuse@registrar.example", "Mihon Registrar, \"Inc.\""},
		{"mail", "hosting", "abuse@hosting.example", "Mihon Hosting <script>"},
		{"netcraft", "vendor", "netcraft", "Netcraft"},
		{"smartform", "vendor", "smartform", "Browser's list"}};
	static const kind_of own = {"mail", "dns", "abuse@dns.example", "Mihon DNS"};
	int64_t id, proposer = w->proposer;

	w->proposer = 0;
	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
		if (!draft(flow, w, &kinds[i], "first", &id, error)) {
			return false;
		}
	}
	w->proposer = proposer;
	return proposer == 0 || draft(flow, w, &own, "first", &id, error);
}

/* ---- further states ---- */

typedef struct end_of {
	const char *state, *class; /* what a letter or a poll said; NULL: nothing */
	int settle;                /* 1: the answer came; -1: nobody knows */
} end_of;

static const end_of ends[] = {{"sent", NULL, 1}, {"acknowledged", "acknowledged", 1},
	{"actioned", "actioned", 1}, {"rejected", "refused", 1}, {"bounced", "bounced", 1},
	{"unsure", NULL, -1}};

static bool
approve(hk_flow *flow, int64_t id, GError **error)
{
	g_auto(hk_report_row) row = {0};

	return hk_reports_get(hk_flow_db(flow), id, &row, error) &&
	       hk_report_approve(
		       flow, id, row.digest, 1u << HK_STOPS_FIRST | 1u << HK_STOPS_BOUNCED, error);
}

static bool
leave(hk_flow *flow, work *w, int64_t id, const end_of *e, GError **error)
{
	g_auto(hk_report_row) row = {0};
	hk_report_go go;
	uint8_t answer[32];
	int64_t receipt, wait_ms;
	const hk_report_end end = {.how = "taken",
		.remote_id = "ABC-<b>123</b>",
		.remote_state = "processing",
		.answer = answer,
		.status = 250,
		.again_ms = -1};

	if (!hk_blobs_put(
		    w->blobs, HK_SPAN_LIT("250 ok <script>alert(8)</script>\n"), answer, error) ||
		!hk_report_begin(flow, id, 0, &go, &row, &receipt, &wait_ms, error) ||
		!hk_report_committed(flow, receipt, error)) {
		return false;
	}
	if (e->settle < 0) {
		const hk_report_end lost = {.why = "the line broke; see https://docs.example/"};
		return hk_report_settle(flow, id, -1, &lost, error);
	}
	return hk_report_ended(flow, id, receipt, &end, error) &&
	       (!e->class || hk_report_answer(flow, id, e->class, NULL,
				     "they say so at https://www.evil.example/", error));
}

static bool
put_letter(
	hk_flow *flow, work *w, int64_t report, const char *class, const char *id, GError **error)
{
	static const char mail[] =
		"From: abuse@registrar.example\r\nSubject: Re: <b>\r\n\r\nhello\r\n";
	uint8_t sha256[32];

	return hk_blobs_put(w->blobs, hk_span_str(mail), sha256, error) &&
	       hk_db_exec(hk_flow_db(flow),
		       HK_SQL("INSERT INTO letters (mailbox, message_id, report_id, matched, "
			      "class, "
			      "number, sender, subject, text, content, sent_ms, at_ms) VALUES "
			      "('takedown', $1, $2, $3, $4, 'ABC-123', 'Abuse "
			      "<abuse@registrar.example>', "
			      "$5, $6, $7, $8, $8)"),
		       HK_ARGS(hk_v_str(id), hk_v_id(report), hk_v_str(report ? "plus" : NULL),
			       hk_v_str(class),
			       hk_v_str("Re: [ABC-123] <img src=x onerror=alert(9)>"),
			       hk_v_str("The name www.evil.example has been put on hold.\n"
					"<script>alert(10)</script> "
					"https://www.evil.example/login\n"),
			       hk_v_blob(hk_span_of(sha256, sizeof sha256)),
			       hk_v_int(hk_flow_now(flow))),
		       NULL, error);
}

static bool
states(hk_flow *flow, work *w, GError **error)
{
	int64_t id;

	/* Nothing may be sent within the undo window; for these there was none. */
	if (!hk_setting_put(flow, "takedown", -1, "{\"undo_s\":0}", error)) {
		return false;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(ends); i++) {
		g_autofree char *address = g_strdup_printf("abuse@%s.example", ends[i].state);
		g_autofree char *message = g_strdup_printf("<%s-%u@x>", ends[i].state, w->count);
		const kind_of k = {"mail", "hosting", address, "Mihon Hosting"};
		if (!draft(flow, w, &k, "first", &id, error) || !approve(flow, id, error) ||
			!leave(flow, w, id, &ends[i], error) ||
			(ends[i].class &&
				!put_letter(flow, w, id, ends[i].class, message, error))) {
			return false;
		}
	}
	return hk_setting_put(flow, "takedown", -1, "{\"undo_s\":300}", error);
}

static bool
sample(hk_flow *flow, work *w, GError **error)
{
	static const kind_of k = {"netcraft2", "vendor", "netcraft2", "Netcraft"};
	int64_t id;

	return hk_setting_put(flow, "takedown", -1,
		       "{\"undo_s\":300,\"policies\":["
		       "{\"name\":\"vendors\",\"channels\":[\"netcraft2\"],\"score\":0,\"own\":"
		       "false,\"sample\":1},"
		       "{\"name\":\"vendors-own\",\"channels\":[\"netcraft2\"],\"score\":0,"
		       "\"own\":true,\"sample\":1}]}",
		       error) &&
	       draft(flow, w, &k, "first", &id, error);
}

static bool
letters(hk_flow *flow, work *w, GError **error)
{
	return put_letter(flow, w, 0, "actioned", "<open-1@x>", error) &&
	       put_letter(flow, w, 0, "other", "<open-2@x>", error);
}

static bool
act(hk_flow *flow, void *user, GError **error)
{
	static const struct {
		const char *what;
		bool (*run)(hk_flow *flow, work *w, GError **error);
	} acts[] = {
		{"drafts", drafts}, {"states", states}, {"sample", sample}, {"letters", letters}};
	work *w = user;

	for (size_t i = 0; i < G_N_ELEMENTS(acts); i++) {
		if (strcmp(acts[i].what, w->what) == 0) {
			return acts[i].run(flow, w, error);
		}
	}
	g_set_error(error, g_quark_from_static_string("fixture"), 0, "no such thing: %s", w->what);
	return false;
}

static bool
number_of(hk_db *db, const char *login, int64_t *ret, GError **error)
{
	g_autoptr(hk_user) user = NULL;

	if (!login) {
		return true;
	}
	user = hk_user_by_login(db, login, error);
	*ret = user ? user->id : 0;
	return user != NULL;
}

static bool
run(int argc, char **argv, GError **error)
{
	work w = {.case_id = g_ascii_strtoll(argv[4], NULL, 10), .what = argv[5]};
	const char *approver = argc > 6 ? argv[6] : NULL, *proposer = argc > 7 ? argv[7] : NULL;

	g_autoptr(hk_blobs) blobs = hk_blobs_open(&(hk_blobs_config){.where = argv[3]}, error);
	g_autoptr(hk_db) db = blobs ? hk_db_open(argv[1], error) : NULL;
	g_autoptr(hk_flow) flow = db ? hk_flow_new(db, argv[2], error) : NULL;
	if (!flow || !number_of(db, approver, &w.approver, error) ||
		!number_of(db, proposer, &w.proposer, error)) {
		return false;
	}
	const hk_who who = {.user_id = w.approver,
		.login = approver ? approver : "auto",
		.via = approver ? "web" : "work",
		.address = ""};
	w.blobs = blobs;
	return hk_flow_do(flow, &who, act, &w, error);
}

int
main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;

	if (argc < 6) {
		fprintf(stderr, "usage: report_fixture DATABASE AUDIT-KEY BLOBS CASE WHAT "
				"[APPROVER [PROPOSER]]\n");
		return 64;
	}
	if (!run(argc, argv, &error)) {
		fprintf(stderr, "%s\n", error ? error->message : "it failed");
		return 1;
	}
	return 0;
}
