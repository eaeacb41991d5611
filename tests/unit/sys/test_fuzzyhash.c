#include "sys/fuzzyhash.h"

#include <glib.h>

#include "tap.h"

int
main(void)
{
	g_autoptr(GString) a = g_string_new(NULL), b = g_string_new(NULL), c = g_string_new(NULL);

	for (unsigned i = 0; i < 400; i++) {
		g_string_append_printf(a, "<p>line %u %u</p>", i, i * 7919 % 1009);
		g_string_append_printf(b, "<p>line %u %u</p>", i, i == 200 ? 0 : i * 7919 % 1009);
		g_string_append_printf(c, "{%u:%u}", i * 31 % 97, i * i);
	}
	g_autofree char *of_a = hk_fuzzyhash(hk_span_of(a->str, a->len));
	g_autofree char *of_b = hk_fuzzyhash(hk_span_of(b->str, b->len));
	g_autofree char *of_c = hk_fuzzyhash(hk_span_of(c->str, c->len));
	g_autofree char *empty = hk_fuzzyhash(hk_span_str(NULL));
	is_str(empty, "3::", "of nothing");
	is_int(hk_fuzzyhash_near(of_a, of_a), 100, "the same");
	ok(hk_fuzzyhash_near(of_a, of_b) > 80, "one line changed: %u",
		hk_fuzzyhash_near(of_a, of_b));
	ok(hk_fuzzyhash_near(of_a, of_c) < 20, "another text: %u", hk_fuzzyhash_near(of_a, of_c));
	is_int(hk_fuzzyhash_near(of_a, NULL), 0, "of one that is missing");
	is_int(hk_fuzzyhash_near(of_a, "nonsense"), 0, "of one that is none");
	return tap_done();
}
