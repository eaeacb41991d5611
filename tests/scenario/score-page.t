#!/bin/sh
# `hikeshi score --page`: a page that was kept is judged as the looks are; the six groups' first pages, as the range shows them, are found.
. "$(dirname -- "$0")/../tap.sh"
targets=$HK_SRC/conf/targets/example.conf
judge() { run hikeshi score --targets "$targets" --page "$work/page.html" "$1"; }

cat >"$work/page.html" <<'END'
<html><head><title>みほん銀行 ログイン</title></head><body><h1>みほん銀行</h1><form><label>お客さま番号 <input name=u></label>
<label>ログインパスワード <input type=password name=p></label></form></body></html>
END
judge 'hxxps://k3x9[.]test/in'
is "$status" 0 "a page is judged, its address may be defanged"
like "$out" '^{"url":"https://k3x9.test/in","outcome":"suspect","score":0\.9' "it is suspect"
like "$out" '"target":"みほん銀行".*"form":"CUSTNO LOGINPW"' "against whom, and what it asks for"
like "$out" "\"reasons\":\[\"the title is nothing but the brand: 'みほん銀行'\"" "and why"
judge https://www.mihon-bank.example/
like "$out" '"outcome":"plain".*"official":true' "the same page at the official site is plain"
echo '<title>Welcome to nginx!</title><h1>Welcome to nginx!</h1>' >"$work/page.html"
judge k3x9.test
like "$out" '"outcome":"empty".*"kind":"server"' "a server's own page says nothing yet"
judge 'no host'
is "$status" 65 "what is no address is refused"
run hikeshi score --targets "$targets" --page "$work/page.html"
is "$status" 64 "one address is needed"
run hikeshi score --targets "$targets" --page "$work/none.html" k3x9.test
is "$status" 66 "so is the file"

"$HK_BUILD/range/hikeshi-range" sites --port 0 --list "$work/sites.jsonl" >"$work/range" 2>"$work/range.err" &
stop_at_end $!
tries=0
while [ ! -s "$work/range" ] && [ "$tries" -lt 300 ]; do
	tries=$((tries + 1))
	sleep 0.1
done
port=$(sed 's/.*"port":\([0-9]*\).*/\1/' "$work/range")
agent='Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1'
look() { # look HOST
	curl -sS -A "$agent" -H "Host: $1" -o "$work/page.html" "http://127.0.0.1:$port/"
	judge https://k3x9.test/
}
for kit in cp29 ukn432 bp1 cp20 a b; do
	look "$kit.kit.range.test"
	like "$out" '"outcome":"suspect"' "the first page of group $kit is found"
done
for site in device-404 device-403 device-search exit-blank visit-404 phish-open; do
	look "$site.range.test"
	like "$out" '"outcome":"suspect"' "$site shows its imitation to a telephone, and is found"
done
for site in news tokens classes responsive ab-words consent-banner login-box forum weather spa company gallery parked age-gate login-button downloads; do
	look "$site.range.test"
	unlike "$out" '"outcome":"suspect"' "$site, an honest site, is not"
done
done_testing
