#include "flowlib.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "flow/audit.h"
#include "flow/people.h"
#include "store.h"
#include "sys/gerr.h"
#include "tap.h"

const hk_who fl_mikan = {.user_id = 1, .login = "mikan", .via = "cli", .address = ""};
const hk_who fl_yuzu = {.user_id = 2, .login = "yuzu", .via = "web", .address = ""};
const hk_who fl_auto = {.login = "auto", .via = "work", .address = ""};

static char *key_file;
/* One place for ever: a check's arguments may be evaluated in any order, its text is read after all of them. */
static char why[1000];
static hk_err code;

_Noreturn static void
bail(const char *what, const GError *error)
{
	printf("Bail out! %s: %s\n", what, error ? error->message : "");
	fflush(stdout);
	exit(1);
}

static void
clean_up(void)
{
	if (key_file) {
		unlink(key_file);
		g_clear_pointer(&key_file, g_free);
	}
}

const char *
fl_key_file(void)
{
	GError *error = NULL;

	if (!key_file) {
		key_file = g_strdup_printf("%s/hikeshi-test-key-%d", g_get_tmp_dir(), getpid());
		unlink(key_file);
		if (!hk_audit_key_make(key_file, &error)) {
			bail("key", error);
		}
		atexit(clean_up);
	}
	return key_file;
}

void
fl_run(hk_flow *flow, hk_sql sql)
{
	GError *error = NULL;

	if (!hk_db_exec(hk_flow_db(flow), sql, HK_NO_ARGS, NULL, &error)) {
		bail(sql.text, error);
	}
}

hk_flow *
fl_open(void)
{
	GError *error = NULL;
	hk_flow *flow = hk_flow_new(hk_test_db(), fl_key_file(), &error);

	if (!flow) {
		bail("flow", error);
	}
	fl_run(flow, HK_SQL("INSERT INTO users (login, name, state, created_ms) VALUES "
			    "('mikan', '蜜柑', 'active', 0), ('yuzu', '柚子', 'active', 0)"));
	fl_run(flow,
		HK_SQL("INSERT INTO targets (key, name, name_en, own, services, updated_ms) VALUES "
		       "('mihon-bank', 'みほん銀行', 'Mihon Bank', 1, "
		       "'[{\"key\":\"direct\",\"name\":\"ダイレクト\",\"scope\":\"in\"},"
		       "{\"key\":\"card\",\"name\":\"カード\",\"scope\":\"out\",\"route\":\"Mihon "
		       "Card\"}]', 0), "
		       "('other-bank', 'ほか銀行', 'Other Bank', 0, '[]', 0)"));
	fl_run(flow, HK_SQL("INSERT INTO actors (key, name, updated_ms) VALUES "
			    "('mirage', 'Mirage', 0)"));
	return flow;
}

hk_flow *
fl_again(void)
{
	GError *error = NULL;
	hk_db *db = hk_db_open(hk_test_db_url(), &error);
	hk_flow *flow = db ? hk_flow_new(db, fl_key_file(), &error) : NULL;

	if (!flow) {
		bail("flow", error);
	}
	return flow;
}

void
fl_close(hk_flow *flow)
{
	hk_db *db = hk_flow_db(flow);

	hk_flow_free(flow);
	hk_db_close(db);
}

void
fl_said(GError *error)
{
	g_strlcpy(why, error ? error->message : "", sizeof why);
	code = hk_error_code(error);
	g_clear_error(&error);
}

const char *
fl_why(void)
{
	return why;
}

hk_err
fl_code(void)
{
	return code;
}

bool
fl_take_lead(hk_flow *flow, const hk_lead *lead, hk_taken *ret, GError **error)
{
	if (!hk_flow_begin(flow, &fl_mikan, error)) {
		return false;
	}
	if (!hk_case_take(flow, lead, ret, error)) {
		hk_flow_rollback(flow);
		return false;
	}
	return hk_flow_commit(flow, error);
}

