/* source/mail/rules: where the alert mails of a detection service say what they found. Layer: stage. The rules are ours, yet checked;
 * the mails are hostile.
 *
 * A rule is one file NAME.conf in the notation of the configuration (docs/mail.md explains every key, conf/mail shows two). A mail
 * belongs to a rule when its From domain is the rule's, its sender is authenticated as that domain (as a server says that the operator
 * trusts), and its subject fits. */
#ifndef HK_SOURCE_MAIL_RULES_H
#define HK_SOURCE_MAIL_RULES_H

#include "base/err.h"
#include "source/mail/read.h"

#define HK_MAIL_RULES_MAX     1000u /* rules in a folder */
#define HK_MAIL_RULE_URLS_MAX 200u  /* addresses taken of one mail */

typedef enum hk_mail_need { /* the result that is needed, all for the From domain or the domain above it */
	HK_MAIL_NEED_ANY, /* one of the three */
	HK_MAIL_NEED_DMARC,
	HK_MAIL_NEED_DKIM,
	HK_MAIL_NEED_SPF,
	HK_MAIL_NEED_NONE, /* anybody can write such a mail */
} hk_mail_need;

typedef struct hk_mail_rule {
	char *file, *name;
	GPtrArray *from, *subject, *url, *section, *section_end, *target, *time, *kind, *ignore,
		*stop;    /* of char * */
	GPtrArray *kinds; /* of char *: "words=kind" */
	hk_mail_need need;
	bool links, bare;
	int zone_min; /* of times that name none */
	double score;
} hk_mail_rule;

typedef struct hk_mail_rules hk_mail_rules;

void hk_mail_rules_free(hk_mail_rules *rules); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_mail_rules, hk_mail_rules_free)

/* hk_mail_rules_load(path, error): one rule, or every *.conf of a folder by name. HK_ECONFIG "FILE:LINE: what is wrong", or an error of
 * sys/conffile. */
hk_mail_rules *hk_mail_rules_load(const char *path, GError **error) HK_FREED_BY(hk_mail_rules_free);
size_t hk_mail_rules_count(const hk_mail_rules *rules);
const hk_mail_rule *hk_mail_rules_get(const hk_mail_rules *rules, size_t i);

/* What a server says about the sender; domain "" and result "" when it says nothing. */
typedef struct hk_mail_verdict {
	char *server; /* NULL: no server that is trusted has spoken */
	struct {
		char *result, *domain; /* lower case */
	} spf, dkim, dmarc;
} hk_mail_verdict;
void hk_mail_verdict_clear(hk_mail_verdict *verdict);

/* hk_mail_judge(mail, servers, ret): the results of the topmost Authentication-Results of one of servers (names, NULL-terminated), and of
 * those that it wrote at the same hop: what stands below may be the sender's own invention. Of several dkim results the best for
 * the From domain counts. ret is cleared by the caller. */
void hk_mail_judge(const hk_mail *mail, const char *const *servers, hk_mail_verdict *ret);

/* hk_mail_rules_match(rules, mail, verdict, ret_refused): the first rule that fits; NULL: none. *ret_refused (borrowed, or NULL): a rule that would
 * fit if the sender were authenticated: the mail is a forgery, or the server's name is not configured. */
const hk_mail_rule *hk_mail_rules_match(const hk_mail_rules *rules, const hk_mail *mail,
	const hk_mail_verdict *verdict, const hk_mail_rule **ret_refused);

/* What a mail says by a rule. */
typedef struct hk_mail_found {
	GPtrArray *urls; /* of char *: as written, each once; not yet canonical */
	char *target;    /* or NULL */
	char *kind;      /* as the rule's kinds translate it; NULL: not said, or not known */
	int64_t time_ms; /* 0: not said */
} hk_mail_found;
void hk_mail_found_clear(hk_mail_found *found);

/* hk_mail_rule_apply(rule, mail, ret): first on the plain text; when that names no address, on the text of the HTML. */
void hk_mail_rule_apply(const hk_mail_rule *rule, const hk_mail *mail, hk_mail_found *ret);

/* hk_mail_rule_ignores(rule, url, host): a canonical URL that is the service's own. */
bool hk_mail_rule_ignores(const hk_mail_rule *rule, const char *url, const char *host);

/* hk_mail_under(host, domain): host is domain or below it. */
bool hk_mail_under(const char *host, const char *domain);

/* hk_mail_glob(pattern, text): '*' stands for any bytes, the rest for itself. */
bool hk_mail_glob(const char *pattern, const char *text);

/* hk_mail_time(text, zone_min, ret_ms): "2026年11月25日 11時07分", "2026-11-25T01:44:09Z", "2026/11/25 10:44 JST": year, month, day, hour, minute,
 * perhaps second, in this order; Z, UTC, GMT, JST or +hh:mm behind. */
bool hk_mail_time(const char *text, int zone_min, int64_t *ret_ms);

#endif
