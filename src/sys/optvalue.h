/* sys/optvalue: one value of an option, from text. Layer: sys; used by sys/options and sys/conffile
 * only. */
#ifndef HK_SYS_OPTVALUE_H
#define HK_SYS_OPTVALUE_H

#include "sys/options.h"

typedef struct hk_optvalue {
	char *text; /* owned; STRING, PATH: the value; else its text as it was given; NULL: no value
		     */
	int64_t number;  /* INT; DURATION in ms; SIZE in bytes; BOOL 0 or 1 */
	double real;     /* REAL */
	GPtrArray *list; /* LIST: char *, owned, without the closing NULL; NULL: none */
} hk_optvalue;

/* hk_optvalue_clear(value): frees what it owns and makes it "no value". */
void hk_optvalue_clear(hk_optvalue *value);

/* hk_optvalue_set(row, text, value, error): reads text as the row says and stores it in *value; a
 * LIST gets one string more. False and HK_EUSAGE, the text being one clause without the option's
 * name ("must be at least 100 ms, not '5'"); *value is then untouched. */
bool hk_optvalue_set(const hk_opt_row *row, const char *text, hk_optvalue *value, GError **error);

#endif
