#!/bin/sh
# What is generated from the tables is up to date, and man pages and completion are well-formed.
. "$(dirname -- "$0")/../tap.sh"
cd "$HK_SRC" || exit 1
gen=$HK_BUILD/tools/gen-docs

run "$gen" reference "$work/reference"
is "$status" 0 "the reference is written"
for file in cli configuration events errors odd states templates; do
	run diff -u "docs/reference/$file.md" "$work/reference/$file.md"
	is "$status" 0 "docs/reference/$file.md agrees with the tables (make docs)" || diag "$out"
done
"$gen" conf >"$work/hikeshi.conf"
run diff -u conf/hikeshi.conf.example "$work/hikeshi.conf"
is "$status" 0 "conf/hikeshi.conf.example agrees with options.def (make docs)" || diag "$out"
run hikeshi config check conf/hikeshi.conf.example
is "$status" 0 "and is a valid configuration" || diag "$err"

run "$gen" man "$work/man"
is "$status" 0 "man pages are written"
for page in "$work"/man/man?/*; do
	run env MANWIDTH=80 man -l --warnings=mac,el,font,tab,range,scale -P cat "$page"
	is "$status/$err" 0/ "${page##*/} formats without a warning"
done
run sh -c 'MANWIDTH=100 man -l -P cat "$0" | col -bx' "$work/man/man1/hikeshi-config-check.1"
like "$out" 'hikeshi config check \[OPTION' "a synopsis"

"$gen" completion >"$work/completion.bash"
complete_words() { # complete_words WORD...: what bash offers for the last word
	bash -c '. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _hikeshi; printf "%s " "${COMPREPLY[@]}"' \
		bash "$work/completion.bash" "$@"
}
is "$(complete_words hikeshi conf)" "config " "completion of a command"
is "$(complete_words hikeshi config ch)" "check " "of its second word"
is "$(complete_words hikeshi config check --log)" "--log-level " "of an option"

run env DESTDIR="$work/dest" meson install -C "$HK_BUILD" --no-rebuild
is "$status" 0 "meson install" || diag "$out$err"
prefix=$(find "$work/dest" -type d -name share | head -n 1)
ok "$(test -f "$prefix/man/man1/hikeshi.1"; echo $?)" "installs man pages"
ok "$(test -f "$prefix/hikeshi/conf/targets/example.conf"; echo $?)" "target packs"
ok "$(test -f "$prefix/hikeshi/rules/bp1.yar"; echo $?)" "rules"
ok "$(test -f "$prefix/hikeshi/range/scenarios/wave.txt"; echo $?)" "scenarios of the range"
ok "$(test -f "$prefix/bash-completion/completions/hikeshi"; echo $?)" "and the completion"

# Links between documents lead somewhere.
# shellcheck disable=SC2016 # backquotes in a sed script
broken=$(find . -name node_modules -prune -o -path './build*' -prune -o -name '*.md' -print | sort | while read -r file; do
	sed 's/`[^`]*`//g' "$file" | grep -o '](\([^)# ]*\)' | sed 's/^](//' | while read -r link; do
		case $link in http*://* | mailto:* | '') continue ;; esac
		[ -e "$(dirname "$file")/$link" ] || echo "$file: $link"
	done
done)
is "$broken" "" "every relative link in a document leads to a file"
done_testing
