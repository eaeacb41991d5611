# tests/tap.sh: TAP for shell tests. Usage, from an executable tests/scenario/NAME.t (or tests/lint/NAME.t):
#
#   #!/bin/sh
#   . "$(dirname -- "$0")/../tap.sh"
#   run hikeshi config check /dev/null        # -> $status, $out, $err
#   is "$status" 0 "an empty configuration is fine"
#   done_testing
#
# HK_SRC is the source tree, HK_BUILD the build folder (default: build below HK_SRC), $work an empty folder that is removed
# at the end. A test whose second line is "# databases: both" runs on SQLite and on PostgreSQL: new_database makes it one.
# `hikeshi` and `hikeshi-range` are those of HK_BUILD, `hikeshi` without the configuration of this machine.
# shellcheck shell=sh
set -u
HK_SRC=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
HK_BUILD=${HK_BUILD:-$HK_SRC/build}
case $HK_BUILD in /*) ;; *) HK_BUILD=$PWD/$HK_BUILD ;; esac
export HK_SRC HK_BUILD
tap_count=0
tap_failed=0
tap_pids=
tap_databases=
work=$(mktemp -d "${TMPDIR:-/tmp}/hikeshi test.XXXXXX")

tap_cleanup() {
	for tap_pid in $tap_pids; do
		kill "$tap_pid" 2>/dev/null && wait "$tap_pid" 2>/dev/null
	done
	rm -rf "$work"
	for tap_database in $tap_databases; do
		psql -qX "$HK_TEST_PGSQL" -c "DROP DATABASE IF EXISTS $tap_database WITH (FORCE)" >/dev/null 2>&1
	done
}
trap tap_cleanup EXIT
trap 'exit 1' HUP INT TERM

hikeshi() { "$HK_BUILD/src/hikeshi" "$@"; }
hikeshi_range() { "$HK_BUILD/range/hikeshi-range" "$@"; }

# run COMMAND...: runs it; $status, $out and $err (text without closing newlines).
run() {
	"$@" >"$work/.out" 2>"$work/.err" </dev/null
	status=$?
	out=$(cat "$work/.out")
	err=$(cat "$work/.err")
}

# stop_at_end PID: ends that process when the test ends.
stop_at_end() { tap_pids="$tap_pids $1"; }

# new_database NAME: $database is the URL of a new database, without a schema (for `hikeshi db init`), on the engine that
# HK_TEST_PGSQL asks for.
new_database() {
	if [ -z "${HK_TEST_PGSQL:-}" ]; then
		database=$work/$1.db
		return
	fi
	tap_name=hk_test_$$_$1
	psql -qX "$HK_TEST_PGSQL" -c "CREATE DATABASE $tap_name TEMPLATE template0" || { echo "Bail out! no database"; exit 1; }
	tap_databases="$tap_databases $tap_name"
	# shellcheck disable=SC2034 # for the test
	database=$(printf '%s\n' "$HK_TEST_PGSQL" | sed "s|/postgres?|/$tap_name?|")
}

ok() { # ok CONDITION-STATUS TEXT: 0 passes
	tap_count=$((tap_count + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $tap_count - $2"
	else
		tap_failed=$((tap_failed + 1))
		echo "not ok $tap_count - $2"
		return 1
	fi
}
is() { # is GOT WANT TEXT
	[ "$1" = "$2" ]
	ok $? "$3" || { diag "got:      $1"; diag "expected: $2"; return 1; }
}
like() { # like TEXT ERE TEXT: any line matches
	printf '%s\n' "$1" | grep -Eq -- "$2"
	ok $? "$3" || { diag "no match for: $2"; diag "in: $1"; return 1; }
}
unlike() { # unlike TEXT ERE TEXT: no line matches
	! printf '%s\n' "$1" | grep -Eq -- "$2"
	ok $? "$3" || { diag "unexpected match for: $2"; diag "in: $1"; return 1; }
}
skip() { # skip WHY TEXT
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $2 # SKIP $1"
}
diag() { printf '%s\n' "$1" | sed 's/^/#   /'; }
done_testing() {
	echo "1..$tap_count"
	[ "$tap_failed" -eq 0 ] && [ "$tap_count" -gt 0 ]
	exit $?
}
