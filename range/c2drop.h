/* range/c2drop: dead drops (stage A of KeepSpy, threats.md S17): what each host answers, as an nginx would. Part of librange. No HTTP here. Input is hostile, as far as a
 * test's peer is. Not thread-safe: the caller locks. */
#ifndef RG_C2DROP_H
#define RG_C2DROP_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "base/err.h"

/* Bytes of an AES-128 key; a shorter one is filled up with '0' (S17). */
#define RG_DROP_KEY_MAX 16

typedef enum rg_drop_state {
#define DROP(id, name, status, text, plain, what) RG_DROP_##id,
#include "c2drops.def"
#undef DROP
	RG_DROP_STATES
} rg_drop_state;

/* "ok", "403" ...; a clause. Static storage. rg_drop_find(name, ret): false: no row has that name. */
const char *rg_drop_name(rg_drop_state state);
const char *rg_drop_what(rg_drop_state state);
bool rg_drop_find(const char *name, rg_drop_state *ret);

typedef struct rg_drops rg_drops;

/* rg_drops_new(key, error): no drop yet. HK_EUSAGE: the key is empty or longer than RG_DROP_KEY_MAX. */
void rg_drops_free(rg_drops *drops); /* accepts NULL */
rg_drops *rg_drops_new(const char *key, GError **error) HK_FREED_BY(rg_drops_free);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(rg_drops, rg_drops_free)

/* rg_drops_set(drops, where, state, address, at_s): the drop where ("host" or "host/path", of any case; made if it is new) is in that state from now on, and names address
 * ("203.0.113.77:7775"; NULL: as before; a new one needs it). at_s: the time of its file, Unix seconds; 0: now, but later than before, so that a moved drop has another
 * ETag. RG_DROP_STUCK keeps the time. False: it is new and there is no address, or the address has no port. */
bool rg_drops_set(
	rg_drops *drops, const char *where, rg_drop_state state, const char *address, int64_t at_s);

/* What is asked. Strings are borrowed; if_*: NULL when there is none. */
typedef struct rg_drop_ask {
	const char *host; /* of the Host line; a port behind it does not count */
	const char *path;
	const char *if_none_match, *if_modified_since;
} rg_drop_ask;

typedef struct rg_drop_answer {
	unsigned status;     /* 0: the connection ends */
	GString *body;       /* empty for 304 */
	char *etag;          /* or NULL */
	char *last_modified; /* or NULL */
} rg_drop_answer;

/* rg_drops_answer(drops, ask, ret): 404 for a host or a path that is none. If both conditions are sent, both must hold for 304 (as in nginx). */
void rg_drops_answer(rg_drops *drops, const rg_drop_ask *ask, rg_drop_answer *ret);
void rg_drop_answer_clear(rg_drop_answer *answer);

/* rg_drops_json(drops, out): [{"place":"HOST/PATH","state","address","modified","etag","asked","unchanged"}]: etag as an answer would have it; asked: answers so far; unchanged: 304s
 * among them. */
void rg_drops_json(const rg_drops *drops, GString *out);

/* rg_drop_encrypt(key, text, padded): base64 of AES-128-ECB; padded false: filled up with zero bytes, which is no PKCS#5 padding. Caller frees. */
char *rg_drop_encrypt(const char *key, const char *text, bool padded);

#endif
