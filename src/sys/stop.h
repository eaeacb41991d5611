/* sys/stop: being asked to stop (SIGTERM, SIGINT) or to reload (SIGHUP). Layer: sys.
 *
 * Begun and ended by one thread; the rest may be called by any. */
#ifndef HK_SYS_STOP_H
#define HK_SYS_STOP_H

#include <stdbool.h>

#include <glib.h>

/* hk_stop_begin(error): takes the three signals. hk_stop_end(): gives them back as they were. May be nested: the outer pair counts. */
bool hk_stop_begin(GError **error);
void hk_stop_end(void);

/* hk_stop_fd(): readable since a signal came, until hk_stop_clear(). hk_stop_asked(): SIGTERM or SIGINT has come; stays so.
 * hk_stop_reload(): SIGHUP has come since the last call. hk_stop_ask(): as if SIGTERM had come. */
int hk_stop_fd(void);
void hk_stop_clear(void);
bool hk_stop_asked(void);
bool hk_stop_reload(void);
void hk_stop_ask(void);

/* hk_stop_wait(ms): sleeps so long, or until a signal comes; returns hk_stop_asked(). */
bool hk_stop_wait(unsigned ms);

#endif
