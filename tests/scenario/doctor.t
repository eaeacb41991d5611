#!/bin/sh
# hikeshi doctor: a house in order, then each thing that can be wrong with it, one after the other, and what it says about that.
. "$(dirname -- "$0")/../tap.sh"
. "$(dirname -- "$0")/../range.sh"
cd "$HK_SRC" || exit 1

home=$work/home
mkdir "$home"
export HOME="$home"
etc=$work/etc
data=$work/data
db=$data/hikeshi.db
conf=$work/h.conf
cat >"$work/answers.conf" <<END
bank = "みほん銀行"
bank-en = "Mihon Bank"
official = mihon-bank.example
contact = csirt@mihon-bank.example
data = "$data"
share = "$HK_SRC"
logs = -
base-url = https://board.mihon-bank.example
admin = akari
admin-password = "correct horse battery"
END
chmod 600 "$work/answers.conf"
run hikeshi init --lang en --config /dev/null --into "$etc" --answers "$work/answers.conf"
is "$status/$err" 0/ "a house by hikeshi init" || exit 1

# with [KEY VALUE]...: $conf is the house's configuration, with these keys instead; without a browser, which takes its time.
with() {
	cp "$etc/hikeshi.conf" "$conf"
	printf 'browser = /nonexistent/browser\n' >>"$conf"
	while [ $# -gt 0 ]; do
		sed -i "/^$1 = /d" "$conf"
		[ -n "$2" ] && printf '%s = %s\n' "$1" "$2" >>"$conf"
		shift 2
	done
}
doctor() { run hikeshi doctor --lang en --config "$conf" "$@"; }
# says HOW NAME WHAT TEXT: the line of that check
says() {
	like "$(printf '%s\n' "$out" | grep "^[a-z]* *$2 - ")" "^$1 +$2 - .*$3" "$4"
}
sql() { sqlite3 -cmd '.timeout 5000' "$db" "$1"; }
file() { # file NAME TEXT: a file below $work; says its path in quotes
	printf '%b' "$2" >"$work/$1"
	printf '"%s"' "$work/$1"
}

# --- in order ---
cp "$etc/hikeshi.conf" "$conf"
find "$etc" "$data" -type f -exec sha256sum {} + | grep -v -e '-wal' -e '-shm' | sort >"$work/before"
doctor
is "$status" 0 "a new house: exit 0" || diag "$out$err"
is "$(printf '%s\n' "$out" | grep -c '^fail')" 0 "nothing fails"
rows=$(grep -c '^DOCTOR(' src/cmd/doctor.def)
is "$(printf '%s\n' "$out" | grep -Ec '^(ok|warn|skip) +[a-z]+ - .')" "$rows" "a line for each row of doctor.def"
says ok config "hikeshi.conf|h.conf, [0-9]+ keys" "the configuration"
says ok database "SQLite [0-9.]+, schema [0-9]+" "the database"
says ok audit '[0-9]+ rows' "the audit trail"
says ok evidence 'written and read back' "the evidence"
says ok targets '1 brands; 1 of 1 in the database are yours' "the brands"
says ok browser 'opened a page; sandboxed' "the browser, in its sandbox"
says ok fonts 'kanji and kana are drawn' "the fonts"
says warn roles 'watch: 0; work: 0; web: 0; mend: hikeshi serve' "nothing runs: a warning, with what to do"
find "$etc" "$data" -type f -exec sha256sum {} + | grep -v -e '-wal' -e '-shm' -e '/blobs/' | sort | cmp -s - "$work/before"
ok $? "nothing was changed"
is "$(find "$data/blobs" -type f | wc -l)" 1 "but for the one piece of evidence that is always the same"

with
run hikeshi doctor --json --lang ja --config "$conf"
is "$status" 65 "without a browser: exit 65"
is "$(printf '%s\n' "$out" | jq -r .name | wc -l)" "$rows" "--json: an object for each"
is "$(printf '%s\n' "$out" | jq -r 'select(.how == "fail") | .name')" browser "says what fails"
like "$(printf '%s\n' "$out" | jq -r 'select(.name == "browser") | .mend')" 'apt install .*してください' "and how to mend it, in Japanese"
is "$(printf '%s\n' "$out" | jq -r 'select(.how == "ok" and .mend != null)')" "" "what is well has no advice"
like "$err" '^hikeshi: 1 of [0-9]+ checks fail' "and how many"
doctor
says fail browser '/nonexistent/browser.*mend: apt install chromium' "a browser that is not there"
says skip fonts 'no browser' "no fonts without it"
run hikeshi doctor --say --config "$conf"
like "$status/$err" '^64/.*--online' "--say alone is refused"
printf 'report-orgg = x\n' >"$work/bad.conf"
run hikeshi doctor --config "$work/bad.conf"
like "$status/$err" "^78/hikeshi: .*bad.conf:1: unknown key 'report-orgg'; did you mean 'report-org'" "a configuration that does not read: told with its line"

# --- settings ---
with tls-cert /x.pem
doctor
says fail settings 'tls-cert and tls-key belong together' "half of TLS"
with listen 0.0.0.0:8080 behind-proxy false
doctor
says fail settings 'listen: no address of this machine' "an open board without TLS"
with logs /x.json state ''
doctor
says fail settings 'logs needs contact and state' "logs without a state"
with tsa http://127.0.0.1:1/
doctor
says fail settings 'tsa needs tsa-ca' "a time-stamping authority whom nobody vouches for"
says fail tsa 'tsa-ca is not set' "the same where it is looked at"
with report-cert /x.pem
doctor
says fail settings 'report-cert and report-key' "half of a signature"
with report-org ''
doctor
says warn settings 'without report-org' "nobody who reports"
with base-url '"https://x?y"'
doctor
says fail settings 'base-url is no scheme and host' "an address that the board would refuse"
with base-url '' chats "\"$work/none\""
doctor
says warn settings 'without base-url chat cards have no links' "chats without an address"
with smtp smtp://127.0.0.1:1
doctor
says warn settings 'without smtp-copy' "mail without a copy"

# --- secrets ---
with
chmod 644 "$data/audit.key"
doctor
says fail secrets 'audit.key: others may read it \(mode 0644\); mend: chmod 600' "a key that others may read"
says fail audit 'audit.key' "which nobody takes"
chmod 600 "$data/audit.key"
with smtp smtp://127.0.0.1:1 smtp-user x smtp-password-file /nonexistent/password
doctor
says fail secrets '/nonexistent/password: No such file' "a password that is not there"

# --- limits, disk, user ---
with
sh -c 'ulimit -n 500; exec "$@"' sh "$HK_BUILD/src/hikeshi" doctor --lang en --config "$conf" >"$work/out" 2>/dev/null
out=$(cat "$work/out")
says warn limits 'at most 500 files, 13000 are wanted' "too few files"
if [ "$(id -u)" -eq 0 ] && unshare -m true 2>/dev/null; then
	mkdir "$work/small"
	with blobs "\"$work/small/blobs\"" browser ''
	# shellcheck disable=SC2016 # for the inner shell
	unshare -m sh -c 'mount -t tmpfs -o size=1m none "$1" && mount -t tmpfs none /usr/share/fonts && shift && exec "$@"' sh "$work/small" \
		"$HK_BUILD/src/hikeshi" doctor --lang en --config "$conf" >"$work/out" 2>/dev/null
	out=$(cat "$work/out")
	says fail disk 'small/blobs: [01] MiB free.*mend: make room' "a disk that is almost full"
	if [ -d /usr/local/share/fonts ] && find /usr/local/share/fonts -type f | grep -q .; then
		skip "there are fonts elsewhere" "no fonts"
	else
		says fail fonts 'empty boxes; mend: apt install fonts-noto-cjk' "no fonts"
	fi
	mkdir "$work/foreign"
	cp "$data/audit.key" "$work/foreign/audit.key"
	chown -R nobody "$work/foreign"
	with audit-key "\"$work/foreign/audit.key\"" blobs "\"$work/foreign/blobs\""
	doctor
	says warn user 'root, but .*foreign belongs to nobody.*mend: .*runuser' "not the user that the data belong to"
	says skip evidence 'not written to by another user' "nothing is written there then"
	[ ! -e "$work/foreign/blobs" ]
	ok $? "indeed"
else
	skip "needs root and a mount namespace" "a full disk, no fonts, another user"
fi

# --- the database, its trail and its clock ---
with database "\"$work/nothing.db\""
doctor
says fail database 'hikeshi db init' "no database"
says skip audit 'no database' "and what needs one is left out"
[ ! -e "$work/nothing.db" ]
ok $? "none was made"
with database "$(file text.db 'this is no database, but long enough to be looked at as one by somebody who hopes')"
doctor
says fail database 'text.db' "a file that is none"
with
cp "$db" "$work/good.db"
sql "UPDATE events SET at_ms = at_ms + 3600000 WHERE seq = (SELECT MAX(seq) FROM events)"
doctor
says fail clock 'the newest act is 3[0-9]+ s in the future: the clock went back' "a clock that went back"
says fail audit 'row [0-9]+: ' "a row that somebody has changed"
cp "$work/good.db" "$db"
rm -f "$db-wal" "$db-shm"
head -c 32 /dev/urandom >"$work/other.key"
chmod 600 "$work/other.key"
with audit-key "\"$work/other.key\""
doctor
says fail audit 'key' "another key"

# --- jobs, sources, logs, targets: what the database says ---
with
now=$(date +%s)000
sql "INSERT INTO jobs (stage, key, state, due_ms, made_ms) VALUES ('enrich', 'x', 'dead', $now, $now), ('draft', 'y', 'ready', $now - 7200000, $now)"
sql "INSERT INTO sources (key, kind, name, health, updated_ms) VALUES ('feed:x', 'feed', 'x', '{\"failures\":3,\"last_error\":\"no answer\"}', $now)"
sql "INSERT INTO sources (key, kind, name, state, health, updated_ms) VALUES ('feed:off', 'feed', 'off', 'disabled', '{\"failures\":9,\"last_error\":\"long ago\"}', $now)"
sql "UPDATE targets SET own = 0"
doctor
says warn jobs 'enrich: 1 given up; 1 overdue, the oldest for 1[12][0-9] min' "jobs that wait for nobody"
says warn sources 'feed:x: no answer' "a source that fails"
unlike "$out" 'long ago' "one that is switched off does not"
says warn targets 'none of the 1 in the database is yours.*mend: .*--own' "no brand of ours"
cp "$work/good.db" "$db"
rm -f "$db-wal" "$db-shm"

cp -R "$etc/targets" "$work/targets"
printf '[べつ銀行]\ntoken = betsubank\nofficial = betsu-bank.example\n' >>"$work/targets/own.conf"
printf '[よそ銀行]\ntoken = yosobank\nofficial = yoso-bank.example\n' >"$work/targets/others.conf"
with targets "\"$work/targets\""
sql "INSERT INTO targets (key, name, name_en, own, updated_ms) VALUES ('betsu-bank', 'べつ銀行', 'Betsu Bank', 0, $now), ('yoso-bank', 'よそ銀行', 'Yoso Bank', 0, $now)"
doctor
says warn targets '1 of 3 in the database are yours; of own.conf, but not yours there: べつ銀行; mend: mark it as yours on the board' "a later brand of ours that nobody has marked"
sql "UPDATE targets SET own = 1 WHERE key = 'betsu-bank'"
doctor
says ok targets '3 brands; 2 of 3 in the database are yours$' "once it is marked, all is well: another bank's is not asked for"
cp "$work/good.db" "$db"
rm -f "$db-wal" "$db-shm"

# --- what people write ---
with blobs "$(file plain 'x')"
doctor
says fail evidence 'plain' "evidence in a file instead of a folder"
with targets "$(file pack.conf '[x]\ntoken = mihonbank\n')"
doctor
says fail targets 'pack.conf:1: ' "a brand without a domain"
with targets ''
doctor
says fail targets 'nothing is watched for' "no brands at all"
mkdir "$work/rules" "$work/chan" "$work/feed" "$work/fam" "$work/chats" "$work/mails"
printf 'rule x { condition: nonsense }\n' >"$work/rules/x.yar"
with rules "\"$work/rules\""
doctor
says fail rules 'x.yar:1: ' "a rule that does not compile"
with model "$(file model.bin 'nothing of the kind')"
doctor
says fail model 'model.bin' "a model that is none"
with suffixes /nonexistent/list.dat
doctor
says fail tables '/nonexistent/list.dat.*mend: apt install publicsuffix' "no suffix list"
with operators "$(file operators.conf 'nonsense\n')"
doctor
says fail tables 'operators.conf: line 1' "operators that do not read"
printf 'nonsense = 1\n' | tee "$work/chan/netcraft.conf" "$work/feed/x.conf" "$work/fam/x.conf" "$work/chats/teams.conf" >"$work/mails/x.conf"
with channels "\"$work/chan\"" feeds "\"$work/feed\"" families "\"$work/fam\"" chats "\"$work/chats\"" mail-sources "\"$work/mails\""
doctor
for part in "channels netcraft" "feeds x" "families x" "chats teams" "mailboxes x"; do
	says fail "${part% *}" "${part#* }.conf:1: unknown key" "${part% *}: a file with a key that there is not"
done
printf 'kind = teams\nurl-file = teams.url\n' >"$work/chats/teams.conf"
printf 'https://hooks.mihon-bank.example/geheim\n' >"$work/chats/teams.url"
chmod 644 "$work/chats/teams.url"
with chats "\"$work/chats\""
doctor
says fail chats 'teams.url' "a chat's URL that others may read"
unlike "$out$err" geheim "which is not told"
with egress "$(file egress.conf 'ports = {"none"}\n')"
doctor
says fail egress 'egress.conf:1: ' "a way out that does not read"
touch "$work/stop"
with egress "$(file egress.conf "stop-file = \"$work/stop\"\nrange = 127.0.0.1\n")" look-exit tokyo capture-exits '{"osaka"}'
doctor
says fail egress "no exit called 'osaka'.*no exit called 'tokyo'.*the kill switch is on.*a drill" "exits that there are not, the kill switch, a drill"
run hikeshi doctor --lang ja --config "$conf"
says fail egress '出口「osaka」がありません' "exits are not what the board calls ways of reports"
with places ''
run hikeshi doctor --lang ja --config "$conf"
says warn tables 'パーキング' "words as the board has them"
with targets ''
run hikeshi doctor --lang ja --config "$conf"
says fail targets 'ボードの「ターゲット」' "pages as the board has them"

