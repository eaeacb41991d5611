/* nocheck: goes when report/letter comes */
#include "report/letter.h"
#include "sys/gerr.h"

void
hk_letter_clear(hk_letter *letter)
{
	(void)letter;
}

bool
hk_letter_write(const hk_letter_ask *ask, hk_letter *ret, GError **error)
{
	(void)ask;
	(void)ret;
	return hk_error_set(error, HK_EFORM, "letters are not built yet");
}
