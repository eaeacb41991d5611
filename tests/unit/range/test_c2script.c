/* range/c2script: times, numbers that never come twice, and the scenario that is shipped. (Commands and mistakes: tests/scenario/range-c2.t.) */
#include "c2script.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "sys/gerr.h"
#include "tap.h"

static void
numbers(void)
{
	enum { COUNT = 100000 };
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	unsigned odd = 0;
	char first[RG_SCRIPT_NUMBER_SIZE];

	for (unsigned i = 0; i < COUNT; i++) {
		char number[RG_SCRIPT_NUMBER_SIZE];
		rg_script_number(i, number);
		odd += strlen(number) != 11 || number[0] != '0' || !strchr("789", number[1]);
		g_hash_table_add(seen, g_strdup(number));
	}
	rg_script_number(0, first);
	is_str(first, "09055000000", "the talk's number comes first");
	is_int(g_hash_table_size(seen), COUNT, "none comes twice");
	is_int(odd, 0, "all are mobile numbers of Japan");
	char last[RG_SCRIPT_NUMBER_SIZE];
	rg_script_number(299999999, last);
	is_str(last, "07054999999", "the last one");
}

static void
times(void)
{
	static const struct {
		const char *word;
		int64_t ms; /* -1: none */
	} rows[] = {{"0", 0}, {"1", 1000}, {"1.5", 1500}, {"1.05", 1050}, {"1.005", 1005},
		{"34560000", INT64_C(34560000000)}, {"34560001", -1}, {"1.", -1}, {".5", -1},
		{"1.0005", -1}, {"-1", -1}, {"1e3", -1}, {"1.5.5", -1},
		{"99999999999999999999", -1}};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *text = g_strconcat(rows[i].word, " * inbox\n", NULL);
		unsigned next = 0;
		g_autoptr(GPtrArray) steps = rg_script_read(hk_span_str(text), &next, NULL);
		int64_t got = steps ? ((rg_step *)steps->pdata[0])->at_ms : -1;
		is_int(got, rows[i].ms, "a time: %s", rows[i].word);
	}
}

static void
shipped(void)
{
	static const unsigned ports[] = {7778, 7779, 7777, 7776, 7775};
	static const int64_t at_s[] = {0, 16, 47, 62, 88};
	size_t len;
	char *text = (char *)tap_file("range/scenarios/wave.txt", &len);
	unsigned next = 7;
	g_autoptr(GPtrArray) steps = rg_script_read(hk_span_of(text, len), &next, NULL);

	is_int(steps ? steps->len : 0, 5, "five steps");
	is_int(next, 207, "forty numbers each");
	for (unsigned i = 0; steps && i < 5; i++) {
		const rg_step *step = steps->pdata[i];
		is_int(step->port, ports[i], "port %u", i);
		is_int(step->at_ms, at_s[i] * 1000, "time %u", i);
	}
	free(text);
}

static void
mistakes(void)
{
	unsigned next = 0;
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) empty = rg_script_read(hk_span_of(NULL, 0), &next, NULL);
	g_autoptr(GPtrArray) none =
		rg_script_read(HK_SPAN_LIT("# a\n\n1 * nothing"), &next, &error);
	g_autoptr(GPtrArray) nul = rg_script_read(HK_SPAN_LIT("1 * inbox\0"), &next, NULL);

	ok(empty && empty->len == 0, "nothing is a scenario, too");
	ok(!none && hk_error_code(error) == HK_EFORM && strstr(error->message, "line 3: "),
		"a mistake has its line");
	ok(!nul, "NUL");
}

int
main(void)
{
	numbers();
	times();
	shipped();
	mistakes();
	return tap_done();
}
