/* nocheck: tested in tests/scenario/doctor.t. The way out, and what lies beyond it: asked with --online only. */
#include <inttypes.h>
#include <string.h>

#include "cmd/doctor_int.h"
#include "report/chat_send.h"
#include "score/targets.h"
#include "source/ct/loglist.h"
#include "store/reads.h"
#include "sys/clock.h"
#include "sys/dns.h"
#include "sys/file.h"
#include "sys/gerr.h"
#include "sys/hash.h"
#include "sys/http.h"
#include "sys/mailbox_config.h"
#include "sys/smtp.h"
#include "sys/tsp.h"

/* Google asks clients to stop believing a list after so many days. */
#define LIST_DAYS_MAX 70
#define MS_PER_DAY    INT64_C(86400000)
#define TIMEOUT_MS    15000

/* ---- the way out ---- */

static hk_doctor_how
look_for_exits(hk_doctor *d)
{
	static const hk_opt lists[] = {HK_OPT_CAPTURE_EXITS, HK_OPT_MONITOR_EXITS};
	static const hk_opt ones[] = {HK_OPT_ENRICH_EXIT, HK_OPT_LOOK_EXIT};
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	hk_doctor_how how = HK_DOCTOR_OK;

	for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
		const char *const *list = hk_opts_list(d->opts, lists[i]);
		for (; *list; list++) {
			g_ptr_array_add(names, (void *)(uintptr_t)*list);
		}
	}
	for (size_t i = 0; i < G_N_ELEMENTS(ones); i++) {
		const char *name = hk_opts_str(d->opts, ones[i]);
		if (name) {
			g_ptr_array_add(names, (void *)(uintptr_t)name);
		}
	}
	for (unsigned i = 0; i < names->len; i++) {
		if (!hk_egress_has_exit(d->egress, names->pdata[i])) {
			how = hk_doctor_saw(d, HK_DOCTOR_FAIL, "there is no exit called '%s'",
				"出口「%s」がありません", (const char *)names->pdata[i]);
		}
	}
	return how;
}

hk_doctor_how
hk_doctor_egress(hk_doctor *d)
{
	const char *path = hk_opts_str(d->opts, HK_OPT_EGRESS);
	g_autoptr(GError) error = NULL;
	unsigned exits = 0;

	d->egress = hk_egress_new(path, &error);
	if (!d->egress) {
		d->egress = hk_egress_new(NULL, NULL);
		return hk_doctor_trouble(d, HK_DOCTOR_FAIL, error);
	}
	hk_egress_set_house(d->egress);
	hk_doctor_how how = look_for_exits(d);
	if (hk_egress_killed(d->egress)) {
		g_autofree char *why = hk_egress_killed_why(d->egress);
		how = hk_doctor_worse(
			how, hk_doctor_saw(d, HK_DOCTOR_WARN, "%s; nothing leaves",
				     "緊急停止中のため、外部に接続しません（%s）", why));
	}
	if (hk_egress_on_range(d->egress)) {
		how = hk_doctor_worse(
			how, hk_doctor_saw(d, HK_DOCTOR_WARN,
				     "a drill: every name is the range's, nothing real is seen",
				     "訓練用の設定のため、本物のサイトは見えません"));
	}
	while (hk_egress_exits(d->egress)[exits]) {
		exits++;
	}
	return hk_doctor_saw(d, how, "%s, %u exits", "%s、出口 %u", path ? path : "-", exits);
}

/* Lines "nameserver ADDRESS". */
static unsigned
nameservers(void)
{
	g_autoptr(GBytes) bytes = hk_file_read("/etc/resolv.conf", 65536, NULL);
	size_t len = 0;
	const char *data = bytes ? g_bytes_get_data(bytes, &len) : NULL;
	g_autofree char *text = g_strndup(data ? data : "", len);
	unsigned count = 0;

	for (const char *at = text; *at; at += strcspn(at, "\n"), at += *at == '\n') {
		count += g_str_has_prefix(at, "nameserver");
	}
	return count;
}

