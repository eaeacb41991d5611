/* The folder of a bank: everything that hikeshi needs to see this world and no other. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "playstage.h"
#include "sys/file.h"
#include "sys/gerr.h"

enum { CONF_MAX = 4 << 20 };

/* What stands in every house's configuration; {d}: the bank's folder, {r}: the range's, {s}: what is shipped, {b}: the bank's domain, {n}: its name in English. */
static const char conf[] = "# Written by `hikeshi-range play` (docs/scenarios.md). `hikeshi config "
			   "show --config FILE` explains every key.\n"
			   "database = \"{d}/hikeshi.db\"\n"
			   "audit-key = \"{d}/audit.key\"\n"
			   "web-key = \"{d}/web.key\"\n"
			   "blobs = \"{d}/blobs\"\n"
			   "listen = \"127.0.0.1:0\"\n"
			   "state = \"{d}/watch\"\n"
			   "logs = \"{r}/log_list.json\"\n"
			   "contact = \"csirt@{b}\"\n"
			   "from = \"start\"\n"
			   "poll = \"500ms\"\n"
			   "targets = \"{d}/targets.conf\"\n"
			   "rules = \"{s}/rules\"\n"
			   "model = \"{s}/conf/model/jp.hkmodel\"\n"
			   "egress = \"{d}/egress.conf\"\n"
			   "operators = \"{d}/operators.conf\"\n"
			   "places = \"{s}/conf/places.conf\"\n"
			   "ca-file = \"{d}/ca.pem\"\n"
			   "rdap-state = \"{d}/rdap\"\n"
			   "rdap-copies = \"{s}/conf/rdap\"\n"
			   "tsa = \"http://tsa.range.test:8318/\"\n"
			   "tsa-ca = \"{r}/tsa/ca.pem\"\n"
			   "capture-time = \"10s\"\n"
			   "monitor-time = \"5s\"\n"
			   "families = \"{d}/c2\"\n"
			   "c2-key = \"{d}/c2.key\"\n"
			   "shared-hosts = \"{d}/shared-hosts.conf\"\n"
			   "channels = \"{d}/channels\"\n"
			   "chats = \"{d}/chats\"\n"
			   "feeds = \"{d}/feeds\"\n"
			   "mail-sources = \"{d}/mail\"\n"
			   "mail-rules = \"{s}/conf/mail\"\n"
			   "mail-servers = { \"mx.{b}\" }\n"
			   "reply-mail = \"{d}/replies.conf\"\n"
			   "smtp-copy = \"csirt@{b}\"\n"
			   "report-org = \"{n} CSIRT\"\n"
			   "report-contact = \"csirt@{b}\"\n"
			   "report-person = \"Duty desk\"\n";

static char *
filled(const rg_stage *stage, const rg_play_bank *bank, const char *text)
{
	g_autoptr(GString) out = g_string_new(text);
	const struct {
		const char *mark, *value;
	} rows[] = {{"{d}", bank->dir}, {"{r}", stage->dir}, {"{s}", stage->share},
		{"{b}", bank->domain}, {"{n}", rg_play_arg(bank->line, "name-en")}};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_string_replace(out, rows[i].mark, rows[i].value, 0);
	}
	return g_string_free(g_steal_pointer(&out), FALSE);
}

static char *
read_shipped(const rg_stage *stage, const char *name, GError **error)
{
	g_autofree char *path = g_build_filename(stage->share, "conf", name, NULL);
	g_autoptr(GBytes) bytes = hk_file_read(path, CONF_MAX, error);

	return bytes ? g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes)) : NULL;
}

static bool
write_config(const rg_stage *stage, const rg_play_bank *bank, GError **error)
{
	g_autofree char *text = filled(stage, bank, conf);
	g_autofree char *all =
		g_strdup_printf("%ssmtp = \"smtp://127.0.0.1:%u\"\nsmtp-ca = \"%s\"\n", text,
			rg_part_int(stage->mail, "smtp"), rg_part_str(stage->mail, "ca"));

	return rg_stage_write(bank->dir, "hikeshi.conf", all, error);
}

/* ---- The way out ---- */

/* Hosts of short links, each once. */
static GPtrArray *
link_hosts(const rg_play *play)
{
	GPtrArray *hosts = g_ptr_array_new_with_free_func(g_free);

	for (unsigned i = 0; i < play->lines->len; i++) {
		const rg_play_line *line = play->lines->pdata[i];
		if (line->verb != RG_PLAY_LINK) {
			continue;
		}
		const char *link = rg_play_arg(line, "link");
		g_autofree char *host = g_strndup(link, strcspn(link, "/"));
		if (!g_ptr_array_find_with_equal_func(hosts, host, g_str_equal, NULL)) {
			g_ptr_array_add(hosts, g_steal_pointer(&host));
		}
	}
	return hosts;
}

