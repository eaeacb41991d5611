#!/bin/sh
# databases: both
# hikeshi init: the dialogue at a terminal in both languages, answers from a file, and that nothing is ever written over.
. "$(dirname -- "$0")/../tap.sh"
cd "$HK_SRC" || exit 1

home=$work/home
mkdir "$home"
export HOME="$home"
etc=$work/etc
data=$work/data
say() { "$HK_SRC/tests/scenario/lib/dialogue.py" "$@"; }

# A short file of answers that all others begin with; a line of a key that it has takes its place. Blanks in the paths are meant.
answers() { # answers FILE [LINE...]
	tap_file=$1
	shift
	{
		printf 'bank = "みほん銀行"\nbank-en = "Mihon Bank"\nofficial = "mihon-bank.example, mihon-direct.example"\ncontact = csirt@mihon-bank.example\n'
		printf 'data = "%s"\ndatabase = "%s"\nshare = "%s"\n' "$data" "$database" "$HK_SRC"
		printf '%s\n' "$@"
	} | awk '{ at[$1] = NR; line[NR] = $0 } END { for (i = 1; i <= NR; i++) { split(line[i], word, " "); if (at[word[1]] == i) print line[i] } }' >"$tap_file"
	chmod 600 "$tap_file"
}
init() { run hikeshi init --lang en --config /dev/null --into "$etc" "$@"; }

# --- the template, which says everything that can be asked ---
new_database first
for lang in en ja; do
	run hikeshi init --lang $lang --print-answers
	is "$status/$err" 0/ "a template ($lang)"
	sed -n 's/^ASK([A-Z_]*, "\([^"]*\)".*/\1/p' src/cmd/initask.def | while read -r key; do
		printf '%s\n' "$out" | grep -q "^#$key = " || echo "$key"
	done >"$work/missing"
	is "$(cat "$work/missing")" "" "it has a line for every question ($lang)"
	printf '%s\n' "$out" >"$work/template.$lang"
done
like "$(cat "$work/template.ja")" '^# 銀行名' "the Japanese one is Japanese"
printf '%s\n' "$(cat "$work/template.en")" >"$work/empty.conf"
init --answers "$work/empty.conf"
like "$status/$err" "^78/hikeshi: .*empty.conf: 'bank' is missing: Name of your bank" "the template as it is: says what is missing first"
run env LANG=ja_JP.UTF-8 LC_ALL= "$HK_BUILD/src/hikeshi" init --print-answers
like "$out" '^# 英字表記' "the language is that of LANG"
run hikeshi init --lang fr --print-answers
like "$status/$err" '^64/hikeshi: --lang is en or ja' "no French"
init </dev/null
like "$status/$err" '^64/hikeshi: a dialogue needs a terminal.*--answers' "without a terminal: says how to do without"
[ ! -e "$etc" ] && [ ! -e "$data" ]
ok $? "nothing was written so far"

# --- answers that are wrong: each is told with file, line, and what to write instead ---
while IFS='|' read -r line want text; do
	answers "$work/bad.conf" "$line"
	init --no-db --answers "$work/bad.conf"
	like "$status/$err" "^(64|65|66|77|78)/hikeshi: .*bad.conf(:[0-9]+)?: .*$want" "$text"
