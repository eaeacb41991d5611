/* source/ct/fetch_rfc: which page is asked for, and what a log's answers teach. */
#include "source/ct/reader.h"

#include "tap.h"

static hk_ct_log log_row = {.kind = HK_CT_RFC6962};

static hk_reader
fresh(unsigned page)
{
	return (hk_reader){.log = &log_row, .base = (char *)"https://l.test/", .page = page};
}

static void
plans(void)
{
	hk_reader r = fresh(256);
	hk_slot slot;

	ok(hk_ct_fetch_rfc_plan(&r, 1000, &slot), "there is something to fetch");
	g_autofree char *first = hk_ct_fetch_rfc_url(&r, &slot);
	is_str(first, "https://l.test/ct/v1/get-entries?start=0&end=255", "a page");
	r.asked = 300;
	hk_ct_fetch_rfc_plan(&r, 1000, &slot);
	g_autofree char *aligned = hk_ct_fetch_rfc_url(&r, &slot);
	is_str(aligned, "https://l.test/ct/v1/get-entries?start=300&end=511",
		"up to the next multiple of the page");
	r.asked = 990;
	hk_ct_fetch_rfc_plan(&r, 1000, &slot);
	g_autofree char *clamped = hk_ct_fetch_rfc_url(&r, &slot);
	is_str(clamped, "https://l.test/ct/v1/get-entries?start=990&end=999",
		"never past the tree");
	r.asked = 1000;
	ok(!hk_ct_fetch_rfc_plan(&r, 1000, &slot), "nothing when the size is unchanged");
}

/* A log that never gives more than cap entries and, if aligned, cuts at multiples of cap. */
static unsigned
learn(unsigned cap, bool aligned)
{
	hk_reader r = fresh(0);
	uint64_t pos = 5;

	for (int i = 0; i < 60; i++) {
		hk_slot slot;
		r.asked = pos;
		if (!hk_ct_fetch_rfc_plan(&r, 1u << 20, &slot)) {
			break;
		}
		uint64_t end = aligned ? (pos / cap + 1) * cap : pos + cap;
		uint64_t got = MIN(end, slot.to) - pos;
		pos += got;
		hk_ct_fetch_rfc_learn(&r, slot.to - slot.from, got, pos);
	}
	return r.page;
}

static void
lessons(void)
{
	static const unsigned caps[] = {32, 64, 100, 128, 256, 512};

	for (size_t i = 0; i < sizeof caps / sizeof *caps; i++) {
		is_int(learn(caps[i], true), caps[i], "a log that cuts at multiples of %u",
			caps[i]);
		ok(learn(caps[i], false) <= caps[i], "a log that gives at most %u", caps[i]);
	}
	is_int(learn(1024, true), 1024, "a generous log is asked for more, up to 1,024");
	is_int(learn(5000, true), 1024, "and no more");

	hk_reader r = fresh(256);
	hk_ct_fetch_rfc_learn(&r, 256, 3, 259);
	hk_ct_fetch_rfc_learn(&r, 253, 253, 512);
	hk_ct_fetch_rfc_learn(&r, 256, 7, 519);
	is_int(r.page, 256, "a short answer now and then teaches nothing");
	hk_ct_fetch_rfc_learn(&r, 1, 1, 520);
	ok(r.page >= 1, "the page never becomes nothing");
}

int
main(void)
{
	plans();
	lessons();
	return tap_done();
}
