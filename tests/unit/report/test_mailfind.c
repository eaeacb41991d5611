/* sys/smtp and report/mailfind against the range's mail house: STARTTLS, TLS, logins, faults, copies found again; and that parties answer. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report/mailfind.h"
#include "sys/file.h"
#include "sys/gerr.h"
#include "sys/json.h"
#include "sys/smtp.h"

#include "../../../range/mailhouse.h"
#include "tap.h"

typedef struct ports {
	uint64_t smtp, smtps, imap, imaps;
	char *ca;
} ports;

static char dir[] = "/tmp/hk-mailfind-XXXXXX";
static char *password_file;

static rg_mailhouse *
house_new(const char *user, bool no_starttls, char *const *faults, ports *ret)
{
	g_autoptr(GError) error = NULL;
	rg_mailhouse_config config = {.dir = dir,
		.user = user,
		.password = user ? "p\xc3\xa4ss word" : NULL,
		.no_starttls = no_starttls,
		.faults = faults,
		.pace_ms = 0};
	rg_mailhouse *house = rg_mailhouse_new(&config, &error);

	if (!ok(house != NULL, "a mail house: %s", error ? error->message : "")) {
		return NULL;
	}
	g_autofree char *json = rg_mailhouse_json(house);
	g_autoptr(hk_json_doc) doc = hk_json_load(hk_span_str(json), 65536, NULL);
	hk_json root = hk_json_root(doc);
	const char *ca = NULL;

	ok(hk_json_u64(&root, "smtp", &ret->smtp, NULL) &&
			hk_json_u64(&root, "smtps", &ret->smtps, NULL) &&
			hk_json_u64(&root, "imap", &ret->imap, NULL) &&
			hk_json_u64(&root, "imaps", &ret->imaps, NULL) &&
			hk_json_str(&root, "ca", &ca, NULL),
		"it says where it is");
	ret->ca = g_strdup(ca);
	return house;
}

static hk_smtp_config *
config_new(const char *scheme, uint64_t port, const char *user, const char *ca)
{
	g_autofree char *url = g_strdup_printf("%s://localhost:%u", scheme, (unsigned)port);
	hk_smtp_config *c = hk_smtp_config_new(url, NULL);

	c->user = g_strdup(user);
	c->password_file = user ? g_strdup(password_file) : NULL;
	c->ca_file = g_strdup(ca);
	c->copy = g_strdup("csirt@bank.example");
	return c;
}

/* Sends a mail with that Message-ID to `to` and to us. */
static void
mail_to(const hk_smtp_config *c, const char *to, const char *id, hk_smtp_answer *ret)
{
	g_autofree char *bytes = g_strdup_printf(
		"From: CSIRT <csirt+0123456789abcdef0123456789abcdef@bank.example>\r\nTo: "
		"<%s>\r\nSubject: Phishing "
		"at evil.example\r\nMessage-ID: %s\r\n\r\nhxxps://evil[.]example/login\r\n.\r\n",
		to, id);
	const char *const both[] = {to, c->copy, NULL};
	hk_smtp_message mail = {.from = "csirt+0123456789abcdef0123456789abcdef@bank.example",
		.to = both,
		.bytes = hk_span_str(bytes),
		.stop_fd = -1};

	hk_smtp_send(c, &mail, ret);
}

static void
is_how(const hk_smtp_config *c, const char *id, const char *want, const char *label)
{
	g_auto(hk_smtp_answer) ret = {0};

	mail_to(c, "abuse@silent.example", id, &ret);
	is_str(hk_smtp_how_name(ret.how), want, "%s: %s", label, ret.text);
}

