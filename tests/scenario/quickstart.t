#!/bin/sh
# The quickstart tells a night from the first certificate to the site that comes back, and leaves no process and no file behind.
. "$(dirname -- "$0")/../tap.sh"
cd "$HK_SRC" || exit 1
mkdir "$work/tmp"
TMPDIR="$work/tmp" QUICKSTART_BUILD=$HK_BUILD run ./quickstart --headless
is "$status" 0 "quickstart --headless" || diag "$err" "$out"
like "$out" 'board: http://127\.0\.0\.1:[0-9]+/ +login: demo +password: [0-9a-f]{18}$' "says where the board is"
like "$out" '\* case [0-9]+ opens: [a-z0-9]+\[\.\]duckdns\[\.\]org ' "a burst of a hundred names is one case, defanged"
like "$out" '\* case [0-9]+ opens: kx7q2vd9ra\[\.\]test .* by ct$' "a site whose name says nothing is found by its page"
like "$out" '\* case [0-9]+ opens: www\[\.\]mihon-bank-kakunin\[\.\]test .* by mail:alerts$' "a detection service's mail"
like "$out" '\* case [0-9]+ www\[\.\]mihon-bank-kakunin\[\.\]test is named again: no second case' "a customer's report of the same"
# The case opens with the short link of the message, and is told before that was followed or after.
like "$out" '\* case [0-9]+ opens: (ysl88\[\.\]mihon-kisei\[\.\]test|t\[\.\]range\[\.\]test) .* by c2:' "a wave of messages"
like "$out" '\* case [0-9]+: its short link leads to hxxp://ysl88\[\.\]mihon-kisei\[\.\]test/' "the site behind its short link"
like "$out" '\+ sato looks at the evidence of case ' "somebody looks at the evidence"
like "$out" '\+ ren approves [0-9]+ reports to ' "somebody else approves"
like "$out" 'abuse@yoru-hosting\[\.\]example: they say that it is done' "the hoster answers"
like "$out" '\* case [0-9]+ [^ ]* is dark' "a site goes dark"
like "$out" 'www\[\.\]mihon-bank-kakunin\[\.\]test is there again' "one comes back"
like "$out" '復活を検知' "in Japanese, too"
like "$out" '^cases=[1-9][0-9]* waves=1 reports=[1-9][0-9]* down=[1-9][0-9]* back=1 lost=0 doubled=0 evidence=good audit=good$' "ends with a summary"
is "$(ls -A "$work/tmp")" "" "no file is left"
run ./quickstart --nonsense
is "$status" 64 "an unknown option"
run ./quickstart --lang fr
is "$status" 64 "a language that it does not speak"
for speed in 0 -1 1.5 1000 fast; do
	run ./quickstart --speed "$speed"
	is "$status" 64 "a speed of $speed"
done
run ./quickstart --scenario no-such-night
is "$status" 64 "a scenario that there is not"
like "$err" 'there are card .*two-banks$' "names those that there are"
run sh -c 'cd "$1" && exec "$2/quickstart" --scenario ./mine.scenario' x "$work" "$HK_SRC"
like "$err" "no scenario file $work/\./mine\.scenario" "a file is looked for where the person is"
mkdir "$work/there"
run ./quickstart --dir "$work/there"
is "$status" 64 "a folder that is there already is not touched"
done_testing
