#!/bin/sh
# `hikeshi c2 decode | parse | stats`: texts of a command channel, good and bad; numbers against a second implementation; statistics against what a generator put in.
. "$(dirname -- "$0")/../tap.sh"
cd "$HK_SRC" || exit 1
c2() { # c2 WORD ARGUMENT...: with the shipped families
	word=$1
	shift
	run hikeshi c2 "$word" --families conf/c2 "$@"
}
wrapped='HgWMMLus2GN0iV3+yu7TUc1CD8pteOyuIxxqVl2m0QA='

# ---- decode
c2 decode --family keepspy "$wrapped"
is "$status/$out/$err" '0/104[.]255[.]152[.]61:7775/' "the talk's corrected text decodes, defanged"
c2 decode --exact "$wrapped"
is "$out" '104.255.152.61:7775' "as it is with --exact; keepspy is the family if none is named"
printf '%s\n' "$wrapped" >"$work/drop"
c2 decode "$work/drop"
is "$status/$out" '0/104[.]255[.]152[.]61:7775' "from a file, with a line end"
hikeshi c2 decode --families conf/c2 - <"$work/drop" >"$work/out" 2>&1
is "$(cat "$work/out")" '104[.]255[.]152[.]61:7775' "from standard input"
c2 decode --json --etag '"660e37e1-2c"' --last-modified 'Thu, 04 Apr 2024 05:17:21 GMT' "$wrapped"
is "$out" '{"family":"keepspy","addresses":["104.255.152.61:7775"],"etag":{"nginx":true,"written":"2024-04-04 05:17:21","size":44,"time_agrees":true,"size_agrees":true}}' \
	"with the header lines of the talk: all agrees"
c2 decode --etag '"660e37e2-2d"' --last-modified 'Thu, 04 Apr 2024 05:17:21 GMT' "$wrapped"
like "$out" 'Last-Modified says otherwise.*45 bytes \(the body has another length\)' "a second and a byte more are told"
c2 decode --etag '"abc"' "$wrapped"
like "$out" "not nginx" "another server's tag tells nothing"
c2 decode 'HgwMMLus2GN0iV3+yu7TUc1CD8pte0yuIxxqV12m0QA='
is "$status/$out" 65/ "the printed text is refused, and nothing is printed"
is "$err" 'hikeshi: family keepspy: step 2 (aes-128-ecb): bad padding' "as bad padding"
c2 decode 'HgWMMLus2GN0iV3+yu7TUc1CD8pteOyuIxxqVl2mm0QA='
is "$status/$out/$err" '65//hikeshi: family keepspy: step 1 (base64): bad base64 (45 characters)' "OCR's 45 characters"
c2 decode --family moqhao '<p>----Bzof6g_YCMW-scGDW91EkzZMdkfkFJfD----</p>'
is "$status/$out" '0/198[.]51[.]100[.]9:28877' "a profile of MoqHao"
c2 decode --family moqhao '<p>nothing</p>'
is "$status" 66 "a page that says nothing: EX_NOINPUT"
c2 decode --family fakespy "$wrapped"
like "$status/$err" '64/.*family fakespy has no chain' "a family without drops"
c2 decode --family keepsy "$wrapped"
is "$status/$err" "66/hikeshi: there is no family 'keepsy' in conf/c2: fakespy, keepspy, moqhao" "no such family: those that there are"
c2 decode
is "$status" 64 "an argument is needed"
c2 decode --last-modified x "$wrapped"
is "$status" 64 "--last-modified alone"
c2 decode --etag 660e37e1-2c "$wrapped"
is "$status" 65 "a tag without quotes"
c2 decode --etag '"660e37e1-2c"' --last-modified yesterday "$wrapped"
is "$status" 65 "a date that is none"
run hikeshi c2 decode --families "$work/none" "$wrapped"
is "$status" 66 "no such folder"
mkdir "$work/families"
printf 'enabled = true\ntransport = http-post\n' >"$work/families/x.conf"
run hikeshi c2 decode --families "$work/families" --family x "$wrapped"
is "$status" 78 "a family that cannot be watched and is switched on: EX_CONFIG"
like "$err" "x.conf:1: 'enabled' cannot be true: this program does not speak transport 'http-post'" "is named with its line"

# ---- parse
talk='发信息 &09055000000,090… 「重要」広島銀行利用の緊急確認に関するお知らせ。詳細はこちら：hxxps://t[.]co/n8rA9fHnWA'
c2 parse "$talk"
is "$status/$err" 0/ "the talk's command"
is "$out" "$(printf '%s\n' 'send-sms (发信息): send a message to these numbers' '  numbers   1: 090-5500-****; 1 blotted' \
	'  text      「重要」広島銀行利用の緊急確認に関するお知らせ。詳細はこちら：hxxps://t[.]co/n8rA9fHnWA' '  link      hxxps://t[.]co/n8rA9fHnWA' \
	'  wave      cfebe0778b57fab6')" "all of it"