/* A name that is ours, if we have one. */
static char *
own_name(const hk_doctor *d)
{
	const char *path = hk_opts_str(d->opts, HK_OPT_TARGETS);
	g_autoptr(hk_targets) pack = path ? hk_targets_load(path, NULL) : NULL;

	if (!pack || hk_targets_count(pack) == 0 || hk_targets_get(pack, 0)->official->len == 0) {
		return g_strdup("iana.org");
	}
	return g_strdup(hk_targets_get(pack, 0)->official->pdata[0]);
}

hk_doctor_how
hk_doctor_resolvers(hk_doctor *d)
{
	const char *own = hk_egress_resolvers(d->egress);
	unsigned count = own ? 0 : nameservers();
	const hk_egress_who who = {.purpose = "doctor", .requester = "hikeshi doctor"};
	g_autoptr(GError) error = NULL;

	if (!own && count == 0) {
		return hk_doctor_saw(d, HK_DOCTOR_FAIL, "none", "ありません");
	}
	if (own) {
		hk_doctor_saw(d, HK_DOCTOR_OK, "%s", "%s", own);
	} else {
		hk_doctor_saw(d, HK_DOCTOR_OK, "%u in /etc/resolv.conf",
			"/etc/resolv.conf に %u 件", count);
	}
	if (!d->online) {
		return HK_DOCTOR_OK;
	}
	g_autofree char *name = own_name(d);
	const hk_dns_question question = {.name = name, .type = HK_DNSMSG_NS};
	g_autoptr(GPtrArray) answers =
		hk_dns_ask(d->egress, &who, &question, 1, TIMEOUT_MS, &error);
	if (!answers) {
		return hk_doctor_trouble(d, HK_DOCTOR_FAIL, error);
	}
	const hk_dns_answer *answer = answers->pdata[0];
	bool good = answer->status <= HK_DNS_NXDOMAIN;
	return hk_doctor_saw(d, good ? HK_DOCTOR_OK : HK_DOCTOR_FAIL, "%s: %s", "%s: %s", name,
		hk_dns_status_name(answer->status));
}

/* ---- CT logs ---- */

typedef struct fetched {
	GBytes *body; /* NULL: none */
	char *why;
} fetched;

static void
on_answer(void *user, hk_http_call *call, const hk_http_answer *answer)
{
	fetched *f = user;

	(void)call;
	if (answer->error || answer->status != 200) {
		f->why = answer->error ? g_strdup(answer->error->message)
				       : g_strdup_printf("status %d", answer->status);
		return;
	}
	f->body = g_bytes_new(answer->body.data, answer->body.len);
}

static GBytes *
fetch(const hk_doctor *d, const char *url, GError **error)
{
	const hk_http_config config = {.contact = hk_opts_str(d->opts, HK_OPT_CONTACT),
		.ca_file = hk_opts_str(d->opts, HK_OPT_CA_FILE),
		.egress = d->egress,
		.purpose = "doctor"};
	g_autoptr(hk_http) http = hk_http_new(&config, error);
	const hk_http_request request = {.url = url,
		.max_bytes = HK_CT_LOGLIST_BYTES_MAX,
		.timeout_ms = TIMEOUT_MS,
		.connect_ms = TIMEOUT_MS,
		.identity = true};
	fetched f = {0};

	if (!http || !hk_http_get(http, &request, on_answer, &f, error)) {
		return NULL;
	}
	while (hk_http_busy(http) > 0) {
		hk_http_step(http, 1000, -1);
	}
	if (!f.body) {
		hk_error_set(error, HK_EREMOTE, "%s: %s", url, f.why);
	}
	g_free(f.why);
	return f.body;
}

