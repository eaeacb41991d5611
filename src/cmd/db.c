/* hikeshi db init, migrate, check, backup, restore. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/seed.h"
#include "store/backup.h"
#include "store/inspect.h"
#include "store/migrate.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/gerr.h"

static hk_db *
open_db(const hk_opts *opts, GError **error)
{
	return hk_db_open(hk_opts_str(opts, HK_OPT_DATABASE), error);
}

/* 32 random bytes (mode 0600), unless the file is there: a new key would make the events that exist worthless. */
static bool
make_key(const char *path, bool *ret_made, GError **error)
{
	uint8_t key[32];
	g_autofree char *folder = g_path_get_dirname(path);

	if (!hk_file_mkdirs(folder, error)) {
		return false;
	}
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	*ret_made = fd >= 0;
	if (fd < 0) {
		return errno == EEXIST || hk_error_errno(error, errno, "%s", path);
	}
	bool good = getrandom(key, sizeof(key), 0) == sizeof(key)
			    ? hk_file_append(fd, hk_span_of(key, sizeof(key)), path, error)
			    : hk_error_errno(error, errno, "random bytes");
	close(fd);
	explicit_bzero(key, sizeof(key));
	if (!good) {
		unlink(path);
	}
	return good;
}

bool
hk_cmd_db_init(const hk_opts *opts, GError **error)
{
	const char *key = hk_opts_str(opts, HK_OPT_AUDIT_KEY);
	const char *const *own = hk_opts_list(opts, HK_OPT_OWN);
	bool made;

	if (!hk_seed_check(hk_opts_str(opts, HK_OPT_TARGETS), own, error) ||
		!hk_db_create(hk_opts_str(opts, HK_OPT_DATABASE), error) ||
		!make_key(key, &made, error)) {
		return false;
	}
	g_autoptr(hk_db) db = open_db(opts, error);
	const char *targets = hk_opts_str(opts, HK_OPT_TARGETS);
	int64_t seeded;
	size_t brands;
	if (!db || !hk_migrate(db, error) ||
		!hk_seed(db, key, targets, own, &seeded, &brands, error)) {
		return false;
	}
	printf("made, schema %u\n", hk_migration_count);
	printf("%s the key of the audit chain: %s%s\n", made ? "made" : "kept", key,
		made ? " (keep a copy off this machine)" : "");
	if (targets) {
		printf("made %" PRId64 " targets of the %zu brands of %s\n", seeded, brands,
			targets);
	}
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

/* "SHA-256 ...", what a backup holds. */
static void
print_info(const hk_dump_info *info)
{
	char when[HK_CLOCK_TEXT_SIZE];

	printf("schema %u of %s, made %s by hikeshi %s, %" PRId64 " bytes\nSHA-256 ", info->schema,
		info->engine == HK_DB_SQLITE ? "SQLite" : "PostgreSQL",
		hk_clock_format(info->made_ms, when), info->program, info->bytes);
	for (size_t i = 0; i < sizeof(info->hash); i++) {
		printf("%02x", info->hash[i]);
	}
	putchar('\n');
	for (unsigned i = 0; i < info->tables->len; i++) {
		const hk_table *table = info->tables->pdata[i];
		if (table->rows > 0) {
			printf("%-20s %12" PRId64 "\n", table->name, table->rows);
		}
	}
	printf("%-20s %12" PRId64 "\n", "rows in all", info->rows);
}

static bool
one_file(const hk_opts *opts, const char *words, const char **ret, GError **error)
{
	if (hk_opts_arg_count(opts) != 1) {
		return hk_error_set(error, HK_EUSAGE,
			"`hikeshi %s FILE`: one file is needed: `hikeshi %s --help`", words, words);
	}
	*ret = hk_opts_args(opts)[0];
	return true;
}

bool
hk_cmd_db_backup(const hk_opts *opts, GError **error)
{
	const char *path = NULL;

	if (!one_file(opts, "db backup", &path, error)) {
		return false;
	}
	g_autoptr(hk_db) db = open_db(opts, error);
	if (!db) {
		return false;
	}
	g_autoptr(hk_dump_info) info =
		hk_backup_make(db, path, hk_opts_bool(opts, HK_OPT_FORCE), error);
	if (!info) {
		g_prefix_error(error, "no backup was made: ");
		return false;
	}
	print_info(info);
	return true;
}

bool
hk_cmd_db_restore(const hk_opts *opts, GError **error)
{
	const char *path = NULL;
	g_autofree char *kept = NULL;
	g_autoptr(hk_dump_info) info = NULL;
	bool dry = hk_opts_bool(opts, HK_OPT_DRY_RUN);

	if (!one_file(opts, "db restore", &path, error)) {
		return false;
	}
	info = dry ? hk_backup_verify(path, error)
		   : hk_backup_restore(path, hk_opts_str(opts, HK_OPT_DATABASE),
			     hk_opts_bool(opts, HK_OPT_FORCE), &kept, error);
	if (!info) {
		g_prefix_error(error, "nothing was restored: ");
		return false;
	}
	print_info(info);
	puts(dry ? "the backup is sound; nothing was restored"
		 : "restored; what may have been sent since the backup was made asks for a person "
		   "before it leaves (docs/backup.md)");
	if (kept) {
		printf("the database before: %s\n", kept);
	}
	return true;
}
