#include "source/ct/seen.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "sys/file.h"
#include "sys/gerr.h"

struct hk_seen {
	char *folder;
	uint64_t generation;
	uint64_t file_count; /* keys in the file */
	int fd;
	char *old_path; /* file of the generation before, until the state names the new one; or NULL
			 */
	size_t max;
	uint8_t *keys; /* ring of room keys; wraps only when room == max */
	size_t room;
	uint64_t added;  /* keys ever added; key number n stands at n % room */
	uint32_t *slots; /* 1 + place in the ring, 0 = empty; power of two */
	size_t slot_mask;
	uint64_t secret[2]; /* certificates choose their hash: do not let them choose their slot */
	GByteArray *fresh;  /* added, not yet in the file */
};

static size_t
slot_of(const hk_seen *seen, const uint8_t *key)
{
	uint64_t a, b;

	memcpy(&a, key, 8);
	memcpy(&b, key + 8, 8);
	uint64_t h = (a ^ seen->secret[0]) * 0x9e3779b97f4a7c15u;
	h = (h ^ (h >> 32) ^ b ^ seen->secret[1]) * 0xd6e8feb86659fd93u;
	return (size_t)(h ^ (h >> 32)) & seen->slot_mask;
}

static bool
find(const hk_seen *seen, const uint8_t *key, size_t *ret_slot)
{
	size_t at = slot_of(seen, key);

	while (seen->slots[at]) {
		if (memcmp(seen->keys + (size_t)(seen->slots[at] - 1) * HK_SEEN_KEY, key,
			    HK_SEEN_KEY) == 0) {
			*ret_slot = at;
			return true;
		}
		at = (at + 1) & seen->slot_mask;
	}
	*ret_slot = at;
	return false;
}

/* Empties a slot of a linearly probed table: what follows moves up, so no tombstones gather. */
static void
erase(hk_seen *seen, size_t hole)
{
	size_t at = hole;

	for (;;) {
		at = (at + 1) & seen->slot_mask;
		if (!seen->slots[at]) {
			break;
		}
		size_t home =
			slot_of(seen, seen->keys + (size_t)(seen->slots[at] - 1) * HK_SEEN_KEY);
		/* May it stand in the hole? Only if its home is not between hole (exclusive) and at
		 * (inclusive). */
		if (((at - home) & seen->slot_mask) >= ((at - hole) & seen->slot_mask)) {
			seen->slots[hole] = seen->slots[at];
			hole = at;
		}
	}
	seen->slots[hole] = 0;
}

static void
grow(hk_seen *seen)
{
	size_t slots = 1024;
	size_t slot;

	seen->room = MIN(MAX(seen->room * 2, 256), seen->max);
	seen->keys = g_realloc(seen->keys, seen->room * HK_SEEN_KEY);
	while (slots < seen->room * 2) {
		slots *= 2;
	}
	if (seen->slots && slots == seen->slot_mask + 1) {
		return;
	}
	g_free(seen->slots);
	seen->slots = g_new0(uint32_t, slots);
	seen->slot_mask = slots - 1;
	for (size_t i = 0; i < seen->added; i++) {
		find(seen, seen->keys + i * HK_SEEN_KEY, &slot);
		seen->slots[slot] = (uint32_t)i + 1;
	}
}

/* Adds to the ring and the table only. */
static bool
insert(hk_seen *seen, const uint8_t *key)
{
	size_t slot;

	if (seen->slots && find(seen, key, &slot)) {
		return false;
	}
	if (seen->added == seen->room && seen->room < seen->max) {
		grow(seen);
	}
	size_t place = (size_t)(seen->added % seen->room);
	uint8_t *at = seen->keys + place * HK_SEEN_KEY;
	if (seen->added >= seen->room && find(seen, at, &slot)) {
		erase(seen, slot);
	}
	memcpy(at, key, HK_SEEN_KEY);
	seen->added++;
	find(seen, key, &slot);
	seen->slots[slot] = (uint32_t)place + 1;
	return true;
}

bool
hk_seen_has(const hk_seen *seen, const uint8_t key[HK_SEEN_KEY])
{
	size_t slot;

	return seen->slots && find(seen, key, &slot);
}

bool
hk_seen_add(hk_seen *seen, const uint8_t key[HK_SEEN_KEY])
{
	if (!insert(seen, key)) {
		return false;
	}
	g_byte_array_append(seen->fresh, key, HK_SEEN_KEY);
	return true;
}

static char *
path_of(const hk_seen *seen, uint64_t generation)
{
	return g_strdup_printf("%s/keys-%" PRIu64, seen->folder, generation);
}