# --- logs ---
with logs "$(file list.json 'nonsense')"
doctor
says fail logs '.' "a list that is none"
"$HK_BUILD/range/hikeshi-range" ct-log --dir "$work/log" --size 5 --list "$work/list.json" >"$work/ready" 2>"$work/range.err" &
log_pid=$!
stop_at_end "$log_pid"
while ! grep -q '^{' "$work/ready" && kill -0 "$log_pid" 2>/dev/null; do sleep 0.05; done
dated() { # dated TIME FILE: the list as of that time
	jq --arg at "$1" '.log_list_timestamp = $at' "$work/list.json" >"$work/$2"
}
dated "$(date -u +%Y-%m-%dT%H:%M:%SZ)" fresh.json
with logs "\"$work/fresh.json\""
doctor
says ok logs '1 logs' "a list that is one"
doctor --online
says ok logs '1 logs; .* answers' "--online: the log answers"
dated 2026-01-01T00:00:00Z old.json
with logs "\"$work/old.json\""
doctor
says warn logs 'the list is [0-9]+ days old' "an old list"
kill "$log_pid"
wait "$log_pid" 2>/dev/null
with logs "\"$work/fresh.json\""
doctor --online
says fail logs '127.0.0.1' "--online: a log that does not answer"
with egress "$(file egress.conf 'resolvers = {"127.0.0.1:1"}\ndns-timeout = 300ms\n')"
doctor
says ok resolvers '127.0.0.1:1' "a resolver; nobody asks it"
doctor --online
says fail resolvers 'mihon-bank.example: ' "--online: it does not answer"

