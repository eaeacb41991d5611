/* report_briefs SEED COUNT: reports of COUNT briefs that chance invented, for tests/scenario/xarf.t: lines "VERSION <tab> MOST-BYTES <tab> URL <tab> JSON". A
 * report that cannot be made is a line "VERSION <tab> ! <tab> REASON". */
#include <stdio.h>
#include <stdlib.h>

#include "briefs.h"
#include "report/xarf.h"
#include "rng.h"

static void
print(int version, const hk_xarf_options *options, const hk_brief *brief, GString *made,
	GError *error)
{
	const hk_brief_site *lead = g_ptr_array_index(brief->sites, 0);

	if (made) {
		printf("%d\t%zu\t%s\t%s\n", version, options->max_bytes, lead->url, made->str);
		g_string_free(made, TRUE);
	} else {
		printf("%d\t!\t%s\n", version, error->message);
		g_error_free(error);
	}
}

int
main(int argc, char **argv)
{
	static const char *const tags[] = {"test:true", "Not A Tag", "a:b", ":", "x", NULL};
	static const size_t sizes[] = {1u << 20, 300000, 20000, 3000, 500};
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
	uint64_t count = argc > 2 ? strtoull(argv[2], NULL, 10) : 1000;

	for (uint64_t i = 0; i < count; i++) {
		rg_rng rng = rg_rng_of(seed, "options", i);
		g_autoptr(hk_brief) brief = hk_test_brief(seed, i);
		char token[33];
		hk_xarf_options options = {.now_ms = 1793836800000,
			.max_bytes = sizes[rg_rng_next(&rng) % 20 < 16 ? 0 : rg_rng_next(&rng) % 5],
			.by_name = rg_rng_next(&rng) % 2,
			.registrar_abuse =
				rg_rng_next(&rng) % 2 ? "abuse@registrar.example" : "nonsense",
			.tags = rg_rng_next(&rng) % 2 ? tags : NULL};
		GError *error = NULL;

		hk_test_token(seed, i, token);
		GString *made = hk_xarf4(brief, token, &options, &error);
		print(4, &options, brief, made, error);
		error = NULL;
		made = hk_xarf3(brief, token, &options, &error);
		print(3, &options, brief, made, error);
	}
	return 0;
}