done <<-'END'
	kind = banc|'kind': take one of the kinds|a kind that is none
	token = "Mihon!"|'token': write words of a-z|a token that is none
	token = "abc"|'token': .*question mark|a token that is too short
	allow = "http://x/"|'allow': write domains like|an address for a domain
	bank-en = "Mihon Bank, Direct"|'bank-en': write it in Latin letters: .*no comma|a name that would be two spellings
	bank-en = "Ltd."|'bank-en': .*legal form|a legal form for a name
	official = www.mihon-bank.example|'official': .*not www.mihon-bank.example but mihon-bank.example|a host of a domain
	allow = "a.example, www.b-bank.example"|'allow': .*not www.b-bank.example but b-bank.example|the same of what is harmless
	token = "mihon?, mb?"|'token': .*alone finds nothing: add a word of five letters|words that say nothing by themselves
	brands = "べつ銀行 = www.betsu-bank.example"|'brands': .*not www.betsu-bank.example but|a host of a brand's domain
	brands = "べつ銀行 = bb.example"|'brands': .*べつ銀行: the words of its domains are too short|a brand by whose words it would not be found
	words = "x"|'words': write names of at least two|a word that is too short
	brands = "みほんカード"|'brands': write NAME = DOMAIN|a brand without domains
	brands = "みほんカード = nothing"|'brands': write NAME = DOMAIN|a brand with a domain that is none
	listen = localhost:8080|'listen': write an IP address.*host name is not enough|a name to listen on
	listen = 0.0.0.0:8080|'base-url': .*in clear on 0.0.0.0:8080|to listen for all without TLS
	base-url = https://board.example/hikeshi|'base-url': write an address without a path|a path below the board
	base-url = https://x?y|'base-url': write an address without a path|a query in it
	base-url = "https://board.example?"|'base-url': write an address without a path|an empty one
	base-url = "https:///"|'base-url': write an address without a path|no host in it
	contact = csirt@.|'contact': write the mail address|an address without a domain
	contact = csirt@mihon..example|'contact': write the mail address|an address with an empty label
	database = /var/tmp/|'database': .*/var/tmp/ is a folder|a folder for a database
	imap = imap://mail.mihon-bank.example|'imap': .*through TLS, imaps|a password in clear
	logs = ftp://logs.example/|'logs': write https|a list of logs by FTP
	logs = /nonexistent/list.json|'logs': .*No such file|a list that is not there
	smtp = mail.mihon-bank.example|'smtp': write smtp://HOST:587|a mail server without its scheme
	smtp-password = secret1|'smtp-password' means nothing beside the other answers|a password without a server
	imap = imap.mihon-bank.example|'imap': write imaps|a mailbox without its scheme
	chat = irc|'chat': take teams, slack, webhook or none|a chat that there is not
	smtp-copy = nobody|'smtp-copy' means nothing|a copy of nothing
	bnak = x|unknown key 'bnak'; did you mean 'bank'|a key that there is not
END
answers "$work/bad.conf" 'chat = teams' 'chat-url = "not a url of mine"'
init --no-db --answers "$work/bad.conf"
like "$status/$err" "'chat-url': paste the whole URL" "a chat's URL that is none"
unlike "$err" 'not a url of mine' "it is a secret: not repeated"
answers "$work/bad.conf" 'smtp = smtps://mail.mihon-bank.example' 'smtp-user = -' 'smtp-copy = foo@.'
init --no-db --answers "$work/bad.conf"
like "$status/$err" "^64/.*'smtp-copy': write a mail address" "a copy to nowhere"
answers "$work/bad.conf" 'admin = akari' 'admin-password = short'
init --answers "$work/bad.conf"
like "$status/$err" "'admin-password': take another password.*12" "a password that is too short"
unlike "$err" 'short\b.*short' "it is not repeated"
answers "$work/bad.conf" 'brands = "みほん銀行 = other.example"'
init --no-db --answers "$work/bad.conf"
like "$status/$err" '^78/.*own.conf:[0-9]+: ' "the same brand twice: seen when the pack is made"
answers "$work/open.conf" 'smtp = smtp://mail.mihon-bank.example' 'smtp-password = geheim-geheim'
chmod 644 "$work/open.conf"
init --no-db --answers "$work/open.conf"
like "$status/$err" '^77/hikeshi: .*open.conf holds a password and others may read it: chmod 600' "a file with a password that others may read is refused"
[ ! -e "$etc" ] && [ ! -e "$data" ]
ok $? "and still nothing was written"

# --- the whole of it, from a file ---
# shellcheck disable=SC2016 # the dollar is the password's
answers "$work/all.conf" 'kana = "ミホンギンコウ"' 'words = "みほんダイレクト"' 'brands = "みほんカード = mihon-card.example"' \
	'smtp = smtp://mail.mihon-bank.example:587' 'smtp-password = "a$b\"c d"' 'imap = imaps://mail.mihon-bank.example:1993' 'imap-password = secret2' \
	'report-folder = "INBOX/検知"' 'chat = webhook' 'chat-url = "https://hooks.mihon-bank.example/very-secret"' 'admin = akari' 'admin-password = "correct horse battery"' \
	'base-url = https://board.mihon-bank.example'
init --answers "$work/all.conf" --dry-run
is "$status" 0 "--dry-run"
like "$out" 'report-org = "Mihon Bank CSIRT"' "shows what would be written"
unlike "$out$err" 'very-secret|secret2|horse' "but no secret"
like "$out" '^\(7 characters, not shown\)' "which is told by its length"
[ ! -e "$etc" ] && [ ! -e "$data" ]
ok $? "and writes nothing"

