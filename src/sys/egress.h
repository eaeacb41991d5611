/* sys/egress: the one door to the outside (DESIGN §7, rail 1): who may connect to what, and the record of it. Layer: sys.
 *
 * Names and addresses are hostile. Whoever wants a connection asks here; the answer is a list of addresses that are public, found
 * once and pinned, or a refusal with its reason. sys/fetch (HTTP requests), sys/gate (the browser's proxy), sys/http and sys/stream
 * (our own services) go through it, and no other file of the program opens a socket outward (tools/check-source).
 *
 * This header is the policy: an object that any thread may use. Asking without blocking is sys/egress_ask.h. docs/egress.md tells
 * the operator about the file of configuration. */
#ifndef HK_SYS_EGRESS_H
#define HK_SYS_EGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

#include "parse/ipaddr.h"

/* Addresses of one name that are kept, at most; a name with more has its first ones. */
#define HK_EGRESS_ADDRESSES 8
/* The one port of scheme "whois" (RFC 3912), and where the DNS is asked. */
#define HK_EGRESS_WHOIS_PORT 43
#define HK_EGRESS_DNS_PORT   53
/* Longest host, with its NUL. */
#define HK_EGRESS_HOST_SIZE 254

typedef struct hk_egress hk_egress;

/* Who asks. The strings are copied where they are kept. */
typedef struct hk_egress_who {
	const char *
		purpose; /* what for, one word: "capture", "look", "ct", "feed", "mail", "oidc", "blobs", "c2" */
	const char *case_id;   /* for which case, or NULL */
	const char *requester; /* login or name of the part that asks, or NULL */
	const char *exit;      /* name of the exit, or NULL: "direct" */
	bool own; /* the address stands in our own configuration, not in what a stranger wrote: loopback and the rows of `local` are
		   * allowed, any port is; on the range too. Never true for a page, a redirect or a mail's link */
} hk_egress_who;

/* Why not. The texts (hk_egress_reason_code) are stable. */
typedef enum hk_egress_reason {
	HK_EGRESS_OK,
#define REASON(id, code, meaning) HK_EGRESS_##id,
#include "sys/egress_reasons.def"
#undef REASON
	HK_EGRESS_REASON_COUNT
} hk_egress_reason;

/* "ok", "private", ...; one clause. Static storage. */
const char *hk_egress_reason_code(hk_egress_reason reason);
const char *hk_egress_reason_meaning(hk_egress_reason reason);
/* hk_egress_reason_text(reason, detail): "MEANING: DETAIL"; one of them alone where detail is empty or begins with the meaning. Caller frees. */
char *hk_egress_reason_text(hk_egress_reason reason, const char *detail);

/* One decision. All strings live until the callback returns. */
typedef struct hk_egress_record {
	int64_t at_ms; /* wall clock */
	hk_egress_who who;
	const char
		*scheme;  /* "http", "https", "ws", "whois", "dns", "smtp", "tcp": what is known */
	const char *host; /* as asked */
	unsigned port;    /* as asked */
	const char *
		answers; /* what the name resolved to, separated by blanks; "" when nothing was looked up or the exit resolves */
	const char *address;     /* "192.0.2.1:443" that will be connected to; "" when refused */
	hk_egress_reason reason; /* HK_EGRESS_OK: allowed */
	const char *detail;      /* "10.0.0.1 is private (RFC 1918)", or "" */
} hk_egress_record;

/* hk_egress_record_json(record, out): a JSON object, appended: at (RFC 3339, whole seconds), at_ms, purpose, case, requester (null: none), exit, scheme, host,
 * port, answers (list), address, reason (hk_egress_reason_code), detail. */
void hk_egress_record_json(const hk_egress_record *record, GString *out);

/* Called for each decision, in the thread that asked; must not call back into egress. */
typedef void (*hk_egress_recorder)(void *user, const hk_egress_record *record);

/* hk_egress_new(path, error): the policy from a file of configuration (egress.def tells the keys), or the built-in one when path is
 * NULL. HK_ECONFIG with "PATH:LINE: what"; HK_EIO, HK_ENOENT, HK_EPOLICY for files that cannot be read or whose secrets others may
 * read. Counted: hk_egress_ref, hk_egress_unref (accepts NULL). */
hk_egress *hk_egress_new(const char *path, GError **error);
hk_egress *hk_egress_ref(hk_egress *egress);
void hk_egress_unref(hk_egress *egress);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_egress, hk_egress_unref)

