/* sys/smtp against a submission server of this file on loopback: what it was told, byte for byte, how far a mail came, and that the dot never leaves
 * before the hook has said yes. TLS and logins: tests/scenario/smtp.t. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/file.h"
#include "sys/gerr.h"
#include "sys/smtp.h"

#include "tap.h"

/* What the peer does: an answer instead of the usual one, for a command that begins with `at`; NULL: hangs up there. */
typedef struct script {
	const char *ehlo; /* NULL: everything is offered */
	const char *at, *answer;
	bool hang_up; /* at `at`, behind the answer if there is one */
} script;

static struct {
	int listener, port;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t more;
	script script;
	GString *told; /* commands */
	GString *data; /* between 354 and the dot, as it came over the wire; the dot's line too */
	bool in_data, done;
} peer = {.lock = PTHREAD_MUTEX_INITIALIZER, .more = PTHREAD_COND_INITIALIZER};

static const char everything[] =
	"250-peer.example\r\n250-SIZE 100000\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n";

static void
say(int fd, const char *text)
{
	if (write(fd, text, strlen(text)) < 0) {
		return;
	}
}

static const char *
usual(const char *line)
{
	if (g_str_has_prefix(line, "EHLO")) {
		return peer.script.ehlo ? peer.script.ehlo : everything;
	}
	if (g_str_has_prefix(line, "DATA")) {
		return "354 go\r\n";
	}
	return g_str_has_prefix(line, "QUIT") ? "221 bye\r\n" : "250 2.0.0 Ok\r\n";
}

/* One line of a dialogue. False: hang up. */
static bool
answer(int fd, const char *line)
{
	const script *s = &peer.script;

	g_string_append(peer.told, line);
	if (s->at && g_str_has_prefix(line, s->at)) {
		if (s->answer) {
			say(fd, s->answer);
		}
		if (s->hang_up) {
			return false;
		}
		peer.in_data = g_str_has_prefix(s->answer, "354");
		return true;
	}
	say(fd, usual(line));
	peer.in_data = g_str_has_prefix(line, "DATA");
	return !g_str_has_prefix(line, "QUIT");
}

/* Bytes that came. False: hang up. */
static bool
take(int fd, GString *line, const char *bytes, size_t n)
{
	bool on = true;

	pthread_mutex_lock(&peer.lock);
	for (size_t i = 0; i < n && on; i++) {
		if (peer.in_data) {
			g_string_append_c(peer.data, bytes[i]);
			if (g_str_has_suffix(peer.data->str, "\r\n.\r\n")) {
				peer.in_data = false;
				on = answer(fd, "(dot)\n");
			}
			continue;
		}
		g_string_append_c(line, bytes[i]);
		if (bytes[i] == '\n') {
			on = answer(fd, line->str);
			g_string_set_size(line, 0);
		}
	}
	pthread_cond_broadcast(&peer.more);
	pthread_mutex_unlock(&peer.lock);
	return on;
}

static void *
serve(void *unused)
{
	g_autoptr(GString) line = g_string_new(NULL);
	char bytes[4096];
	ssize_t n;
	int fd = accept(peer.listener, NULL, NULL);

	(void)unused;
	if (peer.script.at && g_str_equal(peer.script.at, "(greeting)")) {
		say(fd, peer.script.answer);
	} else {
		say(fd, "220 peer.example ESMTP\r\n");
	}
	while ((n = read(fd, bytes, sizeof bytes)) > 0 && take(fd, line, bytes, (size_t)n)) {
	}
	close(fd);
	pthread_mutex_lock(&peer.lock);
	peer.done = true;
	pthread_cond_broadcast(&peer.more);
	pthread_mutex_unlock(&peer.lock);
	return NULL;
}

static void
peer_start(const script *s)
{
	peer.script = *s;
	g_string_set_size(peer.told, 0);
	g_string_set_size(peer.data, 0);
	peer.in_data = peer.done = false;
	pthread_create(&peer.thread, NULL, serve, NULL);
}

