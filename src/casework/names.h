/* casework/names: the targets of the database by what people call them. Layer: stage (casework). Texts are hostile. */
#ifndef HK_CASEWORK_NAMES_H
#define HK_CASEWORK_NAMES_H

#include <glib.h>

#include "store/db.h"

typedef struct hk_names hk_names;

/* hk_names_load(db, error): reads all active targets. hk_names_free accepts NULL. */
hk_names *hk_names_load(hk_db *db, GError **error);
void hk_names_free(hk_names *names);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_names, hk_names_free)

typedef struct hk_named {
	const char *target;  /* key; borrowed from names */
	const char *service; /* key of its service, or NULL */
} hk_named;

/* hk_names_find(names, text, ret): the target whose key, name, English name, or a service's name text is, without regard to case, width, kana and blanks.
 * A text that two targets have belongs to none. */
bool hk_names_find(const hk_names *names, const char *text, hk_named *ret);

/* hk_names_within(names, text): key of the target whose name (of at least two kanji or five letters, its own or a service's) stands in the text; of several the longest; NULL: none. Borrowed. */
const char *hk_names_within(const hk_names *names, const char *text);

/* hk_names_service(names, target, text, ret): the key of the target's service that is called so (by key or name). A target that lists no services has any:
 * *ret is text then. False: it has none of that name. */
bool hk_names_service(
	const hk_names *names, const char *target, const char *text, const char **ret);

/* hk_names_is_own_site(names, host): whether host is an official domain of one of our own brands, or lies below one.
 * hk_names_is_official: of any brand. */
bool hk_names_is_own_site(const hk_names *names, const char *host);
bool hk_names_is_official(const hk_names *names, const char *host);

#endif
