/* nocheck: tested in tests/scenario/doctor.t. What the house stands on: configuration, secrets, disk, clock, database, trail, evidence. */
#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <unistd.h>

#include "cmd/doctor_int.h"
#include "flow/audit.h"
#include "store/migrate.h"
#include "store/reads.h"
#include "sys/blob.h"
#include "sys/clock.h"
#include "sys/disk.h"
#include "sys/gerr.h"
#include "sys/smtp.h"
#include "web/web.h"

#define MIB (INT64_C(1) << 20)
/* Rows of the trail that are read here; `hikeshi audit verify` reads all. */
#define AUDIT_ROWS_MAX 300000
/* Clocks of two machines that are kept by NTP differ by less. */
#define SKEW_MS 2000
/* Of a web process besides its connections. */
#define FILES_SPARE 1000

hk_doctor_how
hk_doctor_config(hk_doctor *d)
{
	const char *path = hk_opts_config_path(d->opts);
	unsigned count = 0;

	if (!path) {
		return hk_doctor_saw(d, HK_DOCTOR_WARN, "there is no %s: defaults hold",
			"%s がなく、既定値で動きます", HK_CONFIG_PATH);
	}
	for (int id = 0; id < HK_OPT_COUNT; id++) {
		count += hk_opts_line(d->opts, (hk_opt)id) > 0;
	}
	return hk_doctor_saw(d, HK_DOCTOR_OK, "%s, %u keys set", "%s、%u項目を設定", path, count);
}

/* ---- options that belong together ---- */

static bool
is(const hk_doctor *d, hk_opt id)
{
	return hk_opts_str(d->opts, id) != NULL;
}

static bool
half_tls(const hk_doctor *d)
{
	return is(d, HK_OPT_TLS_CERT) != is(d, HK_OPT_TLS_KEY);
}

static bool
open_listen(const hk_doctor *d)
{
	bool loopback = false;

	return !hk_web_listen_check(hk_opts_str(d->opts, HK_OPT_LISTEN), &loopback, NULL) ||
	       (!loopback && !is(d, HK_OPT_TLS_CERT) &&
		       !hk_opts_bool(d->opts, HK_OPT_BEHIND_PROXY));
}

static bool
lonely_logs(const hk_doctor *d)
{
	return is(d, HK_OPT_LOGS) && !(is(d, HK_OPT_CONTACT) && is(d, HK_OPT_STATE));
}

static bool
half_tsa(const hk_doctor *d)
{
	return is(d, HK_OPT_TSA) && !is(d, HK_OPT_TSA_CA);
}

static bool
half_signature(const hk_doctor *d)
{
	return is(d, HK_OPT_REPORT_CERT) != is(d, HK_OPT_REPORT_KEY);
}

static bool
nameless(const hk_doctor *d)
{
	return !is(d, HK_OPT_REPORT_ORG) || !is(d, HK_OPT_REPORT_CONTACT);
}

static bool
no_address(const hk_doctor *d)
{
	return (is(d, HK_OPT_CHATS) || is(d, HK_OPT_OIDC_ISSUER)) && !is(d, HK_OPT_BASE_URL);
}

static bool
bad_address(const hk_doctor *d)
{
	const char *url = hk_opts_str(d->opts, HK_OPT_BASE_URL);

	return url && !hk_web_base_check(url, NULL);
}

static bool
no_copy(const hk_doctor *d)
{
	return is(d, HK_OPT_SMTP) && !(is(d, HK_OPT_SMTP_COPY) && is(d, HK_OPT_REPLY_MAIL));
}

static const struct {
	bool (*broken)(const hk_doctor *d);
	hk_doctor_how how;
	const char *en, *ja;
} pairs[] = {
	{half_tls, HK_DOCTOR_FAIL, "tls-cert and tls-key belong together",
		"tls-cert と tls-key は両方必要です"},
	{open_listen, HK_DOCTOR_FAIL,
		"listen: no address of this machine's own, and neither tls-cert nor behind-proxy "
		"is set",
		"listen がこのマシン専用のアドレスでなく、tls-cert も behind-proxy もありません"},
	{lonely_logs, HK_DOCTOR_FAIL, "logs needs contact and state",
		"logs には contact と state が必要です"},
	{half_tsa, HK_DOCTOR_FAIL, "tsa needs tsa-ca", "tsa には tsa-ca が必要です"},
	{half_signature, HK_DOCTOR_FAIL, "report-cert and report-key belong together",
		"report-cert と report-key は両方必要です"},
	{nameless, HK_DOCTOR_WARN, "without report-org and report-contact nothing is reported",
		"report-org と report-contact がないため通報できません"},
	{bad_address, HK_DOCTOR_FAIL,
		"base-url is no scheme and host: https://board.mihon-bank.example",
		"base-url は https://board.mihon-bank.example のような形にしてください"},
	{no_address, HK_DOCTOR_WARN,
		"without base-url chat cards have no links, and there is no single sign-on",
		"base-url がないため、チャットのリンクとシングルサインオンが使えません"},
	{no_copy, HK_DOCTOR_WARN,
		"without smtp-copy and reply-mail a report that a crash interrupts waits for a "
		"person",
		"smtp-copy と reply-mail "
		"がないため、送信中に障害が起きた通報は人の判断を待ちます"},
};

