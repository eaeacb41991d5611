/* store/dump: the file of a backup: every row of every table, the same for both engines. Layer: store. A file that is read is
 * hostile: it may be torn, edited, or none of ours.
 *
 *   "hikeshi backup 1\n"
 *   u32 length, JSON {"schema","engine","program","made_ms","migrations":[SHA-256 of each, hexadecimal]}
 *   frames: u32 bytes of content, u32 bytes as stored, the content (packed by gzip if that is less)
 *   u32 0, and the SHA-256 of all that stands before it (32 bytes); the end
 *
 * Integers are big-endian. The frames' content is one run of records; no record is cut by a frame:
 *   'T' u16 name, u16 number of columns, u16 name of each    a table begins
 *   'R' a value for each column: 'n' | 'i' i64 | 'r' f64 | 't' u32 text | 'b' u32 bytes
 *   'E' u64 rows, u64 last number given to a row             it ends
 *   'Z' u64 rows of all tables                               the last record
 * ("u16 name": the length, then the bytes.) */
#ifndef HK_STORE_DUMP_H
#define HK_STORE_DUMP_H

#include "store/bulk.h"
#include "sys/hash.h"

#define HK_DUMP_MAGIC       "hikeshi backup 1\n"
#define HK_DUMP_HEAD_MAX    65536
#define HK_DUMP_FRAME       (256u << 10) /* a frame ends with the record that reaches this */
#define HK_DUMP_FRAME_MAX   (1100u << 20)
#define HK_DUMP_COLUMNS_MAX 400

/* What a backup says of itself. */
typedef struct hk_dump_info {
	unsigned schema;
	hk_db_engine engine;
	char *program; /* owned: version that wrote it */
	int64_t made_ms;
	GPtrArray *migrations; /* of char *: hash of each, in order */
	GPtrArray *tables;     /* of hk_table *, in order */
	int64_t rows;
	int64_t bytes; /* of the file */
	uint8_t hash[HK_SHA256_SIZE];
} hk_dump_info;

hk_dump_info *hk_dump_info_new(void);
void hk_dump_info_free(hk_dump_info *info); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_dump_info, hk_dump_info_free)

/* Writing: into "path.tmp" (mode 0600), which becomes path in hk_dump_finish, after fsync; freed before, it is removed. info: schema,
 * engine, made_ms and migrations are written; tables, rows, bytes, hash are filled in. Errors as sys/file. */
typedef struct hk_dump hk_dump;
hk_dump *hk_dump_new(const char *path, hk_dump_info *info, GError **error);
void hk_dump_free(hk_dump *dump); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_dump, hk_dump_free)
bool hk_dump_table(hk_dump *dump, const char *name, const GPtrArray *columns, GError **error);
/* One value after the other, then hk_dump_row_end. */
void hk_dump_row(hk_dump *dump);
void hk_dump_value(hk_dump *dump, const hk_value *value);
bool hk_dump_row_end(hk_dump *dump, GError **error);
bool hk_dump_table_end(hk_dump *dump, int64_t last_id, GError **error);
bool hk_dump_finish(hk_dump *dump, GError **error);

/* Where the records of a file go. Any may be NULL. info: what is known so far. Spans are borrowed until the call returns. */
typedef struct hk_dump_sink {
	bool (*head)(void *user, const hk_dump_info *info, GError **error);
	bool (*table)(void *user, const char *name, const GPtrArray *columns, GError **error);
	bool (*row)(void *user, const hk_value *values, GError **error);
	bool (*end)(void *user, const hk_table *table, int64_t last_id, GError **error);
} hk_dump_sink;

/* hk_dump_read(path, sink, user, error): reads the whole file. Whether it is sound is known only at the end: read it once with a sink
 * that does nothing, and compare the hash after the second time. NULL and error: HK_EFORM for what is no backup, HK_ETRUNC when it is cut
 * short, HK_EVERSION for a later format, HK_ECHECK when the hash does not fit; else as sys/file, or what the sink said. */
hk_dump_info *hk_dump_read(const char *path, const hk_dump_sink *sink, void *user, GError **error);

#endif
