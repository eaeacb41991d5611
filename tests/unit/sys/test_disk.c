/* How full is too full: the numbers of sys/disk.h, and a path that is not there yet. */
#include "sys/disk.h"

#include "tap.h"

#define GIB (INT64_C(1) << 30)

static const struct {
	int64_t free, total, files;
	hk_disk_how how;
	const char *what;
} cases[] = {
	{500 * GIB, 1000 * GIB, -1, HK_DISK_ROOM, "half empty"},
	{100 * GIB, 1000 * GIB, -1, HK_DISK_ROOM, "10 % are enough"},
	{99 * GIB, 1000 * GIB, -1, HK_DISK_LOW, "less is not"},
	{50 * GIB, 1000 * GIB, -1, HK_DISK_LOW, "5 %"},
	{49 * GIB, 1000 * GIB, -1, HK_DISK_FULL, "less than 5 %"},
	{GIB - 1, 2 * GIB, -1, HK_DISK_FULL, "less than 1 GiB, of however little"},
	{GIB, 2 * GIB, -1, HK_DISK_ROOM, "1 GiB of two"},
	{500 * GIB, 1000 * GIB, 999, HK_DISK_FULL, "no more files"},
	{500 * GIB, 1000 * GIB, 1000, HK_DISK_ROOM, "enough files"},
	{0, 0, 0, HK_DISK_ROOM, "no size: nothing is known"},
};

int
main(void)
{
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const hk_disk disk = {.free_bytes = cases[i].free,
			.total_bytes = cases[i].total,
			.free_files = cases[i].files};
		is_int(hk_disk_judge(&disk), cases[i].how, "%s", cases[i].what);
	}
	hk_disk there, absent;
	ok(hk_disk_at("/", &there) && there.total_bytes > 0, "the root has a size");
	ok(hk_disk_at("/nosuch/folder/of/ours", &absent) &&
			absent.total_bytes == there.total_bytes && absent.id == there.id,
		"what is not there would lie where the nearest folder is");
	return tap_done();
}