static bool
peer_open(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof at;

	peer.listener = socket(AF_INET, SOCK_STREAM, 0);
	peer.told = g_string_new(NULL);
	peer.data = g_string_new(NULL);
	if (bind(peer.listener, (struct sockaddr *)&at, sizeof at) != 0 ||
		listen(peer.listener, 4) != 0 ||
		getsockname(peer.listener, (struct sockaddr *)&at, &len) != 0) {
		return false;
	}
	peer.port = ntohs(at.sin_port);
	return true;
}

static const char letter[] = "From: a@bank.example\r\nSubject: x\r\n\r\n.\r\n..two\r\n.three\r\n"
			     "line\r\n.\r\nend\r\n";
static const char stuffed[] =
	"From: a@bank.example\r\nSubject: x\r\n\r\n..\r\n...two\r\n..three\r\n"
	"line\r\n..\r\nend\r\n";

typedef struct hook {
	int calls;
	bool yes;
	bool whole, early; /* the peer had everything, and a dot, when it was called */
	size_t want;
} hook;

/* Waits until the peer has all bytes that may come before the dot. */
static bool
on_last(void *user)
{
	hook *h = user;
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 20;
	h->calls++;
	pthread_mutex_lock(&peer.lock);
	while (peer.data->len < h->want && !peer.done &&
		pthread_cond_timedwait(&peer.more, &peer.lock, &until) == 0) {
	}
	h->whole = peer.data->len == h->want;
	h->early = strstr(peer.data->str, "\r\n.\r\n") != NULL;
	pthread_mutex_unlock(&peer.lock);
	return h->yes;
}

static const char *const one[] = {"abuse@host.example", NULL};

/* Sends `bytes` to a peer with that script; the caller clears *ret. */
static hook
send_with(const script *s, hk_smtp_config *config, const char *const *to, hk_span bytes, bool yes,
	size_t want, hk_smtp_answer *ret)
{
	hook h = {.yes = yes, .want = want};
	hk_smtp_message mail = {.from = "a@bank.example",
		.to = to,
		.bytes = bytes,
		.last = on_last,
		.user = &h,
		.stop_fd = -1};

	config->port = (unsigned)peer.port;
	peer_start(s);
	hk_smtp_send(config, &mail, ret);
	pthread_join(peer.thread, NULL);
	return h;
}

static void
taken(hk_smtp_config *config)
{
	static const char *const both[] = {"abuse@host.example", "csirt@bank.example", NULL};
	g_auto(hk_smtp_answer) ret = {0};
	g_autofree char *want = g_strconcat(stuffed, ".\r\n", NULL);
	script s = {.at = "(dot)", .answer = "250-2.0.0 Ok:\r\n250 2.0.0 queued as \x1b[2J 7\r\n"};
	hook h = send_with(&s, config, both, hk_span_of(letter, sizeof letter - 1), true,
		sizeof stuffed - 1, &ret);

	is_str(hk_smtp_how_name(ret.how), "taken", "a mail is taken");
	is_int(ret.code, 250, "code");
	is_str(ret.enhanced, "2.0.0", "enhanced code");
	is_str(ret.text, "Ok: queued as  [2J 7", "the answer, on one line, without controls");
	is_str(peer.data->str, want,
		"every dot at the beginning of a line is doubled, nothing else");
	ok(strstr(peer.told->str,
		   "MAIL FROM:<a@bank.example> SIZE=68\r\nRCPT TO:<abuse@host.example>\r\n"
		   "RCPT TO:<csirt@bank.example>\r\nDATA\r\n(dot)\nQUIT\r\n"),
		"the dialogue: %s", peer.told->str);
	ok(strstr(peer.told->str, "EHLO bank.example\r\n"), "the greeting");
	is_int(h.calls, 1, "the hook was called once");
	ok(h.whole, "when the peer had the whole mail");
	ok(!h.early, "and not the dot");
	ok(ret.committed, "committed");
}

