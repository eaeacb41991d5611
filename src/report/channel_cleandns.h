/* report/channel_cleandns: which registrars and registries CleanDNS acts for, so that a report goes there when it has an effect. Layer: stage (report). Answers are
 * hostile. Pure.
 *
 * The answer of GET /abuse/clients is read tolerantly: names are looked for in lists of strings and in objects, at any of the places that are named in
 * channel_cleandns.c. */
#ifndef HK_REPORT_CHANNEL_CLEANDNS_H
#define HK_REPORT_CHANNEL_CLEANDNS_H

#include "report/channel.h"

/* More names than this are not kept. */
#define HK_CLEANDNS_CLIENTS_MAX 20000

/* Opaque: TLDs and registrars that it acts for. */
typedef struct hk_cleandns hk_cleandns;
void hk_cleandns_free(hk_cleandns *clients); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_cleandns, hk_cleandns_free)

/* hk_cleandns_ask(conf, ret): the request. hk_cleandns_read(conf, answer, ret_told): what came; NULL: *ret_told says why (zeroed or cleared before). */
void hk_cleandns_ask(const hk_channel_conf *conf, hk_channel_ask *ret);
hk_cleandns *hk_cleandns_read(
	const hk_channel_conf *conf, const hk_channel_answer *answer, hk_told *ret_told);

/* hk_cleandns_covers(clients, host, registrar): whether a suffix of host ("shop", "co.example") is one of its TLDs, or registrar (or NULL) one of its registrars: letter
 * case, blanks, punctuation and endings such as "Inc." do not count. */
bool hk_cleandns_covers(const hk_cleandns *clients, const char *host, const char *registrar);

#endif
