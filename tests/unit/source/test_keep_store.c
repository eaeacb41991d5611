/* source/ct/keep_store: what hostile certificates must not do to the follower, whose commit holds all logs. */
#include <string.h>

#include "flowlib.h"
#include "source/ct/keep.h"
#include "sys/file.h"
#include "sys/gerr.h"
#include "tap.h"

static const uint8_t log_id[32] = {0xaa};

static hk_keep_item *
item(unsigned index, char *line)
{
	hk_keep_item *ret = g_new0(hk_keep_item, 1);

	memcpy(ret->key, &index, sizeof index);
	ret->index = index;
	ret->line = line;
	return ret;
}

/* A line as sys/sighting makes one, with a member of so many bytes. */
static char *
long_line(size_t bytes)
{
	g_autofree char *much = g_strnfill(bytes, 'A');

	return g_strdup_printf(
		"{\"kind\":\"malformed\",\"log\":\"https://ct.example/\",\"index\":9,"
		"\"names\":[\"long.example\"],\"raw\":\"%s\"}",
		much);
}

/* More than fits into one transaction waits for a head, and one row in the middle cannot be taken. */
static void
test_many(hk_flow *flow, hk_keep *keep, hk_ct_place_log *log)
{
	enum { MANY = 2 * HK_KEEP_RELEASE_MAX + 200 };
	GPtrArray *items = g_ptr_array_new_with_free_func(hk_keep_item_free);
	g_autoptr(GError) error = NULL;

	for (unsigned i = 0; i < MANY; i++) {
		g_ptr_array_add(
			items, item(100 + i, g_strdup_printf("{\"kind\":\"certificate\",\"names\":["
							     "\"n%u.example\"]}",
						     i)));
	}
	hk_keep_pend(keep, log, items);
	log->read = 100 + MANY;
	ok(hk_keep_commit(keep, &error), "many wait for a head: %s", error ? error->message : "");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM ct_pending")), MANY, "as rows");
	fl_run(flow, HK_SQL("UPDATE ct_pending SET data = '{' WHERE entry = 700"));
	hk_keep_release(keep, log, NULL);
	log->verified = log->read;
	ok(!hk_keep_commit(keep, &error), "a row that is damaged stops them");
	g_clear_error(&error);
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM sightings")), 6 + HK_KEEP_RELEASE_MAX,
		"those of the transaction before it are sightings");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM ct_pending")), MANY - HK_KEEP_RELEASE_MAX,
		"and wait no longer, the others do");
	is_int(fl_int(flow, HK_SQL("SELECT verified FROM ct_logs")), 10,
		"the position says nothing of it yet");
	fl_run(flow, HK_SQL("UPDATE ct_pending SET data = '{\"kind\":\"certificate\"}' WHERE "
			    "entry = 700"));
	ok(hk_keep_commit(keep, &error), "once it is mended, the rest follows: %s",
		error ? error->message : "");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM sightings")), 6 + MANY, "each once");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM ct_pending")), 0, "none waits");
	is_int(fl_int(flow, HK_SQL("SELECT verified FROM ct_logs")), 100 + MANY,
		"and the position goes on");
}

/* Names for a light look: with the position, as sightings are, but in another table. */
static void
test_candidates(hk_flow *flow, hk_keep *keep, hk_ct_place_log *log)
{
	static const char *const lines[] = {
		"{\"kind\":\"candidate\",\"log\":\"https://ct.example/"
		"\",\"index\":3,\"tbs_sha256\":"
		"\"ab\",\"hosts\":[{\"host\":\"k1.example\",\"score\":0.02},{\"host\":\"k2."
		"example\","
		"\"score\":0.03}]}",
		"{\"kind\":\"candidate\",\"log\":\"https://ct.example/\",\"index\":4,\"hosts\":[{"
		"\"host\":\"k1.example\",\"score\":0.9}]}",
		"{\"kind\":\"candidate\",\"hosts\":[{\"host\":\"a\\u0007b.example\",\"score\":1}]}",
	};
	GPtrArray *items = g_ptr_array_new_with_free_func(hk_keep_item_free);
	g_autoptr(GError) error = NULL;
	int64_t sightings = fl_int(flow, HK_SQL("SELECT COUNT(*) FROM sightings"));

	/* All of one batch. */
	for (unsigned i = 0; i < G_N_ELEMENTS(lines); i++) {
		g_ptr_array_add(items, item(5000 + i, g_strdup(lines[i])));
	}
	hk_keep_pend(keep, log, items);
	log->read = 5010;
	ok(hk_keep_commit(keep, &error), "candidates wait for a head: %s",
		error ? error->message : "");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM looks")), 0, "not covered, not told");
	hk_keep_release(keep, log, NULL);
	log->verified = 5010;
	ok(hk_keep_commit(keep, &error), "covered: %s", error ? error->message : "");
	g_autofree char *hosts = fl_text(flow, HK_SQL("SELECT a.host || ' ' || b.host || ' ' || "
						      "a.data FROM looks a, looks b WHERE "
						      "a.id < b.id"));
	is_str(hosts,
		"k1.example k2.example {\"log\":\"https://ct.example/"
		"\",\"tbs_sha256\":\"ab\",\"index\":3}",
		"each name once, and where it was seen");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM looks")), 2,
		"no name that nobody may have");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM sightings")), sightings, "no sighting");
}