static bool
write_egress(const rg_stage *stage, const rg_play_bank *bank, GError **error)
{
	g_autoptr(GString) out = g_string_new("range = 127.0.0.1\nrange-ports = { ");
	g_auto(GStrv) rows = g_strsplit(rg_part_str(stage->c2, "range_ports"), " ", -1);
	g_autoptr(GPtrArray) hosts = link_hosts(stage->play);

	for (size_t i = 0; rows[i]; i++) {
		g_string_append_printf(out, "\"%s\", ", rows[i]);
	}
	for (unsigned i = 0; i < hosts->len; i++) {
		const char *host = hosts->pdata[i];
		g_string_append_printf(out, "\"%s:80=%u\", \"%s:443=%u\", ", host,
			rg_part_int(stage->links, "port"), host,
			rg_part_int(stage->links, "tls_port"));
	}
	g_string_append_printf(out,
		"\"80=%u\", \"443=%u\", \"43=%u\", \"8318=%u\" }\nrange-addresses = { ",
		rg_part_int(stage->sites, "port"), rg_part_int(stage->sites, "tls_port"),
		rg_part_int(stage->registry, "whois"), rg_part_int(stage->tsa, "port"));
	/* All of them: hosters, and where the command channel moves. */
	for (int i = 1; i < 255; i++) {
		g_string_append_printf(out, "%s\"203.0.113.%d\"", i > 1 ? ", " : "", i);
	}
	g_string_append_printf(out,
		" }\nports = { \"80\", \"443\", \"8318\" }\nresolvers = { \"127.0.0.1:%u\" }\n"
		"dns-timeout = 2s\naddress-rate = 2000\naddress-burst = 2000\nhost-rate = 200\n"
		"host-burst = 400\nstop-file = \"%s/egress.stop\"\n"
		"stop-file-kept = \"%s/egress.stop-kept\"\n",
		rg_part_int(stage->registry, "dns"), bank->dir, bank->dir);
	return rg_stage_write(bank->dir, "egress.conf", out->str, error);
}

/* Authorities of the sites and of the short links. */
static bool
write_ca(const rg_stage *stage, const rg_play_bank *bank, GError **error)
{
	static const char *const from[] = {"sites", "shortlinks"};
	g_autoptr(GString) out = g_string_new(NULL);

	for (size_t i = 0; i < G_N_ELEMENTS(from); i++) {
		g_autofree char *path = g_build_filename(stage->dir, from[i], "ca.pem", NULL);
		g_autoptr(GBytes) bytes = hk_file_read(path, CONF_MAX, error);
		if (!bytes) {
			return false;
		}
		g_string_append_len(
			out, g_bytes_get_data(bytes, NULL), (gssize)g_bytes_get_size(bytes));
	}
	return rg_stage_write(bank->dir, "ca.pem", out->str, error);
}

static bool
write_shared(const rg_stage *stage, const rg_play_bank *bank, GError **error)
{
	g_autoptr(GPtrArray) hosts = link_hosts(stage->play);
	g_autoptr(GString) out = g_string_new(NULL);

	for (unsigned i = 0; i < hosts->len; i++) {
		g_string_append_printf(out, "%s shortener\n", (char *)hosts->pdata[i]);
	}
	return rg_stage_write(bank->dir, "shared-hosts.conf", out->str, error);
}

/* ---- Whom it watches for, whom it tells ---- */

static void
add_list(GString *out, const char *key, const char *list)
{
	g_auto(GStrv) parts = g_strsplit(list ? list : "", ",", -1);

	for (size_t i = 0; parts[i]; i++) {
		g_string_append_printf(out, "%s%s", i == 0 ? key : ", ", g_strstrip(parts[i]));
	}
	g_string_append(out, parts[0] ? "\n" : "");
}

static void
add_brand(GString *out, const rg_play_bank *bank)
{
	const rg_play_line *line = bank->line;
	g_autofree char *label = g_strndup(bank->domain, strcspn(bank->domain, "."));
	g_auto(GStrv) bare = g_strsplit(label, "-", -1);
	g_autofree char *token = g_strjoinv("", bare);
	const char *tokens = rg_play_arg(line, "token");

	g_string_append_printf(out, "\n[%s]\nkind = %s\nalias = %s", rg_play_arg(line, "name"),
		rg_play_arg(line, "kind"), rg_play_arg(line, "name-en"));
	add_list(out, ", ", rg_play_arg(line, "alias"));
	g_string_append(out, out->str[out->len - 1] == '\n' ? "" : "\n");
	add_list(out, "token = ", tokens ? tokens : token);
	g_string_append_printf(out, "official = %s\n", bank->domain);
	add_list(out, "word = ", rg_play_arg(line, "word"));
}

