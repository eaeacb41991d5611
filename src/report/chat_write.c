/* The JSON of a card, for each kind of chat. What is hostile stands only where plain text is shown: text runs of Teams, plain_text of Slack. */
#include <string.h>

#include "report/chat_card.h"
#include "sys/jsonw.h"

/* What is written of a card: less and less, until it fits. */
typedef struct amount {
	bool picture, reasons;
} amount;

static void
member(GString *out, const char *key, const char *text)
{
	hk_jsonw_member_str(out, key, text);
}

/* --- Teams: an adaptive card in the form that a workflow's webhook takes --- */

static void
teams_run(GString *out, const char *text, const char *weight)
{
	hk_jsonw_open(out, '{');
	member(out, "type", "TextRun");
	member(out, "text", text);
	if (weight) {
		member(out, "weight", weight);
	}
	hk_jsonw_close(out, '}');
}

/* A block of text runs: unlike text blocks and facts, they know no Markdown, so that no text becomes a link. */
static void
teams_line(GString *out, const char *label, const char *text, bool close)
{
	hk_jsonw_open(out, '{');
	member(out, "type", "RichTextBlock");
	if (close) {
		member(out, "spacing", "Small");
	}
	hk_jsonw_key(out, "inlines");
	hk_jsonw_open(out, '[');
	if (label) {
		g_autofree char *head = g_strconcat(label, ": ", NULL);
		teams_run(out, head, "Bolder");
	}
	teams_run(out, text, NULL);
	hk_jsonw_close(out, ']');
	hk_jsonw_close(out, '}');
}

static void
teams_title(GString *out, const hk_card *card)
{
	static const char *const colours[][2] = {
		{"alarm", "Attention"}, {"ask", "Warning"}, {"good", "Good"}, {"plain", "Default"}};
	const char *colour = "Default";

	for (size_t i = 0; i < G_N_ELEMENTS(colours); i++) {
		colour = strcmp(card->event->tone, colours[i][0]) == 0 ? colours[i][1] : colour;
	}
	hk_jsonw_open(out, '{');
	member(out, "type", "TextBlock");
	member(out, "text", card->title);
	member(out, "size", "Medium");
	member(out, "weight", "Bolder");
	member(out, "color", colour);
	hk_jsonw_member_bool(out, "wrap", true);
	hk_jsonw_close(out, '}');
}

static void
teams_picture(GString *out, const hk_card *card)
{
	gsize len;
	const unsigned char *data = g_bytes_get_data(card->picture, &len);
	g_autofree char *code = g_base64_encode(data, len);
	g_autofree char *url = g_strconcat("data:image/png;base64,", code, NULL);

	hk_jsonw_open(out, '{');
	member(out, "type", "Image");
	member(out, "url", url);
	member(out, "altText", hk_card_word("picture", card->lang));
	hk_jsonw_close(out, '}');
}

static void
teams_body(GString *out, const hk_card *card, amount much)
{
	hk_jsonw_key(out, "body");
	hk_jsonw_open(out, '[');
	teams_title(out, card);
	for (unsigned i = 0; i < card->lines->len; i++) {
		const hk_card_line *line = card->lines->pdata[i];
		teams_line(out, hk_card_word(line->word, card->lang), line->text, i > 0);
	}
	for (unsigned i = 0; much.reasons && i < card->reasons->len; i++) {
		teams_line(out, i == 0 ? hk_card_word("reasons", card->lang) : NULL,
			card->reasons->pdata[i], true);
	}
	if (much.picture) {
		teams_picture(out, card);
	}
	hk_jsonw_close(out, ']');
}

static void
teams_actions(GString *out, const hk_card *card)
{
	if (card->links->len == 0) {
		return;
	}
	hk_jsonw_key(out, "actions");
	hk_jsonw_open(out, '[');
	for (unsigned i = 0; i < card->links->len; i++) {
		const hk_card_line *line = card->links->pdata[i];
		hk_jsonw_open(out, '{');
		member(out, "type", "Action.OpenUrl");
		member(out, "title", line->text);
		member(out, "url", line->link);
		hk_jsonw_close(out, '}');
	}
	hk_jsonw_close(out, ']');
}

static void
write_teams(GString *out, const hk_card *card, amount much)
{
	hk_jsonw_open(out, '{');
	member(out, "type", "message");
	hk_jsonw_key(out, "attachments");
	hk_jsonw_open(out, '[');
	hk_jsonw_open(out, '{');
	member(out, "contentType", "application/vnd.microsoft.card.adaptive");
	hk_jsonw_key(out, "content");
	hk_jsonw_open(out, '{');
	member(out, "$schema", "http://adaptivecards.io/schemas/adaptive-card.json");
	member(out, "type", "AdaptiveCard");
	member(out, "version", "1.4");
	member(out, "lang", card->lang);
	member(out, "fallbackText", card->title);
	teams_body(out, card, much);
	teams_actions(out, card);
	hk_jsonw_key(out, "msteams");
	hk_jsonw_open(out, '{');
	member(out, "width", "Full");
	hk_jsonw_close(out, '}');
	hk_jsonw_close(out, '}');
	hk_jsonw_close(out, '}');
	hk_jsonw_close(out, ']');
	hk_jsonw_close(out, '}');
}

/* --- Slack: blocks --- */

/* The three characters that mean something in its mark-up. */
static char *
slack_escape(const char *text)
{
	GString *out = g_string_new(NULL);

	for (; *text; text++) {
		switch (*text) {
		case '&':
			g_string_append(out, "&amp;");
			break;
		case '<':
			g_string_append(out, "&lt;");
			break;
		case '>':
			g_string_append(out, "&gt;");
			break;
		default:
			g_string_append_c(out, *text);
		}
	}
	return g_string_free(out, FALSE);
}

