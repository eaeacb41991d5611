/* source/c2/show: a command as it may be shown: telephone numbers masked, everywhere. Layer: stage. */
#ifndef HK_SOURCE_C2_SHOW_H
#define HK_SOURCE_C2_SHOW_H

#include "source/c2/command.h"

/* When and where a command was seen; what is not known is 0. */
typedef struct hk_command_seen {
	int64_t local_s; /* local time as if it were UTC */
	unsigned port;
} hk_command_seen;

/* Numbers that are listed one by one; of more only the count is told. */
#define HK_COMMAND_SHOWN_MAX 10

/* hk_command_json(command, seen, out): one JSON object, appended: verb (null: unknown), word, meaning, meaning_ja, send, argument, and for send commands numbers (masked, at
 * most HK_COMMAND_SHOWN_MAX), regions (the first 7 digits, with how many numbers each), count, masked, odd, doubles, elided, text, folded, key, urls, brands; time and port when
 * they are known. seen: may be NULL. */
void hk_command_json(const hk_command *command, const hk_command_seen *seen, GString *out);

/* hk_command_show(command, seen, exact, out): the same for people, several lines; links are defanged unless exact. Text from outside is escaped for a terminal. */
void hk_command_show(
	const hk_command *command, const hk_command_seen *seen, bool exact, GString *out);

/* hk_command_when(local_s, ret): "2024-12-12 18:15:14"; returns ret. */
#define HK_COMMAND_WHEN_SIZE 24
const char *hk_command_when(int64_t local_s, char ret[HK_COMMAND_WHEN_SIZE]);

#endif
