#include "sys/dns.h"

#include <poll.h>
#include <string.h>

#include <ares.h>

#include "sys/clock.h"
#include "sys/egress_int.h"
#include "sys/gerr.h"

enum { CLASS_IN = 1, CHAIN_MAX = 16, STEP_MS = 100 };

typedef struct asking {
	hk_egress *egress;
	ares_channel channel;
	GPtrArray *answers;
	unsigned left;
} asking;

typedef struct question {
	asking *all;
	hk_dns_answer *answer;
} question;

const char *
hk_dns_status_name(hk_dns_status status)
{
	static const char *const names[] = {
		"ok", "nodata", "nxdomain", "servfail", "refused", "timeout", "broken"};

	return names[status];
}

const char *
hk_dns_type_name(hk_dnsmsg_type type)
{
	static const struct {
		hk_dnsmsg_type type;
		const char *name;
	} names[] = {{HK_DNSMSG_A, "a"}, {HK_DNSMSG_AAAA, "aaaa"}, {HK_DNSMSG_NS, "ns"},
		{HK_DNSMSG_MX, "mx"}, {HK_DNSMSG_CNAME, "cname"}, {HK_DNSMSG_SOA, "soa"},
		{HK_DNSMSG_TXT, "txt"}};

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		if (names[i].type == type) {
			return names[i].name;
		}
	}
	return "";
}

static void
answer_free(gpointer data)
{
	hk_dns_answer *answer = data;

	g_free(answer->name);
	g_ptr_array_unref(answer->values);
	g_ptr_array_unref(answer->chain);
	g_clear_pointer(&answer->raw, g_bytes_unref);
	g_free(answer);
}

static hk_dns_answer *
answer_new(const hk_dns_question *q)
{
	hk_dns_answer *answer = g_new0(hk_dns_answer, 1);

	answer->name = g_ascii_strdown(q->name, -1);
	answer->type = q->type;
	answer->status = HK_DNS_TIMEOUT;
	answer->values = g_ptr_array_new_with_free_func(g_free);
	answer->chain = g_ptr_array_new_with_free_func(g_free);
	return answer;
}

static void
keep(GPtrArray *list, const char *text, unsigned max, bool *ret_over)
{
	for (unsigned i = 0; i < list->len; i++) {
		if (strcmp(list->pdata[i], text) == 0) {
			return;
		}
	}
	if (list->len < max) {
		g_ptr_array_add(list, g_strdup(text));
	} else {
		*ret_over = true;
	}
}

