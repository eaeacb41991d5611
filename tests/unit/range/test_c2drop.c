/* range/c2drop: the sample of the talk (threats.md, section 0.1), keys, and what a moved drop tells. (The states: tests/scenario/range-c2.t.) */
#include "c2drop.h"

#include <string.h>

#include "sys/clock.h"
#include "tap.h"

#define KEY    "apYya82az7rgeN3A"
#define SAMPLE "HgWMMLus2GN0iV3+yu7TUc1CD8pteOyuIxxqVl2m0QA="

static void
encrypts(const char *key, const char *text, const char *want)
{
	g_autofree char *got = rg_drop_encrypt(key, text, true);

	is_str(got, want, "%s with %s", text, key);
}

static void
keys(void)
{
	encrypts(KEY, "104.255.152.61:7775", SAMPLE);
	g_autofree char *full = rg_drop_encrypt("short00000000000", "192.0.2.1:1", true);
	encrypts("short", "192.0.2.1:1", full);
	/* printf '' | openssl enc -aes-128-ecb -K $(printf %s "$key" | xxd -p) -a */
	encrypts(KEY, "", "L8YWmiSozjfFZH6+c7J2gg==");
	g_autofree char *bad = rg_drop_encrypt(KEY, "104.255.152.61:7775", false);
	is_int((int64_t)strlen(bad), (int64_t)strlen(SAMPLE), "a bad padding is as long");
	ok(strncmp(bad, SAMPLE, 20) == 0 && strcmp(bad, SAMPLE) != 0, "and differs at its end");
	g_autoptr(GError) error = NULL;
	g_autoptr(rg_drops) none = rg_drops_new("", &error);
	ok(!none && error, "no key");
	g_autoptr(rg_drops) longer = rg_drops_new(KEY "x", NULL);
	ok(!longer, "a key that is too long");
}

static char *
etag(rg_drops *drops, const char *none_match, unsigned *ret_status)
{
	rg_drop_ask ask = {.host = "Drop.test:80", .path = "/", .if_none_match = none_match};
	rg_drop_answer answer;

	rg_drops_answer(drops, &ask, &answer);
	char *tag = g_strdup(answer.etag);
	*ret_status = answer.status;
	rg_drop_answer_clear(&answer);
	return tag;
}

/* What an nginx would: the file's time, and its size; never the same for another content. */
static void
moves(void)
{
	g_autoptr(rg_drops) drops = rg_drops_new(KEY, NULL);
	unsigned status;

	hk_clock_freeze(INT64_C(1712207841) * 1000);
	ok(!rg_drops_set(drops, "drop.test", RG_DROP_OK, NULL, 0), "a new one needs an address");
	ok(!rg_drops_set(drops, "drop.test", RG_DROP_OK, "203.0.113.1", 0), "with a port");
	ok(rg_drops_set(drops, "DROP.test.", RG_DROP_OK, "203.0.113.1:7775", 0), "a drop");
	g_autofree char *one = etag(drops, NULL, &status);
	is_str(one, "\"660e37e1-2c\"", "the sample's ETag");
	g_autofree char *same = etag(drops, one, &status);
	is_int(status, 304, "unchanged");
	rg_drops_set(drops, "drop.test", RG_DROP_OK, "203.0.113.2:7775", 0);
	g_autofree char *two = etag(drops, one, &status);
	is_int(status, 200, "moved within a second");
	is_str(two, "\"660e37e2-2c\"", "is told by the ETag");
	rg_drops_set(drops, "drop.test", RG_DROP_STUCK, "203.0.113.3:7775", 0);
	g_autofree char *three = etag(drops, two, &status);
	is_int(status, 304, "a stuck one does not tell");
	rg_drops_set(drops, "drop.test", RG_DROP_OK, NULL, 1);
	g_autofree char *four = etag(drops, NULL, &status);
	is_str(four, "\"1-2c\"", "a time of one's own");
	hk_clock_thaw();
}

int
main(void)
{
	keys();
	moves();
	return tap_done();
}
