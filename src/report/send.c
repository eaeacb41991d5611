/* nocheck: tested in tests/scenario/takedown.t and by tests/soak/send9.sh. Stage "send": one report leaves, once.
 *
 *     transaction 1   may it leave now? (flow/report: approval, undo window, stops, pace) -> receipt "begun"
 *     network         everything but the last byte
 *     transaction 2   receipt "committed": from here on nobody may send it again without knowing
 *     network         the last byte, the answer
 *     transaction 3   receipt "ended", and what the answer means
 *
 * A process that dies before 2 has sent nothing that counts. One that dies between 2 and 3 leaves a doubt, which is settled by asking the other side
 * (or our own mailbox, which gets a copy of every mail), and, where that is impossible, by a person. */
#include <string.h>

#include "report/channel_conf.h"
#include "report/crew_int.h"
#include "report/mailfind.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/hash.h"
#include "sys/json.h"
#include "sys/log.h"
#include "sys/stop.h"

/* A mail whose copy has not come after so long was not taken: copies come by the same server in the same exchange. From the beginning of the try: five minutes of lease until its
 * last byte, ten in which the server may still take it (RFC 5321, 4.5.3.2.6), a quarter of an hour for the copy. */
#define SETTLE_MS INT64_C(1800000)
/* Who could not be asked for so long is not asked any more: a person says what is true. */
#define DOUBT_MS INT64_C(86400000)
/* A channel whose file is gone has so long to come back before a doubt about it is a person's. */
#define AWAY_MS INT64_C(3600000)
/* How long until we look again: for a copy; for a channel that says nothing yet; for a channel that asked for patience without a time. */
#define LOOK_MS  INT64_C(15000)
#define AGAIN_MS INT64_C(60000)
/* Mail has no pace of its own but this. */
#define MAIL_GAP_MS INT64_C(50)

enum { CONTENT_MAX = 48 << 20, REQUEST_MAX = 4 << 20 };

typedef struct sending {
	hk_crew *crew;
	hk_flow *flow;
	hk_job *job; /* its lease is prolonged when the last byte leaves */
	hk_report_row row;
	const hk_channel_conf *conf; /* NULL: mail */
	GBytes *content;
	int64_t receipt, wait_ms;
	hk_report_go go;
	unsigned stops;
	hk_report_end end;
	char *why, *remote_id, *remote_state, *facts;
	uint8_t answer[32];
	bool committed;
	int found; /* of a doubt */
} sending;

