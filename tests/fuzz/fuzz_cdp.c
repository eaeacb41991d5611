/* fuzz_cdp: a message of the browser. Properties: it is refused with an error or has an identifier or a method; what could be read once can be read
 * again. */
#include <string.h>

#include "fuzz.h"
#include "sys/cdp.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autofree char *text = g_malloc(size + 1);
	g_autoptr(GError) error = NULL;

	memcpy(text, data, size);
	text[size] = '\0';
	hk_cdp_message *m = hk_cdp_parse(text, size, &error);
	need((m == NULL) == (error != NULL));
	if (m) {
		need(m->id != 0 || m->method != NULL);
		g_autofree char *again = hk_json_dump(&m->root);
		hk_cdp_message *other = hk_cdp_parse(again, strlen(again), NULL);
		need(other && other->id == m->id && g_strcmp0(other->method, m->method) == 0);
		hk_cdp_message_free(other);
	}
	hk_cdp_message_free(m);
	return 0;
}
