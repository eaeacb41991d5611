#include "bench.h"

#include <stdio.h>
#include <stdlib.h>

#include <glib.h>

hk_patterns *
bench_patterns(size_t n)
{
	g_autoptr(GString) text = g_string_new(NULL);
	g_autofree hk_pattern *list = g_new(hk_pattern, n);
	g_autofree size_t *at = g_new(size_t, n + 1);
	g_autoptr(GError) error = NULL;
	static const char *const parts[] = {
		"mihon", "bank", "kasou", "card", "login", "hoken", "denki", "yubin", "secur"};
	uint64_t state = 1;

	for (size_t i = 0; i < n; i++) {
		at[i] = text->len;
		g_string_append(text, parts[i % G_N_ELEMENTS(parts)]);
		size_t letters = 2 + i % 8;
		for (size_t k = 0; k < letters; k++) {
			state = state * 6364136223846793005u + 1442695040888963407u;
			g_string_append_c(
				text, "abcdefghijklmnopqrstuvwxyz0123456789-"[(state >> 33) % 37]);
		}
	}
	at[n] = text->len;
	for (size_t i = 0; i < n; i++) {
		list[i] =
			(hk_pattern){hk_span_of(text->str + at[i], at[i + 1] - at[i]), (uint32_t)i};
	}
	hk_patterns *patterns = hk_patterns_new(list, n, NULL, &error);
	if (!patterns) {
		fprintf(stderr, "%s\n", error->message);
		exit(1);
	}
	return patterns;
}
