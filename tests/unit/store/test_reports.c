/* store/reports: rows come back as they were put, the pace of channels, and the tables in backup, restore and check. */
#include <string.h>

#include <glib/gstdio.h>

#include "store.h"
#include "store/backup.h"
#include "store/inspect.h"
#include "store/jobs.h"
#include "store/letters.h"
#include "store/migrate.h"
#include "store/reports.h"
#include "sys/gerr.h"
#include "tap.h"

static const int64_t day_ms = 86400000;
static hk_db *db;

static void
run(hk_sql sql)
{
	g_autoptr(GError) error = NULL;

	if (!hk_db_exec(db, sql, HK_NO_ARGS, NULL, &error)) {
		ok(false, "%s: %s", sql.text, error->message);
	}
}

static int64_t
number(hk_db *of, hk_sql sql)
{
	g_autoptr(GError) error = NULL;
	int64_t n = -1;

	ok(hk_db_int(of, sql, HK_NO_ARGS, &n, &error), "%s%s", sql.text,
		error ? error->message : "");
	return n;
}

static void
fill(void)
{
	run(HK_SQL("INSERT INTO users (login, name, state, created_ms) VALUES ('a', 'A', 'active', "
		   "0), ('b', 'B', 'active', 0)"));
	run(HK_SQL(
		"INSERT INTO sources (key, kind, name, updated_ms) VALUES ('ct', 'ct', 'CT', 0)"));
	run(HK_SQL("INSERT INTO cases (name, kind, state, source_id, first_seen_ms, detected_ms, "
		   "opened_ms, last_seen_ms, updated_ms) VALUES ('x', 'phishing', 'confirmed', 1, "
		   "0, 0, "
		   "0, 0, 0), ('y', 'phishing', 'down', 1, 0, 0, 0, 0, 0), ('z', 'phishing', "
		   "'confirmed', 1, 0, 0, 0, 0, 0)"));
}

static hk_report_row
draft(const char *recipient, char token[33])
{
	static unsigned made;
	static char channel[] = "mail", kind[] = "hosting", name[] = "Host 株式会社",
		    subject[] = "192.0.2.1", lang[] = "ja", step[] = "first", state[] = "drafted",
		    title[] = "件名", request[] = "{\"way\":\"mail\"}", type[] = "message/rfc822";

	g_snprintf(token, 33, "%032x", ++made);
	return (hk_report_row){.case_id = 1,
		.channel = channel,
		.kind = kind,
		.recipient = (char *)(uintptr_t)recipient,
		.name = name,
		.subject = subject,
		.lang = lang,
		.step = step,
		.round = 1,
		.state = state,
		.title = title,
		.request = request,
		.type = type,
		.bytes = 1234,
		.digest = {0xff, 0, 1},
		.token = token,
		.proposer_id = 1,
		.stops = 1u << 7,
		.drafted_ms = 11,
		.due_ms = 99};
}

static int64_t
add(hk_report_row *row, int64_t second_case)
{
	const hk_report_site sites[] = {{1, "https://x.example/"}, {1, "https://x.example/2"},
		{second_case, "https://other.example/"}};
	g_autoptr(GError) error = NULL;

	ok(hk_reports_add(db, row, sites, second_case ? 3 : 1, &error), "added%s%s",
		error ? ": " : "", error ? error->message : "");
	return row->id;
}

