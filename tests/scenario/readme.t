#!/bin/sh
# Every command in a ```sh block of README.md works as it stands there. Blocks run one after the other in the source tree;
# the folder /tmp/hikeshi-try becomes one of the test, the port 8377 a free one. ```console blocks are for eyes.
. "$(dirname -- "$0")/../tap.sh"
cd "$HK_SRC" || exit 1
PATH=$HK_BUILD/src:$HK_BUILD/range:$PATH
HOME=$work
export PATH HOME
try=$(mktemp -d /tmp/hikeshi-try.XXXXXX)
port=$((20000 + $$ % 20000))

awk -v dir="$work" '
	/^```sh$/ { n++; file = sprintf("%s/block%02d", dir, n); printf "" >file; inside = 1; next }
	/^```/ { inside = 0 }
	inside { print >file }' README.md

for block in "$work"/block*; do
	sed "s|/tmp/hikeshi-try|$try|g; s/8377/$port/g; /^export PATH=/d" "$block"
	echo
done >"$work/body"
ok "$(grep -q hikeshi "$work/body"; echo $?)" "README has commands"

# Each command is echoed as a TAP line with its exit status; a pipe fails when any part does.
awk '
	/^[ \t]*(#|$)/ { next }
	{ command = command $0 "\n" }
	/\\$/ { next }
	{
		text = command; gsub(/\n/, " ", text); gsub(/\\/, "", text); gsub(/\047/, "\047\\\047\047", text)
		printf "%sreport $? \047%s\047\n", command, text
		command = ""
	}' "$work/body" >"$work/script"
{
	cat <<'EOF'
set -o pipefail
report() { printf '%s %s\n' "$1" "$2" >>"$report"; }
trap 'for p in $(jobs -p); do kill "$p" 2>/dev/null; done' EXIT
EOF
	cat "$work/script"
} >"$work/run"
report=$work/report
export report
bash "$work/run" >"$work/stdout" 2>"$work/stderr" </dev/null
while read -r result command; do
	is "$result" 0 "README: $command" || diag "$(tail -n 5 "$work/stderr")"
done <"$report"
ok "$(grep -q '"seq":' "$try/sightings.jsonl"; echo $?)" "the follower reported something"
ok "$(grep -q '"kind":' "$try/hits.jsonl"; echo $?)" "the scan found something"
rm -rf "$try"
done_testing
