#!/bin/sh
# bench/latency.sh: from the publication of an entry (the head that covers it becomes visible, as hikeshi-range's truth file
# says) to its sighting on standard output of `hikeshi ct follow --poll 1s`, and with the default of 2 s; heads every second.
# HK_BENCH_SECONDS: how long each rate is measured (default 120).
. "$(dirname -- "$0")/lib.sh"
group=latency
seconds=${HK_BENCH_SECONDS:-120}
set -- --targets "$src/conf/targets/jp.conf" --rules "$src/rules"
[ ! -f "$model" ] || set -- "$@" --model "$model"

# Compiles the patterns once for all followers
"$hikeshi" score --config /dev/null --cache "$work/cache" "$@" www.mihon-bank.example >/dev/null

followers=
names=
begin() { # begin NAME POLL OPTION...: follows the log $log
	name=$1 poll=$2
	shift 2
	names="$names $name"
	mkfifo "$work/$name.fifo"
	"$tool" stamp <"$work/$name.fifo" >"$work/$name.lines" &
	pids="$pids $!"
	# --all: a sighting for every issuance, so that there are enough of them
	# shellcheck disable=SC2086 # a command and its arguments
	$client "$hikeshi" ct follow --config /dev/null --cache "$work/cache" --all --logs "$work/$log.list" --state "$work/$name.state" \
		--contact "$contact" --poll "$poll" "$@" >"$work/$name.fifo" 2>"$work/$name.err" &
	pids="$pids $!"
	followers="$followers $!"
}
for speed in 100 10; do
	for api in static rfc6962; do
		log=$api-$speed
		start_log "$log" --api "$api" --size 1000 --seed "$speed" --rate "$speed" --publish-ms 1000 --truth "$work/$log.truth"
		begin "$log-1s" 1s "$@"
		[ "$log" != static-100 ] || begin "$log-2s" 2s "$@"
	done
done
# Measured is what is published from when all have printed something.
waited=0
for name in $names; do
	until [ -s "$work/$name.lines" ] || [ "$waited" -ge 120 ]; do
		sleep 1
		waited=$((waited + 1))
	done
done
sleep 3
from=$(($(date +%s) * 1000))
sleep "$seconds"
until=$(($(date +%s) * 1000))
sleep 10
# shellcheck disable=SC2086 # a list
for pid in $followers; do
	kill -0 "$pid" 2>/dev/null || note "a follower has ended before its time"
	stop "$pid"
done

# One line per issuance published in that time: milliseconds to its sighting, or "lost"
for name in $names; do
	log=${name%-*}
	what="${log%-*}, ${log#*-} entries/s, --poll ${name##*-}"
	awk -v from="$from" -v until="$until" '
		function member(name, width,   at) {
			at = match($0, "\"" name "\":\"?")
			return at ? substr($0, RSTART + RLENGTH, width) : ""
		}
		{ key = member("tbs_sha256", 64) }
		NR == FNR { if (!(key in published)) published[key] = member("published_ms", 13) + 0; next }
		!(key in seen) { seen[key] = $1 }
		END {
			for (key in published) {
				if (published[key] < from || published[key] >= until) continue
				print key in seen ? seen[key] - published[key] : "lost"
			}
		}' "$work/$log.truth" "$work/$name.lines" >"$work/$name.ms"
	lost=$(grep -c lost "$work/$name.ms" || true)
	grep -v lost "$work/$name.ms" | sort -n >"$work/$name.sorted" || true
	n=$(wc -l <"$work/$name.sorted")
	if [ "$n" -eq 0 ]; then
		skip "published to sighting, $what" "no sighting came"
		tail -n 3 "$work/$name.err" >&2
		continue
	fi
	at() { calc "$(sed -n "$(((n - 1) * $1 / 100 + 1))p" "$work/$name.sorted") / 1000"; }
	p50=$(at 50)
	p95=$(at 95)
	figure "published to sighting, $what, p50" "$p50" s "of certspotter's 150.7 s (*)" "$(calc "$p50 / 150.7")" "<= 2"
	figure "published to sighting, $what, p95" "$p95" s "of certspotter's 285.5 s (*)" "$(calc "$p95 / 285.5")" "<= 5"
	figure "published to sighting, $what, max of $n" "$(at 100)" s
	[ "$lost" -eq 0 ] || note "$what: $lost issuances without a sighting"
done
note "(*) not measured in this run: certspotter polls every 5 minutes; its figures are of an earlier run over 300 alerts"