/* hk_egress_house(): the process's policy, borrowed: what hk_egress_set_house() was given (a reference is taken), the built-in one
 * before that. Set before other threads begin. */
hk_egress *hk_egress_house(void);
void hk_egress_set_house(hk_egress *egress);

/* hk_egress_record_to(egress, recorder, user): instead of the log (events egress.allowed, debug; egress.refused, notice). */
void hk_egress_record_to(hk_egress *egress, hk_egress_recorder recorder, void *user);

/* hk_egress_kill(egress): from now on nothing is allowed, and what is open is closed by those who hold it at their next step.
 * hk_egress_killed(): that, or one of the two stop-files exists, or cannot be looked for, for whatever reason (looked at on each call).
 * hk_egress_killed_why(): which one, and what to do when it cannot be looked for; one clause that begins like the meaning of HK_EGRESS_KILLED, which
 * is all of it when no file says so (any more). Newly allocated, the caller's to free. hk_egress_revive() takes hk_egress_kill() back. */
void hk_egress_kill(hk_egress *egress);
void hk_egress_revive(hk_egress *egress);
bool hk_egress_killed(const hk_egress *egress);
char *hk_egress_killed_why(const hk_egress *egress);

/* hk_egress_purpose_ports(egress, purpose, ports, count): from now on who asks for that purpose may connect to these ports of strangers
 * besides those of `ports` in the configuration, with any scheme that has no port of its own, and nobody else may; in place of what the purpose was given before (count
 * 0: none). For the ports that a file of a C2 family names (purpose "c2"). False, and nothing is changed, when one of them is out of
 * range, or that of WHOIS or of the DNS. Any thread. */
bool hk_egress_purpose_ports(
	hk_egress *egress, const char *purpose, const unsigned *ports, size_t count);

/* hk_egress_check_target(egress, who, scheme, host, port, ret_detail): what can be said before a name is looked up: the kill switch,
 * the exit, the scheme (http, https, ws, wss; connect: a
 * tunnel of the gate; whois, port 43 and no other; tcp, smtp, smtps for own ones), the port, the name (no localhost, no metadata service, no single
 * label, no odd spelling of an address), the address if it is one. Not recorded. *ret_detail (or NULL): a clause, caller frees. */
hk_egress_reason hk_egress_check_target(const hk_egress *egress, const hk_egress_who *who,
	const char *scheme, const char *host, unsigned port, char **ret_detail);

/* hk_egress_check_query(egress, name, ret_detail): whether the DNS may be asked about a name, for its records' sake; nothing is connected to.
 * On the range only its own DNS is asked. Not recorded. */
hk_egress_reason hk_egress_check_query(
	const hk_egress *egress, const char *name, char **ret_detail);

/* hk_egress_check_address(egress, who, host, addr, port, ret_detail): whether host may be this address. host: the name that was
 * looked up, for rows of `local` that are names; or NULL. */
hk_egress_reason hk_egress_check_address(const hk_egress *egress, const hk_egress_who *who,
	const char *host, const hk_ipaddr *addr, unsigned port, char **ret_detail);

/* hk_egress_decided(egress, record): hands a decision to the recorder; at_ms is filled in. For the parts of egress. */
void hk_egress_decided(hk_egress *egress, hk_egress_record *record);

/* hk_egress_on_range(egress): all names are the range's. hk_egress_range_port(egress, host, port): the port of the range that stands for it: of the row for host, else
 * of the nearest name above it, else of the row for every host, else port. */
bool hk_egress_on_range(const hk_egress *egress);
unsigned hk_egress_range_port(const hk_egress *egress, const char *host, unsigned port);

/* hk_egress_range_address(egress, addr): on the range, and an address that a stranger has there (`range-addresses`): it stands for the range's own one. */
bool hk_egress_range_address(const hk_egress *egress, const hk_ipaddr *addr);

/* hk_egress_has_exit(egress, name): NULL and "direct" are always there. hk_egress_exits(egress): the names, NULL at the end, borrowed. */
bool hk_egress_has_exit(const hk_egress *egress, const char *name);
const char *const *hk_egress_exits(const hk_egress *egress);

/* hk_egress_resolvers(egress): the DNS servers of the configuration, "ADDRESS:PORT,..."; NULL: those of /etc/resolv.conf. Borrowed. */
const char *hk_egress_resolvers(const hk_egress *egress);

#endif
