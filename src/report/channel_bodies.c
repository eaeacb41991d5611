/* Bodies that take letters: APWG (who is no member of eCX), JPCERT/CC, the Council of Anti-Phishing Japan. Each wants a few facts in its own order; the letter around them (report/letter) brings
 * sender, number, pictures and the XARF part, in which the URLs stand exactly. Here they are defanged. */
#include <string.h>

#include "report/channel_text.h"
#include "report/channel_words.h"
#include "sys/defang.h"
#include "sys/gerr.h"
#include "sys/log.h"

/* URLs in the text; the XARF part has all. */
enum { URLS_MAX = 50 };

/* One line of plain text: nothing in it moves a cursor or ends the line. */
static void
add_line(GString *out, const char *label, const char *text)
{
	if (text && *text) {
		g_autofree char *safe = hk_log_printable(text);
		g_string_append_printf(out, "%s%s\n", label, safe);
	}
}

/* The same with addresses in it. */
static void
add_address(GString *out, const char *label, const char *text)
{
	if (text && *text) {
		g_autofree char *safe = hk_defang(text);
		g_string_append_printf(out, "%s%s\n", label, safe);
	}
}

/* A time as Japan writes it, or in UTC. Caller frees; NULL: not known. */
static char *
time_of(int64_t ms, bool japan)
{
	if (ms <= 0) {
		return NULL;
	}
	g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(ms / 1000);
	g_autoptr(GTimeZone) zone = g_time_zone_new_offset(japan ? 9 * 60 * 60 : 0);
	g_autoptr(GDateTime) there = utc ? g_date_time_to_timezone(utc, zone) : NULL;

	return there ? g_date_time_format(
			       there, japan ? "%Y-%m-%d %H:%M (JST)" : "%Y-%m-%d %H:%M UTC")
		     : NULL;
}

static char *
joined(const GPtrArray *texts)
{
	g_autoptr(GString) out = g_string_new(NULL);

	for (unsigned i = 0; i < texts->len; i++) {
		g_string_append_printf(out, "%s%s", i ? ", " : "", (const char *)texts->pdata[i]);
	}
	return g_strdup(out->str);
}

static void
letter(const hk_channel_conf *conf, GString *text, hk_channel_ask *ret)
{
	*ret = (hk_channel_ask){.method = g_strdup("MAIL"),
		.url = g_strdup(conf->url),
		.headers = g_ptr_array_new_with_free_func(g_free),
		.body = g_string_free_to_bytes(text)};
}

static void
add_reporter_ja(GString *out, const hk_brief *brief)
{
	add_line(out, "\n報告者: ", brief->who.org);
	add_line(out, "担当: ", brief->who.person);
	add_line(out, "連絡先: ", brief->who.contact);
	add_line(out, "電話: ", brief->who.tel);
}

/* What both Japanese bodies ask for. */
static void
add_site_ja(GString *out, const hk_brief *brief)
{
	g_autofree char *seen = time_of(hk_channel_seen_ms(brief), true);
	g_autofree char *checked = time_of(brief->evidence_ms, true);
	g_autofree char *addresses = joined(brief->addresses);
	g_autofree char *fields = joined(brief->fields);

	g_string_append(out, "URL（無害化表記）:\n");
	hk_channel_defanged(brief, URLS_MAX, "  ", out);
	add_line(out, "騙られたブランド: ", brief->target);
	add_line(out, "初認: ", seen);
	add_line(out, "稼働確認: ", checked);
	add_line(out, "入力を求める情報: ", fields);
	add_address(out, "IPアドレス: ", addresses);
	add_line(out, "AS: ", brief->as_name);
	add_line(out, "レジストラ: ", brief->registrar);
	if (brief->cloaked) {
		g_string_append(out,
			"備考: "
			"閲覧環境により表示が変わります（スマートフォンで確認してください）。\n");
	}
	add_line(out, "確認時のUser-Agent: ", brief->agent);
}

