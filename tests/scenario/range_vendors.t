#!/bin/sh
# hikeshi-range vendors: what a test or a drill sees of it by HTTP; the vendors themselves are tested by tests/unit/report/test_channel_faults.c.
. "$(dirname -- "$0")/../tap.sh"

"$HK_BUILD/range/hikeshi-range" vendors --dir "$work/channels" >"$work/ready" 2>"$work/err" </dev/null &
stop_at_end $!
waited=0
while ! grep -q '^{.*}$' "$work/ready" && [ "$waited" -lt 600 ]; do
	sleep 0.05
	waited=$((waited + 1))
done
url=$(sed -n 's|.*"url":"\([^"]*\)/".*|\1|p' "$work/ready")
ok "$([ -n "$url" ] && echo 0 || echo 1)" "it says where it is"

# ask METHOD PATH [BODY [CURL-OPTION...]]: $code, $body; header lines in $work/head.
ask() {
	ask_method=$1
	ask_path=$2
	ask_body=${3-}
	shift 2
	if [ $# -gt 0 ]; then shift; fi
	code=$(curl -s -q --noproxy '*' --max-time 30 -o "$work/body" -D "$work/head" -w '%{http_code}' -X "$ask_method" \
		--data-binary "$ask_body" "$@" "$url$ask_path")
	body=$(cat "$work/body")
}
# book NAME: a number of Netcraft's page.
book() {
	ask GET '/-/reports?vendor=netcraft'
	printf '%s' "$body" | sed -n "s|.*\"$1\":\([0-9]*\).*|\1|p"
}

is "$(stat -c %a "$work/channels/urlscan.secret")" 600 "the secrets of the channels are secrets"
like "$(cat "$work/channels/netcraft.conf")" "url = \"$url/netcraft\"" "a channel that leads there"
report='{"email":"csirt@mihon-bank.example","reason":"x","urls":[{"url":"https://a.example/"}]}'
ask POST /netcraft/report/urls "$report"
is "$code" 200 "a report is taken"
like "$body" '"uuid":"00000000-0000-4000-8000-000000000001"' "and has a number"
ask GET /netcraft/submission/00000000-0000-4000-8000-000000000001
like "$body" '"state":"processing"' "it can be asked for"
ask POST '/-/state?vendor=netcraft&id=00000000-0000-4000-8000-000000000001&state=malicious'
is "$code" 200 "control makes something of it"
ask GET /netcraft/submission/00000000-0000-4000-8000-000000000001
like "$body" '"state":"malicious"' "and that is its state"

ask POST '/-/fault?vendor=netcraft&op=submit&mode=429&style=seconds&seconds=7&times=1'
ask POST /netcraft/report/urls "$report"
is "$code" 429 "a fault"
like "$(cat "$work/head")" 'Retry-After: 7' "says when to come back"
is "$(book distinct)" 1 "and keeps nothing"
ask POST /netcraft/report/urls "$report"
is "$code" 200 "the next one is taken"
is "$(book doubles)" 1 "twice the same is a double"
is "$(book early)" 1 "and before its time it was early"
ask POST '/-/advance?ms=7000'
ask POST '/-/fault?vendor=netcraft&mode=reset&times=1'
ask POST /netcraft/report/urls '{"email":"a@b.example","urls":[{"url":"https://b.example/"}]}'
is "$code" 000 "no answer"
is "$(book distinct)" 2 "but it was kept"
is "$(book early)" 1 "not early any more"
is "$(book whole)" 4 "four submissions arrived whole"

ask POST /urlscan/api/v1/scan '{"url":"https://a.example/","visibility":"unlisted"}' -H 'API-Key: wrong'
is "$code" 401 "a wrong key"
ask POST /urlscan/api/v1/scan '{"url":"https://a.example/","visibility":"unlisted"}' -H "API-Key: $(cat "$work/channels/urlscan.secret")"
is "$code" 200 "the right one"
ask GET /nobody/x
is "$code" 404 "a vendor that is none"
ask POST '/-/fault?vendor=netcraft&mode=whatever'
is "$code" 400 "a fault that is none"
ask POST '/-/reset'
is "$(book distinct)" 0 "an empty book"
done_testing
