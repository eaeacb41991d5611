/* nocheck: tested in tests/unit/sys/test_json.c */
#include <jansson.h>

#include "sys/json.h"

const char *
hk_json_text(const hk_json *value)
{
	return json_string_value(value->node);
}
