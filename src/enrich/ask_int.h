/* enrich/ask_int: between ask.c and ask_boot.c. Layer: stage (enrich). */
#ifndef HK_ENRICH_ASK_INT_H
#define HK_ENRICH_ASK_INT_H

#include "enrich/ask.h"
#include "enrich/bootstrap.h"
#include "sys/whoisask.h"

/* IANA's files. */
enum { HK_ASK_FILES = 4 };

struct hk_ask {
	hk_egress *egress;
	char *ca_file, *state, *copies;
	hk_whois_pace *pace;
	GMutex mutex;      /* away */
	GHashTable *away;  /* host -> int64_t *: until when a server is left alone */
	GMutex boot_mutex; /* below */
	hk_bootstrap *boots[HK_ASK_FILES];
	int64_t looked_ms
		[HK_ASK_FILES]; /* mono: when its file was last asked for or read; 0: never */
};

/* hk_ask_base(ask, who, kind, key, until_ms): the base URL of the server that knows key; NULL: none, or no file to be had. Asks IANA for its file when ours is
 * older than a day. Caller frees. */
char *hk_ask_base(hk_ask *ask, const hk_egress_who *who, hk_bootstrap_kind kind, const char *key,
	int64_t until_ms);

#endif
