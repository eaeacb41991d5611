/* sys/gate, as a browser sees it: raw requests to its socket, with a site, a SOCKS5 and an HTTP proxy on loopback behind it; and the
 * vectors of ssrf.tsv as CONNECT and as GET. */
#include "sys/gate.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "egresslib.h"
#include "sys/gerr.h"
#include "tap.h"

static const hk_egress_who who = {.purpose = "capture", .case_id = "C-7", .requester = "test"};
static unsigned gate_port, site_port;
static hk_gate *gate;
static unsigned rows;

static int
listening(unsigned *ret_port)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof at;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (bind(fd, (struct sockaddr *)&at, sizeof at) != 0 || listen(fd, 64) != 0 ||
		getsockname(fd, (struct sockaddr *)&at, &len) != 0) {
		printf("Bail out! no loopback\n");
		exit(1);
	}
	*ret_port = ntohs(at.sin_port);
	return fd;
}

static int
dial(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
		.sin_port = htons((uint16_t)gate_port),
		.sin_addr = {htonl(INADDR_LOOPBACK)}};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (connect(fd, (struct sockaddr *)&at, sizeof at) != 0) {
		printf("Bail out! no gate\n");
		exit(1);
	}
	return fd;
}

static void
say(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, text, len, MSG_NOSIGNAL);
		if (n <= 0) {
			return;
		}
		text += n;
		len -= (size_t)n;
	}
}

/* Everything until the other side ends. */
static GString *
hear(int fd)
{
	GString *all = g_string_new(NULL);
	char data[16384];
	ssize_t n;

	while ((n = read(fd, data, sizeof data)) > 0) {
		g_string_append_len(all, data, n);
	}
	return all;
}

/* One request, then the end of what we say unless open; the whole answer. */
static char *
talk(const char *text)
{
	int fd = dial();

	say(fd, text, strlen(text));
	GString *all = hear(fd);
	close(fd);
	return g_string_free(all, FALSE);
}

/* The site: what it was asked, as its answer's body; /upgrade switches and echoes; "raw" bytes (a tunnel) are echoed. */
static char *
answer(const char *head, size_t *ret_len)
{
	char *text;

	if (strstr(head, "/upgrade")) {
		text = g_strdup("HTTP/1.1 101 Go\r\nConnection: Upgrade\r\nUpgrade: "
				"websocket\r\n\r\nframes");
	} else if (strstr(head, "/early")) {
		text = g_strdup("HTTP/1.1 103 Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 "
				"OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nhi");
	} else if (strstr(head, "/nonsense")) {
		text = g_strdup("SSH-2.0-x\r\n\r\n");
	} else if (strstr(head, "/nothing")) {
		text = NULL;
	} else if (strstr(head, "/big")) {
		g_autofree char *body = g_strnfill(2000000, 'x');
		text = g_strdup_printf(
			"HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n%s", body);
	} else {
		text = g_strdup_printf(
			"HTTP/1.1 200 OK\r\nKeep-Alive: timeout=5\r\nContent-Length: %zu\r\n\r\n%s",
			strlen(head), head);
	}
	*ret_len = text ? strlen(text) : 0;
	return text;
}

#define begins(text, want, ...)                                                                    \
	ok(g_str_has_prefix(text, want), __VA_ARGS__) || (tap_diag("got: %.200s", text), true)

static hk_gate_report
report(void)
{
	hk_gate_report r;

	hk_gate_report_get(gate, 0, &r);
	return r;
}

