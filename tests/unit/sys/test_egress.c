/* sys/egress: the policy, names from a DNS server of our own, pins, pace, records, the kill switch; and the vectors of ssrf.tsv, each as
 * a URL of sys/fetch and as the Location of a redirect. */
#include "sys/egress.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "egresslib.h"
#include "sys/egress_ask.h"
#include "sys/fetch.h"
#include "sys/gerr.h"
#include "sys/http.h"
#include "tap.h"

static const el_name dns_names[] = {
	{"good.example", "93.184.216.34 2606:2800:220:1::1"},
	{"private.example", "10.0.0.1"},
	{"loop.example", "127.0.0.1"},
	{"loop6.example", "::1"},
	{"mapped.example", "::ffff:127.0.0.1"},
	{"nat64.example", "64:ff9b::7f00:1"},
	{"metadata.example", "169.254.169.254"},
	{"mixed.example", "93.184.216.34 192.168.0.1"},
	{"mixed6.example", "93.184.216.34 fd00::1"},
	{"rebind.example", "93.184.216.34|127.0.0.1"},
	{"empty.example", ""},
	{"silent.example", "silent"},
	{"own.example", "10.1.2.3"},
};

static const hk_egress_who stranger = {.purpose = "look", .case_id = "C-1", .requester = "test"};
static const hk_egress_who ours = {.purpose = "feed", .own = true};
static GString *log_text;

static void
record(void *user, const hk_egress_record *r)
{
	(void)user;
	g_string_append_printf(log_text, "%s/%s/%s %s %s://%s:%u [%s] %s %s\n", r->who.purpose,
		r->who.case_id ? r->who.case_id : "-", r->who.requester ? r->who.requester : "-",
		r->who.exit ? r->who.exit : "direct", r->scheme, r->host, r->port, r->answers,
		r->address, hk_egress_reason_code(r->reason));
}

static hk_egress *
policy(const char *conf)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *path = el_conf("%s", conf);
	hk_egress *egress = hk_egress_new(path, &error);

	if (!egress) {
		tap_diag("%s", error->message);
	} else {
		hk_egress_record_to(egress, record, NULL);
	}
	unlink(path);
	return egress;
}

/* ---- Asking ---- */

typedef struct asked {
	bool done;
	hk_egress_grant *grant;
	hk_egress_reason reason;
} asked;

static void
on_done(void *user, hk_egress_grant *grant, hk_egress_reason reason, const char *detail)
{
	asked *a = user;

	(void)detail;
	a->done = true;
	a->grant = grant;
	a->reason = reason;
}

static void
run(hk_egress_loop *loop, const bool *done)
{
	while (!*done) {
		struct pollfd fd = {.fd = hk_egress_loop_fd(loop), .events = POLLIN};
		int ms = hk_egress_loop_wait_ms(loop);
		poll(&fd, 1, ms < 0 ? 1000 : ms);
		hk_egress_loop_step(loop);
	}
}

static asked
ask_in(hk_egress_loop *loop, hk_egress_session *session, const char *host, unsigned port)
{
	asked a = {0};

	hk_egress_connect(session, "http", host, port, 5000, on_done, &a);
	run(loop, &a.done);
	return a;
}

static hk_egress_reason
reason_of(hk_egress_loop *loop, const hk_egress_who *who, const char *host, unsigned port)
{
	hk_egress_session *session = hk_egress_session_new(loop, who);
	asked a = ask_in(loop, session, host, port);

	hk_egress_grant_end(a.grant);
	hk_egress_session_free(session);
	return a.reason;
}

#define is_reason(loop, who, host, port, want)                                                     \
	is_str(hk_egress_reason_code(reason_of(loop, who, host, port)), want, "%s: %s", host, want)

