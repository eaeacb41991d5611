/* Blobs in a bucket: the same promises as in a folder, with as few requests as they need. */
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys/blob.h"
#include "sys/gerr.h"

#include "s3peer.h"
#include "tap.h"

#define ABC  "ba/ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define PATH "/mihon-evidence/house/" ABC

static char *key_file;
static s3peer *peer;

static hk_blobs *
open_at(const char *where, GError **error)
{
	g_autofree char *endpoint = g_strdup_printf("http://127.0.0.1:%d", peer->port);
	const hk_blobs_config config = {
		.where = where, .s3 = {.endpoint = endpoint, .key_file = key_file, .wait_ms = 1}};

	return hk_blobs_open(&config, error);
}

static void
asked(const char *want, const char *what)
{
	g_autofree char *log = s3peer_log(peer);

	is_str(log, want, "%s", what);
}

static void
contract(hk_blobs *blobs)
{
	g_autoptr(GError) error = NULL;
	uint8_t sha[32], none[32] = {1};

	ok(hk_blobs_put(blobs, HK_SPAN_LIT("abc"), sha, &error), "put");
	is_mem(sha, "\xba\x78\x16\xbf\x8f\x01\xcf\xea", 8, "named by SHA-256");
	asked("HEAD " PATH "\nPUT " PATH "\n", "two requests");
	g_autofree char *path = hk_blobs_path(blobs, sha);
	is_str(path, "s3://mihon-evidence/house/" ABC, "where it lies");
	ok(hk_blobs_put(blobs, HK_SPAN_LIT("abc"), sha, &error), "put again");
	asked("HEAD " PATH "\n", "nothing is written, nothing is read: the store knows the hash");
	g_autoptr(GBytes) got = hk_blobs_get(blobs, sha, 3, &error);
	ok(got && g_bytes_get_size(got) == 3, "get");
	ok(!hk_blobs_get(blobs, sha, 2, &error), "over the caller's cap");
	is_int(hk_error_code(error), HK_ELIMIT, "limit");
	g_clear_error(&error);
	ok(!hk_blobs_get(blobs, none, 9, &error), "none");
	is_int(hk_error_code(error), HK_ENOENT, "not found");
	g_clear_error(&error);
	ok(hk_blobs_put(blobs, hk_span_of(NULL, 0), sha, &error), "the empty one");
	g_autoptr(GBytes) empty = hk_blobs_get(blobs, sha, 0, &error);
	ok(empty && g_bytes_get_size(empty) == 0, "is kept, too");
	g_free(s3peer_log(peer));
}

/* With and without the store's own word about hashes. */
static void
changed(hk_blobs *blobs, bool checksums)
{
	g_autoptr(GError) error = NULL;
	uint8_t sha[32];

	peer->checksums = checksums;
	ok(hk_blobs_put(blobs, HK_SPAN_LIT("abc"), sha, &error), "put");
	g_free(s3peer_log(peer));
	if (!checksums) {
		ok(hk_blobs_put(blobs, HK_SPAN_LIT("abc"), sha, &error), "put again");
		asked("HEAD " PATH "\nGET " PATH "\n", "without its word it is read");
	}
	s3peer_set(peer, PATH, "abd");
	ok(!hk_blobs_get(blobs, sha, 9, &error), "a changed one is not handed out");
	is_int(hk_error_code(error), HK_ECHECK, "check failed");
	ok(strstr(error->message, "s3://mihon-evidence/house/" ABC), "which one: %s",
		error->message);
	g_clear_error(&error);
	ok(hk_blobs_put(blobs, HK_SPAN_LIT("abc"), sha, &error), "put mends it");
	g_autofree char *mended = s3peer_text(peer, PATH);
	is_str(mended, "abc", "mended");
	s3peer_set(peer, PATH, "abcd");
	ok(hk_blobs_put(blobs, HK_SPAN_LIT("abc"), sha, &error), "one of another length, too");
	g_autofree char *again = s3peer_text(peer, PATH);
	is_str(again, "abc", "mended again");
	s3peer_set(peer, PATH, NULL);
	g_free(s3peer_log(peer));
	peer->checksums = true;
}

/* Another one writes between our look and our PUT. */
static void
races(hk_blobs *blobs)
{
	static const char none[] =
		"HTTP/1.1 404 X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
	g_autoptr(GError) error = NULL;
	uint8_t sha[32];

	s3peer_set(peer, PATH, "abc");
	s3peer_next(peer, none);
	ok(hk_blobs_put(blobs, HK_SPAN_LIT("abc"), sha, &error), "the same bytes: fine");
	asked("HEAD " PATH "\nPUT " PATH "\nHEAD " PATH "\n", "looked at again");
	s3peer_set(peer, PATH, "abd");
	s3peer_next(peer, none);
	ok(hk_blobs_put(blobs, HK_SPAN_LIT("abc"), sha, &error), "others: mended");
	g_autofree char *mended = s3peer_text(peer, PATH);
	is_str(mended, "abc", "mended");
	/* A store that does not know what it has. */
	s3peer_next(peer, none);
	s3peer_fail(peer, 412, "PreconditionFailed");
	s3peer_next(peer, none);
	s3peer_fail(peer, 412, "PreconditionFailed");
	ok(!hk_blobs_put(blobs, HK_SPAN_LIT("abc"), sha, &error),
		"a store that contradicts itself");
	is_int(hk_error_code(error), HK_EREMOTE, "is told");
	s3peer_set(peer, PATH, NULL);
	g_free(s3peer_log(peer));
}

