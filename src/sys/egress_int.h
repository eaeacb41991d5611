/* sys/egress_int: what the files of egress share. Layer: sys; for egress*.c and dns.c only. */
#ifndef HK_SYS_EGRESS_INT_H
#define HK_SYS_EGRESS_INT_H

#include <sys/socket.h>

#include "sys/egress_ask.h"

enum { HK_EGRESS_STOPS = 2 };

/* A row of `local`. */
typedef struct hk_egress_local {
	char *name; /* lower case, or NULL: net */
	hk_ipaddr net;
	unsigned bits;
	unsigned port;
} hk_egress_local;

typedef struct hk_egress_exit {
	char *name;
	hk_egress_kind kind;
	char *host; /* of the proxy */
	unsigned port;
	char *user; /* or NULL */
	char *password;
	bool resolve; /* look the name up here as well, and refuse what is not public */
} hk_egress_exit;

struct hk_egress {
	int refs;
	int killed;
	hk_egress_recorder recorder; /* NULL: the log */
	void *recorder_user;

	/* Configuration: constant. */
	GArray *ports;     /* unsigned */
	GPtrArray *locals; /* hk_egress_local */
	GPtrArray *exits;  /* hk_egress_exit; the first is direct */
	GPtrArray *names;  /* of the exits, NULL at the end */
	bool on_range;
	hk_ipaddr range;
	GHashTable *range_ports; /* "host:port", ":port" -> port */
	GArray *range_addresses; /* hk_ipaddr */
	char *resolvers;         /* as c-ares wants them, or NULL */
	unsigned dns_timeout_ms;
	char *stop_files[HK_EGRESS_STOPS]; /* or NULL: none */
	double host_rate, address_rate;
	unsigned host_burst, address_burst, host_open, open_max;

	/* Under the mutex: ports that one purpose has besides `ports`, and the pace. */
	GMutex mutex;
	GHashTable *purposes; /* purpose -> GArray of unsigned */
	GHashTable *buckets;  /* "h:host" and "a:address" -> bucket */
	unsigned open;
};

/* hk_egress_configure(egress, path, error): fills the constant part; path NULL: the defaults. */
bool hk_egress_configure(hk_egress *egress, const char *path, GError **error);
void hk_egress_local_free(gpointer local);
void hk_egress_exit_free(gpointer exit);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_egress_exit, hk_egress_exit_free)

/* hk_egress_exit_get(egress, name): NULL when there is none; "direct" for NULL. */
const hk_egress_exit *hk_egress_exit_get(const hk_egress *egress, const char *name);

/* hk_egress_pace_take(egress, host, address): 0: a place is taken (given back with hk_egress_pace_give()); else try again after so many
 * milliseconds. */
unsigned hk_egress_pace_take(hk_egress *egress, const char *host, const char *address);
void hk_egress_pace_give(hk_egress *egress, const char *host, const char *address);

/* hk_egress_address_text(addr, port, ret): "1.2.3.4:80", "[::1]:80" into ret[HK_EGRESS_ADDRESS_SIZE]. */
enum { HK_EGRESS_ADDRESS_SIZE = HK_IPADDR_TEXT_SIZE + 8 };
const char *hk_egress_address_text(const hk_ipaddr *addr, unsigned port, char *ret);

/* hk_egress_sockaddr(addr, port, ret): the length of what was written. */
socklen_t hk_egress_sockaddr(const hk_ipaddr *addr, unsigned port, struct sockaddr_storage *ret);

/* hk_egress_of_sockaddr(sa, ret_addr, ret_port): false for another family than IPv4 and IPv6. */
bool hk_egress_of_sockaddr(const struct sockaddr *sa, hk_ipaddr *ret_addr, unsigned *ret_port);

#endif
