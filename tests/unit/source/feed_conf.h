/* tests/unit/source/feed_conf: a feed's file from a text, for the tests of source/feed. */
#ifndef HK_TESTS_FEED_CONF_H
#define HK_TESTS_FEED_CONF_H

#include <unistd.h>

#include "source/feed/config.h"

/* feed_conf(text, error): text as /tmp/.../feed.conf, read. */
static inline hk_feed_config *
feed_conf(const char *text, GError **error)
{
	g_autofree char *folder = g_dir_make_tmp("hikeshi-feed.XXXXXX", NULL);
	g_autofree char *path = g_build_filename(folder, "feed.conf", NULL);

	g_file_set_contents(path, text, -1, NULL);
	hk_feed_config *config = hk_feed_config_read(path, error);
	unlink(path);
	rmdir(folder);
	return config;
}

#endif
