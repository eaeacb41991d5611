/* report/chat_conf, report/chat_card: files of chats, right and wrong; cards in their three forms, with hostile texts, and their limits. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report/chat_card.h"
#include "sys/gerr.h"
#include "sys/json.h"
#include "tap.h"

static char *folder;

static char *
spew(const char *name, const char *text, mode_t mode)
{
	char *path = g_build_filename(folder, name, NULL);

	if (!g_file_set_contents(path, text, -1, NULL) || chmod(path, mode) != 0) {
		printf("Bail out! %s\n", path);
		exit(1);
	}
	return path;
}

static hk_chat *
conf(const char *text, GError **error)
{
	g_autofree char *path = spew("team.conf", text, 0644);

	return hk_chat_read(path, error);
}

static void
wrong(const char *text, hk_err code, const char *want)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(hk_chat) chat = conf(text, &error);

	ok(!chat, "refused: %s", want);
	is_int(hk_error_code(error), code, "with its code");
	const char *name = error ? strstr(error->message, "team.conf") : NULL;
	ok(name && strstr(name, want), "%s", error ? error->message : "no error");
	ok(!error || (!strstr(error->message, "s3cret") && !strstr(error->message, "hook.example")),
		"and without the secret");
}

#define TEAMS "kind = teams\nurl-file = url\n"

static void
test_conf(void)
{
	g_autofree char *a = spew("url", "https://hook.example/s3cret\nmore\n", 0600);
	g_autofree char *b = spew("open", "https://hook.example/s3cret\n", 0644);
	g_autofree char *c = spew("plain", "http://hook.example/s3cret\n", 0600);
	g_autofree char *d = spew("key", "0123456789abcdef-s3cret\n", 0600);
	g_autofree char *e = spew("short", "s3cret\n", 0600);
	g_autofree char *f = spew("empty", "", 0600);
	g_autoptr(GError) error = NULL;

	g_autoptr(hk_chat) chat = conf(TEAMS "lang = ja\nmin-score = 0.5\nkeep = 2h\nevents = { "
					     "\"site.back\", \"report.drafted\" }\n",
		&error);
	if (!ok(chat != NULL, "a chat: %s", error ? error->message : "")) {
		return;
	}
	is_str(chat->name, "team", "its name is the file's");
	is_str(chat->url, "https://hook.example/s3cret", "the first line of the file is its URL");
	is_int(chat->keep_ms, 7200000, "how long its cards wait");
	ok(chat->enabled && chat->pictures && chat->kind == HK_CHAT_TEAMS, "the rest is as usual");
	ok(hk_chat_wants(chat, "site.back", 0.5), "it wants what it names");
	ok(!hk_chat_wants(chat, "case.opened", 0.9), "and nothing else");
	ok(!hk_chat_wants(chat, "site.back", 0.49), "nor what scores less");
	ok(hk_chat_wants(chat, "site.back", 0) && hk_chat_wants(chat, "site.back", -1),
		"what has no score is told");
	ok(hk_chat_wants(chat, "digest", -1), "a digest is for everybody");
	chat->enabled = false;
	ok(!hk_chat_wants(chat, "site.back", 1), "one that is off wants nothing");
	g_autoptr(hk_chat) hook = conf("kind = webhook\nurl-file = url\nkey-file = key\n", &error);
	ok(hook && strcmp(hook->key, "0123456789abcdef-s3cret") == 0, "a webhook has a key");
	wrong("", HK_ECONFIG, ":1: 'kind' is teams, slack or webhook, not ''");
	wrong("kind = irc\n", HK_ECONFIG, ":1: 'kind' is teams, slack or webhook, not 'irc'");
	wrong("kind = teams\n", HK_ECONFIG, ":1: 'url-file' is missing");
	wrong("kind = teams\nurl-file = open\n", HK_EPOLICY, ":2: 'url-file'");
	wrong("kind = teams\nurl-file = gone\n", HK_ENOENT, ":2: 'url-file'");
	wrong("kind = teams\nurl-file = plain\n", HK_ECONFIG, ":2: 'url-file' holds no URL");
	wrong("kind = teams\nurl-file = empty\n", HK_ECONFIG, ":2: 'url-file' holds no URL");
	wrong(TEAMS "key-file = key\n", HK_ECONFIG, ":3: 'key-file' means nothing");
	wrong("kind = webhook\nurl-file = url\n", HK_ECONFIG, ":1: 'key-file' is missing");
	wrong("kind = webhook\nurl-file = url\nkey-file = short\n", HK_ECONFIG,
		":3: 'key-file' holds no key");
	wrong(TEAMS "lang = zh\n", HK_ECONFIG, ":3: 'lang' is en or ja");
	wrong(TEAMS "events = { \"case.opend\" }\n", HK_ECONFIG, ":3: 'events' names an event");
	wrong(TEAMS "min-score = 2\n", HK_ECONFIG, ":3: 'min-score' must be at most 1");
	wrong(TEAMS "colour = red\n", HK_ECONFIG, ":3: unknown key 'colour'");
	g_autoptr(GPtrArray) all = hk_chat_folder(folder, &error);
	ok(!all && hk_error_code(error) == HK_ECONFIG, "a folder with a wrong file is refused");
	g_clear_error(&error);
	g_autofree char *good = spew("team.conf", TEAMS, 0644);
	g_autofree char *bad_name = spew("Team A.conf", TEAMS, 0644);
	ok(!hk_chat_folder(folder, &error) && strstr(error->message, "no name for a chat"),
		"a name is a name");
	g_clear_error(&error);
	unlink(bad_name);
	g_autoptr(GPtrArray) one = hk_chat_folder(folder, &error);
	is_int(one ? one->len : 0, 1, "a folder: %s", error ? error->message : "one chat");
	g_autofree char *gone = g_build_filename(folder, "gone", NULL);
	g_autoptr(GPtrArray) none = hk_chat_folder(gone, &error);
	ok(none && none->len == 0, "no folder: no chats");
}

static void
test_documented(void)
{
	size_t len;
	g_autofree char *text = (char *)tap_file("docs/chat.md", &len);

	for (size_t i = 0; hk_chat_key_name(i); i++) {
		g_autofree char *cell = g_strdup_printf("| `%s` |", hk_chat_key_name(i));
		ok(strstr(text, cell), "docs/chat.md has %s", hk_chat_key_name(i));
	}
	for (size_t i = 0; i < hk_chat_event_count; i++) {
		const hk_chat_event *event = &hk_chat_events[i];
		g_autofree char *row =
			g_strdup_printf("| `%s` | %s | %s |", event->text, event->en, event->ja);
		ok(strstr(text, row), "and %s", event->text);
	}
}

static void
test_address(void)
{
	static const struct {
		const char *url, *shown;
	} rows[] = {
		{"https://login.evil.example/a/b", "hxxps://login[.]evil[.]example/a/b"},
		{"https://evil.example/?m=taro%40bank.example", "hxxps://evil[.]example/…"},
		{"http://evil.example/x#taro", "hxxp://evil[.]example/x…"},
		{"https://evil.example/taro@bank.example/in", "hxxps://evil[.]example/…"},
		{"https://evil.example/t%40b", "hxxps://evil[.]example/…"},
		{"https://192.0.2.1:8443/", "hxxps://192[.]0[.]2[.]1:8443/"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *shown = hk_card_address(rows[i].url);
		is_str(shown, rows[i].shown, "%s", rows[i].url);
	}
	g_autofree char *path = g_strnfill(3000, 'a');
	g_autofree char *url = g_strconcat("https://evil.example/", path, NULL);
	g_autofree char *shown = hk_card_address(url);
	ok(strlen(shown) <= HK_CARD_TEXT_MAX + 3, "a long one is cut");
	ok(g_utf8_validate(shown, -1, NULL), "between characters");
}

static hk_card *
card(const char *event, const char *lang, const char *data)
{
	const hk_notice_row notice = {.id = 7,
		.case_id = 12,
		.report_id = 34,
		.at_ms = INT64_C(1790000000000),
		.event = (char *)(uintptr_t)event,
		.body = (char *)(uintptr_t)data};
	const hk_notice_facts facts = {.case_id = 12,
		.url = (char *)(uintptr_t) "https://mihon-bank.evil.example/](http://"
					   "x.example)?t=090",
		.host = (char *)(uintptr_t) "mihon-bank.evil.example",
		.target = (char *)(uintptr_t) "みほん銀行",
		.target_en = (char *)(uintptr_t) "Mihon Bank",
		.reasons =
			(char *)(uintptr_t) "[\"asks for a password\",\"<b>login.evil.example\"]",
		.score = 0.934,
		.channel = (char *)(uintptr_t) "mail",
		.recipient = (char *)(uintptr_t) "abuse@host.example",
		.party = (char *)(uintptr_t) "Host <!channel>",
		.kind = (char *)(uintptr_t) "hosting"};

	return hk_card_new(&notice, &facts, lang, "https://board.mihon-bank.example/");
}

/* The text at a path like "attachments.0.content.body.1"; "" when there is none. Caller frees. */
static char *
at(const char *json, const char *path)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(hk_json_doc) doc = hk_json_load(hk_span_str(json), 1 << 20, &error);
	g_auto(GStrv) parts = g_strsplit(path, ".", -1);
	hk_json values[20];

	if (!ok(doc != NULL, "JSON: %s", error ? error->message : "")) {
		return g_strdup("");
	}
	values[0] = hk_json_root(doc);
	unsigned n = 0;
	for (; parts[n]; n++) {
		if (hk_json_kind_of(&values[n]) == HK_JSON_ARRAY) {
			values[n + 1] = hk_json_at(
				&values[n], (size_t)g_ascii_strtoull(parts[n], NULL, 10));
		} else if (!hk_json_any(&values[n], parts[n], &values[n + 1])) {
			return g_strdup("");
		}
	}
	const char *text = hk_json_text(&values[n]);
	return text ? g_strdup(text) : hk_json_dump(&values[n]);
}

