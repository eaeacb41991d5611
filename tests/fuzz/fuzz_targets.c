/* fuzz_targets: a target pack. Properties: refused with a place in the file, or all brands have an official domain that is
 * found again and gives no evidence; variants are of allowed characters, each points at its token. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "score/targets.h"
#include "score/variants.h"
#include "sys/gerr.h"

static void
check_variants(const hk_targets *t, size_t count)
{
	GArray *list = hk_variants_new(t, NULL);

	for (size_t i = 0; i < list->len; i++) {
		const hk_variant *v = &g_array_index(list, hk_variant, i);

		need(v->token < count && v->target < hk_targets_count(t));
		need(v->text[0] != 0 && strspn(v->text, "abcdefghijklmnopqrstuvwxyz0123456789-.") ==
						strlen(v->text));
	}
	hk_variants_free(list);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(hk_targets) t = hk_targets_parse(hk_span_of(data, size), "pack", &error);
	size_t count;

	need((t == NULL) == (error != NULL));
	if (t == NULL) {
		need(hk_error_code(error) == HK_ECONFIG &&
			strncmp(error->message, "pack:", 5) == 0);
		return 0;
	}
	for (size_t i = 0; i < hk_targets_count(t); i++) {
		const hk_target *brand = hk_targets_get(t, i);

		need(brand->name != NULL && brand->kind != NULL && brand->official->len > 0);
		for (size_t j = 0; j < brand->official->len; j++) {
			const char *name = brand->official->pdata[j];

			need(hk_targets_official(t, hk_span_str(name), NULL) != NULL);
		}
	}
	hk_targets_tokens(t, &count);
	if (count <= 16) {
		check_variants(t, count);
	}
	return 0;
}