init --answers "$work/all.conf"
is "$status/$err" 0/ "the whole of it" || exit 1
like "$out" '^made 2 targets' "the database, with our brands"
like "$out" '^made user akari' "and the first user"
like "$out" 'hikeshi doctor' "and what next"
unlike "$out" 'very-secret|secret2|horse' "no secret is told"
is "$(cd "$etc" && find . -type f | sort | tr '\n' ' ')" "./chats/webhook.conf ./egress.conf ./hikeshi.conf ./mail/reports.conf ./replies.conf ./secrets/chat.key ./secrets/chat.url ./secrets/imap.password ./secrets/smtp.password ./targets/own.conf " "the files"
is "$(find "$etc/secrets" -type f -exec stat -c %a {} + | sort -u) $(stat -c %a "$etc/secrets" "$data" | tr '\n' ' ')" "600 700 700 " "secrets are for nobody else"
# shellcheck disable=SC2016 # the same
is "$(cat "$etc/secrets/smtp.password")" 'a$b"c d' "a secret is what was typed"
# shellcheck disable=SC2016 # the same
unlike "$(cat "$etc"/*.conf "$etc"/*/*.conf)" 'very-secret|secret2|a\$b' "and stands in no configuration"
like "$(cat "$etc/hikeshi.conf")" '^behind-proxy = true' "an https board without a certificate stands behind a proxy"
run hikeshi config check "$etc/hikeshi.conf"
like "$status/$out" '^0/.*: fine, ' "config check"
run hikeshi score --config "$etc/hikeshi.conf" www.mihon-bank.example mihonbank-secure.duckdns.org
like "$out" '"name":"www.mihon-bank.example".*"official":true' "the pack knows its own"
like "$out" '"name":"mihonbank-secure.duckdns.org".*"hit":true,"target":"みほん銀行"' "and its imitators"
run hikeshi db check --config "$etc/hikeshi.conf"
like "$status/$out" '^0/no faults' "the database is whole"
run hikeshi user list --config "$etc/hikeshi.conf"
like "$out" '"login":"akari"' "akari is there"
run hikeshi audit verify --config "$etc/hikeshi.conf"
is "$status" 0 "and the trail holds"

# --- names as banks have them: a legal form, domains of hosts, short ones ---
legal() { # legal LINE...: $pack is the pack that they make
	answers "$work/legal.conf" "$@"
	run hikeshi init --lang en --config /dev/null --no-db --dry-run --into "$work/legal" --answers "$work/legal.conf"
	pack=$(printf '%s\n' "$out" | sed -n '/own.conf/,/^====/p')
}
for name in "Mihon Bank, Ltd." "Mihon Bank Co., Ltd." "Mihon Bank, Inc." "Mihon Bank K.K." "Mihon Bank Corporation" "Mihon Bank Company, Limited"; do
	legal "bank-en = \"$name\""
	is "$status/$(printf '%s\n' "$pack" | grep '^alias')" "0/alias = Mihon Bank" "$name: the alias is the name"
done
legal 'official = "direct.mihon-bank.co.jp, mihon-bank.example"' 'brands = "べつ銀行 = direct.betsu-bank.example"'
is "$(printf '%s\n' "$pack" | grep '^token' | tr '\n' ' ')" "token = mihonbank token = betsubank " "words are those in front of the public suffix, each once"
legal 'official = "mb.example, xn--9ckxbq5co.example"'
like "$pack" '^token = mihonbank, mb\?$' "short domains: the name is a word, too"

# --- nothing is written over ---
find "$etc" -type f -exec sha256sum {} + | sort >"$work/before"
init --answers "$work/all.conf"
like "$status/$err" '^77/hikeshi: .*hikeshi.conf is there already, and nothing is written over.*--into' "a second time: refused"
mv "$etc/hikeshi.conf" "$work/kept.conf"
init --no-db --answers "$work/all.conf"
like "$status/$err" '^77/hikeshi: .*own.conf is there already.*nothing was written' "a file of it is enough"
mv "$work/kept.conf" "$etc/hikeshi.conf"
find "$etc" -type f -exec sha256sum {} + | sort | cmp -s - "$work/before"
ok $? "and all is as it was"
if [ -z "${HK_TEST_PGSQL:-}" ]; then
	run hikeshi init --lang en --config /dev/null --into "$work/etc2" --answers "$work/all.conf"
	like "$status/$err" "^64/.*'database': .*is there already" "a database that is there is left alone"