/* The first one that grows. */
static hk_doctor_how
ask_a_log(hk_doctor *d, const hk_ct_loglist *list)
{
	g_autoptr(GError) error = NULL;
	int64_t now_s = hk_clock_wall_ms() / 1000;

	for (unsigned i = 0; i < list->logs->len; i++) {
		const hk_ct_log *log = list->logs->pdata[i];
		if (!hk_ct_log_is_followed(log) || !hk_ct_log_expects_growth(log, now_s)) {
			continue;
		}
		g_autofree char *url = log->kind == HK_CT_STATIC
					       ? g_strconcat(log->tile_url, "checkpoint", NULL)
					       : g_strconcat(log->url, "ct/v1/get-sth", NULL);
		g_autoptr(GBytes) head = fetch(d, url, &error);
		return head ? hk_doctor_saw(
				      d, HK_DOCTOR_OK, "%s answers", "%s が応答", log->description)
			    : hk_doctor_trouble(d, HK_DOCTOR_FAIL, error);
	}
	return HK_DOCTOR_OK;
}

static hk_doctor_how
look_at_list(hk_doctor *d, GBytes *bytes)
{
	g_autoptr(GError) error = NULL;
	size_t len, followed = 0;
	const char *data = g_bytes_get_data(bytes, &len);
	g_autoptr(hk_ct_loglist) list = hk_ct_loglist_parse(hk_span_of(data, len), &error);
	hk_doctor_how how = HK_DOCTOR_OK;

	if (!list) {
		return hk_doctor_trouble(d, HK_DOCTOR_FAIL, error);
	}
	for (unsigned i = 0; i < list->logs->len; i++) {
		followed += hk_ct_log_is_followed(list->logs->pdata[i]);
	}
	int64_t days =
		list->listed_at ? (hk_clock_wall_ms() - list->listed_at * 1000) / MS_PER_DAY : 0;
	if (followed == 0) {
		how = hk_doctor_saw(
			d, HK_DOCTOR_FAIL, "no log to follow", "監視できるログがありません");
	}
	if (days > LIST_DAYS_MAX) {
		how = hk_doctor_worse(
			how, hk_doctor_saw(d, HK_DOCTOR_WARN, "the list is %" PRId64 " days old",
				     "リストが %" PRId64 " 日前のものです", days));
	}
	if (list->problems->len > 0) {
		how = hk_doctor_worse(how, hk_doctor_saw(d, HK_DOCTOR_WARN, "%s", "%s",
						   (const char *)list->problems->pdata[0]));
	}
	hk_doctor_saw(d, how, "%zu logs", "ログ %zu 件", followed);
	return d->online ? hk_doctor_worse(how, ask_a_log(d, list)) : how;
}

/* What the database knows of logs: one that contradicted itself is stopped. */
static hk_doctor_how
stopped_logs(hk_doctor *d)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(hk_rows) rows = d->db ? hk_read_logs(d->db, &error) : NULL;
	hk_doctor_how how = HK_DOCTOR_OK;

	while (rows && hk_rows_next(rows, &error)) {
		if (strcmp(hk_rows_str(rows, 1), "stopped") == 0) {
			how = hk_doctor_saw(d, HK_DOCTOR_FAIL, "%s is stopped: %s",
				"%s を停止中: %s", hk_rows_str(rows, 0),
				hk_rows_is_null(rows, 4) ? "" : hk_rows_str(rows, 4));
		}
	}
	return error ? hk_doctor_trouble(d, HK_DOCTOR_WARN, error) : how;
}

hk_doctor_how
hk_doctor_logs(hk_doctor *d)
{
	const char *where = hk_opts_str(d->opts, HK_OPT_LOGS);
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) bytes = NULL;

	if (!where) {
		return hk_doctor_saw(
			d, HK_DOCTOR_SKIP, "option logs is not set", "設定 logs がありません");
	}
	hk_doctor_how how = stopped_logs(d);
	if (strstr(where, "://") && !d->online) {
		return hk_doctor_saw(d, how, "%s, not asked without --online",
			"%s（--online なしでは取得しません）", where);
	}
	bytes = strstr(where, "://") ? fetch(d, where, &error)
				     : hk_file_read(where, HK_CT_LOGLIST_BYTES_MAX, &error);
	return hk_doctor_worse(
		how, bytes ? look_at_list(d, bytes) : hk_doctor_trouble(d, HK_DOCTOR_FAIL, error));
}

/* ---- mail ---- */

