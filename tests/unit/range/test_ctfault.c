#include "ctfault.h"
#include "sys/gerr.h"
#include "tap.h"

static void
specs(void)
{
	static const struct {
		const char *spec;
		bool good;
	} rows[] = {{"429", true}, {"429:0.5", true}, {"429:every-3:date", true},
		{"429@head:first-2:none", true}, {"fork::7", true}, {"short:1:0", true},
		{"", false}, {"nonsense", false}, {"429:2", false}, {"429:-1", false},
		{"429:every-0", false}, {"429:every-x", false}, {"429@nowhere", false},
		{"drop:1:param", false}, {"429:0.5x", false}};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		rg_faults *faults = rg_faults_new(1);
		g_autoptr(GError) error = NULL;
		bool good = rg_faults_set(faults, rows[i].spec, &error);
		ok(good == rows[i].good && good == (error == NULL), "'%s' is %s", rows[i].spec,
			rows[i].good ? "a fault" : "none");
		rg_faults_free(faults);
	}
}

static unsigned
strikes(rg_faults *faults, rg_fault fault, unsigned at, unsigned times)
{
	unsigned hits = 0;

	for (unsigned i = 0; i < times; i++) {
		hits += rg_faults_hit(faults, fault, at, NULL);
	}
	return hits;
}

static void
chances(void)
{
	rg_faults *a = rg_faults_new(5);
	rg_faults *b = rg_faults_new(5);
	const char *param = NULL;
	bool same = true;

	ok(rg_faults_set(a, "429:0.2", NULL) && rg_faults_set(b, "429:0.2", NULL), "by chance");
	for (int i = 0; i < 500; i++) {
		same = rg_faults_hit(a, RG_FAULT_RATE, RG_AT_HEAD, NULL) ==
			       rg_faults_hit(b, RG_FAULT_RATE, RG_AT_HEAD, NULL) &&
		       same;
	}
	ok(same, "the same seed strikes the same requests");
	unsigned hits = strikes(a, RG_FAULT_RATE, RG_AT_HEAD, 2000);
	ok(hits > 300 && hits < 500, "%u of 2,000 at 0.2", hits);
	ok(rg_faults_set(a, "5xx:every-4", NULL), "every-4");
	is_int(strikes(a, RG_FAULT_SERVER, RG_AT_PROOFS, 100), 25, "strikes 25 of 100");
	ok(rg_faults_set(a, "drop:first-3", NULL), "first-3");
	is_int(strikes(a, RG_FAULT_DROP, RG_AT_ENTRIES, 100), 3, "strikes three times");
	ok(rg_faults_set(a, "5xx@head::502", NULL), "only heads");
	is_int(strikes(a, RG_FAULT_SERVER, RG_AT_ENTRIES, 10), 0, "spares entries");
	ok(rg_faults_hit(a, RG_FAULT_SERVER, RG_AT_HEAD, &param), "strikes heads");
	is_str(param, "502", "with its parameter");
	ok(rg_faults_clear(a, "5xx") && !rg_faults_hit(a, RG_FAULT_SERVER, RG_AT_HEAD, NULL),
		"cleared, it no longer strikes");
	ok(!rg_faults_clear(a, "nonsense"), "there is no such fault to clear");
	rg_faults_free(a);
	rg_faults_free(b);
}

int
main(void)
{
	specs();
	chances();
	return tap_done();
}