static void
ways(void)
{
	ports p = {0};
	rg_mailhouse *house = house_new("csirt", false, NULL, &p);

	if (!house) {
		return;
	}
	g_autoptr(hk_smtp_config) starttls = config_new("smtp", p.smtp, "csirt", p.ca);
	g_autoptr(hk_smtp_config) tls = config_new("smtps", p.smtps, "csirt", p.ca);
	g_autoptr(hk_smtp_config) nobody = config_new("smtps", p.smtps, NULL, p.ca);
	g_autoptr(hk_smtp_config) stranger = config_new("smtps", p.smtps, "eve", p.ca);
	g_autoptr(hk_smtp_config) system = config_new("smtps", p.smtps, "csirt", NULL);

	is_how(starttls, "<1@bank.example>", "taken", "STARTTLS and a login");
	is_how(tls, "<2@bank.example>", "taken", "TLS and a login");
	is_how(nobody, "<3@bank.example>", "closed", "no login");
	is_how(stranger, "<4@bank.example>", "closed", "a wrong login");
	is_how(system, "<5@bank.example>", "closed", "a certificate of nobody's");
	g_autofree char *json = rg_mailstore_delivered(rg_mailhouse_store(house));

	ok(strstr(json, "\"mails\":4,\"doubles\":0}"), "two mails to two recipients: %s", json);
	rg_mailhouse_free(house);
	g_free(p.ca);
}

static hk_mailbox_config *
mailbox(const ports *p, bool tls, const char *more)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *path = g_strdup_printf("%s/replies.conf", dir);
	g_autofree char *text =
		g_strdup_printf("imap = \"%s://127.0.0.1:%u\"\nuser = "
				"\"csirt@bank.example\"\npassword-file = \"%s\"\n%s%s%s%s",
			tls ? "imaps" : "imap", (unsigned)(tls ? p->imaps : p->imap), password_file,
			tls ? "ca-file = \"" : "", tls ? p->ca : "", tls ? "\"\n" : "", more);

	hk_file_replace(path, hk_span_str(text), &error);
	hk_mailbox_config *c = hk_mailbox_config_read(path, &error);

	ok(c != NULL, "a mailbox: %s", error ? error->message : "");
	return c;
}

static void
copies(void)
{
	static const char *const ids[] = {
		"<here@bank.example>", "<lost@bank.example>", "<drop@bank.example>"};
	ports p = {0};
	rg_mailhouse *house = house_new(NULL, true, NULL, &p);

	if (!house) {
		return;
	}
	g_autoptr(hk_smtp_config) c = config_new("smtp", p.smtp, NULL, NULL);
	g_autoptr(GError) error = NULL;
	bool found[3] = {false, false, false};

	is_how(c, ids[0], "taken", "no TLS on this machine");
	rg_mailhouse_free(house);
	g_free(p.ca);

	static char *faults[] = {(char *)(uintptr_t) "lost:1", NULL};
	house = house_new(NULL, true, faults, &p);
	g_autoptr(hk_smtp_config) c2 = config_new("smtp", p.smtp, NULL, NULL);

	is_how(c2, ids[1], "unknown", "a server that dies behind the dot, without the mail");
	is_how(c2, ids[0], "taken", "and lives again");
	rg_mailstore_copy(
		rg_mailhouse_store(house), "csirt@bank.example", "INBOX", 1, "Done", true);
	for (int tls = 0; tls < 2; tls++) {
		g_autoptr(hk_mailbox_config) box = mailbox(&p, tls, "");
		g_autoptr(hk_mailbox_config) moving =
			mailbox(&p, tls, "after = \"move\"\nmove-to = \"Done\"\n");

		memset(found, 0, sizeof found);
		ok(hk_mailfind(box, ids, 2, -1, found, &error), "searched: %s",
			error ? error->message : "");
		ok(!found[0] && !found[1], "what was moved away is not in the INBOX");
		ok(hk_mailfind(moving, ids, 2, -1, found, &error), "searched both folders");
		ok(found[0], "a copy is found where mails are moved to");
		ok(!found[1], "what was lost is not found");
	}
	rg_mailhouse_free(house);
	g_free(p.ca);

	static char *drop[] = {(char *)(uintptr_t) "drop:1", NULL};
	house = house_new(NULL, true, drop, &p);
	g_autoptr(hk_smtp_config) c3 = config_new("smtp", p.smtp, NULL, NULL);
	g_autoptr(hk_mailbox_config) box = mailbox(&p, true, "");

	is_how(c3, ids[2], "unknown", "a server that dies behind the dot, with the mail");
	ok(hk_mailfind(box, ids, 3, -1, found, &error) && found[2] && !found[1],
		"its copy proves it");
	rg_mailhouse_free(house);
	memset(found, 0, sizeof found);
	ok(!hk_mailfind(box, ids, 3, -1, found, &error) && hk_error_code(error) == HK_EREMOTE,
		"a server that is away proves nothing");
	g_free(p.ca);
}