hk_doctor_how
hk_doctor_smtp(hk_doctor *d)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(hk_smtp_config) config = hk_smtp_config_of(d->opts, &error);
	const char *from = hk_opts_str(d->opts, HK_OPT_REPORT_CONTACT);

	if (!config) {
		bool none = hk_error_code(error) == HK_ENOENT;
		return hk_doctor_trouble(d, none ? HK_DOCTOR_SKIP : HK_DOCTOR_FAIL, error);
	}
	if (!d->online) {
		return hk_doctor_saw(d, HK_DOCTOR_OK, "%s:%u, not asked without --online",
			"%s:%u（--online なしでは接続しません）", config->host, config->port);
	}
	g_auto(hk_smtp_answer) answer = {0};
	hk_smtp_try(config, from ? from : "", &answer);
	bool good = answer.how == HK_SMTP_TAKEN;
	return good ? hk_doctor_saw(d, HK_DOCTOR_OK, "%s:%u: logged in, nothing was sent",
			      "%s:%u: ログイン成功（送信なし）", config->host, config->port)
		    : hk_doctor_saw(d, HK_DOCTOR_FAIL, "%s:%u: %s", "%s:%u: %s", config->host,
			      config->port, answer.text);
}

/* Mailboxes that are switched on, and into how many of them we came. */
typedef struct boxes {
	unsigned files, count, logins;
} boxes;

static hk_doctor_how
look_at_mailbox(hk_doctor *d, const hk_mailbox_config *config, boxes *seen)
{
	g_autoptr(GError) error = NULL;
	hk_imap_config how;

	seen->files++;
	seen->count += config->enabled;
	if (!config->enabled || config->kind != HK_MAILBOX_IMAP) {
		return HK_DOCTOR_OK;
	}
	char *password = hk_mailbox_password(config, &error);
	if (!password) {
		return hk_doctor_trouble(d, HK_DOCTOR_FAIL, error);
	}
	hk_mailbox_imap(config, password, -1, &how);
	g_autoptr(hk_imap) imap = d->online ? hk_imap_open(&how, &error) : NULL;
	explicit_bzero(password, strlen(password));
	g_free(password);
	seen->logins += imap != NULL;
	return error ? hk_doctor_saw(
			       d, HK_DOCTOR_FAIL, "%s: %s", "%s: %s", config->name, error->message)
		     : HK_DOCTOR_OK;
}

hk_doctor_how
hk_doctor_imap(hk_doctor *d)
{
	static const hk_opt options[] = {HK_OPT_MAIL_SOURCES, HK_OPT_REPLY_MAIL};
	hk_doctor_how how = HK_DOCTOR_OK;
	boxes seen = {0};

	for (size_t i = 0; i < G_N_ELEMENTS(options); i++) {
		const char *path = hk_opts_str(d->opts, options[i]);
		g_autoptr(GError) error = NULL;
		g_autoptr(GPtrArray) all = path ? hk_mailbox_config_folder(path, &error) : NULL;
		if (error) {
			how = hk_doctor_worse(how, hk_doctor_trouble(d, HK_DOCTOR_FAIL, error));
		}
		for (unsigned k = 0; all && k < all->len; k++) {
			how = hk_doctor_worse(how, look_at_mailbox(d, all->pdata[k], &seen));
		}
	}
	if (how == HK_DOCTOR_OK && seen.count == 0) {
		return seen.files > 0 ? hk_doctor_saw(d, HK_DOCTOR_SKIP, "none is switched on",
						"有効なものがありません")
				      : hk_doctor_saw(d, HK_DOCTOR_SKIP, "none is configured",
						"設定がありません");
	}
	hk_doctor_saw(d, how, "%u mailboxes", "メールボックス %u 件", seen.count);
	return d->online ? hk_doctor_saw(d, how, "%u logins", "ログイン成功 %u 件", seen.logins)
			 : how;
}

/* ---- time stamps ---- */