int
main(void)
{
	g_autofree char *dir = g_dir_make_tmp("hikeshi-test-keep-XXXXXX", NULL);
	g_autoptr(GError) error = NULL;
	hk_flow *flow = fl_open();
	bool ours = false;

	hk_file_init();
	hk_keep *keep = hk_keep_store_open(flow, "watch-test", dir, &error);
	if (!ok(keep && hk_keep_claim(keep, log_id, "a log", &ours, &error) && ours,
		    "a log is claimed: %s", error ? error->message : "")) {
		return tap_done();
	}
	hk_ct_place_log *log = hk_ct_place_add(hk_keep_state(keep), log_id, "a log");
	GPtrArray *items = g_ptr_array_new_with_free_func(hk_keep_item_free);
	static const char *const lines[] = {
		"{\"kind\":\"malformed\",\"names\":[\"evil.example\\u0007\"],\"issuer_o\":\"A "
		"CA\"}",
		"{\"kind\":\"malformed\",\"names\":[\"evil.example\\u0000.\\\\u0000\"]}",
		"{\"kind\":\"malformed\",\"names\":[\"\"]}",
		"{\"kind\":\"malformed\",\"names\":[\" \"]}",
		"{\"kind\":\"certificate\",\"names\":[\"a.example\"],\"issuer_o\":"
		"\"A\\u0085\\u009bCA\"}",
	};
	for (unsigned i = 0; i < G_N_ELEMENTS(lines); i++) {
		g_ptr_array_add(items, item(i, g_strdup(lines[i])));
	}
	g_ptr_array_add(items, item(9, long_line(5 << 20)));
	hk_keep_release(keep, log, items);
	log->begun = true;
	log->verified = log->read = 10;
	log->range_count = 1;
	bool good = hk_keep_commit(keep, &error);
	ok(good, "names that nobody may have do not end the watch: %s",
		error ? error->message : "");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM sightings")), 6, "each is a sighting");
	g_autofree char *title = fl_text(flow, HK_SQL("SELECT title FROM sightings ORDER BY id"));
	is_str(title, "evil.example\xEF\xBF\xBD \xC2\xB7 A CA", "what cannot be shown is replaced");
	g_autofree char *nul =
		fl_text(flow, HK_SQL("SELECT data FROM sightings ORDER BY id LIMIT 1 OFFSET 1"));
	is_str(nul, "{\"kind\":\"malformed\",\"names\":[\"evil.example\\\\x00.\\\\u0000\"]}",
		"a NUL is shown");
	g_autofree char *data =
		fl_text(flow, HK_SQL("SELECT data FROM sightings ORDER BY id DESC LIMIT 1"));
	is_str(data,
		"{\"kind\":\"malformed\",\"log\":\"https://ct.example/"
		"\",\"index\":9,\"too_long\":true}",
		"what is too long is named by its place in the log");
	is_int(fl_int(flow, HK_SQL("SELECT read FROM ct_logs")), 10, "the position goes on");
	test_many(flow, keep, log);
	test_candidates(flow, keep, log);
	hk_keep_free(keep);
	hk_keep_remove(dir);
	fl_close(flow);
	return tap_done();
}
