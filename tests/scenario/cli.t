#!/bin/sh
# The command line as a stranger meets it: help, mistakes, exit codes.
. "$(dirname -- "$0")/../tap.sh"
cd "$HK_SRC" || exit 1

run hikeshi
is "$status" 64 "without a command: EX_USAGE"
like "$err" '^usage: hikeshi COMMAND' "and the usage"
run hikeshi --help
is "$status/$err" 0/ "--help exits 0 and writes nothing on stderr"
like "$out" '^usage: hikeshi COMMAND' "the usage"
commands=$(sed -n 's/^CMD([A-Z0-9_]*, "\([^"]*\)".*/\1/p' src/cmd/cmd.def)
ok "$(test -n "$commands"; echo $?)" "cmd.def has commands"
# shellcheck disable=SC2086 # words of a command
for command in $(printf '%s\n' "$commands" | tr ' ' '+'); do
	command=$(printf %s "$command" | tr + ' ')
	case $(hikeshi --help) in
	*"  $command "*) ok 0 "the help lists $command" ;;
	*) ok 1 "the help lists $command" ;;
	esac
	run hikeshi $command --help
	is "$status/$err" 0/ "hikeshi $command --help"
	like "$out" "^usage: hikeshi $command \\[OPTION" "its usage"
	is "$(printf '%s\n' "$out" | awk 'length > 120' | head -n 1)" "" "no line is too long"
	run hikeshi $command --no-such-option
	is "$status" 64 "hikeshi $command --no-such-option: EX_USAGE"
	is "$(printf '%s\n' "$err" | wc -l)" 1 "one line says so"
	run hikeshi $command --config /nonexistent/hikeshi.conf
	is "$status" 66 "a missing configuration: EX_NOINPUT"
	like "$err" '^hikeshi: .*/nonexistent/hikeshi.conf' "it is named"
done

run hikeshi --version
is "$status" 0 "--version"
like "$out" '^hikeshi [0-9]+\.[0-9]+\.[0-9]+$' "the program's"
for library in GLib OpenSSL curl jansson Hyperscan YARA libidn2 ICU libdeflate liblzma libconfuse; do
	like "$out" "^$library [0-9]" "and that of $library"
done

run hikeshi confg check
is "$status" 64 "an unknown command: EX_USAGE"
like "$err" "^hikeshi: unknown command 'confg', did you mean .hikeshi config.\?$" "the nearest is suggested"
run hikeshi config chekc
like "$err" 'did you mean .hikeshi config check.' "for the second word, too"
run hikeshi config
like "$err" 'needs one of: .*show' "a lone first word"
run hikeshi config --help
like "$out" '^  config show ' "help of a group"
run hikeshi --config x config show
like "$err" 'a command comes first' "options before the command"
run hikeshi config check --confg /dev/null
like "$err" 'did you mean --config\?' "an unknown flag"
run hikeshi config show --log-level loud
is "$status" 64 "a level that does not exist"
like "$err" "must be error, warning, notice or debug, not 'loud'" "is named with those that do"

printf '# comment\n\nlog-levle = debug\n' >"$work/bad.conf"
run hikeshi config check "$work/bad.conf"
is "$status" 78 "an unknown key: EX_CONFIG"
is "$err" "hikeshi: $work/bad.conf:3: unknown key 'log-levle'; did you mean 'log-level'? (\`hikeshi config show\` lists all)" \
	"file, line, nearest key"
printf 'log-level = debug\nbase-url = "https://x?y"\n' >"$work/bad.conf"
run hikeshi config check "$work/bad.conf"
like "$status/$err" "^78/hikeshi: $work/bad.conf:2: base-url: \"https://x\?y\" must be scheme and host only" "an address that the board would refuse"
printf 'listen = localhost:80\n' >"$work/bad.conf"
run hikeshi config check "$work/bad.conf"
like "$status/$err" "^78/hikeshi: $work/bad.conf:1: .*localhost" "so a name to listen on"
printf 'log-level = debug\nbase-url = http://board.example:8080/\n' >"$work/good.conf"
run hikeshi config check "$work/good.conf"
is "$status" 0 "a good one"
run hikeshi config show --config "$work/good.conf" log-level
like "$out" '^log-level = debug$' "config show: the value"
like "$out" "^# set in $work/good.conf:1\$" "and its origin"
run hikeshi config show --config "$work/good.conf"
printf '%s\n' "$out" >"$work/shown.conf"
run hikeshi config check "$work/shown.conf"
is "$status" 0 "what config show prints is a configuration"
run hikeshi config show nosuch
is "$status" 64 "an unknown key as argument"
run hikeshi config check "$work"
is "$status" 74 "a folder is no configuration"
hikeshi config show >/dev/full 2>"$work/full"
is "$?" 74 "a full disk: EX_IOERR"
like "$(cat "$work/full")" '^hikeshi: cannot write to standard output' "one line says so"
done_testing
