/* Mails of a scenario: alerts of two invented detection services (conf/mail), and lures that customers forward. */
#include <string.h>

#include "playstage.h"
#include "sys/defang.h"

enum { WRAP = 76 };

char *
rg_play_mailbox(const rg_play_bank *bank, rg_play_verb verb)
{
	return g_strdup_printf(
		"%s@%s", verb == RG_PLAY_ALERT ? "alerts" : "customers", bank->domain);
}

static void
add_body(GString *mail, const char *type, const char *text)
{
	g_autofree char *code = g_base64_encode((const unsigned char *)text, strlen(text));

	g_string_append_printf(mail,
		"MIME-Version: 1.0\r\nContent-Type: %s; "
		"charset=UTF-8\r\nContent-Transfer-Encoding: "
		"base64\r\n\r\n",
		type);
	for (size_t i = 0; i < strlen(code); i += WRAP) {
		g_string_append_printf(mail, "%.*s\r\n", WRAP, code + i);
	}
}

static void
add_subject(GString *mail, const char *subject)
{
	/* Words of at most 75 bytes, whole characters. */
	g_string_append(mail, "Subject:");
	while (*subject) {
		size_t n = 0;
		while (subject[n] && n < 39) {
			n += (size_t)(g_utf8_next_char(subject + n) - (subject + n));
		}
		g_autofree char *word = g_base64_encode((const unsigned char *)subject, n);
		g_string_append_printf(mail, " =?UTF-8?B?%s?=%s", word, subject[n] ? "\r\n" : "");
		subject += n;
	}
	g_string_append(mail, "\r\n");
}

/* from: who writes; domain: whose signature the bank's own server has found good, or NULL. */
static GString *
begin(const rg_play_bank *bank, const rg_play_line *line, const char *from, const char *domain)
{
	GString *mail = g_string_new(NULL);
	g_autoptr(GDateTime) now = g_date_time_new_now_utc();
	g_autofree char *date = g_date_time_format(now, "%a, %d %b %Y %H:%M:%S +0000");
	const char *host = strchr(from, '@') + 1;
	g_autofree char *box = rg_play_mailbox(bank, line->verb);

	g_string_append_printf(mail,
		"Received: from out.%s (out.%s [198.51.100.7])\r\n\tby mx.%s; %s\r\n", host, host,
		bank->domain, date);
	if (domain) {
		g_string_append_printf(mail,
			"Authentication-Results: mx.%s;\r\n\tspf=pass "
			"smtp.mailfrom=%s;\r\n\tdkim=pass "
			"header.d=%s header.s=k1;\r\n\tdmarc=pass header.from=%s\r\n",
			bank->domain, from, domain, host);
	}
	g_string_append_printf(mail,
		"Date: %s\r\nFrom: <%s>\r\nTo: <%s>\r\nMessage-ID: <%08x%08x@%s>\r\n", date, from,
		box, g_random_int(), g_random_int(), host);
	return mail;
}

/* 鏡ウォッチ: text with labels. */
static char *
kagami(const rg_stage *stage, const rg_play_line *line, const rg_play_bank *bank, const char *brand)
{
	g_autoptr(GPtrArray) urls = rg_play_list(stage->play, rg_play_arg(line, "urls"));
	g_autoptr(GString) text = g_string_new("鏡ウォッチ 検知通知\n\n");
	GString *mail =
		begin(bank, line, "noreply@alerts.kagami-watch.example", "kagami-watch.example");

	add_subject(mail, "【鏡ウォッチ】フィッシングサイト検知通知");
	g_string_append_printf(text,
		"検知ID　：KW-2026-%06u\n対象ブランド：%"
		"s\n種別　　　：フィッシングサイト\n検知URL：\n",
		line->number, brand);
	for (unsigned i = 0; i < urls->len; i++) {
		g_autofree char *safe = hk_defang(urls->pdata[i]);
		g_string_append_printf(text, "  %s\n", safe);
	}
	g_string_append_printf(text,
		"公式サイト：https://www.%s/\n\n%s\n本メールは自動配信です。\n", bank->domain,
		"------------------------------------------------------------");
	add_body(mail, "text/plain", text->str);
	return g_string_free(mail, FALSE);
}

/* TalonShield: a page with tables. */
static char *
talon(const rg_stage *stage, const rg_play_line *line, const rg_play_bank *bank, const char *brand)
{
	g_autoptr(GPtrArray) urls = rg_play_list(stage->play, rg_play_arg(line, "urls"));
	g_autoptr(GString) text = g_string_new(NULL);
	g_autofree char *subject = g_strdup_printf("New malicious URLs for %s", brand);
	GString *mail = begin(bank, line, "alerts@talonshield.example", "talonshield.example");

	add_subject(mail, subject);
	g_string_append_printf(text,
		"<html><body><table><tr><td>Brand</td><td>%s</td></tr><tr><td>Category</"
		"td><td>phishing</td></tr>"
		"</table><h3>Malicious URLs</h3><table>",
		brand);
	for (unsigned i = 0; i < urls->len; i++) {
		g_autofree char *safe = hk_defang(urls->pdata[i]);
		g_autoptr(GString) html = g_string_new(safe);
		/* A URL of a scenario has no other characters that HTML minds. */
		g_string_replace(html, "&", "&amp;", 0);
		g_string_append_printf(text, "<tr><td>%s</td></tr>", html->str);
	}
	g_string_append(text, "</table><h3>Next steps</h3><p>See the console.</p></body></html>");
	add_body(mail, "text/html", text->str);
	return g_string_free(mail, FALSE);
}

/* A lure, with a customer's words above it. */
static char *
customer(const rg_stage *stage, const rg_play_line *line, const rg_play_bank *bank,
	const char *brand)
{
	g_autofree char *url = rg_play_expand(stage->play, rg_play_arg(line, "url"));
	GString *mail = begin(bank, line, "okyaku@customer.example", NULL);
	g_autofree char *subject = g_strdup_printf("Fwd: 【%s】重要なお知らせ", brand);
	g_autofree char *text = g_strdup_printf("このようなメールが届きました。本物でしょうか。\n\n"
						"---------- 転送メッセージ ----------\n差出人: %s "
						"<info@%s>\n件名: 【%s】重要なお知らせ\n\n"
						"お客様の口座の取引を一時的に制限しております。下記"
						"よりご本人確認をお願いいたします。\n\n%s\n",
		brand, "mail-osirase.example", brand, url);

	add_subject(mail, subject);
	add_body(mail, "text/plain", text);
	return g_string_free(mail, FALSE);
}

char *
rg_play_mail(const rg_stage *stage, const rg_play_line *line)
{
	const char *key = rg_play_arg(line, "bank"), *brand = rg_play_arg(line, "brand");
	const rg_play_bank *bank = NULL, *whose = NULL;

	for (size_t i = 0; i < stage->bank_count; i++) {
		bank = strcmp(stage->banks[i].key, key) == 0 ? &stage->banks[i] : bank;
		whose = strcmp(stage->banks[i].key, brand ? brand : key) == 0 ? &stage->banks[i]
									      : whose;
	}
	const char *name = rg_play_arg(whose->line, "name");
	if (line->verb == RG_PLAY_REPORT) {
		return customer(stage, line, bank, name);
	}
	return strcmp(rg_play_arg(line, "service"), "kagami") == 0 ? kagami(stage, line, bank, name)
								   : talon(stage, line, bank, name);
}
