#!/bin/sh
# databases: both
# hikeshi audit: what it says and exits with; each way of tampering is in tests/unit/flow/test_audit.c.
. "$(dirname -- "$0")/../tap.sh"

new_database audit
key=$work/keys/audit.key
audit() { # audit COMMAND [WORD...]
	tap_command=$1
	shift
	run hikeshi audit "$tap_command" --config /dev/null --database "$database" "$@"
}
sql() {
	case $database in
	postgresql:*) psql -qXAt "$database" -c "$1" ;;
	*) sqlite3 -cmd '.timeout 5000' "$database" "$1" ;;
	esac
}

run hikeshi db init --config /dev/null --database "$database" --audit-key "$key" --targets "$HK_SRC/conf/targets/example.conf"
is "$status" 0 "init with a target pack"
like "$out" '^made ([1-9][0-9]*) targets of the \1 brands of ' "its brands are targets"
like "$(sql "SELECT name_en FROM targets WHERE key = 'mihon-bank'")" '^Mihon Bank$' "with key and names"

audit verify --audit-key "$key"
like "$status/$out" '^0/good: [1-9][0-9]* rows, 0 anchors$' "good"
audit anchor
is "$status" 0 "anchor"
like "$out" '^\{"seq":[0-9]+,"at":"[^"]*Z","mac":"[0-9a-f]{64}"\}$' "is a line of JSON"
printf '%s\n' "$out" >"$work/heads"
audit verify --audit-key "$key" --head "$work/heads"
like "$status/$out" '^0/good: [0-9]+ rows, 2 anchors$' "the anchor and the head fit"
audit export
is "$status" 0 "export"
is "$(printf '%s\n' "$out" | wc -l)" "$(sql 'SELECT COUNT(*) FROM events')" "a line for each row"
printf '%s\n' "$out" >"$work/all"
audit export --after 3
is "$out" "$(sed 1,3d "$work/all")" "what came after row 3"

# The format of docs/flow.md, in another language
if command -v python3 >/dev/null; then
	run python3 "$HK_SRC/tests/scenario/audit_check.py" "$key" "$work/all"
	like "$status/$out" '^0/good [0-9]+$' "a program of their own comes to the same MACs"
else
	skip "no python3" "a program of their own comes to the same MACs"
fi

# Wrong words
audit verify --audit-key "$work/none"
like "$status/$err" '^78/.*db init' "no key"
head -c 32 /dev/zero >"$work/other"
chmod 600 "$work/other"
audit verify --audit-key "$work/other"
like "$status/$err" '^78/.*is not the one of this database' "another key"
chmod 644 "$work/other"
audit verify --audit-key "$work/other"
like "$status/$err" '^78/.*chmod 600' "a key that others can read"
echo '{"seq":1}' >"$work/bad"
audit verify --audit-key "$key" --head "$work/bad"
like "$status/$err" '^65/.*bad:1: mac' "a head without a MAC"

# Broken
sql "UPDATE events SET who = 'nobody' WHERE seq = 4" >/dev/null
audit verify --audit-key "$key"
like "$status/$err" '^65/hikeshi: the audit trail is broken at row 4: ' "an edit: exit 65 and the row"
sql "UPDATE events SET who = 'auto' WHERE seq = 4" >/dev/null
audit verify --audit-key "$key"
is "$status" 0 "put back: good again"
sql "DELETE FROM anchors" >/dev/null
sql "DELETE FROM events WHERE seq > 4" >/dev/null
sql "UPDATE chain SET seq = 4, mac = (SELECT mac FROM events WHERE seq = 4)" >/dev/null
audit verify --audit-key "$key"
is "$status" 0 "a careful truncation cannot be seen from inside"
audit verify --audit-key "$key" --head "$work/heads"
like "$status/$err" '^65/.*row 5: .*kept elsewhere' "but by the head that was kept"
done_testing
