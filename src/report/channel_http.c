#include "report/channel_http.h"

#include <string.h>

#include "report/channel_json.h"
#include "sys/log.h"

enum { SAYS_MAX = 400 };

/* What a status means, by what was asked. The first row that fits holds. */
static const struct {
	int from, to;
	hk_told_how how[HK_ASKED_COUNT]; /* submit, lookup, poll, find */
	const char *why;
} meanings[] = {
	{401, 403, {HK_TOLD_CLOSED, HK_TOLD_CLOSED, HK_TOLD_CLOSED, HK_TOLD_CLOSED},
		"our access is not right"},
	{404, 404, {HK_TOLD_CLOSED, HK_TOLD_CLOSED, HK_TOLD_NOT_YET, HK_TOLD_UNSURE},
		"there is nothing at that address"},
	{405, 405, {HK_TOLD_CLOSED, HK_TOLD_CLOSED, HK_TOLD_AGAIN, HK_TOLD_UNSURE},
		"that is not how they are asked"},
	{407, 407, {HK_TOLD_CLOSED, HK_TOLD_CLOSED, HK_TOLD_CLOSED, HK_TOLD_CLOSED},
		"a proxy wants to know who we are"},
	{408, 408, {HK_TOLD_AGAIN, HK_TOLD_AGAIN, HK_TOLD_AGAIN, HK_TOLD_AGAIN},
		"it came too slowly"},
	{409, 409, {HK_TOLD_TAKEN, HK_TOLD_AGAIN, HK_TOLD_AGAIN, HK_TOLD_AGAIN},
		"it is known there already"},
	{410, 410, {HK_TOLD_CLOSED, HK_TOLD_CLOSED, HK_TOLD_NOT_YET, HK_TOLD_UNSURE},
		"there is nothing at that address any more"},
	{423, 423, {HK_TOLD_AGAIN, HK_TOLD_AGAIN, HK_TOLD_AGAIN, HK_TOLD_AGAIN}, "not now"},
	{425, 425, {HK_TOLD_AGAIN, HK_TOLD_AGAIN, HK_TOLD_AGAIN, HK_TOLD_AGAIN}, "too early"},
	{429, 429, {HK_TOLD_AGAIN, HK_TOLD_AGAIN, HK_TOLD_AGAIN, HK_TOLD_AGAIN},
		"too many requests"},
	{400, 499, {HK_TOLD_REFUSED, HK_TOLD_REFUSED, HK_TOLD_AGAIN, HK_TOLD_UNSURE},
		"they do not take it"},
	{501, 501, {HK_TOLD_CLOSED, HK_TOLD_CLOSED, HK_TOLD_AGAIN, HK_TOLD_UNSURE},
		"that is not how they are asked"},
	{502, 502, {HK_TOLD_UNSURE, HK_TOLD_AGAIN, HK_TOLD_AGAIN, HK_TOLD_AGAIN},
		"their gateway got no good answer"},
	{504, 504, {HK_TOLD_UNSURE, HK_TOLD_AGAIN, HK_TOLD_AGAIN, HK_TOLD_AGAIN},
		"their gateway got no answer in time"},
	{509, 509, {HK_TOLD_AGAIN, HK_TOLD_AGAIN, HK_TOLD_AGAIN, HK_TOLD_AGAIN},
		"our quota is used up"},
	{500, 599, {HK_TOLD_AGAIN, HK_TOLD_AGAIN, HK_TOLD_AGAIN, HK_TOLD_AGAIN},
		"something is wrong there"},
	/* Redirects are not followed: what was approved goes to that address or nowhere. */
	{0, 999, {HK_TOLD_CLOSED, HK_TOLD_CLOSED, HK_TOLD_AGAIN, HK_TOLD_UNSURE},
		"they answer from another address: mend url"},
};

/* Where the words of an error stand, in the order of their use to a reader. */
static const char *const words_at[] = {
	"message",
	"error.message",
	"error_description",
	"detail",
	"errors[0].message",
	"error.details[0].message",
	"details[0].message",
	"errors[0].detail",
	"messages[0].message",
	"description",
	"reason",
	"title",
	"error",
	"errors[0]",
};

static bool
has_tokens(const hk_channel_conf *conf)
{
	return (conf->can & HK_CAN_TOKEN) != 0;
}

/* Text of theirs on one line that nothing can be hidden in. */
static char *
one_line(hk_span text)
{
	g_autofree char *copy = g_strndup((const char *)text.data, MIN(text.len, SAYS_MAX));

	for (char *at = copy; *at; at++) {
		*at = *at == '\n' || *at == '\r' || *at == '\t' ? ' ' : *at;
	}
	return hk_log_printable(g_strstrip(copy));
}

char *
hk_channel_http_says(const hk_channel_answer *answer)
{
	g_autoptr(hk_json_doc) doc = hk_json_load(answer->body, HK_CHANNEL_ANSWER_MAX, NULL);

	if (!doc) {
		bool plain = answer->type &&
			     g_ascii_strncasecmp(answer->type, "text/plain", 10) == 0 &&
			     answer->body.len > 0;
		return plain ? one_line(answer->body) : NULL;
	}
	hk_json root = hk_json_root(doc);
	for (size_t i = 0; i < G_N_ELEMENTS(words_at); i++) {
		const char *text = hk_channel_json_str(&root, words_at[i]);
		if (text) {
			return one_line(hk_span_str(text));
		}
	}
	return NULL;
}