static void
requests(void)
{
	g_autofree char *get =
		talk("GET http://evil.example/a?b HTTP/1.1\r\nHost: 127.0.0.1\r\nProxy-Connection: "
		     "keep-alive\r\nCookie: a=b\r\n\r\n");
	begins(get, "HTTP/1.1 200 OK\r\nContent-Length: ", "a request in absolute form");
	ok(strstr(get, "Connection: close\r\n\r\nGET /a?b HTTP/1.1\r\nHost: "
		       "evil.example\r\nCookie: a=b\r\nConnection: close\r\n\r\n"),
		"is handed on for one hop") ||
		(tap_diag("%s", get), true);
	g_autofree char *two = talk("POST http://evil.example/p HTTP/1.1\r\nContent-Length: "
				    "3\r\n\r\na=bGET http://other.example/second HTTP/1.1\r\n\r\n");
	ok(!strstr(two, "second"), "a second request on the connection goes nowhere");
	g_autofree char *tunnel = talk("CONNECT evil.example:443 HTTP/1.1\r\nHost: "
				       "evil.example:443\r\n\r\nGET /inside HTTP/1.1\r\n\r\n");
	begins(tunnel, "HTTP/1.1 200 Connection established\r\n\r\nHTTP/1.1 200 OK\r\n",
		"a tunnel, with bytes right behind the request");
	ok(strstr(tunnel, "GET /inside HTTP/1.1\r\n\r\n"), "which are carried as they are");
	g_autofree char *ws = talk("GET http://evil.example/upgrade HTTP/1.1\r\nConnection: "
				   "Upgrade\r\nUpgrade: websocket\r\n\r\n");
	is_str(ws, "HTTP/1.1 101 Go\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nframes",
		"an upgrade goes through");
	g_autofree char *early = talk("GET http://evil.example/early HTTP/1.1\r\n\r\n");
	is_str(early,
		"HTTP/1.1 103 Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: "
		"2\r\nConnection: close\r\n\r\nhi",
		"an interim answer");
	g_autofree char *big = talk("GET http://evil.example/big HTTP/1.1\r\n\r\n");
	ok(strlen(big) > 2000000, "two megabytes");

	hk_gate_report r = report();
	is_int(r.rows->len, 6, "six rows");
	const hk_gate_row *row = r.rows->pdata[0];
	ok(strcmp(row->host, "evil.example") == 0 && row->port == 80 &&
			row->refused == HK_EGRESS_OK && row->received > 100 && row->sent > 50,
		"the first one");
	ok(g_str_has_prefix(row->address, "127.0.0.1:"), "its address");
	is_str(((hk_gate_row *)r.rows->pdata[2])->scheme, "connect", "a tunnel is a tunnel");
	is_int(r.refused, 0, "nothing was refused");
	hk_gate_report_clear(&r);
}

static void
refusals(void)
{
	static const struct {
		const char *text, *status, *code;
	} table[] = {
		{"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", "400", "request"},
		{"GET https://evil.example/ HTTP/1.1\r\n\r\n", "400", "request"},
		{"nonsense\r\n\r\n", "400", "request"},
		{"POST http://evil.example/ HTTP/1.1\r\nTransfer-Encoding: "
		 "chunked\r\n\r\n0\r\n\r\n",
			"400", "request"},
		{"CONNECT evil.example:22 HTTP/1.1\r\n\r\n", "403", "port"},
		{"CONNECT 127.0.0.1:443 HTTP/1.1\r\n\r\n", "403", "address"},
		{"CONNECT localhost:443 HTTP/1.1\r\n\r\n", "403", "local-name"},
		{"CONNECT 0x7f.1:443 HTTP/1.1\r\n\r\n", "403", "spelling"},
		{"GET http://evil.example/nonsense HTTP/1.1\r\n\r\n", "502", "connect"},
		{"GET http://evil.example/nothing HTTP/1.1\r\n\r\n", "502", "connect"},
		{"GET http://evil.example:8443/ HTTP/1.1\r\n\r\n", "502", "connect"},
	};

	hk_gate_assign(gate, 0, &who, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
		g_autofree char *got = talk(table[i].text);
		g_autofree char *want = g_strdup_printf("Hikeshi-Refused: %s\r\n", table[i].code);
		ok(strncmp(got, "HTTP/1.1 ", 9) == 0 && strncmp(got + 9, table[i].status, 3) == 0 &&
				strstr(got, want),
			"%s %s: %.*s", table[i].status, table[i].code,
			(int)strcspn(table[i].text, "\r"), table[i].text) ||
			(tap_diag("got: %.200s", got), true);
	}
	hk_gate_report r = report();
	is_int(r.refused, G_N_ELEMENTS(table), "all of them are counted");
	hk_gate_report_clear(&r);
	hk_gate_assign(gate, 0, NULL, NULL);
	g_autofree char *nobody = talk("CONNECT evil.example:443 HTTP/1.1\r\n\r\n");
	ok(strstr(nobody, "403") && strstr(nobody, "Hikeshi-Refused: nobody"),
		"nobody is assigned");
}