hk_doctor_how
hk_doctor_settings(hk_doctor *d)
{
	hk_doctor_how how = HK_DOCTOR_OK;

	for (size_t i = 0; i < G_N_ELEMENTS(pairs); i++) {
		if (pairs[i].broken(d)) {
			how = hk_doctor_worse(how, hk_doctor_saw(d, pairs[i].how, "%s", "%s",
							   d->ja ? pairs[i].ja : pairs[i].en));
		}
	}
	return how != HK_DOCTOR_OK
		       ? how
		       : hk_doctor_saw(d, how, "nothing contradicts itself", "矛盾はありません");
}

/* ---- whose they are ---- */

hk_doctor_how
hk_doctor_user(hk_doctor *d)
{
	const char *key = hk_opts_str(d->opts, HK_OPT_AUDIT_KEY);
	g_autofree char *folder = g_path_get_dirname(key);
	const struct passwd *me = getpwuid(geteuid());
	g_autofree char *name = me ? g_strdup(me->pw_name) : g_strdup_printf("%u", geteuid());
	struct stat st;

	if (stat(folder, &st) != 0) {
		int number = errno;
		d->foreign = number == EACCES;
		return hk_doctor_saw(d, number == EACCES ? HK_DOCTOR_FAIL : HK_DOCTOR_SKIP,
			"%s, %s: %s", "%s、%s: %s", name, folder, g_strerror(number));
	}
	if (st.st_uid == geteuid()) {
		return hk_doctor_saw(d, HK_DOCTOR_OK, "%s", "%s", name);
	}
	const struct passwd *owner = getpwuid(st.st_uid);
	d->foreign = true;
	return hk_doctor_saw(d, HK_DOCTOR_WARN,
		"%s, but %s belongs to %s: what would write there is left out",
		"%s ですが、%s の所有者は %s です。書き込みを伴う確認は省きます", name, folder,
		owner ? owner->pw_name : "?");
}

/* Options that name a file of secrets. made: the program makes it when it is missing. */
static const struct {
	hk_opt id;
	bool made;
} secrets[] = {{HK_OPT_AUDIT_KEY, false}, {HK_OPT_WEB_KEY, true}, {HK_OPT_C2_KEY, true},
	{HK_OPT_SMTP_PASSWORD_FILE, false}, {HK_OPT_OIDC_SECRET_FILE, false},
	{HK_OPT_S3_CREDENTIALS, false}, {HK_OPT_REPORT_KEY, false}, {HK_OPT_TLS_KEY, false}};

static hk_doctor_how
look_at_secret(hk_doctor *d, const char *path, bool made, unsigned *count)
{
	struct stat st;

	if (stat(path, &st) != 0) {
		return errno == ENOENT && made ? HK_DOCTOR_OK
					       : hk_doctor_saw(d, HK_DOCTOR_FAIL, "%s: %s",
							 "%s: %s", path, g_strerror(errno));
	}
	++*count;
	if ((st.st_mode & 077) != 0) {
		return hk_doctor_saw(d, HK_DOCTOR_FAIL, "%s: others may read it (mode %04o)",
			"%s: ほかの人も読めます（モード %04o）", path, st.st_mode & 07777);
	}
	return access(path, R_OK) == 0 ? HK_DOCTOR_OK
				       : hk_doctor_saw(d, HK_DOCTOR_FAIL, "%s: %s", "%s: %s", path,
						 g_strerror(errno));
}

hk_doctor_how
hk_doctor_secrets(hk_doctor *d)
{
	hk_doctor_how how = HK_DOCTOR_OK;
	unsigned count = 0;

	for (size_t i = 0; i < G_N_ELEMENTS(secrets); i++) {
		const char *path = hk_opts_str(d->opts, secrets[i].id);
		if (path) {
			how = hk_doctor_worse(
				how, look_at_secret(d, path, secrets[i].made, &count));
		}
	}
	/* Those of mailboxes, chats and channels are read where these are looked at. */
	return how != HK_DOCTOR_OK ? how : hk_doctor_saw(d, how, "%u files", "%uファイル", count);
}

