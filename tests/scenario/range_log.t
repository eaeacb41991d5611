#!/bin/sh
# The range's CT log over HTTP: both read APIs, growth, control, restart, TLS, the files for `ct scan`.
. "$(dirname -- "$0")/../tap.sh"
. "$(dirname -- "$0")/../range.sh"

cat >"$work/names" <<'END'
# one certificate per line
login.mihon-bank.example www.mihon-bank.example
shop.kawabe.example
END
range_start --size 600 --names "$work/names" --truth "$work/truth" --list "$work/list.json" --request-log "$work/requests" \
	--publish-ms 100
like "$ready" '"url":"http://127.0.0.1:[0-9]+/"' "says where it listens"
is "$(member "$ready" size)" 604 "600 invented entries, two named issuances of two"

# static-ct-api
get checkpoint
is "$code" 200 "checkpoint"
is "$(printf '%s\n' "$body" | sed -n 2p)" 604 "its second line is the size"
is "$(printf '%s\n' "$body" | sed -n 1p)" "$(member "$ready" origin)" "its first the origin"
get tile/0/001
is "$code $(size_of "$work/.body")" "200 8192" "a full tile of hashes"
get tile/0/002.p/92
is "$code $(size_of "$work/.body")" "200 2944" "a partial tile of hashes"
get tile/1/000.p/2
is "$code $(size_of "$work/.body")" "200 64" "level 1"
for path in tile/0/002 tile/0/002.p/93 tile/0/002.p/0 tile/0/003.p/1 tile/6/000 tile/0/2 tile/data/003 nothing; do
	get "$path"
	is "$code" 404 "404 for $path"
done
get tile/data/000
cp "$work/.body" "$work/raw"
get tile/data/000 -H 'Accept-Encoding: gzip'
like "$(cat "$work/.head")" '^Content-Encoding: gzip' "a data tile is gzip when asked for"
gzip -dc <"$work/.body" | cmp -s - "$work/raw"
ok $? "and holds the same bytes"
get tile/data/002.p/92
is "$code" 200 "a partial data tile"

# RFC 6962
get ct/v1/get-sth
is "$(member "$body" tree_size)" 604 "get-sth"
get 'ct/v1/get-entries?start=0&end=1000'
is "$(grep -o leaf_input "$work/.body" | wc -l | tr -d ' ')" 256 "get-entries stops at the page"
get 'ct/v1/get-entries?start=250&end=260'
is "$(grep -o leaf_input "$work/.body" | wc -l | tr -d ' ')" 6 "and at its end, aligned"
get 'ct/v1/get-entries?start=600&end=9999'
is "$(grep -o leaf_input "$work/.body" | wc -l | tr -d ' ')" 4 "end is clamped to the tree"
for query in 'start=604&end=604' 'start=2&end=1' 'start=-1&end=4' 'end=4' 'start=x&end=4'; do
	get "ct/v1/get-entries?$query"
	is "$code" 400 "400 for $query"
done
get 'ct/v1/get-sth-consistency?first=100&second=604'
like "$body" '^[{]"consistency":[[]"' "get-sth-consistency"
get 'ct/v1/get-entry-and-proof?leaf_index=603&tree_size=604'
like "$body" '"leaf_input":.*"audit_path":[[]"' "get-entry-and-proof"
get ct/v1/get-roots
like "$body" '"certificates":[[]"MII' "get-roots"
get tile/0/000
hash=$(head -c 96 "$work/.body" | tail -c 32 | base64 | sed 's/+/%2B/g; s|/|%2F|g; s/=/%3D/g')
get "ct/v1/get-proof-by-hash?hash=$hash&tree_size=604"
is "$(member "$body" leaf_index)" 2 "get-proof-by-hash finds the third leaf"

# the log list
like "$(cat "$work/list.json")" '"monitoring_url":"http://127.0.0.1:' "a list with the log"
get log_list.json
etag=$(sed -n 's/^ETag: \([^\r]*\)\r*$/\1/p' "$work/.head")
get log_list.json -H "If-None-Match: $etag"
is "$code" 304 "the list is not sent twice to who knows it"

# truth
is "$(wc -l <"$work/truth" | tr -d ' ')" 604 "a line of truth per entry"
like "$(sed -n 601p "$work/truth")" '"index":600,.*"type":"precert","kind":"phish".*login.mihon-bank.example' "names that were given"
keys=$(sed -n '601,602s/.*"tbs_sha256":"\([^"]*\)".*/\1/p' "$work/truth" | sort -u | wc -l | tr -d ' ')
is "$keys" 1 "a precertificate and its certificate have one key"

