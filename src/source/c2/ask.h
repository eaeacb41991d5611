/* source/c2/ask: stage A: the dead drops of one family, asked now and then. Layer: stage (source/c2). What comes back is hostile.
 *
 * A conditional GET (RFC 9110, section 13) of each, through egress (purpose "c2-drop"), no redirect followed; a body that is new is decoded (source/c2/drop); what the tag tells of its time and size is held against the other lines of the
 * answer. Each answer is one transaction of flow/c2. */
#ifndef HK_SOURCE_C2_ASK_H
#define HK_SOURCE_C2_ASK_H

#include "flow/c2.h"
#include "source/c2/family.h"
#include "sys/egress.h"

typedef struct hk_c2_asker hk_c2_asker;

/* hk_c2_asker_new(family, egress, stop_fd, error): family is borrowed; egress NULL: the house's. */
void hk_c2_asker_free(hk_c2_asker *asker); /* accepts NULL */
hk_c2_asker *hk_c2_asker_new(const hk_family *family, hk_egress *egress, int stop_fd,
	GError **error) HK_FREED_BY(hk_c2_asker_free);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_c2_asker, hk_c2_asker_free)

/* hk_c2_asker_ask(asker, flow, ret_moved, error): all of them, at once; waits for the answers, at most 20 s. *ret_moved: how many name something new. One that fails is told to flow, it is no failure.
 * hk_c2_asker_next_ms(asker): until the next time, with jitter of a tenth. */
bool hk_c2_asker_ask(hk_c2_asker *asker, hk_flow *flow, uint64_t *ret_moved, GError **error);
int64_t hk_c2_asker_next_ms(const hk_c2_asker *asker);

/* hk_c2_asker_once(asker, told, user): the same without a database: each drop is asked unconditionally and told: addresses (NULL: none), status, why (or NULL). */
typedef void (*hk_c2_told)(
	void *user, const char *url, int status, const char *addresses, const char *why);
bool hk_c2_asker_once(hk_c2_asker *asker, hk_c2_told told, void *user, GError **error);

/* hk_c2_asker_of(asker): the family's name. */
const char *hk_c2_asker_of(const hk_c2_asker *asker);

#endif
