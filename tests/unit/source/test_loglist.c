#include "source/ct/loglist.h"

#include "sys/gerr.h"
#include "tap.h"

static hk_ct_loglist *
parse(const char *text)
{
	return hk_ct_loglist_parse(hk_span_str(text), NULL);
}

typedef struct tally {
	unsigned added, removed, changed;
} tally;

static void
count(void *user, hk_ct_change change, const hk_ct_log *before, const hk_ct_log *after)
{
	tally *t = user;

	(void)before;
	(void)after;
	*(change == HK_CT_ADDED           ? &t->added
		: change == HK_CT_REMOVED ? &t->removed
					  : &t->changed) += 1;
}

static void
is_diff(const hk_ct_loglist *old_list, const hk_ct_loglist *new_list, tally want, const char *what)
{
	tally got = {0};

	hk_ct_loglist_diff(old_list, new_list, count, &got);
	is_int(got.added, want.added, "%s: added", what);
	is_int(got.removed, want.removed, "%s: removed", what);
	is_int(got.changed, want.changed, "%s: changed", what);
}

/* Google's list of 2026-05-29 with its signature. */
static void
google(void)
{
	g_autoptr(GError) error = NULL;
	size_t len, sig_len, pem_len;
	uint8_t *text = tap_file("tests/fixtures/ct/loglist/log_list_v3-20260529.json", &len);
	uint8_t *sig = tap_file("tests/fixtures/ct/loglist/log_list_v3-20260529.sig", &sig_len);
	uint8_t *pem = tap_file("tests/fixtures/ct/loglist/google_v3_pubkey.pem", &pem_len);
	hk_span body = hk_span_of(text, len), key = hk_span_of(pem, pem_len);
	g_autoptr(hk_ct_loglist) list = hk_ct_loglist_parse(body, &error);
	unsigned states[HK_CT_STATE_COUNT] = {0}, tiled = 0, finals = 0;

	if (!ok(list != NULL, "the list is read")) {
		return;
	}
	is_str(list->version, "85.92", "its version");
	is_int(list->listed_at, 1780062168, "its time");
	is_int(list->problems->len, 0, "without a problem");
	is_int(list->placeholders, 2, "two placeholders are ignored");
	for (unsigned i = 0; i < list->logs->len; i++) {
		const hk_ct_log *log = g_ptr_array_index(list->logs, i);
		states[log->state]++;
		tiled += log->kind == HK_CT_STATIC;
		finals += log->has_final;
	}
	is_int(tiled, 21, "21 tiled logs");
	is_int(states[HK_CT_USABLE], 27 + 21, "48 usable ones");
	is_int(states[HK_CT_READONLY], 4, "4 read-only ones");
	is_int(finals, 4, "which say where they end");
	is_int(states[HK_CT_RETIRED], 2, "2 retired ones");
	is_diff(list, list, (tally){0}, "the same list");
	is_diff(NULL, list, (tally){.added = 52}, "the first list");
	ok(hk_ct_loglist_check(body, hk_span_of(sig, sig_len), key, &error), "its signature");
	sig[9] ^= 1;
	ok(!hk_ct_loglist_check(body, hk_span_of(sig, sig_len), key, &error), "another one");
	is_int(hk_error_code(error), HK_ECHECK, "does not verify");
	free(text);
	free(sig);
	free(pem);
}

#define KEY                                                                                        \
	"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEPIcer7RB32jt4bTEbhgUKLKvOctFD+"                       \
	"I2hoDItFxUBlJiGFvftBuRk3fO7e1T7gC2ekyfL7XoO2oN/ObcZyc4EA=="
#define ID "CKIDXIl+znJaHUyhzhNVaSxIUov59RCXLh3fJXJExnk="
#define LOG(members)                                                                               \
	"{\"operators\":[{\"name\":\"o\",\"logs\":[{\"key\":\"" KEY "\"," members "}]}]}"

static void
one_log(void)
{
	static const struct {
		const char *text, *problem;
	} rows[] = {
		{LOG("\"log_id\":\"" ID "\",\"url\":\"https://a.test/x\",\"new\":[]"), NULL},
		{LOG("\"log_id\":\"" ID "\",\"url\":\"http://127.0.0.1:8080/\""), NULL},
		{LOG("\"log_id\":\"" ID "\",\"url\":\"http://a.test/x\""),
			"operators[0].logs[0].url: "},
		{LOG("\"log_id\":\"" ID "\",\"url\":\"https://a.test/?x\""),
			"operators[0].logs[0].url: "},
		{LOG("\"log_id\":\"" ID "\""), "operators[0].logs[0].url: a string is missing"},
		{LOG("\"url\":\"https://a.test/\",\"log_id\":"
		     "\"AAAAXIl+znJaHUyhzhNVaSxIUov59RCXLh3fJXJExnk=\""),
			"operators[0].logs[0]: log_id is not the SHA-256 of key"},
		{LOG("\"log_id\":\"" ID
		     "\",\"url\":\"https://a.test/\",\"state\":{\"dreaming\":{}}"),
			"operators[0].logs[0].state: no state that this program knows"},
		{LOG("\"log_id\":\"" ID
		     "\",\"url\":\"https://a.test/\",\"state\":{\"usable\":{\"timestamp\":"
		     "\"2026-01-01T00:00:00Z\"},\"retired\":{\"timestamp\":\"2026-01-01T00:00:"
		     "00Z\"}}"),
			"operators[0].logs[0].state: both usable and retired"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(hk_ct_loglist) list = parse(rows[i].text);
		is_int(list->logs->len, rows[i].problem ? 0 : 1, "row %zu: logs taken", i);
		is_int(list->problems->len, rows[i].problem ? 1 : 0, "problems");
		if (rows[i].problem && list->problems->len == 1) {
			const char *problem = g_ptr_array_index(list->problems, 0);
			ok(g_str_has_prefix(problem, rows[i].problem), "%s", problem);
		}
	}
}

#define STATE(s) ",\"state\":{\"" s "\":{\"timestamp\":\"2026-01-01T00:00:00Z\"}}"
#define URL      "\"log_id\":\"" ID "\",\"url\":\"https://a.test/x\""

static void
changes(void)
{
	g_autoptr(hk_ct_loglist) usable = parse(LOG(URL STATE("usable")));
	g_autoptr(hk_ct_loglist) retired = parse(LOG(URL STATE("retired")));
	g_autoptr(hk_ct_loglist) hybrid =
		parse(LOG(URL STATE("usable") ",\"tile_url\":\"https://a.test/t\""));
	g_autoptr(hk_ct_loglist) none = parse("{\"operators\":[]}");
	const hk_ct_log *log = g_ptr_array_index(hybrid->logs, 0);

	is_str(log->url, "https://a.test/x/", "a slash is put behind the URL");
	is_str(log->tile_url, "https://a.test/t/", "and behind that of the tiles");
	is_int(log->kind, HK_CT_HYBRID, "a hybrid log");
	is_diff(usable, retired, (tally){.removed = 1}, "a log retires");
	is_diff(retired, usable, (tally){.added = 1}, "and comes back");
	is_diff(usable, none, (tally){.removed = 1}, "a log disappears");
	is_diff(usable, hybrid, (tally){.changed = 1}, "a log gets tiles");
	is_diff(retired, none, (tally){0}, "a retired log disappears");
	ok(!parse("[]") && !parse("{}") && !parse("{\"operators\":1}"), "what is no list");
	ok(hk_ct_log_expects_growth(log, 0), "a usable log grows");
}

int
main(void)
{
	google();
	one_log();
	changes();
	return tap_done();
}
