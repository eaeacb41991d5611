/* cmd/askline: a line from a person, or from a pipe in their place. Layer: cmd. What is typed is hostile: it is checked by who asked. */
#ifndef HK_CMD_ASKLINE_H
#define HK_CMD_ASKLINE_H

#include <stdbool.h>
#include <stddef.h>

#include <glib.h>

/* hk_askline(prompt, echo, max, error): on a terminal prints prompt to standard error and reads a line of standard input, without showing it unless echo
 * (a signal that ends the program shows letters again first); from a pipe or file it reads a line and prints nothing. At most max bytes, without its
 * line end; may be "". NULL with HK_EUSAGE: too long, or a NUL in it (the rest of the line is passed over); HK_ENOENT: the input has ended. Free with hk_askline_forget, which wipes it (accepts NULL). */
char *hk_askline(const char *prompt, bool echo, size_t max, GError **error);
void hk_askline_forget(char *line);

#endif
