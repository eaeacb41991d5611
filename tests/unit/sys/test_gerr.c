#include "sys/gerr.h"

#include <errno.h>

#include "tap.h"

int
main(void)
{
	static const struct {
		int number;
		hk_err code;
	} rows[] = {{ENOENT, HK_ENOENT}, {ENOTDIR, HK_ENOENT}, {ENOSPC, HK_EFULL},
		{EDQUOT, HK_EFULL}, {EACCES, HK_EPOLICY}, {EROFS, HK_EPOLICY}, {EIO, HK_EIO},
		{EBADF, HK_EIO}};
	g_autoptr(GError) error = NULL;
	g_autoptr(GError) foreign = g_error_new_literal(g_quark_from_string("other"), 3, "x");

	ok(!hk_error_set(&error, HK_EAGAIN, "come back in %d s", 5), "an error is false");
	is_str(error->message, "come back in 5 s", "its text");
	is_int(hk_error_code(error), HK_EAGAIN, "its code");
	ok(!hk_error_set(NULL, HK_EIO, "unheard"), "nobody need listen");
	is_int(hk_error_code(NULL), HK_OK, "no error");
	is_int(hk_error_code(foreign), HK_EINTERNAL, "an error of another domain");
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) of_errno = NULL;
		g_autofree char *want = g_strdup_printf("open x: %s", g_strerror(rows[i].number));

		ok(!hk_error_errno(&of_errno, rows[i].number, "open %s", "x"), "errno %d is false",
			rows[i].number);
		is_int(hk_error_code(of_errno), rows[i].code, "its code");
		is_str(of_errno->message, want, "its text");
	}
	return tap_done();
}
