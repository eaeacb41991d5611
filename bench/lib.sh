# bench/lib.sh: for the benchmark scripts. BUILD is the build folder (default build-rel); HK_BENCH_OUT a file that gets the
# figures as JSON lines; HK_BENCH_ENTRIES how many entries a log has (default 200,000). $work is removed at the end.
# shellcheck shell=sh disable=SC2034
set -eu
export LC_ALL=C
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY all_proxy
src=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
build=${BUILD:-$src/build-rel}
case $build in /*) ;; *) build=$PWD/$build ;; esac
hikeshi=$build/src/hikeshi
range=$build/range/hikeshi-range
tool=$build/bench/bench_tool
entries=${HK_BENCH_ENTRIES:-200000}
contact=csirt@bank-bench.jp
model=$src/conf/model/jp.hkmodel

work=$(mktemp -d "${TMPDIR:-/tmp}/hikeshi-bench.XXXXXX")
pids=
client=
server=
if [ "$(nproc)" -ge 2 ] && command -v taskset >/dev/null 2>&1; then
	client="taskset -c 0" server="taskset -c 1"
fi

stop() { # stop PID...
	for pid in "$@"; do
		kill "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done
}
at_exit() {
	# shellcheck disable=SC2086 # a list
	stop $pids
	rm -rf "$work"
}
trap at_exit EXIT
trap 'exit 1' HUP INT TERM

note() { printf '%-8s %s\n' "$group" "$1"; } # what stands beside the figures
skip() { # skip WHAT WHY: a figure that this run cannot give
	printf '%-8s %-52s not measured: %s\n' "$group" "$1" "$2"
	[ -z "${HK_BENCH_OUT:-}" ] || printf '{"group":"%s","name":"%s","missing":"%s"}\n' "$group" "$1" "$2" >>"$HK_BENCH_OUT"
}
# figure NAME VALUE UNIT [BESIDE RATIO [TARGET]]: as bench_figure() of bench.h.
figure() {
	awk -v g="$group" -v n="$1" -v v="$2" -v u="$3" -v b="${4:-}" -v r="${5:-0}" -v t="${6:-}" -v out="${HK_BENCH_OUT:-/dev/null}" 'BEGIN {
		printf "%-8s %-52s %12.3f %-10s", g, n, v, u
		if (b != "") printf "  %8.2fx %s", r, b
		if (t != "") printf "  (asked: %s)", t
		print ""
		printf "{\"group\":\"%s\",\"name\":\"%s\",\"value\":%.6g,\"unit\":\"%s\",\"beside\":\"%s\",\"ratio\":%.4g,\"target\":\"%s\"}\n",
			g, n, v, u, b, r, t >>out
	}'
}
calc() { awk "BEGIN { printf \"%.6g\", $1 }"; }

cpu_of() { # cpu_of PID: CPU seconds so far, without children
	awk -v hz="$(getconf CLK_TCK)" '{ sub(/.*\) /, ""); printf "%.3f\n", ($12 + $13) / hz }' "/proc/$1/stat"
}
kib_of() { awk -v key="$2:" '$1 == key { print $2 }' "/proc/$1/status"; } # kib_of PID VmHWM|VmRSS

# start_log NAME OPTION...: a hikeshi-range ct-log in $work/NAME, with $work/NAME.list; waits until it is ready. Sets pid.
start_log() {
	name=$1
	shift
	: >"$work/$name.ready"
	# shellcheck disable=SC2086 # a command and its arguments
	$server "$range" ct-log --dir "$work/$name" --list "$work/$name.list" "$@" >"$work/$name.ready" 2>"$work/$name.err" &
	pid=$!
	pids="$pids $pid"
	tries=0
	until [ -s "$work/$name.ready" ]; do
		tries=$((tries + 1))
		if ! kill -0 "$pid" 2>/dev/null || [ "$tries" -gt 1200 ]; then
			cat "$work/$name.err" >&2
			echo "bench: the log did not start" >&2
			exit 1
		fi
		sleep 0.1
	done
}
log_key() { sed -n 's/.*"key": *"\([^"]*\)".*/\1/p' "$work/$1.ready"; }
log_url() { sed -n 's/.*"url": *"\([^"]*\)".*/\1/p' "$work/$1.ready"; }

make_patterns() { # make_patterns N: words of 7 to 14 characters, as bench_chain makes them
	awk -v n="$1" 'BEGIN {
		parts = split("mihon bank kasou card login hoken denki yubin secur", part, " ")
		letters = "abcdefghijklmnopqrstuvwxyz0123456789"
		srand(1)
		while (made < n) {
			word = part[made % parts + 1]
			for (k = 4 + made % 7; k > 0; k--) word = word substr(letters, int(rand() * 36) + 1, 1)
			if (!(word in seen)) { seen[word] = 1; print word; made++ }
		}
	}'
}

# follow NAME OPTION...: reads the whole log NAME once with `ct follow --once`; sets wall, cpu (without the child that
# compiles patterns), lines.
follow() {
	name=$1
	shift
	rm -rf "$work/state"
	# shellcheck disable=SC2086 # a command and its arguments
	$client "$tool" run "$work/run" "$hikeshi" ct follow --config /dev/null --cache "$work/cache" --once --from start --logs "$work/$name.list" --state "$work/state" \
		--contact "$contact" --rate 0 --in-flight 8 "$@" >"$work/lines" 2>"$work/follow.err" || {
		tail -n 3 "$work/follow.err" >&2
		exit 1
	}
	read -r wall cpu <"$work/run"
	lines=$(wc -l <"$work/lines")
}
