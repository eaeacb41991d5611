/* sys/whoisask: asking WHOIS servers (RFC 3912), and following their referrals. Layer: sys. Names, referrals and answers are hostile.
 *
 * Through sys/egress (scheme "whois": port 43 and no other; purpose and exit are the caller's), so a referral to a private address leads
 * nowhere. Each server is left in peace for the time that parse/whois.def says. Blocking; any thread. */
#ifndef HK_SYS_WHOISASK_H
#define HK_SYS_WHOISASK_H

#include <glib.h>

#include "parse/registration.h"
#include "sys/egress.h"

/* Bytes of one answer; what is over is cut. */
#define HK_WHOISASK_BYTES_MAX (64u * 1024)
/* Referrals that are followed, one after another. */
#define HK_WHOISASK_HOPS_MAX 3

/* The pace towards each server: one for a process, and, by a file, for all processes of a machine. hk_whois_pace_new(path): the file has 8 bytes for each of
 * HK_WHOISASK_SLOTS shares of all servers, by a hash of the name (servers of one share wait for one another), and is made where it is missing; its folder must be there. NULL, or a
 * file that cannot be had: the pace is this process's alone. The time in it is the monotonic clock's; one that is more than HK_WHOISASK_LINE_MS ahead is another
 * boot's, and does not count. */
#define HK_WHOISASK_SLOTS   1024
#define HK_WHOISASK_LINE_MS 120000
typedef struct hk_whois_pace hk_whois_pace;
hk_whois_pace *hk_whois_pace_new(const char *path);
void hk_whois_pace_free(hk_whois_pace *pace); /* accepts NULL */

typedef struct hk_whois_reply {
	char *server;
	GBytes *raw;          /* as it came, at most HK_WHOISASK_BYTES_MAX */
	bool cut;             /* there was more */
	hk_registration *reg; /* what it says */
} hk_whois_reply;
void hk_whois_reply_free(gpointer reply);

/* hk_whois_ask(egress, pace, who, server, name, until_ms, error): one question. until_ms: hk_clock_mono_ms() at which it ends. egress NULL: the
 * house's. NULL: HK_EFORM: name cannot be asked; HK_EPOLICY: egress refuses; HK_EAGAIN: it is not this server's turn before until_ms;
 * HK_EREMOTE: no connection, no answer, or not in time. Caller frees with hk_whois_reply_free(). */
hk_whois_reply *hk_whois_ask(hk_egress *egress, hk_whois_pace *pace, const hk_egress_who *who,
	const char *server, const char *name, int64_t until_ms, GError **error);

/* hk_whois_follow(egress, pace, who, name, until_ms, error): begins where parse/whois.def says and follows referrals, at most
 * HK_WHOISASK_HOPS_MAX, never to a server that was asked already. GPtrArray of hk_whois_reply in order, at least one; an error on a later hop ends
 * the chain and is told through *error although the result is not NULL. NULL: the first server did not answer. Caller unrefs. */
GPtrArray *hk_whois_follow(hk_egress *egress, hk_whois_pace *pace, const hk_egress_who *who,
	const char *name, int64_t until_ms, GError **error);

#endif
