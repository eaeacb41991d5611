#!/bin/sh
# Lives of sites over real requests: one of each kind of range/lives.def, at the beginning of each phase, visited and judged as the pool "monitor" does.
. "$(dirname -- "$0")/../tap.sh"
"$HK_BUILD/range/hikeshi-range" sites >"$work/range" 2>"$work/range.err" &
stop_at_end $!
tries=0
while [ ! -s "$work/range" ] && [ "$tries" -lt 300 ]; do
	tries=$((tries + 1))
	sleep 0.1
done
port() { sed "s/.*\"$1\":\([0-9]*\).*/\1/" "$work/range"; }
cat >"$work/egress.conf" <<END
range = 127.0.0.1
range-ports = {"80=$(port port)", "443=$(port tls_port)"}
host-rate = 10000
host-burst = 10000
address-rate = 10000
address-burst = 10000
END
"$HK_BUILD/tests/lives_rig" "$work/egress.conf" "http://127.0.0.1:$(port port)"
exit $?