int64_t
fl_take(hk_flow *flow, const char *host, const char *path, hk_taken *ret)
{
	g_autofree char *url = g_strdup_printf("https://%s/%s", host, path);
	hk_lead lead = {.url = url, .host = host, .source = "manual"};
	hk_taken taken = {0};
	GError *error = NULL;

	if (!fl_take_lead(flow, &lead, &taken, &error)) {
		bail(url, error);
	}
	if (ret) {
		*ret = taken;
	}
	return taken.case_id;
}

bool
fl_move(hk_flow *flow, int64_t id, const char *act, GError **error)
{
	if (!hk_flow_begin(flow, &fl_mikan, error)) {
		return false;
	}
	if (!hk_case_move(flow, id, 0, act, NULL, error)) {
		hk_flow_rollback(flow);
		return false;
	}
	return hk_flow_commit(flow, error);
}

bool
fl_edit(hk_flow *flow, int64_t id, int64_t version, const char *fields, GError **error)
{
	if (!hk_flow_begin(flow, &fl_mikan, error)) {
		return false;
	}
	if (!hk_case_edit(flow, id, version, fields, error)) {
		hk_flow_rollback(flow);
		return false;
	}
	return hk_flow_commit(flow, error);
}

static char *
first(hk_rows *rows, const GError *error)
{
	GError *inner = NULL;

	if (!rows) {
		bail("query", error);
	}
	bool found = hk_rows_next(rows, &inner);
	if (inner) {
		bail("rows", inner);
	}
	char *text = g_strdup(found ? hk_rows_str(rows, 0) : "");
	hk_rows_free(rows);
	return text ? text : g_strdup("");
}

char *
fl_text(hk_flow *flow, hk_sql sql)
{
	GError *error = NULL;
	hk_rows *rows = hk_db_query(hk_flow_db(flow), sql, HK_NO_ARGS, &error);

	return first(rows, error);
}

char *
fl_text_of(hk_flow *flow, hk_sql sql, int64_t id)
{
	GError *error = NULL;
	hk_rows *rows = hk_db_query(hk_flow_db(flow), sql, HK_ARGS(hk_v_int(id)), &error);

	return first(rows, error);
}

int64_t
fl_int(hk_flow *flow, hk_sql sql)
{
	GError *error = NULL;
	int64_t value = 0;

	if (!hk_db_int(hk_flow_db(flow), sql, HK_NO_ARGS, &value, &error)) {
		bail(sql.text, error);
	}
	return value;
}

int64_t
fl_int_of(hk_flow *flow, hk_sql sql, int64_t id)
{
	GError *error = NULL;
	int64_t value = 0;

	if (!hk_db_int(hk_flow_db(flow), sql, HK_ARGS(hk_v_int(id)), &value, &error)) {
		bail(sql.text, error);
	}
	return value;
}

int64_t
fl_confirmed(hk_flow *flow, const char *host)
{
	int64_t id = fl_take(flow, host, "1", NULL);
	GError *error = NULL;

	if (!fl_move(flow, id, "confirm", &error)) {
		bail("confirm", error);
	}
	fl_run(flow, HK_SQL("UPDATE cases SET evidence_ms = 1"));
	fl_run(flow, HK_SQL("DELETE FROM jobs"));
	return id;
}