/* Every column that is ever written comes back as it was. */
static void
test_rows(void)
{
	char token[33];
	hk_report_row row = draft("abuse@host.example", token);
	g_auto(hk_report_row) back = {0};
	g_auto(hk_report_row) again = {0};
	g_autoptr(GError) error = NULL;
	int64_t id = add(&row, 2), found;

	ok(hk_reports_get(db, id, &back, &error), "read");
	is_str(back.name, row.name, "name");
	is_str(back.subject, row.subject, "subject");
	is_str(back.request, row.request, "request");
	is_str(back.facts, "{}", "facts");
	ok(!back.has_content && !back.policy && !back.why && !back.remote_id,
		"what is not is NULL");
	is_mem(back.digest, row.digest, 32, "digest");
	ok(back.case_id == 1 && back.bytes == 1234 && back.proposer_id == 1 &&
			back.stops == 1u << 7 && back.drafted_ms == 11 && back.due_ms == 99 &&
			back.version == 1 && back.approved_ms == 0,
		"numbers");
	char *const texts[] = {g_strdup("sent"), g_strdup("fast"), g_strdup("T-1"),
		g_strdup("open"), g_strdup("{\"a\":1}"), g_strdup("why"), g_strdup("題"),
		g_strdup("{}"), g_strdup("text/plain")};
	char **const places[] = {&back.state, &back.policy, &back.remote_id, &back.remote_state,
		&back.facts, &back.why, &back.title, &back.request, &back.type};
	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_free(*places[i]);
		*places[i] = texts[i];
	}
	int64_t *const numbers[] = {&back.bytes, &back.proposer_id, &back.approver_id, &back.sample,
		&back.approved_ms, &back.send_ms, &back.sent_ms, &back.acknowledged_ms,
		&back.ended_ms, &back.due_ms, &back.polls, &back.tries};
	for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
		*numbers[i] = i == 1 || i == 2 ? (int64_t)i : 100 + (int64_t)i;
	}
	back.has_content = true;
	memset(back.content, 0xab, sizeof back.content);
	memset(back.digest, 0xcd, sizeof back.digest);
	back.stops = 3;
	ok(hk_reports_update(db, &back, &error) && hk_reports_lock(db, id, &again, &error),
		"written");
	char **const read[] = {&again.state, &again.policy, &again.remote_id, &again.remote_state,
		&again.facts, &again.why, &again.title, &again.request, &again.type};
	for (size_t i = 0; i < G_N_ELEMENTS(read); i++) {
		is_str(*read[i], *places[i], "text %zu", i);
	}
	const int64_t *const got[] = {&again.bytes, &again.proposer_id, &again.approver_id,
		&again.sample, &again.approved_ms, &again.send_ms, &again.sent_ms,
		&again.acknowledged_ms, &again.ended_ms, &again.due_ms, &again.polls, &again.tries};
	for (size_t i = 0; i < G_N_ELEMENTS(got); i++) {
		is_int(*got[i], *numbers[i], "number %zu", i);
	}
	ok(again.has_content && again.stops == 3 && again.version == 2, "and one version up");
	is_mem(again.content, back.content, 32, "content");
	is_mem(again.digest, back.digest, 32, "digest");
	hk_report_row none = {0};
	ok(!hk_reports_get(db, 999, &none, &error), "none of that number");
	is_int(hk_error_code(error), HK_ENOENT, "said");
	g_clear_error(&error);
	ok(hk_reports_by_token(db, token, &found, &error) && found == id, "by its token");
	ok(hk_reports_by_token(db, "00", &found, &error) && found == 0, "no other");
	row.token = token;
	row.round = 7;
	ok(!hk_reports_add(db, &row, NULL, 0, &error), "a token is given once");
	is_int(hk_error_code(error), HK_EPOLICY, "said");
}

static void
test_found(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) urls = NULL;
	g_autoptr(GArray) cases = NULL;
	int64_t id = 0, n;

	ok(hk_reports_sites(db, 1, &urls, &cases, &error) && urls->len == 3 && cases->len == 2,
		"three URLs of two cases");
	is_str(urls->pdata[2], "https://other.example/", "in their order");
	for (int64_t of = 1; of <= 3; of++) {
		ok(hk_reports_find(db, of, "mail", "abuse@host.example", "first", 1, &id, &error),
			"looked for case %d", (int)of);
		is_int(id, of < 3, "found by each case that it speaks of");
	}
	ok(hk_reports_find(db, 1, "mail", "abuse@host.example", "first", 2, &id, &error) && id == 0,
		"not by another round");
	ok(hk_reports_unfit(db, 1, &n, &error) && n == 0, "confirmed and down cases are fit");
	run(HK_SQL("UPDATE cases SET state = 'triaged' WHERE id = 2"));
	ok(hk_reports_unfit(db, 1, &n, &error) && n == 1,
		"one that is not confirmed any more is not");
	run(HK_SQL("UPDATE cases SET state = 'confirmed', deleted_ms = 1 WHERE id = 2"));
	ok(hk_reports_unfit(db, 1, &n, &error) && n == 1, "nor is a deleted one");
	run(HK_SQL("UPDATE cases SET deleted_ms = NULL"));
	const hk_reports_ask asks[] = {{.limit = 9}, {.case_id = 2, .limit = 9},
		{.case_id = 3, .limit = 9}, {.state = "sent", .limit = 9},
		{.state = "drafted", .limit = 9}, {.channel = "netcraft", .limit = 9},
		{.case_id = 1, .state = "sent", .channel = "mail", .limit = 9}, {.limit = 0}};
	static const unsigned want[] = {1, 1, 0, 1, 0, 0, 1, 0};
	for (size_t i = 0; i < G_N_ELEMENTS(asks); i++) {
		g_autoptr(GArray) ids = NULL;
		ok(hk_reports_list(db, &asks[i], &ids, &error), "list %zu", i);
		is_int(ids->len, want[i], "so many");
	}
}

