#include "sys/disk.h"

#include <string.h>
#include <sys/statvfs.h>

#include <glib.h>

bool
hk_disk_at(const char *path, hk_disk *ret)
{
	g_autofree char *folder = g_strdup(path);
	struct statvfs disk;

	while (statvfs(folder, &disk) != 0) {
		if (strcmp(folder, "/") == 0 || strcmp(folder, ".") == 0) {
			return false;
		}
		char *above = g_path_get_dirname(folder);
		g_free(folder);
		folder = above;
	}
	*ret = (hk_disk){.free_bytes = (int64_t)disk.f_bavail * (int64_t)disk.f_frsize,
		.total_bytes = (int64_t)disk.f_blocks * (int64_t)disk.f_frsize,
		.free_files = disk.f_files > 0 ? (int64_t)disk.f_favail : -1,
		.id = disk.f_fsid};
	return true;
}

hk_disk_how
hk_disk_judge(const hk_disk *disk)
{
	int64_t percent = disk->total_bytes / 100;

	if (disk->total_bytes <= 0) {
		return HK_DISK_ROOM;
	}
	if (disk->free_bytes < HK_DISK_FULL_BYTES ||
		disk->free_bytes < percent * HK_DISK_FULL_PERCENT ||
		(disk->free_files >= 0 && disk->free_files < HK_DISK_FULL_FILES)) {
		return HK_DISK_FULL;
	}
	return disk->free_bytes < percent * HK_DISK_LOW_PERCENT ? HK_DISK_LOW : HK_DISK_ROOM;
}