static void
is_at(const char *json, const char *path, const char *want)
{
	g_autofree char *got = at(json, path);

	is_str(got, want, "%s", path);
}

/* One form holds nothing that a chat would make a link of, and no victim's data. */
static void
harmless(const char *json)
{
	static const char *const never[] = {"https://mihon-bank.evil", "http://x.example", "t=090",
		"evil.example", "abuse@host.example"};

	for (size_t i = 0; i < G_N_ELEMENTS(never); i++) {
		ok(!strstr(json, never[i]), "no \"%s\" in it", never[i]);
	}
}

static void
test_teams(void)
{
	g_autoptr(hk_card) c = card("report.drafted", "en", "{\"count\":3,\"by\":\"auto\"}");
	g_autofree char *json = hk_card_write(c, HK_CHAT_TEAMS);
#define BODY "attachments.0.content.body."

	is_at(json, "type", "message");
	is_at(json, "attachments.0.contentType", "application/vnd.microsoft.card.adaptive");
	is_at(json, "attachments.0.content.type", "AdaptiveCard");
	is_at(json, BODY "0.text", "Reports wait for approval: please approve (#12)");
	is_at(json, BODY "0.color", "Warning");
	is_at(json, BODY "1.type", "RichTextBlock");
	is_at(json, BODY "1.inlines.0.text", "URL: ");
	is_at(json, BODY "1.inlines.1.text",
		"hxxps://mihon-bank[.]evil[.]example/](hxxp://x[.]example)…");
	is_at(json, BODY "2.inlines.1.text", "Mihon Bank");
	is_at(json, BODY "3.inlines.1.text", "0.93");
	is_at(json, BODY "4.inlines.1.text", "Host <!channel> (hosting)");
	is_at(json, BODY "5.inlines.1.text", "mail");
	is_at(json, BODY "6.inlines.0.text", "By: ");
	is_at(json, BODY "7.inlines.1.text", "3");
	is_at(json, BODY "8.inlines.0.text", "Why: ");
	is_at(json, "attachments.0.content.actions.0.title", "Decide on the board");
	is_at(json, "attachments.0.content.actions.0.url",
		"https://board.mihon-bank.example/#/case/12");
	harmless(json);
}

