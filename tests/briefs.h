/* tests/briefs: briefs of sites that chance invented, with all that a hostile page, a registry or a user may put into one. */
#ifndef HK_TESTS_BRIEFS_H
#define HK_TESTS_BRIEFS_H

#include <stdint.h>

#include "report/brief.h"

/* hk_test_brief(seed, number): the same for the same two. Its URLs are canonical, its reporter is complete; all else may be missing, hostile, or out of
 * range. */
hk_brief *hk_test_brief(uint64_t seed, uint64_t number);

/* hk_test_token(seed, number, ret): 32 hexadecimal digits and a NUL. Returns ret. */
const char *hk_test_token(uint64_t seed, uint64_t number, char *ret);

#endif
