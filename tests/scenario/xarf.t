#!/bin/sh
# Every XARF report of briefs that chance invented validates against the published schemas. 1,000 briefs; `make soak` (HK_SOAK) takes 10,000.
. "$(dirname -- "$0")/../tap.sh"
count=1000
[ -z "${HK_SOAK:-}" ] || count=10000
seed=${HK_SEED:-$(date +%s)}
diag "seed $seed (HK_SEED=$seed repeats it), $count briefs"
check=$HK_SRC/tests/scenario/lib/xarf.mjs

run node "$check" --samples
is "$status" 0 "the schemas load" || diag "$err"
is "$out" '{"good":true,"bad":[true,true,true,true,true,true]}' "and tell their own samples from broken ones"

"$HK_BUILD/tests/report_briefs" "$seed" "$count" >"$work/reports"
is "$?" 0 "$count briefs become reports"
node "$check" <"$work/reports" >"$work/told"
is "$?" 0 "they are read"
told() { node -e 'const t = JSON.parse(require("fs").readFileSync(process.argv[1])); console.log(eval(process.argv[2]))' "$work/told" "$1"; }
is "$(told t.count)" 0 "none is invalid" || diag "$(told 't.wrong.join("\n")')"
refused4=$(grep -c '^4	!' "$work/reports")
is "$(told 't.valid[4]')" $((count - refused4)) "all of v4 are valid"
is "$(grep '^4	!' "$work/reports" | grep -vc 'without any evidence')" 0 "those that were not made have a cap that is too small"
is "$(told 't.valid[3]')" "$(grep -c '^3	[0-9]' "$work/reports")" "all of v3 are valid"
ok "$([ "$(told 't.types.phishing > 0 && t.types.fraud > 0 && t.types.brand_infringement > 0 && t.items > 100')" = true ]; echo $?)" \
	"each type was made, with evidence" || diag "$(cat "$work/told")"
"$HK_BUILD/tests/report_briefs" "$seed" 50 >"$work/again"
ok "$([ -s "$work/again" ] && head -n "$(wc -l <"$work/again")" "$work/reports" | cmp -s - "$work/again"; echo $?)" "the same brief makes the same bytes"
done_testing