static void
test_receipts(void)
{
	char token[33];
	hk_report_row row = draft("abuse@two.example", token);
	g_autoptr(GError) error = NULL;
	g_autoptr(GArray) unsent = NULL;
	int64_t id = add(&row, 0), receipt, open, n, begun;
	bool committed;
	hk_receipt_row try = {
		.report_id = id, .act = "submit", .request = row.digest, .begun_ms = 5};

	ok(hk_reports_unsent(db, 1, &unsent, &error) && unsent->len == 1, "not sent");
	ok(hk_receipts_open(db, id, &open, &committed, &error) && open == 0 && !committed,
		"no try");
	ok(hk_receipts_begin(db, &try, &receipt, &error), "begun");
	ok(hk_receipts_open(db, id, &open, &committed, &error) && open == receipt && !committed,
		"open");
	ok(hk_receipts_since(db, receipt, &begun, &error) && begun == 5, "since then");
	g_clear_pointer(&unsent, g_array_unref);
	ok(hk_reports_unsent(db, 1, &unsent, &error) && unsent->len == 0, "maybe sent");
	ok(hk_receipts_commit(db, receipt, &n, &error) && n == 1, "committed");
	ok(hk_receipts_commit(db, receipt, &n, &error) && n == 0, "once");
	ok(hk_receipts_open(db, id, &open, &committed, &error) && committed, "in doubt");
	try.id = receipt;
	try.how = "taken";
	try.ended_ms = 6;
	ok(hk_receipts_end(db, &try, &error), "ended");
	ok(!hk_receipts_end(db, &try, &error), "once");
	is_int(hk_error_code(error), HK_EINCONSISTENT, "said");
	g_clear_error(&error);
	try.act = "poll";
	ok(hk_receipts_begin(db, &try, &receipt, &error) &&
			hk_receipts_open(db, id, &open, &committed, &error) && open == 0,
		"a poll is no try to send");
}

static void
test_recipients(void)
{
	static const char who[] = "abuse@host.example";
	g_autoptr(GError) error = NULL;
	bool known, bounced;
	int64_t at;

	ok(hk_recipients_known(db, "mail", who, &known, &bounced, &error) && !known && !bounced,
		"not known");
	ok(hk_recipients_put(db, "mail", who, 1, 10, &error) &&
			hk_recipients_put(db, "mail", who, 2, 20, &error),
		"put, twice");
	ok(hk_recipients_known(db, "mail", who, &known, &bounced, &error) && known && !bounced,
		"known");
	ok(hk_recipients_known(db, "netcraft", who, &known, &bounced, &error) && !known,
		"by that channel");
	is_int(number(db, HK_SQL("SELECT user_id FROM recipients")), 1, "since the first");
	ok(hk_recipients_bounced(db, "mail", who, 30, &error) &&
			hk_recipients_known(db, "mail", who, &known, &bounced, &error) && bounced,
		"came back");
	ok(hk_recipients_mend(db, "mail", who, 29, &error) &&
			hk_recipients_bounce(db, "mail", who, &at, &error) && at == 30,
		"an approval before that does not mend it");
	ok(hk_recipients_mend(db, "mail", who, 30, &error) &&
			hk_recipients_bounce(db, "mail", who, &at, &error) && at == 0,
		"one after it does");
}

static int64_t
take(const char *name, int64_t now_ms, int64_t gap_ms, int64_t per_day)
{
	g_autoptr(GError) error = NULL;
	int64_t wait_ms = -1;

	ok(hk_db_begin(db, true, &error) &&
			hk_channels_take(db, name, now_ms, gap_ms, per_day, &wait_ms, &error) &&
			hk_db_commit(db, &error),
		"a place%s%s", error ? ": " : "", error ? error->message : "");
	return wait_ms;
}

