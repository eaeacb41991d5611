#include "sys/patterns.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hs.h>

#include "sys/file.h"
#include "sys/gerr.h"

struct hk_patterns {
	hs_database_t *database; /* NULL: no patterns */
	hs_scratch_t *scratch;
};

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

hk_patterns *
hk_patterns_new(const hk_pattern *list, size_t count, GError **error)
{
	g_autoptr(hk_patterns) self = g_new0(hk_patterns, 1);
	size_t len = 0;

	if (!check(list, count, error)) {
		return NULL;
	}
	if (count == 0) {
		return g_steal_pointer(&self);
	}
	char *map = compile_apart(list, count, &len, error);
	if (!map) {
		return NULL;
	}
	if (map[0] != ANSWER_DATABASE) {
		hk_error_set(error, HK_EINTERNAL, "cannot compile the patterns: %.*s",
			(int)(len - 1), map + 1);
	} else if (hs_deserialize_database(map + 1, len - 1, &self->database) != HS_SUCCESS ||
		   hs_alloc_scratch(self->database, &self->scratch) != HS_SUCCESS) {
		hk_error_set(error, HK_ENOMEM, "no memory for the patterns");
	} else {
		munmap(map, len);
		return g_steal_pointer(&self);
	}
	munmap(map, len);
	return NULL;
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