static void
vector(char **columns)
{
	g_autofree char *text = g_strcompress(columns[0]);

	if (!columns[2] || strcmp(columns[2], "-") == 0) {
		return;
	}
	/* As a careless client would write it: host and port as they stand. */
	char *host = strstr(text, "://") + 3;
	bool https = g_str_has_prefix(text, "https");
	size_t n = strcspn(host, "/");
	g_autofree char *authority = g_strndup(host, n);
	char *close_at = strrchr(authority, ']');
	bool port = strchr(close_at ? close_at : authority, ':') != NULL;
	g_autofree char *connect_text = g_strdup_printf("CONNECT %s%s HTTP/1.1\r\n\r\n", authority,
		port    ? ""
		: https ? ":443"
			: ":80");
	g_autofree char *get_text = g_strdup_printf("GET http://%s/ HTTP/1.1\r\n\r\n", authority);
	g_autofree char *want = g_strdup_printf("\r\nHikeshi-Refused: %s\r\n", columns[2]);
	g_autofree char *got = talk(connect_text);
	ok(strstr(got, want), "CONNECT %s: %s", authority, columns[2]) ||
		(tap_diag("got: %.120s", got), true);
	g_free(got);
	got = talk(get_text);
	ok(strstr(got, want), "GET: %s", columns[2]) || (tap_diag("got: %.120s", got), true);
	rows++;
}

static void
caps(void)
{
	hk_gate_caps few = {.connections = 2}, small = {.bytes = 100000};

	hk_gate_assign(gate, 0, &who, &few);
	for (int i = 0; i < 3; i++) {
		g_autofree char *got = talk("GET http://evil.example/ HTTP/1.1\r\n\r\n");
		ok((strstr(got, "Hikeshi-Refused: limit") != NULL) == (i == 2), "connection %d",
			i + 1);
	}
	hk_gate_assign(gate, 0, &who, &small);
	g_autofree char *got = talk("GET http://evil.example/big HTTP/1.1\r\n\r\n");
	ok(strlen(got) < 600000, "bytes over the cap do not come");
	hk_gate_report r = report();
	ok(r.over && r.refused == 1 &&
			((hk_gate_row *)r.rows->pdata[0])->refused == HK_EGRESS_LIMIT,
		"the report says so");
	hk_gate_report_clear(&r);
	g_autofree char *after = talk("GET http://evil.example/ HTTP/1.1\r\n\r\n");
	ok(strstr(after, "Hikeshi-Refused: limit"), "and it is over");
	/* Time. */
	hk_gate_assign(gate, 0, &who, &(hk_gate_caps){.ms = 1});
	int fd = dial();
	say(fd, "CONNECT evil.example:443 HTTP/1.1\r\n\r\n", 37);
	GString *all = hear(fd);
	close(fd);
	g_string_free(all, TRUE);
	r = report();
	ok(r.over, "the time is over, and the tunnel ended");
	hk_gate_report_clear(&r);
}

static void
kill_switch(hk_egress *egress)
{
	char data[100];

	hk_gate_assign(gate, 0, &who, NULL);
	int fd = dial();
	say(fd, "CONNECT evil.example:443 HTTP/1.1\r\n\r\n", 37);
	ok(read(fd, data, sizeof data) > 0, "a tunnel is open");
	hk_egress_kill(egress);
	is_int(read(fd, data, sizeof data), 0, "the kill switch closes it");
	close(fd);
	g_autofree char *got = talk("GET http://evil.example/ HTTP/1.1\r\n\r\n");
	ok(strstr(got, "Hikeshi-Refused: killed"), "and lets nothing else through");
	hk_egress_revive(egress);
}

/* ---- Exits ---- */

static int socks_fd, proxy_fd;
static GString *proxied;
static GMutex mutex;

static bool
take(int fd, uint8_t *data, size_t n)
{
	return recv(fd, data, n, MSG_WAITALL) == (ssize_t)n;
}

static void
note(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	g_mutex_lock(&mutex);
	g_string_append_vprintf(proxied, format, args);
	g_mutex_unlock(&mutex);
	va_end(args);
}

/* RFC 1928 with RFC 1929; refuses "closed.example". */
static void *
serve_socks(void *unused)
{
	int fd;

	(void)unused;
	while ((fd = accept(socks_fd, NULL, NULL)) >= 0) {
		uint8_t d[600] = {0};
		bool good = take(fd, d, 2) && take(fd, d + 2, d[1]);
		say(fd, "\x05\x02", 2);
		good = good && take(fd, d, 2) && take(fd, d + 2, d[1] + 1u) &&
		       take(fd, d + 2 + d[1] + 1, d[2 + d[1]]);
		note("%.*s:%.*s ", d[1], (char *)d + 2, d[2 + d[1]], (char *)d + 3 + d[1]);
		say(fd, "\x01\x00", 2);
		good = good && take(fd, d, 5) && take(fd, d + 5, d[4] + 2u);
		note("socks %.*s:%u\n", d[4], (char *)d + 5, d[5 + d[4]] << 8 | d[6 + d[4]]);
		if (good && memcmp(d + 5, "closed", 6) != 0) {
			say(fd, "\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00through", 17);
		} else {
			say(fd, "\x05\x05\x00\x01\x00\x00\x00\x00\x00\x00", 10);
		}
		close(fd);
	}
	return NULL;
}

