/* source/c2/family_int: what source/c2/family and source/c2/drop share. Layer: stage. */
#ifndef HK_SOURCE_C2_FAMILY_INT_H
#define HK_SOURCE_C2_FAMILY_INT_H

#include "source/c2/family.h"

/* hk_step_read(row, error): a step as it stands in a file, "aes-128-ecb KEY"; HK_ECONFIG, the text being a clause behind the key's name ("has no step 'base46'; did you
 * mean 'base64'?"). Free with hk_step_free (accepts NULL). */
hk_step *hk_step_read(const char *row, GError **error);
void hk_step_free(void *step);

/* hk_port_read(text): 1..65535; 0: none. */
unsigned hk_port_read(hk_span text);

#endif
