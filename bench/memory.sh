#!/bin/sh
# bench/memory.sh: memory of one `hikeshi ct follow` over 50 growing logs at once, with 100,000 watch patterns: steady, and at
# most (VmHWM; the patterns are compiled in a child, whose memory is given back). 50 logs are 50 small hikeshi-range processes.
. "$(dirname -- "$0")/lib.sh"
group=memory
logs=${HK_BENCH_LOGS:-50}
seconds=${HK_BENCH_SECONDS:-25}

number=0
while [ "$number" -lt "$logs" ]; do
	number=$((number + 1))
	api=static
	[ $((number % 2)) -eq 0 ] || api=rfc6962
	# a third of them has a backlog, so that there is something to read ahead
	start_log "log$number" --api "$api" --size $((number % 3 == 0 ? 5000 : 500)) --rate 5 --seed "$number" --cache-mb 16
done
# One list of all: the rows of each list's "logs" and "tiled_logs"
rows() { # rows MEMBER
	for list in "$work"/log*.list; do
		sed -n 's/.*"'"$1"'":\[\({.*}}}\)\].*/\1/p' "$list" | sed 's/\],"tiled_logs":.*//'
	done | paste -s -d , -
}
printf '{"version":"1.0","log_list_timestamp":"2026-01-01T00:00:00Z","operators":[{"name":"range","email":["range@mihon-bank.example"],"logs":[%s],"tiled_logs":[%s]}]}\n' \
	"$(rows logs)" "$(rows tiled_logs)" >"$work/all.list"
make_patterns 100000 >"$work/patterns"

# watch WHAT TARGET OPTION...
watch() {
	what=$1 target=$2
	shift 2
	rm -rf "$work/state"
	# shellcheck disable=SC2086 # a command and its arguments
	$client "$hikeshi" ct follow --config /dev/null --cache "$work/cache" --from start --logs "$work/all.list" \
		--state "$work/state" --contact "$contact" --rate 0 "$@" >"$work/lines" 2>"$work/follow.err" &
	pid=$!
	pids="$pids $pid"
	waited=0
	until grep -q . "$work/follow.err" || [ "$waited" -ge 120 ]; do
		kill -0 "$pid" 2>/dev/null || break
		sleep 1
		waited=$((waited + 1))
	done
	sleep "$seconds"
	if ! kill -0 "$pid" 2>/dev/null; then
		tail -n 3 "$work/follow.err" >&2
		return 1
	fi
	peak=$(calc "$(kib_of "$pid" VmHWM) / 1024")
	steady=$(calc "$(kib_of "$pid" VmRSS) / 1024")
	own=$(calc "$(kib_of "$pid" RssAnon) / 1024")
	figure "$logs logs, $what, peak" "$peak" MiB "${target:+of what is asked}" "$(calc "$peak / 64")" "$target"
	figure "$logs logs, $what, steady" "$steady" MiB "${target:+of what is asked}" "$(calc "$steady / 64")" "$target"
	figure "$logs logs, $what, not shared with files" "$own" MiB
	stop "$pid"
}
watch "100,000 patterns" "<= 64" --rules "$src/rules" --patterns "$work/patterns"
[ ! -f "$model" ] || set -- "$@" --model "$model"
watch "100,000 patterns, targets, model" "" --rules "$src/rules" --patterns "$work/patterns" --targets "$src/conf/targets/jp.conf" "$@"
note "certspotter's memory, with one log, stands in the group peer"