static void *
serve_proxy(void *unused)
{
	int fd;

	(void)unused;
	while ((fd = accept(proxy_fd, NULL, NULL)) >= 0) {
		char d[2000] = {0};
		ssize_t n = read(fd, d, sizeof d - 1);
		note("%.*s\n", (int)MAX(n, 0), d);
		const char *text = strstr(d, "closed") ? "HTTP/1.1 403 No\r\n\r\n"
						       : "HTTP/1.1 200 OK\r\n\r\nthrough";
		say(fd, text, strlen(text));
		close(fd);
	}
	return NULL;
}

static void
quiet(void *user, const hk_egress_record *record)
{
	(void)user;
	(void)record;
}

/* The two decisions of an assignment through "far". */
static void
check_records(void)
{
	static const char asked[] =
		"\"purpose\":\"capture\",\"case\":\"C-7\",\"requester\":\"test\","
		"\"exit\":\"far\",\"scheme\":\"connect\",\"host\":\"";
	hk_gate_report r = report();
	g_auto(GStrv) lines = g_strsplit(r.records->str, "\n", -1);

	is_int((int)r.recorded, 2, "two decisions are recorded");
	if (g_strv_length(lines) == 3) {
		ok(strstr(lines[0], asked) != NULL,
			"who asked, for which case, through which exit");
		ok(strstr(lines[0], "\"host\":\"good.example\",\"port\":443,\"answers\":["
				    "\"93.184.216.34\"],\"address\":\"127.0.0.1:") &&
				strstr(lines[0], "\"reason\":\"ok\""),
			"what the name resolved to, and where it was connected to");
		ok(strstr(lines[1], "\"host\":\"inner.example\",\"port\":443,\"answers\":["
				    "\"10.0.0.1\"],\"address\":\"\",\"reason\":\"address\""),
			"or why not");
		is_str(lines[2], "", "a line each");
	} else {
		ok(false, "lines: %s", r.records->str);
	}
	hk_gate_report_clear(&r);
}

