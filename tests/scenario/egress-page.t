#!/bin/sh
# A page in a real browser, in a network namespace whose only way out is the gate, tries every way it has to reach this machine and its
# network. Each way is shown to work first, with a host that may be reached; then nobody may have seen anything, and the gate's report
# must name the refusals.
. "$(dirname -- "$0")/../tap.sh"
headless=${HK_HEADLESS:-/usr/bin/chromium-headless-shell}
if [ ! -x "$headless" ]; then
	skip "no chromium-headless-shell here (HK_HEADLESS names one)" "everything"
	done_testing
fi
mkfifo "$work/hold"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/key" -out "$work/cert" -subj /CN=evil.example \
	-addext subjectAltName=DNS:evil.example,DNS:other.example 2>"$work/openssl.err"
node "$HK_SRC/tests/browser/egress-site.mjs" "$work/key" "$work/cert" <"$work/hold" >"$work/site" 2>"$work/site.err" &
stop_at_end $!
exec 9>"$work/hold"
tries=0
while [ ! -s "$work/site" ] && [ "$tries" -lt 300 ]; do
	tries=$((tries + 1))
	sleep 0.1
done
read -r site secure canary <"$work/site"
cat >"$work/egress.conf" <<END
range = 127.0.0.1
range-ports = {"80=$site", "443=$secure"}
ports = {"80", "443", "8080", "$canary"}
host-rate = 1000
host-burst = 1000
address-rate = 1000
address-burst = 1000
END
"$HK_BUILD/tests/egress_gate" "$work/egress.conf" node "$HK_SRC/tests/browser/egress-page.mjs" "$canary" >"$work/out" 2>"$work/err" 9>&-
status=$?
if [ "$status" -eq 77 ]; then
	skip "the kernel gives no network namespace: $(tail -n 1 "$work/err")" "everything"
	done_testing
fi
is "$status" 0 "the browser has done its work" || diag "$(tail -n 20 "$work/err")"
grep -E '^(ok|not ok|#|1\.\.)' "$work/out" >"$work/tap"
grep -vE '^(ok|not ok|#|1\.\.)' "$work/out" >"$work/rows"
while read -r line; do
	case $line in
	"ok "*) ok 0 "${line#ok * - }" ;;
	"not ok "*) ok 1 "${line#not ok * - }" ;;
	'#'*) diag "$line" ;;
	esac
done <"$work/tap"
is "$(tail -n 1 "$work/tap" | cut -c 1-3)" "1.." "it came to its end"
is "$(awk '$4 == "ok" && $2 != "evil.example" && $2 != "other.example" { print $2 ":" $3 }' "$work/rows" | sort -u)" "" "the gate let nobody else through"
is "$(awk -v a="127.0.0.1:$site" -v b="127.0.0.1:$secure" '$4 == "ok" && $5 != a && $5 != b' "$work/rows")" "" "and to nowhere but the site"
grep -q "^http evil.example 80 ok" "$work/rows"
ok $? "the site was reached through the gate"
for host in 127.0.0.1 localhost ::1 ::ffff:7f00:1 0.0.0.0 a.localhost 169.254.169.254 10.0.0.1 192.168.1.1 metadata.google.internal printer.local 64:ff9b::7f00:1 fd00:ec2::254; do
	awk -v host="$host" '$2 == host && $4 != "ok" { found = 1 } END { exit !found }' "$work/rows"
	ok $? "the gate refused $host" || diag "$(awk '$4 != "ok"' "$work/rows" | cut -c 1-80 | sort | uniq -c | sort -rn | head -60)"
done
refused=$(awk '$4 != "ok" { print $2 ":" $3 }' "$work/rows" | sort -u | grep -c .)
[ "$refused" -ge 30 ]
ok $? "$refused different targets were refused at the gate"
done_testing