static void
stopped(hk_smtp_config *config)
{
	g_auto(hk_smtp_answer) ret = {0};
	script s = {0};
	hook h = send_with(&s, config, one, hk_span_of(letter, sizeof letter - 1), false,
		sizeof stuffed - 1, &ret);

	is_str(hk_smtp_how_name(ret.how), "stopped", "the hook said no");
	ok(h.whole && !h.early, "the peer had everything but the dot");
	is_str(peer.data->str, stuffed, "and nothing came behind it, no QUIT either");
	ok(!ret.committed, "not committed");
}

/* A mail over many writes, every line a dot. */
static void
large(hk_smtp_config *config)
{
	g_auto(hk_smtp_answer) ret = {0};
	g_autoptr(GString) all = g_string_new("From: a@b\r\n\r\n");
	g_autoptr(GString) wire = g_string_new("From: a@b\r\n\r\n");
	script s = {0};

	for (int i = 0; i < 20000; i++) {
		g_string_append(all, ".\r\n");
		g_string_append(wire, "..\r\n");
	}
	hook h = send_with(&s, config, one, hk_span_of(all->str, all->len), true, wire->len, &ret);

	is_str(hk_smtp_how_name(ret.how), "taken", "20,000 lines that are dots");
	ok(h.whole && !h.early, "no dot before the hook");
	g_string_append(wire, ".\r\n");
	ok(strcmp(peer.data->str, wire->str) == 0, "all of it, stuffed");
}

static const struct {
	const char *label;
	script script;
	const char *how;
	int code;
	int calls; /* of the hook */
	const char *text;
} fates[] = {
	{"no mail today", {.at = "(greeting)", .answer = "421 4.3.2 later\r\n"}, "later", 0, 0,
		NULL},
	{"EHLO refused", {.at = "EHLO", .answer = "550 go away\r\n"}, "closed", 550, 0, "go away"},
	{"sender refused", {.at = "MAIL", .answer = "550 5.7.1 not you\r\n"}, "closed", 550, 0,
		"not you"},
	{"login wanted", {.at = "MAIL", .answer = "530 5.7.0 Authentication required\r\n"},
		"closed", 530, 0, "Authentication required"},
	{"sender later", {.at = "MAIL", .answer = "451 4.3.0 busy\r\n"}, "later", 451, 0, "busy"},
	{"too large, says MAIL", {.at = "MAIL", .answer = "552 5.3.4 too large\r\n"}, "refused",
		552, 0, "too large"},
	{"nobody there", {.at = "RCPT", .answer = "550-5.1.1 No such\r\n550 5.1.1 user\r\n"},
		"refused", 550, 0, "No such user"},
	{"greylisted", {.at = "RCPT", .answer = "450 4.7.1 greylisted, try in 300 s\r\n"}, "later",
		450, 0, "greylisted, try in 300 s"},
	{"over quota", {.at = "RCPT", .answer = "452 4.2.2 over quota\r\n"}, "later", 452, 0,
		"over quota"},
	{"DATA refused", {.at = "DATA", .answer = "554 5.5.1 no valid recipients\r\n"}, "refused",
		554, 0, "no valid recipients"},
	{"DATA later", {.at = "DATA", .answer = "451 4.3.0 no\r\n"}, "later", 451, 0, "no"},
	{"refused behind the dot", {.at = "(dot)", .answer = "554 5.7.1 looks like phishing\r\n"},
		"refused", 554, 1, "looks like phishing"},
	{"later behind the dot", {.at = "(dot)", .answer = "451 4.3.0 disk\r\n"}, "later", 451, 1,
		"disk"},
	{"nonsense behind the dot", {.at = "(dot)", .answer = "hello\r\n"}, "unknown", 0, 1, NULL},
	{"354 behind the dot", {.at = "(dot)", .answer = "354 go on\r\n"}, "unknown", 354, 1,
		"go on"},
	{"hangs up at MAIL", {.at = "MAIL", .hang_up = true}, "later", 0, 0, NULL},
	{"hangs up at RCPT", {.at = "RCPT", .hang_up = true}, "later", 0, 0, NULL},
	{"hangs up at DATA", {.at = "DATA", .hang_up = true}, "later", 0, 0, NULL},
	{"hangs up behind the dot", {.at = "(dot)", .hang_up = true}, "unknown", 0, 1, NULL},
	{"half an answer behind the dot",
		{.at = "(dot)", .answer = "250-2.0.0 O\r\n", .hang_up = true}, "unknown", 0, 1,
		NULL},
};

