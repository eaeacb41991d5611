/* base/err: the error codes of the core ring. Layer: base. Libc only.
 *
 * A core function returns hk_err and is HK_MUST: ignoring it does not compile. HK_OK is 0. Outputs are untouched unless
 * HK_OK is returned. The codes, their stable texts and their exit codes are the rows of errors.def. */
#ifndef HK_BASE_ERR_H
#define HK_BASE_ERR_H

#define HK_MUST __attribute__((warn_unused_result))

/* HK_FREED_BY(function): on a constructor: its result is freed by function. gcc then reports a wrong
 * or missing free; clang knows no such attribute and only minds that the result is used. */
#if defined(__clang__)
#define HK_FREED_BY(function) __attribute__((warn_unused_result))
#else
#define HK_FREED_BY(function) __attribute__((malloc(function, 1), warn_unused_result))
#endif

typedef enum hk_err {
	HK_OK = 0,
#define ERR(name, code, exit, meaning) HK_E##name,
#include "base/errors.def"
#undef ERR
	HK_ERR_COUNT
} hk_err;

/* hk_err_code(err): the stable text code ("truncated"); "ok" for HK_OK, "internal" for a value outside the table.
 * Static storage. */
const char *hk_err_code(hk_err err);

/* hk_err_meaning(err): one clause in plain words, as in errors.def. Static storage. */
const char *hk_err_meaning(hk_err err);

/* hk_err_exit(err): the sysexits code (64..78) of err; 0 for HK_OK. */
int hk_err_exit(hk_err err);

/* HK_TRY(expr): return from the calling hk_err function at the first failure. */
#define HK_TRY(expr)                                                                               \
	do {                                                                                       \
		hk_err hk_try_err_ = (expr);                                                       \
		if (hk_try_err_ != HK_OK) {                                                        \
			return hk_try_err_;                                                        \
		}                                                                                  \
	} while (0)

/* HK_BUG(what): a broken invariant of ours, never a reaction to input: writes file, line and what to stderr, aborts. */
#define HK_BUG(what) hk_bug_(__FILE__, __LINE__, (what))
_Noreturn void hk_bug_(const char *file, int line, const char *what);

#endif
