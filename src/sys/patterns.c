#include "sys/patterns.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hs.h>

#include "base/codec.h"
#include "sys/file.h"
#include "sys/gerr.h"
#include "sys/hash.h"

struct hk_patterns {
	hs_database_t *database; /* NULL: no patterns */
	hs_scratch_t *scratch;
};

/* A database of HK_PATTERNS_MAX patterns stays below. */
#define CACHE_FILE_MAX (512u << 20)

/* What the child writes in front of its answer. */
enum { ANSWER_DATABASE = 'D', ANSWER_ERROR = 'E' };

static void
answer(int fd, char kind, const char *bytes, size_t len)
{
	/* A failed write leaves a short answer, which the parent notices. */
	if (hk_file_write_all(fd, hk_span_of(&kind, 1), NULL, NULL)) {
		hk_file_write_all(fd, hk_span_of(bytes, len), NULL, NULL);
	}
}

/* In the child. Nothing is freed: the process ends. */
static void
compile(const hk_pattern *list, size_t count, int fd)
{
	const char **texts = g_new(const char *, count);
	size_t *lens = g_new(size_t, count);
	unsigned *flags = g_new0(unsigned, count);
	unsigned *ids = g_new(unsigned, count);
	hs_database_t *database = NULL;
	hs_compile_error_t *why = NULL;
	char *bytes = NULL;
	size_t len = 0;

	for (size_t i = 0; i < count; i++) {
		texts[i] = (const char *)list[i].text.data;
		lens[i] = list[i].text.len;
		ids[i] = list[i].id;
	}
	if (hs_compile_lit_multi(texts, flags, ids, lens, (unsigned)count, HS_MODE_BLOCK, NULL,
		    &database, &why) != HS_SUCCESS) {
		answer(fd, ANSWER_ERROR, why->message, strlen(why->message));
	} else if (hs_serialize_database(database, &bytes, &len) != HS_SUCCESS) {
		answer(fd, ANSWER_ERROR, "no memory", strlen("no memory"));
	} else {
		answer(fd, ANSWER_DATABASE, bytes, len);
	}
}