/* ---- room ---- */

static hk_doctor_how
look_at_disk(hk_doctor *d, const char *path)
{
	static const hk_doctor_how hows[] = {[HK_DISK_ROOM] = HK_DOCTOR_OK,
		[HK_DISK_LOW] = HK_DOCTOR_WARN,
		[HK_DISK_FULL] = HK_DOCTOR_FAIL};
	hk_disk disk;

	if (!hk_disk_at(path, &disk)) {
		return hk_doctor_saw(
			d, HK_DOCTOR_SKIP, "%s: %s", "%s: %s", path, g_strerror(errno));
	}
	bool files = disk.free_files >= 0 && disk.free_files < HK_DISK_FULL_FILES;
	return hk_doctor_saw(d, hows[hk_disk_judge(&disk)], "%s: %" PRId64 " MiB free%s",
		"%s: 空き %" PRId64 " MiB%s", path, disk.free_bytes / MIB,
		!files  ? ""
		: d->ja ? "、inode が残りわずか"
			: ", hardly an inode left");
}

hk_doctor_how
hk_doctor_disk(hk_doctor *d)
{
	const char *database = hk_opts_str(d->opts, HK_OPT_DATABASE);
	const char *blobs = hk_opts_str(d->opts, HK_OPT_BLOBS);
	const char *state = hk_opts_str(d->opts, HK_OPT_STATE);
	hk_doctor_how how = HK_DOCTOR_OK;

	if (!strstr(database, "://")) {
		g_autofree char *folder = g_path_get_dirname(database);
		how = look_at_disk(d, folder);
	}
	if (!strstr(blobs, "://")) {
		how = hk_doctor_worse(how, look_at_disk(d, blobs));
	}
	return state ? hk_doctor_worse(how, look_at_disk(d, state)) : how;
}

hk_doctor_how
hk_doctor_limits(hk_doctor *d)
{
	struct rlimit files;
	int64_t wanted = hk_opts_int(d->opts, HK_OPT_CONNECTIONS) + FILES_SPARE;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0) {
		return hk_doctor_saw(d, HK_DOCTOR_SKIP, "%s", "%s", g_strerror(errno));
	}
	/* The web process raises its limit as far as it may. */
	if (files.rlim_max == RLIM_INFINITY || (int64_t)files.rlim_max >= wanted) {
		return hk_doctor_saw(d, HK_DOCTOR_OK, "enough files for %" PRId64 " connections",
			"%" PRId64 " 接続分のファイルを開けます",
			hk_opts_int(d->opts, HK_OPT_CONNECTIONS));
	}
	return hk_doctor_saw(d, HK_DOCTOR_WARN,
		"at most %" PRId64 " files, %" PRId64 " are wanted for the connections",
		"最大 %" PRId64 " ファイルですが、接続数には %" PRId64 " 必要です",
		(int64_t)files.rlim_max, wanted);
}

/* ---- the database ---- */

static hk_doctor_how
against_database(hk_doctor *d)
{
	g_autoptr(GError) error = NULL;
	int64_t there, newest, here = hk_clock_wall_ms();

	if (!d->db) {
		return HK_DOCTOR_OK;
	}
	if (!hk_read_clock(d->db, &there, &newest, &error)) {
		return hk_doctor_trouble(d, HK_DOCTOR_WARN, error);
	}
	int64_t skew = here - there;
	if (newest > here + SKEW_MS) {
		return hk_doctor_saw(d, HK_DOCTOR_FAIL,
			"the newest act is %" PRId64 " s in the future: the clock went back",
			"最新の操作が %" PRId64 " 秒未来です。時計が巻き戻っています",
			(newest - here) / 1000);
	}
	return hk_doctor_saw(d, ABS(skew) > SKEW_MS ? HK_DOCTOR_FAIL : HK_DOCTOR_OK,
		"%+" PRId64 " ms against the database", "データベースとの差 %+" PRId64 " ms", skew);
}

hk_doctor_how
hk_doctor_clock(hk_doctor *d)
{
	struct timex kept = {0};
	int state = adjtimex(&kept);
	hk_doctor_how how = HK_DOCTOR_OK;

	if (state < 0) {
		hk_doctor_saw(d, HK_DOCTOR_OK, "the kernel does not say whether NTP keeps it",
			"NTP同期の状態はカーネルから得られません");
	} else if (kept.status & STA_UNSYNC) {
		how = hk_doctor_saw(d, HK_DOCTOR_WARN, "no NTP keeps it", "NTPで同期していません");
	} else {
		hk_doctor_saw(d, HK_DOCTOR_OK, "kept by NTP", "NTPで同期しています");
	}
	return hk_doctor_worse(how, against_database(d));
}

