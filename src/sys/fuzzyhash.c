#include "sys/fuzzyhash.h"

#include <fuzzy.h>
#include <glib.h>

char *
hk_fuzzyhash(hk_span in)
{
	char hash[FUZZY_MAX_RESULT];

	if (in.len > UINT32_MAX || fuzzy_hash_buf(in.len ? in.data : (const uint8_t *)"",
					   (uint32_t)in.len, hash) != 0) {
		return NULL;
	}
	return g_strdup(hash);
}

unsigned
hk_fuzzyhash_near(const char *a, const char *b)
{
	int near = a && b ? fuzzy_compare(a, b) : 0;

	return near > 0 ? (unsigned)near : 0;
}