else
	run hikeshi init --lang en --config /dev/null --into "$work/etc2" --answers "$work/all.conf"
	like "$status/$err" "^64/.*'database': .*tables in it" "a database that is not empty is left alone"
	answers "$work/bad.conf" "database = \"postgresql://hikeshi:geheim@127.0.0.1/x\""
	run hikeshi init --lang en --config /dev/null --into "$work/etc2" --answers "$work/bad.conf"
	like "$status/$err" "^64/.*'database': .*a password does not belong into it" "a password in the URL is refused"
fi
[ ! -e "$work/etc2" ]
ok $? "and nothing is left of the try"
if [ -n "${HK_TEST_PGSQL:-}" ]; then
	answers "$work/bad.conf"
	sed -i 's|^database = .*|database = "postgresql://127.0.0.1:1/hikeshi"|' "$work/bad.conf"
	run hikeshi init --lang en --config /dev/null --into "$work/etc2" --answers "$work/bad.conf"
	like "$status/$err" "^64/.*'database': " "a server that does not answer: seen at once"
	sed -i "s|^database = .*|database = \"postgresql:///nosuchdatabase?host=$(dirname "$work")/nosuchsocket\"|" "$work/bad.conf"
	run hikeshi init --lang en --config /dev/null --into "$work/etc3" --answers "$work/bad.conf"
	like "$err" "'database': |the configuration is written, the database was not made .mend it, then" "a socket without one: at once, or, as root, when the user of hikeshi asks"
fi

# --- from a pipe, without a database ---
new_database piped
answers "$work/pipe.conf" 'chat = slack' 'chat-url = "https://hooks.mihon-bank.example/x"'
hikeshi init --lang ja --config /dev/null --no-db --into "$work/pipe" --answers - <"$work/pipe.conf" >"$work/out" 2>&1
is "$?" 0 "answers from standard input"
like "$(cat "$work/out")" '^# データベースを作成します' "what next, in Japanese"
like "$(cat "$work/pipe/chats/slack.conf")" '^lang = ja' "and the chat's language"
like "$(cat "$work/pipe/targets/own.conf")" '^# \? を付けた token' "so the comments of the pack"
like "$(cat "$work/pipe/targets/own.conf")" '再起動' "which say what has to be done after a change"
unlike "$(cat "$work/pipe/targets/own.conf")" '^# [A-Za-z]' "none is English"
run hikeshi config check "$work/pipe/hikeshi.conf"
is "$status" 0 "config check"

# The commands that are printed are run as they stand.
command_below() { printf '%s\n' "$out" | sed -n "/^# $1/{n;p}"; } # command_below TITLE
new_database later
answers "$work/later.conf" "bank = \"みほん's 銀行\"" 'brands = "みほん カード = mihon-card.example; べつ銀行 = betsu-bank.example"' "data = \"$work/it's data\""
run hikeshi init --lang en --config /dev/null --no-db --into "$work/it's etc" --answers "$work/later.conf"
is "$status/$err" 0/ "folders and names that need quotes"
for title in "the database" "is everything in its place" "what does it think"; do
	command_below "$title" | grep -qF "it'\\''s etc/hikeshi.conf'"
	ok $? "$title: quoted"
done
try=$(command_below "what does it think")
make=$(command_below "the database")
eval "run $make"
is "$status" 0 "the command of the database can be copied" || diag "$make: $err"
like "$out" '^made 3 targets of the 3 brands' "for all brands"
run hikeshi db check --config "$work/it's etc/hikeshi.conf"
is "$status" 0 "there it is"
case $database in
postgresql:*) own=$(psql -qXAt "$database" -c 'SELECT COUNT(*) FROM targets WHERE own = 1') ;;
*) own=$(sqlite3 "$database" 'SELECT COUNT(*) FROM targets WHERE own = 1') ;;
esac
is "$own" 3 "and all brands are ours"
eval "run $try"
is "$(printf '%s\n' "$out" | sed 's/.*"hit":\([a-z]*\).*/\1/' | tr '\n' ' ')" "false true " "the command that tries names"