static void
test_pace(void)
{
	int64_t now = 100 * day_ms + 3600000;
	g_autoptr(GError) error = NULL;
	g_auto(hk_channel_row) row = {0};

	ok(hk_channels_get(db, "pace", &row, &error), "one that nobody used");
	is_str(row.state, "open", "is open");
	is_int(take("pace", now, 12000, 3), 0, "the first goes");
	is_int(take("pace", now, 12000, 3), 12000, "the second waits for the gap");
	is_int(take("pace", now + 11999, 12000, 3), 1, "to its end");
	is_int(take("pace", now + 12000, 12000, 3), 0, "then it goes");
	is_int(take("pace", now + 24000, 12000, 3), 0, "the third of the day");
	is_int(take("pace", now + 36000, 12000, 3), day_ms - 3600000 - 36000,
		"the fourth waits for the next day");
	is_int(take("pace", 101 * day_ms - 1, 12000, 3), 1, "which begins at midnight, UTC");
	is_int(take("pace", 101 * day_ms, 12000, 3), 0, "with a count of its own");
	is_int(take("other", now, 0, 0), 0, "another channel");
	is_int(take("other", now, 0, 0), 0, "without limits");
	ok(hk_channels_pause(db, "pace", 102 * day_ms, &error) &&
			hk_channels_pause(db, "pace", 101 * day_ms, &error),
		"paused, and for less");
	is_int(take("pace", 102 * day_ms - 5, 12000, 9), 5, "the longer pause holds");
	ok(hk_channels_pause(db, "fresh", 500, &error), "a channel that was not used pauses, too");
	is_int(take("fresh", 400, 0, 0), 100, "it waits");
	ok(hk_channels_note(db, "pace", 7, "503", &error) &&
			hk_channels_note(db, "pace", 8, NULL, &error) &&
			hk_channels_set(db, "pace", "closed", "401", &error),
		"noted");
	is_int(number(db,
		       HK_SQL("SELECT COUNT(*) FROM channels WHERE name = 'pace' AND error = '503' "
			      "AND error_ms = 7 AND ok_ms = 8 AND state = 'closed' AND why = '401' "
			      "AND version = 2")),
		1, "all of it");
}

static void
test_volume(void)
{
	g_autoptr(GError) error = NULL;
	int64_t n;

	run(HK_SQL("UPDATE reports SET state = 'queued', sent_ms = NULL WHERE recipient = "
		   "'abuse@two.example'"));
	ok(hk_reports_volume(db, 105, NULL, NULL, &n, &error) && n == 2,
		"sent since, and on its way");
	ok(hk_reports_volume(db, 106, NULL, NULL, &n, &error) && n == 1,
		"not what was sent by then");
	ok(hk_reports_volume(db, 0, "mail", "abuse@two.example", &n, &error) && n == 1, "to one");
	ok(hk_reports_volume(db, 0, "netcraft", "abuse@two.example", &n, &error) && n == 0,
		"by another channel");
}

static void
test_jobs_data(void)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *text = NULL;

	ok(hk_jobs_data_get(db, "draft", "7", &text, &error) && !text, "no job");
	ok(hk_jobs_add(db, "draft", "7", 1, "{\"a\":1}", 5, 5, &error) &&
			hk_jobs_data_set(db, "draft", "7", "{\"a\":2}", &error) &&
			hk_jobs_data_get(db, "draft", "7", &text, &error),
		"a job, told otherwise");
	is_str(text, "{\"a\":2}", "so it is");
}

