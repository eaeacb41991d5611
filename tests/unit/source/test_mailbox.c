/* Mail sources into the database: a maildir, an mbox; each mail once; what goes wrong keeps nothing half done. */
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "flow/sighting.h"
#include "flowlib.h"
#include "source/mail/mailbox.h"
#include "sys/gerr.h"
#include "tap.h"

static char *root;

static char *
at(const char *name)
{
	return g_build_filename(root, name, NULL);
}

static char *
put(const char *name, const char *text)
{
	char *path = at(name);

	g_file_set_contents(path, text, -1, NULL);
	return path;
}

static void
copy(const char *fixture, const char *name)
{
	g_autofree char *from = g_strdup_printf("tests/fixtures/mail/%s.eml", fixture);
	g_autofree char *to = at(name);
	size_t len;
	uint8_t *bytes = tap_file(from, &len);

	g_file_set_contents(to, (char *)bytes, (gssize)len, NULL);
	free(bytes);
}

static int64_t
count(hk_flow *flow, hk_sql sql)
{
	int64_t n = -1;

	hk_db_int(hk_flow_db(flow), sql, HK_NO_ARGS, &n, NULL);
	return n;
}
#define SIGHTINGS   HK_SQL("SELECT count(*) FROM sightings")
#define ATTACHMENTS HK_SQL("SELECT count(*) FROM attachments WHERE sighting_id IS NOT NULL")
#define JOBS        HK_SQL("SELECT count(*) FROM jobs WHERE stage = 'sighting'")

static hk_mailbox *
open_box(const char *name, const char *text, const hk_mail_house *house)
{
	g_autofree char *path = put(name, text);
	g_autoptr(GError) error = NULL;
	hk_mailbox_config *config = hk_mailbox_config_read(path, &error);

	if (!config) {
		tap_diag("%s", error->message);
		return NULL;
	}
	return hk_mailbox_open(config, house);
}