hk_doctor_how
hk_doctor_database(hk_doctor *d)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *version = NULL;
	int64_t bytes;

	d->db = hk_db_open(hk_opts_str(d->opts, HK_OPT_DATABASE), &error);
	if (d->db && !hk_schema_check(d->db, &error)) {
		g_clear_pointer(&d->db, hk_db_close);
	}
	if (!d->db || !hk_read_database(d->db, &version, &bytes, &error)) {
		return hk_doctor_trouble(d, HK_DOCTOR_FAIL, error);
	}
	return hk_doctor_saw(d, HK_DOCTOR_OK, "%s %s, schema %u, %" PRId64 " MiB",
		"%s %s、スキーマ %u、%" PRId64 " MiB",
		hk_db_engine_of(d->db) == HK_DB_SQLITE ? "SQLite" : "PostgreSQL", version,
		hk_migration_count, bytes / MIB);
}

/* What needs the database and has none. */
static hk_doctor_how
no_database(hk_doctor *d)
{
	return hk_doctor_saw(d, HK_DOCTOR_SKIP, "no database", "データベースがありません");
}

static hk_doctor_how
verify(hk_doctor *d, const hk_audit_key *key)
{
	g_autoptr(GError) error = NULL;
	hk_event_head head;
	hk_audit_report report = {0};
	hk_doctor_how how;

	if (!hk_audit_key_check(d->db, key, &error) || !hk_events_head(d->db, &head, &error)) {
		return hk_doctor_trouble(d, HK_DOCTOR_FAIL, error);
	}
	if (head.seq > AUDIT_ROWS_MAX) {
		return hk_doctor_saw(d, HK_DOCTOR_OK,
			"the key fits, %" PRId64 " rows: `hikeshi audit verify` reads them all",
			"鍵は一致、%" PRId64 " 行。全行の検証は `hikeshi audit verify` で行えます",
			head.seq);
	}
	if (!hk_audit_verify(d->db, key, NULL, 0, &report, &error)) {
		return hk_doctor_trouble(d, HK_DOCTOR_FAIL, error);
	}
	how = report.bad_seq == 0
		      ? hk_doctor_saw(d, HK_DOCTOR_OK, "%" PRId64 " rows, %" PRId64 " anchors",
				"%" PRId64 " 行、アンカー %" PRId64 " 件", report.rows,
				report.anchors)
		      : hk_doctor_saw(d, HK_DOCTOR_FAIL, "row %" PRId64 ": %s",
				"%" PRId64 " 行目: %s", report.bad_seq, report.what);
	hk_audit_report_clear(&report);
	return how;
}

hk_doctor_how
hk_doctor_audit(hk_doctor *d)
{
	g_autoptr(GError) error = NULL;
	hk_audit_key key;

	if (!d->db) {
		return no_database(d);
	}
	if (!hk_audit_key_read(hk_opts_str(d->opts, HK_OPT_AUDIT_KEY), &key, &error)) {
		return hk_doctor_trouble(d, HK_DOCTOR_FAIL, error);
	}
	hk_doctor_how how = verify(d, &key);
	explicit_bzero(&key, sizeof key);
	return how;
}

/* ---- evidence ---- */

hk_doctor_how
hk_doctor_blobs(hk_doctor *d)
{
	/* Always the same bytes, so that there is never more than one of it. */
	const hk_span bytes = HK_SPAN_LIT("hikeshi doctor was here\n");
	hk_blobs_config config = hk_blobs_config_of(d->opts);
	g_autoptr(GError) error = NULL;
	uint8_t sha256[32];

	if (d->foreign) {
		return hk_doctor_saw(d, HK_DOCTOR_SKIP, "%s is not written to by another user",
			"%s には所有者以外から書き込みません", config.where);
	}
	config.lazy = true;
	g_autoptr(hk_blobs) blobs = hk_blobs_open(&config, &error);
	if (!blobs || !hk_blobs_put(blobs, bytes, sha256, &error)) {
		return hk_doctor_trouble(d, HK_DOCTOR_FAIL, error);
	}
	g_autoptr(GBytes) back = hk_blobs_get(blobs, sha256, bytes.len, &error);
	return back ? hk_doctor_saw(d, HK_DOCTOR_OK, "%s: written and read back",
			      "%s: 書き込みと読み戻しに成功", config.where)
		    : hk_doctor_trouble(d, HK_DOCTOR_FAIL, error);
}
