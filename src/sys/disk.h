/* sys/disk: how much room there is where something lies. Layer: sys. Input is ours. */
#ifndef HK_SYS_DISK_H
#define HK_SYS_DISK_H

#include <stdbool.h>
#include <stdint.h>

/* Of the whole disk, or in bytes: below the first ones it is as good as full, below the last one somebody should look after it. */
#define HK_DISK_FULL_PERCENT 5
#define HK_DISK_FULL_BYTES   (INT64_C(1) << 30)
#define HK_DISK_LOW_PERCENT  10
#define HK_DISK_FULL_FILES   1000

typedef enum hk_disk_how { HK_DISK_ROOM, HK_DISK_LOW, HK_DISK_FULL } hk_disk_how;

typedef struct hk_disk {
	int64_t free_bytes, total_bytes; /* free: for users that are not root */
	int64_t free_files;              /* -1: this kind of file system has no such limit */
	uint64_t id;                     /* the same for two paths on one disk; 0: not known */
} hk_disk;

/* hk_disk_at(path, ret): of the disk that path lies on, or would if it were made: of the nearest folder above it that is there. False when the system does not say. */
bool hk_disk_at(const char *path, hk_disk *ret);

/* hk_disk_judge(disk): FULL: less than 5 % or 1 GiB free, or fewer than 1000 files may be made; LOW: less than 10 % free; else ROOM. A disk without a size is ROOM. */
hk_disk_how hk_disk_judge(const hk_disk *disk);

#endif
