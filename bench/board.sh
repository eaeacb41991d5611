#!/bin/sh
# bench/board.sh: a board of a million cases on SQLite and on PostgreSQL, through HTTP while sightings are written: lists, searches, counters, one
# case; beside what a board without these plans would do. HK_BENCH_CASES: how many cases (default 1,000,000; at that each engine takes some
# 5 GB in TMPDIR and some minutes to fill); HK_BENCH_SECONDS: how long each is asked (default 60).
. "$(dirname -- "$0")/lib.sh"
group=board
cases=${HK_BENCH_CASES:-1000000}
seconds=${HK_BENCH_SECONDS:-60}

measure() { # measure ENGINE URL
	"$hikeshi" db init --config /dev/null --database "$2" --audit-key "$work/audit.key" >/dev/null 2>&1
	"$build/bench/board_fill" "$2" "$cases"
	"$build/bench/bench_board" "$2" floors >"$work/floors"
	HK_BENCH_ENGINE=$1 HK_BENCH_LIKE=$(sed -n 's/^like //p' "$work/floors") HK_BENCH_COUNT=$(sed -n 's/^count //p' "$work/floors") \
		node "$src/bench/board.mjs" "$build" "$2" "$work/audit.key" "$seconds" "$cases"
}
if ! command -v node >/dev/null 2>&1; then
	skip "the board" "node is not installed"
	exit 0
fi
measure SQLite "sqlite:$work/board.db"
rm -f "$work"/board.db*
pg=${TMPDIR:-/tmp}/hikeshi-bench-pg.$$ # the server's user may not enter $work
if server=$(HK_PGSQL_CONF='shared_buffers = 1GB
max_wal_size = 2GB' "$src/tests/pgsql.sh" start "$pg" 2>"$work/pg.err"); then
	trap '"$src/tests/pgsql.sh" stop "$pg"; at_exit' EXIT
	measure PostgreSQL "$server"
else
	skip "the board on PostgreSQL" "$(head -n 1 "$work/pg.err")"
fi
