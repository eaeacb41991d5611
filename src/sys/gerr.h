/* sys/gerr: hk_err as GError. Layer: sys.
 *
 * The app ring reports errors as GError in the domain HK_ERROR; code is an hk_err, so that "come back later" or "refused"
 * is read from the code and never from the text. The text is one clause that says what failed and how to mend it; each
 * caller adds what it was doing with g_prefix_error(). */
#ifndef HK_SYS_GERR_H
#define HK_SYS_GERR_H

#include <stdbool.h>

#include <glib.h>

#include "base/err.h"

#define HK_ERROR (hk_error_quark())
GQuark hk_error_quark(void);

/* hk_error_set(error, code, format...): sets *error (if error is not NULL) to code with the text; code must not be
 * HK_OK. Returns false, so that `return hk_error_set(...)` reads well in a bool function. */
bool hk_error_set(GError **error, hk_err code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* hk_error_errno(error, number, format...): the same from an errno: ENOENT, ENOTDIR -> HK_ENOENT; ENOSPC, EDQUOT, EFBIG
 * -> HK_EFULL; EACCES, EPERM, EROFS -> HK_EPOLICY; else HK_EIO. The text ends with ": " and strerror(number). */
bool hk_error_errno(GError **error, int number, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* hk_error_code(error): the hk_err of an error; HK_EINTERNAL for another domain, HK_OK for NULL. */
hk_err hk_error_code(const GError *error);

#endif
