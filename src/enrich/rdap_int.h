/* enrich/rdap_int: between rdap.c and rdap_entity.c. Layer: stage (enrich). Input is hostile. */
#ifndef HK_ENRICH_RDAP_INT_H
#define HK_ENRICH_RDAP_INT_H

#include "parse/registration.h"
#include "sys/json.h"

/* What is known while entities are read. */
typedef struct hk_rdap_reader {
	hk_registration *reg;
	unsigned entities;        /* looked at so far */
	char *org;                /* of the registrant, for networks and AS; owned */
	char *registrar_fallback; /* a name found on the registrar's abuse contact only; owned */
} hk_rdap_reader;

/* hk_rdap_get(obj, key): the member, whatever its kind; a missing one is HK_JSON_MISSING. */
hk_json hk_rdap_get(const hk_json *obj, const char *key);

/* hk_rdap_str(obj, key): the string member; NULL when it is none. Borrowed from the document. */
const char *hk_rdap_str(const hk_json *obj, const char *key);

/* hk_rdap_entities(reader, list, outer, depth): every entity of the list, and those inside. outer: roles of the entity around it. */
void hk_rdap_entities(hk_rdap_reader *reader, const hk_json *list, unsigned outer, int depth);

/* hk_rdap_entity(reader, entity, outer, depth): one entity, as hk_rdap_entities() does. */
void hk_rdap_entity(hk_rdap_reader *reader, const hk_json *entity, unsigned outer, int depth);

#endif
