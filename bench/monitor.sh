#!/bin/sh
# bench/monitor.sh: 10,000 sites watched at 5-minute intervals: what a check costs, with real requests on loopback, TLS included, judged and stored, beside the bare requests; how many sites fill one
# core; memory. BUILD is the build folder; HK_BENCH_WATCHES: sites (default 10,000); HK_BENCH_MONITOR_S: for how long they are watched (default 300: one round).
set -eu
group=monitor
. "$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)/lib.sh"
sites=${HK_BENCH_WATCHES:-10000}
seconds=${HK_BENCH_MONITOR_S:-300}
command -v sqlite3 >/dev/null 2>&1 || { skip "watched sites" "sqlite3 is missing"; exit 0; }

# shellcheck disable=SC2086 # a command and its arguments
$server "$range" sites --others >"$work/sites.out" 2>"$work/sites.err" &
pids="$pids $!"
tries=0
until [ -s "$work/sites.out" ]; do
	tries=$((tries + 1))
	[ "$tries" -le 600 ] || { cat "$work/sites.err" >&2; exit 1; }
	sleep 0.1
done
port_of() { sed -n 's/.*"'"$1"'":\([0-9]*\).*/\1/p' "$work/sites.out"; }
cat >"$work/egress.conf" <<END
range = 127.0.0.1
range-ports = {"80=$(port_of port)", "443=$(port_of tls_port)"}
address-rate = 100000
address-burst = 100000
open = 10000
END
awk -v n="$sites" 'BEGIN { for (i = 1; i <= n; i++) printf "mihon-login-%d.test\n", i }' >"$work/hosts"

# --- the floor: one request a site ---
head -n 4000 "$work/hosts" >"$work/some"
# shellcheck disable=SC2086 # a command and its arguments
read -r floor floor_ms answered <<END
$($client "$build/bench/bench_look" "$work/egress.conf" "$work/some" 200)
END
figure "bare requests, 200 at once, wall clock" "$floor" "requests/s"
figure "bare request, processor time" "$floor_ms" "ms"

# --- the watches: all due within one round, one after the other, as they are when cases come in over time ---
db=$work/house.db
"$hikeshi" db init --config /dev/null --database "$db" --audit-key "$work/audit.key" --targets "$src/conf/targets/example.conf" >/dev/null 2>&1
now=$(($(date +%s) * 1000))
step=$((300000 / sites))
{
	echo "BEGIN; INSERT INTO settings (key, value, updated_ms) VALUES ('evidence', '{\"capture\":false,\"enrich\":false}', 0);"
	awk -v now="$now" -v step="$step" '{
		printf "INSERT INTO cases (id, name, kind, state, host, url, urls, first_seen_ms, detected_ms, opened_ms, confirmed_ms, last_seen_ms, updated_ms, source_id) SELECT %d, \047%s\047, \047phishing\047, \047confirmed\047, \047%s\047, \047https://%s/\047, 1, %d, %d, %d, %d, %d, %d, MIN(id) FROM sources;\n", NR, $1, $1, $1, now, now, now, now, now, now
		printf "INSERT INTO case_urls (case_id, url, hash, host, first_ms, last_ms) VALUES (%d, \047https://%s/\047, x\047%064x\047, \047%s\047, %d, %d);\n", NR, $1, NR, $1, now, now
		printf "INSERT INTO watches (case_id, state, since_ms, begun_ms, due_ms) VALUES (%d, \047unchecked\047, %d, %d, %d);\n", NR, now, now, now + NR * step
	}' "$work/hosts"
	echo "COMMIT;"
} >"$work/sql"
grep -q . "$work/sql"
{ echo "INSERT INTO sources (key, name, kind, updated_ms) VALUES ('ct', 'ct', 'ct', $now) ON CONFLICT DO NOTHING;"; cat "$work/sql"; } | sqlite3 "$db" >"$work/sql.out" 2>&1 || { head -n 5 "$work/sql.out" >&2; exit 1; }
# shellcheck disable=SC2086 # a command and its arguments
$client "$hikeshi" work --pools monitor --config /dev/null --database "$db" --audit-key "$work/audit.key" --egress "$work/egress.conf" >"$work/work.out" 2>"$work/work.err" &
worker=$!
pids="$pids $worker"
cpu_all() { awk -v hz="$(getconf CLK_TCK)" '{ sub(/.*\) /, ""); printf "%.3f", ($12 + $13 + $14 + $15) / hz }' "/proc/$worker/stat"; }
ask() { sqlite3 -cmd '.timeout 20000' "$db" "$1"; }
# The first round reads and learns every page; it is not what is measured, but it has to be over for a house that runs.
begun=$(date +%s)
until [ "$(ask 'SELECT COUNT(*) FROM watches WHERE checks = 0')" -eq 0 ]; do
	kill -0 "$worker" 2>/dev/null || { tail -n 5 "$work/work.err" >&2; exit 1; }
	[ $(($(date +%s) - begun)) -le 900 ] || { echo "bench: the first round did not end" >&2; exit 1; }
	sleep 1
done
first_s=$(($(date +%s) - begun))
spent=$(cpu_all)
# The second round begins five minutes after the first one did.
until [ "$(ask 'SELECT SUM(checks) FROM watches')" -gt "$sites" ]; do
	[ $(($(date +%s) - begun)) -le 1500 ] || { echo "bench: the second round did not begin" >&2; exit 1; }
	sleep 1
done
first_cpu=$(cpu_all)
checks=$(ask 'SELECT SUM(checks) FROM watches')
sleep "$seconds"
cpu=$(calc "$(cpu_all) - $first_cpu")
made=$(($(ask 'SELECT SUM(checks) FROM watches') - checks))
late=$(ask "SELECT COUNT(*) FROM watches WHERE due_ms < $(date +%s) * 1000 - 30000")
resident=$(kib_of "$worker" VmHWM)
stop "$worker"
per=$(calc "$cpu * 1000 / $made")
figure "sites watched" "$sites" "sites"
figure "checks in $seconds s, judged and stored" "$made" "checks" "" 0 ">= $(calc "$sites * $seconds / 300 * 0.95")"
figure "processor time of a check (two visits), readers and database too" "$per" "ms" "bare requests" "$(calc "$per / (2 * $floor_ms)")"
figure "share of one core, at 5-minute intervals" "$(calc "100 * $cpu / $seconds")" "%" "" 0 "<= 100"
figure "so many sites at 5-minute intervals fill one core" "$(calc "300 * 1000 / $per")" "sites" "" 0 ">= 10000"
figure "first round, with learning every page: share of one core" "$(calc "100 * $spent / $first_s")" "%"
figure "memory of the watching process, at most" "$(calc "$resident / 1024")" "MiB" "" 0 "<= 200"
figure "checks that were late by more than 30 s at the end" "$late" "checks" "" 0 "0"
note "$answered of the 4,000 bare requests answered; $(ask "SELECT group_concat(state || ' ' || n, ', ') FROM (SELECT state, COUNT(*) n FROM watches GROUP BY state)"); $(ask 'SELECT COUNT(*) FROM observations') observations"
