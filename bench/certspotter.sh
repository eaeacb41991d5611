#!/bin/sh
# bench/certspotter.sh: one RFC 6962 log on loopback, read by Debian's certspotter and by hikeshi: entries/s and CPU per entry
# with one thing to watch, and how much slower each gets with many. certspotter does not end by itself: its time is taken
# when its state says that all entries are verified.
. "$(dirname -- "$0")/lib.sh"
group=peer
entries=${HK_BENCH_PEER_ENTRIES:-100000}

start_log small --api rfc6962 --warm --page 1000 --size 256
start_log big --api rfc6962 --warm --page 1000 --size "$entries"
patterns() { # patterns COUNT: for hikeshi; one that is in no certificate, or many
	if [ "$1" -eq 1 ]; then echo nosuchbrandanywhere; else make_patterns "$1"; fi
}
ours() { # ours COUNT: sets rate, own
	patterns "$1" >"$work/patterns"
	follow small --patterns "$work/patterns" # compiles them
	follow small --patterns "$work/patterns"
	wall0=$wall cpu0=$cpu
	follow big --patterns "$work/patterns"
	rate=$(calc "($entries - 256) / ($wall - $wall0)")
	own=$(calc "($cpu - $cpu0) / ($entries - 256) * 1e6")
}
theirs() { # theirs COUNT: sets rate, own, rss; certspotter watches domains
	patterns "$1" | sed 's/$/.example/' >"$work/watchlist"
	rm -rf "$work/cs" && mkdir "$work/cs"
	# shellcheck disable=SC2086 # a command and its arguments
	CERTSPOTTER_CONFIG_DIR=$work/cs $client certspotter -logs "$work/big.list" -watchlist "$work/watchlist" \
		-state_dir "$work/cs/state" -stdout >/dev/null 2>"$work/cs.err" &
	peer=$!
	pids="$pids $peer"
	start=$("$tool" now)
	done=
	until [ -n "$done" ]; do
		sleep 0.05
		now=$("$tool" now)
		if ! kill -0 "$peer" 2>/dev/null || [ "${now%.*}" -gt "$((${start%.*} + 180))" ]; then
			tail -n 3 "$work/cs.err" >&2
			stop "$peer"
			return 1
		fi
		done=$(cat "$work"/cs/state/logs/*/state.json 2>/dev/null | tr -d ' \n\t' |
			grep -E "\"verified_position\":\{\"nodes\":\[[^]]*\],\"size\":$entries\}" || true)
	done
	rate=$(calc "$entries / ($now - $start)")
	own=$(calc "$(cpu_of "$peer") / $entries * 1e6")
	rss=$(calc "$(kib_of "$peer" VmHWM) / 1024")
	stop "$peer"
}

ours 1
rate1=$rate own1=$own
ours 100000
own_many=$own
if command -v certspotter >/dev/null 2>&1; then
	theirs 1 && peer_rate=$rate peer_own=$own peer_rss=$rss
	theirs 24000 && peer_many=$own
else
	skip "certspotter" "it is not installed (apt-get install certspotter)"
fi
# Against the core of one machine, not against a server that is too slow for it
figure "get-entries, verified, one pattern, CPU of one core" "$(calc "1e6 / $own1")" entries/s asked "$(calc "1e6 / $own1 / 150000")" ">= 150,000"
figure "get-entries, verified, 100,000 patterns, CPU of one core" "$(calc "1e6 / $own_many")" entries/s asked "$(calc "1e6 / $own_many / 150000")" ">= 150,000"
figure "get-entries, verified, 100,000 patterns instead of 1" "$(calc "$own_many / $own1")" x asked "$(calc "$own_many / $own1 / 1.3")" "<= 1.3"
if [ -n "${peer_own:-}" ]; then
	figure "get-entries, verified, one pattern, wall" "$rate1" entries/s "certspotter 0.16" "$(calc "$rate1 / $peer_rate")"
	figure "get-entries, verified, one pattern, CPU" "$own1" us/entry "certspotter 0.16, less" "$(calc "$peer_own / $own1")"
	figure "certspotter 0.16, one domain, wall" "$peer_rate" entries/s
	figure "certspotter 0.16, one domain, CPU" "$peer_own" us/entry
	figure "certspotter 0.16, one log, peak memory" "$peer_rss" MiB
fi
if [ -n "${peer_many:-}" ]; then
	figure "certspotter 0.16, 24,000 domains, CPU" "$peer_many" us/entry "one domain" "$(calc "$peer_many / $peer_own")"
fi