static bool
to_council(const hk_channel_conf *conf, const hk_brief *brief, const char *token,
	hk_channel_ask *ret, GError **error)
{
	GString *text;

	(void)token;
	(void)error;
	text = g_string_new("フィッシング対策協議会 御中\n\n");
	g_string_append(text,
		hk_channel_is_trademark(brief)
			? "商標・ロゴを不正に使用するサイトを確認しましたので、報告いたします。\n\n"
			: "フィッシングサイトを確認しましたので、報告いたします。\n\n");
	add_site_ja(text, brief);
	g_string_append(text,
		brief->lure ? "誘導メール: 添付のとおり（受信者の情報は除いています）\n" : "");
	add_reporter_ja(text, brief);
	letter(conf, text, ret);
	return true;
}

static bool
to_jpcert(const hk_channel_conf *conf, const hk_brief *brief, const char *token,
	hk_channel_ask *ret, GError **error)
{
	GString *text;

	(void)token;
	if (hk_channel_is_trademark(brief)) {
		return hk_error_set(error, HK_EFORM,
			"JPCERT/CC deals with incidents, not with the misuse of a trademark");
	}
	text = g_string_new("JPCERT/CC インシデント対応担当 御中\n\n");
	g_string_append_printf(text, "インシデントの種別: %s\n",
		hk_channel_is_malware(brief) ? "マルウェアサイト" : "フィッシングサイト");
	g_string_append(text, "依頼内容: サイトの停止に向けた調整をお願いいたします。\n\n");
	add_site_ja(text, brief);
	for (unsigned i = 0; i < brief->ledger->len; i++) {
		const hk_brief_told *told = brief->ledger->pdata[i];
		g_autofree char *when = time_of(told->sent_ms, true);
		const char *who = told->name && *told->name ? told->name : told->recipient;
		g_autofree char *safe = hk_defang(who ? who : "");
		if (when) {
			g_string_append_printf(
				text, "%s通報済み: %s %s\n", i == 0 ? "\n" : "", when, safe);
		}
	}
	add_reporter_ja(text, brief);
	letter(conf, text, ret);
	return true;
}

static bool
to_apwg(const hk_channel_conf *conf, const hk_brief *brief, const char *token, hk_channel_ask *ret,
	GError **error)
{
	GString *text;

	(void)token;
	if (hk_channel_is_trademark(brief)) {
		return hk_error_set(
			error, HK_EFORM, "APWG takes phishing, not the misuse of a trademark");
	}
	g_autofree char *seen = time_of(hk_channel_seen_ms(brief), false);
	g_autofree char *reason = hk_channel_why(brief, 2000);
	text = g_string_new("Phishing report for the APWG.\n\nURL (defanged):\n");
	hk_channel_defanged(brief, URLS_MAX, "  ", text);
	add_line(text, "Imitated brand: ", hk_channel_brand(brief));
	add_line(text, "First seen: ", seen);
	g_string_append_c(text, '\n');
	/* Line by line: line ends would be shown as escapes. */
	for (const char *at = reason; *at;) {
		size_t len = strcspn(at, "\n");
		g_autofree char *line = g_strndup(at, len);
		add_address(text, "", line);
		at += len + (at[len] == '\n');
	}
	letter(conf, text, ret);
	return true;
}

const hk_channel hk_channel_antiphishing = {
	.name = "antiphishing",
	.en = "Council of Anti-Phishing Japan",
	.ja = "フィッシング対策協議会",
	.way = HK_WAY_MAIL,
	.can = HK_CAN_BATCH,
	.url = "info@antiphishing.jp",
	.per_minute = 10,
	.batch = 1000,
	.submit = to_council,
};

const hk_channel hk_channel_jpcert = {
	.name = "jpcert",
	.en = "JPCERT/CC",
	.ja = "JPCERT/CC",
	.way = HK_WAY_MAIL,
	.can = HK_CAN_BATCH,
	.url = "info@jpcert.or.jp",
	.per_minute = 10,
	.batch = 1000,
	.submit = to_jpcert,
};

const hk_channel hk_channel_apwg_mail = {
	.name = "apwg-mail",
	.en = "APWG (by mail)",
	.ja = "APWG（メール）",
	.way = HK_WAY_MAIL,
	.can = HK_CAN_BATCH,
	.url = "reportphishing@apwg.org",
	.per_minute = 10,
	.batch = 1000,
	.submit = to_apwg,
};