# control
get control/state
is "$code" 401 "no control without the token"
control POST 'append?publish=1' 'ib.mihon-bank.example
other.example'
is "$(member "$body" first) $(member "$body" size)" "604 608" "append now"
control POST 'append?issue=cert' 'late.example'
is "$(member "$body" appended) $(member "$body" size)" "609 608" "append without publishing"
get 'ct/v1/get-entries?start=608&end=608'
[ "$code" = 400 ] || [ "$code" = 200 ] # the next head may have come by itself
ok $? "unpublished entries are not there"
control POST publish
is "$(member "$body" size)" 609 "publish"
control POST 'grow?entries=300&publish=1'
is "$(member "$body" size)" 909 "grow"
control POST 'rate?per_second=200'
waited=0
while get ct/v1/get-sth && [ "$(member "$body" tree_size)" -le 909 ] && [ "$waited" -lt 200 ]; do
	sleep 0.05
	waited=$((waited + 1))
done
[ "$(member "$body" tree_size)" -gt 909 ]
ok $? "it grows at a rate"
control POST 'rate?per_second=0'
control POST publish
get ct/v1/get-sth
last_size=$(member "$body" tree_size)
last_root=$(member "$body" sha256_root_hash)
like "$(tail -n 1 "$work/requests")" '"path":"/ct/v1/get-sth",.*"status":200' "requests are logged"

# restart
kill -9 "$range_pid"
wait "$range_pid" 2>/dev/null
range_start --truth "$work/truth" --publish-ms 100
is "$(member "$ready" key)" "$range_key" "after kill -9 the same key"
get ct/v1/get-sth
is "$(member "$body" tree_size) $(member "$body" sha256_root_hash)" "$last_size $last_root" "the same tree"
is "$(wc -l <"$work/truth" | tr -d ' ')" "$last_size" "and truth without a hole"
run hikeshi_range ct-log --dir "$work/log"
is "$status" 77 "one process per folder"
control POST stop
waited=0
while kill -0 "$range_pid" 2>/dev/null && [ "$waited" -lt 200 ]; do
	sleep 0.05
	waited=$((waited + 1))
done
wait "$range_pid"
is $? 0 "stops when told to"

# TLS, API hybrid
rm -rf "$work/log"
range_start --size 300 --api hybrid --tls self --gzip always --list "$work/list.json"
get ct/v1/get-sth --cacert "$work/log/ca.pem"
is "$code $(member "$body" tree_size)" "200 300" "https with an authority of its own"
get tile/data/000 --cacert "$work/log/ca.pem"
like "$(cat "$work/.head")" '^Content-Encoding: gzip' "gzip that nobody asked for"
get checkpoint --cacert "$work/log/ca.pem"
is "$code" 404 "a hybrid has no checkpoint"
like "$(cat "$work/list.json")" '"tile_url":"https://127' "but tiles, which the list says"
range_stop

# mistakes
run hikeshi_range ct-log --dir "$work/log2" --listen 0.0.0.0
is "$status" 77 "refuses to listen on anything but loopback"
like "$err" 'not a loopback address' "and says so"
run hikeshi_range ct-log
is "$status" 64 "--dir is needed"
run hikeshi_range ct-log --dir "$work/log2" --fault nonsense
is "$status" 64 "an unknown fault"
run hikeshi_range ct-log --dir "$work/log2" --seed 2 --api rfc6962 --size x
is "$status" 64 "a number that is none"
run hikeshi_range nothing
is "$status" 64 "an unknown command"
run hikeshi_range ct-log --help
like "$out" 'root-mismatch' "help lists the faults"

# files
for format in tile tile-gz entries pem der; do
	run hikeshi_range ct-tiles --out "$work/$format" --size 300 --format $format
	is "$status" 0 "ct-tiles --format $format"
done
is "$(find "$work/pem" -type f | wc -l | tr -d ' ')" 300 "a file per certificate"
is "$(find "$work/tile" -type f | wc -l | tr -d ' ')" 2 "a file per tile"
gzip -dc <"$work/tile-gz/000000001.tile.gz" | cmp -s - "$work/tile/000000001.tile"
ok $? "gzip tiles hold the tiles"
openssl x509 -in "$work/pem/000000007.pem" -noout -subject >/dev/null 2>&1
ok $? "openssl reads a certificate"
done_testing