c2 parse --json "$talk"
like "$out" '"verb":"send-sms".*"numbers":\["090-5500-\*\*\*\*"\],"count":1,"regions":{"0905500":1},"masked":1,"odd":0.*"urls":\["https://t.co/n8rA9fHnWA"\]' "as JSON"
key=$(printf '「重要」広島銀行利用ノ緊急確認ニ関スルオ知ラセ。詳細ハコチラ:' | sha256sum | cut -d' ' -f1)
like "$out" "\"key\":\"$key\"" "the wave's key is the hash of the folded text, reckoned here"
c2 parse '通讯录'
is "$out" 'phone-book (通讯录): send the phone book' "another command"
c2 parse '定位&09000000001'
is "$out" "$(printf 'unknown (定位): no command of this family; kept as it came\n  argument  090-0000-****')" "an unknown one is kept, its number masked"
c2 parse --json '定位&09000000001'
like "$out" '^{"verb":null,"word":"定位".*"send":false,"argument":"090-0000-\*\*\*\*"}$' "as JSON"
c2 parse "$(printf '发信息&09000000001 \033[31mred\033[0m')"
is "$(printf %s "$out" | tr -d -c '\033' | wc -c)" 0 "nothing reaches the terminal that drives it"
c2 parse ' '
is "$status" 65 "blanks are no command"
printf '发信息&\377' >"$work/bad"
c2 parse "$work/bad"
is "$status" 65 "nor are bytes that are not UTF-8"
printf '通讯录\n\n\377\n收件箱\n' >"$work/lines"
c2 parse --lines "$work/lines"
is "$status/$(printf '%s\n' "$out" | grep -c .)" 65/2 "--lines: the good ones are printed"
like "$err" '1 of 3 commands do not read, the first in line 3' "the bad one is named"
c2 parse one two
is "$status" 64 "one argument, and no more"

# No number of a log may come out, in any form of output: rail 4.
cat >"$work/five.log" <<'END'
20241212-181514 7778 发信息 09000010001,09000020002,０９００００３０００３ 【みほん銀行】お客様の口座の取引を一時的に規制しています。https://tco.example/1kgW8Huk6K
20241212-181530 7779 发信息 +819000040004 【みほん銀行】お客様の口座の取引を一時的に規制しています。https://tco.example/PkiFpTGzUR
20241212-181601 7777 发信息 090-0005-0005 【みほん銀行】お客様の口座の取引を
一時的に規制しています。 https://tco.example/PkiFpTGzUR
20241212-181616 7776 发信息 09000060006 【みほん銀行】お客様の口座の取引を一時的に規制しています。https://tco.example/PkiFpTGzUR
20241212-181642 7775 发信息 09000070007,09000070007 【みほん銀行】お客様の口座の取引を一時的に規制しています。https://tco.example/KoJR0A9aAf
20241212-182642 7775 通讯录&09000080008
20241212-182643 7775 定位&09000090009
END
for form in 'parse' 'parse --json' 'parse --exact' 'stats' 'stats --json' 'stats --csv' 'stats --exact'; do
	# shellcheck disable=SC2086 # a word and its flag
	c2 $form "$work/five.log"
	is "$status/$err" 0/ "c2 $form of a log"
	is "$(printf '%s' "$out" | tr '０１２３４５６７８９' '0-9' | tr -d -- '- ' | grep -cE '000[1-9]000[1-9]|81900')" 0 "no number in what c2 $form prints"
done
c2 parse --json "$work/five.log"
is "$(printf '%s\n' "$out" | wc -l)" 7 "seven commands; a line of another form belongs to the one before it"
is "$(printf '%s\n' "$out" | grep -c '"port":7777,.*"time"\|"time":"2024-12-12 18:16:01","port":7777')" 1 "with time and port"

# ---- stats: the five lines of 2024-12-12 are one wave of 88 s on five ports
c2 stats --json "$work/five.log"
like "$out" '"waves":\[{"start":"2024-12-12 18:15:14","end":"2024-12-12 18:16:42","seconds":88,"ports":\[7775,7776,7777,7778,7779\],"commands":5,"numbers":7,"shared":0,' "one wave"
is "$(printf '%s' "$out" | grep -o '"start"' | wc -l)" 1 "and no other"
like "$out" '"urls":\["https://tco.example/1kgW8Huk6K","https://tco.example/PkiFpTGzUR","https://tco.example/KoJR0A9aAf"\],"brands":\["みほん銀行"\]' "its three short links and its brand"
like "$out" '"unknown":1,' "the unknown command is counted"
like "$out" '"disjoint":true' "no number on two ports"
sed 's/09000060006/09000010001/' "$work/five.log" >"$work/shared.log"
c2 stats --json "$work/shared.log"
like "$out" '"on_several_ports":1,"disjoint":false' "a number on two ports is found"
like "$out" '"shared":1' "in the same wave"
c2 stats "$work/shared.log"
like "$out" '1 by more than one port' "and told"
# 300 s between two is still one wave, 301 s are two
for gap in 181642:1 181643:2; do
	printf '20241212-181142 7775 发信息 09000000001 みほん1\n20241212-%s 7776 发信息 09000000002 みほん2\n' "${gap%:*}" >"$work/gap.log"
	c2 stats --json "$work/gap.log"
	is "$(printf '%s' "$out" | grep -o '"start"' | wc -l)" "${gap#*:}" "a second command at $gap"
