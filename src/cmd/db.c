/* hikeshi db init, migrate, check, backup, restore. */
#include <inttypes.h>
#include <stdio.h>

#include "cmd/cmd.h"
#include "store/inspect.h"
#include "store/migrate.h"
#include "sys/gerr.h"

static hk_db *
open_db(const hk_opts *opts, GError **error)
{
	return hk_db_open(hk_opts_str(opts, HK_OPT_DATABASE), error);
}

bool
hk_cmd_db_init(const hk_opts *opts, GError **error)
{
	if (!hk_db_create(hk_opts_str(opts, HK_OPT_DATABASE), error)) {
		return false;
	}
	g_autoptr(hk_db) db = open_db(opts, error);
	if (!db || !hk_migrate(db, error)) {
		return false;
	}
	printf("made, schema %u\n", hk_migration_count);
	return true;
}

bool
hk_cmd_db_migrate(const hk_opts *opts, GError **error)
{
	g_autoptr(hk_db) db = open_db(opts, error);
	unsigned before;

	if (!db || !hk_schema_version(db, &before, error)) {
		return false;
	}
	if (before == 0) {
		return hk_schema_check(db, error); /* says to make it first */
	}
	if (!hk_opts_bool(opts, HK_OPT_DRY_RUN) && !hk_migrate(db, error)) {
		return false;
	}
	/* A newer database is refused here on a dry run. */
	if (before >= hk_migration_count) {
		if (!hk_schema_check(db, error)) {
			return false;
		}
		printf("nothing to do, schema %u\n", before);
		return true;
	}
	for (unsigned i = before; i < hk_migration_count; i++) {
		printf("%s %04u_%s\n",
			hk_opts_bool(opts, HK_OPT_DRY_RUN) ? "would apply" : "applied",
			hk_migrations[i].number, hk_migrations[i].name);
	}
	return true;
}

bool
hk_cmd_db_check(const hk_opts *opts, GError **error)
{
	g_autoptr(hk_db) db = open_db(opts, error);
	g_autoptr(GPtrArray) faults = g_ptr_array_new_with_free_func(g_free);

	if (!db || !hk_schema_check(db, error) || !hk_db_inspect(db, faults, error)) {
		return false;
	}
	for (unsigned i = 0; i < faults->len; i++) {
		puts(faults->pdata[i]);
	}
	if (faults->len > 0) {
		return hk_error_set(error, HK_ECHECK,
			"the database has %u fault%s: restore a backup (hikeshi db restore), or "
			"ask",
			faults->len, faults->len == 1 ? "" : "s");
	}
	printf("no faults, schema %u\n", hk_migration_count);
	return true;
}