static int
by_bytes(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* What the message says. Records of other types (DNSSEC) are passed over; so are those of names that the question does not lead to: only
 * CNAMEs in their order lead on. */
static bool
read_message(hk_dns_answer *answer, hk_span message)
{
	g_autofree hk_dnsmsg_record *record = g_new(hk_dnsmsg_record, 1);
	g_autofree char *at = g_strdup(answer->name);
	hk_dnsmsg msg;
	hk_err err = hk_dnsmsg_open(message, &msg);

	while (err == HK_OK && (err = hk_dnsmsg_next(&msg, record)) == HK_OK) {
		if (strcmp(record->owner, at) != 0) {
			continue;
		}
		if (record->type == HK_DNSMSG_CNAME) {
			keep(answer->chain, record->text, CHAIN_MAX, &answer->over);
			g_free(at);
			at = g_strdup(record->text);
		} else if (record->type == (unsigned)answer->type) {
			keep(answer->values, record->text, HK_DNS_VALUES_MAX, &answer->over);
			answer->over = answer->over || record->cut;
		}
	}
	g_ptr_array_sort(answer->values, by_bytes);
	return err == HK_ENOENT;
}

static hk_dns_status
status_of(int code)
{
	switch (code) {
	case ARES_SUCCESS:
		return HK_DNS_OK;
	case ARES_ENODATA:
		return HK_DNS_NODATA;
	case ARES_ENOTFOUND:
		return HK_DNS_NXDOMAIN;
	case ARES_ESERVFAIL:
		return HK_DNS_SERVFAIL;
	case ARES_EREFUSED:
	case ARES_ENOTIMP:
		return HK_DNS_REFUSED;
	case ARES_ETIMEOUT:
	case ARES_ECONNREFUSED:
	case ARES_ECANCELLED:
	case ARES_EDESTRUCTION:
		return HK_DNS_TIMEOUT;
	default:
		return HK_DNS_BROKEN;
	}
}

static void
on_answer(void *user, int code, int timeouts, unsigned char *data, int len)
{
	question *q = user;
	hk_dns_answer *answer = q->answer;

	(void)timeouts;
	answer->status = status_of(code);
	if (data && len > 0) {
		answer->raw = g_bytes_new(data, (size_t)len);
		if (!read_message(answer, hk_span_of(data, (size_t)len))) {
			answer->status = HK_DNS_BROKEN;
		}
	}
	if (answer->status == HK_DNS_OK && answer->values->len == 0) {
		answer->status = HK_DNS_NODATA;
	}
	q->all->left--;
	g_free(q);
}

static bool
open_channel(asking *a, unsigned timeout_ms, GError **error)
{
	char lookups[] = "b";
	struct ares_options options = {
		/* SERVFAIL and REFUSED are facts: without NOCHECKRESP c-ares says "no connection" instead. */
		.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES | ARES_FLAG_NOCHECKRESP,
		.timeout = (int)MAX(MIN(a->egress->dns_timeout_ms, timeout_ms) / 3, 50),
		.tries = 2,
		.lookups = lookups,
	};
	int rc = ares_library_init(ARES_LIB_INIT_ALL);

	if (rc == ARES_SUCCESS) {
		rc = ares_init_options(&a->channel, &options,
			ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS);
	}
	if (rc != ARES_SUCCESS) {
		return hk_error_set(error, HK_EINTERNAL, "c-ares: %s", ares_strerror(rc));
	}
	rc = a->egress->resolvers ? ares_set_servers_ports_csv(a->channel, a->egress->resolvers)
				  : ARES_SUCCESS;
	if (rc != ARES_SUCCESS) {
		ares_destroy(a->channel);
		return hk_error_set(error, HK_EINTERNAL, "c-ares: %s", ares_strerror(rc));
	}
	return true;
}

/* One round of waiting. */
static void
step(asking *a, int64_t left_ms)
{
	ares_socket_t fds[ARES_GETSOCK_MAXNUM];
	struct pollfd polls[ARES_GETSOCK_MAXNUM];
	int mask = ares_getsock(a->channel, fds, ARES_GETSOCK_MAXNUM);
	nfds_t count = 0;
	struct timeval tv;

	for (int i = 0; i < ARES_GETSOCK_MAXNUM; i++) {
		/* ARES_GETSOCK_WRITABLE shifts a signed 1 into the sign. */
		unsigned bits = (unsigned)mask >> i;
		short events = (short)((bits & 1 ? POLLIN : 0) |
				       (bits >> ARES_GETSOCK_MAXNUM & 1 ? POLLOUT : 0));
		if (events) {
			polls[count++] = (struct pollfd){.fd = fds[i], .events = events};
		}
	}
	int64_t wait_ms = MIN(left_ms, STEP_MS);
	if (ares_timeout(a->channel, NULL, &tv)) {
		wait_ms = MIN(wait_ms, tv.tv_sec * 1000 + tv.tv_usec / 1000 + 1);
	}
	if (poll(polls, count, (int)MAX(wait_ms, 0)) < 0) {
		return;
	}
	for (nfds_t i = 0; i < count; i++) {
		ares_process_fd(a->channel,
			polls[i].revents & ~POLLOUT ? polls[i].fd : ARES_SOCKET_BAD,
			polls[i].revents & POLLOUT ? polls[i].fd : ARES_SOCKET_BAD);
	}
	ares_process_fd(a->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

static void
record(const asking *a, const hk_egress_who *who, const char *name, hk_egress_reason reason,
	const char *detail)
{
	hk_egress_record r = {.who = *who,
		.scheme = "dns",
		.host = name,
		.port = HK_EGRESS_DNS_PORT,
		.answers = "",
		.address = "",
		.reason = reason,
		.detail = detail ? detail : ""};

	hk_egress_decided(a->egress, &r);
}

static bool
allowed(const asking *a, const hk_egress_who *who, const char *name, GError **error)
{
	g_autofree char *detail = NULL;
	hk_egress_reason reason = hk_egress_check_query(a->egress, name, &detail);

	record(a, who, name, reason, detail);
	return reason == HK_EGRESS_OK ||
	       hk_error_set(error, HK_EPOLICY, "the DNS is not asked about %s: %s", name,
		       detail ? detail : hk_egress_reason_meaning(reason));
}

GPtrArray *
hk_dns_ask(hk_egress *egress, const hk_egress_who *who, const hk_dns_question *questions,
	size_t count, unsigned timeout_ms, GError **error)
{
	asking a = {.egress = egress ? egress : hk_egress_house(),
		.answers = g_ptr_array_new_with_free_func(answer_free)};
	g_autoptr(GPtrArray) answers = a.answers;
	int64_t until_ms = hk_clock_mono_ms() + timeout_ms, left_ms;

	if (count > HK_DNS_QUESTIONS_MAX) {
		hk_error_set(
			error, HK_ELIMIT, "at most %d questions at once", HK_DNS_QUESTIONS_MAX);
		return NULL;
	}
	for (size_t i = 0; i < count; i++) {
		if ((i == 0 || strcmp(questions[i].name, questions[i - 1].name) != 0) &&
			!allowed(&a, who, questions[i].name, error)) {
			return NULL;
		}
	}
	if (!open_channel(&a, timeout_ms, error)) {
		return NULL;
	}
	a.left = (unsigned)count;
	for (size_t i = 0; i < count; i++) {
		question *q = g_new(question, 1);
		*q = (question){&a, answer_new(&questions[i])};
		g_ptr_array_add(answers, q->answer);
		ares_query(a.channel, questions[i].name, CLASS_IN, (int)questions[i].type,
			on_answer, q);
	}
	while (a.left > 0 && (left_ms = until_ms - hk_clock_mono_ms()) > 0 &&
		!hk_egress_killed(a.egress)) {
		step(&a, left_ms);
	}
	/* Ends what is open with ARES_EDESTRUCTION: a time-out. */
	ares_destroy(a.channel);
	return g_steal_pointer(&answers);
}
