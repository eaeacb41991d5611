#!/bin/sh
# bench/look.sh: light looks at sites of the range, a fifth of which is dead, silent or late: looks a second on one core, beside the same requests
# without judging and storing; what of the imitations is found, and how many others are taken for one. BUILD is the build folder;
# HK_BENCH_LOOKS: names (default 12,000).
set -eu
group=look
. "$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)/lib.sh"
names=${HK_BENCH_LOOKS:-12000}
in_flight=500
command -v sqlite3 >/dev/null 2>&1 || { skip "light looks" "sqlite3 is missing"; exit 0; }

"$range" strangers --size "$names" --seed 11 --truth "$work/truth" >"$work/names"
# shellcheck disable=SC2086 # a command and its arguments
$server "$range" sites --strangers >"$work/sites.out" 2>"$work/sites.err" &
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

# --- the floor ---
cut -d' ' -f1 "$work/names" >"$work/hosts"
# shellcheck disable=SC2086 # a command and its arguments
read -r floor floor_ms answered <<END
$($client "$build/bench/bench_look" "$work/egress.conf" "$work/hosts" "$in_flight")
END
figure "requests alone, $in_flight at once, wall clock" "$floor" "looks/s"
figure "requests alone, processor time of a look" "$floor_ms" "ms"

# --- looks ---
db=$work/house.db
"$hikeshi" db init --config /dev/null --database "$db" --audit-key "$work/audit.key" --targets "$src/conf/targets/example.conf" >/dev/null 2>&1
now=$(($(date +%s) * 1000))
{
	echo "BEGIN; INSERT INTO settings (key, value, updated_ms) VALUES ('evidence', '{\"capture\":false,\"enrich\":false}', 0);"
	echo "INSERT INTO sources (key, name, kind, updated_ms) VALUES ('ct', 'ct', 'ct', $now) ON CONFLICT DO NOTHING;"
	sed "s/.*/INSERT INTO looks (host, source_id, score, data, seen_ms, due_ms) SELECT '&', id, 0.01, '{}', $now, $now FROM sources WHERE key = 'ct';/" "$work/hosts"
	echo "COMMIT;"
} | sqlite3 "$db" >"$work/sql.out" 2>&1 || { cat "$work/sql.out" >&2; exit 1; }
work_with() { # work_with OPTION...: sets worker
	# shellcheck disable=SC2086 # a command and its arguments
	$client "$hikeshi" work --pools look --config /dev/null --database "$db" --audit-key "$work/audit.key" --egress "$work/egress.conf" \
		--targets "$src/conf/targets/example.conf" "$@" >"$work/work.out" 2>"$work/work.err" &
	worker=$!
	pids="$pids $worker"
}
work_with --look-in-flight "$in_flight"
all_done() { # all_done CONDITION: waits until no row is left of which it holds
	tries=0
	until [ "$(sqlite3 -cmd '.timeout 20000' "$db" "SELECT COUNT(*) FROM looks WHERE $1")" = 0 ]; do
		tries=$((tries + 1))
		if ! kill -0 "$worker" 2>/dev/null || [ "$tries" -gt 1200 ]; then
			tail -n 5 "$work/work.err" >&2
			exit 1
		fi
		sleep 0.5
	done
}
all_done "tries = 0"
# With its children: the readers in their sandbox.
cpu=$(awk -v hz="$(getconf CLK_TCK)" '{ sub(/.*\) /, ""); printf "%.3f", ($12 + $13 + $14 + $15) / hz }' "/proc/$worker/stat")
resident=$(kib_of "$worker" VmHWM)
rate=$(sqlite3 "$db" "SELECT printf('%.1f', ($names * 8 / 10) * 1000.0 / MAX(1, (SELECT last_ms FROM looks ORDER BY last_ms LIMIT 1 OFFSET $names * 9 / 10) -
	(SELECT last_ms FROM looks ORDER BY last_ms LIMIT 1 OFFSET $names / 10)))")
stop "$worker"
# What a busy machine answered too late is asked once more, with patience: what is found is no matter of speed.
sqlite3 -cmd '.timeout 20000' "$db" "UPDATE looks SET due_ms = last_ms WHERE outcome = 'dead' AND tries = 1"
work_with --look-in-flight 1000 --look-time 30s
all_done "outcome = 'dead' AND tries = 1"
stop "$worker"
figure "looks, judged and stored, $in_flight at once, wall clock" "$rate" "looks/s" "requests alone" "$(calc "$rate / $floor")" ">= 500/s"
figure "looks, processor time of a look, the reader's too" "$(calc "$cpu * 1000 / $names")" "ms" "requests alone" "$(calc "$cpu * 1000 / $names / $floor_ms")"
figure "so many looks fill one core" "$(calc "$names / $cpu")" "looks/s"
figure "memory of the looking process, at most" "$(calc "$resident / 1024")" "MiB"

# --- what was found ---
sqlite3 "$db" "SELECT host FROM looks WHERE outcome = 'suspect'" | sort >"$work/suspect"
truth_of() { sed -n 's/^{"host":"\([^"]*\)","kind":"'"$1"'".*/\1/p' "$work/truth" | sort; }
truth_of phish >"$work/phish"
truth_of benign >"$work/benign"
phish=$(wc -l <"$work/phish") benign=$(wc -l <"$work/benign")
found=$(comm -12 "$work/suspect" "$work/phish" | wc -l) false=$(comm -12 "$work/suspect" "$work/benign" | wc -l)
figure "imitations found, of $phish" "$(calc "100 * $found / $phish")" "%" "" 0 ">= 95"
figure "others taken for one, of $benign" "$(calc "10000 * $false / $benign")" "in 10,000" "" 0 "<= 1"
note "$answered of $names hosts answered; $(sqlite3 "$db" "SELECT group_concat(outcome || ' ' || n, ', ') FROM (SELECT outcome, COUNT(*) n FROM looks GROUP BY outcome ORDER BY outcome)")"
[ "$(comm -23 "$work/phish" "$work/suspect" | wc -l)" -eq 0 ] || note "not found: $(comm -23 "$work/phish" "$work/suspect" | while read -r host; do sed -n "s/.*\"host\":\"$host\".*\"what\":\"\([^\"]*\)\".*/\1/p" "$work/truth"; done | sort | uniq -c | tr -s ' \n' ' ')"