static void
fate(hk_smtp_config *config, size_t i)
{
	g_auto(hk_smtp_answer) ret = {0};
	hook h = send_with(&fates[i].script, config, one, hk_span_of(letter, sizeof letter - 1),
		true, sizeof stuffed - 1, &ret);

	is_str(hk_smtp_how_name(ret.how), fates[i].how, "%s", fates[i].label);
	is_int(ret.code, fates[i].code, "%s: code", fates[i].label);
	is_int(h.calls, fates[i].calls, "%s: the hook", fates[i].label);
	ok(ret.text && *ret.text, "%s: why: %s", fates[i].label, ret.text);
	if (fates[i].text) {
		is_str(ret.text, fates[i].text, "%s: text", fates[i].label);
	}
	is_int(ret.committed, fates[i].calls > 0, "%s: committed", fates[i].label);
	if (fates[i].calls == 0) {
		is_int(peer.data->len, 0, "%s: no byte of the mail left", fates[i].label);
	}
}

/* Whose refusal it is. */
static void
copies(hk_smtp_config *config)
{
	static const char *const both[] = {"abuse@host.example", "csirt@bank.example", NULL};
	script s = {.at = "RCPT TO:<csirt@", .answer = "550 5.1.1 no\r\n"};
	g_auto(hk_smtp_answer) ret = {0};
	g_auto(hk_smtp_answer) other = {0};

	send_with(&s, config, both, hk_span_of(letter, sizeof letter - 1), true, 0, &ret);
	is_str(hk_smtp_how_name(ret.how), "refused", "one of two recipients: nobody gets it");
	is_str(ret.recipient, "csirt@bank.example", "who");
	config->copy = g_strdup("csirt@bank.example");
	send_with(&s, config, both, hk_span_of(letter, sizeof letter - 1), true, 0, &other);
	is_str(hk_smtp_how_name(other.how), "closed", "our own mailbox: our affair");
	g_clear_pointer(&config->copy, g_free);
}

/* What is never sent: no connection is made (the peer's port is closed to it). */
static void
never(hk_smtp_config *config)
{
	static const struct {
		const char *label, *from, *to, *bytes;
		const char *how;
	} rows[] = {
		{"a bare LF", "a@b.example", "c@d.example", "A: b\r\n\r\nx\n.\nMAIL FROM:<>\r\n",
			"refused"},
		{"a bare CR", "a@b.example", "c@d.example", "A: b\r\n\r\nx\r.\r\n", "refused"},
		{"no line end", "a@b.example", "c@d.example", "A: b\r\n\r\nx", "refused"},
		{"nothing", "a@b.example", "c@d.example", "", "refused"},
		{"a command in an address", "a@b.example", "c@d.example>\r\nRSET", "A: b\r\n\r\n",
			"refused"},
		{"a blank in an address", "a@b.example", "c d@d.example", "A: b\r\n\r\n",
			"refused"},
		{"no domain", "a@b.example", "root", "A: b\r\n\r\n", "refused"},
		{"a sender that is none", "a@b.example> SIZE=1", "c@d.example", "A: b\r\n\r\n",
			"closed"},
		{"a sender without domain", "csirt", "c@d.example", "A: b\r\n\r\n", "closed"},
	};
	g_autoptr(GString) longest = g_string_new("A: ");

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		const char *to[] = {rows[i].to, NULL};
		hk_smtp_message mail = {.from = rows[i].from,
			.to = to,
			.bytes = hk_span_str(rows[i].bytes),
			.stop_fd = -1};
		g_auto(hk_smtp_answer) ret = {0};

		hk_smtp_send(config, &mail, &ret);
		is_str(hk_smtp_how_name(ret.how), rows[i].how, "%s: %s", rows[i].label, ret.text);
	}
	while (longest->len < 999) {
		g_string_append_c(longest, 'x');
	}
	g_string_append(longest, "\r\n");
	hk_smtp_message mail = {.from = "a@b.example",
		.to = one,
		.bytes = hk_span_of(longest->str, longest->len),
		.stop_fd = -1};
	g_auto(hk_smtp_answer) ret = {0};

	hk_smtp_send(config, &mail, &ret);
	ok(strstr(ret.text, "998"), "a line of 999 bytes: %s", ret.text);
}

