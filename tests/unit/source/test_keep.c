/* source/ct/{state,seen,store,out}: what a crash at any point leaves behind. A crash is played by
 * throwing the store away without a commit, or by putting bytes behind what is committed, as a
 * killed process would. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "source/ct/keep.h"
#include "source/ct/seen.h"
#include "sys/file.h"
#include "sys/gerr.h"

#include "tap.h"

static char *root;

static char *
folder(const char *name)
{
	return g_build_filename(root, name, NULL);
}

static char *
content(const char *dir, const char *name)
{
	g_autofree char *path = g_build_filename(dir, name, NULL);
	g_autoptr(GBytes) bytes = hk_file_read(path, 1u << 20, NULL);

	return bytes ? g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes)) : NULL;
}

static void
spoil(const char *dir, const char *name, const char *bytes)
{
	g_autofree char *path = g_build_filename(dir, name, NULL);
	int fd = open(path, O_WRONLY | O_APPEND);

	ok(fd >= 0 && write(fd, bytes, strlen(bytes)) == (ssize_t)strlen(bytes),
		"%s: a crash left bytes", name);
	close(fd);
}

static GPtrArray *
items(unsigned first, unsigned count)
{
	GPtrArray *list = g_ptr_array_new_with_free_func(hk_keep_item_free);

	for (unsigned i = first; i < first + count; i++) {
		hk_keep_item *item = g_new0(hk_keep_item, 1);
		memset(item->key, 7, 32);
		memcpy(item->key, &i, sizeof i);
		item->index = i;
		item->line = g_strdup_printf("{\"n\":%u}", i);
		g_ptr_array_add(list, item);
	}
	return list;
}

static const uint8_t id_a[32] = {0xaa};
static const uint8_t id_b[32] = {0xbb};

static hk_ct_place_log *
add(hk_keep *store, const uint8_t *id)
{
	hk_ct_place_log *log = hk_ct_place_add(hk_keep_state(store), id, "a log");

	log->begun = true;
	return log;
}

static hk_keep *
reopen(const char *dir, const char *what)
{
	g_autoptr(GError) error = NULL;
	hk_keep *store = hk_keep_folder_open(dir, &error);

	ok(store != NULL, "%s: opens (%s)", what, error ? error->message : "");
	return store;
}

static void
states(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(hk_ct_place) state = hk_ct_place_new();
	hk_ct_place_log *log = hk_ct_place_add(state, id_a, "Mihon\n2026h2");

	state->journal_len = UINT64_MAX;
	state->keys_count = 3;
	log->status = HK_CT_PLACE_STOPPED;
	log->verified = 5;
	log->read = 6;
	log->range_count = 2;
	log->range[1][31] = 9;
	log->why = g_strdup("two heads");
	hk_ct_place_add(state, id_b, "")->begun = true;
	log->begun = true;
	g_autoptr(GString) text = hk_ct_place_print(state);
	g_autoptr(hk_ct_place) back = hk_ct_place_parse(hk_span_of(text->str, text->len), &error);
	if (!ok(back != NULL, "print, parse: %s", error ? error->message : "")) {
		return;
	}
	g_autoptr(GString) again = hk_ct_place_print(back);
	is_str(again->str, text->str, "print, parse, print");
	is_str(((hk_ct_place_log *)g_ptr_array_index(back->logs, 0))->name, "Mihon 2026h2",
		"a name cannot make a line");

	unsigned accepted = 0;
	for (size_t i = 0; i < text->len; i++) {
		g_autofree char *bad = g_strndup(text->str, text->len);
		bad[i] ^= 1;
		g_autoptr(hk_ct_place) parsed = hk_ct_place_parse(hk_span_of(bad, text->len), NULL);
		accepted += parsed != NULL;
		g_autoptr(hk_ct_place) cut = hk_ct_place_parse(hk_span_of(text->str, i), NULL);
		accepted += cut != NULL;
	}
	is_int(accepted, 0, "no changed bit and no missing end goes unseen");
}

static void
seen_set(void)
{
	g_autofree char *dir = folder("seen");
	g_autoptr(GError) error = NULL;
	uint64_t generation = 0, count = 0;
	uint8_t key[32] = {0};
	unsigned wrong = 0;

	hk_file_mkdirs(dir, NULL);
	hk_seen *seen = hk_seen_open(dir, 0, 0, 1000, &error);
	for (unsigned i = 0; i < 5000; i++) {
		memcpy(key, &i, sizeof i);
		wrong += !hk_seen_add(seen, key) + hk_seen_add(seen, key);
		if (i % 300 == 0) {
			wrong += !hk_seen_flush(seen, &generation, &count, &error);
			hk_seen_committed(seen);
		}
		unsigned old = i >= 999 ? i - 999 : 0;
		memcpy(key, &old, sizeof old);
		wrong += !hk_seen_has(seen, key);
		if (i >= 1000) {
			old = i - 1000;
			memcpy(key, &old, sizeof old);
			wrong += hk_seen_has(seen, key);
		}
	}
	is_int(wrong, 0, "the newest 1,000 are known, older ones are not");
	hk_seen_flush(seen, &generation, &count, &error);
	hk_seen_committed(seen);
	hk_seen_free(seen);
	ok(generation > 0 && count <= 2000, "the file stays bounded: generation %d, %d keys",
		(int)generation, (int)count);
	seen = hk_seen_open(dir, generation, count, 1000, &error);
	for (unsigned i = 0; i < 5000; i++) {
		memcpy(key, &i, sizeof i);
		wrong += hk_seen_has(seen, key) != (i >= 4000);
	}
	is_int(wrong, 0, "and so after a restart");
	hk_seen_free(seen);
	ok(!hk_seen_open(dir, generation, count + 1, 1000, &error),
		"a file that is too short is refused");
	is_int(hk_error_code(error), HK_ECHECK, "its code");
}

static void
committing(void)
{
	g_autofree char *dir = folder("commit");
	g_autoptr(GError) error = NULL;
	hk_keep *store = reopen(dir, "new");

	ok(!hk_keep_folder_open(dir, &error), "a second one is refused: %s",
		error ? error->message : "");
	hk_ct_place_log *a = add(store, id_a);
	hk_keep_release(store, a, items(0, 3));
	a->verified = a->read = 4;
	a->range_count = 1;
	ok(hk_keep_commit(store, NULL), "committed");
	g_autofree char *first = content(dir, "sightings.jsonl");
	is_str(first, "{\"seq\":1,\"n\":0}\n{\"seq\":2,\"n\":1}\n{\"seq\":3,\"n\":2}\n",
		"the journal");

	/* Released and pended, then killed before the commit. */
	hk_keep_release(store, a, items(3, 2));
	a->verified = a->read = 8;
	hk_keep_pend(store, a, items(5, 2));
	hk_keep_free(store);
	spoil(dir, "sightings.jsonl", "{\"seq\":4,\"n\"");
	spoil(dir, "keys-0", "half a key");
	store = reopen(dir, "after the crash");
	g_autofree char *second = content(dir, "sightings.jsonl");
	is_str(second, first, "the journal is as it was");
	a = hk_ct_place_find(hk_keep_state(store), id_a);
	is_int(a ? a->read : 0, 4, "the position too");

	/* Pending over a restart; a repetition from another log; the same key once more. */
	hk_keep_pend(store, a, items(3, 2));
	a->read = 8;
	ok(hk_keep_commit(store, NULL), "pending sightings are committed");
	hk_keep_free(store);
	g_autofree char *third = content(dir, "sightings.jsonl");
	is_str(third, first, "but not told");
	store = reopen(dir, "with pending ones");
	a = hk_ct_place_find(hk_keep_state(store), id_a);
	hk_ct_place_log *b = add(store, id_b);
	hk_keep_release(store, b, items(1, 3));
	b->verified = b->read = 2;
	b->range_count = 1;
	hk_keep_release(store, a, items(5, 1));
	a->verified = 8;
	hk_keep_pend(store, a, items(6, 1));
	ok(hk_keep_commit(store, NULL), "released");
	is_int(hk_keep_repeats(store), 3,
		"known issuances are dropped: two of before, one of the other log");
	g_autofree char *fourth = content(dir, "sightings.jsonl");
	ok(g_str_has_suffix(
		   fourth, "{\"seq\":4,\"n\":3}\n{\"seq\":5,\"n\":4}\n{\"seq\":6,\"n\":5}\n"),
		"each once");
	hk_keep_free(store);
}

