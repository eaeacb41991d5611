/* role/bell_take: one text frame of a command channel, read and handed to flow/wave. Layer: role. Frames are hostile. For the bell, and for people who replay a record.
 *
 * Telephone numbers leave this file as keyed hashes and masks only (DESIGN §7, rail 4). */
#ifndef HK_ROLE_BELL_TAKE_H
#define HK_ROLE_BELL_TAKE_H

#include "flow/sites.h"
#include "flow/wave.h"
#include "source/c2/command.h"
#include "sys/seal.h"

typedef struct hk_bell_taker hk_bell_taker;

/* hk_bell_taker_new(sites, key): sites is borrowed; key: of the house, HK_SECRET_KEY_BYTES, from which the key of the hashes is derived. One thread. */
hk_bell_taker *hk_bell_taker_new(const hk_sites *sites, const uint8_t *key);
void hk_bell_taker_free(hk_bell_taker *taker); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_bell_taker, hk_bell_taker_free)

/* Whose frame. */
typedef struct hk_bell_from {
	const hk_family *family;
	int64_t session_id;
	unsigned port;
	int64_t at_ms;
} hk_bell_from;

/* hk_bell_take(taker, flow, from, frame, ret, error): its own transaction. A frame that was taken before, or is none that can be read, is ret->command_id 0. */
bool hk_bell_take(hk_bell_taker *taker, hk_flow *flow, const hk_bell_from *from, hk_span frame,
	hk_wave_taken *ret, GError **error);

/* hk_bell_masked(command): what it says, without victims' data: verb, how many numbers, the text with telephone numbers and mail addresses masked. Caller frees. */
char *hk_bell_masked(const hk_command *command);

#endif
