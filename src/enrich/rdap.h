/* enrich/rdap: answers of RDAP servers (RFC 9083), as a registration. Layer: stage (enrich). Input is hostile. Pure: nothing is asked here.
 *
 * Domains, networks, AS, entities, name servers, errors and help. Read with patience: a member of the wrong type, or one that is spelled in
 * another way ("nameServers", roles with capitals), costs that member, not the answer. */
#ifndef HK_ENRICH_RDAP_H
#define HK_ENRICH_RDAP_H

#include <glib.h>

#include "base/span.h"
#include "parse/registration.h"

#define HK_RDAP_BYTES_MAX    (1024u * 1024)
#define HK_RDAP_ENTITIES_MAX 256 /* entities that are looked at in one answer, nested ones too */
#define HK_RDAP_DEPTH_MAX    6   /* of entities in entities */

/* hk_rdap_read(text, ret, error): the whole of text is one answer. Statuses are EPP codes by RFC 8056; events are dates; mailboxes, telephone
 * numbers and forms of abuse contacts, registrars, and (networks and AS) technical and NOC contacts are kept, each with its roles; a contact named inside a
 * registrar's entity is the registrar's, and so is an abuse contact that stands beside it in an answer about a domain. errorCode decides
 * ret->answer: 404 NOT_FOUND, 429 THROTTLED, 401 and 403 REFUSED, 400, 418 and 422 BAD_QUERY, 5xx UNAVAILABLE. False with HK_EFORM, HK_ELIMIT when text is no
 * JSON object that sys/json takes; ret is then empty. */
bool hk_rdap_read(hk_span text, hk_registration *ret, GError **error);

/* hk_rdap_url(base, kind, key): the URL to ask: base as a bootstrap file gives it, with or without a final slash; kind "domain" "ip"
 * "autnum" "entity" "nameserver" (RFC 9082, section 3.1); key: everything but letters, digits and -._~:/ is percent-encoded. Caller frees. */
char *hk_rdap_url(const char *base, const char *kind, const char *key);

#endif