static void
full_disk(void)
{
	g_autofree char *dir = folder("full");
	g_autoptr(GError) error = NULL;
	hk_keep *store = reopen(dir, "full disk");
	hk_ct_place_log *a = add(store, id_a);
	struct rlimit old, low;

	hk_keep_release(store, a, items(0, 2));
	hk_keep_commit(store, NULL);
	g_autofree char *before = content(dir, "state");
	getrlimit(RLIMIT_FSIZE, &old);
	low = (struct rlimit){.rlim_cur = 40, .rlim_max = old.rlim_max};
	hk_keep_release(store, a, items(2, 100));
	setrlimit(RLIMIT_FSIZE, &low);
	bool good = hk_keep_commit(store, &error);
	setrlimit(RLIMIT_FSIZE, &old);
	ok(!good, "a commit on a full disk fails: %s", error ? error->message : "");
	is_int(hk_error_code(error), HK_EFULL, "its code");
	hk_keep_free(store);
	g_autofree char *after = content(dir, "state");
	is_str(after, before, "the state is untouched");
	store = reopen(dir, "room again");
	a = hk_ct_place_find(hk_keep_state(store), id_a);
	hk_keep_release(store, a, items(2, 100));
	ok(hk_keep_commit(store, NULL), "and goes on");
	is_int(hk_keep_state(store)->journal_seq, 102, "with every sighting");
	hk_keep_free(store);
}

