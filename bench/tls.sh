#!/bin/sh
# bench/tls.sh: gzip data tiles of a log over TLS, verified and scored by `hikeshi ct follow --once` on one core, while
# hikeshi-range serves them from memory on the other. Patterns are compiled before;
# what a start costs is measured on a log of one tile and taken off. Usage: bench/tls.sh (bench/lib.sh says what the environment may say)
. "$(dirname -- "$0")/lib.sh"
group=tls
rounds=${HK_BENCH_ROUNDS:-3}

start_log small --api static --tls self --gzip always --warm --size 256 --phish-every 1000
start_log big --api static --tls self --gzip always --warm --size "$entries" --phish-every 1000
big=$pid

# measure WHAT TARGET OPTION...: medians of several rounds
measure() {
	what=$1 target=$2
	shift 2
	: >"$work/rounds"
	follow small --ca-file "$work/small/ca.pem" "$@" # compiles the patterns for all that follow
	round=0
	while [ "$round" -lt "$rounds" ]; do
		follow small --ca-file "$work/small/ca.pem" "$@"
		wall0=$wall cpu0=$cpu
		served=$(cpu_of "$big")
		follow big --ca-file "$work/big/ca.pem" "$@"
		served=$(calc "$(cpu_of "$big") - $served")
		awk -v n="$((entries - 256))" -v w="$wall" -v w0="$wall0" -v c="$cpu" -v c0="$cpu0" -v s="$served" 'BEGIN {
			t = w - w0; if (t < 0.001) t = 0.001
			print n / t, (c - c0) / n * 1e6, s / n * 1e6, (c - c0) / t * 100, s / t * 100 }' >>"$work/rounds"
		round=$((round + 1))
	done
	# the round in the middle, by CPU: all its figures belong together
	sort -k 2n "$work/rounds" | sed -n "$(((rounds + 1) / 2))p" >"$work/median"
	read -r rate own other busy served_busy <"$work/median"
	figure "$what, wall" "$rate" entries/s "asked" "$(calc "$rate / $target")" ">= $target"
	figure "$what, CPU of one core" "$(calc "1e6 / $own")" entries/s "asked" "$(calc "1e6 / $own / $target")" ">= $target"
	figure "$what, CPU" "$own" us/entry
	figure "$what, CPU of the log's server" "$other" us/entry
	note "$what: hikeshi used $(calc "int($busy)") % of its core, the server $(calc "int($served_busy)") % of the other: $(
		awk -v a="$busy" -v b="$served_busy" 'BEGIN { print (b > 90 && b > a ? "the server was the limit" : a > 90 ? "hikeshi was the limit" : "neither side was; other programs or waiting") }')"
}

measure "gzip tiles over TLS, verified, no scoring but rules" 300000 --rules "$src/rules"
measure "gzip tiles over TLS, verified, targets and rules" 300000 --targets "$src/conf/targets/jp.conf" --rules "$src/rules"
make_patterns 100000 >"$work/patterns"
measure "gzip tiles over TLS, verified, 100,000 patterns" 300000 --rules "$src/rules" --patterns "$work/patterns"
if [ -f "$model" ]; then
	measure "gzip tiles over TLS, verified, targets, rules, model" 150000 \
		--targets "$src/conf/targets/jp.conf" --rules "$src/rules" --model "$model"
else
	skip "gzip tiles over TLS, verified, targets, rules, model" "conf/model/jp.hkmodel is missing"
fi