/* All tables of 0007 with a row: they are in a backup, and whole where it is restored. */
static void
test_backup(void)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *folder = g_dir_make_tmp("hikeshi-reports-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(folder, "b", NULL);
	g_autofree char *url = hk_test_db_empty_url();
	g_autofree char *kept = NULL;
	char token[33];
	hk_report_row row = draft("abuse@host.example", token);
	row.parent_id = 1;
	row.round = 5;

	add(&row, 3);
	run(HK_SQL("INSERT INTO letters (mailbox, message_id, report_id, class, sender, subject, "
		   "text, "
		   "content, at_ms) SELECT 'INBOX', 'x', 1, 'other', 's', 's', 't', digest, 1 FROM "
		   "reports WHERE id = 1"));
	run(HK_SQL("INSERT INTO letter_templates (kind, lang, subject, body, updated_ms) VALUES "
		   "('hosting', 'ja', 's', 'b', 1)"));
	run(HK_SQL("INSERT INTO notices (chat, event, body, at_ms) VALUES ('c', 'e', '{}', 1)"));
	g_autoptr(hk_dump_info) info = hk_backup_make(db, path, false, &error);
	ok(info != NULL, "a backup%s", error ? error->message : "");
	g_autoptr(hk_dump_info) restored = hk_backup_restore(path, url, false, &kept, &error);
	ok(restored != NULL, "restored%s", error ? error->message : "");
	g_autoptr(hk_db) two = hk_db_open(url, &error);
	g_autoptr(GPtrArray) faults = g_ptr_array_new_with_free_func(g_free);
	ok(two && hk_db_inspect(two, faults, &error) && faults->len == 0, "and whole");
	static const hk_sql counts[] = {{"SELECT COUNT(*) FROM reports"},
		{"SELECT COUNT(*) FROM report_sites"}, {"SELECT COUNT(*) FROM receipts"},
		{"SELECT COUNT(*) FROM letters"}, {"SELECT COUNT(*) FROM recipients"},
		{"SELECT COUNT(*) FROM channels"}, {"SELECT COUNT(*) FROM letter_templates"},
		{"SELECT COUNT(*) FROM notices"}};
	for (size_t i = 0; two && i < G_N_ELEMENTS(counts); i++) {
		int64_t n = number(two, counts[i]);
		ok(n > 0 && n == number(db, counts[i]), "%s: as many", counts[i].text);
	}
	g_auto(hk_report_row) back = {0};
	ok(two && hk_reports_get(two, row.id, &back, &error) && back.parent_id == 1 &&
			memcmp(back.digest, row.digest, 32) == 0,
		"with what it follows and what was approved");
	g_unlink(path);
	g_rmdir(folder);
	/* A reference to a row that is not there is seen. */
	if (!hk_test_db_pgsql()) {
		run(HK_SQL("PRAGMA foreign_keys = OFF"));
		run(HK_SQL("UPDATE report_sites SET report_id = 77 WHERE report_id = 2"));
		g_ptr_array_set_size(faults, 0);
		ok(hk_db_inspect(db, faults, &error) && faults->len == 1, "a site of no report: %s",
			faults->len ? (char *)faults->pdata[0] : "not seen");
	}
}

static bool
full(int64_t report_id, int64_t now_ms)
{
	g_autoptr(GError) error = NULL;
	bool ret = false;

	ok(hk_letters_full(db, report_id, now_ms, &ret, &error), "asked: %s",
		error ? error->message : "");
	return ret;
}

static void
put_letters(int64_t report_id, unsigned from, unsigned count, int64_t at_ms)
{
	uint8_t content[32] = {1};
	unsigned bad = 0;

	for (unsigned i = from; i < from + count; i++) {
		g_autofree char *name =
			g_strdup_printf("<%u@flood.example>", i + 100000 * (unsigned)report_id);
		const hk_letter_row row = {.mailbox = "replies",
			.message_id = name,
			.report_id = report_id,
			.class = "other",
			.sender = "a@flood.example",
			.subject = "",
			.text = "",
			.content = content,
			.at_ms = at_ms};
		int64_t id = 0;
		bad += !hk_letters_add(db, &row, &id, NULL) || id == 0;
	}
	is_int(bad, 0, "%u letters", count);
}

/* Strangers write, too: not without an end. */
static void
test_letters(void)
{
	g_autoptr(GError) error = NULL;
	int64_t gone = -1, now_ms = 100 * day_ms;
	int64_t report = number(db, HK_SQL("SELECT MIN(id) FROM reports"));

	run(HK_SQL("DELETE FROM letters"));
	put_letters(0, 0, HK_LETTERS_OPEN_DAY_MAX - 1, now_ms);
	ok(!full(0, now_ms), "one more that fits no report");
	put_letters(0, HK_LETTERS_OPEN_DAY_MAX, 1, now_ms);
	ok(full(0, now_ms), "but not two");
	ok(!full(0, now_ms + day_ms), "tomorrow is another day");
	ok(!full(report, now_ms), "answers to a report are taken all the same");
	put_letters(report, 0, HK_LETTERS_REPORT_MAX, 1);
	ok(full(report, now_ms), "up to so many, whenever they came");
	ok(hk_letters_forget(db, now_ms + HK_LETTERS_OPEN_MS, &gone, &error) && gone == 0,
		"what is 90 days old is kept");
	ok(hk_letters_forget(db, now_ms + HK_LETTERS_OPEN_MS + 1, &gone, &error),
		"but not older: %s", error ? error->message : "");
	is_int(gone, HK_LETTERS_OPEN_DAY_MAX, "those without a report");
	is_int(number(db, HK_SQL("SELECT COUNT(*) FROM letters")), HK_LETTERS_REPORT_MAX,
		"those of a report stay");
}

int
main(void)
{
	db = hk_test_db();
	fill();
	test_rows();
	test_found();
	test_receipts();
	test_recipients();
	test_pace();
	test_volume();
	test_jobs_data();
	test_backup();
	test_letters();
	hk_db_close(db);
	return tap_done();
}
