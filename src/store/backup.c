#include "store/backup.h"

#include <inttypes.h>
#include <unistd.h>

#include "store/db_int.h"
#include "store/migrate.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/progress.h"

typedef struct backup {
	hk_db *db;
	hk_dump *dump;
	hk_dump_info *info;
	hk_progress *bar;
} backup;

static bool
dump_rows(backup *b, const hk_table *table, GError **error)
{
	g_autoptr(hk_scan) scan = hk_scan_new(b->db, table->name, error);
	GError *failure = NULL;

	if (!scan) {
		return false;
	}
	while (hk_scan_next(scan, &failure)) {
		hk_dump_row(b->dump);
		for (unsigned i = 0; i < hk_scan_columns(scan); i++) {
			hk_value value = hk_scan_value(scan, i);
			hk_dump_value(b->dump, &value);
		}
		if (!hk_dump_row_end(b->dump, error)) {
			return false;
		}
		hk_progress_update(b->bar, b->info->rows);
	}
	if (failure) {
		g_propagate_error(error, failure);
		return false;
	}
	return true;
}

static bool
dump_table(backup *b, const hk_table *table, GError **error)
{
	g_autoptr(GPtrArray) columns = hk_table_columns(b->db, table->name, error);
	int64_t last_id;

	if (!columns || !hk_table_last_id(b->db, table->name, &last_id, error) ||
		!hk_dump_table(b->dump, table->name, columns, error) ||
		!dump_rows(b, table, error) || !hk_dump_table_end(b->dump, last_id, error)) {
		g_prefix_error(error, "table %s: ", table->name);
		return false;
	}
	const hk_table *dumped = b->info->tables->pdata[b->info->tables->len - 1];
	return dumped->rows == table->rows ||
	       hk_error_set(error, HK_ECHECK,
		       "table %s: %" PRId64 " rows were read, %" PRId64 " were counted",
		       table->name, dumped->rows, table->rows);
}

static bool
dump_tables(backup *b, GError **error)
{
	g_autoptr(GPtrArray) tables = hk_tables(b->db, false, error);
	int64_t total = 0;

	if (!tables) {
		return false;
	}
	for (unsigned i = 0; i < tables->len; i++) {
		total += ((const hk_table *)tables->pdata[i])->rows;
	}
	hk_progress_set_total(b->bar, total);
	for (unsigned i = 0; i < tables->len; i++) {
		if (!dump_table(b, tables->pdata[i], error)) {
			return false;
		}
	}
	return hk_dump_finish(b->dump, error);
}

hk_dump_info *
hk_backup_make(hk_db *db, const char *path, bool replace, GError **error)
{
	g_autoptr(hk_dump_info) info = hk_dump_info_new();
	g_autoptr(hk_progress) bar = NULL;
	g_autoptr(hk_dump) dump = NULL;

	if (!replace && access(path, F_OK) == 0) {
		hk_error_set(error, HK_EPOLICY, "%s exists already: --force replaces it", path);
		return NULL;
	}
	info->engine = db->engine;
	info->made_ms = hk_clock_wall_ms();
	/* The snapshot begins with the first read: the schema's version belongs to it. */
	if (!hk_db_no_timeout(db, error) || !hk_db_begin(db, false, error)) {
		return NULL;
	}
	bool good = hk_schema_known(db, &info->schema, error);
	for (unsigned i = 0; good && i < info->schema; i++) {
		g_ptr_array_add(info->migrations, hk_migration_hash(&hk_migrations[i]));
	}
	if (good) {
		bar = hk_progress_new("backup", "rows", -1);
		dump = hk_dump_new(path, info, error);
		good = dump &&
		       dump_tables(
			       &(backup){.db = db, .dump = dump, .info = info, .bar = bar}, error);
	}
	hk_db_rollback(db);
	return good ? g_steal_pointer(&info) : NULL;
}

/* Whether this program can make the schema that the backup was made of. */
static bool
can_restore(void *user, const hk_dump_info *info, GError **error)
{
	(void)user;
	if (info->schema > hk_migration_count) {
		return hk_error_set(error, HK_ECONFIG,
			"this program knows schema %u; the backup has %u: it was made by a newer "
			"hikeshi (%s): "
			"upgrade the program",
			hk_migration_count, info->schema, info->program);
	}
	for (unsigned i = 0; i < info->schema; i++) {
		g_autofree char *hash = hk_migration_hash(&hk_migrations[i]);
		if (g_strcmp0(hash, info->migrations->pdata[i]) != 0) {
			return hk_error_set(error, HK_ECONFIG,
				"schema %u of the backup is not what this program calls so: it was "
				"made by "
				"another build (%s); restore it with that program",
				i + 1, info->program);
		}
	}
	return true;
}

hk_dump_info *
hk_backup_verify(const char *path, GError **error)
{
	static const hk_dump_sink sink = {.head = can_restore};

	return hk_dump_read(path, &sink, NULL, error);
}