static bool
load(hk_seen *seen, uint64_t count, GError **error)
{
	g_autofree char *path = path_of(seen, seen->generation);
	uint8_t block[256 * HK_SEEN_KEY];

	seen->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (seen->fd < 0) {
		return hk_error_errno(error, errno, "%s: cannot open", path);
	}
	off_t size = lseek(seen->fd, 0, SEEK_END);
	if (size < 0 || (uint64_t)size / HK_SEEN_KEY < count) {
		return hk_error_set(error, HK_ECHECK,
			"%s: %" PRId64 " bytes, but the state names %" PRIu64
			" keys; was the folder copied in part?",
			path, (int64_t)size, count);
	}
	if (ftruncate(seen->fd, (off_t)(count * HK_SEEN_KEY)) < 0) {
		return hk_error_errno(error, errno, "%s: cannot cut", path);
	}
	/* Only the newest keys fit. */
	uint64_t at = count > seen->max ? count - seen->max : 0;
	while (at < count) {
		size_t n = (size_t)MIN(count - at, 256);
		ssize_t got = pread(seen->fd, block, n * HK_SEEN_KEY, (off_t)(at * HK_SEEN_KEY));
		if (got < HK_SEEN_KEY) {
			return hk_error_errno(
				error, got < 0 ? errno : EIO, "%s: cannot read", path);
		}
		for (ssize_t i = 0; i + HK_SEEN_KEY <= got; i += HK_SEEN_KEY) {
			insert(seen, block + i);
			at++;
		}
	}
	seen->file_count = count;
	return true;
}

hk_seen *
hk_seen_open(const char *folder, uint64_t generation, uint64_t count, size_t max, GError **error)
{
	g_autoptr(hk_seen) seen = g_new0(hk_seen, 1);

	seen->fd = -1;
	seen->folder = g_strdup(folder);
	seen->generation = generation;
	seen->max = MIN(MAX(max, 1), UINT32_MAX / 2);
	seen->fresh = g_byte_array_new();
	seen->secret[0] = (uint64_t)g_random_int() << 32 | g_random_int();
	seen->secret[1] = (uint64_t)g_random_int() << 32 | g_random_int();
	return load(seen, count, error) ? g_steal_pointer(&seen) : NULL;
}

void
hk_seen_free(hk_seen *seen)
{
	if (!seen) {
		return;
	}
	if (seen->fd >= 0) {
		close(seen->fd);
	}
	g_byte_array_unref(seen->fresh);
	g_free(seen->folder);
	g_free(seen->old_path);
	g_free(seen->keys);
	g_free(seen->slots);
	g_free(seen);
}

/* The newest max keys, oldest first, into the next generation's file. */
static bool
next_generation(hk_seen *seen, GError **error)
{
	g_autofree char *path = path_of(seen, seen->generation + 1);
	size_t count = (size_t)MIN(seen->added, seen->room);
	size_t first = seen->added > seen->room ? (size_t)(seen->added % seen->room) : 0;
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0) {
		return hk_error_errno(error, errno, "%s: cannot create", path);
	}
	if (!hk_file_write_all(fd,
		    hk_span_of(seen->keys + first * HK_SEEN_KEY, (count - first) * HK_SEEN_KEY),
		    NULL, error) ||
		!hk_file_append(fd, hk_span_of(seen->keys, first * HK_SEEN_KEY), path, error)) {
		close(fd);
		unlink(path);
		return false;
	}
	g_free(seen->old_path);
	seen->old_path = path_of(seen, seen->generation);
	close(seen->fd);
	seen->fd = fd;
	seen->generation++;
	seen->file_count = count;
	g_byte_array_set_size(seen->fresh, 0);
	return true;
}

bool
hk_seen_flush(hk_seen *seen, uint64_t *ret_generation, uint64_t *ret_count, GError **error)
{
	size_t fresh = seen->fresh->len / HK_SEEN_KEY;

	if (fresh > 0 && seen->file_count + fresh > 2 * (uint64_t)seen->max) {
		if (!next_generation(seen, error)) {
			return false;
		}
	} else if (fresh > 0) {
		if (lseek(seen->fd, (off_t)(seen->file_count * HK_SEEN_KEY), SEEK_SET) < 0) {
			return hk_error_errno(error, errno, "keys: cannot seek");
		}
		if (!hk_file_append(seen->fd, hk_span_of(seen->fresh->data, seen->fresh->len),
			    "keys", error)) {
			return false;
		}
		seen->file_count += fresh;
		g_byte_array_set_size(seen->fresh, 0);
	}
	*ret_generation = seen->generation;
	*ret_count = seen->file_count;
	return true;
}

void
hk_seen_committed(hk_seen *seen)
{
	if (seen->old_path) {
		unlink(seen->old_path);
		g_clear_pointer(&seen->old_path, g_free);
	}
}