static void
troubles(hk_blobs *blobs)
{
	g_autoptr(GError) error = NULL;
	uint8_t sha[32] = {7};

	s3peer_next(peer, "HTTP/1.1 404 X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
	s3peer_fail(peer, 404, "NoSuchBucket");
	ok(!hk_blobs_put(blobs, HK_SPAN_LIT("abc"), sha, &error), "no bucket");
	ok(g_str_has_prefix(
		   error->message, "blobs: s3://mihon-evidence: the bucket does not exist"),
		"%s", error->message);
	is_int(sha[0], 7, "nothing is handed out");
	g_clear_error(&error);
	/* Lost after the store has taken it: the second PUT finds the first one's. */
	s3peer_next(peer, "HTTP/1.1 404 X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
	s3peer_next(peer, "");
	s3peer_set(peer, PATH, "abc");
	ok(hk_blobs_put(blobs, HK_SPAN_LIT("abc"), sha, &error), "a lost answer");
	g_free(s3peer_log(peer));
}

/* Larger than any buffer on the way, and than the length from which curl asks first (100-continue). */
static void
large(hk_blobs *blobs)
{
	enum { SIZE = 5 << 20 };
	g_autofree uint8_t *bytes = g_malloc(SIZE);
	g_autoptr(GError) error = NULL;
	uint8_t sha[32];

	for (size_t i = 0; i < SIZE; i++) {
		bytes[i] = (uint8_t)(i * 2654435761u >> 13);
	}
	s3peer_next(peer, "HTTP/1.1 404 X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
	s3peer_fail(peer, 503, "SlowDown");
	ok(hk_blobs_put(blobs, hk_span_of(bytes, SIZE), sha, &error), "5 MiB, at the second go: %s",
		error ? error->message : "");
	g_autoptr(GBytes) got = hk_blobs_get(blobs, sha, SIZE, &error);
	ok(got && g_bytes_get_size(got) == SIZE &&
			memcmp(g_bytes_get_data(got, NULL), bytes, SIZE) == 0,
		"come back");
	g_free(s3peer_log(peer));
}

static void
places(void)
{
	static const struct {
		const char *where;
		bool good;
	} rows[] = {
		{"s3://mihon-evidence", true},
		{"s3://mihon-evidence/", true},
		{"s3://mihon-evidence/a/b/", true},
		{"s3://mihon-evidence/\xe8\xa8\xbc\xe6\x8b\xa0", true},
		{"s3://", false},
		{"s3://Mihon/x", false},
		{"s3://mihon-evidence//x", false},
		{"s3://mihon-evidence/x//y", false},
		{"s3://mihon-evidence/../x", false},
		{"s3://mihon-evidence/x/.", false},
		{"s3://mihon-evidence/a b", false},
		{"s3://mihon-evidence/\xff", false},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(hk_blobs) blobs = open_at(rows[i].where, &error);
		is_int(blobs != NULL, rows[i].good, "%s", rows[i].where);
		is_int(hk_error_code(error), rows[i].good ? HK_OK : HK_ECONFIG, "%s: code",
			rows[i].where);
	}
	g_autofree char *longest = g_strnfill(HK_BLOBS_PREFIX_MAX, 'x');
	g_autofree char *fits = g_strconcat("s3://mihon-evidence/", longest, NULL);
	g_autofree char *over = g_strconcat(fits, "x", NULL);
	g_autoptr(hk_blobs) one = open_at(fits, NULL), two = open_at(over, NULL);
	ok(one && !two, "the longest prefix");
	g_autoptr(hk_blobs) bare = open_at("s3://mihon-evidence", NULL);
	uint8_t sha[32];
	ok(hk_blobs_put(bare, HK_SPAN_LIT("abc"), sha, NULL), "without a prefix");
	g_autofree char *there = s3peer_text(peer, "/mihon-evidence/" ABC);
	is_str(there, "abc", "it lies at the top");
	g_free(s3peer_log(peer));
}

int
main(void)
{
	g_autofree char *dir = g_dir_make_tmp("hk-blob-s3-XXXXXX", NULL);
	g_autoptr(GError) error = NULL;

	key_file = g_build_filename(dir, "credentials", NULL);
	g_file_set_contents(key_file,
		"[default]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = s3cret\n", -1,
		NULL);
	g_chmod(key_file, 0600);
	peer = s3peer_start();
	g_autoptr(hk_blobs) blobs = open_at("s3://mihon-evidence/house", &error);
	if (ok(blobs, "opened %s", error ? error->message : "")) {
		contract(blobs);
		changed(blobs, true);
		changed(blobs, false);
		races(blobs);
		troubles(blobs);
		large(blobs);
		places();
	}
	s3peer_stop(peer);
	g_unlink(key_file);
	g_rmdir(dir);
	g_free(key_file);
	return tap_done();
}
