#include "flowlib.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "flow/audit.h"
#include "store.h"
#include "sys/gerr.h"
#include "tap.h"

const hk_who fl_mikan = {.user_id = 1, .login = "mikan", .via = "cli", .address = ""};
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
