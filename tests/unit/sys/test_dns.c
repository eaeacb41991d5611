/* sys/dns against a server of every temper on loopback, by UDP and by TCP on one port: what each state of a name is called. */
#include "sys/dns.h"

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

enum { HEADER = 12, BIG = 40, RCODE_MASK = 15 };

static int udp_fd, tcp_fd;
static int by_tcp; /* questions that came that way */

/* What the server does about a name. */
static const struct temper {
	const char *name;
	unsigned rcode;
	unsigned udp, tcp; /* answers, by UDP and by TCP */
	enum { PLAIN, TRUNCATED, SILENT, CUT_SHORT, OTHER_OWNER, OTHER_ID, HANGS_UP } how;
	hk_dns_status want;
	unsigned values; /* that are found */
} tempers[] = {
	{"plain.test", 0, 1, 1, PLAIN, HK_DNS_OK, 1},
	{"several.test", 0, 3, 3, PLAIN, HK_DNS_OK, 3},
	{"big.test", 0, 0, BIG, TRUNCATED, HK_DNS_OK, BIG},
	{"nodata.test", 0, 0, 0, PLAIN, HK_DNS_NODATA, 0},
	{"gone.test", 3, 0, 0, PLAIN, HK_DNS_NXDOMAIN, 0},
	{"broken-zone.test", 2, 0, 0, PLAIN, HK_DNS_SERVFAIL, 0},
	{"refused.test", 5, 0, 0, PLAIN, HK_DNS_REFUSED, 0},
	{"silent.test", 0, 0, 0, SILENT, HK_DNS_TIMEOUT, 0},
	{"spoofed.test", 0, 1, 1, OTHER_ID, HK_DNS_TIMEOUT, 0},
	{"cut.test", 0, 1, 1, CUT_SHORT, HK_DNS_BROKEN, 0},
	{"stranger.test", 0, 1, 1, OTHER_OWNER, HK_DNS_NODATA, 0},
	/* The last one is asked by itself: c-ares has one TCP connection for all. */
	{"half.test", 0, 0, 0, HANGS_UP, HK_DNS_TIMEOUT, 0},
};

static const struct temper *
temper_of(const uint8_t *packet, size_t len, size_t *ret_end)
{
	char name[256];
	size_t at = HEADER, out = 0;

	while (at < len && packet[at] != 0) {
		size_t n = packet[at++];
		if (n > 63 || at + n > len || out + n + 2 > sizeof name) {
			return NULL;
		}
		memcpy(name + out, packet + at, n);
		out += n;
		name[out++] = '.';
		at += n;
	}
	name[out > 0 ? out - 1 : 0] = '\0';
	*ret_end = at + 5;
	for (size_t i = 0; i < G_N_ELEMENTS(tempers); i++) {
		if (g_ascii_strcasecmp(tempers[i].name, name) == 0) {
			return &tempers[i];
		}
	}
	return NULL;
}

/* Makes the question in packet an answer with that many addresses; its length, 0: none is sent. */
static size_t
make_answer(uint8_t *packet, size_t len, bool tcp)
{
	size_t end = 0;
	const struct temper *t = temper_of(packet, len, &end);
	unsigned count = t ? (tcp ? t->tcp : t->udp) : 0;

	if (!t || t->how == SILENT || (tcp && t->how == HANGS_UP)) {
		return 0;
	}
	bool truncated = !tcp && (t->how == TRUNCATED || t->how == HANGS_UP);
	packet[0] ^= t->how == OTHER_ID;
	packet[2] = truncated ? 0x87 : 0x85;
	packet[3] = (uint8_t)(0x80 | (t->rcode & RCODE_MASK));
	memset(packet + 6, 0, 6);
	packet[7] = (uint8_t)count;
	for (unsigned i = 0; i < count; i++) {
		/* The owner: a pointer to the question's name, or "x". */
		static const uint8_t same[] = {0xc0, HEADER}, other[] = {1, 'x', 0};
		const uint8_t rest[] = {0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 93, 184, 216, (uint8_t)i};
		bool own = t->how != OTHER_OWNER;
		memcpy(packet + end, own ? same : other, own ? sizeof same : sizeof other);
		end += own ? sizeof same : sizeof other;
		memcpy(packet + end, rest, sizeof rest);
		end += sizeof rest;
	}
	return end - (t->how == CUT_SHORT ? 3 : 0);
}

static void
answer_udp(void)
{
	uint8_t packet[4096];
	struct sockaddr_in from;
	socklen_t from_len = sizeof from;
	ssize_t n = recvfrom(udp_fd, packet, 512, 0, (struct sockaddr *)&from, &from_len);
	size_t len = n > HEADER ? make_answer(packet, (size_t)n, false) : 0;

	if (len > 0) {
		sendto(udp_fd, packet, len, 0, (struct sockaddr *)&from, from_len);
	}
}

