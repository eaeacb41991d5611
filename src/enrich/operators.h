/* enrich/operators: who runs what: CDN, hosting, DNS, private suffixes, shorteners, and who is never written to (conf/operators.conf).
 * Layer: stage (enrich). Input is ours, yet checked. */
#ifndef HK_ENRICH_OPERATORS_H
#define HK_ENRICH_OPERATORS_H

#include <glib.h>

#include "base/err.h"
#include "base/span.h"

#define HK_OPERATORS_BYTES_MAX (1024u * 1024)

typedef enum hk_operator_kind {
	HK_OPERATOR_CDN,
	HK_OPERATOR_HOSTING,
	HK_OPERATOR_DNS,
	HK_OPERATOR_SUFFIX,
	HK_OPERATOR_SHORTENER,
	HK_OPERATOR_REGISTRAR,
	HK_OPERATOR_NEVER,
	HK_OPERATOR_KINDS,
} hk_operator_kind;

/* One line of the file; texts belong to the table. */
typedef struct hk_operator {
	hk_operator_kind kind;
	char *match;  /* as in the file, lower case */
	char *where;  /* a mailbox, or an http or https URL; "-" for never */
	char *source; /* "page", "registry" ... */
	char *name;
} hk_operator;

typedef struct hk_operators hk_operators;

/* hk_operators_read(text, error): the lines of conf/operators.conf. NULL with HK_ECONFIG, "line 7: ..." for a line of another form, HK_ELIMIT over
 * HK_OPERATORS_BYTES_MAX. */
void hk_operators_free(hk_operators *operators); /* accepts NULL */
hk_operators *hk_operators_read(hk_span text, GError **error) HK_FREED_BY(hk_operators_free);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_operators, hk_operators_free)

/* hk_operators_count(operators): lines. hk_operators_at(operators, i): one of them, borrowed. */
size_t hk_operators_count(const hk_operators *operators);
const hk_operator *hk_operators_at(const hk_operators *operators, size_t i);

/* hk_operator_fits(op, what): whether op's MATCH is what: a host name (that name, or one below; "awsdns-*" any label that begins so),
 * "AS13335", or "iana:146". Case does not matter. */
bool hk_operator_fits(const hk_operator *op, const char *what);

/* hk_operators_never(operators, mail): whether a mailbox must not be written to. */
bool hk_operators_never(const hk_operators *operators, const char *mail);

/* hk_operators_name_is_under(name, domain): name is domain, or lies below; without regard to case and a final dot. */
bool hk_operators_name_is_under(const char *name, const char *domain);

#endif