static bool
write_targets(const rg_stage *stage, const rg_play_bank *bank, GError **error)
{
	g_autoptr(GString) out =
		g_string_new("# Written by `hikeshi-range play` from the banks of the scenario; "
			     "docs/targets.md explains the form.\n"
			     "[*]\nkeyword = login, logon, signin, secure, security, account, "
			     "verify, update, support, service, info, "
			     "bank, card, pay, web, mail, app, id, member, my, direct, net, "
			     "online, co, jp, japan, kakunin, ninsho\n");
	g_autofree char *shipped = rg_play_arg(bank->line, "pack")
					   ? read_shipped(stage, "targets/example.conf", error)
					   : NULL;

	if (rg_play_arg(bank->line, "pack") && !shipped) {
		return false;
	}
	for (size_t i = 0; !shipped && i < stage->bank_count; i++) {
		add_brand(out, &stage->banks[i]);
	}
	return rg_stage_write(bank->dir, "targets.conf", shipped ? shipped : out->str, error);
}

/* The house's own, but for the rows that say never to write to .test and .example: in this world somebody is there. */
static bool
write_operators(const rg_stage *stage, const rg_play_bank *bank, GError **error)
{
	g_autofree char *shipped = read_shipped(stage, "operators.conf", error);
	g_auto(GStrv) lines = g_strsplit(shipped ? shipped : "", "\n", -1);
	g_autoptr(GString) out = g_string_new(NULL);

	for (size_t i = 0; lines[i]; i++) {
		bool never = g_str_has_prefix(lines[i], "never") &&
			     (strstr(lines[i], " @test ") || strstr(lines[i], " @example "));
		g_string_append_printf(out, never ? "" : "%s\n", lines[i]);
	}
	for (unsigned i = 0; i < stage->play->lines->len; i++) {
		const rg_play_line *line = stage->play->lines->pdata[i];
		bool hoster = line->verb == RG_PLAY_PARTY &&
			      strcmp(rg_play_arg(line, "role"), "hoster") == 0;
		const char *address = hoster ? rg_play_arg(line, "address") : NULL;
		if (hoster) {
			g_string_append_printf(out, "hosting %s %s page %s\n",
				strchr(address, '@') + 1, address, strchr(address, '@') + 1);
		}
	}
	return shipped && rg_stage_write(bank->dir, "operators.conf", out->str, error);
}

/* ---- What it hears ---- */

static bool
write_family(const rg_stage *stage, const rg_play_bank *bank, GError **error)
{
	g_autofree char *dir = g_build_filename(bank->dir, "c2", NULL);
	g_autofree char *shipped = read_shipped(stage, "c2/keepspy.conf", error);
	g_auto(GStrv) lines = g_strsplit(shipped ? shipped : "", "\n", -1);
	g_autoptr(GString) out = g_string_new(NULL);
	static const struct {
		const char *begins, *line;
	} rows[] = {{"enabled = ", "enabled = true"},
		{"drops = ", "drops = { \"http://drop.range.test/\" }"},
		{"drop-every = ", "drop-every = 5s"}, {"beat-every = ", "beat-every = 5s"}};

	for (size_t i = 0; lines[i]; i++) {
		const char *line = lines[i];
		for (size_t k = 0; k < G_N_ELEMENTS(rows); k++) {
			line = g_str_has_prefix(line, rows[k].begins) ? rows[k].line : line;
		}
		g_string_append_printf(out, "%s\n", line);
	}
	bool hears = strcmp(rg_play_arg(bank->line, "hears"), "yes") == 0;
	return shipped && hk_file_mkdirs(dir, error) &&
	       (!hears || rg_stage_write(dir, "keepspy.conf", out->str, error));
}

static bool
write_secret(const char *dir, const char *name, const char *text, GError **error)
{
	g_autofree char *path = g_build_filename(dir, name, NULL);

	return rg_stage_write(dir, name, text, error) && chmod(path, 0600) == 0;
}