static void
test_languages(void)
{
	g_autoptr(hk_card) c = card("site.back", "ja", "{\"what\":\"acknowledged\"}");
	g_autofree char *json = hk_card_write(c, HK_CHAT_TEAMS);

	is_at(json, BODY "0.text", "サイトが復活しました (#12)");
	is_at(json, BODY "0.color", "Attention");
	is_at(json, BODY "2.inlines.0.text", "標的: ");
	is_at(json, BODY "2.inlines.1.text", "みほん銀行");
	is_at(json, BODY "6.inlines.1.text", "受領確認");
	is_at(json, "attachments.0.content.actions.0.title", "案件を開く");
	for (size_t i = 0; i < hk_chat_event_count; i++) {
		const hk_chat_event *event = &hk_chat_events[i];
		ok(strlen(event->en) > 0 && strlen(event->ja) > 0 &&
				strcmp(event->en, event->ja) != 0,
			"%s in both languages", event->text);
		ok(strlen(event->en) < 100, "short enough for a title");
	}
}

static void
test_slack(void)
{
	g_autoptr(hk_card) c = card("site.down", "en", "{}");
	g_autofree char *json = hk_card_write(c, HK_CHAT_SLACK);

	is_at(json, "text", "The site is gone (#12)");
	is_at(json, "blocks.0.type", "header");
	is_at(json, "blocks.1.text.type", "plain_text");
	is_at(json, "blocks.1.text.text",
		"URL: hxxps://mihon-bank[.]evil[.]example/](hxxp://x[.]example)…\nImitates: Mihon "
		"Bank\nScore: 0.93\nRecipient: Host <!channel> (hosting)\nChannel: mail");
	is_at(json, "blocks.2.text.type", "plain_text");
	is_at(json, "blocks.2.text.text",
		"Why:\n• asks for a password\n• <b>login[.]evil[.]example");
	is_at(json, "blocks.3.text.type", "mrkdwn");
	is_at(json, "blocks.3.text.text",
		"<https://board.mihon-bank.example/#/case/12|Open the case>");
	harmless(json);
}

