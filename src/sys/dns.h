/* sys/dns: asking the DNS for records, as facts about a name. Layer: sys. Names and answers are hostile.
 *
 * Through c-ares and the rules of sys/egress: its resolvers, its kill switch, its records (scheme "dns"). Nothing that this machine believes
 * about a name (hosts file, search list) counts. An address that is found here is a fact, also when it is private; whoever wants to connect
 * asks sys/egress. */
#ifndef HK_SYS_DNS_H
#define HK_SYS_DNS_H

#include <glib.h>

#include "parse/dnsmsg.h"
#include "sys/egress.h"

/* Values that are kept of one answer. */
#define HK_DNS_VALUES_MAX 64
/* Questions in one call. */
#define HK_DNS_QUESTIONS_MAX 16

typedef enum hk_dns_status {
	HK_DNS_OK,       /* there are values */
	HK_DNS_NODATA,   /* the name is there, records of this type are not */
	HK_DNS_NXDOMAIN, /* the name does not exist */
	HK_DNS_SERVFAIL, /* the resolver got no answer that it believes */
	HK_DNS_REFUSED,  /* the resolver does not answer us */
	HK_DNS_TIMEOUT,  /* nobody answered */
	HK_DNS_BROKEN,   /* what came is no answer */
} hk_dns_status;

typedef struct hk_dns_question {
	const char *name; /* ASCII */
	hk_dnsmsg_type type;
} hk_dns_question;

typedef struct hk_dns_answer {
	char *name;
	hk_dnsmsg_type type;
	hk_dns_status status;
	GPtrArray *
		values; /* owned texts as parse/dnsmsg writes them, each once, in the order of their bytes */
	GPtrArray *chain; /* owned: targets of the CNAMEs on the way, in order */
	bool over;        /* more than HK_DNS_VALUES_MAX, or one was cut */
	GBytes *raw;      /* the message, or NULL */
} hk_dns_answer;

/* hk_dns_status_name(status): "ok", "nodata", "nxdomain", "servfail", "refused", "timeout", "broken". Static storage. */
const char *hk_dns_status_name(hk_dns_status status);

/* hk_dnsmsg_type's name: "a", "aaaa", "ns", "mx", "cname", "soa", "txt". Static storage. */
const char *hk_dns_type_name(hk_dnsmsg_type type);

/* hk_dns_ask(egress, who, questions, count, timeout_ms, error): all at once; blocks until each is answered or timeout_ms have passed.
 * GPtrArray of hk_dns_answer in the order of the questions. egress NULL: the house's. NULL: HK_EPOLICY: egress refuses one of the names, or all
 * (kill switch); HK_ELIMIT: over HK_DNS_QUESTIONS_MAX; HK_EINTERNAL. Caller unrefs. */
GPtrArray *hk_dns_ask(hk_egress *egress, const hk_egress_who *who, const hk_dns_question *questions,
	size_t count, unsigned timeout_ms, GError **error);

#endif