# --- mail, time stamps, chats: servers that play them ---
begin() { # begin NAME COMMAND...: $ready is its first line
	tap_out=$work/$1.out
	shift
	"$HK_BUILD/range/hikeshi-range" "$@" >"$tap_out" 2>"$work/range.err" &
	stop_at_end $!
	while ! grep -q '^{' "$tap_out" && kill -0 $! 2>/dev/null; do sleep 0.05; done
	ready=$(head -n 1 "$tap_out")
}
begin mail mailhouse --dir "$work/house" --login csirt@mihon-bank.example:geheim --pace 0
smtp=$(member "$ready" smtp)
imaps=$(member "$ready" imaps)
control=$(member "$ready" control)
rm -rf "$work/mails"
mkdir "$work/mails"
file password 'geheim\n' >/dev/null
file wrong 'falsch\n' >/dev/null
chmod 600 "$work/password" "$work/wrong"
box() { printf 'imap = "imaps://127.0.0.1:%s"\nca-file = "%s"\nuser = "csirt@mihon-bank.example"\npassword-file = "%s"\n' "$imaps" "$work/house/ca.pem" "$work/$1" >"$work/mails/box.conf"; }
mail() { # mail PASSWORD-FILE
	box "$1"
	with smtp "smtp://127.0.0.1:$smtp" smtp-user csirt@mihon-bank.example smtp-password-file "\"$work/$1\"" smtp-ca "\"$work/house/ca.pem\"" mail-sources "\"$work/mails\""
}
mail password
doctor
says ok smtp 'not asked without --online' "a mail server, not asked"
says ok mailboxes '1 mailboxes' "a mailbox, not asked"
doctor --online
says ok smtp 'logged in, nothing was sent' "--online: a login"
says ok mailboxes '1 mailboxes; 1 logins' "to the mailbox, too"
is "$(curl -sS --noproxy '*' "${control%/}/delivered" | jq .mails)" 0 "and nothing was sent"
printf 'maildir = "%s"\n' "$work/maildir" >"$work/mails/dir.conf"
box password
sed 's/^imap/enabled = false\nimap/' "$work/mails/box.conf" >"$work/mails/off.conf"
doctor --online
says ok mailboxes '2 mailboxes; 1 logins' "one that is switched off is not counted, a folder of mails is no login"
mail wrong
doctor --online
says fail mailboxes 'box: .*; 2 mailboxes; 0 logins' "nobody came in"
rm "$work/mails/dir.conf" "$work/mails/box.conf"
doctor
says skip mailboxes 'none is switched on' "none but one that is switched off"
rm "$work/mails/off.conf"
mail wrong
doctor --online
says fail smtp '535|login|Login' "a password that is wrong"
says fail mailboxes 'box: ' "at the mailbox"
with smtp smtp://127.0.0.1:1 smtp-copy x@mihon-bank.example
doctor --online
says fail smtp '127.0.0.1:1: ' "a server that is not there"

