/* Microsoft's Security Response Center: what is hosted by Microsoft (Azure, OneDrive, Outlook). Facts: POST /report/v2.0/abuse, JSON, no key; testSubmission for tests; errors in
 * words. It gives no number to ask by. */
#include <string.h>
#include <time.h>

#include "report/channel_http.h"
#include "report/channel_json.h"
#include "report/channel_text.h"
#include "report/channel_words.h"
#include "sys/jsonw.h"

enum { NOTES_MAX = 4000 };

static const char *
incident_of(const hk_brief *brief)
{
	if (hk_channel_is_trademark(brief)) {
		return "Illegal/Violates the rights of others";
	}
	bool malware = hk_channel_is_malware(brief);
	return malware ? "Malware" : "Phishing";
}

/* date, time and timeZone: when the site was seen. */
static void
write_when(GString *body, int64_t ms)
{
	time_t s = (time_t)(ms / 1000);
	struct tm tm = {0};
	char date[16], at[16];

	gmtime_r(&s, &tm);
	strftime(date, sizeof date, "%Y-%m-%d", &tm);
	strftime(at, sizeof at, "%H:%M:%S", &tm);
	hk_jsonw_member_str(body, "date", date);
	hk_jsonw_member_str(body, "time", at);
	hk_jsonw_member_str(body, "timeZone", "+0000");
}

static bool
submit(const hk_channel_conf *conf, const hk_brief *brief, const char *token, hk_channel_ask *ret,
	GError **error)
{
	const hk_brief_site *lead = hk_channel_one(brief, error);
	const char *mail = lead ? hk_channel_need_mail(conf, brief, error) : NULL;
	GString *body;

	(void)token;
	if (!mail) {
		return false;
	}
	g_autofree char *notes = hk_channel_why(brief, NOTES_MAX);
	body = g_string_new(NULL);
	hk_jsonw_open(body, '{');
	write_when(body, brief->evidence_ms ? brief->evidence_ms : hk_channel_seen_ms(brief));
	hk_jsonw_member_str(body, "reporterName", brief->who.org ? brief->who.org : mail);
	hk_jsonw_member_str(body, "reporterEmail", mail);
	hk_jsonw_member_str(body, "reportNotes", notes);
	hk_jsonw_member_str(body, "threatType", "URL");
	hk_jsonw_member_str(body, "incidentType", incident_of(brief));
	hk_jsonw_member_str(body, "sourceUrl", lead->url);
	hk_jsonw_member_bool(body, "anonymizeReport", false);
	hk_jsonw_member_bool(body, "testSubmission", conf->test);
	hk_jsonw_close(body, '}');
	hk_channel_ask_json(
		ret, "POST", hk_channel_url(conf->url, "/report/v2.0/abuse", NULL), body);
	return true;
}

/* Any 2xx means that it was taken; a body is not documented. */
static void
submitted(const hk_channel_conf *conf, const hk_channel_answer *answer, hk_told *ret)
{
	if (!hk_channel_http_status(conf, HK_ASKED_SUBMIT, answer, ret)) {
		return;
	}
	g_autoptr(hk_json_doc) doc = hk_json_load(answer->body, HK_CHANNEL_ANSWER_MAX, NULL);
	hk_json root = doc ? hk_json_root(doc) : (hk_json){0};

	if (answer->type && g_str_has_prefix(answer->type, "text/html")) {
		hk_channel_http_odd(conf, HK_ASKED_SUBMIT, "a web page", ret);
		return;
	}
	ret->how = HK_TOLD_TAKEN;
	ret->state = "sent";
	ret->remote_id = doc ? hk_channel_id(&root, "id") : NULL;
}

const hk_channel hk_channel_msrc = {
	.name = "msrc",
	.en = "Microsoft (MSRC)",
	.ja = "Microsoft（MSRC）",
	.way = HK_WAY_HTTP,
	.can = HK_CAN_TEST,
	.url = "https://api.msrc.microsoft.com",
	.per_minute = 30,
	.batch = 1,
	.keys = "email",
	.submit = submit,
	.submitted = submitted,
};
