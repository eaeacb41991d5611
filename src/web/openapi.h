/* web/openapi: docs/openapi.yaml, built in. Layer: web. Static storage. */
#ifndef HK_WEB_OPENAPI_H
#define HK_WEB_OPENAPI_H

#include <stddef.h>

extern const char hk_openapi_yaml[];
extern const size_t hk_openapi_yaml_len;

#endif