static void
test_webhook(void)
{
	g_autoptr(hk_card) c = card("report.answered", "en", "{\"what\":\"needs_info\"}");
	g_autofree char *json = hk_card_write(c, HK_CHAT_WEBHOOK);
	/* printf 'v1.1790000000.7.{}' | openssl dgst -sha256 -hmac 0123456789abcdef */
	g_autofree char *sign = hk_card_sign("0123456789abcdef", 1790000000, 7, "{}");

	is_at(json, "version", "1");
	is_at(json, "event", "report.answered");
	is_at(json, "at", "2026-09-21T14:13:20Z");
	is_at(json, "case", "12");
	is_at(json, "report", "34");
	ok(strstr(json, "\"score\":0.9340,"), "score");
	is_at(json, "lines.5.what", "what");
	is_at(json, "lines.5.text", "more information is wanted");
	is_at(json, "reasons.0", "asks for a password");
	is_at(json, "links.0.url", "https://board.mihon-bank.example/#/case/12");
	harmless(json);
	is_str(sign, "v1=4665e9b1a6591f6c3aaf1fa2387772f95ef176917729f5953b5f8adc43b47771",
		"the signature, as openssl makes it");
}

static hk_card *
wave_card(
	const char *event, const char *lang, const char *data, const char *landing, int64_t case_id)
{
	const hk_notice_row notice = {.id = 8,
		.case_id = case_id,
		.at_ms = INT64_C(1790000000000),
		.event = (char *)(uintptr_t)event,
		.body = (char *)(uintptr_t)data};
	const hk_notice_facts facts = {.case_id = case_id,
		.url = (char *)(uintptr_t) "https://liveidc.example/",
		.target = (char *)(uintptr_t) "みほん銀行",
		.target_en = (char *)(uintptr_t) "Mihon Bank",
		.score = 0.95,
		.wave_id = 3,
		.wave_numbers = 40,
		.wave_landing = (char *)(uintptr_t)landing};

	return hk_card_new(&notice, &facts, lang, "https://board.mihon-bank.example/");
}

/* S21. The text comes with what a careless observer would have left in it. */
#define WAVE                                                                                       \
	"{\"wave\":3,\"text\":\"「重要」みほん銀行 お問い合わせ 090-5500-1234 "     \
	"０９０５５００９８７６ "                                                       \
	"taro@mail.example https://t.co/n8rA9fHnWA\",\"port\":7775,\"numbers\":12,\"shown\":"      \
	"\"090-5500-****, 08011112222\",\"short\":\"https://t.co/n8rA9fHnWA?m=090\"}"