static void
sending_clear(sending *s)
{
	hk_report_row_clear(&s->row);
	g_clear_pointer(&s->content, g_bytes_unref);
	g_free(s->why);
	g_free(s->remote_id);
	g_free(s->remote_state);
	g_free(s->facts);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(sending, sending_clear)

static int64_t
report_of(const hk_job *job)
{
	return hk_crew_number(job->key);
}

/* ---- transaction 1 ---- */

static bool
pace(sending *s, hk_flow *flow, GError **error)
{
	int64_t gap = MAIL_GAP_MS, day = 0;

	if (s->conf) {
		hk_crew_gap(s->conf, &gap, &day);
	}
	return hk_channels_take(
		hk_flow_db(flow), s->row.channel, hk_flow_now(flow), gap, day, &s->wait_ms, error);
}

static bool
look(hk_flow *flow, void *user, GError **error)
{
	sending *s = user;
	int64_t id = report_of(s->job);
	g_autoptr(GPtrArray) urls = NULL;

	hk_report_row_clear(&s->row);
	return hk_reports_get(hk_flow_db(flow), id, &s->row, error) &&
	       hk_reports_sites(hk_flow_db(flow), id, &urls, NULL, error) &&
	       hk_crew_stops(s->crew, hk_flow_db(flow), urls, s->row.kind, s->row.recipient,
		       &s->stops, error);
}

static bool
begin(hk_flow *flow, void *user, GError **error)
{
	sending *s = user;
	int64_t now = hk_flow_now(flow);

	hk_report_row_clear(&s->row);
	if (!hk_report_begin(flow, report_of(s->job), s->stops, &s->go, &s->row, &s->receipt,
		    &s->wait_ms, error)) {
		return false;
	}
	if (s->go == HK_GO_SEND) {
		if (!pace(s, flow, error)) {
			return false;
		}
		/* Not its turn: as if it had not been asked. */
		return s->wait_ms == 0 || hk_error_set(error, HK_ENOENT, "not its turn");
	}
	return s->go == HK_GO_DOUBT  ? true
	       : s->go == HK_GO_WAIT ? hk_job_again(flow, s->job, now + s->wait_ms, error)
				     : hk_job_done(flow, s->job, error);
}

static bool
later(hk_flow *flow, void *user, GError **error)
{
	sending *s = user;

	return hk_job_again(flow, s->job, hk_flow_now(flow) + s->wait_ms, error);
}

/* ---- what is sent is what was approved ---- */

static bool
take_content(sending *s, GError **error)
{
	uint8_t digest[32];

	if (s->row.has_content) {
		s->content = hk_blobs_get(s->crew->blobs, s->row.content, CONTENT_MAX, error);
		if (!s->content) {
			return false;
		}
	}
	hk_crew_digest(s->row.request, s->content, digest);
	return memcmp(digest, s->row.digest, sizeof digest) == 0 ||
	       hk_error_set(error, HK_ECHECK,
		       "report %" G_GINT64_FORMAT " is not what was approved: it is not sent",
		       s->row.id);
}

static bool
commit(hk_flow *flow, void *user, GError **error)
{
	sending *s = user;

	return hk_report_committed(flow, s->receipt, error);
}

/* The hook of sys/http and sys/smtp: false: the last byte stays here. */
static bool
last_byte(void *user)
{
	sending *s = user;
	g_autoptr(GError) local = NULL;

	/* A login that had run out is renewed, and the request sent once more: nothing was taken the first time. */
	s->committed =
		s->committed || (hk_job_renew(s->flow, s->job, &local) &&
					hk_flow_do(s->flow, &hk_crew_who, commit, s, &local));
	return s->committed;
}

/* ---- mail ---- */

static const struct {
	hk_smtp_how smtp;
	const char *how;
} mail_ends[] = {{HK_SMTP_TAKEN, "taken"}, {HK_SMTP_LATER, "again"}, {HK_SMTP_REFUSED, "refused"},
	{HK_SMTP_CLOSED, "closed"}, {HK_SMTP_STOPPED, "again"}, {HK_SMTP_UNKNOWN, "doubt"}};

/* from, to of a mail's request. Owned by doc. */
static bool
envelope(const hk_json *root, const char **ret_from, GPtrArray *to, GError **error)
{
	hk_json list;

	if (!hk_json_str(root, "from", ret_from, error) ||
		!hk_json_array(root, "to", &list, error)) {
		return false;
	}
	for (size_t i = 0; i < hk_json_len(&list); i++) {
		hk_json at = hk_json_at(&list, i);
		const char *address = hk_json_text(&at);
		if (address) {
			g_ptr_array_add(to, (void *)(uintptr_t)address);
		}
	}
	return true;
}

static bool
post_mail(sending *s, GError **error)
{
	const hk_smtp_config *smtp = s->crew->config.smtp;
	g_autoptr(hk_json_doc) doc = hk_json_load(hk_span_str(s->row.request), REQUEST_MAX, error);
	g_autoptr(GPtrArray) to = g_ptr_array_new();
	g_auto(hk_smtp_answer) answer = {0};
	const char *from;
	gsize len;

	if (!doc) {
		return false;
	}
	hk_json root = hk_json_root(doc);
	if (!envelope(&root, &from, to, error)) {
		return false;
	}
	if (!smtp) {
		s->end.how = "closed";
		s->why = g_strdup("option smtp is not set: there is no server to send mail by");
		return true;
	}
	if (smtp->copy) {
		g_ptr_array_add(to, smtp->copy);
	}
	g_ptr_array_add(to, NULL);
	const void *bytes = g_bytes_get_data(s->content, &len);
	const hk_smtp_message mail = {.from = from,
		.to = (const char *const *)to->pdata,
		.bytes = hk_span_of(bytes, len),
		.last = last_byte,
		.user = s,
		.stop_fd = hk_stop_fd()};
	hk_smtp_send(smtp, &mail, &answer);
	for (size_t i = 0; i < G_N_ELEMENTS(mail_ends); i++) {
		if (mail_ends[i].smtp == answer.how) {
			s->end.how = mail_ends[i].how;
		}
	}
	s->end.status = answer.code;
	s->why = g_strdup(answer.text);
	return true;
}

/* ---- HTTP ---- */

static void
take_told(sending *s, hk_told *told)
{
	s->end.how = hk_told_how_name(told->how);
	s->end.again_ms = told->again_ms;
	s->why = g_steal_pointer(&told->why);
	s->remote_id = g_steal_pointer(&told->remote_id);
	s->remote_state = g_steal_pointer(&told->remote_state);
	s->facts = g_steal_pointer(&told->facts);
}

/* When it is asked for first; 0: never. What its file says counts, and not what its kind could do. */
static int64_t
poll_after(const sending *s)
{
	return s->conf && (s->conf->can & HK_CAN_POLL) ? MAX(s->conf->channel->poll_ms, 1) : 0;
}

/* The answer is kept: it is the receipt. */
static void
keep_answer(sending *s, hk_span body)
{
	g_autoptr(GError) local = NULL;

	if (body.len > 0 && hk_blobs_put(s->crew->blobs, body, s->answer, &local)) {
		s->end.answer = s->answer;
	}
}

static bool
post_http(sending *s, GError **error)
{
	g_autoptr(hk_json_doc) doc = hk_json_load(hk_span_str(s->row.request), REQUEST_MAX, error);
	g_auto(hk_channel_ask) ask = {0};
	g_auto(hk_post_answer) posted = {0};
	g_auto(hk_told) told = {0};
	g_autoptr(GError) local = NULL;
	hk_json kept;

	if (!doc) {
		return false;
	}
	hk_json root = hk_json_root(doc);
	if (!hk_json_object(&root, "ask", &kept, error)) {
		return false;
	}
	g_autofree char *text = hk_json_dump(&kept);
	if (!hk_channel_ask_kept(text, s->content, &ask, error)) {
		return false;
	}
	if (!hk_post_send(s->crew->post, s->conf, &ask, last_byte, s, &posted, &local)) {
		s->end.how = "closed"; /* nothing has left: our own file is wrong */
		s->why = g_strdup(local->message);
		return true;
	}
	s->conf->channel->submitted(s->conf, &posted.answer, &told);
	s->end.status = posted.answer.status;
	s->end.poll_ms = poll_after(s);
	s->end.pause_ms = MAX(posted.answer.retry_after_ms, 0);
	bool unsure = told.how == HK_TOLD_UNSURE;
	take_told(s, &told);
	if (unsure) {
		s->end.how = "doubt";
	}
	keep_answer(s, posted.answer.body);
	return true;
}

/* ---- transaction 3 ---- */

static bool
ended(hk_flow *flow, void *user, GError **error)
{
	sending *s = user;
	int64_t now = hk_flow_now(flow);

	s->end.why = s->why;
	s->end.remote_id = s->remote_id;
	s->end.remote_state = s->remote_state;
	s->end.facts = s->facts;
	if (!hk_report_ended(flow, s->row.id, s->receipt, &s->end, error)) {
		return false;
	}
	bool again = strcmp(s->end.how, "again") == 0 || strcmp(s->end.how, "closed") == 0;
	int64_t wait = s->end.again_ms > 0 ? s->end.again_ms
					   : MIN(AGAIN_MS << MIN(s->row.tries, 6), 60 * AGAIN_MS);
	return again ? hk_job_again(flow, s->job, now + wait, error)
		     : hk_job_done(flow, s->job, error);
}

static void
tell(const sending *s)
{
	if (strcmp(s->end.how, "taken") == 0) {
		hk_log(HK_EVENT_REPORT_SENT, HK_F_INT("report", s->row.id),
			HK_F_STR("channel", s->row.channel),
			HK_F_STR("recipient", s->row.recipient), HK_F_INT("tries", s->row.tries));
	} else {
		hk_log(HK_EVENT_REPORT_WAITS, HK_F_INT("report", s->row.id),
			HK_F_STR("channel", s->row.channel), HK_F_STR("how", s->end.how),
			HK_F_STR("reason", s->why ? s->why : ""));
	}
}

/* ---- doubts ---- */

/* 1: our mailbox has the copy; 0: it would have it by now; -1: we have no mailbox; -2: later. */
static int
find_mail(sending *s, char **ret_why)
{
	g_autoptr(hk_json_doc) doc = hk_json_load(hk_span_str(s->row.request), REQUEST_MAX, NULL);
	g_autoptr(GError) local = NULL;
	const char *id = NULL;
	bool there = false;

	if (!s->crew->config.copies || !s->crew->config.smtp || !s->crew->config.smtp->copy) {
		*ret_why = g_strdup("the connection was lost behind the last byte, and no mailbox "
				    "gets copies (options smtp-copy, reply-mail)");
		return -1;
	}
	hk_json root = doc ? hk_json_root(doc) : (hk_json){0};
	if (!doc || !hk_json_str(&root, "message_id", &id, &local) ||
		!hk_mailfind(s->crew->config.copies, &id, 1, hk_stop_fd(), &there, &local)) {
		*ret_why = g_strdup(local ? local->message : "the request cannot be read");
		return -2;
	}
	*ret_why = g_strdup(there ? "the copy came to our mailbox" : "no copy came to our mailbox");
	return there ? 1 : -3;
}

/* The same token is the same report there, for a while or for ever. */
static bool
has_token(const sending *s, int64_t since_ms)
{
	int64_t lasts = s->conf->channel->token_ms;

	return (s->conf->can & HK_CAN_TOKEN) &&
	       (lasts == 0 || hk_clock_wall_ms() - since_ms < lasts);
}

static int
found_as(hk_told_how how)
{
	return how == HK_TOLD_TAKEN || how == HK_TOLD_STATE      ? 1
	       : how == HK_TOLD_ABSENT                           ? 0
	       : how == HK_TOLD_UNSURE || how == HK_TOLD_REFUSED ? -1
								 : -2;
}

static int
find_http(sending *s, int64_t since_ms, char **ret_why)
{
	g_autoptr(GPtrArray) urls = NULL;
	g_autoptr(GError) local = NULL;
	g_auto(hk_told) told = {0};

	if (has_token(s, since_ms)) {
		*ret_why = g_strdup("the same token is the same report there");
		return 0;
	}
	if (!(s->conf->can & HK_CAN_FIND)) {
		*ret_why = g_strdup(
			"the connection was lost behind the last byte, and they cannot be asked");
		return -1;
	}
	if (!hk_reports_sites(hk_flow_db(s->flow), s->row.id, &urls, NULL, &local) ||
		!hk_crew_find(s->crew, s->flow, &s->row, s->conf,
			urls->len > 0 ? urls->pdata[0] : NULL, since_ms, &told, &s->end.pause_ms,
			&local)) {
		*ret_why = g_strdup(local->message);
		return hk_error_code(local) == HK_EFORM ? -1 : -2;
	}
	*ret_why = g_strdup(told.why ? told.why : hk_told_how_name(told.how));
	if (found_as(told.how) == 1) {
		s->remote_id = g_steal_pointer(&told.remote_id);
		s->remote_state = g_steal_pointer(&told.remote_state);
		s->facts = g_steal_pointer(&told.facts);
	}
	s->wait_ms = told.how == HK_TOLD_NOT_YET ? MIN(told.again_ms, AGAIN_MS) : 0;
	return found_as(told.how);
}

static bool
settle(hk_flow *flow, void *user, GError **error)
{
	sending *s = user;

	s->end.why = s->why;
	s->end.remote_id = s->remote_id;
	s->end.remote_state = s->remote_state;
	s->end.facts = s->facts;
	s->end.poll_ms = poll_after(s);
	return hk_report_settle(flow, s->row.id, s->found, &s->end, error) &&
	       (s->found == 0 ? hk_job_again(flow, s->job, hk_flow_now(flow), error)
			      : hk_job_done(flow, s->job, error));
}

/* Of one that was committed and has no end. */
static bool
doubt(sending *s, GError **error)
{
	int64_t since;

	if (!hk_receipts_since(hk_flow_db(s->flow), s->receipt, &since, error)) {
		return false;
	}
	s->found = s->conf ? find_http(s, since, &s->why) : find_mail(s, &s->why);
	if (s->found == -3) {
		s->found = hk_clock_wall_ms() - since >= SETTLE_MS ? 0 : -2;
	}
	if (s->found == -2 && hk_clock_wall_ms() - since >= DOUBT_MS) {
		s->found = -1;
	}
	if (s->found == -2) {
		s->wait_ms = MAX(s->wait_ms, LOOK_MS);
		return hk_flow_do(s->flow, &hk_crew_who, later, s, error);
	}
	if (s->found == -1) {
		hk_log(HK_EVENT_REPORT_DOUBT, HK_F_INT("report", s->row.id),
			HK_F_STR("channel", s->row.channel), HK_F_STR("reason", s->why));
	}
	return hk_flow_do(s->flow, &hk_crew_who, settle, s, error);
}

/* ---- the stage ---- */

static bool
leave(sending *s, GError **error)
{
	if (!take_content(s, error) || !(s->conf ? post_http(s, error) : post_mail(s, error))) {
		return false;
	}
	/* The receipt stays open: whether it arrived is asked at once. */
	if (strcmp(s->end.how, "doubt") == 0) {
		g_clear_pointer(&s->why, g_free);
		return doubt(s, error);
	}
	tell(s);
	return hk_flow_do(s->flow, &hk_crew_who, ended, s, error);
}

/* What was committed and cannot be asked about, because nobody knows the channel any more, is for a person to judge: a file may be mended, so not at once. */
static bool
away_doubt(hk_flow *flow, void *user, GError **error)
{
	sending *s = user;
	int64_t receipt, since_ms;
	bool committed;

	if (!hk_reports_lock(hk_flow_db(flow), s->row.id, &s->row, error) ||
		!hk_receipts_open(hk_flow_db(flow), s->row.id, &receipt, &committed, error)) {
		return false;
	}
	if (receipt == 0 || !committed) {
		return later(flow, s, error);
	}
	if (!hk_receipts_since(hk_flow_db(flow), receipt, &since_ms, error)) {
		return false;
	}
	if (hk_flow_now(flow) - since_ms < AWAY_MS) {
		return later(flow, s, error);
	}
	s->found = -1;
	s->why = g_strdup(
		"the connection was lost behind the last byte, and the channel's file is gone "
		"or disabled");
	return settle(flow, s, error);
}

/* A channel whose file is gone, or is disabled, sends nothing; nothing is lost. */
static bool
has_way(sending *s)
{
	if (strcmp(s->row.channel, "mail") == 0 || strstr(s->row.request, "\"way\":\"mail\"")) {
		return true;
	}
	s->conf = hk_channel_conf_of(s->crew->confs, s->row.channel);
	return s->conf && s->conf->enabled;
}

bool
hk_send_run(hk_flow *flow, const hk_job *job, void *user, GError **error)
{
	hk_job own = *job; /* its strings are borrowed */
	g_auto(sending) s = {.crew = user, .flow = flow, .job = &own, .end = {.again_ms = -1}};
	g_autoptr(GError) local = NULL;

	if (!hk_db_begin(hk_flow_db(flow), false, error)) {
		return false;
	}
	bool good = look(flow, &s, error);
	hk_db_rollback(hk_flow_db(flow));
	if (!good) {
		return false;
	}
	if (!has_way(&s)) {
		s.wait_ms = 10 * AGAIN_MS;
		hk_log(HK_EVENT_REPORT_WAITS, HK_F_INT("report", s.row.id),
			HK_F_STR("channel", s.row.channel), HK_F_STR("how", "closed"),
			HK_F_STR("reason", "no enabled file of that channel"));
		return hk_flow_do(flow, &hk_crew_who, away_doubt, &s, error);
	}
	if (!hk_flow_do(flow, &hk_crew_who, begin, &s, &local)) {
		if (s.wait_ms > 0 && hk_error_code(local) == HK_ENOENT && s.go == HK_GO_SEND) {
			return hk_flow_do(flow, &hk_crew_who, later, &s, error);
		}
		g_propagate_error(error, g_steal_pointer(&local));
		return false;
	}
	return s.go == HK_GO_SEND    ? leave(&s, error)
	       : s.go == HK_GO_DOUBT ? doubt(&s, error)
				     : true;
}