static void
test_maildir(hk_flow *flow, const hk_mail_house *house)
{
	g_autofree char *dir = at("md");
	g_autofree char *conf =
		g_strdup_printf("maildir = \"%s\"\nafter = seen\ntrust = 0.7\npoll = 30s\n", dir);
	g_autoptr(hk_mailbox) box = open_box("lures.conf", conf, house);
	g_autoptr(GError) error = NULL;
	uint64_t fresh = 9;

	ok(box, "a maildir");
	is_int(hk_mailbox_next_ms(box), 0, "due at once");
	ok(!hk_mailbox_poll(box, flow, &fresh, &error), "it is not there yet");
	is_int(hk_error_code(error), HK_ENOENT, "and that is told: %s", error->message);
	ok(hk_mailbox_next_ms(box) >= 29000, "then we wait");
	g_clear_error(&error);

	const char *const sub[] = {"md", "md/new", "md/cur", "md/tmp"};
	for (size_t i = 0; i < G_N_ELEMENTS(sub); i++) {
		g_autofree char *path = at(sub[i]);
		g_mkdir(path, 0700);
	}
	copy("lure-eucjp-html", "md/new/1.a.host");
	copy("no-url", "md/new/2.b.host");
	copy("lure-jis-raw", "md/tmp/3.c.host");
	ok(hk_mailbox_poll(box, flow, &fresh, &error), "a look%s", error ? error->message : "");
	is_int(fresh, 5,
		"sightings: the lure's four addresses (no targets here), one for a person");
	is_int(count(flow, SIGHTINGS), 5, "stored");
	is_int(count(flow, ATTACHMENTS), 5, "each with its mail");
	is_int(count(flow, JOBS), 5, "each with a job");
	is_int(count(flow, HK_SQL("SELECT count(*) FROM sightings WHERE kind = 'mail' AND host IS "
				  "NULL")),
		1, "the one without an address");
	g_autofree char *cur = at("md/cur/1.a.host:2,S");
	ok(g_file_test(cur, G_FILE_TEST_EXISTS), "read mails lie in cur, seen");
	g_autofree char *tmp = at("md/tmp/3.c.host");
	ok(g_file_test(tmp, G_FILE_TEST_EXISTS), "tmp is not ours");
	ok(hk_mailbox_next_ms(box) > 20000, "then the usual pause");

	/* As after a crash between the transaction and the rename; and the same mail by another name. */
	copy("lure-eucjp-html", "md/new/1.a.host");
	copy("no-url", "md/new/9.z.host");
	ok(hk_mailbox_poll(box, flow, &fresh, &error), "another look");
	is_int(fresh, 0, "nothing twice");
	is_int(count(flow, SIGHTINGS), 5, "nothing stored twice");
	is_int(count(flow, ATTACHMENTS), 5, "nothing attached twice");

	/* The evidence cannot be kept: then the mail is not taken. */
	copy("forwarded", "md/new/5.d.host");
	g_autofree char *blobs = at("blobs");
	g_autofree char *away = at("blobs.away");
	g_rename(blobs, away);
	g_file_set_contents(blobs, "no folder", -1, NULL);
	ok(!hk_mailbox_poll(box, flow, &fresh, &error), "no place for evidence");
	is_int(count(flow, SIGHTINGS), 5, "no sighting without it");
	g_clear_error(&error);
	g_unlink(blobs);
	g_rename(away, blobs);
	ok(hk_mailbox_poll(box, flow, &fresh, &error), "again, with a place");
	is_int(fresh, 1, "now it is taken");

	hk_rows *rows = hk_db_query(hk_flow_db(flow),
		HK_SQL("SELECT o.kind, o.trust, o.health, a.sha256, a.bytes FROM sources o JOIN "
		       "sightings s ON s.source_id = o.id "
		       "JOIN attachments a ON a.sighting_id = s.id WHERE o.key = 'mail:lures' "
		       "ORDER BY a.id DESC"),
		HK_NO_ARGS, &error);
	ok(hk_rows_next(rows, &error), "the source");
	is_str(hk_rows_str(rows, 0), "mail", "its kind");
	ok(hk_rows_real(rows, 1) == 0.7, "its trust");
	ok(strstr(hk_rows_str(rows, 2), "\"last_error\":null") &&
			strstr(hk_rows_str(rows, 2), "\"failures\":0"),
		"its health");
	g_autoptr(GBytes) kept =
		hk_blobs_get(house->blobs, hk_rows_blob(rows, 3).data, 1 << 20, &error);
	ok(kept && (int64_t)g_bytes_get_size(kept) == hk_rows_int(rows, 4), "the mail as it came");
	hk_rows_free(rows);
	g_autofree char *file = at("lures.conf");
	g_autofree char *rm = g_strdup_printf("rm -rf '%s' '%s'", dir, file);
	ok(system(rm) == 0, "cleaned up");
}

