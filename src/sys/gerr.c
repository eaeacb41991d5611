#include "sys/gerr.h"

#include <errno.h>
#include <stdarg.h>

G_DEFINE_QUARK(hk - error, hk_error)

bool
hk_error_set(GError **error, hk_err code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	g_autofree char *text = g_strdup_vprintf(format, args);
	va_end(args);
	g_set_error_literal(error, HK_ERROR, (int)code, text);
	return false;
}

static const struct {
	int number;
	hk_err code;
} errnos[] = {
	{ENOENT, HK_ENOENT},
	{ENOTDIR, HK_ENOENT},
	{ENOSPC, HK_EFULL},
	{EDQUOT, HK_EFULL},
	{EFBIG, HK_EFULL},
	{EACCES, HK_EPOLICY},
	{EPERM, HK_EPOLICY},
	{EROFS, HK_EPOLICY},
};

bool
hk_error_errno(GError **error, int number, const char *format, ...)
{
	hk_err code = HK_EIO;
	va_list args;

	for (size_t i = 0; i < G_N_ELEMENTS(errnos); i++) {
		if (errnos[i].number == number) {
			code = errnos[i].code;
		}
	}
	va_start(args, format);
	g_autofree char *text = g_strdup_vprintf(format, args);
	va_end(args);
	g_set_error(error, HK_ERROR, (int)code, "%s: %s", text, g_strerror(number));
	return false;
}

hk_err
hk_error_code(const GError *error)
{
	if (!error) {
		return HK_OK;
	}
	return error->domain == HK_ERROR ? (hk_err)error->code : HK_EINTERNAL;
}
