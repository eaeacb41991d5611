/* nocheck: tested in tests/scenario/takedown.t. One recipient, one message: the exact bytes that a person will approve. */
#include <string.h>
#include <sys/random.h>

#include "base/codec.h"
#include "flow/victim.h"
#include "report/channel_conf.h"
#include "report/crew_int.h"
#include "report/letter.h"
#include "report/template.h"
#include "store/letter_templates.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/hash.h"
#include "sys/jsonw.h"

/* Where ICANN takes complaints about a registrar that does not act (RAA 3.18). */
#define ICANN_FORM "https://icannportal.force.com/compliance/s/abuse-domain"

enum { TITLE_MAX = 300 };

typedef struct writing {
	hk_crew *crew;
	hk_db *db;
	const hk_brief *brief;
	const hk_recipient *to;
	const char *parent;
	const hk_draft_words *words;
	char token[33];
	int64_t now_ms;
	hk_report_row *ret;
	GBytes *content;
} writing;

static bool
take_token(writing *w, const char *token, GError **error)
{
	uint8_t bytes[16];

	if (token) {
		g_strlcpy(w->token, token, sizeof w->token);
		return true;
	}
	if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes) {
		return hk_error_set(error, HK_EINTERNAL, "the system has no random numbers");
	}
	hk_hex_encode(hk_span_of(bytes, sizeof bytes), w->token);
	return true;
}

/* ---- words ---- */

/* Subject and text: a person's, or those of the template for this recipient (ours, or what people made of it). Both the caller's. */
static bool
words_of(const writing *w, char **ret_subject, char **ret_text, GError **error)
{
	const char *kind = hk_template_kind(w->brief, w->to);
	hk_letter_template_row *row = NULL;
	g_autoptr(GString) subject = g_string_new(NULL);
	g_autoptr(GString) text = g_string_new(NULL);

	if (w->words) {
		*ret_subject = g_strdup(w->words->subject);
		*ret_text = g_strdup(w->words->text);
		return true;
	}
	if (!hk_letter_templates_get(w->db, kind, w->to->lang, &row, error)) {
		return false;
	}
	g_autofree char *own =
		row ? g_strdup_printf("Subject: %s\n\n%s", row->subject, row->body) : NULL;
	hk_letter_template_row_free(row);
	const hk_template_file *file = hk_template_find(kind, w->to->lang);
	g_autoptr(hk_template) template = hk_template_new(
		hk_span_str(own ? own : file->text), own ? w->to->lang : file->lang, NULL, error);
	const hk_template_data data = {
		.brief = w->brief, .to = w->to, .token = w->token, .now_ms = w->now_ms};
	if (!template || !hk_template_expand(template, &data, subject, text, error)) {
		return false;
	}
	*ret_subject = g_string_free(g_steal_pointer(&subject), FALSE);
	*ret_text = g_string_free(g_steal_pointer(&text), FALSE);
	return true;
}

/* ---- by mail ---- */

static char *
mail_request(const hk_letter *letter, const char *text)
{
	GString *out = g_string_new(NULL);

	hk_jsonw_open(out, '{');
	hk_jsonw_member_str(out, "way", "mail");
	hk_jsonw_member_str(out, "from", letter->sender);
	hk_jsonw_strs(out, "to", (const char *const[]){letter->to}, 1);
	hk_jsonw_member_str(out, "message_id", letter->message_id);
	hk_jsonw_member_str(out, "subject", letter->title);
	hk_jsonw_member_str(out, "text", text);
	hk_jsonw_member_int(out, "pictures", letter->files);
	hk_jsonw_member_int(out, "left_out", letter->left_out);
	hk_jsonw_close(out, '}');
	return g_string_free(out, FALSE);
}

/* Words as a template: what looks like a tag in them is none. */
static char *
as_template(const char *subject, const char *text)
{
	GString *all = g_string_new(NULL);

	g_string_printf(all, "Subject: %s\n\n%s", subject, text);
	g_string_replace(all, "{{", "{ {", 0);
	return g_string_free(all, FALSE);
}

static bool
write_mail(writing *w, const char *mailbox, GError **error)
{
	g_autofree char *subject = NULL;
	g_autofree char *text = NULL;
	hk_recipient to = *w->to;

	if (!words_of(w, &subject, &text, error)) {
		return false;
	}
	g_autofree char *words = as_template(subject, text);
	const char *who = w->crew->config.from ? w->crew->config.from : w->brief->who.contact;
	g_autofree char *parent = w->parent ? hk_letter_message_id(w->parent, who) : NULL;
	const hk_letter_options options = {.now_ms = w->now_ms,
		.from = w->crew->config.from,
		.template_text = words,
		.template_lang = w->to->lang,
		.in_reply_to = parent,
		.signer = w->crew->signer};
	to.address = (char *)(uintptr_t)mailbox;
	g_autoptr(hk_letter) letter = hk_letter_make(w->brief, &to, w->token, &options, error);
	if (!letter) {
		return false;
	}
	w->ret->title = g_strdup(letter->title);
	w->ret->type = g_strdup("message/rfc822");
	w->ret->request = mail_request(letter, text);
	w->content = g_bytes_ref(letter->bytes);
	return true;
}

/* ---- by a person's hands ---- */