begin tsa tsa --dir "$work/tsa"
tsa=$(member "$ready" url)
with egress "$(file egress.conf "range = 127.0.0.1\nrange-ports = {\"80=$(member "$ready" port)\"}\n")" tsa http://tsa.range.test/ tsa-ca "\"$work/tsa/ca.pem\""
doctor
says ok tsa 'not asked without --online' "an authority, not asked"
doctor --online
says ok tsa 'stamped by .*differs by -?[0-9] s' "--online: it stamps"
curl -sS --noproxy '*' -X POST "${tsa}control?fault=refused" >/dev/null
doctor --online
says fail tsa '.' "one that refuses"

begin chats chats --dir "$work/talk"
chats=$(member "$ready" url)
with chats "\"$work/talk\""
doctor --online
says ok chats '3 files, 3 enabled' "chats; nothing is said unasked"
is "$(curl -sS --noproxy '*' "${chats%/}/-/cards" | grep -c 'hikeshi doctor')" 0 "indeed"
doctor --online --say
says ok chats 'slack took the test card.*teams took.*webhook took' "--say: each takes a test card"
like "$(curl -sS --noproxy '*' "${chats%/}/-/cards")" 'hikeshi doctor' "which says that it is one"
curl -sS --noproxy '*' -X POST "${chats%/}/-/fault?chat=teams&status=403" >/dev/null
doctor --online --say
says fail chats 'teams: the chat answers 403' "a chat that refuses"

# --- roles that live ---
with
"$HK_BUILD/src/hikeshi" work --config "$conf" --pools work >/dev/null 2>"$work/work.err" &
work_pid=$!
stop_at_end "$work_pid"
while kill -0 "$work_pid" 2>/dev/null && [ "$(sql 'SELECT COUNT(*) FROM workers')" -eq 0 ]; do sleep 0.05; done
doctor
says warn roles 'watch: 0; work: 1; web: 0' "one that lives, two that do not"
done_testing