static char *
printed(hk_keep *store, const char *path, bool want)
{
	g_autoptr(GError) error = NULL;
	int fd = open(path, O_RDWR | O_CREAT | O_APPEND, 0600);

	ok(hk_keep_print(store, fd, &error) == want, "print: %s", error ? error->message : "good");
	close(fd);
	g_autoptr(GBytes) bytes = hk_file_read(path, 1u << 20, NULL);
	return g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
}

static void
printing_to_a_file(void)
{
	g_autofree char *dir = folder("print");
	g_autofree char *path = folder("out.jsonl");
	static const char whole[] =
		"{\"seq\":1,\"n\":0}\n{\"seq\":2,\"n\":1}\n{\"seq\":3,\"n\":2}\n";
	size_t len = strlen(whole);
	unsigned wrong = 0;
	hk_keep *store = reopen(dir, "print");
	hk_ct_place_log *a = add(store, id_a);

	hk_keep_release(store, a, items(0, 3));
	hk_keep_commit(store, NULL);
	g_autofree char *all = printed(store, path, true);
	is_str(all, whole, "printed");
	hk_keep_free(store);
	/* The file was cut anywhere by a crash, whatever the counter says: it ends up whole. */
	for (size_t cut = 1; cut < len; cut++) {
		if (truncate(path, (off_t)cut) < 0) {
			wrong++;
		}
		store = hk_keep_folder_open(dir, NULL);
		int fd = open(path, O_RDWR | O_APPEND);
		wrong += !hk_keep_print(store, fd, NULL);
		close(fd);
		hk_keep_free(store);
		g_autoptr(GBytes) bytes = hk_file_read(path, 1u << 20, NULL);
		bool same = g_bytes_get_size(bytes) == len &&
			    memcmp(g_bytes_get_data(bytes, NULL), whole, len) == 0;
		if (!same) {
			tap_diag("cut at %zu: %.*s", cut, (int)g_bytes_get_size(bytes),
				(const char *)g_bytes_get_data(bytes, NULL));
		}
		wrong += !same;
	}
	is_int(wrong, 0, "a torn line is completed at every cut");
}

static void
printing_to_a_pipe(void)
{
	g_autofree char *dir = folder("pipe");
	g_autofree char *counter = g_build_filename(dir, "printed", NULL);
	g_autoptr(GError) error = NULL;
	char buf[1000];
	int ends[2];
	hk_keep *store = reopen(dir, "pipe");
	hk_ct_place_log *a = add(store, id_a);

	if (!ok(pipe(ends) == 0, "a pipe")) {
		return;
	}
	hk_keep_release(store, a, items(0, 2));
	hk_keep_commit(store, NULL);
	ok(hk_keep_print(store, ends[1], NULL), "printed");
	ssize_t n = read(ends[0], buf, sizeof buf);
	is_int(n, 32, "two lines");
	hk_keep_free(store);
	store = reopen(dir, "pipe again");
	hk_keep_release(store, hk_ct_place_find(hk_keep_state(store), id_a), items(2, 1));
	hk_keep_commit(store, NULL);
	ok(hk_keep_print(store, ends[1], NULL), "printed");
	n = read(ends[0], buf, sizeof buf - 1);
	buf[n > 0 ? n : 0] = '\0';
	is_str(buf, "{\"seq\":3,\"n\":2}\n", "only what is new");
	hk_keep_release(store, hk_ct_place_find(hk_keep_state(store), id_a), items(3, 1));
	hk_keep_commit(store, NULL);
	hk_keep_free(store);
	/* Killed between the two marks of line 4. */
	int fd = open(counter, O_RDWR);
	uint64_t four = 4;
	ok(pwrite(fd, &four, 8, 8) == 8, "started, not done");
	close(fd);
	store = reopen(dir, "pipe in doubt");
	ok(hk_keep_print(store, ends[1], NULL), "printed");
	n = read(ends[0], buf, sizeof buf - 1);
	buf[n > 0 ? n : 0] = '\0';
	is_str(buf, "{\"seq\":4,\"repeat\":true,\"n\":3}\n",
		"a line in doubt says that it may be a repetition");
	hk_keep_release(store, hk_ct_place_find(hk_keep_state(store), id_a), items(4, 1));
	hk_keep_commit(store, NULL);
	close(ends[0]);
	ok(!hk_keep_print(store, ends[1], &error), "a reader that has gone is an error: %s",
		error ? error->message : "");
	close(ends[1]);
	hk_keep_free(store);
}

int
main(void)
{
	root = g_dir_make_tmp("hikeshi-test-store-XXXXXX", NULL);
	hk_file_init();
	states();
	seen_set();
	committing();
	full_disk();
	printing_to_a_file();
	printing_to_a_pipe();
	g_autofree char *clean = g_strdup_printf("rm -rf '%s'", root);
	ok(system(clean) == 0, "cleaned up");
	g_free(root);
	return tap_done();
}
