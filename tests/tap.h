/* tests/tap: the one assertion vocabulary. TAP on stdout (testanything.org), one line per check.
 *
 * A test program is a main() that calls the checks and ends with `return tap_done();`. A failed check prints where it
 * stands and what was expected, and the program goes on, so that one run shows every failure. */
#ifndef HK_TESTS_TAP_H
#define HK_TESTS_TAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ok(cond, format...): passes when cond holds. Returns cond. */
#define ok(cond, ...) tap_ok_((cond), __FILE__, __LINE__, __VA_ARGS__)
/* is_int(got, want, format...): passes when the two integers are equal; prints both when they are not. */
#define is_int(got, want, ...)                                                                     \
	tap_is_int_((int64_t)(got), (int64_t)(want), __FILE__, __LINE__, __VA_ARGS__)
/* is_str(got, want, format...): passes when both are NULL or equal NUL-terminated strings. */
#define is_str(got, want, ...) tap_is_str_((got), (want), __FILE__, __LINE__, __VA_ARGS__)
/* is_mem(got, want, len, format...): passes when the first len bytes are equal; prints the first difference. */
#define is_mem(got, want, len, ...)                                                                \
	tap_is_mem_((got), (want), (len), __FILE__, __LINE__, __VA_ARGS__)
/* skip(why, format...): one check that is not made, with the reason printed. */
#define skip(why, ...) tap_skip_((why), __VA_ARGS__)

bool tap_ok_(bool cond, const char *file, int line, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
bool tap_is_int_(int64_t got, int64_t want, const char *file, int line, const char *format, ...)
	__attribute__((format(printf, 5, 6)));
bool tap_is_str_(const char *got, const char *want, const char *file, int line, const char *format,
	...) __attribute__((format(printf, 5, 6)));
bool tap_is_mem_(const void *got, const void *want, size_t len, const char *file, int line,
	const char *format, ...) __attribute__((format(printf, 6, 7)));
void tap_skip_(const char *why, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* tap_diag(format...): a comment line. */
void tap_diag(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* tap_file(path, ret_len): the whole of a file below the source tree (HK_SOURCE_DIR/path), allocated, caller frees, NUL
 * after the last byte. Ends the program with "Bail out!" when it cannot be read. */
uint8_t *tap_file(const char *path, size_t *ret_len);

/* tap_done(): prints the plan; returns the exit code, 1 when a check failed or none was made. */
int tap_done(void);

#endif
