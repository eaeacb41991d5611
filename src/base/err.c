#include "base/err.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
	const char *code;
	const char *meaning;
	int exit;
} rows[HK_ERR_COUNT] = {
	[HK_OK] = {"ok", "no error", 0},
#define ERR(name, code, exit, meaning) [HK_E##name] = {code, meaning, exit},
#include "base/errors.def"
#undef ERR
};

static hk_err
known(hk_err err)
{
	return (unsigned)err < HK_ERR_COUNT ? err : HK_EINTERNAL;
}

const char *
hk_err_code(hk_err err)
{
	return rows[known(err)].code;
}

const char *
hk_err_meaning(hk_err err)
{
	return rows[known(err)].meaning;
}

int
hk_err_exit(hk_err err)
{
	return rows[known(err)].exit;
}

static void
say(const char *text)
{
	/* write(2) because the process is about to abort: no buffer, no lock. A failed write changes nothing. */
	ssize_t written = write(STDERR_FILENO, text, strlen(text));
	(void)written;
}

_Noreturn void
hk_bug_(const char *file, int line, const char *what)
{
	char digits[12];
	size_t at = sizeof digits;

	digits[--at] = '\0';
	for (unsigned n = (unsigned)line; at > 0 && (n > 0 || at == sizeof digits - 1); n /= 10) {
		digits[--at] = (char)('0' + n % 10);
	}
	say("hikeshi: defect at ");
	say(file);
	say(":");
	say(digits + at);
	say(": ");
	say(what);
	say("\n");
	abort();
}
