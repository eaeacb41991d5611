#!/bin/sh
# The cloaking verdict over the sites of the range, visited by the real browser: recall at least 95 %, false alarms at most 2 %; and what the pages of
# the six groups ask for.
. "$(dirname -- "$0")/../tap.sh"
if [ ! -x /usr/lib/chromium/chromium-headless-shell ]; then
	skip "no chromium-headless-shell (apt-get install chromium-headless-shell)" "everything"
	done_testing
fi
"$HK_BUILD/range/hikeshi-range" sites --port 0 --list "$work/sites.jsonl" >"$work/range" 2>"$work/range.err" &
stop_at_end $!
tries=0
while [ ! -s "$work/range" ] && [ "$tries" -lt 300 ]; do
	tries=$((tries + 1))
	sleep 0.1
done
port() { sed "s/.*\"$1\":\([0-9]*\).*/\1/" "$work/range"; }
conf() {
	cat >"$work/$1.conf" <<END
range = 127.0.0.1
range-ports = {"80=$2", "443=$3"}
host-rate = 10000
host-burst = 10000
address-rate = 10000
address-burst = 10000
END
}
conf home "$(port port)" "$(port tls_port)"
conf abroad "$(port abroad_port)" "$(port abroad_tls_port)"
"$HK_BUILD/tests/cloak_rig" "$work/sites.jsonl" "$work/home.conf" "$work/abroad.conf"
exit $?
