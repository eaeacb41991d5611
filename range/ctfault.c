#include "ctfault.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sys/gerr.h"
#include "sys/jsonw.h"

typedef struct state {
	bool on;
	unsigned at;
	double chance;  /* 1: always */
	uint64_t every; /* 0: by chance */
	uint64_t first; /* 0: no limit */
	uint64_t asked; /* requests of its kind since it was set */
	uint64_t struck;
	char *param; /* owned; NULL: the default */
	char *spec;  /* owned */
	rg_rng rng;
} state;

struct rg_faults {
	uint64_t seed;
	state rows[RG_FAULT_COUNT];
};

static const rg_fault_row table[] = {
#define FAULT(id, name, at, parameter, def, what) {name, at, parameter, def, what},
#include "fault.def"
#undef FAULT
};

static const struct {
	const char *name;
	unsigned at;
} places[] = {{"head", RG_AT_HEAD}, {"entries", RG_AT_ENTRIES}, {"tiles", RG_AT_TILES},
	{"proofs", RG_AT_PROOFS}, {"reads", RG_AT_READS}};

const rg_fault_row *
rg_fault_row_get(rg_fault fault)
{
	return &table[fault];
}

rg_faults *
rg_faults_new(uint64_t seed)
{
	rg_faults *faults = g_new0(rg_faults, 1);

	faults->seed = seed;
	return faults;
}

static void
reset(state *row)
{
	g_free(row->param);
	g_free(row->spec);
	*row = (state){0};
}

void
rg_faults_free(rg_faults *faults)
{
	if (faults) {
		rg_faults_clear(faults, NULL);
		g_free(faults);
	}
}

static int
find(const char *name)
{
	for (int i = 0; i < RG_FAULT_COUNT; i++) {
		if (strcmp(table[i].name, name) == 0) {
			return i;
		}
	}
	return -1;
}

bool
rg_faults_clear(rg_faults *faults, const char *name)
{
	int only = name ? find(name) : -1;

	if (name && only < 0) {
		return false;
	}
	for (int i = 0; i < RG_FAULT_COUNT; i++) {
		if (only < 0 || i == only) {
			reset(&faults->rows[i]);
		}
	}
	return true;
}

static bool
read_place(const char *text, unsigned *ret)
{
	for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
		if (strcmp(places[i].name, text) == 0) {
			*ret = places[i].at;
			return true;
		}
	}
	return false;
}

static bool
read_chance(const char *text, state *ret)
{
	char *end = NULL;

	if (g_str_has_prefix(text, "every-") || g_str_has_prefix(text, "first-")) {
		uint64_t *to = *text == 'e' ? &ret->every : &ret->first;
		*to = g_ascii_strtoull(text + 6, &end, 10);
		return *to > 0 && *end == '\0';
	}
	ret->chance = g_ascii_strtod(text, &end);
	return end != text && *end == '\0' && ret->chance >= 0 && ret->chance <= 1;
}

bool
rg_faults_set(rg_faults *faults, const char *spec, GError **error)
{
	g_auto(GStrv) parts = g_strsplit(spec, ":", 3);
	state fresh = {.on = true, .chance = 1};

	if (!parts[0]) {
		return hk_error_set(error, HK_EUSAGE, "an empty fault");
	}
	char *place = strchr(parts[0], '@');
	if (place) {
		*place++ = '\0';
	}
	int i = find(parts[0]);
	if (i < 0) {
		return hk_error_set(error, HK_EUSAGE,
			"no fault '%s'; `hikeshi-range ct-log --help` lists them", parts[0]);
	}
	fresh.at = table[i].at;
	if (place && !read_place(place, &fresh.at)) {
		return hk_error_set(error, HK_EUSAGE,
			"fault %s: '%s' is not one of head, entries, tiles, proofs, reads",
			parts[0], place);
	}
	if (parts[1] && *parts[1] && !read_chance(parts[1], &fresh)) {
		return hk_error_set(error, HK_EUSAGE,
			"fault %s: '%s' is neither a probability nor every-N nor first-N", parts[0],
			parts[1]);
	}
	if (parts[1] && parts[2]) {
		if (!table[i].parameter) {
			return hk_error_set(
				error, HK_EUSAGE, "fault %s takes no parameter", parts[0]);
		}
		fresh.param = g_strdup(parts[2]);
	}
	fresh.spec = g_strdup(spec);
	fresh.rng = rg_rng_of(faults->seed, table[i].name, 0);
	reset(&faults->rows[i]);
	faults->rows[i] = fresh;
	return true;
}

bool
rg_faults_hit(rg_faults *faults, rg_fault fault, unsigned at, const char **ret_param)
{
	state *row = &faults->rows[fault];

	if (!row->on || !(row->at & at)) {
		return false;
	}
	row->asked++;
	bool hit = row->every > 0   ? row->asked % row->every == 0
		   : row->first > 0 ? row->asked <= row->first
				    : rg_rng_chance(&row->rng, row->chance);
	if (!hit) {
		return false;
	}
	row->struck++;
	if (ret_param) {
		*ret_param = row->param ? row->param : table[fault].def;
	}
	return true;
}

void
rg_faults_json(const rg_faults *faults, GString *out)
{
	hk_jsonw_open(out, '[');
	for (int i = 0; i < RG_FAULT_COUNT; i++) {
		const state *row = &faults->rows[i];
		if (!row->on) {
			continue;
		}
		hk_jsonw_open(out, '{');
		hk_jsonw_key(out, "fault");
		hk_jsonw_str(out, row->spec);
		hk_jsonw_key(out, "asked");
		hk_jsonw_int(out, (int64_t)row->asked);
		hk_jsonw_key(out, "struck");
		hk_jsonw_int(out, (int64_t)row->struck);
		hk_jsonw_close(out, '}');
	}
	hk_jsonw_close(out, ']');
}
