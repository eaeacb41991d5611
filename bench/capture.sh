#!/bin/sh
# bench/capture.sh: the evidence browser against a site on loopback (bench_capture); BUILD is the build folder.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
src=${here%/*}
BUILD=${BUILD:-$src/build-rel}
[ -x /usr/lib/chromium/chromium-headless-shell ] || { echo "capture  no chromium-headless-shell: not measured (apt-get install chromium-headless-shell)"; exit 0; }
dir=$(mktemp -d "${TMPDIR:-/tmp}/hikeshi-bench-capture.XXXXXX")
site=
trap '[ -z "$site" ] || kill "$site" 2>/dev/null; rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=www.mihon-bank.example \
	-addext subjectAltName=DNS:www.mihon-bank.example -keyout "$dir/key.pem" -out "$dir/cert.pem" 2>/dev/null
mkfifo "$dir/in"
node "$src/tests/scenario/lib/site.mjs" "$dir/key.pem" "$dir/cert.pem" <"$dir/in" >"$dir/log" &
site=$!
exec 9>"$dir/in"
until [ -s "$dir/log" ]; do
	kill -0 "$site" || exit 1
done
ports=$(sed -n 's/^http \([0-9]*\) https \([0-9]*\)$/\1 \2/p;1q' "$dir/log")
# shellcheck disable=SC2086 # two words
"$BUILD/bench/bench_capture" $ports https://www.mihon-bank.example/ 9