done
printf '20241123-140000 7775 发信息 09000000001 みほん\n20241123-235959 7775 发信息 09000000002 みほん\n20241125-000000 7775 发信息 09000000003 みほん\n20241001-120000 7775 发信息 09000000004 みほん\n' >"$work/days.log"
c2 stats --csv "$work/days.log"
for want in 'hour,14,days_off,1' 'hour,23,days_off,1' 'hour,00,working_days,1' 'hour,12,working_days,1' 'hour,14,working_days,0' 'port,7775,days,3' 'port,7775,busiest_day,2' 'port_hour,7775 14,days_off,1' 'port_hour,7775 12,working_days,1' 'all,waves,count,4'; do
	is "$(printf '%s\n' "$out" | tr -d '\r' | grep -cx "$want")" 1 "a holiday on a Saturday, midnights, a Tuesday: $want"
done
c2 stats --json "$work/days.log"
like "$out" '"china":"National Day"' "the first of October is one in China"
c2 stats "$work/days.log"
like "$out" '  14       0\+1' "by port, too"
c2 stats "$work/lines"
is "$status" 65 "no log"
c2 stats --json --csv "$work/five.log"
is "$status" 64 "one form of output"
c2 stats "$work/none.log"
is "$status" 66 "a file that is not there: EX_NOINPUT"
hikeshi c2 stats --families conf/c2 --json - <"$work/five.log" >"$work/out" 2>&1
like "$(cat "$work/out")" '"sends":5,' "from standard input"
c2 stats
is "$status" 64 "an argument is needed"
: >"$work/empty"
c2 stats "$work/empty"
is "$status" 65 "nor is an empty one"

# ---- the published shape: what the generator put in comes out (S22, S23)
for seed in 1 2; do
	tools/gen-c2-log --seed "$seed" --truth "$work/truth.json" >"$work/gen.log"
	c2 stats --json "$work/gen.log"
	printf '%s\n' "$out" >"$work/stats.json"
	python3 - "$work/truth.json" "$work/stats.json" >"$work/.diff" 2>&1 <<'END'
import json, sys
truth, got = (json.load(open(path, encoding="utf-8")) for path in sys.argv[1:3])
for kind in ("working_days", "days_off"):
    for what in ("sends", "waves"):
        assert got[kind][what] == truth[kind][what], (kind, what, got[kind][what], truth[kind][what])
assert len(got["waves"]) == truth["waves"]
assert got["numbers"]["entries"] == got["numbers"]["distinct"] == truth["numbers"] and got["numbers"]["disjoint"]
assert {str(p["port"]): {"sends": p["sends"], "numbers": p["numbers"]} for p in got["ports"]} == truth["ports"]
for kind in ("working_days", "days_off"):
    assert [sum(p[kind][h] for p in got["ports"]) for h in range(24)] == truth[kind]["sends"]
    assert all(sum(p["working_days"]) + sum(p["days_off"]) == p["sends"] for p in got["ports"])
assert got["unknown"] == truth["unknown"] and got["commands"] - got["sends"] == truth["known"] + truth["unknown"]
assert all(1 <= p["sends_per_day"] <= 2 and p["busiest_day"] <= 2 for p in got["ports"])
assert all(w["ports"] == [7775, 7776, 7777, 7778, 7779] and w["seconds"] <= 90 for w in got["waves"])
day, off = got["working_days"]["sends"], got["days_off"]["sends"]
assert sum(day[h] for h in (6, 7, 17, 18)) > 0.8 * sum(day) and sum(off[14:16]) > 0.8 * sum(off)
END
	is "$?/$(cat "$work/.diff")" 0/ "seed $seed: hours, waves, ports, numbers are those that were put in; mornings and evenings, afternoons on days off"
done
is "$(tools/gen-c2-log --seed 1 | cksum)" "$(tools/gen-c2-log --seed 1 | cksum)" "the same seed, the same log"
run tools/gen-c2-log --sed 1
is "$status" 64 "the generator says what it does not know"

# ---- a second implementation of numbers and lists
run python3 tests/scenario/lib/c2_numbers.py vectors tests/vectors/c2-commands.tsv
is "$status" 0 "the vectors' numbers are those of another implementation: $(printf '%s' "$out" | tail -n 1)"
for seed in 11 12; do
	python3 tests/scenario/lib/c2_numbers.py write "$seed" 1000 "$work/truth.jsonl" >"$work/commands"
	c2 parse --lines --json "$work/commands"
	printf '%s\n' "$out" >"$work/parsed.jsonl"
	run python3 tests/scenario/lib/c2_numbers.py compare "$work/truth.jsonl" "$work/parsed.jsonl"
	is "$status" 0 "seed $seed: 1,000 lists by chance read as they were written: $(printf '%s' "$out" | tail -n 1)"
done

done_testing