static void
slack_text(GString *out, const char *type, const char *text)
{
	hk_jsonw_open(out, '{');
	member(out, "type", type);
	member(out, "text", text);
	if (strcmp(type, "plain_text") == 0) {
		hk_jsonw_member_bool(out, "emoji", false);
	}
	hk_jsonw_close(out, '}');
}

static void
slack_section(GString *out, const char *block, const char *type, const char *text)
{
	hk_jsonw_open(out, '{');
	member(out, "type", block);
	hk_jsonw_key(out, "text");
	slack_text(out, type, text);
	hk_jsonw_close(out, '}');
}

static void
slack_lines(GString *out, const hk_card *card, amount much)
{
	g_autoptr(GString) all = g_string_new(NULL);

	for (unsigned i = 0; i < card->lines->len; i++) {
		const hk_card_line *line = card->lines->pdata[i];
		g_string_append_printf(all, "%s%s: %s", i ? "\n" : "",
			hk_card_word(line->word, card->lang), line->text);
	}
	/* A section takes 3,000 characters. */
	if (all->len > 0) {
		g_autofree char *text =
			g_utf8_substring(all->str, 0, MIN(g_utf8_strlen(all->str, -1), 2900));
		slack_section(out, "section", "plain_text", text);
	}
	if (!much.reasons || card->reasons->len == 0) {
		return;
	}
	g_string_printf(all, "%s:", hk_card_word("reasons", card->lang));
	for (unsigned i = 0; i < card->reasons->len; i++) {
		g_string_append_printf(all, "\n• %s", (const char *)card->reasons->pdata[i]);
	}
	slack_section(out, "section", "plain_text", all->str);
}

static void
write_slack(GString *out, const hk_card *card, amount much)
{
	g_autofree char *title = slack_escape(card->title);

	hk_jsonw_open(out, '{');
	/* What a notification shows. */
	member(out, "text", title);
	hk_jsonw_member_bool(out, "unfurl_links", false);
	hk_jsonw_key(out, "blocks");
	hk_jsonw_open(out, '[');
	slack_section(out, "header", "plain_text", card->title);
	slack_lines(out, card, much);
	for (unsigned i = 0; i < card->links->len; i++) {
		const hk_card_line *line = card->links->pdata[i];
		g_autofree char *link = slack_escape(line->link);
		g_autofree char *label = slack_escape(line->text);
		g_autofree char *text = g_strdup_printf("<%s|%s>", link, label);
		slack_section(out, "section", "mrkdwn", text);
	}
	hk_jsonw_close(out, ']');
	hk_jsonw_close(out, '}');
}

/* --- a webhook of the house's own: docs/chat.md has the form --- */

static void
hook_lines(GString *out, const char *key, const GPtrArray *lines)
{
	hk_jsonw_key(out, key);
	hk_jsonw_open(out, '[');
	for (unsigned i = 0; i < lines->len; i++) {
		const hk_card_line *line = lines->pdata[i];
		hk_jsonw_open(out, '{');
		member(out, "what", line->word);
		member(out, "text", line->text);
		if (line->link) {
			member(out, "url", line->link);
		}
		hk_jsonw_close(out, '}');
	}
	hk_jsonw_close(out, ']');
}

static void
write_hook(GString *out, const hk_card *card, amount much)
{
	hk_jsonw_open(out, '{');
	hk_jsonw_member_int(out, "version", 1);
	member(out, "event", card->event->text);
	member(out, "tone", card->event->tone);
	hk_jsonw_key(out, "at");
	hk_jsonw_time(out, card->at_ms / 1000);
	member(out, "lang", card->lang);
	member(out, "title", card->title);
	if (card->case_id) {
		hk_jsonw_member_int(out, "case", card->case_id);
		hk_jsonw_key(out, "score");
		hk_jsonw_real(out, card->score, 4);
	}
	if (card->report_id) {
		hk_jsonw_member_int(out, "report", card->report_id);
	}
	hook_lines(out, "lines", card->lines);
	hk_jsonw_key(out, "reasons");
	hk_jsonw_open(out, '[');
	for (unsigned i = 0; much.reasons && i < card->reasons->len; i++) {
		hk_jsonw_str(out, card->reasons->pdata[i]);
	}
	hk_jsonw_close(out, ']');
	hook_lines(out, "links", card->links);
	if (much.picture) {
		gsize len;
		const void *data = g_bytes_get_data(card->picture, &len);
		hk_jsonw_key(out, "picture_png");
		hk_jsonw_base64(out, hk_span_of(data, len));
	}
	hk_jsonw_close(out, '}');
}

char *
hk_card_write(const hk_card *card, hk_chat_kind kind)
{
	static void (*const writers[HK_CHAT_KINDS])(GString *, const hk_card *, amount) = {
		[HK_CHAT_TEAMS] = write_teams,
		[HK_CHAT_SLACK] = write_slack,
		[HK_CHAT_WEBHOOK] = write_hook,
	};
	static const amount amounts[] = {{true, true}, {false, true}, {false, false}};
	GString *out = g_string_new(NULL);

	for (size_t i = 0; i < G_N_ELEMENTS(amounts); i++) {
		amount much = amounts[i];
		much.picture = much.picture && card->picture && hk_chat_ways[kind].pictures;
		g_string_truncate(out, 0);
		writers[kind](out, card, much);
		if (out->len <= hk_chat_ways[kind].max_bytes) {
			break;
		}
	}
	return g_string_free(out, FALSE);
}
