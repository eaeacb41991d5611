#!/bin/sh
# The quickstart opens cases by itself, and leaves no process and no file behind.
. "$(dirname -- "$0")/../tap.sh"
cd "$HK_SRC" || exit 1
mkdir "$work/tmp"
TMPDIR="$work/tmp" QUICKSTART_BUILD=$HK_BUILD run ./quickstart --headless
is "$status" 0 "quickstart --headless" || diag "$err"
like "$out" 'board: http://127\.0\.0\.1:[0-9]+/ +login: demo +password: [0-9a-f]{18}$' "says where the board is"
like "$out" '^refused +line 4: ' "names the line that is no URL"
like "$out" '^ +[0-9]+  new +[01]\.[0-9]+  みほん銀行  .*\[\.\]' "a case against a brand, defanged"
like "$out" '^ +registrar +Mihon Names Ltd\. \(invented\) +rdap:https://rdap\[\.\]mihon-registry\[\.\]test/domain/' "the first case's registrar is known by RDAP"
like "$out" '^ +abuse +abuse@mihon-names\[\.\]test +registration$' "and its abuse desk"
like "$out" '^ +ports +7775 .* 7776 .* 7777 .* 7778 .* 7779 ' "a wave on five ports"
like "$out" '^ +numbers +200, 0 of them named twice$' "to two hundred people"
like "$out" '^ +link +hxxps://t\[\.\]range\[\.\]test/1kgW8Huk6K -> hxxp://ysl88\[\.\]mihon-kisei\[\.\]test/$' "its short links are followed"
like "$out" '^ +case +[0-9]+ confirmed ysl88\[\.\]mihon-kisei\[\.\]test$' "it is one case"
like "$out" '^ +landing: +hxxp://ysl88\[\.\]mihon-kisei\[\.\]test/' "one card, in the form of S21"
like "$out" '^cases=[0-9]+ waves=1 audit=good$' "ends with a summary"
is "$(ls -A "$work/tmp")" "" "no file is left"
run ./quickstart --nonsense
is "$status" 64 "an unknown option"
mkdir "$work/there"
run ./quickstart --keep "$work/there"
is "$status" 64 "a folder that is there already is not touched"
done_testing
