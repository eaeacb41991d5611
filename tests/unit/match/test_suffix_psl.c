/* Differential test: our suffix table against libpsl, both over Debian's public_suffix_list.dat,
 * for every rule with labels before it and for made-up names. */
#include <libpsl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "match/suffix.h"
#include "tap.h"

#define DAT          "/usr/share/publicsuffix/public_suffix_list.dat"
#define RANDOM_NAMES 200000

static unsigned long compared, differed;

/* libpsl calls the parent of a wildcard rule ("kobe.jp" of "*.kobe.jp") a public suffix; the
 * published algorithm does not, and neither do we. Such a name is no disagreement. */
static bool
is_wildcard_parent(const psl_ctx_t *psl, const char *name)
{
	char child[300];

	snprintf(child, sizeof(child), "zz.%s", name);
	return psl_is_public_suffix2(psl, child, PSL_TYPE_ANY | PSL_TYPE_NO_STAR_RULE) == 1;
}

static bool
same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void
compare(const psl_ctx_t *psl, const hk_suffix_table *table, const char *name)
{
	const char *suffix = psl_unregistrable_domain(psl, name);
	const char *owner = psl_registrable_domain(psl, name);
	hk_suffix_split s;
	const char *ours;

	hk_suffix_split_name(table, name, strlen(name), &s);
	ours = s.registrable_off < s.suffix_off ? name + s.registrable_off : NULL;
	compared++;
	if (same(suffix, name + s.suffix_off) && same(owner, ours)) {
		return;
	}
	if (suffix != NULL && is_wildcard_parent(psl, suffix)) {
		return;
	}
	if (differed++ < 10) {
		tap_diag("%s: libpsl %s, %s; ours %s, %s", name, suffix, owner, name + s.suffix_off,
			ours);
	}
}

/* Every rule as the name itself and below two labels. ASCII rules only: libpsl keeps U-labels. */
static void
compare_rules(const psl_ctx_t *psl, const hk_suffix_table *table, char *text)
{
	static const char *const before[] = {"", "x.", "city.", "b.a."};
	char *save = NULL;

	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		bool ascii = line[0] != '/';

		line[strcspn(line, " \t\r")] = '\0';
		line += line[0] == '!' ? 1 : strncmp(line, "*.", 2) == 0 ? 2 : 0;
		for (const char *p = line; *p; p++) {
			ascii = ascii && (unsigned char)*p < 0x80;
		}
		for (size_t i = 0; ascii && *line && i < sizeof(before) / sizeof(*before); i++) {
			char name[300];

			snprintf(name, sizeof(name), "%s%s", before[i], line);
			compare(psl, table, name);
		}
	}
}

static void
compare_random(const psl_ctx_t *psl, const hk_suffix_table *table)
{
	static const char *const labels[] = {"a", "www", "com", "co", "jp", "kobe", "city", "ck",
		"uk", "github", "io", "amazonaws", "compute-1", "duckdns", "org", "mihon-bank",
		"kawasaki", "er", "s3", "us-east-1", "cn", "net", "x1", "blogspot", "ac", "in",
		"gov", "pages", "dev"};
	uint32_t seed = 20240601;

	for (size_t n = 0; n < RANDOM_NAMES; n++) {
		char name[300] = "";
		size_t len = 0, count = 1 + n % 5;

		for (size_t i = 0; i < count; i++) {
			seed = seed * 1664525u + 1013904223u;
			len += (size_t)snprintf(name + len, sizeof(name) - len, "%s%s",
				i ? "." : "",
				labels[(seed >> 8) % (sizeof(labels) / sizeof(*labels))]);
		}
		compare(psl, table, name);
	}
}

int
main(void)
{
	FILE *f = fopen(DAT, "rb");
	char *text = calloc(1, HK_SUFFIX_FILE_MAX + 1);
	psl_ctx_t *psl = psl_load_file(DAT);
	hk_suffix_table table;
	hk_span dat;
	void *mem;

	if (f == NULL || psl == NULL) {
		skip("package publicsuffix is not installed", "libpsl and our table agree");
		return tap_done();
	}
	dat = hk_span_of(text, fread(text, 1, HK_SUFFIX_FILE_MAX, f));
	mem = malloc(hk_suffix_table_need(dat));
	is_int(hk_suffix_table_build(dat, mem, hk_suffix_table_need(dat), &table), HK_OK,
		"Debian's list builds");
	ok(table.rules > 5000, "it has %u rules", table.rules);
	compare_rules(psl, &table, text);
	compare_random(psl, &table);
	is_int(differed, 0, "libpsl and our table agree on %lu names", compared);
	psl_free(psl);
	free(mem);
	free(text);
	fclose(f);
	return tap_done();
}
