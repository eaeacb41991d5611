/* sys/fuzzyhash: context-triggered piecewise hashes (ssdeep), over libfuzzy. Layer: sys. Input is hostile. Thread-safe.
 *
 * Texts that share long runs have hashes that can be compared without the texts: near copies of a kit's page are found by it. Worthless for
 * texts under some 200 bytes. */
#ifndef HK_SYS_FUZZYHASH_H
#define HK_SYS_FUZZYHASH_H

#include "base/span.h"

/* hk_fuzzyhash(in): "96:s4Ud1Lj96tHHlZDrwciQmA+4uy1I0G4HYuL8N3TzS8QsO/wqWXLcMSx:fPb", ssdeep 2.14's form; NULL when it is longer than 4 GiB or memory
 * is short. Caller frees. */
char *hk_fuzzyhash(hk_span in);

/* hk_fuzzyhash_near(a, b): 0 (nothing in common) .. 100 (the same); 0, too, when one is NULL or no such hash. */
unsigned hk_fuzzyhash_near(const char *a, const char *b);

#endif
