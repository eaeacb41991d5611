#!/bin/sh
# databases: both
# hikeshi db: from nothing to a database, its check, the backup drill, and every way to get it wrong.
. "$(dirname -- "$0")/../tap.sh"

new_database one
one=$database
new_database two
two=$database
key=$work/keys/audit.key
db() { # db COMMAND DATABASE [WORD...]
	tap_command=$1
	tap_url=$2
	shift 2
	run hikeshi db "$tap_command" --config /dev/null --database "$tap_url" "$@"
}
sql() { # sql DATABASE STATEMENT
	case $1 in
	postgresql:*) psql -qXAt "$1" -c "$2" ;;
	*) sqlite3 -cmd '.timeout 5000' "$1" "$2" ;;
	esac
}

# Before there is one
db check "$one"
like "$status/$err" '^(66|78)/hikeshi: .*hikeshi db init' "no database: says how to make one"
db migrate "$one"
like "$status/$err" '^(66|78)/hikeshi: .*hikeshi db init' "migrate does not make one"
db backup "$one" "$work/none.backup"
like "$status" '^(66|78)$' "nor is there a backup of it"
[ ! -e "$work/none.backup" ] && [ ! -e "$work/none.backup.tmp" ]
ok $? "and no file is left"

# init
db init "$one" --audit-key "$key"
is "$status" 0 "init"
like "$out" '^made, schema [0-9]+$' "says what it made"
is "$(stat -c '%a %s' "$key")" "600 32" "the key of the audit chain"
kept=$(sha256sum "$key")
db init "$two" --audit-key "$key"
like "$out" '^kept the key' "a key that exists is kept"
is "$(sha256sum "$key")" "$kept" "as it is"
db init "$one" --audit-key "$key"
like "$status/$err" '^77/hikeshi: .* is not empty: nothing was done' "init again: refused"
db migrate "$one" --dry-run
like "$status/$out" '^0/nothing to do, schema' "migrate --dry-run: nothing to do"
db migrate "$one"
like "$status/$out" '^0/nothing to do, schema' "migrate: nothing to do"
db check "$one"
like "$status/$out" '^0/no faults, schema' "check: no faults"

# Brands whose domains begin with the same word, both ours
new_database three
printf '[A Bank]\ntoken = abank\nofficial = direct.a-bank.example\n[B Bank]\ntoken = bbank\nofficial = direct.b-bank.example\n' >"$work/pack.conf"
db init "$database" --audit-key "$key" --targets "$work/pack.conf" --own "A Bank" --own "B Bank"
like "$status/$out" 'made 2 targets of the 2 brands of .*pack.conf' "two brands whose domains begin alike: two targets, and it says of how many"
is "$(sql "$database" "SELECT key FROM targets WHERE own = 1 ORDER BY id" | tr '\n' ' ')" "direct direct.b-bank.example " "ours, each with a key of its own"

# Wrong words
db check "mysql://x/y"
like "$status/$err" '^78/.*sqlite:PATH or postgresql://' "another database"
db backup "$one"
like "$status/$err" '^64/.*one file is needed' "backup without a file"
db restore "$one" a b
like "$status/$err" '^64/.*one file is needed' "restore of two"
db restore "$one" "$work/nosuch"
like "$status/$err" '^66/hikeshi: nothing was restored: .*nosuch' "restore of nothing"

# The drill
sql "$one" "INSERT INTO sources (key, kind, name, updated_ms) VALUES ('manual', 'manual', '手入力', 7)"
backup=$work/house.backup
db backup "$one" "$backup"
is "$status" 0 "backup"
like "$out" '^sources +1$' "counts the rows"
hash=$(printf '%s\n' "$out" | sed -n 's/^SHA-256 //p')
is "$(head -c -32 "$backup" | sha256sum | cut -c 1-64)" "$hash" "its SHA-256 is that of the file before its last 32 bytes"
is "$(stat -c %a "$backup")" 600 "mode 0600"
db backup "$one" "$backup"
like "$status/$err" '^77/.*exists already: --force' "backup onto a file: refused"
db backup "$one" --force "$backup"
is "$status" 0 "with --force: replaced"
db restore "$two" --dry-run "$backup"
like "$status/$out" '^0/schema' "restore --dry-run"
like "$out" '^the backup is sound; nothing was restored$' "says so"
db restore "$two" "$backup"
like "$status/$err" '^77/.*is not empty: nothing was done \(--force' "onto a database that is not empty: refused"
sql "$two" "INSERT INTO settings (key, value, updated_ms) VALUES ('old', '1', 0)"
db restore "$two" --force "$backup"
is "$status" 0 "with --force"
is "$(sql "$two" "SELECT name, updated_ms FROM sources")" "手入力|7" "what was there is there"
is "$(sql "$two" "SELECT count(*) FROM settings WHERE key = 'old'")" 0 "what was there before is not"
db check "$two"
like "$status/$out" '^0/no faults' "no faults"
if [ -z "${HK_TEST_PGSQL:-}" ]; then
	old=$(ls "$work"/two.db.before-*)
	is "$(sql "$old" "SELECT count(*) FROM settings WHERE key = 'old'")" 1 "the old file is kept"
else
	db restore "$work/lite.db" "$backup"
	is "$(sql "$work/lite.db" "SELECT name, updated_ms FROM sources")" "手入力|7" "and from PostgreSQL into SQLite"
fi

# Torn, edited, newer
head -c 900 "$backup" >"$work/torn.backup"
db restore "$two" --force "$work/torn.backup"
like "$status/$err" '^65/.*cut short: it cannot be used' "torn: refused"
{ head -c -40 "$backup"; printf 'xxxxxxxx'; tail -c 32 "$backup"; } >"$work/edited.backup"
db restore "$two" --force "$work/edited.backup"
like "$status/$err" '^65/.*damaged or edited' "edited: refused"
db restore "$two" --force "$HK_SRC/README.md"
like "$status/$err" '^65/.*no backup of hikeshi' "another file: refused"
is "$(sql "$two" "SELECT name, updated_ms FROM sources")" "手入力|7" "and the database is as it was"

sql "$two" "INSERT INTO schema_log (number, name, sha256, at_ms) VALUES (9999, 'later', 'x', 0)"
newer='it was written by a newer hikeshi; upgrade the program or restore a backup'
db check "$two"
like "$status/$err" "^78/.*the database has 9999: $newer" "a newer schema: check"
db migrate "$two"
like "$status/$err" "^78/.*$newer" "migrate"
db backup "$two" "$work/newer.backup"
like "$status/$err" "^78/.*$newer" "backup"
db restore "$two" --force "$backup"
is "$status" 0 "restoring a backup mends it"

sql "$two" "DROP INDEX cases_host"
db check "$two"
like "$status/$out" '^65/schema: index cases_host is missing' "a missing index is found"
like "$err" '1 fault: restore a backup' "and counted"

# A restore that is killed at any moment leaves the old database or the new one.
bad=0
for pause in 0 0.01 0.02 0.03 0.05 0.08 0.12 0.2; do
	"$HK_BUILD/src/hikeshi" db restore --config /dev/null --database "$two" --force "$backup" >/dev/null 2>&1 &
	sleep "$pause"
	kill -9 $! 2>/dev/null
	wait $! 2>/dev/null
	[ "$(sql "$two" "SELECT name FROM sources")" = 手入力 ] || bad=$((bad + 1))
done
is "$bad" 0 "kill -9 at eight moments of a restore"
db restore "$two" --force "$backup"
is "$status" 0 "and the next one does"
done_testing
