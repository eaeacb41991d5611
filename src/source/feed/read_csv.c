#include "source/feed/read_int.h"
#include "sys/gerr.h"

/* Waits for parse/csv. */
bool
hk_feed_read_csv(
	const hk_feed_config *config, hk_span body, const hk_feed_sink *sink, GError **error)
{
	(void)config;
	(void)body;
	(void)sink;
	return hk_error_set(error, HK_EINTERNAL, "CSV is not read yet");
}
