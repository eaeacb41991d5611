/* sys/zipw and sys/zipr: what is written is read, by unzip, too (tests/scenario/evidence.t); what is not as it should be is refused. */
#include <string.h>
#include <unistd.h>

#include "sys/file.h"
#include "sys/gerr.h"
#include "sys/hash.h"
#include "sys/zipr.h"
#include "sys/zipw.h"
#include "tap.h"

static char *path;

static hk_span
span_of(GBytes *bytes)
{
	gsize len;
	const void *data = g_bytes_get_data(bytes, &len);

	return hk_span_of(data, len);
}

static GBytes *
write_one(void)
{
	g_autoptr(hk_zipw) zip = hk_zipw_new(path, NULL);
	g_autofree char *much = g_strnfill(100000, 'a');
	uint64_t bytes = 0;
	uint8_t told[32], hash[32];

	unlink(path);
	ok(hk_zipw_add(zip, "a/much.txt", hk_span_str(much), INT64_C(1764468000123), NULL) &&
			hk_zipw_add(zip, "a/empty", (hk_span){NULL, 0}, 0, NULL) &&
			hk_zipw_add(zip, "日本.bin", HK_SPAN_LIT("\0\1\2\3"), INT64_MAX, NULL),
		"three files");
	ok(hk_zipw_close(zip, &bytes, told, NULL), "closed");
	ok(access(path, F_OK) != 0, "not there yet");
	ok(hk_zipw_keep(zip, NULL), "kept");
	GBytes *read = hk_file_read(path, 1 << 20, NULL);
	hk_sha256(span_of(read), hash);
	is_int((int64_t)bytes, (int64_t)g_bytes_get_size(read), "its length is told");
	is_mem(told, hash, sizeof hash, "its hash, too");
	ok(bytes < 1000, "what can be small is");
	return read;
}

static void
test_names(void)
{
	static const char *const bad[] = {"", "/a", "a/", "../a", "a/../b", "a//b", "a\\b", "a\nb",
		".", "a/.", "\xff", "twice"};
	g_autoptr(hk_zipw) zip = hk_zipw_new(path, NULL);

	ok(hk_zipw_add(zip, "twice", HK_SPAN_LIT("x"), 0, NULL) &&
			hk_zipw_add(zip, "..a/b..", HK_SPAN_LIT("x"), 0, NULL),
		"fine names");
	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autoptr(GError) error = NULL;
		bool taken = hk_zipw_add(zip, bad[i], HK_SPAN_LIT("x"), 0, &error);
		ok(!taken && hk_error_code(error) == HK_EFORM, "a name that is refused (%zu)", i);
	}
}

/* Whatever byte is changed, the archive is refused or its files are the same: nothing else ever comes out. */
static void
test_changed(GBytes *good)
{
	hk_span span = span_of(good);
	g_autofree uint8_t *copy = g_memdup2(span.data, span.len);
	unsigned refused = 0, other = 0;

	for (size_t i = 0; i < span.len; i++) {
		copy[i] ^= 0x41;
		g_autoptr(hk_zipr) zip = hk_zipr_new(hk_span_of(copy, span.len), NULL);
		g_autoptr(GBytes) bytes = zip ? hk_zipr_get(zip, "日本.bin", NULL) : NULL;
		refused += !zip || !bytes;
		other += bytes && !hk_span_eq(span_of(bytes), HK_SPAN_LIT("\0\1\2\3"));
		g_autoptr(hk_zipr) cut = hk_zipr_new(hk_span_of(copy, i), NULL);
		other += cut != NULL;
		copy[i] ^= 0x41;
	}
	is_int(other, 0, "nothing but what was put in comes out");
	ok(refused > 20, "most changes are seen (%u of %zu)", refused, span.len);
}

int
main(void)
{
	g_autofree char *dir = g_dir_make_tmp("hk-zip-XXXXXX", NULL);
	g_autoptr(GError) error = NULL;

	path = g_build_filename(dir, "x.zip", NULL);
	g_autoptr(GBytes) good = write_one();
	g_autoptr(GBytes) again = write_one();
	ok(g_bytes_equal(good, again), "the same files give the same bytes");
	g_autoptr(hk_zipr) zip = hk_zipr_new(span_of(good), &error);
	if (ok(zip != NULL && hk_zipr_count(zip) == 3, "read")) {
		g_autoptr(GBytes) much = hk_zipr_get(zip, "a/much.txt", NULL);
		g_autoptr(GBytes) empty = hk_zipr_get(zip, "a/empty", NULL);
		ok(much && g_bytes_get_size(much) == 100000, "a file that was packed");
		ok(empty && g_bytes_get_size(empty) == 0, "an empty one");
		is_str(hk_zipr_name(zip, 2), "日本.bin", "a name");
		bool there = hk_zipr_get(zip, "b", &error) != NULL;
		ok(!there && hk_error_code(error) == HK_ENOENT, "what is not there");
	}
	test_changed(good);
	test_names();
	ok(hk_zipw_new("/nonexistent/x.zip", NULL) == NULL, "a folder that is not there");
	g_free(path);
	return tap_done();
}
