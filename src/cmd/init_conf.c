/* nocheck: tested in tests/scenario/init.t. hikeshi.conf: what was decided, with the words of options.def. */
#include <string.h>
#include <unistd.h>

#include "cmd/help.h"
#include "cmd/init_int.h"
#include "sys/conffile.h"
#include "web/web.h"

/* The file while it is written. */
typedef struct writing {
	const hk_init *init;
	GString *out;
} writing;

static void
heading(const writing *w, hk_init_word word)
{
	g_string_append_printf(w->out, "\n## %s\n", hk_init_say(w->init, word));
}

static void
put(const writing *w, hk_opt id, const char *value)
{
	const hk_opt_row *row = hk_opt_row_get(id);
	g_autofree char *limits = hk_help_limits(row);
	g_autofree char *quoted = hk_conffile_quote(value);

	if (*value) {
		g_string_append_printf(
			w->out, "\n# %s\n# %s\n%s = %s\n", row->help, limits, row->name, quoted);
	}
}

/* Below the folder of the configuration, or of the data. */
static void
put_below(const writing *w, hk_opt id, const char *folder, const char *name)
{
	g_autofree char *path = g_build_filename(folder, name, NULL);

	put(w, id, path);
}

static void
put_answer(const writing *w, hk_opt id, hk_ask ask)
{
	put(w, id, hk_init_answer(w->init, ask));
}

/* What is shipped is named where it is. */
static void
put_shipped(const writing *w, hk_opt id, const char *name)
{
	g_autofree char *path = g_build_filename(hk_init_answer(w->init, HK_ASK_SHARE), name, NULL);

	if (access(path, R_OK) == 0) {
		put(w, id, path);
	}
}

static void
places(const writing *w)
{
	const char *data = hk_init_answer(w->init, HK_ASK_DATA);

	heading(w, HK_INIT_SEC_PLACE);
	put_answer(w, HK_OPT_DATABASE, HK_ASK_DATABASE);
	put_below(w, HK_OPT_AUDIT_KEY, data, "audit.key");
	put_below(w, HK_OPT_WEB_KEY, data, "web.key");
	put_below(w, HK_OPT_C2_KEY, data, "c2.key");
	put_below(w, HK_OPT_BLOBS, data, "blobs");
	put_below(w, HK_OPT_STATE, data, "watch");
	put_below(w, HK_OPT_CACHE, data, "cache");
	put_below(w, HK_OPT_RDAP_STATE, data, "rdap");
}

static void
brand(const writing *w)
{
	const char *into = w->init->into;

	heading(w, HK_INIT_SEC_BRAND);
	put_below(w, HK_OPT_TARGETS, into, "targets");
	put_answer(w, HK_OPT_LOGS, HK_ASK_LOGS);
	put_below(w, HK_OPT_FEEDS, into, "feeds");
	put_below(w, HK_OPT_FAMILIES, into, "c2");
}

static void
who(const writing *w)
{
	heading(w, HK_INIT_SEC_WHO);
	put_answer(w, HK_OPT_CONTACT, HK_ASK_CONTACT);
	put_answer(w, HK_OPT_REPORT_ORG, HK_ASK_ORG);
	put_answer(w, HK_OPT_REPORT_CONTACT, HK_ASK_CONTACT);
	put_below(w, HK_OPT_CHANNELS, w->init->into, "channels");
}

static void
board(const writing *w)
{
	heading(w, HK_INIT_SEC_BOARD);
	put_answer(w, HK_OPT_LISTEN, HK_ASK_LISTEN);
	put_answer(w, HK_OPT_BASE_URL, HK_ASK_BASE_URL);
	/* Nobody was asked for a certificate: who speaks https stands in front. */
	if (g_str_has_prefix(hk_init_answer(w->init, HK_ASK_BASE_URL), "https://")) {
		put(w, HK_OPT_BEHIND_PROXY, "true");
	}
}

static void
outside(const writing *w)
{
	const char *into = w->init->into;
	const char *chat = hk_init_answer(w->init, HK_ASK_CHAT);

	heading(w, HK_INIT_SEC_OUT);
	put_below(w, HK_OPT_EGRESS, into, "egress.conf");
	put_answer(w, HK_OPT_SMTP, HK_ASK_SMTP);
	if (*hk_init_answer(w->init, HK_ASK_SMTP_USER)) {
		put_answer(w, HK_OPT_SMTP_USER, HK_ASK_SMTP_USER);
		put_below(w, HK_OPT_SMTP_PASSWORD_FILE, into, "secrets/smtp.password");
	}
	put_answer(w, HK_OPT_SMTP_COPY, HK_ASK_SMTP_COPY);
	if (*hk_init_answer(w->init, HK_ASK_IMAP)) {
		put_below(w, HK_OPT_REPLY_MAIL, into, "replies.conf");
	}
	if (*hk_init_answer(w->init, HK_ASK_REPORT_FOLDER)) {
		put_below(w, HK_OPT_MAIL_SOURCES, into, "mail");
	}
	if (strcmp(chat, "none") != 0) {
		put_below(w, HK_OPT_CHATS, into, "chats");
	}
}

static void
shipped(const writing *w)
{
	heading(w, HK_INIT_SEC_SHARE);
	put_shipped(w, HK_OPT_MODEL, "conf/model/jp.hkmodel");
	put_shipped(w, HK_OPT_RULES, "rules");
	put_shipped(w, HK_OPT_OPERATORS, "conf/operators.conf");
	put_shipped(w, HK_OPT_PLACES, "conf/places.conf");
	put_shipped(w, HK_OPT_SHARED_HOSTS, "conf/shared-hosts.conf");
	put_shipped(w, HK_OPT_RDAP_COPIES, "conf/rdap");
}

void
hk_init_config(const hk_init *init, GString *out)
{
	const writing w = {init, out};

	g_string_append(out,
		init->ja
			? "# hikeshi.conf: `hikeshi init` が作成しました。ここにあるのは決めた項目"
			  "だけです。\n# すべての項目は hikeshi.conf(5) にあり、`hikeshi config "
			  "show` で現在の値を確認できます。\n"
			: "# hikeshi.conf, written by `hikeshi init`: what was decided and nothing "
			  "else.\n# hikeshi.conf(5) has every key; `hikeshi config show` prints "
			  "what holds.\n");
	places(&w);
	brand(&w);
	who(&w);
	board(&w);
	outside(&w);
	shipped(&w);
}
