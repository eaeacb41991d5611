#include <ctype.h>

#include "namegen.h"
#include "tap.h"

static void
deterministic(void)
{
	g_autoptr(rg_names) a = rg_names_new();
	g_autoptr(rg_names) b = rg_names_new();
	rg_rng one = rg_rng_of(7, "x", 3);
	rg_rng two = rg_rng_of(7, "x", 3);
	rg_rng other = rg_rng_of(7, "x", 4);

	rg_namegen_benign(&one, 20, a);
	rg_namegen_benign(&two, 20, b);
	is_str(a->text->str, b->text->str, "the same stream, the same names");
	rg_names_clear(b);
	rg_namegen_benign(&other, 20, b);
	ok(strcmp(a->text->str, b->text->str) != 0, "another number, other names");
}

static bool
host_ok(hk_span name)
{
	for (size_t i = 0; i < name.len; i++) {
		uint8_t c = name.data[i];
		if (!islower(c) && !isdigit(c) && c != '-' && c != '.' && !(c == '*' && i == 0)) {
			return false;
		}
	}
	return name.len > 3 && name.len <= 253 && name.data[0] != '-' && name.data[0] != '.';
}

static void
shapes(void)
{
	size_t bad = 0;
	size_t doubled = 0;
	size_t total = 0;

	for (uint64_t i = 0; i < 5000; i++) {
		g_autoptr(rg_names) names = rg_names_new();
		rg_rng rng = rg_rng_of(1, "benign", i);
		size_t count = rg_namegen_san_count(&rng);
		rg_namegen_benign(&rng, count, names);
		total += count;
		bad += rg_names_count(names) != count;
		for (size_t k = 0; k < rg_names_count(names); k++) {
			bad += !host_ok(rg_names_at(names, k));
		}
		for (size_t k = 1; k < rg_names_count(names); k++) {
			doubled += hk_span_eq(rg_names_at(names, 0), rg_names_at(names, k));
		}
	}
	is_int(bad, 0, "5,000 certificates' names are host names, as many as asked for");
	is_int(doubled, 0, "and none is there twice");
	double mean = (double)total / 5000;
	ok(mean > 2.8 && mean < 4.0, "%.2f names per certificate, about 3.4", mean);
}

static void
phish(void)
{
	for (int shape = 0; shape < RG_PHISH_SHAPES; shape++) {
		size_t bad = 0;
		size_t mihon = 0;
		size_t count = 0;
		for (uint64_t i = 0; i < 300; i++) {
			g_autoptr(rg_names) names = rg_names_new();
			rg_rng rng = rg_rng_of(1, "phish", i);
			rg_namegen_phish(&rng, (rg_phish)shape, names);
			count = rg_names_count(names);
			for (size_t k = 0; k < count; k++) {
				hk_span name = rg_names_at(names, k);
				bad += !host_ok(name);
				mihon += memmem(name.data, name.len, "mihon", 5) != NULL;
				if (shape == RG_PHISH_DYNDNS) {
					size_t label = name.len - strlen(".duckdns.org");
					bad += label < 6 || label > 9;
				}
			}
		}
		is_int(bad, 0, "shape %d: well-formed names", shape);
		if (shape == RG_PHISH_DYNDNS) {
			is_int(count, 100, "shape %d: 100 names", shape);
			is_int(mihon, 0, "shape %d: no brand in them", shape);
		} else if (shape != RG_PHISH_TYPO && shape != RG_PHISH_CONFUSE) {
			ok(mihon >= 300, "shape %d: carries the brand", shape);
		}
	}
}

static void
words_of_a_line(void)
{
	g_autoptr(rg_names) names = rg_names_new();

	is_int(rg_names_split(names, "  a.example\tb.example,c.example \n"), 3, "three names");
	ok(hk_span_eq(rg_names_at(names, 2), HK_SPAN_LIT("c.example")), "the third");
	ok(rg_names_has(names, HK_SPAN_LIT("b.example")), "has the second");
	ok(!rg_names_has(names, HK_SPAN_LIT("b.exampl")), "has no part of it");
	is_int(rg_names_split(names, " \n"), 0, "an empty line has none");
}

int
main(void)
{
	deterministic();
	shapes();
	phish();
	words_of_a_line();
	return tap_done();
}
