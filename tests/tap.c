#include "tap.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned checks;
static unsigned failures;

static bool
line_of(bool cond, const char *file, int line, const char *format, va_list args)
{
	printf("%s %u - ", cond ? "ok" : "not ok", ++checks);
	vprintf(format, args);
	putchar('\n');
	if (!cond) {
		failures++;
		printf("#   at %s:%d\n", file, line);
	}
	fflush(stdout);
	return cond;
}

#define LINE(cond)                                                                                 \
	va_list args;                                                                              \
	va_start(args, format);                                                                    \
	line_of((cond), file, line, format, args);                                                 \
	va_end(args)

bool
tap_ok_(bool cond, const char *file, int line, const char *format, ...)
{
	LINE(cond);
	return cond;
}

bool
tap_is_int_(int64_t got, int64_t want, const char *file, int line, const char *format, ...)
{
	LINE(got == want);
	if (got != want) {
		tap_diag("  got %lld, expected %lld", (long long)got, (long long)want);
	}
	return got == want;
}

bool
tap_is_str_(const char *got, const char *want, const char *file, int line, const char *format, ...)
{
	bool same = got && want ? strcmp(got, want) == 0 : got == want;
	LINE(same);
	if (!same) {
		tap_diag("  got      '%s'", got ? got : "(null)");
		tap_diag("  expected '%s'", want ? want : "(null)");
	}
	return same;
}

bool
tap_is_mem_(const void *got, const void *want, size_t len, const char *file, int line,
	const char *format, ...)
{
	const uint8_t *a = got;
	const uint8_t *b = want;
	bool same = len == 0 || memcmp(a, b, len) == 0;
	LINE(same);
	for (size_t i = 0; !same && i < len; i++) {
		if (a[i] != b[i]) {
			tap_diag("  byte %zu of %zu: got %02x, expected %02x", i, len, a[i], b[i]);
			break;
		}
	}
	return same;
}

void
tap_skip_(const char *why, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	printf("ok %u - ", ++checks);
	vprintf(format, args);
	va_end(args);
	printf(" # SKIP %s\n", why);
	fflush(stdout);
}

void
tap_diag(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("# ", stdout);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
}

uint8_t *
tap_file(const char *path, size_t *ret_len)
{
	char full[4096];
	FILE *file;
	long size;
	uint8_t *data;

	snprintf(full, sizeof full, "%s/%s", HK_SOURCE_DIR, path);
	file = fopen(full, "rb");
	if (!file || fseek(file, 0, SEEK_END) != 0 || (size = ftell(file)) < 0) {
		printf("Bail out! cannot read %s\n", full);
		exit(1);
	}
	rewind(file);
	data = malloc((size_t)size + 1);
	if (!data || fread(data, 1, (size_t)size, file) != (size_t)size) {
		printf("Bail out! cannot read %s\n", full);
		exit(1);
	}
	fclose(file);
	data[size] = 0;
	*ret_len = (size_t)size;
	return data;
}

int
tap_done(void)
{
	printf("1..%u\n", checks);
	if (failures > 0) {
		printf("# %u of %u failed\n", failures, checks);
	}
	return failures > 0 || checks == 0;
}
