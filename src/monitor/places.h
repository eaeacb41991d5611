/* monitor/places: addresses and name servers of parking companies and sinkholes (conf/places.conf). Layer: stage (monitor). The file is ours, yet
 * checked; what is looked up is hostile. */
#ifndef HK_MONITOR_PLACES_H
#define HK_MONITOR_PLACES_H

#include <glib.h>

#include "base/err.h"
#include "base/span.h"

#define HK_PLACES_BYTES_MAX (1024u * 1024)

typedef enum hk_place { HK_PLACE_NONE, HK_PLACE_PARKING, HK_PLACE_SINKHOLE } hk_place;

typedef struct hk_places hk_places;
void hk_places_free(hk_places *places); /* accepts NULL */

/* hk_places_read(text, error): lines "parking|sinkhole net CIDR" and "parking|sinkhole ns NAME" (that name and all below). NULL with HK_ECONFIG, "line 7: ...";
 * HK_ELIMIT over HK_PLACES_BYTES_MAX. hk_places_load(path, error): of a file; HK_EIO and kin. */
hk_places *hk_places_read(hk_span text, GError **error) HK_FREED_BY(hk_places_free);
hk_places *hk_places_load(const char *path, GError **error) HK_FREED_BY(hk_places_free);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_places, hk_places_free)

/* hk_places_of_address(places, text): an address, maybe with a port behind it ("192.0.2.1:443", "[2001:db8::1]:443"). hk_places_of_ns(places, name): a name
 * server, ASCII, any case, maybe with a dot at the end. */
hk_place hk_places_of_address(const hk_places *places, const char *text);
hk_place hk_places_of_ns(const hk_places *places, const char *name);

#endif