# --- at a terminal ---
# Only root is asked for a user.
root_en='#' root_ja='#'
[ "$(id -u)" -eq 0 ] && root_en='User of this machine	-' root_ja='ユーザー	-'
new_database talk
long=$(printf '%04090d' 0)
cat >"$work/talk" <<-END
	Name of your bank	?
	Name of your bank	^M
	Name of your bank	$long
	Name of your bank	みほん信用金庫
	Latin letters	みほん
	Latin letters	<
	Name of your bank.*みほん信用金庫	^M
	Latin letters	Mihon Shinkin
	kana	-
	What it is	sinkin
	What it is	shinkin
	official domains	https://mihon-shinkin.example/
	official domains	mihon-shinkin.example
	host names.*mihonshinkin	^M
	Harmless	-
	services	-
	More brands	-
	Mail address	csirt@example.com
	Mail address	csirt@mihon-shinkin.example
	Who reports.*Mihon Shinkin CSIRT	^M
	$root_en
	Folder for the data	relative
	Folder for the data	$work/talk data
	Database	$database
	Address and port	127.0.0.1:0
	reach the board	-
	CT logs	-
	sent by	smtp://127.0.0.1:2525
	Login at the mail server.*csirt@mihon	-
	copy of each	-
	answers come to	-
	Chat	none
	first user	akari
	Password	short
	Password	correct horse battery
	once more	another one
	Password	correct horse battery
	once more	correct horse battery
END
printf 'Write it\t%s\nWrite it\tmaybe\nWrite it\tyes\n' "$long" >>"$work/talk"
say "$work/talk" "$HK_BUILD/src/hikeshi" init --lang en --config /dev/null --into "$work/talk etc" >"$work/screen"
is "$?" 0 "a dialogue with everything that one can do wrong" || diag "$(tail -n 30 "$work/screen")"
like "$(cat "$work/screen")" 'It becomes the first brand of your target pack' "? explains"
is "$(grep -c '! the line is longer than 4000 bytes' "$work/screen")" 2 "a line that is too long is asked again"
like "$(cat "$work/screen")" '! there has to be an answer' "what is needed is asked again"
like "$(cat "$work/screen")" '! write it in Latin letters' "wrong letters"
like "$(cat "$work/screen")" '! take one of the kinds' "a wrong kind"
like "$(cat "$work/screen")" '! the two are not the same' "passwords that differ"
unlike "$(cat "$work/screen")" 'horse' "a password is never on the screen"
run hikeshi config check "$work/talk etc/hikeshi.conf"
is "$status" 0 "config check" || diag "$err"
run hikeshi user list --config "$work/talk etc/hikeshi.conf"
like "$out" '"login":"akari"' "the user is there"

printf '銀行名\t^D\n' >"$work/talk"
say "$work/talk" "$HK_BUILD/src/hikeshi" init --lang ja --config /dev/null --into "$work/never" >"$work/screen"
is "$?" 75 "Ctrl-D gives up"
like "$(cat "$work/screen")" '中止しました。何も書き込んでいません' "and says so, in Japanese"
cat >"$work/talk" <<-END
	銀行名	みほん銀行
	英字表記	Mihon Bank
	読み	ミホンギンコウ
	業種	^M
	正規ドメイン	mihon-bank.example
	ホスト名	^M
	自社以外	-
	サービス名	みほんダイレクト
	ほかの自社	-
	メールアドレス	csirt@mihon-bank.example
	通報者	^M
	$root_ja
	データ	$work/never data
	データベース	$work/never data/x.db
	待ち受け	^M
	ボード	-
	CTログ	-
	送信する	-
	返信	-
	チャット	-x
	チャット	none
END
printf '書き込みますか\tno\n' >>"$work/talk"
say "$work/talk" "$HK_BUILD/src/hikeshi" init --lang ja --no-db --config /dev/null --into "$work/never" >"$work/screen"
is "$?" 75 "no at the end: nothing is written" || diag "$(tail -n 30 "$work/screen")"
like "$(cat "$work/screen")" '! teams、slack、webhook、none から選んでください' "a wrong answer, in Japanese"
[ ! -e "$work/never" ] && [ ! -e "$work/never data" ]
ok $? "nothing is there"
cat >"$work/talk" <<-END
	Name of your bank	Mihon Bank
	Latin letters	Mihon Bank
	kana	-
	What it is	^M
	official domains	mihon-bank.example
	host names	^M
	Harmless	-
	services	-
	More brands	-
	Mail address	csirt@mihon-bank.example
	Who reports	^M
	$root_en
	Folder	$work/never data
	Database	^M
	Address	^M
	reach	-
	CT logs	-
	sent by	smtp://127.0.0.1:2525
	Login at	akari
	Its password	^C
