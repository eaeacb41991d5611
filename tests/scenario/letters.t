#!/bin/sh
# Letters of briefs that chance invented, in every form, language and step, are what they should be to a reader that is not ours (Python's email package),
# and signed ones verify with openssl.
. "$(dirname -- "$0")/../tap.sh"
count=300
[ -z "${HK_SOAK:-}" ] || count=3000
seed=${HK_SEED:-$(date +%s)}
diag "seed $seed (HK_SEED=$seed repeats it), $count letters"
mkdir "$work/letters"
(umask 077 && openssl req -x509 -newkey rsa:2048 -nodes -keyout "$work/key.pem" -out "$work/cert.pem" -days 2 -subj "/CN=csirt@mihon-bank.example" \
	-addext "extendedKeyUsage=emailProtection" -addext "subjectAltName=email:csirt@mihon-bank.example") 2>/dev/null
"$HK_BUILD/tests/report_letters" "$work/letters" "$seed" "$count" "$work/cert.pem" "$work/key.pem" >"$work/refused"
is "$?" 0 "$count briefs become letters"
is "$(cat "$work/refused")" "" "all of them"
python3 "$HK_SRC/tests/scenario/lib/letters.py" "$work/letters" >"$work/told" 2>&1
is "$(tail -n 1 "$work/told")" "right $count wrong 0" "Python reads what was written" || diag "$(head -n 20 "$work/told")"
bad=0
for number in 1 3 5 7 9; do
	openssl cms -verify -in "$work/letters/$number.eml" -CAfile "$work/cert.pem" -out "$work/inner" 2>"$work/err" || bad=$((bad + 1))
done
is "$bad" 0 "openssl verifies the signed ones" || diag "$(cat "$work/err")"
sed 's/^Content-Type: text\/plain/Content-Type: text\/html/' "$work/letters/1.eml" >"$work/changed"
run openssl cms -verify -in "$work/changed" -CAfile "$work/cert.pem" -out "$work/inner"
ok "$([ "$status" -ne 0 ]; echo $?)" "and not one that was changed"
done_testing
