#include "store/db_int.h"

#include "sys/gerr.h"

hk_db *
hk_db_pgsql_new(const char *uri, GError **error)
{
	(void)uri;
	hk_error_set(error, HK_ECONFIG, "this build has no PostgreSQL yet");
	return NULL;
}