static void
faults(void)
{
	static const struct {
		const char *fault, *how;
	} rows[] = {
		{"greeting", "later"},
		{"sender", "closed"},
		{"nobody@abuse@silent.example", "refused"},
		{"nobody@csirt@bank.example", "closed"},
		{"quota", "later"},
		{"greylist", "later"},
		{"data", "later"},
		{"cut", "unknown"}, /* a small mail has left by then, its dot too */
		{"later", "later"},
		{"spam", "refused"},
		{"drop", "unknown"},
		{"lost", "unknown"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *spec = g_strdup_printf("%s:1", rows[i].fault);
		char *const list[] = {spec, NULL};
		ports p = {0};
		rg_mailhouse *house = house_new(NULL, true, list, &p);
		g_autoptr(hk_smtp_config) c = config_new("smtp", p.smtp, NULL, NULL);

		is_how(c, "<a@bank.example>", rows[i].how, rows[i].fault);
		is_how(c, "<b@bank.example>", "taken", "the next one");
		rg_mailhouse_free(house);
		g_free(p.ca);
	}
}

/* Every party that answers, in every language and style. */
static void
parties(void)
{
	ports p = {0};
	rg_mailhouse *house = house_new(NULL, true, NULL, &p);
	g_autoptr(hk_smtp_config) c = config_new("smtp", p.smtp, NULL, NULL);
	static const char *const to[] = {
#define PARTY(address, name, lang, style, ticket, steps) address,
#include "../../../range/parties.def"
#undef PARTY
	};
	static const char *const steps[] = {
#define PARTY(address, name, lang, style, ticket, steps) steps,
#include "../../../range/parties.def"
#undef PARTY
	};
	unsigned want = 0;

	for (size_t i = 0; i < G_N_ELEMENTS(to); i++) {
		g_auto(hk_smtp_answer) ret = {0};
		g_autofree char *id = g_strdup_printf("<p%zu@bank.example>", i);

		mail_to(c, to[i], id, &ret);
		is_str(hk_smtp_how_name(ret.how), "taken", "a report to %s", to[i]);
		for (const char *s = steps[i]; *s; s++) {
			want += *s == ':';
		}
	}
	gint64 deadline = g_get_monotonic_time() + 20 * G_USEC_PER_SEC;

	while (rg_parties_waiting(rg_mailhouse_parties(house)) > 0 &&
		g_get_monotonic_time() < deadline) {
		g_usleep(10000);
	}
	is_int(rg_parties_waiting(rg_mailhouse_parties(house)), 0, "all have answered");
	g_autoptr(GArray) uids = rg_mailstore_list(
		rg_mailhouse_store(house), "csirt@bank.example", "INBOX", 0, NULL);

	is_int(uids->len, G_N_ELEMENTS(to) + want, "copies and answers");
	ok(rg_parties_say(rg_mailhouse_parties(house), "<p12@bank.example>", "", "act"),
		"told to answer");
	g_autoptr(GBytes) last = rg_mailstore_get(
		rg_mailhouse_store(house), "csirt@bank.example", "INBOX", uids->len + 1);

	ok(last && strstr(g_bytes_get_data(last, NULL), "In-Reply-To: <p12@bank.example>"),
		"it does");
	rg_mailhouse_free(house);
	g_free(p.ca);
}

int
main(void)
{
	if (!mkdtemp(dir)) {
		return 1;
	}
	password_file = g_strdup_printf("%s/password", dir);
	hk_file_replace(password_file, HK_SPAN_LIT("p\xc3\xa4ss word\n"), NULL);
	chmod(password_file, 0600);
	ways();
	copies();
	faults();
	parties();
	g_autofree char *rm = g_strdup_printf("rm -rf %s", dir);

	ok(system(rm) == 0, "tidied up");
	g_free(password_file);
	return tap_done();
}