static void
exits(void)
{
	static const el_name names[] = {{"good.example", "93.184.216.34"},
		{"inner.example", "10.0.0.1"}, {"proxy.example", "127.0.0.1"}};
	unsigned socks_port, proxy_port, dns = el_dns(names, 3);
	pthread_t thread;
	g_autofree char *secret = el_conf("user:word\n");

	proxied = g_string_new(NULL);
	socks_fd = listening(&socks_port);
	proxy_fd = listening(&proxy_port);
	pthread_create(&thread, NULL, serve_socks, NULL);
	pthread_detach(thread);
	pthread_create(&thread, NULL, serve_proxy, NULL);
	pthread_detach(thread);
	g_autofree char *path =
		el_conf("resolvers = {\"127.0.0.1:%u\"}\nexits = {\"jp socks5h://127.0.0.1:%u "
			"secret=%s\", \"far http://127.0.0.1:%u secret=%s resolve=local\", "
			"\"named http://proxy.example:%u secret=%s resolve=local\"}\n",
			dns, socks_port, secret, proxy_port, secret, proxy_port, secret);
	g_autoptr(hk_egress) egress = hk_egress_new(path, NULL);
	unlink(path);
	unlink(secret);
	hk_egress_record_to(egress, quiet, NULL);
	hk_gate *old = gate;
	unsigned old_port = gate_port;
	gate = hk_gate_new(egress, NULL);
	ok(hk_gate_listen(gate, listening(&gate_port), 0, NULL), "a gate with exits");

	hk_egress_who from = who;
	from.exit = "jp";
	hk_gate_assign(gate, 0, &from, NULL);
	g_autofree char *a = talk("CONNECT unknown.example:443 HTTP/1.1\r\n\r\n");
	is_str(a, "HTTP/1.1 200 Connection established\r\n\r\nthrough",
		"SOCKS5: the exit resolves");
	g_autofree char *b = talk("CONNECT closed.example:443 HTTP/1.1\r\n\r\n");
	ok(strstr(b, "502") && strstr(b, "connect"), "it may refuse");
	g_autofree char *c = talk("CONNECT 10.0.0.1:443 HTTP/1.1\r\n\r\n");
	ok(strstr(c, "Hikeshi-Refused: address"), "addresses are looked at all the same");
	is_str(proxied->str,
		"user:word socks unknown.example:443\nuser:word socks closed.example:443\n",
		"what it was asked");
	from.exit = "far";
	hk_gate_assign(gate, 0, &from, NULL);
	g_autofree char *d = talk("CONNECT good.example:443 HTTP/1.1\r\n\r\n");
	is_str(d, "HTTP/1.1 200 Connection established\r\n\r\nthrough", "CONNECT");
	ok(strstr(proxied->str,
		   "CONNECT good.example:443 HTTP/1.1\r\nHost: "
		   "good.example:443\r\nProxy-Authorization: Basic dXNlcjp3b3Jk\r\n\r\n"),
		"what it was asked");
	g_autofree char *e = talk("CONNECT inner.example:443 HTTP/1.1\r\n\r\n");
	ok(strstr(e, "Hikeshi-Refused: address"), "resolve=local looks first");
	check_records();
	/* The proxy's own name is the operator's business; a page that asks for it is a stranger's. */
	from.exit = "named";
	hk_gate_assign(gate, 0, &from, NULL);
	g_autofree char *g = talk("CONNECT proxy.example:443 HTTP/1.1\r\n\r\n");
	ok(strstr(g, "Hikeshi-Refused: address"), "the name of the proxy is private to a page");
	g_autofree char *h = talk("CONNECT good.example:443 HTTP/1.1\r\n\r\n");
	is_str(h, "HTTP/1.1 200 Connection established\r\n\r\nthrough", "and is used all the same");
	g_autofree char *i = talk("CONNECT proxy.example:443 HTTP/1.1\r\n\r\n");
	ok(strstr(i, "Hikeshi-Refused: address"), "which opens it to nobody");
	from.exit = "nowhere";
	hk_gate_assign(gate, 0, &from, NULL);
	g_autofree char *f = talk("CONNECT good.example:443 HTTP/1.1\r\n\r\n");
	ok(strstr(f, "Hikeshi-Refused: exit"), "an exit that there is not");
	hk_gate_free(gate);
	gate = old;
	gate_port = old_port;
	g_string_free(proxied, TRUE);
}

int
main(void)
{
	unsigned canary = el_canary(), dead_port;
	int dead = listening(&dead_port);
	g_autoptr(GError) error = NULL;

	close(dead);
	site_port = el_http(answer);
	g_autofree char *path =
		el_conf("range = 127.0.0.1\nrange-ports = {\"80=%u\", \"443=%u\", \"8443=%u\", "
			"\"8080=%u\", \"22=%u\"}\nhost-rate = 10000\nhost-burst = 10000\n"
			"address-rate = 10000\naddress-burst = 10000\n",
			site_port, site_port, dead_port, canary, canary);
	g_autoptr(hk_egress) egress = hk_egress_new(path, NULL);
	unlink(path);
	hk_egress_record_to(egress, quiet, NULL);
	gate = hk_gate_new(egress, &error);
	ok(gate && hk_gate_listen(gate, listening(&gate_port), 0, &error), "a gate");
	ok(!hk_gate_listen(gate, listening(&dead_port), 0, &error), "a slot that is in use");
	is_int(hk_error_code(error), HK_ERANGE, "is refused");
	hk_gate_assign(gate, 0, &who, NULL);
	requests();
	refusals();
	hk_gate_assign(gate, 0, &who, NULL);
	el_rows("ssrf.tsv", vector);
	ok(rows >= 60, "%u vectors", rows);
	is_int(el_canary_seen(), 0, "the canary has seen nobody");
	caps();
	kill_switch(egress);
	exits();
	/* One tunnel is open when it ends. */
	hk_gate_assign(gate, 0, &who, NULL);
	int fd = dial();
	char data[64];
	say(fd, "CONNECT evil.example:443 HTTP/1.1\r\n\r\n", 37);
	ok(read(fd, data, sizeof data) > 0, "a tunnel");
	hk_gate_unlisten(gate, 5);
	hk_gate_free(gate);
	is_int(read(fd, data, sizeof data), 0, "ends with the gate");
	close(fd);
	return tap_done();
}
