/* store/backup: the whole database into one file, and back, on either engine: a backup of SQLite may be restored into PostgreSQL and
 * the other way round. Layer: store. A backup that is read is hostile (store/dump.h). The bytes of attachments and captures are not in
 * the database and not in the backup. */
#ifndef HK_STORE_BACKUP_H
#define HK_STORE_BACKUP_H

#include "store/db.h"
#include "store/dump.h"

/* hk_backup_make(db, path, replace, error): every table as it stands at one moment, while others go on writing, into a file of mode
 * 0600 that is there whole or not at all. The schema may be older than the program's (a backup before `db migrate`). Free the info
 * with hk_dump_info_free. HK_EPOLICY when path exists and replace is false; HK_EFULL; else as store/db, sys/file. Draws a progress
 * bar. */
hk_dump_info *hk_backup_make(hk_db *db, const char *path, bool replace, GError **error);

/* hk_backup_verify(path, error): reads the whole file, hash, structure, counts; that this program can restore it (HK_ECONFIG for a
 * newer schema, or one of another build). */
hk_dump_info *hk_backup_verify(const char *path, GError **error);

/* hk_backup_restore(path, url, replace, ret_kept, error): verifies the backup, puts it into the database url, counts the rows of
 * every table, checks all references, makes reports that were about to leave "unsure" (they may have left since the backup), and migrates to this program's schema. replace false: the database is missing or empty, else
 * HK_EPOLICY. true: SQLite: the new file takes the place of the old one in one step, which is kept beside it (*ret_kept, caller
 * frees; NULL: there was none); HK_EAGAIN when a process has it open; when root does it, the new file belongs to whom the old one did, or to whom the folder does. PostgreSQL: every table of the schema is dropped and made anew in
 * one transaction; nothing is kept. On failure the database is as it was. */
hk_dump_info *hk_backup_restore(
	const char *path, const char *url, bool replace, char **ret_kept, GError **error);

#endif