static void
extensions(hk_smtp_config *config)
{
	static const char wide[] = "A: b\r\n\r\n\xe9\x8a\x80\r\n";
	static const char header[] = "Subject: \xe9\x8a\x80\r\n\r\nx\r\n";
	static const char *const idn[] = {"abuse@\xe9\x8a\x80.example", NULL};
	script bare = {.ehlo = "250 peer.example\r\n"};
	script small = {.ehlo = "250-peer.example\r\n250 SIZE 10\r\n"};
	script open = {0};
	g_auto(hk_smtp_answer) a = {0}, b = {0}, c = {0}, d = {0}, e = {0};

	send_with(&open, config, one, hk_span_str(wide), true, 0, &a);
	ok(a.how == HK_SMTP_TAKEN && strstr(peer.told->str, " SIZE=13 BODY=8BITMIME\r\n"),
		"8 bits in the text: %s", peer.told->str);
	send_with(&open, config, one, hk_span_str(header), true, 0, &b);
	ok(b.how == HK_SMTP_TAKEN && strstr(peer.told->str, " BODY=8BITMIME SMTPUTF8\r\n"),
		"8 bits in the header: %s", peer.told->str);
	send_with(&open, config, idn, hk_span_of(letter, sizeof letter - 1), true, 0, &c);
	ok(c.how == HK_SMTP_TAKEN &&
			strstr(peer.told->str,
				"SMTPUTF8\r\nRCPT TO:<abuse@\xe9\x8a\x80.example>\r\n"),
		"8 bits in an address: %s", peer.told->str);
	send_with(&bare, config, one, hk_span_str(wide), true, 0, &d);
	ok(d.how == HK_SMTP_REFUSED && strstr(d.text, "8BITMIME"), "not offered: %s", d.text);
	send_with(&small, config, one, hk_span_str(header), true, 0, &e);
	ok(e.how == HK_SMTP_REFUSED && strstr(e.text, "at most 10"), "SIZE: %s", e.text);
	is_int(peer.data->len, 0, "and nothing left");
}

static void
stop(hk_smtp_config *config)
{
	int pipe_fd[2];
	g_auto(hk_smtp_answer) ret = {0};
	hk_smtp_message mail = {
		.from = "a@b.example", .to = one, .bytes = hk_span_of(letter, sizeof letter - 1)};
	script s = {0};

	if (pipe(pipe_fd) != 0 || write(pipe_fd[1], "x", 1) != 1) {
		return;
	}
	mail.stop_fd = pipe_fd[0];
	peer_start(&s);
	hk_smtp_send(config, &mail, &ret);
	pthread_join(peer.thread, NULL);
	is_str(hk_smtp_how_name(ret.how), "later", "asked to stop: %s", ret.text);
	close(pipe_fd[0]);
	close(pipe_fd[1]);
}

