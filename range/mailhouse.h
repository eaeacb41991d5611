/* range/mailhouse: an SMTP and an IMAP server over the same mailboxes, and the parties behind them that answer reports (docs/range.md). Loopback only. */
#ifndef RG_MAILHOUSE_H
#define RG_MAILHOUSE_H

#include "mailconn.h"
#include "mailparty.h"
#include "mailstore.h"

typedef enum rg_mailfault {
	RG_MAILFAULT_NONE,
#define FAULT(id, name, what) RG_MAILFAULT_##id,
#include "mailfault.def"
#undef FAULT
} rg_mailfault;

typedef struct rg_mailhouse_config {
	const char *dir;                            /* for ca.pem */
	unsigned smtp, smtps, imap, imaps, control; /* ports; 0: any */
	const char *user, *password; /* who may send and read; NULL: anybody, without AUTH */
	bool no_starttls;
	char *const *faults;  /* of mailfault.def, NULL at the end */
	char *const *parties; /* "ADDRESS=LANG,STYLE,STEP:N,..." */
	unsigned pace_ms;     /* a unit of time of the parties */
	const char *
		sites; /* URL of `hikeshi-range sites`, where a party that acts has the site taken away; or NULL */
} rg_mailhouse_config;

typedef struct rg_mailhouse rg_mailhouse;

rg_mailhouse *rg_mailhouse_new(const rg_mailhouse_config *config, GError **error);
void rg_mailhouse_free(rg_mailhouse *house); /* accepts NULL */

/* rg_mailhouse_json(house): {"smtp":port,...,"ca":path}: the line that says that it is ready. Caller frees. */
char *rg_mailhouse_json(const rg_mailhouse *house);

/* ---- for the parts of the mail house ---- */

rg_mailstore *rg_mailhouse_store(rg_mailhouse *house);
rg_parties *rg_mailhouse_parties(rg_mailhouse *house);
const rg_mailhouse_config *rg_mailhouse_config_of(const rg_mailhouse *house);
SSL_CTX *rg_mailhouse_tls(rg_mailhouse *house);

/* rg_mailhouse_fault(house, fault, address): whether this fault strikes now; counts it. address: the recipient, or NULL. */
bool rg_mailhouse_fault(rg_mailhouse *house, rg_mailfault fault, const char *address);

/* rg_mailhouse_met(house, key): whether it was seen before; it is from now on. For the greylist. */
bool rg_mailhouse_met(rg_mailhouse *house, const char *key);

/* rg_mailhouse_login(house, base64): "\0user\0password" as AUTH PLAIN sends it. */
bool rg_mailhouse_login(const rg_mailhouse *house, const char *base64);
bool rg_mailhouse_login_as(const rg_mailhouse *house, const char *user, const char *password);

/* A session, in its own thread. */
void rg_mailsmtp(rg_mailhouse *house, rg_mailconn *conn, bool tls);
void rg_mailimap(rg_mailhouse *house, rg_mailconn *conn);

#endif
