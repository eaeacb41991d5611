/* role/bell: listens to the command channels of the families that are enabled (docs/bell.md). Layer: role. What servers say is hostile: recorded and told, never obeyed.
 *
 * A thread of `hikeshi watch` with a database connection of its own, and a poller (role/poller) for the dead drops of each family. Of several watch processes the first one by name listens
 * (store/workers): two bots of one house on one port would be one too many. A frame is in the record's file (source/c2/record) before it is read; what is not in the database yet, because that was
 * away or the process died, is taken from the record again. */
#ifndef HK_ROLE_BELL_H
#define HK_ROLE_BELL_H

#include "role/role.h"

/* How often the addresses of stage B are looked up, and the work that is not pressing is done. A server that no drop names any more is listened to as long as its session holds, so long. */
#define HK_BELL_LOOK_MS   5000
#define HK_BELL_LINGER_MS INT64_C(86400000)

typedef struct hk_bell hk_bell;

/* hk_bell_start(opts, owner, pollers, ret, error): reads --families (a folder that was not asked for may be missing: then, and without an enabled family, *ret is NULL). opts must outlive it; owner: the process's name in
 * `workers`. pollers: of hk_poller; those of the drops are added. HK_ECONFIG: a family's file, its exit, the key; --state is missing. */
bool hk_bell_start(
	const hk_opts *opts, const char *owner, GPtrArray *pollers, hk_bell **ret, GError **error);

/* hk_bell_join(bell): waits until it has ended, which it does when sys/stop is asked. Accepts NULL. Before the pollers are joined. */
void hk_bell_join(hk_bell *bell);

#endif