/* A key that is none is a 400 with some, like a URL that is none; only the words tell. */
static bool
about_key(int status, const char *says)
{
	g_autofree char *lower = status == 400 && says ? g_ascii_strdown(says, -1) : NULL;

	return lower &&
	       (strstr(lower, "api-key") || strstr(lower, "api key") || strstr(lower, "apikey"));
}

/* No answer, or not all of it. */
static void
unanswered(
	const hk_channel_conf *conf, hk_asked asked, const hk_channel_answer *answer, hk_told *ret)
{
	bool unsure = asked == HK_ASKED_SUBMIT && answer->left && !has_tokens(conf);

	ret->how = unsure ? HK_TOLD_UNSURE : HK_TOLD_AGAIN;
	ret->why = g_strdup(answer->status > 0 ? "the answer is not whole"
			    : answer->left     ? "no answer came"
					       : "it could not be sent");
}

bool
hk_channel_http_status(
	const hk_channel_conf *conf, hk_asked asked, const hk_channel_answer *answer, hk_told *ret)
{
	size_t row = 0;

	hk_told_clear(ret);
	ret->again_ms = answer->retry_after_ms;
	if (answer->status >= 200 && answer->status < 300 && !answer->broken) {
		ret->how = HK_TOLD_AGAIN;
		return true;
	}
	/* A refusal needs no body: what of it is missing is only its words. */
	if (answer->status < 300) {
		unanswered(conf, asked, answer, ret);
		return false;
	}
	while (answer->status < meanings[row].from || answer->status > meanings[row].to) {
		if (++row == G_N_ELEMENTS(meanings)) {
			unanswered(conf, asked, answer, ret);
			return false;
		}
	}
	ret->how = meanings[row].how[asked];
	if (ret->how == HK_TOLD_UNSURE && asked == HK_ASKED_SUBMIT && has_tokens(conf)) {
		ret->how = HK_TOLD_AGAIN;
	}
	g_autofree char *says = hk_channel_http_says(answer);
	ret->how = about_key(answer->status, says) ? HK_TOLD_CLOSED : ret->how;
	ret->why = g_strdup_printf("HTTP %d: %s%s%s", answer->status, meanings[row].why,
		says && *says ? ": " : "", says ? says : "");
	return false;
}

void
hk_channel_http_odd(const hk_channel_conf *conf, hk_asked asked, const char *why, hk_told *ret)
{
	int64_t again_ms = ret->again_ms;
	g_autofree char *text = hk_log_printable(why);

	hk_told_clear(ret);
	ret->again_ms = again_ms;
	ret->how = asked == HK_ASKED_SUBMIT && !has_tokens(conf) ? HK_TOLD_UNSURE : HK_TOLD_AGAIN;
	ret->why = g_strconcat("an answer that cannot be read: ", text, NULL);
}

hk_json_doc *
hk_channel_http_read(
	const hk_channel_conf *conf, hk_asked asked, const hk_channel_answer *answer, hk_told *ret)
{
	g_autoptr(GError) why = NULL;

	if (!hk_channel_http_status(conf, asked, answer, ret)) {
		return NULL;
	}
	g_autoptr(hk_json_doc) doc = hk_json_load(answer->body, HK_CHANNEL_ANSWER_MAX, &why);
	if (!doc) {
		hk_channel_http_odd(
			conf, asked, answer->body.len == 0 ? "it is empty" : why->message, ret);
		return NULL;
	}
	hk_json root = hk_json_root(doc);
	hk_json_kind kind = hk_json_kind_of(&root);
	if (kind != HK_JSON_OBJECT && kind != HK_JSON_ARRAY) {
		hk_channel_http_odd(conf, asked, "neither an object nor a list", ret);
		return NULL;
	}
	return g_steal_pointer(&doc);
}

bool
hk_channel_http_is_png(const hk_channel_answer *answer)
{
	static const uint8_t magic[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};

	return answer->status == 200 && !answer->broken && answer->body.len > sizeof magic &&
	       memcmp(answer->body.data, magic, sizeof magic) == 0;
}

hk_json_doc *
hk_channel_http_taken(const hk_channel_conf *conf, const hk_channel_answer *answer,
	const char *path, hk_told *ret)
{
	g_autoptr(hk_json_doc) doc = hk_channel_http_read(conf, HK_ASKED_SUBMIT, answer, ret);

	if (!doc) {
		return NULL;
	}
	hk_json root = hk_json_root(doc);
	char *id = hk_channel_id(&root, path);
	if (!id) {
		g_autofree char *why = g_strdup_printf("%s is missing", path);
		hk_channel_http_odd(conf, HK_ASKED_SUBMIT, why, ret);
		return NULL;
	}
	ret->how = HK_TOLD_TAKEN;
	ret->state = "sent";
	ret->remote_id = id;
	return g_steal_pointer(&doc);
}