static void
names(unsigned dns)
{
	g_autofree char *conf = g_strdup_printf(
		"resolvers = {\"127.0.0.1:%u\"}\ndns-timeout = 600ms\n"
		"local = {\"own.example:443\", \"10.9.0.0/16:8080\", \"[fd00::/8]:443\"}\n",
		dns);
	g_autoptr(hk_egress) egress = policy(conf);
	hk_egress_loop *loop = hk_egress_loop_new(egress, NULL);

	is_reason(loop, &stranger, "good.example", 443, "ok");
	is_reason(loop, &stranger, "good.example.", 443, "ok");
	is_reason(loop, &stranger, "GOOD.example", 8443, "ok");
	is_reason(loop, &stranger, "private.example", 80, "address");
	is_reason(loop, &stranger, "loop.example", 80, "address");
	is_reason(loop, &stranger, "loop6.example", 80, "address");
	is_reason(loop, &stranger, "mapped.example", 80, "address");
	is_reason(loop, &stranger, "nat64.example", 80, "address");
	is_reason(loop, &stranger, "metadata.example", 80, "address");
	is_reason(loop, &stranger, "mixed.example", 80, "mixed");
	is_reason(loop, &stranger, "mixed6.example", 80, "mixed");
	is_reason(loop, &stranger, "none.example", 80, "unresolved");
	is_reason(loop, &stranger, "empty.example", 80, "unresolved");
	is_reason(loop, &stranger, "silent.example", 80, "dns");
	is_reason(loop, &stranger, "8.8.8.8", 80, "ok");
	/* Our own services. */
	is_reason(loop, &ours, "own.example", 443, "ok");
	is_reason(loop, &ours, "own.example", 444, "address");
	is_reason(loop, &stranger, "own.example", 443, "address");
	is_reason(loop, &ours, "10.9.8.7", 8080, "ok");
	is_reason(loop, &ours, "10.10.8.7", 8080, "address");
	is_reason(loop, &ours, "fd00::5", 443, "ok");
	is_reason(loop, &ours, "127.0.0.1", 9999, "ok");
	is_reason(loop, &ours, "localhost", 9999, "ok");
	is_reason(loop, &ours, "loop.example", 80, "address");
	is_reason(loop, &ours, "169.254.169.254", 80, "address");
	hk_egress_loop_free(loop);
	ok(strstr(log_text->str, "look/C-1/test direct http://mixed.example:80 [93.184.216.34 "
				 "192.168.0.1]  mixed\n"),
		"a refusal is recorded with what the name resolved to");
	ok(strstr(log_text->str, "http://good.example:443 [93.184.216.34 2606:2800:220:1::1] "
				 "93.184.216.34:443 ok\n"),
		"and a connection with its address");
}

static void
pins(unsigned dns)
{
	g_autofree char *conf = g_strdup_printf("resolvers = {\"127.0.0.1:%u\"}\n", dns);
	g_autoptr(hk_egress) egress = policy(conf);
	hk_egress_loop *loop = hk_egress_loop_new(egress, NULL);
	hk_egress_session *session = hk_egress_session_new(loop, &stranger);
	asked a[3] = {0};
	char text[HK_IPADDR_TEXT_SIZE];

	/* Two at once, one later: one look-up. */
	hk_egress_connect(session, "http", "rebind.example", 80, 5000, on_done, &a[0]);
	hk_egress_connect(session, "https", "Rebind.example.", 443, 5000, on_done, &a[1]);
	run(loop, &a[0].done);
	run(loop, &a[1].done);
	a[2] = ask_in(loop, session, "rebind.example", 80);
	for (int i = 0; i < 3; i++) {
		ok(a[i].grant && a[i].grant->count == 1, "granted");
		is_str(a[i].grant ? hk_ipaddr_format(&a[i].grant->addresses[0], text) : "",
			"93.184.216.34", "the first answer");
		hk_egress_grant_end(a[i].grant);
	}
	is_int(el_dns_asked("rebind.example"), 1, "asked once");
	hk_egress_session_free(session);
	is_reason(loop, &stranger, "rebind.example", 80, "address");
	/* An ask that is left alone, and one that is dropped. */
	session = hk_egress_session_new(loop, &stranger);
	hk_egress_ask *ask =
		hk_egress_connect(session, "http", "silent.example", 80, 5000, on_done, &a[0]);
	ok(ask != NULL, "under way");
	hk_egress_cancel(ask);
	hk_egress_session_free(session);
	hk_egress_loop_free(loop);
}