END
say "$work/talk" "$HK_BUILD/src/hikeshi" init --lang en --no-db --config /dev/null --into "$work/never" >"$work/screen"
is "$?" 130 "Ctrl-C while a password is typed ends it" || diag "$(tail -n 30 "$work/screen")"
[ ! -e "$work/never" ]
ok $? "nothing is there"

# --- as root, for another user ---
if [ "$(id -u)" -eq 0 ] && getent passwd nobody >/dev/null && [ -z "${HK_TEST_PGSQL:-}" ] && runuser -u nobody -- true 2>/dev/null; then
	chmod 755 "$work"
	data=$work/nobody-data
	database=$data/hikeshi.db
	answers "$work/root.conf" 'user = nobody' 'smtp = smtp://mail.mihon-bank.example' 'smtp-password = geheim-geheim' 'admin = akari' 'admin-password = "correct horse battery"'
	run hikeshi init --lang en --config /dev/null --into "$work/root" --answers "$work/root.conf"
	is "$status/$err" 0/ "for a user of its own"
	is "$(find "$data" -exec stat -c %U {} + | sort -u)" nobody "the data are theirs"
	is "$(stat -c '%U %a' "$work/root/secrets/smtp.password" "$work/root/hikeshi.conf" | tr '\n' ' ')" "nobody 600 root 644 " "so are the secrets; the configuration is root's"
	like "$out" "^runuser -u nobody -- hikeshi user add LOGIN --roles approver --config " "and commands are theirs"
	mkdir -m 755 "$work/roots" "$work/roots/data"
	mkdir -m 700 "$work/closed"
	database=$work/roots/x.db
	answers "$work/root.conf" 'user = nobody' "data = \"$work/nobodys\""
	run hikeshi init --lang en --config /dev/null --into "$work/root2" --answers "$work/root.conf"
	like "$status/$err" "^64/.*'database': .*roots may not be written to by nobody" "a folder of root's for their database: seen at once"
	database=$work/nobodys/deep/x.db
	answers "$work/root.conf" 'user = nobody' "data = \"$work/roots/data\""
	run hikeshi init --lang en --config /dev/null --into "$work/root2" --answers "$work/root.conf"
	like "$status/$err" "^64/.*'data': .*roots/data may not be written to by nobody" "or for their data"
	answers "$work/root.conf" 'user = nobody' "data = \"$work/closed/data\""
	run hikeshi init --lang en --config /dev/null --into "$work/root2" --answers "$work/root.conf"
	like "$status/$err" "^64/.*'data': .*closed may not be entered by nobody" "or below one that they may not enter"
	answers "$work/root.conf" 'user = nobody' "data = \"$work/nobodys\""
	run hikeshi init --lang en --config /dev/null --into "$work/closed/etc" --answers "$work/root.conf"
	like "$status/$err" "^64/.*'user': .*closed, of the configuration, may not be entered by nobody" "or for the configuration"
	[ ! -e "$work/root2" ] && [ ! -e "$work/nobodys" ]
	ok $? "and nothing was written"
	database=$work/nobodys/$(printf '%0300d' 0).db
	answers "$work/root.conf" 'user = nobody' "data = \"$work/nobodys\"" 'brands = "みほんカード = mihon-card.example"' 'admin = akari' 'admin-password = "correct horse battery"'
	run hikeshi init --lang en --config /dev/null --into "$work/root2" --answers "$work/root.conf"
	is "$status" 74 "a database that cannot be made"
	like "$err" "^hikeshi: the configuration is written, the database was not made .mend it, then go on with the commands above.: as nobody" "is told, and what is there"
	like "$out" "^runuser -u nobody -- hikeshi db init --config .*/root2/hikeshi.conf' --own 'みほん銀行' --own 'みほんカード'\$" "says how to make it: as whom, and whose brands"
	like "$out" "^runuser -u nobody -- hikeshi user add akari --roles analyst,system_admin --config " "and the first user"
	database=$data/hikeshi.db
	answers "$work/root.conf" 'user = nosuchuser'
	run hikeshi init --lang en --config /dev/null --no-db --into "$work/root3" --answers "$work/root.conf"
	like "$err" "'user': name a user that this machine has" "a user that there is not"
else
	skip "needs root and SQLite" "for a user of its own"
fi
done_testing