static void
urls(void)
{
	static const struct {
		const char *url, *host;
		unsigned port;
		bool tls;
	} rows[] = {
		{"smtps://mail.bank.example", "mail.bank.example", 465, true},
		{"smtp://mail.bank.example", "mail.bank.example", 587, false},
		{"smtp://mail.bank.example:25/", "mail.bank.example", 25, false},
		{"smtp://[::1]:2525", "::1", 2525, false},
		{"mail.bank.example", NULL, 0, false},
		{"smtp://", NULL, 0, false},
		{"smtp://h:0", NULL, 0, false},
		{"smtp://h:70000", NULL, 0, false},
		{"smtp://h:25x", NULL, 0, false},
		{"smtp://user@h", NULL, 0, false},
		{"smtp://[::1", NULL, 0, false},
		{"http://h", NULL, 0, false},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(hk_smtp_config) c = hk_smtp_config_new(rows[i].url, &error);

		is_str(c ? c->host : NULL, rows[i].host, "%s", rows[i].url);
		if (c) {
			is_int(c->port, rows[i].port, "%s: port", rows[i].url);
			is_int(c->tls, rows[i].tls, "%s: tls", rows[i].url);
		} else {
			is_int(hk_error_code(error), HK_ECONFIG, "%s: refused", rows[i].url);
		}
	}
}

static void
options(void)
{
	char *good[] = {"--smtp", "smtp://127.0.0.1:25", "--smtp-user", "u", "--smtp-password-file",
		"/nowhere", "--smtp-copy", "csirt@bank.example"};
	char *half[] = {"--smtp", "smtp://127.0.0.1:25", "--smtp-user", "u"};
	char *copy[] = {"--smtp", "smtp://127.0.0.1:25", "--smtp-copy", "csirt"};
	struct {
		char **argv;
		int argc;
		hk_err err;
	} rows[] = {{good, 8, HK_OK}, {half, 4, HK_ECONFIG}, {copy, 4, HK_ECONFIG},
		{good, 0, HK_ENOENT}};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(hk_opts) opts = hk_opts_parse("work", rows[i].argc, rows[i].argv, &error);
		g_autoptr(hk_smtp_config) c = opts ? hk_smtp_config_of(opts, &error) : NULL;

		is_int(hk_error_code(error), rows[i].err, "options %zu: %s", i,
			error ? error->message : "good");
		if (c) {
			g_auto(hk_smtp_answer) ret = {0};
			hk_smtp_message mail = {.from = "a@b.example",
				.to = one,
				.bytes = hk_span_of(letter, sizeof letter - 1),
				.stop_fd = -1};

			is_str(c->copy, "csirt@bank.example", "copy");
			hk_smtp_send(c, &mail, &ret);
			ok(ret.how == HK_SMTP_CLOSED && strstr(ret.text, "/nowhere"),
				"no password: %s", ret.text);
		}
	}
}

/* A server elsewhere is spoken to through TLS only; nothing is connected to: the name is not public. */
static void
elsewhere(void)
{
	g_autoptr(hk_smtp_config) c = hk_smtp_config_new("smtp://10.0.0.1", NULL);
	g_auto(hk_smtp_answer) ret = {0};
	hk_smtp_message mail = {.from = "a@b.example",
		.to = one,
		.bytes = hk_span_of(letter, sizeof letter - 1),
		.stop_fd = -1};

	hk_smtp_send(c, &mail, &ret);
	is_str(hk_smtp_how_name(ret.how), "closed", "sys/egress is asked: %s", ret.text);
}

int
main(void)
{
	hk_file_init();
	if (!ok(peer_open(), "a peer on loopback")) {
		return tap_done();
	}
	g_autofree char *url = g_strdup_printf("smtp://127.0.0.1:%d", peer.port);
	g_autoptr(hk_smtp_config) config = hk_smtp_config_new(url, NULL);

	never(config);
	taken(config);
	stopped(config);
	large(config);
	for (size_t i = 0; i < G_N_ELEMENTS(fates); i++) {
		fate(config, i);
	}
	copies(config);
	extensions(config);
	stop(config);
	urls();
	options();
	elsewhere();
	close(peer.listener);
	g_string_free(peer.told, TRUE);
	g_string_free(peer.data, TRUE);
	return tap_done();
}