/* Runs compile() in a child; returns a mapping of its answer, which the caller unmaps. */
static char *
compile_apart(const hk_pattern *list, size_t count, size_t *ret_len, GError **error)
{
	int fd = memfd_create("hikeshi-patterns", MFD_CLOEXEC);
	int status = 0;
	char *map = MAP_FAILED;
	pid_t child;

	if (fd < 0 || (child = fork()) < 0) {
		hk_error_errno(error, errno, "cannot compile the patterns");
		if (fd >= 0) {
			close(fd);
		}
		return NULL;
	}
	if (child == 0) {
		/* It holds the parent's locks: it must not outlive it. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		compile(list, count, fd);
		_exit(0);
	}
	while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
	}
	off_t len = lseek(fd, 0, SEEK_END);
	if (WIFEXITED(status) && len > 1) {
		map = mmap(NULL, (size_t)len, PROT_READ, MAP_PRIVATE, fd, 0);
	}
	close(fd);
	if (map == MAP_FAILED) {
		hk_error_set(error, HK_ENOMEM,
			"cannot compile the patterns: the compiling process ended with status %d",
			status);
		return NULL;
	}
	*ret_len = (size_t)len;
	return map;
}

static bool
check(const hk_pattern *list, size_t count, GError **error)
{
	if (count > HK_PATTERNS_MAX) {
		return hk_error_set(error, HK_ERANGE, "%zu patterns; at most %d can be used", count,
			HK_PATTERNS_MAX);
	}
	for (size_t i = 0; i < count; i++) {
		if (list[i].text.len == 0 || list[i].text.len > HK_PATTERN_LEN_MAX) {
			return hk_error_set(error, HK_ERANGE,
				"a pattern of %zu bytes; 1 to %d are possible", list[i].text.len,
				HK_PATTERN_LEN_MAX);
		}
	}
	return true;
}

/* --- the cache --- */

/* Where the database of this list is kept: named by the hash of the library's version, all ids and all texts. */
static char *
cache_path(const hk_pattern *list, size_t count, const char *cache)
{
	g_autoptr(hk_hasher) hasher = hk_hasher_new();
	uint8_t hash[HK_SHA256_SIZE];
	char hex[2 * HK_SHA256_SIZE + 1];

	hk_hasher_add(hasher, hk_span_str(hs_version()));
	for (size_t i = 0; i < count; i++) {
		uint32_t head[2] = {list[i].id, (uint32_t)list[i].text.len};
		hk_hasher_add(hasher, hk_span_of(head, sizeof head));
		hk_hasher_add(hasher, list[i].text);
	}
	hk_hasher_done(hasher, hash);
	hk_hex_encode(hk_span_of(hash, sizeof hash), hex);
	return g_strdup_printf("%s/patterns-%.32s.hs", cache, hex);
}

/* Ours, and no one else could have put something into it. */
static bool
is_trusted(const char *path)
{
	struct stat info;

	return lstat(path, &info) == 0 && S_ISREG(info.st_mode) && info.st_uid == geteuid() &&
	       (info.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

static bool
from_cache(hk_patterns *self, const char *path)
{
	g_autoptr(GBytes) bytes =
		is_trusted(path) ? hk_file_read(path, CACHE_FILE_MAX, NULL) : NULL;

	if (!bytes) {
		return false;
	}
	/* The library checks magic, version, processor and checksum. */
	if (hs_deserialize_database(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes),
		    &self->database) != HS_SUCCESS) {
		self->database = NULL;
		return false;
	}
	utimensat(AT_FDCWD, path, NULL, 0); /* used just now: the oldest go first */
	return true;
}

/* Keeps the newest HK_PATTERNS_CACHED files. */
static void
prune(const char *cache)
{
	for (;;) {
		g_autoptr(GDir) dir = g_dir_open(cache, 0, NULL);
		g_autofree char *oldest = NULL;
		struct timespec oldest_at = {0};
		const char *name;
		unsigned files = 0;
		while (dir && (name = g_dir_read_name(dir)) != NULL) {
			g_autofree char *path = g_build_filename(cache, name, NULL);
			struct stat info;
			if (!g_str_has_prefix(name, "patterns-") ||
				!g_str_has_suffix(name, ".hs") || lstat(path, &info) != 0) {
				continue;
			}
			files++;
			if (!oldest || info.st_mtim.tv_sec < oldest_at.tv_sec) {
				g_free(oldest);
				oldest = g_steal_pointer(&path);
				oldest_at = info.st_mtim;
			}
		}
		if (files <= HK_PATTERNS_CACHED || unlink(oldest) != 0) {
			return;
		}
	}
}

/* --- */

/* In a child, whose answer is also put into the cache. */
static bool
from_child(hk_patterns *self, const hk_pattern *list, size_t count, const char *cache,
	const char *path, GError **error)
{
	size_t len = 0;
	char *map = compile_apart(list, count, &len, error);
	bool fine = false;

	if (!map) {
		return false;
	}
	if (map[0] != ANSWER_DATABASE) {
		hk_error_set(error, HK_EINTERNAL, "cannot compile the patterns: %.*s",
			(int)(len - 1), map + 1);
	} else if (hs_deserialize_database(map + 1, len - 1, &self->database) != HS_SUCCESS) {
		self->database = NULL;
		hk_error_set(error, HK_ENOMEM, "no memory for the patterns");
	} else {
		fine = true;
		if (path && hk_file_mkdirs(cache, NULL) &&
			hk_file_replace_fast(path, hk_span_of(map + 1, len - 1), NULL)) {
			prune(cache);
		}
	}
	munmap(map, len);
	return fine;
}

hk_patterns *
hk_patterns_new(const hk_pattern *list, size_t count, const char *cache, GError **error)
{
	g_autoptr(hk_patterns) self = g_new0(hk_patterns, 1);
	g_autofree char *path = NULL;

	if (!check(list, count, error)) {
		return NULL;
	}
	if (count == 0) {
		return g_steal_pointer(&self);
	}
	if (cache && count >= HK_PATTERNS_CACHE_MIN) {
		path = cache_path(list, count, cache);
	}
	if (!(path && from_cache(self, path)) &&
		!from_child(self, list, count, cache, path, error)) {
		return NULL;
	}
	if (hs_alloc_scratch(self->database, &self->scratch) != HS_SUCCESS) {
		hk_error_set(error, HK_ENOMEM, "no memory for the patterns");
		return NULL;
	}
	return g_steal_pointer(&self);
}

void
hk_patterns_free(hk_patterns *patterns)
{
	if (patterns) {
		hs_free_scratch(patterns->scratch);
		hs_free_database(patterns->database);
		g_free(patterns);
	}
}

typedef struct scan_call {
	hk_patterns_fn fn;
	void *user;
} scan_call;

static int
on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *user)
{
	const scan_call *call = user;

	(void)from;
	(void)flags;
	call->fn(call->user, id, (size_t)to);
	return 0;
}

void
hk_patterns_scan(hk_patterns *patterns, const char *text, size_t len, hk_patterns_fn fn, void *user)
{
	scan_call call = {fn, user};

	if (!patterns->database || len == 0) {
		return;
	}
	if (hs_scan(patterns->database, text, (unsigned)len, 0, patterns->scratch, on_match,
		    &call) != HS_SUCCESS) {
		HK_BUG("hs_scan: a scan inside a scan, or a broken database");
	}
}

size_t
hk_patterns_bytes(const hk_patterns *patterns)
{
	size_t database = 0;
	size_t scratch = 0;

	if (patterns->database) {
		hs_database_size(patterns->database, &database);
		hs_scratch_size(patterns->scratch, &scratch);
	}
	return database + scratch;
}