static void
test_wave(void)
{
	static const char *const never[] = {"1234", "９８７６", "taro@", "2222", "https://t.co",
		"t.co/", "m=090", "liveidc.example"};
	g_autoptr(hk_card) c =
		wave_card("wave.seen", "ja", WAVE, "https://liveidc.example/?id=7", 12);
	g_autofree char *json = hk_card_write(c, HK_CHAT_TEAMS);

	is_at(json, BODY "0.text", "スミッシングの一斉送信を検知 (#12)");
	is_at(json, BODY "0.color", "Attention");
	is_at(json, BODY "1.inlines.0.text", "本文: ");
	is_at(json, BODY "1.inlines.1.text",
		"「重要」みほん銀行 お問い合わせ 090-5500-**** *********** "
		"t***@mail[.]example hxxps://t[.]co/n8rA9fHnWA");
	is_at(json, BODY "2.inlines.0.text", "ポート: ");
	is_at(json, BODY "2.inlines.1.text", "7775");
	is_at(json, BODY "3.inlines.0.text", "電話番号: ");
	is_at(json, BODY "3.inlines.1.text", "40 (090-5500-****, 0801111****)");
	is_at(json, BODY "4.inlines.0.text", "短縮URL: ");
	is_at(json, BODY "4.inlines.1.text", "hxxps://t[.]co/n8rA9fHnWA…");
	is_at(json, BODY "5.inlines.0.text", "遷移先: ");
	is_at(json, BODY "5.inlines.1.text", "hxxps://liveidc[.]example/…");
	is_at(json, BODY "6.inlines.1.text", "みほん銀行");
	is_at(json, BODY "7.inlines.1.text", "0.95");
	is_at(json, "attachments.0.content.actions.0.url",
		"https://board.mihon-bank.example/#/case/12");
	is_at(json, "attachments.0.content.actions.1.title", "一斉送信を開く");
	is_at(json, "attachments.0.content.actions.1.url",
		"https://board.mihon-bank.example/#/wave/3");
	for (size_t i = 0; i < G_N_ELEMENTS(never); i++) {
		ok(!strstr(json, never[i]), "no \"%s\" on it", never[i]);
	}
	/* Not known yet where it leads, no case, English. */
	g_autoptr(hk_card) bare = wave_card("wave.seen", "en", WAVE, NULL, 0);
	g_autofree char *hook = hk_card_write(bare, HK_CHAT_WEBHOOK);
	is_at(hook, "title", "Smishing: messages are being sent");
	is_at(hook, "lines.0.what", "text");
	is_at(hook, "lines.3.what", "short");
	is_at(hook, "lines.4", "null");
	is_at(hook, "links.0.url", "https://board.mihon-bank.example/#/wave/3");
	is_at(hook, "links.1", "null");
	/* A landing that has moved. */
	g_autoptr(hk_card) moved = wave_card("wave.landing", "en",
		"{\"wave\":3,\"was\":\"https://a.example/\",\"landing\":\"https://b.example/"
		"x?y=1\"}",
		"https://c.example/", 12);
	g_autofree char *slack = hk_card_write(moved, HK_CHAT_SLACK);
	is_at(slack, "text", "Smishing: where the links lead (#12)");
	is_at(slack, "blocks.1.text.text",
		"Telephone numbers: 40\nLeads to: hxxps://b[.]example/x…\nLed to: "
		"hxxps://a[.]example/\nImitates: Mihon Bank\nScore: 0.95");
	/* A message that is longer than a card's line, of characters of three bytes. */
	g_autoptr(GString) text = g_string_new("{\"wave\":3,\"text\":\"");
	for (unsigned i = 0; i < 300; i++) {
		g_string_append(text, "銀");
	}
	g_string_append(text, "\"}");
	g_autoptr(hk_card) lengthy = wave_card("wave.seen", "ja", text->str, NULL, 0);
	g_autofree char *whole = hk_card_write(lengthy, HK_CHAT_TEAMS);
	ok(g_utf8_validate(whole, -1, NULL), "a long text is cut between characters");
	/* The word of the channel itself. */
	g_autoptr(hk_card) silent =
		card("c2.silent", "ja", "{\"what\":\"keepspy: 192.0.2.1:7775\"}");
	g_autofree char *said = hk_card_write(silent, HK_CHAT_TEAMS);
	ok(strstr(said, "keepspy: 192[.]0[.]2[.]1:7775"), "which server is not heard");
	is_int(hk_card_wave("{\"wave\":7}"), 7, "an event of a wave");
	is_int(hk_card_wave("{\"what\":\"wave\"}"), 0, "one of none");
	is_int(hk_card_wave("nonsense"), 0, "nor is this");
}

