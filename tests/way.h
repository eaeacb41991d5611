/* tests/way: a way out for the browser in tests: a proxy that leads every name to loopback. Input is ours.
 *
 * CONNECT host:port and http://host:port/ both go to 127.0.0.1:port, or to the port that stands for 80 and 443. */
#ifndef HK_TESTS_WAY_H
#define HK_TESTS_WAY_H

#include "sys/browser.h"

typedef struct test_way test_way;

/* test_way_new(http, https): what ports 80 and 443 become; 0: none. Freed with the process. test_way_get: for hk_browser_config.way. */
test_way *test_way_new(unsigned http, unsigned https);
hk_browser_way test_way_get(test_way *way);

#endif