/* One question of a connection; false: it is over. */
static bool
answer_tcp(int fd)
{
	uint8_t packet[4096], size[2];
	ssize_t n =
		recv(fd, size, 2, MSG_WAITALL) == 2
			? recv(fd, packet, MIN((size_t)size[0] << 8 | size[1], 512), MSG_WAITALL)
			: 0;
	size_t len = n > HEADER ? make_answer(packet, (size_t)n, true) : 0;

	if (n > 0) {
		g_atomic_int_inc(&by_tcp);
	}
	size[0] = (uint8_t)(len >> 8);
	size[1] = (uint8_t)len;
	return len > 0 && send(fd, size, 2, MSG_NOSIGNAL) == 2 &&
	       send(fd, packet, len, MSG_NOSIGNAL) == (ssize_t)len;
}

static void *
serve_tcp(void *unused)
{
	int fd;

	(void)unused;
	while ((fd = accept(tcp_fd, NULL, NULL)) >= 0) {
		while (answer_tcp(fd)) {
		}
		close(fd);
	}
	return NULL;
}

static void *
serve_udp(void *unused)
{
	(void)unused;
	for (;;) {
		answer_udp();
	}
	return NULL;
}

/* Both sockets on one port, which the kernel chooses. */
static unsigned
start_server(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof at;
	pthread_t thread;

	for (int i = 0; i < 20; i++) {
		at.sin_port = 0;
		udp_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		tcp_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (bind(udp_fd, (struct sockaddr *)&at, len) == 0 &&
			getsockname(udp_fd, (struct sockaddr *)&at, &len) == 0 &&
			bind(tcp_fd, (struct sockaddr *)&at, len) == 0 && listen(tcp_fd, 16) == 0) {
			pthread_create(&thread, NULL, serve_udp, NULL);
			pthread_detach(thread);
			pthread_create(&thread, NULL, serve_tcp, NULL);
			pthread_detach(thread);
			return ntohs(at.sin_port);
		}
		close(udp_fd);
		close(tcp_fd);
	}
	printf("Bail out! no loopback\n");
	exit(1);
}

static void
quiet(void *user, const hk_egress_record *r)
{
	(void)user;
	(void)r;
}

static void
check_tempers(hk_egress *egress, const hk_egress_who *who, size_t from, size_t count)
{
	hk_dns_question questions[G_N_ELEMENTS(tempers)];
	g_autoptr(GError) error = NULL;

	for (size_t i = 0; i < count; i++) {
		questions[i] = (hk_dns_question){tempers[from + i].name, HK_DNSMSG_A};
	}
	g_autoptr(GPtrArray) answers = hk_dns_ask(egress, who, questions, count, 8000, &error);
	if (!ok(answers != NULL, "%zu questions at once%s%s", count, error ? ": " : "",
		    error ? error->message : "")) {
		return;
	}
	for (unsigned i = 0; i < answers->len; i++) {
		const hk_dns_answer *a = answers->pdata[i];
		const struct temper *t = &tempers[from + i];
		is_str(hk_dns_status_name(a->status), hk_dns_status_name(t->want), "%s: its state",
			t->name);
		is_int(a->values->len, t->values, "%s: its addresses", t->name);
	}
}

int
main(void)
{
	g_autoptr(GError) error = NULL;
	const hk_egress_who who = {.purpose = "enrich", .requester = "test"};
	g_autofree char *path = el_conf("resolvers = {\"127.0.0.1:%u\"}\n", start_server());
	g_autoptr(hk_egress) egress = hk_egress_new(path, &error);

	unlink(path);
	if (!ok(egress != NULL, "rules%s%s", error ? ": " : "", error ? error->message : "")) {
		return tap_done();
	}
	hk_egress_record_to(egress, quiet, NULL);
	check_tempers(egress, &who, 0, G_N_ELEMENTS(tempers) - 1);
	int before = g_atomic_int_get(&by_tcp);
	ok(before > 0, "what was truncated was asked again by TCP");
	check_tempers(egress, &who, G_N_ELEMENTS(tempers) - 1, 1);
	ok(g_atomic_int_get(&by_tcp) > before, "and where the server hung up, too");

	hk_dns_question many[HK_DNS_QUESTIONS_MAX + 1];
	for (size_t i = 0; i < G_N_ELEMENTS(many); i++) {
		many[i] = (hk_dns_question){"plain.test", HK_DNSMSG_A};
	}
	GPtrArray *none = hk_dns_ask(egress, &who, many, G_N_ELEMENTS(many), 5000, &error);
	ok(!none && hk_error_code(error) == HK_ELIMIT, "too many questions");
	g_clear_error(&error);
	many[0].name = "localhost";
	none = hk_dns_ask(egress, &who, many, 1, 5000, &error);
	ok(!none && hk_error_code(error) == HK_EPOLICY, "a local name is not asked about");
	g_clear_error(&error);
	hk_egress_kill(egress);
	none = hk_dns_ask(egress, &who, many + 1, 1, 5000, &error);
	ok(!none && hk_error_code(error) == HK_EPOLICY, "nor is any under the kill switch");
	return tap_done();
}