/* Base64 makes four of three; what is left of 28 KB goes to the text. */
static void
test_caps(void)
{
	g_autoptr(hk_card) c = card("case.opened", "en", "{}");
	g_autofree uint8_t *bytes = g_malloc0(64 << 10);

	c->picture = g_bytes_new(bytes, HK_CARD_PICTURE_MAX);
	g_autofree char *with = hk_card_write(c, HK_CHAT_TEAMS);
	ok(strstr(with, "data:image/png;base64,"), "a picture on the card");
	ok(strlen(with) <= 28000, "within Teams's limit: %zu", strlen(with));
	g_autofree char *slack = hk_card_write(c, HK_CHAT_SLACK);
	ok(!strstr(slack, "base64") && !strstr(slack, "AAAAAAAA"), "not on Slack");
	g_bytes_unref(c->picture);
	c->picture = g_bytes_new(bytes, 64 << 10);
	g_autofree char *without = hk_card_write(c, HK_CHAT_TEAMS);
	ok(!strstr(without, "base64"), "one that does not fit is left out");
	ok(strstr(without, "asks for a password"), "and nothing else");
	for (int i = 0; i < 100; i++) {
		g_ptr_array_add(c->reasons, g_strnfill(HK_CARD_TEXT_MAX, '"'));
	}
	g_autofree char *bare = hk_card_write(c, HK_CHAT_TEAMS);
	ok(!strstr(bare, "asks for a password") && strstr(bare, "Mihon Bank"), "then the reasons");
	ok(strlen(bare) <= 28000, "it fits");
}

static void
test_hostile(void)
{
	const hk_notice_row notice = {.id = 1,
		.at_ms = 0,
		.event = (char *)(uintptr_t) "gone",
		.body = (char *)(uintptr_t) "no json"};
	g_autofree char *evil = g_strdup("\xff\x1b[31m\xe2\x80\xae</script>\"\\");
	g_autofree char *party = g_strnfill(100000, 'x');
	const hk_notice_facts facts = {.case_id = 1,
		.host = evil,
		.target = evil,
		.reasons = (char *)(uintptr_t) "{",
		.channel = evil,
		.recipient = evil,
		.party = party,
		.kind = evil};
	g_autoptr(hk_card) c = hk_card_new(&notice, &facts, "en", NULL);

	is_str(c->event->text, "digest", "an event that is none");
	for (int kind = 0; kind < HK_CHAT_KINDS; kind++) {
		g_autofree char *json = hk_card_write(c, (hk_chat_kind)kind);
		g_autoptr(GError) error = NULL;
		g_autoptr(hk_json_doc) doc = hk_json_load(hk_span_str(json), 1 << 20, &error);
		ok(doc != NULL, "%s: JSON all the same%s", hk_chat_ways[kind].name,
			error ? error->message : "");
		ok(!strchr(json, '\x1b') && !strstr(json, "\xe2\x80\xae"),
			"nothing that moves a cursor or turns text");
		ok(strlen(json) < hk_chat_ways[kind].max_bytes, "and not long: %zu", strlen(json));
	}
}

static void
test_digest(void)
{
	g_autoptr(GArray) counts = g_array_new(FALSE, FALSE, sizeof(hk_notice_count));
	const hk_notice_count rows[] = {{"case.opened", 30}, {"report.drafted", 4}};

	g_array_append_vals(counts, rows, 2);
	g_autoptr(hk_card) c = hk_card_digest(counts, 0, "en", "https://board.mihon-bank.example");
	g_autofree char *json = hk_card_write(c, HK_CHAT_TEAMS);
	is_at(json, BODY "0.text", "Much has happened (34)");
	is_at(json, BODY "1.inlines.1.text", "30 × New case");
	is_at(json, "attachments.0.content.actions.0.url",
		"https://board.mihon-bank.example/#/cases");
}

int
main(void)
{
	folder = g_strdup_printf("%s/hikeshi-chat-XXXXXX", g_get_tmp_dir());
	if (!g_mkdtemp(folder)) {
		return 1;
	}
	test_conf();
	test_documented();
	test_address();
	test_teams();
	test_languages();
	test_slack();
	test_webhook();
	test_wave();
	test_caps();
	test_hostile();
	test_digest();
	g_autofree char *command = g_strdup_printf("rm -rf '%s'", folder);
	ok(system(command) == 0, "cleaned up");
	g_free(folder);
	return tap_done();
}