static char *
mail_source(const rg_stage *stage, const rg_play_bank *bank, const char *box, const char *more)
{
	return g_strdup_printf(
		"imap = \"imaps://127.0.0.1:%u\"\nca-file = \"%s\"\nuser = \"%s@%s\"\n"
		"password-file = \"%s/mail.password\"\nafter = \"seen\"\npoll = 1s\n%s",
		rg_part_int(stage->mail, "imaps"), rg_part_str(stage->mail, "ca"), box,
		bank->domain, bank->dir, more);
}

static bool
write_mail(const rg_stage *stage, const rg_play_bank *bank, GError **error)
{
	g_autofree char *dir = g_build_filename(bank->dir, "mail", NULL);
	g_autofree char *alerts = mail_source(stage, bank, "alerts", "trust = 0.9\n");
	g_autofree char *customers = mail_source(stage, bank, "customers", "trust = 0.9\n");
	g_autofree char *replies = mail_source(stage, bank, "csirt", "");

	return hk_file_mkdirs(dir, error) &&
	       write_secret(bank->dir, "mail.password", "range\n", error) &&
	       rg_stage_write(dir, "alerts.conf", alerts, error) &&
	       rg_stage_write(dir, "customers.conf", customers, error) &&
	       rg_stage_write(bank->dir, "replies.conf", replies, error);
}

static bool
write_feed(const rg_stage *stage, const rg_play_bank *bank, GError **error)
{
	g_autofree char *dir = g_build_filename(bank->dir, "feeds", NULL);
	g_autoptr(GString) out = g_string_new(NULL);

	if (!hk_file_mkdirs(dir, error) || !bank->feeds) {
		return bank->feeds == NULL;
	}
	g_string_append_printf(out,
		"name = range-taxii\nformat = taxii\nurl = \"%s\"\npoll = 10s\ntrust = "
		"0.9\ntargets = { ",
		rg_part_str(bank->feeds, "taxii"));
	for (size_t i = 0; i < stage->bank_count; i++) {
		const rg_play_bank *other = &stage->banks[i];
		g_string_append_printf(out, "%s\"%s = %.*s\"", i > 0 ? ", " : "",
			rg_play_arg(other->line, "name"), (int)strcspn(other->domain, "."),
			other->domain);
	}
	g_string_append(out, " }\n");
	return rg_stage_write(dir, "range-taxii.conf", out->str, error);
}

/* ---- What only the API can set ---- */

/* A line for each request that an analyst with role system_admin makes once, before the scenario begins. */
static bool
write_requests(const rg_stage *stage, const rg_play_bank *bank, GError **error)
{
	g_autoptr(GString) out = g_string_new(NULL);
	int64_t undo_ms = rg_play_ms(bank->line, "undo");
	double looks = MIN(rg_play_real(bank->line, "looks"), 1);

	g_string_append_printf(out,
		"{\"method\":\"PUT\",\"path\":\"/api/v1/settings/"
		"takedown\",\"body\":{\"undo_s\":%d,\"policies\":[]}}\n"
		"{\"method\":\"PUT\",\"path\":\"/api/v1/settings/"
		"looks\",\"body\":{\"on\":%s,\"share\":%.3f,\"floor\":%s}}\n",
		(int)CLAMP(undo_ms / 1000, 0, 3600), looks > 0 ? "true" : "false",
		looks > 0 ? looks : 0.01, looks >= 1 ? "0" : "0.001");
	for (size_t i = 0; i < stage->bank_count; i++) {
		const rg_play_bank *other = &stage->banks[i];
		g_autofree char *key = g_strndup(other->domain, strcspn(other->domain, "."));
		g_autofree char *mail = g_strconcat("alerts@", other->domain, NULL);
		if (other == bank) {
			continue;
		}
		json_t *row = json_pack("{s:s,s:s,s:{s:s,s:s,s:s,s:s,s:s}}", "method", "POST",
			"path", "/api/v1/contacts", "body", "kind", "bank", "key", key, "name",
			rg_play_arg(other->line, "name"), "mail", mail, "lang", "ja");
		char *text = json_dumps(row, JSON_COMPACT);
		g_string_append_printf(out, "%s\n", text);
		free(text);
		json_decref(row);
	}
	return rg_stage_write(bank->dir, "requests.jsonl", out->str, error);
}

bool
rg_bank_write(const rg_stage *stage, const rg_play_bank *bank, GError **error)
{
	return write_config(stage, bank, error) && write_egress(stage, bank, error) &&
	       write_ca(stage, bank, error) && write_shared(stage, bank, error) &&
	       write_targets(stage, bank, error) && write_operators(stage, bank, error) &&
	       write_family(stage, bank, error) && write_mail(stage, bank, error) &&
	       write_feed(stage, bank, error) && write_requests(stage, bank, error);
}