static void
pace(void)
{
	g_autoptr(hk_egress) egress = policy(
		"range = 127.0.0.1\nhost-rate = 50\nhost-burst = 2\nhost-open = 3\nopen = 4\n");
	hk_egress_loop *loop = hk_egress_loop_new(egress, NULL);
	hk_egress_session *session = hk_egress_session_new(loop, &stranger);
	asked a[6] = {0};

	for (int i = 0; i < 5; i++) {
		hk_egress_connect(session, "http", "evil.example", 80, 60000, on_done, &a[i]);
	}
	ok(a[0].done && a[1].done && !a[2].done, "the burst goes at once, the next one waits");
	run(loop, &a[2].done);
	ok(a[2].grant != NULL, "and gets its turn");
	hk_egress_loop_step(loop);
	ok(!a[3].done, "no more open ones to one host than host-open");
	hk_egress_connect(session, "http", "other.example", 80, 60000, on_done, &a[5]);
	ok(a[5].grant != NULL, "another host has its own");
	hk_egress_grant_end(a[0].grant);
	ok(!a[3].done && !a[4].done, "a place is free");
	run(loop, &a[3].done);
	ok(a[3].grant != NULL, "and is taken");
	hk_egress_grant_end(a[1].grant);
	run(loop, &a[4].done);
	for (int i = 2; i < 6; i++) {
		hk_egress_grant_end(a[i].grant);
	}
	/* One that waits longer than it may. */
	a[0] = a[1] = a[2] = a[3] = (asked){0};
	for (int i = 0; i < 4; i++) {
		hk_egress_connect(
			session, "http", "third.example", 80, i < 3 ? 60000 : 100, on_done, &a[i]);
	}
	run(loop, &a[3].done);
	ok(!a[3].grant && a[3].reason == HK_EGRESS_LIMIT, "it gave up");
	run(loop, &a[2].done);
	for (int i = 0; i < 3; i++) {
		hk_egress_grant_end(a[i].grant);
	}
	hk_egress_session_free(session);
	hk_egress_loop_free(loop);
}

static void
kill_switch(void)
{
	g_autofree char *stop = el_conf("stop");
	g_autofree char *conf = g_strdup_printf("range = 127.0.0.1\nstop-file = \"%s\"\n", stop);
	g_autoptr(hk_egress) egress = policy(conf);
	hk_egress_loop *loop = hk_egress_loop_new(egress, NULL);

	is_reason(loop, &stranger, "evil.example", 80, "killed");
	is_reason(loop, &ours, "127.0.0.1", 80, "killed");
	unlink(stop);
	is_reason(loop, &stranger, "evil.example", 80, "ok");
	hk_egress_kill(egress);
	is_reason(loop, &stranger, "evil.example", 80, "killed");
	hk_egress_revive(egress);
	is_reason(loop, &stranger, "evil.example", 80, "ok");
	hk_egress_loop_free(loop);
}

/* What is said of a refusal says nothing twice. */
static void
reason_texts(void)
{
	static const struct {
		hk_egress_reason reason;
		const char *detail, *want;
	} texts[] = {
		{HK_EGRESS_KILLED, "", "the kill switch is on"},
		{HK_EGRESS_KILLED, "the kill switch is on: /x is there",
			"the kill switch is on: /x is there"},
		{HK_EGRESS_PORT, "port 25", NULL},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_autofree char *want =
			g_strdup_printf("%s: port 25", hk_egress_reason_meaning(HK_EGRESS_PORT));
		g_autofree char *got = hk_egress_reason_text(texts[i].reason, texts[i].detail);
		is_str(got, texts[i].want ? texts[i].want : want, "%s", got);
	}
}

