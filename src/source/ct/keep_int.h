/* source/ct/keep_int: what the two keepers have in common. Layer: source/ct; internal to keep_*.c. */
#ifndef HK_SOURCE_CT_KEEP_INT_H
#define HK_SOURCE_CT_KEEP_INT_H

#include "source/ct/keep.h"

typedef struct hk_keep_ops {
	void (*free)(hk_keep *keep);
	bool (*claim)(
		hk_keep *keep, const uint8_t id[32], const char *name, bool *ret, GError **error);
	bool (*tick)(hk_keep *keep, unsigned logs, unsigned *ret_share, GError **error);
	bool (*give_up)(hk_keep *keep, hk_ct_place_log *log, GError **error);
	void (*release)(hk_keep *keep, hk_ct_place_log *log, GPtrArray *items);
	void (*pend)(hk_keep *keep, hk_ct_place_log *log, GPtrArray *items);
	bool (*commit)(hk_keep *keep, GError **error);
	bool (*print)(hk_keep *keep, int fd, GError **error);
	void (*health)(hk_keep *keep, hk_ct_place_log *log, const char *json);
} hk_keep_ops;

/* The first member of each keeper. */
struct hk_keep {
	const hk_keep_ops *ops;
	bool shared;
	char *folder;       /* owned */
	int lock_fd;        /* -1: none */
	hk_ct_place *state; /* owned */
	uint64_t repeats;
	uint64_t count; /* sightings in all */
};

/* hk_keep_init(keep, ops, folder, error): makes the folder and locks it. hk_keep_clear(keep): what hk_keep_init and the state hold. */
bool hk_keep_init(hk_keep *keep, const hk_keep_ops *ops, const char *folder, GError **error);
void hk_keep_clear(hk_keep *keep);

#endif
