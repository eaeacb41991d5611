/* fuzz_zip: bytes as a zip file.
 * Properties: names are not empty; what is got has been checked by its CRC and is under the cap; and each file can be got twice, the same. */
#include <string.h>

#include <glib.h>

#include "fuzz.h"
#include "sys/zipr.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* An exact allocation, so that the sanitizer sees a read one past the end. */
	uint8_t *copy = malloc(size ? size : 1);
	memcpy(copy, data, size);
	hk_zipr *zip = hk_zipr_new(hk_span_of(copy, size), NULL);

	for (size_t i = 0; zip && i < hk_zipr_count(zip); i++) {
		const char *name = hk_zipr_name(zip, i);
		need(*name != '\0');
		GBytes *once = hk_zipr_get(zip, name, NULL);
		GBytes *twice = hk_zipr_get(zip, name, NULL);
		need(!once == !twice && (!once || g_bytes_equal(once, twice)));
		need(!once || g_bytes_get_size(once) <= HK_ZIPR_FILE_MAX);
		g_clear_pointer(&once, g_bytes_unref);
		g_clear_pointer(&twice, g_bytes_unref);
	}
	hk_zipr_free(zip);
	free(copy);
	return 0;
}
