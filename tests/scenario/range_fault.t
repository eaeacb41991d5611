#!/bin/sh
# Every fault of the range's CT log, seen from outside.
. "$(dirname -- "$0")/../tap.sh"
. "$(dirname -- "$0")/../range.sh"

entries='ct/v1/get-entries?start=0&end=99'
count() { grep -o leaf_input "$work/.body" | wc -l | tr -d ' '; }
set_fault() { control POST clear && control POST fault "$1"; }

range_start --size 600 --publish-ms 50 --fault 429:first-1:7
get checkpoint
is "$code" 429 "429, given on the command line"
like "$(cat "$work/.head")" '^Retry-After: 7' "Retry-After in seconds"
get checkpoint
is "$code" 200 "first-1: only once"
set_fault '429::date'
get "$entries"
like "$(cat "$work/.head")" '^Retry-After: [A-Z][a-z][a-z], [0-9][0-9] [A-Z][a-z][a-z] 20[0-9][0-9] .* GMT' "Retry-After as a date"
set_fault '429::none'
get "$entries"
unlike "$(cat "$work/.head")" '^Retry-After' "none at all"
set_fault '5xx@head:every-2:502'
get "$entries"
is "$code" 200 "5xx@head spares entries"
get checkpoint
is "$code" 200 "every-2: not the first"
get checkpoint
is "$code" 502 "but the second"
set_fault drop
get checkpoint
is "$code" 000 "drop: no answer"
set_fault html
get ct/v1/get-sth
like "$code $body" '^200 <!DOCTYPE' "html: a web page instead"
set_fault short:1:7
get "$entries"
is "$(count)" 7 "short"
set_fault empty
get "$entries"
is "$code $(count)" "200 0" "empty"
set_fault too-many
get "$entries"
is "$(count)" 101 "too-many"
set_fault truncate
get "$entries"
is "$get_status" 18 "truncate: curl sees a partial file"
set_fault slow:1:20
get "$entries"
is "$code $(count)" "200 100" "slow: all of it in the end"
set_fault strict-end
get 'ct/v1/get-entries?start=590&end=600'
is "$code" 400 "strict-end"
get 'ct/v1/get-entries?start=590&end=599'
is "$code" 200 "strict-end: the last entry may be asked for"
set_fault fresh-400:1:50
get 'ct/v1/get-entries?start=590&end=599'
is "$code" 400 "fresh-400"
get 'ct/v1/get-entries?start=500&end=549'
is "$code" 200 "fresh-400: older ones are there"
get tile/0/001.p/10
is "$code" 200 "a partial tile stays"
set_fault partial-404
get tile/0/001.p/10
is "$code" 404 "partial-404: until the full one exists"
get tile/0/002.p/88
is "$code" 200 "partial-404: the last one has no full one"
control POST clear
control POST 'grow?entries=10&publish=1'
set_fault stale-head:1:1
get ct/v1/get-sth
is "$(member "$body" tree_size)" 600 "stale-head"
control POST clear
get ct/v1/get-sth
honest=$(member "$body" sha256_root_hash)
set_fault fork:1:5
get ct/v1/get-sth
forked=$(member "$body" sha256_root_hash)
[ "$honest" != "$forked" ]
ok $? "fork: another root"
get checkpoint
is "$(printf '%s\n' "$body" | sed -n 3p)" "$forked" "fork: the same in both APIs"
get tile/0/000
cp "$work/.body" "$work/forked"
get tile/data/000
cp "$work/.body" "$work/forked-data"
control POST clear
get tile/0/000
is "$(cmp -l "$work/.body" "$work/forked" | awk '$1 <= 160 || $1 > 192' | wc -l | tr -d ' ')" 0 "fork: one hash differs"
get tile/data/000
is "$(cmp -l "$work/.body" "$work/forked-data" | wc -l | tr -d ' ')" 1 "fork: one bit of one entry differs"
cp "$work/.body" "$work/honest-data"
get "$entries"
cp "$work/.body" "$work/honest-entries"
set_fault root-mismatch:1:5
get tile/data/000
cmp -s "$work/.body" "$work/forked-data"
ok $? "root-mismatch: the tile differs"
get "$entries"
! cmp -s "$work/.body" "$work/honest-entries"
ok $? "root-mismatch: so does get-entries"
get ct/v1/get-sth
is "$(member "$body" sha256_root_hash)" "$honest" "root-mismatch: the head does not"
set_fault wrong-leaf-index
get tile/data/000
is "$(cmp -l "$work/.body" "$work/honest-data" | wc -l | tr -d ' ')" 1 "wrong-leaf-index"
set_fault corrupt-gzip
get tile/data/000 -H 'Accept-Encoding: gzip'
! gzip -dc <"$work/.body" >/dev/null 2>&1
ok $? "corrupt-gzip"
set_fault gzip-unasked
get ct/v1/get-sth
like "$(gzip -dc <"$work/.body")" '"tree_size":610' "gzip-unasked"
set_fault bad-json
get ct/v1/get-sth
unlike "$body" '}$' "bad-json"
set_fault bad-signature
get ct/v1/get-sth
is "$code" 200 "bad-signature is served"
set_fault oversize:1:3
get ct/v1/get-sth
[ "$(size_of "$work/.body")" -gt 3145728 ]
ok $? "oversize"
control GET state
like "$body" '"fault":"oversize:1:3","asked":1,"struck":1' "state says what struck"
control POST fault 'fork:2'
is "$code" 400 "a probability of 2 is refused"
control POST clear
get "$entries"
cmp -s "$work/.body" "$work/honest-entries"
ok $? "after clear all is well again"
done_testing
