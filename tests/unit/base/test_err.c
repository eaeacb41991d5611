#include "base/err.h"

#include <ctype.h>
#include <string.h>

#include "tap.h"

int
main(void)
{
	is_str(hk_err_code(HK_OK), "ok", "no error has a code");
	is_int(hk_err_exit(HK_OK), 0, "no error exits 0");
	is_str(hk_err_code(HK_ETRUNC), "truncated", "a code from the table");
	is_str(hk_err_code((hk_err)4711), "internal",
		"a value outside the table is a defect of ours");
	for (int i = 1; i < HK_ERR_COUNT; i++) {
		const char *code = hk_err_code((hk_err)i);
		bool clean = *code != '\0';
		for (const char *c = code; *c; c++) {
			clean = clean && (islower((unsigned char)*c) || *c == '-');
		}
		ok(clean, "'%s' is lower case and hyphens", code);
		ok(hk_err_exit((hk_err)i) >= 64 && hk_err_exit((hk_err)i) <= 78,
			"'%s' exits by sysexits", code);
		for (int k = 1; k < i; k++) {
			if (strcmp(code, hk_err_code((hk_err)k)) == 0) {
				ok(false, "'%s' stands twice in errors.def", code);
			}
		}
	}
	return tap_done();
}