static hk_doctor_how
stamp(hk_doctor *d, const hk_tsp_config *config)
{
	g_autoptr(GError) error = NULL;
	uint8_t sha256[32];
	hk_tsp_info info;

	hk_sha256(HK_SPAN_LIT("hikeshi doctor"), sha256);
	int64_t before = hk_clock_wall_ms();
	g_autoptr(GBytes) token = hk_tsp_stamp(config, sha256, &error);
	int64_t after = hk_clock_wall_ms();
	size_t len;
	if (!token) {
		return hk_doctor_trouble(d, HK_DOCTOR_FAIL, error);
	}
	const void *data = g_bytes_get_data(token, &len);
	if (!hk_tsp_verify(hk_span_of(data, len), sha256, config->ca_file, &info, &error)) {
		return hk_doctor_trouble(d, HK_DOCTOR_FAIL, error);
	}
	/* Tokens may have whole seconds only. */
	bool fits = info.at_ms > before - 5000 && info.at_ms < after + 5000;
	return hk_doctor_saw(d, fits ? HK_DOCTOR_OK : HK_DOCTOR_FAIL,
		"stamped by %s, our clock differs by %" PRId64 " s",
		"%s がスタンプを発行、時計の差 %" PRId64 " 秒",
		*info.signer ? info.signer : config->url, (after - info.at_ms) / 1000);
}

hk_doctor_how
hk_doctor_tsa(hk_doctor *d)
{
	const hk_tsp_config config = {.url = hk_opts_str(d->opts, HK_OPT_TSA),
		.ca_file = hk_opts_str(d->opts, HK_OPT_TSA_CA),
		.policy = hk_opts_str(d->opts, HK_OPT_TSA_POLICY),
		.egress = d->egress,
		.timeout_ms = TIMEOUT_MS};
	g_autoptr(GError) error = NULL;

	if (!config.url) {
		return hk_doctor_saw(d, HK_DOCTOR_SKIP, "option tsa is not set: nothing is stamped",
			"設定 tsa がないため、スタンプは付きません");
	}
	g_autoptr(GBytes) pem =
		config.ca_file ? hk_file_read(config.ca_file, 1u << 20, &error) : NULL;
	if (!pem) {
		return error ? hk_doctor_trouble(d, HK_DOCTOR_FAIL, error)
			     : hk_doctor_saw(d, HK_DOCTOR_FAIL, "tsa-ca is not set",
				       "設定 tsa-ca がありません");
	}
	return d->online ? stamp(d, &config)
			 : hk_doctor_saw(d, HK_DOCTOR_OK, "%s, not asked without --online",
				   "%s（--online なしでは接続しません）", config.url);
}

/* ---- chats ---- */

static hk_doctor_how
say_it(hk_doctor *d, const hk_chat *chat)
{
	const hk_chats_config config = {
		.egress = d->egress, .contact = hk_opts_str(d->opts, HK_OPT_REPORT_CONTACT)};
	g_autoptr(GError) error = NULL;

	return hk_chat_try(chat, &config, &error)
		       ? hk_doctor_saw(d, HK_DOCTOR_OK, "%s took the test card",
				 "%s にテスト通知を送信", chat->name)
		       : hk_doctor_trouble(d, HK_DOCTOR_FAIL, error);
}

hk_doctor_how
hk_doctor_chats(hk_doctor *d)
{
	const char *folder = hk_opts_str(d->opts, HK_OPT_CHATS);
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) all = folder ? hk_chat_folder(folder, &error) : NULL;
	hk_doctor_how how = HK_DOCTOR_SKIP;
	unsigned enabled = 0;

	if (!folder) {
		return hk_doctor_saw(
			d, HK_DOCTOR_SKIP, "option chats is not set", "設定 chats がありません");
	}
	if (!all) {
		return hk_doctor_trouble(d, HK_DOCTOR_FAIL, error);
	}
	for (unsigned i = 0; i < all->len; i++) {
		const hk_chat *chat = all->pdata[i];
		if (chat->enabled) {
			enabled++;
			how = d->say ? hk_doctor_worse(how, say_it(d, chat)) : how;
		}
	}
	how = enabled > 0 && how == HK_DOCTOR_SKIP ? HK_DOCTOR_OK : how;
	return hk_doctor_saw(d, how, "%s: %u files, %u enabled", "%s: %uファイル、有効 %u", folder,
		all->len, enabled);
}