/* The files say stop: each of them, and what hides one. */
static void
stop_files(void)
{
	g_autofree char *stop = el_conf("stop"), *kept = el_conf("stop");
	g_autofree char *conf = g_strdup_printf(
		"range = 127.0.0.1\nstop-file = \"%s\"\nstop-file-kept = \"%s\"\n", stop, kept);
	g_autoptr(hk_egress) egress = policy(conf);
	g_autofree char *first = hk_egress_killed_why(egress);

	ok(g_str_has_prefix(first, "the kill switch is on: ") && strstr(first, stop),
		"the first one is named: %s", first);
	unlink(stop);
	g_autofree char *second = hk_egress_killed_why(egress);
	ok(hk_egress_killed(egress) && strstr(second, kept), "the one that is kept stops, too");
	unlink(kept);
	ok(!hk_egress_killed(egress), "without both nothing is stopped");
	ok(symlink(stop, stop) == 0, "a file that cannot be looked for");
	g_autofree char *why = hk_egress_killed_why(egress);
	ok(hk_egress_killed(egress), "counts as one that is there");
	ok(strstr(why, "cannot be looked for") && strstr(why, "chmod 755"), "and says so: %s", why);
	unlink(stop);
	ok(!hk_egress_killed(egress), "it is gone");
}

/* As somebody who may not search the folder. Root may search every folder, so it becomes nobody. */
static void
stop_folder(void)
{
	enum { NOBODY = 65534 };
	g_autofree char *folder = g_strdup("/tmp/hikeshi-stop-XXXXXX");

	ok(g_mkdtemp_full(folder, 0700) != NULL, "a folder");
	g_autofree char *conf = g_strdup_printf("stop-file = \"%s/egress.stop\"\n", folder);
	g_autoptr(hk_egress) egress = policy(conf);
	ok(!hk_egress_killed(egress), "of which one sees that it is empty");
	chmod(folder, 0);
	pid_t child = fork();
	if (child == 0) {
		bool stopped = (geteuid() != 0 || setresuid(NOBODY, NOBODY, NOBODY) == 0) &&
			       hk_egress_killed(egress);
		_exit(stopped ? 0 : 1);
	}
	int status = 1;
	waitpid(child, &status, 0);
	is_int(status, 0, "who does not see it is stopped");
	rmdir(folder);
}