static void
test_mbox(hk_flow *flow, const hk_mail_house *house)
{
	static const char one[] = "From a Wed Nov 25 01:00:00 2026\nSubject: one\nMessage-ID: "
				  "<m1>\n\nhttps://one.evil.test/\n\n";
	static const char two[] = "From b Wed Nov 25 01:00:00 2026\nSubject: two\nMessage-ID: "
				  "<m2>\n\n>From here\nFrom there: https://two.evil.test/\n\n";
	g_autofree char *path = put("box", one);
	g_autofree char *conf = g_strdup_printf("file = \"%s\"\n", path);
	g_autofree char *both = g_strconcat(one, two, NULL);
	int64_t before = count(flow, SIGHTINGS);
	uint64_t fresh = 0;
	g_autoptr(GError) error = NULL;
	g_autoptr(hk_mailbox) box = open_box("file.conf", conf, house);

	ok(hk_mailbox_poll(box, flow, &fresh, &error), "an mbox");
	is_int(fresh, 1, "one mail");
	g_file_set_contents(path, both, -1, NULL);
	ok(hk_mailbox_poll(box, flow, &fresh, &error), "appended to");
	is_int(fresh, 1, "the new one only");
	g_autofree char *position = NULL;
	ok(hk_source_position(hk_flow_db(flow), "mail:file", &position, &error), "its position");
	g_autofree char *want = g_strdup_printf(",\"offset\":%zu}", strlen(both));
	ok(g_str_has_suffix(position, want), "is the end: %s", position);
	g_file_set_contents(path, two, -1, NULL);
	ok(hk_mailbox_poll(box, flow, &fresh, &error), "cut short");
	is_int(fresh, 0, "nothing twice");
	is_int(count(flow, SIGHTINGS), before + 2, "two in all");

	/* The source names another file now: what was read of the first says nothing about it. */
	static const char three[] = "From c Wed Nov 25 01:00:00 2026\nSubject: three\nMessage-ID: "
				    "<m3>\n\nhttps://three.evil.test/\n\n";
	g_autofree char *more = g_strconcat(three, one, two, NULL);
	g_autofree char *other_path = put("other", more);
	g_autofree char *other_conf = g_strdup_printf("file = \"%s\"\n", other_path);
	g_autoptr(hk_mailbox) other = open_box("file.conf", other_conf, house);
	ok(hk_mailbox_poll(other, flow, &fresh, &error), "another file under the same name");
	is_int(fresh, 1, "is read from its beginning");
}

/* Half of a mail that is just being written is not a mail. */
static void
test_locked(hk_flow *flow, const hk_mail_house *house)
{
	static const char half[] = "From a Wed Nov 25 01:00:00 2026\nSubject: half\nMessage-ID: "
				   "<h1>\nContent-Transfer-Encoding: base64\n\naHR0cHM6Ly";
	g_autofree char *path = put("locked", half);
	g_autofree char *conf = g_strdup_printf("file = \"%s\"\n", path);
	g_autofree char *whole = g_strconcat(half, "9oYWxmLmV2aWwudGVzdC8K\n\n", NULL);
	g_autoptr(hk_mailbox) box = open_box("locked.conf", conf, house);
	g_autoptr(GError) error = NULL;
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int64_t before = count(flow, SIGHTINGS);
	uint64_t fresh = 0;
	int fd = open(path, O_RDWR | O_CLOEXEC);

	is_int(fcntl(fd, F_OFD_SETLK, &lock), 0, "somebody writes a mail");
	ok(!hk_mailbox_poll(box, flow, &fresh, &error), "then it is not read");
	is_int(hk_error_code(error), HK_EAGAIN, "which is told: %s", error->message);
	is_int(count(flow, SIGHTINGS), before, "nothing of it is stored");
	g_clear_error(&error);
	is_int(pwrite(fd, whole, strlen(whole), 0), (int64_t)strlen(whole), "the rest of it");
	close(fd);
	ok(hk_mailbox_poll(box, flow, &fresh, &error), "now it is");
	is_int(fresh, 1, "one mail");
	is_int(count(flow, HK_SQL("SELECT count(*) FROM sightings WHERE host = 'half.evil.test'")),
		1, "whole");
}

static void
refused(const char *text, const char *want)
{
	g_autofree char *path = put("bad.conf", text);
	g_autoptr(GError) error = NULL;
	g_autoptr(hk_mailbox_config) config = hk_mailbox_config_read(path, &error);

	ok(!config, "refused");
	is_str(error ? g_strrstr(error->message, "bad.conf") : NULL, want, "why");
}

