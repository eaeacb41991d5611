/* base/name: one host name as it is matched. Layer: base. Libc only.
 *
 * The text is what parse/batch made of it: ASCII only, lower case, 1..HK_NAME_MAX bytes, no NUL and no line feed; any
 * other byte that a certificate held there stands as '?'. It may begin with "*.". It is otherwise hostile: it need not be
 * a valid host name. */
#ifndef HK_BASE_NAME_H
#define HK_BASE_NAME_H

#include <stdint.h>

/* RFC 1035, section 2.3.4: 255 octets on the wire, so at most 253 characters of text; two more for a leading "*.". */
#define HK_NAME_MAX 255

typedef struct hk_name {
	const char *text; /* borrowed, not NUL-terminated */
	uint32_t len;     /* bytes, 1..HK_NAME_MAX */
	uint32_t entry;   /* number of its certificate within the batch; 0 where there is none */
} hk_name;

#endif