static void
configurations(void)
{
	static const struct {
		const char *text, *word;
	} bad[] = {
		{"ports = {\"0\"}", "'ports' holds ports"},
		{"local = {\"10.0.0.1\"}", "'local' holds"},
		{"local = {\"10.0.0.1/8:80\"}", "which is no network"},
		{"local = {\"0x7f.1:80\"}", "which is no network"},
		{"range = 192.0.2.1", "is a loopback address"},
		{"range-ports = {\"80\"}", "holds PORT=PORT"},
		{"range-ports = {\"a.test:0=80\"}", "holds PORT=PORT"},
		{"range-ports = {\"a.test=80\"}", "holds PORT=PORT"},
		{"range-addresses = {\"8.8.8.8\"}", "holds addresses of documentation"},
		{"range-addresses = {\"10.0.0.1\"}", "holds addresses of documentation"},
		{"range-addresses = {\"203.0.113.0/24\"}", "holds addresses of documentation"},
		{"resolvers = {\"dns.example\"}", "'resolvers' holds"},
		{"exits = {\"jp\"}", "socks5h://HOST:PORT"},
		{"exits = {\"jp socks5://10.0.0.1:1080\"}", "has an exit with"},
		{"exits = {\"direct socks5h://10.0.0.1:1080\"}", "each name once"},
		{"exits = {\"jp socks5h://10.0.0.1:1080 secret=/nonexistent\"}", "nonexistent"},
		{"host-rate = 0", "host-rate"},
		{"prots = {\"80\"}", "did you mean"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autoptr(GError) error = NULL;
		g_autofree char *path = el_conf("%s\n", bad[i].text);
		g_autoptr(hk_egress) egress = hk_egress_new(path, &error);
		ok(!egress && error && strstr(error->message, bad[i].word), "%s", bad[i].text) ||
			(tap_diag("%s", error ? error->message : "taken"), true);
		unlink(path);
	}
	g_autofree char *secret = el_conf("user:word\n");
	g_autofree char *conf =
		g_strdup_printf("exits = {\"jp-mobile socks5h://10.0.0.1:1080 secret=%s\", "
				"\"abroad http://[fd00::1]:3128 resolve=local\"}\n",
			secret);
	g_autoptr(hk_egress) egress = policy(conf);
	ok(egress && hk_egress_has_exit(egress, "jp-mobile") && hk_egress_has_exit(egress, NULL) &&
			!hk_egress_has_exit(egress, "jp"),
		"exits");
	is_str(egress ? hk_egress_exits(egress)[2] : "", "abroad", "by name");
	g_autoptr(GError) error = NULL;
	chmod(secret, 0644);
	g_autofree char *path = el_conf("%s", conf);
	g_autoptr(hk_egress) open = hk_egress_new(path, &error);
	ok(!open && hk_error_code(error) == HK_EPOLICY, "a secret that others may read");
	unlink(path);
	unlink(secret);
}

/* ---- The range ---- */

/* Where it would connect to. */
static void
leads(hk_egress_loop *loop, const hk_egress_who *who, const char *host, unsigned port,
	unsigned want_port)
{
	hk_egress_session *session = hk_egress_session_new(loop, who);
	asked a = {0};

	hk_egress_connect(session, "ws", host, port, 5000, on_done, &a);
	run(loop, &a.done);
	char got[HK_IPADDR_TEXT_SIZE] = "nowhere";
	if (a.grant) {
		hk_ipaddr_format(&a.grant->addresses[0], got);
	}
	is_str(got, "127.0.0.1", "%s:%u is on the range", host, port);
	is_int(a.grant ? a.grant->to_port : 0, want_port, "%s:%u: the port", host, port);
	hk_egress_grant_end(a.grant);
	hk_egress_session_free(session);
}

static void
range_rows(void)
{
	static const char rows_text[] =
		"ports = {\"80\", \"443\", \"7775\"}\nrange-addresses = {\"203.0.113.77\", "
		"\"2001:db8::77\"}\n"
		"range-ports = {\"80=1001\", \"t.range.test:80=1002\", \"range.test:80=1003\", "
		"\"203.0.113.77:7775=1004\", \"7775=1005\", \"[2001:db8::77]:7775=1006\"}\n";
	g_autofree char *conf = g_strconcat("range = 127.0.0.1\n", rows_text, NULL);
	g_autoptr(hk_egress) egress = policy(conf);
	hk_egress_loop *loop = hk_egress_loop_new(egress, NULL);

	leads(loop, &stranger, "other.example", 80, 1001);
	leads(loop, &stranger, "t.range.test", 80, 1002);
	leads(loop, &stranger, "T.Range.test.", 80, 1002);
	leads(loop, &stranger, "a.b.t.range.test", 80, 1002);
	leads(loop, &stranger, "at.range.test", 80, 1003);
	leads(loop, &stranger, "orange.test", 80, 1001);
	leads(loop, &stranger, "t.range.test", 443, 443);
	leads(loop, &stranger, "203.0.113.77", 7775, 1004);
	leads(loop, &ours, "203.0.113.77", 7775, 1004);
	leads(loop, &stranger, "2001:db8::77", 7775, 1006);
	leads(loop, &stranger, "8.8.8.8", 7775, 1005);
	is_reason(loop, &stranger, "203.0.113.78", 7775, "address");
	is_reason(loop, &stranger, "203.0.113.77", 7776, "port");
	hk_egress_loop_free(loop);

	/* Without `range` such a row opens nothing. */
	g_autoptr(hk_egress) real = policy(rows_text);
	loop = hk_egress_loop_new(real, NULL);
	is_reason(loop, &stranger, "203.0.113.77", 7775, "address");
	is_reason(loop, &ours, "203.0.113.77", 7775, "address");
	hk_egress_loop_free(loop);
}

/* ---- Vectors ---- */

static hk_egress *range_policy;
static hk_fetch *fetcher;
static char *location; /* of the redirect that the peer gives */
static unsigned rows, http_port;

static char *
answer(const char *head, size_t *ret_len)
{
	char *text =
		strstr(head, "/redirect")
			? g_strdup_printf(
				  "HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n",
				  location)
			: g_strdup("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");

	*ret_len = strlen(text);
	return text;
}

typedef struct got {
	bool done;
	char what[64];
	size_t hops;
	int status;
} got;

static void
on_answer(void *user, hk_fetch_call *call, const hk_fetch_answer *a)
{
	got *g = user;
	const hk_fetch_hop *last = a->count > 0 ? &a->hops[a->count - 1] : NULL;

	(void)call;
	g->done = true;
	g->hops = a->count;
	g->status = a->status;
	const char *what = !a->error ? "ok"
			   : last && last->refused != HK_EGRESS_OK
				   ? hk_egress_reason_code(last->refused)
			   : strstr(a->error->message, "odd spelling") ? "spelling"
			   : hk_error_code(a->error) == HK_EFORM ||
					   strstr(a->error->message, "a redirect to what may not")
				   ? "form"
				   : a->error->message;
	g_strlcpy(g->what, what, sizeof g->what);
}

static got
fetch(const char *url, unsigned max_hops)
{
	hk_fetch_request request = {
		.url = url, .who = stranger, .max_hops = max_hops, .timeout_ms = 10000};
	got g = {0};

	hk_fetch_start(fetcher, &request, on_answer, &g, NULL);
	while (!g.done) {
		hk_fetch_step(fetcher, 1000, -1);
	}
	return g;
}

static void
vector(char **columns)
{
	g_autofree char *url = g_strcompress(columns[0]);
	/* The reading of a port is the caller's: "http:host" is a URL by itself, and a path at a base of the same scheme. */
	bool relative = g_str_has_prefix(url, "http:") && !g_str_has_prefix(url, "http://");
	got g = fetch(url, 5);

	is_str(g.what, columns[1], "%s", columns[0]);
	rows++;
	if (relative) {
		return;
	}
	location = url;
	g = fetch("http://evil.example/redirect", 5);
	is_str(g.what, columns[1], "and as a redirect");
	is_int(g.hops >= 1, true, "that was followed as far as it may be");
}

static void
vectors(void)
{
	unsigned canary = el_canary();

	http_port = el_http(answer);
	/* Whoever gets past the policy meets the canary, except on port 80: that is the page. */
	g_autofree char *conf = g_strdup_printf(
		"range = 127.0.0.1\nrange-ports = {\"80=%u\", \"443=%u\", \"8080=%u\", \"22=%u\", "
		"\"25=%u\", \"6379=%u\"}\nhost-rate = 10000\nhost-burst = 10000\naddress-rate = "
		"10000\naddress-burst = 10000\nrange-addresses = {\"203.0.113.77\"}\n",
		http_port, canary, canary, canary, canary, canary);
	range_policy = policy(conf);
	fetcher = hk_fetch_new(&(hk_fetch_config){.egress = range_policy}, NULL);
	got g = fetch("http://evil.example/", 0);
	is_str(g.what, "ok", "the peer answers");
	is_int(g.status, 200, "200");
	g = fetch("http://203.0.113.77/", 0);
	is_str(g.what, "ok", "and at the address that it has on the range");
	el_rows("ssrf.tsv", vector);
	ok(rows >= 60, "%u vectors", rows);
	is_int(el_canary_seen(), 0, "nobody has connected to what was refused");
	/* It would have been seen. */
	g = fetch("http://evil.example:8080/", 0);
	is_int(el_canary_seen(), 1, "the canary sees those who come");
	hk_fetch_free(fetcher);
	hk_egress_unref(range_policy);
}

/* ---- sys/http goes through it ---- */

static void
on_http(void *user, hk_http_call *call, const hk_http_answer *a)
{
	(void)call;
	*(hk_err *)user = a->error ? hk_error_code(a->error) : HK_OK;
	*((hk_err *)user + 1) = HK_OK + 1;
}

static hk_err
http_get(hk_egress *egress, const char *url)
{
	g_autoptr(hk_http) http =
		hk_http_new(&(hk_http_config){.egress = egress, .purpose = "ct"}, NULL);
	hk_err result[2] = {HK_OK, HK_OK};

	hk_http_get(http, &(hk_http_request){.url = url, .connect_ms = 500}, on_http, result, NULL);
	while (result[1] == HK_OK) {
		hk_http_step(http, 1000, -1);
	}
	return result[0];
}

static void
own_services(void)
{
	g_autoptr(hk_egress) egress = policy("open = 100\n");
	g_autofree char *conf =
		g_strdup_printf("range = 127.0.0.1\nrange-ports = {\"443=%u\", \"80=%u\"}\n"
				"range-addresses = {\"203.0.113.77\"}\n",
			http_port, http_port);
	g_autoptr(hk_egress) range = policy(conf);
	g_autofree char *url = g_strdup_printf("http://127.0.0.1:%u/", http_port);
	g_autofree char *by_name = g_strdup_printf("http://localhost:%u/", http_port);

	g_string_truncate(log_text, 0);
	is_int(http_get(egress, url), HK_OK, "a service on loopback");
	is_int(http_get(egress, by_name), HK_OK, "by its name");
	ok(strstr(log_text->str, "ct/-/- direct http://127.0.0.1:"), "is recorded");
	is_int(http_get(egress, "https://10.0.0.1/"), HK_EPOLICY, "one on a private address");
	is_int(http_get(egress, "https://169.254.169.254/"), HK_EPOLICY, "metadata");
	is_int(http_get(egress, "https://0xa000001/"), HK_EPOLICY, "an odd spelling of one");
	/* TLS to a peer that speaks none: it was the range's peer that was asked, no name was looked up. */
	is_int(http_get(range, "https://log.example/"), HK_EREMOTE,
		"on the range a name is the range's");
	ok(strstr(log_text->str, "https://log.example:443 [127.0.0.1:"), "without a look-up");
	is_int(http_get(range, "https://203.0.113.77/"), HK_EREMOTE,
		"so is an address that it has there");
	ok(strstr(log_text->str, "https://203.0.113.77:443 [127.0.0.1:"), "and nobody else's");
	hk_egress_kill(egress);
	is_int(http_get(egress, url), HK_EPOLICY, "killed");
}

/* The operator's page and the example name every key, and the page every reason. */
static void
documents(void)
{
	static const char *const keys[] = {
#define KEY(id, name, type, unit, min, max, def, help) name,
#include "sys/egress.def"
#undef KEY
	};
	size_t len;
	char *page = (char *)tap_file("docs/egress.md", &len);
	char *example = (char *)tap_file("conf/egress.conf.example", &len);

	for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
		g_autofree char *word = g_strdup_printf("`%s`", keys[i]);
		g_autofree char *row = g_strdup_printf("# %s = ", keys[i]);
		ok(strstr(page, word) && strstr(example, row), "%s is explained", keys[i]);
	}
	for (int i = 1; i < HK_EGRESS_REASON_COUNT; i++) {
		g_autofree char *word =
			g_strdup_printf("`%s`", hk_egress_reason_code((hk_egress_reason)i));
		ok(strstr(page, word), "%s is explained", word);
	}
	free(page);
	free(example);
	g_autofree char *source = g_strconcat(HK_SOURCE_DIR, "/conf/egress.conf.example", NULL);
	g_autoptr(GError) error = NULL;
	g_autoptr(hk_egress) egress = hk_egress_new(source, &error);
	ok(egress != NULL, "the example is a configuration");
}

int
main(void)
{
	log_text = g_string_new(NULL);
	unsigned dns = el_dns(dns_names, G_N_ELEMENTS(dns_names));

	names(dns);
	pins(dns);
	pace();
	kill_switch();
	reason_texts();
	stop_files();
	stop_folder();
	configurations();
	range_rows();
	vectors();
	own_services();
	documents();
	g_string_free(log_text, TRUE);
	return tap_done();
}