void
fl_draft_row(hk_report_row *row, int64_t case_id, const char *channel, const char *recipient,
	int64_t proposer)
{
	static char token[33];
	static unsigned drafts;
	static char lang[] = "en", step[] = "first", kind[] = "hosting", type[] = "text/plain",
		    title[] = "Phishing site", by_mail[] = "{\"way\":\"mail\",\"to\":\"x\"}",
		    by_form[] = "{\"way\":\"assisted\"}", by_http[] = "{\"way\":\"http\"}";
	bool mail = strcmp(channel, "mail") == 0, form = strcmp(channel, "form") == 0;

	drafts++;
	g_snprintf(token, sizeof token, "%032x", drafts);
	*row = (hk_report_row){.case_id = case_id,
		.channel = (char *)(uintptr_t)channel,
		.kind = kind,
		.recipient = (char *)(uintptr_t)recipient,
		.lang = lang,
		.step = step,
		.round = 1,
		.title = title,
		.request = mail   ? by_mail
			   : form ? by_form
				  : by_http,
		.has_content = true,
		.type = type,
		.bytes = 5,
		.token = token,
		.proposer_id = proposer};
	memset(row->content, 0xc0, sizeof row->content);
	memset(row->digest, 0xd0, sizeof row->digest);
	row->digest[0] = (uint8_t)drafts;
}

int64_t
fl_draft(hk_flow *flow, int64_t case_id, const char *channel, const char *recipient,
	int64_t proposer)
{
	g_autofree char *url =
		fl_text_of(flow, HK_SQL("SELECT url FROM cases WHERE id = $1"), case_id);
	const hk_report_site site = {.case_id = case_id, .url = url};
	hk_report_row row;
	int64_t id = 0;

	fl_draft_row(&row, case_id, channel, recipient, proposer);
	if (!fl_do_as(flow, &fl_auto, hk_report_draft(flow, &row, &site, 1, &id, error))) {
		printf("Bail out! draft: %s\n", fl_why());
		exit(1);
	}
	return id;
}

const char *
fl_state(hk_flow *flow, int64_t id)
{
	g_autofree char *text =
		fl_text_of(flow, HK_SQL("SELECT state FROM reports WHERE id = $1"), id);

	return g_intern_string(text);
}

void
fl_again_from(hk_flow *flow, int64_t id, const char *state)
{
	GError *error = NULL;

	if (!hk_db_exec(hk_flow_db(flow),
		    HK_SQL("UPDATE reports SET state = $2, approver_id = NULL, policy = NULL, "
			   "approved_ms = NULL, send_ms = NULL, sent_ms = NULL, acknowledged_ms = "
			   "NULL, ended_ms = NULL, due_ms = NULL WHERE id = $1"),
		    HK_ARGS(hk_v_int(id), hk_v_str(state)), NULL, &error)) {
		bail("reports", error);
	}
}

bool
fl_approve(hk_flow *flow, const hk_who *who, int64_t id, unsigned agreed)
{
	g_auto(hk_report_row) row = {0};
	GError *why_not = NULL;

	if (!hk_reports_get(hk_flow_db(flow), id, &row, &why_not)) {
		bail("report", why_not);
	}
	return fl_do_as(flow, who, hk_report_approve(flow, id, row.digest, agreed, error));
}

int
fl_go(hk_flow *flow, int64_t id, unsigned found, int64_t *ret_receipt)
{
	g_auto(hk_report_row) row = {0};
	hk_report_go go = HK_GO_NOTHING;
	int64_t receipt = 0, wait_ms;

	bool good = fl_do_as(flow, &fl_auto,
		hk_report_begin(flow, id, found, &go, &row, &receipt, &wait_ms, error));
	if (ret_receipt) {
		*ret_receipt = receipt;
	}
	return good ? (int)go : -1;
}

bool
fl_sent(hk_flow *flow, int64_t id)
{
	const hk_report_end end = {.how = "taken", .again_ms = -1};
	int64_t receipt;

	return fl_go(flow, id, 0, &receipt) == HK_GO_SEND &&
	       fl_do_as(flow, &fl_auto, hk_report_committed(flow, receipt, error)) &&
	       fl_do_as(flow, &fl_auto, hk_report_ended(flow, id, receipt, &end, error));
}

void
fl_setting(hk_flow *flow, const char *value)
{
	if (!fl_do(flow, hk_setting_put(flow, "takedown", -1, value, error))) {
		printf("Bail out! setting: %s\n", fl_why());
		exit(1);
	}
}
