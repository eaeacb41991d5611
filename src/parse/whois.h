/* parse/whois: answers of WHOIS servers (RFC 3912), whatever their form. Layer: parse. Libc only. Input is hostile.
 *
 * There is no format: "Key: value" (ICANN, Verisign), RPSL objects (RIRs, .fr .is .ru), indented lists below a heading (.uk .be .it),
 * "[Key] value" (JPRS), dotted keys (.fi .no). One reader knows them all by the tables whois_keys.def (which key means what, in which part of an answer), whois_says.def
 * (no record, reserved, throttled ...) and regwords.def (words of status). whois.def says whom to ask, and how.
 *
 * The text is UTF-8: sys/charset has converted it before. */
#ifndef HK_PARSE_WHOIS_H
#define HK_PARSE_WHOIS_H

#include "parse/registration.h"

/* A longer answer is refused; the largest seen has 10 KB. */
#define HK_WHOIS_BYTES_MAX (256u * 1024)
#define HK_WHOIS_QUERY_MAX 300

/* hk_whois_parse(text, zone_min, ret): text is a whole answer; zone_min: minutes east of UTC for times that name no zone (hk_whois_rule).
 * Of several values the first counts, except that the last and narrowest network of ARIN's list is taken. HK_ELIMIT over HK_WHOIS_BYTES_MAX, ret untouched;
 * everything else is HK_OK: what is not understood is HK_REG_UNCLEAR. Time is linear in text. */
HK_MUST hk_err hk_whois_parse(hk_span text, int zone_min, hk_registration *ret);

typedef struct hk_whois_rule {
	const char *
		server; /* static storage; NULL in the rule for servers that are not in whois.def */
	const char *query;   /* with one %s */
	const char *charset; /* label for sys/charset */
	int zone_min;
	int pace_ms;
} hk_whois_rule;

/* hk_whois_first(name): the server to ask first about a domain name in lower case, about an address, or "AS64500". Static storage. */
const char *hk_whois_first(const char *name);

/* hk_whois_rule_of(server): how that server wants to be asked; a default rule for all that are not in the table. Never NULL. */
const hk_whois_rule *hk_whois_rule_of(const char *server);

/* hk_whois_query(rule, name, ret): the line to send, with CR LF and a NUL, into HK_WHOIS_QUERY_MAX bytes. HK_EFORM when name has anything
 * but letters, digits and .-_:/ in it, or none: it could be a command to the server. */
HK_MUST hk_err hk_whois_query(const hk_whois_rule *rule, const char *name, char *ret);

#endif