static void
test_config(void)
{
	refused("", "bad.conf:1: imap is missing (or maildir, or file): where the mails are");
	refused("maildir = a\nfile = b\n", "bad.conf:2: file is one too many: a source is an IMAP "
					   "folder, a maildir or a file");
	refused("imap = \"http://x\"\n",
		"bad.conf:1: imap is written like imaps://mail.mihon-bank.example");
	refused("imap = \"imaps://a@b\"\n",
		"bad.conf:1: imap holds neither user nor folder: they have keys of their own");
	refused("imap = \"imaps://b/INBOX\"\n",
		"bad.conf:1: imap holds neither user nor folder: they have keys of their own");
	refused("imap = \"imap://mail.example\"\n",
		"bad.conf:1: imap is for this machine only: a password goes to another one through "
		"TLS, imaps://");
	refused("imap = \"imaps://b:0\"\n", "bad.conf:1: imap has a port that is none");
	refused("imap = \"imaps://b\"\nuser = u\n",
		"bad.conf:1: password-file is needed for an IMAP folder");
	refused("maildir = a\nafter = delete\n", "bad.conf:2: after is keep, seen or move");
	refused("maildir = a\nafter = move\n",
		"bad.conf:2: after goes together: after = move, move-to = FOLDER");
	refused("maildir = a\nafter = move\nmove-to = x\n",
		"bad.conf:2: after = move is for IMAP folders only");
	refused("maildri = a\n", "bad.conf:1: unknown key 'maildri'; did you mean 'maildir'? "
				 "(docs/mail.md lists all)");
	refused("maildir = a\npoll = 0\n", "bad.conf:2: 'poll' must be at least 1s, not '0'");

	refused("maildir = a\nauthserv-id = \"\"\n", "bad.conf:2: 'authserv-id' must not be empty");
	refused("maildir = a\nauthserv-id = \"mx.example; dkim=pass\"\n",
		"bad.conf:2: authserv-id is the one word with which your server begins its "
		"Authentication-Results, like mx.mihon-bank.example");

	g_autofree char *good =
		put("good.conf", "imap = \"imap://[::1]:1143\"\nuser = u\npassword-file = "
				 "/p\nafter = move\nmove-to = \"済み\"\n"
				 "authserv-id = mx.mihon-bank.example\n");
	g_autoptr(GError) error = NULL;
	g_autoptr(hk_mailbox_config) config = hk_mailbox_config_read(good, &error);
	ok(config, "a good one%s", error ? error->message : "");
	is_str(config->host, "::1", "host");
	is_int(config->port, 1143, "port");
	is_str(config->source, "mail:good", "its name is the file's");
	is_str(config->folder, "INBOX", "the usual folder");
	is_str(config->authserv_id, "mx.mihon-bank.example", "whose word counts");
	g_autofree char *upper = put("Upper.conf", "maildir = a\n");
	ok(!hk_mailbox_config_read(upper, NULL), "a name that is no key");

	g_autofree char *secret = put("secret", "p w\nsecond line\n");
	g_free(config->password_file);
	config->password_file = g_strdup(secret);
	g_chmod(secret, 0644);
	ok(!hk_mailbox_password(config, &error), "others can read the password");
	is_int(hk_error_code(error), HK_ECONFIG, "which is told");
	g_chmod(secret, 0600);
	g_autofree char *password = hk_mailbox_password(config, NULL);
	is_str(password, "p w", "the password is the first line");
	g_autoptr(GError) gone = NULL;
	ok(!hk_mailbox_config_folder("/nowhere", &gone), "no folder");
	is_int(hk_error_code(gone), HK_ENOENT, "is told");
}

int
main(void)
{
	root = g_dir_make_tmp("hk-mailbox-XXXXXX", NULL);
	g_autofree char *blobs = at("blobs");
	hk_flow *flow = fl_open();
	hk_mail_house house = {
		.blobs = hk_blobs_open(&(hk_blobs_config){.where = blobs}, NULL), .stop_fd = -1};

	hk_mail_init();
	test_maildir(flow, &house);
	test_mbox(flow, &house);
	test_locked(flow, &house);
	test_config();
	hk_blobs_free(house.blobs);
	fl_close(flow);
	g_autofree char *rm = g_strdup_printf("rm -rf '%s'", root);
	ok(system(rm) == 0, "cleaned up");
	g_free(root);
	return tap_done();
}
