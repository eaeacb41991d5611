#!/bin/sh
# bench/ws.sh: 1,000 WebSocket sessions with a beat every 10 s, on one core: processor time and memory, beside the same bytes over bare sockets, and beside
# python3-websockets. BUILD is the build folder; HK_BENCH_WS: sessions (default 1,000); HK_BENCH_WS_SECONDS: of beats (default 30).
set -eu
group=websocket
. "$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)/lib.sh"
sessions=${HK_BENCH_WS:-1000}
seconds=${HK_BENCH_WS_SECONDS:-30}

# shellcheck disable=SC2086 # a command and its arguments
$server "$build/bench/bench_ws" serve >"$work/port" &
pids="$pids $!"
tries=0
until [ -s "$work/port" ]; do
	tries=$((tries + 1))
	[ "$tries" -le 600 ] || exit 1
	sleep 0.1
done
port=$(cat "$work/port")

# shellcheck disable=SC2086 # a command and its arguments
read -r floor_open floor_cpu floor_beats floor_kib floor_flat <<END
$($client "$build/bench/bench_ws" floor "$port" "$sessions" "$seconds")
END
# shellcheck disable=SC2086 # a command and its arguments
read -r open cpu beats kib flat <<END
$($client "$build/bench/bench_ws" ours "$port" "$sessions" "$seconds")
END
[ "$floor_beats" = "$beats" ] || note "the floor made $floor_beats beats, the hub $beats"
figure "$sessions sessions, a beat every 10 s: processor time" "$cpu" "% of a core" "bare sockets" "$(calc "$cpu / $floor_cpu")"
figure "$sessions sessions: memory at most" "$(calc "$kib / 1024")" "MiB" "bare sockets" "$(calc "$kib / $floor_kib")" "<= 64"
figure "opening one: processor time" "$open" "ms" "bare sockets" "$(calc "$open / $floor_open")"
figure "beats and answers as fast as they go" "$flat" "round trips/CPU-s" "bare sockets" "$(calc "$flat / $floor_flat")"

# shellcheck disable=SC2086 # a command and its arguments
read -r curl_open curl_kib <<END
$($client "$build/bench/bench_ws" curl "$port" "$sessions")
END
figure "connections of libcurl alone (CONNECT_ONLY): memory at most" "$(calc "$curl_kib / 1024")" "MiB" "ours" "$(calc "$curl_kib / $kib")"
figure "connections of libcurl alone, opening one: processor time" "$curl_open" "ms" "ours" "$(calc "$curl_open / $open")"

if ! /usr/bin/python3 -c 'import websockets' 2>/dev/null; then
	skip "beside python3-websockets" "python3-websockets is missing"
	exit 0
fi
# shellcheck disable=SC2086 # a command and its arguments
read -r peer_open peer_cpu peer_beats peer_kib peer_flat <<END
$($client /usr/bin/python3 "$src/bench/ws_peer.py" "$port" "$sessions" "$seconds")
END
[ "$peer_beats" -gt 0 ]
figure "python3-websockets, the same: processor time" "$peer_cpu" "% of a core" "ours" "$(calc "$peer_cpu / $cpu")"
figure "python3-websockets: memory at most" "$(calc "$peer_kib / 1024")" "MiB" "ours" "$(calc "$peer_kib / $kib")"
figure "python3-websockets, opening one: processor time" "$peer_open" "ms" "ours" "$(calc "$peer_open / $open")"
figure "python3-websockets, as fast as they go" "$peer_flat" "round trips/CPU-s" "ours" "$(calc "$peer_flat / $flat")"