static void
assisted(writing *w, const char *url, const char *subject, GBytes *body)
{
	g_autoptr(GString) out = g_string_new(NULL);

	hk_jsonw_open(out, '{');
	hk_jsonw_member_str(out, "way", "assisted");
	hk_jsonw_member_str(out, "url", url);
	hk_jsonw_member_str(out, "subject", subject);
	hk_jsonw_close(out, '}');
	w->ret->title = g_strdup(subject);
	w->ret->type = g_strdup("text/plain");
	w->ret->request = g_string_free(g_steal_pointer(&out), FALSE);
	w->content = g_bytes_ref(body);
}

static bool
write_form(writing *w, const char *url, GError **error)
{
	g_autofree char *subject = NULL;
	g_autofree char *text = NULL;

	if (!words_of(w, &subject, &text, error)) {
		return false;
	}
	g_autoptr(GBytes) body = g_bytes_new(text, strlen(text));
	assisted(w, url, subject, body);
	return true;
}

/* ---- by a channel ---- */

static void
http(writing *w, const hk_channel_conf *conf, const hk_channel_ask *ask)
{
	g_autofree char *kept = hk_channel_ask_keep(ask);
	const hk_brief_site *lead = w->brief->sites->pdata[0];

	w->ret->title = g_strndup(lead->url, TITLE_MAX);
	w->ret->type = g_strdup("application/json");
	w->ret->request = g_strdup_printf(
		"{\"way\":\"http\",\"test\":%s,\"ask\":%s}", conf->test ? "true" : "false", kept);
	w->content = ask->body ? g_bytes_ref(ask->body) : NULL;
}

static bool
write_channel(writing *w, const hk_channel_conf *conf, GError **error)
{
	const hk_brief_site *lead = w->brief->sites->pdata[0];
	g_auto(hk_channel_ask) ask = {0};

	if (!conf->channel->submit(conf, w->brief, w->token, &ask, error)) {
		return false;
	}
	switch (conf->channel->way) {
	case HK_WAY_HTTP:
		http(w, conf, &ask);
		return true;
	case HK_WAY_MAIL:
		return write_mail(w, ask.url, error);
	case HK_WAY_ASSISTED:
		assisted(w, ask.url, lead->url, ask.body);
		return true;
	case HK_WAY_LOOKUP:
		break;
	}
	return hk_error_set(error, HK_EFORM, "%s: only answers questions", conf->name);
}

static bool
write_way(writing *w, GError **error)
{
	if (strcmp(w->to->channel, "mail") == 0) {
		return write_mail(w, w->to->address, error);
	}
	if (strcmp(w->to->channel, "form") == 0) {
		return write_form(w, w->to->address, error);
	}
	if (strcmp(w->to->channel, "icann") == 0) {
		return write_form(w, ICANN_FORM, error);
	}
	const hk_channel_conf *conf = hk_channel_conf_of(w->crew->confs, w->to->channel);
	return conf ? write_channel(w, conf, error)
		    : hk_error_set(
			      error, HK_EFORM, "there is no file of channel %s", w->to->channel);
}

static bool
keep(writing *w, GError **error)
{
	gsize len = 0;
	const void *data = w->content ? g_bytes_get_data(w->content, &len) : NULL;

	if (w->content &&
		!hk_blobs_put(w->crew->blobs, hk_span_of(data, len), w->ret->content, error)) {
		return false;
	}
	/* A request without a body is whole, too. */
	if (!w->content &&
		!hk_blobs_put(w->crew->blobs, hk_span_of("", 0), w->ret->content, error)) {
		return false;
	}
	w->ret->has_content = true;
	w->ret->bytes = (int64_t)len;
	hk_crew_digest(w->ret->request, w->content, w->ret->digest);
	return true;
}

/* Besides its sites a report may tell where they lead: whether that names a victim, and stands in what leaves. Letters and forms hold all of it, as text or encoded; of a request the bytes
 * tell. */
static bool
tells(const writing *w, const char *url)
{
	gsize len = 0;
	const char *data = w->content ? g_bytes_get_data(w->content, &len) : NULL;

	return url && hk_victim_in_url(url) &&
	       (!strstr(w->ret->request, "\"way\":\"http\"") ||
		       (data && g_strstr_len(data, (gssize)len, url)));
}

static bool
tells_victim(const writing *w)
{
	const hk_brief *b = w->brief;
	bool found = tells(w, b->landing) || tells(w, b->submit_url);

	for (unsigned i = 0; i < b->redirects->len && !found; i++) {
		found = tells(w, b->redirects->pdata[i]);
	}
	return found;
}

bool
hk_draft_one(hk_crew *crew, hk_flow *flow, const hk_brief *brief, const hk_recipient *to,
	const char *token, const char *parent_token, const hk_draft_words *words,
	hk_report_row *ret, GError **error)
{
	writing w = {.crew = crew,
		.db = hk_flow_db(flow),
		.brief = brief,
		.to = to,
		.parent = parent_token,
		.words = words,
		.now_ms = hk_clock_wall_ms(),
		.ret = ret};

	bool good = take_token(&w, token, error) && write_way(&w, error) && keep(&w, error);
	ret->stops |= good && tells_victim(&w) ? 1u << HK_STOPS_VICTIM : 0;
	g_clear_pointer(&w.content, g_bytes_unref);
	if (!good) {
		hk_report_row_clear(ret);
		return false;
	}
	ret->channel = g_strdup(to->channel);
	ret->kind = g_strdup(to->kind);
	ret->recipient = g_strdup(to->address);
	ret->name = g_strdup(to->name);
	ret->subject = g_strdup(to->subject);
	ret->lang = g_strdup(to->lang);
	ret->step = g_strdup(to->step);
	ret->token = g_strdup(w.token);
	return true;
}
