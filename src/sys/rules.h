/* sys/rules: analysts' rules over certificates, in YARA. Layer: sys. Rules are ours, certificates hostile.
 *
 * A folder of *.yar files. Each is compiled by itself: a bad one is reported with its line and reason and left out, the others
 * work. `include` is switched off. A rule sees the facts of facts.def as external variables and the names of the certificate,
 * one per line, as the text that its strings look at.
 *
 * YARA costs 3 us for a scan and 0.2 us for each rule, a thousand times a certificate's other costs, so rules stand behind
 * gates. A rule says in its meta which fact opens it:
 *
 *   gate = "pattern"         a watch pattern or a brand token (the default, with score >= 0.2)
 *   gate = "score >= 0.3"    the name model
 *   gate = "san_count >= 20" also ==, <=, <, >; and validity_days
 *   gate = "under duckdns.org"   the first name, or the common name, stands under that domain
 *   gate = "private_suffix"  the first name stands under a private suffix
 *   gate = "always"          every certificate; costly
 *
 * Not thread-safe: there is a scanner for each file. */
#ifndef HK_SYS_RULES_H
#define HK_SYS_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "base/err.h"
#include "base/span.h"

#define HK_RULES_FILES_MAX      1000
#define HK_RULES_FILE_BYTES_MAX (1u << 20)
/* One certificate may keep one file's rules busy for so long. */
#define HK_RULES_TIMEOUT_S 2

#define HK_FACT_C_INTEGER int64_t
#define HK_FACT_C_FLOAT   double
#define HK_FACT_C_BOOLEAN bool
#define HK_FACT_C_STRING  const char *

/* The facts of one certificate. Strings are never NULL and are borrowed during the call. */
typedef struct hk_facts {
#define FACT(kind, name, meaning) HK_FACT_C_##kind name;
#include "sys/facts.def"
#undef FACT
} hk_facts;

/* What the gates look at: known for every certificate before anything costly is. */
typedef struct hk_gate_facts {
	bool pattern;
	bool private_suffix;
	double score;
	int64_t san_count;
	int64_t validity_days;
	hk_span name; /* first name: lower case, not NUL-terminated */
} hk_gate_facts;

typedef struct hk_rules hk_rules;

/* Called for each file that is left out: "rules/x.yar:12: why". */
typedef void (*hk_rules_bad_fn)(void *user, const char *message);

/* hk_rules_load(folder, bad, user, error): every *.yar below folder itself (not below its folders), by name. An unreadable
 * folder is an error; an empty one is not. bad may be NULL. */
void hk_rules_free(hk_rules *rules);
hk_rules *hk_rules_load(const char *folder, hk_rules_bad_fn bad, void *user, GError **error)
	HK_FREED_BY(hk_rules_free);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_rules, hk_rules_free)

/* hk_rules_count(rules): rules in force. hk_rules_bad(rules): files that were left out. */
size_t hk_rules_count(const hk_rules *rules);
size_t hk_rules_bad(const hk_rules *rules);

/* hk_rules_want(rules, facts): whether the gate of any rule is open. A few nanoseconds. */
bool hk_rules_want(const hk_rules *rules, const hk_gate_facts *facts);

/* hk_rules_need_suffix(rules): whether any gate looks at private_suffix, which is not free. */
bool hk_rules_need_suffix(const hk_rules *rules);

/* hk_rules_scan(rules, gate, facts, names, ret, max): the identifiers of the rules whose gate is open and that match, in the
 * order of files and rules; at most max. Returns how many; the strings are valid as long as rules. A rule that runs into the
 * time-out does not match. */
size_t hk_rules_scan(hk_rules *rules, const hk_gate_facts *gate, const hk_facts *facts,
	hk_span names, const char **ret, size_t max);

#endif
